//! `provost doctor`: plays what an identity provider does against a running server, and says in a
//! sentence what keeps it from working.

mod answer;
mod base;
mod chart;
mod examination;
mod obstacle;
mod probe;
mod round;
mod temporary;
mod verdict;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use provost_auth::TokenId;
use provost_platform::setting::{Flags, Inputs, load};
use reqwest::Certificate;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::command::serve::stop_signal;
use crate::failure::Failure;
use crate::http::Authorities;
use crate::{SettingArgs, address, credential, output};
use base::Base;
use examination::Extent;
use probe::Probe;

#[derive(Args)]
pub(crate) struct DoctorArgs {
    /// The SCIM base URL (Tenant URL) [default: the one of the settings]
    url: Option<Base>,
    /// A file with the token, which not every user may read [default: standard input]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Only what changes nothing: no temporary user and group.
    #[arg(long)]
    read_only: bool,
    /// The certificate of the authority that vouches for the server, in PEM, in place of those
    /// that this machine trusts.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingArgs,
}

/// The longest PEM file of authorities that is read.
const CA_BYTES_MAX: u64 = 4 * 1024 * 1024;

pub(crate) async fn run(args: DoctorArgs) -> Result<ExitCode, Failure> {
    let DoctorArgs { url, token_file, read_only, ca_file, settings } = args;
    let base = match url {
        Some(url) => url,
        None => of_settings(settings.into())?,
    };
    let authorities = match &ca_file {
        Some(file) => Authorities::Only(certificates(file)?),
        None => Authorities::OfTheMachine,
    };
    let token = match &token_file {
        Some(file) => credential::from_file(file)?,
        None => credential::from_input()?,
    };
    check_form(&token)?;
    introduce(&base, &token, ca_file.as_deref())?;
    let extent = if read_only { Extent::ReadOnly } else { Extent::Whole };
    let mut probe = Probe::new(base, token, authorities)?;
    probe.stop_at(stop_signal()?);
    examination::run(&mut probe, extent, Uuid::new_v4()).await;
    probe.into_chart().end()
}

/// The Tenant URL as clients know it, else where the server listens.
fn of_settings(flags: Flags) -> Result<Base, Failure> {
    let inputs =
        Inputs::of_process(flags).map_err(Failure::unable("find the working directory"))?;
    let settings = load(&inputs).into_settings().map_err(|report| Failure::settings(&report))?;
    let provost = &settings.provost;
    let url = address::base(provost, address::local(provost.listen)) + address::SCIM_PATH;
    url.parse().map_err(|reason| {
        Failure::Wrong(format!("the settings lead to {url}: {reason}; give the URL as an argument"))
    })
}

fn certificates(file: &Path) -> Result<Vec<Certificate>, Failure> {
    let mut pem = Vec::new();
    let read = File::open(file).and_then(|it| it.take(CA_BYTES_MAX).read_to_end(&mut pem));
    read.map_err(Failure::unable(&format!("read the authorities in {}", file.display())))?;
    let found = Certificate::from_pem_bundle(&pem).unwrap_or_default();
    match found.is_empty() {
        true => Err(Failure::Wrong(format!("{} holds no certificate in PEM", file.display()))),
        false => Ok(found),
    }
}

/// Whether a header can carry the token.
fn check_form(token: &SecretString) -> Result<(), Failure> {
    match token.expose_secret().bytes().all(|it| it.is_ascii_graphic()) {
        true => Ok(()),
        false => Err(Failure::Wrong(
            "the token has blanks or other characters that none has: was more copied than the \
             token?"
                .into(),
        )),
    }
}

fn introduce(base: &Base, token: &SecretString, ca_file: Option<&Path>) -> Result<(), Failure> {
    let token = token.expose_secret();
    output::print(format_args!(
        "SCIM base URL: {base}\ntoken: {}, {} bytes\n",
        TokenId::of(token),
        token.len()
    ))?;
    if let Some(file) = ca_file {
        output::print(format_args!(
            "authority: {} alone; an identity provider in the cloud accepts public authorities only\n",
            file.display()
        ))?;
    }
    output::print("\n")
}
