//! The connections of a run: when one is reused, how to treat an answer that may belong to another row, and what
//! happens if no connection can be made.

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use rustix::process::Signal;
use serde_json::Value;

use crate::acceptor::{Acceptor, OwnPort};
use crate::bulk_run::{Watched, counts, people, resume, send_with, signal, start, user};
use crate::harness::{Home, test_with_both_ledgers, wait_until};
use crate::server::read_request;

test_with_both_ledgers! {
    signal_and_stop_end_the_network_wait,
}

/// For each connection, the recipients in order.
pub(crate) type Seen = Arc<Mutex<Vec<Vec<String>>>>;

/// Starts a server that keeps connections open. `answer` gets the recipient, the number of the request on its
/// connection, and its number among all requests.
fn server(
    answer: impl Fn(&str, usize, usize) -> Option<String> + Send + Sync + 'static,
) -> (Acceptor, Seen) {
    server_on(TcpListener::bind("127.0.0.1:0").unwrap(), answer)
}

/// Like [`server`], on a port of the test.
pub(crate) fn server_on(
    listener: TcpListener,
    answer: impl Fn(&str, usize, usize) -> Option<String> + Send + Sync + 'static,
) -> (Acceptor, Seen) {
    let seen = Seen::default();
    let (all, total) = (Arc::clone(&seen), AtomicUsize::new(0));
    let acceptor = Acceptor::start_on(listener, move |_, stream| {
        let connection = {
            let mut all = all.lock().unwrap();
            all.push(Vec::new());
            all.len() - 1
        };
        let mut reader = BufReader::new(stream);
        for number in 0.. {
            // Clients may close a connection at any time.
            let Ok(request) = read_request(&mut reader) else {
                return;
            };
            let user = request.json()["userId"].as_str().unwrap().to_owned();
            all.lock().unwrap()[connection].push(user.clone());
            let mut stream: &TcpStream = stream;
            match answer(&user, number, total.fetch_add(1, Ordering::SeqCst)) {
                Some(answer) if stream.write_all(answer.as_bytes()).is_ok() => {}
                _ => return,
            }
        }
    });
    (acceptor, seen)
}

pub(crate) fn accepted(user: &str, headers: &str) -> String {
    let body = format!("{{\"success\":true,\"messageId\":\"msg_{user}\"}}");
    format!(
        "HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends to this many recipients, and returns each row of the report.
fn send(server: &Acceptor, rows: usize, flags: &str) -> Vec<Value> {
    let home = Home::new();
    let people: Vec<_> = (0..rows)
        .map(|number| format!("{}\n", 593_990_000_000 + number))
        .collect();
    home.write("people.csv", format!("to\n{}", people.concat()));
    let run = home
        .run(&format!(
            "bulk send people.csv --yes --run r {flags} text Hola"
        ))
        .api(&server.url());
    let ended = run.end();
    assert!([0, 10].contains(&ended.code), "{ended:?}");
    home.report("r")
}

fn with_state<'a>(rows: &'a [Value], state: &str) -> Vec<&'a str> {
    rows.iter()
        .filter(|row| row["sent"] == state)
        .map(|row| row["to"].as_str().unwrap())
        .collect()
}

#[test]
fn equal_message_ids_are_accepted() {
    let (server, _) = server(|_, _, _| Some(accepted("same", "")));
    assert_eq!(
        with_state(&send(&server, 30, "--rate 100000/s"), "yes").len(),
        30
    );
}

#[test]
fn stale_connection_loses_only_one_row() {
    // Each connection ends with the second request, which may not have been read.
    let (server, seen) = server(|user, number, _| (number == 0).then(|| accepted(user, "")));
    let rows = send(&server, 30, "--concurrency 1 --rate 100000/s");
    assert_eq!(with_state(&rows, "unknown"), ["593990000001"], "{rows:?}");
    assert_eq!(with_state(&rows, "yes").len(), 29);
    assert_eq!(seen.lock().unwrap().len(), 29);
}

#[test]
fn idle_connection_is_not_reused() {
    let (server, seen) = server(|user, _, _| Some(accepted(user, "")));
    send(&server, 3, "--concurrency 1 --rate 1/s");
    assert_eq!(seen.lock().unwrap().len(), 3);
}

#[test]
fn keep_alive_timeout_zero_disables_reuse() {
    let (server, seen) =
        server(|user, _, _| Some(accepted(user, "Keep-Alive: max=5, timeout=0\r\n")));
    send(&server, 5, "--concurrency 1 --rate 100000/s");
    assert_eq!(seen.lock().unwrap().len(), 5);
}

#[test]
fn healthy_connections_are_reused() {
    let (server, seen) = server(|user, _, _| Some(accepted(user, "Keep-Alive: timeout=5\r\n")));
    send(&server, 30, "--concurrency 1 --rate 100000/s");
    assert_eq!(seen.lock().unwrap().len(), 1);
}

/// Returns every recipient that a server has seen, sorted.
pub(crate) fn recipients(seen: &[&Seen]) -> Vec<String> {
    let mut all: Vec<_> = seen
        .iter()
        .flat_map(|seen| seen.lock().unwrap().concat())
        .collect();
    all.sort();
    all
}

/// Starts a server that accepts one request on each connection. From the request with this number on, which counts from
/// 0, it answers only after the gate opens.
pub(crate) fn gated_server(
    listener: TcpListener,
    gated: usize,
) -> (Acceptor, Seen, Arc<OnceLock<()>>) {
    let gate = Arc::new(OnceLock::new());
    let of_server = Arc::clone(&gate);
    let (server, seen) = server_on(listener, move |user, _, total| {
        if total >= gated {
            of_server.wait();
        }
        Some(accepted(user, "Connection: close\r\n"))
    });
    (server, seen, gate)
}

