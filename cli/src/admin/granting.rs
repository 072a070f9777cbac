//! What a release waits for, in words, and the commands that grant it.

use serde_json::{Value, json};
use smcp_ids::ServerSlug;

use super::{Client, OfTenant, items, show_members};
use crate::asks::{lines, word, words};
use crate::failure::Failure;
use crate::ui::{STRONG, Ui};

/// What is granted to a server already: a grant is set whole, with what it had.
#[derive(Debug, Default)]
pub(super) struct Held {
    grants: Value,
    secrets: Value,
    /// Who asks may not know: what would be granted whole cannot be said then.
    is_hidden: bool,
}

impl Held {
    /// Asks the host, if something is missing.
    pub(super) fn ask(client: &Client, server: &str, answer: &Value) -> Result<Self, Failure> {
        if answer.get("missing").is_none_or(Value::is_null) {
            return Ok(Self::default());
        }
        let get = |what| client.get(&format!("{server}/{what}"));
        match (get("grants"), get("secrets")) {
            (Ok(grants), Ok(secrets)) => Ok(Self {
                grants,
                secrets,
                is_hidden: false,
            }),
            // A publisher sees what is missing, and neither grants it nor sees what there is.
            (Err(Failure::Refused { status: 403, .. }), _) => Ok(Self {
                is_hidden: true,
                ..Self::default()
            }),
            (Err(failure), _) | (_, Err(failure)) => Err(failure),
        }
    }

    /// The grants that give what is missing of hosts, as the admin API takes them.
    pub(super) fn grants(&self, missing: &Value) -> Vec<Value> {
        let grant = |asked: &Value| {
            let host = word(asked, "host");
            let held = items(&self.grants, "grants").iter();
            let held = held.filter(|grant| word(grant, "host") == host);
            let held = held.flat_map(|grant| words(grant, "methods"));
            let methods: Vec<_> = held.chain(words(asked, "methods")).collect();
            json!({ "host": host, "methods": methods })
        };
        items(missing, "http").iter().map(grant).collect()
    }

    /// The hosts to which a secret must be bound.
    fn hosts(&self, asked: &Value) -> Vec<String> {
        let held = items(&self.secrets, "secrets").iter();
        let held = held.filter(|secret| word(secret, "name") == word(asked, "name"));
        let held = held.flat_map(|secret| words(secret, "hosts"));
        held.chain(words(asked, "hosts"))
            .map(str::to_owned)
            .collect()
    }
}

/// What is missing, as the commands that give it, or as it is to whoever cannot give it.
fn commands(of: &OfTenant, server: &ServerSlug, missing: &Value, held: &Held) -> Vec<String> {
    if held.is_hidden {
        let mut lines = lines(missing);
        lines.push("(the tenant's admin grants it: this key may not)".to_owned());
        return lines;
    }
    let place = format!("--tenant {} --server {server}", of.name());
    let grants = held.grants(missing).into_iter().map(|grant| {
        let methods = words(&grant, "methods").map(|method| format!(" --method {method}"));
        let host = word(&grant, "host");
        // A shell would take it for names of files.
        let quote = if host.contains('*') { "'" } else { "" };
        format!(
            "smcp grant set {quote}{host}{quote}{} {place}",
            methods.collect::<String>()
        )
    });
    let secrets = items(missing, "secrets").iter().map(|secret| {
        let name = argument(word(secret, "name"));
        let hosts = held.hosts(secret);
        let hosts = hosts
            .iter()
            .map(|host| format!(" --to '{host}'"))
            .collect::<String>();
        if secret.get("is_set") == Some(&Value::Bool(true)) {
            return format!("smcp secret bind{hosts} {place} {name}");
        }
        format!("smcp secret set --file FILE {place} {name}")
    });
    grants.chain(secrets).collect()
}

/// A name that begins with a hyphen is no option.
fn argument(name: &str) -> String {
    if name.starts_with('-') {
        format!("-- {name}")
    } else {
        name.to_owned()
    }
}

