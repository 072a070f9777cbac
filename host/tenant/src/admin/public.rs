//! What the edge must know of a tenant: which pages may call it, and which servers take keys only.
//!
//! The object's row is the truth; what the edge reads may be a minute older.

use serde::{Deserialize, Serialize};
use smcp_capability::turn::{Effect, Frame, Performed, PublicConfig, Reply};
use smcp_ids::{ServerSlug, limits};

use super::{body, parameter};
use crate::problem::{Problem, json};
use crate::record::{Change, OptionsRecord, Row};
use crate::state::Scene;

#[derive(Serialize)]
struct Origins<'a> {
    origins: &'a [String],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Origin {
    origin: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OAuth {
    enabled: bool,
}

pub(super) fn origins(scene: &Scene) -> Result<Reply, Problem> {
    let config = config(scene)?;
    Ok(json(
        200,
        &Origins {
            origins: &config.origins,
        },
    ))
}

pub(super) async fn allow(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let asked: Origin = body(frame)?;
    if !is_origin(&asked.origin) {
        return Err(Problem::invalid(
            "invalid_origin",
            "an origin is https://NAME or https://NAME:PORT in lower case, without a path; http:// only for this machine",
        ));
    }
    let mut config = config(scene)?;
    if !config.origins.contains(&asked.origin) {
        if config.origins.len() >= limits::ORIGINS_MAX {
            return Err(Problem::conflict(
                "too_many_origins",
                "this tenant allows as many origins as it may; remove one",
            ));
        }
        config.origins.push(asked.origin);
        config.origins.sort_unstable();
    }
    publish(scene, config.clone()).await?;
    Ok(json(
        200,
        &Origins {
            origins: &config.origins,
        },
    ))
}

/// The origin is in the query, as it is written there: none has a character that would be encoded.
pub(super) async fn disallow(scene: &Scene, query: &str) -> Result<Reply, Problem> {
    let origin = parameter(query, "origin").unwrap_or_default();
    let mut config = config(scene)?;
    let before = config.origins.len();
    config.origins.retain(|known| known != origin);
    if config.origins.len() == before {
        return Err(Problem::not_found());
    }
    publish(scene, config.clone()).await?;
    Ok(json(
        200,
        &Origins {
            origins: &config.origins,
        },
    ))
}

pub(super) fn show(scene: &Scene, server: &str) -> Result<Reply, Problem> {
    let server = known(scene, server)?;
    let enabled = !config(scene)?.key_only.contains(&server);
    Ok(json(200, &OAuth { enabled }))
}

/// A client that has a key, and finds OAuth, may not use its key.
pub(super) async fn set(scene: &Scene, frame: &Frame, server: &str) -> Result<Reply, Problem> {
    let server = known(scene, server)?;
    let asked: OAuth = body(frame)?;
    let mut config = config(scene)?;
    config.key_only.retain(|known| *known != server);
    if !asked.enabled {
        config.key_only.push(server);
        config.key_only.sort_unstable();
    }
    publish(scene, config).await?;
    Ok(json(200, &asked))
}

fn known(scene: &Scene, server: &str) -> Result<ServerSlug, Problem> {
    let server: ServerSlug = server.parse().map_err(|_| Problem::not_found())?;
    let state = scene.state.borrow();
    let is_there = state.directory()?.servers.contains_key(&server);
    if is_there {
        Ok(server)
    } else {
        Err(Problem::not_found())
    }
}

pub(super) fn config(scene: &Scene) -> Result<PublicConfig, Problem> {
    Ok(scene.state.borrow().directory()?.options.public.clone())
}

async fn publish(scene: &Scene, public: PublicConfig) -> Result<(), Problem> {
    let options = scene.state.borrow().directory()?.options.clone();
    let row = Row::Options(OptionsRecord {
        public: public.clone(),
        ..options
    });
    scene.does_with(&public);
    scene.commit(vec![Change::Put(row)]).await?;
    tell_edge(scene, public).await
}

/// Makes public what is stored.
pub(super) async fn tell_edge(scene: &Scene, public: PublicConfig) -> Result<(), Problem> {
    match scene.outside.perform(Effect::Publish(Some(public))).await {
        Performed::Done => Ok(()),
        _ => Err(Problem::new(
            503,
            "not_published",
            "it is stored, and the edge was not told; do the same again in a second",
        )),
    }
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://");
    let (host, is_own) = match (host, text.strip_prefix("http://")) {
        (Some(host), _) => (host, false),
        (None, Some(host)) => (host, true),
        _ => return false,
    };
    let (name, port) = host
        .split_once(':')
        .map_or((host, None), |(name, port)| (name, Some(port)));
    let is_name = !name.is_empty()
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte)
        });
    let is_port = port.is_none_or(|port| {
        port.parse::<u16>()
            .is_ok_and(|number| number.to_string() == port)
    });
    text.len() <= limits::ORIGIN_MAX
        && is_name
        && is_port
        && (!is_own || matches!(name, "localhost" | "127.0.0.1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        for good in [
            "https://app.example",
            "https://app.example:8443",
            "http://localhost:3000",
            "http://127.0.0.1",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "app.example",
            "https://",
            "https://app.example/",
            "https://App.example",
            "http://app.example",
            "https://app.example:x",
            "https://app.example:080",
            "https://a@b.example",
            "https://app.example?x",
            "ftp://a",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
