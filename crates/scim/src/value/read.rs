//! JSON to values: names looked up, types checked, what a client must not set left out (RFC 7643 §2).
//!
//! The one door for all of it, bodies of requests, values of a PATCH and what is stored: what differs
//! between them is the [`Message`].

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use super::list::tidy;
use super::{Attributes, Time, Val};
use crate::deviation::Deviation;
use crate::error::{Error, quote};
use crate::schema::{AttrId, Attribute, DataType, Kind, Mutability, Place, SchemaId, Schemas};

/// How a reader treats what is outside the letter of the RFCs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Understood, and reported.
    Lenient,
    /// Refused.
    Strict,
}

/// The message that a value comes in; mutability depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// A resource to create (RFC 7644 §3.3).
    Post,
    /// A resource to replace (RFC 7644 §3.5.1).
    Put,
    /// The value of a PATCH operation (RFC 7644 §3.5.2).
    Patch,
    /// A body as it is stored: what is read-only to clients is in it too.
    Stored,
}

/// The most values that one attribute may have, beside the membership relation.
const VALUES_MAX: usize = 1_000;
/// The longest value of an attribute of type string; references may hold a photo.
const STRING_BYTES_MAX: usize = 64 * 1_024;
/// The most members that one request may name.
const MEMBERS_MAX: usize = 100_000;
/// Where the values lie that a resource holds when it is stored.
pub(crate) const STORED: &[Place] = &[Place::Body];
/// Where the values lie that a client sends.
const SENT: &[Place] = &[Place::Body, Place::Members, Place::Secret];

/// What is required and not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lack {
    /// An attribute or sub-attribute.
    Attribute(AttrId),
    /// A whole extension.
    Extension(SchemaId),
}

/// Reads the JSON of clients against the schemas, and collects what it tolerated.
pub struct Reader<'a> {
    /// The schemas.
    pub schemas: &'a Schemas,
    /// The resource type of what is read.
    pub kind: Kind,
    /// What happens to departures from the letter.
    pub mode: Mode,
    /// What was tolerated so far.
    pub deviations: Vec<Deviation>,
    /// Top-level attributes that a resource names in order to unassign them, with null or `[]`.
    pub cleared: Vec<AttrId>,
}

impl<'a> Reader<'a> {
    /// A reader for resources of a kind.
    pub const fn new(schemas: &'a Schemas, kind: Kind, mode: Mode) -> Self {
        Self { schemas, kind, mode, deviations: Vec::new(), cleared: Vec::new() }
    }

    /// Reads a whole resource, as in POST and PUT: typed, without read-only attributes.
    ///
    /// # Errors
    /// `invalidSyntax` for what is not a resource of the kind, `invalidValue` for a value that the
    /// schema does not allow or a required one that is missing.
    pub fn resource(&mut self, value: &Value, message: Message) -> Result<Attributes, Error> {
        let Value::Object(members) = value else {
            return Err(Error::invalid_syntax(format!(
                "a resource is an object, not {}",
                form(value)
            )));
        };
        self.check_schemas(members)?;
        let mut attributes = self.top_level(members, message)?;
        tidy(self.schemas, &mut attributes);
        match self.lacking(&attributes, SENT).first() {
            Some(lack) => Err(self.missing(*lack)),
            None => Ok(attributes),
        }
    }

    /// Reads the attributes of an object that stands for a resource; extensions are under their URNs.
    pub(crate) fn top_level(
        &mut self,
        members: &Map<String, Value>,
        message: Message,
    ) -> Result<Attributes, Error> {
        let mut attributes = Attributes::new();
        for (name, value) in members {
            if let Some(core) = self.core(name) {
                self.deviate(Deviation::CoreByUrn)?;
                self.extension_members(core, value, message, &mut attributes)?;
            } else if let Some(extension) = self.extension(name) {
                self.extension_members(extension, value, message, &mut attributes)?;
            } else if let Some(id) = self.attribute_named(name) {
                self.read_into(&mut attributes, id, value, message)?;
            } else {
                self.deviate(Deviation::unknown_attribute(name))?;
            }
        }
        Ok(attributes)
    }

