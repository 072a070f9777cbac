//! What is measured, without a clock: each subject is done once by [`Bench::once`].

use serde::{Deserialize, Serialize};
use smcp_ids::{Fuel, PublisherKey, limits};
use smcp_package::{
    Admission, AdmissionStep, AdmittedModule, Policy, UntrustedPackage, VerifiedPackage,
};
use smcp_sandbox::{Bounds, Entry, Execution, LoadedModule, Stop};

use crate::unmetered::Unmetered;

/// Bytes of function bodies that one step of admission looks at: as the tenant's turns have it.
const STRIDE: usize = 64 * 1024;
/// Fuel of a slice of a call that computes for long, the least that its pace settles at when the machine
/// does nothing else: five times doubled, some two and a half milliseconds. Larger ones cost less.
const SETTLED_SLICE: u64 = limits::SLICE_FIRST_FUEL << 5;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u32)]
pub enum Subject {
    /// A fresh instance, and its end.
    Instantiate = 0,
    /// A fresh instance, a request in, a result out, in slices of the size that a call's pace settles at.
    Call = 1,
    /// Compiling and linking an admitted module, its functions untranslated.
    Load = 2,
    /// The same, and the first call.
    LoadAndCall = 3,
    /// Compiling with every function translated.
    Translate = 4,
    /// Knowing an admitted module again by its record.
    Readmit = 5,
    /// From bytes to an admitted module.
    Admit = 6,
    /// The same, one uninterrupted piece after the other: signature, sections, steps.
    AdmitByPieces = 7,
    /// A first call after loading, one slice after the other, of the size that calls begin with.
    CallBySlices = 8,
    /// The signature alone.
    Verify = 9,
    /// A call in one slice.
    CallWhole = 10,
    /// The same without fuel, on the same wasmi.
    CallUnmetered = 11,
}

impl Subject {
    /// All of them, by number.
    pub const ALL: [Self; 12] = [
        Self::Instantiate,
        Self::Call,
        Self::Load,
        Self::LoadAndCall,
        Self::Translate,
        Self::Readmit,
        Self::Admit,
        Self::AdmitByPieces,
        Self::CallBySlices,
        Self::Verify,
        Self::CallWhole,
        Self::CallUnmetered,
    ];
}

/// On what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// A signed package.
    pub package: Vec<u8>,
    /// Who signed it.
    pub publisher: PublisherKey,
    /// What `call-tool` is given.
    pub request: String,
}

/// Why something could not be done.
pub type Failure = String;

enum Pieces {
    Verified(VerifiedPackage),
    Admitting(Box<Admission>),
}

/// One package, ready to be measured.
pub struct Bench {
    setup: Setup,
    admitted: AdmittedModule,
    loaded: LoadedModule,
    policy: Policy,
    pieces: Option<Pieces>,
    slices: Option<Execution>,
    unmetered: Option<Unmetered>,
}

impl Bench {
    /// Admits and loads the package.
    ///
    /// # Errors
    /// If it is refused.
    pub fn new(setup: Setup) -> Result<Self, Failure> {
        let policy = Policy::default();
        let admitted = admit(&setup, &policy)?;
        Ok(Self {
            loaded: LoadedModule::load(&admitted).map_err(text)?,
            admitted,
            policy,
            setup,
            pieces: None,
            slices: None,
            unmetered: None,
        })
    }

    /// Does it once, or its next piece; says whether that was the last.
    ///
    /// # Errors
    /// If it fails: then there is nothing to measure.
    pub fn once(&mut self, subject: Subject) -> Result<bool, Failure> {
        match subject {
            Subject::Instantiate => self.start(&self.loaded).map(|_| true),
            Subject::Call => self.call(&self.loaded, SETTLED_SLICE).map(|()| true),
            Subject::CallWhole => self.call(&self.loaded, limits::FUEL_MAX).map(|()| true),
            Subject::CallUnmetered => self.call_unmetered().map(|()| true),
            Subject::Load => self.load().map(|_| true),
            Subject::LoadAndCall => self.call(&self.load()?, SETTLED_SLICE).map(|()| true),
            Subject::Translate => LoadedModule::translate_all(&self.admitted)
                .map(|_| true)
                .map_err(text),
            Subject::Readmit => {
                let bytes = self.setup.package.clone();
                AdmittedModule::readmit(bytes, self.admitted.record(), &self.policy)
                    .map(|_| true)
                    .map_err(text)
            }
            Subject::Admit => admit(&self.setup, &self.policy).map(|_| true),
            Subject::AdmitByPieces => self.admit_piece(),
            Subject::CallBySlices => self.call_slice(),
            Subject::Verify => verify(&self.setup).map(|_| true),
        }
    }

    fn load(&self) -> Result<LoadedModule, Failure> {
        LoadedModule::load(&self.admitted).map_err(text)
    }

    fn start(&self, loaded: &LoadedModule) -> Result<Execution, Failure> {
        let bounds = Bounds {
            memory: limits::MEMORY_MAX,
            fuel: Fuel(limits::FUEL_MAX),
            output: limits::OUTPUT_MAX,
        };
        let entry = Entry::CallTool(self.setup.request.clone());
        Execution::start(loaded, entry, bounds).map_err(text)
    }

    fn call(&self, loaded: &LoadedModule, slice: u64) -> Result<(), Failure> {
        let mut execution = self.start(loaded)?;
        while !over(&execution.step(Fuel(slice)))? {}
        Ok(())
    }

    fn call_unmetered(&mut self) -> Result<(), Failure> {
        let unmetered = match self.unmetered.take() {
            Some(unmetered) => unmetered,
            None => Unmetered::new(self.admitted.bytes())?,
        };
        self.unmetered.insert(unmetered).call(&self.setup.request)
    }

    fn admit_piece(&mut self) -> Result<bool, Failure> {
        self.pieces = match self.pieces.take() {
            None => Some(Pieces::Verified(verify(&self.setup)?)),
            Some(Pieces::Verified(package)) => {
                let admission = Admission::start(package, &self.policy).map_err(text)?;
                Some(Pieces::Admitting(Box::new(admission)))
            }
            Some(Pieces::Admitting(admission)) => match admission.step(STRIDE).map_err(text)? {
                AdmissionStep::More(more) => Some(Pieces::Admitting(Box::new(more))),
                AdmissionStep::Done(_) => None,
            },
        };
        Ok(self.pieces.is_none())
    }

    fn call_slice(&mut self) -> Result<bool, Failure> {
        let mut execution = match self.slices.take() {
            Some(execution) => execution,
            None => self.start(&self.load()?)?,
        };
        let over = over(&execution.step(Fuel(limits::SLICE_FIRST_FUEL)))?;
        if !over {
            self.slices = Some(execution);
        }
        Ok(over)
    }
}

fn over(stop: &Stop) -> Result<bool, Failure> {
    match stop {
        Stop::Yields => Ok(false),
        Stop::Ended(ended) if ended.result.is_ok() => Ok(true),
        Stop::Ended(_) | Stop::Asks(_) => Err(format!("the guest did not return: {stop:?}")),
    }
}

fn verify(setup: &Setup) -> Result<VerifiedPackage, Failure> {
    UntrustedPackage::parse(setup.package.clone())
        .and_then(|package| package.verify(&[setup.publisher]))
        .map_err(text)
}

fn admit(setup: &Setup, policy: &Policy) -> Result<AdmittedModule, Failure> {
    Admission::start(verify(setup)?, policy)
        .and_then(Admission::finish)
        .map_err(text)
}

fn text(error: impl core::fmt::Display) -> Failure {
    error.to_string()
}
