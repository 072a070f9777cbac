//! Calls of one server at the same time that send requests to other hosts: what is sent once is never sent again.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use smcp_package::{Manifest, capabilities, embed_manifest};

use super::wire::Out;
use super::*;
use crate::outbound::Everything;

const GUEST: &str = include_str!("../../../tests/guests/send-and-keep.wat");
const CATALOGUE: &str = r#"{"tools":[{"name":"send","inputSchema":{"type":"object"}}]}"#;
const LONG: Duration = Duration::from_secs(60);

fn local() -> Local {
    let module = wat::parse_str(GUEST).unwrap();
    let interfaces = capabilities(&module).unwrap();
    let manifest = Manifest::new("guest".parse().unwrap(), "1.0.0", CATALOGUE, interfaces).unwrap();
    Local::load(&embed_manifest(&module, &manifest).unwrap()).unwrap()
}

/// The messages that go out.
struct Messages(Sender<Value>);

impl Write for Messages {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(serde_json::from_slice(bytes)?).unwrap();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A host whose requests the test answers when it likes.
struct Host {
    requests: Receiver<(String, TcpStream)>,
}

impl Host {
    /// The next request; the path of it, and its connection.
    fn next(&self) -> (String, TcpStream) {
        self.requests.recv_timeout(LONG).unwrap()
    }

    fn serve(listener: TcpListener) -> Self {
        let (came, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let head = lines
                    .map_while(Result::ok)
                    .take_while(|line| !line.is_empty());
                let first = head.collect::<Vec<_>>().swap_remove(0);
                if came.send((first, stream)).is_err() {
                    return;
                }
            }
        });
        Self { requests }
    }
}

fn answer(mut stream: TcpStream) {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        .unwrap();
}

fn call(id: u32, method: &str) -> Vec<u8> {
    let to = format!("!{method} http://api.example.com/{id}!");
    let params = json!({ "name": "send", "arguments": { "to": to } });
    let message = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
    message.to_string().into_bytes()
}

#[test]
fn what_another_call_changes_meanwhile_has_a_call_run_again_unless_it_has_sent_what_is_not_undone()
{
    for (method, is_run_again) in [("GET", true), ("POST", false)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let fetcher = Fetcher::with(Everything(listener.local_addr().unwrap()));
        let host = Host::serve(listener);
        let ui = Ui { json: false };
        let local = local();
        let store = Store::open(None, &[], &local).unwrap();
        let given = Given::allowing(&["http://api.example.com=GET,POST"]);
        let outbound = Outbound::open(&given, fetcher, ui).unwrap();
        let mut server = Server::new(local, store, outbound, ui).unwrap();
        let (told, messages) = channel();
        server.out = Out::new(Messages(told));
        let server = Arc::new(server);
        let next = || messages.recv_timeout(LONG).unwrap();

        // The first has read, and waits for its answer; the second reads, sends and writes.
        server.take(call(1, method));
        let (request, first) = host.next();
        assert_eq!(request, format!("{method} /1 HTTP/1.1"));
        server.take(call(2, "GET"));
        let (request, second) = host.next();
        assert_eq!(request, "GET /2 HTTP/1.1");
        answer(second);
        assert_eq!(next()["result"]["content"][0]["text"], "-");
        answer(first);
        let ended = next();
        assert_eq!(ended["id"], 1);
        if is_run_again {
            assert_eq!(ended["result"]["content"][0]["text"], "x");
        } else {
            assert_eq!(ended["error"]["data"]["code"], "host_overtaken", "{ended}");
        }
        // In either case the other host was asked once.
        assert!(host.requests.try_recv().is_err());
    }
}
