//! Parameters of a query or of a posted form.

use smcp_ids::limits::{OAUTH_FIELDS_MAX, OAUTH_FORM_MAX};

/// Parameters, each once. One without a value is one that is not there (section 3.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

/// Why text is not such parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// It is too long, or has too many.
    #[error("too many parameters, or too long ones")]
    TooLarge,
    /// One is there twice.
    #[error("a parameter is there more than once")]
    Repeated,
}

impl Form {
    /// Reads `application/x-www-form-urlencoded` text.
    ///
    /// # Errors
    /// [`FormError`].
    pub fn parse(text: &[u8]) -> Result<Self, FormError> {
        if text.len() > OAUTH_FORM_MAX {
            return Err(FormError::TooLarge);
        }
        let mut fields: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(text) {
            if value.is_empty() {
                continue;
            }
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(FormError::Repeated);
            }
            if fields.len() >= OAUTH_FIELDS_MAX {
                return Err(FormError::TooLarge);
            }
            fields.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(fields))
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        let field = self.0.iter().find(|(known, _)| known == name);
        field.map(|(_, value)| value.as_str())
    }

    /// The others, in their order.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let others = self.0.iter().filter(|(known, _)| known != name);
        Self(others.cloned().collect())
    }

    /// Their text, by which [`Form::parse`] gives the same again.
    pub fn query(&self) -> String {
        let pairs = self.iter();
        let pairs = pairs.map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// All of them, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Some values are secrets.
impl core::fmt::Debug for Form {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

/// Text as one value in a query or form.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A value of a form, decoded.
pub(crate) fn decoded(text: &str) -> String {
    let spaces = text.replace('=', "%3D").replace('&', "%26");
    let pair = form_urlencoded::parse(spaces.as_bytes()).next();
    pair.map(|(name, _)| name.into_owned()).unwrap_or_default()
}
