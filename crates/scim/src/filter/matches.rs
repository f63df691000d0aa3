//! The only evaluator of filters (RFC 7644 §3.4.2.2).
//!
//! An attribute without a value is null (RFC 7643 §2.5): only `eq null` and `ne` of something else
//! are true of it. Of a multi-valued attribute one value suffices, for `ne` as for every operator.

use std::borrow::Cow;

use super::{Filter, Operand, Operator, Tree};
use crate::path::Target;
use crate::schema::{AttrId, Attribute, DataType, Schemas};
use crate::value::{Attributes, Val, fold};

/// What a filter is evaluated on: a resource, with what the service provider keeps beside its body.
pub trait Subject {
    /// Why a value could not be had; a store may fail.
    type Error;

    /// The value of a top-level attribute.
    ///
    /// # Errors
    /// If the value must be fetched and that fails.
    fn value(&self, attribute: AttrId) -> Result<Option<Cow<'_, Val>>, Self::Error>;

    /// Whether an element of a relation (`members`, `groups`) has this `value`; `None` if the
    /// attribute is no relation, and its elements are to be looked through.
    ///
    /// # Errors
    /// If the relation must be asked and that fails.
    fn related(&self, attribute: AttrId, value: &str) -> Result<Option<bool>, Self::Error>;
}

/// Whether a resource matches a filter.
///
/// # Errors
/// If the subject fails.
pub fn matches<S: Subject>(
    schemas: &Schemas,
    filter: &Filter,
    subject: &S,
) -> Result<bool, S::Error> {
    match filter {
        Tree::And(terms) => {
            for term in terms {
                if !matches(schemas, term, subject)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Tree::Or(terms) => {
            for term in terms {
                if matches(schemas, term, subject)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Tree::Not(inner) => Ok(!matches(schemas, inner, subject)?),
        Tree::Present(target) => {
            let value = subject.value(target.attribute)?;
            Ok(value.is_some_and(|value| is_present(&value, target.sub)))
        }
        Tree::Compare(target, Operator::Equal, operand @ Operand::Str(text))
            if is_relation_value(schemas, *target) =>
        {
            match subject.related(target.attribute, text)? {
                Some(found) => Ok(found),
                None => compare(schemas, *target, Operator::Equal, operand, subject),
            }
        }
        Tree::Compare(target, operator, operand) => {
            compare(schemas, *target, *operator, operand, subject)
        }
        Tree::Within(target, inner) => {
            // `members[value eq "…"]` asks the same as `members.value eq "…"`.
            if let Tree::Compare(part, Operator::Equal, Operand::Str(text)) = &**inner
                && is_relation_value(schemas, *part)
                && let Some(found) = subject.related(target.attribute, text)?
            {
                return Ok(found);
            }
            let Some(value) = subject.value(target.attribute)? else { return Ok(false) };
            Ok(value.each().iter().any(|element| matches_value(schemas, inner, element)))
        }
    }
}

/// Whether one element of a complex attribute matches a filter on its sub-attributes.
pub fn matches_value(schemas: &Schemas, filter: &Filter, element: &Val) -> bool {
    match filter {
        Tree::And(terms) => terms.iter().all(|term| matches_value(schemas, term, element)),
        Tree::Or(terms) => terms.iter().any(|term| matches_value(schemas, term, element)),
        Tree::Not(inner) => !matches_value(schemas, inner, element),
        Tree::Present(target) => is_present(element, target.sub),
        Tree::Compare(target, operator, operand) => {
            let attribute = schemas.attribute(target.leaf());
            let value = part(element, target.sub);
            let value = value.or_else(|| assumed(attribute));
            holds(attribute, *operator, operand, value)
        }
        Tree::Within(_, inner) => matches_value(schemas, inner, element),
    }
}

/// Attributes as a subject, with nothing kept beside them.
pub struct Elements<'a>(pub &'a Attributes);

impl Subject for Elements<'_> {
    type Error = std::convert::Infallible;

    fn value(&self, attribute: AttrId) -> Result<Option<Cow<'_, Val>>, Self::Error> {
        Ok(self.0.get(attribute).map(Cow::Borrowed))
    }

    fn related(&self, _: AttrId, _: &str) -> Result<Option<bool>, Self::Error> {
        Ok(None)
    }
}

fn is_relation_value(schemas: &Schemas, target: Target) -> bool {
    target.sub.is_some_and(|sub| &*schemas.attribute(sub).name == "value")
}

fn compare<S: Subject>(
    schemas: &Schemas,
    target: Target,
    operator: Operator,
    operand: &Operand,
    subject: &S,
) -> Result<bool, S::Error> {
    let attribute = schemas.attribute(target.leaf());
    let Some(value) = subject.value(target.attribute)? else {
        return Ok(holds(attribute, operator, operand, None));
    };
    Ok(value.each().iter().any(|element| {
        let value = part(element, target.sub).or_else(|| assumed(attribute));
        holds(attribute, operator, operand, value)
    }))
}

/// The part of an element that a target names.
fn part(element: &Val, sub: Option<AttrId>) -> Option<&Val> {
    match sub {
        None => Some(element),
        Some(sub) => element.as_complex().and_then(|parts| parts.get(sub)),
    }
}

/// What a part that an element lacks is taken for: `primary` is false (RFC 7643 §2.4).
fn assumed(attribute: &Attribute) -> Option<&'static Val> {
    const FALSE: Val = Val::Bool(false);
    let is_flag = attribute.parent.is_some() && attribute.data_type == DataType::Boolean;
    (is_flag && &*attribute.name == "primary").then_some(&FALSE)
}

