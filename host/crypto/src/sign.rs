//! Ed25519 (RFC 8032), verified strictly.

use core::fmt;

use ed25519_dalek::Signer as _;
use ed25519_dalek::VerifyingKey;
use smcp_ids::PublisherKey;

use crate::error::CryptoError;

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;
/// An Ed25519 signature.
pub type Signature = [u8; SIGNATURE_BYTES];

/// A secret key that signs. Wiped when dropped; never printed.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key of a seed: 32 random bytes, which are the secret key in RFC 8032's sense.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The public key, under which signatures verify.
    pub fn public(&self) -> PublisherKey {
        PublisherKey::new(self.0.verifying_key().to_bytes())
    }

    /// The signature of `message`: always the same for the same key and message.
    pub fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public())
    }
}

/// Whether `key` can be trusted at all: a point of the curve in its only encoding, and not one of the
/// eight points under which anybody can sign.
///
/// # Errors
/// [`CryptoError::PublicKey`].
pub fn check_publisher_key(key: &PublisherKey) -> Result<(), CryptoError> {
    usable(key).map(|_| ())
}

fn usable(key: &PublisherKey) -> Result<VerifyingKey, CryptoError> {
    let point = VerifyingKey::from_bytes(key.as_bytes()).map_err(|_| CryptoError::PublicKey)?;
    let canonical = point.to_edwards().compress().to_bytes() == *key.as_bytes();
    if canonical && !point.is_weak() {
        Ok(point)
    } else {
        Err(CryptoError::PublicKey)
    }
}

/// Verifies that the holder of `key` signed `message`. Strictly: keys and commitments of small order
/// and scalars that are not reduced are refused, so that a signature means one key and one message.
///
/// # Errors
/// [`CryptoError::PublicKey`] or [`CryptoError::Signature`].
pub fn verify_strict(
    key: &PublisherKey,
    message: &[u8],
    signature: &Signature,
) -> Result<(), CryptoError> {
    usable(key)?
        .verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature))
        .map_err(|_| CryptoError::Signature)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test fails by panicking"
    )]

    use proptest::prelude::*;

    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    /// RFC 8032, section 7.1: tests 1, 2 and 3.
    #[test]
    fn signatures_are_those_of_rfc_8032() {
        let cases = [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
        ];
        for (seed, public, message, signature) in cases {
            let key = SigningKey::from_seed(&bytes(seed));
            let message = hex::decode(message).unwrap();
            assert_eq!(key.public().to_string(), public);
            assert_eq!(hex::encode(key.sign(&message)), signature);
            assert_eq!(
                verify_strict(&key.public(), &message, &bytes(signature)),
                Ok(())
            );
        }
    }

    #[test]
    fn a_key_under_which_anybody_can_sign_is_refused() {
        let keys = [
            // The neutral element, the point of order two, one of order four, one of order eight.
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            // Not canonical: p + 3, a second name for the point with y = 3.
            "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            // Not a point of the curve.
            "0200000000000000000000000000000000000000000000000000000000000000",
        ];
        for key in keys {
            let key = PublisherKey::new(bytes(key));
            assert_eq!(
                check_publisher_key(&key),
                Err(CryptoError::PublicKey),
                "{key}"
            );
            assert_eq!(
                verify_strict(&key, b"", &[0; 64]),
                Err(CryptoError::PublicKey)
            );
        }
    }

    #[test]
    fn a_scalar_that_is_not_reduced_is_refused() {
        let key = SigningKey::from_seed(&[7; 32]);
        let mut signature = key.sign(b"message");
        // Adds the order of the group to the scalar: the same signature to a lax verifier.
        let order: [u8; 32] =
            bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let mut carry = 0;
        for (byte, add) in signature[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        assert_eq!(
            verify_strict(&key.public(), b"message", &signature),
            Err(CryptoError::Signature)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn only_the_signed_message_verifies(seed: [u8; 32], message: Vec<u8>, flip in 0..512_usize) {
            let key = SigningKey::from_seed(&seed);
            let signature = key.sign(&message);
            prop_assert_eq!(verify_strict(&key.public(), &message, &signature), Ok(()));
            let mut altered = signature;
            altered[flip / 8] ^= 1 << (flip % 8);
            prop_assert!(verify_strict(&key.public(), &message, &altered).is_err());
            let mut longer = message;
            longer.push(0);
            prop_assert!(verify_strict(&key.public(), &longer, &signature).is_err());
        }
    }
}
