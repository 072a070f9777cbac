//! Publishing: from bytes that somebody uploaded to a release; live, if it need not be approved and its server is
//! granted what it asks for.
//!
//! Nothing is stored until the module is verified, admitted, translated, and has described itself
//! as its manifest says. The module is stored before the row that names it: what fails in between
//! leaves an object that nobody can reach.

use serde::Serialize;
use smcp_analysis::Report;
use smcp_auth::Principal;
use smcp_capability::turn::{Effect, Frame, Performed, Reply};
use smcp_ids::{ReleaseDigest, ServerSlug, UnixMillis, limits};
use smcp_package::{Admission, AdmittedModule, Policy, UntrustedPackage, VerifiedPackage};
use smcp_protocol::Catalogue;
use smcp_protocol::catalogue::union_name;
use smcp_sandbox::LoadedModule;

use super::releases::{answering, differences};
use super::servers::ServerView;
use crate::asks::{Diff, Missing};
use crate::describe::Describing;
use crate::modules::{admit, ready};
use crate::pace::Pace;
use crate::problem::{Problem, json};
use crate::record::{Change, Directory, ReleaseRecord, Row, ServerRecord};
use crate::release::{Approval, Approved, Life, Standing, State};
use crate::schemas::{SettingSchemas, ToolSchemas};
use crate::state::Scene;

#[derive(Serialize)]
struct Published {
    release: String,
    /// What it is now.
    state: State,
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

pub(super) async fn publish(
    scene: &Scene,
    principal: &Principal,
    frame: &Frame,
    server: &str,
) -> Result<Reply, Problem> {
    let server: ServerSlug = super::parse(server, "server")?;
    let verified = verify(scene, &frame.body)?;
    let manifest = verified.manifest().map_err(refused)?;
    let size = frame.body.len() as u64;
    check_room(scene, &server, verified.release(), manifest.version(), size)?;
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
    let _held = scene.holds_module(release)?;
    if scene.outside.perform(effect).await != Performed::Done {
        return Err(Problem::host());
    }
    // Others have run since: what was checked is checked again, then written in the same step.
    let again = check_room(scene, &server, release, admitted.manifest().version(), size)?;
    check_trust(scene, &admitted)?;
    let before = answering(scene, &server)?;
    let Plan {
        changes,
        diff,
        becomes,
    } = plan(scene, &server, &admitted, principal)?;
    let what = serde_json::json!({ "release": release.to_string(), "becomes": becomes });
    scene.does_with(&what);
    let catalogue = scene.catalogue_write(&server, release, admitted.manifest().catalogue())?;
    scene.commit_with(vec![catalogue], changes).await?;
    if becomes == State::Live {
        // Where all servers are one, a new one's lists are others too.
        let differ = differences(&before, [&ready.catalogue]);
        scene.announce(&server, &differ).await?;
    }
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let row = directory.servers.get(&server).ok_or_else(Problem::host)?;
    let published = Published {
        release: release.to_string(),
        state: becomes,
        again,
        tools: ready.catalogue.tools().count(),
        diff,
        unfit: unfit(directory, &server, &settings),
        report,
        server: ServerView::of(directory, row),
    };
    let status = match (becomes, again) {
        (State::Waiting | State::Uploaded, _) => 202,
        (_, true) => 200,
        (_, false) => 201,
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
    size: u64,
) -> Result<bool, Problem> {
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let quotas = directory.quotas();
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
    if count >= quotas.releases() {
        let message = format!(
            "{server} has {count} releases; delete some that are retired: smcp release delete"
        );
        return Err(Problem::conflict("too_many_releases", message));
    }
    if !directory.servers.contains_key(server) && directory.servers.len() >= quotas.servers() {
        return Err(Problem::conflict(
            "too_many_servers",
            "the tenant has no room for another server",
        ));
    }
    if let Some(most) = quotas.module_bytes
        && directory.module_bytes_with(release, size) > most
    {
        let message = format!(
            "all modules of the tenant together may have {most} bytes; delete releases that are retired"
        );
        return Err(Problem::conflict("too_many_module_bytes", message));
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
    /// Where the release is then.
    becomes: State,
}

fn plan(
    scene: &Scene,
    server: &ServerSlug,
    admitted: &AdmittedModule,
    principal: &Principal,
) -> Result<Plan, Problem> {
    let now = scene.outside.now();
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let digest = admitted.release();
    let row = directory.servers.get(server).cloned();
    let row = row.unwrap_or_else(|| ServerRecord::new(server.clone(), now));
    let by = principal.to_string();
    let known = directory.release(server, digest);
    let mut release = record(server, admitted, now, known, by.clone())?;
    let before = row.live.and_then(|live| directory.release(server, live));
    let before = before.map(ReleaseRecord::reach).unwrap_or_default();
    let diff = Diff::between(&before, &release.reach());
    let life = Life {
        directory,
        server: &row,
        now,
    };
    if directory.approval == Approval::Required {
        // One that is there stays where it is: what was live once is promoted by its name.
        let becomes = State::of(&row, &release);
        let rows = [Row::Server(row), Row::Release(Box::new(release))];
        return Ok(Plan {
            changes: rows.map(Change::Put).into(),
            diff,
            becomes,
        });
    }
    let approves = || Approved { by, at: now };
    release.standing.approved.get_or_insert_with(approves);
    let missing = Missing::of(admitted.manifest().asks(), &directory.access(server));
    // What is live stays so, even if a grant was taken from it.
    let waits = !missing.is_empty() && row.live != Some(digest);
    let changes = if waits {
        life.waits(release)
    } else {
        life.goes_live(release)
    };
    Ok(Plan {
        changes,
        diff,
        becomes: if waits { State::Waiting } else { State::Live },
    })
}

/// The row of a release. What is known of it stays, whoever publishes it again.
fn record(
    server: &ServerSlug,
    admitted: &AdmittedModule,
    now: UnixMillis,
    known: Option<&ReleaseRecord>,
    by: String,
) -> Result<ReleaseRecord, Problem> {
    let manifest = admitted.manifest();
    Ok(ReleaseRecord {
        server: server.clone(),
        name: manifest.name().to_string(),
        version: manifest.version().to_owned(),
        published: known.map_or(now, |row| row.published),
        size: admitted.bytes().len() as u64,
        admission: admitted.record().clone(),
        interfaces: manifest.capabilities().map(str::to_owned).collect(),
        asks: manifest.asks().to_json().map_err(refused)?,
        standing: known.map_or_else(|| Standing::uploaded(by), |row| row.standing.clone()),
    })
}
