#[derive(Default)]
struct Server;

smcp_sdk::serve!(Server);

fn main() {}
