//! `smcp replay`: runs a recorded call again, from its tape alone, and compares.
//!
//! The recording is one of `smcp call --record` or of a host's (`smcp tape get`). Nothing of it is believed:
//! its release must be the module's, and what it allows its call is held against what any host allows.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::Value;
use smcp_capability::call::Request;
use smcp_crypto::sha256;
use smcp_ids::{Fuel, limits};
use smcp_sandbox::{Bounds, profile};
use smcp_tape::{End, Recording};
use smcp_tenant::receipt::Receipt;
use smcp_tenant::replay::{self, Difference, How, Replayed, Stand};

use super::drive::SLICE;
use super::effect::{answered, asked};
use super::outcome::pretty;
use super::run::{printable, told};
use crate::failure::Failure;
use crate::files;
use crate::local::{Local, widest_policy};
use crate::receipt::{KeySource, verified};
use crate::ui::{STRONG, Ui, number};

/// Runs a recorded call again and checks that its result is the same, byte by byte.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp call hello.wasm greet '{\"name\": \"Ada\"}' --record greet.tape
  smcp replay greet.tape --module hello.wasm
  smcp tape get --tenant acme --server notes --call 5f0c9a7e1b2d3c48 --out failed.tape
  smcp replay failed.tape --module notes.wasm --log
  smcp replay failed.tape --module notes.wasm --stop-at 2
  smcp replay called.tape --module hello.wasm --receipt answer.json --host https://mcp.example.com

Nothing is performed: time, randomness and every answer come from the tape. Exits with 0 if the end is the
same, its bytes and its fuel, and with 1 if not. A call that failed is the same if it fails again in the
same way; one that its host ended, at its deadline say, is repeated as far as it went.")]
pub(crate) struct Replay {
    /// The recording
    #[arg(value_name = "TAPE")]
    tape: PathBuf,
    /// The package of the release that was recorded
    #[arg(long, value_name = "MODULE")]
    module: PathBuf,
    /// Print the result too
    #[arg(long)]
    show: bool,
    /// Show what the call logs, and how far it says it has come
    #[arg(long)]
    log: bool,
    /// Stop at that effect, from 1, and show what was asked and what it was answered
    #[arg(long, value_name = "N", conflicts_with_all = ["show", "receipt"])]
    stop_at: Option<usize>,
    /// Check that this receipt is of this very call; FILE is what `smcp verify-receipt` takes
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    #[command(flatten)]
    keys: KeySource,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Same<'a> {
    equal: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    release: String,
    method: &'static str,
    /// `returned`, `refused`, or the code of a fault.
    end: &'a str,
    /// The code of the error that its client was told, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    told: Option<&'a str>,
    /// Whether its host had ended it: then it is the same as far as it went.
    cut_off: bool,
    bytes: usize,
    fuel: Fuel,
    effects: usize,
    /// Whether a receipt is of this call.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    receipt: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stopped {
    stopped_at: usize,
    effects: usize,
    import: &'static str,
    asked: Value,
    answered: Value,
    time: u64,
    fuel: Fuel,
}

pub(crate) fn replay(args: &Replay, ui: Ui) -> Result<(), Failure> {
    let recording = Recording::from_bytes(&files::read(&args.tape)?)?;
    let local = Local::load_under(&files::read(&args.module)?, &widest_policy()?)?;
    let bounds = check(&recording, &local)?;
    let effects = recording.tape.entries.len();
    if args.stop_at.is_some_and(|at| at == 0 || at > effects) {
        return Err(Failure::Argument(format!(
            "this call has {effects} effects; give a number of one with --stop-at"
        )));
    }
    let receipt = match &args.receipt {
        Some(file) => Some(verified(file, &args.keys)?),
        None => None,
    };
    let busy = ui.busy("replaying");
    let how = How {
        slice: SLICE,
        stop_at: args.stop_at,
    };
    let tell = |telling| {
        if args.log {
            busy.aside(|| told(ui, telling));
        }
    };
    let replayed = replay::replay(&local.loaded, &recording, bounds, how, tell);
    drop(busy);
    let replayed = replayed.map_err(|fault| Failure::Call(fault.to_string()))?;
    if let Some(at) = args.stop_at {
        return show_stop(ui, at, effects, &replayed);
    }
    replay::compare(&recording, &replayed).map_err(differs)?;
    if let Some(receipt) = &receipt {
        check_receipt(receipt, &recording)?;
    }
    show(args, ui, &recording, &replayed)
}

fn show(args: &Replay, ui: Ui, recording: &Recording, replayed: &Replayed) -> Result<(), Failure> {
    let result = match &recording.end {
        End::Returned(text) => Some(text.as_str()),
        _ => None,
    };
    let same = Same {
        equal: true,
        call: recording.call.map(|call| call.to_string()),
        release: recording.release.to_string(),
        method: recording.kind.method(),
        end: recording.end.name(),
        told: recording.told.as_deref(),
        cut_off: replayed.stand == Stand::CutOff,
        bytes: result.map_or(0, str::len),
        fuel: replayed.fuel,
        effects: recording.tape.entries.len(),
        receipt: args.receipt.is_some(),
        result: result.filter(|_| args.show),
    };
    ui.result(&same, || {
        let mut lines = vec![summary(recording, &same)];
        if same.receipt {
            lines.push("the receipt is of this call".to_owned());
        }
        if let Some(result) = same.result {
            lines.push(printable(&pretty(result)));
        }
        lines.join("\n")
    })
}

