//! The macros of the SMCP guest SDK: `#[tool_router]`, `#[tool]`, `#[tool_handler]`, and the same
//! three for prompts and resources.
//!
//! Each is a function from tokens to tokens; it reports all mistakes at once, each with its mend.
//! The macros know Rust's syntax and nothing of schemas or JSON: what they write calls `smcp_sdk`.

mod annotations;
mod attributes;
mod forbidden;
mod handler;
mod mistakes;
mod router;
mod sort;
mod task;
mod tool;

use proc_macro::TokenStream;

use sort::Sort;

/// Makes the methods marked `#[tool]` in an `impl` block the tools of a server.
///
/// It adds a function `tool_router() -> ToolRouter<Self>` to the type. Its arguments:
///
/// | argument | what it does |
/// |---|---|
/// | `server_handler` | also implements `ServerHandler`, for a server that has nothing but these tools |
/// | `router = name` | names the function, so that a type can have several: `a() + b()` |
/// | `vis = "pub"` | the visibility of the function; private by default |
///
/// ```
/// use smcp_sdk::{tool, tool_router};
///
/// #[derive(Default)]
/// struct Clock;
///
/// #[tool_router(server_handler)]
/// impl Clock {
///     /// Says what time it is, in milliseconds since 1970.
///     #[tool(annotations(read_only_hint))]
///     fn now(&self, ctx: &smcp_sdk::Context) -> u64 {
///         ctx.now_millis()
///     }
/// }
///
/// smcp_sdk::serve!(Clock);
/// ```
#[proc_macro_attribute]
pub fn tool_router(arguments: TokenStream, item: TokenStream) -> TokenStream {
    router::expand(Sort::Tool, arguments.into(), item.into()).into()
}

/// Makes a method of a `#[tool_router]` block a tool.
///
/// The name of the method is the name of the tool, and its doc comment the description that a
/// model reads. The method may take `&self`, `Parameters<T>`, `&Context` and `Meta`; it may be
/// `async`; it returns whatever implements `IntoCallToolResult`. The arguments of the attribute:
///
/// | argument | what it does |
/// |---|---|
/// | `name = "..."` | names the tool: 1 to 64 of the characters A-Z, a-z, 0-9, `_` and `-` |
/// | `title = "..."` | a title for people |
/// | `description = "..."` | replaces the doc comment; any expression that is a `&'static str` |
/// | `annotations(...)` | `title = "..."` and the hints `read_only_hint`, `destructive_hint`, `idempotent_hint`, `open_world_hint`, each alone or with `= true` or `= false` |
/// | `task = "..."` | `"optional"`: a call may go on without its client, as a task, by `ctx.begin_task()`; `"required"`: clients that take no tasks are refused |
/// | `icons = [...]` | pictures: an array or a `Vec` of `Icon` |
/// | `meta = "{...}"` | `_meta` of the tool in the catalogue: JSON, or a `serde_json::Value`. For MCP Apps: `{"ui": {"resourceUri": "ui://..."}}` |
#[proc_macro_attribute]
pub fn tool(arguments: TokenStream, item: TokenStream) -> TokenStream {
    mark(Sort::Tool, &arguments.into(), item)
}

/// What is left of `#[tool]` and its like after the router has read it.
fn mark(sort: Sort, arguments: &proc_macro2::TokenStream, item: TokenStream) -> TokenStream {
    if tool::is_taken(arguments) {
        item
    } else {
        router::stray(sort, item.into()).into()
    }
}

/// Fills in `tools()` in an `impl ServerHandler` block: `Self::tool_router()`, or what
/// `router = ...` says. `instructions = "..."` fills in `instructions()`, and `icons = [...]` the
/// pictures of the server. A server that has prompts or resources too has
/// `#[prompt_handler]` or `#[resource_handler]` on the same block, with the same arguments. Where
/// the block has `list_resources` or `complete`, the catalogue says so.
///
/// ```
/// use smcp_sdk::{ServerHandler, tool, tool_handler, tool_router};
///
/// #[derive(Default)]
/// struct Dice;
///
/// #[tool_router]
/// impl Dice {
///     /// Throws a die.
///     #[tool]
///     fn throw(&self, ctx: &smcp_sdk::Context) -> u8 {
///         ctx.random::<1>()[0] % 6 + 1
///     }
/// }
///
/// #[tool_handler(instructions = "Throw once for each player.")]
/// impl ServerHandler for Dice {}
///
/// smcp_sdk::serve!(Dice);
/// ```
#[proc_macro_attribute]
pub fn tool_handler(arguments: TokenStream, item: TokenStream) -> TokenStream {
    handler::expand(Sort::Tool, arguments.into(), item.into()).into()
}

