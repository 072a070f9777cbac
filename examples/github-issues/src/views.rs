//! What the tools answer: less than GitHub does, and all of it described.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::github::{ApiComment, ApiIssue, ApiLabel, ApiUser};

/// How much of a text is shown, in characters: a model reads all of it.
const TEXT_MAX: usize = 8_000;

/// An issue in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Issue {
    /// Where it can be read.
    url: String,
    number: u64,
    title: String,
    /// `open` or `closed`.
    state: String,
    labels: Vec<String>,
    author: String,
    /// How many comments it has.
    comments: u32,
    /// When it was changed last.
    updated: String,
}

/// Issues that were found.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Found {
    /// How many there are in all; GitHub shows the first 1,000.
    pub(crate) total: u64,
    pub(crate) issues: Vec<Issue>,
    /// The page after this one, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page: Option<u32>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Comment {
    author: String,
    /// When it was written.
    created: String,
    /// Markdown, cut where it is too long.
    text: String,
}

/// An issue with its comments.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Whole {
    issue: Issue,
    /// Markdown, cut where it is too long.
    text: String,
    /// Its comments, the oldest first.
    comments: Vec<Comment>,
    /// The page of comments after this one, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page: Option<u32>,
}

/// A label of a repository.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Label {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

/// The labels of a repository.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Labels {
    pub(crate) labels: Vec<Label>,
    /// The page after this one, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page: Option<u32>,
}

/// An issue that was opened.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Created {
    pub(crate) number: u64,
    /// Where it can be read.
    pub(crate) url: String,
}

impl Issue {
    pub(crate) fn of(issue: ApiIssue) -> Self {
        Self {
            url: issue.html_url,
            number: issue.number,
            title: issue.title,
            state: issue.state,
            labels: issue
                .labels
                .into_iter()
                .map(|ApiLabel { name }| name)
                .collect(),
            author: author(issue.user),
            comments: issue.comments,
            updated: issue.updated_at,
        }
    }
}

impl Whole {
    pub(crate) fn of(
        mut issue: ApiIssue,
        comments: Vec<ApiComment>,
        next_page: Option<u32>,
    ) -> Self {
        let text = cut(issue.body.take().unwrap_or_default());
        let comments = comments.into_iter().map(|comment| Comment {
            author: author(comment.user),
            created: comment.created_at,
            text: cut(comment.body),
        });
        Self {
            text,
            comments: comments.collect(),
            next_page,
            issue: Issue::of(issue),
        }
    }
}

/// Whose account was deleted is a ghost to GitHub.
fn author(user: Option<ApiUser>) -> String {
    user.map_or_else(|| "ghost".to_owned(), |user| user.login)
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(TEXT_MAX) {
        text.truncate(end);
        text.push_str("\n\n(cut here)");
    }
    text
}
