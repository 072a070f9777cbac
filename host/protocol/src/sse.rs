//! Server-sent events, as MCP frames its messages in them.

/// Appended to a stream at once and every few seconds, so that nothing on the way takes it for dead
/// (2026-07-28, basic/transports/streamable-http, "Receiving Messages": a comment carries no data).
pub const KEEP_ALIVE: &str = ":\n\n";

/// One message as one event. `json` is JSON text: its line breaks can only be white space between
/// tokens, since strings hold none unescaped, so they become spaces and the data is one line.
///
/// The event is named, as clients of the older transport expect; it has no id, since streams are
/// not resumable (2026-07-28, basic/transports/streamable-http, "Receiving Messages").
pub fn event(json: &str) -> String {
    const HEAD: &str = "event: message\ndata: ";
    let mut event = String::with_capacity(HEAD.len() + json.len() + 2);
    event.push_str(HEAD);
    let mut lines = json.split(['\n', '\r']);
    event.push_str(lines.next().unwrap_or_default());
    for line in lines {
        event.push(' ');
        event.push_str(line);
    }
    event.push_str("\n\n");
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_of_data() {
        for (json, framed) in [
            (
                r#"{"a":"b\n"}"#,
                "event: message\ndata: {\"a\":\"b\\n\"}\n\n",
            ),
            (
                "{\n  \"a\":\r\n1}",
                "event: message\ndata: {   \"a\":  1}\n\n",
            ),
            ("1", "event: message\ndata: 1\n\n"),
        ] {
            assert_eq!(event(json), framed);
        }
    }
}
