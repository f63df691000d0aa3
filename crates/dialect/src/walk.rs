//! The places of values in a body: which attribute each one is for, and what is done with it.

use provost_scim::error::quote;
use provost_scim::filter::parse_value_path;
use provost_scim::path::{self, Named};
use provost_scim::schema::{AttrId, Attribute, DataType, Mutability, Place, SchemaId};
use provost_scim::value::Message;
use serde_json::{Map, Value};

use crate::Context;
use crate::message::{self, Op};

/// The place of a value.
#[derive(Clone, Copy)]
pub(crate) struct Spot<'a> {
    /// The attribute or sub-attribute that the value is for.
    pub(crate) attribute: &'a Attribute,
    /// The top-level attribute, which may be the same one.
    pub(crate) top: &'a Attribute,
    /// How the value stands in its attribute.
    pub(crate) stand: Stand,
    /// What is done with it; `None` in a whole resource.
    pub(crate) op: Option<Op>,
}

/// How a value stands in its attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    /// It is the value of the attribute, and a list if the attribute is one.
    Whole,
    /// It is one element of the attribute. A value that PATCH takes by itself for a list
    /// (RFC 7644 §3.5.2.1) is met in both ways.
    Element,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addressed {
    /// An extension as a whole.
    Extension(SchemaId),
    /// An attribute or sub-attribute.
    Attribute(AttrId),
    /// Those elements of an attribute that a filter selects.
    Elements(AttrId),
}

/// Offers a rule the value of every attribute that a body sets, and then those of its
/// sub-attributes; what the rule gives takes the value's place.
///
/// Gives what was sent at the first place that changed. Values that readers ignore because the
/// attribute is read-only are not offered.
pub(crate) fn each_value(
    cx: &Context<'_>,
    body: &mut Value,
    reform: impl Fn(Spot<'_>, &Value) -> Option<Value>,
) -> Option<String> {
    let mut walk = Walk { cx, reform: &reform, op: None, number: 0, sent: None };
    match cx.message {
        Message::Post | Message::Put => walk.resource(body.as_object_mut()?),
        Message::Patch => {
            for operation in message::operations(body)? {
                walk.number += 1;
                if let Value::Object(members) = operation {
                    walk.operation(members);
                }
            }
        }
        // No client sends it.
        Message::Stored => {}
    }
    walk.sent
}

/// What the text of a PATCH path leads to; `None` if readers find nothing there either.
pub(crate) fn addressed(cx: &Context<'_>, text: &str) -> Option<Addressed> {
    let Context { schemas, kind, .. } = *cx;
    if let Some(extension) = schemas.extension_by_urn(kind, text) {
        return Some(Addressed::Extension(extension));
    }
    let (found, _) = parse_value_path(text).ok()?;
    match path::resolve(schemas, kind, &found.path, &mut Vec::new())? {
        Named::Extension(extension) => Some(Addressed::Extension(extension)),
        Named::Attribute(target) => match (&found.filter, &found.sub) {
            (None, _) => Some(Addressed::Attribute(target.leaf())),
            (Some(_), None) => Some(Addressed::Elements(target.leaf())),
            (Some(_), Some(sub)) => {
                schemas.sub_attribute(target.leaf(), sub).map(Addressed::Attribute)
            }
        },
    }
}

/// The common or core attribute with a name.
pub(crate) fn core_attribute(cx: &Context<'_>, name: &str) -> Option<AttrId> {
    let core = cx.schemas.resource_type(cx.kind).schema;
    cx.schemas.in_common(name).or_else(|| cx.schemas.in_schema(core, name))
}

/// The top-level attribute that an attribute is, or is a part of.
pub(crate) fn top<'a>(cx: &Context<'a>, attribute: &'a Attribute) -> &'a Attribute {
    attribute.parent.map_or(attribute, |parent| cx.schemas.attribute(parent))
}

/// Whether readers take a client's value of an attribute at all.
pub(crate) fn is_taken(attribute: &Attribute) -> bool {
    match attribute.place {
        Place::Body | Place::Members | Place::Secret => {
            attribute.mutability != Mutability::ReadOnly
        }
        Place::Row | Place::MemberOf | Place::Derived => false,
    }
}

struct Walk<'a, R> {
    cx: &'a Context<'a>,
    reform: &'a R,
    op: Option<Op>,
    /// Which operation it is, from 1; 0 in a whole resource.
    number: usize,
    sent: Option<String>,
}

