//! What one object holds in memory, and the context in which a turn works on it.
//!
//! The directory is the rows of the object's storage, opened. It is changed only after storage has
//! taken the change, in the same step: so it never says more than is stored.

use core::cell::{Cell, RefCell};
use core::str::FromStr;
use std::collections::BTreeMap;
use std::rc::Rc;

use smcp_auth::{Keyring, Tickets};
use smcp_capability::turn::{Boot, Effect, Hearers, Mutation, Performed, Role, Telling};
use smcp_crypto::{Binding, NONCE_BYTES, Purpose, PurposeKeys, TenantKeys, sha256};
use smcp_ids::{Fuel, ServerSlug, TenantId};

use crate::audit::{Act, Noted};
use crate::budget::{Attempts, Buckets, Refusals, Registrations};
use crate::catalogues::Catalogues;
use crate::holding::Holding;
use crate::journal::Waiting;
use crate::lines::Lines;
use crate::listed::Listed;
use crate::listeners::{Hearer, News};
use crate::measure::Measure;
use crate::modules::Modules;
use crate::outside::Outside;
use crate::places::Places;
use crate::problem::Problem;
use crate::record::{Change, Directory, Row, Sealer};
use crate::root::{self, DataKeys, First};
use crate::session::{SessionId, Sessions};
use crate::usage::Waiting as Counted;
use crate::usage::report::Reports;

/// The state of one object.
pub(crate) struct State {
    pub(crate) boot: Boot,
    /// What proves API keys and access tokens; none in the platform's object.
    pub(crate) keyring: Option<Keyring>,
    /// What proves tickets; none in the platform's object.
    pub(crate) tickets: Option<Tickets>,
    sealer: Option<Sealer>,
    /// What seals and opens items.
    items: Option<Rc<DataKeys>>,
    directory: Option<Directory>,
    /// Whether its root is to be stored with the first thing that is.
    is_rootless: bool,
    pub(crate) modules: Modules,
    /// Modules that are written or removed just now.
    pub(crate) holding: Holding,
    /// What every slice is, if it does not follow the time.
    pub(crate) fixed_slice: Option<Fuel>,
    pub(crate) catalogues: Catalogues,
    /// Addresses on the web that guests have listed as resources of theirs.
    pub(crate) listed: Listed,
    /// Fuel of all slices that were run here.
    pub(crate) sliced: u64,
    /// Sessions of the legacy era.
    pub(crate) sessions: Sessions,
    /// Calls of theirs that are under way.
    pub(crate) live: BTreeMap<Live, u32>,
    /// How many errands are under way.
    pub(crate) errands: usize,
    /// Who computes now, and who waits.
    pub(crate) places: Places,
    /// What limited callers have used.
    pub(crate) buckets: Buckets,
    /// Wrong access codes that were tried.
    pub(crate) attempts: Attempts,
    /// What waits to be written down.
    pub(crate) noted: Noted,
    /// Whether it is written down that something is to be done tomorrow.
    pub(crate) is_daily: bool,
    /// Who was refused something lately.
    pub(crate) refusals: Refusals,
    /// Clients that registered themselves lately.
    pub(crate) registrations: Registrations,
    /// Requests to other hosts that are under way.
    pub(crate) requests: usize,
    /// Transactions that changed items since the object woke.
    pub(crate) item_commits: u64,
    /// Whether one call alone may commit now.
    pub(crate) is_one_alone: bool,
    /// What is kept of calls for authors, and is not stored yet.
    pub(crate) waiting: Waiting,
    /// What was counted, and is not stored yet.
    pub(crate) usage: Counted,
    /// What tenants' objects have reported, once that was read; in the platform's object only.
    pub(crate) reports: Option<Reports>,
    /// What is for the platform's log.
    pub(crate) lines: Lines,
    /// The keys by which clients are known that registered themselves.
    pub(crate) clients: Option<PurposeKeys>,
    /// The keys of this object's tenant, by purpose.
    pub(crate) keys: Option<TenantKeys>,
}

