//! `smcp-benches sandbox`: prints a table, or JSON with `--json`. Run it with `--release`.
//! `smcp-benches packages`: writes signed servers for `cargo xtask bench`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use smcp_benches::{packages, sandbox};

#[derive(Parser)]
#[command(about = "Benchmarks of the sandbox, natively and in V8", version)]
struct Arguments {
    #[command(subcommand)]
    suite: Suite,
}

#[derive(Subcommand)]
enum Suite {
    /// Instances, calls, compilation, admission. Fails if a budget is broken.
    Sandbox {
        /// Print JSON instead of a table; times are nanoseconds.
        #[arg(long)]
        json: bool,
        /// Measure so many times.
        #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u16).range(1..))]
        rounds: u16,
    },
    /// Writes servers whose lists are long, and one that notifies; prints whose signature they have.
    Packages {
        /// The directory; made if it is not there.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// How many servers with one tool, each another.
        #[arg(long, default_value_t = 1_000)]
        servers: usize,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().suite {
        Suite::Sandbox { json, rounds } => measure(json, usize::from(rounds)),
        Suite::Packages { out, servers } => packages::write(&out, servers).map(|publisher| {
            println!("{publisher}");
            true
        }),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("error: a budget is broken");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(json: bool, rounds: usize) -> Result<bool> {
    if cfg!(debug_assertions) {
        eprintln!("warning: this is not a release build; its native times mean nothing");
    }
    let report = sandbox::measure(rounds)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    Ok(report.passes())
}
