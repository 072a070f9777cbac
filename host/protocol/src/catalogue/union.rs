//! The lists of many servers as one.
//!
//! A page is built from the catalogues it needs and no others, so its cost does not grow with the
//! number of servers: it ends when it has enough items, bytes, servers, or lists that a guest made.
//! Servers come in the order of their names, and each one's items in its author's order.

use std::borrow::Cow;

use smcp_ids::ServerSlug;
use smcp_ids::limits::{UNION_GUEST_LISTS, UNION_PAGE_BYTES, UNION_PAGE_ITEMS};

use crate::error::ProtocolError;
use crate::guest_result::{GuestResult, ResultError};
use crate::json::{Json, push_string};

use super::links;
use super::page::read_offset;
use super::united::{union_name, union_uri};
use super::{Catalogue, Item, List, Page, Shown, TaskSupport};

/// Where in the united list something is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    server: ServerSlug,
    /// How many of the server's items come before; or, of a list that its guest makes, how many of the
    /// guest's pages.
    before: usize,
    /// The guest's own cursor.
    guest: Option<String>,
}

/// A page of the united list while it is filled: [`UnionPage::begin`], then [`UnionPage::add`], or
/// [`UnionPage::add_made`], for each server in the order of slugs from [`UnionPage::from`] on until it
/// says that the page is full, then [`UnionPage::finish`].
#[derive(Clone, Debug)]
pub struct UnionPage {
    list: List,
    /// Where the cursor pointed.
    from: Option<Place>,
    text: String,
    /// Of tools: whether a call of each may go on as a task.
    supports: Vec<TaskSupport>,
    items: usize,
    servers: usize,
    /// Lists that guests made for it.
    made: usize,
    /// The server that was added last, and how much of it is in or before this page.
    reached: Option<Place>,
    /// That server has items that did not fit.
    cut: bool,
}

impl UnionPage {
    /// Starts the page that a cursor points at; the first without one.
    ///
    /// # Errors
    /// The cursor is not one of this list.
    pub fn begin(list: List, cursor: Option<&str>) -> Result<Self, ProtocolError> {
        let from = cursor
            .map(|cursor| Place::read(list, cursor).ok_or(ProtocolError::Cursor))
            .transpose()?;
        Ok(Self {
            list,
            from,
            text: String::new(),
            supports: Vec::new(),
            items: 0,
            servers: 0,
            made: 0,
            reached: None,
            cut: false,
        })
    }

    /// Which list.
    pub fn list(&self) -> List {
        self.list
    }

    /// The first server to add, or the next one after it if it is gone; None for the very first.
    pub fn from(&self) -> Option<&ServerSlug> {
        self.from.as_ref().map(|place| &place.server)
    }

    /// Whether it has anything by now, or the knowledge that there is nothing.
    pub fn has_begun(&self) -> bool {
        self.reached.is_some()
    }

    /// The cursor at which the guest of a server is to go on with its list.
    pub fn guest_cursor(&self, server: &ServerSlug) -> Option<&str> {
        self.came_from(server)?.guest.as_deref()
    }

    /// How many pages the guest of a server has made before this one.
    pub fn guest_pages(&self, server: &ServerSlug) -> usize {
        let from = self.came_from(server);
        from.filter(|from| from.guest.is_some())
            .map_or(0, |from| from.before)
    }

    /// The place that the cursor pointed at, if it is in this server.
    fn came_from(&self, server: &ServerSlug) -> Option<&Place> {
        self.from.as_ref().filter(|from| from.server == *server)
    }

    /// Adds the items of a server that its caller is shown, as far as there is room. False when the page
    /// is full; servers without items fill it too.
    pub fn add(&mut self, server: &ServerSlug, catalogue: &Catalogue, shown: Shown<'_>) -> bool {
        let from = self.came_from(server).filter(|from| from.guest.is_none());
        let before = from.map_or(0, |from| from.before);
        let items = catalogue.items(self.list);
        let mut left = None;
        for (place, item) in shown.places(items, before) {
            if self.items >= UNION_PAGE_ITEMS || self.text.len() >= UNION_PAGE_BYTES {
                left = Some(place);
                break;
            }
            self.push(&united(server, catalogue, self.list, item));
            if self.list == List::Tools {
                self.supports.push(item.task_support);
            }
        }
        self.cut = left.is_some();
        self.reach(server, left.unwrap_or(items.len()), None)
    }

