//! Receipts: who gets one, what it is good for, and what an attacker may try with one.

use crate::world::{World, tool_call};
use serde_json::{Value, json};
use smcp_capability::turn::{Effect, Performed};
use smcp_crypto::sha256;
use smcp_tenant::receipt::{PlatformKeys, Receipt, ReceiptError, UntrustedReceipt};

const GREET: &str = include_str!("../../../../tests/guests/greet.wat");
const PAGE: &str = include_str!("../../../../docs/receipts.md");
const ASK: &str = include_str!("../../../../tests/guests/ask.wat");

fn keys() -> PlatformKeys {
    PlatformKeys::parse(World::receipt_keys().to_string().as_bytes()).unwrap()
}

fn verify(receipt: &Value) -> Result<Receipt, ReceiptError> {
    UntrustedReceipt::parse(&receipt.to_string())?.verify(&keys())
}

/// A call whose client asks for a receipt.
fn asking(tool: &str) -> Value {
    let mut message = tool_call(1, tool, json!({}));
    message["params"]["_meta"] = json!({"smcp/receipt": true});
    message
}

fn receipt_of(answer: &Value) -> &Value {
    &answer["result"]["_meta"]["smcp/receipt"]
}

/// A tenant with a server that greets, and the receipt of a call.
fn greeted() -> (World, Value) {
    let mut world = World::new();
    let key = world.acme(GREET);
    let answer = world.call(&key, &asking("greet")).json();
    let receipt = receipt_of(&answer).clone();
    assert!(receipt.is_object(), "{answer}");
    (world, receipt)
}

#[test]
fn a_receipt_says_which_release_answered_which_request_with_which_result() {
    let (mut world, receipt) = greeted();
    let said = verify(&receipt).unwrap();
    let request = r#"{"name":"greet","arguments":{},"_meta":{"smcp/receipt":true}}"#;
    let shown = world.admin("GET", "/tenants/acme/servers/hello", Value::Null);
    assert_eq!(said.tenant.as_str(), "acme");
    assert_eq!(said.server.as_str(), "hello");
    assert_eq!(said.release.to_string(), shown.json()["live"]);
    assert_eq!((&*said.method, &*said.name), ("tools/call", "greet"));
    assert_eq!(said.request, sha256(request.as_bytes()));
    let result = r#"{"content":[{"type":"text","text":"hello"}]}"#;
    assert!(GREET.contains(&result.replace('"', "\\\"")));
    assert_eq!(said.result, sha256(result.as_bytes()));
    assert_eq!(said.fuel.0, receipt["fuel"].as_u64().unwrap());
    assert!(said.fuel.0 > 0 && said.fuel < said.bounds.fuel);
    assert_eq!(said.time.0, 1_700_000_000_000);
}

#[test]
fn a_receipt_of_which_anything_was_altered_is_refused() {
    let (_, receipt) = greeted();
    let digit = |text: &str| {
        let first = if text.starts_with('0') { "1" } else { "0" };
        json!(format!("{first}{}", &text[1..]))
    };
    let mut altered = Vec::new();
    let members = receipt.as_object().unwrap();
    assert_eq!(members.len(), 15);
    for (name, value) in members {
        let others = match (name.as_str(), value) {
            ("bounds", Value::Object(bounds)) => {
                assert_eq!(bounds.len(), 3);
                let one_more = |bound: &String| {
                    let mut other = value.clone();
                    other[bound] = json!(value[bound].as_u64().unwrap() + 1);
                    other
                };
                bounds.keys().map(one_more).collect()
            }
            ("method", _) => vec![json!("prompts/get")],
            ("tenant" | "server" | "name", _) => vec![json!("other")],
            (_, Value::Number(number)) => vec![json!(number.as_u64().unwrap() + 1)],
            (_, Value::String(text)) => vec![digit(text)],
            _ => panic!("{name}"),
        };
        for other in others {
            let mut receipt = receipt.clone();
            receipt[name] = other;
            altered.push((name, receipt));
        }
        let mut receipt = receipt.clone();
        receipt.as_object_mut().unwrap().remove(name);
        altered.push((name, receipt));
    }
    for (name, receipt) in altered {
        assert!(verify(&receipt).is_err(), "{name}: {receipt}");
    }
    let mut more = receipt.clone();
    more["note"] = json!("what nobody has signed");
    assert_eq!(verify(&more).unwrap_err().code(), "receipt_malformed");
    let mut newer = receipt.clone();
    newer["version"] = json!(2);
    assert_eq!(verify(&newer), Err(ReceiptError::Version(2)));
    assert!(verify(&receipt).is_ok());
}

#[test]
fn who_does_not_ask_gets_none() {
    let mut world = World::new();
    let key = world.acme(GREET);
    let mut denied = asking("greet");
    denied["params"]["_meta"]["smcp/receipt"] = json!(false);
    for message in [tool_call(1, "greet", json!({})), denied] {
        let answer = world.call(&key, &message).json();
        assert!(answer["result"]["content"].is_array(), "{answer}");
        assert_eq!(receipt_of(&answer), &Value::Null, "{answer}");
    }
    let mut wrong = asking("greet");
    wrong["params"]["_meta"]["smcp/receipt"] = json!("yes");
    let refused = world.call(&key, &wrong).json();
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
}

