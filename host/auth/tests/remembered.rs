//! What is kept of a principal between two requests, and what those are told who are refused.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use smcp_auth::{
    AccessClaims, AccessToken, Allowance, AuthError, Keyring, MemberRecord, Principal, Records,
    Remembered, discovery,
};
use smcp_crypto::{DEVELOPMENT_MASTER_KEY, MasterKeys};
use smcp_ids::{GrantId, KeyId, MemberId, TenantId, UnixMillis};

/// What the tenant has on record.
struct Rows {
    member: Option<MemberRecord>,
    is_ended: bool,
}

impl Records for Rows {
    fn key(&self, _: &KeyId) -> Option<&smcp_auth::KeyRecord> {
        None
    }

    fn member(&self, id: &MemberId) -> Option<&MemberRecord> {
        self.member.as_ref().filter(|member| member.id == *id)
    }

    fn is_ended(&self, grant: &GrantId) -> bool {
        self.is_ended && grant.as_str() == "g1"
    }
}

fn member(scopes: &str) -> MemberRecord {
    MemberRecord {
        id: "ada".parse().unwrap(),
        name: "Ada".to_owned(),
        email: None,
        scopes: scopes.parse().unwrap(),
        created: UnixMillis(0),
        invitations: 1,
        invited_until: None,
        access_codes: 1,
        upstream: None,
        allowance: Allowance::default(),
    }
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn granted(scopes: &str) -> Principal {
    let keys = DEVELOPMENT_MASTER_KEY.parse::<MasterKeys>().unwrap();
    let keyring = Keyring::new(tenant(), &keys.tenant(&tenant()));
    assert_eq!(*keyring.tenant(), tenant());
    let claims = AccessClaims {
        member: "ada".parse().unwrap(),
        grant: "g1".parse().unwrap(),
        server: None,
        scopes: scopes.parse().unwrap(),
        expires: UnixMillis(5_000),
    };
    let token = keyring.mint_token([1; 12], &claims).unwrap();
    let token: AccessToken = token.parse().unwrap();
    let proven = keyring.open_token(&token).unwrap();
    assert_eq!(*proven.claims(), claims);
    let member = member("mcp");
    proven
        .admit(None, Some(&member), false, UnixMillis(0))
        .unwrap()
}

#[test]
fn a_member_that_is_remembered_may_do_what_record_and_grant_allow_by_then() {
    let remembered = granted("mcp/notes").remember().unwrap();
    assert_eq!(remembered.to_string(), "member:ada");
    let bytes = postcard::to_allocvec(&remembered).unwrap();
    let remembered: Remembered = postcard::from_bytes(&bytes).unwrap();
    for (member, is_ended, expected) in [
        (Some(member("mcp")), false, Ok("mcp/notes")),
        (Some(member("mcp:read")), false, Ok("mcp/notes:read")),
        (Some(member("mcp/other")), false, Ok("")),
        (Some(member("mcp")), true, Err(AuthError::Revoked)),
        (None, false, Err(AuthError::NoRecord)),
    ] {
        let rows = Rows { member, is_ended };
        let again = remembered.admit(&tenant(), &rows, UnixMillis(u64::MAX));
        let scopes = again.map(|principal| principal.scopes().to_string());
        assert_eq!(scopes, expected.map(str::to_owned));
    }
}

#[test]
fn what_a_member_began_is_its_own_by_whatever_grant_and_nobody_elses() {
    let ada = granted("mcp");
    let remembered = ada.remember().unwrap();
    assert!(ada.is(&remembered) && granted("mcp/notes").is(&remembered));
    let key = Remembered::Key {
        id: "ada".parse().unwrap(),
        restrictions: smcp_auth::Restrictions::default(),
    };
    assert!(!ada.is(&key), "a key of the same id is another");
    assert_eq!(key.to_string(), "key:ada");
}

#[test]
fn whether_there_can_be_a_server_that_one_may_read_is_said_without_naming_one() {
    for (scopes, may) in [
        ("mcp", true),
        ("mcp:read", true),
        ("mcp/notes", true),
        ("mcp/notes:read", true),
        ("mcp/notes/find", false),
        ("", false),
    ] {
        assert_eq!(granted(scopes).may_read_any(), may, "{scopes}");
    }
}

#[test]
fn a_refusal_says_what_to_do_with_the_status_and_the_challenge_of_its_kind() {
    let at = discovery::resource_metadata_url("https://a.example", "/t/acme/hello/mcp");
    assert_eq!(
        at,
        "https://a.example/.well-known/oauth-protected-resource/t/acme/hello/mcp"
    );
    for (error, status, code, challenge) in [
        (
            AuthError::Missing,
            401,
            "unauthorized",
            Some("Bearer realm=\"smcp\""),
        ),
        (
            AuthError::Expired,
            401,
            "unauthorized",
            Some("Bearer realm=\"smcp\", error=\"invalid_token\""),
        ),
        (
            AuthError::NoRole,
            401,
            "unauthorized",
            Some("Bearer realm=\"smcp\", error=\"invalid_token\""),
        ),
        (
            AuthError::Scope,
            403,
            "insufficient_scope",
            Some("Bearer realm=\"smcp\", error=\"insufficient_scope\""),
        ),
        (AuthError::NotVisible, 404, "not_found", None),
    ] {
        let public = error.public();
        let text = public.challenge.map(|challenge| challenge.text(None, None));
        assert_eq!((public.status, public.code), (status, code), "{error:?}");
        assert_eq!(text.as_deref(), challenge, "{error:?}");
        let full = public
            .challenge
            .map(|challenge| challenge.text(Some(&at), Some("mcp/notes")));
        let expected = challenge.map(|challenge| {
            format!("{challenge}, scope=\"mcp/notes\", resource_metadata=\"{at}\"")
        });
        assert_eq!(full, expected, "{error:?}");
    }
}
