//! Items of the object's storage: where each kind is, and how its values are sealed.
//!
//! The one place for their keys. A value is sealed under the tenant's key for items and bound to its
//! object, space and key; a value that does not open there was altered, and is a fault of the host.

use std::rc::Rc;

use smcp_capability::items::{Item, Place, Quota, Range, Transacted, Transaction, Write};
use smcp_capability::turn::{Effect, Performed};
use smcp_crypto::Binding;
use smcp_ids::{ServerSlug, UnixMillis, limits};

use crate::problem::Problem;
use crate::record::Change;
use crate::root::DataKeys;
use crate::session::SessionId;
use crate::state::Scene;

/// A space of items, and whose quota they count for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    name: String,
    account: String,
}

impl Space {
    /// What calls left behind that wait for their client: of one principal.
    pub fn waiting(principal: &str) -> Self {
        let name = format!("state/{principal}");
        Self {
            account: name.clone(),
            name,
        }
    }

    /// What a server keeps for all its callers.
    pub fn of_server(server: &ServerSlug) -> Self {
        Self {
            name: format!("kv/{server}/server"),
            account: Self::accounts(server),
        }
    }

    /// What a server keeps for one of its callers.
    pub fn of_caller(server: &ServerSlug, principal: &str) -> Self {
        Self {
            name: format!("kv/{server}/caller/{principal}"),
            account: Self::accounts(server),
        }
    }

    /// What is kept of a server's calls for its author.
    pub(crate) fn logs(server: &ServerSlug) -> Self {
        let name = format!("log/{server}/");
        Self {
            account: name.clone(),
            name,
        }
    }

    /// The tapes that are kept of a server's calls.
    pub(crate) fn tapes(server: &ServerSlug) -> Self {
        let name = format!("{}{server}/", Self::ALL_TAPES);
        Self {
            account: name.clone(),
            name,
        }
    }

    /// The sessions of one principal at an endpoint: of a server, or of all.
    pub(crate) fn sessions(endpoint: Option<&ServerSlug>, principal: &str) -> Self {
        Self {
            name: format!("session/{}", endpoint.map_or("*", ServerSlug::as_str)),
            account: format!("session/{principal}"),
        }
    }

    /// Which of them are told of changes.
    pub(crate) fn hearing(endpoint: Option<&ServerSlug>, principal: &str) -> Self {
        Self {
            name: format!("hearing/{}", endpoint.map_or("*", ServerSlug::as_str)),
            account: format!("session/{principal}"),
        }
    }

    /// What one session has under way: events of its streams, calls that wait for it, its answers.
    pub(crate) fn of_session(session: &SessionId) -> Self {
        let name = format!("stream/{}/", session.as_str());
        Self {
            account: name.clone(),
            name,
        }
    }

    /// The tasks of one principal.
    pub(crate) fn tasks(principal: &str) -> Self {
        let name = format!("task/{principal}");
        Self {
            account: name.clone(),
            name,
        }
    }

    /// What members have agreed that clients may do.
    pub(crate) fn connections() -> Self {
        Self {
            name: "connection".to_owned(),
            account: "connection/".to_owned(),
        }
    }

    /// What clients say of themselves at their own URLs.
    pub(crate) fn client_documents() -> Self {
        Self {
            name: "client".to_owned(),
            account: "client/".to_owned(),
        }
    }

    /// What the tenant's provider says of itself.
    pub(crate) fn provider() -> Self {
        Self {
            name: "provider".to_owned(),
            account: "provider/".to_owned(),
        }
    }

    /// What was done, and what was refused.
    pub(crate) fn audit() -> Self {
        Self {
            name: "audit".to_owned(),
            account: "audit/".to_owned(),
        }
    }

    /// How far that had come on which day, signed.
    pub(crate) fn audit_heads() -> Self {
        Self {
            name: "audit-head".to_owned(),
            account: "audit-head/".to_owned(),
        }
    }

    /// What requests came to, and alerts.
    pub(crate) fn usage() -> Self {
        Self {
            name: "usage".to_owned(),
            account: "usage/".to_owned(),
        }
    }

    /// What tenants' objects have reported, in the platform's.
    pub(crate) fn usage_reports() -> Self {
        Self {
            name: "report".to_owned(),
            account: "report/".to_owned(),
        }
    }

