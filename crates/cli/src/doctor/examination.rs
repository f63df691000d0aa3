//! Which requests are played, and in which order: those that change nothing first.

use serde_json::Value;
use uuid::Uuid;

use super::probe::{Halted, Probe, Request};
use super::round;
use super::temporary::Temporary;

/// How much is played.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// What changes nothing.
    ReadOnly,
    /// A temporary user and a temporary group besides.
    Whole,
}

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// Plays all of it, as far as it makes sense, and leaves nothing behind.
pub(super) async fn run(probe: &mut Probe, extent: Extent, random: Uuid) {
    if connection(probe, random).await.is_err() {
        return;
    }
    // Each of these says something of its own.
    let reading = reading(probe).await;
    if extent == Extent::ReadOnly || reading.is_err() {
        return;
    }
    let mut temporary = Temporary::new(random);
    let played = round::play(probe, &mut temporary).await;
    if played.is_err() {
        temporary.clean(probe).await;
    }
}

/// Without this an identity provider does not begin.
async fn connection(probe: &mut Probe, random: Uuid) -> Result<(), Halted> {
    let filter = format!("userName eq \"{random}\"");
    let nobody = |what| Request::get(what, &["Users"]).query("filter", &filter);
    let test = nobody("Test connection: a query for a user whom nobody has.");
    probe.send(test, is_empty_list).await?;
    probe.send_without_token(nobody("The same without a token: must be refused.")).await
}

async fn reading(probe: &mut Probe) -> Result<(), Halted> {
    let what = "Discovery: what the server can do.";
    let found = [
        probe
            .send(Request::get(what, &["ServiceProviderConfig"]), |body| {
                supports(body, "patch").and_then(|()| supports(body, "filter"))
            })
            .await,
        probe
            .send(Request::get("Discovery: the resource types.", &["ResourceTypes"]), |body| {
                holds(body, "name", "User").and_then(|()| holds(body, "name", "Group"))
            })
            .await,
        probe
            .send(Request::get("Discovery: the schemas.", &["Schemas"]), |body| {
                holds(body, "name", "User").and_then(|()| holds(body, "name", "Group"))
            })
            .await,
        probe.send(Request::get("One user.", &["Users"]).query("count", "1"), is_list).await,
        probe.send(Request::get("One group.", &["Groups"]).query("count", "1"), is_list).await,
    ];
    match found.iter().all(Result::is_ok) {
        true => Ok(()),
        false => Err(Halted),
    }
}

/// RFC 7644 §3.4.2: no match is a list of none, never 404.
fn is_empty_list(body: &Value) -> Result<(), String> {
    is_list(body)?;
    let has_none = body["Resources"].as_array().is_none_or(Vec::is_empty);
    match (body["totalResults"].as_u64(), has_none) {
        (Some(0), true) => Ok(()),
        _ => {
            Err("Somebody is found whom nobody has: the filter is not looked at, and an identity \
                  provider would take the first user for everybody."
                .into())
        }
    }
}

fn is_list(body: &Value) -> Result<(), String> {
    let schemas = body["schemas"].as_array();
    match schemas.is_some_and(|it| it.iter().any(|it| it == LIST)) {
        true => Ok(()),
        false => {
            Err("The answer is JSON, and no ListResponse of SCIM: is this a SCIM server?".into())
        }
    }
}

fn supports(body: &Value, feature: &str) -> Result<(), String> {
    match body[feature]["supported"] == true {
        true => Ok(()),
        false => Err(format!("The server does not offer {feature}, which identity providers use.")),
    }
}

/// Whether a list has a resource with a value.
pub(super) fn holds(body: &Value, attribute: &str, value: &str) -> Result<(), String> {
    let resources = body["Resources"].as_array();
    match resources.is_some_and(|it| it.iter().any(|it| it[attribute] == value)) {
        true => Ok(()),
        false => Err(format!("{value} is not in the list.")),
    }
}
