//! `smcp audit`: what was done in a tenant, and whether all of it is still there.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::Value;
use smcp_tenant::audit::{Entry, Head, HeadStatement, SignedHead, verify};

use super::http::Client;
use super::{OfTenant, items};
use crate::call::printable;
use crate::failure::Failure;
use crate::files;
use crate::receipt::{KeySource, keys};
use crate::ui::{ERROR, FAINT, STRONG, Ui, instant};

/// How often a host is asked for more.
const PAUSE: Duration = Duration::from_secs(1);

/// Shows, exports and verifies the record of what was done in a tenant.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp audit tail --tenant acme --follow
  smcp audit tail --platform
  smcp audit export acme.jsonl --head acme.head --tenant acme
  smcp audit verify acme.jsonl --head acme.head
  smcp audit settings --tenant acme
  smcp audit settings --calls yes --keep-days 800 --tenant acme

Each entry has the SHA-256 of the one before it, so none can be altered, removed or moved unseen; that entries at the end
are missing is seen by who has a later head. A head that the platform has signed can be kept elsewhere, and verified
years later: keep the platform's keys (/.well-known/smcp-keys) with it.

Who may, besides the platform's admin: an API key of the tenant with the scope admin or audit; to change the
settings, admin.")]
pub(crate) struct AuditCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Shows the newest entries
    Tail(Tail),
    /// Writes all entries to a file, an entry each line
    Export(Export),
    /// Verifies entries in a file, without asking for them again
    Verify(Verify),
    /// Shows what is written down and for how long; sets what is given
    Settings(Settings),
}

/// Whose record.
#[derive(Debug, Args)]
struct Whose {
    /// That of the platform, whatever tenant is given: which tenants were made and deleted
    #[arg(long)]
    platform: bool,
    #[command(flatten)]
    of: OfTenant,
}

#[derive(Debug, Args)]
struct Tail {
    #[command(flatten)]
    whose: Whose,
    /// How many entries
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    limit: u64,
    /// Go on with what comes, until interrupted
    #[arg(long, short)]
    follow: bool,
}

#[derive(Debug, Args)]
struct Export {
    /// Where to
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where to write the head, signed now by the platform
    #[arg(long, value_name = "FILE")]
    head: Option<PathBuf>,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Debug, Args)]
struct Verify {
    /// The entries, as `smcp audit export` writes them
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A signed head that must be on the way, or at the end
    #[arg(long, value_name = "FILE")]
    head: Option<PathBuf>,
    #[command(flatten)]
    from: KeySource,
}

#[derive(Debug, Args)]
struct Settings {
    /// For how many days entries are kept that are written from now on: 30 to 3660
    #[arg(long, value_name = "DAYS")]
    keep_days: Option<u32>,
    /// Whether each call of a tool, prompt or resource is an entry
    #[arg(long, value_name = "yes|no")]
    calls: Option<Answer>,
    #[command(flatten)]
    of: OfTenant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Answer {
    Yes,
    No,
}

impl Whose {
    fn open(&self) -> Result<(Client, String), Failure> {
        if self.platform {
            return Ok((self.of.client()?, "/admin/v1/audit".to_owned()));
        }
        let (client, tenant) = self.of.open()?;
        Ok((client, format!("{tenant}/audit")))
    }
}

/// A page of entries, and how far the chain has come.
fn page(client: &Client, audit: &str, after: u64) -> Result<(Vec<String>, Head), Failure> {
    let page = client.get(&format!("{audit}?after={after}"))?;
    let entries = items(&page, "entries").iter();
    let entries = entries.filter_map(|entry| entry.as_str().map(str::to_owned));
    let head = page.get("head").cloned().unwrap_or_default();
    let head = serde_json::from_value(head)
        .map_err(|_| Failure::Argument("the host gave no head of the chain".to_owned()))?;
    Ok((entries.collect(), head))
}

impl AuditCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        match &self.action {
            Action::Tail(tail) => tail.run(ui),
            Action::Export(export) => export.run(ui),
            Action::Verify(verify) => verify.run(ui),
            Action::Settings(settings) => settings.run(ui),
        }
    }
}

impl Settings {
    fn run(&self, ui: Ui) -> Result<(), Failure> {
        let (client, tenant) = self.of.open()?;
        let path = format!("{tenant}/audit/settings");
        let mut settings = client.get(&path)?;
        if let Some(days) = self.keep_days {
            settings["keep_days"] = days.into();
        }
        if let Some(calls) = self.calls {
            settings["calls"] = (calls == Answer::Yes).into();
        }
        if self.keep_days.is_some() || self.calls.is_some() {
            settings = client.put(&path, &settings)?;
        }
        ui.result(&settings, || {
            let days = &settings["keep_days"];
            let calls = match settings["calls"].as_bool() {
                Some(true) => "each is an entry",
                _ => "not written down, but for what was denied",
            };
            format!("entries  kept for {days} days\ncalls    {calls}")
        })
    }
}

