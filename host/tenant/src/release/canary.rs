//! Whom a release answers that is tried.

use serde::{Deserialize, Serialize};
use smcp_crypto::{Binding, sha256};
use smcp_ids::{ReleaseDigest, ServerSlug};

/// A release that answers some callers in place of the live one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Canary {
    pub(crate) release: ReleaseDigest,
    /// How many callers of a hundred: from 1 to 99.
    pub(crate) percent: u8,
}

impl Canary {
    /// Whether a caller is one of those. It is the same as long as the release is a canary, and whoever is one of a few
    /// is one of more.
    pub(crate) fn takes(&self, server: &ServerSlug, principal: &str) -> bool {
        let drawn = Binding::new("canary")
            .text(server.as_str())
            .bytes(self.release.as_bytes())
            .text(principal);
        let digest = sha256(drawn.as_bytes());
        let (first, _) = digest.as_bytes().split_at(8);
        let number = first
            .iter()
            .fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        number % 100 < u64::from(self.percent)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_canary_takes_about_its_share_always_the_same_and_more_when_it_is_more() {
        let server: ServerSlug = "notes".parse().unwrap();
        let canary = |release: u8, percent| Canary {
            release: ReleaseDigest::new([release; 32]),
            percent,
        };
        let callers: Vec<String> = (0..10_000).map(|number| format!("key:k{number}")).collect();
        let taken = |canary: Canary| -> Vec<&String> {
            let takes = |caller: &&String| canary.takes(&server, caller);
            callers.iter().filter(takes).collect()
        };
        assert_eq!(taken(canary(1, 0)).len(), 0);
        let mut fewer: Vec<&String> = Vec::new();
        for percent in [1_u8, 5, 25, 50, 99] {
            let more = taken(canary(1, percent));
            let expected = 100 * usize::from(percent);
            assert!(
                more.len().abs_diff(expected) <= 150,
                "{percent}: {}",
                more.len()
            );
            assert!(
                fewer.iter().all(|caller| more.contains(caller)),
                "{percent}"
            );
            fewer = more;
        }
        // Another release is tried on others.
        let both = taken(canary(1, 50));
        let other = taken(canary(2, 50));
        let same = both.iter().filter(|caller| other.contains(caller)).count();
        assert!(same.abs_diff(2_500) <= 250, "{same}");
    }
}
