//! Why a package is refused: one variant for each reason, so that each attack has its own answer.

use smcp_ids::Digest;

/// What there is too much of in a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Bytes of the package.
    Package,
    /// Bytes of the manifest section.
    Manifest,
    /// Bytes of the catalogue.
    Catalogue,
    /// Bytes of the description.
    Description,
    /// Bytes of what is asked for.
    Asks,
    /// Hosts that are asked for, or those of one secret.
    AskedHosts,
    /// Secrets that are asked for.
    AskedSecrets,
    /// Settings that are declared.
    AskedSettings,
    /// Bytes of the other custom sections, together.
    CustomSections,
    /// Types.
    Types,
    /// Functions, imported ones included.
    Functions,
    /// Bytes of one function body.
    FunctionBody,
    /// Locals of one function, its parameters included.
    Locals,
    /// Blocks within blocks in one function.
    Nesting,
    /// Targets of one `br_table`.
    BrTable,
    /// Values on the operand stack of one function.
    OperandHeight,
    /// Estimated bytes of all translated code.
    TranslatedCode,
    /// Exports.
    Exports,
    /// Globals.
    Globals,
    /// Tables.
    Tables,
    /// Elements of the table.
    TableElements,
    /// Element segments.
    ElementSegments,
    /// Elements in all element segments, together.
    Elements,
    /// Data segments.
    DataSegments,
    /// Bytes in all data segments, together.
    Data,
    /// Memories.
    Memories,
    /// Bytes of memory that the module starts with.
    Memory,
}

impl Limit {
    const fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::Package => ("limit_package", "bytes in the package"),
            Self::Manifest => ("limit_manifest", "bytes in the manifest"),
            Self::Catalogue => ("limit_catalogue", "bytes in the catalogue"),
            Self::Description => ("limit_description", "bytes in the description"),
            Self::Asks => ("limit_asks", "bytes in what the server asks for"),
            Self::AskedHosts => ("limit_asked_hosts", "hosts asked for"),
            Self::AskedSecrets => ("limit_asked_secrets", "secrets asked for"),
            Self::AskedSettings => ("limit_asked_settings", "settings declared"),
            Self::CustomSections => ("limit_custom_sections", "bytes in custom sections"),
            Self::Types => ("limit_types", "types"),
            Self::Functions => ("limit_functions", "functions"),
            Self::FunctionBody => ("limit_function_body", "bytes in one function"),
            Self::Locals => ("limit_locals", "locals and parameters in one function"),
            Self::Nesting => ("limit_nesting", "nested blocks in one function"),
            Self::BrTable => ("limit_br_table", "targets in one br_table"),
            Self::OperandHeight => ("limit_operand_height", "operands at once in one function"),
            Self::TranslatedCode => ("limit_translated_code", "bytes of code once translated"),
            Self::Exports => ("limit_exports", "exports"),
            Self::Globals => ("limit_globals", "globals"),
            Self::Tables => ("limit_tables", "tables"),
            Self::TableElements => ("limit_table_elements", "elements in the table"),
            Self::ElementSegments => ("limit_element_segments", "element segments"),
            Self::Elements => ("limit_elements", "elements in all element segments"),
            Self::DataSegments => ("limit_data_segments", "data segments"),
            Self::Data => ("limit_data", "bytes in all data segments"),
            Self::Memories => ("limit_memories", "memories"),
            Self::Memory => ("limit_memory", "bytes of memory to start with"),
        }
    }
}

