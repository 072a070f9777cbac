//! Key-value storage as a tool sees it: two spaces, in which keys are texts, and values are bytes or
//! JSON.
//!
//! What may be a key, and how much may be stored, is the host's to say: nothing is checked here.

use std::fmt;
use std::iter::FusedIterator;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::{Backing, Host};

mod error;

pub use error::KvError;
pub(crate) use error::Refused;

/// How many keys are asked for at first: most look at a few.
const FIRST_PAGE: u32 = 100;
/// How many after that: the most that the contract gives.
const PAGE: u32 = 1_000;

/// Whose the keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    /// The server's, shared by all its callers.
    Server,
    /// The caller's own.
    Caller,
}

/// One space of key-value storage: [`Context::kv`](crate::Context::kv) is the server's,
/// [`Context::caller_kv`](crate::Context::caller_kv) the caller's own.
///
/// A call is one transaction. It sees its own changes at once; others see all of them when the call has
/// returned, and none of a call that panics, is cancelled or returns a
/// [`ProtocolError`](crate::ProtocolError). An `Err` that the model reads is an answer like any other:
/// what the tool stored before it stays. Calls that run at once come to what they would one after the
/// other, so `get` and then `set` needs no lock.
///
/// Keys are 1 to 512 bytes of text without U+0000 and U+10FFFF, in the order of their bytes; a value is
/// at most 128 KiB. A call reads at most 512 times, after which it fails, and makes at most 1,024
/// changes of 4 MiB in all; a server keeps at most 64 MiB. A tool that says `read_only_hint` changes
/// nothing.
#[derive(Clone, Copy)]
pub struct Kv<'a> {
    host: &'a Backing,
    space: Space,
}

impl<'a> Kv<'a> {
    pub(crate) fn new(host: &'a Backing, space: Space) -> Self {
        Self { host, space }
    }

    /// The value of a key, if it has one.
    ///
    /// # Errors
    ///
    /// When the key is not one.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        let value = self.host.kv_get(self.space, key);
        value.map_err(|refused| refused.of(key, 0))
    }

    /// The value of a key, if it has one, from JSON.
    ///
    /// # Errors
    ///
    /// When the key is not one, or its value is not JSON of this type.
    pub fn get_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, KvError> {
        let Some(value) = self.get(key)? else {
            return Ok(None);
        };
        match serde_json::from_slice(&value) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(KvError::Unfit {
                key: key.to_owned(),
                message: error.to_string(),
            }),
        }
    }

    /// Sets a key to bytes, or to a text.
    ///
    /// # Errors
    ///
    /// When the key is not one, the value is too large, the call has changed too much, or its tool
    /// says that it only reads.
    pub fn set(&self, key: &str, value: impl AsRef<[u8]>) -> Result<(), KvError> {
        self.write(key, value.as_ref(), None)
    }

    /// Sets a key to what goes by itself after a time: whole seconds, at least one; parts of a second
    /// count as a whole one.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set).
    pub fn set_with_ttl(
        &self,
        key: &str,
        value: impl AsRef<[u8]>,
        ttl: Duration,
    ) -> Result<(), KvError> {
        self.write(key, value.as_ref(), Some(seconds(ttl)))
    }

    /// Sets a key to JSON.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set), or when the value does not become JSON, such as a map with keys
    /// that are not texts.
    pub fn set_json<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), KvError> {
        self.write(key, &json(key, value)?, None)
    }

    /// Sets a key to JSON that goes by itself after a time, as with
    /// [`set_with_ttl`](Self::set_with_ttl).
    ///
    /// # Errors
    ///
    /// Those of [`set_json`](Self::set_json).
    pub fn set_json_with_ttl<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
        ttl: Duration,
    ) -> Result<(), KvError> {
        self.write(key, &json(key, value)?, Some(seconds(ttl)))
    }

    fn write(&self, key: &str, value: &[u8], ttl: Option<u32>) -> Result<(), KvError> {
        let written = self.host.kv_set(self.space, key, value, ttl);
        written.map_err(|refused| refused.of(key, value.len()))
    }

    /// Removes a key. That it is not there is no error.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set).
    pub fn delete(&self, key: &str) -> Result<(), KvError> {
        let deleted = self.host.kv_delete(self.space, key);
        deleted.map_err(|refused| refused.of(key, 0))
    }

    /// Sets a key, or removes it where `value` is `None`, if it has the value that is expected: `None`
    /// stands for a key that is not there. Says whether it did.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set), whether it would swap or not.
    pub fn swap(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<bool, KvError> {
        self.exchange(key, expected, value, None)
    }

    /// Like [`swap`](Self::swap), with a value that goes by itself after a time, as with
    /// [`set_with_ttl`](Self::set_with_ttl): one caller at a time holds what has no value.
    ///
    /// # Errors
    ///
    /// Those of [`swap`](Self::swap).
    pub fn swap_with_ttl(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        value: &[u8],
        ttl: Duration,
    ) -> Result<bool, KvError> {
        self.exchange(key, expected, Some(value), Some(seconds(ttl)))
    }

    fn exchange(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        value: Option<&[u8]>,
        ttl: Option<u32>,
    ) -> Result<bool, KvError> {
        let swapped = self.host.kv_swap(self.space, key, expected, value, ttl);
        swapped.map_err(|refused| refused.of(key, value.map_or(0, <[u8]>::len)))
    }

    /// The keys that begin with `prefix`, in the order of their bytes: all of them, as the iterator asks
    /// for more when it needs them. They may be removed on the way.
    ///
    /// A page of them costs the call one of its reads: the first has 100 keys, the others have 1,000.
    pub fn keys(&self, prefix: &str) -> Keys<'a> {
        self.page(prefix, None)
    }

    /// The same, of those that come after `after`: for a list that the client reads in pages.
    pub fn keys_after(&self, prefix: &str, after: &str) -> Keys<'a> {
        self.page(prefix, Some(after))
    }

    fn page(&self, prefix: &str, after: Option<&str>) -> Keys<'a> {
        Keys {
            kv: *self,
            prefix: prefix.to_owned(),
            after: after.map(str::to_owned),
            page: Vec::new().into_iter(),
            limit: FIRST_PAGE,
            is_last: false,
        }
    }
}

