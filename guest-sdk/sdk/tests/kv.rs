//! Key-value storage, as tools use it and as a test looks at it.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use smcp_sdk::testing::Client;
use smcp_sdk::{
    CallToolResult, Content, Context, Json, KvError, Parameters, ProtocolError, tool, tool_router,
};

/// 128 KiB.
const VALUE_MAX: usize = 131_072;

#[derive(Default)]
struct Cupboard;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Step {
    Get(String),
    Set(String, String),
    SetFor(String, u64),
    Delete(String),
    Swap(String, Option<String>, Option<String>),
    Sleep(u64),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum End {
    Well,
    Failing,
    Refusing,
    Panicking,
}

#[derive(Deserialize, JsonSchema)]
struct Steps {
    steps: Vec<Step>,
}

#[derive(Deserialize, JsonSchema)]
struct Ending {
    end: End,
}

#[derive(Deserialize, JsonSchema)]
struct Many {
    count: usize,
    size: usize,
}

/// Takes a step in the caller's space.
fn take(ctx: &Context, step: &Step) -> Result<Value, KvError> {
    let kv = ctx.caller_kv();
    match step {
        Step::Get(key) => {
            let value = kv.get(key)?;
            return Ok(value.map_or(Value::Null, |value| {
                String::from_utf8(value).unwrap().into()
            }));
        }
        Step::Set(key, value) => kv.set(key, value)?,
        Step::SetFor(key, millis) => {
            kv.set_with_ttl(key, "short", Duration::from_millis(*millis))?;
        }
        Step::Delete(key) => kv.delete(key)?,
        Step::Swap(key, expected, value) => {
            let bytes = |text: &Option<String>| text.clone().map(String::into_bytes);
            let (expected, value) = (bytes(expected), bytes(value));
            return Ok(kv.swap(key, expected.as_deref(), value.as_deref())?.into());
        }
        Step::Sleep(millis) => ctx.sleep(Duration::from_millis(*millis)),
    }
    Ok(json!("done"))
}

fn take_all(ctx: &Context, steps: &[Step]) -> Json<Vec<Value>> {
    let taken = steps.iter().map(|step| match take(ctx, step) {
        Ok(answer) => answer,
        Err(error) => json!({ "error": String::from(error) }),
    });
    Json(taken.collect())
}

#[tool_router(server_handler)]
impl Cupboard {
    /// Takes steps.
    #[tool]
    fn run(
        &self,
        ctx: &Context,
        Parameters(Steps { steps }): Parameters<Steps>,
    ) -> Json<Vec<Value>> {
        take_all(ctx, &steps)
    }

    /// Takes steps, and says that it only reads.
    #[tool(annotations(read_only_hint))]
    fn look(
        &self,
        ctx: &Context,
        Parameters(Steps { steps }): Parameters<Steps>,
    ) -> Json<Vec<Value>> {
        take_all(ctx, &steps)
    }

    /// Changes both spaces and ends in a way.
    #[tool]
    fn end(
        &self,
        ctx: &Context,
        Parameters(Ending { end }): Parameters<Ending>,
    ) -> Result<CallToolResult, ProtocolError> {
        ctx.kv().set("ours", "new")?;
        ctx.caller_kv().delete("mine")?;
        match end {
            End::Well => Ok(CallToolResult::success(Vec::new())),
            End::Failing => Ok(CallToolResult::error(vec![Content::text("It failed.")])),
            End::Refusing => Err(ProtocolError::invalid_params("No.", None)),
            End::Panicking => panic!("it panics"),
        }
    }

    /// Counts the calls of all callers.
    #[tool]
    fn count(&self, ctx: &Context) -> Result<u64, KvError> {
        let calls = ctx.kv().get_json::<u64>("calls")?.unwrap_or_default() + 1;
        ctx.kv().set_json("calls", &calls)?;
        Ok(calls)
    }

