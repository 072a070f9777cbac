//! `smcp sign` and `smcp verify`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use smcp_ids::PublisherKey;
use smcp_package::{PackageError, UntrustedPackage, cosign, sign, unsign};

use crate::failure::Failure;
use crate::keys::{read_public, read_secret};
use crate::local::{Local, widest_policy};
use crate::ui::Ui;
use crate::{files, ui};

/// Signs a package, in place unless --out is given.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp sign hello.wasm --key publisher.key
  smcp sign hello.wasm --key publisher.key --out signed.wasm
  smcp sign signed.wasm --key second.key --add

What no host would take is not signed.")]
pub(crate) struct Sign {
    /// The package that `smcp build` wrote
    #[arg(value_name = "MODULE")]
    module: PathBuf,
    /// The publisher's secret key, as `smcp keygen` writes it; several sign one after the other
    #[arg(long = "key", value_name = "FILE", required = true)]
    keys: Vec<PathBuf>,
    /// Where the signed package goes
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Add to the signatures that the package has
    #[arg(long, conflicts_with = "replace")]
    add: bool,
    /// Remove the signatures that the package has
    #[arg(long)]
    replace: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signed<'a> {
    release: String,
    signers: Vec<String>,
    signatures: usize,
    file: &'a Path,
    bytes: usize,
}

pub(crate) fn run_sign(args: &Sign, ui: Ui) -> Result<(), Failure> {
    let keys = args
        .keys
        .iter()
        .map(|path| read_secret(path, ui))
        .collect::<Result<Vec<_>, _>>()?;
    let package = files::read(&args.module)?;
    Local::load_under(&package, &widest_policy()?)?.check_publishable()?;
    let keys: Vec<_> = keys.iter().collect();
    let signed = if args.add {
        cosign(&package, &keys)?
    } else if args.replace {
        sign(&unsign(&package)?, &keys)?
    } else {
        sign(&package, &keys).map_err(|error| match error {
            PackageError::AlreadySigned => Failure::AlreadySigned(args.module.clone()),
            error => error.into(),
        })?
    };
    let parsed = UntrustedPackage::parse(signed.clone())?;
    let signatures = parsed.signature_count();
    let public: Vec<PublisherKey> = keys.iter().map(|key| key.public()).collect();
    let verified = parsed.verify(&public)?;
    let file = args.out.as_deref().unwrap_or(&args.module);
    files::write(file, &signed)?;
    let result = Signed {
        release: verified.release().to_string(),
        signers: public.iter().map(ToString::to_string).collect(),
        signatures,
        file,
        bytes: signed.len(),
    };
    ui.result(&result, || {
        let size = ui::bytes(signed.len() as u64);
        let signers = result.signers.join("\n         ");
        format!(
            "release  {}\nsigner   {signers}\nfile     {} ({size})",
            result.release,
            file.display()
        )
    })
}

/// Verifies that one of the given publishers signed a package, as strictly as a host does.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp verify hello.wasm --key publisher.key.pub
  smcp verify hello.wasm --key 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29

Exits with 0 if it is so, and with 1 if not.")]
pub(crate) struct Verify {
    /// The package
    #[arg(value_name = "MODULE")]
    module: PathBuf,
    /// A publisher's public key: 64 hexadecimal digits, or the file that holds it
    #[arg(long = "key", value_name = "PUB", required = true, num_args = 1..)]
    keys: Vec<String>,
}

#[derive(Serialize)]
struct Verified {
    release: String,
    signers: Vec<String>,
}

pub(crate) fn run_verify(args: &Verify, ui: Ui) -> Result<(), Failure> {
    let keys = args
        .keys
        .iter()
        .map(|key| read_public(key))
        .collect::<Result<Vec<_>, _>>()?;
    let package = UntrustedPackage::parse(files::read(&args.module)?)?.verify(&keys)?;
    let verified = Verified {
        release: package.release().to_string(),
        signers: package.signers().iter().map(ToString::to_string).collect(),
    };
    ui.result(&verified, || {
        format!(
            "release  {}\nsigner   {}",
            verified.release,
            verified.signers.join("\n         ")
        )
    })
}
