//! Builds the Worker into `build/`: the two wasm modules and the JavaScript around them.
//!
//! The engine is a plain module. The shell goes through `wasm-bindgen`, whose output is wrapped in
//! a function, so that JavaScript can make a second instance after a trap without anything left of
//! the first. Steps whose inputs have not changed are skipped.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::paths;
use crate::progress::Step;
use crate::setup::{Tools, ready, run};

/// How to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Optimised, as it is deployed.
    Release,
    /// Quick, with names in traces.
    Debug,
}

impl Mode {
    const fn profile(self) -> &'static str {
        match self {
            Self::Release => "worker",
            Self::Debug => "dev",
        }
    }

    /// Cargo's directory for the profile.
    const fn directory(self) -> &'static str {
        match self {
            Self::Release => "worker",
            Self::Debug => "debug",
        }
    }
}

/// A finished build.
#[derive(Debug, Clone)]
pub struct Built {
    files: Vec<PathBuf>,
}

/// What the bundle may be, gzipped, in bytes: a larger one starts later, and grows until somebody stops it.
pub const BUNDLE_MAX: u64 = 1_536 * 1_024;

/// What of the wasm features the modules may use: what `rustc` turns on for the target, and what
/// `wasm-bindgen` adds. `wasm-opt` must not invent others that the platform does not know.
const WASM_FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];
/// Higher levels take two to four times as long and were not measurably faster: LLVM has optimised
/// before, V8 will after.
const OPTIMISATION: &str = "-O1";
const STRIP: &[&str] = &[
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
];

/// Builds everything that has changed.
pub fn build(mode: Mode) -> Result<Built> {
    let tools = ready()?;
    let step = Step::begin("building the engine and the shell");
    compile(mode)?;
    step.done();
    // Two builds at the same time, of two tests for example, would write the same files.
    let guard = paths::root().join("target/xtask-build.lock");
    let guard = File::create(&guard).with_context(|| guard.display().to_string())?;
    guard.lock().context("waiting for another build")?;
    let out = paths::build();
    fs::create_dir_all(&out).with_context(|| format!("creating {}", out.display()))?;
    let mut files = vec![engine(&tools, mode, &out)?];
    files.extend(shell(&tools, mode, &out)?);
    files.extend(scripts(&out)?);
    Ok(Built { files })
}

fn compile(mode: Mode) -> Result<()> {
    run(Command::new("cargo")
        .args(["build", "--quiet", "--target", "wasm32-unknown-unknown"])
        .args(["--profile", mode.profile()])
        .args(["--package", "smcp-engine", "--package", "smcp-shell"])
        .current_dir(paths::root()))
}

fn compiled(mode: Mode, name: &str) -> PathBuf {
    let target = paths::root().join("target/wasm32-unknown-unknown");
    target.join(mode.directory()).join(format!("{name}.wasm"))
}

fn engine(tools: &Tools, mode: Mode, out: &Path) -> Result<PathBuf> {
    let from = compiled(mode, "smcp_engine");
    let to = out.join("engine.wasm");
    unless_current(&from, mode, &to, || optimise(tools, mode, &from, &to))?;
    Ok(to)
}

fn shell(tools: &Tools, mode: Mode, out: &Path) -> Result<[PathBuf; 2]> {
    let from = compiled(mode, "smcp_shell");
    let (wasm, glue) = (out.join("shell_bg.wasm"), out.join("shell_glue.js"));
    unless_current(&from, mode, &wasm, || {
        let raw = paths::root().join("target/wasm-bindgen");
        run(Command::new(&tools.wasm_bindgen)
            .args([
                "--target",
                "no-modules",
                "--no-typescript",
                "--omit-default-module-path",
            ])
            .args(["--out-name", "shell", "--out-dir"])
            .args([&raw, &from]))?;
        let script = fs::read_to_string(raw.join("shell.js")).context("reading the glue")?;
        fs::write(&glue, factory(&script)).context("writing the glue")?;
        optimise(tools, mode, &raw.join("shell_bg.wasm"), &wasm)
    })?;
    Ok([wasm, glue])
}

