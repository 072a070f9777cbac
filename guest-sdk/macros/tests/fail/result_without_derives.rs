use smcp_sdk::{Json, tool, tool_router};

#[derive(Default)]
struct Server;

struct Sum {
    sum: i64,
}

#[tool_router(server_handler)]
impl Server {
    /// Adds.
    #[tool]
    fn add(&self) -> Json<Sum> {
        Json(Sum { sum: 3 })
    }
}

fn main() {}
