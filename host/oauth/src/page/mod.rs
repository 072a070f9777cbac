//! The pages that people see: plain HTML with forms, which work without scripts, and may run none.
//!
//! All text of strangers is escaped by the macro that writes them. A page tells what the host knows, and says of a
//! client's name that it is what the client calls itself.

mod consent;
mod join;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, html};
use smcp_crypto::sha256;

pub use consent::{BY_HAND, Consent, SIGN_IN, SIGNED_IN, SignedIn, Trouble, ask_for_what};
pub use join::{given, invited, no_invitation};

const STYLE: &str = include_str!("style.css");

/// A page, and what a browser may do on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// The document.
    pub html: String,
    /// The value of `Content-Security-Policy`.
    pub policy: String,
}

impl Page {
    /// `leads_to`: where else its form may lead, once the host has answered it.
    fn new(status: u16, title: &str, leads_to: &str, body: &Markup) -> Self {
        let document = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex";
                    title { (title) }
                    style { (maud::PreEscaped(STYLE)) }
                }
                body { main { (body) } }
            }
        };
        let style = STANDARD.encode(sha256(STYLE.as_bytes()).as_bytes());
        let space = if leads_to.is_empty() { "" } else { " " };
        Self {
            status,
            html: document.into_string(),
            policy: format!(
                "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'{space}{leads_to}; \
                 base-uri 'none'; frame-ancestors 'none'"
            ),
        }
    }

    /// That something went wrong of which nobody but the person can be told.
    pub fn error(status: u16, what: &str) -> Self {
        let body = html! {
            h1 { "This did not work" }
            p role="alert" { (what) }
            p { "Go back to the program that sent you here and try again from there." }
        };
        Self::new(status, "This did not work", "", &body)
    }
}
