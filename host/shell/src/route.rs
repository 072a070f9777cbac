//! Method, URL and the few headers of a request to the object that serves it, or a refusal.
//!
//! The checks come in the order: size, place, origin, method, credential. It touches no storage and
//! knows no tenant: a key that proves itself may have been revoked, which its object knows. Pure
//! functions of their arguments.

use smcp_auth::AuthError;
use smcp_capability::turn::Role;
use smcp_ids::limits::PATH_MAX;
use smcp_ids::{PublisherKey, ServerSlug, TenantId};

use crate::refusal::{Answer, BodyMax, Refusal};

/// What the edge looks at. Text that is not there is empty.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    /// The whole URL, as the platform normalised it.
    pub(crate) url: &'a str,
    pub(crate) origin: &'a str,
    pub(crate) accept: &'a str,
    pub(crate) authorization: &'a str,
    /// The declared length of the body; 0 if there is none.
    pub(crate) length: f64,
    /// Whether it names a session.
    pub(crate) in_session: bool,
}

/// Who may pass: the proofs that need no storage. They take the value of `Authorization`.
pub(crate) trait Doorkeeper {
    /// Proves that it is an API key of that tenant, by its MAC.
    fn prove_key(&self, authorization: &str, tenant: &TenantId) -> Result<(), AuthError>;
    /// Proves that it is the platform's admin token.
    fn prove_admin(&self, authorization: &str) -> Result<(), AuthError>;
    /// Proves that it is that, or an API key of that tenant. What a key may do there, its object knows.
    fn prove_administrator(&self, authorization: &str, tenant: &TenantId) -> Result<(), AuthError>;
    /// Whether this browser origin is on the list.
    fn is_allowed_origin(&self, origin: &str) -> bool;
    /// The public keys under which receipts hold.
    fn receipt_keys(&self) -> Vec<PublisherKey>;
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// A tenant as a whole, for the admin.
    Tenant(TenantId),
    /// An MCP endpoint of a tenant.
    Mcp(TenantId),
    /// The admin API, served by that object, with bodies up to that size.
    Admin(Role, BodyMax),
    Health,
    /// The public keys of receipts.
    ReceiptKeys,
    /// The description of the admin API.
    Description,
}

impl Place {
    /// Whether it is for everybody's pages too.
    fn is_public(&self) -> bool {
        matches!(self, Self::ReceiptKeys | Self::Description)
    }
}

/// The name of the object that serves the request, or what the edge answers itself.
pub(crate) fn route(ask: Ask<'_>, door: &impl Doorkeeper) -> Result<String, Answer> {
    let (origin, path_and_query) = split_url(ask.url);
    if path_and_query.len() > PATH_MAX {
        return Err(Refusal::UriTooLong.into());
    }
    let path = path_and_query.split('?').next().unwrap_or_default();
    let place = place(path).ok_or(Refusal::NotFound)?;
    if !place.is_public() && !may_call(ask.origin, origin, door) {
        return Err(Refusal::OriginForbidden.into());
    }
    let role = match place {
        Place::Health => return Err(Answer::healthy()),
        Place::ReceiptKeys => return Err(Answer::receipt_keys(&door.receipt_keys())),
        Place::Description => return Err(Answer::description()),
        Place::Mcp(tenant) => {
            match ask.method {
                "POST" => {}
                // A session of the legacy era has a stream of its own, and an end (2025-11-25,
                // basic/transports, "Listening for Messages from the Server", "Session Management").
                "GET" | "DELETE" if ask.in_session => {}
                _ => return Err(not_a_post(&ask)),
            }
            door.prove_key(ask.authorization, &tenant)?;
            within(ask.length, BodyMax::Mcp)?;
            Role::Tenant(tenant)
        }
        Place::Admin(role, body_max) => administered(&ask, role, body_max, door)?,
        // Making, listing and removing tenants is the platform object's business; what is in one, its own object
        // knows.
        Place::Tenant(tenant) => {
            let role = if ask.method == "GET" {
                Role::Tenant(tenant)
            } else {
                Role::Platform
            };
            administered(&ask, role, BodyMax::Admin, door)?
        }
    };
    Ok(role.object_name())
}

/// Whose object serves an admin request, if its caller may have a role there.
fn administered(
    ask: &Ask<'_>,
    role: Role,
    body_max: BodyMax,
    door: &impl Doorkeeper,
) -> Result<Role, Answer> {
    match &role {
        Role::Platform => door.prove_admin(ask.authorization)?,
        Role::Tenant(tenant) => door.prove_administrator(ask.authorization, tenant)?,
    }
    within(ask.length, body_max)?;
    Ok(role)
}

