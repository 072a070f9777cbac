//! Offers each thing that a server can, under the names and with the texts that the official
//! conformance suite calls: `cargo xtask conformance` runs it.
//!
//! A server of use has none of these names; the code is what an author would write all the same.

mod changing;
mod contents;
mod forms;
mod jobs;
mod prompts;
mod questions;
mod resources;
mod schemas;

use smcp_sdk::{
    CompleteRequestParams, CompletionInfo, Context, ProtocolError, Reference, ServerHandler,
    prompt_handler, resource_handler, tool_handler,
};

/// What is proposed for the argument that is completed.
const CITIES: [&str; 4] = ["paris", "park", "party", "prague"];

/// The server.
#[derive(Default)]
pub struct Everything;

#[tool_handler(router = Self::contents() + Self::questions() + Self::forms() + Self::jobs() + Self::schemas()
    + Self::changing())]
#[prompt_handler(router = Self::test_prompts() + Self::changing_prompts())]
#[resource_handler(router = Self::test_resources())]
impl ServerHandler for Everything {
    fn complete(
        &self,
        request: CompleteRequestParams,
        _: &Context,
    ) -> Result<CompletionInfo, ProtocolError> {
        let (prompt, argument) = prompts::COMPLETED;
        let known = matches!(request.r#ref, Reference::Prompt { name } if name == prompt);
        if !known || request.argument.name != argument {
            return Ok(CompletionInfo::default());
        }
        let begun = request.argument.value;
        let fitting = CITIES.into_iter().filter(|city| city.starts_with(&begun));
        Ok(CompletionInfo::new(fitting))
    }
}

smcp_sdk::serve!(Everything);

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use smcp_sdk::testing::Client;

    use super::*;

    fn client() -> Client<Everything> {
        Client::new().with_capabilities(json!({"elicitation": {}, "sampling": {}, "roots": {}}))
    }

    #[test]
    fn what_is_answered_goes_into_the_result() {
        let client = client();
        client.answer_elicitation(json!({"name": "Ada"}));
        client.answer_sampling("Good morning");
        client.answer_roots(&["file:///home", "file:///work"]);
        let outcome = client.call("test_input_required_result_multiple_inputs", json!({}));
        assert_eq!(outcome.text(), "Good morning Ada, who lends 2 directories");
        let ids: Vec<_> = client
            .questions()
            .into_iter()
            .map(|asked| asked.id)
            .collect();
        assert_eq!(ids, ["user_name", "greeting", "client_roots"]);
    }

    #[test]
    fn who_declines_is_answered_too() {
        let client = client();
        client.decline_elicitation();
        let outcome = client.call("test_input_required_result_elicitation", json!({}));
        assert_eq!(outcome.text(), "Hello, whoever you are!");
    }

    #[test]
    fn who_cannot_be_asked_is_told_so() {
        let client = client().with_capabilities(json!({}));
        let answered = client.try_call("test_missing_capability", json!({}));
        assert_eq!(answered.err().map(|error| error.code), Some(-32021));
    }

    #[test]
    fn a_template_is_filled_in_and_what_is_not_there_is_not_found() {
        let client = client();
        let read = client.read_resource("test://template/123/data");
        let data: Value = serde_json::from_str(read.text()).unwrap_or_default();
        let whole = json!({"id": "123", "templateTest": true, "data": "Data for ID: 123"});
        assert_eq!(data, whole);
        let missing = client.try_read_resource("test://nothing");
        assert_eq!(missing.err().map(|error| error.code), Some(-32602));
    }

    #[test]
    fn only_the_first_argument_of_one_prompt_is_completed() {
        let (prompt, argument) = prompts::COMPLETED;
        for (prompt, argument, begun, fitting) in [
            (prompt, argument, "par", vec!["paris", "park", "party"]),
            (prompt, argument, "x", vec![]),
            (prompt, "arg2", "par", vec![]),
            ("test_simple_prompt", argument, "par", vec![]),
        ] {
            assert_eq!(client().complete_prompt(prompt, argument, begun), fitting);
        }
    }

    #[test]
    fn a_release_has_a_tool_and_a_prompt_that_the_other_has_not() {
        let which = if cfg!(feature = "next") {
            "next"
        } else {
            "this"
        };
        let client = client();
        let named = |list: Vec<Value>, name: String| list.iter().any(|item| item["name"] == name);
        assert!(named(client.list_tools(), format!("test_{which}_release")));
        assert!(named(
            client.list_prompts(),
            format!("test_{which}_release_prompt")
        ));
    }
}
