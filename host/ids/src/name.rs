//! Names that people choose or keys are given: slugs.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::SLUG_MAX_CHARACTERS;

/// Why a text is not a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected 1 to {SLUG_MAX_CHARACTERS} of the characters a-z, 0-9 and '-', with '-' only between two others"
)]
pub struct NameError;

/// Lower-case letters, digits and single inner hyphens. No underscore: `{server}__{tool}` and
/// `smcp_{tenant}_{id}_{mac}` are taken apart at it.
fn is_slug(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    (1..=SLUG_MAX_CHARACTERS).contains(&bytes.len())
        && bytes.iter().all(|&byte| plain(byte) || byte == b'-')
        && !bytes.starts_with(b"-")
        && !bytes.ends_with(b"-")
        && !text.contains("--")
}

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                if is_slug(text) { Ok(Self(text.into())) } else { Err(NameError) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

slug! {
    /// A tenant: an isolated customer with one object, one key hierarchy, one namespace.
    TenantId
}

slug! {
    /// A hosted MCP server of a tenant.
    ServerSlug
}

slug! {
    /// The public half of an API key: names it in lists, in the audit and for revoking.
    KeyId
}

slug! {
    /// A client that an admin of a tenant has registered.
    ClientId
}

slug! {
    /// A person who belongs to a tenant.
    MemberId
}

slug! {
    /// What a member has agreed that a client may do: names it in tokens, in lists and for revoking.
    GrantId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_slugs_are_names() {
        let longest = "a".repeat(SLUG_MAX_CHARACTERS);
        for good in ["a", "0", "acme", "acme-2", "a-b-c", &longest] {
            assert_eq!(
                good.parse::<TenantId>().map(|name| name.to_string()),
                Ok(good.to_owned())
            );
        }
        let long = "a".repeat(SLUG_MAX_CHARACTERS + 1);
        for bad in ["", "-a", "a-", "a--b", "A", "a_b", "a/b", "ä", "a b", &long] {
            assert_eq!(bad.parse::<TenantId>(), Err(NameError), "{bad}");
        }
    }
}
