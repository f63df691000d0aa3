//! The main exchanges, whole: what a client sends, and all that comes back.

use provost_testkit::server::{Setup, TestServer, request};
use serde_json::json;

use crate::support::{created, group, patch, user};

#[tokio::test]
async fn post_gives_the_resource_its_location_and_its_etag() {
    let server = TestServer::start().await;
    let body = json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        ],
        "userName": "ann@example.com",
        "name": {"givenName": "Ann", "familyName": "Archer"},
        "emails": [{"value": "ann@example.com", "type": "work", "primary": true}],
        "password": "t1meMa$heen",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Tours"},
    });
    let answer = server.send("POST", "/Users", Some(&body)).await;
    insta::assert_snapshot!(answer, @r#"
    201
    content-type: application/scim+json
    etag: W/"1782864000000000"
    location: http://scim.example/scim/v2/Users/00000000-0000-7000-8000-000000000001
    x-request-id: 655815f672000-1

    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
      ],
      "id": "00000000-0000-7000-8000-000000000001",
      "userName": "ann@example.com",
      "name": {
        "familyName": "Archer",
        "givenName": "Ann"
      },
      "active": true,
      "emails": [
        {
          "value": "ann@example.com",
          "type": "work",
          "primary": true
        }
      ],
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
        "department": "Tours"
      },
      "meta": {
        "resourceType": "User",
        "created": "2026-07-01T00:00:00.000000Z",
        "lastModified": "2026-07-01T00:00:00.000000Z",
        "location": "http://scim.example/scim/v2/Users/00000000-0000-7000-8000-000000000001",
        "version": "W/\"1782864000000000\""
      }
    }
    "#);
}

#[tokio::test]
async fn get_gives_the_resource_and_put_the_new_one() {
    let server = TestServer::start().await;
    let path = created(&server, "/Users", &user("ann")).await;
    let answer = server.send("GET", &path, None).await;
    insta::assert_snapshot!(answer, @r#"
    200
    content-type: application/scim+json
    etag: W/"1782864000000000"
    location: http://scim.example/scim/v2/Users/00000000-0000-7000-8000-000000000001
    x-request-id: 655815f672000-2

    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:User"
      ],
      "id": "00000000-0000-7000-8000-000000000001",
      "userName": "ann",
      "active": true,
      "meta": {
        "resourceType": "User",
        "created": "2026-07-01T00:00:00.000000Z",
        "lastModified": "2026-07-01T00:00:00.000000Z",
        "location": "http://scim.example/scim/v2/Users/00000000-0000-7000-8000-000000000001",
        "version": "W/\"1782864000000000\""
      }
    }
    "#);
    let body = json!({"schemas": user("")["schemas"], "userName": "ann", "title": "Guide"});
    let answer = server.send("PUT", &format!("{path}?attributes=title"), Some(&body)).await;
    insta::assert_snapshot!(answer, @r#"
    200
    content-type: application/scim+json
    etag: W/"1782864000000001"
    location: http://scim.example/scim/v2/Users/00000000-0000-7000-8000-000000000001
    x-request-id: 655815f672000-3

    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:User"
      ],
      "id": "00000000-0000-7000-8000-000000000001",
      "title": "Guide"
    }
    "#);
}

#[tokio::test]
async fn patch_of_a_user_gives_the_user() {
    let server = TestServer::start().await;
    let path = created(&server, "/Users", &user("ann")).await;
    let body = patch(json!({"op": "Replace", "path": "active", "value": "False"}));
    let answer = server.send("PATCH", &path, Some(&body)).await;
    insta::assert_snapshot!(answer, @r#"
    200
    content-type: application/scim+json
    etag: W/"1782864000000001"
    location: http://scim.example/scim/v2/Users/00000000-0000-7000-8000-000000000001
    x-request-id: 655815f672000-2

    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:User"
      ],
      "id": "00000000-0000-7000-8000-000000000001",
      "userName": "ann",
      "active": false,
      "meta": {
        "resourceType": "User",
        "created": "2026-07-01T00:00:00.000000Z",
        "lastModified": "2026-07-01T00:00:00.000001Z",
        "location": "http://scim.example/scim/v2/Users/00000000-0000-7000-8000-000000000001",
        "version": "W/\"1782864000000001\""
      }
    }
    "#);
}