fn is_present(value: &Val, sub: Option<AttrId>) -> bool {
    value.each().iter().any(|element| part(element, sub).is_some_and(is_filled))
}

/// `pr`: a value that is not empty; a complex one has a part that is not (RFC 7644 §3.4.2.2).
fn is_filled(value: &Val) -> bool {
    match value {
        Val::Str(text) | Val::Bin(text) => !text.is_empty(),
        Val::Complex(parts) => parts.iter().any(|(_, part)| is_filled(part)),
        Val::Many(values) => values.iter().any(is_filled),
        Val::Bool(_) | Val::Int(_) | Val::Dec(_) | Val::Time(_) => true,
    }
}

fn holds(
    attribute: &Attribute,
    operator: Operator,
    operand: &Operand,
    value: Option<&Val>,
) -> bool {
    let Some(value) = value else {
        let null = *operand == Operand::Null;
        return match operator {
            Operator::Equal => null,
            Operator::NotEqual => !null,
            Operator::Contains
            | Operator::StartsWith
            | Operator::EndsWith
            | Operator::Greater
            | Operator::GreaterOrEqual
            | Operator::Less
            | Operator::LessOrEqual => false,
        };
    };
    match (value, operand) {
        (_, Operand::Null) => operator == Operator::NotEqual,
        (Val::Str(text), Operand::Str(wanted)) => {
            text_holds(operator, &fold(attribute, text), wanted)
        }
        (Val::Bin(text), Operand::Str(wanted)) => text_holds(operator, text, wanted),
        (Val::Time(time), Operand::Time(micros, wanted)) => match operator {
            Operator::Contains | Operator::StartsWith | Operator::EndsWith => {
                text_holds(operator, &time.text, wanted)
            }
            Operator::Equal
            | Operator::NotEqual
            | Operator::Greater
            | Operator::GreaterOrEqual
            | Operator::Less
            | Operator::LessOrEqual => ordered(operator, &time.micros, micros),
        },
        (Val::Bool(value), Operand::Bool(wanted)) => ordered(operator, value, wanted),
        (Val::Int(value), Operand::Int(wanted)) => ordered(operator, value, wanted),
        (Val::Int(value), Operand::Dec(wanted)) => ordered(operator, &(*value as f64), wanted),
        (Val::Dec(number), Operand::Dec(wanted)) => {
            number.as_f64().is_some_and(|value| ordered(operator, &value, wanted))
        }
        // The operand has the attribute's type; a value of another one never equals it.
        (
            Val::Str(_)
            | Val::Bin(_)
            | Val::Time(_)
            | Val::Bool(_)
            | Val::Int(_)
            | Val::Dec(_)
            | Val::Complex(_)
            | Val::Many(_),
            Operand::Str(_)
            | Operand::Time(..)
            | Operand::Bool(_)
            | Operand::Int(_)
            | Operand::Dec(_),
        ) => operator == Operator::NotEqual,
    }
}

