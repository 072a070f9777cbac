//! All servers of a tenant at one address: what is listed, what is called, what is told, and for whom.

use crate::united::{
    APPS, GREET, OBJECT, SHELF, TELL, UNION, ask, list, publish, publish_as, world,
};
use crate::world::{World, publisher};
use serde_json::{Value, json};

#[test]
fn each_list_has_what_all_servers_have_under_names_that_say_whose_it_is() {
    let (mut world, key) = world(&[("shelf", SHELF), ("tell", TELL)]);
    for (method, keys) in [
        (
            "tools/list",
            &["hello__greet", "shelf__link", "tell__tell"][..],
        ),
        ("prompts/list", &["shelf__ask"]),
        (
            "resources/list",
            &[
                "smcp+shelf+shelf:1",
                "smcp+shelf+https://books.example/",
                "smcp+tell+test:it",
            ],
        ),
        ("resources/templates/list", &["smcp+shelf+shelf:{id}"]),
    ] {
        assert_eq!(
            list(&mut world, &key, method),
            (keys.iter().map(|key| (*key).to_owned()).collect(), 1),
            "{method}"
        );
    }
}

#[test]
fn what_is_called_goes_to_its_server_under_its_own_name() {
    let (mut world, key) = world(&[("shelf", SHELF)]);
    for (method, params, given) in [
        (
            "tools/call",
            json!({"name": "shelf__link"}),
            json!({"name": "link", "arguments": {}}),
        ),
        (
            "prompts/get",
            json!({"name": "shelf__ask"}),
            json!({"name": "ask", "arguments": {}}),
        ),
        (
            "resources/read",
            json!({"uri": "smcp+shelf+shelf:7"}),
            json!({"uri": "shelf:7"}),
        ),
        (
            "completion/complete",
            json!({
                "ref": {"type": "ref/prompt", "name": "shelf__ask"},
                "argument": {"name": "a", "value": "v"},
            }),
            json!({
                "ref": {"type": "ref/prompt", "name": "ask"},
                "argument": {"name": "a", "value": "v"},
            }),
        ),
        (
            "completion/complete",
            json!({
                "ref": {"type": "ref/resource", "uri": "smcp+shelf+shelf:{id}"},
                "argument": {"name": "id", "value": ""},
            }),
            json!({
                "ref": {"type": "ref/resource", "uri": "shelf:{id}"},
                "argument": {"name": "id", "value": ""},
            }),
        ),
    ] {
        let answer = ask(&mut world, &key, method, params);
        assert_eq!(answer["result"]["given"], given, "{method}: {answer}");
    }
}

#[test]
fn a_link_in_a_result_is_one_that_the_client_can_follow_here() {
    let (mut world, key) = world(&[("shelf", SHELF)]);
    let answer = ask(
        &mut world,
        &key,
        "tools/call",
        json!({"name": "shelf__link"}),
    );
    let content = &answer["result"]["content"];
    let link = content[0]["uri"].clone();
    assert_eq!(link, "smcp+shelf+shelf:1");
    assert_eq!(content[1]["resource"]["uri"], "ui://smcp+shelf+shelf/1");
    // The web is for the client to read itself, and text is text.
    assert_eq!(content[2]["uri"], "https://web.example/");
    assert_eq!(content[3]["text"], "shelf:1");
    let read = ask(&mut world, &key, "resources/read", json!({"uri": link}));
    assert_eq!(read["result"]["contents"][0]["uri"], link, "{read}");
    let prompt = ask(
        &mut world,
        &key,
        "prompts/get",
        json!({"name": "shelf__ask"}),
    );
    let message = &prompt["result"]["messages"][0];
    assert_eq!(message["content"]["resource"]["uri"], link, "{prompt}");
}

#[test]
fn a_link_to_what_a_guest_has_listed_is_one_here_even_to_the_web() {
    let linking = SHELF.replace("https://web.example/", "https://books.example/");
    // Of the length that it had.
    let linking = linking.replace("(i32.const 242)", "(i32.const 244)");
    let (mut world, key) = world(&[("shelf", &linking)]);
    let link = |world: &mut World, key: &str| {
        let answer = ask(world, key, "tools/call", json!({"name": "shelf__link"}));
        answer["result"]["content"][2]["uri"].clone()
    };
    // Nobody was shown it, so it is what its author wrote.
    assert_eq!(link(&mut world, &key), "https://books.example/");
    let listed = list(&mut world, &key, "resources/list").0;
    assert_eq!(link(&mut world, &key), listed[1]);
    let read = ask(
        &mut world,
        &key,
        "resources/read",
        json!({"uri": listed[1]}),
    );
    assert_eq!(read["result"]["given"]["uri"], "https://books.example/");
    let other = world.key("acme", json!({}));
    assert_eq!(link(&mut world, &other), "https://books.example/");
}

