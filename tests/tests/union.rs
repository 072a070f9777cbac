//! All servers of a tenant at one address, end to end on real workerd, through each official client: what it
//! lists there it calls, reads, asks for and completes there, and what one server links to it follows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};
use smcp_tests::{Tenant, stage};
use smcp_xtask::platform::official_client;
use smcp_xtask::{paths, python};

/// A template of one of them, as it is called there.
const TEMPLATE: &str = "smcp+notes+note://{id}";

/// A tenant with two servers, one of which has everything that there is.
fn tenant() -> &'static Tenant {
    static TENANT: OnceLock<Tenant> = OnceLock::new();
    TENANT.get_or_init(|| {
        let (platform, name) = (stage().platform(), "together");
        platform.tenant(name).unwrap();
        for example in ["hello", "notes"] {
            let package = platform.package(name, example).unwrap();
            platform.publish(&package, name, example).unwrap();
        }
        Tenant {
            name: name.into(),
            key: platform.key(name).unwrap(),
        }
    })
}

fn endpoint() -> String {
    format!("{}/t/{}/mcp", stage().platform().url(), tenant().name)
}

/// What a client does there: it keeps a note of that title, then finds it in every way that there is.
fn uses_both(title: &str, client: impl Fn(&Value) -> Vec<Value>) {
    let note = json!({"title": title, "text": "words"});
    let added = client(&json!([{"tool": "notes__add", "arguments": note}]));
    let id = added[2]["result"]["structuredContent"]["id"].clone();
    let uri = format!("smcp+notes+note://{}", id.as_str().unwrap());
    let argument = json!({"name": "id", "value": title});
    let lines = client(&json!([
        {"tool": "hello__greet", "arguments": {"name": "Ada"}},
        {"list": "Resources"},
        {"list": "ResourceTemplates"},
        {"list": "Prompts"},
        {"read": uri},
        {"prompt": "notes__summarise", "arguments": {"id": id}},
        {"complete": {"type": "ref/prompt", "name": "notes__summarise"}, "argument": argument},
        {"complete": {"type": "ref/resource", "uri": TEMPLATE}, "argument": argument},
        {"read": uri.replace("notes+", "hello+")},
    ]));
    let tools = lines[1]["tools"].as_array().unwrap();
    for tool in ["hello__greet", "notes__add"] {
        assert!(tools.contains(&json!(tool)), "{tools:?}");
    }
    let results: Vec<&Value> = lines.iter().skip(2).map(|line| &line["result"]).collect();
    let [
        greeted,
        resources,
        templates,
        prompts,
        read,
        prompt,
        completed,
        filled,
        elsewhere,
    ] = results[..]
    else {
        panic!("{lines:?}")
    };
    assert_eq!(greeted["content"][0]["text"], "Hello, Ada!", "{lines:?}");
    let listed = resources["resources"].as_array().unwrap();
    assert!(listed.iter().any(|one| one["uri"] == uri), "{resources}");
    let template = &templates["resourceTemplates"][0]["uriTemplate"];
    assert_eq!(template, TEMPLATE);
    assert_eq!(prompts["prompts"][0]["name"], "notes__summarise");
    let contents = &read["contents"][0];
    assert_eq!(contents["uri"], uri, "{lines:?}");
    assert!(contents["text"].as_str().unwrap().contains("words"));
    let embedded = &prompt["messages"][0]["content"]["resource"]["uri"];
    assert_eq!(*embedded, json!(uri), "{prompt}");
    for completed in [completed, filled] {
        assert_eq!(completed["completion"]["values"], json!([id]));
    }
    // The other server has none of it.
    assert!(elsewhere.is_null() && lines[10]["error"].is_object());
}

fn javascript(kind: &str) {
    uses_both(kind, |calls| {
        official_client(kind, &endpoint(), &tenant().key, calls).unwrap()
    });
}

#[test]
fn the_javascript_client_uses_two_servers_as_one_in_the_modern_era() {
    javascript("modern");
}

#[test]
fn the_javascript_client_uses_two_servers_as_one_in_the_legacy_era() {
    javascript("legacy");
}

#[test]
fn the_older_javascript_sdk_uses_two_servers_as_one() {
    javascript("sdk");
}

#[test]
fn the_python_client_uses_two_servers_as_one() {
    uses_both("python", |calls| {
        let mut child = Command::new(python::python().unwrap())
            .arg(paths::root().join("tests/clients/official.py"))
            .args([&endpoint(), &tenant().key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        write!(child.stdin.take().unwrap(), "{calls}").unwrap();
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{err}");
        let lines = serde_json::Deserializer::from_slice(&output.stdout);
        lines.into_iter().map(Result::unwrap).collect()
    });
}

#[tokio::test]
async fn the_rust_client_uses_two_servers_as_one() {
    use rmcp::ServiceExt;
    use rmcp::model::{CallToolRequestParams, GetPromptRequestParams, ReadResourceRequestParams};
    use rmcp::transport::StreamableHttpClientTransport;
    use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;

    // The stage starts processes and waits for them: not on the runtime's thread.
    let started = tokio::task::spawn_blocking(|| (endpoint(), tenant().key.clone()));
    let (endpoint, key) = started.await.unwrap();
    let config = StreamableHttpClientTransportConfig::with_uri(endpoint).auth_header(key);
    let client = ().serve(StreamableHttpClientTransport::from_config(config)).await.unwrap();
    let tools = client.list_all_tools().await.unwrap();
    assert!(tools.iter().any(|tool| tool.name == "hello__greet"));
    let note = json!({"title": "rust", "text": "words"});
    let note = note.as_object().unwrap().clone();
    let add = CallToolRequestParams::new("notes__add").with_arguments(note);
    let added = client.call_tool(add).await.unwrap();
    let id = added.structured_content.unwrap()["id"].clone();
    let uri = format!("smcp+notes+note://{}", id.as_str().unwrap());
    let resources = client.list_all_resources().await.unwrap();
    assert!(resources.iter().any(|resource| resource.uri == uri));
    let templates = client.list_all_resource_templates().await.unwrap();
    assert_eq!(templates[0].uri_template, TEMPLATE);
    let prompts = client.list_all_prompts().await.unwrap();
    assert_eq!(prompts[0].name, "notes__summarise");
    let read = ReadResourceRequestParams::new(&*uri);
    let read = serde_json::to_value(client.read_resource(read).await.unwrap()).unwrap();
    assert_eq!(read["contents"][0]["uri"], uri, "{read}");
    let arguments = json!({"id": id}).as_object().unwrap().clone();
    let prompt = GetPromptRequestParams::new("notes__summarise").with_arguments(arguments);
    let prompt = serde_json::to_value(client.get_prompt(prompt).await.unwrap()).unwrap();
    let embedded = &prompt["messages"][0]["content"]["resource"]["uri"];
    assert_eq!(*embedded, json!(uri), "{prompt}");
    for values in [
        client
            .complete_prompt_simple("notes__summarise", "id", "rus")
            .await,
        client.complete_resource_simple(TEMPLATE, "id", "rus").await,
    ] {
        assert_eq!(values.unwrap(), [id.as_str().unwrap()]);
    }
    client.cancel().await.unwrap();
}
