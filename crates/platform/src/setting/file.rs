//! Finds a settings file (flag, environment, working directory) and what lies over it, and reads them
//! within bounds.

use std::ffi::OsStr;
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
        /// The files that every user of the machine may read.
        open: Vec<Source>,
    },
}

/// What one file says.
struct Layer {
    root: Node,
    source: Source,
    readable_by_all: bool,
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

/// How many files may lie over one.
const LAYERS_MAX: usize = 100;

impl Found {
    pub(crate) fn root(&self) -> Option<&Node> {
        match self {
            Self::Read { root, .. } => Some(root),
            Self::Nowhere | Self::Unreadable => None,
        }
    }
}

impl SettingsFile {
    /// Finds and reads the file, and lays the files of its folder over it; what is wrong with them is
    /// noted.
    pub(crate) fn read(&self, inputs: &Inputs, notes: &mut Notes) -> Found {
        let (path, named_by) = self.path(inputs);
        // What cannot be looked at is read, so that the reason is told.
        let is_there = || inputs.folder.join(&path).try_exists().unwrap_or(true);
        let folder = path.with_added_extension("d");
        let over = layers(inputs, &folder);
        if let Err(error) = &over {
            let source = Source::File(folder.display().to_string().into());
            notes.errors.push(Problem::at(source, "", error.to_string()));
        }
        let is_listed = over.is_ok();
        let over = over.unwrap_or_default();
        let base = (named_by.is_some() || is_there()).then_some((path, named_by));
        let files = base.into_iter().chain(over.into_iter().map(|path| (path, None)));
        let read = files.map(|(path, named_by)| read_layer(inputs, &path, named_by, notes));
        // Each is read, so that all errors are told.
        let read: Vec<Option<Layer>> = read.collect();
        let read: Option<Vec<Layer>> = read.into_iter().collect();
        let Some(layers) = read.filter(|_| is_listed) else { return Found::Unreadable };
        let open = layers.iter().filter(|it| it.readable_by_all);
        let open = open.map(|it| it.source.clone()).collect();
        let root = layers.into_iter().map(|it| it.root).reduce(|mut root, over| {
            root.lay(over);
            root
        });
        root.map_or(Found::Nowhere, |root| Found::Read { root, open })
    }

    /// Where the file is or would be, and who named it; the first that names one wins.
    fn path(&self, inputs: &Inputs) -> (PathBuf, Option<Source>) {
        let by_flag = (self.flag_value)(inputs).map(|path| (path.clone(), Source::Flag(self.flag)));
        let by_variable = || {
            let path = PathBuf::from(inputs.variable(self.variable)?);
            Some((path, Source::Variable(self.variable)))
        };
        if let Some((path, source)) = by_flag.or_else(by_variable) {
            let is_folder = inputs.folder.join(&path).is_dir();
            let path = if is_folder { path.join(self.file_name) } else { path };
            return (path, Some(source));
        }
        (PathBuf::from(self.usual_place), None)
    }
}

/// The files that lie over a settings file, in the order of their names: the last one wins. Others may
/// keep what they like beside them.
fn layers(inputs: &Inputs, folder: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let entries = match inputs.folder.join(folder).read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        if !is_hidden && Path::new(&name).extension() == Some(OsStr::new("json")) {
            names.push(name);
        }
        if names.len() > LAYERS_MAX {
            return Err(Unreadable::TooMany);
        }
    }
    names.sort_unstable();
    Ok(names.iter().map(|name| folder.join(name)).collect())
}

fn read_layer(
    inputs: &Inputs,
    path: &Path,
    named_by: Option<Source>,
    notes: &mut Notes,
) -> Option<Layer> {
    let name: Arc<str> = path.display().to_string().into();
    let source = Source::File(Arc::clone(&name));
    match read_bounded(&inputs.folder.join(path)) {
        Ok((text, readable_by_all)) => {
            let root = document::parse(&name, &text, notes)?;
            Some(Layer { root, source, readable_by_all })
        }
        Err(error) => {
            let named_by = named_by.map_or(String::new(), |by| format!("; named by {by}"));
            notes.errors.push(Problem::at(source, "", format!("{error}{named_by}")));
            None
        }
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
    #[error("holds more than {LAYERS_MAX} files")]
    TooMany,
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
