use smcp_sdk::{prompt, prompt_router};

#[derive(Default)]
struct Server;

struct NotShown;

#[prompt_router(server_handler)]
impl Server {
    /// Counts.
    #[prompt]
    fn count(&self) -> u8 {
        1
    }

    /// Fails.
    #[prompt]
    fn fail(&self) -> Result<String, NotShown> {
        Err(NotShown)
    }
}

fn main() {}
