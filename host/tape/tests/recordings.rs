//! Recordings: what is written is read alike, and everything else is refused for what it is.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use proptest::prelude::*;
use smcp_capability::call::{Answer, Caller, KvKey, KvRequest, KvSpace, Origin, Question, Request};
use smcp_capability::http::{HttpAnswer, HttpError, HttpErrorKind, HttpRequest};
use smcp_ids::{CallId, Fuel, ReleaseDigest, UnixMillis};
use smcp_tape::{
    End, Entry, FORMAT, Header, Kind, Player, Recording, RecordingError, Tape, TapeError, Verdict,
};

const KINDS: [(Kind, &str); 5] = [
    (Kind::Tool, "tools/call"),
    (Kind::Prompt, "prompts/get"),
    (Kind::Resource, "resources/read"),
    (Kind::Completion, "completion/complete"),
    (Kind::List, "resources/list"),
];

fn tape(entries: Vec<Entry>) -> Tape {
    let header = Header {
        seed: [3; 32],
        start: UnixMillis(1_000),
        caller: Caller {
            tenant: "acme".into(),
            server: "hello".into(),
            principal: "key:k".into(),
            scopes: vec!["mcp".into()],
        },
        client_capabilities: r#"{"roots":{}}"#.into(),
        origin: Origin::default(),
        deadline_millis: 30_000,
        read_only: false,
    };
    Tape {
        entries,
        ..Tape::blank(header)
    }
}

fn recording(tape: Tape, end: End) -> Recording {
    Recording {
        call: Some(CallId::new([7; 8])),
        release: ReleaseDigest::new([5; 32]),
        profile: 1,
        memory: 4 << 20,
        fuel: Fuel(2_000_000),
        output: 1 << 20,
        kind: Kind::Tool,
        request: r#"{"name":"t"}"#.into(),
        tape,
        end,
        told: None,
        fuel_used: Fuel(17),
    }
}

