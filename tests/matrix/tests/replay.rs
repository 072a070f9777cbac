//! A recorded call, replayed from its tape alone, gives the same bytes on the same fuel: every guest and every
//! example, and guests that chance writes; natively and in V8, sliced and whole, cold and warm.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod cases;
mod random;

use std::path::Path;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use smcp_matrix::{Export, Recorded, ReplayRow, SLICES, Session, pack, replays, v8};
use smcp_tape::{End, Kind, Recording};

/// Enough for what chance writes, and soon spent by what loops in it.
const FUEL: u64 = 3_000_000;
/// Guests that chance writes for V8, which takes them all at once.
const RANDOM: usize = 200;

fn in_v8(name: &str, recorded: &[Recorded]) -> Vec<Vec<ReplayRow>> {
    let module = v8::build_host("smcp-matrix").unwrap();
    let directory = module.parent().unwrap();
    let file = |end: &str| directory.join(format!("{name}-{end}.bin"));
    let (from, to) = (file("tapes"), file("rows"));
    let mut bytes = Vec::new();
    for one in recorded {
        let encoded = postcard::to_allocvec(one).unwrap();
        bytes.extend((encoded.len() as u32).to_le_bytes());
        bytes.extend(encoded);
    }
    std::fs::write(&from, bytes).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("run.mjs");
    let arguments = [
        module.as_os_str(),
        from.as_ref(),
        to.as_ref(),
        "replay".as_ref(),
    ];
    assert_eq!(v8::run(&script, &arguments).unwrap(), "");
    let bytes = std::fs::read(&to).unwrap();
    let (mut rest, mut all) = (&bytes[..], Vec::new());
    while let Some((head, after)) = rest.split_first_chunk() {
        let (frame, after) = after.split_at(u32::from_le_bytes(*head) as usize);
        all.push(postcard::from_bytes(frame).unwrap_or_default());
        rest = after;
    }
    all
}

/// What is wrong with the replays of a call; all of them must be one another's, and the recording's.
fn wrong(
    recorded: &Recorded,
    place: &str,
    reference: &ReplayRow,
    rows: &[ReplayRow],
) -> Option<String> {
    if rows.len() != 2 * SLICES.len() {
        return Some(format!("{}: it trapped {place}", recorded.name));
    }
    let differs =
        |row: &&ReplayRow| row.outcome != reference.outcome || !row.outcome.difference.is_empty();
    rows.iter().find(differs).map(|row| {
        let reference = &reference.outcome;
        format!(
            "{} {place}: {row:?}\nwhere it should be {reference:?}",
            recorded.name
        )
    })
}

#[track_caller]
fn check(name: &str, recorded: &[Recorded]) {
    let foreign = in_v8(name, recorded);
    assert_eq!(foreign.len(), recorded.len());
    let mut all = Vec::new();
    for (one, foreign) in recorded.iter().zip(foreign) {
        let native = replays(one);
        all.extend(wrong(one, "natively", &native[0], &native));
        all.extend(wrong(one, "in V8", &native[0], &foreign));
    }
    assert!(all.is_empty(), "{}", all.join("\n\n"));
}

fn recording(recorded: &Recorded) -> Recording {
    Recording::from_bytes(&recorded.recording).unwrap()
}

#[test]
fn replay_of_every_guest_gives_the_same_bytes_and_fuel_natively_and_in_v8() {
    let mut recorded = Vec::new();
    for case in cases::guests() {
        if let Export::CallTool(request) = &case.export {
            // What admission or the loader refuses is not called.
            let Ok(mut session) = Session::new(&case.package) else {
                continue;
            };
            if let Ok(one) = session.record(&case.name, Kind::Tool, request, case.fuel) {
                recorded.push(one);
            }
        }
    }
    assert!(recorded.len() > 80, "{}", recorded.len());
    check("guests", &recorded);
}

