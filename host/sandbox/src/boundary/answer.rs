//! Answers on their way into a guest's memory.
//!
//! An answer is a list of blocks, each allocated by the guest itself, and a last record at an
//! address that the guest gave. A block may hold the addresses of blocks before it.

use smcp_capability::call::{Answer, AskError, Caller, Origin, Request};
use wasmi::Val;

use super::{http, kv};

/// A piece of guest memory to be: bytes, and the places in them where addresses of earlier blocks
/// go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) bytes: Vec<u8>,
    pub(crate) align: u32,
    /// Offset in `bytes`, and index of the block whose address goes there.
    pub(crate) addresses: Vec<(usize, usize)>,
}

/// An answer in the canonical ABI.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lowered {
    /// Allocated in this order.
    pub(crate) blocks: Vec<Block>,
    /// Written to the return address, if the import has one.
    pub(crate) record: Block,
    /// The flat result, if the import has one.
    pub(crate) value: Option<Val>,
}

impl Lowered {
    pub(super) fn text(&mut self, text: &[u8]) -> (usize, u32) {
        self.blocks.push(Block {
            bytes: text.to_vec(),
            align: 1,
            addresses: Vec::new(),
        });
        (self.blocks.len() - 1, text.len() as u32)
    }

    /// `list<string>`.
    pub(super) fn texts(&mut self, texts: &[String]) -> (usize, u32) {
        let mut list = Block {
            align: 4,
            ..Block::default()
        };
        for text in texts {
            let text = self.text(text.as_bytes());
            list.list(text);
        }
        self.blocks.push(list);
        (self.blocks.len() - 1, texts.len() as u32)
    }
}

impl Block {
    /// Appends a list: the address of a block, and a number of elements.
    pub(super) fn list(&mut self, (block, count): (usize, u32)) {
        self.addresses.push((self.bytes.len(), block));
        self.bytes.extend([0; 4]);
        self.bytes.extend(count.to_le_bytes());
        self.align = 4;
    }
}

/// An argument of an export: one text.
pub(crate) fn lower_argument(text: &str) -> Lowered {
    let mut lowered = Lowered::default();
    lowered.text(text.as_bytes());
    lowered
}

/// The answer to `request`, or nothing if it is not one to it.
pub(crate) fn lower(request: &Request, answer: &Answer) -> Option<Lowered> {
    let mut lowered = Lowered::default();
    match (request, answer) {
        (
            Request::Log { .. } | Request::Progress { .. } | Request::Sleep(_) | Request::Notify(_),
            Answer::Done,
        ) => {}
        (Request::Now, Answer::Instant(moment)) => {
            lowered.value = Some(Val::I64(moment.0 as i64));
        }
        (Request::TimeLeft, Answer::Millis(millis)) => {
            lowered.value = Some(Val::I64(*millis as i64));
        }
        (Request::BeginTask, Answer::Flag(flag)) => {
            lowered.value = Some(Val::I32(i32::from(*flag)));
        }
        (Request::Origin, Answer::Origin(origin)) => lower_origin(&mut lowered, origin),
        (Request::Random(length), Answer::Bytes(bytes)) if bytes.len() == *length as usize => {
            let list = lowered.text(bytes);
            lowered.record.list(list);
        }
        (Request::Who, Answer::Caller(caller)) => lower_caller(&mut lowered, caller),
        (Request::Capabilities, Answer::Text(text)) => {
            let text = lowered.text(text.as_bytes());
            lowered.record.list(text);
        }
        (Request::Ask(questions), Answer::Answers(answers)) if answers.len() == questions.len() => {
            lower_answers(&mut lowered, answers);
        }
        (Request::Ask(_), Answer::Unasked(error)) => lower_ask_error(&mut lowered, error),
        (Request::Setting(_), Answer::Setting(value)) => {
            lower_option(&mut lowered, value.as_deref());
        }
        (Request::Http(_), Answer::Http(answer)) => http::lower(&mut lowered, answer),
        (Request::Kv(request), answer) => kv::lower(&mut lowered, request, answer)?,
        _ => return None,
    }
    Some(lowered)
}

/// `record caller { tenant, server, principal: string, scopes: list<string> }`.
fn lower_caller(lowered: &mut Lowered, caller: &Caller) {
    let texts = [&caller.tenant, &caller.server, &caller.principal];
    let fields = texts.map(|text| lowered.text(text.as_bytes()));
    let scopes = lowered.texts(&caller.scopes);
    for field in fields.into_iter().chain([scopes]) {
        lowered.record.list(field);
    }
}

/// `record origin { client, version, trace-parent, trace-state: option<string> }`.
fn lower_origin(lowered: &mut Lowered, origin: &Origin) {
    for text in [
        &origin.client,
        &origin.version,
        &origin.trace_parent,
        &origin.trace_state,
    ] {
        lower_option(lowered, text.as_deref());
    }
}

/// `option<string>`: the case, then the text at its alignment.
fn lower_option(lowered: &mut Lowered, text: Option<&str>) {
    let text = text.map(|text| lowered.text(text.as_bytes()));
    let record = &mut lowered.record;
    record.align = 4;
    let is_there = u8::from(text.is_some());
    record.bytes.extend([is_there, 0, 0, 0]);
    match text {
        Some(text) => record.list(text),
        None => record.bytes.extend([0; 8]),
    }
}

/// `result<list<string>, ask-error>`, the first case: the tag, then the list at the alignment of both.
fn lower_answers(lowered: &mut Lowered, answers: &[String]) {
    let list = lowered.texts(answers);
    lowered.record.bytes.extend([0; 4]);
    lowered.record.list(list);
}

/// The second case: `record ask-error { code: s32, message: string, data: option<string> }`.
fn lower_ask_error(lowered: &mut Lowered, error: &AskError) {
    let message = lowered.text(error.message.as_bytes());
    let data = error
        .data
        .as_ref()
        .map(|data| lowered.text(data.as_bytes()));
    let record = &mut lowered.record;
    record.bytes.extend([1, 0, 0, 0]);
    record.bytes.extend(error.code.to_le_bytes());
    record.list(message);
    record.bytes.extend([u8::from(data.is_some()), 0, 0, 0]);
    if let Some(data) = data {
        record.list(data);
    }
}
