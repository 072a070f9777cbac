use smcp_sdk::{ServerHandler, ToolRouter, tool_handler};

#[derive(Default)]
struct Server;

#[tool_handler(instructions = "Be kind.", name = "server")]
impl ServerHandler for Server {
    fn tools() -> ToolRouter<Self> {
        ToolRouter::default()
    }

    fn instructions() -> Option<String> {
        None
    }
}

fn main() {}
