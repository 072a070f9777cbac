//! A host that is killed in the middle of a tenant's life: while a release is published, while everything is sealed again,
//! while a tenant is brought here or deleted. Afterwards it is as it was or as it was to be, its record is whole, and what was
//! not done is done when it is asked for again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use smcp_tests::admin::Admin;
use smcp_tests::guests;
use smcp_tests::http::{Ask, tool_call};
use smcp_tests::mortal::{Mortal, kill};
use smcp_tests::moved::Moved;
use smcp_xtask::build;
use smcp_xtask::platform::Platform;

const GREET: &str = include_str!("../guests/greet.wat");
const TENANT: &str = "acme";
/// When it is killed, after it was asked.
const AFTER_MILLIS: [u64; 5] = [0, 2, 6, 15, 40];

/// A platform that lives more than once, and a tenant of it.
struct World {
    mortal: Mortal,
    platform: Option<Platform>,
    key: String,
}

impl World {
    fn new() -> Self {
        build::build(build::Mode::Release).unwrap();
        let mortal = Mortal::new().unwrap();
        let platform = mortal.start().unwrap();
        let admin = Admin::new(platform.url(), platform.admin_token());
        let key = admin.tenant(TENANT).unwrap();
        let mut world = Self {
            mortal,
            platform: Some(platform),
            key,
        };
        assert_eq!(world.publish("1.0.0").unwrap(), 201);
        world
    }

    fn platform(&self) -> &Platform {
        self.platform.as_ref().unwrap()
    }

    fn admin(&self) -> Admin {
        let platform = self.platform();
        Admin::new(platform.url(), platform.admin_token())
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let path = format!("/tenants/{TENANT}{path}");
        let answer = self.admin().send(method, &path, body).unwrap();
        (answer.status, answer.json().unwrap())
    }

    fn publish(&mut self, version: &str) -> Option<u16> {
        published(&self.admin(), version)
    }

    /// What the guest says.
    fn call(&self) -> (u16, String) {
        let answer = Ask::new("POST", &self.platform().endpoint(TENANT, "guest"))
            .header("authorization", &format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .send(tool_call("greet", &json!({})).to_string().as_bytes())
            .unwrap();
        (answer.status, answer.text().to_owned())
    }

    /// Does something, and kills the host so long after it was begun.
    fn killed_after(&mut self, millis: u64, act: impl FnOnce(&Admin) + Send) {
        let admin = self.admin();
        let platform = self.platform.take().unwrap();
        thread::scope(|scope| {
            scope.spawn(move || act(&admin));
            thread::sleep(Duration::from_millis(millis));
            kill(platform).unwrap();
        });
        self.platform = Some(self.mortal.start().unwrap());
    }

    /// The record of what was done holds from its first entry to its head.
    fn assert_recorded(&self) {
        let file = |end: &str| {
            let file = self.platform().scratch(&format!("record.{end}"));
            file.to_str().unwrap().to_owned()
        };
        let (entries, head) = (file("jsonl"), file("head"));
        let of = ["--tenant", TENANT];
        let export = ["audit", "export", &entries, "--head", &head];
        self.platform().smcp([&export[..], &of].concat()).unwrap();
        let verify = ["audit", "verify", &entries, "--head", &head];
        self.platform().smcp(verify).unwrap();
        for file in [entries, head] {
            std::fs::remove_file(file).unwrap();
        }
    }
}

fn published(admin: &Admin, version: &str) -> Option<u16> {
    let package = guests::package(GREET, version).unwrap();
    Some(admin.publish(TENANT, "guest", &package).ok()?.status)
}

#[test]
fn a_release_is_there_or_not_after_its_host_was_killed_while_it_was_published() {
    let mut world = World::new();
    for (number, millis) in AFTER_MILLIS.into_iter().enumerate() {
        let version = format!("2.0.{number}");
        let sent = version.clone();
        world.killed_after(millis, move |admin| {
            published(admin, &sent);
        });
        assert_eq!(world.call().0, 200, "{millis} ms");
        world.assert_recorded();
        let again = world.publish(&version).unwrap();
        assert!([200, 201].contains(&again), "{millis} ms: {again}");
        assert_eq!(
            world.ask("GET", "/servers/guest", &Value::Null).1["version"],
            version
        );
    }
}

#[test]
fn everything_is_readable_after_a_host_was_killed_while_it_sealed_everything_again() {
    let mut world = World::new();
    let file = world.mortal.master_keys();
    for (number, millis) in AFTER_MILLIS.into_iter().enumerate() {
        let keys = std::fs::read_to_string(&file).unwrap();
        let next = format!(
            "{keys},{}:{}",
            number + 2,
            format!("{:02x}", number + 2).repeat(32)
        );
        kill(world.platform.take().unwrap()).unwrap();
        std::fs::write(&file, next).unwrap();
        world.platform = Some(world.mortal.start().unwrap());
        let path = format!("/tenants/{TENANT}/rotation");
        world.killed_after(millis, |admin| {
            drop(admin.send("POST", &path, &Value::Null))
        });
        assert_eq!(world.call().0, 200, "{millis} ms");
        world.assert_recorded();
        let (_, mut shown) = world.ask("POST", "/rotation", &Value::Null);
        for _ in 0..100 {
            if shown["state"] == "done" {
                break;
            }
            thread::sleep(Duration::from_millis(50));
            shown = world.ask("GET", "/rotation", &Value::Null).1;
        }
        assert_eq!(shown["state"], "done", "{millis} ms");
    }
    // All that is stored needs the last key alone; the platform's own too, once it was asked for.
    let answer = world.admin().send("POST", "/rotation", &Value::Null);
    assert_eq!(answer.unwrap().status, 202);
    assert_eq!(world.call().0, 200);
}

#[test]
fn a_tenant_is_there_or_gone_after_its_host_was_killed_while_it_was_deleted_and_comes_back_whole() {
    let mut world = World::new();
    let all = Moved::of(&world.admin(), TENANT).unwrap();
    for millis in AFTER_MILLIS {
        let path = format!("/tenants/{TENANT}?grace_days=0");
        world.killed_after(millis, |admin| {
            drop(admin.send("DELETE", &path, &Value::Null))
        });
        match world.call().0 {
            200 => world.assert_recorded(),
            // Gone, or going: the modules go before the rows do.
            401 | 503 => {}
            other => panic!("{millis} ms: {other}"),
        }
        let (status, _) = world.ask("DELETE", "?grace_days=0", &Value::Null);
        assert!([200, 404].contains(&status), "{millis} ms: {status}");
        assert_eq!(world.call().0, 401, "{millis} ms");
        // Brought back, and killed meanwhile: it answers nothing before all of it is there.
        world.killed_after(millis * 2, |admin| {
            drop(all.bring(admin, TENANT));
        });
        let (status, text) = world.call();
        assert!([200, 401, 403].contains(&status), "{millis} ms: {text}");
        if status == 403 {
            assert!(text.contains("tenant_incomplete"), "{text}");
        }
        if status != 200 {
            all.bring(&world.admin(), TENANT).unwrap();
        }
        assert_eq!(world.call().0, 200, "{millis} ms");
        world.assert_recorded();
    }
}
