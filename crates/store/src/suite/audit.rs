//! The cases of the audit trail, of the trash, and of how many resources there may be.
#![allow(missing_docs, reason = "the names of the cases say what they check")]

use std::num::NonZeroU16;

use provost_scim::membership::Delta;
use serde_json::json;

use super::ground::{Ground, id};
use crate::{
    AUDIT_PAGE_BYTES_MAX, Act, AuditOutcome, AuditQuery, Cause, DocumentPut, Entry, Error, Mode,
    Position, Purge, Recorded, Target,
};

const MANY: NonZeroU16 = NonZeroU16::new(1_000).expect("is not 0");

async fn rows(g: &Ground) -> Vec<Recorded> {
    g.store.audit(g.tenant, AuditQuery::all(None, MANY)).await.unwrap()
}

/// A row as a short text.
fn short(row: &Recorded) -> String {
    let Recorded { place, entry, .. } = row;
    format!("{} {} {} {}", place.0, entry.category, entry.action, entry.target.name)
}

fn entry(category: &str, action: &str, at: i64) -> Entry {
    let cause = Cause {
        request: "r-1".into(),
        caller: "ops".into(),
        run_as: Some("Administrator".into()),
        source: Some("203.0.113.1".into()),
        rules: Vec::new(),
    };
    Entry {
        at,
        category: category.into(),
        action: action.into(),
        outcome: AuditOutcome::Refused,
        cause,
        target: Target::named("it"),
        detail: r#"{"reason": "a test"}"#.into(),
    }
}

pub async fn each_event_has_its_row_in_the_audit_trail(g: &Ground) {
    g.create_user(1, "ada").await;
    g.create_group(101, "G", &[1]).await;
    g.apply(g.change_of(&g.get(g.user, id(1)).await, json!({"userName": "bea"}))).await.unwrap();
    let same = g.member_change(101, Delta::add([id(1)]));
    g.apply(same).await.unwrap();
    let mut rehearsed = g.deletion_of(&g.get(g.user, id(1)).await);
    rehearsed.mode = Mode::Rehearse;
    g.apply(rehearsed).await.unwrap();
    g.apply(g.deletion_of(&g.get(g.user, id(1)).await)).await.unwrap();
    let (rows, events) = (rows(g).await, g.events().await);
    let said: Vec<String> = rows.iter().map(short).collect();
    assert_eq!(
        said,
        [
            "1 User created ada",
            "2 Group created G",
            "3 User changed bea",
            "4 Group changed G",
            "5 User deleted bea",
        ]
    );
    let of_rows: Vec<_> = rows.iter().filter_map(|it| it.event.clone()).collect();
    assert_eq!(of_rows, events);
    let first = &rows[0].entry;
    assert_eq!((&*first.target.id, first.outcome), (&*id(1).to_string(), AuditOutcome::Done));
    assert_eq!((&*first.cause.caller, first.at), ("suite", events[0].version.0));
}

pub async fn rows_go_with_what_they_tell_of(g: &Ground) {
    let mut write = g.creation(g.user, 1, json!({"userName": "ada"}), &[]);
    write.entries = vec![entry("Session", "revoked", 7)];
    g.apply(write.clone()).await.unwrap();
    // What changes nothing, or is refused, tells nothing.
    g.apply(write).await.unwrap();
    let mut clash = g.creation(g.user, 2, json!({"userName": "ada"}), &[]);
    clash.entries = vec![entry("Session", "revoked", 8)];
    assert!(g.apply(clash).await.is_err());
    let put = |base, entries| DocumentPut { entries, ..DocumentPut::new("k", base, "1") };
    let rev = g.store.put_document(g.tenant, put(None, vec![entry("Configuration", "set", 9)]));
    let rev = rev.await.unwrap();
    let stale = g.store.put_document(g.tenant, put(None, vec![entry("Configuration", "set", 10)]));
    assert!(matches!(stale.await, Err(Error::Stale)));
    g.store.put_document(g.tenant, put(Some(rev), Vec::new())).await.unwrap();
    g.store.record(g.tenant, vec![entry("Subsystem", "started", 11)]).await.unwrap();
    let rows = rows(g).await;
    let said: Vec<String> = rows.iter().map(short).collect();
    assert_eq!(
        said,
        [
            "1 User created ada",
            "2 Session revoked it",
            "3 Configuration set it",
            "4 Subsystem started it",
        ]
    );
    assert_eq!(rows[3].entry, entry("Subsystem", "started", 11));
    assert_eq!(rows[3].event, None);
}

