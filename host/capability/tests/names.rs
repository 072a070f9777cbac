//! Names that are written in one place and read in another: each is read as what was written, and nothing else is.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use smcp_capability::contract::{self, EXPORTS, IMPORTS};
use smcp_capability::turn::{Frame, Role, Table};

const TABLES: [(Table, &str); 12] = [
    (Table::Object, "object"),
    (Table::Tenants, "tenants"),
    (Table::Publishers, "publishers"),
    (Table::Servers, "servers"),
    (Table::Releases, "releases"),
    (Table::Keys, "keys"),
    (Table::Settings, "settings"),
    (Table::Grants, "grants"),
    (Table::Secrets, "secrets"),
    (Table::Members, "members"),
    (Table::Clients, "clients"),
    (Table::Ended, "ended"),
];

/// What is sealed under such a name opens under no other: a name that changes makes all rows of its table unreadable.
#[test]
fn a_table_has_this_name_and_no_other_has_it() {
    for (table, name) in TABLES {
        assert_eq!(table.as_str(), name);
        assert_eq!(Table::from_name(name), Some(table));
    }
    for name in ["", "Object", "objects", "audit ", "sqlite_master"] {
        assert_eq!(Table::from_name(name), None, "{name}");
    }
}

#[test]
fn an_object_is_of_the_platform_or_of_one_tenant() {
    for role in [Role::Platform, Role::Tenant("acme".parse().unwrap())] {
        assert_eq!(Role::from_object_name(&role.object_name()), Some(role));
    }
    for name in [
        "",
        "tenant",
        "tenant:",
        "tenant:A",
        "tenant:a_b",
        "acme",
        "Platform",
    ] {
        assert_eq!(Role::from_object_name(name), None, "{name}");
    }
}

#[test]
fn every_function_of_the_contract_is_found_by_its_name_and_by_no_other() {
    for function in IMPORTS {
        assert_eq!(
            contract::import(function.interface, function.name),
            Some(function)
        );
        assert_eq!(
            contract::import(function.interface, &function.core_name()),
            None
        );
        assert_eq!(contract::import("", function.name), None);
    }
    for function in EXPORTS {
        assert_eq!(contract::export(&function.core_name()), Some(function));
        assert_eq!(contract::export(function.name), None);
    }
    let names = IMPORTS
        .iter()
        .chain(EXPORTS)
        .map(contract::Function::core_name);
    assert_eq!(
        names.collect::<BTreeSet<_>>().len(),
        IMPORTS.len() + EXPORTS.len()
    );
}

#[test]
fn a_header_is_the_first_of_its_name() {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let frame = Frame {
        entropy: [0; 32],
        method: "POST".into(),
        base: String::new(),
        path: "/".into(),
        headers: vec![field("a", "1"), field("b", ""), field("a", "2")],
        body: Vec::new(),
    };
    for (name, value) in [("a", Some("1")), ("b", Some("")), ("A", None), ("c", None)] {
        assert_eq!(frame.header(name), value, "{name}");
    }
}
