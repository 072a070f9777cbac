//! The interface `http` on its way out of a guest and back in. What may be sent is not known here.

use smcp_capability::call::Request;
use smcp_capability::http::{Header, HttpAnswer, HttpError, HttpRequest};
use smcp_ids::limits;

use super::answer::{Block, Lowered};
use super::memory::GuestMemory;
use super::request::{Asked, RawImport, argument, bytes};
use crate::fault::GuestFault;

const WHAT: &str = "http.send";
/// `record header { name: string, value: string }`.
const HEADER_BYTES: usize = 16;

/// Reads `record request { method, url: string, headers: list<header>, body: list<u8>, timeout: option<u32> }`.
pub(super) fn lift(raw: &RawImport, memory: GuestMemory<'_>) -> Result<Asked, GuestFault> {
    let text = |at: usize| argument(memory, raw.word(at), raw.word(at + 1), WHAT);
    let (method, url) = (text(0)?.to_owned(), text(2)?.to_owned());
    let headers = lift_headers(raw.word(4), raw.word(5), memory)?;
    let body = bytes(memory, raw.word(6), raw.word(7), WHAT)?.to_vec();
    let timeout = match raw.word(8) {
        0 => None,
        1 => Some(raw.word(9)),
        _ => return Err(GuestFault::BadDiscriminant("the timeout of http.send")),
    };
    let fields = headers
        .iter()
        .map(|header| header.name.len() + header.value.len());
    Ok(Asked {
        size: method.len() + url.len() + fields.sum::<usize>() + body.len(),
        request: Request::Http(HttpRequest {
            method,
            url,
            headers,
            body,
            timeout,
        }),
        return_address: Some(raw.word(10)),
    })
}

/// More of them than a request may have end the call: none would ever be sent.
fn lift_headers(list: u32, count: u32, memory: GuestMemory<'_>) -> Result<Vec<Header>, GuestFault> {
    let too_large = |size: usize| GuestFault::ArgumentTooLarge {
        import: WHAT,
        size,
        limit: limits::HTTP_HEADER_BYTES_MAX,
    };
    if count as usize > limits::HTTP_HEADERS_MAX {
        return Err(too_large((count as usize).saturating_mul(HEADER_BYTES)));
    }
    let mut headers = Vec::new();
    let mut size = 0;
    for index in 0..count {
        let address = list
            .checked_add(index * HEADER_BYTES as u32)
            .ok_or(GuestFault::BadPointer(WHAT))?;
        let record = memory.record::<HEADER_BYTES>(address, WHAT)?;
        let name = argument(memory, record.word(0)?, record.word(4)?, WHAT)?;
        let value = argument(memory, record.word(8)?, record.word(12)?, WHAT)?;
        size += name.len() + value.len();
        if size > limits::HTTP_HEADER_BYTES_MAX {
            return Err(too_large(size));
        }
        headers.push(Header {
            name: name.to_owned(),
            value: value.to_owned(),
        });
    }
    Ok(headers)
}

/// Writes a `result<response, error>`: the tag, then one of the two at their alignment of 4.
pub(super) fn lower(lowered: &mut Lowered, answer: &Result<HttpAnswer, HttpError>) {
    match answer {
        Ok(answer) => {
            let headers = lower_headers(lowered, &answer.headers);
            let body = lowered.text(&answer.body);
            let [low, high] = answer.status.to_le_bytes();
            lowered.record.bytes.extend([0, 0, 0, 0, low, high, 0, 0]);
            lowered.record.list(headers);
            lowered.record.list(body);
        }
        Err(error) => {
            let message = lowered.text(error.message.as_bytes());
            let kind = error.kind as u8;
            lowered.record.bytes.extend([1, 0, 0, 0, kind, 0, 0, 0]);
            lowered.record.list(message);
        }
    }
}

fn lower_headers(lowered: &mut Lowered, headers: &[Header]) -> (usize, u32) {
    let mut list = Block {
        align: 4,
        ..Block::default()
    };
    for header in headers {
        let name = lowered.text(header.name.as_bytes());
        let value = lowered.text(header.value.as_bytes());
        list.list(name);
        list.list(value);
    }
    lowered.blocks.push(list);
    (lowered.blocks.len() - 1, headers.len() as u32)
}
