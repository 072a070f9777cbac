//! Every error code has its entry in the index, and every entry its code.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Complaint, files};

const INDEX: &str = "docs/errors.md";

pub(super) fn check(root: &Path) -> Result<Vec<Complaint>> {
    let index = std::fs::read_to_string(root.join(INDEX)).context(INDEX)?;
    let mut codes = BTreeSet::new();
    for file in files::tracked(root)? {
        let is_code = ["host", "cli"].iter().any(|folder| file.starts_with(folder))
            && file.extension().is_some_and(|extension| extension == "rs" || extension == "js");
        if let (true, Ok(text)) = (is_code, std::fs::read_to_string(root.join(&file))) {
            codes.extend(codes_in(&text));
        }
    }
    Ok(compare(&codes, &entries(&index)))
}

fn compare(codes: &BTreeSet<String>, entries: &BTreeSet<String>) -> Vec<Complaint> {
    let missing = codes.difference(entries).map(|code| {
        Complaint::new(INDEX, format!("add an entry: ### {code}, and what to do about it"))
    });
    let stale = entries
        .difference(codes)
        .map(|code| Complaint::new(INDEX, format!("no error has the code {code}; remove its entry")));
    missing.chain(stale).collect()
}

/// The headings of the third level are codes.
fn entries(index: &str) -> BTreeSet<String> {
    index.lines().filter_map(|line| line.strip_prefix("### ")).map(|code| code.trim().to_owned()).collect()
}

/// Codes stand in two places: what a `code` function returns, and the arguments of `Problem`.
fn codes_in(text: &str) -> Vec<String> {
    let mut codes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("fn code(") {
        rest = &rest[at..];
        let end = rest.find("\n    }\n").unwrap_or(rest.len());
        codes.extend(rest[..end].split("=> \"").skip(1).filter_map(first_literal));
        rest = &rest[end..];
    }
    for constructor in ["Problem::new(", "Problem::invalid(", "Problem::conflict(", "Self::new("] {
        for after in text.split(constructor).skip(1) {
            let arguments = after.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
            let arguments = arguments.trim_start_matches([',', ' ', '\n']);
            codes.extend(arguments.strip_prefix('"').and_then(first_literal));
        }
    }
    codes
}

fn first_literal(text: &str) -> Option<String> {
    let (code, _) = text.split_once('"')?;
    let is_code = code.contains(|c: char| c.is_ascii_lowercase())
        && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    is_code.then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_where_errors_are_made() {
        let text = "impl E {\n    fn code(&self) -> &str {\n        match self {\n            Self::A => \"a_b\",\n        }\n    }\n}\nfn f() { Problem::new(404, \"not_found\", \"x y\"); Problem::conflict(\n \"taken\", \"x\"); other => \"no_code\" }";
        assert_eq!(codes_in(text), ["a_b", "not_found", "taken"]);
    }

    #[test]
    fn the_index_has_every_code_and_no_other() {
        let set = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
        assert_eq!(entries("# Errors\n### a\ntext\n### b\n"), set(&["a", "b"]));
        assert_eq!(compare(&set(&["a", "c"]), &set(&["a", "b"])).len(), 2);
    }
}
