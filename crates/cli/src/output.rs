//! Standard output: what a command was asked for, and nothing else.

use std::fmt;
use std::io::{self, Write as _};

use crate::failure::Failure;

/// Writes a text as it is.
///
/// `print!` would panic where nobody reads any more, such as behind `| head`.
pub(crate) fn print(text: impl fmt::Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    write!(out, "{text}").and_then(|()| out.flush()).map_err(Failure::unable("write the output"))
}
