//! Guests that chance writes: integers and floats of both widths, NaNs of every sort among them, memory,
//! loops, and all that a guest can ask. What such a guest returns depends on every bit of it.
#![allow(unreachable_pub, reason = "a module of one test")]

use std::fmt::Write;

use proptest::prelude::*;

/// One statement. Numbers pick a variable or a key, whatever they are.
#[derive(Clone, Debug)]
pub enum Op {
    /// On two variables of a type into one: the type, the operator.
    Two(Type, &'static str, u8, u8, u8),
    /// On one.
    One(Type, &'static str, u8, u8),
    /// These bits.
    Bits(Type, u8, u64),
    /// A conversion, as it is written: `D` and `A` are put in.
    Convert(&'static str, u8, u8),
    Store(Type, u8, u8),
    Load(Type, u8, u8),
    Grow(u8),
    Loop(u8, Vec<Op>),
    If(u8, Vec<Op>),
    /// Traps, if the variable has some bits.
    Trap(u8),
    Now(u8),
    Random(u8, u8),
    Log(u8, u8),
    Progress(u8),
    Sleep(u8),
    Get(u8, u8),
    Set(u8, u8),
    Delete(u8),
    Keys(u8),
}

/// A type, and how many variables there are of it.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    I32,
    I64,
    F32,
    F64,
}

const VARIABLES: u8 = 3;
const TYPES: [Type; 4] = [Type::I32, Type::I64, Type::F32, Type::F64];
const INTEGER: [&str; 14] = [
    "add", "sub", "mul", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl", "rotr", "div_u",
    "rem_s", "div_s",
];
const FLOAT: [&str; 7] = ["add", "sub", "mul", "div", "min", "max", "copysign"];
const FLOAT_ONE: [&str; 7] = ["sqrt", "ceil", "floor", "trunc", "nearest", "abs", "neg"];
const INTEGER_ONE: [&str; 3] = ["clz", "ctz", "popcnt"];
const CONVERT: [&str; 16] = [
    "(local.set $iD (i32.trunc_sat_f64_s (local.get $eA)))",
    "(local.set $iD (i32.trunc_sat_f32_u (local.get $dA)))",
    "(local.set $iD (i32.wrap_i64 (local.get $lA)))",
    "(local.set $iD (i32.reinterpret_f32 (local.get $dA)))",
    "(local.set $iD (f64.lt (local.get $eD) (local.get $eA)))",
    "(local.set $iD (f32.eq (local.get $dD) (local.get $dA)))",
    "(local.set $lD (i64.trunc_sat_f32_s (local.get $dA)))",
    "(local.set $lD (i64.extend_i32_s (local.get $iA)))",
    "(local.set $lD (i64.reinterpret_f64 (local.get $eA)))",
    "(local.set $dD (f32.demote_f64 (local.get $eA)))",
    "(local.set $dD (f32.convert_i64_u (local.get $lA)))",
    "(local.set $dD (f32.reinterpret_i32 (local.get $iA)))",
    "(local.set $eD (f64.promote_f32 (local.get $dA)))",
    "(local.set $eD (f64.convert_i32_s (local.get $iA)))",
    "(local.set $eD (f64.reinterpret_i64 (local.get $lA)))",
    // Traps where it does not fit.
    "(local.set $iD (i32.trunc_f64_s (f64.mul (local.get $eA) (f64.const 0.25))))",
];
/// Bits of either width that are special to somebody.
const SPECIAL: [u64; 12] = [
    0,
    1,
    u64::MAX,
    0x8000_0000_0000_0000,
    0x7ff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0x7ff4_0000_0000_0001,
    0xfff0_1234_5678_9abc,
    0x3ff0_0000_0000_0000,
    0x7f80_0001_7fa0_0001,
    0xffc0_0000_7f80_0000,
    0x4330_0000_0000_0001,
];

impl Type {
    const fn name(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// The letter of its variables.
    const fn letter(self) -> char {
        match self {
            Self::I32 => 'i',
            Self::I64 => 'l',
            Self::F32 => 'd',
            Self::F64 => 'e',
        }
    }

    fn variable(self, number: u8) -> String {
        format!("${}{}", self.letter(), number % VARIABLES)
    }

    fn get(self, number: u8) -> String {
        format!("(local.get {})", self.variable(number))
    }

    fn bits(self, bits: u64) -> String {
        match self {
            Self::I32 => format!("(i32.const {})", bits as i32),
            Self::I64 => format!("(i64.const {})", bits as i64),
            Self::F32 => format!("(f32.reinterpret_i32 (i32.const {}))", bits as i32),
            Self::F64 => format!("(f64.reinterpret_i64 (i64.const {}))", bits as i64),
        }
    }
}

/// A guest's statements.
pub fn program() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 1..14)
}

fn op() -> impl Strategy<Value = Op> {
    let leaf = prop_oneof![
        8 => computing(),
        3 => memory(),
        3 => asking(),
        1 => any::<u8>().prop_map(Op::Trap),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let body = prop::collection::vec(inner, 1..6);
        prop_oneof![
            (1..9_u8, body.clone()).prop_map(|(times, body)| Op::Loop(times, body)),
            (any::<u8>(), body).prop_map(|(on, body)| Op::If(on, body)),
        ]
    })
}

