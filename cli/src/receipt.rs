//! `smcp verify-receipt`: whether a platform says what a receipt says, and of what.
//!
//! It believes nothing of the receipt before its signature holds, and says what it has not checked.
//! A receipt is the word of the platform whose keys are given; that the call ran as it says is not
//! computed here.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::Value;
use smcp_crypto::sha256;
use smcp_ids::Digest;
use smcp_protocol::catalogue::{split_union_name, split_union_uri, with_uris};
use smcp_protocol::json::{Json, Kind};
use smcp_protocol::{GuestCall, Target, original};
use smcp_tenant::receipt::{PlatformKeys, Receipt, UntrustedReceipt};

use crate::admin::Client;
use crate::failure::Failure;
use crate::files;
use crate::local::{admit, widest_policy};
use crate::ui::{STRONG, Ui, moment, number};

/// Where a platform serves the public keys of its receipts.
const KEYS: &str = "/.well-known/smcp-keys";
/// Where a result has its receipt.
const RECEIPT: &str = "smcp/receipt";

/// Verifies a receipt: that the platform signed it, and that it is of the files that are given.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp verify-receipt answer.json --host https://mcp.example.com
  smcp verify-receipt answer.json --request call.json --module hello.wasm
  smcp verify-receipt receipt.json --keys keys.json --result result.json --json

A client gets a receipt if the `_meta` of its call has \"smcp/receipt\": true. RECEIPT is the answer with
the receipt in it, whose result is checked too, or the receipt alone. Digests are of bytes: keep the
request and the answer as they were sent. What was not given is not checked, and the output says so.

The keys come from the host, unless --keys has them: keep those of the day, for when the platform has
others. Exits with 0 if all that was checked is so, and with 1 if not.")]
pub(crate) struct VerifyReceipt {
    /// The receipt, or the result, the response or the event stream that has it
    #[arg(value_name = "RECEIPT")]
    receipt: PathBuf,
    #[command(flatten)]
    from: KeySource,
    /// The package that should have run, signed or not
    #[arg(long, value_name = "MODULE")]
    module: Option<PathBuf>,
    /// The request that should have been answered: the message, as it was sent
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// The result that should have been returned: the answer as it came, or the guest's own text
    #[arg(long, value_name = "FILE")]
    result: Option<PathBuf>,
}

/// Where the keys of a platform come from.
#[derive(Debug, Args)]
pub(crate) struct KeySource {
    /// The address of the platform that made the receipt
    #[arg(
        long,
        value_name = "URL",
        env = "SMCP_HOST",
        default_value = "http://127.0.0.1:8787"
    )]
    host: String,
    /// The platform's keys, as it serves them at /.well-known/smcp-keys; no host is asked then
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Take the keys from a host that is not this machine without encryption: they may be anybody's
    #[arg(long)]
    insecure: bool,
}

#[derive(Serialize)]
struct Verified {
    valid: bool,
    checked: Vec<&'static str>,
    unchecked: Vec<&'static str>,
    receipt: Value,
}

pub(crate) fn run(args: &VerifyReceipt, ui: Ui) -> Result<(), Failure> {
    let text = text(&args.receipt)?;
    let missing = || Failure::ReceiptMissing(args.receipt.clone());
    let json = Json::parse(text.as_bytes()).map_err(|_| missing())?;
    let (written, result) = find(json).ok_or_else(missing)?;
    let receipt = UntrustedReceipt::parse(written.text())?.verify(&keys(&args.from)?)?;

    let mut verified = Verified {
        valid: true,
        checked: vec!["signature"],
        unchecked: Vec::new(),
        receipt: serde_json::from_str(written.text()).unwrap_or_default(),
    };
    let mut note = |what, is_checked| {
        let list = if is_checked {
            &mut verified.checked
        } else {
            &mut verified.unchecked
        };
        list.push(what);
    };
    if let Some(module) = &args.module {
        check_module(&receipt, module)?;
    }
    note("module", args.module.is_some());
    if let Some(request) = &args.request {
        check_request(&receipt, request)?;
    }
    note("request", args.request.is_some());
    if let Some(result) = result {
        let given = args.receipt.clone();
        check_result(&receipt, result).ok_or(Failure::ReceiptResult(given))?;
    }
    if let Some(result) = &args.result {
        check_result_file(&receipt, result)?;
    }
    note("result", result.is_some() || args.result.is_some());
    // Who has the tape runs it again too: `smcp replay --receipt`.
    note("tape", false);
    ui.result(&verified, || shown(&receipt, &verified))
}

/// What the receipt in a file says, if its platform says so.
pub(crate) fn verified(file: &Path, from: &KeySource) -> Result<Receipt, Failure> {
    let text = text(file)?;
    let missing = || Failure::ReceiptMissing(file.to_owned());
    let json = Json::parse(text.as_bytes()).map_err(|_| missing())?;
    let (written, _) = find(json).ok_or_else(missing)?;
    Ok(UntrustedReceipt::parse(written.text())?.verify(&keys(from)?)?)
}

