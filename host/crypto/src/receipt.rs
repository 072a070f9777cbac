//! What a platform signs for one of its objects, under keys that no object is given.
//!
//! The keys follow from the master keys beside those of tenants and of the platform's object: whoever
//! holds any of those can sign nothing here. A signature covers the name of the object it was made
//! for, so that it proves nothing about another. What is signed is bytes to this module.

use smcp_ids::PublisherKey;

use crate::binding::Binding;
use crate::digest::sha256;
use crate::error::CryptoError;
use crate::master::MasterKeys;
use crate::purpose::{Purpose, PurposeKeys};
use crate::sign::{Signature, verify_strict};

/// Names what these keys sign, and nothing else is signed with them.
const DOMAIN: &str = "smcp receipt";
/// Bytes of a key's digest that name it.
const ID_BYTES: usize = 8;

/// A signature, and the id of the key that it holds under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedReceipt {
    /// The id of the key.
    pub key: String,
    /// The signature.
    pub signature: Signature,
}

impl MasterKeys {
    /// Signs `body` for the object of that name, under the key of the current version.
    pub fn sign_receipt(&self, object: &str, body: &[u8]) -> SignedReceipt {
        let signer = self.receipts().signing_key();
        let key = receipt_key_id(&signer.public());
        let signature = signer.sign(message(&key, object, body).as_bytes());
        SignedReceipt { key, signature }
    }

    /// The public keys under which receipts of this deployment hold, the current one first.
    pub fn receipt_keys(&self) -> Vec<PublisherKey> {
        let keys = self.receipts();
        let keys = keys.signing_keys();
        keys.map(|(_, key)| key.public()).collect()
    }

    fn receipts(&self) -> PurposeKeys {
        self.of_the_shell().purpose(Purpose::Receipt)
    }
}

/// The id of a key: the beginning of its SHA-256, in hexadecimal.
pub fn receipt_key_id(key: &PublisherKey) -> String {
    let digest = sha256(key.as_bytes());
    hex::encode(digest.as_bytes().split_at(ID_BYTES).0)
}

/// Verifies that a platform with that key signed `body` for the object of that name.
///
/// # Errors
/// [`CryptoError::PublicKey`] or [`CryptoError::Signature`].
pub fn verify_receipt(
    key: &PublisherKey,
    object: &str,
    body: &[u8],
    signature: &Signature,
) -> Result<(), CryptoError> {
    let message = message(&receipt_key_id(key), object, body);
    verify_strict(key, message.as_bytes(), signature)
}

fn message(key: &str, object: &str, body: &[u8]) -> Binding {
    Binding::new(DOMAIN).text(key).text(object).bytes(body)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn master(text: &str) -> MasterKeys {
        text.replace('a', &"a1".repeat(32))
            .replace('b', &"b2".repeat(32))
            .parse()
            .unwrap()
    }

    #[test]
    fn a_receipt_is_good_for_its_object_and_its_bytes_alone() {
        let platform = master("1:a");
        let signed = platform.sign_receipt("tenant:acme", b"body");
        let key = platform.receipt_keys()[0];
        assert_eq!(signed.key, receipt_key_id(&key));
        let verify =
            |key, object, body: &[u8]| verify_receipt(key, object, body, &signed.signature);
        assert_eq!(verify(&key, "tenant:acme", b"body"), Ok(()));
        for (object, body) in [
            ("tenant:other", &b"body"[..]),
            ("platform", b"body"),
            ("tenant:acm", b"ebody"),
            ("tenant:acme", b"bodY"),
        ] {
            assert_eq!(verify(&key, object, body), Err(CryptoError::Signature));
        }
        let other = master("1:b").receipt_keys()[0];
        assert!(verify(&other, "tenant:acme", b"body").is_err());
    }

    #[test]
    fn an_older_version_still_verifies_and_no_longer_signs() {
        let before = master("1:a").sign_receipt("tenant:acme", b"body");
        let rotated = master("1:a,2:b");
        let after = rotated.sign_receipt("tenant:acme", b"body");
        assert_ne!(before.key, after.key);
        let ids: Vec<_> = rotated.receipt_keys().iter().map(receipt_key_id).collect();
        assert_eq!(ids, [after.key, before.key]);
    }

    #[test]
    fn no_object_has_the_key() {
        let master = master("1:a");
        let key = master.receipt_keys()[0];
        for keys in [master.platform(), master.tenant(&"acme".parse().unwrap())] {
            let own = keys.purpose(Purpose::Receipt).signing_key();
            assert_ne!(own.public(), key);
        }
    }
}
