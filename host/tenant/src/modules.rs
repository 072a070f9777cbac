//! Compiled modules of one object, ready to be called: a bounded cache.
//!
//! What comes back from storage is proven again before it gets here: its digest, against the sealed
//! record of its admission.

use std::collections::BTreeMap;
use std::rc::Rc;

use smcp_capability::turn::{Effect, Performed};
use smcp_ids::{ReleaseDigest, ServerSlug, limits};
use smcp_package::{
    Admission, AdmissionStep, AdmittedModule, CallLimits, PackageError, Policy, UntrustedPackage,
};
use smcp_protocol::{Catalogue, ServerInfo};
use smcp_sandbox::{Bounds, LoadedModule};

use crate::mcp::server_info;
use crate::problem::Problem;
use crate::record::ReleaseRecord;
use crate::schemas::Schemas;
use crate::state::Scene;

/// Bytes of function bodies that admission looks at before it lets others run.
pub(crate) const ADMISSION_STRIDE: usize = 64 * 1024;

/// A release that can be called.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) release: ReleaseDigest,
    pub(crate) info: ServerInfo,
    pub(crate) catalogue: Catalogue,
    pub(crate) schemas: Schemas,
    pub(crate) loaded: LoadedModule,
    pub(crate) limits: CallLimits,
    size: usize,
}

impl Ready {
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            memory: self.limits.memory,
            fuel: self.limits.fuel,
            output: self.limits.output,
        }
    }
}

/// The cache. Found by name: a page of all servers' tools asks for a hundred of them.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    /// With the number of the use that was their last.
    ready: BTreeMap<ReleaseDigest, (Rc<Ready>, u64)>,
    uses: u64,
    size: usize,
}

impl Modules {
    pub(crate) fn get(&mut self, release: &ReleaseDigest) -> Option<Rc<Ready>> {
        let (ready, used) = self.ready.get_mut(release)?;
        self.uses += 1;
        *used = self.uses;
        Some(ready.clone())
    }

    /// What they take up, by an estimate.
    pub(crate) fn memory(&self) -> usize {
        self.size * limits::MODULE_MEMORY_FACTOR
    }

    fn put(&mut self, ready: Rc<Ready>) {
        self.uses += 1;
        self.size += ready.size;
        let before = self.ready.insert(ready.release, (ready, self.uses));
        self.size -= before.map_or(0, |(ready, _)| ready.size);
        // The newest stays, however large it is.
        while self.size > limits::MODULE_CACHE_MAX && self.ready.len() > 1 {
            let uses = self
                .ready
                .iter()
                .map(|(release, (_, used))| (*used, *release));
            let Some((_, oldest)) = uses.min() else { break };
            let gone = self.ready.remove(&oldest);
            self.size -= gone.map_or(0, |(ready, _)| ready.size);
        }
    }
}

/// Makes an admitted module callable.
pub(crate) fn ready(admitted: &AdmittedModule, loaded: LoadedModule) -> Result<Ready, Problem> {
    let manifest = admitted.manifest();
    let catalogue = Catalogue::parse(manifest.catalogue().as_bytes())
        .map_err(|error| Problem::new(422, error.code(), error.to_string()))?;
    Ok(Ready {
        release: admitted.release(),
        info: server_info(
            manifest.name().as_str(),
            manifest.version(),
            catalogue.icons(),
        ),
        catalogue,
        schemas: Schemas::default(),
        loaded,
        limits: admitted.limits(),
        size: admitted.bytes().len(),
    })
}

/// Admits a verified package, letting others run in between.
pub(crate) async fn admit(
    scene: &Scene,
    mut admission: Admission,
) -> Result<AdmittedModule, PackageError> {
    loop {
        match admission.step(ADMISSION_STRIDE)? {
            AdmissionStep::Done(admitted) => return Ok(admitted),
            AdmissionStep::More(more) => {
                scene.outside.pause().await;
                admission = more;
            }
        }
    }
}

impl Scene {
    /// A release of a server, live or not, loaded if it is not yet.
    pub(crate) async fn release(
        &self,
        server: &ServerSlug,
        release: ReleaseDigest,
    ) -> Result<Rc<Ready>, Problem> {
        let record: ReleaseRecord = {
            let mut guard = self.state.borrow_mut();
            let state = &mut *guard;
            if let Some(ready) = state.modules.get(&release) {
                return Ok(ready);
            }
            let releases = &state.directory()?.releases;
            let record = releases.get(&(server.clone(), release));
            record.cloned().ok_or_else(Problem::host)?
        };
        let ready = Rc::new(self.fetch(&record).await?);
        self.state.borrow_mut().modules.put(ready.clone());
        Ok(ready)
    }

    async fn fetch(&self, record: &ReleaseRecord) -> Result<Ready, Problem> {
        let effect = Effect::ReadModule(record.admission.release);
        let Performed::Module(Some(bytes)) = self.outside.perform(effect).await else {
            return Err(Problem::host());
        };
        let policy = Policy::default();
        let admitted = match AdmittedModule::readmit(bytes, &record.admission, &policy) {
            Err(PackageError::RecordStale) => self.admit_anew(record, &policy).await,
            other => other,
        }
        .map_err(|_| Problem::host())?;
        let loaded = LoadedModule::load(&admitted).map_err(|_| Problem::host())?;
        ready(&admitted, loaded).map_err(|_| Problem::host())
    }

    /// The rules have changed since this release was admitted: they are applied to it now.
    async fn admit_anew(
        &self,
        record: &ReleaseRecord,
        policy: &Policy,
    ) -> Result<AdmittedModule, PackageError> {
        let release = record.admission.release;
        let Performed::Module(Some(bytes)) =
            self.outside.perform(Effect::ReadModule(release)).await
        else {
            return Err(PackageError::RecordMismatch { release });
        };
        let verified = UntrustedPackage::parse(bytes)?.verify(&record.admission.signers)?;
        if verified.release() != release {
            return Err(PackageError::RecordMismatch { release });
        }
        admit(self, Admission::start(verified, policy)?).await
    }
}
