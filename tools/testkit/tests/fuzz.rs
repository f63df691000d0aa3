//! Every parser of foreign bytes, over what identity providers send, mangled: each is read or refused.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use provost_testkit::fuzz::{TARGETS, read, seeds};

/// A change of some bytes.
#[derive(Debug, Clone)]
enum Mangle {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Cut(Index, Index),
    Repeat(Index, Index, u8),
}

/// Pieces that parsers stumble over.
const PIECES: [&str; 22] = [
    "\"", "\\", "\\u0000", "\\ud800", "[", "]", "{", "}", "(", ")", " and ", " not ", "null",
    "1e400", "-0", ".", ":", "\u{feff}", "\u{0}", "\u{202e}", "ß", "%",
];

fn mangle() -> impl Strategy<Value = Mangle> {
    let piece = prop_oneof![
        select(&PIECES[..]).prop_map(|it| it.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 1..4),
    ];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mangle::Set(at, byte)),
        (any::<Index>(), piece).prop_map(|(at, piece)| Mangle::Insert(at, piece)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Mangle::Cut(from, to)),
        (any::<Index>(), any::<Index>(), 1..40_u8)
            .prop_map(|(from, to, times)| Mangle::Repeat(from, to, times)),
    ]
}

impl Mangle {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
        match self {
            Self::Set(at, byte) => {
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] = *byte;
                }
            }
            Self::Insert(at, piece) => {
                let at = place(at, bytes);
                bytes.splice(at..at, piece.iter().copied());
            }
            Self::Cut(from, to) => {
                let (from, to) = (place(from, bytes), place(to, bytes));
                bytes.drain(from.min(to)..from.max(to));
            }
            Self::Repeat(from, to, times) => {
                let (from, to) = (place(from, bytes), place(to, bytes));
                let piece = bytes[from.min(to)..from.max(to)].to_vec();
                // No input is longer than a request may be.
                if piece.len() * usize::from(*times) < 64 * 1024 {
                    bytes.splice(from..from, piece.repeat(usize::from(*times)));
                }
            }
        }
    }
}

fn check(name: &str) {
    let seeds = seeds(name);
    assert!(!seeds.is_empty(), "{name} has nothing to begin with");
    seeds.iter().for_each(|seed| read(name, seed));
    let inputs = (select(seeds), prop::collection::vec(mangle(), 0..8));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 5_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&inputs, |(mut bytes, mangles)| {
        mangles.iter().for_each(|it| it.apply(&mut bytes));
        read(name, &bytes);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{name}: {error}");
    }
}

#[test]
fn json_values() {
    check("json_value");
}

#[test]
fn filters() {
    check("filter");
}

#[test]
fn paths() {
    check("path");
}

#[test]
fn patches() {
    check("patch");
}

#[test]
fn endpoints() {
    check("endpoint");
}

#[test]
fn tokens() {
    check("jwt");
}

#[test]
fn forms_of_the_token_endpoint() {
    check("grant");
}

#[test]
fn certificates() {
    check("certificate");
}

#[test]
fn settings() {
    check("settings");
}

#[test]
fn each_parser_has_a_fuzz_target() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
    for target in TARGETS {
        let file = folder.join(format!("{}.rs", target.name));
        let text = std::fs::read_to_string(&file).expect("a fuzz target");
        assert!(text.contains(&format!("read(\"{}\", bytes)", target.name)), "{}", target.name);
    }
}
