//! Why bytes are not a catalogue: each mistake an author can make, with its stable name. Knows nothing
//! of how it is found.

use smcp_ids::limits::CATALOGUE_MAX;

use crate::json::JsonError;

/// Why the bytes of `describe` are not a catalogue. The author's to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// More than is kept in memory for each release.
    #[error(
        "the catalogue is larger than {CATALOGUE_MAX} bytes; shorten its descriptions and schemas"
    )]
    TooLarge,
    /// Not JSON we accept.
    #[error("the catalogue cannot be read: {0}")]
    Json(#[from] JsonError),
    /// JSON, but no object.
    #[error("the catalogue is not a JSON object")]
    NotObject,
    /// A member that no catalogue has.
    #[error(
        "the catalogue has a member \"{0}\"; known are tools, resources, resourceTemplates, prompts, instructions, icons, dynamicResources and completions"
    )]
    UnknownMember(String),
    /// A list that is no array.
    #[error("the catalogue's \"{0}\" is not an array")]
    NotArray(&'static str),
    /// Instructions that are no text.
    #[error("the catalogue's \"instructions\" is not a string")]
    Instructions,
    /// A flag that is neither true nor false.
    #[error("the catalogue's \"{0}\" is neither true nor false")]
    Flag(String),
    /// An item that MCP would not accept.
    #[error("number {index} (from 0) of the catalogue's \"{list}\": {why}")]
    Item {
        /// Which list.
        list: &'static str,
        /// Which item of it.
        index: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// Two items of one list with the same name.
    #[error("the catalogue's \"{list}\" has \"{name}\" twice; give each its own")]
    Repeated {
        /// Which list.
        list: &'static str,
        /// The name, or for resources the URI.
        name: String,
    },
}

impl CatalogueError {
    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "catalogue_too_large",
            Self::Json(_) => "catalogue_invalid_json",
            Self::NotObject => "catalogue_not_object",
            Self::UnknownMember(_) => "catalogue_unknown_member",
            Self::NotArray(_) => "catalogue_not_array",
            Self::Instructions => "catalogue_instructions",
            Self::Flag(_) => "catalogue_flag",
            Self::Item { .. } => "catalogue_item",
            Self::Repeated { .. } => "catalogue_repeated",
        }
    }
}
