//! An engine on the in-memory store, with a clock that ticks once for each question.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use provost_engine::{Clock, Context, Engine, Error, IdSource, Outcome, Policy, render};
use provost_scim::patch::Patch;
use provost_scim::projection::Projection;
use provost_scim::schema::{Kind, Options, Schemas};
use provost_scim::value::{Message, Printed};
use provost_store::memory::MemoryStore;
use provost_store::{Cause, IfMatch, Indexes, ResourceId, Store, Stored, TenantId};
use serde_json::{Value, json};

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) policy: Policy,
    pub(crate) memory: MemoryStore,
    pub(crate) tenant: TenantId,
    pub(crate) user: Kind,
    pub(crate) group: Kind,
}

struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now_micros(&self) -> i64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

struct Counting(AtomicU64);

impl IdSource for Counting {
    fn next(&self, _: i64) -> ResourceId {
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        ResourceId::parse(&format!("00000000-0000-7000-8000-{n:012x}")).expect("is an id")
    }
}

/// The id that the n-th created resource gets.
pub(crate) fn id(n: u32) -> String {
    format!("00000000-0000-7000-8000-{n:012x}")
}

impl World {
    pub(crate) async fn new() -> Self {
        let schemas = Arc::new(Schemas::builtin(&Options::default()));
        let memory = MemoryStore::new(schemas.clone());
        let engine = Engine {
            store: Arc::new(memory.clone()),
            indexes: Arc::new(Indexes::new(&schemas)),
            clock: Arc::new(Ticking(AtomicI64::new(1_700_000_000_000_000))),
            ids: Arc::new(Counting(AtomicU64::new(1))),
            secrets: None,
            turns: Arc::default(),
            schemas: schemas.clone(),
        };
        let kind = |name| schemas.resource_type_by_name(name).expect("is built in").kind;
        let tenant = memory.tenant("default".into()).await.expect("memory does not fail");
        let (user, group) = (kind("User"), kind("Group"));
        Self { policy: Policy::new(&schemas), engine, memory, tenant, user, group }
    }

    pub(crate) fn cx(&self) -> Context<'_> {
        let cause = Cause { request: "r-1".into(), caller: "test".into(), ..Cause::default() };
        let base = "https://scim.provost.example/v2";
        Context { engine: &self.engine, policy: &self.policy, tenant: self.tenant, cause, base }
    }

    pub(crate) async fn create(&self, kind: Kind, resource: Value) -> Result<Outcome, Error> {
        let cx = self.cx();
        let draft = cx.reader(kind).resource(&with_schema(&cx, kind, resource), Message::Post)?;
        provost_engine::create(&cx, kind, draft).await
    }

    pub(crate) async fn user(&self, name: &str) -> String {
        self.create(self.user, json!({"userName": name})).await.unwrap().id.to_string()
    }

    pub(crate) async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        let group = json!({"displayName": name, "members": members});
        self.create(self.group, group).await.unwrap().id.to_string()
    }

    pub(crate) async fn put(
        &self,
        kind: Kind,
        id: &str,
        resource: Value,
    ) -> Result<Outcome, Error> {
        self.put_if(kind, id, resource, None).await
    }

    pub(crate) async fn put_if(
        &self,
        kind: Kind,
        id: &str,
        resource: Value,
        if_match: Option<IfMatch>,
    ) -> Result<Outcome, Error> {
        let cx = self.cx();
        let mut reader = cx.reader(kind);
        let draft = reader.resource(&with_schema(&cx, kind, resource), Message::Put)?;
        let cleared = std::mem::take(&mut reader.cleared);
        provost_engine::replace(&cx, kind, id, (draft, cleared), if_match).await
    }

    pub(crate) async fn patch(&self, kind: Kind, id: &str, ops: Value) -> Result<Outcome, Error> {
        let cx = self.cx();
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": ops});
        let patch = Patch::parse(&mut cx.reader(kind), &body, self.policy.group_replace)?;
        provost_engine::patch(&cx, kind, id, &patch, None).await
    }

    pub(crate) async fn show(&self, kind: Kind, id: &str) -> Value {
        let cx = self.cx();
        let stored = provost_engine::read(&cx, kind, id).await.unwrap();
        self.print(vec![stored], &[], &[]).await.unwrap().remove(0)
    }

    pub(crate) async fn print(
        &self,
        rows: Vec<Stored>,
        attributes: &[&str],
        excluded: &[&str],
    ) -> Result<Vec<Value>, Error> {
        let cx = self.cx();
        let schemas = cx.schemas();
        let projection =
            |kind| Projection::new(schemas, kind, attributes, excluded, &mut Vec::new());
        let rendered = render(&cx, rows, projection).await?;
        let print = |it: &provost_engine::Rendered| {
            let core = schemas.resource_type(it.kind).schema;
            let printed = Printed { schemas, attributes: &it.attributes, core };
            serde_json::to_value(&printed).expect("is JSON")
        };
        Ok(rendered.iter().map(print).collect())
    }

    pub(crate) async fn members(&self, group: &str) -> Vec<String> {
        let shown = self.show(self.group, group).await;
        let members = shown.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
        members.iter().filter_map(|it| it["value"].as_str().map(str::to_owned)).collect()
    }
}

fn with_schema(cx: &Context<'_>, kind: Kind, mut resource: Value) -> Value {
    let core = cx.schemas().resource_type(kind).schema;
    resource["schemas"] = json!([cx.schemas().schema(core).id]);
    resource
}

/// What the client would be told.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, Error>, expected: &str) {
    let text = answer.expect_err("is refused").to_string();
    let text = text.replace("urn:ietf:params:scim:schemas:core:2.0:", "");
    assert_eq!(text, expected);
}
