//! From a module to an admitted one and back again, and that nothing on the way panics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::prelude::*;
use smcp_ids::{Fuel, limits};
use smcp_package::{
    Admission, AdmissionRecord, AdmissionStep, AdmittedModule, AskedLimits, PackageError, Policy,
    PolicyLimits, capabilities, embed_manifest, inspect, strip_custom_sections,
};
use support::{
    CATALOGUE, IMPORTS, REQUIRED, USUAL, admit, admit_under, custom, module, package, publisher,
    server, sign_only, smallest, trusted, unsigned, usual, verify,
};

#[test]
fn a_good_package_is_admitted_as_what_it_is() {
    let package = usual();
    let admitted = admit(&package).unwrap();
    assert_eq!(admitted.bytes(), package);
    assert_eq!(admitted.release(), verify(&package).unwrap().release());
    assert_eq!(admitted.signers(), trusted());
    assert_eq!(admitted.manifest().catalogue(), CATALOGUE);
    let asked: Vec<_> = admitted.manifest().capabilities().collect();
    assert_eq!(asked, ["smcp:server/context@0.1.0"]);
    let limits = admitted.limits();
    assert_eq!(
        (limits.memory, limits.fuel),
        (limits::MEMORY_MAX, Fuel(limits::FUEL_MAX))
    );
}

#[test]
fn admission_goes_function_by_function_and_ends() {
    let package = package(&server(&"(func)".repeat(100)));
    let mut admission = Admission::start(verify(&package).unwrap(), &Policy::default()).unwrap();
    let mut steps = 0;
    let admitted = loop {
        let left = admission.functions_left();
        // No budget at all still looks at one.
        match admission.step(0).unwrap() {
            AdmissionStep::More(more) => {
                assert_eq!(more.functions_left(), left - 1);
                (admission, steps) = (more, steps + 1);
            }
            AdmissionStep::Done(admitted) => break admitted,
        }
    };
    assert_eq!(steps, 106);
    assert_eq!(admitted.record(), admit(&package).unwrap().record());
}

#[test]
fn a_server_is_given_what_it_asks_for_as_far_as_the_policy_allows() {
    let asked = AskedLimits {
        memory: Some(u64::MAX),
        fuel: Some(Fuel(5)),
        deadline_millis: None,
        output: Some(2 << 20),
    };
    let bare = server("");
    let manifest = support::manifest(&bare).with_limits(asked);
    let package = sign_only(&embed_manifest(&bare, &manifest).unwrap());
    let given = admit(&package).unwrap().limits();
    assert_eq!(given.memory, limits::MEMORY_MAX);
    assert_eq!(given.fuel, Fuel(5));
    assert_eq!(given.deadline_millis, limits::DEADLINE_MILLIS);
    assert_eq!(given.output, limits::OUTPUT_MAX);

    let generous = PolicyLimits {
        memory: limits::MEMORY_CEILING,
        output: limits::OUTPUT_CEILING,
        deadline_millis: 1_000,
        ..Default::default()
    };
    let given = admit_under(&package, &Policy::new(generous).unwrap())
        .unwrap()
        .limits();
    assert_eq!(given.memory, limits::MEMORY_CEILING);
    assert_eq!(given.output, 2 << 20);
    assert_eq!(given.deadline_millis, 1_000);
}

