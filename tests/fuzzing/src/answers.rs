//! What a host answers, made of bytes: always an answer to what was asked, or on purpose one that is not.

use arbitrary::{Result, Unstructured};
use smcp_capability::call::Answer;
use smcp_capability::call::{AskError, Caller, KvError, KvRequest, Origin, Request};
use smcp_capability::http::{Header, HttpAnswer, HttpError, HttpErrorKind};
use smcp_ids::UnixMillis;

/// At most so many bytes of text: what is larger only takes longer.
const TEXT: usize = 300;

/// An answer that a host could give to a request.
pub(crate) fn answer(input: &mut Unstructured<'_>, request: &Request) -> Result<Answer> {
    Ok(match request {
        Request::Log { .. } | Request::Progress { .. } | Request::Sleep(_) | Request::Notify(_) => {
            Answer::Done
        }
        Request::Now => Answer::Instant(UnixMillis(input.arbitrary()?)),
        Request::Random(length) => {
            let byte: u8 = input.arbitrary()?;
            let bytes = 0..*length as usize;
            Answer::Bytes(bytes.map(|at| byte.wrapping_add(at as u8)).collect())
        }
        Request::Who => Answer::Caller(Caller {
            tenant: text(input)?,
            server: text(input)?,
            principal: text(input)?,
            scopes: texts(input)?,
        }),
        Request::Origin => Answer::Origin(Origin {
            client: maybe(input)?,
            version: maybe(input)?,
            trace_parent: maybe(input)?,
            trace_state: maybe(input)?,
        }),
        Request::TimeLeft => Answer::Millis(input.arbitrary()?),
        Request::Ask(questions) => {
            if input.ratio(1_u8, 4_u8)? {
                Answer::Unasked(AskError {
                    code: input.arbitrary()?,
                    message: text(input)?,
                    data: maybe(input)?,
                })
            } else {
                let answers = questions.iter().map(|_| text(input));
                Answer::Answers(answers.collect::<Result<_>>()?)
            }
        }
        Request::Capabilities => Answer::Text(text(input)?),
        Request::Setting(_) => Answer::Setting(maybe(input)?),
        Request::Kv(request) => kv(input, request)?,
        Request::Http(_) => Answer::Http(http(input)?),
        Request::BeginTask => Answer::Flag(input.arbitrary()?),
    })
}

/// An answer to something else: that of another request, or of another length.
pub(crate) fn wrong(input: &mut Unstructured<'_>, request: &Request) -> Result<Answer> {
    let other = match request {
        Request::Who | Request::Kv(_) => Answer::Text(text(input)?),
        Request::Random(length) => Answer::Bytes(vec![0; *length as usize + 1]),
        Request::Ask(questions) => Answer::Answers(vec![String::new(); questions.len() + 1]),
        _ => Answer::Value(None),
    };
    Ok(other)
}

fn kv(input: &mut Unstructured<'_>, request: &KvRequest) -> Result<Answer> {
    if input.ratio(1_u8, 8_u8)? {
        let errors = [
            KvError::InvalidKey,
            KvError::TooLarge,
            KvError::TooMany,
            KvError::ReadOnly,
        ];
        return Ok(Answer::KvRefused(*input.choose(&errors)?));
    }
    Ok(match request {
        KvRequest::Get(_) => Answer::Value(maybe(input)?.map(String::into_bytes)),
        KvRequest::Set { .. } | KvRequest::Delete(_) => Answer::Done,
        KvRequest::Swap { .. } => Answer::Swapped(input.arbitrary()?),
        KvRequest::Keys { .. } => Answer::Keys(texts(input)?),
    })
}

fn http(input: &mut Unstructured<'_>) -> Result<std::result::Result<HttpAnswer, HttpError>> {
    if input.ratio(1_u8, 4_u8)? {
        return Ok(Err(HttpError::new(HttpErrorKind::Timeout, "late")));
    }
    let mut headers = Vec::new();
    for _ in 0..input.int_in_range(0..=3)? {
        let (name, value) = (text(input)?, text(input)?);
        headers.push(Header { name, value });
    }
    Ok(Ok(HttpAnswer {
        status: input.arbitrary()?,
        headers,
        body: text(input)?.into_bytes(),
    }))
}

/// A text: most often a short one that the input holds, sometimes a long one of one letter.
pub(crate) fn text(input: &mut Unstructured<'_>) -> Result<String> {
    let length = input.int_in_range(0..=TEXT)?;
    if length > TEXT / 4 {
        return Ok("x".repeat(length));
    }
    let bytes = input.bytes(length.min(input.len()))?;
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

fn texts(input: &mut Unstructured<'_>) -> Result<Vec<String>> {
    let count = input.int_in_range(0..=4)?;
    (0..count).map(|_| text(input)).collect()
}

fn maybe(input: &mut Unstructured<'_>) -> Result<Option<String>> {
    input.arbitrary::<bool>()?.then(|| text(input)).transpose()
}
