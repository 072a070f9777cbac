//! Answers on their way into a guest's memory.
//!
//! An answer is a list of blocks, each allocated by the guest itself, and a last record at an
//! address that the guest gave. A block may hold the addresses of blocks before it.

use smcp_capability::call::{Answer, Caller, Request};
use wasmi::Val;

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
    fn text(&mut self, text: &[u8]) -> (usize, u32) {
        self.blocks.push(Block {
            bytes: text.to_vec(),
            align: 1,
            addresses: Vec::new(),
        });
        (self.blocks.len() - 1, text.len() as u32)
    }
}

impl Block {
    /// Appends a list: the address of a block, and a number of elements.
    fn list(&mut self, (block, count): (usize, u32)) {
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
        (Request::Log { .. } | Request::Progress { .. } | Request::Sleep(_), Answer::Done) => {}
        (Request::Now, Answer::Instant(moment)) => {
            lowered.value = Some(Val::I64(moment.0 as i64));
        }
        (Request::Random(length), Answer::Bytes(bytes)) if bytes.len() == *length as usize => {
            let list = lowered.text(bytes);
            lowered.record.list(list);
        }
        (Request::Who, Answer::Caller(caller)) => lower_caller(&mut lowered, caller),
        _ => return None,
    }
    Some(lowered)
}

/// `record caller { tenant, server, principal: string, scopes: list<string> }`.
fn lower_caller(lowered: &mut Lowered, caller: &Caller) {
    let texts = [&caller.tenant, &caller.server, &caller.principal];
    let fields = texts.map(|text| lowered.text(text.as_bytes()));
    let mut scopes = Block {
        align: 4,
        ..Block::default()
    };
    for scope in &caller.scopes {
        let text = lowered.text(scope.as_bytes());
        scopes.list(text);
    }
    lowered.blocks.push(scopes);
    let scopes = (lowered.blocks.len() - 1, caller.scopes.len() as u32);
    for field in fields.into_iter().chain([scopes]) {
        lowered.record.list(field);
    }
}
