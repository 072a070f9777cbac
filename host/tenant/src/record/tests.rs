//! What a server may reach follows from its rows, and nothing printed has a secret.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn directory() -> Directory {
    let mut directory = Directory::default();
    for server in ["a", "ab", "b"] {
        let server: ServerSlug = server.parse().unwrap();
        let grant = |host: &str| GrantRecord {
            server: server.clone(),
            host: host.to_owned(),
            methods: BTreeSet::from([Method::Get]),
            changed: UnixMillis(1),
        };
        // As if a later version took it for none.
        for host in ["api.example.com", "no pattern"] {
            directory.apply(Change::Put(Row::Grant(grant(host))));
        }
        let secret = |name: &str, hosts: &[&str]| SecretRecord {
            server: server.clone(),
            name: name.to_owned(),
            value: format!("value-of-{server}"),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            changed: UnixMillis(1),
        };
        for row in [
            secret("good", &["no pattern", "api.example.com"]),
            secret("gone", &["no pattern"]),
        ] {
            directory.apply(Change::Put(Row::Secret(row)));
        }
    }
    directory
}

#[test]
fn a_server_reaches_what_its_own_rows_say_and_nothing_that_has_no_meaning_any_more() {
    let access = directory().access(&"a".parse().unwrap());
    let hosts: Vec<_> = access
        .grants
        .iter()
        .map(|grant| grant.host.to_string())
        .collect();
    assert_eq!(hosts, ["api.example.com"]);
    let secrets: Vec<_> = access
        .secrets
        .0
        .iter()
        .map(|secret| (secret.name(), secret.reveal()))
        .collect();
    assert_eq!(secrets, [("good", "value-of-a")]);
}

#[test]
fn a_row_that_was_removed_is_gone_at_once() {
    let mut directory = directory();
    let server: ServerSlug = "a".parse().unwrap();
    directory.apply(Change::DeleteGrant(
        server.clone(),
        "api.example.com".to_owned(),
    ));
    directory.apply(Change::DeleteSecret(server.clone(), "good".to_owned()));
    let access = directory.access(&server);
    assert!(access.grants.is_empty() && access.secrets.0.is_empty());
    assert_eq!(directory.access(&"ab".parse().unwrap()).grants.len(), 1);
}

#[test]
fn what_is_printed_of_a_directory_has_no_secret() {
    assert!(!format!("{:?}", directory()).contains("value-of"));
}
