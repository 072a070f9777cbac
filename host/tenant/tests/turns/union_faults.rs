//! All servers of a tenant at one address where some are broken, slow, or without end: what the others have is
//! listed, and each one's author is told why it is not.

use crate::united::{OBJECT, SHELF, TELL, UNION, ask, list, world};
use crate::world::World;
use serde_json::{Value, json};
use smcp_ids::limits;
use smcp_tenant::memory_items::MemoryItems;

/// A shelf whose guest does something before it lists, and then lists that.
fn lists(first: &str, text: &str) -> String {
    let old = "\"{\\\"resources\\\":[{\\\"uri\\\":\\\"shelf:1\\\",\\\"name\\\":\\\"one\\\"},{\\\"uri\\\":\\\"https://books.example/\\\",\\\"name\\\":\\\"web\\\"}],\\\"given\\\":\"";
    let call = "(call $given (i32.const 1024) (i32.const 100)";
    assert!(SHELF.contains(old) && SHELF.contains(call));
    let text = format!("{{{text},\"given\":");
    SHELF
        .replace(old, &format!("\"{}\"", text.replace('"', "\\\"")))
        .replace(
            call,
            &format!(
                "{first} (call $given (i32.const 1024) (i32.const {})",
                text.len()
            ),
        )
        .replace(
            "(module",
            "(module (import \"smcp:server/context@0.1.0\" \"sleep\" (func $sleep (param i32)))",
        )
}

const ONE: &str = r#""resources":[{"uri":"shelf:1","name":"one"}]"#;

/// The messages in a server's log, the newest last.
fn log(world: &mut World, server: &str) -> Vec<String> {
    let path = format!("/tenants/acme/servers/{server}/logs?limit=1000");
    let answer = world.admin("GET", &path, Value::Null).json();
    let entries = answer["entries"].as_array().unwrap();
    let text = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
    entries.iter().map(text).collect()
}

#[test]
fn a_guest_that_fails_to_list_keeps_nobody_elses_resources_back() {
    for (broken, why) in [
        (lists("(unreachable)", ONE), "panicked"),
        (lists("", r#""resources":7"#), "\"resources\""),
    ] {
        let (mut world, key) = world(&[("broken", &broken), ("tell", TELL)]);
        let listed = list(&mut world, &key, "resources/list").0;
        assert_eq!(listed, ["smcp+tell+test:it"]);
        let log = log(&mut world, "broken");
        assert!(log.last().is_some_and(|last| last.contains(why)), "{log:?}");
    }
}

#[test]
fn lists_load_no_module_and_a_catalogue_that_is_not_proven_is_left_out_and_its_author_told() {
    let (mut world, key) = world(&[("tell", TELL)]);
    world.evict();
    let kept = core::mem::take(world.modules());
    let all = ["hello__greet", "tell__tell"];
    assert_eq!(list(&mut world, &key, "tools/list").0, all);
    *world.modules() = kept;
    // As a host left it that kept no catalogues: the module has it.
    world.evict();
    world.items(OBJECT).delete("catalogue/tell/");
    assert_eq!(list(&mut world, &key, "tools/list").0, all);
    // One that was altered does not open.
    world.evict();
    let mut bytes = world.items(OBJECT).to_bytes();
    let at = bytes
        .windows(16)
        .position(|window| window == b"catalogue/hello/")
        .unwrap();
    bytes[at + 140] ^= 1;
    *world.items(OBJECT) = MemoryItems::from_bytes(&bytes).unwrap();
    for _ in 0..3 {
        assert_eq!(list(&mut world, &key, "tools/list").0, ["tell__tell"]);
    }
    let told = "left out where all servers of the tenant are one: its catalogue cannot be read";
    // Told once, however often the list is asked for.
    assert_eq!(log(&mut world, "hello"), [told]);
    assert_eq!(log(&mut world, "tell"), [""; 0]);
    world.pass(limits::LOGS_PAUSE_MILLIS as f64);
    list(&mut world, &key, "tools/list");
    assert_eq!(log(&mut world, "hello"), [told; 2]);
}

#[test]
fn a_server_whose_module_is_gone_is_left_out_of_resources_and_its_author_told() {
    let (mut world, key) = world(&[("shelf", SHELF), ("tell", TELL)]);
    world.evict();
    world.modules().clear();
    let listed = list(&mut world, &key, "resources/list").0;
    assert_eq!(listed, ["smcp+tell+test:it"]);
    let told = "left out where all servers of the tenant are one: its module cannot be loaded";
    assert_eq!(log(&mut world, "shelf"), [told]);
    // To call it is another matter.
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "shelf__link"}});
    assert_eq!(world.call_at(UNION, &key, &call).status(), 503);
}

