//! The functions of `wit/server.wit`, with their types in the canonical ABI's flat form.
//!
//! Admission accepts no import that is not in [`IMPORTS`]; the sandbox links nothing else. That the
//! WIT file says the same is checked by `cargo xtask tidy`.

/// A type of core WebAssembly that the contract uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoreType {
    /// `i32`.
    I32,
    /// `i64`.
    I64,
    /// `f64`.
    F64,
}

/// Whether a module must have an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Of an import: a module may have it. Of an export: it must.
    Hosted,
    /// It may.
    Optional,
}

/// A function of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// The interface with package and version: the module name of an import.
    pub interface: &'static str,
    /// The function's name in the interface.
    pub name: &'static str,
    /// The flat parameters.
    pub params: &'static [CoreType],
    /// The flat results: none or one.
    pub results: &'static [CoreType],
    /// Whether a module must have it.
    pub status: Status,
}

impl Function {
    /// The name under which a core module exports it: `interface#name`.
    pub fn core_name(&self) -> String {
        format!("{}#{}", self.interface, self.name)
    }
}

/// The version of the contract: that of the WIT package.
pub const ABI_VERSION: &str = "0.1.0";
/// The interface of the functions that every call may use.
pub const CONTEXT: &str = "smcp:server/context@0.1.0";
/// The interface that every server exports.
pub const HANDLER: &str = "smcp:server/handler@0.1.0";
/// The interface that a server exports whose resources come and go.
pub const RESOURCE_LIST: &str = "smcp:server/resource-list@0.1.0";
/// The interface of questions to the client.
pub const CLIENT: &str = "smcp:server/client@0.1.0";
/// The interface of announcements to those who listen.
pub const NOTIFY: &str = "smcp:server/notify@0.1.0";
/// The interface of key-value storage.
pub const KV: &str = "smcp:server/kv@0.1.0";
/// The interface of requests to other hosts.
pub const HTTP: &str = "smcp:server/http@0.1.0";
/// The interface of settings.
pub const CONFIG: &str = "smcp:server/config@0.1.0";

use CoreType::{F64, I32, I64};

const fn hosted(
    interface: &'static str,
    name: &'static str,
    params: &'static [CoreType],
    results: &'static [CoreType],
) -> Function {
    Function {
        interface,
        name,
        params,
        results,
        status: Status::Hosted,
    }
}

/// What a module may import, interface by interface. Results that do not fit one core value are
/// written to the address in the last parameter.
pub static IMPORTS: &[Function] = &[
    hosted(CONTEXT, "log", &[I32, I32, I32, I32, I32, I32], &[]),
    hosted(CONTEXT, "progress", &[F64, I32, F64, I32, I32, I32], &[]),
    hosted(CONTEXT, "now", &[], &[I64]),
    hosted(CONTEXT, "random", &[I32, I32], &[]),
    hosted(CONTEXT, "sleep", &[I32], &[]),
    hosted(CONTEXT, "who", &[I32], &[]),
    hosted(CONTEXT, "request-origin", &[I32], &[]),
    hosted(CONTEXT, "time-left", &[], &[I64]),
    hosted(CONTEXT, "begin-task", &[], &[I32]),
    hosted(CLIENT, "ask", &[I32, I32, I32], &[]),
    hosted(CLIENT, "capabilities", &[I32], &[]),
    hosted(NOTIFY, "resource-updated", &[I32, I32], &[]),
    hosted(NOTIFY, "resource-list-changed", &[], &[]),
    hosted(KV, "get", &[I32, I32, I32, I32], &[]),
    hosted(KV, "set", &[I32, I32, I32, I32, I32, I32, I32, I32], &[]),
    hosted(KV, "delete", &[I32, I32, I32, I32], &[]),
    hosted(
        KV,
        "swap",
        &[I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32],
        &[],
    ),
    hosted(KV, "keys", &[I32, I32, I32, I32, I32, I32, I32, I32], &[]),
    hosted(HTTP, "send", &[I32; 11], &[]),
    hosted(CONFIG, "get", &[I32, I32, I32], &[]),
];

/// What a module must export, or may. Results are read from the address that is returned.
pub static EXPORTS: &[Function] = &[
    hosted(HANDLER, "describe", &[], &[I32]),
    hosted(HANDLER, "call-tool", &[I32, I32], &[I32]),
    hosted(HANDLER, "read-resource", &[I32, I32], &[I32]),
    hosted(HANDLER, "get-prompt", &[I32, I32], &[I32]),
    hosted(HANDLER, "complete", &[I32, I32], &[I32]),
    Function {
        interface: RESOURCE_LIST,
        name: "list-resources",
        params: &[I32, I32],
        results: &[I32],
        status: Status::Optional,
    },
];

/// The import of that interface and name, if the contract has it.
pub fn import(interface: &str, name: &str) -> Option<&'static Function> {
    IMPORTS
        .iter()
        .find(|function| function.interface == interface && function.name == name)
}

/// The export of that core name, if the contract has it.
pub fn export(core_name: &str) -> Option<&'static Function> {
    let (interface, name) = core_name.split_once('#')?;
    EXPORTS
        .iter()
        .find(|function| function.interface == interface && function.name == name)
}
