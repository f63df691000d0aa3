//! What happens around the database: opened again, by two, changed indexes, a full disk, a torn log.

use std::path::Path;
use std::sync::Arc;

use provost_scim::membership::Delta;
use provost_scim::schema::{GroupDisplayName, Options as SchemaOptions, Schemas};
use provost_scim::value::{Message, Mode as Reading, Reader};
use provost_sqlite::{OpenError, Options, SqliteStore, open};
use provost_store::{
    Act, Applied, At, Cause, Content, Error, Indexes, Mode, Part, Position, Query, ResourceId,
    Store, TenantId, WORK_UNITS_MAX, Write,
};
use serde_json::{Value, json};
use uuid::Uuid;

struct World {
    schemas: Arc<Schemas>,
    indexes: Arc<Indexes>,
    store: SqliteStore,
    tenant: TenantId,
}

fn schemas(group_display_name: GroupDisplayName) -> (Arc<Schemas>, Arc<Indexes>) {
    let schemas = Arc::new(Schemas::builtin(&SchemaOptions { group_display_name }));
    let indexes = Arc::new(Indexes::new(&schemas));
    (schemas, indexes)
}

impl World {
    async fn open(folder: &Path) -> Self {
        Self::with(folder, GroupDisplayName::Unique).await.expect("opens")
    }

    async fn with(folder: &Path, names: GroupDisplayName) -> Result<Self, OpenError> {
        let (schemas, indexes) = schemas(names);
        let options = Options { readers: 1, ..Options::serve(folder) };
        let store = open(options, schemas.clone(), indexes.clone())?;
        let tenant = store.tenant("default".into()).await.expect("a tenant");
        Ok(Self { schemas, indexes, store, tenant })
    }

    async fn create(
        &self,
        resource_type: &str,
        n: u128,
        mut json: Value,
    ) -> Result<Applied, Error> {
        let resource_type = self.schemas.resource_type_by_name(resource_type).expect("is built in");
        json["schemas"] = json!([self.schemas.schema(resource_type.schema).id]);
        let kind = resource_type.kind;
        let new = Reader::new(&self.schemas, kind, Reading::Strict).resource(&json, Message::Post);
        let new = new.expect("is legal");
        let content = Content::between(&self.schemas, &self.indexes, kind, None, &new);
        let content = content.expect("is legal").expect("is a change");
        let act = Act::Create { content, members: Delta::none() };
        let id = ResourceId(Uuid::from_u128(n));
        let cause = Cause::default();
        let now = 1_700_000_000_000_000;
        let write = Write { id, kind, if_match: None, act, now, cause, mode: Mode::Commit };
        self.store.apply(self.tenant, write).await
    }

    async fn total(&self, resource_type: &str, filter: Option<&str>) -> u64 {
        let kind = self.schemas.resource_type_by_name(resource_type).expect("is built in").kind;
        let filter = filter.map(|text| {
            let (tree, _) = provost_scim::filter::parse(text).expect("is a filter");
            provost_scim::filter::resolve(&self.schemas, kind, &tree).expect("resolves").0
        });
        let parts = vec![Part { kind, filter }];
        let query = Query { parts, start: 1, count: 0, work_units_max: WORK_UNITS_MAX };
        self.store.query(self.tenant, query).await.expect("answers").total
    }

    async fn events(&self) -> usize {
        let max = std::num::NonZeroU16::MAX;
        self.store.feed(self.tenant, Position(0), max).await.expect("answers").len()
    }
}

#[tokio::test]
async fn what_was_written_is_there_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.create("User", 1, json!({"userName": "ada"})).await.unwrap();
    drop(world);
    let world = World::open(folder.path()).await;
    assert_eq!(
        (world.total("User", Some("userName eq \"ADA\"")).await, world.events().await),
        (1, 1)
    );
    assert!(matches!(
        world.create("User", 2, json!({"userName": "Ada"})).await,
        Err(Error::Taken(_))
    ));
}

