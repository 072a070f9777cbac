//! What a principal may do, in words that OAuth can carry: no space, no quotes (RFC 6749, section 3.3).
//!
//! | scope | what it allows |
//! |---|---|
//! | `mcp` | everything at the MCP endpoints |
//! | `mcp:read` | the same, but of tools only those that say that they change nothing |
//! | `mcp/{server}`, `mcp/{server}:read` | the same of one server |
//! | `mcp/{server}/{tool}` | one tool of a server, and nothing else of it |
//! | `admin` | the admin API of its own tenant |
//! | `publish` | of that, releases of servers |
//! | `audit` | of that, reading |
//!
//! A broader scope implies the narrower ones (2026-07-28, basic/authorization, "Step-Up Authorization Flow").

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use smcp_ids::ServerSlug;
use smcp_ids::limits::{SCOPE_TOOL_MAX, SCOPES_MAX};

/// One thing that a principal may do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// Use all servers.
    Mcp,
    /// Of all servers, what changes nothing.
    Read,
    /// Use one server.
    Server(ServerSlug),
    /// Of one server, what changes nothing.
    ServerRead(ServerSlug),
    /// Call one tool of one server.
    Tool(ServerSlug, ToolName),
    /// Administer its tenant.
    Admin,
    /// Publish releases in its tenant.
    Publish,
    /// Read what the admin of its tenant may read.
    Audit,
}

/// The name of a tool, as it can stand in a scope: visible ASCII without `"` and `\`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToolName(Box<str>);

/// Not a scope of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// One that is not known.
    #[error(
        "unknown scope; known are \"mcp\", \"mcp:read\", \"mcp/SERVER\", \"mcp/SERVER:read\", \"mcp/SERVER/TOOL\", \"admin\", \"publish\" and \"audit\""
    )]
    Unknown,
    /// Too many.
    #[error("too many scopes: at most {SCOPES_MAX}")]
    TooMany,
}

const READ: &str = ":read";

impl FromStr for ToolName {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let fits = (1..=SCOPE_TOOL_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(ScopeError::Unknown)
        }
    }
}

impl fmt::Display for ToolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Scope {
    /// Whether who may do this may do that too.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Mcp, other) => other.is_mcp(),
            (Self::Read, Self::ServerRead(_)) => true,
            (
                Self::Server(own),
                Self::ServerRead(server) | Self::Tool(server, _) | Self::Server(server),
            ) => own == server,
            (Self::Admin, other) => !other.is_mcp(),
            (own, other) => own == other,
        }
    }

    /// Whether it is of the MCP endpoints, not of the admin API.
    pub fn is_mcp(&self) -> bool {
        !matches!(self, Self::Admin | Self::Publish | Self::Audit)
    }

    /// What both allow, as far as one scope can say it. Which tools only read is not known here, so that a tool
    /// and what only reads have nothing in common.
    fn meet(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Read, Self::Server(server)) | (Self::Server(server), Self::Read) => {
                Some(Self::ServerRead(server.clone()))
            }
            (own, other) if own.covers(other) => Some(other.clone()),
            (own, other) => other.covers(own).then(|| own.clone()),
        }
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let slug = |text: &str| text.parse().map_err(|_| ScopeError::Unknown);
        let Some(rest) = text.strip_prefix("mcp/") else {
            return match text {
                "mcp" => Ok(Self::Mcp),
                "mcp:read" => Ok(Self::Read),
                "admin" => Ok(Self::Admin),
                "publish" => Ok(Self::Publish),
                "audit" => Ok(Self::Audit),
                _ => Err(ScopeError::Unknown),
            };
        };
        match (rest.split_once('/'), rest.strip_suffix(READ)) {
            (Some((server, tool)), _) => Ok(Self::Tool(slug(server)?, tool.parse()?)),
            (None, Some(server)) => Ok(Self::ServerRead(slug(server)?)),
            (None, None) => Ok(Self::Server(slug(rest)?)),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mcp => f.write_str("mcp"),
            Self::Read => f.write_str("mcp:read"),
            Self::Server(server) => write!(f, "mcp/{server}"),
            Self::ServerRead(server) => write!(f, "mcp/{server}{READ}"),
            Self::Tool(server, tool) => write!(f, "mcp/{server}/{tool}"),
            Self::Admin => f.write_str("admin"),
            Self::Publish => f.write_str("publish"),
            Self::Audit => f.write_str("audit"),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, ScopeError> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

/// What a principal may do, each once, in order. None: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Scope>", into = "Vec<Scope>")]
pub struct Scopes(Vec<Scope>);

impl TryFrom<Vec<Scope>> for Scopes {
    type Error = ScopeError;

    fn try_from(mut scopes: Vec<Scope>) -> Result<Self, ScopeError> {
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.len() <= SCOPES_MAX {
            Ok(Self(scopes))
        } else {
            Err(ScopeError::TooMany)
        }
    }
}

impl From<Scopes> for Vec<Scope> {
    fn from(scopes: Scopes) -> Self {
        scopes.0
    }
}

impl From<Scope> for Scopes {
    fn from(scope: Scope) -> Self {
        Self(vec![scope])
    }
}

/// As OAuth writes them: separated by spaces.
impl FromStr for Scopes {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let scopes = text.split(' ').filter(|scope| !scope.is_empty());
        let scopes: Result<Vec<Scope>, _> = scopes.map(str::parse).collect();
        scopes?.try_into()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.0.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{scope}")?;
        }
        Ok(())
    }
}

