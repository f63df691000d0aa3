//! The settings, from files in a temporary folder to the lines that an operator reads.

mod error;
mod layer;
mod page;
mod secret;
mod shape;
mod site;
mod source;
mod warning;
