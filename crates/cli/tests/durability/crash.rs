//! SIGKILL under load: every acknowledged write is there once, every other one whole or absent.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use provost_scim::schema::{Options as SchemaOptions, Schemas};
use provost_store::{Event, EventAct, Indexes, Position, Store, TenantId};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::server::{Api, Server, free_port, members};

const WRITERS: usize = 6;
const ROUNDS: u64 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_lose_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut server = Server::start(folder.path(), port).await;
    let group = server.api.create("/Groups", json!({"displayName": "Crowd"})).await.unwrap();
    let group: Arc<str> = group.body["id"].as_str().unwrap().into();
    let mut writers: Vec<Writer> = (0..WRITERS).map(|n| Writer::new(n, group.clone())).collect();
    for round in 0..ROUNDS {
        let (stop, stopped) = watch::channel(false);
        let mut running = JoinSet::new();
        for writer in writers.drain(..) {
            running.spawn(writer.run(server.api.clone(), stopped.clone()));
        }
        // Long enough for hundreds of writes; the moment differs in each round.
        tokio::time::sleep(Duration::from_millis(120 + round * 37 % 200)).await;
        server.kill();
        stop.send_replace(true);
        while let Some(writer) = running.join_next().await {
            writers.push(writer.unwrap());
        }
        server = Server::start(folder.path(), port).await;
        let feed = read_feed(folder.path()).await;
        let there = members(&server.api.get(&format!("/Groups/{group}")).await.body);
        for writer in &mut writers {
            writer.settle(&server.api, &there).await;
            writer.check_events(&feed, round);
        }
        check_replay(&server.api, &feed, &group, &there).await;
    }
    let acknowledged: usize = writers.iter().map(|it| it.acknowledged.len()).sum();
    assert!(acknowledged > 1_000, "only {acknowledged} writes were acknowledged: no load");
}

/// What a writer knows of one of its users.
#[derive(Debug, Clone, PartialEq)]
struct User {
    title: Option<String>,
    member: bool,
}

/// A write that was sent and not answered.
#[derive(Debug, Clone)]
enum Pending {
    Create(String),
    Title(String, String),
    Member(String, bool),
    Delete(String),
}

struct Writer {
    number: usize,
    count: usize,
    group: Arc<str>,
    users: BTreeMap<String, User>,
    deleted: BTreeSet<String>,
    /// Resource and version of every acknowledged change.
    acknowledged: Vec<(String, i64)>,
    pending: Option<Pending>,
}

impl Writer {
    fn new(number: usize, group: Arc<str>) -> Self {
        Self {
            number,
            count: 0,
            group,
            users: BTreeMap::new(),
            deleted: BTreeSet::new(),
            acknowledged: Vec::new(),
            pending: None,
        }
    }

    /// Writes until the connection breaks.
    async fn run(mut self, api: Api, stopped: watch::Receiver<bool>) -> Self {
        while !*stopped.borrow() && self.step(&api).await.is_some() {}
        self
    }

    async fn step(&mut self, api: &Api) -> Option<()> {
        self.count += 1;
        let nth = |users: &BTreeMap<String, User>, n: usize| {
            users.keys().nth(n % users.len().max(1)).cloned()
        };
        let chosen = nth(&self.users, self.count * 7);
        match (self.count % 8, chosen) {
            (3, Some(id)) => {
                let title = format!("t{}", self.count);
                self.pending = Some(Pending::Title(id.clone(), title.clone()));
                let replace = json!({"op": "replace", "path": "title", "value": title});
                let answer = api.patch(&format!("/Users/{id}"), replace).await?;
                assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
                self.acknowledge(&id, answer.version);
                self.users.get_mut(&id).expect("is known").title = Some(title);
            }
            (4 | 5, Some(id)) => {
                let joins = !self.users[&id].member;
                self.pending = Some(Pending::Member(id.clone(), joins));
                let op = if joins { "add" } else { "remove" };
                let change = json!({"op": op, "path": "members", "value": [{"value": id}]});
                let group = self.group.clone();
                let answer = api.patch(&format!("/Groups/{group}"), change).await?;
                assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
                self.acknowledge(&group, answer.version);
                self.users.get_mut(&id).expect("is known").member = joins;
            }
            (6, Some(id)) => {
                self.pending = Some(Pending::Delete(id.clone()));
                let answer = api.send(Method::DELETE, &format!("/Users/{id}"), None).await?;
                assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
                self.users.remove(&id);
                self.deleted.insert(id);
            }
            _ => {
                let name = self.name(self.count);
                self.pending = Some(Pending::Create(name.clone()));
                let answer = api.create("/Users", json!({"userName": name})).await?;
                assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
                let id = answer.body["id"].as_str().expect("an id").to_owned();
                self.acknowledge(&id, answer.version);
                self.users.insert(id, User { title: None, member: false });
            }
        }
        self.pending = None;
        Some(())
    }

    fn name(&self, n: usize) -> String {
        format!("w{}-{n}@x.example", self.number)
    }

