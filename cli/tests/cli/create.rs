//! From nothing to a package: `new`, `cargo test`, `build`, and what `build` warns of.

use std::process::Command;

use serde_json::json;

use crate::support::Bench;

/// A server that uses everything of its context that a replay must repeat.
const DICE: &str = r#"
use smcp_sdk::{Context, LoggingLevel, tool, tool_router};

#[derive(Default)]
pub struct Dice;

#[tool_router(server_handler)]
impl Dice {
    /// Rolls, slowly.
    #[tool]
    fn roll(&self, ctx: &Context) -> String {
        let before = ctx.now_millis();
        ctx.log(LoggingLevel::Info, "shaking");
        ctx.progress(1.0, Some(2.0), Some("rolling"));
        ctx.sleep(std::time::Duration::from_millis(20));
        let rolled: [u8; 8] = ctx.random();
        format!("{rolled:?} {before} {} {}", ctx.now_millis(), ctx.caller().server)
    }

    /// Lets one fall.
    #[tool]
    fn fall(&self, ctx: &Context) -> String {
        let height: [u8; 1] = ctx.random();
        panic!("fell from {height:?}")
    }
}

smcp_sdk::serve!(Dice);
"#;

/// Parts of std that compile and do nothing good.
const MISUSE: &str = r#"
#[unsafe(no_mangle)]
pub extern "C" fn time(_: u32) -> usize {
    format!("{:?}", std::time::SystemTime::now()).len()
}

#[unsafe(no_mangle)]
pub extern "C" fn thread(n: u32) -> usize {
    format!("{:?}", std::thread::spawn(move || n + 1).join()).len()
}

#[unsafe(no_mangle)]
pub extern "C" fn sleep(n: u32) {
    std::thread::sleep(std::time::Duration::from_millis(n.into()));
}

#[unsafe(no_mangle)]
pub extern "C" fn print(n: u32) {
    println!("{n}");
}

#[unsafe(no_mangle)]
pub extern "C" fn read(n: u32) -> usize {
    format!("{:?}", std::fs::read(n.to_string())).len()
}
"#;

/// A crate outside the workspace shares one target directory with the others, and resolves to the
/// versions that the workspace has: so nothing is fetched, and most of it is compiled once.
fn environment() -> [(&'static str, &'static str); 2] {
    [
        (
            "CARGO_TARGET_DIR",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/smcp-cli-outside"),
        ),
        ("CARGO_NET_OFFLINE", "true"),
    ]
}

fn lock(bench: &Bench, directory: &str) {
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
    std::fs::copy(lock, bench.path(directory).join("Cargo.lock")).unwrap();
}

