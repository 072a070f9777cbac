//! The commands of an admin against the host itself: its objects in memory, behind HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::json;

use crate::support::{Bench, Ran};
use crate::world::{ADMIN, World, tool_call};

/// The address of a host that serves until the tests end.
pub(crate) fn host() -> String {
    host_of(|_| {}).0
}

/// The same, with what was prepared on it.
pub(crate) fn host_of<T: Send + 'static>(
    prepare: impl FnOnce(&mut World) -> T + Send + 'static,
) -> (String, T) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (ready, prepared) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut world = World::new();
        ready.send(prepare(&mut world)).unwrap();
        for stream in listener.incoming() {
            serve(&mut world, stream.unwrap());
        }
    });
    (format!("http://{address}"), prepared.recv().unwrap())
}

/// One request, from its bytes to the object that the edge would send it to, and back.
fn serve(world: &mut World, stream: TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        let find = |line: &&String| line.to_ascii_lowercase().starts_with(&format!("{name}: "));
        lines
            .iter()
            .find(find)
            .map_or("", |line| &line[name.len() + 2..])
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let [method, path, _] = lines[0].split(' ').collect::<Vec<_>>()[..] else {
        panic!("{lines:?}")
    };
    let bearer = header("authorization").trim_start_matches("Bearer ");
    let frame = world.frame(method, path, bearer, body);
    let object = object(method, path);
    let outcome = world.send(&object, frame);
    world.run_begun(&object);
    let body = &outcome.reply.body;
    let head = format!(
        "HTTP/1.1 {} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        outcome.status(),
        body.len()
    );
    reader
        .get_mut()
        .write_all(&[head.as_bytes(), body].concat())
        .unwrap();
}

/// The object of a path: the platform's makes, lists and removes tenants.
fn object(method: &str, path: &str) -> String {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match segments.as_slice() {
        ["t", tenant, ..] => format!("tenant:{tenant}"),
        ["admin", "v1", "tenants", _] if matches!(method, "DELETE" | "PUT") => {
            "platform".to_owned()
        }
        ["admin", "v1", "tenants", tenant, ..] => format!("tenant:{tenant}"),
        _ => "platform".to_owned(),
    }
}

pub(crate) fn admin(bench: &Bench, host: &str, args: &[&str]) -> Ran {
    bench.smcp_with(
        &[&["--json"], args].concat(),
        &[("SMCP_HOST", host), ("SMCP_TOKEN", ADMIN)],
        "",
    )
}

#[test]
fn a_server_is_published_called_and_removed() {
    let (bench, host) = (Bench::with_hello(), host());
    let run = |args: &[&str]| admin(&bench, &host, args);
    let of = |args: &[&str]| run(&[args, &["--tenant", "acme"]].concat());

    assert_eq!(run(&["tenant", "create", "acme"]).json()["tenant"], "acme");
    assert_eq!(
        run(&["tenant", "create", "acme"]).error(),
        (1, "tenant_exists".into())
    );
    assert_eq!(
        run(&["tenant", "list"]).json()["tenants"][0]["tenant"],
        "acme"
    );

    bench.smcp(&["keygen", "--out", "a.key"]).ok();
    let publish = ["publish", "hello.wasm", "--server", "hello"];
    assert_eq!(
        of(&publish).error(),
        (1, "unsigned".into()),
        "refused before it is sent"
    );
    let signed = bench
        .smcp(&["--json", "sign", "hello.wasm", "--key", "a.key"])
        .json();
    assert_eq!(of(&publish).error(), (1, "publisher_not_trusted".into()));
    let trusted = of(&["publisher", "trust", "a.key.pub", "--name", "Ada & Co"]).json();
    assert_eq!(trusted["name"], "Ada & Co");
    assert_eq!(
        of(&["publisher", "list"]).json()["publishers"][0]["key"],
        trusted["key"]
    );

    let published = of(&publish).json();
    assert_eq!(
        (&published["release"], &published["again"]),
        (&signed["release"], &json!(false))
    );
    assert_eq!(of(&publish).json()["again"], true);
    assert_eq!(
        of(&["server", "list"]).json()["servers"][0]["server"],
        "hello"
    );
    assert_eq!(
        of(&["server", "show", "hello"]).json()["live"],
        signed["release"]
    );
    let releases = of(&["release", "list", "hello"]).json();
    assert_eq!(releases["releases"][0]["release"], signed["release"]);

    let key = of(&[
        "key",
        "create",
        "--name",
        "ci",
        "--server",
        "hello",
        "--expires-in-days",
        "7",
    ]);
    let key = key.json();
    assert_eq!(key["scopes"], "mcp/hello");
    let bearer = key["key"].as_str().unwrap();
    assert!(bearer.starts_with("smcp_acme_"));
    assert_eq!(call(&host, bearer).0, 200);
    assert_eq!(of(&["key", "list"]).json()["keys"][0]["id"], key["id"]);
    of(&["key", "revoke", key["id"].as_str().unwrap()]).ok();
    assert_eq!(call(&host, bearer).0, 401);

    assert_eq!(run(&["tenant", "show", "acme"]).json()["servers"], 1);
    let stopped = of(&["publisher", "revoke", "a.key.pub", "--stop"]).json();
    assert_eq!(stopped["stopped"], json!(["hello"]));
    assert_eq!(
        of(&["server", "delete", "hello"]).code,
        2,
        "not without --yes"
    );
    of(&["server", "delete", "hello", "--yes"]).ok();
    assert_eq!(
        of(&["server", "show", "hello"]).error(),
        (1, "not_found".into())
    );
    assert_eq!(
        run(&["tenant", "delete", "acme"]).code,
        2,
        "not without --yes"
    );
    run(&["tenant", "delete", "acme", "--grace-days", "0", "--yes"]).ok();
    assert_eq!(run(&["tenant", "list"]).json()["tenants"], json!([]));
}

