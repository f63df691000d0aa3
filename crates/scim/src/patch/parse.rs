//! The PatchOp message to operations (RFC 7644 §3.5.2).
//!
//! One parser holds the reader, the place of the operation and the steps so far; each form that a path
//! and a value can have together is one of its methods.

use serde_json::{Map, Value};

use super::{Act, GroupReplace, MemberEdit, Operation, Patch, Selection, Step, numbered};
use crate::deviation::Deviation;
use crate::error::{Error, ErrorKind, quote};
use crate::filter::{
    Expression, Filter, Literal, Operand, Operator, Tree, ValuePath, parse_value_path,
    resolve_within,
};
use crate::membership::Delta;
use crate::path::{self, Named, Target};
use crate::schema::{AttrId, Attribute, DataType, Mutability, Place, SchemaId};
use crate::urn;
use crate::value::{Attributes, Reader, Val, check_members};

/// The most operations in one request.
pub const OPERATIONS_MAX: usize = 1_000;
/// A longer path is refused.
const PATH_BYTES_MAX: usize = 1_024;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Put(Act),
    Remove,
}

impl Patch {
    /// Reads a PATCH request for resources of the reader's kind.
    ///
    /// # Errors
    /// `invalidSyntax` for what is no such message, `invalidPath`, `noTarget`, `invalidValue` and
    /// `mutability` for an operation that cannot be; the detail names the operation by its place.
    pub fn parse(
        reader: &mut Reader<'_>,
        body: &Value,
        group_replace: GroupReplace,
    ) -> Result<Self, Error> {
        let operations = operations_of(body)?;
        let mut parser = Parser { reader, group_replace, number: 0, steps: Vec::new() };
        for operation in operations {
            parser.number += 1;
            parser.operation(operation).map_err(numbered(parser.number))?;
        }
        Ok(Self { steps: parser.steps })
    }
}

fn operations_of(body: &Value) -> Result<&[Value], Error> {
    let Value::Object(members) = body else {
        return Err(Error::invalid_syntax("a PATCH request is an object"));
    };
    let is_patch =
        |uri: &Value| uri.as_str().is_some_and(|uri| uri.eq_ignore_ascii_case(urn::PATCH_OP));
    match member(members, "schemas") {
        Some(Value::Array(uris)) if uris.iter().any(is_patch) => {}
        Some(_) | None => {
            let urn = urn::PATCH_OP;
            return Err(Error::invalid_syntax(format!("schemas must hold \"{urn}\"")));
        }
    }
    let Some(Value::Array(operations)) = member(members, "Operations") else {
        return Err(Error::invalid_syntax("a PATCH request has Operations, an array"));
    };
    match operations.len() {
        0 => Err(Error::invalid_syntax("Operations is empty; one operation at least is needed")),
        1..=OPERATIONS_MAX => Ok(operations),
        count => {
            let detail = format!("{count} operations; {OPERATIONS_MAX} are allowed");
            Err(Error::new(ErrorKind::TooLarge, detail))
        }
    }
}

struct Parser<'a, 's> {
    reader: &'a mut Reader<'s>,
    group_replace: GroupReplace,
    /// The place of the operation that is read.
    number: usize,
    steps: Vec<Step>,
}

impl Parser<'_, '_> {
    fn operation(&mut self, operation: &Value) -> Result<(), Error> {
        let Value::Object(members) = operation else {
            return Err(Error::invalid_syntax("an operation is an object"));
        };
        let op = op(member(members, "op"))?;
        let value = member(members, "value");
        let path = match member(members, "path") {
            None | Some(Value::Null) => None,
            Some(Value::String(path)) if path.trim().is_empty() => None,
            Some(Value::String(path)) => Some(path.trim()),
            Some(_) => return Err(Error::invalid_path("path must be a string")),
        };
        match (op, path, value) {
            (Op::Remove, None, _) => Err(Error::no_target("a remove needs a path")),
            (Op::Remove, Some(path), value) => {
                self.with_path(op, path, value.unwrap_or(&Value::Null))
            }
            // RFC 7644 §3.5.2.1. Taking a missing value for null would unassign the attribute.
            (Op::Put(_), _, None) => {
                Err(Error::invalid_value("add and replace need a value; null unassigns"))
            }
            (Op::Put(act), None, Some(value)) => self.without_path(act, value),
            (Op::Put(_), Some(path), Some(value)) => self.with_path(op, path, value),
        }
    }

