//! The command as its users meet it: a process with arguments, files, an exit status.
//!
//! A host is the real one in memory, behind a small HTTP server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod admin;
#[path = "../../../host/tenant/tests/turns/asking/mod.rs"]
mod asking;
mod calls;
mod connect;
mod create;
mod examples;
mod grants;
mod http;
mod keys;
mod narrow;
mod receipts;
mod releases;
mod reports;
mod run;
mod serve;
mod support;
mod usage;
#[path = "../../../host/tenant/tests/turns/world/mod.rs"]
mod world;
