//! Finds the variables of a URI template in a URI: RFC 6570, read backwards.
//!
//! It knows `{x}`, which stands for one segment, `{+x}`, which may span several, and `{/x}`, which
//! is a slash and a segment; several names in one expression are refused, and so are the operators
//! that RFC 6570 has besides. RFC 6570 says only how a template is expanded: where several
//! readings are possible, each variable takes as little as it can.
//!
//! No library: those that match bring a regular-expression engine, larger than most servers.

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    Literal(&'a str),
    Variable { name: &'a str, spans: bool },
}

/// The values of the variables, percent-decoded; `None` when the URI is not of this template.
pub(crate) fn matches<'a>(template: &'a str, uri: &str) -> Option<Vec<(&'a str, String)>> {
    let parts = parse(template).ok()?;
    let mut values = Vec::new();
    // A pattern of n variables could be tried in |uri|^n ways; no honest URI needs many.
    let mut tries = 10_000;
    fits(&parts, uri, &mut values, &mut tries).then_some(())?;
    values
        .into_iter()
        .map(|(name, value)| Some((name, decode(value)?)))
        .collect()
}

/// Whether the template is one that [`matches`] knows; the message names the mend.
pub(crate) fn check(template: &str) -> Result<(), String> {
    let parts = parse(template)?;
    let mut names = Vec::new();
    for pair in parts.windows(2) {
        if let [
            Part::Variable { name: a, .. },
            Part::Variable { name: b, .. },
        ] = pair
        {
            return Err(format!(
                "put a text between `{a}` and `{b}`: where one ends cannot be seen"
            ));
        }
    }
    for part in parts {
        let Part::Variable { name, .. } = part else {
            continue;
        };
        if names.contains(&name) {
            return Err(format!(
                "`{name}` is there twice: give each variable its own name"
            ));
        }
        names.push(name);
    }
    Ok(())
}

fn parse(template: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((literal, tail)) = rest.split_once('{') {
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        let (expression, tail) = tail
            .split_once('}')
            .ok_or_else(|| "a `{` is not closed".to_owned())?;
        parts.extend(variable(expression)?);
        rest = tail;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest));
    }
    Ok(parts)
}

fn variable(expression: &str) -> Result<Vec<Part<'_>>, String> {
    let (slash, spans, name) = match expression.as_bytes().first() {
        Some(b'+') => (false, true, &expression[1..]),
        Some(b'/') => (true, false, &expression[1..]),
        _ => (false, false, expression),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || !name.bytes().all(is_name) {
        return Err(format!(
            "`{{{expression}}}` is not known here: write `{{name}}`, `{{+name}}` or `{{/name}}`, \
             with one name of letters, digits and `_`"
        ));
    }
    let mut parts = Vec::new();
    if slash {
        parts.push(Part::Literal("/"));
    }
    parts.push(Part::Variable { name, spans });
    Ok(parts)
}

/// Whether the parts are all of the URI; `values` then holds what the variables stand for.
fn fits<'a, 'u>(
    parts: &[Part<'a>],
    uri: &'u str,
    values: &mut Vec<(&'a str, &'u str)>,
    tries: &mut u32,
) -> bool {
    let Some((first, others)) = parts.split_first() else {
        return uri.is_empty();
    };
    match *first {
        Part::Literal(literal) => uri
            .strip_prefix(literal)
            .is_some_and(|rest| fits(others, rest, values, tries)),
        Part::Variable { name, spans } => {
            let stop = |character: char| !spans && "/?#".contains(character);
            let ends = uri.char_indices().map(|(at, c)| (at + c.len_utf8(), c));
            for (end, character) in ends {
                if stop(character) || *tries == 0 {
                    return false;
                }
                *tries -= 1;
                let (value, rest) = uri.split_at(end);
                values.push((name, value));
                if fits(others, rest, values, tries) {
                    return true;
                }
                values.pop();
            }
            false
        }
    }
}

/// RFC 3986, section 2.1. What is not UTF-8 afterwards is no text.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push((digit()? * 16 + digit()?) as u8);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn variables_are_found_where_the_template_has_them() {
        let table: &[(&str, &str, Option<&[&str]>)] = &[
            ("a:{x}", "a:b", Some(&["b"])),
            ("a:{x}", "a:", None),
            ("a:{x}", "a:b/c", None),
            ("a:{x}", "b:b", None),
            ("a:{x}/data", "a:1/data", Some(&["1"])),
            ("a:{x}/data", "a:1/data/", None),
            ("a:{+x}", "a:b/c?d", Some(&["b/c?d"])),
            ("a:{+x}.{y}", "a:b/c.d.e", Some(&["b/c", "d.e"])),
            ("a:b{/x}", "a:b/c", Some(&["c"])),
            ("a:b{/x}{/y}", "a:b/c/d", Some(&["c", "d"])),
            ("a:{x}", "a:%C3%BC%2F", Some(&["ü/"])),
            ("a:{x}", "a:%FF", None),
            ("a:{x}", "a:%2", None),
            ("a:{x}-{y}", "a:1-2-3", Some(&["1", "2-3"])),
        ];
        for (template, uri, expected) in table {
            let found = matches(template, uri);
            let found: Option<Vec<_>> = found
                .as_ref()
                .map(|found| found.iter().map(|(_, value)| value.as_str()).collect());
            assert_eq!(found.as_deref(), *expected, "{template} {uri}");
        }
    }

    #[test]
    fn a_template_that_is_not_known_is_refused_with_the_mend() {
        let table = [
            ("a:{x}", None),
            ("a:{/x}{/y}", None),
            ("a:{x", Some("not closed")),
            ("a:{?x}", Some("not known here")),
            ("a:{x,y}", Some("not known here")),
            ("a:{}", Some("not known here")),
            ("a:{x}{y}", Some("between `x` and `y`")),
            ("a:{x}/{x}", Some("twice")),
        ];
        for (template, mistake) in table {
            match (check(template), mistake) {
                (Ok(()), None) => {}
                (Err(found), Some(mistake)) => assert!(found.contains(mistake), "{found}"),
                (found, _) => panic!("{template}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_hostile_uri_ends_the_search() {
        let uri = format!("a:{}", "x-".repeat(2_000));
        assert_eq!(matches("a:{+a}-{+b}-{+c}-{+d}!", &uri), None);
    }

    fn encode(text: &str) -> String {
        let encode = |byte: u8| match byte {
            b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        text.bytes().map(encode).collect()
    }

    proptest! {
        #[test]
        fn what_was_expanded_is_found(x in ".{1,20}", y in ".{1,20}") {
            let uri = format!("s://{}/b/{}", encode(&x), encode(&y));
            for template in ["s://{x}/b/{y}", "s://{x}/b{/y}"] {
                let expected = Some(vec![("x", x.clone()), ("y", y.clone())]);
                prop_assert_eq!(matches(template, &uri), expected);
            }
        }

        #[test]
        fn no_template_and_no_uri_panic(template: String, uri: String) {
            let _ = check(&template);
            matches(&template, &uri);
        }
    }
}
