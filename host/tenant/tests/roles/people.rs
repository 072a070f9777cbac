//! The rows of the matrix: everybody who may come with a request, as the tenant `acme` knows them.

use smcp_auth::{AccessClaims, Keyring};
use smcp_ids::UnixMillis;

use crate::stage::{ACME, made};
use crate::world::{ADMIN, World};

/// Somebody who sends a request.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) name: &'static str,
    /// What comes after `Bearer`; none: no credential at all.
    pub(crate) bearer: Option<String>,
    pub(crate) is: Is,
}

/// What a credential is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Is {
    /// None, or one of nobody.
    Nobody,
    /// A key that says it is of `acme`, and does not hold.
    BadKey,
    /// A key of `acme` with these scopes.
    Key(&'static [&'static str]),
    /// An access token of `acme` that does not hold.
    Token,
    /// An access token of a member of `acme`, for all servers as one.
    Member,
    /// The platform's admin.
    Platform,
}

/// Keys in force: who has one, and its scopes.
const KEYS: [(&str, &[&str]); 8] = [
    ("a key for MCP", &["mcp"]),
    ("a key for MCP that only reads", &["mcp:read"]),
    ("a key of one server", &["mcp/hello"]),
    ("a key of one tool", &["mcp/hello/greet"]),
    ("a publisher", &["publish"]),
    ("an auditor", &["audit"]),
    ("a tenant admin", &["admin"]),
    (
        "a publisher who audits and uses MCP",
        &["mcp", "publish", "audit"],
    ),
];

/// Makes everybody in that world.
pub(crate) fn people(world: &mut World, member: &str) -> Vec<Person> {
    let person = |name, bearer: &str, is| Person {
        name,
        bearer: Some(bearer.to_owned()),
        is,
    };
    let good = made(world, "mcp publish audit admin", None);
    let mut people = vec![
        Person {
            name: "nobody",
            bearer: None,
            is: Is::Nobody,
        },
        person(
            "a wrong admin token",
            "an-admin-token-of-nobody",
            Is::Nobody,
        ),
        person("a forged key", &altered(&good), Is::BadKey),
        person("a revoked key", &revoked(world), Is::BadKey),
        person("an expired key", &expired(world), Is::BadKey),
        person("the platform admin", ADMIN, Is::Platform),
        person("a member", &token(world, member, 600_000), Is::Member),
        person("a member too late", &token(world, member, 0), Is::Token),
        person(
            "a member that is none",
            &token(world, "m1", 600_000),
            Is::Token,
        ),
    ];
    for (name, scopes) in KEYS {
        let key = made(world, &scopes.join(" "), None);
        people.push(person(name, &key, Is::Key(scopes)));
    }
    people
}

/// The same key with another MAC.
fn altered(key: &str) -> String {
    let (start, mac) = key.split_at(key.len() - 43);
    let first = if mac.starts_with('A') { 'B' } else { 'A' };
    format!("{start}{first}{}", &mac[1..])
}

fn revoked(world: &mut World) -> String {
    let key = made(world, "mcp publish audit admin", None);
    let id = key.split('_').nth(2).unwrap();
    let path = format!("/tenants/{ACME}/keys/{id}");
    let answer = world.admin("DELETE", &path, serde_json::Value::Null);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    key
}

fn expired(world: &mut World) -> String {
    let key = made(world, "mcp publish audit admin", Some(0));
    world.pass(1.0);
    key
}

/// An access token with every scope there is, of this deployment, for all servers as one.
fn token(world: &World, member: &str, millis: u64) -> String {
    let tenant: smcp_ids::TenantId = ACME.parse().unwrap();
    let keyring = Keyring::new(tenant.clone(), &World::master().tenant(&tenant));
    let claims = AccessClaims {
        member: member.parse().unwrap(),
        grant: "g1".parse().unwrap(),
        server: None,
        scopes: "mcp admin publish audit".parse().unwrap(),
        expires: UnixMillis(world.now() + millis),
    };
    keyring.mint_token([7; 12], &claims).unwrap()
}
