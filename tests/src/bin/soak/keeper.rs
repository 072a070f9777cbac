//! A client of the guest `kv.wat` that keeps account: of what was acknowledged, of what was in flight
//! when the runtime was killed, and of the questions that wait for its answer. It kills nothing.

use std::collections::VecDeque;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;

use crate::answers::code;
use crate::kills::{Outcome, STREAM, Target, USED};
use crate::promises::{self, Asked, Found, Known, Mark, Unsure};
use crate::random::Rng;

/// Its keys, small letters: three for its mark, and one that counts its questions that went on.
const KEYS: u8 = 4;
/// Questions that it leaves open at once. Their answers come soon: a state is good for minutes.
const OPEN_QUESTIONS: usize = 3;

/// One client, what it knows, and what it has seen.
pub(crate) struct Keeper {
    pub(crate) number: u8,
    rng: Rng,
    pub(crate) known: Known,
    open: VecDeque<Asked>,
    /// The last of its questions that went on.
    done: Option<Asked>,
    pub(crate) acknowledged: u64,
    pub(crate) came_about: u64,
    pub(crate) went_on: u64,
    /// The names of the requests that its calls have sent to another host, as far as they have told it.
    pub(crate) sent: Vec<String>,
    /// How many such requests it has named.
    named: u32,
    /// Questions whose call was killed after it may have sent something, and does not go on.
    pub(crate) given_up: u64,
}

impl Keeper {
    pub(crate) fn new(seed: u64, number: u8) -> Self {
        Self {
            number,
            rng: Rng::new(seed, STREAM + 1 + u64::from(number)),
            known: Known::default(),
            open: VecDeque::new(),
            done: None,
            acknowledged: 0,
            came_about: 0,
            went_on: 0,
            sent: Vec::new(),
            named: 0,
            given_up: 0,
        }
    }

    /// A name for a request to another host that no other has.
    fn name(&mut self) -> String {
        self.named += 1;
        format!("{:02}{:06}", self.number, self.named)
    }

    /// What a call said, without the answers of another host to the requests in its program: those are sent.
    fn without_sent(&mut self, program: &str, told: &str) -> Result<String> {
        let names: Vec<_> = program.split('P').skip(1).collect();
        let told = told
            .strip_prefix(&*"a".repeat(names.len()))
            .with_context(|| format!("{program} told {told:?}, not that it has sent something"))?;
        let names = names.iter().filter_map(|rest| rest.get(..8));
        self.sent.extend(names.map(str::to_owned));
        Ok(told.to_owned())
    }

    /// Its keys: three for the mark, one for its questions.
    fn keys(&self) -> [char; 4] {
        [0, 1, 2, 3].map(|at| char::from(b'a' + self.number * KEYS + at))
    }

    /// Calls until the platform is killed.
    pub(crate) fn work(&mut self, platform: &Target, kills: u32) -> Result<()> {
        while !platform.is_dying() && self.known.unsure.is_none() {
            let what = self.rng.below(100);
            let unsure = match what {
                0..40 => self.mark(platform),
                40..70 => self.count(platform),
                70..80 if self.open.len() < OPEN_QUESTIONS => self.ask(platform, kills),
                70..90 => self.answer(platform, kills),
                _ => self.look(platform),
            };
            self.known.unsure = unsure.with_context(|| format!("client {}", self.number))?;
        }
        Ok(())
    }

    /// Sets its three keys to the next number, two of them without looking and one by counting it up;
    /// or removes them. A pause in between lets others commit.
    fn mark(&mut self, platform: &Target) -> Result<Option<Unsure>> {
        let [one, two, three, _] = self.keys();
        let number = promises::next(self.known.mark);
        let removes = self.rng.chance(5);
        let pause = "z".repeat(self.rng.below(3));
        let post = match self.rng.chance(30) {
            true => format!("P{}", self.name()),
            false => String::new(),
        };
        let (mark, program, expected) = if removes {
            let program = format!("d{one}d{two}{pause}{post}d{three}");
            (None, program, String::new())
        } else {
            let program = format!("={one}{number:08}{post}{pause}#{three}={two}{number:08}");
            (Some(number), program, format!("{number:08}"))
        };
        match platform.call(&program, None)? {
            Outcome::Answered(answer) => {
                let told = self.without_sent(&program, &text(&program, &answer)?)?;
                ensure!(
                    told == expected,
                    "{program} told {told:?}, not {expected:?}"
                );
                self.known.mark = mark;
                self.acknowledged += 1;
                Ok(None)
            }
            Outcome::Unknown => Ok(Some(Unsure::Mark(mark))),
        }
    }

    /// Counts up both of the counters that all share.
    fn count(&mut self, platform: &Target) -> Result<Option<Unsure>> {
        let program = format!("#A{}#B", "z".repeat(self.rng.below(2)));
        match platform.call(&program, None)? {
            Outcome::Answered(answer) => {
                let told = numbers(&text(&program, &answer)?)?;
                match told[..] {
                    [Some(one), Some(other)] if one == other => self.known.counts.push(one),
                    _ => anyhow::bail!("{program} told {told:?}, not the same twice"),
                }
                self.acknowledged += 1;
                Ok(None)
            }
            Outcome::Unknown => Ok(Some(Unsure::Count)),
        }
    }

