//! A release's catalogue: what `describe` gave, read once, and served in pages.
//!
//! The text stays as the author wrote it; items are places in it, so a page is one slice and costs
//! the same wherever it begins. Refused: unknown members, items without what MCP requires of them,
//! names that do not fit headers or repeat. Knows nothing of who lists it, or when.

mod error;
mod execution;
mod item;
pub(crate) mod legacy;
mod links;
mod page;
mod shown;
#[cfg(test)]
mod tests;
mod union;
mod united;

use std::ops::Range;

use smcp_ids::limits::CATALOGUE_MAX;

use crate::error::ProtocolError;
use crate::guest_call::Target;
use crate::head::Head;
use crate::json::{Json, Kind};
use crate::listen::Change;
use crate::param_header::{self, ParamHeader};

pub use error::CatalogueError;
pub use execution::TaskSupport;
pub use links::{Linked, with_uris};
pub use page::{List, Page};
pub use shown::Shown;
pub use union::UnionPage;
pub use united::{split_union_name, split_union_uri, union_name, union_uri};

/// A catalogue whose every item was checked.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    text: Box<str>,
    /// By `List::index`; None where the catalogue does not speak of it.
    lists: [Option<Items>; List::ALL.len()],
    instructions: Option<Range<usize>>,
    icons: Option<Range<usize>>,
    dynamic_resources: bool,
    completions: bool,
    /// Whether a tool may go on as a task.
    tasks: bool,
}

/// The items of a list, in the author's order.
#[derive(Clone, Debug, Default)]
struct Items {
    items: Vec<Item>,
    /// Indexes of `items` in the order of their keys.
    by_key: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Item {
    /// What it is called by: a name, a URI or a URI template.
    key: Box<str>,
    /// Where the item is in the text.
    whole: Range<usize>,
    /// Where the value of its key is.
    key_value: Range<usize>,
    /// Of a tool: the arguments that it wants mirrored in headers.
    headers: Box<[ParamHeader]>,
    /// Of a tool: whether a call of it may go on as a task.
    task_support: TaskSupport,
    /// Of a tool: whether its author says that it changes nothing.
    only_reads: bool,
}

/// What a server offers, as capabilities say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer<'a> {
    /// It has tools.
    pub tools: bool,
    /// It has resources or templates of them.
    pub resources: bool,
    /// It has prompts.
    pub prompts: bool,
    /// It proposes completions.
    pub completions: bool,
    /// A call of one of its tools may go on as a task.
    pub tasks: bool,
    /// How to use it, a JSON string.
    pub instructions: Option<Json<'a>>,
}

/// One tool of a catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Tool<'a> {
    name: &'a str,
    json: Json<'a>,
    task_support: TaskSupport,
    only_reads: bool,
}

