//! What is recorded once is answered the same ever after.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use smcp_capability::call::{Answer, Caller, KvKey, KvRequest, KvSpace, LogLevel, Origin, Request};
use smcp_ids::UnixMillis;

use crate::{Header, Player, Tape, TapeError, Verdict};

fn blank() -> Tape {
    let caller = Caller {
        tenant: "acme".into(),
        server: "hello".into(),
        principal: "key:k".into(),
        scopes: Vec::new(),
    };
    Tape::blank(Header {
        seed: [9; 32],
        start: UnixMillis(1_000),
        caller,
        client_capabilities: "{}".into(),
        origin: Origin::default(),
        deadline_millis: 30_000,
        read_only: false,
    })
}

fn log() -> Request {
    Request::Log {
        level: LogLevel::Info,
        logger: None,
        data: "1".into(),
    }
}

/// Asks for everything; effects are performed at a time that `clock` says.
fn play(tape: Tape, clock: &mut impl FnMut() -> u64) -> (Vec<Verdict>, Tape) {
    let mut player = Player::new(tape);
    let requests = [
        Request::Now,
        Request::Random(40),
        log(),
        Request::Sleep(5),
        Request::Now,
        Request::Random(40),
        Request::Who,
        log(),
        Request::Sleep(7),
        Request::Now,
    ];
    let mut verdicts = Vec::new();
    for request in &requests {
        let verdict = player.ask(request).unwrap();
        if verdict == Verdict::Perform {
            player.record(Answer::Done, UnixMillis(clock())).unwrap();
        }
        verdicts.push(verdict);
    }
    (verdicts, player.into_tape())
}

#[test]
fn a_replay_answers_as_the_recording_did_and_performs_and_tells_nothing() {
    let mut time = 2_000;
    let (first, tape) = play(blank(), &mut || {
        time += 10;
        time
    });
    assert_eq!(tape.entries.len(), 2);
    let (second, same) = play(tape.clone(), &mut || {
        unreachable!("a replay performs nothing")
    });
    assert_eq!(same, tape);
    for (first, second) in first.iter().zip(&second) {
        match first {
            Verdict::Perform => assert_eq!(*second, Verdict::Answered(Answer::Done)),
            Verdict::Tell => assert_eq!(*second, Verdict::Told),
            answered => assert_eq!(second, answered),
        }
    }
}

#[test]
fn time_moves_only_when_an_effect_is_answered_and_never_back() {
    let mut times = [2_000, 1_500].into_iter();
    let (verdicts, _) = play(blank(), &mut || times.next().unwrap());
    let instants: Vec<_> = verdicts
        .iter()
        .filter_map(|verdict| match verdict {
            Verdict::Answered(Answer::Instant(moment)) => Some(moment.0),
            _ => None,
        })
        .collect();
    assert_eq!(instants, [1_000, 2_000, 2_000]);
}

#[test]
fn randomness_does_not_depend_on_how_it_is_cut() {
    let draw = |sizes: &[u32]| {
        let mut player = Player::new(blank());
        let mut all = Vec::new();
        for size in sizes {
            match player.ask(&Request::Random(*size)) {
                Ok(Verdict::Answered(Answer::Bytes(bytes))) => all.extend(bytes),
                other => panic!("{other:?}"),
            }
        }
        all
    };
    assert_eq!(draw(&[200]), draw(&[1, 63, 64, 65, 7, 0]));
}

#[test]
fn another_request_than_the_tape_has_is_refused() {
    let (_, tape) = play(blank(), &mut || 3_000);
    let mut player = Player::new(tape);
    assert_eq!(player.ask(&Request::Sleep(6)), Err(TapeError::Diverged(0)));
}

#[test]
fn an_answer_that_nobody_asked_for_is_refused() {
    let mut player = Player::new(blank());
    assert_eq!(
        player.record(Answer::Done, UnixMillis(1)),
        Err(TapeError::Unasked)
    );
}

