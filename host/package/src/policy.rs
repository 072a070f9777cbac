//! The limits in force for whoever admits a module, and what they leave of what a server asks for.

use serde::{Deserialize, Serialize};
use smcp_capability::contract::{EXPORTS, Function, IMPORTS};
use smcp_crypto::{Binding, sha256};
use smcp_ids::{Digest, Fuel, limits};

use crate::error::PackageError;
use crate::manifest::AskedLimits;

/// The version of the host and of its rules of admission: a record that names another is void.
/// The number counts changes of the rules within one version of the host.
pub const ADMISSION_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+admission.1");

/// Limits that an admin can set, by default and up to the ceilings of [`smcp_ids::limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PolicyLimits {
    /// Bytes of a package.
    pub package: usize,
    /// Bytes of one function body.
    pub function_body: usize,
    /// Bytes of linear memory of an instance.
    pub memory: usize,
    /// Fuel of one call.
    pub fuel: Fuel,
    /// Milliseconds of one call.
    pub deadline_millis: u64,
    /// Bytes that one call returns.
    pub output: usize,
}

impl Default for PolicyLimits {
    fn default() -> Self {
        Self {
            package: limits::PACKAGE_MAX,
            function_body: limits::FUNCTION_BODY_MAX,
            memory: limits::MEMORY_MAX,
            fuel: Fuel(limits::FUEL_MAX),
            deadline_millis: limits::DEADLINE_MILLIS,
            output: limits::OUTPUT_MAX,
        }
    }
}

/// The limits in force. None is above the platform's ceiling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PolicyLimits", into = "PolicyLimits")]
pub struct Policy(PolicyLimits);

impl Policy {
    /// A policy of these limits.
    ///
    /// # Errors
    /// [`PackageError::PolicyCeiling`] if one is above the platform's ceiling.
    pub fn new(asked: PolicyLimits) -> Result<Self, PackageError> {
        let ceilings = [
            (
                "package",
                asked.package as u64,
                limits::PACKAGE_CEILING as u64,
            ),
            (
                "functionBody",
                asked.function_body as u64,
                limits::FUNCTION_BODY_CEILING as u64,
            ),
            ("memory", asked.memory as u64, limits::MEMORY_CEILING as u64),
            ("fuel", asked.fuel.0, limits::FUEL_CEILING),
            (
                "deadlineMillis",
                asked.deadline_millis,
                limits::DEADLINE_CEILING_MILLIS,
            ),
            ("output", asked.output as u64, limits::OUTPUT_CEILING as u64),
        ];
        match ceilings
            .into_iter()
            .find(|(_, value, ceiling)| value > ceiling)
        {
            None => Ok(Self(asked)),
            Some((name, value, ceiling)) => Err(PackageError::PolicyCeiling {
                name,
                value,
                ceiling,
            }),
        }
    }

    /// The limits.
    pub fn limits(&self) -> &PolicyLimits {
        &self.0
    }

    /// The digest of everything that admission decides by: these limits, the platform's own, and the
    /// contract. If it is the same, admission would find the same.
    pub fn digest(&self) -> Digest {
        let PolicyLimits {
            package,
            function_body,
            memory,
            fuel,
            deadline_millis,
            output,
        } = self.0;
        let mut binding = Binding::new("admission policy")
            .text(ADMISSION_VERSION)
            .number(package as u64)
            .number(function_body as u64)
            .number(memory as u64)
            .number(fuel.0)
            .number(deadline_millis)
            .number(output as u64);
        for limit in FIXED {
            binding = binding.number(limit);
        }
        for function in IMPORTS.iter().chain(EXPORTS) {
            binding = bind_function(binding, function);
        }
        sha256(binding.as_bytes())
    }

    /// What a server that asks for `asked` is given: the default where it does not ask, and never more
    /// than the policy allows.
    pub fn grant(&self, asked: AskedLimits) -> CallLimits {
        let bytes = |asked: Option<u64>, default: usize, most: usize| {
            asked
                .map_or(default, |asked| {
                    usize::try_from(asked).unwrap_or(usize::MAX)
                })
                .min(most)
        };
        CallLimits {
            memory: bytes(asked.memory, limits::MEMORY_MAX, self.0.memory),
            fuel: asked
                .fuel
                .unwrap_or(Fuel(limits::FUEL_MAX))
                .min(self.0.fuel),
            deadline_millis: asked
                .deadline_millis
                .unwrap_or(limits::DEADLINE_MILLIS)
                .min(self.0.deadline_millis),
            output: bytes(asked.output, limits::OUTPUT_MAX, self.0.output),
        }
    }
}

/// The limits that no policy changes, but that a version of the host might.
const FIXED: [u64; 23] = [
    limits::TRANSLATED_CODE_MAX as u64,
    limits::FUNCTIONS_MAX as u64,
    limits::EXPORTS_MAX as u64,
    limits::SEGMENTS_MAX as u64,
    limits::GLOBALS_MAX as u64,
    limits::TABLES_MAX as u64,
    limits::TABLE_ELEMENTS_MAX,
    limits::TYPES_MAX as u64,
    limits::LOCALS_MAX as u64,
    limits::BLOCK_NESTING_MAX as u64,
    limits::BR_TABLE_TARGETS_MAX as u64,
    limits::OPERAND_HEIGHT_MAX as u64,
    limits::CUSTOM_SECTIONS_MAX as u64,
    limits::MANIFEST_MAX as u64,
    limits::CATALOGUE_MAX as u64,
    limits::DESCRIPTION_MAX as u64,
    limits::VERSION_MAX_CHARACTERS as u64,
    limits::SIGNATURES_MAX as u64,
    limits::ASKS_MAX as u64,
    limits::GRANTS_MAX as u64,
    limits::SECRETS_MAX as u64,
    limits::SECRET_HOSTS_MAX as u64,
    limits::SETTINGS_MAX as u64,
];

fn bind_function(binding: Binding, function: &Function) -> Binding {
    binding
        .text(function.interface)
        .text(function.name)
        .text(&format!(
            "{:?} {:?} {:?}",
            function.params, function.results, function.status
        ))
}

impl TryFrom<PolicyLimits> for Policy {
    type Error = PackageError;

    fn try_from(limits: PolicyLimits) -> Result<Self, PackageError> {
        Self::new(limits)
    }
}

impl From<Policy> for PolicyLimits {
    fn from(policy: Policy) -> Self {
        policy.0
    }
}

/// What one call of a server may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallLimits {
    /// Bytes of linear memory.
    pub memory: usize,
    /// Fuel.
    pub fuel: Fuel,
    /// Milliseconds from start to forced end.
    pub deadline_millis: u64,
    /// Bytes that it returns.
    pub output: usize,
}
