use smcp_sdk::{Context, tool, tool_router};

#[derive(Default)]
struct Server;

#[tool_router(server_handler)]
impl Server {
    /// Reads clocks.
    #[tool]
    fn clocks(&self) -> String {
        let _ = std::time::Instant::now();
        format!("{:?}", std::time::SystemTime::now())
    }

    /// Starts threads, and waits for them.
    #[tool]
    fn threads(&self) {
        let thread = std::thread::spawn(|| {});
        std::thread::sleep(std::time::Duration::from_secs(1));
        let _ = thread.join();
    }

    /// Opens sockets.
    #[tool]
    fn sockets(&self) -> String {
        match std::net::TcpStream::connect("127.0.0.1:80") {
            Ok(_) => "yes".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    /// Reads files.
    #[tool]
    fn files(&self) -> std::io::Result<String> {
        std::fs::read_to_string("/etc/hosts")
    }

    /// Does it right.
    #[tool]
    fn right(&self, ctx: &Context) -> u64 {
        ctx.now_millis()
    }
}

fn main() {}
