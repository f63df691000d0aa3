//! Immutable attributes keep the value that they have (RFC 7643 §7).

use provost_scim::Error;
use provost_scim::schema::{AttrId, Schemas};
use provost_scim::value::{Attributes, Val};

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