    fn extension_members(
        &mut self,
        extension: SchemaId,
        value: &Value,
        message: Message,
        attributes: &mut Attributes,
    ) -> Result<(), Error> {
        let urn = &self.schemas.schema(extension).id;
        let members = match value {
            Value::Null => return Ok(()),
            Value::Object(members) => members,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                let form = form(value);
                return Err(Error::invalid_value(format!("{urn} is an object, not {form}")));
            }
        };
        for (name, value) in members {
            match self.schemas.in_schema(extension, name) {
                Some(id) => self.read_into(attributes, id, value, message)?,
                None => self.deviate(Deviation::unknown_attribute(&format!("{urn}:{name}")))?,
            }
        }
        Ok(())
    }

    fn read_into(
        &mut self,
        attributes: &mut Attributes,
        id: AttrId,
        value: &Value,
        message: Message,
    ) -> Result<(), Error> {
        let attribute = self.schemas.attribute(id);
        let is_stored = message == Message::Stored && attribute.place == Place::Body;
        if !is_stored && !is_taken(attribute) {
            if message == Message::Patch && attribute.place != Place::Derived {
                self.deviate(Deviation::ReadOnlyInPatch(attribute.name.clone()))?;
            }
            return Ok(());
        }
        if attribute.place == Place::Members {
            check_members(attribute, value)?;
        }
        match self.value(id, value)? {
            Some(value) => attributes.set(id, value),
            None => self.cleared.push(id),
        }
        Ok(())
    }

    /// Reads the value of an attribute; `None` is unassigned (RFC 7643 §2.5).
    ///
    /// # Errors
    /// `invalidValue` if the value is not of the attribute's type.
    pub fn value(&mut self, id: AttrId, value: &Value) -> Result<Option<Val>, Error> {
        let attribute = self.schemas.attribute(id);
        if value.is_null() {
            return Ok(None);
        }
        if !attribute.multi_valued {
            return self.single(attribute, value);
        }
        let Value::Array(values) = value else {
            return Err(mismatch(attribute, "an array", value));
        };
        check_count(attribute, values.len())?;
        let mut read = Vec::with_capacity(values.len());
        for value in values {
            read.extend(self.single(attribute, value)?);
        }
        check_primary(self.schemas, attribute, &read)?;
        Ok((!read.is_empty()).then_some(Val::Many(read)))
    }

    /// Reads one value of an attribute, also of a multi-valued one.
    ///
    /// # Errors
    /// `invalidValue` if the value is not of the attribute's type.
    pub fn single(&mut self, attribute: &Attribute, value: &Value) -> Result<Option<Val>, Error> {
        let mismatch = || mismatch(attribute, attribute.data_type.json_form(), value);
        let read = match (attribute.data_type, value) {
            (_, Value::Null) => return Ok(None),
            (DataType::String, Value::String(text)) if text.len() > STRING_BYTES_MAX => {
                let (path, length) = (&attribute.path, text.len());
                return Err(Error::invalid_value(format!(
                    "{path} has {length} bytes; {STRING_BYTES_MAX} are allowed"
                )));
            }
            (DataType::String | DataType::Reference, Value::String(text)) => {
                Val::Str(text.as_str().into())
            }
            (DataType::Boolean, Value::Bool(value)) => Val::Bool(*value),
            (DataType::Integer, Value::Number(number)) => {
                Val::Int(number.as_i64().ok_or_else(mismatch)?)
            }
            (DataType::Decimal, Value::Number(number)) => Val::Dec(number.clone()),
            (DataType::DateTime, Value::String(text)) => {
                Val::Time(Time::parse(text).ok_or_else(mismatch)?)
            }
            (DataType::Binary, Value::String(text)) if is_base64(text) => {
                Val::Bin(text.as_str().into())
            }
            (DataType::Complex, Value::Object(members)) => {
                let parts = self.complex(attribute, members)?;
                return Ok((!parts.is_empty()).then_some(Val::Complex(parts)));
            }
            (
                DataType::String
                | DataType::Reference
                | DataType::Boolean
                | DataType::Integer
                | DataType::Decimal
                | DataType::DateTime
                | DataType::Binary
                | DataType::Complex,
                Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Object(_),
            ) => return Err(mismatch()),
        };
        Ok(Some(read))
    }

    fn complex(
        &mut self,
        attribute: &Attribute,
        members: &Map<String, Value>,
    ) -> Result<Attributes, Error> {
        let mut parts = Attributes::new();
        for (name, value) in members {
            let Some(id) = self.schemas.sub_attribute(attribute.id, name) else {
                let path = format!("{}.{name}", attribute.path);
                self.deviate(Deviation::unknown_attribute(&path))?;
                continue;
            };
            if is_taken(self.schemas.attribute(id))
                && let Some(value) = self.value(id, value)?
            {
                parts.set(id, value);
            }
        }
        Ok(parts)
    }

    /// The required attributes, sub-attributes and extensions that a resource lacks.
    pub(crate) fn lacking(&self, attributes: &Attributes, places: &[Place]) -> Vec<Lack> {
        let resource_type = self.schemas.resource_type(self.kind);
        let mut lacking = self.lacking_of(resource_type.schema, attributes, places);
        for extension in &resource_type.extensions {
            let own = &self.schemas.schema(extension.schema).attributes;
            if own.iter().any(|id| attributes.get(*id).is_some()) {
                // RFC 7643 §6: what an extension requires is required where the extension is.
                lacking.extend(self.lacking_of(extension.schema, attributes, places));
            } else if extension.required {
                lacking.push(Lack::Extension(extension.schema));
            }
        }
        lacking.extend(attributes.iter().flat_map(|(id, value)| self.lacking_parts(id, value)));
        lacking
    }

    fn lacking_of(&self, schema: SchemaId, attributes: &Attributes, places: &[Place]) -> Vec<Lack> {
        let is_core = schema == self.schemas.resource_type(self.kind).schema;
        let own = self.schemas.schema(schema).attributes.iter();
        own.map(|id| self.schemas.attribute(*id))
            .filter(|it| it.required && is_taken(it) && places.contains(&it.place))
            // A schema may list the common attributes too (RFC 7643 §3.1); they live elsewhere.
            .filter(|it| !is_core || self.schemas.in_common(&it.name).is_none())
            .filter(|it| is_lacking(attributes.get(it.id)))
            .map(|it| Lack::Attribute(it.id))
            .collect()
    }

    fn lacking_parts(&self, id: AttrId, value: &Val) -> Vec<Lack> {
        let parts = self.schemas.attribute(id).sub_attributes.iter();
        let required = parts.map(|id| self.schemas.attribute(*id)).filter(|it| it.required);
        let lacks = |element: &Val, part| {
            element.as_complex().is_some_and(|parts| is_lacking(parts.get(part)))
        };
        required
            .filter(|part| is_taken(part))
            .filter(|part| value.each().iter().any(|element| lacks(element, part.id)))
            .map(|part| Lack::Attribute(part.id))
            .collect()
    }

    /// The error for something that is required and lacking.
    pub(crate) fn missing(&self, lack: Lack) -> Error {
        match lack {
            Lack::Attribute(id) => {
                let path = &self.schemas.attribute(id).path;
                Error::invalid_value(format!("{path} is required and must not be empty"))
            }
            Lack::Extension(id) => {
                let urn = &self.schemas.schema(id).id;
                Error::invalid_value(format!("the extension {urn} is required"))
            }
        }
    }

    // RFC 7644 §3.1: a request body carries the URIs of its schemas, the core one among them.
    fn check_schemas(&mut self, members: &Map<String, Value>) -> Result<(), Error> {
        let resource_type = self.schemas.resource_type(self.kind);
        let core = &self.schemas.schema(resource_type.schema).id;
        let found = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas"));
        let uris = match found.map(|(_, value)| value) {
            Some(Value::Array(uris)) => uris.as_slice(),
            Some(Value::Null) | None => &[],
            Some(other) => {
                let form = form(other);
                return Err(Error::invalid_syntax(format!(
                    "schemas is an array of URIs, not {form}"
                )));
            }
        };
        let mut has_core = false;
        let mut listed = Vec::new();
        for uri in uris {
            let Value::String(uri) = uri else {
                let form = form(uri);
                return Err(Error::invalid_syntax(format!(
                    "schemas holds URIs as strings, not {form}"
                )));
            };
            if uri.eq_ignore_ascii_case(core) {
                has_core = true;
            } else if uri.eq_ignore_ascii_case("urn:scim:schemas:core:1.0") {
                self.deviate(Deviation::ObsoleteSchema)?;
                has_core = true;
            } else if let Some(extension) = self.extension(uri) {
                listed.push(extension);
            } else {
                self.deviate(Deviation::unknown_schema(uri))?;
            }
        }
        for (name, value) in members {
            let extension = self.extension(name).filter(|it| !listed.contains(it));
            if extension.is_some() && !value.is_null() {
                self.deviate(Deviation::unlisted_schema(name))?;
            }
        }
        if has_core {
            return Ok(());
        }
        // A few are enough to see what went wrong, however many there are.
        let sent: Vec<String> = uris.iter().filter_map(Value::as_str).take(4).map(quote).collect();
        let sent = if sent.is_empty() { "nothing".to_owned() } else { sent.join(", ") };
        Err(Error::invalid_syntax(format!("schemas must hold \"{core}\"; it holds {sent}")))
    }

    /// The extension of the resource type with a URN.
    pub(crate) fn extension(&self, urn: &str) -> Option<SchemaId> {
        self.schemas.extension_by_urn(self.kind, urn)
    }

    /// The core schema of the resource type, if this is its URN.
    pub(crate) fn core(&self, urn: &str) -> Option<SchemaId> {
        let core = self.schemas.resource_type(self.kind).schema;
        self.schemas.schema(core).id.eq_ignore_ascii_case(urn).then_some(core)
    }

    /// Whether this is the core schema of the resource type.
    pub(crate) fn is_core(&self, schema: SchemaId) -> bool {
        self.schemas.resource_type(self.kind).schema == schema
    }

    /// The common or core attribute with a name.
    pub(crate) fn attribute_named(&self, name: &str) -> Option<AttrId> {
        let core = self.schemas.resource_type(self.kind).schema;
        self.schemas.in_common(name).or_else(|| self.schemas.in_schema(core, name))
    }

    /// Reports a deviation that another reader met, or refuses it in strict mode.
    ///
    /// # Errors
    /// In strict mode, with the kind of error that goes with the deviation.
    pub fn tolerate(&mut self, deviation: Deviation) -> Result<(), Error> {
        self.deviate(deviation)
    }

    /// Reports a deviation, or refuses it in strict mode.
    pub(crate) fn deviate(&mut self, deviation: Deviation) -> Result<(), Error> {
        match self.mode {
            Mode::Lenient => {
                if !self.deviations.contains(&deviation) && self.deviations.len() < 32 {
                    self.deviations.push(deviation);
                }
                Ok(())
            }
            Mode::Strict => Err(refusal(&deviation)),
        }
    }
}

