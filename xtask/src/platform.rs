//! A platform for demonstrations and tests: the Worker on workerd, set up with the `smcp` command
//! as an admin would.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::dev::{self, Options, Running};
use crate::progress::Step;
use crate::{paths, setup};

/// A Worker that runs, and the command that administers it.
#[derive(Debug)]
pub struct Platform {
    running: Running,
    admin: Administrator,
}

/// The admin of a platform, wherever that is: the `smcp` command with an address and a token.
#[derive(Debug)]
pub struct Administrator {
    smcp: PathBuf,
    url: String,
    token: String,
    scratch: PathBuf,
}

/// Builds the `smcp` command; gives its path.
///
/// # Errors
///
/// If it does not build.
pub fn build_command() -> Result<PathBuf> {
    let step = Step::begin("building the smcp command");
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--quiet", "--package", "smcp-cli"])
        .current_dir(paths::root());
    setup::run(&mut cargo)?;
    step.done();
    Ok(paths::target().join("debug/smcp"))
}

impl Platform {
    /// Starts the Worker that is in `build/`. `scratch` holds keys and packages.
    ///
    /// # Errors
    ///
    /// If the command does not build or the Worker does not start.
    pub fn start(options: Options, scratch: impl Into<PathBuf>) -> Result<Self> {
        let smcp = build_command()?;
        let scratch = scratch.into();
        std::fs::create_dir_all(&scratch)?;
        let step = Step::begin("starting workerd");
        let running = dev::start(options)?;
        step.done();
        let admin = Administrator {
            smcp,
            url: running.url().to_owned(),
            token: running.admin_token().to_owned(),
            scratch,
        };
        Ok(Self { running, admin })
    }

    /// The Worker itself.
    pub fn running(&mut self) -> &mut Running {
        &mut self.running
    }

    /// The process group of the runtime.
    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// The token of its admin API.
    pub fn admin_token(&self) -> &str {
        self.running.admin_token()
    }

    /// Its URL, without a path.
    pub fn url(&self) -> &str {
        self.running.url()
    }

    /// The URL of a server's MCP endpoint.
    pub fn endpoint(&self, tenant: &str, server: &str) -> String {
        format!("{}/t/{tenant}/{server}/mcp", self.url())
    }

    /// A file among the keys and packages.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.admin.scratch.join(name)
    }

    /// Its admin.
    pub fn admin(&self) -> &Administrator {
        &self.admin
    }

    /// Runs `smcp ... --json` as the admin; gives what it printed.
    ///
    /// # Errors
    ///
    /// If it fails; with what it said.
    pub fn smcp<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Result<Value> {
        self.admin.smcp(arguments)
    }

    /// Builds and signs an example for a tenant; gives the package.
    ///
    /// # Errors
    ///
    /// If it does not build.
    pub fn package(&self, tenant: &str, example: &str) -> Result<PathBuf> {
        self.package_as(tenant, example, &format!("{tenant}-{example}.wasm"))
    }

    /// A tenant that trusts a fresh publisher of the same name.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn tenant(&self, tenant: &str) -> Result<()> {
        let public = self.admin.keygen(tenant)?;
        self.smcp(["tenant", "create", tenant])?;
        self.admin.trust(tenant, &public)
    }

    /// The same, of a crate anywhere in `examples`, into a file of that name.
    ///
    /// # Errors
    ///
    /// If it does not build.
    pub fn package_as(&self, tenant: &str, source: &str, file: &str) -> Result<PathBuf> {
        self.admin.package(tenant, source, file)
    }

    /// Signs a package with a tenant's publisher, in place.
    ///
    /// # Errors
    ///
    /// If it is no package, or signed already.
    pub fn sign(&self, tenant: &str, package: &Path) -> Result<()> {
        self.admin.sign(tenant, package)
    }

    /// Publishes a signed package as a server of a tenant; gives what the host said.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn publish(&self, package: &Path, tenant: &str, server: &str) -> Result<Value> {
        self.admin.publish(package, tenant, server)
    }

    /// A fresh API key of a tenant.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn key(&self, tenant: &str) -> Result<String> {
        self.admin.key(tenant)
    }

    /// A fresh member of a tenant, who may do everything: their access code, got through the invitation.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn access_code(&self, tenant: &str) -> Result<String> {
        let invited = self.smcp(["member", "invite", "Ada", "--tenant", tenant])?;
        let link = invited["invitation"].as_str();
        let link = link.context("member invite printed no link")?;
        setup::output(browser().args(["accept", link]))
            .context("the invitation gave no access code")
    }
}

