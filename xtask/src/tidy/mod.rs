//! `cargo xtask tidy`: the house rules that a machine can keep.
//!
//! Each rule is a function that gives complaints: where, what, and how to mend it. All rules run,
//! so that one look shows everything.

mod clauses;
mod contract;
mod edges;
mod errors;
mod files;
mod locks;

use std::path::Path;

use anyhow::{Result, bail};

/// What is wrong, where, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Complaint(String);

impl Complaint {
    fn new(place: impl AsRef<Path>, text: impl core::fmt::Display) -> Self {
        Self(format!("{}: {text}", place.as_ref().display()))
    }
}

/// Runs every rule on the tree at `root`.
///
/// # Errors
///
/// If a rule is broken, or something cannot be read.
pub fn run(root: &Path) -> Result<()> {
    let mut complaints = Vec::new();
    complaints.extend(files::check(root)?);
    complaints.extend(edges::check(root)?);
    complaints.extend(contract::check(root)?);
    complaints.extend(errors::check(root)?);
    complaints.extend(clauses::check(root)?);
    complaints.extend(locks::check(root)?);
    for complaint in &complaints {
        eprintln!("{}", complaint.0);
    }
    match complaints.len() {
        0 => {
            println!("tidy");
            Ok(())
        }
        count => bail!("{count} house rules are broken"),
    }
}
