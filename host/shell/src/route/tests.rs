//! Where paths lead, and who is let through.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::*;

struct Door;

impl Doorkeeper for Door {
    fn prove_caller(
        &self,
        authorization: &str,
        endpoint: &Resource,
        _: UnixMillis,
    ) -> Result<(), AuthError> {
        let right = authorization == format!("key-of-{}", endpoint.tenant);
        if right {
            Ok(())
        } else {
            Err(AuthError::BadMac)
        }
    }

    fn prove_admin(&self, authorization: &str) -> Result<(), AuthError> {
        if authorization == "admin" {
            Ok(())
        } else {
            Err(AuthError::BadAdminToken)
        }
    }

    fn prove_administrator(&self, authorization: &str, tenant: &TenantId) -> Result<(), AuthError> {
        match authorization.strip_prefix("key-of-") {
            Some(of) if of != tenant.as_str() => Err(AuthError::NotVisible),
            Some(_) => Ok(()),
            None => self.prove_admin(authorization),
        }
    }

    fn is_allowed_origin(&self, origin: &str) -> bool {
        origin == "https://app.example"
    }

    fn version(&self) -> &str {
        "d9c2-41"
    }

    fn receipt_keys(&self) -> Vec<PublisherKey> {
        vec![PublisherKey::new([1; 32])]
    }
}

fn ask<'a>(method: &'a str, url: &'a str, authorization: &'a str) -> Ask<'a> {
    Ask {
        method,
        url,
        authorization,
        ..Ask::default()
    }
}

/// The object, or the status, with that configuration of the tenant.
fn answered(ask: Ask<'_>, config: &PublicConfig) -> Result<String, u16> {
    match route(ask, &Door, Some(config)) {
        Ok(Way::Object(name)) => Ok(name),
        Ok(Way::ByBody) => Ok("by its body".to_owned()),
        Ok(Way::Ask(_)) => Ok("asks again".to_owned()),
        Err(answer) => Err(answer.status),
    }
}

fn status(ask: Ask<'_>) -> Result<String, u16> {
    answered(ask, &PublicConfig::default())
}

