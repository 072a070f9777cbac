//! The platform under soak, what it has acknowledged, and the restarts. It knows which requests a
//! restart has disturbed; of all others every answer must be in order.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use smcp_tests::admin::Admin;
use smcp_tests::chore::workerd_memory;
use smcp_tests::guests;
use smcp_tests::http::Answer;
use smcp_xtask::dev::{self, Options, Running};
use smcp_xtask::{paths, platform, setup};

use crate::answers::well_formed;

const GREET: &str = include_str!("../../../guests/greet.wat");
const NAP: &str = include_str!("../../../guests/nap.wat");
const COMPUTE: &str = include_str!("../../../guests/compute.wat");
const ANSWERS: &str = include_str!("../../../guests/answers.wat");
const REALLOC: &str = include_str!("../../../guests/realloc.wat");

/// Tenants; the first [`WITH_ENEMIES`] of them have hostile servers beside the honest ones.
const TENANTS: usize = 5;
pub(crate) const WITH_ENEMIES: usize = 2;

/// Hostile guests: their server, what they do, and the code that their caller gets.
pub(crate) const HOSTILE: [(&str, &str, u8, &str); 7] = [
    ("grows", COMPUTE, b'e', "result_content"),
    ("recurses", COMPUTE, b'b', "guest_stack_overflow"),
    ("panics", COMPUTE, b'g', "guest_panicked"),
    ("outside", ANSWERS, b'a', "guest_bad_pointer"),
    ("large", ANSWERS, b'h', "guest_output_too_large"),
    ("reallocates", REALLOC, 3, "guest_import_while_reallocating"),
    // Takes all its fuel, a second or two: the last one is called less.
    ("loops", COMPUTE, b'a', "guest_out_of_fuel"),
];

/// A key that the host has given.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) text: String,
    /// Unknown if the answer to a revocation was lost.
    pub(crate) revoked: Option<bool>,
}

/// What the host has acknowledged of a tenant, and what it may have done beyond.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) keys: Vec<Key>,
    /// Releases of `stamp`.
    pub(crate) stamps: Vec<u32>,
}

/// A tenant. Admin requests hold its model, so that they come one after the other; calls do not.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) name: String,
    pub(crate) key: String,
    /// The newest release of `stamp` that is acknowledged, and the newest that was sent.
    pub(crate) least: AtomicU32,
    pub(crate) most: AtomicU32,
    model: Mutex<Model>,
}

impl Tenant {
    pub(crate) fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything.
pub(crate) struct World {
    options: Options,
    running: Mutex<Option<Running>>,
    admin: RwLock<Admin>,
    /// Even while the runtime is there; a request during which it changed may have been disturbed.
    generation: AtomicU64,
    pub(crate) tenants: Vec<Tenant>,
    tally: Mutex<BTreeMap<&'static str, u64>>,
    failure: Mutex<Option<String>>,
    ending: AtomicBool,
}

impl World {
    /// Starts the runtime on fresh state and makes the tenants.
    pub(crate) fn start() -> Result<Self> {
        let home = paths::target().join("soak");
        if home.exists() {
            fs::remove_dir_all(&home)?;
        }
        fs::create_dir_all(&home)?;
        let options = Options {
            log: Some(home.join("worker-0.log")),
            ..Options::new(home.join("state"), dev::random_hex(16)?)
        };
        let echo = echo(home.join("echo.wasm"))?;
        let running = dev::start(options.clone())?;
        let admin = Admin::new(running.url(), running.admin_token());
        let tenants = (0..TENANTS)
            .map(|number| tenant(&admin, &echo, number))
            .collect::<Result<_>>()?;
        Ok(Self {
            options,
            running: Mutex::new(Some(running)),
            admin: RwLock::new(admin),
            generation: AtomicU64::new(0),
            tenants,
            tally: Mutex::default(),
            failure: Mutex::default(),
            ending: AtomicBool::new(false),
        })
    }

