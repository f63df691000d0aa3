//! How many connections there are, in all and of each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::rate::network;

/// The connections that are open.
pub(super) struct Peers {
    counts: Mutex<Counts>,
    max: usize,
    max_per_address: usize,
}

#[derive(Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// An open connection, until it is dropped.
pub(super) struct Slot {
    peers: Arc<Peers>,
    address: IpAddr,
}

impl Peers {
    pub(super) fn new(max: usize, max_per_address: usize) -> Arc<Self> {
        Arc::new(Self { counts: Mutex::default(), max, max_per_address })
    }

    /// Counts a connection in; `None` if there are too many.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Slot> {
        let address = network(address.to_canonical());
        let mut counts = self.counts();
        let own = counts.by_address.get(&address).copied().unwrap_or_default();
        if counts.all >= self.max || own >= self.max_per_address {
            return None;
        }
        counts.all += 1;
        counts.by_address.insert(address, own + 1);
        Some(Slot { peers: Arc::clone(self), address })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.peers.counts();
        counts.all -= 1;
        let own = counts.by_address.get(&self.address).copied().unwrap_or_default();
        match own {
            0 | 1 => counts.by_address.remove(&self.address),
            _ => counts.by_address.insert(self.address, own - 1),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_connection_makes_room_for_another() {
        let peers = Peers::new(3, 2);
        let [one, two] = [[10, 0, 0, 1], [10, 0, 0, 2]].map(IpAddr::from);
        let first = peers.admit(one).expect("the first");
        let _second = peers.admit(one).expect("the second");
        assert!(peers.admit(one).is_none(), "two of one address are enough");
        let _third = peers.admit(two).expect("the third");
        assert!(peers.admit(two).is_none(), "three in all are enough");
        drop(first);
        assert!(peers.admit(two).is_some());
        assert!(peers.admit(one).is_some());
    }
}
