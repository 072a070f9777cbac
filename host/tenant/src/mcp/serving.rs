//! Which release of a server answers a request: for most the live one, for some callers its canary, and for a call that
//! has begun the one on which it did.
//!
//! So a caller sees the lists of the release that it calls, and a call that asks its client, waits or goes on as a
//! task ends where it began, whatever was made live meanwhile.

use std::rc::Rc;

use smcp_ids::{ReleaseDigest, ServerSlug};
use smcp_protocol::{Era, Method, Request};

use super::Asked;
use super::ask::Bound;
use super::legacy::Outlet;
use super::task::Going;
use crate::modules::Ready;
use crate::problem::Problem;

impl Asked<'_> {
    /// The release that answers, loaded if it is not yet. `None` if the server is not there, or answers nobody.
    pub(super) async fn serving(
        &self,
        server: &ServerSlug,
        request: &Request<'_>,
    ) -> Result<Option<Rc<Ready>>, Problem> {
        let begun = self.begun_on(server, request)?;
        let release = {
            let state = self.scene.state.borrow();
            let directory = state.directory()?;
            let row = directory.servers.get(server);
            let goes_on = begun.filter(|release| directory.may_go_on(server, *release));
            goes_on.or_else(|| row.and_then(|row| row.serves(self.principal)))
        };
        match release {
            Some(release) => self.scene.release(server, release).await.map(Some),
            None => Ok(None),
        }
    }

    /// The release on which a call was begun that this request goes on with. Of what a client carries it is believed
    /// only if it is sealed for this very request.
    fn begun_on(
        &self,
        server: &ServerSlug,
        request: &Request<'_>,
    ) -> Result<Option<ReleaseDigest>, Problem> {
        let kept = match self.going {
            Some(going) => Going::begun_on(going),
            None => self.outlet.and_then(Outlet::begun_on),
        };
        let Method::Guest(call) = request.method() else {
            return Ok(kept);
        };
        let state = call.state().filter(|_| call.target().may_ask());
        match (kept, state) {
            (None, Some(state)) if request.reply_to().era() == Era::Modern => {
                let bound = Bound {
                    principal: self.principal,
                    server,
                    call,
                    capabilities: self.capabilities(request),
                };
                self.scene.release_of(&bound, state)
            }
            _ => Ok(kept),
        }
    }

    /// What the client can do, a JSON object: as it says now, or as its session has agreed.
    pub(super) fn capabilities<'a>(&'a self, request: &'a Request<'_>) -> &'a str {
        match self.agreed() {
            Some(agreed) => &agreed.capabilities,
            None => request
                .meta()
                .client_capabilities
                .map_or("{}", |capabilities| capabilities.text()),
        }
    }
}