impl State {
    pub(crate) fn new(boot: Boot) -> Self {
        let keys: Option<TenantKeys> = postcard::from_bytes(&boot.keys).ok();
        let clients: Option<TenantKeys> = postcard::from_bytes(&boot.clients).ok();
        let (keyring, tickets) = match (&boot.role, &keys) {
            (Role::Tenant(tenant), Some(keys)) => (
                Some(Keyring::new(tenant.clone(), keys)),
                Some(Tickets::new(tenant.clone(), keys)),
            ),
            _ => (None, None),
        };
        Self {
            boot,
            keyring,
            tickets,
            sealer: None,
            items: None,
            directory: None,
            is_rootless: false,
            modules: Modules::default(),
            holding: Holding::default(),
            fixed_slice: None,
            catalogues: Catalogues::default(),
            listed: Listed::default(),
            sliced: 0,
            sessions: Sessions::default(),
            live: BTreeMap::new(),
            errands: 0,
            places: Places::default(),
            buckets: Buckets::default(),
            attempts: Attempts::default(),
            noted: Noted::default(),
            is_daily: false,
            refusals: Refusals::default(),
            registrations: Registrations::default(),
            requests: 0,
            item_commits: 0,
            is_one_alone: false,
            waiting: Waiting::default(),
            usage: Counted::default(),
            reports: None,
            lines: Lines::default(),
            clients: clients.map(|keys| keys.purpose(Purpose::Client)),
            keys,
        }
    }

    /// The directory, once [`Scene::load`] has brought it.
    pub(crate) fn directory(&self) -> Result<&Directory, Problem> {
        self.directory.as_ref().ok_or_else(Problem::host)
    }

    /// The tenant whose object this is; none in the platform's.
    pub(crate) fn tenant(&self) -> Option<&TenantId> {
        match &self.boot.role {
            Role::Tenant(tenant) => Some(tenant),
            Role::Platform => None,
        }
    }

    /// Whether it is that of a tenant that is there, and neither comes nor goes: only then what is asked of it is counted.
    pub(crate) fn is_of_a_tenant(&self) -> bool {
        self.directory.as_ref().is_some_and(|directory| {
            let life = &directory.life;
            directory.tenant.is_some() && !life.takes_archive && life.leaves.is_none()
        })
    }

    /// Forgets everything: storage was erased.
    pub(crate) fn forget(&mut self) {
        self.directory = None;
        self.sealer = None;
        self.items = None;
        self.modules = Modules::default();
        self.catalogues = Catalogues::default();
        self.listed = Listed::default();
        self.waiting = Waiting::default();
        self.usage = Counted::default();
        self.noted = Noted::default();
        self.is_daily = false;
        self.sessions = Sessions::default();
        self.buckets = Buckets::default();
    }
}

/// A call of a session that is under way: the id of its request, as JSON text, or its stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Live {
    pub(crate) session: SessionId,
    pub(crate) name: String,
}

/// Where one turn works: the object's state, the way outside, and randomness of its own.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) state: Rc<RefCell<State>>,
    pub(crate) outside: Outside,
    /// The name of this turn.
    pub(crate) turn: u32,
    /// What its next change does, if that is worth an entry.
    pub(crate) act: Rc<RefCell<Option<Act>>>,
    /// What is known of the request that it answers.
    pub(crate) measure: Rc<RefCell<Measure>>,
    entropy: Rc<Entropy>,
}

struct Entropy {
    seed: [u8; 32],
    drawn: Cell<u64>,
}

impl Scene {
    pub(crate) fn new(
        state: Rc<RefCell<State>>,
        outside: Outside,
        turn: u32,
        seed: [u8; 32],
    ) -> Self {
        Self {
            state,
            outside,
            turn,
            act: Rc::default(),
            measure: Rc::default(),
            entropy: Rc::new(Entropy {
                seed,
                drawn: Cell::new(0),
            }),
        }
    }

    /// 32 bytes that no other draw gives.
    pub(crate) fn draw(&self) -> [u8; 32] {
        let number = self.entropy.drawn.get();
        self.entropy.drawn.set(number.wrapping_add(1));
        let input = Binding::new("draw")
            .bytes(&self.entropy.seed)
            .number(number);
        *sha256(input.as_bytes()).as_bytes()
    }

    /// The tenant whose object this is; none in the platform's.
    pub(crate) fn tenant(&self) -> Option<TenantId> {
        self.state.borrow().tenant().cloned()
    }

