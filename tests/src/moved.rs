//! All of a tenant, as its export has it, and how it is brought to a platform: for tests that hold either in their hands.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::admin::Admin;

/// All of a tenant.
#[derive(Debug, Clone)]
pub struct Moved {
    /// The pages of its items; the last one has its rows too.
    pub pages: Vec<Value>,
    /// Its modules, by release.
    pub packages: Vec<(String, Vec<u8>)>,
}

impl Moved {
    /// What there is of a tenant now.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn of(admin: &Admin, tenant: &str) -> Result<Self> {
        let at = format!("/tenants/{tenant}/export");
        let mut pages = vec![page(admin, &at)?];
        while let Some(next) = pages.last().and_then(|page| page["next"].as_str()) {
            let path = format!("{at}?after={next}");
            pages.push(page(admin, &path)?);
        }
        let modules = pages.last().map(|last| &last["modules"]);
        let modules = modules.and_then(Value::as_array).context("no modules")?;
        let package = |release: &Value| {
            let release = release.as_str().context("no release")?;
            let answer = admin.get(&format!("{at}/{release}"))?;
            ensure!(answer.status == 200, "{release}: {}", answer.text());
            Ok((release.to_owned(), answer.body))
        };
        let packages = modules.iter().map(package).collect::<Result<_>>()?;
        Ok(Self { pages, packages })
    }

    /// Makes the tenant of it. Begun again, it goes on.
    ///
    /// # Errors
    ///
    /// If the host refuses, or dies.
    pub fn bring(&self, admin: &Admin, tenant: &str) -> Result<()> {
        let send = |method: &str, path: &str, body: &[u8]| {
            let answer = admin.ask(method, path).send(body)?;
            // What is there already was made, or brought, before.
            let is_there = answer.status == 409 && !answer.text().contains("import_incomplete");
            let is_taken = answer.status < 300 || is_there;
            ensure!(is_taken, "{method} {path}: {}", answer.text());
            Ok(())
        };
        let at = |what: &str| format!("/tenants/{tenant}/import{what}");
        let made = json!({ "tenant": tenant, "import": true }).to_string();
        send("POST", "/tenants", made.as_bytes())?;
        for (release, package) in &self.packages {
            send("PUT", &at(&format!("/{release}")), package)?;
        }
        for page in &self.pages {
            let page = json!({
                "layout": page["layout"], "items": page["items"],
                "rows": page.get("rows").cloned().unwrap_or_else(|| json!([])),
            });
            send("POST", &at(""), page.to_string().as_bytes())?;
        }
        let rows = self.pages.iter().filter_map(|page| page["rows"].as_array());
        let rows: usize = rows.map(Vec::len).sum();
        send(
            "POST",
            &at("/end"),
            json!({ "rows": rows }).to_string().as_bytes(),
        )
    }
}

fn page(admin: &Admin, path: &str) -> Result<Value> {
    let answer = admin.get(path)?;
    ensure!(answer.status == 200, "{path}: {}", answer.text());
    answer.json()
}
