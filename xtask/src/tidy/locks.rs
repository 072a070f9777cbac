//! The lock file of `fuzz/`, a workspace of its own, names all that our crates need: a dependency that is new here must come
//! along there, or what is fuzzed is not what was looked at.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::Complaint;
use crate::setup;

const MANIFEST: &str = "fuzz/Cargo.toml";

pub(super) fn check(root: &Path) -> Result<Vec<Complaint>> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["metadata", "--locked", "--format-version", "1"])
        .args(["--manifest-path", MANIFEST])
        .current_dir(root);
    let complaint = |_| {
        let mend = format!("run `cargo update --manifest-path {MANIFEST} --workspace`");
        Complaint::new(
            "fuzz/Cargo.lock",
            format!("what our crates need has changed; {mend}"),
        )
    };
    Ok(setup::output(&mut cargo)
        .err()
        .map(complaint)
        .into_iter()
        .collect())
}
