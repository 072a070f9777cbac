//! Bytes to JSON-RPC to MCP messages and back, in both eras.

pub mod json;
