//! Whether a text is a URI (RFC 3986), as far as its first look tells: a scheme, and characters that may
//! be there. What it means, and whether there is such a thing, is not known here.

/// A URI that a server gives out: with a scheme, and with the characters of URIs only (2026-07-28,
/// server/resources, "Custom URI Schemes").
pub(crate) fn is_uri(text: &str) -> bool {
    let may_be_there =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    could_be_uri(text) && text.bytes().all(may_be_there)
}

/// A URI as a client may write it, who may have left out the encoding of what lies outside ASCII.
pub(crate) fn could_be_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let may_be_in_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(may_be_in_scheme)
        && !rest.is_empty()
        && !rest.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_begins_with_its_scheme_and_has_no_other_characters() {
        for (text, is, could_be) in [
            ("a:b", true, true),
            ("file:///a%20b?c#d", true, true),
            ("urn:isbn:0451450523", true, true),
            ("git+ssh://[::1]/", true, true),
            ("file:///ä b", false, true),
            ("a:{x}", false, true),
            ("a:b\n", false, false),
            ("a:\u{0}", false, false),
            ("a:", false, false),
            ("b", false, false),
            ("", false, false),
            (":b", false, false),
            ("1a:b", false, false),
            ("/etc/passwd", false, false),
            ("../a:b", false, false),
        ] {
            assert_eq!((is_uri(text), could_be_uri(text)), (is, could_be), "{text}");
        }
    }
}
