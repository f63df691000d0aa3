//! The platform's properties of a user, and the SCIM attributes that they come from.
//!
//! The table is the platform's own, with the obvious partner for what its documentation leaves out; a
//! tenant may name other places. What no property takes is kept all the same.

use std::collections::BTreeMap;

use provost_scim::filter::{Filter, matches_value, parse_value_path, resolve_within};
use provost_scim::path::{Named, Target, resolve};
use provost_scim::schema::{AttrId, Kind, Schemas};
use provost_scim::value::{Attributes, Val};

/// A property and the place that it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Default {
    /// The property.
    pub name: &'static str,
    /// The place, as a PATCH path has it.
    pub path: &'static str,
    /// Where to look if nothing is there.
    pub or: Option<&'static str>,
    /// All values that are found there, joined; else the first.
    pub is_list: bool,
}

const fn one(name: &'static str, path: &'static str) -> Default {
    Default { name, path, or: None, is_list: false }
}

/// The platform's fifteen properties of a user.
pub const DEFAULTS: [Default; 15] = [
    one("firstName", "name.givenName"),
    one("middleName", "name.middleName"),
    one("lastName", "name.familyName"),
    one("fullName", "displayName"),
    Default {
        name: "emailAddress",
        path: "emails[type eq \"work\"].value",
        or: Some("emails[primary eq true].value"),
        is_list: false,
    },
    Default {
        name: "altEmailAddresses",
        path: "emails[type ne \"work\"].value",
        or: None,
        is_list: true,
    },
    one("title", "title"),
    one("workPhone", "phoneNumbers[type eq \"work\"].value"),
    one("mobilePhone", "phoneNumbers[type eq \"mobile\"].value"),
    one("homePhone", "phoneNumbers[type eq \"home\"].value"),
    one("smsAddress", "phoneNumbers[type eq \"sms\"].value"),
    one("mailingAddress", "addresses[type eq \"work\"].streetAddress"),
    one("city", "addresses[type eq \"work\"].locality"),
    one("state", "addresses[type eq \"work\"].region"),
    one("zipCode", "addresses[type eq \"work\"].postalCode"),
];

/// How the values of a list are joined.
const SEPARATOR: &str = ",";

/// The places that properties come from, ready to be looked up.
#[derive(Debug, Clone)]
pub struct Properties(Vec<Property>);

#[derive(Debug, Clone)]
struct Property {
    name: Box<str>,
    place: Place,
    or: Option<Place>,
    is_list: bool,
}

#[derive(Debug, Clone)]
struct Place {
    attribute: AttrId,
    filter: Option<Filter>,
    sub: Option<AttrId>,
}

/// A place that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} is no place of a user: {reason}")]
pub struct PlaceError {
    /// What was written.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Properties {
    /// The default places of users, and others in place of some, or for further properties.
    ///
    /// # Errors
    /// The first place that is none.
    pub fn new<'a>(
        schemas: &Schemas,
        others: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, PlaceError> {
        let mut places: BTreeMap<&str, (&str, Option<&str>, bool)> =
            DEFAULTS.iter().map(|it| (it.name, (it.path, it.or, it.is_list))).collect();
        for (name, path) in others {
            let is_list = places.get(name).is_some_and(|(_, _, is_list)| *is_list);
            places.insert(name, (path, None, is_list));
        }
        let Some(user) = schemas.resource_type_by_name("User") else { return Ok(Self(Vec::new())) };
        let place = |path: &str| Place::read(schemas, user.kind, path);
        let property = |(name, (path, or, is_list)): (&str, (&str, Option<&str>, bool))| {
            let or = or.map(place).transpose()?;
            Ok(Property { name: name.into(), place: place(path)?, or, is_list })
        };
        places.into_iter().map(property).collect::<Result<_, _>>().map(Self)
    }

    /// The properties of a user that have a value.
    #[must_use]
    pub fn of(&self, schemas: &Schemas, user: &Attributes) -> BTreeMap<&str, String> {
        let value = |it: &Property| {
            let mut found = it.place.values(schemas, user);
            if let Some(or) = it.or.as_ref().filter(|_| found.is_empty()) {
                found = or.values(schemas, user);
            }
            match it.is_list {
                true => (!found.is_empty()).then(|| found.join(SEPARATOR)),
                false => found.into_iter().next(),
            }
        };
        self.0.iter().filter_map(|it| Some((&*it.name, value(it)?))).collect()
    }
}

impl Place {
    fn read(schemas: &Schemas, kind: Kind, text: &str) -> Result<Self, PlaceError> {
        let wrong = |reason: String| PlaceError { path: text.to_owned(), reason };
        let (path, _) = parse_value_path(text).map_err(|error| wrong(error.detail))?;
        let mut tolerated = Vec::new();
        let named = resolve(schemas, kind, &path.path, &mut tolerated);
        let Some(Named::Attribute(Target { attribute, sub })) = named else {
            return Err(wrong("there is no such attribute".to_owned()));
        };
        let filter = match &path.filter {
            None => None,
            Some(tree) => {
                let resolved = resolve_within(schemas, kind, attribute, tree);
                Some(resolved.map_err(|error| wrong(error.detail))?.0)
            }
        };
        let sub = match &path.sub {
            None => sub,
            Some(name) => {
                let found = schemas.sub_attribute(attribute, name);
                Some(found.ok_or_else(|| wrong(format!("there is no sub-attribute {name}")))?)
            }
        };
        let leaf = schemas.attribute(sub.unwrap_or(attribute));
        if !leaf.sub_attributes.is_empty() {
            return Err(wrong("it has parts; name one of them".to_owned()));
        }
        Ok(Self { attribute, filter, sub })
    }