pub async fn the_audit_trail_is_read_in_pages_and_by_what_was_asked(g: &Ground) {
    for n in 1..=5 {
        g.create_user(n, &format!("u{n}")).await;
    }
    g.store.record(g.tenant, vec![entry("Subsystem", "started", 11)]).await.unwrap();
    let places = async |query: AuditQuery| {
        let rows = g.store.audit(g.tenant, query).await.unwrap();
        rows.iter().map(|it| it.place.0).collect::<Vec<_>>()
    };
    let two = NonZeroU16::new(2).expect("is not 0");
    let all = AuditQuery::all(None, MANY);
    assert_eq!(places(AuditQuery::all(Some(Position(2)), two)).await, [3, 4]);
    let newest = AuditQuery { newest_first: true, ..AuditQuery::all(None, two) };
    assert_eq!(places(newest.clone()).await, [6, 5]);
    assert_eq!(places(AuditQuery { after: Some(Position(5)), ..newest }).await, [4, 3]);
    let of = |category: &str| AuditQuery { category: Some(category.into()), ..all.clone() };
    assert_eq!(places(of("Subsystem")).await, [6]);
    for target in [id(3).to_string(), "u3".to_owned()] {
        let target = Some(target.into());
        assert_eq!(places(AuditQuery { target, ..all.clone() }).await, [3]);
    }
    assert_eq!(places(AuditQuery { actor: Some("ops".into()), ..all.clone() }).await, [6]);
    let time = g.get(g.user, id(2)).await.created;
    assert_eq!(places(AuditQuery { since: Some(time), ..all.clone() }).await, [2, 3, 4, 5]);
    assert_eq!(places(AuditQuery { until: Some(time), ..all }).await, [1, 6]);
}

pub async fn a_page_of_the_audit_trail_is_bounded(g: &Ground) {
    let large = "x".repeat(AUDIT_PAGE_BYTES_MAX / 5 * 2);
    for n in 1..=4 {
        let mut entry = entry("Subsystem", "started", n);
        entry.detail = format!("{{\"reason\": \"{large}\"}}").into();
        g.store.record(g.tenant, vec![entry]).await.unwrap();
    }
    let places = async |after: Option<Position>| {
        let rows = g.store.audit(g.tenant, AuditQuery::all(after, MANY)).await.unwrap();
        rows.iter().map(|it| it.place.0).collect::<Vec<_>>()
    };
    assert_eq!(places(None).await, [1, 2]);
    assert_eq!(places(Some(Position(2))).await, [3, 4]);
    let newest = AuditQuery { newest_first: true, ..AuditQuery::all(None, MANY) };
    let rows = g.store.audit(g.tenant, newest).await.unwrap();
    assert_eq!(rows.iter().map(|it| it.place.0).collect::<Vec<_>>(), [4, 3]);
}

pub async fn the_audit_trail_is_purged_from_its_start(g: &Ground) {
    for n in 1..=4 {
        g.create_user(n, &format!("u{n}")).await;
    }
    let before = g.get(g.user, id(4)).await.created;
    let first = Purge { up_to: Some(Position(1)), ..Purge::before(before, 9) };
    assert_eq!(g.store.purge_audit(g.tenant, first).await.unwrap(), 1);
    assert_eq!(g.store.purge_audit(g.tenant, Purge::before(before, 1)).await.unwrap(), 1);
    let entries = vec![entry("Audit", "purged", i64::MAX)];
    let told = Purge { entries, ..Purge::before(before, 9) };
    assert_eq!(g.store.purge_audit(g.tenant, told).await.unwrap(), 1);
    assert_eq!(g.store.purge_audit(g.tenant, Purge::before(before, 9)).await.unwrap(), 0);
    g.create_user(5, "u5").await;
    let said: Vec<String> = rows(g).await.iter().map(short).collect();
    assert_eq!(said, ["4 User created u4", "5 Audit purged it", "6 User created u5"]);
    assert_eq!(g.events().await.len(), 5, "the feed is another matter");
}

