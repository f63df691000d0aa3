//! A rule, the list of all, and the interpreter that applies them.

use provost_scim::schema::{Kind, Schemas};
use provost_scim::value::{Message, Mode};
use provost_scim::{Error, ErrorKind};
use serde_json::Value;

use crate::{Options, entra, okta, onelogin};

/// What a rule may look at.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The schemas.
    pub schemas: &'a Schemas,
    /// The resource type that the request is about.
    pub kind: Kind,
    /// What the body is.
    pub message: Message,
    /// What the operator chose.
    pub options: &'a Options,
}

/// A departure from the RFC that identity providers are known for.
pub trait Rule: Sync {
    /// The name in logs, error texts and the documentation: lower case with hyphens.
    fn name(&self) -> &'static str;

    /// Rewrites a body to the RFC's form, in every place that needs it.
    ///
    /// `None` if no place did; else what was sent at the first one, in the words of an error text.
    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> Option<String>;

    /// What strict mode makes of a body that the rule would rewrite.
    fn strict(&self) -> Strict;
}

/// What strict mode makes of a body that a rule would rewrite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strict {
    /// It is refused, with a sentence that says what the RFC wants.
    Refuse(ErrorKind, &'static str),
    /// It is left as it is: by the letter it means something else.
    Leave,
}

/// Every rule, in the order in which they apply: operations, names, lists, values.
///
/// No rule makes what an earlier one is for, so that one pass is enough.
pub const ALL: [&dyn Rule; 11] = [
    &entra::CapitalizedOp,
    &entra::PathAsKey,
    &entra::ExtensionAttributeAtRoot,
    &entra::WrappedValue,
    &onelogin::ObjectForList,
    &entra::ValueForComplex,
    &entra::EmptyReference,
    &entra::DisplayNameForDisplay,
    &entra::BooleanString,
    &okta::NumberForString,
    &entra::EmptyStringForNone,
];

/// Rewrites a body to what the RFC says; gives the names of the rules that fired.
///
/// # Errors
/// In strict mode nothing is rewritten: the first rule that would fire refuses the request, and the
/// detail says what was sent, what the RFC wants, and the rule's name.
pub fn interpret(
    cx: &Context<'_>,
    mut body: Value,
    mode: Mode,
) -> Result<(Value, Vec<&'static str>), Error> {
    let mut fired = Vec::new();
    for rule in ALL {
        match (mode, rule.strict()) {
            (Mode::Lenient, _) => {
                fired.extend(rule.rewrite(cx, &mut body).map(|_| rule.name()));
            }
            (Mode::Strict, Strict::Leave) => {}
            // A body that a rule rewrites goes no further, and no other is touched.
            (Mode::Strict, Strict::Refuse(kind, wanted)) => {
                if let Some(sent) = rule.rewrite(cx, &mut body) {
                    let name = rule.name();
                    return Err(Error::new(
                        kind,
                        format!("{sent}; {wanted} (strict mode: {name})"),
                    ));
                }
            }
        }
    }
    Ok((body, fired))
}
