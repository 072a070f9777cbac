//! The rows of an object's storage, as they pass between the engine and the shell.

use serde::{Deserialize, Serialize};

/// A table of the object's storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Table {
    /// One row: what the object is.
    Object,
    /// Tenants (in the platform object only).
    Tenants,
    /// Trusted publishers, by key.
    Publishers,
    /// Servers, by slug.
    Servers,
    /// Releases, by `{server}/{digest}`.
    Releases,
    /// API keys, by id.
    Keys,
    /// Settings, by `{server}/{name}`.
    Settings,
    /// Grants of other hosts, by `{server}/{host pattern}`.
    Grants,
    /// Secrets, by `{server}/{name}`.
    Secrets,
    /// Members, by id.
    Members,
    /// Clients that an admin has registered, by id.
    Clients,
    /// Grants that were ended, by id.
    Ended,
}

impl Table {
    /// The name of the table in storage, and in the associated data of what is sealed in it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Tenants => "tenants",
            Self::Publishers => "publishers",
            Self::Servers => "servers",
            Self::Releases => "releases",
            Self::Keys => "keys",
            Self::Settings => "settings",
            Self::Grants => "grants",
            Self::Secrets => "secrets",
            Self::Members => "members",
            Self::Clients => "clients",
            Self::Ended => "ended",
        }
    }

    /// The table of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Object,
            Self::Tenants,
            Self::Publishers,
            Self::Servers,
            Self::Releases,
            Self::Keys,
            Self::Settings,
            Self::Grants,
            Self::Secrets,
            Self::Members,
            Self::Clients,
            Self::Ended,
        ]
        .into_iter()
        .find(|table| table.as_str() == name)
    }
}

/// One row of the object's storage. The value is sealed: only the engine can read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its table.
    pub table: Table,
    /// Its key in the table.
    pub key: String,
    /// Its sealed value.
    #[serde(with = "serde_bytes")]
    pub value: Vec<u8>,
}

/// A change to one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mutation {
    /// Writes a row, whether there is one or not.
    Put(Record),
    /// Removes a row, if there is one.
    Delete {
        /// Its table.
        table: Table,
        /// Its key.
        key: String,
    },
}