    fn acknowledge(&mut self, id: &str, version: Option<i64>) {
        self.acknowledged.push((id.to_owned(), version.expect("an ETag")));
    }

    /// Compares what is there with what was acknowledged; the one unanswered write may have happened
    /// or not, but whole.
    async fn settle(&mut self, api: &Api, members: &[String]) {
        let pending = self.pending.take();
        let query = format!("/Users?count=1000&filter=userName%20sw%20%22w{}-%22", self.number);
        let mut there = BTreeMap::new();
        let mut start = 1;
        loop {
            let page = api.get(&format!("{query}&startIndex={start}")).await;
            let list = page.body["Resources"].as_array().cloned().unwrap_or_default();
            start += list.len();
            if list.is_empty() {
                break;
            }
            for user in list {
                let id = user["id"].as_str().expect("an id").to_owned();
                let member = members.contains(&id);
                let title = user["title"].as_str().map(str::to_owned);
                let name = user["userName"].as_str().expect("a name").to_owned();
                let twice = there.insert(id, (name, User { title, member }));
                assert!(twice.is_none(), "a resource is listed twice");
            }
        }
        let mut possible = vec![self.users.clone()];
        if let Some(pending) = &pending {
            possible.push(self.after(pending, &there));
        }
        let found: BTreeMap<String, User> =
            there.into_iter().map(|(id, (_, user))| (id, user)).collect();
        assert!(possible.contains(&found), "{pending:?}: {found:#?} is none of {possible:#?}");
        self.users = found;
    }

    fn after(
        &self,
        pending: &Pending,
        there: &BTreeMap<String, (String, User)>,
    ) -> BTreeMap<String, User> {
        let mut users = self.users.clone();
        match pending {
            Pending::Create(name) => {
                let made = there.iter().find(|(_, (own, _))| own == name);
                users.extend(made.map(|(id, _)| (id.clone(), User { title: None, member: false })));
            }
            Pending::Title(id, title) => {
                users.get_mut(id).expect("is known").title = Some(title.clone());
            }
            Pending::Member(id, joins) => users.get_mut(id).expect("is known").member = *joins,
            Pending::Delete(id) => {
                users.remove(id);
            }
        }
        users
    }

    /// Every acknowledged version has exactly one event; everything deleted has one such event.
    fn check_events(&self, feed: &[Event], round: u64) {
        let mut seen: BTreeMap<(String, i64), usize> = BTreeMap::new();
        let mut ended: BTreeMap<String, usize> = BTreeMap::new();
        for event in feed {
            *seen.entry((event.id.to_string(), event.version.0)).or_default() += 1;
            if event.act == EventAct::Deleted {
                *ended.entry(event.id.to_string()).or_default() += 1;
            }
        }
        for version in &self.acknowledged {
            assert_eq!(seen.get(version), Some(&1), "round {round}: {version:?}");
        }
        for id in &self.deleted {
            assert_eq!(ended.get(id), Some(&1), "round {round}: {id}");
        }
    }
}

async fn read_feed(folder: &Path) -> Vec<Event> {
    let schemas = Arc::new(Schemas::builtin(&SchemaOptions::default()));
    let indexes = Arc::new(Indexes::new(&schemas));
    let options = provost_sqlite::Options::command(&folder.join("data"));
    let store = provost_sqlite::open(options, schemas, indexes).expect("opens beside a server");
    let tenant: TenantId = store.tenant(provost_platform::DEFAULT_TENANT.into()).await.unwrap();
    let mut events: Vec<Event> = Vec::new();
    loop {
        let after = events.last().map_or(Position(0), |it| it.position);
        let more = store.feed(tenant, after, NonZeroU16::MAX).await.unwrap();
        if more.is_empty() {
            return events;
        }
        events.extend(more);
    }
}

/// The feed, replayed from its start, gives the resources and the members that are there.
async fn check_replay(api: &Api, feed: &[Event], group: &str, there: &[String]) {
    let mut alive: BTreeSet<String> = BTreeSet::new();
    let mut joined: BTreeSet<String> = BTreeSet::new();
    for (index, event) in feed.iter().enumerate() {
        assert_eq!(event.position.0, index as i64 + 1, "the feed has a gap");
        let id = event.id.to_string();
        match event.act {
            EventAct::Created => assert!(alive.insert(id.clone()), "{id} came twice"),
            EventAct::Changed => assert!(alive.contains(&id), "{id} changed and is not there"),
            EventAct::Deleted => assert!(alive.remove(&id), "{id} went twice"),
        }
        if id == group {
            for member in &event.removed {
                assert!(joined.remove(&member.to_string()), "{member} left twice");
            }
            for member in &event.added {
                assert!(joined.insert(member.to_string()), "{member} joined twice");
            }
        }
    }
    assert_eq!(joined.into_iter().collect::<Vec<_>>(), there);
    let total = |answer: &Value| answer["totalResults"].as_u64().expect("a total");
    let users = total(&api.get("/Users?count=0").await.body);
    let groups = total(&api.get("/Groups?count=0").await.body);
    assert_eq!(alive.len() as u64, users + groups);
}
