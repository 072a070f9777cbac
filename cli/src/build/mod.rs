//! `smcp build`: from a crate to an unsigned package.
//!
//! In the order of the files: `cargo` finds the crate and compiles it, `tell_tales` looks in what
//! came out for parts of the standard library that a server does not have, `pack` makes the package.

mod cargo;
mod pack;
mod tell_tales;

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use smcp_capability::contract::HTTP;
use smcp_package::Asks;

use crate::asks;
use crate::failure::Failure;
use crate::files;
use crate::ui::{STRONG, Ui, bytes};

/// Builds a server's crate to a package: one .wasm file with its manifest inside, unsigned.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp build
  smcp build --path servers/hello --out hello.wasm
  smcp build && smcp call hello.wasm greet '{\"name\": \"Ada\"}'

Name, version and description are those of Cargo.toml. A server that is to be named otherwise, or
needs other limits than a host gives by default, says so there:

  [package.metadata.smcp]
  name = \"hello\"
  limits = { memory = 8388608, fuel = 4000000000, deadlineMillis = 60000, output = 2097152 }

What it asks of the tenant's admin stands there too: hosts that it sends requests to, secrets for their headers, and
settings, each with the JSON Schema of its value. Settings that are declared are all there are.

  [[package.metadata.smcp.http]]
  host = \"api.example.com\"
  methods = [\"GET\", \"POST\"]

  [[package.metadata.smcp.secrets]]
  name = \"API_TOKEN\"
  hosts = [\"api.example.com\"]
  description = \"A token that may read issues: example.com/settings/tokens\"

  [package.metadata.smcp.config.limit]
  type = \"integer\"
  minimum = 1")]
pub(crate) struct Build {
    /// The directory of the crate
    #[arg(long, value_name = "DIR", default_value = ".")]
    path: PathBuf,
    /// Where the package goes [default: NAME.wasm in the crate's directory]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The profile of cargo to build with
    #[arg(long, value_name = "NAME", default_value = "release")]
    profile: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Built<'a> {
    file: &'a Path,
    name: String,
    version: String,
    bytes: usize,
    /// What the compiler wrote, before its custom sections were removed.
    compiled_bytes: usize,
    tools: Vec<String>,
    capabilities: Vec<String>,
    asks: Asks,
    warnings: Vec<String>,
}

pub(crate) fn run(args: &Build, ui: Ui) -> Result<(), Failure> {
    let busy = ui.busy("looking at the crate");
    let found = cargo::find(&args.path)?;
    cargo::check_target(&args.path)?;
    busy.next(format!("compiling {}", found.name));
    let compiled = busy.aside(|| cargo::compile(&found, &args.profile))?;
    let compiled = files::read(&compiled)?;
    busy.next("running describe");
    let mut warnings = tell_tales::find(&compiled);
    let packed = pack::pack(&compiled, &found);
    if packed
        .as_ref()
        .is_ok_and(|packed| sends_unasked(&packed.capabilities, &found.asks))
    {
        warnings.push(SENDS_UNASKED);
    }
    for warning in &warnings {
        busy.aside(|| ui.warn(warning));
    }
    let packed = packed?;
    let beside = found.directory.join(format!("{}.wasm", packed.name));
    let file = args.out.as_deref().unwrap_or(&beside);
    files::write(file, &packed.bytes)?;
    drop(busy);
    let built = Built {
        file,
        name: packed.name,
        version: found.version,
        bytes: packed.bytes.len(),
        compiled_bytes: compiled.len(),
        tools: packed.tools,
        capabilities: packed.capabilities,
        asks: found.asks,
        warnings: warnings.into_iter().map(str::to_owned).collect(),
    };
    ui.result(&built, || built.text())
}

const SENDS_UNASKED: &str = "the server can send requests and asks for no host: admins must know by themselves which to \
                             grant; if it always sends them to the same hosts, say so in [[package.metadata.smcp.http]]";

fn sends_unasked(capabilities: &[String], asks: &Asks) -> bool {
    asks.http().is_empty() && capabilities.iter().any(|interface| interface == HTTP)
}

impl Built<'_> {
    fn text(&self) -> String {
        let list = |items: &[String]| {
            if items.is_empty() {
                "none".to_owned()
            } else {
                items.join(", ")
            }
        };
        let (size, compiled) = (bytes(self.bytes as u64), bytes(self.compiled_bytes as u64));
        format!(
            "{STRONG}{} {}{STRONG:#}\n\
             tools         {}\n\
             capabilities  {}\n\
             asks for      {}\n\
             size          {size} ({compiled} as compiled)\n\
             file          {}, unsigned",
            self.name,
            self.version,
            list(&self.tools),
            list(&self.capabilities),
            match asks::lines(&self.asks) {
                lines if lines.is_empty() => "nothing".to_owned(),
                lines => lines.join("\n              "),
            },
            self.file.display(),
        )
    }
}
