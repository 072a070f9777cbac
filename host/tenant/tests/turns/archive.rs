//! A tenant leaves as one archive while it is served, and comes back elsewhere as it was at one moment.

use serde_json::{Value, json};

use crate::kv_world::Kv;
use crate::stage::{ACME, furnish};
use crate::storage_versions::PLACES;
use crate::world::World;

/// All pages of an export; `between` is done after each.
fn pages(world: &mut World, mut between: impl FnMut(&mut World)) -> Vec<Value> {
    let mut pages = Vec::new();
    let mut path = "/tenants/acme/export".to_owned();
    loop {
        let answer = world.admin("GET", &path, Value::Null);
        assert_eq!(answer.status(), 200, "{}", answer.text());
        let mut page = answer.json();
        let next = page.as_object_mut().unwrap().remove("next");
        pages.push(page);
        let Some(next) = next else {
            return pages;
        };
        path = format!("/tenants/acme/export?after={}", next.as_str().unwrap());
        between(world);
    }
}

/// Brings all of it to another platform.
fn bring(from: &mut World, pages: &[Value], to: &mut World) {
    let made = to.admin(
        "POST",
        "/tenants",
        json!({"tenant": "acme", "import": true}),
    );
    assert_eq!(made.status(), 201, "{}", made.text());
    let last = pages.last().unwrap();
    for release in last["modules"].as_array().unwrap() {
        let release = release.as_str().unwrap();
        let path = format!("/tenants/acme/export/{release}");
        let package = from.admin("GET", &path, Value::Null).reply.body;
        let path = format!("/tenants/acme/import/{release}");
        let taken = to.admin_bytes("PUT", &path, package);
        assert_eq!(taken.status(), 200, "{}", taken.text());
    }
    for page in pages {
        let page = json!({"layout": page["layout"], "items": page["items"], "rows": page["rows"]});
        let taken = to.admin("POST", "/tenants/acme/import", page);
        assert_eq!(taken.status(), 200, "{}", taken.text());
    }
    let rows = last["rows"].as_array().unwrap().len();
    let path = "/tenants/acme/import/end";
    let taken = to.admin("POST", path, json!({ "rows": rows }));
    assert_eq!(taken.status(), 200, "{}", taken.text());
}

fn seen(world: &mut World) -> Vec<Value> {
    let shown = PLACES.map(|place| {
        let path = format!("/tenants/acme{place}");
        world.admin("GET", &path, Value::Null).json()
    });
    shown.into()
}

#[test]
fn a_tenant_is_elsewhere_what_it_was_and_its_chain_goes_on() {
    let mut world = World::new();
    furnish(&mut world, ACME);
    let pages = pages(&mut world, |_| ());
    // Under another master key: nothing of the platform it came from is needed.
    let mut other = World::new();
    other.master = format!("7:{}", "cd".repeat(32));
    other.pass(1_000.0);
    bring(&mut world, &pages, &mut other);
    assert_eq!(seen(&mut other), seen(&mut world));
    other.evict();
    assert_eq!(seen(&mut other), seen(&mut world));
    let audit = |world: &mut World| {
        let path = "/tenants/acme/audit?limit=200";
        let read = world.admin("GET", path, Value::Null).json();
        read["entries"].as_array().unwrap().clone()
    };
    let (before, after) = (audit(&mut world), audit(&mut other));
    assert_eq!(after[..before.len()], before);
    assert!(after.last().unwrap().to_string().contains("EndImport"));
    let texts = after.iter().map(|entry| entry.as_str().unwrap());
    smcp_tenant::audit::verify(texts, None).unwrap();
}

#[test]
fn what_is_written_while_a_tenant_is_exported_is_all_there_or_not_at_all() {
    let mut kv = Kv::new();
    assert_eq!(kv.run("saxsbxscx"), "");
    let frames = ["saysby", "dcsdy"].map(|program| kv.frame(program, None));
    let mut frames = frames.into_iter();
    // Two pairs that are always written together, and one that goes.
    let pages = pages(&mut kv.world, |world| {
        for frame in frames.by_ref() {
            assert_eq!(world.send("tenant:acme", frame).status(), 200);
        }
    });
    assert_eq!(pages.len(), 2);
    let mut other = World::new();
    bring(&mut kv.world, &pages, &mut other);
    let here = kv.run("gagbgcgd");
    assert_eq!(here, "yy-y");
    // The same master key, so the same API key is good.
    kv.world = other;
    assert_eq!(kv.run("gagbgcgd"), here);
}

#[test]
fn an_archive_is_taken_by_none_but_a_tenant_that_was_made_for_it_and_answers_nothing_before_it_is_in()
 {
    let mut world = World::new();
    let key = world.acme(include_str!("../../../../tests/guests/greet.wat"));
    let refused = world.admin("POST", "/tenants/acme/import", json!({"layout": 1}));
    assert_eq!(refused.json()["error"]["code"], "not_importing");
    let pages = pages(&mut world, |_| ());
    let mut other = World::new();
    other.admin(
        "POST",
        "/tenants",
        json!({"tenant": "acme", "import": true}),
    );
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
    let page = pages.last().unwrap();
    let rows = json!({"layout": page["layout"], "rows": page["rows"]});
    assert_eq!(
        other.admin("POST", "/tenants/acme/import", rows).status(),
        200
    );
    let answer = other.call(&key, &list);
    assert_eq!(answer.json()["error"]["code"], "tenant_incomplete");
    let end = other.admin("POST", "/tenants/acme/import/end", json!({"rows": 1}));
    assert_eq!(end.json()["error"]["code"], "import_incomplete");
}

#[test]
fn what_is_no_part_of_an_archive_is_refused_and_changes_nothing() {
    let mut world = World::new();
    world.admin(
        "POST",
        "/tenants",
        json!({"tenant": "acme", "import": true}),
    );
    let before = world.stored();
    let row = |table: &str, key: &str, value: &str| json!({"layout": 2, "rows": [{"table": table, "key": key, "value": value}]});
    for (page, code) in [
        (json!({"layout": 99}), "written_by_later_host"),
        (row("Servers", "hello", "AAAA"), "invalid_archive"),
        (row("Servers", "hello", "*"), "invalid_archive"),
        // The row of another object: its secret, its life.
        (row("Object", "root", ""), "invalid_archive"),
        (row("Object", "life", "AAAA"), "invalid_archive"),
        (row("Nothing", "hello", ""), "invalid_body"),
        (
            json!({"layout": 2, "items": [{"space": "a", "key": "b", "account": "c", "value": "*"}]}),
            "invalid_archive",
        ),
        (json!({"rows": []}), "invalid_body"),
    ] {
        let answer = world.admin("POST", "/tenants/acme/import", page.clone());
        assert_eq!(
            answer.json()["error"]["code"],
            code,
            "{page}: {}",
            answer.text()
        );
    }
    let release = "11".repeat(32);
    let path = format!("/tenants/acme/import/{release}");
    let wrong = world.admin_bytes("PUT", &path, b"no package".to_vec());
    assert_eq!(wrong.json()["error"]["code"], "invalid_archive");
    assert_eq!(before.wake().all_rows(), world.all_rows());
}
