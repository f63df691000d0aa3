//! Names to attributes and literals to their types (RFC 7644 §3.4.2.2, §7.5.2).

use super::{Expression, Filter, Literal, Operator, Tree};
use crate::deviation::Deviation;
use crate::error::{Error, quote};
use crate::path::{self, AttributePath, Named, Target};
use crate::schema::{AttrId, Attribute, DataType, Kind, Place, Returned, Schemas};
use crate::value::{Time, fold};

/// A comparison value of the attribute's type.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// The unassigned state (RFC 7643 §2.5).
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A decimal.
    Dec(f64),
    /// A string, folded as the attribute compares.
    Str(Box<str>),
    /// A date and time: microseconds since 1970, and the text for `co`, `sw`, `ew`.
    Time(i64, Box<str>),
}

/// A filter on one kind, and what was tolerated in it.
pub type Resolved = (Filter, Vec<Deviation>);

/// Resolves a filter against the attributes of one kind.
///
/// # Errors
/// `invalidFilter` for an unknown attribute, an operator or a value that does not go with its
/// type; `sensitive` for an attribute that is never returned.
pub fn resolve(schemas: &Schemas, kind: Kind, tree: &Expression) -> Result<Resolved, Error> {
    let mut resolver =
        Resolver { schemas, kind, within: None, absent: Absent::Refuse, deviations: Vec::new() };
    let filter = resolver.tree(tree)?;
    Ok((filter, resolver.deviations))
}

/// Resolves a filter for one kind of a query over several; an attribute that the kind does not
/// have counts as one without a value (RFC 7644 §3.4.2.1).
///
/// `None` is a filter that no resource of the kind can match.
///
/// # Errors
/// As [`resolve`], but for unknown attributes.
pub fn resolve_across(
    schemas: &Schemas,
    kind: Kind,
    tree: &Expression,
) -> Result<Option<Resolved>, Error> {
    let mut resolver = Resolver {
        schemas,
        kind,
        within: None,
        absent: Absent::Unassigned,
        deviations: Vec::new(),
    };
    match resolver.constant(tree)? {
        Folded::Filter(filter) => Ok(Some((filter, resolver.deviations))),
        Folded::Never => Ok(None),
        // A filter such as `not (nosuch pr)` is true of every resource, and so is `id pr`.
        Folded::Always => {
            let id = Target { attribute: schemas.common().id, sub: None };
            Ok(Some((Tree::Present(id), resolver.deviations)))
        }
    }
}

/// Resolves the filter of a value path against the sub-attributes of an attribute.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_within(
    schemas: &Schemas,
    kind: Kind,
    parent: AttrId,
    tree: &Expression,
) -> Result<Resolved, Error> {
    let mut resolver = Resolver {
        schemas,
        kind,
        within: Some(parent),
        absent: Absent::Refuse,
        deviations: Vec::new(),
    };
    let filter = resolver.tree(tree)?;
    Ok((filter, resolver.deviations))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Absent {
    Refuse,
    Unassigned,
}

enum Folded {
    Filter(Filter),
    Always,
    Never,
}

struct Resolver<'a> {
    schemas: &'a Schemas,
    kind: Kind,
    within: Option<AttrId>,
    absent: Absent,
    deviations: Vec<Deviation>,
}

