//! The admin API, spoken directly: for tests that restart the runtime or send what the `smcp`
//! command would not. It expects nothing of an answer.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::guests;
use crate::http::{Answer, Ask};

/// A platform as its admin reaches it.
#[derive(Debug, Clone)]
pub struct Admin {
    url: String,
    token: String,
}

impl Admin {
    /// The platform at a URL without a path.
    pub fn new(url: &str, token: &str) -> Self {
        Self {
            url: url.to_owned(),
            token: token.to_owned(),
        }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A request of the admin API; `path` begins after `/admin/v1`.
    pub fn ask(&self, method: &str, path: &str) -> Ask {
        Ask::new(method, &format!("{}/admin/v1{path}", self.url))
            .header("authorization", &format!("Bearer {}", self.token))
            .header("content-type", "application/json")
    }

    /// Sends JSON.
    ///
    /// # Errors
    ///
    /// If no answer comes.
    pub fn send(&self, method: &str, path: &str, body: &Value) -> Result<Answer> {
        self.ask(method, path).send(body.to_string().as_bytes())
    }

    /// Asks for something.
    ///
    /// # Errors
    ///
    /// If no answer comes.
    pub fn get(&self, path: &str) -> Result<Answer> {
        self.ask("GET", path).send(b"")
    }

    /// Uploads bytes as a release.
    ///
    /// # Errors
    ///
    /// If no answer comes.
    pub fn publish(&self, tenant: &str, server: &str, package: &[u8]) -> Result<Answer> {
        self.ask("POST", &releases(tenant, server))
            .header("content-type", "application/wasm")
            .send(package)
    }

    /// A fresh tenant that trusts [`guests::publisher`]; gives a key of it.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn tenant(&self, tenant: &str) -> Result<String> {
        let publisher = guests::publisher().public().to_string();
        let at = |what: &str| format!("/tenants/{tenant}{what}");
        self.made("/tenants", &serde_json::json!({ "tenant": tenant }))?;
        self.made(
            &at("/publishers"),
            &serde_json::json!({ "key": publisher, "name": "tests" }),
        )?;
        let key = self.made(&at("/keys"), &serde_json::json!({ "name": "main" }))?;
        Ok(key["key"].as_str().context("no key")?.to_owned())
    }

    /// Lets a server send requests to a host.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn grant(&self, tenant: &str, server: &str, host: &str, methods: &[&str]) -> Result<()> {
        let path = format!("/tenants/{tenant}/servers/{server}/grants");
        let grant = serde_json::json!({ "host": host, "methods": methods });
        let answer = self.send("PUT", &path, &grant)?;
        ensure!(answer.status == 200, "{path}: {}", answer.text());
        Ok(())
    }

    /// Posts JSON, which must make something.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn made(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.send("POST", path, body)?;
        ensure!(answer.status == 201, "{path}: {}", answer.text());
        answer.json()
    }
}

/// The path of a server's releases.
pub fn releases(tenant: &str, server: &str) -> String {
    format!("/tenants/{tenant}/servers/{server}/releases")
}
