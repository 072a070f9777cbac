//! Credentials from header to principal, and everything that stops one on the way.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop where it stands"
)]

use proptest::prelude::*;
use smcp_crypto::{DEVELOPMENT_MASTER_KEY, MasterKeys};
use smcp_ids::limits::{CREDENTIAL_MAX, SLUG_MAX_CHARACTERS};
use smcp_ids::{KeyId, ServerSlug, TenantId, UnixMillis};

use super::*;

fn keyring_under(master: &str, tenant: &str) -> Keyring {
    let tenant: TenantId = tenant.parse().unwrap();
    let keys = master.parse::<MasterKeys>().unwrap().tenant(&tenant);
    Keyring::new(tenant, &keys)
}

fn keyring(tenant: &str) -> Keyring {
    keyring_under(DEVELOPMENT_MASTER_KEY, tenant)
}

fn id(text: &str) -> KeyId {
    text.parse().unwrap()
}

fn key_of(text: &str) -> ApiKey {
    match Credential::parse(Some(&format!("Bearer {text}"))).unwrap() {
        Credential::ApiKey(key) => key,
        _ => panic!("not a key: {text}"),
    }
}

fn record(id: &KeyId) -> KeyRecord {
    KeyRecord {
        id: id.clone(),
        name: "build machine".to_owned(),
        created: UnixMillis(1_000),
        expires: None,
        revoked: None,
        scopes: Scope::Mcp.into(),
        allowance: Allowance::default(),
    }
}

fn principal(change: impl FnOnce(&mut KeyRecord)) -> Result<Principal, AuthError> {
    let (keyring, id) = (keyring("acme"), id("k1"));
    let mut record = record(&id);
    change(&mut record);
    keyring
        .verify(&key_of(&keyring.mint(&id)))
        .unwrap()
        .admit(Some(&record), UnixMillis(5_000))
}

/// Changing the form of keys would make every key that was handed out useless. Computed apart, with
/// another HMAC, from the master key of development.
#[test]
fn a_key_has_this_text() {
    assert_eq!(
        keyring("acme").mint(&id("k1")),
        "smcp_acme_k1_PUoHncj3TPlRS9wJqwgYAWZR6M87e1bP8l309fzbwXQ"
    );
}

#[test]
fn only_bearer_credentials_are_read() {
    let key = keyring("acme").mint(&id("k1"));
    let long = format!("Bearer {}", "x".repeat(CREDENTIAL_MAX));
    for (header, error) in [
        (None, AuthError::Missing),
        (Some(""), AuthError::Missing),
        (Some("  "), AuthError::Missing),
        (Some("Bearer"), AuthError::Malformed),
        (Some("Bearer "), AuthError::Malformed),
        (Some(key.as_str()), AuthError::Malformed),
        (Some("Basic YTpi"), AuthError::Malformed),
        (Some("Bearer a b"), AuthError::Malformed),
        (Some("Bearer a\tb"), AuthError::Malformed),
        (Some("Bearer é"), AuthError::Malformed),
        (Some(&long), AuthError::Malformed),
    ] {
        assert_eq!(Credential::parse(header), Err(error), "{header:?}");
    }
    for header in [
        format!("Bearer {key}"),
        format!("bearer {key}"),
        format!("  BEARER   {key} "),
    ] {
        assert!(
            matches!(Credential::parse(Some(&header)), Ok(Credential::ApiKey(_))),
            "{header}"
        );
    }
    assert!(matches!(
        Credential::parse(Some("Bearer s3cret")),
        Ok(Credential::AdminToken(_))
    ));
}

