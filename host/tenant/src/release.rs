//! The life of a release: uploaded, approved, live, retired. On its way it may wait for what it is not granted yet,
//! and be tried as a canary.
//!
//! What is allowed from where is decided here, from rows alone; a step is the rows that it changes, which whoever
//! asked for it stores in one transaction. docs/releases.md has the table.

mod canary;

use serde::{Deserialize, Serialize};
use smcp_auth::Principal;
use smcp_ids::{ReleaseDigest, ServerSlug, UnixMillis, limits};
use smcp_package::AdmissionRecord;

pub(crate) use self::canary::Canary;
use crate::asks::Missing;
use crate::problem::Problem;
use crate::record::{Change, Directory, ReleaseRecord, Row, ServerRecord};

/// Whether a release that is published is live at once, or must be approved first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Approval {
    /// Whoever may publish has approved.
    #[default]
    Automatic,
    /// Somebody else must, who is an admin.
    Required,
}

/// Who has approved a release, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Approved {
    pub(crate) by: String,
    pub(crate) at: UnixMillis,
}

/// How far a release has come, as far as its server does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// Who published it; empty if that was not written down.
    pub(crate) by: String,
    pub(crate) approved: Option<Approved>,
    /// Since when it is not live any more, if it was.
    pub(crate) retired: Option<UnixMillis>,
}

impl Standing {
    /// Published by somebody who has thereby approved it.
    pub(crate) fn published(by: String, at: UnixMillis) -> Self {
        Self {
            approved: Some(Approved { by: by.clone(), at }),
            by,
            retired: None,
        }
    }

    /// Published by somebody, to be approved by somebody else.
    pub(crate) fn uploaded(by: String) -> Self {
        Self {
            by,
            approved: None,
            retired: None,
        }
    }
}

/// Where a release is in its life: at one place at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Stored, and not approved.
    Uploaded,
    /// It may go live.
    Approved,
    /// It goes live when its server is granted what it asks for.
    Waiting,
    /// It answers some callers.
    Canary,
    /// It answers.
    Live,
    /// It was live, and may be again.
    Retired,
}

impl State {
    pub(crate) fn of(server: &ServerRecord, release: &ReleaseRecord) -> Self {
        let is = |other: Option<ReleaseDigest>| other == Some(release.admission.release);
        let Standing {
            approved, retired, ..
        } = &release.standing;
        if is(server.live) {
            Self::Live
        } else if is(server.canary.map(|canary| canary.release)) {
            Self::Canary
        } else if is(server.waiting) {
            Self::Waiting
        } else if retired.is_some() {
            Self::Retired
        } else if approved.is_some() {
            Self::Approved
        } else {
            Self::Uploaded
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Approved => "approved",
            Self::Waiting => "waiting",
            Self::Canary => "a canary",
            Self::Live => "live",
            Self::Retired => "retired",
        }
    }
}

/// Why a step is refused. Nothing is changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is no such release")]
    NotFound,
    #[error(
        "the release is uploaded and not approved; an admin approves it first: smcp release approve"
    )]
    NotApproved,
    #[error(
        "whoever published a release does not approve it; ask another admin of the tenant, or the platform's"
    )]
    Own,
    #[error(
        "nobody who signed it is trusted any more; trust its publisher again, or publish it signed by another"
    )]
    Untrusted,
    #[error("the tenant's policy knows it to be bad: smcp policy")]
    KnownBad,
    #[error("the server is not granted all that the release asks for: {0}; grant that first")]
    Lacks(String),
    #[error(
        "the release is {0}; only one that nobody is given, and that waits for nothing, can be deleted"
    )]
    InUse(&'static str),
    #[error("it is live: it answers all who are not given another")]
    IsLive,
    #[error("the server has no live release that a canary could be tried beside; promote one")]
    NothingLive,
    #[error("{0} is a canary already; end that first, with --percent 0, or promote it")]
    OtherCanary(ReleaseDigest),
    #[error(
        "give a number from 0, which ends the canary, to {}",
        limits::CANARY_PERCENT_MAX
    )]
    Percent,
    #[error("there is nothing to go back to; promote a release by its name: smcp release list")]
    NothingBefore,
}

impl Refusal {
    /// A stable name.
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NotApproved => "release_not_approved",
            Self::Own => "approval_own",
            Self::Untrusted => "publisher_revoked",
            Self::KnownBad => "release_known_bad",
            Self::Lacks(_) => "grants_missing",
            Self::InUse(_) => "release_in_use",
            Self::IsLive => "release_live",
            Self::NothingLive => "nothing_live",
            Self::OtherCanary(_) => "canary_exists",
            Self::Percent => "percent_invalid",
            Self::NothingBefore => "nothing_before",
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::not_found(),
            Refusal::Percent => Self::invalid(refusal.code(), refusal.to_string()),
            _ => Self::conflict(refusal.code(), refusal.to_string()),
        }
    }
}

