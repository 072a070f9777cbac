//! Characters that nobody sees, and that a model reads all the same.
//!
//! Some languages, and pictures that are made of several, need a few of them: those are left alone where they are needed.

use smcp_ids::limits;

use crate::code::Code;
use crate::finding::Findings;
use crate::texts::Text;

/// Whether a character leaves no mark where it stands, or turns the direction of others.
pub(crate) fn is_invisible(c: char) -> bool {
    is_tag(c)
        || is_selector(c)
        || is_bidi(c)
        || matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}')
}

/// Tags spell ASCII, unseen: of use only in the flags of parts of countries.
fn is_tag(c: char) -> bool {
    ('\u{e0000}'..='\u{e007f}').contains(&c)
}

fn is_selector(c: char) -> bool {
    matches!(c, '\u{180b}'..='\u{180d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Embeddings, overrides and isolates.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What a text has of them, beyond what it may need.
pub(crate) fn look(text: &Text, findings: &mut Findings) {
    if text.content.is_ascii() && !text.content.bytes().any(|byte| byte.is_ascii_control()) {
        return;
    }
    let mut unseen = Vec::new();
    let mut before = None;
    let mut rest = text.content.chars().peekable();
    let mut flag = false;
    while let Some(c) = rest.next() {
        // A black flag and tags after it are one picture, up to the tag that ends it.
        flag = c == '\u{1f3f4}' || (flag && is_tag(c) && c != '\u{e007f}');
        let in_flag =
            before.is_some_and(|before| before == '\u{1f3f4}' || is_tag(before)) && is_tag(c);
        let needed = match c {
            '\u{200c}' | '\u{200d}' => joins(before, rest.peek().copied()),
            c if is_selector(c) => before.is_some_and(takes_selector),
            c if is_tag(c) => in_flag && (flag || c == '\u{e007f}') && is_flag(&text.content),
            // Marks of direction belong to texts that are written from right to left.
            '\u{200e}' | '\u{200f}' | '\u{61c}' => is_right_to_left(&text.content),
            '\u{feff}' | '\u{ad}' => false,
            _ => false,
        };
        before = Some(c);
        match c {
            '\u{202d}' | '\u{202e}' => report(Code::BidiOverride, c, text, findings),
            c if is_bidi(c) => report(Code::BidiControl, c, text, findings),
            '\u{1b}' | '\u{9b}' | '\u{9d}' => report(Code::TerminalEscape, c, text, findings),
            '\n' | '\r' | '\t' => {}
            c if c.is_control() => report(Code::ControlCharacter, c, text, findings),
            c if is_invisible(c) && !needed => unseen.push(c),
            _ => {}
        }
    }
    let is_text = unseen.len() > limits::INVISIBLE_FEW || unseen.iter().copied().any(is_tag);
    if is_text {
        let spelled: String = unseen.iter().copied().filter_map(spells).collect();
        let spelled = match spelled.as_str() {
            "" => String::new(),
            spelled => format!(
                "; those that are tags spell {:?}",
                crate::finding::quoted(spelled)
            ),
        };
        let says = format!("{} characters that nobody sees{spelled}", unseen.len());
        findings.add(Code::HiddenText, &text.place, says);
    } else {
        for c in unseen {
            report(Code::InvisibleCharacter, c, text, findings);
        }
    }
}

fn report(code: Code, c: char, text: &Text, findings: &mut Findings) {
    let number = u32::from(c);
    findings.add(
        code,
        &text.place,
        format!("it has the character U+{number:04X}"),
    );
}

/// What a tag stands for.
fn spells(c: char) -> Option<char> {
    is_tag(c).then_some(())?;
    char::from_u32(u32::from(c) - 0xe_0000).filter(|c| !c.is_control())
}

/// Whether a joiner stands between letters of a script that has a use for it, or in a picture.
fn joins(before: Option<char>, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return false;
    };
    let shapes = |c: char| matches!(c, '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}');
    (shapes(before) && shapes(after)) || (is_picture(before) && is_picture(after))
}

/// Whether a selector of another form has something to select.
fn takes_selector(before: char) -> bool {
    is_picture(before)
        || matches!(before, '#' | '*' | '0'..='9' | '\u{a9}' | '\u{ae}' | '\u{1820}'..='\u{18aa}')
        || matches!(before, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Pictures and signs, with what modifies them.
fn is_picture(c: char) -> bool {
    matches!(c, '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{2bff}' | '\u{3030}'..='\u{303d}'
        | '\u{3297}' | '\u{3299}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

fn is_right_to_left(text: &str) -> bool {
    text.chars().any(
        |c| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'),
    )
}

/// Whether all tags of a text are in flags of a few letters: `gbeng`, `usca`.
fn is_flag(text: &str) -> bool {
    text.split('\u{1f3f4}').skip(1).all(|after| {
        let tags: Vec<char> = after.chars().take_while(|c| is_tag(*c)).collect();
        tags.is_empty() || (tags.len() <= 7 && tags.last() == Some(&'\u{e007f}'))
    }) && !text
        .split('\u{1f3f4}')
        .next()
        .unwrap_or_default()
        .chars()
        .any(is_tag)
}
