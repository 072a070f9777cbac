//! One line for each step that takes long: a moving one on a terminal, a plain one elsewhere.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

/// A step in progress.
#[derive(Debug)]
pub struct Step {
    what: String,
    bar: Option<ProgressBar>,
    since: Instant,
}

impl Step {
    /// Says what begins. `what` is a phrase such as "building the engine".
    pub fn begin(what: impl Into<String>) -> Self {
        let what = what.into();
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner().with_message(what.clone());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self {
            what,
            bar,
            since: Instant::now(),
        }
    }

    /// Ends it without a word: somebody else says how it ended.
    pub fn clear(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Says that it is done, if it took long enough to be noticed.
    pub fn done(self) {
        let took = self.since.elapsed();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if took > Duration::from_secs(1) {
            eprintln!("{} ({})", self.what, HumanDuration(took));
        }
    }
}
