//! What a server asks for, in words: from a manifest, or from a host's answer, whose members have the same names.
//!
//! It knows no rules. Names come from publishers: hosts have checked them, and a terminal is not told more.

use serde::Serialize;
use serde_json::Value;

/// One line for each thing: requests, secrets, settings, interfaces.
pub(crate) fn lines(asks: &impl Serialize) -> Vec<String> {
    let asks = serde_json::to_value(asks).unwrap_or_default();
    let items = |member: &str| {
        asks.get(member)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let mut lines: Vec<String> = items("interfaces").filter_map(interface).collect();
    lines.extend(
        items("http")
            .map(|item| format!("sends {} to {}", list(item, "methods"), word(item, "host"))),
    );
    lines.extend(items("secrets").map(secret));
    let declared = asks.get("config").and_then(Value::as_object);
    let declared = declared
        .into_iter()
        .flat_map(|schemas| schemas.keys().map(String::as_str));
    let settings = items("settings").filter_map(Value::as_str).chain(declared);
    lines.extend(settings.map(|name| format!("reads the setting {name}")));
    lines
}

/// What an interface is for. One that this version does not know is called as it is.
fn interface(name: &Value) -> Option<String> {
    let name = name.as_str()?;
    let plain = name.split_once('/').map_or(name, |(_, rest)| rest);
    let plain = plain.split_once('@').map_or(plain, |(plain, _)| plain);
    Some(match plain {
        "context" => "uses time, randomness, log and progress (context)".to_owned(),
        "client" => "asks the user questions (client)".to_owned(),
        "notify" => "tells clients of changes (notify)".to_owned(),
        "kv" => "keeps data of its own (kv)".to_owned(),
        "http" => "can send requests to hosts that are granted (http)".to_owned(),
        "config" => "reads its settings (config)".to_owned(),
        _ => format!("uses {name}"),
    })
}

fn secret(item: &Value) -> String {
    let name = word(item, "name");
    match &*list(item, "hosts") {
        "" => format!("uses the secret {name}"),
        hosts => format!("uses the secret {name} for {hosts}"),
    }
}

/// The text of a member.
pub(crate) fn word<'v>(item: &'v Value, member: &str) -> &'v str {
    item.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The texts of a member.
pub(crate) fn words<'v>(item: &'v Value, member: &str) -> impl Iterator<Item = &'v str> {
    let items = item.get(member).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str)
}

fn list(item: &Value, member: &str) -> String {
    words(item, member).collect::<Vec<_>>().join(", ")
}
