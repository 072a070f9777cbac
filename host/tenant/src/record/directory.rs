//! All rows of an object, opened, and what is asked of them together.

use std::collections::BTreeMap;

use smcp_auth::{KeyRecord, MemberRecord, Records};
use smcp_capability::http::Secrets;
use smcp_capability::http::send::Access;
use smcp_ids::{
    ClientId, GrantId, KeyId, MemberId, PublisherKey, ReleaseDigest, ServerSlug, TenantId,
};

use crate::life::LifeRecord;
use crate::release::Approval;
use crate::reseal::ResealRecord;
use crate::root::RootRecord;

use super::{
    ApprovalRecord, AuditRecord, Change, ClientRecord, EndedRecord, GrantRecord, OptionsRecord,
    PolicyRecord, ProviderRecord, PublisherRecord, QuotasRecord, ReleaseRecord, Row, SecretRecord,
    ServerRecord, SettingRecord, TenantRecord,
};

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
    pub(crate) provider: Option<ProviderRecord>,
    pub(crate) approval: Approval,
    pub(crate) audit: Option<AuditRecord>,
    pub(crate) root: Option<RootRecord>,
    pub(crate) life: LifeRecord,
    pub(crate) reseal: Option<ResealRecord>,
    pub(crate) policy: Option<PolicyRecord>,
    pub(crate) quotas: Option<QuotasRecord>,
    pub(crate) members: BTreeMap<MemberId, MemberRecord>,
    pub(crate) clients: BTreeMap<ClientId, ClientRecord>,
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
            Change::Put(Row::Provider(row)) => self.provider = Some(row),
            Change::DeleteProvider => self.provider = None,
            Change::Put(Row::Audit(row)) => self.audit = Some(row),
            Change::Put(Row::Root(row)) => self.root = Some(row),
            Change::Put(Row::Life(row)) => self.life = row,
            Change::Put(Row::Reseal(row)) => self.reseal = Some(row),
            Change::Put(Row::Policy(row)) => self.policy = Some(row),
            Change::DeletePolicy => self.policy = None,
            Change::Put(Row::Quotas(row)) => self.quotas = Some(row),
            Change::Put(Row::Approval(row)) => self.approval = row.approval,
            Change::Put(Row::Member(row)) => {
                self.members.insert(row.id.clone(), row);
            }
            Change::DeleteMember(member) => {
                self.members.remove(&member);
            }
            Change::Put(Row::Client(row)) => {
                self.clients.insert(row.id.clone(), row);
            }
            Change::DeleteClient(client) => {
                self.clients.remove(&client);
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

    /// All rows, in no particular order; what was never chosen as it is from the beginning.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        // Taken apart, so that none can be forgotten: a row that is missing here is lost to an export.
        let Self {
            tenant,
            listed,
            publishers,
            servers,
            releases,
            keys,
            settings,
            grants,
            secrets,
            options,
            provider,
            approval,
            audit,
            root,
            life,
            reseal,
            policy,
            quotas,
            members,
            clients,
            ended,
        } = self;
        let approval = *approval;
        let of_the_object = [
            tenant.clone().map(Row::Tenant),
            Some(Row::Options(options.clone())),
            provider.clone().map(Row::Provider),
            Some(Row::Approval(ApprovalRecord { approval })),
            audit.clone().map(Row::Audit),
            root.clone().map(Row::Root),
            Some(Row::Life(life.clone())),
            reseal.clone().map(Row::Reseal),
            policy.clone().map(Row::Policy),
            quotas.map(Row::Quotas),
        ];
        let releases = releases.values().cloned().map(Box::new);
        let of = of_the_object.into_iter().flatten();
        of.chain(listed.values().cloned().map(Row::Listed))
            .chain(publishers.values().cloned().map(Row::Publisher))
            .chain(servers.values().cloned().map(Row::Server))
            .chain(releases.map(Row::Release))
            .chain(keys.values().cloned().map(Row::Key))
            .chain(settings.values().cloned().map(Row::Setting))
            .chain(grants.values().cloned().map(Row::Grant))
            .chain(secrets.values().cloned().map(Row::Secret))
            .chain(members.values().cloned().map(Row::Member))
            .chain(clients.values().cloned().map(Row::Client))
            .chain(ended.values().cloned().map(Row::Ended))
    }

    /// How much there may be of its tenant.
    pub(crate) fn quotas(&self) -> QuotasRecord {
        self.quotas.unwrap_or_default()
    }

    /// How many bytes all modules have, one more among them. One that several servers have is stored once.
    pub(crate) fn module_bytes_with(&self, release: ReleaseDigest, size: u64) -> u64 {
        let there = self.releases.values();
        let mut sizes: BTreeMap<ReleaseDigest, u64> =
            there.map(|row| (row.admission.release, row.size)).collect();
        sizes.insert(release, size);
        sizes.values().sum()
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

    /// A release of a server.
    pub(crate) fn release(
        &self,
        server: &ServerSlug,
        release: ReleaseDigest,
    ) -> Option<&ReleaseRecord> {
        self.releases.get(&(server.clone(), release))
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