impl Catalogue {
    /// Reads what `describe` returned.
    ///
    /// # Errors
    /// The first thing in it that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, CatalogueError> {
        if bytes.len() > CATALOGUE_MAX {
            return Err(CatalogueError::TooLarge);
        }
        let json = Json::parse(bytes)?;
        if json.kind() != Kind::Object {
            return Err(CatalogueError::NotObject);
        }
        // How tools are run is kept beside the text from which lists are served.
        let (bare, supports) = execution::taken_out(json)?;
        let json = bare.as_deref().map_or(json, Json::of_scanned);
        let text = json.text();
        let mut catalogue = Self {
            text: text.into(),
            lists: [const { None }; List::ALL.len()],
            instructions: None,
            icons: None,
            dynamic_resources: false,
            completions: false,
            tasks: supports
                .iter()
                .any(|&support| support != TaskSupport::Forbidden),
        };
        for (name, value) in json.members() {
            if name == "instructions" {
                if value.kind() != Kind::String {
                    return Err(CatalogueError::Instructions);
                }
                catalogue.instructions = Some(place(text, value));
                continue;
            }
            if name == "icons" {
                if value.kind() != Kind::Array {
                    return Err(CatalogueError::NotArray("icons"));
                }
                catalogue.icons = Some(place(text, value));
                continue;
            }
            let flag = match &*name {
                "dynamicResources" => Some(&mut catalogue.dynamic_resources),
                "completions" => Some(&mut catalogue.completions),
                _ => None,
            };
            if let Some(flag) = flag {
                if value.kind() != Kind::Bool {
                    return Err(CatalogueError::Flag(name.into_owned()));
                }
                *flag = value.text() == "true";
                continue;
            }
            let list = List::of_member(&name)
                .ok_or_else(|| CatalogueError::UnknownMember(name.into_owned()))?;
            let mut items = Items::read(text, list, value)?;
            if list == List::Tools {
                for (item, &support) in items.items.iter_mut().zip(&supports) {
                    item.task_support = support;
                }
            }
            if let Some(slot) = catalogue.lists.get_mut(list.index()) {
                *slot = Some(items);
            }
        }
        Ok(catalogue)
    }

    /// What it offers.
    pub fn offer(&self) -> Offer<'_> {
        Offer {
            tools: self.declares(List::Tools),
            resources: self.declares(List::Resources),
            prompts: self.declares(List::Prompts),
            completions: self.completions,
            tasks: self.tasks,
            instructions: self.instructions.clone().map(|range| self.json(range)),
        }
    }

    /// The tool of that name.
    pub fn tool(&self, name: &str) -> Option<Tool<'_>> {
        let items = self.lists.get(List::Tools.index())?.as_ref()?;
        items.get(name).map(|item| self.tool_of(item))
    }

    /// Whether it may have that, as far as the catalogue can say: a resource that is not listed may
    /// fit a template, or come and go.
    pub fn has(&self, target: Target, name: &str) -> bool {
        let lists = |list: List| self.lists.get(list.index()).and_then(Option::as_ref);
        let listed = |list: List| lists(list).is_some_and(|items| items.get(name).is_some());
        match target {
            Target::Tool => listed(List::Tools),
            Target::Prompt => listed(List::Prompts),
            Target::Resource => {
                self.dynamic_resources
                    || listed(List::Resources)
                    || lists(List::ResourceTemplates).is_some_and(|items| !items.items.is_empty())
            }
            Target::Completion => {
                self.dynamic_resources
                    || [List::Prompts, List::Resources, List::ResourceTemplates]
                        .into_iter()
                        .any(listed)
            }
        }
    }

    /// Whether it lists a resource of that URI.
    pub fn lists_resource(&self, uri: &str) -> bool {
        let lists = self.lists.get(List::Resources.index());
        lists
            .and_then(Option::as_ref)
            .is_some_and(|items| items.get(uri).is_some())
    }

    /// The names of its tools and of its prompts.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let lists = [List::Tools, List::Prompts].into_iter();
        lists
            .flat_map(|list| self.items(list))
            .map(|item| &*item.key)
    }

    /// Bytes of its text.
    pub fn size(&self) -> usize {
        self.text.len()
    }

    /// The server's own icons, an array.
    pub fn icons(&self) -> Option<Json<'_>> {
        self.icons.clone().map(|range| self.json(range))
    }

    /// Whether the server itself says which resources there are.
    pub fn dynamic_resources(&self) -> bool {
        self.dynamic_resources
    }

    /// The members whose lists differ between two releases of a server.
    pub fn changes(&self, other: &Self) -> Vec<Change> {
        let differs = |list: List| {
            let seen = |catalogue: &Self| -> Vec<(String, TaskSupport)> {
                let items = catalogue.items(list).iter();
                let text = |item: &Item| catalogue.slice(item.whole.clone()).to_owned();
                items.map(|item| (text(item), item.task_support)).collect()
            };
            seen(self) != seen(other)
        };
        let mut changes = Vec::new();
        if differs(List::Tools) {
            changes.push(Change::Tools);
        }
        if differs(List::Prompts) {
            changes.push(Change::Prompts);
        }
        // Which resources a guest lists is not known here.
        let is_made = self.dynamic_resources || other.dynamic_resources;
        if is_made || differs(List::Resources) || differs(List::ResourceTemplates) {
            changes.push(Change::Resources);
        }
        changes
    }

    /// Compares a call's headers with its arguments, where the tool wants some mirrored.
    ///
    /// # Errors
    /// A header is missing, malformed or says something else.
    pub fn check_headers(
        &self,
        head: &Head<'_>,
        tool: &str,
        arguments: &str,
    ) -> Result<(), ProtocolError> {
        let tools = self.lists.get(List::Tools.index()).and_then(Option::as_ref);
        match tools.and_then(|items| items.get(tool)) {
            Some(item) => param_header::check(&item.headers, head, arguments),
            None => Ok(()),
        }
    }

    /// All tools, in the author's order.
    pub fn tools(&self) -> impl Iterator<Item = Tool<'_>> {
        self.items(List::Tools)
            .iter()
            .map(|item| self.tool_of(item))
    }

    fn tool_of<'a>(&'a self, item: &'a Item) -> Tool<'a> {
        Tool {
            name: &item.key,
            json: self.json(item.whole.clone()),
            task_support: item.task_support,
            only_reads: item.only_reads,
        }
    }

    /// Whether the server has the methods of a list: resources and templates go together, as MCP
    /// has one capability for both.
    fn declares(&self, list: List) -> bool {
        let has = |list: List| matches!(self.lists.get(list.index()), Some(Some(_)));
        match list {
            List::Resources | List::ResourceTemplates => {
                self.dynamic_resources || has(List::Resources) || has(List::ResourceTemplates)
            }
            List::Tools | List::Prompts => has(list),
        }
    }

    fn items(&self, list: List) -> &[Item] {
        self.lists
            .get(list.index())
            .and_then(Option::as_ref)
            .map_or(&[], |items| &items.items)
    }

    fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    fn json(&self, range: Range<usize>) -> Json<'_> {
        Json::of_scanned(self.slice(range))
    }
}

