//! Write an MCP server in Rust for SMCP. You write methods; macros do the rest.
//!
//! ```
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//! use smcp_sdk::{Parameters, tool, tool_router};
//!
//! #[derive(Default)]
//! struct Hello;
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Greet {
//!     /// Whom to greet.
//!     name: String,
//! }
//!
//! #[tool_router(server_handler)]
//! impl Hello {
//!     /// Greets someone by name.
//!     #[tool]
//!     fn greet(&self, Parameters(Greet { name }): Parameters<Greet>) -> String {
//!         format!("Hello, {name}!")
//!     }
//! }
//!
//! smcp_sdk::serve!(Hello);
//!
//! // `cargo test` calls the tools natively.
//! let client = smcp_sdk::testing::Client::<Hello>::new();
//! let arguments = serde_json::json!({ "name": "Ada" });
//! assert_eq!(client.call("greet", arguments).text(), "Hello, Ada!");
//! ```
//!
//! `smcp new` makes a crate with all of this in place, and `smcp build` makes the module. Names
//! and habits are those of `rmcp`, where the two do the same.
//!
//! # Tools
//!
//! A tool is a method marked [`#[tool]`](macro@tool) in an `impl` block marked
//! [`#[tool_router]`](macro@tool_router). Its name is the name of the method, its description the
//! doc comment; title and hints are arguments of the attribute. It takes
//!
//! - [`Parameters<T>`](Parameters): what the client sends, as a struct that derives
//!   `serde::Deserialize` and `schemars::JsonSchema`. The schema goes into the catalogue, with the
//!   doc comments of the fields. Arguments that do not fit never reach the tool;
//! - [`&Context`](Context): log, progress, time, randomness, waiting, who is calling, storage,
//!   requests to other hosts;
//! - [`Meta`]: the `_meta` of the request.
//!
//! It returns
//!
//! - text: `String`, `&str`, numbers, `bool`; or `()` for nothing to show;
//! - [`Json<T>`](Json): a structured result of any JSON type, with its schema in the catalogue;
//! - [`Content`], `Vec<Content>`: text, images, audio, links, resources;
//! - [`CallToolResult`]: all of the result, `_meta` too;
//! - a `Result` of one of these. The `Err` is anything that displays, and the model reads it: say
//!   what to do instead. A [`ProtocolError`] (`rmcp`'s [`ErrorData`]) is answered as a JSON-RPC
//!   error, which is for requests that make no sense.
//!
//! An `async fn` is accepted; see [what does not work](#what-does-not-work-in-a-module).
//!
//! Each call starts with a server fresh from `Default`, in a memory of its own: nothing is kept
//! from one call to the next but what is [stored](#storage), and `&self` is all there is to take.
//!
//! # Prompts
//!
//! A prompt is a method marked [`#[prompt]`](macro@prompt) in a block marked
//! [`#[prompt_router]`](macro@prompt_router). It takes what a tool takes; the fields of its
//! `Parameters<T>` are texts: `String`, `Option<String>`, enums whose variants hold nothing. It
//! returns a text of the user, [`PromptMessage`]s, or a [`GetPromptResult`].
//!
//! # Resources
//!
//! A resource is a method marked [`#[resource(uri = "...")]`](macro@resource) in a block marked
//! [`#[resource_router]`](macro@resource_router). A URI with `{x}` is a template, and the method
//! takes its variables as `Parameters<T>`. It returns text, bytes, [`Json<T>`](Json),
//! [`ResourceContents`], or an `Option` of these: `None` is answered as "Resource not found".
//!
//! Resources that come and go are listed by [`ServerHandler::list_resources`] and read by
//! [`ServerHandler::read_resource`]. [`Context::notify_resource_updated`] and
//! [`Context::notify_resource_list_changed`] tell the clients.
//!
//! # All of it in one server
//!
//! ```
//! use smcp_sdk::{
//!     CompleteRequestParams, CompletionInfo, Context, ProtocolError, ServerHandler, prompt,
//!     prompt_handler, prompt_router, resource, resource_handler, resource_router, tool,
//!     tool_handler, tool_router,
//! };
//!
//! #[derive(Default)]
//! struct Garden;
//!
//! #[tool_router]
//! impl Garden {
//!     /// Waters the garden.
//!     #[tool]
//!     fn water(&self, ctx: &Context) {
//!         ctx.notify_resource_updated("garden://state");
//!     }
//! }
//!
//! #[prompt_router]
//! impl Garden {
//!     /// Asks for advice.
//!     #[prompt]
//!     fn advice(&self) -> &'static str {
//!         "What should I plant?"
//!     }
//! }
//!
//! #[resource_router]
//! impl Garden {
//!     /// How the garden is.
//!     #[resource(uri = "garden://state", mime_type = "text/plain")]
//!     fn state(&self) -> &'static str {
//!         "wet"
//!     }
//! }
//!
//! #[tool_handler(instructions = "Water at night.")]
//! #[prompt_handler]
//! #[resource_handler]
//! impl ServerHandler for Garden {
//!     // The catalogue says `completions` because this is written.
//!     fn complete(
//!         &self,
//!         _: CompleteRequestParams,
//!         _: &Context,
//!     ) -> Result<CompletionInfo, ProtocolError> {
//!         Ok(CompletionInfo::new(["rose", "tulip"]))
//!     }
//! }
//!
//! smcp_sdk::serve!(Garden);
//! ```
//!
//! # Questions to the client
//!
//! A method asks as if the answer came at once: [`Context::elicit`] shows the user a form,
//! [`Context::elicit_url`] a page, [`Context::sample`] asks the client's model,
//! [`Context::list_roots`] for its directories, [`Context::ask`] several at once. In truth the
//! call ends there and is run anew with the answers, so what it did before is done again: ask
//! first. [`Context::client_capabilities`] says what the client can do.
//!
//! ```
//! # use smcp_sdk::{Context, Elicited, ProtocolError, tool, tool_router};
//! # #[derive(Default)]
//! # struct Shop;
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Confirm {
//!     /// Really?
//!     sure: bool,
//! }
//!
//! #[tool_router(server_handler)]
//! impl Shop {
//!     /// Empties the basket.
//!     #[tool]
//!     fn empty(&self, ctx: &Context) -> Result<&'static str, ProtocolError> {
//!         match ctx.elicit::<Confirm>("Empty the basket?")? {
//!             Elicited::Accept(Confirm { sure: true }) => Ok("It is empty."),
//!             _ => Ok("Nothing was done."),
//!         }
//!     }
//! }
//!
//! // A test says what the user answers.
//! let client = smcp_sdk::testing::Client::<Shop>::new();
//! client.answer_elicitation(serde_json::json!({ "sure": true }));
//! assert_eq!(client.call("empty", serde_json::json!({})).text(), "It is empty.");
//! ```
//!
//! Returned with `?` from a `Result<_, ProtocolError>`, an [`AskError`] keeps its code on the way to
//! the client: -32021 where it lacks a capability. Any other error type shows the model its text.
//!
//! # Storage
//!
//! What is to be there at the next call goes into key-value storage: [`Context::kv`] is the server's,
//! shared by all its callers, and [`Context::caller_kv`] the caller's own. Keys are texts in the order
//! of their bytes, values are bytes, or anything that serializes to JSON.
//!
//! ```
//! # use smcp_sdk::{Context, KvError, Parameters, tool, tool_router};
//! # #[derive(Default)]
//! # struct Shop;
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Item {
//!     /// What to buy.
//!     name: String,
//! }
//!
//! #[tool_router(server_handler)]
//! impl Shop {
//!     /// Puts something into the basket, and says how many of it are there.
//!     #[tool]
//!     fn put(&self, ctx: &Context, Parameters(Item { name }): Parameters<Item>) -> Result<u32, KvError> {
//!         let key = format!("basket/{name}");
//!         let count = ctx.caller_kv().get_json::<u32>(&key)?.unwrap_or_default() + 1;
//!         ctx.caller_kv().set_json(&key, &count)?;
//!         Ok(count)
//!     }
//!
//!     /// Empties the basket.
//!     #[tool]
//!     fn empty(&self, ctx: &Context) -> Result<(), KvError> {
//!         ctx.caller_kv().keys("basket/").try_for_each(|key| ctx.caller_kv().delete(&key?))
//!     }
//! }
//!
//! // In a test, storage is there from call to call; the test reads and writes it too.
//! let client = smcp_sdk::testing::Client::<Shop>::new();
//! client.caller_kv().set_json("basket/pear", &2)?;
//! assert_eq!(client.call("put", serde_json::json!({ "name": "pear" })).text(), "3");
//! client.call("empty", serde_json::json!({}));
//! assert_eq!(client.caller_kv().keys("").count(), 0);
//! # Ok::<(), KvError>(())
//! ```
//!
//! A call is a transaction: calls that run at once come to what they would one after the other, so `get`
//! and then `set` loses nothing and needs no lock. A call that panics or answers a [`ProtocolError`] has
//! stored nothing. An `Err` that the model reads keeps what was stored before it: check first, store
//! then. [`Kv`] has the rest: values that go by themselves, [`Kv::swap`], and how much there may be.
//!
//! # Configuration
//!
//! What differs from one tenant to another is a setting, which its admin sets with `smcp config set` and
//! the server reads into a type of its own:
//!
//! ```
//! use smcp_sdk::{ConfigError, Context, tool, tool_router};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Settings {
//!     /// How many at the most.
//!     limit: u32,
//!     greeting: Option<String>,
//! }
//!
//! #[derive(Default)]
//! struct Shop;
//!
//! #[tool_router(server_handler)]
//! impl Shop {
//!     /// Says how many may be ordered.
//!     #[tool]
//!     fn limit(&self, ctx: &Context) -> Result<u32, ConfigError> {
//!         Ok(ctx.config::<Settings>()?.limit)
//!     }
//! }
//!
//! let client = smcp_sdk::testing::Client::<Shop>::new().with_setting("limit", 20.into());
//! assert_eq!(client.call("limit", serde_json::json!({})).text(), "20");
//! ```
//!
//! A setting that `Cargo.toml` declares, as its JSON Schema in `[package.metadata.smcp.config.limit]`, is checked when it is set.
//!
//! # Other hosts
//!
//! [`Context::http`] sends requests to the hosts that the admin granted. Keys and tokens are secrets, which the admin
//! sets; the server names them, and never has them.
//!
//! ```
//! use smcp_sdk::{Context, HttpError, HttpResponse, Parameters, tool, tool_router};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Question {
//!     /// What to look for.
//!     text: String,
//! }
//!
//! #[derive(serde::Deserialize)]
//! struct Found {
//!     titles: Vec<String>,
//! }
//!
//! #[derive(Default)]
//! struct Library;
//!
//! #[tool_router(server_handler)]
//! impl Library {
//!     /// Finds books.
//!     #[tool(annotations(read_only_hint))]
//!     fn find(&self, ctx: &Context, Parameters(Question { text }): Parameters<Question>) -> Result<String, HttpError> {
//!         let request = ctx.http().get("https://books.example.com/search").query(&[("q", text)]);
//!         let found: Found = request.bearer_secret("BOOKS_KEY").send()?.error_for_status()?.json()?;
//!         Ok(found.titles.join("\n"))
//!     }
//! }
//!
//! // A test says what other hosts answer, and reads what they were sent. No secret is in it.
//! let client = smcp_sdk::testing::Client::<Library>::new();
//! let answer = HttpResponse::new(200).with_json(serde_json::json!({ "titles": ["Emma"] }));
//! client.on_http("GET", "https://books.example.com/search", answer);
//! assert_eq!(client.call("find", serde_json::json!({ "text": "a & b" })).text(), "Emma");
//! let sent = &client.http_requests()[0];
//! assert_eq!(sent.url, "https://books.example.com/search?q=a%20%26%20b");
//! assert_eq!(sent.header("authorization"), Some("Bearer {{secret:BOOKS_KEY}}"));
//! ```
//!
//! [`Http`] says how much there may be, and what it means that a request is never repeated.
//!
//! # Logging and panics
//!
//! The macros of the `log` crate reach the author's log, from `debug!` up, as does
//! [`Context::log`]. A panic is logged with its message and place, and ends the call. `println!`
//! and `dbg!` go nowhere.
//!
//! # What does not work in a module
//!
//! A module has no operating system under it. The following compiles for it all the same, and
//! fails when it runs. So it is refused where it can be seen: in the body of a tool by
//! [`#[tool_router]`](macro@tool_router), elsewhere in the crate by `cargo clippy` with the
//! `clippy.toml` of a new server, and in the finished module by `smcp build`.
//!
//! | what | instead |
//! |---|---|
//! | `SystemTime::now`, `Instant::now`, `Utc::now` panic | [`Context::now`] |
//! | `thread::spawn` panics | do the work in the tool |
//! | `thread::sleep` panics; timers of async runtimes never fire | [`Context::sleep`] |
//! | sockets and HTTP clients fail | [`Context::http`] |
//! | files and the environment are not there | `include_bytes!`, `include_str!`; [`Context::kv`] |
//! | `println!`, `eprintln!`, `dbg!` go nowhere | `log::info!`, [`Context::log`] |
//!
//! # Randomness
//!
//! [`Context::random`] gives random bytes. Crates that take theirs from `getrandom` 0.3 or 0.4,
//! such as `rand` and `uuid`, work with the feature `getrandom` of this crate, and those that use
//! `getrandom` 0.2 with `getrandom-02`. Both want `--cfg getrandom_backend="custom"`, which
//! `smcp build` and the crate that `smcp new` makes have.
//!
//! # Memory
//!
//! A module's allocator is this crate's: quick for an instance that answers one request. A crate that
//! wants its own writes `default-features = false`.
//!
//! # Several blocks, and instructions
//!
//! ```
//! # use smcp_sdk::{ServerHandler, tool, tool_handler, tool_router};
//! # #[derive(Default)]
//! # struct Desk;
//! #[tool_router(router = readers)]
//! impl Desk {
//!     /// Says what lies on the desk.
//!     #[tool(annotations(read_only_hint))]
//!     fn look(&self) -> &'static str {
//!         "a pen"
//!     }
//! }
//!
//! #[tool_router(router = writers)]
//! impl Desk {
//!     /// Clears the desk.
//!     #[tool(title = "Clear", annotations(destructive_hint))]
//!     fn clear(&self) -> Result<(), String> {
//!         Err("The pen is glued on.".to_owned())
//!     }
//! }
//!
//! #[tool_handler(router = Self::readers() + Self::writers(), instructions = "Look first.")]
//! impl ServerHandler for Desk {}
//!
//! smcp_sdk::serve!(Desk);
//! ```

#[cfg(any(
    test,
    all(
        feature = "allocator",
        target_arch = "wasm32",
        not(target_feature = "atomics")
    )
))]
mod allocator;
mod ask;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod boundary;
mod config;
mod content;
mod context;
mod drive;
mod error;
mod handler;
mod http;
mod icon;
mod kv;
mod logging;
mod parameters;
mod prompt;
mod requests;
mod resource;
mod result;
mod router;
mod schema;
mod template;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod writer;

