//! The room that bodies may take in memory, all of a tenant together.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Error;

/// The room that all bodies of a tenant together may take, of requests or of answers; it is given out
/// in pieces of a KiB.
pub(crate) struct Bodies {
    free: Arc<Semaphore>,
    /// All of it.
    pieces: usize,
}

/// The room of one body, until it is dropped.
pub(crate) struct Room {
    free: Arc<Semaphore>,
    /// All there is for everybody.
    pieces: usize,
    taken: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    pub(crate) fn new(bytes_max: usize) -> Self {
        let pieces = (bytes_max / 1024).min(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(pieces)), pieces }
    }

    /// Room for so many bytes.
    pub(crate) fn room_for(&self, bytes: usize) -> Result<Room, Error> {
        let mut room = self.room();
        room.take(bytes)?;
        Ok(room)
    }

    /// Room for nothing yet.
    pub(super) fn room(&self) -> Room {
        Room { free: Arc::clone(&self.free), pieces: self.pieces, taken: None }
    }
}

impl Room {
    /// Takes room for so many bytes in all.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Error> {
        self.take_pieces(bytes.div_ceil(1024))
    }

    /// The same, but never more than there is: what is larger is alone.
    pub(super) fn take_or_all(&mut self, bytes: usize) -> Result<(), Error> {
        self.take_pieces(bytes.div_ceil(1024).min(self.pieces))
    }

    fn take_pieces(&mut self, pieces: usize) -> Result<(), Error> {
        let has = self.taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = u32::try_from(pieces.saturating_sub(has)).unwrap_or(u32::MAX);
        let more = Arc::clone(&self.free).try_acquire_many_owned(more);
        let more = more.map_err(|_| Error::TooManyRequests)?;
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            taken @ None => *taken = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_larger_than_all_room_is_alone() {
        let bodies = Bodies::new(64 * 1024);
        let mut large = bodies.room_for(1024).ok().unwrap();
        assert!(large.take(65 * 1024).is_err());
        large.take_or_all(1 << 30).unwrap();
        assert!(bodies.room_for(1).is_err());
        drop(large);
        let other = bodies.room_for(1).ok().unwrap();
        assert!(bodies.room().take_or_all(1 << 30).is_err(), "another is there");
        drop(other);
    }
}
