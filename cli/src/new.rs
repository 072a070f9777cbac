//! `smcp new`: a server's crate from the SDK's template, anywhere on the disk.
//!
//! It writes into a directory that is not there yet and touches nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use smcp_ids::ServerSlug;

use crate::failure::Failure;
use crate::files;
use crate::ui::{STRONG, Ui};

/// The template: where each file goes, and what is in it.
const TEMPLATE: [(&str, &str); 7] = [
    (
        "Cargo.toml",
        include_str!("../../guest-sdk/sdk/template/Cargo.toml.in"),
    ),
    (
        "README.md",
        include_str!("../../guest-sdk/sdk/template/README.md.in"),
    ),
    (
        "AGENTS.md",
        include_str!("../../guest-sdk/sdk/template/AGENTS.md.in"),
    ),
    (
        "clippy.toml",
        include_str!("../../guest-sdk/sdk/template/clippy.toml"),
    ),
    (
        "src/lib.rs",
        include_str!("../../guest-sdk/sdk/template/src/lib.rs.in"),
    ),
    (
        ".cargo/config.toml",
        include_str!("../../guest-sdk/sdk/template/.cargo/config.toml"),
    ),
    (
        ".gitignore",
        include_str!("../../guest-sdk/sdk/template/.gitignore"),
    ),
];

/// The SDK in the checkout that this command was built from.
const CHECKOUT_SDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../guest-sdk/sdk");

/// Slugs that cannot be the name of a crate: words of the language, and crates that come with it.
const RESERVED: [&str; 51] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "priv",
    "pub",
    "ref",
    "return",
    "schemars",
    "self",
    "serde",
    "serde-json",
    "smcp-sdk",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "where",
];

/// Makes the crate of a new server, ready to be tested and built.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp new weather
  cd weather && cargo test && smcp build

  smcp new weather --sdk ../smcp/guest-sdk/sdk
  smcp new weather --sdk https://git.example.com/smcp.git
  smcp new weather --sdk 0.1.0")]
pub(crate) struct New {
    /// The server's name: a-z, 0-9 and single hyphens; also the directory that is made
    #[arg(value_name = "NAME")]
    name: ServerSlug,
    /// Where smcp-sdk comes from: a directory, a git repository or a version
    /// [default: the checkout that this command was built from, else its version]
    #[arg(long, value_name = "PATH|GIT|VERSION")]
    sdk: Option<String>,
}

#[derive(Serialize)]
struct Made<'a> {
    name: &'a str,
    directory: &'a Path,
    sdk: String,
    files: Vec<&'static str>,
}

pub(crate) fn run(args: &New, ui: Ui) -> Result<(), Failure> {
    let name = args.name.as_str();
    check_name(name)?;
    let sdk = match &args.sdk {
        Some(given) => sdk(given)?,
        None => default_sdk(),
    };
    let directory = PathBuf::from(name);
    fs::create_dir(&directory).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::Exists(directory.clone()),
        _ => Failure::file(&directory)(error),
    })?;
    for (path, template) in TEMPLATE {
        let file = directory.join(path);
        let parent = file.parent().unwrap_or(&directory);
        fs::create_dir_all(parent).map_err(Failure::file(parent))?;
        files::create(&file, filled(template, name, &sdk).as_bytes(), false)?;
    }
    let files = TEMPLATE.iter().map(|(path, _)| *path).collect();
    let made = Made {
        name,
        directory: &directory,
        sdk,
        files,
    };
    ui.result(&made, || {
        format!(
            "{STRONG}{name}{STRONG:#} is ready. Next:\n\n  cd {name}\n  cargo test\n  smcp build\n  smcp call {name}.wasm greet '{{\"name\": \"Ada\"}}'"
        )
    })
}

fn check_name(name: &str) -> Result<(), Failure> {
    let why = if name.starts_with(|c: char| c.is_ascii_digit()) {
        "the name of a crate cannot start with a digit"
    } else if RESERVED.contains(&name) {
        "the name is a word of Rust, or of a crate that comes with it"
    } else {
        return Ok(());
    };
    Err(Failure::Argument(format!("{name:?} cannot be used: {why}")))
}

fn filled(template: &str, name: &str, sdk: &str) -> String {
    let type_name = type_name(name);
    template
        .replace("{{name}}", name)
        .replace("{{type_name}}", &type_name)
        .replace("{{sdk}}", sdk)
}

