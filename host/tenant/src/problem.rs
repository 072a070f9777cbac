//! Errors of the HTTP surface: the one place that maps them to the wire.
//!
//! Every error is JSON with a stable `code` and a message that says what to do; nothing of the
//! inside shows. Errors of MCP itself are JSON-RPC's and belong to the protocol crate.

use serde::Serialize;
use smcp_analysis::Finding;
use smcp_auth::{AuthError, Challenge, Scope, discovery};
use smcp_capability::turn::{Head, Reply};
use smcp_ids::{CallId, limits};

use crate::budget::{Kind, Quota, Refused};

/// A refusal of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// What `WWW-Authenticate` says, where it belongs.
    challenge: Option<Challenge>,
    /// The scope that would have been enough.
    scope: Option<Box<Scope>>,
    /// The call that failed, where it is one.
    call: Option<CallId>,
    /// What the caller has used up, where it is that.
    used_up: Option<Box<Refused>>,
    /// For which findings a release is refused, where it is that.
    findings: Vec<Finding>,
}

impl From<AuthError> for Problem {
    /// All refusals of a credential look alike.
    fn from(error: AuthError) -> Self {
        let public = error.public();
        let challenge = public.challenge;
        Self {
            challenge,
            ..Self::new(public.status, public.code, public.message)
        }
    }
}

impl Problem {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            challenge: None,
            scope: None,
            call: None,
            used_up: None,
            findings: Vec::new(),
        }
    }

    /// A release that the tenant's policy keeps out.
    pub(crate) fn admission_refused(findings: Vec<Finding>) -> Self {
        let count = findings.len();
        let message = format!(
            "the tenant's policy refuses this release for {count} of the findings in its report; correct what they are \
             about, or have an admin change the policy"
        );
        Self {
            findings,
            ..Self::new(422, "admission_refused", message)
        }
    }

    /// The same as the error of a call.
    pub(crate) fn of_call(self, call: CallId) -> Self {
        Self {
            call: Some(call),
            ..self
        }
    }

    /// The call that failed, where it is one.
    pub(crate) fn call(&self) -> Option<CallId> {
        self.call
    }

    /// A request that is not well formed.
    pub(crate) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// No such thing, or nothing that the caller may see: both look alike.
    pub(crate) fn not_found() -> Self {
        AuthError::NotVisible.into()
    }

    /// The caller lacks a scope. Told alike whether or not there is what it would allow.
    pub(crate) fn lacks(scope: Scope) -> Self {
        Self {
            scope: Some(Box::new(scope)),
            ..AuthError::Scope.into()
        }
    }

    /// What is there already is in the way.
    pub(crate) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(409, code, message)
    }

    /// Too much at once.
    pub(crate) fn busy() -> Self {
        Self::new(
            429,
            "busy",
            "too many calls of this tenant wait already; try again in a second",
        )
    }

    /// The caller, or its tenant, has used up what it may.
    pub(crate) fn used_up(refused: &Refused) -> Self {
        let what = match refused.kind {
            Kind::Calls => "as many requests as it may in a minute",
            Kind::Fuel => "all the fuel that it may in a day",
        };
        let is_tenants = |quota: &Quota| quota.name.starts_with("tenant-");
        let who = if refused.quotas.iter().all(is_tenants) {
            "this tenant"
        } else {
            "this credential"
        };
        let seconds = refused.seconds();
        let message = format!("{who} has used {what}; try again in {seconds} s");
        Self {
            used_up: Some(Box::new(refused.clone())),
            ..Self::new(429, refused.kind.code(), message)
        }
    }

    /// In how many milliseconds the caller may again, if it has used up what it may.
    pub(crate) fn used_up_for(&self) -> Option<u64> {
        self.used_up.as_ref().map(|refused| refused.millis)
    }

    /// No memory for a call, and none became free.
    pub(crate) fn no_room() -> Self {
        Self::new(
            429,
            "busy",
            "the host has no memory left for this call; try again in a second",
        )
    }

    /// Whether it is only that there is too much at once.
    pub(crate) fn is_busy(&self) -> bool {
        self.status == 429
    }

    /// The host's own failure: retryable.
    pub(crate) fn host() -> Self {
        Self::new(503, "host_fault", "the host failed; try again")
    }

    /// The response, without CORS headers. `metadata` is the URL where the endpoint says who gives out credentials.
    pub(crate) fn reply(&self, metadata: Option<&str>) -> Reply {
        #[derive(Serialize)]
        struct Body<'a> {
            error: Inner<'a>,
        }
        #[derive(Serialize)]
        struct Inner<'a> {
            code: &'a str,
            message: &'a str,
            help: String,
            #[serde(rename = "callId", skip_serializing_if = "Option::is_none")]
            call: Option<String>,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            findings: &'a [Finding],
        }
        let body = Body {
            error: Inner {
                code: self.code,
                message: &self.message,
                help: format!("docs/errors.md#{}", self.code),
                call: self.call.map(|call| call.to_string()),
                findings: &self.findings,
            },
        };
        let mut reply = json(self.status, &body);
        if let Some(challenge) = self.challenge {
            let scope = self.scope.as_ref().map(ToString::to_string);
            let scope = scope
                .as_deref()
                .or(metadata.map(|_| discovery::DEFAULT_SCOPE));
            let text = challenge.text(metadata, scope);
            let headers = &mut reply.head.headers;
            headers.push(("www-authenticate".into(), text));
        }
        match &self.used_up {
            Some(refused) => {
                let seconds = refused.seconds().to_string();
                let headers = &mut reply.head.headers;
                headers.push(("retry-after".into(), seconds));
                headers.extend(quota_headers(&refused.quotas));
            }
            None => reply.head.headers.extend(retry_after(self.status)),
        }
        reply
    }
}

/// When to come again, for the answers after which that is worth it.
pub(crate) fn retry_after(status: u16) -> Option<(String, String)> {
    let seconds = limits::RETRY_AFTER_SECONDS.to_string();
    matches!(status, 429 | 503).then(|| ("retry-after".to_owned(), seconds))
}

/// What a caller is told of its limits (draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4). Fuel is a unit of
/// ours, so that nobody takes it for requests.
pub(crate) fn quota_headers(quotas: &[Quota]) -> Vec<(String, String)> {
    let policy = |quota: &Quota| {
        let unit = match quota.kind {
            Kind::Calls => "",
            Kind::Fuel => ";qu=\"smcp-fuel\"",
        };
        let Quota {
            name, most, window, ..
        } = quota;
        format!("\"{name}\";q={most}{unit};w={window}")
    };
    let limit = |quota: &Quota| {
        let more = quota.more_in.map(|seconds| format!(";t={seconds}"));
        let (name, left) = (&quota.name, quota.left);
        format!("\"{name}\";r={left}{}", more.unwrap_or_default())
    };
    let list = |item: &dyn Fn(&Quota) -> String| {
        let items: Vec<String> = quotas.iter().map(item).collect();
        items.join(", ")
    };
    vec![
        ("ratelimit-policy".into(), list(&policy)),
        ("ratelimit".into(), list(&limit)),
    ]
}

/// A JSON response.
pub(crate) fn json(status: u16, body: &impl Serialize) -> Reply {
    // Only our own types come here: strings, numbers and lists, which always serialise.
    let body = serde_json::to_vec(body).unwrap_or_default();
    let headers = vec![
        ("content-type".into(), "application/json".into()),
        ("cache-control".into(), "no-store".into()),
        ("x-content-type-options".into(), "nosniff".into()),
    ];
    Reply {
        head: Head { status, headers },
        body,
    }
}
