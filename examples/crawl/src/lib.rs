//! Crawls a site: reads its pages from one on, follows their links within the host, and sums up titles and
//! broken links.
//!
//! It takes as long as the site does, so it goes on as a task where the client takes tasks. It reads
//! hosts that the admin granted, which are those of people who want that: it asks no `robots.txt`. It
//! sends nothing but GET and stores nothing, so a crawl that is run again is the same crawl.

mod crawl;
mod links;
#[cfg(test)]
mod tests;
mod url;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smcp_sdk::{Context, Json, Parameters, ServerHandler, tool, tool_handler, tool_router};

use crawl::Crawl;
use url::Url;

/// The server.
#[derive(Default)]
pub struct Crawler;

#[derive(Deserialize, JsonSchema)]
struct Wanted {
    /// The URL of the page to begin with.
    start: String,
    /// How many pages to read at most; 20 if left out.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 60))]
    max_pages: u32,
    /// How many links to follow, one behind the other; 3 if left out, 0 for the first page alone.
    #[serde(default = "three")]
    #[schemars(range(min = 0, max = 20))]
    max_depth: u32,
    /// How many milliseconds to wait between two pages, to be kind to the site; 100 if left out.
    #[serde(default = "hundred")]
    #[schemars(range(min = 0, max = 10000))]
    pause_millis: u32,
}

fn twenty() -> u32 {
    20
}

fn three() -> u32 {
    3
}

fn hundred() -> u32 {
    100
}

/// What was found on a site.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Summary {
    /// The pages that were read, in the order in which they were found.
    pages: Vec<Page>,
    /// The links that lead nowhere.
    broken: Vec<Broken>,
    /// How many pages are known that were not read.
    unread: u32,
    /// Why the crawl ended.
    ended: End,
    /// How many milliseconds it took.
    took_millis: u64,
}

/// A page that was read.
#[derive(Debug, Serialize, JsonSchema)]
struct Page {
    url: String,
    /// What it says it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// How many links lead to it, one behind the other.
    depth: u32,
    /// How many pages of the same host it links to.
    links: u32,
}

/// A link that leads nowhere.
#[derive(Debug, Serialize, JsonSchema)]
struct Broken {
    /// Where it leads.
    url: String,
    /// The page that has it; none for where the crawl began.
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<String>,
    /// What is wrong.
    why: String,
}

/// Why a crawl ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum End {
    /// There was nothing left to read.
    Complete,
    /// It had read as many pages as it was to.
    Pages,
    /// It had sent as many requests as a call may.
    Requests,
    /// It had used up its time.
    Time,
}

#[tool_router]
impl Crawler {
    /// Reads the pages of a site, from one on and along their links, and says how each is called and
    /// which links are broken. It stays on the host that it begins with.
    #[tool(task = "optional", annotations(read_only_hint, open_world_hint))]
    fn crawl(
        &self,
        ctx: &Context,
        Parameters(wanted): Parameters<Wanted>,
    ) -> Result<Json<Summary>, String> {
        let start = Url::parse(&wanted.start).ok_or_else(|| {
            format!(
                "{:?} is no URL to begin with: write it whole, as in https://example.com/.",
                wanted.start
            )
        })?;
        let mut crawl = Crawl::new(ctx, &start, wanted.max_pages, wanted.max_depth);
        // What is wrong with the first page is said at once; the rest can do without the client.
        crawl.first()?;
        ctx.begin_task();
        let pause = Duration::from_millis(wanted.pause_millis.into());
        Ok(Json(crawl.rest(pause)))
    }
}

#[tool_handler(
    instructions = "A crawl takes a while: a client that takes tasks gets its result later. It tells its progress."
)]
impl ServerHandler for Crawler {}

smcp_sdk::serve!(Crawler);