/// Reads a body that [`body`](super::body) printed; attributes that no schema has any more are left out.
///
/// # Errors
/// If the bytes are not such a body.
pub fn read_body(schemas: &Schemas, kind: Kind, bytes: &[u8]) -> Result<Attributes, Error> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Error::invalid_syntax(format!("a stored body is not JSON: {error}")))?;
    let Value::Object(members) = value else {
        return Err(Error::invalid_syntax("a stored body is not an object"));
    };
    Reader::new(schemas, kind, Mode::Lenient).top_level(&members, Message::Stored)
}

/// The error of strict mode for a deviation.
pub(crate) fn refusal(deviation: &Deviation) -> Error {
    let name = deviation.name();
    match deviation {
        Deviation::UnknownAttribute(attribute) => {
            let attribute = quote(attribute);
            Error::invalid_syntax(format!(
                "{attribute} is no attribute of the schema (strict mode)"
            ))
        }
        Deviation::UnknownSchema(uri) => {
            let uri = quote(uri);
            Error::invalid_syntax(format!("{uri} is no schema of the resource type (strict mode)"))
        }
        Deviation::UnlistedSchema(uri) => Error::invalid_syntax(format!(
            "schemas must hold {}, which the body uses (strict mode: {name})",
            quote(uri)
        )),
        Deviation::CoreByUrn => Error::invalid_syntax(format!(
            "the attributes of the core schema stand by their names (strict mode: {name})"
        )),
        Deviation::ObsoleteSchema => Error::invalid_syntax(format!(
            "schemas must hold a SCIM 2.0 schema URI, not the one of SCIM 1.0 (strict mode: {name})"
        )),
        Deviation::ReadOnlyInPatch(attribute) => {
            Error::mutability(format!("{attribute} is read-only (strict mode)"))
        }
        Deviation::ElementFromFilter => {
            Error::no_target("the value path selects nothing (strict mode)")
        }
        Deviation::UnknownMember(member) => {
            Error::invalid_value(format!("there is no member {}", quote(member)))
        }
        Deviation::RemoveWithValue => Error::invalid_syntax(
            "a remove takes no value; name what goes by a filter in the path, as in members[value eq \"…\"] (strict mode)",
        ),
        Deviation::DotBeforeAttribute | Deviation::ExtensionPath => Error::invalid_path(format!(
            "the path is not in the form of RFC 7644 §3.10 (strict mode: {name})"
        )),
        Deviation::BothProjections | Deviation::FilterInAttributes => Error::invalid_value(
            format!("the request is not in the form of RFC 7644 §3.9 (strict mode: {name})"),
        ),
        Deviation::SingularName(attribute) => Error::invalid_filter(format!(
            "{} is no attribute; its plural is (strict mode)",
            quote(attribute)
        )),
        Deviation::BareLiteral
        | Deviation::QuotedLiteral
        | Deviation::MissingBlank
        | Deviation::ValuePathComparison
        | Deviation::CommaForAnd => Error::invalid_filter(format!(
            "the filter is not in the form of RFC 7644 §3.4.2.2 (strict mode: {name})"
        )),
    }
}

