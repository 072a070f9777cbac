//! What a release asks for, held against what its server has, and against what another release asks for.
//!
//! It decides what is missing and what is new. Granting, and going live, are the admin API's.

use std::collections::BTreeSet;

use serde::Serialize;
use smcp_capability::http::send::Access;
use smcp_capability::http::{HostGrant, HostPattern, Secret};
use smcp_package::{AskedSecret, Asks};

/// What a server would have to be granted for a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Missing {
    /// Hosts, each with the methods that are not granted.
    http: Vec<HostGrant>,
    secrets: Vec<MissingSecret>,
}

/// A secret that is not set, or not bound to all hosts that it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct MissingSecret {
    name: String,
    /// Those that it is not bound to.
    hosts: Vec<HostPattern>,
    /// Whether there is one of that name.
    is_set: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl Missing {
    /// What is asked for and not there.
    pub(crate) fn of(asks: &Asks, access: &Access) -> Self {
        let hosts = asks.http().iter();
        let secrets = asks.secrets().iter();
        Self {
            http: hosts
                .filter_map(|asked| HostGrant::missing(&access.grants, asked))
                .collect(),
            secrets: secrets
                .filter_map(|asked| missing_secret(asked, &access.secrets.0))
                .collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.http.is_empty() && self.secrets.is_empty()
    }
}

impl core::fmt::Display for Missing {
    /// In one line, for a refusal.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let hosts = self.http.iter().map(|asked| {
            let methods: Vec<_> = asked.methods.iter().map(|method| method.as_str()).collect();
            format!("{} to {}", methods.join(", "), asked.host)
        });
        let secrets = self
            .secrets
            .iter()
            .map(|asked| format!("the secret {}", asked.name));
        let parts: Vec<_> = hosts.chain(secrets).collect();
        f.write_str(&parts.join("; "))
    }
}

fn missing_secret(asked: &AskedSecret, set: &[Secret]) -> Option<MissingSecret> {
    let found = set.iter().find(|secret| secret.name() == asked.name);
    let bound = found.map_or(&[][..], Secret::hosts);
    let hosts = unbound(&asked.hosts, bound);
    (found.is_none() || !hosts.is_empty()).then(|| MissingSecret {
        name: asked.name.clone(),
        hosts,
        is_set: found.is_some(),
        description: asked.description.clone(),
    })
}

/// Those that none of the others includes.
fn unbound<'a>(
    hosts: &BTreeSet<HostPattern>,
    bound: impl IntoIterator<Item = &'a HostPattern> + Copy,
) -> Vec<HostPattern> {
    let is_bound = |host: &&HostPattern| bound.into_iter().any(|other| other.includes(host));
    hosts
        .iter()
        .filter(|host| !is_bound(host))
        .cloned()
        .collect()
}

/// What a release can touch: what its module imports, and what it asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    pub(crate) interfaces: Vec<String>,
    pub(crate) asks: Asks,
}

