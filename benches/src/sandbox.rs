//! The plan: what is measured on which guest, against which budget.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use smcp_matrix::v8;

use crate::report::{Line, Report, Times};
use crate::subject::{Setup, Subject};
use crate::{guests, native};

/// How a subject is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The typical time of one, warm.
    Typical = 0,
    /// The longest piece that nothing can interrupt.
    WorstPiece = 1,
}

/// One thing to measure.
pub struct Item {
    /// Its name in the report.
    pub id: &'static str,
    /// What it is.
    pub what: &'static str,
    /// What is done.
    pub subject: Subject,
    /// How it is timed.
    pub measure: Measure,
    /// On what.
    pub setup: Setup,
    /// The most nanoseconds that it may take in V8.
    pub must: Option<f64>,
    /// What it should take.
    pub aim: Option<f64>,
}

impl Item {
    fn new(
        id: &'static str,
        what: &'static str,
        (subject, measure): (Subject, Measure),
        setup: &Setup,
    ) -> Self {
        Self {
            id,
            what,
            subject,
            measure,
            setup: setup.clone(),
            must: None,
            aim: None,
        }
    }

    fn within(self, must: f64, aim: f64) -> Self {
        Self {
            must: Some(must),
            aim: Some(aim),
            ..self
        }
    }
}

/// Measures everything, natively and in V8.
///
/// # Errors
/// If something does not build or run.
pub fn measure(rounds: usize) -> Result<Report> {
    let plan = plan()?;
    let in_v8 = in_v8(&plan, rounds)?;
    let mut lines = Vec::new();
    for (item, in_v8) in plan.iter().zip(in_v8) {
        lines.push(Line {
            id: item.id,
            what: item.what,
            native: native::time(item, rounds)?,
            v8: Times::of(in_v8),
            plain: None,
            must: item.must,
            aim: item.aim,
        });
    }
    for (id, nanos) in ["fib", "loop"].iter().zip(plain(rounds)?) {
        if let Some(line) = lines.iter_mut().find(|line| line.id == *id) {
            line.plain = Some(Times::of(nanos));
        }
    }
    Ok(Report { rounds, lines })
}

fn plan() -> Result<Vec<Item>> {
    use Measure::{Typical, WorstPiece};
    let hello = guests::hello()?;
    let echo = guests::echo()?;
    let (bulky, dense) = (guests::bulky()?, guests::dense()?);
    let of_hello = |id, what, subject| Item::new(id, what, (subject, Typical), &hello);
    let worst = |id, what, subject, setup| Item::new(id, what, (subject, WorstPiece), setup);
    Ok(vec![
        of_hello(
            "call",
            "hello: fresh instance, JSON in, JSON out",
            Subject::Call,
        )
        .within(50_000.0, 25_000.0),
        of_hello(
            "instantiate",
            "hello: fresh instance only",
            Subject::Instantiate,
        ),
        Item::new(
            "call_trivial",
            "echo in WAT: fresh instance, text in, text out",
            (Subject::Call, Typical),
            &echo,
        ),
        of_hello("admit", "hello: verify and admit", Subject::Admit),
        of_hello(
            "readmit",
            "hello: known again by its record",
            Subject::Readmit,
        ),
        of_hello("load", "hello: compile lazily, link", Subject::Load),
        of_hello(
            "load_and_call",
            "hello: the same, and the first call",
            Subject::LoadAndCall,
        ),
        of_hello(
            "translate",
            "hello: compile eagerly, link",
            Subject::Translate,
        ),
        Item::new(
            "fib",
            "fib(30)",
            (Subject::Call, Typical),
            &guests::numbers("a")?,
        ),
        Item::new(
            "loop",
            "a loop of ten million rounds",
            (Subject::Call, Typical),
            &guests::numbers("b")?,
        ),
        worst(
            "worst_verify_bulky",
            "2 MiB of nothing: its signature",
            Subject::Verify,
            &bulky,
        ),
        worst(
            "worst_admit_bulky",
            "2 MiB of nothing: longest piece of admission",
            Subject::AdmitByPieces,
            &bulky,
        ),
        worst(
            "worst_admit_dense",
            "dense code: longest piece of admission",
            Subject::AdmitByPieces,
            &dense,
        ),
        worst(
            "worst_translate_dense",
            "dense code: eager translation, in one piece",
            Subject::Translate,
            &dense,
        ),
        worst(
            "worst_slice_dense",
            "dense code: longest slice of a first call",
            Subject::CallBySlices,
            &dense,
        ),
    ])
}

fn in_v8(plan: &[Item], rounds: usize) -> Result<Vec<Vec<f64>>> {
    let module = v8::build_host("smcp-benches")?;
    let file = module.with_file_name("plan.bin");
    let mut bytes = Vec::new();
    for item in plan {
        let setup = postcard::to_allocvec(&item.setup)?;
        for number in [item.subject as u32, item.measure as u32, setup.len() as u32] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(setup);
    }
    std::fs::write(&file, bytes).with_context(|| format!("writing {}", file.display()))?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("run.mjs");
    let rounds = rounds.to_string();
    let arguments = [module.as_os_str(), file.as_os_str(), OsStr::new(&rounds)];
    let printed = v8::run(&script, &arguments)?;
    serde_json::from_str(&printed).context("reading what run.mjs printed")
}

/// Plain wasmi, in a process of its own.
fn plain(rounds: usize) -> Result<Vec<Vec<f64>>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--quiet", "--release", "--package", "smcp-plain"])
        .arg("--target-dir")
        .arg(v8::root().join("target/matrix"))
        .args(["--", &rounds.to_string()])
        .current_dir(v8::root())
        .output()?;
    if !output.status.success() {
        bail!(
            "plain wasmi failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    String::from_utf8(output.stdout)?
        .lines()
        .map(|line| serde_json::from_str(line).context("reading what plain wasmi printed"))
        .collect()
}
