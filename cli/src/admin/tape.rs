//! `smcp tape`: the tapes that a host keeps of calls that failed.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use smcp_ids::{CallId, ServerSlug};

use super::{Client, OfTenant, items, show, show_list, text, time};
use crate::call::printable;
use crate::failure::Failure;
use crate::files;
use crate::ui::{Ui, bytes};

/// Lists and fetches the tapes of calls that failed, and says which are kept.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp tape list --tenant acme --server notes
  smcp tape get --tenant acme --server notes --call 5f0c9a7e1b2d3c48 --out failed.tape
  smcp replay failed.tape --module notes.wasm --log
  smcp tape keep off --tenant acme

A host keeps the newest 20 tapes of a server for 7 days. A tape has all that its call was answered: what the
server keeps, its settings, what a user said, and its request. It is a secret, and so is the file.

Who may, besides the platform's admin: an API key of the tenant with the scope admin; `keep` without WHICH also with
audit.")]
pub(crate) struct TapeCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists the tapes of a server, the newest first
    List(List),
    /// Writes a tape to a file, for `smcp replay`
    Get(Get),
    /// Says of which calls a tenant's tapes are kept; without WHICH, shows it
    Keep(Keep),
}

#[derive(Debug, Args)]
struct List {
    /// The server
    #[arg(long, value_name = "SERVER")]
    server: ServerSlug,
    /// Only that of this call
    #[arg(long, value_name = "ID")]
    call: Option<CallId>,
    #[command(flatten)]
    of: OfTenant,
}

#[derive(Debug, Args)]
struct Get {
    #[command(flatten)]
    of: List,
    /// The file, which only its owner may read
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
struct Keep {
    /// Of which calls
    #[arg(value_name = "WHICH")]
    which: Option<Which>,
    #[command(flatten)]
    of: OfTenant,
}

/// Of which calls tapes are kept.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Which {
    /// Of those that failed
    #[value(alias = "failures")]
    On,
    /// Of none; those that are kept are removed
    #[value(alias = "none")]
    Off,
    /// Of those that failed, and of those whose client asked for a receipt
    Receipts,
    /// Of all: before a shadow run, say; it costs a write for each call
    All,
}

impl TapeCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        match &self.action {
            Action::List(list) => {
                let head = [
                    "CALL", "TIME", "METHOD", "NAME", "OUTCOME", "SIZE", "EXPIRES",
                ];
                show_list(ui, &list.fetch()?, "tapes", &head, |row| {
                    let size = row.get("size").and_then(Value::as_u64).unwrap_or_default();
                    let [call, method, name, outcome] =
                        ["call", "method", "name", "outcome"].map(|it| printable(&text(row, it)));
                    let (made, expires) = (time(row, "time"), time(row, "expires"));
                    vec![call, made, method, name, outcome, bytes(size), expires]
                })
            }
            Action::Get(Get { of, out }) => of.get(out, ui),
            Action::Keep(Keep { which, of }) => {
                let (client, tenant) = of.open()?;
                let path = format!("{tenant}/tapes");
                let keep = which.map(|which| match which {
                    Which::On => "failures",
                    Which::Off => "none",
                    Which::Receipts => "receipts",
                    Which::All => "all",
                });
                show(
                    ui,
                    &match keep {
                        Some(keep) => client.put(&path, &json!({ "keep": keep }))?,
                        None => client.get(&path)?,
                    },
                )
            }
        }
    }
}

/// A tape that a host has, fetched.
pub(super) fn fetch(client: &Client, server: &str, call: CallId) -> Result<Vec<u8>, Failure> {
    let answer = client.get(&format!("{server}/tapes/{call}"))?;
    let tape = answer.get("tape").and_then(Value::as_str);
    let tape = tape.and_then(|text| STANDARD.decode(text).ok());
    tape.ok_or(Failure::NoTape)
}

impl List {
    fn fetch(&self) -> Result<Value, Failure> {
        let (client, tenant) = self.of.open()?;
        let call = self
            .call
            .map_or_else(String::new, |call| format!("?call={call}"));
        client.get(&format!("{tenant}/servers/{}/tapes{call}", self.server))
    }

    /// Writes the tape of the call, or the newest one, to a file.
    fn get(&self, out: &Path, ui: Ui) -> Result<(), Failure> {
        let listed = self.fetch()?;
        let newest = items(&listed, "tapes").first();
        let Some(label) = newest else {
            return Err(Failure::NoTape);
        };
        let call: CallId = text(label, "call").parse().map_err(|_| Failure::NoTape)?;
        let (client, tenant) = self.of.open()?;
        let tape = fetch(&client, &format!("{tenant}/servers/{}", self.server), call)?;
        files::write_secret(out, &tape)?;
        ui.result(label, || format!("{call} written to {}", out.display()))
    }
}