#[test]
fn an_error_has_no_receipt() {
    let mut world = World::new();
    let key = world.acme(ASK);
    // A client that cannot be asked, and a tool that is not there.
    for tool in ["ask", "nothing"] {
        let answer = world.call(&key, &asking(tool)).json();
        assert!(answer["error"].is_object(), "{answer}");
        assert!(!answer.to_string().contains("signature"), "{answer}");
    }
}

#[test]
fn at_the_address_of_all_servers_a_receipt_names_what_the_guest_was_given() {
    let mut world = World::new();
    let key = world.acme(GREET);
    let answer = world.call_at("/t/acme/mcp", &key, &asking("hello__greet"));
    let said = verify(receipt_of(&answer.json())).unwrap();
    assert_eq!((said.server.as_str(), &*said.name), ("hello", "greet"));
    let request = r#"{"name":"greet","arguments":{},"_meta":{"smcp/receipt":true}}"#;
    assert_eq!(said.request, sha256(request.as_bytes()));
}

#[test]
fn a_call_that_asked_has_the_receipt_of_its_last_round() {
    let mut world = World::new();
    let key = world.acme(ASK);
    let mut call = |more: Value| {
        let mut params = json!({
            "name": "ask",
            "arguments": {},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
                "smcp/receipt": true,
            },
        });
        for (name, value) in more.as_object().unwrap() {
            params[name] = value.clone();
        }
        let body = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params});
        let body = body.to_string().into_bytes();
        let mut frame = world.frame("POST", "/t/acme/hello/mcp", &key, body);
        for (name, value) in [
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", "ask"),
        ] {
            frame.headers.push((name.to_owned(), value.to_owned()));
        }
        world.send("tenant:acme", frame).json()
    };
    let asked = call(json!({}));
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    assert_eq!(receipt_of(&asked), &Value::Null);
    let answers = json!({"name": {"action": "accept", "content": {"name": "Ada"}}});
    let state = &asked["result"]["requestState"];
    let answered = call(json!({"requestState": state, "inputResponses": answers}));
    let said = verify(receipt_of(&answered)).unwrap();
    assert_eq!(
        said.fuel.0,
        answered["result"]["_meta"]["smcp/usage"]["fuel"]
    );
}

#[test]
fn an_object_cannot_have_signed_what_another_tenant_did() {
    let (mut world, receipt) = greeted();
    let mut theirs = receipt.clone();
    theirs["tenant"] = json!("other");
    assert_eq!(verify(&theirs), Err(ReceiptError::Signature));
    // Whatever an engine has signed, it is its own tenant's: the name is not in what it gives.
    let mut body = verify(&receipt).unwrap();
    body.tenant = "other".parse().unwrap();
    let effect = Effect::Sign(body.body().as_bytes().to_vec());
    let Performed::Signed { key, signature } = world.perform("tenant:acme", effect) else {
        panic!("not signed");
    };
    let forged = body.signed(key, &signature).unwrap();
    let forged = serde_json::from_str(&forged).unwrap();
    assert_eq!(verify(&forged), Err(ReceiptError::Signature));
}

#[test]
fn a_guest_cannot_write_a_receipt_itself() {
    let result = r#"{"content":[],"_meta":{"smcp/receipt":"forged"}}"#;
    let told = r#"{\"content\":[{\"type\":\"text\",\"text\":\"hello\"}]}"#;
    let forging = GREET
        .replace(told, &result.replace('"', "\\\""))
        .replace("(i32.const 44)", &format!("(i32.const {})", result.len()));
    let mut world = World::new();
    let key = world.acme(&forging);
    let unasked = world.call(&key, &tool_call(1, "greet", json!({}))).json();
    assert_eq!(unasked["result"]["content"], json!([]), "{unasked}");
    assert_eq!(receipt_of(&unasked), &Value::Null);
    let asked = world.call(&key, &asking("greet")).json();
    let said = verify(receipt_of(&asked)).unwrap();
    assert_eq!(said.result, sha256(result.as_bytes()));
}

#[test]
fn another_platforms_key_is_not_known_here() {
    let (_, receipt) = greeted();
    let none = PlatformKeys::parse(br#"{"keys":[]}"#).unwrap();
    let read = UntrustedReceipt::parse(&receipt.to_string()).unwrap();
    let error = read.verify(&none).unwrap_err();
    assert_eq!(error.code(), "receipt_key_unknown");
    for keys in [
        "",
        "[]",
        "{}",
        r#"{"keys":[{"algorithm":"Ed25519","publicKey":"00"}]}"#,
    ] {
        let error = PlatformKeys::parse(keys.as_bytes()).unwrap_err();
        assert_eq!(error.code(), "receipt_keys", "{keys}");
    }
}

/// It was signed by the program on the page, not by this host.
#[test]
fn the_receipt_that_is_documented_verifies() {
    let mut blocks = PAGE.split("```json\n").skip(1);
    let mut next = || blocks.next().unwrap().split("```").next().unwrap();
    let (receipt, keys) = (next(), next());
    let keys = PlatformKeys::parse(keys.as_bytes()).unwrap();
    let said = UntrustedReceipt::parse(receipt).unwrap().verify(&keys);
    let said = said.unwrap();
    let result = r#"{"content":[{"type":"text","text":"Hello, Ada!"}]}"#;
    assert_eq!(said.result, sha256(result.as_bytes()));
}
