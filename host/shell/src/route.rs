//! Method, URL and the few headers of a request to the object that serves it, or a refusal.
//!
//! The checks come in the order: size, place, origin, method, credential. It touches no storage and
//! knows no tenant: a key that proves itself may have been revoked, which its object knows. Pure
//! functions of their arguments.

use smcp_auth::discovery::{
    AUTHORIZE, OPENID_METADATA, REGISTER, RESOURCE_METADATA, REVOKE, SERVER_METADATA, TOKEN,
};
use smcp_auth::{AccessToken, AuthError, Ticket};
use smcp_capability::turn::{PublicConfig, Role};
use smcp_ids::limits::{OAUTH_FORM_MAX, PATH_MAX};
use smcp_ids::{PublisherKey, TenantId, UnixMillis};
use smcp_oauth::{Form, Resource, split_written_client};

use crate::refusal::{Answer, BodyMax, Refusal};

/// What the edge looks at. Text that is not there is empty.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    /// The whole URL, as the platform normalised it.
    pub(crate) url: &'a str,
    pub(crate) origin: &'a str,
    pub(crate) accept: &'a str,
    pub(crate) authorization: &'a str,
    /// The declared length of the body; 0 if there is none.
    pub(crate) length: f64,
    /// Whether it names a session.
    pub(crate) in_session: bool,
    /// The time.
    pub(crate) now: UnixMillis,
}

/// Who may pass: the proofs that need no storage. They take the value of `Authorization`.
pub(crate) trait Doorkeeper {
    /// Proves that it is an API key of that endpoint's tenant, or an access token for it, by its MAC or seal.
    fn prove_caller(
        &self,
        authorization: &str,
        endpoint: &Resource,
        now: UnixMillis,
    ) -> Result<(), AuthError>;
    /// Proves that it is the platform's admin token.
    fn prove_admin(&self, authorization: &str) -> Result<(), AuthError>;
    /// Proves that it is that, or an API key of that tenant. What a key may do there, its object knows.
    fn prove_administrator(&self, authorization: &str, tenant: &TenantId) -> Result<(), AuthError>;
    /// Whether this browser origin is on the list.
    fn is_allowed_origin(&self, origin: &str) -> bool;
    /// Which deployment this is; empty where the platform does not say.
    fn version(&self) -> &str;
    /// The public keys under which receipts hold.
    fn receipt_keys(&self) -> Vec<PublisherKey>;
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// A tenant as a whole, for the admin.
    Tenant(TenantId),
    /// An MCP endpoint of a tenant.
    Mcp(Resource),
    /// What an endpoint says of itself.
    ResourceMetadata(Resource),
    /// What the authorization server says of itself.
    ServerMetadata,
    /// Where a person is asked.
    Authorize,
    /// Where what a client has says which tenant's it is: that is in the body.
    ByBody,
    /// Where clients register themselves.
    Register,
    /// Where a tenant's invitations lead.
    Join(TenantId),
    /// Where a tenant's provider sends people back to.
    SignedIn(TenantId),
    /// The admin API, served by that object, with bodies up to that size.
    Admin(Role, BodyMax),
    Health,
    /// The public keys of receipts.
    ReceiptKeys,
    /// The description of the admin API.
    Description,
}