#[test]
fn a_guest_whose_list_has_no_end_keeps_nobody_elses_resources_back() {
    let endless = lists("", &format!("\"nextCursor\":\"n\",{ONE}"));
    let (mut world, key) = world(&[("endless", &endless), ("tell", TELL)]);
    let (listed, pages) = list(&mut world, &key, "resources/list");
    assert_eq!(pages, limits::UNION_GUEST_PAGES + 1);
    assert_eq!(listed.last().unwrap(), "smcp+tell+test:it");
    assert_eq!(listed.len(), limits::UNION_GUEST_PAGES + 1);
    let log = log(&mut world, "endless");
    assert!(
        log.last().is_some_and(|last| last.contains("more pages")),
        "{log:?}"
    );
}

#[test]
fn slow_guests_end_a_page_and_the_next_begins_with_the_server_after_them() {
    let slow = lists("(call $sleep (i32.const 3000))", ONE);
    let servers = ["a", "b", "c"].map(|server| (server, &*slow));
    let (mut world, key) = world(&servers);
    let (listed, pages) = list(&mut world, &key, "resources/list");
    let expected = ["a", "b", "c"].map(|server| format!("smcp+{server}+shelf:1"));
    assert_eq!((listed, pages), (expected.into(), 2));
}

#[test]
fn where_there_is_no_memory_a_page_ends_and_the_client_comes_back_for_the_rest() {
    let naps = lists("(call $sleep (i32.const 1))", ONE);
    let (mut world, key) = world(&[("a", TELL), ("b", &naps)]);
    world.refusals = u32::MAX;
    let page = ask(&mut world, &key, "resources/list", json!({}));
    let page = &page["result"];
    assert_eq!(page["resources"][0]["uri"], "smcp+a+test:it", "{page}");
    let cursor = page["nextCursor"].clone();
    let rest = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/list", "params": {"cursor": cursor}});
    assert_eq!(world.call_at(UNION, &key, &rest).status(), 429);
    world.refusals = 0;
    let rest = ask(
        &mut world,
        &key,
        "resources/list",
        json!({"cursor": cursor}),
    );
    assert_eq!(rest["result"]["resources"][0]["uri"], "smcp+b+shelf:1");
}

/// 2026-07-28, server/utilities/caching: what a guest makes may be another at once, and what is missing there.
#[test]
fn a_page_that_guests_made_or_that_lacks_a_server_is_fresh_for_no_time() {
    let (mut world, key) = world(&[("shelf", SHELF)]);
    for (method, is_whole, ttl) in [
        ("tools/list", true, 60_000),
        ("resources/list", true, 0),
        ("tools/list", false, 0),
    ] {
        if !is_whole {
            world.evict();
            world.items(OBJECT).delete("catalogue/shelf/");
            world.modules().clear();
        }
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": {"_meta": meta}});
        let mut frame = world.frame("POST", UNION, &key, body.to_string().into_bytes());
        for (name, value) in [
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", method),
        ] {
            frame.headers.push((name.to_owned(), value.to_owned()));
        }
        let result = world.send(OBJECT, frame).json()["result"].clone();
        assert_eq!(result["ttlMs"], ttl, "{result}");
        assert_eq!(result["cacheScope"], "private");
    }
}
