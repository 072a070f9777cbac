//! What strangers send where a client is registered, a person is asked, and tokens are given out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop where it stands"
)]

use proptest::prelude::*;
use smcp_oauth::{
    Asking, Authorization, Challenge, ClientMetadata, Form, FormError, RedirectError, RedirectUri,
    Resource, SecretUse, TokenRequest, Verifier,
};

const BASE: &str = "https://mcp.example";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn uri(text: &str) -> RedirectUri {
    text.parse().unwrap()
}

fn client(uris: &[&str]) -> ClientMetadata {
    let uris = uris.iter().map(|text| uri(text)).collect();
    ClientMetadata::new("Editor", uris, SecretUse::None).unwrap()
}

#[test]
fn only_these_redirect_uris_can_be_registered() {
    for good in [
        "https://app.example/callback",
        "https://app.example",
        "https://app.example:8443/a?b=c",
        "http://localhost/callback",
        "http://localhost:3000/callback",
        "http://127.0.0.1:1/",
        "http://[::1]:65535/cb",
        "https://App.Example/Callback",
    ] {
        assert_eq!(good.parse::<RedirectUri>().unwrap().as_str(), good);
    }
    let long = format!("https://app.example/{}", "a".repeat(500));
    for bad in [
        "",
        "http://app.example/callback",
        "http://localhost.evil.example/callback",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.2/",
        "http://[::2]/",
        "http://localhost@evil.example/",
        "https://user@app.example/",
        "https://user:pass@app.example/",
        "https://app.example/#fragment",
        "https://app.example\\@evil.example/",
        "https:\\\\app.example",
        "https:app.example",
        "https:/app.example",
        "https:///callback",
        "https://",
        "https://app.example:x/",
        "https://app.example:70000/",
        "https://app.example/ a",
        "https://app.example/\u{e4}",
        "https://app.example/\r\nlocation: x",
        "https://app_.example;evil/",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "cursor://callback",
        "//app.example/callback",
        "/callback",
        &long,
    ] {
        assert!(bad.parse::<RedirectUri>().is_err(), "{bad}");
    }
}

