//! The rows of an object's storage: typed, encoded and sealed in one place.
//!
//! A row is sealed under the tenant's key for records and bound to its object, table and key: a row
//! copied from elsewhere does not open.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use smcp_auth::{Allowance, KeyRecord, MemberRecord};
use smcp_capability::http::{HostGrant, Method, Secret};
use smcp_capability::turn::{Mutation, PublicConfig, Record, Table};
use smcp_crypto::{Binding, NONCE_BYTES, Purpose, PurposeKeys, TenantKeys};
use smcp_ids::{
    ClientId, GrantId, MemberId, PublisherKey, ReleaseDigest, ServerSlug, TenantId, UnixMillis,
};
use smcp_oauth::ClientMetadata;
use smcp_oauth::upstream::Issuer;
use smcp_package::{AdmissionRecord, Asks};

use crate::asks::Reach;
use crate::audit::Head;
use crate::life::LifeRecord;
use crate::release::{Approval, Canary, Standing};
use crate::reseal::ResealRecord;
use crate::root::{DataKeys, RootRecord};
use crate::tapes::Keeps;

mod directory;
pub(crate) mod earlier;

pub(crate) use self::directory::Directory;

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
    /// The release that answers some callers in place of the live one.
    pub(crate) canary: Option<Canary>,
    /// The release that was live before, and is again after a rollback.
    pub(crate) before: Option<ReleaseDigest>,
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
    pub(crate) standing: Standing,
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
    /// What the edge must know.
    pub(crate) public: PublicConfig,
    /// What all its callers together may use.
    pub(crate) allowance: Allowance,
}

/// Where the tenant's members can sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProviderRecord {
    pub(crate) issuer: Issuer,
    /// The name of this host there.
    pub(crate) client_id: String,
    /// What it proves itself with there.
    pub(crate) secret: String,
    pub(crate) changed: UnixMillis,
}

impl core::fmt::Debug for ProviderRecord {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "ProviderRecord({})", self.issuer)
    }
}

/// Whether a release that is published must be approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ApprovalRecord {
    pub(crate) approval: Approval,
}

/// How far the chain of what was done has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuditRecord {
    pub(crate) head: Head,
    /// For how many days entries are kept.
    pub(crate) keep_days: u32,
    /// The day, counted from 1970, on which the head was signed last.
    pub(crate) signed_day: u64,
    /// Whether each call of a tool, prompt or resource is an entry.
    pub(crate) calls: bool,
}

/// How much there may be of a tenant, as the platform's admin has set it; none: as much as there may be of any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QuotasRecord {
    pub(crate) servers: Option<u32>,
    /// Of each server.
    pub(crate) releases: Option<u32>,
    pub(crate) keys: Option<u32>,
    pub(crate) members: Option<u32>,
    /// Of all its modules together.
    pub(crate) module_bytes: Option<u64>,
    /// Of the key-value store of each server.
    pub(crate) store_bytes: Option<u64>,
    /// What all its callers together may use, whatever the tenant's own admin allows.
    pub(crate) allowance: Allowance,
}

/// Which findings keep a release from being published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PolicyRecord {
    /// The JSON of a [`smcp_analysis::FindingPolicy`], which a later version may take for none.
    pub(crate) policy: String,
    pub(crate) changed: UnixMillis,
}

/// A client that an admin has registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientRecord {
    pub(crate) id: ClientId,
    pub(crate) metadata: ClientMetadata,
    pub(crate) created: UnixMillis,
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
    Provider(ProviderRecord),
    Approval(ApprovalRecord),
    Audit(AuditRecord),
    Root(RootRecord),
    Life(LifeRecord),
    Reseal(ResealRecord),
    Policy(PolicyRecord),
    Quotas(QuotasRecord),
    Member(MemberRecord),
    Client(ClientRecord),
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
    DeleteProvider,
    DeletePolicy,
    DeleteMember(MemberId),
    DeleteClient(ClientId),
    DeleteEnded(GrantId),
}

/// The row of the object that has what was chosen.
const OPTIONS: &str = "options";
/// The row of the object that says where members can sign in.
const PROVIDER: &str = "provider";
/// The row of the object that says how far its chain has come.
const AUDIT: &str = "audit";
/// The row of the object that says which findings refuse.
const POLICY: &str = "policy";
/// The row of the object that says how much there may be of its tenant.
const QUOTAS: &str = "quotas";
/// The row of the object that says whether releases must be approved.
const APPROVAL: &str = "approval";

/// The row of the object that says what became of its tenant.
const LIFE: &str = "life";
/// The row of the object that says how far sealing it again has come.
const RESEAL: &str = "reseal";
/// The row of the object that says what it was made as.
pub(crate) const ROOT: &str = "root";

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
            Self::DeleteProvider => (Table::Object, PROVIDER.to_owned()),
            Self::DeletePolicy => (Table::Object, POLICY.to_owned()),
            Self::DeleteMember(member) => (Table::Members, member.to_string()),
            Self::DeleteClient(client) => (Table::Clients, client.to_string()),
            Self::DeleteEnded(grant) => (Table::Ended, grant.to_string()),
        })
    }
}

