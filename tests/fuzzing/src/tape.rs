//! Tapes: what is read as a recording, and that what was recorded is played again exactly.
//!
//! An input that begins with `smt` is taken for a recording; any other describes a guest, a request and what it is
//! answered: that call is recorded, written, read, replayed in other slices, and run again as if what it read had changed.

use std::sync::OnceLock;

use arbitrary::{Result, Unstructured};
use smcp_capability::call::{Answer, Caller, Origin, Request};
use smcp_crypto::sha256;
use smcp_ids::{Fuel, ReleaseDigest, UnixMillis, limits};
use smcp_sandbox::{Bounds, Ended, Entry, LoadedModule, Output, profile};
use smcp_tape::{Entry as Effect, Header, Kind, Player, Recording, Tape, Verdict};
use smcp_tenant::call::{Call, CallStep, Telling};
use smcp_tenant::memory_items::MemoryItems;
use smcp_tenant::replay::{self, How};
use smcp_tenant::workspace::Spaces;

use crate::guest::{self, ASKS};
use crate::{Seed, Target, answers, puppet};

pub(crate) const TARGET: Target = Target {
    name: "tape",
    check,
    stages: &[
        "not a recording",
        "no instance",
        "diverged",
        "replayed",
        "returned",
        "failed",
        "run again",
    ],
    seeds,
};

const FUEL: Fuel = Fuel(200_000);
const MARK: &[u8] = b"smt";
/// As in the object's settings: what a recording may ask for is bounded.
const MOST: Bounds = Bounds {
    memory: limits::MEMORY_MAX,
    fuel: FUEL,
    output: limits::OUTPUT_MAX,
};
/// How a recorded call is run: all at once.
const WHOLE: How = How {
    slice: Fuel(u64::MAX),
    stop_at: None,
};

fn check(input: &[u8]) -> &'static str {
    if input.starts_with(MARK) {
        return read(input);
    }
    let mut input = Unstructured::new(input);
    go(&mut input).expect("any input describes a call")
}

/// Takes bytes for a recording.
fn read(bytes: &[u8]) -> &'static str {
    let Ok(recording) = Recording::from_bytes(bytes) else {
        return "not a recording";
    };
    let written = assert_lasting(&recording);
    assert!(written.len() <= bytes.len(), "there is no shorter form");
    assert_played(&recording.tape);
    let bounds = Bounds {
        memory: MOST.memory.min(recording.memory as usize),
        fuel: MOST.fuel.min(recording.fuel),
        output: MOST.output.min(recording.output as usize),
    };
    let slices = [u64::MAX, 777].map(|slice| {
        let how = How {
            slice: Fuel(slice),
            stop_at: None,
        };
        let mut told = Vec::new();
        let tell = |telling: Telling| told.push(format!("{telling:?}"));
        let went = replay::replay(asking(), &recording, bounds, how, tell);
        if let Ok(went) = &went {
            assert!(went.fuel <= bounds.fuel && went.memory <= bounds.memory);
        }
        (went, told)
    });
    assert_eq!(
        format!("{:?}", slices[0]),
        format!("{:?}", slices[1]),
        "slices change nothing"
    );
    let [(went, _), _] = slices;
    match went.map(|went| replay::compare(&recording, &went).is_ok()) {
        Ok(true) => "replayed",
        Ok(false) => "diverged",
        Err(_) => "no instance",
    }
}

/// What was written is read, and written again alike. Compared as bytes: a request may hold a number that equals nothing.
fn assert_lasting(recording: &Recording) -> Vec<u8> {
    let written = recording.to_bytes().expect("a recording can be written");
    let again = Recording::from_bytes(&written).expect("what was written is read");
    assert_eq!(
        again.to_bytes().as_ref(),
        Ok(&written),
        "it is read as another"
    );
    written
}