impl Tail {
    fn run(&self, ui: Ui) -> Result<(), Failure> {
        let (client, audit) = self.whose.open()?;
        let (_, head) = page(&client, &audit, u64::MAX)?;
        let mut after = head.number.saturating_sub(self.limit);
        loop {
            let (entries, _) = page(&client, &audit, after)?;
            for text in &entries {
                let line = if ui.json { text.clone() } else { shown(text) };
                if !ui.line(&line)? {
                    return Ok(());
                }
                after = number_of(text).unwrap_or(after);
            }
            if entries.is_empty() && !self.follow {
                return Ok(());
            }
            if entries.is_empty() {
                std::thread::sleep(PAUSE);
            }
        }
    }
}

fn number_of(text: &str) -> Option<u64> {
    let entry: Entry = serde_json::from_str(text).ok()?;
    Some(entry.number)
}

/// One entry, for people.
fn shown(text: &str) -> String {
    let Ok(entry) = serde_json::from_str::<Entry>(text) else {
        return printable(text);
    };
    let time = instant(entry.at);
    let came = match entry.came.as_str() {
        "done" => String::new(),
        code => format!(" {ERROR}{}{ERROR:#}", printable(code)),
    };
    let what = entry.what.as_ref().map(|what| printable(what.get()));
    let what = what.map(|what| format!(" {FAINT}{what}{FAINT:#}"));
    format!(
        "{FAINT}{} {time}{FAINT:#} {} {STRONG}{}{STRONG:#} {}{came}{}",
        entry.number,
        printable(&entry.by),
        printable(&entry.did),
        printable(&entry.to),
        what.unwrap_or_default()
    )
}

impl Export {
    fn run(&self, ui: Ui) -> Result<(), Failure> {
        let (client, audit) = self.whose.open()?;
        let busy = ui.busy("reading the record");
        let mut lines = String::new();
        let (mut after, mut count) = (0, 0_u64);
        loop {
            let (entries, _) = page(&client, &audit, after)?;
            let Some(last) = entries.last().and_then(|text| number_of(text)) else {
                break;
            };
            after = last;
            for text in entries {
                lines.push_str(&text);
                lines.push('\n');
                count += 1;
            }
            busy.next(format!("reading the record: {count} entries"));
        }
        drop(busy);
        files::write(&self.file, lines.as_bytes())?;
        if let Some(file) = &self.head {
            let head = client.get(&format!("{audit}/head"))?;
            files::write(file, format!("{head}\n").as_bytes())?;
        }
        #[derive(Serialize)]
        struct Exported {
            entries: u64,
            file: PathBuf,
        }
        let exported = Exported {
            entries: count,
            file: self.file.clone(),
        };
        ui.result(&exported, || {
            format!("{count} entries to {}", self.file.display())
        })
    }
}

#[derive(Serialize)]
struct Found {
    valid: bool,
    of: String,
    first: u64,
    last: u64,
    hash: String,
    /// Up to which entry the platform has signed that it is so.
    signed: Option<u64>,
}

impl Verify {
    fn run(&self, ui: Ui) -> Result<(), Failure> {
        let text = String::from_utf8_lossy(&files::read(&self.file)?).into_owned();
        let signed = self.signed()?;
        let head = signed.as_ref().map(HeadStatement::head);
        let found = verify(text.lines(), head.as_ref()).map_err(Failure::Audit)?;
        let Some(found) = found else {
            return Err(Failure::Argument(format!(
                "{} has no entries",
                self.file.display()
            )));
        };
        if signed.as_ref().is_some_and(|signed| signed.of != found.of) {
            return Err(Failure::Argument(
                "the head is of another chain than the entries".to_owned(),
            ));
        }
        let found = Found {
            valid: true,
            of: found.of,
            first: found.first,
            last: found.head.number,
            hash: found.head.hash.to_string(),
            signed: signed.map(|signed| signed.number),
        };
        ui.result(&found, || {
            let signed = match found.signed {
                Some(number) => format!("the platform has signed up to {number}"),
                None => {
                    "no signed head was given: whether entries at the end are missing is not known"
                        .to_owned()
                }
            };
            let Found {
                of, first, last, ..
            } = &found;
            format!("{STRONG}{of}{STRONG:#}: entries {first} to {last} are whole; {signed}")
        })
    }

    fn signed(&self) -> Result<Option<HeadStatement>, Failure> {
        let Some(file) = &self.head else {
            return Ok(None);
        };
        let head: Value = serde_json::from_slice(&files::read(file)?).unwrap_or_default();
        let head: SignedHead = serde_json::from_value(head)
            .map_err(|_| Failure::Argument(format!("{} is no signed head", file.display())))?;
        Ok(Some(head.verify(&keys(&self.from)?)?))
    }
}
