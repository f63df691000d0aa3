//! Groups that would be members of themselves.

use std::collections::{BTreeMap, BTreeSet};

use provost_store::ResourceId;

use super::document::Place;

/// Members by group, each with the row that says so.
type Graph = BTreeMap<ResourceId, BTreeMap<ResourceId, Place>>;

/// The row of a membership that closes a circle, if one does.
pub(super) fn first(graph: &Graph) -> Option<Place> {
    let mut done = BTreeSet::new();
    for start in graph.keys() {
        // The way from the start, each step with what is still to be looked at from there.
        let mut way = vec![(*start, members(graph, *start))];
        let mut on_way = BTreeSet::from([*start]);
        while let Some((group, rest)) = way.last_mut() {
            match rest.next() {
                None => {
                    on_way.remove(group);
                    done.insert(*group);
                    way.pop();
                }
                Some((member, place)) if on_way.contains(member) => return Some(*place),
                Some((member, _)) if graph.contains_key(member) && !done.contains(member) => {
                    on_way.insert(*member);
                    way.push((*member, members(graph, *member)));
                }
                Some(_) => {}
            }
        }
    }
    None
}

fn members(graph: &Graph, group: ResourceId) -> impl Iterator<Item = (&ResourceId, &Place)> {
    graph.get(&group).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::super::document::{self, Row};
    use super::*;
    use uuid::Uuid;

    /// Each pair is a group and a member; gives the number of the row that closes a circle.
    #[track_caller]
    fn check(pairs: &[(u128, u128)], expected: Option<&str>) {
        let rows = vec!["{}"; pairs.len()].join(",");
        let mut places = Vec::new();
        let mut each = |row: Row| places.push(row.place);
        let table = format!("{{\"members\": {{\"rows\": [{rows}]}}}}");
        document::read(table.as_bytes(), &mut each).unwrap();
        let mut graph = Graph::new();
        for ((group, member), place) in pairs.iter().zip(places) {
            let id = |number: &u128| ResourceId(Uuid::from_u128(*number));
            graph.entry(id(group)).or_default().insert(id(member), place);
        }
        assert_eq!(first(&graph).map(|it| it.to_string()).as_deref(), expected);
    }

    #[test]
    fn the_row_that_closes_a_circle_is_named() {
        check(&[(1, 2), (1, 3), (2, 4), (3, 4)], None);
        check(&[(1, 1)], Some("members, row 1"));
        check(&[(1, 2), (2, 3), (3, 1), (3, 9)], Some("members, row 3"));
        check(&[(1, 3), (2, 3), (3, 4), (4, 3)], Some("members, row 4"));
        check(&[], None);
    }
}
