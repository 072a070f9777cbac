//! Where things are: in the repository, and in the user's cache.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The root of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// A path as the user gave it; a relative one is relative to the root, wherever they stand.
pub fn from_root(path: &Path) -> PathBuf {
    root().join(path)
}

/// What the Worker is built into: what `main` in wrangler.toml names.
pub fn build() -> PathBuf {
    root().join("build")
}

/// What outlives a clean build and is shared by all checkouts: `$XDG_CACHE_HOME/smcp`, or
/// `~/.cache/smcp`.
pub fn cache() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME").filter(|dir| !dir.is_empty()) {
        Some(dir) => PathBuf::from(dir),
        None => env::home_dir()
            .context("no home directory: set HOME")?
            .join(".cache"),
    };
    Ok(base.join("smcp"))
}

/// The Node.js that runs the tools: that of the lock file, since many machines have an older one.
pub fn node() -> PathBuf {
    root().join("node_modules/node/bin/node")
}

/// Where cargo builds: `CARGO_TARGET_DIR`, or `target`.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}
