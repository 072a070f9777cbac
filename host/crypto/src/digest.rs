//! SHA-256, and comparing without telling where two values differ.

use sha2::Digest as _;
use smcp_ids::Digest;
use subtle::ConstantTimeEq;

/// The SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest::new(sha2::Sha256::digest(bytes).into())
}

/// A SHA-256 of bytes that come in parts.
#[derive(Clone, Default)]
pub struct Sha256(sha2::Sha256);

impl Sha256 {
    /// Nothing hashed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hashes `bytes` after what came before.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all parts in order.
    pub fn finish(self) -> Digest {
        Digest::new(self.0.finalize().into())
    }
}

impl core::fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Sha256(..)")
    }
}

/// Whether two values are equal, in a time that depends on their lengths only.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digests_are_those_of_fips_180() {
        let million = vec![b'a'; 1_000_000];
        let cases: [(&[u8], &str); 4] = [
            (
                b"",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                b"abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
            (
                &million,
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
            ),
        ];
        for (bytes, digest) in cases {
            assert_eq!(sha256(bytes).to_string(), digest);
        }
    }

    proptest! {
        #[test]
        fn parts_hash_like_the_whole(bytes: Vec<u8>, cut: usize) {
            let (left, right) = bytes.split_at(cut.checked_rem(bytes.len()).unwrap_or(0));
            let mut hasher = Sha256::new();
            hasher.update(left);
            hasher.update(right);
            prop_assert_eq!(hasher.finish(), sha256(&bytes));
        }

        #[test]
        fn equality_is_equality(left: Vec<u8>, right: Vec<u8>) {
            prop_assert_eq!(equal(&left, &right), left == right);
            prop_assert!(equal(&left, &left));
        }
    }
}
