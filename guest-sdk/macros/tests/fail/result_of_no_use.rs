use smcp_sdk::{tool, tool_router};

#[derive(Default)]
struct Server;

struct Sum;

#[tool_router(server_handler)]
impl Server {
    /// Adds.
    #[tool]
    fn add(&self) -> Sum {
        Sum
    }
}

fn main() {}
