//! What a client finds out before it has a credential: who gives them out, and for what.
//!
//! Nothing here knows which tenants and servers there are: an endpoint that does not exist is described like
//! one that does.

/// Where the authorization server describes itself (RFC 8414, section 3).
pub const SERVER_METADATA: &str = "/.well-known/oauth-authorization-server";
/// The same for clients that look as OpenID Connect does (OpenID Connect Discovery 1.0, section 4).
pub const OPENID_METADATA: &str = "/.well-known/openid-configuration";
/// Where an endpoint says who gives out credentials for it: before its path (RFC 9728, section 3.1).
pub const RESOURCE_METADATA: &str = "/.well-known/oauth-protected-resource";
/// Where a browser is sent to.
pub const AUTHORIZE: &str = "/authorize";
/// Where codes and refresh tokens become access tokens.
pub const TOKEN: &str = "/token";
/// Where clients register themselves.
pub const REGISTER: &str = "/register";
/// Where tokens are given back.
pub const REVOKE: &str = "/revoke";

/// What is asked for where nothing narrower is known.
pub const DEFAULT_SCOPE: &str = "mcp";

/// The URL of the metadata of an endpoint, whose path begins with a slash.
pub fn resource_metadata_url(base: &str, path: &str) -> String {
    format!("{base}{RESOURCE_METADATA}{path}")
}

/// What an endpoint says of itself (RFC 9728, section 2), JSON. `base` and `path` are of a URL as the platform
/// normalises it: nothing in them needs to be escaped.
pub fn resource_metadata(base: &str, path: &str) -> String {
    format!(
        r#"{{"resource":"{base}{path}","authorization_servers":["{base}"],"scopes_supported":["{DEFAULT_SCOPE}"],"bearer_methods_supported":["header"],"resource_name":"{path}"}}"#
    )
}

/// What the authorization server says of itself (RFC 8414, section 2), JSON. Its issuer is `base`.
pub fn server_metadata(base: &str) -> String {
    format!(
        concat!(
            r#"{{"issuer":"{base}","#,
            r#""authorization_endpoint":"{base}{authorize}","#,
            r#""token_endpoint":"{base}{token}","#,
            r#""registration_endpoint":"{base}{register}","#,
            r#""revocation_endpoint":"{base}{revoke}","#,
            r#""scopes_supported":["mcp","mcp:read","offline_access"],"#,
            r#""response_types_supported":["code"],"#,
            r#""response_modes_supported":["query"],"#,
            r#""grant_types_supported":["authorization_code","refresh_token"],"#,
            r#""token_endpoint_auth_methods_supported":["none","client_secret_post","client_secret_basic"],"#,
            r#""revocation_endpoint_auth_methods_supported":["none","client_secret_post","client_secret_basic"],"#,
            r#""code_challenge_methods_supported":["S256"],"#,
            r#""authorization_response_iss_parameter_supported":true,"#,
            r#""client_id_metadata_document_supported":true}}"#
        ),
        base = base,
        authorize = AUTHORIZE,
        token = TOKEN,
        register = REGISTER,
        revoke = REVOKE,
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

    use serde_json::Value;

    use super::*;

    #[test]
    fn both_documents_are_json_and_agree() {
        let base = "https://mcp.example";
        let server: Value = serde_json::from_str(&server_metadata(base)).unwrap();
        let resource = resource_metadata(base, "/t/acme/notes/mcp");
        let resource: Value = serde_json::from_str(&resource).unwrap();
        assert_eq!(resource["authorization_servers"][0], server["issuer"]);
        assert_eq!(resource["resource"], "https://mcp.example/t/acme/notes/mcp");
        for endpoint in ["authorization", "token", "registration", "revocation"] {
            let url = server[format!("{endpoint}_endpoint")].as_str().unwrap();
            assert!(url.starts_with(base), "{url}");
        }
        assert_eq!(server["code_challenge_methods_supported"][0], "S256");
        // A resource does not ask for refresh tokens (2026-07-28, basic/authorization, "Refresh Tokens").
        assert!(!resource.to_string().contains("offline_access"));
    }
}
