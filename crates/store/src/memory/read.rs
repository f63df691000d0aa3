//! Queries in memory: every resource is looked at.

use provost_scim::filter::matches;
use provost_scim::schema::{Kind, Schemas};

use super::tenant::Tenant;
use crate::view::{Relations, View};
use crate::{Error, Member, MemberPage, Members, Membership, Page, PageDraft, Query, ResourceId};

impl Tenant {
    pub(super) fn query(&self, schemas: &Schemas, query: &Query) -> Result<Page, Error> {
        let mut found = Vec::new();
        let mut work = 0;
        for stored in self.resources.values() {
            let Some(part) = query.parts.iter().find(|it| it.kind == stored.kind) else { continue };
            let Some(filter) = &part.filter else {
                found.push(stored);
                continue;
            };
            work += 60 * stored.body_units();
            if work > query.work_units_max {
                return Err(Error::TooBroad);
            }
            if matches(schemas, filter, &View::new(schemas, stored, self))? {
                found.push(stored);
            }
        }
        let skipped = usize::try_from(query.start.saturating_sub(1)).unwrap_or(usize::MAX);
        let mut page = PageDraft::new(query);
        for stored in found.iter().skip(skipped) {
            if page.is_full() {
                break;
            }
            page.push((*stored).clone());
        }
        Ok(page.finish(found.len() as u64))
    }

    pub(super) fn member_page(&self, kind: Kind, group: ResourceId, page: MemberPage) -> Members {
        let members = self.get(kind, group).and_then(|_| self.members.get(&group));
        let mut later =
            members.into_iter().flatten().filter(|id| page.after.is_none_or(|after| **id > after));
        let rows = later.by_ref().take(page.max).filter_map(|id| self.member(*id)).collect();
        Members { rows, more: later.next().is_some() }
    }
}

impl Relations for Tenant {
    fn members(&self, group: ResourceId) -> Result<Vec<Member>, Error> {
        let members = self.members.get(&group).into_iter().flatten();
        Ok(members.filter_map(|id| self.member(*id)).collect())
    }

    fn memberships(&self, member: ResourceId) -> Result<Vec<Membership>, Error> {
        Ok(self.groups_of(member))
    }

    fn has_member(&self, group: ResourceId, member: ResourceId) -> Result<bool, Error> {
        Ok(self.members.get(&group).is_some_and(|it| it.contains(&member)))
    }
}
