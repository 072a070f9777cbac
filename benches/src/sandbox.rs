//! The plan: what is measured on which guest, against which budget.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use smcp_matrix::v8;

use crate::report::{Line, Ratio, Report, Times};
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
    /// Whether it is measured in turns with the item before it, round by round: so that their times can be
    /// compared whatever else the machine does.
    pub joined: bool,
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
            joined: false,
            must: None,
            aim: None,
        }
    }

    fn joined(self) -> Self {
        Self {
            joined: true,
            ..self
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
    let natively = native::time(&plan, rounds)?;
    let ratios = ratios(&plan, &natively, &in_v8);
    let line = |((item, native), v8): ((&Item, _), _)| Line {
        id: item.id,
        what: item.what,
        native: Times::of(native),
        v8: Times::of(v8),
        plain: None,
        must: item.must,
        aim: item.aim,
    };
    let measured = plan.iter().zip(natively).zip(in_v8);
    let mut lines: Vec<_> = measured.map(line).collect();
    for (id, nanos) in ["fib", "loop"].iter().zip(plain(rounds)?) {
        if let Some(line) = lines.iter_mut().find(|line| line.id == *id) {
            line.plain = Some(Times::of(nanos));
        }
    }
    Ok(Report {
        rounds,
        lines,
        ratios,
    })
}

/// What slicing and metering may cost: a tenth of the work.
const OVERHEAD_MUST: Option<f64> = Some(1.1);

/// What slices cost over one piece, and slices and fuel over neither, each of the same guest's work: name, what
/// it is, which over which, and what it must be.
///
/// The two loops are the worst that can be: they are all small blocks.
/// Fuel is paid by one operator where a block of code begins: a loop, a function, a branch. An operator takes
/// about the same time whatever it does, since most of that is finding it: so it costs a small block
/// much, as the loop's, which has four others, and a large one little. The loop of which eight
/// rounds are one block shows that.
type Overhead = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Option<f64>,
);
const OVERHEADS: [Overhead; 7] = [
    (
        "real_sliced",
        "a diff by a server written with the SDK, in slices over one slice",
        "real",
        "real_whole",
        OVERHEAD_MUST,
    ),
    (
        "real_metered",
        "the diff in slices, metered, over one piece without fuel",
        "real",
        "real_unmetered",
        OVERHEAD_MUST,
    ),
    (
        "fib_sliced",
        "fib(30) in slices over one slice",
        "fib",
        "fib_whole",
        OVERHEAD_MUST,
    ),
    (
        "fib_metered",
        "fib(30) in slices, metered, over one piece without fuel",
        "fib",
        "fib_unmetered",
        OVERHEAD_MUST,
    ),
    (
        "loop_sliced",
        "the loop in slices over one slice",
        "loop",
        "loop_whole",
        OVERHEAD_MUST,
    ),
    (
        "loop_metered",
        "the loop in slices, metered, over one piece without fuel",
        "loop",
        "loop_unmetered",
        OVERHEAD_MUST,
    ),
    (
        "eights_metered",
        "the same with eight rounds a block",
        "eights",
        "eights_unmetered",
        None,
    ),
];

fn ratios(plan: &[Item], natively: &[Vec<f64>], in_v8: &[Vec<f64>]) -> Vec<Ratio> {
    let place = |id| plan.iter().position(|item| item.id == id);
    let of = |(id, what, over, under, must): Overhead| {
        let (over, under) = (place(over)?, place(under)?);
        let ratio = |times: &[Vec<f64>]| Some(median_ratio(times.get(over)?, times.get(under)?));
        Some(Ratio {
            id,
            what,
            native: ratio(natively)?,
            v8: ratio(in_v8)?,
            must,
        })
    };
    OVERHEADS.into_iter().filter_map(of).collect()
}

/// Round by round.
fn median_ratio(over: &[f64], under: &[f64]) -> f64 {
    let ratios = over.iter().zip(under).map(|(over, under)| over / under);
    Times::of(ratios.collect()).median
}

fn plan() -> Result<Vec<Item>> {
    use Measure::{Typical, WorstPiece};
    let hello = guests::hello()?;
    let echo = guests::echo()?;
    let (bulky, dense) = (guests::bulky()?, guests::dense()?);
    let (fib, counts) = (guests::numbers("a")?, guests::numbers("b")?);
    let (eights, real) = (guests::eights()?, guests::real()?);
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
            "real",
            "a diff of a thousand lines, in slices",
            (Subject::Call, Typical),
            &real,
        ),
        Item::new(
            "real_whole",
            "the diff, in one slice",
            (Subject::CallWhole, Typical),
            &real,
        )
        .joined(),
        Item::new(
            "real_unmetered",
            "the diff, in one piece without fuel",
            (Subject::CallUnmetered, Typical),
            &real,
        )
        .joined(),
        Item::new("fib", "fib(30), in slices", (Subject::Call, Typical), &fib),
        Item::new(
            "fib_whole",
            "fib(30), in one slice",
            (Subject::CallWhole, Typical),
            &fib,
        )
        .joined(),
        Item::new(
            "fib_unmetered",
            "fib(30), in one piece without fuel",
            (Subject::CallUnmetered, Typical),
            &fib,
        )
        .joined(),
        Item::new(
            "loop",
            "a loop of ten million rounds, in slices",
            (Subject::Call, Typical),
            &counts,
        ),
        Item::new(
            "loop_whole",
            "the loop, in one slice",
            (Subject::CallWhole, Typical),
            &counts,
        )
        .joined(),
        Item::new(
            "loop_unmetered",
            "the loop, in one piece without fuel",
            (Subject::CallUnmetered, Typical),
            &counts,
        )
        .joined(),
        Item::new(
            "eights",
            "the loop, eight rounds a block, in slices",
            (Subject::Call, Typical),
            &eights,
        ),
        Item::new(
            "eights_unmetered",
            "the same, in one piece without fuel",
            (Subject::CallUnmetered, Typical),
            &eights,
        )
        .joined(),
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

/// What is compared is measured in a process of its own: V8 compiles the interpreter for what it has run before.
fn in_v8(plan: &[Item], rounds: usize) -> Result<Vec<Vec<f64>>> {
    let module = v8::build_host("smcp-benches")?;
    let mut times = Vec::new();
    let mut rest = plan;
    while !rest.is_empty() {
        let (together, others) = rest.split_at(process(rest));
        times.extend(in_one_process(&module, together, rounds)?);
        rest = others;
    }
    Ok(times)
}

/// How many of the first items are measured in one process: one with those that are joined to it, or all up to
/// the next such group.
fn process(plan: &[Item]) -> usize {
    let joined = plan.iter().position(|item| item.joined);
    match joined {
        Some(1) => {
            let group = plan.iter().skip(1).take_while(|item| item.joined);
            1 + group.count()
        }
        Some(next) => next - 1,
        None => plan.len(),
    }
}

fn in_one_process(module: &Path, plan: &[Item], rounds: usize) -> Result<Vec<Vec<f64>>> {
    let file = module.with_file_name("plan.bin");
    let mut bytes = Vec::new();
    for item in plan {
        let setup = postcard::to_allocvec(&item.setup)?;
        let joined = u32::from(item.joined);
        let (subject, measure) = (item.subject as u32, item.measure as u32);
        for number in [subject, measure, joined, setup.len() as u32] {
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
