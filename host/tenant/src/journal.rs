//! What is kept of calls for those who wrote their servers: what guests logged, and how calls ended.
//!
//! Entries wait in memory and are stored several at a time, so that a call that succeeds and logs nothing
//! writes nothing: how it ended is stored with the next entry that is worth a write, if the object is awake
//! until then. That is what can be lost; a warning, an error or a failure is stored before its client is
//! answered. One item of storage is a batch of entries, sealed like every other; its key says which
//! entries it has, so that the oldest go without being read.
//!
//! Only an admin of the tenant is shown any of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use smcp_capability::items::Write;
use smcp_crypto::SEAL_OVERHEAD;
use smcp_ids::{CallId, Fuel, LogLevel, ServerSlug, UnixMillis, limits};

use crate::item::Space;
use crate::problem::Problem;
use crate::state::Scene;

/// What is kept of one moment of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) at: UnixMillis,
    pub(crate) call: CallId,
    pub(crate) level: LogLevel,
    pub(crate) said: Said,
}

/// Who says what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Said {
    /// The guest: a JSON value, or text that is not JSON.
    Logged {
        logger: Option<String>,
        data: String,
        is_cut: bool,
    },
    /// The host, of the call.
    Noted(String),
    /// The host: the call is over.
    Ended(Ending),
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ending {
    pub(crate) method: Cow<'static, str>,
    /// What was called, as the guest knows it.
    pub(crate) name: String,
    pub(crate) caller: String,
    /// `ok`, `tool_error`, `refused`, `asked`, `cancelled`, or the code of an error.
    pub(crate) outcome: Cow<'static, str>,
    pub(crate) message: Option<String>,
    pub(crate) millis: u64,
    pub(crate) fuel: Fuel,
    pub(crate) memory: u64,
    /// Whether its tape is kept.
    pub(crate) tape: bool,
}

impl Entry {
    /// About what it takes in memory, and encoded.
    fn size(&self) -> usize {
        let said = match &self.said {
            Said::Logged { logger, data, .. } => {
                logger.as_ref().map_or(0, String::len) + data.len()
            }
            Said::Noted(text) => text.len(),
            Said::Ended(ending) => {
                ending.name.len()
                    + ending.caller.len()
                    + ending.message.as_ref().map_or(0, String::len)
            }
        };
        said + 64
    }
}

/// Text that is kept no longer than so many bytes, and whether it was longer.
pub(crate) fn cut(text: &str, most: usize) -> (String, bool) {
    let kept = text
        .get(..text.floor_char_boundary(most))
        .unwrap_or_default();
    (kept.to_owned(), kept.len() < text.len())
}

/// Entries that wait to be stored.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    entries: VecDeque<(ServerSlug, Entry)>,
    bytes: usize,
    /// When entries of a server were stored last, since the object woke.
    stored: BTreeMap<ServerSlug, UnixMillis>,
}

impl Waiting {
    /// Takes in an entry; the oldest go if there are too many.
    pub(crate) fn push(&mut self, server: ServerSlug, entry: Entry) {
        self.bytes += entry.size();
        self.entries.push_back((server, entry));
        while self.entries.len() > limits::LOGS_WAITING || self.bytes > limits::LOGS_WAITING_BYTES {
            let Some((_, oldest)) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.size();
        }
    }

    /// Whether entries of a server that are not urgent may be stored again.
    pub(crate) fn has_rested(&self, server: &ServerSlug, now: UnixMillis) -> bool {
        let stored = self.stored.get(server);
        stored.is_none_or(|stored| now.since(*stored) >= limits::LOGS_PAUSE_MILLIS)
    }

    /// All that waits of a server: from now on it waits no longer.
    fn take(&mut self, server: &ServerSlug, now: UnixMillis) -> Vec<Entry> {
        let (mine, others) = core::mem::take(&mut self.entries)
            .into_iter()
            .partition::<VecDeque<_>, _>(|(of, _)| of == server);
        self.entries = others;
        self.bytes = self.entries.iter().map(|(_, entry)| entry.size()).sum();
        if !mine.is_empty() {
            self.stored.insert(server.clone(), now);
        }
        mine.into_iter().map(|(_, entry)| entry).collect()
    }

    /// Forgets a server that is gone.
    pub(crate) fn forget(&mut self, server: &ServerSlug) {
        self.take(server, UnixMillis(0));
        self.stored.remove(server);
    }
}

/// Entries that are stored together. Numbers go up for as long as a server is there, and longer: none is
/// below the moment at which it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Batch {
    first: u64,
    count: u64,
    bytes: u64,
}

impl Batch {
    fn key(self) -> String {
        format!("{:016x}-{:x}-{:x}", self.first, self.count, self.bytes)
    }

