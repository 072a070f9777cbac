//! What one call does to its key-value storage: what it has read, and what it has changed and nobody
//! else can see yet.
//!
//! A call sees its own changes over what storage had. Storage is asked for each key once, so that a
//! call sees no key change under it; all that it has read is checked when it commits. Nothing here
//! performs, and nothing depends on anything but the requests and the answers: a replay comes to the
//! same.

use std::collections::BTreeMap;
use std::ops::Bound;

use smcp_capability::call::{Answer, KvError, KvKey, KvRequest, KvSpace};
use smcp_capability::items::{Range, Seen, SeenRange, Transaction};
use smcp_ids::{ServerSlug, UnixMillis, limits};
use smcp_sandbox::GuestFault;

use crate::item::Space;

/// The part of a call that concerns its key-value storage.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    is_read_only: bool,
    read: BTreeMap<KvKey, Read>,
    ranges: Vec<(KvRequest, Vec<String>)>,
    written: BTreeMap<KvKey, Written>,
    writes: usize,
    bytes: usize,
    reads: usize,
    read_bytes: usize,
}

/// A key, as storage had it.
#[derive(Clone, Debug)]
struct Read {
    version: u64,
    value: Option<Vec<u8>>,
}

/// A key, as this call has changed it.
#[derive(Clone, Debug)]
struct Written {
    value: Option<Vec<u8>>,
    expires: Option<UnixMillis>,
}

impl Written {
    fn value(&self, now: UnixMillis) -> Option<&Vec<u8>> {
        let expired = self.expires.is_some_and(|expires| expires <= now);
        self.value.as_ref().filter(|_| !expired)
    }
}

/// What becomes of a guest's request.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// It is answered.
    Answered(Answer),
    /// Storage must be asked this: then [`Workspace::learn`].
    Read(KvRequest),
    /// The call has read as much as it may.
    TooMuch(GuestFault),
}

impl Workspace {
    /// That of a call which has done nothing yet.
    pub fn new(is_read_only: bool) -> Self {
        Self {
            is_read_only,
            ..Self::default()
        }
    }

    /// Says what becomes of a request.
    pub fn ask(&mut self, request: &KvRequest, now: UnixMillis) -> Wanted {
        match self.consider(request, now) {
            Ok(Some(answer)) => Wanted::Answered(answer),
            Err(error) => Wanted::Answered(Answer::KvRefused(error)),
            Ok(None) => {
                self.reads += 1;
                if self.reads > limits::KV_READS_MAX {
                    return Wanted::TooMuch(GuestFault::TooManyEffects(limits::KV_READS_MAX));
                }
                if self.read_bytes > limits::KV_READ_BYTES_MAX {
                    return Wanted::TooMuch(GuestFault::ReadTooMuch(limits::KV_READ_BYTES_MAX));
                }
                Wanted::Read(self.question(request, now))
            }
        }
    }

    /// Takes in what storage answered to the question of the last [`Wanted::Read`], and gives the answer
    /// to the request itself. `None` if it is no answer to it.
    pub fn learn(
        &mut self,
        request: &KvRequest,
        question: KvRequest,
        answer: Answer,
        now: UnixMillis,
    ) -> Option<Answer> {
        match (question, answer) {
            (KvRequest::Get(key), Answer::Item { version, value }) => {
                self.read_bytes += value.as_ref().map_or(0, Vec::len);
                self.read.insert(key, Read { version, value });
                match self.consider(request, now) {
                    Ok(answer) => answer,
                    Err(error) => Some(Answer::KvRefused(error)),
                }
            }
            (question @ KvRequest::Keys { .. }, Answer::Keys(keys)) => {
                self.read_bytes += keys.iter().map(String::len).sum::<usize>();
                let answer = self.merged(request, &keys, &question, now)?;
                self.ranges.push((question, keys));
                Some(answer)
            }
            _ => None,
        }
    }

