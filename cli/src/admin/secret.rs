//! `smcp secret`. A value is read from standard input, a file or the environment, never from an argument, which other
//! users of the machine can see; and it is printed nowhere.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use smcp_capability::http::HostPattern;

use super::granting::show_granted;
use super::{OfServer, check_part, show_list, text, time};
use crate::confidential::Confidential;
use crate::failure::Failure;
use crate::ui::Ui;

/// Sets, binds, lists and removes the secrets of a server.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp secret set GITHUB_TOKEN --server issues --tenant acme < token.txt
  smcp secret set GITHUB_TOKEN --from-env GITHUB_TOKEN --server issues --tenant acme
  smcp secret set GITHUB_TOKEN --file token.txt --to api.github.com --server issues --tenant acme
  smcp secret bind GITHUB_TOKEN --to api.github.com --to uploads.github.com --server issues --tenant acme
  smcp secret list --server issues --tenant acme

A server names a secret in a header of its request; the host puts it in, if it is bound to where the request goes, and
takes it out of the answer. Nobody can read one back: keep it elsewhere too.

Who may, besides the platform's admin: an API key of the tenant with the scope admin; `list` also with audit.")]
pub(crate) struct SecretCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Sets a secret, from standard input unless told otherwise
    Set(Set),
    /// Binds a secret that is set to these hosts and no others
    Bind(Bind),
    /// Lists the secrets of a server, without their values
    List(OfServer),
    /// Removes a secret
    Delete(Delete),
}

#[derive(Debug, Args)]
struct Set {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    value: Confidential,
    /// A host that it goes to; once for each [default: those it goes to already, or that the release asks it for]
    #[arg(long, value_name = "HOST")]
    to: Vec<HostPattern>,
    #[command(flatten)]
    of: OfServer,
}

#[derive(Debug, Args)]
struct Bind {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,
    /// A host that it goes to; once for each
    #[arg(long, value_name = "HOST", required = true)]
    to: Vec<HostPattern>,
    #[command(flatten)]
    of: OfServer,
}

#[derive(Debug, Args)]
struct Delete {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    of: OfServer,
}

impl SecretCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        match &self.action {
            Action::Set(set) => set.run(ui),
            Action::Bind(Bind { name, to, of }) => put(ui, of, name, &json!({ "hosts": to })),
            Action::List(of) => {
                let (client, server) = of.open()?;
                let answer = client.get(&format!("{server}/secrets"))?;
                let head = ["NAME", "HOSTS", "CHANGED"];
                show_list(ui, &answer, "secrets", &head, |row| {
                    vec![text(row, "name"), text(row, "hosts"), time(row, "changed")]
                })
            }
            Action::Delete(Delete { name, of }) => {
                check_part(name, "a secret")?;
                let (client, server) = of.open()?;
                let answer = client.delete(&format!("{server}/secrets/{name}"))?;
                ui.result(&answer, || format!("deleted {name}"))
            }
        }
    }
}

impl Set {
    fn run(&self, ui: Ui) -> Result<(), Failure> {
        check_part(&self.name, "a secret")?;
        let value = self.value.read(ui)?;
        let mut body = json!({ "value": value.as_str() });
        if let (Some(members), false) = (body.as_object_mut(), self.to.is_empty()) {
            members.insert("hosts".to_owned(), json!(self.to));
        }
        put(ui, &self.of, &self.name, &body)
    }
}

fn put(ui: Ui, of: &OfServer, name: &str, body: &Value) -> Result<(), Failure> {
    check_part(name, "a secret")?;
    let (client, server) = of.open()?;
    let answer = client.put(&format!("{server}/secrets/{name}"), body)?;
    show_granted(ui, &of.of, &of.server, &client, answer)
}
