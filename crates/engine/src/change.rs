//! The one place where a body, its keys and its event are made from attributes.

use bytes::Bytes;
use provost_scim::Error;
use provost_scim::schema::{AttrId, Kind, Schemas};
use provost_scim::value::{self, Attributes, UNIQUE_KEY_BYTES_MAX, Val};
use provost_store::{Content, Indexes, Keys};

/// What changes from one state of a resource to another; `None` if nothing does.
///
/// `old` is `None` if the resource comes into being.
///
/// # Errors
/// `invalidValue` if a unique value is too long.
pub(crate) fn change(
    schemas: &Schemas,
    indexes: &Indexes,
    kind: Kind,
    old: Option<&Attributes>,
    new: &Attributes,
) -> Result<Option<Content>, Error> {
    if old == Some(new) {
        return Ok(None);
    }
    let after = indexes.keys(schemas, kind, new);
    if let Some((id, _)) = after.unique.iter().find(|(_, key)| key.len() > UNIQUE_KEY_BYTES_MAX) {
        let path = &schemas.attribute(*id).path;
        let detail = format!("{path} is too long; {UNIQUE_KEY_BYTES_MAX} bytes are allowed");
        return Err(Error::invalid_value(detail));
    }
    let before = old.map_or_else(Keys::default, |old| indexes.keys(schemas, kind, old));
    let (values, unique) = before.diff(&after);
    let core = schemas.resource_type(kind).schema;
    Ok(Some(Content {
        body: value::body(schemas, core, new).into(),
        label: label(schemas, kind, new),
        values,
        unique,
        change: difference(schemas, kind, old, Some(new)),
    }))
}

/// `{"before": {…}, "after": {…}}`: the attributes that differ, each in whole.
pub(crate) fn difference(
    schemas: &Schemas,
    kind: Kind,
    old: Option<&Attributes>,
    new: Option<&Attributes>,
) -> Bytes {
    let core = schemas.resource_type(kind).schema;
    let empty = Attributes::new();
    let part = |of: &Attributes, other: &Attributes| {
        let differs = |(id, value): &(AttrId, &Val)| other.get(*id) != Some(value);
        let kept = of.iter().filter(differs).map(|(id, value)| (id, value.clone())).collect();
        value::body(schemas, core, &kept)
    };
    let mut text = Vec::from(*b"{");
    for (name, of, other) in [("before", old, new), ("after", new, old)] {
        let Some(of) = of else { continue };
        if text.len() > 1 {
            text.push(b',');
        }
        text.extend(format!("\"{name}\":").bytes());
        text.extend(part(of, other.unwrap_or(&empty)));
    }
    text.push(b'}');
    text.into()
}

/// How others call a resource: its `displayName`, or else its first unique name.
fn label(schemas: &Schemas, kind: Kind, attributes: &Attributes) -> Box<str> {
    let core = schemas.resource_type(kind).schema;
    let display_name = schemas.in_schema(core, "displayName").and_then(|id| attributes.get(id));
    let unique = || {
        let mut own = schemas.of_kind(kind).filter(|it| it.uniqueness.is_unique());
        own.find_map(|it| attributes.get(it.id))
    };
    display_name.or_else(unique).and_then(Val::as_str).unwrap_or_default().into()
}

/// Refuses a change of an immutable attribute that has a value (RFC 7643 §7, RFC 7644 §3.5.1).
///
/// # Errors
/// `mutability`, naming the attribute.
pub(crate) fn check_immutable(
    schemas: &Schemas,
    old: &Attributes,
    new: &Attributes,
) -> Result<(), Error> {
    use provost_scim::schema::Mutability::Immutable;
    for (id, value) in old.iter() {
        let attribute = schemas.attribute(id);
        let changed = match (attribute.mutability == Immutable, value, new.get(id)) {
            (true, value, after) => (after != Some(value)).then_some(attribute),
            (false, Val::Complex(parts), after) => {
                let after = after.and_then(Val::as_complex);
                let fixed = |sub: AttrId| schemas.attribute(sub).mutability == Immutable;
                let mut fixed = parts.iter().filter(|(sub, _)| fixed(*sub));
                let differs =
                    fixed.find(|(sub, value)| after.and_then(|it| it.get(*sub)) != Some(value));
                differs.map(|(sub, _)| schemas.attribute(sub))
            }
            (false, _, _) => None,
        };
        if let Some(attribute) = changed {
            let path = &attribute.path;
            return Err(Error::mutability(format!("{path} has a value and is immutable")));
        }
    }
    Ok(())
}
