//! Server-sent events, as MCP frames its messages in them.

/// Appended to a stream at once and every few seconds, so that nothing on the way takes it for dead
/// (2026-07-28, basic/transports/streamable-http, "Receiving Messages": a comment carries no data).
pub const KEEP_ALIVE: &str = ":\n\n";

/// The last bytes of a stream of a session that is complete: a comment, to the client nothing. A
/// stream that ends without it goes on elsewhere.
pub const OVER: &str = ": over\n\n";

/// One message as one event. `json` is JSON text: its line breaks can only be white space between
/// tokens, since strings hold none unescaped, so they become spaces and the data is one line.
///
/// The event is named, as clients of the older transport expect; it has no id, since modern streams
/// are not resumable (2026-07-28, basic/transports/streamable-http, "Receiving Messages").
pub fn event(json: &str) -> String {
    framed(None, json)
}

/// The same with an id, from which a client can go on in a session when its stream broke (2025-11-25,
/// basic/transports, "Resumability and Redelivery"). `id` has no line breaks.
pub fn event_with_id(id: &str, json: &str) -> String {
    framed(Some(id), json)
}

/// The first event of a stream: a place to go on from before anything was said, and how long to wait
/// before that (2025-11-25, basic/transports, "Sending Messages to the Server", item 6; clients of
/// earlier versions would read the empty data as a message).
pub fn priming(id: &str, retry_millis: u32) -> String {
    format!("id: {id}\nretry: {retry_millis}\ndata: \n\n")
}

fn framed(id: Option<&str>, json: &str) -> String {
    const HEAD: &str = "event: message\ndata: ";
    let id_len = id.map_or(0, |id| id.len() + 5);
    let mut event = String::with_capacity(id_len + HEAD.len() + json.len() + 2);
    if let Some(id) = id {
        event.push_str("id: ");
        event.push_str(id);
        event.push('\n');
    }
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
