//! A server with all that MCP has: prompts, resources, completions, questions, announcements.

#![allow(clippy::unwrap_used, reason = "tests")]

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use smcp_sdk::testing::{Client, Notification};
use smcp_sdk::{
    AskError, CompleteRequestParams, CompletionInfo, Content, Context, CreateMessageRequestParams,
    Elicit, Elicited, Icon, Json, ListResourcesResult, ListRoots, ModelPreferences,
    PaginatedRequestParams, Parameters, PromptMessage, ProtocolError, RawQuestion,
    ReadResourceRequestParams, ReadResourceResult, Reference, Resource, ResourceContents, Role,
    SamplingMessage, ServerHandler, prompt, prompt_handler, prompt_router, resource,
    resource_handler, resource_router, tool, tool_handler, tool_router,
};

#[derive(Default)]
struct Whole;

#[derive(Deserialize, JsonSchema)]
struct Name {
    /// Your name.
    name: String,
}

#[derive(Deserialize, JsonSchema)]
struct Region {
    /// Where.
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: String,
}

#[tool_router]
impl Whole {
    /// Asks for a name.
    #[tool]
    fn name(&self, ctx: &Context) -> Result<String, ProtocolError> {
        Ok(match ctx.elicit::<Name>("Who are you?")? {
            Elicited::Accept(Name { name }) => format!("Hello, {name}!"),
            Elicited::Decline => "declined".to_owned(),
            Elicited::Cancel => "cancelled".to_owned(),
        })
    }

    /// Asks for all at once.
    #[tool]
    fn all(&self, ctx: &Context) -> Result<String, ProtocolError> {
        let name = Elicit::<Name>::new("Who are you?").id("user_name");
        let poem = CreateMessageRequestParams::new(vec![SamplingMessage::user_text("A poem.")], 9)
            .with_system_prompt("Rhyme.")
            .with_model_preferences(ModelPreferences::new().with_hint("small"));
        let raw = RawQuestion::new("roots/list", json!({})).id("raw");
        let (name, poem, roots, raw) = ctx.ask((name, poem, ListRoots::new(), raw))?;
        let name = name.accepted().map(|name| name.name).unwrap_or_default();
        Ok(format!(
            "{name} {} {} {}",
            poem.text(),
            roots[0].uri,
            raw["roots"]
        ))
    }

    /// Asks one after the other.
    #[tool]
    fn one_by_one(&self, ctx: &Context) -> Result<String, AskError> {
        let roots = ctx.list_roots()?;
        let poem = ctx.sample("A poem.")?;
        let page = ctx.elicit_url("Pay.", "https://pay.example/1")?;
        Ok(format!("{} {} {page:?}", roots.len(), poem.text()))
    }

    /// Asks for what no form has.
    #[tool]
    fn no_form(&self, ctx: &Context) -> Result<String, AskError> {
        ctx.elicit::<Vec<u8>>("What?").map(|_| String::new())
    }

