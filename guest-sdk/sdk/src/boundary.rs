//! The boundary between a module and its host, and the place of the SDK with unsafe code, beside the allocator:
//! what `wit-bindgen` makes of the contract passes pointers into the module's memory.
//!
//! It exists on `wasm32` only, and decides nothing: `handler` answers, `context` asks.
#![allow(
    unsafe_code,
    reason = "wit-bindgen's lifting and lowering; getrandom's backend symbol"
)]

use bindings::exports::smcp::server::handler;
use bindings::smcp::server::{client, config, context as host, http, kv, notify};

use crate::ask::AskError;
use crate::context::{Caller, Context, Host, LoggingLevel, Origin, WireQuestion};
use crate::error::ProtocolError;
use crate::handler::ServerHandler;
use crate::http::{HttpFailure, HttpResponse, Unanswered, WireRequest};
use crate::kv::{Refused, Space};

#[allow(
    missing_docs,
    unreachable_pub,
    reason = "generated from wit/server.wit, which is documented"
)]
pub mod bindings {
    // The one copy of the contract. A crate that is published without this repository around it
    // would have to carry the file.
    wit_bindgen::generate!({
        path: "../../wit",
        world: "mcp-server",
        pub_export_macro: true,
        export_macro_name: "__smcp_export",
        default_bindings_module: "smcp_sdk::__private::boundary::bindings",
    });
    pub use __smcp_export as export;
}

/// The host of a call, through the imports of the contract.
#[derive(Clone, Copy)]
pub(crate) struct Guest;

impl Host for Guest {
    fn log(&self, level: LoggingLevel, logger: Option<&str>, data: &str) {
        host::log(level.into(), logger, data);
    }

    fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>) {
        host::progress(progress, total, message);
    }

    fn now(&self) -> u64 {
        host::now()
    }

    fn random(&self, length: u32) -> Vec<u8> {
        host::random(length)
    }

    fn sleep(&self, milliseconds: u32) {
        host::sleep(milliseconds);
    }

    fn who(&self) -> Caller {
        let host::Caller {
            tenant,
            server,
            principal,
            scopes,
        } = host::who();
        Caller {
            tenant,
            server,
            principal,
            scopes,
        }
    }

    fn origin(&self) -> Origin {
        let host::Origin {
            client,
            version,
            trace_parent,
            trace_state,
        } = host::request_origin();
        Origin {
            client,
            version,
            trace_parent,
            trace_state,
        }
    }

    fn time_left(&self) -> u64 {
        host::time_left()
    }

    fn begin_task(&self) -> bool {
        host::begin_task()
    }

    fn ask(&self, questions: Vec<WireQuestion>) -> Result<Vec<String>, AskError> {
        let questions: Vec<_> = questions
            .into_iter()
            .map(|WireQuestion { id, request }| client::Question { id, request })
            .collect();
        client::ask(&questions).map_err(|error| {
            let client::AskError {
                code,
                message,
                data,
            } = error;
            AskError::from_host(code, message, data.as_deref())
        })
    }

    fn capabilities(&self) -> String {
        client::capabilities()
    }

    fn setting(&self, name: &str) -> Option<String> {
        config::get(name)
    }

    fn kv_get(&self, space: Space, key: &str) -> Result<Option<Vec<u8>>, Refused> {
        Ok(kv::get(space.into(), key)?)
    }

    fn kv_set(
        &self,
        space: Space,
        key: &str,
        value: &[u8],
        ttl: Option<u32>,
    ) -> Result<(), Refused> {
        Ok(kv::set(space.into(), key, value, ttl)?)
    }

    fn kv_delete(&self, space: Space, key: &str) -> Result<(), Refused> {
        Ok(kv::delete(space.into(), key)?)
    }

    fn kv_swap(
        &self,
        space: Space,
        key: &str,
        expected: Option<&[u8]>,
        value: Option<&[u8]>,
        ttl: Option<u32>,
    ) -> Result<bool, Refused> {
        Ok(kv::swap(space.into(), key, expected, value, ttl)?)
    }

    fn kv_keys(
        &self,
        space: Space,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, Refused> {
        Ok(kv::keys(space.into(), prefix, after, limit)?)
    }

    fn http_send(&self, request: WireRequest) -> Result<HttpResponse, Unanswered> {
        let WireRequest {
            method,
            url,
            headers,
            body,
            timeout,
        } = request;
        let headers = headers.into_iter();
        let request = http::Request {
            method,
            url,
            headers: headers
                .map(|(name, value)| http::Header { name, value })
                .collect(),
            body,
            timeout,
        };
        match http::send(&request) {
            Ok(http::Response {
                status,
                headers,
                body,
            }) => {
                let headers = headers.into_iter();
                Ok(HttpResponse {
                    status,
                    headers: headers.map(|header| (header.name, header.value)).collect(),
                    body,
                    from: String::new(),
                })
            }
            Err(http::Error { kind, message }) => Err(Unanswered {
                failure: kind.into(),
                message,
            }),
        }
    }

    fn resource_updated(&self, uri: &str) {
        notify::resource_updated(uri);
    }

    fn resource_list_changed(&self) {
        notify::resource_list_changed();
    }
}