    /// Ends the runtime as a power cut would, and starts it again on the same state.
    pub(crate) fn restart(&self) -> Result<()> {
        let generation = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        let mut running = lock(&self.running);
        if let Some(running) = running.take() {
            running.kill();
        }
        let log = format!("worker-{}.log", generation.div_ceil(2));
        let again = dev::start(Options {
            log: self.options.log.as_ref().map(|old| old.with_file_name(log)),
            ..self.options.clone()
        })?;
        let admin = Admin::new(again.url(), again.admin_token());
        *self.admin.write().unwrap_or_else(PoisonError::into_inner) = admin;
        *running = Some(again);
        self.generation.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Memory of workerd, in MiB.
    pub(crate) fn memory(&self) -> Result<u64> {
        let running = lock(&self.running);
        let group = running.as_ref().context("nothing runs")?.pid();
        Ok(workerd_memory(group)? / 1024)
    }

    /// Does something with the platform. Nothing if a restart disturbed it; then nobody knows
    /// whether it was done.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&Admin) -> Result<T>) -> Result<Option<T>> {
        let before = loop {
            let generation = self.generation.load(Ordering::SeqCst);
            if generation.is_multiple_of(2) {
                break generation;
            }
            ensure!(!self.is_ending(), "ended while nothing ran");
            thread::sleep(Duration::from_millis(10));
        };
        let admin = self
            .admin
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let done = act(&admin);
        match done {
            Ok(done) => Ok(Some(done)),
            Err(_) if self.generation.load(Ordering::SeqCst) != before => {
                self.count("disturbed");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Sends a request; its answer, which is in order.
    pub(crate) fn ask(
        &self,
        send: impl FnOnce(&Admin) -> Result<Answer>,
    ) -> Result<Option<Answer>> {
        self.count("requests");
        self.with(|admin| {
            let answer = send(admin)?;
            if answer.status == 429 {
                self.count("told to come again");
            }
            well_formed(&answer)?;
            Ok(answer)
        })
    }

    /// Counts one of something.
    pub(crate) fn count(&self, what: &'static str) {
        *lock(&self.tally).entry(what).or_default() += 1;
    }

    /// What was counted.
    pub(crate) fn tally(&self) -> BTreeMap<&'static str, u64> {
        lock(&self.tally).clone()
    }

    /// Ends all that goes on, with the first failure if there is one.
    pub(crate) fn end(&self, failure: Option<String>) {
        if let Some(failure) = failure {
            lock(&self.failure).get_or_insert(failure);
        }
        self.ending.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    /// Fails if anything has.
    pub(crate) fn check(&self) -> Result<()> {
        match &*lock(&self.failure) {
            Some(failure) => bail!("{failure}"),
            None => Ok(()),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The example whose tool `echo` gives back a text, made by the SDK as authors use it.
fn echo(out: PathBuf) -> Result<Vec<u8>> {
    setup::run(
        Command::new(platform::build_command()?)
            .args(["build", "--path"])
            .arg(paths::root().join("examples/hello"))
            .arg("--out")
            .arg(&out),
    )?;
    Ok(smcp_package::sign(
        &fs::read(out)?,
        &[&guests::publisher()],
    )?)
}

fn tenant(admin: &Admin, echo: &[u8], number: usize) -> Result<Tenant> {
    let name = format!("soak-{number}");
    let key = admin.tenant(&name)?;
    let mut servers = vec![
        ("echo", echo.to_vec()),
        ("stamp", stamp(1)?),
        ("nap", guests::package(NAP, "1.0.0")?),
    ];
    if number < WITH_ENEMIES {
        for (server, wat, act, _) in HOSTILE {
            servers.push((server, guests::acting(wat, act.into(), "1.0.0")?));
        }
    }
    for (server, package) in servers {
        let answer = admin.publish(&name, server, &package)?;
        ensure!(answer.status == 201, "{server}: {}", answer.text());
    }
    let model = Model {
        keys: Vec::new(),
        stamps: vec![1],
    };
    Ok(Tenant {
        name,
        key,
        least: AtomicU32::new(1),
        most: AtomicU32::new(1),
        model: Mutex::new(model),
    })
}

/// A package that answers its own number, in five digits.
pub(crate) fn stamp(number: u32) -> Result<Vec<u8>> {
    let wat = GREET.replace("hello", &format!("{number:05}"));
    guests::package(&wat, &format!("1.0.{number}"))
}
