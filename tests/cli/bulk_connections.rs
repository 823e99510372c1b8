//! The connections of a run: when one is used again, and what an answer is worth that may belong to another row.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::acceptor::Acceptor;
use crate::harness::{Home, also_in_a_database};
use crate::server::read_request;

also_in_a_database! {
    an_id_that_comes_again_ends_the_use_of_old_connections,
    a_server_that_gives_all_the_same_id_is_believed,
    an_idle_connection_is_not_used_again,
    a_server_that_keeps_no_connections_is_taken_at_its_word,
    connections_are_used_again_while_that_goes_well,
}

/// Of each connection, the recipients in order.
type Seen = Arc<Mutex<Vec<Vec<String>>>>;

/// A server that answers each request of a connection with what `answer` says of its recipient, the number of the request
/// on its connection and of all; nothing ends the connection.
fn server(answer: impl Fn(&str, usize, usize) -> Option<String> + Send + Sync + 'static) -> (Acceptor, Seen) {
    let seen = Seen::default();
    let (all, total) = (Arc::clone(&seen), AtomicUsize::new(0));
    let acceptor = Acceptor::start(move |_, stream| {
        let connection = {
            let mut all = all.lock().unwrap();
            all.push(Vec::new());
            all.len() - 1
        };
        let mut reader = BufReader::new(stream);
        for number in 0.. {
            // A connection that ends is the client's own affair.
            let Ok(request) = read_request(&mut reader) else { return };
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

fn accepted(user: &str, headers: &str) -> String {
    let body = format!("{{\"success\":true,\"messageId\":\"msg_{user}\"}}");
    format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Sends to so many people, and gives each row as the report has it.
fn send(server: &Acceptor, rows: usize, flags: &str) -> Vec<Value> {
    let home = Home::new();
    let people: Vec<_> = (0..rows).map(|number| format!("{}\n", 593_990_000_000 + number)).collect();
    home.write("people.csv", format!("to\n{}", people.concat()));
    let run = home.run(&format!("bulk send people.csv --yes --run r {flags} text Hola")).api(&server.url());
    let ended = run.end();
    assert!([0, 10].contains(&ended.code), "{ended:?}");
    let report = home.run("bulk report r --format ndjson").success().stdout;
    report.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn with_state<'a>(rows: &'a [Value], state: &str) -> Vec<&'a str> {
    rows.iter().filter(|row| row["sent"] == state).map(|row| row["to"].as_str().unwrap()).collect()
}

#[test]
fn an_id_that_comes_again_ends_the_use_of_old_connections() {
    let earlier = Mutex::new(String::new());
    let (server, seen) = server(move |user, number, total| {
        // The tenth row finds a second answer to the ninth, which came just after its request left.
        let answer = accepted(user, "");
        let mut earlier = earlier.lock().unwrap();
        let both = if total == 9 && number > 0 { format!("{earlier}{answer}") } else { answer.clone() };
        *earlier = answer;
        Some(both)
    });
    let rows = send(&server, 30, "--concurrency 1 --rate 100000/s");
    let seen = seen.lock().unwrap();
    assert_eq!(with_state(&rows, "unknown"), ["593990000009"], "{rows:?}");
    for row in rows.iter().filter(|row| row["sent"] == "yes") {
        assert_eq!(row["message_id"], format!("msg_{}", row["to"].as_str().unwrap()));
    }
    assert_eq!(seen.iter().map(Vec::len).collect::<Vec<_>>(), [vec![10], vec![1; 20]].concat());
}

#[test]
fn a_server_that_gives_all_the_same_id_is_believed() {
    let (server, _) = server(|_, _, _| Some(accepted("same", "")));
    assert_eq!(with_state(&send(&server, 30, "--rate 100000/s"), "yes").len(), 30);
}

/// Files alone: how long a connection rests between two rows is how long the ledger takes.
#[test]
fn a_row_lost_on_an_old_connection_is_the_only_one() {
    // Each connection ends with the second request, unread as far as anyone can tell.
    let (server, seen) = server(|user, number, _| (number == 0).then(|| accepted(user, "")));
    let rows = send(&server, 30, "--concurrency 1 --rate 100000/s");
    assert_eq!(with_state(&rows, "unknown"), ["593990000001"], "{rows:?}");
    assert_eq!(with_state(&rows, "yes").len(), 29);
    assert_eq!(seen.lock().unwrap().len(), 29);
}

#[test]
fn an_idle_connection_is_not_used_again() {
    let (server, seen) = server(|user, _, _| Some(accepted(user, "")));
    send(&server, 3, "--concurrency 1 --rate 1/s");
    assert_eq!(seen.lock().unwrap().len(), 3);
}

#[test]
fn a_server_that_keeps_no_connections_is_taken_at_its_word() {
    let (server, seen) = server(|user, _, _| Some(accepted(user, "Keep-Alive: max=5, timeout=0\r\n")));
    send(&server, 5, "--concurrency 1 --rate 100000/s");
    assert_eq!(seen.lock().unwrap().len(), 5);
}

#[test]
fn connections_are_used_again_while_that_goes_well() {
    let (server, seen) = server(|user, _, _| Some(accepted(user, "Keep-Alive: timeout=5\r\n")));
    send(&server, 30, "--concurrency 1 --rate 100000/s");
    assert_eq!(seen.lock().unwrap().len(), 1);
}
