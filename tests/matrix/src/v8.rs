//! V8, as node brings it: builds a crate of this workspace for wasm, and runs a script over it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};

const TARGET: &str = "wasm32-unknown-unknown";
/// The profile of the Worker's own modules.
pub const WORKER: &str = "worker";
/// What servers are built with: the stack is memory that every call pays for.
const GUEST_FLAGS: &str = "target.wasm32-unknown-unknown.rustflags=\
    [\"-Clink-arg=-zstack-size=65536\",\"--cfg=getrandom_backend=\\\"custom\\\"\"]";

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Builds a package of this workspace for wasm, as the host's modules are built; gives the module.
///
/// # Errors
/// If it does not build: most often the target is not installed, which the message of cargo says.
pub fn build_host(package: &str) -> Result<PathBuf> {
    build(package, WORKER, None)
}

/// Builds a package of this workspace as a server, with the flags that `smcp build` gives.
///
/// # Errors
/// If it does not build.
pub fn build_guest(package: &str) -> Result<PathBuf> {
    build(package, "release", Some(GUEST_FLAGS))
}

/// In a target directory of its own: the cargo that runs this holds the lock of the usual one.
fn build(package: &str, profile: &str, config: Option<&str>) -> Result<PathBuf> {
    let target = root().join("target/matrix");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--lib", "--target", TARGET])
        .args(["--package", package, "--profile", profile, "--target-dir"])
        .arg(&target)
        .current_dir(root())
        // Flags in the environment would hide those given here.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    if let Some(config) = config {
        command.args(["--config", config]);
    }
    succeed(&mut command).with_context(|| {
        format!(
            "building {package} for {TARGET}; if the target is missing: rustup target add {TARGET}"
        )
    })?;
    let name = format!("{}.wasm", package.replace('-', "_"));
    Ok(target.join(TARGET).join(profile).join(name))
}

/// Runs a script in node and gives what it printed.
///
/// # Errors
/// If there is no node, or the script fails.
pub fn run(script: &Path, arguments: &[&OsStr]) -> Result<String> {
    let version = Command::new("node")
        .arg("--version")
        .output()
        .ok()
        .filter(|output| output.status.success());
    if version.is_none() {
        bail!("node is not on the PATH: install Node.js 20 or newer, whose V8 this runs in");
    }
    let output = succeed(Command::new("node").arg(script).args(arguments))?;
    Ok(String::from_utf8(output.stdout)?)
}

fn succeed(command: &mut Command) -> Result<Output> {
    let output = command
        .output()
        .with_context(|| format!("starting {}", command.get_program().to_string_lossy()))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?} failed: {told}");
    }
    Ok(output)
}
