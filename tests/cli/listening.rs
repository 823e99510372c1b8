//! A running `jelouctl sandbox`. Requests use a plain socket, so that the test decides every byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

/// Returns the kinds that a fixture represents, by its name.
pub(crate) const KINDS: [&str; 16] = [
    "text",
    "list",
    "quick-reply",
    "image",
    "audio",
    "video",
    "file",
    "sticker",
    "location",
    "location-request",
    "contact-info-request",
    "contacts",
    "cta-url",
    "call",
    "flow",
    "carousel",
];

/// `sandbox:sandbox`
pub(crate) const AUTHORIZATION: &str = "Authorization: Basic c2FuZGJveDpzYW5kYm94";

pub(crate) struct Sandbox {
    pub(crate) process: Child,
    /// Host and port.
    pub(crate) address: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Sandbox {
    /// Listens on a free port.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_on("0", arguments)
    }

    pub(crate) fn start_on(port: &str, arguments: &[&str]) -> Self {
        Self::start_with(&[], port, arguments)
    }

    /// Starts with these variables.
    pub(crate) fn start_with(variables: &[(&str, &str)], port: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(cargo_bin!("jelouctl"));
        // Ignore the machine's own settings.
        command
            .env_clear()
            .envs(variables.iter().copied())
            .args(["sandbox", "--port", port, "--quiet"])
            .args(arguments);
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .split("http://")
            .nth(1)
            .unwrap()
            .trim_end()
            .trim_end_matches('\'')
            .to_owned();
        Self { process, address }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    /// A request that the sandbox accepts.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        self.ask_on(&mut self.connect(), method, path, body)
    }

    pub(crate) fn ask_on(
        &self,
        stream: &mut TcpStream,
        method: &str,
        path: &str,
        body: &str,
    ) -> Answer {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{AUTHORIZATION}\r\n",
            self.address
        );
        stream
            .write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
            .unwrap();
        read_answer(stream)
    }

    /// Sends bodies to `/messages`, which must be accepted, on one connection.
    pub(crate) fn send(&self, bodies: impl IntoIterator<Item = Value>) {
        let mut stream = self.connect();
        for body in bodies {
            let answer = self.ask_on(
                &mut stream,
                "POST",
                "/v1/bots/77/messages",
                &body.to_string(),
            );
            assert_eq!(answer.status, 200, "{body}: {answer:?}");
        }
    }

    /// Returns the sandbox's answer at `path`.
    pub(crate) fn read(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, "");
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // The sandbox may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns `tests/fixtures/…` as JSON.
pub(crate) fn fixture(name: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn text_to(user: &str, text: &str) -> Value {
    json!({ "type": "text", "userId": user, "text": text })
}

/// Reads one answer with a length. The rest stays in the stream.
pub(crate) fn read_answer(stream: &mut impl Read) -> Answer {
    let mut reader = BufReader::with_capacity(1, stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(
            reader.read_line(&mut head).unwrap(),
            0,
            "the answer ends in its head: {head}"
        );
    }
    let head = head.to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer {
        status,
        head,
        body: String::from_utf8(body).unwrap(),
    }
}
