//! Attacks on the signature: each test is one, and says what it is answered.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::prelude::*;
use smcp_crypto::{SigningKey, mac, sha256};
use smcp_package::{PackageError, UntrustedPackage, cosign, sign, unsign};
use support::{
    custom, publisher, put_together, server, smallest, stranger, take_apart, trusted, unsigned,
    usual, verify,
};

/// Where things lie in the contents of a signature section with one signature and no key id.
mod at {
    pub(crate) const VERSION: usize = 0;
    pub(crate) const CONTENT: usize = 1;
    pub(crate) const HASH_KIND: usize = 2;
    pub(crate) const SETS: usize = 3;
    pub(crate) const SET_LENGTH: usize = 4;
    pub(crate) const HASHES: usize = 5;
    pub(crate) const HASH: usize = 6;
    pub(crate) const SIGNATURES: usize = 38;
    pub(crate) const LENGTH: usize = 39;
    pub(crate) const KEY_ID: usize = 40;
    pub(crate) const ALGORITHM: usize = 41;
    pub(crate) const SIGNATURE_LENGTH: usize = 42;
    pub(crate) const SIGNATURE: usize = 43;
    pub(crate) const END: usize = 107;
}

/// Makes the length of the set right, which takes two bytes once it is longer.
fn set_length(signature: &mut Vec<u8>) {
    let set = signature.len() - at::HASHES;
    let length = [0x80 | (set & 0x7f) as u8, (set >> 7) as u8];
    signature.splice(at::SET_LENGTH..at::HASHES, length);
}

fn answer(package: &[u8]) -> PackageError {
    verify(package)
        .map(|verified| verified.release())
        .unwrap_err()
}

/// The smallest package with its signature section altered.
fn altered(alter: impl FnOnce(&mut Vec<u8>)) -> PackageError {
    let (mut signature, rest) = take_apart(&smallest());
    assert_eq!(signature.len(), at::END);
    alter(&mut signature);
    answer(&put_together(&signature, &rest))
}

// ---- The whole file --------------------------------------------------------------------------

#[test]
fn a_package_cut_anywhere_is_refused() {
    let package = smallest();
    for length in 0..package.len() {
        assert!(verify(&package[..length]).is_err(), "cut to {length} bytes");
    }
    assert!(verify(&package).is_ok());
}

#[test]
fn a_package_with_any_bit_flipped_is_refused() {
    let package = smallest();
    for bit in 0..package.len() * 8 {
        let mut flipped = package.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(
            verify(&flipped).is_err(),
            "bit {} of byte {}",
            bit % 8,
            bit / 8
        );
    }
}

#[test]
fn bytes_after_the_last_section_are_refused() {
    for tail in [&b"\0"[..], b"\x0b\x00", b"garbage", &custom("more", b"")] {
        let refused = answer(&[&smallest(), tail].concat());
        let framing = matches!(refused, PackageError::Framing { .. });
        assert!(
            framing || matches!(refused, PackageError::HashMismatch { .. }),
            "{refused:?}"
        );
    }
}

#[test]
fn another_header_is_refused_although_no_signature_covers_it() {
    let headers = [
        *b"\0asm\x02\0\0\0",
        // A component.
        *b"\0asm\x0d\0\x01\0",
        *b"\0asm\x01\0\x01\0",
        *b"\x7fELF\x01\0\0\0",
    ];
    for header in headers {
        let mut package = smallest();
        package[..8].copy_from_slice(&header);
        assert_eq!(answer(&package), PackageError::NotAModule);
    }
}

#[test]
fn a_section_removed_exchanged_or_doubled_is_refused() {
    let (signature, rest) = take_apart(&usual());
    let starts = section_starts(&rest);
    for pair in starts.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let removed = [&rest[..from], &rest[to..]].concat();
        let doubled = [&rest[..to], &rest[from..]].concat();
        for rest in [removed, doubled] {
            let refused = answer(&put_together(&signature, &rest));
            assert!(
                matches!(refused, PackageError::HashMismatch { .. }),
                "{refused:?}"
            );
        }
    }
}

/// Where sections begin in bytes whose section lengths have at most two bytes; and the end.
fn section_starts(bytes: &[u8]) -> Vec<usize> {
    let (mut starts, mut at) = (vec![0], 0);
    while at < bytes.len() {
        let low = usize::from(bytes[at + 1]);
        at += match low {
            0..0x80 => 2 + low,
            _ => 3 + (low & 0x7f | usize::from(bytes[at + 2]) << 7),
        };
        starts.push(at);
    }
    starts
}

#[test]
fn more_bytes_than_any_policy_allows_are_refused_unread() {
    let huge = vec![0; smcp_ids::limits::PACKAGE_CEILING + 1];
    assert_eq!(
        UntrustedPackage::parse(huge).unwrap_err().code(),
        "limit_package"
    );
}

