//! Requests over HTTP as a client or an attacker would write them: nothing is added, and every
//! status is an answer. What an MCP endpoint answers must fit the official schema, where that is at
//! hand.

use std::io::{BufRead, BufReader, Cursor, Read};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use ureq::config::AutoHeaderValue;
use ureq::http::{HeaderMap, Request, Response};
use ureq::{Agent, Body, BodyReader, SendBody};

use crate::schema;

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

/// An answer that is read as it comes. When it is dropped, the connection is closed.
pub struct Open {
    /// What came before the body, which is empty here.
    pub head: Answer,
    lines: BufReader<BodyReader<'static>>,
    request: Vec<u8>,
    version: Option<String>,
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
    /// If no answer comes, or one of MCP that the official schema does not allow.
    pub fn send(self, body: &[u8]) -> Result<Answer> {
        let is_mcp = self.method == "POST" && self.url.ends_with("/mcp");
        let version = self.version();
        let answer = whole(self.run(of_bytes(body), Some(body.len()))?)?;
        if is_mcp {
            schema::check(body, version.as_deref(), &answer)?;
        }
        Ok(answer)
    }

    /// Sends it, and reads the answer as a stream of events while it lasts.
    ///
    /// # Errors
    ///
    /// If no answer comes, or it is no stream.
    pub fn listen(self, body: &[u8]) -> Result<Events> {
        let mut open = self.within(Duration::from_secs(300)).open(body)?;
        let head = &open.head;
        ensure!(
            head.status == 200 && head.header("content-type") == "text/event-stream",
            "answered {}, and no stream",
            head.status
        );
        let (events, heard) = mpsc::channel();
        thread::spawn(move || {
            while let Ok(event) = open.message().inspect_err(|error| eprintln!("{error:#}")) {
                // Whoever listened may have enough of it: then the connection is closed.
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
        whole(self.run(SendBody::from_owned_reader(body), None)?)
    }

    /// Sends it to an MCP endpoint, and gives the answer as it comes.
    ///
    /// # Errors
    ///
    /// If no answer comes.
    pub fn open(self, body: &[u8]) -> Result<Open> {
        let version = self.version();
        let response = self.run(of_bytes(body), Some(body.len()))?;
        Ok(Open {
            head: Answer {
                status: response.status().as_u16(),
                headers: listed(response.headers()),
                body: Vec::new(),
            },
            lines: BufReader::new(response.into_body().into_reader()),
            request: body.to_vec(),
            version,
        })
    }

    fn version(&self) -> Option<String> {
        let named = |(name, _): &&(String, String)| name == "mcp-protocol-version";
        let version = self.headers.iter().find(named);
        version.map(|(_, value)| value.clone())
    }

    fn run(self, body: SendBody<'static>, len: Option<usize>) -> Result<Response<Body>> {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .timeout_global(Some(self.timeout))
            .user_agent(AutoHeaderValue::None)
            .accept(AutoHeaderValue::None)
            .accept_encoding(AutoHeaderValue::None)
            .build()
            .into();
        let mut request = Request::builder()
            .method(self.method.as_str())
            .uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if self.method == "GET" || self.method == "OPTIONS" {
            return Ok(agent.run(request.body(())?)?);
        }
        if let Some(len) = len {
            request = request.header("content-length", len);
        }
        Ok(agent.run(request.body(body)?)?)
    }
}

fn of_bytes(body: &[u8]) -> SendBody<'static> {
    SendBody::from_owned_reader(Cursor::new(body.to_vec()))
}

fn listed(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &ureq::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect()
}

fn whole(mut response: Response<Body>) -> Result<Answer> {
    let body = response.body_mut().with_config().limit(64 << 20);
    let body = body.read_to_vec()?;
    Ok(Answer {
        status: response.status().as_u16(),
        headers: listed(response.headers()),
        body,
    })
}

impl Open {
    /// The next line of the body, without its end.
    ///
    /// # Errors
    ///
    /// If there is none, or none comes in time.
    pub fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.lines.read_line(&mut line)? == 0 {
            bail!("the stream has ended");
        }
        Ok(line.trim_end().to_owned())
    }

    /// The next message of the stream.
    ///
    /// # Errors
    ///
    /// If none comes, or one that the official schema does not allow.
    pub fn message(&mut self) -> Result<Value> {
        loop {
            let line = self.line()?;
            if let Some(json) = line.strip_prefix("data: ") {
                let mut answer = self.head.clone();
                answer.body = format!("{line}\n\n").into_bytes();
                schema::check(&self.request, self.version.as_deref(), &answer)?;
                return Ok(serde_json::from_str(json)?);
            }
        }
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
