//! Turns that no client sent: an object's own, and its alarm.

use smcp_capability::turn::{ALARM_METHOD, Frame, RUN_METHOD, Step};

use super::World;

impl World {
    /// With what such a turn begins.
    pub fn own_frame(&mut self, path: &str) -> Frame {
        let mut frame = self.frame(RUN_METHOD, path, "", Vec::new());
        frame.headers.clear();
        frame
    }

    /// Runs the turns that the object has begun itself.
    pub fn run_begun(&mut self, object: &str) {
        for path in std::mem::take(&mut self.begun) {
            let frame = self.own_frame(&path);
            self.send(object, frame);
        }
    }

    /// Runs a turn that the object has begun itself, and leaves it for dead before so many effects were performed; whether
    /// it was.
    pub fn run_steps(&mut self, object: &str, frame: Frame, effects: usize) -> bool {
        let turn = self.engine(object).begin(frame);
        let (mut answer, mut performed) = (None, 0);
        loop {
            match self.step(object, turn, answer.take()) {
                Step::Done(_) => return false,
                Step::Need(_) if performed == effects => return true,
                Step::Need(effect) => {
                    performed += 1;
                    answer = Some(self.perform(object, effect));
                }
                _ => {}
            }
        }
    }

    /// Lets the alarm ring, if it is time.
    pub fn ring(&mut self, object: &str) {
        if self.alarm.is_some_and(|at| at as f64 <= self.clock) {
            self.alarm = None;
            let mut frame = self.frame(ALARM_METHOD, "/", "", Vec::new());
            frame.headers.clear();
            self.send(object, frame);
        }
    }
}
