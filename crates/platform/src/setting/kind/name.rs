//! Names and secrets.

use secrecy::SecretString;

use super::{Fault, Kind, found, quoted, text};
use crate::principal::{self, RunAsError};
use crate::secret_store::is_short_word;
use crate::setting::document::Value;

/// A name that must match what others send, byte for byte; says what the name is of.
pub(crate) struct Name(pub(crate) &'static str);

impl Kind for Name {
    type Value = String;

    fn legal(&self) -> String {
        format!("a string: {}", self.0)
    }

    fn parse(&self, value: &Value) -> Result<String, Fault> {
        Ok(text(value)?.to_owned())
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// A name as clients and tokens have it.
pub(crate) struct TokenNameText;

impl Kind for TokenNameText {
    type Value = String;

    fn legal(&self) -> String {
        "1 to 64 of the characters A-Z a-z 0-9 . _ -".to_owned()
    }

    fn parse(&self, value: &Value) -> Result<String, Fault> {
        let name = text(value)?;
        match is_short_word(name) {
            true => Ok(name.to_owned()),
            false => Err(Fault::NotLegal),
        }
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// The name of a user of the platform that requests may run as.
pub(crate) struct AdministratorName;

impl Kind for AdministratorName {
    type Value = String;

    fn legal(&self) -> String {
        let names: Vec<String> =
            principal::administrators().map(|user| quoted(user.name)).collect();
        format!("{}, or an enabled user of the table AdministratorAccounts", names.join(" or "))
    }

    fn parse(&self, value: &Value) -> Result<String, Fault> {
        let name = text(value)?;
        match principal::run_as(name) {
            Ok(user) => Ok(user.name.to_owned()),
            // The tables are in the database: the server looks there when it starts.
            Err(RunAsError::Unknown) if principal::reserved_user(name).is_none() => {
                Ok(name.to_owned())
            }
            Err(refused) => Err(Fault::Because(refused.to_string())),
        }
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// A value that nobody may see.
pub(crate) struct Secret;

impl Kind for Secret {
    type Value = SecretString;

    fn legal(&self) -> String {
        "a string".to_owned()
    }

    fn parse(&self, value: &Value) -> Result<SecretString, Fault> {
        match value {
            Value::Text(text) => Ok(SecretString::from(text.as_str())),
            _ => Err(Fault::NotLegal),
        }
    }

    fn show(&self, _: &SecretString) -> String {
        "(hidden)".to_owned()
    }

    fn found(&self, value: &Value) -> String {
        match value {
            Value::Number(_) => "a number".to_owned(),
            Value::Text(_) => "a string".to_owned(),
            Value::Null | Value::Boolean(_) | Value::Array(_) | Value::Object(_) => found(value),
        }
    }
}