/// The text of a file; of a stream of events the last, which is the answer.
fn text(path: &Path) -> Result<String, Failure> {
    let text = String::from_utf8_lossy(&files::read(path)?).into_owned();
    let mut events = text.lines().filter_map(|line| line.strip_prefix("data: "));
    Ok(
        match (text.trim_start().starts_with('{'), events.next_back()) {
            (false, Some(last)) => last.to_owned(),
            _ => text,
        },
    )
}

/// The receipt in what a file has, and the result that it is in.
fn find(json: Json<'_>) -> Option<(Json<'_>, Option<Json<'_>>)> {
    let result = result_of(json);
    match result.get("_meta").and_then(|meta| meta.get(RECEIPT)) {
        Some(receipt) => Some((receipt, Some(result))),
        None => result.get("signature").map(|_| (result, None)),
    }
}

/// The result of a response; anything else is one, or none.
fn result_of(json: Json<'_>) -> Json<'_> {
    // A receipt has a member of that name too: a digest.
    let result = json.get("result");
    result
        .filter(|result| result.kind() == Kind::Object)
        .unwrap_or(json)
}

/// The keys of a platform.
pub(crate) fn keys(from: &KeySource) -> Result<PlatformKeys, Failure> {
    let json = match &from.keys {
        Some(file) => files::read(file)?,
        None => {
            let client = Client::anonymous(&from.host, from.insecure)?;
            client.get(KEYS)?.to_string().into_bytes()
        }
    };
    Ok(PlatformKeys::parse(&json)?)
}

fn check_module(receipt: &Receipt, module: &Path) -> Result<(), Failure> {
    let given = admit(&files::read(module)?, &widest_policy()?)?.release();
    if given == receipt.release {
        Ok(())
    } else {
        let receipt = receipt.release;
        Err(Failure::ReceiptModule { receipt, given })
    }
}

fn check_request(receipt: &Receipt, file: &Path) -> Result<(), Failure> {
    let text = text(file)?;
    let is_it = |text: &str| is(receipt.request, text);
    let same = is_it(&text) || is_it(text.trim()) || {
        let json = Json::parse(text.as_bytes()).ok();
        let call = json.and_then(GuestCall::of_message);
        call.is_some_and(|call| {
            call.target().method() == receipt.method
                && (is_it(&call.guest_request())
                    || is_united(receipt, call.name())
                        && is_it(&call.guest_request_as(Some(&receipt.name), call.meta())))
        })
    };
    if same {
        Ok(())
    } else {
        Err(Failure::ReceiptRequest(file.to_owned()))
    }
}

fn check_result_file(receipt: &Receipt, file: &Path) -> Result<(), Failure> {
    let text = text(file)?;
    let is_it = |text: &str| is(receipt.result, text);
    if is_it(&text) || is_it(text.trim()) {
        return Ok(());
    }
    let json = Json::parse(text.as_bytes()).ok();
    json.and_then(|json| check_result(receipt, result_of(json)))
        .ok_or_else(|| Failure::ReceiptResult(file.to_owned()))
}

/// Something, if the guest returned that result before the host added to it.
fn check_result(receipt: &Receipt, given: Json<'_>) -> Option<()> {
    let is_it = |text: &str| is(receipt.result, text);
    let as_given = || original(given, is_it);
    // At the address of all servers its URIs name the server too.
    let as_united = || {
        let mut targets = Target::ALL.into_iter();
        let target = targets.find(|target| target.method() == receipt.method)?;
        let own = with_uris(target, given, |_, uri| {
            let (server, own) = split_union_uri(uri)?;
            (server == receipt.server).then_some(own)
        });
        original(Json::parse(own.as_bytes()).ok()?, is_it)
    };
    as_given().or_else(as_united).map(drop)
}

/// Whether the receipt's tool, prompt or URI is called so at the address of all servers.
fn is_united(receipt: &Receipt, name: &str) -> bool {
    let is = |server, own: &str| server == receipt.server && own == receipt.name;
    split_union_name(name).is_some_and(|(server, own)| is(server, own))
        || split_union_uri(name).is_some_and(|(server, own)| is(server, &own))
}

fn is(digest: Digest, text: &str) -> bool {
    sha256(text.as_bytes()) == digest
}

fn shown(receipt: &Receipt, verified: &Verified) -> String {
    let line = |name: &str, value: &str| format!("{STRONG}{name:<12}{STRONG:#} {value}");
    let fuel = format!(
        "{} of {}",
        number(receipt.fuel.0),
        number(receipt.bounds.fuel.0)
    );
    // Names were written by others, and a terminal obeys control characters.
    let name = receipt.name.escape_debug();
    [
        line("checked", &verified.checked.join(", ")),
        line("not checked", &verified.unchecked.join(", ")),
        line("tenant", receipt.tenant.as_str()),
        line("server", receipt.server.as_str()),
        line("release", &receipt.release.to_string()),
        line("call", &format!("{} {name}", receipt.method.escape_debug())),
        line("time", &moment(receipt.time.0)),
        line("fuel", &fuel),
    ]
    .join("\n")
}