    /// Changes things.
    #[tool(icons = [Icon::new("https://a.example/i.png").with_sizes(["48x48"])],
        meta = json!({ "ui": { "resourceUri": "ui://a" } }))]
    fn change(&self, ctx: &Context, Parameters(Region { region }): Parameters<Region>) {
        ctx.notify_resource_updated(format!("memo://{region}"));
        ctx.notify_resource_list_changed();
    }

    /// Gives a list.
    #[tool(meta = r#"{"a":1}"#)]
    fn list(&self) -> Json<Vec<u8>> {
        Json(vec![1])
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Tone {
    Kind,
    Stern,
}

#[derive(Deserialize, JsonSchema)]
struct Review {
    /// The code.
    code: String,
    tone: Option<Tone>,
}

#[prompt_router]
impl Whole {
    /// Asks for a review.
    #[prompt(title = "Review")]
    fn review(&self, Parameters(Review { code, tone }): Parameters<Review>) -> Vec<PromptMessage> {
        let how = match tone {
            Some(Tone::Stern) => "Spare nothing.",
            Some(Tone::Kind) | None => "Be kind.",
        };
        vec![
            PromptMessage::new_text(Role::User, format!("{how} {code}")),
            PromptMessage::new(Role::Assistant, Content::image("AA==", "image/png")),
        ]
    }

    /// Says hello.
    #[prompt(name = "hello")]
    fn says_hello(&self) -> String {
        "Hello!".to_owned()
    }

    /// Asks where.
    #[prompt]
    fn roots(&self, ctx: &Context) -> Result<String, AskError> {
        Ok(ctx.list_roots()?.len().to_string())
    }

    /// Fails.
    #[prompt]
    fn fails(&self) -> Result<String, String> {
        Err("No.".to_owned())
    }
}

#[derive(Deserialize, JsonSchema)]
struct Id {
    id: String,
}

#[resource_router]
impl Whole {
    /// The rules.
    #[resource(
        uri = "memo://rules",
        name = "rules.md",
        mime_type = "text/markdown",
        annotations(audience = [Role::User], priority = 0.5, last_modified = "2026-01-01T00:00:00Z")
    )]
    fn rules(&self) -> &'static str {
        "# Rules"
    }

    /// A dot.
    #[resource(uri = "memo://dot", mime_type = "image/png")]
    fn dot(&self) -> Vec<u8> {
        vec![0xff]
    }

    /// A note.
    #[resource(uri = "memo://notes/{id}")]
    fn note(&self, Parameters(Id { id }): Parameters<Id>) -> Option<String> {
        (id != "none").then_some(id)
    }

    /// A file.
    #[resource(uri = "memo://files/{+id}", name = "File", title = "Files")]
    async fn file(
        &self,
        Parameters(Id { id }): Parameters<Id>,
    ) -> Result<Json<Value>, ProtocolError> {
        Ok(Json(json!({ "path": id })))
    }
}

#[tool_handler(instructions = "Ask.", icons = [Icon::new("https://a.example/s.svg")])]
#[prompt_handler]
#[resource_handler]
impl ServerHandler for Whole {
    fn list_resources(
        &self,
        request: PaginatedRequestParams,
        _: &Context,
    ) -> Result<ListResourcesResult, ProtocolError> {
        Ok(match request.cursor {
            None => ListResourcesResult {
                next_cursor: Some("2".to_owned()),
                ..ListResourcesResult::new(vec![Resource::new("memo://moment", "moment")])
            },
            Some(_) => ListResourcesResult::default(),
        })
    }

    fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: &Context,
    ) -> Result<ReadResourceResult, ProtocolError> {
        if request.uri != "memo://moment" {
            let data = json!({ "uri": request.uri });
            return Err(ProtocolError::invalid_params(
                "Resource not found",
                Some(data),
            ));
        }
        let contents = ResourceContents::text(request.uri, "now");
        Ok(ReadResourceResult::new(vec![contents]))
    }

    fn complete(
        &self,
        request: CompleteRequestParams,
        _: &Context,
    ) -> Result<CompletionInfo, ProtocolError> {
        Ok(match request.r#ref {
            Reference::Prompt { .. } => {
                let values = ["kind", "stern"].into_iter();
                CompletionInfo::new(values.filter(|v| v.starts_with(&request.argument.value)))
            }
            Reference::Resource { .. } => CompletionInfo::new((0..101).map(|n| n.to_string())),
        })
    }
}

smcp_sdk::serve!(Whole);

