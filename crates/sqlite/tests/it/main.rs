//! The store around the contract: files, threads, other processes, and what can go wrong with them.

mod backup;
mod beside;
mod crowd;
mod full;
mod keys;
mod opened;
mod torn;
mod verify;
mod world;
