use smcp_sdk::{tool, tool_router};

#[derive(Default)]
struct Server;

#[tool_router(server_handler)]
impl Server {
    #[tool]
    fn silent(&self) {}

    ///
    #[tool]
    fn blank(&self) {}

    #[tool(description = " ")]
    fn spaces(&self) {}
}

fn main() {}