#[test]
fn a_path_leads_to_one_object() {
    let key = "key-of-acme";
    let admin = "admin";
    let cases = [
        ("POST", "/t/acme/echo/mcp", key, Ok("tenant:acme")),
        ("POST", "/t/acme/mcp", key, Ok("tenant:acme")),
        ("POST", "/t/acme/mcp?x=/admin", key, Ok("tenant:acme")),
        ("POST", "/t/other/mcp", key, Err(401)),
        ("POST", "/t/acme/mcp", "", Err(401)),
        ("POST", "/t/acme/mcp", admin, Err(401)),
        // A key in the address is none.
        ("POST", "/t/acme/mcp?access_token=key-of-acme", "", Err(401)),
        ("POST", "/t/ACME/mcp", key, Err(404)),
        ("POST", "/t/acme/a_b/mcp", key, Err(404)),
        ("POST", "/t/acme/echo/mcp/", key, Err(404)),
        ("POST", "/t//mcp", key, Err(404)),
        ("GET", "/t/acme/mcp", key, Err(405)),
        ("DELETE", "/t/acme/mcp", "", Err(405)),
        ("GET", "/admin/v1/tenants", admin, Ok("platform")),
        ("POST", "/admin/v1/tenants", admin, Ok("platform")),
        ("DELETE", "/admin/v1/tenants/acme", admin, Ok("platform")),
        ("GET", "/admin/v1/tenants/acme", admin, Ok("tenant:acme")),
        ("GET", "/admin/v1/tenants", key, Err(401)),
        ("POST", "/admin/v1/tenants", key, Err(401)),
        ("DELETE", "/admin/v1/tenants/acme", key, Err(401)),
        ("GET", "/admin/v1/tenants/acme", key, Ok("tenant:acme")),
        ("GET", "/admin/v1/tenants/other", key, Err(404)),
        ("GET", "/admin/v1/tenants/acme", "", Err(401)),
        (
            "GET",
            "/admin/v1/tenants/acme/servers",
            admin,
            Ok("tenant:acme"),
        ),
        (
            "PUT",
            "/admin/v1/tenants/acme/servers",
            key,
            Ok("tenant:acme"),
        ),
        ("GET", "/admin/v1/tenants/other/servers", key, Err(404)),
        ("GET", "/admin/v1/tenants/acme/servers", "", Err(401)),
        ("GET", "/admin/v1/openapi.json", "", Err(200)),
        ("GET", "/admin/v1/openapi.json/a", "", Err(404)),
        ("GET", "/admin/v1/tenants/a%2fb/servers", admin, Err(404)),
        ("GET", "/admin/v1/other", admin, Err(404)),
        ("GET", "/healthz", "", Err(200)),
        ("GET", "/.well-known/smcp-keys", "", Err(200)),
        ("GET", "/.well-known/smcp-keys/a", "", Err(404)),
        ("GET", "/.well-known/oauth-protected-resource", "", Err(404)),
        (
            "GET",
            "/.well-known/oauth-protected-resource/t/acme/echo/mcp",
            "",
            Err(200),
        ),
        (
            "GET",
            "/.well-known/oauth-protected-resource/t/acme/mcp",
            "",
            Err(200),
        ),
        (
            "GET",
            "/.well-known/oauth-protected-resource/t/acme",
            "",
            Err(404),
        ),
        (
            "GET",
            "/.well-known/oauth-authorization-server",
            "",
            Err(200),
        ),
        ("GET", "/.well-known/openid-configuration", "", Err(200)),
        (
            "GET",
            "/.well-known/oauth-authorization-server/t/acme/mcp",
            "",
            Err(404),
        ),
        (
            "POST",
            "/.well-known/oauth-authorization-server",
            "",
            Err(405),
        ),
        ("POST", "/token", "", Ok("by its body")),
        ("POST", "/revoke", "", Ok("by its body")),
        ("GET", "/token", "", Err(405)),
        ("POST", "/register", "", Ok("platform")),
        ("DELETE", "/register", "", Err(405)),
        ("GET", "/authorize?client_id=a", "", Ok("platform")),
        (
            "GET",
            "/authorize?client_id=a&resource=http%3A%2F%2Fhost%3A1%2Ft%2Facme%2Fecho%2Fmcp",
            "",
            Ok("tenant:acme"),
        ),
        (
            "POST",
            "/authorize?client_id=smcp-app_acme_x",
            "",
            Ok("tenant:acme"),
        ),
        (
            "GET",
            "/authorize?resource=a&resource=b",
            "",
            Ok("platform"),
        ),
        ("PUT", "/authorize", "", Err(405)),
        ("GET", "/t/acme/join?invitation=x", "", Ok("tenant:acme")),
        ("POST", "/t/acme/join", "", Ok("tenant:acme")),
        ("GET", "/t/acme/signed-in?code=x", "", Ok("tenant:acme")),
        ("POST", "/t/acme/signed-in", "", Err(405)),
        ("GET", "/", "", Err(404)),
    ];
    for (method, path, authorization, expected) in cases {
        let url = format!("http://host:1{path}");
        let found = status(ask(method, &url, authorization));
        assert_eq!(
            found,
            expected.map(str::to_owned),
            "{method} {path} {authorization}"
        );
    }
}

#[test]
fn only_in_a_session_there_is_more_than_post_and_the_key_is_proven_all_the_same() {
    let key = "key-of-acme";
    let cases = [
        ("GET", "/t/acme/echo/mcp", key, Ok("tenant:acme")),
        ("GET", "/t/acme/mcp", key, Ok("tenant:acme")),
        ("DELETE", "/t/acme/echo/mcp", key, Ok("tenant:acme")),
        ("POST", "/t/acme/echo/mcp", key, Ok("tenant:acme")),
        ("GET", "/t/acme/mcp", "", Err(401)),
        ("DELETE", "/t/acme/mcp", "key-of-other", Err(401)),
        ("PUT", "/t/acme/mcp", key, Err(405)),
        ("PATCH", "/t/acme/mcp", key, Err(405)),
        ("HEAD", "/t/acme/mcp", key, Err(405)),
        ("GET", "/t/acme/echo", key, Err(404)),
        ("GET", "/admin/v1/tenants", key, Err(401)),
    ];
    for (method, path, authorization, expected) in cases {
        let url = format!("http://host{path}");
        let asked = Ask {
            in_session: true,
            ..ask(method, &url, authorization)
        };
        let expected = expected.map(str::to_owned);
        assert_eq!(status(asked), expected, "{method} {path} {authorization}");
    }
    let browser = Ask {
        accept: "text/html",
        in_session: true,
        ..ask("GET", "http://host/t/acme/mcp", key)
    };
    assert_eq!(status(browser), Ok("tenant:acme".into()));
}

