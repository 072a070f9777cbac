//! Limits of callers and narrowed keys on real workerd: what crosses the edge, and what does not.

#![allow(clippy::unwrap_used, reason = "tests")]

use smcp_crypto::mac;
use smcp_tests::http::Answer;
use smcp_tests::{Tenant, code, stage};

const GREET: &str = include_str!("../guests/greet.wat");

/// The key's text with one restriction more, as whoever has it computes it.
fn narrowed(key: &str, line: &str) -> String {
    use base64_url::{decode, encode};
    let (front, restrictions, tag) = parts(key);
    let tag = decode(&tag);
    let next = mac(&tag, format!("smcp key restriction 1\n{line}").as_bytes());
    let restrictions = format!("{restrictions}{}.", encode(line.as_bytes()));
    format!("{front}_{restrictions}{}", encode(&next))
}

/// What is before the restrictions of a key, they with a point after each, and the tag. Any part of it but names may
/// have an underscore.
fn parts(key: &str) -> (String, String, String) {
    let mut parts = key.splitn(4, '_');
    let mut next = || parts.next().unwrap().to_owned();
    let front = format!("{}_{}_{}", next(), next(), next());
    let proof = next();
    let at = proof.rfind('.').map_or(0, |at| at + 1);
    (front, proof[..at].to_owned(), proof[at..].to_owned())
}

/// Written here once more, apart from the host's.
mod base64_url {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    pub(crate) fn encode(bytes: &[u8]) -> String {
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let number = chunk
                .iter()
                .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
            let number = number << (8 * (3 - chunk.len()));
            for at in 0..=chunk.len() {
                text.push(char::from(LETTERS[(number >> (18 - 6 * at) & 63) as usize]));
            }
        }
        text
    }

    pub(crate) fn decode(text: &str) -> Vec<u8> {
        let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
        for letter in text.bytes() {
            let value = LETTERS.iter().position(|other| *other == letter).unwrap();
            bits = bits << 6 | u32::try_from(value).unwrap();
            count += 6;
            if count >= 8 {
                count -= 8;
                bytes.push((bits >> count & 255) as u8);
            }
        }
        bytes
    }
}

/// Calls the tool with another key of the tenant.
fn call(tenant: &Tenant, key: &str) -> Answer {
    let tenant = Tenant {
        key: key.to_owned(),
        ..tenant.clone()
    };
    stage().call(&tenant, "greet").unwrap()
}

#[test]
fn a_narrowed_key_works_is_held_to_its_limits_and_cannot_be_widened() {
    let stage = stage();
    let tenant = stage.tenant_with(GREET).unwrap();
    let answer = stage.call(&tenant, "greet").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    for name in ["ratelimit", "ratelimit-policy"] {
        assert_eq!(answer.header(name), "", "nothing limits it");
    }
    let key = narrowed(&tenant.key, "rate=2");
    let answer = call(&tenant, &key);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.header("ratelimit-policy"),
        "\"narrowed-1-calls\";q=2;w=60"
    );
    assert!(
        answer
            .header("ratelimit")
            .starts_with("\"narrowed-1-calls\";r=1;t=")
    );
    assert_eq!(call(&tenant, &key).status, 200);
    let refused = call(&tenant, &key);
    assert_eq!(
        (refused.status, code(&refused).unwrap().as_str()),
        (429, "rate_limited")
    );
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&seconds), "{seconds}");
    let expected = format!("\"narrowed-1-calls\";r=0;t={seconds}");
    assert_eq!(refused.header("ratelimit"), expected);
    // Its key goes on.
    assert_eq!(call(&tenant, &tenant.key).status, 200);

    let (front, line, tag) = parts(&key);
    let line = line.trim_end_matches('.');
    for wider in [
        format!("{front}_{tag}"),
        format!("{front}_{line}.{line}.{tag}"),
        key.replacen(line, &base64_url::encode(b"rate=9"), 1),
        narrowed(&key, "scopes=mcp").replacen(&format!("{line}."), "", 1),
        narrowed(&key, "colour=red"),
    ] {
        let refused = call(&tenant, &wider);
        assert_eq!(
            (refused.status, code(&refused).unwrap().as_str()),
            (401, "unauthorized")
        );
    }
    let other = call(&tenant, &narrowed(&tenant.key, "scopes=mcp/other"));
    assert_eq!(
        (other.status, code(&other).unwrap().as_str()),
        (404, "not_found")
    );
    let over = call(&tenant, &narrowed(&tenant.key, "until=1700000000"));
    assert_eq!(over.status, 401);
}