#[test]
fn a_key_has_one_form() {
    let mac = "A".repeat(43);
    for (key, error) in [
        (format!("smcp_acme_k1_{mac}"), None),
        ("smcp_".to_owned(), Some(AuthError::Malformed)),
        ("smcp_acme_k1".to_owned(), Some(AuthError::Malformed)),
        ("smcp_acme_k1_".to_owned(), Some(AuthError::Malformed)),
        (format!("smcp__k1_{mac}"), Some(AuthError::Malformed)),
        (format!("smcp_Acme_k1_{mac}"), Some(AuthError::Malformed)),
        (format!("smcp_acme__{mac}"), Some(AuthError::Malformed)),
        (format!("smcp_acme_K1_{mac}"), Some(AuthError::Malformed)),
        (format!("smcp_acme_k1_{mac}="), Some(AuthError::Malformed)),
        (format!("smcp_acme_k1_{mac}A"), Some(AuthError::Malformed)),
        (
            format!("smcp_acme_k1_{}", &mac[1..]),
            Some(AuthError::Malformed),
        ),
        // The last character carries two bits that mean nothing: they must be zero.
        (
            format!("smcp_acme_k1_{}B", &mac[1..]),
            Some(AuthError::Malformed),
        ),
        (
            format!("smcp_acme_k1_{}+", &mac[1..]),
            Some(AuthError::Malformed),
        ),
        (
            format!("smcp_acme_k1_server=echo.{mac}"),
            Some(AuthError::UnknownRestriction),
        ),
        (
            format!("smcp_acme_k1_{mac}.{mac}"),
            Some(AuthError::UnknownRestriction),
        ),
    ] {
        assert_eq!(
            Credential::parse(Some(&format!("Bearer {key}"))).err(),
            error,
            "{key}"
        );
    }
}

#[test]
fn a_key_is_proven_by_its_own_tenant_under_its_own_master_key_only() {
    let other_master = format!("1:{}", "11".repeat(32));
    let acme = keyring("acme");
    let key = key_of(&acme.mint(&id("k1")));
    assert_eq!(acme.verify(&key).unwrap().id(), &id("k1"));
    assert_eq!(
        keyring("umbrella").verify(&key),
        Err(AuthError::OtherTenant)
    );
    assert_eq!(
        keyring_under(&other_master, "acme").verify(&key),
        Err(AuthError::BadMac)
    );
    for stolen in ["smcp_acme_k2_", "smcp_umbrella_k1_"] {
        let mac = acme.mint(&id("k1")).replace("smcp_acme_k1_", "");
        let key = key_of(&format!("{stolen}{mac}"));
        assert_eq!(
            keyring(key.tenant().as_str()).verify(&key),
            Err(AuthError::BadMac),
            "{stolen}"
        );
    }
}

#[test]
fn a_key_outlives_the_rotation_of_the_master_key() {
    let (old, new) = (
        format!("1:{}", "11".repeat(32)),
        format!("2:{}", "22".repeat(32)),
    );
    let key = key_of(&keyring_under(&old, "acme").mint(&id("k1")));
    let rotated = keyring_under(&format!("{old},{new}"), "acme");
    assert_eq!(rotated.verify(&key).unwrap().master_version(), 1);
    assert_eq!(
        rotated
            .verify(&key_of(&rotated.mint(&id("k1"))))
            .unwrap()
            .master_version(),
        2
    );
    assert_eq!(
        keyring_under(&new, "acme").verify(&key),
        Err(AuthError::BadMac)
    );
}

#[test]
fn the_record_has_the_last_word() {
    assert_eq!(principal(|_| ()).unwrap().to_string(), "key:k1");
    for (expires, revoked, refused) in [
        (Some(5_001), None, None),
        (Some(5_000), None, Some(AuthError::Expired)),
        (Some(0), None, Some(AuthError::Expired)),
        (None, Some(4_000), Some(AuthError::Revoked)),
        (None, Some(9_000), Some(AuthError::Revoked)),
        (Some(0), Some(0), Some(AuthError::Revoked)),
    ] {
        let admitted = principal(|record| {
            record.expires = expires.map(UnixMillis);
            record.revoked = revoked.map(UnixMillis);
        });
        assert_eq!(admitted.err(), refused, "{expires:?} {revoked:?}");
    }
    assert_eq!(
        principal(|record| record.id = id("k2")).err(),
        Some(AuthError::NoRecord)
    );
    let keyring = keyring("acme");
    let proven = keyring.verify(&key_of(&keyring.mint(&id("k1")))).unwrap();
    assert_eq!(
        proven.admit(None, UnixMillis(0)).err(),
        Some(AuthError::NoRecord)
    );
}

