//! Operations on a resource: all of them, in order, or none (RFC 7644 §3.5.2).

use std::collections::{BTreeMap, BTreeSet};

use super::{Act, MemberEdit, Operation, Patch, Selection, numbered};
use crate::deviation::Deviation;
use crate::error::Error;
use crate::filter::{Filter, Tree, matches_value};
use crate::schema::{AttrId, Attribute, Mutability, Place, Schemas};
use crate::value::{Attributes, Mode, Reader, STORED, Val, check_count, drop_hollow, fold, join};

/// How much the operations of one PATCH may compare, in bytes of values times comparisons. A user
/// with a hundred addresses and a thousand operations on them stays far below.
const COMPARED_BYTES_MAX: usize = 32 << 20;
/// How much the operations of one PATCH may write where one value goes into many elements, in bytes.
const SPREAD_BYTES_MAX: usize = 4 << 20;

/// What a PATCH makes of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Patched {
    /// The attributes afterwards.
    pub attributes: Attributes,
    /// The changes of the membership relation, in order; neighboring deltas are folded.
    pub members: Vec<MemberEdit>,
    /// Secrets that are set or unassigned; they are no part of the attributes.
    pub secrets: BTreeMap<AttrId, Option<Val>>,
}

impl Patch {
    /// Applies the operations in their order.
    ///
    /// # Errors
    /// `noTarget` if a value path selects nothing, `mutability` if an immutable value would change,
    /// `invalidValue` if two values become primary, an attribute gets too many values, or a required
    /// one is left unassigned, `tooMany` if there is too much to compare.
    pub fn apply(&self, reader: &mut Reader<'_>, attributes: Attributes) -> Result<Patched, Error> {
        let lacking = reader.lacking(&attributes, STORED);
        let patched = Patched { attributes, members: Vec::new(), secrets: BTreeMap::new() };
        let mut work =
            Work { reader, patched, touched: BTreeSet::new(), compared_bytes: 0, spread_bytes: 0 };
        for step in &self.steps {
            work.step(&step.operation).map_err(numbered(step.number))?;
        }
        let Work { reader, mut patched, touched, .. } = work;
        for id in touched {
            drop_hollow(reader.schemas, &mut patched.attributes, id);
        }
        // What was lacking before, because the schema asked for less then, is not this PATCH's fault.
        let after = reader.lacking(&patched.attributes, STORED);
        match after.into_iter().find(|lack| !lacking.contains(lack)) {
            Some(lack) => Err(reader.missing(lack)),
            None => Ok(patched),
        }
    }
}

struct Work<'a, 's> {
    reader: &'a mut Reader<'s>,
    patched: Patched,
    /// Attributes whose elements changed.
    touched: BTreeSet<AttrId>,
    compared_bytes: usize,
    spread_bytes: usize,
}

