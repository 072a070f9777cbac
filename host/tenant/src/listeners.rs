//! Who listens for changes, as the platform keeps it for the object, and what each is told.
//!
//! A listener is a record beside a connection that the edge holds open: no turn, no timer and nothing
//! in the engine, so that an object with a thousand of them sleeps. The record was written by this
//! object and nobody else can write it; whether the principal in it may still hear is asked anew each
//! time, by the record of its key.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use smcp_auth::{Principal, Remembered};
use smcp_capability::turn::Telling;
use smcp_crypto::sha256;
use smcp_ids::{ServerSlug, TenantId, UnixMillis, limits};
use smcp_protocol::catalogue::{split_union_uri, union_uri};
use smcp_protocol::{Change, Filter, Subscription, sse};

use crate::mcp::scope::check_listening;
use crate::record::Directory;
use crate::session::SessionId;

/// A URI that is subscribed to, by its digest: 256 of them must fit what the platform keeps.
type UriDigest = [u8; 16];

/// Whoever is at the other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Hearer {
    /// A client that listens, of the modern era.
    Listener(Listener),
    /// A stream of a session of the legacy era.
    Stream {
        /// The session.
        session: SessionId,
        /// Which of its streams.
        stream: String,
    },
}

impl Hearer {
    /// The record, as the platform keeps it.
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        let bytes = postcard::to_allocvec(self).ok();
        bytes.filter(|bytes| bytes.len() <= limits::LISTENER_RECORD_MAX)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }

    /// Whether it is at that stream.
    pub(crate) fn is_at(&self, own: &SessionId, its: &str) -> bool {
        matches!(self, Self::Stream { session, stream } if session == own && stream == its)
    }
}

/// One listening client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listener {
    /// The server of which it is told; none: all that it sees.
    server: Option<ServerSlug>,
    principal: Remembered,
    subscription: Subscription,
    /// The lists; the URIs are beside it.
    filter: Filter,
    uris: BTreeSet<UriDigest>,
}

impl Listener {
    /// The record of a client that begins to listen. `None` if it is nobody who can be remembered.
    pub(crate) fn new(
        server: Option<ServerSlug>,
        principal: &Principal,
        subscription: Subscription,
        mut filter: Filter,
    ) -> Option<Self> {
        let is_union = server.is_none();
        let uris = filter.take_uris();
        Some(Self {
            server,
            principal: principal.remember()?,
            subscription,
            uris: uris
                .iter()
                .map(|uri| match split_union_uri(uri) {
                    // One spelling of those that mean the same.
                    Some((of, own)) if is_union => digest(&union_uri(&of, &own)),
                    _ => digest(uri),
                })
                .collect(),
            filter,
        })
    }

    /// What this listener is told of changes of a server: nothing, or events, or that it hears no more.
    pub(crate) fn tell(
        &self,
        listener: u32,
        news: &News<'_>,
        directory: &Directory,
    ) -> Option<Telling> {
        match self.may_hear(news, directory) {
            Hearing::Gone => Some(Telling {
                listener,
                bytes: self.subscription.ended().event().into_bytes(),
                ends: true,
            }),
            Hearing::Deaf => None,
            Hearing::Hears => {
                let changes = news
                    .changes
                    .iter()
                    .map(|change| as_heard(change, news.server, self.server.as_ref()));
                let wanted = changes.filter(|change| self.wants(change));
                let bytes: String = wanted
                    .map(|change| sse::event(&self.subscription.change(&change)))
                    .collect();
                (!bytes.is_empty()).then(|| Telling {
                    listener,
                    bytes: bytes.into_bytes(),
                    ends: false,
                })
            }
        }
    }

    fn may_hear(&self, news: &News<'_>, directory: &Directory) -> Hearing {
        let admitted = self.principal.admit(news.tenant, directory, news.now);
        let server = self.server.as_ref();
        let may_listen = |principal: &Principal| {
            principal.may_use(news.tenant, server).is_ok()
                && check_listening(principal, server).is_ok()
        };
        let Some(principal) = admitted.ok().filter(may_listen) else {
            return Hearing::Gone;
        };
        let is_of_it = server.is_none_or(|own| own == news.server);
        if is_of_it && principal.may_read(news.server) {
            Hearing::Hears
        } else {
            Hearing::Deaf
        }
    }

    fn wants(&self, change: &Change) -> bool {
        match change {
            Change::Resource(uri) => self.uris.contains(&digest(uri)),
            list => self.filter.wants(list),
        }
    }
}

/// Changes of one server, to be told now.
pub(crate) struct News<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) server: &'a ServerSlug,
    pub(crate) changes: &'a [Change],
    pub(crate) now: UnixMillis,
}

enum Hearing {
    /// It may not listen any more.
    Gone,
    /// This is not for it.
    Deaf,
    Hears,
}

/// A change of a server as it is called at an endpoint: at that of all servers, URIs have names of their own.
pub(crate) fn as_heard<'c>(
    change: &'c Change,
    server: &ServerSlug,
    endpoint: Option<&ServerSlug>,
) -> Cow<'c, Change> {
    match change {
        Change::Resource(uri) if endpoint.is_none() => {
            Cow::Owned(Change::Resource(union_uri(server, uri)))
        }
        other => Cow::Borrowed(other),
    }
}

fn digest(uri: &str) -> UriDigest {
    let mut short = UriDigest::default();
    for (to, from) in short.iter_mut().zip(sha256(uri.as_bytes()).as_bytes()) {
        *to = *from;
    }
    short
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use smcp_auth::Restriction;

    use super::*;

    #[test]
    fn the_largest_record_of_a_listener_fits_what_the_platform_keeps() {
        let tools = (10..13).map(|number| format!("mcp/notes/{}", "t".repeat(100 + number)));
        let scopes = tools.collect::<Vec<_>>().join(" ").parse().unwrap();
        let longest = Restriction::Scopes(scopes);
        let listener = Listener {
            server: Some("s".repeat(limits::SLUG_MAX_CHARACTERS).parse().unwrap()),
            principal: Remembered::Key {
                id: "k".repeat(limits::SLUG_MAX_CHARACTERS).parse().unwrap(),
                // More than fit the header that a key is sent in.
                restrictions: vec![longest; limits::RESTRICTIONS_MAX].try_into().unwrap(),
            },
            subscription: postcard::from_bytes(
                &postcard::to_allocvec(&"9".repeat(limits::TOKEN_MAX)).unwrap(),
            )
            .unwrap(),
            filter: Filter::default(),
            uris: (0..limits::SUBSCRIPTIONS_MAX)
                .map(|number| digest(&number.to_string()))
                .collect(),
        };
        let hearer = Hearer::Listener(listener);
        let encoded = hearer.encode().unwrap();
        assert_eq!(Hearer::decode(&encoded), Some(hearer));
    }
}