impl fmt::Debug for Kv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kv").field(&self.space).finish()
    }
}

/// Keys of one space, in order: what [`Kv::keys`] gives. After an error there are no more.
#[derive(Debug)]
#[must_use = "keys are asked for when they are taken"]
pub struct Keys<'a> {
    kv: Kv<'a>,
    prefix: String,
    after: Option<String>,
    page: std::vec::IntoIter<String>,
    limit: u32,
    is_last: bool,
}

impl Keys<'_> {
    fn turn_page(&mut self) -> Result<(), KvError> {
        // Unless it is seen to be another: an error ends it.
        self.is_last = true;
        let after = self.after.as_deref();
        let Kv { host, space } = self.kv;
        let keys = host.kv_keys(space, &self.prefix, after, self.limit);
        let keys = keys.map_err(|refused| refused.of(&self.prefix, 0))?;
        if keys.len() >= self.limit as usize {
            self.is_last = false;
            self.after = keys.last().cloned();
            self.limit = PAGE;
        }
        self.page = keys.into_iter();
        Ok(())
    }
}

impl Iterator for Keys<'_> {
    type Item = Result<String, KvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.as_slice().is_empty()
            && !self.is_last
            && let Err(error) = self.turn_page()
        {
            return Some(Err(error));
        }
        self.page.next().map(Ok)
    }
}

impl FusedIterator for Keys<'_> {}

fn json<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<Vec<u8>, KvError> {
    serde_json::to_vec(value).map_err(|error| KvError::NotJson {
        key: key.to_owned(),
        message: error.to_string(),
    })
}

/// A time to live as the contract has it: none is no time at all, and the longest is 136 years.
fn seconds(ttl: Duration) -> u32 {
    let whole = ttl.as_nanos().div_ceil(1_000_000_000).max(1);
    u32::try_from(whole).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use smcp_ids::limits;

    use super::*;

    #[test]
    fn a_page_has_as_many_keys_as_the_host_gives() {
        assert_eq!(PAGE, limits::KV_KEYS_PAGE);
        const { assert!(FIRST_PAGE <= PAGE) }
    }

    #[test]
    fn a_time_to_live_is_whole_seconds_and_never_none() {
        for (ttl, expected) in [
            (Duration::ZERO, 1),
            (Duration::from_nanos(1), 1),
            (Duration::from_secs(1), 1),
            (Duration::from_millis(1_001), 2),
            (Duration::from_secs(u64::from(u32::MAX)), u32::MAX),
            (Duration::MAX, u32::MAX),
        ] {
            assert_eq!(seconds(ttl), expected, "{ttl:?}");
        }
    }
}
