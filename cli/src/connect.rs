//! `smcp connect`: what to write where, so that an MCP client calls a hosted server.
//!
//! It prints and changes nothing. A key that is not given is left to the client's own way of asking
//! for it, or to the environment variable SMCP_KEY, so that it does not end in a file.

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};
use smcp_ids::{ServerSlug, TenantId};

use crate::admin::base;
use crate::failure::Failure;
use crate::ui::{FAINT, STRONG, Ui};

/// Prints the configuration of an MCP client for a hosted server.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp connect --client claude-code --tenant acme --server hello
  smcp connect --client vscode --tenant acme --server hello --json > .vscode/mcp.json
  smcp connect --client generic --tenant acme

Without --server it is all servers of the tenant as one: SERVER__TOOL, smcp+SERVER+URI. Without --key
the configuration refers to the environment variable SMCP_KEY, or has the client ask for the key. A
module on this machine needs no host and no key: see `smcp run --help`.")]
pub(crate) struct Connect {
    /// The client
    #[arg(long, value_enum)]
    client: Client,
    /// The tenant
    #[arg(long, value_name = "TENANT", env = "SMCP_TENANT")]
    tenant: TenantId,
    /// The server [default: all of the tenant's]
    #[arg(long, value_name = "SERVER")]
    server: Option<ServerSlug>,
    /// An API key of the tenant, written out
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// The host's address
    #[arg(
        long,
        value_name = "URL",
        env = "SMCP_HOST",
        default_value = "http://127.0.0.1:8787"
    )]
    host: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Client {
    /// Claude Code: a command, and the file .mcp.json
    ClaudeCode,
    /// Visual Studio Code: the file .vscode/mcp.json
    Vscode,
    /// Cursor: the file .cursor/mcp.json
    Cursor,
    /// The MCP Inspector: a command
    Inspector,
    /// Any client of Streamable HTTP: the address and the header
    Generic,
}

/// What to do for one client.
#[derive(Debug, Serialize)]
struct Setup {
    /// The endpoint.
    url: String,
    /// A command for a POSIX shell.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    /// A file, and what belongs in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<(&'static str, Value)>,
    /// The header of every request.
    header: String,
    notes: Vec<String>,
}

pub(crate) fn run(args: &Connect, ui: Ui) -> Result<(), Failure> {
    if args.key.as_deref().is_some_and(|key| !is_key(key)) {
        return Err(Failure::Argument(
            "--key: an API key begins with smcp_ and has no spaces".to_owned(),
        ));
    }
    let setup = setup(args)?;
    match (&setup.file, ui.json) {
        // Ready to be written where it belongs.
        (Some((_, file)), true) => ui.text(&format!("{file:#}")),
        _ => ui.result(&setup, || setup.text()),
    }
}

fn is_key(text: &str) -> bool {
    text.starts_with("smcp_")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

fn setup(args: &Connect) -> Result<Setup, Failure> {
    let (base, _) = base(&args.host)?;
    let Connect { tenant, server, .. } = args;
    let (url, name) = match server {
        Some(server) => (
            format!("{base}/t/{tenant}/{server}/mcp"),
            server.to_string(),
        ),
        None => (format!("{base}/t/{tenant}/mcp"), tenant.to_string()),
    };
    // A key as each place would have it where none is given.
    let bearer = |otherwise: &str| format!("Bearer {}", args.key.as_deref().unwrap_or(otherwise));
    let shell = |command: &str| {
        // In double quotes, for the variable; a key has no character that the shell looks at there.
        format!(
            "{command} --header \"Authorization: {}\"",
            bearer("$SMCP_KEY")
        )
    };
    let entry = |kind: Option<&str>, key: &str| {
        let mut entry = json!({ "url": url, "headers": { "Authorization": bearer(key) } });
        if let Some(kind) = kind {
            entry["type"] = kind.into();
        }
        json!({ &name: entry })
    };
    let mut setup = Setup {
        header: format!("Authorization: {}", bearer("$SMCP_KEY")),
        command: None,
        file: None,
        notes: Vec::new(),
        url: url.clone(),
    };
    let set_key = "set SMCP_KEY to a key of `smcp key create` where the client starts";
    match args.client {
        Client::ClaudeCode => {
            setup.command = Some(shell(&format!(
                "claude mcp add --transport http {name} {url}"
            )));
            setup.file = Some((
                ".mcp.json",
                json!({ "mcpServers": entry(Some("http"), "${SMCP_KEY}") }),
            ));
            setup.notes.push(
                "the command is for you in this directory; the file is for everybody who has it"
                    .to_owned(),
            );
        }
        Client::Vscode => {
            let mut file = json!({ "servers": entry(Some("http"), "${input:smcp-key}") });
            if args.key.is_none() {
                file["inputs"] = json!([{
                    "type": "promptString",
                    "id": "smcp-key",
                    "description": format!("API key of {tenant}"),
                    "password": true,
                }]);
                setup
                    .notes
                    .push("VS Code asks for the key once, and keeps it".to_owned());
            }
            setup.file = Some((".vscode/mcp.json", file));
        }
        Client::Cursor => {
            setup.file = Some((
                ".cursor/mcp.json",
                json!({ "mcpServers": entry(None, "${env:SMCP_KEY}") }),
            ));
        }
        Client::Inspector => {
            let inspector = "npx @modelcontextprotocol/inspector";
            let target = format!("--server-url {url} --transport http");
            setup.command = Some(shell(&format!("{inspector} {target}")));
            let cli = shell(&format!("{inspector} --cli {target} --method tools/list"));
            setup.notes.push(format!("without its window: {cli}"));
        }
        Client::Generic => {
            let mcp_remote = shell(&format!("npx mcp-remote {url}"));
            setup
                .notes
                .push("the transport is Streamable HTTP".to_owned());
            setup
                .notes
                .push(format!("a client that only starts programs: {mcp_remote}"));
        }
    }
    if args.key.is_none() && args.client != Client::Vscode {
        setup.notes.push(set_key.to_owned());
    }
    Ok(setup)
}

impl Setup {
    fn text(&self) -> String {
        let mut parts = vec![format!("{STRONG}{}{STRONG:#}\n{}", self.url, self.header)];
        parts.extend(self.command.clone());
        if let Some((path, content)) = &self.file {
            parts.push(format!("{FAINT}{path}{FAINT:#}\n{content:#}"));
        }
        parts.extend(
            self.notes
                .iter()
                .map(|note| format!("{FAINT}note{FAINT:#} {note}")),
        );
        parts.join("\n\n")
    }
}