impl<R: Fn(Spot<'_>, &Value) -> Option<Value>> Walk<'_, R> {
    fn operation(&mut self, operation: &mut Map<String, Value>) {
        self.op = Op::of(operation);
        if self.op.is_none() {
            return;
        }
        if let Some(attributes) = message::attributes_set(operation) {
            return self.resource(attributes);
        }
        let Some(addressed) = message::path(operation).and_then(|it| addressed(self.cx, it)) else {
            return;
        };
        let Some(value) = message::member_mut(operation, "value") else { return };
        match addressed {
            Addressed::Extension(schema) => self.extension(schema, value),
            Addressed::Attribute(id) => self.whole(id, value),
            Addressed::Elements(id) => self.selected(id, value),
        }
    }

    fn resource(&mut self, members: &mut Map<String, Value>) {
        for (name, value) in members.iter_mut() {
            if let Some(schema) = self.cx.schemas.extension_by_urn(self.cx.kind, name) {
                self.extension(schema, value);
            } else if let Some(id) = core_attribute(self.cx, name) {
                self.whole(id, value);
            }
        }
    }

    fn extension(&mut self, schema: SchemaId, value: &mut Value) {
        let Value::Object(members) = value else { return };
        for (name, value) in members.iter_mut() {
            if let Some(id) = self.cx.schemas.in_schema(schema, name) {
                self.whole(id, value);
            }
        }
    }

    fn whole(&mut self, id: AttrId, value: &mut Value) {
        let attribute = self.cx.schemas.attribute(id);
        if !is_taken(attribute) || !is_taken(top(self.cx, attribute)) {
            return;
        }
        self.offer(attribute, Stand::Whole, value);
        match value {
            Value::Array(elements) if attribute.multi_valued => {
                for element in elements {
                    self.element(attribute, element);
                }
            }
            value if attribute.multi_valued && self.op.is_some() => self.element(attribute, value),
            value => self.parts(attribute, value),
        }
    }

    fn element(&mut self, attribute: &Attribute, value: &mut Value) {
        self.offer(attribute, Stand::Element, value);
        self.parts(attribute, value);
    }

    /// The value for selected elements replaces or completes what is there, so that it is none of
    /// the forms in which an element of its own comes: only its parts are offered.
    fn selected(&mut self, id: AttrId, value: &mut Value) {
        let attribute = self.cx.schemas.attribute(id);
        if !is_taken(attribute) {
            return;
        }
        match value {
            Value::Array(values) => {
                for value in values {
                    self.parts(attribute, value);
                }
            }
            value => self.parts(attribute, value),
        }
    }

    fn parts(&mut self, attribute: &Attribute, value: &mut Value) {
        let Value::Object(members) = value else { return };
        if attribute.data_type != DataType::Complex {
            return;
        }
        for (name, value) in members.iter_mut() {
            if let Some(sub) = self.cx.schemas.sub_attribute(attribute.id, name) {
                self.whole(sub, value);
            }
        }
    }

    fn offer(&mut self, attribute: &Attribute, stand: Stand, value: &mut Value) {
        let top = top(self.cx, attribute);
        let Some(reformed) = (self.reform)(Spot { attribute, top, stand, op: self.op }, value)
        else {
            return;
        };
        if self.sent.is_none() {
            self.sent = Some(self.describe(attribute, stand, value));
        }
        *value = reformed;
    }

    fn describe(&self, attribute: &Attribute, stand: Stand, value: &Value) -> String {
        let operation = match self.number {
            0 => String::new(),
            number => format!("operation {number}: "),
        };
        let verb = match stand {
            Stand::Whole => "is",
            Stand::Element => "holds",
        };
        let path = &attribute.path;
        // What a secret looks like is nobody's business.
        let form = match attribute.place {
            Place::Secret => "what it must not be".to_owned(),
            Place::Body | Place::Row | Place::Members | Place::MemberOf | Place::Derived => {
                form(value)
            }
        };
        format!("{operation}{path} {verb} {form}")
    }
}

fn form(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the string {}", quote(text)),
        Value::Array(values) => format!("an array of {}", values.len()),
        Value::Object(members) => {
            let names: Vec<String> = members.keys().take(3).map(|name| quote(name)).collect();
            match names.is_empty() {
                true => "an empty object".to_owned(),
                false => format!("an object with {}", names.join(", ")),
            }
        }
    }
}
