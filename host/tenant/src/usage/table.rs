//! What requests came to by what was called and by who called, in rows that are bounded.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smcp_ids::limits;

use super::count::{Count, Event};

/// Stands for what has no row of its own. No server, tool or caller has such a name.
pub(crate) const OTHER: &str = "*";

/// What was called.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Called {
    /// Empty: none, or all of them.
    pub(crate) server: String,
    pub(crate) method: String,
    /// Empty: it is called by no name in the catalogue.
    pub(crate) name: String,
}

impl Called {
    fn other(server: &str) -> Self {
        Self {
            server: server.to_owned(),
            method: String::new(),
            name: OTHER.to_owned(),
        }
    }
}

/// The requests of an hour, a day or a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Table {
    pub(crate) called: BTreeMap<Called, Count>,
    pub(crate) callers: BTreeMap<String, Count>,
}

impl Table {
    /// Adds one request.
    pub(crate) fn add(&mut self, event: &Event) {
        let called = Called {
            server: event.server.clone(),
            method: event.method.to_owned(),
            name: event.name.clone(),
        };
        self.called(called).add(event);
        self.caller(&event.key).add(event);
    }

    /// Adds those of another.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (called, count) in &other.called {
            self.called(called.clone()).merge(count);
        }
        for (caller, count) in &other.callers {
            self.caller(caller).merge(count);
        }
    }

    /// The row of what was called; if there is no room for one, that of the other things of its server, or of all.
    fn called(&mut self, called: Called) -> &mut Count {
        let row = if self.called.contains_key(&called) || self.has_room(&called) {
            called
        } else {
            let of_server = Called::other(&called.server);
            let is_there = self.called.contains_key(&of_server);
            // One for each server beside the rows, and one for all that have not even that.
            if is_there || self.called.len() < 2 * limits::USAGE_ROWS_MAX {
                of_server
            } else {
                Called::other(OTHER)
            }
        };
        self.called.entry(row).or_default()
    }

    fn has_room(&self, called: &Called) -> bool {
        if self.called.len() >= limits::USAGE_ROWS_MAX {
            return false;
        }
        let first = Called {
            server: called.server.clone(),
            ..Called::default()
        };
        let of_server = self.called.range(first..);
        let of_server = of_server.take_while(|(row, _)| row.server == called.server);
        of_server.count() < limits::USAGE_ROWS_EACH
    }

    fn caller(&mut self, caller: &str) -> &mut Count {
        let is_there = self.callers.contains_key(caller);
        let has_room = self.callers.len() < limits::USAGE_KEYS_MAX;
        let row = if is_there || has_room { caller } else { OTHER };
        self.callers.entry(row.to_owned()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::count::{Cost, End};
    use super::*;

    fn event(server: &str, name: &str, key: &str) -> Event {
        Event {
            server: server.to_owned(),
            method: "tools/call",
            name: name.to_owned(),
            key: key.to_owned(),
            end: End::Ok,
            micros: 1,
            cost: Cost::default(),
            call: None,
        }
    }

    fn requests(table: &Table) -> u64 {
        table.called.values().map(Count::requests).sum()
    }

    #[test]
    fn a_server_with_many_tools_leaves_room_for_others_and_nothing_is_lost() {
        let mut table = Table::default();
        for number in 0..10 * limits::USAGE_ROWS_EACH {
            table.add(&event("many", &format!("tool{number}"), "key:a"));
        }
        table.add(&event("one", "tool", "key:a"));
        assert_eq!(table.called.len(), limits::USAGE_ROWS_EACH + 2);
        let others = &table.called[&Called::other("many")];
        assert_eq!(others.requests() as usize, 9 * limits::USAGE_ROWS_EACH);
        assert_eq!(requests(&table) as usize, 10 * limits::USAGE_ROWS_EACH + 1);
        // What had a row keeps it.
        table.add(&event("many", "tool0", "key:a"));
        let first = Called {
            server: "many".to_owned(),
            method: "tools/call".to_owned(),
            name: "tool0".to_owned(),
        };
        assert_eq!(table.called[&first].requests(), 2);
    }

    #[test]
    fn whatever_is_called_by_whomever_a_table_is_bounded_and_counts_all() {
        let mut table = Table::default();
        let all = 5 * limits::USAGE_ROWS_MAX;
        for number in 0..all {
            let server = format!("s{}", number % 3_000);
            table.add(&event(
                &server,
                &format!("t{number}"),
                &format!("key:{number}"),
            ));
        }
        assert!(table.called.len() <= 2 * limits::USAGE_ROWS_MAX + 1);
        assert_eq!(table.callers.len(), limits::USAGE_KEYS_MAX + 1);
        assert_eq!(requests(&table) as usize, all);
        let callers: u64 = table.callers.values().map(Count::requests).sum();
        assert_eq!(callers as usize, all);
        // Two full ones are one full one.
        let mut both = table.clone();
        for number in 0..2 * limits::USAGE_KEYS_MAX {
            both.add(&event("z", "t", &format!("member:{number}")));
        }
        both.merge(&table);
        assert!(both.called.len() <= 2 * limits::USAGE_ROWS_MAX + 1);
        assert_eq!(both.callers.len(), limits::USAGE_KEYS_MAX + 1);
        assert_eq!(
            requests(&both) as usize,
            2 * all + 2 * limits::USAGE_KEYS_MAX
        );
    }
}
