//! Write an MCP server in Rust for SMCP.

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod boundary;
mod content;
mod context;
mod drive;
mod error;
mod handler;
mod logging;
mod parameters;
mod result;
mod router;
mod schema;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use content::{Annotations, Content, JsonObject, Resource, ResourceContents, Role, base64};
pub use context::{Caller, Context, LoggingLevel};
pub use error::{ErrorData, ProtocolError};
pub use handler::ServerHandler;
pub use parameters::{FromCall, Meta, Parameters};
pub use result::{CallToolResult, IntoCallToolResult, IntoToolError, Json};
pub use router::{Tool, ToolAnnotations, ToolRouter};
pub use smcp_macros::{tool, tool_handler, tool_router};
pub use {log, schemars, serde, serde_json};

/// What the macros write refers to; no one else should.
#[doc(hidden)]
pub mod __private {
    #[cfg(target_arch = "wasm32")]
    pub use crate::boundary;
    pub use crate::drive::block_on;
    pub use crate::parameters::{Arguments, Call};
    pub use crate::result::Structured;

    /// The schema of a tool's arguments: that of its only `Parameters`.
    pub fn input_schema(of_each: &[fn() -> Option<schemars::Schema>]) -> schemars::Schema {
        of_each
            .iter()
            .find_map(|schema| schema())
            .unwrap_or_else(crate::schema::of_nothing)
    }

    /// Proves to the compiler, on every target, that the type can be served.
    pub const fn assert_server<S: crate::ServerHandler>() {}
}

/// Makes a type the server of this module. Write it once, at the end of `lib.rs`.
#[macro_export]
macro_rules! serve {
    ($server:ty $(,)?) => {
        const _: () = $crate::__private::assert_server::<$server>();

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use bindings::exports::smcp::server::handler::{Guest, ProtocolError};
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

    bindings::export!(Module with_types_in bindings);
        };
    };
}
