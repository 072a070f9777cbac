//! The manifest: what a publisher says about a server, one JSON object in its own custom section.
//!
//! It refuses formats and members that it does not know: what is signed must mean the same to
//! everybody. The catalogue in it is bytes to this crate.

use core::fmt;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use smcp_capability::contract::ABI_VERSION;
use smcp_ids::limits::{CATALOGUE_MAX, DESCRIPTION_MAX, MANIFEST_MAX, VERSION_MAX_CHARACTERS};
use smcp_ids::{Fuel, ServerSlug};

use crate::asks::{self, Asks, Object};
use crate::error::{Limit, PackageError, at_most};

/// The only format there is.
pub(crate) const FORMAT: u32 = 1;

/// What a publisher says about a server. A value of this type is well formed.
#[derive(Clone, PartialEq, Eq)]
pub struct Manifest {
    name: ServerSlug,
    version: String,
    description: Option<String>,
    catalogue: String,
    capabilities: BTreeSet<String>,
    limits: AskedLimits,
    asks: Asks,
}

/// What a server asks for. What it leaves out is the platform's default; what it is given is bounded
/// by the policy of whoever admits it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AskedLimits {
    /// Bytes of linear memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Fuel of one call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<Fuel>,
    /// Milliseconds of one call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_millis: Option<u64>,
    /// Bytes that one call returns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<u64>,
}

/// The JSON object. `serde` refuses members that are there twice, and so do we unknown ones.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire {
    format: u32,
    abi: String,
    name: ServerSlug,
    version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    capabilities: Vec<String>,
    #[serde(default)]
    limits: AskedLimits,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asks: Option<Object<asks::Wire>>,
    catalogue: String,
}

/// Only the format: read first, since another format may have other members.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

impl Manifest {
    /// A manifest with the least that there must be. `catalogue` is what `describe` returned, byte by
    /// byte; `capabilities` are the interfaces that the module imports.
    ///
    /// # Errors
    /// [`PackageError::Version`], [`PackageError::CatalogueNotAnObject`] or
    /// [`PackageError::TooMany`].
    pub fn new(
        name: ServerSlug,
        version: impl Into<String>,
        catalogue: impl Into<String>,
        capabilities: impl IntoIterator<Item = String>,
    ) -> Result<Self, PackageError> {
        let manifest = Self {
            name,
            version: version.into(),
            description: None,
            catalogue: catalogue.into(),
            capabilities: capabilities.into_iter().collect(),
            limits: AskedLimits::default(),
            asks: Asks::default(),
        };
        manifest.checked()
    }

    /// The same with a text about the server, for people.
    ///
    /// # Errors
    /// [`PackageError::TooMany`].
    pub fn with_description(self, text: impl Into<String>) -> Result<Self, PackageError> {
        Self {
            description: Some(text.into()),
            ..self
        }
        .checked()
    }

    /// The same, asking for limits.
    #[must_use]
    pub fn with_limits(self, limits: AskedLimits) -> Self {
        Self { limits, ..self }
    }

    /// The same, asking for hosts, secrets and settings.
    #[must_use]
    pub fn with_asks(self, asks: Asks) -> Self {
        Self { asks, ..self }
    }

    /// Reads the JSON text of a manifest.
    ///
    /// # Errors
    /// Why it is not a manifest that this host knows.
    pub fn parse(json: &[u8]) -> Result<Self, PackageError> {
        at_most(Limit::Manifest, json.len() as u64, MANIFEST_MAX as u64)?;
        let malformed = |error: serde_json::Error| PackageError::ManifestMalformed {
            reason: error.to_string(),
        };
        let FormatOnly { format } = serde_json::from_slice(json).map_err(malformed)?;
        if format != FORMAT {
            return Err(PackageError::ManifestFormat { found: format });
        }
        let wire: Wire = serde_json::from_slice(json).map_err(malformed)?;
        if wire.abi != ABI_VERSION {
            return Err(PackageError::AbiVersion { found: wire.abi });
        }
        let asked = wire.capabilities.len();
        let manifest = Self {
            name: wire.name,
            version: wire.version,
            description: wire.description,
            catalogue: wire.catalogue,
            capabilities: wire.capabilities.into_iter().collect(),
            limits: wire.limits,
            asks: wire
                .asks
                .map(|asks| Asks::of(asks.0))
                .transpose()?
                .unwrap_or_default(),
        };
        if manifest.capabilities.len() != asked {
            return Err(PackageError::ManifestMalformed {
                reason: "a capability is there twice".into(),
            });
        }
        manifest.checked()
    }

