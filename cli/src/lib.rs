//! The `smcp` command: for authors who build, sign and try servers, and for admins of a platform.
//!
//! Each command is a module with its arguments and what it does. The modules `call`, `run`, `build`
//! and `local` drive the same crates natively that a host is made of. Only here is anything performed:
//! files, programs, HTTP, the clock, randomness.
//!
//! ```text
//! new -> build -> call, replay, run -> keygen, sign, verify, inspect     on the author's machine
//! tenant, publisher, publish, grant, secret, config,
//! server, release, policy, key, limits, logs, tape,
//! usage, alerts, rotation                                                against a host's admin API
//! connect, verify-receipt                                                for whoever uses a client
//! ```

mod admin;
mod asks;
mod build;
mod call;
mod confidential;
mod connect;
mod failure;
mod files;
mod inspect;
mod keys;
mod local;
mod new;
mod outbound;
mod receipt;
mod report;
mod run;
mod setting;
mod sign;
mod store;
mod ui;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Args, FromArgMatches, Parser, Subcommand};

pub use failure::Failure;

use crate::ui::Ui;

/// Build, sign, try, publish and connect MCP servers that run as WebAssembly.
#[derive(Debug, Parser)]
#[command(name = "smcp", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
From nothing to a hosted server:
  smcp new hello && cd hello && cargo test
  smcp build
  smcp call hello.wasm greet '{\"name\": \"Ada\"}'
  smcp run hello.wasm      # what a desktop client starts
  smcp keygen --out publisher.key
  smcp sign hello.wasm --key publisher.key
  smcp publisher trust publisher.key.pub --tenant acme
  smcp publish hello.wasm --tenant acme --server hello
  smcp connect --client claude-code --tenant acme --server hello

Exit status:
  0  done
  1  refused or failed; standard error says why
  2  wrong usage
  3  the host cannot be reached
  4  the tool that was called failed

Environment:
  SMCP_HOST    the host's address
  SMCP_TOKEN   the platform's admin token, or an API key with a role: admin, publish or audit
  SMCP_TENANT  the tenant, where none is given and the token is no API key
  NO_COLOR     no colours, not even on a terminal")]
struct Cli {
    /// Print results, and errors, as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(new::New),
    Build(build::Build),
    Call(call::Run),
    Replay(call::Replay),
    Run(run::Serve),
    Inspect(inspect::Inspect),
    Keygen(keys::Keygen),
    Sign(sign::Sign),
    Verify(sign::Verify),
    Tenant(admin::TenantCommand),
    Rotation(admin::RotationCommand),
    Publisher(admin::PublisherCommand),
    Publish(admin::Publish),
    Server(admin::ServerCommand),
    Release(admin::ReleaseCommand),
    Config(admin::ConfigCommand),
    Grant(admin::GrantCommand),
    Secret(admin::SecretCommand),
    Key(admin::KeyCommand),
    Member(admin::MemberCommand),
    Provider(admin::ProviderCommand),
    Client(admin::ClientCommand),
    Connection(admin::ConnectionCommand),
    Origin(admin::OriginCommand),
    #[command(name = "oauth")]
    OAuth(admin::OAuthCommand),
    Limits(admin::LimitsCommand),
    Policy(admin::PolicyCommand),
    Audit(admin::AuditCommand),
    Logs(admin::Logs),
    Usage(admin::Usage),
    Alerts(admin::Alerts),
    Tape(admin::TapeCommand),
    Connect(connect::Connect),
    VerifyReceipt(receipt::VerifyReceipt),
}

/// Runs the command with the arguments of this process. Wrong usage ends the process at once, with 2.
pub fn main() -> ExitCode {
    let Cli { json, command } = Cli::parse();
    let ui = Ui { json };
    match command.run(ui) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            ui.failed(&failure);
            failure.exit().into()
        }
    }
}

/// Runs `smcp call` with these arguments in this process, where every name of another host stands for that address: for
/// tests, whose hosts have no public one. No option of the command leads here.
///
/// # Errors
///
/// What the command would exit with.
#[doc(hidden)]
pub fn call_with_hosts_at(args: &[&str], address: SocketAddr) -> Result<(), Failure> {
    let command = call::Run::augment_args(clap::Command::new("call").no_binary_name(true));
    let matches = command.try_get_matches_from(args);
    let run = matches.and_then(|matches| call::Run::from_arg_matches(&matches));
    let run = run.map_err(|error| Failure::Argument(error.to_string()))?;
    let fetcher = outbound::Fetcher::with(outbound::Everything(address));
    call::run_through(&run, fetcher, Ui { json: false })
}

impl Command {
    fn run(&self, ui: Ui) -> Result<(), Failure> {
        match self {
            Self::New(args) => new::run(args, ui),
            Self::Build(args) => build::run(args, ui),
            Self::Call(args) => call::run(args, ui),
            Self::Replay(args) => call::replay(args, ui),
            Self::Run(args) => run::run(args, ui),
            Self::Inspect(args) => inspect::run(args, ui),
            Self::Keygen(args) => keys::keygen(args, ui),
            Self::Sign(args) => sign::run_sign(args, ui),
            Self::Verify(args) => sign::run_verify(args, ui),
            Self::Tenant(command) => command.run(ui),
            Self::Rotation(command) => command.run(ui),
            Self::Publisher(command) => command.run(ui),
            Self::Publish(args) => admin::publish(args, ui),
            Self::Server(command) => command.run(ui),
            Self::Release(command) => command.run(ui),
            Self::Config(command) => command.run(ui),
            Self::Grant(command) => command.run(ui),
            Self::Secret(command) => command.run(ui),
            Self::Key(command) => command.run(ui),
            Self::Member(command) => command.run(ui),
            Self::Provider(command) => command.run(ui),
            Self::Client(command) => command.run(ui),
            Self::Connection(command) => command.run(ui),
            Self::Origin(command) => command.run(ui),
            Self::OAuth(command) => command.run(ui),
            Self::Limits(command) => command.run(ui),
            Self::Policy(command) => command.run(ui),
            Self::Audit(command) => command.run(ui),
            Self::Logs(args) => admin::logs(args, ui),
            Self::Usage(args) => admin::usage(args, ui),
            Self::Alerts(args) => admin::alerts(args, ui),
            Self::Tape(command) => command.run(ui),
            Self::Connect(args) => connect::run(args, ui),
            Self::VerifyReceipt(args) => receipt::run(args, ui),
        }
    }
}

/// Whether there is a command of that name.
#[cfg(test)]
fn knows(command: &str) -> bool {
    use clap::CommandFactory as _;
    Cli::command().find_subcommand(command).is_some()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_well_formed() {
        super::Cli::command().debug_assert();
    }
}
