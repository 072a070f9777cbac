//! Beginning, finding, changing and ending a session, wherever it is kept.

use smcp_auth::{Principal, Remembered};
use smcp_capability::items::Write;
use smcp_capability::turn::{Effect, Hearers, Performed, Role, Telling};
use smcp_crypto::{Binding, Purpose, PurposeKeys};
use smcp_ids::{ServerSlug, UnixMillis, limits};
use smcp_protocol::json::Json;
use smcp_protocol::{Initialize, Version};

use crate::item::Space;
use crate::origin::cut;
use crate::problem::Problem;
use crate::session::{Record, Row, Session, SessionId};
use crate::state::Scene;

impl Scene {
    /// Begins a session with what `initialize` has agreed on.
    pub(in crate::mcp) async fn begin_session(
        &self,
        endpoint: Option<&ServerSlug>,
        principal: &Principal,
        asked: &Initialize<'_>,
        version: Version,
    ) -> Result<SessionId, Problem> {
        let now = self.outside.now();
        let id = SessionId::new(&self.session_keys()?, &self.draw(), endpoint, principal);
        let of_client = |name| {
            let value = asked.client_info.and_then(|info| info.get(name));
            value.and_then(Json::as_str).map(|text| cut(&text))
        };
        let capabilities = asked.client_capabilities.map_or("{}", Json::text);
        let record = Record::new(
            version,
            capabilities,
            (of_client("name"), of_client("version")),
            principal.remember().ok_or_else(Problem::host)?,
            endpoint.cloned(),
            now,
        );
        let is_kept = self.write_session(&id, &record).await?;
        let session = Session {
            row: Row {
                record: Some(record.clone()),
                ..Row::default()
            },
            id: id.clone(),
            record,
        };
        // Where it is kept for good may not show it everywhere yet, or may have refused it.
        let lasts = if is_kept {
            limits::SESSION_YOUNG_MILLIS
        } else {
            limits::SESSION_MILLIS
        };
        let row = self.row_write(&session, now.plus(lasts))?;
        self.write_rows(&session, vec![row]).await?;
        self.state.borrow_mut().sessions.put(session);
        Ok(id)
    }

    /// The session of that name, if it was given to that principal there and goes on.
    pub(super) async fn session(
        &self,
        text: &str,
        endpoint: Option<&ServerSlug>,
        principal: &Principal,
    ) -> Result<Option<Session>, Problem> {
        let now = self.outside.now();
        let awake = self
            .state
            .borrow_mut()
            .sessions
            .get(text, endpoint, principal);
        let session = match awake {
            Some(session) => session,
            None => {
                let keys = self.session_keys()?;
                let Some(id) = SessionId::prove(text, &keys, endpoint, principal) else {
                    return Ok(None);
                };
                match self.stored_session(id, endpoint, principal).await? {
                    Some(session) => session,
                    None => return Ok(None),
                }
            }
        };
        if session.record.is_over(now) {
            self.state.borrow_mut().sessions.forget(&session.id);
            return Ok(None);
        }
        self.prolonged(session).await.map(Some)
    }

    async fn stored_session(
        &self,
        id: SessionId,
        endpoint: Option<&ServerSlug>,
        principal: &Principal,
    ) -> Result<Option<Session>, Problem> {
        let place = Space::sessions(endpoint, &principal.to_string()).place(id.as_str());
        let row = self.read_item(place).await?.value;
        let row: Row = match row {
            Some(bytes) => postcard::from_bytes(&bytes).map_err(|_| Problem::host())?,
            None => Row::default(),
        };
        if row.ended {
            return Ok(None);
        }
        let record = match &row.record {
            Some(record) => Some(record.clone()),
            None => self.read_session(&id).await?,
        };
        Ok(record.map(|record| {
            let session = Session { id, record, row };
            self.state.borrow_mut().sessions.put(session.clone());
            session
        }))
    }

    /// A session that is used lasts: its record is written anew when half of its time is over.
    async fn prolonged(&self, mut session: Session) -> Result<Session, Problem> {
        let now = self.outside.now();
        if !session.record.is_half_over(now) {
            return Ok(session);
        }
        let record = session.record.written_at(now);
        // If that is refused it is tried again with the next use.
        if self.write_session(&session.id, &record).await? {
            session.record = record;
            if session.row != Row::default() {
                self.change_session(&session).await?;
            }
            self.state.borrow_mut().sessions.put(session.clone());
        }
        Ok(session)
    }

    /// Keeps what has changed of a session.
    pub(super) async fn change_session(&self, session: &Session) -> Result<(), Problem> {
        let writes = self.session_writes(session)?;
        self.write_rows(session, writes).await?;
        self.state.borrow_mut().sessions.put(session.clone());
        Ok(())
    }

    /// What keeps a changed session: its row, and its place among those that are told of changes.
    pub(super) fn session_writes(&self, session: &Session) -> Result<Vec<Write>, Problem> {
        let until = session.record.written.plus(limits::SESSION_MILLIS);
        let mut whole = session.clone();
        whole.row.record = Some(session.record.clone());
        let mut writes = vec![self.row_write(&whole, until)?];
        if session.row.hears {
            let space = Space::hearing(session.record.endpoint.as_ref(), &session.owner());
            let place = space.place(session.id.as_str());
            let owner = self.seal_item(&place, session.owner().as_bytes())?;
            writes.push(space.write(place, Some(owner), Some(until)));
        }
        Ok(writes)
    }

