//! Rules on arrays.

use serde_json::Value;

use super::seen::Seen;
use super::{Path, Run};
use crate::equal;
use crate::node::{ArrayRules, Contains};

impl<'s> Run<'s> {
    pub(super) fn array<'v>(
        &mut self,
        rules: &'s ArrayRules,
        items: &'v [Value],
        path: &Path<'_>,
        mut seen: Option<&mut Seen<'v>>,
    ) -> bool {
        let mut valid = self.array_size(rules, items, path);
        if !valid && self.is_decided() {
            return false;
        }
        valid &= self.items(rules, items, path);
        if !valid && self.is_decided() {
            return false;
        }
        if let Some(seen) = seen.as_deref_mut() {
            seen.first_items(rules.first.len());
            if rules.rest.is_some() {
                seen.all_items();
            }
        }
        if let Some(contains) = &rules.contains {
            valid &= self.contains(contains, items, path, seen);
        }
        valid
    }

    fn array_size(&mut self, rules: &ArrayRules, items: &[Value], path: &Path<'_>) -> bool {
        let mut valid = true;
        let (length, least) = (items.len() as u64, rules.least);
        if length < least {
            valid = self.problem(path, || format!("must have at least {least} items"));
        }
        if let Some(most) = rules.most.filter(|most| length > *most) {
            valid = self.problem(path, || format!("must have at most {most} items"));
        }
        if rules.unique && (valid || !self.is_decided()) && !self.are_unique(items) {
            valid = self.problem(path, || "must not have two equal items".to_owned());
        }
        valid
    }

    /// Sorted, and neighbours compared: no pair of items is compared that need not be. All of it is
    /// charged before, since a sort cannot be stopped.
    fn are_unique(&mut self, items: &[Value]) -> bool {
        if items.len() < 2 {
            return true;
        }
        let rounds = u64::from(usize::BITS - items.len().leading_zeros());
        let size: u64 = items.iter().map(equal::size).sum();
        if !self.charge(size.saturating_mul(rounds) / 2) {
            return false;
        }
        let mut sorted: Vec<&Value> = items.iter().collect();
        sorted.sort_unstable_by(|left, right| equal::compare(left, right));
        sorted
            .windows(2)
            .all(|pair| equal::compare(pair[0], pair[1]).is_ne())
    }

    fn items(&mut self, rules: &'s ArrayRules, items: &[Value], path: &Path<'_>) -> bool {
        let mut valid = true;
        for (index, item) in items.iter().enumerate() {
            let Some(node) = rules.first.get(index).copied().or(rules.rest) else {
                break;
            };
            if !self.node(node, item, &Path::Index(path, index), None) {
                valid = false;
                if self.is_decided() {
                    break;
                }
            }
        }
        valid
    }

    fn contains<'v>(
        &mut self,
        contains: &Contains,
        items: &'v [Value],
        path: &Path<'_>,
        mut seen: Option<&mut Seen<'v>>,
    ) -> bool {
        let mut found = 0;
        let tracked = seen.is_some() && contains.evaluates;
        for (index, item) in items.iter().enumerate() {
            if self.exhausted || (!tracked && found >= contains.least && contains.most.is_none()) {
                break;
            }
            if self.silently(contains.node, item, None) {
                found += 1;
                if let Some(seen) = seen.as_deref_mut().filter(|_| contains.evaluates) {
                    seen.item(index);
                }
            }
        }
        let least = contains.least;
        if found < least {
            return self.problem(path, || {
                format!("must have at least {least} items that `contains` describes")
            });
        }
        match contains.most.filter(|most| found > *most) {
            Some(most) => self.problem(path, || {
                format!("must have at most {most} items that `contains` describes")
            }),
            None => true,
        }
    }
}
