//! What the tests of requests to other hosts share: grants, a secret, requests and answers.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests"
)]

use smcp_capability::http::send::Access;
use smcp_capability::http::{Header, HostGrant, HttpAnswer, HttpRequest, Method, Secret, Secrets};
use smcp_capability::turn::Fetched;

/// What an admin who means well grants.
const GRANTED: &[&str] = &[
    "api.example.com",
    "*.example.org",
    "http://plain.example.com",
    "api.example.com:8443",
];

pub fn access() -> Access {
    let grant = |host: &&str| HostGrant {
        host: host.parse().unwrap(),
        methods: [Method::Get, Method::Post].into(),
    };
    let token = Secret::new(
        "TOKEN",
        "s3cret-t0ken\"+/",
        vec!["api.example.com".parse().unwrap()],
    );
    Access {
        grants: GRANTED.iter().map(grant).collect(),
        secrets: Secrets(vec![token.unwrap()]),
    }
}

pub fn request(method: &str, url: &str) -> HttpRequest {
    HttpRequest {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: None,
    }
}

pub fn header(name: &str, value: &str) -> Header {
    Header {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

pub fn answered(status: u16, headers: &[(&str, &str)], body: &str) -> Fetched {
    Fetched::Answer(HttpAnswer {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| header(name, value))
            .collect(),
        body: body.into(),
    })
}
