//! The settings, from files in a temporary folder to the lines that an operator reads.

mod error;
mod page;
mod shape;
mod site;
mod source;
mod warning;
