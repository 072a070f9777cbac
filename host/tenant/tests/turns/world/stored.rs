//! A platform asleep: what it stores, to be woken as often as one likes.

use std::collections::{BTreeMap, HashMap};

use smcp_capability::turn::{Mutation, Record, Table};
use smcp_ids::ReleaseDigest;
use smcp_tenant::memory_items::MemoryItems;

use super::{Object, World};

type Rows = BTreeMap<(Table, String), Vec<u8>>;

type Sorted = (
    Vec<(String, Vec<((Table, String), Vec<u8>)>, MemoryItems)>,
    BTreeMap<(String, ReleaseDigest), Vec<u8>>,
    f64,
    u64,
);

/// What a platform stores.
#[derive(Clone)]
pub struct Stored {
    objects: Vec<(String, Rows, MemoryItems)>,
    modules: HashMap<(String, ReleaseDigest), Vec<u8>>,
    clock: f64,
    entropy: u64,
}

impl World {
    /// The releases whose modules are stored of an object.
    pub fn modules_of(&self, object: &str) -> Vec<ReleaseDigest> {
        let modules = self.modules.keys().filter(|(of, _)| of == object);
        let mut releases: Vec<_> = modules.map(|(_, release)| *release).collect();
        releases.sort_unstable();
        releases
    }

    /// Stores a module that no row names.
    pub fn store_module(&mut self, object: &str, release: ReleaseDigest, bytes: Vec<u8>) {
        self.modules.insert((object.to_owned(), release), bytes);
    }

    /// What it stores now.
    pub fn stored(&self) -> Stored {
        let objects = self.objects.iter();
        Stored {
            objects: objects
                .map(|(name, object)| (name.clone(), object.rows.clone(), object.items.clone()))
                .collect(),
            modules: self.modules.clone(),
            clock: self.clock,
            entropy: self.entropy,
        }
    }

    /// All rows of all objects that have any, in an order of their own; without how far the chains of what was done have
    /// come, which refusals move on too.
    pub fn all_rows(&self) -> BTreeMap<&str, Rows> {
        let objects = self.objects.iter();
        let rows = objects.map(|(name, object)| {
            let mut rows = object.rows.clone();
            rows.remove(&(Table::Object, "audit".to_owned()));
            (name.as_str(), rows)
        });
        rows.filter(|(_, rows)| !rows.is_empty()).collect()
    }
}

impl Object {
    /// Changes its rows.
    pub(super) fn change(&mut self, rows: Vec<Mutation>) {
        for mutation in rows {
            match mutation {
                Mutation::Put(Record { table, key, value }) => {
                    self.rows.insert((table, key), value);
                }
                Mutation::Delete { table, key } => {
                    self.rows.remove(&(table, key));
                }
            }
        }
    }
}

impl Stored {
    /// The same as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(&self.sorted()).unwrap()
    }

    /// What [`Stored::to_bytes`] has made.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (objects, modules, clock, entropy): Sorted = postcard::from_bytes(bytes).unwrap();
        Self {
            objects: objects
                .into_iter()
                .map(|(name, rows, items)| (name, rows.into_iter().collect(), items))
                .collect(),
            modules: modules.into_iter().collect(),
            clock,
            entropy,
        }
    }

    /// In an order of its own, so that the same platform is the same bytes.
    fn sorted(&self) -> Sorted {
        let objects = self.objects.iter().cloned();
        let objects = objects.map(|(name, rows, items)| (name, rows.into_iter().collect(), items));
        let mut objects: Vec<_> = objects.collect();
        objects.sort_by(|one, other| one.0.cmp(&other.0));
        let modules = self.modules.iter();
        let modules = modules.map(|(place, bytes)| (place.clone(), bytes.clone()));
        (objects, modules.collect(), self.clock, self.entropy)
    }

    /// A platform that has stored that, nothing of it in memory.
    pub fn wake(&self) -> World {
        let mut world = World::new();
        let objects = self.objects.iter().cloned();
        world.objects = objects
            .map(|(name, rows, items)| {
                let engine = None;
                (
                    name,
                    Object {
                        rows,
                        items,
                        engine,
                    },
                )
            })
            .collect();
        world.modules = self.modules.clone();
        world.clock = self.clock;
        world.entropy = self.entropy;
        world
    }
}
