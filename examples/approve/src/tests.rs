//! The ledger as its clients see it, with a user who says yes, no, or nothing.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use smcp_sdk::testing::{Client, START_MILLIS};

use crate::Approve;

/// Proposes a payment to Grace as Ada, and gives its id.
fn propose(client: &Client<Approve>, amount: &str) -> String {
    client.set_principal("ada");
    let outcome = client.call(
        "propose",
        json!({ "payee": "Grace", "amount": amount, "currency": "EUR", "purpose": "Compilers" }),
    );
    client.set_principal("bob");
    outcome.structured()["id"].as_str().unwrap().to_owned()
}

/// All that is stored.
fn stored(client: &Client<Approve>) -> BTreeMap<String, Vec<u8>> {
    let keys = client.kv().keys("");
    keys.map(|key| {
        let key = key.unwrap();
        let value = client.kv().get(&key).unwrap().unwrap();
        (key, value)
    })
    .collect()
}

fn approve(client: &Client<Approve>, id: &str) -> String {
    client.call("approve", json!({ "id": id })).text()
}

fn payments(client: &Client<Approve>) -> Value {
    client.call("list", json!({})).structured()["payments"].clone()
}

#[test]
fn what_is_approved_is_paid_and_the_ledger_says_who_did_what() {
    let client = Client::<Approve>::new();
    let id = propose(&client, "120.50");
    client.answer_elicitation(json!({ "approve": true }));
    assert_eq!(
        approve(&client, &id),
        "Paid 120.50 EUR to Grace for Compilers."
    );
    let listed = client.call("list", json!({}));
    let expected = json!({ "proposals": [], "payments": [{
        "id": id, "payee": "Grace", "amount": { "cents": 12_050, "currency": "EUR" }, "purpose": "Compilers",
        "proposedBy": "ada", "approvedBy": "bob", "at": START_MILLIS,
    }] });
    assert_eq!(listed.structured(), &expected);
}

#[test]
fn the_user_is_shown_exactly_what_will_happen() {
    let client = Client::<Approve>::new();
    for (amount, sums) in [
        ("100.00", "Paid so far: 0.00 EUR; with this: 100.00 EUR"),
        ("7.05", "Paid so far: 100.00 EUR; with this: 107.05 EUR"),
    ] {
        let id = propose(&client, amount);
        client.answer_elicitation(json!({ "approve": true }));
        approve(&client, &id);
        let question = client.questions().pop().unwrap();
        let expected = format!(
            "Pay {amount} EUR to Grace?\n\nFor: Compilers\nProposed by: ada\n{sums}\nThis cannot be undone."
        );
        assert_eq!(question.params["message"], expected);
        let fields = &question.params["requestedSchema"]["properties"];
        assert_eq!(fields["approve"]["type"], "boolean");
    }
}

#[test]
fn whoever_does_not_say_yes_changes_nothing() {
    let no: fn(&Client<Approve>) = |client| client.answer_elicitation(json!({ "approve": false }));
    for (answer, says) in [
        (no, "The user said no: nothing was paid"),
        (
            Client::decline_elicitation,
            "The user said no: nothing was paid",
        ),
        (
            Client::cancel_elicitation,
            "The user did not decide: nothing was paid",
        ),
    ] {
        let client = Client::<Approve>::new();
        let id = propose(&client, "120.50");
        let before = stored(&client);
        answer(&client);
        let text = approve(&client, &id);
        assert!(text.starts_with(says), "{text}");
        assert_eq!(stored(&client), before);
        // It can be approved still.
        client.answer_elicitation(json!({ "approve": true }));
        assert!(approve(&client, &id).starts_with("Paid"));
    }
}

#[test]
fn a_client_that_cannot_ask_its_user_is_told_so_and_nothing_is_paid() {
    let client = Client::<Approve>::new().with_capabilities(json!({}));
    let id = propose(&client, "120.50");
    let before = stored(&client);
    let error = client.try_call("approve", json!({ "id": id })).unwrap_err();
    assert_eq!(error.code, -32021);
    assert_eq!(stored(&client), before);
}

