//! PKCE with S256, and nothing else (section 4.1.1; RFC 7636).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use smcp_crypto::{equal, sha256};

/// What a client shows first: the SHA-256 of what it will show when it has a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge([u8; 32]);

/// What it shows then.
#[derive(Clone, Copy)]
pub struct Verifier<'a>(&'a str);

impl Challenge {
    /// Reads `code_challenge`: a SHA-256 in base64url without padding.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// Whether that is what it is the digest of. In constant time for one length.
    pub fn is_of(&self, verifier: Verifier<'_>) -> bool {
        equal(&self.0, sha256(verifier.0.as_bytes()).as_bytes())
    }
}

impl<'a> Verifier<'a> {
    /// Reads `code_verifier`: 43 to 128 unreserved characters (RFC 7636, section 4.1).
    pub fn parse(text: &'a str) -> Option<Self> {
        let fits = (43..=128).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        fits.then_some(Self(text))
    }
}

impl core::fmt::Debug for Verifier<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Verifier(..)")
    }
}