impl Row {
    /// Whether it is about this very object: of no meaning in another of the same tenant.
    pub(crate) fn is_of_the_object_itself(&self) -> bool {
        matches!(self, Self::Root(_) | Self::Life(_) | Self::Reseal(_))
    }

    pub(crate) fn place(&self) -> (Table, String) {
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
            Self::Provider(_) => (Table::Object, PROVIDER.to_owned()),
            Self::Audit(_) => (Table::Object, AUDIT.to_owned()),
            Self::Root(_) => (Table::Object, ROOT.to_owned()),
            Self::Life(_) => (Table::Object, LIFE.to_owned()),
            Self::Reseal(_) => (Table::Object, RESEAL.to_owned()),
            Self::Policy(_) => (Table::Object, POLICY.to_owned()),
            Self::Quotas(_) => (Table::Object, QUOTAS.to_owned()),
            Self::Approval(_) => (Table::Object, APPROVAL.to_owned()),
            Self::Member(row) => (Table::Members, row.id.to_string()),
            Self::Client(row) => (Table::Clients, row.id.to_string()),
            Self::Ended(row) => (Table::Ended, row.grant.to_string()),
        }
    }

    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
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
            Self::Provider(row) => postcard::to_allocvec(row),
            Self::Audit(row) => postcard::to_allocvec(row),
            Self::Root(row) => postcard::to_allocvec(row),
            Self::Life(row) => postcard::to_allocvec(row),
            Self::Reseal(row) => postcard::to_allocvec(row),
            Self::Policy(row) => postcard::to_allocvec(row),
            Self::Quotas(row) => postcard::to_allocvec(row),
            Self::Approval(row) => postcard::to_allocvec(row),
            Self::Member(row) => postcard::to_allocvec(row),
            Self::Client(row) => postcard::to_allocvec(row),
            Self::Ended(row) => postcard::to_allocvec(row),
        }
        .ok()
    }
}

/// Seals and opens the rows of one object.
pub(crate) struct Sealer {
    object: String,
    /// For the row that has the object's secret.
    outer: PurposeKeys,
    /// For all others.
    keys: DataKeys,
}

impl Sealer {
    /// Of an object with the keys of its tenant.
    pub(crate) fn new(object: String, keys: &TenantKeys, root: &RootRecord) -> Self {
        Self {
            object,
            outer: keys.purpose(Purpose::Records),
            keys: DataKeys::new(keys, root, Purpose::Records),
        }
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
        let binding = binding(&self.object, table, &key);
        let bytes = row.encode()?;
        let value = match row {
            Row::Root(_) => self.outer.seal(nonce, &binding, &bytes),
            _ => self.keys.seal(nonce, &binding, &bytes),
        };
        let value = value.ok()?;
        Some(Mutation::Put(Record { table, key, value }))
    }

    /// Opens a row, still encoded. `None` if it was not sealed for this place.
    pub(crate) fn open(&self, record: &Record) -> Option<Vec<u8>> {
        let binding = binding(&self.object, record.table, &record.key);
        self.keys.open(&binding, &record.value).ok()
    }
}

/// What the value of a row is bound to.
pub(crate) fn binding(object: &str, table: Table, key: &str) -> Binding {
    Binding::new("record")
        .text(object)
        .text(table.as_str())
        .text(key)
}

impl Row {
    /// A row from what it was encoded to.
    pub(crate) fn decode(table: Table, key: &str, bytes: &[u8]) -> Option<Self> {
        Some(match table {
            Table::Object => match key {
                OPTIONS => Self::Options(decode(bytes)?),
                PROVIDER => Self::Provider(decode(bytes)?),
                AUDIT => Self::Audit(decode(bytes)?),
                POLICY => Self::Policy(decode(bytes)?),
                QUOTAS => Self::Quotas(decode(bytes)?),
                APPROVAL => Self::Approval(decode(bytes)?),
                ROOT => Self::Root(decode(bytes)?),
                LIFE => Self::Life(decode(bytes)?),
                RESEAL => Self::Reseal(decode(bytes)?),
                _ => Self::Tenant(decode(bytes)?),
            },
            Table::Tenants => Self::Listed(decode(bytes)?),
            Table::Publishers => Self::Publisher(decode(bytes)?),
            Table::Servers => Self::Server(decode(bytes)?),
            Table::Releases => Self::Release(Box::new(decode(bytes)?)),
            Table::Keys => Self::Key(decode(bytes)?),
            Table::Settings => Self::Setting(decode(bytes)?),
            Table::Grants => Self::Grant(decode(bytes)?),
            Table::Secrets => Self::Secret(decode(bytes)?),
            Table::Members => Self::Member(decode(bytes)?),
            Table::Clients => Self::Client(decode(bytes)?),
            Table::Ended => Self::Ended(decode(bytes)?),
        })
    }
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