/// The glue as a function: each call gives glue of its own, and what the glue takes for globals are
/// its parameters.
fn factory(script: &str) -> String {
    format!(
        "export function makeShell(queueMicrotask, shellFault) {{\n{script}\nreturn wasm_bindgen;\n}}\n"
    )
}

fn optimise(tools: &Tools, mode: Mode, from: &Path, to: &Path) -> Result<()> {
    if mode == Mode::Debug {
        fs::copy(from, to).with_context(|| format!("copying {}", from.display()))?;
        return Ok(());
    }
    let step = Step::begin(format!("optimising {}", name_of(to)));
    run(Command::new(&tools.node)
        .arg(&tools.wasm_opt)
        .arg(OPTIMISATION)
        .args(WASM_FEATURES)
        .args(STRIP)
        .args([from, Path::new("-o"), to]))?;
    step.done();
    Ok(())
}

/// The hand-written JavaScript.
fn scripts(out: &Path) -> Result<Vec<PathBuf>> {
    let from = paths::root().join("host/shell/js");
    let mut copied = Vec::new();
    for entry in fs::read_dir(&from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let (script, to) = (fs::read(entry.path())?, out.join(entry.file_name()));
        // An unchanged file is left alone: whoever watches it would start again.
        if fs::read(&to).ok().as_deref() != Some(&script) {
            fs::write(&to, script).with_context(|| format!("writing {}", to.display()))?;
        }
        copied.push(to);
    }
    copied.sort();
    Ok(copied)
}

/// Runs `make`, unless `to` was made from the same bytes in the same mode by this version of xtask.
fn unless_current(
    from: &Path,
    mode: Mode,
    to: &Path,
    make: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let bytes = fs::read(from).with_context(|| format!("reading {}", from.display()))?;
    let mut hasher = DefaultHasher::new();
    (
        bytes,
        mode.profile(),
        WASM_FEATURES,
        include_str!("build.rs"),
    )
        .hash(&mut hasher);
    let wanted = hasher.finish().to_string();
    let stamp = paths::root()
        .join("target")
        .join(format!("{}.made-from", name_of(to)));
    if to.exists() && fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(());
    }
    make()?;
    fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

impl Built {
    /// The bytes of the bundle, each file compressed by itself.
    ///
    /// # Errors
    ///
    /// If `gzip` cannot be run.
    pub fn gzipped(&self) -> Result<u64> {
        self.files.iter().map(|file| gzipped(file)).sum()
    }

    /// Prints the size of each file, plain and compressed, and of the bundle.
    pub fn print_sizes(&self) -> Result<()> {
        let mut total = (0, 0);
        println!("{:<16} {:>10} {:>10}", "build/", "bytes", "gzipped");
        for file in &self.files {
            let (plain, packed) = (fs::metadata(file)?.len(), gzipped(file)?);
            println!("{:<16} {plain:>10} {packed:>10}", name_of(file));
            total = (total.0 + plain, total.1 + packed);
        }
        println!("{:<16} {:>10} {:>10}", "together", total.0, total.1);
        Ok(())
    }
}

fn gzipped(file: &Path) -> Result<u64> {
    let said = Command::new("gzip")
        .arg("-c")
        .arg(file)
        .stderr(Stdio::inherit())
        .output();
    let said = said.context("starting gzip")?;
    ensure!(said.status.success(), "gzip failed on {}", file.display());
    Ok(said.stdout.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_glue_becomes_a_function_of_what_it_calls() {
        let text = factory("let wasm_bindgen = 1;");
        assert!(text.starts_with("export function makeShell(queueMicrotask, shellFault) {\n"));
        assert!(text.ends_with("return wasm_bindgen;\n}\n"));
    }
}
