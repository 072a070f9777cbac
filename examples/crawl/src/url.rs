//! URLs as far as links between pages of one host need them: parsed, joined, compared.
//!
//! Refused: other schemes, user names, and what has no host. Characters that may not stand in a URL are
//! percent-encoded, since pages have them all the same. Whether one may be reached the host says.

use std::fmt;

/// An absolute URL of `http` or `https`, without fragment. Two that are the same text are the same page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Url {
    is_secure: bool,
    /// In lower case, with its port if it has one.
    host: String,
    /// Begins with `/`.
    path: String,
    /// With its `?`, or empty.
    query: String,
}

impl Url {
    /// Reads an absolute URL.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        Self::after_scheme(is_secure, rest)
    }

    fn after_scheme(is_secure: bool, rest: &str) -> Option<Self> {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, rest) = rest.split_at(end);
        let may_be = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte);
        if host.is_empty() || !host.bytes().all(may_be) {
            return None;
        }
        let host = host.to_ascii_lowercase();
        let usual = if is_secure { ":443" } else { ":80" };
        let url = Self {
            is_secure,
            host: host.strip_suffix(usual).unwrap_or(&host).to_owned(),
            path: "/".to_owned(),
            query: String::new(),
        };
        Some(url.with(rest))
    }

    /// Where a link on this page leads; none if that is no page.
    pub(crate) fn join(&self, link: &str) -> Option<Self> {
        let link = link.trim();
        if let Some(rest) = link.strip_prefix("//") {
            return Self::after_scheme(self.is_secure, rest);
        }
        if has_scheme(link) {
            return Self::parse(link);
        }
        Some(self.with(link))
    }

    pub(crate) fn same_host(&self, other: &Self) -> bool {
        self.is_secure == other.is_secure && self.host == other.host
    }

    /// The same host, and what a reference without one says (RFC 3986, section 5.2.2).
    fn with(&self, reference: &str) -> Self {
        let reference = reference.split('#').next().unwrap_or_default();
        let (path, query) = match reference.find('?') {
            Some(at) => reference.split_at(at),
            None => (reference, ""),
        };
        let query = match (path, query) {
            ("", "") => self.query.clone(),
            _ => encoded(query),
        };
        let path = match path {
            "" => self.path.clone(),
            absolute if absolute.starts_with('/') => without_dots(&encoded(absolute)),
            relative => {
                let directory = self.path.rfind('/').map_or("/", |at| &self.path[..=at]);
                without_dots(&format!("{directory}{}", encoded(relative)))
            }
        };
        Self {
            path,
            query,
            ..self.clone()
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        write!(f, "{scheme}://{}{}{}", self.host, self.path, self.query)
    }
}

/// RFC 3986, section 3.1: letters, then a colon before anything else.
fn has_scheme(link: &str) -> bool {
    let end = link.find([':', '/', '?', '#']);
    end.is_some_and(|end| {
        link[end..].starts_with(':') && link.starts_with(|c: char| c.is_ascii_alphabetic())
    })
}

/// RFC 3986, section 5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

/// What may not stand in a URL, percent-encoded. What is encoded stays as it is.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_is_no_url_of_a_page_is_refused() {
        for text in [
            "",
            "example.com",
            "ftp://example.com/",
            "https://",
            "https:///a",
            "https://user@example.com/",
            "https://exa mple.com/",
            "https://[::1]/",
        ] {
            assert_eq!(Url::parse(text), None, "{text}");
        }
    }

    /// The normal and abnormal examples of RFC 3986, section 5.4, among others.
    #[test]
    fn links_are_joined_to_the_page_that_has_them() {
        let page = Url::parse("HTTPS://Example.com:443/b/c/d?q#top").unwrap();
        assert_eq!(page.to_string(), "https://example.com/b/c/d?q");
        for (link, leads) in [
            ("g", "https://example.com/b/c/g"),
            ("./g", "https://example.com/b/c/g"),
            ("g/", "https://example.com/b/c/g/"),
            ("/g", "https://example.com/g"),
            ("//other.com/x", "https://other.com/x"),
            ("?y", "https://example.com/b/c/d?y"),
            ("g?y#s", "https://example.com/b/c/g?y"),
            ("#s", "https://example.com/b/c/d?q"),
            ("", "https://example.com/b/c/d?q"),
            (".", "https://example.com/b/c/"),
            ("..", "https://example.com/b/"),
            ("../g", "https://example.com/b/g"),
            ("../../../../g", "https://example.com/g"),
            ("/./g/../h", "https://example.com/h"),
            ("g:h/i", ""),
            ("a b/é", "https://example.com/b/c/a%20b/%C3%A9"),
            ("a%20b", "https://example.com/b/c/a%20b"),
            ("http://example.com/", "http://example.com/"),
            ("mailto:ada@example.com", ""),
            ("javascript:void(0)", ""),
        ] {
            let joined = page.join(link).map(|url| url.to_string());
            assert_eq!(joined.unwrap_or_default(), leads, "{link}");
        }
    }

    #[test]
    fn a_host_is_another_with_another_scheme_or_port() {
        let page = Url::parse("https://example.com/").unwrap();
        for (other, is_same) in [
            ("https://EXAMPLE.com/x", true),
            ("https://example.com:443/", true),
            ("https://example.com:8443/", false),
            ("http://example.com/", false),
            ("https://www.example.com/", false),
        ] {
            assert_eq!(
                page.same_host(&Url::parse(other).unwrap()),
                is_same,
                "{other}"
            );
        }
    }
}