    /// The answer, if it is known without asking storage.
    fn consider(
        &mut self,
        request: &KvRequest,
        now: UnixMillis,
    ) -> Result<Option<Answer>, KvError> {
        match request {
            KvRequest::Get(key) => {
                check_key(&key.key)?;
                Ok(self
                    .value(key, now)
                    .map(|value| Answer::Value(value.cloned())))
            }
            KvRequest::Set { key, value, ttl } => {
                self.write(key, Some(value), *ttl, now)?;
                Ok(Some(Answer::Done))
            }
            KvRequest::Delete(key) => {
                self.write(key, None, None, now)?;
                Ok(Some(Answer::Done))
            }
            KvRequest::Swap {
                key,
                expected,
                value,
                ttl,
            } => {
                self.check_write(key, value.as_ref())?;
                let Some(found) = self.value(key, now) else {
                    return Ok(None);
                };
                let swaps = found == expected.as_ref();
                if swaps {
                    self.write(key, value.as_ref(), *ttl, now)?;
                }
                Ok(Some(Answer::Swapped(swaps)))
            }
            KvRequest::Keys { .. } => Ok(None),
        }
    }

    /// The value of a key, as far as it is known.
    fn value(&self, key: &KvKey, now: UnixMillis) -> Option<Option<&Vec<u8>>> {
        match (self.written.get(key), self.read.get(key)) {
            (Some(written), _) => Some(written.value(now)),
            (None, Some(read)) => Some(read.value.as_ref()),
            (None, None) => None,
        }
    }

    fn check_write(&self, key: &KvKey, value: Option<&Vec<u8>>) -> Result<(), KvError> {
        check_key(&key.key)?;
        let size = value.map_or(0, Vec::len);
        if self.is_read_only {
            Err(KvError::ReadOnly)
        } else if size > limits::KV_VALUE_MAX {
            Err(KvError::TooLarge)
        } else if self.writes >= limits::KV_WRITES_MAX
            || self.bytes + key.key.len() + size > limits::KV_WRITE_BYTES_MAX
        {
            Err(KvError::TooMany)
        } else {
            Ok(())
        }
    }

    fn write(
        &mut self,
        key: &KvKey,
        value: Option<&Vec<u8>>,
        ttl: Option<u32>,
        now: UnixMillis,
    ) -> Result<(), KvError> {
        self.check_write(key, value)?;
        self.writes += 1;
        self.bytes += key.key.len() + value.map_or(0, Vec::len);
        let written = Written {
            value: value.cloned(),
            expires: ttl.map(|seconds| now.plus(u64::from(seconds) * 1_000)),
        };
        self.written.insert(key.clone(), written);
        Ok(())
    }

    /// What storage is asked for a request.
    fn question(&self, request: &KvRequest, now: UnixMillis) -> KvRequest {
        match request {
            KvRequest::Get(key) | KvRequest::Delete(key) => KvRequest::Get(key.clone()),
            KvRequest::Set { key, .. } | KvRequest::Swap { key, .. } => KvRequest::Get(key.clone()),
            KvRequest::Keys {
                space,
                prefix,
                after,
                limit,
            } => {
                // So that enough are left when those that this call has removed are taken out.
                let hidden = self.changed(*space, prefix, after.as_deref());
                let hidden = hidden.filter(|(_, written)| written.value(now).is_none());
                KvRequest::Keys {
                    space: *space,
                    prefix: prefix.clone(),
                    after: after.clone(),
                    limit: (*limit).min(limits::KV_KEYS_PAGE) + hidden.count() as u32,
                }
            }
        }
    }

    /// The keys of a range as this call sees them.
    fn merged(
        &self,
        request: &KvRequest,
        stored: &[String],
        question: &KvRequest,
        now: UnixMillis,
    ) -> Option<Answer> {
        let (
            KvRequest::Keys {
                space,
                prefix,
                after,
                limit,
            },
            KvRequest::Keys { limit: asked, .. },
        ) = (request, question)
        else {
            return None;
        };
        // Beyond the last of a full page there may be more that storage has, which come first.
        let end = stored.last().filter(|_| stored.len() >= *asked as usize);
        let mut keys: BTreeMap<&str, bool> =
            stored.iter().map(|key| (key.as_str(), true)).collect();
        for (key, written) in self.changed(*space, prefix, after.as_deref()) {
            if end.is_none_or(|end| key.key <= *end) {
                keys.insert(&key.key, written.value(now).is_some());
            }
        }
        let there = keys.into_iter().filter(|(_, is_there)| *is_there);
        let limit = (*limit).min(limits::KV_KEYS_PAGE) as usize;
        Some(Answer::Keys(
            there.map(|(key, _)| key.to_owned()).take(limit).collect(),
        ))
    }

