//! What the worst requests that the bounds let through cost, in memory and time, and what those cost
//! that are refused.
//!
//! In a process of its own: memory is counted in all of it. The figures are those of the server and
//! of the little that the client needs to send bytes which are there already.

mod connection;
mod probe;
mod request;

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;
