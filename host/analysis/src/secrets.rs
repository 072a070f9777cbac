//! Keys, tokens and passwords that were left in a module, known by their shape.
//!
//! Only what has a shape of its own is looked for, and what no random generator would have made is left out: so that a
//! finding is worth a look. What is found is never repeated in full.

/// A kind of secret that begins in a way of its own.
struct Kind {
    what: &'static str,
    begins: &'static [u8],
    /// What follows.
    letters: fn(u8) -> bool,
    /// How many of them at least, and as many are looked at: in a module, one text follows another without a gap.
    length: usize,
}

const fn kind(
    what: &'static str,
    begins: &'static str,
    letters: fn(u8) -> bool,
    length: usize,
) -> Kind {
    Kind {
        what,
        begins: begins.as_bytes(),
        letters,
        length,
    }
}

fn upper(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'2'..=b'7')
}

fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn hexadecimal(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

fn slack(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

static KINDS: [Kind; 22] = [
    kind("an AWS access key", "AKIA", upper, 16),
    kind("an AWS temporary access key", "ASIA", upper, 16),
    kind("a GitHub token", "ghp_", alphanumeric, 36),
    kind("a GitHub OAuth token", "gho_", alphanumeric, 36),
    kind("a GitHub user token", "ghu_", alphanumeric, 36),
    kind("a GitHub server token", "ghs_", alphanumeric, 36),
    kind(
        "a GitHub token",
        "github_pat_",
        |byte| byte.is_ascii_alphanumeric() || byte == b'_',
        60,
    ),
    kind("a GitLab token", "glpat-", url_safe, 20),
    kind("a Slack token", "xoxb-", slack, 40),
    kind("a Slack token", "xoxp-", slack, 40),
    kind("a Slack app token", "xapp-", slack, 40),
    kind("a Stripe key", "sk_live_", alphanumeric, 24),
    kind("a Stripe key", "rk_live_", alphanumeric, 24),
    kind("a Google API key", "AIza", url_safe, 35),
    kind("an Anthropic key", "sk-ant-", url_safe, 40),
    kind("an OpenAI key", "sk-proj-", url_safe, 40),
    kind("an npm token", "npm_", alphanumeric, 36),
    kind("a PyPI token", "pypi-AgEIcHlwaS5vcmc", url_safe, 40),
    kind(
        "a SendGrid key",
        "SG.",
        |byte| url_safe(byte) || byte == b'.',
        60,
    ),
    kind("a Hugging Face token", "hf_", alphanumeric, 34),
    kind("a Vault token", "hvs.", url_safe, 24),
    kind("a DigitalOcean token", "dop_v1_", hexadecimal, 64),
];

/// How far beyond its beginning a secret is looked at, at the most.
pub(crate) const REACH: usize = 512;

/// A secret: where it begins, and what it is, with as much of it as tells it from others.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Secret {
    pub(crate) at: usize,
    pub(crate) says: String,
}

/// The secrets that begin in the first bytes of these.
pub(crate) fn find(bytes: &[u8], within: usize) -> Vec<Secret> {
    let mut found = Vec::new();
    for at in 0..within.min(bytes.len()) {
        let end = bytes.len().min(at.saturating_add(REACH));
        let here = bytes.get(at..end).unwrap_or_default();
        if let Some(says) = secret(here) {
            found.push(Secret { at, says });
        }
    }
    found
}

/// What begins here, if it is a secret.
fn secret(here: &[u8]) -> Option<String> {
    match here.first()? {
        b'A' | b'S' | b'd' | b'g' | b'h' | b'n' | b'p' | b'r' | b's' | b'x' => known(here),
        b'-' => private_key(here),
        b'e' => web_token(here),
        b':' => password(here),
        _ => None,
    }
}

fn known(here: &[u8]) -> Option<String> {
    if let Some(key) = own_key(here) {
        return Some(key);
    }
    let kind = KINDS.iter().find(|kind| here.starts_with(kind.begins))?;
    let rest = here.get(kind.begins.len()..)?.get(..kind.length)?;
    let is_one = rest.iter().all(|byte| (kind.letters)(*byte)) && is_random(rest);
    is_one.then(|| format!("{}, {}", kind.what, shown(kind.begins)))
}

/// An API key of such a host as this: `smcp_<tenant>_<id>_<mac>`.
fn own_key(here: &[u8]) -> Option<String> {
    let rest = here.strip_prefix(b"smcp_")?;
    let mut parts = rest.split(|byte| *byte == b'_');
    let is_slug = |part: &[u8]| {
        !part.is_empty()
            && part.len() <= 32
            && part
                .iter()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
    };
    let (tenant, id) = (parts.next()?, parts.next()?);
    let skip = tenant.len() + id.len() + 2;
    let mac = rest.get(skip..)?.get(..43)?;
    let is_one =
        is_slug(tenant) && is_slug(id) && mac.iter().all(|byte| url_safe(*byte)) && is_random(mac);
    is_one.then(|| format!("an API key of this host, {}", shown(b"smcp_")))
}

/// A key in PEM, with what is in it: its first line alone is in every program that can read one.
fn private_key(here: &[u8]) -> Option<String> {
    let text = here.strip_prefix(b"-----BEGIN ")?;
    let end = text
        .windows(16)
        .position(|window| window == b"PRIVATE KEY-----")?;
    let label = text.get(..end).filter(|label| label.len() <= 16)?;
    let body = text.get(end + 16..)?;
    // As text it has line breaks, and in a program's source perhaps the two characters for one.
    let is_body = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\n' | b'\r' | b'\\')
    };
    let length = body.iter().take_while(|byte| is_body(byte)).count();
    let kind = core::str::from_utf8(label).ok()?;
    (length >= 64).then(|| format!("a private key, \"-----BEGIN {kind}PRIVATE KEY-----\""))
}

