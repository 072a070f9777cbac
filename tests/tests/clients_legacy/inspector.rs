//! The Inspector's two commands in sessions of MCP 2025-11-25: `--cli`, which makes one request and ends,
//! and `mcpdo`, which holds a connection in a process of its own while other processes use it. Neither is
//! told anything but its arguments, and what is said is what it prints.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use smcp_tests::driven::Driven;
use smcp_tests::everything::{Served, quiet};
use smcp_tests::mortal::{Mortal, kill};
use smcp_xtask::{dev, paths};

/// Whose publisher signs the releases: the same for all tests of this binary.
const TENANT: &str = "legacy";
const CONNECTION: &str = "held";

/// A command of the Inspector, which keeps what it has to in a directory of a test's own.
fn command(script: &str, home: &Path) -> Command {
    let clients = paths::root().join("node_modules/@modelcontextprotocol/inspector/clients");
    let mut node = Command::new(paths::node());
    node.arg(clients.join(script))
        .current_dir(paths::root())
        .env("HOME", home)
        .env("MCP_INSPECTOR_SECRET_STORE", "memory")
        .stdin(Stdio::null());
    node
}

fn fresh_home() -> PathBuf {
    let home = paths::target()
        .join("e2e")
        .join(format!("inspector-{}", dev::random_hex(6).unwrap()));
    std::fs::create_dir_all(&home).unwrap();
    home
}

/// What a command printed, which ended well.
#[track_caller]
fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?}: {out}{err}");
    out
}

#[track_caller]
fn json_of(command: &mut Command) -> Value {
    let out = printed(command);
    serde_json::from_str(&out).unwrap_or_else(|why| panic!("{why}: {out}"))
}

// ---- One request --------------------------------------------------------------------------------

/// One request of `--cli`.
#[track_caller]
fn cli(name: &str, request: &[&str]) -> Value {
    let served = Served::new(TENANT, &format!("cli-{name}")).unwrap();
    let mut command = command("launcher/build/index.js", &fresh_home());
    command
        .args(["--cli", "--transport", "http", "--protocol-era", "legacy"])
        .args(["--server-url", &served.endpoint])
        .args(["--header", &format!("Authorization: Bearer {}", served.key)])
        .args(["--format", "json", "--method"])
        .args(request);
    let said = json_of(&mut command);
    said.get("result").cloned().unwrap_or(said)
}

#[test]
fn the_command_line_lists() {
    let tools = cli("lists", &["tools/list"])["tools"].take();
    let mut names = tools.as_array().unwrap().iter().map(|tool| &tool["name"]);
    assert!(names.any(|name| name == "test_simple_text"), "{tools}");
}

#[test]
fn the_command_line_calls() {
    let given = r#"{"to": 3, "pauseMillis": 50}"#;
    let request = ["tools/call", "--tool-name", "test_counting"];
    let request = [&request[..], &["--tool-args-json", given]].concat();
    let said = cli("calls", &request);
    assert_eq!(said["content"][0]["text"], "Counted to 3.", "{said}");
}

#[test]
fn the_command_line_reads() {
    let said = cli("reads", &["resources/read", "--uri", "test://static-text"]);
    let text = &said["contents"][0]["text"];
    let expected = "This is the content of the static text resource.";
    assert_eq!(text, expected, "{said}");
}

#[test]
fn the_command_line_gets_a_prompt() {
    let request = ["prompts/get", "--prompt-name", "test_prompt_with_arguments"];
    let request = [&request[..], &["--prompt-args", "arg1=one", "arg2=two"]].concat();
    let said = cli("prompts", &request);
    let text = &said["messages"][0]["content"]["text"];
    let expected = "Prompt with arguments: arg1='one', arg2='two'";
    assert_eq!(text, expected, "{said}");
}

#[test]
fn the_command_line_sets_the_level_of_the_log() {
    let said = cli("level", &["logging/setLevel", "--log-level", "info"]);
    assert!(said.is_object(), "{said}");
}

// ---- A connection that is held ------------------------------------------------------------------

/// A connection of `mcpdo`. It ends, with the process that holds it, when this is dropped.
struct Held {
    home: PathBuf,
    daemon: Vec<(String, String)>,
}