impl<'a> Tool<'a> {
    /// Its name.
    pub fn name(self) -> &'a str {
        self.name
    }

    /// The whole tool as clients are told it: as the author wrote it, without how it is run.
    pub fn json(self) -> Json<'a> {
        self.json
    }

    /// Whether a call of it may go on without its client.
    pub fn task_support(self) -> TaskSupport {
        self.task_support
    }

    /// Its input schema: an object with `"type": "object"`.
    pub fn input_schema(self) -> Option<Json<'a>> {
        self.json.get("inputSchema")
    }

    /// Its output schema, an object.
    pub fn output_schema(self) -> Option<Json<'a>> {
        self.json.get("outputSchema")
    }

    /// Whether its author says that it changes nothing (server/tools, `ToolAnnotations`: absent
    /// means that it may).
    pub fn read_only(self) -> bool {
        self.only_reads
    }
}

impl Items {
    fn read(text: &str, list: List, value: Json<'_>) -> Result<Self, CatalogueError> {
        if value.kind() != Kind::Array {
            return Err(CatalogueError::NotArray(list.member()));
        }
        let mut items = Vec::new();
        for (index, element) in value.elements().enumerate() {
            let wrong = |why| CatalogueError::Item {
                list: list.member(),
                index,
                why,
            };
            let (key, key_value) = item::check(list, element).map_err(wrong)?;
            items.push(Item {
                key,
                whole: place(text, element),
                key_value: place(text, key_value),
                headers: match element.get("inputSchema") {
                    Some(schema) if list == List::Tools => {
                        param_header::read(schema).map_err(wrong)?
                    }
                    _ => Box::default(),
                },
                task_support: TaskSupport::default(),
                only_reads: list == List::Tools && item::only_reads(element),
            });
        }
        let key_of = |&index: &usize| items.get(index).map(|item: &Item| &item.key);
        let mut by_key: Vec<usize> = (0..items.len()).collect();
        by_key.sort_unstable_by_key(|index| key_of(index));
        let repeated = by_key.windows(2).find_map(|pair| match pair {
            [one, two] if key_of(one) == key_of(two) => key_of(one),
            _ => None,
        });
        if let Some(name) = repeated {
            return Err(CatalogueError::Repeated {
                list: list.member(),
                name: name.to_string(),
            });
        }
        Ok(Self { items, by_key })
    }

    fn get(&self, key: &str) -> Option<&Item> {
        let key_of = |index: usize| self.items.get(index).map_or("", |item| &item.key);
        let found = self
            .by_key
            .binary_search_by(|&index| key_of(index).cmp(key))
            .ok()?;
        self.items.get(*self.by_key.get(found)?)
    }
}

/// Where a value found in `text` is in it.
fn place(text: &str, value: Json<'_>) -> Range<usize> {
    let start = (value.text().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    start..start + value.text().len()
}
