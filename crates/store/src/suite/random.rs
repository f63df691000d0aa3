//! Random sequences of writes and reads, on two stores that must answer alike.

use std::ops::Range;
use std::sync::Arc;

use provost_scim::membership::Delta;
use provost_scim::schema::{Kind, Schemas};
use serde_json::{Value, json};

use super::ground::{Ground, id};
use crate::{
    Act, DocumentPut, IfMatch, Indexes, MemberPage, Mode, Rev, Store, Stored, Version, Write,
};

const USERS: u64 = 20;
const GROUPS: u64 = 5;
const GROUP_BASE: u128 = 100;

/// Runs a sequence for each seed: 30 to 100 operations over two tenants, 20 users and 5 groups.
///
/// # Panics
/// At the first answer in which the stores differ, naming seed and step.
pub async fn sequences(
    seeds: Range<u64>,
    schemas: Arc<Schemas>,
    left: Arc<dyn Store>,
    right: Arc<dyn Store>,
) {
    for seed in seeds {
        compare(seed, schemas.clone(), left.clone(), right.clone()).await;
    }
}

/// Runs the sequence of one seed.
///
/// # Panics
/// At the first answer in which the stores differ, naming seed and step.
pub async fn compare(
    seed: u64,
    schemas: Arc<Schemas>,
    left: Arc<dyn Store>,
    right: Arc<dyn Store>,
) {
    let indexes = Arc::new(Indexes::new(&schemas));
    let mut sides = Vec::new();
    for store in [left, right] {
        let mut tenants = Vec::new();
        for name in ["a", "b"] {
            let name = format!("{name}{seed}");
            tenants.push(Ground::new(store.clone(), schemas.clone(), indexes.clone(), &name).await);
        }
        sides.push(tenants);
    }
    let mut dice = Dice(seed);
    let steps = 30 + dice.below(71);
    for step in 0..steps {
        let tenant = dice.below(2) as usize;
        let operation = Operation::roll(&mut dice);
        let mut answers = Vec::new();
        for side in &sides {
            answers.push(operation.run(&side[tenant]).await);
        }
        let same = answers.windows(2).all(|pair| pair[0] == pair[1]);
        assert!(same, "seed {seed}, step {step}: {operation:?}\n{}", answers.join("\n"));
    }
    for (left, right) in sides[0].iter().zip(&sides[1]) {
        let left = left.fingerprint().await;
        assert_eq!(left, right.fingerprint().await, "seed {seed}: the end differs");
        right.check_replay().await;
    }
}

/// A small generator of numbers (splitmix64): the same seed gives the same sequence for ever.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn user(&mut self) -> u128 {
        u128::from(self.below(USERS)) + 1
    }

    fn group(&mut self) -> u128 {
        u128::from(self.below(GROUPS)) + GROUP_BASE
    }

    /// A user, at times a group, at times nobody.
    fn member(&mut self) -> u128 {
        match self.below(10) {
            0 | 1 => self.group(),
            2 => 900 + u128::from(self.below(3)),
            _ => self.user(),
        }
    }
}

#[derive(Debug)]
enum Operation {
    Create {
        n: u128,
        json: Value,
        members: Vec<u128>,
    },
    /// Changes the body from the `rev` that is there, or from an older one.
    Change {
        n: u128,
        json: Value,
        stale: bool,
        if_match: bool,
        rehearse: bool,
    },
    Members {
        group: u128,
        base: u64,
        listed: Vec<u128>,
        wrong_version: bool,
        rehearse: bool,
    },
    Both {
        group: u128,
        json: Value,
        add: Vec<u128>,
    },
    Delete {
        n: u128,
        stale: bool,
    },
    Query {
        group: bool,
        filter: Option<String>,
        start: u64,
        count: usize,
    },
    MemberPage {
        group: u128,
        after: Option<u128>,
        max: usize,
    },
    Memberships {
        ids: Vec<u128>,
    },
    Document {
        base: Option<i64>,
        body: String,
    },
}

