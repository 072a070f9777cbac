use smcp_sdk::{tool, tool_router};

#[derive(Default)]
struct Server;

#[tool_router(server_handler)]
impl Server {
    /// Greets.
    #[tool]
    fn greet(&self, name: String) -> String {
        name
    }
}

fn main() {}
