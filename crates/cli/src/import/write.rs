//! Writes what was planned: many at a time, so that they share their commits.

use std::sync::Arc;
use std::time::Duration;

use provost_engine::{Context, Engine, Error, Policy, bring_in, enroll};
use provost_scim::schema::Kind;
use provost_store::{Cause, ResourceId, TenantId};
use tokio::task::JoinSet;

use super::plan::{Created, Plan};
use crate::failure::Failure;

/// How many writes are under way at once: what one commit takes.
const AT_ONCE: usize = 64;
/// How many members one write brings: large ones would hold up all others of a server.
const MEMBERS_AT_ONCE: usize = 1_000;
/// How often a write is tried while the database is busy, and how long it waits in between.
const ATTEMPTS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// What writes are made with.
pub(super) struct Desk {
    pub(super) engine: Engine,
    pub(super) policy: Policy,
    pub(super) tenant: TenantId,
    pub(super) cause: Cause,
    pub(super) group: Kind,
}

enum Step {
    Create(Created),
    Join(ResourceId, Vec<ResourceId>),
}

/// Writes everything; after a failure what was written stays.
pub(super) async fn write(desk: &Arc<Desk>, plan: Plan) -> Result<(), Failure> {
    // A member is there before it joins.
    each(desk, plan.created.into_iter().map(Step::Create)).await?;
    let joins = plan.joins.into_iter().flat_map(|(group, members)| {
        let chunks: Vec<_> = members.chunks(MEMBERS_AT_ONCE).map(<[_]>::to_vec).collect();
        chunks.into_iter().map(move |it| Step::Join(group, it))
    });
    each(desk, joins).await
}

async fn each(desk: &Arc<Desk>, steps: impl Iterator<Item = Step>) -> Result<(), Failure> {
    let mut running = JoinSet::new();
    for step in steps {
        if running.len() >= AT_ONCE {
            finish(&mut running).await?;
        }
        let desk = Arc::clone(desk);
        running.spawn(async move { desk.take(&step).await });
    }
    while !running.is_empty() {
        finish(&mut running).await?;
    }
    Ok(())
}

async fn finish(running: &mut JoinSet<Result<(), Failure>>) -> Result<(), Failure> {
    match running.join_next().await {
        Some(done) => done.map_err(Failure::unable("import"))?,
        None => Ok(()),
    }
}

impl Desk {
    pub(super) fn context(&self) -> Context<'_> {
        Context {
            engine: &self.engine,
            policy: &self.policy,
            tenant: self.tenant,
            cause: self.cause.clone(),
            base: "",
        }
    }

    async fn take(&self, step: &Step) -> Result<(), Failure> {
        let cx = self.context();
        for _ in 1..ATTEMPTS {
            match self.attempt(&cx, step).await {
                Err(Error::Busy) => tokio::time::sleep(PAUSE).await,
                done => return done.map_err(|error| failed(step, error)),
            }
        }
        self.attempt(&cx, step).await.map_err(|error| failed(step, error))
    }

    async fn attempt(&self, cx: &Context<'_>, step: &Step) -> Result<(), Error> {
        match step {
            Step::Create(Created { id, kind, attributes, .. }) => {
                bring_in(cx, (*id, *kind), attributes).await.map(drop)
            }
            Step::Join(group, members) => {
                enroll(cx, (*group, self.group), members.iter().copied()).await
            }
        }
    }
}

fn failed(step: &Step, error: Error) -> Failure {
    let what = match step {
        Step::Create(Created { id, name, .. }) => format!("write {name} ({id})"),
        Step::Join(group, _) => format!("write members of the group {group}"),
    };
    match Failure::unable(&what)(error) {
        Failure::Unable(text) => Failure::Unable(format!(
            "{text}; what was written stays, and the same import again does the rest"
        )),
        other @ (Failure::Settings(_) | Failure::Wrong(_)) => other,
    }
}
