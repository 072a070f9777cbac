//! One call of a guest to its end, in slices, with answers from outside; what must hold of any call is looked at here.

use smcp_capability::call::{Answer, KvRequest, Question, Request};
use smcp_crypto::sha256;
use smcp_ids::{Digest, Fuel, limits};
use smcp_sandbox::{Bounds, Ended, Entry, Execution, LoadedModule, Output, Stop};

/// How a call went, as far as anybody can see.
pub(crate) struct Went {
    pub(crate) ended: Ended,
    pub(crate) requests: Vec<Request>,
    /// The digest of the guest's memory at its end.
    memory: Option<Digest>,
}

impl Went {
    /// That two calls went alike. As text: a request may hold a number that equals nothing.
    pub(crate) fn assert_like(&self, other: &Self, why: &str) {
        let text = |went: &Self| format!("{:?} {:?}", went.ended, went.requests);
        assert_eq!(text(self), text(other), "{why}");
        assert_eq!(self.memory, other.memory, "{why}: memory");
    }
}

/// Calls an export; `answer` is given each request and its number.
pub(crate) fn run(
    loaded: &LoadedModule,
    entry: Entry,
    bounds: Bounds,
    slice: Fuel,
    answer: &mut dyn FnMut(usize, &Request) -> Answer,
) -> Went {
    let mut requests = Vec::new();
    let mut execution = match Execution::start(loaded, entry, bounds) {
        Ok(execution) => execution,
        Err(fault) => {
            let ended = Ended {
                result: Err(fault),
                fuel: Fuel(0),
                memory: 0,
            };
            return Went {
                ended,
                requests,
                memory: None,
            };
        }
    };
    let (mut used, mut idle) = (Fuel(0), 0);
    loop {
        match execution.step(slice) {
            Stop::Yields => {
                // A slice may be too small for the next operator: then it is given what that needs.
                idle = if execution.fuel_used() > used {
                    0
                } else {
                    idle + 1
                };
                assert!(idle <= 2, "the call stands still");
            }
            Stop::Asks(request) => {
                assert_bounded(&request);
                let given = answer(requests.len(), &request);
                execution.answer(&given);
                requests.push(request);
            }
            Stop::Ended(ended) => {
                assert_within(&ended, bounds);
                assert_eq!(ended.fuel, execution.fuel_used());
                let memory = Some(sha256(execution.memory()));
                assert_over(&mut execution);
                return Went {
                    ended,
                    requests,
                    memory,
                };
            }
        }
        assert!(execution.fuel_used() >= used, "fuel was given back");
        used = execution.fuel_used();
        assert!(used <= bounds.fuel, "more fuel than there is");
    }
}

fn assert_within(ended: &Ended, bounds: Bounds) {
    assert!(ended.fuel <= bounds.fuel, "more fuel than there is");
    assert!(ended.memory <= bounds.memory, "more memory than there is");
    match &ended.result {
        Ok(Output::Text(text)) => assert!(text.len() <= bounds.output, "too much output"),
        Ok(Output::Refused(refusal)) => {
            assert!(refusal.message.len() <= bounds.output, "too long a message");
            let data = refusal.data.as_ref().map_or(0, String::len);
            assert!(data <= bounds.output, "too much data");
        }
        Err(_) => {}
    }
}

/// A call that is over stays over.
fn assert_over(execution: &mut Execution) {
    let fuel = execution.fuel_used();
    execution.answer(&Answer::Done);
    match execution.step(Fuel(1_000)) {
        Stop::Ended(ended) => assert_eq!(
            (ended.result.map_err(|fault| fault.code()), ended.fuel),
            (Err("host_fault"), fuel)
        ),
        other => panic!("a call that was over: {other:?}"),
    }
}

/// Nothing that a guest asks is larger than its limit.
fn assert_bounded(request: &Request) {
    let most = limits::IMPORT_ARGUMENT_MAX;
    let is_bounded = match request {
        Request::Random(length) => *length <= limits::RANDOM_MAX,
        Request::Sleep(millis) => *millis <= limits::SLEEP_MAX_MILLIS,
        Request::Ask(questions) => {
            let size = |question: &Question| question.id.len() + question.request.len();
            questions.len() <= limits::QUESTIONS_MAX
                && questions.iter().map(size).sum::<usize>() <= limits::QUESTION_BYTES_MAX
        }
        Request::Log { logger, data, .. } => {
            data.len() <= most && logger.as_ref().map_or(0, String::len) <= most
        }
        Request::Setting(name) => name.len() <= most,
        Request::Http(request) => request.url.len() <= most && request.body.len() <= most,
        Request::Kv(KvRequest::Set { key, value, .. }) => {
            key.key.len() <= most && value.len() <= most
        }
        _ => true,
    };
    assert!(is_bounded, "larger than its limit: {request:?}");
}
