//! What the suite is run against: two releases of `everything`, one of them live, behind a proxy that
//! has an API key.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use serde_json::json;

use crate::dev::{self, Options, Running};
use crate::paths;
use crate::platform::Platform;
use crate::progress::Step;

pub(super) const TENANT: &str = "conformance";
const SERVER: &str = "everything";
/// The crates of the two releases, below `examples/everything`. They differ in one tool and one
/// prompt.
const RELEASES: [(&str, &str); 2] = [
    ("everything", "first.wasm"),
    ("everything/next", "next.wasm"),
];

/// A server under test; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Fixture {
    // Dropped in this order: the proxy before what it stands for.
    _proxy: Running,
    platform: Platform,
    endpoint: String,
}

impl Fixture {
    /// Starts the Worker that is in `build/`, publishes the first release, and stands the proxy
    /// before it. Keeps everything in `home`.
    pub(super) fn start(home: &Path) -> Result<Self> {
        let options = Options {
            log: Some(home.join("worker.log")),
            ..Options::new(home.join("state"), dev::random_hex(16)?)
        };
        let platform = Platform::start(options, home.join("files"))?;
        platform.tenant(TENANT)?;
        let step = Step::begin("building both releases of everything");
        let releases = RELEASES.map(|(source, file)| platform.package_as(TENANT, source, file));
        let [first, next] = releases;
        let releases = [first?, next?];
        step.done();
        // The other one first, so that both are known to be publishable.
        for release in releases.iter().rev() {
            platform.publish(release, TENANT, SERVER)?;
        }
        let proxy = proxy(&platform, &releases, &home.join("proxy.log"))?;
        Ok(Self {
            endpoint: format!("{}/t/{TENANT}/{SERVER}/mcp", proxy.url()),
            _proxy: proxy,
            platform,
        })
    }

    /// The host itself.
    pub(super) fn platform(&self) -> &Platform {
        &self.platform
    }

    /// What a token is for.
    pub(super) fn resource(&self) -> String {
        self.platform.endpoint(TENANT, SERVER)
    }

    /// The URL for the suite.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

fn proxy(platform: &Platform, releases: &[PathBuf; 2], log: &Path) -> Result<Running> {
    let publish = format!(
        "{}/admin/v1/tenants/{TENANT}/servers/{SERVER}/releases",
        platform.url()
    );
    let mut node = Command::new(paths::node());
    node.arg(paths::root().join("xtask/node/conformance-proxy.mjs"))
        .env("PROXY_TARGET", platform.url())
        .env("PROXY_KEY", platform.key(TENANT)?)
        .env("PROXY_PUBLISH", publish)
        .env("PROXY_ADMIN_TOKEN", platform.admin_token())
        .env("PROXY_RELEASES", json!(releases).to_string())
        .stderr(File::create(log)?);
    dev::launch(&mut node)
}
