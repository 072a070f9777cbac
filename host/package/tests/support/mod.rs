//! Valid packages to start from, and the short ways from bytes to an answer.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use smcp_crypto::SigningKey;
use smcp_ids::PublisherKey;
use smcp_package::{
    Admission, AdmittedModule, Manifest, PackageError, Policy, UntrustedPackage, VerifiedPackage,
    capabilities, embed_manifest, sign,
};

/// A catalogue whose exact bytes matter: the space and the order of members are kept.
pub const CATALOGUE: &str = r#"{ "tools": [{"name":"echo","inputSchema":{"type":"object"}}] }"#;

/// The key of the publisher who is trusted.
pub fn publisher() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

/// The key of somebody who is not.
pub fn stranger() -> SigningKey {
    SigningKey::from_seed(&[2; 32])
}

/// Whom the tests trust.
pub fn trusted() -> Vec<PublisherKey> {
    vec![publisher().public()]
}

/// Everything that a server must export.
pub const REQUIRED: &str = r#"
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
    (func (export "smcp:server/handler@0.1.0#describe") (result i32) i32.const 0)
    (func (export "smcp:server/handler@0.1.0#call-tool") (param i32 i32) (result i32) i32.const 0)
    (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32) i32.const 0)
    (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32) i32.const 0)
    (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32) i32.const 0)
"#;

/// What a server may export besides, and imports of all hosted kinds.
pub const USUAL: &str = r#"
    (global (export "__data_end") i32 (i32.const 1024))
    (global (export "__heap_base") i32 (i32.const 2048))
    (func (export "cabi_post_smcp:server/handler@0.1.0#call-tool") (param i32))
    (func (export "cabi_realloc_of_some_generator") (param i32) (result i32) local.get 0)
    (table 2 2 funcref)
    (elem (i32.const 0) 0 1)
    (data (i32.const 0) "hello")
"#;

/// All imports that are hosted.
pub const IMPORTS: &str = r#"
    (import "smcp:server/context@0.1.0" "log" (func (param i32 i32 i32 i32 i32 i32)))
    (import "smcp:server/context@0.1.0" "progress" (func (param f64 i32 f64 i32 i32 i32)))
    (import "smcp:server/context@0.1.0" "now" (func (result i64)))
    (import "smcp:server/context@0.1.0" "random" (func (param i32 i32)))
    (import "smcp:server/context@0.1.0" "sleep" (func (param i32)))
    (import "smcp:server/context@0.1.0" "who" (func (param i32)))
"#;

/// A module of these fields.
pub fn module(fields: &[&str]) -> Vec<u8> {
    wat::parse_str(format!("(module {})", fields.concat())).unwrap()
}

/// A module with everything that a server must export, and these fields after that.
pub fn server(fields: &str) -> Vec<u8> {
    module(&[REQUIRED, fields])
}

/// A module with imports, which must come first.
pub fn importing(imports: &str) -> Vec<u8> {
    module(&[imports, REQUIRED])
}

/// The manifest of a module.
pub fn manifest(module: &[u8]) -> Manifest {
    let capabilities = capabilities(module).unwrap();
    Manifest::new("echo".parse().unwrap(), "1.2.0", CATALOGUE, capabilities).unwrap()
}

/// The module with a manifest, not signed.
pub fn unsigned(module: &[u8]) -> Vec<u8> {
    embed_manifest(module, &manifest(module)).unwrap()
}

/// The module as a package that the trusted publisher signed.
pub fn package(module: &[u8]) -> Vec<u8> {
    sign(&unsigned(module), &[&publisher()]).unwrap()
}

/// The smallest package.
pub fn smallest() -> Vec<u8> {
    package(&server(""))
}

/// A package with all that is usual in one.
pub fn usual() -> Vec<u8> {
    package(&module(&[IMPORTS, REQUIRED, USUAL]))
}

/// Verifies under the trusted keys.
pub fn verify(package: &[u8]) -> Result<VerifiedPackage, PackageError> {
    UntrustedPackage::parse(package.to_vec())?.verify(&trusted())
}

