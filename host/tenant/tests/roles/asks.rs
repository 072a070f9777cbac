//! The columns of the matrix: everything that can be asked, by which scopes, and how.

use serde_json::{Value, json};
use smcp_tenant::ACTIONS;

use crate::provider;
use crate::stage::{GHOST, Things, guest};
use crate::world::{package, publisher};

/// Something to ask for.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    /// With `{tenant}` and other parameters.
    path: String,
    /// One of these scopes is enough; none: the platform's admin alone.
    pub(crate) scopes: Vec<&'static str>,
    /// The status when all went well.
    status: u16,
    body: What,
}

#[derive(Clone, Debug)]
enum What {
    Nothing,
    Json(Value),
    Tenant,
    Package,
}

/// Whether what the path names within a tenant is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    There,
    Missing,
}

/// The requests of the admin API, and those of MCP.
pub(crate) fn asks() -> Vec<Ask> {
    let actions = ACTIONS.iter().map(|entry| {
        let (scopes, status, body) = row(entry.name);
        let query = match entry.name {
            "DeleteGrant" => "?host={host}",
            "RemoveOrigin" => "?origin={origin}",
            _ => "",
        };
        ask(
            entry.name,
            entry.method,
            &format!("/admin/v1{}{query}", entry.path),
            scopes,
            status,
            body,
        )
    });
    actions.chain(endpoints()).collect()
}

fn ask(
    name: &'static str,
    method: &'static str,
    path: &str,
    scopes: &'static str,
    status: u16,
    body: What,
) -> Ask {
    Ask {
        name,
        method,
        path: path.to_owned(),
        scopes: scopes
            .split(' ')
            .filter(|scope| !scope.is_empty())
            .collect(),
        status,
        body,
    }
}

/// MCP: all servers as one, a server, and another server.
fn endpoints() -> [Ask; 3] {
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
    let endpoint =
        |name, path, scopes| ask(name, "POST", path, scopes, 200, What::Json(list.clone()));
    [
        endpoint(
            "use all servers",
            "/t/{tenant}/mcp",
            "mcp mcp:read mcp/hello mcp/hello/greet",
        ),
        endpoint(
            "use a server",
            "/t/{tenant}/{server}/mcp",
            "mcp mcp:read mcp/hello mcp/hello/greet",
        ),
        endpoint(
            "use another server",
            "/t/{tenant}/{second}/mcp",
            "mcp mcp:read",
        ),
    ]
}

/// Who may do it, what it answers, and what it takes: said here once more, to be held against the table of actions.
fn row(name: &str) -> (&'static str, u16, What) {
    use What::{Json, Nothing};
    let key = "22".repeat(32);
    match name {
        "ListTenants" => ("", 200, Nothing),
        "CreateTenant" => ("", 201, What::Tenant),
        "DeleteTenant" => ("", 202, Nothing),
        "RestoreTenant" | "ResumeTenant" | "ExportTenant" | "ExportModule" => ("", 200, Nothing),
        "SuspendTenant" => ("", 200, Json(json!({"reason": "it did not pay"}))),
        "ImportPage" => ("", 409, Json(json!({"layout": 1}))),
        "ImportModule" => ("", 409, What::Package),
        "EndImport" => ("", 409, Json(json!({"rows": 1}))),
        "ShowPlatformRotation" => ("", 200, Nothing),
        "StartPlatformRotation" => ("", 202, Nothing),
        "ShowRotation" => ("admin audit", 200, Nothing),
        "StartRotation" => ("admin", 202, Nothing),
        "ShowTenant" => ("admin audit", 200, Nothing),
        "ListPublishers" => ("admin audit publish", 200, Nothing),
        "TrustPublisher" => ("admin", 201, Json(json!({"key": publisher_of(&key)}))),
        "RevokePublisher" => ("admin", 200, Nothing),
        "ListServers" | "ShowServer" | "ListReleases" => ("admin audit publish", 200, Nothing),
        "DeleteServer" => ("admin", 200, Nothing),
        "ShowApproval" => ("admin audit publish", 200, Nothing),
        "SetApproval" => ("admin", 200, Json(json!({"approval": "required"}))),
        "ApproveRelease" | "DeleteRelease" | "FetchModule" => ("admin", 200, Nothing),
        "PromoteRelease" | "RollBack" => ("admin publish", 200, Nothing),
        "SetCanary" => ("admin publish", 200, Json(json!({"percent": 5}))),
        "Publish" => ("admin publish", 201, What::Package),
        "ShowReport" | "ShowPolicy" => ("admin audit publish", 200, Nothing),
        "SetPolicy" => ("admin", 200, Json(json!({"refuse_level": "warning"}))),
        "ResetPolicy" => ("admin", 200, Nothing),
        "ListGrants" | "ListSecrets" | "ListSettings" => ("admin audit", 200, Nothing),
        "SetGrant" => {
            let grant = json!({"host": "b.example.com", "methods": ["GET"]});
            ("admin", 200, Json(grant))
        }
        "SetSecret" => ("admin", 200, Json(json!({"value": "another value"}))),
        "SetSetting" => ("admin", 200, Json(json!({"value": 2}))),
        "DeleteGrant" | "DeleteSecret" | "DeleteSetting" => ("admin", 200, Nothing),
        "ShowUsage" | "ListAlerts" | "ShowMetrics" | "ReadLog" | "ShowKeptTapes" | "ListKeys" => {
            ("admin audit", 200, Nothing)
        }
        "ListTapes" | "FetchTape" => ("admin", 200, Nothing),
        "SetKeptTapes" => ("admin", 200, Json(json!({"keep": "receipts"}))),
        "CreateKey" => (
            "admin",
            201,
            Json(json!({"name": "new", "scopes": "mcp admin"})),
        ),
        "RevokeKey" => ("admin", 200, Nothing),
        "ReadPlatformAudit" | "ShowPlatformAuditHead" => ("", 200, Nothing),
        "ReadAudit" | "ShowAuditHead" | "ListAuditHeads" | "ShowAuditSettings" | "ShowQuotas" => {
            ("admin audit", 200, Nothing)
        }
        "SetAuditSettings" => {
            let settings = json!({"keep_days": 90, "calls": true});
            ("admin", 200, Json(settings))
        }
        "SetQuotas" => ("", 200, Json(json!({"servers": 5}))),
        "ShowLimits" | "ListMembers" | "ShowMemberLimits" | "ListConnections" | "ShowProvider"
        | "ListClients" | "ListOrigins" | "ShowOAuth" => ("admin audit", 200, Nothing),
        "SetLimits" | "SetMemberLimits" => ("admin", 200, Json(json!({"calls_per_minute": 9}))),
        "InviteMember" => ("admin", 201, Json(json!({"name": "Eve"}))),
        "InviteMemberAgain" => ("admin", 201, Nothing),
        "AddClient" => {
            let client = json!({"name": "new", "redirect_uris": ["https://b.example/cb"]});
            ("admin", 201, Json(client))
        }
        "SetProvider" => ("admin", 200, Json(provider::set("another"))),
        "RemoveMember" | "EndConnection" | "RemoveProvider" | "RemoveClient" | "RemoveOrigin" => {
            ("admin", 200, Nothing)
        }
        "AllowOrigin" => ("admin", 200, Json(json!({"origin": "https://b.example"}))),
        "SetOAuth" => ("admin", 200, Json(json!({"enabled": false}))),
        other => panic!("say in this table who may {other}"),
    }
}

