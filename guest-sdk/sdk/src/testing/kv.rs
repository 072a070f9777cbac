//! Key-value storage of a test: what the host keeps, in memory, under the host's rules.
//!
//! A call is a transaction here too. How much a server may keep in all is not checked, and calls do not
//! run at once.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Client, Recorder};
use crate::context::{Caller, Host};
use crate::handler::ServerHandler;
use crate::kv::{Kv, Refused, Space};

// The rules of the contract.
const KEY_MAX: usize = 512;
const VALUE_MAX: usize = 128 * 1_024;
const READS_MAX: usize = 512;
const WRITES_MAX: usize = 1_024;
const WRITE_BYTES_MAX: usize = 4 * 1_024 * 1_024;
const PAGE: usize = 1_000;

/// Whose a key is, the server's or that principal's, and the key.
type Place = (Option<String>, String);

type Pairs = BTreeMap<Place, Pair>;

#[derive(Debug, Clone)]
struct Pair {
    value: Vec<u8>,
    /// In milliseconds, as the recorder's clock has them.
    expires: Option<u64>,
}

impl Pair {
    fn is_there(&self, now: u64) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }
}

/// What is stored, and what the call that runs has done.
#[derive(Debug, Default)]
pub(super) struct Store {
    pairs: RefCell<Pairs>,
    call: RefCell<Option<Call>>,
}

#[derive(Debug)]
struct Call {
    /// What was stored when it began.
    before: Pairs,
    is_read_only: bool,
    /// What it has read or changed: the host asks its storage for a key once.
    known: BTreeSet<Place>,
    reads: usize,
    writes: usize,
    bytes: usize,
}

/// A call that runs. Unless it is committed, as when it panics, it has changed nothing.
#[derive(Debug)]
pub(super) struct Transaction<'a>(&'a Store);

impl Transaction<'_> {
    pub(super) fn commit(self) {
        self.0.call.take();
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if let Some(call) = self.0.call.take() {
            self.0.pairs.replace(call.before);
        }
    }
}

impl Store {
    pub(super) fn begin(&self, is_read_only: bool) -> Transaction<'_> {
        self.call.replace(Some(Call {
            before: self.pairs.borrow().clone(),
            is_read_only,
            known: BTreeSet::new(),
            reads: 0,
            writes: 0,
            bytes: 0,
        }));
        Transaction(self)
    }

    fn get(&self, place: Place, now: u64) -> Result<Option<Vec<u8>>, Refused> {
        check_key(&place.1)?;
        self.count_read(Some(&place));
        let pairs = self.pairs.borrow();
        let pair = pairs.get(&place).filter(|pair| pair.is_there(now));
        Ok(pair.map(|pair| pair.value.clone()))
    }

    /// Sets or removes. The order of the refusals is the host's.
    fn write(&self, place: Place, pair: Option<Pair>) -> Result<(), Refused> {
        let size = pair.as_ref().map_or(0, |pair| pair.value.len());
        self.check_write(&place, size)?;
        if let Some(call) = self.call.borrow_mut().as_mut() {
            call.writes += 1;
            call.bytes += place.1.len() + size;
            call.known.insert(place.clone());
        }
        let mut pairs = self.pairs.borrow_mut();
        match pair {
            Some(pair) => pairs.insert(place, pair),
            None => pairs.remove(&place),
        };
        Ok(())
    }

    fn check_write(&self, (_, key): &Place, size: usize) -> Result<(), Refused> {
        check_key(key)?;
        let call = self.call.borrow();
        if call.as_ref().is_some_and(|call| call.is_read_only) {
            return Err(Refused::ReadOnly);
        }
        if size > VALUE_MAX {
            return Err(Refused::TooLarge);
        }
        let is_full = |call: &Call| {
            call.writes >= WRITES_MAX || call.bytes + key.len() + size > WRITE_BYTES_MAX
        };
        if call.as_ref().is_some_and(is_full) {
            return Err(Refused::TooMany);
        }
        Ok(())
    }

    fn keys(
        &self,
        owner: Option<String>,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
        now: u64,
    ) -> Vec<String> {
        self.count_read(None);
        let pairs = self.pairs.borrow();
        let from = (owner, prefix.to_owned());
        let of_range = pairs.range(&from..).take_while(|(place, _)| {
            let (owner, key) = place;
            *owner == from.0 && key.starts_with(prefix)
        });
        let there = of_range.filter(|(_, pair)| pair.is_there(now));
        let keys = there.map(|((_, key), _)| key);
        let keys = keys.filter(|key| after.is_none_or(|after| key.as_str() > after));
        keys.take(PAGE.min(limit as usize)).cloned().collect()
    }

    /// Counts what the host asks its storage: a key once, and each page of keys.
    fn count_read(&self, place: Option<&Place>) {
        let mut call = self.call.borrow_mut();
        let Some(call) = call.as_mut() else { return };
        if place.is_some_and(|place| !call.known.insert(place.clone())) {
            return;
        }
        call.reads += 1;
        assert!(
            call.reads <= READS_MAX,
            "the call has read key-value storage {READS_MAX} times: the host ends it here; store \
             together what is read together"
        );
    }
}

