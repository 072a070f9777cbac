//! Secrets of a server: put into headers on their way out, taken out of what comes back.
//!
//! A guest names a secret and never has it: not in an answer that repeats it, as it is or as encoders of URLs, JSON or
//! base64 write it. What an answer says of it in other words cannot be known.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smcp_ids::limits;

use super::host::HostPattern;
use super::url::Url;
use super::{HttpError, HttpErrorKind};

const OPEN: &str = "{{secret:";
const CLOSE: &str = "}}";

/// A secret of a server.
#[derive(Clone)]
pub struct Secret {
    name: String,
    value: String,
    hosts: Vec<HostPattern>,
}

/// Why something is not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Its name is none.
    #[error(
        "the name of a secret is 1 to {} of the characters A-Z, a-z, 0-9, _, - and .",
        limits::SECRET_NAME_MAX
    )]
    Name,
    /// Its value cannot be one.
    #[error(
        "a secret is {} to {} visible ASCII characters, with spaces only inside: shorter ones could not be taken out of answers",
        limits::SECRET_LEAST,
        limits::SECRET_MAX
    )]
    Value,
    /// It is bound to no host, or too many.
    #[error("a secret is bound to 1 to {} hosts", limits::SECRET_HOSTS_MAX)]
    Hosts,
}

impl Secret {
    /// A secret that goes to those hosts.
    ///
    /// # Errors
    ///
    /// If a part of it cannot be one.
    pub fn new(
        name: impl Into<String>,
        value: impl Into<String>,
        hosts: Vec<HostPattern>,
    ) -> Result<Self, SecretError> {
        let (name, value) = (name.into(), value.into());
        if !is_name(&name) {
            return Err(SecretError::Name);
        }
        let has_length = (limits::SECRET_LEAST..=limits::SECRET_MAX).contains(&value.len());
        let is_visible = value
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !has_length || !is_visible || value.trim() != value {
            return Err(SecretError::Value);
        }
        if !(1..=limits::SECRET_HOSTS_MAX).contains(&hosts.len()) {
            return Err(SecretError::Hosts);
        }
        Ok(Self { name, value, hosts })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it goes.
    pub fn hosts(&self) -> &[HostPattern] {
        &self.hosts
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.value
    }

    /// The forms in which an answer may repeat it.
    fn forms(&self) -> impl Iterator<Item = Vec<u8>> {
        let json = self.value.replace('\\', "\\\\").replace('"', "\\\"");
        let mut url = String::new();
        for byte in self.value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    url.push(char::from(byte));
                }
                _ => url.push_str(&format!("%{byte:02X}")),
            }
        }
        let base64 = STANDARD.encode(&self.value);
        let mut forms = vec![self.value.clone(), json, url, base64];
        forms.dedup();
        forms.into_iter().map(String::into_bytes)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.name)
    }
}

/// Whether a text is the name of a secret.
pub fn is_name(text: &str) -> bool {
    (1..=limits::SECRET_NAME_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// The secrets of a server.
#[derive(Clone, Debug, Default)]
pub struct Secrets(pub Vec<Secret>);

impl Secrets {
    /// A header's value with the secrets that it names, on its way to `url`.
    pub(super) fn fill(&self, value: &str, url: &Url) -> Result<String, HttpError> {
        let mut filled = String::new();
        let mut rest = value;
        while let Some((before, after)) = rest.split_once(OPEN) {
            let (name, after) = after.split_once(CLOSE).ok_or_else(unclosed)?;
            filled.push_str(before);
            filled.push_str(self.of(name, url)?.reveal());
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn of(&self, name: &str, url: &Url) -> Result<&Secret, HttpError> {
        let refused = |why: &str| {
            // The guest has given it: it is quoted only where it is a name.
            let name = if is_name(name) { name } else { "of that name" };
            HttpError::new(HttpErrorKind::Secret, format!("the secret {name} {why}"))
        };
        let secret = self
            .0
            .iter()
            .find(|secret| secret.name == name)
            .ok_or_else(|| refused("is not set; ask the tenant's admin to set it"))?;
        if secret.hosts.iter().any(|host| host.covers(url)) {
            Ok(secret)
        } else {
            Err(refused(
                "is not bound to this host; ask the tenant's admin to bind it",
            ))
        }
    }

    /// The same bytes, with the name of a secret where it was. One pass, however many secrets there are.
    pub fn scrub(&self, bytes: Vec<u8>) -> Vec<u8> {
        let mut forms: Vec<(Vec<u8>, &str)> = self
            .0
            .iter()
            .flat_map(|secret| secret.forms().map(|form| (form, secret.name.as_str())))
            .collect();
        if forms.is_empty() {
            return bytes;
        }
        // Of two that begin alike, the longer is the one.
        forms.sort_by_key(|(form, _)| core::cmp::Reverse(form.len()));
        let mut starts = [false; 256];
        for (form, _) in &forms {
            if let Some(first) = form.first() {
                starts[usize::from(*first)] = true;
            }
        }
        let mut clean = Vec::with_capacity(bytes.len());
        let mut rest = bytes.as_slice();
        while let Some((first, after)) = rest.split_first() {
            let found = starts[usize::from(*first)]
                .then(|| forms.iter().find(|(form, _)| rest.starts_with(form)))
                .flatten();
            match found {
                Some((form, name)) => {
                    clean.extend(OPEN.bytes().chain(name.bytes()).chain(CLOSE.bytes()));
                    rest = rest.get(form.len()..).unwrap_or_default();
                }
                None => {
                    clean.push(*first);
                    rest = after;
                }
            }
        }
        clean
    }

    /// The same of text.
    pub(super) fn scrub_text(&self, text: String) -> String {
        if self.0.is_empty() {
            return text;
        }
        String::from_utf8_lossy(&self.scrub(text.into_bytes())).into_owned()
    }
}

/// Whether a text names a secret.
pub(super) fn names_one(text: &str) -> bool {
    text.contains(OPEN)
}

fn unclosed() -> HttpError {
    HttpError::new(
        HttpErrorKind::Invalid,
        "a header names a secret and does not end its name with }}",
    )
}
