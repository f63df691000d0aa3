//! Secrets that do not stand in the settings: `encrypt.<name>`, and the environment.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use super::block::Given;
use super::document::join;
use super::inputs::{CLIENT_SECRET, CLIENT_SECRET_FILE, Inputs};
use super::report::{Notes, Problem};
use super::source::Source;
use super::trust::Introspection;
use crate::secret_store::{SecretError, SecretName, SecretStore, read_private};

/// What stands in place of a secret that the store of secrets has.
const PREFIX: &str = "encrypt.";

/// Whether a secret that was said somewhere stands itself in a settings file.
pub(super) fn stands_in(secret: &SecretString, source: &Source, file: &Source) -> bool {
    let is_in = match (source, file) {
        (Source::Place(place), Source::File(name)) => place.file == *name,
        _ => false,
    };
    is_in && name_in(secret).is_none()
}

/// The name of a stored secret, if the text is one.
fn name_in(text: &SecretString) -> Option<&str> {
    text.expose_secret().strip_prefix(PREFIX)
}

/// `clientSecret` out of the environment, or out of the file that it names.
pub(super) fn given(inputs: &Inputs, notes: &mut Notes) -> Option<Given> {
    let text = inputs.given_variable(CLIENT_SECRET);
    let Some(file) = inputs.variable(CLIENT_SECRET_FILE) else { return text };
    let source = Source::Variable(CLIENT_SECRET_FILE);
    let mut refuse = |message: String| {
        notes.errors.push(Problem::at(source.clone(), "", message));
        None
    };
    if text.is_some() {
        return refuse(format!("stands beside {CLIENT_SECRET}; keep one of them"));
    }
    match read_private(&inputs.folder.join(PathBuf::from(file))) {
        Ok(bytes) => match String::from_utf8(bytes) {
            // Editors end a file with a line break.
            Ok(text) => {
                Some(Given { source, text: text.trim_end_matches(['\r', '\n']).to_owned() })
            }
            Err(_) => refuse("the file is not in UTF-8".to_owned()),
        },
        Err(error) => refuse(with_cause(&error)),
    }
}

/// Puts a stored secret in the place of its name, in the object at `path`.
pub(super) fn resolve(
    introspection: &mut Introspection,
    path: &str,
    data_folder: &Path,
    notes: &mut Notes,
) {
    let Some(name) = name_in(&introspection.client_secret) else { return };
    match stored(name, data_folder) {
        Ok(secret) => introspection.client_secret = secret,
        Err(message) => {
            let source = introspection.secret_source.clone();
            notes.errors.push(Problem::at(source, &join(path, "clientSecret"), message));
        }
    }
}

fn stored(name: &str, data_folder: &Path) -> Result<SecretString, String> {
    let name: SecretName = name.parse().map_err(|error| format!("{error}"))?;
    match SecretStore::in_folder(data_folder).get(&name) {
        Ok(Some(secret)) => Ok(secret),
        Ok(None) => Err(format!(
            "there is no secret {name} in {}; `provost secret set {name}` keeps it",
            data_folder.display()
        )),
        Err(error) => Err(with_cause(&error)),
    }
}

fn with_cause(error: &SecretError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error} ({cause})"),
        None => error.to_string(),
    }
}