/// The origin of a URL, and its path and query.
pub(crate) fn split_url(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at.saturating_add(3));
    let path = url.get(host..).and_then(|rest| rest.find('/'));
    path.and_then(|at| url.split_at_checked(host.saturating_add(at)))
        .unwrap_or((url, "/"))
}

/// How large a body may be that goes to that path.
pub(crate) fn body_max(path: &str) -> BodyMax {
    match place(path.split('?').next().unwrap_or_default()) {
        Some(Place::Admin(_, max)) => max,
        Some(Place::Tenant(_)) => BodyMax::Admin,
        _ => BodyMax::Mcp,
    }
}

/// Whether a page of `origin` may call; whoever is not a browser sends none.
pub(crate) fn may_call(origin: &str, own: &str, door: &impl Doorkeeper) -> bool {
    origin.is_empty() || (origin == own && is_sure(own)) || door.is_allowed_origin(origin)
}

/// Whether an origin that was taken from the request itself says who the caller's page belongs to. A
/// stranger's name can be made to point here: over TLS it does not get through, and neither does it
/// pass for the machine itself (2026-07-28, basic/transports/streamable-http, "Security Warning").
fn is_sure(own: &str) -> bool {
    let Some(host) = own.strip_prefix("http://") else {
        return own.starts_with("https://");
    };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    };
    matches!(name, Some("localhost" | "127.0.0.1" | "::1"))
}

fn place(path: &str) -> Option<Place> {
    let mut parts = path.strip_prefix('/')?.split('/');
    let mut next = || parts.next();
    match (next(), next(), next(), next(), next()) {
        (Some("healthz"), None, ..) => Some(Place::Health),
        (Some(".well-known"), Some("smcp-keys"), None, ..) => Some(Place::ReceiptKeys),
        (Some("t"), Some(tenant), Some("mcp"), None, None) => {
            Some(Place::Mcp(tenant.parse().ok()?))
        }
        (Some("t"), Some(tenant), Some(server), Some("mcp"), None) => {
            let _: ServerSlug = server.parse().ok()?;
            Some(Place::Mcp(tenant.parse().ok()?))
        }
        (Some("admin"), Some("v1"), Some("tenants"), None, None) => {
            Some(Place::Admin(Role::Platform, BodyMax::Admin))
        }
        (Some("admin"), Some("v1"), Some("tenants"), Some(tenant), None) => {
            Some(Place::Tenant(tenant.parse().ok()?))
        }
        (Some("admin"), Some("v1"), Some("tenants"), Some(tenant), Some(first)) => {
            let takes_package = first == "servers" && path.ends_with("/releases");
            let max = if takes_package {
                BodyMax::Package
            } else {
                BodyMax::Admin
            };
            Some(Place::Admin(Role::Tenant(tenant.parse().ok()?), max))
        }
        (Some("admin"), Some("v1"), Some("openapi.json"), None, None) => Some(Place::Description),
        _ => None,
    }
}

fn within(length: f64, max: BodyMax) -> Result<(), Refusal> {
    if length > max.bytes() as f64 {
        Err(Refusal::PayloadTooLarge(max))
    } else {
        Ok(())
    }
}

/// A GET of a person gets an explanation; all others are told what to do. 405 it must be: some
/// clients take any other status for the end of the server.
fn not_a_post(ask: &Ask<'_>) -> Answer {
    if ask.method == "GET" && ask.accept.contains("text/html") {
        Answer::help()
    } else {
        Refusal::MethodNotAllowed.into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    struct Door;

    impl Doorkeeper for Door {
        fn prove_key(&self, authorization: &str, tenant: &TenantId) -> Result<(), AuthError> {
            let right = authorization == format!("key-of-{tenant}");
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

        fn prove_administrator(
            &self,
            authorization: &str,
            tenant: &TenantId,
        ) -> Result<(), AuthError> {
            match authorization.strip_prefix("key-of-") {
                Some(of) if of != tenant.as_str() => Err(AuthError::NotVisible),
                Some(_) => Ok(()),
                None => self.prove_admin(authorization),
            }
        }

        fn is_allowed_origin(&self, origin: &str) -> bool {
            origin == "https://app.example"
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

    fn status(ask: Ask<'_>) -> Result<String, u16> {
        route(ask, &Door).map_err(|answer| answer.status)
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
            let answer = route(Ask { origin, ..asked }, &Door).unwrap_err();
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
        assert_eq!(route(browser, &Door), Err(Answer::help()));
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
}