/// Whether a client's value of an attribute is taken at all (RFC 7644 §3.3: read-only ones are ignored).
const fn is_taken(attribute: &Attribute) -> bool {
    match attribute.place {
        Place::Body | Place::Members | Place::Secret => {
            !matches!(attribute.mutability, Mutability::ReadOnly)
        }
        Place::Row | Place::MemberOf | Place::Derived => false,
    }
}

/// Refuses more values than an attribute may have.
pub(crate) fn check_count(attribute: &Attribute, count: usize) -> Result<(), Error> {
    let limit = if attribute.place == Place::Members { MEMBERS_MAX } else { VALUES_MAX };
    if count > limit {
        let path = &attribute.path;
        let detail = format!("{path} has {count} values; {limit} are allowed");
        return Err(Error::invalid_value(detail));
    }
    Ok(())
}

/// Refuses a member that does not say whom it means: were it left out, a list that replaces
/// another would take members away that nobody named.
pub(crate) fn check_members(attribute: &Attribute, value: &Value) -> Result<(), Error> {
    let is_named = |members: &Map<String, Value>| {
        let value = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("value"));
        value.is_some_and(|(_, value)| !value.is_null() && *value != "")
    };
    let is_nameless = |it: &Value| it.is_null() || it.as_object().is_some_and(|it| !is_named(it));
    let is_nameless = match value {
        Value::Array(members) => members.iter().any(is_nameless),
        Value::Null => false, // Nobody: that is said plainly.
        one => is_nameless(one),
    };
    if is_nameless {
        let path = &attribute.path;
        return Err(Error::invalid_value(format!("every member in {path} needs a value, its id")));
    }
    Ok(())
}

