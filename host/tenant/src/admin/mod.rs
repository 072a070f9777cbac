//! The admin API, as the objects answer it: `/admin/v1/...`.
//!
//! Every handler reads its input whole into types, checks it against the directory, and changes
//! storage in one commit: bad input changes nothing.

mod clients;
mod grants;
mod keys;
mod limits;
mod logs;
mod members;
mod public;
mod publish;
mod publishers;
mod secrets;
mod servers;
mod settings;
mod tenants;
mod waiting;

use serde::de::DeserializeOwned;
use smcp_capability::turn::{Frame, Reply, Role};
use smcp_ids::limits::ADMIN_BODY_MAX;

use crate::problem::Problem;
use crate::state::Scene;

/// Answers an admin request. That the caller is the platform's admin has been proved.
pub(crate) async fn answer(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let (path, query) = frame.path.split_once('?').unwrap_or((&frame.path, ""));
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let role = scene.state.borrow().boot.role.clone();
    match role {
        Role::Platform => platform(scene, frame, &segments).await,
        Role::Tenant(_) => tenant(scene, frame, &segments, query).await,
    }
}

async fn platform(scene: &Scene, frame: &Frame, segments: &[&str]) -> Result<Reply, Problem> {
    match (frame.method.as_str(), segments) {
        ("GET", ["admin", "v1", "tenants"]) => tenants::list(scene),
        ("POST", ["admin", "v1", "tenants"]) => tenants::create(scene, frame).await,
        ("DELETE", ["admin", "v1", "tenants", tenant]) => {
            tenants::delete(scene, frame, tenant).await
        }
        (_, ["admin", "v1", "tenants"]) => Err(method_not_allowed("GET, POST")),
        _ => Err(Problem::not_found()),
    }
}

