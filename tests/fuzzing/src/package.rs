//! Packages: what anybody may send, and what a trusted publisher may have signed.
//!
//! The first byte says what the rest is: `m` a module with its manifest and `g` the description of a module, which are signed
//! here, so that what lies behind the signature is reached; `j` a manifest, put into a good module; `a` alterations of a good
//! package. Anything else is a package as it is. None that we have not signed may ever be taken for signed.

use std::sync::OnceLock;

use arbitrary::Unstructured;
use smcp_crypto::sha256;
use smcp_ids::{Fuel, limits};
use smcp_package::{
    Admission, AdmissionStep, AdmittedModule, MANIFEST_SECTION, Manifest, PackageError, Policy,
    UntrustedPackage, VerifiedPackage, capabilities, cosign, inspect, sign, unsign,
};
use smcp_sandbox::{Bounds, Entry, LoadedModule};
use wasm_encoder::{CustomSection, Section};

use crate::guest::{ASKS, ECHO, described, module, publisher, signed, verified};
use crate::{Seed, Target, run, smith};

pub(crate) const TARGET: Target = Target {
    name: "package",
    check,
    stages: &[
        "nothing",
        "not framed",
        "not ours",
        "unsigned",
        "no manifest",
        "not a manifest",
        "another manifest",
        "not altered",
        "altered",
        "not started",
        "not admitted",
        "admitted",
    ],
    seeds,
};

/// The length of the header of a module, which no signature covers.
const HEADER: usize = 8;

fn check(input: &[u8]) -> &'static str {
    match input.split_first() {
        None => "nothing",
        Some((b'm', rest)) => ours(signed(rest)),
        Some((b'g', rest)) => match smith::module(&mut Unstructured::new(rest)) {
            Ok(module) => ours(described(&module).and_then(|module| signed(&module))),
            Err(_) => "not framed",
        },
        Some((b'j', rest)) => manifest(rest),
        Some((b'a', rest)) => altered(rest),
        Some(_) => strangers(input),
    }
}

/// A package that anybody sent.
fn strangers(bytes: &[u8]) -> &'static str {
    // What reads a package without trusting it may say no, and nothing else.
    let _ = (
        inspect(bytes),
        capabilities(bytes),
        cosign(bytes, &[&publisher()]),
    );
    let package = match UntrustedPackage::parse(bytes.to_vec()) {
        Ok(package) => package,
        Err(PackageError::Unsigned) => return "unsigned",
        Err(_) => return "not framed",
    };
    assert!((1..=limits::SIGNATURES_MAX).contains(&package.signature_count()));
    match package.verify(&[publisher().public()]) {
        Ok(verified) => {
            let signed = unsign(bytes).expect("it was framed");
            let is_ours = |own: &Vec<u8>| unsign(own).is_ok_and(|own| own == signed);
            assert!(packages().iter().any(is_ours), "forged");
            through(verified)
        }
        Err(_) => "not ours",
    }
}

/// What we have signed ourselves.
fn ours(package: Result<Vec<u8>, PackageError>) -> &'static str {
    match package {
        // What could not be framed cannot be signed, and what is signed verifies.
        Ok(package) if UntrustedPackage::parse(package.clone()).is_ok() => {
            through(verified(package).expect("we have signed it"))
        }
        _ => "not framed",
    }
}

/// A manifest in a good module.
fn manifest(json: &[u8]) -> &'static str {
    let Ok(parsed) = Manifest::parse(json) else {
        return "not a manifest";
    };
    assert_canonical(&parsed);
    let mut package = module(ECHO);
    let section = CustomSection {
        name: MANIFEST_SECTION.into(),
        data: json.into(),
    };
    section.append_to(&mut package);
    match ours(signed(&package)) {
        // Signed as it is: another text of the same manifest is another release.
        "admitted" => "another manifest",
        stage => stage,
    }
}

/// One text says what a manifest says, and reading it gives the same.
fn assert_canonical(manifest: &Manifest) {
    // None, if JSON has to write some of its characters at greater length.
    let Ok(json) = manifest.to_json() else { return };
    let again = Manifest::parse(&json).expect("what was written is read");
    assert!(again == *manifest, "it is read as another manifest");
    assert_eq!(again.to_json(), Ok(json), "it is written in two ways");
}

/// A good package with other bytes in some places: never taken for signed.
fn altered(edits: &[u8]) -> &'static str {
    let good = &packages()[0];
    let mut bytes = good.clone();
    for edit in edits.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % bytes.len();
        bytes[place] ^= edit[2];
    }
    // One byte more is left out at the end, or put there.
    match edits.chunks_exact(3).remainder() {
        [byte] => bytes.push(*byte),
        [_, _] => drop(bytes.pop()),
        _ => {}
    }
    if bytes == *good {
        return "not altered";
    }
    assert!(
        verified(bytes).is_err(),
        "an altered package was taken for signed"
    );
    "altered"
}

/// Through all that lies behind the signature.
fn through(verified: VerifiedPackage) -> &'static str {
    let bytes = verified.bytes().to_vec();
    let signed = unsign(&bytes).expect("it was framed");
    assert_eq!(verified.release(), sha256(&signed[HEADER..]));
    assert_eq!(verified.signers(), [publisher().public()]);
    match verified.manifest() {
        Ok(manifest) => assert_canonical(&manifest),
        Err(_) => return "no manifest",
    }
    let policy = Policy::default();
    let Ok(admission) = Admission::start(verified, &policy) else {
        return "not started";
    };
    let whole = admission.finish();
    assert_same(&whole, stepwise(&bytes, &policy));
    match whole {
        Ok(admitted) => loads(&admitted),
        Err(_) => "not admitted",
    }
}