impl Operation {
    fn roll(dice: &mut Dice) -> Self {
        let some = |dice: &mut Dice, max| (0..dice.below(max)).map(|_| dice.member()).collect();
        match dice.below(20) {
            0..=4 => {
                let n = if dice.below(3) == 0 { dice.group() } else { dice.user() };
                let members = if n >= GROUP_BASE { some(dice, 4) } else { Vec::new() };
                Self::Create { n, json: body(dice, n), members }
            }
            5..=7 => {
                let n = if dice.below(4) == 0 { dice.group() } else { dice.user() };
                let json = body(dice, n);
                let (stale, if_match) = (dice.below(6) == 0, dice.below(6) == 0);
                Self::Change { n, json, stale, if_match, rehearse: dice.below(8) == 0 }
            }
            8..=12 => {
                let (group, base, listed) = (dice.group(), dice.below(3), some(dice, 5));
                let wrong_version = dice.below(12) == 0;
                Self::Members { group, base, listed, wrong_version, rehearse: dice.below(10) == 0 }
            }
            13 => {
                let group = dice.group();
                Self::Both { group, json: body(dice, group), add: some(dice, 3) }
            }
            14 | 15 => {
                let n = if dice.below(4) == 0 { dice.group() } else { dice.user() };
                Self::Delete { n, stale: dice.below(6) == 0 }
            }
            16 | 17 => {
                let group = dice.below(3) == 0;
                let filter = filter(dice, group);
                Self::Query { group, filter, start: dice.below(6), count: dice.below(8) as usize }
            }
            18 => {
                let after = (dice.below(2) == 0).then(|| dice.member());
                Self::MemberPage { group: dice.group(), after, max: dice.below(4) as usize }
            }
            _ if dice.below(2) == 0 => Self::Memberships { ids: some(dice, 6) },
            _ => {
                let base = (dice.below(2) == 0).then(|| dice.below(3) as i64);
                Self::Document { base, body: dice.next().to_string() }
            }
        }
    }

    /// The answer, as text without what may differ between stores.
    async fn run(&self, g: &Ground) -> String {
        let write = match self {
            Self::Create { n, json, members } => g.creation(kind(g, *n), *n, json.clone(), members),
            Self::Change { n, json, stale, if_match, rehearse } => {
                let Some(stored) = find(g, *n).await else { return "nobody".into() };
                let Some(mut write) = change(g, &stored, json.clone(), *stale) else {
                    return "no change".into();
                };
                if *if_match {
                    write.if_match = Some(IfMatch::OneOf(vec![stored.version]));
                }
                if *rehearse {
                    write.mode = Mode::Rehearse;
                }
                write
            }
            Self::Members { group, base, listed, wrong_version, rehearse } => {
                let ids = listed.iter().map(|n| id(*n));
                let delta = match base {
                    0 => Delta::add(ids),
                    1 => Delta::remove(ids),
                    _ => Delta::replace(ids),
                };
                let mut write = g.member_change(*group, delta);
                if *wrong_version {
                    write.if_match = Some(IfMatch::OneOf(vec![Version(7)]));
                }
                if *rehearse {
                    write.mode = Mode::Rehearse;
                }
                write
            }
            Self::Both { group, json, add } => {
                let Some(stored) = find(g, *group).await else { return "nobody".into() };
                let Some(mut write) = change(g, &stored, json.clone(), false) else {
                    return "no change".into();
                };
                if let Act::Change { members, .. } = &mut write.act {
                    *members = Delta::add(add.iter().map(|n| id(*n)));
                }
                write
            }
            Self::Delete { n, stale } => {
                let Some(mut stored) = find(g, *n).await else { return "nobody".into() };
                let keys = g.deletion_of(&stored);
                if *stale {
                    stored.rev = Rev(stored.rev.0 - 1);
                }
                match keys.act {
                    Act::Delete { keys, change, .. } => {
                        let act = Act::delete(stored.rev, keys, change);
                        g.write(stored.kind, stored.id, act)
                    }
                    other => g.write(stored.kind, stored.id, other),
                }
            }
            Self::Query { group, filter, start, count } => {
                let kind = if *group { g.group } else { g.user };
                let query = g.question(kind, filter.as_deref(), *start, *count);
                return format!("{:?}", g.store.query(g.tenant, query).await);
            }
            Self::MemberPage { group, after, max } => {
                let page = MemberPage { after: after.map(id), max: *max };
                return format!("{:?}", g.store.members(g.at(g.group), id(*group), page).await);
            }
            Self::Memberships { ids } => {
                let ids: Vec<_> = ids.iter().map(|n| id(*n)).collect();
                let groups = g.store.memberships(g.tenant, ids.clone(), 1_000).await;
                return format!("{groups:?} {:?}", g.store.labels(g.tenant, ids).await);
            }
            Self::Document { base, body } => {
                let body = body.clone();
                let put = DocumentPut::new("d", base.map(Rev), body);
                let rev = g.store.put_document(g.tenant, put).await;
                return format!("{rev:?} {:?}", g.store.document(g.tenant, "d".into()).await);
            }
        };
        format!("{:?}", g.apply(write).await)
    }
}

