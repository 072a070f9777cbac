//! How a person becomes a member: an invitation, and the access code that it is given for it.

use maud::html;
use smcp_ids::TenantId;

use super::Page;

/// Offers an access code. Nothing is given out before the person asks for it: mail programs open links too.
pub fn invited(tenant: &TenantId, name: &str, invitation: &str) -> Page {
    let body = html! {
        h1 { "Welcome to " (tenant) ", " (name) }
        p {
            "You were invited to use the MCP servers of " (tenant) ". You will be given an access code, which you need "
            "whenever you connect a program to them. Have your password manager at hand: the code is shown once."
        }
        form method="post" action={ "/t/" (tenant) "/join" } {
            input type="hidden" name="invitation" value=(invitation);
            button.yes { "Show my access code" }
        }
    };
    Page::new(200, "Your invitation", "", &body)
}

/// Shows an access code.
pub fn given(tenant: &TenantId, code: &str) -> Page {
    let body = html! {
        h1 { "Your access code" }
        p { "Keep it now, in your password manager. It is not shown again, and nobody else has it." }
        p { code id="access-code" { (code) } }
        p {
            "Then give your MCP client the address of a server of " (tenant) ". It will open a page here, which asks you "
            "for this code."
        }
        p.note { "If you lose it, your admin can invite you again. The old code is then no good any more." }
    };
    Page::new(200, "Your access code", "", &body)
}

/// Says that an invitation is not good, whatever the reason.
pub fn no_invitation() -> Page {
    let body = html! {
        h1 { "This invitation is not good any more" }
        p role="alert" { "It was used, is too old, or a newer one was sent. Ask your admin for another." }
    };
    Page::new(404, "No invitation", "", &body)
}
