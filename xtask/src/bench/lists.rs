//! Whether a page of a list costs the same however long the list is: the tools of one server, and
//! those of all servers of a tenant. Measured in turns on the same workerd.

use core::fmt;
use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use super::budget::number;
use super::crowd::{self, Crowd};
use super::http::Connection;
use super::load::{Client, median, one_by_one};
use super::rounds::place;
use super::stage;
use super::subjects;

/// How long to measure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// How many rounds.
    pub(super) rounds: usize,
    /// For each page and round.
    pub(super) lasting: Duration,
}

/// A short list and a long one of the same kind.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lists {
    /// The tools of one server.
    pub(super) tools: Pair,
    /// The tools of all servers of a tenant, one of each.
    pub(super) servers: Pair,
    /// How many servers were wanted: publishing may take too long.
    pub(super) wanted: usize,
    /// How many servers were published in all.
    pub(super) published: usize,
    /// How long that took.
    pub(super) publishing_seconds: f64,
}

/// Times of a page, p50 in milliseconds, medians of rounds. Ratios are taken within a round.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pair {
    /// Items of the short list, which has one page.
    pub(super) short: usize,
    /// Items of the long list.
    pub(super) long: usize,
    /// The only page of the short list.
    pub(super) short_millis: f64,
    /// The first page of the long list.
    pub(super) first_millis: f64,
    /// Its last page.
    pub(super) last_millis: f64,
    /// The first page of the long list over that of the short one.
    pub(super) first_to_short: f64,
    /// The last page of the long list over its first.
    pub(super) last_to_first: f64,
}

/// A list that was walked through: clients of its first page and of its last.
struct Walked {
    first: Client,
    last: Client,
}

/// Measures each page in each round, after one that warms up.
///
/// # Errors
///
/// If a list is not what it should be, or an answer is wrong.
pub(super) fn measure(crowd: &Crowd, origin: &str, plan: Plan) -> Result<Lists> {
    let tools = |server: &str| stage::path(crowd::TOOLS, server);
    let (page, of_all) = (crowd::SHORT, crowd::SHORT_UNION);
    let walk = |tenant: &str, path: &str, page: usize, items: usize| {
        walk(origin, path, crowd.key(tenant), page, items).with_context(|| path.to_owned())
    };
    let small = walk(crowd::TOOLS, &tools(crowd::SMALL), page, page)?;
    let large = walk(crowd::TOOLS, &tools(crowd::LARGE), page, crowd::LONG)?;
    let all = crowd::all_servers;
    let few = walk(crowd::FEW, &all(crowd::FEW), of_all, of_all)?;
    let many = walk(crowd::MANY, &all(crowd::MANY), of_all, crowd.servers)?;
    let mut pages = [
        small.first,
        large.first,
        large.last,
        few.first,
        many.first,
        many.last,
    ];
    let mut samples = Vec::new();
    for round in 0..=plan.rounds {
        let times = once(&mut pages, round, plan.lasting)?;
        // The first one is for the compilers.
        if round > 0 {
            samples.push(times);
        }
    }
    Ok(Lists {
        tools: Pair::of(page, crowd::LONG, samples.iter().map(|[tools, _]| tools)),
        servers: Pair::of(
            of_all,
            crowd.servers,
            samples.iter().map(|[_, servers]| servers),
        ),
        wanted: crowd.wanted,
        published: of_all + crowd.servers,
        publishing_seconds: crowd.publishing.as_secs_f64(),
    })
}

/// What one round measured of a pair: the short list's page, the long one's first, its last.
type Times = [f64; 3];

/// One round: of the tools, and of the servers.
fn once(pages: &mut [Client; 6], round: usize, lasting: Duration) -> Result<[Times; 2]> {
    let mut times = [[f64::NAN; 3]; 2];
    let count = pages.len();
    for turn in 0..count {
        let at = place(round, turn, count);
        let place = times.as_flattened_mut().get_mut(at);
        if let (Some(page), Some(place)) = (pages.get_mut(at), place) {
            *place = one_by_one(page, lasting)?.quantile(0.5);
        }
    }
    Ok(times)
}

impl Pair {
    fn of<'a>(short: usize, long: usize, rounds: impl Iterator<Item = &'a Times> + Clone) -> Self {
        let typical = |figure: fn(&Times) -> f64| median(rounds.clone().map(figure));
        Self {
            short,
            long,
            short_millis: typical(|[short, _, _]| *short),
            first_millis: typical(|[_, first, _]| *first),
            last_millis: typical(|[_, _, last]| *last),
            first_to_short: typical(|[short, first, _]| first / short),
            last_to_first: typical(|[_, first, last]| last / first),
        }
    }
}

