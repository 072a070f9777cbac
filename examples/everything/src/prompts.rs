//! Prompts with each sort of content, and one that asks the user before it is there.

use schemars::JsonSchema;
use serde::Deserialize;
use smcp_sdk::{
    Context, Elicit, Parameters, PromptMessage, ProtocolError, ResourceContents, Role, prompt,
    prompt_router,
};

use crate::Everything;
use crate::contents::image;

/// The prompt whose first argument is completed, and that argument.
pub(crate) const COMPLETED: (&str, &str) = ("test_prompt_with_arguments", "arg1");

#[derive(Deserialize, JsonSchema)]
struct TwoArguments {
    /// First test argument.
    arg1: String,
    /// Second test argument.
    arg2: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Embedded {
    /// URI of the resource to embed.
    resource_uri: String,
}

#[derive(Deserialize, JsonSchema)]
struct Situation {
    context: String,
}

#[prompt_router(router = test_prompts, vis = "pub(crate)")]
impl Everything {
    /// A text.
    #[prompt]
    fn test_simple_prompt(&self) -> &'static str {
        "This is a simple prompt for testing."
    }

    /// A text with two arguments in it.
    #[prompt]
    fn test_prompt_with_arguments(
        &self,
        Parameters(TwoArguments { arg1, arg2 }): Parameters<TwoArguments>,
    ) -> String {
        format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")
    }

    /// A resource, and what to do with it.
    #[prompt]
    fn test_prompt_with_embedded_resource(
        &self,
        Parameters(Embedded { resource_uri }): Parameters<Embedded>,
    ) -> Vec<PromptMessage> {
        let text = "Embedded resource content for testing.";
        let contents = ResourceContents::text(resource_uri, text).with_mime_type("text/plain");
        vec![
            PromptMessage::new_resource(Role::User, contents),
            PromptMessage::new_text(Role::User, "Please process the embedded resource above."),
        ]
    }

    /// An image, and what to do with it.
    #[prompt]
    fn test_prompt_with_image(&self) -> Vec<PromptMessage> {
        vec![
            PromptMessage::new(Role::User, image()),
            PromptMessage::new_text(Role::User, "Please analyze the image above."),
        ]
    }

    /// A text about what the user says when asked.
    #[prompt]
    fn test_input_required_result_prompt(&self, ctx: &Context) -> Result<String, ProtocolError> {
        let question = Elicit::<Situation>::new("What context should the prompt use?");
        Ok(match ctx.elicit(question.id("user_context"))?.accepted() {
            Some(Situation { context }) => format!("Use this context: {context}"),
            None => "Use no context.".to_owned(),
        })
    }
}
