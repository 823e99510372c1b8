//! On a terminal: questions, hidden answers, colours. A real pseudo-terminal, with the command in its foreground.

use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use expectrl::{ControlCode, Eof, Expect, Regex, Session};
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{CONFIG, Home, STATE, becomes_so, tool};
use crate::server::{Reply, Server};

const PATIENCE: Duration = Duration::from_secs(20);
/// How long to wait for a terminal before opening another one.
const LONGEST_START: Duration = Duration::from_secs(2);

pub(crate) struct Terminal {
    session: OsSession,
    seen: String,
}

impl Terminal {
    pub(crate) fn new(home: &Home, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::run(
            home.command().get_program().to_str().unwrap(),
            home,
            arguments,
            variables,
        )
    }

    /// Starts the command without colours.
    pub(crate) fn plain(home: &Home, words: &[&str]) -> Self {
        Self::new(home, words, &[("NO_COLOR", "1")])
    }

    /// Starts another program in the same environment.
    pub(crate) fn run(
        program: &str,
        home: &Home,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        // The library's terminal starts without echo, so it would never show an answer that should be hidden.
        let script = "read -r start && stty echo && exec \"$0\" \"$@\"";
        let mut session = open_session(|| {
            let mut shell = home.program("sh");
            shell.args(["-c", script]).arg(program).args(arguments);
            shell.env("TERM", "xterm").envs(variables.iter().copied());
            shell
        });
        session.set_expect_timeout(Some(PATIENCE));
        session.send_line("start").unwrap();
        Self {
            session,
            seen: String::new(),
        }
    }

    /// Waits for `question`.
    pub(crate) fn wait_for(&mut self, question: &str) {
        let is_shown = self.shows(question);
        assert!(is_shown, "{question}: {}", self.screen());
    }

    /// Waits for `end`, and returns what the terminal showed before it since the last wait.
    pub(crate) fn shown_until(&mut self, end: &str) -> String {
        let from = self.seen.len();
        self.wait_for(end);
        let shown = self.seen.get(from..).unwrap();
        shown.split(end).next().unwrap().to_owned()
    }

    /// Returns whether `text` appears. The terminal hides input only a moment after it shows a hidden question.
    pub(crate) fn shows(&mut self, text: &str) -> bool {
        let Ok(found) = self.session.expect(text) else {
            return false;
        };
        self.seen += &String::from_utf8_lossy(found.as_bytes());
        if text.contains("(hidden") {
            let begun = Instant::now();
            while self.session.get_process().get_echo().unwrap() {
                assert!(begun.elapsed() < PATIENCE, "what is typed shows");
            }
        }
        true
    }

    /// Waits until `is_so`; fails after a minute, and shows the screen.
    pub(crate) fn wait_until(&mut self, what: &str, is_so: impl FnMut() -> bool) {
        if becomes_so(is_so) {
            return;
        }
        let lives = self.session.get_process().is_alive();
        panic!(
            "waited in vain until {what} (alive: {lives:?}):\n{}",
            self.screen()
        );
    }

    /// Returns the whole screen, for the error of a test.
    fn screen(&mut self) -> String {
        let rest = self.session.check(Regex("(?s).+"));
        let rest = rest.map(|found| String::from_utf8_lossy(found.as_bytes()).into_owned());
        format!("{}{}", self.seen, rest.unwrap_or_default())
    }

    /// Waits for `question`, then types `answer`.
    pub(crate) fn answer(&mut self, question: &str, answer: &str) {
        self.wait_for(question);
        self.type_line(answer);
    }

    pub(crate) fn type_line(&mut self, answer: &str) {
        self.session.send_line(answer).unwrap();
    }

    /// Types `answer`. Returns the exit code and the whole screen.
    pub(crate) fn end_with(mut self, answer: &str) -> (i32, String) {
        self.type_line(answer);
        self.end()
    }

    /// Answers a confirmation with `answer`. Returns the exit code and the whole screen.
    pub(crate) fn confirm(mut self, answer: &str) -> (i32, String) {
        self.wait_for("[y/N] ");
        self.end_with(answer)
    }

