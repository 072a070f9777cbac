//! Reading and writing files, so that nothing is left half written and nothing secret is readable
//! by others.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(Failure::file(path))
}

/// Writes a file that anybody may read, over one that is there: whole or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace(path, bytes, false)
}

/// Writes a file that only its owner may read, over one that is there: whole or not at all.
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace(path, bytes, true)
}

/// Writes a file that must not be there yet; a secret one only its owner may read.
pub(crate) fn create(path: &Path, bytes: &[u8], secret: bool) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    restrict(&mut options, secret);
    let mut file = options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::Exists(path.to_owned()),
        _ => Failure::file(path)(error),
    })?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // What is half written is worse than nothing; it was not there before.
        let _ = fs::remove_file(path);
        Failure::file(path)(error)
    })
}

/// Standard input, whole.
pub(crate) fn stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(Failure::Stdio)?;
    Ok(text)
}

/// Through a neighbour that takes the name when it is whole.
fn replace(path: &Path, bytes: &[u8], secret: bool) -> Result<(), Failure> {
    let neighbour = neighbour(path);
    create(&neighbour, bytes, secret)?;
    fs::rename(&neighbour, path).map_err(|error| {
        let _ = fs::remove_file(&neighbour);
        Failure::file(path)(error)
    })
}

fn neighbour(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions, secret: bool) {
    use std::os::unix::fs::OpenOptionsExt;
    if secret {
        options.mode(0o600);
    }
}

#[cfg(not(unix))]
fn restrict(_: &mut OpenOptions, _: bool) {}

/// Whether others than its owner may read a file.
#[cfg(unix)]
pub(crate) fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// Whether others than its owner may read a file: not known here.
#[cfg(not(unix))]
pub(crate) fn is_open_to_others(_: &Path) -> bool {
    false
}
