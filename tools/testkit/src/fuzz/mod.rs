//! The parsers of foreign bytes, each as a function that takes any bytes and panics only if a promise
//! of the parser is broken.
//!
//! Property tests play them over what identity providers really send, mangled; the fuzz targets in
//! `fuzz/`, which need a compiler that instruments, over whatever they find.

mod parser;
mod seed;

pub use seed::seeds;

/// A parser by its name.
pub struct Target {
    /// Its name, which is that of its fuzz target.
    pub name: &'static str,
    /// Reads any bytes.
    pub read: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 9] = [
    Target { name: "json_value", read: parser::json_value },
    Target { name: "filter", read: parser::filter },
    Target { name: "path", read: parser::path },
    Target { name: "patch", read: parser::patch },
    Target { name: "endpoint", read: parser::endpoint },
    Target { name: "jwt", read: parser::jwt },
    Target { name: "grant", read: parser::grant },
    Target { name: "certificate", read: parser::certificate },
    Target { name: "settings", read: parser::settings },
];

/// Reads bytes by the parser of a name.
///
/// # Panics
/// If there is no parser of this name, or it breaks a promise.
pub fn read(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a parser of this name").read)(bytes);
}