    /// Waits for `question`, then presses Ctrl-C.
    pub(crate) fn refuse(&mut self, question: &str) {
        self.wait_for(question);
        self.press_ctrl_c();
    }

    pub(crate) fn press_ctrl_c(&mut self) {
        self.session.send(ControlCode::EndOfText).unwrap();
    }

    pub(crate) fn press_ctrl_d(&mut self) {
        self.session.send(ControlCode::EndOfTransmission).unwrap();
    }

    /// Signals the command.
    pub(crate) fn signal(&self, signal: Signal) {
        let process = self.session.get_process().pid().as_raw();
        kill_process(Pid::from_raw(process).unwrap(), signal).unwrap();
    }

    /// Waits this long for the end of the command, and kills it after that. Returns its status, which is None after a
    /// kill, and the whole screen.
    pub(crate) fn end_within(mut self, time: Duration) -> (Option<WaitStatus>, String) {
        self.session.set_expect_timeout(Some(time));
        let Ok(found) = self.session.expect(Eof) else {
            self.signal(Signal::KILL);
            return (None, self.seen);
        };
        self.seen += &String::from_utf8_lossy(found.as_bytes());
        let status = self.session.get_process().wait().unwrap();
        (Some(status), self.seen)
    }

    /// Returns the exit code and the whole screen.
    pub(crate) fn end(mut self) -> (i32, String) {
        let Ok(found) = self.session.expect(Eof) else {
            panic!("the command does not end: {}", self.screen());
        };
        self.seen += &String::from_utf8_lossy(found.as_bytes());
        let status = self.session.get_process().wait().unwrap();
        let WaitStatus::Exited(_, code) = status else {
            panic!("{status:?}")
        };
        assert!(!self.seen.contains("canary"), "{}", self.seen);
        (code, self.seen)
    }
}

/// Starts a shell on a terminal. The library waits for the end of a pipe, which closes when the shell runs. A process that
/// another test starts at this moment inherits the pipe, and the wait would last as long as that process.
pub(crate) fn open_session(shell: impl Fn() -> Command) -> OsSession {
    loop {
        let (opened, receiver) = channel();
        let shell = shell();
        thread::spawn(move || {
            // A late session ends at once, because nobody receives it.
            let _ = opened.send(Session::spawn(shell));
        });
        if let Ok(session) = receiver.recv_timeout(LONGEST_START) {
            return session.unwrap();
        }
    }
}

const SEND: [&str; 5] = ["send", "text", "--to", "593987654321", "Hola"];

fn profile(server: &Server) -> String {
    format!(
        "[profiles.prod]\nbot_id = \"77\"\nclient_id = \"x\"\napi_url = \"{}\"\n",
        server.url
    )
}

#[test]
fn send_result_is_coloured_text() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    home.profile("prod", &server.url, "");
    let (code, screen) = Terminal::new(&home, &SEND, &[]).end();
    assert_eq!(code, 0);
    assert!(
        screen.contains("\u{1b}[32maccepted\u{1b}[0m for 593987654321 from bot BOT-ID (profile prod): msg_123456789"),
        "{screen}"
    );
    assert!(screen.contains("{\r\n  \"success\": true,"), "{screen}");
    let (_, screen) = Terminal::plain(&home, &SEND).end();
    assert!(
        screen.contains("accepted for 593987654321") && !screen.contains('\u{1b}'),
        "{screen}"
    );
    let (_, screen) = Terminal::new(&home, &[&SEND[..], &["-q", "-o", "id"]].concat(), &[]).end();
    assert_eq!(screen, "msg_123456789\r\n");
}

#[test]
fn missing_secret_is_prompted_for_and_hidden() {
    let home = Home::new();
    let server = Server::answering(Reply::json(
        401,
        &format!("{{\"description\":\"{}\"}}", "canary-typed-here"),
    ));
    home.config(&profile(&server));
    let mut terminal = Terminal::new(&home, &[&SEND[..], &["-v"]].concat(), &[]);
    terminal.answer("Client secret (hidden): ", "canary-typed-here");
    let (code, _) = terminal.end();
    assert_eq!(code, 4);
    // printf %s 'x:canary-typed-here' | base64
    assert_eq!(
        server.only().headers["authorization"],
        "Basic eDpjYW5hcnktdHlwZWQtaGVyZQ=="
    );
}