/// What a release would have that the live one has not, and the other way round.
pub(super) fn diff_text(answer: &Value) -> String {
    let mut text = String::new();
    let is_first = answer.get("live").is_none_or(Value::is_null) || {
        answer.get("live") == answer.get("release") && answer.get("releases") == Some(&json!(1))
    };
    let new = if is_first {
        "What it does:"
    } else {
        "New in it:"
    };
    for (member, head) in [("new", new), ("gone", "Not in it any more:")] {
        let part = answer.get("diff").and_then(|diff| diff.get(member));
        let lines = part.map(lines).unwrap_or_default();
        if !lines.is_empty() {
            text.push_str(&format!(
                "\n\n{STRONG}{head}{STRONG:#}\n  {}",
                lines.join("\n  ")
            ));
        }
    }
    let unfit: Vec<_> = words(answer, "unfit").collect();
    if !unfit.is_empty() {
        text.push_str(&format!(
            "\n\nNot as it declares them, set these settings again or delete them: {}",
            unfit.join(", ")
        ));
    }
    text
}

/// What the server lacks still.
pub(super) fn missing_text(
    of: &OfTenant,
    server: &ServerSlug,
    answer: &Value,
    held: &Held,
) -> String {
    let Some(missing) = answer.get("missing").filter(|missing| !missing.is_null()) else {
        return String::new();
    };
    let commands = commands(of, server, missing, held).join("\n  ");
    let waits = answer
        .get("waiting")
        .is_none_or(|waiting| !waiting.is_null());
    let head = if waits {
        "It is not live before it is granted what it asks for:"
    } else {
        "What it asks for and is not granted, it is denied:"
    };
    let said = said(missing);
    format!("{said}\n\n{STRONG}{head}{STRONG:#}\n  {commands}")
}

/// What the publisher says of secrets. Apart from the commands: those are copied into shells, and this is a stranger's
/// text.
fn said(missing: &Value) -> String {
    let secrets = items(missing, "secrets").iter();
    let lines = secrets.filter_map(|secret| match word(secret, "description") {
        "" => None,
        what => Some(format!("\n  {}: {what}", word(secret, "name"))),
    });
    let lines = lines.collect::<String>();
    if lines.is_empty() {
        lines
    } else {
        format!("\n\n{STRONG}What its publisher says of its secrets:{STRONG:#}{lines}")
    }
}

/// Shows a grant or a secret that was set, and what came of it.
pub(super) fn show_granted(
    ui: Ui,
    of: &OfTenant,
    server: &ServerSlug,
    client: &Client,
    mut answer: Value,
) -> Result<(), Failure> {
    let path = format!("/admin/v1/tenants/{}/servers/{server}", of.name());
    if ui.json {
        return ui.result(&answer, String::new);
    }
    let held = Held::ask(client, &path, &answer)?;
    if answer
        .get("missing")
        .is_some_and(|missing| !missing.is_null())
    {
        // Whether it waits, or is live and lacks it.
        let shown = client.get(&path)?;
        if let (Some(members), Some(waiting)) = (answer.as_object_mut(), shown.get("waiting")) {
            members.insert("waiting".to_owned(), waiting.clone());
        }
    }
    ui.result(&answer, || {
        let members = show_members(&answer, &["missing", "waiting", "went_live"]);
        let live = match word(&answer, "went_live") {
            "" => String::new(),
            release => format!("\n\n{STRONG}{server} is live now{STRONG:#}: release {release}"),
        };
        format!(
            "{members}{live}{}",
            missing_text(of, server, &answer, &held)
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn commands_are_such_that_a_shell_takes_them_as_they_are_meant() {
        let missing = json!({
            "http": [{"host": "*.example.com", "methods": ["GET"]}],
            "secrets": [
                {"name": "--insecure", "hosts": [], "is_set": false, "description": "x; rm -r /"},
                {"name": "B", "hosts": ["*.example.com"], "is_set": true},
            ],
        });
        let of = OfTenant {
            tenant: Some("acme".parse().unwrap()),
            host: super::super::Host {
                host: String::new(),
                token: None,
                insecure: false,
            },
        };
        let server = "hello".parse().unwrap();
        let place = "--tenant acme --server hello";
        assert_eq!(
            commands(&of, &server, &missing, &Held::default()),
            [
                format!("smcp grant set '*.example.com' --method GET {place}"),
                format!("smcp secret set --file FILE {place} -- --insecure"),
                format!("smcp secret bind --to '*.example.com' {place} B"),
            ]
        );
    }
}
