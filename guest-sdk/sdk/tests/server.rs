//! A server of every sort of tool, called through the harness: what goes in, and what comes out.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smcp_sdk::testing::Client;
use smcp_sdk::{
    CallToolResult, Content, Context, GetPromptResult, Json, JsonObject, Meta, Parameters, Prompt,
    PromptMessage, PromptRoute, PromptRouter, ProtocolError, Role, ServerHandler, Tool, ToolRoute,
    ToolRouter, tool, tool_handler, tool_router,
};

#[derive(Default)]
struct Results;

#[derive(Deserialize, JsonSchema)]
struct Number {
    number: String,
}

#[derive(Serialize, JsonSchema)]
struct Parsed {
    number: u8,
}

#[tool_router(server_handler)]
impl Results {
    /// Gives nothing.
    #[tool]
    fn nothing(&self) {}

    /// Gives a text.
    #[tool]
    fn text() -> &'static str {
        "text"
    }

    /// Gives a number.
    #[tool]
    async fn number(&self) -> f64 {
        std::future::ready(0.5).await
    }

    /// Gives content.
    #[tool]
    fn content(&self) -> Vec<Content> {
        vec![Content::text("a"), Content::image("AA==", "image/png")]
    }

    /// Parses.
    #[tool]
    fn parse(
        &self,
        Parameters(Number { number }): Parameters<Number>,
    ) -> Result<Json<Parsed>, std::num::ParseIntError> {
        Ok(Json(Parsed {
            number: number.parse()?,
        }))
    }

    /// Fails, with its causes.
    #[tool]
    fn fail(&self) -> anyhow::Result<String> {
        Err(anyhow::anyhow!("the cause").context("the failure"))
    }

    /// Refuses.
    #[tool]
    fn refuse(&self) -> Result<String, ProtocolError> {
        Err(ProtocolError::new(
            -32000,
            "No.",
            Some(json!({ "why": "because" })),
        ))
    }

    /// Has full control.
    #[tool]
    fn full(&self) -> Result<CallToolResult, CallToolResult> {
        let meta = JsonObject::from_iter([("k".to_owned(), json!("v"))]);
        Err(CallToolResult::success(vec![Content::text("partly")]).with_meta(meta))
    }

    /// Gives what JSON cannot hold.
    #[tool]
    fn no_json(&self) -> Json<BTreeMap<Pair, u8>> {
        Json(BTreeMap::from([(Pair(1, 2), 3)]))
    }
}

#[derive(Serialize, JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
struct Pair(u8, u8);

#[test]
fn each_result_has_its_shape_on_the_wire() {
    let client = Client::<Results>::new();
    let table = [
        ("nothing", json!({}), json!({ "content": [] })),
        (
            "text",
            json!({}),
            json!({ "content": [{ "type": "text", "text": "text" }] }),
        ),
        (
            "number",
            json!({}),
            json!({ "content": [{ "type": "text", "text": "0.5" }] }),
        ),
        (
            "content",
            json!({}),
            json!({ "content": [{ "type": "text", "text": "a" },
                { "type": "image", "data": "AA==", "mimeType": "image/png" }] }),
        ),
        (
            "parse",
            json!({ "number": "7" }),
            json!({ "content": [{ "type": "text", "text": "{\"number\":7}" }],
                "structuredContent": { "number": 7 } }),
        ),
        (
            "parse",
            json!({ "number": "x" }),
            json!({ "content": [{ "type": "text", "text": "invalid digit found in string" }],
                "isError": true }),
        ),
        (
            "fail",
            json!({}),
            json!({ "content": [{ "type": "text", "text": "the failure: the cause" }],
                "isError": true }),
        ),
        (
            "full",
            json!({}),
            json!({ "content": [{ "type": "text", "text": "partly" }], "isError": true,
                "_meta": { "k": "v" } }),
        ),
    ];
    for (tool, arguments, expected) in table {
        let outcome = client.call(tool, arguments);
        assert_eq!(json!(outcome.result()), expected, "{tool}");
    }
}

