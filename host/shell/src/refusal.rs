//! What the edge answers itself: refusals, the preflight, health, the keys of receipts, the description of the
//! admin API, the help page.
//!
//! Every error is JSON with a stable `code` and a message that says what to do; none tells anything
//! about what is stored, since the edge does not know it.

use smcp_auth::{AuthError, discovery};
use smcp_crypto::receipt_key_id;
use smcp_ids::PublisherKey;
use smcp_ids::limits::{ADMIN_BODY_MAX, MCP_BODY_MAX, OAUTH_FORM_MAX, PACKAGE_CEILING, PATH_MAX};

/// Why the edge refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the host has no usable MASTER_KEYS; set the secret and deploy again")]
    NotConfigured,
    #[error("the development master key serves loopback addresses only; set MASTER_KEYS")]
    DevelopmentKey,
    #[error("this origin may not call; ask the platform admin to add it to ALLOWED_ORIGINS")]
    OriginForbidden,
    #[error("there is nothing at this path; see the paths at /")]
    NotFound,
    #[error(
        "this path takes {0} only; an MCP endpoint takes GET and DELETE too, in a session; the HTTP+SSE transport of 2024-11-05 is not served"
    )]
    MethodNotAllowed(&'static str),
    #[error("the body is too large: at most {0} bytes")]
    PayloadTooLarge(BodyMax),
    #[error("path and query are too long: at most {PATH_MAX} bytes")]
    UriTooLong,
}

/// How large a body may be, by where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyMax {
    Mcp,
    Admin,
    Package,
    /// A form, or the document of a client.
    Form,
}

impl BodyMax {
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::Mcp => MCP_BODY_MAX,
            Self::Admin => ADMIN_BODY_MAX,
            Self::Package => PACKAGE_CEILING,
            Self::Form => OAUTH_FORM_MAX,
        }
    }
}

impl core::fmt::Display for BodyMax {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.bytes().fmt(f)
    }
}

impl Refusal {
    /// The stable name of the refusal.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::NotConfigured | Self::DevelopmentKey => "not_configured",
            Self::OriginForbidden => "origin_forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::PayloadTooLarge(_) => "payload_too_large",
            Self::UriTooLong => "uri_too_long",
        }
    }

    const fn status(self) -> u16 {
        match self {
            Self::NotConfigured | Self::DevelopmentKey => 503,
            Self::OriginForbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed(_) => 405,
            Self::PayloadTooLarge(_) => 413,
            Self::UriTooLong => 414,
        }
    }

    const fn header(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::MethodNotAllowed(allowed) => Some(("allow", allowed)),
            _ => None,
        }
    }
}

/// A response that needs no object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Header names in lower case.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body; empty for none.
    pub(crate) body: String,
}

