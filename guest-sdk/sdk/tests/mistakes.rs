//! Mistakes that only show when the catalogue is made.

#![allow(missing_docs, reason = "tests")]

use schemars::JsonSchema;
use serde::Deserialize;
use smcp_sdk::testing::Client;
use smcp_sdk::{Parameters, prompt, prompt_router, resource, resource_router, tool, tool_router};

#[derive(Deserialize, JsonSchema)]
struct Id {
    #[allow(dead_code, reason = "only its schema is used")]
    id: String,
}

#[derive(Deserialize, JsonSchema)]
struct Count {
    #[allow(dead_code, reason = "only its schema is used")]
    count: u8,
}

#[derive(Default)]
struct Number;

#[prompt_router(server_handler)]
impl Number {
    /// Counts.
    #[prompt]
    fn count(&self, _: Parameters<Count>) -> String {
        String::new()
    }
}

#[test]
#[should_panic(expected = "prompt `count`: `count` is not a text")]
fn an_argument_of_a_prompt_that_is_no_text() {
    Client::<Number>::new().catalogue();
}

#[derive(Default)]
struct Absent;

#[resource_router(server_handler)]
impl Absent {
    /// Is read.
    #[resource(uri = "a:{other}")]
    fn read(&self, _: Parameters<Id>) -> String {
        String::new()
    }
}

#[test]
#[should_panic(expected = "it takes `id`, which the URI does not have")]
fn a_variable_that_the_uri_does_not_have() {
    Client::<Absent>::new().catalogue();
}

#[derive(Default)]
struct Unknown;

#[resource_router(server_handler)]
impl Unknown {
    /// Is read.
    #[resource(uri = "a:{?id}")]
    fn read(&self) -> String {
        String::new()
    }
}

#[test]
#[should_panic(expected = "resource `a:{?id}`: `{?id}` is not known here")]
fn a_template_that_is_not_known() {
    Client::<Unknown>::new().catalogue();
}

#[derive(Default)]
struct Meta;

#[tool_router(server_handler)]
impl Meta {
    /// Does nothing.
    #[tool(meta = "no json")]
    fn nothing(&self) {}
}

#[test]
#[should_panic(expected = "`nothing`: `meta` is not a JSON object")]
fn a_meta_that_is_no_object() {
    Client::<Meta>::new().catalogue();
}
