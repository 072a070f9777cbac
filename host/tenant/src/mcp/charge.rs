//! What a request costs its caller and its tenant: one call before it begins, and the fuel that it has used.
//!
//! Who is limited by nothing is looked up nowhere: nothing is read, written or kept for it.

use core::cell::RefCell;
use std::rc::Rc;

use smcp_auth::{Budget, Principal};
use smcp_ids::{Fuel, limits};

use crate::budget::Spent;
use crate::item::Space;
use crate::problem::{Problem, quota_headers};
use crate::state::{Scene, State};

/// What a tenant's own budget is called.
const TENANT: &str = "tenant";
/// The one that the platform has set for it.
const QUOTA: &str = "tenant:quota";

impl Scene {
    /// What limits a principal: its own, and its tenant's.
    fn budgets(&self, principal: &Principal) -> Result<Vec<Budget>, Problem> {
        let mut budgets = principal.budgets().to_vec();
        let state = self.state.borrow();
        let directory = state.directory()?;
        let of_tenant = [
            (TENANT, directory.options.allowance),
            (QUOTA, directory.quotas().allowance),
        ];
        for (name, allowance) in of_tenant {
            if !allowance.is_unlimited() {
                budgets.push(Budget {
                    name: name.to_owned(),
                    is_narrowed: false,
                    allowance,
                });
            }
        }
        Ok(budgets)
    }

    /// Counts one request of MCP.
    ///
    /// # Errors
    /// 429, if there are too many.
    pub(super) fn count_call(&self, principal: &Principal) -> Result<(), Problem> {
        let budgets = self.budgets(principal)?;
        if budgets.is_empty() {
            return Ok(());
        }
        let now = self.outside.now();
        let counted = self.state.borrow_mut().buckets.take_call(&budgets, now);
        counted.map_err(|refused| Problem::used_up(&refused))
    }

    /// What a caller that is limited is told of its limits with each answer; nothing of its tenant's, which others
    /// use too.
    pub(crate) async fn quota_headers(&self, principal: &Principal) -> Vec<(String, String)> {
        let budgets = principal.budgets();
        if budgets.is_empty() || self.learn(budgets).await.is_err() {
            return Vec::new();
        }
        let now = self.outside.now();
        let quotas = self.state.borrow_mut().buckets.quotas(budgets, now);
        quota_headers(&quotas)
    }

    /// Reads what was spent of those that are not known.
    async fn learn(&self, budgets: &[Budget]) -> Result<(), Problem> {
        for budget in budgets {
            let is_known = !self.state.borrow().buckets.lacks(budget);
            if is_known {
                continue;
            }
            let place = Space::budgets(budget.is_narrowed).place(&*budget.name);
            let stored = self.read_item(place).await?.value;
            let now = self.outside.now();
            let mut state = self.state.borrow_mut();
            state.buckets.learn(budget, stored.as_deref(), now);
        }
        Ok(())
    }

    /// Stores what was spent. Of narrowed keys there may be more than are stored.
    async fn store(&self, spent: Spent) -> Result<(), Problem> {
        let space = Space::budgets(spent.is_narrowed);
        let place = space.place(spent.name);
        let sealed = self.seal_item(&place, &spent.bytes)?;
        let write = space.write(place, Some(sealed), Some(spent.until));
        let quota = spent.is_narrowed.then(|| {
            space.quota(
                limits::NARROWED_BUDGETS_BYTES_MAX,
                limits::NARROWED_BUDGETS_MAX,
            )
        });
        self.keep(vec![write], quota.into_iter().collect())
            .await
            .map(drop)
    }
}

/// Takes the fuel of one call from all that limits it, slice by slice: what a call has used counts whether it
/// succeeds, fails or is given up.
pub(super) struct Meter {
    state: Rc<RefCell<State>>,
    budgets: Vec<Budget>,
    /// What was taken of this run.
    taken: Fuel,
    /// What the runs before it have used.
    before: u64,
}

impl Meter {
    /// For a call of that principal.
    ///
    /// # Errors
    /// 429, if something that limits it has no fuel.
    pub(super) async fn begin(scene: &Scene, principal: &Principal) -> Result<Self, Problem> {
        let meter = Self {
            state: scene.state.clone(),
            budgets: scene.budgets(principal)?,
            taken: Fuel(0),
            before: 0,
        };
        if !meter.budgets.is_empty() {
            scene.learn(&meter.budgets).await?;
            let now = scene.outside.now();
            let buckets = &mut scene.state.borrow_mut().buckets;
            let checked = buckets.check_fuel(&meter.budgets, now);
            checked.map_err(|refused| Problem::used_up(&refused))?;
        }
        Ok(meter)
    }

    /// Another run begins, which has used nothing.
    pub(super) fn begin_run(&mut self, scene: &Scene) {
        self.taken = Fuel(0);
        self.before = scene.measure.borrow().cost.fuel;
    }

    /// The run has used so much by now.
    pub(super) fn used(&mut self, scene: &Scene, fuel: Fuel) {
        scene.measure.borrow_mut().cost.fuel = self.before.saturating_add(fuel.0);
        if self.budgets.is_empty() {
            return;
        }
        let more = fuel.saturating_sub(self.taken);
        self.taken = fuel;
        let now = scene.outside.now();
        let buckets = &mut self.state.borrow_mut().buckets;
        buckets.spend(&self.budgets, more, now);
    }

    /// Stores what has to be. What cannot be stored is no reason to answer otherwise.
    pub(super) async fn settle(&self, scene: &Scene) {
        let now = scene.outside.now();
        let due = self.state.borrow_mut().buckets.due(&self.budgets, now);
        for spent in due {
            let _ = scene.store(spent).await;
        }
    }
}
