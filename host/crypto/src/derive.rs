//! HKDF-SHA-256 (RFC 5869), for keys of 32 bytes.

use hkdf::Hkdf;
use zeroize::Zeroizing;

/// A secret key of 32 bytes, wiped when dropped.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// The key that follows from `secret`, for `salt` and `info`.
pub(crate) fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Key {
    let mut key = Zeroizing::new([0; 32]);
    #[expect(clippy::expect_used, reason = "HKDF gives up to 255 times as much")]
    Hkdf::<sha2::Sha256>::new(Some(salt), secret)
        .expand(info, key.as_mut_slice())
        .expect("32 bytes are one block");
    key
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test fails by panicking"
    )]

    use super::*;

    /// RFC 5869, appendix A.1 to A.3: the first 32 bytes of each output.
    #[test]
    fn keys_are_those_of_rfc_5869() {
        let counting = |from: u8, to: u8| (from..=to).collect::<Vec<_>>();
        let cases = [
            (
                vec![0x0b; 22],
                counting(0x00, 0x0c),
                counting(0xf0, 0xf9),
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
            ),
            (
                counting(0x00, 0x4f),
                counting(0x60, 0xaf),
                counting(0xb0, 0xff),
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c",
            ),
            (
                vec![0x0b; 22],
                vec![],
                vec![],
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
            ),
        ];
        for (secret, salt, info, key) in cases {
            assert_eq!(hex::encode(derive(&secret, &salt, &info)), key);
        }
    }
}