impl Scopes {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Whether they allow nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether they allow that.
    pub fn allow(&self, scope: &Scope) -> bool {
        self.0.iter().any(|own| own.covers(scope))
    }

    /// Whether they allow anything at the MCP endpoints.
    pub fn allow_mcp(&self) -> bool {
        self.0.iter().any(Scope::is_mcp)
    }

    /// Whether they allow anything of a server.
    pub fn see(&self, server: &ServerSlug) -> bool {
        self.0.iter().any(|scope| match scope {
            Scope::Mcp | Scope::Read => true,
            Scope::Server(own) | Scope::ServerRead(own) | Scope::Tool(own, _) => own == server,
            Scope::Admin | Scope::Publish | Scope::Audit => false,
        })
    }

    /// Whether they allow what of a server changes nothing: its resources and prompts among it.
    pub fn allow_reading(&self, server: &ServerSlug) -> bool {
        self.0.iter().any(|scope| match scope {
            Scope::Mcp | Scope::Read => true,
            Scope::Server(own) | Scope::ServerRead(own) => own == server,
            _ => false,
        })
    }

    /// Whether they allow to read any server at all.
    pub fn allow_reading_any(&self) -> bool {
        self.0.iter().any(|scope| match scope {
            Scope::Mcp | Scope::Read | Scope::Server(_) | Scope::ServerRead(_) => true,
            Scope::Tool(..) | Scope::Admin | Scope::Publish | Scope::Audit => false,
        })
    }

    /// Whether they allow to call a tool of a server, which may say that it changes nothing.
    pub fn allow_tool(&self, server: &ServerSlug, tool: &str, only_reads: bool) -> bool {
        self.0.iter().any(|scope| match scope {
            Scope::Mcp => true,
            Scope::Read => only_reads,
            Scope::Server(own) => own == server,
            Scope::ServerRead(own) => own == server && only_reads,
            Scope::Tool(own, name) => own == server && &*name.0 == tool,
            Scope::Admin | Scope::Publish | Scope::Audit => false,
        })
    }

    /// Whether they allow all of a server.
    pub fn allow_all(&self, server: &ServerSlug) -> bool {
        self.0.iter().any(|scope| match scope {
            Scope::Mcp => true,
            Scope::Server(own) => own == server,
            _ => false,
        })
    }

    /// What both allow, as far as scopes can say it: never more than either.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        let pairs = self
            .0
            .iter()
            .flat_map(|own| other.0.iter().filter_map(|other| own.meet(other)));
        let mut met: Vec<Scope> = Vec::new();
        for scope in pairs {
            if !met.iter().any(|known| known.covers(&scope)) {
                met.retain(|known| !scope.covers(known));
                met.push(scope);
            }
        }
        met.sort_unstable();
        // Of two short lists the pairs may be many.
        met.truncate(SCOPES_MAX);
        Self(met)
    }
}

#[cfg(test)]
mod tests;
