//! Attacks by a manifest that is properly signed; each test is one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::prelude::*;
use smcp_ids::Fuel;
use smcp_ids::limits::{CATALOGUE_MAX, DESCRIPTION_MAX, MANIFEST_MAX};
use smcp_package::{AskedLimits, MANIFEST_SECTION, Manifest, PackageError, embed_manifest};
use support::{CATALOGUE, IMPORTS, REQUIRED, admit, custom, module, server, sign_only, unsigned};

const GOOD: &str = r#"{"format":1,"abi":"0.1.0","name":"echo","version":"1.2.0","capabilities":[],"limits":{},"catalogue":"{}"}"#;

fn parse(json: &str) -> Result<Manifest, PackageError> {
    Manifest::parse(json.as_bytes())
}

fn code(json: &str) -> &'static str {
    parse(json).unwrap_err().code()
}

#[test]
fn a_manifest_is_what_its_format_says() {
    let manifest = parse(GOOD).unwrap();
    assert_eq!(manifest.name().as_str(), "echo");
    assert_eq!(manifest.version(), "1.2.0");
    assert_eq!(manifest.catalogue(), "{}");
    assert_eq!(manifest.to_json().unwrap(), GOOD.as_bytes());
}

#[test]
fn members_that_are_there_twice_are_refused() {
    let twice = [
        GOOD.replace(r#""format":1,"#, r#""format":1,"format":1,"#),
        GOOD.replace(r#""name":"echo","#, r#""name":"echo","name":"evil","#),
        GOOD.replace(
            r#""catalogue":"{}""#,
            r#""catalogue":"{}","catalogue":"{}""#,
        ),
        GOOD.replace(r#""limits":{}"#, r#""limits":{},"limits":{}"#),
        GOOD.replace(r#""limits":{}"#, r#""limits":{"fuel":1,"fuel":2}"#),
        GOOD.replace(r#""name""#, r#""n\u0061me":"evil","name""#),
        GOOD.replace(r#""capabilities":[]"#, r#""capabilities":["a","a"]"#),
    ];
    for json in twice {
        assert_ne!(json, GOOD);
        assert_eq!(code(&json), "manifest_malformed", "{json}");
    }
}

#[test]
fn members_that_are_unknown_missing_or_wrong_are_refused() {
    let wrong = [
        GOOD.replace(r#""format":1,"#, ""),
        GOOD.replace(r#""name":"echo","#, ""),
        GOOD.replace(r#""name":"echo""#, r#""name":"no_slug""#),
        GOOD.replace(r#""name":"echo""#, r#""name":null"#),
        GOOD.replace(r#""limits":{}"#, r#""limits":{"sandbox":false}"#),
        GOOD.replace(r#""limits":{}"#, r#""limits":{"fuel":-1}"#),
        GOOD.replace(r#""limits":{}"#, r#""limits":{"fuel":1e3}"#),
        GOOD.replace(r#""limits":{}"#, r#""trusted":true"#),
        GOOD.replace(r#""catalogue":"{}""#, r#""catalogue":{}"#),
        format!("{GOOD}{GOOD}"),
        format!("[{GOOD}]"),
        "[".repeat(100_000),
        r#"{"format":1,"limits":"#.to_owned() + &r#"{"fuel":"#.repeat(10_000),
        String::new(),
        "null".to_owned(),
    ];
    for json in wrong {
        assert_ne!(json, GOOD);
        assert_eq!(
            code(&json),
            "manifest_malformed",
            "{}",
            &json[..json.len().min(200)]
        );
    }
    assert!(Manifest::parse(b"{\"format\":1,\"\xff\":0}").is_err());
}

#[test]
fn another_format_or_contract_is_refused_as_such() {
    for format in ["0", "2", "4294967295"] {
        let json = GOOD.replace(
            r#""format":1"#,
            &format!(r#""format":{format},"unknown":0"#),
        );
        assert_eq!(code(&json), "manifest_format");
    }
    for abi in ["0.1.1", "0.2.0", "1.0.0", ""] {
        let json = GOOD.replace(r#""abi":"0.1.0""#, &format!(r#""abi":"{abi}""#));
        assert_eq!(code(&json), "abi_version");
    }
}

#[test]
fn a_version_that_is_none_is_refused() {
    for version in ["", "1", "latest", "1.2.3\\n", "1.0.0<script>"] {
        let json = GOOD.replace(r#""version":"1.2.0""#, &format!(r#""version":"{version}""#));
        assert_eq!(code(&json), "release_version", "{version}");
    }
}

#[test]
fn a_catalogue_that_is_no_json_object_is_refused() {
    for catalogue in [
        "",
        "[]",
        "null",
        "{",
        "{}{}",
        "{'a':1}",
        r#"\"{}\""#,
        "{\\u0000}",
    ] {
        let json = GOOD.replace(
            r#""catalogue":"{}""#,
            &format!(r#""catalogue":"{catalogue}""#),
        );
        assert_eq!(code(&json), "catalogue_not_an_object", "{catalogue}");
    }
    let deep = format!("{{\"a\":{}", "[".repeat(100_000));
    let json = GOOD.replace(r#""catalogue":"{}""#, &format!(r#""catalogue":{deep:?}"#));
    assert_eq!(code(&json), "catalogue_not_an_object");
}

#[test]
fn texts_that_are_too_long_are_refused() {
    let long = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    let with = |catalogue: String| Manifest::new("echo".parse().unwrap(), "1.0.0", catalogue, []);
    assert!(with(long(CATALOGUE_MAX)).is_ok());
    assert_eq!(
        with(long(CATALOGUE_MAX + 1)).unwrap_err().code(),
        "limit_catalogue"
    );
    let described = |bytes: usize| parse(GOOD).unwrap().with_description("x".repeat(bytes));
    assert!(described(DESCRIPTION_MAX).is_ok());
    assert_eq!(
        described(DESCRIPTION_MAX + 1).unwrap_err().code(),
        "limit_description"
    );
    assert_eq!(
        code(&format!("{GOOD}{}", " ".repeat(MANIFEST_MAX))),
        "limit_manifest"
    );
    // However it is escaped within the manifest: at most twice as long.
    let escaped = with(format!(
        "{{\"a\":\"{}\"}}{}",
        "",
        "\n".repeat(CATALOGUE_MAX - 8)
    ))
    .unwrap();
    assert!(escaped.to_json().is_ok());
}

#[test]
fn no_manifest_or_two_are_refused() {
    assert_eq!(
        admit(&sign_only(&server(""))).unwrap_err(),
        PackageError::ManifestMissing
    );
    let once = unsigned(&server(""));
    let twice = [once.clone(), custom(MANIFEST_SECTION, GOOD.as_bytes())].concat();
    assert_eq!(
        admit(&sign_only(&twice)).unwrap_err(),
        PackageError::ManifestTwice
    );
    let manifest = parse(GOOD).unwrap();
    assert_eq!(
        embed_manifest(&once, &manifest),
        Err(PackageError::ManifestTwice)
    );
    assert_eq!(
        embed_manifest(&sign_only(&server("")), &manifest),
        Err(PackageError::AlreadySigned)
    );
}

#[test]
fn a_manifest_that_hides_or_invents_capabilities_is_refused() {
    let context = "smcp:server/context@0.1.0";
    let cases = [
        (module(&[IMPORTS, REQUIRED]), vec![], context),
        (server(""), vec![context], context),
        (
            module(&[IMPORTS, REQUIRED]),
            vec![context, "smcp:server/kv@0.1.0"],
            "smcp:server/kv@0.1.0",
        ),
    ];
    for (module, asked, interface) in cases {
        let asked = asked.into_iter().map(str::to_owned);
        let manifest = Manifest::new("echo".parse().unwrap(), "1.0.0", CATALOGUE, asked).unwrap();
        let refused = admit(&sign_only(&embed_manifest(&module, &manifest).unwrap()));
        let interface = interface.to_owned();
        assert_eq!(
            refused.unwrap_err(),
            PackageError::CapabilitiesDiffer { interface }
        );
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_no_manifest(bytes: Vec<u8>) {
        prop_assert!(Manifest::parse(&bytes).is_err());
    }

    #[test]
    fn manifests_read_as_they_were_written(
        name in "[a-z][a-z0-9]{0,9}",
        numbers: [u16; 3],
        description in prop::option::of("\\PC{0,40}"),
        text in "\\PC{0,40}",
        capabilities in prop::collection::btree_set("[a-z:/@.]{1,20}", 0..4),
        limits: [Option<u64>; 4],
    ) {
        let [major, minor, patch] = numbers;
        let catalogue = format!(" {{\"instructions\": {}}}\n", serde_json::json!(text));
        let [memory, fuel, deadline_millis, output] = limits;
        let limits = AskedLimits { memory, fuel: fuel.map(Fuel), deadline_millis, output };
        let mut manifest = Manifest::new(
            name.parse().unwrap(),
            format!("{major}.{minor}.{patch}"),
            catalogue.clone(),
            capabilities,
        ).unwrap().with_limits(limits);
        if let Some(description) = description {
            manifest = manifest.with_description(description).unwrap();
        }
        let back = Manifest::parse(&manifest.to_json().unwrap()).unwrap();
        prop_assert_eq!(&back, &manifest);
        prop_assert_eq!(back.catalogue(), catalogue);
    }
}
