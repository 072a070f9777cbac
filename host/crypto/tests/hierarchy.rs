//! The key hierarchy and sealing, as their users meet them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use smcp_crypto::{
    Binding, CryptoError, DEVELOPMENT_MASTER_KEY, MasterKeys, Purpose, SEAL_OVERHEAD, TenantKeys,
};

const ONE: &str = "1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// The same key as `ONE`, in base64.
const ONE_BASE64: &str = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const TWO: &str = "2:f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f";

fn master(texts: &[&str]) -> MasterKeys {
    texts.join(",").parse().unwrap()
}

fn tenant(master: &MasterKeys, name: &str) -> TenantKeys {
    master.tenant(&name.parse().unwrap())
}

fn row() -> Binding {
    Binding::new("row").text("releases").number(1)
}

#[test]
fn every_branch_of_the_hierarchy_has_its_own_keys() {
    let (one, two) = (master(&[ONE]), master(&[TWO]));
    let roots = [
        tenant(&one, "acme"),
        tenant(&one, "other"),
        one.platform(),
        tenant(&two, "acme"),
    ];
    let purposes = [
        Purpose::ApiKey,
        Purpose::AccessToken,
        Purpose::Authorization,
        Purpose::Session,
        Purpose::RequestState,
        Purpose::Records,
        Purpose::Cursor,
        Purpose::Receipt,
    ];
    let mut tags = std::collections::HashSet::new();
    for keys in &roots {
        for purpose in purposes {
            assert!(
                tags.insert(keys.purpose(purpose).mac(&row())),
                "{purpose:?} shares its key"
            );
        }
    }
}

/// Stored values must stay readable. Computed once with another implementation (Python) as well.
#[test]
fn the_hierarchy_is_what_it_was() {
    let keys = tenant(&master(&[ONE]), "acme").purpose(Purpose::Records);
    let sealed = keys.seal([9; 12], &row(), b"hello").unwrap();
    let text = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    assert_eq!(
        text(&keys.mac(&row())),
        "315b3bcc6b6cb0ca8fc11dadf31c6d9fc0fe05d3ddf8f6907ddbbd7fabcd2c03"
    );
    assert_eq!(
        text(&sealed),
        "01000000010909090909090909090909097085285f479146379a09d329c0e8ad8002d9e71f01"
    );
    assert_eq!(
        keys.signing_key().public().to_string(),
        "949758b730b2f449bc541a3b45b8a3b0ea7165968ce3ad94714c2deff758f2a6"
    );
}

#[test]
fn a_key_reads_the_same_in_hexadecimal_and_base64() {
    let tag = |text: &str| {
        tenant(&master(&[text]), "a")
            .purpose(Purpose::ApiKey)
            .mac(&row())
    };
    assert_eq!(tag(ONE), tag(ONE_BASE64));
    assert_eq!(tag(ONE), tag(ONE_BASE64.trim_end_matches('=')));
}

#[test]
fn the_last_master_key_is_current_and_all_are_accepted() {
    let old = tenant(&master(&[ONE]), "acme").purpose(Purpose::Records);
    let sealed = old.seal([1; 12], &row(), b"kept").unwrap();
    let tag = old.mac(&row());
    for (text, current) in [([ONE, TWO], 2), ([TWO, ONE], 1)] {
        let keys = tenant(&master(&text), "acme").purpose(Purpose::Records);
        assert_eq!(keys.current_version(), current);
        assert_eq!(keys.open(&row(), &sealed).unwrap(), b"kept");
        assert!(keys.verify_mac(&row(), &tag));
        assert_eq!(keys.mac_version(&row(), &tag), Some(1));
        assert_eq!(keys.is_current(&sealed), current == 1);
    }
}

#[test]
fn a_removed_master_key_opens_nothing_and_says_which_is_missing() {
    let sealed = tenant(&master(&[TWO]), "acme")
        .purpose(Purpose::Records)
        .seal([1; 12], &row(), b"")
        .unwrap();
    let keys = tenant(&master(&[ONE]), "acme").purpose(Purpose::Records);
    assert_eq!(
        keys.open(&row(), &sealed),
        Err(CryptoError::UnknownKeyVersion { version: 2 })
    );
}