#[test]
fn key_for_a_signal_at_hidden_prompt_sends_nothing() {
    for (key, code) in [
        (ControlCode::EndOfText, 130),
        (ControlCode::FileSeparator, 131),
    ] {
        let home = Home::new();
        let server = Server::expect_no_requests();
        home.config(&profile(&server));
        let mut terminal = Terminal::plain(&home, &[&SEND[..], &["-o", "record"]].concat());
        terminal.wait_for("Client secret (hidden): ");
        terminal.session.send(key).unwrap();
        terminal.wait_for("error: interrupted at the prompt for the secret");
        assert!(terminal.session.get_process().get_echo().unwrap(), "{code}");
        let (ended, screen) = terminal.end();
        assert_eq!(ended, code, "{screen}");
        assert!(screen.contains("\"sent\": \"no\""), "{screen}");
    }
}

#[test]
fn ctrl_c_ends_the_command_not_its_notification() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    home.profile("prod", &server.url, "");
    let words = [
        "run",
        "--to",
        "593987654321",
        "--text",
        "{{ result }} {{ signal }}",
        "--",
        "sh",
        "-c",
    ];
    let mut terminal = Terminal::new(
        &home,
        &[&words[..], &["echo up; exec sleep 1000"]].concat(),
        &[],
    );
    terminal.refuse("up");
    let (code, screen) = terminal.end();
    assert_eq!(
        (code, &server.only().json()["text"]),
        (130, &"killed SIGINT".into()),
        "{screen}"
    );
}

#[test]
fn ctrl_c_at_bulk_prompt_leaves_nothing() {
    let home = Home::new();
    let server = Server::expect_no_requests();
    home.config(&profile(&server));
    home.write("people.csv", "celular,nombre\n593987654321,Ana\n");
    // After the command, the shell shows the state of the terminal.
    let script = "\"$0\" bulk send people.csv --yes --run r text Hola; echo \"code $?\"; stty -a | grep -o ' -\\?echo '";
    let mut terminal = Terminal::run(
        "sh",
        &home,
        &["-c", script, home.command().get_program().to_str().unwrap()],
        &[],
    );
    terminal.refuse("Client secret (hidden): ");
    let (_, screen) = terminal.end();
    assert!(
        screen.contains("code 130") && screen.contains(" echo "),
        "{screen}"
    );
    let runs = home.path().join(STATE).join("runs");
    let left: Vec<_> = std::fs::read_dir(runs)
        .into_iter()
        .flatten()
        .map(|file| file.unwrap().path())
        .collect();
    assert!(
        left.iter().all(|path| path.metadata().unwrap().len() == 0),
        "{left:?}"
    );
}

#[test]
fn ctrl_c_at_secret_prompt_writes_nothing() {
    let home = Home::new();
    let mut terminal = Terminal::new(
        &home,
        &[
            "profile",
            "set",
            "p",
            "--bot",
            "1",
            "--client-id",
            "x",
            "--country",
            "EC",
            "--allow-to",
            "5*",
        ],
        &[],
    );
    terminal.refuse("Client secret (hidden; saved in the configuration file; empty: not saved): ");
    let (code, screen) = terminal.end();
    assert_eq!(code, 130, "{screen}");
    assert!(!home.path().join(CONFIG).join("config.toml").exists());
}

#[test]
fn rule_added_during_the_prompt_for_the_secret_applies() {
    let test = [
        "bulk",
        "send",
        "people.csv",
        "--test-to",
        "593987654321",
        "text",
        "Hola",
    ];
    for words in [&SEND[..], &test] {
        let home = Home::new();
        let server = Server::expect_no_requests();
        home.config(&profile(&server));
        home.write("people.csv", "celular\n593987654322\n");
        let mut terminal = Terminal::plain(&home, words);
        terminal.wait_for("Client secret (hidden): ");
        let rule = format!("{}allow_to = [\"593987654322\"]\n", profile(&server));
        home.config(&rule);
        let (code, screen) = terminal.end_with("typed-secret");
        assert_eq!(code, 11, "{screen}");
        let told = "593987654321 is not among the recipients that profile prod allows";
        assert!(screen.contains(told), "{screen}");
    }
}

