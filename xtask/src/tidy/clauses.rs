//! Every clause of the specification that is said to be obeyed is obeyed by code that is there, and shown
//! by a test that is there.

use std::path::Path;

use anyhow::Result;

use super::Complaint;
use crate::spec;

pub(super) fn check(root: &Path) -> Result<Vec<Complaint>> {
    let faults = spec::faults(root)?.into_iter();
    Ok(faults
        .map(|(file, fault)| Complaint::new(file, fault))
        .collect())
}