impl Work<'_, '_> {
    // RFC 7644 §3.5.2: what is immutable may be set once.
    fn step(&mut self, operation: &Operation) -> Result<(), Error> {
        let schemas = self.reader.schemas;
        let is_fixed = |id: &AttrId| schemas.attribute(*id).mutability == Mutability::Immutable;
        let fixed = operation.attribute().filter(is_fixed);
        let before = fixed.and_then(|id| Some((id, self.patched.attributes.get(id)?.clone())));
        self.operation(operation)?;
        match before {
            Some((id, value)) if self.patched.attributes.get(id) != Some(&value) => {
                Err(immutable(schemas.attribute(id)))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn operation(&mut self, operation: &Operation) -> Result<(), Error> {
        match operation {
            Operation::Put(_, id, value) if self.is_secret(*id) => {
                self.patched.secrets.insert(*id, value.clone());
                Ok(())
            }
            Operation::Remove(id) if self.is_secret(*id) => {
                self.patched.secrets.insert(*id, None);
                Ok(())
            }
            Operation::Put(_, id, None) | Operation::Remove(id) => {
                self.patched.attributes.remove(*id);
                Ok(())
            }
            Operation::Put(act, id, Some(value)) => self.put(*act, *id, value),
            Operation::PutPart(id, sub, value) => self.put_part(*id, *sub, value.as_ref()),
            Operation::PutElements(act, selection, value) => {
                self.put_elements(*act, selection, value.as_ref())
            }
            Operation::RemovePart(id, sub) => self.put_part(*id, *sub, None),
            Operation::RemoveElements(selection) => self.remove_elements(selection),
            Operation::RemoveAlike(id, listed) => self.remove_alike(*id, listed),
            Operation::Members(edit) => {
                self.push_members(edit);
                Ok(())
            }
        }
    }

    fn is_secret(&self, id: AttrId) -> bool {
        self.reader.schemas.attribute(id).place == Place::Secret
    }

    fn put(&mut self, act: Act, id: AttrId, value: &Val) -> Result<(), Error> {
        let schemas = self.reader.schemas;
        if act == Act::Add {
            self.compare(id, 1)?;
        }
        let attributes = &mut self.patched.attributes;
        match (value, attributes.get_mut(id)) {
            // RFC 7644 §3.5.2.3: parts that are not listed stay as they are, for add as for replace.
            (Val::Complex(parts), Some(present @ Val::Complex(_))) => {
                for (sub, value) in parts.iter() {
                    put_in(schemas, present, sub, Some(value))?;
                }
            }
            (Val::Many(values), Some(Val::Many(present))) if act == Act::Add => {
                let changed = join(schemas, id, present, values);
                if changed.is_empty() {
                    return Ok(());
                }
                check_count(schemas.attribute(id), present.len())?;
                return self.settle_primary(id, &changed);
            }
            (
                Val::Many(_)
                | Val::Complex(_)
                | Val::Bool(_)
                | Val::Int(_)
                | Val::Dec(_)
                | Val::Str(_)
                | Val::Time(_)
                | Val::Bin(_),
                _,
            ) => attributes.set(id, value.clone()),
        }
        if schemas.attribute(id).multi_valued {
            self.touched.insert(id);
        }
        Ok(())
    }

    fn put_part(&mut self, id: AttrId, sub: AttrId, value: Option<&Val>) -> Result<(), Error> {
        let schemas = self.reader.schemas;
        let multi_valued = schemas.attribute(id).multi_valued;
        let empty = Val::Complex(Attributes::new());
        if self.patched.attributes.get(id).is_none() {
            if value.is_none() {
                return Ok(());
            }
            let first = if multi_valued { Val::Many(vec![empty]) } else { empty };
            self.patched.attributes.set(id, first);
        }
        self.spread(id, self.patched.attributes.get(id).map_or(0, |it| it.each().len()), value)?;
        match self.patched.attributes.get_mut(id) {
            Some(present @ Val::Complex(_)) => {
                put_in(schemas, present, sub, value)?;
                if present.as_complex().is_some_and(Attributes::is_empty) {
                    self.patched.attributes.remove(id);
                }
                Ok(())
            }
            Some(Val::Many(elements)) => {
                let count = elements.len();
                for element in elements {
                    put_in(schemas, element, sub, value)?;
                }
                self.settle_primary(id, &(0..count).collect::<Vec<_>>())
            }
            Some(
                Val::Bool(_) | Val::Int(_) | Val::Dec(_) | Val::Str(_) | Val::Time(_) | Val::Bin(_),
            )
            | None => Ok(()),
        }
    }

    fn put_elements(
        &mut self,
        act: Act,
        selection: &Selection,
        value: Option<&Val>,
    ) -> Result<(), Error> {
        let schemas = self.reader.schemas;
        let id = selection.attribute;
        let selected = self.selected(selection)?;
        if selected.is_empty() {
            return self.create_element(selection, value);
        }
        if value.is_none() && selection.sub.is_none() {
            return self.remove_elements(selection);
        }
        self.spread(id, selected.len(), value)?;
        for index in &selected {
            let Some(element) = self.element_mut(id, *index) else { continue };
            match (selection.sub, value, act) {
                (Some(sub), value, _) => put_in(schemas, element, sub, value)?,
                (None, Some(Val::Complex(parts)), Act::Add) => {
                    for sub in &selection.clear {
                        put_in(schemas, element, *sub, None)?;
                    }
                    for (sub, value) in parts.iter() {
                        put_in(schemas, element, sub, Some(value))?;
                    }
                }
                (None, Some(value), _) => *element = value.clone(),
                (None, None, _) => {}
            }
        }
        self.settle_primary(id, &selected)
    }

    /// A value path that selects nothing; lenient readers make the element that it describes.
    fn create_element(&mut self, selection: &Selection, value: Option<&Val>) -> Result<(), Error> {
        let attribute = self.reader.schemas.attribute(selection.attribute);
        let value = match (value, self.reader.mode) {
            (Some(value), Mode::Lenient | Mode::Strict) => value,
            // What is not there is unassigned already.
            (None, Mode::Lenient) => return Ok(()),
            (None, Mode::Strict) => return Err(no_target(attribute)),
        };
        let is_taken =
            !attribute.multi_valued && self.patched.attributes.get(attribute.id).is_some();
        let Some(seed) = selection.seed.as_ref().filter(|_| !is_taken) else {
            return Err(no_target(attribute));
        };
        self.reader.deviate(Deviation::ElementFromFilter)?;
        let mut element = seed.clone();
        match (selection.sub, value) {
            (Some(sub), value) => element.set(sub, value.clone()),
            (None, Val::Complex(parts)) => {
                for (sub, value) in parts.iter() {
                    element.set(sub, value.clone());
                }
            }
            (None, _) => {}
        }
        let element = Val::Complex(element);
        if !attribute.multi_valued {
            self.patched.attributes.set(attribute.id, element);
            return Ok(());
        }
        if self.patched.attributes.get(attribute.id).is_none() {
            self.patched.attributes.set(attribute.id, Val::Many(Vec::new()));
        }
        let Some(Val::Many(elements)) = self.patched.attributes.get_mut(attribute.id) else {
            return Ok(());
        };
        let last = elements.len();
        elements.push(element);
        check_count(attribute, elements.len())?;
        self.settle_primary(attribute.id, &[last])
    }

    fn remove_elements(&mut self, selection: &Selection) -> Result<(), Error> {
        let schemas = self.reader.schemas;
        let attribute = schemas.attribute(selection.attribute);
        let selected = self.selected(selection)?;
        if selected.is_empty() {
            // A single complex value has one element at most: it is gone already.
            if !attribute.multi_valued {
                return Ok(());
            }
            return Err(no_target(attribute));
        }
        if let Some(sub) = selection.sub {
            for index in selected {
                if let Some(element) = self.element_mut(attribute.id, index) {
                    put_in(schemas, element, sub, None)?;
                }
            }
            self.touched.insert(attribute.id);
            return Ok(());
        }
        if !attribute.multi_valued {
            self.patched.attributes.remove(attribute.id);
            return Ok(());
        }
        self.retain(attribute.id, |element| !matches_value(schemas, &selection.filter, element))
    }

    /// Removes the values that are like a listed one.
    fn remove_alike(&mut self, id: AttrId, listed: &[Val]) -> Result<(), Error> {
        // Once the case is folded, comparing costs little: most values differ early.
        self.compare(id, 1 + listed.len() / 16)?;
        let (schemas, attribute) = (self.reader.schemas, self.reader.schemas.attribute(id));
        let listed: Vec<Val> = listed.iter().map(|it| folded(schemas, attribute, it)).collect();
        self.retain(id, |element| {
            let element = folded(schemas, attribute, element);
            !listed.iter().any(|it| is_part_of(it, &element))
        })
    }

    /// The places of the elements that a filter selects.
    fn selected(&mut self, selection: &Selection) -> Result<Vec<usize>, Error> {
        self.compare(selection.attribute, terms(&selection.filter))?;
        let elements = self.patched.attributes.get(selection.attribute).map_or(&[][..], Val::each);
        let is_selected =
            |element: &Val| matches_value(self.reader.schemas, &selection.filter, element);
        let selected = elements.iter().enumerate().filter(|(_, it)| is_selected(it));
        Ok(selected.map(|(index, _)| index).collect())
    }

    /// Accounts for so many comparisons with each value of an attribute.
    fn compare(&mut self, id: AttrId, times: usize) -> Result<(), Error> {
        let bytes = self.patched.attributes.get(id).map_or(0, size_bytes);
        self.compared_bytes = self.compared_bytes.saturating_add(bytes.saturating_mul(times));
        if self.compared_bytes > COMPARED_BYTES_MAX {
            let path = &self.reader.schemas.attribute(id).path;
            return Err(Error::too_many(format!(
                "the operations compare too much with the values of {path}; send fewer at once"
            )));
        }
        Ok(())
    }

    /// Accounts for a value that goes into so many elements.
    fn spread(&mut self, id: AttrId, times: usize, value: Option<&Val>) -> Result<(), Error> {
        let bytes = value.map_or(0, size_bytes).saturating_mul(times);
        self.spread_bytes = self.spread_bytes.saturating_add(bytes);
        if self.spread_bytes > SPREAD_BYTES_MAX {
            let path = &self.reader.schemas.attribute(id).path;
            return Err(Error::too_many(format!(
                "the operations write too much into the {times} values of {path}; \
                 {SPREAD_BYTES_MAX} bytes are allowed"
            )));
        }
        Ok(())
    }

    fn element_mut(&mut self, id: AttrId, index: usize) -> Option<&mut Val> {
        match self.patched.attributes.get_mut(id)? {
            Val::Many(elements) => elements.get_mut(index),
            other => Some(other),
        }
    }

    fn retain(&mut self, id: AttrId, keep: impl Fn(&Val) -> bool) -> Result<(), Error> {
        let Some(Val::Many(elements)) = self.patched.attributes.get_mut(id) else { return Ok(()) };
        elements.retain(keep);
        if !elements.is_empty() {
            return Ok(());
        }
        self.patched.attributes.remove(id);
        let attribute = self.reader.schemas.attribute(id);
        // RFC 7644 §3.5.2.2: what is required must not become unassigned.
        if attribute.required {
            let path = &attribute.path;
            return Err(Error::mutability(format!("{path} is required; one value must stay")));
        }
        Ok(())
    }

    /// RFC 7644 §3.5.2: an element that becomes the primary one takes this from the others.
    fn settle_primary(&mut self, id: AttrId, changed: &[usize]) -> Result<(), Error> {
        self.touched.insert(id);
        let schemas = self.reader.schemas;
        let Some(primary) = schemas.sub_attribute(id, "primary") else { return Ok(()) };
        let Some(Val::Many(elements)) = self.patched.attributes.get_mut(id) else { return Ok(()) };
        let is_primary = |element: &Val| {
            element.as_complex().and_then(|it| it.get(primary)) == Some(&Val::Bool(true))
        };
        let mut fresh = changed.iter().filter(|it| elements.get(**it).is_some_and(is_primary));
        let (first, second) = (fresh.next(), fresh.next());
        if second.is_some() {
            let path = &schemas.attribute(id).path;
            return Err(Error::invalid_value(format!("two values of {path} would be primary")));
        }
        let Some(first) = first else { return Ok(()) };
        for (index, element) in elements.iter_mut().enumerate() {
            if index != *first && is_primary(element) {
                put_in(schemas, element, primary, Some(&Val::Bool(false)))?;
            }
        }
        Ok(())
    }

    fn push_members(&mut self, edit: &MemberEdit) {
        if let (MemberEdit::Delta(next), Some(MemberEdit::Delta(last))) =
            (edit, self.patched.members.last_mut())
        {
            *last = std::mem::take(last).then(next.clone());
            return;
        }
        self.patched.members.push(edit.clone());
    }
}

fn put_in(
    schemas: &Schemas,
    element: &mut Val,
    sub: AttrId,
    value: Option<&Val>,
) -> Result<(), Error> {
    let Val::Complex(parts) = element else { return Ok(()) };
    let part = schemas.attribute(sub);
    let is_changed = || parts.get(sub).is_some_and(|present| Some(present) != value);
    if part.mutability == Mutability::Immutable && is_changed() {
        return Err(immutable(part));
    }
    parts.put(sub, value.cloned());
    Ok(())
}

/// A value with its strings as they are compared.
fn folded(schemas: &Schemas, attribute: &Attribute, value: &Val) -> Val {
    match value {
        Val::Str(text) => Val::Str(fold(attribute, text).into()),
        Val::Complex(parts) => {
            let parts = parts.iter();
            let parts = parts.map(|(id, part)| (id, folded(schemas, schemas.attribute(id), part)));
            Val::Complex(parts.collect())
        }
        Val::Many(_) | Val::Bool(_) | Val::Int(_) | Val::Dec(_) | Val::Time(_) | Val::Bin(_) => {
            value.clone()
        }
    }
}

/// Whether an element has all the parts of a listed one.
fn is_part_of(listed: &Val, element: &Val) -> bool {
    match (listed, element) {
        (Val::Complex(listed), Val::Complex(parts)) => {
            listed.iter().all(|(sub, value)| parts.get(sub) == Some(value))
        }
        (listed, element) => listed == element,
    }
}

/// About how much there is to look at in a value.
fn size_bytes(value: &Val) -> usize {
    let inside = match value {
        Val::Str(text) | Val::Bin(text) => text.len(),
        Val::Time(time) => time.text.len(),
        Val::Complex(parts) => parts.iter().map(|(_, part)| size_bytes(part)).sum(),
        Val::Many(values) => values.iter().map(size_bytes).sum(),
        Val::Bool(_) | Val::Int(_) | Val::Dec(_) => 0,
    };
    inside + 8
}

/// How many comparisons a filter makes with one element.
fn terms(filter: &Filter) -> usize {
    match filter {
        Tree::And(terms) | Tree::Or(terms) => terms.iter().map(self::terms).sum(),
        Tree::Not(inner) | Tree::Within(_, inner) => terms(inner),
        Tree::Present(_) | Tree::Compare(..) => 1,
    }
}

fn immutable(attribute: &Attribute) -> Error {
    Error::mutability(format!("{} has a value and is immutable", attribute.path))
}

fn no_target(attribute: &Attribute) -> Error {
    let path = &attribute.path;
    Error::no_target(format!("no value of {path} matches the filter of the path"))
}

#[cfg(test)]
mod tests;
