use smcp_sdk::{tool, tool_router};

#[derive(Default)]
struct Server;

#[tool_router(handler, router = "tools", vis = 3)]
impl Server {
    /// Greets.
    #[tool]
    fn greet(&self) {}
}

fn main() {}
