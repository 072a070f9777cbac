//! What the object does that no client waits for: going on with a call whose client has answered, or with a
//! task. An errand is written down, with a time, before it is begun; so an alarm begins it again if the object
//! is killed meanwhile, and it is struck off when it is done.

use core::cell::RefCell;
use std::rc::Rc;

use smcp_capability::items::Write;
use smcp_capability::turn::{ALARM_METHOD, Effect, Frame, Head, Reply};
use smcp_ids::{TenantId, UnixMillis, limits};
use smcp_protocol::{Answer, ReplyTo};

use super::{legacy, task};
use crate::audit::Act;
use crate::item::Space;
use crate::outcome;
use crate::problem::Problem;
use crate::record::Change;
use crate::session::SessionId;
use crate::state::{Live, Scene, State};
use crate::usage::STORE_PATH;

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// For a caller.
    Work(Work),
    /// The object's own: it is done of a tenant that is not served, too.
    Own(Own),
}

/// Something to be done for a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Going on with a call of a session, whose answer is a stream.
    Call {
        /// The session.
        session: SessionId,
        /// The stream.
        stream: String,
    },
    /// Going on with a task.
    Task {
        /// Whose it is.
        owner: String,
        /// Its name.
        id: String,
    },
}

/// Something that the object does by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    /// Sealing everything again.
    Reseal,
    /// Deleting everything of a tenant whose time has come.
    Leave,
    /// Taking a tenant that has left from the list (in the platform's object).
    Unlist(TenantId),
    /// What is done once a day.
    Daily,
}

impl Errand {
    fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    /// Its name, as a path: no part of it has a slash.
    fn path(&self) -> String {
        match self {
            Self::Work(Work::Call { session, stream }) => {
                format!("/call/{}/{stream}", session.as_str())
            }
            Self::Work(Work::Task { owner, id }) => format!("/task/{owner}/{id}"),
            Self::Own(Own::Reseal) => "/reseal/-/-".to_owned(),
            Self::Own(Own::Leave) => "/leave/-/-".to_owned(),
            Self::Own(Own::Unlist(tenant)) => format!("/unlist/-/{tenant}"),
            Self::Own(Own::Daily) => "/daily/-/-".to_owned(),
        }
    }

    /// The name of the turn that does it, while it does.
    fn live(&self) -> Live {
        match self {
            Self::Work(Work::Call { session, stream }) => Live {
                session: session.clone(),
                name: stream.clone(),
            },
            Self::Work(Work::Task { owner, id }) => task::live(owner, id),
            // No session has a name with such a character.
            Self::Own(_) => Live {
                session: SessionId::remembered("own/"),
                name: self.path(),
            },
        }
    }

    /// The path of one try at it.
    fn path_of_try(&self, number: u32) -> String {
        format!("{}/{number}", self.path())
    }

    /// Which errand a path is a try at, and which try.
    fn of_path(path: &str) -> Option<(Self, u32)> {
        let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let [kind, of, name, number] = parts.as_slice() else {
            return None;
        };
        let errand = match *kind {
            "call" => Self::Work(Work::Call {
                session: SessionId::remembered(of),
                stream: (*name).to_owned(),
            }),
            "task" => Self::Work(Work::Task {
                owner: (*of).to_owned(),
                id: (*name).to_owned(),
            }),
            "reseal" => Self::Own(Own::Reseal),
            "leave" => Self::Own(Own::Leave),
            "unlist" => Self::Own(Own::Unlist(name.parse().ok()?)),
            "daily" => Self::Own(Own::Daily),
            _ => return None,
        };
        Some((errand, number.parse().ok()?))
    }
}

/// A turn that no client sent: the object's alarm, or an errand.
pub(crate) async fn run_of_own(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    if frame.method != ALARM_METHOD {
        if frame.path == STORE_PATH {
            return scene.usage_turn(frame).await;
        }
        run(scene, frame).await?;
    }
    // Nothing is due in an object of which nothing is left.
    if scene.state.borrow().directory().is_ok() {
        scene.take_up_due().await?;
    }
    let head = Head {
        status: 204,
        headers: Vec::new(),
    };
    Ok(Reply {
        head,
        body: Vec::new(),
    })
}

/// Runs an errand, if there is a place for it; else it stays written down.
async fn run(scene: &Scene, frame: &Frame) -> Result<(), Problem> {
    let Some((errand, number)) = Errand::of_path(&frame.path) else {
        return Ok(());
    };
    if scene.state.borrow().live.contains_key(&errand.live()) {
        return Ok(());
    }
    if !errand.is_own() && !scene.life()?.is_served() {
        return Ok(());
    }
    let Some(_place) = Place::take(scene) else {
        return Ok(());
    };
    match &errand {
        Errand::Own(own) => do_own(scene, &errand, own).await,
        Errand::Work(work) => do_work(scene, frame, &errand, work, number).await,
    }
}

