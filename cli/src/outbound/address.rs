//! Which addresses are public: a name may stand for any address, also of this machine or its network, and that is known
//! only when it is looked up.
//!
//! What is connected to is what was looked at here: there is no second look-up in between.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Blocks that are not for everybody to reach (IANA's registry of special-purpose addresses, RFC 6890), with the bits
/// that name each.
const IPV4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    // What was the way from IPv4 to 6to4.
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Not special by its number, but inside one cloud it is the machine's own host.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    // Multicast, and all that is reserved.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// What is public of IPv6 (RFC 4291, section 2.4): one eighth of it, without these blocks.
const IPV6_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
const IPV6: &[(Ipv6Addr, u32)] = &[
    // Protocols of their own, among them Teredo, which has an IPv4 address inside.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4: the same.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];
/// Where networks without IPv4 find it (RFC 6052): the last four bytes are the address.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// A name stands for no address that a server may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name stands for no public address")
    }
}

impl std::error::Error for NotPublic {}

/// Looks names up with another resolver, and leaves out the addresses that are not public.
#[derive(Debug)]
pub(super) struct Public<R>(pub(super) R);

impl<R: Resolver> Resolver for Public<R> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.0.resolve(uri, config, timeout)?;
        let mut public = self.empty();
        for address in found.iter().filter(|address| is_public(address.ip())) {
            public.push(*address);
        }
        if public.is_empty() {
            return Err(Error::Other(Box::new(NotPublic)));
        }
        Ok(public)
    }
}

/// Whether an address is one of the public network.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_in =
        |(block, bits): &(Ipv4Addr, u32)| (address.to_bits() ^ block.to_bits()) >> (32 - bits) == 0;
    !IPV4.iter().any(is_in)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let is_in = |(block, bits): &(Ipv6Addr, u32)| {
        (address.to_bits() ^ block.to_bits()) >> (128 - bits) == 0
    };
    if is_in(&NAT64) {
        return is_public_v4(Ipv4Addr::from_bits(address.to_bits() as u32));
    }
    is_in(&IPV6_UNICAST) && !IPV6.iter().any(is_in)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const PUBLIC: &[&str] = &[
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "140.82.121.6",
        "168.63.129.15",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "203.0.114.0",
        "223.255.255.255",
        "2000::1",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2001:db7:ffff::1",
        "2001:db9::1",
        "2003::1",
        "2606:50c0:8000::154",
        "3ffe:ffff::1",
        "64:ff9b::8c52:7906",
    ];

    const NOT_PUBLIC: &[&str] = &[
        // This machine, and no address at all.
        "0.0.0.0",
        "0.255.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "::",
        "::1",
        // Private networks.
        "10.0.0.0",
        "10.255.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.168.0.1",
        "192.168.255.255",
        "fc00::1",
        "fd00:ec2::254",
        "fdff:ffff::1",
        "fec0::1",
        // The link, where clouds keep their metadata, and what providers share.
        "169.254.0.0",
        "169.254.169.254",
        "169.254.255.255",
        "fe80::1",
        "febf::1",
        "100.64.0.0",
        "100.100.100.200",
        "100.127.255.255",
        "168.63.129.16",
        // Set aside for protocols, tests and documents.
        "192.0.0.0",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:20::1",
        "2001:1ff:ffff::1",
        "2001:db8::1",
        "3fff::1",
        "3fff:fff:ffff::1",
        "5f00::1",
        // Many at once, and nobody.
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "ff02::1",
        // IPv4 in other clothes.
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::a00:1",
        "64:ff9b:1::808:808",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "4000::1",
    ];

    #[test]
    fn a_server_reaches_public_addresses_and_no_others() {
        for (addresses, expected) in [(PUBLIC, true), (NOT_PUBLIC, false)] {
            for address in addresses {
                assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
            }
        }
    }

    /// A look-up that finds these.
    #[derive(Debug)]
    struct Found(Vec<&'static str>);

    impl Resolver for Found {
        fn resolve(
            &self,
            _: &Uri,
            _: &Config,
            _: NextTimeout,
        ) -> Result<ResolvedSocketAddrs, Error> {
            let mut found = self.empty();
            for address in &self.0 {
                found.push(format!("{address}:443").parse().unwrap());
            }
            Ok(found)
        }
    }

    #[test]
    fn of_what_a_name_stands_for_only_what_is_public_is_connected_to() {
        for (found, expected) in [
            (vec!["8.8.8.8"], Some(vec!["8.8.8.8:443"])),
            (
                vec!["10.0.0.1", "8.8.8.8", "127.0.0.1"],
                Some(vec!["8.8.8.8:443"]),
            ),
            (vec!["10.0.0.1", "[::1]", "[::ffff:8.8.8.8]"], None),
        ] {
            let uri = Uri::from_static("https://api.example.com/");
            let (config, timeout) = (Config::default(), NextTimeout::default());
            let resolved = Public(Found(found)).resolve(&uri, &config, timeout);
            let shown = resolved.map(|addresses| {
                let shown = addresses.iter().map(ToString::to_string);
                shown.collect::<Vec<_>>()
            });
            match (shown, expected) {
                (Ok(shown), Some(expected)) => assert_eq!(shown, expected),
                (Err(Error::Other(error)), None) => assert!(error.is::<NotPublic>()),
                (resolved, _) => panic!("{resolved:?}"),
            }
        }
    }
}
