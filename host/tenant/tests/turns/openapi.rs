//! The OpenAPI document names the actions that there are, and no others, and who may do them. That answers are as it
//! says, `tests/tests/openapi.rs` shows on the real platform.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use smcp_tenant::{ACTIONS, Entry};

const DOCUMENT: &str = include_str!("../../../shell/src/openapi.json");

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

/// The operations of the document, by method and path.
fn operations() -> BTreeMap<(String, String), Value> {
    let mut operations = BTreeMap::new();
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if method != "parameters" {
                let place = (method.to_uppercase(), path.clone());
                operations.insert(place, operation.clone());
            }
        }
    }
    operations
}

fn scopes(entry: &Entry) -> Vec<String> {
    entry.scopes.iter().map(ToString::to_string).collect()
}

#[test]
fn it_has_each_action_by_its_name_and_nothing_else() {
    let name = |entry: &Entry| {
        let (first, rest) = entry.name.split_at(1);
        let place = (entry.method.to_owned(), entry.path.to_owned());
        (place, format!("{}{rest}", first.to_lowercase()))
    };
    let actions: BTreeMap<_, _> = ACTIONS.iter().map(name).collect();
    let operations = operations().into_iter();
    let operations: BTreeMap<_, _> = operations
        .map(|(place, operation)| (place, operation["operationId"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(operations, actions);
}

#[test]
fn it_says_of_each_who_may() {
    let operations = operations();
    for entry in ACTIONS {
        let operation = &operations[&(entry.method.to_owned(), entry.path.to_owned())];
        let scopes = scopes(entry);
        assert_eq!(
            operation["x-required-scope"],
            json!(scopes),
            "{}",
            entry.name
        );
        let keys = scopes.iter().map(|scope| json!({"apiKey": [scope]}));
        let security: Vec<Value> = [json!({"adminToken": []})]
            .into_iter()
            .chain(keys)
            .collect();
        assert_eq!(operation["security"], json!(security), "{}", entry.name);
        let roles = roles(&scopes);
        let description = operation["description"].as_str().unwrap();
        assert!(description.ends_with(&roles), "{}: {roles}", entry.name);
    }
}

/// Who has one of these scopes, in words.
fn roles(scopes: &[String]) -> String {
    let mut roles: Vec<&str> = scopes
        .iter()
        .filter_map(|scope| match scope.as_str() {
            "audit" => Some("auditor"),
            "publish" => Some("publisher"),
            _ => None,
        })
        .collect();
    if !scopes.is_empty() {
        roles.push("tenant admin");
    }
    roles.push("platform admin");
    format!("For: {}.", roles.join(", "))
}

#[test]
fn each_operation_says_how_a_credential_is_refused_and_how_anything_else() {
    for ((method, path), operation) in operations() {
        let refusals = if operation["x-required-scope"] == json!([]) {
            ["Unauthorized", "OriginForbidden", "Other"]
        } else {
            ["Unauthorized", "Forbidden", "Other"]
        };
        let found = ["401", "403", "default"].map(|status| {
            let response = &operation["responses"][status]["$ref"];
            response
                .as_str()
                .unwrap_or_default()
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned()
        });
        assert_eq!(found, refusals, "{method} {path}");
        // What is named in a path may be missing.
        let may_be_missing = path.contains('{');
        assert_eq!(
            operation["responses"].get("404").is_some(),
            may_be_missing,
            "{method} {path}"
        );
    }
}
