//! Rules on numbers and texts.

use serde_json::Number;

use super::{Path, Run};
use crate::node::{NumberRules, StringRules};
use crate::number::{Decimal, Num};
use crate::pattern::Pattern;

impl Run<'_> {
    pub(super) fn number(&mut self, rules: &NumberRules, value: &Number, path: &Path<'_>) -> bool {
        let number = Num::of(value);
        let mut valid = true;
        let bounds = [
            (&rules.minimum, "at least"),
            (&rules.maximum, "at most"),
            (&rules.above, "more than"),
            (&rules.below, "less than"),
        ];
        for (index, (bound, words)) in bounds.into_iter().enumerate() {
            let Some(bound) = bound else { continue };
            let order = number.compare(bound.number);
            let holds = match index {
                0 => order.is_ge(),
                1 => order.is_le(),
                2 => order.is_gt(),
                _ => order.is_lt(),
            };
            if !holds {
                valid = self.problem(path, || format!("must be {words} {}", bound.text));
            }
        }
        if let Some((divisor, bound)) = &rules.multiple {
            let whole = match (number, bound.number) {
                (Num::Integer(number), Num::Integer(divisor)) => number % divisor == 0,
                _ => Decimal::of(value).is_some_and(|number| number.is_multiple_of(*divisor)),
            };
            if !whole {
                valid = self.problem(path, || format!("must be a multiple of {}", bound.text));
            }
        }
        valid
    }

    pub(super) fn string(&mut self, rules: &StringRules, text: &str, path: &Path<'_>) -> bool {
        let mut valid = true;
        let most = rules.most.unwrap_or(u64::MAX);
        let bytes = text.len() as u64;
        // A character has one to four bytes: often they need not be counted.
        if bytes > most || bytes.div_ceil(4) < rules.least {
            if !self.charge(1 + bytes / 16) {
                return false;
            }
            let length = text.chars().count() as u64;
            if length > most {
                valid = self.problem(path, || format!("must have at most {most} characters"));
            }
            if length < rules.least {
                let least = rules.least;
                valid = self.problem(path, || format!("must have at least {least} characters"));
            }
        }
        if let Some(pattern) = &rules.pattern
            && (valid || !self.is_decided())
            && !self.matches(pattern, text)
        {
            valid = self.problem(path, || format!("must match the pattern {}", pattern.shown));
        }
        valid
    }

    /// Charged before it is matched.
    pub(super) fn matches(&mut self, pattern: &Pattern, text: &str) -> bool {
        self.charge(pattern.cost(text)) && pattern.matches(text)
    }
}
