//! A stand-in identity provider, and the cycle that a real one runs.

mod cycle;
mod narrator;
mod provider;
mod settings;

pub(crate) use cycle::Cycle;
pub(crate) use narrator::Narrator;
pub(crate) use provider::Provider;
pub(crate) use settings::write_settings;
