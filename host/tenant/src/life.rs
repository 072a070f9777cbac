//! Whether a tenant is served: suspended, or about to be deleted, it keeps everything and answers no call.
//!
//! It is decided in the tenant's object, once its caller is proven: so a stranger learns nothing of it, and no copy of the
//! decision elsewhere can be old. What was under way when a tenant was suspended ends as it would have; what its object
//! has to do for it later waits.

use serde::{Deserialize, Serialize};
use smcp_capability::turn::Effect;
use smcp_ids::UnixMillis;

use crate::problem::Problem;
use crate::state::Scene;

/// What became of a tenant. As long as nothing did there is no such row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LifeRecord {
    /// Since when no call is answered, and why.
    pub(crate) suspended: Option<Suspension>,
    /// When everything is deleted.
    pub(crate) leaves: Option<UnixMillis>,
    /// Whether it was made to take an archive, and has not taken all of it.
    pub(crate) takes_archive: bool,
}

/// Since when a tenant is suspended, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Suspension {
    pub(crate) since: UnixMillis,
    /// For the platform's and the tenant's admins.
    pub(crate) reason: String,
}

impl LifeRecord {
    /// Whether calls are answered.
    pub(crate) fn is_served(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses what is not answered now.
    pub(crate) fn admit(&self) -> Result<(), Problem> {
        if self.leaves.is_some() {
            return Err(Problem::new(
                403,
                "tenant_leaves",
                "this tenant is to be deleted: nothing is answered or changed any more; the platform's admin can still \
                 restore it",
            ));
        }
        if self.takes_archive {
            return Err(Problem::new(
                403,
                "tenant_incomplete",
                "this tenant is being brought here: nothing is answered or changed until its archive is in",
            ));
        }
        if self.suspended.is_some() {
            return Err(Problem::new(
                403,
                "tenant_suspended",
                "this tenant is suspended: nothing is answered or changed until the platform's admin resumes it",
            ));
        }
        Ok(())
    }
}

impl Scene {
    /// What became of the tenant.
    pub(crate) fn life(&self) -> Result<LifeRecord, Problem> {
        Ok(self.state.borrow().directory()?.life.clone())
    }

    /// Removes everything of a tenant whose time has come: first what is elsewhere, then all that is stored here, and with
    /// it the secret without which no copy of it can be opened. Done again if it was not finished.
    pub(crate) async fn leave(&self) -> Result<(), Problem> {
        let leaves = self.life()?.leaves;
        if leaves.is_none_or(|at| at > self.outside.now()) {
            return Ok(());
        }
        self.erase().await
    }

    /// Removes everything of a tenant.
    pub(crate) async fn erase(&self) -> Result<(), Problem> {
        self.done(Effect::Publish(None)).await?;
        // As they are stored: what no row names goes too.
        loop {
            let page = self.module_page(None).await?;
            if page.releases.is_empty() {
                break;
            }
            self.done(Effect::DeleteModules(page.releases)).await?;
        }
        self.done(Effect::Erase).await?;
        self.state.borrow_mut().forget();
        Ok(())
    }
}
