//! Where the notes are: the caller's own space of key-value storage, a key for each.
//!
//! An id has a random part, so none is ever used again, and a revision that was read is of this note
//! and of no other.

use serde::{Deserialize, Serialize};
use smcp_sdk::{Context, Kv, KvError};

/// How many notes a caller may have: a call may read 512 times, and a search reads them all.
pub(crate) const NOTES_MAX: usize = 400;
/// How much of a title an id shows.
const SLUG_MAX: usize = 40;
/// With the random part.
const ID_MAX: usize = SLUG_MAX + 9;
const PREFIX: &str = "note/";

/// A note, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) title: String,
    pub(crate) text: String,
    /// How often it was written.
    pub(crate) revision: u32,
}

/// The notes of the caller.
pub(crate) struct Store<'a> {
    ctx: &'a Context,
    kv: Kv<'a>,
}

impl<'a> Store<'a> {
    pub(crate) fn of(ctx: &'a Context) -> Self {
        Self {
            ctx,
            kv: ctx.caller_kv(),
        }
    }

    pub(crate) fn get(&self, id: &str) -> Result<Option<Note>, KvError> {
        // What cannot be an id need not be a key either.
        if id.len() > ID_MAX || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(None);
        }
        self.kv.get_json(&key(id))
    }

    pub(crate) fn put(&self, id: &str, note: &Note) -> Result<(), KvError> {
        self.kv.set_json(&key(id), note)
    }

    pub(crate) fn remove(&self, id: &str) -> Result<(), KvError> {
        self.kv.delete(&key(id))
    }

    /// The ids that begin so, in order.
    pub(crate) fn ids(
        &self,
        begun: &str,
    ) -> impl Iterator<Item = Result<String, KvError>> + use<'a> {
        self.kv.keys(&key(begun)).map(id_of)
    }

    /// The ids after one, in order.
    pub(crate) fn ids_after(
        &self,
        id: &str,
    ) -> impl Iterator<Item = Result<String, KvError>> + use<'a> {
        self.kv.keys_after(PREFIX, &key(id)).map(id_of)
    }

    /// An id for a new note: some of its title, for people and models, and what makes it its own.
    pub(crate) fn new_id(&self, title: &str) -> Result<String, KvError> {
        loop {
            let random = u32::from_le_bytes(self.ctx.random());
            let id = format!("{}-{random:08x}", slug(title));
            if self.get(&id)?.is_none() {
                return Ok(id);
            }
        }
    }
}

/// The URI of a note as a resource.
pub(crate) fn uri(id: &str) -> String {
    format!("note://{id}")
}

fn key(id: &str) -> String {
    format!("{PREFIX}{id}")
}

fn id_of(key: Result<String, KvError>) -> Result<String, KvError> {
    // Every key here begins with the prefix.
    key.map(|key| key[PREFIX.len()..].to_owned())
}

/// What of a title fits into a URI as it is.
fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let mut slug = words.join("-").to_ascii_lowercase();
    slug.truncate(SLUG_MAX);
    match slug.trim_end_matches('-') {
        "" => "note".to_owned(),
        slug => slug.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_what_fits_into_a_uri() {
        let long = "a".repeat(39);
        for (title, expected) in [
            ("Groceries", "groceries"),
            ("  Call Ada, at 9! ", "call-ada-at-9"),
            ("Bücher", "b-cher"),
            ("日記", "note"),
            (format!("{long} b").as_str(), long.as_str()),
        ] {
            assert_eq!(slug(title), expected);
        }
    }
}
