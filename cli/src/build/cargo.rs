//! Runs cargo: finds the crate, and compiles it for the sandbox.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use smcp_capability::http::HostGrant;
use smcp_package::{AskedLimits, AskedSecret, Asks};
use smcp_tenant::schemas::SettingSchemas;

use crate::failure::Failure;

/// What servers are compiled for.
const TARGET: &str = "wasm32-unknown-unknown";
/// What the compiler is told besides. The stack is memory that every call pays for, so it is small.
/// Crates that ask `getrandom` for randomness get it from the SDK, which gets it from the host.
const FLAGS: [&str; 4] = [
    "-C",
    "link-arg=-zstack-size=65536",
    "--cfg",
    "getrandom_backend=\"custom\"",
];

/// A crate that is to become a server.
#[derive(Debug)]
pub(super) struct Crate {
    /// The package's name in Cargo.toml.
    pub(super) name: String,
    /// What the server is to be called.
    pub(super) server_name: String,
    pub(super) version: String,
    pub(super) description: Option<String>,
    pub(super) limits: AskedLimits,
    pub(super) asks: Asks,
    /// The directory of its Cargo.toml.
    pub(super) directory: PathBuf,
    manifest: PathBuf,
    library: String,
    lock: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    description: Option<String>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
    metadata: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

/// The table `[package.metadata.smcp]`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ours {
    name: Option<String>,
    #[serde(default)]
    limits: AskedLimits,
    #[serde(default)]
    http: Vec<HostGrant>,
    #[serde(default)]
    secrets: Vec<AskedSecret>,
    #[serde(default)]
    config: BTreeMap<String, serde_json::Value>,
}

/// Finds the crate whose Cargo.toml is in `directory`.
pub(super) fn find(directory: &Path) -> Result<Crate, Failure> {
    let manifest = directory.join("Cargo.toml");
    let manifest = manifest.canonicalize().map_err(Failure::file(&manifest))?;
    let mut command = cargo(directory);
    command.args([
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--manifest-path",
    ]);
    let output = output(command.arg(&manifest).stderr(Stdio::inherit()))?;
    let metadata: Metadata =
        serde_json::from_slice(&output).map_err(|error| Failure::CargoAnswer(error.to_string()))?;
    let package = metadata
        .packages
        .into_iter()
        .find(|package| package.manifest_path == manifest);
    let package = package.ok_or_else(|| {
        Failure::Crate(format!(
            "{} has no [package]: give --path of a member",
            manifest.display()
        ))
    })?;
    read(
        package,
        manifest,
        metadata.workspace_root.join("Cargo.lock"),
    )
}

fn read(package: Package, manifest: PathBuf, lock: PathBuf) -> Result<Crate, Failure> {
    let Package {
        name,
        version,
        description,
        targets,
        metadata,
        ..
    } = package;
    let is_module = |target: &&Target| target.crate_types.iter().any(|kind| kind == "cdylib");
    let library = targets.iter().find(is_module).ok_or_else(|| {
        Failure::Crate(format!(
            "{name} makes no module; add this to its Cargo.toml:\n\n  [lib]\n  crate-type = [\"cdylib\", \"rlib\"]\n"
        ))
    })?;
    let ours = metadata.as_ref().and_then(|metadata| metadata.get("smcp"));
    let ours = ours
        .map_or_else(|| Ok(Ours::default()), Ours::deserialize)
        .map_err(|error| {
            Failure::Crate(format!(
                "[package.metadata.smcp] in {}: {error}",
                manifest.display()
            ))
        })?;
    let asks = Asks::new(ours.http, ours.secrets, ours.config)?;
    // A host would refuse it, after all that follows.
    SettingSchemas::compile(&asks)?;
    Ok(Crate {
        asks,
        server_name: ours
            .name
            .unwrap_or_else(|| name.replace('_', "-").to_ascii_lowercase()),
        limits: ours.limits,
        library: library.name.clone(),
        lock,
        directory: manifest.parent().unwrap_or(&manifest).to_owned(),
        description: description.filter(|text| !text.is_empty()),
        name,
        version,
        manifest,
    })
}

impl Crate {
    /// The version of the SDK that it was compiled with, if it uses it.
    pub(super) fn sdk_version(&self) -> Option<String> {
        let lock = std::fs::read_to_string(&self.lock).ok()?;
        locked(&lock, "smcp-sdk").map(str::to_owned)
    }
}

