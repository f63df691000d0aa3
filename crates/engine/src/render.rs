//! Stored resources to what a client sees: body, `meta`, relations and references (RFC 7644 §3.9).

use std::collections::{BTreeMap, BTreeSet};

use provost_scim::Error as Refusal;
use provost_scim::projection::Projection;
use provost_scim::schema::{AttrId, DataType, Kind, Place, Schemas};
use provost_scim::value::{Attributes, Val};
use provost_store::{Label, MemberPage, Membership, ResourceId, Stored, Version, view};

use crate::error::failed;
use crate::{Context, Error, stored};

/// A resource as a client sees it.
#[derive(Debug)]
pub struct Rendered {
    /// Its resource type.
    pub kind: Kind,
    /// Its version.
    pub version: Version,
    /// Its URL.
    pub location: String,
    /// Its attributes, projected.
    pub attributes: Attributes,
    /// What it shows of other resources, which change without a new version of this one.
    pub others: Others,
}

/// What a resource shows of others: names of members, groups, managers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Others {
    /// Nothing, and never did under this version.
    Never,
    /// Nothing, but it may have under this version: it can be in groups, or it names somebody.
    NotNow,
    /// Something.
    Now,
}

/// Renders resources, with one look-up for all of them where a relation is asked for.
///
/// # Errors
/// [`Error::Refused`] with `tooMany` if the members are too many for one answer; the others if the
/// store fails.
pub async fn render(
    cx: &Context<'_>,
    rows: Vec<Stored>,
    projection: impl Fn(Kind) -> Projection,
) -> Result<Vec<Rendered>, Error> {
    let schemas = cx.schemas();
    let mut renderer = Renderer { cx, members_left: cx.policy.response_members_max };
    let projections: BTreeMap<Kind, Projection> =
        rows.iter().map(|it| it.kind).map(|kind| (kind, projection(kind))).collect();
    let groups = renderer.groups(&rows, &projections).await?;
    let mut rendered = Vec::with_capacity(rows.len());
    for stored in &rows {
        if let Some(projection) = projections.get(&stored.kind) {
            rendered.push(renderer.resource(stored, projection, &groups).await?);
        }
    }
    renderer.references(&mut rendered).await?;
    for (resource, stored) in rendered.iter_mut().zip(&rows) {
        if let Some(projection) = projections.get(&stored.kind) {
            projection.apply(schemas, &mut resource.attributes);
        }
    }
    Ok(rendered)
}

/// Whether a resource shows what it always showed under its version.
///
/// # Errors
/// If the store fails.
pub async fn is_as_it_was(cx: &Context<'_>, rendered: &Rendered) -> Result<bool, Error> {
    match rendered.others {
        Others::Never => Ok(true),
        Others::Now => Ok(false),
        Others::NotNow => {
            let last = cx.engine.store.last_removal(cx.tenant).await;
            Ok(rendered.version > last.map_err(|error| failed(cx, "read the feed", error))?)
        }
    }
}

struct Renderer<'a> {
    cx: &'a Context<'a>,
    members_left: usize,
}

type Groups = BTreeMap<ResourceId, Vec<Membership>>;

