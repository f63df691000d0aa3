//! Finds a settings file (flag, environment, working directory) and reads it within a bound.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::document::{self, Node};
use super::inputs::{Inputs, PLATFORM_SETTINGS, SSO_SETTINGS};
use super::report::{Notes, Problem};
use super::source::Source;

/// One of the two files, as far as it could be read.
pub(crate) enum Found {
    /// Nobody named a file, and none stands in its usual place.
    Nowhere,
    /// Its error is noted.
    Unreadable,
    Read {
        root: Node,
        source: Source,
        readable_by_all: bool,
    },
}

/// One of the two settings files: how it is named and found.
pub(crate) struct SettingsFile {
    file_name: &'static str,
    flag: &'static str,
    flag_value: fn(&Inputs) -> Option<&PathBuf>,
    variable: &'static str,
    pub(crate) usual_place: &'static str,
}

pub(crate) const PLATFORM: SettingsFile = SettingsFile {
    file_name: "platform-settings.json",
    flag: "--platform-settings",
    flag_value: |inputs| inputs.flags.platform_settings.as_ref(),
    variable: PLATFORM_SETTINGS,
    usual_place: "ThingworxPlatform/platform-settings.json",
};

pub(crate) const SSO: SettingsFile = SettingsFile {
    file_name: "sso-settings.json",
    flag: "--sso-settings",
    flag_value: |inputs| inputs.flags.sso_settings.as_ref(),
    variable: SSO_SETTINGS,
    usual_place: "ThingworxPlatform/ssoSecurityConfig/sso-settings.json",
};

const FILE_BYTES_MAX: u64 = 1024 * 1024;

impl Found {
    pub(crate) fn root(&self) -> Option<&Node> {
        match self {
            Self::Read { root, .. } => Some(root),
            Self::Nowhere | Self::Unreadable => None,
        }
    }
}

impl SettingsFile {
    /// Finds and reads the file; what is wrong with it is noted.
    pub(crate) fn read(&self, inputs: &Inputs, notes: &mut Notes) -> Found {
        let Some((path, named_by)) = self.path(inputs) else { return Found::Nowhere };
        let name: Arc<str> = path.display().to_string().into();
        let source = Source::File(Arc::clone(&name));
        let (text, readable_by_all) = match read_bounded(&inputs.folder.join(&path)) {
            Ok(read) => read,
            Err(error) => {
                let named_by = named_by.map_or(String::new(), |by| format!("; named by {by}"));
                let message = format!("{error}{named_by}");
                notes.errors.push(Problem::at(source, "", message));
                return Found::Unreadable;
            }
        };
        match document::parse(&name, &text, notes) {
            Some(root) => Found::Read { root, source, readable_by_all },
            None => Found::Unreadable,
        }
    }

    /// Where the file is, and who named it; the first that names one wins.
    fn path(&self, inputs: &Inputs) -> Option<(PathBuf, Option<Source>)> {
        let by_flag = (self.flag_value)(inputs).map(|path| (path.clone(), Source::Flag(self.flag)));
        let by_variable = || {
            let path = PathBuf::from(inputs.variable(self.variable)?);
            Some((path, Source::Variable(self.variable)))
        };
        if let Some((path, source)) = by_flag.or_else(by_variable) {
            let is_folder = inputs.folder.join(&path).is_dir();
            let path = if is_folder { path.join(self.file_name) } else { path };
            return Some((path, Some(source)));
        }
        let usual = PathBuf::from(self.usual_place);
        // What cannot be looked at is read, so that the reason is told.
        inputs.folder.join(&usual).try_exists().unwrap_or(true).then_some((usual, None))
    }
}

/// The text of a file and whether every user of the machine may read it.
fn read_bounded(path: &Path) -> Result<(String, bool), Unreadable> {
    let metadata = path.metadata()?;
    // Opening a pipe would wait for its writer.
    if !metadata.is_file() {
        return Err(Unreadable::NoFile);
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Unreadable::TooLarge);
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| Unreadable::NotUtf8 { at: error.utf8_error().valid_up_to() })?;
    Ok((text, is_readable_by_all(&metadata)))
}

#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("cannot be read ({0})")]
    Io(#[from] io::Error),
    #[error("is no regular file")]
    NoFile,
    #[error("is larger than {FILE_BYTES_MAX} bytes")]
    TooLarge,
    #[error("is not in UTF-8, from byte {at} on; save it in UTF-8")]
    NotUtf8 { at: usize },
}

#[cfg(unix)]
fn is_readable_by_all(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o004 != 0
}

#[cfg(not(unix))]
fn is_readable_by_all(_: &Metadata) -> bool {
    false
}
