//! What a tool shows the model: blocks of text, images, audio, links and embedded resources.
//!
//! The fields are those of MCP 2026-07-28, `ContentBlock`; this file only writes them.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::icon::Icon;

/// A JSON object.
pub type JsonObject = Map<String, Value>;

/// One block of content.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Content {
    #[serde(flatten)]
    block: Block,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<JsonObject>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
enum Block {
    Text { text: String },
    Image { data: String, mime_type: String },
    Audio { data: String, mime_type: String },
    ResourceLink(Resource),
    Resource { resource: ResourceContents },
}

/// A resource that the client can read, without its contents.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// Where it is.
    pub uri: String,
    /// Its name, for programs.
    pub name: String,
    /// Its title, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Its size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Pictures of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Icon>,
    /// Whom it is for, and how much it matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
    /// `_meta`.
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
}

/// The contents of a resource: a text, or bytes in base64.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceContents {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob: Option<String>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<JsonObject>,
}

/// Whom a block is for, and how much it matters.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Annotations {
    /// Whom the block is for; nobody named means everybody.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<Role>,
    /// How much it matters: from 0, of no importance, to 1, indispensable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<f64>,
    /// When it last changed, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// A side of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl Content {
    fn of(block: Block) -> Self {
        Self {
            block,
            annotations: None,
            meta: None,
        }
    }

    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Block::Text { text: text.into() })
    }

    /// An image whose bytes are in base64 already; [`base64`] makes it from bytes.
    pub fn image(data: impl Into<String>, mime_type: impl Into<String>) -> Self {
        Self::of(Block::Image {
            data: data.into(),
            mime_type: mime_type.into(),
        })
    }

    /// Audio whose bytes are in base64 already; [`base64`] makes it from bytes.
    pub fn audio(data: impl Into<String>, mime_type: impl Into<String>) -> Self {
        Self::of(Block::Audio {
            data: data.into(),
            mime_type: mime_type.into(),
        })
    }

    /// A link to a resource that the client can read.
    pub fn resource_link(resource: Resource) -> Self {
        Self::of(Block::ResourceLink(resource))
    }

    /// A resource with its contents.
    pub fn resource(resource: ResourceContents) -> Self {
        Self::of(Block::Resource { resource })
    }

    /// A resource that is a text.
    pub fn embedded_text(uri: impl Into<String>, text: impl Into<String>) -> Self {
        Self::resource(ResourceContents::text(uri, text))
    }

    /// The text, if the block is nothing but text.
    pub(crate) fn plain_text(&self) -> Option<&str> {
        match self {
            Self {
                block: Block::Text { text },
                annotations: None,
                meta: None,
            } => Some(text),
            _ => None,
        }
    }

    /// Adds whom the block is for.
    #[must_use]
    pub fn with_annotations(mut self, annotations: Annotations) -> Self {
        self.annotations = Some(annotations);
        self
    }

    /// Adds `_meta`.
    #[must_use]
    pub fn with_meta(mut self, meta: JsonObject) -> Self {
        self.meta = Some(meta);
        self
    }
}

impl Resource {
    /// A resource at a URI.
    pub fn new(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            name: name.into(),
            title: None,
            description: None,
            mime_type: None,
            size: None,
            icons: Vec::new(),
            annotations: None,
            meta: None,
        }
    }

    /// Adds a title for people.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Adds what it is.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds the media type.
    #[must_use]
    pub fn with_mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    /// Adds whom it is for.
    #[must_use]
    pub fn with_annotations(mut self, annotations: Annotations) -> Self {
        self.annotations = Some(annotations);
        self
    }
}

impl ResourceContents {
    /// A text.
    pub fn text(uri: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            mime_type: None,
            text: Some(text.into()),
            blob: None,
            meta: None,
        }
    }

    /// Bytes.
    pub fn blob(uri: impl Into<String>, bytes: &[u8]) -> Self {
        Self {
            uri: uri.into(),
            mime_type: None,
            text: None,
            blob: Some(base64(bytes)),
            meta: None,
        }
    }

    /// Adds `_meta`.
    #[must_use]
    pub fn with_meta(mut self, meta: JsonObject) -> Self {
        self.meta = Some(meta);
        self
    }

    /// Gives it a media type, unless it has one.
    pub(crate) fn or_mime_type(mut self, mime_type: Option<&str>) -> Self {
        self.mime_type = self.mime_type.or_else(|| mime_type.map(str::to_owned));
        self
    }

    /// Adds the media type.
    #[must_use]
    pub fn with_mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }
}

/// Bytes in base64, with the standard alphabet and padding, as MCP wants them.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = (0..3).fold(0u32, |group, i| {
            group << 8 | u32::from(chunk.get(i).copied().unwrap_or(0))
        });
        for place in 0..4 {
            let letter = ALPHABET[(group >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648_section_10() {
        let table = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, encoded) in table {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
        assert_eq!(base64(&[0xff, 0xfe, 0xfd]), "//79");
    }

    proptest! {
        #[test]
        fn what_another_crate_decodes_from_base64_is_what_went_in(bytes: Vec<u8>) {
            prop_assert_eq!(STANDARD.decode(base64(&bytes)), Ok(bytes));
        }
    }

    #[test]
    fn blocks_have_the_shapes_of_mcp() {
        let annotations = Annotations {
            audience: vec![Role::User, Role::Assistant],
            priority: Some(0.5),
            last_modified: Some("2026-01-01T00:00:00Z".to_owned()),
        };
        let table = [
            (Content::text("a"), json!({"type": "text", "text": "a"})),
            (
                Content::image("AA==", "image/png"),
                json!({"type": "image", "data": "AA==", "mimeType": "image/png"}),
            ),
            (
                Content::audio("AA==", "audio/wav"),
                json!({"type": "audio", "data": "AA==", "mimeType": "audio/wav"}),
            ),
            (
                Content::resource_link(Resource {
                    title: Some("A".to_owned()),
                    description: Some("An a".to_owned()),
                    mime_type: Some("text/plain".to_owned()),
                    size: Some(1),
                    ..Resource::new("file:///a", "a")
                }),
                json!({"type": "resource_link", "uri": "file:///a", "name": "a", "title": "A",
                    "description": "An a", "mimeType": "text/plain", "size": 1}),
            ),
            (
                Content::embedded_text("file:///a", "b"),
                json!({"type": "resource", "resource": {"uri": "file:///a", "text": "b"}}),
            ),
            (
                Content::resource(ResourceContents::blob("x:y", b"f").with_mime_type("a/b")),
                json!({"type": "resource",
                    "resource": {"uri": "x:y", "mimeType": "a/b", "blob": "Zg=="}}),
            ),
            (
                Content::text("a")
                    .with_annotations(annotations)
                    .with_meta(JsonObject::from_iter([("k".to_owned(), json!(1))])),
                json!({"type": "text", "text": "a", "_meta": {"k": 1},
                    "annotations": {"audience": ["user", "assistant"], "priority": 0.5,
                        "lastModified": "2026-01-01T00:00:00Z"}}),
            ),
        ];
        for (block, wire) in table {
            assert_eq!(json!(block), wire);
        }
    }
}
