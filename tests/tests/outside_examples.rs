//! The examples that reach out, on real workerd as an admin sets them up: `github-issues` with a secret that it
//! never has, against a server that plays GitHub; `approve`, whose client is a person.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use serde_json::{Value, json};
use smcp_tests::Stage;
use smcp_tests::github::{GitHub, REPOSITORY};
use smcp_tests::mcp::{Client, MODERN};

const TOKEN: &str = "ghp_a-token-that-nobody-sees";

#[track_caller]
fn structured(answer: &Value) -> &Value {
    let result = &answer["result"]["structuredContent"];
    assert!(result.is_object(), "{answer}");
    result
}

#[test]
fn github_issues_are_found_read_and_opened_with_a_secret_that_stays_with_the_host() {
    let github = GitHub::start(TOKEN).unwrap();
    let stage = Stage::sending_to(github.port()).unwrap();
    let platform = stage.platform();
    platform.tenant("ada").unwrap();
    let package = platform.package("ada", "github-issues").unwrap();
    let published = platform.publish(&package, "ada", "issues").unwrap();
    assert_eq!(
        published["missing"]["http"][0]["host"], "api.github.com",
        "{published}"
    );
    let place = ["--tenant", "ada", "--server", "issues"];
    let grant = [
        "grant",
        "set",
        "api.github.com",
        "--method",
        "GET",
        "--method",
        "POST",
    ];
    platform.smcp(grant.iter().chain(&place)).unwrap();
    let token = platform.scratch("token");
    std::fs::write(&token, TOKEN).unwrap();
    let secret = [
        "secret",
        "set",
        "GITHUB_TOKEN",
        "--file",
        token.to_str().unwrap(),
    ];
    let set = platform.smcp(secret.iter().chain(&place)).unwrap();
    assert_eq!(set["went_live"], published["release"], "{set}");

    let key = platform.key("ada").unwrap();
    let client = Client::new(&platform.endpoint("ada", "issues"), &key, MODERN);
    let call = |tool: &str, arguments: Value| {
        let params = json!({"name": tool, "arguments": arguments});
        client.call("tools/call", params).unwrap()
    };
    let found = call(
        "search_issues",
        json!({"query": "loud", "repository": REPOSITORY}),
    );
    assert_eq!(structured(&found)["total"], 1);
    let issue = json!({"repository": REPOSITORY, "number": 1});
    let read = call("get_issue", issue.clone());
    assert_eq!(
        structured(&read)["comments"].as_array().unwrap().len(),
        30,
        "{read}"
    );
    let new = json!({"repository": REPOSITORY, "title": "It is slow"});
    let opened = call("create_issue", new);
    assert_eq!(structured(&opened)["number"], 2);
    assert_eq!(github.titles(), ["It is loud", "It is slow"]);
    for request in github.received().iter() {
        assert_eq!(request.header("host"), "api.github.com");
        assert_eq!(request.header("authorization"), format!("Bearer {TOKEN}"));
    }

    // What the other host refuses is the model's to read, and the admin's to mend.
    github.limit(0);
    let refused = call("get_issue", issue.clone());
    assert_eq!(refused["result"]["isError"], true, "{refused}");
    github.limit(100);
    std::fs::write(&token, "ghp_another-one-that-is-wrong").unwrap();
    platform.smcp(secret.iter().chain(&place)).unwrap();
    let refused = call("get_issue", issue.clone()).to_string();
    assert!(
        refused.contains("isError") && !refused.contains("ghp_"),
        "{refused}"
    );
    std::fs::write(&token, TOKEN).unwrap();
    platform.smcp(secret.iter().chain(&place)).unwrap();
    assert!(structured(&call("get_issue", issue.clone())).is_object());
    let end = ["grant", "delete", "api.github.com"];
    platform.smcp(end.iter().chain(&place)).unwrap();
    let sent = github.received().len();
    let denied = call("get_issue", issue);
    assert_eq!(denied["result"]["isError"], true, "{denied}");
    assert_eq!(github.received().len(), sent);
}

#[test]
fn a_payment_is_made_when_a_person_has_approved_it_and_once() {
    let stage = smcp_tests::stage();
    let platform = stage.platform();
    platform.tenant("bob").unwrap();
    let package = platform.package("bob", "approve").unwrap();
    platform.publish(&package, "bob", "pay").unwrap();
    let key = platform.key("bob").unwrap();
    let client = Client::new(&platform.endpoint("bob", "pay"), &key, MODERN).that_answers();
    let call = |tool: &str, arguments: Value, carried: Value| {
        let mut params = json!({"name": tool, "arguments": arguments});
        for (name, value) in carried.as_object().unwrap() {
            params[name] = value.clone();
        }
        client.call("tools/call", params).unwrap()
    };
    let payment =
        json!({"payee": "Charles", "amount": "12.50", "currency": "GBP", "purpose": "Cogs"});
    let proposed = call("propose", payment, json!({}));
    let id = structured(&proposed)["id"].clone();
    let asked = call("approve", json!({"id": id}), json!({}));
    let questions = asked["result"]["inputRequests"].as_object().unwrap();
    let (name, question) = questions.iter().next().unwrap();
    assert!(question.to_string().contains("12.50"), "{question}");
    let state = &asked["result"]["requestState"];
    let answer = |action: Value| {
        let carried = json!({"requestState": state, "inputResponses": {name: action}});
        call("approve", json!({"id": id}), carried)
    };
    let payments = || {
        let listed = call("list", json!({}), json!({}));
        structured(&listed)["payments"].as_array().unwrap().len()
    };
    answer(json!({"action": "decline"}));
    assert_eq!(payments(), 0);
    let paid = answer(json!({"action": "accept", "content": {"approve": true}}));
    assert!(paid["result"].is_object(), "{paid}");
    assert_eq!(payments(), 1, "{paid}");
    // The same answer again comes to nothing more.
    let again = answer(json!({"action": "accept", "content": {"approve": true}}));
    let is_refused = again["error"].is_object() || again["result"]["isError"] == true;
    assert!(is_refused, "{again}");
    assert_eq!(payments(), 1);
}
