//! The two secrets of a deployment: read from the environment, refused if they would not protect.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use smcp_crypto::MasterKeys;
use smcp_ids::limits::ADMIN_TOKEN_MIN;

/// The variables that the secrets are read from.
pub(super) const MASTER_KEYS: &str = "SMCP_MASTER_KEYS";
pub(super) const ADMIN_TOKEN: &str = "SMCP_ADMIN_TOKEN";
/// What the Worker calls them.
pub(super) const SECRETS: [&str; 2] = ["MASTER_KEYS", "ADMIN_TOKEN"];

/// The secrets as the JSON that wrangler takes, or none if they are kept. `get` reads a variable.
pub(super) fn secrets(keep: bool, get: impl Fn(&str) -> Option<String>) -> Result<Option<String>> {
    let get = |name: &str| get(name).filter(|value| !value.trim().is_empty());
    let (keys, token) = (get(MASTER_KEYS), get(ADMIN_TOKEN));
    if keep {
        ensure!(
            keys.is_none() && token.is_none(),
            "--keep-secrets sets none, but {MASTER_KEYS} or {ADMIN_TOKEN} is set: leave one or the other away"
        );
        return Ok(None);
    }
    let keys = keys.with_context(|| {
        format!(
            "{MASTER_KEYS} is not set: for a new deployment make a key with \
             `echo 1:$(openssl rand -hex 32)` and keep a copy, since whoever loses it loses every \
             tenant's records; for one that has its secrets already, use --keep-secrets"
        )
    })?;
    let parsed: MasterKeys = keys
        .parse()
        .with_context(|| format!("{MASTER_KEYS} cannot be used"))?;
    ensure!(
        !parsed.is_development(),
        "{MASTER_KEYS} holds the development key, which everybody knows: make one with \
         `echo 1:$(openssl rand -hex 32)`"
    );
    let token = token.with_context(|| {
        format!("{ADMIN_TOKEN} is not set: make one with `openssl rand -hex 32`, and keep it")
    })?;
    ensure!(
        token.trim().len() >= ADMIN_TOKEN_MIN,
        "{ADMIN_TOKEN} has less than {ADMIN_TOKEN_MIN} characters, and could be guessed: \
         make one with `openssl rand -hex 32`"
    );
    let [keys_name, token_name] = SECRETS;
    Ok(Some(
        json!({ keys_name: keys.trim(), token_name: token.trim() }).to_string(),
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use smcp_crypto::DEVELOPMENT_MASTER_KEY;

    use super::*;

    const KEY: &str = "1:0000000000000000000000000000000000000000000000000000000000000001";
    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn given(keep: bool, keys: &str, token: &str) -> Result<Option<String>> {
        secrets(keep, |name| {
            let value = if name == MASTER_KEYS { keys } else { token };
            (!value.is_empty()).then(|| value.to_owned())
        })
    }

    #[test]
    fn secrets_that_would_not_protect_are_refused() {
        let both = format!("{KEY},{}", DEVELOPMENT_MASTER_KEY.replacen('1', "2", 1));
        for (keep, keys, token, said) in [
            (false, "", TOKEN, "SMCP_MASTER_KEYS is not set"),
            (false, " \n", TOKEN, "SMCP_MASTER_KEYS is not set"),
            (false, "1:abc", TOKEN, "SMCP_MASTER_KEYS cannot be used"),
            (false, DEVELOPMENT_MASTER_KEY, TOKEN, "the development key"),
            (false, &both, TOKEN, "the development key"),
            (false, KEY, "", "SMCP_ADMIN_TOKEN is not set"),
            (false, KEY, "hunter2", "could be guessed"),
            (true, KEY, "", "leave one or the other away"),
        ] {
            let error = format!("{:#}", given(keep, keys, token).unwrap_err());
            assert!(error.contains(said), "{keys:?} {token:?}: {error}");
            assert!(
                keys.is_empty() || !error.contains(keys),
                "a secret in {error}"
            );
        }
    }

    #[test]
    fn good_secrets_are_passed_on_and_kept_ones_are_not() {
        let json = given(false, &format!("{KEY}\n"), TOKEN).unwrap().unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json, json!({ "MASTER_KEYS": KEY, "ADMIN_TOKEN": TOKEN }));
        assert_eq!(given(true, "", "").unwrap(), None);
    }
}
