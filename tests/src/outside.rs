//! Another host, as guests see it: one small server on this machine that plays all of them, for a platform
//! whose outbound requests lead there.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context, Result};

/// A request that came in.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// Its method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The fields, names in lower case. `host` is the name that the guest asked.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Received {
    /// The value of a field; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        let mut fields = self.headers.iter();
        fields
            .find(|(field, _)| field == name)
            .map_or("", |(_, value)| value)
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The fields, besides those of the connection.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer with a body and nothing else.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// The same with another field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The server. It listens until the process ends.
#[derive(Debug)]
pub struct Outside {
    port: u16,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Outside {
    /// Starts one that answers so; each request on a thread of its own.
    ///
    /// # Errors
    ///
    /// If there is no port for it.
    pub fn start(answer: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (answer, all) = (Arc::new(answer), received.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, all) = (answer.clone(), all.clone());
                // One whose client has gone has nobody to tell.
                thread::spawn(move || serve(stream, &*answer, &all).ok());
            }
        });
        Ok(Self { port, received })
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// All that has come in whole, in its order.
    pub fn received(&self) -> MutexGuard<'_, Vec<Received>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(
    stream: TcpStream,
    answer: &dyn Fn(&Received) -> Answer,
    all: &Mutex<Vec<Received>>,
) -> Result<()> {
    let mut reader = BufReader::new(stream);
    let request = read(&mut reader)?;
    all.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(request.clone());
    let Answer {
        status,
        headers,
        body,
    } = answer(&request);
    let mut head = format!("HTTP/1.1 {status} Answered\r\nconnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("content-length: {}\r\n\r\n", body.len());
    let mut stream = reader.into_inner();
    stream.write_all(head.as_bytes())?;
    if request.method != "HEAD" {
        stream.write_all(&body)?;
    }
    Ok(stream.flush()?)
}

fn read(reader: &mut impl BufRead) -> Result<Received> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let mut request = Received {
        method: words.next().context("no method")?.to_owned(),
        path: words.next().context("no path")?.to_owned(),
        ..Received::default()
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        let field = (name.to_ascii_lowercase(), value.trim().to_owned());
        request.headers.push(field);
    }
    if request.header("transfer-encoding") == "chunked" {
        request.body = chunks(reader)?;
    } else if let Ok(length) = request.header("content-length").parse() {
        reader.take(length).read_to_end(&mut request.body)?;
    }
    Ok(request)
}

fn chunks(reader: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim(), 16)?;
        reader.take(length).read_to_end(&mut body)?;
        reader.read_line(&mut line)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Ask;

    #[test]
    fn what_is_sent_is_received_and_answered() -> Result<()> {
        let outside =
            Outside::start(|request| Answer::new(201, request.body.clone()).with("x", "y"))?;
        let url = format!("http://127.0.0.1:{}/a?b", outside.port());
        let answer = Ask::new("POST", &url).header("q", "r").send(b"body")?;
        assert_eq!((answer.status, answer.text().as_str()), (201, "body"));
        let received = outside.received();
        assert_eq!(
            (received[0].path.as_str(), received[0].header("q")),
            ("/a?b", "r")
        );
        Ok(())
    }
}
