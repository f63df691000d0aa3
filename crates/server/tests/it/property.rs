//! Any bytes on any endpoint: an answer that is no fault of ours, and in SCIM's form.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use provost_testkit::server::{Answer, TestServer, request};
use provost_testkit::transcript::encode_component;
use tokio::runtime::Runtime;

use crate::support::{PATCH, USER, created, group, user};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const PATHS: [&str; 17] = [
    "/scim/v2/Users",
    "/scim/v2/Groups",
    "/scim/v2/Users/00000000-0000-7000-8000-000000000001",
    "/scim/v2/Groups/00000000-0000-7000-8000-000000000002",
    "/scim/v2/.search",
    "/scim/v2/Users/.search",
    "/scim/v2/Schemas",
    "/scim/v2/ResourceTypes",
    "/scim/v2/ServiceProviderConfig",
    "/scim/v2/Bulk",
    "/Thingworx/SCIMProvider/SCIM/v2/Users",
    "/Thingworx/Subsystems/SCIMSubsystem/Services/IsRunning",
    "/Thingworx/Subsystems/SCIMSubsystem/Services/SetProvisioningUserGroupMappings",
    "/admin/v1/configuration",
    "/admin/v1/audit",
    "/admin/v1/users",
    "/admin/v1/login-decision",
];

/// Words that lead deeper into the readers than chance does.
const WORDS: [&str; 24] = [
    "userName",
    "emails",
    "members",
    "value",
    "type",
    "eq",
    "co",
    "pr",
    "and",
    "not",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "\\",
    ".",
    " ",
    "$ref",
    "urn:",
    "meta.version",
    "null",
    "true",
    "1e400",
];

fn text() -> impl Strategy<Value = String> {
    let word =
        prop_oneof![proptest::sample::select(&WORDS[..]).prop_map(str::to_owned), any::<String>(),];
    proptest::collection::vec(word, 0..8).prop_map(|words| words.concat())
}

/// JSON of any form, often with the members that requests have.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|it| it.to_string()),
        any::<f64>().prop_map(|it| serde_json::json!(it).to_string()),
        text().prop_map(|it| serde_json::json!(it).to_string()),
        Just(format!("\"{PATCH}\"")),
        Just(format!("\"{USER}\"")),
    ];
    let name = prop_oneof![
        proptest::sample::select(vec![
            "schemas",
            "Operations",
            "op",
            "path",
            "value",
            "userName",
            "emails",
            "members",
            "active",
            "displayName",
            "name",
            "id",
            "filter",
            "attributes",
            "count",
        ])
        .prop_map(str::to_owned),
        text(),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6)
                .prop_map(|values| format!("[{}]", values.join(","))),
            proptest::collection::vec((name.clone(), inner), 0..6).prop_map(|members| {
                let member = |(name, value)| format!("{}:{value}", serde_json::json!(name));
                let members: Vec<String> = members
                    .into_iter()
                    .map(|(name, value): (String, String)| member((name, value)))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        json().prop_map(String::into_bytes),
        json().prop_map(|value| {
            format!("{{\"schemas\":[\"{PATCH}\"],\"Operations\":[{value}]}}").into_bytes()
        }),
        (text(), json()).prop_map(|(path, value)| {
            let path = serde_json::json!(path);
            format!(
                "{{\"schemas\":[\"{PATCH}\"],\"Operations\":[{{\"op\":\"add\",\"path\":{path},\"value\":{value}}}]}}"
            )
            .into_bytes()
        }),
    ]
}

fn target() -> impl Strategy<Value = String> {
    let path = (proptest::sample::select(&PATHS[..]), proptest::option::of(text()));
    let query = proptest::collection::vec(
        (
            proptest::sample::select(vec![
                "filter",
                "attributes",
                "excludedAttributes",
                "count",
                "startIndex",
                "sortOrder",
                "x",
            ]),
            text(),
        ),
        0..3,
    );
    (path, query).prop_map(|((path, below), query)| {
        let below = below.map(|it| format!("/{}", encode_component(&it))).unwrap_or_default();
        let pairs = query.iter().map(|(name, value)| format!("{name}={}", encode_component(value)));
        format!("{path}{below}?{}", pairs.collect::<Vec<_>>().join("&"))
    })
}

fn check(answer: &Answer, method: &str) -> Result<(), TestCaseError> {
    let status = answer.status;
    prop_assert!(status < 500 || status == 501, "{answer}");
    if method == "HEAD" || status == 204 || status == 304 {
        prop_assert!(answer.body.is_empty(), "{answer}");
        return Ok(());
    }
    if answer.header("content-type").is_some_and(|it| it.starts_with("text/plain")) {
        prop_assert!(status >= 400 && !answer.body.is_empty(), "{answer}");
        return Ok(());
    }
    let body: serde_json::Value = serde_json::from_slice(&answer.body)
        .map_err(|error| TestCaseError::fail(format!("{error}: {answer}")))?;
    if status >= 400 {
        // Problem details have it as a number.
        let said = body["status"].as_str().map(ToOwned::to_owned);
        let said = said.unwrap_or_else(|| body["status"].to_string());
        prop_assert_eq!(said, status.to_string());
        prop_assert!(body["detail"].as_str().is_some_and(|it| !it.is_empty()), "{answer}");
    }
    Ok(())
}

#[test]
fn any_bytes_on_any_endpoint_get_an_answer_in_its_form() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(async {
        let server = TestServer::start().await;
        created(&server, "/Users", &user("ann")).await;
        created(&server, "/Groups", &group("Guides")).await;
        server
    });
    let config = Config { cases: 1_500, failure_persistence: None, ..Config::default() };
    let strategy = (proptest::sample::select(&METHODS[..]), target(), body());
    let run = |(method, target, body): (&str, String, Vec<u8>)| {
        let mut request = request(method, &target, Some(&server.admin_token));
        request.body = Some(body);
        check(&runtime.block_on(server.ask(request)), method)
    };
    TestRunner::new(config).run(&strategy, run).unwrap();
}