/// The same, function by function.
fn stepwise(bytes: &[u8], policy: &Policy) -> Result<AdmittedModule, PackageError> {
    let mut admission = Admission::start(verified(bytes.to_vec())?, policy)?;
    loop {
        let left = admission.functions_left();
        match admission.step(0)? {
            AdmissionStep::More(more) => admission = more,
            AdmissionStep::Done(admitted) => return Ok(admitted),
        }
        assert!(admission.functions_left() < left, "admission stands still");
    }
}

fn assert_same(
    whole: &Result<AdmittedModule, PackageError>,
    steps: Result<AdmittedModule, PackageError>,
) {
    let whole = whole.as_ref().map(AdmittedModule::record);
    assert_eq!(whole, steps.as_ref().map(AdmittedModule::record));
}

/// What was admitted is known again by its record, says what it imports, and runs within its limits.
fn loads(admitted: &AdmittedModule) -> &'static str {
    let imported = capabilities(admitted.bytes()).expect("it was admitted");
    let said: Vec<_> = admitted
        .manifest()
        .capabilities()
        .map(str::to_owned)
        .collect();
    assert_eq!(imported.into_iter().collect::<Vec<_>>(), said);
    let bytes = admitted.bytes().to_vec();
    let again = AdmittedModule::readmit(bytes, admitted.record(), &Policy::default());
    assert_eq!(again.expect("it was admitted").record(), admitted.record());
    let limits = admitted.limits();
    assert!(limits.memory <= limits::MEMORY_MAX && limits.output <= limits::OUTPUT_MAX);
    assert!(limits.fuel <= Fuel(limits::FUEL_MAX));
    if LoadedModule::translate_all(admitted).is_err() {
        return "not admitted";
    }
    let loaded = LoadedModule::load(admitted).expect("it was translated");
    let bounds = Bounds {
        memory: limits.memory,
        fuel: Fuel(20_000).min(limits.fuel),
        output: limits.output,
    };
    run::run(
        &loaded,
        Entry::Describe,
        bounds,
        Fuel(1_000),
        &mut |_, request| panic!("describe was let ask {request:?}"),
    );
    "admitted"
}

/// What we have signed, and anybody may have seen.
fn packages() -> &'static [Vec<u8>] {
    static PACKAGES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let package = |wat| signed(&described(&module(wat)).expect("a module")).expect("signed");
        vec![package(ECHO), package(ASKS)]
    })
}

fn seeds() -> Vec<Seed> {
    let echo = described(&module(ECHO)).expect("a module");
    let good = Manifest::parse(&manifest_of(&echo)).expect("ours");
    let stranger = smcp_crypto::SigningKey::from_seed(&[8; 32]);
    let with = |mode: u8, rest: &[u8]| [&[mode], rest].concat();
    let other = String::from_utf8(good.to_json().expect("ours")).expect("JSON");
    let other = other.replace(
        r#""capabilities":[]"#,
        r#""capabilities":["smcp:server/kv@0.1.0"]"#,
    );
    let mut seeds = vec![
        ("nothing".to_owned(), Vec::new()),
        ("cut".to_owned(), packages()[0][..90].to_vec()),
        ("manifest-of-nothing".to_owned(), with(b'j', b"{}")),
        (
            "manifest-of-another".to_owned(),
            with(b'j', other.as_bytes()),
        ),
        ("unsigned".to_owned(), echo.clone()),
        ("echo".to_owned(), packages()[0].clone()),
        ("asks".to_owned(), packages()[1].clone()),
        (
            "cosigned".to_owned(),
            cosign(&packages()[0], &[&stranger]).expect("two may sign"),
        ),
        (
            "strangers".to_owned(),
            sign(&echo, &[&stranger]).expect("one may sign"),
        ),
        ("module".to_owned(), with(b'm', &echo)),
        (
            "module-without-manifest".to_owned(),
            with(b'm', &module(ECHO)),
        ),
        ("not-altered".to_owned(), with(b'a', &[])),
        ("altered".to_owned(), with(b'a', &[40, 0, 1])),
        ("longer".to_owned(), with(b'a', &[0])),
        ("shorter".to_owned(), with(b'a', &[0, 0])),
        (
            "manifest".to_owned(),
            with(b'j', &good.to_json().expect("ours")),
        ),
        (
            "manifest-of-all".to_owned(),
            with(b'j', FULL_MANIFEST.as_bytes()),
        ),
    ];
    seeds.extend(crate::seeds::found(
        &TARGET,
        b"g",
        &["not started", "not admitted", "admitted"],
        2,
    ));
    seeds
}

/// A manifest with every member that there is.
const FULL_MANIFEST: &str = r#"{"format":1,"abi":"0.1.0","name":"full","version":"1.2.3-rc.1+build","description":"All.",
"capabilities":[],"limits":{"memory":1048576,"fuel":1000000,"deadlineMillis":1000,"output":65536},"catalogue":"{\"tools\":[]}"}"#;

/// The manifest in a module.
fn manifest_of(module: &[u8]) -> Vec<u8> {
    let package = verified(signed(module).expect("framed")).expect("ours");
    package
        .manifest()
        .and_then(|manifest| manifest.to_json())
        .expect("it has one")
}
