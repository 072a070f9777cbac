//! All servers of a tenant at one address, end to end on real workerd, through an official client: what it
//! lists there it reads there, and what one server links to it follows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use serde_json::{Value, json};
use smcp_tests::stage;
use smcp_xtask::platform::official_client;

const TENANT: &str = "together";

#[test]
fn a_client_reads_and_asks_two_servers_at_one_address() {
    let platform = stage().platform();
    platform.tenant(TENANT).unwrap();
    for example in ["hello", "notes"] {
        let package = platform.package(TENANT, example).unwrap();
        platform.publish(&package, TENANT, example).unwrap();
    }
    let key = platform.key(TENANT).unwrap();
    let endpoint = format!("{}/t/{TENANT}/mcp", platform.url());
    for kind in ["modern", "legacy"] {
        let note = json!({"title": kind, "text": "words"});
        let uri = format!("smcp+notes+note://{kind}");
        let calls = json!([
            {"tool": "hello__greet", "arguments": {"name": "Ada"}},
            {"tool": "notes__add", "arguments": note},
            {"list": "Resources"},
            {"list": "ResourceTemplates"},
            {"list": "Prompts"},
            {"read": uri},
            {"prompt": "notes__summarise", "arguments": {"id": kind}},
            {"read": "smcp+hello+note://modern"},
        ]);
        let lines = official_client(kind, &endpoint, &key, &calls).unwrap();
        let results: Vec<&Value> = lines.iter().skip(2).map(|line| &line["result"]).collect();
        let [
            greeted,
            added,
            resources,
            templates,
            prompts,
            read,
            prompt,
            none,
        ] = results[..]
        else {
            panic!("{lines:?}")
        };
        assert_eq!(greeted["content"][0]["text"], "Hello, Ada!");
        assert_ne!(added["isError"], true, "{added}");
        let listed = resources["resources"].as_array().unwrap();
        assert!(listed.iter().any(|one| one["uri"] == uri), "{resources}");
        let template = &templates["resourceTemplates"][0]["uriTemplate"];
        assert_eq!(template, "smcp+notes+note://{id}");
        assert_eq!(prompts["prompts"][0]["name"], "notes__summarise");
        let contents = &read["contents"][0];
        assert_eq!(contents["uri"], uri, "{lines:?}");
        assert!(contents["text"].as_str().unwrap().contains("words"));
        let embedded = &prompt["messages"][0]["content"]["resource"]["uri"];
        assert_eq!(*embedded, json!(uri), "{prompt}");
        assert!(none.is_null() && lines[9]["error"].is_object(), "{none}");
    }
}
