//! Requests that the rules are held against, and what the host answers to each.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::json;
use smcp_ids::limits::{ADMIN_BODY_MAX, MCP_BODY_MAX, OAUTH_FORM_MAX, PACKAGE_CEILING};
use smcp_tests::http::{Ask, tool_call};
use smcp_tests::rules::Request;
use smcp_tests::{Tenant, stage};

/// The name that stands for the host in the files.
pub(crate) const HOST: &str = "mcp.example.com";

/// A request of the table: what it is, and the rule that must block it, if one must.
pub(crate) struct Case {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// How long it says that its body is; what is sent of it if it does not.
    declared: Option<usize>,
    pub(crate) blocked: Option<&'static str>,
}

pub(crate) fn case(method: &'static str, path: &str, blocked: Option<&'static str>) -> Case {
    Case {
        method,
        path: path.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        declared: None,
        blocked,
    }
}

impl Case {
    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn sending(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Says that a body of that length follows, and sends nothing of it.
    fn declaring(mut self, length: usize) -> Self {
        self.declared = Some(length);
        self
    }

    fn bearer(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn request(&self, is_listed: bool) -> Request {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        let length = self.declared.unwrap_or(self.body.len());
        let length = (length > 0).then(|| ("content-length".to_owned(), length.to_string()));
        Request {
            method: self.method.to_owned(),
            host: HOST.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.chain(length).collect(),
            is_listed,
        }
    }

    pub(crate) fn answer(&self) -> (u16, String) {
        let platform = stage().platform();
        if let Some(length) = self.declared {
            return self.declare(platform.url(), length);
        }
        let ask = self.headers.iter().fold(
            Ask::new(self.method, &format!("{}{}", platform.url(), self.path)),
            |ask, (name, value)| ask.header(name, value),
        );
        let answer = ask.send(&self.body).unwrap();
        (answer.status, answer.text())
    }

    /// What is answered to the head alone.
    fn declare(&self, url: &str, length: usize) -> (u16, String) {
        let authority = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(authority).unwrap();
        let headers = self.headers.iter();
        let headers: String = headers
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let (method, path) = (self.method, &self.path);
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {authority}\r\n{headers}content-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        let status = line.split_whitespace().nth(1).unwrap_or_default();
        (
            status.parse().unwrap_or_else(|_| panic!("{line:?}")),
            String::new(),
        )
    }
}

/// The media type of MCP.
pub(crate) const JSON: &str = "application/json";

/// Requests that the host takes: none is blocked.
pub(crate) fn taken(tenant: &Tenant) -> Vec<Case> {
    let admin = stage().platform().admin_token();
    let (own, all) = (
        format!("/t/{}/guest/mcp", tenant.name),
        format!("/t/{}/mcp", tenant.name),
    );
    let call = tool_call("greet", &json!({})).to_string();
    // Quotes code, as attackers of web pages do.
    let quoting = call.replace("{}", r#"{"note":"<script>alert(1)</script>' OR 1=1 --"}"#);
    let of_server = format!("/admin/v1/tenants/{}/servers/guest", tenant.name);
    vec![
        case("POST", &own, None)
            .bearer(&tenant.key)
            .with("content-type", JSON)
            .sending(call.clone()),
        case("POST", &own, None)
            .bearer(&tenant.key)
            .with("content-type", JSON)
            .sending(quoting),
        case("POST", &format!("{own}?from=docs"), None)
            .bearer(&tenant.key)
            .with("content-type", "Application/JSON; charset=utf-8")
            .sending(call),
        case("POST", &all, None)
            .bearer(&tenant.key)
            .with("content-type", JSON)
            .sending(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#),
        case("OPTIONS", &own, None).with("origin", "https://app.example"),
        case("GET", "/healthz", None),
        case("GET", "/.well-known/oauth-authorization-server", None),
        case(
            "GET",
            &format!("/.well-known/oauth-protected-resource{own}"),
            None,
        ),
        case("GET", "/admin/v1/openapi.json", None),
        case("GET", "/admin/v1/tenants", None).bearer(admin),
        case("GET", "/admin/v1/audit", None).bearer(admin),
        case("GET", "/admin/v1/audit/head", None).bearer(admin),
        case("GET", "/admin/v1/rotation", None).bearer(admin),
        case("GET", "/metrics", None).bearer(admin),
        case("GET", &format!("{of_server}/releases"), None).bearer(admin),
        case("PUT", &format!("{of_server}/config/limit"), None)
            .bearer(admin)
            .with("content-type", JSON)
            .sending(r#"{"value":1}"#),
        case("POST", "/register", None)
            .with("content-type", JSON)
            .sending(r#"{"redirect_uris":["http://127.0.0.1/back"]}"#),
    ]
}

/// Requests that a rule blocks.
pub(crate) fn refused(tenant: &Tenant) -> Vec<Case> {
    let admin = stage().platform().admin_token();
    let own = format!("/t/{}/guest/mcp", tenant.name);
    let of_server = format!("/admin/v1/tenants/{}/servers/guest", tenant.name);
    let import = format!("/admin/v1/tenants/{}/import", tenant.name);
    let body = Some("smcp_body_size");
    let methods = Some("smcp_methods");
    let address = Some("smcp_credential_in_address");
    vec![
        case("PUT", &own, methods).bearer(&tenant.key).sending("{}"),
        case("PATCH", "/admin/v1/tenants", methods)
            .bearer(admin)
            .sending("{}"),
        case("POST", &import, body)
            .bearer(admin)
            .with("content-type", JSON)
            .declaring(PACKAGE_CEILING + 1),
        case("PUT", "/token", methods).sending("a=b"),
        case("DELETE", "/register", methods),
        case("PUT", "/authorize", methods).sending("a=b"),
        case("POST", &own, Some("smcp_media_type"))
            .bearer(&tenant.key)
            .with("content-type", "text/plain")
            .sending("{}"),
        case("POST", &own, Some("smcp_media_type"))
            .bearer(&tenant.key)
            .sending("{}"),
        case("POST", &format!("{own}?key={}", tenant.key), address)
            .with("content-type", JSON)
            .sending("{}"),
        case("POST", &format!("{own}?Access_Token=x"), address)
            .with("content-type", JSON)
            .sending("{}"),
        case("GET", "/admin/v1/tenants?api_key=x", address),
        case("POST", &own, body)
            .bearer(&tenant.key)
            .with("content-type", JSON)
            .declaring(MCP_BODY_MAX + 1),
        case("POST", "/admin/v1/tenants", body)
            .bearer(admin)
            .declaring(ADMIN_BODY_MAX + 1),
        case("POST", &format!("{of_server}/releases"), body)
            .bearer(admin)
            .declaring(PACKAGE_CEILING + 1),
        case("POST", "/register", body)
            .with("content-type", JSON)
            .declaring(OAUTH_FORM_MAX + 1),
        case("POST", "/token", body).declaring(OAUTH_FORM_MAX + 1),
    ]
}
