//! What settings are loaded from: the flags, a map of the environment, the working directory.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;

use super::block::Given;
use super::source::Source;

/// Everything that [`load`](super::load) looks at, beside the files themselves.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The flags of the command line.
    pub flags: Flags,
    /// The environment; an empty variable counts as absent, as deployment templates leave them.
    pub variables: BTreeMap<&'static str, OsString>,
    /// The working directory, from which relative paths start.
    pub folder: PathBuf,
}

/// The flags that `serve` and `check-config` share.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--platform-settings FILE`
    pub platform_settings: Option<PathBuf>,
    /// `--sso-settings FILE`
    pub sso_settings: Option<PathBuf>,
    /// `--data DIR`
    pub data: Option<PathBuf>,
    /// `--listen ADDR:PORT`
    pub listen: Option<String>,
}

/// The environment variables that settings are read from.
pub const VARIABLES: [&str; 7] = [
    PLATFORM_SETTINGS,
    SSO_SETTINGS,
    "ENABLE_SCIM",
    "SCIM_AUTOSTART",
    "ENABLE_SSO",
    CLIENT_SECRET,
    CLIENT_SECRET_FILE,
];

pub(crate) const PLATFORM_SETTINGS: &str = "THINGWORX_PLATFORM_SETTINGS";
pub(crate) const CLIENT_SECRET: &str = "SCIM_CLIENT_SECRET";
pub(crate) const CLIENT_SECRET_FILE: &str = "SCIM_CLIENT_SECRET_FILE";
pub(crate) const SSO_SETTINGS: &str = "THINGWORX_SSO_SETTINGS";

/// Where the environment says who runs a command; before all others the one who took the rights of
/// another user for it.
const USER_VARIABLES: [&str; 3] = ["SUDO_USER", "USER", "LOGNAME"];
/// The longest name of a user; what is longer is none.
const USER_NAME_CHARACTERS_MAX: usize = 64;

/// The name of the user who runs this process, as the environment says it: for what people read
/// later, and for no decision.
#[must_use]
pub fn user_name() -> Option<String> {
    let variables: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
    named_by(|name| variables.get(OsStr::new(name))?.to_str())
}

fn named_by<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let is_name = |it: &&str| {
        !it.is_empty()
            && it.chars().count() <= USER_NAME_CHARACTERS_MAX
            && !it.chars().any(|it| it.is_control() || it.is_whitespace())
    };
    USER_VARIABLES.into_iter().filter_map(variable).find(is_name).map(ToOwned::to_owned)
}

impl Inputs {
    /// The flags together with this process's environment and working directory.
    ///
    /// # Errors
    /// The working directory is gone or unreadable.
    pub fn of_process(flags: Flags) -> io::Result<Self> {
        let read = |name: OsString| VARIABLES.into_iter().find(|known| name == *known);
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((read(name)?, value))).collect();
        Ok(Self { flags, variables, folder: std::env::current_dir()? })
    }

    pub(crate) fn variable(&self, name: &'static str) -> Option<&OsString> {
        self.variables.get(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn given_variable(&self, name: &'static str) -> Option<Given> {
        let text = self.variable(name)?.to_string_lossy().into_owned();
        Some(Given { source: Source::Variable(name), text })
    }

    pub(crate) fn given_listen(&self) -> Option<Given> {
        let text = self.flags.listen.clone()?;
        Some(Given { source: Source::Flag("--listen"), text })
    }

    pub(crate) fn given_data(&self) -> Option<Given> {
        let text = self.flags.data.as_ref()?.to_string_lossy().into_owned();
        Some(Given { source: Source::Flag("--data"), text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_took_the_rights_of_another_is_named() {
        #[track_caller]
        fn check(variables: &[(&str, &str)], expected: Option<&str>) {
            let of = |name: &str| variables.iter().find(|it| it.0 == name).map(|it| it.1);
            assert_eq!(named_by(of).as_deref(), expected);
        }
        check(&[("USER", "provost"), ("SUDO_USER", "ann")], Some("ann"));
        check(&[("USER", ""), ("LOGNAME", "ann")], Some("ann"));
        check(&[("USER", "a\nb")], None);
        check(&[("USER", &"a".repeat(65))], None);
        check(&[], None);
    }
}