pub async fn no_more_resources_come_than_may_be(g: &Ground) {
    let limited = |n: u128| {
        let mut write = g.creation(g.user, n, json!({"userName": format!("u{n}")}), &[]);
        if let Act::Create { limit, .. } = &mut write.act {
            *limit = Some(2);
        }
        write
    };
    g.create_group(101, "G", &[]).await;
    g.apply(limited(1)).await.unwrap();
    g.apply(limited(2)).await.unwrap();
    assert!(matches!(g.apply(limited(3)).await, Err(Error::Full { limit: 2 })));
    // A name that is taken is the better answer, and a repetition is no further one.
    let taken = crate::Write { id: id(4), ..limited(2) };
    assert!(matches!(g.apply(taken).await, Err(Error::Taken(_))));
    g.apply(limited(2)).await.unwrap();
    let count = async || g.store.count(g.at(g.user)).await.unwrap();
    assert_eq!((count().await, g.store.count(g.at(g.group)).await.unwrap()), (2, 1));
    g.apply(g.deletion_of(&g.get(g.user, id(1)).await)).await.unwrap();
    assert_eq!(count().await, 1);
    g.apply(limited(3)).await.unwrap();
    g.create_user(4, "u4").await;
    assert_eq!(count().await, 3, "who sets no limit has none");
}

