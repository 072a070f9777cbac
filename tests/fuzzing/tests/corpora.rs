//! The inputs in `fuzz/corpus`: everything holds of each, they come everywhere, and what is made of them anew is the same.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use smcp_fuzzing::{TARGETS, Target};

/// All inputs together.
const BYTES_MAX: u64 = 200_000;

fn home(target: &Target) -> PathBuf {
    let corpora = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus");
    PathBuf::from(corpora).join(target.name)
}

/// What is committed, by name: not what fuzzing has found since, which is named by its digest.
fn inputs(target: &Target) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(home(target))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let named = entries.map(|path| {
        (
            path.file_name().unwrap().to_str().unwrap().to_owned(),
            fs::read(path).unwrap(),
        )
    });
    let is_found =
        |name: &str| name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    named.filter(|(name, _)| !is_found(name)).collect()
}

#[test]
fn all_that_must_hold_holds_of_every_input_and_they_come_everywhere() {
    let mut failed = Vec::new();
    for target in TARGETS {
        let reached = inputs(&target)
            .iter()
            .map(|(_, bytes)| (target.check)(bytes))
            .collect::<BTreeSet<_>>();
        let known: BTreeSet<_> = target.stages.iter().copied().collect();
        let others: Vec<_> = reached.symmetric_difference(&known).collect();
        if !others.is_empty() {
            failed.push(format!(
                "{}: {others:?} by none, or by one and not known",
                target.name
            ));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn no_input_at_all_and_each_byte_alone_are_inputs_too() {
    for target in TARGETS {
        (target.check)(&[]);
        for byte in 0..=u8::MAX {
            (target.check)(&[byte]);
        }
    }
}

#[test]
fn what_fuzzing_begins_with_is_what_is_made_of_it_now() {
    for target in TARGETS {
        for (name, bytes) in (target.seeds)() {
            let kept = fs::read(home(&target).join(&name)).unwrap_or_default();
            assert!(
                kept == bytes,
                "{}/{name} is another: run `cargo xtask fuzz --seeds`",
                target.name
            );
        }
    }
}

#[test]
fn the_inputs_are_small() {
    let sizes = TARGETS
        .iter()
        .flat_map(inputs)
        .map(|(_, bytes)| bytes.len() as u64);
    assert!(sizes.sum::<u64>() < BYTES_MAX);
}