    fn push(&mut self, operation: Operation) {
        self.steps.push(Step { number: self.number, operation });
    }

    /// The value holds attributes of the resource.
    fn without_path(&mut self, act: Act, value: &Value) -> Result<(), Error> {
        let Value::Object(members) = value else {
            return Err(Error::invalid_value("without a path the value must be an object"));
        };
        for (name, value) in members {
            if let Some(core) = self.reader.core(name) {
                self.reader.deviate(Deviation::CoreByUrn)?;
                self.extension(Op::Put(act), core, value)?;
            } else if let Some(extension) = self.reader.extension(name) {
                self.extension(Op::Put(act), extension, value)?;
            } else if let Some(id) = self.reader.attribute_named(name) {
                self.attribute_in_value(act, id, value)?;
            } else {
                self.reader.deviate(Deviation::unknown_attribute(name))?;
            }
        }
        Ok(())
    }

    fn attribute_in_value(&mut self, act: Act, id: AttrId, value: &Value) -> Result<(), Error> {
        let attribute = self.reader.schemas.attribute(id);
        if is_read_only(attribute) {
            return self.reader.deviate(Deviation::ReadOnlyInPatch(attribute.name.clone()));
        }
        self.whole(Op::Put(act), id, value)
    }

    fn extension(&mut self, op: Op, extension: SchemaId, value: &Value) -> Result<(), Error> {
        let schemas = self.reader.schemas;
        match (op, value) {
            // Nobody means to unassign a whole resource.
            (_, Value::Null) if self.reader.is_core(extension) => Ok(()),
            (Op::Remove, _) | (Op::Put(Act::Replace), Value::Null) => {
                let own = schemas.schema(extension).attributes.iter();
                for attribute in own.map(|id| schemas.attribute(*id)) {
                    if !is_read_only(attribute) {
                        check_removable(attribute)?;
                        self.push(Operation::Remove(attribute.id));
                    }
                }
                Ok(())
            }
            (Op::Put(Act::Add), Value::Null) => Ok(()),
            (Op::Put(act), Value::Object(members)) => {
                for (name, value) in members {
                    match schemas.in_schema(extension, name) {
                        Some(id) => self.attribute_in_value(act, id, value)?,
                        None => {
                            let path = format!("{}:{name}", schemas.schema(extension).id);
                            self.reader.deviate(Deviation::unknown_attribute(&path))?;
                        }
                    }
                }
                Ok(())
            }
            (
                Op::Put(_),
                Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_),
            ) => {
                let urn = &schemas.schema(extension).id;
                Err(Error::invalid_value(format!("the value of {urn} must be an object")))
            }
        }
    }

    fn with_path(&mut self, op: Op, text: &str, value: &Value) -> Result<(), Error> {
        if let Some(extension) = self.reader.extension(text) {
            self.check_writable(extension)?;
            self.reader.deviate(Deviation::ExtensionPath)?;
            return self.extension(op, extension, value);
        }
        if let (Op::Put(_), Some(core)) = (op, self.reader.core(text)) {
            self.reader.deviate(Deviation::CoreByUrn).map_err(as_path_error)?;
            return self.extension(op, core, value);
        }
        let (found, named) = self.path(text)?;
        let Some(Named::Attribute(target)) = named else {
            return self.unknown(text);
        };
        self.check_mutability(target)?;
        if op == Op::Remove && found.filter.is_none() {
            check_removable(self.reader.schemas.attribute(target.leaf()))?;
        }
        match found.filter {
            Some(filter) => self.value_path(op, target, &filter, found.sub.as_deref(), value),
            None => match target.sub {
                Some(sub) => self.part(op, target.attribute, sub, value),
                None => self.whole(op, target.attribute, value),
            },
        }
    }

    fn path(&mut self, text: &str) -> Result<(ValuePath, Option<Named>), Error> {
        if text.len() > PATH_BYTES_MAX {
            let length = text.len();
            let detail = format!("the path has {length} bytes; {PATH_BYTES_MAX} are allowed");
            return Err(Error::invalid_path(detail));
        }
        let (found, mut tolerated) = parse_value_path(text).map_err(|error| {
            Error::invalid_path(format!("the path {} is malformed: {}", quote(text), error.detail))
        })?;
        let named =
            path::resolve(self.reader.schemas, self.reader.kind, &found.path, &mut tolerated);
        for deviation in tolerated {
            self.reader.deviate(deviation).map_err(as_path_error)?;
        }
        Ok((found, named))
    }

    /// A path that names no attribute is dropped and reported, as the same name in a value without
    /// path is: one unknown attribute must not fail a whole object in every cycle.
    fn unknown(&mut self, path: &str) -> Result<(), Error> {
        self.reader.deviate(Deviation::unknown_attribute(path)).map_err(as_path_error)
    }

    /// An extension that clients can only read is no target.
    fn check_writable(&self, extension: SchemaId) -> Result<(), Error> {
        let schemas = self.reader.schemas;
        let schema = schemas.schema(extension);
        match schema.attributes.iter().all(|id| is_read_only(schemas.attribute(*id))) {
            true => Err(Error::mutability(format!("{} is read-only", schema.id))),
            false => Ok(()),
        }
    }

    fn check_mutability(&self, target: Target) -> Result<(), Error> {
        let schemas = self.reader.schemas;
        let leaf = schemas.attribute(target.leaf());
        if is_read_only(schemas.attribute(target.attribute)) || is_read_only(leaf) {
            let path = &leaf.path;
            return Err(Error::mutability(format!("{path} is read-only")));
        }
        Ok(())
    }

    fn whole(&mut self, op: Op, id: AttrId, value: &Value) -> Result<(), Error> {
        let attribute = self.reader.schemas.attribute(id);
        if attribute.place == Place::Members {
            return self.members(op, attribute, value);
        }
        match op {
            Op::Remove if attribute.multi_valued && !value.is_null() => {
                self.reader.deviate(Deviation::RemoveWithValue)?;
                let listed = self.list(attribute, &without_nulls(value))?;
                self.push(Operation::RemoveAlike(id, listed));
            }
            Op::Remove => self.push(Operation::Remove(id)),
            Op::Put(act) if attribute.multi_valued => {
                let values = self.list(attribute, value)?;
                match (act, values.is_empty()) {
                    (Act::Add, true) => {} // Nothing joins what is there.
                    (Act::Replace, true) => self.push(Operation::Put(act, id, None)),
                    (Act::Add | Act::Replace, false) => {
                        self.push(Operation::Put(act, id, Some(Val::Many(values))));
                    }
                }
            }
            Op::Put(act) => self.single(act, attribute, value)?,
        }
        Ok(())
    }

    /// A single-valued attribute; parts of a complex value that are null become unassigned.
    fn single(&mut self, act: Act, attribute: &Attribute, value: &Value) -> Result<(), Error> {
        let id = attribute.id;
        if let (DataType::Complex, Value::Object(members)) = (attribute.data_type, value) {
            for sub in self.parts_to_clear(attribute, members) {
                self.push(Operation::PutPart(id, sub, None));
            }
            // Where there is nothing but nulls and unknown names, no part is set.
            if let Some(value) = self.reader.single(attribute, value)? {
                self.push(Operation::Put(act, id, Some(value)));
            }
            return Ok(());
        }
        let value = self.reader.value(id, value)?;
        self.push(Operation::Put(act, id, value));
        Ok(())
    }

    fn parts_to_clear(&self, attribute: &Attribute, members: &Map<String, Value>) -> Vec<AttrId> {
        let schemas = self.reader.schemas;
        let nulls = members.iter().filter(|(_, value)| value.is_null());
        let parts = nulls.filter_map(|(name, _)| schemas.sub_attribute(attribute.id, name));
        parts.filter(|it| !is_read_only(schemas.attribute(*it))).collect()
    }

    /// The values for a multi-valued attribute: an array, or one value by itself (RFC 7644 §3.5.2.1).
    fn list(&mut self, attribute: &Attribute, value: &Value) -> Result<Vec<Val>, Error> {
        let wrapped;
        let array = match value {
            Value::Array(_) | Value::Null => value,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                wrapped = Value::Array(vec![value.clone()]);
                &wrapped
            }
        };
        Ok(match self.reader.value(attribute.id, array)? {
            Some(Val::Many(values)) => values,
            Some(other) => vec![other],
            None => Vec::new(),
        })
    }

    fn part(&mut self, op: Op, parent: AttrId, sub: AttrId, value: &Value) -> Result<(), Error> {
        let schemas = self.reader.schemas;
        if schemas.attribute(parent).place == Place::Members {
            return Err(fixed_member());
        }
        match op {
            Op::Remove => self.push(Operation::RemovePart(parent, sub)),
            Op::Put(_) => {
                let value = self.reader.value(sub, value)?;
                self.push(Operation::PutPart(parent, sub, value));
            }
        }
        Ok(())
    }

    fn value_path(
        &mut self,
        op: Op,
        target: Target,
        expression: &Expression,
        sub: Option<&str>,
        value: &Value,
    ) -> Result<(), Error> {
        let schemas = self.reader.schemas;
        let attribute = schemas.attribute(target.attribute);
        if target.sub.is_some() || !attribute.takes_value_filter() {
            let path = &schemas.attribute(target.leaf()).path;
            return Err(Error::invalid_path(format!(
                "{path} is not complex and takes no [filter]"
            )));
        }
        let (filter, deviations) =
            resolve_within(schemas, self.reader.kind, attribute.id, expression)
                .map_err(as_path_error)?;
        for deviation in deviations {
            self.reader.deviate(deviation).map_err(as_path_error)?;
        }
        let sub = match sub {
            None => None,
            Some(name) => match schemas.sub_attribute(attribute.id, name) {
                Some(sub) => Some(sub),
                None => return self.unknown(&format!("{}.{name}", attribute.path)),
            },
        };
        if let Some(sub) = sub {
            self.check_mutability(Target { attribute: attribute.id, sub: Some(sub) })?;
            if op == Op::Remove {
                check_removable(schemas.attribute(sub))?;
            }
        }
        if attribute.place == Place::Members {
            return self.selected_members(op, filter, sub);
        }
        let seed = self.seed(attribute, expression)?;
        let selection = Selection { attribute: attribute.id, filter, sub, clear: Vec::new(), seed };
        match (op, sub) {
            (Op::Remove, _) => self.push(Operation::RemoveElements(selection)),
            (Op::Put(act), Some(sub)) => {
                let value = self.reader.value(sub, value)?;
                self.push(Operation::PutElements(act, selection, value));
            }
            (Op::Put(act), None) => self.element(act, attribute, selection, value)?,
        }
        Ok(())
    }

    /// The value of one element; clients also send it as an array of one.
    fn element(
        &mut self,
        act: Act,
        attribute: &Attribute,
        mut selection: Selection,
        value: &Value,
    ) -> Result<(), Error> {
        let value = match value.as_array().map(Vec::as_slice) {
            None => value,
            Some([]) if act == Act::Add => return Ok(()), // Nothing joins what is there.
            Some([]) => &Value::Null,
            Some([only]) => only,
            Some(_) => {
                let path = &attribute.path;
                let detail = format!("the path selects one value of {path}; several were sent");
                return Err(Error::invalid_value(detail));
            }
        };
        if let (Act::Add, Value::Object(members)) = (act, value) {
            selection.clear = self.parts_to_clear(attribute, members);
        }
        let read = match self.reader.single(attribute, value)? {
            None if !selection.clear.is_empty() => Some(Val::Complex(Attributes::new())),
            // An object of nothing but unknown names says nothing about the element.
            None if !value.is_null() => return Ok(()),
            read => read,
        };
        self.push(Operation::PutElements(act, selection, read));
        Ok(())
    }

    /// The element that a filter describes, in the spelling of its literals.
    fn seed(
        &mut self,
        attribute: &Attribute,
        tree: &Expression,
    ) -> Result<Option<Attributes>, Error> {
        let terms = match tree {
            Tree::And(terms) => terms.as_slice(),
            Tree::Compare(..) => std::slice::from_ref(tree),
            Tree::Or(_) | Tree::Not(_) | Tree::Present(_) | Tree::Within(..) => return Ok(None),
        };
        let mut seed = Attributes::new();
        for term in terms {
            let Tree::Compare(path, Operator::Equal, literal) = term else { return Ok(None) };
            let Some(sub) = self.reader.schemas.sub_attribute(attribute.id, &path.name) else {
                return Ok(None);
            };
            let part = self.reader.schemas.attribute(sub);
            match self.reader.single(part, &json(part, literal))? {
                // Two values for one part, or none: no element is like that.
                Some(value) if seed.get(sub).is_none_or(|it| *it == value) => seed.set(sub, value),
                Some(_) | None => return Ok(None),
            }
        }
        Ok(Some(seed))
    }

    fn members(&mut self, op: Op, attribute: &Attribute, value: &Value) -> Result<(), Error> {
        let delta = match op {
            Op::Put(act) => {
                check_members(attribute, value)?;
                let members = self.member_ids(attribute, value)?;
                match (act, self.group_replace) {
                    (Act::Add, _) | (Act::Replace, GroupReplace::Additive) => Delta::add(members),
                    (Act::Replace, GroupReplace::Rfc) => Delta::replace(members),
                }
            }
            Op::Remove if value.is_null() => Delta::replace([]),
            Op::Remove => {
                self.reader.deviate(Deviation::RemoveWithValue)?;
                Delta::remove(self.member_ids(attribute, value)?)
            }
        };
        self.push_members(MemberEdit::Delta(delta));
        Ok(())
    }

    fn member_ids(&mut self, attribute: &Attribute, value: &Value) -> Result<Vec<Box<str>>, Error> {
        let value_id = self.reader.schemas.sub_attribute(attribute.id, "value");
        let members = self.list(attribute, value)?;
        let id = |member: &Val| {
            let parts = member.as_complex()?;
            parts.get(value_id?)?.as_str().filter(|id| !id.is_empty()).map(Into::into)
        };
        Ok(members.iter().filter_map(id).collect())
    }

    fn selected_members(
        &mut self,
        op: Op,
        filter: Filter,
        sub: Option<AttrId>,
    ) -> Result<(), Error> {
        if op != Op::Remove || sub.is_some() {
            return Err(fixed_member());
        }
        let mut ids = Vec::new();
        let edit = if named_ids(self.reader, &filter, &mut ids) {
            MemberEdit::Delta(Delta::remove(ids))
        } else {
            MemberEdit::RemoveWhere(filter)
        };
        self.push_members(edit);
        Ok(())
    }

    /// Neighboring deltas fold into one.
    fn push_members(&mut self, edit: MemberEdit) {
        let last = self.steps.last_mut().map(|it| &mut it.operation);
        match (edit, last) {
            (MemberEdit::Delta(next), Some(Operation::Members(MemberEdit::Delta(last)))) => {
                *last = std::mem::take(last).then(next);
            }
            (edit, _) => self.push(Operation::Members(edit)),
        }
    }
}