    /// Adds a page of resources that a server's guest has made: all of it, since only the guest can
    /// go on inside its list. What in it has no URI is left out. False when the page is full.
    ///
    /// # Errors
    /// It is not such a page.
    pub fn add_made(&mut self, server: &ServerSlug, output: &str) -> Result<bool, ResultError> {
        let made = GuestResult::parse_resources(output)?.json();
        let resources = made.get("resources").into_iter();
        for item in resources.flat_map(Json::elements) {
            let Some(key) = item.get(self.list.key()) else {
                continue;
            };
            if let Some(uri) = key.as_str() {
                let start = links::offset(item.text(), key);
                let mut text = item.text().get(..start).unwrap_or_default().to_owned();
                push_string(&mut text, &union_uri(server, &uri));
                let end = start + key.text().len();
                text.push_str(item.text().get(end..).unwrap_or_default());
                self.push(&text);
            }
        }
        self.made += 1;
        let next = made.get("nextCursor").and_then(Json::as_str);
        self.cut = next.is_some();
        let pages = self.guest_pages(server).saturating_add(1);
        Ok(self.reach(server, pages, next.map(Cow::into_owned)))
    }

    /// Counts a server that has nothing to add now. False when the page is full.
    pub fn pass(&mut self, server: &ServerSlug, was_asked: bool) -> bool {
        self.made += usize::from(was_asked);
        self.cut = false;
        self.reach(server, 0, None)
    }

    fn push(&mut self, item: &str) {
        if !self.text.is_empty() {
            self.text.push(',');
        }
        self.text.push_str(item);
        self.items += 1;
    }

    fn reach(&mut self, server: &ServerSlug, before: usize, guest: Option<String>) -> bool {
        // The one that the cursor pointed at is beyond those that a page is made from.
        self.servers += usize::from(self.came_from(server).is_none());
        self.reached = Some(Place {
            server: server.clone(),
            before,
            guest,
        });
        !self.cut
            && self.items < UNION_PAGE_ITEMS
            && self.text.len() < UNION_PAGE_BYTES
            && self.servers < UNION_PAGE_ITEMS
            && self.made < UNION_GUEST_LISTS
    }

    /// The page. `next` is the server that comes after the one that was added last.
    pub fn finish(self, next: Option<&ServerSlug>) -> Page<'static> {
        let place = if self.cut {
            self.reached
        } else {
            // A server is begun anew: nothing of the one before need be known for that.
            next.map(|server| Place {
                server: server.clone(),
                before: 0,
                guest: None,
            })
        };
        Page {
            list: self.list,
            items: Cow::Owned(self.text),
            supports: self.supports,
            is_made: self.made > 0,
            next: place.map(|place| place.cursor(self.list)),
        }
    }
}

impl Place {
    /// `u`, the list's letter, the server, the number of its items before, and in hexadecimal the
    /// guest's own cursor.
    fn cursor(&self, list: List) -> String {
        let mut cursor = format!("u{}{}.{}", list.letter(), self.server, self.before);
        if let Some(guest) = &self.guest {
            cursor.push('.');
            for byte in guest.bytes() {
                cursor.push_str(&format!("{byte:02x}"));
            }
        }
        cursor
    }

    fn read(list: List, cursor: &str) -> Option<Self> {
        let rest = cursor.strip_prefix('u')?.strip_prefix(list.letter())?;
        let mut parts = rest.split('.');
        let place = Self {
            server: parts.next()?.parse().ok()?,
            before: read_offset(parts.next()?)?,
            guest: match parts.next() {
                Some(hex) => Some(unhex(hex)?),
                None => None,
            },
        };
        parts.next().is_none().then_some(place)
    }
}

fn unhex(hex: &str) -> Option<String> {
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect();
    String::from_utf8(bytes?).ok()
}

/// An item as the united list has it.
fn united(server: &ServerSlug, catalogue: &Catalogue, list: List, item: &Item) -> String {
    let text = catalogue.slice(item.whole.clone());
    let start = item.key_value.start - item.whole.start;
    let end = item.key_value.end - item.whole.start;
    let mut out = String::with_capacity(text.len() + 48);
    out.push_str(text.get(..start).unwrap_or_default());
    let key = match list {
        List::Tools | List::Prompts => union_name(server, &item.key),
        List::Resources | List::ResourceTemplates => union_uri(server, &item.key),
    };
    push_string(&mut out, &key);
    out.push_str(text.get(end..).unwrap_or_default());
    if list == List::Tools {
        return links::interface(out, |uri| Some(union_uri(server, uri)));
    }
    out
}
