//! What key-value storage promises over a kill, as a function of what clients know and what is found:
//! all that was acknowledged, of a call all or nothing, nothing twice. It performs nothing.

/// A number under each of the three keys that a client sets in one call. None: they were removed, or
/// never set.
pub(crate) type Mark = Option<u32>;

/// What one client knows: what was acknowledged, and what may have come about without its knowing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Under its keys. It counts the calls that set them, so none of those can be missing unseen.
    pub(crate) mark: Mark,
    /// How many of its questions went on to their end.
    pub(crate) answered: u32,
    /// What its calls of the counters that all share came to, since those were looked at.
    pub(crate) counts: Vec<u32>,
    /// The call that was in flight at the kill.
    pub(crate) unsure: Option<Unsure>,
}

/// A call of which no answer came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Unsure {
    /// It makes this of the mark.
    Mark(Mark),
    /// It counts the shared counters up.
    Count,
    /// It answers a question.
    Answer(Asked),
    /// It changes nothing: it asks, or looks.
    Nothing,
}

/// A question that waits for its answer, which its client keeps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) program: String,
    /// Its `requestState`.
    pub(crate) state: String,
    /// How many kills there had been.
    pub(crate) kills: u32,
}

/// What storage has of one client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) marks: [Mark; 3],
    pub(crate) answered: u32,
}

/// What a client's next call makes of its mark, unless it removes it.
pub(crate) fn next(mark: Mark) -> u32 {
    mark.map_or(1, |number| number + 1)
}

/// Holds what one client knows against what is found of it.
///
/// # Errors
///
/// What was expected and found.
pub(crate) fn check(known: &Known, found: &Found) -> Result<(), String> {
    let [first, second, third] = found.marks;
    let may_be = match &known.unsure {
        Some(Unsure::Mark(mark)) => Some(*mark),
        _ => None,
    };
    let expected = match may_be {
        Some(mark) => format!("{}, or {}", shown(known.mark), shown(mark)),
        None => shown(known.mark),
    };
    if first != second || second != third {
        let found = found.marks.map(shown).join(", ");
        return Err(format!(
            "half a call is there: its keys have {found}; expected {expected} under all three"
        ));
    }
    if first != known.mark && Some(first) != may_be {
        let found = shown(first);
        let what = match first < known.mark {
            true => "a write that was acknowledged is gone",
            false => "a write is there that was never sent, or again",
        };
        return Err(format!(
            "{what}: its keys have {found}; expected {expected} under all three"
        ));
    }
    let may_have = u32::from(matches!(known.unsure, Some(Unsure::Answer(_))));
    between(
        "questions that went on",
        found.answered,
        known.answered,
        may_have,
    )
}

/// Holds the two counters that all share, and that every call counts up together, against what all
/// clients know. `before`: what they were when last looked at.
///
/// # Errors
///
/// What was expected and found.
pub(crate) fn check_shared(before: u32, known: &[Known], found: [u32; 2]) -> Result<(), String> {
    let [one, other] = found;
    if one != other {
        return Err(format!(
            "half a call is there: the shared counters are {one} and {other}; expected the same"
        ));
    }
    let mut counts: Vec<u32> = known
        .iter()
        .flat_map(|known| known.counts.clone())
        .collect();
    counts.sort_unstable();
    if let Some(twice) = counts
        .windows(2)
        .find(|pair| pair[0] == pair[1])
        .and_then(|pair| pair.first())
    {
        return Err(format!(
            "two calls counted up to {twice}: one of them is lost"
        ));
    }
    if let Some(odd) = counts
        .iter()
        .find(|count| !(before + 1..=one).contains(count))
    {
        return Err(format!(
            "a call was told that it counted up to {odd}; the counter was {before} and is {one}"
        ));
    }
    let in_flight = known
        .iter()
        .filter(|known| known.unsure == Some(Unsure::Count));
    let (least, more) = (before as usize + counts.len(), in_flight.count());
    between(
        "counts of the shared counters",
        one,
        u32::try_from(least).unwrap_or(u32::MAX),
        u32::try_from(more).unwrap_or(u32::MAX),
    )
}

/// At least what was acknowledged, and at most what was in flight beyond.
fn between(what: &str, found: u32, acknowledged: u32, in_flight: u32) -> Result<(), String> {
    let most = acknowledged + in_flight;
    if (acknowledged..=most).contains(&found) {
        return Ok(());
    }
    Err(format!(
        "{what}: found {found}; expected at least {acknowledged}, which were acknowledged, and at \
         most {most}, with those in flight"
    ))
}

