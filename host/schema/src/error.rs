//! What is wrong with a schema, and what is wrong with a value.
//!
//! Texts are short whatever the author or the stranger wrote: [`clip`] cuts what is quoted. A value
//! is never quoted, only the names on the way to it.

use std::fmt;

use smcp_ids::limits;

/// A schema that is refused. Places are JSON Pointers into it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Over the limit of bytes.
    #[error("the schema has {bytes} bytes; the most is {most}: split the tool, or shorten it")]
    TooLarge {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        most: usize,
    },
    /// No JSON.
    #[error("the schema is not JSON: {0}")]
    Json(String),
    /// A dialect that is not known here.
    #[error("the dialect {0} is not supported: use JSON Schema 2020-12 or draft 7")]
    Dialect(String),
    /// A keyword whose value the dialect does not allow.
    #[error("the schema at {at:?}: {what}")]
    Invalid {
        /// Where.
        at: String,
        /// What it must be.
        what: &'static str,
    },
    /// A reference to another document.
    #[error(
        "the schema at {at:?} refers to {target}, outside the document: nothing is fetched; copy it into $defs"
    )]
    Outside {
        /// Where.
        at: String,
        /// What it refers to.
        target: String,
    },
    /// A reference into this document at which nothing is.
    #[error("the schema at {at:?} refers to {target}, which is not there")]
    Dangling {
        /// Where.
        at: String,
        /// What it refers to.
        target: String,
    },
    /// A schema that applies itself to the same value, for ever.
    #[error("the schema at {at:?} leads back to itself without looking deeper into the value")]
    Circle {
        /// Where.
        at: String,
    },
    /// A pattern that is refused.
    #[error("the pattern at {at:?}: {what}")]
    Pattern {
        /// Where.
        at: String,
        /// Why.
        what: String,
    },
    /// Another limit.
    #[error("the schema at {at:?} has too many or too deep {what}; the most is {most}")]
    Limit {
        /// Where.
        at: String,
        /// Of what.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
}

impl SchemaError {
    /// A stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "schema_too_large",
            Self::Json(_) => "schema_not_json",
            Self::Dialect(_) => "schema_dialect_unsupported",
            Self::Invalid { .. } => "schema_invalid",
            Self::Outside { .. } => "schema_ref_outside",
            Self::Dangling { .. } => "schema_ref_dangling",
            Self::Circle { .. } => "schema_circular",
            Self::Pattern { .. } => "schema_pattern",
            Self::Limit { .. } => "schema_over_limit",
        }
    }
}

/// One thing that is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a JSON Pointer into the value; empty for the whole. Long names are cut.
    pub pointer: String,
    /// What it must be.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            return formatter.write_str(&self.text);
        }
        write!(formatter, "{}: {}", self.pointer, self.text)
    }
}

/// A value that a schema does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    problems: Vec<Problem>,
    exhausted: bool,
}

impl Mismatch {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Self {
            problems,
            exhausted: false,
        }
    }

    pub(crate) fn exhausted() -> Self {
        Self {
            exhausted: true,
            ..Self::whole(
                "checking this value against its schema takes too many steps: send a smaller one",
            )
        }
    }

    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        Self::whole(&format!("cannot be read as JSON: {error}"))
    }

    fn whole(text: &str) -> Self {
        Self::new(vec![Problem {
            pointer: String::new(),
            text: clip(text, limits::MISMATCH_TEXT_MAX),
        }])
    }

    /// The first problems: at least one, at most `MISMATCH_PROBLEMS_MAX`.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether the check stopped at its limit of steps, so that nothing is known of the value.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.exhausted
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                formatter.write_str("; ")?;
            }
            problem.fmt(formatter)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mismatch {}

/// A text of at most so many bytes, cut at a character, with a sign that it was.
pub(crate) fn clip(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}\u{2026}", &text[..end])
}

/// One name in a JSON Pointer, cut and escaped.
pub(crate) fn pointer_segment(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(
        &clip(name, limits::MISMATCH_NAME_MAX)
            .replace('~', "~0")
            .replace('/', "~1"),
    );
}
