//! `smcp-benches sandbox`: prints a table, or JSON with `--json`. Run it with `--release`.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use smcp_benches::sandbox;

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
}

fn main() -> ExitCode {
    let Suite::Sandbox { json, rounds } = Arguments::parse().suite;
    match run(json, usize::from(rounds)) {
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

fn run(json: bool, rounds: usize) -> Result<bool> {
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
