//! Tasks, as a test sets its client and as a tool sees it.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use serde_json::{Value, json};
use smcp_sdk::testing::Client;
use smcp_sdk::{Context, Elicit, Elicited, ProtocolError, tool, tool_router};

#[derive(Default)]
struct Jobs;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Name {
    name: String,
}

fn runs(ctx: &Context) -> String {
    let is_task = ctx.begin_task();
    ctx.sleep(Duration::from_secs(60));
    format!("{is_task} {}", ctx.begin_task())
}

#[tool_router(server_handler)]
impl Jobs {
    /// Is never a task.
    #[tool]
    fn quick(&self, ctx: &Context) -> String {
        runs(ctx)
    }

    /// May be one.
    #[tool(task = "optional")]
    fn long(&self, ctx: &Context) -> String {
        runs(ctx)
    }

    /// Is always one.
    #[tool(task = "required")]
    fn longer(&self, ctx: &Context) -> String {
        runs(ctx)
    }

    /// May be one, and is not if the caller does not say who they are.
    #[tool(task = "optional")]
    fn asks(&self, ctx: &Context) -> Result<String, ProtocolError> {
        let Elicited::Accept(Name { name }) = ctx.elicit(Elicit::<Name>::new("Who?"))? else {
            return Ok("nobody".into());
        };
        ctx.begin_task();
        Ok(name)
    }
}

#[test]
fn a_call_is_a_task_where_client_and_tool_agree() {
    for (takes, tool, text) in [
        (false, "quick", "false false"),
        (false, "long", "false false"),
        (true, "quick", "false false"),
        (true, "long", "true true"),
        (true, "longer", "true true"),
    ] {
        let client = Client::<Jobs>::new();
        let client = if takes { client.with_tasks() } else { client };
        assert_eq!(client.call(tool, json!({})).text(), text, "{takes} {tool}");
        assert_eq!(client.became_task(), text == "true true");
        assert_eq!(client.slept(), Duration::from_secs(60));
    }
}

#[test]
fn a_tool_that_needs_a_task_is_refused_to_a_client_that_takes_none() {
    let client = Client::<Jobs>::new();
    let refused = client.try_call("longer", json!({})).unwrap_err();
    assert_eq!(refused.code, -32021);
    let required = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
    assert_eq!(refused.data.unwrap()["requiredCapabilities"], required);
    assert_eq!(client.slept(), Duration::ZERO, "it was not even run");
}

#[test]
fn a_call_may_end_before_it_becomes_a_task() {
    let client = Client::<Jobs>::new().with_tasks();
    client.answer_elicitation(json!({"name": "Alice"}));
    client.decline_elicitation();
    assert_eq!(client.call("asks", json!({})).text(), "Alice");
    assert!(client.became_task());
    assert_eq!(client.call("asks", json!({})).text(), "nobody");
    assert!(!client.became_task());
}

#[test]
fn the_catalogue_says_which_tools_support_tasks() {
    let supports: Vec<_> = Client::<Jobs>::new()
        .list_tools()
        .iter()
        .map(|tool| tool.get("execution").cloned())
        .collect();
    let says = |support: &str| Some(json!({"taskSupport": support}));
    let expected: [Option<Value>; 4] = [None, says("optional"), says("required"), says("optional")];
    assert_eq!(supports, expected);
}
