//! What of a list its caller is shown. Why, is not known here.

use core::fmt;

use super::Item;

/// What of a list its caller is shown.
#[derive(Clone, Copy)]
pub enum Shown<'a> {
    /// All of it.
    All,
    /// Of tools, those of which this is so, given a tool's name and whether it says that it changes nothing.
    Tools(&'a dyn Fn(&str, bool) -> bool),
    /// Nothing of it.
    Nothing,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "All",
            Self::Tools(_) => "Tools",
            Self::Nothing => "Nothing",
        })
    }
}

impl<'a> Shown<'a> {
    /// The items from a place on that are shown, each with its place.
    pub(super) fn places<'i>(
        self,
        items: &'i [Item],
        from: usize,
    ) -> impl Iterator<Item = (usize, &'i Item)> + use<'a, 'i> {
        let items = match self {
            Self::Nothing => &[],
            Self::All | Self::Tools(_) => items,
        };
        let later = items.iter().enumerate().skip(from);
        later.filter(move |(_, item)| match self {
            Self::All => true,
            Self::Tools(is_shown) => is_shown(&item.key, item.only_reads),
            Self::Nothing => false,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        reason = "a test may stop where it stands"
    )]

    use proptest::prelude::*;
    use smcp_ids::ServerSlug;
    use smcp_ids::limits::{LIST_PAGE_ITEMS, UNION_PAGE_ITEMS};

    use super::*;
    use crate::catalogue::tests::keys;
    use crate::catalogue::{Catalogue, List, UnionPage};
    use crate::error::ProtocolError;

    /// So many tools `t0`, `t1` and so on; every third says that it only reads.
    fn tools(count: usize) -> Catalogue {
        let tool = |number: usize| {
            let only_reads = number.is_multiple_of(3);
            format!(
                r#"{{"name":"t{number}","annotations":{{"readOnlyHint":{only_reads}}},"inputSchema":{{"type":"object"}}}}"#
            )
        };
        let tools: Vec<String> = (0..count).map(tool).collect();
        let text = format!(r#"{{"tools":[{}],"prompts":[]}}"#, tools.join(" , "));
        Catalogue::parse(text.as_bytes()).unwrap()
    }

    fn number(name: &str) -> usize {
        name.strip_prefix('t').unwrap().parse().unwrap()
    }

    /// The names on each page of a list, and the cursors between them.
    fn pages(catalogue: &Catalogue, shown: Shown<'_>) -> (Vec<Vec<String>>, Vec<String>) {
        let (mut pages, mut cursors) = (Vec::new(), Vec::new());
        let mut cursor: Option<String> = None;
        loop {
            let page = catalogue
                .page_of(List::Tools, cursor.as_deref(), shown)
                .unwrap();
            pages.push(keys(&page));
            cursor = page.next().map(str::to_owned);
            match &cursor {
                Some(cursor) => cursors.push(cursor.clone()),
                None => return (pages, cursors),
            }
        }
    }

    /// All names of a list of all servers, and how many pages it has.
    fn united(servers: &[(ServerSlug, Catalogue)], shown: Shown<'_>) -> (Vec<String>, usize) {
        let (mut names, mut cursor, mut count) = (Vec::new(), None::<String>, 0);
        loop {
            let mut page = UnionPage::begin(List::Tools, cursor.as_deref()).unwrap();
            let from = page.from().cloned();
            let mut rest = servers
                .iter()
                .skip_while(|(slug, _)| from.as_ref().is_some_and(|from| slug < from))
                .peekable();
            for (slug, catalogue) in rest.by_ref() {
                if !page.add(slug, catalogue, shown) {
                    break;
                }
            }
            let page = page.finish(rest.peek().map(|(slug, _)| slug));
            let on_page = keys(&page);
            assert!(on_page.len() <= UNION_PAGE_ITEMS);
            names.extend(on_page);
            count += 1;
            cursor = page.next().map(str::to_owned);
            if cursor.is_none() {
                return (names, count);
            }
        }
    }

    #[test]
    fn a_page_of_what_is_shown_is_as_long_as_any_other() {
        let catalogue = tools(900);
        let (all, _) = pages(&catalogue, Shown::All);
        assert_eq!(all.concat().len(), 900);
        // All, but not by the way of all.
        assert_eq!(pages(&catalogue, Shown::Tools(&|_, _| true)).0, all);
        let (some, cursors) = pages(&catalogue, Shown::Tools(&|_, only_reads| only_reads));
        assert_eq!(
            some.iter().map(Vec::len).collect::<Vec<_>>(),
            [100, 100, 100]
        );
        assert_eq!(cursors, ["t300", "t600"]);
        // There is more after it, but nothing that is shown.
        let (first, cursors) = pages(&catalogue, Shown::Tools(&|name, _| number(name) < 100));
        assert_eq!((first[0].len(), first.len(), cursors.len()), (100, 1, 0));
    }

    #[test]
    fn no_cursor_tells_how_much_there_is_that_is_not_shown() {
        let catalogue = tools(300);
        let few = |name: &str, _: bool| number(name) < 10;
        for (shown, cursor, is_taken) in [
            (Shown::All, "t299", true),
            (Shown::All, "t300", false),
            (Shown::Tools(&few), "t9", true),
            (Shown::Tools(&few), "t10", false),
            (Shown::Tools(&few), "t299", false),
            (Shown::Nothing, "t1", false),
            (Shown::Nothing, "t300", false),
        ] {
            let page = catalogue.page_of(List::Tools, Some(cursor), shown);
            assert_eq!(page.is_ok(), is_taken, "{shown:?} {cursor}");
        }
        let nothing = catalogue
            .page_of(List::Tools, None, Shown::Nothing)
            .unwrap();
        assert!(keys(&nothing).is_empty() && nothing.next().is_none());
        // A list that the server does not have is a method that it does not have, whoever asks.
        let absent = catalogue.page_of(List::Resources, None, Shown::Nothing);
        assert_eq!(
            absent,
            Err(ProtocolError::method_not_found("resources/list"))
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_pages_of_what_is_shown_are_what_is_shown_in_order(
            mask in proptest::collection::vec(any::<bool>(), 0..450),
            reads in any::<bool>(),
        ) {
            let catalogue = tools(mask.len());
            let is_shown = |name: &str, only_reads: bool| mask[number(name)] || reads && only_reads;
            let expected: Vec<String> = (0..mask.len())
                .filter(|&at| mask[at] || reads && at.is_multiple_of(3))
                .map(|at| format!("t{at}"))
                .collect();
            let (pages, _) = pages(&catalogue, Shown::Tools(&is_shown));
            prop_assert_eq!(pages.len(), expected.len().div_ceil(LIST_PAGE_ITEMS).max(1));
            prop_assert_eq!(pages.concat(), expected);
        }

        #[test]
        fn a_united_list_of_what_is_shown_is_what_is_shown_in_order(
            counts in proptest::collection::vec(0_usize..260, 0..6),
            mask in proptest::collection::vec(any::<bool>(), 260),
        ) {
            let servers: Vec<(ServerSlug, Catalogue)> = counts
                .iter()
                .enumerate()
                .map(|(at, &count)| (format!("s{at}").parse().unwrap(), tools(count)))
                .collect();
            let expected: Vec<String> = counts
                .iter()
                .enumerate()
                .flat_map(|(at, &count)| {
                    let shown = (0..count).filter(|&tool| mask[tool]);
                    shown.map(move |tool| format!("s{at}__t{tool}"))
                })
                .collect();
            let (names, pages) = united(&servers, Shown::Tools(&|name, _| mask[number(name)]));
            prop_assert!(pages <= expected.len() / UNION_PAGE_ITEMS + 1);
            prop_assert_eq!(names, expected);
            let (none, _) = united(&servers, Shown::Nothing);
            prop_assert_eq!(none, Vec::<String>::new());
        }
    }
}
