//! `provost secret`: secrets that settings name by `encrypt.<name>`.

use std::io::Read as _;
use std::process::ExitCode;

use provost_platform::secret_store::{SecretName, SecretStore};
use provost_platform::setting::{Flags, Inputs, load};
use secrecy::SecretString;

use crate::failure::Failure;
use crate::output;

/// The longest secret that is read.
const INPUT_BYTES_MAX: u64 = 64 * 1024;

#[expect(clippy::print_stderr, reason = "a command speaks to whoever started it")]
pub(crate) fn set(flags: Flags, name: &SecretName) -> Result<ExitCode, Failure> {
    let store = store(flags)?;
    let mut text = String::new();
    let read = std::io::stdin().take(INPUT_BYTES_MAX).read_to_string(&mut text);
    read.map_err(Failure::unable("read a secret from standard input"))?;
    let secret = SecretString::from(text.trim_end_matches(['\r', '\n']));
    if secrecy::ExposeSecret::expose_secret(&secret).is_empty() {
        return Err(Failure::Wrong("standard input holds no secret".into()));
    }
    store.set(name, &secret).map_err(Failure::unable("keep the secret"))?;
    eprintln!("the secret {name} is kept; settings name it \"encrypt.{name}\"");
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn list(flags: Flags) -> Result<ExitCode, Failure> {
    for name in store(flags)?.names().map_err(Failure::unable("read the secrets"))? {
        output::print(format_args!("{name}\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stderr, reason = "a command speaks to whoever started it")]
pub(crate) fn delete(flags: Flags, name: &SecretName) -> Result<ExitCode, Failure> {
    match store(flags)?.delete(name).map_err(Failure::unable("change the secrets"))? {
        true => {
            eprintln!("the secret {name} is deleted");
            Ok(ExitCode::SUCCESS)
        }
        false => Err(Failure::Wrong(format!("there is no secret named {name}"))),
    }
}

/// In the data folder, whatever else is wrong with the settings: a secret may be what they lack.
fn store(flags: Flags) -> Result<SecretStore, Failure> {
    let inputs = Inputs::of_process(flags);
    let report = load(&inputs.map_err(Failure::unable("find the working directory"))?);
    Ok(SecretStore::in_folder(&report.data_folder))
}
