//! Tells sessions of changes, each on its own stream: lists that changed, and resources that it has
//! subscribed to. Kept before it is sent: a session whose stream is broken is told when it comes back.

use smcp_ids::ServerSlug;
use smcp_protocol::{Change, change_message};

use super::events::{Event, EventId, OWN};
use crate::item::Space;
use crate::listeners::as_heard;
use crate::problem::Problem;
use crate::session::{Row, Session, SessionId};
use crate::state::Scene;

impl Scene {
    /// Tells the sessions at the endpoints that show a server.
    pub(crate) async fn announce_in_sessions(
        &self,
        server: &ServerSlug,
        changes: &[Change],
    ) -> Result<(), Problem> {
        for endpoint in [Some(server), None] {
            let space = Space::hearing(endpoint, "");
            for id in self.item_keys(space.range("", None, u32::MAX)).await? {
                let id = SessionId::remembered(&id);
                if let Some(session) = self.hearing(endpoint, id).await? {
                    self.tell_session(session, server, changes).await?;
                }
            }
        }
        Ok(())
    }

    /// A session that is told of changes, if it goes on.
    async fn hearing(
        &self,
        endpoint: Option<&ServerSlug>,
        id: SessionId,
    ) -> Result<Option<Session>, Problem> {
        let place = Space::hearing(endpoint, "").place(id.as_str());
        let Some(owner) = self.read_item(place).await?.value else {
            return Ok(None);
        };
        let owner = String::from_utf8(owner).map_err(|_| Problem::host())?;
        let place = Space::sessions(endpoint, &owner).place(id.as_str());
        let Some(row) = self.read_item(place).await?.value else {
            return Ok(None);
        };
        let row: Row = postcard::from_bytes(&row).map_err(|_| Problem::host())?;
        Ok(row.record.clone().map(|record| Session { id, record, row }))
    }

    async fn tell_session(
        &self,
        mut session: Session,
        server: &ServerSlug,
        changes: &[Change],
    ) -> Result<(), Problem> {
        let owner = self.owner_of(&session.record)?;
        let may_hear = owner.is_some_and(|principal| principal.may_read(server));
        let endpoint = session.record.endpoint.as_ref();
        let seen = changes
            .iter()
            .map(|change| as_heard(change, server, endpoint));
        let wanted = seen.filter(|change| match &**change {
            Change::Resource(uri) => session.row.subscriptions.contains(uri),
            Change::Tools | Change::Prompts | Change::Resources => true,
        });
        let wanted: Vec<_> = wanted.map(|change| change_message(&change)).collect();
        if !may_hear || wanted.is_empty() || session.row.ended {
            return Ok(());
        }
        let mut text = String::new();
        for message in wanted {
            session.row.last_event += 1;
            let id = EventId {
                stream: OWN.to_owned(),
                number: session.row.last_event,
            };
            let event = Event::of(message);
            self.keep_event(&session.id, &id, &event).await;
            text.push_str(&event.text(&id));
        }
        let writes = self.session_writes(&session)?;
        self.keep(writes, Vec::new()).await?;
        self.state.borrow_mut().sessions.put(session.clone());
        self.tell_attached(&session.id, OWN, &text, false).await?;
        Ok(())
    }
}
