//! A run from its confirmation to its end: rate, order, pauses, signals, and resuming it.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::{Value, json};

use crate::bulk_server::{Act, Jelou};
use crate::harness::{
    CommandOutput, Home, Run, STATE, kill, test_with_both_ledgers, under, wait_until,
};
use crate::needs::{can_test, works};

test_with_both_ledgers! {
    every_row_is_sent_once_and_reported,
    sent_rows_are_saved_if_output_fails,
    wait_caused_by_another_process_is_reported,
    signal_at_any_time_leaves_no_unknown_row,
    ledger_wait_is_reported_and_ends_on_signal,
}

/// Creates a home with a list of this many recipients.
pub(crate) fn people(rows: usize) -> Home {
    let home = Home::new();
    let rows: Vec<_> = (0..rows)
        .map(|number| format!("Persona {number},{}\n", user(number)))
        .collect();
    home.write("people.csv", format!("nombre,celular\n{}", rows.concat()));
    home
}

pub(crate) fn user(number: usize) -> String {
    format!("{}", 593_990_000_000 + number)
}

pub(crate) fn users(rows: std::ops::Range<usize>) -> Vec<String> {
    rows.map(user).collect()
}

pub(crate) const SEND: &str = "bulk send people.csv --yes --run r --rate 1000000/s";

pub(crate) fn send<'a>(home: &'a Home, url: &str) -> Run<'a> {
    home.run(SEND).args(&["text", "Hola {{ nombre }}"]).api(url)
}

pub(crate) fn send_with<'a>(home: &'a Home, url: &str, flags: &[&str]) -> Run<'a> {
    home.run(SEND)
        .args(flags)
        .args(&["text", "Hola {{ nombre }}"])
        .api(url)
}

pub(crate) fn resume<'a>(home: &'a Home, url: &str) -> Run<'a> {
    home.run("bulk resume r --rate 1000000/s").api(url)
}

/// Returns `[sent, failed, unknown, pending]`. Every other row must be skipped.
pub(crate) fn counts(json: &Value) -> [u64; 4] {
    let counts = ["sent", "failed", "unknown", "pending"].map(|name| json[name].as_u64().unwrap());
    assert_eq!(
        counts.iter().sum::<u64>() + json["skipped"].as_u64().unwrap(),
        json["rows"].as_u64().unwrap(),
        "{json}"
    );
    counts
}

pub(crate) fn start(home: &Home, words: &str, more: &[&str], url: &str) -> Child {
    home.process(words, url).args(more).spawn().unwrap()
}

pub(crate) fn end(child: Child) -> CommandOutput {
    CommandOutput::new(&child.wait_with_output().unwrap())
}

pub(crate) fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// A process with a standard error that the test reads while it runs.
pub(crate) struct Watched {
    pub(crate) child: Child,
    lines: BufReader<ChildStderr>,
    seen: String,
}

impl Watched {
    pub(crate) fn new(mut child: Child) -> Self {
        let lines = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            lines,
            seen: String::new(),
        }
    }

    /// Reads up to a line that has `part`.
    pub(crate) fn wait_for(&mut self, part: &str) {
        loop {
            let mut line = String::new();
            assert!(
                self.lines.read_line(&mut line).unwrap() > 0,
                "`{part}` never came: {}",
                self.seen
            );
            self.seen.push_str(&line);
            if line.contains(part) {
                return;
            }
        }
    }

    /// A signal that is repeated soon after the first counts as the same. So the second may have to be sent several
    /// times.
    pub(crate) fn signal_until_it_ends(&mut self, again: Signal) {
        wait_until("it ends", || {
            signal(&self.child, again);
            self.child.try_wait().unwrap().is_some()
        });
    }

    pub(crate) fn end(mut self) -> CommandOutput {
        std::io::Read::read_to_string(&mut self.lines, &mut self.seen).unwrap();
        CommandOutput {
            stderr: self.seen,
            ..end(self.child)
        }
    }
}

#[test]
fn every_row_is_sent_once_and_reported() {
    let home = people(300);
    let jelou = Jelou::accept_all();
    let ended = send(&home, &jelou.url).success();
    let mut record = ended.json();
    let columns = record.as_object_mut().unwrap().remove("columns").unwrap();
    assert_eq!(columns["rows"], 300);
    assert_eq!(columns["expressions"][0]["expression"], "nombre");
    assert_eq!(
        record,
        json!({"schema_version": 2, "command": "bulk send", "exit_code": 0, "retry": "never", "error": null, "run": "r", "complete": true, "cancelled": false, "rows": 300, "sent": 300, "failed": 0, "unknown": 0,
            "skipped": 0, "skipped_reasons": {}, "pending": 0, "inflight": 0, "reasons": {}, "waiting_in": [],
            "written_to_within_24_hours": 0, "cost": null})
    );
    assert!(
        ended
            .stderr
            .contains("note: run r: 300 messages from bot BOT-ID\n"),
        "{ended:?}"
    );
    let seen = jelou.requests();
    assert_eq!(seen.len(), 300);
    let first = &seen[0].received;
    assert_eq!(first.line, "POST /v1/bots/BOT-ID/messages HTTP/1.1");
    assert_eq!(
        first.json(),
        json!({"type": "text", "userId": user(0), "text": "Hola Persona 0"})
    );
    assert_eq!(home.run("bulk status r").success().json()["complete"], true);
    assert_eq!(home.run("bulk list").success().json()["complete"], true);
    // There is nothing left to do.
    assert_eq!(
        counts(&resume(&home, &jelou.url).success().json()),
        [300, 0, 0, 0]
    );
    assert_eq!(jelou.requests().len(), 300);
}

