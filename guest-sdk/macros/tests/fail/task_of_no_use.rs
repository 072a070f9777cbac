use smcp_sdk::{prompt, prompt_router, tool, tool_router};

#[derive(Default)]
struct Server;

#[tool_router(server_handler)]
impl Server {
    /// Is a task in a way that there is not.
    #[tool(task = "always")]
    fn always(&self) {}

    /// Is a task by itself.
    #[tool(task)]
    fn flag(&self) {}

    /// Is a task by a flag.
    #[tool(task = true)]
    fn boolean(&self) {}

    /// Is a task with a list.
    #[tool(task(optional))]
    fn list(&self) {}

    /// Says it twice.
    #[tool(task = "optional", task = "required")]
    fn twice(&self) {}
}

#[derive(Default)]
struct Prompts;

#[prompt_router(server_handler)]
impl Prompts {
    /// Is a prompt, and never a task.
    #[prompt(task = "optional")]
    fn poem(&self) -> &'static str {
        "poem"
    }
}

fn main() {}
