//! The chain: each entry has the hash of the one before, so that none can be altered, removed or moved unseen.
//!
//! An entry is a text, and its hash the SHA-256 of that text. What is read back is held against the chain as it is
//! written, byte by byte: nothing has to be encoded again to verify it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use smcp_crypto::sha256;
use smcp_ids::Digest;

use crate::receipt::{PlatformKeys, ReceiptError};

/// One thing that was done, or refused. Its members are written in this order.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    /// 1, 2, 3 and so on.
    pub number: u64,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// Whose chain it is: `tenant:` and the tenant, or `platform`.
    pub of: String,
    /// Who did it, as principals are called; `anybody`, if nobody had to prove who they are.
    pub by: String,
    /// The request: the same for all entries of one.
    pub request: String,
    /// What: the name of an action of the admin API, or of an event.
    pub did: String,
    /// To what: the path of the admin API after `/admin/v1`, or the id of what an event is about.
    pub to: String,
    /// More of it, JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<Box<RawValue>>,
    /// What came of it: `done`, or the code of the error that it was refused with.
    pub came: String,
    /// The hash of the entry before; of the first one, that of its chain's name.
    #[serde(with = "crate::hexadecimal")]
    pub before: Digest,
}

/// How far a chain has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The number of the last entry; 0 before the first.
    pub number: u64,
    /// Its hash.
    #[serde(with = "crate::hexadecimal")]
    pub hash: Digest,
}

impl Head {
    /// That of a chain without entries.
    pub fn of(chain: &str) -> Self {
        Self {
            number: 0,
            hash: sha256(format!("smcp audit 1 {chain}").as_bytes()),
        }
    }

    /// The head once a text is the last entry.
    pub(crate) fn after(number: u64, text: &str) -> Self {
        Self {
            number,
            hash: sha256(text.as_bytes()),
        }
    }
}

/// What the platform signs of a head comes after this: so it is no receipt.
pub const HEAD_DOMAIN: &str = "smcp audit head 1\n";

/// What the platform says of a chain. Its members are written in this order.
#[derive(Debug, Serialize, Deserialize)]
pub struct HeadStatement {
    /// Whose.
    pub of: String,
    /// The number of the last entry.
    pub number: u64,
    /// Its hash.
    #[serde(with = "crate::hexadecimal")]
    pub hash: Digest,
    /// When that was so, in milliseconds since 1970.
    pub at: u64,
}

/// A [`HeadStatement`], signed with the platform's key for receipts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    /// The statement, as it was signed: after [`HEAD_DOMAIN`].
    pub statement: String,
    /// The id of the key.
    pub key: String,
    /// The signature, in hexadecimal.
    pub signature: String,
}

impl SignedHead {
    /// What the platform said, if it did.
    ///
    /// # Errors
    /// [`ReceiptError`]: the signature is made as that of a receipt.
    pub fn verify(&self, keys: &PlatformKeys) -> Result<HeadStatement, ReceiptError> {
        let statement: HeadStatement = serde_json::from_str(&self.statement)
            .map_err(|error| ReceiptError::Malformed(error.to_string()))?;
        let signature = hex::decode(&self.signature).ok();
        let signature = signature.and_then(|bytes| bytes.try_into().ok());
        let signature = signature.ok_or(ReceiptError::Signature)?;
        let body = format!("{HEAD_DOMAIN}{}", self.statement);
        keys.verify(&self.key, &statement.of, body.as_bytes(), &signature)?;
        Ok(statement)
    }
}

impl HeadStatement {
    /// The head that it is about.
    pub fn head(&self) -> Head {
        Head {
            number: self.number,
            hash: self.hash,
        }
    }
}

/// What is wrong with texts that are to be a part of a chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// A line is no entry.
    #[error("line {0} is no entry of an audit chain")]
    Form(usize),
    /// It is one of another chain.
    #[error("entry {0} is of another chain than the first")]
    OtherChain(u64),
    /// A number is missing, there twice, or in another place.
    #[error("entry {expected} is missing: the next is {found}")]
    Missing {
        /// The number that must come.
        expected: u64,
        /// The one that does.
        found: u64,
    },
    /// An entry does not have the hash of the one before it.
    #[error("entry {0} was altered, or the one before it was")]
    Altered(u64),
    /// The chain has not come as far as it is known to have, or another way.
    #[error("the chain does not end as its head says: entries at its end were removed or altered")]
    End,
}

/// What was found of a part of a chain that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whose.
    pub of: String,
    /// The number of the first entry that is there: earlier ones were too old.
    pub first: u64,
    /// The last one, and its hash.
    pub head: Head,
}

