//! Credentials: whatever is sent as one, none is accepted that was not made, and what was made holds.
//!
//! The first byte says what the rest is: `h` the value of an `Authorization` header, `t` a ticket, `r` a restriction, `s` two
//! lists of scopes and a tool, separated by lines. `k`, `a`, `c` and `b` make an API key, an access token, a ticket and something
//! sealed of what follows, and alter it.

use std::fmt::Display;
use std::str::FromStr;

use arbitrary::{Result, Unstructured};
use smcp_auth::{
    AccessClaims, ApiKey, Credential, KeyRecord, Keyring, Restriction, Scopes, Ticket, TicketKind,
    Tickets,
};
use smcp_crypto::{Binding, DEVELOPMENT_MASTER_KEY, MasterKeys, NONCE_BYTES, Purpose, TenantKeys};
use smcp_ids::{KeyId, ServerSlug, TenantId, UnixMillis};

use crate::{Seed, Target, answers};

pub(crate) const TARGET: Target = Target {
    name: "token",
    check,
    stages: &[
        "nothing",
        "unknown",
        "malformed",
        "forged",
        "accepted",
        "too short",
        "not altered",
        "altered",
        "read",
        "not read",
    ],
    seeds,
};

/// The only key, ticket and token that a header of these inputs may hold and be accepted.
const ID: &str = "k1";
const NUMBER: u32 = 3;

fn check(input: &[u8]) -> &'static str {
    let Some((mode, rest)) = input.split_first() else {
        return "nothing";
    };
    let text = String::from_utf8_lossy(rest);
    let made = &mut Unstructured::new(rest);
    match mode {
        b'h' => header(&text),
        b't' => ticket(&text),
        b'r' => printed::<Restriction>(&text),
        b's' => scopes(&text),
        b'k' => key(made).unwrap_or("too short"),
        b'a' => token(made).unwrap_or("too short"),
        b'c' => code(made).unwrap_or("too short"),
        b'b' => sealed(made).unwrap_or("too short"),
        _ => "unknown",
    }
}

fn keys_of(tenant: &str) -> (TenantId, TenantKeys) {
    let tenant: TenantId = tenant.parse().expect("a tenant");
    let master: MasterKeys = DEVELOPMENT_MASTER_KEY.parse().expect("a master key");
    let keys = master.tenant(&tenant);
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

fn id() -> KeyId {
    ID.parse().expect("an id")
}

/// What anybody sends. Only what is in the seeds was ever made.
fn header(value: &str) -> &'static str {
    let Ok(credential) = Credential::parse(Some(value)) else {
        return "malformed";
    };
    let (_, sent) = value.trim().split_once(' ').expect("it has a scheme");
    let sent = sent.trim_start();
    let accepted = match &credential {
        Credential::ApiKey(key) => {
            assert_eq!(key.reveal(), sent, "one key has one text");
            assert!(keyring("other").verify(key).is_err(), "of another tenant");
            keyring("acme").verify(key).is_ok()
        }
        Credential::AccessToken(token) => {
            assert!(
                keyring("other").open_token(token).is_err(),
                "of another tenant"
            );
            keyring("acme").open_token(token).is_ok()
        }
        Credential::AdminToken(token) => {
            let configured = smcp_auth::AdminToken::digest("an-admin-token-of-32-characters!");
            token.verify(Some(&configured)).is_ok()
        }
    };
    if !accepted {
        return "forged";
    }
    assert!(
        made().iter().any(|made| made == sent),
        "accepted and never made: {sent}"
    );
    "accepted"
}

/// All that was made and may be found in a header.
fn made() -> Vec<String> {
    let acme = keyring("acme");
    let key = acme.mint(&id());
    let narrowed = key.parse::<ApiKey>().and_then(|key| {
        let restriction = "scopes=mcp:read".parse()?;
        Ok(key
            .narrow(restriction)
            .expect("it can be narrowed")
            .reveal())
    });
    vec![
        key,
        narrowed.expect("a key"),
        acme.mint_token([7; NONCE_BYTES], &claims())
            .expect("a token"),
        "an-admin-token-of-32-characters!".to_owned(),
    ]
}

fn claims() -> AccessClaims {
    AccessClaims {
        member: "ada".parse().expect("a member"),
        grant: "g1".parse().expect("a grant"),
        server: None,
        scopes: "mcp".parse().expect("scopes"),
        expires: UnixMillis(5_000),
    }
}

fn ticket(text: &str) -> &'static str {
    let Some(ticket) = Ticket::parse(text) else {
        return "malformed";
    };
    let proven = TicketKind::ALL.map(|kind| tickets("acme").prove(kind, &ticket).is_some());
    let other = TicketKind::ALL.map(|kind| tickets("other").prove(kind, &ticket).is_some());
    assert!(!other.contains(&true), "of another tenant");
    let Some(at) = proven.iter().position(|is_proven| *is_proven) else {
        return "forged";
    };
    let kind = TicketKind::ALL[at];
    let is_made = |number| text == tickets("acme").mint(kind, ID, number);
    assert!(
        is_made(NUMBER) || is_made(NUMBER + 1),
        "accepted and never made"
    );
    assert_eq!(kind, ticket.kind());
    "accepted"
}

