//! Write an MCP server in Rust for SMCP.