/// Why a package is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    // ---- The bytes ---------------------------------------------------------------------------
    /// The first eight bytes are not those of a core module, version 1.
    #[error("not a WebAssembly core module: give the .wasm file that `smcp build` wrote")]
    NotAModule,
    /// The sections do not fill the file exactly, or one has a malformed head.
    #[error("the module is cut or malformed at byte {offset}: build it again")]
    Framing {
        /// Where in the file.
        offset: usize,
    },

    // ---- The signature section ---------------------------------------------------------------
    /// There is no signature section.
    #[error("the package is not signed: run `smcp sign`")]
    Unsigned,
    /// There is a signature section, but something comes before it.
    #[error("the signature is not the first section: sign the package again")]
    SignatureNotFirst,
    /// There are two signature sections.
    #[error("the package has two signature sections: sign it again")]
    SecondSignature,
    /// The package is divided into separately signed parts.
    #[error("the package is signed in parts (`signature_delimiter`): sign it as a whole")]
    Delimiter,
    /// The signature section ends early, or holds a number that is none.
    #[error("the signature section is malformed: sign the package again")]
    SignatureMalformed,
    /// The signature section says the same as another, shorter or without bytes that mean nothing.
    #[error("the signature section is not in its canonical form: sign the package again")]
    SignatureNotCanonical,
    /// The signature section is of another version, for other content or with another hash.
    #[error("the signature is of a kind this host does not know: sign with Ed25519 over SHA-256")]
    SignatureKind,
    /// There is not exactly one set of hashes.
    #[error("the signature section has {found} sets of hashes, where one is expected")]
    SignatureSets {
        /// How many there are.
        found: u32,
    },
    /// There is not exactly one hash.
    #[error("the signature section has {found} hashes, where one is expected")]
    SignatureHashes {
        /// How many there are.
        found: u32,
    },
    /// There is no signature, or more than a package may have.
    #[error("the package has {found} signatures: 1 to {max} are allowed", max = smcp_ids::limits::SIGNATURES_MAX)]
    SignatureCount {
        /// How many there are.
        found: u32,
    },
    /// A signature is not of the algorithm Ed25519, or has not its length.
    #[error("a signature is not an Ed25519 signature: sign with an Ed25519 key")]
    SignatureAlgorithm,
    /// A key id is neither empty nor the one that follows from the key that signed.
    #[error("a key id does not belong to the key that signed: sign the package again")]
    KeyId,
    /// The bytes are not those that were signed.
    #[error(
        "the package was altered after it was signed: its hash is {actual}, signed was {signed}"
    )]
    HashMismatch {
        /// What the signature section says.
        signed: Digest,
        /// What the bytes have.
        actual: Digest,
    },
    /// No signature holds under a trusted key.
    #[error(
        "no trusted publisher signed this package: trust its publisher, or sign with a trusted key"
    )]
    NotTrusted,
    /// One key signed more than once.
    #[error("the package is signed twice with the same key: sign it again, once")]
    SignedTwice,
    /// A package that is to be signed has a signature already.
    #[error("the package is signed already: add a signature to it, or remove the one it has")]
    AlreadySigned,

    // ---- The manifest ------------------------------------------------------------------------
    /// There is no manifest section.
    #[error("the package has no manifest: make it with `smcp build`")]
    ManifestMissing,
    /// There are two manifest sections, or one is to be put where one is.
    #[error("the package has a manifest already")]
    ManifestTwice,
    /// The manifest is not JSON, or has members that are wrong, missing or twice.
    #[error("the manifest is malformed: {reason}")]
    ManifestMalformed {
        /// What the parser says.
        reason: String,
    },
    /// The manifest is of a format that this host does not know.
    #[error("the manifest has format {found}, where this host knows {known}: use the tools of this host's version", known = crate::manifest::FORMAT)]
    ManifestFormat {
        /// What it says.
        found: u32,
    },
    /// The server was made for another version of the contract.
    #[error("the server was made for contract {found}; this host has {known}: build it with the SDK of that version", known = smcp_capability::contract::ABI_VERSION)]
    AbiVersion {
        /// What the manifest says.
        found: String,
    },
    /// The version of the release is not a semantic version.
    #[error("the version is not a semantic version such as 1.2.0, at most {max} characters: correct it in Cargo.toml", max = smcp_ids::limits::VERSION_MAX_CHARACTERS)]
    Version,
    /// The catalogue is not one JSON object.
    #[error("the catalogue is not a JSON object: `describe` must return one")]
    CatalogueNotAnObject,
    /// The manifest asks for other capabilities than the module imports.
    #[error(
        "the manifest asks for other capabilities than the module imports: {interface} is in one only; build it again"
    )]
    CapabilitiesDiffer {
        /// The first interface that is in one only.
        interface: String,
    },
    /// What the manifest asks for does not fit together.
    #[error("what the server asks for: {reason}: correct [package.metadata.smcp] in Cargo.toml")]
    Asks {
        /// What is wrong.
        reason: String,
    },
    /// The manifest asks for something that the module could not use.
    #[error(
        "the server asks for {what}, and its module does not import {interface}: use them, or do not ask for them"
    )]
    AsksUnused {
        /// Of what kind.
        what: &'static str,
        /// What would use it.
        interface: &'static str,
    },

    // ---- The module --------------------------------------------------------------------------
    /// There is too much of something.
    #[error("too many {}: {found}, where {limit} are allowed", .what.text().1)]
    TooMany {
        /// Of what.
        what: Limit,
        /// How many the package has, or had when counting stopped.
        found: u64,
        /// How many are allowed.
        limit: u64,
    },
    /// The module is not valid WebAssembly, or uses a proposal that this host does not have.
    #[error("not a valid module for this host, at byte {offset}: {reason}")]
    Invalid {
        /// Where in the file.
        offset: u64,
        /// What the validator says.
        reason: String,
    },
    /// The module has a start function.
    #[error("the module has a start function, which this host does not run: remove it")]
    StartFunction,
    /// An import is not a function.
    #[error("the import {interface} {name} is not a function: servers import functions only")]
    ImportKind {
        /// The module name of the import.
        interface: String,
        /// Its name.
        name: String,
    },
    /// An import is not in the contract.
    #[error("the import {interface} {name} is not in the contract: use the SDK's functions only")]
    ImportUnknown {
        /// The module name of the import.
        interface: String,
        /// Its name.
        name: String,
    },
    /// An import has another type than the contract gives it.
    #[error("the import {interface} {name} has not the type of the contract: build with the SDK")]
    ImportType {
        /// The interface.
        interface: String,
        /// The function.
        name: String,
    },
    /// An export is not one that a server may have.
    #[error("the export {name} is not one that a server may have: remove it")]
    ExportUnknown {
        /// Its name.
        name: String,
    },
    /// A server must export this and does not.
    #[error("the export {name} is missing: build the server with the SDK")]
    ExportMissing {
        /// Its name.
        name: String,
    },
    /// An export is of another kind or type than it must be.
    #[error("the export {name} has not the type of the contract: build with the SDK")]
    ExportType {
        /// Its name.
        name: String,
    },
    /// An imported function is exported again.
    #[error("the export {name} is an import handed on, which this host does not allow")]
    ExportedImport {
        /// Its name.
        name: String,
    },
    /// A function grows the table, whose result would depend on how the host slices computation.
    #[error("a function grows the table, at byte {offset}: this host does not allow it")]
    TableGrow {
        /// Where in the file.
        offset: u64,
    },

    // ---- Policy and records ------------------------------------------------------------------
    /// A policy allows more than the platform can.
    #[error(
        "the policy allows more than the platform can: {name} is {value}, the ceiling is {ceiling}"
    )]
    PolicyCeiling {
        /// Which limit.
        name: &'static str,
        /// What the policy says.
        value: u64,
        /// What it may say.
        ceiling: u64,
    },
    /// A record was made under another policy or by another version of the host.
    #[error("the module was admitted under another policy or version: admit it again")]
    RecordStale,
    /// The bytes are not those of the release that the record is about.
    #[error("the stored bytes are not those of release {release}: restore the module")]
    RecordMismatch {
        /// The release that the record names.
        release: Digest,
    },
}

