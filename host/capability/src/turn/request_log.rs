//! Which requests have a line in the platform's log.

use core::fmt;
use core::num::NonZeroU32;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which requests have a line in the platform's log. A line costs more than the request that it is about, so how many
/// there are is for who pays for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RequestLog {
    /// None.
    None,
    /// Those that failed.
    #[default]
    Failures,
    /// Those that failed, and one in so many of the others.
    OneIn(NonZeroU32),
}

/// Why a text is no such choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("which requests are logged is one of: none, failures, all, or 1/N such as 1/100")]
pub struct RequestLogError;

impl RequestLog {
    /// Whether a request has a line that was given that number at random.
    pub fn takes(self, failed: bool, number: u32) -> bool {
        match self {
            Self::None => false,
            Self::Failures => failed,
            Self::OneIn(many) => failed || number.is_multiple_of(many.get()),
        }
    }
}

impl FromStr for RequestLog {
    type Err = RequestLogError;

    fn from_str(text: &str) -> Result<Self, RequestLogError> {
        match text {
            "none" => Ok(Self::None),
            "failures" => Ok(Self::Failures),
            "all" => Ok(Self::OneIn(NonZeroU32::MIN)),
            _ => {
                let many = text.strip_prefix("1/").ok_or(RequestLogError)?;
                many.parse().map(Self::OneIn).map_err(|_| RequestLogError)
            }
        }
    }
}

impl fmt::Display for RequestLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Failures => f.write_str("failures"),
            Self::OneIn(NonZeroU32::MIN) => f.write_str("all"),
            Self::OneIn(many) => write!(f, "1/{many}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_and_its_text_are_inverse() {
        for text in ["none", "failures", "all", "1/2", "1/4294967295"] {
            let log: Result<RequestLog, _> = text.parse();
            assert_eq!(log.map(|log| log.to_string()).as_deref(), Ok(text));
        }
        for text in [
            "",
            "All",
            "0",
            "1/0",
            "1/-1",
            "1/4294967296",
            "2/3",
            "1/1.5",
            "some",
        ] {
            assert_eq!(text.parse::<RequestLog>(), Err(RequestLogError), "{text}");
        }
    }

    #[test]
    fn what_failed_is_taken_and_one_in_so_many_of_the_rest() {
        for (text, failed, number, taken) in [
            ("none", true, 0, false),
            ("failures", true, 7, true),
            ("failures", false, 0, false),
            ("all", false, 7, true),
            ("1/10", false, 20, true),
            ("1/10", false, 21, false),
            ("1/10", true, 21, true),
        ] {
            let log: RequestLog = text.parse().unwrap_or_default();
            assert_eq!(log.takes(failed, number), taken, "{text} {failed} {number}");
        }
    }
}
