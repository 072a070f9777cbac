//! What can be asked of the admin API, and who may ask it: one table. A request is read by it, judged by it and
//! refused by it.
//!
//! A handler is reached with [`Allowed`] only, which comes from [`Action::allow`] alone. Whether the caller may is
//! decided by the caller and by what is asked, before anything that is named is looked up: so a refusal says
//! nothing of what there is.

use smcp_auth::{AuthError, Principal, Scope};
use smcp_ids::TenantId;

use crate::problem::Problem;

/// The admin of the platform alone.
const PLATFORM: &[Scope] = &[];
/// What changes who and what a tenant trusts, and what is secret.
const ADMIN: &[Scope] = &[Scope::Admin];
/// What only looks.
const AUDIT: &[Scope] = &[Scope::Audit];
/// New releases, and old ones again.
const PUBLISH: &[Scope] = &[Scope::Publish];
/// What somebody who publishes has to see.
const SEE: &[Scope] = &[Scope::Audit, Scope::Publish];

/// One line of the table, for whoever holds something against all of it.
#[derive(Debug)]
pub struct Entry {
    /// The name of the action: `operationId` in the OpenAPI document.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path after `/admin/v1`, parameters in braces.
    pub path: &'static str,
    /// Any of these scopes in the tenant is enough, and so is to be the platform's admin, who alone may if there is
    /// none. The first is named to who has none of them.
    pub scopes: &'static [Scope],
}

