use smcp_sdk::{Parameters, tool, tool_router};

#[derive(Default)]
struct Server;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Args {}

#[tool_router(server_handler)]
impl Server {
    /// Would change the server.
    #[tool]
    fn changes(&mut self) -> String {
        String::new()
    }

    /// Would use up the server.
    #[tool]
    fn consumes(self) -> String {
        String::new()
    }

    /// Has no one schema.
    #[tool]
    fn generic<T>(&self, _of: Parameters<T>) -> String {
        String::new()
    }

    /// Must not be called with just anything.
    #[tool]
    unsafe fn dangerous(&self) -> String {
        String::new()
    }

    /// Hides its type.
    #[tool]
    fn opaque(&self) -> impl std::fmt::Display {
        1
    }

    /// Takes two objects.
    #[tool]
    fn two(&self, _first: Parameters<Args>, _second: Parameters<Args>) -> String {
        String::new()
    }
}

fn main() {}
