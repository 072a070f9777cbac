//! All that the macros take, in one file.

use std::borrow::Cow;

use smcp_sdk::{
    CallToolResult, Content, Context, ErrorData, Json, Meta, Parameters, ProtocolError,
    ServerHandler, tool, tool_handler, tool_router,
};

#[derive(Default)]
struct Server;

#[derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
struct Args {
    text: String,
}

const LONG: &str = "A description from elsewhere.";

#[tool_router(router = first, vis = "pub(crate)")]
impl Server {
    /// Needs nothing.
    #[tool]
    fn unit() {}

    /// Borrows.
    #[tool]
    fn borrowed(&self, _ctx: &Context) -> &str {
        "static"
    }

    /// Borrows, or not.
    #[tool]
    fn perhaps<'a>(&'a self, ctx: &'a Context) -> Cow<'a, str> {
        ctx.now_millis().to_string().into()
    }

    #[tool(
        name = "all-of-it_2",
        title = "All of it",
        description = LONG,
        annotations(title = "All", read_only_hint = false, destructive_hint, idempotent_hint, open_world_hint = false)
    )]
    async fn all(
        &self,
        Parameters(args): Parameters<Args>,
        Meta(_): Meta,
        ctx: Context,
    ) -> Result<Json<Args>, std::num::ParseIntError> {
        let _: u8 = args.text.parse()?;
        ctx.log(smcp_sdk::LoggingLevel::Info, "parsed");
        Ok(Json(args))
    }

    /// May go on without its client.
    #[tool(task = "optional")]
    fn perhaps_a_task(&self, ctx: &Context) -> bool {
        ctx.begin_task()
    }

    /// Must.
    #[tool(task = "required")]
    fn always_a_task(ctx: Context) -> bool {
        ctx.begin_task()
    }

    fn no_tool(&self) -> u8 {
        1
    }
}

mod elsewhere {
    use super::*;

    #[smcp_sdk::tool_router(router = second, vis = "pub(super)")]
    impl Server {
        /// Has a name that is a keyword.
        #[smcp_sdk::tool]
        fn r#type(&self) -> Result<u8, ProtocolError> {
            Ok(self.no_tool())
        }

        /// Shows content.
        #[tool]
        fn content(&self) -> Result<Vec<Content>, Box<dyn std::error::Error>> {
            Ok(vec![Content::text("a")])
        }

        /// Has full control.
        #[tool]
        fn full(&self) -> Result<CallToolResult, ErrorData> {
            Ok(CallToolResult::success(vec![]))
        }
    }
}

#[tool_handler(router = Self::first() + Self::second(), instructions = "Be kind.")]
impl ServerHandler for Server {}

smcp_sdk::serve!(Server);

fn main() {
    let catalogue = smcp_sdk::testing::Client::<Server>::new().catalogue();
    let tools = catalogue["tools"].as_array().unwrap();
    let names: Vec<_> = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "unit",
            "borrowed",
            "perhaps",
            "all-of-it_2",
            "perhaps_a_task",
            "always_a_task",
            "type",
            "content",
            "full"
        ]
    );
    assert_eq!(tools[3]["description"], LONG);
    assert_eq!(tools[4]["execution"]["taskSupport"], "optional");
    assert_eq!(tools[5]["execution"]["taskSupport"], "required");
}