/// The extension MCP Apps, 2026-01-26, "Resource Discovery": the scheme stays.
#[test]
fn the_interface_of_a_tool_is_found_here() {
    let (mut world, key) = world(&[("clock", APPS)]);
    let tools = ask(&mut world, &key, "tools/list", json!({}));
    let tool = &tools["result"]["tools"][0];
    let uri = tool["_meta"]["ui"]["resourceUri"].clone();
    assert_eq!(uri, "ui://smcp+clock+clock/face", "{tool}");
    assert_eq!(
        list(&mut world, &key, "resources/list").0,
        [uri.as_str().unwrap()]
    );
    let read = ask(&mut world, &key, "resources/read", json!({"uri": uri}));
    assert_eq!(read["result"]["contents"][0]["uri"], uri, "{read}");
}

#[test]
fn servers_that_a_key_may_not_use_are_neither_listed_nor_called() {
    let (mut world, _) = world(&[("shelf", SHELF)]);
    let key = world.key("acme", json!({"scopes": "mcp/hello"}));
    assert_eq!(list(&mut world, &key, "tools/list").0, ["hello__greet"]);
    for method in ["prompts/list", "resources/list", "resources/templates/list"] {
        assert!(list(&mut world, &key, method).0.is_empty(), "{method}");
    }
    let reference = |name: &str| json!({"type": "ref/prompt", "name": name});
    let argument = json!({"name": "a", "value": ""});
    for (method, unseen, absent) in [
        (
            "tools/call",
            json!({"name": "shelf__link"}),
            json!({"name": "other__link"}),
        ),
        (
            "prompts/get",
            json!({"name": "shelf__ask"}),
            json!({"name": "other__ask"}),
        ),
        (
            "resources/read",
            json!({"uri": "smcp+shelf+shelf:1"}),
            json!({"uri": "smcp+other+shelf:1"}),
        ),
        (
            "completion/complete",
            json!({"ref": reference("shelf__ask"), "argument": argument}),
            json!({"ref": reference("other__ask"), "argument": argument}),
        ),
    ] {
        let unseen = ask(&mut world, &key, method, unseen);
        let absent = ask(&mut world, &key, method, absent);
        assert!(unseen["error"].is_object(), "{unseen}");
        let absent = absent.to_string().replace("other", "shelf");
        assert_eq!(unseen.to_string(), absent);
    }
}

#[test]
fn what_one_server_lacks_is_unknown_and_not_a_method_that_is_missing() {
    let (mut world, key) = world(&[]);
    for (method, params) in [
        ("prompts/get", json!({"name": "hello__ask"})),
        ("resources/read", json!({"uri": "smcp+hello+a:b"})),
        ("resources/read", json!({"uri": "a:b"})),
        ("tools/call", json!({"name": "greet"})),
    ] {
        let answer = ask(&mut world, &key, method, params);
        assert!(
            answer["error"]["data"]["code"]
                .as_str()
                .is_some_and(|code| code.starts_with("unknown_")),
            "{method}: {answer}"
        );
    }
    let params = json!({
        "ref": {"type": "ref/prompt", "name": "hello__ask"},
        "argument": {"name": "a", "value": ""},
    });
    let answer = ask(&mut world, &key, "completion/complete", params);
    assert_eq!(
        answer["result"]["completion"]["values"],
        json!([]),
        "{answer}"
    );
}

#[test]
fn what_is_kept_of_a_server_for_lists_is_of_its_releases_and_goes_with_them() {
    let (mut world, key) = world(&[("tell", TELL)]);
    assert_eq!(world.items(OBJECT).len_of("catalogue/"), 2);
    for version in ["1.0.1", "1.0.2", "1.0.3"] {
        world.publish(GREET, version);
    }
    assert_eq!(world.items(OBJECT).len_of("catalogue/hello/"), 4);
    world.delete_retired();
    assert_eq!(world.items(OBJECT).len_of("catalogue/hello/"), 1);
    world.admin("DELETE", "/tenants/acme/servers/tell", Value::Null);
    assert_eq!(world.items(OBJECT).len_of("catalogue/tell/"), 0);
    assert_eq!(list(&mut world, &key, "tools/list").0, ["hello__greet"]);
}