impl PackageError {
    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAModule => "not_a_module",
            Self::Framing { .. } => "module_malformed",
            Self::Unsigned => "unsigned",
            Self::SignatureNotFirst => "signature_not_first",
            Self::SecondSignature => "signature_second_section",
            Self::Delimiter => "signature_delimiter",
            Self::SignatureMalformed => "signature_malformed",
            Self::SignatureNotCanonical => "signature_not_canonical",
            Self::SignatureKind => "signature_kind",
            Self::SignatureSets { .. } => "signature_sets",
            Self::SignatureHashes { .. } => "signature_hashes",
            Self::SignatureCount { .. } => "signature_count",
            Self::SignatureAlgorithm => "signature_algorithm",
            Self::KeyId => "signature_key_id",
            Self::HashMismatch { .. } => "signature_hash_mismatch",
            Self::NotTrusted => "publisher_not_trusted",
            Self::SignedTwice => "signed_twice",
            Self::AlreadySigned => "already_signed",
            Self::ManifestMissing => "manifest_missing",
            Self::ManifestTwice => "manifest_twice",
            Self::ManifestMalformed { .. } => "manifest_malformed",
            Self::ManifestFormat { .. } => "manifest_format",
            Self::AbiVersion { .. } => "abi_version",
            Self::Version => "release_version",
            Self::CatalogueNotAnObject => "catalogue_not_an_object",
            Self::CapabilitiesDiffer { .. } => "capabilities_differ",
            Self::Asks { .. } => "asks_invalid",
            Self::AsksUnused { .. } => "asks_unused",
            Self::TooMany { what, .. } => what.text().0,
            Self::Invalid { .. } => "module_invalid",
            Self::StartFunction => "start_function",
            Self::ImportKind { .. } => "import_kind",
            Self::ImportUnknown { .. } => "import_unknown",
            Self::ImportType { .. } => "import_type",
            Self::ExportUnknown { .. } => "export_unknown",
            Self::ExportMissing { .. } => "export_missing",
            Self::ExportType { .. } => "export_type",
            Self::ExportedImport { .. } => "exported_import",
            Self::TableGrow { .. } => "table_grow",
            Self::PolicyCeiling { .. } => "policy_ceiling",
            Self::RecordStale => "admission_record_stale",
            Self::RecordMismatch { .. } => "admission_record_mismatch",
        }
    }
}

impl From<wasmparser::BinaryReaderError> for PackageError {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self::Invalid {
            offset: error.offset() as u64,
            reason: error.message().to_owned(),
        }
    }
}

/// Refuses more than `limit` of something.
pub(crate) fn at_most(what: Limit, found: u64, limit: u64) -> Result<(), PackageError> {
    if found <= limit {
        Ok(())
    } else {
        Err(PackageError::TooMany { what, found, limit })
    }
}
