//! The macros of the SMCP guest SDK: `#[tool_router]`, `#[tool]`, `#[tool_handler]`.
//!
//! Each is a function from tokens to tokens; it reports all mistakes at once, each with its mend.
//! The macros know Rust's syntax and nothing of schemas or JSON: what they write calls `smcp_sdk`.

mod attributes;
mod forbidden;
mod handler;
mod mistakes;
mod router;
mod tool;

use proc_macro::TokenStream;

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
    router::expand(arguments.into(), item.into()).into()
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
#[proc_macro_attribute]
pub fn tool(arguments: TokenStream, item: TokenStream) -> TokenStream {
    if tool::is_taken(&arguments.into()) {
        item
    } else {
        router::stray(item.into()).into()
    }
}

/// Fills in `tools()` in an `impl ServerHandler` block: `Self::tool_router()`, or what
/// `router = ...` says. `instructions = "..."` fills in `instructions()`.
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
    handler::expand(arguments.into(), item.into()).into()
}