impl Resolver<'_> {
    fn tree(&mut self, tree: &Expression) -> Result<Filter, Error> {
        Ok(match tree {
            Tree::And(terms) => Tree::And(self.all(terms)?),
            Tree::Or(terms) => Tree::Or(self.all(terms)?),
            Tree::Not(inner) => Tree::Not(Box::new(self.tree(inner)?)),
            Tree::Present(path) => Tree::Present(self.target(path)?),
            Tree::Compare(path, operator, value) => self.compare(path, *operator, value)?,
            Tree::Within(path, inner) => self.value_path(path, inner)?,
        })
    }

    fn all(&mut self, terms: &[Expression]) -> Result<Vec<Filter>, Error> {
        terms.iter().map(|term| self.tree(term)).collect()
    }

    /// Resolves with unknown attributes folded away as unassigned ones.
    fn constant(&mut self, tree: &Expression) -> Result<Folded, Error> {
        match tree {
            Tree::And(terms) => {
                let mut kept = Vec::new();
                for term in terms {
                    match self.constant(term)? {
                        Folded::Never => return Ok(Folded::Never),
                        Folded::Always => {}
                        Folded::Filter(filter) => kept.push(filter),
                    }
                }
                Ok(joined(kept, Tree::And, Folded::Always))
            }
            Tree::Or(terms) => {
                let mut kept = Vec::new();
                for term in terms {
                    match self.constant(term)? {
                        Folded::Always => return Ok(Folded::Always),
                        Folded::Never => {}
                        Folded::Filter(filter) => kept.push(filter),
                    }
                }
                Ok(joined(kept, Tree::Or, Folded::Never))
            }
            Tree::Not(inner) => Ok(match self.constant(inner)? {
                Folded::Filter(filter) => Folded::Filter(Tree::Not(Box::new(filter))),
                Folded::Always => Folded::Never,
                Folded::Never => Folded::Always,
            }),
            Tree::Present(path) | Tree::Within(path, _) if self.is_absent(path) => {
                Ok(Folded::Never)
            }
            Tree::Compare(path, operator, value) if self.is_absent(path) => {
                let matches = (*operator == Operator::Equal) == (*value == Literal::Null)
                    && matches!(operator, Operator::Equal | Operator::NotEqual);
                Ok(if matches { Folded::Always } else { Folded::Never })
            }
            Tree::Present(_) | Tree::Compare(..) | Tree::Within(..) => {
                Ok(Folded::Filter(self.tree(tree)?))
            }
        }
    }

    fn is_absent(&self, path: &AttributePath) -> bool {
        self.absent == Absent::Unassigned
            && path::resolve(self.schemas, self.kind, path, &mut Vec::new()).is_none()
    }

    fn value_path(&mut self, path: &AttributePath, inner: &Expression) -> Result<Filter, Error> {
        let target = self.target(path)?;
        let attribute = self.schemas.attribute(target.attribute);
        if target.sub.is_some() || !attribute.takes_value_filter() {
            let path = quote(&path.to_string());
            return Err(Error::invalid_filter(format!(
                "{path} is not complex and takes no [filter]"
            )));
        }
        let (inner, deviations) = resolve_within(self.schemas, self.kind, target.attribute, inner)?;
        self.deviations.extend(deviations);
        Ok(Tree::Within(target, Box::new(inner)))
    }

    fn compare(
        &mut self,
        path: &AttributePath,
        operator: Operator,
        value: &Literal,
    ) -> Result<Filter, Error> {
        let mut target = self.target(path)?;
        let mut attribute = self.schemas.attribute(target.leaf());
        if attribute.data_type == DataType::Complex {
            // A complex attribute is compared by its `value`.
            let Some(value) = self.schemas.sub_attribute(attribute.id, "value") else {
                let path = &attribute.path;
                return Err(Error::invalid_filter(format!(
                    "{path} is complex; compare one of its sub-attributes"
                )));
            };
            target.sub = Some(value);
            attribute = self.schemas.attribute(value);
        }
        check_operator(attribute, operator)?;
        let operand = self.operand(attribute, operator, value)?;
        Ok(Tree::Compare(target, operator, operand))
    }

    fn target(&mut self, path: &AttributePath) -> Result<Target, Error> {
        let target = match self.within {
            Some(parent) => self.sub_target(parent, path),
            None => match path::resolve(self.schemas, self.kind, path, &mut self.deviations) {
                Some(Named::Attribute(target)) => Some(target),
                Some(Named::Extension(_)) | None => None,
            },
        };
        let target = target.ok_or_else(|| {
            let path = quote(&path.to_string());
            let resource_type = &self.schemas.resource_type(self.kind).name;
            match self.within {
                Some(parent) => {
                    let parent = &self.schemas.attribute(parent).path;
                    Error::invalid_filter(format!("{path} is no sub-attribute of {parent}"))
                }
                None => Error::invalid_filter(format!("{path} is no attribute of {resource_type}")),
            }
        })?;
        let leaf = self.schemas.attribute(target.leaf());
        // RFC 7644 §7.5.2: what is never returned must not be found out by filters either.
        let is_hidden =
            |it: &Attribute| it.returned == Returned::Never || it.place == Place::Secret;
        if is_hidden(leaf) || is_hidden(self.schemas.attribute(target.attribute)) {
            return Err(Error::sensitive(format!("{} cannot be used in a filter", leaf.path)));
        }
        if leaf.place == Place::Derived || leaf.id == self.schemas.common().location {
            let path = &leaf.path;
            return Err(Error::invalid_filter(format!(
                "{path} is made up on output and cannot be used in a filter; compare `value` or `id`"
            )));
        }
        if &*leaf.name == "$ref" {
            let path = &leaf.path;
            return Err(Error::invalid_filter(format!("compare `value` instead of {path}")));
        }
        Ok(target)
    }

    /// Inside brackets a name is a sub-attribute; `value` stands for a value that has no parts.
    fn sub_target(&self, parent: AttrId, path: &AttributePath) -> Option<Target> {
        if path.urn.is_some() || path.sub.is_some() {
            return None;
        }
        let is_simple = self.schemas.attribute(parent).data_type != DataType::Complex;
        if is_simple && path.name.eq_ignore_ascii_case("value") {
            return Some(Target { attribute: parent, sub: None });
        }
        let sub = self.schemas.sub_attribute(parent, &path.name)?;
        Some(Target { attribute: parent, sub: Some(sub) })
    }

    fn operand(
        &mut self,
        attribute: &Attribute,
        operator: Operator,
        value: &Literal,
    ) -> Result<Operand, Error> {
        if *value == Literal::Null {
            return match operator {
                Operator::Equal | Operator::NotEqual => Ok(Operand::Null),
                Operator::Contains
                | Operator::StartsWith
                | Operator::EndsWith
                | Operator::Greater
                | Operator::GreaterOrEqual
                | Operator::Less
                | Operator::LessOrEqual => {
                    let keyword = operator.keyword();
                    Err(Error::invalid_filter(format!("{keyword} takes no null; use pr, eq or ne")))
                }
            };
        }
        let typed = match attribute.data_type {
            DataType::String | DataType::Reference | DataType::Binary => {
                Some(self.text(attribute, value))
            }
            DataType::Boolean => self.boolean(value),
            DataType::Integer => self.number(value).and_then(|number| match number.as_i64() {
                Some(value) => Some(Operand::Int(value)),
                None => number.as_f64().map(Operand::Dec),
            }),
            DataType::Decimal => self.number(value).and_then(|it| it.as_f64()).map(Operand::Dec),
            DataType::DateTime => match value {
                Literal::Str(text) if is_textual(operator) => Some(Operand::Time(0, text.clone())),
                Literal::Str(text) => {
                    Time::parse(text).map(|time| Operand::Time(time.micros, time.text))
                }
                Literal::Null | Literal::Bool(_) | Literal::Number(_) => None,
            },
            DataType::Complex => None,
        };
        typed.ok_or_else(|| {
            let (path, form) = (&attribute.path, attribute.data_type.json_form());
            Error::invalid_filter(format!("{path} is compared with {form}, not {value}"))
        })
    }

    fn text(&mut self, attribute: &Attribute, value: &Literal) -> Operand {
        let text = match value {
            Literal::Str(text) => fold(attribute, text).into(),
            Literal::Null | Literal::Bool(_) | Literal::Number(_) => {
                self.deviations.push(Deviation::BareLiteral);
                fold(attribute, &value.to_string()).into()
            }
        };
        Operand::Str(text)
    }

    fn boolean(&mut self, value: &Literal) -> Option<Operand> {
        let value = match value {
            Literal::Bool(value) => return Some(Operand::Bool(*value)),
            Literal::Str(text) if text.eq_ignore_ascii_case("true") => true,
            Literal::Str(text) if text.eq_ignore_ascii_case("false") => false,
            Literal::Str(_) | Literal::Null | Literal::Number(_) => return None,
        };
        self.deviations.push(Deviation::QuotedLiteral);
        Some(Operand::Bool(value))
    }

    fn number(&mut self, value: &Literal) -> Option<serde_json::Number> {
        match value {
            Literal::Number(number) => Some(number.clone()),
            Literal::Str(text) => {
                let number = serde_json::from_str(text).ok()?;
                self.deviations.push(Deviation::QuotedLiteral);
                Some(number)
            }
            Literal::Null | Literal::Bool(_) => None,
        }
    }
}