// ---- Where the signature is ------------------------------------------------------------------

#[test]
fn an_unsigned_package_is_refused() {
    assert_eq!(answer(&unsigned(&server(""))), PackageError::Unsigned);
    assert_eq!(
        answer(&unsign(&smallest()).unwrap()),
        PackageError::Unsigned
    );
    assert_eq!(answer(b"\0asm\x01\0\0\0"), PackageError::Unsigned);
}

#[test]
fn a_signature_that_is_not_first_is_refused() {
    let (signature, rest) = take_apart(&smallest());
    let late = [
        b"\0asm\x01\0\0\0",
        rest.as_slice(),
        &custom("signature", &signature),
    ]
    .concat();
    assert_eq!(answer(&late), PackageError::SignatureNotFirst);
    let hidden = [
        b"\0asm\x01\0\0\0",
        custom("a", b"").as_slice(),
        &smallest()[8..],
    ]
    .concat();
    assert_eq!(answer(&hidden), PackageError::SignatureNotFirst);
}

#[test]
fn two_signature_sections_are_refused() {
    let package = smallest();
    let (signature, _) = take_apart(&package);
    // The second one signs the first, so that a verifier which reads only one is content.
    let wrapped = put_together(&signature, &package[8..]);
    assert_eq!(answer(&wrapped), PackageError::SecondSignature);
    let signed_again = [&package, custom("signature", &signature).as_slice()].concat();
    assert_eq!(answer(&signed_again), PackageError::SecondSignature);
}

#[test]
fn delimiters_are_refused_even_if_they_are_signed() {
    let parts = [
        unsigned(&server("")),
        custom("signature_delimiter", &[7; 16]),
    ]
    .concat();
    assert_eq!(answer(&support::sign_only(&parts)), PackageError::Delimiter);
}

#[test]
fn a_section_whose_name_is_no_text_is_refused() {
    let bad = [unsigned(&server("")), vec![0, 3, 2, 0xff, 0xff]].concat();
    assert!(matches!(
        sign(&bad, &[&publisher()]),
        Err(PackageError::Framing { .. })
    ));
}

// ---- What the signature section says ---------------------------------------------------------

#[test]
fn padded_numbers_are_refused() {
    for number in [
        at::SETS,
        at::SET_LENGTH,
        at::HASHES,
        at::SIGNATURES,
        at::LENGTH,
        at::KEY_ID,
        at::SIGNATURE_LENGTH,
    ] {
        let refused = altered(|signature| {
            signature[number] |= 0x80;
            signature.insert(number + 1, 0);
            // The lengths around it are made right again, as an attacker would.
            if number > at::SET_LENGTH {
                signature[at::SET_LENGTH] += 1;
            }
            if number > at::LENGTH {
                signature[at::LENGTH] += 1;
            }
        });
        assert_eq!(
            refused,
            PackageError::SignatureNotCanonical,
            "number at {number}"
        );
    }
}

#[test]
fn a_padded_length_of_the_section_itself_is_refused() {
    let mut package = smallest();
    package[9] |= 0x80;
    package.insert(10, 0);
    assert_eq!(answer(&package), PackageError::SignatureNotCanonical);
}

#[test]
fn a_padded_length_of_the_name_is_refused() {
    let mut package = smallest();
    package[9] += 1;
    package[10] |= 0x80;
    package.insert(11, 0);
    assert_eq!(answer(&package), PackageError::SignatureNotCanonical);
}

#[test]
fn bytes_between_and_after_the_parts_are_refused() {
    for (end, lengths) in [
        (at::END, &[][..]),
        (at::END, &[at::SET_LENGTH]),
        (at::END, &[at::SET_LENGTH, at::LENGTH]),
    ] {
        let refused = altered(|signature| {
            signature.insert(end, 0);
            for &length in lengths {
                signature[length] += 1;
            }
        });
        assert_eq!(refused, PackageError::SignatureNotCanonical);
    }
}

#[test]
fn another_kind_of_signature_is_refused() {
    for byte in [at::VERSION, at::CONTENT, at::HASH_KIND] {
        assert_eq!(
            altered(|signature| signature[byte] = 2),
            PackageError::SignatureKind
        );
    }
    assert_eq!(
        altered(|it| it[at::ALGORITHM] = 2),
        PackageError::SignatureAlgorithm
    );
}

#[test]
fn a_signature_of_another_length_is_refused() {
    let refused = altered(|signature| {
        signature.pop();
        for length in [at::SET_LENGTH, at::LENGTH, at::SIGNATURE_LENGTH] {
            signature[length] -= 1;
        }
    });
    assert_eq!(refused, PackageError::SignatureAlgorithm);
}

