//! What is allowed, and how options are set: plain data, swapped as a whole.

use std::collections::BTreeSet;

use provost_scim::patch::GroupReplace;
use provost_scim::schema::{AttrId, Kind, Place, Schemas};
use provost_scim::urn;
use provost_scim::value::{Attributes, Mode, Val, fold};

/// The policy of a tenant.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Whether departures from the letter are understood or refused.
    pub mode: Mode,
    /// What becomes of members that do not exist.
    pub unknown_member: UnknownMember,
    /// What PUT does with attributes that the request leaves out.
    pub put: Put,
    /// What `replace` of members in a PATCH means.
    pub group_replace: GroupReplace,
    /// Values that a created resource has if the request leaves them out.
    pub initial: Vec<(AttrId, Val)>,
    /// Attributes that a PUT does not unassign by leaving them out.
    pub kept: Vec<AttrId>,
    /// Names that belong to the platform.
    pub reserved: Vec<Reserved>,
    /// The most resources on a page.
    pub page_size_max: usize,
    /// The most members in one answer.
    pub response_members_max: usize,
    /// How often a write is computed anew because the resource changed meanwhile.
    pub attempts_max: u32,
}

/// What becomes of members that do not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownMember {
    /// The request is refused, naming one.
    Refuse,
    /// They are left out and reported.
    Skip,
}

/// What PUT does with attributes that the request leaves out (RFC 7644 §3.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// They become unassigned.
    Replace,
    /// They stay.
    Merge,
}

/// Names that SCIM may not touch.
#[derive(Debug, Clone)]
pub struct Reserved {
    /// The resource type.
    pub kind: Kind,
    /// The attribute that holds the name.
    pub attribute: AttrId,
    /// The names, folded as the attribute compares.
    pub names: BTreeSet<Box<str>>,
    /// Why, for the client.
    pub reason: Box<str>,
}

impl Policy {
    /// The defaults: lenient, users are active unless said otherwise, a PUT that is silent about
    /// `active` or about members changes neither, nothing is reserved.
    pub fn new(schemas: &Schemas) -> Self {
        let active = schemas.by_path(&format!("{}:active", urn::USER));
        let relations = schemas.attributes().iter().filter(|it| it.place == Place::Members);
        Self {
            mode: Mode::Lenient,
            unknown_member: UnknownMember::Refuse,
            put: Put::Replace,
            group_replace: GroupReplace::Rfc,
            initial: active.map(|id| (id, Val::Bool(true))).into_iter().collect(),
            kept: active
                .into_iter()
                .chain(relations.filter(|it| it.parent.is_none()).map(|it| it.id))
                .collect(),
            reserved: Vec::new(),
            page_size_max: 1_000,
            response_members_max: 100_000,
            attempts_max: 5,
        }
    }

    /// The reason why a resource must not be written, if its name is reserved.
    pub(crate) fn reserved_name(
        &self,
        schemas: &Schemas,
        kind: Kind,
        attributes: &Attributes,
    ) -> Option<String> {
        self.reserved.iter().filter(|it| it.kind == kind).find_map(|reserved| {
            let name = attributes.get(reserved.attribute)?.as_str()?;
            let folded = fold(schemas.attribute(reserved.attribute), name);
            reserved.names.contains(&*folded).then(|| format!("{name}: {}", reserved.reason))
        })
    }
}