#[tokio::test]
async fn patch_of_a_group_gives_nothing_unless_attributes_are_asked_for() {
    let server = TestServer::start().await;
    let ann = created(&server, "/Users", &user("ann")).await;
    let path = created(&server, "/Groups", &group("Guides")).await;
    let id = ann.trim_start_matches("/Users/");
    let body = patch(json!({"op": "add", "path": "members", "value": [{"value": id}]}));
    let answer = server.send("PATCH", &path, Some(&body)).await;
    insta::assert_snapshot!(answer, @r#"
    204
    etag: W/"1782864000000001"
    location: http://scim.example/scim/v2/Groups/00000000-0000-7000-8000-000000000002
    x-request-id: 655815f672000-3
    "#);
    let answer = server.send("PATCH", &format!("{path}?attributes=members"), Some(&body)).await;
    insta::assert_snapshot!(answer, @r#"
    200
    content-type: application/scim+json
    etag: W/"1782864000000001"
    location: http://scim.example/scim/v2/Groups/00000000-0000-7000-8000-000000000002
    x-request-id: 655815f672000-4

    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:Group"
      ],
      "id": "00000000-0000-7000-8000-000000000002",
      "members": [
        {
          "value": "00000000-0000-7000-8000-000000000001",
          "$ref": "http://scim.example/scim/v2/Users/00000000-0000-7000-8000-000000000001",
          "type": "User",
          "display": "ann"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn lists_are_pages_of_what_matches() {
    let server = TestServer::start().await;
    for name in ["ann", "bea", "cleo"] {
        created(&server, "/Users", &user(name)).await;
    }
    let answer = server
        .send("GET", "/Users?filter=userName+gt+%22ann%22&count=1&attributes=userName", None)
        .await;
    insta::assert_snapshot!(answer, @r#"
    200
    content-type: application/scim+json
    x-request-id: 655815f672000-4

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:ListResponse"
      ],
      "totalResults": 2,
      "itemsPerPage": 1,
      "startIndex": 1,
      "Resources": [
        {
          "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User"
          ],
          "id": "00000000-0000-7000-8000-000000000002",
          "userName": "bea"
        }
      ]
    }
    "#);
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": "userName eq \"nobody\"",
    });
    let answer = server.send("POST", "/.search", Some(&search)).await;
    insta::assert_snapshot!(answer, @r#"
    200
    content-type: application/scim+json
    x-request-id: 655815f672000-5

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:ListResponse"
      ],
      "totalResults": 0,
      "itemsPerPage": 0,
      "startIndex": 1,
      "Resources": []
    }
    "#);
}

#[tokio::test]
async fn delete_gives_nothing_and_a_second_one_404() {
    let server = TestServer::start().await;
    let path = created(&server, "/Users", &user("ann")).await;
    let answer = server.send("DELETE", &path, None).await;
    insta::assert_snapshot!(answer, @"
    204
    x-request-id: 655815f672000-2
    ");
    let answer = server.send("DELETE", &path, None).await;
    insta::assert_snapshot!(answer, @r#"
    404
    content-type: application/scim+json
    x-request-id: 655815f672000-3

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:Error"
      ],
      "status": "404",
      "detail": "there is no User \"00000000-0000-7000-8000-000000000001\""
    }
    "#);
}

#[tokio::test]
async fn refusals_say_what_was_sent_and_what_is_allowed() {
    let server = TestServer::start().await;
    created(&server, "/Users", &user("ann")).await;
    let answer = server.send("POST", "/Users", Some(&user("ANN"))).await;
    insta::assert_snapshot!(answer, @r#"
    409
    content-type: application/scim+json
    x-request-id: 655815f672000-2

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:Error"
      ],
      "status": "409",
      "scimType": "uniqueness",
      "detail": "another User has userName \"ANN\"; it must be unique"
    }
    "#);
    let answer = server.send("GET", "/Users?filter=userName+is+1", None).await;
    insta::assert_snapshot!(answer, @r#"
    400
    content-type: application/scim+json
    x-request-id: 655815f672000-3

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:Error"
      ],
      "status": "400",
      "scimType": "invalidFilter",
      "detail": "expected an operator (eq, ne, co, sw, ew, pr, gt, ge, lt, le), not \"is\" at character 10"
    }
    "#);
    let answer = server.send("GET", "/Gadgets", None).await;
    insta::assert_snapshot!(answer, @r#"
    404
    content-type: application/scim+json
    x-request-id: 655815f672000-4

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:Error"
      ],
      "status": "404",
      "detail": "there is no endpoint \"/scim/v2/Gadgets\"; SCIM is below /Thingworx/SCIMProvider/SCIM/v2 and /scim/v2"
    }
    "#);
}

