//! The rows of an object's storage: typed, encoded and sealed in one place.
//!
//! A row is sealed under the tenant's key for records and bound to its object, table and key: a row
//! copied from elsewhere does not open.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use smcp_auth::{Allowance, KeyRecord, MemberRecord, Records};
use smcp_capability::http::send::Access;
use smcp_capability::http::{HostGrant, Method, Secret, Secrets};
use smcp_capability::turn::{Mutation, Record, Table};
use smcp_crypto::{Binding, NONCE_BYTES, PurposeKeys};
use smcp_ids::{
    GrantId, KeyId, MemberId, PublisherKey, ReleaseDigest, ServerSlug, TenantId, UnixMillis,
};
use smcp_package::{AdmissionRecord, Asks};

use crate::asks::Reach;
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
    /// The release that will, when it is granted what it asks for.
    pub(crate) waiting: Option<ReleaseDigest>,
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
    /// What its module imports.
    pub(crate) interfaces: Vec<String>,
    /// What it asks for: the JSON of [`Asks`], which a later version may take for none.
    pub(crate) asks: String,
}

impl ReleaseRecord {
    /// What it asks for.
    pub(crate) fn asks(&self) -> Option<Asks> {
        Asks::parse(&self.asks).ok()
    }

    /// What it can touch.
    pub(crate) fn reach(&self) -> Reach {
        Reach {
            interfaces: self.interfaces.clone(),
            asks: self.asks().unwrap_or_default(),
        }
    }
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

/// Leave for a server to send requests to some hosts. The pattern is text: one that a later version takes
/// for none leads nowhere then, and keeps no row from being opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GrantRecord {
    pub(crate) server: ServerSlug,
    /// A [`smcp_capability::http::HostPattern`], as it prints itself.
    pub(crate) host: String,
    pub(crate) methods: BTreeSet<Method>,
    pub(crate) changed: UnixMillis,
}

impl GrantRecord {
    /// What it grants.
    pub(crate) fn grant(&self) -> Option<HostGrant> {
        Some(HostGrant {
            host: self.host.parse().ok()?,
            methods: self.methods.clone(),
        })
    }
}

/// A secret of a server. Its hosts are text for the reason that those of grants are.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SecretRecord {
    pub(crate) server: ServerSlug,
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) hosts: Vec<String>,
    pub(crate) changed: UnixMillis,
}

impl SecretRecord {
    /// The secret, as requests carry it.
    pub(crate) fn secret(&self) -> Option<Secret> {
        let hosts = self.hosts.iter().filter_map(|host| host.parse().ok());
        Secret::new(&*self.name, &*self.value, hosts.collect()).ok()
    }
}

impl core::fmt::Debug for SecretRecord {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SecretRecord({}/{})", self.server, self.name)
    }
}

/// What the admin has chosen for the tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OptionsRecord {
    pub(crate) tapes: Keeps,
    /// What all its callers together may use.
    pub(crate) allowance: Allowance,
}

/// A grant that was ended. What it had given out is refused as long as the row is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EndedRecord {
    pub(crate) grant: GrantId,
    pub(crate) ended: UnixMillis,
}

/// A row, opened.
#[derive(Clone, Debug)]
pub(crate) enum Row {
    Tenant(TenantRecord),
    Listed(TenantRecord),
    Publisher(PublisherRecord),
    Server(ServerRecord),
    Release(Box<ReleaseRecord>),
    Key(KeyRecord),
    Setting(SettingRecord),
    Grant(GrantRecord),
    Secret(SecretRecord),
    Options(OptionsRecord),
    Member(MemberRecord),
    Ended(EndedRecord),
}

/// A change to one row.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Put(Row),
    DeleteListed(TenantId),
    DeleteServer(ServerSlug),
    DeleteRelease(ServerSlug, ReleaseDigest),
    DeleteSetting(ServerSlug, String),
    DeleteGrant(ServerSlug, String),
    DeleteSecret(ServerSlug, String),
    DeleteMember(MemberId),
    DeleteEnded(GrantId),
}

/// The row of the object that has what was chosen.
const OPTIONS: &str = "options";

/// The one place for storage keys.
fn release_key(server: &ServerSlug, release: &ReleaseDigest) -> String {
    format!("{server}/{release}")
}

/// Of a setting, a secret, or a grant, whose name is its hosts.
fn named_key(server: &ServerSlug, name: &str) -> String {
    format!("{server}/{name}")
}

