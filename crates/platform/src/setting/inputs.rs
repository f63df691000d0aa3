//! What settings are loaded from: the flags, a map of the environment, the working directory.

use std::collections::BTreeMap;
use std::ffi::OsString;
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
