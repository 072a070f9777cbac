//! The tools of many servers as one list, each named `{server}__{tool}`.
//!
//! A page is built from the catalogues it needs and no others, so its cost does not grow with the
//! number of servers. Only tools are united: resources are named by URIs that two servers may
//! share, and prompts wait for a client that wants them.

use std::borrow::Cow;

use smcp_ids::ServerSlug;
use smcp_ids::limits::LIST_PAGE_ITEMS;

use crate::error::ProtocolError;
use crate::json::push_string;

use super::page::read_offset;
use super::{Catalogue, List, Page};

/// What stands between server and tool. No slug holds an underscore, so the first one ends it.
const SEPARATOR: &str = "__";

/// The name of a server's tool among those of all servers.
pub fn union_name(server: &ServerSlug, tool: &str) -> String {
    format!("{server}{SEPARATOR}{tool}")
}

/// The server and the tool that such a name means.
pub fn split_union_name(name: &str) -> Option<(ServerSlug, &str)> {
    let (server, tool) = name.split_once(SEPARATOR)?;
    Some((server.parse().ok()?, tool))
}

/// A page of the united list while it is filled: [`UnionPage::begin`], then [`UnionPage::add`] for
/// each server in the order of slugs from [`UnionPage::from`] on until it says that the page is
/// full, then [`UnionPage::finish`].
#[derive(Clone, Debug)]
pub struct UnionPage {
    /// Where the cursor pointed: a server and the number of its tools that came before.
    from: Option<(ServerSlug, usize)>,
    items: String,
    tools: usize,
    servers: usize,
    /// The server that was added last, and how many of its tools are in or before this page.
    reached: Option<(ServerSlug, usize)>,
    /// That server has tools that did not fit.
    cut: bool,
}

impl UnionPage {
    /// Starts the page that a cursor points at; the first without one.
    ///
    /// # Errors
    /// The cursor is not one of this list.
    pub fn begin(cursor: Option<&str>) -> Result<Self, ProtocolError> {
        let from = cursor
            .map(|cursor| read_cursor(cursor).ok_or(ProtocolError::Cursor))
            .transpose()?;
        Ok(Self {
            from,
            items: String::new(),
            tools: 0,
            servers: 0,
            reached: None,
            cut: false,
        })
    }

    /// The first server to add, or the next one after it if it is gone; None for the very first.
    pub fn from(&self) -> Option<&ServerSlug> {
        self.from.as_ref().map(|(server, _)| server)
    }

    /// Adds the tools of a server, as far as there is room. False when the page is full; servers
    /// without tools fill it too.
    pub fn add(&mut self, server: &ServerSlug, catalogue: &Catalogue) -> bool {
        let (before, is_counted) = match &self.from {
            // On the page that ended with it.
            Some((from, before)) if from == server => (*before, true),
            _ => (0, false),
        };
        let tools = catalogue.items(List::Tools);
        let room = LIST_PAGE_ITEMS - self.tools;
        let fit = tools.get(before..).unwrap_or_default().iter().take(room);
        let mut reached = before.min(tools.len());
        for tool in fit {
            if !self.items.is_empty() {
                self.items.push(',');
            }
            self.items
                .push_str(catalogue.slice(tool.whole.start..tool.key_value.start));
            push_string(&mut self.items, &union_name(server, &tool.key));
            self.items
                .push_str(catalogue.slice(tool.key_value.end..tool.whole.end));
            self.tools += 1;
            reached += 1;
        }
        self.cut = reached < tools.len();
        self.reached = Some((server.clone(), reached));
        self.servers += usize::from(!is_counted);
        !self.cut && self.tools < LIST_PAGE_ITEMS && self.servers < LIST_PAGE_ITEMS
    }

    /// The page. `more` says whether servers come after the one that was added last.
    pub fn finish(self, more: bool) -> Page<'static> {
        let next = self
            .reached
            .filter(|_| more || self.cut)
            .map(|(server, reached)| format!("u{server}.{reached}"));
        Page {
            list: List::Tools,
            items: Cow::Owned(self.items),
            next,
        }
    }
}

fn read_cursor(cursor: &str) -> Option<(ServerSlug, usize)> {
    let (server, offset) = cursor.strip_prefix('u')?.split_once('.')?;
    Some((server.parse().ok()?, read_offset(offset)?))
}