#[test]
fn every_limit_of_a_policy_has_its_ceiling() {
    let good = PolicyLimits::default();
    let cases = [
        PolicyLimits {
            package: limits::PACKAGE_CEILING + 1,
            ..good
        },
        PolicyLimits {
            function_body: limits::FUNCTION_BODY_CEILING + 1,
            ..good
        },
        PolicyLimits {
            memory: limits::MEMORY_CEILING + 1,
            ..good
        },
        PolicyLimits {
            fuel: Fuel(limits::FUEL_CEILING + 1),
            ..good
        },
        PolicyLimits {
            deadline_millis: limits::DEADLINE_CEILING_MILLIS + 1,
            ..good
        },
        PolicyLimits {
            output: limits::OUTPUT_CEILING + 1,
            ..good
        },
    ];
    for limits in cases {
        assert_eq!(
            Policy::new(limits).unwrap_err().code(),
            "policy_ceiling",
            "{limits:?}"
        );
        let json = serde_json::to_string(&limits).unwrap();
        assert!(serde_json::from_str::<Policy>(&json).is_err());
    }
    let json = serde_json::to_string(&Policy::default()).unwrap();
    assert_eq!(
        serde_json::from_str::<Policy>(&json).unwrap(),
        Policy::default()
    );
    assert_eq!(
        serde_json::from_str::<Policy>("{}").unwrap(),
        Policy::default()
    );
}

#[test]
fn every_limit_of_a_policy_is_in_its_digest() {
    let good = PolicyLimits::default();
    let others = [
        PolicyLimits { package: 1, ..good },
        PolicyLimits {
            function_body: 1,
            ..good
        },
        PolicyLimits { memory: 1, ..good },
        PolicyLimits {
            fuel: Fuel(1),
            ..good
        },
        PolicyLimits {
            deadline_millis: 1,
            ..good
        },
        PolicyLimits { output: 1, ..good },
    ];
    let mut digests = std::collections::HashSet::from([Policy::default().digest()]);
    for limits in others {
        assert!(
            digests.insert(Policy::new(limits).unwrap().digest()),
            "{limits:?}"
        );
    }
}

// ---- Admitting again -------------------------------------------------------------------------

/// The record as it comes back from storage.
fn stored(admitted: &AdmittedModule) -> AdmissionRecord {
    postcard::from_bytes(&postcard::to_allocvec(admitted.record()).unwrap()).unwrap()
}

#[test]
fn what_was_admitted_is_admitted_again_by_its_record() {
    let policy = Policy::default();
    let first = admit(&usual()).unwrap();
    let again = AdmittedModule::readmit(usual(), &stored(&first), &policy).unwrap();
    assert_eq!(again.record(), first.record());
    assert_eq!(again.bytes(), first.bytes());
    assert_eq!(again.manifest(), first.manifest());
}

#[test]
fn a_record_of_other_rules_is_void() {
    let record = stored(&admit(&usual()).unwrap());
    let other = PolicyLimits {
        fuel: Fuel(1),
        ..Default::default()
    };
    let refused = AdmittedModule::readmit(usual(), &record, &Policy::new(other).unwrap());
    assert_eq!(refused.unwrap_err(), PackageError::RecordStale);
    let old = AdmissionRecord {
        admitted_by: "0.0.9+admission.1".into(),
        ..record
    };
    let refused = AdmittedModule::readmit(usual(), &old, &Policy::default());
    assert_eq!(refused.unwrap_err(), PackageError::RecordStale);
}

#[test]
fn stored_bytes_that_were_altered_are_refused() {
    let record = stored(&admit(&smallest()).unwrap());
    let policy = Policy::default();
    let good = smallest();
    for byte in 0..good.len() {
        let mut altered = good.clone();
        altered[byte] ^= 1;
        let readmitted = AdmittedModule::readmit(altered, &record, &policy);
        // The signature itself was verified when the record was made, and the record names the signers;
        // its bytes mean nothing now. Everything else is refused.
        let signature = 8 + 2 + 10 + 43..8 + 2 + 10 + 107;
        let key_id = 8 + 2 + 10 + 40;
        assert!(
            signature.contains(&byte) || byte == key_id || readmitted.is_err(),
            "byte {byte}"
        );
    }
    let other = AdmittedModule::readmit(usual(), &record, &policy);
    assert_eq!(
        other.unwrap_err(),
        PackageError::RecordMismatch {
            release: record.release
        }
    );
}

#[test]
fn a_release_wrapped_by_others_is_readmitted_with_the_signers_of_the_record() {
    let first = admit(&smallest()).unwrap();
    let more = smcp_package::cosign(&smallest(), &[&support::stranger()]).unwrap();
    let again = AdmittedModule::readmit(more, &stored(&first), &Policy::default()).unwrap();
    assert_eq!(again.signers(), [publisher().public()]);
}