impl Answer {
    fn new(status: u16, kind: &'static str, body: impl Into<String>) -> Self {
        let headers = vec![
            ("content-type", kind.to_owned()),
            ("cache-control", "no-store".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
        ];
        Self {
            status,
            headers,
            body: body.into(),
        }
    }

    fn error(
        status: u16,
        code: &str,
        message: &str,
        header: Option<(&'static str, &'static str)>,
    ) -> Self {
        // Quotes are all that JSON escapes in our own words: a test says so.
        let message = message.replace('"', "\\\"");
        // As the objects write it, so that nobody sees which of them refused.
        let body = format!(
            r#"{{"error":{{"code":"{code}","message":"{message}","help":"docs/errors.md#{code}"}}}}"#
        );
        let mut answer = Self::new(status, "application/json", body);
        answer
            .headers
            .extend(header.map(|(name, value)| (name, value.to_owned())));
        answer
    }

    /// That the host is alive, and which deployment it is, where the platform gives it a name.
    pub(crate) fn healthy(version: &str) -> Self {
        let is_plain = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let body = if version.is_empty() || !is_plain(version) {
            r#"{"status":"ok"}"#.to_owned()
        } else {
            format!(r#"{{"status":"ok","version":"{version}"}}"#)
        };
        Self::new(200, "application/json", body)
    }

    /// The public keys under which receipts hold, which anybody may have.
    pub(crate) fn receipt_keys(keys: &[PublisherKey]) -> Self {
        let listed = keys.iter().map(|key| {
            let id = receipt_key_id(key);
            format!(r#"{{"id":"{id}","algorithm":"Ed25519","publicKey":"{key}"}}"#)
        });
        let listed = listed.collect::<Vec<_>>().join(",");
        Self::public(format!(r#"{{"keys":[{listed}]}}"#))
    }

    /// What the admin API is, in the form of OpenAPI: it has nothing of this deployment.
    pub(crate) fn description() -> Self {
        Self::public(include_str!("openapi.json"))
    }

    /// A document that anybody may have, and keep for an hour.
    fn public(body: impl Into<String>) -> Self {
        Self {
            status: 200,
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("cache-control", "public, max-age=3600".to_owned()),
                ("x-content-type-options", "nosniff".to_owned()),
                (ALLOW_ORIGIN, "*".to_owned()),
            ],
            body: body.into(),
        }
    }

    /// What the endpoint with that path says of itself, whether or not it exists.
    pub(crate) fn resource_metadata(base: &str, path: &str) -> Self {
        Self::public(discovery::resource_metadata(base, path))
    }

    /// What the authorization server says of itself.
    pub(crate) fn server_metadata(base: &str) -> Self {
        Self::public(discovery::server_metadata(base))
    }

    /// That an endpoint needs another credential, and who gives it out.
    pub(crate) fn challenge(error: AuthError, base: &str, path: &str) -> Self {
        let public = error.public();
        let mut answer = Self::error(public.status, public.code, public.message, None);
        if let Some(challenge) = public.challenge {
            let metadata = discovery::resource_metadata_url(base, path);
            let text = challenge.text(Some(&metadata), Some(discovery::DEFAULT_SCOPE));
            answer.headers.push(("www-authenticate", text));
        }
        answer
    }

    /// Whether pages of any origin may read it.
    pub(crate) fn is_for_all(&self) -> bool {
        self.headers.iter().any(|(name, _)| *name == ALLOW_ORIGIN)
    }

    /// For a person who opens an endpoint in a browser.
    pub(crate) fn help() -> Self {
        let mut answer = Self::new(200, "text/html; charset=utf-8", include_str!("help.html"));
        answer
            .headers
            .push(("content-security-policy", "default-src 'none'".to_owned()));
        answer
    }

    /// To a preflight. Which headers may be sent is said to everybody, who may call is not.
    pub(crate) fn preflight(requested: &str) -> Self {
        let mut allowed = ALLOWED_HEADERS.to_owned();
        for name in requested
            .split(',')
            .map(str::trim)
            .filter(|name| is_parameter(name))
        {
            allowed.push_str(", ");
            allowed.push_str(name);
        }
        let headers = vec![
            (
                "access-control-allow-methods",
                "GET, POST, DELETE, OPTIONS".to_owned(),
            ),
            ("access-control-allow-headers", allowed),
            ("access-control-max-age", "86400".to_owned()),
        ];
        Self {
            status: 204,
            headers,
            body: String::new(),
        }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::error(
            refusal.status(),
            refusal.code(),
            &refusal.to_string(),
            refusal.header(),
        )
    }
}

impl From<AuthError> for Answer {
    fn from(error: AuthError) -> Self {
        let public = error.public();
        let mut answer = Self::error(public.status, public.code, public.message, None);
        if let Some(challenge) = public.challenge {
            let text = challenge.text(None, None);
            answer.headers.push(("www-authenticate", text));
        }
        answer
    }
}

const ALLOW_ORIGIN: &str = "access-control-allow-origin";

const ALLOWED_HEADERS: &str = "Authorization, Content-Type, Accept, Mcp-Session-Id, \
    MCP-Protocol-Version, Last-Event-ID, Mcp-Method, Mcp-Name, Traceparent, Tracestate";

/// The headers that an answer must carry that pages of all origins may read.
pub(crate) fn cors_for_all() -> [(&'static str, String); 1] {
    [(ALLOW_ORIGIN, "*".to_owned())]
}

/// The headers that every answer to an allowed origin carries.
pub(crate) fn cors(origin: &str) -> [(&'static str, String); 3] {
    [
        (ALLOW_ORIGIN, origin.to_owned()),
        (
            "access-control-expose-headers",
            "Mcp-Session-Id, WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id"
                .to_owned(),
        ),
        ("vary", "Origin".to_owned()),
    ]
}

/// Whether a requested header is one of those that tools declare for their parameters.
fn is_parameter(name: &str) -> bool {
    name.get(..10)
        .is_some_and(|start| start.eq_ignore_ascii_case("mcp-param-"))
        && name.len() <= 128
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_json_with_code_and_message() {
        for refusal in [
            Refusal::NotConfigured,
            Refusal::DevelopmentKey,
            Refusal::OriginForbidden,
            Refusal::NotFound,
            Refusal::MethodNotAllowed("POST, OPTIONS"),
            Refusal::PayloadTooLarge(BodyMax::Mcp),
            Refusal::UriTooLong,
        ] {
            let text = refusal.to_string();
            assert!(
                !text.contains('\\') && !text.contains(char::is_control),
                "{text}"
            );
            let body = Answer::from(refusal).body;
            assert!(
                body.starts_with(r#"{"error":{"code":""#) && body.ends_with(r#""}}"#),
                "{body}"
            );
            let help = format!(r#""help":"docs/errors.md#{}"}}}}"#, refusal.code());
            assert!(body.ends_with(&help), "{body}");
        }
    }

    #[test]
    fn health_names_the_deployment_and_nothing_that_is_no_name() {
        for (version, body) in [
            ("", r#"{"status":"ok"}"#),
            ("d9c2-41", r#"{"status":"ok","version":"d9c2-41"}"#),
            (r#"","admin":"yes"#, r#"{"status":"ok"}"#),
        ] {
            assert_eq!(Answer::healthy(version).body, body);
        }
    }

    #[test]
    fn the_keys_of_receipts_are_for_everybody_and_may_be_kept() {
        let keys = [PublisherKey::new([1; 32]), PublisherKey::new([2; 32])];
        let answer = Answer::receipt_keys(&keys);
        let id = receipt_key_id(&PublisherKey::new([1; 32]));
        let first = format!(
            r#"{{"keys":[{{"id":"{id}","algorithm":"Ed25519","publicKey":"{}"}},{{"id":"#,
            "01".repeat(32)
        );
        assert!(answer.body.starts_with(&first), "{}", answer.body);
        assert!(answer.body.ends_with(r#""}]}"#), "{}", answer.body);
        assert!(answer.is_for_all() && !Answer::healthy("").is_for_all());
    }

    #[test]
    fn a_preflight_allows_declared_parameters_and_nothing_else() {
        let answer = Answer::preflight("content-type, mcp-param-city, x-evil, Mcp-Param-a\u{e9}");
        let allowed = format!("{ALLOWED_HEADERS}, mcp-param-city");
        assert!(
            answer
                .headers
                .contains(&("access-control-allow-headers", allowed))
        );
    }
}
