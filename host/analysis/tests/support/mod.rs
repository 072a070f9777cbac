//! One case: a release made from data, and what is found in it.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    reason = "shared by tests"
)]

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};
use smcp_analysis::{Analysis, Context, Live, Neighbour, Report, Subject};
use smcp_ids::{PublisherKey, ReleaseDigest};
use smcp_package::{Asks, Contents, Manifest, Policy};

/// A release, and what it is held against.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub claim: String,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub catalogue: Value,
    #[serde(default)]
    pub asks: Option<Value>,
    /// Names of imports, `kv#set`.
    #[serde(default)]
    pub imports: Vec<String>,
    /// What is in a data segment.
    #[serde(default)]
    pub data: String,
    /// Whether the module's code is on the list of what is known to be bad.
    #[serde(default)]
    pub known_bad: bool,
    #[serde(default)]
    pub neighbours: Vec<Other>,
    #[serde(default)]
    pub live: Option<Before>,
    /// Pairs of a code and a place.
    #[serde(default)]
    pub finds: BTreeSet<(String, String)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Other {
    pub server: String,
    pub tools: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    #[serde(default)]
    pub catalogue: Value,
    #[serde(default)]
    pub imports: Vec<String>,
    #[serde(default)]
    pub asks: Option<Value>,
    /// Whether somebody else signed it.
    #[serde(default)]
    pub other_publisher: bool,
}

impl Case {
    pub fn of(value: Value) -> Self {
        serde_json::from_value(value).unwrap()
    }

    /// A case with one tool of that description, and nothing else.
    pub fn described(description: &str) -> Self {
        Self::of(json!({"claim": "", "catalogue": {"tools": [
            {"name": "search", "description": description, "inputSchema": {"type": "object"}},
        ]}}))
    }

    pub fn report(&self) -> Report {
        let name = self.name.as_deref().unwrap_or("notes");
        let module = wat::parse_str(self.wat()).unwrap();
        let interfaces: BTreeSet<String> =
            self.imports.iter().map(|import| full(import).0).collect();
        let mut manifest = Manifest::new(
            name.parse().unwrap(),
            "2.0.0",
            catalogue(&self.catalogue),
            interfaces,
        )
        .unwrap();
        if let Some(text) = &self.description {
            manifest = manifest.with_description(text).unwrap();
        }
        manifest = manifest.with_asks(asks(self.asks.as_ref()));
        let signers = [key(1)];
        let subject = Subject {
            release: ReleaseDigest::new([9; 32]),
            manifest: &manifest,
            module: &module,
            signers: &signers,
            limits: Policy::default().grant(manifest.limits()),
        };
        let bad = Contents::read(&module).unwrap().code;
        let analysis = Analysis::new(subject, self.context(), |digest| {
            self.known_bad && *digest == bad
        })
        .unwrap();
        analysis.run().finish()
    }

    pub fn found(&self) -> BTreeSet<(String, String)> {
        let findings = self.report().findings.into_iter();
        findings
            .map(|finding| (finding.code.name().to_owned(), finding.place))
            .collect()
    }

    /// The codes of what is found.
    pub fn codes(&self) -> BTreeSet<String> {
        self.found().into_iter().map(|(code, _)| code).collect()
    }

    fn context(&self) -> Context {
        let neighbours = self.neighbours.iter().map(|other| Neighbour {
            server: other.server.clone(),
            tools: other.tools.clone(),
        });
        Context {
            server: None,
            neighbours: neighbours.collect(),
            live: self.live.as_ref().map(|live| Live {
                version: "1.0.0".to_owned(),
                catalogue: catalogue(&live.catalogue),
                interfaces: live.imports.iter().map(|import| full(import).0).collect(),
                asks: asks(live.asks.as_ref()),
                signers: vec![key(if live.other_publisher { 2 } else { 1 })],
            }),
        }
    }

    fn wat(&self) -> String {
        let imports = self.imports.iter().map(|import| {
            let (interface, name) = full(import);
            format!("(import \"{interface}\" \"{name}\" (func))")
        });
        let data: String = self
            .data
            .bytes()
            .map(|byte| format!("\\{byte:02x}"))
            .collect();
        let imports: String = imports.collect();
        format!("(module {imports} (memory 1) (data (i32.const 0) \"{data}\"))")
    }
}

fn full(import: &str) -> (String, String) {
    let (interface, name) = import.split_once('#').unwrap();
    (format!("smcp:server/{interface}@0.1.0"), name.to_owned())
}

fn catalogue(value: &Value) -> String {
    if value.is_null() {
        "{}".to_owned()
    } else {
        value.to_string()
    }
}

fn asks(value: Option<&Value>) -> Asks {
    value.map_or_else(Asks::default, |value| {
        Asks::parse(&value.to_string()).unwrap()
    })
}

fn key(number: u8) -> PublisherKey {
    smcp_crypto::SigningKey::from_seed(&[number; 32]).public()
}
