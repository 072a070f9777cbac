//! Batches: several messages in one body, and their answers in one reply (2025-03-26, basic/index,
//! "Batching"; no other version has them).
//!
//! Refused as a whole: what is empty, over the limit, or opens a session. What a message of it says
//! is read, and refused, one by one. It knows nothing of what is done with them.

use smcp_ids::limits::{BATCH_MAX, MCP_BODY_MAX};

use crate::error::ProtocolError;
use crate::head::{Head, ReplyForm};
use crate::json::{Json, Kind};
use crate::reply::{Answer, JSON_HEADERS, Refusal, Reply, SSE_HEADERS};
use crate::version::{Era, Version};

/// The messages of a batch, in order, each to be read by [`Call::read`](crate::Call::read); none if
/// the body is no array, and so no batch.
pub fn batch<'a>(head: &Head<'_>, body: &'a [u8]) -> Option<Result<Vec<Json<'a>>, Refusal>> {
    if body.trim_ascii_start().first() != Some(&b'[') {
        return None;
    }
    let form = ReplyForm::of(head.accept);
    Some(messages(head, body).map_err(|error| Refusal::new(None, Era::Legacy, form, error)))
}

fn messages<'a>(head: &Head<'_>, body: &'a [u8]) -> Result<Vec<Json<'a>>, ProtocolError> {
    head.check_content_type()?;
    if body.len() > MCP_BODY_MAX {
        return Err(ProtocolError::TooLarge);
    }
    let array = Json::parse(body)?;
    let version = head.served_version()?.unwrap_or(Version::UNSAID);
    if version != Version::V2025_03_26 {
        return Err(ProtocolError::Batch);
    }
    let messages: Vec<_> = array.elements().take(BATCH_MAX + 1).collect();
    if messages.is_empty() || messages.len() > BATCH_MAX {
        return Err(ProtocolError::Envelope("a batch has 1 to 32 of them"));
    }
    // 2025-03-26, basic/lifecycle, "Initialization": not in a batch, since nothing else can be asked
    // before it is answered.
    if messages.iter().copied().any(initializes) {
        return Err(ProtocolError::Envelope(
            "\"initialize\" cannot be in a batch; send it by itself",
        ));
    }
    Ok(messages)
}

fn initializes(message: Json<'_>) -> bool {
    let method = message
        .get("method")
        .filter(|method| method.kind() == Kind::String);
    method.and_then(Json::as_str).as_deref() == Some("initialize")
}

/// The answers to a batch: one array of them, or one event each where the client takes streams only
/// (2025-03-26, basic/transports, "Sending Messages to the Server", items 4 and 5: a batch of
/// notifications and responses is taken, with 202).
pub fn batch_reply(answers: &[Answer], form: ReplyForm) -> Reply {
    if answers.is_empty() {
        return Reply::accepted();
    }
    if form == ReplyForm::Sse {
        return Reply {
            status: 200,
            headers: SSE_HEADERS,
            body: answers.iter().map(Answer::event).collect(),
        };
    }
    let answers: Vec<_> = answers.iter().map(Answer::json).collect();
    Reply {
        status: 200,
        headers: JSON_HEADERS,
        body: format!("[{}]", answers.join(",")),
    }
}
