//! The rows of an object's storage: typed, encoded and sealed in one place.
//!
//! A row is sealed under the tenant's key for records and bound to its object, table and key: a row
//! copied from elsewhere does not open.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use smcp_auth::KeyRecord;
use smcp_capability::turn::{Mutation, Record, Table};
use smcp_crypto::{Binding, NONCE_BYTES, PurposeKeys};
use smcp_ids::{KeyId, PublisherKey, ReleaseDigest, ServerSlug, TenantId, UnixMillis};
use smcp_package::AdmissionRecord;

use crate::tapes::Keeps;

/// A tenant. In its own object it says that the tenant exists; in the platform's it lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TenantRecord {
    pub(crate) tenant: TenantId,
    pub(crate) created: UnixMillis,
}

/// A publisher that a tenant trusts, or trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PublisherRecord {
    pub(crate) key: PublisherKey,
    pub(crate) name: String,
    pub(crate) trusted: UnixMillis,
    pub(crate) revoked: Option<UnixMillis>,
}

/// A server of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServerRecord {
    pub(crate) server: ServerSlug,
    pub(crate) created: UnixMillis,
    /// The release that answers, unless it was stopped.
    pub(crate) live: Option<ReleaseDigest>,
}

/// A release of a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReleaseRecord {
    pub(crate) server: ServerSlug,
    /// What its manifest calls itself.
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) published: UnixMillis,
    /// Size of the package in bytes.
    pub(crate) size: u64,
    pub(crate) admission: AdmissionRecord,
}

/// A setting of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SettingRecord {
    pub(crate) server: ServerSlug,
    pub(crate) name: String,
    /// A JSON value.
    pub(crate) value: String,
    pub(crate) changed: UnixMillis,
}

/// What the admin has chosen for the tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OptionsRecord {
    pub(crate) tapes: Keeps,
}

/// A row, opened.
#[derive(Clone, Debug)]
pub(crate) enum Row {
    Tenant(TenantRecord),
    Listed(TenantRecord),
    Publisher(PublisherRecord),
    Server(ServerRecord),
    Release(ReleaseRecord),
    Key(KeyRecord),
    Setting(SettingRecord),
    Options(OptionsRecord),
}

/// A change to one row.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Put(Row),
    DeleteListed(TenantId),
    DeleteServer(ServerSlug),
    DeleteRelease(ServerSlug, ReleaseDigest),
    DeleteSetting(ServerSlug, String),
}

/// The row of the object that has what was chosen.
const OPTIONS: &str = "options";

/// The one place for storage keys.
fn release_key(server: &ServerSlug, release: &ReleaseDigest) -> String {
    format!("{server}/{release}")
}

fn setting_key(server: &ServerSlug, name: &str) -> String {
    format!("{server}/{name}")
}

impl Row {
    fn place(&self) -> (Table, String) {
        match self {
            Self::Tenant(_) => (Table::Object, "tenant".to_owned()),
            Self::Listed(row) => (Table::Tenants, row.tenant.to_string()),
            Self::Publisher(row) => (Table::Publishers, row.key.to_string()),
            Self::Server(row) => (Table::Servers, row.server.to_string()),
            Self::Release(row) => (
                Table::Releases,
                release_key(&row.server, &row.admission.release),
            ),
            Self::Key(row) => (Table::Keys, row.id.to_string()),
            Self::Setting(row) => (Table::Settings, setting_key(&row.server, &row.name)),
            Self::Options(_) => (Table::Object, OPTIONS.to_owned()),
        }
    }

    fn encode(&self) -> Option<Vec<u8>> {
        match self {
            Self::Tenant(row) | Self::Listed(row) => postcard::to_allocvec(row),
            Self::Publisher(row) => postcard::to_allocvec(row),
            Self::Server(row) => postcard::to_allocvec(row),
            Self::Release(row) => postcard::to_allocvec(row),
            Self::Key(row) => postcard::to_allocvec(row),
            Self::Setting(row) => postcard::to_allocvec(row),
            Self::Options(row) => postcard::to_allocvec(row),
        }
        .ok()
    }
}

/// Seals and opens the rows of one object.
pub(crate) struct Sealer {
    object: String,
    keys: PurposeKeys,
}

impl Sealer {
    pub(crate) fn new(object: String, keys: PurposeKeys) -> Self {
        Self { object, keys }
    }

    fn binding(&self, table: Table, key: &str) -> Binding {
        Binding::new("record")
            .text(&self.object)
            .text(table.as_str())
            .text(key)
    }