/// Its command may wait for the user, too.
#[test]
fn rule_added_while_a_command_fetches_the_secret_applies() {
    let home = Home::new();
    let server = Server::expect_no_requests();
    let config = home.path().join(CONFIG).join("config.toml");
    let fetch = r#"echo 'allow_to = ["593987654322"]' >> "$0"; echo typed-secret"#;
    home.config(&format!(
        "{}client_secret_command = [\"sh\", \"-c\", '''{fetch}''', \"{}\"]\n",
        profile(&server),
        config.display()
    ));
    let told = "593987654321 is not among the recipients that profile prod allows";
    home.run_args(&SEND).fails(11, &[told]);
}

#[test]
fn signal_at_hidden_prompt_restores_echo() {
    for (signal, code) in [
        (Signal::INT, 130),
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::QUIT, 131),
        (Signal::USR1, 128 + Signal::USR1.as_raw()),
        (Signal::USR2, 128 + Signal::USR2.as_raw()),
        (Signal::ALARM, 142),
    ] {
        let home = Home::new();
        // The server may get a connection, but no request.
        let server = Server::answering(Reply::accepted()).allow_no_requests();
        home.config(&profile(&server));
        let mut terminal = Terminal::plain(&home, &SEND);
        terminal.wait_for("Client secret (hidden): ");
        terminal.signal(signal);
        terminal.session.expect(Eof).unwrap();
        let process = terminal.session.get_process();
        let status = process.wait().unwrap();
        assert!(
            matches!(status, WaitStatus::Exited(_, ended) if ended == code),
            "{status:?}"
        );
        assert!(process.get_echo().unwrap(), "what is typed shows again");
        assert_eq!(server.received().len(), 0);
    }
}

#[test]
fn existing_profile_prompts_for_a_new_secret() {
    let home = Home::new();
    home.config("[profiles.prod]\nbot_id = \"77\"\nclient_secret_file = \"old\"\n");
    let mut terminal = Terminal::new(&home, &["profile", "set", "prod"], &[]);
    terminal.answer(
        "Client secret (hidden; saved in the configuration file; empty: not saved): ",
        "canary-new",
    );
    assert_eq!(terminal.end().0, 0);
    assert_eq!(
        home.read(&format!("{CONFIG}/config.toml")),
        "[profiles.prod]\nbot_id = \"77\"\nclient_secret = \"canary-new\"\n"
    );
    home.run("profile set prod")
        .fails(2, &["nothing to change in profile prod"]);
}

#[test]
fn no_input_disables_every_prompt() {
    let home = Home::new();
    let server = Server::expect_no_requests();
    home.config(&profile(&server));
    for (arguments, variables) in [(&["--no-input"][..], &[][..]), (&[], &[("CI", "true")])] {
        let (code, screen) =
            Terminal::new(&home, &[&SEND[..], arguments].concat(), variables).end();
        assert_eq!(code, 3);
        assert!(
            screen.contains("no client secret for client id `x`"),
            "{screen}"
        );
    }
    home.run_args(&SEND)
        .fails(3, &["no client secret for client id `x`"]);
    let (code, screen) = Terminal::new(&home, &["profile", "set", "new", "--no-input"], &[]).end();
    assert_eq!(
        (
            code,
            screen.contains("a new profile needs --bot and --client-id")
        ),
        (2, true),
        "{screen}"
    );
}

#[test]
fn terminal_is_not_read_as_a_file() {
    let home = Home::new();
    for arguments in [
        ["send", "text", "--body", "-"],
        ["send", "text", "--text-file", "-"],
        ["send", "contacts", "--contact", "@-"],
    ] {
        let (code, screen) = Terminal::new(
            &home,
            &[&arguments[..], &["--to", "593987654321"]].concat(),
            &[],
        )
        .end();
        assert_eq!(code, 2);
        assert!(screen.contains("standard input is a terminal"), "{screen}");
    }
    let (code, screen) = Terminal::new(
        &home,
        &[&SEND[..], &["--client-secret-file", "-"]].concat(),
        &[],
    )
    .end();
    assert_eq!(
        (
            code,
            screen.contains("--client-secret-file: standard input is a terminal")
        ),
        (2, true),
        "{screen}"
    );
}

