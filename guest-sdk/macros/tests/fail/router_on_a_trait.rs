use smcp_sdk::{tool, tool_router};

#[derive(Default)]
struct Server;

trait Greets {
    fn greet(&self);
}

#[tool_router]
impl Greets for Server {
    /// Greets.
    #[tool]
    fn greet(&self) {}
}

fn main() {}
