//! Calls of a server, one after the other, recorded as a host records them: what they store is there for the
//! next, time passes, and whom they ask declines.

use anyhow::{Result, anyhow};
use smcp_capability::call::{Answer, Caller, Origin, Request};
use smcp_capability::http::HttpAnswer;
use smcp_ids::{Fuel, ReleaseDigest, UnixMillis, limits};
use smcp_sandbox::{Bounds, Ended, LoadedModule, Output, profile};
use smcp_tape::{Header, Kind, Recording, Tape};
use smcp_tenant::call::{Call, CallStep};
use smcp_tenant::memory_items::MemoryItems;
use smcp_tenant::replay::{end_of, entry_of};
use smcp_tenant::workspace::Spaces;

use crate::pack;
use crate::replay::{Recorded, admit};

/// A slice like no other: none may make a difference.
const SLICE: Fuel = Fuel(7_777);

/// What other hosts answer: all that `github-issues` looks for.
const ISSUE: &str = r#"{"number":1,"title":"It is loud","state":"open","body":"Very.","comments":0,"labels":[],
    "user":{"login":"ada"},"created_at":"1843-01-01T00:00:00Z","updated_at":"1843-01-02T00:00:00Z",
    "html_url":"https://github.com/ada/engine/issues/1","total_count":1,"items":[]}"#;

/// A server, and what it keeps.
#[derive(Debug)]
pub struct Session {
    package: Vec<u8>,
    release: ReleaseDigest,
    loaded: LoadedModule,
    items: MemoryItems,
    clock: UnixMillis,
    calls: u8,
}

impl Session {
    /// A server that keeps nothing yet.
    ///
    /// # Errors
    /// The package is refused.
    pub fn new(package: &[u8]) -> Result<Self> {
        let admitted = admit(package, &[pack::publisher()])?;
        Ok(Self {
            package: package.to_vec(),
            release: admitted.release(),
            loaded: LoadedModule::load(&admitted)?,
            items: MemoryItems::default(),
            clock: UnixMillis(1_795_339_800_000),
            calls: 0,
        })
    }

    /// Records a call.
    ///
    /// # Errors
    /// There is no instance to be had.
    pub fn record(&mut self, name: &str, kind: Kind, request: &str, fuel: u64) -> Result<Recorded> {
        let bounds = Bounds {
            memory: limits::MEMORY_MAX,
            fuel: Fuel(fuel),
            output: limits::OUTPUT_MAX,
        };
        let entry = entry_of(kind, request.to_owned());
        let tape = Tape::blank(self.header());
        let call = Call::start(&self.loaded, entry, bounds, tape);
        let mut call = call.map_err(|fault| anyhow!("{fault}"))?;
        let ended = self.drive(&mut call);
        let commits = matches!(ended.result, Ok(Output::Text(_)));
        self.items
            .settle(call.workspace(), &spaces()?, commits, self.clock);
        let recording = Recording {
            call: None,
            release: self.release,
            profile: profile::ID,
            memory: bounds.memory as u64,
            fuel: bounds.fuel,
            output: bounds.output as u64,
            kind,
            request: request.to_owned(),
            end: end_of(&ended),
            told: None,
            fuel_used: ended.fuel,
            tape: call.into_tape(),
        };
        Ok(Recorded {
            name: name.to_owned(),
            package: self.package.clone(),
            publisher: pack::publisher(),
            recording: recording.to_bytes()?,
        })
    }

    fn header(&mut self) -> Header {
        self.calls = self.calls.wrapping_add(1);
        Header {
            seed: [self.calls; 32],
            start: self.clock,
            caller: Caller {
                tenant: "acme".into(),
                server: "matrix".into(),
                principal: "key:k1".into(),
                scopes: vec!["mcp".into()],
            },
            client_capabilities: r#"{"elicitation":{},"sampling":{},"roots":{}}"#.into(),
            origin: Origin::default(),
            deadline_millis: 30_000,
            read_only: false,
        }
    }

    fn drive(&mut self, call: &mut Call) -> Ended {
        loop {
            match call.step(SLICE) {
                CallStep::Ended(ended) => return ended,
                CallStep::Tell(_) | CallStep::Yield => {}
                CallStep::Perform(request) => {
                    self.clock = self.clock.plus(3);
                    let answer = self.perform(request);
                    call.performed(answer, self.clock);
                }
            }
        }
    }

    fn perform(&mut self, request: Request) -> Answer {
        match request {
            Request::Sleep(millis) => {
                self.clock = self.clock.plus(millis.into());
                Answer::Done
            }
            Request::Setting(name) => Answer::Setting((name.len() % 2 == 0).then(|| "20".into())),
            Request::Ask(questions) => {
                let declined = questions
                    .iter()
                    .map(|_| r#"{"action":"decline"}"#.to_owned());
                Answer::Answers(declined.collect())
            }
            Request::Kv(question) => spaces()
                .ok()
                .and_then(|spaces| self.items.answer(&question, &spaces, self.clock))
                .unwrap_or(Answer::Done),
            Request::Http(request) => Answer::Http(Ok(HttpAnswer {
                status: 200,
                headers: request.headers,
                body: ISSUE.into(),
            })),
            Request::BeginTask => Answer::Flag(true),
            // Answered by the tape's header.
            _ => Answer::Done,
        }
    }
}

fn spaces() -> Result<Spaces> {
    Ok(Spaces::new(
        &"matrix".parse()?,
        "key:k1",
        limits::KV_STORE_MAX,
    ))
}