/// Whether a filter names members by `value eq` alone, joined by `or`; their ids are collected.
fn named_ids(reader: &Reader<'_>, filter: &Filter, ids: &mut Vec<Box<str>>) -> bool {
    match filter {
        Tree::Or(terms) => terms.iter().all(|term| named_ids(reader, term, ids)),
        Tree::Compare(target, Operator::Equal, Operand::Str(id))
            if &*reader.schemas.attribute(target.leaf()).name == "value" =>
        {
            ids.push(id.clone());
            true
        }
        Tree::Compare(..) | Tree::And(_) | Tree::Not(_) | Tree::Present(_) | Tree::Within(..) => {
            false
        }
    }
}

fn op(op: Option<&Value>) -> Result<Op, Error> {
    match op {
        Some(Value::String(op)) => match op.as_str() {
            "add" => Ok(Op::Put(Act::Add)),
            "replace" => Ok(Op::Put(Act::Replace)),
            "remove" => Ok(Op::Remove),
            other => {
                let other = quote(other);
                Err(Error::invalid_syntax(format!("op is add, remove or replace, not {other}")))
            }
        },
        Some(_) | None => Err(Error::invalid_syntax("op is missing; it is add, remove or replace")),
    }
}

/// The error of a path in place of that of a filter.
/// What a remove lists, without elements that have a null part: such an element names nothing, and
/// what is left of it, a `type` perhaps, would name too much. A null `$ref` says nothing either way.
fn without_nulls(value: &Value) -> Value {
    let names_something = |element: &&Value| {
        let members = element.as_object();
        members.is_none_or(|it| it.iter().all(|(name, part)| name == "$ref" || !part.is_null()))
    };
    match value {
        Value::Array(elements) => {
            Value::Array(elements.iter().filter(names_something).cloned().collect())
        }
        Value::Object(_) if !names_something(&value) => Value::Array(Vec::new()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            value.clone()
        }
    }
}

