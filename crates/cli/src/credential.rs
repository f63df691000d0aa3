//! A token that a command is given: by standard input or by a file, never by an argument, which
//! every user of the machine could see.

use std::fs::File;
use std::io::{IsTerminal as _, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use secrecy::SecretString;

use crate::failure::Failure;

/// No token is longer; what is read on is cut off, and refused for its length.
const BYTES_MAX: u64 = 64 * 1024;

#[expect(clippy::print_stderr, reason = "a command speaks to whoever started it")]
pub(crate) fn from_input() -> Result<SecretString, Failure> {
    let input = std::io::stdin();
    if input.is_terminal() {
        eprintln!("The token is read from standard input: paste it, then Enter and Ctrl-D");
    }
    read(input.lock(), "standard input")
}

/// From a file that not every user may read.
pub(crate) fn from_file(path: &Path) -> Result<SecretString, Failure> {
    let shown = path.display().to_string();
    let opened =
        File::open(path).and_then(|file| Ok((file.metadata()?.permissions().mode(), file)));
    let (mode, file) = opened.map_err(Failure::unable(&format!("read the token in {shown}")))?;
    if mode & 0o004 != 0 {
        return Err(Failure::Wrong(format!(
            "every user of this machine may read the token in {shown}; chmod 600 closes that"
        )));
    }
    read(file, &shown)
}

fn read(from: impl Read, shown: &str) -> Result<SecretString, Failure> {
    let mut token = String::new();
    let read = from.take(BYTES_MAX).read_to_string(&mut token);
    read.map_err(Failure::unable(&format!("read a token from {shown}")))?;
    let token = token.trim();
    let is_bearer = token.get(..7).is_some_and(|it| it.eq_ignore_ascii_case("bearer "));
    let token = if is_bearer { token[7..].trim() } else { token };
    match token.is_empty() {
        true => Err(Failure::Wrong(format!("{shown} holds no token"))),
        false => Ok(token.into()),
    }
}