pub use ask::{
    AskError, ClientCapabilities, CreateMessageRequestParams, CreateMessageResult, Elicit,
    ElicitUrl, Elicited, ListRoots, ModelPreferences, Question, Questions, RawQuestion, Root,
    SamplingMessage,
};
pub use config::ConfigError;
pub use content::{Annotations, Content, JsonObject, Resource, ResourceContents, Role, base64};
pub use context::{Caller, Context, LoggingLevel, Origin};
pub use error::{ErrorData, IntoProtocolError, ProtocolError};
pub use handler::ServerHandler;
pub use http::{Http, HttpError, HttpRequest, HttpResponse, NoAnswer};
pub use icon::{Icon, IconTheme};
pub use kv::{Keys, Kv, KvError};
pub use parameters::{FromCall, Meta, Parameters};
pub use prompt::{
    GetPromptResult, IntoGetPromptResult, Prompt, PromptArgument, PromptMessage, PromptRoute,
    PromptRouter,
};
pub use requests::{
    ArgumentInfo, CompleteRequestParams, CompletionContext, CompletionInfo, ListResourcesResult,
    PaginatedRequestParams, ReadResourceRequestParams, Reference,
};
pub use resource::{
    IntoReadResourceResult, ReadResourceResult, ResourceRoute, ResourceRouter, ResourceTemplate,
};
pub use result::{CallToolResult, IntoCallToolResult, IntoToolError, Json};
pub use router::{TaskSupport, Tool, ToolAnnotations, ToolExecution, ToolRoute, ToolRouter};
pub use smcp_macros::{
    prompt, prompt_handler, prompt_router, resource, resource_handler, resource_router, tool,
    tool_handler, tool_router,
};
pub use {log, schemars, serde, serde_json};