fn computing() -> impl Strategy<Value = Op> {
    let number = || any::<u8>();
    let is_float = |kind: Type| matches!(kind, Type::F32 | Type::F64);
    let types = || prop::sample::select(&TYPES[..]);
    prop_oneof![
        (types(), any::<u8>(), number(), number(), number()).prop_map(
            move |(kind, op, d, a, b)| {
                let from: &[&str] = if is_float(kind) { &FLOAT } else { &INTEGER };
                Op::Two(kind, from[usize::from(op) % from.len()], d, a, b)
            }
        ),
        (types(), any::<u8>(), number(), number()).prop_map(move |(kind, op, d, a)| {
            let from: &[&str] = if is_float(kind) {
                &FLOAT_ONE
            } else {
                &INTEGER_ONE
            };
            Op::One(kind, from[usize::from(op) % from.len()], d, a)
        }),
        (types(), number(), any::<u64>()).prop_map(|(kind, d, bits)| Op::Bits(kind, d, bits)),
        (types(), number(), prop::sample::select(&SPECIAL[..]))
            .prop_map(|(kind, d, bits)| Op::Bits(kind, d, bits)),
        (prop::sample::select(&CONVERT[..]), number(), number())
            .prop_map(|(text, d, a)| Op::Convert(text, d, a)),
    ]
}

fn memory() -> impl Strategy<Value = Op> {
    let types = || prop::sample::select(&TYPES[..]);
    prop_oneof![
        3 => (types(), any::<u8>(), any::<u8>()).prop_map(|(kind, at, a)| Op::Store(kind, at, a)),
        3 => (types(), any::<u8>(), any::<u8>()).prop_map(|(kind, d, at)| Op::Load(kind, d, at)),
        1 => any::<u8>().prop_map(Op::Grow),
    ]
}

fn asking() -> impl Strategy<Value = Op> {
    let two = || (any::<u8>(), any::<u8>());
    prop_oneof![
        any::<u8>().prop_map(Op::Now),
        two().prop_map(|(d, length)| Op::Random(d, length)),
        two().prop_map(|(level, length)| Op::Log(level, length)),
        any::<u8>().prop_map(Op::Progress),
        any::<u8>().prop_map(Op::Sleep),
        two().prop_map(|(key, d)| Op::Get(key, d)),
        two().prop_map(|(key, at)| Op::Set(key, at)),
        any::<u8>().prop_map(Op::Delete),
        any::<u8>().prop_map(Op::Keys),
    ]
}

/// An address in the guest's own region, which a variable picks.
fn address(number: u8) -> String {
    let i = Type::I32.get(number);
    format!("(i32.add (i32.const 32768) (i32.and {i} (i32.const 0x3ff8)))")
}

fn key(number: u8) -> u32 {
    300 + u32::from(number % 4)
}