/// Who may do what: principal, tenant, server, using it, publishing in the tenant.
#[test]
fn a_principal_reaches_its_own_and_nothing_else() {
    let slug = |text: &str| text.parse::<ServerSlug>().unwrap();
    let with = |scopes: &str| principal(|record| record.scopes = scopes.parse().unwrap()).unwrap();
    let platform = AdminToken::of("t")
        .verify(Some(&AdminToken::digest("t")))
        .unwrap();
    let (unseen, scope) = (Err(AuthError::NotVisible), Err(AuthError::Scope));
    for (who, tenant, server, uses, publishes) in [
        (&with("mcp"), "acme", "echo", Ok(()), scope),
        (&with("mcp"), "umbrella", "echo", unseen, unseen),
        (&with("mcp/echo"), "acme", "echo", Ok(()), scope),
        (&with("mcp/echo"), "acme", "other", unseen, scope),
        (&with("mcp/echo"), "umbrella", "echo", unseen, unseen),
        (&with("mcp/echo/say"), "acme", "echo", Ok(()), scope),
        (&with(""), "acme", "echo", scope, scope),
        (&with("admin"), "acme", "echo", scope, Ok(())),
        (&with("publish"), "acme", "echo", scope, Ok(())),
        (&with("audit"), "acme", "echo", scope, scope),
        (&with("admin"), "umbrella", "echo", unseen, unseen),
        (&platform, "acme", "echo", unseen, Ok(())),
    ] {
        let tenant: TenantId = tenant.parse().unwrap();
        let (used, published) = (
            who.may_use(&tenant, Some(&slug(server))),
            who.may_administer(&tenant, &Scope::Publish),
        );
        let said = format!("{who} {} {tenant} {server}", who.scopes());
        assert_eq!((used, published), (uses, publishes), "{said}");
    }
    let union = |who: &Principal, tenant: &str| who.may_use(&tenant.parse().unwrap(), None);
    assert_eq!(union(&with("mcp/echo/say"), "acme"), Ok(()));
    assert_eq!(union(&with("mcp"), "umbrella"), unseen);
    assert_eq!(union(&with("admin"), "acme"), scope);
    assert_eq!(union(&platform, "acme"), unseen);
    assert_eq!(
        (platform.to_string().as_str(), platform.tenant()),
        ("admin", None)
    );
    assert!(platform.is_platform_admin() && !with("admin").is_platform_admin());
}

#[test]
fn the_longest_id_fits_128_characters() {
    let (keyring, id) = (keyring("acme"), id(&"k".repeat(SLUG_MAX_CHARACTERS)));
    let proven = keyring.verify(&key_of(&keyring.mint(&id))).unwrap();
    assert!(
        proven
            .admit(Some(&record(&id)), UnixMillis(0))
            .unwrap()
            .to_string()
            .len()
            <= 128
    );
}

#[test]
fn an_admin_token_that_could_be_guessed_makes_nobody_an_admin() {
    for (length, is_one) in [(0, false), (31, false), (32, true), (64, true)] {
        let token = "x".repeat(length);
        let configured = AdminToken::configured(&token);
        assert_eq!(
            AdminToken::of(&token).verify(configured.as_ref()).is_ok(),
            is_one,
            "{length}"
        );
    }
}

#[test]
fn the_admin_token_is_known_by_its_digest() {
    let digest = AdminToken::digest("correct horse");
    for (token, configured, right) in [
        ("correct horse", Some(&digest), true),
        ("correct horse ", Some(&digest), false),
        ("", Some(&digest), false),
        ("correct horse", None, false),
    ] {
        let verified = AdminToken::of(token).verify(configured);
        assert_eq!(verified.is_ok(), right, "{token}");
        assert!(right || verified == Err(AuthError::BadAdminToken));
    }
}

#[test]
fn all_refusals_look_alike_to_a_stranger() {
    let refusals = [
        AuthError::Malformed,
        AuthError::BadMac,
        AuthError::BadToken,
        AuthError::OtherAudience,
        AuthError::OtherTenant,
        AuthError::UnknownRestriction,
        AuthError::NoRecord,
        AuthError::Revoked,
        AuthError::Expired,
        AuthError::BadAdminToken,
    ];
    for refusal in refusals {
        assert_eq!(refusal.public(), AuthError::BadMac.public(), "{refusal:?}");
    }
    assert_eq!(AuthError::BadMac.public().status, 401);
    assert_eq!(
        AuthError::Missing
            .public()
            .challenge
            .map(|challenge| challenge.text(None, None)),
        Some("Bearer realm=\"smcp\"".to_owned())
    );
    let codes: std::collections::BTreeSet<_> =
        refusals.iter().map(|refusal| refusal.code()).collect();
    assert_eq!(codes.len(), refusals.len(), "the log tells them apart");
}

