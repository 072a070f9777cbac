//! Key files: a publisher's secret key, and its public key beside it.
//!
//! Two formats: our own, which is text, and that of `wasmsign2`, so that a key can be used with the
//! public tool for the signature format. A secret key is never printed and never overwritten.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use smcp_crypto::{SigningKey, check_publisher_key};
use smcp_ids::PublisherKey;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::files;
use crate::ui::{STRONG, Ui};

/// The line of our own format that holds the key.
const SECRET_LINE: &str = "smcp-secret-key: ";
/// How `wasmsign2` marks a public and a secret Ed25519 key.
const WASMSIGN2_PUBLIC: u8 = 0x01;
const WASMSIGN2_SECRET: u8 = 0x81;

/// How a key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text: the secret key in hexadecimal, and the public key likewise.
    Smcp,
    /// The binary files of the tool `wasmsign2`.
    Wasmsign2,
}

/// Makes a publisher's key: FILE, which only you may read, and FILE.pub.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp keygen --out publisher.key
  smcp publisher trust --tenant acme --name \"Ada\" $(cat publisher.key.pub)

Keep FILE secret and backed up: whoever has it can publish as you. It is never overwritten.")]
pub(crate) struct Keygen {
    /// Where the secret key goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How both keys are written
    #[arg(long, value_enum, default_value = "smcp")]
    format: Format,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made<'a> {
    public_key: String,
    secret_file: &'a Path,
    public_file: &'a Path,
}

pub(crate) fn keygen(args: &Keygen, ui: Ui) -> Result<(), Failure> {
    let seed = random::<32>()?;
    let key = SigningKey::from_seed(&seed);
    let (secret, public) = encode(args.format, &seed, key.public());
    let public_file = with_suffix(&args.out, ".pub");
    // Asked before anything is written: else a secret key would be left without its public one.
    if public_file.exists() {
        return Err(Failure::Exists(public_file));
    }
    files::create(&args.out, &secret, true)?;
    files::create(&public_file, &public, false)?;
    let made = Made {
        public_key: key.public().to_string(),
        secret_file: &args.out,
        public_file: &public_file,
    };
    ui.result(&made, || {
        let (secret, public) = (args.out.display(), public_file.display());
        format!(
            "{STRONG}{}{STRONG:#}\nsecret key: {secret}\npublic key: {public}",
            made.public_key
        )
    })
}

fn encode(format: Format, seed: &[u8; 32], public: PublisherKey) -> (Zeroizing<Vec<u8>>, Vec<u8>) {
    let mut secret = Zeroizing::new(Vec::with_capacity(256));
    match format {
        Format::Smcp => {
            secret.extend(
                b"# A secret key of an SMCP publisher: whoever has it can publish as you.\n",
            );
            secret.extend(SECRET_LINE.as_bytes());
            secret.extend(Zeroizing::new(hex::encode(seed)).as_bytes());
            secret.push(b'\n');
            (secret, format!("{public}\n").into_bytes())
        }
        Format::Wasmsign2 => {
            secret.push(WASMSIGN2_SECRET);
            secret.extend(seed);
            secret.extend(public.as_bytes());
            let public = [&[WASMSIGN2_PUBLIC], public.as_bytes().as_slice()].concat();
            (secret, public)
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Reads a secret key of either format, and warns if others may read it too.
pub(crate) fn read_secret(path: &Path, ui: Ui) -> Result<SigningKey, Failure> {
    let bytes = Zeroizing::new(files::read(path)?);
    let key = decode_secret(&bytes).ok_or_else(|| {
        let path = path.display();
        Failure::Key(format!(
            "{path} is not a secret key; make one with `smcp keygen --out FILE`"
        ))
    })?;
    if files::is_open_to_others(path) {
        ui.warn(format_args!(
            "others may read {0}; run `chmod 600 {0}`",
            path.display()
        ));
    }
    Ok(key)
}

fn decode_secret(bytes: &[u8]) -> Option<SigningKey> {
    if let Some((&WASMSIGN2_SECRET, rest)) = bytes.split_first() {
        let (seed, public) = rest.split_first_chunk::<32>()?;
        let key = SigningKey::from_seed(seed);
        // The file holds both: a file that does not fit together is damaged.
        return (key.public().as_bytes() == public).then_some(key);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(SECRET_LINE))?;
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(line.trim(), seed.as_mut_slice()).ok()?;
    Some(SigningKey::from_seed(&seed))
}

/// A public key, given as 64 hexadecimal digits or as a file that holds one, in either format.
pub(crate) fn read_public(given: &str) -> Result<PublisherKey, Failure> {
    let key = match given.parse() {
        Ok(key) => key,
        Err(_) => {
            let path = Path::new(given);
            let bytes = files::read(path).map_err(|error| {
                Failure::Key(format!(
                    "{error}; give a public key as 64 hexadecimal digits, or its file"
                ))
            })?;
            decode_public(&bytes)
                .ok_or_else(|| Failure::Key(format!("{given} holds no public key")))?
        }
    };
    check_publisher_key(&key).map_err(|error| Failure::Key(format!("{given}: {error}")))?;
    Ok(key)
}

fn decode_public(bytes: &[u8]) -> Option<PublisherKey> {
    if let Some((&WASMSIGN2_PUBLIC, rest)) = bytes.split_first() {
        return rest.try_into().ok().map(PublisherKey::new);
    }
    std::str::from_utf8(bytes).ok()?.trim().parse().ok()
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, Failure> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(Failure::Random)?;
    Ok(bytes)
}

/// A key that is used for one run and kept nowhere.
pub(crate) fn throwaway() -> Result<SigningKey, Failure> {
    Ok(SigningKey::from_seed(&*random::<32>()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_is_read_as_it_was_written(seed: [u8; 32]) {
            let key = SigningKey::from_seed(&seed);
            for format in [Format::Smcp, Format::Wasmsign2] {
                let (secret, public) = encode(format, &seed, key.public());
                prop_assert_eq!(decode_secret(&secret).unwrap().public(), key.public());
                prop_assert_eq!(decode_public(&public), Some(key.public()));
            }
        }

        #[test]
        fn no_bytes_make_reading_a_key_panic(bytes: Vec<u8>) {
            let _ = (decode_secret(&bytes), decode_public(&bytes));
        }
    }

    #[test]
    fn a_damaged_key_is_none() {
        let seed = [7; 32];
        let public = SigningKey::from_seed(&seed).public();
        let (secret, _) = encode(Format::Wasmsign2, &seed, public);
        let mut other = secret.clone();
        other[1] ^= 1;
        let cut = &secret[..64];
        for bytes in [&other[..], cut, b"", b"smcp-secret-key: 07", b"\x81"] {
            assert!(decode_secret(bytes).is_none(), "{bytes:?}");
        }
    }
}
