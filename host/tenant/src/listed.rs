//! Which addresses on the web guests have listed as resources of theirs: a link to one of them is to be read
//! from its server, where all servers are one, as the list has it; a link to any other is for the client to
//! follow itself (2026-07-28, server/resources, "https://").
//!
//! Only what a caller was shown counts for that caller. It is known while the object is awake, within bounds:
//! a link that is not known is what its author wrote. What a catalogue lists is not kept here.

use std::collections::BTreeSet;

use smcp_crypto::{Binding, sha256};
use smcp_ids::{Digest, ServerSlug, limits};

/// Digests of server, caller and address.
#[derive(Debug, Default)]
pub(crate) struct Listed(BTreeSet<Digest>);

impl Listed {
    /// A guest has listed that for a caller.
    pub(crate) fn add(&mut self, server: &ServerSlug, caller: &str, uri: &str) {
        if !is_web(uri) {
            return;
        }
        if self.0.len() >= limits::LISTED_WEB_MAX {
            // Those that matter are listed again.
            self.0.clear();
        }
        self.0.insert(digest(server, caller, uri));
    }

    /// Whether a guest has.
    pub(crate) fn has(&self, server: &ServerSlug, caller: &str, uri: &str) -> bool {
        self.0.contains(&digest(server, caller, uri))
    }
}

/// Whether a client can fetch it from the web itself.
pub(crate) fn is_web(uri: &str) -> bool {
    let scheme = uri.split(':').next().unwrap_or_default();
    ["http", "https"]
        .iter()
        .any(|web| scheme.eq_ignore_ascii_case(web))
}

fn digest(server: &ServerSlug, caller: &str, uri: &str) -> Digest {
    let listed = Binding::new("listed")
        .text(server.as_str())
        .text(caller)
        .text(uri);
    sha256(listed.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_was_listed_is_known_for_its_server_and_caller_and_within_bounds() {
        let (a, b): (ServerSlug, ServerSlug) = ("a".parse().unwrap(), "b".parse().unwrap());
        let mut listed = Listed::default();
        let web = "HTTPS://web.example/";
        listed.add(&a, "me", web);
        listed.add(&a, "me", "note:1");
        assert!(listed.has(&a, "me", web));
        for (server, caller, uri) in [
            (&b, "me", web),
            (&a, "you", web),
            (&a, "me", "https://web.example/"),
            (&a, "me", "note:1"),
        ] {
            assert!(!listed.has(server, caller, uri), "{server} {caller} {uri}");
        }
        for number in 0..2 * limits::LISTED_WEB_MAX {
            listed.add(&b, "me", &format!("http://web.example/{number}"));
            assert!(listed.0.len() <= limits::LISTED_WEB_MAX);
        }
        let last = format!("http://web.example/{}", 2 * limits::LISTED_WEB_MAX - 1);
        assert!(listed.has(&b, "me", &last));
    }
}