    /// The JSON text of this manifest, always the same for the same manifest.
    ///
    /// # Errors
    /// [`PackageError::TooMany`] if it is longer than a manifest may be: a catalogue of characters that
    /// JSON must escape.
    pub fn to_json(&self) -> Result<Vec<u8>, PackageError> {
        let wire = Wire {
            format: FORMAT,
            abi: ABI_VERSION.to_owned(),
            name: self.name.clone(),
            version: self.version.clone(),
            description: self.description.clone(),
            capabilities: self.capabilities.iter().cloned().collect(),
            limits: self.limits,
            asks: self.asks.to_wire().map(Object),
            catalogue: self.catalogue.clone(),
        };
        let json = serde_json::to_vec(&wire).map_err(|error| PackageError::ManifestMalformed {
            reason: error.to_string(),
        })?;
        at_most(Limit::Manifest, json.len() as u64, MANIFEST_MAX as u64)?;
        Ok(json)
    }

    /// The name that the publisher gives the server.
    pub fn name(&self) -> &ServerSlug {
        &self.name
    }

    /// The version of the release, a semantic version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A text about the server, for people.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// What `describe` returned when the module was packed: the text of a JSON object.
    pub fn catalogue(&self) -> &str {
        &self.catalogue
    }

    /// The interfaces that the module imports, by their full names, in order.
    pub fn capabilities(&self) -> impl Iterator<Item = &str> {
        self.capabilities.iter().map(String::as_str)
    }

    /// The limits that the server asks for.
    pub fn limits(&self) -> AskedLimits {
        self.limits
    }

    /// The hosts, secrets and settings that it asks for.
    pub fn asks(&self) -> &Asks {
        &self.asks
    }

    /// Refuses if the module imports other interfaces than the manifest says, or lacks one that what is
    /// asked for would need.
    pub(crate) fn check_capabilities(
        &self,
        imported: &BTreeSet<String>,
    ) -> Result<(), PackageError> {
        match self.capabilities.symmetric_difference(imported).next() {
            None => self.asks.check_used(imported),
            Some(interface) => Err(PackageError::CapabilitiesDiffer {
                interface: interface.clone(),
            }),
        }
    }

    fn checked(self) -> Result<Self, PackageError> {
        if !is_version(&self.version) {
            return Err(PackageError::Version);
        }
        let description = self.description.as_ref().map_or(0, String::len);
        at_most(
            Limit::Description,
            description as u64,
            DESCRIPTION_MAX as u64,
        )?;
        at_most(
            Limit::Catalogue,
            self.catalogue.len() as u64,
            CATALOGUE_MAX as u64,
        )?;
        match serde_json::from_str::<&RawValue>(&self.catalogue) {
            Ok(json) if json.get().starts_with('{') => Ok(self),
            _ => Err(PackageError::CatalogueNotAnObject),
        }
    }
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Manifest({} {})", self.name, self.version)
    }
}

/// Whether `text` is a semantic version (semver.org 2.0.0, clauses 2, 9 and 10).
fn is_version(text: &str) -> bool {
    let (rest, build) = split_at_mark(text, '+');
    let (core, before) = split_at_mark(rest, '-');
    let number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    let word = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= VERSION_MAX_CHARACTERS
        && core.split('.').count() == 3
        && core.split('.').all(number)
        && before.is_none_or(|list| {
            list.split('.')
                .all(|part| word(part) && (!digits(part) || number(part)))
        })
        && build.is_none_or(|list| list.split('.').all(word))
}

fn split_at_mark(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark)
        .map_or((text, None), |(left, right)| (left, Some(right)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_semantic_versions_are_versions() {
        let longest = format!("1.0.0-{}", "a".repeat(VERSION_MAX_CHARACTERS - 6));
        for good in [
            "0.0.0",
            "1.2.3",
            "1.0.0-alpha.1",
            "1.0.0+20130313144700",
            "1.0.0--a+b-c",
            &longest,
        ] {
            assert!(is_version(good), "{good}");
        }
        let long = format!("{longest}a");
        for bad in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "01.2.3",
            "1.2.x",
            "v1.2.3",
            "1.2.3-",
            "1.2.3-01",
            "1.2.3+",
            "1.2.3-a..b",
            "1.2.3 ",
            &long,
        ] {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