/// The version of a crate in a Cargo.lock, where each has its version after its name.
fn locked<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let wanted = format!("name = \"{name}\"");
    let mut lines = lock.lines().skip_while(|line| *line != wanted).skip(1);
    lines
        .next()?
        .strip_prefix("version = \"")?
        .strip_suffix('"')
}

/// Whether the toolchain of that directory can build for the target at all.
pub(super) fn check_target(directory: &Path) -> Result<(), Failure> {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(directory);
    let output = output(command.stderr(Stdio::null()))?;
    let libraries = String::from_utf8_lossy(&output);
    if Path::new(libraries.trim()).is_dir() {
        Ok(())
    } else {
        Err(Failure::NoTarget)
    }
}

/// Compiles the crate, and says where the module is. What cargo tells goes to standard error.
pub(super) fn compile(found: &Crate, profile: &str) -> Result<PathBuf, Failure> {
    let mut command = cargo(&found.directory);
    command
        .args(["build", "--lib", "--target", TARGET, "--profile", profile])
        .args([
            "--message-format",
            "json-render-diagnostics",
            "--manifest-path",
        ])
        .arg(&found.manifest)
        .stderr(Stdio::inherit());
    set_flags(&mut command);
    let output = output(&mut command)?;
    let text = String::from_utf8_lossy(&output);
    let mut artifacts = text.lines().filter_map(|line| artifact(line, found));
    artifacts
        .next_back()
        .ok_or_else(|| Failure::CargoAnswer(format!("it names no .wasm file of {}", found.library)))
}

/// Flags in the environment hide those of the configuration, so ours are added where the others are.
fn set_flags(command: &mut Command) {
    const SEPARATOR: &str = "\u{1f}";
    let ours = FLAGS.join(SEPARATOR);
    let encoded = env::var("CARGO_ENCODED_RUSTFLAGS")
        .ok()
        .filter(|flags| !flags.is_empty());
    let plain = env::var("RUSTFLAGS")
        .ok()
        .filter(|flags| !flags.trim().is_empty());
    match (encoded, plain) {
        (Some(theirs), _) => {
            command.env(
                "CARGO_ENCODED_RUSTFLAGS",
                format!("{theirs}{SEPARATOR}{ours}"),
            );
        }
        (None, Some(theirs)) => {
            let theirs = theirs
                .split_ascii_whitespace()
                .collect::<Vec<_>>()
                .join(SEPARATOR);
            command.env(
                "CARGO_ENCODED_RUSTFLAGS",
                format!("{theirs}{SEPARATOR}{ours}"),
            );
        }
        (None, None) => {
            // A list in TOML is written like one in JSON.
            let list = serde_json::json!(FLAGS);
            command.args(["--config", &format!("target.{TARGET}.rustflags={list}")]);
        }
    }
}

/// The module in a line of cargo's, if the line tells of ours.
fn artifact(line: &str, found: &Crate) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        reason: String,
        manifest_path: Option<PathBuf>,
        target: Option<Target>,
        #[serde(default)]
        filenames: Vec<PathBuf>,
    }
    let message: Message = serde_json::from_str(line).ok()?;
    let ours = message.reason == "compiler-artifact"
        && message
            .manifest_path
            .is_some_and(|path| path == found.manifest)
        && message
            .target
            .is_some_and(|target| target.name == found.library);
    let is_module = |path: &PathBuf| {
        path.extension()
            .is_some_and(|extension| extension == "wasm")
    };
    message
        .filenames
        .into_iter()
        .find(|path| ours && is_module(path))
}

fn cargo(directory: &Path) -> Command {
    let program: OsString = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(directory).stdin(Stdio::null());
    command
}

/// What a program writes to standard output.
fn output(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let output = command.stdout(Stdio::piped()).output().map_err(|source| {
        let program = command.get_program().to_string_lossy().into_owned();
        Failure::Program { program, source }
    })?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(Failure::Cargo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_crate_is_read_from_the_lock_file() {
        let lock = "[[package]]\nname = \"smcp-sdk-extra\"\nversion = \"9.0.0\"\n\n[[package]]\nname = \"smcp-sdk\"\nversion = \"0.1.0\"\n";
        assert_eq!(locked(lock, "smcp-sdk"), Some("0.1.0"));
        assert_eq!(locked(lock, "sdk"), None);
        assert_eq!(locked("name = \"smcp-sdk\"", "smcp-sdk"), None);
    }
}
