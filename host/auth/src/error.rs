//! Why a caller is refused: one list for the log, and what of it a stranger is told.

/// Why a credential is no principal, or a principal may not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No credential came with the request.
    #[error("no credential was sent")]
    Missing,
    /// Not a credential of a form we know.
    #[error("the credential has no form that is known")]
    Malformed,
    /// A key whose MAC is wrong: made up, altered, or of another deployment.
    #[error("the key's MAC is wrong")]
    BadMac,
    /// An access token that does not open: made up, altered, or of another deployment.
    #[error("the access token does not open")]
    BadToken,
    /// An access token for another endpoint than the one it is used at.
    #[error("the access token is for another endpoint")]
    OtherAudience,
    /// A key for another tenant than the one it is used with.
    #[error("the key belongs to another tenant")]
    OtherTenant,
    /// A key that was narrowed in a way this version does not know, and so cannot honour.
    #[error("the key carries a restriction that is not known")]
    UnknownRestriction,
    /// A proven key that the tenant has no record of.
    #[error("the tenant has no record of the key")]
    NoRecord,
    /// A key that was revoked.
    #[error("the key was revoked")]
    Revoked,
    /// A key whose time is over.
    #[error("the key has expired")]
    Expired,
    /// An access token at the admin API, where it opens nothing, whatever it allows.
    #[error("access tokens have no role on the admin API")]
    NoRole,
    /// An admin token that is not the configured one.
    #[error("the admin token is wrong")]
    BadAdminToken,
    /// A tenant or server that is not there, or that the caller may not see: the same to him.
    #[error("there is nothing here that the caller may see")]
    NotVisible,
    /// A principal without the scope that is needed.
    #[error("the principal lacks the scope that this needs")]
    Scope,
}

/// What a caller is told: enough to act on, nothing that tells one cause from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicError {
    /// The HTTP status.
    pub status: u16,
    /// The stable name that goes over the wire.
    pub code: &'static str,
    /// One sentence that says what to do.
    pub message: &'static str,
    /// What `WWW-Authenticate` says, where it belongs.
    pub challenge: Option<Challenge>,
}

/// What a caller is told of the credential that it needs (RFC 6750, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    /// What is wrong with the one that it sent; none, if it sent none.
    error: Option<&'static str>,
}

impl Challenge {
    /// The value of `WWW-Authenticate`. `metadata` is the URL where the endpoint says who gives out credentials for
    /// it (RFC 9728, section 5.1), `scope` what is needed.
    pub fn text(self, metadata: Option<&str>, scope: Option<&str>) -> String {
        let mut text = "Bearer realm=\"smcp\"".to_owned();
        let parameters = [
            ("error", self.error),
            ("scope", scope),
            ("resource_metadata", metadata),
        ];
        for (name, value) in parameters {
            if let Some(value) = value {
                text.push_str(&format!(", {name}=\"{value}\""));
            }
        }
        text
    }
}

impl AuthError {
    /// The stable name of this error, for logs and the audit. It goes to no stranger.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "credential_missing",
            Self::Malformed => "credential_malformed",
            Self::BadMac => "key_bad_mac",
            Self::BadToken => "token_bad",
            Self::OtherAudience => "token_other_audience",
            Self::OtherTenant => "key_other_tenant",
            Self::UnknownRestriction => "key_unknown_restriction",
            Self::NoRecord => "key_no_record",
            Self::Revoked => "key_revoked",
            Self::Expired => "key_expired",
            Self::NoRole => "token_no_role",
            Self::BadAdminToken => "admin_token_wrong",
            Self::NotVisible => "not_visible",
            Self::Scope => "insufficient_scope",
        }
    }

    /// What the caller is told.
    pub const fn public(self) -> PublicError {
        match self {
            // Without a credential there is no error yet, only a need (RFC 6750, section 3.1).
            Self::Missing => PublicError {
                status: 401,
                code: "unauthorized",
                message: "send an API key as \"Authorization: Bearer ...\"",
                challenge: Some(Challenge { error: None }),
            },
            Self::Malformed
            | Self::BadMac
            | Self::BadToken
            | Self::OtherAudience
            | Self::OtherTenant
            | Self::UnknownRestriction
            | Self::NoRecord
            | Self::Revoked
            | Self::Expired
            | Self::BadAdminToken => PublicError {
                status: 401,
                code: "unauthorized",
                message: "this credential is not valid here; ask the tenant's admin for another",
                challenge: Some(Challenge {
                    error: Some("invalid_token"),
                }),
            },
            // Which kind of credential it is, its sender knows.
            Self::NoRole => PublicError {
                status: 401,
                code: "unauthorized",
                message: "access tokens open MCP endpoints only; send an API key of the tenant whose scopes have admin, publish or audit",
                challenge: Some(Challenge {
                    error: Some("invalid_token"),
                }),
            },
            Self::NotVisible => PublicError {
                status: 404,
                code: "not_found",
                message: "there is nothing here that this credential may see; check the path",
                challenge: None,
            },
            Self::Scope => PublicError {
                status: 403,
                code: "insufficient_scope",
                message: "this credential lacks the scope that this needs; ask the tenant's admin for it",
                challenge: Some(Challenge {
                    error: Some("insufficient_scope"),
                }),
            },
        }
    }
}