/// Goes on with what a caller began.
async fn do_work(
    scene: &Scene,
    frame: &Frame,
    errand: &Errand,
    work: &Work,
    number: u32,
) -> Result<(), Problem> {
    // What is written down from here on is for later.
    let written = scene.struck_off(errand).await?;
    let has_failed = number > limits::RUNS_MAX;
    let done = match work {
        Work::Call { session, stream } if has_failed => {
            legacy::give_up(scene, session, stream).await
        }
        Work::Call { session, stream } => {
            legacy::go_on(scene, frame, session.clone(), stream).await
        }
        Work::Task { owner, id } if has_failed => task::give_up(scene, owner, id).await,
        Work::Task { owner, id } => task::go_on(scene, frame, owner, id).await,
    };
    match done {
        Err(problem) => match problem.used_up_for() {
            Some(millis) => scene.put_off(errand, written, millis).await,
            // It is tried again when others have ended.
            None if problem.is_busy() => Ok(()),
            None => Err(problem),
        },
        Ok(()) if written.is_empty() => Ok(()),
        Ok(()) => scene.keep(written, Vec::new()).await.map(drop),
    }
}

/// Does what is the object's own. What fails is tried again until it does not.
async fn do_own(scene: &Scene, errand: &Errand, own: &Own) -> Result<(), Problem> {
    let done = match own {
        Own::Leave => scene.leave().await,
        Own::Daily => scene.daily().await,
        Own::Unlist(tenant) => {
            scene.does(Act::new("platform", "UnlistTenant", tenant.as_str()));
            scene
                .commit(vec![Change::DeleteListed(tenant.clone())])
                .await
        }
        Own::Reseal => scene.reseal().await,
    };
    if scene.state.borrow().directory().is_err() {
        // It was the last thing that the object did.
        return Ok(());
    }
    let written = scene.struck_off(errand).await?;
    match done {
        Ok(()) if *own == Own::Daily => {
            scene
                .put_off_until(errand, written, scene.next_daily())
                .await
        }
        Ok(()) => scene.keep(written, Vec::new()).await.map(drop),
        Err(_) => scene.put_off(errand, written, limits::PUT_OFF_MILLIS).await,
    }
}

/// What an errand has come to. One that found the host busy has come to nothing, and is tried again; not so one whose
/// caller has used up what it may, which may take a day.
pub(super) fn outcome_of(to: &ReplyTo, answer: Result<Answer, Problem>) -> Result<Answer, Problem> {
    match answer {
        Err(problem) if !problem.is_busy() || problem.used_up_for().is_some() => {
            Ok(outcome::broken(to, None, &problem))
        }
        other => other,
    }
}

/// One of the places for errands. Given back when dropped.
struct Place(Rc<RefCell<State>>);

