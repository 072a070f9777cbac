//! Keys, signatures, and what becomes of a package that somebody altered.

use serde_json::Value;

use crate::support::Bench;

fn public(bench: &Bench, key: &str) -> String {
    let made = bench.smcp(&["--json", "keygen", "--out", key]).json();
    made["publicKey"].as_str().unwrap().to_owned()
}

#[test]
#[cfg(unix)]
fn a_secret_key_is_for_its_owner_only_and_is_never_overwritten() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let key = public(&bench, "a.key");
    let mode = std::fs::metadata(bench.path("a.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(bench.read("a.key.pub"), format!("{key}\n").as_bytes());
    let secret = bench.read("a.key");
    let again = bench.smcp(&["--json", "keygen", "--out", "a.key"]);
    assert_eq!(again.error(), (1, "exists".into()));
    std::fs::remove_file(bench.path("a.key")).unwrap();
    assert_eq!(
        bench.smcp(&["--json", "keygen", "--out", "a.key"]).error(),
        (1, "exists".into())
    );
    assert!(
        !bench.path("a.key").exists(),
        "no secret key without its public one"
    );
    let text = String::from_utf8(secret).unwrap();
    assert!(!again.stdout.contains(text.trim()) && text.contains("smcp-secret-key: "));
}

#[test]
fn a_key_that_others_may_read_is_used_with_a_warning() {
    let bench = Bench::with_hello();
    public(&bench, "a.key");
    assert_eq!(
        bench
            .smcp(&["sign", "hello.wasm", "--key", "a.key", "--out", "b.wasm"])
            .stderr,
        ""
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(bench.path("a.key"), open).unwrap();
        let ran = bench.smcp(&["sign", "hello.wasm", "--key", "a.key"]);
        ran.ok();
        assert!(ran.stderr.contains("chmod 600"), "{}", ran.stderr);
    }
}

#[test]
fn what_is_signed_verifies_under_its_key_and_no_other() {
    let bench = Bench::with_hello();
    let (own, other) = (public(&bench, "a.key"), public(&bench, "b.key"));
    let unsigned = bench.smcp(&["--json", "inspect", "hello.wasm"]).json();
    let signed = bench
        .smcp(&["--json", "sign", "hello.wasm", "--key", "a.key"])
        .json();
    assert_eq!(
        signed["release"], unsigned["release"],
        "signing gives no new name"
    );
    assert_eq!(signed["signers"], Value::from(vec![own.clone()]));
    for key in [own.as_str(), "a.key.pub"] {
        let verified = bench
            .smcp(&["--json", "verify", "hello.wasm", "--key", key])
            .json();
        assert_eq!(verified["release"], signed["release"]);
    }
    let refused = bench.smcp(&["--json", "verify", "hello.wasm", "--key", &other]);
    assert_eq!(refused.error(), (1, "publisher_not_trusted".into()));
    let one_of_two = bench.smcp(&[
        "--json",
        "verify",
        "hello.wasm",
        "--key",
        &other,
        "a.key.pub",
    ]);
    assert_eq!(one_of_two.json()["signers"], Value::from(vec![own]));
}

#[test]
fn a_key_of_wasmsign2_signs_too() {
    let bench = Bench::with_hello();
    bench
        .smcp(&["keygen", "--out", "w.key", "--format", "wasmsign2"])
        .ok();
    assert_eq!(
        (bench.read("w.key").len(), bench.read("w.key.pub").len()),
        (65, 33)
    );
    bench.smcp(&["sign", "hello.wasm", "--key", "w.key"]).ok();
    bench
        .smcp(&["verify", "hello.wasm", "--key", "w.key.pub"])
        .ok();
}

#[test]
fn a_second_signature_is_added_only_when_asked_for() {
    let bench = Bench::with_hello();
    public(&bench, "a.key");
    public(&bench, "b.key");
    let first = bench
        .smcp(&["--json", "sign", "hello.wasm", "--key", "a.key"])
        .json();
    let again = bench.smcp(&["--json", "sign", "hello.wasm", "--key", "b.key"]);
    assert_eq!(again.error(), (1, "already_signed".into()));
    let both = bench
        .smcp(&["--json", "sign", "hello.wasm", "--key", "b.key", "--add"])
        .json();
    assert_eq!(
        (&both["release"], &both["signatures"]),
        (&first["release"], &Value::from(2))
    );
    for key in ["a.key.pub", "b.key.pub"] {
        bench.smcp(&["verify", "hello.wasm", "--key", key]).ok();
    }
    let twice = bench.smcp(&["--json", "sign", "hello.wasm", "--key", "b.key", "--add"]);
    assert_eq!(twice.error(), (1, "signed_twice".into()));
    bench
        .smcp(&["sign", "hello.wasm", "--key", "b.key", "--replace"])
        .ok();
    let gone = bench.smcp(&["--json", "verify", "hello.wasm", "--key", "a.key.pub"]);
    assert_eq!(gone.error(), (1, "publisher_not_trusted".into()));
}

#[test]
fn an_altered_package_is_neither_verified_nor_called_nor_signed_again() {
    let bench = Bench::with_hello();
    public(&bench, "a.key");
    public(&bench, "b.key");
    bench.smcp(&["sign", "hello.wasm", "--key", "a.key"]).ok();
    let signed = bench.read("hello.wasm");
    // In the header, the head of the signature section, its hash, the code, the manifest, and after
    // the end. A signature of somebody else can be verified only by who knows their key.
    let covered = [
        0,
        9,
        20,
        30,
        signed.len() / 2,
        signed.len() - 1,
        signed.len(),
    ];
    let signature = 100;
    for place in covered.into_iter().chain([signature]) {
        let mut altered = signed.clone();
        match altered.get_mut(place) {
            Some(byte) => *byte ^= 1,
            None => altered.push(0),
        }
        bench.write("altered.wasm", altered);
        let verified = bench.smcp(&["verify", "altered.wasm", "--key", "a.key.pub"]);
        assert_eq!(verified.code, 1, "byte {place}: {}", verified.stderr);
        if place != signature {
            let add = [
                "sign",
                "altered.wasm",
                "--key",
                "b.key",
                "--add",
                "--out",
                "x.wasm",
            ];
            let added = bench.smcp(&add);
            assert_eq!(added.code, 1, "byte {place}: {}", added.stderr);
        }
    }
    let mut altered = signed;
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    bench.write("altered.wasm", altered);
    let called = bench.smcp(&["--json", "call", "altered.wasm", "greet"]);
    assert_eq!(called.error(), (1, "signature_hash_mismatch".into()));
    assert!(!bench.path("x.wasm").exists());
}

#[test]
fn what_no_host_would_take_is_not_signed() {
    let bench = Bench::new();
    public(&bench, "a.key");
    bench.write("empty.wasm", b"\0asm\x01\0\0\0");
    let ran = bench.smcp(&["--json", "sign", "empty.wasm", "--key", "a.key"]);
    assert_eq!(ran.error(), (1, "manifest_missing".into()));
    assert_eq!(
        bench.read("empty.wasm"),
        b"\0asm\x01\0\0\0",
        "left as it was"
    );
}

#[test]
fn a_module_is_shown_as_it_is() {
    let bench = Bench::with_hello();
    let shown = bench.smcp(&["--json", "inspect", "hello.wasm"]).json();
    assert_eq!(shown["tools"], serde_json::json!(["greet", "echo"]));
    assert_eq!(
        shown["capabilities"],
        serde_json::json!(["smcp:server/context@0.1.0"])
    );
    assert_eq!(
        (&shown["signatures"], &shown["refusal"]),
        (&Value::from(0), &Value::Null)
    );
    assert_eq!(shown["limits"]["fuel"], 2_000_000_000_u64);
    assert!(shown["sections"].as_array().unwrap().len() > 5);
    let report = &shown["report"];
    assert_eq!(
        (&report["findings"], &shown["refusedFor"]),
        (&serde_json::json!([]), &serde_json::json!([]))
    );
    assert_eq!(report["facts"]["signers"], serde_json::json!([]));
    let sdk = serde_json::json!({"role": "sdk", "name": "smcp-sdk", "version": env!("CARGO_PKG_VERSION")});
    assert_eq!(report["facts"]["made_with"][2], sdk);
    let cannot = report["facts"]["cannot"].as_array().unwrap().iter();
    assert!(
        cannot
            .map(|ability| &ability["name"])
            .any(|name| name == "http")
    );
    bench.write("empty.wasm", b"\0asm\x01\0\0\0");
    let empty = bench.smcp(&["--json", "inspect", "empty.wasm"]).json();
    assert_eq!(empty["refusal"]["code"], "manifest_missing");
    let text = bench.smcp(&["inspect", "hello.wasm"]);
    assert!(
        text.ok().contains("greet, echo")
            && text.stdout.contains("cannot        send requests to hosts")
            && text.stdout.contains("findings      none")
            && !text.stdout.contains('\x1b'),
        "{}",
        text.stdout
    );
    bench.write("none.wasm", "no module");
    assert_eq!(
        bench.smcp(&["--json", "inspect", "none.wasm"]).error(),
        (1, "not_a_module".into())
    );
}