#[test]
fn a_tenant_is_suspended_moved_to_another_host_and_removed() {
    let bench = Bench::with_hello();
    let (here, there) = (host(), host());
    let run = |args: &[&str]| admin(&bench, &here, args);
    let of = |args: &[&str]| run(&[args, &["--tenant", "acme"]].concat());
    run(&["tenant", "create", "acme"]).ok();
    bench.smcp(&["keygen", "--out", "a.key"]).ok();
    bench.smcp(&["sign", "hello.wasm", "--key", "a.key"]).ok();
    of(&["publisher", "trust", "a.key.pub"]).ok();
    of(&["publish", "hello.wasm", "--server", "hello"]).ok();
    let key = of(&["key", "create", "--name", "ci"]).json();
    let bearer = key["key"].as_str().unwrap();
    assert_eq!(call(&here, bearer).0, 200);

    run(&["tenant", "suspend", "acme", "--reason", "invoice 12"]).ok();
    assert_eq!(call(&here, bearer).0, 403);
    let shown = run(&["tenant", "show", "acme"]).json();
    assert_eq!(
        (&shown["state"], &shown["reason"]),
        (&json!("suspended"), &json!("invoice 12"))
    );
    assert_eq!(run(&["tenant", "resume", "acme"]).json()["state"], "active");

    let rotated = run(&["rotation", "start"]).json();
    let states = rotated["objects"].as_array().unwrap().iter();
    let states: Vec<_> = states
        .map(|row| (row["object"].clone(), row["state"].clone()))
        .collect();
    assert_eq!(
        states,
        [
            (json!("(platform)"), json!("done")),
            (json!("acme"), json!("done"))
        ]
    );

    let export = [
        "tenant",
        "export",
        "acme",
        "--out",
        "acme.archive",
        "--key",
        "archive.key",
    ];
    let counts = run(&export).json();
    assert_eq!(counts["modules"], 1);
    assert_eq!(run(&export).error().0, 1, "nothing is written over");
    let archive = bench.read("acme.archive");
    assert!(
        !archive.windows(5).any(|five| five == b"hello"),
        "it is sealed"
    );
    let import = ["tenant", "import", "acme.archive", "--key", "archive.key"];
    let mut damaged = archive.clone();
    *damaged.last_mut().unwrap() ^= 1;
    bench.write("acme.archive", &damaged);
    assert_eq!(admin(&bench, &there, &import).error(), (1, "key".into()));
    assert_eq!(
        admin(&bench, &there, &["tenant", "list"]).json()["tenants"],
        json!([])
    );
    bench.write("acme.archive", &archive);
    assert_eq!(admin(&bench, &there, &import).json(), counts);
    assert_eq!(call(&there, bearer).0, 200, "hosts of one master key");
    assert_eq!(
        admin(&bench, &there, &import).error().0,
        2,
        "it is there already"
    );

    let leaves = run(&["tenant", "delete", "acme", "--yes"]).json();
    assert_eq!(leaves["state"], "leaves");
    assert_eq!(call(&here, bearer).0, 403);
    run(&["tenant", "restore", "acme"]).ok();
    assert_eq!(call(&here, bearer).0, 200);
    run(&["tenant", "delete", "acme", "--grace-days", "0", "--yes"]).ok();
    assert_eq!(call(&here, bearer).0, 401);
}