/// What the examples are asked, one after the other.
const ASKED: [(&str, &[(Kind, &str)]); 8] = [
    (
        "github-issues",
        &[
            (
                Kind::Tool,
                r#"{"name":"search_issues","arguments":{"query":"loud","repository":"ada/engine"}}"#,
            ),
            (
                Kind::Tool,
                r#"{"name":"get_issue","arguments":{"repository":"ada/engine","number":1}}"#,
            ),
            (
                Kind::Tool,
                r#"{"name":"create_issue","arguments":{"repository":"ada/engine","title":"It is slow"}}"#,
            ),
            (
                Kind::Tool,
                r#"{"name":"list_labels","arguments":{"repository":"ada/engine"}}"#,
            ),
        ],
    ),
    (
        "approve",
        &[
            (
                Kind::Tool,
                r#"{"name":"propose","arguments":{"payee":"Charles","amount":"12.50","currency":"GBP","purpose":"Cogs"}}"#,
            ),
            (Kind::Tool, r#"{"name":"list","arguments":{}}"#),
            (
                Kind::Tool,
                r#"{"name":"approve","arguments":{"id":"none"}}"#,
            ),
        ],
    ),
    (
        "hello",
        &[
            (Kind::Tool, r#"{"name":"greet","arguments":{"name":"Ada"}}"#),
            (Kind::Tool, r#"{"name":"greet","arguments":{"name":7}}"#),
            (Kind::Tool, r#"{"name":"nothing","arguments":{}}"#),
            (Kind::Prompt, r#"{"name":"nothing","arguments":{}}"#),
        ],
    ),
    (
        "dice",
        &[
            (
                Kind::Tool,
                r#"{"name":"roll","arguments":{"count":100,"sides":6}}"#,
            ),
            (
                Kind::Tool,
                r#"{"name":"roll","arguments":{"count":100,"sides":6}}"#,
            ),
            (
                Kind::Tool,
                r#"{"name":"roll","arguments":{"count":1,"sides":1}}"#,
            ),
        ],
    ),
    (
        "units",
        &[
            (
                Kind::Tool,
                r#"{"name":"convert","arguments":{"value":"12.5","from":"km","to":"mi"}}"#,
            ),
            (Kind::Tool, r#"{"name":"list_units","arguments":{}}"#),
        ],
    ),
    (
        "textkit",
        &[
            (
                Kind::Tool,
                r#"{"name":"search","arguments":{"pattern":"(?i)(\\w+)ing\\b","text":"Sing a song, bring\na thing"}}"#,
            ),
            (
                Kind::Tool,
                r#"{"name":"count","arguments":{"text":"One two. Two ones?"}}"#,
            ),
        ],
    ),
    (
        "notes",
        &[
            (
                Kind::Tool,
                r#"{"name":"add","arguments":{"title":"Milk","text":"two"}}"#,
            ),
            (
                Kind::Tool,
                r#"{"name":"add","arguments":{"title":"Milk","text":"three"}}"#,
            ),
            (
                Kind::Tool,
                r#"{"name":"search","arguments":{"words":"milk"}}"#,
            ),
            (
                Kind::Tool,
                r#"{"name":"edit","arguments":{"id":"milk","revision":1,"text":"four"}}"#,
            ),
            (
                Kind::Tool,
                r#"{"name":"edit","arguments":{"id":"milk","revision":1,"text":"five"}}"#,
            ),
            (Kind::Tool, r#"{"name":"read","arguments":{"id":"milk"}}"#),
            (Kind::List, "{}"),
            (Kind::Resource, r#"{"uri":"note://milk"}"#),
            (Kind::Resource, r#"{"uri":"note://none"}"#),
            (
                Kind::Prompt,
                r#"{"name":"summarise","arguments":{"id":"milk"}}"#,
            ),
            (
                Kind::Prompt,
                r#"{"name":"summarise","arguments":{"id":"none"}}"#,
            ),
            (
                Kind::Completion,
                r#"{"ref":{"type":"ref/prompt","name":"summarise"},"argument":{"name":"id","value":"m"}}"#,
            ),
            (Kind::Tool, r#"{"name":"remove","arguments":{"id":"milk"}}"#),
        ],
    ),
    (
        "everything",
        &[
            (
                Kind::Tool,
                r#"{"name":"test_multiple_content_types","arguments":{}}"#,
            ),
            (
                Kind::Tool,
                r#"{"name":"test_tool_with_logging","arguments":{}}"#,
            ),
            (
                Kind::Tool,
                r#"{"name":"test_tool_with_progress","arguments":{}}"#,
            ),
            (
                Kind::Tool,
                r#"{"name":"test_error_handling","arguments":{}}"#,
            ),
            (
                Kind::Prompt,
                r#"{"name":"test_input_required_result_prompt","arguments":{}}"#,
            ),
            (Kind::Resource, r#"{"uri":"test://template/7/data"}"#),
            (
                Kind::Completion,
                r#"{"ref":{"type":"ref/prompt","name":"test_prompt_with_arguments"},"argument":{"name":"arg1","value":"p"}}"#,
            ),
        ],
    ),
];

#[test]
fn replay_of_every_example_gives_the_same_bytes_and_fuel_natively_and_in_v8() {
    let mut recorded = Vec::new();
    for (example, asked) in ASKED {
        let module = v8::build_guest(&format!("smcp-{example}")).unwrap();
        let package = pack::package(&std::fs::read(module).unwrap()).unwrap();
        let mut session = Session::new(&package).unwrap();
        for (kind, request) in asked {
            let name = format!("{example} {request}");
            recorded.push(session.record(&name, *kind, request, 100_000_000).unwrap());
        }
    }
    let ends: Vec<_> = recorded.iter().map(|one| recording(one).end).collect();
    for (one, end) in recorded.iter().zip(&ends) {
        assert!(!matches!(end, End::Fault { .. }), "{}: {end:?}", one.name);
    }
    assert!(ends.iter().any(|end| matches!(end, End::Refused { .. })));
    let effects = recorded.iter().map(|one| recording(one).tape.entries.len());
    assert!(effects.sum::<usize>() > 20);
    check("examples", &recorded);
}

fn record(ops: &[random::Op]) -> Recorded {
    let wat = random::wat(ops);
    let package = pack::package_wat(&wat).unwrap_or_else(|error| panic!("{error:#}\n{wat}"));
    let mut session = Session::new(&package).unwrap_or_else(|error| panic!("{error:#}\n{wat}"));
    // The first call leaves something for the second to read.
    session.record("", Kind::Tool, "{}", FUEL).unwrap();
    let name = format!("{ops:?}\n{wat}");
    session.record(&name, Kind::Tool, "{}", FUEL).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn replay_of_a_random_guest_gives_the_same_bytes_and_fuel(ops in random::program()) {
        let recorded = record(&ops);
        let rows = replays(&recorded);
        prop_assert_eq!(wrong(&recorded, "natively", &rows[0], &rows), None);
    }

    /// Cut at any effect, a call has not come to its end; with all of its tape it has.
    #[test]
    fn replay_stops_at_each_effect_as_it_was_asked(ops in random::program()) {
        let recorded = record(&ops);
        let recording = recording(&recorded);
        for at in 1..=recording.tape.entries.len().min(8) {
            let stood = smcp_matrix::stopped(&recorded, at).unwrap();
            prop_assert_eq!(stood, recording.tape.entries[at - 1].request.clone());
        }
    }
}

#[test]
fn replay_of_random_guests_gives_the_same_bytes_and_fuel_in_v8() {
    let mut runner = TestRunner::default();
    let mut recorded = Vec::new();
    for _ in 0..RANDOM {
        let ops = random::program().new_tree(&mut runner).unwrap().current();
        recorded.push(record(&ops));
    }
    let ends: Vec<_> = recorded.iter().map(|one| recording(one).end).collect();
    let returned = ends
        .iter()
        .filter(|end| matches!(end, End::Returned(_)))
        .count();
    // Most come to their end, and some fail on the way: both are replayed.
    assert!(returned > RANDOM / 3 && returned < RANDOM, "{returned}");
    let asked = recorded
        .iter()
        .filter(|one| !recording(one).tape.entries.is_empty());
    assert!(asked.count() > RANDOM / 4);
    check("random", &recorded);
}
