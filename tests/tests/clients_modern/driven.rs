//! An official client that is told what to do, word by word, and says what came of it, in JSON: a
//! script in another process, or the Rust client on a thread.
//!
//! | word | what it does, and what it says |
//! |---|---|
//! | `surface` | lists, calls, reads, completes, answers: what it was given |
//! | `listen` | says that it listens; then that a resource was updated; then which tools there are |
//! | `long` | calls what takes long: that it runs; waits for a word, gives it up: how it ended |
//! | `question` | calls what asks: what was asked; waits for a word, answers: the result |
//!
//! It knows no client but by how it is started.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use smcp_xtask::paths;

use super::Served;

/// Longer than any of them takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that runs.
pub(crate) struct Driven {
    told: Told,
    said: Receiver<Value>,
}

enum Told {
    Process(Child, ChildStdin),
    Thread(Sender<String>),
}

/// The official JavaScript client.
pub(crate) fn javascript(served: &Served) -> Driven {
    let mut command = Command::new(paths::node());
    command.arg(paths::root().join("tests/clients/surface.mjs"));
    process(command, served)
}

/// The official Python client.
pub(crate) fn python(served: &Served) -> Driven {
    let mut command = Command::new(smcp_xtask::python::python().unwrap());
    command.arg(paths::root().join("tests/clients/surface.py"));
    process(command, served)
}

fn process(mut command: Command, served: &Served) -> Driven {
    let mut child = command
        .args([&served.endpoint, &served.key])
        .current_dir(paths::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (say, said) = mpsc::channel();
    thread::spawn(move || {
        for line in lines {
            let _ = say.send(serde_json::from_str(&line.unwrap()).unwrap());
        }
    });
    Driven {
        told: Told::Process(child, stdin),
        said,
    }
}

impl Driven {
    /// A client on a thread.
    pub(crate) fn on_thread(told: Sender<String>, said: Receiver<Value>) -> Self {
        Self {
            told: Told::Thread(told),
            said,
        }
    }

    /// Tells it a word, and gives what it says then.
    #[track_caller]
    pub(crate) fn ask(&mut self, word: &str) -> Value {
        match &mut self.told {
            Told::Process(_, stdin) => writeln!(stdin, "{word}").unwrap(),
            Told::Thread(words) => words.send(word.to_owned()).unwrap(),
        }
        self.heard()
    }

    /// What it says next.
    #[track_caller]
    pub(crate) fn heard(&mut self) -> Value {
        let said = self.said.recv_timeout(PATIENCE);
        said.unwrap_or_else(|why| panic!("it says nothing: {why}"))
    }

    /// Tells it that no word follows. It must end, and well.
    #[track_caller]
    pub(crate) fn end(self) {
        match self.told {
            Told::Process(mut child, stdin) => {
                drop(stdin);
                assert!(child.wait().unwrap().success());
            }
            Told::Thread(words) => {
                drop(words);
                // It holds its end of this until it has ended.
                let last = self.said.recv_timeout(PATIENCE);
                assert_eq!(last, Err(mpsc::RecvTimeoutError::Disconnected));
            }
        }
    }
}