/// Every entry of a tape that is an effect is answered by it, in order, and nothing is performed.
fn assert_played(tape: &Tape) {
    let mut player = Player::new(tape.clone());
    for (at, entry) in tape.entries.iter().enumerate() {
        let is_effect = matches!(
            entry.request,
            Request::Sleep(_)
                | Request::Ask(_)
                | Request::Setting(_)
                | Request::Kv(_)
                | Request::Http(_)
                | Request::BeginTask
        );
        if !is_effect {
            return;
        }
        let verdict = player.ask(&entry.request);
        assert_eq!(
            verdict,
            Ok(Verdict::Answered(entry.answer.clone())),
            "entry {at}"
        );
        assert_eq!(player.now(), entry.at);
    }
    assert_eq!(player.tape().entries, tape.entries);
}

/// The guest that recordings are replayed by.
fn asking() -> &'static LoadedModule {
    static ASKING: OnceLock<LoadedModule> = OnceLock::new();
    ASKING.get_or_init(|| guest::loaded(&guest::module(ASKS)).expect("a guest of ours"))
}

/// One call and its world.
struct Driven<'a, 'b> {
    input: &'a mut Unstructured<'b>,
    items: MemoryItems,
    spaces: Spaces,
    clock: UnixMillis,
    /// What was performed and lasts: no run after this one may ask for it again.
    lasting: usize,
    told: Vec<String>,
}

impl<'a, 'b> Driven<'a, 'b> {
    fn new(input: &'a mut Unstructured<'b>) -> Self {
        let server = "fuzzed".parse().expect("a name");
        Self {
            input,
            items: MemoryItems::default(),
            spaces: Spaces::new(&server, "key:k1", limits::KV_STORE_MAX),
            clock: UnixMillis(1_795_339_800_000),
            lasting: 0,
            told: Vec::new(),
        }
    }
}

impl Driven<'_, '_> {
    fn drive(&mut self, call: &mut Call, slice: Fuel) -> Ended {
        loop {
            match call.step(slice) {
                CallStep::Ended(ended) => return ended,
                CallStep::Yield => {}
                CallStep::Tell(telling) => self.told.push(format!("{telling:?}")),
                CallStep::Perform(request) => {
                    self.clock = self.clock.plus(3);
                    let answer = self.perform(&request);
                    call.performed(answer, self.clock);
                }
            }
        }
    }

    fn perform(&mut self, request: &Request) -> Answer {
        match request {
            Request::Kv(question) => {
                let answer = self.items.answer(question, &self.spaces, self.clock);
                answer.expect("a question to storage")
            }
            request => {
                self.lasting += usize::from(!matches!(request, Request::Setting(_)));
                let plain = |_| answers::answer(&mut Unstructured::new(&[]), request);
                let made = answers::answer(self.input, request).or_else(plain);
                made.expect("a plain answer")
            }
        }
    }
}

