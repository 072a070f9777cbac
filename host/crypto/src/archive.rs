//! Archives: a stream of bytes of any length, sealed part by part under a key that somebody keeps.
//!
//! ```text
//! offset  length  what
//!      0      15  "SMCP archive 1" and a line feed
//!     15      16  salt
//!     31          parts, one after the other:
//!              1    0, or 1 for the last part
//!              4    length n of the ciphertext, most significant byte first
//!              n    ciphertext with its tag of 16 bytes (AES-256-GCM)
//! ```
//!
//! The key of the parts is HKDF-SHA-256 of the archive key, with the salt and the info `smcp archive 1`. The nonce of a part
//! is its number from 0 in eight bytes, most significant first, three bytes of 0, and its first byte. Associated are the
//! first 31 bytes of the archive and the first 5 of the part. So parts cannot be altered, left out, added, moved, or taken
//! from another archive, and an archive that was cut has no last part.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use core::fmt;
use core::str::FromStr;
use std::io::{Read, Write};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::derive::{Key, derive};
use crate::error::CryptoError;

const MAGIC: &[u8; 15] = b"SMCP archive 1\n";
const INFO: &[u8] = b"smcp archive 1";
const SALT_BYTES: usize = 16;
/// What a part holds, before it is sealed.
const PART_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;
/// What the text of a key begins with.
const KEY_PREFIX: &str = "smcp-archive-key:";

/// What archives are sealed under. As text: `smcp-archive-key:` and 32 bytes in base64url.
#[derive(Clone)]
pub struct ArchiveKey(Key);

impl ArchiveKey {
    /// A key of 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Key::new(bytes))
    }

    /// The key as text. Keep it secret.
    pub fn reveal(&self) -> String {
        let text = BASE64_URL_SAFE_NO_PAD.encode(self.0.as_slice());
        format!("{KEY_PREFIX}{text}")
    }
}

impl FromStr for ArchiveKey {
    type Err = CryptoError;

    fn from_str(text: &str) -> Result<Self, CryptoError> {
        let text = text.trim().strip_prefix(KEY_PREFIX);
        let bytes = text.and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self::new).ok_or(CryptoError::ArchiveKeyText)
    }
}

impl fmt::Debug for ArchiveKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ArchiveKey(..)")
    }
}

/// What seals or opens one part after the other.
struct Parts {
    cipher: Aes256Gcm,
    head: Vec<u8>,
    number: u64,
}

impl Parts {
    fn new(key: &ArchiveKey, salt: &[u8; SALT_BYTES]) -> Self {
        let key = derive(key.0.as_slice(), salt, INFO);
        Self {
            cipher: Aes256Gcm::new((&*key).into()),
            head: [MAGIC.as_slice(), salt].concat(),
            number: 0,
        }
    }

    /// The nonce of the next part, and what is associated with it.
    fn next(&mut self, first: [u8; 5]) -> ([u8; 12], Vec<u8>) {
        let mut nonce = [0; 12];
        let number = self.number.to_be_bytes();
        for (to, from) in nonce.iter_mut().zip(number) {
            *to = from;
        }
        let [.., last] = &mut nonce;
        let [flag, ..] = first;
        *last = flag;
        self.number += 1;
        (nonce, [self.head.as_slice(), &first].concat())
    }
}

/// Writes an archive. What is not [finished](ArchiveWriter::finish) is no archive.
pub struct ArchiveWriter<W: Write> {
    to: W,
    parts: Parts,
    pending: Vec<u8>,
}

impl<W: Write> ArchiveWriter<W> {
    /// Begins an archive. The salt must be random.
    ///
    /// # Errors
    /// What writing fails with.
    pub fn begin(mut to: W, key: &ArchiveKey, salt: [u8; SALT_BYTES]) -> std::io::Result<Self> {
        let parts = Parts::new(key, &salt);
        to.write_all(&parts.head)?;
        Ok(Self {
            to,
            parts,
            pending: Vec::new(),
        })
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// What writing fails with.
    pub fn add(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.pending.extend_from_slice(bytes);
        while self.pending.len() > PART_BYTES {
            let rest = self.pending.split_off(PART_BYTES);
            let part = core::mem::replace(&mut self.pending, rest);
            self.part(0, &part)?;
        }
        Ok(())
    }

    /// Writes the last part; gives back what was written to.
    ///
    /// # Errors
    /// What writing fails with.
    pub fn finish(mut self) -> std::io::Result<W> {
        let part = core::mem::take(&mut self.pending);
        self.part(1, &part)?;
        self.to.flush()?;
        Ok(self.to)
    }

    fn part(&mut self, flag: u8, bytes: &[u8]) -> std::io::Result<()> {
        let length = u32::try_from(bytes.len() + TAG_BYTES).map_err(std::io::Error::other)?;
        let [a, b, c, d] = length.to_be_bytes();
        let first = [flag, a, b, c, d];
        let (nonce, aad) = self.parts.next(first);
        let payload = Payload {
            msg: bytes,
            aad: &aad,
        };
        let sealed = self.parts.cipher.encrypt(&nonce.into(), payload);
        let sealed = sealed.map_err(|_| std::io::Error::other("a part is too large"))?;
        self.to.write_all(&first)?;
        self.to.write_all(&sealed)
    }
}

/// Reads an archive, part by part: what one gives is as it was written; that it ends where it ended is known when it has
/// given the last.
pub struct ArchiveReader<R: Read> {
    from: R,
    parts: Parts,
    is_over: bool,
}

impl<R: Read> ArchiveReader<R> {
    /// Begins to read.
    ///
    /// # Errors
    /// [`CryptoError::NoArchive`] if it does not begin as one.
    pub fn begin(mut from: R, key: &ArchiveKey) -> Result<Self, CryptoError> {
        let (mut magic, mut salt) = ([0; MAGIC.len()], [0; SALT_BYTES]);
        let read = from.read_exact(&mut magic);
        if read.is_err() || magic != *MAGIC || from.read_exact(&mut salt).is_err() {
            return Err(CryptoError::NoArchive);
        }
        Ok(Self {
            from,
            parts: Parts::new(key, &salt),
            is_over: false,
        })
    }

