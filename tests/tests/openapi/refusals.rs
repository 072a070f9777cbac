//! What any operation can be refused with.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;
use smcp_ids::limits::{ADMIN_BODY_MAX, PACKAGE_CEILING, PATH_MAX};
use smcp_tests::admin::Admin;
use smcp_tests::http::Answer;

use super::{Inquiry, stage};

/// What any operation can be answered, asked of each.
pub(super) fn refusals(inquiry: &mut Inquiry) {
    let document = inquiry.document.clone();
    let tenant = stage().tenant().unwrap();
    for operation in document.operations() {
        let path = |tenant: &str| {
            let is_key = operation.path.contains("/publishers/");
            let key = if is_key { "11".repeat(32) } else { "k".into() };
            operation
                .path
                .replace("{tenant}", tenant)
                .replace("{server}", "guest")
                .replace("{name}", "NAME")
                .replace("{key}", &key)
                .replace("{member}", "k")
                .replace("{connection}", "k")
                .replace("{client}", "k")
                .replace("{release}", &"11".repeat(32))
                .replace("{call}", "0000000000000000")
        };
        let ask = |path: &str| inquiry.admin.ask(&operation.method, path);
        let own = path(&tenant.name);
        let is_of_platform = operation.said["x-required-scope"] == json!([]);
        let mut answers = vec![
            (401, ask(&own).without("authorization").send(b"")),
            (
                403,
                ask(&own).header("origin", "https://evil.example").send(b""),
            ),
            (
                414,
                ask(&format!("{own}?{}", "a".repeat(PATH_MAX))).send(b""),
            ),
        ];
        if !is_of_platform {
            let key = format!("Bearer {}", tenant.key);
            answers.push((403, ask(&own).header("authorization", &key).send(b"")));
        }
        if operation.path.contains('{') {
            answers.push((404, ask(&path("no-such-tenant")).send(b"")));
        }
        if operation.said.get("requestBody").is_some() {
            let takes_much = ["publish", "importPage", "importModule", "endImport"];
            let is_package = takes_much.contains(&operation.id);
            let most = if is_package {
                PACKAGE_CEILING
            } else {
                ADMIN_BODY_MAX
            };
            let declared = declared(&inquiry.admin, &operation.method, &own, most + 1);
            answers.push((413, Ok(declared)));
        }
        for (status, answer) in answers {
            let answer = answer.unwrap();
            assert_eq!(answer.status, status, "{}: {}", operation.id, answer.text());
            inquiry.hold(&document, &operation, &answer);
        }
    }
}

/// The answer to the head of a request that says how long its body will be: one that is sent may meet a connection
/// that is closed already.
fn declared(admin: &Admin, method: &str, path: &str, length: usize) -> Answer {
    let host = admin.url().trim_start_matches("http://");
    let token = stage().platform().admin_token();
    let mut stream = BufReader::new(TcpStream::connect(host).unwrap());
    write!(
        stream.get_mut(),
        "{method} /admin/v1{path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
         content-length: {length}\r\n\r\n"
    )
    .unwrap();
    let lines: Vec<String> = (&mut stream)
        .lines()
        .map(Result::unwrap)
        .take_while(|line| !line.is_empty())
        .collect();
    let headers = lines.iter().skip(1).map(|line| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_lowercase(), value.trim().to_owned())
    });
    let mut answer = Answer {
        status: lines[0].split(' ').nth(1).unwrap().parse().unwrap(),
        headers: headers.collect(),
        body: Vec::new(),
    };
    answer.body = vec![0; answer.header("content-length").parse().unwrap()];
    stream.read_exact(&mut answer.body).unwrap();
    answer
}
