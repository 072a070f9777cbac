//! What `connect` prints for each client.

use serde_json::{Value, json};

use crate::support::Bench;

const URL: &str = "https://mcp.example.com/t/acme/hello/mcp";

fn connect(client: &str, more: &[&str]) -> crate::support::Ran {
    let args = [
        "connect", "--client", client, "--tenant", "acme", "--server", "hello",
    ];
    let host = ["--host", "https://mcp.example.com/"];
    Bench::new().smcp(&[&args, &host[..], more].concat())
}

#[test]
fn the_file_of_each_client_is_as_the_client_reads_it() {
    let entry = |bearer: &str| {
        json!({ "hello": {
            "type": "http", "url": URL, "headers": { "Authorization": format!("Bearer {bearer}") },
        }})
    };
    let untyped = |bearer: &str| {
        let mut entry = entry(bearer);
        entry["hello"].as_object_mut().unwrap().remove("type");
        entry
    };
    for (client, expected) in [
        ("claude-code", json!({ "mcpServers": entry("${SMCP_KEY}") })),
        (
            "cursor",
            json!({ "mcpServers": untyped("${env:SMCP_KEY}") }),
        ),
        (
            "vscode",
            json!({
                "servers": entry("${input:smcp-key}"),
                "inputs": [{
                    "type": "promptString", "id": "smcp-key",
                    "description": "API key of acme", "password": true,
                }],
            }),
        ),
    ] {
        assert_eq!(connect(client, &["--json"]).json(), expected, "{client}");
    }
    let key = "smcp_acme_k1_AbC-_9";
    let written = connect("vscode", &["--json", "--key", key]).json();
    assert_eq!(
        written,
        json!({ "servers": entry(key) }),
        "a key that is given is written out"
    );
}

#[test]
fn each_command_is_ready_for_the_shell() {
    for (client, expected) in [
        (
            "claude-code",
            format!(
                "claude mcp add --transport http hello {URL} --header \"Authorization: Bearer $SMCP_KEY\"\n"
            ),
        ),
        (
            "inspector",
            format!(
                "npx @modelcontextprotocol/inspector --server-url {URL} --transport http --header \"Authorization: Bearer $SMCP_KEY\"\n"
            ),
        ),
        (
            "inspector",
            format!("--cli --server-url {URL} --transport http --method tools/list --header"),
        ),
        ("generic", format!("npx mcp-remote {URL} --header")),
    ] {
        let ran = connect(client, &[]);
        assert!(ran.ok().contains(&expected), "{client}: {}", ran.stdout);
    }
}

#[test]
fn without_a_server_it_is_all_of_the_tenants() {
    let bench = Bench::new();
    let args = [
        "connect", "--client", "generic", "--tenant", "acme", "--json",
    ];
    let setup: Value = bench.smcp(&args).json();
    assert_eq!(setup["url"], "http://127.0.0.1:8787/t/acme/mcp");
}

#[test]
fn nothing_that_a_shell_would_run_gets_through() {
    for key in ["smcp_$(id)", "smcp_a b", "admin", "smcp_\"x"] {
        assert_eq!(connect("claude-code", &["--key", key]).code, 2, "{key}");
    }
}
