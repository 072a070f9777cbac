//! The report on a release before it is published: gathered, judged by the tenant's policy, and kept.
//!
//! It is kept as it was then, sealed, beside what the release is called: it speaks of the servers that there were and of
//! the release that was live, which nobody could find out later. It goes with its release.

use serde::Serialize;
use smcp_analysis::{Analysis, Context, Finding, FindingPolicy, Live, Neighbour, Report, Subject};
use smcp_ids::{ReleaseDigest, ServerSlug, limits};
use smcp_package::AdmittedModule;
use smcp_protocol::Catalogue;
use smcp_sandbox::LoadedModule;

use crate::item::Space;
use crate::pace::Pace;
use crate::probe::Probing;
use crate::problem::Problem;
use crate::record::Directory;
use crate::state::Scene;

/// What is said of a refusal where it is written down.
#[derive(Serialize)]
struct Refusal<'a> {
    release: String,
    findings: Vec<&'a str>,
}

impl Scene {
    /// Looks at a release that may be published under a name, and keeps the report.
    ///
    /// # Errors
    /// `admission_refused`, with the findings for which the tenant's policy refuses it: that is written down, and nothing
    /// else is.
    pub(crate) async fn examine(
        &self,
        server: &ServerSlug,
        admitted: &AdmittedModule,
        loaded: &LoadedModule,
        catalogue: &Catalogue,
    ) -> Result<Report, Problem> {
        let policy = self.finding_policy()?;
        let context = Context {
            server: Some(server.to_string()),
            neighbours: self.neighbours(server).await?,
            live: self.live_for_report(server, admitted.release()).await?,
        };
        let is_bad = |digest: &_| policy.knows_bad(digest);
        let subject = Subject::from(admitted);
        let mut analysis = Analysis::new(subject, context, is_bad).map_err(|_| Problem::host())?;
        while analysis.step(limits::SECRETS_STRIDE) {
            self.outside.pause().await;
        }
        let mut probing = Probing::new(loaded, catalogue, admitted.limits());
        let mut pace = Pace::new();
        while probing.step(pace.slice(self, 1)) {
            pace.pause(self, 1).await;
        }
        probing.report(&mut analysis);
        let report = analysis.finish();
        let refused: Vec<Finding> = policy.refuses(&report).cloned().collect();
        if !refused.is_empty() {
            return Err(self.refuse(&report, refused).await?);
        }
        self.keep_report(server, admitted.release(), &report)
            .await?;
        Ok(report)
    }

    /// Writes down that a release was refused.
    async fn refuse(&self, report: &Report, refused: Vec<Finding>) -> Result<Problem, Problem> {
        let act = self.act.take();
        if let Some(act) = act {
            let mut findings: Vec<&str> =
                refused.iter().map(|finding| finding.code.name()).collect();
            findings.dedup();
            let what = Refusal {
                release: report.release.clone(),
                findings,
            };
            self.note(act.with(&what).refused("admission_refused"))
                .await?;
        }
        Ok(Problem::admission_refused(refused))
    }

    /// The tenant's policy, or the platform's.
    pub(crate) fn finding_policy(&self) -> Result<FindingPolicy, Problem> {
        Ok(self.state.borrow().directory()?.finding_policy())
    }

    /// The names of the tenant's other servers that have a live release, and of their tools.
    async fn neighbours(&self, server: &ServerSlug) -> Result<Vec<Neighbour>, Problem> {
        let others: Vec<(ServerSlug, ReleaseDigest)> = {
            let state = self.state.borrow();
            let rows = state.directory()?.servers.values();
            let others = rows.filter(|row| row.server != *server);
            let live = others.filter_map(|row| Some((row.server.clone(), row.live?)));
            live.collect()
        };
        let mut neighbours = Vec::new();
        for (other, live) in others {
            let known = self.state.borrow_mut().catalogues.get(&live);
            let tools = match known {
                Some(catalogue) => names(&catalogue),
                // One that an earlier host has published is known by its own name only.
                None => match self.catalogue_text(&other, live).await? {
                    Some(text) => Catalogue::parse(&text)
                        .as_ref()
                        .map(names)
                        .unwrap_or_default(),
                    None => Vec::new(),
                },
            };
            neighbours.push(Neighbour {
                server: other.to_string(),
                tools,
            });
        }
        Ok(neighbours)
    }

    /// The release that answers now, unless it is that one.
    async fn live_for_report(
        &self,
        server: &ServerSlug,
        release: ReleaseDigest,
    ) -> Result<Option<Live>, Problem> {
        let (live, record) = {
            let state = self.state.borrow();
            let directory = state.directory()?;
            let live = directory.servers.get(server).and_then(|row| row.live);
            let Some(live) = live.filter(|live| *live != release) else {
                return Ok(None);
            };
            let record = directory.releases.get(&(server.clone(), live));
            (live, record.cloned().ok_or_else(Problem::host)?)
        };
        let Some(text) = self.catalogue_text(server, live).await? else {
            return Ok(None);
        };
        let reach = record.reach();
        Ok(Some(Live {
            version: record.version,
            catalogue: String::from_utf8(text).map_err(|_| Problem::host())?,
            interfaces: reach.interfaces,
            asks: reach.asks,
            signers: record.admission.signers,
        }))
    }

    async fn catalogue_text(
        &self,
        server: &ServerSlug,
        release: ReleaseDigest,
    ) -> Result<Option<Vec<u8>>, Problem> {
        let place = Space::catalogues(server).place(release.to_string());
        Ok(self.read_item(place).await?.value)
    }

    /// Keeps the report on a release, before the row that names it. Those of releases that are gone go.
    async fn keep_report(
        &self,
        server: &ServerSlug,
        release: ReleaseDigest,
        report: &Report,
    ) -> Result<(), Problem> {
        let space = Space::reports(server);
        let bytes = serde_json::to_vec(report).map_err(|_| Problem::host())?;
        let place = space.place(release.to_string());
        let sealed = self.seal_item(&place, &bytes)?;
        let now = self.outside.now();
        let kept = self
            .keys_of(&space, 2 * limits::RELEASES_MAX as u64)
            .await?;
        let mut listed = vec![release.to_string()];
        {
            let state = self.state.borrow();
            let releases = state.directory()?.releases_of(server);
            listed.extend(releases.map(|row| row.admission.release.to_string()));
        }
        let gone = kept.into_iter().filter(|key| !listed.contains(key));
        let mut writes: Vec<_> = gone.map(|key| space.remove(key, now)).collect();
        writes.push(space.write(place, Some(sealed), None));
        self.keep(writes, Vec::new()).await.map(drop)
    }

    /// The report on a release as it was kept, JSON.
    pub(crate) async fn kept_report(
        &self,
        server: &ServerSlug,
        release: ReleaseDigest,
    ) -> Result<Option<String>, Problem> {
        let place = Space::reports(server).place(release.to_string());
        let kept = self.read_item(place).await?.value;
        kept.map(String::from_utf8)
            .transpose()
            .map_err(|_| Problem::host())
    }
}

fn names(catalogue: &Catalogue) -> Vec<String> {
    catalogue
        .tools()
        .map(|tool| tool.name().to_owned())
        .collect()
}

impl Directory {
    /// The tenant's policy, or the platform's. One that this host does not understand is the platform's: an earlier one
    /// knew findings that there are no more.
    pub(crate) fn finding_policy(&self) -> FindingPolicy {
        let own = self.policy.as_ref();
        own.and_then(|row| serde_json::from_str(&row.policy).ok())
            .unwrap_or_default()
    }
}
