//! What is allowed, and how options are set: plain data, swapped as a whole.

use std::collections::{BTreeMap, BTreeSet};

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
    pub initial: Vec<(Kind, AttrId, Val)>,
    /// Values that the platform gives to what it creates.
    pub defaults: Vec<(Kind, AttrId, Val)>,
    /// An update gives `defaults` to what has none.
    pub defaults_on_update: bool,
    /// Attributes that a PUT does not unassign by leaving them out.
    pub kept: Vec<AttrId>,
    /// Names that SCIM may not touch.
    pub reserved: Vec<Reserved>,
    /// What the platform keeps of resources beside what SCIM says of them.
    pub platform: Option<Platform>,
    /// Attributes that never change once they have a value, beside those of the schemas.
    pub immutable: Vec<AttrId>,
    /// What names may not be.
    pub name_rules: Vec<NameRule>,
    /// The most resources of a type.
    pub limits: Vec<(Kind, u64)>,
    /// How long what is deleted can come back, in microseconds; without it a deletion is for good.
    pub keep_deleted_micros: Option<i64>,
    /// Users of whom the last one who is enabled stays.
    pub administrators: Option<Administrators>,
    /// Whose sessions end when they are disabled, locked or deleted.
    pub sessions: Option<Sessions>,
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

/// What the platform keeps of resources beside what SCIM says of them.
#[derive(Debug, Clone)]
pub struct Platform {
    /// The attribute that says where a resource is from.
    pub origin: AttrId,
    /// The attribute that says that the platform keeps one out.
    pub locked: AttrId,
    /// What becomes of local resources that a client writes.
    pub local: Local,
    /// The names that the platform has for groups.
    pub names: Option<EntityNames>,
}

/// The value of [`Platform::origin`] of what was made on the platform and is not provisioned.
pub const LOCAL: &str = "local";

/// What becomes of a local resource that a client writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    /// From then on it is provisioned.
    Adopt,
    /// The write is refused until an administrator has decided.
    Review,
    /// The write is refused.
    Refuse,
}

/// The names that the platform has for resources of a type.
#[derive(Debug, Clone)]
pub struct EntityNames {
    /// The resource type.
    pub kind: Kind,
    /// The name that clients send.
    pub sent: AttrId,
    /// The name on the platform.
    pub name: AttrId,
    /// Names on the platform by names that clients send, folded as those compare.
    pub mapped: BTreeMap<Box<str>, Box<str>>,
}

/// Who has sessions.
#[derive(Debug, Clone, Copy)]
pub struct Sessions {
    /// The resource type.
    pub kind: Kind,
    /// The attribute that says whether one is enabled.
    pub active: AttrId,
    /// The attribute by which applications know one.
    pub name: AttrId,
}

/// Users who administer the platform.
#[derive(Debug, Clone)]
pub struct Administrators {
    /// The resource type.
    pub kind: Kind,
    /// The attribute that holds the name.
    pub name: AttrId,
    /// The attribute that says whether a user is enabled.
    pub active: Option<AttrId>,
    /// The attribute that says that the platform keeps a user out.
    pub locked: Option<AttrId>,
    /// The names, folded as the attribute compares.
    pub names: BTreeSet<Box<str>>,
}

/// What the value of an attribute may not be.
#[derive(Debug, Clone)]
pub struct NameRule {
    /// The attribute.
    pub attribute: AttrId,
    /// Characters that it may not have.
    pub characters: Box<str>,
    /// The most characters.
    pub length_max: usize,
}

impl Policy {
    /// The defaults: lenient, users are active unless said otherwise, a PUT that is silent about
    /// `active` or about members changes neither, nothing is reserved.
    pub fn new(schemas: &Schemas) -> Self {
        let active = schemas.by_path(&format!("{}:active", urn::USER));
        let user_name = schemas.by_path(&format!("{}:userName", urn::USER));
        let user = schemas.resource_type_by_name("User").map(|it| it.kind);
        let relations = schemas.attributes().iter().filter(|it| it.place == Place::Members);
        Self {
            mode: Mode::Lenient,
            unknown_member: UnknownMember::Refuse,
            put: Put::Replace,
            group_replace: GroupReplace::Rfc,
            initial: active
                .zip(user)
                .map(|(id, kind)| (kind, id, Val::Bool(true)))
                .into_iter()
                .collect(),
            defaults: Vec::new(),
            defaults_on_update: false,
            kept: active
                .into_iter()
                .chain(relations.filter(|it| it.parent.is_none()).map(|it| it.id))
                .collect(),
            reserved: Vec::new(),
            platform: None,
            immutable: Vec::new(),
            name_rules: Vec::new(),
            limits: Vec::new(),
            keep_deleted_micros: None,
            administrators: None,
            sessions: user.zip(active).zip(user_name).map(|((kind, active), name)| Sessions {
                kind,
                active,
                name,
            }),
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

    /// The most resources of a type.
    pub(crate) fn limit(&self, kind: Kind) -> Option<u64> {
        self.limits.iter().find(|(of, _)| *of == kind).map(|(_, limit)| *limit)
    }
}
