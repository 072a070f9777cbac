//! `smcp grant`.

use clap::{Args, Subcommand};
use serde_json::json;
use smcp_capability::http::{HostPattern, Method};

use super::granting::show_granted;
use super::{OfServer, show_list, text, time};
use crate::failure::Failure;
use crate::ui::Ui;

/// Says to which other hosts a server may send requests.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp grant set api.example.com --method GET --server weather --tenant acme
  smcp grant set '*.example.com' --method GET --method POST --server weather --tenant acme
  smcp grant set http://legacy.example.com:8080 --method GET --server weather --tenant acme
  smcp grant list --server weather --tenant acme
  smcp grant delete api.example.com --server weather --tenant acme

A grant is set whole: with these methods and no others. It holds from the next request on, and so does taking it
back. A release that waits for it goes live. No server reaches addresses, or names of the host's own network.

Who may, besides the platform's admin: an API key of the tenant with the scope admin; `list` also with audit.")]
pub(crate) struct GrantCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Grants a host, or all below a domain
    Set(Set),
    /// Lists the grants of a server
    List(OfServer),
    /// Takes a grant back
    Delete(Delete),
}

#[derive(Debug, Args)]
struct Set {
    /// The host: api.example.com, or *.example.com for all below it; with a port if it is another than HTTPS has, and
    /// with http:// in front where it may go without TLS
    #[arg(value_name = "HOST")]
    pattern: HostPattern,
    /// A method of its requests, such as GET; once for each
    #[arg(long = "method", value_name = "METHOD", required = true, value_parser = method)]
    methods: Vec<Method>,
    #[command(flatten)]
    of: OfServer,
}

#[derive(Debug, Args)]
struct Delete {
    /// The host, as it is listed
    #[arg(value_name = "HOST")]
    pattern: String,
    #[command(flatten)]
    of: OfServer,
}

fn method(given: &str) -> Result<Method, smcp_capability::http::MethodError> {
    given.to_ascii_uppercase().parse()
}

impl GrantCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        match &self.action {
            Action::Set(Set {
                pattern,
                methods,
                of,
            }) => {
                let (client, server) = of.open()?;
                let body = json!({ "host": pattern, "methods": methods });
                let answer = client.put(&format!("{server}/grants"), &body)?;
                show_granted(ui, &of.of, &of.server, &client, answer)
            }
            Action::List(of) => {
                let (client, server) = of.open()?;
                let answer = client.get(&format!("{server}/grants"))?;
                let head = ["HOST", "METHODS", "CHANGED"];
                show_list(ui, &answer, "grants", &head, |row| {
                    vec![
                        text(row, "host"),
                        text(row, "methods"),
                        time(row, "changed"),
                    ]
                })
            }
            Action::Delete(Delete { pattern, of }) => {
                let (client, server) = of.open()?;
                let answer =
                    client.delete(&format!("{server}/grants?host={}", encoded(pattern)))?;
                ui.result(&answer, || {
                    format!("{} may not send requests to {pattern} any more", of.server)
                })
            }
        }
    }
}

/// Percent-encoded, as a part of a query (RFC 3986, section 2.1).
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
