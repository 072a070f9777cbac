//! The crawl itself: a queue of pages, each read once, breadth first. Bounded in pages, depth, requests and
//! time; what a page says is never believed to be more than text.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use smcp_sdk::{Context, HttpError, HttpResponse};

use crate::links;
use crate::url::Url;
use crate::{Broken, End, Page, Summary};

/// How much of a page is looked at: long ones are lists, and the beginning of a list will do.
const READ_MAX: usize = 256 * 1024;
/// How many pages are remembered: a site that makes links without end is not followed without end.
const KNOWN_MAX: usize = 2_000;
/// What a request may take, and what is left of the call's time when it ends by itself: enough to say what
/// was found.
const PATIENCE: Duration = Duration::from_secs(10);
const RESERVE: Duration = Duration::from_secs(2);

/// A crawl under way.
pub(crate) struct Crawl<'a> {
    ctx: &'a Context,
    began: u64,
    max_pages: u32,
    max_depth: u32,
    known: BTreeSet<Url>,
    queue: VecDeque<Found>,
    pages: Vec<Page>,
    broken: Vec<Broken>,
}

/// A page that is to be read.
struct Found {
    url: Url,
    on: Option<Url>,
    depth: u32,
}

impl<'a> Crawl<'a> {
    pub(crate) fn new(ctx: &'a Context, start: &Url, max_pages: u32, max_depth: u32) -> Self {
        let found = Found {
            url: start.clone(),
            on: None,
            depth: 0,
        };
        Self {
            ctx,
            began: ctx.now_millis(),
            max_pages,
            max_depth,
            known: BTreeSet::from([start.clone()]),
            queue: VecDeque::from([found]),
            pages: Vec::new(),
            broken: Vec::new(),
        }
    }

    /// Reads the page that it begins with. If that cannot be read, there is no crawl.
    pub(crate) fn first(&mut self) -> Result<(), String> {
        let Some(found) = self.queue.pop_front() else {
            return Ok(());
        };
        let answer = self.get(&found.url)?.error_for_status()?;
        self.take(&found, &answer);
        Ok(())
    }

    /// Reads the others, and sums up.
    pub(crate) fn rest(mut self, pause: Duration) -> Summary {
        let ended = loop {
            self.tell();
            if self.queue.is_empty() {
                break End::Complete;
            }
            if self.pages.len() >= self.max_pages as usize {
                break End::Pages;
            }
            if self.ctx.time_left() < pause + RESERVE {
                break End::Time;
            }
            self.ctx.sleep(pause);
            let Some(found) = self.queue.pop_front() else {
                break End::Complete;
            };
            match self
                .get(&found.url)
                .and_then(HttpResponse::error_for_status)
            {
                Ok(answer) => self.take(&found, &answer),
                Err(HttpError::TooMany(_)) => {
                    self.queue.push_front(found);
                    break End::Requests;
                }
                Err(error) => self.broken.push(Broken {
                    url: found.url.to_string(),
                    on: found.on.as_ref().map(ToString::to_string),
                    why: why(&error),
                }),
            }
        };
        Summary {
            unread: u32::try_from(self.queue.len()).unwrap_or(u32::MAX),
            ended,
            took_millis: self.ctx.now_millis() - self.began,
            pages: self.pages,
            broken: self.broken,
        }
    }

    fn get(&self, url: &Url) -> Result<HttpResponse, HttpError> {
        let left = self.ctx.time_left().saturating_sub(RESERVE / 2);
        let request = self.ctx.http().get(url.to_string());
        request
            .header("user-agent", "smcp-crawl")
            .header("accept", "text/html, text/plain;q=0.5")
            .timeout(left.min(PATIENCE))
            .send()
    }

    /// Takes note of a page, and of where it leads.
    fn take(&mut self, found: &Found, answer: &HttpResponse) {
        let body = answer.body.get(..READ_MAX).unwrap_or(&answer.body);
        let text = String::from_utf8_lossy(body);
        let read = match kind(answer) {
            "text/html" | "application/xhtml+xml" => links::of_html(&text),
            "text/plain" | "text/markdown" => links::of_text(&text),
            _ => links::Read::default(),
        };
        let base = read.base.and_then(|base| found.url.join(&base));
        let base = base.as_ref().unwrap_or(&found.url);
        let targets: BTreeSet<Url> = (read.links.iter())
            .filter_map(|link| base.join(link))
            .filter(|target| target.same_host(&found.url))
            .collect();
        self.pages.push(Page {
            url: found.url.to_string(),
            title: read.title,
            depth: found.depth,
            links: u32::try_from(targets.len()).unwrap_or(u32::MAX),
        });
        if found.depth >= self.max_depth {
            return;
        }
        for url in targets {
            if self.known.len() < KNOWN_MAX && self.known.insert(url.clone()) {
                self.queue.push_back(Found {
                    url,
                    on: Some(found.url.clone()),
                    depth: found.depth + 1,
                });
            }
        }
    }

    /// Tells how far it is: of so many links as are known now.
    fn tell(&self) {
        let done = self.pages.len() + self.broken.len();
        let next = self.queue.front().map(|found| found.url.to_string());
        let message = match next {
            Some(next) => format!("{} read; next is {next}", self.pages.len()),
            None => format!("{} read", self.pages.len()),
        };
        let total = done + self.queue.len();
        // A page has some thousands of links at most: no number here is beyond what a float can hold.
        self.ctx
            .progress(done as f64, Some(total as f64), Some(&message));
    }
}

/// The type of an answer without its parameters.
fn kind(answer: &HttpResponse) -> &str {
    let kind = answer.header("content-type").unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim()
}

/// What is wrong with a link, in few words.
fn why(error: &HttpError) -> String {
    match error {
        HttpError::Status(answer) => format!("status {}", answer.status),
        HttpError::Redirected(_) => {
            "redirected too often, or to where this server may not go".into()
        }
        HttpError::TooLarge(_) => "too large to be read".into(),
        HttpError::Timeout(_) => "no answer in time".into(),
        HttpError::Denied(_) => "this server may not go there".into(),
        other => other.to_string(),
    }
}