    /// The change as storage takes it. The nonce must be fresh.
    pub(crate) fn mutation(&self, change: &Change, nonce: [u8; NONCE_BYTES]) -> Option<Mutation> {
        let row = match change {
            Change::Put(row) => row,
            Change::DeleteListed(tenant) => {
                return Some(Mutation::Delete {
                    table: Table::Tenants,
                    key: tenant.to_string(),
                });
            }
            Change::DeleteServer(server) => {
                return Some(Mutation::Delete {
                    table: Table::Servers,
                    key: server.to_string(),
                });
            }
            Change::DeleteRelease(server, release) => {
                let key = release_key(server, release);
                return Some(Mutation::Delete {
                    table: Table::Releases,
                    key,
                });
            }
            Change::DeleteSetting(server, name) => {
                return Some(Mutation::Delete {
                    table: Table::Settings,
                    key: setting_key(server, name),
                });
            }
        };
        let (table, key) = row.place();
        let value = self
            .keys
            .seal(nonce, &self.binding(table, &key), &row.encode()?)
            .ok()?;
        Some(Mutation::Put(Record { table, key, value }))
    }

    /// Opens a row. `None` if it was not sealed for this place.
    pub(crate) fn open(&self, record: &Record) -> Option<Row> {
        let binding = self.binding(record.table, &record.key);
        let bytes = self.keys.open(&binding, &record.value).ok()?;
        let row = match record.table {
            Table::Object if record.key == OPTIONS => Row::Options(decode(&bytes)?),
            Table::Object => Row::Tenant(decode(&bytes)?),
            Table::Tenants => Row::Listed(decode(&bytes)?),
            Table::Publishers => Row::Publisher(decode(&bytes)?),
            Table::Servers => Row::Server(decode(&bytes)?),
            Table::Releases => Row::Release(decode(&bytes)?),
            Table::Keys => Row::Key(decode(&bytes)?),
            Table::Settings => Row::Setting(decode(&bytes)?),
        };
        Some(row)
    }
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}

/// All rows of an object, opened: what it answers from.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(crate) tenant: Option<TenantRecord>,
    pub(crate) listed: BTreeMap<TenantId, TenantRecord>,
    pub(crate) publishers: BTreeMap<PublisherKey, PublisherRecord>,
    pub(crate) servers: BTreeMap<ServerSlug, ServerRecord>,
    pub(crate) releases: BTreeMap<(ServerSlug, ReleaseDigest), ReleaseRecord>,
    pub(crate) keys: BTreeMap<KeyId, KeyRecord>,
    pub(crate) settings: BTreeMap<(ServerSlug, String), SettingRecord>,
    pub(crate) options: OptionsRecord,
}

impl Directory {
    /// Takes in a change that is stored.
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::Put(Row::Tenant(row)) => self.tenant = Some(row),
            Change::Put(Row::Listed(row)) => {
                self.listed.insert(row.tenant.clone(), row);
            }
            Change::Put(Row::Publisher(row)) => {
                self.publishers.insert(row.key, row);
            }
            Change::Put(Row::Server(row)) => {
                self.servers.insert(row.server.clone(), row);
            }
            Change::Put(Row::Release(row)) => {
                self.releases
                    .insert((row.server.clone(), row.admission.release), row);
            }
            Change::Put(Row::Key(row)) => {
                self.keys.insert(row.id.clone(), row);
            }
            Change::Put(Row::Setting(row)) => {
                let place = (row.server.clone(), row.name.clone());
                self.settings.insert(place, row);
            }
            Change::Put(Row::Options(row)) => self.options = row,
            Change::DeleteSetting(server, name) => {
                self.settings.remove(&(server, name));
            }
            Change::DeleteListed(tenant) => {
                self.listed.remove(&tenant);
            }
            Change::DeleteServer(server) => {
                self.servers.remove(&server);
            }
            Change::DeleteRelease(server, release) => {
                self.releases.remove(&(server, release));
            }
        }
    }

    /// The publishers that are trusted now.
    pub(crate) fn trusted(&self) -> Vec<PublisherKey> {
        let rows = self.publishers.values();
        rows.filter(|row| row.revoked.is_none())
            .map(|row| row.key)
            .collect()
    }

    /// Whether one of these is trusted now.
    pub(crate) fn trusts_any(&self, signers: &[PublisherKey]) -> bool {
        let row = |signer| self.publishers.get(signer);
        signers
            .iter()
            .filter_map(row)
            .any(|row| row.revoked.is_none())
    }

    /// The settings of a server, by name.
    pub(crate) fn settings_of<'a>(
        &'a self,
        server: &'a ServerSlug,
    ) -> impl Iterator<Item = &'a SettingRecord> {
        self.settings
            .range((server.clone(), String::new())..)
            .take_while(move |((slug, _), _)| slug == server)
            .map(|(_, row)| row)
    }

    /// The releases of a server, by digest.
    pub(crate) fn releases_of<'a>(
        &'a self,
        server: &'a ServerSlug,
    ) -> impl Iterator<Item = &'a ReleaseRecord> {
        self.releases
            .range((server.clone(), ReleaseDigest::new([0; 32]))..)
            .take_while(move |((slug, _), _)| slug == server)
            .map(|(_, row)| row)
    }
}