/// Makes the methods marked `#[prompt]` in an `impl` block the prompts of a server: a function
/// `prompt_router() -> PromptRouter<Self>`. Its arguments are those of `#[tool_router]`.
///
/// ```
/// use smcp_sdk::{Parameters, ServerHandler, prompt, prompt_router};
///
/// #[derive(Default)]
/// struct Poet;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Topic {
///     /// What to write about.
///     topic: String,
/// }
///
/// #[prompt_router(server_handler)]
/// impl Poet {
///     /// Asks for a poem.
///     #[prompt]
///     fn poem(&self, Parameters(Topic { topic }): Parameters<Topic>) -> String {
///         format!("Write a poem about {topic}.")
///     }
/// }
///
/// smcp_sdk::serve!(Poet);
/// ```
#[proc_macro_attribute]
pub fn prompt_router(arguments: TokenStream, item: TokenStream) -> TokenStream {
    router::expand(Sort::Prompt, arguments.into(), item.into()).into()
}

/// Makes a method of a `#[prompt_router]` block a prompt.
///
/// It takes what a tool takes, but all fields of its `Parameters<T>` are texts; it returns whatever
/// implements `IntoGetPromptResult`. The arguments are `name`, `title`, `description`, `icons` and
/// `meta`, as those of `#[tool]`.
#[proc_macro_attribute]
pub fn prompt(arguments: TokenStream, item: TokenStream) -> TokenStream {
    mark(Sort::Prompt, &arguments.into(), item)
}

/// Fills in `prompts()` in an `impl ServerHandler` block, as `#[tool_handler]` does `tools()`.
#[proc_macro_attribute]
pub fn prompt_handler(arguments: TokenStream, item: TokenStream) -> TokenStream {
    handler::expand(Sort::Prompt, arguments.into(), item.into()).into()
}

/// Makes the methods marked `#[resource]` in an `impl` block the resources of a server: a function
/// `resource_router() -> ResourceRouter<Self>`. Its arguments are those of `#[tool_router]`.
///
/// ```
/// use smcp_sdk::{Parameters, ServerHandler, resource, resource_router};
///
/// #[derive(Default)]
/// struct Library;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Book {
///     title: String,
/// }
///
/// #[resource_router(server_handler)]
/// impl Library {
///     /// The rules of the house.
///     #[resource(uri = "library://rules", mime_type = "text/markdown")]
///     fn rules(&self) -> &'static str {
///         "# Be quiet."
///     }
///
///     /// A book.
///     #[resource(uri = "library://books/{title}")]
///     fn book(&self, Parameters(Book { title }): Parameters<Book>) -> Option<String> {
///         (title == "dune").then(|| "A beginning is the time ...".to_owned())
///     }
/// }
///
/// smcp_sdk::serve!(Library);
/// ```
#[proc_macro_attribute]
pub fn resource_router(arguments: TokenStream, item: TokenStream) -> TokenStream {
    router::expand(Sort::Resource, arguments.into(), item.into()).into()
}

/// Makes a method of a `#[resource_router]` block a resource, or a template of resources.
///
/// The method takes what a tool takes; its `Parameters<T>` are the variables of the template, all
/// texts. It returns whatever implements `IntoReadResourceResult`. The arguments:
///
/// | argument | what it does |
/// |---|---|
/// | `uri = "..."` | where it is; with `{x}`, `{+x}` (several segments) or `{/x}`, a template (RFC 6570) |
/// | `name`, `title`, `description`, `icons`, `meta` | as those of `#[tool]` |
/// | `mime_type = "..."` | the media type |
/// | `annotations(...)` | `audience = [Role::User]`, `priority = 0.5`, `last_modified = "..."` |
#[proc_macro_attribute]
pub fn resource(arguments: TokenStream, item: TokenStream) -> TokenStream {
    mark(Sort::Resource, &arguments.into(), item)
}

/// Fills in `resources()` in an `impl ServerHandler` block, as `#[tool_handler]` does `tools()`.
#[proc_macro_attribute]
pub fn resource_handler(arguments: TokenStream, item: TokenStream) -> TokenStream {
    handler::expand(Sort::Resource, arguments.into(), item.into()).into()
}
