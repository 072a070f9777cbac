use smcp_sdk::{resource, resource_router};

#[derive(Default)]
struct Server;

#[resource_router(server_handler)]
impl Server {
    /// Has no URI.
    #[resource]
    fn nowhere(&self) -> String {
        String::new()
    }

    /// Has an empty URI.
    #[resource(uri = "")]
    fn empty(&self) -> String {
        String::new()
    }

    /// Is somewhere.
    #[resource(uri = "a:b", size = 3, annotations(prio = 0.5))]
    fn one(&self) -> String {
        String::new()
    }

    /// Is there too.
    #[resource(uri = "a:b", annotations = "user")]
    fn two(&self) -> String {
        String::new()
    }
}

fn main() {}