/// Where a request goes, or what the edge answers itself. `config` is what is public of the tenant that a path names; it
/// is asked for, with [`Way::Ask`], only where it makes a difference: never for who has a good credential and no foreign
/// origin.
pub(crate) fn route(
    ask: Ask<'_>,
    door: &impl Doorkeeper,
    config: Option<&PublicConfig>,
) -> Result<Way, Answer> {
    let (origin, path_and_query) = split_url(ask.url);
    let (path, query) = path_and_query
        .split_once('?')
        .unwrap_or((path_and_query, ""));
    let place = place(path).ok_or(Refusal::NotFound)?;
    let max = match place {
        Place::Authorize | Place::SignedIn(_) => OAUTH_FORM_MAX,
        _ => PATH_MAX,
    };
    if path_and_query.len() > max {
        return Err(Refusal::UriTooLong.into());
    }
    if !place.is_for_all() && !may_call(ask.origin, origin, door) {
        match (place.tenant(), config) {
            (Some(tenant), None) => return Ok(Way::Ask(tenant.clone())),
            (Some(_), Some(config)) if config.origins.iter().any(|own| own == ask.origin) => {}
            _ => return Err(Refusal::OriginForbidden.into()),
        }
    }
    let role = match place {
        Place::Health => return Err(Answer::healthy(door.version())),
        Place::ReceiptKeys => return Err(Answer::receipt_keys(&door.receipt_keys())),
        Place::Description => return Err(Answer::description()),
        Place::ResourceMetadata(_) | Place::ServerMetadata if ask.method != "GET" => {
            return Err(Refusal::MethodNotAllowed("GET").into());
        }
        Place::ResourceMetadata(endpoint) => match config {
            None => return Ok(Way::Ask(endpoint.tenant)),
            Some(config) if is_key_only(config, &endpoint) => return Err(Refusal::NotFound.into()),
            Some(_) => return Err(Answer::resource_metadata(origin, &endpoint.path())),
        },
        Place::ServerMetadata => return Err(Answer::server_metadata(origin)),
        Place::Authorize if matches!(ask.method, "GET" | "POST") => asked_tenant(query),
        Place::Join(tenant) if matches!(ask.method, "GET" | "POST") => Role::Tenant(tenant),
        Place::SignedIn(tenant) if ask.method == "GET" => Role::Tenant(tenant),
        Place::SignedIn(_) => return Err(Refusal::MethodNotAllowed("GET").into()),
        Place::Authorize | Place::Join(_) => {
            return Err(Refusal::MethodNotAllowed("GET, POST").into());
        }
        Place::ByBody | Place::Register if ask.method != "POST" => {
            return Err(Refusal::MethodNotAllowed("POST").into());
        }
        Place::ByBody => {
            within(ask.length, BodyMax::Form)?;
            return Ok(Way::ByBody);
        }
        Place::Register => {
            within(ask.length, BodyMax::Form)?;
            Role::Platform
        }
        Place::Mcp(endpoint) => {
            match ask.method {
                "POST" => {}
                // A session of the legacy era has a stream of its own, and an end (2025-11-25,
                // basic/transports, "Listening for Messages from the Server", "Session Management").
                "GET" | "DELETE" if ask.in_session => {}
                _ => return Err(not_a_post(&ask)),
            }
            if let Err(error) = door.prove_caller(ask.authorization, &endpoint, ask.now) {
                return match config {
                    None => Ok(Way::Ask(endpoint.tenant)),
                    Some(config) if is_key_only(config, &endpoint) => Err(error.into()),
                    Some(_) => Err(Answer::challenge(error, origin, path)),
                };
            }
            within(ask.length, BodyMax::Mcp)?;
            Role::Tenant(endpoint.tenant)
        }
        Place::Admin(role, body_max) => administered(&ask, role, body_max, door)?,
        // Making, listing and removing tenants is the platform object's business; what is in one, its own object
        // knows.
        Place::Tenant(tenant) => {
            let role = if ask.method == "GET" {
                Role::Tenant(tenant)
            } else {
                Role::Platform
            };
            administered(&ask, role, BodyMax::Admin, door)?
        }
    };
    Ok(Way::Object(role.object_name()))
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// To the object of that name.
    Object(String),
    /// To the object that its body names.
    ByBody,
    /// It is not known before the public configuration of that tenant is.
    Ask(TenantId),
}

fn is_key_only(config: &PublicConfig, endpoint: &Resource) -> bool {
    let server = endpoint.server.as_ref();
    server.is_some_and(|server| config.key_only.contains(server))
}

/// Which tenant's configuration says whether pages of an origin may call that URL.
pub(crate) fn tenant_of(url: &str) -> Option<TenantId> {
    let path = split_url(url).1.split('?').next().unwrap_or_default();
    place(path)?.tenant().cloned()
}

impl Place {
    /// The tenant whose pages may call: of its endpoints, other origins may.
    fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Mcp(endpoint) => Some(&endpoint.tenant),
            _ => None,
        }
    }

    /// Whether pages of all origins may call: what is there is public, or no browser sends a credential for it by
    /// itself.
    fn is_for_all(&self) -> bool {
        matches!(
            self,
            Self::ReceiptKeys
                | Self::Description
                | Self::ResourceMetadata(_)
                | Self::ServerMetadata
                | Self::ByBody
                | Self::Register
        )
    }
}

/// Whether pages of all origins may call that URL.
pub(crate) fn is_for_all(url: &str) -> bool {
    let path = split_url(url).1.split('?').next().unwrap_or_default();
    place(path).is_some_and(|place| place.is_for_all())
}

/// The object of the tenant whose endpoint a person is asked about. A request that names none may be of a client that
/// an admin has registered, whose id names the tenant. Else the platform's object asks.
fn asked_tenant(query: &str) -> Role {
    let Ok(form) = Form::parse(query.as_bytes()) else {
        return Role::Platform;
    };
    let of_resource = form.get("resource").and_then(|resource| {
        let (_, path) = split_url(resource);
        Some(Resource::of_path(path.strip_suffix('/').unwrap_or(path))?.tenant)
    });
    let of_client = || Some(split_written_client(form.get("client_id")?)?.0);
    of_resource
        .or_else(of_client)
        .map_or(Role::Platform, Role::Tenant)
}

/// The name of the object that serves a form with a code or token in it.
pub(crate) fn route_form(body: &[u8]) -> String {
    let tenant = Form::parse(body).ok().and_then(|form| {
        let tickets = ["code", "refresh_token", "token"].into_iter();
        let text = tickets.filter_map(|name| form.get(name)).next()?;
        let of_token = || Some(text.parse::<AccessToken>().ok()?.tenant().clone());
        Ticket::parse(text)
            .map(|ticket| ticket.tenant().clone())
            .or_else(of_token)
    });
    tenant.map_or(Role::Platform, Role::Tenant).object_name()
}