/// Admits under the default policy.
pub fn admit(package: &[u8]) -> Result<AdmittedModule, PackageError> {
    admit_under(package, &Policy::default())
}

/// Admits under a policy.
pub fn admit_under(package: &[u8], policy: &Policy) -> Result<AdmittedModule, PackageError> {
    Admission::start(verify(package)?, policy)?.finish()
}

/// Why a module is refused when it is properly packed and signed.
pub fn refusal(module: &[u8]) -> PackageError {
    admit(&package(module)).map(|_| ()).unwrap_err()
}

/// Signs as the trusted publisher, whatever the bytes are.
pub fn sign_only(module: &[u8]) -> Vec<u8> {
    sign(module, &[&publisher()]).unwrap()
}

/// Where the contents of the signature section begin, after its head and name. Both of its lengths
/// have one byte in a package with one signature.
const CONTENTS: usize = 8 + 2 + 10;

/// The contents of the signature section of a package with one signature, and all bytes after it.
pub fn take_apart(package: &[u8]) -> (Vec<u8>, Vec<u8>) {
    assert_eq!(package[8], 0);
    assert_eq!(&package[10..CONTENTS], b"\x09signature");
    let end = 10 + usize::from(package[9]);
    (package[CONTENTS..end].to_vec(), package[end..].to_vec())
}

/// A custom section.
pub fn custom(name: &str, payload: &[u8]) -> Vec<u8> {
    use wasm_encoder::{CustomSection, Encode, Section};
    let section = CustomSection {
        name: name.into(),
        data: payload.into(),
    };
    let mut out = vec![section.id()];
    section.encode(&mut out);
    out
}

/// A package of this signature section and these bytes after it.
pub fn put_together(signature: &[u8], rest: &[u8]) -> Vec<u8> {
    [
        b"\0asm\x01\0\0\0",
        custom("signature", signature).as_slice(),
        rest,
    ]
    .concat()
}

/// Where things lie in the contents of a signature section with one signature and no key id.
pub mod at {
    pub const VERSION: usize = 0;
    pub const CONTENT: usize = 1;
    pub const HASH_KIND: usize = 2;
    pub const SETS: usize = 3;
    pub const SET_LENGTH: usize = 4;
    pub const HASHES: usize = 5;
    pub const HASH: usize = 6;
    pub const SIGNATURES: usize = 38;
    pub const LENGTH: usize = 39;
    pub const KEY_ID: usize = 40;
    pub const ALGORITHM: usize = 41;
    pub const SIGNATURE_LENGTH: usize = 42;
    pub const SIGNATURE: usize = 43;
    pub const END: usize = 107;
}

/// Makes the length of the set right, which takes two bytes once it is longer.
pub fn set_length(signature: &mut Vec<u8>) {
    let set = signature.len() - at::HASHES;
    let length = [0x80 | (set & 0x7f) as u8, (set >> 7) as u8];
    signature.splice(at::SET_LENGTH..at::HASHES, length);
}

/// Why a package is not verified.
pub fn answer(package: &[u8]) -> PackageError {
    verify(package)
        .map(|verified| verified.release())
        .unwrap_err()
}

/// The smallest package with its signature section altered.
pub fn altered(alter: impl FnOnce(&mut Vec<u8>)) -> PackageError {
    let (mut signature, rest) = take_apart(&smallest());
    assert_eq!(signature.len(), at::END);
    alter(&mut signature);
    answer(&put_together(&signature, &rest))
}

/// The code of the answer to a server with these fields added.
pub fn code(fields: &str) -> &'static str {
    refusal(&server(fields)).code()
}

/// The answer to a function with this body.
pub fn function(body: &str) -> PackageError {
    refusal(&server(&format!("(func (param i32) (result i32) {body})")))
}

/// Whether a server with these fields is admitted: the other side of a limit.
pub fn admitted(fields: &str) -> bool {
    admit(&package(&server(fields))).is_ok()
}