#[test]
fn a_question_is_asked_and_its_answer_read() {
    let client = Client::<Whole>::new();
    client.answer_elicitation(json!({ "name": "Ada" }));
    client.decline_elicitation();
    client.cancel_elicitation();
    for expected in ["Hello, Ada!", "declined", "cancelled"] {
        assert_eq!(client.call("name", json!({})).text(), expected);
    }
    let question = &client.questions()[0];
    let expected = json!({ "mode": "form", "message": "Who are you?", "requestedSchema": {
        "type": "object", "required": ["name"],
        "properties": { "name": { "type": "string", "description": "Your name." } } } });
    assert_eq!((question.id.as_str(), &question.params), ("q1", &expected));

    client.answer_elicitation(json!({ "name": 1 }));
    let error = client.try_call("name", json!({})).unwrap_err();
    assert_eq!(error.code, ProtocolError::INVALID_PARAMS);
}

#[test]
fn several_questions_are_asked_at_once() {
    let client = Client::<Whole>::new();
    client.answer_elicitation(json!({ "name": "Ada" }));
    client.answer_sampling("O!");
    client.answer_roots(&["file:///a"]);
    client.answer_roots(&[]);
    assert_eq!(client.call("all", json!({})).text(), "Ada O! file:///a []");
    let questions = client.questions();
    let ids: Vec<_> = questions
        .iter()
        .map(|question| question.id.as_str())
        .collect();
    assert_eq!(ids, ["user_name", "q2", "q3", "raw"]);
    let expected = json!({ "maxTokens": 9, "systemPrompt": "Rhyme.",
        "messages": [{ "role": "user", "content": { "type": "text", "text": "A poem." } }],
        "modelPreferences": { "hints": [{ "name": "small" }] } });
    assert_eq!(questions[1].params, expected);

    client.answer_roots(&[]);
    client.answer_sampling("O!");
    client.answer_elicitation(Value::Null);
    assert_eq!(
        client.call("one_by_one", json!({})).text(),
        "0 O! Accept(())"
    );
}

#[test]
fn a_client_that_cannot_answer_is_not_asked() {
    let client = Client::<Whole>::new().with_capabilities(json!({ "elicitation": { "url": {} } }));
    let error = client.try_call("name", json!({})).unwrap_err();
    assert_eq!(error.code, AskError::MISSING_CAPABILITY);
    let expected = json!({ "requiredCapabilities": { "elicitation": { "form": {} } } });
    assert_eq!(error.data, Some(expected));
    // A tool whose error displays tells the model; a prompt's keeps its code.
    assert!(client.call("one_by_one", json!({})).is_error());
    let error = client.try_get_prompt("roots", json!({})).unwrap_err();
    assert_eq!(error.code, AskError::MISSING_CAPABILITY);
    let text = client.call("no_form", json!({})).text();
    assert!(
        text.starts_with("The form cannot be asked: it has no fields"),
        "{text}"
    );
    assert!(client.questions().is_empty());
}

#[test]
fn prompts_are_expanded() {
    let client = Client::<Whole>::new();
    let prompt = client.get_prompt("review", json!({ "code": "x", "tone": "stern" }));
    assert_eq!(prompt.text(), "Spare nothing. x");
    let image = json!({ "role": "assistant",
        "content": { "type": "image", "data": "AA==", "mimeType": "image/png" } });
    assert_eq!(prompt.messages()[1], image);
    let expected = json!([{ "role": "user", "content": { "type": "text", "text": "Hello!" } }]);
    assert_eq!(
        client.get_prompt("hello", json!({})).result()["messages"],
        expected
    );
    let table = [
        ("absent", -32602, "Unknown prompt: absent"),
        (
            "review",
            -32602,
            "Invalid arguments for prompt review: missing field `code`",
        ),
        ("fails", -32603, "No."),
    ];
    for (name, code, message) in table {
        let error = client.try_get_prompt(name, json!({})).unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (code, message));
    }
}