/// Calls the published tool as a client does: the status and the body.
pub(crate) fn call(host: &str, bearer: &str) -> (u16, String) {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .build();
    let agent: ureq::Agent = config.into();
    let message = tool_call(1, "greet", json!({ "name": "Ada" })).to_string();
    let mut response = agent
        .post(format!("{host}/t/acme/hello/mcp"))
        .header("authorization", format!("Bearer {bearer}"))
        .header("content-type", "application/json")
        .send(message)
        .unwrap();
    (
        response.status().as_u16(),
        response.body_mut().read_to_string().unwrap(),
    )
}

#[test]
fn lists_are_for_people_too() {
    let (bench, host) = (Bench::with_hello(), host());
    let environment = [
        ("SMCP_HOST", host.as_str()),
        ("SMCP_TOKEN", ADMIN),
        ("SMCP_TENANT", "acme"),
    ];
    let run = |args: &[&str]| bench.smcp_with(args, &environment, "");
    assert_eq!(run(&["tenant", "list"]).ok(), "no tenants\n");
    run(&["tenant", "create", "acme"]).ok();
    let listed = run(&["tenant", "list"]);
    assert_eq!(listed.ok().lines().count(), 2);
    assert!(
        listed
            .stdout
            .starts_with("TENANT  CREATED\nacme    2023-11-14 "),
        "{}",
        listed.stdout
    );
    assert_eq!(run(&["key", "list"]).ok(), "no keys\n");
    run(&["key", "create", "--name", "ci"]).ok();
    assert!(run(&["key", "list"]).ok().contains("  ci    mcp  "));
}

#[test]
fn a_host_that_is_not_there_or_is_none_exits_with_3() {
    let bench = Bench::new();
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let ran = admin(&bench, &format!("http://{closed}"), &["tenant", "list"]);
    assert_eq!(ran.error(), (3, "unreachable".into()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let answer =
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let ran = admin(&bench, &other, &["tenant", "list"]);
    assert_eq!(
        ran.error(),
        (3, "not_a_host".into()),
        "redirects are not followed"
    );
}

#[test]
fn a_wrong_token_is_refused_and_none_is_asked_for() {
    let (bench, host) = (Bench::new(), host());
    let wrong = [
        ("SMCP_HOST", host.as_str()),
        ("SMCP_TOKEN", "wrong-token-of-nobody-at-all"),
    ];
    let ran = bench.smcp_with(&["--json", "tenant", "list"], &wrong, "");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(!ran.stderr.contains("wrong-token"), "the token is not told");
    let ran = bench.smcp_with(&["--json", "tenant", "list"], &wrong[..1], "");
    assert_eq!(ran.error(), (2, "argument".into()));
}

#[test]
fn a_key_with_a_role_stands_for_the_admin_token_and_names_its_tenant() {
    let (bench, (host, [admin, publisher, auditor])) = (
        Bench::new(),
        host_of(|world| {
            for tenant in ["acme", "other"] {
                world.admin("POST", "/tenants", json!({"tenant": tenant}));
            }
            ["admin", "publish", "audit"].map(|scope| world.key("acme", json!({"scopes": scope})))
        }),
    );
    let run = |token: &str, args: &[&str]| {
        let environment = [("SMCP_HOST", host.as_str()), ("SMCP_TOKEN", token)];
        bench.smcp_with(&[&["--json"], args].concat(), &environment, "")
    };
    let made = run(
        &admin,
        &["key", "create", "--name", "ci", "--scope", "publish"],
    );
    assert_eq!(made.json()["scopes"], "publish");
    for (token, args, error) in [
        (&admin, &["key", "list"][..], None),
        (&admin, &["tenant", "show", "acme"], None),
        (&auditor, &["tenant", "show", "acme"], None),
        (&auditor, &["key", "list"], None),
        (&publisher, &["publisher", "list"], None),
        (&publisher, &["server", "list"], None),
        (&publisher, &["key", "list"], Some("insufficient_scope")),
        (
            &auditor,
            &["key", "revoke", "k1"],
            Some("insufficient_scope"),
        ),
        (
            &auditor,
            &["tape", "list", "--server", "a"],
            Some("insufficient_scope"),
        ),
        (
            &admin,
            &["key", "list", "--tenant", "other"],
            Some("not_found"),
        ),
        (
            &admin,
            &["key", "list", "--tenant", "ghost"],
            Some("not_found"),
        ),
        (&admin, &["tenant", "list"], Some("unauthorized")),
        (
            &admin,
            &["tenant", "delete", "acme", "--yes"],
            Some("unauthorized"),
        ),
    ] {
        let ran = run(token, args);
        match error {
            None => drop(ran.json()),
            Some(code) => assert_eq!(ran.error(), (1, code.to_owned()), "{args:?}"),
        }
    }
    let nameless = run(ADMIN, &["key", "list"]);
    assert_eq!(nameless.error(), (2, "argument".to_owned()));
}
