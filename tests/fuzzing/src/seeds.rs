//! Inputs for targets whose inputs describe something: made by counting, and kept for how far they come.

use std::collections::BTreeMap;

use smcp_crypto::sha256;

use crate::{Seed, Target};

/// So many are tried, if not all stages are reached before.
const TRIED: u32 = 2_000;
/// No input is longer.
const BYTES: usize = 800;

/// For each of these stages so many of the inputs that come there. Each begins with `prefix`, which says what it is.
pub(crate) fn found(target: &Target, prefix: &[u8], stages: &[&str], of_each: usize) -> Vec<Seed> {
    let mut kept: BTreeMap<&str, Vec<Vec<u8>>> =
        stages.iter().map(|stage| (*stage, Vec::new())).collect();
    for number in 0..TRIED {
        if kept.values().all(|kept| kept.len() >= of_each) {
            break;
        }
        let input = [prefix, &counted(number)].concat();
        if let Some(kept) = kept.get_mut((target.check)(&input))
            && kept.len() < of_each
        {
            kept.push(input);
        }
    }
    let named = |(stage, inputs): (&str, Vec<Vec<u8>>)| {
        let stage = stage.replace([' ', '_'], "-");
        let inputs = inputs.into_iter().enumerate();
        inputs
            .map(move |(at, input)| (format!("{stage}-{at}"), input))
            .collect::<Vec<_>>()
    };
    kept.into_iter().flat_map(named).collect()
}

/// The input of that number: some bytes that follow from it, more of them the further one counts, and with runs of small
/// numbers, as a description has.
fn counted(number: u32) -> Vec<u8> {
    let length = (number as usize * 7) % BYTES;
    let blocks = (0_u32..).flat_map(|block| {
        let bytes = [number.to_le_bytes(), block.to_le_bytes()].concat();
        *sha256(&bytes).as_bytes()
    });
    blocks.take(length).collect()
}