#[tokio::test]
async fn discovery_says_what_is_offered() {
    let server = TestServer::start().await;
    let answer = server.send("GET", "/ServiceProviderConfig", None).await;
    insta::assert_snapshot!(answer, @r#"
    200
    content-type: application/scim+json
    x-request-id: 655815f672000-1

    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
      ],
      "patch": {
        "supported": true
      },
      "bulk": {
        "supported": false,
        "maxOperations": 0,
        "maxPayloadSize": 0
      },
      "filter": {
        "supported": true,
        "maxResults": 1000
      },
      "changePassword": {
        "supported": false
      },
      "sort": {
        "supported": false
      },
      "etag": {
        "supported": true
      },
      "authenticationSchemes": [
        {
          "type": "oauthbearertoken",
          "name": "OAuth Bearer Token",
          "description": "A JWT of the configured issuer, or a token made by this server",
          "specUri": "https://www.rfc-editor.org/info/rfc6750",
          "primary": true
        }
      ],
      "meta": {
        "resourceType": "ServiceProviderConfig",
        "location": "http://scim.example/scim/v2/ServiceProviderConfig"
      }
    }
    "#);
    let answer = server.send("GET", "/ResourceTypes/Group", None).await;
    insta::assert_snapshot!(answer, @r#"
    200
    content-type: application/scim+json
    x-request-id: 655815f672000-2

    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
      ],
      "id": "Group",
      "name": "Group",
      "endpoint": "/Groups",
      "description": "Group of users and groups",
      "schema": "urn:ietf:params:scim:schemas:core:2.0:Group",
      "schemaExtensions": [
        {
          "schema": "urn:ietf:params:scim:schemas:extension:provost:2.0:Principal",
          "required": false
        }
      ],
      "meta": {
        "resourceType": "ResourceType",
        "location": "http://scim.example/scim/v2/ResourceTypes/Group"
      }
    }
    "#);
    let schemas = server.send("GET", "/Schemas", None).await.json();
    assert_eq!(schemas["totalResults"], 4);
    for schema in schemas["Resources"].as_array().unwrap() {
        let path = format!("/Schemas/{}", schema["id"].as_str().unwrap());
        assert_eq!(server.send("GET", &path, None).await.json(), *schema);
    }
    let filtered = server.send("GET", "/Schemas?filter=id+pr", None).await;
    assert_eq!(filtered.status, 403, "{filtered}");
}

#[tokio::test]
async fn locations_stay_below_the_head_that_was_used() {
    let server = TestServer::start().await;
    let path = created(&server, "/Users", &user("ann")).await;
    for (head, expected) in [
        ("/scim/v2", "http://scim.example/scim/v2"),
        ("/THINGWORX/SCIMProvider/SCIM/v2", "http://scim.example/Thingworx/SCIMProvider/SCIM/v2"),
    ] {
        let target = format!("{head}{path}");
        let answer = server.ask(request("GET", &target, Some(&server.provision_token))).await;
        let expected = format!("{expected}{path}");
        assert_eq!(answer.header("location"), Some(&*expected));
        assert_eq!(answer.json()["meta"]["location"], expected);
    }
}

#[tokio::test]
async fn a_configured_base_url_wins_over_the_host() {
    let (setup, _) = Setup::in_memory();
    let base = Some("https://scim.example.org/idp".to_owned());
    let server = TestServer::start_with(Setup { public_base_url: base, ..setup }).await;
    let path = created(&server, "/Users", &user("ann")).await;
    let answer = server.send("GET", &path, None).await;
    let expected = format!("https://scim.example.org/idp/scim/v2{path}");
    assert_eq!(answer.header("location"), Some(&*expected));
}

#[tokio::test]
async fn plain_json_is_for_clients_that_accept_nothing_else() {
    let server = TestServer::start().await;
    for (accept, expected) in [
        ("application/scim+json", "application/scim+json"),
        ("application/json", "application/json"),
        ("application/json, */*", "application/scim+json"),
    ] {
        for path in ["/Users", "/Users/none"] {
            let answer = server.send_with("GET", path, &[("Accept", accept)], None).await;
            assert_eq!(answer.header("content-type"), Some(expected), "{accept} {path}");
        }
    }
}
