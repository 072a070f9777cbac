//! `cargo xtask fuzz`: gives random inputs to what must hold for any bytes, `tests/fuzzing`, for some seconds.
//!
//! By cargo-fuzz and libFuzzer, on the stable toolchain: without the address sanitizer, unless that is asked for. What is found
//! and breaks nothing is kept in `target/fuzz`; what breaks something, in `fuzz/artifacts`.

use std::fs;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};

use crate::progress::Step;
use crate::{cargo_tools, paths, setup};

/// The fuzz targets there are.
const TARGETS: [&str; 5] = ["abi", "frame", "package", "tape", "token"];
/// Seconds after which an input counts as one that does not end.
const TIMEOUT: u32 = 20;
/// Memory of a fuzzer, in MiB.
const MEMORY: u32 = 2_048;
/// Lines that are shown of a fuzzer which has found something.
const SHOWN: usize = 60;

/// What is fuzzed, and how long.
#[derive(Debug)]
pub struct Options {
    /// One target, or all of them.
    pub target: Option<String>,
    /// How long each.
    pub seconds: u64,
    /// Whether memory is watched too, which needs features that the toolchain calls unstable.
    pub addresses: bool,
}

/// Fuzzes.
///
/// # Errors
///
/// If there is no such target, it cannot be built, or an input breaks what must hold.
pub fn run(options: &Options) -> Result<()> {
    let targets: Vec<&str> = match &options.target {
        Some(name) => {
            let target = TARGETS.into_iter().find(|target| target == name);
            vec![
                target
                    .with_context(|| format!("there are {}, and no {name}", TARGETS.join(", ")))?,
            ]
        }
        None => TARGETS.to_vec(),
    };
    let step = Step::begin("building the fuzz targets (some minutes, if they are new)");
    setup::run(&mut fuzz("build", options)?)?;
    step.done();
    let mut broken = Vec::new();
    for target in targets {
        let step = Step::begin(format!("fuzzing {target}"));
        let output = fuzzed(target, options)?;
        step.done();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            println!("{target}: {}", summary(&said));
        } else {
            eprintln!("{}", tail(&said));
            broken.push(target);
        }
    }
    ensure!(
        broken.is_empty(),
        "an input breaks what must hold of {}; it is in fuzz/artifacts. Give it a name in fuzz/corpus: then the test \
         `corpora` fails until it is mended",
        broken.join(" and of ")
    );
    Ok(())
}

/// Writes the inputs that fuzzing begins with anew.
///
/// # Errors
///
/// If their program cannot be built, or not written.
pub fn seeds() -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo
        .args([
            "run",
            "--quiet",
            "--package",
            "smcp-fuzzing",
            "--bin",
            "seeds",
        ])
        .args(["--", "fuzz/corpus"])
        .current_dir(paths::root());
    setup::run_loud(&mut cargo)
}

fn fuzz(verb: &str, options: &Options) -> Result<Command> {
    let mut cargo = cargo_tools::cargo()?;
    cargo.args(["fuzz", verb]);
    if options.addresses {
        cargo.env("RUSTC_BOOTSTRAP", "1");
    } else {
        cargo.args(["--sanitizer", "none"]);
    }
    Ok(cargo)
}

fn fuzzed(target: &str, options: &Options) -> Result<Output> {
    // The first directory is where finds are kept: not among what is committed.
    let found = paths::target().join("fuzz").join(target);
    fs::create_dir_all(&found)?;
    let mut cargo = fuzz("run", options)?;
    cargo
        .arg(target)
        .args([
            found.as_path(),
            &paths::root().join("fuzz/corpus").join(target),
        ])
        .arg("--")
        .arg(format!("-max_total_time={}", options.seconds))
        .args([
            format!("-timeout={TIMEOUT}"),
            format!("-rss_limit_mb={MEMORY}"),
        ]);
    cargo
        .output()
        .with_context(|| format!("starting the fuzzer of {target}"))
}

/// What libFuzzer says at its end: `#12 DONE cov: 3 ft: 4 corp: 5/6b ...`.
fn summary(said: &str) -> String {
    let line = said
        .lines()
        .rev()
        .find(|line| line.contains("\tDONE ") || line.contains(" DONE "));
    let words: Vec<_> = line.unwrap_or_default().split_whitespace().collect();
    let after = |name: &str| {
        let at = words.iter().position(|word| *word == name);
        at.and_then(|at| words.get(at + 1)).copied().unwrap_or("?")
    };
    let inputs = words
        .first()
        .copied()
        .unwrap_or("?")
        .trim_start_matches('#');
    let kept = after("corp:").split('/').next().unwrap_or("?");
    format!(
        "{inputs} inputs, {} branches reached by {kept} of them; nothing broke",
        after("cov:")
    )
}

fn tail(said: &str) -> String {
    let lines: Vec<_> = said.lines().collect();
    lines[lines.len().saturating_sub(SHOWN)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_fuzzer_says_at_its_end_is_read() {
        let said = "INFO: Seed: 1\n#2\tINITED cov: 13 ft: 14 corp: 1/1b exec/s: 0 rss: 39Mb\n\
                    #7453457\tDONE   cov: 14 ft: 15 corp: 2/9b lim: 4096 exec/s: 1242242 rss: 39Mb\nDone 7453457 runs";
        assert_eq!(
            summary(said),
            "7453457 inputs, 14 branches reached by 2 of them; nothing broke"
        );
        assert!(summary("").starts_with('?'));
    }
}