fn text_holds(operator: Operator, value: &str, wanted: &str) -> bool {
    match operator {
        Operator::Contains => value.contains(wanted),
        Operator::StartsWith => value.starts_with(wanted),
        Operator::EndsWith => value.ends_with(wanted),
        Operator::Equal
        | Operator::NotEqual
        | Operator::Greater
        | Operator::GreaterOrEqual
        | Operator::Less
        | Operator::LessOrEqual => ordered(operator, value, wanted),
    }
}

fn ordered<T: PartialOrd + ?Sized>(operator: Operator, value: &T, wanted: &T) -> bool {
    match operator {
        Operator::Equal => value == wanted,
        Operator::NotEqual => value != wanted,
        Operator::Greater => value > wanted,
        Operator::GreaterOrEqual => value >= wanted,
        Operator::Less => value < wanted,
        Operator::LessOrEqual => value <= wanted,
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{parse, resolve};
    use crate::schema::Options;
    use crate::value::{Message, Mode, Reader};
    use serde_json::json;

    fn user() -> (Schemas, Attributes) {
        let schemas = Schemas::builtin(&Options::default());
        let kind = schemas.resource_type_by_name("User").unwrap().kind;
        let json = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            "userName": "Ada@Plant.example", "externalId": "E-1", "active": true, "title": "",
            "name": {"familyName": "Brandt", "givenName": "Ada"},
            "emails": [{"value": "ada@plant.example", "type": "work", "primary": true}, {"value": "ada@home.example"}],
            "x509Certificates": [{"value": "MIIB"}], "photos": [{"value": ""}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Ops", "manager": {"value": "m-1"}},
        });
        let mut reader = Reader::new(&schemas, kind, Mode::Strict);
        let mut attributes = reader.resource(&json, Message::Post).unwrap();
        let common = schemas.common();
        let created = crate::value::Time::parse("2026-01-02T03:04:05.5Z").unwrap();
        let meta = [(common.created, Val::Time(created))].into_iter().collect();
        attributes.set(common.meta, Val::Complex(meta));
        (schemas, attributes)
    }

    #[track_caller]
    fn check(filter: &str, expected: bool) {
        let (schemas, attributes) = user();
        let kind = schemas.resource_type_by_name("User").unwrap().kind;
        let (tree, _) = parse(filter).unwrap();
        let (filter_, _) = resolve(&schemas, kind, &tree).unwrap();
        let Ok(found) = matches(&schemas, &filter_, &Elements(&attributes));
        assert_eq!(found, expected, "{filter}");
        let not = Tree::Not(Box::new(filter_));
        let Ok(found) = matches(&schemas, &not, &Elements(&attributes));
        assert_eq!(found, !expected, "not ({filter})");
    }

    #[track_caller]
    fn refused(filter: &str, expected: &str) {
        let (schemas, _) = user();
        let kind = schemas.resource_type_by_name("User").unwrap().kind;
        let error = resolve(&schemas, kind, &parse(filter).unwrap().0).expect_err("is refused");
        let short = error.to_string().replace("urn:ietf:params:scim:schemas:core:2.0:User:", "");
        assert_eq!(short, expected);
    }

    #[test]
    fn strings_compare_by_case_exact() {
        check(r#"userName eq "ada@plant.EXAMPLE""#, true);
        check(r#"userName ne "ADA@plant.example""#, false);
        check(r#"externalId eq "e-1""#, false);
        check(r#"externalId eq "E-1""#, true);
        check(r#"userName co "PLANT""#, true);
        check(r#"userName sw "ada@""#, true);
        check(r#"userName ew ".Example""#, true);
        check(r#"userName gt "ada""#, true);
        check(r#"userName ge "ada@plant.example""#, true);
        check(r#"userName lt "b""#, true);
        check(r#"userName le "ada""#, false);
    }

    #[test]
    fn what_is_unassigned_is_null() {
        check("nickName pr", false);
        check("nickName eq null", true);
        check("nickName ne null", false);
        check(r#"nickName ne "x""#, true);
        check(r#"nickName eq "x""#, false);
        check(r#"nickName lt "x""#, false);
        check("userName eq null", false);
        check("userName ne null", true);
        check("phoneNumbers pr", false);
        check(r#"phoneNumbers.type ne "work""#, true);
        check("title pr", false);
    }

    #[test]
    fn one_value_of_many_suffices() {
        check(r#"emails.value eq "ada@home.example""#, true);
        check(r#"emails.type eq "work""#, true);
        check(r#"emails.type ne "work""#, true);
        check(r#"emails co "home""#, true);
        check("emails.type pr", true);
        check("emails.display pr", false);
        check("emails pr", true);
        check("ims pr", false);
        check("photos pr", false);
        check("photos.value pr", false);
    }

    #[test]
    fn primary_is_false_where_an_element_does_not_say_it() {
        check("emails.primary eq false", true);
        check("emails.primary ne true", true);
        check("emails[value ew \"home.example\" and primary eq false]", true);
        check("phoneNumbers.primary eq false", false);
        check("phoneNumbers.primary eq null", true);
    }

    #[test]
    fn a_value_path_holds_for_one_element() {
        check(r#"emails[type eq "work" and value co "plant"]"#, true);
        check(r#"emails[type eq "work" and value co "home"]"#, false);
        check(r#"emails[type eq "work"].value eq "ada@plant.example""#, true);
        check(r#"emails[not (type pr)]"#, true);
        check(r#"emails[primary eq false]"#, true);
        check(r#"emails[primary eq "True"].value sw "ada@plant""#, true);
        check(r#"name[familyName eq "brandt"]"#, true);
    }

    #[test]
    fn complex_attributes_compare_by_value() {
        check(r#"manager eq "m-1""#, true);
        check(
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "m-1""#,
            true,
        );
        check(r#"emails eq "ADA@home.example""#, true);
    }

    #[test]
    fn times_compare_chronologically_and_as_text() {
        check(r#"meta.created gt "2026-01-02T04:04:05+01:00""#, true);
        check(r#"meta.created eq "2026-01-02T03:04:05.500000Z""#, true);
        check(r#"meta.created le "0001-01-03T00:00:00.0000000Z""#, false);
        check(r#"meta.created sw "2026-01""#, true);
    }

    #[test]
    fn booleans_compare_for_equality_also_with_a_quoted_word() {
        check("active eq true", true);
        check(r#"active eq "True""#, true);
        check("active ne false", true);
        refused(
            "active gt true",
            "invalidFilter: the operator gt does not go with active; eq, ne and pr do",
        );
        refused(
            "active co true",
            "invalidFilter: the operator co does not go with active; eq, ne and pr do",
        );
        refused(
            r#"active eq "maybe""#,
            "invalidFilter: active is compared with true or false, not \"maybe\"",
        );
        refused(
            r#"x509Certificates.value gt "a""#,
            "invalidFilter: the operator gt does not go with x509Certificates.value; eq, ne and pr do",
        );
        check(r#"x509Certificates.value eq "MIIB""#, true);
    }

    /// Every data type, lists of simple values, and what is never returned.
    #[track_caller]
    fn gadget(filter: &str, expected: &str) {
        let schema = json!({"id": "urn:x:G", "attributes": [
            {"name": "count", "type": "integer"}, {"name": "weight", "type": "decimal"}, {"name": "tags", "multiValued": true},
            {"name": "link", "type": "reference", "referenceTypes": ["external"]},
            {"name": "vault", "type": "complex", "returned": "never", "subAttributes": [{"name": "value"}]},
        ]});
        let types = json!([{"name": "G", "endpoint": "/Gs", "schema": "urn:x:G"}]);
        let schemas = Schemas::load(&[schema], &types).unwrap();
        let kind = schemas.resource_type_by_name("G").unwrap().kind;
        let json = json!({"schemas": ["urn:x:G"], "count": -3, "weight": 2.5, "tags": ["Red", "blue"], "link": "https://X.example", "vault": {"value": "s"}});
        let attributes =
            Reader::new(&schemas, kind, Mode::Strict).resource(&json, Message::Post).unwrap();
        let found = match resolve(&schemas, kind, &parse(filter).unwrap().0) {
            Err(error) => error.to_string(),
            Ok((filter, deviations)) => {
                let Ok(found) = matches(&schemas, &filter, &Elements(&attributes));
                let deviations: String = deviations.iter().map(|it| format!(" + {it}")).collect();
                format!("{found}{deviations}")
            }
        };
        assert_eq!(found, expected, "{filter}");
    }

    #[test]
    fn numbers_compare_by_value() {
        gadget("count eq -3", "true");
        gadget("count eq -3.0", "true");
        gadget("count lt 2.5", "true");
        gadget("count gt -3", "false");
        gadget("count ge -3", "true");
        gadget("count le \"-3\"", "true + quoted-literal");
        gadget("count lt 99999999999999999999", "true");
        gadget("weight eq 2.50", "true");
        gadget("weight gt 2", "true");
        gadget("weight ne 2.5", "false");
        let text = "invalidFilter: the operator co does not go with urn:x:G:count; eq, ne, gt, ge, lt, le and pr do";
        gadget("count co 3", text);
        let text =
            "invalidFilter: urn:x:G:count is compared with a whole number of 64 bits, not true";
        gadget("count eq true", text);
    }

    #[test]
    fn simple_values_of_a_list_compare_one_by_one() {
        gadget("tags eq \"red\"", "true");
        gadget("tags co \"ED\" and tags sw \"b\"", "true");
        gadget("tags[value eq \"red\"]", "true");
        gadget("tags[value sw \"r\" and value ew \"e\"]", "false");
        gadget("tags[value pr]", "true");
        gadget("tags[not (value eq \"red\")]", "true");
        let text = "invalidFilter: \"type\" is no sub-attribute of urn:x:G:tags";
        gadget("tags[type eq \"red\"]", text);
    }

    #[test]
    fn references_compare_by_letter_case() {
        gadget("link eq \"https://X.example\"", "true");
        gadget("link eq \"https://x.example\"", "false");
    }

    #[test]
    fn nothing_inside_what_is_never_returned_can_be_asked_for() {
        let text = "sensitive: urn:x:G:vault.value cannot be used in a filter";
        gadget("vault.value eq \"s\"", text);
        gadget("vault[value sw \"s\"]", "sensitive: urn:x:G:vault cannot be used in a filter");
        gadget("vault pr", "sensitive: urn:x:G:vault cannot be used in a filter");
    }

    /// A group whose members are asked for one by one, and never listed.
    struct Group<'a>(&'a Schemas);

    impl Subject for Group<'_> {
        type Error = &'static str;

        fn value(&self, _: AttrId) -> Result<Option<Cow<'_, Val>>, Self::Error> {
            Err("the members were listed")
        }

        fn related(&self, attribute: AttrId, value: &str) -> Result<Option<bool>, Self::Error> {
            let is_members = &*self.0.attribute(attribute).name == "members";
            Ok(is_members.then_some(value == "m-1"))
        }
    }

    #[test]
    fn a_relation_is_asked_for_one_value_and_not_listed() {
        let schemas = Schemas::builtin(&Options::default());
        let kind = schemas.resource_type_by_name("Group").unwrap().kind;
        for filter in
            ["members eq \"m-1\"", "members.value eq \"m-1\"", "members[value eq \"m-1\"]"]
        {
            let (filter, _) = resolve(&schemas, kind, &parse(filter).unwrap().0).unwrap();
            assert_eq!(matches(&schemas, &filter, &Group(&schemas)), Ok(true));
        }
    }

    #[test]
    fn what_cannot_be_compared_is_refused_with_its_reason() {
        refused(r#"nosuch eq "x""#, "invalidFilter: \"nosuch\" is no attribute of User");
        refused(
            r#"emails[nosuch eq "x"]"#,
            "invalidFilter: \"nosuch\" is no sub-attribute of emails",
        );
        refused(
            r#"name eq "x""#,
            "invalidFilter: name is complex; compare one of its sub-attributes",
        );
        refused(
            r#"userName[value eq "x"]"#,
            "invalidFilter: \"userName\" is not complex and takes no [filter]",
        );
        refused(r#"password eq "x""#, "sensitive: password cannot be used in a filter");
        refused("password pr", "sensitive: password cannot be used in a filter");
        refused(
            r#"meta.created gt "soon""#,
            "invalidFilter: meta.created is compared with a date and time such as \"2008-01-23T04:56:22Z\", not \"soon\"",
        );
        refused("userName gt null", "invalidFilter: gt takes no null; use pr, eq or ne");
    }
}
