//! `cargo xtask deploy`, the real command, as far as it goes without the platform: what it refuses,
//! and its dry run. Nothing here asks anybody.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::process::Output;

use smcp_crypto::DEVELOPMENT_MASTER_KEY;
use smcp_tests::chore::chore;
use smcp_xtask::deploy::Config;
use smcp_xtask::setup;

const KEY: &str = "1:00000000000000000000000000000000000000000000000000000000000000a1";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn deploy(env: &str, flags: &[&str], keys: &str, token: &str) -> Output {
    chore(["deploy", "--env", env, "--dry-run"])
        .unwrap()
        .args(flags)
        .env("SMCP_MASTER_KEYS", keys)
        .env("SMCP_ADMIN_TOKEN", token)
        .env("WRANGLER_SEND_METRICS", "false")
        .env("CI", "1")
        .output()
        .unwrap()
}

#[track_caller]
fn refused(output: &Output, said: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{errors}");
    assert!(errors.contains(said), "{errors}");
}

#[test]
fn environments_differ_in_names_only_and_share_nothing() {
    setup::ready().unwrap();
    let names = Config::read("production").unwrap().names;
    assert_eq!(names, ["staging", "production"]);
    let read: Vec<Config> = names.iter().map(|env| Config::read(env).unwrap()).collect();
    for (env, config) in names.iter().zip(&read) {
        assert_eq!(config.worker, format!("smcp-{env}"));
        assert_eq!(config.buckets, [format!("smcp-{env}-modules")]);
        assert_eq!(
            config.bindings,
            [
                "OBJECTS HostObject",
                "MODULES",
                "SESSIONS",
                "VERSION",
                "ALLOWED_ORIGINS",
                "REQUEST_LOG"
            ]
        );
        assert_eq!(config.alike, read[0].alike);
    }
    let alike = &read[0].alike;
    // All slices of a call count towards one request, and a task may take the most that there is.
    assert_eq!(alike["cpu_ms"], 300_000);
    assert_eq!(alike["preview_urls"], false);
    assert_eq!(alike["observability"]["redact_query_string"], true);
    assert_eq!(alike["observability"]["logs"]["invocation_logs"], false);
}

#[test]
fn a_smoke_call_without_a_token_is_refused_before_anything_is_deployed() {
    let output = chore(["deploy", "--env", "production", "--keep-secrets"])
        .unwrap()
        .env_remove("SMCP_MASTER_KEYS")
        .env_remove("SMCP_ADMIN_TOKEN")
        .env_remove("SMCP_TOKEN")
        .output()
        .unwrap();
    refused(&output, "SMCP_TOKEN is not set");
}

#[test]
fn a_missing_master_key_is_refused() {
    let output = deploy("production", &[], "", TOKEN);
    refused(&output, "SMCP_MASTER_KEYS is not set");
}

#[test]
fn the_development_master_key_is_refused() {
    let output = deploy("production", &[], DEVELOPMENT_MASTER_KEY, TOKEN);
    refused(&output, "the development key");
}

#[test]
fn an_admin_token_that_could_be_guessed_is_refused() {
    let output = deploy("production", &[], KEY, "letmein");
    refused(&output, "could be guessed");
}

#[test]
fn an_environment_that_is_not_configured_is_refused() {
    let output = deploy("nowhere", &[], KEY, TOKEN);
    refused(&output, "wrangler.toml has no [env.nowhere]");
}

#[test]
fn a_dry_run_says_what_would_be_made_and_shows_no_secret() {
    for env in ["staging", "production"] {
        let output = deploy(env, &[], KEY, TOKEN);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success(), "{said}");
        for expected in [
            &format!("would make the bucket smcp-{env}-modules"),
            "would make a KV namespace for SESSIONS",
            &format!("would deploy the Worker smcp-{env}, and set its secrets"),
            "env.OBJECTS (HostObject)",
            &format!("env.MODULES (smcp-{env}-modules)"),
            "env.SESSIONS",
            "env.VERSION",
            "env.MASTER_KEYS (\"(hidden)\")",
            "env.ADMIN_TOKEN (\"(hidden)\")",
        ] {
            assert!(said.contains(expected), "no {expected} in {said}");
        }
        for secret in [&KEY[2..], TOKEN] {
            assert!(!said.contains(secret), "a secret in {said}");
        }
        // wrangler warns of what it does not take from above, or does not know.
        assert!(!said.contains("WARNING"), "{said}");
    }
}

#[test]
fn a_dry_run_can_leave_the_secrets_as_they_are() {
    let output = deploy("production", &["--keep-secrets"], "", "");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("the secrets stay as they are"), "{said}");
    assert!(!said.contains("MASTER_KEYS"), "{said}");
}
