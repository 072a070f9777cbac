//! A platform in memory: objects, their storage and their modules, driven as the shell drives them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unused_imports,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests"
)]

mod acts;
mod own;
mod stored;

use core::num::NonZeroU32;
use std::collections::{BTreeMap, HashMap};

pub use acts::*;
pub use stored::*;

use serde_json::{Value, json};
use smcp_capability::items::Transacted;
use smcp_capability::turn::{
    Boot, Effect, Fetch, Fetched, Frame, Hearers, Listen, ModulePage, Mutation, Performed,
    PublicConfig, REPORT_METHOD, Record, Reply, RequestLog, Role, Step, Table, Verification,
};
use smcp_crypto::{MasterKeys, receipt_key_id, sha256};
use smcp_ids::ReleaseDigest;
use smcp_tenant::memory_items::MemoryItems;
use smcp_tenant::{Tenant, TurnId};

pub const ADMIN: &str = "an-admin-token-for-tests";

/// One object: what it stores, and the engine that serves it while it is awake.
struct Object {
    rows: BTreeMap<(Table, String), Vec<u8>>,
    items: MemoryItems,
    engine: Option<Tenant>,
}

/// Where the host is called.
pub const BASE: &str = "https://mcp.example";

pub struct World {
    objects: HashMap<String, Object>,
    modules: HashMap<(String, ReleaseDigest), Vec<u8>>,
    clock: f64,
    /// What one slice costs on this clock, in milliseconds.
    pub slice_millis: f64,
    entropy: u64,
    /// The streams of those who listen.
    pub streams: Vec<Stream>,
    /// Which of them were listed last.
    heard: Vec<usize>,
    /// What other hosts answer.
    pub web: fn(&Fetch) -> Fetched,
    /// Whether a signature holds.
    pub verifies: fn(&Verification) -> bool,
    /// What they were sent.
    pub fetched: Vec<Fetch>,
    /// How often there is still no memory for a call.
    pub refusals: u32,
    /// How often it was asked for some.
    pub reservations: u32,
    /// The records of sessions, where they outlive objects.
    pub sessions: HashMap<String, Vec<u8>>,
    /// How often a record of a session was read, written or removed there.
    pub session_reads: u32,
    /// What the edge knows of the tenant.
    pub published: Option<PublicConfig>,
    /// When objects are to be woken.
    pub alarm: Option<u64>,
    /// The master keys of the deployment.
    pub master: String,
    /// How often an object has swept its storage: what there is takes it three times.
    pub swept: u32,
    /// The turns of its own that an object has begun and that were not run yet.
    pub begun: Vec<String>,
}

/// A stream that outlived its turn, as the platform keeps it.
pub struct Stream {
    /// The server, or `*`; or the session.
    pub tag: String,
    pub record: Vec<u8>,
    pub told: String,
    pub ended: bool,
}

/// How a request went.
pub struct Outcome {
    pub reply: Reply,
    /// What was streamed before the end, if the reply was opened as a stream.
    pub stream: Option<String>,
    /// How many times it let others run.
    pub yields: usize,
}

impl Outcome {
    pub fn status(&self) -> u16 {
        self.reply.head.status
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.reply.body).unwrap()
    }

    /// The reply, or the last event of its stream.
    pub fn json(&self) -> Value {
        let last = self.text().rsplit("data: ").next().unwrap();
        serde_json::from_str(last).unwrap_or_else(|_| panic!("{}", self.text()))
    }
}

impl World {
    pub fn new() -> Self {
        Self {
            objects: HashMap::new(),
            modules: HashMap::new(),
            clock: 1_700_000_000_000.0,
            slice_millis: 0.1,
            entropy: 0,
            streams: Vec::new(),
            heard: Vec::new(),
            web: |_| Fetched::Failed,
            verifies: |_| false,
            fetched: Vec::new(),
            refusals: 0,
            reservations: 0,
            sessions: HashMap::new(),
            session_reads: 0,
            published: None,
            alarm: None,
            swept: 0,
            begun: Vec::new(),
            master: format!("1:{}", "ab".repeat(32)),
        }
    }

    pub fn master() -> MasterKeys {
        let key = format!("1:{}", "ab".repeat(32));
        key.parse().unwrap_or_else(|_| panic!("master key"))
    }

    /// What the platform serves at `/.well-known/smcp-keys`.
    pub fn receipt_keys() -> Value {
        let keys = Self::master().receipt_keys();
        let key = |key| json!({"id": receipt_key_id(key), "algorithm": "Ed25519", "publicKey": key.to_string()});
        json!({"keys": keys.iter().map(key).collect::<Vec<_>>()})
    }

    fn boot(&self, name: &str) -> Boot {
        let master: MasterKeys = self.master.parse().unwrap();
        let role = Role::from_object_name(name).unwrap();
        let keys = match &role {
            Role::Platform => master.platform(),
            Role::Tenant(tenant) => master.tenant(tenant),
        };
        Boot {
            role,
            keys: postcard::to_allocvec(&keys).unwrap(),
            clients: postcard::to_allocvec(&master.clients()).unwrap(),
            admin_token: Some(sha256(ADMIN.as_bytes())),
            provoke_faults: false,
            request_log: RequestLog::OneIn(NonZeroU32::MIN),
        }
    }