#[test]
fn new_profile_prompts_for_its_values() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home, &["profile", "set", "prod"], &[]);
    terminal.answer("Bot id: ", "77");
    terminal.answer("Client id: ", "my id");
    terminal.answer("Country of local numbers, such as EC (empty: none): ", "EC");
    let allowed = "Allowed recipients, numbers or patterns such as 593* (empty: anyone): ";
    // The secret, one question too early.
    terminal.answer(allowed, "s3kret9x");
    terminal.wait_for("an allowed recipient is a number with its country code");
    terminal.answer(allowed, "593*, 1415*");
    terminal.answer(
        "Client secret (hidden; saved in the configuration file; empty: not saved): ",
        "canary-typed",
    );
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(
        home.read(&format!("{CONFIG}/config.toml")),
        "default_profile = \"prod\"\n\n[profiles.prod]\nbot_id = \"77\"\nclient_id = \"my id\"\nclient_secret = \"canary-typed\"\n\
         allow_to = [\"593*\", \"1415*\"]\ncountry = \"EC\"\n"
    );
}

#[test]
fn third_wrong_answer_ends_profile_questions() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home, &["profile", "set", "prod"], &[]);
    terminal.answer("Bot id: ", "77");
    for _ in 0..3 {
        terminal.answer("Client id: ", "a:b");
    }
    let (code, screen) = terminal.end();
    assert!(
        code == 2 && screen.contains("nothing was saved"),
        "{screen}"
    );
    assert!(!home.path().join(CONFIG).join("config.toml").exists());
}

#[test]
fn profile_is_removed_only_after_confirmation() {
    let home = Home::new();
    home.config("[profiles.prod]\nbot_id = \"77\"\n");
    for (answer, code, rest) in [
        ("n", 11, "prod\t77\t\n"),
        ("", 11, "prod\t77\t\n"),
        ("y", 0, ""),
    ] {
        let mut terminal = Terminal::new(&home, &["profile", "remove", "prod"], &[]);
        terminal.answer("Remove profile prod and its saved secret? [y/N] ", answer);
        assert_eq!(terminal.end().0, code);
        assert_eq!(home.run("profile list").success().stdout, rest);
    }
}

/// Ctrl-C signals the command, too. `kill` signals only jelouctl.
#[test]
fn each_signal_reaches_the_command_once() {
    // jelouctl forwards signals in order, so after the second signal the first one cannot be forwarded again.
    let script = "trap 'echo got it' INT TERM HUP; trap 'echo done; exit 5' USR1; echo ready; while [ -t 0 ]; do read line; done";
    let run = ["run", "--to", "593987654321", "--on", "success"];
    for command in [&["sandbox"][..], &run] {
        for killed_by in [
            None,
            Some(Signal::INT),
            Some(Signal::TERM),
            Some(Signal::HUP),
        ] {
            let home = Home::new();
            let server = Server::expect_no_requests();
            home.profile("prod", &server.url, "");
            let words = [command, &["--", "sh", "-c", script]].concat();
            let mut terminal = Terminal::plain(&home, &words);
            terminal.wait_for("ready");
            match killed_by {
                Some(signal) => terminal.signal(signal),
                None => terminal.press_ctrl_c(),
            }
            terminal.wait_for("got it");
            terminal.signal(Signal::USR1);
            let (code, seen) = terminal.end();
            assert_eq!(code, 5, "{command:?} {killed_by:?}: {seen}");
            assert_eq!(
                seen.matches("got it").count(),
                1,
                "{command:?} {killed_by:?}: {seen}"
            );
        }
    }
}

