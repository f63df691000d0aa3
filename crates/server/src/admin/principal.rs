//! `/users` and `/groups`: what the platform keeps of them, and local accounts.

use http::header::LOCATION;
use http::{HeaderValue, Method, StatusCode};
use provost_engine::{self as engine, Context, LOCAL};
use provost_platform::principal::{GROUPS, PlatformUser, Standing, USERS};
use provost_platform::schema::Principal;
use provost_scim::Error as Refusal;
use provost_scim::error::{ErrorKind, quote};
use provost_scim::schema::Kind;
use provost_scim::schema::{AttrId, SchemaId, Schemas};
use provost_scim::value::{Attributes, Printed, Time, Val};
use provost_store::{At, Error as StoreError, Member, MemberPage, Membership, Stored};
use serde_json::{Map, Value, json};

use super::endpoint::Place;
use super::{Asked, ROOT, ok};
use crate::configuration::Governed;
use crate::error::Error;
use crate::respond::{MediaType, Response, json as answer};

/// A resource type as the platform knows it.
struct Type {
    kind: Kind,
    schema: SchemaId,
    /// The attribute that names a resource.
    name: AttrId,
    /// The name of that attribute, which bodies and queries use.
    named: &'static str,
    /// The path of the resources below the root of the API.
    path: &'static str,
}

impl Type {
    fn at(place: Place, schemas: &Schemas) -> Self {
        let is_user = matches!(place, Place::Users | Place::User | Place::AdoptUser);
        let (type_name, named, path) = match is_user {
            true => ("User", "userName", "users"),
            false => ("Group", "displayName", "groups"),
        };
        let found = schemas.resource_type_by_name(type_name).expect("is built in");
        let name = schemas.in_schema(found.schema, named).expect("is built in");
        Self { kind: found.kind, schema: found.schema, name, named, path }
    }
}

/// The platform's own users and groups, which SCIM never shows.
pub(super) fn own() -> Response {
    let user = |it: &PlatformUser| {
        json!({
            "name": it.name,
            "enabled": true,
            "mayBeRunAs": it.standing == Standing::EnabledAdministrator,
        })
    };
    let group = |name: &&str| json!({"name": name});
    ok(&json!({
        "users": USERS.iter().map(user).collect::<Vec<_>>(),
        "groups": GROUPS.iter().map(group).collect::<Vec<_>>(),
    }))
}

/// One by its name; or a new local account.
pub(super) async fn all(asked: &Asked, place: Place) -> Result<Response, Error> {
    let schemas = &asked.app.parts.engine.schemas;
    let of = Type::at(place, schemas);
    let governed = asked.tenant.governance.get(&asked.app, asked.tenant.id).await?;
    let cx = asked.context(&governed);
    if asked.method == Method::POST {
        return created(asked, &cx, &governed, &of).await;
    }
    let found = found(asked, &cx, &of).await?;
    let shown: Vec<Value> = found
        .iter()
        .map(|(stored, attributes)| show(schemas, &governed, &of, stored, attributes))
        .collect();
    Ok(ok(&json!({of.path: shown})))
}

