//! The Worker and the Durable Object: edge, bindings, performing effects.
//!
//! The modules stand in the order in which a request passes through. What JavaScript calls is in
//! [`edge`] and [`drive`]; `js/entry.js` is the Worker's entry and calls it. One instance of this
//! module serves a whole isolate, so a panic here concerns every tenant in it: hence the lints.
//! It keeps no state of any object, and it has no policy: the engine decides, this performs.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::todo,
    clippy::arithmetic_side_effects
)]

pub mod edge;

mod route;

mod refusal;

pub mod drive;

mod effect;

mod fetch;

mod records;
mod sealed;

mod items;

mod sessions;

mod bindings;
