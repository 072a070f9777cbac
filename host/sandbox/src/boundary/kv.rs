//! The interface `kv` on its way out of a guest and back in. What a key may be, and what becomes of a
//! request, is not known here.

use smcp_capability::call::{Answer, KvKey, KvRequest, KvSpace, Request};

use super::answer::Lowered;
use super::memory::GuestMemory;
use super::request::{Asked, RawImport, argument, bytes, optional_text};
use crate::fault::GuestFault;

const WHAT: &str = "kv";

/// Reads a request. The first argument of each function is the space.
pub(super) fn lift(
    name: &str,
    raw: &RawImport,
    memory: GuestMemory<'_>,
) -> Result<Asked, GuestFault> {
    let space = KvSpace::ALL
        .get(raw.word(0) as usize)
        .copied()
        .ok_or(GuestFault::BadDiscriminant("the space of kv"))?;
    // The key, or the prefix of keys.
    let text = argument(memory, raw.word(1), raw.word(2), WHAT)?.to_owned();
    let mut size = text.len();
    let key = |key| KvKey { space, key };
    let (request, return_address) = match name {
        "get" => (KvRequest::Get(key(text)), raw.word(3)),
        "delete" => (KvRequest::Delete(key(text)), raw.word(3)),
        "set" => {
            let value = bytes(memory, raw.word(3), raw.word(4), WHAT)?.to_vec();
            size += value.len();
            let request = KvRequest::Set {
                key: key(text),
                value,
                ttl: optional_word(raw, 5)?,
            };
            (request, raw.word(7))
        }
        "swap" => {
            let expected = optional_bytes(raw, memory, 3)?;
            let value = optional_bytes(raw, memory, 6)?;
            size += expected.as_ref().map_or(0, Vec::len) + value.as_ref().map_or(0, Vec::len);
            let request = KvRequest::Swap {
                key: key(text),
                expected,
                value,
                ttl: optional_word(raw, 9)?,
            };
            (request, raw.word(11))
        }
        "keys" => {
            let after = [raw.word(3), raw.word(4), raw.word(5)];
            let after = optional_text(memory, after, WHAT)?.map(str::to_owned);
            size += after.as_ref().map_or(0, String::len);
            let request = KvRequest::Keys {
                space,
                prefix: text,
                after,
                limit: raw.word(6),
            };
            (request, raw.word(7))
        }
        // Linking lets no other function through.
        _ => return Err(GuestFault::Trapped("unknown import")),
    };
    Ok(Asked {
        request: Request::Kv(request),
        return_address: Some(return_address),
        size,
    })
}

/// An `option<u32>` as two flat values.
fn optional_word(raw: &RawImport, at: usize) -> Result<Option<u32>, GuestFault> {
    match raw.word(at) {
        0 => Ok(None),
        1 => Ok(Some(raw.word(at + 1))),
        _ => Err(GuestFault::BadDiscriminant("an option of kv")),
    }
}

/// An `option<list<u8>>` as three flat values.
fn optional_bytes(
    raw: &RawImport,
    memory: GuestMemory<'_>,
    at: usize,
) -> Result<Option<Vec<u8>>, GuestFault> {
    match raw.word(at) {
        0 => Ok(None),
        1 => {
            bytes(memory, raw.word(at + 1), raw.word(at + 2), WHAT).map(|list| Some(list.to_vec()))
        }
        _ => Err(GuestFault::BadDiscriminant("an option of kv")),
    }
}

/// Writes an answer: a `result` whose second case is an enum. Nothing if it is not one to the request.
pub(super) fn lower(lowered: &mut Lowered, request: &KvRequest, answer: &Answer) -> Option<()> {
    // Where the payload begins: at its own alignment.
    let wide = matches!(request, KvRequest::Get(_) | KvRequest::Keys { .. });
    match (request, answer) {
        (KvRequest::Get(_), Answer::Value(value)) => {
            let list = value.as_ref().map(|value| lowered.text(value));
            let is_there = u8::from(list.is_some());
            lowered.record.bytes.extend([0, 0, 0, 0, is_there, 0, 0, 0]);
            lowered.record.align = 4;
            match list {
                Some(list) => lowered.record.list(list),
                None => lowered.record.bytes.extend([0; 8]),
            }
        }
        (KvRequest::Keys { .. }, Answer::Keys(keys)) => {
            let list = lowered.texts(keys);
            lowered.record.bytes.extend([0; 4]);
            lowered.record.list(list);
        }
        (KvRequest::Swap { .. }, Answer::Swapped(swapped)) => {
            lowered.record.bytes.extend([0, u8::from(*swapped)]);
            lowered.record.align = 1;
        }
        (KvRequest::Set { .. } | KvRequest::Delete(_), Answer::Done) => {
            lowered.record.bytes.extend([0, 0]);
            lowered.record.align = 1;
        }
        (_, Answer::KvRefused(error)) => {
            let record = &mut lowered.record;
            record.align = if wide { 4 } else { 1 };
            record.bytes.push(1);
            record.bytes.extend(if wide { &[0; 3][..] } else { &[] });
            record.bytes.push(*error as u8);
        }
        _ => return None,
    }
    Some(())
}