fn is_lacking(value: Option<&Val>) -> bool {
    match value {
        Some(Val::Str(text)) => text.trim().is_empty(),
        found => found.is_none(),
    }
}

// RFC 7643 §2.4: one value at most is the primary one.
fn check_primary(schemas: &Schemas, attribute: &Attribute, values: &[Val]) -> Result<(), Error> {
    let Some(primary) = schemas.sub_attribute(attribute.id, "primary") else { return Ok(()) };
    let is_primary =
        |it: &&Val| it.as_complex().and_then(|parts| parts.get(primary)) == Some(&Val::Bool(true));
    if values.iter().filter(is_primary).count() > 1 {
        let path = &attribute.path;
        return Err(Error::invalid_value(format!("{path} has two primary values; one is allowed")));
    }
    Ok(())
}

fn mismatch(attribute: &Attribute, expected: &str, value: &Value) -> Error {
    let path = &attribute.path;
    match attribute.place {
        Place::Secret => Error::invalid_value(format!("{path} must be {expected}")),
        Place::Body | Place::Row | Place::Members | Place::MemberOf | Place::Derived => {
            Error::invalid_value(format!("{path} must be {expected}, not {}", form(value)))
        }
    }
}

/// What a JSON value looks like, short enough for an error text; secrets cannot occur in it.
pub(crate) fn form(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the string {}", quote(text)),
        Value::Array(_) => "an array".into(),
        Value::Object(_) => "an object".into(),
    }
}

/// Base64 in the standard or the URL alphabet, padded or not (RFC 7643 §2.3.6).
fn is_base64(text: &str) -> bool {
    const ANY_PADDING: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabets = [&base64::alphabet::STANDARD, &base64::alphabet::URL_SAFE];
    let compact: String = text.split_ascii_whitespace().collect();
    alphabets.iter().any(|it| GeneralPurpose::new(it, ANY_PADDING).decode(&compact).is_ok())
}

#[cfg(test)]
mod tests;
