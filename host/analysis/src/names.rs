//! Names that belong to others: tools and servers that are called as, or look like, those that the tenant has.

use std::collections::BTreeMap;

use crate::alike::shape;
use crate::analysis::Neighbour;
use crate::code::Code;
use crate::finding::Findings;
use crate::texts::Text;

/// The shortest name that another may be mistaken for by one letter: shorter ones are too near to each other anyway.
const LONG_ENOUGH: usize = 8;

/// The names of others, to be looked up: a tenant may have tens of thousands.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Whose tools have a name.
    tools: BTreeMap<String, Vec<String>>,
    /// The names that look so.
    shapes: BTreeMap<String, Vec<String>>,
    /// How names of a length look.
    lengths: BTreeMap<usize, Vec<String>>,
}

impl Names {
    pub(crate) fn of(others: &[Neighbour]) -> Self {
        let mut names = Self::default();
        for other in others {
            for tool in &other.tools {
                let servers = names.tools.entry(tool.clone()).or_default();
                servers.push(other.server.clone());
            }
        }
        for tool in names.tools.keys() {
            let shape = shape(tool);
            let same = names.shapes.entry(shape.clone()).or_default();
            if same.is_empty() {
                names.lengths.entry(shape.len()).or_default().push(shape);
            }
            same.push(tool.clone());
        }
        names
    }

    /// Holds the name of a tool against theirs.
    pub(crate) fn look(&self, tool: &str, findings: &mut Findings) {
        let place = format!("tools/{tool}/name");
        for server in self.servers(tool) {
            let says = format!("the server {server} has a tool of this name");
            findings.add(Code::ShadowsTool, &place, says);
        }
        let own = shape(tool);
        let near = own.len().saturating_sub(1)..=own.len() + 1;
        let near = self.lengths.range(near).flat_map(|(_, shapes)| shapes);
        for shape in near.filter(|shape| is_near(&own, shape)) {
            let theirs = self.shapes.get(shape).into_iter().flatten();
            for theirs in theirs.filter(|theirs| *theirs != tool) {
                for server in self.servers(theirs) {
                    let says = format!("it looks like {theirs:?} of the server {server}");
                    findings.add(Code::ResemblesTool, &place, says);
                }
            }
        }
    }

    /// Finds in a text the names of their tools. Names that are ordinary words are not looked for.
    pub(crate) fn mentioned(&self, text: &Text, own: &[String], findings: &mut Findings) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let words = text.content.split(|c: char| !is_part(c));
        for word in words.map(|word| word.trim_matches(['.', '-'])) {
            if !is_made_up(word) || own.iter().any(|tool| tool == word) {
                continue;
            }
            // Where all servers are one, a tool has its server's name before its own.
            let united = word.split_once("__");
            let united =
                united.filter(|(server, tool)| self.servers(tool).any(|known| known == *server));
            let servers = self.servers(word).chain(united.map(|(server, _)| server));
            for server in servers {
                let says = format!("it names {word:?}, a tool of the server {server}");
                findings.add(Code::MentionsOtherTool, &text.place, says);
            }
        }
    }

    fn servers(&self, tool: &str) -> impl Iterator<Item = &str> {
        let servers = self.tools.get(tool).into_iter().flatten();
        servers.map(String::as_str)
    }
}

/// Holds the name of a server against those of others.
pub(crate) fn look_at_server(server: &str, others: &[Neighbour], findings: &mut Findings) {
    for other in others {
        if server != other.server && shape(server) == shape(&other.server) {
            let says = format!("the server {server:?} looks like {:?}", other.server);
            findings.add(Code::ResemblesServer, "manifest/name", says);
        }
    }
}

/// Whether a name is no word of a language: `send_mail`, `sendMail`.
fn is_made_up(name: &str) -> bool {
    name.contains('_')
        || name.chars().any(|c| c.is_ascii_digit())
        || name.chars().skip(1).any(|c| c.is_ascii_uppercase())
}

/// Whether two names that look so are taken for each other.
fn is_near(one: &str, other: &str) -> bool {
    one == other || (one.len().min(other.len()) >= LONG_ENOUGH && is_slip(one, other))
}

/// Whether one letter makes the difference, or two that changed places: not one that makes a plural or a number.
fn is_slip(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    let (short, long) = (short.as_bytes(), long.as_bytes());
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short, long) = (
        short.get(same..).unwrap_or_default(),
        long.get(same..).unwrap_or_default(),
    );
    match (short, long) {
        ([], [last]) => !matches!(last, b's' | b'0'..=b'9' | b'i' | b'o'),
        ([a, rest @ ..], [b, others @ ..]) if short.len() == long.len() => {
            let is_number = a.is_ascii_digit() || b.is_ascii_digit();
            let is_end = rest.is_empty();
            let swapped = matches!((rest, others), ([c, rest @ ..], [d, others @ ..]) if a == d && b == c && rest == others);
            (rest == others && !is_number && !is_end) || swapped
        }
        (short, [_, rest @ ..]) => short == rest,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_resembles_and_an_honest_neighbour_does_not() {
        for (one, other) in [
            ("create_issue", "create_isue"),
            ("create_issue", "craete_issue"),
            ("list-files", "1ist_fiIes"),
            ("send_payment", "send_paymant"),
            ("sendmail", "send_mail"),
        ] {
            assert!(is_near(&shape(one), &shape(other)), "{one} {other}");
        }
        for (one, other) in [
            ("list_issue", "list_issues"),
            ("get_page_1", "get_page_2"),
            ("read", "reed"),
            ("get_user", "set_user_name"),
            ("measure_a", "measure_b"),
            ("search_issues", "search_notes"),
        ] {
            assert!(!is_near(&shape(one), &shape(other)), "{one} {other}");
        }
    }
}