fn as_path_error(error: Error) -> Error {
    Error::invalid_path(error.detail)
}

// RFC 7644 §3.5.2.2: what is required cannot be removed.
fn check_removable(attribute: &Attribute) -> Result<(), Error> {
    if attribute.required {
        let path = &attribute.path;
        return Err(Error::mutability(format!("{path} is required and cannot be removed")));
    }
    Ok(())
}

fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn is_read_only(attribute: &Attribute) -> bool {
    match attribute.place {
        Place::Row | Place::MemberOf | Place::Derived => true,
        Place::Body | Place::Members | Place::Secret => {
            attribute.mutability == Mutability::ReadOnly
        }
    }
}

fn fixed_member() -> Error {
    Error::mutability("a member cannot be changed in place; remove it and add another")
}

/// A literal as the JSON of an attribute's value; the resolved filter says that it has the type.
fn json(attribute: &Attribute, literal: &Literal) -> Value {
    match (attribute.data_type, literal) {
        (_, Literal::Null) => Value::Null,
        (DataType::Boolean, Literal::Str(text)) => Value::Bool(text.eq_ignore_ascii_case("true")),
        (DataType::Integer | DataType::Decimal, Literal::Str(text)) => {
            serde_json::from_str(text).unwrap_or_default()
        }
        (
            DataType::String | DataType::Reference | DataType::Binary,
            Literal::Bool(_) | Literal::Number(_),
        ) => Value::String(literal.to_string()),
        (_, Literal::Bool(value)) => Value::Bool(*value),
        (_, Literal::Number(number)) => Value::Number(number.clone()),
        (_, Literal::Str(text)) => Value::String(text.to_string()),
    }
}
