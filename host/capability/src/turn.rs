//! What passes between the engine and the shell: a frame in, steps out, answers back in.
//!
//! All of it crosses as postcard bytes. `entry.js` writes [`Frame`] and reads [`Step::Done`]
//! itself, so that the hot path crosses once in and once out: their field order is its contract.
//! Fields of bytes go through `serde_bytes`: the same encoding, but copied whole, not byte by byte.

mod request_log;
mod rows;

use serde::{Deserialize, Serialize};
use smcp_ids::{Digest, ReleaseDigest, ServerSlug, TenantId, UnixMillis};

use crate::http::{Header, HttpAnswer, Method};
use crate::items::{Item, PageOf, Place, Range, Sealed, SealedPage, Transacted, Transaction};

pub use self::request_log::{RequestLog, RequestLogError};
pub use self::rows::{Mutation, Record, Table};

/// Which object an engine instance serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// The one object that knows which tenants there are.
    Platform,
    /// The object of a tenant.
    Tenant(TenantId),
}

impl Role {
    /// The name of the object: `platform`, or `tenant:` and the tenant.
    pub fn object_name(&self) -> String {
        match self {
            Self::Platform => "platform".to_owned(),
            Self::Tenant(tenant) => format!("tenant:{tenant}"),
        }
    }

    /// The role of the object of that name.
    pub fn from_object_name(name: &str) -> Option<Self> {
        match name.strip_prefix("tenant:") {
            Some(tenant) => tenant.parse().ok().map(Self::Tenant),
            None => (name == "platform").then_some(Self::Platform),
        }
    }
}

/// What an engine instance is told when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// Whom it serves.
    pub role: Role,
    /// The key hierarchy of that tenant (or of the platform object), as `smcp-crypto` encodes it.
    /// Never the master key: guests' bytes are parsed in this instance.
    #[serde(with = "serde_bytes")]
    pub keys: Vec<u8>,
    /// The keys by which all objects know clients that registered themselves, encoded likewise.
    #[serde(with = "serde_bytes")]
    pub clients: Vec<u8>,
    /// SHA-256 of the platform's admin token, if one is set.
    pub admin_token: Option<Digest>,
    /// Whether the platform runs in a test build's fault mode, in which a tenant can provoke
    /// engine faults. Never set by `wrangler.toml`.
    pub provoke_faults: bool,
    /// Which requests have a line in the platform's log.
    pub request_log: RequestLog,
}

/// One HTTP request, as the object received it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Fresh random bytes: the seed of everything in this turn that must not be guessed.
    pub entropy: [u8; 32],
    /// The method, upper case.
    pub method: String,
    /// Scheme, name and port under which the host was called, without a slash at the end; empty if that is not
    /// known, as of the object's own turns.
    pub base: String,
    /// Path and query.
    pub path: String,
    /// The headers that matter, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, whole.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

impl Frame {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Status and headers of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Status and headers.
    pub head: Head,
    /// The body; empty for none.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

/// What a turn wants next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// It is over. After [`Step::Open`] the head was sent: the body ends the stream.
    Done(Reply),
    /// Something must be performed; step again with the answer.
    Need(Effect),
    /// Its slice is spent: let others run, then step again.
    Yield,
    /// Too many turns of this object compute already: step again when one of them has ended.
    Queued,
    /// Answer as a stream from now on: send the head and keep the body open.
    Open(Head),
    /// Write these bytes to the open stream.
    Emit(#[serde(with = "serde_bytes")] Vec<u8>),
    /// It is over, and its stream stays: others write to it through [`Effect::Tell`].
    Listen(Listen),
}

/// A stream that outlives its turn. While nothing happens it costs no compute: the edge holds the
/// client's end, and the object may sleep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listen {
    /// Status and headers of the stream.
    pub head: Head,
    /// What is written to it at once.
    #[serde(with = "serde_bytes")]
    pub first: Vec<u8>,
    /// What the engine must know of it whenever there is something to tell; at most
    /// `LISTENER_RECORD_MAX` bytes.
    #[serde(with = "serde_bytes")]
    pub record: Vec<u8>,
}

/// What the edge must know of a tenant before its object is asked. It may be a minute old there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicConfig {
    /// Browser origins whose pages may call the tenant's endpoints.
    pub origins: Vec<String>,
    /// Servers that say nothing of OAuth: they take keys only.
    pub key_only: Vec<ServerSlug>,
}

impl PublicConfig {
    /// Where that of a tenant is kept.
    pub fn key(tenant: &TenantId) -> String {
        format!("tenant-{tenant}:config:public")
    }
}

/// What one listener is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// Which: its place in the last [`Performed::Listeners`] of the turn.
    pub listener: u32,
    /// What to write to its stream.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// Whether that is the last it is told.
    pub ends: bool,
}