#[test]
fn an_admin_may_write_down_an_applications_own_scheme_but_none_of_a_browser() {
    for good in [
        "cursor://anysphere.retrieval/oauth",
        "com.example.app:/callback",
        "https://app.example/cb",
    ] {
        assert_eq!(RedirectUri::of_admin(good).unwrap().as_str(), good);
    }
    for bad in [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "blob:https://x",
        "vbscript:x",
        "http://app.example/",
        "mailto:a@b.example",
        "cursor://u@x/",
        "1a://x",
        "a b://x",
        "view-source:https://x",
    ] {
        assert!(RedirectUri::of_admin(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_redirect_uri_is_compared_as_it_was_written_but_for_the_port_of_the_users_own_machine() {
    for (registered, asked, is_same) in [
        ("https://app.example/cb", "https://app.example/cb", true),
        ("https://app.example/cb", "https://app.example/cb/", false),
        (
            "https://app.example/cb",
            "https://app.example/cb?x=1",
            false,
        ),
        ("https://app.example/cb", "https://app.example/CB", false),
        ("https://app.example/cb", "https://APP.example/cb", false),
        (
            "https://app.example/cb",
            "https://app.example:443/cb",
            false,
        ),
        (
            "https://app.example/cb",
            "https://app.example:8443/cb",
            false,
        ),
        ("https://app.example/cb", "http://app.example/cb", false),
        (
            "https://app.example/cb",
            "https://app.example.evil.example/cb",
            false,
        ),
        ("https://app.example/cb", "https://app.example/../cb", false),
        ("https://app.example/cb", "https://app.example/%63b", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", true),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1/cb", true),
        ("http://[::1]/cb", "http://[::1]:8/cb", true),
        ("http://localhost:3000/cb", "http://localhost:4000/cb", true),
        ("http://localhost/cb", "http://127.0.0.1/cb", false),
        ("http://localhost/cb", "http://localhost:1/other", false),
        ("http://localhost/cb", "http://localhost:1/cb?x", false),
        (
            "http://localhost/cb",
            "http://localhost:1@evil.example/cb",
            false,
        ),
        ("http://localhost/cb", "http://localhost:99999/cb", false),
        ("http://localhost/cb", "https://localhost:1/cb", false),
    ] {
        let allowed = uri(registered).allows(asked);
        assert_eq!(
            allowed.as_ref().map(RedirectUri::as_str),
            is_same.then_some(asked),
            "{registered} {asked}"
        );
    }
}

/// Changes of a good request, and what is told whom: the person if that could be anybody's request.
#[test]
fn a_request_to_authorize_is_whole_or_is_refused_where_it_is_safe_to() {
    let good = [
        ("response_type", "code"),
        ("client_id", "c"),
        ("redirect_uri", "http://localhost:7/cb"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("scope", "mcp:read offline_access"),
        ("state", "s t"),
        ("resource", "https://mcp.example/t/acme/notes/mcp"),
    ];
    let client = client(&["http://localhost/cb", "https://app.example/cb"]);
    let read = |change: &[(&str, &str)]| {
        let kept = good
            .iter()
            .filter(|(name, _)| !change.iter().any(|(changed, _)| changed == name));
        let pairs = kept.chain(change).filter(|(_, value)| !value.is_empty());
        let text: Vec<String> = pairs
            .map(|(name, value)| {
                format!(
                    "{name}={}",
                    value
                        .replace('+', "%2B")
                        .replace('&', "%26")
                        .replace('#', "%23")
                        .replace(' ', "+")
                )
            })
            .collect();
        Authorization::read(
            &Form::parse(text.join("&").as_bytes()).unwrap(),
            &client,
            BASE,
        )
    };
    let Ok(Asking::Whole(asked)) = read(&[]) else {
        panic!()
    };
    assert_eq!(asked.scopes.to_string(), "mcp:read");
    assert_eq!(asked.resource.path(), "/t/acme/notes/mcp");
    let answer = asked.answer(BASE, "smcpc_x");
    assert_eq!(
        answer,
        "http://localhost:7/cb?code=smcpc_x&state=s+t&iss=https%3A%2F%2Fmcp.example"
    );
    assert_eq!(read(&[("resource", "")]), Ok(Asking::ForWhat));
    for (change, code) in [
        (("response_type", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", "code token"), "unsupported_response_type"),
        (("response_mode", "fragment"), "invalid_request"),
        (("request_uri", "https://evil.example/r"), "invalid_request"),
        (("request", "e30"), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", &CHALLENGE[1..]), "invalid_request"),
        (
            (
                "code_challenge",
                "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=",
            ),
            "invalid_request",
        ),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", "s256"), "invalid_request"),
        (("scope", "admin publish"), "invalid_scope"),
        (("scope", "files:write"), "invalid_scope"),
        (
            ("resource", "https://evil.example/t/acme/notes/mcp"),
            "invalid_target",
        ),
        (
            ("resource", "https://mcp.example.evil.example/t/acme/mcp"),
            "invalid_target",
        ),
        (("resource", "https://mcp.example"), "invalid_target"),
        (
            ("resource", "https://mcp.example/t/acme/notes/mcp?x=1"),
            "invalid_target",
        ),
        (
            ("resource", "https://mcp.example/t/acme/notes/mcp#x"),
            "invalid_target",
        ),
        (("resource", "/t/acme/notes/mcp"), "invalid_target"),
    ] {
        match read(&[change]) {
            Err(error @ RedirectError::Client { .. }) => {
                let url = error.answer(BASE).unwrap();
                assert!(url.starts_with("http://localhost:7/cb?error="), "{url}");
                assert!(url.contains(&format!("error={code}&")), "{change:?}: {url}");
                assert!(
                    url.contains("&state=s+t&iss=https%3A%2F%2Fmcp.example"),
                    "{url}"
                );
            }
            other => panic!("{change:?}: {other:?}"),
        }
    }
    for change in [
        ("client_id", ""),
        ("redirect_uri", ""),
        ("redirect_uri", "https://evil.example/cb"),
        ("redirect_uri", "http://localhost:7/cb/../x"),
        ("redirect_uri", "https://app.example/cb#x"),
    ] {
        let refused = read(&[change]);
        assert!(
            matches!(refused, Err(RedirectError::Person(_))),
            "{change:?}: {refused:?}"
        );
    }
}

#[test]
fn what_is_said_twice_is_refused() {
    for (text, expected) in [
        ("a=1&b=2", Ok(())),
        ("a=1&a=1", Err(FormError::Repeated)),
        ("a=1&%61=2", Err(FormError::Repeated)),
        ("a=&a=1", Ok(())),
        ("", Ok(())),
    ] {
        assert_eq!(Form::parse(text.as_bytes()).map(drop), expected, "{text}");
    }
    let many: Vec<String> = (0..50).map(|number| format!("a{number}=1")).collect();
    assert_eq!(
        Form::parse(many.join("&").as_bytes()),
        Err(FormError::TooLarge)
    );
    assert_eq!(Form::parse(&[b'a'; 9_000]), Err(FormError::TooLarge));
}

#[test]
fn only_the_verifier_fits_its_challenge() {
    let challenge = Challenge::parse(CHALLENGE).unwrap();
    assert!(challenge.is_of(Verifier::parse(VERIFIER).unwrap()));
    let other = VERIFIER.replace('d', "e");
    assert!(!challenge.is_of(Verifier::parse(&other).unwrap()));
    for bad in [
        "",
        &VERIFIER[1..],
        &"a".repeat(129),
        &format!("{VERIFIER}+"),
        &format!("{VERIFIER} "),
    ] {
        assert!(Verifier::parse(bad).is_none(), "{bad}");
    }
}

#[test]
fn a_resource_is_an_endpoint_of_this_host() {
    for (text, path) in [
        (
            "https://mcp.example/t/acme/notes/mcp",
            Some("/t/acme/notes/mcp"),
        ),
        ("https://mcp.example/t/acme/mcp", Some("/t/acme/mcp")),
        ("HTTPS://MCP.Example/t/acme/mcp", Some("/t/acme/mcp")),
        ("https://mcp.example/t/acme/mcp/", Some("/t/acme/mcp")),
        ("https://mcp.example/t/acme/mcp//", None),
        ("https://mcp.example/T/acme/mcp", None),
        ("https://mcp.example/t/ACME/mcp", None),
        ("https://mcp.example:444/t/acme/mcp", None),
        ("http://mcp.example/t/acme/mcp", None),
        ("https://mcp.example/t/a/b/c/mcp", None),
        ("https://mcp.example", None),
        ("", None),
        ("ä", None),
    ] {
        let resource = Resource::parse(text, BASE);
        assert_eq!(
            resource.map(|resource| resource.path()).as_deref(),
            path,
            "{text}"
        );
    }
    assert_eq!(Resource::parse("/t/acme/mcp", ""), None);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
        if let Ok(form) = Form::parse(&bytes) {
            let client = client(&["http://localhost/cb"]);
            drop(Authorization::read(&form, &client, BASE));
            drop(TokenRequest::read(&form, Some(&text)));
        }
        drop(ClientMetadata::registered(&bytes));
        drop(RedirectUri::of_admin(&text));
        drop(Resource::parse(&text, BASE));
        drop(uri("http://localhost/cb").allows(&text));
    }

    #[test]
    fn a_redirect_uri_leads_where_its_page_says(text in "[a-z]{1,6}:/{0,3}[a-z.@:\\[\\]0-9/?#\\\\-]{0,20}") {
        if let Ok(uri) = text.parse::<RedirectUri>() {
            prop_assert!(!uri.host().is_empty());
            prop_assert!(uri.with(&[("code", "x")]).starts_with(&uri.source()));
        }
    }
}
