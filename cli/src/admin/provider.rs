//! `smcp provider`: where a tenant's members can sign in, besides with an access code.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{OfTenant, text, time};
use crate::confidential::Confidential;
use crate::failure::Failure;
use crate::ui::Ui;

/// Lets members sign in at an OpenID provider of the tenant's own.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp provider set https://login.example.com --client-id smcp --tenant acme < secret.txt
  smcp provider show --tenant acme
  smcp provider remove --tenant acme

Register this host at the provider first, as a web application with the redirect URI https://HOST/t/TENANT/signed-in;
it gives the client id and the secret. Then invite members by the address that the provider has verified:
`smcp member invite NAME --email ADDRESS`. Who is not invited cannot sign in.

Who may, besides the platform's admin: an API key of the tenant with the scope admin; `show` also with audit.")]
pub(crate) struct ProviderCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Sets the provider; its secret is read from standard input unless told otherwise
    Set(Set),
    /// Shows the provider, without the secret
    Show(OfTenant),
    /// Lets members sign in with access codes only
    Remove(OfTenant),
}

#[derive(Debug, Args)]
struct Set {
    /// The provider's issuer, an https:// URL, exactly as its description at /.well-known/openid-configuration writes it
    #[arg(value_name = "ISSUER")]
    issuer: String,
    /// The client id that the provider has given this host
    #[arg(long, value_name = "ID")]
    client_id: String,
    #[command(flatten)]
    secret: Confidential,
    #[command(flatten)]
    of: OfTenant,
}

impl ProviderCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        let answer = match &self.action {
            Action::Set(set) => set.send(ui)?,
            Action::Show(of) => {
                let (client, tenant) = of.open()?;
                client.get(&format!("{tenant}/provider"))?
            }
            Action::Remove(of) => {
                let (client, tenant) = of.open()?;
                let answer = client.delete(&format!("{tenant}/provider"))?;
                return ui.result(&answer, || {
                    "removed; members sign in with access codes only".to_owned()
                });
            }
        };
        ui.result(&answer, || {
            let line = |name: &str, member| format!("{name:<14}{}", text(&answer, member));
            [
                line("issuer", "issuer"),
                line("client id", "client_id"),
                line("redirect URI", "redirect_uri"),
                format!("{:<14}{}", "changed", time(&answer, "changed")),
            ]
            .join("\n")
        })
    }
}

impl Set {
    fn send(&self, ui: Ui) -> Result<Value, Failure> {
        let secret = self.secret.read(ui)?;
        let (client, tenant) = self.of.open()?;
        let body = json!({
            "issuer": self.issuer, "client_id": self.client_id, "client_secret": secret.as_str(),
        });
        client.put(&format!("{tenant}/provider"), &body)
    }
}