pub async fn what_is_deleted_can_come_back(g: &Ground) {
    g.create_user(1, "ada").await;
    g.create_user(2, "bea").await;
    g.create_group(101, "G", &[1, 2]).await;
    g.create_group(102, "H", &[1, 101]).await;
    g.create_group(103, "I", &[1]).await;
    let mut deletion = g.deletion_of(&g.get(g.user, id(1)).await);
    let Act::Delete { keep_until, .. } = &mut deletion.act else { panic!("is a deletion") };
    *keep_until = Some(i64::MAX);
    let ended = g.apply(deletion).await.unwrap().version();
    let trashed = g.store.trashed(g.at(g.user), id(1)).await.unwrap().expect("is kept");
    assert_eq!((trashed.version, &*trashed.label, trashed.keep_until), (ended, "ada", i64::MAX));
    assert_eq!(trashed.body, r#"{"userName":"ada"}"#);
    assert_eq!((trashed.groups, trashed.members), (vec![id(101), id(102), id(103)], vec![]));
    assert_eq!(g.store.trashed(g.at(g.group), id(1)).await.unwrap(), None);
    assert_eq!(g.found(g.user, r#"userName eq "ada""#).await, [0_u128; 0]);
    // A group that has gone meanwhile is left out.
    g.apply(g.deletion_of(&g.get(g.group, id(103)).await)).await.unwrap();
    let mut back = g.creation(g.user, 1, json!({"userName": "ada"}), &[]);
    let Act::Create { rejoin, .. } = &mut back.act else { panic!("is a creation") };
    *rejoin = vec![id(103), id(102), id(101)];
    g.apply(back).await.unwrap();
    assert_eq!((g.members(101).await, g.members(102).await), (vec![1, 2], vec![1, 101]));
    assert_eq!(g.store.trashed(g.at(g.user), id(1)).await.unwrap(), None);
    let mut group = g.deletion_of(&g.get(g.group, id(101)).await);
    let Act::Delete { keep_until, .. } = &mut group.act else { panic!("is a deletion") };
    *keep_until = Some(i64::MAX);
    g.apply(group).await.unwrap();
    let trashed = g.store.trashed(g.at(g.group), id(101)).await.unwrap().expect("is kept");
    assert_eq!((trashed.groups, trashed.members), (vec![id(102)], vec![id(1), id(2)]));
}

pub async fn memberships_come_back_in_whatever_order(g: &Ground) {
    g.create_user(1, "ada").await;
    g.create_user(2, "bea").await;
    g.create_group(101, "G", &[1, 2]).await;
    g.create_group(102, "H", &[1]).await;
    let end = async |kind, n| {
        let mut deletion = g.deletion_of(&g.get(kind, id(n)).await);
        let Act::Delete { keep_until, .. } = &mut deletion.act else { panic!("is a deletion") };
        *keep_until = Some(i64::MAX);
        g.apply(deletion).await.unwrap();
    };
    // As whoever restores does it: with those that are there.
    let back = async |kind, n, json| {
        let trashed = g.store.trashed(g.at(kind), id(n)).await.unwrap().expect("is kept");
        let present = g.store.labels(g.tenant, trashed.members).await.unwrap();
        let mut back = g.creation(kind, n, json, &[]);
        let Act::Create { members, rejoin, .. } = &mut back.act else { panic!("is a creation") };
        *members = Delta::add(present.into_iter().map(|it| it.id));
        *rejoin = trashed.groups;
        g.apply(back).await.unwrap();
    };
    let ada = || json!({"userName": "ada"});
    let group = || json!({"displayName": "G"});
    // The member goes first and comes back first.
    end(g.user, 1).await;
    end(g.group, 101).await;
    back(g.user, 1, ada()).await;
    assert_eq!(g.members(102).await, [1]);
    back(g.group, 101, group()).await;
    assert_eq!(g.members(101).await, [1, 2]);
    // The group goes first and comes back first, also if the member comes and goes again meanwhile.
    end(g.group, 101).await;
    end(g.user, 1).await;
    back(g.user, 1, ada()).await;
    end(g.user, 1).await;
    back(g.group, 101, group()).await;
    assert_eq!(g.members(101).await, [2]);
    back(g.user, 1, ada()).await;
    assert_eq!((g.members(101).await, g.members(102).await), (vec![1, 2], vec![1]));
}

pub async fn a_group_comes_back_without_closing_a_circle(g: &Ground) {
    g.create_group(103, "C", &[]).await;
    g.create_group(102, "B", &[103]).await;
    g.create_group(101, "A", &[102]).await;
    let mut deletion = g.deletion_of(&g.get(g.group, id(102)).await);
    let Act::Delete { keep_until, .. } = &mut deletion.act else { panic!("is a deletion") };
    *keep_until = Some(i64::MAX);
    let ended = g.apply(deletion).await.unwrap().version();
    g.apply(g.member_change(103, Delta::add([id(101)]))).await.unwrap();
    let mut back = g.creation(g.group, 102, json!({"displayName": "B"}), &[103]);
    // The clock went back: what comes back is newer than its end all the same.
    back.now = 5;
    let Act::Create { rejoin, .. } = &mut back.act else { panic!("is a creation") };
    *rejoin = vec![id(101)];
    let version = g.apply(back).await.unwrap().version();
    assert!(version > ended, "{version:?} {ended:?}");
    assert_eq!((g.members(101).await, g.members(102).await), (vec![], vec![103]));
}

pub async fn the_trash_is_purged_in_time(g: &Ground) {
    for n in 1..=3 {
        g.create_user(n, &format!("u{n}")).await;
        let mut deletion = g.deletion_of(&g.get(g.user, id(n)).await);
        let Act::Delete { keep_until, .. } = &mut deletion.act else { panic!("is a deletion") };
        *keep_until = Some(100 * n as i64);
        g.apply(deletion).await.unwrap();
    }
    let ids = async |after, max| {
        let max = NonZeroU16::new(max).expect("is not 0");
        let page = g.store.trash(g.tenant, after, max).await.unwrap();
        page.iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(None, 2).await, [id(1), id(2)]);
    assert_eq!(ids(Some(id(2)), 2).await, [id(3)]);
    assert_eq!(g.store.purge_trash(g.tenant, 200, 1).await.unwrap(), 1);
    assert_eq!(ids(None, 9).await, [id(2), id(3)]);
    assert_eq!(g.store.purge_trash(g.tenant, 200, 9).await.unwrap(), 1);
    assert_eq!(ids(None, 9).await, [id(3)]);
}