fn kind(g: &Ground, n: u128) -> Kind {
    if n >= GROUP_BASE { g.group } else { g.user }
}

async fn find(g: &Ground, n: u128) -> Option<Stored> {
    g.store.get(g.at(kind(g, n)), id(n)).await.unwrap()
}

fn change(g: &Ground, stored: &Stored, json: Value, stale: bool) -> Option<Write> {
    let old = crate::view::attributes(&g.schemas, stored).unwrap();
    let new = g.attributes(stored.kind, json);
    let content =
        crate::Content::between(&g.schemas, &g.indexes, stored.kind, Some(&old), &new).unwrap()?;
    let base = if stale { Rev(stored.rev.0 - 1) } else { stored.rev };
    let act = Act::Change { content: Some((base, content)), members: Delta::none() };
    Some(g.write(stored.kind, stored.id, act))
}

/// A body with few different values, so that names clash and filters find something.
fn body(dice: &mut Dice, n: u128) -> Value {
    let name = format!("{}{}", if dice.below(2) == 0 { "n" } else { "N" }, dice.below(12));
    if n >= GROUP_BASE {
        return json!({"displayName": format!("G {name}"), "externalId": format!("x{}", dice.below(4))});
    }
    let mut user = json!({"userName": name, "active": dice.below(2) == 0});
    if dice.below(2) == 0 {
        user["externalId"] = json!(format!("x{}", dice.below(4)));
    }
    if dice.below(2) == 0 {
        let mail = |dice: &mut Dice| json!({"value": format!("m{}@x.example", dice.below(5)), "type": if dice.below(2) == 0 { "work" } else { "home" }});
        user["emails"] = json!([mail(dice), mail(dice)]);
    }
    if dice.below(3) == 0 {
        user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] =
            json!({"manager": {"value": id(dice.user()).to_string()}});
    }
    user
}

fn filter(dice: &mut Dice, group: bool) -> Option<String> {
    let n = dice.below(12);
    let (user, any_group) = (id(dice.user()), id(dice.group()));
    let filters = if group {
        vec![
            format!("displayName eq \"g n{n}\""),
            format!("displayName sw \"G\" and externalId eq \"x{}\"", n % 4),
            format!("members eq \"{user}\""),
            format!("members.value eq \"{any_group}\" or displayName ew \"{n}\""),
            format!("not (members.value eq \"{user}\")"),
            "members pr".to_owned(),
            format!("members[type eq \"Group\" and display co \"{n}\"]"),
            format!("id eq \"{any_group}\" and members eq \"{user}\""),
        ]
    } else {
        vec![
            format!("userName eq \"N{n}\""),
            format!("userName sw \"n1\" or externalId eq \"x{}\"", n % 4),
            format!("emails.value eq \"M{}@x.example\"", n % 5),
            format!("emails[type eq \"work\" and value sw \"m{}\"]", n % 5),
            "active eq true and not (emails pr)".to_owned(),
            format!("externalId ne \"x{}\"", n % 4),
            format!("manager eq \"{user}\""),
            format!("groups.value eq \"{any_group}\""),
            "groups.type eq \"indirect\"".to_owned(),
            format!("id eq \"{user}\" and manager pr"),
            "meta.lastModified gt \"2023-11-14T22:13:20.010000Z\"".to_owned(),
            format!("userName co \"{n}\" and (active eq false or externalId pr)"),
        ]
    };
    let choice = dice.below(filters.len() as u64 + 1) as usize;
    filters.get(choice).cloned()
}