    /// What was spent of budgets; of narrowed keys', of which there may be many, by themselves.
    pub(crate) fn budgets(is_narrowed: bool) -> Self {
        let whose = if is_narrowed { "narrowed" } else { "own" };
        let name = format!("budget/{whose}");
        Self {
            account: name.clone(),
            name,
        }
    }

    /// What the object has to do, and when.
    pub(crate) fn due() -> Self {
        Self {
            name: "due".to_owned(),
            account: "due/".to_owned(),
        }
    }

    /// What its account is called.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// What the accounts of all tapes begin with.
    pub(crate) const ALL_TAPES: &str = "tape/";

    /// The catalogues of a server's releases.
    pub(crate) fn catalogues(server: &ServerSlug) -> Self {
        let name = format!("catalogue/{server}/");
        Self {
            account: name.clone(),
            name,
        }
    }

    /// The reports on a server's releases.
    pub(crate) fn reports(server: &ServerSlug) -> Self {
        let name = format!("report/{server}/");
        Self {
            account: name.clone(),
            name,
        }
    }

    /// What the accounts of everything that is kept of a server begin with.
    pub(crate) fn all_accounts(server: &ServerSlug) -> [String; 5] {
        [
            Self::accounts(server),
            Self::logs(server).account,
            Self::tapes(server).account,
            Self::catalogues(server).account,
            Self::reports(server).account,
        ]
    }

    /// What the accounts of what a server keeps begin with: slugs hold no slash, so no other's do.
    pub fn accounts(server: &ServerSlug) -> String {
        format!("kv/{server}/")
    }

    /// The place of a key.
    pub fn place(&self, key: impl Into<String>) -> Place {
        Place {
            space: self.name.clone(),
            key: key.into(),
        }
    }

    /// The keys that begin so, after one, at most so many.
    pub fn range(&self, prefix: &str, after: Option<&str>, limit: u32) -> Range {
        Range {
            space: self.name.clone(),
            prefix: prefix.to_owned(),
            after: after.map(str::to_owned),
            limit,
        }
    }

    /// A change of one item, whose value is sealed already.
    pub fn write(
        &self,
        place: Place,
        value: Option<Vec<u8>>,
        expires: Option<UnixMillis>,
    ) -> Write {
        Write {
            place,
            account: self.account.clone(),
            value: value.map(Into::into),
            expires,
        }
    }

    /// The removal of an item of the host's own. No call has read it: that it was there is forgotten at once.
    pub(crate) fn remove(&self, key: impl Into<String>, now: UnixMillis) -> Write {
        self.write(self.place(key), None, Some(now))
    }

    /// What its account may hold.
    pub fn quota(&self, bytes: u64, items: u64) -> Quota {
        Quota {
            account: self.account.clone(),
            bytes,
            items,
        }
    }
}

/// An item, opened.
pub(crate) struct Opened {
    pub(crate) version: u64,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) expires: Option<UnixMillis>,
}

impl Scene {
    /// An item, opened.
    pub(crate) async fn read_item(&self, place: Place) -> Result<Opened, Problem> {
        let effect = Effect::ReadItem(place.clone(), self.outside.now());
        let Performed::Item(item) = self.outside.perform(effect).await else {
            return Err(Problem::host());
        };
        let Item {
            version,
            value,
            expires,
        } = item;
        let (keys, binding) = self.item_seal(&place)?;
        let opened = value.map(|sealed| keys.open(&binding, &sealed));
        Ok(Opened {
            version,
            value: opened.transpose().map_err(|_| Problem::host())?,
            expires,
        })
    }

    /// Seals the value of an item.
    pub(crate) fn seal_item(&self, place: &Place, value: &[u8]) -> Result<Vec<u8>, Problem> {
        let (keys, binding) = self.item_seal(place)?;
        keys.seal(self.nonce(), &binding, value)
            .map_err(|_| Problem::host())
    }

    /// The keys of a range.
    pub(crate) async fn item_keys(&self, range: Range) -> Result<Vec<String>, Problem> {
        let effect = Effect::ListItems(range, self.outside.now());
        match self.outside.perform(effect).await {
            Performed::Keys(keys) => Ok(keys),
            _ => Err(Problem::host()),
        }
    }

    /// Writes of bytes that may be larger than one item: in pieces under keys that begin so.
    pub(crate) fn pieces(
        &self,
        space: &Space,
        prefix: &str,
        bytes: &[u8],
        until: UnixMillis,
    ) -> Result<Vec<Write>, Problem> {
        let mut writes = Vec::new();
        for (number, part) in bytes.chunks(limits::ITEM_PART_MAX).enumerate() {
            let place = space.place(format!("{prefix}{number:02}"));
            let sealed = self.seal_item(&place, part)?;
            writes.push(space.write(place, Some(sealed), Some(until)));
        }
        Ok(writes)
    }