/// What is read is printed as it was, or at least read alike again.
fn printed<T: FromStr + Display + PartialEq>(text: &str) -> &'static str {
    let Ok(value) = text.parse::<T>() else {
        return "not read";
    };
    let again = value.to_string();
    assert!(
        again.parse::<T>().is_ok_and(|again| again == value),
        "{text} is {again}"
    );
    "read"
}

/// What two lists of scopes allow together, each of them allows.
fn scopes(text: &str) -> &'static str {
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (left, right, tool) = (next(), next(), next());
    if printed::<Scopes>(left) == "not read" || printed::<Scopes>(right) == "not read" {
        return "not read";
    }
    let parsed = |text: &str| text.parse::<Scopes>().ok();
    let (Some(left), Some(right)) = (parsed(left), parsed(right)) else {
        return "not read";
    };
    let met = left.meet(&right);
    let server: ServerSlug = "notes".parse().expect("a server");
    let both = |allows: &dyn Fn(&Scopes) -> bool| {
        assert!(
            !allows(&met) || allows(&left) && allows(&right),
            "{left} and {right} are {met}"
        );
    };
    for only_reads in [false, true] {
        both(&|scopes| scopes.allow_tool(&server, tool, only_reads));
    }
    both(&|scopes| scopes.allow_reading(&server));
    both(&|scopes| scopes.allow_all(&server));
    both(&|scopes| scopes.see(&server));
    both(&Scopes::allow_mcp);
    for scope in met.iter() {
        assert!(
            left.allow(scope) && right.allow(scope),
            "{left} and {right} are {met}"
        );
    }
    "read"
}

/// A text with other bytes in some places. None if it is the same, or no text.
fn altered(input: &mut Unstructured<'_>, text: &str) -> Result<Option<String>> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..input.int_in_range(0..=3)? {
        let at = input.choose_index(bytes.len())?;
        match input.int_in_range(0..=3)? {
            0 => bytes[at] = input.int_in_range(b' '..=b'~')?,
            1 => bytes.insert(at, input.int_in_range(b' '..=b'~')?),
            2 => drop(bytes.remove(at)),
            _ => bytes.truncate(at.max(1)),
        }
    }
    // White space around a credential means nothing.
    Ok(String::from_utf8(bytes)
        .ok()
        .filter(|altered| altered.trim() != text))
}

