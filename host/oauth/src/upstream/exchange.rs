//! What the host sends to a provider: a person to sign in, and a code to learn who did.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use smcp_crypto::sha256;

use super::provider::{Proof, Provider};
use crate::form::encoded;
use crate::redirect::with_query;

/// What is asked for: who it is, and their address, by which a member is known that signs in for the first time.
const SCOPE: &str = "openid email";

/// One signing in, as the host begins it.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    /// The name of this host at the provider.
    pub client_id: &'a str,
    /// Where the person comes back to.
    pub redirect_uri: &'a str,
    /// What comes back with them.
    pub state: &'a str,
    /// What the token must repeat.
    pub nonce: &'a str,
    /// The secret of which only the digest is sent now (RFC 7636).
    pub verifier: &'a str,
}

/// The request by which a code becomes a token (section 3.1.3.1).
#[derive(Clone, PartialEq, Eq)]
pub struct CodeExchange {
    /// The value of `Authorization`, if the host proves itself by that.
    pub authorization: Option<String>,
    /// The form.
    pub body: String,
}

impl core::fmt::Debug for CodeExchange {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CodeExchange(..)")
    }
}

impl Provider {
    /// Where a person is sent (section 3.1.2.1).
    pub fn sign_in_url(&self, sign_in: &SignIn<'_>) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(sha256(sign_in.verifier.as_bytes()).as_bytes());
        with_query(
            &self.authorization_endpoint,
            &[
                ("response_type", "code"),
                ("client_id", sign_in.client_id),
                ("redirect_uri", sign_in.redirect_uri),
                ("scope", SCOPE),
                ("state", sign_in.state),
                ("nonce", sign_in.nonce),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ],
        )
    }

    /// The request for the token of who came back with a code.
    pub fn exchange(&self, sign_in: &SignIn<'_>, secret: &str, code: &str) -> CodeExchange {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", sign_in.redirect_uri),
            ("code_verifier", sign_in.verifier),
        ];
        let authorization = match self.proof {
            // Both parts are encoded as in a form before (RFC 6749, section 2.3.1).
            Proof::Basic => {
                let pair = format!("{}:{}", encoded(sign_in.client_id), encoded(secret));
                Some(format!("Basic {}", STANDARD.encode(pair)))
            }
            Proof::Post => {
                fields.push(("client_id", sign_in.client_id));
                fields.push(("client_secret", secret));
                None
            }
        };
        let pairs = fields.iter();
        let pairs = pairs.map(|(name, value)| format!("{name}={}", encoded(value)));
        CodeExchange {
            authorization,
            body: pairs.collect::<Vec<_>>().join("&"),
        }
    }
}

/// A provider's answer to a code (section 3.1.3.3).
#[derive(Clone, Deserialize)]
pub struct TokenAnswer {
    /// Who has signed in.
    pub id_token: String,
    /// What opens the address at which more is said of them.
    pub access_token: Option<String>,
}

impl TokenAnswer {
    /// Reads an answer; none if it is not one.
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }
}

impl core::fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TokenAnswer(..)")
    }
}
