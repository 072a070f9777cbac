//! First times: of the process, of a tenant's object, of a module that the object never saw.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde::Serialize;

use super::http::{self, Connection};
use super::load::{median, one_by_one};
use super::stage::{self, MAIN, Stage, echo_client, millis};
use super::subjects;

/// Calls that count as warm, after the first.
const WARM: usize = 20;

/// First times, in milliseconds; medians, but for the worst.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cold {
    /// How often the process was started.
    pub(super) starts: usize,
    /// How many modules were called for the first time.
    pub(super) modules: usize,
    /// From starting the process (Node.js, Miniflare, workerd) to the answer of a `tools/call`.
    pub(super) process_millis: f64,
    /// Of that, the call itself: the isolate, the object and the module are all new.
    pub(super) process_call_millis: f64,
    /// The first call of a tenant: its object and the module are new, the isolate has served others.
    pub(super) object_millis: f64,
    /// The first call of a module: R2, verify, load, run.
    pub(super) module_millis: f64,
    /// The worst of them.
    pub(super) module_worst_millis: f64,
    /// Of that, what R2 takes: an empty object reads the same bytes. It is Miniflare's R2.
    pub(super) r2_millis: f64,
    /// Calls after it.
    pub(super) warm_millis: f64,
    /// Bytes of the module's package.
    pub(super) package_bytes: u64,
}

impl Cold {
    /// What the first call of a module takes over a warm one.
    pub(super) fn module_over_warm(&self) -> f64 {
        self.module_millis - self.warm_millis
    }
}

/// Starts the host so often, each time with all of the stage's cold tenants. They are called after
/// another tenant has been called for so long: an isolate that has just begun runs code that is
/// hardly compiled, which is the process's first time and not the module's.
///
/// # Errors
///
/// If it does not start, or an answer is wrong.
pub(super) fn measure(stage: &Stage, starts: usize, warm_up: Duration) -> Result<Cold> {
    let mut process = Vec::new();
    let mut process_call = Vec::new();
    let (mut object, mut module, mut warm) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..starts {
        let begun = Instant::now();
        let running = stage.restart()?;
        let origin = running.url();
        let mut other = echo_client(origin, MAIN, &stage.key)?;
        let call = other.call()?;
        process.push(millis(begun.elapsed()));
        process_call.push(millis(call));
        one_by_one(&mut other, warm_up)?;
        for (tenant, key) in &stage.cold {
            object.push(millis(stage::wake(origin, tenant, key)?));
            let mut client = echo_client(origin, tenant, key)?;
            module.push(millis(client.call()?));
            for _ in 0..WARM {
                warm.push(millis(client.call()?));
            }
        }
    }
    Ok(Cold {
        starts,
        modules: module.len(),
        process_millis: median(process),
        process_call_millis: median(process_call),
        object_millis: median(object),
        module_worst_millis: module.iter().copied().fold(f64::NAN, f64::max),
        module_millis: median(module),
        r2_millis: r2(stage, starts * stage.cold.len())?,
        warm_millis: median(warm),
        package_bytes: fs::metadata(&stage.package)?.len(),
    })
}

/// What an empty object takes to read the module from R2, each time another copy.
fn r2(stage: &Stage, copies: usize) -> Result<f64> {
    let running = subjects::serve("floor")?;
    let origin = running.url();
    let module = fs::read(&stage.package)?;
    let mut connection = Connection::open(origin)?;
    for copy in 0..copies {
        let request = http::request("PUT", origin, &format!("/{copy}"), &[], &module);
        ensure!(connection.exchange(&request)? == 200, "R2 took no module");
    }
    let mut times = Vec::new();
    for copy in 0..copies {
        let request = http::get(origin, &format!("/{copy}"));
        let begun = Instant::now();
        let status = connection.exchange(&request)?;
        times.push(millis(begun.elapsed()));
        let read = module.len().to_string();
        ensure!(
            status == 200 && connection.body() == read.as_bytes(),
            "R2 gave no module"
        );
    }
    Ok(median(times))
}
