//! What the macros write refers to; no one else should.

#[cfg(target_arch = "wasm32")]
pub use crate::boundary;
pub use crate::drive::block_on;
pub use crate::parameters::{Arguments, Call};
pub use crate::resource::Place;
pub use crate::result::Structured;

/// `_meta`, as an attribute says it: a JSON object, or a text that is one.
///
/// # Panics
///
/// When it is something else, with the name of what it is of.
pub fn meta(of: &str, meta: impl Into<serde_json::Value>) -> crate::JsonObject {
    let meta = match meta.into() {
        serde_json::Value::String(text) => serde_json::from_str(&text).unwrap_or_default(),
        meta => meta,
    };
    match meta {
        serde_json::Value::Object(meta) => meta,
        _ => panic!("`{of}`: `meta` is not a JSON object: write `meta = \"{{...}}\"`"),
    }
}

/// What a prompt takes, from the schemas of its method's arguments.
pub fn prompt_arguments(
    prompt: &str,
    of_each: &[fn() -> Option<schemars::Schema>],
) -> Vec<crate::PromptArgument> {
    crate::prompt::arguments_of(prompt, &input_schema(of_each))
}

/// The schema of what a method takes: that of its only `Parameters`.
pub fn input_schema(of_each: &[fn() -> Option<schemars::Schema>]) -> schemars::Schema {
    of_each
        .iter()
        .find_map(|schema| schema())
        .unwrap_or_else(crate::schema::of_nothing)
}

/// Proves to the compiler, on every target, that the type can be served.
pub const fn assert_server<S: crate::ServerHandler>() {}
