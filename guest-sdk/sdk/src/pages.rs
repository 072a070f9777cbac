//! The code in the repository's pages: it compiles and runs, or `cargo test` fails. It exists in those tests only.

/// The code in the repository's README: it compiles, or `cargo test` fails.
#[doc = include_str!("../../../README.md")]
pub struct Readme;

/// The code in the page for authors who come from `rmcp`.
#[doc = include_str!("../../../docs/from-rmcp.md")]
pub struct FromRmcp;

/// The code in the page about other hosts.
#[doc = include_str!("../../../docs/http.md")]
pub struct OtherHosts;

/// The code in the page about tasks.
#[doc = include_str!("../../../docs/tasks.md")]
pub struct Tasks;