/// Which operators go with which type (RFC 7644 §3.4.2.2, table 3).
fn check_operator(attribute: &Attribute, operator: Operator) -> Result<(), Error> {
    let allowed = match (attribute.data_type, operator) {
        (_, Operator::Equal | Operator::NotEqual)
        | (DataType::String | DataType::Reference | DataType::DateTime, _) => true,
        (DataType::Integer | DataType::Decimal, operator) => !is_textual(operator),
        (DataType::Boolean | DataType::Binary | DataType::Complex, _) => false,
    };
    if allowed {
        return Ok(());
    }
    let (path, keyword) = (&attribute.path, operator.keyword());
    let others = match attribute.data_type {
        DataType::Integer | DataType::Decimal => "eq, ne, gt, ge, lt, le and pr do",
        DataType::String
        | DataType::Boolean
        | DataType::DateTime
        | DataType::Binary
        | DataType::Reference
        | DataType::Complex => "eq, ne and pr do",
    };
    let message = format!("the operator {keyword} does not go with {path}; {others}");
    Err(Error::invalid_filter(message))
}

const fn is_textual(operator: Operator) -> bool {
    match operator {
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => true,
        Operator::Equal
        | Operator::NotEqual
        | Operator::Greater
        | Operator::GreaterOrEqual
        | Operator::Less
        | Operator::LessOrEqual => false,
    }
}

fn joined(mut kept: Vec<Filter>, many: fn(Vec<Filter>) -> Filter, none: Folded) -> Folded {
    match kept.pop() {
        None => none,
        Some(only) if kept.is_empty() => Folded::Filter(only),
        Some(last) => {
            kept.push(last);
            Folded::Filter(many(kept))
        }
    }
}
