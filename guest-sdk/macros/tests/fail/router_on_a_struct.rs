use smcp_sdk::tool_router;

#[tool_router]
struct Server;

fn main() {}
