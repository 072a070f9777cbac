//! What a page says of itself: its title, and where it leads. Of HTML only as much is read as that takes, by
//! no more than its tags; nothing a page contains makes this fail.

/// What was read of a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) title: Option<String>,
    /// What relative links are relative to, if the page says so.
    pub(crate) base: Option<String>,
    /// As they are written.
    pub(crate) links: Vec<String>,
}

/// The longest title that is kept, in characters.
const TITLE_MAX: usize = 200;

/// Reads HTML.
pub(crate) fn of_html(text: &str) -> Read {
    let mut read = Read::default();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = after(comment, "-->");
            continue;
        }
        let (tag, behind) = split_tag(rest);
        rest = behind;
        let name_end = tag.find(|c: char| !c.is_ascii_alphanumeric());
        let (name, attributes) = tag.split_at(name_end.unwrap_or(tag.len()));
        match name.to_ascii_lowercase().as_str() {
            "a" | "area" => read.links.extend(attribute(attributes, "href")),
            "iframe" | "frame" => read.links.extend(attribute(attributes, "src")),
            "base" if read.base.is_none() => read.base = attribute(attributes, "href"),
            "title" if read.title.is_none() => {
                let end = rest.find('<').unwrap_or(rest.len());
                read.title = title(&rest[..end]);
            }
            // What is in these are no tags.
            raw @ ("script" | "style" | "textarea") => rest = after_element(rest, raw),
            _ => {}
        }
    }
    read
}

/// Reads plain text: its first line is its title, and whole URLs in it are links.
pub(crate) fn of_text(text: &str) -> Read {
    let is_between = |c: char| c.is_whitespace() || "<>\"'()[]`".contains(c);
    let links = text.split(is_between);
    let links = links.filter(|word| word.starts_with("https://") || word.starts_with("http://"));
    // What ends a sentence is no part of a link in it.
    let links = links.map(|link| link.trim_end_matches(['.', ',', ';', ':', '!', '?']));
    let first = text.lines().find(|line| !line.trim().is_empty());
    Read {
        title: first.and_then(|line| title(line.trim_start_matches('#'))),
        base: None,
        links: links.map(str::to_owned).collect(),
    }
}

fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

/// What is behind an element whose content is no HTML; all is in it if it never ends.
fn after_element<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        rest = &rest[at + 2..];
        let is_end = rest
            .get(..name.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(name));
        if is_end {
            return after(rest, ">");
        }
    }
    ""
}

/// A tag without its brackets, and what is behind it. A `>` between quotes does not end it.
fn split_tag(text: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return (&text[..at], &text[at + 1..]),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    (text, "")
}

/// The value of an attribute of a tag, if it is there.
fn attribute(attributes: &str, name: &str) -> Option<String> {
    let is_space = |c: char| c.is_ascii_whitespace() || c == '/';
    let mut rest = attributes.trim_start_matches(is_space);
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=');
        let (key, behind) = rest.split_at(end.unwrap_or(rest.len()));
        let mut value = "";
        rest = behind.trim_start();
        if let Some(given) = rest.strip_prefix('=') {
            (value, rest) = split_value(given.trim_start());
        }
        if key.eq_ignore_ascii_case(name) {
            return Some(unescaped(value));
        }
        rest = rest.trim_start_matches(is_space);
    }
    None
}

fn split_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.split_once(quote).unwrap_or((inner, ""));
        }
    }
    let end = text.find(|c: char| c.is_ascii_whitespace());
    text.split_at(end.unwrap_or(text.len()))
}

/// A title on one line; none if nothing is left of it.
fn title(text: &str) -> Option<String> {
    let words: Vec<_> = text.split_whitespace().collect();
    let title = unescaped(&words.join(" "));
    (!title.is_empty()).then(|| title.chars().take(TITLE_MAX).collect())
}

/// The few references to characters that are frequent in links and titles; `&` last, so that nothing is
/// read twice.
fn unescaped(text: &str) -> String {
    let mut out = text.to_owned();
    for (reference, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ] {
        if out.contains(reference) {
            out = out.replace(reference, character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_however_they_are_written() {
        for (html, links) in [
            (r#"<a href="/a">A</a>"#, vec!["/a"]),
            ("<A\n CLASS=x HREF = '/a' >", vec!["/a"]),
            ("<a href=/a>A</a><a href=b/>", vec!["/a", "b/"]),
            (r#"<a title="a > b" href="/a">"#, vec!["/a"]),
            (r#"<a href="/a?x=1&amp;y=2">"#, vec!["/a?x=1&y=2"]),
            (r#"<a data-href="/no" href>"#, vec![""]),
            (
                r#"<area href="/m"><iframe src="/f"></iframe>"#,
                vec!["/m", "/f"],
            ),
            (r#"<!-- <a href="/no"> --><a href="/a">"#, vec!["/a"]),
            (
                r#"<script>"<a href='/no'>" </Script ><a href="/a">"#,
                vec!["/a"],
            ),
            (r#"<abbr href="/no"><link href="/no">"#, vec![]),
            (r#"<a href="/a"#, vec!["/a"]),
            ("<script><a href=/no>", vec![]),
            ("<!-- <a href=/no>", vec![]),
            ("1 < 2 and <é", vec![]),
        ] {
            assert_eq!(of_html(html).links, links, "{html}");
        }
    }

    #[test]
    fn a_page_says_how_it_is_called_and_what_its_links_are_relative_to() {
        for (html, title, base) in [
            ("<title>\n A &amp;\n B </title>", Some("A & B"), None),
            ("<title></title>", None, None),
            ("<TITLE>A</TITLE><title>B</title>", Some("A"), None),
            ("<svg><title>", None, None),
            (
                r#"<base target=x href="/x/"><base href="/y/">"#,
                None,
                Some("/x/"),
            ),
        ] {
            let read = of_html(html);
            assert_eq!(read.title.as_deref(), title, "{html}");
            assert_eq!(read.base.as_deref(), base, "{html}");
        }
        let long = of_html(&format!("<title>{}</title>", "é".repeat(1000))).title;
        assert_eq!(long.map(|title| title.chars().count()), Some(TITLE_MAX));
    }

    #[test]
    fn text_has_links_where_it_has_whole_urls() {
        let read = of_text(
            "\n# Notes\nSee https://a.b/c, (http://a.b/d?e) and <https://a.b/>.\nftp://a.b/ a.b",
        );
        assert_eq!(read.title.as_deref(), Some("Notes"));
        assert_eq!(
            read.links,
            ["https://a.b/c", "http://a.b/d?e", "https://a.b/"]
        );
    }
}
