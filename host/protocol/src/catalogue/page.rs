//! The lists of a catalogue, their pages and cursors.

use std::borrow::Cow;

use smcp_ids::limits::LIST_PAGE_ITEMS;

use crate::error::ProtocolError;

use super::{Catalogue, Item, Shown, TaskSupport};

/// A list that clients can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum List {
    /// Tools.
    Tools,
    /// Resources.
    Resources,
    /// Templates of resources.
    ResourceTemplates,
    /// Prompts.
    Prompts,
}

impl List {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Tools,
        Self::Resources,
        Self::ResourceTemplates,
        Self::Prompts,
    ];

    /// The method that asks for it.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Tools => "tools/list",
            Self::Resources => "resources/list",
            Self::ResourceTemplates => "resources/templates/list",
            Self::Prompts => "prompts/list",
        }
    }

    /// The member that holds it, in a catalogue and in a result.
    pub const fn member(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Resources => "resources",
            Self::ResourceTemplates => "resourceTemplates",
            Self::Prompts => "prompts",
        }
    }

    /// The member of an item that sets it apart from the others.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Tools | Self::Prompts => "name",
            Self::Resources => "uri",
            Self::ResourceTemplates => "uriTemplate",
        }
    }

    pub(super) const fn index(self) -> usize {
        self as usize
    }

    /// The list that a method asks for.
    pub(crate) fn of_method(method: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.method() == method)
    }

    pub(super) fn of_member(member: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.member() == member)
    }

    /// What begins its cursors, so that one list's is refused by another.
    pub(super) const fn letter(self) -> char {
        match self {
            Self::Tools => 't',
            Self::Resources => 'r',
            Self::ResourceTemplates => 'm',
            Self::Prompts => 'p',
        }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// Which list.
    pub(crate) list: List,
    /// Its items, as they stand inside a JSON array.
    pub(crate) items: Cow<'a, str>,
    /// Of tools: whether a call of each may go on as a task, in their order.
    pub(crate) supports: Vec<TaskSupport>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<String>,
    /// Whether a guest made some of it, so that it may be another at once.
    pub(crate) is_made: bool,
}

impl Page<'_> {
    /// The cursor of the next page, if there is one.
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// The same for a client that can have no tasks here: it must not take a tool for one that it cannot call.
    #[must_use]
    pub fn without_tasks(self) -> Self {
        Self {
            supports: Vec::new(),
            ..self
        }
    }
}

impl Catalogue {
    /// The page of a list that a cursor points at; the first without one.
    ///
    /// A cursor is the list's letter and the number of items before the page. It stays good when
    /// another release goes live, as far as that one's list reaches (server/utilities/caching,
    /// "Interaction with Pagination": pages need not agree).
    ///
    /// # Errors
    /// The catalogue has no such list, which is a method that the server does not have; or the
    /// cursor is not one of its own.
    pub fn page(&self, list: List, cursor: Option<&str>) -> Result<Page<'_>, ProtocolError> {
        self.page_of(list, cursor, Shown::All)
    }

    /// The same of what of a list its caller is shown. A page has as many items whoever asks; what is not
    /// shown is passed over, and no cursor tells of what comes after the last that is.
    ///
    /// # Errors
    /// As of [`Catalogue::page`]; a cursor after which nothing is shown is none of its own.
    pub fn page_of(
        &self,
        list: List,
        cursor: Option<&str>,
        shown: Shown<'_>,
    ) -> Result<Page<'_>, ProtocolError> {
        if !self.declares(list) {
            return Err(ProtocolError::method_not_found(list.method()));
        }
        let items = self.items(list);
        let from = match cursor {
            None => 0,
            Some(cursor) => {
                let offset = cursor.strip_prefix(list.letter()).and_then(read_offset);
                offset
                    .filter(|&from| 0 < from && from < items.len())
                    .ok_or(ProtocolError::Cursor)?
            }
        };
        let (items, supports, next) = match shown {
            Shown::All => self.run_of(list, items, from),
            some => self.some_of(list, items, from, some),
        };
        if items.is_empty() && from > 0 {
            return Err(ProtocolError::Cursor);
        }
        Ok(Page {
            list,
            items,
            supports,
            next: next.map(|next| format!("{}{next}", list.letter())),
            is_made: false,
        })
    }

    /// A page of items as they stand in the text, and where the next one begins.
    fn run_of(&self, list: List, items: &[Item], from: usize) -> Part<'_> {
        let until = items.len().min(from + LIST_PAGE_ITEMS);
        let page = items.get(from..until).unwrap_or_default();
        let text = match (page.first(), page.last()) {
            (Some(first), Some(last)) => self.slice(first.whole.start..last.whole.end),
            _ => "",
        };
        (
            Cow::Borrowed(text),
            supports(list, page.iter()),
            (until < items.len()).then_some(until),
        )
    }

    /// A page of those items that are shown, and where the next one begins: with one that is.
    fn some_of(&self, list: List, items: &[Item], from: usize, shown: Shown<'_>) -> Part<'_> {
        let mut kept = shown.places(items, from);
        let page: Vec<&Item> = kept
            .by_ref()
            .take(LIST_PAGE_ITEMS)
            .map(|(_, item)| item)
            .collect();
        let texts: Vec<&str> = page
            .iter()
            .map(|item| self.slice(item.whole.clone()))
            .collect();
        let next = kept.next().map(|(place, _)| place);
        (
            Cow::Owned(texts.join(",")),
            supports(list, page.into_iter()),
            next,
        )
    }
}

/// The items of a page as text, how those that are tools may be called, and where the next page begins.
type Part<'a> = (Cow<'a, str>, Vec<TaskSupport>, Option<usize>);

fn supports<'a>(list: List, items: impl Iterator<Item = &'a Item>) -> Vec<TaskSupport> {
    let tools = items.filter(|_| list == List::Tools);
    tools.map(|item| item.task_support).collect()
}

/// A number as cursors hold it: one spelling for each.
pub(super) fn read_offset(text: &str) -> Option<usize> {
    let offset: usize = text.parse().ok()?;
    (offset.to_string() == text).then_some(offset)
}
