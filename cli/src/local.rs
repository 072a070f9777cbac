//! A module on this machine, through the very stages that a host puts it through.
//!
//! Whose signature it is does not matter here: who runs a module from their own disk trusts it.
//! So it is signed in memory with a key made for the purpose, and admitted as a host would that
//! trusts this key. A package that was altered after it was signed is refused all the same.

use smcp_ids::{Fuel, ReleaseDigest, limits};
use smcp_package::{
    Admission, AdmittedModule, PackageError, Policy, PolicyLimits, UntrustedPackage, sign, unsign,
};
use smcp_protocol::Catalogue;
use smcp_sandbox::LoadedModule;
use smcp_tenant::schemas::SettingSchemas;

use crate::failure::Failure;
use crate::keys;

/// The tenant and the caller of what runs on this machine.
pub(crate) const LOCAL: &str = "local";

/// A module that a host would take, ready to be called.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) admitted: AdmittedModule,
    pub(crate) loaded: LoadedModule,
}

impl Local {
    /// Admits and compiles a package, signed or not, as a host with default limits does.
    pub(crate) fn load(package: &[u8]) -> Result<Self, Failure> {
        Self::load_under(package, &Policy::default())
    }

    /// The same under another policy.
    pub(crate) fn load_under(package: &[u8], policy: &Policy) -> Result<Self, Failure> {
        let admitted = admit(package, policy)?;
        let loaded = LoadedModule::load(&admitted)?;
        Ok(Self { admitted, loaded })
    }

    /// The catalogue in the manifest, read as a host does.
    pub(crate) fn catalogue(&self) -> Result<Catalogue, Failure> {
        Ok(Catalogue::parse(
            self.admitted.manifest().catalogue().as_bytes(),
        )?)
    }

    /// Everything that a host checks when the package is published, but for the signers: that every
    /// function can be translated, and that the module describes itself as its manifest says.
    pub(crate) fn check_publishable(&self) -> Result<(), Failure> {
        let translated = LoadedModule::translate_all(&self.admitted)?;
        let described = smcp_tenant::describe::describe(&translated).map_err(Failure::Describe)?;
        if described != self.admitted.manifest().catalogue() {
            return Err(Failure::CatalogueDiffers);
        }
        SettingSchemas::compile(self.admitted.manifest().asks())?;
        self.catalogue().map(drop)
    }
}

/// The policy that allows all that an admin can allow.
pub(crate) fn widest_policy() -> Result<Policy, Failure> {
    Ok(Policy::new(PolicyLimits {
        package: limits::PACKAGE_CEILING,
        function_body: limits::FUNCTION_BODY_CEILING,
        memory: limits::MEMORY_CEILING,
        fuel: Fuel(limits::FUEL_CEILING),
        deadline_millis: limits::DEADLINE_CEILING_MILLIS,
        output: limits::OUTPUT_CEILING,
    })?)
}

/// Admits a package, signed or not, whoever signed it.
pub(crate) fn admit(package: &[u8], policy: &Policy) -> Result<AdmittedModule, Failure> {
    let (unsigned, claimed) = match UntrustedPackage::parse(package.to_vec()) {
        Ok(signed) => (unsign(package)?, Some(signed.claimed_release())),
        Err(PackageError::Unsigned) => (package.to_vec(), None),
        Err(error) => return Err(error.into()),
    };
    let key = keys::throwaway()?;
    let signed = sign(&unsigned, &[&key])?;
    let verified = UntrustedPackage::parse(signed)?.verify(&[key.public()])?;
    check_claim(claimed, verified.release())?;
    Ok(Admission::start(verified, policy)?.finish()?)
}

/// The signature covers every byte after its section, so that taking it away changes no release.
fn check_claim(claimed: Option<ReleaseDigest>, actual: ReleaseDigest) -> Result<(), Failure> {
    match claimed {
        Some(signed) if signed != actual => {
            Err(PackageError::HashMismatch { signed, actual }.into())
        }
        _ => Ok(()),
    }
}
