//! Plays recorded conversations of SCIM clients (`testdata/transcripts`) against a server and names every difference.
//!
//! A [`Transcript`] is data: requests, and what must be true of each answer. A [`Player`] sends them through a
//! [`Transport`] and gives an [`Outcome`]; its `Display` is one line a failing step.

mod answer;
mod check;
mod condition;
mod encode;
mod format;
mod invariant;
mod json_path;
mod outcome;
mod play;
mod transport;
mod variable;

pub use check::{Check, Expect, HeaderCheck};
pub use condition::{Condition, JsonType};
pub use encode::{encode_component, encode_path};
pub use format::{Confidence, Level, LoadError, RequestTemplate, Step, Transcript, load};
pub use invariant::Invariant;
pub use json_path::{JsonPath, PathError};
pub use outcome::{Outcome, Report, StepOutcome, Verdict};
pub use play::{Player, Setup};
pub use transport::{Request, Response, Transport};
pub use variable::{Scope, Unresolved, Variables};

/// The folder of the project's own transcripts.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/transcripts");
