//! A pretend GitHub on this machine, for the example `github-issues`: the endpoints that it uses, and what each was
//! sent, with its headers.
//!
//! It speaks HTTP/1.1 without TLS, one request on a connection. It knows one token and one repository, `ada/engine`.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::{Value, json};

/// The one repository.
pub const REPOSITORY: &str = "ada/engine";
/// How many comments a page has, whatever was asked for.
const PAGE: usize = 30;
/// The largest request that it reads.
const BODY_MAX: usize = 1 << 20;

/// A request, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Seen {
    /// The value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(of, _)| of == name)?;
        Some(value)
    }

    fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A number in the query.
    fn number(&self, name: &str) -> Option<usize> {
        let (_, query) = self.target.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(of, _)| *of == name)?.1.parse().ok()
    }
}

/// A GitHub, which serves until the process ends.
#[derive(Debug, Clone)]
pub struct GitHub {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    token: String,
    issues: Vec<Value>,
    /// Of issue 1.
    comments: usize,
    seen: Vec<Seen>,
    /// Requests that it answers before it wants to be left alone.
    left: Option<u32>,
}

impl GitHub {
    /// Starts one that takes this token. It has an issue 1, with 31 comments.
    ///
    /// # Errors
    ///
    /// If it cannot listen.
    pub fn start(token: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State {
            token: token.to_owned(),
            issues: vec![issue(1, "It is loud", "Very.", &[json!("bug")], 31)],
            comments: 31,
            ..State::default()
        }));
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                // A client that goes away ends its own connection only.
                thread::spawn(move || drop(serve(stream, &state)));
            }
        });
        Ok(Self { address, state })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was sent so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// The titles of its issues, the oldest first.
    pub fn titles(&self) -> Vec<String> {
        let state = self.state();
        let titles = state
            .issues
            .iter()
            .filter_map(|issue| issue["title"].as_str());
        titles.map(str::to_owned).collect()
    }

    /// From now on it takes so many requests more, and then none for a minute.
    pub fn limit(&self, requests: u32) {
        self.state().left = Some(requests);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What it answers with.
struct Answer {
    status: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

impl Answer {
    fn new(status: &'static str, body: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }

    fn refused(status: &'static str, message: &str) -> Self {
        Self::new(
            status,
            json!({ "message": message, "documentation_url": "https://docs.github.com/rest" }),
        )
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn write(&self, mut to: impl Write) -> io::Result<()> {
        let body = self.body.to_string();
        let mut head = format!(
            "HTTP/1.1 {}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n",
            self.status,
            body.len()
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        to.write_all(format!("{head}\r\n{body}").as_bytes())
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let Some(seen) = read(&mut reader)? else {
        return Answer::refused("400 Bad Request", "Problems parsing the request").write(stream);
    };
    let answer = {
        let mut state = lock(state);
        let answer = state.answer(&seen);
        state.seen.push(seen);
        answer
    };
    answer.write(stream)
}

/// Reads a request; `None` if it is none.
fn read(reader: &mut impl BufRead) -> io::Result<Option<Seen>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut words = lines
        .first()
        .map(|line| line.split(' '))
        .into_iter()
        .flatten();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let headers = lines.iter().skip(1).filter_map(|line| line.split_once(':'));
    let headers: Vec<_> = headers
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut seen = Seen {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: Vec::new(),
    };
    let length = seen.header("content-length").map_or(Ok(0), str::parse);
    let Some(length) = length.ok().filter(|length| *length <= BODY_MAX) else {
        return Ok(None);
    };
    seen.body = vec![0; length];
    reader.read_exact(&mut seen.body)?;
    Ok(Some(seen))
}

impl State {
    fn answer(&mut self, request: &Seen) -> Answer {
        if request.header("user-agent").is_none() {
            return Answer::refused(
                "403 Forbidden",
                "Request forbidden by administrative rules.",
            );
        }
        let authorization = format!("Bearer {}", self.token);
        if request.header("authorization") != Some(&authorization) {
            return Answer::refused("401 Unauthorized", "Bad credentials");
        }
        match &mut self.left {
            Some(0) => {
                return Answer::refused("429 Too Many Requests", "API rate limit exceeded")
                    .with("retry-after", "60");
            }
            Some(left) => *left -= 1,
            None => {}
        }
        let of_repository = request.path().strip_prefix("/repos/ada/engine/");
        let parts: Vec<_> = of_repository.unwrap_or_default().split('/').collect();
        match (request.method.as_str(), request.path(), &parts[..]) {
            ("GET", "/search/issues", _) => self.search(),
            ("GET", _, ["labels"]) => {
                let label = json!({ "id": 1, "name": "bug", "color": "ff0000", "description": "It is broken" });
                Answer::new("200 OK", json!([label]))
            }
            ("GET", _, ["issues", number]) => self.issue(number),
            ("GET", _, ["issues", "1", "comments"]) => self.comments(request),
            ("GET", _, ["issues", number, "comments"]) if self.has(number) => {
                Answer::new("200 OK", json!([]))
            }
            ("POST", _, ["issues"]) => self.create(request),
            _ => not_found(),
        }
    }

    /// Finds all issues, whatever is looked for.
    fn search(&self) -> Answer {
        let found = json!({ "total_count": self.issues.len(), "incomplete_results": false, "items": self.issues });
        Answer::new("200 OK", found)
    }

    fn has(&self, number: &str) -> bool {
        let number: Option<usize> = number.parse().ok();
        number.is_some_and(|number| (1..=self.issues.len()).contains(&number))
    }

    fn issue(&self, number: &str) -> Answer {
        let index = number
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_sub(1));
        match index.and_then(|index| self.issues.get(index)) {
            Some(issue) => Answer::new("200 OK", issue.clone()),
            None => not_found(),
        }
    }

    fn comments(&self, request: &Seen) -> Answer {
        let page = request.number("page").unwrap_or(1).max(1);
        let from = (page - 1) * PAGE;
        let until = (from + PAGE).min(self.comments);
        let comments = (from..until).map(|number| {
            json!({ "id": number, "user": { "login": "bob" }, "created_at": "1843-01-03T00:00:00Z",
                "body": format!("Comment {}", number + 1) })
        });
        let answer = Answer::new("200 OK", comments.collect());
        if until < self.comments {
            let next = format!(
                "<https://api.github.com{}?page={}>; rel=\"next\"",
                request.path(),
                page + 1
            );
            return answer.with("link", next);
        }
        answer
    }

    fn create(&mut self, request: &Seen) -> Answer {
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let title = asked["title"].as_str().unwrap_or_default();
        if title.is_empty() {
            let refused = json!({ "message": "Validation Failed",
                "errors": [{ "resource": "Issue", "field": "title", "code": "missing_field" }] });
            return Answer::new("422 Unprocessable Entity", refused);
        }
        let number = self.issues.len() + 1;
        let body = asked["body"].as_str().unwrap_or_default();
        let labels = asked["labels"].as_array().cloned().unwrap_or_default();
        let created = issue(number, title, body, &labels, 0);
        self.issues.push(created.clone());
        Answer::new("201 Created", created)
    }
}

fn not_found() -> Answer {
    Answer::refused("404 Not Found", "Not Found")
}

fn issue(number: usize, title: &str, body: &str, labels: &[Value], comments: usize) -> Value {
    let labels: Vec<_> = labels
        .iter()
        .map(|name| json!({ "id": 1, "name": name }))
        .collect();
    json!({
        "number": number, "title": title, "body": body, "state": "open", "labels": labels, "comments": comments,
        "user": { "login": "ada" }, "created_at": "1843-01-01T00:00:00Z", "updated_at": "1843-01-02T00:00:00Z",
        "html_url": format!("https://github.com/{REPOSITORY}/issues/{number}"),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::http::{self, Ask};

    const TOKEN: &str = "a-token-for-tests";

    fn ask(github: &GitHub, method: &str, target: &str) -> Ask {
        Ask::new(method, &format!("http://{}{target}", github.address()))
            .header("user-agent", "test")
            .header("authorization", &format!("Bearer {TOKEN}"))
    }

    fn get(github: &GitHub, target: &str) -> http::Answer {
        ask(github, "GET", target).send(b"").unwrap()
    }

    #[test]
    fn it_answers_whom_it_knows_and_remembers_what_it_was_sent() {
        let github = GitHub::start(TOKEN).unwrap();
        for (target, status) in [
            ("/repos/ada/engine/issues/1", 200),
            ("/repos/ada/engine/issues/2", 404),
            ("/repos/ada/engine/issues/0", 404),
            ("/repos/ada/other/issues/1", 404),
            ("/repos/ada/engine/labels", 200),
            ("/search/issues?q=a", 200),
            ("/user", 404),
        ] {
            assert_eq!(get(&github, target).status, status, "{target}");
        }
        let path = "/repos/ada/engine/issues/1";
        let stranger = ask(&github, "GET", path).header("authorization", "Bearer other");
        assert_eq!(stranger.send(b"").unwrap().status, 401);
        let nameless = ask(&github, "GET", path).without("user-agent");
        assert_eq!(nameless.send(b"").unwrap().status, 403);
        let seen = github.seen();
        assert_eq!(seen.len(), 9);
        assert_eq!(seen[5].target, "/search/issues?q=a");
        assert_eq!(
            seen[0].header("host").unwrap(),
            github.address().to_string()
        );
        let expected = format!("Bearer {TOKEN}");
        assert_eq!(seen[0].header("authorization"), Some(expected.as_str()));
        assert_eq!(seen[7].header("authorization"), Some("Bearer other"));
    }

    #[test]
    fn an_issue_is_opened_and_is_there_then() {
        let github = GitHub::start(TOKEN).unwrap();
        let post = |body: &Value| {
            let ask = ask(&github, "POST", "/repos/ada/engine/issues");
            ask.send(body.to_string().as_bytes()).unwrap()
        };
        assert_eq!(post(&json!({ "title": "" })).status, 422);
        let created = post(&json!({ "title": "It is slow", "body": "Very.", "labels": ["bug"] }));
        assert_eq!(created.status, 201);
        assert_eq!(created.json().unwrap()["number"], 2);
        let read = get(&github, "/repos/ada/engine/issues/2").json().unwrap();
        assert_eq!(
            (&read["title"], &read["labels"][0]["name"]),
            (&json!("It is slow"), &json!("bug"))
        );
        assert_eq!(github.titles(), ["It is loud", "It is slow"]);
        let comments = get(&github, "/repos/ada/engine/issues/2/comments")
            .json()
            .unwrap();
        assert_eq!(comments, json!([]));
    }

    #[test]
    fn comments_come_in_pages_and_requests_come_to_an_end() {
        let github = GitHub::start(TOKEN).unwrap();
        for (page, count, has_next) in [(1, 30, true), (2, 1, false), (3, 0, false)] {
            let answer = get(
                &github,
                &format!("/repos/ada/engine/issues/1/comments?page={page}"),
            );
            let links = answer.headers.iter().filter(|(name, _)| name == "link");
            assert_eq!(links.count() == 1, has_next, "{page}");
            assert_eq!(
                answer.json().unwrap().as_array().unwrap().len(),
                count,
                "{page}"
            );
        }
        github.limit(1);
        assert_eq!(get(&github, "/search/issues").status, 200);
        assert_eq!(get(&github, "/search/issues").status, 429);
    }
}
