//! What earlier versions of the host have stored is opened, and means what it meant.
//!
//! `storage/{layout}.stored` is a platform as the host of that layout left it: two tenants with one of everything.
//! `storage/{layout}.json` is what its admins saw then. A layout is written once, by the host that first has it
//! (`SMCP_WRITE_LAYOUT=1 cargo test -p smcp-tenant --test turns storage_versions`), and never again.

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::stage::{ACME, OTHER, furnish};
use crate::world::{Stored, World};

/// Where an admin can look at what a tenant has, without naming more than a server.
pub(crate) const PLACES: [&str; 18] = [
    "",
    "/publishers",
    "/servers",
    "/servers/hello/releases",
    "/servers/hello/grants",
    "/servers/hello/secrets",
    "/servers/hello/config",
    "/servers/hello/tapes",
    "/tapes",
    "/keys",
    "/limits",
    "/quotas",
    "/members",
    "/connections",
    "/provider",
    "/clients",
    "/origins",
    "/audit/settings",
];

/// The layout that this host writes.
const LAYOUT: u32 = 4;

fn file(layout: u32, kind: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/turns/storage");
    PathBuf::from(folder).join(format!("{layout}.{kind}"))
}

/// Everything that an admin can look at without naming more than a server.
fn seen(world: &mut World) -> Value {
    let mut seen = Map::new();
    for tenant in [ACME, OTHER] {
        for place in PLACES.into_iter().chain(["/audit"]) {
            let path = format!("/tenants/{tenant}{place}");
            let answer = world.admin("GET", &path, Value::Null);
            assert_eq!(answer.status(), 200, "{path}: {}", answer.text());
            seen.insert(path, answer.json());
        }
    }
    seen.into()
}

/// Whether all that was seen then is seen now. What a later version tells besides is its own.
fn assert_within(then: &Value, now: &Value, at: &str) {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            for (name, value) in then {
                let at = format!("{at}/{name}");
                let now = now.get(name).unwrap_or_else(|| panic!("{at} is gone"));
                assert_within(value, now, &at);
            }
        }
        (Value::Array(then), Value::Array(now)) => {
            assert_eq!(then.len(), now.len(), "{at}");
            for (place, (then, now)) in then.iter().zip(now).enumerate() {
                assert_within(then, now, &format!("{at}/{place}"));
            }
        }
        _ => assert_eq!(then, now, "{at}"),
    }
}

fn write(layout: u32) {
    let mut world = World::new();
    for tenant in [ACME, OTHER] {
        furnish(&mut world, tenant);
    }
    let stored = world.stored().to_bytes();
    let seen = serde_json::to_string_pretty(&seen(&mut world)).unwrap();
    std::fs::write(file(layout, "stored"), stored).unwrap();
    std::fs::write(file(layout, "json"), seen + "\n").unwrap();
}

#[test]
fn what_every_earlier_layout_has_stored_is_opened_and_means_the_same() {
    if std::env::var_os("SMCP_WRITE_LAYOUT").is_some() && !file(LAYOUT, "stored").exists() {
        write(LAYOUT);
    }
    for layout in 1..=LAYOUT {
        let stored = std::fs::read(file(layout, "stored")).unwrap_or_else(|error| {
            panic!("layout {layout}: {error}; the head of this file says how it is written")
        });
        let then = std::fs::read(file(layout, "json")).unwrap();
        let then: Value = serde_json::from_slice(&then).unwrap();
        let mut world = Stored::from_bytes(&stored).wake();
        assert_within(&then, &seen(&mut world), &format!("layout {layout}: "));
        // Once more, as it is stored now.
        let mut world = world.stored().wake();
        assert_within(
            &then,
            &seen(&mut world),
            &format!("layout {layout} again: "),
        );
    }
}
