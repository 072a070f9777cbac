//! Bounds the memory of the wasm module, so that a tenant who exhausts it exhausts only their own.

use smcp_ids::limits::ENGINE_MEMORY_MAX;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let wasm = std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32");
    if wasm {
        println!("cargo:rustc-link-arg-cdylib=--max-memory={ENGINE_MEMORY_MAX}");
    }
}
