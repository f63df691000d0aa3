//! The audit trail of all recorded conversations, and what they do to who is left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::Arc;

use provost_scim::membership::Delta;
use provost_scim::schema::{Kind, Options, Schemas};
use provost_scim::value::{Attributes, read_body};
use provost_store::memory::MemoryStore;
use provost_store::{
    Act, AuditQuery, Content, Event, EventAct, Indexes, Mode, Part, Position, Query, Recorded,
    ResourceId, Store as _, TenantId, WORK_UNITS_MAX, Write, view,
};
use provost_testkit::clock::START;
use provost_testkit::server::{BASE, Setup, TestClient, TestServer};
use provost_testkit::transcript::{
    FOLDER, Player, Request, Response, Setup as Play, Transport, load,
};
use serde_json::{Value, json};

use crate::policy::{admin, set};

/// A client whose deletions reach nobody: conversations clean up behind them.
struct Keeping(TestClient);

impl Transport for Keeping {
    async fn send(&self, request: Request) -> Result<Response, String> {
        match request.method == http::Method::DELETE {
            true => Ok(Response { status: 204, headers: Default::default(), body: Vec::new() }),
            false => self.0.send(request).await,
        }
    }
}

/// Plays all transcripts, whatever comes of them, but no failure of the server.
async fn play(server: &TestServer, client: impl Transport, run: &str) {
    let base = format!("http://{}{BASE}", server.address);
    let setup = Play::new(base, server.provision_token.clone(), run, START);
    let transcripts = load(Path::new(FOLDER)).expect("the transcripts can be read");
    let report = Player::new(client, setup).play_all(&transcripts).await;
    let metrics = admin(server, "GET", "/metrics", None).await.json();
    assert_eq!(metrics["serverErrors"], 0, "{report}");
    assert!(metrics["scimRequests"].as_u64().is_some_and(|it| it > 300), "{metrics}");
}

async fn rows(store: &MemoryStore, tenant: TenantId) -> Vec<Recorded> {
    let max = NonZeroU16::new(500).expect("is not 0");
    let mut rows: Vec<Recorded> = Vec::new();
    loop {
        let after = rows.last().map(|it| it.place);
        let more = store.audit(tenant, AuditQuery::all(after, max)).await.unwrap();
        if more.is_empty() {
            return rows;
        }
        rows.extend(more);
    }
}

/// All resources of a tenant with their members, without when they were written.
async fn shown(
    store: &MemoryStore,
    tenant: TenantId,
    schemas: &Schemas,
) -> BTreeMap<ResourceId, (Value, Vec<ResourceId>)> {
    let mut found = BTreeMap::new();
    for resource_type in schemas.resource_types() {
        let kind = resource_type.kind;
        let query = Query {
            parts: vec![Part { kind, filter: None }],
            start: 1,
            count: 100_000,
            page_bytes_max: usize::MAX,
            work_units_max: WORK_UNITS_MAX,
        };
        for stored in store.query(tenant, query).await.unwrap().rows {
            let at = provost_store::At { tenant, kind };
            let page = provost_store::MemberPage { after: None, max: 100_000 };
            let members = store.members(at, stored.id, page).await.unwrap();
            let members = members.rows.iter().map(|it| it.id).collect();
            let body: Value = serde_json::from_slice(&stored.body).unwrap();
            found.insert(stored.id, (body, members));
        }
    }
    found
}

/// A store that is filled from events alone.
struct Replay {
    schemas: Arc<Schemas>,
    indexes: Indexes,
    store: MemoryStore,
    tenant: TenantId,
}

impl Replay {
    async fn new(schemas: Arc<Schemas>) -> Self {
        let store = MemoryStore::new(schemas.clone());
        let tenant = store.tenant("default".into()).await.unwrap();
        Self { indexes: Indexes::new(&schemas), schemas, store, tenant }
    }

    async fn apply(&self, event: &Event) {
        let (id, kind) = (event.id, event.kind);
        let at = provost_store::At { tenant: self.tenant, kind };
        let stored = self.store.get(at, id).await.unwrap();
        let old = stored.as_ref().map(|it| view::attributes(&self.schemas, it).unwrap());
        let new = self.after(kind, old.as_ref(), event);
        let between = || Content::between(&self.schemas, &self.indexes, kind, old.as_ref(), &new);
        let delta = Delta::add(event.added.iter().copied());
        let delta = delta.then(Delta::remove(event.removed.iter().copied()));
        let act = match (event.act, stored) {
            (EventAct::Created, None) => Act::create(between().unwrap().unwrap(), delta),
            (EventAct::Changed, Some(stored)) => {
                let content = between().unwrap().map(|it| (stored.rev, it));
                Act::Change { content, members: delta }
            }
            (EventAct::Deleted, Some(stored)) => {
                let keys = self.indexes.keys(&self.schemas, kind, old.as_ref().unwrap());
                Act::delete(stored.rev, keys, event.change.clone())
            }
            (act, stored) => panic!("{act:?} of {stored:?}"),
        };
        let write = Write {
            id,
            kind,
            if_match: None,
            act,
            secrets: Vec::new(),
            now: event.version.0,
            cause: event.cause.clone(),
            entries: Vec::new(),
            mode: Mode::Commit,
        };
        self.store.apply(self.tenant, write).await.unwrap();
    }

