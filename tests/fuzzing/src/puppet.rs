//! A guest that does what the input says: calls imports with any arguments, from memory that holds anything, returns any
//! address, and allocates as badly as it can. Whatever it does, it is a module that is admitted.

use arbitrary::{Result, Unstructured};
use smcp_capability::contract::{self, CoreType, EXPORTS, Function as Contract, IMPORTS};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, Ieee64, ImportSection, Instruction, MemArg,
    MemArgTarget, MemorySection, MemoryType, Module, TypeSection, ValType,
};

const PAGE: u32 = 65_536;
/// Where the record is that an honest guest returns, and its catalogue.
const RESULT: i32 = 16;
const CATALOGUE_AT: i32 = 64;
/// What else lies in its memory: a text, a key, a method and a URL, each with its length; a question; where what an import
/// returns is kept, and where answers go.
const TEXT: [i64; 2] = [CATALOGUE_AT as i64, 12];
const KEY: [i64; 2] = [288, 3];
const METHOD: [i64; 2] = [296, 3];
const URL: [i64; 2] = [304, 12];
const QUESTION: i64 = 256;
const KEPT: i32 = 128;
const ANSWER: i64 = 512;
/// How often an allocator is honest before it is not.
const HONEST_MAX: i32 = 6;
/// What is loaded and stored is only ever in an aligned word here.
const WORD: MemArg = MemArg {
    offset: 0,
    align: 2,
    target: MemArgTarget::Memory(0),
    ordering: None,
};

/// The module that the input describes.
pub(crate) fn module(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let pages = input.int_in_range(1..=3)?;
    let mut types = TypeSection::new();
    let mut imports = ImportSection::new();
    for function in IMPORTS {
        put_type(&mut types, function);
        let index = types.len() - 1;
        imports.import(
            function.interface,
            function.name,
            EntityType::Function(index),
        );
    }
    let realloc_type = types.len();
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    let mut functions = FunctionSection::new();
    functions.function(realloc_type);
    for function in EXPORTS {
        put_type(&mut types, function);
        functions.function(types.len() - 1);
    }
    let mut code = CodeSection::new();
    code.function(&realloc(input, pages)?);
    for function in EXPORTS {
        // `describe` is honest most of the time: else nothing else would be seen.
        let is_honest = function.params.is_empty() && input.ratio(3_u8, 4_u8)?;
        code.function(&if is_honest {
            honest()
        } else {
            body(input, pages)?
        });
    }
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: pages.into(),
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    Ok(Module::new()
        .section(&types)
        .section(&imports)
        .section(&functions)
        .section(&memories)
        .section(&globals())
        .section(&exports())
        .section(&code)
        .section(&data(input, pages)?)
        .clone()
        .finish())
}

fn put_type(types: &mut TypeSection, function: &Contract) {
    let value = |ty: &CoreType| match ty {
        CoreType::I32 => ValType::I32,
        CoreType::I64 => ValType::I64,
        CoreType::F64 => ValType::F64,
    };
    types.ty().function(
        function.params.iter().map(value),
        function.results.iter().map(value),
    );
}

/// How far the allocator has come, and how often it was called.
fn globals() -> GlobalSection {
    let mut globals = GlobalSection::new();
    let ty = GlobalType {
        val_type: ValType::I32,
        mutable: true,
        shared: false,
    };
    globals.global(ty, &ConstExpr::i32_const(4096));
    globals.global(ty, &ConstExpr::i32_const(0));
    globals
}

fn exports() -> ExportSection {
    let mut exports = ExportSection::new();
    let mut index = IMPORTS.len() as u32;
    exports.export("memory", ExportKind::Memory, 0);
    exports.export("cabi_realloc", ExportKind::Func, index);
    for function in EXPORTS {
        index += 1;
        exports.export(&function.core_name(), ExportKind::Func, index);
    }
    exports
}

/// The catalogue, and pieces of the input anywhere.
fn data(input: &mut Unstructured<'_>, pages: u32) -> Result<DataSection> {
    let mut data = DataSection::new();
    let catalogue = crate::guest::CATALOGUE.bytes();
    data.active(0, &ConstExpr::i32_const(CATALOGUE_AT), catalogue);
    let question = [KEY, TEXT].concat();
    let question = question
        .iter()
        .flat_map(|word| (*word as u32).to_le_bytes());
    let question: Vec<u8> = question.collect();
    data.active(0, &ConstExpr::i32_const(QUESTION as i32), question);
    for ([at, _], text) in [(KEY, "key"), (METHOD, "GET"), (URL, "https://a.b/")] {
        data.active(0, &ConstExpr::i32_const(at as i32), text.bytes());
    }
    for _ in 0..input.int_in_range(0..=4)? {
        let length = input.int_in_range(0..=96)?;
        let bytes = input.bytes(length.min(input.len()))?;
        let at = near(input, pages * PAGE - bytes.len() as u32)?;
        let at = at.min(pages * PAGE - bytes.len() as u32);
        data.active(0, &ConstExpr::i32_const(at as i32), bytes.iter().copied());
    }
    Ok(data)
}

