//! Queries.

use provost_scim::message::SearchRequest;
use provost_scim::value::Mode;
use provost_store::memory::Fault;
use serde_json::json;

use crate::support::{World, refused};

fn query(text: &str) -> SearchRequest {
    SearchRequest::from_query(text).unwrap()
}

#[tokio::test]
async fn a_query_finds_pages_and_counts() {
    let mut world = World::new().await;
    for name in ["ada", "bea", "cy"] {
        world.user(name).await;
    }
    world.policy.page_size_max = 2;
    let found =
        provost_engine::search(&world.cx(), Some(world.user), &query("count=50")).await.unwrap();
    assert_eq!((found.rows.len(), found.total, found.start), (2, 3, 1));
    let found = provost_engine::search(
        &world.cx(),
        Some(world.user),
        &query("startIndex=3&filter=userName+pr"),
    )
    .await
    .unwrap();
    assert_eq!((found.rows.len(), found.total, found.start), (1, 3, 3));
    let found = provost_engine::search(
        &world.cx(),
        Some(world.user),
        &query("filter=userName+eq+%22nobody%22"),
    )
    .await
    .unwrap();
    assert_eq!((found.rows.len(), found.total), (0, 0));
}

#[tokio::test]
async fn a_query_over_all_types_takes_unknown_attributes_as_unassigned() {
    let world = World::new().await;
    let ada = world.user("ada").await;
    world.create(world.user, json!({"userName": "named", "displayName": "Crew"})).await.unwrap();
    world.group("Crew", &[&ada]).await;
    for (filter, total) in [
        ("displayName eq \"crew\"", 2),
        ("userName pr", 2),
        ("members pr", 1),
        ("not (members pr)", 2),
        ("userName eq null", 1),
        ("nosuch pr", 0),
        ("nosuch ne \"x\"", 3),
        ("nosuch pr or userName eq \"ada\"", 1),
        ("not (nosuch pr) and displayName eq \"crew\"", 2),
    ] {
        let request = SearchRequest { filter: Some(filter.into()), ..SearchRequest::default() };
        let found = provost_engine::search(&world.cx(), None, &request).await.unwrap();
        assert_eq!(found.total, total, "{filter}");
    }
}

#[tokio::test]
async fn what_lenient_reads_and_reports_strict_refuses() {
    let mut world = World::new().await;
    let bare = query("filter=userName+eq+ada");
    let found = provost_engine::search(&world.cx(), Some(world.user), &bare).await.unwrap();
    assert_eq!(
        found.deviations.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["bare-literal"]
    );
    world.policy.mode = Mode::Strict;
    let answer = provost_engine::search(&world.cx(), Some(world.user), &bare).await;
    refused(
        answer,
        "invalidFilter: the filter is not in the form of RFC 7644 §3.4.2.2 (strict mode: bare-literal)",
    );
}

#[tokio::test]
async fn a_store_that_fails_is_unavailable_and_heals() {
    let world = World::new().await;
    for (fault, expected) in
        [(Fault::Unavailable, "could not query in tenant 1"), (Fault::Busy, "the store is busy")]
    {
        world.memory.fail_next(fault);
        refused(provost_engine::search(&world.cx(), Some(world.user), &query("")).await, expected);
        provost_engine::search(&world.cx(), Some(world.user), &query("")).await.unwrap();
    }
}
