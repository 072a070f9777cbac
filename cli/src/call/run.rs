//! `smcp call`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;
use smcp_capability::call::{Caller, Notice, Origin};
use smcp_ids::{Fuel, limits};
use smcp_protocol::json::{Json, Kind};
use smcp_sandbox::{Bounds, Ended, profile};
use smcp_tape::{Header, Recording, Tape};
use smcp_tenant::call::Telling;
use smcp_tenant::replay::end_of;

use super::drive::{Driven, Within, live, now};
use super::outcome::{Outcome, is_replayable};
use crate::failure::Failure;
use crate::inspect::tools;
use crate::local::{LOCAL, Local};
use crate::outbound::{Fetcher, Given, Outbound};
use crate::store::Store;
use crate::ui::{FAINT, Ui, bytes, number};
use crate::{files, keys};

/// Calls a tool of a module on this machine, in the sandbox and within the limits of a host.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp call hello.wasm greet '{\"name\": \"Ada\"}'
  smcp call hello.wasm echo @arguments.json --record echo.tape
  smcp call notes.wasm add '{\"text\": \"Milk\"}' --store notes.store
  smcp call issues.wasm search '{\"query\": \"crash\"}' --allow api.github.com --secret GITHUB_TOKEN
  smcp call --json hello.wasm greet '{\"name\": \"Ada\"}' | jq .structuredContent

The result goes to standard output; log, progress and what the call cost go to standard error. Time,
randomness and sleeping are real. Exits with 4 if the tool fails, and with 1 if it cannot be called.")]
pub(crate) struct Run {
    /// The package, signed or not
    #[arg(value_name = "MODULE")]
    module: PathBuf,
    /// The tool
    #[arg(value_name = "TOOL")]
    tool: String,
    /// Its arguments, a JSON object; @FILE reads a file, - standard input
    #[arg(value_name = "JSON", default_value = "{}")]
    arguments: String,
    /// Record the call to FILE, for `smcp replay`; a recording is a secret: it reveals randomness
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Keep what the server stores in FILE from one call to the next
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// Give the server a setting, such as limit=20; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    #[command(flatten)]
    given: Given,
    /// Fuel that the call may use [default: what the server asks for]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=limits::FUEL_CEILING))]
    fuel: Option<u64>,
    /// Milliseconds that the call may take [default: what the server asks for]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=limits::DEADLINE_CEILING_MILLIS))]
    deadline: Option<u64>,
}

/// The params of `tools/call`, as a guest is given them.
#[derive(Serialize)]
struct GuestRequest<'a> {
    name: &'a str,
    arguments: &'a RawValue,
}

pub(crate) fn run(args: &Run, ui: Ui) -> Result<(), Failure> {
    run_through(args, Fetcher::public(), ui)
}

/// The same, with requests to other hosts sent by that fetcher.
pub(crate) fn run_through(args: &Run, fetcher: Fetcher, ui: Ui) -> Result<(), Failure> {
    let request = request(&args.tool, arguments(&args.arguments)?.trim())?;
    let local = Local::load(&files::read(&args.module)?)?;
    check_tool(&local, &args.tool)?;
    let granted = local.admitted.limits();
    let bounds = Bounds {
        memory: granted.memory,
        fuel: args.fuel.map_or(granted.fuel, Fuel),
        output: granted.output,
    };
    let deadline = args.deadline.unwrap_or(granted.deadline_millis);
    let read_only = says_it_only_reads(&local, &args.tool)?;
    let tape = Tape::blank(header(&local, "{}", read_only)?);
    let store = Store::open(args.store.as_deref(), &args.settings, &local)?;
    let outbound = Outbound::open(&args.given, fetcher, ui)?;
    let busy = ui.busy(format!("calling {}", args.tool));
    let tell = |telling| busy.aside(|| told(ui, telling));
    let within = Within { bounds, deadline };
    let outside = (&store, &outbound);
    let driven = live(&local.loaded, request.clone(), within, tape, outside, tell);
    drop(busy);
    let driven = driven?;
    let outcome = Outcome::of(&driven.ended);
    ui.text(&if ui.json {
        outcome.text.clone()
    } else {
        outcome.pretty()
    })?;
    cost(ui, &driven.ended, driven.took);
    if let Some(file) = &args.record {
        record(file, &local, bounds, request, &driven)?;
        ui.done(format_args!("recorded to {}", file.display()));
    }
    outcome
        .failure
        .map_or(Ok(()), |why| Err(Failure::Call(why)))
}

fn arguments(given: &str) -> Result<String, Failure> {
    match given.strip_prefix('@') {
        Some(path) => {
            let path = Path::new(path);
            String::from_utf8(files::read(path)?)
                .map_err(|_| Failure::Argument(format!("{} is not UTF-8", path.display())))
        }
        None if given == "-" => files::stdin(),
        None => Ok(given.to_owned()),
    }
}

/// What the guest is given, after the arguments were read as strictly as a host reads them.
fn request(tool: &str, arguments: &str) -> Result<String, Failure> {
    let wrong = |why: String| Failure::Argument(format!("the arguments of {tool}: {why}"));
    let json = Json::parse(arguments.as_bytes()).map_err(|error| wrong(error.to_string()))?;
    if json.kind() != Kind::Object {
        return Err(wrong(
            "give a JSON object, such as '{\"name\": \"Ada\"}'".to_owned(),
        ));
    }
    let arguments = serde_json::from_str(arguments).map_err(|error| wrong(error.to_string()))?;
    serde_json::to_string(&GuestRequest {
        name: tool,
        arguments,
    })
    .map_err(|error| wrong(error.to_string()))
}

