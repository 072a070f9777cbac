//! Making and proving the API keys and access tokens of one tenant.
//!
//! The MAC of a key is HMAC-SHA-256 over tenant and id, under the tenant's key for this purpose. So
//! who holds the keyring can prove any key without a record of it, narrowed or not, and cannot tell from
//! that whether it is still in force.

use smcp_crypto::{Binding, NONCE_BYTES, Purpose, PurposeKeys, TenantKeys};
use smcp_ids::{KeyId, TenantId, UnixMillis};

use crate::credential::ApiKey;
use crate::error::AuthError;
use crate::principal::Principal;
use crate::record::KeyRecord;
use crate::restriction::Restrictions;
use crate::token::{AccessClaims, AccessToken, ProvenToken};

/// What the MAC is over: the form of the key, then its fields.
const DOMAIN: &str = "smcp api key 1";

/// Makes and proves the API keys and access tokens of one tenant.
#[derive(Clone, Debug)]
pub struct Keyring {
    tenant: TenantId,
    keys: PurposeKeys,
    tokens: PurposeKeys,
}

/// A key whose MAC is right: this deployment made it. Whether it is in force, its record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenKey {
    tenant: TenantId,
    id: KeyId,
    restrictions: Restrictions,
    master_version: u32,
}

impl Keyring {
    /// The keyring of a tenant. A tenant that does not exist has one too, so that its keys are
    /// refused in the same way and the same time as forged ones.
    pub fn new(tenant: TenantId, keys: &TenantKeys) -> Self {
        Self {
            tenant,
            keys: keys.purpose(Purpose::ApiKey),
            tokens: keys.purpose(Purpose::AccessToken),
        }
    }

    /// The tenant whose keys these are.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The text of the key with that id. The same each time, as long as the master key is the same.
    pub fn mint(&self, id: &KeyId) -> String {
        let mac = self.keys.mac(&self.binding(id));
        ApiKey::new(self.tenant.clone(), id.clone(), mac).reveal()
    }

    /// Proves a key: that it is of this tenant, and that this deployment made it, or it was narrowed from one
    /// that it made. In constant time for one tenant, one number of master keys and the same restrictions.
    ///
    /// # Errors
    /// [`AuthError::OtherTenant`] or [`AuthError::BadMac`].
    pub fn verify(&self, key: &ApiKey) -> Result<ProvenKey, AuthError> {
        if *key.tenant() != self.tenant {
            return Err(AuthError::OtherTenant);
        }
        let (binding, links) = (self.binding(key.id()), key.restrictions().links());
        let version = self.keys.chained_mac_version(&binding, &links, key.tag());
        let master_version = version.ok_or(AuthError::BadMac)?;
        Ok(ProvenKey {
            tenant: self.tenant.clone(),
            id: key.id().clone(),
            restrictions: key.restrictions().clone(),
            master_version,
        })
    }

    /// The text of an access token. The nonce must be random. `None` if the claims cannot be written, which
    /// those of our own can.
    pub fn mint_token(&self, nonce: [u8; NONCE_BYTES], claims: &AccessClaims) -> Option<String> {
        AccessToken::mint(&self.tenant, &self.tokens, nonce, claims)
    }

    /// Proves an access token: that it is of this tenant, and that this deployment made it.
    ///
    /// # Errors
    /// [`AuthError::OtherTenant`] or [`AuthError::BadToken`].
    pub fn open_token(&self, token: &AccessToken) -> Result<ProvenToken, AuthError> {
        if *token.tenant() != self.tenant {
            return Err(AuthError::OtherTenant);
        }
        token.open(&self.tokens)
    }

    fn binding(&self, id: &KeyId) -> Binding {
        Binding::new(DOMAIN)
            .text(self.tenant.as_str())
            .text(id.as_str())
    }
}

impl ProvenKey {
    /// The tenant it belongs to.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Its id: where its record is.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The version of the master key it was made under: one that is not current should be replaced
    /// before that version is retired.
    pub fn master_version(&self) -> u32 {
        self.master_version
    }

    /// Whether it was narrowed to a time that is over. That needs no record.
    pub fn is_over(&self, now: UnixMillis) -> bool {
        self.restrictions.is_over(now)
    }

    /// The principal that the key stands for, if the tenant's record of it says that it is in force
    /// at `now`. `record` is what the tenant has under [`ProvenKey::id`].
    ///
    /// # Errors
    /// [`AuthError::NoRecord`], [`AuthError::Revoked`] or [`AuthError::Expired`].
    pub fn admit(
        self,
        record: Option<&KeyRecord>,
        now: UnixMillis,
    ) -> Result<Principal, AuthError> {
        let record = KeyRecord::in_force(record, &self.id, now)?;
        Principal::of_key(self.tenant, record, self.restrictions, now)
    }
}
