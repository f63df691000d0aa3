//! The parts of a PATCH body that rules look at (RFC 7644 §3.5.2).

use serde_json::{Map, Value};

/// What an operation does with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// `add`
    Add,
    /// `replace`
    Replace,
    /// `remove`
    Remove,
}

impl Op {
    /// Every operation.
    const ALL: [Self; 3] = [Self::Add, Self::Replace, Self::Remove];

    /// The keyword of the RFC.
    pub(crate) const fn keyword(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }

    /// The operation that a keyword in any letter case means.
    pub(crate) fn parse(keyword: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.keyword().eq_ignore_ascii_case(keyword))
    }

    /// What one operation of a PATCH body does; `None` if that cannot be told.
    pub(crate) fn of(operation: &Map<String, Value>) -> Option<Self> {
        Self::parse(member(operation, "op")?.as_str()?)
    }
}

/// The operations of a PATCH body.
pub(crate) fn operations(body: &mut Value) -> Option<&mut Vec<Value>> {
    member_mut(body.as_object_mut()?, "Operations")?.as_array_mut()
}

/// The path of an operation; `None` if it has none, as far as readers are concerned.
pub(crate) fn path(operation: &Map<String, Value>) -> Option<&str> {
    let path = member(operation, "path")?.as_str()?.trim();
    (!path.is_empty()).then_some(path)
}

/// The attributes that an operation without path sets.
pub(crate) fn attributes_set(
    operation: &mut Map<String, Value>,
) -> Option<&mut Map<String, Value>> {
    let is_pathless = match member(operation, "path") {
        None | Some(Value::Null) => true,
        Some(Value::String(path)) => path.trim().is_empty(),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => false,
    };
    let sets = matches!(Op::of(operation)?, Op::Add | Op::Replace);
    if !(is_pathless && sets) {
        return None;
    }
    member_mut(operation, "value")?.as_object_mut()
}

/// A member of an object, its name in any letter case.
pub(crate) fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A member of an object, its name in any letter case.
pub(crate) fn member_mut<'a>(
    members: &'a mut Map<String, Value>,
    name: &str,
) -> Option<&'a mut Value> {
    members.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
