//! The user and the group that `doctor` makes, and takes away again.

use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use super::probe::{Halted, Probe, Request};

/// What was made so far, under one name.
pub(super) struct Temporary {
    /// The name of both.
    pub(super) name: String,
    pub(super) user: Stage,
    pub(super) group: Stage,
}

/// How far a resource has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was sent, or all of it is gone.
    Absent,
    /// It was sent, and nobody knows what became of it.
    Sent,
    /// It is there, with this id.
    There(String),
}

/// A collection and the attribute that has the name.
type Kind = (&'static str, &'static str);
pub(super) const USERS: Kind = ("Users", "userName");
pub(super) const GROUPS: Kind = ("Groups", "displayName");

impl Temporary {
    pub(super) fn new(random: Uuid) -> Self {
        let name = format!("provost-doctor-{}", random.simple());
        Self { name, user: Stage::Absent, group: Stage::Absent }
    }

    /// Deletes what is left, whatever went wrong before.
    pub(super) async fn clean(self, probe: &mut Probe) {
        let Self { name, user, group } = self;
        for (kind, stage) in [(GROUPS, group), (USERS, user)] {
            if clean_one(probe, kind, &name, stage).await.is_err() {
                let what = if kind == USERS { "user" } else { "group" };
                probe.chart().remark(format_args!(
                    "If the {what} {name} is there, delete it by hand: it could not be done here."
                ));
            }
        }
    }
}

async fn clean_one(probe: &mut Probe, kind: Kind, name: &str, stage: Stage) -> Result<(), Halted> {
    let ids = match stage {
        Stage::Absent => return Ok(()),
        Stage::There(id) => vec![id],
        Stage::Sent => find(probe, kind, name).await?,
    };
    for id in ids {
        let path = [kind.0, &id];
        let request = Request {
            method: Method::DELETE,
            expected: &[204, 404],
            ..Request::get("Clean up: delete what was made.", &path)
        };
        probe.send_anyway(request, |_| Ok(())).await?;
    }
    Ok(())
}

/// The ids of what has the name, letter by letter: nothing else may be deleted.
async fn find(probe: &mut Probe, kind: Kind, name: &str) -> Result<Vec<String>, Halted> {
    let (collection, attribute) = kind;
    let filter = format!("{attribute} eq \"{name}\"");
    let path = [collection];
    let request = Request::get("Clean up: look for what was sent.", &path).query("filter", &filter);
    let found = probe.send_anyway(request, |_| Ok(())).await?;
    let resources = found["Resources"].as_array().cloned().unwrap_or_default();
    let of_name = |it: &&Value| it[attribute] == name;
    let id = |it: &Value| it["id"].as_str().map(str::to_owned);
    Ok(resources.iter().filter(of_name).filter_map(id).collect())
}
