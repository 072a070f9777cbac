//! Whether a person agrees: who asks, where they are sent, and for what, in plain words.

use maud::{Markup, html};
use smcp_auth::Scope;

use super::Page;
use crate::authorize::Authorization;
use crate::client::ClientMetadata;
use crate::form::Form;
use crate::redirect::RedirectUri;

/// What a person is asked.
#[derive(Clone, Copy, Debug)]
pub struct Consent<'a> {
    /// Who asks, in its own words.
    pub client: &'a ClientMetadata,
    /// The name of the host of the client's own document, if it has one: that is proven.
    pub client_host: Option<&'a str>,
    /// For what.
    pub asked: &'a Authorization,
    /// The parameters with which the person came: the form leads back to them.
    pub form: &'a Form,
    /// The name of the host at which the tenant's members can sign in, if there is one.
    pub provider: Option<&'a str>,
    /// Who the person has shown to be, if they have signed in there.
    pub signed_in: Option<SignedIn<'a>>,
    /// What was wrong with an answer.
    pub trouble: Option<Trouble>,
}

/// Who a person has shown to be.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn<'a> {
    /// What the tenant calls them.
    pub name: &'a str,
    /// What proves it when the form comes back.
    pub proof: &'a str,
}

/// The parameter that sends a person to the provider.
pub const SIGN_IN: &str = "sign_in";
/// The field of the form that says who has signed in.
pub const SIGNED_IN: &str = "signed_in";

/// Why an answer was not taken. The same whether or not there is what the person named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No good code.
    #[error(
        "This access code is not right. Check that all of it was copied, or ask your admin for a new invitation."
    )]
    Code,
    /// A code of somebody who may not use that.
    #[error("With this access code you may not use what is asked for here. Ask your admin.")]
    NotAllowed,
    /// Too many wrong ones.
    #[error("Too many attempts. Wait a minute and try again.")]
    TooMany,
    /// The provider has not said who it is.
    #[error("Signing in did not work. Try again.")]
    SignIn,
    /// It is nobody that the tenant knows.
    #[error(
        "You have signed in, but nobody is known here by that account. Ask your admin to invite you by its address."
    )]
    NoMember,
}

impl Trouble {
    const fn status(self) -> u16 {
        match self {
            Self::Code | Self::SignIn => 401,
            Self::NotAllowed | Self::NoMember => 403,
            Self::TooMany => 429,
        }
    }
}

impl Consent<'_> {
    /// The page.
    pub fn page(&self) -> Page {
        let client = &self.client.name;
        let resource = &self.asked.resource;
        let title = format!("Connect {client}?");
        let what = match &resource.server {
            Some(server) => format!("the server {server} of {}", resource.tenant),
            None => format!("all your servers of {}", resource.tenant),
        };
        let body = html! {
            h1 { "Connect “" (client) "” to " (what) "?" }
            p {
                "A program that calls itself “" (client) "” asks to use " (what) " in your name. "
                "Agree only if you have started this yourself just now."
            }
            dl {
                dt { "You are sent to" } dd { strong { (self.asked.redirect_uri.host()) } }
                @if let Some(host) = self.client_host { dt { "Program of" } dd { (host) } }
                dt { "Address" } dd { (resource.path()) }
            }
            @if self.asked.redirect_uri.is_loopback() { (on_this_machine(&self.asked.redirect_uri)) }
            p { "It will be able to:" }
            ul { @for scope in self.asked.scopes.iter() { li { (in_words(scope)) } } }
            @match (&self.signed_in, self.provider) {
                (Some(signed_in), _) => p { "You are signed in as " strong { (signed_in.name) } "." },
                (None, Some(provider)) => {
                    p {
                        a.button href={ "/authorize?" (self.form.query()) "&" (SIGN_IN) "=yes" } {
                            "Sign in at " (provider)
                        }
                    }
                    p { "You are asked again then. Or, if you have an access code:" }
                }
                (None, None) => {}
            }
            form method="post" action={ "/authorize?" (self.form.query()) } {
                @if let Some(trouble) = self.trouble { p role="alert" id="trouble" { (trouble) } }
                @match &self.signed_in {
                    Some(signed_in) => input type="hidden" name=(SIGNED_IN) value=(signed_in.proof);,
                    None => (self.access_code()),
                }
                button.yes name="decision" value="agree" { "Agree" }
                button name="decision" value="refuse" { "Refuse" }
            }
        };
        let status = self.trouble.map_or(200, Trouble::status);
        Page::new(status, &title, &self.asked.redirect_uri.source(), &body)
    }

    fn access_code(&self) -> Markup {
        html! {
            // By which a password manager tells one access code from another.
            input type="text" name="tenant" value=(self.asked.resource.tenant) autocomplete="username" readonly hidden;
            label for="access_code" { "Your access code" }
            input id="access_code" name="access_code" type="password" autocomplete="current-password"
                autocapitalize="none" spellcheck="false" autofocus[self.provider.is_none()]
                aria-describedby=[self.trouble.map(|_| "trouble")]
                aria-invalid=[self.trouble.map(|_| "true")];
            p.note { "You were given it when you accepted your invitation. It begins with smcpm_." }
        }
    }
}

fn on_this_machine(uri: &RedirectUri) -> Markup {
    html! {
        p.note {
            (uri.host()) " is the machine you are sitting at: any program that runs on it can pass for this one."
        }
    }
}

/// What a scope allows.
fn in_words(scope: &Scope) -> String {
    match scope {
        Scope::Mcp => "use everything that you may use there".to_owned(),
        Scope::Read => {
            "read what you may read there, and use tools that say that they change nothing"
                .to_owned()
        }
        Scope::Server(server) => format!("use everything of the server {server} that you may use"),
        Scope::ServerRead(server) => {
            format!(
                "read what the server {server} has, and use its tools that say that they change nothing"
            )
        }
        Scope::Tool(server, tool) => format!("use the tool {tool} of the server {server}"),
        Scope::Admin | Scope::Publish | Scope::Audit => scope.to_string(),
    }
}

/// The parameter that says that a person has written the address: what is wrong with it, the person is told.
pub const BY_HAND: &str = "by_hand";

/// Asks which endpoint a client is for that does not say so (2025-03-26).
pub fn ask_for_what(client: &ClientMetadata, form: &Form, is_wrong: bool) -> Page {
    let body = html! {
        h1 { "What shall “" (client.name) "” be connected to?" }
        p { "The program did not say which address it wants to use. It is the one that you gave it." }
        form method="get" action="/authorize" {
            @for (name, value) in form.iter().filter(|(name, _)| !matches!(*name, "resource" | BY_HAND)) {
                input type="hidden" name=(name) value=(value);
            }
            input type="hidden" name=(BY_HAND) value="yes";
            @if is_wrong { p role="alert" id="trouble" { "This is not the address of an MCP server here." } }
            label for="resource" { "Address" }
            input id="resource" name="resource" type="url" required autofocus
                aria-describedby=[is_wrong.then_some("trouble")] placeholder="https://…/t/…/mcp";
            button.yes { "Go on" }
        }
    };
    Page::new(200, "Which address?", "", &body)
}