/// A request to another host, as it is sent. Redirects are not followed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// The method.
    pub method: Method,
    /// The URL, of the strict form of [`crate::http::url`].
    pub url: String,
    /// The fields, secrets in their values.
    pub headers: Vec<Header>,
    /// The body; empty for none.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
    /// How many milliseconds it may take, its body included.
    pub timeout_millis: u32,
    /// How many bytes the body of the answer may have, decoded.
    pub body_max: u32,
}

impl core::fmt::Debug for Fetch {
    /// Leaves out what may hold secrets.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Fetch({} {})", self.method, self.url)
    }
}

/// How a [`Fetch`] went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fetched {
    /// It was answered.
    Answer(HttpAnswer),
    /// The answer is larger than it may be.
    TooLarge,
    /// No answer came in time.
    TimedOut,
    /// There was no connection, or it broke.
    Failed,
}

/// Whether a key made a signature of some bytes: asked of the platform, which has the algorithms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The algorithm, by its name in JSON Web Algorithms: `RS256`, `PS256`, `ES256` or `EdDSA`.
    pub algorithm: String,
    /// The public key, a JSON Web Key.
    pub key: String,
    /// What was signed.
    #[serde(with = "serde_bytes")]
    pub message: Vec<u8>,
    /// The signature.
    #[serde(with = "serde_bytes")]
    pub signature: Vec<u8>,
}

