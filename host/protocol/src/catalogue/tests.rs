//! Catalogues that are taken, refused, paged and united.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop where it stands"
)]

use proptest::prelude::*;
use smcp_ids::ServerSlug;
use smcp_ids::limits::{UNION_GUEST_LISTS, UNION_PAGE_BYTES, UNION_PAGE_ITEMS};

use crate::error::ProtocolError;

use super::*;

fn tool(name: &str) -> String {
    format!(r#"{{"inputSchema":{{"type":"object"}},"name":"{name}"}}"#)
}

fn with_tools(count: usize) -> Catalogue {
    let tools: Vec<String> = (0..count).map(|n| tool(&format!("t{n}"))).collect();
    Catalogue::parse(format!(r#"{{"tools":[{}]}}"#, tools.join(" ,\n")).as_bytes()).unwrap()
}

/// The values of `key` of the items of a page.
pub(super) fn keys(page: &Page<'_>) -> Vec<String> {
    let array = format!("[{}]", page.items);
    let json = Json::parse(array.as_bytes()).unwrap();
    json.elements()
        .map(|item| {
            item.get(page.list.key())
                .unwrap()
                .as_str()
                .unwrap()
                .into_owned()
        })
        .collect()
}

#[test]
fn what_describe_must_not_return() {
    let large = format!(r#"{{"instructions":"{}"}}"#, "x".repeat(CATALOGUE_MAX));
    let twice = format!(r#"{{"tools":[{},{}]}}"#, tool("a"), tool("\\u0061"));
    let tool_with = |more: &str| format!(r#"{{"tools":[{{"name":"a"{more}}}]}}"#);
    for (text, code) in [
        (large.as_str(), "catalogue_too_large"),
        ("", "catalogue_invalid_json"),
        (r#"{"tools":[],"tools":[]}"#, "catalogue_invalid_json"),
        ("[]", "catalogue_not_object"),
        (r#"{"resource_templates":[]}"#, "catalogue_unknown_member"),
        (r#"{"tools":{}}"#, "catalogue_not_array"),
        (r#"{"prompts":null}"#, "catalogue_not_array"),
        (r#"{"instructions":[]}"#, "catalogue_instructions"),
        (r#"{"tools":[1]}"#, "catalogue_item"),
        (r#"{"tools":[{}]}"#, "catalogue_item"),
        (&format!(r#"{{"tools":[{}]}}"#, tool("")), "catalogue_item"),
        (
            &format!(r#"{{"tools":[{}]}}"#, tool(&"x".repeat(129))),
            "catalogue_item",
        ),
        (
            &format!(r#"{{"tools":[{}]}}"#, tool("a b")),
            "catalogue_item",
        ),
        (&format!(r#"{{"tools":[{}]}}"#, tool("ä")), "catalogue_item"),
        (&tool_with(""), "catalogue_item"),
        (&tool_with(r#","inputSchema":null"#), "catalogue_item"),
        (&tool_with(r#","inputSchema":{}"#), "catalogue_item"),
        (
            &tool_with(r#","inputSchema":{"type":["object"]}"#),
            "catalogue_item",
        ),
        (
            &tool_with(r#","inputSchema":{"type":"object"},"outputSchema":true"#),
            "catalogue_item",
        ),
        (
            &tool_with(r#","inputSchema":{"type":"object"},"annotations":[]"#),
            "catalogue_item",
        ),
        (
            &tool_with(r#","inputSchema":{"type":"object"},"description":1"#),
            "catalogue_item",
        ),
        (r#"{"resources":[{"uri":"a:b"}]}"#, "catalogue_item"),
        (r#"{"resources":[{"uri":"","name":"n"}]}"#, "catalogue_item"),
        (
            r#"{"resources":[{"uri":"no scheme","name":"n"}]}"#,
            "catalogue_item",
        ),
        (
            r#"{"resourceTemplates":[{"uri":"a:b","name":"n"}]}"#,
            "catalogue_item",
        ),
        (r#"{"prompts":[{"name":"a/b"}]}"#, "catalogue_item"),
        (&twice, "catalogue_repeated"),
        (
            r#"{"prompts":[{"name":"b"},{"name":"a"},{"name":"b"}]}"#,
            "catalogue_repeated",
        ),
        (
            r#"{"resources":[{"uri":"a:b","name":"n"},{"uri":"a:b","name":"m"}]}"#,
            "catalogue_repeated",
        ),
    ] {
        assert_eq!(
            Catalogue::parse(text.as_bytes()).unwrap_err().code(),
            code,
            "{text}"
        );
    }
}

#[test]
fn a_tool_is_found_by_its_name_only() {
    let text = r#"{"tools":[{"name":"b.B-1","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}},
        {"name":"\u0061","inputSchema":{"type":"object","properties":{}},"outputSchema":{"type":"object"},"annotations":{}}]}"#;
    let catalogue = Catalogue::parse(text.as_bytes()).unwrap();
    let b = catalogue.tool("b.B-1").unwrap();
    assert!(b.read_only() && b.output_schema().is_none());
    assert_eq!(b.input_schema().unwrap().text(), r#"{"type":"object"}"#);
    let a = catalogue.tool("a").unwrap();
    assert!(!a.read_only() && a.output_schema().is_some());
    assert!(a.json().text().starts_with(r#"{"name":"\u0061","#));
    for name in ["", "b", "A", "b.B-1 ", "c"] {
        assert!(catalogue.tool(name).is_none(), "{name}");
    }
    assert_eq!(
        catalogue.tools().map(Tool::name).collect::<Vec<_>>(),
        ["b.B-1", "a"]
    );
}

#[test]
fn what_the_catalogue_does_not_speak_of_is_not_offered() {
    for (text, tools, resources, prompts) in [
        ("{}", false, false, false),
        (r#"{"tools":[]}"#, true, false, false),
        (r#"{"resources":[]}"#, false, true, false),
        (
            r#"{"resourceTemplates":[{"uriTemplate":"a:{x}","name":"n"}]}"#,
            false,
            true,
            false,
        ),
        (
            r#"{"prompts":[{"name":"p"}],"instructions":"i"}"#,
            false,
            false,
            true,
        ),
    ] {
        let catalogue = Catalogue::parse(text.as_bytes()).unwrap();
        let offer = catalogue.offer();
        assert_eq!(
            (offer.tools, offer.resources, offer.prompts),
            (tools, resources, prompts),
            "{text}"
        );
        for (list, offered) in [
            (List::Tools, tools),
            (List::Resources, resources),
            (List::ResourceTemplates, resources),
            (List::Prompts, prompts),
        ] {
            assert_eq!(
                catalogue.page(list, None).is_ok(),
                offered,
                "{text} {list:?}"
            );
        }
    }
}

/// 2026-07-28, server/tools, server/prompts and server/resources, "List Changed Notification".
#[test]
fn what_differs_between_two_releases_is_what_clients_are_told() {
    let prompt = r#"{"prompts":[{"name":"p"}]}"#;
    let resource = r#"{"resources":[{"uri":"a:b","name":"n"}]}"#;
    let made = r#"{"dynamicResources":true}"#;
    let template = r#"{"resourceTemplates":[{"uriTemplate":"a:{x}","name":"n"}]}"#;
    let tools = format!(r#"{{"tools":[{}]}}"#, tool("a"));
    let titled = tools.replace(r#""name""#, r#""title":"A","name""#);
    for (one, other, changes) in [
        ("{}", "{}", vec![]),
        (&tools, &tools, vec![]),
        // An empty list is none, and instructions are no list.
        (r#"{"tools":[]}"#, r#"{"instructions":"i"}"#, vec![]),
        ("{}", &tools, vec![Change::Tools]),
        (&tools, &titled, vec![Change::Tools]),
        (prompt, "{}", vec![Change::Prompts]),
        ("{}", resource, vec![Change::Resources]),
        ("{}", template, vec![Change::Resources]),
        (resource, template, vec![Change::Resources]),
        ("{}", made, vec![Change::Resources]),
        // What another release lists, only its guest knows.
        (made, made, vec![Change::Resources]),
        (&tools, prompt, vec![Change::Tools, Change::Prompts]),
    ] {
        let read = |text: &str| Catalogue::parse(text.as_bytes()).unwrap();
        assert_eq!(read(one).changes(&read(other)), changes, "{one} {other}");
        assert_eq!(read(other).changes(&read(one)), changes, "{other} {one}");
    }
}

/// 2026-07-28, server/utilities/completion, "Error Handling": what is completed is in the lists.
#[test]
fn only_what_is_in_a_list_is_completed() {
    let lists = r#"{"prompts":[{"name":"p"}],"resources":[{"uri":"a:b","name":"n"}],"resourceTemplates":[{"uriTemplate":"a:{x}","name":"n"}],"completions":true}"#;
    let dynamic = r#"{"dynamicResources":true,"completions":true}"#;
    for (text, name, has) in [
        (lists, "p", true),
        (lists, "a:b", true),
        (lists, "a:{x}", true),
        (lists, "a:c", false),
        (lists, "q", false),
        (dynamic, "a:c", true),
    ] {
        let catalogue = Catalogue::parse(text.as_bytes()).unwrap();
        assert_eq!(catalogue.has(Target::Completion, name), has, "{name}");
    }
}

#[test]
fn other_cursors_are_refused() {
    let catalogue = with_tools(250);
    for cursor in [
        "",
        "0",
        "t",
        "t0",
        "t250",
        "t00100",
        "t+100",
        "t-1",
        "p100",
        "T100",
        "t100 ",
        "t99999999999999999999",
        "é",
    ] {
        assert_eq!(
            catalogue.page(List::Tools, Some(cursor)),
            Err(ProtocolError::Cursor),
            "{cursor}"
        );
    }
    assert_eq!(
        keys(&catalogue.page(List::Tools, Some("t249")).unwrap()),
        ["t249"]
    );
}

/// All pages of the union of servers with so many tools each.
fn union_of(counts: &[usize]) -> (Vec<String>, usize) {
    let servers: Vec<(ServerSlug, Catalogue)> = counts
        .iter()
        .enumerate()
        .map(|(n, &count)| (format!("s{n:04}").parse().unwrap(), with_tools(count)))
        .collect();
    let (mut names, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let mut page = UnionPage::begin(List::Tools, cursor.as_deref()).unwrap();
        let first = servers
            .iter()
            .position(|(slug, _)| page.from().is_none_or(|from| slug >= from))
            .unwrap_or(servers.len());
        let mut added = first;
        while let Some((slug, catalogue)) = servers.get(added) {
            added += 1;
            if !page.add(slug, catalogue, Shown::All) {
                break;
            }
        }
        let page = page.finish(servers.get(added).map(|(slug, _)| slug));
        let on_page = keys(&page);
        // With the server that ended the page before.
        assert!(on_page.len() <= UNION_PAGE_ITEMS && added - first <= UNION_PAGE_ITEMS + 1);
        names.extend(on_page);
        pages += 1;
        cursor = page.next().map(str::to_owned);
        if cursor.is_none() {
            return (names, pages);
        }
    }
}

#[test]
fn a_united_list_visits_each_tool_once_and_few_servers_a_page() {
    for (counts, pages) in [
        (vec![], 1),
        (vec![0], 1),
        (vec![3, 0, 2], 1),
        (vec![200], 1),
        (vec![200, 0], 2),
        (vec![199, 2], 2),
        (vec![450, 1], 3),
        (vec![0; 450], 3),
        (vec![1; 500], 3),
    ] {
        let expected: Vec<String> = counts
            .iter()
            .enumerate()
            .flat_map(|(n, &count)| (0..count).map(move |t| format!("s{n:04}__t{t}")))
            .collect();
        assert_eq!(union_of(&counts), (expected, pages), "{counts:?}");
    }
}

#[test]
fn a_united_list_goes_on_where_a_server_is_gone() {
    let mut page = UnionPage::begin(List::Tools, Some("utb.100")).unwrap();
    assert_eq!(page.from().unwrap().as_str(), "b");
    page.add(&"c".parse().unwrap(), &with_tools(1), Shown::All);
    assert_eq!(keys(&page.finish(None)), ["c__t0"]);
    for cursor in [
        "",
        "u",
        "utb",
        "utb.",
        "utb.-1",
        "utB.1",
        "t1",
        "ut.1",
        "utb.01",
        "upb.1",
        "utb.0.6",
        "utb.0.6A",
        "utb.0.ff",
        "utb.0.61.61",
    ] {
        let begun = UnionPage::begin(List::Tools, Some(cursor));
        assert!(begun.is_err(), "{cursor}");
    }
}

/// Each list of one server among all, as it is served.
#[test]
fn each_list_is_united_with_the_names_that_clients_come_back_with() {
    let text = r#"{"tools":[{"name":"t","inputSchema":{"type":"object"},"_meta":{"ui/resourceUri":"ui://a/b","ui":{"x":[1, 2],"resourceUri":"ui://a/b"}}}],"resources":[{"name":"r","uri":"file:///r"}],"resourceTemplates":[{"uriTemplate":"a:{b}","name":"m"}],"prompts":[{"name":"p"}]}"#;
    let catalogue = Catalogue::parse(text.as_bytes()).unwrap();
    for (list, item) in [
        (
            List::Tools,
            r#"{"name":"s__t","inputSchema":{"type":"object"},"_meta":{"ui/resourceUri":"ui://smcp+s+a/b","ui":{"x":[1, 2],"resourceUri":"ui://smcp+s+a/b"}}}"#,
        ),
        (List::Resources, r#"{"name":"r","uri":"smcp+s+file:///r"}"#),
        (
            List::ResourceTemplates,
            r#"{"uriTemplate":"smcp+s+a:{b}","name":"m"}"#,
        ),
        (List::Prompts, r#"{"name":"s__p"}"#),
    ] {
        let mut page = UnionPage::begin(list, None).unwrap();
        assert!(page.add(&"s".parse().unwrap(), &catalogue, Shown::All));
        assert_eq!(page.finish(None).items, item);
    }
}

#[test]
fn a_list_that_a_guest_makes_goes_on_where_the_guest_says() {
    let server = "s".parse().unwrap();
    let mut page = UnionPage::begin(List::Resources, None).unwrap();
    let made = r#"{"resources":[{"x":"uri","uri":"a:1"},{"name":"none"},{"uri":2}],"nextCursor":"n\u00e9"}"#;
    assert_eq!(page.add_made(&server, made), Ok(false));
    let page = page.finish(None);
    assert_eq!(page.items, r#"{"x":"uri","uri":"smcp+s+a:1"}"#);
    let mut page = UnionPage::begin(List::Resources, page.next()).unwrap();
    assert_eq!(page.from(), Some(&server));
    assert_eq!(page.guest_cursor(&server), Some("né"));
    assert_eq!(page.guest_pages(&server), 1);
    // Meanwhile another release is live, whose list is frozen: it is all there.
    let text = r#"{"resources":[{"name":"r","uri":"a:0"}]}"#;
    let frozen = Catalogue::parse(text.as_bytes()).unwrap();
    let mut other = page.clone();
    assert!(other.add(&server, &frozen, Shown::All));
    assert_eq!(
        other.finish(None).items,
        text[14..text.len() - 2].replace("a:0", "smcp+s+a:0")
    );
    let made = r#"{"resources":[{"uri":"a:2"}]}"#;
    assert_eq!(page.add_made(&server, made), Ok(true));
    let after = "t".parse().unwrap();
    assert_eq!(page.guest_cursor(&after), None);
    assert!(page.add_made(&after, "{}").is_err());
    assert_eq!(page.finish(None).next(), None);
}

#[test]
fn a_page_is_made_from_few_lists_of_guests_and_ends_when_it_is_long() {
    let mut page = UnionPage::begin(List::Resources, None).unwrap();
    let made = (0..)
        .take_while(|n| {
            let server = format!("s{n}").parse().unwrap();
            page.add_made(&server, r#"{"resources":[]}"#).unwrap()
        })
        .count();
    assert_eq!(made + 1, UNION_GUEST_LISTS);
    let long = format!(
        r#"{{"prompts":[{{"name":"a","description":"{0}"}},{{"name":"b","description":"{0}"}}]}}"#,
        "x".repeat(120_000)
    );
    let long = Catalogue::parse(long.as_bytes()).unwrap();
    let mut page = UnionPage::begin(List::Prompts, None).unwrap();
    let added = (0..)
        .take_while(|n| page.add(&format!("s{n}").parse().unwrap(), &long, Shown::All))
        .count();
    let page = page.finish(None);
    assert!(page.items.len() < UNION_PAGE_BYTES + 240_100, "{added}");
    assert_eq!(page.next(), Some("ups4.1"));
}

#[test]
fn a_united_name_is_taken_apart_at_its_first_separator() {
    for (name, parts) in [
        ("s__t", Some(("s", "t"))),
        ("my-server__a__b", Some(("my-server", "a__b"))),
        ("s___t", Some(("s", "_t"))),
        ("s_t", None),
        ("__t", None),
        ("S__t", None),
    ] {
        let split = split_union_name(name);
        assert_eq!(
            split
                .as_ref()
                .map(|(server, tool)| (server.as_str(), *tool)),
            parts,
            "{name}"
        );
        if let Some((server, tool)) = split {
            assert_eq!(union_name(&server, tool), name);
        }
    }
}

proptest! {
    #[test]
    fn pages_together_are_the_list(count in 0_usize..450) {
        let catalogue = with_tools(count);
        let (mut names, mut cursor) = (Vec::new(), None);
        loop {
            let page = catalogue.page(List::Tools, cursor.as_deref()).unwrap();
            names.extend(keys(&page));
            let Some(next) = page.next() else { break };
            cursor = Some(next.to_owned());
        }
        prop_assert_eq!(names, (0..count).map(|n| format!("t{n}")).collect::<Vec<_>>());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        drop(Catalogue::parse(&bytes));
    }
}
