//! What an object does once a day, whoever calls or does not: it signs how far its record has come, removes what has
//! grown too old (some of it goes with everything that is written, and all of it here), and modules that nothing names.

use smcp_capability::turn::{Effect, ModulePage, Performed};
use smcp_ids::{ReleaseDigest, UnixMillis};

use crate::audit::DAY_MILLIS;
use crate::mcp::{Errand, Own};
use crate::problem::Problem;
use crate::state::Scene;

/// Within which objects are spread after midnight (UTC), so that not all of a platform wake at once.
const SPREAD_MILLIS: u64 = 60 * 60 * 1_000;

impl Scene {
    /// When it is done next: tomorrow, in the first hour.
    pub(crate) fn next_daily(&self) -> UnixMillis {
        let tomorrow = self.outside.now().0 / DAY_MILLIS + 1;
        let spread = u64::from(self.lot()) % SPREAD_MILLIS;
        UnixMillis(tomorrow * DAY_MILLIS + spread)
    }

    /// Writes down that it is to be done, if that was not. Once done, it writes itself down for the next day.
    pub(crate) async fn arm_daily(&self) -> Result<(), Problem> {
        let daily = Errand::Own(Own::Daily);
        let is_there = self.state.borrow().is_daily || !self.struck_off(&daily).await?.is_empty();
        if !is_there {
            let write = self.due_write(self.next_daily(), &daily, 1)?;
            self.keep(vec![write], Vec::new()).await?;
            self.set_alarm().await?;
        }
        self.state.borrow_mut().is_daily = true;
        Ok(())
    }

    /// Does it.
    pub(crate) async fn daily(&self) -> Result<(), Problem> {
        self.write_noted().await?;
        // A deployment may have no key to sign with: that keeps nothing else from being done.
        let _ = self.sign_today().await;
        while self.sweep().await? {
            self.outside.pause().await;
        }
        let is_whole = self.state.borrow().is_of_a_tenant();
        if is_whole {
            self.sweep_modules().await?;
        }
        Ok(())
    }

    /// Removes some of what has grown too old; whether there may be more.
    async fn sweep(&self) -> Result<bool, Problem> {
        let effect = Effect::Sweep(self.outside.now());
        match self.outside.perform(effect).await {
            Performed::Swept(is_more) => Ok(is_more),
            _ => Err(Problem::host()),
        }
    }

    /// Removes modules that nothing names: of what was cut off after its module was stored, and before its row was.
    async fn sweep_modules(&self) -> Result<(), Problem> {
        let mut after = None;
        loop {
            let page = self.module_page(after).await?;
            after = page.releases.last().copied();
            self.remove_orphans(page.releases).await?;
            if !page.is_cut || after.is_none() {
                return Ok(());
            }
        }
    }

    /// Modules of this tenant, after one of them.
    pub(crate) async fn module_page(
        &self,
        after: Option<ReleaseDigest>,
    ) -> Result<ModulePage, Problem> {
        match self.outside.perform(Effect::ListModules(after)).await {
            Performed::Modules(page) => Ok(page),
            _ => Err(Problem::host()),
        }
    }
}
