use smcp_sdk::tool_handler;

#[derive(Default)]
struct Server;

#[tool_handler]
impl Server {
    fn greet(&self) {}
}

#[tool_handler]
struct Other;

fn main() {}