    fn values(&self, schemas: &Schemas, user: &Attributes) -> Vec<String> {
        let Some(value) = user.get(self.attribute) else { return Vec::new() };
        let fits = |it: &&Val| {
            self.filter.as_ref().is_none_or(|filter| matches_value(schemas, filter, it))
        };
        let part = |it: &Val| match self.sub {
            None => text(it),
            Some(sub) => text(it.as_complex()?.get(sub)?),
        };
        value.each().iter().filter(fits).filter_map(part).collect()
    }
}

fn text(value: &Val) -> Option<String> {
    match value {
        Val::Bool(flag) => Some(flag.to_string()),
        Val::Int(number) => Some(number.to_string()),
        Val::Dec(number) => Some(number.to_string()),
        Val::Str(text) | Val::Bin(text) => Some(text.to_string()),
        Val::Time(time) => Some(time.text.to_string()),
        Val::Complex(_) | Val::Many(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use provost_scim::schema::Options;
    use provost_scim::value::{Message, Mode, Reader};
    use serde_json::{Value, json};

    use super::*;

    fn schemas() -> Schemas {
        crate::schema::schemas(&Options::default())
    }

    fn user(schemas: &Schemas, mut user: Value) -> Attributes {
        user["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:User"]);
        user["userName"] = json!("ann");
        let kind = schemas.resource_type_by_name("User").unwrap().kind;
        Reader::new(schemas, kind, Mode::Lenient).resource(&user, Message::Post).unwrap()
    }

    #[test]
    fn each_property_comes_from_its_place() {
        let schemas = schemas();
        let ann = user(
            &schemas,
            json!({
                "name": {"givenName": "Ann", "middleName": "B.", "familyName": "Lee"},
                "displayName": "Ann Lee", "title": "Lead",
                "emails": [
                    {"value": "home@x.example", "type": "home"},
                    {"value": "ann@x.example", "type": "work"},
                    {"value": "other@x.example", "type": "other"},
                ],
                "phoneNumbers": [
                    {"value": "1", "type": "work"}, {"value": "2", "type": "mobile"},
                    {"value": "3", "type": "home"}, {"value": "4", "type": "sms"},
                ],
                "addresses": [
                    {"type": "home", "locality": "Elsewhere"},
                    {"type": "work", "streetAddress": "S", "locality": "C", "region": "R", "postalCode": "Z"},
                ],
            }),
        );
        let properties = Properties::new(&schemas, []).unwrap();
        insta::assert_debug_snapshot!(properties.of(&schemas, &ann), @r#"
        {
            "altEmailAddresses": "home@x.example,other@x.example",
            "city": "C",
            "emailAddress": "ann@x.example",
            "firstName": "Ann",
            "fullName": "Ann Lee",
            "homePhone": "3",
            "lastName": "Lee",
            "mailingAddress": "S",
            "middleName": "B.",
            "mobilePhone": "2",
            "smsAddress": "4",
            "state": "R",
            "title": "Lead",
            "workPhone": "1",
            "zipCode": "Z",
        }
        "#);
        let emails = json!([{"value": "a@x.example"}, {"value": "b@x.example", "primary": true}]);
        let primary = user(&schemas, json!({"emails": emails}));
        assert_eq!(properties.of(&schemas, &primary)["emailAddress"], "b@x.example");
        let nothing = user(&schemas, json!({}));
        assert_eq!(properties.of(&schemas, &nothing).len(), 0);
    }

    #[test]
    fn a_tenant_may_name_other_places() {
        let schemas = schemas();
        let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
        let others = [("title", "nickName"), ("department", department)];
        let properties = Properties::new(&schemas, others).unwrap();
        let ann = user(
            &schemas,
            json!({"title": "Lead", "nickName": "Annie", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "D"}}),
        );
        let found = properties.of(&schemas, &ann);
        assert_eq!((found["title"].as_str(), found["department"].as_str()), ("Annie", "D"));
    }

    #[test]
    fn what_is_no_place_is_refused_with_its_reason() {
        let schemas = schemas();
        let mut table = String::new();
        for path in [
            "",
            "nothing",
            "name",
            "emails",
            "emails[type eq].value",
            "emails[type eq \"work\"].nothing",
            "members",
        ] {
            let error = Properties::new(&schemas, [("x", path)]).unwrap_err();
            table.push_str(&format!("{error}\n"));
        }
        insta::assert_snapshot!(table, @r#"
         is no place of a user: expected an attribute at character 1
        nothing is no place of a user: there is no such attribute
        name is no place of a user: it has parts; name one of them
        emails is no place of a user: it has parts; name one of them
        emails[type eq].value is no place of a user: expected a blank and a comparison value at character 15
        emails[type eq "work"].nothing is no place of a user: there is no sub-attribute nothing
        members is no place of a user: there is no such attribute
        "#);
    }
}