    fn object(&mut self, name: &str) -> &mut Object {
        self.objects
            .entry(name.to_owned())
            .or_insert_with(|| Object {
                rows: BTreeMap::new(),
                items: MemoryItems::default(),
                engine: None,
            })
    }

    fn engine(&mut self, name: &str) -> &mut Tenant {
        let boot = self.boot(name);
        self.object(name)
            .engine
            .get_or_insert_with(|| Tenant::new(boot))
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> u64 {
        self.clock as u64
    }

    /// Lets time pass.
    pub fn pass(&mut self, millis: f64) {
        self.clock += millis;
    }

    /// Forgets all that is only in memory, as eviction does.
    pub fn evict(&mut self) {
        for object in self.objects.values_mut() {
            object.engine = None;
        }
    }

    /// All rows of an object, to tamper with.
    pub fn rows(&mut self, name: &str) -> &mut BTreeMap<(Table, String), Vec<u8>> {
        &mut self.object(name).rows
    }

    /// The items of an object.
    pub fn items(&mut self, name: &str) -> &mut MemoryItems {
        &mut self.object(name).items
    }

    /// All modules, to tamper with.
    pub fn modules(&mut self) -> &mut HashMap<(String, ReleaseDigest), Vec<u8>> {
        &mut self.modules
    }

    pub fn frame(&mut self, method: &str, path: &str, bearer: &str, body: Vec<u8>) -> Frame {
        self.entropy += 1;
        let headers = vec![
            ("authorization".to_owned(), format!("Bearer {bearer}")),
            ("content-type".to_owned(), "application/json".to_owned()),
            (
                "accept".to_owned(),
                "application/json, text/event-stream".to_owned(),
            ),
        ];
        Frame {
            entropy: *sha256(&self.entropy.to_le_bytes()).as_bytes(),
            method: method.to_owned(),
            base: BASE.to_owned(),
            path: path.to_owned(),
            headers,
            body,
        }
    }

    /// Sends a frame to an object and performs what it needs until it is over.
    pub fn send(&mut self, object: &str, frame: Frame) -> Outcome {
        let turn = self.engine(object).begin(frame);
        self.finish(object, turn)
    }

    /// Begins a request and leaves it alone.
    pub fn begin(&mut self, object: &str, frame: Frame) -> TurnId {
        self.engine(object).begin(frame)
    }

    pub fn cancel(&mut self, object: &str, turn: TurnId) {
        self.engine(object).cancel(turn);
    }

    /// One step of a turn, performed if it needs something; `Some` when it is over.
    pub fn step(&mut self, object: &str, turn: TurnId, answer: Option<Performed>) -> Step {
        let now = self.clock;
        self.engine(object).step(turn, answer, now)
    }

    /// How many turns an object has in progress.
    pub fn turns(&mut self, object: &str) -> usize {
        self.engine(object).turns()
    }

    pub fn finish(&mut self, object: &str, turn: TurnId) -> Outcome {
        let mut answer = None;
        let mut stream: Option<String> = None;
        let mut yields = 0;
        loop {
            match self.step(object, turn, answer.take()) {
                Step::Done(reply) => {
                    return Outcome {
                        reply,
                        stream,
                        yields,
                    };
                }
                Step::Need(effect) => answer = Some(self.perform(object, effect)),
                Step::Yield => {
                    yields += 1;
                    self.clock += self.slice_millis;
                }
                Step::Queued => panic!("queued with nobody else running"),
                // Handed over: the rest of its stream comes from later turns.
                Step::Listen(Listen { head, first, .. }) => {
                    let reply = Reply { head, body: first };
                    return Outcome {
                        reply,
                        stream,
                        yields,
                    };
                }
                Step::Open(head) => {
                    assert_eq!(head.status, 200);
                    stream = Some(String::new());
                }
                Step::Emit(bytes) => {
                    stream
                        .as_mut()
                        .unwrap()
                        .push_str(std::str::from_utf8(&bytes).unwrap());
                }
            }
        }
    }

    /// Sends a frame of one who listens, up to the stream that is left; the reply, if it is refused.
    pub fn listen(&mut self, object: &str, tag: &str, frame: Frame) -> Result<usize, Reply> {
        let turn = self.engine(object).begin(frame);
        let mut answer = None;
        loop {
            match self.step(object, turn, answer.take()) {
                Step::Need(effect) => answer = Some(self.perform(object, effect)),
                Step::Done(reply) => return Err(reply),
                Step::Listen(Listen {
                    head,
                    first,
                    record,
                }) => {
                    assert_eq!(head.status, 200);
                    self.streams.push(Stream {
                        tag: tag.to_owned(),
                        record,
                        told: String::from_utf8(first).unwrap(),
                        ended: false,
                    });
                    return Ok(self.streams.len() - 1);
                }
                step => panic!("{step:?}"),
            }
        }
    }

    pub fn perform(&mut self, object: &str, effect: Effect) -> Performed {
        match effect {
            Effect::LoadRecords => {
                let rows = self.object(object).rows.iter();
                let record = |((table, key), value): (&(Table, String), &Vec<u8>)| Record {
                    table: *table,
                    key: key.clone(),
                    value: value.clone(),
                };
                Performed::Records(rows.map(record).collect())
            }
            Effect::ReadModule(release) => {
                Performed::Module(self.modules.get(&(object.to_owned(), release)).cloned())
            }
            Effect::WriteModule { release, bytes } => {
                self.modules.insert((object.to_owned(), release), bytes);
                Performed::Done
            }
            Effect::ListModules(after) => {
                let mut releases = self.modules_of(object);
                releases.retain(|release| after.is_none_or(|after| *release > after));
                // A page of few, so that several are asked for.
                let is_cut = releases.len() > 2;
                releases.truncate(2);
                Performed::Modules(ModulePage { releases, is_cut })
            }
            Effect::DeleteModules(releases) => {
                for release in releases {
                    self.modules.remove(&(object.to_owned(), release));
                }
                Performed::Done
            }
            Effect::Listeners(hearers) => {
                let all = self.streams.iter().enumerate();
                let heard = all.filter(|(_, stream)| stream.hears(&hearers));
                let (places, records): (Vec<_>, Vec<_>) = heard
                    .map(|(place, stream)| (place, stream.record.clone().into()))
                    .unzip();
                self.heard = places;
                Performed::Listeners(records)
            }
            // Told in the step after they were listed: the places are still the same.
            Effect::Tell(tellings) => {
                for telling in tellings {
                    let stream = &mut self.streams[self.heard[telling.listener as usize]];
                    stream
                        .told
                        .push_str(std::str::from_utf8(&telling.bytes).unwrap());
                    stream.ended = telling.ends;
                }
                Performed::Done
            }
            Effect::ReadItem(place, now) => {
                Performed::Item(self.object(object).items.read(&place, now))
            }
            Effect::ListItems(range, now) => {
                Performed::Keys(self.object(object).items.keys(&range, now))
            }
            Effect::Transact(mut asked) => {
                let rows = std::mem::take(&mut asked.rows);
                let object = self.object(object);
                let went = object.items.transact(&asked);
                if went == Transacted::Done {
                    object.change(rows);
                }
                Performed::Transacted(went)
            }
            Effect::ReadSealed(asked) => Performed::Sealed(self.object(object).items.page(&asked)),
            Effect::Reseal { items, rows } => {
                let object = self.object(object);
                object.items.reseal(items);
                object.change(rows);
                Performed::Done
            }
            Effect::Sweep(_) => {
                self.swept += 1;
                Performed::Swept(self.swept < 3)
            }
            Effect::DeleteItems(accounts) => {
                self.object(object).items.delete(&accounts);
                Performed::Done
            }
            Effect::Erase => {
                self.object(object).rows.clear();
                self.object(object).items = MemoryItems::default();
                Performed::Done
            }
            Effect::Peer { tenant, frame } => {
                let outcome = self.send(&Role::Tenant(tenant).object_name(), frame);
                Performed::Reply(outcome.reply)
            }
            Effect::Sign(body) => {
                let signed = Self::master().sign_receipt(object, &body);
                Performed::Signed {
                    key: signed.key,
                    signature: signed.signature.to_vec(),
                }
            }
            Effect::Fetch(fetch) => {
                let answer = (self.web)(&fetch);
                self.fetched.push(fetch);
                Performed::Fetched(answer)
            }
            Effect::Verify(asked) => Performed::Verified((self.verifies)(&asked)),
            Effect::Reserve { .. } => {
                self.reservations += 1;
                let is_there = self.refusals == 0;
                self.refusals = self.refusals.saturating_sub(1);
                Performed::Reserved(is_there)
            }
            Effect::ReadSession(id) => {
                self.session_reads += 1;
                let record = self.sessions.get(&id);
                Performed::Session(record.map(|record| record.clone().into()))
            }
            Effect::WriteSession { id, value, .. } => {
                self.sessions.insert(id, value);
                Performed::Done
            }
            Effect::DeleteSession(id) => {
                self.sessions.remove(&id);
                Performed::Done
            }
            Effect::Publish(config) => {
                self.published = config;
                Performed::Done
            }
            Effect::Wake(at) => {
                self.alarm = at.map(|at| at.0);
                Performed::Done
            }
            Effect::Begin(path) => {
                self.begun.push(path);
                Performed::Done
            }
            Effect::Stop(turn) => {
                self.engine(object).stop(TurnId(turn));
                Performed::Done
            }
            Effect::Report(report) => {
                let mut frame = self.frame(REPORT_METHOD, &format!("/{object}"), "", report);
                frame.headers.clear();
                self.send("platform", frame);
                Performed::Done
            }
            Effect::Wait(millis) => {
                self.clock += f64::from(millis);
                Performed::Done
            }
        }
    }
}

impl Stream {
    fn hears(&self, hearers: &Hearers) -> bool {
        let is_heard = match hearers {
            Hearers::Server(server) => self.tag == server.as_str() || self.tag == "*",
            Hearers::Session(session) => self.tag == *session,
        };
        is_heard && !self.ended
    }
}
