//! Narrowed keys: what one may still do, and every way to make one do more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop where it stands"
)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use smcp_auth::{
    Allowance, ApiKey, AuthError, Credential, KeyRecord, Keyring, NarrowError, Principal, Records,
    Remembered, Restriction, Scope,
};
use smcp_crypto::{DEVELOPMENT_MASTER_KEY, MasterKeys, chained_mac, mac};
use smcp_ids::limits::{CREDENTIAL_MAX, RESTRICTIONS_MAX};
use smcp_ids::{GrantId, KeyId, MemberId, ServerSlug, TenantId, UnixMillis};

/// The key `k1` of `acme` under the master key of development.
const KEY: &str = "smcp_acme_k1_PUoHncj3TPlRS9wJqwgYAWZR6M87e1bP8l309fzbwXQ";

fn keyring_under(master: &str, tenant: &str) -> Keyring {
    let tenant: TenantId = tenant.parse().unwrap();
    let keys = master.parse::<MasterKeys>().unwrap().tenant(&tenant);
    Keyring::new(tenant, &keys)
}

fn keyring() -> Keyring {
    keyring_under(DEVELOPMENT_MASTER_KEY, "acme")
}

fn record() -> KeyRecord {
    KeyRecord {
        id: "k1".parse().unwrap(),
        name: String::new(),
        created: UnixMillis(0),
        expires: None,
        revoked: None,
        scopes: Scope::Mcp.into(),
        allowance: Allowance::default(),
    }
}

fn narrowed(from: &str, lines: &[&str]) -> String {
    let key: ApiKey = from.parse().unwrap();
    let narrow = |key: ApiKey, line: &&str| key.narrow(line.parse().unwrap()).unwrap();
    lines.iter().fold(key, narrow).reveal()
}

/// The parts of a key's text: what is before them, the restrictions, the tag.
fn parts(key: &str) -> (String, Vec<String>, String) {
    let at = key.match_indices('_').nth(2).unwrap().0 + 1;
    let mut parts: Vec<String> = key[at..].split('.').map(str::to_owned).collect();
    let tag = parts.pop().unwrap();
    (key[..at].to_owned(), parts, tag)
}

fn joined(head: &str, restrictions: &[String], tag: &str) -> String {
    let mut all = restrictions.to_vec();
    all.push(tag.to_owned());
    format!("{head}{}", all.join("."))
}

