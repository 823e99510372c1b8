//! Runs that are killed at any instant and then resumed to their end. The server resets, hangs, limits, and fails after
//! it accepted a message. Its own count proves the result.

use std::collections::HashSet;
use std::thread;
use std::time::Duration;

use crate::bulk_server::{Act, Jelou};
use crate::harness::{Home, kill};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

const ROWS: u64 = 150;
const CONCURRENCY: u64 = 8;

/// The parameters of one run of the random test. One number determines them all, and a failure prints that number.
pub(crate) struct Dice(TestRng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0.next_u64() % limit
    }
}

/// A server with faults for some of the recipients.
fn unreliable(seed: u64) -> Jelou {
    Jelou::start(move |user, before| {
        let number: u64 = user.parse().unwrap();
        match Dice::new(seed ^ number.wrapping_mul(31).wrapping_add(before as u64)).below(100) {
            0 => Act::Reset { accepted: false },
            1 => Act::Reset { accepted: true },
            2 => Act::Hang { accepted: true },
            3 => Act::AcceptAndFail,
            4..=9 => Act::RATE_LIMIT,
            10..=12 => Act::Answer(422, "", "{\"code\":\"E0422\"}"),
            _ => Act::Accept,
        }
    })
}

/// Returns the command line that continues the run, or starts it.
fn command_line(home: &Home) -> String {
    let flags = format!("--rate 3000/s --concurrency {CONCURRENCY} --timeout 200ms");
    if home.has_run("r") {
        format!("bulk resume r {flags}")
    } else {
        format!("bulk send people.csv --yes --run r {flags} text Hola")
    }
}

/// Kills the run this many times. Returns how often the run existed after the kill.
fn kill_and_resume(home: &Home, jelou: &Jelou, seed: u64, kills: u32) -> u32 {
    let mut dice = Dice::new(seed);
    let mut killed = 0;
    for _ in 0..kills {
        let child = home
            .process(&command_line(home), &jelou.url)
            .spawn()
            .unwrap();
        // This waits for nothing: the test varies the instant of the kill.
        thread::sleep(Duration::from_micros(dice.below(90_000)));
        kill(child);
        // The process that created the run counts, too, because it may have begun to send.
        killed += u32::from(home.has_run("r"));
    }
    killed
}

/// Runs to the end. If too many unknown rows pause the run, resumes it as a user would.
fn finish(home: &Home, jelou: &Jelou) {
    for _ in 0..200 {
        match home.run(&command_line(home)).api(&jelou.url).end() {
            ended if ended.code == 0 || ended.code == 10 => return,
            ended if ended.code == 8 => {}
            ended => panic!("{ended:?}"),
        }
    }
    panic!("the run never ends");
}

fn check(home: &Home, jelou: &Jelou, killed: u32) {
    let accepted = jelou.accepted();
    assert!(
        accepted.values().all(|count| *count == 1),
        "sent twice: {accepted:?}"
    );

    let rows = home.report("r");
    let users: HashSet<_> = rows
        .iter()
        .map(|row| row["to"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        (rows.len() as u64, users.len() as u64),
        (ROWS, ROWS),
        "a row is lost"
    );
    let told = home.run("bulk status r").success().json();
    for (state, sent, code) in [
        ("sent", "yes", None),
        ("failed", "no", Some("rejected")),
        ("unknown", "unknown", Some("unknown")),
    ] {
        let counted = rows
            .iter()
            .filter(|row| row["sent"] == sent && row["code"].as_str() == code)
            .count();
        assert_eq!(
            told[state], counted,
            "what is counted is not what is reported: {told}"
        );
    }
    let mut unknown = 0;
    for row in &rows {
        let was_accepted = accepted.contains_key(row["to"].as_str().unwrap());
        match (row["sent"].as_str().unwrap(), row["code"].as_str()) {
            ("yes", None) => assert!(was_accepted, "{row} was never accepted"),
            ("no", Some("rejected")) => assert!(!was_accepted, "{row} was accepted"),
            ("unknown", Some("unknown")) => unknown += 1,
            _ => panic!("no final state: {row}"),
        }
    }
    // A row is unknown only because of the server or a kill.
    let of_server = rows.iter().filter(|row| {
        row["sent"] == "unknown"
            && !row["error"]
                .as_str()
                .unwrap_or_default()
                .starts_with("the process that sent it no longer responds")
    });
    let of_kills = unknown - of_server.count() as u64;
    assert!(
        of_kills <= u64::from(killed) * CONCURRENCY,
        "{of_kills} unknown by {killed} kills"
    );
}

fn killed_run(seed: u64, kills: u32) {
    let home = Home::new();
    let rows: Vec<_> = (0..ROWS)
        .map(|number| format!("{}\n", 593_990_000_000 + number))
        .collect();
    home.write("people.csv", format!("to\n{}", rows.concat()));
    let jelou = unreliable(seed);
    let killed = kill_and_resume(&home, &jelou, seed, kills);
    finish(&home, &jelou);
    let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        check(&home, &jelou, killed);
    }));
    assert!(checked.is_ok(), "with the seed {seed}");
}

/// Tests this many runs, each killed `kills` times. `at_once` of them run in parallel, because they mostly wait for the
/// server.
fn killed_runs(runs: u64, kills: u32, at_once: usize) {
    thread::scope(|scope| {
        for first in (0..runs).take(at_once) {
            scope.spawn(move || {
                (first..runs)
                    .step_by(at_once)
                    .for_each(|seed| killed_run(seed, kills));
            });
        }
    });
}

#[test]
fn killed_run_sends_every_row_exactly_once() {
    killed_runs(8, 8, 2);
}

/// `cargo test --release --test cli -- --ignored thousand_killed_runs_lose_no_row`: some minutes.
#[test]
#[ignore = "takes minutes; CONTRIBUTING.md says when to run it"]
fn thousand_killed_runs_lose_no_row() {
    killed_runs(1000, 5, 16);
}

#[test]
fn killed_import_leaves_no_run() {
    let home = Home::new();
    let rows: Vec<_> = (0..20_000)
        .map(|number| format!("{}\n", 593_990_000_000_u64 + number))
        .collect();
    home.write("people.csv", format!("to\n{}", rows.concat()));
    for wait in [20, 60, 120, 200] {
        let words = "--sandbox bulk send people.csv --run r --hold text Hola";
        let child = home
            .process(words, "")
            .env_remove("JELOU_API_URL")
            .spawn()
            .unwrap();
        // This waits for nothing: the test varies the instant of the kill.
        thread::sleep(Duration::from_millis(wait));
        kill(child);
        if home.has_run("r") {
            assert_eq!(home.run("bulk status r").success().json()["rows"], 20_000);
            break;
        }
        home.run("bulk resume r").fails(2, &["there"]);
    }
    home.write("one.csv", "to\n593987654321\n");
    home.run("--sandbox bulk send one.csv --run other text Hola")
        .success();
}
