//! Any sequence of steps leads where a small model of a server's releases says, and is answered as it says.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::released::{Releases, asks};
use crate::world::publisher;

/// So many releases; those with odd numbers ask for a host.
const RELEASES: u8 = 4;

#[derive(Clone, Debug)]
enum Step {
    Publish(u8),
    Approve(u8),
    Promote(u8),
    Canary(u8, u64),
    Delete(u8),
    RollBack,
    Require(bool),
    Grant(bool),
    Trust,
    Revoke(bool),
    Evict,
}

fn step() -> impl Strategy<Value = Step> {
    let release = 0..RELEASES;
    prop_oneof![
        5 => release.clone().prop_map(Step::Publish),
        4 => release.clone().prop_map(Step::Approve),
        5 => release.clone().prop_map(Step::Promote),
        5 => (release.clone(), prop_oneof![Just(0), Just(30), Just(99), Just(100)])
            .prop_map(|(release, percent)| Step::Canary(release, percent)),
        2 => release.prop_map(Step::Delete),
        4 => Just(Step::RollBack),
        3 => any::<bool>().prop_map(Step::Require),
        2 => any::<bool>().prop_map(Step::Grant),
        2 => Just(Step::Trust),
        1 => any::<bool>().prop_map(Step::Revoke),
        1 => Just(Step::Evict),
    ]
}

/// What is remembered of a release that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Known {
    approved: bool,
    was_live: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Model {
    known: [Option<Known>; RELEASES as usize],
    live: Option<u8>,
    waiting: Option<u8>,
    canary: Option<(u8, u64)>,
    before: Option<u8>,
    required: bool,
    granted: bool,
    trusted: bool,
    has_server: bool,
}

impl Model {
    fn new() -> Self {
        Self {
            known: [None; RELEASES as usize],
            live: None,
            waiting: None,
            canary: None,
            before: None,
            required: false,
            granted: false,
            trusted: true,
            has_server: false,
        }
    }

    fn has_all(&self, release: u8) -> bool {
        release.is_multiple_of(2) || self.granted
    }

    fn is_canary(&self, release: u8) -> bool {
        self.canary.is_some_and(|(canary, _)| canary == release)
    }

    fn state(&self, release: u8) -> &'static str {
        let Some(known) = self.known[usize::from(release)] else {
            return "gone";
        };
        if self.live == Some(release) {
            "live"
        } else if self.is_canary(release) {
            "canary"
        } else if self.waiting == Some(release) {
            "waiting"
        } else if known.was_live {
            "retired"
        } else if known.approved {
            "approved"
        } else {
            "uploaded"
        }
    }

    fn go_live(&mut self, release: u8) {
        if self.live != Some(release) {
            self.canary = None;
            if let Some(left) = self.live {
                self.known[usize::from(left)].as_mut().unwrap().was_live = true;
                self.before = Some(left);
            }
        }
        self.before = self.before.filter(|before| *before != release);
        self.live = Some(release);
        self.waiting = None;
        let known = self.known[usize::from(release)].as_mut().unwrap();
        known.was_live = false;
    }

    /// The status of the answer.
    fn take(&mut self, step: &Step) -> u16 {
        match *step {
            Step::Publish(release) => self.publish(release),
            Step::Approve(release) => match self.known[usize::from(release)] {
                None => 404,
                Some(known) if known.approved => 200,
                Some(_) if !self.trusted => 409,
                Some(_) => {
                    self.known[usize::from(release)].as_mut().unwrap().approved = true;
                    200
                }
            },
            Step::Promote(release) => match self.known[usize::from(release)] {
                None => 404,
                Some(_) if self.live == Some(release) => 200,
                Some(known) if !known.approved || !self.trusted || !self.has_all(release) => 409,
                Some(_) => {
                    self.go_live(release);
                    200
                }
            },
            Step::Canary(release, percent) => self.try_canary(release, percent),
            Step::Delete(release) => match self.state(release) {
                "gone" => 404,
                "live" | "canary" | "waiting" => 409,
                _ => {
                    self.known[usize::from(release)] = None;
                    self.before = self.before.filter(|before| *before != release);
                    200
                }
            },
            Step::RollBack if !self.has_server => 404,
            Step::RollBack if self.canary.is_some() => {
                self.canary = None;
                200
            }
            Step::RollBack => match self.before {
                Some(before) if self.trusted => {
                    self.go_live(before);
                    self.before = None;
                    200
                }
                _ => 409,
            },
            Step::Require(required) => {
                self.required = required;
                200
            }
            Step::Grant(_) if !self.has_server => 404,
            Step::Grant(true) => {
                self.granted = true;
                if let Some(waiting) = self.waiting.filter(|_| self.trusted) {
                    self.go_live(waiting);
                }
                200
            }
            Step::Grant(false) if !self.granted => 404,
            Step::Grant(false) => {
                self.granted = false;
                200
            }
            Step::Trust => {
                self.trusted = true;
                201
            }
            Step::Revoke(stop) => {
                self.trusted = false;
                self.waiting = None;
                self.canary = None;
                if let Some(live) = self.live.take_if(|_| stop) {
                    self.known[usize::from(live)].as_mut().unwrap().was_live = true;
                }
                200
            }
            Step::Evict => 0,
        }
    }

    fn publish(&mut self, release: u8) -> u16 {
        if !self.trusted {
            return 422;
        }
        self.has_server = true;
        let slot = &mut self.known[usize::from(release)];
        let again = slot.is_some();
        let known = slot.get_or_insert_default();
        let status = if again { 200 } else { 201 };
        if self.required {
            return match self.state(release) {
                "uploaded" | "waiting" => 202,
                _ => status,
            };
        }
        known.approved = true;
        if self.has_all(release) || self.live == Some(release) {
            self.go_live(release);
            return status;
        }
        if self.is_canary(release) {
            self.canary = None;
        }
        self.waiting = Some(release);
        202
    }

    fn try_canary(&mut self, release: u8, percent: u64) -> u16 {
        if percent > 99 {
            return if self.has_server { 400 } else { 404 };
        }
        let Some(known) = self.known[usize::from(release)] else {
            return 404;
        };
        if percent == 0 {
            self.canary = self.canary.filter(|(canary, _)| *canary != release);
            return 200;
        }
        if self.canary == Some((release, percent)) {
            return 200;
        }
        let is_free = self.canary.is_none() || self.is_canary(release);
        let may = known.approved && self.trusted && self.has_all(release);
        if self.live.is_none() || self.live == Some(release) || !is_free || !may {
            return 409;
        }
        self.canary = Some((release, percent));
        200
    }
}

