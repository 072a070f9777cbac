//! Attacks on the signature: each test is one, and says what it is answered.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::prelude::*;
use smcp_crypto::SigningKey;
use smcp_package::{PackageError, UntrustedPackage, cosign, sign, unsign};
use support::{
    altered, answer, at, custom, publisher, put_together, server, set_length, smallest, stranger,
    take_apart, unsigned, usual, verify,
};

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
