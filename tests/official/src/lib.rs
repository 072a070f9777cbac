//! Whether a message is one by the JSON schema that MCP publishes with each version.
//!
//! The schemas are not part of this repository: `MCP_SCHEMA_DIR` names the directory that has
//! `VERSION/schema.json` for each of them. Where it is not set, every message passes. The validator
//! is not the one that the host uses, so that the host does not mark its own work.
//!
//! A schema allows more than it names, so that a misspelt member would pass. In the newest version
//! of each era this crate therefore refuses what the schema does not name, but in `_meta`, in the
//! schemas of tools, and wherever the schema says that anything may stand. It must
//! not know the host.

mod message;
mod tasks;
mod versions;

#[cfg(test)]
mod tests;

pub use message::{notification, request, response, sent};
