//! A Jelou for bulk runs: it keeps connections, counts the messages that it received and accepted for each recipient,
//! and treats each request as the test says.

use std::collections::HashMap;
use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use socket2::SockRef;

use crate::acceptor::Acceptor;
use crate::harness::wait_until;
use crate::server::{Received, read_request};

/// The server's reaction to a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Accept,
    /// Not accepted: this status, these header lines and this body.
    Answer(u16, &'static str, &'static str),
    /// The connection is reset; the message may have been accepted before.
    Reset {
        accepted: bool,
    },
    /// Never answered.
    Hang {
        accepted: bool,
    },
    /// Accepted, but the answer says 500.
    AcceptAndFail,
}

impl Act {
    pub(crate) const RATE_LIMIT: Self = Self::Answer(429, "", "{}");

    fn accepts(&self) -> bool {
        matches!(
            self,
            Self::Accept
                | Self::AcceptAndFail
                | Self::Reset { accepted: true }
                | Self::Hang { accepted: true }
        )
    }
}

/// One request as received by the server.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) user: String,
    pub(crate) at: Instant,
    pub(crate) accepted: bool,
    pub(crate) received: Received,
}

/// The server's reaction to a request for a page of the bot's templates.
#[derive(Clone, Debug)]
pub(crate) enum Listing {
    Page(String),
    Answer(u16),
    Hang,
}

/// The pages of templates, and which of them were requested.
struct Templates {
    /// Returns the page with this number.
    page: Box<dyn Fn(usize) -> Listing + Send + Sync>,
    asked: Mutex<usize>,
}

pub(crate) struct Jelou {
    pub(crate) url: String,
    templates: Arc<Templates>,
    seen: Arc<Mutex<Vec<Seen>>>,
    acceptor: Acceptor,
}

impl Jelou {
    /// Starts a server. `act` gets the recipient and the number of earlier requests for it.
    pub(crate) fn start(act: impl Fn(&str, usize) -> Act + Send + Sync + 'static) -> Self {
        Self::with_templates(
            |page| panic!("page {page} of the templates was asked for"),
            act,
        )
    }

    /// Starts a server that also has templates. `page` gets the number of each requested page.
    pub(crate) fn with_templates(
        page: impl Fn(usize) -> Listing + Send + Sync + 'static,
        act: impl Fn(&str, usize) -> Act + Send + Sync + 'static,
    ) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&seen);
        let templates = Arc::new(Templates {
            page: Box::new(page),
            asked: Mutex::default(),
        });
        let listed = Arc::clone(&templates);
        let acceptor = Acceptor::start(move |_, stream| serve(stream, &act, &all, &listed));
        Self {
            url: acceptor.url(),
            templates,
            seen,
            acceptor,
        }
    }

    /// Returns the number of template pages that were requested.
    pub(crate) fn pages_asked(&self) -> usize {
        *self.templates.asked.lock().unwrap()
    }

    /// Starts a server that makes the test fail if it gets a request.
    pub(crate) fn expect_no_requests() -> Self {
        let jelou = Self::accept_all();
        Self {
            acceptor: jelou.acceptor.expect_no_requests(),
            ..jelou
        }
    }

    pub(crate) fn accept_all() -> Self {
        Self::start(|_, _| Act::Accept)
    }

    /// Starts a server that reports each arriving request, and accepts one at each signal of the test.
    pub(crate) fn hold_responses() -> (Self, Receiver<()>, Sender<()>) {
        let (arrived, has_arrived) = channel();
        let (go, may_go) = channel();
        let (arrived, may_go) = (Mutex::new(arrived), Mutex::new(may_go));
        let jelou = Self::start(move |_, _| {
            arrived.lock().unwrap().send(()).unwrap();
            may_go.lock().unwrap().recv().unwrap();
            Act::Accept
        });
        (jelou, has_arrived, go)
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Returns how often a message to each recipient was accepted.
    pub(crate) fn accepted(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for seen in self.requests().into_iter().filter(|seen| seen.accepted) {
            *counts.entry(seen.user).or_default() += 1;
        }
        counts
    }

    /// Returns how often a message to each of `users` was accepted.
    pub(crate) fn times(&self, users: &[String]) -> Vec<usize> {
        let accepted = self.accepted();
        users
            .iter()
            .map(|user| accepted.get(user).copied().unwrap_or_default())
            .collect()
    }

    /// Returns the recipients of all requests, sorted.
    pub(crate) fn users(&self) -> Vec<String> {
        let mut users: Vec<_> = self.requests().into_iter().map(|seen| seen.user).collect();
        users.sort();
        users
    }

    /// Waits until this number of requests has arrived.
    pub(crate) fn wait_for(&self, requests: usize) {
        wait_until(&format!("{requests} requests came"), || {
            self.seen.lock().unwrap().len() >= requests
        });
    }
}

fn serve(
    stream: &TcpStream,
    act: &dyn Fn(&str, usize) -> Act,
    all: &Mutex<Vec<Seen>>,
    templates: &Templates,
) {
    let mut reader = BufReader::new(stream);
    // Clients may close a connection at any time.
    while let Ok(received) = read_request(&mut reader) {
        if received.line.starts_with("GET ") {
            if templates.list(stream, &received).is_none() {
                return;
            }
            continue;
        }
        let body: Value = serde_json::from_slice(&received.body).unwrap();
        let in_path = received.line.split('/').nth(5).unwrap_or_default();
        let destination = body["destinations"][0].as_str().unwrap_or(in_path);
        let user = body["userId"].as_str().unwrap_or(destination).to_owned();
        let (act, earlier) = {
            let mut all = all.lock().unwrap();
            let earlier = all.iter().filter(|seen| seen.user == user).count();
            let act = act(&user, earlier);
            all.push(Seen {
                user: user.clone(),
                at: Instant::now(),
                accepted: act.accepts(),
                received,
            });
            (act, earlier)
        };
        // Each id occurs once.
        let again = if earlier > 0 {
            format!("_{earlier}")
        } else {
            String::new()
        };
        let (status, headers, body) = match act {
            Act::Accept if body["elementName"].is_string() => (
                200,
                "",
                format!("[{{\"id\":\"id_{user}{again}\",\"destination\":\"{user}\"}}]"),
            ),
            Act::Accept => (
                200,
                "",
                format!("{{\"success\":true,\"messageId\":\"msg_{user}{again}\"}}"),
            ),
            Act::AcceptAndFail => (500, "", "{}".to_owned()),
            Act::Answer(status, headers, body) => (status, headers, body.to_owned()),
            Act::Reset { .. } => {
                return SockRef::from(stream)
                    .set_linger(Some(Duration::ZERO))
                    .unwrap();
            }
            Act::Hang { .. } => return thread::park(),
        };
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        let mut stream = stream;
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

impl Templates {
    /// Answers a request for a page; None if the connection is no longer usable.
    fn list(&self, mut stream: &TcpStream, received: &Received) -> Option<()> {
        let (_, page) = received.line.split_once("page=").unwrap();
        *self.asked.lock().unwrap() += 1;
        let (status, body) = match (self.page)(page.split('&').next().unwrap().parse().unwrap()) {
            Listing::Page(body) => (200, body),
            Listing::Answer(status) => (status, "{}".to_owned()),
            Listing::Hang => {
                thread::park();
                return None;
            }
        };
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .ok()
    }
}