    /// The bytes of the next part; none after the last.
    ///
    /// # Errors
    /// [`CryptoError::NotAuthentic`] if it was altered or cut, or the key is another; then nothing more is given.
    pub fn next_part(&mut self) -> Result<Option<Vec<u8>>, CryptoError> {
        let part = self.read_part();
        if part.is_err() {
            self.is_over = true;
        }
        part
    }

    fn read_part(&mut self) -> Result<Option<Vec<u8>>, CryptoError> {
        let altered = |_| CryptoError::NotAuthentic;
        if self.is_over {
            return match self.from.read(&mut [0]) {
                Ok(0) => Ok(None),
                _ => Err(CryptoError::NotAuthentic),
            };
        }
        let mut first = [0; 5];
        self.from.read_exact(&mut first).map_err(altered)?;
        let [flag, a, b, c, d] = first;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if flag > 1 || length > PART_BYTES + TAG_BYTES {
            return Err(CryptoError::NotAuthentic);
        }
        let mut sealed = vec![0; length];
        self.from.read_exact(&mut sealed).map_err(altered)?;
        let (nonce, aad) = self.parts.next(first);
        let payload = Payload {
            msg: &sealed,
            aad: &aad,
        };
        let opened = self.parts.cipher.decrypt(&nonce.into(), payload);
        self.is_over = flag == 1;
        opened.map(Some).map_err(|_| CryptoError::NotAuthentic)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use proptest::prelude::*;

    fn archive(bytes: &[u8], seed: u8) -> Vec<u8> {
        let mut writer =
            ArchiveWriter::begin(Vec::new(), &ArchiveKey::new([seed; 32]), [3; 16]).unwrap();
        for piece in bytes.chunks(50_000) {
            writer.add(piece).unwrap();
        }
        writer.finish().unwrap()
    }

    fn read(archive: &[u8], seed: u8) -> Result<Vec<u8>, CryptoError> {
        let mut reader = ArchiveReader::begin(archive, &ArchiveKey::new([seed; 32]))?;
        let mut bytes = Vec::new();
        while let Some(part) = reader.next_part()? {
            bytes.extend(part);
        }
        Ok(bytes)
    }

    #[test]
    fn what_was_written_is_read_whatever_its_length() {
        for length in [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 200_000] {
            let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            assert_eq!(read(&archive(&bytes, 1), 1).unwrap(), bytes, "{length}");
        }
    }

    #[test]
    fn an_archive_that_was_cut_prolonged_or_put_in_another_order_is_none() {
        let whole = archive(&[7; 3 * PART_BYTES], 1);
        let part = 5 + PART_BYTES + TAG_BYTES;
        let head = MAGIC.len() + SALT_BYTES;
        let cuts = [0, head - 1, head, head + 4, head + part, whole.len() - 1];
        for cut in cuts {
            assert!(read(&whole[..cut], 1).is_err(), "{cut}");
        }
        let longer = [whole.as_slice(), b"x"].concat();
        assert!(read(&longer, 1).is_err());
        let first = &whole[head..head + part];
        let second = &whole[head + part..head + 2 * part];
        let swapped = [&whole[..head], second, first, &whole[head + 2 * part..]].concat();
        assert!(read(&swapped, 1).is_err());
        let without = [&whole[..head], second, &whole[head + 2 * part..]].concat();
        assert!(read(&without, 1).is_err());
        assert!(read(&whole, 2).is_err(), "another key");
    }

    #[test]
    fn a_key_and_its_text_are_inverse() {
        let key = ArchiveKey::new([9; 32]);
        let again: ArchiveKey = key.reveal().parse().unwrap();
        assert_eq!(again.reveal(), key.reveal());
        for wrong in ["", "smcp-archive-key:", "smcp-archive-key:AAAA", "AAAA"] {
            assert!(wrong.parse::<ArchiveKey>().is_err(), "{wrong}");
        }
        assert_eq!(format!("{key:?}"), "ArchiveKey(..)");
    }

    proptest! {
        #[test]
        fn no_altered_byte_goes_unseen(at in 0_usize..300, with in 1_u8..=255) {
            let mut altered = archive(&[5; 200], 1);
            let at = at % altered.len();
            altered[at] ^= with;
            prop_assert!(read(&altered, 1).is_err());
        }
    }
}