fn check_tool(local: &Local, tool: &str) -> Result<(), Failure> {
    let catalogue = local.catalogue()?;
    if catalogue.tool(tool).is_some() {
        return Ok(());
    }
    Err(Failure::NoTool {
        tool: tool.to_owned(),
        tools: tools(&catalogue).join(", "),
    })
}

fn says_it_only_reads(local: &Local, tool: &str) -> Result<bool, Failure> {
    let catalogue = local.catalogue()?;
    Ok(catalogue.tool(tool).is_some_and(|tool| tool.read_only()))
}

/// What is fixed when a call on this machine starts, for a client of those capabilities.
pub(crate) fn header(
    local: &Local,
    client_capabilities: &str,
    read_only: bool,
) -> Result<Header, Failure> {
    let caller = Caller {
        tenant: LOCAL.to_owned(),
        server: local.admitted.manifest().name().to_string(),
        principal: LOCAL.to_owned(),
        scopes: Vec::new(),
    };
    Ok(Header {
        seed: *keys::random()?,
        start: now(),
        caller,
        client_capabilities: client_capabilities.to_owned(),
        origin: Origin::default(),
        deadline_millis: local.admitted.limits().deadline_millis,
        read_only,
    })
}

/// Tells on standard error what a guest tells.
pub(crate) fn told(ui: Ui, telling: Telling) {
    match telling {
        Telling::Log {
            level,
            logger,
            data,
        } => {
            let logger = logger.map_or_else(String::new, |logger| format!(" {logger}"));
            // A JSON string is told without its quotes.
            let data = serde_json::from_str::<String>(&data).unwrap_or(data);
            ui.note(format_args!(
                "{FAINT}{}{logger}{FAINT:#} {}",
                level.as_str(),
                printable(&data)
            ));
        }
        Telling::Progress {
            progress,
            total,
            message,
        } => {
            let total = total.map_or_else(String::new, |total| format!("/{total}"));
            let message = printable(&message.unwrap_or_default());
            ui.note(format_args!(
                "{FAINT}progress{FAINT:#} {progress}{total} {message}"
            ));
        }
        Telling::Notice(Notice::ResourceUpdated(uri)) => {
            ui.note(format_args!(
                "{FAINT}resource updated{FAINT:#} {}",
                printable(&uri)
            ));
        }
        Telling::Notice(Notice::ResourceListChanged) => {
            ui.note(format_args!("{FAINT}resource list changed{FAINT:#}"));
        }
    }
}

/// A guest's text without what could steer a terminal.
pub(crate) fn printable(text: &str) -> String {
    let shown = |c: char| {
        if c.is_control() && c != '\n' && c != '\t' {
            '\u{fffd}'
        } else {
            c
        }
    };
    text.chars().map(shown).collect()
}

fn cost(ui: Ui, ended: &Ended, took: Duration) {
    if ui.json {
        let millis = took.as_secs_f64() * 1_000.0;
        ui.note(
            serde_json::json!({ "fuel": ended.fuel, "memory": ended.memory, "millis": millis }),
        );
    } else {
        let (fuel, memory) = (number(ended.fuel.0), bytes(ended.memory as u64));
        ui.note(format_args!(
            "{FAINT}{fuel} fuel, {memory} memory, {took:.1?}{FAINT:#}"
        ));
    }
}

fn record(
    file: &Path,
    local: &Local,
    bounds: Bounds,
    request: String,
    driven: &Driven,
) -> Result<(), Failure> {
    if !is_replayable(&driven.ended) {
        return Err(Failure::NotRecorded(
            "the call ended by the clock or by a fault of this machine, which no replay repeats",
        ));
    }
    let recording = Recording {
        release: local.admitted.release(),
        profile: profile::ID,
        memory: bounds.memory as u64,
        fuel: bounds.fuel,
        output: bounds.output as u64,
        call: None,
        kind: smcp_tape::Kind::Tool,
        request,
        tape: driven.tape.clone(),
        end: end_of(&driven.ended),
        told: None,
        fuel_used: driven.ended.fuel,
    };
    files::write_secret(file, &recording.to_bytes()?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn arguments_reach_the_guest_as_they_were_written() {
        let arguments = r#"{ "b": 1.50, "a": "\u0041" }"#;
        let expected = format!(r#"{{"name":"t","arguments":{arguments}}}"#);
        assert_eq!(request("t", arguments).unwrap(), expected);
    }

    #[test]
    fn arguments_that_a_host_refuses_are_refused() {
        for arguments in ["", "[]", "null", "{", r#"{"a":1,"a":2}"#, "{} {}"] {
            assert_eq!(
                request("t", arguments).unwrap_err().exit(),
                2,
                "{arguments}"
            );
        }
    }

    #[test]
    fn a_guest_cannot_steer_the_terminal() {
        assert_eq!(
            printable("a\u{1b}[2J\tb\nc\u{9b}"),
            "a\u{fffd}[2J\tb\nc\u{fffd}"
        );
    }
}
