use smcp_sdk::{PromptRouter, ServerHandler, ToolRouter, prompt_handler, tool_handler};

#[derive(Default)]
struct Server;

#[tool_handler(router = ToolRouter::default(), instructions = "Be kind.")]
#[prompt_handler(router = PromptRouter::default(), instructions = "Be brief.", cards)]
impl ServerHandler for Server {
    fn prompts() -> PromptRouter<Self> {
        PromptRouter::default()
    }
}

fn main() {}