impl Change {
    /// The place of the row that it removes, if it removes one.
    fn deletes(&self) -> Option<(Table, String)> {
        Some(match self {
            Self::Put(_) => return None,
            Self::DeleteListed(tenant) => (Table::Tenants, tenant.to_string()),
            Self::DeleteServer(server) => (Table::Servers, server.to_string()),
            Self::DeleteRelease(server, release) => (Table::Releases, release_key(server, release)),
            Self::DeleteSetting(server, name) => (Table::Settings, named_key(server, name)),
            Self::DeleteGrant(server, host) => (Table::Grants, named_key(server, host)),
            Self::DeleteSecret(server, name) => (Table::Secrets, named_key(server, name)),
            Self::DeleteMember(member) => (Table::Members, member.to_string()),
            Self::DeleteEnded(grant) => (Table::Ended, grant.to_string()),
        })
    }
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
            Self::Setting(row) => (Table::Settings, named_key(&row.server, &row.name)),
            Self::Grant(row) => (Table::Grants, named_key(&row.server, &row.host)),
            Self::Secret(row) => (Table::Secrets, named_key(&row.server, &row.name)),
            Self::Options(_) => (Table::Object, OPTIONS.to_owned()),
            Self::Member(row) => (Table::Members, row.id.to_string()),
            Self::Ended(row) => (Table::Ended, row.grant.to_string()),
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
            Self::Grant(row) => postcard::to_allocvec(row),
            Self::Secret(row) => postcard::to_allocvec(row),
            Self::Options(row) => postcard::to_allocvec(row),
            Self::Member(row) => postcard::to_allocvec(row),
            Self::Ended(row) => postcard::to_allocvec(row),
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
            deleted => {
                let (table, key) = deleted.deletes()?;
                return Some(Mutation::Delete { table, key });
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
            Table::Releases => Row::Release(Box::new(decode(&bytes)?)),
            Table::Keys => Row::Key(decode(&bytes)?),
            Table::Settings => Row::Setting(decode(&bytes)?),
            Table::Grants => Row::Grant(decode(&bytes)?),
            Table::Secrets => Row::Secret(decode(&bytes)?),
            Table::Members => Row::Member(decode(&bytes)?),
            Table::Ended => Row::Ended(decode(&bytes)?),
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
    pub(crate) grants: BTreeMap<(ServerSlug, String), GrantRecord>,
    pub(crate) secrets: BTreeMap<(ServerSlug, String), SecretRecord>,
    pub(crate) options: OptionsRecord,
    pub(crate) members: BTreeMap<MemberId, MemberRecord>,
    pub(crate) ended: BTreeMap<GrantId, EndedRecord>,
}

impl Records for Directory {
    fn key(&self, id: &KeyId) -> Option<&KeyRecord> {
        self.keys.get(id)
    }

    fn member(&self, id: &MemberId) -> Option<&MemberRecord> {
        self.members.get(id)
    }

    fn is_ended(&self, grant: &GrantId) -> bool {
        self.ended.contains_key(grant)
    }
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
                    .insert((row.server.clone(), row.admission.release), *row);
            }
            Change::Put(Row::Key(row)) => {
                self.keys.insert(row.id.clone(), row);
            }
            Change::Put(Row::Setting(row)) => {
                let place = (row.server.clone(), row.name.clone());
                self.settings.insert(place, row);
            }
            Change::Put(Row::Options(row)) => self.options = row,
            Change::Put(Row::Member(row)) => {
                self.members.insert(row.id.clone(), row);
            }
            Change::DeleteMember(member) => {
                self.members.remove(&member);
            }
            Change::Put(Row::Ended(row)) => {
                self.ended.insert(row.grant.clone(), row);
            }
            Change::DeleteEnded(grant) => {
                self.ended.remove(&grant);
            }
            Change::DeleteSetting(server, name) => {
                self.settings.remove(&(server, name));
            }
            Change::Put(Row::Grant(row)) => {
                let place = (row.server.clone(), row.host.clone());
                self.grants.insert(place, row);
            }
            Change::DeleteGrant(server, host) => {
                self.grants.remove(&(server, host));
            }
            Change::Put(Row::Secret(row)) => {
                let place = (row.server.clone(), row.name.clone());
                self.secrets.insert(place, row);
            }
            Change::DeleteSecret(server, name) => {
                self.secrets.remove(&(server, name));
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
        named(&self.settings, server)
    }

    /// The grants of a server, by pattern.
    pub(crate) fn grants_of<'a>(
        &'a self,
        server: &'a ServerSlug,
    ) -> impl Iterator<Item = &'a GrantRecord> {
        named(&self.grants, server)
    }

    /// The secrets of a server, by name.
    pub(crate) fn secrets_of<'a>(
        &'a self,
        server: &'a ServerSlug,
    ) -> impl Iterator<Item = &'a SecretRecord> {
        named(&self.secrets, server)
    }

    /// What a server may reach now, and with what: asked anew for each request, so that a change holds for
    /// the next one.
    pub(crate) fn access(&self, server: &ServerSlug) -> Access {
        let secrets = self.secrets_of(server).filter_map(SecretRecord::secret);
        Access {
            grants: self
                .grants_of(server)
                .filter_map(GrantRecord::grant)
                .collect(),
            secrets: Secrets(secrets.collect()),
        }
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

/// The rows of a server in a table whose rows have a server and a name.
fn named<'a, T>(
    rows: &'a BTreeMap<(ServerSlug, String), T>,
    server: &'a ServerSlug,
) -> impl Iterator<Item = &'a T> {
    rows.range((server.clone(), String::new())..)
        .take_while(move |((slug, _), _)| slug == server)
        .map(|(_, row)| row)
}

#[cfg(test)]
mod tests;
