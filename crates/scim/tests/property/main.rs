//! Properties: nothing that a client sends makes the readers panic, and no value is lost on its way.

mod generate;
mod robust;
mod round_trip;