impl fmt::Display for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["first page", "last page"];
        writeln!(
            f,
            "tools/list, p50 of a page, ms {:>47} {:>10}",
            heads[0], heads[1]
        )?;
        for (what, pair) in [
            ("a server with {} tools", &self.tools),
            ("all of {} servers of a tenant, a tool each", &self.servers),
        ] {
            let what = |items: usize| what.replace("{}", &items.to_string());
            let first = number(pair.short_millis);
            writeln!(f, "  {:66} {first:>8}", what(pair.short))?;
            let (first, last) = (number(pair.first_millis), number(pair.last_millis));
            writeln!(f, "  {:66} {first:>8} {last:>10}", what(pair.long))?;
        }
        let took = number(self.publishing_seconds);
        write!(f, "  publishing {} servers took {took} s", self.published)?;
        if self.servers.long < self.wanted {
            write!(f, ", too long for a tenant of {}", self.wanted)?;
        }
        writeln!(f)
    }
}

/// Follows a list from cursor to cursor; every page must be full, and every item there once.
fn walk(origin: &str, path: &str, key: &str, full: usize, items: usize) -> Result<Walked> {
    let mut connection = Connection::open(origin)?;
    let mut names = BTreeSet::new();
    let mut first = None;
    let mut params = json!({});
    loop {
        let request = subjects::modern(origin, path, Some(key), "tools/list", params);
        let status = connection.exchange(&request)?;
        let body = String::from_utf8_lossy(connection.body());
        ensure!(status == 200, "answered {status}: {body:.300}");
        let page = page(&body).with_context(|| format!("{body:.300}"))?;
        ensure!(page.names.len() == full, "a page is not full");
        let client = || -> Result<Client> {
            let expected = page.names.first().map_or("", String::as_str);
            Ok(Client::expecting(
                Connection::open(origin)?,
                request.clone(),
                expected,
            ))
        };
        if first.is_none() {
            first = Some(client()?);
        }
        let last = client()?;
        let before = names.len();
        names.extend(page.names.iter().cloned());
        ensure!(
            names.len() == before + page.names.len(),
            "an item is there twice"
        );
        let Some(next) = page.next else {
            ensure!(names.len() == items, "{} items, not {items}", names.len());
            let first = first.context("no page")?;
            return Ok(Walked { first, last });
        };
        params = json!({ "cursor": next });
    }
}

/// What a page holds: the names of its items, and the cursor of the next one.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    names: Vec<String>,
    next: Option<String>,
}

/// Reads the answer to `tools/list`; none if it is not one.
fn page(body: &str) -> Option<Page> {
    let answer: Value = serde_json::from_str(body).ok()?;
    let result = answer.get("result")?;
    let tools = result.get("tools")?.as_array()?;
    let name = |tool: &Value| Some(tool.get("name")?.as_str()?.to_owned());
    Some(Page {
        names: tools.iter().map(name).collect::<Option<_>>()?,
        next: result
            .get("nextCursor")
            .and_then(Value::as_str)
            .map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_names_and_perhaps_a_cursor_and_an_error_is_none() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        for (body, read) in [
            (
                r#"{"result":{"tools":[{"name":"a"},{"name":"b"}],"nextCursor":"t2"}}"#,
                Some(Page {
                    names: names(&["a", "b"]),
                    next: Some("t2".to_owned()),
                }),
            ),
            (
                r#"{"result":{"tools":[]}}"#,
                Some(Page {
                    names: Vec::new(),
                    next: None,
                }),
            ),
            (r#"{"result":{"tools":[{}]}}"#, None),
            (r#"{"error":{"code":-32601}}"#, None),
            ("", None),
        ] {
            assert_eq!(page(body), read, "{body}");
        }
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        // The machine was half as fast in the second round and ten times slower in the third.
        let rounds = [[1.0, 1.1, 2.2], [2.0, 2.2, 4.4], [10.0, 11.0, 22.0]];
        let pair = Pair::of(100, 1_000, rounds.iter());
        for (figure, expected) in [
            (pair.short_millis, 2.0),
            (pair.first_millis, 2.2),
            (pair.last_millis, 4.4),
            (pair.first_to_short, 1.1),
            (pair.last_to_first, 2.0),
        ] {
            assert!((figure - expected).abs() < 1e-9, "{figure} {expected}");
        }
    }
}
