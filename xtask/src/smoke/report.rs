//! What a smoke call found: for people as it goes, line by line, or for programs at the end.

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use serde::Serialize;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// All that was found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The platform.
    pub url: String,
    /// Which deployment it says it is.
    pub version: Option<String>,
    /// In the order in which it was tried.
    pub steps: Vec<Line>,
    /// Whether nothing is printed as it goes.
    #[serde(skip)]
    pub(super) quiet: bool,
}

/// One thing that was tried.
#[derive(Debug, Serialize)]
pub struct Line {
    /// What the platform does, or should.
    pub what: &'static str,
    /// How long it took.
    pub millis: u64,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What to look at then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'static str>,
}

impl Report {
    pub(super) fn new(url: &str, quiet: bool) -> Self {
        Self {
            url: url.to_owned(),
            version: None,
            steps: Vec::new(),
            quiet,
        }
    }

    /// Whether all is as it should be.
    pub fn ok(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|line| line.error.is_none())
    }

    pub(super) fn add(
        &mut self,
        what: &'static str,
        took: Duration,
        found: Result<()>,
        hint: &'static str,
    ) {
        let error = found.err().map(|error| format!("{error:#}"));
        let line = Line {
            what,
            millis: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            hint: error.is_some().then_some(hint),
            error,
        };
        if !self.quiet {
            line.print();
        }
        self.steps.push(line);
    }

    /// Prints it as JSON.
    ///
    /// # Errors
    ///
    /// If it cannot be written as JSON, which it can.
    pub fn print_json(&self) -> Result<()> {
        let mut value = serde_json::to_value(self)?;
        value["ok"] = self.ok().into();
        println!("{value}");
        Ok(())
    }
}

impl Line {
    fn print(&self) {
        let Self { what, millis, .. } = self;
        match (&self.error, self.hint) {
            (Some(error), hint) => {
                anstream::println!("{BAD}FAILED{BAD:#}  {what}: {}", error.trim_end());
                anstream::println!("        {}", hint.unwrap_or_default());
            }
            (None, _) => anstream::println!("{GOOD}ok{GOOD:#}      {what} ({millis} ms)"),
        }
    }
}
