//! Tools that ask as tools did before MCP 2026-07-28 under the names of that time: a text of the
//! client's model, and forms with each sort of field. In either era the code is the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smcp_sdk::{
    Context, CreateMessageRequestParams, Elicit, Elicited, Parameters, ProtocolError,
    SamplingMessage, tool, tool_router,
};

use crate::Everything;

#[derive(Deserialize, JsonSchema)]
struct Prompt {
    /// The prompt to send to the LLM.
    prompt: String,
}

#[derive(Deserialize, JsonSchema)]
struct Message {
    /// The message to show the user.
    message: String,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct User {
    /// User's response
    username: String,
    /// User's email address
    email: String,
}

/// Each field has something in it already.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(default)]
struct Profile {
    name: String,
    age: u32,
    score: f64,
    status: Status,
    verified: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            name: "John Doe".to_owned(),
            age: 30,
            score: 95.5,
            status: Status::Active,
            verified: true,
        }
    }
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Active,
    Inactive,
    Pending,
}

/// Each way to choose.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Choices {
    untitled_single: Untitled,
    titled_single: Titled,
    #[schemars(extend("enumNames" = ["Option One", "Option Two", "Option Three"]))]
    legacy_enum: Legacy,
    untitled_multi: Vec<Untitled>,
    titled_multi: Vec<Titled>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Untitled {
    Option1,
    Option2,
    Option3,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Titled {
    #[schemars(title = "First Option")]
    Value1,
    #[schemars(title = "Second Option")]
    Value2,
    #[schemars(title = "Third Option")]
    Value3,
}

/// Their titles stand beside them, as they did before choices had titles.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Legacy {
    Opt1,
    Opt2,
    Opt3,
}

/// What the user did, and filled in.
fn said<T: Serialize>(answer: &Elicited<T>) -> String {
    let (action, content) = match answer {
        Elicited::Accept(content) => ("accept", serde_json::to_string(content)),
        Elicited::Decline => ("decline", Ok("{}".to_owned())),
        Elicited::Cancel => ("cancel", Ok("{}".to_owned())),
    };
    let content = content.unwrap_or_default();
    format!("action={action}, content={content}")
}

#[tool_router(router = forms, vis = "pub(crate)")]
impl Everything {
    /// Asks the client's model what it is given.
    #[tool]
    fn test_sampling(
        &self,
        Parameters(Prompt { prompt }): Parameters<Prompt>,
        ctx: &Context,
    ) -> Result<String, ProtocolError> {
        let messages = vec![SamplingMessage::user_text(prompt)];
        let response = ctx.sample(CreateMessageRequestParams::new(messages, 100))?;
        Ok(format!("LLM response: {}", response.text()))
    }

    /// Asks the user who they are.
    #[tool]
    fn test_elicitation(
        &self,
        Parameters(Message { message }): Parameters<Message>,
        ctx: &Context,
    ) -> Result<String, ProtocolError> {
        let answer = ctx.elicit::<User>(message)?;
        Ok(format!("User response: {}", said(&answer)))
    }

    /// Asks the user with a form that is filled in already.
    #[tool]
    fn test_elicitation_sep1034_defaults(&self, ctx: &Context) -> Result<String, ProtocolError> {
        let answer = ctx.elicit(Elicit::<Profile>::new("Is this you?"))?;
        Ok(format!("Elicitation completed: {}", said(&answer)))
    }

    /// Asks the user to choose, in each way there is.
    #[tool]
    fn test_elicitation_sep1330_enums(&self, ctx: &Context) -> Result<String, ProtocolError> {
        let answer = ctx.elicit(Elicit::<Choices>::new("Which ones?"))?;
        Ok(format!("Elicitation completed: {}", said(&answer)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use smcp_sdk::testing::Client;

    use super::*;

    fn client() -> Client<Everything> {
        Client::new().with_capabilities(json!({"elicitation": {}, "sampling": {}}))
    }

    #[test]
    fn what_the_user_and_the_model_say_is_in_the_result() {
        let client = client();
        client.answer_sampling("Good morning");
        let sampled = client.call("test_sampling", json!({"prompt": "Greet me."}));
        assert_eq!(sampled.text(), "LLM response: Good morning");
        client.answer_elicitation(json!({"username": "ada", "email": "ada@example.com"}));
        let asked = json!({"message": "Who are you?"});
        let accepted = client.call("test_elicitation", asked.clone());
        assert_eq!(
            accepted.text(),
            r#"User response: action=accept, content={"username":"ada","email":"ada@example.com"}"#
        );
        client.decline_elicitation();
        let declined = client.call("test_elicitation", asked);
        assert_eq!(declined.text(), "User response: action=decline, content={}");
    }

    #[test]
    fn a_form_comes_filled_in() {
        let client = client();
        client.answer_elicitation(json!({"age": 25, "verified": false}));
        let outcome = client.call("test_elicitation_sep1034_defaults", json!({}));
        assert_eq!(
            outcome.text(),
            "Elicitation completed: action=accept, content={\"name\":\"John Doe\",\"age\":25,\
             \"score\":95.5,\"status\":\"active\",\"verified\":false}"
        );
        let fields = &client.questions()[0].params["requestedSchema"]["properties"];
        assert_eq!(fields["status"]["default"], "active", "{fields}");
        assert_eq!(fields["score"]["default"], 95.5, "{fields}");
    }

    #[test]
    fn each_way_to_choose_is_in_the_form() {
        let client = client();
        let chosen = json!({
            "untitledSingle": "option1", "titledSingle": "value1", "legacyEnum": "opt1",
            "untitledMulti": ["option1", "option2"], "titledMulti": ["value1", "value2"],
        });
        client.answer_elicitation(chosen);
        client.call("test_elicitation_sep1330_enums", json!({}));
        let fields = client.questions()[0].params["requestedSchema"]["properties"].take();
        let untitled = json!(["option1", "option2", "option3"]);
        let titled = json!([
            {"const": "value1", "title": "First Option"},
            {"const": "value2", "title": "Second Option"},
            {"const": "value3", "title": "Third Option"},
        ]);
        assert_eq!(fields["untitledSingle"]["enum"], untitled, "{fields}");
        assert_eq!(fields["titledSingle"]["oneOf"], titled, "{fields}");
        assert_eq!(fields["legacyEnum"]["enumNames"][2], "Option Three");
        assert_eq!(fields["untitledMulti"]["items"]["enum"], untitled);
        assert_eq!(fields["titledMulti"]["items"]["anyOf"], titled);
    }
}
