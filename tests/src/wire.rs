//! A wire between clients and a platform, which tests can cut: what was on it is lost, as when a network
//! fails, and neither end is asked. It knows nothing of HTTP, and takes new connections at once.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};

/// A wire to one port of this machine. It lasts as long as the process.
#[derive(Debug)]
pub struct Wire {
    from: u16,
    to: u16,
    ends: Arc<Mutex<Vec<TcpStream>>>,
}

impl Wire {
    /// A wire to where a URL of this machine leads.
    ///
    /// # Errors
    ///
    /// If the URL has no port, or there is none for the wire.
    pub fn to(url: &str) -> Result<Self> {
        let port = url.rsplit(':').next().unwrap_or_default();
        let port = port.split('/').next().unwrap_or_default();
        let to = port.parse().with_context(|| format!("no port in {url}"))?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let from = listener.local_addr()?.port();
        let ends = Arc::new(Mutex::new(Vec::new()));
        let wire = Self {
            from,
            to,
            ends: ends.clone(),
        };
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // Whoever connects while the platform is gone finds the connection closed.
                let _ = join(client, to, &ends);
            }
        });
        Ok(wire)
    }

    /// The same URL, over the wire.
    pub fn through(&self, url: &str) -> String {
        url.replace(&format!(":{}/", self.to), &format!(":{}/", self.from))
    }

    /// Cuts every connection that there is.
    pub fn cut(&self) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        for end in ends.drain(..) {
            // One that is closed already is cut.
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

/// Passes on what comes, both ways, until either end closes.
fn join(client: TcpStream, port: u16, ends: &Mutex<Vec<TcpStream>>) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", port))?;
    for end in [&client, &server] {
        end.set_nodelay(true)?;
        let mut ends = ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.push(end.try_clone()?);
    }
    pass(client.try_clone()?, server.try_clone()?);
    pass(server, client);
    Ok(())
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        // It ends when either is closed, whichever way.
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
