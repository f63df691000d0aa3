//! `/login-decision`: what the platform's login may do with a user.

use provost_engine as engine;
use provost_platform::login::{self, Account};
use provost_platform::schema::Principal;
use provost_scim::Error as Refusal;
use provost_scim::value::{Val, fold};
use serde_json::{Value, json};

use super::{Asked, ok};
use crate::error::Error;
use crate::respond::Response;

/// Whether a user may log in, be created or be changed at login, and with which defaults.
async fn decide_for(asked: &Asked, name: &str) -> Result<Value, Error> {
    let governed = asked.tenant.governance.get(&asked.app, asked.tenant.id).await?;
    let schemas = &asked.app.parts.engine.schemas;
    let user = schemas.resource_type_by_name("User").expect("users are built in");
    let user_name = schemas.in_schema(user.schema, "userName").expect("users have names");
    let active = schemas.in_schema(user.schema, "active");
    let cx = asked.context(&governed);
    let found = engine::find(&cx, user.kind, user_name, name).await?;
    let is = |of: &provost_scim::value::Attributes, id: Option<_>, value: bool| {
        id.and_then(|id| of.get(id)) == Some(&Val::Bool(value))
    };
    let locked = Principal::of(schemas).map(|it| it.locked);
    let account = found.as_ref().map(|(_, attributes)| Account {
        is_enabled: !is(attributes, active, false),
        is_locked: is(attributes, locked, true),
    });
    let tables = &governed.provisioning;
    let attribute = schemas.attribute(user_name);
    let folded = fold(attribute, name);
    let is_excluded = tables.excluded_users.iter().any(|it| fold(attribute, it) == folded);
    let decision = login::decide(tables, account, is_excluded);
    let defaults = &tables.user_defaults;
    Ok(json!({
        "userName": name,
        "id": found.map(|(stored, _)| stored.id.to_string()),
        "exists": account.is_some(),
        "enabled": account.map(|it| it.is_enabled),
        "locked": account.map(|it| it.is_locked),
        "excluded": is_excluded,
        "mayLogIn": decision.may_log_in,
        "mayBeCreated": decision.may_create,
        "mayBeChanged": decision.may_change,
        "defaults": {
            "description": defaults.description,
            "projectName": defaults.project_name,
            "homeMashup": defaults.home_mashup,
            "mobileMashup": defaults.mobile_mashup,
            "tags": defaults.tags,
        },
    }))
}

/// Answers the platform's login.
pub(super) async fn decide(asked: &Asked) -> Result<Response, Error> {
    let name = asked.text("userName")?.filter(|it| !it.is_empty());
    let name = name.ok_or_else(|| Refusal::invalid_syntax("the body has `userName`, a text"))?;
    Ok(ok(&decide_for(asked, name).await?))
}