/// Whose object serves an admin request, if its caller may have a role there.
fn administered(
    ask: &Ask<'_>,
    role: Role,
    body_max: BodyMax,
    door: &impl Doorkeeper,
) -> Result<Role, Answer> {
    match &role {
        Role::Platform => door.prove_admin(ask.authorization)?,
        Role::Tenant(tenant) => door.prove_administrator(ask.authorization, tenant)?,
    }
    within(ask.length, body_max)?;
    Ok(role)
}

/// The origin of a URL, and its path and query.
pub(crate) fn split_url(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at.saturating_add(3));
    let path = url.get(host..).and_then(|rest| rest.find('/'));
    path.and_then(|at| url.split_at_checked(host.saturating_add(at)))
        .unwrap_or((url, "/"))
}

/// How large a body may be that goes to that path.
pub(crate) fn body_max(path: &str) -> BodyMax {
    match place(path.split('?').next().unwrap_or_default()) {
        Some(Place::Admin(_, max)) => max,
        Some(Place::Tenant(_)) => BodyMax::Admin,
        Some(Place::Authorize | Place::ByBody | Place::Register | Place::Join(_)) => BodyMax::Form,
        _ => BodyMax::Mcp,
    }
}

/// Whether a page of `origin` may call; whoever is not a browser sends none.
pub(crate) fn may_call(origin: &str, own: &str, door: &impl Doorkeeper) -> bool {
    origin.is_empty() || (origin == own && is_sure(own)) || door.is_allowed_origin(origin)
}

/// Whether an origin that was taken from the request itself says who the caller's page belongs to. A
/// stranger's name can be made to point here: over TLS it does not get through, and neither does it
/// pass for the machine itself (2026-07-28, basic/transports/streamable-http, "Security Warning").
fn is_sure(own: &str) -> bool {
    let Some(host) = own.strip_prefix("http://") else {
        return own.starts_with("https://");
    };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    };
    matches!(name, Some("localhost" | "127.0.0.1" | "::1"))
}

fn place(path: &str) -> Option<Place> {
    match path {
        SERVER_METADATA | OPENID_METADATA => return Some(Place::ServerMetadata),
        AUTHORIZE => return Some(Place::Authorize),
        TOKEN | REVOKE => return Some(Place::ByBody),
        REGISTER => return Some(Place::Register),
        _ => {}
    }
    if let Some(of) = path.strip_prefix(RESOURCE_METADATA) {
        return Resource::of_path(of).map(Place::ResourceMetadata);
    }
    if let Some(endpoint) = Resource::of_path(path) {
        return Some(Place::Mcp(endpoint));
    }
    let mut parts = path.strip_prefix('/')?.split('/');
    let mut next = || parts.next();
    match (next(), next(), next(), next(), next()) {
        (Some("healthz"), None, ..) => Some(Place::Health),
        // What it has to say of all tenants is the platform admin's to see.
        (Some("metrics"), None, ..) => Some(Place::Admin(Role::Platform, BodyMax::Admin)),
        (Some(".well-known"), Some("smcp-keys"), None, ..) => Some(Place::ReceiptKeys),
        (Some("t"), Some(tenant), Some("join"), None, None) => {
            Some(Place::Join(tenant.parse().ok()?))
        }
        (Some("t"), Some(tenant), Some("signed-in"), None, None) => {
            Some(Place::SignedIn(tenant.parse().ok()?))
        }
        (Some("admin"), Some("v1"), Some("tenants" | "audit" | "rotation"), None, None)
        | (Some("admin"), Some("v1"), Some("audit"), Some("head"), None) => {
            Some(Place::Admin(Role::Platform, BodyMax::Admin))
        }
        (Some("admin"), Some("v1"), Some("tenants"), Some(tenant), None) => {
            Some(Place::Tenant(tenant.parse().ok()?))
        }
        (Some("admin"), Some("v1"), Some("tenants"), Some(tenant), Some(first)) => {
            let takes_package =
                first == "import" || (first == "servers" && path.ends_with("/releases"));
            let max = if takes_package {
                BodyMax::Package
            } else {
                BodyMax::Admin
            };
            Some(Place::Admin(Role::Tenant(tenant.parse().ok()?), max))
        }
        (Some("admin"), Some("v1"), Some("openapi.json"), None, None) => Some(Place::Description),
        _ => None,
    }
}

fn within(length: f64, max: BodyMax) -> Result<(), Refusal> {
    if length > max.bytes() as f64 {
        Err(Refusal::PayloadTooLarge(max))
    } else {
        Ok(())
    }
}

/// A GET of a person gets an explanation; all others are told what to do. 405 it must be: some
/// clients take any other status for the end of the server.
fn not_a_post(ask: &Ask<'_>) -> Answer {
    if ask.method == "GET" && ask.accept.contains("text/html") {
        Answer::help()
    } else {
        Refusal::MethodNotAllowed("POST, OPTIONS").into()
    }
}

#[cfg(test)]
mod tests;
