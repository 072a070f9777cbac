//! The report: what is known of a release, and what was found.

use serde::Serialize;
use smcp_package::{Asks, CallLimits};

use crate::abilities::Ability;
use crate::code::Level;
use crate::finding::Finding;

/// What is known of a release, and what was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The version of this form.
    pub format: u32,
    /// Which release.
    pub release: String,
    /// What its manifest calls it.
    pub name: String,
    /// Its version.
    pub version: String,
    /// How bad the worst finding is; none if there is none.
    pub worst: Option<Level>,
    /// What is known of it.
    pub facts: Facts,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// How many findings there were beyond those.
    pub left_out: usize,
}

/// What is known of a release, and can be held against its bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Facts {
    /// The trusted publishers who signed it. None where nobody was asked about trust.
    pub signers: Vec<String>,
    /// What it was made with, as far as it says: a section that any tool can write.
    pub made_with: Vec<SdkFact>,
    /// Bytes of the package.
    pub bytes: usize,
    /// Functions that it has.
    pub functions: u32,
    /// Bytes of the largest of them.
    pub largest_function: usize,
    /// Bytes of memory that it starts with.
    pub memory: u64,
    /// Bytes of its data.
    pub data: usize,
    /// The digest of its functions and data: the same in packages that differ in what they say of themselves only.
    pub code: String,
    /// What one call may use.
    pub limits: CallLimits,
    /// What it can do.
    pub can: Vec<Ability>,
    /// What it provably cannot, since it imports nothing for it.
    pub cannot: Vec<Ability>,
    /// What no module can.
    pub never: &'static [&'static str],
    /// What it asks its admin for.
    pub asks: Asks,
    /// The names of its tools.
    pub tools: Vec<String>,
    /// The version that it was compared with: the live one.
    pub compared_with: Option<String>,
    /// How many other servers' names it was held against.
    pub neighbours: usize,
}

/// One thing that a module says it was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SdkFact {
    /// What it was for: `language`, `processed-by` or `sdk`.
    pub role: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The version of the form.
pub(crate) const FORMAT: u32 = 1;
