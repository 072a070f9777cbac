//! The official test suite of JSON Schema, if it is on this machine: `JSON_SCHEMA_TEST_SUITE` names
//! its directory. Not part of this repository.
//!
//! Every required case of both dialects must answer as the suite says. Schemas that refer to other
//! documents must be refused instead: nothing is ever fetched. Declined, with reasons: [`DECLINED`].

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use serde_json::Value;
use smcp_schema::Schema;

/// Descriptions of groups that are declined.
const DECLINED: [(&str, &str); 2] = [
    (
        "patternProperties with Unicode property escape",
        "not among the tokens that 2020-12, core 6.4, recommends; its tables are 150 KiB",
    ),
    (
        "pattern with Unicode property escape requires unicode mode",
        "the same",
    ),
];

/// Codes with which a schema of the suite may be refused: it leaves the document, or its dialect is
/// not known here.
const MAY_REFUSE: [&str; 2] = ["schema_ref_outside", "schema_dialect_unsupported"];

#[derive(Default)]
struct Count {
    held: usize,
    refused: Vec<String>,
    wrong: Vec<String>,
}

fn run(file: &Path, count: &mut Count) {
    let groups: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let default = if file.components().any(|part| part.as_os_str() == "draft7") {
        "http://json-schema.org/draft-07/schema#"
    } else {
        "https://json-schema.org/draft/2020-12/schema"
    };
    for group in &groups {
        let about = group["description"].as_str().unwrap();
        let name = file.file_stem().unwrap().to_string_lossy();
        if DECLINED.iter().any(|(declined, _)| *declined == about) {
            continue;
        }
        let mut schema = group["schema"].clone();
        if let Value::Object(members) = &mut schema {
            members.entry("$schema").or_insert_with(|| default.into());
        }
        let schema = match Schema::compile(&schema.to_string()) {
            Ok(schema) => schema,
            Err(error) => {
                let list = if MAY_REFUSE.contains(&error.code()) {
                    &mut count.refused
                } else {
                    &mut count.wrong
                };
                list.push(format!("{name}: {about}: {error}"));
                continue;
            }
        };
        for test in group["tests"].as_array().unwrap() {
            let answer = schema.check_text(&test["data"].to_string());
            if answer.is_ok() == test["valid"].as_bool().unwrap() {
                count.held += 1;
            } else {
                let case = test["description"].as_str().unwrap();
                count
                    .wrong
                    .push(format!("{name}: {about}: {case}: {answer:?}"));
            }
        }
    }
}

#[test]
fn every_case_of_the_official_suite_is_answered_as_it_says() {
    let Ok(directory) = std::env::var("JSON_SCHEMA_TEST_SUITE") else {
        return;
    };
    let mut count = Count::default();
    for dialect in ["draft2020-12", "draft7"] {
        let directory = Path::new(&directory).join("tests").join(dialect);
        for file in std::fs::read_dir(directory).unwrap() {
            let file = file.unwrap().path();
            if file.is_file() {
                run(&file, &mut count);
            }
        }
    }
    println!(
        "{} held, {} schemas refused",
        count.held,
        count.refused.len()
    );
    println!("{}", count.refused.join("\n"));
    assert!(count.held > 2_000, "only {} cases", count.held);
    assert!(count.wrong.is_empty(), "{}", count.wrong.join("\n"));
}
