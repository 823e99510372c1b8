//! A server on a raw socket, for the faults of a bad server: it refuses, hangs, resets, truncates and lies.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;
use socket2::{Domain, SockRef, Socket, Type};

use crate::acceptor::Acceptor;

/// The treatment of one connection.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Reads the request, then writes these bytes and closes.
    Bytes(Vec<u8>),
    /// Writes these bytes without reading, and closes when the client does.
    Greeting(Vec<u8>),
    /// Accepts and never reads.
    HangBeforeReading,
    /// Reads the request and never answers.
    HangAfterReading,
    /// Resets without reading.
    ResetBeforeReading,
    /// Reads the request, then resets.
    ResetAfterReading,
}

/// A request as received.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Server {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
    acceptor: Acceptor,
}

impl Reply {
    /// Creates an answer with this status and JSON body.
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::with_headers(status, "Content-Type: application/json\r\n", body)
    }

    pub(crate) fn with_headers(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Bytes(
            format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
                .into_bytes(),
        )
    }

    pub(crate) fn accepted() -> Self {
        Self::json(200, r#"{"success":true,"messageId":"msg_123456789"}"#)
    }
}

impl Server {
    /// Starts a server that answers each connection with the next of `replies`, and all later ones with the last.
    pub(crate) fn start(replies: Vec<Reply>) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&received);
        let acceptor = Acceptor::start(move |number, stream| {
            serve(stream, &replies[number.min(replies.len() - 1)], &seen);
        });
        Self {
            url: acceptor.url(),
            received,
            acceptor,
        }
    }

    /// Starts a server that gets each request and its number before it answers.
    pub(crate) fn responding(
        respond: impl Fn(usize, &Received) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&received);
        let acceptor =
            Acceptor::start(move |number, stream| respond_to(stream, number, &seen, &respond));
        Self {
            url: acceptor.url(),
            received,
            acceptor,
        }
    }

    /// Starts a server with the same answer to every request.
    pub(crate) fn answering(reply: Reply) -> Self {
        Self::start(vec![reply])
    }

    /// Makes the test fail if the server gets a request.
    pub(crate) fn expect_no_requests() -> Self {
        let server = Self::answering(Reply::accepted());
        Self {
            acceptor: server.acceptor.expect_no_requests(),
            ..server
        }
    }

    /// Allows that the server gets no request.
    pub(crate) fn allow_no_requests(self) -> Self {
        Self {
            acceptor: self.acceptor.allow_no_requests(),
            ..self
        }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Returns the only request that arrived.
    pub(crate) fn only(&self) -> Received {
        let received = self.received();
        assert_eq!(received.len(), 1, "{received:?}");
        received[0].clone()
    }
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Returns a URL that refuses connections during all tests, because a socket that never listens has its port.
pub(crate) fn refused_url() -> String {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket
        .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    std::mem::forget(socket);
    format!("http://{address}")
}

fn serve(stream: &TcpStream, reply: &Reply, received: &Mutex<Vec<Received>>) {
    match reply {
        Reply::HangBeforeReading => thread::park(),
        Reply::ResetBeforeReading => reset(stream),
        Reply::Greeting(bytes) => {
            let mut stream = stream;
            // The client may send anything, or close the connection.
            let _ = stream.write_all(bytes);
            let _ = io::copy(&mut stream, &mut io::sink());
        }
        Reply::Bytes(_) | Reply::HangAfterReading | Reply::ResetAfterReading => {
            // Clients may close a connection without a request.
            let Ok(request) = read_request(stream) else {
                return;
            };
            received.lock().unwrap().push(request);
            answer(stream, reply);
        }
    }
}

/// Reads one request and answers it with `respond`.
pub(crate) fn respond_to(
    stream: &TcpStream,
    number: usize,
    received: &Mutex<Vec<Received>>,
    respond: impl Fn(usize, &Received) -> Reply,
) {
    let Ok(request) = read_request(stream) else {
        return;
    };
    received.lock().unwrap().push(request.clone());
    answer(stream, &respond(number, &request));
}

fn answer(mut stream: &TcpStream, reply: &Reply) {
    match reply {
        Reply::Bytes(bytes) => {
            // The client may close the connection before the end.
            let _ = stream.write_all(bytes);
        }
        Reply::ResetAfterReading => reset(stream),
        _ => thread::park(),
    }
}

/// Resets the connection: closing it without linger time sends a reset.
fn reset(stream: &TcpStream) {
    SockRef::from(stream)
        .set_linger(Some(std::time::Duration::ZERO))
        .unwrap();
}

pub(crate) fn read_request(stream: impl Read) -> io::Result<Received> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = vec![
        0;
        headers
            .get("content-length")
            .map_or(0, |length| length.parse().unwrap())
    ];
    reader.read_exact(&mut body)?;
    Ok(Received {
        line: line.trim_end().to_owned(),
        headers,
        body,
    })
}
