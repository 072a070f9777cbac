//! Lines for the platform's log: what was asked and how it ended, and alerts. Each is one JSON object.
//!
//! They wait here until whoever drives the turns takes them. Nothing secret is in one, and no argument, result or text of
//! a guest; what a client chose itself is there only if it has a strict form, as a trace's.

use serde::Serialize;
use smcp_capability::turn::Frame;
use smcp_ids::limits;

use crate::state::Scene;
use crate::usage::alert::Alert;
use crate::usage::count::End;

/// Lines that wait.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    text: String,
    /// How many were dropped since there was room.
    dropped: u32,
}

impl Lines {
    fn push(&mut self, line: &impl Serialize) {
        let Ok(line) = serde_json::to_string(line) else {
            return;
        };
        if self.text.len() + line.len() > limits::LINES_MAX {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&line);
    }

    /// All that wait, one below the other.
    pub(crate) fn take(&mut self) -> String {
        let dropped = core::mem::take(&mut self.dropped);
        if dropped > 0 {
            self.text
                .push_str(&format!("\n{{\"event\":\"dropped\",\"lines\":{dropped}}}"));
        }
        core::mem::take(&mut self.text)
    }
}

/// What is said of a request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestLine<'a> {
    event: &'static str,
    time: u64,
    request: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
    /// The HTTP method, and what it is about: an endpoint, or an action of the admin API.
    http: &'a str,
    place: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    /// The HTTP status; none if its client has gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    code: &'a str,
    millis: f64,
    fuel: u64,
    memory: u64,
    effects: u64,
    bytes_in: u64,
    bytes_out: u64,
    /// How many requests of MCP it was, if not one: the rest of the line is of the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
}

/// What is said of an alert.
#[derive(Serialize)]
struct AlertLine<'a> {
    event: &'static str,
    time: u64,
    request: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
    kind: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    server: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    code: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    caller: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fuel: Option<u64>,
    /// What was usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    usual: Option<u64>,
}

/// A request that has its line when it is over, however that comes.
pub(crate) struct Told<'a> {
    scene: &'a Scene,
    http: &'a str,
    place: &'static str,
    /// Whether no client asked for it.
    is_own: bool,
    began: f64,
    is_over: bool,
}

impl Scene {
    /// A request begins.
    pub(crate) fn tells<'a>(&'a self, frame: &'a Frame) -> Told<'a> {
        if let Some(trace) = frame.header("traceparent").and_then(trace_parent) {
            self.measure.borrow_mut().trace = Some(trace.to_owned());
        }
        Told {
            scene: self,
            http: &frame.method,
            place: place_of(&frame.path),
            is_own: frame.method.starts_with(':'),
            began: self.outside.now_precisely(),
            is_over: false,
        }
    }

    /// Has an alert in the log.
    pub(crate) fn tell_alert(&self, alert: &Alert) {
        let Ok(mut state) = self.state.try_borrow_mut() else {
            return;
        };
        let tenant = state.tenant().map(ToString::to_string);
        let request = self.request_id();
        let line = AlertLine {
            event: "alert",
            time: alert.last.0,
            request: &request,
            tenant: tenant.as_deref(),
            kind: alert.kind.as_str(),
            server: &alert.server,
            name: &alert.name,
            code: &alert.code,
            caller: &alert.by,
            call: alert.call.map(|call| call.to_string()),
            fuel: alert.fuel.map(|(fuel, _)| fuel),
            usual: alert.fuel.map(|(_, usual)| usual),
        };
        state.lines.push(&line);
    }
}