    /// What was written in pieces; none if nothing is there.
    pub(crate) async fn read_pieces(
        &self,
        space: &Space,
        prefix: &str,
    ) -> Result<Option<Vec<u8>>, Problem> {
        let mut bytes = None::<Vec<u8>>;
        for key in self.item_keys(space.range(prefix, None, u32::MAX)).await? {
            let part = self.read_item(space.place(key)).await?.value;
            bytes
                .get_or_insert_default()
                .extend(part.ok_or_else(Problem::host)?);
        }
        Ok(bytes)
    }

    /// The same in place of what was written under that prefix before.
    pub(crate) async fn pieces_instead(
        &self,
        space: &Space,
        prefix: &str,
        bytes: &[u8],
        until: UnixMillis,
    ) -> Result<Vec<Write>, Problem> {
        let mut writes = self.pieces(space, prefix, bytes, until)?;
        let before = self.piece_removals(space, prefix).await?;
        // A place is written once.
        let surplus = before.into_iter().skip(writes.len());
        writes.extend(surplus);
        Ok(writes)
    }

    /// Removes what was written in pieces.
    pub(crate) async fn piece_removals(
        &self,
        space: &Space,
        prefix: &str,
    ) -> Result<Vec<Write>, Problem> {
        let now = self.outside.now();
        let keys = self.item_keys(space.range(prefix, None, u32::MAX)).await?;
        Ok(keys.into_iter().map(|key| space.remove(key, now)).collect())
    }

    /// Writes items of the host's own, which no guest reads: that is not counted as a commit. False if an account
    /// would exceed its quota; then nothing is written.
    pub(crate) async fn keep(
        &self,
        writes: Vec<Write>,
        quotas: Vec<Quota>,
    ) -> Result<bool, Problem> {
        let transaction = Transaction {
            now: self.outside.now(),
            writes,
            quotas,
            ..Transaction::default()
        };
        match self.transacted(transaction).await? {
            Transacted::Done => Ok(true),
            Transacted::OverQuota => Ok(false),
            Transacted::Stale | Transacted::Spent => Err(Problem::host()),
        }
    }

    /// Checks and changes items: all of it, or nothing.
    pub(crate) async fn transact(&self, transaction: Transaction) -> Result<Transacted, Problem> {
        let changes = !transaction.writes.is_empty();
        let went = self.transacted(transaction).await?;
        if changes && went == Transacted::Done {
            self.state.borrow_mut().item_commits += 1;
        }
        Ok(went)
    }

    /// Writes items of the host's own with rows, and the entry of what that does.
    pub(crate) async fn commit_with(
        &self,
        writes: Vec<Write>,
        changes: Vec<Change>,
    ) -> Result<(), Problem> {
        let transaction = Transaction {
            now: self.outside.now(),
            writes,
            ..Transaction::default()
        };
        match self.transact_act(transaction, changes).await? {
            Transacted::Done => Ok(()),
            _ => Err(Problem::host()),
        }
    }

    /// Has a transaction performed.
    pub(crate) async fn transacted(
        &self,
        mut transaction: Transaction,
    ) -> Result<Transacted, Problem> {
        let root = self.first_root()?;
        let is_first = root.is_some();
        transaction.rows.extend(root);
        match self.outside.perform(Effect::Transact(transaction)).await {
            Performed::Transacted(went) => {
                if is_first && went == Transacted::Done {
                    self.took_root();
                }
                Ok(went)
            }
            _ => Err(Problem::host()),
        }
    }

    fn item_seal(&self, place: &Place) -> Result<(Rc<DataKeys>, Binding), Problem> {
        let keys = self.item_keys_at_hand()?;
        let object = self.state.borrow().boot.role.object_name();
        Ok((keys, binding(&object, place)))
    }
}

/// What the value of an item is bound to.
pub(crate) fn binding(object: &str, place: &Place) -> Binding {
    Binding::new("item")
        .text(object)
        .text(&place.space)
        .text(&place.key)
}

/// What a principal's waiting calls may leave behind, together.
pub(crate) fn waiting_quota(space: &Space) -> Quota {
    space.quota(limits::STATES_BYTES_MAX, limits::STATES_MAX)
}
