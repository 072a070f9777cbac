//! What an OpenID provider says, and what of it is taken.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop where it stands"
)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};
use smcp_ids::UnixMillis;
use smcp_oauth::Form;
use smcp_oauth::upstream::{
    Expected, IdToken, IdTokenError, Issuer, KeySet, Provider, ProviderError, SignIn, TokenAnswer,
};

const ISSUER: &str = "https://login.example/realms/acme";

fn issuer() -> Issuer {
    ISSUER.parse().unwrap()
}

fn description() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://login.example/authorize?realm=acme",
        "token_endpoint": "https://login.example/token",
        "jwks_uri": "https://login.example/keys",
    })
}

fn provider(description: &Value) -> Result<Provider, ProviderError> {
    Provider::read(&issuer(), description.to_string().as_bytes())
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token with that header, which nobody has signed.
fn token(header: &Value) -> IdToken {
    let claims =
        json!({"iss": ISSUER, "sub": "s", "aud": "smcp", "exp": 2, "iat": 1, "nonce": "n"});
    let parts = [header, &claims].map(|part| text(part.to_string().as_bytes()));
    IdToken::parse(&format!("{}.{}.{}", parts[0], parts[1], text(b"signature"))).unwrap()
}

#[test]
fn an_issuer_is_compared_as_it_was_written_and_describes_itself_below_its_path() {
    for (issuer, url, host) in [
        (
            "https://login.example",
            "https://login.example/.well-known/openid-configuration",
            "login.example",
        ),
        (
            "https://login.example/",
            "https://login.example/.well-known/openid-configuration",
            "login.example",
        ),
        (
            "https://login.example:8443/realms/a",
            "https://login.example:8443/realms/a/.well-known/openid-configuration",
            "login.example:8443",
        ),
    ] {
        let read: Issuer = issuer.parse().unwrap();
        assert_eq!((read.description_url().as_str(), read.host()), (url, host));
        assert_eq!(read.as_str(), issuer);
    }
    for bad in [
        "",
        "login.example",
        "http://login.example",
        "http://localhost",
        "https://user@login.example",
        "https://login.example?x",
        "https://login.example#x",
        "https://login.example\\x",
        "https://",
        &format!("https://login.example/{}", "a".repeat(600)),
    ] {
        assert_eq!(bad.parse::<Issuer>(), Err(ProviderError::Issuer), "{bad}");
    }
}

#[test]
fn a_person_is_sent_with_a_digest_and_the_code_goes_with_what_it_is_of() {
    let sign_in = SignIn {
        client_id: "smcp",
        redirect_uri: "https://mcp.example/t/acme/signed-in",
        state: "a state",
        nonce: "n",
        // RFC 7636, appendix B.
        verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    };
    let url = provider(&description()).unwrap().sign_in_url(&sign_in);
    let (endpoint, query) = url.split_once('?').unwrap();
    assert_eq!(endpoint, "https://login.example/authorize");
    let query = Form::parse(query.as_bytes()).unwrap();
    for (name, value) in [
        ("realm", "acme"),
        ("response_type", "code"),
        ("client_id", "smcp"),
        ("redirect_uri", sign_in.redirect_uri),
        ("scope", "openid email"),
        ("state", "a state"),
        ("nonce", "n"),
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(query.get(name), Some(value), "{name}");
    }
    assert!(!url.contains(sign_in.verifier));
    for (methods, in_body) in [
        (json!(null), false),
        (json!(["client_secret_post", "client_secret_basic"]), false),
        (json!(["private_key_jwt", "client_secret_post"]), true),
    ] {
        let mut described = description();
        described["token_endpoint_auth_methods_supported"] = methods.clone();
        let exchange = provider(&described)
            .unwrap()
            .exchange(&sign_in, "s:&", "a code");
        assert_eq!(exchange.authorization.is_some(), !in_body, "{methods}");
        let body = Form::parse(exchange.body.as_bytes()).unwrap();
        assert_eq!(
            body.get("client_secret"),
            in_body.then_some("s:&"),
            "{methods}"
        );
        for (name, value) in [
            ("grant_type", "authorization_code"),
            ("code", "a code"),
            ("code_verifier", sign_in.verifier),
            ("redirect_uri", sign_in.redirect_uri),
        ] {
            assert_eq!(body.get(name), Some(value), "{name}");
        }
        assert!(!format!("{exchange:?}").contains("s%3A"));
    }
}

/// Each line: the token's header, the keys, and which of them has to have made the signature.
#[test]
fn the_key_of_a_signature_is_the_one_that_is_named_and_fits() {
    let rsa = |kid: &str, bytes: usize| json!({"kty": "RSA", "kid": kid, "n": text(&vec![0xff; bytes]), "e": "AQAB"});
    let ec =
        json!({"kty": "EC", "kid": "ec", "crv": "P-256", "x": text(&[1; 32]), "y": text(&[2; 32])});
    let ed = json!({"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": text(&[1; 32])});
    let with = |key: &Value, name: &str, value: Value| {
        let mut key = key.clone();
        key[name] = value;
        key
    };
    let good = rsa("one", 256);
    let cases: [(&str, Value, Value, Option<usize>); 18] = [
        (
            "named",
            json!({"alg": "RS256", "kid": "one"}),
            json!([rsa("two", 256), good]),
            Some(1),
        ),
        (
            "the only one",
            json!({"alg": "RS256"}),
            json!([ec, good]),
            Some(1),
        ),
        (
            "no choice is left",
            json!({"alg": "RS256"}),
            json!([rsa("two", 256), good]),
            None,
        ),
        (
            "named twice",
            json!({"alg": "RS256", "kid": "one"}),
            json!([good, good]),
            None,
        ),
        (
            "not there",
            json!({"alg": "RS256", "kid": "three"}),
            json!([good]),
            None,
        ),
        (
            "has no name",
            json!({"alg": "RS256", "kid": "one"}),
            json!([with(&good, "kid", json!(null))]),
            None,
        ),
        (
            "for secrets",
            json!({"alg": "RS256"}),
            json!([with(&good, "use", json!("enc"))]),
            None,
        ),
        (
            "for signatures",
            json!({"alg": "PS256"}),
            json!([with(&good, "use", json!("sig"))]),
            Some(0),
        ),
        (
            "for another algorithm",
            json!({"alg": "RS256"}),
            json!([with(&good, "alg", json!("PS256"))]),
            None,
        ),
        (
            "for this one",
            json!({"alg": "RS256"}),
            json!([with(&good, "alg", json!("RS256"))]),
            Some(0),
        ),
        (
            "weak",
            json!({"alg": "RS256"}),
            json!([rsa("one", 255)]),
            None,
        ),
        (
            "endless",
            json!({"alg": "RS256"}),
            json!([rsa("one", 1025)]),
            None,
        ),
        (
            "a curve",
            json!({"alg": "ES256"}),
            json!([good, ec]),
            Some(1),
        ),
        (
            "another curve",
            json!({"alg": "ES256"}),
            json!([with(&ec, "crv", json!("P-384"))]),
            None,
        ),
        (
            "a point of another length",
            json!({"alg": "ES256"}),
            json!([with(&ec, "x", json!(text(&[1; 31])))]),
            None,
        ),
        (
            "a curve of Edwards",
            json!({"alg": "EdDSA"}),
            json!([ed]),
            Some(0),
        ),
        (
            "of Montgomery",
            json!({"alg": "EdDSA"}),
            json!([with(&ed, "crv", json!("X25519"))]),
            None,
        ),
        (
            "others are passed over",
            json!({"alg": "RS256"}),
            json!([{"kty": "oct", "k": "AA"}, {"kty": "new"}, 3, good]),
            Some(3),
        ),
    ];
    for (name, header, keys, expected) in cases {
        let set = KeySet::read(json!({"keys": keys}).to_string().as_bytes()).unwrap();
        let found = set.check(&token(&header));
        let Some(at) = expected else {
            assert_eq!(found.unwrap_err(), IdTokenError::Key, "{name}");
            continue;
        };
        let check = found.unwrap_or_else(|error| panic!("{name}: {error}"));
        // The bare members only: what else is said of the key is not the algorithms' business.
        let key: Value = serde_json::from_str(&check.key).unwrap();
        for member in ["kty", "n", "e", "crv", "x", "y"] {
            assert_eq!(key[member], keys[at][member], "{name}: {member}");
        }
        assert_eq!(key["use"], Value::Null, "{name}");
        assert_eq!(check.signature, b"signature");
    }
    for bad in [&b""[..], b"[]", b"{}", b"{\"keys\": {}}"] {
        assert!(KeySet::read(bad).is_none());
    }
}

#[test]
fn a_token_that_is_not_signed_with_a_public_key_is_none() {
    let claims = text(br#"{"iss":"a","sub":"s","aud":"c","exp":2,"iat":1}"#);
    for (header, is_taken) in [
        (r#"{"alg":"RS256"}"#, true),
        (r#"{"alg":"none"}"#, false),
        (r#"{"alg":"None"}"#, false),
        (r#"{"alg":"HS256"}"#, false),
        (r#"{"alg":"RS1"}"#, false),
        (r#"{"alg":"rs256"}"#, false),
        (r#"{"alg":"RS256","crit":[]}"#, false),
        (r#"{"alg":"RS256","alg":"none"}"#, false),
        (r#"{"kid":"x"}"#, false),
    ] {
        let read = IdToken::parse(&format!("{}.{claims}.AA", text(header.as_bytes())));
        assert_eq!(read.is_ok(), is_taken, "{header}");
    }
    let header = text(br#"{"alg":"RS256"}"#);
    for bad in [
        String::new(),
        "..".to_owned(),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.AA.AA"),
        format!("{header}.{claims}.AA=="),
        format!("{header}.{claims}.A A"),
        format!("{header}.{claims}.{}", "A".repeat(20_000)),
    ] {
        assert_eq!(
            IdToken::parse(&bad).unwrap_err(),
            IdTokenError::Form,
            "{bad}"
        );
    }
}

#[test]
fn a_signature_that_does_not_hold_is_the_first_thing_that_is_told() {
    let issuer = issuer();
    let expected = Expected {
        issuer: &issuer,
        client_id: "another",
        nonce: "another",
        now: UnixMillis(1_500),
    };
    let token = token(&json!({"alg": "RS256"}));
    assert_eq!(
        token.identity(false, &expected),
        Err(IdTokenError::Signature)
    );
    assert_eq!(
        token.identity(true, &expected),
        Err(IdTokenError::Claim("aud"))
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "[A-Za-z0-9_.-]{0,200}") {
        let _ = IdToken::parse(&text);
        let _ = IdToken::parse(&String::from_utf8_lossy(&bytes));
        let _ = KeySet::read(&bytes);
        let _ = TokenAnswer::read(&bytes);
        let _ = Provider::read(&issuer(), &bytes);
        let _ = text.parse::<Issuer>();
    }

    #[test]
    fn a_form_and_its_query_are_inverse(fields in prop::collection::btree_map("[ -~é]{1,8}", "\\PC{1,12}", 0..10)) {
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect();
        let form = Form::parse(pairs.join("&").as_bytes()).unwrap();
        prop_assert_eq!(form.iter().count(), fields.len());
        prop_assert!(Form::parse(form.query().as_bytes()).unwrap() == form);
        for name in fields.keys() {
            let others = form.without(name);
            prop_assert!(others.get(name).is_none());
            prop_assert_eq!(others.iter().count(), fields.len() - 1);
        }
    }
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
