//! Each wrong use of the macros gives an error that names the mend: one fixture each, with the
//! compiler's words beside it. The words are those of the toolchain that the workspace names; after
//! changing it, look at what `TRYBUILD=overwrite cargo test -p smcp-macros` writes.

#[test]
fn wrong_use_is_refused_with_the_mend() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/fail/*.rs");
    cases.pass("tests/pass/*.rs");
}
