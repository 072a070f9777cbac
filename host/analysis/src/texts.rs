//! All texts of a release that a model or a person may be shown, each with its place.
//!
//! Names of members in schemas are among them: a model reads those as well. Left out is what only machines read: URIs,
//! media types, pictures.

use serde_json::Value;
use smcp_package::Manifest;

/// A text, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) place: String,
    pub(crate) content: String,
}

/// Members whose values only machines read.
const MACHINES: [&str; 6] = ["icons", "mimeType", "uri", "uriTemplate", "$schema", "$ref"];
/// The lists of a catalogue.
pub(crate) const LISTS: [&str; 4] = ["tools", "prompts", "resources", "resourceTemplates"];

/// The texts of a manifest and its catalogue, in their order.
pub(crate) fn of(manifest: &Manifest, catalogue: &Value) -> Vec<Text> {
    let mut texts = Vec::new();
    let mut put = |place: String, content: &str| {
        texts.push(Text {
            place,
            content: content.to_owned(),
        });
    };
    if let Some(description) = manifest.description() {
        put("manifest/description".to_owned(), description);
    }
    for secret in manifest.asks().secrets() {
        let description = secret.description.as_deref().unwrap_or_default();
        put(
            format!("manifest/asks/secrets/{}/description", secret.name),
            description,
        );
    }
    for (name, schema) in manifest.asks().config() {
        collect(format!("manifest/asks/config/{name}"), schema, &mut texts);
    }
    for (name, value) in catalogue.as_object().into_iter().flatten() {
        if !LISTS.contains(&name.as_str()) {
            if !MACHINES.contains(&name.as_str()) {
                collect(name.clone(), value, &mut texts);
            }
            continue;
        }
        for item in value.as_array().into_iter().flatten() {
            collect(format!("{name}/{}", key(item)), item, &mut texts);
        }
    }
    texts.retain(|text| !text.content.is_empty());
    texts
}

/// What an item is called in the places of findings.
pub(crate) fn key(item: &Value) -> &str {
    let names = ["name", "uri", "uriTemplate"];
    let name = names.iter().find_map(|name| item.get(name)?.as_str());
    name.unwrap_or_default()
}

/// JSON nests no deeper than its parser has allowed.
fn collect(place: String, value: &Value, texts: &mut Vec<Text>) {
    match value {
        Value::String(content) => texts.push(Text {
            place,
            content: content.clone(),
        }),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                collect(format!("{place}/{at}"), item, texts);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if MACHINES.contains(&name.as_str()) {
                    continue;
                }
                // What a plain word is called by needs no look of its own.
                if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    texts.push(Text {
                        place: format!("{place}/{name}"),
                        content: name.clone(),
                    });
                }
                collect(format!("{place}/{name}"), member, texts);
            }
        }
        _ => {}
    }
}
