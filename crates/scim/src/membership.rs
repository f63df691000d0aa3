//! The change of a group's members, as an algebra that never reads the group.

use std::collections::BTreeSet;

/// What a change starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The members that are there.
    Keep,
    /// No members.
    Empty,
}

/// A change of a set of members: start from `base`, take `remove` away, put `add` in.
///
/// `add` and `remove` are disjoint. For all sets of members `m`:
/// `a.then(b).apply(m) == b.apply(a.apply(m))`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta<M: Ord> {
    base: Base,
    add: BTreeSet<M>,
    remove: BTreeSet<M>,
}

impl<M: Ord> Default for Delta<M> {
    fn default() -> Self {
        Self::none()
    }
}

impl<M: Ord> Delta<M> {
    /// The change that changes nothing.
    pub const fn none() -> Self {
        Self { base: Base::Keep, add: BTreeSet::new(), remove: BTreeSet::new() }
    }

    /// Puts members in.
    pub fn add(members: impl IntoIterator<Item = M>) -> Self {
        Self { add: members.into_iter().collect(), ..Self::none() }
    }

    /// Takes members away.
    pub fn remove(members: impl IntoIterator<Item = M>) -> Self {
        Self { remove: members.into_iter().collect(), ..Self::none() }
    }

    /// Makes these the only members.
    pub fn replace(members: impl IntoIterator<Item = M>) -> Self {
        Self { base: Base::Empty, add: members.into_iter().collect(), remove: BTreeSet::new() }
    }

    /// This change, then another one.
    #[must_use]
    pub fn then(mut self, next: Self) -> Self {
        match next.base {
            Base::Empty => next,
            Base::Keep => {
                for member in next.remove {
                    self.add.remove(&member);
                    if self.base == Base::Keep {
                        self.remove.insert(member);
                    }
                }
                for member in next.add {
                    self.remove.remove(&member);
                    self.add.insert(member);
                }
                self
            }
        }
    }

    /// The members after the change.
    #[must_use]
    pub fn apply(&self, members: &BTreeSet<M>) -> BTreeSet<M>
    where
        M: Clone,
    {
        let kept = members.iter().filter(|it| self.keeps(it)).cloned();
        kept.chain(self.add.iter().cloned()).collect()
    }

    /// Whether a member that is there stays, or comes back.
    pub fn keeps(&self, member: &M) -> bool {
        self.add.contains(member) || self.base == Base::Keep && !self.remove.contains(member)
    }

    /// Whether nothing can change.
    pub fn is_none(&self) -> bool {
        self.base == Base::Keep && self.add.is_empty() && self.remove.is_empty()
    }

    /// What the change starts from.
    pub const fn base(&self) -> Base {
        self.base
    }

    /// The members that are put in.
    pub const fn added(&self) -> &BTreeSet<M> {
        &self.add
    }

    /// The members that are taken away; none if the change starts from no members.
    pub const fn removed(&self) -> &BTreeSet<M> {
        &self.remove
    }

    /// Turns every member into another form; `removed` members that have none are left out.
    ///
    /// # Errors
    /// At the first member to be added that has no other form.
    pub fn try_map<N: Ord, E>(
        self,
        mut form: impl FnMut(&M) -> Result<N, E>,
    ) -> Result<Delta<N>, E> {
        let add = self.add.iter().map(&mut form).collect::<Result<_, _>>()?;
        let remove = self.remove.iter().filter_map(|it| form(it).ok()).collect();
        Ok(Delta { base: self.base, add, remove })
    }

    /// Puts in only the members that a condition accepts, and gives back the others.
    pub fn keep_added(&mut self, mut keep: impl FnMut(&M) -> bool) -> Vec<M> {
        let (kept, dropped): (BTreeSet<M>, BTreeSet<M>) =
            std::mem::take(&mut self.add).into_iter().partition(|it| keep(it));
        self.add = kept;
        dropped.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn delta() -> impl Strategy<Value = Delta<u8>> {
        let set = || proptest::collection::btree_set(0..8_u8, 0..5);
        (any::<bool>(), set(), set()).prop_map(|(keep, add, remove)| {
            let base = if keep { Base::Keep } else { Base::Empty };
            let remove =
                if keep { remove.difference(&add).copied().collect() } else { BTreeSet::new() };
            Delta { base, add, remove }
        })
    }

    proptest! {
        #[test]
        fn one_after_the_other_is_both_at_once(
            a in delta(), b in delta(), members in proptest::collection::btree_set(0..8_u8, 0..8)
        ) {
            let both = a.clone().then(b.clone());
            prop_assert_eq!(both.apply(&members), b.apply(&a.apply(&members)));
            prop_assert!(both.added().is_disjoint(both.removed()));
        }

        #[test]
        fn grouping_does_not_matter(a in delta(), b in delta(), c in delta()) {
            let left = a.clone().then(b.clone()).then(c.clone());
            prop_assert_eq!(left, a.then(b.then(c)));
        }

        #[test]
        fn nothing_is_neutral(a in delta()) {
            prop_assert_eq!(a.clone().then(Delta::none()), a.clone());
            prop_assert_eq!(Delta::none().then(a.clone()), a);
        }
    }
}