#[test]
fn a_new_server_is_tested_built_and_called_outside_the_workspace() {
    let bench = Bench::new();
    let made = bench.smcp(&["--json", "new", "my-dice"]).json();
    assert!(
        made["files"]
            .as_array()
            .unwrap()
            .contains(&json!("AGENTS.md"))
    );
    let agents = String::from_utf8(bench.read("my-dice/AGENTS.md")).unwrap();
    assert!(agents.contains("smcp inspect my-dice.wasm"), "{agents}");
    assert_eq!(
        bench.smcp(&["--json", "new", "my-dice"]).error(),
        (1, "exists".into())
    );
    lock(&bench, "my-dice");

    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut test = Command::new(cargo);
    test.arg("test")
        .current_dir(bench.path("my-dice"))
        .envs(environment());
    let tested = test.env_remove("RUSTFLAGS").output().unwrap();
    assert!(
        tested.status.success(),
        "{}",
        String::from_utf8_lossy(&tested.stderr)
    );

    let build = ["--json", "build", "--path", "my-dice"];
    let built = bench.smcp_with(&build, &environment(), "").json();
    assert_eq!(built["tools"], json!(["greet"]));
    assert_eq!(built["warnings"], json!([]));
    let module = "my-dice/my-dice.wasm";
    assert_eq!(
        bench
            .smcp(&["call", module, "greet", r#"{"name":"Ada"}"#])
            .ok(),
        "Hello, Ada!\n"
    );
    assert_eq!(
        bench
            .smcp(&["call", module, "greet", r#"{"name":""}"#])
            .code,
        4
    );

    bench.write("my-dice/src/lib.rs", DICE);
    let mut manifest = String::from_utf8(bench.read("my-dice/Cargo.toml")).unwrap();
    manifest += "[package.metadata.smcp]\nname = \"dice\"\nlimits = { fuel = 1000000 }\n";
    bench.write("my-dice/Cargo.toml", manifest);
    bench.smcp_with(&build, &environment(), "").ok();
    let module = "my-dice/dice.wasm";
    let shown = bench.smcp(&["--json", "inspect", module]).json();
    assert_eq!(
        (&shown["manifest"][0], &shown["limits"]["fuel"]),
        (&json!("dice"), &json!(1_000_000))
    );
    let roll = || bench.smcp(&["call", module, "roll", "--record", "roll.tape"]);
    let (first, second) = (roll(), roll());
    assert_ne!(first.ok(), second.ok(), "randomness is random");
    assert!(second.stderr.contains("info shaking"), "{}", second.stderr);
    assert!(
        second.stderr.contains("progress 1/2 rolling"),
        "{}",
        second.stderr
    );
    let replayed = bench.smcp(&["replay", "roll.tape", "--module", module, "--show"]);
    assert!(
        replayed.ok().ends_with(second.ok()),
        "{} {}",
        replayed.stdout,
        second.stdout
    );
    assert!(
        !replayed.stderr.contains("shaking"),
        "a replay tells nobody anything"
    );
    assert_eq!(
        bench
            .smcp(&["call", module, "fall", "--record", "fall.tape"])
            .code,
        4
    );
    let fallen = bench.smcp(&["replay", "fall.tape", "--module", module, "--log"]);
    assert!(fallen.ok().contains("guest_panicked"), "{}", fallen.stdout);
    assert!(fallen.stderr.contains("error panic"), "{}", fallen.stderr);
    assert!(fallen.stderr.contains("fell from ["), "{}", fallen.stderr);
}

/// Reads a setting that it declares.
const LIMITED: &str = r#"
use smcp_sdk::{ConfigError, Context, tool, tool_router};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    limit: u32,
}

#[derive(Default)]
pub struct Limited;

#[tool_router(server_handler)]
impl Limited {
    /// Says how many.
    #[tool]
    fn limit(&self, ctx: &Context) -> Result<u32, ConfigError> {
        Ok(ctx.config::<Settings>()?.limit)
    }
}

smcp_sdk::serve!(Limited);
"#;

#[test]
fn what_a_server_asks_for_is_read_from_its_cargo_toml_and_mistakes_are_told_before_it_is_compiled()
{
    let bench = Bench::new();
    bench.smcp(&["new", "limited"]).ok();
    lock(&bench, "limited");
    bench.write("limited/src/lib.rs", "this is not compiled");
    let manifest = String::from_utf8(bench.read("limited/Cargo.toml")).unwrap();
    let build = ["--json", "build", "--path", "limited"];
    let host = "[[package.metadata.smcp.http]]\nhost = \"api.example.com\"\nmethods = [\"GET\"]\n";
    for (asks, code) in [
        (
            "[[package.metadata.smcp.http]]\nhost = \"api.example.com\"\n",
            "crate",
        ),
        (
            "[[package.metadata.smcp.http]]\nhost = \"localhost\"\nmethods = [\"GET\"]\n",
            "crate",
        ),
        (
            "[[package.metadata.smcp.http]]\nhost = \"a.example.com\"\nmethods = []\n",
            "asks_invalid",
        ),
        (&*format!("{host}{host}"), "asks_invalid"),
        (
            "[[package.metadata.smcp.secrets]]\nname = \"a b\"\n",
            "asks_invalid",
        ),
        (
            "[[package.metadata.smcp.secrets]]\nname = \"A\"\nvalue = \"v\"\n",
            "crate",
        ),
        (
            "[[package.metadata.smcp.secrets]]\nname = \"A\"\nhosts = [\"a.example.com\"]\n",
            "asks_invalid",
        ),
        (
            "[package.metadata.smcp.config]\nlimit = \"integer\"\n",
            "asks_invalid",
        ),
        (
            "[package.metadata.smcp.config.limit]\ntype = \"integre\"\n",
            "schema_invalid",
        ),
        (
            "[package.metadata.smcp.config.limit]\npattern = \"(\"\n",
            "schema_pattern",
        ),
    ] {
        bench.write("limited/Cargo.toml", format!("{manifest}{asks}"));
        let built = bench.smcp_with(&build, &environment(), "");
        assert_eq!(built.error(), (1, code.into()), "{asks}\n{}", built.stderr);
    }

    bench.write("limited/src/lib.rs", LIMITED);
    bench.write("limited/Cargo.toml", format!("{manifest}{host}"));
    let built = bench.smcp_with(&build, &environment(), "");
    assert_eq!(built.error(), (1, "asks_unused".into()), "{}", built.stderr);
    let limit = "[package.metadata.smcp.config.limit]\ntype = \"integer\"\nminimum = 1\n";
    bench.write("limited/Cargo.toml", format!("{manifest}{limit}"));
    let built = bench.smcp_with(&build, &environment(), "").json();
    let asks = json!({"config": {"limit": {"type": "integer", "minimum": 1}}});
    assert_eq!(built["asks"], asks);
    let module = "limited/limited.wasm";
    assert_eq!(
        bench.smcp(&["--json", "inspect", module]).json()["asks"],
        asks
    );
    let shown = bench.smcp(&["inspect", module]);
    assert!(
        shown.ok().contains("reads the setting limit"),
        "{}",
        shown.stdout
    );
    let call = |setting: &str| bench.smcp(&["--json", "call", module, "limit", "--set", setting]);
    assert!(call("limit=5").ok().contains('5'));
    assert_eq!(call("limit=0").error(), (2, "argument".into()));
    assert_eq!(call("limt=5").error(), (2, "argument".into()));
}

#[test]
fn misuse_of_std_is_told_with_what_to_use_instead() {
    let bench = Bench::new();
    bench.write("misuse/src/lib.rs", MISUSE);
    let manifest =
        "[package]\nname = \"misuse\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
    bench.write("misuse/Cargo.toml", manifest);
    let build = ["--json", "build", "--path", "misuse"];
    let built = bench.smcp_with(&build, &environment(), "");
    assert_eq!(built.error(), (1, "crate".into()), "no cdylib");
    assert!(built.stderr.contains("crate-type"), "{}", built.stderr);
    let library =
        "[lib]\ncrate-type = [\"cdylib\"]\n[profile.release]\nlto = \"fat\"\nstrip = true\n";
    bench.write("misuse/Cargo.toml", format!("{manifest}{library}"));
    let built = bench.smcp_with(&build, &environment(), "");
    assert_eq!(
        built.error(),
        (1, "export_missing".into()),
        "nor is it a server"
    );
    for part in [
        "std::time (",
        "std::thread,",
        "std::thread::sleep",
        "println!",
    ] {
        assert!(built.stderr.contains(part), "{part}: {}", built.stderr);
    }
    let files = MISUSE.replace("std::thread::spawn(move || n + 1).join()", "n");
    bench.write("misuse/src/lib.rs", files);
    let built = bench.smcp_with(&build, &environment(), "");
    assert!(built.stderr.contains("std::fs") && !built.stderr.contains("std::thread,"));
}

#[test]
fn a_crate_that_does_not_compile_is_cargos_to_explain() {
    let bench = Bench::new();
    bench.write("broken/src/lib.rs", "fn broken( {");
    bench.write(
        "broken/Cargo.toml",
        "[package]\nname = \"broken\"\nversion = \"0.1.0\"\n[lib]\ncrate-type = [\"cdylib\"]\n[workspace]\n",
    );
    let built = bench.smcp_with(&["--json", "build", "--path", "broken"], &environment(), "");
    assert_eq!(built.error(), (1, "cargo".into()));
    assert!(built.stderr.contains("src/lib.rs"), "{}", built.stderr);
    let nowhere = bench.smcp(&["--json", "build", "--path", "nowhere"]);
    assert_eq!(nowhere.error(), (1, "file".into()));
}

#[test]
fn a_name_that_no_crate_can_have_makes_nothing() {
    let bench = Bench::new();
    for name in ["fn", "2nd", "Upper", "a_b", "../a", ""] {
        assert_eq!(bench.smcp(&["new", name]).code, 2, "{name}");
    }
    assert_eq!(std::fs::read_dir(bench.path("")).unwrap().count(), 0);
}
