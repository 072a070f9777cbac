//! From a guest in WAT to the end of a call, through every stage that a package passes.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

pub mod probe;

use smcp_capability::call::{Answer, Caller, KvRequest, Origin, Request};
use smcp_capability::http::{HttpAnswer, HttpError, HttpErrorKind};
use smcp_crypto::SigningKey;
use smcp_ids::{Fuel, UnixMillis, limits};
use smcp_package::{
    Admission, AdmittedModule, Manifest, Policy, UntrustedPackage, capabilities, embed_manifest,
    sign,
};
use smcp_sandbox::{Bounds, Ended, Entry, Execution, LoadedModule, Output, Stop};

/// A fixture of `tests/guests`.
macro_rules! guest {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/guests/",
            $name,
            ".wat"
        ))
    };
}

/// What a call of these tests may use.
pub const BOUNDS: Bounds = Bounds {
    memory: limits::MEMORY_MAX,
    fuel: Fuel(50_000_000),
    output: limits::OUTPUT_MAX,
};

/// Packs, signs, verifies and admits a module.
pub fn admit(wat: &str) -> AdmittedModule {
    let module = wat::parse_str(wat).unwrap();
    let interfaces = capabilities(&module).unwrap();
    let name = "hostile".parse().unwrap();
    let manifest = Manifest::new(name, "1.0.0", r#"{"tools":[]}"#, interfaces).unwrap();
    let key = SigningKey::from_seed(&[7; 32]);
    let package = sign(&embed_manifest(&module, &manifest).unwrap(), &[&key]).unwrap();
    let verified = UntrustedPackage::parse(package)
        .and_then(|package| package.verify(&[key.public()]))
        .unwrap();
    Admission::start(verified, &Policy::default())
        .and_then(Admission::finish)
        .unwrap()
}

/// Admits and loads a module; that it can be translated whole belongs to its admission.
pub fn load(wat: &str) -> LoadedModule {
    let admitted = admit(wat);
    LoadedModule::translate_all(&admitted).unwrap();
    LoadedModule::load(&admitted).unwrap()
}

/// The answer that these tests give to a request.
pub fn answer(request: &Request) -> Answer {
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
            scopes: vec!["call".into(), "read".into()],
        }),
    }
}

/// Runs an export to its end, in slices; gives the requests too.
pub fn run(
    loaded: &LoadedModule,
    entry: Entry,
    bounds: Bounds,
    slice: u64,
) -> (Ended, Vec<Request>) {
    let mut requests = Vec::new();
    let mut execution = match Execution::start(loaded, entry, bounds) {
        Ok(execution) => execution,
        Err(fault) => {
            let (result, fuel) = (Err(fault), Fuel(0));
            return (
                Ended {
                    result,
                    fuel,
                    memory: 0,
                },
                requests,
            );
        }
    };
    loop {
        match execution.step(Fuel(slice)) {
            Stop::Yields => {}
            Stop::Asks(request) => {
                execution.answer(&answer(&request));
                requests.push(request);
            }
            Stop::Ended(ended) => return (ended, requests),
        }
    }
}

/// How a call ended: the code of its fault, or the text that it returned.
pub fn outcome(ended: &Ended) -> &str {
    match &ended.result {
        Ok(Output::Text(text)) => text,
        Ok(Output::Refused(refusal)) => &refusal.message,
        Err(fault) => fault.code(),
    }
}

/// Calls an honest guest: whatever went before, it works.
pub fn the_next_call_works() {
    let request = r#"{"name":"echo","arguments":{}}"#;
    let (ended, _) = run(
        &load(guest!("echo")),
        Entry::CallTool(request.into()),
        BOUNDS,
        1_000,
    );
    assert_eq!(outcome(&ended), request);
}
