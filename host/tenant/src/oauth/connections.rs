//! Connections: what a member has agreed that a client may do at an endpoint, and how far its codes and refresh
//! tokens have come.
//!
//! A connection is one item, whose number says which refresh token is good: each use makes the next one. A used one
//! that comes again soon gives the same successor, since an answer can be lost; later somebody else has it, and the
//! connection is ended (section 4.3.1). Ended is a record: access tokens are refused by it at once.

use serde::{Deserialize, Serialize};
use serde_json::json;
use smcp_auth::{AccessClaims, Scopes, Ticket, TicketKind};
use smcp_capability::items::{Seen, Transacted, Transaction};
use smcp_ids::{GrantId, MemberId, ServerSlug, UnixMillis, limits};
use smcp_oauth::{Challenge, RedirectUri};

use crate::audit::Act;
use crate::item::Space;
use crate::problem::Problem;
use crate::record::{Change, EndedRecord, Row};
use crate::state::Scene;

/// What is stored of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Connection {
    pub(crate) id: GrantId,
    pub(crate) member: MemberId,
    /// The client's id.
    pub(crate) client: String,
    /// What it called itself when the member agreed.
    pub(crate) client_name: String,
    /// The endpoint; none: all servers as one.
    pub(crate) server: Option<ServerSlug>,
    /// What the member agreed to, of what it may do.
    pub(crate) scopes: Scopes,
    pub(crate) created: UnixMillis,
    /// When tokens were last given out.
    pub(crate) used: UnixMillis,
    /// The code that was sent to the client, until it has been used.
    pub(crate) code: Option<PendingCode>,
    /// The number of the refresh token that is good.
    pub(crate) number: u32,
}

/// With what a code must be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingCode {
    pub(crate) challenge: Challenge,
    pub(crate) redirect_uri: RedirectUri,
    /// Whether the request named it.
    pub(crate) named_redirect: bool,
    pub(crate) expires: UnixMillis,
}

/// A connection, and the version of its item.
pub(crate) struct Found {
    pub(crate) connection: Connection,
    version: u64,
}

/// What became of an attempt to go on with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// It is as it was to be.
    Done,
    /// Another request was first.
    Overtaken,
}

impl Connection {
    /// When it goes by itself: unused for long, or never begun.
    fn until(&self) -> UnixMillis {
        match &self.code {
            Some(pending) => pending.expires,
            None => self.used.plus(limits::CONNECTION_MILLIS),
        }
    }
}

impl Scene {
    /// The ticket of a kind that a text is, if it is one of this tenant: the row and the number that it stands for.
    pub(super) fn ticket(
        &self,
        kind: TicketKind,
        text: &str,
    ) -> Result<Option<(String, u32)>, Problem> {
        let state = self.state.borrow();
        let tickets = state.tickets.as_ref().ok_or_else(Problem::host)?;
        let ticket = Ticket::parse(text);
        let proven = ticket
            .as_ref()
            .and_then(|ticket| tickets.prove(kind, ticket));
        Ok(proven.map(|(id, number)| (id.to_owned(), number)))
    }

    /// Makes a ticket.
    pub(crate) fn mint(&self, kind: TicketKind, id: &str, number: u32) -> Result<String, Problem> {
        let state = self.state.borrow();
        let tickets = state.tickets.as_ref().ok_or_else(Problem::host)?;
        Ok(tickets.mint(kind, id, number))
    }

    /// Keeps a new connection.
    ///
    /// # Errors
    /// The tenant has too many.
    pub(super) async fn connect(&self, connection: &Connection) -> Result<(), Problem> {
        let space = Space::connections();
        let place = space.place(connection.id.as_str());
        let value = self.sealed_connection(connection)?;
        let write = space.write(place, Some(value), Some(connection.until()));
        let quota = space.quota(limits::CONNECTIONS_BYTES_MAX, limits::CONNECTIONS_MAX);
        let by = format!("member:{}", connection.member);
        let what = json!({
            "client_name": connection.client_name, "server": connection.server, "scopes": connection.scopes.to_string(),
        });
        self.does(Act::new(by, "Connect", connection.id.as_str()).with(&what));
        let transaction = Transaction {
            now: self.outside.now(),
            writes: vec![write],
            quotas: vec![quota],
            ..Transaction::default()
        };
        match self.transact_act(transaction, Vec::new()).await? {
            Transacted::Done => return Ok(()),
            Transacted::OverQuota => {}
            Transacted::Stale | Transacted::Spent => return Err(Problem::host()),
        }
        Err(Problem::new(
            429,
            "too_many_connections",
            "this tenant has too many connections of clients; an admin can end some",
        ))
    }

