//! Every error code has one entry in the index, in the order of the alphabet, and every entry its code.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Complaint, files};

const INDEX: &str = "docs/errors.md";

pub(super) fn check(root: &Path) -> Result<Vec<Complaint>> {
    let index = std::fs::read_to_string(root.join(INDEX)).context(INDEX)?;
    let mut codes = BTreeSet::new();
    for file in files::tracked(root)? {
        if let (true, Ok(text)) = (
            makes_errors(&file),
            std::fs::read_to_string(root.join(&file)),
        ) {
            codes.extend(codes_in(&text));
        }
    }
    let entries = entries(&index);
    let mut complaints = out_of_order(&entries);
    complaints.extend(compare(&codes, &entries.into_iter().collect()));
    Ok(complaints)
}

/// Sources of the host and the command; their tests make up codes of their own.
fn makes_errors(file: &Path) -> bool {
    ["host", "cli"]
        .iter()
        .any(|folder| file.starts_with(folder))
        && file
            .extension()
            .is_some_and(|extension| extension == "rs" || extension == "js")
        && !file
            .components()
            .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
}

fn compare(codes: &BTreeSet<String>, entries: &BTreeSet<String>) -> Vec<Complaint> {
    let missing = codes.difference(entries).map(|code| {
        Complaint::new(
            INDEX,
            format!("add an entry: ### {code}, and what to do about it"),
        )
    });
    let stale = entries.difference(codes).map(|code| {
        Complaint::new(
            INDEX,
            format!("no error has the code {code}; remove its entry"),
        )
    });
    missing.chain(stale).collect()
}

/// The index is looked through by eye: a code that is there twice, or not in its place, is not found.
fn out_of_order(entries: &[String]) -> Vec<Complaint> {
    let pairs = entries.windows(2).filter(|pair| pair[0] >= pair[1]);
    pairs
        .map(|pair| {
            Complaint::new(
                INDEX,
                format!("move ### {} before ### {}, or remove it", pair[1], pair[0]),
            )
        })
        .collect()
}

/// The headings of the third level are codes.
fn entries(index: &str) -> Vec<String> {
    index
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .map(|code| code.trim().to_owned())
        .collect()
}

/// Codes stand in four places: in a `code` function, in the field `code`, among the arguments of what
/// makes a refusal, and, for limits, in a literal that begins with `limit_`.
fn codes_in(text: &str) -> Vec<String> {
    let mut codes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("fn code(") {
        rest = &rest[at..];
        let end = rest.find("\n    }\n").unwrap_or(rest.len());
        // Every second piece between quotation marks is a literal.
        codes.extend(rest[..end].split('"').skip(1).step_by(2).filter_map(code));
        rest = &rest[end..];
    }
    codes.extend(text.split("code: \"").skip(1).filter_map(first_literal));
    codes.extend(
        text.match_indices("\"limit_")
            .filter_map(|(at, _)| first_literal(&text[at + 1..])),
    );
    for constructor in [
        "Problem::new(",
        "Problem::invalid(",
        "Problem::conflict(",
        "Self::new(",
        "refuse(",
    ] {
        for after in text.split(constructor).skip(1) {
            let arguments = after
                .trim_start()
                .trim_start_matches(|c: char| c.is_ascii_digit());
            let arguments = arguments.trim_start_matches([',', ' ', '\n']);
            codes.extend(arguments.strip_prefix('"').and_then(first_literal));
        }
    }
    codes
}

fn first_literal(text: &str) -> Option<String> {
    text.split_once('"').and_then(|(literal, _)| code(literal))
}

fn code(text: &str) -> Option<String> {
    let is_code = text.contains(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    is_code.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_where_errors_are_made() {
        for (text, codes) in [
            (
                "    fn code(&self) -> &str {\n        match self {\n            Self::A | Self::B => \"a_b\",\n            \
                 Self::C => {\n                \"long_one\"\n            }\n        }\n    }\nother => \"no_code\"",
                vec!["a_b", "long_one"],
            ),
            (
                "Problem::new(404, \"not_found\", \"x y\")",
                vec!["not_found"],
            ),
            (
                "Problem::new(\n    413,\n    \"too_large\",\n    x)",
                vec!["too_large"],
            ),
            ("Problem::conflict(\n \"taken\", \"x\")", vec!["taken"]),
            ("Problem::new(422, error.code(), \"x\")", vec![]),
            (
                "PublicError { status: 401, code: \"unknown_caller\" }",
                vec!["unknown_caller"],
            ),
            (
                "Self::Types => (\"limit_types\", \"types\")",
                vec!["limit_types"],
            ),
            (
                "return refuse(503, \"host_fault\", \"try again\");",
                vec!["host_fault"],
            ),
            ("function refuse(status, code, message) {}", vec![]),
        ] {
            assert_eq!(codes_in(text), codes, "{text}");
        }
    }

    #[test]
    fn tests_make_no_codes() {
        for (file, makes) in [
            ("host/package/src/error.rs", true),
            ("host/shell/js/refusal.js", true),
            ("cli/src/failure.rs", true),
            ("host/package/tests/support/mod.rs", false),
            ("host/auth/src/tests.rs", false),
            ("xtask/src/tidy/errors.rs", false),
            ("host/tenant/Cargo.toml", false),
        ] {
            assert_eq!(makes_errors(Path::new(file)), makes, "{file}");
        }
    }

    #[test]
    fn the_index_has_every_code_once_and_in_order_and_no_other() {
        let set = |codes: &[&str]| {
            codes
                .iter()
                .map(|code| (*code).to_owned())
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(entries("# Errors\n### a\ntext\n### b\n"), ["a", "b"]);
        assert_eq!(compare(&set(&["a", "c"]), &set(&["a", "b"])).len(), 2);
        for (index, complaints) in [
            ("### a\n### b", 0),
            ("### b\n### a", 1),
            ("### a\n### a", 1),
            ("", 0),
        ] {
            assert_eq!(out_of_order(&entries(index)).len(), complaints, "{index}");
        }
    }
}