    /// An id that is not in use: 80 random bits, so that the first one is.
    pub(crate) fn fresh_id<T: FromStr>(&self) -> Result<T, Problem> {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let letters = self.draw().into_iter().take(16);
        let text: String = letters
            .filter_map(|byte| LETTERS.get(usize::from(byte % 32)))
            .map(|&byte| char::from(byte))
            .collect();
        text.parse().map_err(|_| Problem::host())
    }

    /// What this request is called: the same for all that it does.
    pub(crate) fn request_id(&self) -> String {
        let input = Binding::new("request").bytes(&self.entropy.seed);
        let digest = sha256(input.as_bytes());
        let (name, _) = digest.as_bytes().split_at(8);
        hex::encode(name)
    }

    /// With which the response says what the request is called, the last of its headers: `js/engine.js` counts on that.
    pub(crate) fn request_id_header(&self) -> (String, String) {
        ("x-request-id".to_owned(), self.request_id())
    }

    /// A number that nobody can choose, the same for all that the request does: whether its line is one of those
    /// that are taken at random.
    pub(crate) fn lot(&self) -> u32 {
        let input = Binding::new("lot").bytes(&self.entropy.seed);
        let digest = sha256(input.as_bytes());
        let (first, _) = digest
            .as_bytes()
            .split_first_chunk()
            .unwrap_or((&[0; 4], &[]));
        u32::from_le_bytes(*first)
    }

    pub(crate) fn nonce(&self) -> [u8; NONCE_BYTES] {
        let mut nonce = [0; NONCE_BYTES];
        for (to, from) in nonce.iter_mut().zip(self.draw()) {
            *to = from;
        }
        nonce
    }

    /// Tells those who listen of changes of a server.
    pub(crate) async fn announce(
        &self,
        server: &ServerSlug,
        changes: &[smcp_protocol::Change],
    ) -> Result<(), Problem> {
        let effect = Effect::Listeners(Hearers::Server(server.clone()));
        let Performed::Listeners(records) = self.outside.perform(effect).await else {
            return Err(Problem::host());
        };
        let tellings = self.tellings(server, changes, &records)?;
        self.tell(tellings).await?;
        self.announce_in_sessions(server, changes).await
    }

    pub(crate) async fn tell(&self, tellings: Vec<Telling>) -> Result<(), Problem> {
        if tellings.is_empty() {
            return Ok(());
        }
        match self.outside.perform(Effect::Tell(tellings)).await {
            Performed::Done => Ok(()),
            _ => Err(Problem::host()),
        }
    }

    fn tellings(
        &self,
        server: &ServerSlug,
        changes: &[smcp_protocol::Change],
        records: &[impl AsRef<[u8]>],
    ) -> Result<Vec<Telling>, Problem> {
        let state = self.state.borrow();
        let Role::Tenant(tenant) = &state.boot.role else {
            return Ok(Vec::new());
        };
        let directory = state.directory()?;
        let news = News {
            tenant,
            server,
            changes,
            now: self.outside.now(),
        };
        let told = (0..).zip(records).filter_map(|(number, record)| {
            match Hearer::decode(record.as_ref())? {
                Hearer::Listener(listener) => listener.tell(number, &news, directory),
                // Told as its session.
                Hearer::Stream { .. } => None,
            }
        });
        Ok(told.collect())
    }

    /// What seals data of this object for a purpose.
    pub(crate) fn data_keys(&self, purpose: Purpose) -> Result<DataKeys, Problem> {
        let state = self.state.borrow();
        let keys = state.keys.as_ref().ok_or_else(Problem::host)?;
        let root = state.directory()?.root.as_ref();
        Ok(DataKeys::new(
            keys,
            root.ok_or_else(Problem::host)?,
            purpose,
        ))
    }

    /// What seals its items, at hand.
    pub(crate) fn item_keys_at_hand(&self) -> Result<Rc<DataKeys>, Problem> {
        if let Some(keys) = &self.state.borrow().items {
            return Ok(keys.clone());
        }
        let keys = Rc::new(self.data_keys(Purpose::Items)?);
        self.state.borrow_mut().items = Some(keys.clone());
        Ok(keys)
    }

    /// Takes up that nothing is left which was sealed before the object had its secret.
    pub(crate) fn forget_older_keys(&self) -> Result<(), Problem> {
        let mut state = self.state.borrow_mut();
        let root = state.directory()?.root.clone().ok_or_else(Problem::host)?;
        let keys = state.keys.as_ref().ok_or_else(Problem::host)?;
        let sealer = Sealer::new(state.boot.role.object_name(), keys, &root);
        state.sealer = Some(sealer);
        state.items = None;
        Ok(())
    }

