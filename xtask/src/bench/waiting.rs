//! Tasks that wait for a person: what each leaves in storage, and that all of them together take no time.
//!
//! The server is the example `everything`, whose tool `confirm_delete` becomes a task and asks.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use super::http::{self, Connection};
use super::runtime;
use super::stage::{MAIN, Stage, path};

/// The server whose tool waits.
pub(super) const SERVER: &str = "everything";
const MODERN: &str = "2026-07-28";
/// The platform lets an object sleep that has had nothing to do for ten seconds, once what it has counted is stored.
const UNTIL_ASLEEP: Duration = Duration::from_secs(25);
/// For so long the runtime is watched.
const WATCHED: Duration = Duration::from_secs(5);
/// By then every task has asked.
const PATIENCE: Duration = Duration::from_secs(120);

/// What waiting tasks cost.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Waiting {
    /// How many.
    pub(super) tasks: usize,
    /// Seconds until all of them waited.
    pub(super) seconds: f64,
    /// What the storage of the host has grown by for each, in bytes, on disk.
    pub(super) bytes_each: f64,
    /// The runtime's CPU in five seconds in which all of them wait, in milliseconds.
    pub(super) idle_cpu_millis: f64,
}

/// Begins that many, and waits until all wait.
///
/// # Errors
///
/// If one does not come to its question.
pub(super) fn measure(stage: &Stage, tasks: usize) -> Result<Waiting> {
    let before = size(stage.state())?;
    let host = stage.restart()?;
    let mut client = Connection::open(host.url())?;
    let begun = Instant::now();
    let mut ids = Vec::new();
    for number in 0..tasks {
        let arguments = json!({ "filename": format!("file-{number}.txt") });
        let params = json!({ "name": "confirm_delete", "arguments": arguments });
        let answer = ask(&mut client, host.url(), stage, "tools/call", params)?;
        let id = answer["result"]["taskId"].as_str();
        ids.push(id.with_context(|| format!("no task: {answer}"))?.to_owned());
    }
    for id in &ids {
        loop {
            let answer = ask(
                &mut client,
                host.url(),
                stage,
                "tasks/get",
                json!({ "taskId": id }),
            )?;
            match answer["result"]["status"].as_str() {
                Some("input_required") => break,
                Some("working") if begun.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(50));
                }
                _ => bail!("a task that should wait: {answer}"),
            }
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    thread::sleep(UNTIL_ASLEEP);
    let idle = runtime::of_group(host.pid())?;
    thread::sleep(WATCHED);
    let cpu = runtime::of_group(host.pid())?.cpu.saturating_sub(idle.cpu);
    drop(host);
    let grown = size(stage.state())?.saturating_sub(before);
    #[allow(clippy::cast_precision_loss, reason = "some thousands")]
    let bytes_each = grown as f64 / tasks as f64;
    Ok(Waiting {
        tasks,
        seconds,
        bytes_each,
        idle_cpu_millis: cpu.as_secs_f64() * 1e3,
    })
}

fn ask(
    client: &mut Connection,
    origin: &str,
    stage: &Stage,
    method: &str,
    mut params: Value,
) -> Result<Value> {
    let name = params["name"].as_str().or(params["taskId"].as_str());
    let name = name.unwrap_or_default().to_owned();
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": { "name": "bench", "version": "1.0.0" },
        "io.modelcontextprotocol/clientCapabilities": {
            "elicitation": {},
            "extensions": { "io.modelcontextprotocol/tasks": {} },
        },
    });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let bearer = format!("Bearer {}", stage.key);
    let headers = [
        ("MCP-Protocol-Version", MODERN),
        ("Mcp-Method", method),
        ("Mcp-Name", name.as_str()),
        ("Authorization", bearer.as_str()),
    ];
    let request = http::post(origin, &path(MAIN, SERVER), &headers, &body.to_string());
    let status = client.exchange(&request)?;
    let text = String::from_utf8_lossy(client.body()).into_owned();
    ensure!(status == 200, "{method} answered {status}: {text:.300}");
    serde_json::from_str(&text).with_context(|| format!("{method} answered {text:.300}"))
}

/// The bytes of all files below a directory.
fn size(directory: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let about = entry.metadata()?;
        sum += if about.is_dir() {
            size(&entry.path())?
        } else {
            about.len()
        };
    }
    Ok(sum)
}