#[test]
fn resources_are_read() {
    let client = Client::<Whole>::new();
    let rules = client.read_resource("memo://rules");
    let expected = json!([{ "uri": "memo://rules", "mimeType": "text/markdown",
        "text": "# Rules" }]);
    assert_eq!(rules.result()["contents"], expected);
    assert_eq!(client.read_resource("memo://dot").blob(), "/w==");
    assert_eq!(client.read_resource("memo://notes/a%20b").text(), "a b");
    let file = client.read_resource("memo://files/a/b.c");
    assert_eq!(
        (file.text(), file.mime_type()),
        ("{\"path\":\"a/b.c\"}", "application/json")
    );
    assert_eq!(client.read_resource("memo://moment").text(), "now");
    for uri in [
        "memo://notes/none",
        "memo://notes/a/b",
        "memo://notes/{id}",
        "memo://absent",
    ] {
        let answer = client.try_read_resource(uri);
        if uri == "memo://notes/{id}" {
            assert_eq!(answer.unwrap().text(), "{id}");
            continue;
        }
        let expected =
            ProtocolError::invalid_params("Resource not found", Some(json!({ "uri": uri })));
        assert_eq!(answer, Err(expected));
    }
}

#[test]
fn lists_completions_and_announcements() {
    let client = Client::<Whole>::new();
    assert_eq!(client.list_resources()[0]["uri"], "memo://moment");
    let last = client.try_list_resources(json!({ "cursor": "2" })).unwrap();
    assert_eq!(Value::from(last), json!({ "resources": [] }));
    assert_eq!(client.complete_prompt("review", "tone", "s"), ["stern"]);
    let completion = client.try_complete(json!({
        "ref": { "type": "ref/resource", "uri": "memo://notes/{id}" },
        "argument": { "name": "id", "value": "" }, "context": { "arguments": { "a": "b" } },
    }));
    let completion = &completion.unwrap()["completion"];
    assert_eq!(completion["values"].as_array().unwrap().len(), 100);
    assert_eq!(
        (&completion["total"], &completion["hasMore"]),
        (&json!(101), &json!(true))
    );

    client.call("change", json!({ "region": "eu" }));
    let expected = [
        Notification::ResourceUpdated("memo://eu".to_owned()),
        Notification::ResourceListChanged,
    ];
    assert_eq!(client.notifications(), expected);
    assert_eq!(client.call("list", json!({})).structured(), &json!([1]));
}

#[test]
fn the_catalogue_has_all_of_it() {
    let client = Client::<Whole>::new();
    let catalogue = client.catalogue();
    for key in ["dynamicResources", "completions"] {
        assert_eq!(catalogue[key], true);
    }
    assert_eq!(
        catalogue["icons"],
        json!([{ "src": "https://a.example/s.svg" }])
    );
    let tools = client.list_tools();
    assert_eq!(
        tools[4]["icons"],
        json!([{ "src": "https://a.example/i.png", "sizes": ["48x48"] }])
    );
    assert_eq!(
        tools[4]["_meta"],
        json!({ "ui": { "resourceUri": "ui://a" } })
    );
    assert_eq!(
        tools[4]["inputSchema"]["properties"]["region"]["x-mcp-header"],
        "Region"
    );
    assert_eq!(tools[5]["outputSchema"]["type"], "array");
    assert_eq!(tools[5]["_meta"], json!({ "a": 1 }));
    let expected = json!({ "name": "review", "title": "Review",
        "description": "Asks for a review.", "arguments": [
            { "name": "code", "description": "The code.", "required": true },
            { "name": "tone", "required": false }] });
    assert_eq!(client.list_prompts()[0], expected);
    let expected = json!({ "uri": "memo://rules", "name": "rules.md", "description": "The rules.",
        "mimeType": "text/markdown", "annotations": { "audience": ["user"], "priority": 0.5,
            "lastModified": "2026-01-01T00:00:00Z" } });
    assert_eq!(catalogue["resources"][0], expected);
    let expected = json!({ "uriTemplate": "memo://files/{+id}", "name": "File", "title": "Files",
        "description": "A file." });
    assert_eq!(client.list_resource_templates()[1], expected);
    assert_eq!(Value::from(client.catalogue()), Value::from(catalogue));
}
