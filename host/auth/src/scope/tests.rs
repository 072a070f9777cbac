//! What scopes allow, and what of two both do.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use proptest::prelude::*;

use super::*;

fn scopes(text: &str) -> Scopes {
    text.parse().unwrap()
}

#[test]
fn only_these_words_are_scopes() {
    for good in [
        "mcp",
        "mcp:read",
        "mcp/notes",
        "mcp/notes:read",
        "mcp/notes/add_note",
        "mcp/notes/a.b-c/d:read",
        "admin",
        "publish",
        "audit",
    ] {
        assert_eq!(good.parse::<Scope>().unwrap().to_string(), good);
    }
    let long = format!("mcp/notes/{}", "t".repeat(SCOPE_TOOL_MAX + 1));
    for bad in [
        "",
        "MCP",
        "mcp/",
        "mcp//",
        "mcp/notes/",
        "mcp/Notes",
        "mcp/notes:write",
        "mcp/notes/a b",
        "mcp/notes/a\"b",
        "mcp/notes/a\\b",
        "mcp/notes/ä",
        "root",
        &long,
    ] {
        assert_eq!(bad.parse::<Scope>(), Err(ScopeError::Unknown), "{bad}");
    }
}

#[test]
fn a_broad_scope_allows_what_narrower_ones_do() {
    let notes: ServerSlug = "notes".parse().unwrap();
    // What it is given; whether it sees the server, reads it, calls a reading tool, calls a writing one, has all.
    for (given, sees, reads, calls_reading, calls_writing, all) in [
        ("mcp", true, true, true, true, true),
        ("mcp:read", true, true, true, false, false),
        ("mcp/notes", true, true, true, true, true),
        ("mcp/notes:read", true, true, true, false, false),
        ("mcp/notes/list", true, false, true, false, false),
        ("mcp/notes/add", true, false, false, true, false),
        ("mcp/notes/add mcp:read", true, true, true, true, false),
        ("mcp/other", false, false, false, false, false),
        ("mcp/other/list", false, false, false, false, false),
        ("admin publish audit", false, false, false, false, false),
        ("", false, false, false, false, false),
    ] {
        let given = scopes(given);
        let found = (
            given.see(&notes),
            given.allow_reading(&notes),
            given.allow_tool(&notes, "list", true),
            given.allow_tool(&notes, "add", false),
            given.allow_all(&notes),
        );
        let expected = (sees, reads, calls_reading, calls_writing, all);
        assert_eq!(found, expected, "{given}");
    }
}

#[test]
fn two_allow_together_what_both_do() {
    for (one, other, both) in [
        ("mcp", "mcp/notes", "mcp/notes"),
        ("mcp mcp/notes", "mcp", "mcp"),
        ("mcp:read", "mcp/notes", "mcp/notes:read"),
        ("mcp:read", "mcp/notes/add", ""),
        ("mcp/notes", "mcp/other", ""),
        (
            "mcp/notes mcp/other:read",
            "mcp:read",
            "mcp/notes:read mcp/other:read",
        ),
        ("mcp/notes", "mcp/notes/add mcp/other", "mcp/notes/add"),
        ("mcp", "admin", ""),
        ("admin", "audit publish mcp", "publish audit"),
        ("", "mcp", ""),
    ] {
        assert_eq!(
            scopes(one).meet(&scopes(other)),
            scopes(both),
            "{one} & {other}"
        );
        assert_eq!(
            scopes(other).meet(&scopes(one)),
            scopes(both),
            "{other} & {one}"
        );
    }
}

#[test]
fn there_may_be_so_many() {
    let all: Vec<Scope> = (0..=SCOPES_MAX)
        .map(|number| format!("mcp/s{number}").parse().unwrap())
        .collect();
    assert_eq!(Scopes::try_from(all.clone()), Err(ScopeError::TooMany));
    assert!(Scopes::try_from(all[1..].to_vec()).is_ok());
    let many = vec![Scope::Mcp; SCOPES_MAX + 1];
    assert_eq!(Scopes::try_from(many).unwrap(), Scopes::from(Scope::Mcp));
}

/// One of each kind and more: what two of them may have to do with each other.
const EACH: [&str; 12] = [
    "mcp",
    "mcp:read",
    "mcp/a",
    "mcp/a:read",
    "mcp/a/t",
    "mcp/a/u",
    "mcp/b",
    "mcp/b:read",
    "mcp/b/t",
    "admin",
    "publish",
    "audit",
];

fn any_scopes() -> impl Strategy<Value = Scopes> {
    let each = prop::sample::select(EACH.to_vec());
    prop::collection::vec(each, 0..4).prop_map(|each| scopes(&each.join(" ")))
}

/// What scopes allow of server `a`, of all tools there are.
fn allowed(scopes: &Scopes) -> [bool; 7] {
    let server: ServerSlug = "a".parse().unwrap();
    let tool = |name, only_reads| scopes.allow_tool(&server, name, only_reads);
    [
        scopes.see(&server),
        scopes.allow_reading(&server),
        scopes.allow_all(&server),
        tool("t", true),
        tool("t", false),
        tool("u", true),
        tool("u", false),
    ]
}

#[test]
fn a_scope_that_covers_another_allows_no_less() {
    let mut covering = 0;
    for (one, other) in EACH.iter().flat_map(|one| EACH.map(|other| (*one, other))) {
        let (one, other) = (
            one.parse::<Scope>().unwrap(),
            other.parse::<Scope>().unwrap(),
        );
        if one.covers(&other) {
            covering += 1;
            let pairs = allowed(&one.clone().into())
                .into_iter()
                .zip(allowed(&other.clone().into()));
            for (of_one, of_other) in pairs {
                assert!(of_one || !of_other, "{one} covers {other}");
            }
        }
    }
    assert_eq!(covering, 29);
}

proptest! {
    #[test]
    fn text_and_scopes_are_inverse(given in any_scopes()) {
        prop_assert_eq!(given.to_string().parse::<Scopes>().unwrap(), given);
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        drop(text.parse::<Scopes>());
        drop(format!("mcp/{text}").parse::<Scope>());
    }

    #[test]
    fn what_two_allow_together_neither_refuses(one in any_scopes(), other in any_scopes()) {
        let both = one.meet(&other);
        let each = allowed(&one).into_iter().zip(allowed(&other));
        for (of_both, (of_one, of_other)) in allowed(&both).into_iter().zip(each) {
            prop_assert!(!of_both || (of_one && of_other), "{} & {} = {}", one, other, both);
        }
        for scope in both.iter() {
            prop_assert!(one.allow(scope) && other.allow(scope));
        }
    }
}
