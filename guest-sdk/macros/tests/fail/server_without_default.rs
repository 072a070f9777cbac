use smcp_sdk::{tool, tool_router};

struct Server;

#[tool_router(server_handler)]
impl Server {
    /// Greets.
    #[tool]
    fn greet(&self) {}
}

fn main() {}