/// A signed token: three parts, of which two are JSON.
fn web_token(here: &[u8]) -> Option<String> {
    if !here.starts_with(b"eyJ") {
        return None;
    }
    let mut parts = here.split(|byte| *byte == b'.');
    let (head, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let is_json = |part: &[u8]| {
        part.starts_with(b"eyJ") && part.len() >= 12 && part.iter().all(|byte| url_safe(*byte))
    };
    let signed = signature.iter().take_while(|byte| url_safe(**byte)).count();
    (is_json(head) && is_json(claims) && signed >= 20)
        .then(|| "a signed web token, \"eyJ...\"".to_owned())
}

/// A password in a URL: `scheme://user:password@host`.
fn password(here: &[u8]) -> Option<String> {
    let rest = here.strip_prefix(b"://")?;
    let is_word = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_' | b'.' | b'%' | b'+' | b'!' | b'~')
    };
    let user = rest.iter().take_while(|byte| is_word(byte)).count();
    let rest = rest.get(user..)?.strip_prefix(b":")?;
    let length = rest.iter().take_while(|byte| is_word(byte)).count();
    let (word, rest) = rest.split_at_checked(length)?;
    let host = rest
        .strip_prefix(b"@")?
        .iter()
        .take_while(|byte| is_word(byte))
        .count();
    let is_one = (1..=64).contains(&user) && (8..=128).contains(&length) && host >= 4;
    let is_said = [
        &b"pass"[..],
        b"secret",
        b"example",
        b"token",
        b"xxx",
        b"changeme",
    ];
    let lower = word.to_ascii_lowercase();
    let is_sample = is_said
        .iter()
        .any(|said| lower.windows(said.len()).any(|window| window == *said));
    (is_one && !is_sample && entropy(word) > 2.5).then(|| "a password in a URL".to_owned())
}

/// Whether a generator could have made it: not `EXAMPLE`, nor one letter over and over.
fn is_random(bytes: &[u8]) -> bool {
    let upper = bytes.to_ascii_uppercase();
    let is_sample = [&b"EXAMPLE"[..], b"XXXX", b"0000", b"12345", b"ABCDE"]
        .iter()
        .any(|sample| upper.windows(sample.len()).any(|window| window == *sample));
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = bytes
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    !is_sample && digits > 0 && letters > 0 && entropy(bytes) > 2.9
}

/// Bits for each byte, after Shannon.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let all = bytes.len() as f64;
    let seen = counts.iter().filter(|count| **count > 0);
    seen.map(|count| {
        let share = f64::from(*count) / all;
        -share * share.log2()
    })
    .sum()
}

/// The part that all of a kind have.
fn shown(begins: &[u8]) -> String {
    format!("\"{}...\"", String::from_utf8_lossy(begins))
}
