//! Every source file says at its head what it is, and none is longer than one can keep in mind.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::Complaint;

/// Lines of a source file.
const LINES_MAX: usize = 500;

pub(super) fn check(root: &Path) -> Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    for file in tracked(root)? {
        let text = match std::fs::read_to_string(root.join(&file)) {
            Ok(text) => text,
            // Deleted in the working tree, and not yet in the index.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| file.display().to_string()),
        };
        complaints.extend(look(&file, &text));
    }
    Ok(complaints)
}

/// The files that git tracks or would track.
pub(super) fn tracked(root: &Path) -> Result<Vec<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("git is needed")?;
    ensure!(output.status.success(), "git ls-files failed");
    let text = String::from_utf8(output.stdout)?;
    Ok(text
        .lines()
        .map(PathBuf::from)
        .filter(|file| is_source(file))
        .collect())
}

fn is_source(file: &Path) -> bool {
    file.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| ["rs", "js", "mjs", "py", "wat", "wit"].contains(&extension))
}

fn look(file: &Path, text: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    // A compile-fail fixture shows one mistake; its name says which.
    let is_fixture = file.components().any(|part| part.as_os_str() == "fail");
    if !is_fixture && !has_head(file, text) {
        complaints.push(Complaint::new(
            file,
            "begin with a comment: what it does, what it refuses, what it must not know",
        ));
    }
    let lines = text.lines().count();
    if lines > LINES_MAX {
        complaints.push(Complaint::new(
            file,
            format!("{lines} lines; make it two files of at most {LINES_MAX}"),
        ));
    }
    complaints
}

fn has_head(file: &Path, text: &str) -> bool {
    let first = text
        .lines()
        .find(|line| !line.is_empty() && !line.starts_with("#!"))
        .unwrap_or("");
    let mark = match file.extension().and_then(|extension| extension.to_str()) {
        Some("rs") => "//!",
        Some("js" | "mjs") => "//",
        Some("py") => return first.starts_with("\"\"\"") || first.starts_with('#'),
        Some("wat") => ";;",
        _ => "///",
    };
    first.starts_with(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_head_comment_is_a_complaint() {
        for (file, text, complaints) in [
            ("a.rs", "//! Does it.\nfn a() {}\n", 0),
            ("a.rs", "fn a() {}\n", 1),
            ("a.rs", "// Does it.\n", 1),
            ("tests/fail/a.rs", "fn main() {}\n", 0),
            ("a.mjs", "#!/usr/bin/env node\n// Does it.\n", 0),
            ("a.mjs", "let a;\n", 1),
            ("a.py", "\"\"\"Does it.\"\"\"\n", 0),
            ("a.wat", "(module)\n", 1),
        ] {
            assert_eq!(
                look(Path::new(file), text).len(),
                complaints,
                "{file} {text}"
            );
        }
    }

    #[test]
    fn a_file_of_501_lines_is_a_complaint() {
        let text = format!("//! Long.\n{}", "\n".repeat(500));
        assert_eq!(look(Path::new("a.rs"), &text).len(), 1);
    }
}
