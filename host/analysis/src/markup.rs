//! What a text shows, and what it does not: comments, elements that are not displayed, space, and what is no language.

use smcp_ids::limits;

use crate::code::Code;
use crate::finding::{Findings, quoted};
use crate::texts::Text;

/// How comments begin in HTML and in Markdown.
const COMMENTS: [&str; 4] = ["<!--", "[//]:", "[comment]:", "<![cdata["];
/// How an element is kept from being shown.
const UNSHOWN: [&str; 4] = [
    "display:none",
    "visibility:hidden",
    "font-size:0",
    "opacity:0",
];
/// How pictures are put into a text.
const IMAGES: [&str; 4] = ["](http://", "](https://", "](//", "<img"];
/// What models' own formats mark turns of a conversation with.
const TURNS: [&str; 11] = [
    "<|im_start|>",
    "<|im_end|>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|start_header_id|>",
    "<start_of_turn>",
    "[inst]",
    "<<sys>>",
];
/// Elements that make a text look as if it came from somebody else. Some are also how people write a gap to be filled
/// in: those count when they are closed.
const VOICES: [(&str, bool); 14] = [
    ("important", false),
    ("critical", true),
    ("system", true),
    ("system-reminder", false),
    ("system_prompt", true),
    ("instructions", true),
    ("instruction", true),
    ("hidden", true),
    ("secret", true),
    ("priority", true),
    ("override", true),
    ("assistant", true),
    ("developer", true),
    ("admin", true),
];

/// Looks at one text.
pub(crate) fn look(text: &Text, findings: &mut Findings) {
    let shown = without_code(&text.content).to_lowercase();
    let tight: String = shown.chars().filter(|c| !c.is_whitespace()).collect();
    let mut add = |code, says: String| findings.add(code, &text.place, says);
    let comments = COMMENTS.iter().filter(|sign| tight.contains(**sign));
    let unshown = UNSHOWN.iter().filter(|sign| is_style(&tight, sign));
    for sign in comments.chain(unshown) {
        add(
            Code::HiddenMarkup,
            format!("{sign:?} begins what is not shown"),
        );
    }
    let has_image = shown.contains("![") && IMAGES.iter().take(3).any(|sign| tight.contains(sign));
    if has_image || shown.contains("<img") {
        add(
            Code::RemoteImage,
            "it shows an image from elsewhere".to_owned(),
        );
    }
    // These are read by models in code as well.
    let all = text.content.to_lowercase();
    for sign in TURNS {
        if all.contains(sign) {
            add(
                Code::InstructionMarkup,
                format!("{sign:?} is how models are told whose turn it is"),
            );
        }
    }
    for (name, must_close) in VOICES {
        let closes = [format!("</{name}>"), format!("[/{name}]")];
        let is_closed = closes.iter().any(|sign| all.contains(sign));
        if is_closed || (!must_close && all.contains(&format!("<{name}>"))) {
            add(
                Code::InstructionMarkup,
                format!("part of it is marked as {name:?}"),
            );
        }
    }
    look_at_size(text, findings);
}

/// Whether an element of a text, without its white space, has that style and no more of a number.
fn is_style(tight: &str, sign: &str) -> bool {
    tight.contains("style=")
        && tight.match_indices(sign).any(|(at, _)| {
            let next = tight
                .get(at + sign.len()..)
                .and_then(|rest| rest.bytes().next());
            !next.is_some_and(|next| next == b'.' || next.is_ascii_digit())
        })
}

fn look_at_size(text: &Text, findings: &mut Findings) {
    let characters = text.content.chars().count();
    if characters > limits::TEXT_LONG {
        let most = limits::TEXT_LONG;
        findings.add(
            Code::LongText,
            &text.place,
            format!("it has {characters} characters; more than {most} is much"),
        );
    }
    // Braille's blank is no white space, and looks like it.
    let is_space = |c: char| c.is_whitespace() || c == '\u{2800}';
    let spaces = text.content.split(|c| !is_space(c));
    let too_much = |space: &&str| {
        let lines = space.chars().filter(|c| *c == '\n').count();
        lines >= limits::TEXT_BLANK_LINES || space.chars().count() >= limits::TEXT_PADDING
    };
    if let Some(space) = spaces.into_iter().find(too_much) {
        let length = space.chars().count();
        let says = format!("{length} characters of white space stand together");
        findings.add(Code::PaddedText, &text.place, says);
    }
    let is_coded = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-');
    let mut runs = text.content.split(|c| !is_coded(c));
    if let Some(run) = runs.find(|run| run.len() >= limits::TEXT_ENCODED && is_various(run)) {
        let begins = quoted(run.get(..40).unwrap_or(run));
        let says = format!("{} characters without a space: {begins:?}", run.len());
        findings.add(Code::EncodedText, &text.place, says);
    }
}

/// Whether a run of characters is more than a line that is drawn.
fn is_various(run: &str) -> bool {
    let different: std::collections::BTreeSet<u8> = run.bytes().collect();
    different.len() >= 10
}

/// A text without what is between backticks: that is shown as it is.
fn without_code(text: &str) -> String {
    let mut kept = String::new();
    let mut parts = text.split('`');
    kept.push_str(parts.next().unwrap_or_default());
    let rest: Vec<&str> = parts.collect();
    let mut at = 0;
    while let Some(part) = rest.get(at) {
        match rest.get(at + 1) {
            // A pair of backticks: what is between them is code.
            Some(after) => {
                kept.push(' ');
                kept.push_str(after);
                at += 2;
            }
            // One that is not closed begins nothing.
            None => {
                kept.push_str(part);
                at += 1;
            }
        }
    }
    kept
}
