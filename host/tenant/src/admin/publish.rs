//! Publishing: from bytes that somebody uploaded to a release, live if its server is granted what it asks for.
//!
//! Nothing is stored until the module is verified, admitted, translated, and has described itself
//! as its manifest says. The module is stored before the row that names it: what fails in between
//! leaves an object that nobody can reach.

use serde::Serialize;
use smcp_analysis::Report;
use smcp_capability::turn::{Effect, Frame, Performed, Reply};
use smcp_ids::{ReleaseDigest, ServerSlug, limits};
use smcp_package::{Admission, AdmittedModule, Policy, UntrustedPackage, VerifiedPackage};
use smcp_protocol::Catalogue;
use smcp_protocol::catalogue::union_name;
use smcp_sandbox::LoadedModule;

use super::servers::ServerView;
use super::waiting::live_catalogue;
use crate::asks::{Diff, Missing};
use crate::describe::Describing;
use crate::modules::{admit, ready};
use crate::pace::Pace;
use crate::problem::{Problem, json};
use crate::record::{Change, Directory, ReleaseRecord, Row, ServerRecord};
use crate::schemas::{SettingSchemas, ToolSchemas};
use crate::state::Scene;

#[derive(Serialize)]
struct Published {
    release: String,
    /// Whether this very release had been published before.
    again: bool,
    tools: usize,
    /// What it can touch that the live release cannot, and the other way round.
    diff: Diff,
    /// Settings that it does not declare, or whose values are not as it declares them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unfit: Vec<String>,
    /// What it is and what was found.
    report: Report,
    #[serde(flatten)]
    server: ServerView,
}

pub(super) async fn publish(scene: &Scene, frame: &Frame, server: &str) -> Result<Reply, Problem> {
    let server: ServerSlug = super::parse(server, "server")?;
    let verified = verify(scene, &frame.body)?;
    let manifest = verified.manifest().map_err(refused)?;
    check_room(scene, &server, verified.release(), manifest.version())?;
    let policy = Policy::default();
    let admission = Admission::start(verified, &policy).map_err(refused)?;
    let admitted = admit(scene, admission).await.map_err(refused)?;
    let loaded = translate(&admitted)?;
    check_catalogue(scene, &admitted, &loaded).await?;
    let ready = ready(&admitted, loaded)?;
    check_schemas(scene, &ready.catalogue).await?;
    check_names(&server, &ready.catalogue)?;
    let settings = SettingSchemas::compile(admitted.manifest().asks())
        .map_err(|error| Problem::new(422, error.code(), error.to_string()))?;
    let release = admitted.release();
    let report = scene
        .examine(&server, &admitted, &ready.loaded, &ready.catalogue)
        .await?;
    let effect = Effect::WriteModule {
        release,
        bytes: admitted.bytes().to_vec(),
    };
    if scene.outside.perform(effect).await != Performed::Done {
        return Err(Problem::host());
    }
    scene
        .keep_catalogue(&server, release, admitted.manifest().catalogue())
        .await?;
    // Others have run since: what was checked is checked again, then written in the same step.
    let again = check_room(scene, &server, release, admitted.manifest().version())?;
    check_trust(scene, &admitted)?;
    let before = live_catalogue(scene, &server)?;
    let Plan {
        changes,
        diff,
        waits,
    } = plan(scene, &server, &admitted)?;
    let what = serde_json::json!({ "release": admitted.release().to_string(), "waits": waits });
    scene.does_with(&what);
    scene.commit(changes).await?;
    if !waits {
        // Where all servers are one, a new one's lists are others too.
        let differ = before.unwrap_or_default().changes(&ready.catalogue);
        scene.announce(&server, &differ).await?;
    }
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let row = directory.servers.get(&server).ok_or_else(Problem::host)?;
    let published = Published {
        release: release.to_string(),
        again,
        tools: ready.catalogue.tools().count(),
        diff,
        unfit: unfit(directory, &server, &settings),
        report,
        server: ServerView::of(directory, row),
    };
    let status = match (waits, again) {
        (true, _) => 202,
        (false, true) => 200,
        (false, false) => 201,
    };
    Ok(json(status, &published))
}

/// A schema that cannot be compiled is refused here, and never fails a call.
async fn check_schemas(scene: &Scene, catalogue: &Catalogue) -> Result<(), Problem> {
    for tool in catalogue.tools() {
        ToolSchemas::compile(tool).map_err(|error| {
            let message = format!("the tool {}: {error}", tool.name());
            Problem::new(422, error.code(), message)
        })?;
        scene.outside.pause().await;
    }
    Ok(())
}

/// A name that is too long where all servers are one is refused here, while its author can change it.
fn check_names(server: &ServerSlug, catalogue: &Catalogue) -> Result<(), Problem> {
    let names = catalogue.names().map(|name| union_name(server, name));
    match names
        .into_iter()
        .find(|name| name.len() > limits::UNION_NAME_MAX)
    {
        None => Ok(()),
        Some(name) => {
            let message = format!(
                "among all servers of the tenant it would be called {name}, which is {} characters and may \
                 be {}; give it or the server a shorter name",
                name.len(),
                limits::UNION_NAME_MAX
            );
            Err(Problem::new(422, "union_name_too_long", message))
        }
    }
}

