//! The life of a release: what is allowed from where, who may, and what is left of it.

use serde_json::{Value, json};

use crate::asking::refusal;
use crate::released::{Releases, asks, in_state, said};
use crate::world::{ADMIN, publisher, tool_call};

/// What is done with it: how that is answered, and what it is then.
type Row = (&'static str, [(u16, &'static str, &'static str); 8]);

const STEPS: [&str; 8] = [
    "approve",
    "promote",
    "canary",
    "canary of none",
    "rollback",
    "delete",
    "publish",
    "publish where approval is required",
];

/// docs/releases.md has the same table.
#[rustfmt::skip]
const TABLE: [Row; 6] = [
    ("uploaded", [
        (200, "", "approved"), (409, "release_not_approved", "uploaded"), (409, "release_not_approved", "uploaded"),
        (200, "", "uploaded"), (409, "nothing_before", "uploaded"), (200, "", "gone"),
        (200, "", "live"), (202, "", "uploaded"),
    ]),
    ("approved", [
        (200, "", "approved"), (200, "", "live"), (200, "", "canary"),
        (200, "", "approved"), (409, "nothing_before", "approved"), (200, "", "gone"),
        (200, "", "live"), (200, "", "approved"),
    ]),
    ("waiting", [
        (200, "", "waiting"), (409, "grants_missing", "waiting"), (409, "grants_missing", "waiting"),
        (200, "", "waiting"), (409, "nothing_before", "waiting"), (409, "release_in_use", "waiting"),
        (202, "", "waiting"), (202, "", "waiting"),
    ]),
    ("canary", [
        (200, "", "canary"), (200, "", "live"), (200, "", "canary"),
        (200, "", "approved"), (200, "", "approved"), (409, "release_in_use", "canary"),
        (200, "", "live"), (200, "", "canary"),
    ]),
    ("live", [
        (200, "", "live"), (200, "", "live"), (409, "release_live", "live"),
        (200, "", "live"), (200, "", "retired"), (409, "release_in_use", "live"),
        (200, "", "live"), (200, "", "live"),
    ]),
    ("retired", [
        (200, "", "retired"), (200, "", "live"), (200, "", "canary"),
        (200, "", "retired"), (200, "", "live"), (200, "", "gone"),
        (200, "", "live"), (200, "", "retired"),
    ]),
];

#[test]
fn each_step_is_allowed_from_where_the_table_says_and_refused_from_elsewhere() {
    for (state, row) in TABLE {
        for (step, (status, code, becomes)) in STEPS.into_iter().zip(row) {
            let (mut releases, release, asked) = in_state(state);
            let answer = match step {
                "canary" => releases.canary(&release, 10),
                "canary of none" => releases.canary(&release, 0),
                "rollback" => releases.roll_back(),
                "delete" => releases.delete(&release),
                "publish" => releases.publish(2, &asked),
                "publish where approval is required" => {
                    releases.rule("required");
                    releases.publish(2, &asked)
                }
                step => releases.step(&release, step),
            };
            let place = format!("{step} from {state}: {}", answer.1);
            assert_eq!(answer.0, status, "{place}");
            if status >= 400 {
                assert_eq!(answer.1["error"]["code"], code, "{place}");
            }
            assert_eq!(releases.state(&release), becomes, "{place}");
            releases.acme.world.evict();
            assert_eq!(releases.state(&release), becomes, "woken after {place}");
        }
    }
}

#[test]
fn what_is_not_there_is_not_found_and_what_is_no_share_is_refused() {
    let mut releases = Releases::with_one();
    let (live, other) = (releases.digest(1, &json!({})), "00".repeat(32));
    for release in [&*other, "nothing"] {
        for step in ["approve", "promote"] {
            assert_eq!(releases.step(release, step).0, 404, "{step} {release}");
        }
        assert_eq!(releases.canary(release, 5).0, 404);
        assert_eq!(releases.delete(release).0, 404);
    }
    for (percent, code) in [(100, "percent_invalid"), (256, "invalid_body")] {
        assert_eq!(refusal(&releases.canary(&live, percent)), (400, code));
    }
}

#[test]
fn a_canary_needs_a_live_release_beside_it_and_is_alone() {
    let mut releases = Releases::new();
    releases.rule("required");
    assert_eq!(releases.publish(1, &json!({})).0, 202);
    let first = releases.digest(1, &json!({}));
    releases.step(&first, "approve");
    assert_eq!(refusal(&releases.canary(&first, 5)), (409, "nothing_live"));
    releases.step(&first, "promote");
    for number in [2, 3] {
        releases.publish(number, &json!({}));
        let release = releases.digest(number, &json!({}));
        releases.step(&release, "approve");
    }
    let (second, third) = (
        releases.digest(2, &json!({})),
        releases.digest(3, &json!({})),
    );
    assert_eq!(releases.canary(&second, 5).0, 200);
    let refused = releases.canary(&third, 5);
    assert_eq!(refusal(&refused), (409, "canary_exists"));
    assert!(refused.1.to_string().contains(&second), "{}", refused.1);
    // Another goes live: whoever had the canary is given that, too.
    assert_eq!(releases.step(&third, "promote").0, 200);
    assert_eq!(releases.state(&second), "approved");
    let shown = releases.acme.show();
    assert_eq!(
        (&shown["canary"], &shown["before"]),
        (&Value::Null, &json!(first))
    );
}

#[test]
fn whoever_published_a_release_does_not_approve_it() {
    let mut releases = Releases::with_one();
    releases.rule("required");
    let world = &mut releases.acme.world;
    let ada = world.key("acme", json!({"name": "ada", "scopes": "admin"}));
    let bob = world.key("acme", json!({"name": "bob", "scopes": "admin"}));
    let machine = world.key("acme", json!({"name": "machine", "scopes": "publish"}));
    let release = releases.digest(2, &json!({}));
    let (status, published) = releases.publish_by(&ada, 2, &json!({}));
    assert_eq!((status, &published["state"]), (202, &json!("uploaded")));
    // Nor by publishing it again as somebody else.
    releases.publish_by(&machine, 2, &json!({}));
    let approve = format!("/releases/{release}/approve");
    let refused = releases.ask_by(&ada, "POST", &approve, Value::Null);
    assert_eq!(refusal(&refused), (409, "approval_own"));
    let refused = releases.ask_by(&machine, "POST", &approve, Value::Null);
    assert_eq!(refusal(&refused), (403, "insufficient_scope"));
    assert_eq!(releases.ask_by(&bob, "POST", &approve, Value::Null).0, 200);
    let of = releases.of(&release);
    let names = [&of["by"], &of["approved"]["by"]];
    assert!(
        names
            .iter()
            .all(|name| name.as_str().unwrap().starts_with("key:"))
    );
    assert_ne!(names[0], names[1]);
    // Who publishes may let it go live then.
    let promote = format!("/releases/{release}/promote");
    assert_eq!(
        releases.ask_by(&machine, "POST", &promote, Value::Null).0,
        200
    );
    assert_eq!(releases.state(&release), "live");
}

#[test]
fn what_a_revoked_publisher_signed_goes_no_further() {
    for stop in [false, true] {
        for (state, then) in [
            ("uploaded", "uploaded"),
            ("approved", "approved"),
            ("waiting", "approved"),
            ("canary", "approved"),
            ("retired", "retired"),
        ] {
            let (mut releases, release, _) = in_state(state);
            let key = publisher().public();
            let path = format!("/tenants/acme/publishers/{key}?stop={stop}");
            let revoked = releases
                .acme
                .world
                .admin("DELETE", &path, Value::Null)
                .json();
            let recalled = if state == "canary" && !stop {
                json!(["hello"])
            } else {
                json!([])
            };
            assert_eq!(revoked["recalled"], recalled, "{state}");
            assert_eq!(releases.state(&release), then, "{state}");
            let live = releases.acme.show()["live"].clone();
            assert_eq!(live.is_null(), stop, "{state}");
            let refused = (409, "publisher_revoked");
            let expected = if then == "uploaded" {
                (409, "release_not_approved")
            } else {
                refused
            };
            assert_eq!(
                refusal(&releases.step(&release, "promote")),
                expected,
                "{state}"
            );
            if state == "uploaded" {
                assert_eq!(refusal(&releases.step(&release, "approve")), refused);
            }
            if state == "retired" {
                assert_eq!(refusal(&releases.roll_back()), refused);
            }
            if !stop && then != "uploaded" {
                assert_eq!(refusal(&releases.canary(&release, 5)), refused, "{state}");
            }
        }
    }
}

#[test]
fn what_the_policy_knows_to_be_bad_by_now_goes_no_further() {
    for state in ["uploaded", "approved", "waiting", "retired"] {
        let (mut releases, release, _) = in_state(state);
        let policy =
            json!({"refuse_level": "danger", "refuse": [], "accept": [], "known_bad": [release]});
        let set = releases
            .acme
            .world
            .admin("PUT", "/tenants/acme/policy", policy);
        assert_eq!(set.status(), 200, "{}", set.text());
        let refused = (409, "release_known_bad");
        match state {
            "uploaded" => assert_eq!(refusal(&releases.step(&release, "approve")), refused),
            "waiting" => {
                let grant = json!({"host": "api.example.com", "methods": ["GET"]});
                assert_eq!(
                    releases.acme.put("/grants", grant)["went_live"],
                    Value::Null
                );
            }
            _ => {
                assert_eq!(refusal(&releases.step(&release, "promote")), refused);
                assert_eq!(refusal(&releases.canary(&release, 5)), refused);
            }
        }
        if state == "retired" {
            assert_eq!(refusal(&releases.roll_back()), refused);
        }
        assert_eq!(releases.state(&release), state);
    }
}

#[test]
fn a_rollback_goes_back_by_one_and_not_forth_again() {
    let mut releases = Releases::with_one();
    releases.publish(2, &json!({}));
    releases.rule("required");
    releases.publish(3, &json!({}));
    let [first, second, third] = [1, 2, 3].map(|number| releases.digest(number, &json!({})));
    releases.step(&third, "approve");
    releases.canary(&third, 20);
    // What was done last is undone first.
    let (status, undone) = releases.roll_back();
    assert_eq!((status, &undone["release"]), (200, &json!(second)));
    assert_eq!(
        (&undone["canary"], &undone["live"]),
        (&Value::Null, &json!(second))
    );
    // A canary that was promoted is gone back from like any other.
    releases.canary(&third, 20);
    releases.step(&third, "promote");
    let (status, undone) = releases.roll_back();
    assert_eq!(
        (status, &undone["live"], &undone["before"]),
        (200, &json!(second), &Value::Null)
    );
    assert_eq!(releases.state(&third), "retired");
    assert_eq!(refusal(&releases.roll_back()), (409, "nothing_before"));
    // What was live before that is promoted by its name.
    assert_eq!(releases.step(&first, "promote").0, 200);
    assert_eq!(releases.acme.show()["before"], json!(second));
}

#[test]
fn a_rollback_asks_for_no_grants_and_what_waits_waits_no_more() {
    let mut releases = Releases::new();
    let grant = json!({"host": "api.example.com", "methods": ["GET"]});
    releases.publish(1, &asks());
    releases.acme.put("/grants", grant.clone());
    releases.publish(2, &json!({}));
    releases.ask("DELETE", "/grants?host=api.example.com", Value::Null);
    releases.publish(3, &asks());
    let [first, third] = [1, 3].map(|number| releases.digest(number, &asks()));
    assert_eq!(releases.state(&third), "waiting");
    let (status, undone) = releases.roll_back();
    assert_eq!((status, &undone["live"]), (200, &json!(first)));
    assert_eq!(undone["missing"]["http"], json!([grant]));
    assert_eq!(releases.state(&third), "approved");
    let granted = releases.acme.put("/grants", grant);
    assert_eq!(granted["went_live"], Value::Null);
}

#[test]
fn a_deleted_release_leaves_nothing_and_its_module_only_where_another_server_has_it() {
    let (mut releases, release, _) = in_state("retired");
    let world = &mut releases.acme.world;
    let catalogues =
        |world: &mut crate::world::World| world.items("tenant:acme").len_of("catalogue/hello/");
    assert_eq!((world.modules().len(), catalogues(world)), (3, 3));
    let package = crate::asking::package(&crate::released::guest(2), "2.0.0", &json!({}));
    let path = "/tenants/acme/servers/other/releases";
    assert_eq!(
        world.admin_bytes("POST", path, package.clone()).status(),
        201
    );
    assert_eq!(releases.delete(&release).0, 200);
    let world = &mut releases.acme.world;
    assert_eq!((world.modules().len(), catalogues(world)), (3, 2));
    assert_eq!(releases.acme.show()["before"], Value::Null);
    let world = &mut releases.acme.world;
    world.admin("DELETE", "/tenants/acme/servers/other", Value::Null);
    assert_eq!(world.modules().len(), 2);
    // It can be published again.
    assert_eq!(releases.publish(2, &json!({})).0, 201);
    let answered = releases.acme.world.call(
        &releases.acme.key.clone(),
        &tool_call(1, "gree2", json!({})),
    );
    assert_eq!(answered.status(), 200);
}

#[test]
fn the_record_says_who_let_which_release_go_where() {
    let (mut releases, release, _) = in_state("approved");
    releases.canary(&release, 5);
    releases.step(&release, "promote");
    releases.roll_back();
    let page = releases
        .acme
        .world
        .admin("GET", "/tenants/acme/audit", Value::Null)
        .json();
    let entries = page["entries"].as_array().unwrap();
    let entries: Vec<Value> = entries
        .iter()
        .map(|entry| match entry.as_str() {
            Some(text) => serde_json::from_str(text).unwrap(),
            None => entry.clone(),
        })
        .collect();
    let did = |name: &str| {
        let found = entries.iter().filter(|entry| entry["did"] == name);
        found.cloned().collect::<Vec<_>>()
    };
    let first = releases.digest(1, &json!({}));
    let canary = json!({"live": first, "canary": release, "percent": 5});
    assert_eq!(did("SetCanary")[0]["what"], canary);
    let live = json!({"live": release, "canary": null, "percent": null});
    assert_eq!(did("PromoteRelease")[0]["what"], live);
    let back = json!({"live": first, "canary": null, "percent": null});
    assert_eq!(did("RollBack")[0]["what"], back);
    assert_eq!(did("ApproveRelease")[0]["by"], "admin");
    assert_eq!(did("SetApproval").len(), 2);
}

#[test]
fn a_package_is_fetched_as_it_was_published_by_an_admin_alone() {
    let mut releases = Releases::with_one();
    let release = releases.digest(1, &json!({}));
    let path = format!("/admin/v1/tenants/acme/servers/hello/releases/{release}/module");
    let world = &mut releases.acme.world;
    let publish = world.key("acme", json!({"name": "p", "scopes": "publish audit"}));
    for (by, status) in [(ADMIN, 200), (&*publish, 403)] {
        let frame = world.frame("GET", &path, by, Vec::new());
        let answer = world.send("tenant:acme", frame);
        assert_eq!(answer.status(), status);
        if status == 200 {
            let package = crate::asking::package(&crate::released::guest(1), "1.0.0", &json!({}));
            assert_eq!(answer.reply.body, package);
        }
    }
    let frame = world.frame("GET", &path.replace("/hello/", "/none/"), ADMIN, Vec::new());
    assert_eq!(said(&world.send("tenant:acme", frame)).0, 404);
}