fn http(method: &str) -> Request {
    Request::Http(HttpRequest {
        method: method.into(),
        url: "https://api.example.com/".into(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: None,
    })
}

fn answered(status: u16) -> Answer {
    Answer::Http(Ok(HttpAnswer {
        status,
        headers: Vec::new(),
        body: Vec::new(),
    }))
}

fn failed(kind: HttpErrorKind) -> Answer {
    Answer::Http(Err(HttpError::new(kind, "no")))
}

fn entry(request: Request, answer: Answer) -> Entry {
    Entry {
        request,
        answer,
        at: UnixMillis(2_000),
    }
}

fn get() -> Request {
    Request::Kv(KvRequest::Get(KvKey {
        space: KvSpace::Server,
        key: "k".into(),
    }))
}

fn ask() -> Request {
    Request::Ask(vec![Question {
        id: "q".into(),
        request: "{}".into(),
    }])
}

#[test]
fn every_kind_of_call_and_of_end_is_read_as_it_was_written() {
    let ends = [
        (End::Returned("{}".into()), "returned"),
        (
            End::Refused {
                code: -32_602,
                message: "no".into(),
                data: Some("1".into()),
            },
            "refused",
        ),
        (
            End::Fault {
                code: "guest_panicked".into(),
                message: "it panicked".into(),
                from_outside: false,
            },
            "guest_panicked",
        ),
    ];
    for (kind, method) in KINDS {
        assert_eq!(kind.method(), method);
        for (end, name) in &ends {
            assert_eq!(end.name(), *name);
            let written = Recording {
                kind,
                ..recording(tape(vec![entry(get(), Answer::Done)]), end.clone())
            };
            let bytes = written.to_bytes().unwrap();
            assert_eq!(Recording::from_bytes(&bytes), Ok(written));
        }
    }
}

#[test]
fn what_is_no_recording_is_refused_for_what_it_is() {
    let good = recording(tape(Vec::new()), End::Returned("{}".into()));
    let good = good.to_bytes().unwrap();
    let of_format = |format| [b"smt", &[format][..], &good[4..]].concat();
    let longer = [&good[..], &[0]].concat();
    for (bytes, error, code) in [
        (&b""[..], RecordingError::NotARecording, "recording_unknown"),
        (b"sm", RecordingError::NotARecording, "recording_unknown"),
        (
            b"\0asm\x01\0\0\0",
            RecordingError::NotARecording,
            "recording_unknown",
        ),
        (b"smt", RecordingError::Damaged, "recording_damaged"),
        (
            &of_format(FORMAT - 1),
            RecordingError::Format(FORMAT - 1),
            "recording_format",
        ),
        (
            &of_format(FORMAT + 1),
            RecordingError::Format(FORMAT + 1),
            "recording_format",
        ),
        (&longer, RecordingError::Damaged, "recording_damaged"),
    ] {
        let refused = Recording::from_bytes(bytes).unwrap_err();
        assert_eq!((refused, refused.code()), (error, code), "{bytes:?}");
    }
    for end in 4..good.len() {
        let refused = Recording::from_bytes(&good[..end]);
        assert_eq!(refused, Err(RecordingError::Damaged), "cut at {end}");
    }
}

#[test]
fn what_a_call_has_read_sent_and_changed_elsewhere_is_told_by_its_tape() {
    let sent = HttpErrorKind::Timeout;
    let unsent = HttpErrorKind::Denied;
    // Whether it has read, has sent, has acted.
    for (entry, expected) in [
        (
            entry(Request::Sleep(1), Answer::Done),
            [false, false, false],
        ),
        (
            entry(
                get(),
                Answer::Item {
                    version: 1,
                    value: None,
                },
            ),
            [true, false, false],
        ),
        (entry(http("GET"), answered(200)), [false, true, false]),
        (entry(http("POST"), answered(500)), [false, true, true]),
        (entry(http("DELETE"), failed(sent)), [false, true, true]),
        (entry(http("POST"), failed(unsent)), [false, false, false]),
        // What is no method was refused, and whatever it was, it may have acted.
        (entry(http("BREW"), answered(200)), [false, true, true]),
    ] {
        let tape = tape(vec![entry.clone()]);
        let seen = [tape.has_read_items(), tape.has_sent(), tape.has_acted()];
        assert_eq!(seen, expected, "{entry:?}");
        // What an earlier run has sent is sent; what it has read is read anew.
        let rerun = tape.rerun();
        let seen = [rerun.has_read_items(), rerun.has_sent(), rerun.has_acted()];
        assert_eq!(seen, [false, expected[1], expected[2]], "{entry:?}");
    }
}

#[test]
fn a_call_that_is_run_again_asks_and_sends_nothing_twice_and_reads_anew() {
    let answers = Answer::Answers(vec!["{}".into()]);
    let setting = Request::Setting("s".into());
    let first = tape(vec![
        entry(
            get(),
            Answer::Item {
                version: 1,
                value: None,
            },
        ),
        entry(ask(), answers.clone()),
        entry(setting.clone(), Answer::Setting(None)),
        entry(http("POST"), answered(200)),
    ]);
    let mut player = Player::new(first.rerun());
    for (request, expected) in [
        (get(), Verdict::Perform),
        // In another order than before: it goes another way now.
        (http("POST"), Verdict::Answered(answered(200))),
        (ask(), Verdict::Answered(answers)),
        (setting, Verdict::Perform),
        (ask(), Verdict::Perform),
    ] {
        assert_eq!(player.ask(&request), Ok(expected), "{request:?}");
    }
}

#[test]
fn the_header_answers_who_where_from_and_what_the_client_can() {
    let tape = tape(Vec::new());
    let header = tape.header.clone();
    let mut player = Player::new(tape);
    for (request, answer) in [
        (Request::Who, Answer::Caller(header.caller.clone())),
        (Request::Origin, Answer::Origin(header.origin.clone())),
        (
            Request::Capabilities,
            Answer::Text(header.client_capabilities.clone()),
        ),
        (Request::TimeLeft, Answer::Millis(header.deadline_millis)),
        (Request::Now, Answer::Instant(header.start)),
    ] {
        assert_eq!(player.ask(&request), Ok(Verdict::Answered(answer)));
    }
    assert_eq!((player.header(), player.effects()), (&header, 0));
    assert_eq!(player.tape().entries, []);
}

#[test]
fn errors_have_names_and_no_seed_is_printed() {
    let mut player = Player::new(tape(vec![entry(Request::Sleep(1), Answer::Done)]));
    let unasked = player.record(Answer::Done, UnixMillis(0)).unwrap_err();
    let diverged = player.ask(&get()).unwrap_err();
    assert_eq!(
        (unasked, unasked.code()),
        (TapeError::Unasked, "tape_unasked")
    );
    assert_eq!(
        (diverged, diverged.code()),
        (TapeError::Diverged(0), "tape_diverged")
    );
    assert!(diverged.to_string().contains("at entry 0"));
    assert_eq!(format!("{player:?}"), "Player { played: 0, .. }");
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let request = prop_oneof![
        any::<u32>().prop_map(Request::Sleep),
        ".{0,20}".prop_map(Request::Setting),
        Just(get()),
        Just(ask()),
        "[A-Z]{1,7}".prop_map(|method| http(&method)),
        Just(Request::BeginTask),
    ];
    let answer = prop_oneof![
        Just(Answer::Done),
        any::<bool>().prop_map(Answer::Flag),
        prop::option::of(".{0,20}").prop_map(Answer::Setting),
        prop::collection::vec(".{0,20}", 0..3).prop_map(Answer::Answers),
        (
            any::<u64>(),
            prop::option::of(prop::collection::vec(any::<u8>(), 0..20))
        )
            .prop_map(|(version, value)| Answer::Item { version, value }),
        any::<u16>().prop_map(answered),
        Just(failed(HttpErrorKind::Failed)),
    ];
    (request, answer, any::<u64>()).prop_map(|(request, answer, at)| Entry {
        request,
        answer,
        at: UnixMillis(at),
    })
}

proptest! {
    #[test]
    fn any_recording_is_read_as_it_was_written(
        entries in prop::collection::vec(any_entry(), 0..6),
        remembered in prop::collection::vec(any_entry(), 0..3),
        (told, fuel_used, text) in (any::<u32>(), any::<u64>(), ".{0,30}"),
    ) {
        let tape = Tape { remembered, told, ..tape(entries) };
        let written = Recording {
            fuel_used: Fuel(fuel_used),
            told: Some(text.clone()),
            ..recording(tape.clone(), End::Returned(text))
        };
        let bytes = written.to_bytes().unwrap();
        prop_assert_eq!(Recording::from_bytes(&bytes), Ok(written));
        // The digest in a receipt is of these bytes: they are all of the tape.
        prop_assert_ne!(tape.to_bytes(), Tape { told: told ^ 1, ..tape }.to_bytes());
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let marked = [b"smt", &[FORMAT][..], &bytes].concat();
        for bytes in [bytes, marked] {
            if let Ok(recording) = Recording::from_bytes(&bytes) {
                prop_assert!(recording.to_bytes().is_ok());
            }
        }
    }
}
