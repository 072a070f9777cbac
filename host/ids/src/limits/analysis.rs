//! What is looked at in a release beyond whether it may run, and how much of that is said. As part of
//! [`limits`](super): no limit is elsewhere.

use super::KIB;

/// Findings of one report: a catalogue of nothing but bad characters would make a report larger than itself. What is
/// left out is counted.
pub const FINDINGS_MAX: usize = 200;
/// Bytes of text that one finding quotes.
pub const FINDING_QUOTE_MAX: usize = 120;
/// Characters of one text of a catalogue beyond which nobody can be expected to have read it.
pub const TEXT_LONG: usize = 4_000;
/// White space that stands together in one text, in characters: more pushes what follows out of sight.
pub const TEXT_PADDING: usize = 100;
/// Line breaks that stand together in one text.
pub const TEXT_BLANK_LINES: usize = 10;
/// Characters of base64 or hexadecimal that stand together in one text: more is nothing that a person can read.
pub const TEXT_ENCODED: usize = 160;
/// Invisible characters of one text beyond which they are a text of their own.
pub const INVISIBLE_FEW: usize = 8;
/// Bytes of data segments that are looked at for secrets before others run.
pub const SECRETS_STRIDE: usize = 64 * KIB;
/// Fuel of one probe: a call of a tool with made-up arguments. Enough for any honest one that asks its host for nothing.
pub const PROBE_FUEL: u64 = 50_000_000;
/// Fuel of all probes of one release: its tools may be a thousand.
pub const PROBES_FUEL: u64 = 500_000_000;
/// What one probe may ask of its host: a loop that only asks for the time would never end.
pub const PROBE_ANSWERS: usize = 64;
/// Bytes of arguments that are made up for one probe.
pub const PROBE_ARGUMENTS_MAX: usize = 16 * KIB;
/// Nesting of schemas that arguments are made up from.
pub const PROBE_NESTING: usize = 8;
/// Values that are made up for one probe.
pub const PROBE_VALUES: usize = 1_000;
/// Digests that one tenant knows to be bad: all are in memory while its object is awake.
pub const KNOWN_BAD_MAX: usize = 500;