// ---- Writing and inspecting ------------------------------------------------------------------

#[test]
fn stripping_leaves_what_runs() {
    let bare = module(&[IMPORTS, REQUIRED, USUAL]);
    let dressed = [
        &custom("name", b"x"),
        &bare[8..],
        &custom("producers", b"y"),
    ]
    .concat();
    let dressed = [b"\0asm\x01\0\0\0", dressed.as_slice()].concat();
    assert_eq!(strip_custom_sections(&dressed).unwrap(), bare);
    assert_eq!(strip_custom_sections(&usual()).unwrap(), bare);
    assert!(strip_custom_sections(b"text").is_err());
}

#[test]
fn an_inspection_says_what_is_there() {
    let summary = inspect(&usual()).unwrap();
    assert_eq!(summary.signatures, 1);
    assert_eq!(
        summary.claimed_release,
        Some(verify(&usual()).unwrap().release())
    );
    assert_eq!(summary.manifest, Some(("echo".into(), "1.2.0".into())));
    assert_eq!(summary.imports.len(), 6);
    assert_eq!(summary.imports[0], "smcp:server/context@0.1.0#log");
    assert!(summary.exports.contains(&"memory (not a function)".into()));
    assert_eq!(summary.memory_pages, Some((1, None)));
    assert_eq!(
        summary
            .sections
            .iter()
            .map(|section| section.bytes)
            .sum::<usize>()
            + 8,
        summary.bytes
    );
    assert_eq!(summary.sections[0].name, "\"signature\"");
    assert_eq!(inspect(&unsigned(&server(""))).unwrap().signatures, 0);
    assert_eq!(inspect(b"text").unwrap_err(), PackageError::NotAModule);
    assert_eq!(capabilities(b"text").unwrap_err(), PackageError::NotAModule);
}

// ---- Anything --------------------------------------------------------------------------------

/// Everything that takes bytes, one after the other: it must come back.
fn everything(module: &[u8]) {
    let _ = inspect(module);
    let _ = capabilities(module);
    let _ = strip_custom_sections(module);
    let manifest = support::manifest(&server(""));
    let Ok(package) = embed_manifest(module, &manifest) else {
        return;
    };
    let _ = admit(&sign_only(&package));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn arbitrary_modules_do_no_harm(bytes: Vec<u8>) {
        everything(&bytes);
        everything(&[b"\0asm\x01\0\0\0", bytes.as_slice()].concat());
    }

    #[test]
    fn a_signed_module_with_altered_bytes_does_no_harm(
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<usize>()),
    ) {
        let mut bytes = module(&[IMPORTS, REQUIRED, USUAL, FUNCTIONS]);
        for (at, byte) in changes {
            let at = 8 + at % (bytes.len() - 8);
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(8 + cut % (bytes.len() - 8));
        }
        everything(&bytes);
    }

    #[test]
    fn a_function_of_arbitrary_bytes_does_no_harm(body in prop::collection::vec(any::<u8>(), 0..64)) {
        use wasm_encoder::{CodeSection, FunctionSection, Module, TypeSection, ValType};
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32], [ValType::I32]);
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut code = CodeSection::new();
        code.raw(&[&[0], body.as_slice()].concat());
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&code);
        everything(&module.finish());
    }
}

/// Functions whose bytes are worth altering.
const FUNCTIONS: &str = r#"
    (func (param i32 i64) (result i64) (local f64 i32)
        block (result i64)
            loop
                local.get 0 if local.get 1 br 2 else i64.const 7 br 2 end
                local.get 3 br_table 0 0 0
            end
            i64.const 1 local.get 0 br_if 0
        end
        local.tee 1 i64.eqz call_indirect (param) i32.const 0 i32.load offset=8 local.set 0
        i32.const 0 i32.const 1 i32.const 2 memory.fill
        i64.const 5)
"#;