#[test]
fn a_call_that_is_run_again_reads_anew_and_asks_waits_and_tells_nothing_twice() {
    let key = KvKey {
        space: KvSpace::Server,
        key: "k".into(),
    };
    let read = Request::Kv(KvRequest::Get(key));
    let value = |version| Answer::Item {
        version,
        value: None,
    };
    let mut first = Player::new(blank());
    let log = Request::Log {
        level: LogLevel::Info,
        logger: None,
        data: "1".into(),
    };
    assert_eq!(first.ask(&log), Ok(Verdict::Tell));
    for (request, answer, at) in [
        (read.clone(), value(1), 2_000),
        (Request::Sleep(5), Answer::Done, 2_005),
    ] {
        assert_eq!(first.ask(&request), Ok(Verdict::Perform));
        first.record(answer, UnixMillis(at)).unwrap();
    }
    let mut again = Player::new(first.into_tape().rerun());
    assert_eq!(again.ask(&log), Ok(Verdict::Told));
    assert_eq!(again.ask(&read), Ok(Verdict::Perform));
    again.record(value(2), UnixMillis(3_000)).unwrap();
    assert_eq!(
        again.ask(&Request::Sleep(5)),
        Ok(Verdict::Answered(Answer::Done))
    );
    // Time never goes back.
    assert_eq!(again.now(), UnixMillis(3_000));
    assert_eq!(
        again.ask(&Request::Sleep(5)),
        Ok(Verdict::Perform),
        "it is remembered once"
    );
    let tape = again.into_tape();
    assert_eq!(tape.entries.len(), 2);
    assert!(tape.remembered.is_empty());
}

#[test]
fn a_call_that_has_become_a_task_is_one_however_often_it_is_run_again() {
    let begin = Request::BeginTask;
    for is_task in [true, false] {
        let mut first = Player::new(blank());
        assert_eq!(first.ask(&begin), Ok(Verdict::Perform));
        first
            .record(Answer::Flag(is_task), UnixMillis(2_000))
            .unwrap();
        let tape = first.into_tape();
        assert!(!tape.has_sent() && !tape.has_acted());
        for tape in [tape.clone(), tape.rerun()] {
            let mut again = Player::new(tape);
            let answered = Verdict::Answered(Answer::Flag(is_task));
            assert_eq!(again.ask(&begin), Ok(answered));
            assert_eq!(again.now(), UnixMillis(2_000));
        }
    }
}

#[test]
fn a_task_has_a_time_of_its_own() {
    let mut player = Player::new(blank());
    let left = |player: &mut Player| match player.ask(&Request::TimeLeft).unwrap() {
        Verdict::Answered(Answer::Millis(left)) => left,
        verdict => panic!("{verdict:?}"),
    };
    let mut seen = Vec::new();
    for (answer, at) in [(false, 2_000), (true, 3_000), (true, 4_000)] {
        player.ask(&Request::BeginTask).unwrap();
        player.record(Answer::Flag(answer), UnixMillis(at)).unwrap();
        seen.push(left(&mut player));
    }
    let whole = smcp_ids::limits::TASK_MILLIS;
    assert_eq!(seen, [29_000, whole, whole - 1_000]);
    // Who is asked in it does not begin it anew, and a call that is run again is told the same.
    player.ask(&Request::Ask(Vec::new())).unwrap();
    player
        .record(Answer::Answers(Vec::new()), UnixMillis(303_000))
        .unwrap();
    assert_eq!(left(&mut player), whole - 300_000);
    let mut again = Player::new(player.into_tape());
    for expected in seen {
        again.ask(&Request::BeginTask).unwrap();
        assert_eq!(left(&mut again), expected);
    }
}

#[test]
fn the_time_left_is_a_rounds_own_and_moves_as_time_does() {
    let mut player = Player::new(blank());
    let left = |player: &mut Player| match player.ask(&Request::TimeLeft).unwrap() {
        Verdict::Answered(Answer::Millis(left)) => left,
        verdict => panic!("{verdict:?}"),
    };
    assert_eq!(left(&mut player), 30_000);
    player.ask(&Request::Sleep(10)).unwrap();
    player.record(Answer::Done, UnixMillis(1_500)).unwrap();
    assert_eq!(left(&mut player), 29_500);
    // Five minutes with the client do not count.
    player.ask(&Request::Ask(Vec::new())).unwrap();
    player
        .record(Answer::Answers(Vec::new()), UnixMillis(301_500))
        .unwrap();
    assert_eq!(left(&mut player), 30_000);
    player.ask(&Request::Sleep(10)).unwrap();
    player.record(Answer::Done, UnixMillis(331_600)).unwrap();
    assert_eq!(left(&mut player), 0);
    // A replay says the same.
    let mut again = Player::new(player.into_tape());
    let mut seen = Vec::new();
    for request in [
        Request::Sleep(10),
        Request::Ask(Vec::new()),
        Request::Sleep(10),
    ] {
        again.ask(&request).unwrap();
        seen.push(left(&mut again));
    }
    assert_eq!(seen, [29_500, 30_000, 0]);
}
