//! What is wrong with a request, in the words of OAuth.

use crate::redirect::RedirectUri;

/// An error that a client is told (sections 3.2.4 and 4.1.2.1; RFC 7591, section 3.2.2; RFC 8707, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// Something is missing, there twice, or not well formed.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// A client that is not known, or did not prove itself.
    #[error("the client is not known, or its secret is wrong; register again")]
    InvalidClient,
    /// A code or refresh token that is not good, or not this client's.
    #[error("the code or refresh token is not good any more; ask the user again")]
    InvalidGrant,
    /// A grant type that there is none of.
    #[error("grant_type must be authorization_code or refresh_token")]
    UnsupportedGrantType,
    /// A response type that there is none of.
    #[error("response_type must be code")]
    UnsupportedResponseType,
    /// Nothing of what was asked for can be given.
    #[error("none of these scopes can be given here")]
    InvalidScope,
    /// A resource that is none of this host's.
    #[error("resource must be the address of one MCP endpoint of this host")]
    InvalidTarget,
    /// The user, or who answers for them, said no.
    #[error("the user did not agree")]
    AccessDenied,
    /// A redirect URI that no client may register.
    #[error("{0}")]
    InvalidRedirectUri(&'static str),
    /// A document that does not describe a client.
    #[error("{0}")]
    InvalidClientMetadata(&'static str),
    /// Too much at once.
    #[error("too many requests; try again later")]
    TemporarilyUnavailable,
}

impl OAuthError {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::InvalidRedirectUri(_) => "invalid_redirect_uri",
            Self::InvalidClientMetadata(_) => "invalid_client_metadata",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }

    /// The HTTP status of an answer that is not a redirect.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            Self::TemporarilyUnavailable => 429,
            _ => 400,
        }
    }

    /// The body of such an answer, JSON. Our own words need no escaping but for quotes.
    pub fn json(self) -> String {
        let description = self.to_string().replace('"', "'");
        let code = self.code();
        format!(r#"{{"error":"{code}","error_description":"{description}"}}"#)
    }
}

/// An error of a request to authorize: whom to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectError {
    /// The person: where the request came from is not proven, so nobody is sent anywhere (section 7.12.2).
    Person(&'static str),
    /// The client, by its redirect URI.
    Client {
        /// Where to.
        redirect_uri: RedirectUri,
        /// What it gave to be sent back.
        state: Option<String>,
        /// What is wrong.
        error: OAuthError,
    },
}
