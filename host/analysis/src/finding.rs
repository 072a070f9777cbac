//! One thing that was found, and the list of all.

use serde::Serialize;
use smcp_ids::limits;

use crate::code::{Code, Level};

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is.
    pub code: Code,
    /// How bad that is.
    pub level: Level,
    /// Where it was found, such as `tools/search/description`.
    #[serde(rename = "where")]
    pub place: String,
    /// What was found there.
    pub says: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// The list: the worst come first, and what is too much is counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Finding>,
    left_out: usize,
}

impl Findings {
    /// Adds a finding, unless the same is there.
    pub(crate) fn add(&mut self, code: Code, place: &str, says: impl Into<String>) {
        let finding = Finding {
            code,
            level: code.level(),
            place: quoted(place),
            says: says.into(),
            advice: code.advice(),
        };
        if self.list.contains(&finding) {
            return;
        }
        self.list.push(finding);
        if self.list.len() > limits::FINDINGS_MAX {
            self.left_out += 1;
            // The last of the least: of what is as bad, who comes first stays.
            let least = self.list.iter().enumerate();
            let least = least.min_by_key(|(at, finding)| (finding.level, usize::MAX - at));
            if let Some((at, _)) = least {
                self.list.remove(at);
            }
        }
    }

    /// The findings, the worst first, and how many more there were.
    pub(crate) fn sorted(mut self) -> (Vec<Finding>, usize) {
        self.list.sort_by_key(|finding| finding.code);
        (self.list, self.left_out)
    }
}

/// A piece of somebody else's text as it can be shown: what is not seen is written as its number, what is long is cut.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if shown.len() >= limits::FINDING_QUOTE_MAX {
            shown.push('…');
            break;
        }
        if c.is_control() || crate::invisible::is_invisible(c) {
            let number = u32::from(c);
            shown.push_str(&format!("[U+{number:04X}]"));
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_stays_whatever_there_is_of_the_rest() {
        let mut findings = Findings::default();
        for number in 0..2 * limits::FINDINGS_MAX {
            findings.add(Code::ItemAdded, "tools", number.to_string());
        }
        findings.add(Code::KnownBad, "module", "bad");
        findings.add(Code::KnownBad, "module", "bad");
        let (list, left_out) = findings.sorted();
        assert_eq!(list.len() + left_out, 2 * limits::FINDINGS_MAX + 1);
        assert_eq!(
            list.first().map(|finding| finding.code),
            Some(Code::KnownBad)
        );
        assert_eq!(list.get(1).map(|finding| &*finding.says), Some("0"));
    }

    #[test]
    fn what_is_quoted_is_seen_and_short() {
        assert_eq!(
            quoted("a\u{200b}b\u{e0041}\u{1b}"),
            "a[U+200B]b[U+E0041][U+001B]"
        );
        assert!(quoted(&"é".repeat(1_000)).len() <= limits::FINDING_QUOTE_MAX + 4);
    }
}
