//! Servers for a whole host to be measured with, packed and signed: catalogues of many tools, many
//! servers with one tool each, and one that notifies who listens.
//!
//! All tools are equally long, so that a page of one list is as large as one of another. No two
//! packages are the same, or a host would keep one module for many servers.

use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Result, ensure};
use smcp_ids::PublisherKey;
use smcp_matrix::pack;

const ECHO: &str = include_str!("../../tests/guests/echo.wat");
const TELL: &str = include_str!("../../tests/guests/tell.wat");

/// Where the guests have their catalogue.
const CATALOGUE: usize = 64;
/// A page of linear memory.
const PAGE: usize = 1 << 16;

/// Writes `tools-100.wasm`, `tools-1000.wasm`, `tell.wasm`, and so many of `server-0000.wasm`; gives
/// whose signature they have.
///
/// # Errors
///
/// If a file cannot be written.
pub fn write(directory: &Path, servers: usize) -> Result<PublisherKey> {
    fs::create_dir_all(directory)?;
    let file = |name: String, package: Vec<u8>| fs::write(directory.join(name), package);
    for tools in [100, 1_000] {
        file(format!("tools-{tools}.wasm"), listing(0..tools)?)?;
    }
    for server in 0..servers {
        // Another tool each.
        file(
            format!("server-{server:04}.wasm"),
            listing(server..server + 1)?,
        )?;
    }
    file("tell.wasm".to_owned(), telling()?)?;
    Ok(pack::publisher())
}

/// A server with those tools.
fn listing(tools: Range<usize>) -> Result<Vec<u8>> {
    let tools: Vec<String> = tools.map(tool).collect();
    let catalogue = format!("{{\"tools\":[{}]}}", tools.join(","));
    let end = CATALOGUE + catalogue.len();
    let heap = end.next_multiple_of(PAGE / 16);
    let wat = replaced(
        ECHO,
        &[
            (segment(ECHO)?, &quoted(&catalogue)),
            (
                "(i32.const 59)",
                &format!("(i32.const {})", catalogue.len()),
            ),
            ("(i32.const 4096)", &format!("(i32.const {heap})")),
            (
                "(memory (export \"memory\") 1)",
                &format!("(memory (export \"memory\") {})", heap / PAGE + 1),
            ),
        ],
    )?;
    pack::package_serving(&wat, &catalogue)
}

/// A tool of an ordinary size.
fn tool(number: usize) -> String {
    format!(
        r#"{{"name":"tool_{number:04}","description":"Looks up what is known of a thing, and says when that was last checked.","inputSchema":{{"type":"object","properties":{{"thing":{{"type":"string"}},"since":{{"type":"string"}}}},"required":["thing"]}}}}"#
    )
}

/// A server whose tool `tell` says that a resource has changed.
fn telling() -> Result<Vec<u8>> {
    pack::package_serving(TELL, &segment(TELL)?.replace("\\\"", "\""))
}

/// The catalogue of a guest as it stands in its text, quotes and all.
fn segment(wat: &str) -> Result<&str> {
    let text = wat
        .split_once("(data (i32.const 64) \"")
        .and_then(|(_, rest)| rest.split_once("\")"));
    text.map(|(text, _)| text)
        .ok_or_else(|| anyhow::anyhow!("a guest without a catalogue"))
}

fn quoted(text: &str) -> String {
    text.replace('"', "\\\"")
}

/// The text with each of these, which it has once, replaced.
fn replaced(text: &str, pairs: &[(&str, &str)]) -> Result<String> {
    let mut text = text.to_owned();
    for (old, new) in pairs {
        ensure!(text.matches(old).count() == 1, "not there once: {old}");
        text = text.replace(old, new);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use smcp_ids::{Fuel, limits};
    use smcp_package::{Admission, AdmittedModule, Policy, UntrustedPackage};
    use smcp_sandbox::{Bounds, Entry, Execution, LoadedModule, Output, Stop};

    use super::*;

    fn admitted(package: Vec<u8>) -> AdmittedModule {
        let verified = UntrustedPackage::parse(package)
            .and_then(|package| package.verify(&[pack::publisher()]))
            .unwrap();
        Admission::start(verified, &Policy::default())
            .and_then(Admission::finish)
            .unwrap()
    }

    fn described(admitted: &AdmittedModule) -> String {
        let loaded = LoadedModule::load(admitted).unwrap();
        let bounds = Bounds {
            memory: limits::MEMORY_MAX,
            fuel: Fuel(limits::DESCRIBE_FUEL),
            output: limits::CATALOGUE_MAX,
        };
        let mut execution = Execution::start(&loaded, Entry::Describe, bounds).unwrap();
        match execution.step(Fuel(u64::MAX)) {
            Stop::Ended(ended) => match ended.result.unwrap() {
                Output::Text(text) => text,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_server_describes_itself_as_its_manifest_says() {
        for (package, begins) in [
            (listing(0..100), r#"{"tools":[{"name":"tool_0000","#),
            (listing(0..1_000), r#"{"tools":[{"name":"tool_0000","#),
            (listing(999..1_000), r#"{"tools":[{"name":"tool_0999","#),
            (telling(), r#"{"tools":[{"name":"tell","#),
        ] {
            let admitted = admitted(package.unwrap());
            let described = described(&admitted);
            assert!(described.starts_with(begins), "{described:.80}");
            assert_eq!(described, admitted.manifest().catalogue());
        }
    }
}
