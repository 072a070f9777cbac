//! What a tool asks of its host, as the harness records and answers it.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, SystemTime};

use serde_json::json;
use smcp_sdk::testing::{Client, START_MILLIS};
use smcp_sdk::{Caller, Context, LoggingLevel, tool, tool_router};

#[derive(Default)]
struct Asks;

#[tool_router(server_handler)]
impl Asks {
    /// Asks for all that there is.
    #[tool]
    fn all(&self, ctx: &Context) -> String {
        ctx.log(LoggingLevel::Notice, json!({ "step": 1 }));
        ctx.log_as(LoggingLevel::Emergency, "alarm", "text");
        log::warn!(target: "crate", "warned {}", 1);
        log::trace!("left out");
        ctx.progress(1.0, Some(2.0), Some("half"));
        let before = ctx.now();
        ctx.sleep(Duration::from_micros(60_000_001));
        let slept = ctx.now().duration_since(before).unwrap_or_default();
        format!(
            "{} ms, {} bytes",
            slept.as_millis(),
            ctx.random_bytes(100_000).len()
        )
    }

    /// Gives random bytes.
    #[tool]
    fn random(&self, ctx: &Context) -> String {
        format!("{:?}", ctx.random::<4>())
    }

    /// Says when, who and from where.
    #[tool]
    fn who(&self, ctx: &Context) -> String {
        let now = ctx
            .now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let Caller {
            tenant,
            server,
            principal,
            scopes,
        } = ctx.caller();
        format!(
            "{} {tenant} {server} {principal} {scopes:?}",
            now.as_millis()
        )
    }
}

#[test]
fn what_a_tool_asks_of_its_host_is_recorded() {
    let client = Client::<Asks>::new();
    assert_eq!(
        client.call("all", json!({})).text(),
        "60001 ms, 100000 bytes"
    );
    assert_eq!(client.slept(), Duration::from_millis(60_001));
    let logs: Vec<_> = client
        .logs()
        .into_iter()
        .map(|e| (e.level, e.logger, e.data))
        .collect();
    let expected = [
        (LoggingLevel::Notice, None, json!({ "step": 1 })),
        (
            LoggingLevel::Emergency,
            Some("alarm".to_owned()),
            json!("text"),
        ),
        (
            LoggingLevel::Warning,
            Some("crate".to_owned()),
            json!("warned 1"),
        ),
    ];
    assert_eq!(logs, expected);
    let progress = &client.progress()[0];
    let progress = (
        progress.progress,
        progress.total,
        progress.message.as_deref(),
    );
    assert_eq!(progress, (1.0, Some(2.0), Some("half")));
}

#[test]
fn the_recorder_answers_the_same_every_time() {
    let random = |seed| {
        Client::<Asks>::new()
            .with_seed(seed)
            .call("random", json!({}))
            .text()
    };
    assert_eq!(random(1), random(1));
    assert_ne!(random(1), random(2));

    let caller = Caller {
        tenant: "acme".to_owned(),
        server: "asks".to_owned(),
        principal: "key-1".to_owned(),
        scopes: vec!["call".to_owned()],
    };
    let client = Client::<Asks>::new();
    let text = client.call("who", json!({})).text();
    assert_eq!(text, format!("{START_MILLIS} test test test []"));
    let client = client.with_now_millis(5).with_caller(caller);
    assert_eq!(
        client.call("who", json!({})).text(),
        "5 acme asks key-1 [\"call\"]"
    );
}
