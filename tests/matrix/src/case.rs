//! One case of the matrix and its rows.

use serde::{Deserialize, Serialize};
use smcp_capability::call::{Answer, Caller, KvRequest, Origin, Request};
use smcp_capability::http::HttpAnswer;
use smcp_crypto::sha256;
use smcp_ids::{Digest, Fuel, PublisherKey, UnixMillis};
use smcp_package::{Admission, AdmittedModule, Policy, UntrustedPackage};
use smcp_sandbox::{Bounds, Ended, Entry, Execution, LoadedModule, Output, Stop};

/// Fuel of a slice in each row; the last is all at once.
pub const SLICES: [u64; 4] = [50, 1_000, 100_000, u64::MAX];

/// A call to be made again and again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Case {
    /// For messages.
    pub name: String,
    /// A package signed by [`Case::publisher`].
    pub package: Vec<u8>,
    /// Who signed it.
    pub publisher: PublisherKey,
    /// What is called.
    pub export: Export,
    /// Linear memory of the call, in bytes.
    pub memory: u32,
    /// Fuel of the call.
    pub fuel: u64,
    /// Bytes of its output.
    pub output: u32,
}

/// What is called, with its argument.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Export {
    /// `describe`.
    Describe,
    /// `call-tool` with a request.
    CallTool(String),
}

/// Whether the module was called before since it was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Heat {
    /// Nothing of it is translated yet.
    Cold,
    /// What the call needs is translated.
    Warm,
}

/// How the call went under one set of circumstances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Fuel of a slice.
    pub slice: u64,
    /// Whether it was the first call.
    pub heat: Heat,
    /// What must not depend on the two above.
    pub outcome: Outcome,
}

/// What a call did, as far as anybody can see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The code of its fault; `ok` or `refused` if it had none; why it was not called at all.
    pub code: String,
    /// The message of its fault, or what it returned.
    pub text: String,
    /// Fuel that it used.
    pub fuel: u64,
    /// Bytes of linear memory at its end.
    pub memory: u32,
    /// The digest of that memory.
    pub memory_digest: Option<Digest>,
    /// How many requests it made.
    pub requests: u32,
    /// The digest of all requests, encoded.
    pub requests_digest: Digest,
}

/// All rows of a case: every slice, cold and warm.
pub fn rows(case: &Case) -> Vec<Row> {
    let mut rows = Vec::new();
    for slice in SLICES {
        let loaded = admit(case).and_then(|admitted| {
            LoadedModule::load(&admitted).map_err(|error| Box::new(refused(error.code(), &error)))
        });
        for heat in [Heat::Cold, Heat::Warm] {
            let outcome = match &loaded {
                Ok(loaded) => call(case, loaded, slice),
                Err(refused) => Outcome::clone(refused),
            };
            rows.push(Row {
                slice,
                heat,
                outcome,
            });
        }
    }
    rows
}

fn admit(case: &Case) -> Result<AdmittedModule, Box<Outcome>> {
    UntrustedPackage::parse(case.package.clone())
        .and_then(|package| package.verify(&[case.publisher]))
        .and_then(|package| Admission::start(package, &Policy::default()))
        .and_then(Admission::finish)
        .map_err(|error| Box::new(refused(error.code(), &error)))
}

fn refused(code: &str, error: &dyn core::fmt::Display) -> Outcome {
    Outcome {
        code: code.to_owned(),
        text: error.to_string(),
        fuel: 0,
        memory: 0,
        memory_digest: None,
        requests: 0,
        requests_digest: sha256(&[]),
    }
}

fn call(case: &Case, loaded: &LoadedModule, slice: u64) -> Outcome {
    let entry = match &case.export {
        Export::Describe => Entry::Describe,
        Export::CallTool(request) => Entry::CallTool(request.clone()),
    };
    let bounds = Bounds {
        memory: case.memory as usize,
        fuel: Fuel(case.fuel),
        output: case.output as usize,
    };
    let mut execution = match Execution::start(loaded, entry, bounds) {
        Ok(execution) => execution,
        Err(fault) => return refused(fault.code(), &fault),
    };
    let mut requests = Vec::new();
    let ended = loop {
        match execution.step(Fuel(slice)) {
            Stop::Yields => {}
            Stop::Asks(request) => {
                execution.answer(&answer(&request, requests.len() as u64));
                requests.push(request);
            }
            Stop::Ended(ended) => break ended,
        }
    };
    outcome(ended, &requests, execution.memory())
}

fn outcome(ended: Ended, requests: &[Request], memory: &[u8]) -> Outcome {
    let (code, text) = match ended.result {
        Ok(Output::Text(text)) => ("ok", text),
        Ok(Output::Refused(refusal)) => ("refused", format!("{refusal:?}")),
        Err(fault) => (fault.code(), fault.to_string()),
    };
    Outcome {
        code: code.to_owned(),
        text,
        fuel: ended.fuel.0,
        memory: ended.memory as u32,
        memory_digest: Some(sha256(memory)),
        requests: requests.len() as u32,
        // Encoded, not printed: a NaN in a request has bits that are not printed.
        requests_digest: sha256(&postcard::to_allocvec(requests).unwrap_or_default()),
    }
}

/// Answers that depend on the request and its place, and on nothing else.
fn answer(request: &Request, place: u64) -> Answer {
    match request {
        Request::Log { .. } | Request::Progress { .. } | Request::Sleep(_) | Request::Notify(_) => {
            Answer::Done
        }
        Request::Origin => Answer::Origin(Origin {
            client: Some("matrix".into()),
            trace_state: Some(String::new()),
            ..Origin::default()
        }),
        Request::TimeLeft => Answer::Millis(30_000 - place),
        Request::BeginTask => Answer::Flag(place.is_multiple_of(2)),
        Request::Now => Answer::Instant(UnixMillis(1_800_000_000_000 + place * 7)),
        Request::Random(length) => {
            Answer::Bytes((0..*length).map(|at| (at as u8) ^ (place as u8)).collect())
        }
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
        Request::Http(request) => Answer::Http(Ok(HttpAnswer {
            status: 200,
            headers: request.headers.clone(),
            body: request.body.clone(),
        })),
        Request::Capabilities => Answer::Text("{}".into()),
        Request::Who => Answer::Caller(Caller {
            tenant: "acme".into(),
            server: "matrix".into(),
            principal: "key:k1".into(),
            scopes: vec!["call".into(), String::new(), "read".into()],
        }),
    }
}
