//! Which findings keep a release from being published: data that a tenant has, or the platform's own.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use smcp_ids::{Digest, DigestError, limits};

use crate::code::{Code, Level};
use crate::finding::Finding;
use crate::report::Report;

/// Which findings keep a release from being published. A value of this type is well formed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct FindingPolicy(Wire);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    /// The level from which on all findings refuse.
    refuse_level: RefuseLevel,
    /// Findings that refuse whatever their level is.
    #[serde(default)]
    refuse: BTreeSet<Code>,
    /// Findings that do not.
    #[serde(default)]
    accept: BTreeSet<Code>,
    /// Digests of releases, or of their code, that are known to be bad.
    #[serde(default)]
    known_bad: BTreeSet<Named>,
}

/// A digest, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Named(Digest);

impl TryFrom<String> for Named {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse().map(Self)
    }
}

impl From<Named> for String {
    fn from(named: Named) -> Self {
        named.0.to_string()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RefuseLevel {
    Info,
    Warning,
    Danger,
    Never,
}

/// Why something is no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// A code is refused and accepted.
    Both(Code),
    /// What is known to be bad is accepted.
    AcceptsKnownBad,
    /// There are more digests than may be.
    TooManyDigests,
}

impl core::error::Error for PolicyError {}

impl core::fmt::Display for PolicyError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Both(code) => write!(f, "{:?} is refused and accepted: choose one", code.name()),
            Self::AcceptsKnownBad => f.write_str(
                "\"known_bad\" cannot be accepted; take the digest from the list of the same name instead",
            ),
            Self::TooManyDigests => write!(f, "known_bad has more than {} digests", limits::KNOWN_BAD_MAX),
        }
    }
}

impl TryFrom<Wire> for FindingPolicy {
    type Error = PolicyError;

    fn try_from(wire: Wire) -> Result<Self, PolicyError> {
        if let Some(code) = wire.refuse.intersection(&wire.accept).next() {
            return Err(PolicyError::Both(*code));
        }
        if wire.accept.contains(&Code::KnownBad) {
            return Err(PolicyError::AcceptsKnownBad);
        }
        if wire.known_bad.len() > limits::KNOWN_BAD_MAX {
            return Err(PolicyError::TooManyDigests);
        }
        Ok(Self(wire))
    }
}

impl From<FindingPolicy> for Wire {
    fn from(policy: FindingPolicy) -> Self {
        policy.0
    }
}

/// The platform's own, as data.
const PLATFORM: &str = include_str!("../policy.json");

impl Default for FindingPolicy {
    /// The platform's own. It is part of the program, and a test reads it; were it unreadable, everything would refuse.
    fn default() -> Self {
        serde_json::from_str(PLATFORM).unwrap_or(Self(Wire {
            refuse_level: RefuseLevel::Info,
            refuse: BTreeSet::new(),
            accept: BTreeSet::new(),
            known_bad: BTreeSet::new(),
        }))
    }
}

impl FindingPolicy {
    /// Whether a digest is known to be bad: to whoever made this policy, or to the platform.
    pub fn knows_bad(&self, digest: &Digest) -> bool {
        let named = Named(*digest);
        self.0.known_bad.contains(&named) || Self::default().0.known_bad.contains(&named)
    }

    /// Those findings of a report for which it must not be published.
    pub fn refuses<'a>(&'a self, report: &'a Report) -> impl Iterator<Item = &'a Finding> {
        report
            .findings
            .iter()
            .filter(|finding| self.refuses_code(finding.code))
    }

    fn refuses_code(&self, code: Code) -> bool {
        let at_level = match self.0.refuse_level {
            RefuseLevel::Info => true,
            RefuseLevel::Warning => code.level() >= Level::Warning,
            RefuseLevel::Danger => code.level() >= Level::Danger,
            RefuseLevel::Never => false,
        };
        // What is known to be bad is refused whatever else a policy says: its list is what it says about that.
        code == Code::KnownBad
            || self.0.refuse.contains(&code)
            || (at_level && !self.0.accept.contains(&code))
    }
}
