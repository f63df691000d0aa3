//! The examples of RFC 7643 and RFC 7644, each run through the part of the crate that its kind names.

mod example;
mod exchange;
mod filter;
mod index;
mod message;
mod patch;
mod resource;
mod schema;