#[test]
fn what_makes_no_sense_is_an_error_of_the_protocol() {
    let client = Client::<Results>::new();
    let table = [
        ("absent", json!({}), -32602, "Unknown tool: absent"),
        ("refuse", json!({}), -32000, "No."),
        (
            "parse",
            json!({}),
            -32602,
            "Invalid arguments for tool parse: missing field `number`",
        ),
        (
            "parse",
            json!({ "number": 7 }),
            -32602,
            "Invalid arguments for tool parse: number: invalid type: integer `7`, expected a string",
        ),
        (
            "parse",
            json!([]),
            -32602,
            "Invalid arguments for tool parse: they are not an object",
        ),
        (
            "no_json",
            json!({}),
            -32603,
            "The tool's result does not serialize: key must be a string",
        ),
    ];
    for (tool, arguments, code, message) in table {
        let error = client.try_call(tool, arguments).unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (code, message));
    }
}

#[test]
fn what_a_server_does_not_offer_is_no_method() {
    let client = Client::<Results>::new();
    let answers = [
        client.try_read_resource("a:b").err(),
        client.try_get_prompt("a", json!({})).err(),
        client.try_complete(json!({})).err(),
        client.try_list_resources(json!({})).err(),
    ];
    for answer in answers {
        assert_eq!(answer.unwrap().code, ProtocolError::METHOD_NOT_FOUND);
    }
}

#[derive(Default)]
struct Arguments;

/// A shape.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "shape", rename_all = "lowercase")]
enum Shape {
    /// Round.
    Circle {
        /// In metres.
        radius: f64,
    },
    /// Square.
    Square { side: f64 },
}

#[derive(Deserialize, JsonSchema)]
struct Order {
    /// What to deliver.
    items: Vec<Item>,
    note: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Item {
    count: u8,
}

#[tool_router]
impl Arguments {
    /// Measures a shape.
    ///
    /// In square metres.
    #[tool(
        title = "Area",
        annotations(title = "A", read_only_hint, open_world_hint = false)
    )]
    fn area(&self, Parameters(shape): Parameters<Shape>) -> f64 {
        match shape {
            Shape::Circle { radius } => radius * radius * 3.0,
            Shape::Square { side } => side * side,
        }
    }

    /// Adds up.
    #[tool(name = "add-up")]
    fn count(&self, Parameters(Order { items, note }): Parameters<Order>) -> String {
        let total: u32 = items.iter().map(|item| u32::from(item.count)).sum();
        format!("{total} {}", note.unwrap_or_default())
    }

    /// Says what came with the request.
    #[tool]
    fn meta(&self, Meta(meta): Meta, ctx: Context) -> String {
        format!("{} {}", Value::from(meta), ctx.caller().principal)
    }
}

#[tool_handler(instructions = "Measure twice.")]
impl ServerHandler for Arguments {}

smcp_sdk::serve!(Arguments);

#[test]
fn arguments_reach_the_tool() {
    let client = Client::<Arguments>::new();
    let table = [
        ("area", json!({ "shape": "square", "side": 3 }), "9"),
        (
            "add-up",
            json!({ "items": [{ "count": 2 }, { "count": 3, "more": 1 }] }),
            "5 ",
        ),
        ("add-up", json!({ "items": [], "note": "none" }), "0 none"),
        ("meta", json!({ "ignored": true }), "{} test"),
        ("meta", Value::Null, "{} test"),
    ];
    for (tool, arguments, expected) in table {
        assert_eq!(client.call(tool, arguments).text(), expected, "{tool}");
    }
    let meta = JsonObject::from_iter([("progressToken".to_owned(), json!(1))]);
    let client = client.with_meta(meta);
    assert_eq!(
        client.call("meta", json!({})).text(),
        "{\"progressToken\":1} test"
    );
}

#[test]
fn a_wrong_argument_is_named_by_its_path() {
    let client = Client::<Arguments>::new();
    let arguments = json!({ "items": [{ "count": 1 }, { "count": 300 }] });
    let error = client.try_call("add-up", arguments).unwrap_err();
    let expected = "Invalid arguments for tool add-up: items[1].count: \
                    invalid value: integer `300`, expected u8";
    assert_eq!(error.message, expected);
}

