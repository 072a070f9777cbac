//! GitHub's REST API, as far as it is needed: what is asked, what is read of the answers, and what is said of each way
//! to fail.
//!
//! Whoever reads an error is a model, or a person who cannot see this server: so each says who can mend it.

use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use smcp_sdk::{Context, HttpError, HttpRequest, HttpResponse};

use crate::views::Label;

const API: &str = "https://api.github.com";
const SECRET: &str = "GITHUB_TOKEN";
/// Of comments.
const PAGE: u32 = 30;

/// A repository: `OWNER/NAME`. Nothing in it needs to be encoded in a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository(String);

impl FromStr for Repository {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_name = |part: &str| {
            (1..=100).contains(&part.len())
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
                && !part.bytes().all(|byte| byte == b'.')
        };
        match text.split_once('/') {
            Some((owner, name)) if is_name(owner) && is_name(name) => Ok(Self(text.to_owned())),
            _ => Err(format!(
                "{text:?} is not a repository: name its owner too, as in `rust-lang/rust`."
            )),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An issue, as GitHub has it.
#[derive(Debug, Deserialize)]
pub(crate) struct ApiIssue {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) state: String,
    pub(crate) html_url: String,
    pub(crate) user: Option<ApiUser>,
    #[serde(default)]
    pub(crate) labels: Vec<ApiLabel>,
    #[serde(default)]
    pub(crate) comments: u32,
    pub(crate) updated_at: String,
    pub(crate) body: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ApiUser {
    pub(crate) login: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ApiLabel {
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ApiComment {
    pub(crate) user: Option<ApiUser>,
    pub(crate) created_at: String,
    #[serde(default)]
    pub(crate) body: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ApiFound {
    pub(crate) total_count: u64,
    pub(crate) items: Vec<ApiIssue>,
}

/// An issue that is to be opened.
#[derive(Debug, Serialize)]
pub(crate) struct NewIssue<'a> {
    pub(crate) title: &'a str,
    pub(crate) body: &'a str,
    pub(crate) labels: &'a [String],
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) value: T,
    pub(crate) has_next: bool,
}

/// GitHub, as this call reaches it.
pub(crate) struct GitHub<'a> {
    ctx: &'a Context,
}

impl<'a> GitHub<'a> {
    pub(crate) fn of(ctx: &'a Context) -> Self {
        Self { ctx }
    }

    pub(crate) fn search(
        &self,
        query: &str,
        page: u32,
        per_page: u32,
    ) -> Result<Page<ApiFound>, String> {
        let request = self.get("/search/issues").query(&[("q", query)]);
        let request = request.query(&[("page", page), ("per_page", per_page)]);
        self.ask(request, "what was searched")
    }

    pub(crate) fn issue(&self, of: &Repository, number: u64) -> Result<ApiIssue, String> {
        let request = self.get(&format!("/repos/{of}/issues/{number}"));
        Ok(self.ask(request, &format!("issue {number} of {of}"))?.value)
    }

    pub(crate) fn comments(
        &self,
        of: &Repository,
        number: u64,
        page: u32,
    ) -> Result<Page<Vec<ApiComment>>, String> {
        let request = self.get(&format!("/repos/{of}/issues/{number}/comments"));
        let request = request.query(&[("page", page), ("per_page", PAGE)]);
        self.ask(request, &format!("issue {number} of {of}"))
    }

    pub(crate) fn labels(&self, of: &Repository, page: u32) -> Result<Page<Vec<Label>>, String> {
        let request = self.get(&format!("/repos/{of}/labels"));
        let request = request.query(&[("page", page), ("per_page", 100)]);
        self.ask(request, &format!("the repository {of}"))
    }

    pub(crate) fn create(&self, of: &Repository, issue: &NewIssue<'_>) -> Result<ApiIssue, String> {
        let url = format!("{API}/repos/{of}/issues");
        let request = self.ctx.http().post(url).json(issue)?;
        Ok(self.ask(request, &format!("the repository {of}"))?.value)
    }

    fn get(&self, path: &str) -> HttpRequest<'a> {
        self.ctx.http().get(format!("{API}{path}"))
    }

    /// Sends a request that is about `what`.
    fn ask<T: DeserializeOwned>(
        &self,
        request: HttpRequest<'_>,
        what: &str,
    ) -> Result<Page<T>, String> {
        let request = request
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28")
            // GitHub refuses who does not say what they are.
            .header(
                "user-agent",
                concat!("smcp-github-issues/", env!("CARGO_PKG_VERSION")),
            )
            .bearer_secret(SECRET);
        let answer = request.send().and_then(HttpResponse::error_for_status);
        let read = answer.and_then(|answer| {
            let has_next = answer.header("link").is_some_and(leads_on);
            let value = answer.json()?;
            Ok(Page { value, has_next })
        });
        read.map_err(|error| explained(error, what, self.ctx.now_millis() / 1_000))
    }
}

/// Whether a `link` header (RFC 8288) names a next page.
fn leads_on(link: &str) -> bool {
    link.contains("rel=\"next\"")
}

/// What is to be done about an error, in the second `now`.
fn explained(error: HttpError, what: &str, now: u64) -> String {
    match error {
        HttpError::Secret(_) => format!(
            "This server has no token for GitHub: its admin sets the secret {SECRET}, bound to api.github.com."
        ),
        HttpError::Denied(_) => {
            "This server may not reach GitHub: its admin grants it api.github.com with GET and POST.".to_owned()
        }
        HttpError::TooLarge(_) => {
            "GitHub's answer is too large: ask for fewer on a page, or another page.".to_owned()
        }
        HttpError::Status(answer) => of_status(&answer, what, now),
        error => error.into(),
    }
}

fn of_status(answer: &HttpResponse, what: &str, now: u64) -> String {
    if let Some(seconds) = waits(answer, now) {
        return format!(
            "GitHub takes no more requests with this token for {seconds} seconds: wait so long, then go on."
        );
    }
    match answer.status {
        401 => format!(
            "GitHub does not take this server's token, which may be wrong, expired or revoked: its admin sets the secret \
             {SECRET} anew."
        ),
        403 => format!(
            "The token of this server may not do this with {what}: its admin gives it the permission \"Issues\", to read or \
             to write, on GitHub, or sets the secret {SECRET} to another."
        ),
        404 => format!(
            "GitHub shows no {what}: see whether the name is right, and whether the token may see it."
        ),
        410 => format!("GitHub has no issues for {what}: they are turned off, or it was deleted."),
        422 => format!("GitHub does not take this: {}", reason(answer)),
        500.. => format!(
            "GitHub failed with status {}: try again later.",
            answer.status
        ),
        status => format!("GitHub answered with status {status}: {}", reason(answer)),
    }
}

/// How many seconds GitHub wants to be left alone, if it does: when all requests of an hour are made, or too many at
/// once.
fn waits(answer: &HttpResponse, now: u64) -> Option<u64> {
    if !matches!(answer.status, 403 | 429) {
        return None;
    }
    let number = |name: &str| answer.header(name)?.parse::<u64>().ok();
    if let Some(seconds) = number("retry-after") {
        return Some(seconds);
    }
    match (number("x-ratelimit-remaining"), number("x-ratelimit-reset")) {
        (Some(0), Some(reset)) => Some(reset.saturating_sub(now).max(1)),
        _ if answer.status == 429 => Some(60),
        _ => None,
    }
}

/// What GitHub says itself, which it says for people.
fn reason(answer: &HttpResponse) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        message: String,
        #[serde(default)]
        errors: Vec<Detail>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Detail {
        Told { message: String },
        Coded { field: String, code: String },
        Text(String),
    }
    let Ok(Refusal { message, errors }) = answer.json() else {
        return "it does not say why.".to_owned();
    };
    let details = errors.into_iter().map(|detail| match detail {
        Detail::Told { message } => message,
        Detail::Coded { field, code } => format!("{field} is {code}"),
        Detail::Text(text) => text,
    });
    let all: Vec<_> = std::iter::once(message).chain(details.take(5)).collect();
    all.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_an_owner_and_a_name_that_a_url_takes_as_they_are() {
        for (text, is_one) in [
            ("rust-lang/rust", true),
            ("a/b", true),
            ("ada/engine.rs", true),
            ("rust", false),
            ("/rust", false),
            ("rust-lang/", false),
            ("rust-lang/rust/issues", false),
            ("rust-lang/..", false),
            ("../user", false),
            ("a/b?c=d", false),
            ("a/b c", false),
            ("a/ü", false),
        ] {
            assert_eq!(text.parse::<Repository>().is_ok(), is_one, "{text}");
        }
    }
}
