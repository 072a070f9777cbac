//! Sessions of the legacy era: their names, what is kept of one and where.
//!
//! A name carries a MAC over its endpoint and its principal, so a name that was made up, or is another's, is
//! refused without a look at anything. What `initialize` agreed on is a record that never changes, kept
//! outside the object (its key-value namespace), where it outlives eviction and deploys and goes by itself.
//! That place may be a minute behind: so the object itself keeps a row of a young session, and one of a
//! session that was ended, and is asked first. In memory is what was used since the object woke.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use smcp_auth::{Principal, Remembered};
use smcp_crypto::{Binding, PurposeKeys};
use smcp_ids::{LogLevel, ServerSlug, UnixMillis, limits};
use smcp_protocol::Version;

/// Bytes of a name: random ones, and a MAC.
const NAME_BYTES: usize = RANDOM_BYTES + 32;
const RANDOM_BYTES: usize = 16;

/// The name of a session, proven to be its principal's at its endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct SessionId(String);

impl SessionId {
    /// A new one from 16 bytes that nobody can guess.
    pub(crate) fn new(
        keys: &PurposeKeys,
        random: &[u8; 32],
        endpoint: Option<&ServerSlug>,
        principal: &Principal,
    ) -> Self {
        let (random, _) = random.split_at(RANDOM_BYTES);
        let mac = keys.mac(&binding(random, endpoint, principal));
        Self(URL_SAFE_NO_PAD.encode([random, &mac].concat()))
    }

    /// The name that a client gives, if it was given to this principal at this endpoint.
    pub(crate) fn prove(
        text: &str,
        keys: &PurposeKeys,
        endpoint: Option<&ServerSlug>,
        principal: &Principal,
    ) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (random, given) = bytes.split_at_checked(RANDOM_BYTES)?;
        let holds = keys.verify_mac(&binding(random, endpoint, principal), given);
        (bytes.len() == NAME_BYTES && holds).then(|| Self(text.into()))
    }

    /// One that was proven before, and kept where nobody else can write.
    pub(crate) fn remembered(text: &str) -> Self {
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn binding(random: &[u8], endpoint: Option<&ServerSlug>, principal: &Principal) -> Binding {
    Binding::new("session")
        .text(endpoint.map_or("*", ServerSlug::as_str))
        .text(&principal.to_string())
        .bytes(random)
}

/// What `initialize` agreed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    version: String,
    /// What the client can do, a JSON object.
    pub(crate) capabilities: String,
    /// Who it says it is: name and version.
    pub(crate) client: (Option<String>, Option<String>),
    /// Whose it is.
    pub(crate) principal: Remembered,
    /// The endpoint; none: that of all servers.
    pub(crate) endpoint: Option<ServerSlug>,
    /// When this was written.
    pub(crate) written: UnixMillis,
}

impl Record {
    pub(crate) fn new(
        version: Version,
        capabilities: &str,
        client: (Option<String>, Option<String>),
        principal: Remembered,
        endpoint: Option<ServerSlug>,
        now: UnixMillis,
    ) -> Self {
        Self {
            version: version.as_str().to_owned(),
            capabilities: capabilities.to_owned(),
            client,
            principal,
            endpoint,
            written: now,
        }
    }

    /// The same, written anew.
    pub(crate) fn written_at(&self, now: UnixMillis) -> Self {
        Self {
            written: now,
            ..self.clone()
        }
    }

    /// The version that was agreed on.
    pub(crate) fn version(&self) -> Version {
        Version::parse(&self.version).unwrap_or(Version::UNSAID)
    }

    pub(crate) fn is_over(&self, now: UnixMillis) -> bool {
        now.since(self.written) >= limits::SESSION_MILLIS
    }

    /// Whether it should be written anew, so that it lasts.
    pub(crate) fn is_half_over(&self, now: UnixMillis) -> bool {
        now.since(self.written) >= limits::SESSION_MILLIS / 2
    }

    /// How many seconds it is kept from now on.
    pub(crate) const SECONDS: u32 = (limits::SESSION_MILLIS / 1_000) as u32;
}

/// What the object keeps of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// It was ended: whatever the other place still shows, it is no more.
    pub(crate) ended: bool,
    /// What was agreed on.
    pub(crate) record: Option<Record>,
    /// The least urgent log entry that its client wants, if it said so.
    pub(crate) level: Option<LogLevel>,
    /// The URIs it has subscribed to.
    pub(crate) subscriptions: BTreeSet<String>,
    /// Whether it has ever opened its own stream: then it is told of changes.
    pub(crate) hears: bool,
    /// The number of the last event of that stream.
    pub(crate) last_event: u64,
}

/// A session in use.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) record: Record,
    pub(crate) row: Row,
}

/// The sessions that were used since the object woke.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    awake: BTreeMap<SessionId, (u64, Session)>,
    used: u64,
}

impl Sessions {
    /// The session of that name, if it is here and that principal's at that endpoint.
    pub(crate) fn get(
        &mut self,
        id: &str,
        endpoint: Option<&ServerSlug>,
        principal: &Principal,
    ) -> Option<Session> {
        self.used += 1;
        let used = self.used;
        let (last, session) = self.awake.get_mut(&SessionId::remembered(id))?;
        let record = &session.record;
        let is_theirs = record.endpoint.as_ref() == endpoint && principal.is(&record.principal);
        is_theirs.then(|| {
            *last = used;
            session.clone()
        })
    }

    /// Takes one in; the one that was used longest ago goes if they are too many.
    pub(crate) fn put(&mut self, session: Session) {
        self.used += 1;
        self.awake.insert(session.id.clone(), (self.used, session));
        if self.awake.len() > limits::SESSIONS_AWAKE_MAX {
            let oldest = self.awake.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                self.awake.remove(&oldest);
            }
        }
    }

    pub(crate) fn forget(&mut self, id: &SessionId) {
        self.awake.remove(id);
    }
}
