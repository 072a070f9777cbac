//! Settings as an author reads them, and what is said of those that do not fit.

#![allow(clippy::unwrap_used, reason = "tests")]

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use smcp_sdk::testing::Client;
use smcp_sdk::{ConfigError, Context, tool, tool_router};

#[derive(Default)]
struct Shop;

#[derive(Deserialize, JsonSchema)]
struct Settings {
    /// How many at the most.
    limit: u32,
    #[serde(default)]
    teams: Vec<String>,
    greeting: Option<String>,
}

#[tool_router(server_handler)]
impl Shop {
    /// Shows what it was given.
    #[tool]
    fn show(&self, context: &Context) -> Result<String, ConfigError> {
        let Settings {
            limit,
            teams,
            greeting,
        } = context.config()?;
        let one = context.setting::<Value>("other")?;
        Ok(format!("{limit} {teams:?} {greeting:?} {one:?}"))
    }
}

fn client() -> Client<Shop> {
    Client::new()
}

#[test]
fn settings_are_read_into_the_authors_own_type() {
    let shown = client()
        .with_setting("limit", json!(20))
        .with_setting("teams", json!(["a"]))
        .with_setting("other", json!(null))
        .call("show", json!({}));
    assert_eq!(shown.text(), r#"20 ["a"] None Some(Null)"#);
    let shown = client()
        .with_setting("limit", json!(1))
        .with_setting("greeting", json!("Good day"))
        .call("show", json!({}));
    assert_eq!(shown.text(), r#"1 [] Some("Good day") None"#);
}

#[test]
fn what_is_missing_or_does_not_fit_is_named_with_the_mend() {
    for (client, named) in [
        (client(), "`limit`"),
        (client().with_setting("limit", json!("many")), "u32"),
    ] {
        let refused = client.call("show", json!({}));
        assert!(refused.is_error());
        let text = refused.text();
        assert!(
            text.contains(named) && text.contains("smcp config set"),
            "{text}"
        );
    }
}
