//! The lists of one server: what of them their caller may use, from its catalogue, or of resources that come and
//! go, from its guest. Who may not read the server is told of none, and its guest is not run for that.

use smcp_protocol::{Answer, List, Request};

use super::{Hosted, scope};
use crate::problem::Problem;

impl Hosted<'_> {
    pub(super) async fn list(
        &self,
        request: &Request<'_>,
        list: List,
        cursor: Option<&str>,
    ) -> Result<Answer, Problem> {
        let (to, catalogue) = (request.reply_to(), &self.ready.catalogue);
        let principal = self.asked.principal;
        let is_made = list == List::Resources && catalogue.dynamic_resources();
        if is_made && principal.may_read(self.server) {
            return self.run(request).list_resources(cursor).await;
        }
        let page = scope::shown(principal, self.server, list, |shown| {
            catalogue.page_of(list, cursor, shown)
        });
        Ok(match page {
            Ok(page) => to.list(&self.ready.info, &self.asked.as_seen(to, page)),
            Err(error) => to.error(&error),
        })
    }
}
