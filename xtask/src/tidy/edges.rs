//! Dependencies between our crates are those in ARCHITECTURE.md's table, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Complaint;
use crate::setup;

const PAGE: &str = "ARCHITECTURE.md";
const HEADING: &str = "## Dependency edges between our crates";

type Edges = BTreeMap<String, BTreeSet<String>>;

pub(super) fn check(root: &Path) -> Result<Vec<Complaint>> {
    let page = std::fs::read_to_string(root.join(PAGE)).context(PAGE)?;
    Ok(compare(&table(&page), &actual(root)?))
}

fn compare(allowed: &Edges, actual: &Edges) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut complain = |text: String| complaints.push(Complaint::new(PAGE, text));
    for (from, edges) in actual {
        let Some(allowed) = allowed.get(from) else {
            complain(format!(
                "{from} is not in the table of edges; add it with what it may depend on"
            ));
            continue;
        };
        for to in edges.difference(allowed) {
            complain(format!(
                "{from} depends on {to}, which the table does not allow; remove the dependency, or decide on it in the page"
            ));
        }
    }
    for from in allowed.keys().filter(|from| !actual.contains_key(*from)) {
        complain(format!(
            "the table names {from}, which is no crate; remove the row"
        ));
    }
    complaints
}

/// The rows of the table: names in backquotes, the first of a row being the one that depends.
fn table(page: &str) -> Edges {
    let section = page.split(HEADING).nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.filter_map(|row| {
        let mut names = row.split('`').skip(1).step_by(2).map(str::to_owned);
        Some((names.next()?, names.collect()))
    })
    .collect()
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<String>,
}

/// The edges there are. Those of tests alone are free.
fn actual(root: &Path) -> Result<Edges> {
    let metadata: Metadata = setup::metadata(root)?;
    let edges = metadata.packages.into_iter().map(|package| {
        let ours = package.dependencies.into_iter().filter(|dependency| {
            dependency.path.is_some() && dependency.kind.as_deref() != Some("dev")
        });
        (
            package.name,
            ours.map(|dependency| dependency.name).collect(),
        )
    });
    Ok(edges.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(rows: &[(&str, &[&str])]) -> Edges {
        rows.iter()
            .map(|(from, to)| {
                (
                    (*from).to_owned(),
                    to.iter().map(|to| (*to).to_owned()).collect(),
                )
            })
            .collect()
    }

    #[test]
    fn the_table_is_read_from_its_section_alone() {
        let page = format!(
            "| `x` | `y` |\n{HEADING}\n\n| crate |\n|---|\n| `a` | `b` `c` |\n| `b` | |\n\n## Next\n| `z` | |\n"
        );
        assert_eq!(table(&page), edges(&[("a", &["b", "c"]), ("b", &[])]));
    }

    #[test]
    fn an_edge_that_is_not_in_the_table_is_a_complaint() {
        let allowed = edges(&[("a", &["b"]), ("b", &[])]);
        for (actual, complaints) in [
            (edges(&[("a", &["b"]), ("b", &[])]), 0),
            (edges(&[("a", &[]), ("b", &[])]), 0),
            (edges(&[("a", &["b"]), ("b", &["a"])]), 1),
            (edges(&[("a", &["b"]), ("b", &[]), ("c", &[])]), 1),
            (edges(&[("a", &["b"])]), 1),
        ] {
            assert_eq!(compare(&allowed, &actual).len(), complaints, "{actual:?}");
        }
    }
}
