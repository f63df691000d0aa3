//! The body of an answer, in pieces, and the room that it takes until the last is on its way.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::body::Room;

/// A piece: so much of an answer is given to the connection at once, when it has taken what was
/// before.
const PIECE_BYTES: usize = 64 * 1024;

/// The body of an answer.
#[derive(Default)]
pub(crate) struct Payload {
    left: Bytes,
    room: Option<Room>,
}

impl Payload {
    /// Takes room until all of it is on its way, or its client is gone.
    pub(crate) fn hold(&mut self, room: Room) {
        self.room = Some(room);
    }

    /// What is left of it, for whoever reads it here.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.left
    }

    /// What is left of it, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.left.len()
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self { left: bytes.into(), room: None }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = self.left.len().min(PIECE_BYTES);
        let piece = self.left.split_to(bytes);
        if self.left.is_empty() {
            self.room = None;
        }
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::body::Bodies;

    #[tokio::test]
    async fn a_body_holds_its_room_until_its_last_piece_is_taken() {
        let bodies = Bodies::new(256 * 1024);
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
        let mut payload = Payload::from(bytes.clone());
        payload.hold(bodies.room_for(bytes.len()).ok().unwrap());
        assert!(bodies.room_for(100_000).is_err(), "it is taken");
        let mut taken = Vec::new();
        while !payload.is_end_stream() {
            assert_eq!(payload.size_hint().exact(), Some(200_000 - taken.len() as u64));
            let piece = payload.frame().await.unwrap().unwrap().into_data().unwrap();
            assert!(piece.len() <= PIECE_BYTES);
            taken.extend_from_slice(&piece);
            assert_eq!(bodies.room_for(256 * 1024).is_ok(), taken.len() == bytes.len());
        }
        assert_eq!(taken, bytes);
        assert!(payload.frame().await.is_none());
    }

    #[tokio::test]
    async fn a_client_that_goes_leaves_its_room() {
        let bodies = Bodies::new(64 * 1024);
        let mut payload = Payload::from(vec![0; 64 * 1024]);
        payload.hold(bodies.room_for(64 * 1024).ok().unwrap());
        assert!(bodies.room_for(1).is_err());
        drop(payload);
        assert!(bodies.room_for(1).is_ok());
    }
}
