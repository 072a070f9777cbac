//! The server as its clients see it, and as other callers do not.

#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};
use smcp_sdk::testing::{Client, Notification};

use crate::Notes;

/// Adds a note, and gives its id.
fn add(client: &Client<Notes>, title: &str, text: &str) -> String {
    let outcome = client.call("add", json!({ "title": title, "text": text }));
    outcome.structured()["id"].as_str().unwrap().to_owned()
}

fn found(client: &Client<Notes>, words: &str) -> Vec<String> {
    let outcome = client.call("search", json!({ "words": words }));
    let notes = outcome.structured()["notes"].as_array().unwrap();
    let titles = notes.iter().map(|note| note["title"].as_str().unwrap());
    titles.map(str::to_owned).collect()
}

fn uris(list: &[Value]) -> Vec<&str> {
    list.iter()
        .map(|item| item["uri"].as_str().unwrap())
        .collect()
}

#[test]
fn a_note_is_added_read_edited_and_removed() {
    let client = Client::<Notes>::new();
    let id = add(&client, "Groceries", "Pears");
    assert!(id.starts_with("groceries-"), "{id}");
    let read = || client.call("read", json!({ "id": id }));
    let expected = json!({ "title": "Groceries", "text": "Pears", "revision": 1 });
    assert_eq!(read().structured(), &expected);

    let edit = json!({ "id": id, "revision": 1, "text": "Pears, figs" });
    let expected = json!({ "id": id, "uri": format!("note://{id}"), "revision": 2 });
    assert_eq!(client.call("edit", edit).structured(), &expected);
    let expected = json!({ "title": "Groceries", "text": "Pears, figs", "revision": 2 });
    assert_eq!(read().structured(), &expected);

    let removed = client.call("remove", json!({ "id": id }));
    assert_eq!(removed.text(), "`Groceries` is removed.");
    for outcome in [read(), client.call("remove", json!({ "id": id }))] {
        assert!(outcome.is_error());
        let expected = format!("There is no note `{id}`: find its id with `search`.");
        assert_eq!(outcome.text(), expected);
    }
}

#[test]
fn what_is_no_id_is_not_there_either() {
    let client = Client::<Notes>::new();
    for id in ["", "a\0", "ü", &*"a".repeat(50), &*"a".repeat(1_000)] {
        let outcome = client.call("read", json!({ "id": id }));
        assert!(outcome.text().starts_with("There is no note"), "{id:?}");
    }
    for uri in [
        "note://%00".to_owned(),
        format!("note://{}", "a".repeat(1_000)),
    ] {
        let missing = client.try_read_resource(&uri).unwrap_err();
        assert_eq!(missing.message, "Resource not found");
    }
}

#[test]
fn who_has_read_an_earlier_revision_is_told_so_and_overwrites_nothing() {
    let client = Client::<Notes>::new();
    let id = add(&client, "Plan", "a");
    client.call("edit", json!({ "id": id, "revision": 1, "text": "b" }));
    let stale = client.call("edit", json!({ "id": id, "revision": 1, "text": "c" }));
    assert!(stale.is_error());
    let expected = format!(
        "`{id}` is at revision 2, and you have read 1: `read` it again, and edit what it says now."
    );
    assert_eq!(stale.text(), expected);
    let read = client.call("read", json!({ "id": id }));
    assert_eq!(read.structured()["text"], "b");
}

#[test]
fn a_callers_notes_are_its_own() {
    let client = Client::<Notes>::new();
    client.set_principal("ada");
    let id = add(&client, "Diary", "secret");
    client.set_principal("bob");
    assert!(client.call("read", json!({ "id": id })).is_error());
    assert!(client.call("remove", json!({ "id": id })).is_error());
    assert!(client.try_read_resource(&format!("note://{id}")).is_err());
    assert!(
        client
            .try_get_prompt("summarise", json!({ "id": id }))
            .is_err()
    );
    assert!(client.complete_prompt("summarise", "id", "").is_empty());
    assert!(client.list_resources().is_empty());
    assert!(found(&client, "").is_empty());
    client.set_principal("ada");
    assert_eq!(found(&client, ""), ["Diary"]);
}

#[test]
fn notes_are_found_by_all_their_words() {
    let client = Client::<Notes>::new();
    add(&client, "Ada", "Call her.\nAbout the Engine.");
    add(&client, "Bob", "Call him.");
    for (words, expected) in [
        ("", vec!["Ada", "Bob"]),
        ("CALL", vec!["Ada", "Bob"]),
        ("call ada", vec!["Ada"]),
        ("call nobody", vec![]),
    ] {
        assert_eq!(found(&client, words), expected, "{words}");
    }
    let outcome = client.call("search", json!({ "words": "engine", "limit": 1 }));
    assert_eq!(
        outcome.structured()["notes"][0]["line"],
        "About the Engine."
    );
    let outcome = client.call("search", json!({ "limit": 1 }));
    assert_eq!(outcome.structured()["total"], 2);
    assert_eq!(outcome.structured()["notes"].as_array().unwrap().len(), 1);
}

