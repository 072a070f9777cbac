//! What is kept of a server's calls, as an admin reads it: log entries and tapes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use smcp_capability::turn::{Effect, Frame, Performed, Reply};
use smcp_ids::{CallId, LogLevel, ServerSlug, limits};

use super::servers::find;
use super::{body, parameter};
use crate::item::Space;
use crate::journal::{Entry, Said, Wanted};
use crate::problem::{Problem, json};
use crate::record::{Change, OptionsRecord, Row};
use crate::state::Scene;
use crate::tapes::{Keeps, Label};

/// Entries of an answer, where none says how many.
const PAGE: usize = 100;

#[derive(Serialize)]
struct EntryView<'a> {
    number: u64,
    time: u64,
    call: String,
    level: &'static str,
    #[serde(flatten)]
    said: SaidView<'a>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum SaidView<'a> {
    /// What the guest logged.
    Log {
        #[serde(skip_serializing_if = "Option::is_none")]
        logger: Option<&'a str>,
        data: serde_json::Value,
        #[serde(skip_serializing_if = "core::ops::Not::not")]
        cut: bool,
    },
    /// What the host has to say of the call.
    Note { message: &'a str },
    /// How it ended.
    End {
        method: &'a str,
        name: &'a str,
        caller: &'a str,
        outcome: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'a str>,
        millis: u64,
        fuel: u64,
        memory: u64,
        tape: bool,
    },
}

impl<'a> EntryView<'a> {
    fn of(number: u64, entry: &'a Entry) -> Self {
        let said = match &entry.said {
            Said::Logged {
                logger,
                data,
                is_cut,
            } => SaidView::Log {
                logger: logger.as_deref(),
                // Text that is not JSON is shown as text.
                data: serde_json::from_str(data).unwrap_or_else(|_| data.as_str().into()),
                cut: *is_cut,
            },
            Said::Noted(message) => SaidView::Note { message },
            Said::Ended(ending) => SaidView::End {
                method: &ending.method,
                name: &ending.name,
                caller: &ending.caller,
                outcome: &ending.outcome,
                message: ending.message.as_deref(),
                millis: ending.millis,
                fuel: ending.fuel.0,
                memory: ending.memory,
                tape: ending.tape,
            },
        };
        Self {
            number,
            time: entry.at.0,
            call: entry.call.to_string(),
            level: entry.level.as_str(),
            said,
        }
    }
}

pub(super) async fn logs(scene: &Scene, server: &str, query: &str) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct List<'a> {
        entries: Vec<EntryView<'a>>,
        /// What the next request sends as `after`.
        next: u64,
        more: bool,
    }
    let server = slug(scene, server)?;
    let wanted = wanted(query)?;
    let page = scene.read_logs(&server, &wanted).await?;
    let entries = page.entries.iter();
    let list = List {
        entries: entries
            .map(|(number, entry)| EntryView::of(*number, entry))
            .collect(),
        next: page.next,
        more: page.more,
    };
    Ok(json(200, &list))
}

fn slug(scene: &Scene, server: &str) -> Result<ServerSlug, Problem> {
    let state = scene.state.borrow();
    Ok(find(state.directory()?, server)?.server.clone())
}

fn wanted(query: &str) -> Result<Wanted, Problem> {
    let number = |name: &str| {
        let text = parameter(query, name);
        text.map(|text| {
            text.parse::<u64>()
                .map_err(|_| wrong(name, "a whole number"))
        })
        .transpose()
    };
    let most = limits::LOGS_PAGE_MAX as u64;
    let limit = number("limit")?.unwrap_or(PAGE as u64);
    if !(1..=most).contains(&limit) {
        return Err(wrong("limit", &format!("1 to {most}")));
    }
    let level = parameter(query, "level");
    let least = level.map_or(Some(LogLevel::Debug), LogLevel::parse);
    Ok(Wanted {
        after: number("after")?,
        call: parameter(query, "call").map(call).transpose()?,
        least: least.ok_or_else(|| wrong("level", "a level, such as warning"))?,
        limit: limit as usize,
    })
}

fn call(text: &str) -> Result<CallId, Problem> {
    text.parse()
        .map_err(|error| Problem::invalid("invalid_parameter", format!("call: {error}")))
}

pub(super) fn wrong(name: &str, what: &str) -> Problem {
    Problem::invalid("invalid_parameter", format!("{name} must be {what}"))
}

#[derive(Serialize)]
struct TapeView<'a> {
    call: String,
    time: u64,
    expires: u64,
    release: String,
    method: &'a str,
    name: &'a str,
    outcome: &'a str,
    fuel: u64,
    size: u64,
}

impl<'a> TapeView<'a> {
    fn of(label: &'a Label) -> Self {
        Self {
            call: label.call.to_string(),
            time: label.at.0,
            expires: label.at.plus(limits::TAPES_MILLIS).0,
            release: label.release.to_string(),
            method: &label.method,
            name: &label.name,
            outcome: &label.outcome,
            fuel: label.fuel.0,
            size: label.size,
        }
    }
}

pub(super) async fn tapes(scene: &Scene, server: &str, query: &str) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct List<'a> {
        tapes: Vec<TapeView<'a>>,
    }
    let server = slug(scene, server)?;
    let wanted = parameter(query, "call").map(call).transpose()?;
    let labels = scene.tapes(&server).await?;
    let of_call = |label: &&Label| wanted.is_none_or(|call| call == label.call);
    let tapes = labels.iter().filter(of_call).map(TapeView::of).collect();
    Ok(json(200, &List { tapes }))
}

/// The tape as it is, in base 64: what the object answers is text.
pub(super) async fn tape(scene: &Scene, server: &str, id: &str) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct Tape {
        call: String,
        tape: String,
    }
    let server = slug(scene, server)?;
    let id: CallId = id.parse().map_err(|_| Problem::not_found())?;
    let bytes = scene.tape(&server, id).await?;
    let bytes = bytes.ok_or_else(Problem::not_found)?;
    let tape = Tape {
        call: id.to_string(),
        tape: STANDARD.encode(bytes),
    };
    Ok(json(200, &tape))
}

/// What the tenant keeps, as it is said in the API.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KeepsView {
    None,
    Failures,
    Receipts,
    All,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keep {
    keep: KeepsView,
}

pub(super) fn show_keep(scene: &Scene) -> Result<Reply, Problem> {
    let keep = match scene.state.borrow().directory()?.options.tapes {
        Keeps::None => KeepsView::None,
        Keeps::Failures => KeepsView::Failures,
        Keeps::Receipts => KeepsView::Receipts,
        Keeps::All => KeepsView::All,
    };
    Ok(json(200, &Keep { keep }))
}

/// Keeping none removes those that are kept, too.
pub(super) async fn set_keep(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let set: Keep = body(frame)?;
    let tapes = match set.keep {
        KeepsView::None => Keeps::None,
        KeepsView::Failures => Keeps::Failures,
        KeepsView::Receipts => Keeps::Receipts,
        KeepsView::All => Keeps::All,
    };
    let options = scene.state.borrow().directory()?.options.clone();
    let row = Row::Options(OptionsRecord { tapes, ..options });
    scene.commit(vec![Change::Put(row)]).await?;
    if tapes == Keeps::None {
        let items = Effect::DeleteItems(Space::ALL_TAPES.to_owned());
        if scene.outside.perform(items).await != Performed::Done {
            return Err(Problem::host());
        }
    }
    Ok(json(200, &set))
}