#[tokio::test]
async fn one_server_at_a_time_and_commands_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let second = World::with(folder.path(), GroupDisplayName::Unique).await;
    assert!(matches!(second.err(), Some(OpenError::Locked(_))));
    let (schemas, indexes) = schemas(GroupDisplayName::Free);
    let command = open(Options::command(folder.path()), schemas, indexes).expect("opens");
    let put = provost_store::DocumentPut { key: "k".into(), base: None, body: "1".into() };
    command.put_document(world.tenant, put).await.unwrap();
    let found = world.store.document(world.tenant, "k".into()).await.unwrap();
    assert_eq!(&found.expect("is seen at once").body[..], b"1");
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(folder.path().join("provost.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn changed_indexes_rebuild_the_keys_or_name_what_is_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with(folder.path(), GroupDisplayName::Free).await.unwrap();
    world.create("Group", 1, json!({"displayName": "Crew"})).await.unwrap();
    drop(world);
    let world = World::with(folder.path(), GroupDisplayName::Unique).await.unwrap();
    assert_eq!(world.total("Group", Some("displayName eq \"crew\"")).await, 1);
    assert!(matches!(
        world.create("Group", 2, json!({"displayName": "CREW"})).await,
        Err(Error::Taken(_))
    ));
    drop(world);
    let world = World::with(folder.path(), GroupDisplayName::Free).await.unwrap();
    world.create("Group", 2, json!({"displayName": "CREW"})).await.unwrap();
    assert_eq!(world.total("Group", Some("displayName eq \"crew\"")).await, 2);
    drop(world);
    let refused =
        World::with(folder.path(), GroupDisplayName::Unique).await.err().expect("is refused");
    let text = refused.to_string();
    assert!(text.contains("Group:displayName must be unique"), "{text}");
    assert!(text.contains(&ResourceId(Uuid::from_u128(2)).to_string()), "{text}");
    // Nothing of the attempt is left.
    assert!(World::with(folder.path(), GroupDisplayName::Free).await.is_ok());
}

#[tokio::test]
async fn a_full_disk_refuses_writes_whole_and_the_store_heals() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { pages_max: Some(120), ..Options::serve(folder.path()) };
    let (schemas, indexes) = schemas(GroupDisplayName::Unique);
    let store = open(options, schemas.clone(), indexes.clone()).expect("opens");
    let tenant = store.tenant("default".into()).await.unwrap();
    let world = World { schemas, indexes, store, tenant };
    let (mut written, mut refused) = (0_u64, 0);
    for n in 0..200 {
        let title = "x".repeat(4_000);
        match world.create("User", n, json!({"userName": format!("u{n}"), "title": title})).await {
            Ok(_) => written += 1,
            Err(Error::Unavailable(_)) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(written > 5 && refused > 5, "{written} written, {refused} refused");
    assert_eq!((world.total("User", None).await, world.events().await as u64), (written, written));
    drop(world);
    let world = World::open(folder.path()).await;
    assert_eq!(world.total("User", None).await, written);
    world.create("User", 999, json!({"userName": "later"})).await.unwrap();
}

#[tokio::test]
async fn a_torn_log_leaves_a_prefix_of_what_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    for n in 0..30 {
        world.create("User", n, json!({"userName": format!("u{n}")})).await.unwrap();
    }
    let copies = tempfile::tempdir().unwrap();
    let names = ["provost.db", "provost.db-wal"];
    for name in names {
        std::fs::copy(folder.path().join(name), copies.path().join(name)).unwrap();
    }
    drop(world);
    let log = std::fs::read(copies.path().join(names[1])).unwrap();
    // A header of 32 bytes, then frames of 24 bytes and a page.
    let page = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
    let frame = 24 + page;
    let frames = (log.len() - 32) / frame;
    assert!(frames > 60, "{frames}");
    let mut last = 0;
    for cut in (0..=frames).step_by(7).map(|n| 32 + n * frame).chain([100, 33, log.len() - 1]) {
        let there = reopened(copies.path(), &log[..cut]).await;
        if cut % frame == 32 {
            assert!(there >= last, "a longer log holds less");
            last = there;
        }
    }
    for at in [log.len() - 10, log.len() - frame, log.len() / 2] {
        let mut flipped = log.clone();
        flipped[at] ^= 0x40;
        reopened(copies.path(), &flipped).await;
    }
    assert_eq!(reopened(copies.path(), &log).await, 30);
}

/// Opens a copy with another log; what is there is a whole prefix: the first n users, n events.
async fn reopened(copy: &Path, log: &[u8]) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(copy.join("provost.db"), folder.path().join("provost.db")).unwrap();
    std::fs::write(folder.path().join("provost.db-wal"), log).unwrap();
    let world = World::open(folder.path()).await;
    let users = world.total("User", None).await;
    assert_eq!(world.events().await as u64, users);
    for n in 0..users {
        assert_eq!(world.total("User", Some(&format!("userName eq \"u{n}\""))).await, 1);
    }
    let kind = world.schemas.resource_type_by_name("User").unwrap().kind;
    let beyond = ResourceId(Uuid::from_u128(u128::from(users)));
    let at = At { tenant: world.tenant, kind };
    assert_eq!(world.store.get(at, beyond).await.unwrap(), None);
    users
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_at_once_are_all_answered_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let world = Arc::new(World::open(folder.path()).await);
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..600_u128 {
        let world = world.clone();
        writers.spawn(async move {
            world.create("User", n, json!({"userName": format!("u{n}")})).await
        });
    }
    for answer in writers.join_all().await {
        answer.unwrap();
    }
    assert_eq!((world.total("User", None).await, world.events().await), (600, 600));
}