    /// The attributes after an event: what was before goes, what is after comes.
    fn after(&self, kind: Kind, old: Option<&Attributes>, event: &Event) -> Attributes {
        let change: Value = match event.change.is_empty() {
            true => json!({}),
            false => serde_json::from_slice(&event.change).unwrap(),
        };
        let part = |name: &str| {
            let body = change.get(name).cloned().unwrap_or_else(|| json!({})).to_string();
            read_body(&self.schemas, kind, body.as_bytes()).unwrap()
        };
        let mut new = old.cloned().unwrap_or_default();
        for (id, _) in part("before").iter() {
            new.remove(id);
        }
        for (id, value) in part("after").iter() {
            new.set(id, value.clone());
        }
        new
    }
}

#[tokio::test]
async fn the_trail_of_all_conversations_leads_to_the_same_resources() {
    let (setup, store) = Setup::in_memory();
    let server = TestServer::start_with(setup).await;
    play(&server, Keeping(server.client()), "r1").await;
    play(&server, server.client(), "r2").await;
    let schemas = Arc::new(provost_platform::schema::schemas(&Options::default()));
    let rows = rows(&store, server.tenant).await;
    let events: Vec<&Event> = rows.iter().filter_map(|it| it.event.as_ref()).collect();
    assert!(events.len() > 300, "{}", events.len());
    let places: Vec<i64> = events.iter().map(|it| it.position.0).collect();
    assert!(
        places.is_sorted() && places[0] == Position(1).0,
        "the rows are in the order of events"
    );
    let replay = Replay::new(schemas.clone()).await;
    for event in events {
        replay.apply(event).await;
    }
    let (expected, found) = (
        shown(&store, server.tenant, &schemas).await,
        shown(&replay.store, replay.tenant, &schemas).await,
    );
    assert!(expected.len() > 50, "{}", expected.len());
    assert_eq!(found, expected);
}

/// The names that the conversations create, by attribute.
async fn names(server: &TestServer, store: &MemoryStore) -> [BTreeSet<String>; 2] {
    play(server, server.client(), "r1").await;
    let mut names = [BTreeSet::new(), BTreeSet::new()];
    for row in rows(store, server.tenant).await {
        let Some(event) = row.event.filter(|it| !it.change.is_empty()) else { continue };
        let change: Value = serde_json::from_slice(&event.change).unwrap();
        let (of, attribute) = match &*row.entry.category {
            "User" => (0, "userName"),
            _ => (1, "displayName"),
        };
        if let Some(name) = change["after"][attribute].as_str() {
            names[of].insert(name.to_owned());
        }
    }
    // Names are compared without case; one spelling of each is enough.
    names.map(|names| {
        let mut seen = BTreeSet::new();
        names.into_iter().filter(|it| seen.insert(it.to_lowercase())).collect()
    })
}

#[tokio::test]
async fn who_is_left_alone_survives_all_conversations() {
    let (setup, store) = Setup::in_memory();
    let [users, groups] = names(&TestServer::start_with(setup).await, &store).await;
    assert!(users.len() > 50 && groups.len() > 10, "{} {}", users.len(), groups.len());
    let (setup, store) = Setup::in_memory();
    let server = TestServer::start_with(setup).await;
    for (path, attribute, names) in
        [("/users", "userName", &users), ("/groups", "displayName", &groups)]
    {
        for name in names {
            let made = admin(&server, "POST", path, Some(json!({attribute: name}))).await;
            assert_eq!(made.status, 201, "{name}: {made}");
        }
    }
    let rows_of = |column: &str, names: &BTreeSet<String>| -> Value {
        names.iter().map(|it| json!({column: it})).collect()
    };
    set(&server, "UserProvisioningExclusionList", rows_of("thingworxUserName", &users)).await;
    set(&server, "GroupProvisioningExclusionList", rows_of("thingworxGroupName", &groups)).await;
    let schemas = provost_platform::schema::schemas(&Options::default());
    let before = shown(&store, server.tenant, &schemas).await;
    play(&server, server.client(), "r1").await;
    let after = shown(&store, server.tenant, &schemas).await;
    for (id, resource) in &before {
        assert_eq!(after.get(id), Some(resource), "{id} was changed");
    }
    // And it was tried.
    let refused = admin(&server, "GET", "/audit?limit=1000", None).await.json();
    let refused =
        refused["rows"].as_array().unwrap().iter().filter(|it| it["outcome"] == "refused");
    assert!(refused.count() > 50, "who is left alone was not met");
}