/// `my-server` as Rust names a type: `MyServer`.
fn type_name(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    let name: String = name.split('-').map(capital).collect();
    // The template's own names are taken.
    match name.as_str() {
        "Greet" | "Client" | "Parameters" | "JsonSchema" | "Deserialize" | "Self" => {
            name + "Server"
        }
        "Result" | "String" | "Option" | "Vec" | "Box" | "Ok" | "Err" | "Some" | "None" => {
            name + "Server"
        }
        _ => name,
    }
}

/// The dependency as Cargo.toml has it.
fn sdk(given: &str) -> Result<String, Failure> {
    let is_git = given.contains("://") || given.starts_with("git@");
    let is_version = given.split('.').count() <= 3
        && given.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '=' | '^' | '~'));
    if is_git {
        Ok(format!("{{ git = {} }}", quoted(given)))
    } else if is_version {
        Ok(quoted(given))
    } else {
        let path = Path::new(given);
        let path = path.canonicalize().map_err(Failure::file(path))?;
        if is_sdk(&path) {
            Ok(by_path(&path))
        } else {
            Err(Failure::Argument(format!(
                "{} is not smcp-sdk: give the directory guest-sdk/sdk of a checkout",
                path.display()
            )))
        }
    }
}

fn default_sdk() -> String {
    match Path::new(CHECKOUT_SDK).canonicalize() {
        Ok(path) if is_sdk(&path) => by_path(&path),
        _ => quoted(env!("CARGO_PKG_VERSION")),
    }
}

fn is_sdk(directory: &Path) -> bool {
    let manifest = fs::read_to_string(directory.join("Cargo.toml")).unwrap_or_default();
    manifest.contains("name = \"smcp-sdk\"")
}

fn by_path(path: &Path) -> String {
    format!("{{ path = {} }}", quoted(&path.to_string_lossy()))
}

/// A TOML string: JSON's escapes are among TOML's.
fn quoted(text: &str) -> String {
    serde_json::json!(text).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn nothing_of_the_template_is_left_unfilled() {
        for (path, template) in TEMPLATE {
            let text = filled(template, "my-server", "\"1\"");
            assert!(
                !text.contains("{{") && !text.contains("}}"),
                "{path}: {text}"
            );
        }
    }

    #[test]
    fn the_readme_shows_the_server_that_is_written() {
        let template = TEMPLATE.iter().find(|(path, _)| *path == "src/lib.rs");
        let written = filled(template.unwrap().1, "hello", "");
        let (_head, code) = written.split_once("\n\n").unwrap();
        let (server, _tests) = code.split_once("\n#[cfg(test)]").unwrap();
        assert!(include_str!("../../README.md").contains(server), "{server}");
    }

    #[test]
    fn what_agents_are_told_to_run_are_commands_that_there_are() {
        let template = TEMPLATE.iter().find(|(path, _)| *path == "AGENTS.md");
        let written = filled(template.unwrap().1, "hello", "");
        let block = written.split("```").nth(1).unwrap();
        let lines: Vec<&str> = block.lines().skip(1).collect();
        assert_eq!(lines.len(), 5, "{block}");
        for line in lines {
            let (command, why) = line.split_once(" # ").unwrap();
            let mut words = command.split_whitespace();
            let known = match (words.next(), words.next()) {
                (Some("cargo"), Some(word)) => matches!(word, "test" | "clippy"),
                (Some("smcp"), Some(word)) => crate::knows(word),
                _ => false,
            };
            assert!(known && !why.is_empty(), "{line}");
        }
    }

    #[test]
    fn a_server_has_a_type_of_its_own() {
        for (name, expected) in [
            ("weather", "Weather"),
            ("my-2nd-server", "My2ndServer"),
            ("greet", "GreetServer"),
            ("option", "OptionServer"),
        ] {
            assert_eq!(type_name(name), expected);
        }
    }

    #[test]
    fn names_that_no_crate_can_have_are_refused() {
        for name in ["2nd", "fn", "std", "smcp-sdk", "test"] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert!(check_name("weather").is_ok());
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn the_sdk_is_a_path_a_repository_or_a_version() {
        assert_eq!(sdk("0.1.0").unwrap(), "\"0.1.0\"");
        assert_eq!(
            sdk("https://git.example.com/x.git").unwrap(),
            "{ git = \"https://git.example.com/x.git\" }"
        );
        assert!(sdk(CHECKOUT_SDK).unwrap().starts_with("{ path = \"/"));
        assert!(
            sdk(env!("CARGO_MANIFEST_DIR")).is_err(),
            "a directory, but not the SDK's"
        );
        assert!(sdk("nowhere/at/all").is_err());
    }
}
