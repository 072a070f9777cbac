use smcp_sdk::{tool, tool_router};

#[derive(Default)]
struct Server;

#[tool_router(server_handler)]
impl Server {
    /// Is called what another is called.
    #[tool]
    fn twice(&self) {}

    /// Is called what another is called.
    #[tool(name = "twice")]
    fn once(&self) {}

    /// Has a name with a space.
    #[tool(name = "two words")]
    fn words(&self) {}

    /// Has a name that is too long.
    #[tool(name = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    fn long(&self) {}

    /// Has a name that some clients cannot say.
    #[tool]
    fn größe(&self) {}
}

fn main() {}
