//! How clients describe themselves, say who they are, and ask for tokens.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use smcp_oauth::{
    ClientCredentials, ClientMetadata, Form, OAuthError, RedirectUri, SecretUse, TokenRequest,
};

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn client(uris: &[&str]) -> ClientMetadata {
    let uris: Vec<RedirectUri> = uris.iter().map(|text| text.parse().unwrap()).collect();
    ClientMetadata::new("Editor", uris, SecretUse::None).unwrap()
}

/// Documents with which clients register or describe themselves.
#[test]
fn a_client_describes_itself_in_these_ways_and_no_others() {
    let url = "https://app.example/client.json";
    let registered =
        |text: &str| ClientMetadata::registered(text.as_bytes()).map_err(OAuthError::code);
    let described =
        |text: &str| ClientMetadata::described(url, text.as_bytes()).map_err(OAuthError::code);
    let public = r#"{"client_name":"Editor","redirect_uris":["http://localhost/cb"],"token_endpoint_auth_method":"none","logo_uri":7}"#;
    assert_eq!(registered(public), Ok(client(&["http://localhost/cb"])));
    let with_secret = public.replace("\"none\"", "\"client_secret_post\"");
    assert_eq!(
        registered(&with_secret).unwrap().secret_use,
        SecretUse::Secret
    );
    let own = public.replace('{', &format!("{{\"client_id\":\"{url}\","));
    assert_eq!(described(&own), Ok(client(&["http://localhost/cb"])));
    for (from, to, error) in [
        ("\"http://localhost/cb\"", "", "invalid_redirect_uri"),
        (
            "http://localhost/cb",
            "http://evil.example/cb",
            "invalid_redirect_uri",
        ),
        ("http://localhost/cb", "cursor://cb", "invalid_redirect_uri"),
        ("\"none\"", "\"private_key_jwt\"", "invalid_client_metadata"),
        ("Editor", "", "invalid_client_metadata"),
        ("Editor", "Ed\u{202e}itor", "invalid_client_metadata"),
        ("Editor", "Ed\u{200b}itor", "invalid_client_metadata"),
        ("Editor", "a\\nb", "invalid_client_metadata"),
        (
            "\"logo_uri\":7",
            "\"grant_types\":[\"password\"]",
            "invalid_client_metadata",
        ),
        (
            "\"logo_uri\":7",
            "\"response_types\":[\"token\"]",
            "invalid_client_metadata",
        ),
        (
            "\"logo_uri\":7",
            "\"client_name\":\"Twice\"",
            "invalid_client_metadata",
        ),
        ("{", "[", "invalid_client_metadata"),
    ] {
        assert_eq!(
            registered(&public.replacen(from, to, 1)).err(),
            Some(error),
            "{from} {to}"
        );
    }
    for (from, to) in [
        ("app.example/client.json", "app.example/other.json"),
        ("\"client_name\":\"Editor\",", ""),
        ("\"none\"", "\"client_secret_basic\""),
    ] {
        assert_eq!(
            described(&own.replacen(from, to, 1)).err(),
            Some("invalid_client_metadata"),
            "{from}"
        );
    }
    assert_eq!(
        described(public).err(),
        Some("invalid_client_metadata"),
        "without its id"
    );
}

#[test]
fn a_client_says_who_it_is_in_one_place() {
    let read = |form: &str, header: Option<&str>| {
        let form = Form::parse(form.as_bytes()).unwrap();
        ClientCredentials::read(&form, header)
            .map(|own| (own.id, own.secret))
            .map_err(OAuthError::code)
    };
    // "c a:s%3Ab": form-urlencoded parts (RFC 6749, section 2.3.1).
    let basic = "Basic YythOnMlM0Fi";
    let own = |id: &str, secret: Option<&str>| Ok((id.to_owned(), secret.map(str::to_owned)));
    assert_eq!(read("client_id=c", None), own("c", None));
    assert_eq!(
        read("client_id=c&client_secret=s", None),
        own("c", Some("s"))
    );
    assert_eq!(read("", Some(basic)), own("c a", Some("s:b")));
    assert_eq!(read("client_id=c+a", Some(basic)), own("c a", Some("s:b")));
    assert_eq!(read("client_id=other", Some(basic)), Err("invalid_client"));
    assert_eq!(
        read("client_id=c+a&client_secret=s", Some(basic)),
        Err("invalid_request")
    );
    assert_eq!(read("", None), Err("invalid_request"));
    for header in [
        "Basic",
        "Basic ",
        "Basic !",
        "Basic YQ==",
        "Bearer YythOnMlM0Fi",
        "",
    ] {
        assert_eq!(
            read("client_id=c", Some(header)),
            Err("invalid_client"),
            "{header}"
        );
    }
}

#[test]
fn a_request_for_tokens_is_whole_or_refused() {
    let read = |text: &str| {
        let form = Form::parse(text.as_bytes()).unwrap();
        TokenRequest::read(&form, None)
            .map(drop)
            .map_err(OAuthError::code)
    };
    let code = format!("client_id=c&grant_type=authorization_code&code=x&code_verifier={VERIFIER}");
    assert_eq!(read(&code), Ok(()));
    assert_eq!(
        read("client_id=c&grant_type=refresh_token&refresh_token=x&scope=mcp"),
        Ok(())
    );
    for (text, error) in [
        ("client_id=c", "invalid_request"),
        (
            "client_id=c&grant_type=password&username=a&password=b",
            "unsupported_grant_type",
        ),
        (
            "client_id=c&grant_type=client_credentials",
            "unsupported_grant_type",
        ),
        ("client_id=c&grant_type=implicit", "unsupported_grant_type"),
        ("client_id=c&grant_type=refresh_token", "invalid_request"),
        (
            "client_id=c&grant_type=refresh_token&refresh_token=x&scope=root",
            "invalid_scope",
        ),
        (&code.replace(VERIFIER, "short"), "invalid_request"),
        (
            &code.replace("&code_verifier", "&verifier"),
            "invalid_request",
        ),
        (&code.replace("&code=x", ""), "invalid_request"),
        (&code.replace("client_id=c&", ""), "invalid_request"),
    ] {
        assert_eq!(read(text), Err(error), "{text}");
    }
}
