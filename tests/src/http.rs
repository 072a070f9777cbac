//! Requests over HTTP as a client or an attacker would write them: nothing is added, and every
//! status is an answer.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use ureq::http::Request;
use ureq::{Agent, SendBody};

/// A request in the making.
#[derive(Debug, Clone)]
pub struct Ask {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    timeout: Duration,
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Ask {
    /// A request without headers.
    pub fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            timeout: Duration::from_secs(60),
        }
    }

    /// Sets a header; one of that name is replaced.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Removes a header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    /// Another URL.
    #[must_use]
    pub fn to(mut self, url: &str) -> Self {
        url.clone_into(&mut self.url);
        self
    }

    /// How long to wait at the most.
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends it with a body of known length.
    ///
    /// # Errors
    ///
    /// If no answer comes.
    pub fn send(self, body: &[u8]) -> Result<Answer> {
        self.send_body(
            SendBody::from_owned_reader(std::io::Cursor::new(body.to_vec())),
            Some(body.len()),
        )
    }

    /// Sends it, and reads the answer as a stream of events while it lasts.
    ///
    /// # Errors
    ///
    /// If no answer comes, or it is no stream.
    pub fn listen(self, body: &[u8]) -> Result<Events> {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut request = Request::builder().method("POST").uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = agent.run(request.body(body)?)?;
        let status = response.status();
        let form = response.headers().get("content-type").cloned();
        ensure!(
            status == 200 && form.is_some_and(|form| form == "text/event-stream"),
            "answered {status}, and no stream"
        );
        let lines = BufReader::new(response.into_body().into_reader()).lines();
        let (events, heard) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Whoever listened may have enough of it: then the connection is closed.
                let Some(json) = line.strip_prefix("data: ") else {
                    continue;
                };
                let Ok(event) = serde_json::from_str(json) else {
                    return;
                };
                if events.send(event).is_err() {
                    return;
                }
            }
        });
        Ok(Events(heard))
    }

    /// Sends it with a body that is read as it goes, chunked.
    ///
    /// # Errors
    ///
    /// If no answer comes.
    pub fn stream(self, body: impl Read + 'static) -> Result<Answer> {
        self.send_body(SendBody::from_owned_reader(body), None)
    }

    fn send_body(self, body: SendBody<'static>, len: Option<usize>) -> Result<Answer> {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(self.timeout))
            .build()
            .into();
        let mut request = Request::builder()
            .method(self.method.as_str())
            .uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(len) = len.filter(|_| self.method != "GET" && self.method != "OPTIONS") {
            request = request.header("content-length", len);
        }
        let mut response = if self.method == "GET" || self.method == "OPTIONS" {
            agent.run(request.body(())?)?
        } else {
            agent.run(request.body(body)?)?
        };
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| {
                (
                    name.to_string(),
                    value.to_str().unwrap_or_default().to_owned(),
                )
            })
            .collect();
        let status = response.status().as_u16();
        let body = response
            .body_mut()
            .with_config()
            .limit(64 << 20)
            .read_to_vec()?;
        Ok(Answer {
            status,
            headers,
            body,
        })
    }
}

/// The events of a stream, as they come.
#[derive(Debug)]
pub struct Events(Receiver<Value>);

impl Events {
    /// The next message.
    ///
    /// # Errors
    ///
    /// If none comes in time, or the stream has ended.
    pub fn next_within(&self, time: Duration) -> Result<Value> {
        Ok(self.0.recv_timeout(time)?)
    }

    /// Whether the stream ends in time, without another message.
    pub fn ends_within(&self, time: Duration) -> bool {
        self.0.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Disconnected)
    }
}

impl Answer {
    /// A header's value; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// If it is not JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("{} {}", self.status, self.text()))
    }
}

/// A `tools/call` of the legacy era.
pub fn tool_call(tool: &str, arguments: &Value) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": tool, "arguments": arguments},
    })
}

/// A request of the modern era, whose client can be asked for what its user knows.
pub fn modern_request(method: &str, mut params: Value) -> Vec<u8> {
    let meta = &mut params["_meta"];
    meta["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
    meta["io.modelcontextprotocol/clientCapabilities"] = json!({"elicitation": {}});
    let message = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
    message.to_string().into_bytes()
}
