//! The server over real connections, in process.

mod access;
mod bound;
mod conduct;
mod exchange;
mod method;
mod mode;
mod oauth;
mod outage;
mod precondition;
mod property;
mod rate;
mod service;
mod state;
mod support;
mod tenant;
mod tls;
mod transcript;