fn asked(release: u8) -> Value {
    if release.is_multiple_of(2) {
        json!({})
    } else {
        asks()
    }
}

fn take(releases: &mut Releases, step: &Step) -> (u16, Value) {
    let name = |releases: &Releases, release: u8| releases.digest(release, &asked(release));
    let host = "api.example.com";
    let publishers = "/tenants/acme/publishers";
    let key = publisher().public();
    let admin = |releases: &mut Releases, method, path: &str, body| {
        let answer = releases.acme.world.admin(method, path, body);
        (answer.status(), answer.json())
    };
    match *step {
        Step::Publish(release) => releases.publish(release, &asked(release)),
        Step::Approve(release) => releases.step(&name(releases, release), "approve"),
        Step::Promote(release) => releases.step(&name(releases, release), "promote"),
        Step::Canary(release, percent) => releases.canary(&name(releases, release), percent),
        Step::Delete(release) => releases.delete(&name(releases, release)),
        Step::RollBack => releases.roll_back(),
        Step::Require(required) => {
            releases.rule(if required { "required" } else { "automatic" });
            (200, Value::Null)
        }
        Step::Grant(true) => {
            releases.ask("PUT", "/grants", json!({"host": host, "methods": ["GET"]}))
        }
        Step::Grant(false) => releases.ask("DELETE", &format!("/grants?host={host}"), Value::Null),
        Step::Trust => admin(
            releases,
            "POST",
            publishers,
            json!({"key": key.to_string()}),
        ),
        Step::Revoke(stop) => {
            let path = format!("{publishers}/{key}?stop={stop}");
            admin(releases, "DELETE", &path, Value::Null)
        }
        Step::Evict => {
            releases.acme.world.evict();
            (0, Value::Null)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_steps_lead_where_the_model_says(steps in prop::collection::vec(step(), 1..40)) {
        let mut releases = Releases::new();
        let mut model = Model::new();
        let names: Vec<String> = (0..RELEASES).map(|it| releases.digest(it, &asked(it))).collect();
        let number = |name: &Value| {
            let place = names.iter().position(|other| name == other);
            place.map(|place| u8::try_from(place).unwrap())
        };
        for (place, step) in steps.iter().enumerate() {
            let (status, answer) = take(&mut releases, step);
            prop_assert_eq!(status, model.take(step), "{}: {:?}: {}", place, step, answer);
            for release in 0..RELEASES {
                let state = releases.state(&names[usize::from(release)]);
                prop_assert_eq!(state, model.state(release), "{} after {}: {:?}", release, place, step);
            }
            if model.has_server {
                let shown = releases.acme.show();
                let canary = &shown["canary"];
                let canary = number(&canary["release"]).zip(canary["percent"].as_u64());
                prop_assert_eq!(number(&shown["live"]), model.live, "{}: {:?}", place, step);
                prop_assert_eq!(number(&shown["before"]), model.before, "{}: {:?}", place, step);
                prop_assert_eq!(canary, model.canary, "{}: {:?}", place, step);
            }
            // The answer that callers get is that of the live release, or of none.
            if model.canary.is_none() {
                let status = releases.acme.call();
                prop_assert_eq!(status == 404, model.live.is_none(), "{}: {:?}", place, step);
            }
        }
    }
}
