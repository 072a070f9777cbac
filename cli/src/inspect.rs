//! `smcp inspect`: what a module is made of, signed or not, admissible or not.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use smcp_analysis::{FindingPolicy, Report};
use smcp_package::{AskedLimits, Asks, CallLimits, Summary, capabilities, inspect};
use smcp_protocol::Catalogue;
use smcp_tenant::schemas::SettingSchemas;

use crate::admin::read_policy;
use crate::asks;
use crate::failure::Failure;
use crate::files;
use crate::local::Local;
use crate::report;
use crate::ui::{STRONG, Ui, bytes, number};

/// Shows what a module is made of, and whether a host would take it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp inspect hello.wasm
  smcp inspect --json hello.wasm | jq .tools
  smcp inspect --json hello.wasm | jq .report.findings

Its tools are tried with arguments made up from their schemas, as a host does before it publishes: nothing is done for
them. What a host finds besides has to do with its other servers and with the release that is live.

Nothing that it shows is proof of who made the module: that is what `smcp verify` is for.")]
pub(crate) struct Inspect {
    /// The module
    #[arg(value_name = "MODULE")]
    module: PathBuf,
    /// Say what this policy of a tenant would refuse [default: the platform's]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inspected {
    /// The digest that names the release, where the module has a manifest.
    release: Option<String>,
    description: Option<String>,
    capabilities: Vec<String>,
    tools: Vec<String>,
    asked_limits: AskedLimits,
    asks: Asks,
    limits: Option<AskedLimits>,
    /// Why a host would refuse it, signatures aside.
    refusal: Option<Refusal>,
    /// What it can do and what was found, where a host would take it.
    report: Option<Report>,
    /// The findings for which the policy would refuse it.
    refused_for: Vec<&'static str>,
    #[serde(flatten)]
    summary: Summary,
}

#[derive(Serialize)]
struct Refusal {
    code: String,
    message: String,
}

pub(crate) fn run(args: &Inspect, ui: Ui) -> Result<(), Failure> {
    let module = files::read(&args.module)?;
    let policy = args.policy.as_deref().map(read_policy).transpose()?;
    let inspected = look(&module, &policy.unwrap_or_default())?;
    ui.result(&inspected, || inspected.text())
}

fn look(module: &[u8], policy: &FindingPolicy) -> Result<Inspected, Failure> {
    let summary = inspect(module)?;
    let mut inspected = Inspected {
        release: None,
        description: None,
        capabilities: capabilities(module)?.into_iter().collect(),
        tools: Vec::new(),
        asked_limits: AskedLimits::default(),
        asks: Asks::default(),
        limits: None,
        refusal: None,
        report: None,
        refused_for: Vec::new(),
        summary,
    };
    match Local::load(module) {
        Ok(local) => {
            let admitted = &local.admitted;
            let manifest = admitted.manifest();
            inspected.release = Some(admitted.release().to_string());
            inspected.description = manifest.description().map(str::to_owned);
            inspected.asked_limits = manifest.limits();
            inspected.asks = manifest.asks().clone();
            if let Err(error) = SettingSchemas::compile(manifest.asks()) {
                inspected.refusal = Some(Refusal::of(&error.into()));
            }
            inspected.limits = Some(granted(admitted.limits()));
            match Catalogue::parse(manifest.catalogue().as_bytes()) {
                Ok(catalogue) => {
                    inspected.tools = tools(&catalogue);
                    let report = report::of(&local, &catalogue, policy)?;
                    let refused = policy.refuses(&report);
                    inspected.refused_for = refused.map(|finding| finding.code.name()).collect();
                    inspected.refused_for.dedup();
                    inspected.report = Some(report);
                }
                Err(error) => inspected.refusal = Some(Refusal::of(&error.into())),
            }
        }
        Err(failure) => inspected.refusal = Some(Refusal::of(&failure)),
    }
    Ok(inspected)
}

/// The names of the tools, in the catalogue's order.
pub(crate) fn tools(catalogue: &Catalogue) -> Vec<String> {
    catalogue
        .tools()
        .map(|tool| tool.name().to_owned())
        .collect()
}

/// All limits in the form in which a manifest asks for them.
fn granted(limits: CallLimits) -> AskedLimits {
    AskedLimits {
        memory: Some(limits.memory as u64),
        fuel: Some(limits.fuel),
        deadline_millis: Some(limits.deadline_millis),
        output: Some(limits.output as u64),
    }
}

impl Refusal {
    fn of(failure: &Failure) -> Self {
        Self {
            code: failure.code().to_owned(),
            message: failure.to_string(),
        }
    }
}

impl Inspected {
    fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: &str| {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{STRONG}{name:<13}{STRONG:#} {value}");
        };
        let summary = &self.summary;
        match &summary.manifest {
            Some((name, version)) => line("server", &format!("{name} {version}")),
            None => line("server", "no manifest: this is not a package"),
        }
        if let Some(description) = &self.description {
            line("description", description);
        }
        match (&self.release, summary.claimed_release) {
            (Some(release), _) => line("release", release),
            (None, Some(claimed)) => line("release", &format!("{claimed}, as it claims")),
            (None, None) => {}
        }
        line("signatures", &summary.signatures.to_string());
        line("size", &bytes(summary.bytes as u64));
        line("tools", &list(&self.tools));
        line("capabilities", &list(&self.capabilities));
        line("asks for", &lines(&asks::lines(&self.asks)));
        line("imports", &lines(&summary.imports));
        line("exports", &lines(&summary.exports));
        let largest = bytes(summary.largest_function as u64);
        line(
            "functions",
            &format!("{}, the largest {largest}", summary.functions),
        );
        if let Some((initial, most)) = summary.memory_pages {
            let most = most.map_or("no maximum of its own".into(), |most| {
                format!("at most {}", bytes(most.saturating_mul(65_536)))
            });
            line(
                "memory",
                &format!(
                    "{} to start with, {most}",
                    bytes(initial.saturating_mul(65_536))
                ),
            );
        }
        if let Some(limits) = self.limits {
            line("limits", &limits_text(limits));
        }
        let sections = summary.sections.iter();
        let sections =
            sections.map(|section| format!("{} {}", section.name, bytes(section.bytes as u64)));
        line("sections", &sections.collect::<Vec<_>>().join(", "));
        match &self.refusal {
            None => line(
                "admission",
                "a host with default limits takes it from a publisher it trusts",
            ),
            Some(refusal) => line("admission", &format!("refused: {}", refusal.message)),
        }
        if !self.refused_for.is_empty() {
            line(
                "policy",
                &format!("refuses it for {}", self.refused_for.join(", ")),
            );
        }
        if let Some(report) = &self.report {
            let report = serde_json::to_value(report).unwrap_or_default();
            text.push_str(&report::text(&report));
        }
        text
    }
}

fn limits_text(limits: AskedLimits) -> String {
    format!(
        "{} memory, {} fuel, {} ms, {} output",
        bytes(limits.memory.unwrap_or_default()),
        number(limits.fuel.unwrap_or_default().0),
        number(limits.deadline_millis.unwrap_or_default()),
        bytes(limits.output.unwrap_or_default())
    )
}

fn list(items: &[String]) -> String {
    if items.is_empty() {
        "none".to_owned()
    } else {
        items.join(", ")
    }
}

/// Names too long to stand side by side.
fn lines(items: &[String]) -> String {
    if items.is_empty() {
        "none".to_owned()
    } else {
        items.join("\n              ")
    }
}
