//! What somebody tries again and again: access codes that are not theirs, clients that nobody needs.

use crate::browser::*;
use serde_json::{Value, json};
use smcp_ids::limits;

#[test]
fn of_wrong_access_codes_few_are_tried_and_then_not_even_the_right_one_is_taken() {
    let mut scene = Setting::new();
    let client = scene.client.clone();
    let right = scene.access_code.clone();
    let wrong = format!(
        "{}{}",
        &right[..right.len() - 1],
        if right.ends_with('A') { 'B' } else { 'A' }
    );
    let mut tries = |code: &str| scene.world.agree(&authorization(&client), code);
    for _ in 0..limits::ATTEMPTS_EACH {
        assert_eq!(tries(&wrong).status(), 401);
    }
    // What is no code at all tries nothing.
    assert_eq!(tries("a typo").status(), 401);
    for code in [&wrong, &right] {
        let refused = tries(code);
        assert_eq!(refused.status(), 429);
        assert!(header(&refused, "retry-after").is_some());
    }
    scene.world.pass(limits::ATTEMPT_MILLIS as f64);
    assert_eq!(
        scene.world.agree(&authorization(&client), &right).status(),
        303
    );
}

#[test]
fn who_tries_too_many_codes_leaves_a_trace_whether_or_not_there_is_such_a_member_but_not_without_end()
 {
    let mac = "A".repeat(43);
    for is_there in [false, true] {
        let mut scene = Setting::new();
        let member = match is_there {
            true => scene.access_code.split('_').nth(2).unwrap().to_owned(),
            false => "nobody".to_owned(),
        };
        let client = scene.client.clone();
        let code = format!("smcpm_acme_{member}_1_{mac}");
        for _ in 0..limits::ATTEMPTS_EACH + 2 * limits::REFUSALS_EACH {
            scene.world.agree(&authorization(&client), &code);
        }
        let audit = scene
            .world
            .admin("GET", "/tenants/acme/audit?limit=200", Value::Null);
        let audit = audit.json();
        let tried = |entry: &&Value| {
            entry
                .as_str()
                .unwrap()
                .contains("\"did\":\"TryAccessCode\"")
        };
        let tried: Vec<_> = audit["entries"]
            .as_array()
            .unwrap()
            .iter()
            .filter(tried)
            .collect();
        assert_eq!(tried.len() as u64, limits::REFUSALS_EACH, "{member}");
        let entry: Value = serde_json::from_str(tried[0].as_str().unwrap()).unwrap();
        let said = ["by", "to", "came"].map(|name| entry[name].as_str().unwrap());
        assert_eq!(said, ["anybody", &member, "rate_limited"]);
    }
}

#[test]
fn who_tries_codes_of_a_tenant_that_is_not_there_leaves_no_trace() {
    let mut scene = Setting::new();
    let resource = RESOURCE.replace("acme", "ghost");
    let mut asked = authorization(&scene.client);
    asked.pop();
    asked.push(("resource", &resource));
    let asked = format!("/authorize?{}", form(&asked));
    let code = format!("smcpm_ghost_ada_1_{}", "A".repeat(43));
    let mut statuses = Vec::new();
    for _ in 0..limits::ATTEMPTS_EACH + 5 {
        let body = form(&[("access_code", &code), ("decision", "agree")]);
        let answer = scene.world.anonymous("tenant:ghost", "POST", &asked, &body);
        statuses.push(answer.status());
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    assert_eq!(scene.world.items("tenant:ghost").len(), 0);
}

#[test]
fn who_tries_codes_of_one_member_after_the_other_keeps_no_member_out() {
    let mut scene = Setting::new();
    let client = scene.client.clone();
    let mac = "A".repeat(43);
    let mut statuses = Vec::new();
    for number in 0..2 * limits::ATTEMPTS_ALL {
        let code = format!("smcpm_acme_m{number}_1_{mac}");
        let refused = scene.world.agree(&authorization(&client), &code);
        statuses.push(refused.status());
    }
    let tried = statuses.iter().filter(|status| **status == 401).count() as u64;
    assert_eq!(tried, limits::ATTEMPTS_ALL);
    assert_eq!(statuses.last(), Some(&429));
    let right = scene.access_code.clone();
    assert_eq!(
        scene.world.agree(&authorization(&client), &right).status(),
        303
    );
}

#[test]
fn a_flood_of_registrations_is_stopped_and_stores_nothing() {
    let mut scene = Setting::new();
    let before = format!("{:?}", scene.world.all_rows());
    let document = json!({"client_name": "Flood", "redirect_uris": ["https://a.example/cb"]});
    let mut registers = |address: &str| {
        let body = document.to_string().into_bytes();
        let mut frame = scene.world.frame("POST", "/register", "", body);
        frame.headers = vec![("cf-connecting-ip".to_owned(), address.to_owned())];
        scene.world.send("platform", frame)
    };
    for _ in 0..limits::REGISTRATIONS_EACH {
        assert_eq!(registers("192.0.2.1").status(), 201);
    }
    let refused = registers("192.0.2.1");
    assert_eq!(
        (refused.status(), refused.json()["error"].as_str()),
        (429, Some("temporarily_unavailable"))
    );
    assert!(header(&refused, "retry-after").is_some());
    assert_eq!(registers("192.0.2.2").status(), 201);
    assert_eq!(format!("{:?}", scene.world.all_rows()), before);
}