#[test]
fn nothing_is_sent_without_confirmation() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    let send = |home: &Home, config: &str| {
        home.config(&format!(
            "[profiles.p]\napi_url = \"{}\"\n{config}",
            jelou.url
        ));
        home.run("bulk send people.csv --rate 1000/s text x")
            .api(&jelou.url)
            .end()
    };
    let ended = send(&home, "");
    assert_eq!(ended.code, 11, "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("sending 3 messages was not confirmed")
            && ended.stderr.contains("--yes"),
        "{ended:?}"
    );
    assert!(jelou.requests().is_empty() && home.run("bulk list").success().stdout.is_empty());
    assert_eq!(send(&home, "confirm_bulk = false\n").code, 0);
    let ended = send(
        &home,
        "confirm_bulk = false\nallow_to = [\"593990000001\"]\n",
    );
    assert_eq!(ended.code, 11, "{ended:?}");
    for part in [
        "2 rows have recipients that are not allowed",
        "  - line 2: allow_to does not allow the recipient\n",
        "  - line 4: allow_to does not allow the recipient\n",
        "3 rows: 1 is fine, 2 are addressed to recipients that are not allowed",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {ended:?}");
    }
    assert_eq!(jelou.requests().len(), 3);
}

#[test]
fn repeated_list_is_refused_without_a_flag() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    send(&home, &jelou.url).success();
    let again = |flags: &[&str], text: &str| {
        let all = [
            &["bulk", "send", "people.csv", "--yes", "--rate", "1000/s"],
            flags,
            &["text", text],
        ]
        .concat();
        home.run_args(&all).api(&jelou.url).end()
    };
    // A list in another order or format sends the same.
    home.write(
        "people.csv",
        format!(
            "celular;nombre\n+{};Persona 2\n{};Persona 0\n{};Persona 1\n",
            user(2),
            user(0),
            user(1)
        ),
    );
    let ended = again(&[], "Hola {{ nombre }}");
    assert_eq!(ended.code, 11, "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("3 of 3 messages were sent by run r at "),
        "{ended:?}"
    );
    assert_eq!(jelou.requests().len(), 3);
    assert_eq!(again(&["--again"], "Hola {{ nombre }}").code, 0);
    assert_eq!(again(&[], "Otra cosa").code, 0);
    assert_eq!(again(&["--run", "r"], "Una más").code, 2);
    assert_eq!(jelou.requests().len(), 9);
    // Removed runs do not count as duplicates.
    home.run("bulk remove r")
        .fails(11, &["run r: nothing was removed"]);
    home.run("bulk remove r --yes").success();
    home.run("bulk status r").fails(2, &["there is no run r"]);
}

#[test]
fn dry_run_never_resumes_or_changes_a_run() {
    let home = people(30);
    let jelou = Jelou::start(|user, before| {
        if user.ends_with("03") && before == 0 {
            Act::Answer(401, "", "{}")
        } else {
            Act::Accept
        }
    });
    send(&home, &jelou.url).fails(4, &["bulk resume r"]);
    let seen = jelou.requests().len();
    for words in [
        "bulk resume r",
        "bulk remove r --yes",
        "bulk resolve r --unknown-as pending",
    ] {
        for flag in ["--dry-run", "--curl"] {
            home.run(words)
                .args(&[flag])
                .api(&jelou.url)
                .fails(2, &["this command would change a run"]);
        }
    }
    assert_eq!(jelou.requests().len(), seen);
    resume(&home, &jelou.url).success();
}

#[test]
#[cfg(target_os = "linux")]
fn sent_rows_are_saved_if_output_fails() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let ended = CommandOutput::new(
        &home
            .process(SEND, &jelou.url)
            .args(["text", "Hola"])
            .stdout(full)
            .output()
            .unwrap(),
    );
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(
        ended.stderr.contains("cannot print the state of the run"),
        "{ended:?}"
    );
    assert_eq!(jelou.requests().len(), 3);
}

#[test]
fn run_name_cannot_be_a_path() {
    let home = people(1);
    for name in ["../x", "a/b", "", "A"] {
        home.run("--sandbox bulk send people.csv --run")
            .args(&[name, "text", "x"])
            .fails(2, &["is not a run name"]);
        home.run("bulk status")
            .args(&[name])
            .fails(2, &["is not a run name"]);
    }
    assert!(
        home.run("bulk resume")
            .success()
            .stderr
            .contains("nothing to resume")
    );
    home.run("bulk status nope")
        .fails(2, &["there is no run nope"]);
}

