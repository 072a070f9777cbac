//! Questions to a legacy client: requests of our own, which it answers while the call waits
//! (2025-11-25, client/elicitation, client/sampling, client/roots).
//!
//! Whether a client can be asked, and whether its answers fit, is not known here.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use smcp_capability::call::{AskError, Question};
use smcp_ids::limits;
use smcp_protocol::INTERNAL_ERROR;
use smcp_protocol::json::Json;

use super::running::Place;
use super::wire::Out;

/// How often a call that waits looks whether it is cancelled.
const LOOK: Duration = Duration::from_millis(100);

/// What a client said: a result, or why there is none.
type Said = Result<String, AskError>;

/// The questions that wait for their answers, by the ids of their requests.
#[derive(Debug, Default)]
pub(super) struct Asked {
    waiting: Mutex<BTreeMap<String, Sender<Said>>>,
    last: AtomicU64,
}

/// How asking ended.
pub(super) enum Reply {
    /// A result for each question, in their order.
    Results(Vec<String>),
    /// There are none.
    Failed(AskError),
    /// The call is cancelled.
    Cancelled,
}

impl Asked {
    /// Asks, and waits for the answers as long as a modern client might take to come back.
    pub(super) fn ask(&self, out: &Out, place: &Place, questions: &[Question]) -> Reply {
        let until = Instant::now() + Duration::from_millis(limits::REQUEST_STATE_MILLIS);
        let sent: Vec<_> = questions
            .iter()
            .map(|question| self.send(out, question))
            .collect();
        let mut results = Vec::new();
        let mut end = None;
        for (_, answer) in &sent {
            match wait(answer, place, until) {
                Some(Ok(result)) => results.push(result),
                Some(Err(error)) => end = Some(Reply::Failed(error)),
                None if place.is_cancelled() => end = Some(Reply::Cancelled),
                None => end = Some(Reply::Failed(failed("the client did not answer in time"))),
            }
            if end.is_some() {
                break;
            }
        }
        // What is not answered by now has nobody who waits for it.
        for (id, _) in &sent {
            if self.waiting().remove(id).is_some() {
                out.send(&format!(
                    r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":"{id}"}}}}"#
                ));
            }
        }
        end.unwrap_or(Reply::Results(results))
    }

    /// Takes in a response; whether anybody waits for it.
    pub(super) fn take(&self, line: &[u8]) -> bool {
        let Ok(response) = Json::parse(line) else {
            return false;
        };
        let id = response.get("id").and_then(Json::as_str);
        let Some(waits) = id.and_then(|id| self.waiting().remove(&*id)) else {
            return false;
        };
        let said = match (response.get("result"), response.get("error")) {
            (Some(result), None) => Ok(result.text().to_owned()),
            (_, error) => Err(error.map_or_else(|| failed("the client failed"), refused)),
        };
        waits.send(said).is_ok()
    }

    fn send(&self, out: &Out, question: &Question) -> (String, Receiver<Said>) {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let id = format!("smcp-{number}");
        let (told, answer) = channel();
        self.waiting().insert(id.clone(), told);
        let request = Json::parse(question.request.as_bytes()).ok();
        let member = |name| request.and_then(|request| request.get(name));
        let method = member("method").map_or("\"\"", Json::text);
        let params = member("params").map_or("{}", Json::text);
        out.send(&format!(
            r#"{{"jsonrpc":"2.0","id":"{id}","method":{method},"params":{params}}}"#
        ));
        (id, answer)
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<String, Sender<Said>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a client says; `None` if it says nothing in time, or the call is cancelled.
fn wait(answer: &Receiver<Said>, place: &Place, until: Instant) -> Option<Said> {
    while !place.is_cancelled() && Instant::now() < until {
        if let Ok(said) = answer.recv_timeout(LOOK) {
            return Some(said);
        }
    }
    None
}

fn refused(error: Json<'_>) -> AskError {
    let code = error.get("code").and_then(|code| code.text().parse().ok());
    let message = error.get("message").and_then(Json::as_str);
    AskError {
        code: code.unwrap_or(INTERNAL_ERROR),
        message: message.unwrap_or_default().into_owned(),
        data: error.get("data").map(|data| data.text().to_owned()),
    }
}

fn failed(message: &str) -> AskError {
    AskError {
        code: INTERNAL_ERROR,
        message: message.to_owned(),
        data: None,
    }
}
