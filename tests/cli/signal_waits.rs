//! Each question and each wait of the command, at a terminal. Ctrl-C, SIGTERM, SIGQUIT and SIGHUP end it soon with the
//! documented exit code, and no message is sent.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use expectrl::process::unix::WaitStatus;
use rustix::fs::OFlags;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::bulk_run::user;
use crate::harness::{Home, STATE, kill, tool, wait_until};
use crate::postgres::{Cluster, HeldTransaction};
use crate::server::{Received, Reply, Server};
use crate::shared_chaos::{Proxy, Way};
use crate::terminal::Terminal;

/// A question or a wait.
struct Wait {
    name: &'static str,
    /// The preparations before the command begins.
    given: &'static [Given],
    command: &'static str,
    /// The sign that the command waits.
    sign: WaitSign,
    ends_with: End,
    /// How many messages the server got before the command ended.
    requests: usize,
}

#[derive(Debug, PartialEq)]
enum Given {
    /// The run `r` exists with these options, but has not begun.
    Run(&'static str),
    /// The run `r` is complete, with these options.
    SentRun(&'static str),
    /// Another process sends the run `r`, and has a row in flight.
    Sending,
    /// The ledger is in a database.
    Database,
    /// The database does not respond.
    SilentDatabase,
    /// The database stops responding at the first message.
    SilentAfterMessage,
    /// Another process writes the ledger.
    Writing,
    /// Another process writes the ledger from the first message on.
    WritingAfterMessage,
    /// Jelou never answers look-ups.
    SilentLookUps,
    /// Jelou never answers messages.
    SilentMessages,
    /// Jelou accepts no message for a minute.
    RateLimit,
    /// The profile has these keys instead of a secret.
    Secret(&'static str),
    /// The profile has these keys, too.
    Keys(&'static str),
    /// The file `pipe` was already read once.
    ReadPipe,
    /// An earlier question gets this answer.
    Answer(&'static str, &'static str),
}

enum WaitSign {
    /// The screen shows this text.
    Screen(&'static str),
    /// Jelou got a request.
    LookUp,
    Message,
    /// Another session of the database blocks the command.
    BlockedSession,
    /// The command connected to the database, which does not respond.
    Connection,
    /// The command opened the file `pipe`. The file never gets more than its first lines.
    OpenPipe,
}

enum End {
    /// The exit code of the signal. The command may exit with it, or be ended by the signal.
    Signal,
    /// The exit code of the signal after a second signal, or the code of a lost database.
    SecondSignal,
    Code(i32),
}

use End::{Code, SecondSignal};
use Given::{
    Answer, Database, Keys, RateLimit, ReadPipe, Run, Secret, Sending, SentRun, SilentAfterMessage,
    SilentDatabase, SilentLookUps, SilentMessages, Writing, WritingAfterMessage,
};
use WaitSign::{BlockedSession, Connection, LookUp, Message, OpenPipe, Screen};

const fn wait(
    name: &'static str,
    given: &'static [Given],
    command: &'static str,
    sign: WaitSign,
) -> Wait {
    Wait {
        name,
        given,
        command,
        sign,
        ends_with: End::Signal,
        requests: 0,
    }
}

impl Wait {
    const fn requests(self, requests: usize) -> Self {
        Self { requests, ..self }
    }

    const fn ends_with(self, ends_with: End) -> Self {
        Self { ends_with, ..self }
    }
}

const LIST: &str = "bulk send people.csv text Hola";
const TEXT: &str = "send text --to 593987654321 Hola";
const YES: WaitSign = Screen("[y/N]");
const TURN: WaitSign = Screen("waiting for another process that writes to the ledger");

#[rustfmt::skip]
static WAITS: &[Wait] = &[
    // Questions.
    wait("a list", &[], LIST, YES),
    wait("a list after a look-up", &[], "bulk send people.csv --only-in-window text Hola", YES),
    wait("a run", &[Run("")], "bulk resume r", YES),
    wait("a run after a look-up", &[Run("--only-in-window")], "bulk resume r", YES),
    wait("to cancel", &[Run("")], "bulk cancel r", YES),
    wait("to remove", &[SentRun("")], "bulk remove r", YES),
    wait("to forget a key", &[SentRun("--once k")], "once remove k", YES),
    wait("to remove a profile", &[], "profile remove p", YES),
    wait("a value of a profile", &[Secret("")], "profile set q --bot 1 --client-id x", Screen("Country of")),
    wait("the secret of a profile", &[Secret(""), Answer("(empty: none):", ""), Answer("(empty: anyone):", "")], "profile set q --bot 1 --client-id x", Screen("hidden")),
    wait("the secret of a send", &[Secret("")], TEXT, Screen("hidden")),
    wait("the secret of a list", &[Secret("")], "bulk send people.csv --yes text Hola", Screen("hidden")),
    // Slow lists and secrets.
    wait("a list", &[], "bulk send pipe text Hola", OpenPipe),
    wait("a list after a look-up", &[], "bulk send pipe --only-in-window text Hola", OpenPipe),
    wait("excluded people", &[], "bulk send people.csv --exclude pipe text Hola", OpenPipe),
    wait("do_not_contact", &[Keys("do_not_contact = \"../../pipe\"")], LIST, OpenPipe),
    wait("do_not_contact after the question", &[Keys("do_not_contact = \"../../pipe\""), ReadPipe, Answer("[y/N]", "y")], LIST, OpenPipe),
    wait("a body", &[], "send text --to 593987654321 --body pipe", OpenPipe),
    wait("a secret file", &[Secret("client_secret_file = \"../../pipe\"")], TEXT, OpenPipe),
    wait("a secret command", &[Secret("client_secret_command = [\"cat\", \"pipe\"]")], TEXT, OpenPipe),
    wait("a secret command of a list", &[Secret("client_secret_command = [\"cat\", \"pipe\"]")], "bulk send people.csv --only-in-window text Hola", OpenPipe),
    // The network.
    wait("a message", &[SilentMessages], TEXT, Message).requests(1),
    wait("an attempt later", &[RateLimit], "send text --to 593987654321 --retry-for 5m Hola", Screen("retrying")).requests(1),
    wait("a delivery", &[], "send text --to 593987654321 --wait read Hola", LookUp).ends_with(Code(15)).requests(1),
    wait("the windows", &[SilentLookUps], "bulk send people.csv --only-in-window text Hola", LookUp),
    wait("the templates before a question", &[SilentLookUps], "bulk send people.csv template promo", LookUp),
    wait("the templates of a run", &[SilentLookUps], "bulk send people.csv --yes template promo", LookUp),
    wait("templates", &[SilentLookUps], "templates", LookUp),
    wait("messages", &[SilentLookUps], "messages list", LookUp),
    wait("an own request", &[SilentLookUps], "api GET /v1/bots", LookUp),
    wait("a check-up", &[SilentLookUps], "doctor", LookUp),
    wait("deliveries", &[SentRun(""), SilentLookUps], "bulk deliveries r", LookUp),
    wait("more deliveries", &[SentRun("")], "bulk deliveries r --watch", Screen("not listed 3")),
    // A run.
    wait("its rate", &[], "bulk send people.csv --yes --rate 1/m text Hola", Message).requests(1),
    wait("its hours", &[], "bulk send people.csv --yes --between {later} --time-zone UTC text Hola", Screen("waiting")),
    wait("its limit of recipients", &[], "bulk send people.csv --yes --unchecked --per-day 1 template promo", Screen("waiting")).requests(1),
    wait("a rate limit", &[RateLimit], "bulk send people.csv --yes text Hola", Screen("waiting")).requests(1),
    wait("a row in flight", &[SilentMessages], "bulk send people.csv --yes --timeout 10s text Hola", Message).requests(1),
    wait("a row of another process", &[Sending, SilentMessages], "bulk cancel r --yes", Screen("waiting for 1 message")),
    wait("its hours, in a database", &[Database], "bulk send people.csv --yes --between {later} --time-zone UTC text Hola", Screen("waiting")),
    wait("its limit of recipients, in a database", &[Database], "bulk send people.csv --yes --unchecked --per-day 1 template promo", Screen("waiting")).requests(1),
    wait("its rate, in a database", &[Database], "bulk send people.csv --yes --rate 1/m text Hola", Message).requests(1),
    // Waits for the lock of the ledger's file.
    wait("a list's turn", &[Writing], "bulk send people.csv --yes text Hola", TURN),
    wait("a run's turn", &[Run(""), Writing], "bulk resume r --yes", TURN),
    wait("a worker's turn", &[Run(""), Writing], "bulk work r", TURN),
    wait("a stop's turn", &[Run(""), Writing], "bulk stop r", TURN),
    wait("a cancellation's turn", &[Run(""), Writing], "bulk cancel r --yes", TURN),
    wait("a removal's turn", &[SentRun(""), Writing], "bulk remove r --yes", TURN),
    wait("a key's turn", &[SentRun(""), Writing], "once add k --run r --yes", TURN),
    wait("a forgotten key's turn", &[SentRun("--once k"), Writing], "once remove k --yes", TURN),
    wait("a keyed message's turn", &[Writing], "send text --to 593987654321 --once k Hola", TURN),
    wait("a limited message's turn", &[Keys("limit_24h = 5"), Writing], "send template promo --to 593987654321", TURN),
    wait("the turn of an accepted message", &[WritingAfterMessage], "send text --to 593987654321 --once k Hola", TURN).ends_with(Code(0)).requests(1),
    // Waits for a lock in the ledger's database.
    wait("a list's turn, in a database", &[Database, Writing], "bulk send people.csv --yes text Hola", TURN),
    wait("a run's turn, in a database", &[Database, Run(""), Writing], "bulk resume r --yes", BlockedSession),
    wait("a worker's turn, in a database", &[Database, Run(""), Writing], "bulk work r", BlockedSession),
    wait("a stop's turn, in a database", &[Database, Run(""), Writing], "bulk stop r", BlockedSession),
    wait("a cancellation's turn, in a database", &[Database, Run(""), Writing], "bulk cancel r --yes", BlockedSession),
    wait("a removal's turn, in a database", &[Database, SentRun(""), Writing], "bulk remove r --yes", BlockedSession),
    wait("a key's turn, in a database", &[Database, SentRun(""), Writing], "once add k --run r --yes", BlockedSession),
    wait("a forgotten key's turn, in a database", &[Database, SentRun("--once k"), Writing], "once remove k --yes", BlockedSession),
    wait("a keyed message's turn, in a database", &[Database, Writing], "send text --to 593987654321 --once k Hola", TURN),
    wait("a limited message's turn, in a database", &[Database, Keys("limit_24h = 5"), Writing], "send template promo --to 593987654321", TURN),
    // A database that does not respond.
    wait("a list's database", &[Database, SilentDatabase], "bulk send people.csv --yes text Hola", Connection),
    wait("a run's database", &[Database, Run(""), SilentDatabase], "bulk resume r --yes", Connection),
    wait("a listing's database", &[Database, SilentDatabase], "bulk list", Connection),
    wait("a key's database", &[Database, SilentDatabase], "once list", Connection),
    wait("a keyed message's database", &[Database, SilentDatabase], "send text --to 593987654321 --once k Hola", Connection),
    wait("a limited message's database", &[Database, Keys("limit_24h = 5"), SilentDatabase], "send template promo --to 593987654321", Connection),
    wait("the database of an accepted message", &[Database, SilentAfterMessage], "send text --to 593987654321 --once k Hola", Screen("accepted")).ends_with(Code(0)).requests(1),
    wait("the database of a run in progress", &[Database, SilentAfterMessage], "bulk send people.csv --yes --rate 1/m text Hola", Message).ends_with(SecondSignal).requests(1),
    // Commands that jelouctl runs for the user.
    wait("a sandbox", &[], "sandbox --port 0", Screen("JELOUCTL_SANDBOX")).ends_with(Code(0)),
    wait("a command", &[], "run --to 593987654321 --on success -- cat pipe", OpenPipe),
    wait("a command in a sandbox", &[], "sandbox --port 0 -- cat pipe", OpenPipe),
];

/// After this time, a second signal does not count as a repetition of the first.
const NOT_REPEATED: Duration = Duration::from_millis(1500);
/// The exit code for a lost database.
const LOST: i32 = 12;
/// A wait that ignores the signal takes longer than this. Any other wait ends sooner, even on a slow machine.
const SOON: Duration = Duration::from_secs(15);

/// How the signal is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum SentBy {
    /// A key, which signals every process in the foreground.
    CtrlC,
    /// `kill`, which signals only jelouctl.
    Kill(Signal),
}

impl SentBy {
    /// Sends the signal to the command in the terminal.
    fn send(self, terminal: &mut Terminal) -> Signal {
        match self {
            Self::CtrlC => {
                terminal.press_ctrl_c();
                Signal::INT
            }
            Self::Kill(signal) => {
                terminal.signal(signal);
                signal
            }
        }
    }

    /// Sends the second signal. SIGHUP counts once, because a closing terminal sends it twice.
    fn send_again(self, terminal: &mut Terminal) {
        match self {
            Self::Kill(Signal::HUP) => terminal.signal(Signal::TERM),
            sent_by => {
                sent_by.send(terminal);
            }
        }
    }
}

#[test]
fn ctrl_c_ends_each_wait() {
    interrupt_each(SentBy::CtrlC);
}

#[test]
fn sigint_ends_each_wait() {
    interrupt_each(SentBy::Kill(Signal::INT));
}

#[test]
fn sigterm_ends_each_wait() {
    interrupt_each(SentBy::Kill(Signal::TERM));
}

#[test]
fn sigquit_ends_each_wait() {
    interrupt_each(SentBy::Kill(Signal::QUIT));
}

#[test]
fn sighup_ends_each_wait() {
    interrupt_each(SentBy::Kill(Signal::HUP));
}

/// Ends each wait with the signal; runs several waits in parallel.
fn interrupt_each(sent_by: SentBy) {
    const AT_ONCE: usize = 4;
    let next = AtomicUsize::new(0);
    let faults = Mutex::new(Vec::new());
    // Run this in the test's own thread: the list of skipped tests contains the thread's name.
    let cluster = Cluster::shared();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(wait) = WAITS.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if wait.given.contains(&Database) && cluster.is_none() {
                        continue;
                    }
                    let fault = LedgerLocation::new(wait, cluster).interrupt(sent_by);
                    faults.lock().unwrap().extend(fault);
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{sent_by:?}:\n{}", faults.join("\n"));
}

/// The database of a ledger.
struct LedgerDatabase {
    name: String,
    /// The proxy that all connections pass.
    proxy: Proxy,
}

impl LedgerDatabase {
    fn new(cluster: &Cluster) -> Self {
        Self {
            name: cluster.database(),
            proxy: Proxy::start(cluster.socket()),
        }
    }

    fn address(&self) -> String {
        format!("postgres://app@127.0.0.1:{}/{}", self.proxy.port, self.name)
    }

    /// Returns whether a session waits for a lock.
    fn has_blocked_session(&self) -> bool {
        let query = format!(
            "SELECT 1 FROM pg_stat_activity WHERE datname = '{}' AND wait_event_type = 'Lock'",
            self.name
        );
        !Cluster::shared()
            .unwrap()
            .sql("postgres", &query)
            .is_empty()
    }
}

struct Counts {
    /// The requests to send a message.
    messages: usize,
    /// The connections to the database.
    connections: usize,
}

/// The surroundings of one wait.
struct LedgerLocation {
    wait: &'static Wait,
    home: Home,
    server: Server,
    /// The lock of a process that writes the ledger.
    writing: Arc<Mutex<Option<File>>>,
    /// The same in a database.
    session: Option<HeldTransaction>,
    database: Option<LedgerDatabase>,
    sending: Option<Child>,
}

impl LedgerLocation {
    fn new(wait: &'static Wait, cluster: Option<&'static Cluster>) -> Self {
        let cluster = cluster.filter(|_| wait.given.contains(&Database));
        let database = cluster.map(LedgerDatabase::new);
        let home = match &database {
            Some(database) => Home::new().on(database.address()),
            None => Home::new(),
        };
        let rows: Vec<_> = (0..3).map(|number| format!("{}\n", user(number))).collect();
        home.write("people.csv", format!("to\n{}", rows.concat()));
        tool(Command::new("mkfifo").arg(home.path().join("pipe")));
        let writing = Arc::new(Mutex::new(None));
        let lock = home.path().join(STATE).join("state.db-write");
        let way = database.as_ref().map(|database| database.proxy.way());
        let server = jelou(wait, lock, Arc::clone(&writing), way);
        let place = Self {
            wait,
            home,
            server,
            writing,
            session: None,
            database,
            sending: None,
        };
        place.prepare()
    }

    fn prepare(mut self) -> Self {
        let wait = self.wait;
        let home = &self.home;
        home.config(&profile(&self.server.url, wait.given));
        let send = |what: &str, options: &str| {
            let words = format!("bulk send people.csv {what} --yes --run r {options} text Hola");
            home.run(&words).success();
        };
        for given in wait.given {
            match given {
                Run(options) => send("--hold", options),
                SentRun(options) => send("--rate 1000/s", options),
                _ => {}
            }
        }
        if wait.given.contains(&Sending) {
            let words = "bulk send people.csv --yes --run r text Hola";
            let sending = home.process(words, &self.server.url).spawn().unwrap();
            wait_until("a row is in flight", || self.counts().messages > 0);
            self.sending = Some(sending);
        }
        if wait.given.contains(&Writing) {
            self.lock_ledger();
        }
        if wait.given.contains(&SilentDatabase) {
            self.stall_database(true);
        }
        self
    }

    fn lock_ledger(&mut self) {
        if let Some(database) = &self.database {
            let script = "BEGIN; SELECT FROM jelouctl.store FOR UPDATE; SELECT FROM jelouctl.run FOR UPDATE; \
                          SELECT FROM jelouctl.claim FOR UPDATE";
            self.session = Some(HeldTransaction::begin(&database.address(), script));
            return;
        }
        self.home.run("bulk list").success();
        let lock = self.home.path().join(STATE).join("state.db-write");
        *self.writing.lock().unwrap() = Some(locked(&lock));
    }

    fn stall_database(&self, is_stalled: bool) {
        if let Some(database) = &self.database {
            database.proxy.way().stall(is_stalled);
        }
    }

    /// Ends the wait with the signal, and returns the problem, if any.
    fn interrupt(self, sent_by: SentBy) -> Option<String> {
        let Wait { name, command, .. } = self.wait;
        let before = self.counts();
        let command = command.replace("{later}", &later());
        let words: Vec<_> = command.split(' ').collect();
        let mut terminal = Terminal::plain(&self.home, &words);
        for given in self.wait.given {
            match given {
                ReadPipe => drop(self.opened_pipe(&mut terminal)),
                Answer(question, answer) => terminal.answer(question, answer),
                _ => {}
            }
        }
        let _pipe = self.wait_until_shown(&mut terminal, &before);
        let interrupted = Instant::now();
        let signal = sent_by.send(&mut terminal);
        if matches!(self.wait.ends_with, SecondSignal) {
            terminal.wait_for("press Ctrl-C again");
            let noted = Instant::now();
            wait_until(name, || noted.elapsed() > NOT_REPEATED);
            sent_by.send_again(&mut terminal);
        }
        let (status, screen) = terminal.end_within(SOON);
        let took = interrupted.elapsed();
        let signal_exit_code = 128 + signal.as_raw();
        let expected = match self.wait.ends_with {
            End::Signal | SecondSignal => signal_exit_code,
            Code(code) => code,
        };
        let code = match status {
            Some(WaitStatus::Exited(_, code)) => Some(code),
            Some(WaitStatus::Signaled(_, by, _)) => Some(128 + by as i32),
            _ => None,
        };
        let requests = self.counts().messages - before.messages;
        self.stall_database(false);
        if let Some(sending) = self.sending {
            kill(sending);
        }
        let is_lost = matches!(self.wait.ends_with, SecondSignal) && code == Some(LOST);
        let is_right = (is_lost || code == Some(expected)) && requests == self.wait.requests;
        (!is_right).then(|| {
            format!("{name} ({command}): code {code:?}, not {expected}, after {took:?}, {requests} requests\n{screen}")
        })
    }
}

impl LedgerLocation {
    fn counts(&self) -> Counts {
        let received = self.server.received();
        let database = self.database.as_ref();
        Counts {
            messages: received
                .iter()
                .filter(|request| is_message(request))
                .count(),
            connections: database.map_or(0, |database| database.proxy.way().connections()),
        }
    }

    /// Returns when the command waits. The pipe that the command reads stays open as long as the returned value.
    fn wait_until_shown(&self, terminal: &mut Terminal, before: &Counts) -> Option<File> {
        let name = self.wait.name;
        match self.wait.sign {
            Screen(text) => assert!(terminal.shows(text), "{name}: {text}"),
            LookUp => terminal.wait_until(name, || {
                let received = self.server.received();
                received.iter().any(|request| !is_message(request))
            }),
            Message => terminal.wait_until(name, || self.counts().messages > before.messages),
            Connection => {
                terminal.wait_until(name, || self.counts().connections > before.connections);
            }
            BlockedSession => terminal.wait_until(name, || {
                let database = self.database.as_ref();
                database.is_some_and(LedgerDatabase::has_blocked_session)
            }),
            OpenPipe => return Some(self.opened_pipe(terminal)),
        }
        None
    }

    /// Opens the file `pipe` after the command has opened it, and writes a list with one recipient.
    fn opened_pipe(&self, terminal: &mut Terminal) -> File {
        let no_wait = OFlags::NONBLOCK.bits().cast_signed();
        let mut opened = None;
        // A writer cannot open it before a reader has.
        terminal.wait_until(self.wait.name, || {
            let mut options = File::options();
            let opening = options.write(true).custom_flags(no_wait);
            opened = opening.open(self.home.path().join("pipe")).ok();
            opened.is_some()
        });
        let mut pipe = opened.unwrap();
        writeln!(pipe, "to\n{}", user(0)).unwrap();
        pipe
    }
}

fn is_message(request: &Received) -> bool {
    request.line.starts_with("POST ")
}

/// Accepts messages, and lists a new message from each recipient, unless the wait needs another answer.
fn jelou(
    wait: &'static Wait,
    lock: PathBuf,
    writing: Arc<Mutex<Option<File>>>,
    database: Option<Arc<Way>>,
) -> Server {
    let has = |given: &Given| wait.given.contains(given);
    let server = Server::responding(move |_, request| {
        if !is_message(request) {
            return if has(&SilentLookUps) {
                Reply::HangAfterReading
            } else {
                listing(request)
            };
        }
        if has(&WritingAfterMessage) {
            *writing.lock().unwrap() = Some(locked(&lock));
        }
        if has(&SilentAfterMessage)
            && let Some(database) = &database
        {
            database.stall(true);
        }
        if has(&SilentMessages) {
            Reply::HangAfterReading
        } else if has(&RateLimit) {
            Reply::with_headers(429, "Retry-After: 60\r\n", "{}")
        } else {
            let id = format!("msg-{}", request.json()["userId"]);
            let accepted = json!({"success": true, "messageId": id});
            Reply::json(200, &accepted.to_string())
        }
    });
    server.allow_no_requests()
}

fn listing(request: &Received) -> Reply {
    let now = jiff::Timestamp::try_from(SystemTime::now()).unwrap();
    let entry = |number| {
        json!({"messageId": format!("h-{number}"), "by": "user", "sender": {"id": user(number)},
            "recipient": {"id": "BOT-ID"}, "createdAt": format!("{now:.3}"), "bubble": {"type": "TEXT", "text": "Hola"}})
    };
    let entries: Vec<Value> = if request.line.contains("/messages/history/") {
        (0..3).map(entry).collect()
    } else {
        Vec::new()
    };
    let pagination = json!({"totalPages": 1, "total": entries.len()});
    let page = json!({"pagination": pagination, "results": entries});
    Reply::json(200, &page.to_string())
}

fn profile(url: &str, given: &[Given]) -> String {
    let mut secret = "client_secret = \"canary-secret-of-the-tests\"";
    let mut more = "";
    for given in given {
        match given {
            Secret(keys) => secret = keys,
            Keys(keys) => more = keys,
            _ => {}
        }
    }
    format!(
        "[profiles.p]\nbot_id = \"BOT-ID\"\nclient_id = \"id\"\n{secret}\napi_url = \"{url}\"\n{more}\n"
    )
}

/// Locks the ledger's file as a writing process does.
fn locked(path: &Path) -> File {
    let lock = File::options().write(true).open(path).unwrap();
    lock.lock().unwrap();
    lock
}

/// Returns an hour of the day that is not the present one.
fn later() -> String {
    let now = jiff::Timestamp::try_from(SystemTime::now()).unwrap();
    let hour = |hours: u64| {
        (now + Duration::from_secs(hours * 3600))
            .strftime("%H:%M")
            .to_string()
    };
    format!("{}-{}", hour(3), hour(4))
}