#[test]
fn rejected_rows_fail_and_others_are_sent() {
    let home = people(50);
    let jelou = Jelou::start(|user, _| match user.chars().last() {
        Some('7') => Act::Answer(422, "", r#"{"code":"E0422","description":"no\n::error::"}"#),
        _ => Act::Accept,
    });
    let ended =
        send(&home, &jelou.url).fails(10, &["failed: Jelou answered 422: E0422: no\\n::error::"]);
    assert_eq!(counts(&ended.json()), [45, 5, 0, 0]);
    let report = home
        .run("bulk report r --state failed --format ndjson")
        .success();
    assert_eq!(report.stdout.lines().count(), 5);
    // Rows that you resolve as pending are sent again.
    home.run("bulk resolve r --failed-as pending").success();
    assert_eq!(
        counts(&home.run("bulk list").success().json()),
        [45, 0, 0, 5]
    );
    let other = Jelou::expect_no_requests();
    resume(&home, &other.url)
        .args(&["--api-url", &other.url])
        .fails(2, &["--api-url: run r uses"]);
    resume(&home, &other.url).fails(2, &["JELOU_API_URL: run r uses"]);
    // Flags have precedence, and the run keeps its own API address.
    resume(&home, &other.url)
        .args(&["--api-url", &jelou.url])
        .fails(10, &[]);
    assert_eq!(jelou.requests().len(), 55);
}

#[test]
fn rate_limits_delay_and_lose_nothing() {
    let home = people(40);
    let jelou = Jelou::start(|user, before| match (user.ends_with('3'), before) {
        (true, 0) => Act::RATE_LIMIT,
        (true, 1) => Act::Answer(503, "Retry-After: 0\r\n", ""),
        _ => Act::Accept,
    });
    let ended = send(&home, &jelou.url).success();
    assert_eq!(counts(&ended.json()), [40, 0, 0, 0]);
    assert_eq!(jelou.requests().len(), 48);
    assert!(jelou.accepted().values().all(|count| *count == 1));
    let report = home.run("bulk report r --format ndjson").success();
    assert_eq!(report.stdout.matches("\"attempts\":3").count(), 4);
}

#[test]
fn retry_after_stops_every_request() {
    let home = people(30);
    let jelou = Jelou::start(|user, before| match (user.ends_with("05"), before) {
        (true, 0) => Act::Answer(429, "Retry-After: 1\r\n", ""),
        _ => Act::Accept,
    });
    send(&home, &jelou.url).success();
    let seen = jelou.requests();
    let limited = seen.iter().position(|seen| !seen.accepted).unwrap();
    // At most the nine rows that were in flight at the same time are sent.
    let soon = seen[limited + 1..]
        .iter()
        .filter(|later| later.at - seen[limited].at < Duration::from_millis(990));
    assert!(soon.count() <= 9);
}

/// Returns the lines that announce a wait.
fn waits(ended: &CommandOutput) -> Vec<&str> {
    ended
        .stderr
        .lines()
        .filter(|line| line.starts_with("note: waiting "))
        .collect()
}

#[test]
fn wait_is_reported_once_with_reason_and_end() {
    let home = people(11);
    // The ten rows that are sent together after the first one all get the rate limit.
    let jelou = Jelou::start(|user, before| match (user.ends_with("00"), before) {
        (false, 0) => Act::Answer(429, "Retry-After: 2\r\n", r#"{"code":"130429"}"#),
        _ => Act::Accept,
    });
    let ended = send(&home, &jelou.url).success();
    let [line] = &waits(&ended)[..] else {
        panic!("{ended:?}")
    };
    assert!(line.starts_with("note: waiting 2 s, until 20"), "{line}");
    assert!(
        line.ends_with(" +00:00: Jelou answered 429: 130429"),
        "{line}"
    );
    let page = home.run("bulk report --format html").success().stdout;
    assert!(
        page.contains("for a rate limit; until 20") && !page.contains("2 times"),
        "{page}"
    );
    assert!(jelou.accepted().values().all(|count| *count == 1));
}

#[test]
fn ndjson_progress_shows_the_current_wait() {
    let home = people(1);
    let jelou = Jelou::start(|_, before| match before {
        0 => Act::Answer(429, "Retry-After: 3\r\n", "{}"),
        _ => Act::Accept,
    });
    let ended = send_with(&home, &jelou.url, &["--progress", "ndjson"]).success();
    assert!(
        ended
            .stderr
            .contains(r#""waiting":{"reason":"rate_limit","until":"20"#),
        "{ended:?}"
    );
    let last = ended
        .stderr
        .lines()
        .rfind(|line| line.starts_with('{'))
        .unwrap();
    assert!(last.ends_with(r#""waiting":null}"#), "{last}");
}

#[test]
fn wait_caused_by_another_process_is_reported() {
    let home = people(1);
    let jelou = Jelou::start(|_, before| match before {
        0 => Act::Answer(429, "Retry-After: 6\r\n", "{}"),
        _ => Act::Accept,
    });
    let mut first = Watched::new(start(&home, SEND, &["text", "Hola"], &jelou.url));
    first.wait_for("note: waiting ");
    first.signal_until_it_ends(Signal::TERM);
    let ended = resume(&home, &jelou.url).success();
    assert!(
        waits(&ended)[0].contains("retry of a failed attempt"),
        "{ended:?}"
    );
}

#[test]
fn slow_rate_is_not_reported_as_a_wait() {
    let home = people(2);
    let jelou = Jelou::accept_all();
    let ended = home
        .run("bulk send people.csv --yes --rate 40/m text x")
        .api(&jelou.url)
        .success();
    assert_eq!(waits(&ended), [""; 0], "{ended:?}");
}

#[test]
fn run_pauses_after_rate_limits_exceed_maximum_wait() {
    // A single row, and many rows that are limited after the first ones were accepted.
    for accepted in [0, 20] {
        let home = people(60);
        let jelou = Jelou::start(move |user, _| match user.parse::<usize>().unwrap() % 1000 {
            number if number < accepted => Act::Accept,
            _ => Act::RATE_LIMIT,
        });
        let ended = send_with(
            &home,
            &jelou.url,
            &["--max-wait", "3s", "--concurrency", "4"],
        );
        let ended = ended.fails(
            6,
            &[
                "run paused: Jelou answered 429",
                "hint: to continue: jelouctl bulk resume r\n",
            ],
        );
        let [sent, failed, unknown, pending] = counts(&ended.json());
        assert_eq!(
            (sent, failed, unknown, pending),
            (accepted as u64, 0, 0, 60 - accepted as u64)
        );
        // The waits double for the whole run. From the second wait on, only a single row tries again.
        assert!(
            jelou.requests().len() <= accepted + 16,
            "{} requests",
            jelou.requests().len()
        );
        let report = home.run("bulk report r --state pending").success();
        assert!(
            report.stdout.contains(",no,,429,unavailable,"),
            "{report:?}"
        );
    }
}

#[test]
fn run_stores_its_maximum_wait() {
    let home = people(2);
    let jelou = Jelou::start(|_, _| Act::Answer(429, "Retry-After: 60\r\n", "{}"));
    send_with(&home, &jelou.url, &["--max-wait", "1s"]).fails(6, &["asks to wait 60 s"]);
    resume(&home, &jelou.url).fails(6, &["asks to wait 60 s"]);
}

#[test]
fn run_pauses_immediately_if_wait_is_too_long() {
    let home = people(5);
    let jelou = Jelou::start(|_, _| Act::Answer(429, "Retry-After: 3600\r\n", "{}"));
    let begun = Instant::now();
    let ended = send(&home, &jelou.url).fails(
        6,
        &["run paused: Jelou answered 429", "asks to wait 3600 s"],
    );
    assert!(
        begun.elapsed() < Duration::from_secs(20) && waits(&ended).is_empty(),
        "{ended:?}"
    );
    assert_eq!(
        (counts(&ended.json()), jelou.requests().len()),
        ([0, 0, 0, 5], 1)
    );
    // `--max-wait` allows a long wait, and the message contains its end.
    let mut child = Watched::new(start(&home, "bulk resume r --max-wait 2h", &[], &jelou.url));
    child.wait_for("note: waiting 1 h 0 min, until 20");
    signal(&child.child, Signal::INT);
    assert_eq!(child.end().code, 130);
}

#[test]
fn recipient_rate_limit_delays_no_other_row() {
    let home = people(3);
    let jelou = Jelou::start(|user, before| match (user.ends_with("01"), before) {
        (true, 0) => Act::Answer(429, "", r#"{"code":"131056"}"#),
        _ => Act::Accept,
    });
    let ended = send_with(&home, &jelou.url, &["--max-wait", "0"]).success();
    let seen = jelou.requests();
    assert_eq!(
        (seen.len(), seen[3].user.as_str()),
        (4, user(1).as_str()),
        "the others do not wait"
    );
    let first = seen.iter().find(|seen| seen.user == user(1)).unwrap();
    assert!(seen[3].at - first.at >= Duration::from_secs(6));
    assert!(waits(&ended).is_empty(), "{ended:?}");
}

#[test]
fn rows_with_one_recipient_are_six_seconds_apart() {
    let home = Home::new();
    home.write(
        "people.csv",
        format!("to,x\n{0},a\n{1},a\n{0},b\n", user(0), user(1)),
    );
    let jelou = Jelou::accept_all();
    home.run(SEND)
        .args(&["text", "{{ x }}"])
        .api(&jelou.url)
        .success();
    let seen: Vec<_> = jelou
        .requests()
        .into_iter()
        .filter(|seen| seen.user == user(0))
        .collect();
    let texts: Vec<_> = seen
        .iter()
        .map(|seen| seen.received.json()["text"].clone())
        .collect();
    assert_eq!(texts, ["a", "b"]);
    assert!(
        seen[1].at - seen[0].at >= Duration::from_secs(6),
        "{:?}",
        seen[1].at - seen[0].at
    );
}

#[test]
fn run_pauses_on_faults_that_affect_every_row() {
    for (act, code, expected) in [
        (Act::Answer(401, "", "{}"), 4, [0, 0, 0, 30]),
        (Act::Answer(403, "", "{}"), 4, [0, 0, 0, 30]),
        (Act::Answer(500, "", "{}"), 8, [0, 0, 1, 29]),
        (Act::Reset { accepted: false }, 8, [0, 0, 1, 29]),
        (Act::AcceptAndFail, 8, [0, 0, 1, 29]),
    ] {
        let home = people(30);
        let jelou = Jelou::start(move |_, _| act.clone());
        let ended =
            send(&home, &jelou.url).fails(code, &["run paused: ", "jelouctl bulk resume r"]);
        assert_eq!(counts(&ended.json()), expected);
        assert_eq!(jelou.requests().len(), 1, "the first row goes alone");
    }
}

#[test]
fn run_pauses_on_too_many_unknown_rows() {
    let home = people(400);
    let jelou = Jelou::start(|user, _| match user.parse::<usize>().unwrap() % 1000 {
        ..100 => Act::Accept,
        _ => Act::Answer(500, "", "{}"),
    });
    let ended = send(&home, &jelou.url).fails(8, &["run paused: Jelou answered 500"]);
    let [sent, failed, unknown, pending] = counts(&ended.json());
    assert_eq!((sent, failed), (100, 0));
    assert!(
        (11..=11 + 64).contains(&unknown) && pending > 0,
        "{unknown}"
    );
    // Unknown rows are never sent again.
    let resolved = home.run("bulk resolve r --unknown-as sent").success();
    let said = format!("{unknown} unknown rows now count as sent");
    assert!(resolved.stderr.contains(&said), "{resolved:?}");
    let accepting = resolved.json();
    assert_eq!(counts(&accepting), [100 + unknown, 0, 0, pending]);
    home.run("bulk resolve r --unknown-as nonsense")
        .fails(2, &[]);
}

#[test]
fn ctrl_c_finishes_rows_in_flight() {
    for (came, code) in [
        (Signal::INT, 130),
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::QUIT, 131),
    ] {
        let home = people(200);
        let jelou = Jelou::accept_all();
        let child = start(
            &home,
            "bulk send people.csv --yes --run r --rate 50/s",
            &["text", "x"],
            &jelou.url,
        );
        jelou.wait_for(3);
        signal(&child, came);
        let ended = end(child);
        assert_eq!(ended.code, code, "{ended:?}");
        assert!(ended.stderr.contains("jelouctl bulk resume r"), "{ended:?}");
        let [sent, failed, unknown, pending] = counts(&ended.json());
        assert_eq!(
            (sent, failed, unknown),
            (jelou.requests().len() as u64, 0, 0)
        );
        assert!(pending > 0);
        assert_eq!(
            counts(&resume(&home, &jelou.url).success().json()),
            [200, 0, 0, 0]
        );
        assert!(jelou.accepted().values().all(|count| *count == 1));
    }
}

#[test]
fn signal_at_any_time_leaves_no_unknown_row() {
    signal_runs(9);
}

/// `cargo test --release --test cli -- --ignored hundred_signalled_runs`: some minutes.
#[test]
#[ignore = "takes minutes; CONTRIBUTING.md says when to run it"]
fn hundred_signalled_runs_leave_no_unknown_row() {
    signal_runs(100);
}

/// Signals this many runs, each at a random time.
fn signal_runs(runs: usize) {
    let signals = [(Signal::HUP, 129), (Signal::INT, 130), (Signal::TERM, 143)];
    let home = people(400);
    for number in 0..runs {
        let (came, code) = signals[number % signals.len()];
        let jelou = Jelou::accept_all();
        let words = format!(
            "bulk send people.csv --yes --again --run r{number} --rate 1000000/s text Hola"
        );
        let child = start(&home, &words, &[], &jelou.url);
        jelou.wait_for(1 + fastrand::usize(..300));
        signal(&child, came);
        // When a terminal closes, both the shell and the system send the signal.
        if came == Signal::HUP {
            signal(&child, came);
        }
        let ended = end(child);
        let [sent, failed, unknown, _] = counts(&ended.json());
        assert!([0, code].contains(&ended.code), "{came:?}: {ended:?}");
        assert_eq!(
            (sent, failed, unknown),
            (jelou.requests().len() as u64, 0, 0),
            "{came:?}: {ended:?}"
        );
        assert!(
            jelou.accepted().values().all(|count| *count == 1),
            "{came:?}"
        );
    }
}

/// Does `work` while another process changes the ledger. The changes continue until the result of `work` is dropped.
fn while_the_store_is_changed<T>(home: &Home, work: impl FnOnce() -> T) -> T {
    home.run("bulk list").success();
    if home.ledger().is_some() {
        return home.while_holding("BEGIN; SELECT 1 FROM jelouctl.store FOR UPDATE", work);
    }
    let lock = home.write(
        &format!("{STATE}/state.db-write"),
        std::process::id().to_string(),
    );
    let lock = std::fs::File::options().write(true).open(lock).unwrap();
    lock.lock().unwrap();
    work()
}

#[test]
fn unresponsive_ledger_is_reported_by_the_run() {
    let home = people(3);
    let jelou = Jelou::start(|_, _| Act::Hang { accepted: true });
    let mut child = Watched::new(start(
        &home,
        SEND,
        &["--timeout", "1s", "text", "Hola"],
        &jelou.url,
    ));
    jelou.wait_for(1);
    while_the_store_is_changed(&home, || {
        child.wait_for("note: waiting for the ledger, which has not answered for 5 s");
    });
    kill(child.child);
}

#[test]
fn ledger_wait_is_reported_and_ends_on_signal() {
    for (came, code) in [
        (Some(Signal::INT), 130),
        (Some(Signal::TERM), 143),
        (Some(Signal::HUP), 129),
        (None, 0),
    ] {
        let home = people(3);
        let jelou = Jelou::accept_all();
        let child = while_the_store_is_changed(&home, || {
            let mut child = Watched::new(start(&home, SEND, &["text", "Hola"], &jelou.url));
            let id = std::process::id();
            let holder = if home.ledger().is_none() {
                format!(": process {id}")
            } else {
                String::new()
            };
            child.wait_for(&format!(
                "note: waiting for another process that writes to the ledger{holder}"
            ));
            if let Some(came) = came {
                signal(&child.child, came);
                child.wait_for("interrupted by SIG");
            }
            child
        });
        let ended = child.end();
        assert_eq!(ended.code, code, "{ended:?}");
        let sent = if code == 0 { 3 } else { 0 };
        assert_eq!(jelou.requests().len(), sent, "{ended:?}");
        let runs = home.run("bulk list").success().stdout;
        assert_eq!(runs.lines().count(), sent.min(1), "{runs}");
        // The ended wait does not affect the next process.
        if code != 0 {
            assert_eq!(
                counts(&send(&home, &jelou.url).success().json()),
                [3, 0, 0, 0]
            );
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn signal_ignored_at_start_stays_ignored() {
    for ignored in [Signal::HUP, Signal::INT, Signal::TERM] {
        let home = people(1);
        let (jelou, has_arrived, go) = Jelou::hold_responses();
        // nohup ignores this signal, and so does a script in its background jobs.
        let trap = format!("trap '' {}; exec \"$0\" \"$@\"", ignored.as_raw());
        let mut command = under(
            &["/bin/sh", "-c", &trap],
            home.process(SEND, &jelou.url).args(["text", "Hola"]),
        );
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        has_arrived.recv().unwrap();
        signal(&child, ignored);
        go.send(()).unwrap();
        let ended = end(child);
        assert_eq!(
            (ended.code, counts(&ended.json())),
            (0, [1, 0, 0, 0]),
            "{ended:?}"
        );
        assert!(!ended.stderr.contains("stopping"), "{ended:?}");
    }
}

/// Other programs may send a signal several times: `timeout` signals its child and then the group, and a parent may
/// forward a signal that its child already has.
#[test]
fn repeated_signal_within_a_second_counts_once() {
    for again in [Signal::INT, Signal::TERM] {
        // An attempt whose second signal was late proves nothing.
        while !is_one_signal(again) {}
    }
}

fn is_one_signal(again: Signal) -> bool {
    let home = people(1);
    let (jelou, has_arrived, go) = Jelou::hold_responses();
    let mut child = Watched::new(start(&home, SEND, &["text", "Hola"], &jelou.url));
    has_arrived.recv().unwrap();
    let begun = Instant::now();
    signal(&child.child, again);
    child.wait_for("stopping: ");
    signal(&child.child, again);
    let was_soon = begun.elapsed() < Duration::from_secs(1);
    go.send(()).unwrap();
    let ended = child.end();
    if was_soon {
        assert_eq!(
            (ended.code, counts(&ended.json())),
            (0, [1, 0, 0, 0]),
            "{ended:?}"
        );
    }
    was_soon
}

#[test]
fn group_signal_leaves_no_row_in_flight() {
    let program = assert_cmd::cargo::cargo_bin!("jelouctl").to_str().unwrap();
    let run = [
        program,
        "run",
        "--to",
        "593987654321",
        "--on",
        "failure",
        "--",
    ];
    let timeout = ["timeout", "--preserve-status", "1000"];
    for (launcher, is_run) in [(&run[..], true), (&timeout, false)] {
        if !is_run && !can_test("timeout", || works("timeout", &["9", "true"])) {
            continue;
        }
        let home = people(1);
        let (jelou, has_arrived, go) = Jelou::hold_responses();
        let mut started = under(
            launcher,
            home.process(SEND, &jelou.url).args(["text", "Hola"]),
        );
        started
            .process_group(0)
            .env("PATH", "/usr/bin:/bin")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = Watched::new(started.spawn().unwrap());
        has_arrived.recv().unwrap();
        if is_run {
            kill_process_group(Pid::from_child(&child.child), Signal::TERM).unwrap();
        } else {
            // `timeout` forwards a signal to its child and then to the group, just as when its time is up.
            signal(&child.child, Signal::TERM);
        }
        child.wait_for("stopping: ");
        go.send(()).unwrap();
        let ended = child.end();
        assert_eq!(
            (ended.code, counts(&ended.json())),
            (0, [1, 0, 0, 0]),
            "{ended:?}"
        );
    }
}

#[test]
fn run_completed_after_ctrl_c_is_complete() {
    let home = people(1);
    let (jelou, has_arrived, go) = Jelou::hold_responses();
    let mut child = Watched::new(start(&home, SEND, &["text", "Hola"], &jelou.url));
    has_arrived.recv().unwrap();
    signal(&child.child, Signal::INT);
    child.wait_for(
        "stopping: 1 request in flight; press Ctrl-C again after a second to stop immediately",
    );
    go.send(()).unwrap();
    let ended = child.end();
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(!ended.stderr.contains("bulk resume"), "{ended:?}");
    assert_eq!(ended.json()["complete"], true);
    assert_eq!(
        counts(&home.run("bulk list").success().json()),
        [1, 0, 0, 0]
    );
    let again = home
        .run("bulk send people.csv --yes text Hola")
        .api(&jelou.url);
    again.fails(11, &["1 of 1 messages was sent by run r at "]);
}

#[test]
fn run_paused_after_its_last_row_is_complete() {
    let home = people(1);
    let jelou = Jelou::start(|_, _| Act::AcceptAndFail);
    let ended = send(&home, &jelou.url).fails(10, &["unknown: Jelou answered 500"]);
    assert_eq!(
        (counts(&ended.json()), &ended.json()["complete"]),
        ([0, 0, 1, 0], &json!(true))
    );
}

#[test]
fn pause_is_reported_immediately_and_survives_ctrl_c() {
    for is_left_at_once in [false, true] {
        let home = people(10);
        let jelou = Jelou::start(|user, _| match user.chars().last() {
            Some('0') => Act::Accept,
            Some('5') => Act::Answer(401, "", "{}"),
            _ => Act::Hang { accepted: false },
        });
        let timeout = if is_left_at_once { "60s" } else { "3s" };
        let more = ["--timeout", timeout, "text", "Hola"];
        let mut child = Watched::new(start(&home, SEND, &more, &jelou.url));
        child.wait_for("paused: Jelou answered 401; ");
        signal(&child.child, Signal::INT);
        child.wait_for("stopping: ");
        if is_left_at_once {
            child.signal_until_it_ends(Signal::INT);
        }
        let ended = child.end();
        assert_eq!(ended.code, 4, "{ended:?}");
        assert!(
            ended
                .stderr
                .contains("error: run paused: Jelou answered 401"),
            "{ended:?}"
        );
        assert!(
            ended.stderr.contains("jelouctl bulk resume r") && !ended.stderr.contains("SIGINT"),
            "{ended:?}"
        );
        let status = home.run("bulk status r").success().json();
        for state in ["sent", "unknown", "pending", "inflight"] {
            assert_eq!(
                ended.json()[state],
                status[state],
                "the summary is what the ledger says: {ended:?}"
            );
        }
    }
}

#[test]
fn process_that_joins_or_leaves_a_run_names_the_others() {
    let home = people(10);
    let jelou = Jelou::accept_all();
    let send = "bulk send people.csv --yes --run r --rate 1/m text Hola";
    let first = Watched::new(start(&home, send, &[], &jelou.url));
    jelou.wait_for(1);
    let mut second = Watched::new(start(&home, "bulk resume r", &[], &jelou.url));
    second.wait_for("1 other process already sends it");
    signal(&second.child, Signal::INT);
    let ended = second.end();
    assert_eq!(ended.code, 130, "{ended:?}");
    let parts = [
        "error: this process stopped; others continue the run: stopped with Ctrl-C\n",
        "hint: to stop the others: jelouctl bulk stop r\n",
    ];
    for part in parts {
        assert!(ended.stderr.contains(part), "{ended:?}");
    }
    signal(&first.child, Signal::INT);
    let ended = first.end();
    assert!(
        ended.stderr.contains("error: stopped with Ctrl-C\n"),
        "{ended:?}"
    );
}

#[test]
fn resent_list_needs_the_flags_of_its_rows_and_recipients() {
    let home = people(2);
    home.write("mala.csv", "nombre,celular\nAna,123\nEva,593987654321\n");
    home.write("b1.txt", "593990000000\n");
    let jelou = Jelou::accept_all();
    home.run("bulk send mala.csv --yes --run r --skip-invalid --skip-if nombre=Juan --to-column celular --country EC \
             --exclude b1.txt text Hola")
        .api(&jelou.url)
        .fails(
            10,
            &[
                "then send that file with the same message and the same --to-column, --country, --exclude, --skip-if\n",
                "exclusion lists: b1.txt: 1 recipient, 0 rows of this list\n",
            ],
        );
    for report in ["again.csv", "again.xlsx"] {
        home.run("bulk report r --reason invalid --file")
            .args(&[report])
            .success();
        let told = format!("--header-row 2: {report} is a report, and its header is in line 1\n");
        home.run("bulk send --header-row 2 --dry-run")
            .args(&[report, "text", "Hola"])
            .fails(2, &[&told, "hint: send it without --header-row\n"]);
    }
}

#[test]
fn second_ctrl_c_exits_immediately_and_is_recorded() {
    let home = people(20);
    let jelou = Jelou::start(|_, before| {
        if before == 0 {
            Act::Hang { accepted: true }
        } else {
            Act::Accept
        }
    });
    let mut child = Watched::new(start(&home, SEND, &["text", "x"], &jelou.url));
    jelou.wait_for(1);
    signal(&child.child, Signal::INT);
    let status = home.run("bulk status r").success().json();
    assert_eq!(status["inflight"], 1, "status reads a run that is going on");
    child.signal_until_it_ends(Signal::INT);
    let ended = child.end();
    let json = ended.json();
    assert_eq!(
        (ended.code, &json["unknown"], &json["inflight"]),
        (130, &json!(1), &json!(0)),
        "{ended:?}"
    );
    let ended = home.run("bulk resolve r --unknown-as failed").success();
    assert_eq!(counts(&ended.json()), [0, 1, 0, 19]);
}

#[test]
fn several_processes_send_each_row_once() {
    let home = people(60);
    let jelou = Jelou::accept_all();
    let import = "bulk send people.csv --yes --run r --rate 50/s --hold text Hola";
    home.run(import).api(&jelou.url).success();
    let words = "bulk work r --progress none";
    let first = Watched::new(start(&home, words, &[], &jelou.url));
    let others = [(); 2].map(|()| Watched::new(start(&home, words, &[], &jelou.url)));
    jelou.wait_for(10);
    home.run("bulk remove r --yes")
        .fails(13, &["run r", "in use"]);
    signal(&first.child, Signal::INT);
    assert_eq!(first.end().code, 130);
    for other in others {
        assert_eq!(other.end().code, 0);
    }
    assert_eq!(
        counts(&home.run("bulk status r").success().json()),
        [60, 0, 0, 0]
    );
    assert!(
        jelou.accepted().len() == 60 && jelou.requests().len() == 60,
        "{:?}",
        jelou.accepted()
    );
}

#[test]
fn run_is_resumed_with_its_own_profile() {
    let home = people(20);
    let jelou = Jelou::start(|to, before| match (to == user(0), before) {
        (true, 0) => Act::Answer(401, "", "{}"),
        _ => Act::Accept,
    });
    let profile = |name: &str, bot: &str| {
        format!(
            "[profiles.{name}]\nbot_id = \"{bot}\"\nclient_id = \"id-{name}\"\nclient_secret = \"canary-{name}\"\napi_url = \"{}\"\nconfirm_bulk = false\nrate = \"100000/s\"\n",
            jelou.url
        )
    };
    home.config(&format!(
        "default_profile = \"b\"\n{}{}",
        profile("a", "1"),
        profile("b", "2")
    ));
    home.run("--profile a bulk send people.csv --run r text x")
        .fails(4, &["bulk resume r"]);
    for (words, part) in [
        (
            "--profile b bulk resume r",
            "--profile: run r uses a, not b",
        ),
        ("--bot 2 bulk resume r", "--bot: run r uses 1, not 2"),
        (
            "--api-url http://127.0.0.1:9 bulk resume r",
            "--api-url: run r uses http://127.0.0.1:",
        ),
        ("--sandbox bulk resume r", ", not the sandbox"),
        ("bulk resume r text x", "unexpected argument"),
    ] {
        home.run(words).fails(2, &[part]);
    }
    for (variable, value, part) in [
        ("JELOU_PROFILE", "b", "JELOU_PROFILE: run r uses a, not b"),
        ("JELOU_BOT_ID", "2", "JELOU_BOT_ID: run r uses 1, not 2"),
        (
            "JELOU_API_URL",
            "http://127.0.0.1:9",
            "JELOU_API_URL: run r uses http://127.0.0.1:",
        ),
    ] {
        home.run("bulk resume r")
            .env(variable, value)
            .fails(2, &[part]);
    }
    let other = home
        .run("bulk resume r")
        .env("JELOU_CLIENT_ID", "x")
        .env("JELOU_CLIENT_SECRET", "canary-x");
    other.fails(2, &["client id: run r uses id-a, not x"]);
    assert_eq!(jelou.requests().len(), 1);
    // A safety check that was added later applies.
    home.config(&format!("{}allow_to = [\"1*\"]\n", profile("a", "1")));
    home.run("bulk resume r")
        .fails(11, &["is not among the recipients"]);
    home.config(&format!(
        "default_profile = \"b\"\n{}{}",
        profile("a", "1"),
        profile("b", "2")
    ));
    // The run uses its own profile and bot, not the defaults. The first row was certainly not sent.
    home.run("bulk resume").success();
    let seen = jelou.requests();
    assert_eq!(seen.len(), 21);
    assert!(
        seen.iter()
            .all(|seen| seen.received.line.starts_with("POST /v1/bots/1/messages"))
    );
}

#[test]
fn secret_is_sent_only_to_configured_addresses() {
    let home = people(3);
    // Anyone who may write runs in the ledger could set another address.
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    stranger.set_nonblocking(true).unwrap();
    let url = format!("http://{}", stranger.local_addr().unwrap());
    send_with(&home, &url, &["--hold"]).success();
    let told = [
        &format!(
            "run r sends to {url}, but this process is set up to send to https://api.jelou.ai"
        ),
        "JELOU_API_URL or api_url of the profile\nnote: nothing more was sent",
    ];
    for words in ["bulk resume r --yes", "bulk work r"] {
        let run = home
            .run(words)
            .env("JELOU_CLIENT_ID", "id")
            .env("JELOU_CLIENT_SECRET", "canary-secret-of-the-tests");
        run.fails(3, &told);
        home.config(
            "[profiles.p]\nclient_id = \"id\"\nclient_secret = \"canary-secret-of-the-tests\"\n",
        );
        home.run(words).fails(3, &told);
        std::fs::remove_file(home.path().join(".config/jelouctl/config.toml")).unwrap();
    }
    assert_eq!(
        stranger.accept().unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock
    );
}

#[test]
fn resume_is_refused_after_profile_changes() {
    let home = people(3);
    let (jelou, other) = (Jelou::accept_all(), Jelou::expect_no_requests());
    let configure = |bot: &str, url: &str| {
        let credentials = "client_id = \"id\"\nclient_secret = \"canary-secret-of-the-tests\"";
        home.config(&format!(
            "[profiles.p]\nbot_id = \"{bot}\"\napi_url = \"{url}\"\n{credentials}\n"
        ));
    };
    configure("1", &jelou.url);
    home.run(SEND).args(&["--hold", "text", "Hola"]).success();
    configure("2", &jelou.url);
    let told = ["bot_id of profile p: run r uses 1, not 2", "use the values"];
    home.run("bulk resume r --yes").fails(2, &told);
    let told = "bot_id del perfil p: el envío r usa 1, no 2";
    let spanish = home.run("bulk resume r --yes").env("JELOUCTL_LANG", "es");
    spanish.fails(2, &[told]);
    configure("1", &other.url);
    let told = format!(
        "api_url of profile p: run r uses {}, not {}",
        jelou.url, other.url
    );
    home.run("bulk resume r --yes")
        .fails(2, &[&told, "use the values that the run was started with"]);
    assert!(jelou.requests().is_empty());
    configure("2", &jelou.url);
    home.run("bulk resume r --yes --bot 1").success();
    assert!(
        jelou
            .requests()
            .iter()
            .all(|seen| seen.received.line.starts_with("POST /v1/bots/1/messages"))
    );
    assert_eq!(jelou.requests().len(), 3);
}

#[test]
fn sandbox_run_never_leaves_the_sandbox() {
    let home = people(3);
    let ended = home
        .run("--sandbox bulk send people.csv --run r --rate 1000/s text x")
        .success();
    assert!(
        ended.stderr.contains("sandbox: nothing was sent to Jelou"),
        "{ended:?}"
    );
    let jelou = Jelou::expect_no_requests();
    home.run("bulk resume r")
        .env("JELOU_API_URL", &jelou.url)
        .success()
        .stderr_has(&["sandbox: nothing was sent to Jelou"]);
    home.run("bulk resume r --api-url https://api.jelou.ai")
        .fails(2, &["--api-url: run r uses sandbox"]);
    // A sandbox run may be repeated.
    home.run("--sandbox bulk send people.csv --run r2 --rate 1000/s text x")
        .success();
}

#[test]
fn machine_progress_is_one_json_line() {
    let home = people(3);
    let ended = home
        .run("--sandbox bulk send people.csv --rate 2/s --progress ndjson text x")
        .success();
    let lines: Vec<Value> = ended
        .stderr
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["rows"], &last["sent"], &last["left"]),
        (&json!(3), &json!(3), &json!(0)),
        "{ended:?}"
    );
    assert!(
        last["rate"].as_f64().unwrap() > 0.0
            && last.as_object().unwrap().contains_key("seconds_left")
    );
    let quiet = home
        .run("--sandbox -q bulk send people.csv --rate 100/s text x")
        .success();
    assert_eq!(quiet.stderr, "");
    let named = home
        .run("--sandbox -q -o id bulk send people.csv --run mine --rate 100/s text x")
        .success();
    assert_eq!(named.stdout, "mine\n");
}
