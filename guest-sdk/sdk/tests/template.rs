//! The template of a new server builds as an author would build it: tests natively, clippy, and
//! the module, which imports and exports what the contract has and nothing else.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The template's files, and where a new server has them.
const FILES: &[(&str, &str)] = &[
    (".cargo/config.toml", ".cargo/config.toml"),
    (".gitignore", ".gitignore"),
    ("AGENTS.md.in", "AGENTS.md"),
    ("Cargo.toml.in", "Cargo.toml"),
    ("README.md.in", "README.md"),
    ("clippy.toml", "clippy.toml"),
    ("src/lib.rs.in", "src/lib.rs"),
];

fn sdk() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The target directory of this workspace: what it has built of the dependencies is not built again.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// Writes the template with its placeholders filled in.
fn render(to: &Path) {
    for (from, name) in FILES {
        let text = fs::read_to_string(sdk().join("template").join(from)).unwrap();
        let text = text
            .replace("{{name}}", "weather-report")
            .replace("{{type_name}}", "WeatherReport")
            .replace("{{sdk}}", &format!("{{ path = {:?} }}", sdk()));
        assert!(
            !text.contains("{{"),
            "{from} has a placeholder that no one fills in"
        );
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    // The versions that this workspace has, so that nothing is fetched.
    fs::copy(sdk().join("../../Cargo.lock"), to.join("Cargo.lock")).unwrap();
}

fn cargo(directory: &Path, arguments: &[&str]) {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(directory)
        .env("CARGO_TARGET_DIR", target())
        // What the test runner sets would override the template's own configuration.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "cargo {}:\n{said}",
        arguments.join(" ")
    );
}

#[test]
fn a_new_server_passes_its_tests_and_builds_as_a_module() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("weather-report");
    render(&directory);
    cargo(&directory, &["test", "--offline", "--quiet"]);
    cargo(
        &directory,
        &["clippy", "--offline", "--quiet", "--", "-D", "warnings"],
    );
    let wasm = "wasm32-unknown-unknown";
    let build = [
        "build",
        "--offline",
        "--quiet",
        "--release",
        "--target",
        wasm,
    ];
    cargo(&directory, &build);
    let module = target().join(wasm).join("release/weather_report.wasm");
    let module = fs::read(module).unwrap();

    let (imports, exports) = interface(&module);
    assert_eq!(imports, ["smcp:server/context@0.1.0#log"]);
    let of_contract = [
        "call-tool",
        "complete",
        "describe",
        "get-prompt",
        "read-resource",
    ]
    .map(|name| format!("smcp:server/handler@0.1.0#{name}"));
    let of_contract: Vec<_> = of_contract
        .into_iter()
        .chain(["smcp:server/resource-list@0.1.0#list-resources".to_owned()])
        .collect();
    for name in &of_contract {
        assert!(exports.contains(name), "{name}");
    }
    for name in &exports {
        let known = of_contract.contains(name)
            || name.starts_with("cabi_")
            || ["memory", "__data_end", "__heap_base"].contains(&name.as_str());
        assert!(known, "{name}");
    }
}

/// What a module imports and exports.
fn interface(module: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        match payload.unwrap() {
            wasmparser::Payload::ImportSection(section) => {
                for import in section {
                    let import = import.unwrap();
                    imports.push(format!("{}#{}", import.module, import.name));
                }
            }
            wasmparser::Payload::ExportSection(section) => {
                for export in section {
                    exports.push(export.unwrap().name.to_owned());
                }
            }
            _ => {}
        }
    }
    (imports, exports)
}