    /// Ends a session, and all that it has under way.
    pub(super) async fn end_session(&self, session: &Session) -> Result<(), Problem> {
        let now = self.outside.now();
        let ended = Session {
            row: Row {
                ended: true,
                ..Row::default()
            },
            ..session.clone()
        };
        // Longer than any copy of its record is shown anywhere.
        let row = self.row_write(&ended, now.plus(2 * limits::SESSION_MILLIS))?;
        let hearing = Space::hearing(session.record.endpoint.as_ref(), &session.owner());
        let writes = vec![row, hearing.remove(session.id.as_str(), now)];
        self.write_rows(session, writes).await?;
        self.state.borrow_mut().sessions.forget(&session.id);
        let under_way = Space::of_session(&session.id).account().to_owned();
        self.done(Effect::DeleteItems(under_way)).await?;
        self.end_streams(&session.id).await?;
        // The row speaks for it if this fails.
        let deleted = Effect::DeleteSession(session.id.as_str().to_owned());
        self.outside.perform(deleted).await;
        Ok(())
    }

    async fn end_streams(&self, session: &SessionId) -> Result<(), Problem> {
        let hearers = Hearers::Session(session.as_str().to_owned());
        let Performed::Listeners(records) = self.outside.perform(Effect::Listeners(hearers)).await
        else {
            return Err(Problem::host());
        };
        let end = |(listener, _)| Telling {
            listener,
            bytes: Vec::new(),
            ends: true,
        };
        let tellings = (0..).zip(&records).map(end).collect();
        self.tell(tellings).await
    }

    fn row_write(&self, session: &Session, until: UnixMillis) -> Result<Write, Problem> {
        let space = Space::sessions(session.record.endpoint.as_ref(), &session.owner());
        let place = space.place(session.id.as_str());
        let bytes = postcard::to_allocvec(&session.row).map_err(|_| Problem::host())?;
        if bytes.len() > limits::SESSION_RECORD_MAX + limits::SUBSCRIPTIONS_BYTES_MAX {
            return Err(Problem::new(
                413,
                "session_too_large",
                "what the client says of itself is too large to be kept; send less in initialize",
            ));
        }
        let sealed = self.seal_item(&place, &bytes)?;
        Ok(space.write(place, Some(sealed), Some(until)))
    }

    async fn write_rows(&self, session: &Session, writes: Vec<Write>) -> Result<(), Problem> {
        let space = Space::sessions(session.record.endpoint.as_ref(), &session.owner());
        let quota = space.quota(limits::SESSION_BYTES_MAX, limits::SESSION_ITEMS_MAX);
        if self.keep(writes, vec![quota]).await? {
            return Ok(());
        }
        Err(Problem::new(
            429,
            "too_many_sessions",
            "this caller has begun too many sessions; end some with DELETE, or try again in three minutes",
        ))
    }

    /// Writes the record where it outlives the object; whether that was taken.
    async fn write_session(&self, id: &SessionId, record: &Record) -> Result<bool, Problem> {
        let bytes = postcard::to_allocvec(record).map_err(|_| Problem::host())?;
        let sealed = self
            .data_keys(Purpose::Session)?
            .seal(self.nonce(), &self.session_binding(id), &bytes)
            .map_err(|_| Problem::host())?;
        let effect = Effect::WriteSession {
            id: id.as_str().to_owned(),
            value: sealed,
            seconds: Record::SECONDS,
        };
        Ok(self.outside.perform(effect).await == Performed::Done)
    }

    async fn read_session(&self, id: &SessionId) -> Result<Option<Record>, Problem> {
        let effect = Effect::ReadSession(id.as_str().to_owned());
        let Performed::Session(sealed) = self.outside.perform(effect).await else {
            return Err(Problem::host());
        };
        let keys = self.data_keys(Purpose::Session)?;
        let binding = self.session_binding(id);
        let opened = sealed.and_then(|sealed| keys.open(&binding, &sealed).ok());
        Ok(opened.and_then(|bytes| postcard::from_bytes(&bytes).ok()))
    }

    fn session_binding(&self, id: &SessionId) -> Binding {
        let object = self.state.borrow().boot.role.object_name();
        Binding::new("session-record")
            .text(&object)
            .text(id.as_str())
    }

    fn session_keys(&self) -> Result<PurposeKeys, Problem> {
        let state = self.state.borrow();
        let keys = state.keys.as_ref().ok_or_else(Problem::host)?;
        Ok(keys.purpose(Purpose::Session))
    }

    /// The principal that a session was given to, as it is now; none if it may not call any more.
    pub(super) fn owner_of(&self, record: &Record) -> Result<Option<Principal>, Problem> {
        self.principal_at(&record.principal, record.endpoint.as_ref())
    }

    /// A principal as it is now; none if it may not call at that endpoint any more.
    pub(in crate::mcp) fn principal_at(
        &self,
        remembered: &Remembered,
        endpoint: Option<&ServerSlug>,
    ) -> Result<Option<Principal>, Problem> {
        let state = self.state.borrow();
        let Role::Tenant(tenant) = &state.boot.role else {
            return Err(Problem::host());
        };
        let directory = state.directory()?;
        let admitted = remembered.admit(tenant, directory, self.outside.now());
        let principal = admitted.ok();
        Ok(principal.filter(|principal| principal.may_use(tenant, endpoint).is_ok()))
    }
}

impl Session {
    /// The name of its principal.
    pub(in crate::mcp) fn owner(&self) -> String {
        self.record.principal.to_string()
    }
}