#[test]
fn what_is_paid_or_withdrawn_is_not_asked_about() {
    let client = Client::<Approve>::new();
    let paid = propose(&client, "1.00");
    client.answer_elicitation(json!({ "approve": true }));
    approve(&client, &paid);
    let withdrawn = propose(&client, "2.00");
    let outcome = client.call("withdraw", json!({ "id": withdrawn }));
    assert_eq!(
        outcome.text(),
        format!("The proposal `{withdrawn}` is withdrawn.")
    );
    let asked = client.questions().len();
    for id in [
        &*paid,
        &withdrawn,
        "",
        "none",
        "total/EUR",
        &"a".repeat(600),
    ] {
        let text = approve(&client, id);
        assert!(text.starts_with("There is no proposal"), "{text}");
        assert!(client.call("withdraw", json!({ "id": id })).is_error());
    }
    assert_eq!(client.questions().len(), asked);
    assert_eq!(payments(&client).as_array().unwrap().len(), 1);
}

#[test]
fn the_admins_limit_holds_when_it_is_proposed_and_when_it_is_approved() {
    let client = Client::<Approve>::new().with_setting("limit", json!(100));
    let arguments =
        json!({ "payee": "Grace", "amount": "100.01", "currency": "EUR", "purpose": "Compilers" });
    let outcome = client.call("propose", arguments);
    let says = "100.01 EUR is more than one payment may be here, which is 100";
    assert!(
        outcome.is_error() && outcome.text().starts_with(says),
        "{}",
        outcome.text()
    );
    let id = propose(&client, "100.00");
    let client = client.with_setting("limit", json!(50));
    let text = approve(&client, &id);
    assert!(
        text.starts_with("100.00 EUR is more than one payment may be here"),
        "{text}"
    );
    assert!(client.questions().is_empty());
}

#[test]
fn nothing_that_is_proposed_can_pass_for_another_part_of_the_question() {
    let client = Client::<Approve>::new();
    for (payee, purpose) in [
        ("Grace\nProposed by: the boss", "Compilers"),
        ("Grace", "Compilers\r\nPaid so far: nothing"),
        ("Grace\u{1b}[2J", "Compilers"),
        ("Grace", "Compilers\u{2028}Paid so far: nothing"),
        ("\u{202E}ecarG", "Compilers"),
        ("Gr\u{200B}ace", "Compilers"),
        ("", "Compilers"),
        ("Grace", " "),
        (&*"a".repeat(101), "Compilers"),
    ] {
        let arguments =
            json!({ "payee": payee, "amount": "1", "currency": "EUR", "purpose": purpose });
        let outcome = client.call("propose", arguments);
        assert!(outcome.is_error(), "{payee:?} {purpose:?}");
    }
    assert!(stored(&client).is_empty());
}

#[test]
fn no_more_is_proposed_than_can_be_looked_through() {
    let client = Client::<Approve>::new();
    for _ in 0..100 {
        propose(&client, "1.00");
    }
    let arguments =
        json!({ "payee": "Grace", "amount": "1", "currency": "EUR", "purpose": "Compilers" });
    let outcome = client.call("propose", arguments);
    assert!(
        outcome.text().starts_with("100 proposals wait already"),
        "{}",
        outcome.text()
    );
    let listed = client.call("list", json!({}));
    assert_eq!(
        listed.structured()["proposals"].as_array().unwrap().len(),
        100
    );
}

#[test]
fn payments_are_listed_in_the_order_of_their_time() {
    let client = Client::<Approve>::new();
    for amount in ["3.00", "1.00", "2.00"] {
        let id = propose(&client, amount);
        client.answer_elicitation(json!({ "approve": true }));
        approve(&client, &id);
        client.advance(std::time::Duration::from_secs(1));
    }
    let payments = payments(&client);
    let cents = payments
        .as_array()
        .unwrap()
        .iter()
        .map(|payment| payment["amount"]["cents"].as_u64().unwrap());
    assert_eq!(cents.collect::<Vec<_>>(), [300, 100, 200]);
}
