//! Access tokens and tickets: what holds where, and everything that stops one on the way.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop where it stands"
)]

use proptest::prelude::*;
use smcp_auth::{
    AccessClaims, Allowance, AuthError, Credential, Keyring, MemberRecord, Ticket, TicketKind,
    Tickets,
};
use smcp_crypto::{DEVELOPMENT_MASTER_KEY, MasterKeys, TenantKeys};
use smcp_ids::{ServerSlug, TenantId, UnixMillis};

fn keys_of(tenant: &str) -> (TenantId, TenantKeys) {
    let tenant: TenantId = tenant.parse().unwrap();
    let keys = DEVELOPMENT_MASTER_KEY.parse::<MasterKeys>().unwrap();
    let keys = keys.tenant(&tenant);
    (tenant, keys)
}

fn keyring(tenant: &str) -> Keyring {
    let (tenant, keys) = keys_of(tenant);
    Keyring::new(tenant, &keys)
}

fn tickets(tenant: &str) -> Tickets {
    let (tenant, keys) = keys_of(tenant);
    Tickets::new(tenant, &keys)
}

fn claims() -> AccessClaims {
    AccessClaims {
        member: "ada".parse().unwrap(),
        grant: "g1".parse().unwrap(),
        server: Some("notes".parse().unwrap()),
        scopes: "mcp:read".parse().unwrap(),
        expires: UnixMillis(5_000),
    }
}

fn member() -> MemberRecord {
    MemberRecord {
        id: "ada".parse().unwrap(),
        name: "Ada".to_owned(),
        email: None,
        scopes: "mcp/notes".parse().unwrap(),
        created: UnixMillis(0),
        invitations: 1,
        invited_until: None,
        access_codes: 1,
        upstream: None,
        allowance: Allowance::default(),
    }
}

fn opened(keyring: &Keyring, token: &str) -> Result<smcp_auth::ProvenToken, AuthError> {
    match Credential::parse(Some(&format!("Bearer {token}")))? {
        Credential::AccessToken(token) => keyring.open_token(&token),
        other => panic!("not a token: {other:?}"),
    }
}

#[test]
fn a_token_holds_for_its_endpoint_its_time_its_member_and_its_grant() {
    let acme = keyring("acme");
    let token = acme.mint_token([7; 12], &claims()).unwrap();
    assert!(token.starts_with("smcpa_acme_"));
    assert!(!token.contains("ada"), "it is sealed");
    let notes: ServerSlug = "notes".parse().unwrap();
    let other: ServerSlug = "other".parse().unwrap();
    let (member, stranger) = (
        member(),
        MemberRecord {
            id: "eve".parse().unwrap(),
            ..member()
        },
    );
    for (server, record, is_ended, now, expected) in [
        (Some(&notes), Some(&member), false, 4_999, Ok("member:ada")),
        (
            Some(&notes),
            Some(&member),
            false,
            5_000,
            Err(AuthError::Expired),
        ),
        (
            Some(&other),
            Some(&member),
            false,
            0,
            Err(AuthError::OtherAudience),
        ),
        (None, Some(&member), false, 0, Err(AuthError::OtherAudience)),
        (Some(&notes), None, false, 0, Err(AuthError::NoRecord)),
        (
            Some(&notes),
            Some(&stranger),
            false,
            0,
            Err(AuthError::NoRecord),
        ),
        (
            Some(&notes),
            Some(&member),
            true,
            0,
            Err(AuthError::Revoked),
        ),
    ] {
        let proven = opened(&acme, &token).unwrap();
        let admitted = proven.admit(server, record, is_ended, UnixMillis(now));
        let named = admitted.map(|principal| principal.to_string());
        assert_eq!(named, expected.map(str::to_owned), "{server:?} {now}");
    }
}

#[test]
fn a_token_allows_what_its_member_and_its_grant_both_do() {
    let acme = keyring("acme");
    let token = acme.mint_token([7; 12], &claims()).unwrap();
    let notes: ServerSlug = "notes".parse().unwrap();
    let proven = opened(&acme, &token).unwrap();
    let principal = proven
        .admit(Some(&notes), Some(&member()), false, UnixMillis(0))
        .unwrap();
    assert_eq!(principal.scopes().to_string(), "mcp/notes:read");
    assert!(principal.may_read(&notes) && !principal.may_all(&notes));
    assert!(principal.may_call_tool(&notes, "list", true));
    assert!(!principal.may_call_tool(&notes, "add", false));
    assert!(!principal.may_read(&"other".parse().unwrap()));
}

