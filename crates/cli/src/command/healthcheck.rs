//! `provost healthcheck`: asks the server of these settings how it is, for whoever restarts it.

use std::process::ExitCode;
use std::time::Duration;

use provost_platform::setting::{Flags, Inputs, load};
use reqwest::{Client, Url};
use serde_json::Value;

use crate::failure::Failure;
use crate::http::{self, Authorities};
use crate::{address, output};

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// Whether the server is there and reaches its database; in every state of the subsystem,
    /// since starting anew changes none.
    Health,
    /// Whether SCIM requests are served.
    Ready,
}

/// How long the answer may take: less than those who ask for it wait.
const TIME_MAX: Duration = Duration::from_secs(5);
/// The longest answer that is read.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Ends in 0 or 1 alone: those who ask know no other code.
pub(crate) async fn run(flags: Flags, question: Question) -> Result<ExitCode, Failure> {
    match ask(flags, question).await {
        Ok((is_well, text)) => {
            output::print(format_args!("{text}\n"))?;
            Ok(ExitCode::from(u8::from(!is_well)))
        }
        Err(Failure::Unable(reason)) => Err(Failure::Wrong(reason)),
        Err(other @ (Failure::Settings(_) | Failure::Wrong(_))) => Err(other),
    }
}

async fn ask(flags: Flags, question: Question) -> Result<(bool, String), Failure> {
    let url = url(flags, question)?;
    // The certificate is for the name that clients use, and nothing secret is sent.
    let client = http::client(&url, Authorities::Anyone, TIME_MAX)?;
    let (status, text) = get(client, url.clone())
        .await
        .map_err(Failure::unable(&format!("reach the server at {url}")))?;
    let is_well = match question {
        Question::Health => {
            let health: Value = serde_json::from_str(&text).unwrap_or_default();
            status == 200 && health["store"] == "ok"
        }
        Question::Ready => status == 200,
    };
    Ok((is_well, text))
}

/// Where the settings let the server listen, seen from this machine.
fn url(flags: Flags, question: Question) -> Result<Url, Failure> {
    let inputs =
        Inputs::of_process(flags).map_err(Failure::unable("find the working directory"))?;
    let settings = load(&inputs).into_settings().map_err(|report| Failure::settings(&report))?;
    let provost = &settings.provost;
    let path = match question {
        Question::Health => "/health",
        Question::Ready => "/ready",
    };
    let listen = address::local(provost.listen);
    let url = format!("{}://{listen}{path}", address::scheme(provost));
    Ok(url.parse().expect("an address makes a URL"))
}

async fn get(client: Client, url: Url) -> reqwest::Result<(u16, String)> {
    let response = client.get(url).send().await?;
    let status = response.status().as_u16();
    let body = http::body(response, BODY_BYTES_MAX).await?;
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}
