//! A kept-alive HTTP/1.1 connection that costs as little as can be: one write and, mostly, one read
//! for a request. Understands what workerd answers, and nothing more.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// No answer takes as long.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A connection, and the answer that came last.
#[derive(Debug)]
pub(super) struct Connection {
    origin: String,
    stream: TcpStream,
    /// What was read of the answer.
    input: Vec<u8>,
    head: usize,
    body: Vec<u8>,
}

impl Connection {
    /// Connects to an origin like `http://127.0.0.1:8787`.
    ///
    /// # Errors
    ///
    /// If nobody listens.
    pub(super) fn open(origin: &str) -> Result<Self> {
        let stream = TcpStream::connect(authority(origin))
            .with_context(|| format!("connecting to {origin}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self {
            origin: origin.to_owned(),
            stream,
            input: Vec::with_capacity(1 << 14),
            head: 0,
            body: Vec::new(),
        })
    }

    /// Connects anew: workerd closes connections that are not used for some seconds.
    ///
    /// # Errors
    ///
    /// If nobody listens.
    pub(super) fn renew(&mut self) -> Result<()> {
        *self = Self::open(&self.origin)?;
        Ok(())
    }

    /// Sends a request and reads the whole answer; gives its status.
    ///
    /// # Errors
    ///
    /// If the connection is cut, or what comes is not HTTP.
    pub(super) fn exchange(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request)?;
        self.input.clear();
        self.body.clear();
        self.head = loop {
            if let Some(end) = find(&self.input, b"\r\n\r\n") {
                break end + 4;
            }
            self.read_on()?;
        };
        if let Some(length) = self.header("content-length") {
            let end = self.head + length.parse::<usize>()?;
            while self.input.len() < end {
                self.read_on()?;
            }
            let body = self.input.get(self.head..end).unwrap_or_default();
            self.body.extend_from_slice(body);
        } else {
            ensure!(
                self.header("transfer-encoding") == Some("chunked"),
                "an answer of unknown length"
            );
            self.read_chunks()?;
        }
        let status = self.input.get(9..12).unwrap_or_default();
        Ok(std::str::from_utf8(status)?.parse()?)
    }

    /// The body of the answer.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// A header of the answer; `name` in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let head = std::str::from_utf8(self.input.get(..self.head)?).ok()?;
        head.lines().find_map(|line| {
            let (other, value) = line.split_once(':')?;
            other.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    fn read_chunks(&mut self) -> Result<()> {
        let mut at = self.head;
        loop {
            let rest = self.input.get(at..).unwrap_or_default();
            let Some(line) = find(rest, b"\r\n") else {
                self.read_on()?;
                continue;
            };
            let size = std::str::from_utf8(rest.get(..line).unwrap_or_default())?;
            let size = usize::from_str_radix(size.trim(), 16).context("a chunk's size")?;
            let start = at + line + 2;
            let end = start + size;
            while self.input.len() < end + 2 {
                self.read_on()?;
            }
            if size == 0 {
                return Ok(());
            }
            let chunk = self.input.get(start..end).unwrap_or_default();
            self.body.extend_from_slice(chunk);
            at = end + 2;
        }
    }

    fn read_on(&mut self) -> Result<()> {
        let mut piece = [0; 1 << 14];
        let read = self.stream.read(&mut piece)?;
        if read == 0 {
            bail!("the connection was closed");
        }
        self.input.extend(piece.iter().take(read));
        Ok(())
    }
}

/// A POST of JSON as bytes on the wire.
pub(super) fn post(origin: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut all = vec![
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
    ];
    all.extend_from_slice(headers);
    request("POST", origin, path, &all, body.as_bytes())
}

/// A request with a body as bytes on the wire.
pub(super) fn request(
    method: &str,
    origin: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<u8> {
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\n",
        authority(origin)
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    [head.as_bytes(), body].concat()
}

/// A GET as bytes on the wire.
pub(super) fn get(origin: &str, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", authority(origin)).into_bytes()
}

/// Host and port of an origin.
pub(super) fn authority(origin: &str) -> &str {
    origin.strip_prefix("http://").unwrap_or(origin)
}

/// Where something begins in bytes.
pub(super) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers each request on one connection with the next of the answers, byte by byte.
    fn answering(answers: &'static [&'static str]) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            for answer in answers {
                assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
                for byte in answer.bytes() {
                    stream.write_all(&[byte]).unwrap();
                }
            }
        });
        origin
    }

    #[test]
    fn answers_are_read_whole_however_they_are_framed_and_cut() {
        let origin = answering(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-One: a:b\r\n\r\nfirst",
            "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nsec\r\na\r\nond\r\nthird\r\n0\r\n\r\n",
            "HTTP/1.1 202 \r\ncontent-length: 0\r\n\r\n",
        ]);
        let mut connection = Connection::open(&origin).unwrap();
        let request = post(&origin, "/", &[], "{}");
        assert_eq!(connection.exchange(&request).unwrap(), 200);
        assert_eq!(connection.body(), b"first");
        assert_eq!(connection.header("x-one"), Some("a:b"));
        assert_eq!(connection.exchange(&request).unwrap(), 404);
        assert_eq!(connection.body(), b"second\r\nthird");
        assert_eq!(connection.exchange(&request).unwrap(), 202);
        assert_eq!(connection.body(), b"");
        assert!(connection.exchange(&request).is_err());
    }
}
