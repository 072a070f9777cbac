//! The second wasm module: raw exports over the tenant crate, one instance per object.
//!
//! It imports nothing: whoever holds an instance can only put bytes in and take bytes out, and a
//! trap in it concerns one object. Three rooms: [`engine`] turns bytes into calls of the tenant
//! crate and back; `exports` (on wasm only) is the boundary with its unsafe code; `provoke` fails
//! on purpose in test configurations.

#[cfg(target_arch = "wasm32")]
pub mod exports;
mod provoke;

pub mod engine;
