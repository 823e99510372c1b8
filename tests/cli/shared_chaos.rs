//! Three machines send one run, each with a separate connection to the database. Processes are killed and suspended,
//! the database crashes, and connections stall and break. The server's own count proves the result.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use socket2::SockRef;

use crate::bulk_crash::Dice;
use crate::bulk_run::signal;
use crate::bulk_server::{Act, Jelou};
use crate::harness::Home;
use crate::postgres::Cluster;

const ROWS: u64 = 2500;
const CONCURRENCY: u64 = 16;
const MACHINES: usize = 3;
/// The number of concurrent runs, each with its own database: a run mostly waits.
const RUNS_AT_ONCE: usize = 3;

/// One machine's connection to the database.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    way: Arc<Way>,
}

#[derive(Default)]
pub(crate) struct Way {
    is_stalled: Mutex<bool>,
    changed: Condvar,
    /// The connections that were made.
    clients: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    pub(crate) fn start(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let way = Arc::new(Way::default());
        let accepting = Arc::clone(&way);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                // A crashed database accepts no one.
                let Ok(database) = UnixStream::connect(&socket) else {
                    continue;
                };
                accepting
                    .clients
                    .lock()
                    .unwrap()
                    .push(client.try_clone().unwrap());
                let (to, from) = (Arc::clone(&accepting), Arc::clone(&accepting));
                let (reader, writer) = (client.try_clone().unwrap(), database.try_clone().unwrap());
                thread::spawn(move || to.carry(reader, writer));
                thread::spawn(move || from.carry(database, client));
            }
        });
        Self { port, way }
    }

    pub(crate) fn way(&self) -> Arc<Way> {
        Arc::clone(&self.way)
    }

    fn reset(&self) {
        for client in self.way.clients.lock().unwrap().drain(..) {
            let _ = SockRef::from(&client).set_linger(Some(Duration::ZERO));
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}

impl Way {
    /// Stalls the connections, or lets data through again.
    pub(crate) fn stall(&self, is_stalled: bool) {
        *self.is_stalled.lock().unwrap() = is_stalled;
        self.changed.notify_all();
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.clients.lock().unwrap().len()
    }

    fn carry(&self, mut from: impl Read + AsFd, mut to: impl Write + AsFd) {
        let mut bytes = [0; 4096];
        while let Ok(size @ 1..) = from.read(&mut bytes) {
            let stalled = self.is_stalled.lock().unwrap();
            drop(
                self.changed
                    .wait_while(stalled, |stalled| *stalled)
                    .unwrap(),
            );
            if to.write_all(&bytes[..size]).is_err() {
                break;
            }
        }
        // One end closed the connection. Close the other end, too, because the database would keep the session.
        let _ = SockRef::from(&from).shutdown(Shutdown::Both);
        let _ = SockRef::from(&to).shutdown(Shutdown::Both);
    }
}

/// One of the machines.
struct Machine {
    home: Home,
    proxy: Proxy,
    process: Option<Child>,
}

impl Machine {
    fn start(&mut self, words: &str, database: &str, url: &str) {
        let mut command = self.home.command();
        command.args(words.split(' ')).args([
            "--concurrency",
            &CONCURRENCY.to_string(),
            "--timeout",
            "1s",
        ]);
        command
            .args(["--progress", "none"])
            .envs([("JELOU_API_URL", url), ("JELOU_CLIENT_ID", "i")]);
        command.env(
            "JELOUCTL_LEDGER",
            format!("postgres://app@127.0.0.1:{}/{database}", self.proxy.port),
        );
        let quiet = command
            .env("JELOU_CLIENT_SECRET", "canary-secret")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.process = Some(quiet.spawn().unwrap());
    }

    /// The exit code of the process, once it has ended.
    fn ended(&mut self) -> Option<i32> {
        let status = self.process.as_mut()?.try_wait().unwrap()?;
        self.process = None;
        Some(status.code().unwrap_or(-1))
    }
}

/// The events of a run.
struct Survived {
    kills: u64,
    /// Rows that are unknown because their process no longer exists.
    unknown_after_kill: u64,
    took: Duration,
}

fn chaos(cluster: &Cluster, seed: u64) -> Survived {
    let database = cluster.database();
    let mut dice = Dice::new(seed);
    let home = Home::new();
    let rows: Vec<_> = (0..ROWS)
        .map(|number| format!("{}\n", 593_990_000_000 + number))
        .collect();
    home.write("people.csv", format!("to\n{}", rows.concat()));
    let jelou = Jelou::start(move |user, before| {
        let number: u64 = user.parse().unwrap();
        match Dice::new(seed ^ number.wrapping_mul(31).wrapping_add(before as u64)).below(1000) {
            0..=1 => Act::Reset { accepted: true },
            2..=11 => Act::RATE_LIMIT,
            _ => Act::Accept,
        }
    });
    let words = "bulk send people.csv --yes --run r --rate 600/s --hold text Hola";
    home.run(words)
        .api(&jelou.url)
        .env("JELOU_BOT_ID", "7")
        .env("JELOU_CLIENT_ID", "i")
        .env("JELOUCTL_LEDGER", cluster.url("app", &database))
        .success();
    let mut machines: Vec<_> = (0..MACHINES)
        .map(|_| Machine {
            home: Home::new(),
            proxy: Proxy::start(cluster.socket()),
            process: None,
        })
        .collect();
    let (mut kills, mut complete, began) = (0, false, Instant::now());
    for machine in &mut machines {
        machine.start("bulk work r", &database, &jelou.url);
    }
    let mut faults = 0;
    while !complete || machines.iter().any(|machine| machine.process.is_some()) {
        assert!(
            began.elapsed() < Duration::from_secs(300),
            "with the seed {seed} the run does not end"
        );
        // This waits for nothing: the test varies the instant of the next fault.
        thread::sleep(Duration::from_millis(dice.below(400)));
        for machine in &mut machines {
            match machine.ended() {
                None => {}
                Some(0 | 10) => complete = true,
                // A platform restarts the process, and a user resumes the run after a pause.
                Some(_) if complete => {}
                Some(8) => machine.start("bulk resume r", &database, &jelou.url),
                Some(code) => {
                    assert!(
                        [12, -1].contains(&code),
                        "with the seed {seed} a machine ended with {code}"
                    );
                    machine.start("bulk work r", &database, &jelou.url);
                }
            }
        }
        if faults == 14 || complete {
            continue;
        }
        faults += 1;
        let which = usize::try_from(dice.below(MACHINES as u64)).unwrap();
        let machine = &mut machines[which];
        match dice.below(10) {
            0..=2 => {
                if let Some(mut process) = machine.process.take() {
                    process.kill().unwrap();
                    process.wait().unwrap();
                    kills += 1;
                }
                machine.start("bulk work r", &database, &jelou.url);
            }
            3..=4 => {
                if let Some(process) = &machine.process {
                    signal(process, Signal::STOP);
                    thread::sleep(Duration::from_millis(200 + dice.below(4000)));
                    signal(process, Signal::CONT);
                }
            }
            5 => cluster.crash(),
            6..=7 => {
                machine.proxy.way.stall(true);
                thread::sleep(Duration::from_millis(200 + dice.below(4000)));
                machine.proxy.way.stall(false);
            }
            _ => machine.proxy.reset(),
        }
    }
    let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        check(&home, &jelou, &cluster.url("app", &database), kills)
    }));
    let Ok(unknown_after_kill) = checked else {
        panic!("with the seed {seed}")
    };
    Survived {
        kills,
        unknown_after_kill,
        took: began.elapsed(),
    }
}

