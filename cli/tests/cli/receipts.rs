//! `verify-receipt` against receipts of the host in memory.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::support::{Bench, Ran};
use crate::world::{World, package, tool_call};

const GREET: &str = include_str!("../../../tests/guests/greet.wat");
const CHATTY: &str = include_str!("../../../tests/guests/nap.wat");

/// With a call of a module: `call.json`, its `answer.json`, `module.wasm`, and the `keys.json`.
fn bench() -> Bench {
    let bench = Bench::new();
    let mut world = World::new();
    let key = world.acme(GREET);
    let mut call = tool_call(1, "greet", json!({}));
    call["params"]["_meta"] = json!({"smcp/receipt": true});
    let answer = world.call(&key, &call);
    bench.write("call.json", call.to_string());
    bench.write("answer.json", answer.text());
    bench.write("module.wasm", package(GREET, "1.0.0"));
    bench.write("keys.json", World::receipt_keys().to_string());
    bench
}

fn verify(bench: &Bench, args: &[&str]) -> Ran {
    let of = ["--json", "verify-receipt"];
    bench.smcp(&[&of, args, &["--keys", "keys.json"]].concat())
}

fn answer(bench: &Bench) -> Value {
    serde_json::from_slice(&bench.read("answer.json")).unwrap()
}

#[test]
fn what_is_given_is_checked_and_what_is_not_is_said() {
    let bench = bench();
    let found = verify(&bench, &["answer.json"]).json();
    assert_eq!(found["valid"], true);
    assert_eq!(found["checked"], json!(["signature", "result"]));
    assert_eq!(found["unchecked"], json!(["module", "request", "tape"]));
    let receipt = answer(&bench)["result"]["_meta"]["smcp/receipt"].take();
    assert_eq!(found["receipt"], receipt);
    bench.write("receipt.json", receipt.to_string());
    let alone = verify(&bench, &["receipt.json"]).json();
    assert_eq!(alone["checked"], json!(["signature"]));
    let given = [
        "--module",
        "module.wasm",
        "--request",
        "call.json",
        "--result",
        "answer.json",
    ];
    let all = verify(&bench, &[&["receipt.json"], &given[..]].concat()).json();
    assert_eq!(all["unchecked"], json!(["tape"]));
    let told = bench.smcp(&["verify-receipt", "answer.json", "--keys", "keys.json"]);
    let told = anstream::adapter::strip_str(told.ok()).to_string();
    assert!(told.contains("checked      signature, result\n"), "{told}");
    assert!(
        told.contains("not checked  module, request, tape\n"),
        "{told}"
    );
    assert!(told.contains("call         tools/call greet\n"), "{told}");
}

