//! The connections of a test's own server, each on a separate thread. The test fails if a thread panicked, or if a
//! server got no connection.

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};

use socket2::{Domain, Socket, Type};

/// Whether a test expects connections to its server.
#[derive(Clone, Copy, Debug)]
enum Expected {
    Asked,
    NeverAsked,
    Either,
}

/// One connection. The stream exists as long as its thread needs it.
struct Connection {
    stream: Weak<TcpStream>,
    thread: JoinHandle<()>,
}

/// Accepts on a free port of this machine until it is dropped.
pub(crate) struct Acceptor {
    address: SocketAddr,
    expected: Expected,
    /// The port of the last connection, which only ends the accepting; 0 before that.
    last: Arc<AtomicU16>,
    accepting: Option<JoinHandle<Vec<Connection>>>,
    /// Connections that were accepted before it stopped listening.
    accepted: Vec<Connection>,
}

/// A port of this machine that stays reserved for the test, with or without a listener; without one, connections are
/// refused.
pub(crate) struct OwnPort(Socket);

impl OwnPort {
    pub(crate) fn new() -> Self {
        Self(bound(SocketAddr::from(([127, 0, 0, 1], 0))))
    }

    pub(crate) fn listen(&self) -> TcpListener {
        let socket = bound(self.address());
        socket.listen(128).unwrap();
        socket.into()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap().as_socket().unwrap()
    }
}

/// Creates a socket at `address`. Other sockets may have the same address, if only one of them listens.
fn bound(address: SocketAddr) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.bind(&address.into()).unwrap();
    socket
}

impl Acceptor {
    /// `serve` gets each connection with its number.
    pub(crate) fn start(serve: impl Fn(usize, &TcpStream) + Send + Sync + 'static) -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").unwrap(), serve)
    }

    /// Like [`Acceptor::start`], on a port of the test.
    pub(crate) fn start_on(
        listener: TcpListener,
        serve: impl Fn(usize, &TcpStream) + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let last = Arc::new(AtomicU16::new(0));
        let (serve, end) = (Arc::new(serve), Arc::clone(&last));
        let accepting = thread::spawn(move || {
            let mut connections = Vec::new();
            loop {
                let (stream, peer) = listener.accept().unwrap();
                if peer.port() == end.load(Ordering::SeqCst) {
                    return connections;
                }
                let (stream, serve, number) =
                    (Arc::new(stream), Arc::clone(&serve), connections.len());
                let weak = Arc::downgrade(&stream);
                let thread = thread::spawn(move || serve(number, &stream));
                connections.push(Connection {
                    stream: weak,
                    thread,
                });
            }
        });
        Self {
            address,
            expected: Expected::Asked,
            last,
            accepting: Some(accepting),
            accepted: Vec::new(),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes the test fail if anyone connects.
    pub(crate) fn expect_no_requests(mut self) -> Self {
        self.expected = Expected::NeverAsked;
        self
    }

    /// Allows that no one connects.
    pub(crate) fn allow_no_requests(mut self) -> Self {
        self.expected = Expected::Either;
        self
    }

    /// Accepts the connections that have arrived; later ones are refused.
    pub(crate) fn stop_listening(&mut self) {
        let Some(accepting) = self.accepting.take() else {
            return;
        };
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket
            .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
            .unwrap();
        let own = socket.local_addr().unwrap().as_socket().unwrap();
        self.last.store(own.port(), Ordering::SeqCst);
        socket.connect(&self.address.into()).unwrap();
        self.accepted = accepting.join().unwrap();
    }

    /// Stops, and returns the number of connections and of threads that panicked.
    fn finish(&mut self) -> (usize, usize) {
        self.stop_listening();
        let connections = std::mem::take(&mut self.accepted);
        for connection in &connections {
            if let Some(stream) = connection.stream.upgrade() {
                // The client may have closed the connection.
                let _ = stream.shutdown(Shutdown::Both);
            }
            connection.thread.thread().unpark();
        }
        let asked = connections.len();
        let panicked = connections
            .into_iter()
            .filter_map(|connection| connection.thread.join().err())
            .count();
        (asked, panicked)
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        // A failing test already has a reason.
        if thread::panicking() {
            return;
        }
        let (asked, panicked) = self.finish();
        assert_eq!(panicked, 0, "a connection of the test's server panicked");
        match self.expected {
            Expected::Asked => assert_ne!(asked, 0, "nobody asked the test's server"),
            Expected::NeverAsked => assert_eq!(asked, 0, "the test's server was asked"),
            Expected::Either => {}
        }
    }
}

#[test]
#[should_panic(expected = "nobody asked the test's server")]
fn unused_server_fails_its_test() {
    drop(Acceptor::start(|_, _| ()));
}

#[test]
#[should_panic(expected = "the test's server was asked")]
fn request_to_forbidden_server_fails_its_test() {
    let server = Acceptor::start(|_, _| ()).expect_no_requests();
    TcpStream::connect(server.address).unwrap();
}

#[test]
#[should_panic(expected = "a connection of the test's server panicked")]
fn panicking_server_fails_its_test() {
    let server = Acceptor::start(|_, _| panic!("as the test wants it"));
    TcpStream::connect(server.address).unwrap();
}
