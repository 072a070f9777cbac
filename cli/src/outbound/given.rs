//! What the user of the command lets a server reach: `--allow` and `--secret`.
//!
//! A secret's value is never an argument, which others on the machine could read.

use std::collections::BTreeSet;
use std::env;
use std::path::Path;

use clap::Args;
use smcp_capability::http::send::Access;
use smcp_capability::http::{HostGrant, HostPattern, Method, Secret, Secrets};

use crate::failure::Failure;
use crate::files;

/// What a server on this machine may reach.
#[derive(Debug, Default, Args)]
pub(crate) struct Given {
    /// Let the server send requests to HOST, such as api.example.com=GET,POST; without methods GET and HEAD; may be
    /// given several times
    #[arg(long = "allow", value_name = "HOST[=METHODS]")]
    allow: Vec<String>,
    /// Give the server a secret: from FILE, or else from the environment variable NAME; for HOSTS, or else for the only
    /// one that is allowed; may be given several times
    #[arg(long = "secret", value_name = "NAME[=HOSTS][@FILE]")]
    secrets: Vec<String>,
}

impl Given {
    /// What `--allow` grants, given so often.
    #[cfg(test)]
    pub(crate) fn allowing(allow: &[&str]) -> Self {
        Self {
            allow: allow.iter().map(|&host| host.to_owned()).collect(),
            ..Self::default()
        }
    }

    /// As the policy has it.
    pub(super) fn access(&self) -> Result<Access, Failure> {
        let grants: Vec<_> = self.allow.iter().map(|given| grant(given)).collect();
        let grants = grants.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut secrets: Vec<Secret> = Vec::new();
        for given in &self.secrets {
            let secret = secret(given, &grants, &|name| env::var(name).ok())?;
            if secrets.iter().any(|other| other.name() == secret.name()) {
                return Err(Failure::Argument(format!(
                    "the secret {} is given twice; name all its hosts at once",
                    secret.name()
                )));
            }
            secrets.push(secret);
        }
        Ok(Access {
            grants,
            secrets: Secrets(secrets),
        })
    }
}

fn grant(given: &str) -> Result<HostGrant, Failure> {
    let wrong = |why: String| Failure::Argument(format!("--allow {given}: {why}"));
    let (host, methods) = given.split_once('=').unwrap_or((given, "GET,HEAD"));
    let methods = methods.split(',').map(str::parse::<Method>);
    Ok(HostGrant {
        host: host.parse().map_err(|error| wrong(format!("{error}")))?,
        methods: methods
            .collect::<Result<BTreeSet<_>, _>>()
            .map_err(|error| wrong(error.to_string()))?,
    })
}

fn secret(
    given: &str,
    grants: &[HostGrant],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Secret, Failure> {
    let (what, file) = match given.split_once('@') {
        Some((what, file)) => (what, Some(file)),
        None => (given, None),
    };
    let (name, hosts) = match what.split_once('=') {
        Some((name, hosts)) => (name, Some(hosts)),
        None => (what, None),
    };
    let wrong = |why: String| Failure::Argument(format!("--secret {name}: {why}"));
    let hosts: Vec<HostPattern> = match (hosts, grants) {
        (Some(hosts), _) => {
            let hosts = hosts.split(',').map(str::parse);
            let hosts = hosts.collect::<Result<_, smcp_capability::http::HostError>>();
            hosts.map_err(|error| wrong(error.to_string()))?
        }
        (None, [only]) => vec![only.host.clone()],
        (None, _) => {
            return Err(wrong(format!(
                "say which host is sent it: {name}=api.example.com"
            )));
        }
    };
    let value = match file {
        Some(file) => {
            let bytes = files::read(Path::new(file))?;
            let text = String::from_utf8(bytes);
            let text = text.map_err(|_| wrong(format!("{file} is not UTF-8")))?;
            text.trim_end_matches(['\n', '\r']).to_owned()
        }
        None => variable(name).ok_or_else(|| {
            wrong(format!(
                "there is no environment variable {name}; set it, or name a file: {what}@FILE"
            ))
        })?,
    };
    Secret::new(name, value, hosts).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn shown(grant: &HostGrant) -> String {
        let methods: Vec<_> = grant.methods.iter().map(Method::to_string).collect();
        format!("{} {}", grant.host, methods.join(" "))
    }

    #[test]
    fn a_host_is_allowed_with_the_methods_named_or_to_be_read() {
        for (given, expected) in [
            ("api.example.com", Some("api.example.com GET HEAD")),
            ("api.example.com=POST", Some("api.example.com POST")),
            ("*.example.com=GET,PUT,GET", Some("*.example.com GET PUT")),
            (
                "http://api.example.com:8080=DELETE",
                Some("http://api.example.com:8080 DELETE"),
            ),
            ("api.example.com=", None),
            ("api.example.com=get", None),
            ("api.example.com=TRACE", None),
            ("localhost", None),
            ("127.0.0.1", None),
            ("db.internal", None),
            ("", None),
        ] {
            let found = grant(given).ok().as_ref().map(shown);
            assert_eq!(found.as_deref(), expected, "{given}");
        }
    }

    #[test]
    fn a_secret_comes_from_a_file_or_a_variable_and_goes_to_hosts_that_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        std::fs::write(&file, "from the file\r\n").unwrap();
        let file = file.to_str().unwrap();
        let one = [grant("api.example.com=GET").unwrap()];
        let two = [one[0].clone(), grant("*.example.org").unwrap()];
        let variable = |name: &str| (name == "TOKEN").then(|| "from outside".to_owned());
        for (given, grants, expected) in [
            ("TOKEN".to_owned(), &one[..], Some(("from outside", 1))),
            (format!("TOKEN@{file}"), &one, Some(("from the file", 1))),
            (
                format!("A.B=api.example.com,*.example.org@{file}"),
                &[],
                Some(("from the file", 2)),
            ),
            (
                "TOKEN=api.example.com".to_owned(),
                &two,
                Some(("from outside", 1)),
            ),
            // Which of the two?
            ("TOKEN".to_owned(), &two, None),
            ("TOKEN".to_owned(), &[], None),
            ("OTHER".to_owned(), &one, None),
            ("TOKEN=localhost".to_owned(), &one, None),
            (format!("TOKEN@{file}.none"), &one, None),
            (format!("NO NAME@{file}"), &one, None),
        ] {
            let found = secret(&given, grants, &variable);
            let found = found.as_ref().ok();
            let shown = found.map(|secret| (secret.reveal(), secret.hosts().len()));
            assert_eq!(shown, expected, "{given}");
        }
        let short = |_: &str| Some("short".to_owned());
        assert!(secret("TOKEN", &one, &short).is_err());
    }

    #[test]
    fn a_secret_has_one_value() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        std::fs::write(&file, "from the file").unwrap();
        let from = format!("TOKEN@{}", file.display());
        let given = |secrets: &[&String]| Given {
            allow: vec!["api.example.com".to_owned()],
            secrets: secrets.iter().map(|secret| (*secret).clone()).collect(),
        };
        assert!(given(&[&from]).access().is_ok());
        assert_eq!(given(&[&from, &from]).access().unwrap_err().exit(), 2);
    }
}