/// What a step changes: nothing, if it was done before.
pub(crate) type Step = Result<Vec<Change>, Refusal>;

/// A server whose releases go somewhere.
#[derive(Clone, Copy)]
pub(crate) struct Life<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) server: &'a ServerRecord,
    pub(crate) now: UnixMillis,
}

impl<'a> Life<'a> {
    fn release(&self, release: ReleaseDigest) -> Result<&'a ReleaseRecord, Refusal> {
        let found = self.directory.release(&self.server.server, release);
        found.ok_or(Refusal::NotFound)
    }

    /// One that may answer: approved, and signed by somebody who is trusted now.
    fn approved(&self, release: ReleaseDigest) -> Result<&'a ReleaseRecord, Refusal> {
        let release = self.release(release)?;
        if release.standing.approved.is_none() {
            return Err(Refusal::NotApproved);
        }
        self.check_trust(release)?;
        Ok(release)
    }

    /// Whether it could be published now.
    fn check_trust(&self, release: &ReleaseRecord) -> Result<(), Refusal> {
        let AdmissionRecord {
            release, signers, ..
        } = &release.admission;
        if !self.directory.trusts_any(signers) {
            return Err(Refusal::Untrusted);
        }
        if self.directory.finding_policy().knows_bad(release) {
            return Err(Refusal::KnownBad);
        }
        Ok(())
    }

    /// Whoever published it is not who approves it; the platform's admin, who may do everything, excepted.
    pub(crate) fn approve(&self, release: ReleaseDigest, by: &str, is_platform: bool) -> Step {
        let release = self.release(release)?;
        if release.standing.approved.is_some() {
            return Ok(Vec::new());
        }
        self.check_trust(release)?;
        if release.standing.by == by && !is_platform {
            return Err(Refusal::Own);
        }
        let mut release = release.clone();
        release.standing.approved = Some(Approved {
            by: by.to_owned(),
            at: self.now,
        });
        Ok(vec![put(release)])
    }

    /// Makes a release live, if its server is granted what it asks for.
    pub(crate) fn promote(&self, release: ReleaseDigest) -> Step {
        if self.server.live == Some(release) {
            return Ok(Vec::new());
        }
        let release = self.approved(release)?;
        self.check_grants(release)?;
        Ok(self.goes_live(release.clone()))
    }

    /// Goes back by one: ends the canary, if there is one, or else makes that live which was before. Grants are not
    /// asked for: it was live, and what it may not do is denied call by call.
    pub(crate) fn rollback(&self) -> Step {
        if self.server.canary.is_some() {
            return Ok(vec![Change::Put(Row::Server(ServerRecord {
                canary: None,
                ..self.server.clone()
            }))]);
        }
        let before = self.server.before.ok_or(Refusal::NothingBefore)?;
        let release = self.approved(before)?;
        let mut changes = self.goes_live(release.clone());
        for change in &mut changes {
            if let Change::Put(Row::Server(server)) = change {
                // Whoever sends it twice does not come back to what was bad.
                server.before = None;
            }
        }
        Ok(changes)
    }

    /// Gives a release to some callers; with none of a hundred, to nobody.
    pub(crate) fn canary(&self, release: ReleaseDigest, percent: u8) -> Step {
        if percent > limits::CANARY_PERCENT_MAX {
            return Err(Refusal::Percent);
        }
        let found = self.release(release)?;
        let of_this = self
            .server
            .canary
            .filter(|canary| canary.release == release);
        let canary = (percent > 0).then_some(Canary { release, percent });
        if canary.is_none() && of_this.is_none() || canary.is_some() && canary == of_this {
            return Ok(Vec::new());
        }
        if canary.is_some() {
            self.check_canary(found)?;
        }
        Ok(vec![Change::Put(Row::Server(ServerRecord {
            canary,
            ..self.server.clone()
        }))])
    }

    fn check_canary(&self, release: &ReleaseRecord) -> Result<(), Refusal> {
        let digest = release.admission.release;
        match self.server.live {
            None => return Err(Refusal::NothingLive),
            Some(live) if live == digest => return Err(Refusal::IsLive),
            Some(_) => {}
        }
        match self.server.canary {
            Some(canary) if canary.release != digest => {
                return Err(Refusal::OtherCanary(canary.release));
            }
            _ => {}
        }
        self.approved(digest)?;
        self.check_grants(release)
    }

    /// Removes a release that nobody is given and nobody waits for.
    pub(crate) fn delete(&self, release: ReleaseDigest) -> Step {
        let found = self.release(release)?;
        let state = State::of(self.server, found);
        if matches!(state, State::Live | State::Canary | State::Waiting) {
            return Err(Refusal::InUse(state.as_str()));
        }
        let server = self.server.server.clone();
        let mut changes = vec![Change::DeleteRelease(server, release)];
        if self.server.before == Some(release) {
            changes.push(Change::Put(Row::Server(ServerRecord {
                before: None,
                ..self.server.clone()
            })));
        }
        Ok(changes)
    }

    /// Makes a release live that may be. Whatever was is retired, the canary is over, and nothing waits any more.
    pub(crate) fn goes_live(&self, mut release: ReleaseRecord) -> Vec<Change> {
        let digest = release.admission.release;
        let leaves = self.server.live.filter(|live| *live != digest);
        let before = leaves.or(self.server.before);
        release.standing.retired = None;
        let row = ServerRecord {
            live: Some(digest),
            waiting: None,
            canary: self
                .server
                .canary
                .filter(|_| self.server.live == Some(digest)),
            before: before.filter(|before| *before != digest),
            ..self.server.clone()
        };
        let mut changes = vec![put(release), Change::Put(Row::Server(row))];
        changes.extend(leaves.and_then(|left| self.retires(left)));
        changes
    }

    /// Lets a release wait for what it is not granted, in place of any other.
    pub(crate) fn waits(&self, release: ReleaseRecord) -> Vec<Change> {
        let digest = release.admission.release;
        let row = ServerRecord {
            waiting: Some(digest),
            canary: self.server.canary.filter(|canary| canary.release != digest),
            ..self.server.clone()
        };
        vec![put(release), Change::Put(Row::Server(row))]
    }

    /// Makes what waits live, if it could be published now.
    pub(crate) fn completes(&self, release: &ReleaseRecord) -> Step {
        self.check_trust(release)?;
        Ok(self.goes_live(release.clone()))
    }

    /// What was live is not any more.
    pub(crate) fn retires(&self, release: ReleaseDigest) -> Option<Change> {
        let mut release = self.release(release).ok()?.clone();
        release.standing.retired = Some(self.now);
        Some(put(release))
    }

    fn check_grants(&self, release: &ReleaseRecord) -> Result<(), Refusal> {
        let access = self.directory.access(&self.server.server);
        let asks = release.asks().unwrap_or_default();
        let missing = Missing::of(&asks, &access);
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Lacks(missing.to_string()))
        }
    }
}