pub(crate) fn wait_for(seen: &Seen, requests: usize) {
    wait_until("the server has seen the requests", || {
        recipients(&[seen]).len() >= requests
    });
}

#[test]
fn run_waits_for_network_and_loses_no_row() {
    const ROWS: usize = 200;
    let (home, port) = (people(ROWS), OwnPort::new());
    // Four requests are in flight when the server stops accepting others.
    let (mut server, before, gate) = gated_server(port.listen(), 12);
    let words =
        "bulk send people.csv --yes --run r --rate 100000/s --concurrency 4 --progress ndjson";
    let mut run = Watched::new(start(&home, words, &["text", "Hola"], &port.url()));
    wait_for(&before, 16);
    server.stop_listening();
    gate.set(()).unwrap();
    run.wait_for("note: waiting ");
    run.wait_for(r#""waiting":{"reason":"network","until":"20"#);
    // A row may be checking right now whether the network is back.
    let status = home.run("bulk status r").success().json();
    let count = |state: &str| status[state].as_u64().unwrap();
    assert_eq!(
        (count("sent"), count("pending") + count("inflight")),
        (16, 184),
        "{status}"
    );
    let (_server, after) = server_on(port.listen(), |user, _, _| Some(accepted(user, "")));
    let ended = run.end();
    assert_eq!(
        (ended.code, counts(&ended.json())),
        (0, [200, 0, 0, 0]),
        "{ended:?}"
    );
    assert_eq!(
        recipients(&[&before, &after]),
        (0..ROWS).map(user).collect::<Vec<_>>(),
        "each once"
    );
    let told = ended
        .stderr
        .lines()
        .find(|line| line.starts_with("note: waiting "))
        .unwrap();
    assert!(told.contains(": failed to connect to 127.0.0.1:"), "{told}");
    assert!(told.contains("; unreachable since 20"), "{told}");
    let page = home.run("bulk report r --format html").success().stdout;
    assert!(page.contains("for the network; "), "{page}");
}

#[test]
fn run_pauses_if_network_outage_exceeds_maximum() {
    let (home, port) = (people(50), OwnPort::new());
    for run in [
        send_with(&home, &port.url(), &["--max-wait", "1s"]),
        // The run stores the flag, and it may be repeated.
        resume(&home, &port.url()),
        resume(&home, &port.url()).args(&["--max-wait", "0"]),
    ] {
        let ended = run.fails(
            7,
            &["run paused: failed to connect", "jelouctl bulk resume r"],
        );
        // Other rows of a run that pauses like this may have been sent.
        assert!(!ended.stderr.contains("nothing was sent"), "{ended:?}");
        assert_eq!(counts(&ended.json()), [0, 0, 0, 50]);
    }
    let report = home.run("bulk report r").success();
    assert!(report.stdout.contains(",no,,,network,"), "{report:?}");
    let (_server, seen) = server_on(port.listen(), |user, _, _| Some(accepted(user, "")));
    resume(&home, &port.url()).success();
    assert_eq!(recipients(&[&seen]), (0..50).map(user).collect::<Vec<_>>());
}

#[test]
fn signal_and_stop_end_the_network_wait() {
    let (home, port) = (people(50), OwnPort::new());
    for (words, more) in [
        (
            "bulk send people.csv --yes --run r --rate 100000/s",
            &["text", "Hola"][..],
        ),
        ("bulk resume r --rate 100000/s", &[]),
    ] {
        let mut run = Watched::new(start(&home, words, more, &port.url()));
        run.wait_for("note: waiting ");
        let code = if more.is_empty() {
            home.run("bulk stop r").success();
            11
        } else {
            signal(&run.child, Signal::TERM);
            143
        };
        let ended = run.end();
        assert_eq!(
            (ended.code, counts(&ended.json())),
            (code, [0, 0, 0, 50]),
            "{ended:?}"
        );
    }
}

/// The server answers one rate limit too many, so each later request of a connection gets the answer to another
/// request.
#[test]
fn no_keep_alive_never_mixes_up_responses() {
    let limit = "HTTP/1.1 429 X\r\nContent-Length: 2\r\n\r\n{}";
    let (server, seen) = server(move |user, number, _| {
        let stray = if number > 0 { limit } else { "" };
        Some(format!("{stray}{}", accepted(user, "")))
    });
    let rows = send(
        &server,
        30,
        "--concurrency 4 --rate 100000/s --no-keep-alive",
    );
    assert_eq!(with_state(&rows, "yes").len(), 30, "{rows:?}");
    assert_eq!(
        recipients(&[&seen]),
        (0..30).map(user).collect::<Vec<_>>(),
        "each once"
    );
    assert!(
        seen.lock()
            .unwrap()
            .iter()
            .all(|connection| connection.len() == 1)
    );
}

#[test]
fn run_stores_the_no_keep_alive_setting() {
    let (home, port) = (people(20), OwnPort::new());
    send_with(&home, &port.url(), &["--max-wait", "0", "--no-keep-alive"]).fails(7, &[]);
    let (_server, seen) = server_on(port.listen(), |user, _, _| Some(accepted(user, "")));
    resume(&home, &port.url()).success();
    assert_eq!(seen.lock().unwrap().len(), 20);
}