fn shown(mark: Mark) -> String {
    mark.map_or_else(|| "nothing".to_owned(), |number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(checked: Result<(), String>, expected: &str) {
        match checked {
            Ok(()) => assert_eq!(expected, "", "it was not noticed"),
            Err(told) => assert!(
                !expected.is_empty() && told.starts_with(expected),
                "{told:?}, not {expected:?}"
            ),
        }
    }

    fn asked() -> Asked {
        Asked {
            program: String::new(),
            state: String::new(),
            kills: 0,
        }
    }

    #[test]
    fn a_half_done_call_a_lost_write_and_one_done_twice_are_found() {
        let setting = |mark| Some(Unsure::Mark(mark));
        let answering = || Some(Unsure::Answer(asked()));
        const HALF: &str = "half a call is there";
        const GONE: &str = "a write that was acknowledged is gone";
        const ODD: &str = "a write is there that was never sent, or again";
        const ANSWERS: &str = "questions that went on";
        for (mark, unsure, marks, answered, expected) in [
            (None, None, [None; 3], 5, ""),
            (Some(7), None, [Some(7); 3], 5, ""),
            // What was in flight is there as a whole or not at all.
            (Some(7), setting(Some(8)), [Some(7); 3], 5, ""),
            (Some(7), setting(Some(8)), [Some(8); 3], 5, ""),
            (Some(7), setting(None), [None; 3], 5, ""),
            (None, setting(Some(1)), [Some(1); 3], 5, ""),
            (
                Some(7),
                setting(Some(8)),
                [Some(8), Some(7), Some(7)],
                5,
                HALF,
            ),
            (
                Some(7),
                setting(Some(8)),
                [Some(8), Some(8), Some(7)],
                5,
                HALF,
            ),
            (
                Some(7),
                setting(Some(8)),
                [Some(7), Some(7), Some(8)],
                5,
                HALF,
            ),
            (Some(7), setting(None), [None, None, Some(7)], 5, HALF),
            (None, setting(Some(1)), [Some(1), None, None], 5, HALF),
            (Some(7), None, [Some(6); 3], 5, GONE),
            (Some(7), None, [None; 3], 5, GONE),
            (Some(7), setting(Some(8)), [Some(6); 3], 5, GONE),
            // A removal that was acknowledged.
            (None, None, [Some(7); 3], 5, ODD),
            (Some(7), Some(Unsure::Count), [Some(8); 3], 5, ODD),
            (Some(7), setting(Some(8)), [Some(9); 3], 5, ODD),
            (None, answering(), [None; 3], 5, ""),
            (None, answering(), [None; 3], 6, ""),
            (None, answering(), [None; 3], 7, ANSWERS),
            (None, answering(), [None; 3], 4, ANSWERS),
            (None, Some(Unsure::Nothing), [None; 3], 6, ANSWERS),
            (None, None, [None; 3], 4, ANSWERS),
        ] {
            let known = Known {
                mark,
                answered: 5,
                counts: Vec::new(),
                unsure,
            };
            says(check(&known, &Found { marks, answered }), expected);
        }
    }

    #[test]
    fn a_count_that_is_lost_half_done_or_told_twice_is_found() {
        const RANGE: &str = "counts of the shared counters";
        for (one, other, in_flight, found, expected) in [
            (&[11, 13][..], &[12][..], 0, [13, 13], ""),
            (&[11, 13], &[12], 2, [13, 13], ""),
            (&[11, 13], &[12], 2, [15, 15], ""),
            (&[], &[], 1, [11, 11], ""),
            // The one in flight came before one that was acknowledged.
            (&[12], &[], 1, [12, 12], ""),
            (&[11, 13], &[12], 2, [16, 16], RANGE),
            (&[], &[], 0, [11, 11], RANGE),
            (&[], &[], 0, [9, 9], RANGE),
            (&[12], &[], 0, [12, 12], RANGE),
            (&[11], &[], 1, [12, 11], "half a call is there"),
            (&[11, 12], &[12], 2, [13, 13], "two calls counted up to 12"),
            (
                &[11, 12],
                &[],
                0,
                [11, 11],
                "a call was told that it counted up to 12",
            ),
            (
                &[10, 11],
                &[],
                0,
                [12, 12],
                "a call was told that it counted up to 10",
            ),
        ] {
            let known = |counts: &[u32], unsure: bool| Known {
                counts: counts.to_vec(),
                unsure: unsure.then_some(Unsure::Count),
                ..Known::default()
            };
            let clients = [known(one, in_flight > 0), known(other, in_flight > 1)];
            says(check_shared(10, &clients, found), expected);
        }
    }

    #[test]
    fn marks_count_the_calls_since_the_last_removal() {
        assert_eq!([next(None), next(Some(1)), next(Some(41))], [1, 2, 42]);
    }
}
