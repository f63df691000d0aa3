//! The cases of the contract that one client can see. Each name says situation and outcome.
#![allow(missing_docs, reason = "the names of the cases say what they check")]

use bytes::Bytes;
use provost_scim::membership::Delta;
use serde_json::json;

use super::ground::{FIRST, Ground, id, no_version};
use crate::{
    Act, Applied, DocumentPut, Error, EventAct, IfMatch, MemberPage, Mode, Part, Query, Rev,
    SecretPut, Version,
};

pub async fn a_created_resource_is_read_back(g: &Ground) {
    let write = g.creation(g.user, 1, json!({"userName": "Ada", "displayName": "A. B."}), &[]);
    let now = write.now;
    let applied = g.apply(write).await.unwrap();
    assert_eq!(
        applied,
        Applied::Written { version: Version(now), rev: FIRST, added: 0, removed: 0 }
    );
    let stored = g.get(g.user, id(1)).await;
    assert_eq!((stored.version, stored.created, stored.rev), (Version(now), now, FIRST));
    assert_eq!(&*stored.label, "A. B.");
    assert_eq!(stored.body, r#"{"userName":"Ada","displayName":"A. B."}"#);
    assert_eq!(g.store.get(g.at(g.user), id(2)).await.unwrap(), None);
}

pub async fn a_create_is_safe_to_repeat(g: &Ground) {
    let write = g.creation(g.user, 1, json!({"userName": "ada"}), &[]);
    let first = g.apply(write.clone()).await.unwrap();
    let again = g.apply(write.clone()).await.unwrap();
    assert_eq!(again, Applied::Unchanged { version: first.version(), rev: FIRST });
    assert_eq!(g.events().await.len(), 1);
    let other = g.creation(g.user, 1, json!({"userName": "eve"}), &[]);
    assert!(matches!(g.apply(other).await, Err(Error::Stale)));
}

pub async fn a_change_counts_rev_and_version(g: &Ground) {
    g.create_user(1, "ada").await;
    let before = g.get(g.user, id(1)).await;
    let write = g.change_of(&before, json!({"userName": "ada", "title": "Lead"}));
    let now = write.now;
    let applied = g.apply(write).await.unwrap();
    assert_eq!(
        applied,
        Applied::Written { version: Version(now), rev: Rev(2), added: 0, removed: 0 }
    );
    let after = g.get(g.user, id(1)).await;
    assert_eq!((after.created, after.rev, after.version), (before.created, Rev(2), Version(now)));
    assert_eq!(g.events().await.last().unwrap().act, EventAct::Changed);
}

pub async fn a_change_from_a_stale_rev_is_refused(g: &Ground) {
    g.create_user(1, "ada").await;
    let read = g.get(g.user, id(1)).await;
    let (first, second) = (
        g.change_of(&read, json!({"userName": "ada", "title": "1"})),
        g.change_of(&read, json!({"userName": "ada", "title": "2"})),
    );
    g.apply(first).await.unwrap();
    assert!(matches!(g.apply(second).await, Err(Error::Stale)));
    assert!(matches!(g.apply(g.deletion_of(&read)).await, Err(Error::Stale)));
    assert_eq!(g.events().await.len(), 2);
    assert!(matches!(
        g.apply(g.change_of(&crate::Stored { id: id(9), ..read }, json!({"userName": "x"}))).await,
        Err(Error::Gone)
    ));
}

pub async fn a_version_grows_even_if_the_clock_stands(g: &Ground) {
    g.create_user(1, "ada").await;
    g.create_group(101, "G", &[]).await;
    let mut last = g.get(g.group, id(101)).await.version;
    for n in 0..4 {
        let delta = if n % 2 == 0 { Delta::add([id(1)]) } else { Delta::remove([id(1)]) };
        let mut write = g.member_change(101, delta);
        write.now = 5;
        let version = g.apply(write).await.unwrap().version();
        assert_eq!(version, Version(last.0 + 1));
        last = version;
    }
}

pub async fn a_unique_value_is_taken_once(g: &Ground) {
    let name = g.schemas.by_path("urn:ietf:params:scim:schemas:core:2.0:User:userName").unwrap();
    g.create_user(1, "ada").await;
    let clash = g.creation(g.user, 2, json!({"userName": "ADA"}), &[]);
    assert!(matches!(g.apply(clash).await, Err(Error::Taken(taken)) if taken == name));
    g.create_user(2, "eve").await;
    let rename = g.change_of(&g.get(g.user, id(2)).await, json!({"userName": "Ada"}));
    assert!(matches!(g.apply(rename).await, Err(Error::Taken(taken)) if taken == name));
    let own_case = g.change_of(&g.get(g.user, id(1)).await, json!({"userName": "Ada"}));
    g.apply(own_case).await.unwrap();
    assert_eq!(g.found(g.user, r#"userName eq "ada""#).await, [1]);
    // A group may be called like a user.
    g.create_group(101, "ada", &[]).await;
}

pub async fn a_unique_value_is_free_after_rename_and_delete(g: &Ground) {
    g.create_user(1, "ada").await;
    let rename = g.change_of(&g.get(g.user, id(1)).await, json!({"userName": "bea"}));
    g.apply(rename).await.unwrap();
    g.create_user(2, "ada").await;
    g.apply(g.deletion_of(&g.get(g.user, id(2)).await)).await.unwrap();
    g.create_user(3, "ada").await;
    assert_eq!(g.found(g.user, r#"userName eq "ada""#).await, [3]);
    assert_eq!(g.found(g.user, r#"userName eq "bea""#).await, [1]);
}

pub async fn a_refused_write_leaves_no_trace(g: &Ground) {
    g.create_user(1, "ada").await;
    g.create_group(101, "G", &[1]).await;
    let before = g.fingerprint().await;
    let clash = json!({"userName": "ada", "externalId": "x", "emails": [{"value": "a@x.example"}]});
    assert!(g.apply(g.creation(g.user, 2, clash, &[])).await.is_err());
    let unknown = g.creation(g.group, 102, json!({"displayName": "H"}), &[1, 55]);
    assert!(matches!(g.apply(unknown).await, Err(Error::UnknownMember(it)) if it == id(55)));
    let mut both = g.change_of(&g.get(g.group, id(101)).await, json!({"displayName": "Z"}));
    if let Act::Change { members, .. } = &mut both.act {
        *members = Delta::add([id(56)]);
    }
    assert!(matches!(g.apply(both).await, Err(Error::UnknownMember(it)) if it == id(56)));
    assert_eq!(g.fingerprint().await, before);
    assert_eq!(g.found(g.user, r#"externalId eq "x""#).await, [0_u128; 0]);
    g.create_group(102, "H", &[]).await;
}

pub async fn if_match_is_decided_in_the_transaction(g: &Ground) {
    g.create_user(1, "ada").await;
    g.create_group(101, "G", &[]).await;
    let stored = g.get(g.user, id(1)).await;
    let mut write = g.change_of(&stored, json!({"userName": "ada", "title": "x"}));
    write.if_match = Some(no_version());
    assert!(matches!(g.apply(write.clone()).await, Err(Error::Mismatch)));
    write.if_match = Some(IfMatch::OneOf(vec![Version(1), stored.version]));
    g.apply(write).await.unwrap();
    let mut members = g.member_change(101, Delta::add([id(1)]));
    members.if_match = Some(no_version());
    assert!(matches!(g.apply(members.clone()).await, Err(Error::Mismatch)));
    members.if_match = Some(IfMatch::Any);
    g.apply(members).await.unwrap();
    let mut gone = g.deletion_of(&stored);
    gone.if_match = Some(no_version());
    assert!(matches!(g.apply(gone).await, Err(Error::Mismatch)), "before the stale rev");
    let mut nobody = g.member_change(109, Delta::none());
    nobody.if_match = Some(IfMatch::Any);
    assert!(matches!(g.apply(nobody).await, Err(Error::Gone)));
}

pub async fn a_rehearsal_answers_and_leaves_no_trace(g: &Ground) {
    g.create_user(1, "ada").await;
    g.create_group(101, "G", &[1]).await;
    let before = g.fingerprint().await;
    let rehearse = |mut write: crate::Write| {
        write.mode = Mode::Rehearse;
        write
    };
    let create = g.creation(g.user, 2, json!({"userName": "bea"}), &[]);
    let expected =
        Applied::Written { version: Version(create.now), rev: FIRST, added: 0, removed: 0 };
    assert_eq!(g.apply(rehearse(create)).await.unwrap(), expected);
    let clash = g.creation(g.user, 2, json!({"userName": "ADA"}), &[]);
    assert!(matches!(g.apply(rehearse(clash)).await, Err(Error::Taken(_))));
    let members = rehearse(g.member_change(101, Delta::remove([id(1)])));
    assert!(matches!(g.apply(members).await, Ok(Applied::Written { removed: 1, .. })));
    let delete = rehearse(g.deletion_of(&g.get(g.user, id(1)).await));
    assert!(matches!(g.apply(delete).await, Ok(Applied::Written { .. })));
    assert_eq!(g.fingerprint().await, before);
}

pub async fn members_come_and_go_and_bump_the_version_only(g: &Ground) {
    for n in 1..=3 {
        g.create_user(n, &format!("u{n}")).await;
    }
    let group = g.create_group(101, "G", &[3]).await;
    let before = g.get(g.group, group).await;
    let write = g.member_change(101, Delta::add([id(1), id(2), id(3)]));
    let now = write.now;
    let applied = g.apply(write).await.unwrap();
    assert_eq!(
        applied,
        Applied::Written { version: Version(now), rev: before.rev, added: 2, removed: 0 }
    );
    assert_eq!(g.members(101).await, [1, 2, 3]);
    let after = g.get(g.group, group).await;
    assert_eq!((after.rev, after.version, &after.body), (before.rev, Version(now), &before.body));
    let applied = g.apply(g.member_change(101, Delta::replace([id(2)]))).await.unwrap();
    assert!(matches!(applied, Applied::Written { added: 0, removed: 2, .. }));
    // A rename that was computed before still applies: members do not touch the body.
    g.apply(g.change_of(&before, json!({"displayName": "H"}))).await.unwrap();
    assert_eq!(g.members(101).await, [2]);
    let event = &g.events().await[5];
    assert_eq!((event.added.as_slice(), event.removed.as_slice()), (&[][..], &[id(1), id(3)][..]));
    assert!(event.change.is_empty());
    let page = MemberPage { after: Some(id(1)), max: 1 };
    let found = g.store.members(g.at(g.group), group, page).await.unwrap();
    assert_eq!((found.rows[0].id, &*found.rows[0].label, found.more), (id(2), "u2", false));
}

pub async fn an_ineffective_member_change_writes_nothing(g: &Ground) {
    g.create_user(1, "ada").await;
    g.create_group(101, "G", &[1]).await;
    let before = g.get(g.group, id(101)).await;
    for delta in
        [Delta::add([id(1)]), Delta::remove([id(77)]), Delta::none(), Delta::replace([id(1)])]
    {
        let applied = g.apply(g.member_change(101, delta)).await.unwrap();
        assert_eq!(applied, Applied::Unchanged { version: before.version, rev: before.rev });
    }
    assert_eq!(g.events().await.len(), 2);
}

pub async fn an_unknown_member_is_refused_whole(g: &Ground) {
    g.create_user(1, "ada").await;
    g.create_group(101, "G", &[]).await;
    let write = g.member_change(101, Delta::add([id(1), id(60), id(50)]));
    assert!(matches!(g.apply(write).await, Err(Error::UnknownMember(it)) if it == id(50)));
    assert_eq!(g.members(101).await, [0_u128; 0]);
    assert!(matches!(g.apply(g.member_change(109, Delta::add([id(1)]))).await, Err(Error::Gone)));
}

pub async fn a_group_cannot_hold_itself(g: &Ground) {
    for n in 101..=103 {
        g.create_group(n, &format!("G{n}"), &[]).await;
    }
    let into = |group, member| g.member_change(group, Delta::add([id(member)]));
    assert!(matches!(g.apply(into(101, 101)).await, Err(Error::Cycle(it)) if it == id(101)));
    g.apply(into(101, 102)).await.unwrap();
    g.apply(into(102, 103)).await.unwrap();
    assert!(matches!(g.apply(into(103, 101)).await, Err(Error::Cycle(it)) if it == id(101)));
    assert!(matches!(g.apply(into(102, 101)).await, Err(Error::Cycle(_))));
    // A diamond is no cycle.
    g.apply(into(101, 103)).await.unwrap();
    assert_eq!(g.members(101).await, [102, 103]);
}

pub async fn groups_are_found_through_groups(g: &Ground) {
    g.create_user(1, "ada").await;
    g.create_user(2, "bea").await;
    g.create_group(101, "Inner", &[1]).await;
    g.create_group(102, "Middle", &[101, 2]).await;
    g.create_group(103, "Outer", &[102, 1]).await;
    let found =
        g.store.memberships(g.tenant, vec![id(2), id(1), id(101), id(1)], 100).await.unwrap();
    let short: Vec<_> = found
        .iter()
        .map(|it| (it.member.0.as_u128(), it.group.0.as_u128(), &*it.label, it.direct))
        .collect();
    let expected = [
        (1, 101, "Inner", true),
        (1, 102, "Middle", false),
        (1, 103, "Outer", true),
        (2, 102, "Middle", true),
        (2, 103, "Outer", false),
        (101, 102, "Middle", true),
        (101, 103, "Outer", false),
    ];
    assert_eq!(short, expected);
    assert_eq!(g.found(g.user, &format!("groups.value eq \"{}\"", id(103))).await, [1, 2]);
    assert_eq!(g.found(g.user, &format!("groups eq \"{}\"", id(101))).await, [1]);
    assert_eq!(g.found(g.group, &format!("members eq \"{}\"", id(1))).await, [101, 103]);
    assert_eq!(
        g.found(g.group, &format!("members.value eq \"{}\" and displayName eq \"outer\"", id(102)))
            .await,
        [103]
    );
    assert_eq!(g.found(g.group, "members[type eq \"Group\"]").await, [102, 103]);
    assert_eq!(g.found(g.user, "groups[display eq \"INNER\" and type eq \"direct\"]").await, [1]);
}

pub async fn a_deleted_member_leaves_its_groups_with_events(g: &Ground) {
    g.create_user(1, "ada").await;
    g.create_user(2, "bea").await;
    g.create_group(102, "B", &[1]).await;
    g.create_group(101, "A", &[1, 2]).await;
    let (before, count) = (g.get(g.group, id(101)).await, g.events().await.len());
    let write = g.deletion_of(&g.get(g.user, id(1)).await);
    let now = write.now;
    g.apply(write).await.unwrap();
    assert_eq!((g.members(101).await, g.members(102).await), (vec![2], vec![]));
    let after = g.get(g.group, id(101)).await;
    assert_eq!((after.version, after.rev), (Version(now), before.rev));
    let events = g.events().await.split_off(count);
    let short: Vec<_> = events.iter().map(|it| (it.id, it.act, it.removed.clone())).collect();
    let expected = [
        (id(101), EventAct::Changed, vec![id(1)]),
        (id(102), EventAct::Changed, vec![id(1)]),
        (id(1), EventAct::Deleted, vec![]),
    ];
    assert_eq!(short, expected);
    assert_eq!(g.store.get(g.at(g.user), id(1)).await.unwrap(), None);
}

pub async fn a_deleted_group_leaves_its_members(g: &Ground) {
    g.create_user(1, "ada").await;
    g.create_group(101, "Inner", &[1]).await;
    g.create_group(102, "Outer", &[101]).await;
    g.apply(g.deletion_of(&g.get(g.group, id(101)).await)).await.unwrap();
    assert_eq!(g.members(102).await, [0_u128; 0]);
    assert_eq!(g.store.memberships(g.tenant, vec![id(1)], 100).await.unwrap(), []);
    let last = g.events().await.pop().unwrap();
    assert_eq!((last.act, last.removed), (EventAct::Deleted, vec![id(1)]));
    assert_eq!(g.found(g.user, "userName pr").await, [1]);
}

pub async fn pages_are_ordered_and_count_all(g: &Ground) {
    for n in [5, 3, 9, 1, 7] {
        g.create_user(n, &format!("u{n}")).await;
    }
    g.create_group(4, "G", &[]).await;
    for (start, count, expected) in [
        (1, 2, vec![1, 3]),
        (3, 2, vec![5, 7]),
        (5, 9, vec![9]),
        (6, 9, vec![]),
        (1, 0, vec![]),
        (u64::MAX, 5, vec![]),
    ] {
        let page = g.page(g.user, None, start, count).await;
        let ids: Vec<u128> = page.rows.iter().map(|it| it.id.0.as_u128()).collect();
        assert_eq!((ids, page.total), (expected.clone(), 5), "{start} {count}");
        let filtered = g.page(g.user, Some("userName sw \"u\""), start, count).await;
        let ids: Vec<u128> = filtered.rows.iter().map(|it| it.id.0.as_u128()).collect();
        assert_eq!((ids, filtered.total), (expected, 5), "{start} {count}");
    }
    let parts = [g.user, g.group].map(|kind| Part { kind, filter: None }).into();
    let query = Query { parts, start: 2, count: 3, ..g.question(g.user, None, 1, 0) };
    let all = g.store.query(g.tenant, query).await.unwrap();
    let ids: Vec<u128> = all.rows.iter().map(|it| it.id.0.as_u128()).collect();
    assert_eq!((ids, all.total), (vec![3, 4, 5], 6));
}

pub async fn filters_are_answered_as_the_evaluator_says(g: &Ground) {
    let ada = json!({
        "userName": "Ada@x.example", "externalId": "E1", "active": true, "title": "Lead",
        "emails": [{"value": "ada@x.example", "type": "work"}, {"value": "a@home.example", "type": "home"}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Ops", "manager": {"value": "m1"}},
    });
    g.apply(g.creation(g.user, 1, ada, &[])).await.unwrap();
    let bea = json!({"userName": "bea@x.example", "externalId": "e1", "active": false, "emails": [{"value": "ada@x.example", "type": "home"}]});
    g.apply(g.creation(g.user, 2, bea, &[])).await.unwrap();
    let long = format!("{}1", "x".repeat(400));
    g.apply(g.creation(g.user, 3, json!({"userName": "cy", "externalId": long}), &[]))
        .await
        .unwrap();
    let twin = format!("{}2", "x".repeat(400));
    g.apply(g.creation(g.user, 4, json!({"userName": "Éric", "externalId": twin}), &[]))
        .await
        .unwrap();
    g.create_group(101, "G", &[2]).await;
    for (filter, expected) in [
        (r#"userName eq "ADA@X.EXAMPLE""#, vec![1]),
        (r#"externalId eq "E1""#, vec![1]),
        (r#"externalId eq "e1""#, vec![2]),
        (r#"emails.value eq "ADA@x.example""#, vec![1, 2]),
        (r#"emails[type eq "work" and value eq "ada@x.example"]"#, vec![1]),
        (r#"emails eq "a@home.example" or userName eq "cy""#, vec![1, 3]),
        (r#"manager eq "m1" and active eq true"#, vec![1]),
        ("active eq false", vec![2]),
        ("active ne true", vec![2, 3, 4]),
        (r#"not (userName sw "a")"#, vec![2, 3, 4]),
        (r#"userName sw "É""#, vec![4]),
        (r#"userName eq "éRIC""#, vec![4]),
        ("title pr", vec![1]),
        ("emails pr and not (title pr)", vec![2]),
        (r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#, vec![1]),
        (r#"meta.resourceType eq "User""#, vec![1, 2, 3, 4]),
        (r#"meta.lastModified le "0001-01-03T00:00:00Z""#, vec![]),
        (r#"meta.lastModified gt "2001-01-01T00:00:00Z" and title eq "lead""#, vec![1]),
        (r#"meta.created ge "2001-01-01T00:00:00Z" and userName co "X.EX""#, vec![1, 2]),
        ("groups pr", vec![2]),
        (r#"id eq "nobody" or title pr"#, vec![1]),
    ] {
        assert_eq!(g.found(g.user, filter).await, expected, "{filter}");
    }
    assert_eq!(g.found(g.user, &format!("externalId eq \"{long}\"")).await, [3]);
    assert_eq!(g.found(g.user, &format!("externalId sw \"{}\"", "x".repeat(400))).await, [3, 4]);
    assert_eq!(g.found(g.user, &format!("id eq \"{}\" and userName ew \"y\"", id(3))).await, [3]);
    assert_eq!(g.found(g.group, &format!("not (members.value eq \"{}\")", id(1))).await, [101]);
    assert_eq!(g.found(g.group, r#"displayName eq "g""#).await, [101]);
}

pub async fn a_page_of_large_resources_ends_early(g: &Ground) {
    let large = "x".repeat(1_000);
    for n in 1..=5 {
        let user =
            json!({"userName": format!("u{n}"), "title": if n == 3 { "small" } else { &large }});
        g.apply(g.creation(g.user, n, user, &[])).await.unwrap();
    }
    for filter in [None, Some("userName sw \"u\""), Some("title pr")] {
        let page = async |start, page_bytes_max| {
            let query = Query { page_bytes_max, ..g.question(g.user, filter, start, 10) };
            let page = g.store.query(g.tenant, query).await.unwrap();
            assert_eq!(page.total, 5);
            page.rows.iter().map(|it| it.id.0.as_u128()).collect::<Vec<_>>()
        };
        assert_eq!(page(1, 2_500).await, [1, 2, 3]);
        assert_eq!(page(1, 1_500).await, [1], "no later one that is small");
        assert_eq!(page(4, 1).await, [4], "one always fits");
    }
}

pub async fn too_broad_a_query_is_refused(g: &Ground) {
    for n in 1..=20 {
        g.create_user(n, &format!("u{n}")).await;
    }
    let mut query = g.question(g.user, Some("title pr"), 1, 5);
    query.work_units_max = 600;
    assert!(matches!(g.store.query(g.tenant, query).await, Err(Error::TooBroad)));
    let mut narrow = g.question(g.user, Some(r#"userName eq "u7" and title pr"#), 1, 5);
    narrow.work_units_max = 1_200;
    assert_eq!(g.store.query(g.tenant, narrow).await.unwrap().total, 0);
    // A large body is more to look at.
    let large = json!({"userName": "large", "nickName": "x".repeat(40_000)});
    g.apply(g.creation(g.user, 21, large, &[])).await.unwrap();
    let mut large = g.question(g.user, Some(r#"userName eq "large" and title pr"#), 1, 5);
    large.work_units_max = 500;
    assert!(matches!(g.store.query(g.tenant, large).await, Err(Error::TooBroad)));
}

pub async fn labels_name_what_exists(g: &Ground) {
    g.create_user(1, "ada").await;
    g.create_group(101, "G", &[]).await;
    let found = g.store.labels(g.tenant, vec![id(101), id(55), id(1), id(1)]).await.unwrap();
    let short: Vec<_> = found.iter().map(|it| (it.id, it.kind, &*it.label)).collect();
    assert_eq!(short, [(id(1), g.user, "ada"), (id(101), g.group, "G")]);
    assert_eq!(g.store.labels(g.tenant, vec![]).await.unwrap(), []);
}

pub async fn events_are_gapless_and_replay_to_the_same(g: &Ground) {
    for n in 1..=4 {
        g.create_user(n, &format!("u{n}")).await;
    }
    g.create_group(101, "G", &[1, 2]).await;
    let with = json!({"userName": "u1", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "A", "division": "B"}});
    g.apply(g.change_of(&g.get(g.user, id(1)).await, with)).await.unwrap();
    let less = json!({"userName": "u1", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "C"}});
    g.apply(g.change_of(&g.get(g.user, id(1)).await, less)).await.unwrap();
    g.apply(g.member_change(101, Delta::replace([id(3)]))).await.unwrap();
    g.apply(g.deletion_of(&g.get(g.user, id(3)).await)).await.unwrap();
    let events = g.events().await;
    assert_eq!(events.len(), 10);
    let cause = &events[0].cause;
    assert_eq!((&*cause.request, &*cause.caller), ("r", "suite"));
    let two = std::num::NonZeroU16::new(2).expect("is not 0");
    let middle = g.store.feed(g.tenant, crate::Position(3), two).await.unwrap();
    assert_eq!(middle, events[3..5]);
    g.check_replay().await;
}

pub async fn secrets_change_with_their_resource_and_show_nowhere(g: &Ground) {
    let path = "urn:ietf:params:scim:schemas:core:2.0:User:password";
    let attribute = g.schemas.by_path(path).unwrap();
    let put = |hash: Option<&'static [u8]>| {
        vec![SecretPut { attribute, hash: hash.map(Bytes::from_static) }]
    };
    let secret = async |n| g.store.secret(g.at(g.user), id(n), attribute).await.unwrap();
    g.create_user(1, "ada").await;
    let mut write = g.creation(g.user, 2, json!({"userName": "bea"}), &[]);
    write.secrets = put(Some(b"h1"));
    g.apply(write).await.unwrap();
    assert_eq!((secret(1).await, secret(2).await), (None, Some(Bytes::from_static(b"h1"))));
    let stored = g.get(g.user, id(2)).await;
    let nothing = || Act::Change { content: None, members: Delta::none() };
    let change = |secrets| crate::Write { secrets, ..g.write(g.user, id(2), nothing()) };

    let mut rehearsed = change(put(Some(b"h2")));
    rehearsed.mode = Mode::Rehearse;
    assert!(matches!(g.apply(rehearsed).await, Ok(Applied::Written { .. })));
    let mut mismatched = change(put(Some(b"h2")));
    mismatched.if_match = Some(no_version());
    assert!(matches!(g.apply(mismatched).await, Err(Error::Mismatch)));
    let same = g.apply(change(put(Some(b"h1")))).await.unwrap();
    assert_eq!(same, Applied::Unchanged { version: stored.version, rev: FIRST });
    assert_eq!(secret(2).await, Some(Bytes::from_static(b"h1")));

    let other = g.apply(change(put(Some(b"h2")))).await.unwrap();
    assert!(other.version() > stored.version);
    assert_eq!(g.get(g.user, id(2)).await.body, stored.body);
    let event = g.events().await.pop().unwrap();
    assert_eq!((event.act, event.version), (EventAct::Changed, other.version()));
    assert!(event.change.is_empty());
    assert_eq!(secret(2).await, Some(Bytes::from_static(b"h2")));
    assert!(matches!(g.apply(change(put(None))).await, Ok(Applied::Written { .. })));
    assert!(matches!(g.apply(change(put(None))).await, Ok(Applied::Unchanged { .. })));
    assert_eq!(secret(2).await, None);

    g.apply(change(put(Some(b"h3")))).await.unwrap();
    assert_eq!(g.store.secret(g.at(g.group), id(2), attribute).await.unwrap(), None);
    g.apply(g.deletion_of(&g.get(g.user, id(2)).await)).await.unwrap();
    g.create_user(2, "bea").await;
    assert_eq!(secret(2).await, None, "a secret goes with its resource");
}

pub async fn the_last_removal_is_known_by_version(g: &Ground) {
    let last = async || g.store.last_removal(g.tenant).await.unwrap();
    assert_eq!(last().await, Version(0));
    g.create_user(1, "ada").await;
    g.create_user(2, "bea").await;
    g.create_group(101, "G", &[1, 2]).await;
    assert_eq!(last().await, Version(0));
    let left = g.apply(g.member_change(101, Delta::remove([id(1)]))).await.unwrap().version();
    assert_eq!(last().await, left);
    g.create_user(3, "cat").await;
    assert_eq!(last().await, left);
    let mut deletion = g.deletion_of(&g.get(g.user, id(1)).await);
    // The clock went back: there is a higher version already.
    deletion.now = 5;
    g.apply(deletion).await.unwrap();
    assert_eq!(last().await, g.get(g.user, id(3)).await.version);
}

pub async fn documents_swap_by_rev(g: &Ground) {
    let put = |base, body: &'static str| DocumentPut::new("k", base, body);
    assert_eq!(g.store.document(g.tenant, "k".into()).await.unwrap(), None);
    let first = g.store.put_document(g.tenant, put(None, "1")).await.unwrap();
    assert!(matches!(g.store.put_document(g.tenant, put(None, "x")).await, Err(Error::Stale)));
    let second = g.store.put_document(g.tenant, put(Some(first), "2")).await.unwrap();
    assert!(matches!(
        g.store.put_document(g.tenant, put(Some(first), "x")).await,
        Err(Error::Stale)
    ));
    let found = g.store.document(g.tenant, "k".into()).await.unwrap().unwrap();
    assert_eq!((found.rev, &found.body[..]), (second, &b"2"[..]));
    let other = g.store.tenant("other".into()).await.unwrap();
    assert_eq!(g.store.document(other, "k".into()).await.unwrap(), None);
}

pub async fn tenants_are_found_by_name(g: &Ground) {
    assert_eq!(g.store.tenant("first".into()).await.unwrap(), g.tenant);
    let third = g.store.tenant("third".into()).await.unwrap();
    assert_ne!(third, g.tenant);
    assert_eq!(g.store.tenant("third".into()).await.unwrap(), third);
}

pub async fn a_kind_is_part_of_the_address(g: &Ground) {
    g.create_user(1, "ada").await;
    assert_eq!(g.store.get(g.at(g.group), id(1)).await.unwrap(), None);
    let write = g.write(g.group, id(1), Act::Change { content: None, members: Delta::none() });
    assert!(matches!(g.apply(write).await, Err(Error::Gone)));
    let page = MemberPage { after: None, max: 9 };
    assert_eq!(g.store.members(g.at(g.user), id(1), page).await.unwrap().rows, []);
}
