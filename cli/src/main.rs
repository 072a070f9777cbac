//! The `smcp` command. All of it is in the library, so that tests can reach its parts.

use std::process::ExitCode;

fn main() -> ExitCode {
    smcp_cli::main()
}
