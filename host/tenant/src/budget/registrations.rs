//! Clients that register themselves, as anybody may: how many from one address, and how many at all.

use core::net::{IpAddr, Ipv6Addr};

use smcp_ids::{UnixMillis, limits};

use super::throttle::{Rule, Throttle};

const RULE: Rule = Rule {
    each: limits::REGISTRATIONS_EACH,
    all: limits::REGISTRATIONS_ALL,
    window: limits::REGISTRATIONS_MILLIS,
    known: limits::REGISTRATION_ADDRESSES_MAX,
};

/// The registrations that one object has seen lately, by where they came from.
#[derive(Debug)]
pub struct Registrations(Throttle<Option<IpAddr>>);

impl Default for Registrations {
    fn default() -> Self {
        Self(Throttle::new(RULE))
    }
}

impl Registrations {
    /// Counts one that comes from that address, as the platform says it. Whoever has one address of IPv6 has all of its
    /// network (RFC 6177, section 2).
    ///
    /// # Errors
    /// After how many seconds another may come.
    pub fn take(&mut self, address: &str, now: UnixMillis) -> Result<(), u64> {
        let who = address.parse().ok().map(network);
        self.0.take(&who, now)
    }
}

fn network(address: IpAddr) -> IpAddr {
    const FIRST_HALF: u128 = !(u64::MAX as u128);
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(long) => Ipv6Addr::from_bits(long.to_bits() & FIRST_HALF).into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const START: UnixMillis = UnixMillis(1_700_000_000_000);

    #[test]
    fn one_network_may_register_few_and_keeps_no_other_back() {
        for (same, other) in [
            (["192.0.2.1", "192.0.2.1"], "192.0.2.2"),
            (
                ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2"],
                "2001:db8:0:2::1",
            ),
            (["", "no address"], "192.0.2.1"),
        ] {
            let mut registrations = Registrations::default();
            for number in 0..limits::REGISTRATIONS_EACH {
                let from = if number % 2 == 0 { same[0] } else { same[1] };
                assert_eq!(registrations.take(from, START), Ok(()));
            }
            let wait = registrations.take(same[0], START).unwrap_err();
            assert_eq!(registrations.take(other, START), Ok(()));
            let then = START.plus(wait * 1_000);
            assert_eq!(registrations.take(same[1], then), Ok(()));
        }
    }

    #[test]
    fn all_networks_together_may_register_more_and_not_without_end() {
        let mut registrations = Registrations::default();
        let mut taken = 0;
        for number in 0..2 * limits::REGISTRATIONS_ALL {
            let from = format!("10.{}.{}.1", number / 256, number % 256);
            taken += u64::from(registrations.take(&from, START).is_ok());
        }
        assert_eq!(taken, limits::REGISTRATIONS_ALL);
    }
}