/// An allocator that is honest for some calls, and then is not.
fn realloc(input: &mut Unstructured<'_>, pages: u32) -> Result<Function> {
    let mut function = Function::new([]);
    let honest_for = input.int_in_range(0..=HONEST_MAX)?;
    for instruction in [
        Instruction::GlobalGet(1),
        Instruction::I32Const(1),
        Instruction::I32Add,
        Instruction::GlobalSet(1),
        Instruction::GlobalGet(1),
        Instruction::I32Const(honest_for),
        Instruction::I32GtS,
        Instruction::If(wasm_encoder::BlockType::Empty),
    ] {
        function.instruction(&instruction);
    }
    for _ in 0..input.int_in_range(0..=2)? {
        act(input, pages, &mut function)?;
    }
    if input.ratio(3_u8, 4_u8)? {
        let address = word(input, pages)?;
        function.instruction(&Instruction::I32Const(address));
        function.instruction(&Instruction::Return);
    }
    // Else, or before: bump allocation at the alignment asked for, with no look at the end of memory.
    for instruction in [
        Instruction::End,
        Instruction::GlobalGet(0),
        Instruction::LocalGet(2),
        Instruction::I32Add,
        Instruction::I32Const(1),
        Instruction::I32Sub,
        Instruction::I32Const(0),
        Instruction::LocalGet(2),
        Instruction::I32Sub,
        Instruction::I32And,
        Instruction::GlobalSet(0),
        Instruction::GlobalGet(0),
        Instruction::GlobalGet(0),
        Instruction::LocalGet(3),
        Instruction::I32Add,
        Instruction::GlobalSet(0),
        Instruction::End,
    ] {
        function.instruction(&instruction);
    }
    Ok(function)
}

/// Returns the catalogue.
fn honest() -> Function {
    let mut function = Function::new([]);
    for (at, value) in [
        (RESULT, CATALOGUE_AT),
        (RESULT + 4, crate::guest::CATALOGUE.len() as i32),
    ] {
        store(&mut function, at, value);
    }
    function.instruction(&Instruction::I32Const(RESULT));
    function.instruction(&Instruction::End);
    function
}

/// Some acts, then an address: of a good result as often as of anything.
fn body(input: &mut Unstructured<'_>, pages: u32) -> Result<Function> {
    let mut function = Function::new([]);
    for _ in 0..input.int_in_range(0..=5)? {
        act(input, pages, &mut function)?;
    }
    let address = if input.arbitrary()? {
        let case = input.int_in_range(0..=2)?;
        let [at, length] = TEXT.map(|word| word as i32);
        // A text, an error with data, or nothing that there is; then some of it is another.
        let mut record = match case {
            1 => [case, -32_602, at, length, 1, at, length],
            _ => [case, at, length, 0, 0, 0, 0],
        };
        for value in &mut record {
            if input.ratio(1_u8, 8_u8)? {
                *value = word(input, pages)?;
            }
        }
        for (at, value) in (RESULT..).step_by(4).zip(record) {
            store(&mut function, at, value);
        }
        RESULT
    } else {
        word(input, pages)?
    };
    function.instruction(&Instruction::I32Const(address));
    function.instruction(&Instruction::End);
    Ok(function)
}

/// One thing that a guest does.
fn act(input: &mut Unstructured<'_>, pages: u32, function: &mut Function) -> Result<()> {
    match input.int_in_range(0..=9)? {
        0 => {
            let (at, value) = (word(input, pages)?, word(input, pages)?);
            store(function, at, value);
        }
        1 => {
            function.instruction(&Instruction::I32Const(input.int_in_range(0..=70)?));
            function.instruction(&Instruction::MemoryGrow(0));
            function.instruction(&Instruction::Drop);
        }
        2 => {
            for value in [word(input, pages)?, 0xc3, word(input, pages)?] {
                function.instruction(&Instruction::I32Const(value));
            }
            function.instruction(&Instruction::MemoryFill(0));
        }
        3 => {
            function.instruction(&Instruction::Unreachable);
        }
        4 if input.ratio(1_u8, 8_u8)? => {
            function.instruction(&Instruction::Loop(wasm_encoder::BlockType::Empty));
            function.instruction(&Instruction::Br(0));
            function.instruction(&Instruction::End);
        }
        5 | 6 => call(input, pages, function)?,
        _ => honest_call(input, function)?,
    }
    Ok(())
}

