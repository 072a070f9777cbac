//! The lists of a catalogue, their pages and cursors.

use std::borrow::Cow;

use smcp_ids::limits::LIST_PAGE_ITEMS;

use crate::error::ProtocolError;

use super::{Catalogue, TaskSupport};

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
        let until = items.len().min(from + LIST_PAGE_ITEMS);
        let page = items.get(from..until).unwrap_or_default();
        let text = match (page.first(), page.last()) {
            (Some(first), Some(last)) => self.slice(first.whole.start..last.whole.end),
            _ => "",
        };
        let next = (until < items.len()).then(|| format!("{}{until}", list.letter()));
        let supports = page.iter().filter(|_| list == List::Tools);
        Ok(Page {
            list,
            items: Cow::Borrowed(text),
            supports: supports.map(|item| item.task_support).collect(),
            next,
            is_made: false,
        })
    }
}

/// A number as cursors hold it: one spelling for each.
pub(super) fn read_offset(text: &str) -> Option<usize> {
    let offset: usize = text.parse().ok()?;
    (offset.to_string() == text).then_some(offset)
}
