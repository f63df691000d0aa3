//! The operations on the in-memory store, each with what it answers and what it leaves behind.

mod create;
mod membership;
mod patch;
mod render;
mod replace;
mod search;
mod support;
