//! Names of hosts that a grant covers.
//!
//! A pattern is a name, or `*.` and a name for all that end so. Some names no grant covers: those that mean
//! the machine itself, its own network, or what clouds keep there.

use core::fmt;
use core::str::FromStr;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Method;
use super::url::{Scheme, Url, UrlError, host_and_port};

/// Suffixes of names that are never public: set aside for private use (RFC 6761, 6762, 7686, 8375, 9476 and
/// ICANN's list), or used so by routers, clouds and container hosts.
const PRIVATE_SUFFIXES: &[&str] = &[
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "arpa",
    "onion",
    "alt",
    "test",
    "invalid",
    "cluster",
    "svc",
    // They answer with whatever address is asked for, or with the machine's own.
    "localtest.me",
    "lvh.me",
    "vcap.me",
    "lacolhost.com",
    "nip.io",
    "sslip.io",
    "xip.io",
    "traefik.me",
    // A cloud's names for its metadata.
    "metadata.goog",
    "metadata.tencentyun.com",
    "metadata.platformequinix.com",
];

/// Whether no grant covers a name. In lower case.
pub fn is_private(host: &str) -> bool {
    PRIVATE_SUFFIXES.iter().any(|suffix| {
        host.strip_suffix(suffix)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// Why a text is not a pattern of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// It has another form.
    #[error(
        "expected a domain name such as api.example.com, or *.example.com for all below it, perhaps with a port, and \
         with http:// in front where it may go without TLS; an address is not one"
    )]
    Form,
    /// No grant covers it.
    #[error("this name means the host's own machine or network; no server may reach it")]
    Private,
}

/// Hosts that are granted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPattern {
    scheme: Scheme,
    /// Whether it stands for the names below `name`, and not for it.
    below: bool,
    name: String,
    port: u16,
}

impl HostPattern {
    /// Whether a URL leads to one of these hosts.
    pub fn covers(&self, url: &Url) -> bool {
        let host = url.host();
        let fits = if self.below {
            host.strip_suffix(&self.name)
                .is_some_and(|rest| rest.ends_with('.'))
        } else {
            host == self.name
        };
        fits && (url.scheme(), url.port()) == (self.scheme, self.port) && !is_private(host)
    }

    /// Whether every host of the other is one of these.
    pub fn includes(&self, other: &Self) -> bool {
        let fits = match (self.below, other.below) {
            (true, true) if self.name == other.name => true,
            (true, _) => other
                .name
                .strip_suffix(&self.name)
                .is_some_and(|rest| rest.ends_with('.')),
            (false, false) => self.name == other.name,
            (false, true) => false,
        };
        fits && (self.scheme, self.port) == (other.scheme, other.port)
    }
}

impl FromStr for HostPattern {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let (scheme, rest) = match text.split_once("://") {
            Some(("https", rest)) => (Scheme::Https, rest),
            Some(("http", rest)) => (Scheme::Http, rest),
            Some(_) => return Err(HostError::Form),
            None => (Scheme::Https, text),
        };
        let (below, rest) = match rest.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let (name, port) = host_and_port(rest, scheme).map_err(|_: UrlError| HostError::Form)?;
        if is_private(&name) {
            return Err(HostError::Private);
        }
        Ok(Self {
            scheme,
            below,
            name,
            port,
        })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scheme == Scheme::Http {
            f.write_str("http://")?;
        }
        if self.below {
            f.write_str("*.")?;
        }
        f.write_str(&self.name)?;
        if self.port != self.scheme.port() {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

impl TryFrom<String> for HostPattern {
    type Error = HostError;

    fn try_from(text: String) -> Result<Self, HostError> {
        text.parse()
    }
}

impl From<HostPattern> for String {
    fn from(pattern: HostPattern) -> Self {
        pattern.to_string()
    }
}

/// Leave to send requests to some hosts, with some methods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostGrant {
    /// To which.
    pub host: HostPattern,
    /// With which.
    pub methods: BTreeSet<Method>,
}

impl HostGrant {
    /// What of another is not granted by these together: the other without the methods that are, or nothing.
    pub fn missing(granted: &[Self], asked: &Self) -> Option<Self> {
        let is_granted = |method: &Method| {
            granted
                .iter()
                .any(|grant| grant.host.includes(&asked.host) && grant.methods.contains(method))
        };
        let methods: BTreeSet<Method> = asked
            .methods
            .iter()
            .filter(|method| !is_granted(method))
            .copied()
            .collect();
        (!methods.is_empty()).then(|| Self {
            host: asked.host.clone(),
            methods,
        })
    }
}
