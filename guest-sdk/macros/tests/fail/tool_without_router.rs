use smcp_sdk::{tool};

#[derive(Default)]
struct Server;

impl Server {
    /// Greets.
    #[tool]
    fn greet(&self) {}
}

#[tool]
fn stray() {}

fn main() {}