impl Administrator {
    /// The admin whose token that is, of the platform at a URL without a path. `scratch` holds keys and packages.
    ///
    /// # Errors
    ///
    /// If the command does not build, or there can be no such directory.
    pub fn new(url: &str, token: &str, scratch: impl Into<PathBuf>) -> Result<Self> {
        let scratch = scratch.into();
        std::fs::create_dir_all(&scratch)?;
        Ok(Self {
            smcp: build_command()?,
            url: url.to_owned(),
            token: token.to_owned(),
            scratch,
        })
    }

    /// Runs `smcp ... --json`; gives what it printed.
    ///
    /// # Errors
    ///
    /// If it fails; with what it said.
    pub fn smcp<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Result<Value> {
        let output = Command::new(&self.smcp)
            .args(arguments)
            .arg("--json")
            .env("SMCP_HOST", &self.url)
            .env("SMCP_TOKEN", &self.token)
            .stdin(Stdio::null())
            .output()?;
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        ensure!(output.status.success(), "smcp: {out}{err}");
        serde_json::from_str(&out).with_context(|| format!("smcp printed {out:?}"))
    }

    /// Makes the key of a tenant's publisher; gives the public one.
    ///
    /// # Errors
    ///
    /// If there is one already.
    pub fn keygen(&self, tenant: &str) -> Result<String> {
        let key = self.key_file(tenant);
        let made = self.smcp([OsStr::new("keygen"), OsStr::new("--out"), key.as_os_str()])?;
        let public = made["publicKey"].as_str();
        Ok(public.context("keygen printed no public key")?.to_owned())
    }

    /// Has a tenant trust a publisher, under the tenant's own name.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn trust(&self, tenant: &str, public: &str) -> Result<()> {
        let of = ["--tenant", tenant, "--name", tenant];
        self.smcp(["publisher", "trust", public].into_iter().chain(of))?;
        Ok(())
    }

    /// Builds a crate of `examples` and signs it for a tenant, into a file of that name; gives its path.
    ///
    /// # Errors
    ///
    /// If it does not build.
    pub fn package(&self, tenant: &str, source: &str, file: &str) -> Result<PathBuf> {
        let package = self.scratch.join(file);
        let source = paths::root().join("examples").join(source);
        self.smcp([
            OsStr::new("build"),
            OsStr::new("--path"),
            source.as_os_str(),
            OsStr::new("--out"),
            package.as_os_str(),
        ])?;
        self.sign(tenant, &package)?;
        Ok(package)
    }

    /// Signs a package with a tenant's publisher, in place.
    ///
    /// # Errors
    ///
    /// If it is no package, or signed already.
    pub fn sign(&self, tenant: &str, package: &Path) -> Result<()> {
        let key = self.key_file(tenant);
        self.smcp([
            OsStr::new("sign"),
            package.as_os_str(),
            OsStr::new("--key"),
            key.as_os_str(),
        ])?;
        Ok(())
    }

    /// Publishes a signed package as a server of a tenant; gives what the host said.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn publish(&self, package: &Path, tenant: &str, server: &str) -> Result<Value> {
        self.smcp([
            OsStr::new("publish"),
            package.as_os_str(),
            OsStr::new("--tenant"),
            OsStr::new(tenant),
            OsStr::new("--server"),
            OsStr::new(server),
        ])
    }

    /// A fresh API key of a tenant.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn key(&self, tenant: &str) -> Result<String> {
        let made = self.smcp(["key", "create", "--tenant", tenant, "--name", "demo"])?;
        let key = made["key"].as_str();
        Ok(key.context("key create printed no key")?.to_owned())
    }

    fn key_file(&self, tenant: &str) -> PathBuf {
        self.scratch.join(format!("{tenant}.key"))
    }
}

/// A person's browser: a script that follows forms.
pub fn browser() -> Command {
    let mut node = Command::new(paths::node());
    node.arg(paths::root().join("xtask/node/browser.mjs"));
    node
}

/// Calls tools through an official JavaScript client: `modern`, `auto`, `legacy` or `sdk`. Gives
/// the lines that `tests/clients/official.mjs` writes.
///
/// # Errors
///
/// If the client does not connect or list.
pub fn official_client(kind: &str, endpoint: &str, key: &str, calls: &Value) -> Result<Vec<Value>> {
    let mut child = Command::new(paths::node())
        .arg(paths::root().join("tests/clients/official.mjs"))
        .args([kind, endpoint, key])
        .current_dir(paths::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("Node.js is needed: run `cargo xtask build` once")?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(calls.to_string().as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    ensure!(output.status.success(), "the {kind} client failed: {err}");
    out.lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
