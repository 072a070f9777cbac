//! The second wasm module: raw exports over the tenant crate, one instance per object.