#[test]
fn typing_during_list_reading_answers_no_prompt() {
    use std::io::Write as _;
    let home = Home::new();
    let server = Server::expect_no_requests();
    home.profile("prod", &server.url, "");
    let list = home.path().join("people.csv");
    tool(Command::new("mkfifo").arg(&list));
    // The test sends rows until the screen showed everything, so that the reading takes long enough.
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let feeder = std::thread::spawn(move || {
        let mut list =
            std::io::BufWriter::new(std::fs::File::options().write(true).open(list).unwrap());
        writeln!(list, "to").unwrap();
        for number in 593_990_000_000_u64.. {
            writeln!(list, "{number}").unwrap();
            if stopped.try_recv() != Err(std::sync::mpsc::TryRecvError::Empty) {
                return;
            }
        }
    });
    let mut terminal = Terminal::new(&home, &["bulk", "send", "people.csv", "text", "x"], &[]);
    terminal.wait_for("reading people.csv: ");
    terminal.session.send_line("yes").unwrap();
    terminal.wait_for("yes");
    drop(stop);
    feeder.join().unwrap();
    terminal.wait_for("[y/N] ");
    let (code, screen) = terminal.end_with("n");
    assert_eq!(
        (code, screen.contains("was not confirmed")),
        (11, true),
        "{screen}"
    );
}

#[test]
fn dumb_terminal_shows_plain_lines() {
    let home = Home::new();
    home.write("people.csv", "to\n593987654321\n593987654322\n");
    let send = ["--sandbox", "bulk", "send", "people.csv", "text", "x"];
    let (code, screen) = Terminal::new(&home, &send, &[("TERM", "dumb")]).end();
    assert_eq!(
        (code, screen.contains("note: 2 of 2 sent")),
        (0, true),
        "{screen}"
    );
}

#[test]
fn closed_hours_are_reported_before_the_prompt() {
    let home = Home::new();
    let server = Server::expect_no_requests();
    home.config(&profile(&server));
    home.write("people.csv", "celular\n593987654321\n");
    // In any time zone, one of these is the machine's day.
    let today = jiff::ZonedDateTime::now().date();
    let days = [today.yesterday().unwrap(), today, today.tomorrow().unwrap()]
        .map(|day| format!("--not-on={day}"));
    let hours = [&days[0], &days[1], &days[2], "--time-zone=America/Bogota"];
    let send = [
        &["bulk", "send", "people.csv"],
        &hours[..],
        &["text", "Hola"],
    ]
    .concat();
    let (code, screen) = Terminal::new(&home, &send, &[]).confirm("n");
    let told = screen
        .find("outside the sending hours, not on 3 days (America/Bogota): nothing is sent before");
    assert!(
        told.is_some() && told < screen.find("Send 1 message from"),
        "{screen}"
    );
    assert_eq!(code, 11, "{screen}");
}

#[test]
fn exclusion_added_during_the_prompt_applies() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    home.profile("prod", &server.url, "do_not_contact = \"bajas.txt\"");
    let write = |list: &str| home.write(&format!("{CONFIG}/bajas.txt"), list);
    write("# nobody so far\n");
    home.write("people.csv", "celular\n593987654321\n593987654322\n");
    let send = [
        "bulk",
        "send",
        "people.csv",
        "--run",
        "r",
        "--rate",
        "1000/s",
        "text",
        "Hola",
    ];
    let mut terminal = Terminal::new(&home, &send, &[]);
    terminal.wait_for("[y/N] ");
    write("593987654321\n");
    let (code, screen) = terminal.end_with("y");
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("1 row is skipped because the recipient is excluded by ")
            && screen.contains("line 2"),
        "{screen}"
    );
    assert!(
        screen.contains("run r: 1 message from bot BOT-ID"),
        "{screen}"
    );
    assert_eq!(server.only().json()["userId"], "593987654322");
    // If the exclusion list disappears during the prompt, the command stops before it creates a run.
    let mut terminal = Terminal::new(
        &home,
        &["bulk", "send", "people.csv", "--again", "text", "Hola"],
        &[],
    );
    terminal.wait_for("[y/N] ");
    std::fs::remove_file(home.path().join(CONFIG).join("bajas.txt")).unwrap();
    let (code, screen) = terminal.end_with("y");
    assert!(
        code == 3 && screen.contains("do_not_contact (profile prod): failed to read"),
        "{screen}"
    );
}