#[test]
fn only_known_origins_may_call() {
    let cases = [
        ("http://host", "", true),
        ("http://host", "http://host", false),
        ("https://host", "https://host", true),
        ("http://localhost:8787", "http://localhost:8787", true),
        ("http://127.0.0.1:8787", "http://127.0.0.1:8787", true),
        ("http://[::1]:8787", "http://[::1]:8787", true),
        (
            "http://localhost.evil.example",
            "http://localhost.evil.example",
            false,
        ),
        ("http://localhost:8787", "http://localhost:1", false),
        ("http://host", "https://app.example", true),
        ("http://host", "https://host", false),
        ("http://host", "http://evil.example", false),
        ("http://host", "null", false),
    ];
    for (host, origin, may) in cases {
        let url = format!("{host}/t/acme/mcp");
        let ask = Ask {
            origin,
            ..ask("POST", &url, "key-of-acme")
        };
        assert_eq!(
            status(ask),
            if may {
                Ok("tenant:acme".into())
            } else {
                Err(403)
            },
            "{origin}"
        );
    }
}

/// A page of another site may not have a browser answer for its person.
#[test]
fn forms_of_other_sites_neither_agree_nor_accept_an_invitation() {
    let url = |path: &str| format!("https://mcp.example{path}");
    for path in ["/authorize?client_id=a", "/t/acme/join"] {
        for (origin, may) in [
            ("", true),
            ("https://mcp.example", true),
            ("https://evil.example", false),
            ("http://mcp.example", false),
            ("null", false),
        ] {
            let url = url(path);
            let posted = Ask {
                origin,
                ..ask("POST", &url, "")
            };
            let found = status(posted).map(drop);
            assert_eq!(
                found,
                if may { Ok(()) } else { Err(403) },
                "{path} {origin}"
            );
        }
    }
}

#[test]
fn pages_of_all_origins_may_read_the_keys_of_receipts_and_the_description_of_the_api() {
    let origin = "http://evil.example";
    for (path, status, for_all) in [
        ("/.well-known/smcp-keys", 200, true),
        ("/admin/v1/openapi.json", 200, true),
        ("/healthz", 403, false),
        ("/admin/v1/tenants", 403, false),
    ] {
        let url = format!("http://host{path}");
        let asked = ask("GET", &url, "");
        let answer = route(Ask { origin, ..asked }, &Door, None).unwrap_err();
        assert_eq!(
            (answer.status, answer.is_for_all()),
            (status, for_all),
            "{path}"
        );
    }
}

#[test]
fn a_body_over_the_cap_of_its_path_is_refused_by_its_declared_length() {
    let cases = [
        ("/t/acme/mcp", "key-of-acme", BodyMax::Mcp),
        ("/admin/v1/tenants", "admin", BodyMax::Admin),
        ("/admin/v1/tenants/acme/keys", "admin", BodyMax::Admin),
        (
            "/admin/v1/tenants/acme/servers/echo/releases",
            "admin",
            BodyMax::Package,
        ),
    ];
    for (path, token, max) in cases {
        let url = format!("http://host{path}");
        let at = max.bytes() as f64;
        let asked = ask("POST", &url, token);
        assert!(
            status(Ask {
                length: at,
                ..asked
            })
            .is_ok(),
            "{path}"
        );
        assert_eq!(
            status(Ask {
                length: at + 1.0,
                ..asked
            }),
            Err(413),
            "{path}"
        );
        assert_eq!(body_max(path), max);
    }
}

