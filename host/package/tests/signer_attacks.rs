//! Attacks on who signed: strangers, forged and borrowed signatures, key ids. Each test is one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use smcp_crypto::{mac, sha256};
use smcp_package::{PackageError, UntrustedPackage, cosign, sign};
use support::{
    altered, answer, at, publisher, put_together, server, set_length, smallest, stranger,
    take_apart, trusted, unsigned, usual, verify,
};

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
