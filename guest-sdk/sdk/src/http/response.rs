//! An answer of another host, and what a tool reads of it.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use super::{HttpError, NoAnswer};

/// An answer of another host, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The header fields in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decoded.
    pub body: Vec<u8>,
    /// The host that was asked.
    pub(crate) from: String,
}

impl HttpResponse {
    /// An answer with nothing but a status: for tests, which say what other hosts answer.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            from: String::new(),
        }
    }

    /// The value of the first header field of that name, upper and lower case alike.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(of, _)| of.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// The body as text; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body from JSON: `response.json::<Issue>()?`.
    ///
    /// # Errors
    ///
    /// When it is not JSON of this type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        match serde_json::from_slice(&self.body) {
            Ok(value) => Ok(value),
            Err(error) => Err(HttpError::Unfit(NoAnswer {
                host: self.from.clone(),
                message: error.to_string(),
            })),
        }
    }

    /// The answer, unless its status is 400 or more: `request.send()?.error_for_status()?`.
    ///
    /// # Errors
    ///
    /// [`HttpError::Status`], with the answer in it.
    pub fn error_for_status(self) -> Result<Self, HttpError> {
        if self.status < 400 {
            Ok(self)
        } else {
            Err(HttpError::Status(Box::new(self)))
        }
    }
}
