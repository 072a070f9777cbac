//! The tools: checks what must be there, installs what can be installed.
//!
//! Nothing is installed outside `node_modules`, the user's cache and rustup's own directories.
//! Done again only when a version has changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::de::DeserializeOwned;

use crate::paths;
use crate::progress::Step;

/// The oldest Rust that builds this workspace, as in Cargo.toml.
const RUST_MIN: (u32, u32) = (1, 95);
/// The oldest Node.js that can run npm for us; the tools themselves run on the packaged one.
const NODE_MIN: (u32, u32) = (18, 0);
const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Where the installed tools are.
#[derive(Debug, Clone)]
pub struct Tools {
    /// The command `wasm-bindgen`, of the version in Cargo.lock.
    pub wasm_bindgen: PathBuf,
    /// Node.js of the version in package-lock.json.
    pub node: PathBuf,
    /// The script of `wasm-opt`, for that Node.js.
    pub wasm_opt: PathBuf,
}

/// Sees to it that everything is there.
pub fn ready() -> Result<Tools> {
    check(
        "rustc",
        RUST_MIN,
        "install Rust with rustup, or run `rustup update stable`",
    )?;
    check("node", NODE_MIN, "install Node.js, which brings npm")?;
    add_target()?;
    install_packages()?;
    Ok(Tools {
        wasm_bindgen: wasm_bindgen()?,
        node: paths::node(),
        wasm_opt: paths::root().join("node_modules/binaryen/bin/wasm-opt"),
    })
}

/// Checks that a command is there and not too old; `mend` says what to do if not.
pub fn check(command: &str, least: (u32, u32), mend: &str) -> Result<()> {
    let said = Command::new(command).arg("--version").output();
    let Some(said) = said.ok().filter(|said| said.status.success()) else {
        bail!("`{command}` was not found: {mend}");
    };
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let found = version(&text).with_context(|| format!("`{command} --version` said {text:?}"))?;
    let (major, minor) = least;
    ensure!(
        found >= least,
        "`{command}` is {}; {major}.{minor} is needed: {mend}",
        text.trim()
    );
    Ok(())
}

/// The first two numbers of the first word that begins with one (after a `v`, for Node.js).
fn version(text: &str) -> Option<(u32, u32)> {
    text.split_whitespace().find_map(|word| {
        let mut parts = word.trim_start_matches('v').split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    })
}

fn add_target() -> Result<()> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(WASM_TARGET)
        .is_dir()
    {
        return Ok(());
    }
    let step = Step::begin("installing the wasm target");
    run(Command::new("rustup").args(["target", "add", WASM_TARGET]))
        .with_context(|| format!("could not add the target {WASM_TARGET} with rustup"))?;
    step.done();
    Ok(())
}

/// The command of exactly the library's version: the two must agree.
fn wasm_bindgen() -> Result<PathBuf> {
    let version = locked_version("wasm-bindgen")?;
    let home = paths::cache()?
        .join("tools")
        .join(format!("wasm-bindgen-cli-{version}"));
    let command = home.join("bin/wasm-bindgen");
    if !command.exists() {
        let step = Step::begin(format!(
            "installing wasm-bindgen {version} (once, some minutes)"
        ));
        run(Command::new("cargo")
            .args([
                "install",
                "wasm-bindgen-cli",
                "--version",
                &version,
                "--root",
            ])
            .arg(&home))?;
        step.done();
    }
    Ok(command)
}

/// The version of a package in Cargo.lock.
fn locked_version(name: &str) -> Result<String> {
    let path = paths::root().join("Cargo.lock");
    let lock = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let start = format!("name = \"{name}\"\nversion = \"");
    lock.split_once(&start)
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(version, _)| version.to_owned())
        .with_context(|| format!("Cargo.lock names no {name}"))
}

/// Installs what package-lock.json names, unless that was done.
fn install_packages() -> Result<()> {
    let root = paths::root();
    let wanted =
        fs::read_to_string(root.join("package-lock.json")).context("reading package-lock.json")?;
    let stamp = root.join("node_modules/.smcp-installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let step = Step::begin("installing the npm packages (once, about a minute)");
    run(Command::new("npm").arg("ci").current_dir(&root))
        .context("`npm ci` failed: it needs the network once")?;
    ensure!(
        paths::node().exists(),
        "`npm ci` installed no Node.js: are install scripts turned off?"
    );
    fs::write(&stamp, wanted).context("writing the stamp in node_modules")?;
    step.done();
    Ok(())
}

/// Takes away what cargo says of the package whose chore this is: a build script that looks at it, as
/// that of `ring` does, would have its crate built anew for each package that starts a cargo.
pub fn of_no_package(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command in silence; if it fails, its output is the error.
pub fn run(command: &mut Command) -> Result<()> {
    output(command).map(drop)
}

/// Runs a command whose output is for whoever waits.
pub fn run_loud(command: &mut Command) -> Result<()> {
    let status = of_no_package(command)
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("starting {}", command.get_program().display()))?;
    ensure!(
        status.success(),
        "{} failed ({status})",
        command.get_program().display()
    );
    Ok(())
}

/// What cargo says of the packages of the workspace at `root`, as far as `T` asks for it.
pub fn metadata<T: DeserializeOwned>(root: &Path) -> Result<T> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["metadata", "--no-deps", "--format-version", "1", "--locked"])
        .current_dir(root);
    Ok(serde_json::from_str(&output(&mut cargo)?)?)
}

/// What a command wrote to its standard output; if it fails, all its output is the error.
pub fn output(command: &mut Command) -> Result<String> {
    let said = of_no_package(command)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting {}", command.get_program().display()))?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    if said.status.success() {
        return Ok(text);
    }
    let errors = String::from_utf8_lossy(&said.stderr).into_owned();
    bail!(
        "{} failed ({}):\n{text}{errors}",
        command.get_program().display(),
        said.status
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_tools_print_them() {
        for (text, expected) in [
            ("rustc 1.95.0 (59807616e 2026-04-14)", Some((1, 95))),
            ("v22.23.3\n", Some((22, 23))),
            ("Python 3.12.1", Some((3, 12))),
            ("no number", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }
}
