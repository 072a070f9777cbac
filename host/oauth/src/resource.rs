//! The resource that a token is for: one MCP endpoint of this host (RFC 8707).

use serde::{Deserialize, Serialize};
use smcp_ids::{ServerSlug, TenantId};

/// An MCP endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Whose it is.
    pub tenant: TenantId,
    /// The server; none: all of the tenant as one.
    pub server: Option<ServerSlug>,
}

impl Resource {
    /// Reads the URL of an endpoint of the host that is called at `base`. Case means nothing in scheme and name
    /// (2026-07-28, basic/authorization, "Canonical Server URI"), and a slash at the end is passed over.
    pub fn parse(text: &str, base: &str) -> Option<Self> {
        let (own, path) = text.split_at_checked(base.len())?;
        if base.is_empty() || !own.eq_ignore_ascii_case(base) {
            return None;
        }
        Self::of_path(path.strip_suffix('/').unwrap_or(path))
    }

    /// Reads the path of an endpoint.
    pub fn of_path(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/t/")?.strip_suffix("/mcp")?;
        let (tenant, server) = match rest.split_once('/') {
            Some((tenant, server)) => (tenant, Some(server.parse().ok()?)),
            None => (rest, None),
        };
        Some(Self {
            tenant: tenant.parse().ok()?,
            server,
        })
    }

    /// Its path.
    pub fn path(&self) -> String {
        match &self.server {
            Some(server) => format!("/t/{}/{server}/mcp", self.tenant),
            None => format!("/t/{}/mcp", self.tenant),
        }
    }
}
