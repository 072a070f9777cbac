//! A value that must be seen by nobody else: from standard input, a file or the environment, never from an argument,
//! which other users of the machine can see.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::files;
use crate::ui::Ui;

/// Where the value is.
#[derive(Debug, Args)]
pub(crate) struct Confidential {
    /// Take the value from this variable of the environment
    #[arg(long, value_name = "VAR", conflicts_with = "file")]
    from_env: Option<String>,
    /// Take the value from this file
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Confidential {
    /// The value, without the end of its line.
    pub(crate) fn read(&self, ui: Ui) -> Result<Zeroizing<String>, Failure> {
        let text = match (&self.from_env, &self.file) {
            (Some(variable), _) => std::env::var(variable).map_err(|_| {
                Failure::Argument(format!("the variable {variable} is not set, or no text"))
            })?,
            (None, Some(file)) => {
                if files::is_open_to_others(file) {
                    let file = file.display();
                    ui.warn(format_args!(
                        "others may read {file}; run `chmod 600 {file}`"
                    ));
                }
                String::from_utf8(files::read(file)?)
                    .map_err(|_| Failure::Argument(format!("{} is not text", file.display())))?
            }
            (None, None) => {
                if std::io::stdin().is_terminal() {
                    ui.note("Type or paste the value, then end the input (Ctrl-D on a line of its own).");
                }
                files::stdin()?
            }
        };
        let mut text = Zeroizing::new(text);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let length = line.strip_suffix('\r').unwrap_or(line).len();
        text.truncate(length);
        if text.is_empty() {
            return Err(Failure::Argument("the value is empty".to_owned()));
        }
        Ok(text)
    }
}
