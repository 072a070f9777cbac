//! Every official client connects, lists and calls, end to end, on real workerd.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};
use smcp_tests::{Tenant, stage};
use smcp_xtask::platform::official_client;
use smcp_xtask::{paths, python};

/// A tenant with the three examples, built and signed by the `smcp` command.
fn tenant() -> &'static Tenant {
    static TENANT: OnceLock<Tenant> = OnceLock::new();
    TENANT.get_or_init(|| {
        let platform = stage().platform();
        platform.tenant("examples").unwrap();
        for example in ["hello", "units", "dice", "textkit"] {
            let package = platform.package("examples", example).unwrap();
            platform.publish(&package, "examples", example).unwrap();
        }
        Tenant {
            name: "examples".into(),
            key: platform.key("examples").unwrap(),
        }
    })
}

fn calls() -> Value {
    json!([
        {"tool": "greet", "arguments": {"name": "Ada"}},
        {"tool": "echo", "arguments": {"text": "\u{1f980} \"quoted\" \\ and \n more"}},
        {"tool": "greet", "arguments": {"nome": 1}},
        {"tool": "nothing", "arguments": {}},
    ])
}

/// What every client must have seen, whatever it makes of errors.
fn check(lines: &[Value], version: &str) {
    assert_eq!(lines[0]["version"], version, "{lines:?}");
    assert_eq!(lines[1]["tools"], json!(["greet", "echo"]), "{lines:?}");
    assert_eq!(
        lines[2]["result"]["content"][0]["text"], "Hello, Ada!",
        "{lines:?}"
    );
    let echoed = &lines[3]["result"]["content"][0]["text"];
    assert_eq!(*echoed, calls()[1]["arguments"]["text"], "{lines:?}");
    assert!(
        lines[2]["result"]["_meta"]["smcp/usage"]["fuel"]
            .as_u64()
            .unwrap()
            > 0
    );
}

fn javascript(kind: &str, version: &str) {
    let tenant = tenant();
    let endpoint = stage().platform().endpoint(&tenant.name, "hello");
    let lines = official_client(kind, &endpoint, &tenant.key, &calls()).unwrap();
    check(&lines, version);
    // Arguments that do not fit are told to the model.
    assert_eq!(lines[4]["result"]["isError"], true, "{lines:?}");
    assert_eq!(lines[5]["error"]["code"], -32602, "{lines:?}");
}

#[test]
fn the_javascript_client_calls_in_the_modern_era() {
    javascript("modern", "2026-07-28");
}

#[test]
fn the_javascript_client_finds_the_modern_era_by_itself() {
    javascript("auto", "2026-07-28");
}

#[test]
fn the_javascript_client_calls_in_the_legacy_era() {
    javascript("legacy", "2025-11-25");
}

#[test]
fn the_older_javascript_sdk_calls_in_the_legacy_era() {
    javascript("sdk", "2025-11-25");
}

#[test]
fn the_python_client_calls() {
    let tenant = tenant();
    let mut child = Command::new(python::python().unwrap())
        .arg(paths::root().join("tests/clients/official.py"))
        .args([
            &stage().platform().endpoint(&tenant.name, "hello"),
            &tenant.key,
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let calls = json!([calls()[0], calls()[1]]);
    child
        .stdin
        .take()
        .unwrap()
        .write_all(calls.to_string().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    check(&lines, "2026-07-28");
}

#[tokio::test]
async fn the_rust_client_calls() {
    use rmcp::ServiceExt;
    use rmcp::model::CallToolRequestParams;
    use rmcp::transport::StreamableHttpClientTransport;
    use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;

    // The stage starts processes and waits for them: not on the runtime's thread.
    let (endpoint, key) = tokio::task::spawn_blocking(|| {
        let tenant = tenant();
        (
            stage().platform().endpoint(&tenant.name, "hello"),
            tenant.key.clone(),
        )
    })
    .await
    .unwrap();
    let config = StreamableHttpClientTransportConfig::with_uri(endpoint).auth_header(key);
    let client = ().serve(StreamableHttpClientTransport::from_config(config)).await.unwrap();
    let tools = client.list_all_tools().await.unwrap();
    assert_eq!(tools.len(), 2);
    let arguments = json!({"name": "Ada"}).as_object().unwrap().clone();
    let result = client
        .call_tool(CallToolRequestParams::new("greet").with_arguments(arguments))
        .await
        .unwrap();
    let result = serde_json::to_value(result).unwrap();
    assert_eq!(result["content"][0]["text"], "Hello, Ada!");
    client.cancel().await.unwrap();
}

#[test]
fn all_servers_of_a_tenant_are_one_at_its_own_endpoint() {
    let tenant = tenant();
    let endpoint = format!("{}/t/{}/mcp", stage().platform().url(), tenant.name);
    let calls = json!([{"tool": "hello__greet", "arguments": {"name": "Ada"}}]);
    let lines = official_client("modern", &endpoint, &tenant.key, &calls).unwrap();
    let tools = lines[1]["tools"].as_array().unwrap();
    assert!(
        tools.contains(&json!("hello__echo")) && tools.len() > 3,
        "{tools:?}"
    );
    assert_eq!(lines[2]["result"]["content"][0]["text"], "Hello, Ada!");
}