fn go(input: &mut Unstructured<'_>) -> Result<&'static str> {
    let slice = Fuel(input.int_in_range(1..=4_000)?);
    let request = answers::text(input)?;
    let header = header(input)?;
    let module = puppet::module(input)?;
    let loaded = guest::loaded(&module).expect("a puppet is admitted");
    let entry = Entry::CallTool(request.clone());
    let mut call = Call::start(&loaded, entry, MOST, Tape::blank(header)).expect("it fits");
    let mut driven = Driven::new(input);
    let ended = driven.drive(&mut call, FUEL);
    let recording = recording(MOST, request, &ended, call.tape().clone());
    let written = assert_lasting(&recording);
    let read = Recording::from_bytes(&written).expect("what was written is read");
    assert_replayed(&loaded, &read, slice, &driven.told);
    Ok(run_again(&loaded, call, &mut driven, &ended, slice))
}

/// What is kept of a call that ended so.
fn recording(bounds: Bounds, request: String, ended: &Ended, tape: Tape) -> Recording {
    Recording {
        call: None,
        release: ReleaseDigest::new([7; 32]),
        profile: profile::ID,
        memory: bounds.memory as u64,
        fuel: bounds.fuel,
        output: bounds.output as u64,
        kind: Kind::Tool,
        request,
        end: replay::end_of(ended),
        told: None,
        fuel_used: ended.fuel,
        tape,
    }
}

fn header(input: &mut Unstructured<'_>) -> Result<Header> {
    Ok(Header {
        seed: *sha256(&input.arbitrary::<[u8; 2]>()?).as_bytes(),
        start: UnixMillis(input.arbitrary()?),
        caller: Caller {
            tenant: "acme".into(),
            server: "fuzzed".into(),
            principal: "key:k1".into(),
            scopes: vec!["mcp".into()],
        },
        client_capabilities: answers::text(input)?,
        origin: Origin::default(),
        deadline_millis: input.arbitrary()?,
        read_only: input.arbitrary()?,
    })
}

/// What was recorded comes to the same again, in whatever slices, and tells the same.
fn assert_replayed(loaded: &LoadedModule, recording: &Recording, slice: Fuel, told: &[String]) {
    for how in [How { slice, ..WHOLE }, WHOLE] {
        let mut again = Vec::new();
        let tell = |telling: Telling| again.push(format!("{telling:?}"));
        let went = replay::replay(loaded, recording, MOST, how, tell).expect("it was started");
        assert_eq!(replay::compare(recording, &went), Ok(()), "{how:?}");
        assert_eq!(again, told, "{how:?}");
    }
}

/// The same call from its tape, as if what it had read were another: nothing is asked, sent, waited for or told again.
fn run_again(
    loaded: &LoadedModule,
    call: Call,
    driven: &mut Driven<'_, '_>,
    ended: &Ended,
    slice: Fuel,
) -> &'static str {
    // What it has read is read anew, and may be another.
    let read = |entry: &Effect| matches!(entry.request, Request::Kv(_) | Request::Setting(_));
    let has_read = call.tape().entries.iter().any(read);
    let (entry, tape) = call.into_rerun();
    driven.lasting = 0;
    let tellings = |told: &[String]| {
        told.iter()
            .filter(|told| !told.starts_with("Notice"))
            .count()
    };
    driven.told.clear();
    let mut again = Call::start(loaded, entry, MOST, tape).expect("it was started");
    let second = driven.drive(&mut again, slice);
    if !has_read {
        assert_eq!(tellings(&driven.told), 0, "told twice: {:?}", driven.told);
    }
    match (has_read, &ended.result) {
        (true, Ok(_)) => "run again",
        (_, Ok(Output::Text(_) | Output::Refused(_))) => {
            assert_eq!(driven.lasting, 0, "an effect was repeated");
            assert_eq!(second.result, ended.result);
            "returned"
        }
        (_, Err(_)) => "failed",
    }
}

/// Recordings of the guest that asks for much, and what describes a call.
fn seeds() -> Vec<Seed> {
    let mut seeds = crate::seeds::found(&TARGET, &[], &["returned", "failed", "run again"], 4);
    seeds.push(("not-a-recording".to_owned(), b"smt\x05".to_vec()));
    for letter in ["c", "q", "t", "u", "v"] {
        seeds.push((format!("recording-{letter}"), recorded(letter, MOST)));
    }
    let little = Bounds { memory: 1, ..MOST };
    seeds.push(("recording-no-instance".to_owned(), recorded("c", little)));
    let mut other = Recording::from_bytes(&recorded("u", MOST)).expect("ours");
    other.request = "v".into();
    seeds.push((
        "recording-diverged".to_owned(),
        other.to_bytes().expect("ours"),
    ));
    seeds
}

/// A recording of that guest, with plain answers.
fn recorded(request: &str, bounds: Bounds) -> Vec<u8> {
    let nothing = &mut Unstructured::new(&[]);
    let header = header(nothing).expect("a plain header");
    let entry = Entry::CallTool(request.into());
    let mut call = Call::start(asking(), entry, MOST, Tape::blank(header)).expect("a guest");
    let mut driven = Driven::new(nothing);
    let ended = driven.drive(&mut call, FUEL);
    let recording = recording(bounds, request.to_owned(), &ended, call.into_tape());
    recording.to_bytes().expect("ours")
}
