//! Keeps notes, each caller its own: tools that write and find them, each note as a resource, a prompt
//! that summarises one.
//!
//! Key-value storage is all that it needs. A call is a transaction, so there is no lock here, and nothing
//! that is written at the same time is lost.

mod store;
#[cfg(test)]
mod tests;
mod tools;

use schemars::JsonSchema;
use serde::Deserialize;
use smcp_sdk::{
    CompleteRequestParams, CompletionInfo, Context, KvError, ListResourcesResult,
    PaginatedRequestParams, Parameters, PromptMessage, ProtocolError, Reference, Resource,
    ResourceContents, Role, ServerHandler, prompt, prompt_handler, prompt_router, resource,
    resource_handler, resource_router, tool_handler,
};

use store::{Note, Store, uri};

const MARKDOWN: &str = "text/markdown";
const TEMPLATE: &str = "note://{id}";
/// How many resources a page of the list has.
const PAGE: usize = 100;

/// The server.
#[derive(Default)]
pub struct Notes;

#[derive(Deserialize, JsonSchema)]
struct Id {
    /// The id of the note.
    id: String,
}

#[resource_router]
impl Notes {
    /// A note of yours.
    #[resource(uri = "note://{id}", name = "note", mime_type = "text/markdown")]
    fn note(
        &self,
        ctx: &Context,
        Parameters(Id { id }): Parameters<Id>,
    ) -> Result<Option<String>, KvError> {
        Ok(Store::of(ctx).get(&id)?.map(page))
    }
}

#[prompt_router]
impl Notes {
    /// Asks for a summary of a note.
    #[prompt(title = "Summarise a note")]
    fn summarise(
        &self,
        ctx: &Context,
        Parameters(Id { id }): Parameters<Id>,
    ) -> Result<Vec<PromptMessage>, ProtocolError> {
        let Some(note) = Store::of(ctx).get(&id)? else {
            let message = format!("There is no note `{id}`: find its id with the tool `search`");
            return Err(ProtocolError::invalid_params(message, None));
        };
        let contents = ResourceContents::text(uri(&id), page(note)).with_mime_type(MARKDOWN);
        let task = "Summarise this note in at most three sentences. Say what is still to be done.";
        Ok(vec![
            PromptMessage::new_resource(Role::User, contents),
            PromptMessage::new_text(Role::User, task),
        ])
    }
}

#[tool_handler(
    router = Self::note_tools(),
    instructions = "Search before you add: there may be a note already. Read a note before you edit it."
)]
#[prompt_handler]
#[resource_handler]
impl ServerHandler for Notes {
    /// The cursor is the id of the last note before: notes that come and go meanwhile move no page.
    fn list_resources(
        &self,
        request: PaginatedRequestParams,
        ctx: &Context,
    ) -> Result<ListResourcesResult, ProtocolError> {
        let store = Store::of(ctx);
        let mut ids = store.ids_after(request.cursor.as_deref().unwrap_or_default());
        let mut resources = Vec::new();
        for id in ids.by_ref().take(PAGE) {
            let id = id?;
            if let Some(note) = store.get(&id)? {
                resources.push(listed(id, note));
            }
        }
        let last = resources.last().map(|resource| resource.name.clone());
        Ok(ListResourcesResult {
            resources,
            next_cursor: ids.next().and(last),
        })
    }

    fn complete(
        &self,
        request: CompleteRequestParams,
        ctx: &Context,
    ) -> Result<CompletionInfo, ProtocolError> {
        let takes_id = match request.r#ref {
            Reference::Prompt { name } => name == "summarise",
            Reference::Resource { uri } => uri == TEMPLATE,
        };
        if !takes_id || request.argument.name != "id" {
            return Ok(CompletionInfo::default());
        }
        let ids = Store::of(ctx).ids(&request.argument.value);
        Ok(CompletionInfo::new(ids.collect::<Result<Vec<_>, _>>()?))
    }
}

fn page(note: Note) -> String {
    format!("# {}\n\n{}\n", note.title, note.text)
}

fn listed(id: String, note: Note) -> Resource {
    Resource::new(uri(&id), id)
        .with_title(note.title)
        .with_mime_type(MARKDOWN)
}

smcp_sdk::serve!(Notes);
