//! What a new release does otherwise than the one that is live.
//!
//! Who has come to trust a server has come to trust what it was: a description that changes later is how trust is
//! misused. So each text that a model reads is compared, not only what the server can touch.

use std::collections::BTreeMap;

use serde_json::Value;
use smcp_capability::http::HostGrant;
use smcp_package::Asks;

use crate::analysis::{Live, Subject};
use crate::code::Code;
use crate::finding::{Findings, quoted};
use crate::texts::{LISTS, key};

/// Compares a release with the live one.
pub(crate) fn look(subject: &Subject<'_>, catalogue: &Value, live: &Live, findings: &mut Findings) {
    if live
        .signers
        .iter()
        .all(|signer| !subject.signers.contains(signer))
    {
        let says = "none of the publishers who signed the live release signed this one";
        findings.add(Code::PublisherChanged, "signers", says);
    }
    for interface in subject.manifest.capabilities() {
        if !live.interfaces.iter().any(|known| known == interface) {
            let says = format!("it imports {interface}, which {} does not", live.version);
            findings.add(Code::NewCapability, "imports", says);
        }
    }
    look_at_reach(subject.manifest.asks(), &live.asks, findings);
    let before: Value = serde_json::from_str(&live.catalogue).unwrap_or_default();
    if catalogue.get("instructions") != before.get("instructions") {
        let says = changed(before.get("instructions"), catalogue.get("instructions"));
        findings.add(Code::TextChanged, "instructions", says);
    }
    for list in LISTS {
        look_at_list(
            list,
            &items(&before, list),
            &items(catalogue, list),
            findings,
        );
    }
}

fn look_at_reach(asks: &Asks, before: &Asks, findings: &mut Findings) {
    for asked in asks.http() {
        if let Some(new) = HostGrant::missing(before.http(), asked) {
            let methods: Vec<String> = new.methods.iter().map(ToString::to_string).collect();
            let says = format!("it asks for {} to {}", methods.join(", "), new.host);
            findings.add(Code::NewReach, "manifest/asks/http", says);
        }
    }
    for secret in asks.secrets() {
        let known = before
            .secrets()
            .iter()
            .find(|known| known.name == secret.name);
        let place = format!("manifest/asks/secrets/{}", secret.name);
        match known {
            None => findings.add(Code::NewReach, &place, "it asks for this secret"),
            Some(known) => {
                for host in secret.hosts.difference(&known.hosts) {
                    findings.add(
                        Code::NewReach,
                        &place,
                        format!("it asks to send it to {host}"),
                    );
                }
            }
        }
    }
}

fn items<'a>(catalogue: &'a Value, list: &str) -> BTreeMap<&'a str, &'a Value> {
    let items = catalogue.get(list).and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .map(|item| (key(item), item))
        .collect()
}

fn look_at_list(
    list: &str,
    before: &BTreeMap<&str, &Value>,
    after: &BTreeMap<&str, &Value>,
    findings: &mut Findings,
) {
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        findings.add(
            Code::ItemRemoved,
            &format!("{list}/{name}"),
            "it is not there any more",
        );
    }
    for (name, item) in after {
        let place = format!("{list}/{name}");
        match before.get(name) {
            None => findings.add(Code::ItemAdded, &place, "the live release does not have it"),
            Some(old) => look_at_item(&place, old, item, findings),
        }
    }
}

fn look_at_item(place: &str, old: &Value, new: &Value, findings: &mut Findings) {
    for member in ["title", "description"] {
        if old.get(member) != new.get(member) {
            let says = changed(old.get(member), new.get(member));
            findings.add(Code::TextChanged, &format!("{place}/{member}"), says);
        }
    }
    if old.get("annotations") != new.get("annotations") {
        let json = |item: &Value| {
            item.get("annotations")
                .map_or("none".to_owned(), Value::to_string)
        };
        let says = format!(
            "it was {}, and is {}",
            quoted(&json(old)),
            quoted(&json(new))
        );
        findings.add(
            Code::AnnotationsChanged,
            &format!("{place}/annotations"),
            says,
        );
    }
    for member in ["inputSchema", "outputSchema", "arguments"] {
        let (old, new) = (old.get(member), new.get(member));
        if old == new {
            continue;
        }
        let place = format!("{place}/{member}");
        if old.map(words) != new.map(words) {
            findings.add(Code::TextChanged, &place, "texts in it are others");
        }
        findings.add(Code::SchemaChanged, &place, "it is another");
    }
}

fn changed(old: Option<&Value>, new: Option<&Value>) -> String {
    let text = |value: Option<&Value>| match value.and_then(Value::as_str) {
        Some(text) => format!("{:?}", quoted(text)),
        None => "nothing".to_owned(),
    };
    format!("it said {}, and says {}", text(old), text(new))
}

/// The descriptions and titles in a schema.
fn words(schema: &Value) -> Vec<&str> {
    match schema {
        Value::Object(members) => {
            let said = members
                .iter()
                .filter(|(name, _)| matches!(name.as_str(), "title" | "description"));
            let said = said.filter_map(|(_, value)| value.as_str());
            said.chain(members.values().flat_map(words)).collect()
        }
        Value::Array(items) => items.iter().flat_map(words).collect(),
        _ => Vec::new(),
    }
}
