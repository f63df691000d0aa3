//! The server over real connections, in process.

mod access;
mod admin;
mod bound;
mod conduct;
mod console;
mod exchange;
mod load;
mod method;
mod mode;
mod oauth;
mod outage;
mod policy;
mod precondition;
mod property;
mod rate;
mod service;
mod state;
mod support;
mod table;
mod tenant;
mod tls;
mod trail;
mod transcript;
