//! Issues on GitHub: searches them, reads one with its comments, lists labels, opens one.
//!
//! The admin grants `api.github.com`, and sets the secret `GITHUB_TOKEN`; this server names it and never has it. It
//! keeps nothing, so a call that is run again asks GitHub again, and opens no issue twice: what is sent is never repeated.

mod github;
#[cfg(test)]
mod tests;
mod views;

use schemars::JsonSchema;
use serde::Deserialize;
use smcp_sdk::{Context, Json, Parameters, ServerHandler, tool, tool_handler, tool_router};

use github::{GitHub, NewIssue, Repository};
use views::{Created, Found, Issue, Labels, Whole};

/// In characters; GitHub takes no longer ones.
const TITLE_MAX: usize = 256;
/// In characters; GitHub takes no longer ones.
const BODY_MAX: usize = 65_536;

/// The server.
#[derive(Default)]
pub struct GitHubIssues;

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    Open,
    Closed,
}

#[derive(Deserialize, JsonSchema)]
struct Search {
    /// Words to look for, and qualifiers as GitHub's search has them, such as `label:bug`, `author:ada` or
    /// `sort:updated`.
    query: String,
    /// Only in this repository, such as `rust-lang/rust`.
    repository: Option<String>,
    /// Only those that are open, or closed.
    state: Option<State>,
    /// Which page of what is found; the first is 1.
    #[serde(default = "first")]
    #[schemars(range(min = 1, max = 100))]
    page: u32,
    /// How many issues a page has; 20 if left out.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 50))]
    per_page: u32,
}

#[derive(Deserialize, JsonSchema)]
struct Read {
    /// The repository, such as `rust-lang/rust`.
    repository: String,
    /// The number of the issue.
    #[schemars(range(min = 1))]
    number: u64,
    /// Which page of its comments, of which each has 30; the first is 1.
    #[serde(default = "first")]
    #[schemars(range(min = 1))]
    page: u32,
}

#[derive(Deserialize, JsonSchema)]
struct OfRepository {
    /// The repository, such as `rust-lang/rust`.
    repository: String,
    /// Which page of its labels, of which each has 100; the first is 1.
    #[serde(default = "first")]
    #[schemars(range(min = 1))]
    page: u32,
}

#[derive(Deserialize, JsonSchema)]
struct Create {
    /// The repository, such as `rust-lang/rust`.
    repository: String,
    /// What it is about, in one line.
    title: String,
    /// The issue: Markdown.
    #[serde(default)]
    body: String,
    /// Labels that the repository has: see `list_labels`.
    #[serde(default)]
    labels: Vec<String>,
}

fn first() -> u32 {
    1
}

fn twenty() -> u32 {
    20
}

#[tool_router]
impl GitHubIssues {
    /// Searches issues, in one repository or in all that the token may see.
    #[tool(annotations(read_only_hint, open_world_hint))]
    fn search_issues(
        &self,
        ctx: &Context,
        Parameters(search): Parameters<Search>,
    ) -> Result<Json<Found>, String> {
        let mut query = search.query;
        if !query.contains("is:") {
            // A pull request is an issue to GitHub's search, unless it is told otherwise.
            query.push_str(" is:issue");
        }
        if let Some(repository) = &search.repository {
            let repository: Repository = repository.parse()?;
            query.push_str(&format!(" repo:{repository}"));
        }
        match search.state {
            Some(State::Open) => query.push_str(" state:open"),
            Some(State::Closed) => query.push_str(" state:closed"),
            None => {}
        }
        let (page, per_page) = (search.page, search.per_page);
        let found = GitHub::of(ctx).search(query.trim(), page, per_page)?;
        Ok(Json(Found {
            total: found.value.total_count,
            next_page: found.has_next.then_some(page + 1),
            issues: found.value.items.into_iter().map(Issue::of).collect(),
        }))
    }

    /// Reads an issue with its comments.
    #[tool(annotations(read_only_hint, open_world_hint))]
    fn get_issue(
        &self,
        ctx: &Context,
        Parameters(read): Parameters<Read>,
    ) -> Result<Json<Whole>, String> {
        let repository: Repository = read.repository.parse()?;
        let github = GitHub::of(ctx);
        let issue = github.issue(&repository, read.number)?;
        if issue.comments == 0 {
            return Ok(Json(Whole::of(issue, Vec::new(), None)));
        }
        let comments = github.comments(&repository, read.number, read.page)?;
        let next = comments.has_next.then_some(read.page + 1);
        Ok(Json(Whole::of(issue, comments.value, next)))
    }

    /// Lists the labels of a repository.
    #[tool(annotations(read_only_hint, open_world_hint))]
    fn list_labels(
        &self,
        ctx: &Context,
        Parameters(of): Parameters<OfRepository>,
    ) -> Result<Json<Labels>, String> {
        let repository: Repository = of.repository.parse()?;
        let labels = GitHub::of(ctx).labels(&repository, of.page)?;
        Ok(Json(Labels {
            labels: labels.value,
            next_page: labels.has_next.then_some(of.page + 1),
        }))
    }

    /// Opens an issue, for everybody to see who sees the repository. Search first: there may be one already.
    #[tool(annotations(
        read_only_hint = false,
        destructive_hint = false,
        idempotent_hint = false,
        open_world_hint
    ))]
    fn create_issue(
        &self,
        ctx: &Context,
        Parameters(create): Parameters<Create>,
    ) -> Result<Json<Created>, String> {
        let repository: Repository = create.repository.parse()?;
        let title = create.title.trim();
        if title.is_empty() || title.contains('\n') || title.chars().count() > TITLE_MAX {
            return Err(format!(
                "A title is one line of 1 to {TITLE_MAX} characters: write another."
            ));
        }
        if create.body.chars().count() > BODY_MAX {
            return Err(format!(
                "The body has more than {BODY_MAX} characters, which is what GitHub takes: shorten it."
            ));
        }
        let issue = NewIssue {
            title,
            body: &create.body,
            labels: &create.labels,
        };
        let created = GitHub::of(ctx).create(&repository, &issue)?;
        Ok(Json(Created {
            number: created.number,
            url: created.html_url,
        }))
    }
}

#[tool_handler(
    instructions = "Repositories are named as OWNER/NAME. Lists come in pages: `nextPage` is there if there is more."
)]
impl ServerHandler for GitHubIssues {}

smcp_sdk::serve!(GitHubIssues);