impl Renderer<'_> {
    /// The groups of those resources whose answer shows them.
    async fn groups(
        &mut self,
        rows: &[Stored],
        projections: &BTreeMap<Kind, Projection>,
    ) -> Result<Groups, Error> {
        let schemas = self.cx.schemas();
        let shows = |it: &&Stored| {
            let groups = schemas.groups_of(it.kind);
            let projection = projections.get(&it.kind);
            groups.zip(projection).is_some_and(|(id, projection)| projection.wants(schemas, id))
        };
        let ids: Vec<ResourceId> = rows.iter().filter(shows).map(|it| it.id).collect();
        if ids.is_empty() {
            return Ok(Groups::new());
        }
        let max = self.members_left;
        let found = match self.cx.engine.store.memberships(self.cx.tenant, ids, max).await {
            Err(provost_store::Error::TooBroad) => return Err(self.too_many("groups")),
            other => other,
        };
        let mut groups = Groups::new();
        for membership in found.map_err(|error| failed(self.cx, "read memberships", error))? {
            self.members_left -= 1;
            groups.entry(membership.member).or_default().push(membership);
        }
        Ok(groups)
    }

    async fn resource(
        &mut self,
        stored: &Stored,
        projection: &Projection,
        groups: &Groups,
    ) -> Result<Rendered, Error> {
        let (cx, schemas) = (self.cx, self.cx.schemas());
        let common = schemas.common();
        let mut attributes = stored::attributes(cx, stored)?;
        let uris = view::schema_uris(schemas, stored.kind, &attributes, |id| {
            projection.wants(schemas, id)
        });
        let location = location(cx, stored.kind, stored.id);
        let mut meta = view::meta(schemas, stored);
        meta.set(common.location, Val::Str(location.as_str().into()));
        attributes.set(common.id, Val::Str(stored.id.to_string().into()));
        attributes.set(common.schemas, uris);
        attributes.set(common.meta, Val::Complex(meta));
        let mut others = Others::Never;
        if let Some(id) =
            schemas.members_of(stored.kind).filter(|id| projection.wants(schemas, *id))
        {
            let members = self.members(stored, id).await?;
            if !members.is_empty() {
                others = Others::Now;
            }
            attributes.put(id, (!members.is_empty()).then_some(Val::Many(members)));
        }
        let shown = schemas.groups_of(stored.kind).filter(|id| projection.wants(schemas, *id));
        if shown.is_some() {
            others = Others::NotNow;
        }
        if let Some(id) = shown
            && let Some(groups) = groups.get(&stored.id)
        {
            others = Others::Now;
            let element = |it: &Membership| {
                let element = view::membership(schemas, id, it);
                self.with_reference(id, element, it.group, group_kind(schemas, stored.kind))
            };
            attributes.set(id, Val::Many(groups.iter().map(element).collect()));
        }
        let (kind, version) = (stored.kind, stored.version);
        Ok(Rendered { kind, version, location, attributes, others })
    }

    async fn members(&mut self, stored: &Stored, members: AttrId) -> Result<Vec<Val>, Error> {
        let cx = self.cx;
        let page = MemberPage { after: None, max: self.members_left };
        let found = cx.engine.store.members(cx.at(stored.kind), stored.id, page).await;
        let found = found.map_err(|error| failed(cx, "read members", error))?;
        if found.more {
            return Err(self.too_many("members"));
        }
        self.members_left -= found.rows.len();
        let element = |it: &provost_store::Member| {
            let element = view::member(cx.schemas(), members, it);
            self.with_reference(members, element, it.id, it.kind)
        };
        Ok(found.rows.iter().map(element).collect())
    }

    /// Members and groups of resources share one limit.
    fn too_many(&self, attribute: &str) -> Error {
        let limit = self.cx.policy.response_members_max;
        Error::Refused(Refusal::too_many(format!(
            "the answer would hold more than {limit} members and groups; ask for fewer resources, or \
             with excludedAttributes={attribute}"
        )))
    }

    fn with_reference(&self, parent: AttrId, element: Val, id: ResourceId, kind: Kind) -> Val {
        let Val::Complex(mut parts) = element else { return element };
        if let Some(reference) = self.cx.schemas().sub_attribute(parent, "$ref") {
            parts.set(reference, Val::Str(location(self.cx, kind, id).into()));
        }
        Val::Complex(parts)
    }

    /// Completes references such as `manager`: `$ref` and `displayName` of what still exists.
    async fn references(&self, resources: &mut [Rendered]) -> Result<(), Error> {
        let schemas = self.cx.schemas();
        let ids: BTreeSet<ResourceId> =
            resources.iter().flat_map(|it| referred(schemas, &it.attributes)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let found = self.cx.engine.store.labels(self.cx.tenant, ids.into_iter().collect()).await;
        let found = found.map_err(|error| failed(self.cx, "look up references", error))?;
        let found: BTreeMap<ResourceId, Label> = found.into_iter().map(|it| (it.id, it)).collect();
        for resource in resources {
            for (parent, value) in resource.attributes.iter_mut() {
                let Some(id) = reference(schemas, parent, value) else { continue };
                resource.others = resource.others.max(Others::NotNow);
                let (Some(label), Val::Complex(parts)) = (found.get(&id), value) else { continue };
                resource.others = Others::Now;
                for (name, text) in [
                    ("$ref", location(self.cx, label.kind, id).into_boxed_str()),
                    ("displayName", label.label.clone()),
                ] {
                    if let Some(sub) = schemas.sub_attribute(parent, name) {
                        parts.set(sub, Val::Str(text));
                    }
                }
            }
        }
        Ok(())
    }
}

/// The ids that the references of a resource name.
fn referred(schemas: &Schemas, attributes: &Attributes) -> Vec<ResourceId> {
    attributes.iter().filter_map(|(id, value)| reference(schemas, id, value)).collect()
}

/// The id in a single complex attribute with a `$ref` that is made on output, such as `manager`.
fn reference(schemas: &Schemas, id: AttrId, value: &Val) -> Option<ResourceId> {
    let attribute = schemas.attribute(id);
    if attribute.data_type != DataType::Complex || attribute.multi_valued {
        return None;
    }
    let derived = schemas.sub_attribute(id, "$ref")?;
    if schemas.attribute(derived).place != Place::Derived {
        return None;
    }
    let id = value.as_complex()?.get(schemas.sub_attribute(id, "value")?)?;
    ResourceId::parse(id.as_str()?)
}

/// The URL of a resource.
fn location(cx: &Context<'_>, kind: Kind, id: ResourceId) -> String {
    format!("{}{}/{id}", cx.base, cx.schemas().resource_type(kind).endpoint)
}

/// The kind that has members: groups are of it.
fn group_kind(schemas: &Schemas, member: Kind) -> Kind {
    let mut kinds = schemas.resource_types().iter().map(|it| it.kind);
    kinds.find(|kind| schemas.members_of(*kind).is_some()).unwrap_or(member)
}
