//! The cycle of an identity provider: test, match, create, update, disable, restore, groups, delete.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Narrator;
use crate::address::SCIM_PATH;
use crate::failure::Failure;
use crate::http::{self, Authorities};

/// A client with the provider's token.
pub(crate) struct Cycle {
    client: Client,
    base: String,
    token: String,
}

/// A request of the cycle, and the status that it must get.
struct Step<'a> {
    why: &'a str,
    method: Method,
    path: &'a str,
    body: Value,
    expected: u16,
}

/// How long one answer may take.
const TIME_MAX: Duration = Duration::from_secs(10);
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

impl Cycle {
    pub(crate) fn new(address: SocketAddr, token: String) -> Result<Self, Failure> {
        let base = format!("http://{address}{SCIM_PATH}");
        let server = base.parse().expect("an address makes a URL");
        let client = http::client(&server, Authorities::OfTheMachine, TIME_MAX)?;
        Ok(Self { client, base, token })
    }

    /// Plays all of it; stops at the first answer that is not the expected one.
    pub(crate) async fn play(&self, narrator: &Narrator) -> Result<(), Failure> {
        let probe = format!("/Users?filter=userName+eq+%22{}%22", Uuid::new_v4());
        self.get(narrator, "Test Connection: a query for somebody who cannot exist.", &probe)
            .await?;
        let boss = self.users(narrator).await?;
        let operator = self.lifecycle(narrator, &boss).await?;
        self.groups(narrator, &boss, &operator).await?;
        let path = format!("/Users/{operator}");
        let step = Step {
            why: "Purged from the directory: deleted.",
            method: Method::DELETE,
            path: &path,
            body: Value::Null,
            expected: 204,
        };
        self.send(narrator, step).await?;
        let step = Step {
            why: "Gone, for good.",
            method: Method::GET,
            path: &path,
            body: Value::Null,
            expected: 404,
        };
        self.send(narrator, step).await.map(drop)
    }

    async fn users(&self, narrator: &Narrator) -> Result<String, Failure> {
        self.get(
            narrator,
            "Match: is there an account yet?",
            "/Users?filter=userName+eq+%22rowan%40plant.example%22",
        )
        .await?;
        let user = json!({
            "schemas": [USER, ENTERPRISE], "externalId": Uuid::new_v4(), "userName": "rowan@plant.example",
            "active": true, "displayName": "Rowan Boss", "meta": {"resourceType": "User"},
            "emails": [{"primary": true, "type": "work", "value": "rowan@plant.example"}],
            "name": {"formatted": "Rowan Boss", "familyName": "Boss", "givenName": "Rowan"}, "roles": [],
        });
        self.post(narrator, "No: create it.", "/Users", user).await
    }

    async fn lifecycle(&self, narrator: &Narrator, boss: &str) -> Result<String, Failure> {
        let user = json!({
            "schemas": [USER, ENTERPRISE], "userName": "ada@plant.example", "active": "True", "displayName": "Ada",
            "addresses": [{"type": "work", "country": "NO", "locality": null}], "meta": {"resourceType": "User"},
            ENTERPRISE: {"department": "Field Operations"},
        });
        let id = self
            .post(narrator, "Another one, with nulls and a boolean as text.", "/Users", user)
            .await?;
        let path = format!("/Users/{id}");
        let update = json!([
            {"op": "Replace", "path": "displayName", "value": "Ada Brandt"},
            {"op": "Add", "path": "emails[type eq \"work\"].value", "value": "ada@plant.example"},
            {"op": "Add", "path": "name.familyName", "value": "Brandt"},
        ]);
        self.patch(
            narrator,
            "Update, in the default form: capitals, and an e-mail that is not there yet.",
            &path,
            update,
            200,
        )
        .await?;
        let compact = json!([{"op": "replace", "value": {"title": "Operator", "name.givenName": "Ada", format!("{ENTERPRISE}:employeeNumber"): "3141"}}]);
        self.patch(narrator, "Update, in the compact form: paths as keys.", &path, compact, 200)
            .await?;
        let manager =
            json!([{"op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": boss}]);
        self.patch(
            narrator,
            "The second pass brings references: the manager, as a text.",
            &path,
            manager,
            200,
        )
        .await?;
        let disable = json!([{"op": "Replace", "path": "active", "value": "False"}]);
        self.patch(narrator, "Left: disabled, and kept with all memberships.", &path, disable, 200)
            .await?;
        let restore = json!([{"op": "Replace", "path": "active", "value": "True"}]);
        self.patch(
            narrator,
            "Back within thirty days: restored under the same id.",
            &path,
            restore,
            200,
        )
        .await?;
        Ok(id)
    }

    async fn groups(&self, narrator: &Narrator, boss: &str, operator: &str) -> Result<(), Failure> {
        let group = json!({
            "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
            "externalId": Uuid::new_v4(), "displayName": "Line one", "meta": {"resourceType": "Group"},
        });
        let id = self.post(narrator, "A group.", "/Groups", group).await?;
        let path = format!("/Groups/{id}");
        for (why, member) in [("Its members come one by one.", boss), ("The other one.", operator)]
        {
            let add = json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": member}]}]);
            self.patch(narrator, why, &path, add, 204).await?;
        }
        let remove =
            json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": boss}]}]);
        self.patch(
            narrator,
            "One leaves; the form names a list, and only that one goes.",
            &path,
            remove,
            204,
        )
        .await?;
        let rename = json!([{"op": "Replace", "path": "displayName", "value": "Line two"}]);
        self.patch(narrator, "Renamed; members stay.", &path, rename, 204).await?;
        let shown = self.get(narrator, "Read back.", &path).await?;
        let members = shown["members"].as_array().map_or(0, Vec::len);
        if members != 1 || shown["displayName"] != "Line two" {
            return Err(Failure::Wrong(format!("the group is not as it should be: {shown}")));
        }
        Ok(())
    }

    async fn get(&self, narrator: &Narrator, why: &str, path: &str) -> Result<Value, Failure> {
        let step = Step { why, method: Method::GET, path, body: Value::Null, expected: 200 };
        self.send(narrator, step).await
    }

    /// Creates a resource; gives its id.
    async fn post(
        &self,
        narrator: &Narrator,
        why: &str,
        path: &str,
        body: Value,
    ) -> Result<String, Failure> {
        let step = Step { why, method: Method::POST, path, body, expected: 201 };
        let made = self.send(narrator, step).await?;
        let id = made["id"].as_str().map(str::to_owned);
        id.ok_or_else(|| Failure::Wrong(format!("a created resource has no id: {made}")))
    }

    async fn patch(
        &self,
        narrator: &Narrator,
        why: &str,
        path: &str,
        operations: Value,
        expected: u16,
    ) -> Result<(), Failure> {
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
        let step = Step { why, method: Method::PATCH, path, body, expected };
        self.send(narrator, step).await.map(drop)
    }

    async fn send(&self, narrator: &Narrator, step: Step<'_>) -> Result<Value, Failure> {
        let Step { why, method, path, body, expected } = step;
        let mut request = self
            .client
            .request(method.clone(), format!("{}{path}", self.base))
            .bearer_auth(&self.token);
        if !body.is_null() {
            request =
                request.header("content-type", "application/scim+json").body(body.to_string());
        }
        let answer = request.send().await.map_err(Failure::unable("reach the server"))?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.map_err(Failure::unable("read the answer"))?;
        narrator.request(why, (method.as_str(), path, &body), status)?;
        if status != expected {
            let text = String::from_utf8_lossy(&bytes);
            return Err(Failure::Wrong(format!("{expected} was expected: {text}")));
        }
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }
}