fn line(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// What the key is at that time, if it is anything.
fn admitted(key: &str, now: u64) -> Result<Principal, AuthError> {
    let key: ApiKey = key.parse()?;
    keyring()
        .verify(&key)?
        .admit(Some(&record()), UnixMillis(now))
}

fn refused(key: &str) -> AuthError {
    admitted(key, 0).expect_err(key)
}

/// Changing it would make useless every key that was narrowed. Computed apart, from what docs/keys.md says.
#[test]
fn a_narrowed_key_has_this_text() {
    let lines = ["scopes=mcp/notes:read", "until=1800000000"];
    let text = "smcp_acme_k1_c2NvcGVzPW1jcC9ub3RlczpyZWFk.dW50aWw9MTgwMDAwMDAwMA.aCxMYMdldFuslkEO3B3oPMdNmaN-CzcMcX013syXj54";
    assert_eq!(narrowed(KEY, &lines), text);
    let (_, _, tag) = parts(KEY);
    let tag: [u8; 32] = URL_SAFE_NO_PAD.decode(tag).unwrap().try_into().unwrap();
    let links = lines.map(|line| format!("smcp key restriction 1\n{line}"));
    let chained = chained_mac(tag, links.iter().map(String::as_bytes));
    assert_eq!(parts(text).2, URL_SAFE_NO_PAD.encode(chained));
    // Printed by mistake, it tells nothing.
    let key: ApiKey = text.parse().unwrap();
    assert_eq!(format!("{key:?}"), "ApiKey(acme, k1, ..)");
}

#[test]
fn a_narrowed_key_may_do_what_all_of_its_lines_allow() {
    let slug = |text: &str| text.parse::<ServerSlug>().unwrap();
    for (lines, sees_notes, reads_notes, adds_notes, sees_other) in [
        (&[][..], true, true, true, true),
        (&["scopes=mcp"][..], true, true, true, true),
        (&["scopes=mcp/notes"][..], true, true, true, false),
        (&["scopes=mcp:read"][..], true, true, false, true),
        (
            &["scopes=mcp/notes", "scopes=mcp:read"][..],
            true,
            true,
            false,
            false,
        ),
        (
            &["scopes=mcp/notes/add", "scopes=mcp:read"][..],
            true,
            false,
            false,
            false,
        ),
        (
            &["scopes=mcp/notes", "scopes=mcp/other"][..],
            false,
            false,
            false,
            false,
        ),
        (
            &["scopes=mcp/notes", "scopes=mcp"][..],
            true,
            true,
            true,
            false,
        ),
        (&["scopes=admin"][..], false, false, false, false),
    ] {
        let principal = admitted(&narrowed(KEY, lines), 0).unwrap();
        let tenant = "acme".parse().unwrap();
        let found = (
            principal.sees(&tenant, &slug("notes")),
            principal.may_read(&slug("notes")),
            principal.may_call_tool(&slug("notes"), "add", false),
            principal.sees(&tenant, &slug("other")),
        );
        let expected = (sees_notes, reads_notes, adds_notes, sees_other);
        assert_eq!(found, expected, "{lines:?}");
        assert!(principal.may_administer(&tenant, &Scope::Admin).is_err());
        assert_eq!(principal.to_string(), "key:k1");
    }
}

#[test]
fn the_earliest_end_holds_and_needs_no_record() {
    let key = narrowed(KEY, &["until=20", "until=10", "until=30"]);
    for (now, over) in [(0, false), (9_999, false), (10_000, true), (20_000, true)] {
        let expected = if over {
            Err(AuthError::Expired)
        } else {
            Ok(())
        };
        assert_eq!(admitted(&key, now).map(drop), expected, "{now}");
        let proven = keyring().verify(&key.parse().unwrap()).unwrap();
        assert_eq!(proven.is_over(UnixMillis(now)), over, "{now}");
    }
    let never = narrowed(KEY, &["until=18446744073709551615"]);
    assert!(admitted(&never, u64::MAX - 1).is_ok());
}

#[test]
fn each_limit_is_a_budget_beside_those_before_it() {
    let budgets = |lines: &[&str]| {
        let principal = admitted(&narrowed(KEY, lines), 0).unwrap();
        principal.budgets().to_vec()
    };
    assert_eq!(budgets(&["scopes=mcp", "until=99"]), []);
    let one = budgets(&["rate=10"]);
    let two = budgets(&["rate=10", "scopes=mcp", "fuel=1000", "rate=99"]);
    assert_eq!((one.len(), two.len()), (1, 3));
    assert_eq!(
        one.first(),
        two.first(),
        "who narrows further uses the same"
    );
    let other = budgets(&["fuel=1000", "rate=10"]);
    assert!(other.iter().all(|budget| !two.contains(budget)));
    let mut names: Vec<_> = two.iter().map(|budget| &budget.name).collect();
    names.dedup();
    assert_eq!(names.len(), 3);
    assert!(names.iter().all(|name| name.len() <= 160));
}

#[test]
fn only_these_lines_are_restrictions() {
    for good in [
        "scopes=mcp",
        "scopes=mcp/a mcp/a/b mcp/a:read mcp:read",
        "until=0",
        "until=18446744073709551615",
        "fuel=1",
        "fuel=999999999999999",
        "rate=1000000",
    ] {
        assert_eq!(good.parse::<Restriction>().unwrap().to_string(), good);
    }
    for bad in [
        "",
        "=",
        "scopes",
        "scopes=",
        "scopes= mcp",
        "scopes=mcp ",
        "scopes=mcp mcp",
        "scopes=mcp  mcp/a",
        "scopes=mcp/b mcp/a",
        "scopes=mcp\tadmin",
        "scopes=everything",
        "Scopes=mcp",
        "scopes =mcp",
        "scope=mcp",
        "until=",
        "until=01",
        "until=+1",
        "until=-1",
        "until=1.5",
        "until=1 ",
        "until=18446744073709551616",
        "fuel=0",
        "fuel=1000000000000000",
        "fuel=0x10",
        "rate=0",
        "rate=1000001",
        "rate=10\n",
        "server=echo",
        "ip=127.0.0.1",
    ] {
        let read = bad.parse::<Restriction>();
        assert_eq!(read, Err(AuthError::UnknownRestriction), "{bad:?}");
        let (head, _, tag) = parts(KEY);
        let key = joined(&head, &[line(bad)], &tag);
        assert_eq!(refused(&key), AuthError::UnknownRestriction, "{bad:?}");
    }
}

/// A line that is not canonical is refused even if whoever wrote it has chained it rightly.
#[test]
fn a_rightly_chained_line_of_another_form_is_refused() {
    let (head, _, tag) = parts(KEY);
    let tag = URL_SAFE_NO_PAD.decode(tag).unwrap();
    for text in ["until=0100", "scopes=mcp mcp", "server=echo", "scopes="] {
        let chained = mac(&tag, format!("smcp key restriction 1\n{text}").as_bytes());
        let key = joined(&head, &[line(text)], &URL_SAFE_NO_PAD.encode(chained));
        assert_eq!(refused(&key), AuthError::UnknownRestriction, "{text}");
    }
    let chained = mac(&tag, b"until=100");
    let key = joined(
        &head,
        &[line("until=100")],
        &URL_SAFE_NO_PAD.encode(chained),
    );
    assert_eq!(refused(&key), AuthError::BadMac, "another domain");
}

#[test]
fn a_restriction_that_is_dropped_moved_or_exchanged_is_missed() {
    let lines = ["scopes=mcp/notes", "until=100", "rate=10"];
    let key = narrowed(KEY, &lines);
    assert!(admitted(&key, 0).is_ok());
    let (head, restrictions, tag) = parts(&key);
    let count = restrictions.len();
    for at in 0..count {
        let mut without = restrictions.clone();
        without.remove(at);
        assert_eq!(refused(&joined(&head, &without, &tag)), AuthError::BadMac);
        let mut wider = restrictions.clone();
        wider[at] = line("scopes=mcp");
        assert_eq!(refused(&joined(&head, &wider, &tag)), AuthError::BadMac);
        let mut twice = restrictions.clone();
        twice.insert(at, restrictions[at].clone());
        assert_eq!(refused(&joined(&head, &twice, &tag)), AuthError::BadMac);
        for other in (0..count).filter(|other| *other != at) {
            let mut swapped = restrictions.clone();
            swapped.swap(at, other);
            assert_eq!(refused(&joined(&head, &swapped, &tag)), AuthError::BadMac);
        }
    }
    for cut in 0..count {
        let text = joined(&head, &restrictions[..cut], &tag);
        assert_eq!(refused(&text), AuthError::BadMac, "cut at {cut}");
        let text = joined(&head, &restrictions[cut + 1..], &tag);
        assert_eq!(refused(&text), AuthError::BadMac, "begun after {cut}");
    }
}

/// The tag of the shorter key is known to whoever narrowed it, and so is each tag that can be chained from one.
#[test]
fn a_restriction_appended_without_its_link_is_refused() {
    let shorter = narrowed(KEY, &["scopes=mcp/notes"]);
    let (head, restrictions, tag) = parts(&shorter);
    let longer = [restrictions.clone(), vec![line("until=100")]].concat();
    assert_eq!(refused(&joined(&head, &longer, &tag)), AuthError::BadMac);
    // The other way round: the tag of the longer one does not prove the shorter.
    let (_, _, long_tag) = parts(&narrowed(&shorter, &["until=100"]));
    for kept in [&restrictions[..], &[]] {
        let text = joined(&head, kept, &long_tag);
        assert_eq!(refused(&text), AuthError::BadMac);
    }
    // A tag in place of a line, or an empty line, is none.
    for text in [
        joined(&head, std::slice::from_ref(&tag), &tag),
        joined(&head, &[String::new()], &tag),
        joined(&head, &[restrictions[0].clone(), String::new()], &tag),
    ] {
        assert_eq!(refused(&text), AuthError::UnknownRestriction, "{text}");
    }
}

#[test]
fn restrictions_of_one_key_are_none_of_another() {
    let ring = keyring();
    let other = ring.mint(&"k2".parse().unwrap());
    let (head, restrictions, tag) = parts(&narrowed(&other, &["scopes=mcp/notes"]));
    let (own_head, _, own_tag) = parts(KEY);
    let texts = [
        joined(&own_head, &restrictions, &tag),
        joined(&own_head, &restrictions, &own_tag),
        joined(&head, &restrictions, &own_tag),
    ];
    for text in &texts {
        assert_eq!(refused(text), AuthError::BadMac, "{text}");
    }
    let umbrella = keyring_under(DEVELOPMENT_MASTER_KEY, "umbrella");
    let key: ApiKey = narrowed(KEY, &["rate=1"]).parse().unwrap();
    assert_eq!(umbrella.verify(&key), Err(AuthError::OtherTenant));
    let moved = key.reveal().replace("_acme_", "_umbrella_");
    assert_eq!(
        umbrella.verify(&moved.parse().unwrap()),
        Err(AuthError::BadMac)
    );
}

#[test]
fn a_key_has_eight_restrictions_at_most() {
    let most = vec!["rate=10"; RESTRICTIONS_MAX];
    let key = narrowed(KEY, &most);
    assert!(admitted(&key, 0).is_ok());
    let nine: ApiKey = key.parse().unwrap();
    let restriction: Restriction = "rate=10".parse().unwrap();
    assert_eq!(nine.narrow(restriction), Err(NarrowError::TooMany));
    // Whoever chains a ninth himself is refused.
    let (head, mut restrictions, tag) = parts(&key);
    let tag = URL_SAFE_NO_PAD.decode(tag).unwrap();
    let chained = mac(&tag, b"smcp key restriction 1\nrate=10");
    restrictions.push(line("rate=10"));
    let text = joined(&head, &restrictions, &URL_SAFE_NO_PAD.encode(chained));
    assert_eq!(refused(&text), AuthError::UnknownRestriction);
}

#[test]
fn a_key_is_not_narrowed_to_one_that_no_host_reads() {
    let tools = (0..40).map(|at| format!("mcp/notes/{}{at}", "t".repeat(100)));
    let scopes = format!("scopes={}", tools.collect::<Vec<_>>().join(" "));
    let words: Vec<_> = scopes.trim_start_matches("scopes=").split(' ').collect();
    let scopes = Restriction::Scopes(words.join(" ").parse().unwrap());
    let key: ApiKey = KEY.parse().unwrap();
    assert!(scopes.to_string().len() > CREDENTIAL_MAX);
    assert_eq!(key.narrow(scopes), Err(NarrowError::TooLong));
    let none = Restriction::Scopes("".parse().unwrap());
    assert_eq!(key.narrow(none), Err(NarrowError::Nothing));
}

/// Every bit of it: flipped, it is no key, or one that does not prove itself.
#[test]
fn a_narrowed_key_with_any_bit_altered_is_refused() {
    let key = narrowed(KEY, &["scopes=mcp/notes", "until=100", "fuel=1000"]);
    let (ring, mut tried) = (keyring(), 0);
    for at in 0..key.len() {
        for bit in 0..8 {
            let mut bytes = key.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(altered) = String::from_utf8(bytes) else {
                continue;
            };
            tried += 1;
            match Credential::parse(Some(&format!("Bearer {altered}"))) {
                Ok(Credential::ApiKey(key)) => assert!(ring.verify(&key).is_err(), "{altered}"),
                Ok(Credential::AccessToken(token)) => assert!(ring.open_token(&token).is_err()),
                Ok(Credential::AdminToken(token)) => assert!(token.verify(None).is_err()),
                Err(_) => {}
            }
        }
    }
    assert!(tried > 7 * key.len() - 7);
}

#[test]
fn a_narrowed_key_outlives_the_rotation_of_the_master_key_with_its_key() {
    let (old, new) = (
        format!("1:{}", "11".repeat(32)),
        format!("2:{}", "22".repeat(32)),
    );
    let minted = keyring_under(&old, "acme").mint(&"k1".parse().unwrap());
    let key: ApiKey = narrowed(&minted, &["rate=10", "until=5"]).parse().unwrap();
    let rotated = keyring_under(&format!("{old},{new}"), "acme");
    assert_eq!(rotated.verify(&key).unwrap().master_version(), 1);
    assert_eq!(
        keyring_under(&new, "acme").verify(&key),
        Err(AuthError::BadMac)
    );
}

struct Row(KeyRecord);

impl Records for Row {
    fn key(&self, id: &KeyId) -> Option<&KeyRecord> {
        (self.0.id == *id).then_some(&self.0)
    }

    fn member(&self, _: &MemberId) -> Option<&smcp_auth::MemberRecord> {
        None
    }

    fn is_ended(&self, _: &GrantId) -> bool {
        false
    }
}

#[test]
fn what_is_remembered_of_a_narrowed_key_stays_narrowed() {
    let key = narrowed(KEY, &["scopes=mcp/notes", "until=100", "rate=5"]);
    let principal = admitted(&key, 0).unwrap();
    let bytes = postcard::to_allocvec(&principal.remember().unwrap()).unwrap();
    let remembered: Remembered = postcard::from_bytes(&bytes).unwrap();
    let (tenant, row) = ("acme".parse().unwrap(), Row(record()));
    let again = |now| remembered.admit(&tenant, &row, UnixMillis(now));
    assert_eq!(again(0), Ok(principal.clone()));
    assert_eq!(again(100_000), Err(AuthError::Expired));
    assert!(principal.is(&remembered));
    // What it began is for the key that it was made from too; not the other way round, and for no other form.
    let whole = admitted(KEY, 0).unwrap();
    assert!(whole.is(&remembered) && !principal.is(&whole.remember().unwrap()));
    let other = admitted(&narrowed(KEY, &["scopes=mcp/notes"]), 0).unwrap();
    assert!(
        other.is(&remembered),
        "it was narrowed further from this one"
    );
    let other = admitted(&narrowed(KEY, &["scopes=mcp"]), 0).unwrap();
    assert!(!other.is(&remembered));
}

fn any_line() -> impl Strategy<Value = String> {
    let scope = prop::sample::select(vec!["mcp", "mcp:read", "mcp/a", "mcp/a:read", "mcp/a/t"]);
    prop_oneof![
        prop::collection::btree_set(scope, 1..4).prop_map(|scopes| format!(
            "scopes={}",
            scopes.into_iter().collect::<Vec<_>>().join(" ")
        )),
        (1..1_000_u64).prop_map(|seconds| format!("until={seconds}")),
        (1..1_000_u64).prop_map(|fuel| format!("fuel={fuel}")),
        (1..1_000_u64).prop_map(|rate| format!("rate={rate}")),
    ]
}

proptest! {
    /// Whatever is added, in whatever order and by however many hands: nothing is gained.
    #[test]
    fn narrowing_only_narrows(lines in prop::collection::vec(any_line(), 0..RESTRICTIONS_MAX), more in any_line(), now in 0..1_000_000_u64) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let wide = narrowed(KEY, &lines);
        let narrow = narrowed(&wide, &[&more]);
        let (wide, narrow) = (admitted(&wide, now), admitted(&narrow, now));
        let Ok(narrow) = narrow else { return Ok(()) };
        let wide = wide.expect("what is narrower is in force");
        for server in ["a", "b"] {
            let server: ServerSlug = server.parse().unwrap();
            for (tool, only_reads) in [("t", true), ("t", false), ("u", true), ("u", false)] {
                prop_assert!(!narrow.may_call_tool(&server, tool, only_reads) || wide.may_call_tool(&server, tool, only_reads));
            }
            prop_assert!(!narrow.may_read(&server) || wide.may_read(&server));
            prop_assert!(!narrow.may_all(&server) || wide.may_all(&server));
        }
        prop_assert!(narrow.budgets().starts_with(wide.budgets()), "who narrows uses up the same");
    }

    #[test]
    fn a_narrowed_key_is_read_as_it_was_written(lines in prop::collection::vec(any_line(), 0..=RESTRICTIONS_MAX)) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let text = narrowed(KEY, &lines);
        let key: ApiKey = text.parse().unwrap();
        prop_assert_eq!(key.reveal(), text);
        let read: Vec<String> = key.restrictions().iter().map(ToString::to_string).collect();
        prop_assert_eq!(read, lines);
        prop_assert!(keyring().verify(&key).is_ok());
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        drop(text.parse::<Restriction>());
        drop(format!("smcp_acme_k1_{text}").parse::<ApiKey>());
        drop(format!("smcp_acme_k1_{}.{}", line(&text), "A".repeat(43)).parse::<ApiKey>());
    }
}
