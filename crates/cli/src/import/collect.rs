//! The rows of the file, each by itself: read, left out, or wrong.

use std::collections::BTreeSet;
use std::fmt;

use provost_platform::principal::{reserved_group, reserved_user};
use provost_platform::table::{Provisioning, Table as Tables};
use provost_scim::schema::Kind;
use provost_scim::value::fold;

use super::document::{Place, Row, Table};
use super::draft::{Draft, Membership, Types, is_read};
use super::row::Wrong;

/// How many lines of a list somebody reads.
const LINES_MAX: usize = 20;

/// Lines of which the first are shown, and all are counted.
#[derive(Default)]
pub(super) struct Lines {
    first: Vec<String>,
    pub(super) count: usize,
}

/// What was read.
pub(super) struct Collected<'a> {
    pub(super) types: Types<'a>,
    /// What is never provisioned, by names as they compare.
    excluded: [BTreeSet<String>; 2],
    pub(super) users: Vec<Draft>,
    pub(super) groups: Vec<Draft>,
    pub(super) memberships: Vec<Membership>,
    pub(super) skipped_users: usize,
    pub(super) skipped_groups: usize,
    /// What is left out, and why.
    pub(super) skipped: Lines,
    /// Columns that nothing is read from.
    pub(super) unread: BTreeSet<String>,
    pub(super) wrong: Lines,
}

impl Lines {
    pub(super) fn push(&mut self, line: impl fmt::Display) {
        if self.first.len() < LINES_MAX {
            self.first.push(line.to_string());
        }
        self.count += 1;
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.first {
            writeln!(f, "  {line}")?;
        }
        match self.count - self.first.len() {
            0 => Ok(()),
            more => writeln!(f, "  and {more} more"),
        }
    }
}

impl<'a> Collected<'a> {
    pub(super) fn new(types: Types<'a>, tables: &Provisioning) -> Self {
        let folded = |kind, names: &[String]| {
            let attribute = types.schemas.attribute(types.name_of(kind));
            names.iter().map(|it| fold(attribute, it).into_owned()).collect()
        };
        Self {
            excluded: [
                folded(types.user, &tables.excluded_users),
                folded(types.group, &tables.excluded_groups),
            ],
            types,
            users: Vec::new(),
            groups: Vec::new(),
            memberships: Vec::new(),
            skipped_users: 0,
            skipped_groups: 0,
            skipped: Lines::default(),
            unread: BTreeSet::new(),
            wrong: Lines::default(),
        }
    }

    /// Takes a row.
    pub(super) fn take(&mut self, row: &Row) {
        let table = row.place.table;
        for column in row.cells.keys().filter(|it| !is_read(table, it)) {
            // Many are no columns of the platform, and nobody reads them all.
            if self.unread.len() < LINES_MAX {
                self.unread.insert(format!("{} of {}", column, table.name()));
            }
        }
        if let Err(wrong) = self.read(row) {
            self.wrong.push(wrong);
        }
    }

    fn read(&mut self, row: &Row) -> Result<(), Wrong> {
        match row.place.table {
            Table::Users => {
                let draft = self.types.user(row)?;
                match self.reason_to_skip(&[(self.types.user, &draft.name)]) {
                    Some(reason) => {
                        self.skip(row.place, &draft.name, &reason);
                        self.skipped_users += 1;
                    }
                    None => self.users.push(draft),
                }
            }
            Table::Groups => {
                let draft = self.types.group(row)?;
                let label = row.text("scimDisplayName")?.unwrap_or(&draft.name);
                let group = self.types.group;
                match self.reason_to_skip(&[(group, &draft.name), (group, label)]) {
                    Some(reason) => {
                        self.skip(row.place, &draft.name, &reason);
                        self.skipped_groups += 1;
                    }
                    None => self.groups.push(draft),
                }
            }
            Table::Members => self.memberships.push(self.types.membership(row)?),
        }
        Ok(())
    }

    fn skip(&mut self, place: Place, name: &str, reason: &str) {
        self.skipped.push(format_args!("{place}: {name} {reason}"));
    }

    /// Why an entity is left out, if one of its names is never provisioned.
    pub(super) fn reason_to_skip(&self, names: &[(Kind, &str)]) -> Option<String> {
        names.iter().find_map(|(kind, name)| {
            let is_user = *kind == self.types.user;
            let own = if is_user { reserved_user(name) } else { reserved_group(name) };
            if own.is_some() {
                return Some("is the platform's own".to_owned());
            }
            let attribute = self.types.schemas.attribute(self.types.name_of(*kind));
            let list = if is_user { Tables::UserExclusions } else { Tables::GroupExclusions };
            let excluded = &self.excluded[usize::from(!is_user)];
            let is_excluded = excluded.contains(&*fold(attribute, name));
            is_excluded.then(|| format!("is on the list {}", list.name()))
        })
    }
}
