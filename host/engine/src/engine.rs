//! Bytes in, one call of the tenant crate, bytes out.
//!
//! It keeps the tenant's state and the encoded result of the last step. It knows neither memory
//! addresses nor who calls it; bytes that are not a message are a fault of the shell, and refused.

use postcard::{from_bytes, to_extend};
use smcp_capability::turn::{Boot, Frame, Performed};
use smcp_tenant::{Tenant, TurnId};

use crate::provoke;

/// Why bytes from the shell were refused: both sides were not built together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Garbled;

/// One object's engine.
#[derive(Debug)]
pub struct Engine {
    tenant: Tenant,
    provoke_faults: bool,
    output: Vec<u8>,
    lines: String,
}

impl Engine {
    /// Wakes with an encoded [`Boot`].
    pub fn boot(bytes: &[u8]) -> Result<Self, Garbled> {
        let boot: Boot = from_bytes(bytes).map_err(|_| Garbled)?;
        let provoke_faults = boot.provoke_faults;
        Ok(Self {
            tenant: Tenant::new(boot),
            provoke_faults,
            output: Vec::new(),
            lines: String::new(),
        })
    }

    /// Takes in an encoded [`Frame`] and names its turn.
    pub fn begin(&mut self, bytes: &[u8]) -> Result<u32, Garbled> {
        let frame: Frame = from_bytes(bytes).map_err(|_| Garbled)?;
        if self.provoke_faults {
            self.tenant.fix_slices(provoke::slice(&frame));
            provoke::obey(&frame);
        }
        Ok(self.tenant.begin(frame).0)
    }

    /// Steps a turn, with an encoded [`Performed`] or no bytes; gives the encoded step.
    pub fn step(&mut self, turn: u32, bytes: &[u8], now: f64) -> Result<&[u8], Garbled> {
        let answer: Option<Performed> = match bytes {
            [] => None,
            bytes => Some(from_bytes(bytes).map_err(|_| Garbled)?),
        };
        let step = self.tenant.step(TurnId(turn), answer, now);
        let mut output = core::mem::take(&mut self.output);
        output.clear();
        self.output = to_extend(&step, output).map_err(|_| Garbled)?;
        Ok(&self.output)
    }

    /// The encoded result of the last step.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// What is for the platform's log, taken out: lines, each a JSON object.
    pub fn take_lines(&mut self) -> &str {
        self.lines = self.tenant.take_lines();
        &self.lines
    }

    /// What was taken out last.
    pub fn lines(&self) -> &str {
        &self.lines
    }

    /// Whether something was counted that is not stored yet.
    pub fn has_usage(&self) -> bool {
        self.tenant.has_usage()
    }

    /// What was counted and is not stored, encoded: also as the output of a step.
    pub fn usage(&mut self) -> &[u8] {
        self.output = self.tenant.usage();
        &self.output
    }

    /// The client of a turn has gone. Whether the turn is over by that.
    pub fn cancel(&mut self, turn: u32) -> bool {
        self.tenant.cancel(TurnId(turn))
    }

    /// Ends a turn, whatever it wants.
    pub fn stop(&mut self, turn: u32) {
        self.tenant.stop(TurnId(turn));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use postcard::to_allocvec;
    use smcp_capability::turn::{Role, Step};

    use super::*;

    fn boot() -> Vec<u8> {
        let boot = Boot {
            role: Role::Platform,
            keys: Vec::new(),
            clients: Vec::new(),
            admin_token: None,
            provoke_faults: false,
            request_log: Default::default(),
        };
        to_allocvec(&boot).unwrap()
    }

    fn frame() -> Vec<u8> {
        let frame = Frame {
            entropy: [0; 32],
            method: "GET".into(),
            base: String::new(),
            path: "/nowhere".into(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        to_allocvec(&frame).unwrap()
    }

    #[test]
    fn a_turn_passes_through_as_bytes() {
        let mut engine = Engine::boot(&boot()).unwrap();
        let turn = engine.begin(&frame()).unwrap();
        let bytes = engine.step(turn, &[], 0.0).unwrap().to_vec();
        assert!(from_bytes::<Step>(&bytes).is_ok());
        assert_eq!(engine.output(), bytes);
    }

    #[test]
    fn a_turn_that_was_cancelled_or_stopped_is_over() {
        let mut engine = Engine::boot(&boot()).unwrap();
        let cancelled = engine.begin(&frame()).unwrap();
        assert!(engine.cancel(cancelled));
        let stopped = engine.begin(&frame()).unwrap();
        engine.stop(stopped);
        for turn in [cancelled, stopped] {
            let step = from_bytes(engine.step(turn, &[], 0.0).unwrap()).unwrap();
            let Step::Done(reply) = step else {
                panic!("{step:?}");
            };
            assert_eq!(reply.head.status, 503);
        }
    }

    #[test]
    fn bytes_that_are_no_message_are_refused() {
        assert!(Engine::boot(&[]).is_err());
        let mut engine = Engine::boot(&boot()).unwrap();
        assert_eq!(engine.begin(&[1, 2, 3]), Err(Garbled));
        let turn = engine.begin(&frame()).unwrap();
        assert_eq!(engine.step(turn, &[99], 0.0), Err(Garbled));
    }
}
