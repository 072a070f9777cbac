//! Who may do what: everybody who may come, everything that can be asked, in one's own tenant, in another, and in
//! one that there is not. Each cell is a test. What is not allowed is answered alike, byte for byte, whether or not
//! there is what was asked for, and changes nothing.
//!
//! These are the objects' answers. That the edge's are the same, `tests/tests/roles.rs` shows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod asks;
mod people;
#[path = "../turns/provider/mod.rs"]
mod provider;
mod stage;
#[path = "../turns/world/mod.rs"]
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use asks::{Ask, Thing, asks};
use libtest_mimic::{Arguments, Trial};
use people::{Is, Person, people};
use smcp_capability::turn::Reply;
use stage::{ACME, GHOST, OTHER, Things, furnish};
use world::{Stored, World};

/// Everything that a cell begins with.
struct Stage {
    stored: Stored,
    things: BTreeMap<&'static str, Things>,
}

/// What somebody must be answered.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    /// It is done, or its own reasons are told.
    Status(u16),
    Refused(u16, &'static str),
}

fn main() {
    let arguments = Arguments::from_args();
    let mut world = World::new();
    let things = [ACME, OTHER].map(|tenant| (tenant, furnish(&mut world, tenant)));
    let people = people(&mut world, &things[0].1.member);
    let stage = Arc::new(Stage {
        stored: world.stored(),
        things: things.into(),
    });
    let mut trials = Vec::new();
    for person in &people {
        for ask in asks() {
            for (tenant, place) in [
                (ACME, "in its own tenant"),
                (OTHER, "in another tenant"),
                (GHOST, "in a tenant that there is not"),
            ] {
                let expected = expected(person, &ask, tenant);
                let may = match expected {
                    Expected::Status(_) => "may",
                    Expected::Refused(..) => "may not",
                };
                let name = format!("{} {may} {} {place}", person.name, ask.name);
                let (stage, person, ask) = (stage.clone(), person.clone(), ask.clone());
                trials.push(Trial::test(name, move || {
                    check(&stage, &person, &ask, tenant, &expected);
                    Ok(())
                }));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// The rules, in words of their own.
fn expected(person: &Person, ask: &Ask, tenant: &str) -> Expected {
    let unauthorized = Expected::Refused(401, "unauthorized");
    let not_found = Expected::Refused(404, "not_found");
    let lacks = Expected::Refused(403, "insufficient_scope");
    let has = |scopes: &[&str]| scopes.iter().any(|scope| ask.scopes.contains(scope));
    match person.is {
        Is::Member if ask.name == "use all servers" && tenant == ACME => Expected::Status(200),
        Is::Nobody | Is::Token | Is::Member => unauthorized,
        Is::Platform if ask.is_mcp() => unauthorized,
        Is::Platform if ask.status(tenant) == 404 => not_found,
        Is::Platform => Expected::Status(ask.status(tenant)),
        // Not a credential there, whatever it is here.
        Is::BadKey | Is::Key(_) if ask.is_of_platform() => unauthorized,
        Is::BadKey | Is::Key(_) if tenant != ACME && ask.is_mcp() => unauthorized,
        Is::BadKey | Is::Key(_) if tenant != ACME => not_found,
        Is::BadKey => unauthorized,
        // Nothing that anybody in the tenant may know of.
        Is::Key(_) if ask.is_of_admin() => not_found,
        Is::Key(scopes) if has(scopes) => Expected::Status(ask.status(tenant)),
        // A server that one may not see is none.
        Is::Key(scopes) if ask.is_mcp() && scopes[0].starts_with("mcp") => not_found,
        Is::Key(_) => lacks,
    }
}

fn check(stage: &Stage, person: &Person, ask: &Ask, tenant: &str, expected: &Expected) {
    let (reply, changed) = sent(stage, person, ask, tenant, Thing::There);
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    let (status, code) = match expected {
        Expected::Status(status) => return assert_eq!(reply.head.status, *status, "{text}"),
        Expected::Refused(status, code) => (*status, *code),
    };
    let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    let found = (reply.head.status, body["error"]["code"].as_str());
    assert_eq!(found, (status, Some(code)), "{text}");
    assert!(!changed, "a refusal has changed something");
    let challenge = challenge(&reply);
    assert_eq!(challenge.is_some(), status != 404, "{challenge:?}");
    if let (403, false) = (status, ask.is_mcp()) {
        // What would be enough is told.
        let scope = challenge.unwrap().split("scope=\"").nth(1).unwrap();
        assert!(ask.scopes.contains(&scope.trim_end_matches('"')), "{scope}");
    }
    // The platform's admin may know which tenants there are.
    let alone = [tenant];
    let tenants = match (tenant, person.is) {
        (ACME, _) | (_, Is::Platform) => &alone[..],
        _ => &[OTHER, GHOST],
    };
    for other in tenants {
        for thing in [Thing::There, Thing::Missing] {
            let (alike, _) = sent(stage, person, ask, other, thing);
            assert_eq!(reply.head, alike.head, "{other} {thing:?}");
            assert_eq!(
                text,
                String::from_utf8_lossy(&alike.body),
                "{other} {thing:?}"
            );
        }
    }
}

fn challenge(reply: &Reply) -> Option<&str> {
    let mut headers = reply.head.headers.iter();
    let found = headers.find(|(name, _)| name == "www-authenticate");
    found.map(|(_, value)| value.as_str())
}

/// Sends a request to a platform that has just woken. Its answer, and whether anything stored has changed.
fn sent(stage: &Stage, person: &Person, ask: &Ask, tenant: &str, thing: Thing) -> (Reply, bool) {
    let mut world = stage.stored.wake();
    world.web = provider::web;
    let things = stage
        .things
        .get(tenant)
        .or(stage.things.get(OTHER))
        .unwrap();
    let path = ask.path(tenant, things, thing);
    let bearer = person.bearer.as_deref().unwrap_or_default();
    let mut frame = world.frame(ask.method, &path, bearer, ask.body(tenant));
    if person.bearer.is_none() {
        frame.headers.retain(|(name, _)| name != "authorization");
    }
    let mut reply = world.send(&ask.object(tenant), frame).reply;
    // Where to get a credential for what was asked is said by what was asked: that tells nothing of what there is.
    let asked = path.split('?').next().unwrap_or_default();
    for (_, value) in &mut reply.head.headers {
        *value = value.replace(asked, "ASKED");
    }
    let before = stage.stored.wake();
    let changed = before.all_rows() != world.all_rows();
    (reply, changed)
}