    /// The change that stores the object's root, with the first thing that is stored.
    pub(crate) fn first_root(&self) -> Result<Option<Mutation>, Problem> {
        let state = self.state.borrow();
        let root = state
            .directory()?
            .root
            .clone()
            .filter(|_| state.is_rootless);
        let Some(root) = root else {
            return Ok(None);
        };
        let sealer = state.sealer.as_ref().ok_or_else(Problem::host)?;
        let change = Change::Put(Row::Root(root));
        let mutation = sealer.mutation(&change, self.nonce());
        mutation.map(Some).ok_or_else(Problem::host)
    }

    /// Something was stored, and the root with it.
    pub(crate) fn took_root(&self) {
        self.state.borrow_mut().is_rootless = false;
    }

    /// Reads the directory from storage, if this object has just woken.
    pub(crate) async fn load(&self) -> Result<(), Problem> {
        if self.state.borrow().directory.is_some() {
            return Ok(());
        }
        let Performed::Records(records) = self.outside.perform(Effect::LoadRecords).await else {
            return Err(Problem::host());
        };
        let first = {
            let mut state = self.state.borrow_mut();
            let keys = state.keys.as_ref().ok_or_else(Problem::host)?;
            let object = state.boot.role.object_name();
            let opened = root::open(keys, &object, &records, self.draw())?;
            let mut directory = Directory::default();
            directory.apply(Change::Put(Row::Root(opened.root)));
            for row in opened.rows {
                directory.apply(Change::Put(row));
            }
            state.sealer = Some(opened.sealer);
            state.directory = Some(directory);
            state.is_rootless = opened.first == First::Root;
            opened.first
        };
        if first == First::All
            && let Err(problem) = self.write_in_this_layout().await
        {
            // Nothing is answered from rows that could not be stored.
            self.state.borrow_mut().forget();
            return Err(problem);
        }
        Ok(())
    }

    /// Stores all rows anew, in one transaction, and has the rest sealed anew. No other turn runs before that.
    async fn write_in_this_layout(&self) -> Result<(), Problem> {
        let changes: Vec<Change> = {
            let state = self.state.borrow();
            state.directory()?.rows().map(Change::Put).collect()
        };
        self.begin_reseal(changes).await
    }

    /// Stores changes, all or none, then takes them into the directory, with the entry of what they do. No other turn
    /// runs in between.
    pub(crate) async fn commit(&self, changes: Vec<Change>) -> Result<(), Problem> {
        self.commit_with(Vec::new(), changes).await
    }

    /// Changes of rows as storage takes them.
    pub(crate) fn mutations(&self, changes: &[Change]) -> Result<Vec<Mutation>, Problem> {
        let state = self.state.borrow();
        let sealer = state.sealer.as_ref().ok_or_else(Problem::host)?;
        let mutations = changes
            .iter()
            .map(|change| sealer.mutation(change, self.nonce()));
        mutations
            .collect::<Option<Vec<_>>>()
            .ok_or_else(Problem::host)
    }

    /// Takes changes that are stored into the directory.
    pub(crate) fn took(&self, changes: Vec<Change>) -> Result<(), Problem> {
        let mut state = self.state.borrow_mut();
        let directory = state.directory.as_mut().ok_or_else(Problem::host)?;
        for change in changes {
            directory.apply(change);
        }
        Ok(())
    }
}

/// Something that can be stopped by name, and is not lost, until this is dropped.
pub(crate) struct UnderWay {
    state: Rc<RefCell<State>>,
    names: Vec<Live>,
    turn: u32,
}

impl Scene {
    /// This turn does what goes by those names.
    pub(crate) fn goes_live(&self, names: impl Into<Vec<Live>>) -> UnderWay {
        let names = names.into();
        let mut state = self.state.borrow_mut();
        for name in &names {
            state.live.insert(name.clone(), self.turn);
        }
        UnderWay {
            state: self.state.clone(),
            names,
            turn: self.turn,
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.state.borrow_mut();
        for name in &self.names {
            if state.live.get(name) == Some(&self.turn) {
                state.live.remove(name);
            }
        }
    }
}
