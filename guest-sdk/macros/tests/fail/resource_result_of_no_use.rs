use smcp_sdk::{resource, resource_router};

#[derive(Default)]
struct Server;

#[resource_router(server_handler)]
impl Server {
    /// Counts.
    #[resource(uri = "a:b")]
    fn count(&self) -> u8 {
        1
    }
}

fn main() {}
