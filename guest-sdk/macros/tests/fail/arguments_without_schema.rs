use smcp_sdk::{Parameters, tool, tool_router};

#[derive(Default)]
struct Server;

#[derive(serde::Deserialize)]
struct Greet {
    name: String,
}

#[tool_router(server_handler)]
impl Server {
    /// Greets.
    #[tool]
    fn greet(&self, Parameters(greet): Parameters<Greet>) -> String {
        greet.name
    }
}

fn main() {}