#[test]
fn a_token_of_one_tenant_is_none_of_another() {
    let token = keyring("acme").mint_token([7; 12], &claims()).unwrap();
    assert_eq!(
        opened(&keyring("umbrella"), &token),
        Err(AuthError::OtherTenant)
    );
    let renamed = token.replace("smcpa_acme_", "smcpa_umbrella_");
    assert_eq!(
        opened(&keyring("umbrella"), &renamed),
        Err(AuthError::BadToken)
    );
}

/// Every bit of it: flipped, it is no token, or one that does not open.
#[test]
fn a_token_with_any_bit_altered_is_refused() {
    let acme = keyring("acme");
    let token = acme.mint_token([7; 12], &claims()).unwrap();
    for at in 0..token.len() {
        for bit in 0..8 {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(altered) = String::from_utf8(bytes) else {
                continue;
            };
            let read = Credential::parse(Some(&format!("Bearer {altered}")));
            if let Ok(Credential::AccessToken(token)) = read {
                assert!(acme.open_token(&token).is_err(), "{altered}");
            }
        }
    }
}

#[test]
fn a_ticket_stands_for_its_kind_tenant_row_and_number_only() {
    let acme = tickets("acme");
    for kind in TicketKind::ALL {
        let text = acme.mint(kind, "g1", 7);
        assert!(text.starts_with(&format!("{}acme_g1_7_", kind.prefix())));
        let ticket = Ticket::parse(&text).unwrap();
        for other in TicketKind::ALL {
            let proven = acme.prove(other, &ticket);
            assert_eq!(
                proven,
                (other == kind).then_some(("g1", 7)),
                "{text} {other:?}"
            );
        }
        assert_eq!(tickets("umbrella").prove(kind, &ticket), None);
        for (from, to) in [
            ("_acme_", "_umbrella_"),
            ("_g1_", "_g2_"),
            ("_7_", "_8_"),
            ("_7_", "_07_"),
            ("_7_", "_+7_"),
            (kind.prefix(), "smcpx_"),
        ] {
            let changed = text.replace(from, to);
            let proven = Ticket::parse(&changed).is_some_and(|ticket| {
                [&acme, &tickets("umbrella")]
                    .iter()
                    .any(|tickets| tickets.prove(kind, &ticket).is_some())
            });
            assert!(!proven, "{changed}");
        }
    }
}

#[test]
fn nothing_secret_is_printed() {
    let text = tickets("acme").mint(TicketKind::Refresh, "g1", 7);
    let printed = format!("{:?}", Ticket::parse(&text));
    assert_eq!(printed, "Some(Ticket(Refresh, acme, g1, ..))");
    let token = keyring("acme").mint_token([7; 12], &claims()).unwrap();
    let printed = format!("{:?}", Credential::parse(Some(&format!("Bearer {token}"))));
    assert_eq!(printed, "Ok(AccessToken(AccessToken(acme, ..)))");
}

proptest! {
    #[test]
    fn a_ticket_with_one_changed_character_is_refused(at in any::<prop::sample::Index>(), byte in 0x21_u8..0x7f) {
        let acme = tickets("acme");
        let text = acme.mint(TicketKind::AccessCode, "ada", 3);
        let mut changed = text.clone().into_bytes();
        let at = at.index(changed.len());
        changed[at] = byte;
        let changed = String::from_utf8(changed).unwrap();
        prop_assume!(changed != text);
        if let Some(ticket) = Ticket::parse(&changed) {
            for kind in TicketKind::ALL {
                prop_assert_eq!(acme.prove(kind, &ticket), None);
            }
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        drop(Ticket::parse(&text));
        drop(Ticket::parse(&format!("smcpr_{text}")));
        drop(Credential::parse(Some(&format!("Bearer smcpa_{text}"))));
    }
}
