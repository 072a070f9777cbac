//! The versions of MCP that are served, and the era each belongs to.
//!
//! It knows dates, not shapes: what differs between eras is in `call` and `reply`.

use core::fmt;

use serde::{Deserialize, Serialize};

/// How a version conveys itself: *modern* ones with every request, *legacy* ones by a handshake
/// (2026-07-28, basic/versioning, "Terminology").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Era {
    /// 2026-07-28: stateless, no `initialize`.
    Modern,
    /// 2025-03-26, 2025-06-18 and 2025-11-25: `initialize` comes first.
    Legacy,
}

/// A version of MCP that is served, in the order of their dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 2025-03-26, which knows no version header.
    V2025_03_26,
    /// 2025-06-18.
    V2025_06_18,
    /// 2025-11-25, the last legacy one.
    V2025_11_25,
    /// 2026-07-28, the modern one.
    V2026_07_28,
}

impl Version {
    /// All of them, newest first, as they are listed to clients.
    pub const ALL: [Self; 4] = [
        Self::V2026_07_28,
        Self::V2025_11_25,
        Self::V2025_06_18,
        Self::V2025_03_26,
    ];

    /// What a client speaks that names no version (2025-06-18 and 2025-11-25, basic/transports,
    /// "Protocol Version Header": assume 2025-03-26, which had no such header).
    pub const UNSAID: Self = Self::V2025_03_26;

    /// The version of that name, if it is served.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|version| version.as_str() == text)
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// The era it belongs to.
    pub const fn era(self) -> Era {
        match self {
            Self::V2026_07_28 => Era::Modern,
            Self::V2025_03_26 | Self::V2025_06_18 | Self::V2025_11_25 => Era::Legacy,
        }
    }

    /// What `initialize` is answered: the version asked for if it is a legacy one we serve, else the
    /// newest legacy one (2025-11-25, basic/lifecycle, "Version Negotiation"). Never a modern one:
    /// those know no `initialize`.
    pub fn negotiate(asked: &str) -> Self {
        Self::parse(asked)
            .filter(|version| version.era() == Era::Legacy)
            .unwrap_or(Self::V2025_11_25)
    }

    /// The served versions as a JSON array, newest first.
    pub(crate) const LIST_JSON: &'static str =
        r#"["2026-07-28","2025-11-25","2025-06-18","2025-03-26"]"#;
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_are_inverse() {
        for version in Version::ALL {
            assert_eq!(Version::parse(version.as_str()), Some(version));
        }
        for text in ["", "2024-11-05", "2026-07-28 ", "2027-01-01", "v999.0.0"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
        let names: Vec<String> = Version::ALL
            .iter()
            .map(|version| format!("\"{version}\""))
            .collect();
        assert_eq!(Version::LIST_JSON, format!("[{}]", names.join(",")));
    }

    #[test]
    fn initialize_is_never_answered_with_a_modern_version() {
        for (asked, answered) in [
            ("2025-03-26", Version::V2025_03_26),
            ("2025-06-18", Version::V2025_06_18),
            ("2025-11-25", Version::V2025_11_25),
            ("2026-07-28", Version::V2025_11_25),
            ("2024-11-05", Version::V2025_11_25),
            ("", Version::V2025_11_25),
        ] {
            assert_eq!(Version::negotiate(asked), answered, "{asked}");
        }
    }
}
