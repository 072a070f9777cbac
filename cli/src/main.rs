//! The smcp command.
fn main() {}