impl Held {
    /// Connects.
    #[track_caller]
    fn to(served: &Served) -> Self {
        let home = fresh_home();
        // A process of this test's own, which it says how to reach.
        let exports = printed(command("mcpdo/build/mcp-bin.js", &home).arg("private"));
        let daemon = exports.lines().filter_map(|line| {
            let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
            Some((name.to_owned(), value.trim_matches('\'').to_owned()))
        });
        let held = Self {
            daemon: daemon.collect(),
            home,
        };
        let authorization = format!("Authorization: Bearer {}", served.key);
        let mut connect = held.command(&["connect", "--transport", "http", "--era", "legacy"]);
        connect.args(["--elicit", "form", "--server-url", &served.endpoint]);
        printed(connect.args(["--header", &authorization]));
        held
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command("mcpdo/build/mcp-bin.js", &self.home);
        command
            .envs(self.daemon.iter().map(|(name, value)| (name, value)))
            .args(["--format", "json", "--stored-auth-only"]);
        if arguments[0] == "connect" {
            command.args(["--connection", CONNECTION]);
        } else {
            command.arg(format!("@{CONNECTION}"));
        }
        command.args(arguments);
        command
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) -> Value {
        json_of(&mut self.command(arguments))
    }

    /// Asks what asks; the call waits, and the id of the question is given.
    #[track_caller]
    fn question(&self) -> String {
        let given = r#"{"message": "Who are you?"}"#;
        let said = self.run(&["tools/call", "test_elicitation", given]);
        let pending = found(&said, "elicitationId").unwrap_or_else(|| panic!("{said}"));
        pending.as_str().unwrap().to_owned()
    }

    /// Answers the question, and gives what came of the call.
    #[track_caller]
    fn answer(&self, question: &str) -> Value {
        let given = r#"{"username": "ada", "email": "ada@example.com"}"#;
        let said = self.run(&["elicitation/respond", question, given]);
        found(&said, "text").unwrap_or_else(|| panic!("{said}"))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut stop = command("mcpdo/build/mcp-bin.js", &self.home);
        stop.envs(self.daemon.iter().map(|(name, value)| (name, value)));
        // If it has ended by itself, so much the better.
        let _ = stop.args(["daemon", "stop"]).output();
    }
}

/// A member of that name, wherever it is.
fn found(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Object(members) => members
            .get(name)
            .cloned()
            .or_else(|| members.values().find_map(|inner| found(inner, name))),
        Value::Array(items) => items.iter().find_map(|inner| found(inner, name)),
        _ => None,
    }
}

const ELICITED: &str =
    r#"User response: action=accept, content={"username":"ada","email":"ada@example.com"}"#;

#[test]
fn a_held_connection_calls_and_answers_questions() {
    let served = Served::new(TENANT, "held-asks").unwrap();
    let held = Held::to(&served);
    let said = held.run(&["tools/call", "test_simple_text"]);
    let text = found(&said, "text").unwrap_or_else(|| panic!("{said}"));
    assert_eq!(text, "This is a simple text response for testing.");
    for _ in 0..2 {
        let question = held.question();
        assert_eq!(held.answer(&question), ELICITED);
    }
}

#[test]
fn a_held_connection_hears_of_what_it_subscribed_to() {
    let served = Served::new(TENANT, "held-subscribes").unwrap();
    let held = Held::to(&served);
    let mut listens = held.command(&["resources/subscribe", "test://static-text"]);
    let mut listens = Driven::process(&mut listens).unwrap();
    // It prints an object over several lines when it is subscribed, and one for each update.
    let mut until = |word: &str| {
        let mut heard = listens.heard().unwrap().to_string();
        while !heard.contains(word) {
            heard = listens.heard().unwrap().to_string();
        }
    };
    until("subscribed");
    for _ in 0..2 {
        served.call("test_resource_update").unwrap();
        until("resources/updated");
        until("test://static-text");
    }
}

#[test]
fn the_question_of_a_held_connection_outlives_the_host() {
    let mortal = Mortal::new().unwrap();
    let platform = mortal.start().unwrap();
    let served = Served::on(&platform, TENANT).unwrap();
    let _quiet = quiet();
    let held = Held::to(&served);
    let question = held.question();
    kill(platform).unwrap();
    let _running = mortal.start_bare().unwrap();
    assert_eq!(held.answer(&question), ELICITED);
}