fn summary(recording: &Recording, same: &Same<'_>) -> String {
    let fuel = number(same.fuel.0);
    let told = same.told.map_or_else(String::new, |told| {
        format!("; its client was told {}", printable(told))
    });
    match &recording.end {
        End::Returned(_) => format!(
            "byte-equal: {} bytes of result, {fuel} fuel{told}",
            same.bytes
        ),
        End::Refused { code, message, .. } => {
            format!(
                "byte-equal: refused with {code}, {fuel} fuel: {}",
                printable(message)
            )
        }
        End::Fault { code, message, .. } if same.cut_off => format!(
            "the same as far as it went, {fuel} fuel: then its host ended it, {}: {}",
            printable(code),
            printable(message)
        ),
        End::Fault { code, message, .. } => format!(
            "fails in the same way, {fuel} fuel: {}: {}",
            printable(code),
            printable(message)
        ),
    }
}

fn show_stop(ui: Ui, number_of: usize, effects: usize, replayed: &Replayed) -> Result<(), Failure> {
    let Stand::Stopped {
        request,
        answer,
        at,
    } = &replayed.stand
    else {
        let request = match &replayed.stand {
            Stand::Diverged(request) => request.clone(),
            _ => None,
        };
        return Err(differs(Difference::Way(request)));
    };
    let (import, asked) = asked(request);
    let stopped = Stopped {
        stopped_at: number_of,
        effects,
        import,
        asked,
        answered: answered(answer),
        time: at.0,
        fuel: replayed.fuel,
    };
    ui.result(&stopped, || {
        let line = |name: &str, value: &str| format!("{STRONG}{name:<9}{STRONG:#} {value}");
        [
            line("effect", &format!("{number_of} of {effects}, {import}")),
            line("asked", &printable(&format!("{:#}", stopped.asked))),
            line("answered", &printable(&format!("{:#}", stopped.answered))),
            line("fuel", &number(stopped.fuel.0)),
        ]
        .join("\n")
    })
}

/// A recording may come from anywhere: what it allows its call is checked like everything else.
fn check(recording: &Recording, local: &Local) -> Result<Bounds, Failure> {
    let given = local.admitted.release();
    if recording.release != given {
        return Err(Failure::ReplayRelease {
            recorded: recording.release,
            given,
        });
    }
    if recording.profile != profile::ID {
        return Err(Failure::ReplayProfile {
            recorded: recording.profile,
            known: profile::ID,
        });
    }
    let within = |value: u64, ceiling: usize, what| match usize::try_from(value) {
        Ok(value) if value <= ceiling => Ok(value),
        _ => Err(Failure::ReplayBounds(what)),
    };
    if recording.fuel.0 > limits::FUEL_CEILING {
        return Err(Failure::ReplayBounds("fuel"));
    }
    Ok(Bounds {
        memory: within(recording.memory, limits::MEMORY_CEILING, "memory")?,
        fuel: recording.fuel,
        output: within(recording.output, limits::OUTPUT_CEILING, "output")?,
    })
}

/// A receipt whose signature holds: whether it is of this recording, in every digest and number.
fn check_receipt(receipt: &Receipt, recording: &Recording) -> Result<(), Failure> {
    let result = match &recording.end {
        End::Returned(text) => sha256(text.as_bytes()),
        _ => return Err(Failure::ReplayReceipt("result")),
    };
    let bounds = &receipt.bounds;
    for (what, same) in [
        ("release", receipt.release == recording.release),
        ("profile", receipt.profile == recording.profile),
        ("method", receipt.method == recording.kind.method()),
        (
            "request",
            receipt.request == sha256(recording.request.as_bytes()),
        ),
        ("tape", receipt.tape == sha256(&recording.tape.to_bytes())),
        ("result", receipt.result == result),
        ("fuel", receipt.fuel == recording.fuel_used),
        (
            "bounds",
            (bounds.memory, bounds.fuel, bounds.output)
                == (recording.memory, recording.fuel, recording.output),
        ),
    ] {
        if !same {
            return Err(Failure::ReplayReceipt(what));
        }
    }
    Ok(())
}

fn differs(difference: Difference) -> Failure {
    match difference {
        Difference::Way(request) => diverged(request.as_ref()),
        Difference::End { recorded, replayed } => Failure::ReplayEnd { recorded, replayed },
        Difference::Bytes {
            at,
            recorded,
            replayed,
        } => Failure::ReplayResult {
            at,
            recorded,
            replayed,
        },
        Difference::Fuel { recorded, replayed } => Failure::ReplayFuel { recorded, replayed },
    }
}

fn diverged(request: Option<&Request>) -> Failure {
    let what = match request {
        Some(request) => format!(
            "it asks for {}, which the tape does not have",
            asked(request).0
        ),
        None => "it asks for something else than it did when it was recorded".to_owned(),
    };
    Failure::ReplayDiverged(what)
}