#[test]
fn nothing_secret_is_printed() {
    let text = keyring("acme").mint(&id("k1"));
    let mac = text.replace("smcp_acme_k1_", "");
    let credential = Credential::parse(Some(&format!("Bearer {text}"))).unwrap();
    assert_eq!(format!("{credential:?}"), "ApiKey(ApiKey(acme, k1, ..))");
    let printed = format!("{:?} {:?}", keyring("acme"), AdminToken::of("s3cret"));
    assert!(
        !printed.contains(&mac)
            && !printed.contains("s3cret")
            && printed.ends_with("AdminToken(..)"),
        "{printed}"
    );
}

#[test]
fn a_record_has_this_json() {
    let mut record = record(&id("k1"));
    record.scopes = "mcp/echo audit".parse().unwrap();
    record.allowance.fuel_per_day = Some(1_000.try_into().unwrap());
    let json = r#"{"id":"k1","name":"build machine","created":1000,"expires":null,"revoked":null,"scopes":["mcp/echo","audit"],"allowance":{"fuel_per_day":1000,"calls_per_minute":null}}"#;
    assert_eq!(serde_json::to_string(&record).unwrap(), json);
    assert!(serde_json::from_str::<KeyRecord>(&json.replace("mcp/", "root/")).is_err());
    assert!(serde_json::from_str::<KeyRecord>(&json.replace("k1", "K1")).is_err());
    for wrong in ["0", "-1", "1.5", "1000000000000000"] {
        let json = json.replace("1000,\"calls", &format!("{wrong},\"calls"));
        assert!(serde_json::from_str::<KeyRecord>(&json).is_err(), "{json}");
    }
}

const SLUG: &str = "[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}";

proptest! {
    #[test]
    fn minting_and_proving_are_inverse(tenant in SLUG, key in SLUG) {
        let keyring = keyring(&tenant);
        let proven = keyring.verify(&key_of(&keyring.mint(&id(&key)))).unwrap();
        prop_assert_eq!((proven.tenant().as_str(), proven.id().as_str()), (tenant.as_str(), key.as_str()));
    }

    #[test]
    fn a_key_with_one_changed_character_is_refused(at in any::<prop::sample::Index>(), byte in 0x21_u8..0x7f) {
        let keyring = keyring("acme");
        let text = keyring.mint(&id("k1"));
        let mut changed = text.clone().into_bytes();
        let at = at.index(changed.len());
        changed[at] = byte;
        let changed = String::from_utf8(changed).unwrap();
        prop_assume!(changed != text);
        match Credential::parse(Some(&format!("Bearer {changed}"))) {
            Ok(Credential::ApiKey(key)) => prop_assert!(keyring.verify(&key).is_err()),
            Ok(Credential::AccessToken(token)) => prop_assert!(keyring.open_token(&token).is_err()),
            Ok(Credential::AdminToken(token)) => prop_assert!(token.verify(Some(&AdminToken::digest(&text))).is_err()),
            Err(_) => {}
        }
    }

    #[test]
    fn no_header_panics(header in any::<String>()) {
        drop(Credential::parse(Some(&header)));
        drop(Credential::parse(Some(&format!("Bearer smcp_{header}"))));
    }

    #[test]
    fn records_are_stored_without_loss(
        key in SLUG, name in any::<String>(), created: u64, expires: Option<u64>, revoked: Option<u64>,
        fuel: u64,
        scopes in prop::collection::vec(prop::sample::select(vec!["mcp", "mcp:read", "mcp/a/t", "audit"]), 0..3),
    ) {
        let record = KeyRecord {
            id: id(&key), name, created: UnixMillis(created), expires: expires.map(UnixMillis),
            revoked: revoked.map(UnixMillis),
            scopes: scopes.join(" ").parse().unwrap(),
            allowance: Allowance {
                fuel_per_day: fuel.try_into().ok(),
                calls_per_minute: None,
            },
        };
        let bytes = postcard::to_allocvec(&record).unwrap();
        prop_assert_eq!(postcard::from_bytes::<KeyRecord>(&bytes).unwrap(), record);
    }
}
