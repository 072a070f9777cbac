//! Where a call comes from and how long it may take, as a test sets it and a tool sees it.

use std::time::Duration;

use serde_json::json;
use smcp_sdk::testing::Client;
use smcp_sdk::{Context, Origin, tool, tool_router};

#[derive(Default)]
struct Traced;

#[tool_router(server_handler)]
impl Traced {
    /// Says what the call came with, and what time it has left after a second.
    #[tool]
    fn origin(&self, ctx: &Context) -> String {
        let before = ctx.time_left();
        ctx.sleep(Duration::from_secs(1));
        let spent = before - ctx.time_left();
        let Origin {
            client,
            trace_parent,
            ..
        } = ctx.origin();
        format!(
            "{client:?} {trace_parent:?} {} {}",
            before.as_millis(),
            spent.as_millis()
        )
    }
}

#[test]
fn a_call_knows_its_origin_and_its_time() {
    let client = Client::<Traced>::new();
    let said = client.call("origin", json!({}));
    assert_eq!(said.text(), "None None 30000 1000");
    let mut origin = Origin::default();
    origin.client = Some("editor".to_owned());
    origin.trace_parent =
        Some("00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01".to_owned());
    let client = client.with_origin(origin).with_time_millis(5_000);
    let said = client.call("origin", json!({}));
    assert_eq!(
        said.text(),
        "Some(\"editor\") Some(\"00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01\") 5000 1000"
    );
}