    fn of_key(key: &str) -> Option<Self> {
        let mut parts = key.split('-').map(|part| u64::from_str_radix(part, 16));
        let mut next = || parts.next()?.ok();
        Some(Self {
            first: next()?,
            count: next()?,
            bytes: next()?,
        })
    }

    fn end(self) -> u64 {
        self.first.saturating_add(self.count)
    }
}

/// Which entries somebody wants to see.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Those after that number; the newest if there is none.
    pub(crate) after: Option<u64>,
    pub(crate) call: Option<CallId>,
    pub(crate) least: LogLevel,
    pub(crate) limit: usize,
}

impl Wanted {
    fn is_met(&self, number: u64, entry: &Entry) -> bool {
        self.after.is_none_or(|after| number > after)
            && self.call.is_none_or(|call| entry.call == call)
            && entry.level >= self.least
    }
}

/// Some entries with their numbers, and where those after them begin.
pub(crate) struct Page {
    pub(crate) entries: Vec<(u64, Entry)>,
    pub(crate) next: u64,
    /// Whether there are more already.
    pub(crate) more: bool,
}

impl Scene {
    /// The keys of a space, as they are.
    pub(crate) async fn keys_of(&self, space: &Space, most: u64) -> Result<Vec<String>, Problem> {
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        self.item_keys(space.range("", None, most)).await
    }

    async fn batches(&self, space: &Space) -> Result<Vec<Batch>, Problem> {
        let keys = self.keys_of(space, 2 * limits::LOGS_MAX).await?;
        Ok(keys.iter().filter_map(|key| Batch::of_key(key)).collect())
    }

    /// Stores what waits of a server, and `with` it.
    ///
    /// # Errors
    /// Storage failed; then what waited is lost.
    pub(crate) async fn store_logs(
        &self,
        server: &ServerSlug,
        with: Option<(Space, Vec<Write>)>,
    ) -> Result<(), Problem> {
        let now = self.outside.now();
        let mut entries = self.state.borrow_mut().waiting.take(server, now);
        let (mut writes, mut quotas) = (Vec::new(), Vec::new());
        if !entries.is_empty() {
            let space = Space::logs(server);
            let stored = self.batches(&space).await?;
            let too_many = entries.len().saturating_sub(limits::LOGS_MAX as usize);
            entries.drain(..too_many);
            writes = self.log_writes(&space, stored, &entries, now)?;
            // What has expired counts until it is swept up.
            quotas.push(space.quota(2 * limits::LOGS_BYTES_MAX, 2 * limits::LOGS_MAX));
        }
        if let Some((space, tape)) = with {
            writes.extend(tape);
            quotas.push(space.quota(2 * limits::TAPES_BYTES_MAX, 1_000));
        }
        if writes.is_empty() || self.keep(writes, quotas).await? {
            Ok(())
        } else {
            Err(Problem::host())
        }
    }

    /// The new batch, and the removal of the oldest ones that have no room beside it.
    fn log_writes(
        &self,
        space: &Space,
        mut stored: Vec<Batch>,
        entries: &[Entry],
        now: UnixMillis,
    ) -> Result<Vec<Write>, Problem> {
        let bytes = postcard::to_allocvec(entries).map_err(|_| Problem::host())?;
        let mut batch = Batch {
            first: stored.last().map_or(0, |last| last.end()).max(now.0),
            count: entries.len() as u64,
            bytes: 0,
        };
        batch.bytes = (bytes.len() + SEAL_OVERHEAD + batch.key().len() + 8) as u64;
        let place = space.place(batch.key());
        let sealed = self.seal_item(&place, &bytes)?;
        let expires = Some(now.plus(limits::LOGS_MILLIS));
        let mut writes = vec![space.write(place, Some(sealed), expires)];
        stored.push(batch);
        let (mut count, mut bytes) = (0, 0);
        for old in stored.iter().rev() {
            count += old.count;
            bytes += old.bytes;
            let is_over = count > limits::LOGS_MAX || bytes > limits::LOGS_BYTES_MAX;
            if is_over && *old != batch {
                writes.push(space.remove(old.key(), now));
            }
        }
        Ok(writes)
    }

    /// Notes what is wrong with a server that no call of it shows, under a name that no call has. What is
    /// noted again and again is not worth a write each time.
    pub(crate) async fn note_fault(&self, server: &ServerSlug, text: &str) {
        let now = self.outside.now();
        let mut call = [0; CallId::BYTES];
        for (to, from) in call.iter_mut().zip(self.draw()) {
            *to = from;
        }
        let entry = Entry {
            at: now,
            call: CallId::new(call),
            level: LogLevel::Error,
            said: Said::Noted(text.to_owned()),
        };
        {
            let waiting = &mut self.state.borrow_mut().waiting;
            if !waiting.has_rested(server, now) {
                return;
            }
            waiting.push(server.clone(), entry);
        }
        // A log that cannot be stored is no reason to answer otherwise.
        let _ = self.store_logs(server, None).await;
    }