#[test]
fn the_catalogue_says_what_the_author_wrote() {
    let catalogue = Client::<Arguments>::new().catalogue();
    let expected = json!({
        "instructions": "Measure twice.",
        "tools": [
            {
                "name": "area",
                "title": "Area",
                "description": "Measures a shape.\n\nIn square metres.",
                "inputSchema": {
                    "type": "object",
                    "description": "A shape.",
                    "oneOf": [
                        {
                            "type": "object",
                            "description": "Round.",
                            "properties": {
                                "shape": { "type": "string", "const": "circle" },
                                "radius": {
                                    "type": "number", "format": "double",
                                    "description": "In metres.",
                                },
                            },
                            "required": ["shape", "radius"],
                        },
                        {
                            "type": "object",
                            "description": "Square.",
                            "properties": {
                                "shape": { "type": "string", "const": "square" },
                                "side": { "type": "number", "format": "double" },
                            },
                            "required": ["shape", "side"],
                        },
                    ],
                },
                "annotations": { "title": "A", "readOnlyHint": true, "openWorldHint": false },
            },
            {
                "name": "add-up",
                "description": "Adds up.",
                "inputSchema": {
                    "type": "object",
                    "properties": {
                        "items": {
                            "type": "array",
                            "description": "What to deliver.",
                            "items": { "$ref": "#/$defs/Item" },
                        },
                        "note": { "type": ["string", "null"] },
                    },
                    "required": ["items"],
                    "$defs": {
                        "Item": {
                            "type": "object",
                            "properties": {
                                "count": {
                                    "type": "integer", "format": "uint8",
                                    "minimum": 0, "maximum": 255,
                                },
                            },
                            "required": ["count"],
                        },
                    },
                },
            },
            {
                "name": "meta",
                "description": "Says what came with the request.",
                "inputSchema": { "type": "object", "additionalProperties": false },
            },
        ],
    });
    assert_eq!(Value::from(catalogue), expected);
}

/// Mistakes that only show when the catalogue is made.
mod mistakes {
    use super::*;

    #[derive(Default)]
    struct Twice;

    #[tool_router(router = one)]
    impl Twice {
        /// Is there.
        #[tool]
        fn same(&self) {}
    }

    #[tool_router(router = two)]
    impl Twice {
        /// Is there too.
        #[tool(name = "same")]
        fn other(&self) {}
    }

    #[tool_handler(router = Self::one() + Self::two())]
    impl ServerHandler for Twice {}

    #[test]
    #[should_panic(expected = "two tools are named `same`")]
    fn two_tools_of_one_name_from_two_blocks() {
        Client::<Twice>::new().catalogue();
    }

    #[derive(Default)]
    struct List;

    #[tool_router(server_handler)]
    impl List {
        /// Takes a list.
        #[tool]
        fn list(&self, Parameters(list): Parameters<Vec<u8>>) -> usize {
            list.len()
        }
    }

    #[test]
    #[should_panic(expected = "tool `list`: MCP wants the arguments of a tool to be a JSON object")]
    fn arguments_that_are_no_object() {
        Client::<List>::new().catalogue();
    }
}

/// A server without macros, for those who make their tools from data.
mod by_hand {
    use super::*;

    #[derive(Default)]
    struct ByHand;

    impl ServerHandler for ByHand {
        fn tools() -> ToolRouter<Self> {
            ToolRouter::new(vec![ToolRoute {
                name: "one",
                tool: || {
                    Tool::new(
                        "one",
                        "Gives one.",
                        schemars::json_schema!({ "type": "object" }),
                    )
                },
                call: |_, _| Ok(CallToolResult::success(vec![Content::text("1")])),
            }])
        }

        fn prompts() -> PromptRouter<Self> {
            PromptRouter::new(vec![PromptRoute {
                name: "two",
                prompt: || Prompt::new("two", "Says two.", Vec::new()),
                get: |_, _| {
                    let message = PromptMessage::new_text(Role::Assistant, "2");
                    Ok(GetPromptResult::new(vec![message]))
                },
            }])
        }
    }

    #[test]
    fn a_server_can_be_written_by_hand() {
        let client = Client::<ByHand>::new();
        assert_eq!(client.call("one", json!({})).text(), "1");
        assert_eq!(client.get_prompt("two", json!({})).text(), "2");
    }
}

#[test]
fn maps_are_objects_too() {
    #[derive(Default)]
    struct Maps;

    #[tool_router(server_handler)]
    impl Maps {
        /// Counts.
        #[tool]
        fn count(&self, Parameters(map): Parameters<HashMap<String, u8>>) -> usize {
            map.len()
        }
    }

    let client = Client::<Maps>::new();
    assert_eq!(
        client.catalogue()["tools"][0]["inputSchema"]["type"],
        "object"
    );
    assert_eq!(client.call("count", json!({ "a": 1, "b": 2 })).text(), "2");
}
