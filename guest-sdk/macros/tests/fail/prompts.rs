use smcp_sdk::{Parameters, prompt, prompt_router};

#[derive(Default)]
struct Server;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Args {
    text: String,
}

#[prompt_router(server_handler)]
impl Server {
    #[prompt]
    fn no_description(&self) -> String {
        String::new()
    }

    /// Has a name.
    #[prompt(name = "not a name", annotations(read_only_hint), uri = "a:b")]
    fn named(&self) -> String {
        String::new()
    }

    /// Is generic.
    #[prompt]
    fn generic<T: Default>(&self) -> String {
        String::new()
    }

    /// Takes two objects.
    #[prompt]
    fn two(&self, _: Parameters<Args>, _: Parameters<Args>) -> String {
        String::new()
    }

    /// Is there twice.
    #[prompt(name = "two")]
    fn twice(&self) -> String {
        String::new()
    }
}

#[prompt_router(router = none)]
impl Server {}

fn main() {}
