use smcp_sdk::{tool_router};

#[derive(Default)]
struct Server;

#[tool_router(server_handler)]
impl Server {
    fn greet(&self) {}
}

fn main() {}