impl Place {
    fn take(scene: &Scene) -> Option<Self> {
        let mut state = scene.state.borrow_mut();
        (state.errands < limits::ERRANDS_AT_ONCE).then(|| {
            state.errands += 1;
            Self(scene.state.clone())
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.borrow_mut().errands -= 1;
    }
}

/// A time and a path, in the order of time.
fn due_key(at: UnixMillis, path: &str) -> String {
    format!("{:015}{path}", at.0)
}

/// The time of something due, and its path.
fn parts_of(key: &str) -> Option<(UnixMillis, &str)> {
    let (time, _) = key.split_once('/')?;
    Some((UnixMillis(time.parse().ok()?), key.get(time.len()..)?))
}

impl Scene {
    /// Writes down that an errand is to be tried at that time.
    pub(crate) fn due_write(
        &self,
        at: UnixMillis,
        errand: &Errand,
        number: u32,
    ) -> Result<Write, Problem> {
        let space = Space::due();
        let place = space.place(due_key(at, &errand.path_of_try(number)));
        let sealed = self.seal_item(&place, &[])?;
        Ok(space.write(place, Some(sealed), None))
    }

    /// Writes down an errand that is about to be begun: when it is looked after, if the object should be killed.
    pub(crate) fn begun_write(&self, errand: &Errand) -> Result<Write, Problem> {
        let later = self.outside.now().plus(limits::RUN_AGAIN_MILLIS);
        self.due_write(later, errand, 1)
    }

    /// Begins an errand that is written down, if there is a place for it.
    pub(crate) async fn begin_errand(&self, errand: &Errand) -> Result<(), Problem> {
        self.set_alarm().await?;
        if self.free_places() == 0 {
            return Ok(());
        }
        self.done(Effect::Begin(errand.path_of_try(1))).await
    }

    fn free_places(&self) -> usize {
        let taken = self.state.borrow().errands;
        limits::ERRANDS_AT_ONCE.saturating_sub(taken)
    }

    /// Has the object woken for what is due first. What waits for a place is begun when one is given back, and
    /// looked after in case that should never be.
    pub(crate) async fn set_alarm(&self) -> Result<(), Problem> {
        let first = self.due(1).await?.pop();
        let at = first.and_then(|key| parts_of(&key).map(|(at, _)| at));
        let now = self.outside.now();
        let at = at.map(|at| {
            if at > now {
                at
            } else {
                now.plus(limits::RUN_AGAIN_MILLIS)
            }
        });
        self.done(Effect::Wake(at)).await
    }

    /// What is to be done, the first first, at most so many. Of a tenant that is not served, only what is its object's own:
    /// the rest waits.
    async fn due(&self, most: u32) -> Result<Vec<String>, Problem> {
        let space = Space::due();
        if self.life()?.is_served() {
            return self.item_keys(space.range("", None, most)).await;
        }
        let is_own = |key: &String| {
            let errand = parts_of(key).and_then(|(_, path)| Errand::of_path(path));
            errand.is_some_and(|(errand, _)| errand.is_own())
        };
        let all = self.item_keys(space.range("", None, u32::MAX)).await?;
        Ok(all.into_iter().filter(is_own).take(most as usize).collect())
    }

    /// Begins again what was to be done by now, as far as there are places, each time later; the alarm is set for
    /// the rest.
    pub(crate) async fn take_up_due(&self) -> Result<(), Problem> {
        let space = Space::due();
        let now = self.outside.now();
        let (mut writes, mut begins) = (Vec::new(), Vec::new());
        let places = u32::try_from(self.free_places()).unwrap_or(u32::MAX);
        for key in self.due(places).await? {
            let (at, path) = parts_of(&key).ok_or_else(Problem::host)?;
            if at > now {
                break;
            }
            writes.push(space.remove(&*key, now));
            // After the last try there is one more turn, which gives up.
            let again = Errand::of_path(path)
                .filter(|(errand, number)| errand.is_own() || *number <= limits::RUNS_MAX);
            let Some((errand, number)) = again else {
                continue;
            };
            let is_live = self.state.borrow().live.contains_key(&errand.live());
            if is_live {
                // It takes long, and nothing was lost: looked after later, it is the same try.
                let later = now.plus(limits::RUN_AGAIN_MILLIS << limits::RUNS_MAX);
                writes.push(self.due_write(later, &errand, number)?);
                continue;
            }
            let later = now.plus(limits::RUN_AGAIN_MILLIS << number.min(limits::RUNS_MAX));
            writes.push(self.due_write(later, &errand, number + 1)?);
            begins.push(errand.path_of_try(number + 1));
        }
        if !writes.is_empty() {
            self.keep(writes, Vec::new()).await?;
        }
        self.set_alarm().await?;
        for path in begins {
            self.done(Effect::Begin(path)).await?;
        }
        Ok(())
    }

    /// Writes down an errand for later in place of what is written down of it now. It looks again before its time:
    /// whoever is limited may be given more.
    async fn put_off(
        &self,
        errand: &Errand,
        written: Vec<Write>,
        millis: u64,
    ) -> Result<(), Problem> {
        let wait = millis.min(limits::PUT_OFF_MILLIS);
        let at = self.outside.now().plus(wait);
        self.put_off_until(errand, written, at).await
    }

    async fn put_off_until(
        &self,
        errand: &Errand,
        written: Vec<Write>,
        at: UnixMillis,
    ) -> Result<(), Problem> {
        let later = self.due_write(at, errand, 1)?;
        let others = written.into_iter();
        // A place is written once.
        let mut writes: Vec<Write> = others.filter(|one| one.place != later.place).collect();
        writes.push(later);
        self.keep(writes, Vec::new()).await?;
        self.set_alarm().await
    }

    /// What strikes off an errand as it is written down now.
    pub(crate) async fn struck_off(&self, errand: &Errand) -> Result<Vec<Write>, Problem> {
        let space = Space::due();
        let keys = self.item_keys(space.range("", None, u32::MAX)).await?;
        let is_same = |key: &String| {
            let found = parts_of(key).and_then(|(_, path)| Errand::of_path(path));
            found.is_some_and(|(found, _)| found == *errand)
        };
        let same = keys.into_iter().filter(is_same);
        let now = self.outside.now();
        Ok(same.map(|key| space.remove(key, now)).collect())
    }

    /// Performs what has no result.
    pub(crate) async fn done(&self, effect: Effect) -> Result<(), Problem> {
        match self.outside.perform(effect).await {
            smcp_capability::turn::Performed::Done => Ok(()),
            _ => Err(Problem::host()),
        }
    }
}
