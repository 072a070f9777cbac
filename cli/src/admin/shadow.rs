//! `smcp release shadow`: the recorded calls of the live release, run again with another.
//!
//! The tapes and the module are fetched, and run here, in the sandbox of a host: nothing is performed, and nobody is
//! answered. They are held in memory and not written.

use clap::Args;
use serde::Serialize;
use smcp_ids::{CallId, Fuel};
use smcp_tape::Recording;

use super::release::Which;
use super::{items, tape, text};
use crate::asks::word;
use crate::call::{Compared, Subject, compare, printable};
use crate::failure::Failure;
use crate::local::{Local, widest_policy};
use crate::ui::{Ui, number, table};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp tape keep all --tenant acme
  smcp release shadow hello 2.0.0 --tenant acme
  smcp --json release shadow hello 2.0.0 --tenant acme

It takes the tapes that the host keeps of the live release: of calls that failed, and with `smcp tape keep all` of all, the newest
20. Exits with 1 if a call comes to something else. Other fuel alone is shown, and is no difference.

Who may, besides the platform's admin: an API key of the tenant with the scope admin, since tapes are secret.")]
pub(super) struct Shadow {
    #[command(flatten)]
    which: Which,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    live: String,
    release: String,
    compared: usize,
    differ: usize,
    fuel_recorded: Fuel,
    fuel_replayed: Fuel,
    calls: Vec<Compared>,
}

impl Shadow {
    pub(super) fn run(&self, ui: Ui) -> Result<(), Failure> {
        let (client, path, release) = self.which.open()?;
        let server = self.which.server()?;
        let live = text(&client.get(&server)?, "live");
        let listed = client.get(&format!("{server}/tapes"))?;
        let of_live = items(&listed, "tapes").iter();
        let of_live: Vec<_> = of_live.filter(|row| word(row, "release") == live).collect();
        if of_live.is_empty() {
            return Err(Failure::ShadowEmpty);
        }
        let busy = ui.busy("running the recorded calls");
        let package = client.get_bytes(&format!("{path}/module"))?;
        let local = Local::load_under(&package, &widest_policy()?)?;
        check_release(&local, release)?;
        let subject = Subject::new(local)?;
        let mut calls = Vec::new();
        for row in of_live {
            let call: CallId = word(row, "call").parse().map_err(|_| Failure::NoTape)?;
            let recording = Recording::from_bytes(&tape::fetch(&client, &server, call)?)?;
            calls.push(compare(&subject, &recording, word(row, "name"))?);
        }
        drop(busy);
        let report = Report::of(live, release.to_string(), calls);
        ui.result(&report, || report.shown())?;
        match report.differ {
            0 => Ok(()),
            differ => Err(Failure::ShadowDiffers {
                differ,
                of: report.compared,
            }),
        }
    }
}

/// A host could send another module than was asked for.
fn check_release(local: &Local, release: smcp_ids::ReleaseDigest) -> Result<(), Failure> {
    let given = local.admitted.release();
    if given == release {
        return Ok(());
    }
    Err(Failure::ReplayRelease {
        recorded: release,
        given,
    })
}

impl Report {
    fn of(live: String, release: String, calls: Vec<Compared>) -> Self {
        let counted = calls.iter().filter(|call| !call.is_skipped());
        // Of a call that went another way, the rest was not run.
        let ended = || calls.iter().filter(|call| call.is_measured());
        let sum = |fuel: fn(&Compared) -> Fuel| Fuel(ended().map(|call| fuel(call).0).sum());
        Self {
            live,
            release,
            compared: counted.count(),
            differ: calls.iter().filter(|call| call.differs()).count(),
            fuel_recorded: sum(|call| call.fuel.recorded),
            fuel_replayed: sum(|call| call.fuel.replayed),
            calls,
        }
    }

    fn shown(&self) -> String {
        let head = ["CALL", "METHOD", "NAME", "VERDICT", "EFFECTS", "FUEL"];
        let rows: Vec<_> = self.calls.iter().map(row).collect();
        let details = self.calls.iter().filter_map(detail);
        let details = details
            .map(|detail| format!("\n{detail}"))
            .collect::<String>();
        let fuel = [self.fuel_recorded, self.fuel_replayed].map(|fuel| number(fuel.0));
        let [recorded, replayed] = fuel;
        format!(
            "{}{details}\n{} of {} calls differ; fuel of those that ended: recorded {recorded}, now {replayed}",
            table(&head, &rows),
            self.differ,
            self.compared
        )
    }
}

fn row(call: &Compared) -> Vec<String> {
    let verdict = serde_json::to_value(call.verdict).unwrap_or_default();
    let verdict = verdict.as_str().unwrap_or_default().replace('_', " ");
    vec![
        call.call.clone(),
        call.method.to_owned(),
        printable(&call.name),
        verdict,
        format!("{} -> {}", call.effects.recorded, call.effects.replayed),
        format!(
            "{} -> {}",
            number(call.fuel.recorded.0),
            number(call.fuel.replayed.0)
        ),
    ]
}

/// What there is more to say of a call.
fn detail(call: &Compared) -> Option<String> {
    let differences = call.differences.iter().map(|difference| {
        let [recorded, replayed] = [&difference.recorded, &difference.replayed]
            .map(|value| value.as_deref().unwrap_or("nothing"));
        printable(&format!("{}: {recorded} -> {replayed}", difference.at))
    });
    let lines: Vec<_> = call
        .detail
        .iter()
        .map(|text| printable(text))
        .chain(differences)
        .collect();
    (!lines.is_empty()).then(|| format!("{}: {}", call.call, lines.join("; ")))
}
