//! Makes a package of a module: strips it, has it describe itself in the sandbox, puts the manifest
//! in, and sees that a host would take it.

use smcp_ids::ServerSlug;
use smcp_package::{
    Manifest, PackageError, capabilities, embed_manifest, inspect, name_producers,
    strip_custom_sections, strip_foreign_exports,
};
use smcp_sandbox::LoadedModule;

use super::cargo::Crate;
use crate::failure::Failure;
use crate::inspect::tools;
use crate::local::{Local, admit, widest_policy};

/// A package, and what is in it.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) bytes: Vec<u8>,
    pub(super) name: String,
    pub(super) tools: Vec<String>,
    pub(super) capabilities: Vec<String>,
}

/// Packs what the compiler wrote.
pub(super) fn pack(compiled: &[u8], of: &Crate) -> Result<Packed, Failure> {
    let name: ServerSlug = of.server_name.parse().map_err(|error| {
        Failure::Crate(format!(
            "{:?} cannot be the name of a server: {error}; set `name` in [package.metadata.smcp]",
            of.server_name
        ))
    })?;
    let module = strip_foreign_exports(&strip_custom_sections(compiled)?)?;
    let sdk = of.sdk_version();
    let mut made_with = vec![
        ("language", "Rust", ""),
        ("processed-by", "smcp", env!("CARGO_PKG_VERSION")),
    ];
    made_with.extend(sdk.as_deref().map(|version| ("sdk", "smcp-sdk", version)));
    let module = name_producers(&module, &made_with);
    let capabilities = capabilities(&module)?;
    let manifest = |catalogue: &str| -> Result<Manifest, PackageError> {
        let interfaces = capabilities.iter().cloned();
        let manifest = Manifest::new(name.clone(), of.version.clone(), catalogue, interfaces)?;
        let manifest = manifest.with_limits(of.limits).with_asks(of.asks.clone());
        match &of.description {
            Some(text) => manifest.with_description(text.clone()),
            None => Ok(manifest),
        }
    };
    let catalogue = describe(&embed_manifest(&module, &manifest("{}")?)?)
        .map_err(|failure| explained(failure, &module))?;
    let bytes = embed_manifest(&module, &manifest(&catalogue)?)?;
    let local = Local::load_under(&bytes, &widest_policy()?)?;
    Ok(Packed {
        tools: tools(&local.catalogue()?),
        bytes,
        name: name.to_string(),
        capabilities: capabilities.into_iter().collect(),
    })
}

/// The catalogue of a package that does not have it yet.
fn describe(package: &[u8]) -> Result<String, Failure> {
    let admitted = admit(package, &widest_policy()?)?;
    let translated = LoadedModule::translate_all(&admitted)?;
    smcp_tenant::describe::describe(&translated).map_err(Failure::Describe)
}

/// Says what to do about imports that come from crates made for browsers or for other hosts.
fn explained(failure: Failure, module: &[u8]) -> Failure {
    if !matches!(failure, Failure::Package(_)) {
        return failure;
    }
    let imports = inspect(module)
        .map(|summary| summary.imports)
        .unwrap_or_default();
    let advice = imports.iter().find_map(|import| {
        if import.contains("getrandom") {
            Some("a crate asks `getrandom` for randomness: turn on the feature `getrandom` of smcp-sdk")
        } else if import.starts_with("__wbindgen") || import.starts_with("wbg") {
            Some("a crate expects a browser (wasm-bindgen): turn off its feature for JavaScript, often `js` or `wasmbind`")
        } else if import.starts_with("wasi_snapshot_preview1") {
            Some("a crate expects WASI, which a server does not have")
        } else if import.starts_with("env#") {
            Some("a function was declared and never linked, perhaps one of a C library")
        } else {
            None
        }
    });
    match advice {
        Some(advice) => Failure::Crate(format!("{failure}: {advice}")),
        None => failure,
    }
}
