//! What is measured side by side: the floor, the host, and the usual TypeScript servers; each on a
//! workerd of its own, all answering the same echo.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::http::{self, Connection};
use super::load::{Client, TEXT};
use crate::dev::{self, Running};
use crate::{paths, setup};

/// Clients that send at once under load.
pub(super) const CLIENTS: usize = 32;

const MODERN: &str = "2026-07-28";
const LEGACY: &str = "2025-11-25";

/// A subject with its clients, connected.
#[derive(Debug)]
pub(super) struct Subject {
    /// Its stable name.
    pub(super) id: &'static str,
    /// What it is.
    pub(super) what: &'static str,
    /// The process group of its runtime.
    pub(super) group: u32,
    /// Its clients.
    pub(super) clients: Vec<Client>,
    /// Its runtime, if it is for nothing else.
    _running: Option<Running>,
}

/// The subject that all others are compared with.
pub(super) const FLOOR: &str = "floor";
/// This host.
pub(super) const HOST: &str = "host";
/// The agents SDK's stateless handler.
pub(super) const STATELESS: &str = "createMcpHandler";
/// The agents SDK's server with sessions.
pub(super) const AGENT: &str = "McpAgent";

/// The echo of `hello` on the host that runs in that process group.
///
/// # Errors
///
/// If nobody listens.
pub(super) fn host(origin: &str, group: u32, path: &str, key: &str) -> Result<Subject> {
    Ok(Subject {
        id: HOST,
        what: "tools/call of an echo on this host, with an API key",
        group,
        clients: clients(|| {
            let request = echo(origin, path, Some(key));
            Ok(Client::new(Connection::open(origin)?, request))
        })?,
        _running: None,
    })
}

/// A call of the echo in the modern era.
pub(super) fn echo(origin: &str, path: &str, key: Option<&str>) -> Vec<u8> {
    tool(origin, path, key, "echo", &json!({ "text": TEXT }))
}

/// A call of a tool in the modern era.
pub(super) fn tool(
    origin: &str,
    path: &str,
    key: Option<&str>,
    name: &str,
    arguments: &Value,
) -> Vec<u8> {
    let params = json!({ "name": name, "arguments": arguments });
    modern(origin, path, key, "tools/call", params)
}

/// The same request, with the header that a host in its fault mode obeys.
pub(super) fn provoking(request: &[u8], what: &str) -> Vec<u8> {
    let line = request
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let (first, rest) = request.split_at(line);
    let header = format!("x-smcp-provoke: {what}\r\n");
    [first, header.as_bytes(), rest].concat()
}

/// A request of the modern era; `params` is an object.
pub(super) fn modern(
    origin: &str,
    path: &str,
    key: Option<&str>,
    method: &str,
    mut params: Value,
) -> Vec<u8> {
    let name = params["name"].as_str().map(str::to_owned);
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": { "name": "bench", "version": "1.0.0" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let bearer = key.map(|key| format!("Bearer {key}"));
    let mut headers = vec![("MCP-Protocol-Version", MODERN), ("Mcp-Method", method)];
    headers.extend(name.as_deref().map(|name| ("Mcp-Name", name)));
    headers.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
    http::post(origin, path, &headers, &body.to_string())
}

/// An empty Durable Object, which is sent the very same request.
///
/// # Errors
///
/// If it does not start.
pub(super) fn floor() -> Result<Subject> {
    let running = serve("floor")?;
    let origin = running.url().to_owned();
    peer(FLOOR, "an empty JavaScript Durable Object", running, || {
        let request = echo(&origin, "/mcp", None);
        Ok(Client::new(Connection::open(&origin)?, request))
    })
}

/// The agents SDK's stateless handler.
///
/// # Errors
///
/// If it does not start.
pub(super) fn stateless() -> Result<Subject> {
    let running = serve("stateless")?;
    let origin = running.url().to_owned();
    let what = "the same echo on the agents SDK's createMcpHandler, no key";
    peer(STATELESS, what, running, || {
        let request = echo(&origin, "/mcp", None);
        Ok(Client::new(Connection::open(&origin)?, request))
    })
}

/// The agents SDK's server with sessions: one for each client.
///
/// # Errors
///
/// If it does not start.
pub(super) fn agent() -> Result<Subject> {
    let running = serve("agent")?;
    let origin = running.url().to_owned();
    let what = "the same echo on the agents SDK's McpAgent, no key";
    peer(AGENT, what, running, || session(&origin))
}

/// A client that has opened a session, as the legacy era wants it.
fn session(origin: &str) -> Result<Client> {
    let mut connection = Connection::open(origin)?;
    let initialize = json!({
        "jsonrpc": "2.0",
        "id": 0,
        "method": "initialize",
        "params": {
            "protocolVersion": LEGACY,
            "capabilities": {},
            "clientInfo": { "name": "bench", "version": "1.0.0" },
        },
    });
    let request = http::post(origin, "/mcp", &[], &initialize.to_string());
    let status = connection.exchange(&request)?;
    let id = connection.header("mcp-session-id");
    let id = id
        .with_context(|| format!("initialize answered {status}, without a session"))?
        .to_owned();
    let headers = [
        ("Mcp-Session-Id", id.as_str()),
        ("MCP-Protocol-Version", LEGACY),
    ];
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let request = http::post(origin, "/mcp", &headers, &initialized.to_string());
    ensure!(connection.exchange(&request)? == 202, "no session was made");
    let call = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": { "name": "echo", "arguments": { "text": TEXT } },
    });
    let request = http::post(origin, "/mcp", &headers, &call.to_string());
    Ok(Client::new(connection, request))
}

fn peer(
    id: &'static str,
    what: &'static str,
    running: Running,
    client: impl FnMut() -> Result<Client>,
) -> Result<Subject> {
    Ok(Subject {
        id,
        what,
        group: running.pid(),
        clients: clients(client).with_context(|| format!("connecting to {id}"))?,
        _running: Some(running),
    })
}

fn clients(mut client: impl FnMut() -> Result<Client>) -> Result<Vec<Client>> {
    (0..CLIENTS).map(|_| client()).collect()
}

/// Bundles `benches/e2e/NAME.js` as its author would, and runs it as the host is run.
///
/// # Errors
///
/// If it does not start.
pub(super) fn serve(name: &str) -> Result<Running> {
    let config = paths::root()
        .join("benches/e2e")
        .join(format!("{name}.toml"));
    let out = home()?.join(name);
    let mut wrangler = Command::new(paths::node());
    wrangler
        .arg(paths::root().join("node_modules/wrangler/bin/wrangler.js"))
        .args(["deploy", "--dry-run", "--minify", "--config"])
        .arg(&config)
        .arg("--outdir")
        .arg(&out)
        .env("WRANGLER_SEND_METRICS", "false")
        .current_dir(paths::root());
    setup::run(&mut wrangler).with_context(|| format!("bundling {name}"))?;
    let mut script = Command::new(paths::node());
    script
        .arg(paths::root().join("benches/e2e/serve.mjs"))
        .arg(config)
        .arg(out.join(format!("{name}.js")));
    dev::launch(&mut script).with_context(|| format!("starting {name}"))
}

/// Where the benchmark keeps its files.
///
/// # Errors
///
/// If it cannot be made.
pub(super) fn home() -> Result<PathBuf> {
    let home = paths::target().join("bench");
    fs::create_dir_all(&home)?;
    Ok(home)
}
