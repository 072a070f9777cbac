//! `cargo xtask deny`: holds the dependencies of both workspaces against `deny.toml`.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{cargo_tools, setup};

/// The workspaces there are: the manifest, and what makes it stricter or more lenient. What `deny.toml` allows and nothing needs
/// is to go; but what is there for one workspace need not be in the other.
const WORKSPACES: [(&str, &[&str]); 2] = [
    (
        "Cargo.toml",
        &[
            "-D",
            "unmatched-skip",
            "-D",
            "unused-wrapper",
            "-D",
            "license-not-encountered",
        ],
    ),
    (
        "fuzz/Cargo.toml",
        &[
            "-A",
            "unmatched-skip",
            "-A",
            "unused-wrapper",
            "-A",
            "license-not-encountered",
        ],
    ),
];

/// Checks licences, sources and bans; and advisories, where their database can be reached.
///
/// # Errors
///
/// If something is there that must not be.
pub fn run() -> Result<()> {
    let mut failed = check(&["bans", "licenses", "sources"])?;
    let (root, _) = WORKSPACES[0];
    match setup::run(deny(root)?.args(["fetch", "db"])) {
        Ok(()) => failed.extend(check(&["advisories"])?),
        Err(_) => println!(
            "advisories NOT CHECKED: their database cannot be reached from here. Run `cargo xtask deny` where it can."
        ),
    }
    if !failed.is_empty() {
        bail!(
            "the dependencies of {} are not as deny.toml says",
            failed.join(" and ")
        );
    }
    Ok(())
}

/// The workspaces that fail.
fn check(what: &[&str]) -> Result<Vec<&'static str>> {
    let mut failed = Vec::new();
    for (manifest, levels) in WORKSPACES {
        println!("{manifest}: {}", what.join(", "));
        let mut cargo = deny(manifest)?;
        cargo
            .arg("check")
            .args(["-A", "license-exception-not-encountered"]);
        if setup::run_loud(cargo.args(levels).args(what)).is_err() {
            failed.push(manifest);
        }
    }
    Ok(failed)
}

fn deny(manifest: &str) -> Result<Command> {
    let mut cargo = cargo_tools::cargo()?;
    cargo
        .args([
            "deny",
            "--locked",
            "--all-features",
            "--config",
            "deny.toml",
        ])
        .args(["--manifest-path", manifest]);
    Ok(cargo)
}
