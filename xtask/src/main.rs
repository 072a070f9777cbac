//! `cargo xtask`: all chores of this repository. `cargo xtask --help` lists them.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};
use smcp_ids::limits::ADMIN_TOKEN_MIN;
use smcp_xtask::{
    bench, build, conformance, cost, coverage, demo, deny, deploy, dev, fuzz, paths, smoke, soak,
    spec, test, tidy,
};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "All chores of this repository", version)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Measure what the host costs, side by side with an empty Durable Object and the usual servers.
    ///
    /// All on workerd, in one run of some minutes on a machine that does nothing else. Says which
    /// budgets are kept; fails only if something cannot be measured.
    Bench {
        /// Take a fraction of the time: shows that it works, not how fast it is.
        #[arg(long)]
        quick: bool,
        /// Print JSON instead of tables. It is also left in target/bench/report.json.
        #[arg(long)]
        json: bool,
    },
    /// Build the Worker into build/: both wasm modules and the JavaScript around them.
    ///
    /// Installs the tools it needs on first use: the wasm target, wasm-bindgen, the npm packages.
    Build {
        /// Skip optimisation and keep names, for legible traces.
        #[arg(long)]
        debug: bool,
    },
    /// Run the official conformance suite against the example server `everything` on workerd.
    ///
    /// Fails unless every check succeeds, and every one that tests/conformance lists is made.
    Conformance {
        /// Which protocol the suite speaks; one after the other, if none is given.
        #[arg(long, value_enum)]
        era: Option<conformance::Era>,
        /// Run this scenario; may be given several times. All there are, if none is given.
        #[arg(long, value_name = "NAME")]
        scenario: Vec<String>,
        /// Print JSON instead of a table.
        #[arg(long)]
        json: bool,
        /// Add the checks that succeed to the list of those that must.
        #[arg(long)]
        accept: bool,
        /// Take the Worker that is in build/ as it is.
        #[arg(long)]
        built: bool,
    },
    /// Reckon what stated loads cost on the platform in a month, by its prices and what the bench measured.
    Cost {
        /// A file of loads, in the form of deploy/cost/loads.toml.
        #[arg(long, value_name = "FILE")]
        loads: Option<PathBuf>,
        /// Print JSON instead of tables.
        #[arg(long)]
        json: bool,
        /// Put the tables into docs/operations.md.
        #[arg(long, conflicts_with_all = ["json", "loads"])]
        write: bool,
    },
    /// Measure how many lines of the crates that keep tenants safe their own tests run.
    ///
    /// Fails if a test does, or under 90 % of one of them: auth, capability, crypto, package, sandbox, tape.
    Coverage {
        /// Name the lines that no test runs.
        #[arg(long)]
        missing: bool,
    },
    /// Show the whole path: build the host, run it, publish the examples, call them.
    ///
    /// Then it keeps serving, and says how to connect a client.
    Demo {
        /// End after the calls; the exit code says whether all were right.
        #[arg(long)]
        once: bool,
    },
    /// Hold the dependencies against deny.toml: licences, sources, who may use what.
    ///
    /// Advisories too, where their database can be reached; says so where it cannot.
    Deny,
    /// Deploy to Cloudflare with wrangler, as docs/deploy.md says.
    ///
    /// Takes the secrets from SMCP_MASTER_KEYS and SMCP_ADMIN_TOKEN; makes the bucket and the KV
    /// namespace if they are not there. Ends with what `smoke` does, at the new address.
    Deploy {
        /// The environment: an `[env.NAME]` of wrangler.toml.
        #[arg(long, value_name = "NAME")]
        env: String,
        /// Build and check everything, say what would be made, and ask nobody.
        #[arg(long)]
        dry_run: bool,
        /// Set no secrets: the deployment has them.
        #[arg(long)]
        keep_secrets: bool,
        /// Deploy although there are changes that are not committed.
        #[arg(long)]
        allow_dirty: bool,
        /// Where the smoke call goes, if wrangler does not say it.
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// End without the smoke call.
        #[arg(long)]
        no_smoke: bool,
        /// Print what was deployed and found as JSON; all else goes to standard error.
        #[arg(long)]
        json: bool,
    },
    /// Look whether a platform works: publish the example `hello` in the tenant `smoke` and call it as clients do.
    ///
    /// Takes the admin's token from SMCP_TOKEN. Says what failed and what to look at; leaves no key, publisher or
    /// server behind.
    Smoke {
        /// The platform's address, without a path.
        #[arg(long, value_name = "URL")]
        url: String,
        /// Wait for this version, which `wrangler deploy` printed and /healthz says.
        #[arg(long, value_name = "ID")]
        version: Option<String>,
        /// For so many seconds, if it does not answer yet.
        #[arg(long, value_name = "SECONDS", default_value_t = 30)]
        wait: u64,
        /// Print JSON instead of lines.
        #[arg(long)]
        json: bool,
    },
    /// Give random inputs to what must hold for any bytes, one target after the other.
    ///
    /// Fails if an input breaks something; it is left in fuzz/artifacts. `cargo fuzz run TARGET` goes on
    /// from the same inputs without an end.
    Fuzz {
        /// abi, frame, package, tape or token; all of them, if none is given.
        target: Option<String>,
        /// How long each.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Watch memory with the address sanitizer too: slower, and with unstable features of the toolchain.
        #[arg(long)]
        addresses: bool,
        /// Only write the inputs to begin with anew, into fuzz/corpus.
        #[arg(long)]
        seeds: bool,
    },
    /// Long and random tests on workerd, with a seed.
    Soak {
        /// About a minute.
        #[arg(long, conflicts_with = "minutes")]
        quick: bool,
        /// Repeat the choices of an earlier run.
        #[arg(long)]
        seed: Option<u64>,
        /// How long.
        #[arg(long, default_value_t = 10)]
        minutes: u64,
        /// How often the runtime is killed under key-value storage: 200 times, or for 15 seconds if quick.
        #[arg(long)]
        kills: Option<u32>,
    },
    /// Print the specification's clauses that bind a server: where each is obeyed, which test shows it.
    ///
    /// Fails if a place or a test that is named in docs/spec is gone.
    Spec {
        /// Print JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Run every test there is, but the soak.
    ///
    /// Builds the host and sees to all tools first: no test is skipped.
    Test {
        /// Passed on to `cargo test`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        filter: Vec<String>,
    },
    /// Check the house rules: edges, head comments, the contract, error codes, the specification's clauses, lock files.
    Tidy,
    /// Build, and run the Worker on this machine until interrupted.
    Dev {
        /// The port on 127.0.0.1; 0 takes any that is free.
        #[arg(long, default_value_t = 8787)]
        port: u16,
        /// Where storage is kept between runs.
        #[arg(long, value_name = "DIR", default_value = ".smcp/dev")]
        state: PathBuf,
        /// The token of the admin API; a random one is made and printed if none is given.
        #[arg(long, env = "SMCP_ADMIN_TOKEN", hide_env_values = true)]
        admin_token: Option<String>,
        /// Browser origins that may call, separated by commas.
        #[arg(long, default_value = "")]
        allowed_origins: String,
        /// Let requests provoke faults of the host, as the tests do.
        #[arg(long)]
        provoke_faults: bool,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> Result<()> {
    match chore {
        Chore::Bench { quick, json } => bench::run(quick, json),
        Chore::Build { debug } => {
            let built = build::build(if debug {
                build::Mode::Debug
            } else {
                build::Mode::Release
            })?;
            built.print_sizes()
        }
        Chore::Conformance {
            era,
            scenario,
            json,
            accept,
            built,
        } => conformance::run(&conformance::Options {
            era,
            scenarios: scenario,
            json,
            accept,
            built,
        }),
        Chore::Cost { loads, json, write } => cost::run(loads.as_deref(), json, write),
        Chore::Coverage { missing } => coverage::run(missing),
        Chore::Deny => deny::run(),
        Chore::Demo { once } => demo::run(once, &interruptions()?),
        Chore::Deploy {
            env,
            dry_run,
            keep_secrets,
            allow_dirty,
            url,
            no_smoke,
            json,
        } => deploy::run(&deploy::Options {
            env,
            dry_run,
            keep_secrets,
            allow_dirty,
            url,
            no_smoke,
            json,
        }),
        Chore::Smoke {
            url,
            version,
            wait,
            json,
        } => {
            let token = std::env::var("SMCP_TOKEN").unwrap_or_default();
            if token.trim().is_empty() {
                bail!("SMCP_TOKEN is not set: it is the token of the platform's admin");
            }
            let wait = Duration::from_secs(wait);
            deploy::called(
                &smoke::Options {
                    url,
                    token,
                    version,
                    wait,
                },
                json,
            )
        }
        Chore::Fuzz { seeds: true, .. } => fuzz::seeds(),
        Chore::Fuzz {
            target,
            seconds,
            addresses,
            ..
        } => fuzz::run(&fuzz::Options {
            target,
            seconds,
            addresses,
        }),
        Chore::Soak {
            quick,
            seed,
            minutes,
            kills,
        } => soak::run(quick, seed, minutes, kills),
        Chore::Spec { json } => spec::run(&paths::root(), json),
        Chore::Test { filter } => test::run(&filter),
        Chore::Tidy => tidy::run(&paths::root()),
        Chore::Dev {
            port,
            state,
            admin_token,
            allowed_origins,
            provoke_faults,
        } => {
            build::build(build::Mode::Release)?;
            let (admin_token, made) = match admin_token {
                Some(token) if token.len() < ADMIN_TOKEN_MIN => {
                    bail!(
                        "the admin token has less than {ADMIN_TOKEN_MIN} characters, and could be guessed"
                    )
                }
                Some(token) => (token, false),
                None => (dev::random_hex(16)?, true),
            };
            serve(
                dev::Options {
                    outbound: None,
                    stale_kv: None,
                    faults: false,
                    request_log: "failures".to_owned(),
                    port,
                    state: paths::from_root(&state),
                    admin_token,
                    allowed_origins,
                    provoke_faults,
                    log: None,
                },
                made,
            )
        }
    }
}

/// Runs until a signal comes or the runtime ends by itself.
fn serve(options: dev::Options, show_token: bool) -> Result<()> {
    let interrupted = interruptions()?;
    let token = options.admin_token.clone();
    let mut running = dev::start(options)?;
    println!("ready {}", running.url());
    if show_token {
        println!("admin token {token}");
    }
    running.wait(&interrupted)
}

/// Says when this process is asked to end.
fn interruptions() -> Result<mpsc::Receiver<()>> {
    let (interrupt, interrupted) = mpsc::channel();
    ctrlc::set_handler(move || {
        // The receiver is gone only when we are ending already.
        let _ = interrupt.send(());
    })?;
    Ok(interrupted)
}
