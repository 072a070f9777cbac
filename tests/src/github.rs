//! A pretend GitHub on this machine, for the example `github-issues`: the endpoints that it uses, and what each was
//! sent, with its headers.
//!
//! It knows one token and one repository, `ada/engine`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use serde_json::{Value, json};

use crate::outside::{Answer, Outside, Received};

/// The one repository.
pub const REPOSITORY: &str = "ada/engine";
/// How many comments a page has, whatever was asked for.
const PAGE: usize = 30;

/// A GitHub, which serves until the process ends.
#[derive(Debug)]
pub struct GitHub {
    outside: Outside,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    token: String,
    issues: Vec<Value>,
    /// Of issue 1.
    comments: usize,
    /// Requests that it answers before it wants to be left alone.
    left: Option<u32>,
}

impl GitHub {
    /// Starts one that takes this token. It has an issue 1, with 31 comments.
    ///
    /// # Errors
    ///
    /// If it cannot listen.
    pub fn start(token: &str) -> Result<Self> {
        let state = Arc::new(Mutex::new(State {
            token: token.to_owned(),
            issues: vec![issue(1, "It is loud", "Very.", &[json!("bug")], 31)],
            comments: 31,
            ..State::default()
        }));
        let shared = state.clone();
        let outside = Outside::start(move |request| lock(&shared).answer(request))?;
        Ok(Self { outside, state })
    }

    /// The port of this machine where it listens.
    pub fn port(&self) -> u16 {
        self.outside.port()
    }

    /// What it was sent so far.
    pub fn received(&self) -> MutexGuard<'_, Vec<Received>> {
        self.outside.received()
    }

    /// The titles of its issues, the oldest first.
    pub fn titles(&self) -> Vec<String> {
        let state = lock(&self.state);
        let titles = state
            .issues
            .iter()
            .filter_map(|issue| issue["title"].as_str());
        titles.map(str::to_owned).collect()
    }

    /// From now on it takes so many requests more, and then none for a minute.
    pub fn limit(&self, requests: u32) {
        lock(&self.state).left = Some(requests);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer::new(status, body.to_string()).with("content-type", "application/json; charset=utf-8")
}

fn refused(status: u16, message: &str) -> Answer {
    let body = json!({ "message": message, "documentation_url": "https://docs.github.com/rest" });
    answer(status, &body)
}

/// The path alone.
fn path(request: &Received) -> &str {
    request.path.split('?').next().unwrap_or_default()
}

/// A number in the query.
fn number(request: &Received, name: &str) -> Option<usize> {
    let (_, query) = request.path.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(of, _)| *of == name)?.1.parse().ok()
}

impl State {
    fn answer(&mut self, request: &Received) -> Answer {
        if request.header("user-agent").is_empty() {
            return refused(403, "Request forbidden by administrative rules.");
        }
        let authorization = format!("Bearer {}", self.token);
        if request.header("authorization") != authorization {
            return refused(401, "Bad credentials");
        }
        match &mut self.left {
            Some(0) => {
                return refused(429, "API rate limit exceeded").with("retry-after", "60");
            }
            Some(left) => *left -= 1,
            None => {}
        }
        let of_repository = path(request).strip_prefix("/repos/ada/engine/");
        let parts: Vec<_> = of_repository.unwrap_or_default().split('/').collect();
        match (request.method.as_str(), path(request), &parts[..]) {
            ("GET", "/search/issues", _) => self.search(),
            ("GET", _, ["labels"]) => {
                let label = json!({ "id": 1, "name": "bug", "color": "ff0000", "description": "It is broken" });
                answer(200, &json!([label]))
            }
            ("GET", _, ["issues", number]) => self.issue(number),
            ("GET", _, ["issues", "1", "comments"]) => self.comments(request),
            ("GET", _, ["issues", number, "comments"]) if self.has(number) => {
                answer(200, &json!([]))
            }
            ("POST", _, ["issues"]) => self.create(request),
            _ => not_found(),
        }
    }

    /// Finds all issues, whatever is looked for.
    fn search(&self) -> Answer {
        let found = json!({ "total_count": self.issues.len(), "incomplete_results": false, "items": self.issues });
        answer(200, &found)
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
            Some(issue) => answer(200, issue),
            None => not_found(),
        }
    }

    fn comments(&self, request: &Received) -> Answer {
        let page = number(request, "page").unwrap_or(1).max(1);
        let from = (page - 1) * PAGE;
        let until = (from + PAGE).min(self.comments);
        let comments = (from..until).map(|number| {
            json!({ "id": number, "user": { "login": "bob" }, "created_at": "1843-01-03T00:00:00Z",
                "body": format!("Comment {}", number + 1) })
        });
        let found = answer(200, &comments.collect());
        if until < self.comments {
            let next = format!(
                "<https://api.github.com{}?page={}>; rel=\"next\"",
                path(request),
                page + 1
            );
            return found.with("link", &next);
        }
        found
    }

    fn create(&mut self, request: &Received) -> Answer {
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let title = asked["title"].as_str().unwrap_or_default();
        if title.is_empty() {
            let refused = json!({ "message": "Validation Failed",
                "errors": [{ "resource": "Issue", "field": "title", "code": "missing_field" }] });
            return answer(422, &refused);
        }
        let number = self.issues.len() + 1;
        let body = asked["body"].as_str().unwrap_or_default();
        let labels = asked["labels"].as_array().cloned().unwrap_or_default();
        let created = issue(number, title, body, &labels, 0);
        self.issues.push(created.clone());
        answer(201, &created)
    }
}

fn not_found() -> Answer {
    refused(404, "Not Found")
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
        Ask::new(
            method,
            &format!("http://127.0.0.1:{}{target}", github.port()),
        )
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
        let seen = github.received();
        assert_eq!(seen.len(), 9);
        assert_eq!(seen[5].path, "/search/issues?q=a");
        assert_eq!(
            seen[0].header("host"),
            format!("127.0.0.1:{}", github.port())
        );
        let expected = format!("Bearer {TOKEN}");
        assert_eq!(seen[0].header("authorization"), expected);
        assert_eq!(seen[7].header("authorization"), "Bearer other");
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