/// Writes statements; `depth` is how many loops they are in.
fn write(ops: &[Op], depth: usize, out: &mut String) {
    for op in ops {
        statement(op, depth, out);
        out.push('\n');
    }
}

fn statement(op: &Op, depth: usize, out: &mut String) {
    let set = |kind: Type, number: u8, value: String| {
        format!("(local.set {} {value})", kind.variable(number))
    };
    let text = match op {
        Op::Two(kind, op, d, a, b) => {
            let value = format!("({}.{op} {} {})", kind.name(), kind.get(*a), kind.get(*b));
            set(*kind, *d, value)
        }
        Op::One(kind, op, d, a) => set(*kind, *d, format!("({}.{op} {})", kind.name(), kind.get(*a))),
        Op::Bits(kind, d, bits) => set(*kind, *d, kind.bits(*bits)),
        Op::Convert(text, d, a) => {
            let put = |name: char, number: &u8| (name, (number % VARIABLES).to_string());
            let (d, a) = (put('D', d), put('A', a));
            text.replace(d.0, &d.1).replace(a.0, &a.1)
        }
        Op::Store(kind, at, a) => {
            format!("({}.store {} {})", kind.name(), address(*at), kind.get(*a))
        }
        Op::Load(kind, d, at) => set(*kind, *d, format!("({}.load {})", kind.name(), address(*at))),
        Op::Grow(d) => set(Type::I32, *d, "(memory.grow (i32.const 1))".into()),
        Op::Trap(i) => format!(
            "(if (i32.eq (i32.and {} (i32.const 63)) (i32.const 5)) (then (unreachable)))",
            Type::I32.get(*i)
        ),
        Op::Now(d) => set(Type::I64, *d, "(call $now)".into()),
        Op::Random(d, length) => format!(
            "(call $random (i32.const {}) (i32.const 4200)) {}",
            4 + length % 60,
            set(Type::I32, *d, "(i32.load (i32.load (i32.const 4200)))".into())
        ),
        Op::Log(level, length) => format!(
            "(call $log (i32.const {}) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 400) (i32.const {}))",
            level % 8,
            length % 33
        ),
        Op::Progress(a) => format!(
            "(call $progress {} (i32.const 0) (f64.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
            Type::F64.get(*a)
        ),
        Op::Sleep(millis) => format!("(call $sleep (i32.const {}))", millis % 50),
        Op::Get(k, d) => format!(
            "(call $get (i32.const {}) (i32.const {}) (i32.const 1) (i32.const 4096))
             (if (i32.load8_u (i32.const 4100)) (then {}))",
            k % 2,
            key(*k),
            set(Type::I32, *d, "(i32.load (i32.load (i32.const 4104)))".into())
        ),
        Op::Set(k, at) => format!(
            "(call $set (i32.const {}) (i32.const {}) (i32.const 1) {} (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 4096))",
            k % 2,
            key(*k),
            address(*at)
        ),
        Op::Delete(k) => format!(
            "(call $delete (i32.const {}) (i32.const {}) (i32.const 1) (i32.const 4096))",
            k % 2,
            key(*k)
        ),
        Op::Keys(d) => format!(
            "(call $keys (i32.const 0) (i32.const 300) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 9) (i32.const 4096))
             {}",
            set(Type::I32, *d, "(i32.load (i32.const 4104))".into())
        ),
        Op::If(i, body) => {
            let _ = writeln!(out, "(if (i32.and {} (i32.const 1)) (then", Type::I32.get(*i));
            write(body, depth, out);
            "))".into()
        }
        Op::Loop(times, body) => {
            let _ = write!(out, "(local.set $c{depth} (i32.const {times}))\n(loop $m{depth}\n");
            write(body, depth + 1, out);
            format!(
                "(br_if $m{depth} (local.tee $c{depth} (i32.sub (local.get $c{depth}) (i32.const 1)))))"
            )
        }
    };
    out.push_str(&text);
}