    /// The keys of a range that this call has changed.
    fn changed<'w>(
        &'w self,
        space: KvSpace,
        prefix: &'w str,
        after: Option<&'w str>,
    ) -> impl Iterator<Item = (&'w KvKey, &'w Written)> {
        let from = KvKey {
            space,
            key: prefix.to_owned(),
        };
        self.written
            .range((Bound::Included(from), Bound::Unbounded))
            .take_while(move |(key, _)| key.space == space && key.key.starts_with(prefix))
            .filter(move |(key, _)| after.is_none_or(|after| key.key.as_str() > after))
    }

    /// How often it has asked storage.
    pub fn reads(&self) -> usize {
        self.reads
    }

    /// Whether it has read anything.
    pub fn has_read(&self) -> bool {
        !self.read.is_empty() || !self.ranges.is_empty()
    }

    /// Whether it has changed anything.
    pub fn has_written(&self) -> bool {
        !self.written.is_empty()
    }

    /// What must be so when it commits, without its changes: for a call that fails, and for one that
    /// is about to do something outside.
    pub fn checks(&self, spaces: &Spaces, now: UnixMillis) -> Transaction {
        let seen = self.read.iter().map(|(key, read)| Seen {
            place: spaces.of(key.space).place(&*key.key),
            version: read.version,
            was_there: read.value.is_some(),
        });
        let ranges = self.ranges.iter().filter_map(|(question, keys)| {
            Some(SeenRange {
                range: spaces.range(question)?,
                keys: keys.clone(),
            })
        });
        Transaction {
            now,
            seen: seen.collect(),
            ranges: ranges.collect(),
            ..Transaction::default()
        }
    }

    /// The same with its changes. `seal` seals a value for its place.
    ///
    /// # Errors
    ///
    /// Those of `seal`.
    pub fn commit<E>(
        &self,
        spaces: &Spaces,
        now: UnixMillis,
        seal: impl Fn(&smcp_capability::items::Place, &[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<Transaction, E> {
        let mut transaction = self.checks(spaces, now);
        for (key, written) in &self.written {
            let space = spaces.of(key.space);
            let place = space.place(&*key.key);
            let value = written.value(now);
            let expires = match value {
                Some(_) => written.expires,
                None => Some(now.plus(limits::KV_TOMBSTONE_MILLIS)),
            };
            let sealed = value.map(|value| seal(&place, value)).transpose()?;
            transaction.writes.push(space.write(place, sealed, expires));
        }
        let quota = spaces.server.quota(spaces.most, limits::KV_PAIRS_MAX);
        transaction.quotas.push(quota);
        Ok(transaction)
    }
}

/// Where the spaces of one call are.
#[derive(Clone, Debug)]
pub struct Spaces {
    server: Space,
    caller: Space,
    /// How many bytes they may have together.
    most: u64,
}

impl Spaces {
    /// Those of a server and one of its callers, whose store may have so many bytes.
    pub fn new(server: &ServerSlug, principal: &str, most: u64) -> Self {
        Self {
            server: Space::of_server(server),
            caller: Space::of_caller(server, principal),
            most,
        }
    }

    /// One of them.
    pub fn of(&self, space: KvSpace) -> &Space {
        match space {
            KvSpace::Server => &self.server,
            KvSpace::Caller => &self.caller,
        }
    }

    /// The range that a question about keys is about.
    pub fn range(&self, question: &KvRequest) -> Option<Range> {
        match question {
            KvRequest::Keys {
                space,
                prefix,
                after,
                limit,
            } => Some(self.of(*space).range(prefix, after.as_deref(), *limit)),
            _ => None,
        }
    }
}

fn check_key(key: &str) -> Result<(), KvError> {
    let is_key =
        (1..=limits::KV_KEY_MAX).contains(&key.len()) && !key.contains(['\0', '\u{10FFFF}']);
    if is_key {
        Ok(())
    } else {
        Err(KvError::InvalidKey)
    }
}

#[cfg(test)]
mod tests;
