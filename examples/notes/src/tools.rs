//! The tools. Each checks first and stores then: what a tool stored before it failed would stay.
//!
//! A note is edited by who has read it as it is. Who read an earlier revision is told so, and nothing is
//! lost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smcp_sdk::{Context, Json, KvError, Parameters, tool, tool_router};

use crate::Notes;
use crate::store::{NOTES_MAX, Note, Store, uri};

/// In characters.
const TITLE_MAX: usize = 200;
/// In bytes: a search reads all notes, and a guest has little memory.
const TEXT_MAX: usize = 16 * 1_024;

#[derive(Deserialize, JsonSchema)]
struct Add {
    /// What it is about, in one line of at most 200 characters.
    title: String,
    /// The note: Markdown of at most 16 KiB.
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct ById {
    /// The id of the note.
    id: String,
}

#[derive(Deserialize, JsonSchema)]
struct Edit {
    /// The id of the note.
    id: String,
    /// The revision that you have read: what was written since is not overwritten.
    revision: u32,
    /// The new title; the title stays if this is left out.
    title: Option<String>,
    /// The new text, all of it; the text stays if this is left out.
    text: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Search {
    /// Words that a note must have, all of them, in its title or its text; upper and lower case are
    /// alike. Nothing finds all notes.
    #[serde(default)]
    words: String,
    /// How many notes to show; 20 if left out.
    #[serde(default = "twenty")]
    limit: u16,
}

fn twenty() -> u16 {
    20
}

/// A note that was written.
#[derive(Serialize, JsonSchema)]
struct Saved {
    id: String,
    /// Where it can be read as a resource.
    uri: String,
    /// What the next edit must name.
    revision: u32,
}

#[derive(Serialize, JsonSchema)]
struct Whole {
    title: String,
    text: String,
    /// What an edit must name.
    revision: u32,
}

#[derive(Serialize, JsonSchema)]
struct Found {
    notes: Vec<Hit>,
    /// How many notes there are with these words.
    total: usize,
}

#[derive(Serialize, JsonSchema)]
struct Hit {
    id: String,
    title: String,
    /// The first line of its text that has one of the words, or else the first.
    line: String,
}

#[tool_router(router = note_tools, vis = "pub(crate)")]
impl Notes {
    /// Adds a note. Only you can see it.
    #[tool(annotations(destructive_hint = false, open_world_hint = false))]
    fn add(
        &self,
        ctx: &Context,
        Parameters(Add { title, text }): Parameters<Add>,
    ) -> Result<Json<Saved>, String> {
        check(&title, &text)?;
        let store = Store::of(ctx);
        if store.ids("").collect::<Result<Vec<_>, _>>()?.len() >= NOTES_MAX {
            return Err(format!(
                "You have {NOTES_MAX} notes, which is how many there may be: remove one, or add to one with `edit`."
            ));
        }
        let id = store.new_id(&title)?;
        let note = Note {
            title,
            text,
            revision: 1,
        };
        store.put(&id, &note)?;
        ctx.notify_resource_list_changed();
        Ok(Json(saved(id, &note)))
    }

    /// Reads a note.
    #[tool(annotations(read_only_hint, open_world_hint = false))]
    fn read(
        &self,
        ctx: &Context,
        Parameters(ById { id }): Parameters<ById>,
    ) -> Result<Json<Whole>, String> {
        let Note {
            title,
            text,
            revision,
        } = existing(&Store::of(ctx), &id)?;
        Ok(Json(Whole {
            title,
            text,
            revision,
        }))
    }

    /// Changes a note: its title, its text, or both. Read it first.
    #[tool(annotations(destructive_hint, open_world_hint = false))]
    fn edit(
        &self,
        ctx: &Context,
        Parameters(edit): Parameters<Edit>,
    ) -> Result<Json<Saved>, String> {
        let store = Store::of(ctx);
        let before = existing(&store, &edit.id)?;
        if before.revision != edit.revision {
            return Err(format!(
                "`{}` is at revision {}, and you have read {}: `read` it again, and edit what it says now.",
                edit.id, before.revision, edit.revision
            ));
        }
        let has_new_title = edit
            .title
            .as_ref()
            .is_some_and(|title| *title != before.title);
        let note = Note {
            title: edit.title.unwrap_or(before.title),
            text: edit.text.unwrap_or(before.text),
            revision: before.revision + 1,
        };
        check(&note.title, &note.text)?;
        store.put(&edit.id, &note)?;
        ctx.notify_resource_updated(uri(&edit.id));
        if has_new_title {
            // The list shows titles.
            ctx.notify_resource_list_changed();
        }
        Ok(Json(saved(edit.id, &note)))
    }

    /// Removes a note for good.
    #[tool(annotations(destructive_hint, idempotent_hint, open_world_hint = false))]
    fn remove(
        &self,
        ctx: &Context,
        Parameters(ById { id }): Parameters<ById>,
    ) -> Result<String, String> {
        let store = Store::of(ctx);
        let Note { title, .. } = existing(&store, &id)?;
        store.remove(&id)?;
        ctx.notify_resource_list_changed();
        Ok(format!("`{title}` is removed."))
    }

    /// Finds notes by their words, and lists them by their ids.
    #[tool(annotations(read_only_hint, open_world_hint = false))]
    fn search(
        &self,
        ctx: &Context,
        Parameters(Search { words, limit }): Parameters<Search>,
    ) -> Result<Json<Found>, KvError> {
        let words = words.to_lowercase();
        let words: Vec<_> = words.split_whitespace().collect();
        let store = Store::of(ctx);
        let mut notes = Vec::new();
        let mut total = 0;
        for id in store.ids("") {
            let id = id?;
            let Some(note) = store.get(&id)?.filter(|note| has_all(note, &words)) else {
                continue;
            };
            total += 1;
            if notes.len() < usize::from(limit) {
                let line = line_with(&note.text, &words);
                let title = note.title;
                notes.push(Hit { id, title, line });
            }
        }
        Ok(Json(Found { notes, total }))
    }
}

fn existing(store: &Store<'_>, id: &str) -> Result<Note, String> {
    store
        .get(id)?
        .ok_or_else(|| format!("There is no note `{id}`: find its id with `search`."))
}

fn saved(id: String, note: &Note) -> Saved {
    Saved {
        uri: uri(&id),
        id,
        revision: note.revision,
    }
}

/// Whether this may be a note.
fn check(title: &str, text: &str) -> Result<(), String> {
    if title.trim().is_empty() || title.contains('\n') || title.chars().count() > TITLE_MAX {
        return Err(format!(
            "A title is one line of at most {TITLE_MAX} characters, and not empty: write another."
        ));
    }
    if text.len() > TEXT_MAX {
        return Err(format!(
            "The text has {} bytes, and may have {TEXT_MAX}: divide it among several notes.",
            text.len()
        ));
    }
    Ok(())
}

fn has_all(note: &Note, words: &[&str]) -> bool {
    let all = format!("{}\n{}", note.title, note.text).to_lowercase();
    words.iter().all(|word| all.contains(word))
}

fn line_with(text: &str, words: &[&str]) -> String {
    let has_one = |line: &&str| {
        let line = line.to_lowercase();
        words.iter().any(|word| line.contains(word))
    };
    let line = text.lines().find(has_one).or_else(|| text.lines().next());
    line.unwrap_or_default().to_owned()
}
