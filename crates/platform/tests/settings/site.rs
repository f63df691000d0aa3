//! A working directory with settings files, and what loading them says.

use std::fs;
use std::path::Path;

use provost_platform::setting::{Inputs, Problem, Report, Settings, load};
use tempfile::TempDir;

pub(crate) const PLATFORM: &str = "ThingworxPlatform/platform-settings.json";
pub(crate) const SSO: &str = "ThingworxPlatform/ssoSecurityConfig/sso-settings.json";

/// The shape of releases before 9.5, as published, filled in.
pub(crate) const SSO_OF_9_0: &str = r#"{
  "SCIMAccessTokenServicesSettings": {
    "scimAdminName": "Administrator",
    "authScimOAuthClientId": "6f2f9c40-5f4a-4b1e-8a37-9d2a1f0c7e11",
    "clientId": "6f2f9c40-5f4a-4b1e-8a37-9d2a1f0c7e11",
    "clientSecret": "ABC123_xyz",
    "issuer": "https://sts.windows.net/3f2a2ad0-9f3b-4ed3-9b0c-0a4d3ce2f1aa/",
    "jwtPublicKeyUrl": "https://login.microsoftonline.com/common/discovery/keys"
  }
}"#;

pub(crate) struct Site {
    folder: TempDir,
    pub(crate) inputs: Inputs,
}

impl Site {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let inputs = Inputs { folder: folder.path().to_owned(), ..Inputs::default() };
        Self { folder, inputs }
    }

    pub(crate) fn platform(text: &str) -> Self {
        Self::new().with_file(PLATFORM, text)
    }

    pub(crate) fn sso(text: &str) -> Self {
        Self::new().with_file(SSO, text)
    }

    /// Writes a file that only its owner may read.
    pub(crate) fn with_file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, content).expect("a file");
        set_mode(&path, 0o600);
        self
    }

    pub(crate) fn with_variable(mut self, name: &'static str, value: &str) -> Self {
        self.inputs.variables.insert(name, value.into());
        self
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn load(&self) -> Report {
        load(&self.inputs)
    }

    #[track_caller]
    pub(crate) fn settings(&self) -> Settings {
        self.load().into_settings().unwrap_or_else(|report| panic!("{report}"))
    }

    /// The line of a setting as `check-config` prints it.
    #[track_caller]
    pub(crate) fn line(&self, name: &str) -> String {
        let report = self.load();
        let mut lines = report.effective.iter().filter(|line| line.name.ends_with(name));
        let line = lines.next().unwrap_or_else(|| panic!("no setting {name}")).to_string();
        assert_eq!(lines.next(), None, "one setting {name}");
        line
    }
}

pub(crate) fn lines(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(Problem::to_string).collect()
}

#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our own file");
}

#[cfg(not(unix))]
pub(crate) fn set_mode(_: &Path, _: u32) {}
