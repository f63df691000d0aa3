//! What loading the settings found: every effective value, every warning and every error.

use std::fmt;
use std::path::PathBuf;

use super::{Settings, Source};

/// The outcome of [`load`](super::load); its `Display` is what `provost check-config` prints.
#[derive(Debug)]
pub struct Report {
    /// The settings; absent if there is an error.
    pub settings: Option<Settings>,
    /// Where the data is, by what could be read; the default if nothing could.
    pub data_folder: PathBuf,
    /// Every setting with its value and source, in the order of the settings page.
    pub effective: Vec<Line>,
    /// What works but is probably not meant.
    pub warnings: Vec<Problem>,
    /// What must be corrected before the server starts.
    pub errors: Vec<Problem>,
}

/// One setting; prints as `name = value  (source)`, a secret as `(hidden)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The path in the settings file, such as `PlatformSettingsConfig.SCIMSettings.enableSCIM`.
    pub name: String,
    /// The effective value as text; absent if the setting has none.
    pub value: Option<String>,
    /// Where the value came from.
    pub source: Source,
    /// The value that holds when nobody says anything, as text.
    pub default: String,
    /// The legal values, in words.
    pub legal: String,
    /// Why a reader would set it.
    pub why: &'static str,
}

/// An error or a warning; prints as `source: path: found …: what is wrong; legal: …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub source: Source,
    /// The JSON path, empty where there is none.
    pub path: String,
    /// What stands there, where that helps and is no secret.
    pub found: Option<String>,
    /// What is wrong with it; empty where the legal values say it all.
    pub message: String,
    /// The legal values, where a value is wrong or missing.
    pub legal: Option<String>,
}

impl Report {
    /// The settings, or the report that says why there are none.
    ///
    /// # Errors
    /// The report itself, when it holds an error.
    pub fn into_settings(mut self) -> Result<Settings, Box<Self>> {
        self.settings.take().ok_or_else(|| Box::new(self))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.effective {
            writeln!(f, "{line}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        for error in &self.errors {
            writeln!(f, "error: {error}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.as_deref().unwrap_or("(none)");
        write!(f, "{} = {value}  ({})", self.name, self.source)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A default has no place that a reader could go to.
        if self.source != Source::Default {
            write!(f, "{}: ", self.source)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        match (&self.found, &*self.message) {
            (Some(found), "") => write!(f, "found {found}")?,
            (Some(found), message) => write!(f, "found {found}: {message}")?,
            (None, message) => f.write_str(message)?,
        }
        match &self.legal {
            Some(legal) => write!(f, "; legal: {legal}"),
            None => Ok(()),
        }
    }
}

impl Problem {
    /// A problem of a file or a place as such, rather than of a value.
    pub(crate) fn at(source: Source, path: &str, message: impl Into<String>) -> Self {
        Self { source, path: path.to_owned(), found: None, message: message.into(), legal: None }
    }
}

/// What the readers note down while they read.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) effective: Vec<Line>,
    pub(crate) warnings: Vec<Problem>,
    pub(crate) errors: Vec<Problem>,
    /// Nothing is read: the declarations are wanted, those of arrays' elements too.
    pub(crate) is_declaring: bool,
}