/// The guest that runs these statements.
pub fn wat(ops: &[Op]) -> String {
    let mut locals = String::new();
    let mut shown = String::new();
    for kind in TYPES {
        for number in 0..VARIABLES {
            let name = kind.variable(number);
            let _ = write!(locals, "(local {name} {}) ", kind.name());
            let get = kind.get(number);
            let bits = match kind {
                Type::I32 => format!("(i64.extend_i32_u {get})"),
                Type::I64 => get,
                Type::F32 => format!("(i64.extend_i32_u (i32.reinterpret_f32 {get}))"),
                Type::F64 => format!("(i64.reinterpret_f64 {get})"),
            };
            let _ = writeln!(shown, "(call $show {bits})");
        }
    }
    for depth in 0..8 {
        let _ = write!(locals, "(local $c{depth} i32) ");
    }
    let mut body = String::new();
    write(ops, 0, &mut body);
    FRAME
        .replace("LOCALS", &locals)
        .replace("BODY", &body)
        .replace("SHOWN", &shown)
}

/// What is around the statements: the result is every variable in hexadecimal, and a sum of the memory.
const FRAME: &str = r#"(module
  (import "smcp:server/context@0.1.0" "log" (func $log (param i32 i32 i32 i32 i32 i32)))
  (import "smcp:server/context@0.1.0" "progress" (func $progress (param f64 i32 f64 i32 i32 i32)))
  (import "smcp:server/context@0.1.0" "now" (func $now (result i64)))
  (import "smcp:server/context@0.1.0" "random" (func $random (param i32 i32)))
  (import "smcp:server/context@0.1.0" "sleep" (func $sleep (param i32)))
  (import "smcp:server/kv@0.1.0" "get" (func $get (param i32 i32 i32 i32)))
  (import "smcp:server/kv@0.1.0" "set" (func $set (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "smcp:server/kv@0.1.0" "delete" (func $delete (param i32 i32 i32 i32)))
  (import "smcp:server/kv@0.1.0" "keys" (func $keys (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 3)
  (global $heap (mut i32) (i32.const 65536))
  (global $out (mut i32) (i32.const 20480))
  (data (i32.const 64) "{\"tools\":[]}")
  (data (i32.const 300) "abcd")
  (data (i32.const 400) "\"what a guest that chance wrote has to say of itself\"")
  (data (i32.const 512) "{\"content\":[{\"type\":\"text\",\"text\":\"")
  (data (i32.const 600) "\"}]}")
  (data (i32.const 640) "0123456789abcdef")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at
      (i32.and
        (i32.add (global.get $heap) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (func $copy (param $from i32) (param $len i32)
    (memory.copy (global.get $out) (local.get $from) (local.get $len))
    (global.set $out (i32.add (global.get $out) (local.get $len))))
  (func $show (param $bits i64)
    (local $left i32)
    (local.set $left (i32.const 16))
    (loop $more
      (local.set $bits (i64.rotl (local.get $bits) (i64.const 4)))
      (i32.store8 (global.get $out)
        (i32.load8_u offset=640 (i32.and (i32.wrap_i64 (local.get $bits)) (i32.const 15))))
      (global.set $out (i32.add (global.get $out) (i32.const 1)))
      (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
  (func $sum (result i64)
    (local $at i32) (local $sum i64)
    (local.set $at (i32.const 32768))
    (loop $more
      (local.set $sum
        (i64.add
          (i64.mul (local.get $sum) (i64.const 1099511628211))
          (i64.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $more (i32.lt_u (local.get $at) (i32.const 49160))))
    (local.get $sum))
  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 12))
    (i32.const 16))
  (func (export "smcp:server/handler@0.1.0#call-tool") (param i32 i32) (result i32)
    LOCALS
    BODY
    (call $copy (i32.const 512) (i32.const 35))
    SHOWN
    (call $show (call $sum))
    (call $copy (i32.const 600) (i32.const 4))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 20480))
    (i32.store (i32.const 24) (i32.sub (global.get $out) (i32.const 20480)))
    (i32.const 16))
  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32) (unreachable)))
"#;
