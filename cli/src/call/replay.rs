//! `smcp replay`: runs a recorded call again, from its tape alone, and compares.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use smcp_capability::call::Request;
use smcp_ids::{Fuel, limits};
use smcp_sandbox::{Bounds, Fault, HostFault, profile};
use smcp_tape::Recording;

use super::drive::from_tape;
use super::outcome::Outcome;
use crate::failure::Failure;
use crate::files;
use crate::local::{Local, widest_policy};
use crate::ui::{Ui, number};

/// Runs a recorded call again and checks that its result is the same, byte by byte.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp call hello.wasm greet '{\"name\": \"Ada\"}' --record greet.tape
  smcp replay greet.tape --module hello.wasm

Nothing is performed: time, randomness and every answer come from the tape. Exits with 0 if result
and fuel are the same, and with 1 if not.")]
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
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replayed<'a> {
    equal: bool,
    release: String,
    bytes: usize,
    fuel: Fuel,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a str>,
}

pub(crate) fn replay(args: &Replay, ui: Ui) -> Result<(), Failure> {
    let recording = Recording::from_bytes(&files::read(&args.tape)?)?;
    let local = Local::load_under(&files::read(&args.module)?, &widest_policy()?)?;
    let bounds = check(&recording, &local)?;
    let busy = ui.busy("replaying");
    let request = recording.request.clone();
    let ended = from_tape(&local.loaded, request, bounds, recording.tape.clone());
    drop(busy);
    let ended = ended
        .map_err(|fault| Failure::Call(fault.to_string()))?
        .map_err(diverged)?;
    if let Err(Fault::Host(HostFault::Engine)) = ended.result {
        let why = "it asks for something else than it did when it was recorded";
        return Err(Failure::ReplayDiverged(why.to_owned()));
    }
    let outcome = Outcome::of(&ended);
    compare(&recording, &outcome.text, ended.fuel)?;
    let replayed = Replayed {
        equal: true,
        release: recording.release.to_string(),
        bytes: outcome.text.len(),
        fuel: ended.fuel,
        result: args.show.then_some(&outcome.text),
    };
    ui.result(&replayed, || {
        let (size, fuel) = (outcome.text.len(), number(ended.fuel.0));
        let equal = format!("byte-equal: {size} bytes of result, {fuel} fuel");
        if args.show {
            format!("{equal}\n{}", outcome.pretty())
        } else {
            equal
        }
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

fn diverged(request: Request) -> Failure {
    let what = match request {
        Request::Sleep(millis) => {
            format!("it sleeps for {millis} ms, of which the tape knows nothing")
        }
        _ => "it asks its host for something of which the tape knows nothing".to_owned(),
    };
    Failure::ReplayDiverged(what)
}

fn compare(recording: &Recording, result: &str, fuel: Fuel) -> Result<(), Failure> {
    let recorded = &recording.result;
    if recorded != result {
        let same = recorded
            .bytes()
            .zip(result.bytes())
            .take_while(|(left, right)| left == right);
        return Err(Failure::ReplayResult {
            at: same.count(),
            recorded: recorded.len(),
            replayed: result.len(),
        });
    }
    if recording.fuel_used == fuel {
        Ok(())
    } else {
        Err(Failure::ReplayFuel {
            recorded: recording.fuel_used,
            replayed: fuel,
        })
    }
}
