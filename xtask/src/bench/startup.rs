//! What the Worker adds to the start of a bare workerd: reading, compiling and evaluating its
//! modules, and the first answer of the edge. No Node.js is in the way.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;

use super::http::{self, Connection};
use super::load::median;
use super::stage::millis;
use super::subjects;
use crate::{dev, paths, setup};

/// How often to look whether it answers.
const POLL: Duration = Duration::from_micros(200);
const GIVE_UP: Duration = Duration::from_secs(20);

/// Milliseconds from starting workerd to its first answer; medians.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Startup {
    /// With a Worker that answers a constant.
    pub(super) empty_millis: f64,
    /// With the host, to `GET /healthz`.
    pub(super) host_millis: f64,
}

impl Startup {
    /// What the host adds.
    pub(super) fn added(&self) -> f64 {
        self.host_millis - self.empty_millis
    }
}

/// A Worker's directory, and whether it is the host.
type Worker = (PathBuf, bool);

/// Starts each so often, in turns.
///
/// # Errors
///
/// If one does not answer.
pub(super) fn measure(rounds: usize) -> Result<Startup> {
    let runtime = runtime()?;
    let home = subjects::home()?.join("startup");
    let workers = [prepare(&home, false)?, prepare(&home, true)?];
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..=rounds {
        for ((directory, is_host), times) in workers.iter().zip(&mut times) {
            let port = dev::free_port()?;
            let config = directory.join("config.capnp");
            fs::write(&config, configuration(directory, *is_host, port)?)?;
            let took = once(&runtime, &config, port)?;
            // The first one fills the caches of the system.
            if round > 0 {
                times.push(millis(took));
            }
        }
    }
    let [empty, host] = times.map(median);
    Ok(Startup {
        empty_millis: empty,
        host_millis: host,
    })
}

/// A directory with the modules of a Worker: workerd wants them beside its configuration.
fn prepare(home: &Path, is_host: bool) -> Result<Worker> {
    let directory = home.join(if is_host { "host" } else { "empty" });
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    fs::create_dir_all(&directory)?;
    if is_host {
        for file in fs::read_dir(paths::build())? {
            let file = file?;
            fs::copy(file.path(), directory.join(file.file_name()))?;
        }
    } else {
        let script = "export default { fetch() { return new Response(\"ok\"); } };\n";
        fs::write(directory.join("entry.js"), script)?;
    }
    Ok((directory, is_host))
}

/// What Miniflare would write, less what the first answer does not need.
fn configuration(directory: &Path, is_host: bool, port: u16) -> Result<String> {
    let mut names: Vec<String> = fs::read_dir(directory)?
        .map(|file| Ok(file?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    names.sort_by_key(|name| (name != "entry.js", name.clone()));
    let mut modules = String::new();
    for name in names {
        let kind = match name.rsplit_once('.') {
            Some((_, "js")) => "esModule",
            Some((_, "wasm")) => "wasm",
            _ => continue,
        };
        writeln!(
            modules,
            "    (name = \"{name}\", {kind} = embed \"{name}\"),"
        )?;
    }
    let toml = fs::read_to_string(paths::root().join("wrangler.toml"))?;
    let date = quoted(&toml, "compatibility_date = ").context("no compatibility_date")?;
    let flags = toml.split_once("compatibility_flags = [");
    let flags = flags.and_then(|(_, rest)| rest.split_once("\n]"));
    let flags: Vec<&str> = flags.map_or_else(Vec::new, |(list, _)| {
        list.lines()
            .filter_map(|line| quoted(line, "    "))
            .collect()
    });
    let flags = flags
        .iter()
        .map(|flag| format!("\"{flag}\""))
        .collect::<Vec<_>>();
    let objects = if is_host { OBJECTS } else { "" };
    Ok(format!(
        "using Workerd = import \"/workerd/workerd.capnp\";\n\
         const config :Workerd.Config = (\n\
         \x20 services = [(name = \"main\", worker = .worker)],\n\
         \x20 sockets = [(name = \"http\", address = \"127.0.0.1:{port}\", http = (), service = \"main\")],\n\
         );\n\
         const worker :Workerd.Worker = (\n\
         \x20 modules = [\n{modules}  ],\n\
         \x20 compatibilityDate = \"{date}\",\n\
         \x20 compatibilityFlags = [{}],\n{objects});\n",
        flags.join(", ")
    ))
}

const OBJECTS: &str = "  durableObjectNamespaces = [(className = \"HostObject\", uniqueKey = \"bench\", enableSql = true)],
  durableObjectStorage = (inMemory = void),
  bindings = [
    (name = \"OBJECTS\", durableObjectNamespace = \"HostObject\"),
    (name = \"MASTER_KEYS\", text = \"1:0000000000000000000000000000000000000000000000000000000000000001\"),
    (name = \"ADMIN_TOKEN\", text = \"startup\"),
  ],
";

/// What stands between quotes after `before`, at the start of a line.
fn quoted<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let value = text.lines().find_map(|line| line.strip_prefix(before))?;
    value.strip_prefix('"')?.split('"').next()
}

/// Starts workerd; gives the time until it has answered once.
fn once(runtime: &str, config: &Path, port: u16) -> Result<Duration> {
    let begun = Instant::now();
    let mut child = Command::new(runtime)
        .arg("serve")
        .arg(config)
        .stdin(Stdio::null())
        .spawn()
        .context("starting workerd")?;
    let answered = answer(&mut child, port, begun);
    child.kill()?;
    child.wait()?;
    answered
}

fn answer(child: &mut Child, port: u16, begun: Instant) -> Result<Duration> {
    let origin = format!("http://127.0.0.1:{port}");
    let mut connection = loop {
        if let Ok(connection) = Connection::open(&origin) {
            break connection;
        }
        if let Some(status) = child.try_wait()? {
            bail!("workerd ended by itself ({status})");
        }
        ensure!(begun.elapsed() < GIVE_UP, "workerd does not listen");
        thread::sleep(POLL);
    };
    let status = connection.exchange(&http::get(&origin, "/healthz"))?;
    let took = begun.elapsed();
    let body = String::from_utf8_lossy(connection.body()).into_owned();
    ensure!(status == 200, "/healthz answered {status}: {body}");
    Ok(took)
}

/// The runtime that Miniflare runs.
fn runtime() -> Result<String> {
    let mut node = Command::new(paths::node());
    node.args(["--print", "require(\"workerd\").default"])
        .current_dir(paths::root());
    Ok(setup::output(&mut node)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_quoted_value_is_found_at_the_start_of_its_line() {
        let text = "# a = \"no\"\na = \"yes\" # why\n";
        assert_eq!(quoted(text, "a = "), Some("yes"));
        assert_eq!(quoted(text, "b = "), None);
    }
}