impl From<LoggingLevel> for host::LogLevel {
    fn from(level: LoggingLevel) -> Self {
        match level {
            LoggingLevel::Debug => Self::Debug,
            LoggingLevel::Info => Self::Info,
            LoggingLevel::Notice => Self::Notice,
            LoggingLevel::Warning => Self::Warning,
            LoggingLevel::Error => Self::Error,
            LoggingLevel::Critical => Self::Critical,
            LoggingLevel::Alert => Self::Alert,
            LoggingLevel::Emergency => Self::Emergency,
        }
    }
}

impl From<Space> for kv::Space {
    fn from(space: Space) -> Self {
        match space {
            Space::Server => Self::Server,
            Space::Caller => Self::Caller,
        }
    }
}

impl From<kv::Error> for Refused {
    fn from(error: kv::Error) -> Self {
        match error {
            kv::Error::InvalidKey => Self::InvalidKey,
            kv::Error::TooLarge => Self::TooLarge,
            kv::Error::TooMany => Self::TooMany,
            kv::Error::ReadOnly => Self::ReadOnly,
        }
    }
}

impl From<http::ErrorKind> for HttpFailure {
    fn from(kind: http::ErrorKind) -> Self {
        match kind {
            http::ErrorKind::Invalid => Self::Invalid,
            http::ErrorKind::Denied => Self::Denied,
            http::ErrorKind::Secret => Self::Secret,
            http::ErrorKind::TooMany => Self::TooMany,
            http::ErrorKind::Redirected => Self::Redirected,
            http::ErrorKind::TooLarge => Self::TooLarge,
            http::ErrorKind::Timeout => Self::Timeout,
            http::ErrorKind::Failed => Self::Failed,
        }
    }
}

impl From<ProtocolError> for handler::ProtocolError {
    fn from(error: ProtocolError) -> Self {
        let data = error.data.map(|data| data.to_string());
        Self {
            code: error.code,
            message: error.message,
            data,
        }
    }
}

/// Runs one export in a fresh instance: what the author logs, and a panic's message, find the host.
fn answer(
    request: &str,
    function: fn(&str, &Context) -> Result<String, ProtocolError>,
) -> Result<String, handler::ProtocolError> {
    crate::logging::install();
    Ok(function(request, &Context::new(Guest))?)
}

/// Answers `describe`.
pub fn describe<S: ServerHandler>() -> String {
    crate::logging::install();
    crate::handler::describe::<S>()
}

/// Answers `call-tool`.
pub fn call_tool<S: ServerHandler>(request: &str) -> Result<String, handler::ProtocolError> {
    answer(request, crate::handler::call_tool::<S>)
}

/// Answers `read-resource`.
pub fn read_resource<S: ServerHandler>(request: &str) -> Result<String, handler::ProtocolError> {
    answer(request, crate::handler::read_resource::<S>)
}

/// Answers `get-prompt`.
pub fn get_prompt<S: ServerHandler>(request: &str) -> Result<String, handler::ProtocolError> {
    answer(request, crate::handler::get_prompt::<S>)
}

/// Answers `complete`.
pub fn complete<S: ServerHandler>(request: &str) -> Result<String, handler::ProtocolError> {
    answer(request, crate::handler::complete::<S>)
}

/// Answers `list-resources`.
pub fn list_resources<S: ServerHandler>(request: &str) -> Result<String, handler::ProtocolError> {
    answer(request, crate::handler::list_resources::<S>)
}

/// What `getrandom` calls where the author's build says `--cfg getrandom_backend="custom"`.
#[cfg(feature = "getrandom")]
mod getrandom_03 {
    use getrandom::Error;

    // The symbol of 0.3 is that of 0.4 too.
    #[unsafe(no_mangle)]
    unsafe extern "Rust" fn __getrandom_v03_custom(to: *mut u8, len: usize) -> Result<(), Error> {
        // SAFETY: getrandom's contract for a custom backend: `to` is valid for writes of `len`
        // bytes. They need not be initialized, so they are written through the pointer only.
        unsafe { super::write_random(to, len) };
        Ok(())
    }
}

#[cfg(feature = "getrandom-02")]
mod getrandom_02 {
    // Not `register_custom_getrandom!`: its symbol is the same, and this keeps the unsafe code in
    // sight.
    #[unsafe(no_mangle)]
    unsafe extern "Rust" fn __getrandom_custom(to: *mut u8, len: usize) -> u32 {
        // SAFETY: getrandom's contract, as above.
        unsafe { super::write_random(to, len) };
        0
    }
}

/// Writes random bytes of the host.
///
/// # Safety
///
/// `to` is valid for writes of `len` bytes.
#[cfg(any(feature = "getrandom", feature = "getrandom-02"))]
unsafe fn write_random(to: *mut u8, len: usize) {
    let bytes = Context::new(Guest).random_bytes(len);
    // SAFETY: the caller's promise; `bytes` is `len` long, and no one else has a pointer to it.
    unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), len) };
}
