//! HMAC-SHA-256.

use hmac::{Hmac, KeyInit, Mac};

use crate::digest::equal;

/// The HMAC-SHA-256 of `data` under `key`, which may have any length but should have 32 bytes.
pub fn mac(key: &[u8], data: &[u8]) -> [u8; 32] {
    #[expect(
        clippy::expect_used,
        reason = "HMAC is defined for a key of any length"
    )]
    let mut hmac = Hmac::<sha2::Sha256>::new_from_slice(key).expect("a key of any length");
    hmac.update(data);
    hmac.finalize().into_bytes().into()
}

/// A chain of MACs: each link's MAC is the key of the next one, the last is what comes out. Who has one can add
/// links, and take none away. `first` is the key of the first link; without links it is the result.
pub fn chained_mac<'a>(first: [u8; 32], links: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    links.into_iter().fold(first, |key, link| mac(&key, link))
}

/// Whether `tag` is the MAC of `data` under `key`, in constant time.
pub fn verify_mac(key: &[u8], data: &[u8], tag: &[u8]) -> bool {
    equal(&mac(key, data), tag)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test fails by panicking"
    )]

    use super::*;

    /// RFC 4231, section 4: cases 1, 2, 3 and 6.
    #[test]
    fn macs_are_those_of_rfc_4231() {
        let cases: [(&[u8], &[u8], &str); 4] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ];
        for (key, data, tag) in cases {
            let tag = hex::decode(tag).unwrap();
            assert_eq!(mac(key, data).as_slice(), tag);
            assert!(verify_mac(key, data, &tag));
            assert!(!verify_mac(key, data, &tag[..31]));
            assert!(!verify_mac(key, b"other", &tag));
        }
    }

    #[test]
    fn a_chain_goes_on_from_any_of_its_links_and_from_nothing_else() {
        let (key, links) = ([7; 32], [&b"one"[..], b"two", b"three"]);
        let whole = chained_mac(key, links);
        assert_eq!(whole, mac(&mac(&mac(&key, b"one"), b"two"), b"three"));
        for cut in 0..=links.len() {
            let begun = chained_mac(key, links[..cut].iter().copied());
            assert_eq!(chained_mac(begun, links[cut..].iter().copied()), whole);
        }
        for other in [
            &[&b"two"[..], b"one", b"three"][..],
            &[b"one", b"two"],
            &[b"one", b"two", b"three", b""],
            &[b"onetwo", b"three"],
        ] {
            assert_ne!(chained_mac(key, other.iter().copied()), whole, "{other:?}");
        }
    }
}