#[test]
fn two_hundred_servers_are_on_a_page_and_their_order_is_that_of_their_names() {
    let mut world = World::new();
    let key = world.acme(GREET);
    let names: Vec<_> = (0..201).map(|number| format!("a{number:03}")).collect();
    for name in &names {
        assert_eq!(publish(&mut world, name, GREET).status(), 201);
    }
    let mut expected: Vec<_> = names.iter().map(|name| format!("{name}__greet")).collect();
    expected.push("hello__greet".to_owned());
    assert_eq!(list(&mut world, &key, "tools/list"), (expected, 2));
}

#[test]
fn a_name_over_64_characters_among_all_servers_is_refused_when_it_is_published() {
    let mut world = World::new();
    world.acme(GREET);
    let server = "s".repeat(32);
    for (length, status) in [(30, 201), (31, 422)] {
        let name = "t".repeat(length);
        for text in [
            format!(
                "{{\"tools\":[{{\"name\":\"{name}\",\"inputSchema\":{{\"type\":\"object\"}}}}]}}"
            ),
            format!("{{\"prompts\":[{{\"name\":\"{name}\"}}]}}"),
        ] {
            let old = crate::world::catalogue(GREET);
            let escape = |text: &str| text.replace('"', "\\\"");
            let wat = GREET
                .replace(&escape(&old), &escape(&text))
                .replace("(i32.const 60)", &format!("(i32.const {})", text.len()));
            let published = publish_as(&mut world, &server, &wat, &text);
            assert_eq!(published.status(), status, "{}", published.text());
            if status == 422 {
                assert_eq!(published.json()["error"]["code"], "union_name_too_long");
            }
            world.admin(
                "DELETE",
                &format!("/tenants/acme/servers/{server}"),
                Value::Null,
            );
        }
    }
}

/// Listens to all servers; gives the stream.
fn listen(world: &mut World, key: &str, notifications: &Value) -> usize {
    let method = "subscriptions/listen";
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": {
        "notifications": notifications,
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    }});
    let mut frame = world.frame("POST", UNION, key, body.to_string().into_bytes());
    for (name, value) in [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", method),
    ] {
        frame.headers.push((name.to_owned(), value.to_owned()));
    }
    let stream = world.listen(OBJECT, "*", frame).unwrap();
    std::mem::take(&mut world.streams[stream].told);
    stream
}

#[test]
fn who_listens_to_all_servers_is_told_of_a_resource_by_its_uri_here() {
    let (mut world, key) = world(&[("tell", TELL), ("twin", TELL)]);
    let wish = json!({"resourceSubscriptions": ["smcp+tell+test:it"]});
    let stream = listen(&mut world, &key, &wish);
    let other = world.key("acme", json!({"scopes": "mcp/twin"}));
    let deaf = listen(&mut world, &other, &wish);
    ask(
        &mut world,
        &key,
        "tools/call",
        json!({"name": "twin__tell"}),
    );
    assert_eq!(world.streams[stream].told, "");
    ask(
        &mut world,
        &key,
        "tools/call",
        json!({"name": "tell__tell"}),
    );
    let told = &world.streams[stream].told;
    assert!(told.contains(r#""uri":"smcp+tell+test:it""#), "{told}");
    assert_eq!(world.streams[deaf].told, "");
}

#[test]
fn who_listens_to_all_servers_hears_of_those_that_come_and_go() {
    let (mut world, key) = world(&[]);
    let wish =
        json!({"toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true});
    let stream = listen(&mut world, &key, &wish);
    assert_eq!(publish(&mut world, "shelf", SHELF).status(), 201);
    let told = std::mem::take(&mut world.streams[stream].told);
    for list in ["tools", "prompts", "resources"] {
        assert!(told.contains(&format!("{list}/list_changed")), "{told}");
    }
    world.admin("DELETE", "/tenants/acme/servers/shelf", Value::Null);
    let told = std::mem::take(&mut world.streams[stream].told);
    assert!(told.contains("prompts/list_changed"), "{told}");
    let key = publisher().public();
    let path = format!("/tenants/acme/publishers/{key}?stop=true");
    world.admin("DELETE", &path, Value::Null);
    let told = &world.streams[stream].told;
    assert!(told.contains("tools/list_changed"), "{told}");
}
