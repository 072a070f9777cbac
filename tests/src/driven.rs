//! An official client that is told what to do, word by word, and says what came of it, in JSON: a
//! script in another process, or the Rust client on a thread.
//!
//! What the words are is said where they are used; it knows no client but by how it is started.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::Value;
use smcp_xtask::paths;

/// Longer than any of them takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that runs.
pub struct Driven {
    told: Told,
    said: Receiver<Value>,
}

enum Told {
    Process(Mortal, ChildStdin),
    Thread(Sender<String>),
}

/// A process that does not outlive whoever drives it.
struct Mortal(Child);

impl Drop for Mortal {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Driven {
    /// Starts a script, which reads words, a line each, and writes JSON, a line each.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn process(command: &mut Command) -> Result<Self> {
        let mut child = command
            .current_dir(paths::root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take().context("it has no input")?;
        let stdout = child.stdout.take().context("it has no output")?;
        let (say, said) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // What is not JSON is not for us; whoever waits for it is told what it was.
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                let _ = say.send(value);
            }
        });
        Ok(Self {
            told: Told::Process(Mortal(child), stdin),
            said,
        })
    }

    /// A client on a thread.
    pub fn on_thread(told: Sender<String>, said: Receiver<Value>) -> Self {
        Self {
            told: Told::Thread(told),
            said,
        }
    }

    /// Tells it a word.
    ///
    /// # Errors
    ///
    /// If it is gone.
    pub fn tell(&mut self, word: &str) -> Result<()> {
        match &mut self.told {
            Told::Process(_, stdin) => Ok(writeln!(stdin, "{word}")?),
            Told::Thread(words) => Ok(words.send(word.to_owned())?),
        }
    }

    /// Tells it a word, and gives what it says then.
    ///
    /// # Errors
    ///
    /// If it is gone, or says nothing.
    pub fn ask(&mut self, word: &str) -> Result<Value> {
        self.tell(word)?;
        self.heard().with_context(|| format!("told {word:?}"))
    }

    /// What it says next.
    ///
    /// # Errors
    ///
    /// If it says nothing.
    pub fn heard(&mut self) -> Result<Value> {
        let said = self.said.recv_timeout(PATIENCE);
        said.map_err(|why| anyhow!("it says nothing: {why}"))
    }

    /// Tells it that no word follows. It must end, and well.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub fn end(self) -> Result<()> {
        match self.told {
            Told::Process(mut child, stdin) => {
                drop(stdin);
                let status = child.0.wait()?;
                ensure!(status.success(), "it ended: {status}");
            }
            Told::Thread(words) => {
                drop(words);
                // It holds its end of this until it has ended.
                if self.said.recv_timeout(PATIENCE) != Err(mpsc::RecvTimeoutError::Disconnected) {
                    bail!("it does not end");
                }
            }
        }
        Ok(())
    }
}
