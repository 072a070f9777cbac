//! What one call may read and change, to the number.

use super::*;

const NOW: UnixMillis = UnixMillis(1_000);

fn key(key: impl Into<String>) -> KvKey {
    KvKey {
        space: KvSpace::Server,
        key: key.into(),
    }
}

fn set(name: impl Into<String>, size: usize) -> KvRequest {
    KvRequest::Set {
        key: key(name),
        value: vec![0; size],
        ttl: None,
    }
}

fn refused(workspace: &mut Workspace, request: &KvRequest) -> Option<KvError> {
    match workspace.ask(request, NOW) {
        Wanted::Answered(Answer::KvRefused(error)) => Some(error),
        _ => None,
    }
}

#[test]
fn keys_and_values_are_bounded() {
    let long = "k".repeat(limits::KV_KEY_MAX);
    for (name, size, expected) in [
        ("", 0, Some(KvError::InvalidKey)),
        ("a\0b", 0, Some(KvError::InvalidKey)),
        ("a\u{10FFFF}", 0, Some(KvError::InvalidKey)),
        (&*format!("{long}k"), 0, Some(KvError::InvalidKey)),
        (&*long, limits::KV_VALUE_MAX, None),
        ("a", limits::KV_VALUE_MAX + 1, Some(KvError::TooLarge)),
    ] {
        let mut workspace = Workspace::new(false);
        assert_eq!(
            refused(&mut workspace, &set(name, size)),
            expected,
            "{name:.9} {size}"
        );
    }
    let mut reading = Workspace::new(true);
    assert_eq!(refused(&mut reading, &set("a", 1)), Some(KvError::ReadOnly));
}

#[test]
fn changes_are_bounded_in_number_and_in_bytes() {
    let mut workspace = Workspace::new(false);
    let many = (0..9_999).take_while(|_| refused(&mut workspace, &set("a", 0)).is_none());
    assert_eq!(many.count(), limits::KV_WRITES_MAX);
    let mut workspace = Workspace::new(false);
    let large = set("a", limits::KV_VALUE_MAX);
    let many = (0..9_999).take_while(|_| refused(&mut workspace, &large).is_none());
    assert_eq!(
        many.count(),
        limits::KV_WRITE_BYTES_MAX / (limits::KV_VALUE_MAX + 1)
    );
}

/// Reads keys whose values have that size until it may no more: how many, and why.
fn reads(size: usize) -> (usize, Option<GuestFault>) {
    let mut workspace = Workspace::new(false);
    for number in 0..9_999 {
        let request = KvRequest::Get(key(format!("k{number}")));
        match workspace.ask(&request, NOW) {
            Wanted::Read(question) => {
                let answer = Answer::Item {
                    version: 1,
                    value: Some(vec![0; size]),
                };
                assert!(workspace.learn(&request, question, answer, NOW).is_some());
            }
            Wanted::TooMuch(fault) => return (number, Some(fault)),
            Wanted::Answered(_) => return (number, None),
        }
    }
    (9_999, None)
}

#[test]
fn reads_are_bounded_in_number_and_in_bytes() {
    let most = limits::KV_READS_MAX;
    assert_eq!(reads(1), (most, Some(GuestFault::TooManyEffects(most))));
    let bytes = limits::KV_READ_BYTES_MAX;
    let fault = GuestFault::ReadTooMuch(bytes);
    assert_eq!(
        reads(limits::KV_VALUE_MAX),
        (bytes / limits::KV_VALUE_MAX + 1, Some(fault))
    );
}

#[test]
fn a_key_is_asked_for_once() {
    let mut workspace = Workspace::new(false);
    let request = KvRequest::Get(key("a"));
    let Wanted::Read(question) = workspace.ask(&request, NOW) else {
        unreachable!("nothing is known yet")
    };
    let answer = Answer::Item {
        version: 3,
        value: None,
    };
    let learnt = workspace.learn(&request, question, answer, NOW);
    assert_eq!(learnt, Some(Answer::Value(None)));
    let again = workspace.ask(&request, NOW);
    assert_eq!(again, Wanted::Answered(Answer::Value(None)));
    assert_eq!(workspace.reads(), 1);
}