/// Makes the type of actions, how one is read, and the list of all. A line is
/// `Name "METHOD" "part" {parameter} "part" ... SCOPES`.
macro_rules! actions {
    (entry $name:ident $method:literal $($part:literal $({$parameter:ident})?)+ => $scopes:ident) => {
        Entry {
            name: stringify!($name),
            method: $method,
            path: concat!($("/", $part, $("/{", stringify!($parameter), "}",)?)+),
            scopes: $scopes,
        }
    };
    ($($name:ident $method:literal $($part:literal $({$parameter:ident})?)+ => $scopes:ident;)+) => {
        /// What a request asks for, with the parts of its path that name something.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Action<'a> {
            $($name { $($($parameter: &'a str,)?)+ },)+
        }

        /// All actions, in the order of their paths.
        pub const ACTIONS: &[Entry] = &[$(actions!(entry $name $method $($part $({$parameter})?)+ => $scopes)),+];

        impl<'a> Action<'a> {
            fn read(method: &str, path: &[&'a str]) -> Option<Self> {
                match (method, path) {
                    $(($method, [$($part, $($parameter,)?)+]) => Some(Self::$name { $($($parameter,)?)+ }),)+
                    _ => None,
                }
            }

            fn entry(&self) -> &'static Entry {
                match self {
                    $(Self::$name { .. } => {
                        const { &actions!(entry $name $method $($part $({$parameter})?)+ => $scopes) }
                    })+
                }
            }
        }
    };
}

actions! {
    ReadPlatformAudit "GET" "audit" => PLATFORM;
    ShowPlatformAuditHead "GET" "audit" "head" => PLATFORM;
    ShowPlatformRotation "GET" "rotation" => PLATFORM;
    StartPlatformRotation "POST" "rotation" => PLATFORM;
    ListTenants "GET" "tenants" => PLATFORM;
    CreateTenant "POST" "tenants" => PLATFORM;
    ShowTenant "GET" "tenants" {tenant} => AUDIT;
    DeleteTenant "DELETE" "tenants" {tenant} => PLATFORM;
    RestoreTenant "PUT" "tenants" {tenant} => PLATFORM;
    SuspendTenant "PUT" "tenants" {tenant} "suspension" => PLATFORM;
    ResumeTenant "DELETE" "tenants" {tenant} "suspension" => PLATFORM;
    ShowQuotas "GET" "tenants" {tenant} "quotas" => AUDIT;
    SetQuotas "PUT" "tenants" {tenant} "quotas" => PLATFORM;
    // What leaves has the secrets, which nobody is shown otherwise.
    ExportTenant "GET" "tenants" {tenant} "export" => PLATFORM;
    ExportModule "GET" "tenants" {tenant} "export" {release} => PLATFORM;
    ImportPage "POST" "tenants" {tenant} "import" => PLATFORM;
    ImportModule "PUT" "tenants" {tenant} "import" {release} => PLATFORM;
    EndImport "POST" "tenants" {tenant} "import" "end" => PLATFORM;
    ShowRotation "GET" "tenants" {tenant} "rotation" => AUDIT;
    StartRotation "POST" "tenants" {tenant} "rotation" => ADMIN;
    ListPublishers "GET" "tenants" {tenant} "publishers" => SEE;
    TrustPublisher "POST" "tenants" {tenant} "publishers" => ADMIN;
    RevokePublisher "DELETE" "tenants" {tenant} "publishers" {key} => ADMIN;
    ShowApproval "GET" "tenants" {tenant} "approval" => SEE;
    SetApproval "PUT" "tenants" {tenant} "approval" => ADMIN;
    ListServers "GET" "tenants" {tenant} "servers" => SEE;
    ShowServer "GET" "tenants" {tenant} "servers" {server} => SEE;
    DeleteServer "DELETE" "tenants" {tenant} "servers" {server} => ADMIN;
    ListReleases "GET" "tenants" {tenant} "servers" {server} "releases" => SEE;
    Publish "POST" "tenants" {tenant} "servers" {server} "releases" => PUBLISH;
    ShowReport "GET" "tenants" {tenant} "servers" {server} "releases" {release} "report" => SEE;
    // Who publishes may let go on what was approved, and go back; who may be given a release is decided by who approves.
    RollBack "POST" "tenants" {tenant} "servers" {server} "rollback" => PUBLISH;
    DeleteRelease "DELETE" "tenants" {tenant} "servers" {server} "releases" {release} => ADMIN;
    FetchModule "GET" "tenants" {tenant} "servers" {server} "releases" {release} "module" => ADMIN;
    ApproveRelease "POST" "tenants" {tenant} "servers" {server} "releases" {release} "approve" => ADMIN;
    PromoteRelease "POST" "tenants" {tenant} "servers" {server} "releases" {release} "promote" => PUBLISH;
    SetCanary "PUT" "tenants" {tenant} "servers" {server} "releases" {release} "canary" => PUBLISH;
    ListGrants "GET" "tenants" {tenant} "servers" {server} "grants" => AUDIT;
    SetGrant "PUT" "tenants" {tenant} "servers" {server} "grants" => ADMIN;
    DeleteGrant "DELETE" "tenants" {tenant} "servers" {server} "grants" => ADMIN;
    ListSecrets "GET" "tenants" {tenant} "servers" {server} "secrets" => AUDIT;
    SetSecret "PUT" "tenants" {tenant} "servers" {server} "secrets" {name} => ADMIN;
    DeleteSecret "DELETE" "tenants" {tenant} "servers" {server} "secrets" {name} => ADMIN;
    ListSettings "GET" "tenants" {tenant} "servers" {server} "config" => AUDIT;
    SetSetting "PUT" "tenants" {tenant} "servers" {server} "config" {name} => ADMIN;
    DeleteSetting "DELETE" "tenants" {tenant} "servers" {server} "config" {name} => ADMIN;
    ReadLog "GET" "tenants" {tenant} "servers" {server} "logs" => AUDIT;
    ShowUsage "GET" "tenants" {tenant} "usage" => AUDIT;
    ListAlerts "GET" "tenants" {tenant} "alerts" => AUDIT;
    ShowMetrics "GET" "tenants" {tenant} "metrics" => AUDIT;
    // A tape has all that its call was answered. Which there are is told to whoever may have one.
    ListTapes "GET" "tenants" {tenant} "servers" {server} "tapes" => ADMIN;
    FetchTape "GET" "tenants" {tenant} "servers" {server} "tapes" {call} => ADMIN;
    ShowKeptTapes "GET" "tenants" {tenant} "tapes" => AUDIT;
    SetKeptTapes "PUT" "tenants" {tenant} "tapes" => ADMIN;
    ListKeys "GET" "tenants" {tenant} "keys" => AUDIT;
    // Who makes keys may give them any scope, so nobody else may than who has all that is not MCP's.
    CreateKey "POST" "tenants" {tenant} "keys" => ADMIN;
    RevokeKey "DELETE" "tenants" {tenant} "keys" {key} => ADMIN;
    ShowLimits "GET" "tenants" {tenant} "limits" => AUDIT;
    SetLimits "PUT" "tenants" {tenant} "limits" => ADMIN;
    // Who publishes must see by what is refused.
    ShowPolicy "GET" "tenants" {tenant} "policy" => SEE;
    SetPolicy "PUT" "tenants" {tenant} "policy" => ADMIN;
    ResetPolicy "DELETE" "tenants" {tenant} "policy" => ADMIN;
    ListMembers "GET" "tenants" {tenant} "members" => AUDIT;
    InviteMember "POST" "tenants" {tenant} "members" => ADMIN;
    InviteMemberAgain "POST" "tenants" {tenant} "members" {member} "invitation" => ADMIN;
    ShowMemberLimits "GET" "tenants" {tenant} "members" {member} "limits" => AUDIT;
    SetMemberLimits "PUT" "tenants" {tenant} "members" {member} "limits" => ADMIN;
    RemoveMember "DELETE" "tenants" {tenant} "members" {member} => ADMIN;
    ListConnections "GET" "tenants" {tenant} "connections" => AUDIT;
    EndConnection "DELETE" "tenants" {tenant} "connections" {connection} => ADMIN;
    ShowProvider "GET" "tenants" {tenant} "provider" => AUDIT;
    SetProvider "PUT" "tenants" {tenant} "provider" => ADMIN;
    RemoveProvider "DELETE" "tenants" {tenant} "provider" => ADMIN;
    ReadAudit "GET" "tenants" {tenant} "audit" => AUDIT;
    ShowAuditHead "GET" "tenants" {tenant} "audit" "head" => AUDIT;
    ListAuditHeads "GET" "tenants" {tenant} "audit" "heads" => AUDIT;
    ShowAuditSettings "GET" "tenants" {tenant} "audit" "settings" => AUDIT;
    SetAuditSettings "PUT" "tenants" {tenant} "audit" "settings" => ADMIN;
    ListClients "GET" "tenants" {tenant} "clients" => AUDIT;
    AddClient "POST" "tenants" {tenant} "clients" => ADMIN;
    RemoveClient "DELETE" "tenants" {tenant} "clients" {client} => ADMIN;
    ListOrigins "GET" "tenants" {tenant} "origins" => AUDIT;
    AllowOrigin "POST" "tenants" {tenant} "origins" => ADMIN;
    RemoveOrigin "DELETE" "tenants" {tenant} "origins" => ADMIN;
    ShowOAuth "GET" "tenants" {tenant} "servers" {server} "oauth" => AUDIT;
    SetOAuth "PUT" "tenants" {tenant} "servers" {server} "oauth" => ADMIN;
}

/// An action that its caller may do.
#[derive(Debug)]
pub(super) struct Allowed<'a>(Action<'a>);

impl<'a> Action<'a> {
    /// Reads a request; `path` is what follows `/admin/v1`, in parts.
    pub(super) fn parse(method: &str, path: &[&'a str]) -> Result<Self, Problem> {
        if let Some(action) = Self::read(method, path) {
            return Ok(action);
        }
        let here = ACTIONS.iter().filter(|entry| entry.is_at(path));
        let methods: Vec<&str> = here.map(|entry| entry.method).collect();
        if methods.is_empty() {
            return Err(Problem::not_found());
        }
        let message = format!("this path takes {}", methods.join(", "));
        Err(Problem::new(405, "method_not_allowed", message))
    }

    /// Its name.
    pub(super) fn name(&self) -> &'static str {
        self.entry().name
    }

    /// Whether it is about which tenants there are, which the platform's object knows.
    pub(super) fn is_of_platform(&self) -> bool {
        let entry = self.entry();
        entry.scopes.is_empty() && !entry.path.starts_with("/tenants/{tenant}/")
    }

    /// Whether a caller may do it in a tenant.
    ///
    /// # Errors
    /// As for what is not there, for another tenant's; `insufficient_scope` for one of this tenant.
    pub(super) fn allow(
        self,
        principal: &Principal,
        tenant: Option<&TenantId>,
    ) -> Result<Allowed<'a>, Problem> {
        if principal.is_platform_admin() {
            return Ok(Allowed(self));
        }
        let tenant = tenant.ok_or_else(Problem::not_found)?;
        for scope in self.entry().scopes {
            match principal.may_administer(tenant, scope) {
                Ok(()) => return Ok(Allowed(self)),
                Err(AuthError::Scope) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let least = self.entry().scopes.first();
        Err(least.map_or_else(Problem::not_found, |scope| Problem::lacks(scope.clone())))
    }
}

impl<'a> Allowed<'a> {
    /// What it is.
    pub(super) fn action(&self) -> Action<'a> {
        self.0
    }
}

impl Entry {
    /// Whether it is at that path, whatever its method.
    fn is_at(&self, path: &[&str]) -> bool {
        let parts: Vec<&str> = self.path.split('/').skip(1).collect();
        let fits = |(part, found): (&&str, &&str)| part.starts_with('{') || part == found;
        parts.len() == path.len() && parts.iter().zip(path).all(fits)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read_back_from_its_method_and_path() {
        for entry in ACTIONS {
            let path = entry.path.replace(['{', '}'], "");
            let path: Vec<&str> = path.split('/').skip(1).collect();
            let action = Action::parse(entry.method, &path).unwrap();
            assert_eq!(action.entry().name, entry.name);
            let shown = format!("{action:?}");
            for parameter in path
                .iter()
                .filter(|part| entry.path.contains(&format!("{{{part}}}")))
            {
                assert!(
                    shown.contains(&format!("{parameter}: \"{parameter}\"")),
                    "{shown}"
                );
            }
        }
    }

    #[test]
    fn another_method_is_told_which_there_are_and_another_path_that_there_is_nothing() {
        for (method, path, status, says) in [
            ("PATCH", "tenants", 405, "GET, POST"),
            ("PATCH", "tenants/acme", 405, "GET, DELETE, PUT"),
            (
                "GET",
                "tenants/acme/publishers/k",
                405,
                "this path takes DELETE",
            ),
            (
                "POST",
                "tenants/acme/servers/s/grants",
                405,
                "GET, PUT, DELETE",
            ),
            ("GET", "tenants/acme/servers/s/config/n", 405, "PUT, DELETE"),
            ("get", "tenants", 405, "GET, POST"),
            ("GET", "", 404, "nothing"),
            ("GET", "tenant", 404, "nothing"),
            ("GET", "tenants/acme/", 404, "nothing"),
            ("GET", "tenants/acme/servers/s/tapes/c/d", 404, "nothing"),
        ] {
            let path: Vec<&str> = path.split('/').collect();
            let problem = Action::parse(method, &path).unwrap_err();
            assert_eq!(problem.status, status, "{method} {path:?}");
            assert!(problem.message.contains(says), "{}", problem.message);
        }
    }
}
