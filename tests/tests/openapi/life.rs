//! The life of a release.

use serde_json::{Value, json};
use smcp_tests::guests;

use crate::{GREET, Inquiry};

pub(crate) fn life(inquiry: &mut Inquiry) {
    inquiry.ask("GET", "/approval", Value::Null, 200);
    inquiry.ask("PUT", "/approval", json!({"approval": "perhaps"}), 400);
    inquiry.ask("PUT", "/approval", json!({"approval": "required"}), 200);
    let [first, second] = ["1.0.0", "2.0.0"].map(|version| {
        let package = guests::package(GREET, version).unwrap();
        let published = inquiry.ask_bytes("POST", "/servers/life/releases", &package, 202);
        let release = published["release"].as_str().unwrap();
        format!("/servers/life/releases/{release}")
    });
    let (approve, promote) = (format!("{first}/approve"), format!("{first}/promote"));
    inquiry.ask("POST", &promote, Value::Null, 409);
    let publisher = guests::publisher().public().to_string();
    let path = format!("/publishers/{publisher}");
    inquiry.ask("DELETE", &path, Value::Null, 200);
    inquiry.ask("POST", &approve, Value::Null, 409);
    inquiry.ask("POST", "/publishers", json!({"key": publisher}), 201);
    inquiry.ask("POST", &approve, Value::Null, 200);
    inquiry.ask("POST", &promote, Value::Null, 200);
    let canary = format!("{second}/canary");
    inquiry.ask("PUT", &canary, json!({"percent": 10}), 409);
    inquiry.ask("PUT", &canary, json!({"percent": 100}), 400);
    inquiry.ask("POST", &format!("{second}/approve"), Value::Null, 200);
    inquiry.ask("PUT", &canary, json!({"percent": 10}), 200);
    inquiry.ask("GET", "/servers/life/releases", Value::Null, 200);
    inquiry.ask("DELETE", &second, Value::Null, 409);
    let package = inquiry.take("GET", &format!("{second}/module"), 200);
    assert_eq!(package, guests::package(GREET, "2.0.0").unwrap());
    inquiry.ask("POST", "/servers/life/rollback", Value::Null, 200);
    inquiry.ask("POST", "/servers/life/rollback", Value::Null, 409);
    inquiry.ask("DELETE", &second, Value::Null, 200);
    inquiry.ask("PUT", "/approval", json!({"approval": "automatic"}), 200);
}
