//! One request from frame to outcome, as steps, without I/O.
//!
//! [`Tenant`] is what one engine instance holds: the records of its object, its compiled modules and
//! the turns in progress. It performs nothing: what it needs it says in a [`Step`], and what was
//! done comes back with the next one. Time and randomness are arguments.

use smcp_capability::turn::{Boot, Frame, Head, Performed, Reply, Step};

/// Names a turn in progress. Never used twice by one [`Tenant`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TurnId(pub u32);

/// The state of one object: of a tenant, or of the platform.
#[derive(Debug)]
pub struct Tenant {
    boot: Boot,
    next: u32,
}

impl Tenant {
    /// The state of an object that has just woken; its records are loaded by its first turn.
    pub fn new(boot: Boot) -> Self {
        Self { boot, next: 1 }
    }

    /// Takes in a request. Nothing is done until the first [`Tenant::step`].
    pub fn begin(&mut self, _frame: Frame) -> TurnId {
        let turn = TurnId(self.next);
        self.next += 1;
        turn
    }

    /// Goes on with a turn until it needs something. `answer` is that to the [`Step::Need`] of the
    /// step before. `now` is milliseconds since 1970, with fractions where the clock has them.
    pub fn step(&mut self, _turn: TurnId, _answer: Option<Performed>, _now: f64) -> Step {
        let head = Head {
            status: 404,
            headers: vec![("content-type".into(), "application/json".into())],
        };
        let body = format!("{{\"object\":\"{}\"}}", self.boot.role.object_name()).into_bytes();
        Step::Done(Reply { head, body })
    }

    /// Ends a turn whose client has gone: drops all it holds.
    pub fn cancel(&mut self, _turn: TurnId) {}
}
