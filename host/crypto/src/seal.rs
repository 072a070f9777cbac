//! AES-256-GCM with a header that names the format and the version of the key.
//!
//! ```text
//! offset  length  what
//!      0       1  format, 1
//!      1       4  version of the master key, most significant byte first
//!      5      12  nonce
//!     17       n  ciphertext
//!   17+n      16  tag, over header, binding and ciphertext
//! ```

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};

use crate::binding::Binding;
use crate::error::CryptoError;
use crate::ring::Ring;

/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 12;
const FORMAT: u8 = 1;
const HEADER_BYTES: usize = 5;
const TAG_BYTES: usize = 16;
/// How many bytes longer a sealed value is than what it holds.
pub const SEAL_OVERHEAD: usize = HEADER_BYTES + NONCE_BYTES + TAG_BYTES;

fn associated(header: &[u8], binding: &Binding) -> Vec<u8> {
    [header, binding.as_bytes()].concat()
}

pub(crate) fn seal(
    ring: &Ring,
    nonce: [u8; NONCE_BYTES],
    binding: &Binding,
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let (version, key) = ring.current();
    let mut sealed = Vec::with_capacity(plaintext.len() + SEAL_OVERHEAD);
    sealed.push(FORMAT);
    sealed.extend_from_slice(&version.to_be_bytes());
    let aad = associated(&sealed, binding);
    let ciphertext = Aes256Gcm::new(key.into())
        .encrypt(
            &nonce.into(),
            Payload {
                msg: plaintext,
                aad: &aad,
            },
        )
        .map_err(|_| CryptoError::TooLarge)?;
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&ciphertext);
    Ok(sealed)
}

pub(crate) fn open(ring: &Ring, binding: &Binding, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let key = ring.get(key_version(sealed)?)?;
    let (header, rest) = sealed
        .split_at_checked(HEADER_BYTES)
        .ok_or(CryptoError::SealedFormat)?;
    let (nonce, ciphertext) = rest
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or(CryptoError::SealedFormat)?;
    Aes256Gcm::new(key.into())
        .decrypt(
            &(*nonce).into(),
            Payload {
                msg: ciphertext,
                aad: &associated(header, binding),
            },
        )
        .map_err(|_| CryptoError::NotAuthentic)
}

/// The version that the header names; whether it is the truth is seen on opening.
pub(crate) fn key_version(sealed: &[u8]) -> Result<u32, CryptoError> {
    match sealed {
        [FORMAT, a, b, c, d, rest @ ..] if rest.len() >= NONCE_BYTES + TAG_BYTES => {
            Ok(u32::from_be_bytes([*a, *b, *c, *d]))
        }
        _ => Err(CryptoError::SealedFormat),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test fails by panicking"
    )]

    use super::*;

    /// The cipher beneath is AES-256-GCM as in the GCM specification (McGrew and Viega), test
    /// cases 13, 14 and 16.
    #[test]
    fn the_cipher_is_that_of_the_gcm_specification() {
        let plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
        let key16 = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
        let zero = "00".repeat(32);
        let cases = [
            (
                zero.as_str(),
                "000000000000000000000000",
                "",
                "",
                "530f8afbc74536b9a963b4f1c4cb738b",
            ),
            (
                &zero,
                "000000000000000000000000",
                "00000000000000000000000000000000",
                "",
                "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
            ),
            (
                key16,
                "cafebabefacedbaddecaf888",
                plain,
                "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
            ),
        ];
        for (key, nonce, msg, aad, sealed) in cases {
            let key: [u8; 32] = hex::decode(key).unwrap().try_into().unwrap();
            let nonce: [u8; 12] = hex::decode(nonce).unwrap().try_into().unwrap();
            let (msg, aad) = (hex::decode(msg).unwrap(), hex::decode(aad).unwrap());
            let got = Aes256Gcm::new(&key.into())
                .encrypt(
                    &nonce.into(),
                    Payload {
                        msg: &msg,
                        aad: &aad,
                    },
                )
                .unwrap();
            assert_eq!(hex::encode(got), sealed);
        }
    }
}
