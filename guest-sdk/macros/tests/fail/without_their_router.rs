use smcp_sdk::{prompt, prompt_router, resource, resource_handler, resource_router};

#[derive(Default)]
struct Server;

impl Server {
    /// Greets.
    #[prompt]
    fn greet(&self) -> String {
        String::new()
    }

    /// Is read.
    #[resource(uri = "a:b")]
    fn read(&self) -> String {
        String::new()
    }
}

#[resource_handler]
impl Server {}

#[prompt_router]
struct Other;

#[resource_router]
trait Third {}

fn main() {}