/// Makes a key, narrows it, and alters it.
fn key(input: &mut Unstructured<'_>) -> Result<&'static str> {
    let acme = keyring("acme");
    let mut key: ApiKey = acme.mint(&id()).parse().expect("what was made is read");
    let given: Scopes = "mcp admin".parse().expect("scopes");
    let record = KeyRecord {
        id: id(),
        name: String::new(),
        created: UnixMillis(0),
        expires: None,
        revoked: None,
        scopes: given.clone(),
        allowance: smcp_auth::Allowance::default(),
    };
    for _ in 0..input.int_in_range(0..=3)? {
        let line = restriction(input)?;
        if let Ok(restriction) = line.parse::<Restriction>()
            && let Ok(narrowed) = key.narrow(restriction)
        {
            key = narrowed;
        }
    }
    let text = key.reveal();
    let again: ApiKey = text.parse().expect("what was made is read");
    assert_eq!(again, key);
    let proven = acme.verify(&again).expect("what was made is accepted");
    if let Ok(principal) = proven.admit(Some(&record), UnixMillis(0)) {
        let scopes = principal.scopes();
        assert!(
            scopes.iter().all(|scope| given.allow(scope)),
            "more than its record"
        );
        for narrowed in key.restrictions().scopes() {
            assert!(
                scopes.iter().all(|scope| narrowed.allow(scope)),
                "more than was left"
            );
        }
    }
    let Some(other) = altered(input, &text)? else {
        return Ok("not altered");
    };
    if let Ok(other) = other.parse::<ApiKey>() {
        assert!(
            acme.verify(&other).is_err(),
            "accepted and never made: {}",
            other.reveal()
        );
    }
    Ok("altered")
}

fn restriction(input: &mut Unstructured<'_>) -> Result<String> {
    Ok(match input.int_in_range(0..=4)? {
        0 => format!("until={}", input.arbitrary::<u64>()?),
        1 => format!("fuel={}", input.arbitrary::<u32>()?),
        2 => format!("rate={}", input.arbitrary::<u16>()?),
        3 => format!(
            "scopes={}",
            input.choose(&["mcp", "mcp/notes", "mcp:read", "admin audit"])?
        ),
        _ => answers::text(input)?,
    })
}

fn token(input: &mut Unstructured<'_>) -> Result<&'static str> {
    let acme = keyring("acme");
    let claims = AccessClaims {
        expires: UnixMillis(input.arbitrary()?),
        scopes: input
            .choose(&["", "mcp", "mcp/notes/read admin"])?
            .parse()
            .expect("scopes"),
        ..claims()
    };
    let text = acme
        .mint_token(input.arbitrary()?, &claims)
        .expect("a token");
    let open = |text: &str| match Credential::parse(Some(&format!("Bearer {text}"))) {
        Ok(Credential::AccessToken(token)) => acme.open_token(&token).ok(),
        _ => None,
    };
    let opened = open(&text).expect("what was made is accepted");
    assert_eq!(*opened.claims(), claims);
    let Some(other) = altered(input, &text)? else {
        return Ok("not altered");
    };
    assert!(open(&other).is_none(), "accepted and never made: {other}");
    Ok("altered")
}

fn code(input: &mut Unstructured<'_>) -> Result<&'static str> {
    let acme = tickets("acme");
    let kind = *input.choose(&TicketKind::ALL)?;
    let number = input.arbitrary()?;
    let text = acme.mint(kind, ID, number);
    let ticket = Ticket::parse(&text).expect("what was made is read");
    for asked in TicketKind::ALL {
        let expected = (asked == kind).then_some((ID, number));
        assert_eq!(
            acme.prove(asked, &ticket),
            expected,
            "a ticket is for one thing"
        );
    }
    let Some(other) = altered(input, &text)? else {
        return Ok("not altered");
    };
    if let Some(other) = Ticket::parse(&other) {
        assert_eq!(
            acme.prove(other.kind(), &other),
            None,
            "accepted and never made"
        );
    }
    Ok("altered")
}

fn sealed(input: &mut Unstructured<'_>) -> Result<&'static str> {
    let purposes = [
        Purpose::RequestState,
        Purpose::Records,
        Purpose::Items,
        Purpose::Session,
        Purpose::Cursor,
    ];
    let at = input.choose_index(purposes.len())?;
    let (_, keys) = keys_of("acme");
    let own = keys.purpose(purposes[at]);
    let binding = |place: u8| Binding::new("fuzzed").text("row").number(place.into());
    let place: u8 = input.arbitrary()?;
    let plain = answers::text(input)?.into_bytes();
    let nonce = input.arbitrary()?;
    let mut sealed = own
        .seal(nonce, &binding(place), &plain)
        .expect("it can be sealed");
    assert_eq!(own.open(&binding(place), &sealed), Ok(plain));
    assert!(
        own.open(&binding(place.wrapping_add(1)), &sealed).is_err(),
        "at another place"
    );
    let other = keys.purpose(purposes[(at + 1) % purposes.len()]);
    assert!(
        other.open(&binding(place), &sealed).is_err(),
        "for another purpose"
    );
    let (_, foreign) = keys_of("other");
    let foreign = foreign.purpose(purposes[at]);
    assert!(
        foreign.open(&binding(place), &sealed).is_err(),
        "of another tenant"
    );
    let byte = input.choose_index(sealed.len())?;
    match input.arbitrary::<u8>()? {
        0 => return Ok("not altered"),
        1 => sealed.truncate(byte),
        2 => sealed.push(0),
        bits => sealed[byte] ^= bits,
    }
    assert!(
        own.open(&binding(place), &sealed).is_err(),
        "it was altered"
    );
    Ok("altered")
}

fn seeds() -> Vec<Seed> {
    let acme = tickets("acme");
    let mut seeds = vec![("nothing".to_owned(), Vec::new())];
    let mut put = |name: &str, text: String| seeds.push((name.to_owned(), text.into_bytes()));
    for (name, made) in ["key", "narrowed", "token", "admin"]
        .into_iter()
        .zip(made())
    {
        put(name, format!("hBearer {made}"));
        put(
            &format!("{name}-of-other"),
            format!("hBearer {}", made.replace("_acme_", "_other_")),
        );
    }
    put("basic", "hBasic YTpi".to_owned());
    for kind in TicketKind::ALL {
        let name = format!("ticket-{kind:?}").to_lowercase();
        put(&name, format!("t{}", acme.mint(kind, ID, NUMBER)));
        put(
            &format!("{name}-next"),
            format!("t{}", acme.mint(kind, ID, NUMBER + 1)),
        );
    }
    for (at, line) in [
        "scopes=mcp:read",
        "until=1795339800",
        "fuel=5",
        "rate=1",
        "x=1",
    ]
    .iter()
    .enumerate()
    {
        put(&format!("restriction-{at}"), format!("r{line}"));
    }
    put(
        "scopes",
        "smcp/notes mcp:read\nmcp/notes/find mcp/other:read admin\nfind".to_owned(),
    );
    put("scopes-unknown", "smcp\nroot\n".to_owned());
    put("unknown", "?".to_owned());
    for mode in [b"k", b"a", b"c", b"b"] {
        let found = crate::seeds::found(&TARGET, mode, &["altered", "not altered", "too short"], 2)
            .into_iter();
        let letter = char::from(mode[0]);
        seeds.extend(found.map(|(name, input)| (format!("{letter}-{name}"), input)));
    }
    seeds
}