/// How the reach of a release differs from that of the one that answers now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Diff {
    new: Part,
    gone: Part,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Part {
    interfaces: Vec<String>,
    http: Vec<HostGrant>,
    secrets: Vec<SecretPart>,
    settings: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct SecretPart {
    name: String,
    hosts: Vec<HostPattern>,
}

impl Diff {
    pub(crate) fn between(before: &Reach, after: &Reach) -> Self {
        Self {
            new: Part::beyond(after, before),
            gone: Part::beyond(before, after),
        }
    }
}

impl Part {
    /// What one has that the other has not.
    fn beyond(one: &Reach, other: &Reach) -> Self {
        let interfaces = one.interfaces.iter();
        let config = one.asks.config().keys();
        let hosts = one.asks.http().iter();
        let secrets = one.asks.secrets().iter();
        Self {
            interfaces: interfaces
                .filter(|name| !other.interfaces.contains(name))
                .cloned()
                .collect(),
            http: hosts
                .filter_map(|asked| HostGrant::missing(other.asks.http(), asked))
                .collect(),
            secrets: secrets
                .filter_map(|asked| secret_beyond(asked, &other.asks))
                .collect(),
            settings: config
                .filter(|name| !other.asks.config().contains_key(*name))
                .cloned()
                .collect(),
        }
    }
}

fn secret_beyond(asked: &AskedSecret, other: &Asks) -> Option<SecretPart> {
    let same = other
        .secrets()
        .iter()
        .find(|secret| secret.name == asked.name);
    let nowhere = BTreeSet::new();
    let hosts = unbound(&asked.hosts, same.map_or(&nowhere, |secret| &secret.hosts));
    (same.is_none() || !hosts.is_empty()).then(|| SecretPart {
        name: asked.name.clone(),
        hosts,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::{Value, json};
    use smcp_capability::http::Secrets;

    use super::*;

    fn asks(value: &Value) -> Asks {
        Asks::parse(&value.to_string()).unwrap()
    }

    fn access(grants: &[(&str, &[&str])], secrets: &[(&str, &[&str])]) -> Access {
        let grant = |(host, methods): &(&str, &[&str])| HostGrant {
            host: host.parse().unwrap(),
            methods: methods
                .iter()
                .map(|method| method.parse().unwrap())
                .collect(),
        };
        let secret = |(name, hosts): &(&str, &[&str])| {
            let hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
            Secret::new(*name, "a-long-value", hosts).unwrap()
        };
        Access {
            grants: grants.iter().map(grant).collect(),
            secrets: Secrets(secrets.iter().map(secret).collect()),
        }
    }

    #[test]
    fn what_is_missing_is_what_is_asked_for_and_not_there() {
        let asked = asks(&json!({
            "http": [
                {"host": "api.example.com", "methods": ["GET", "POST"]},
                {"host": "*.example.org", "methods": ["GET"]},
            ],
            "secrets": [{"name": "A", "hosts": ["api.example.com", "x.example.org"]}, {"name": "B"}],
        }));
        let all = [
            ("api.example.com", &["GET", "POST"][..]),
            ("*.example.org", &["GET"][..]),
        ];
        let both = [
            ("A", &["api.example.com", "*.example.org"][..]),
            ("B", &["b.example.net"][..]),
        ];
        let wide = [
            ("*.example.com", &["GET"][..]),
            ("api.example.com", &["POST"][..]),
        ];
        let missing = |grants: &[(&str, &[&str])], secrets: &[(&str, &[&str])]| {
            serde_json::to_value(Missing::of(&asked, &access(grants, secrets))).unwrap()
        };
        let a =
            json!({"name": "A", "hosts": ["api.example.com", "x.example.org"], "is_set": false});
        let b = json!({"name": "B", "hosts": [], "is_set": false});
        for (grants, secrets, http, lacking) in [
            (&all[..], &both[..], json!([]), json!([])),
            (
                &all[..1],
                &both[..],
                json!([{"host": "*.example.org", "methods": ["GET"]}]),
                json!([]),
            ),
            (
                &wide[..1],
                &both[..],
                json!([
                    {"host": "api.example.com", "methods": ["POST"]},
                    {"host": "*.example.org", "methods": ["GET"]},
                ]),
                json!([]),
            ),
            (
                &wide[..],
                &both[..],
                json!([{"host": "*.example.org", "methods": ["GET"]}]),
                json!([]),
            ),
            // A grant of one name is none of all.
            (
                &[all[0], ("a.example.org", &["GET"][..])][..],
                &both[..],
                json!([{"host": "*.example.org", "methods": ["GET"]}]),
                json!([]),
            ),
            (&all[..], &[][..], json!([]), json!([a, b])),
            (
                &all[..],
                &[("A", &["api.example.com"][..]), both[1]][..],
                json!([]),
                json!([{"name": "A", "hosts": ["x.example.org"], "is_set": true}]),
            ),
            // What a secret is called is not what another is called.
            (
                &all[..],
                &[both[0], ("b", &["b.example.net"][..])][..],
                json!([]),
                json!([b]),
            ),
        ] {
            let expected = json!({"http": http, "secrets": lacking});
            assert_eq!(missing(grants, secrets), expected, "{grants:?} {secrets:?}");
        }
    }

    #[test]
    fn a_diff_says_what_is_new_and_what_is_gone() {
        let reach = |interfaces: &[&str], asked: Value| Reach {
            interfaces: interfaces.iter().map(|name| (*name).to_owned()).collect(),
            asks: asks(&asked),
        };
        let before = reach(
            &["context", "http"],
            json!({
                "http": [{"host": "api.example.com", "methods": ["GET", "HEAD"]}],
                "secrets": [{"name": "A", "hosts": ["api.example.com"]}, {"name": "OLD"}],
                "config": {"limit": {"type": "integer"}, "old": {}},
            }),
        );
        let after = reach(
            &["context", "http", "kv"],
            json!({
                "http": [
                    {"host": "api.example.com", "methods": ["GET", "POST"]},
                    {"host": "b.example.com", "methods": ["GET"]},
                ],
                "secrets": [{"name": "A", "hosts": ["api.example.com", "b.example.com"]}, {"name": "NEW"}],
                "config": {"limit": {"type": "string"}, "new": {}},
            }),
        );
        let nothing = json!({"interfaces": [], "http": [], "secrets": [], "settings": []});
        let diff = |one, other| serde_json::to_value(Diff::between(one, other)).unwrap();
        assert_eq!(
            diff(&before, &before),
            json!({"new": nothing, "gone": nothing})
        );
        let expected = json!({
            "new": {
                "interfaces": ["kv"],
                "http": [
                    {"host": "api.example.com", "methods": ["POST"]},
                    {"host": "b.example.com", "methods": ["GET"]},
                ],
                "secrets": [{"name": "A", "hosts": ["b.example.com"]}, {"name": "NEW", "hosts": []}],
                "settings": ["new"],
            },
            "gone": {
                "interfaces": [],
                "http": [{"host": "api.example.com", "methods": ["HEAD"]}],
                "secrets": [{"name": "OLD", "hosts": []}],
                "settings": ["old"],
            },
        });
        assert_eq!(diff(&before, &after), expected);
    }
}
