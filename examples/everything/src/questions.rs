//! Tools that ask the client: its user, its model, which directories it lends; one question, several
//! at once, one after another. Whoever cannot be asked what a tool needs is answered so.

use schemars::JsonSchema;
use serde::Deserialize;
use smcp_sdk::{
    Context, CreateMessageRequestParams, Elicit, Elicited, ListRoots, ProtocolError,
    SamplingMessage, tool, tool_router,
};

use crate::Everything;

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

#[derive(Deserialize, JsonSchema)]
struct Color {
    color: String,
}

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    ok: bool,
}

/// A question for the client's model.
fn to_model(text: &str, max_tokens: u32) -> CreateMessageRequestParams {
    CreateMessageRequestParams::new(vec![SamplingMessage::user_text(text)], max_tokens)
}

/// What stands for a name that the user kept to themselves.
fn name_of(answer: Elicited<Name>) -> String {
    let accepted = answer.accepted();
    accepted.map_or_else(|| "whoever you are".to_owned(), |Name { name }| name)
}

fn confirm(ctx: &Context) -> Result<&'static str, ProtocolError> {
    let question = Elicit::<Confirmation>::new("Please confirm").id("confirm");
    Ok(match ctx.elicit(question)?.accepted() {
        Some(Confirmation { ok: true }) => "state-ok: confirmed",
        _ => "state-ok: not confirmed",
    })
}

#[tool_router(router = questions, vis = "pub(crate)")]
impl Everything {
    /// Asks the user for a name, and greets them.
    #[tool]
    fn test_input_required_result_elicitation(
        &self,
        ctx: &Context,
    ) -> Result<String, ProtocolError> {
        let question = Elicit::<Name>::new("What is your name?").id("user_name");
        Ok(format!("Hello, {}!", name_of(ctx.elicit(question)?)))
    }

    /// Asks the client's model.
    #[tool]
    fn test_input_required_result_sampling(&self, ctx: &Context) -> Result<String, ProtocolError> {
        let question = to_model("What is the capital of France?", 100).id("capital_question");
        Ok(ctx.sample(question)?.text())
    }

    /// Asks which directories the client lends.
    #[tool]
    fn test_input_required_result_list_roots(
        &self,
        ctx: &Context,
    ) -> Result<String, ProtocolError> {
        let (roots,) = ctx.ask((ListRoots::new().id("client_roots"),))?;
        let uris: Vec<_> = roots.into_iter().map(|root| root.uri).collect();
        Ok(format!("The client lends {}", uris.join(", ")))
    }

    /// Asks the user to confirm, and says that it knows where it was.
    #[tool]
    fn test_input_required_result_request_state(
        &self,
        ctx: &Context,
    ) -> Result<&'static str, ProtocolError> {
        confirm(ctx)
    }

    /// Asks the user to confirm; an answer with an altered state never comes here.
    #[tool]
    fn test_input_required_result_tampered_state(
        &self,
        ctx: &Context,
    ) -> Result<&'static str, ProtocolError> {
        confirm(ctx)
    }

    /// Asks three questions at once.
    #[tool]
    fn test_input_required_result_multiple_inputs(
        &self,
        ctx: &Context,
    ) -> Result<String, ProtocolError> {
        let (name, greeting, roots) = ctx.ask((
            Elicit::<Name>::new("What is your name?").id("user_name"),
            to_model("Generate a greeting", 50).id("greeting"),
            ListRoots::new().id("client_roots"),
        ))?;
        let (name, greeting, lent) = (name_of(name), greeting.text(), roots.len());
        Ok(format!("{greeting} {name}, who lends {lent} directories"))
    }

    /// Asks one question after another.
    #[tool]
    fn test_input_required_result_multi_round(
        &self,
        ctx: &Context,
    ) -> Result<String, ProtocolError> {
        let name = Elicit::<Name>::new("Step 1: What is your name?").id("step1");
        let name = name_of(ctx.elicit(name)?);
        let color = Elicit::<Color>::new("Step 2: What is your favorite color?").id("step2");
        Ok(match ctx.elicit(color)?.accepted() {
            Some(Color { color }) => format!("{name} likes {color}."),
            None => format!("{name} does not say which color they like."),
        })
    }

    /// Asks only what the client can answer.
    #[tool]
    fn test_input_required_result_capabilities(
        &self,
        ctx: &Context,
    ) -> Result<String, ProtocolError> {
        let client = ctx.client_capabilities();
        if client.supports_sampling() {
            return Ok(ctx.sample(to_model("Generate a greeting", 50))?.text());
        }
        if client.supports_elicitation() {
            let name = name_of(ctx.elicit::<Name>("What is your name?")?);
            return Ok(format!("Hello, {name}!"));
        }
        Ok("Hello, whoever you are!".to_owned())
    }

    /// Needs a client that lends its model.
    #[tool]
    fn test_missing_capability(&self, ctx: &Context) -> Result<String, ProtocolError> {
        Ok(ctx.sample(to_model("Generate a greeting", 50))?.text())
    }

    /// Asks the user for a name.
    #[tool]
    fn test_streaming_elicitation(&self, ctx: &Context) -> Result<String, ProtocolError> {
        let name = ctx.elicit::<Name>("What is your name?")?;
        Ok(format!("Hello, {}!", name_of(name)))
    }
}
