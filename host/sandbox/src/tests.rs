//! The sandbox on guests written in WAT: results, fuel and memory do not depend on slices.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use smcp_capability::call::{Answer, Caller, KvRequest, Origin, Request};
use smcp_capability::http::{HttpAnswer, HttpError, HttpErrorKind};
use smcp_ids::{Fuel, UnixMillis, limits};
use wasmi::CompilationMode;

use crate::{Bounds, Ended, Entry, Execution, LoadedModule, Output, Stop};

const ECHO: &str = include_str!("../../../tests/guests/echo.wat");
const ASK: &str = include_str!("../../../tests/guests/ask.wat");
const TASK: &str = include_str!("../../../tests/guests/task.wat");
const CONTEXT: &str = include_str!("../../../tests/guests/context.wat");
const BOUNDS: Bounds = Bounds {
    memory: limits::MEMORY_MAX,
    fuel: Fuel(100_000_000),
    output: limits::OUTPUT_MAX,
};

fn load(wat: &str, mode: CompilationMode) -> LoadedModule {
    LoadedModule::compile(&wat::parse_str(wat).unwrap(), mode).unwrap()
}

fn answer(request: &Request) -> Answer {
    match request {
        Request::Log { .. } | Request::Progress { .. } | Request::Sleep(_) | Request::Notify(_) => {
            Answer::Done
        }
        Request::Now => Answer::Instant(UnixMillis(1_234_567_890_123)),
        Request::Random(length) => Answer::Bytes(vec![0xa5; *length as usize]),
        Request::Ask(questions) => Answer::Answers(
            questions
                .iter()
                .map(|question| question.request.clone())
                .collect(),
        ),
        Request::Setting(_) => Answer::Setting(Some("1".into())),
        Request::Kv(KvRequest::Get(_)) => Answer::Value(Some(b"v".to_vec())),
        Request::Kv(KvRequest::Swap { .. }) => Answer::Swapped(true),
        Request::Kv(KvRequest::Keys { .. }) => Answer::Keys(vec!["a".into(), "bc".into()]),
        Request::Kv(_) => Answer::Done,
        Request::Capabilities => Answer::Text("{}".into()),
        Request::Origin => Answer::Origin(Origin {
            version: Some("1.2".into()),
            ..Origin::default()
        }),
        Request::TimeLeft => Answer::Millis(30_000),
        Request::BeginTask => Answer::Flag(true),
        Request::Http(request) => Answer::Http(if request.method == "GET" {
            Ok(HttpAnswer {
                status: 404,
                headers: request.headers.clone(),
                body: b"body".to_vec(),
            })
        } else {
            Err(HttpError::new(HttpErrorKind::Timeout, "late"))
        }),
        Request::Who => Answer::Caller(Caller {
            tenant: "acme".into(),
            server: "hello".into(),
            principal: "key:k1".into(),
            scopes: vec!["call".into(), "".into(), "read".into()],
        }),
    }
}

/// A guest's memory, printed by its size only.
#[derive(PartialEq, Eq)]
struct Image(Vec<u8>);

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// Runs to the end; gives the requests that were made and the memory as it was then.
fn run(loaded: &LoadedModule, entry: Entry, slice: Fuel) -> (Ended, Vec<Request>, Image) {
    let mut execution = Execution::start(loaded, entry, BOUNDS).unwrap();
    let mut requests = Vec::new();
    loop {
        match execution.step(slice) {
            Stop::Yields => {}
            Stop::Asks(request) => {
                execution.answer(&answer(&request));
                requests.push(request);
            }
            Stop::Ended(ended) => return (ended, requests, Image(execution.memory().to_vec())),
        }
    }
}

#[test]
fn an_echo_returns_its_request() {
    let text = "{\"name\":\"echo\",\"arguments\":{}}".to_owned();
    let (ended, ..) = run(
        &load(ECHO, CompilationMode::Lazy),
        Entry::CallTool(text.clone()),
        BOUNDS.fuel,
    );
    assert_eq!(ended.result, Ok(Output::Text(text)));
}