/// The one that the query string names: by its own name, that on the platform, what the identity provider
/// calls it, or the id.
async fn found(
    asked: &Asked,
    cx: &Context<'_>,
    of: &Type,
) -> Result<Option<(Stored, Attributes)>, Error> {
    let schemas = cx.schemas();
    let by = [
        (of.named, of.name),
        ("entityName", principal(schemas).entity_name),
        ("externalId", schemas.common().external_id),
    ];
    for (parameter, attribute) in by {
        if let Some(value) = asked.parameter(parameter) {
            return Ok(engine::find(cx, of.kind, attribute, &value).await?);
        }
    }
    let Some(id) = asked.parameter("id") else {
        let detail = format!("{}, entityName, externalId or id is needed", of.named);
        return Err(Refusal::invalid_value(detail).into());
    };
    match engine::read(cx, of.kind, &id).await {
        Ok(stored) => {
            let attributes = engine::attributes(cx, &stored)?;
            Ok(Some((stored, attributes)))
        }
        Err(engine::Error::Refused(refusal)) if refusal.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// How many groups and members are shown of one.
const RELATIONS_MAX: usize = 100;
/// How many groups are looked at for that.
const GROUPS_MAX: usize = 10_000;

/// The groups that one is in, and its members: the first of them.
async fn relations(cx: &Context<'_>, of: &Type, stored: &Stored) -> Result<Value, Error> {
    let store = &cx.engine.store;
    let groups = match store.memberships(cx.tenant, vec![stored.id], GROUPS_MAX).await {
        Ok(groups) => Some(groups),
        Err(StoreError::TooBroad) => None,
        Err(error) => return Err(Error::NoTenant(error)),
    };
    let group = |it: &Membership| json!({"id": it.group.to_string(), "name": &*it.label, "direct": it.direct});
    let mut shown = json!({
        "groups": groups.iter().flatten().take(RELATIONS_MAX).map(group).collect::<Vec<_>>(),
        "hasMoreGroups": groups.is_none_or(|it| it.len() > RELATIONS_MAX),
    });
    if of.named == "displayName" {
        let at = At { tenant: cx.tenant, kind: of.kind };
        let page = MemberPage { after: None, max: RELATIONS_MAX };
        let members = store.members(at, stored.id, page).await.map_err(Error::NoTenant)?;
        let member = |it: &Member| {
            let resource_type = cx.schemas().resource_type(it.kind);
            json!({"id": it.id.to_string(), "type": &*resource_type.name, "name": &*it.label})
        };
        shown["members"] = members.rows.iter().map(member).collect();
        shown["hasMoreMembers"] = members.more.into();
    }
    Ok(shown)
}

/// One: shown, or what the platform keeps of it changed.
pub(super) async fn one(asked: &Asked, place: Place) -> Result<Response, Error> {
    let schemas = &asked.app.parts.engine.schemas;
    let of = Type::at(place, schemas);
    let governed = asked.tenant.governance.get(&asked.app, asked.tenant.id).await?;
    let cx = asked.context(&governed);
    let stored = match asked.method == Method::PATCH {
        false => engine::read(&cx, of.kind, &asked.value).await?,
        true => {
            let changes = changes(asked)?;
            let now = asked.app.parts.engine.clock.now_micros();
            let outcome = engine::change_local(&cx, of.kind, &asked.value, |attributes| {
                apply(schemas, attributes, &changes, now);
            });
            outcome.await?.stored.expect("a change knows what it led to")
        }
    };
    let mut shown = shown(&cx, &governed, &of, &stored)?;
    shown["relations"] = relations(&cx, &of, &stored).await?;
    Ok(ok(&shown))
}

/// A local account becomes one that the identity provider may change.
pub(super) async fn adopt(asked: &Asked, place: Place) -> Result<Response, Error> {
    let schemas = &asked.app.parts.engine.schemas;
    let of = Type::at(place, schemas);
    let governed = asked.tenant.governance.get(&asked.app, asked.tenant.id).await?;
    let cx = asked.context(&governed);
    let origin = principal(schemas).origin;
    let outcome = engine::change_local(&cx, of.kind, &asked.value, |attributes| {
        attributes.remove(origin);
    });
    let stored = outcome.await?.stored.expect("a change knows what it led to");
    Ok(ok(&shown(&cx, &governed, &of, &stored)?))
}

async fn created(
    asked: &Asked,
    cx: &Context<'_>,
    governed: &Governed,
    of: &Type,
) -> Result<Response, Error> {
    let schemas = cx.schemas();
    let name = asked.text(of.named)?.filter(|it| !it.trim().is_empty());
    let name = name.ok_or_else(|| {
        Refusal::invalid_syntax(format!("the body has `{}`, the name of the account", of.named))
    })?;
    let mut draft = Attributes::new();
    let mut reader = cx.reader(of.kind);
    let value = reader.value(of.name, &name.into())?;
    draft.put(of.name, value);
    let mut body = asked.body()?.clone();
    body.remove(of.named);
    let now = asked.app.parts.engine.clock.now_micros();
    apply(schemas, &mut draft, &read(&body)?, now);
    let outcome = engine::create_local(cx, of.kind, draft).await?;
    let stored = outcome.stored.expect("a creation knows what it led to");
    let mut response =
        answer(StatusCode::CREATED, MediaType::Json, &shown(cx, governed, of, &stored)?);
    let location = format!("{}{ROOT}/{}/{}", asked.base, of.path, stored.id);
    let location = HeaderValue::from_str(&location).expect("a base URL and an id are ASCII");
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

fn principal(schemas: &Schemas) -> Principal {
    Principal::of(schemas).expect("the platform serves its own extension")
}

/// What the platform keeps, as an administrator writes it.
type Changes = Vec<(&'static str, Value)>;

const TEXTS: [&str; 4] = ["description", "projectName", "homeMashup", "mobileMashup"];

fn changes(asked: &Asked) -> Result<Changes, Refusal> {
    read(asked.body()?)
}

fn read(body: &Map<String, Value>) -> Result<Changes, Refusal> {
    let wrong = |name: &str, what: &str| Refusal::invalid_value(format!("{name} is {what}"));
    let mut changes = Changes::new();
    for (name, value) in body {
        let known = TEXTS.into_iter().chain(["tags", "locked"]).find(|it| it == name);
        let Some(known) = known else {
            let detail = format!(
                "{} cannot be set here; {}, tags and locked can",
                quote(name),
                TEXTS.join(", ")
            );
            return Err(Refusal::invalid_value(detail));
        };
        let fits = |it: &Value| it.as_str().is_some_and(|text| text.chars().count() <= 1_024);
        match (known, value) {
            (_, Value::Null) => {}
            ("tags", Value::Array(tags)) if tags.len() <= 100 && tags.iter().all(fits) => {}
            ("tags", _) => return Err(wrong(known, "an array of at most 100 texts")),
            ("locked", Value::Bool(_)) => {}
            ("locked", _) => return Err(wrong(known, "true or false")),
            (_, text) if fits(text) => {}
            _ => return Err(wrong(known, "a text of at most 1024 characters")),
        }
        changes.push((known, value.clone()));
    }
    Ok(changes)
}

fn apply(schemas: &Schemas, attributes: &mut Attributes, changes: &Changes, now: i64) {
    let principal = principal(schemas);
    let text =
        |value: &Value| value.as_str().filter(|it| !it.is_empty()).map(|it| Val::Str(it.into()));
    for (name, value) in changes {
        match *name {
            "description" => attributes.put(principal.description, text(value)),
            "projectName" => attributes.put(principal.project_name, text(value)),
            "homeMashup" => attributes.put(principal.home_mashup, text(value)),
            "mobileMashup" => attributes.put(principal.mobile_mashup, text(value)),
            "tags" => {
                let tags: Vec<Val> =
                    value.as_array().into_iter().flatten().filter_map(text).collect();
                attributes.put(principal.tags, (!tags.is_empty()).then_some(Val::Many(tags)));
            }
            // Since when it is locked stays as it was.
            _ if value == &json!(true) && attributes.get(principal.locked).is_some() => {}
            _ if value == &json!(true) => {
                attributes.set(principal.locked, Val::Bool(true));
                attributes.set(principal.locked_at, Val::Time(Time::from_micros(now)));
            }
            _ => {
                attributes.remove(principal.locked);
                attributes.remove(principal.locked_at);
            }
        }
    }
}

fn shown(
    cx: &Context<'_>,
    governed: &Governed,
    of: &Type,
    stored: &Stored,
) -> Result<Value, Error> {
    let attributes = engine::attributes(cx, stored)?;
    Ok(show(cx.schemas(), governed, of, stored, &attributes))
}

fn show(
    schemas: &Schemas,
    governed: &Governed,
    of: &Type,
    stored: &Stored,
    attributes: &Attributes,
) -> Value {
    let principal = principal(schemas);
    let text = |id: AttrId| attributes.get(id).and_then(Val::as_str);
    let name = text(of.name).unwrap_or_default();
    let active = schemas.in_schema(of.schema, "active").and_then(|id| attributes.get(id));
    let tags = attributes.get(principal.tags).map(Val::each).unwrap_or_default();
    let is_local = text(principal.origin) == Some(LOCAL);
    let scim = Printed { schemas, attributes, core: of.schema };
    let mut shown = json!({
        "id": stored.id.to_string(),
        "entityName": text(principal.entity_name).unwrap_or(name),
        of.named: name,
        "externalId": text(schemas.common().external_id),
        "origin": if is_local { LOCAL } else { "provisioned" },
        "enabled": active != Some(&Val::Bool(false)),
        "locked": attributes.get(principal.locked) == Some(&Val::Bool(true)),
        "lockedAt": attributes.get(principal.locked_at).map(|it| match it {
            Val::Time(time) => time.text.to_string(),
            _ => String::new(),
        }),
        "description": text(principal.description),
        "projectName": text(principal.project_name),
        "homeMashup": text(principal.home_mashup),
        "mobileMashup": text(principal.mobile_mashup),
        "tags": tags.iter().filter_map(Val::as_str).collect::<Vec<_>>(),
        "scim": scim,
    });
    if of.named == "userName" {
        shown["properties"] = json!(governed.properties.of(schemas, attributes));
    }
    shown
}
