use smcp_sdk::{tool, tool_router};

#[derive(Default)]
struct Server;

#[tool_router(server_handler)]
impl Server {
    /// Has an argument that there is not.
    #[tool(nmae = "typo")]
    fn unknown(&self) {}

    /// Has an argument twice.
    #[tool(title = "A", title = "B")]
    fn repeated(&self) {}

    /// Has values of the wrong sort.
    #[tool(name = 5, title)]
    fn sorts(&self) {}

    /// Has hints that there are not, or not so.
    #[tool(annotations(read_only, destructive_hint = "no", idempotent_hint = true))]
    fn hints(&self) {}

    /// Has hints that contradict each other.
    #[tool(annotations(read_only_hint, destructive_hint))]
    fn contradiction(&self) {}

    /// Has annotations without a list.
    #[tool(annotations = "read only")]
    fn list(&self) {}

    /// Is a tool twice.
    #[tool]
    #[tool]
    fn twice(&self) {}

    /// Is an attribute of another form.
    #[tool = "name"]
    fn form(&self) {}
}

fn main() {}
