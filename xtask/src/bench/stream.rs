//! A client that listens: a stream of events that is read without waiting, so that one thread can
//! hold a thousand of them. Understands what workerd answers, and nothing more.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::http::{authority, find};

/// No stream takes as long to begin.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A stream that is open.
#[derive(Debug)]
pub(super) struct Stream {
    socket: TcpStream,
    chunks: Chunks,
    /// What came and was not looked for yet.
    text: Vec<u8>,
}

impl Stream {
    /// Sends a request and waits until that text has come on the stream that answers it.
    ///
    /// # Errors
    ///
    /// If nobody listens, or the answer is not a stream.
    pub(super) fn open(origin: &str, request: &[u8], greeting: &str) -> Result<Self> {
        let mut socket = TcpStream::connect(authority(origin))
            .with_context(|| format!("connecting to {origin}"))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(TIMEOUT))?;
        socket.write_all(request)?;
        let mut input = Vec::new();
        let head = loop {
            if let Some(end) = find(&input, b"\r\n\r\n") {
                break end + 4;
            }
            let mut piece = [0; 1 << 12];
            let read = socket.read(&mut piece)?;
            ensure!(read > 0, "the connection was closed");
            input.extend(piece.iter().take(read));
        };
        let body = input.split_off(head);
        let head = String::from_utf8_lossy(&input).to_ascii_lowercase();
        ensure!(
            head.starts_with("http/1.1 200") && head.contains("transfer-encoding: chunked"),
            "no stream: {head}"
        );
        let mut stream = Self {
            socket,
            chunks: Chunks::default(),
            text: Vec::new(),
        };
        stream.chunks.take(&body, &mut stream.text)?;
        while !stream.holds(greeting) {
            stream.read()?;
        }
        stream.socket.set_nonblocking(true)?;
        Ok(stream)
    }

    /// Whether that text has come since it came last.
    ///
    /// # Errors
    ///
    /// If the stream has ended.
    pub(super) fn has(&mut self, text: &str) -> Result<bool> {
        while self.read()? {}
        Ok(self.holds(text))
    }

    /// The same of what has been read; forgets it if so.
    fn holds(&mut self, text: &str) -> bool {
        let holds = find(&self.text, text.as_bytes()).is_some();
        if holds {
            self.text.clear();
        }
        holds
    }

    /// Reads what is there; false if that is nothing.
    fn read(&mut self) -> Result<bool> {
        let mut piece = [0; 1 << 12];
        match self.socket.read(&mut piece) {
            Ok(0) => bail!("a stream was closed"),
            Ok(read) => {
                let piece = piece.get(..read).unwrap_or_default();
                self.chunks.take(piece, &mut self.text)?;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Where in a body of chunks the reading stands.
#[derive(Debug)]
enum Chunks {
    /// In the line with a chunk's size: what it says so far.
    Size(usize),
    /// In a chunk: how much of it is left, the end of its line included.
    Left(usize),
}

/// What stands behind a chunk.
const LINE_END: usize = 2;

impl Default for Chunks {
    fn default() -> Self {
        Self::Size(0)
    }
}

impl Chunks {
    /// Takes what comes next of the body, and adds what the chunks hold to the text.
    fn take(&mut self, mut bytes: &[u8], text: &mut Vec<u8>) -> Result<()> {
        while let Some((&byte, rest)) = bytes.split_first() {
            match self {
                Self::Left(left) => {
                    let here = bytes.len().min(*left);
                    let held = bytes.len().min(left.saturating_sub(LINE_END));
                    text.extend(bytes.iter().take(held));
                    bytes = bytes.get(here..).unwrap_or_default();
                    *left -= here;
                    if *left == 0 {
                        *self = Self::default();
                    }
                }
                Self::Size(size) => {
                    bytes = rest;
                    match byte {
                        b'\n' if *size == 0 => bail!("a stream has ended"),
                        b'\n' => *self = Self::Left(*size + LINE_END),
                        b'\r' => {}
                        digit => {
                            let digit = char::from(digit).to_digit(16).context("a chunk's size")?;
                            *size = *size * 16 + usize::try_from(digit)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn chunks_are_put_together_wherever_the_network_cuts_them() {
        let body = b"3\r\n:\n\n\r\n1B\r\nevent: message\ndata: a\r\nb\n\n\r\n";
        for size in 1..=body.len() {
            let (mut chunks, mut text) = (Chunks::default(), Vec::new());
            for piece in body.chunks(size) {
                chunks.take(piece, &mut text).unwrap();
            }
            assert_eq!(text, b":\n\nevent: message\ndata: a\r\nb\n\n", "{size}");
        }
    }

    #[test]
    fn the_end_of_a_stream_and_what_is_no_chunk_are_errors() {
        for body in ["1\r\na\r\n0\r\n\r\n", "x\r\n", "\r\n"] {
            let mut text = Vec::new();
            assert!(Chunks::default().take(body.as_bytes(), &mut text).is_err());
        }
    }
}