fn check(home: &Home, jelou: &Jelou, ledger: &str, kills: u64) -> u64 {
    let accepted = jelou.accepted();
    assert!(
        accepted.values().all(|count| *count == 1),
        "sent twice: {accepted:?}"
    );
    let report = home
        .run("bulk report r --format ndjson")
        .env("JELOUCTL_LEDGER", ledger)
        .success()
        .stdout;
    let rows: Vec<Value> = report
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len() as u64, ROWS, "a row is lost");
    let mut of_machines = 0;
    for row in &rows {
        let was_accepted = accepted.contains_key(row["to"].as_str().unwrap());
        match row["sent"].as_str().unwrap() {
            "yes" => assert!(was_accepted, "{row} was never accepted"),
            "unknown"
                if row["error"]
                    .as_str()
                    .unwrap()
                    .contains("no longer responds") =>
            {
                of_machines += 1;
            }
            "unknown" => {}
            _ => panic!("no final state: {row}"),
        }
    }
    assert!(
        of_machines <= kills * CONCURRENCY,
        "{of_machines} unknown by {kills} kills"
    );
    of_machines
}

#[test]
fn chaos_loses_and_duplicates_no_row() {
    if Cluster::shared().is_none() {
        return;
    }
    chaos(&Cluster::start(""), 1);
}

/// `cargo test --release --test cli -- --ignored --nocapture hundred_chaotic_runs_lose_no_row`: a quarter of an hour.
#[test]
#[ignore = "takes a quarter of an hour; CONTRIBUTING.md says when to run it"]
fn hundred_chaotic_runs_lose_no_row() {
    if Cluster::shared().is_none() {
        return;
    }
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..RUNS_AT_ONCE {
            scope.spawn(|| {
                let cluster = Cluster::start("");
                while let seed @ 0..100 = next.fetch_add(1, Ordering::SeqCst) {
                    let Survived {
                        kills,
                        unknown_after_kill,
                        took,
                    } = chaos(&cluster, seed);
                    println!(
                        "{seed}: {unknown_after_kill} unknown by {kills} kills, {:.1} s",
                        took.as_secs_f64()
                    );
                }
            });
        }
    });
}
