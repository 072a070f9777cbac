//! Admission: whether a signed module is one that this host runs.
//!
//! First the module's sections, at once: their cost is bounded by the limits on what they hold. Then
//! function by function, in steps of the caller's choosing. What is found here is never looked at
//! again: the sandbox relies on it.

mod body;
mod estimate;
mod module;
mod surface;

pub(crate) use surface::may_export;

use core::fmt;
use core::ops::Range;
use std::vec::IntoIter;

use smcp_ids::limits::TRANSLATED_CODE_MAX;
use smcp_ids::{PublisherKey, ReleaseDigest};
use wasmparser::{
    BinaryReader, FuncToValidate, FuncValidatorAllocations, FunctionBody, ValidatorResources,
    WasmFeatures,
};

use crate::admitted::AdmittedModule;
use crate::error::{Limit, PackageError, at_most};
use crate::manifest::Manifest;
use crate::policy::{CallLimits, Policy};
use crate::untrusted::VerifiedPackage;

/// The proposals that the engine has. No other is accepted: no multiple values or memories, tail calls,
/// vectors, threads, exceptions, 64-bit memory, longer constant expressions, garbage collection.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT);

/// A function that is still to be looked at.
struct Pending {
    function: FuncToValidate<ValidatorResources>,
    range: Range<usize>,
}

/// An admission under way.
pub struct Admission {
    bytes: Vec<u8>,
    release: ReleaseDigest,
    signers: Vec<PublisherKey>,
    manifest: Manifest,
    limits: CallLimits,
    policy: Policy,
    pending: IntoIter<Pending>,
    allocations: FuncValidatorAllocations,
    /// Estimated bytes of the code translated so far.
    translated: u64,
}

/// Where an admission stands.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "moved once a step, and a step is far dearer; smaller on wasm"
)]
pub enum AdmissionStep {
    /// Functions are left: go on when others have had their turn.
    More(Admission),
    /// All of the module was looked at: it may be loaded.
    Done(AdmittedModule),
}

impl Admission {
    /// Looks at everything but the functions' bodies.
    ///
    /// # Errors
    /// Why the module is not admitted.
    pub fn start(package: VerifiedPackage, policy: &Policy) -> Result<Self, PackageError> {
        // 6. No more bytes than the policy allows.
        let most = policy.limits().package as u64;
        at_most(Limit::Package, package.bytes().len() as u64, most)?;
        // 7. The manifest is one that this host knows.
        let manifest = package.manifest()?;
        let limits = policy.grant(manifest.limits());
        let (bytes, release, signers) = package.into_parts();
        // 8. Every section is valid, within the limits, and of a proposal that this host has; imports and
        //    exports are those of the contract.
        let module = module::check(&bytes, policy, &limits)?;
        // 9. The manifest says what the module imports.
        manifest.check_capabilities(&module.interfaces)?;
        Ok(Self {
            bytes,
            release,
            signers,
            manifest,
            limits,
            policy: *policy,
            pending: module.pending.into_iter(),
            allocations: FuncValidatorAllocations::default(),
            translated: 0,
        })
    }

    /// How many functions are left.
    pub fn functions_left(&self) -> usize {
        self.pending.len()
    }

    /// Looks at further functions, until their bodies have `budget` bytes together or none is left: one
    /// at least, so that it ends. A function has at most [`FUNCTION_BODY_CEILING`] bytes.
    ///
    /// # Errors
    /// Why the module is not admitted.
    ///
    /// [`FUNCTION_BODY_CEILING`]: smcp_ids::limits::FUNCTION_BODY_CEILING
    pub fn step(mut self, budget: usize) -> Result<AdmissionStep, PackageError> {
        let mut looked = 0;
        // 10. Every function is valid and within the limits, and so is what they all are translated to.
        while looked < budget.max(1) {
            let Some(Pending { function, range }) = self.pending.next() else {
                return Ok(AdmissionStep::Done(self.admitted()));
            };
            looked += range.len();
            let offset = range.start;
            let code = self.bytes.get(range).unwrap_or_default();
            let body = FunctionBody::new(BinaryReader::new_features(code, offset, FEATURES));
            let allocations = core::mem::take(&mut self.allocations);
            let checked = body::check(function, &body, allocations)?;
            self.allocations = checked.allocations;
            self.translated = self.translated.saturating_add(checked.translated);
            at_most(
                Limit::TranslatedCode,
                self.translated,
                TRANSLATED_CODE_MAX as u64,
            )?;
        }
        Ok(AdmissionStep::More(self))
    }

    /// All steps at once, for callers who need not yield.
    ///
    /// # Errors
    /// Why the module is not admitted.
    pub fn finish(self) -> Result<AdmittedModule, PackageError> {
        let mut admission = self;
        loop {
            match admission.step(usize::MAX)? {
                AdmissionStep::More(more) => admission = more,
                AdmissionStep::Done(admitted) => return Ok(admitted),
            }
        }
    }

    fn admitted(self) -> AdmittedModule {
        let Self {
            bytes,
            release,
            signers,
            manifest,
            limits,
            policy,
            ..
        } = self;
        AdmittedModule::proven(bytes, release, signers, manifest, limits, policy.digest())
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission")
            .field("release", &self.release)
            .field("functions_left", &self.functions_left())
            .finish_non_exhaustive()
    }
}