#[test]
fn a_result_is_known_again_in_every_form_in_which_a_client_has_it() {
    let bench = bench();
    let answer = answer(&bench);
    let own = r#"{"content":[{"type":"text","text":"hello"}]}"#;
    let text = String::from_utf8(bench.read("answer.json")).unwrap();
    let result = text.split_once(r#""result":"#).unwrap().1;
    let result = result.strip_suffix('}').unwrap();
    for (form, text) in [
        ("the guest's own", own.to_owned()),
        ("the result", result.to_owned()),
        (
            "with spaces",
            text.replace("\":", "\": ").replace(",\"", ", \""),
        ),
        ("a stream", format!(": keep-alive\n\ndata: {text}\n\n")),
    ] {
        bench.write("result.json", &text);
        let receipt = answer["result"]["_meta"]["smcp/receipt"].to_string();
        bench.write("receipt.json", receipt);
        let found = verify(&bench, &["receipt.json", "--result", "result.json"]).json();
        assert_eq!(found["checked"], json!(["signature", "result"]), "{form}");
        if form != "the guest's own" {
            let found = verify(&bench, &["result.json"]).json();
            assert_eq!(found["checked"], json!(["signature", "result"]), "{form}");
        }
    }
}

#[test]
fn what_is_not_so_is_refused_with_a_code_of_its_own() {
    let bench = bench();
    let answer = answer(&bench);
    let alter = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut altered = answer.clone();
        change(&mut altered["result"]);
        bench.write(name, altered.to_string());
    };
    alter("result.json", &|it| {
        it["content"][0]["text"] = json!("hallo")
    });
    alter("error.json", &|it| it["isError"] = json!(true));
    alter("fuel.json", &|it| {
        it["_meta"]["smcp/receipt"]["fuel"] = json!(1)
    });
    alter("tenant.json", &|it| {
        it["_meta"]["smcp/receipt"]["tenant"] = json!("other")
    });
    alter("key.json", &|it| {
        it["_meta"]["smcp/receipt"]["key"] = json!("00")
    });
    alter("version.json", &|it| {
        it["_meta"]["smcp/receipt"]["version"] = json!(9)
    });
    alter("more.json", &|it| {
        it["_meta"]["smcp/receipt"]["more"] = json!(1)
    });
    alter("none.json", &|it| it["_meta"] = json!({}));
    bench.write("text.json", "no JSON");
    let call = String::from_utf8(bench.read("call.json")).unwrap();
    bench.write("other-call.json", call.replace("{}", "{\"a\":1}"));
    bench.write("other.wasm", package(CHATTY, "1.0.0"));
    for (args, code) in [
        (&["result.json"][..], "receipt_result"),
        (&["error.json"], "receipt_result"),
        (&["fuel.json"], "receipt_signature"),
        (&["tenant.json"], "receipt_signature"),
        (&["key.json"], "receipt_key_unknown"),
        (&["version.json"], "receipt_version"),
        (&["more.json"], "receipt_malformed"),
        (&["none.json"], "receipt_missing"),
        (&["text.json"], "receipt_missing"),
        (
            &["answer.json", "--result", "result.json"],
            "receipt_result",
        ),
        (
            &["answer.json", "--request", "other-call.json"],
            "receipt_request",
        ),
        (
            &["answer.json", "--request", "text.json"],
            "receipt_request",
        ),
        (&["answer.json", "--module", "other.wasm"], "receipt_module"),
        (&["answer.json", "--module", "nowhere.wasm"], "file"),
    ] {
        let refused = verify(&bench, args);
        assert_eq!(refused.error(), (1, code.to_owned()), "{args:?}");
        assert_eq!(refused.stdout, "", "{args:?}");
    }
}

#[test]
fn keys_that_are_gone_or_another_platforms_verify_nothing() {
    let bench = bench();
    let mut other = World::receipt_keys();
    other["keys"][0]["publicKey"] =
        json!("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    for (keys, code) in [
        (json!({"keys": []}), "receipt_key_unknown"),
        (other, "receipt_key_unknown"),
        (json!({}), "receipt_keys"),
    ] {
        bench.write("keys.json", keys.to_string());
        let refused = verify(&bench, &["answer.json"]);
        assert_eq!(refused.error(), (1, code.to_owned()), "{keys}");
    }
}

#[test]
fn the_keys_are_the_hosts_and_no_token_is_shown_for_them() {
    let bench = bench();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = vec![0; 4096];
        let length = stream.read(&mut asked).unwrap();
        let keys = World::receipt_keys().to_string();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", keys.len());
        stream
            .write_all(format!("{head}{keys}").as_bytes())
            .unwrap();
        String::from_utf8(asked[..length].to_vec()).unwrap()
    });
    let args = ["--json", "verify-receipt", "answer.json", "--host", &host];
    let ran = bench.smcp_with(&args, &[("SMCP_TOKEN", "a-secret")], "");
    assert_eq!(ran.json()["valid"], true);
    let asked = served.join().unwrap();
    assert!(
        asked.starts_with("GET /.well-known/smcp-keys HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(!asked.contains("a-secret"), "{asked}");
    let closed = [
        "--json",
        "verify-receipt",
        "answer.json",
        "--host",
        "http://example.com",
    ];
    assert_eq!(bench.smcp(&closed).error(), (2, "argument".to_owned()));
}
