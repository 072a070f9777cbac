//! Recorded calls, replayed: what a replay comes to may depend neither on the machine, nor on slices, nor on
//! what ran before.

use serde::{Deserialize, Serialize};
use smcp_capability::call::Request;
use smcp_ids::{Fuel, PublisherKey};
use smcp_package::{Admission, AdmittedModule, PackageError, Policy, UntrustedPackage};
use smcp_sandbox::{Bounds, LoadedModule};
use smcp_tape::Recording;
use smcp_tenant::replay::{self, How, Stand};

use crate::case::{Heat, SLICES};

/// A call that was recorded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// For messages.
    pub name: String,
    /// A signed package.
    pub package: Vec<u8>,
    /// Who signed it.
    pub publisher: PublisherKey,
    /// The recording, encoded.
    pub recording: Vec<u8>,
}

/// How a replay went under one set of circumstances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayRow {
    /// Fuel of a slice.
    pub slice: u64,
    /// Whether it was the first call.
    pub heat: Heat,
    /// What must not depend on the two above.
    pub outcome: ReplayOutcome,
}

/// What a replay came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayOutcome {
    /// Where it is not what was recorded; empty if it is.
    pub difference: String,
    /// How it ended.
    pub end: String,
    /// The fuel that it used.
    pub fuel: u64,
    /// The linear memory that it had.
    pub memory: u32,
    /// What it told on the way.
    pub told: Vec<String>,
}

/// All rows of a recorded call: every slice, cold and warm.
pub fn replays(recorded: &Recorded) -> Vec<ReplayRow> {
    let mut rows = Vec::new();
    for slice in SLICES {
        let loaded = admit(&recorded.package, &[recorded.publisher]).map(|admitted| {
            let loaded = LoadedModule::load(&admitted);
            loaded.map_err(|error| error.to_string())
        });
        for heat in [Heat::Cold, Heat::Warm] {
            let outcome = match &loaded {
                Ok(Ok(loaded)) => outcome(loaded, &recorded.recording, slice),
                Ok(Err(error)) => nothing(error.clone()),
                Err(error) => nothing(error.to_string()),
            };
            rows.push(ReplayRow {
                slice,
                heat,
                outcome,
            });
        }
    }
    rows
}

/// What a recorded call asks at that effect, from 1, when its replay stops there. `None` if it does not.
pub fn stopped(recorded: &Recorded, at: usize) -> Option<Request> {
    let admitted = admit(&recorded.package, &[recorded.publisher]).ok()?;
    let loaded = LoadedModule::load(&admitted).ok()?;
    let recording = Recording::from_bytes(&recorded.recording).ok()?;
    let how = How {
        slice: Fuel(1_000),
        stop_at: Some(at),
    };
    let replayed = replay::replay(&loaded, &recording, bounds(&recording), how, |_| {}).ok()?;
    match replayed.stand {
        Stand::Stopped { request, .. } => Some(request),
        _ => None,
    }
}

fn bounds(recording: &Recording) -> Bounds {
    Bounds {
        memory: recording.memory as usize,
        fuel: recording.fuel,
        output: recording.output as usize,
    }
}

/// Admits a package.
///
/// # Errors
/// It is refused.
pub(crate) fn admit(
    package: &[u8],
    publishers: &[PublisherKey],
) -> Result<AdmittedModule, PackageError> {
    let verified = UntrustedPackage::parse(package.to_vec())?.verify(publishers)?;
    Admission::start(verified, &Policy::default())?.finish()
}

fn nothing(why: String) -> ReplayOutcome {
    ReplayOutcome {
        difference: why,
        end: String::new(),
        fuel: 0,
        memory: 0,
        told: Vec::new(),
    }
}

fn outcome(loaded: &LoadedModule, recording: &[u8], slice: u64) -> ReplayOutcome {
    let recording = match Recording::from_bytes(recording) {
        Ok(recording) => recording,
        Err(error) => return nothing(error.to_string()),
    };
    let how = How {
        slice: Fuel(slice),
        stop_at: None,
    };
    let mut told = Vec::new();
    let tell = |telling| told.push(format!("{telling:?}"));
    match replay::replay(loaded, &recording, bounds(&recording), how, tell) {
        Ok(replayed) => ReplayOutcome {
            difference: match replay::compare(&recording, &replayed) {
                Ok(()) => String::new(),
                Err(difference) => format!("{difference:?}"),
            },
            end: format!("{:?}", replayed.stand),
            fuel: replayed.fuel.0,
            memory: replayed.memory as u32,
            told,
        },
        Err(fault) => nothing(fault.to_string()),
    }
}