    /// Sets many keys.
    #[tool]
    fn fill(
        &self,
        ctx: &Context,
        Parameters(Many { count, size }): Parameters<Many>,
    ) -> Result<(), String> {
        for n in 0..count {
            ctx.kv().set(&format!("{n:06}"), vec![0; size])?;
        }
        Ok(())
    }

    /// Reads many keys, each twice.
    #[tool(annotations(read_only_hint))]
    fn read(
        &self,
        ctx: &Context,
        Parameters(Many { count, .. }): Parameters<Many>,
    ) -> Result<(), KvError> {
        (0..2 * count).try_for_each(|n| ctx.kv().get(&format!("{}", n / 2)).map(drop))
    }

    /// Removes what begins with `a/`, and says how much that was.
    #[tool]
    fn clear(&self, ctx: &Context) -> Result<usize, KvError> {
        let mut cleared = 0;
        for key in ctx.kv().keys("a/") {
            ctx.kv().delete(&key?)?;
            cleared += 1;
        }
        Ok(cleared)
    }

    /// Stores what is no JSON.
    #[tool]
    fn no_json(&self, ctx: &Context) -> Result<(), KvError> {
        let no_object = BTreeMap::from([((1, 2), "a")]);
        ctx.kv().set_json("odd", &no_object)
    }
}

fn stored(client: &Client<Cupboard>, key: &str) -> Option<String> {
    let value = client.caller_kv().get(key).unwrap();
    value.map(|value| String::from_utf8(value).unwrap())
}

fn keys(keys: impl Iterator<Item = Result<String, KvError>>) -> Vec<String> {
    keys.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_call_sees_its_own_changes_and_the_next_call_sees_them_too() {
    let client = Client::<Cupboard>::new();
    let steps = json!([{ "get": "a" }, { "set": ["a", "1"] }, { "get": "a" }, { "delete": "a" },
        { "get": "a" }, { "delete": "a" }, { "set": ["a", "2"] }]);
    let outcome = client.call("run", json!({ "steps": steps }));
    let expected = json!([null, "done", "1", "done", null, "done", "done"]);
    assert_eq!(outcome.structured(), &expected);
    let outcome = client.call("run", json!({ "steps": [{ "get": "a" }] }));
    assert_eq!(outcome.structured(), &json!(["2"]));
}

#[test]
fn what_a_call_changed_stays_unless_it_answers_an_error_of_the_protocol_or_panics() {
    for (end, stays) in [
        ("well", true),
        ("failing", true),
        ("refusing", false),
        ("panicking", false),
    ] {
        let client = Client::<Cupboard>::new();
        client.kv().set("ours", "old").unwrap();
        client.caller_kv().set("mine", "kept").unwrap();
        let call = || client.try_call("end", json!({ "end": end })).is_ok();
        let answered = catch_unwind(AssertUnwindSafe(call));
        assert_eq!(answered.is_err(), end == "panicking", "{end}");
        let ours = client.kv().get("ours").unwrap().unwrap();
        assert_eq!(ours == b"new", stays, "{end}");
        assert_eq!(stored(&client, "mine").is_none(), stays, "{end}");
    }
}

#[test]
fn a_callers_space_is_its_own_and_the_servers_is_everyones() {
    let client = Client::<Cupboard>::new();
    client.set_principal("ada");
    client.call("run", json!({ "steps": [{ "set": ["a", "Ada's"] }] }));
    assert_eq!(client.call("count", json!({})).text(), "1");
    client.set_principal("bob");
    let outcome = client.call("run", json!({ "steps": [{ "get": "a" }] }));
    assert_eq!(outcome.structured(), &json!([null]));
    assert!(keys(client.caller_kv().keys("")).is_empty());
    assert_eq!(client.call("count", json!({})).text(), "2");
    assert_eq!(keys(client.kv().keys("")), ["calls"]);
    client.set_principal("ada");
    assert_eq!(stored(&client, "a").as_deref(), Some("Ada's"));
}

#[test]
fn keys_and_values_keep_to_the_limits_of_the_host() {
    let client = Client::<Cupboard>::new();
    let table = [
        ("a".repeat(512), VALUE_MAX, None),
        ("\u{10FFFE}\u{1}".to_owned(), 0, None),
        ("a".repeat(513), 0, Some("cannot be a key")),
        (String::new(), 0, Some("cannot be a key")),
        ("a\0".to_owned(), 0, Some("cannot be a key")),
        ("a\u{10FFFF}".to_owned(), 0, Some("cannot be a key")),
        ("\0".to_owned(), VALUE_MAX + 1, Some("cannot be a key")),
        ("a".to_owned(), VALUE_MAX + 1, Some("131073 bytes")),
    ];
    for (key, size, refused) in table {
        let value = "v".repeat(size);
        let steps = json!([{ "set": [key, value] }, { "swap": [key, value, value] }]);
        let outcome = client.call("run", json!({ "steps": steps }));
        for (answer, done) in [(0, json!("done")), (1, json!(true))] {
            let answer = &outcome.structured()[answer];
            match refused {
                None => assert_eq!(*answer, done),
                Some(why) => assert!(answer["error"].as_str().unwrap().contains(why), "{answer}"),
            }
        }
    }
    let outcome = client.call("run", json!({ "steps": [{ "get": "" }, { "delete": "" }] }));
    for answer in outcome.structured().as_array().unwrap() {
        assert!(
            answer["error"]
                .as_str()
                .unwrap()
                .contains("cannot be a key")
        );
    }
}

#[test]
fn a_call_changes_no_more_than_it_may() {
    for (count, size, is_error) in [
        (1_024, 0, false),
        (1_025, 0, true),
        (31, VALUE_MAX, false),
        // The keys count too.
        (32, VALUE_MAX, true),
    ] {
        let client = Client::<Cupboard>::new();
        let outcome = client.call("fill", json!({ "count": count, "size": size }));
        assert_eq!(outcome.is_error(), is_error, "{count} of {size}");
        if is_error {
            assert!(
                outcome
                    .text()
                    .starts_with("This call has changed all that it may")
            );
        }
        // What it changed before it failed stays: the failure is the tool's own.
        let there = count - usize::from(is_error);
        assert_eq!(client.kv().keys("").count(), there, "{count} of {size}");
    }
}

#[test]
fn a_call_that_reads_too_often_is_ended_and_a_key_is_read_once() {
    let client = Client::<Cupboard>::new();
    client.call("read", json!({ "count": 512, "size": 0 }));
    let call = || client.call("read", json!({ "count": 513, "size": 0 }));
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
}

#[test]
fn a_value_goes_by_itself_when_its_time_is_over() {
    let client = Client::<Cupboard>::new();
    // A part of a second counts as a whole one.
    let steps = json!([{ "set_for": ["a", 1_500] }, { "set_for": ["b", 60_000] }, { "sleep": 1_999 },
        { "get": "a" }, { "sleep": 1 }, { "get": "a" }]);
    let outcome = client.call("run", json!({ "steps": steps }));
    assert_eq!(
        outcome.structured(),
        &json!(["done", "done", "done", "short", "done", null])
    );
    client.advance(Duration::from_secs(57));
    assert_eq!(keys(client.caller_kv().keys("")), ["b"]);
    client.advance(Duration::from_secs(1));
    assert!(keys(client.caller_kv().keys("")).is_empty());
    assert_eq!(stored(&client, "b"), None);
    assert_eq!(client.slept(), Duration::from_secs(2));
    // What is set again without a time stays.
    client
        .caller_kv()
        .set_with_ttl("c", "1", Duration::ZERO)
        .unwrap();
    client.caller_kv().set("c", "2").unwrap();
    client.advance(Duration::from_secs(1));
    assert_eq!(stored(&client, "c").as_deref(), Some("2"));
}

#[test]
fn swap_changes_only_what_is_as_expected() {
    for (before, expected, value, after) in [
        (None, None, Some("1"), Some("1")),
        (None, Some("0"), Some("1"), None),
        (None, None, None, None),
        (Some("0"), Some("0"), Some("1"), Some("1")),
        (Some("0"), Some("0"), None, None),
        (Some("0"), None, Some("1"), Some("0")),
        (Some("0"), Some("2"), Some("1"), Some("0")),
    ] {
        let client = Client::<Cupboard>::new();
        if let Some(before) = before {
            client.caller_kv().set("a", before).unwrap();
        }
        let steps = json!([{ "swap": ["a", expected, value] }]);
        let outcome = client.call("run", json!({ "steps": steps }));
        assert_eq!(outcome.structured(), &json!([before == expected]));
        assert_eq!(stored(&client, "a").as_deref(), after);
    }
}

#[test]
fn a_lease_is_given_to_one_at_a_time() {
    let client = Client::<Cupboard>::new();
    let lease = || {
        let minute = Duration::from_secs(60);
        client.kv().swap_with_ttl("lease", None, b"held", minute)
    };
    assert_eq!((lease(), lease()), (Ok(true), Ok(false)));
    client.advance(Duration::from_secs(60));
    assert_eq!(lease(), Ok(true));
}

#[test]
fn keys_come_in_order_and_all_of_them_and_may_be_removed_on_the_way() {
    let client = Client::<Cupboard>::new();
    for count in [0, 1, 99, 100, 101, 1_000] {
        for n in 0..count {
            client.kv().set(&format!("a/{n}"), "").unwrap();
        }
        for beside in ["a", "a0", "b/1", "A/1"] {
            client.kv().set(beside, "").unwrap();
        }
        let mut expected: Vec<_> = (0..count).map(|n| format!("a/{n}")).collect();
        expected.sort();
        assert_eq!(keys(client.kv().keys("a/")), expected);
        if let Some((first, others)) = expected.split_first() {
            assert_eq!(keys(client.kv().keys_after("a/", first)), others);
        }
        let outcome = client.call("clear", json!({}));
        assert_eq!(outcome.text(), count.to_string());
        assert_eq!(keys(client.kv().keys("")), ["A/1", "a", "a0", "b/1"]);
    }
    for n in 0..2_150 {
        client.kv().set(&format!("c/{n:04}"), "").unwrap();
    }
    let all = keys(client.kv().keys("c/"));
    assert_eq!((all.len(), all[2_149].as_str()), (2_150, "c/2149"));
}

#[test]
fn a_tool_that_says_it_only_reads_changes_nothing() {
    let client = Client::<Cupboard>::new();
    client.caller_kv().set("a", "1").unwrap();
    let steps = json!([{ "get": "a" }, { "set": ["a", "2"] }, { "delete": "a" },
        { "swap": ["a", "3", "2"] }, { "swap": ["a", "1", "2"] }]);
    let outcome = client.call("look", json!({ "steps": steps }));
    let answers = outcome.structured().as_array().unwrap();
    assert_eq!(answers[0], "1");
    for answer in &answers[1..] {
        let error = answer["error"].as_str().unwrap();
        assert!(
            error.starts_with("This tool says that it only reads"),
            "{error}"
        );
    }
    assert_eq!(stored(&client, "a").as_deref(), Some("1"));
}

#[test]
fn json_that_does_not_fit_is_an_error_that_names_its_key() {
    let client = Client::<Cupboard>::new();
    client.kv().set("calls", "many").unwrap();
    let outcome = client.call("count", json!({}));
    assert!(outcome.is_error());
    let begins = "What is stored under \"calls\" does not fit: expected value at line 1";
    assert!(outcome.text().starts_with(begins), "{}", outcome.text());
    let outcome = client.call("no_json", json!({}));
    let begins = "What is to be stored under \"odd\" does not become JSON: ";
    assert!(outcome.text().starts_with(begins), "{}", outcome.text());
    client
        .kv()
        .set_json_with_ttl("calls", &6, Duration::from_secs(9))
        .unwrap();
    assert_eq!(client.call("count", json!({})).text(), "7");
    assert_eq!(client.kv().get_json("calls"), Ok(Some(7)));
}
