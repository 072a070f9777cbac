//! What has been evaluated of one object or array, for `unevaluatedProperties` and
//! `unevaluatedItems`. Kept only where a schema asks for it.

use std::collections::BTreeSet;

/// Members by name, items by place.
#[derive(Debug, Default)]
pub(crate) struct Seen<'v> {
    all_members: bool,
    members: BTreeSet<&'v str>,
    all_items: bool,
    /// All items before this one.
    first_items: usize,
    items: BTreeSet<usize>,
}

impl<'v> Seen<'v> {
    pub(crate) fn all_members(&mut self) {
        self.all_members = true;
    }

    pub(crate) fn member(&mut self, name: &'v str) {
        self.members.insert(name);
    }

    pub(crate) fn has_member(&self, name: &str) -> bool {
        self.all_members || self.members.contains(name)
    }

    pub(crate) fn all_items(&mut self) {
        self.all_items = true;
    }

    pub(crate) fn first_items(&mut self, end: usize) {
        self.first_items = self.first_items.max(end);
    }

    pub(crate) fn item(&mut self, index: usize) {
        self.items.insert(index);
    }

    pub(crate) fn has_item(&self, index: usize) -> bool {
        self.all_items || index < self.first_items || self.items.contains(&index)
    }

    /// What merging it into another costs.
    pub(crate) fn len(&self) -> u64 {
        (self.members.len() + self.items.len()) as u64
    }

    /// Adds what another saw. Always true.
    pub(crate) fn merge(&mut self, other: Self) -> bool {
        self.all_members |= other.all_members;
        self.all_items |= other.all_items;
        self.first_items = self.first_items.max(other.first_items);
        self.members.extend(other.members);
        self.items.extend(other.items);
        true
    }
}
