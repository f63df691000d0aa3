//! Lists of complex values: an element that says nothing is none, and one that is alike is the same
//! (RFC 7643 §2.4).

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Attributes, Val, fold};
use crate::schema::{AttrId, DataType, Place, Schemas};

/// Drops what says nothing and joins what is alike, in every list of a resource as it was sent.
pub(crate) fn tidy(schemas: &Schemas, attributes: &mut Attributes) {
    let is_list = |id: &AttrId| {
        let attribute = schemas.attribute(*id);
        let is_complex = attribute.data_type == DataType::Complex;
        attribute.multi_valued && is_complex && attribute.place == Place::Body
    };
    let lists: Vec<AttrId> = attributes.iter().map(|(id, _)| id).filter(is_list).collect();
    for id in lists {
        drop_hollow(schemas, attributes, id);
        if let Some(Val::Many(elements)) = attributes.get_mut(id) {
            let sent = std::mem::take(elements);
            join(schemas, id, elements, &sent);
        }
    }
}

/// Adds elements to a list, and gives the places of those that are new or changed.
///
/// An element with the `value` and the `type` of one that is there is that one (RFC 7643 §2.4: a
/// pair is not returned twice): its other parts become those of the one that is there.
pub(crate) fn join(
    schemas: &Schemas,
    id: AttrId,
    present: &mut Vec<Val>,
    values: &[Val],
) -> Vec<usize> {
    // Comparing each with each would take long for lists that are long.
    let mut known: HashSet<Val> = HashSet::new();
    let mut places: HashMap<(String, String), usize> = HashMap::new();
    for (place, element) in present.iter().enumerate() {
        known.insert(element.clone());
        if let Some(pair) = pair(schemas, id, element) {
            places.entry(pair).or_insert(place);
        }
    }
    let identity = ["value", "type"].map(|name| schemas.sub_attribute(id, name));
    let mut changed = BTreeSet::new();
    for value in values {
        if !known.insert(value.clone()) {
            continue;
        }
        let pair = pair(schemas, id, value);
        let place = pair.as_ref().and_then(|pair| places.get(pair).copied());
        let place = match place {
            Some(place) => {
                if !present.get_mut(place).is_some_and(|it| merge(it, value, &identity)) {
                    continue;
                }
                place
            }
            None => {
                present.push(value.clone());
                let place = present.len() - 1;
                places.extend(pair.map(|pair| (pair, place)));
                place
            }
        };
        changed.insert(place);
    }
    changed.into_iter().collect()
}

/// Sets the parts of an element that another one has which is called alike, but for what calls it;
/// whether any is another now.
fn merge(element: &mut Val, other: &Val, identity: &[Option<AttrId>]) -> bool {
    let (Val::Complex(parts), Val::Complex(others)) = (element, other) else { return false };
    let mut is_changed = false;
    for (sub, part) in others.iter().filter(|(sub, _)| !identity.contains(&Some(*sub))) {
        let is_same = match (parts.get(sub), part) {
            (None, Val::Bool(false)) => true, // What is absent is not primary either.
            (present, part) => present == Some(part),
        };
        if !is_same {
            parts.set(sub, part.clone());
            is_changed = true;
        }
    }
    is_changed
}

/// What tells an element from others: its `value` and `type`, as they are compared.
fn pair(schemas: &Schemas, id: AttrId, element: &Val) -> Option<(String, String)> {
    let parts = element.as_complex()?;
    let part = |name| {
        let sub = schemas.sub_attribute(id, name)?;
        let text = parts.get(sub)?.as_str()?;
        Some(fold(schemas.attribute(sub), text).into_owned())
    };
    Some((part("value")?, part("type").unwrap_or_default()))
}

/// Drops what says nothing: elements left with `type` and `primary` alone, and objects left empty.
pub(crate) fn drop_hollow(schemas: &Schemas, attributes: &mut Attributes, id: AttrId) {
    let is_label = |sub: AttrId| matches!(&*schemas.attribute(sub).name, "type" | "primary");
    // Where elements cannot hold anything else, these say all that there is to say.
    let is_all = schemas.attribute(id).sub_attributes.iter().all(|sub| is_label(*sub));
    let is_hollow = |element: &Val| {
        element.as_complex().is_some_and(|it| it.iter().all(|(sub, _)| !is_all && is_label(sub)))
    };
    let is_empty = match attributes.get_mut(id) {
        Some(Val::Many(elements)) => {
            elements.retain(|it| !is_hollow(it));
            elements.is_empty()
        }
        Some(Val::Complex(parts)) => parts.is_empty(),
        Some(
            Val::Bool(_) | Val::Int(_) | Val::Dec(_) | Val::Str(_) | Val::Time(_) | Val::Bin(_),
        )
        | None => false,
    };
    if is_empty {
        attributes.remove(id);
    }
}
