//! Makes the table of letters that look like others: of Unicode's own data (UTS #39, "confusables"), the small part
//! that stands for letters and digits of ASCII. The whole would be a tenth of the Worker.

#![allow(clippy::expect_used, reason = "a build script fails by panicking")]

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use unicode_script::{Script, UnicodeScript};
use unicode_security::confusable_detection::skeleton;

/// Scripts whose letters a reader of Latin ones takes for Latin ones. Letters of others may look alike to a machine, but
/// who writes them beside Latin letters does so for a reason: in Arabic a prefix and a foreign word are one.
const FOREIGN: [Script; 15] = [
    Script::Armenian,
    Script::Canadian_Aboriginal,
    Script::Carian,
    Script::Cherokee,
    Script::Coptic,
    Script::Cyrillic,
    Script::Deseret,
    Script::Elbasan,
    Script::Georgian,
    Script::Greek,
    Script::Lisu,
    Script::Lycian,
    Script::Old_Italic,
    Script::Osage,
    Script::Warang_Citi,
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let shape = |c: char| skeleton(&c.to_string()).collect::<String>();
    // Of those that share a shape, such as I, l and 1, the last stays: all are one when texts are compared.
    let plain: BTreeMap<String, char> = ('0'..='9')
        .chain('A'..='Z')
        .chain('a'..='z')
        .map(|c| (shape(c), c))
        .collect();
    let mut table = String::from("&[\n");
    for c in ('\u{80}'..=char::MAX).filter(|c| c.is_alphanumeric()) {
        let Some(like) = plain.get(&shape(c)) else {
            continue;
        };
        let kind = match c.script() {
            script if FOREIGN.contains(&script) => "Foreign",
            Script::Common => "Styled",
            Script::Latin => "Latin",
            _ => continue,
        };
        writeln!(table, "    ({:#x}, b{like:?}, Kind::{kind}),", u32::from(c)).expect("a string");
    }
    table.push_str("]\n");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("look_alikes.rs"), table).expect("cargo made the directory");
}
