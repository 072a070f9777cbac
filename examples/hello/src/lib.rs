//! The smallest server: it greets, and it echoes.

use schemars::JsonSchema;
use serde::Deserialize;
use smcp_sdk::{Parameters, tool, tool_router};

#[derive(Default)]
struct Hello;

#[derive(Deserialize, JsonSchema)]
struct Greet {
    /// Whom to greet.
    name: String,
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    /// What to give back.
    text: String,
}

#[tool_router(server_handler)]
impl Hello {
    /// Greets someone by name.
    #[tool]
    fn greet(&self, Parameters(Greet { name }): Parameters<Greet>) -> String {
        format!("Hello, {name}!")
    }

    /// Gives back the text it is given.
    #[tool(annotations(read_only_hint, idempotent_hint))]
    fn echo(&self, Parameters(Echo { text }): Parameters<Echo>) -> String {
        text
    }
}

smcp_sdk::serve!(Hello);

#[cfg(test)]
mod tests {
    use serde_json::json;
    use smcp_sdk::testing::Client;

    #[test]
    fn it_greets_by_name() {
        let client = Client::<super::Hello>::new();
        assert_eq!(
            client.call("greet", json!({ "name": "Ada" })).text(),
            "Hello, Ada!"
        );
    }
}
