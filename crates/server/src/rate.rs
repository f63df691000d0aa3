//! How often requests may come: of an address, of a tenant, and with tokens that nobody knows yet.
//!
//! Clients on this machine have no such bounds.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock, QuantaInstant};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use provost_auth::TokenId;
use quick_cache::sync::Cache;

use crate::client::Client;
use crate::error::Error;
use crate::limit::Rate;

/// How many accepted tokens are remembered.
const KNOWN_MAX: usize = 10_000;

/// The rates at which requests have come.
pub(crate) struct Rates {
    of_address: DefaultKeyedRateLimiter<IpAddr>,
    of_strange_tokens: DefaultKeyedRateLimiter<IpAddr>,
    /// Tokens that were accepted. They are judged anew each time; they only cost nothing of the
    /// budget for strange ones, so that whoever sends forged tokens from an address that many share
    /// does not shut out those who use it rightly.
    known: Cache<TokenId, ()>,
    clock: DefaultClock,
}

impl Rates {
    pub(crate) fn new(address: Rate, strange_tokens: Rate) -> Self {
        Self {
            of_address: RateLimiter::keyed(quota(address)),
            of_strange_tokens: RateLimiter::keyed(quota(strange_tokens)),
            known: Cache::new(KNOWN_MAX),
            clock: DefaultClock::default(),
        }
    }

    /// Whether an address may send one more request.
    pub(crate) fn check_address(&self, client: &Client) -> Result<(), Error> {
        self.check(client, |network| self.of_address.check_key(&network))
    }

    /// Whether a tenant may be sent one more request.
    pub(crate) fn check_tenant(
        &self,
        client: &Client,
        tenant: &DefaultDirectRateLimiter,
    ) -> Result<(), Error> {
        self.check(client, |_| tenant.check())
    }

    /// Whether an address may have one more token judged.
    pub(crate) fn check_token(&self, client: &Client, token: &TokenId) -> Result<(), Error> {
        match self.known.get(token) {
            Some(()) => Ok(()),
            None => self.check(client, |network| self.of_strange_tokens.check_key(&network)),
        }
    }

    /// A token was accepted.
    pub(crate) fn know(&self, token: TokenId) {
        self.known.insert(token, ());
    }

    /// Forgets addresses that have been silent for long enough.
    pub(crate) fn forget(&self) {
        self.of_address.retain_recent();
        self.of_strange_tokens.retain_recent();
    }

    fn check(
        &self,
        client: &Client,
        check: impl FnOnce(IpAddr) -> Result<(), NotUntil<QuantaInstant>>,
    ) -> Result<(), Error> {
        if client.is_local {
            return Ok(());
        }
        check(network(client.address)).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            Error::TooOften { retry_after_seconds: wait.as_secs() + 1 }
        })
    }
}

/// A rate as those who count understand it.
pub(crate) fn quota(rate: Rate) -> Quota {
    let at_least_one = |count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(at_least_one(rate.per_second)).allow_burst(at_least_one(rate.burst))
}

/// Who has one IPv6 address has the 64 bits behind it too.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates() -> Rates {
        let rate = |burst| Rate { per_second: 1, burst };
        Rates::new(rate(3), rate(2))
    }

    fn client(text: &str) -> Client {
        let address: IpAddr = text.parse().unwrap();
        Client { address, is_local: address.is_loopback(), is_https: false, host: None }
    }

    fn passed(mut check: impl FnMut() -> Result<(), Error>) -> usize {
        (0..20).filter(|_| check().is_ok()).count()
    }

    #[test]
    fn an_address_has_its_burst_and_this_machine_has_no_bound() {
        let rates = rates();
        let of = |text: &str| {
            let client = client(text);
            passed(|| rates.check_address(&client))
        };
        assert_eq!((of("203.0.113.1"), of("203.0.113.2")), (3, 3));
        assert_eq!((of("2001:db8::1"), of("2001:db8::2"), of("2001:db8:0:1::1")), (3, 0, 3));
        assert_eq!((of("127.0.0.1"), of("::1")), (20, 20));
    }

    #[test]
    fn a_tenant_has_its_burst_whoever_asks() {
        let rates = rates();
        let clients = ["203.0.113.1", "203.0.113.2"].map(client);
        let mut turn = clients.iter().cycle();
        let [one, two] =
            [(); 2].map(|()| RateLimiter::direct(quota(Rate { per_second: 1, burst: 5 })));
        assert_eq!(passed(|| rates.check_tenant(turn.next().unwrap(), &one)), 5);
        assert_eq!(passed(|| rates.check_tenant(&clients[0], &two)), 5);
    }

    #[test]
    fn known_tokens_are_judged_when_strange_ones_are_not() {
        let (rates, client) = (rates(), client("203.0.113.1"));
        let (known, strange) = (TokenId::of("known"), TokenId::of("strange"));
        rates.know(known.clone());
        assert_eq!(passed(|| rates.check_token(&client, &strange)), 2);
        assert_eq!(passed(|| rates.check_token(&client, &known)), 20);
        rates.forget();
    }

    #[test]
    fn the_wait_is_in_whole_seconds() {
        let rates = rates();
        let client = client("203.0.113.1");
        passed(|| rates.check_address(&client));
        let Err(Error::TooOften { retry_after_seconds }) = rates.check_address(&client) else {
            panic!("one more was let through")
        };
        assert!((1..=2).contains(&retry_after_seconds), "{retry_after_seconds}");
    }
}