#[test]
fn every_import_of_context_is_asked_and_answered() {
    let loaded = load(CONTEXT, CompilationMode::Lazy);
    let (ended, requests, Image(memory)) = run(&loaded, Entry::CallTool("{}".into()), BOUNDS.fuel);
    assert_eq!(ended.result, Ok(Output::Text("acme".into())));
    assert_eq!(requests.len(), 7);
    let random = u32::from_le_bytes(memory[216..220].try_into().unwrap()) as usize;
    assert_eq!(memory[random..random + 16], [0xa5; 16]);
    let scopes = u32::from_le_bytes(memory[280..284].try_into().unwrap()) as usize;
    assert_eq!(u32::from_le_bytes(memory[284..288].try_into().unwrap()), 3);
    let first = u32::from_le_bytes(memory[scopes..scopes + 4].try_into().unwrap()) as usize;
    assert_eq!(&memory[first..first + 4], b"call");
}

#[test]
fn questions_are_asked_and_their_answers_are_handed_over() {
    let loaded = load(ASK, CompilationMode::Lazy);
    let (ended, requests, _) = run(&loaded, Entry::CallTool("{}".into()), BOUNDS.fuel);
    let Some(Request::Ask(questions)) = requests.get(1) else {
        panic!("{requests:?}")
    };
    assert_eq!(questions[0].id, "name");
    let expected = format!(
        r#"{{"content":[],"structuredContent":{}}}"#,
        questions[0].request
    );
    assert_eq!(ended.result, Ok(Output::Text(expected)));
}

#[test]
fn a_guest_is_told_whether_its_call_is_a_task() {
    let loaded = load(TASK, CompilationMode::Lazy);
    let asked = [Request::BeginTask, Request::Sleep(50), Request::BeginTask];
    for flag in [true, false] {
        let entry = Entry::CallTool("{}".into());
        let mut execution = Execution::start(&loaded, entry, BOUNDS).unwrap();
        let mut requests = Vec::new();
        let ended = loop {
            match execution.step(BOUNDS.fuel) {
                Stop::Yields => {}
                Stop::Asks(request) => {
                    execution.answer(&match request {
                        Request::BeginTask => Answer::Flag(flag),
                        _ => Answer::Done,
                    });
                    requests.push(request);
                }
                Stop::Ended(ended) => break ended,
            }
        };
        let text = format!(r#"{{"content":[],"structuredContent":{flag}}}"#);
        assert_eq!(ended.result, Ok(Output::Text(text)));
        assert_eq!(requests, asked);
    }
}

#[test]
fn slices_and_translation_change_neither_result_nor_fuel_nor_memory() {
    for wat in [ECHO, CONTEXT, ASK, TASK] {
        let text = "x".repeat(100_000);
        let whole = run(
            &load(wat, CompilationMode::Eager),
            Entry::CallTool(text.clone()),
            BOUNDS.fuel,
        );
        for slice in [1, 50, 1_000, 100_000] {
            let loaded = load(wat, CompilationMode::Lazy);
            for heat in ["cold", "warm"] {
                let sliced = run(&loaded, Entry::CallTool(text.clone()), Fuel(slice));
                assert!(
                    sliced == whole,
                    "sliced at {slice}, {heat}: {:?} {:?}",
                    sliced.0.fuel,
                    whole.0.fuel
                );
            }
        }
    }
}

#[test]
fn describe_returns_the_catalogue() {
    let (ended, ..) = run(
        &load(ECHO, CompilationMode::Lazy),
        Entry::Describe,
        Fuel(50),
    );
    let Ok(Output::Text(text)) = ended.result else {
        panic!("{ended:?}")
    };
    assert!(
        text.starts_with("{\"tools\"") && text.ends_with("]}"),
        "{text}"
    );
}
