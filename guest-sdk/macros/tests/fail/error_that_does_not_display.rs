use smcp_sdk::{tool, tool_router};

#[derive(Default)]
struct Server;

struct Failure;

#[tool_router(server_handler)]
impl Server {
    /// Fails.
    #[tool]
    fn fail(&self) -> Result<String, Failure> {
        Err(Failure)
    }
}

fn main() {}