/// The settings that a release would read, and that are not as it declares them.
fn unfit(directory: &Directory, server: &ServerSlug, schemas: &SettingSchemas) -> Vec<String> {
    let settings = directory.settings_of(server);
    settings
        .filter(|row| schemas.check(&row.name, &row.value).is_err())
        .map(|row| row.name.clone())
        .collect()
}

/// A refusal of the package: its own code, and 422.
fn refused(error: smcp_package::PackageError) -> Problem {
    Problem::new(422, error.code(), error.to_string())
}

fn verify(scene: &Scene, bytes: &[u8]) -> Result<VerifiedPackage, Problem> {
    let trusted = scene.state.borrow().directory()?.trusted();
    UntrustedPackage::parse(bytes.to_vec())
        .and_then(|package| package.verify(&trusted))
        .map_err(refused)
}

fn check_trust(scene: &Scene, admitted: &AdmittedModule) -> Result<(), Problem> {
    if scene
        .state
        .borrow()
        .directory()?
        .trusts_any(admitted.signers())
    {
        return Ok(());
    }
    Err(Problem::conflict(
        "publisher_revoked",
        "the publisher was revoked while this was published",
    ))
}

/// Whether the release is there already; refused if its version is, with other bytes, or if there
/// is no room.
fn check_room(
    scene: &Scene,
    server: &ServerSlug,
    release: ReleaseDigest,
    version: &str,
) -> Result<bool, Problem> {
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let mut count = 0;
    for row in directory.releases_of(server) {
        if row.admission.release == release {
            return Ok(true);
        }
        if row.version == version {
            let message = format!(
                "version {version} of {server} is published with other bytes ({}); raise the version",
                row.admission.release
            );
            return Err(Problem::conflict("version_exists", message));
        }
        count += 1;
    }
    if count >= limits::RELEASES_MAX {
        let message = format!("{server} has {count} releases; delete the server or use another");
        return Err(Problem::conflict("too_many_releases", message));
    }
    if !directory.servers.contains_key(server) && directory.servers.len() >= limits::SERVERS_MAX {
        return Err(Problem::conflict(
            "too_many_servers",
            "the tenant has no room for another server",
        ));
    }
    Ok(false)
}

/// What cannot be translated is refused here, and never fails a call.
fn translate(admitted: &AdmittedModule) -> Result<LoadedModule, Problem> {
    LoadedModule::translate_all(admitted)
        .map_err(|error| Problem::new(422, error.code(), error.to_string()))
}

async fn check_catalogue(
    scene: &Scene,
    admitted: &AdmittedModule,
    loaded: &LoadedModule,
) -> Result<(), Problem> {
    let fault = |fault: smcp_sandbox::Fault| match fault {
        smcp_sandbox::Fault::Guest(fault) => {
            Problem::new(422, fault.code(), format!("describe failed: {fault}"))
        }
        smcp_sandbox::Fault::Host(_) => Problem::host(),
    };
    let mut describing = Describing::start(loaded).map_err(fault)?;
    let mut pace = Pace::new();
    let catalogue = loop {
        if let Some(catalogue) = describing.step(pace.slice(scene, 1)).map_err(fault)? {
            break catalogue;
        }
        pace.pause(scene, 1).await;
    };
    if catalogue == admitted.manifest().catalogue() {
        return Ok(());
    }
    Err(Problem::new(
        422,
        "catalogue_mismatch",
        "the module does not describe itself as its manifest says; build and sign it again",
    ))
}

/// What publishing changes, and how.
struct Plan {
    changes: Vec<Change>,
    diff: Diff,
    /// Whether the release waits for what it asks for.
    waits: bool,
}

fn plan(scene: &Scene, server: &ServerSlug, admitted: &AdmittedModule) -> Result<Plan, Problem> {
    let now = scene.outside.now();
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let digest = admitted.release();
    let existing = directory.servers.get(server);
    let live = existing.and_then(|row| row.live);
    let manifest = admitted.manifest();
    let missing = Missing::of(manifest.asks(), &directory.access(server));
    // What is live stays so, even if a grant was taken from it.
    let waits = !missing.is_empty() && live != Some(digest);
    let row = ServerRecord {
        server: server.clone(),
        created: existing.map_or(now, |row| row.created),
        live: if waits { live } else { Some(digest) },
        waiting: waits.then_some(digest),
    };
    let known = directory.releases.get(&(server.clone(), digest));
    let release = ReleaseRecord {
        server: server.clone(),
        name: manifest.name().to_string(),
        version: manifest.version().to_owned(),
        published: known.map_or(now, |row| row.published),
        size: admitted.bytes().len() as u64,
        admission: admitted.record().clone(),
        interfaces: manifest.capabilities().map(str::to_owned).collect(),
        asks: manifest.asks().to_json().map_err(refused)?,
    };
    let before = live.and_then(|live| directory.releases.get(&(server.clone(), live)));
    let before = before.map(ReleaseRecord::reach).unwrap_or_default();
    Ok(Plan {
        diff: Diff::between(&before, &release.reach()),
        waits,
        changes: vec![
            Change::Put(Row::Release(Box::new(release))),
            Change::Put(Row::Server(row)),
        ],
    })
}