fn put(release: ReleaseRecord) -> Change {
    Change::Put(Row::Release(Box::new(release)))
}

impl ServerRecord {
    /// One that has no release yet.
    pub(crate) fn new(server: ServerSlug, created: UnixMillis) -> Self {
        Self {
            server,
            created,
            live: None,
            waiting: None,
            canary: None,
            before: None,
        }
    }

    /// The releases that somebody is given, or that wait to be: those by whose manifests settings and secrets are set.
    pub(crate) fn named(&self) -> impl Iterator<Item = ReleaseDigest> {
        let canary = self.canary.map(|canary| canary.release);
        [self.live, canary, self.waiting].into_iter().flatten()
    }

    /// The releases that answer.
    pub(crate) fn answering(&self) -> impl Iterator<Item = ReleaseDigest> {
        let canary = self.canary.map(|canary| canary.release);
        [self.live, canary].into_iter().flatten()
    }

    /// The release that answers a caller.
    pub(crate) fn serves(&self, principal: &Principal) -> Option<ReleaseDigest> {
        let live = self.live?;
        let takes = |canary: &Canary| canary.takes(&self.server, &principal.to_string());
        let canary = self.canary.filter(takes);
        Some(canary.map_or(live, |canary| canary.release))
    }
}

impl Directory {
    /// Whether a call that was begun on a release may go on with it. Its server answers still; the release is there,
    /// was let answer, and has a signer who is trusted, or answers now in spite of that.
    pub(crate) fn may_go_on(&self, server: &ServerSlug, release: ReleaseDigest) -> bool {
        let Some(row) = self.servers.get(server).filter(|row| row.live.is_some()) else {
            return false;
        };
        self.release(server, release).is_some_and(|found| {
            found.standing.approved.is_some()
                && (self.trusts_any(&found.admission.signers)
                    || row.answering().any(|answers| answers == release))
        })
    }
}