/// What a turn needs from outside. Those marked *at once* are performed without letting another
/// turn run in between, so that reading, deciding and writing are one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// All rows of the object. At once. Answer: [`Performed::Records`].
    LoadRecords,
    /// The module of a release of this tenant. Answer: [`Performed::Module`].
    ReadModule(ReleaseDigest),
    /// Stores a module of this tenant under its release. Answer: [`Performed::Done`].
    WriteModule {
        /// The release that names it.
        release: ReleaseDigest,
        /// The whole package.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// The modules of this tenant after that one, a page of them. Answer: [`Performed::Modules`].
    ListModules(Option<ReleaseDigest>),
    /// Removes modules of this tenant, those that are there. Answer: [`Performed::Done`].
    DeleteModules(Vec<ReleaseDigest>),
    /// Removes all rows of the object. Answer: [`Performed::Done`].
    Erase,
    /// Sends a request to a tenant's object. Answer: [`Performed::Reply`].
    Peer {
        /// The tenant.
        tenant: TenantId,
        /// The request. Its entropy is replaced on the way.
        frame: Frame,
    },
    /// One item, as it is at that time. At once. Answer: [`Performed::Item`].
    ReadItem(Place, UnixMillis),
    /// The keys of a range of items, in order, as they are at that time. At once. Answer:
    /// [`Performed::Keys`].
    ListItems(Range, UnixMillis),
    /// Checks and changes items and rows: all of it or nothing, durable before the reply goes out. At once. Answer:
    /// [`Performed::Transacted`].
    Transact(Transaction),
    /// A page of all items, as they are stored. At once. Answer: [`Performed::Sealed`].
    ReadSealed(PageOf),
    /// Puts other bytes in the place of items that are still of those versions, which stay, and changes rows: all of it or
    /// nothing. At once. Answer: [`Performed::Done`].
    Reseal {
        /// The items, with values as long as they were.
        items: Vec<Sealed>,
        /// The rows.
        rows: Vec<Mutation>,
    },
    /// Removes some of the items whose time is over by then, and what was used once and need not be remembered. At once.
    /// Answer: [`Performed::Swept`].
    Sweep(UnixMillis),
    /// Removes all items of the accounts that begin so. At once. Answer: [`Performed::Done`].
    DeleteItems(String),
    /// Lets that many milliseconds pass. Answer: [`Performed::Done`].
    Wait(u32),
    /// The records of those who listen. At once. Answer: [`Performed::Listeners`].
    Listeners(Hearers),
    /// Writes to streams of those who listen; one that has gone is passed over. At once. Answer:
    /// [`Performed::Done`].
    Tell(Vec<Telling>),
    /// Signs bytes with the platform's key for receipts, as said of this object. At once. Answer:
    /// [`Performed::Signed`].
    Sign(#[serde(with = "serde_bytes")] Vec<u8>),
    /// Sends a request to another host. Answer: [`Performed::Fetched`].
    Fetch(Fetch),
    /// Answer: [`Performed::Verified`].
    Verify(Verification),
    /// The sealed record of a session of this tenant, from where it outlives the object. Answer:
    /// [`Performed::Session`].
    ReadSession(String),
    /// Writes one, to be kept so long. Answer: [`Performed::Done`].
    WriteSession {
        /// The session.
        id: String,
        /// Its sealed record.
        #[serde(with = "serde_bytes")]
        value: Vec<u8>,
        /// For how many seconds, at least 60.
        seconds: u32,
    },
    /// Removes one. Answer: [`Performed::Done`].
    DeleteSession(String),
    /// Makes public what the edge must know of the tenant; none: nothing any more. Answer: [`Performed::Done`].
    Publish(Option<PublicConfig>),
    /// Has the object woken at that time with a [`Frame`] of [`ALARM_METHOD`], and at no other; none: not at all. At
    /// once. Answer: [`Performed::Done`].
    Wake(Option<UnixMillis>),
    /// Begins a turn of its own once this step is over, with a [`Frame`] of [`RUN_METHOD`] and that path. At once.
    /// Answer: [`Performed::Done`].
    Begin(String),
    /// Ends another turn, whose client wants no answer any more. At once. Answer: [`Performed::Done`].
    Stop(u32),
    /// Tells the platform's object what this one has counted, in this one's name: there a turn with a [`Frame`] of
    /// [`REPORT_METHOD`] takes it in. Answer: [`Performed::Done`].
    Report(#[serde(with = "serde_bytes")] Vec<u8>),
    /// Charges memory to the turn until it ends, if the isolate has so much left. At once. Answer:
    /// [`Performed::Reserved`].
    Reserve {
        /// For the turn.
        bytes: u64,
        /// What the engine keeps whatever turns it has: its modules.
        kept: u64,
    },
}

/// Modules of a tenant, in the order of their releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModulePage {
    /// The releases that they are named by.
    pub releases: Vec<ReleaseDigest>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// Who listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hearers {
    /// At the endpoint of that server, or of all servers.
    Server(ServerSlug),
    /// In that session of the legacy era.
    Session(String),
}

/// The method of a [`Frame`] that no client sent, but the object's alarm. It is no token of HTTP.
pub const ALARM_METHOD: &str = ":alarm";
/// The method of a [`Frame`] that is another object's [`Effect::Report`]; its path is `/` and the name of that object.
pub const REPORT_METHOD: &str = ":report";
/// The method of a [`Frame`] that [`Effect::Begin`] asked for.
pub const RUN_METHOD: &str = ":run";

/// The answer to an [`Effect`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Performed {
    /// It is done.
    Done,
    /// All rows of the object.
    Records(Vec<Record>),
    /// The module, if it is there.
    Module(#[serde(with = "serde_bytes")] Option<Vec<u8>>),
    /// Modules.
    Modules(ModulePage),
    /// The other object's reply.
    Reply(Reply),
    /// The item.
    Item(Item),
    /// The keys.
    Keys(Vec<String>),
    /// A page of items.
    Sealed(SealedPage),
    /// Whether there may be more to sweep.
    Swept(bool),
    /// How the transaction went.
    Transacted(Transacted),
    /// The records of those who listen.
    Listeners(Vec<serde_bytes::ByteBuf>),
    /// The signature.
    Signed {
        /// The id of the key.
        key: String,
        /// The signature.
        #[serde(with = "serde_bytes")]
        signature: Vec<u8>,
    },
    /// The record of the session, if it is there.
    Session(Option<serde_bytes::ByteBuf>),
    /// How the request went.
    Fetched(Fetched),
    /// Whether the signature is the key's. One that cannot be looked at is not.
    Verified(bool),
    /// Whether the memory is there.
    Reserved(bool),
    /// It could not be performed; nothing is known of the reason that a client may see. The text is
    /// for the platform's log.
    Failed(String),
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_object_name_and_its_role_are_inverse() {
        for role in [Role::Platform, Role::Tenant("acme".parse().unwrap())] {
            assert_eq!(Role::from_object_name(&role.object_name()), Some(role));
        }
        for name in ["", "platform2", "tenant:", "tenant:A", "acme"] {
            assert_eq!(Role::from_object_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_finished_turn_is_encoded_as_entry_js_reads_it() {
        let head = Head {
            status: 200,
            headers: vec![("a".into(), "bc".into())],
        };
        let step = Step::Done(Reply {
            head,
            body: b"xyz".to_vec(),
        });
        assert_eq!(
            postcard::to_allocvec(&step).unwrap(),
            [0, 0xc8, 1, 1, 1, b'a', 2, b'b', b'c', 3, b'x', b'y', b'z']
        );
    }

    #[test]
    fn a_frame_is_encoded_as_entry_js_writes_it() {
        let frame = Frame {
            entropy: [7; 32],
            method: "GET".into(),
            base: "http://h".into(),
            path: "/".into(),
            headers: vec![("a".into(), "b".into())],
            body: vec![1, 2],
        };
        let mut bytes = vec![7; 32];
        bytes.extend(b"\x03GET\x08http://h\x01/\x01\x01a\x01b\x02\x01\x02");
        assert_eq!(postcard::to_allocvec(&frame).unwrap(), bytes);
    }
}
