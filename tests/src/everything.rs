//! Tenants that serve the example `everything`, for tests that drive official clients: each test has
//! one of its own, on the stage or on a platform that will be killed.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;
use smcp_ids::limits::CALLS_AT_ONCE_EACH;
use smcp_xtask::platform::Platform;

use crate::driven::Driven;
use crate::http::Open;
use crate::mcp::{self, MODERN};
use crate::stage;

/// What the server is called.
pub const SERVER: &str = "everything";

/// How long the tool `test_long_call` takes.
const LONG: Duration = Duration::from_secs(25);

/// Both releases, built and signed once for a test binary.
static RELEASES: Mutex<Option<[PathBuf; 2]>> = Mutex::new(None);

/// Who takes all of a caller's places holds most of what an isolate has for all of its tenants: no other
/// test of a binary that uses its stage runs beside that one.
static STAGE: RwLock<()> = RwLock::new(());

/// No test of this binary that uses the stage runs while this lives, and no other that has it: a client that comes
/// back when it is told to finds a host that was started again only if that is as quick as it is by itself.
pub fn quiet() -> RwLockWriteGuard<'static, ()> {
    STAGE.write().unwrap_or_else(PoisonError::into_inner)
}

/// A tenant with the first release of `everything`.
#[derive(Debug)]
pub struct Served {
    tenant: String,
    /// The URL of the server.
    pub endpoint: String,
    /// A key for it.
    pub key: String,
    next: PathBuf,
    _beside: Option<RwLockReadGuard<'static, ()>>,
    alone: Option<RwLockWriteGuard<'static, ()>>,
}

impl Served {
    /// A tenant of a test's own on the stage; `publisher` signs the releases of all of a test binary's.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn new(publisher: &str, name: &str) -> Result<Self> {
        let beside = STAGE.read().unwrap_or_else(PoisonError::into_inner);
        let served = Self::on_stage(publisher, name)?;
        Ok(Self {
            _beside: Some(beside),
            ..served
        })
    }

    /// The same, while no other test has one.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn alone(publisher: &str, name: &str) -> Result<Self> {
        let alone = quiet();
        let served = Self::on_stage(publisher, name)?;
        Ok(Self {
            alone: Some(alone),
            ..served
        })
    }

    fn on_stage(publisher: &str, name: &str) -> Result<Self> {
        let platform = stage().platform();
        let mut releases = RELEASES.lock().unwrap_or_else(PoisonError::into_inner);
        let [first, next] = match &*releases {
            Some(built) => built.clone(),
            None => {
                platform.tenant(publisher)?;
                let first = platform.package_as(publisher, "everything", "first.wasm")?;
                let next = platform.package_as(publisher, "everything/next", "next.wasm")?;
                releases.insert([first, next]).clone()
            }
        };
        drop(releases);
        let tenant = format!("{publisher}-{name}");
        platform.smcp(["tenant", "create", &tenant])?;
        let public = platform.scratch(&format!("{publisher}.key.pub"));
        let public = public.to_string_lossy();
        platform.smcp(["publisher", "trust", &public, "--tenant", &tenant])?;
        platform.publish(&first, &tenant, SERVER)?;
        Ok(Self {
            endpoint: platform.endpoint(&tenant, SERVER),
            key: platform.key(&tenant)?,
            next,
            tenant,
            _beside: None,
            alone: None,
        })
    }

    /// A tenant on a platform that is not the stage, which has no next release.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn on(platform: &Platform, tenant: &str) -> Result<Self> {
        platform.tenant(tenant)?;
        let release = platform.package_as(tenant, "everything", "first.wasm")?;
        platform.publish(&release, tenant, SERVER)?;
        Ok(Self {
            tenant: tenant.to_owned(),
            endpoint: platform.endpoint(tenant, SERVER),
            key: platform.key(tenant)?,
            next: PathBuf::new(),
            _beside: None,
            alone: None,
        })
    }

    /// Has the next release of the server go live.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn publish_next(&self) -> Result<()> {
        let platform = stage().platform();
        platform.publish(&self.next, &self.tenant, SERVER)?;
        Ok(())
    }

    /// A modern client that the tests drive themselves.
    pub fn plain(&self) -> mcp::Client {
        mcp::Client::new(&self.endpoint, &self.key, MODERN)
    }

    /// Calls a tool of the server.
    ///
    /// # Errors
    ///
    /// If no answer comes.
    pub fn call(&self, tool: &str) -> Result<()> {
        let answer = self.plain().call("tools/call", json!({"name": tool}))?;
        ensure!(answer["result"]["content"].is_array(), "{answer}");
        Ok(())
    }

    /// Has a client call what takes long, at the word `long`, and give it up at another; it must say so.
    /// What it gave up must have stopped on the host. The tenant must be [`alone`](Self::alone).
    ///
    /// All places of the caller but one are taken by calls of this function's own, and the last by the
    /// client's. Another call then waits, until one of them ends. When the client gives its own up, the
    /// waiting one is answered, sooner than any of the others can end by itself: so the client's guest was
    /// stopped.
    ///
    /// # Errors
    ///
    /// If that is not so.
    pub fn gives_up(&self, client: &mut Driven) -> Result<()> {
        ensure!(self.alone.is_some(), "another test may be disturbed");
        let began = Instant::now();
        let others = (1..CALLS_AT_ONCE_EACH).map(|_| self.take_place());
        let others = others.collect::<Result<Vec<_>>>()?;
        let said = client.ask("long")?;
        ensure!(said == json!({"running": true}), "{said}");

        let (answer, answered) = mpsc::channel();
        let plain = self.plain();
        thread::spawn(move || {
            let call = json!({"name": "test_simple_text"});
            answer.send(plain.call("tools/call", call))
        });
        let early = answered.recv_timeout(Duration::from_secs(1));
        ensure!(early.is_err(), "there was a place: {early:?}");
        let said = client.ask("give up")?;
        ensure!(said == json!({"ended": "given up"}), "{said}");
        let answer = answered.recv_timeout(LONG)??;
        let since = began.elapsed();
        ensure!(since < LONG, "{since:?}: one of the others may have ended");
        ensure!(answer["result"]["content"].is_array(), "{answer}");
        drop(others);
        Ok(())
    }

    /// A call that takes long, and has begun. It is given up when this is dropped.
    fn take_place(&self) -> Result<Open> {
        let client = self.plain().with_meta("progressToken", json!(1));
        let call = client.message("tools/call", json!({"name": "test_long_call"}));
        let mut stream = client.ask(&call).open(call.to_string().as_bytes())?;
        let begun = stream.message()?;
        ensure!(begun["method"] == "notifications/progress", "{begun}");
        Ok(stream)
    }
}
