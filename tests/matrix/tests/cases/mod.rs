//! The guests of the matrix: all of `tests/guests` that can be loaded, and the examples.
#![allow(unreachable_pub, reason = "a module of one test")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use smcp_ids::limits;
use smcp_matrix::{Case, Export, pack, v8};

/// Enough for every guest that ends, and soon spent by those that do not.
const FUEL: u64 = 3_000_000;
/// Fuels that end calls early, at places that no block begins at.
const SHORT: [u64; 4] = [1, 60, 997, 12_345];

macro_rules! guest {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../guests/",
                $name,
                ".wat"
            )),
        )
    };
}

fn case(name: String, package: &[u8], export: Export) -> Case {
    Case {
        name,
        package: package.to_vec(),
        publisher: pack::publisher(),
        export,
        memory: limits::MEMORY_MAX as u32,
        fuel: FUEL,
        output: limits::OUTPUT_MAX as u32,
    }
}

/// Every case.
#[allow(dead_code, reason = "each test takes what it needs")]
pub fn all() -> Vec<Case> {
    [guests(), examples()].concat()
}

/// Those of guests in WAT.
#[allow(dead_code, reason = "each test takes what it needs")]
pub fn guests() -> Vec<Case> {
    [honest(), acts(), reallocating(), describing(), short()].concat()
}

/// Guests that do one thing.
fn honest() -> Vec<Case> {
    let long = "x".repeat(100_000);
    let requests = [
        (
            guest!("echo"),
            r#"{"name":"echo","arguments":{"text":"é"}}"#,
        ),
        (guest!("echo"), long.as_str()),
        (guest!("context"), "{}"),
        (guest!("tell"), "{}"),
        (guest!("floats"), "{}"),
        (guest!("bulk"), "{}"),
        (guest!("maximum"), "{}"),
        (guest!("setting"), "{}"),
        (guest!("task"), "{}"),
        (guest!("kv"), "!gasaxk*caxyda+bGaSax?nz\""),
        (guest!("br-table"), "{}"),
        (guest!("realloc-odd"), "{}"),
        (guest!("data-outside"), "{}"),
        (guest!("elements-outside"), "{}"),
    ];
    requests
        .into_iter()
        .map(|((name, wat), request)| {
            let package = pack::package_wat(wat).unwrap();
            case(name.into(), &package, Export::CallTool(request.into()))
        })
        .collect()
}

/// Guests whose request picks an act. The comments in their files are the names: `;; a: loops.`
fn acts() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, wat) in [guest!("compute"), guest!("answers"), guest!("asks")] {
        let package = pack::package_wat(wat).unwrap();
        for (comment, function) in wat.lines().zip(wat.lines().skip(1)) {
            let letter = comment
                .strip_prefix("  ;; ")
                .and_then(|text| text.split_once(": "))
                .map(|(letter, _)| letter)
                .filter(|letter| letter.len() == 1);
            if let Some(letter) = letter {
                let act = function.trim_start_matches("  (func $");
                let act = act.split(' ').next().unwrap();
                let request = Export::CallTool(letter.into());
                cases.push(case(format!("{name} {letter}: {act}"), &package, request));
            }
        }
    }
    assert!(cases.len() > 60, "the comments of the guests are not read");
    cases
}

/// `cabi_realloc` that misbehaves: while the argument is placed, and while an answer is.
fn reallocating() -> Vec<Case> {
    let (_, wat) = guest!("realloc");
    let package = pack::package_wat(wat).unwrap();
    let acts = [
        "grows", "loops", "asks", "null", "odd", "lies", "wraps", "panics", "computes",
    ];
    let mut cases = Vec::new();
    for (number, act) in (1..).zip(acts) {
        let requests = [
            ("argument", "x".repeat(number)),
            ("answer", format!("{number}{}", "x".repeat(20))),
        ];
        for (what, request) in requests {
            let name = format!("realloc {what} {number}: {act}");
            cases.push(case(name, &package, Export::CallTool(request)));
        }
    }
    cases
}

fn describing() -> Vec<Case> {
    let guests = [
        guest!("echo"),
        guest!("describe-asks"),
        guest!("describe-loops"),
        guest!("describe-large"),
        guest!("describe-outside"),
    ];
    guests
        .into_iter()
        .map(|(name, wat)| {
            let package = pack::package_wat(wat).unwrap();
            case(format!("{name} describes"), &package, Export::Describe)
        })
        .collect()
}

/// Calls that end for want of fuel, at many places.
fn short() -> Vec<Case> {
    let (_, wat) = guest!("bulk");
    let bulk = pack::package_wat(wat).unwrap();
    let (_, wat) = guest!("asks");
    let asks = pack::package_wat(wat).unwrap();
    let mut cases = Vec::new();
    for (name, package, request) in [("bulk", bulk, "{}"), ("asks w", asks, "w")] {
        for fuel in SHORT {
            let name = format!("{name} with {fuel} fuel");
            let case = case(name, &package, Export::CallTool(request.into()));
            cases.push(Case { fuel, ..case });
        }
    }
    cases
}

/// Servers as their authors write them, and what they are asked.
const EXAMPLES: [(&str, &[(&str, &str)]); 3] = [
    (
        "hello",
        &[
            (
                "greet",
                r#"{"name":"greet","arguments":{"name":"Ada"},"_meta":{}}"#,
            ),
            (
                "echo",
                r#"{"name":"echo","arguments":{"text":"ä\u0000𝄞"},"_meta":{}}"#,
            ),
            (
                "wrong argument",
                r#"{"name":"greet","arguments":{"name":7},"_meta":{}}"#,
            ),
            (
                "no such tool",
                r#"{"name":"nothing","arguments":{},"_meta":{}}"#,
            ),
            ("no JSON", r#"{"name":"#),
        ],
    ),
    (
        "textkit",
        &[
            (
                "search",
                r#"{"name":"search","arguments":{"pattern":"(?i)(\\w+)ing\\b","text":"Sing a song, bring\na thing"}}"#,
            ),
            (
                "diff",
                r#"{"name":"diff","arguments":{"old":"a\nb\nc\n","new":"a\nB\nc\nd\n"}}"#,
            ),
            (
                "count",
                r#"{"name":"count","arguments":{"text":"One two. Two ones?"}}"#,
            ),
        ],
    ),
    (
        "units",
        &[
            (
                "convert",
                r#"{"name":"convert","arguments":{"value":"12.5","from":"km","to":"mi"}}"#,
            ),
            ("list", r#"{"name":"list_units","arguments":{}}"#),
        ],
    ),
];

fn examples() -> Vec<Case> {
    let mut cases = Vec::new();
    for (package, requests) in EXAMPLES {
        let module = v8::build_guest(&format!("smcp-{package}")).unwrap();
        let packed = pack::package(&std::fs::read(module).unwrap()).unwrap();
        let entries = requests
            .iter()
            .map(|(name, request)| (*name, Export::CallTool((*request).into())))
            .chain([("describes", Export::Describe)]);
        for (name, export) in entries {
            let case = case(format!("{package} {name}"), &packed, export);
            // What a regular expression costs to compile is more than what the attacks are given.
            cases.push(Case {
                fuel: 100_000_000,
                ..case
            });
        }
    }
    cases
}
