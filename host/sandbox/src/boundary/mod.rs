//! The canonical ABI between host and guest: reading what a guest points at, and placing answers.
//!
//! Everything a guest says about its own memory is checked here: bounds without overflow,
//! alignment, UTF-8, discriminants. Nothing outside this room reads guest memory.

pub(crate) mod answer;
pub(crate) mod export;
mod http;
mod kv;
pub(crate) mod memory;
pub(crate) mod request;
