//! What a server asks of its admin, in its manifest: other hosts, secrets, settings.
//!
//! Asking gives nothing: an admin grants. It refuses what would mean nothing, or not the same to everybody: names that
//! are there twice, hosts without a method, a secret for a host that is not asked for. Whether the schema
//! of a setting can be compiled, those who check settings must find out.
//!
//! A server may send requests and ask for no host: where a tenant's own systems are, its publisher cannot
//! know, and its admin grants what it needs. The other way round is refused at admission: what a module
//! cannot use, nobody shall be asked for.

use core::fmt;
use core::marker::PhantomData;
use std::collections::{BTreeMap, BTreeSet};

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use smcp_capability::contract::{CONFIG, HTTP};
use smcp_capability::http::secret::is_name;
use smcp_capability::http::{HostGrant, HostPattern};
use smcp_ids::limits;

use crate::error::{Limit, PackageError, at_most};

/// What a server asks of its admin. A value of this type is well formed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Asks(Wire);

/// A secret that a server asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedSecret {
    /// Its name.
    pub name: String,
    /// Where it is to go; empty where the admin knows.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub hosts: BTreeSet<HostPattern>,
    /// What it is, for the admin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The JSON object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wire {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "objects")]
    http: Vec<HostGrant>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "objects")]
    secrets: Vec<AskedSecret>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[serde(deserialize_with = "schemas")]
    config: BTreeMap<String, Value>,
}

impl Asks {
    /// What asks for these hosts, secrets and settings; a setting has the JSON Schema of its value.
    ///
    /// # Errors
    /// [`PackageError::Asks`] or [`PackageError::TooMany`].
    pub fn new(
        http: Vec<HostGrant>,
        secrets: Vec<AskedSecret>,
        config: BTreeMap<String, Value>,
    ) -> Result<Self, PackageError> {
        Self::of(Wire {
            http,
            secrets,
            config,
        })
    }

    /// Reads what [`Asks::to_json`] wrote.
    ///
    /// # Errors
    /// [`PackageError::ManifestMalformed`], and those of [`Asks::new`].
    pub fn parse(json: &str) -> Result<Self, PackageError> {
        let Object(wire) = serde_json::from_str(json).map_err(malformed)?;
        Self::of(wire)
    }

    /// The JSON text, always the same for the same.
    ///
    /// # Errors
    /// None that a value of this type has.
    pub fn to_json(&self) -> Result<String, PackageError> {
        serde_json::to_string(&self.0).map_err(malformed)
    }

    /// The hosts, and the methods of requests to them.
    pub fn http(&self) -> &[HostGrant] {
        &self.0.http
    }

    /// The secrets.
    pub fn secrets(&self) -> &[AskedSecret] {
        &self.0.secrets
    }

    /// The JSON Schema of each setting, by name. Empty: the server says nothing of its settings.
    pub fn config(&self) -> &BTreeMap<String, Value> {
        &self.0.config
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.0 == Wire::default()
    }

    pub(crate) fn of(wire: Wire) -> Result<Self, PackageError> {
        let asks = Self(wire);
        asks.check_hosts()?;
        asks.check_secrets()?;
        asks.check_config()?;
        let bytes = asks.to_json()?.len();
        at_most(Limit::Asks, bytes as u64, limits::ASKS_MAX as u64)?;
        Ok(asks)
    }

    pub(crate) fn to_wire(&self) -> Option<Wire> {
        (!self.is_empty()).then(|| self.0.clone())
    }

    fn check_hosts(&self) -> Result<(), PackageError> {
        let hosts = self.http();
        at_most(
            Limit::AskedHosts,
            hosts.len() as u64,
            limits::GRANTS_MAX as u64,
        )?;
        let mut seen = BTreeSet::new();
        for HostGrant { host, methods } in hosts {
            if methods.is_empty() {
                return Err(refused(format!("{host} is asked for without a method")));
            }
            if !seen.insert(host) {
                return Err(refused(format!("{host} is asked for twice")));
            }
        }
        Ok(())
    }