/// A call of an import with arguments that are right: so that what comes after one is reached.
fn honest_call(input: &mut Unstructured<'_>, function: &mut Function) -> Result<()> {
    let index = input.choose_index(IMPORTS.len())?;
    let few: i64 = input.int_in_range(0..=3)?;
    let space = few & 1;
    let [key, len] = KEY;
    let [at, length] = TEXT;
    let back = ANSWER;
    let arguments = match (IMPORTS[index].interface, IMPORTS[index].name) {
        (contract::CONTEXT, "log") => vec![few, 0, 0, 0, at, length],
        (contract::CONTEXT, "progress") => vec![few, 1, 4, 0, 0, 0],
        (contract::CONTEXT, "random") => vec![few, back],
        (contract::CONTEXT, "sleep") => vec![few],
        (contract::CLIENT, "ask") => vec![QUESTION, space, back],
        (contract::NOTIFY, "resource-updated") => vec![key, len],
        (contract::KV, "get" | "delete") => vec![space, key, len, back],
        (contract::KV, "set") => vec![space, key, len, at, length, 0, 0, back],
        (contract::KV, "swap") => vec![space, key, len, 0, 0, 0, 1, at, length, 1, few, back],
        (contract::KV, "keys") => vec![space, key, few, 0, 0, 0, 9, back],
        (contract::CONFIG, _) => vec![key, len, back],
        (contract::HTTP, _) => vec![METHOD[0], METHOD[1], URL[0], URL[1], 0, 0, 0, 0, 0, 0, back],
        // One address, or nothing at all.
        _ => vec![back],
    };
    let values = IMPORTS[index].params.iter().zip(arguments);
    put_call(
        function,
        index,
        values.map(|(param, value)| match param {
            CoreType::I32 => Instruction::I32Const(value as i32),
            CoreType::I64 => Instruction::I64Const(value),
            CoreType::F64 => Instruction::F64Const(Ieee64::from(value as f64)),
        }),
    );
    Ok(())
}

/// Calls an import; what it returns is kept where it can be returned.
fn put_call<'i>(
    function: &mut Function,
    index: usize,
    arguments: impl IntoIterator<Item = Instruction<'i>>,
) {
    let results = IMPORTS[index].results;
    if !results.is_empty() {
        function.instruction(&Instruction::I32Const(KEPT));
    }
    for argument in arguments {
        function.instruction(&argument);
    }
    function.instruction(&Instruction::Call(index as u32));
    match results {
        [] => function,
        [CoreType::I64] => function.instruction(&Instruction::I64Store(WORD)),
        _ => function.instruction(&Instruction::I32Store(WORD)),
    };
}

/// A call of an import with any arguments.
fn call(input: &mut Unstructured<'_>, pages: u32, function: &mut Function) -> Result<()> {
    let index = input.choose_index(IMPORTS.len())?;
    let mut arguments = Vec::new();
    for param in IMPORTS[index].params {
        arguments.push(match param {
            CoreType::I32 if input.ratio(1_u8, 3_u8)? => Instruction::I32Const(small(input)?),
            CoreType::I32 => Instruction::I32Const(word(input, pages)?),
            CoreType::I64 => Instruction::I64Const(input.arbitrary()?),
            CoreType::F64 => Instruction::F64Const(Ieee64::new(input.arbitrary()?)),
        });
    }
    put_call(function, index, arguments);
    Ok(())
}

fn store(function: &mut Function, at: i32, value: i32) {
    function.instruction(&Instruction::I32Const(at));
    function.instruction(&Instruction::I32Const(value));
    function.instruction(&Instruction::I32Store(WORD));
}

/// A word: an address, a length, a case; often one at which something may go wrong.
fn word(input: &mut Unstructured<'_>, pages: u32) -> Result<i32> {
    Ok(match input.int_in_range(0..=5)? {
        0 | 1 => small(input)?,
        2 => near(input, pages * PAGE)? as i32,
        3 => near(input, u32::MAX)? as i32,
        4 => near(input, 1 << 20)? as i32,
        _ => input.arbitrary()?,
    })
}

fn small(input: &mut Unstructured<'_>) -> Result<i32> {
    input.int_in_range(0..=300)
}

/// A number not far from another.
fn near(input: &mut Unstructured<'_>, place: u32) -> Result<u32> {
    let away = input.int_in_range(-40_i32..=8)?;
    Ok(place.wrapping_add_signed(away))
}