#[test]
fn notes_are_resources_that_come_and_go_and_listeners_are_told() {
    let client = Client::<Notes>::new();
    assert!(client.list_resources().is_empty());
    let id = add(&client, "Plan", "Rest.");
    let uri = format!("note://{id}");
    let expected =
        json!([{ "uri": uri, "name": id, "title": "Plan", "mimeType": "text/markdown" }]);
    assert_eq!(Value::from(client.list_resources()), expected);
    let read = client.read_resource(&uri);
    assert_eq!(
        (read.text(), read.mime_type()),
        ("# Plan\n\nRest.\n", "text/markdown")
    );

    client.call("edit", json!({ "id": id, "revision": 1, "text": "Work." }));
    client.call("edit", json!({ "id": id, "revision": 2, "title": "Plans" }));
    client.call("edit", json!({ "id": id, "revision": 2, "title": "Stale" }));
    client.call("remove", json!({ "id": id }));
    assert!(client.list_resources().is_empty());
    let updated = || Notification::ResourceUpdated(uri.clone());
    let expected = [
        Notification::ResourceListChanged,
        updated(),
        updated(),
        Notification::ResourceListChanged,
        Notification::ResourceListChanged,
    ];
    assert_eq!(client.notifications(), expected);
    let missing = client.try_read_resource(&uri).unwrap_err();
    assert_eq!(missing.message, "Resource not found");
}

#[test]
fn a_long_list_has_pages_and_every_note_is_on_one() {
    let client = Client::<Notes>::new();
    let mut added: Vec<_> = (0..201).map(|n| add(&client, &n.to_string(), "")).collect();
    added.sort();
    let (mut listed, mut cursor, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let page = client
            .try_list_resources(json!({ "cursor": cursor }))
            .unwrap();
        listed.extend(page["resources"].as_array().unwrap().clone());
        pages += 1;
        match page.get("nextCursor") {
            Some(next) => cursor = next.clone(),
            None => break,
        }
    }
    let expected: Vec<_> = added.iter().map(|id| format!("note://{id}")).collect();
    assert_eq!(
        (uris(&listed), pages),
        (expected.iter().map(String::as_str).collect(), 3)
    );
}

#[test]
fn ids_are_completed_where_an_id_is_asked_for() {
    let client = Client::<Notes>::new();
    let plan = add(&client, "Plan", "");
    let poem = add(&client, "Poem", "");
    add(&client, "Diary", "");
    for (begun, expected) in [
        ("p", vec![&plan, &poem]),
        ("po", vec![&poem]),
        ("x", vec![]),
    ] {
        let expected: Vec<String> = expected.into_iter().cloned().collect();
        assert_eq!(client.complete_prompt("summarise", "id", begun), expected);
    }
    for (uri, argument, count) in [
        ("note://{id}", "id", 3),
        ("note://{id}", "a", 0),
        ("a://", "id", 0),
    ] {
        let completed = client.try_complete(json!({
            "ref": { "type": "ref/resource", "uri": uri },
            "argument": { "name": argument, "value": "" },
        }));
        let completed = completed.unwrap();
        let values = completed["completion"]["values"].as_array().unwrap();
        assert_eq!(values.len(), count, "{uri} {argument}");
    }
}

#[test]
fn the_prompt_has_the_note_in_it() {
    let client = Client::<Notes>::new();
    let id = add(&client, "Plan", "Rest.");
    let prompt = client.get_prompt("summarise", json!({ "id": id }));
    let resource = json!({ "type": "resource", "resource": { "uri": format!("note://{id}"),
        "mimeType": "text/markdown", "text": "# Plan\n\nRest.\n" } });
    assert_eq!(prompt.messages()[0]["content"], resource);
    assert!(prompt.text().starts_with("Summarise this note"));
    let missing = client.try_get_prompt("summarise", json!({ "id": "none" }));
    assert_eq!(missing.unwrap_err().code, -32602);
}

#[test]
fn what_is_too_much_is_refused_and_said_so() {
    let client = Client::<Notes>::new();
    for (title, text, says) in [
        ("", "", "A title is one line"),
        ("a\nb", "", "A title is one line"),
        (&*"a".repeat(201), "", "A title is one line"),
        ("a", &*"a".repeat(16_385), "The text has 16385 bytes"),
    ] {
        let outcome = client.call("add", json!({ "title": title, "text": text }));
        assert!(
            outcome.is_error() && outcome.text().starts_with(says),
            "{}",
            outcome.text()
        );
    }
    for _ in 0..400 {
        add(&client, "a", "b");
    }
    let outcome = client.call("add", json!({ "title": "a", "text": "b" }));
    assert!(
        outcome.text().starts_with("You have 400 notes"),
        "{}",
        outcome.text()
    );
    // All of them can be searched still.
    let outcome = client.call("search", json!({ "words": "a" }));
    assert_eq!(outcome.structured()["total"], 400);
}