    /// What is kept of a server's calls. What waits is stored first.
    pub(crate) async fn read_logs(
        &self,
        server: &ServerSlug,
        wanted: &Wanted,
    ) -> Result<Page, Problem> {
        self.store_logs(server, None).await?;
        let space = Space::logs(server);
        let batches = self.batches(&space).await?;
        match wanted.after {
            Some(after) => self.entries_after(&space, &batches, after, wanted).await,
            None => self.newest_entries(&space, &batches, wanted).await,
        }
    }

    async fn entries_after(
        &self,
        space: &Space,
        batches: &[Batch],
        after: u64,
        wanted: &Wanted,
    ) -> Result<Page, Problem> {
        let mut page = Page {
            entries: Vec::new(),
            next: after,
            more: false,
        };
        let later = batches
            .iter()
            .filter(|batch| batch.end() > after.saturating_add(1));
        for batch in later {
            for (number, entry) in self.entries_of(space, *batch).await? {
                if number <= after {
                    continue;
                }
                if page.entries.len() >= wanted.limit {
                    page.more = true;
                    return Ok(page);
                }
                page.next = number;
                if wanted.is_met(number, &entry) {
                    page.entries.push((number, entry));
                }
            }
        }
        Ok(page)
    }

    async fn newest_entries(
        &self,
        space: &Space,
        batches: &[Batch],
        wanted: &Wanted,
    ) -> Result<Page, Problem> {
        let mut found = VecDeque::new();
        for batch in batches.iter().rev() {
            let entries = self.entries_of(space, *batch).await?;
            for (number, entry) in entries.into_iter().rev() {
                if found.len() < wanted.limit && wanted.is_met(number, &entry) {
                    found.push_front((number, entry));
                }
            }
            if found.len() >= wanted.limit {
                break;
            }
        }
        Ok(Page {
            entries: found.into(),
            next: batches.last().map_or(0, |last| last.end() - 1),
            more: false,
        })
    }

    /// A batch that does not open, or is none, was altered: that is a fault of the host.
    async fn entries_of(&self, space: &Space, batch: Batch) -> Result<Vec<(u64, Entry)>, Problem> {
        let Some(bytes) = self.read_item(space.place(batch.key())).await?.value else {
            return Ok(Vec::new());
        };
        let entries: Vec<Entry> = postcard::from_bytes(&bytes).map_err(|_| Problem::host())?;
        Ok((batch.first..).zip(entries).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn entry(text: &str) -> Entry {
        Entry {
            at: UnixMillis(1),
            call: CallId::new([0; 8]),
            level: LogLevel::Info,
            said: Said::Noted(text.to_owned()),
        }
    }

    #[test]
    fn a_batch_and_its_key_are_inverse_and_keys_are_in_the_order_of_their_numbers() {
        let mut last = String::new();
        for first in [0, 1, 255, 1_795_339_800_000, u64::MAX >> 1] {
            let batch = Batch {
                first,
                count: 17,
                bytes: 4_096,
            };
            assert_eq!(Batch::of_key(&batch.key()), Some(batch));
            assert!(batch.key() > last);
            last = batch.key();
        }
        for key in ["", "1-2", "x-1-1"] {
            assert_eq!(Batch::of_key(key), None, "{key}");
        }
    }

    #[test]
    fn what_waits_is_bounded_and_the_newest_stay() {
        let (a, b): (ServerSlug, ServerSlug) = ("a".parse().unwrap(), "b".parse().unwrap());
        let mut waiting = Waiting::default();
        for number in 0..limits::LOGS_WAITING + 10 {
            waiting.push(a.clone(), entry(&number.to_string()));
        }
        waiting.push(b.clone(), entry("b"));
        let kept = waiting.take(&a, UnixMillis(5));
        assert_eq!(kept.len(), limits::LOGS_WAITING - 1);
        assert_eq!(kept[0], entry("11"));
        assert_eq!(waiting.take(&b, UnixMillis(5)), [entry("b")]);
        assert_eq!(waiting.bytes, 0);
        let long = "x".repeat(limits::LOG_ENTRY_MAX);
        for _ in 0..500 {
            waiting.push(a.clone(), entry(&long));
        }
        assert!(waiting.bytes <= limits::LOGS_WAITING_BYTES);
        assert!(waiting.take(&a, UnixMillis(5)).len() > 50);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("aä", 3), ("aä".to_owned(), false));
        assert_eq!(cut("aä", 2), ("a".to_owned(), true));
        assert_eq!(cut("", 0), (String::new(), false));
    }
}