impl Told<'_> {
    /// It is over, and answered so.
    pub(crate) fn end(mut self, status: u16) {
        self.is_over = true;
        self.tell(Some(status));
    }

    fn tell(&self, status: Option<u16>) {
        let scene = self.scene;
        let (Ok(mut state), Ok(measure)) =
            (scene.state.try_borrow_mut(), scene.measure.try_borrow())
        else {
            return;
        };
        let end = measure.end.as_ref().map(|(end, _)| *end);
        let failed = end.map_or(status.is_none_or(|status| status >= 400), End::is_failure);
        if self.is_own && measure.counted == 0 && !failed {
            // It has only looked what there is to do.
            return;
        }
        if !state.boot.request_log.takes(failed, scene.lot()) {
            return;
        }
        let tenant = state.tenant().map(ToString::to_string);
        let request = scene.request_id();
        let server = measure.server.as_ref().map(ToString::to_string);
        let line = RequestLine {
            event: "request",
            time: scene.outside.now().0,
            request: &request,
            tenant: tenant.as_deref(),
            http: self.http,
            place: self.place,
            server: server.as_deref(),
            method: measure.method,
            name: measure.name.as_deref(),
            caller: measure.caller.as_deref(),
            release: measure.release.map(|release| release.to_string()),
            call: measure.call.map(|call| call.to_string()),
            status,
            code: match (&measure.end, status) {
                (Some((_, code)), _) => code,
                (None, Some(status)) if status < 400 => "ok",
                (None, Some(_)) => "refused",
                (None, None) => "cancelled",
            },
            millis: scene.outside.now_precisely() - self.began,
            fuel: measure.cost.fuel,
            memory: measure.cost.memory,
            effects: measure.cost.effects,
            bytes_in: measure.cost.bytes_in,
            bytes_out: measure.cost.bytes_out,
            batch: Some(measure.counted).filter(|counted| *counted > 1),
            traceparent: measure.trace.as_deref(),
        };
        state.lines.push(&line);
    }
}

impl Drop for Told<'_> {
    /// Its client has gone.
    fn drop(&mut self) {
        if !self.is_over {
            self.tell(None);
        }
    }
}

/// What a path is of: none of its parts that a client chose.
fn place_of(path: &str) -> &'static str {
    let first = path.split(['/', '?']).nth(1).unwrap_or_default();
    match first {
        "t" => "mcp",
        "admin" | "internal" => "admin",
        "metrics" => "metrics",
        "authorize" | "token" | "register" | "revoke" | ".well-known" => "oauth",
        "call" | "task" => "errand",
        _ => "other",
    }
}

/// A `traceparent` of the one form that there is (W3C Trace Context, level 1, section 3.2): a later version may have
/// more behind it, which is cut.
pub(crate) fn trace_parent(text: &str) -> Option<&str> {
    let lengths = [2, 32, 16, 2];
    let known = text.get(..55)?;
    let parts: Vec<&str> = known.split('-').collect();
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_part = |(part, length): (&&str, usize)| part.len() == length && part.bytes().all(is_hex);
    let is_zero = |at: usize| {
        let part = parts.get(at);
        part.is_none_or(|part| part.bytes().all(|byte| byte == b'0'))
    };
    let has_more =
        text.len() > 55 && (text.starts_with("00") || text.as_bytes().get(55) != Some(&b'-'));
    let fits = parts.len() == lengths.len() && parts.iter().zip(lengths).all(is_part);
    (fits && !has_more && !is_zero(1) && !is_zero(2) && !text.starts_with("ff")).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_has_the_one_form_or_is_none() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
        assert_eq!(trace_parent(good), Some(good));
        let later = format!("01{}-more", &good[2..]);
        assert_eq!(trace_parent(&later), Some(&later[..55]));
        for text in [
            "",
            "00",
            &good[..54],
            &format!("{good}-more"),
            &format!("01{}x", &good[2..]),
            &good.to_uppercase(),
            &format!("ff{}", &good[2..]),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b\n-01",
            "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b\"-01",
            "00-0af7651916cd43dd8448eb211c80319c00f067aa0ba902b7--01",
            "00-0af7651916cd43dd8448eb211c80319\u{e9}-00f067aa0ba902b7-01",
        ] {
            assert_eq!(trace_parent(text), None, "{text:?}");
        }
    }

    #[test]
    fn lines_are_bounded_and_what_was_dropped_is_said() {
        let mut lines = Lines::default();
        for _ in 0..10 {
            lines.push(&"x".repeat(limits::LINES_MAX / 4));
        }
        let text = lines.take();
        assert_eq!(text.lines().count(), 4, "{}", text.len());
        assert!(text.ends_with("{\"event\":\"dropped\",\"lines\":7}"));
        assert_eq!(lines.take(), "");
    }

    #[test]
    fn a_place_is_none_of_the_clients_words() {
        for (path, place) in [
            ("/t/acme/hello/mcp", "mcp"),
            ("/admin/v1/tenants/acme?x=/t/", "admin"),
            ("/metrics", "metrics"),
            ("/token", "oauth"),
            ("/\"}{\"event\"", "other"),
            ("", "other"),
        ] {
            assert_eq!(place_of(path), place, "{path}");
        }
    }
}