/// What the interface `kv` of the contract asks, for the caller and at the time of the recorder.
impl Recorder {
    fn owner(&self, space: Space) -> Option<String> {
        match space {
            Space::Server => None,
            Space::Caller => Some(self.who().principal),
        }
    }

    fn place(&self, space: Space, key: &str) -> Place {
        (self.owner(space), key.to_owned())
    }

    fn pair(&self, value: &[u8], ttl: Option<u32>) -> Pair {
        let expires = ttl.map(|seconds| self.now().saturating_add(u64::from(seconds) * 1_000));
        Pair {
            value: value.to_vec(),
            expires,
        }
    }

    pub(super) fn get(&self, space: Space, key: &str) -> Result<Option<Vec<u8>>, Refused> {
        self.store.get(self.place(space, key), self.now())
    }

    pub(super) fn set(
        &self,
        space: Space,
        key: &str,
        value: Option<&[u8]>,
        ttl: Option<u32>,
    ) -> Result<(), Refused> {
        let pair = value.map(|value| self.pair(value, ttl));
        self.store.write(self.place(space, key), pair)
    }

    pub(super) fn swap(
        &self,
        space: Space,
        key: &str,
        expected: Option<&[u8]>,
        value: Option<&[u8]>,
        ttl: Option<u32>,
    ) -> Result<bool, Refused> {
        let place = self.place(space, key);
        // Refused before it is known whether it would swap.
        self.store
            .check_write(&place, value.map_or(0, <[u8]>::len))?;
        let swaps = self.store.get(place, self.now())?.as_deref() == expected;
        if swaps {
            self.set(space, key, value, ttl)?;
        }
        Ok(swaps)
    }

    pub(super) fn keys(
        &self,
        space: Space,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Vec<String> {
        let owner = self.owner(space);
        self.store.keys(owner, prefix, after, limit, self.now())
    }
}

impl<S: ServerHandler> Client<S> {
    /// What the server has stored for all its callers, to look at and to change between calls.
    pub fn kv(&self) -> Kv<'_> {
        Kv::new(&self.host, Space::Server)
    }

    /// What the server has stored for who is calling now.
    pub fn caller_kv(&self) -> Kv<'_> {
        Kv::new(&self.host, Space::Caller)
    }

    /// Calls as this principal from now on; what is stored stays, for the one before and for all.
    pub fn set_principal(&self, principal: &str) {
        self.host.caller.replace_with(|caller| Caller {
            principal: principal.to_owned(),
            ..caller.clone()
        });
    }

    /// Lets time pass until the next call.
    pub fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.host.now.set(self.host.now().saturating_add(millis));
    }
}

fn check_key(key: &str) -> Result<(), Refused> {
    let is_key = (1..=KEY_MAX).contains(&key.len()) && !key.contains(['\0', '\u{10FFFF}']);
    if is_key {
        Ok(())
    } else {
        Err(Refused::InvalidKey)
    }
}

#[cfg(test)]
mod tests {
    use smcp_ids::limits;

    use super::*;

    #[test]
    fn the_rules_are_the_hosts() {
        assert_eq!(KEY_MAX, limits::KV_KEY_MAX);
        assert_eq!(VALUE_MAX, limits::KV_VALUE_MAX);
        assert_eq!(READS_MAX, limits::KV_READS_MAX);
        assert_eq!(WRITES_MAX, limits::KV_WRITES_MAX);
        assert_eq!(WRITE_BYTES_MAX, limits::KV_WRITE_BYTES_MAX);
        assert_eq!(PAGE, limits::KV_KEYS_PAGE as usize);
    }
}
