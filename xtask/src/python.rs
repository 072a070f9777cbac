//! The official Python client, what knows the rules of OpenAPI, and the parsers of what Prometheus reads and of what the
//! network layer is written in, in a virtual environment of their own in the user's cache.

use std::path::PathBuf;
use std::process::Command;

use crate::progress::Step;
use crate::{paths, setup};
use anyhow::{Context, Result, ensure};

/// The version of the package `mcp` that is tested with.
const MCP_VERSION: &str = "2.3.0";
/// The version of the package `openapi-spec-validator` that holds the description of the admin API.
const OPENAPI_VERSION: &str = "0.9.0";
/// The version of the package `octorules-wirefilter`, which is the parser of the platform's rules.
const RULES_VERSION: &str = "0.7.0";
/// The version of the package `python-hcl2`, which reads Terraform's files.
const HCL_VERSION: &str = "8.1.4";

/// The version of the package `prometheus-client`, whose parser reads the platform's metrics.
const PROMETHEUS_VERSION: &str = "0.26.0";

/// The Python with all of them in it; installed on first use.
///
/// # Errors
///
/// If Python 3 is missing, or a package cannot be had.
pub fn python() -> Result<PathBuf> {
    let home = paths::cache()?.join("tools").join(format!(
        "python-mcp-{MCP_VERSION}-openapi-{OPENAPI_VERSION}-prometheus-{PROMETHEUS_VERSION}-rules-{RULES_VERSION}-hcl-{HCL_VERSION}"
    ));
    let python = home.join("bin/python");
    let done = home.join("installed");
    if done.exists() {
        return Ok(python);
    }
    let step = Step::begin("installing the official Python client, and parsers");
    let made = Command::new("python3")
        .args(["-m", "venv"])
        .arg(&home)
        .output();
    let made = made.context("Python 3 is needed: install it with its venv module")?;
    ensure!(
        made.status.success(),
        "python3 -m venv: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        &format!("mcp=={MCP_VERSION}"),
        &format!("openapi-spec-validator=={OPENAPI_VERSION}"),
        &format!("octorules-wirefilter=={RULES_VERSION}"),
        &format!("python-hcl2=={HCL_VERSION}"),
        &format!("prometheus-client=={PROMETHEUS_VERSION}"),
    ]);
    setup::run(&mut pip)?;
    std::fs::write(done, [])?;
    step.done();
    Ok(python)
}
