//! Finds in the body of a tool what compiles for this target and fails when it runs: clocks,
//! threads, sockets, files. It is an error where it is written, with what to use instead.
//!
//! It sees what is written in the tool, inside macros too, and not what that calls: the template's
//! `clippy.toml` and `smcp build` look further.

use proc_macro2::{TokenStream, TokenTree};

use crate::mistakes::Mistakes;

/// Type or module, function, and the mend.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    ("SystemTime", "now", CLOCK),
    ("Instant", "now", CLOCK),
    ("Utc", "now", CLOCK),
    ("Local", "now", CLOCK),
    ("OffsetDateTime", "now_utc", CLOCK),
    ("thread", "spawn", THREAD),
    ("thread", "scope", THREAD),
    ("thread", "sleep", SLEEP),
    ("time", "sleep", SLEEP),
    ("tokio", "spawn", THREAD),
    ("TcpStream", "connect", SOCKET),
    ("TcpListener", "bind", SOCKET),
    ("UdpSocket", "bind", SOCKET),
    ("File", "open", FILE),
    ("File", "create", FILE),
    ("fs", "read", FILE),
    ("fs", "read_to_string", FILE),
    ("fs", "write", FILE),
];

const CLOCK: &str = "a module has no clock of its own, and this panics when it runs: take `ctx: &Context` and use `ctx.now()`";
const THREAD: &str =
    "a module has one thread, and this fails when it runs: do the work in the tool itself";
const SLEEP: &str = "a module cannot block by itself, and this panics when it runs: take `ctx: &Context` and use `ctx.sleep(...)`";
const SOCKET: &str = "a module has no sockets, and this fails when it runs: take `ctx: &Context` and ask other hosts with `ctx.http()`";
const FILE: &str = "a module has no files, and this fails when it runs: put fixed data into the module with `include_bytes!` or `include_str!`";
/// Reports each use.
pub(crate) fn report(tokens: TokenStream, mistakes: &mut Mistakes) {
    // The identifier before the last `::`, and how many colons have come since.
    let mut owner = None;
    let mut colons = 0;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                if let (Some(owner), 2) = (&owner, colons) {
                    let mend = FORBIDDEN
                        .iter()
                        .find(|(of, function, _)| owner == of && ident == function);
                    if let Some((of, function, mend)) = mend {
                        mistakes.at(&ident, format!("`{of}::{function}`: {mend}"));
                    }
                }
                owner = Some(ident);
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            TokenTree::Group(group) => {
                report(group.stream(), mistakes);
                owner = None;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => owner = None,
        }
    }
}