/// A publisher whom nobody trusts yet.
fn publisher_of(seed: &str) -> String {
    let seed: [u8; 32] = hex::decode(seed).unwrap().try_into().unwrap();
    smcp_crypto::SigningKey::from_seed(&seed)
        .public()
        .to_string()
}

impl Ask {
    /// Whether it is about which tenants there are.
    pub(crate) fn is_of_platform(&self) -> bool {
        self.is_of_admin() && !self.path.starts_with("/admin/v1/tenants/{tenant}/")
    }

    /// Whether it is the platform's admin's alone.
    pub(crate) fn is_of_admin(&self) -> bool {
        self.scopes.is_empty()
    }

    pub(crate) fn is_mcp(&self) -> bool {
        self.path.starts_with("/t/")
    }

    /// What who may is answered, about a tenant of that name.
    pub(crate) fn status(&self, tenant: &str) -> u16 {
        match (self.name, tenant) {
            ("CreateTenant", GHOST) => 201,
            ("CreateTenant", _) => 409,
            ("StartPlatformRotation", _) => 202,
            (
                "ListTenants"
                | "ReadPlatformAudit"
                | "ShowPlatformAuditHead"
                | "ShowPlatformRotation",
                _,
            ) => 200,
            (_, GHOST) => 404,
            _ => self.status,
        }
    }

    /// Path and query.
    pub(crate) fn path(&self, tenant: &str, things: &Things, thing: Thing) -> String {
        let of = |there: &str, missing: &str| match thing {
            Thing::There => there.to_owned(),
            Thing::Missing => missing.to_owned(),
        };
        let is_publisher = self.path.contains("/publishers/");
        let is_secret = self.path.contains("/secrets/");
        let key = if is_publisher {
            of(&publisher().public().to_string(), &"11".repeat(32))
        } else {
            of(&things.key, "nokey")
        };
        self.path
            .replace("{tenant}", tenant)
            .replace("{server}", &of("hello", "nothing"))
            .replace("{second}", &of("second", "nothing"))
            .replace(
                "{name}",
                &of(if is_secret { "TOKEN" } else { "limit" }, "NOTHING"),
            )
            .replace("{key}", &key)
            .replace("{member}", &of(&things.member, "nobody"))
            .replace("{connection}", &of(&things.connection, "nothing"))
            .replace("{client}", &of(&things.client, "nothing"))
            .replace("{origin}", &of("https://a.example", "https://none.example"))
            .replace("{call}", &of(&things.call, "0000000000000000"))
            .replace("{release}", &of(&things.release, &"00".repeat(32)))
            .replace("{host}", &of("api.example.com", "none.example.com"))
    }

    /// The object that the edge would send it to.
    pub(crate) fn object(&self, tenant: &str) -> String {
        if self.is_of_platform() {
            "platform".to_owned()
        } else {
            format!("tenant:{tenant}")
        }
    }

    pub(crate) fn body(&self, tenant: &str) -> Vec<u8> {
        match &self.body {
            What::Nothing => Vec::new(),
            What::Json(body) => body.to_string().into_bytes(),
            What::Tenant => json!({"tenant": tenant}).to_string().into_bytes(),
            What::Package => package(&guest(), "2.0.0"),
        }
    }
}
