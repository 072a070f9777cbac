//! What a server keeps when it runs on this machine: in memory, and in a file if one is given; and the
//! settings that it is given.
//!
//! The rules are those of a host: `smcp_tenant` has them. Nothing is sealed: the file is its owner's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use smcp_capability::call::{Answer, KvRequest};
use smcp_capability::items::Transacted;
use smcp_ids::{UnixMillis, limits};
use smcp_tenant::memory_items::MemoryItems;
use smcp_tenant::workspace::{Spaces, Workspace};

use crate::failure::Failure;
use crate::files;
use crate::local::{LOCAL, Local};
use crate::setting::settings;

/// The key-value storage and the settings of one server.
pub(crate) struct Store {
    items: Mutex<MemoryItems>,
    file: Option<PathBuf>,
    spaces: Spaces,
    settings: BTreeMap<String, String>,
}

impl Store {
    /// Those of a module. A file that is not there yet is made by the first change.
    pub(crate) fn open(
        file: Option<&Path>,
        given: &[String],
        local: &Local,
    ) -> Result<Self, Failure> {
        let items = match file.filter(|file| file.exists()) {
            Some(file) => MemoryItems::from_bytes(&files::read(file)?)
                .ok_or_else(|| Failure::NotAStore(file.to_owned()))?,
            None => MemoryItems::default(),
        };
        // A name that a manifest may have and a server may not is a server's all the same here.
        let server = local.admitted.manifest().name().clone();
        Ok(Self {
            items: Mutex::new(items),
            file: file.map(Path::to_owned),
            spaces: Spaces::new(&server, LOCAL, limits::KV_STORE_MAX),
            settings: settings(given, local.admitted.manifest().asks())?,
        })
    }

    /// A setting, as JSON.
    pub(crate) fn setting(&self, name: &str) -> Option<String> {
        self.settings.get(name).cloned()
    }

    /// What is stored.
    pub(crate) fn answer(&self, question: &KvRequest, now: UnixMillis) -> Option<Answer> {
        self.items().answer(question, &self.spaces, now)
    }

    /// Whether what a call has read was changed meanwhile.
    pub(crate) fn is_stale(&self, workspace: &Workspace, now: UnixMillis) -> bool {
        let checked = self.items().settle(workspace, &self.spaces, false, now);
        checked == Transacted::Stale
    }

    /// Settles a call that is over; `commits`: whether its changes count.
    pub(crate) fn settle(
        &self,
        workspace: &Workspace,
        commits: bool,
        now: UnixMillis,
    ) -> Result<Transacted, Failure> {
        let mut items = self.items();
        let went = items.settle(workspace, &self.spaces, commits, now);
        if let Some(file) = &self.file
            && commits
            && workspace.has_written()
            && went == Transacted::Done
        {
            files::write_secret(file, &items.to_bytes())?;
        }
        Ok(went)
    }

    fn items(&self) -> MutexGuard<'_, MemoryItems> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
