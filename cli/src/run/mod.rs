//! `smcp run`: a package as an MCP server over standard input and output, for clients that start
//! programs (2026-07-28, basic/transports/stdio; 2025-11-25, basic/transports, "stdio").
//!
//! Requests are read and answered by the crates that a host is made of. Here is what a host does
//! otherwise: `wire` reads lines and stands in for the headers that there are not, `server` knows who
//! is answered what, `running` which calls are in progress, `turn` drives one, `rounds` keeps what
//! a call has learnt before its question, `asked` has the questions to legacy clients. Nothing but MCP's messages goes to standard output.

mod asked;
mod hears;
mod rounds;
mod running;
mod server;
#[cfg(test)]
mod tests;
mod turn;
mod wire;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use self::server::Server;
use self::wire::next_line;
use crate::failure::Failure;
use crate::files;
use crate::local::Local;
use crate::outbound::{Fetcher, Given, Outbound};
use crate::store::Store;
use crate::ui::Ui;

/// Serves a module on this machine over standard input and output, to a client that starts it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp run hello.wasm
  smcp run notes.wasm --store /home/ada/notes.store
  smcp run issues.wasm --allow api.github.com=GET,POST --secret GITHUB_TOKEN
  claude mcp add hello -- smcp run /home/ada/hello.wasm
  npx @modelcontextprotocol/inspector smcp run hello.wasm

Claude Desktop, in claude_desktop_config.json (Cursor, in .cursor/mcp.json, takes the same):
  {
    \"mcpServers\": {
      \"hello\": { \"command\": \"smcp\", \"args\": [\"run\", \"/home/ada/hello.wasm\"] }
    }
  }

Give whole paths: a client starts programs in a directory of its own, and may need the whole path
of smcp too. The module runs in the sandbox of a host, within its limits, and reaches no files, and
no hosts but those that --allow names. It needs no signature. What it logs goes to standard error, and to a client that asks
for it. The command ends when its standard input does.")]
pub(crate) struct Serve {
    /// The package, signed or not
    #[arg(value_name = "MODULE")]
    module: PathBuf,
    /// Keep what the server stores in FILE; else it is forgotten when the command ends
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// Give the server a setting, such as limit=20; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    #[command(flatten)]
    given: Given,
}

pub(crate) fn run(args: &Serve, ui: Ui) -> Result<(), Failure> {
    let local = Local::load(&files::read(&args.module)?)?;
    let store = Store::open(args.store.as_deref(), &args.settings, &local)?;
    let outbound = Outbound::open(&args.given, Fetcher::public(), ui)?;
    let server = Arc::new(Server::new(local, store, outbound, ui)?);
    let mut input = io::stdin().lock();
    if input.is_terminal() {
        ui.note(
            "waiting for a client's messages, one a line; this command is for clients to start",
        );
    }
    while let Some(line) = next_line(&mut input).map_err(Failure::Stdio)? {
        server.take(line);
    }
    server.end();
    Ok(())
}