#[test]
fn a_long_path_is_refused() {
    let url = format!("http://host/t/acme/mcp?{}", "a".repeat(PATH_MAX));
    assert_eq!(status(ask("POST", &url, "")), Err(414));
}

#[test]
fn a_person_with_a_browser_gets_a_page() {
    let asked = ask("GET", "http://host/t/acme/mcp", "");
    let browser = Ask {
        accept: "text/html,*/*",
        ..asked
    };
    assert_eq!(route(browser, &Door, None), Err(Answer::help()));
}

#[test]
fn a_url_is_cut_before_its_path() {
    for (url, parts) in [
        ("http://h:8/a?b", ("http://h:8", "/a?b")),
        ("http://h", ("http://h", "/")),
        ("", ("", "/")),
    ] {
        assert_eq!(split_url(url), parts);
    }
}

/// A code or token says whose it is.
#[test]
fn a_form_goes_to_the_tenant_of_what_is_in_it() {
    let mac = "A".repeat(43);
    for (form, object) in [
        (
            format!("grant_type=x&code=smcpc_acme_g1_0_{mac}"),
            "tenant:acme",
        ),
        (
            format!("refresh_token=smcpr_acme_g1_7_{mac}"),
            "tenant:acme",
        ),
        (format!("token=smcpr_acme_g1_7_{mac}"), "tenant:acme"),
        ("token=smcpa_acme_AAAA".to_owned(), "tenant:acme"),
        ("token=other".to_owned(), "platform"),
        ("".to_owned(), "platform"),
        ("code=a&code=b".to_owned(), "platform"),
    ] {
        assert_eq!(route_form(form.as_bytes()), object, "{form}");
    }
}

#[test]
fn what_is_public_of_a_tenant_is_asked_for_where_it_makes_a_difference() {
    let key = "key-of-acme";
    let config = PublicConfig {
        origins: vec!["https://pages.acme.example".to_owned()],
        key_only: vec!["echo".parse().unwrap()],
    };
    let mcp = "http://host/t/acme/echo/mcp";
    let metadata = "http://host/.well-known/oauth-protected-resource/t/acme/echo/mcp";
    let other = "http://host/.well-known/oauth-protected-resource/t/acme/other/mcp";
    let (own, foreign) = ("https://pages.acme.example", "https://evil.example");
    for (method, url, authorization, origin, first, then) in [
        ("POST", mcp, key, "", "tenant:acme", Ok("tenant:acme")),
        ("POST", mcp, key, own, "asks again", Ok("tenant:acme")),
        ("POST", mcp, key, foreign, "asks again", Err(403)),
        ("POST", mcp, "", "", "asks again", Err(401)),
        ("GET", metadata, "", foreign, "asks again", Err(404)),
        ("GET", other, "", foreign, "asks again", Err(200)),
    ] {
        let asked = Ask {
            origin,
            ..ask(method, url, authorization)
        };
        let without = match route(asked, &Door, None) {
            Ok(Way::Object(name)) => name,
            Ok(Way::Ask(tenant)) => {
                assert_eq!(tenant.as_str(), "acme");
                "asks again".to_owned()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(without, first, "{method} {url} {origin}");
        assert_eq!(
            answered(asked, &config),
            then.map(str::to_owned),
            "{method} {url} {origin}"
        );
    }
}

/// A server that takes keys only does not say where to get anything else.
#[test]
fn a_challenge_says_who_gives_out_credentials_unless_keys_only_are_taken() {
    let asked = ask("POST", "http://host/t/acme/echo/mcp", "");
    let challenge = |config: &PublicConfig| {
        let answer = route(asked, &Door, Some(config)).unwrap_err();
        let header = answer
            .headers
            .into_iter()
            .find(|(name, _)| *name == "www-authenticate");
        header.unwrap().1
    };
    let text = challenge(&PublicConfig::default());
    let url = "http://host/.well-known/oauth-protected-resource/t/acme/echo/mcp";
    assert!(
        text.contains(&format!("resource_metadata=\"{url}\"")),
        "{text}"
    );
    let key_only = vec!["echo".parse().unwrap()];
    let text = challenge(&PublicConfig {
        key_only,
        ..PublicConfig::default()
    });
    assert!(!text.contains("resource_metadata"), "{text}");
}
