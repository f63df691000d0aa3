//! Files that pages refer to.

/// A file that pages refer to; it says nothing about anybody, so it is given to everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Its name.
    pub name: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// What is in it.
    pub content: &'static str,
}

static ASSETS: [Asset; 2] = [
    Asset {
        name: "style.css",
        media_type: "text/css; charset=utf-8",
        content: include_str!("../assets/style.css"),
    },
    Asset {
        name: "icon.svg",
        media_type: "image/svg+xml",
        content: include_str!("../assets/icon.svg"),
    },
];

impl Asset {
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        ASSETS.iter().find(|it| it.name == name)
    }
}