#[test]
fn rule_added_to_the_profile_during_the_prompt_applies() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    home.write("bajas.txt", "593987654321\n");
    home.write("people.csv", "celular\n593987654321\n593987654322\n");
    let send = ["bulk", "send", "people.csv", "--run", "r", "text", "Hola"];
    for (rule, code, told) in [
        (
            "allow_to = [\"593987654321\"]",
            11,
            "593987654322 is not among the recipients that profile prod allows",
        ),
        (
            "do_not_contact = \"../../bajas.txt\"",
            0,
            "run r: 1 message from bot BOT-ID",
        ),
    ] {
        home.profile("prod", &server.url, "");
        let mut terminal = Terminal::new(&home, &send, &[]);
        terminal.wait_for("[y/N] ");
        home.profile("prod", &server.url, rule);
        let (ended, screen) = terminal.end_with("y");
        assert_eq!(ended, code, "{screen}");
        assert!(screen.contains(told), "{screen}");
    }
    assert_eq!(server.only().json()["userId"], "593987654322");
    home.profile("prod", &server.url, "");
    home.write("people.csv", "celular\n593987654323\n");
    home.run("bulk send people.csv --run held --hold --yes text Hola")
        .success();
    let mut terminal = Terminal::new(&home, &["bulk", "resume", "held"], &[]);
    terminal.wait_for("[y/N] ");
    home.profile("prod", &server.url, "allow_to = [\"593987654321\"]");
    let (code, screen) = terminal.end_with("y");
    assert_eq!(code, 11, "{screen}");
    assert_eq!(server.received().len(), 1);
}

#[test]
fn rows_sent_during_the_prompt_are_reported() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    home.profile("prod", &server.url, "");
    home.write(
        "people.csv",
        "celular\n593987654321\n593987654322\n593987654323\n",
    );
    home.write("first.csv", "celular\n593987654321\n");
    home.write("second.csv", "celular\n593987654322\n");
    let send = [
        "bulk",
        "send",
        "people.csv",
        "--run",
        "r",
        "--rate",
        "1000/s",
        "--skip-sent",
        "text",
        "Hola",
    ];
    let mut terminal = Terminal::plain(&home, &send);
    terminal.wait_for("[y/N] ");
    home.run("bulk send first.csv --yes text Hola").success();
    home.run("bulk send second.csv --yes text Otro").success();
    let (code, screen) = terminal.end_with("y");
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("note: 1 row is skipped: 1 already sent"),
        "{screen}"
    );
    assert!(
        screen.contains("run r: 2 messages from bot BOT-ID"),
        "{screen}"
    );
}

#[test]
fn sandbox_terminal_shows_usage_and_delivery_status() {
    let home = Home::new();
    let program = assert_cmd::cargo::cargo_bin!("jelouctl");
    let send = format!(
        "{} send text --to 593987654321 Hola >/dev/null 2>&1",
        program.display()
    );
    let arguments = [
        "sandbox",
        "--port",
        "0",
        "--deliver-after",
        "1h",
        "--",
        "sh",
        "-c",
        &send,
    ];
    let (code, seen) = Terminal::new(&home, &arguments, &[]).end();
    assert_eq!(code, 0, "{seen}");
    assert!(
        seen.contains("msg_sandbox_1  text  593987654321  at_whatsapp  Hola"),
        "{seen}"
    );
    let mut terminal = Terminal::new(&home, &["sandbox", "--port", "0"], &[]);
    terminal.wait_for("the inbox is on ");
    terminal.wait_for("in another terminal: JELOUCTL_SANDBOX=http://127.0.0.1:");
    terminal.refuse(" jelouctl send text --to NUMBER 'Hola'");
    assert!(terminal.end().1.contains("0 messages arrived"));
}

#[test]
fn line_for_another_terminal_reaches_the_sandbox() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home, &["sandbox", "--port", "0"], &[]);
    terminal.wait_for("in another terminal: JELOUCTL_SANDBOX=");
    let url = terminal.shown_until(" jelouctl send text");
    home.run("send text --to 593987654321 Hola")
        .env("JELOUCTL_SANDBOX", &url)
        .success();
    terminal.press_ctrl_c();
    assert!(terminal.end().1.contains("1 message arrived"));
}
