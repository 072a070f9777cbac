//! What a module can do, and what it provably cannot: a module without an import has no way to do what it is for.

use serde::Serialize;
use smcp_capability::contract::{CLIENT, CONFIG, CONTEXT, HTTP, KV, NOTIFY};

/// One thing that a module may be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ability {
    /// Its name.
    pub name: &'static str,
    /// In words, after "can" or "cannot".
    pub words: &'static str,
    #[serde(skip)]
    interface: &'static str,
    #[serde(skip)]
    functions: &'static [&'static str],
}

const fn ability(
    name: &'static str,
    words: &'static str,
    interface: &'static str,
    functions: &'static [&'static str],
) -> Ability {
    Ability {
        name,
        words,
        interface,
        functions,
    }
}

/// Every import of the contract is in one line of it.
static ABILITIES: [Ability; 11] = [
    ability(
        "http",
        "send requests to hosts that an admin grants it",
        HTTP,
        &["send"],
    ),
    ability(
        "kv_read",
        "read what it has stored",
        KV,
        &["get", "keys", "swap"],
    ),
    ability(
        "kv_write",
        "store, change and remove data",
        KV,
        &["set", "delete", "swap"],
    ),
    ability("ask", "ask the client's user or model", CLIENT, &["ask"]),
    ability(
        "client",
        "see what the client can do",
        CLIENT,
        &["capabilities"],
    ),
    ability(
        "notify",
        "tell those who listen that resources have changed",
        NOTIFY,
        &["resource-updated", "resource-list-changed"],
    ),
    ability(
        "settings",
        "read settings that an admin made",
        CONFIG,
        &["get"],
    ),
    ability(
        "caller",
        "see who calls, and with which client",
        CONTEXT,
        &["who", "request-origin"],
    ),
    ability(
        "time",
        "see the time, wait, and draw random numbers",
        CONTEXT,
        &["now", "sleep", "time-left", "random"],
    ),
    ability(
        "task",
        "go on as a task when its client has gone",
        CONTEXT,
        &["begin-task"],
    ),
    ability(
        "log",
        "write to its log, and tell the client how far it is",
        CONTEXT,
        &["log", "progress"],
    ),
];

/// What no module can do, since the contract has nothing for it.
pub(crate) static NEVER: [&str; 4] = [
    "open files, programs or connections of its own",
    "see the value of a secret",
    "see what other servers or tenants have",
    "keep anything in memory from one call to the next",
];

impl Ability {
    /// Which of all there are these imports give, and which they do not. An import is `interface#name`.
    pub(crate) fn split(imports: &[String]) -> (Vec<Self>, Vec<Self>) {
        ABILITIES.iter().partition(|ability| ability.is_in(imports))
    }

    fn is_in(&self, imports: &[String]) -> bool {
        self.functions.iter().any(|name| {
            imports
                .iter()
                .any(|import| import.split_once('#') == Some((self.interface, name)))
        })
    }
}

/// Whether these imports have one of that name.
pub(crate) fn has(imports: &[String], name: &str) -> bool {
    ABILITIES
        .iter()
        .any(|ability| ability.name == name && ability.is_in(imports))
}

/// Whether these imports have that function of an interface.
pub(crate) fn imports(imports: &[String], interface: &str, name: &str) -> bool {
    imports
        .iter()
        .any(|import| import.split_once('#') == Some((interface, name)))
}

#[cfg(test)]
mod tests {
    use smcp_capability::contract::IMPORTS;

    use super::*;

    #[test]
    fn every_import_of_the_contract_is_an_ability_and_the_other_way_round() {
        for import in IMPORTS {
            let import = vec![format!("{}#{}", import.interface, import.name)];
            let (can, _) = Ability::split(&import);
            assert!(!can.is_empty(), "{import:?}");
        }
        for ability in &ABILITIES {
            for name in ability.functions {
                let known = IMPORTS
                    .iter()
                    .any(|import| import.interface == ability.interface && import.name == *name);
                assert!(known, "{name}");
            }
        }
    }
}
