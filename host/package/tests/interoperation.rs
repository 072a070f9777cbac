//! The format is that of the public tool: what one signs, the other verifies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use smcp_package::{PackageError, UntrustedPackage, cosign};
use support::{
    module, publisher, put_together, server, smallest, stranger, take_apart, unsigned, usual,
    verify,
};
use wasmsign2::{KeyPair, Module, PublicKey, SecretKey};

/// The public tool's form of a key of ours: its type, the seed and the public key.
fn their_secret(seed: u8) -> SecretKey {
    let key = smcp_crypto::SigningKey::from_seed(&[seed; 32]);
    let bytes = [&[0x81], [seed; 32].as_slice(), key.public().as_bytes()].concat();
    SecretKey::from_bytes(&bytes).unwrap()
}

fn their_public(key: &smcp_crypto::SigningKey) -> PublicKey {
    PublicKey::from_bytes(&[&[0x01], key.public().as_bytes().as_slice()].concat()).unwrap()
}

fn serialize(module: &Module) -> Vec<u8> {
    let mut bytes = Vec::new();
    module.serialize(&mut bytes).unwrap();
    bytes
}

#[test]
fn what_we_sign_the_public_tool_verifies() {
    for package in [smallest(), usual()] {
        let key = their_public(&publisher());
        key.verify(&mut package.as_slice(), None).unwrap();
        key.attach_default_key_id()
            .verify(&mut package.as_slice(), None)
            .unwrap();
        let other = their_public(&stranger());
        assert!(other.verify(&mut package.as_slice(), None).is_err());
    }
}

#[test]
fn what_the_public_tool_signs_we_verify() {
    let key_id = their_public(&publisher())
        .attach_default_key_id()
        .key_id()
        .cloned();
    for package in [
        unsigned(&server("")),
        unsigned(&module(&[support::IMPORTS, support::REQUIRED])),
    ] {
        for key_id in [None, key_id.as_ref()] {
            let parsed = Module::deserialize(&mut package.as_slice()).unwrap();
            let signed = serialize(&their_secret(1).sign(parsed.clone(), key_id).unwrap());
            let ours = verify(&signed).unwrap();
            assert_eq!(ours.signers(), support::trusted());
            assert_eq!(
                ours.release(),
                verify(&support::sign_only(&package)).unwrap().release()
            );

            let (multi, _) = their_secret(1)
                .sign_multi(parsed, key_id, false, false)
                .unwrap();
            assert_eq!(serialize(&multi), signed);
        }
    }
}

#[test]
fn signatures_of_both_tools_stand_side_by_side() {
    let ours = smallest();
    let parsed = Module::deserialize(&mut ours.as_slice()).unwrap();
    let (theirs_too, _) = their_secret(2)
        .sign_multi(parsed, None, false, false)
        .unwrap();
    let theirs_too = serialize(&theirs_too);
    assert_eq!(theirs_too, cosign(&ours, &[&stranger()]).unwrap());
    for key in [publisher(), stranger()] {
        their_public(&key)
            .verify(&mut theirs_too.as_slice(), None)
            .unwrap();
    }
    let both = [stranger().public(), publisher().public()];
    let verified = UntrustedPackage::parse(theirs_too)
        .unwrap()
        .verify(&both)
        .unwrap();
    assert_eq!(
        verified.signers(),
        [publisher().public(), stranger().public()]
    );
}

#[test]
fn a_key_of_the_public_tool_is_a_key_of_ours() {
    let pair = KeyPair::generate();
    let seed: [u8; 32] = pair.sk.to_bytes()[1..33].try_into().unwrap();
    let ours = smcp_crypto::SigningKey::from_seed(&seed);
    assert_eq!(pair.pk.to_bytes()[1..], *ours.public().as_bytes());
}

#[test]
fn what_the_public_tool_signs_in_parts_is_refused() {
    let parsed = Module::deserialize(&mut unsigned(&server("")).as_slice()).unwrap();
    let (parts, _) = their_secret(1)
        .sign_multi(parsed, None, false, true)
        .unwrap();
    assert_eq!(
        verify(&serialize(&parts)).unwrap_err(),
        PackageError::Delimiter
    );
}

/// What the public tool lets pass, and ours does not.
#[test]
fn bytes_after_the_signatures_pass_the_public_tool_only() {
    let (mut signature, rest) = take_apart(&smallest());
    signature.push(0);
    let altered = put_together(&signature, &rest);
    their_public(&publisher())
        .verify(&mut altered.as_slice(), None)
        .unwrap();
    assert_eq!(
        verify(&altered).unwrap_err(),
        PackageError::SignatureNotCanonical
    );
}
