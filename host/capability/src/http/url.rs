//! URLs as far as guests may use them: a strict subset of RFC 3986, on which no two parsers differ.
//!
//! A name is one of DNS, in lower-case letters, digits and hyphens, of at least two labels, whose last begins with a letter: so no
//! spelling of an address is a name. No user, no fragment, no backslash, no character that would have to be
//! encoded, no empty label. What is refused here need not be understood anywhere else.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use smcp_ids::limits;

/// Whether a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scheme {
    /// `https`.
    Https,
    /// `http`.
    Http,
}

impl Scheme {
    /// As it is in a URL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    /// The port that a URL means when it names none.
    pub const fn port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

/// Why a text is not a URL that a guest may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is too long.
    #[error("the URL is longer than {} bytes", limits::HTTP_URL_MAX)]
    TooLong,
    /// It does not begin with `https://` or `http://`.
    #[error("the URL does not begin with https:// or http://")]
    Scheme,
    /// It names a user.
    #[error("the URL names a user; send an authorization header instead")]
    User,
    /// Its host is not a name.
    #[error("the URL's host is not a domain name of two labels or more, such as api.example.com")]
    Host,
    /// Its port is none.
    #[error("the URL's port is not a number from 1 to 65535")]
    Port,
    /// It has a character that must be percent-encoded, or a bad encoding.
    #[error("the URL has a character that must be percent-encoded, or a fragment")]
    Character,
}

/// A URL that a guest may use, if a grant covers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    scheme: Scheme,
    host: String,
    port: u16,
    /// Path and query; begins with `/`.
    path: String,
}

impl Url {
    /// Whether the connection is encrypted.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The name, in lower case.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether both lead to the same server: scheme, name and port.
    pub fn has_origin_of(&self, other: &Self) -> bool {
        (self.scheme, &self.host, self.port) == (other.scheme, &other.host, other.port)
    }

    /// Where a redirect from here leads (RFC 9110, section 10.2.2): a whole URL, one without scheme, or a path.
    ///
    /// # Errors
    ///
    /// If that is not a URL that a guest may use.
    pub fn join(&self, location: &str) -> Result<Self, UrlError> {
        // A browser remembers the fragment; to a server it is nothing.
        let location = location.split('#').next().unwrap_or_default();
        let scheme = self.scheme.as_str();
        if location.contains("://") && !location.starts_with(['/', '?']) {
            return location.parse();
        }
        if location.starts_with("//") {
            return format!("{scheme}:{location}").parse();
        }
        let path = self.path.split('?').next().unwrap_or_default();
        let folder = path.rfind('/').map_or("/", |at| path.split_at(at + 1).0);
        let path = match location.chars().next() {
            None => self.path.clone(),
            Some('/') => location.to_owned(),
            Some('?') => format!("{path}{location}"),
            Some(_) => format!("{folder}{location}"),
        };
        let port = self.port;
        format!("{scheme}://{}:{port}{path}", self.host).parse()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.host)?;
        if self.port != self.scheme.port() {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.path)
    }
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        if text.len() > limits::HTTP_URL_MAX {
            return Err(UrlError::TooLong);
        }
        let (scheme, rest) = scheme(text).ok_or(UrlError::Scheme)?;
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(UrlError::User);
        }
        let (host, port) = host_and_port(authority, scheme)?;
        if !is_path(path) {
            return Err(UrlError::Character);
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Self {
            scheme,
            host,
            port,
            path: format!("{slash}{path}"),
        })
    }
}

/// The scheme, in any case (RFC 3986, section 3.1), and what comes after `://`.
fn scheme(text: &str) -> Option<(Scheme, &str)> {
    let (name, rest) = text.split_once("://")?;
    let is = |scheme: &Scheme| name.eq_ignore_ascii_case(scheme.as_str());
    let scheme = [Scheme::Https, Scheme::Http].into_iter().find(is)?;
    Some((scheme, rest))
}

/// Name and port of `name` or `name:port`.
pub(super) fn host_and_port(authority: &str, scheme: Scheme) -> Result<(String, u16), UrlError> {
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, port_of(port).ok_or(UrlError::Port)?),
        None => (authority, scheme.port()),
    };
    let host = host.to_ascii_lowercase();
    if is_name(&host) {
        Ok((host, port))
    } else {
        Err(UrlError::Host)
    }
}

fn port_of(text: &str) -> Option<u16> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_plain)
}

/// Whether a text is a name of DNS that cannot be taken for an address (RFC 1123, section 2.1: the last
/// label is alphabetic, or begins `xn--`).
pub(super) fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let is_last = |label: &str| {
        label.starts_with("xn--") || label.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(is_label)
        && host.rsplit('.').next().is_some_and(is_last)
}

/// Whether path and query are what RFC 3986, sections 3.3 and 3.4, has in them.
fn is_path(path: &str) -> bool {
    const OTHERS: &[u8] = b"-._~!$&'()*+,;=:@/?";
    let bytes = path.as_bytes();
    let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'%' => is_hex(at + 1) && is_hex(at + 2),
        _ => byte.is_ascii_alphanumeric() || OTHERS.contains(byte),
    })
}
