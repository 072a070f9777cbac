//! What each scope allows at an MCP endpoint: of lists, what is shown; of all else, whether it is done or
//! refused, and with which scope it would be done. At one server and at all as one, in both eras.

use crate::scoped::{Client, GUEST, SHELF, WAYS, key, publish, publish_as, refused, told, world};
use crate::world::World;
use serde_json::json;

/// A row of the table.
type Row = (&'static str, &'static [&'static str], bool, &'static str);

/// Scopes; the tools that they show and let be called; whether they let read; what a call of a tool that is not there
/// comes to.
const TABLE: [Row; 8] = [
    ("mcp", &["look", "write"], true, "unknown_tool"),
    ("mcp:read", &["look"], true, "403 mcp/desk/none"),
    ("mcp/desk", &["look", "write"], true, "unknown_tool"),
    ("mcp/desk:read", &["look"], true, "403 mcp/desk/none"),
    ("mcp/desk/look", &["look"], false, "403 mcp/desk/none"),
    ("mcp/desk/write", &["write"], false, "403 mcp/desk/none"),
    ("mcp/desk/none", &[], false, "unknown_tool"),
    (
        "mcp/desk/write mcp:read",
        &["look", "write"],
        true,
        "403 mcp/desk/none",
    ),
];

/// Rights to one server and to another are added, not mixed.
const BESIDE: &str = "mcp/other mcp/hello/write";

fn each(check: impl Fn(&mut World, &Client<'_>, &Row)) {
    let mut world = world();
    for row in &TABLE {
        for scopes in [row.0.to_owned(), format!("{} {BESIDE}", row.0)] {
            let key = key(&mut world, &scopes);
            for way in WAYS {
                let client = Client::new(&mut world, &key, way, "desk");
                check(&mut world, &client, row);
            }
        }
    }
}

#[test]
fn lists_show_what_their_caller_may_use() {
    each(|world, client, (scopes, tools, reads, _)| {
        let of_desk = |name: &String| !name.contains("smcp+hello+") && !name.contains("hello__");
        let list = |world: &mut World, method: &str| -> Vec<String> {
            let listed = client.lists(world, method);
            listed.into_iter().filter(of_desk).collect()
        };
        let expected: Vec<String> = tools.iter().map(|tool| client.name(tool)).collect();
        let listed = list(world, "tools/list");
        assert_eq!(listed, expected, "{scopes} {:?}", client.way);
        for (method, keys) in [
            (
                "resources/list",
                vec![client.uri("desk:it"), client.uri("https://desk.example/")],
            ),
            ("resources/templates/list", vec![client.uri("desk:{id}")]),
            ("prompts/list", vec![client.name("ask")]),
        ] {
            let listed = list(world, method);
            let expected = if *reads { keys } else { Vec::new() };
            assert_eq!(listed, expected, "{scopes} {method} {:?}", client.way);
        }
    });
}

#[test]
fn a_tool_is_called_by_who_may_and_to_others_says_not_even_whether_it_is_there() {
    each(|world, client, (scopes, tools, _, unknown)| {
        for tool in ["look", "write", "none"] {
            let expected = match tool {
                "none" => (*unknown).to_owned(),
                _ if tools.contains(&tool) => "done".to_owned(),
                _ => format!("403 mcp/desk/{tool}"),
            };
            let ends = client.calls(world, tool);
            assert_eq!(ends, expected, "{scopes} {tool} {:?}", client.way);
        }
    });
}

#[test]
fn what_a_server_shows_is_read_completed_and_listened_to_by_who_may_read_it() {
    each(|world, client, (scopes, _, reads, _)| {
        let expected = |refused: &str| match reads {
            true => "done".to_owned(),
            false => format!("403 {refused}"),
        };
        let reference = |kind: &str, member: &str, name: String| {
            json!({
                "ref": {"type": kind, member: name},
                "argument": {"name": "id", "value": ""},
            })
        };
        for (method, params) in [
            ("resources/read", json!({"uri": client.uri("desk:it")})),
            ("resources/read", json!({"uri": client.uri("desk:none")})),
            ("prompts/get", json!({"name": client.name("ask")})),
            (
                "completion/complete",
                reference("ref/prompt", "name", client.name("ask")),
            ),
            (
                "completion/complete",
                reference("ref/resource", "uri", client.uri("desk:{id}")),
            ),
        ] {
            let ends = client.ends(world, method, params);
            let way = client.way;
            assert_eq!(ends, expected("mcp/desk:read"), "{scopes} {method} {way:?}");
        }
        // Whether there is such a prompt is told to who may read.
        let ends = client.ends(world, "prompts/get", json!({"name": client.name("none")}));
        let is_told = ends == "unknown_prompt";
        assert!(is_told == *reads, "{scopes} {ends}");
    });
}

#[test]
fn who_may_read_a_server_hears_of_its_changes_and_nobody_else() {
    let mut world = world();
    let full = key(&mut world, "mcp");
    let writer = Client::new(&mut world, &full, WAYS[1], "desk");
    // Whether it hears of the server, or how it is refused; the same where all are one.
    for (number, (scopes, alone, among_all)) in [
        ("mcp", Ok(true), Ok(true)),
        ("mcp:read", Ok(true), Ok(true)),
        ("mcp/desk:read", Ok(true), Ok(true)),
        (
            "mcp/desk/look",
            Err("403 mcp/desk:read"),
            Err("403 mcp:read"),
        ),
        // It may listen to another, and is told nothing of this one.
        (
            "mcp/desk/look mcp/other:read",
            Err("403 mcp/desk:read"),
            Ok(false),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let key = key(&mut world, scopes);
        let mut streams = Vec::new();
        for way in WAYS {
            let client = Client::new(&mut world, &key, way, "desk");
            // A subscription is to one server, and what a session's stream is for, is not said in its beginning.
            let expected = match way.is_union && way.is_modern {
                true => among_all,
                false => alone,
            };
            let stream = match (client.listens(&mut world), expected) {
                (Ok(stream), Ok(_)) => stream,
                (Err(refused), Err(expected)) => {
                    assert_eq!(refused, expected, "{scopes} {way:?}");
                    if way.is_modern {
                        continue;
                    }
                    client.opens(&mut world)
                }
                other => panic!("{scopes} {way:?} {other:?}"),
            };
            told(&mut world, stream);
            streams.push((stream, way, expected == Ok(true)));
        }
        assert_eq!(writer.calls(&mut world, "write"), "done");
        for (stream, way, hears) in &streams {
            let news = told(&mut world, *stream);
            let is_told = news.contains("notifications/resources/updated");
            assert_eq!(is_told, *hears, "{scopes} {way:?} {news}");
        }
        // Who has subscribed in a session hears of lists too.
        let next = GUEST.replace("\\\"ask\\\"", &format!("\\\"as{number}\\\""));
        assert_ne!(next, GUEST);
        publish_as(&mut world, "desk", &next, &format!("2.{number}.0"));
        for (stream, way, hears) in &streams {
            let news = told(&mut world, *stream);
            let is_told = news.contains("prompts/list_changed");
            assert_eq!(is_told, *hears && !way.is_modern, "{scopes} {way:?} {news}");
        }
    }
}

#[test]
fn a_guest_is_not_run_for_a_list_that_its_caller_is_not_shown() {
    let mut world = world();
    let list = "(call $given (i32.const 1024) (i32.const 100) (local.get 0) (local.get 1))";
    assert!(SHELF.contains(list));
    publish(&mut world, "shelf", &SHELF.replace(list, "(unreachable)"));
    let tool = key(&mut world, "mcp/shelf/link");
    let reader = key(&mut world, "mcp/shelf:read");
    for way in WAYS {
        let client = Client::new(&mut world, &tool, way, "shelf");
        let listed = client.lists(&mut world, "resources/list");
        assert_eq!(listed, Vec::<String>::new(), "{way:?}");
        // No more does a cursor that is another's.
        let cursor = json!({"cursor": if way.is_union { "urshelf.1.31" } else { "r1" }});
        let next = client.send(&mut world, "resources/list", cursor).json();
        let is_refused = next["error"]["data"]["code"] == "invalid_cursor";
        assert!(
            is_refused || next["result"]["resources"] == json!([]),
            "{next}"
        );
    }
    // For who is shown it, it is run: and fails.
    let client = Client::new(&mut world, &reader, WAYS[1], "shelf");
    let ends = client.ends(&mut world, "resources/list", json!({}));
    assert_eq!(ends, "guest_panicked");
}

#[test]
fn a_link_to_the_web_stays_one_for_who_is_not_shown_it_as_a_resource() {
    let mut world = world();
    let web = "https://desk.example/";
    for (scopes, uri) in [
        ("mcp:read", format!("smcp+desk+{web}")),
        ("mcp/desk/look", web.to_owned()),
    ] {
        let key = key(&mut world, scopes);
        for way in WAYS.into_iter().filter(|way| way.is_union) {
            let client = Client::new(&mut world, &key, way, "desk");
            let params = json!({"name": client.name("look"), "arguments": {}});
            let answer = client.send(&mut world, "tools/call", params).json();
            assert_eq!(answer["result"]["content"][0]["uri"], uri, "{answer}");
        }
    }
}

#[test]
fn a_server_that_no_scope_names_is_not_there() {
    let mut world = world();
    let key = key(&mut world, "mcp/desk mcp/none");
    for way in WAYS {
        let server = |name| Client {
            key: &key,
            way,
            server: name,
            session: None,
        };
        for method in ["tools/call", "prompts/get"] {
            let ask = |world: &mut World, name: &'static str| {
                let client = server(name);
                let params = json!({"name": client.name("look")});
                let outcome = client.send(world, method, params);
                let text = outcome.text().replace(name, "server");
                (outcome.status(), text)
            };
            let unseen = ask(&mut world, "hello");
            let absent = ask(&mut world, "absent");
            assert_eq!(unseen, absent, "{method} {way:?}");
            assert_ne!(unseen.0, 403, "{method} {way:?}");
        }
    }
}

/// 2025-03-26, basic, "Batching".
#[test]
fn nothing_is_done_of_a_batch_that_asks_for_what_its_sender_may_not() {
    let mut world = world();
    let (full, narrow) = (key(&mut world, "mcp"), key(&mut world, "mcp/desk/write"));
    for way in WAYS.into_iter().filter(|way| !way.is_modern) {
        let hearer = Client::new(&mut world, &full, WAYS[1], "desk");
        let stream = hearer.listens(&mut world).unwrap();
        told(&mut world, stream);
        let client = Client {
            key: &narrow,
            way,
            server: "desk",
            session: None,
        };
        let call = |id: u32, tool: &str| {
            let params = json!({"name": client.name(tool), "arguments": {}});
            json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})
        };
        for (second, status, is_done) in [("look", 403, false), ("write", 200, true)] {
            let batch = json!([call(1, "write"), call(2, second)]);
            let sent = world.call_at(&client.path(), &narrow, &batch);
            assert_eq!(sent.status(), status, "{}", sent.text());
            if status == 403 {
                assert_eq!(refused(&sent.reply), "403 mcp/desk/look");
            }
            let is_told = !told(&mut world, stream).is_empty();
            assert_eq!(is_told, is_done, "{second} {way:?}");
        }
    }
}