    /// Begins a call that asks before it counts its questions, or after.
    fn ask(&mut self, platform: &Target, kills: u32) -> Result<Option<Unsure>> {
        let [.., answered] = self.keys();
        let program = match self.rng.below(4) {
            0 => format!("?#{answered}"),
            1 => format!("#{answered}?"),
            2 => format!("P{}?#{answered}", self.name()),
            _ => format!("?P{}#{answered}", self.name()),
        };
        match platform.call(&program, None)? {
            Outcome::Answered(answer) => {
                let state = answer["result"]["requestState"].as_str();
                self.open.push_back(Asked {
                    state: state
                        .with_context(|| format!("{program}: {answer}"))?
                        .to_owned(),
                    program,
                    kills,
                });
                Ok(None)
            }
            Outcome::Unknown => Ok(Some(Unsure::Nothing)),
        }
    }

    /// Answers the question that has waited longest.
    fn answer(&mut self, platform: &Target, kills: u32) -> Result<Option<Unsure>> {
        let Some(asked) = self.open.pop_front() else {
            return Ok(None);
        };
        match platform.call(&asked.program, Some(&asked))? {
            Outcome::Answered(answer) => {
                self.went_on(asked, &answer, kills)?;
                Ok(None)
            }
            Outcome::Unknown => Ok(Some(Unsure::Answer(asked))),
        }
    }

    /// Takes note that a question has gone on to its end: it is counted once.
    fn went_on(&mut self, asked: Asked, answer: &Value, kills: u32) -> Result<()> {
        let told = self.without_sent(&asked.program, &text(&asked.program, answer)?)?;
        let told = numbers(&told)?;
        let expected = self.known.answered + 1;
        ensure!(
            told == [Some(expected)],
            "a question is counted as {told:?}; expected {expected}"
        );
        self.known.answered = expected;
        self.acknowledged += 1;
        self.went_on += u64::from(asked.kills < kills);
        self.done = Some(asked);
        Ok(())
    }

    /// It sees what it knows, while it knows all.
    fn look(&mut self, platform: &Target) -> Result<Option<Unsure>> {
        let program = self.keys().map(|key| format!("v{key}")).concat();
        match platform.call(&program, None)? {
            Outcome::Answered(answer) => {
                let found = found(&text(&program, &answer)?)?;
                promises::check(&self.known, &found).map_err(anyhow::Error::msg)?;
                Ok(None)
            }
            Outcome::Unknown => Ok(Some(Unsure::Nothing)),
        }
    }

    /// Looks after a restart, and settles what it was unsure of.
    pub(crate) fn verify(&mut self, platform: &Target, kills: u32) -> Result<()> {
        let program = self.keys().map(|key| format!("v{key}")).concat();
        let found = found(&platform.text(&program)?)?;
        promises::check(&self.known, &found).map_err(anyhow::Error::msg)?;
        let [mark, ..] = found.marks;
        let changed = mark != self.known.mark || found.answered != self.known.answered;
        self.came_about += u64::from(changed);
        self.known.mark = mark;
        self.known.counts.clear();
        match self.known.unsure.take() {
            // Its client cannot know whether that was taken, and sends it again.
            Some(Unsure::Answer(asked)) if changed => {
                platform.answer_again(&asked)?;
                self.known.answered = found.answered;
                self.went_on += 1;
            }
            Some(Unsure::Answer(asked)) => self.finish(platform, asked, kills)?,
            _ => {}
        }
        if let Some(asked) = self.done.take() {
            platform.answer_again(&asked)?;
        }
        // Of those that wait, some are answered at once, and the others under load.
        if self.rng.chance(50)
            && let Some(asked) = self.open.pop_front()
        {
            self.finish(platform, asked, kills)?;
        }
        self.look(platform).map(drop)
    }

    fn finish(&mut self, platform: &Target, asked: Asked, kills: u32) -> Result<()> {
        match platform.call(&asked.program, Some(&asked))? {
            // It may have sent something when it was killed, and nobody knows: it is not done again.
            Outcome::Answered(answer)
                if asked.program.starts_with("?P") && code(&answer) == Some(USED) =>
            {
                self.given_up += 1;
                Ok(())
            }
            Outcome::Answered(answer) => self.went_on(asked, &answer, kills),
            Outcome::Unknown => Err(anyhow!("no answer")),
        }
    }
}

/// What a program has said.
pub(crate) fn text(program: &str, answer: &Value) -> Result<String> {
    let text = answer["result"]["content"][0]["text"].as_str();
    text.map(str::to_owned)
        .with_context(|| format!("{program}: {answer}"))
}

fn found(text: &str) -> Result<Found> {
    match numbers(text)?[..] {
        [one, two, three, answered] => Ok(Found {
            marks: [one, two, three],
            answered: answered.unwrap_or_default(),
        }),
        _ => Err(anyhow!("no four numbers: {text:?}")),
    }
}

/// Numbers of eight digits each, or `-` where there is none.
pub(crate) fn numbers(text: &str) -> Result<Vec<Mark>> {
    let mut rest = text;
    let mut numbers = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('-') {
            numbers.push(None);
            rest = after;
        } else {
            let digits = rest
                .get(..8)
                .with_context(|| format!("no number: {text:?}"))?;
            numbers.push(Some(digits.parse().with_context(|| text.to_owned())?));
            rest = rest.get(8..).unwrap_or_default();
        }
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_guest_says_is_read_or_refused() {
        for (text, expected) in [
            ("", Some(vec![])),
            ("-", Some(vec![None])),
            ("00000012-00000003", Some(vec![Some(12), None, Some(3)])),
            ("0000012", None),
            ("#3", None),
            ("0000001x", None),
        ] {
            assert_eq!(numbers(text).ok(), expected, "{text}");
        }
    }
}
