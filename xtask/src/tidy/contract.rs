//! The WIT file, the host's table of it and the SDK say the same.
//!
//! The host's table holds flat signatures; they are computed anew here from the WIT file. The SDK
//! generates its bindings from that same file, so all there is to check is that it does.

use std::path::Path;

use anyhow::{Context, Result};
use smcp_capability::contract::{self, CoreType};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Function, Resolve, WorldItem};

use super::Complaint;

const WIT: &str = "wit/server.wit";
const WORLD: &str = "mcp-server";
const SDK: &str = "guest-sdk/sdk/src/boundary.rs";

pub(super) fn check(root: &Path) -> Result<Vec<Complaint>> {
    let text = std::fs::read_to_string(root.join(WIT)).context(WIT)?;
    let mut complaints = compare(&text)?;
    let sdk = std::fs::read_to_string(root.join(SDK)).context(SDK)?;
    if !sdk.contains("path: \"../../wit\"") {
        complaints.push(Complaint::new(SDK, "generate the bindings from ../../wit"));
    }
    Ok(complaints)
}

/// One function as both sides tell it: name, flat parameters, flat results.
type Told = (String, String, Vec<WasmType>, Vec<WasmType>);

fn compare(wit: &str) -> Result<Vec<Complaint>> {
    let (imports, exports) = of_wit(wit)?;
    let mut complaints = Vec::new();
    for (what, wit, host) in [
        ("import", imports, of_host(contract::IMPORTS)),
        ("export", exports, of_host(contract::EXPORTS)),
    ] {
        for told in wit.iter().filter(|told| !host.contains(told)) {
            complaints.push(Complaint::new(
                WIT,
                format!("the host does not have this {what}: {told:?}"),
            ));
        }
        for told in host.iter().filter(|told| !wit.contains(told)) {
            let place = "host/capability/src/contract.rs";
            complaints.push(Complaint::new(
                place,
                format!("the WIT file does not have this {what}: {told:?}"),
            ));
        }
    }
    Ok(complaints)
}

fn of_host(functions: &[contract::Function]) -> Vec<Told> {
    let ty = |ty: &CoreType| match ty {
        CoreType::I32 => WasmType::I32,
        CoreType::I64 => WasmType::I64,
        CoreType::F64 => WasmType::F64,
    };
    let told = |function: &contract::Function| {
        (
            function.interface.to_owned(),
            function.name.to_owned(),
            function.params.iter().map(ty).collect(),
            function.results.iter().map(ty).collect(),
        )
    };
    functions.iter().map(told).collect()
}

/// The imports and exports of the WIT file.
fn of_wit(text: &str) -> Result<(Vec<Told>, Vec<Told>)> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str(WIT, text)?;
    let world = resolve.select_world(&[package], Some(WORLD))?;
    let exported: Vec<_> = resolve.worlds[world]
        .exports
        .values()
        .filter_map(|item| match item {
            WorldItem::Interface { id, .. } => Some(*id),
            _ => None,
        })
        .collect();
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    for &id in resolve.packages[package].interfaces.values() {
        let is_export = exported.contains(&id);
        let interface = resolve.id_of(id).context("an interface without a name")?;
        for function in resolve.interfaces[id].functions.values() {
            let variant = if is_export {
                AbiVariant::GuestExport
            } else {
                AbiVariant::GuestImport
            };
            let told = tell(&resolve, &interface, function, variant);
            if is_export {
                exports.push(told)
            } else {
                imports.push(told)
            }
        }
    }
    Ok((imports, exports))
}

fn tell(resolve: &Resolve, interface: &str, function: &Function, variant: AbiVariant) -> Told {
    let flat = |ty: &WasmType| match ty {
        WasmType::Pointer | WasmType::Length => WasmType::I32,
        WasmType::PointerOrI64 => WasmType::I64,
        other => *other,
    };
    let signature = resolve.wasm_signature(variant, function);
    (
        interface.to_owned(),
        function.name.clone(),
        signature.params.iter().map(flat).collect(),
        signature.results.iter().map(flat).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("../../../wit/server.wit");

    #[test]
    fn the_contract_and_the_host_agree() -> Result<()> {
        assert_eq!(compare(TEXT)?, []);
        Ok(())
    }

    #[test]
    fn any_change_of_the_contract_alone_is_a_complaint() -> Result<()> {
        for (from, to) in [
            ("now: func() -> u64", "now: func() -> u32"),
            (
                "sleep: func(milliseconds: u32)",
                "sleep: func(milliseconds: u64)",
            ),
            ("now: func() -> u64", "time: func() -> u64"),
            ("random: func(length: u32) -> list<u8>;", ""),
            (
                "describe: func() -> string",
                "describe: func(a: u32) -> string",
            ),
        ] {
            let changed = TEXT.replace(from, to);
            assert_ne!(changed, TEXT);
            assert!(!compare(&changed)?.is_empty(), "{from} -> {to}");
        }
        Ok(())
    }
}
