//! The chain as its callers see it: vectors, opaque tokens, and keys over time and over HTTP.

mod chain;
mod http;
mod introspect;
mod keys;
mod support;
mod vectors;
