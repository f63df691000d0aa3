//! The operations that are measured.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::load::{Filled, MakeRequest};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Get,
    Find,
    Patch,
    AddMember,
}

const BASE: &str = "/scim/v2";

impl Operation {
    pub(crate) const ALL: [Self; 5] =
        [Self::Get, Self::Find, Self::Patch, Self::AddMember, Self::Create];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Get => "get",
            Self::Find => "userName eq",
            Self::Patch => "PATCH",
            Self::AddMember => "member add",
        }
    }

    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::Create => 201,
            Self::Get | Self::Find | Self::Patch => 200,
            Self::AddMember => 204,
        }
    }

    /// The n-th request; numbers never repeat within a run, so every write is effective.
    pub(crate) fn request(self, filled: &Filled) -> MakeRequest {
        let (ids, group) = (filled.ids.clone(), filled.group.clone());
        let pick = move |n: u64| {
            let place = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
            ids[place as usize % ids.len()].clone()
        };
        match self {
            Self::Create => {
                Arc::new(|n| (Method::POST, format!("{BASE}/Users"), user(&format!("new{n}"))))
            }
            Self::Get => {
                Arc::new(move |n| (Method::GET, format!("{BASE}/Users/{}", pick(n)), Vec::new()))
            }
            Self::Find => {
                let count = filled.ids.len() as u64;
                Arc::new(move |n| {
                    let name = format!("user{}", n.wrapping_mul(7_919) % count);
                    let query = format!("filter=userName+eq+%22{name}%40x.example%22");
                    (Method::GET, format!("{BASE}/Users?{query}"), Vec::new())
                })
            }
            Self::Patch => Arc::new(move |n| {
                let operation =
                    json!({"op": "Replace", "path": "title", "value": format!("Title {n}")});
                (Method::PATCH, format!("{BASE}/Users/{}", pick(n)), patch(&operation))
            }),
            Self::AddMember => Arc::new(move |n| {
                // In turn in and out, so that every request changes the group.
                let op = if (n / 2_000).is_multiple_of(2) { "Add" } else { "Remove" };
                let member = pick(n % 2_000);
                let operation = json!({"op": op, "path": "members", "value": [{"value": member}]});
                (Method::PATCH, format!("{BASE}/Groups/{group}"), patch(&operation))
            }),
        }
    }
}

/// A user as Entra's default mapping fills it, about 1 KB stored.
pub(crate) fn user(name: &str) -> Vec<u8> {
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "externalId": format!("ext-{name}"), "userName": format!("{name}@x.example"), "active": true,
        "displayName": format!("Display {name}"), "title": "Engineer", "preferredLanguage": "en-GB",
        "emails": [{"primary": true, "type": "work", "value": format!("{name}@mail.example")}],
        "name": {"formatted": format!("Given {name}"), "familyName": name, "givenName": "Given"},
        "addresses": [{"type": "work", "streetAddress": "1 Quay Street", "locality": "Bergen", "postalCode": "5003", "country": "NO", "formatted": "1 Quay Street, 5003 Bergen"}],
        "phoneNumbers": [{"type": "work", "value": "+47 555 00 000"}, {"type": "mobile", "value": "+47 900 00 000"}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": name, "department": "Field Operations", "costCenter": "CC-7"},
    });
    user.to_string().into_bytes()
}

fn patch(operation: &Value) -> Vec<u8> {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
    json!({"schemas": schemas, "Operations": [operation]}).to_string().into_bytes()
}
