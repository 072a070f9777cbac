//! Clients: programs that ask a person for leave, as they describe themselves.

use serde::{Deserialize, Serialize};
use smcp_ids::limits::{CLIENT_DOCUMENT_MAX, CLIENT_NAME_MAX, REDIRECT_URIS_MAX};
use smcp_ids::{ClientId, TenantId};

use crate::error::OAuthError;
use crate::redirect::RedirectUri;

/// How a client proves itself where tokens are given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecretUse {
    /// Not at all: its code verifier is what it has (section 2.1, "public").
    None,
    /// By its secret, in the body or in a header: both are taken.
    Secret,
}

/// A client, as far as anybody looks at it. Nothing of it is proven but that it is what was written down; the name
/// is what it calls itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientMetadata {
    /// What it calls itself: shown to people, who must not take it for more.
    pub name: String,
    /// Where answers may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it proves itself.
    pub secret_use: SecretUse,
}

/// What the id of a client begins with that an admin of a tenant has registered. The tenant follows, then its own id.
const WRITTEN: &str = "smcp-app_";

/// The id of a client that an admin registered.
pub fn written_client(tenant: &TenantId, id: &ClientId) -> String {
    format!("{WRITTEN}{tenant}_{id}")
}

/// The tenant and the own id of such a client; none, if it is not one.
pub fn split_written_client(text: &str) -> Option<(TenantId, ClientId)> {
    let (tenant, id) = text.strip_prefix(WRITTEN)?.split_once('_')?;
    Some((tenant.parse().ok()?, id.parse().ok()?))
}

/// The members of RFC 7591, section 2, that mean anything here. Others are passed over (same section).
#[derive(Deserialize)]
struct Document {
    client_id: Option<String>,
    client_name: Option<String>,
    redirect_uris: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
}

impl ClientMetadata {
    /// A client that an admin writes down.
    ///
    /// # Errors
    /// The first thing in it that is wrong.
    pub fn new(
        name: &str,
        redirect_uris: Vec<RedirectUri>,
        secret_use: SecretUse,
    ) -> Result<Self, OAuthError> {
        let wrong = OAuthError::InvalidClientMetadata;
        if name.trim().is_empty() || name.len() > CLIENT_NAME_MAX {
            return Err(wrong("client_name must have 1 to 100 bytes"));
        }
        // Characters that show nothing, or turn what follows around, make one name look like another.
        if name
            .chars()
            .any(|letter| letter.is_control() || is_invisible(letter))
        {
            return Err(wrong("client_name has characters that do not show"));
        }
        if redirect_uris.is_empty() || redirect_uris.len() > REDIRECT_URIS_MAX {
            return Err(OAuthError::InvalidRedirectUri(
                "register 1 to 10 redirect_uris",
            ));
        }
        Ok(Self {
            name: name.trim().to_owned(),
            redirect_uris,
            secret_use,
        })
    }

    /// Reads what a client registers itself with (RFC 7591, section 3.1).
    ///
    /// # Errors
    /// The first thing in it that is wrong.
    pub fn registered(body: &[u8]) -> Result<Self, OAuthError> {
        let document = Document::read(body)?;
        let secret_use = match document.token_endpoint_auth_method.as_deref() {
            Some("none") => SecretUse::None,
            // The default of RFC 7591, section 2.
            None | Some("client_secret_basic" | "client_secret_post") => SecretUse::Secret,
            Some(_) => {
                return Err(OAuthError::InvalidClientMetadata(
                    "token_endpoint_auth_method must be none, client_secret_basic or client_secret_post",
                ));
            }
        };
        document.client(secret_use)
    }

    /// Reads the document that a client has at the URL that is its id (Client ID Metadata Document, section 4). A
    /// secret there would be none, so it has none.
    ///
    /// # Errors
    /// The first thing in it that is wrong.
    pub fn described(url: &str, body: &[u8]) -> Result<Self, OAuthError> {
        let document = Document::read(body)?;
        if document.client_id.as_deref() != Some(url) {
            return Err(OAuthError::InvalidClientMetadata(
                "client_id in the document must be its own URL",
            ));
        }
        if document
            .token_endpoint_auth_method
            .as_deref()
            .unwrap_or("none")
            != "none"
        {
            return Err(OAuthError::InvalidClientMetadata(
                "token_endpoint_auth_method in a client's own document must be none",
            ));
        }
        if document.client_name.is_none() {
            return Err(OAuthError::InvalidClientMetadata("client_name is missing"));
        }
        document.client(SecretUse::None)
    }

    /// The redirect URI that a request means. It may leave it out if there is no choice (section 4.1.1).
    pub fn redirect(&self, asked: Option<&str>) -> Option<RedirectUri> {
        match (asked, self.redirect_uris.as_slice()) {
            (None, [only]) => Some(only.clone()),
            (None, _) => None,
            (Some(asked), registered) => registered.iter().find_map(|uri| uri.allows(asked)),
        }
    }
}

impl Document {
    fn read(body: &[u8]) -> Result<Self, OAuthError> {
        let wrong = OAuthError::InvalidClientMetadata;
        if body.len() > CLIENT_DOCUMENT_MAX {
            return Err(wrong("the document has more than 5 KiB"));
        }
        let document: Self = serde_json::from_slice(body)
            .map_err(|_| wrong("the document is not JSON of a client (RFC 7591, section 2)"))?;
        let has = |list: &Option<Vec<String>>, needed: &str| {
            let list = list.as_ref();
            list.is_none_or(|list| list.iter().any(|one| one == needed))
        };
        if !has(&document.grant_types, "authorization_code") {
            return Err(wrong("grant_types must have authorization_code"));
        }
        if !has(&document.response_types, "code") {
            return Err(wrong("response_types must have code"));
        }
        Ok(document)
    }

    fn client(self, secret_use: SecretUse) -> Result<ClientMetadata, OAuthError> {
        let mut uris = Vec::new();
        for text in self.redirect_uris.unwrap_or_default() {
            uris.push(text.parse().map_err(|_| {
                OAuthError::InvalidRedirectUri(
                    "a redirect URI must be https://, or http:// to localhost, 127.0.0.1 or [::1], without user and fragment",
                )
            })?);
        }
        let name = self
            .client_name
            .as_deref()
            .unwrap_or("A client without a name");
        ClientMetadata::new(name, uris, secret_use)
    }
}

/// Marks of direction, joiners and other characters that do not show (Unicode, "Default_Ignorable_Code_Point",
/// as far as names have no use for them).
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2028}' | '\u{2029}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
        | '\u{e0000}'..='\u{e0fff}')
}