#[test]
fn malformed_master_keys_are_refused() {
    let key = &ONE[2..];
    let many = (1..=17)
        .map(|version| format!("{version}:{key}"))
        .collect::<Vec<_>>()
        .join(",");
    let cases = [
        (String::new(), CryptoError::MasterKeyText),
        (key.to_owned(), CryptoError::MasterKeyText),
        (format!(":{key}"), CryptoError::MasterKeyText),
        (format!("0:{key}"), CryptoError::MasterKeyText),
        (format!("+1:{key}"), CryptoError::MasterKeyText),
        (format!("4294967296:{key}"), CryptoError::MasterKeyText),
        (format!("1:{}", &key[1..]), CryptoError::MasterKeyText),
        (format!("1:{}x", &key[1..]), CryptoError::MasterKeyText),
        (format!("1:{key},"), CryptoError::MasterKeyText),
        (
            format!("1:{key},1:{key}"),
            CryptoError::DuplicateVersion { version: 1 },
        ),
        (many, CryptoError::TooManyVersions),
    ];
    for (text, error) in cases {
        assert_eq!(text.parse::<MasterKeys>().err(), Some(error), "{text}");
    }
}

#[test]
fn the_development_key_is_known_wherever_it_is() {
    assert!(
        DEVELOPMENT_MASTER_KEY
            .parse::<MasterKeys>()
            .unwrap()
            .is_development()
    );
    assert!(master(&[DEVELOPMENT_MASTER_KEY, TWO]).is_development());
    assert!(!master(&[ONE, TWO]).is_development());
}

#[test]
fn keys_are_never_printed() {
    let master = master(&[ONE]);
    let tenant = tenant(&master, "acme");
    let keys = tenant.purpose(Purpose::Records);
    assert_eq!(
        format!("{master:?}{tenant:?}"),
        "MasterKeys(..)TenantKeys(..)"
    );
    assert_eq!(format!("{keys:?}"), "PurposeKeys(Records, ..)");
}

#[test]
fn the_keys_of_a_tenant_can_be_handed_on() {
    let keys = tenant(&master(&[ONE, TWO]), "acme");
    let bytes = postcard::to_allocvec(&keys).unwrap();
    let back: TenantKeys = postcard::from_bytes(&bytes).unwrap();
    let tag = |keys: &TenantKeys| keys.purpose(Purpose::Session).mac(&row());
    assert_eq!(tag(&keys), tag(&back));
    // An empty set is not a set of keys.
    assert!(postcard::from_bytes::<TenantKeys>(&[0]).is_err());
}

#[test]
fn a_sealed_value_opens_nowhere_else() {
    let master = master(&[ONE]);
    let keys = tenant(&master, "acme").purpose(Purpose::Records);
    let sealed = keys.seal([1; 12], &row(), b"secret").unwrap();
    assert_eq!(keys.open(&row(), &sealed).unwrap(), b"secret");
    let elsewhere = [
        (tenant(&master, "other").purpose(Purpose::Records), row()),
        (tenant(&master, "acme").purpose(Purpose::Session), row()),
        (master.platform().purpose(Purpose::Records), row()),
        (keys.clone(), Binding::new("row").text("releases").number(2)),
        (keys, Binding::new("row").text("keys").number(1)),
    ];
    for (keys, binding) in elsewhere {
        assert_eq!(keys.open(&binding, &sealed), Err(CryptoError::NotAuthentic));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sealing_and_opening_are_inverse(nonce: [u8; 12], plaintext: Vec<u8>, bound: Vec<u8>) {
        let keys = tenant(&master(&[TWO, ONE]), "acme").purpose(Purpose::RequestState);
        let binding = Binding::new("test").bytes(&bound);
        let sealed = keys.seal(nonce, &binding, &plaintext).unwrap();
        prop_assert_eq!(sealed.len(), plaintext.len() + SEAL_OVERHEAD);
        prop_assert_eq!(keys.open(&binding, &sealed).unwrap(), plaintext);
    }

    #[test]
    fn an_altered_or_cut_value_is_refused(plaintext: Vec<u8>, at: usize, bit in 0..8_u32) {
        let keys = tenant(&master(&[TWO, ONE]), "acme").purpose(Purpose::RequestState);
        let sealed = keys.seal([3; 12], &row(), &plaintext).unwrap();
        let mut altered = sealed.clone();
        altered[at % sealed.len()] ^= 1_u8 << bit;
        prop_assert!(keys.open(&row(), &altered).is_err());
        prop_assert!(keys.open(&row(), &sealed[..at % sealed.len()]).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_open(bytes: Vec<u8>) {
        let keys = tenant(&master(&[ONE]), "acme").purpose(Purpose::Records);
        prop_assert!(keys.open(&row(), &bytes).is_err());
    }
}