#[test]
fn no_set_or_more_than_one_is_refused() {
    for found in [0, 2, 64] {
        let refused = altered(|signature| signature[at::SETS] = found);
        assert_eq!(
            refused,
            PackageError::SignatureSets {
                found: found.into()
            }
        );
    }
    let two = altered(|signature| {
        let set = signature[at::SET_LENGTH..].to_vec();
        signature[at::SETS] = 2;
        signature.extend(set);
    });
    assert_eq!(two, PackageError::SignatureSets { found: 2 });
}

#[test]
fn no_hash_or_more_than_one_is_refused() {
    for found in [0, 2, 64] {
        let refused = altered(|signature| signature[at::HASHES] = found);
        assert_eq!(
            refused,
            PackageError::SignatureHashes {
                found: found.into()
            }
        );
    }
}

/// A verifier that takes any of several hashes is content with the right one; the release is named by
/// the first.
#[test]
fn a_second_hash_beside_the_right_one_is_refused() {
    let (mut signature, rest) = take_apart(&smallest());
    signature[at::HASHES] = 2;
    signature.splice(at::HASH..at::HASH, [9; 32]);
    set_length(&mut signature);
    let refused = answer(&put_together(&signature, &rest));
    assert_eq!(refused, PackageError::SignatureHashes { found: 2 });
}

#[test]
fn no_signature_or_more_than_four_are_refused() {
    for found in [0, 5, 127] {
        let refused = altered(|signature| signature[at::SIGNATURES] = found);
        assert_eq!(
            refused,
            PackageError::SignatureCount {
                found: found.into()
            }
        );
    }
    let keys: Vec<_> = (1..=5)
        .map(|seed| SigningKey::from_seed(&[seed; 32]))
        .collect();
    let keys: Vec<_> = keys.iter().collect();
    let package = unsigned(&server(""));
    assert_eq!(
        sign(&package, &keys),
        Err(PackageError::SignatureCount { found: 5 })
    );
    assert_eq!(
        sign(&package, &[]),
        Err(PackageError::SignatureCount { found: 0 })
    );
    assert!(verify(&sign(&package, &keys[..4]).unwrap()).is_ok());
}

#[test]
fn a_count_that_promises_more_than_there_is_is_refused() {
    assert_eq!(
        altered(|it| it[at::SIGNATURES] = 2),
        PackageError::SignatureMalformed
    );
    assert_eq!(
        altered(|it| it[at::SET_LENGTH] = 127),
        PackageError::SignatureMalformed
    );
    assert_eq!(
        altered(|it| it[at::LENGTH] = 127),
        PackageError::SignatureMalformed
    );
    assert_eq!(
        altered(|it| it.truncate(20)),
        PackageError::SignatureMalformed
    );
    assert_eq!(altered(Vec::clear), PackageError::SignatureMalformed);
}

// ---- Who signed ------------------------------------------------------------------------------

#[test]
fn a_package_signed_by_a_stranger_is_refused() {
    let package = sign(&unsigned(&server("")), &[&stranger()]).unwrap();
    assert_eq!(answer(&package), PackageError::NotTrusted);
}

#[test]
fn nobody_trusted_means_nothing_verified() {
    let package = UntrustedPackage::parse(smallest()).unwrap();
    assert_eq!(package.verify(&[]).unwrap_err(), PackageError::NotTrusted);
}

#[test]
fn a_trusted_key_that_is_no_key_verifies_nothing() {
    // The neutral element: under it a verifier that is not strict accepts what nobody signed.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let (mut signature, rest) = take_apart(&smallest());
    signature[at::SIGNATURE..].fill(0);
    signature[at::SIGNATURE] = 1;
    let forged = UntrustedPackage::parse(put_together(&signature, &rest)).unwrap();
    let keys = [smcp_ids::PublisherKey::new(neutral)];
    assert_eq!(forged.verify(&keys).unwrap_err(), PackageError::NotTrusted);
}

#[test]
fn a_signature_of_other_bytes_is_refused() {
    let (_, rest) = take_apart(&smallest());
    let (other, _) = take_apart(&usual());
    let refused = answer(&put_together(&other, &rest));
    assert!(
        matches!(refused, PackageError::HashMismatch { .. }),
        "{refused:?}"
    );
    // With the right hash, but signed is still the other.
    let mut forged = other;
    forged[at::HASH..at::SIGNATURES].copy_from_slice(sha256(&rest).as_bytes());
    assert_eq!(
        answer(&put_together(&forged, &rest)),
        PackageError::NotTrusted
    );
}