async fn tenant(
    scene: &Scene,
    frame: &Frame,
    segments: &[&str],
    query: &str,
) -> Result<Reply, Problem> {
    // The platform object's requests: the edge lets no such path in from outside.
    match (frame.method.as_str(), segments) {
        ("PUT", ["internal", "tenant"]) => return tenants::open(scene).await,
        ("DELETE", ["internal", "tenant"]) => return tenants::close(scene).await,
        _ => {}
    }
    if scene.state.borrow().directory()?.tenant.is_none() {
        return Err(Problem::not_found());
    }
    let ["admin", "v1", "tenants", _, rest @ ..] = segments else {
        return Err(Problem::not_found());
    };
    match (frame.method.as_str(), rest) {
        ("GET", []) => tenants::show(scene),
        ("GET", ["publishers"]) => publishers::list(scene),
        ("POST", ["publishers"]) => publishers::trust(scene, frame).await,
        ("DELETE", ["publishers", key]) => publishers::revoke(scene, key, query).await,
        ("GET", ["servers"]) => servers::list(scene, query),
        ("GET", ["servers", server]) => servers::show(scene, server),
        ("DELETE", ["servers", server]) => servers::delete(scene, server).await,
        ("GET", ["servers", server, "releases"]) => servers::releases(scene, server),
        ("POST", ["servers", server, "releases"]) => publish::publish(scene, frame, server).await,
        ("GET", ["servers", server, "config"]) => settings::list(scene, server),
        ("PUT", ["servers", server, "config", name]) => {
            settings::set(scene, frame, server, name).await
        }
        ("DELETE", ["servers", server, "config", name]) => {
            settings::delete(scene, server, name).await
        }
        ("GET", ["servers", server, "grants"]) => grants::list(scene, server),
        ("PUT", ["servers", server, "grants"]) => grants::set(scene, frame, server).await,
        ("DELETE", ["servers", server, "grants"]) => grants::delete(scene, server, query).await,
        ("GET", ["servers", server, "secrets"]) => secrets::list(scene, server),
        ("PUT", ["servers", server, "secrets", name]) => {
            secrets::set(scene, frame, server, name).await
        }
        ("DELETE", ["servers", server, "secrets", name]) => {
            secrets::delete(scene, server, name).await
        }
        ("GET", ["servers", server, "logs"]) => logs::logs(scene, server, query).await,
        ("GET", ["servers", server, "tapes"]) => logs::tapes(scene, server, query).await,
        ("GET", ["servers", server, "tapes", call]) => logs::tape(scene, server, call).await,
        ("GET", ["tapes"]) => logs::show_keep(scene),
        ("PUT", ["tapes"]) => logs::set_keep(scene, frame).await,
        ("GET", ["limits"]) => limits::show(scene),
        ("PUT", ["limits"]) => limits::set(scene, frame).await,
        ("GET", ["keys"]) => keys::list(scene),
        ("POST", ["keys"]) => keys::create(scene, frame).await,
        ("DELETE", ["keys", key]) => keys::revoke(scene, key).await,
        ("GET", ["members"]) => members::list(scene),
        ("POST", ["members"]) => members::invite(scene, frame).await,
        ("DELETE", ["members", member]) => members::remove(scene, member).await,
        ("POST", ["members", member, "invitation"]) => {
            members::invite_again(scene, frame, member).await
        }
        ("GET", ["connections"]) => members::connections(scene).await,
        ("DELETE", ["connections", connection]) => members::disconnect(scene, connection).await,
        ("GET", ["clients"]) => clients::list(scene),
        ("POST", ["clients"]) => clients::add(scene, frame).await,
        ("DELETE", ["clients", client]) => clients::remove(scene, client).await,
        ("GET", ["origins"]) => public::origins(scene),
        ("POST", ["origins"]) => public::allow(scene, frame).await,
        ("DELETE", ["origins"]) => public::disallow(scene, query).await,
        ("GET", ["servers", server, "oauth"]) => public::show(scene, server),
        ("PUT", ["servers", server, "oauth"]) => public::set(scene, frame, server).await,
        (_, ["origins"]) => Err(method_not_allowed("GET, POST, DELETE")),
        (_, ["servers", _, "oauth"]) => Err(method_not_allowed("GET, PUT")),
        (_, []) => Err(method_not_allowed("GET, DELETE")),
        (_, ["connections"]) => Err(method_not_allowed("GET")),
        (_, ["members", _, "invitation"]) => Err(method_not_allowed("POST")),
        (_, ["publishers" | "keys" | "members" | "clients"]) => {
            Err(method_not_allowed("GET, POST"))
        }
        (
            _,
            [
                "publishers" | "keys" | "members" | "clients" | "connections",
                _,
            ],
        ) => Err(method_not_allowed("DELETE")),
        (_, ["servers"]) => Err(method_not_allowed("GET")),
        (_, ["servers", _]) => Err(method_not_allowed("GET, DELETE")),
        (_, ["servers", _, "config" | "secrets"]) => Err(method_not_allowed("GET")),
        (_, ["servers", _, "grants"]) => Err(method_not_allowed("GET, PUT, DELETE")),
        (_, ["servers", _, "config" | "secrets", _]) => Err(method_not_allowed("PUT, DELETE")),
        (_, ["servers", _, "logs" | "tapes"] | ["servers", _, "tapes", _]) => {
            Err(method_not_allowed("GET"))
        }
        (_, ["tapes" | "limits"]) => Err(method_not_allowed("GET, PUT")),
        (_, ["servers", _, "releases"]) => Err(method_not_allowed("GET, POST")),
        _ => Err(Problem::not_found()),
    }
}

fn method_not_allowed(allowed: &str) -> Problem {
    Problem::new(
        405,
        "method_not_allowed",
        format!("this path takes {allowed}"),
    )
}

/// Reads a JSON body of one of our own types: unknown and repeated fields are refused.
fn body<T: DeserializeOwned>(frame: &Frame) -> Result<T, Problem> {
    if frame.body.len() > ADMIN_BODY_MAX {
        let limit = ADMIN_BODY_MAX;
        return Err(Problem::new(
            413,
            "body_too_large",
            format!("send at most {limit} bytes"),
        ));
    }
    serde_json::from_slice(&frame.body).map_err(|error| {
        Problem::invalid("invalid_body", format!("the body cannot be read: {error}"))
    })
}

/// A name or key from the path or a body.
fn parse<T: core::str::FromStr>(text: &str, what: &str) -> Result<T, Problem>
where
    T::Err: core::fmt::Display,
{
    text.parse()
        .map_err(|error| Problem::invalid("invalid_name", format!("{what}: {error}")))
}

/// The value of a parameter in the query, as it is written there.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .find_map(|pair| match pair.split_once('=') {
            Some((key, value)) if key == name => Some(value),
            _ => None,
        })
}

/// A name that people gave, for people to read.
fn label(text: &str) -> Result<String, Problem> {
    let fits = text.chars().count() <= 100 && !text.chars().any(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Problem::invalid(
            "invalid_name",
            "a name has at most 100 characters and no control characters",
        ))
    }
}