/// Verifies that texts, in their order, are one part of one chain; its end too, if a head is known. None, if there are no
/// texts.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify<'a>(
    texts: impl IntoIterator<Item = &'a str>,
    known: Option<&Head>,
) -> Result<Option<Verified>, ChainError> {
    let mut verified: Option<Verified> = None;
    // Whether the known head was passed: later entries may be there by now.
    let mut is_known = known.is_none_or(|head| head.number == 0);
    for (line, text) in texts.into_iter().enumerate() {
        let entry: Entry =
            serde_json::from_str(text).map_err(|_| ChainError::Form(line.saturating_add(1)))?;
        let last = verified.get_or_insert_with(|| Verified {
            of: entry.of.clone(),
            first: entry.number,
            head: Head {
                number: entry.number.saturating_sub(1),
                hash: entry.before,
            },
        });
        if entry.of != last.of {
            return Err(ChainError::OtherChain(entry.number));
        }
        let expected = last.head.number.saturating_add(1);
        if entry.number != expected {
            return Err(ChainError::Missing {
                expected,
                found: entry.number,
            });
        }
        let begins = entry.number > 1 || entry.before == Head::of(&entry.of).hash;
        if entry.before != last.head.hash || !begins {
            return Err(ChainError::Altered(entry.number));
        }
        last.head = Head::after(entry.number, text);
        is_known |= known == Some(&last.head);
    }
    if is_known {
        Ok(verified)
    } else {
        Err(ChainError::End)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn chain(length: u64) -> (Vec<String>, Head) {
        let mut head = Head::of("tenant:acme");
        let mut texts = Vec::new();
        for number in 1..=length {
            let entry = Entry {
                number,
                at: 1_700_000_000_000 + number,
                of: "tenant:acme".to_owned(),
                by: "admin".to_owned(),
                request: format!("r{number}"),
                did: "SetGrant".to_owned(),
                to: "/tenants/acme/servers/notes/grants".to_owned(),
                what: (number % 2 == 0)
                    .then(|| RawValue::from_string(r#"{"host":"a.example"}"#.to_owned()).unwrap()),
                came: "done".to_owned(),
                before: head.hash,
            };
            let text = serde_json::to_string(&entry).unwrap();
            head = Head::after(number, &text);
            texts.push(text);
        }
        (texts, head)
    }

    fn check(texts: &[String], known: Option<&Head>) -> Result<Option<Verified>, ChainError> {
        verify(texts.iter().map(String::as_str), known)
    }

    #[test]
    fn a_chain_is_whole_from_any_entry_on() {
        let (texts, head) = chain(6);
        for first in 0..6 {
            let verified = check(&texts[first..], Some(&head)).unwrap().unwrap();
            assert_eq!((verified.first, &verified.head), (first as u64 + 1, &head));
        }
        assert_eq!(check(&[], None), Ok(None));
        assert_eq!(check(&[], Some(&Head::of("tenant:acme"))), Ok(None));
        assert_eq!(check(&[], Some(&head)), Err(ChainError::End));
        // A head that was kept earlier is passed on the way.
        let earlier = Head::after(4, &texts[3]);
        assert!(check(&texts, Some(&earlier)).is_ok());
    }

    #[test]
    fn an_end_that_is_missing_is_found_by_who_knows_the_head() {
        let (texts, head) = chain(5);
        assert!(check(&texts[..4], None).is_ok());
        assert_eq!(check(&texts[..4], Some(&head)), Err(ChainError::End));
    }

    proptest! {
        /// Whatever is done to it but taking away its beginning.
        #[test]
        fn what_is_altered_removed_or_moved_is_found(
            at in 0_usize..8, other in 0_usize..8, byte in any::<prop::sample::Index>(), to in 0x20_u8..0x7f,
        ) {
            let (texts, head) = chain(8);
            let mut altered = texts.clone();
            let mut bytes = altered[at].clone().into_bytes();
            let place = byte.index(bytes.len());
            bytes[place] = to;
            altered[at] = String::from_utf8(bytes).unwrap();
            if altered != texts {
                prop_assert!(check(&altered, Some(&head)).is_err());
            }
            let mut removed = texts.clone();
            removed.remove(at);
            prop_assert_eq!(check(&removed, Some(&head)).is_err(), at > 0);
            let mut swapped = texts.clone();
            swapped.swap(at, other);
            prop_assert_eq!(check(&swapped, Some(&head)).is_err(), at != other);
            let mut twice = texts.clone();
            twice.insert(at, texts[other].clone());
            prop_assert!(check(&twice, Some(&head)).is_err());
        }
    }
}