    fn sealed_connection(&self, connection: &Connection) -> Result<Vec<u8>, Problem> {
        let place = Space::connections().place(connection.id.as_str());
        let bytes = postcard::to_allocvec(connection).map_err(|_| Problem::host())?;
        self.seal_item(&place, &bytes)
    }

    /// The connection of that id, if it goes on: if it and its member are still there.
    pub(crate) async fn connection(&self, id: &str) -> Result<Option<Found>, Problem> {
        let item = self.read_item(Space::connections().place(id)).await?;
        let connection = item
            .value
            .and_then(|bytes| postcard::from_bytes::<Connection>(&bytes).ok());
        let state = self.state.borrow();
        let directory = state.directory()?;
        let goes_on = |connection: &Connection| {
            directory.members.contains_key(&connection.member)
                && !directory.ended.contains_key(&connection.id)
        };
        Ok(connection.filter(goes_on).map(|connection| Found {
            connection,
            version: item.version,
        }))
    }

    /// All connections, in no order that means anything.
    pub(crate) async fn connections(&self) -> Result<Vec<Connection>, Problem> {
        let space = Space::connections();
        let mut all = Vec::new();
        for id in self.item_keys(space.range("", None, u32::MAX)).await? {
            all.extend(self.connection(&id).await?.map(|found| found.connection));
        }
        Ok(all)
    }

    /// Keeps what a connection has become, if nothing has happened to it since it was found.
    pub(super) async fn moved(&self, found: &Found, next: &Connection) -> Result<Moved, Problem> {
        let space = Space::connections();
        let place = space.place(next.id.as_str());
        let seen = Seen {
            place: place.clone(),
            version: found.version,
            was_there: true,
        };
        let value = self.sealed_connection(next)?;
        let transaction = Transaction {
            now: self.outside.now(),
            seen: vec![seen],
            writes: vec![space.write(place, Some(value), Some(next.until()))],
            ..Transaction::default()
        };
        match self.transact(transaction).await? {
            Transacted::Done => Ok(Moved::Done),
            Transacted::Stale => Ok(Moved::Overtaken),
            Transacted::OverQuota | Transacted::Spent => Err(Problem::host()),
        }
    }

    /// Ends a connection: nothing that it gave out is good from here on. The record comes first: without it, tokens
    /// would be good until they expire.
    pub(crate) async fn end_connection(&self, id: &GrantId) -> Result<(), Problem> {
        let now = self.outside.now();
        let forgotten: Vec<Change> = {
            let state = self.state.borrow();
            let ended = state.directory()?.ended.values();
            let is_over = |row: &&EndedRecord| now.since(row.ended) >= limits::ENDED_MILLIS;
            ended
                .filter(is_over)
                .map(|row| Change::DeleteEnded(row.grant.clone()))
                .collect()
        };
        let record = EndedRecord {
            grant: id.clone(),
            ended: now,
        };
        let mut changes = vec![Change::Put(Row::Ended(record))];
        changes.extend(forgotten);
        self.commit(changes).await?;
        let removal = Space::connections().remove(id.as_str(), now);
        self.keep(vec![removal], Vec::new()).await?;
        Ok(())
    }

    /// An access token of a connection, which allows no more than `scopes`.
    pub(super) fn access_token(
        &self,
        connection: &Connection,
        scopes: Scopes,
    ) -> Result<String, Problem> {
        let claims = AccessClaims {
            member: connection.member.clone(),
            grant: connection.id.clone(),
            server: connection.server.clone(),
            scopes,
            expires: self.outside.now().plus(limits::ACCESS_TOKEN_MILLIS),
        };
        let state = self.state.borrow();
        let keyring = state.keyring.as_ref().ok_or_else(Problem::host)?;
        keyring
            .mint_token(self.nonce(), &claims)
            .ok_or_else(Problem::host)
    }
}