#[cfg(doctest)]
mod pages;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

/// Makes a type the server of this module. Write it once, at the end of `lib.rs`.
#[macro_export]
macro_rules! serve {
    ($server:ty $(,)?) => {
        const _: () = $crate::__private::assert_server::<$server>();

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use bindings::exports::smcp::server::handler::{Guest, ProtocolError};
            use bindings::exports::smcp::server::resource_list;
            use $crate::__private::boundary::{self, bindings};

            struct Module;

            impl Guest for Module {
                fn describe() -> String {
                    boundary::describe::<$server>()
                }
                fn call_tool(request: String) -> Result<String, ProtocolError> {
                    boundary::call_tool::<$server>(&request)
                }
                fn read_resource(request: String) -> Result<String, ProtocolError> {
                    boundary::read_resource::<$server>(&request)
                }
                fn get_prompt(request: String) -> Result<String, ProtocolError> {
                    boundary::get_prompt::<$server>(&request)
                }
                fn complete(request: String) -> Result<String, ProtocolError> {
                    boundary::complete::<$server>(&request)
                }
            }

            impl resource_list::Guest for Module {
                fn list_resources(request: String) -> Result<String, ProtocolError> {
                    boundary::list_resources::<$server>(&request)
                }
            }

    bindings::export!(Module with_types_in bindings);
        };
    };
}
