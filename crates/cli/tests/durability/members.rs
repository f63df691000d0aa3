//! Five clients put members into one group at once, take some out and rename it.

use reqwest::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;

use crate::server::{Api, Server, free_port, members};

const CLIENTS: usize = 5;
const EACH: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn parallel_members_over_http_lose_nothing_and_etags_grow() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), free_port()).await;
    let api = &server.api;
    let group = api.create("/Groups", json!({"displayName": "Crowd"})).await.unwrap();
    let path = format!("/Groups/{}", group.body["id"].as_str().unwrap());
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(client_loop(api.clone(), path.clone(), client));
    }
    let (renamer, renamed) = (api.clone(), path.clone());
    clients.spawn(async move {
        for n in 0..40 {
            let rename =
                json!({"op": "replace", "path": "displayName", "value": format!("Crowd {n}")});
            let answer = renamer.patch(&renamed, rename).await.unwrap();
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
        }
        Vec::new()
    });
    let mut expected = Vec::new();
    while let Some(left) = clients.join_next().await {
        expected.extend(left.unwrap());
    }
    expected.sort();
    let shown = api.get(&path).await;
    assert_eq!(members(&shown.body), expected);
    assert_eq!(shown.body["displayName"], "Crowd 39");
}

/// Adds members one by one, and removes every fourth again; gives those that stay.
async fn client_loop(api: Api, path: String, client: usize) -> Vec<String> {
    let (mut left, mut last) = (Vec::new(), 0);
    for n in 0..EACH {
        let user = json!({"userName": format!("c{client}-{n}@x.example")});
        let user = api.create("/Users", user).await.unwrap();
        assert_eq!(user.status, StatusCode::CREATED, "{user:?}");
        let id = user.body["id"].as_str().unwrap().to_owned();
        let add = json!({"op": "Add", "path": "members", "value": [{"$ref": null, "value": id}]});
        let mut operations = vec![add.clone(), add];
        if n % 4 == 0 {
            operations.push(json!({"op": "Remove", "path": "members", "value": [{"value": id}]}));
        } else {
            left.push(id);
        }
        for operation in operations {
            let answer = api.patch(&path, operation).await.unwrap();
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
            let version = answer.version.expect("an ETag");
            // Adding twice changes nothing, but others may have come between.
            assert!(version >= last, "the ETag went back from {last} to {version}");
            last = version;
        }
    }
    left
}