    fn check_secrets(&self) -> Result<(), PackageError> {
        let secrets = self.secrets();
        at_most(
            Limit::AskedSecrets,
            secrets.len() as u64,
            limits::SECRETS_MAX as u64,
        )?;
        let mut seen = BTreeSet::new();
        for secret in secrets {
            let name = &secret.name;
            if !is_name(name) {
                return Err(refused(format!("{name:?} is not the name of a secret")));
            }
            if !seen.insert(name) {
                return Err(refused(format!("the secret {name} is asked for twice")));
            }
            self.check_secret(secret)?;
        }
        Ok(())
    }

    fn check_secret(&self, secret: &AskedSecret) -> Result<(), PackageError> {
        let AskedSecret {
            name,
            hosts,
            description,
        } = secret;
        at_most(
            Limit::AskedHosts,
            hosts.len() as u64,
            limits::SECRET_HOSTS_MAX as u64,
        )?;
        let is_asked = |host: &HostPattern| self.http().iter().any(|ask| ask.host.includes(host));
        if let Some(host) = hosts.iter().find(|host| !is_asked(host)) {
            return Err(refused(format!(
                "the secret {name} is to go to {host}, which is not asked for"
            )));
        }
        let description = description.as_deref().unwrap_or_default();
        // Admins read it on a terminal.
        if description.chars().any(char::is_control) {
            return Err(refused(format!(
                "the description of the secret {name} has control characters"
            )));
        }
        at_most(
            Limit::Description,
            description.len() as u64,
            limits::DESCRIPTION_MAX as u64,
        )
    }

    fn check_config(&self) -> Result<(), PackageError> {
        let config = self.config();
        at_most(
            Limit::AskedSettings,
            config.len() as u64,
            limits::SETTINGS_MAX as u64,
        )?;
        for (name, schema) in config {
            if !is_setting_name(name) {
                return Err(refused(format!("{name:?} is not the name of a setting")));
            }
            if !schema.is_object() {
                return Err(refused(format!(
                    "the schema of the setting {name} is not an object"
                )));
            }
        }
        Ok(())
    }

    /// Refuses what a module with these imports could not use.
    pub(crate) fn check_used(&self, imported: &BTreeSet<String>) -> Result<(), PackageError> {
        let Wire {
            http,
            secrets,
            config,
        } = &self.0;
        let unused = [
            (!http.is_empty(), "hosts", HTTP),
            (!secrets.is_empty(), "secrets", HTTP),
            (!config.is_empty(), "settings", CONFIG),
        ];
        let is_unused = |(asks, _, interface): &(bool, &'static str, &'static str)| {
            *asks && !imported.contains(*interface)
        };
        match unused.into_iter().find(is_unused) {
            None => Ok(()),
            Some((_, what, interface)) => Err(PackageError::AsksUnused { what, interface }),
        }
    }
}

/// Whether a text is the name of a setting.
pub fn is_setting_name(text: &str) -> bool {
    (1..=limits::SETTING_NAME_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

fn refused(reason: String) -> PackageError {
    PackageError::Asks { reason }
}

fn malformed(error: serde_json::Error) -> PackageError {
    PackageError::ManifestMalformed {
        reason: error.to_string(),
    }
}

fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    let items = Vec::<Object<T>>::deserialize(from)?;
    Ok(items.into_iter().map(|Object(item)| item).collect())
}

/// A structure that is written as an object. `serde` takes an array of its members for one too, and no other
/// reader does.
pub(crate) struct Object<T>(pub(crate) T);

impl<T: Serialize> Serialize for Object<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}

fn schemas<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Value>, D::Error> {
    match Strict::deserialize(from)?.0 {
        Value::Object(members) => Ok(members.into_iter().collect()),
        _ => Err(de::Error::custom("config is not an object")),
    }
}

/// A JSON value in which no object has a name twice: readers differ on what that means.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some((name, Strict(value))) = members.next_entry::<String, _>()? {
            if all.contains_key(&name) {
                return Err(de::Error::custom(format!("duplicate field `{name}`")));
            }
            all.insert(name, value);
        }
        Ok(all.into())
    }
}
