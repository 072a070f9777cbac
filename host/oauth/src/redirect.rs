//! Redirect URIs: which can be registered, and which of them a request means.
//!
//! One is compared as it was written, character by character (section 2.3.1), but for the port of one that leads to
//! the machine of its user, which such a client does not know beforehand (RFC 8252, section 7.3). `https`, or the
//! machine itself (2026-07-28, basic/authorization/security-considerations, "Communication Security"); other
//! schemes only where an admin has written them down.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use smcp_ids::limits::REDIRECT_URI_MAX;

use crate::form::encoded;

/// A redirect URI that can be registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// Why a text is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a redirect URI is https://, or http:// to localhost, 127.0.0.1 or [::1], of at most {REDIRECT_URI_MAX} bytes, without user and fragment"
)]
pub struct RedirectUriError;

/// Its parts, as far as anybody looks at them.
struct Parts<'u> {
    scheme: &'u str,
    /// Name or address, and port.
    authority: &'u str,
    /// Path and query.
    rest: &'u str,
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = text.split_once(':')?;
    let Some(rest) = rest.strip_prefix("//") else {
        return Some(Parts {
            scheme,
            authority: "",
            rest,
        });
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end)?;
    Some(Parts {
        scheme,
        authority,
        rest,
    })
}

impl Parts<'_> {
    /// The host without its port, and whether the port is a number or not there.
    fn host(&self) -> Option<&str> {
        let (host, port) = match self.authority.strip_prefix('[') {
            Some(inner) => {
                let (_, port) = inner.split_once(']')?;
                (self.authority.strip_suffix(port)?, port)
            }
            None => {
                let at = self.authority.find(':').unwrap_or(self.authority.len());
                self.authority.split_at_checked(at)?
            }
        };
        let number = port.strip_prefix(':');
        let is_port = port.is_empty() || number.is_some_and(|port| port.parse::<u16>().is_ok());
        (is_port && !host.is_empty()).then_some(host)
    }

    fn is_loopback(&self) -> bool {
        let is_own = |host| matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        self.scheme == "http" && self.host().is_some_and(is_own)
    }
}

fn is_plain(text: &str) -> bool {
    // What a browser would take for something else: backslashes and controls; and what headers cannot carry.
    (1..=REDIRECT_URI_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !text.contains(['\\', '#', '"', '<', '>', '^', '`', '{', '|', '}'])
}

impl FromStr for RedirectUri {
    type Err = RedirectUriError;

    fn from_str(text: &str) -> Result<Self, RedirectUriError> {
        let parts = parts(text)
            .filter(|_| is_plain(text))
            .ok_or(RedirectUriError)?;
        let has_name = !parts.authority.contains('@')
            && parts.host().is_some_and(|host| {
                let is_address = host.starts_with('[');
                is_address
                    || host
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
            });
        let fits = has_name && (parts.scheme == "https" || parts.is_loopback());
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(RedirectUriError)
        }
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = RedirectUriError;

    fn try_from(text: String) -> Result<Self, RedirectUriError> {
        Self::of_admin(&text)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

impl RedirectUri {
    /// One that an admin has written down: also of a scheme that an application has for itself, but never of one that
    /// a browser would run or show.
    ///
    /// # Errors
    /// [`RedirectUriError`].
    pub fn of_admin(text: &str) -> Result<Self, RedirectUriError> {
        if let Ok(uri) = text.parse() {
            return Ok(uri);
        }
        let parts = parts(text)
            .filter(|_| is_plain(text))
            .ok_or(RedirectUriError)?;
        let mut letters = parts.scheme.bytes();
        let is_scheme = letters.next().is_some_and(|byte| byte.is_ascii_lowercase())
            && letters.all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte)
            });
        const OF_BROWSERS: [&str; 14] = [
            "http",
            "https",
            "javascript",
            "data",
            "file",
            "blob",
            "about",
            "vbscript",
            "ws",
            "wss",
            "ftp",
            "filesystem",
            "view-source",
            "mailto",
        ];
        if is_scheme && !OF_BROWSERS.contains(&parts.scheme) && !parts.authority.contains('@') {
            Ok(Self(text.to_owned()))
        } else {
            Err(RedirectUriError)
        }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URI that a request means, if this registered one allows it.
    pub fn allows(&self, asked: &str) -> Option<Self> {
        if self.0 == asked {
            return Some(self.clone());
        }
        let (own, other) = (parts(&self.0)?, parts(asked)?);
        let same = own.is_loopback()
            && other.is_loopback()
            && own.host() == other.host()
            && own.rest == other.rest;
        same.then(|| asked.parse().ok())?
    }

    /// What a person is shown: where they are sent.
    pub fn host(&self) -> &str {
        match parts(&self.0) {
            Some(parts) if matches!(parts.scheme, "http" | "https") => parts.authority,
            Some(parts) => parts.scheme,
            None => "",
        }
    }

    /// Whether it leads to the machine of its user: any program there may wait for it (2026-07-28,
    /// basic/authorization/security-considerations, "Localhost Redirect URI Risks").
    pub fn is_loopback(&self) -> bool {
        parts(&self.0).is_some_and(|parts| parts.is_loopback())
    }

    /// What a page must name that lets its form lead there (Content Security Policy, `form-action`).
    pub fn source(&self) -> String {
        match parts(&self.0) {
            Some(parts) if matches!(parts.scheme, "http" | "https") => {
                format!("{}://{}", parts.scheme, parts.authority)
            }
            Some(parts) => format!("{}:", parts.scheme),
            None => String::new(),
        }
    }

    /// The URI with more parameters in its query.
    pub fn with(&self, parameters: &[(&str, &str)]) -> String {
        with_query(&self.0, parameters)
    }
}

/// A URL with more parameters in its query.
pub(crate) fn with_query(url: &str, parameters: &[(&str, &str)]) -> String {
    let mut text = url.to_owned();
    for (name, value) in parameters {
        text.push(if text.contains('?') { '&' } else { '?' });
        text.push_str(name);
        text.push('=');
        text.push_str(&encoded(value));
    }
    text
}

/// Whether that is a URL over TLS on which no two parsers differ, without user and fragment.
pub(crate) fn is_https(text: &str) -> bool {
    let is_encrypted = |parts: Parts<'_>| parts.scheme == "https";
    text.parse::<RedirectUri>().is_ok() && parts(text).is_some_and(is_encrypted)
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