#[test]
fn a_signature_of_the_bare_hash_or_the_bytes_is_refused() {
    let (signature, rest) = take_apart(&smallest());
    let hash = sha256(&rest);
    let messages = [
        hash.as_bytes().to_vec(),
        rest.clone(),
        [b"wasmsig\x01\x01\x02", hash.as_bytes().as_slice()].concat(),
        [b"wasmsig\x01\x02\x01", hash.as_bytes().as_slice()].concat(),
    ];
    for message in messages {
        let mut forged = signature.clone();
        forged[at::SIGNATURE..].copy_from_slice(&publisher().sign(&message));
        assert_eq!(
            answer(&put_together(&forged, &rest)),
            PackageError::NotTrusted
        );
    }
}

#[test]
fn signing_twice_with_one_key_is_refused() {
    let twice = altered(|signature| {
        let one = signature[at::LENGTH..].to_vec();
        signature[at::SIGNATURES] = 2;
        signature.extend(one);
        set_length(signature);
    });
    assert_eq!(twice, PackageError::SignedTwice);
    assert_eq!(
        cosign(&smallest(), &[&publisher()]),
        Err(PackageError::SignedTwice)
    );
}

#[test]
fn a_signed_package_is_not_signed_over() {
    assert_eq!(
        sign(&smallest(), &[&stranger()]),
        Err(PackageError::AlreadySigned)
    );
}

#[test]
fn signing_beside_others_does_not_vouch_for_altered_bytes() {
    let mut package = smallest();
    *package.last_mut().unwrap() ^= 1;
    let refused = cosign(&package, &[&stranger()]).unwrap_err();
    assert!(matches!(refused, PackageError::HashMismatch { .. }));
}

// ---- Key ids ---------------------------------------------------------------------------------

/// The smallest package's signature section with a key id.
fn with_key_id(id: &[u8]) -> Vec<u8> {
    let (mut signature, rest) = take_apart(&smallest());
    signature.splice(at::KEY_ID..at::ALGORITHM, [&[id.len() as u8], id].concat());
    signature[at::LENGTH] += id.len() as u8;
    signature[at::SET_LENGTH] += id.len() as u8;
    put_together(&signature, &rest)
}

#[test]
fn the_key_id_of_the_public_tool_is_accepted_and_an_altered_one_refused() {
    let key = publisher().public();
    let right = &mac(key.as_bytes(), b"key_id")[..12];
    assert_eq!(verify(&with_key_id(right)).unwrap().signers(), trusted());
    for bit in 0..96 {
        let mut altered = right.to_vec();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(answer(&with_key_id(&altered)), PackageError::KeyId);
    }
    for length in [1, 11, 13, 16] {
        assert_eq!(answer(&with_key_id(&vec![0; length])), PackageError::KeyId);
    }
}

#[test]
fn a_key_id_does_not_choose_the_key() {
    // The id of a trusted key on a stranger's signature.
    let (mut signature, rest) = take_apart(&sign(&unsigned(&server("")), &[&stranger()]).unwrap());
    let id = &mac(publisher().public().as_bytes(), b"key_id")[..12];
    signature.splice(at::KEY_ID..at::ALGORITHM, [&[12], id].concat());
    signature[at::LENGTH] += 12;
    signature[at::SET_LENGTH] += 12;
    assert_eq!(
        answer(&put_together(&signature, &rest)),
        PackageError::NotTrusted
    );
}

// ---- Anything --------------------------------------------------------------------------------

#[test]
fn wrapping_a_release_again_gives_it_no_new_name() {
    let bare = unsigned(&server(""));
    let release = verify(&sign(&bare, &[&publisher()]).unwrap())
        .unwrap()
        .release();
    let both = sign(&bare, &[&stranger(), &publisher()]).unwrap();
    assert_eq!(verify(&both).unwrap().release(), release);
    let added = cosign(&smallest(), &[&stranger()]).unwrap();
    assert_eq!(verify(&added).unwrap().release(), release);
    assert_eq!(unsign(&added).unwrap(), bare);
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused(bytes: Vec<u8>) {
        prop_assert!(verify(&bytes).is_err());
        let framed = [b"\0asm\x01\0\0\0", bytes.as_slice()].concat();
        prop_assert!(verify(&framed).is_err());
    }

    #[test]
    fn arbitrary_contents_of_the_signature_section_are_refused(mut bytes: Vec<u8>, kind: bool) {
        if kind {
            bytes.splice(..0, [1, 1, 1, 1]);
        }
        let (_, rest) = take_apart(&smallest());
        prop_assert!(verify(&put_together(&bytes, &rest)).is_err());
    }

    #[test]
    fn several_bytes_altered_are_refused(changes in prop::collection::vec((any::<usize>(), 1..=255_u8), 1..8)) {
        let good = usual();
        let mut package = good.clone();
        for (at, change) in changes {
            let at = at % package.len();
            package[at] ^= change;
        }
        prop_assume!(package != good);
        prop_assert!(verify(&package).is_err());
    }
}
