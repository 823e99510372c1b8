//! SIGINT, SIGTERM and SIGHUP end a request at any point, with the correct outcome of the message.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;

use crate::acceptor::Acceptor;
use crate::harness::{CommandOutput, Home, sender, set_mode, tool, under, wait_until};
use crate::needs::{can_test, works};
use crate::server::{Reply, Server};

/// Starts a send, waits for `wait_for` on its stderr and for a request to the server, and then sends the signal.
fn interrupted(signal: &str, server: &Server, arguments: &str, wait_for: &str) -> CommandOutput {
    let home = Home::new();
    let mut command = home.command();
    let child = command
        .args(arguments.split_whitespace())
        .envs([
            ("JELOU_API_URL", server.url.as_str()),
            ("JELOU_BOT_ID", "1"),
            ("JELOU_CLIENT_ID", "id"),
            ("JELOU_CLIENT_SECRET", "canary"),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut seen = String::new();
    while !seen.contains(wait_for) {
        assert_ne!(stderr.read_line(&mut seen).unwrap(), 0, "{seen}");
    }
    wait_until("a request came", || !server.received().is_empty());
    tool(Command::new("kill").args([format!("-{signal}"), child.id().to_string()].as_slice()));
    let output = child.wait_with_output().unwrap();
    std::io::Read::read_to_string(&mut stderr, &mut seen).unwrap();
    CommandOutput {
        stderr: seen,
        ..CommandOutput::new(&output)
    }
}

#[test]
fn signal_in_flight_means_unknown() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        let server = Server::answering(Reply::HangAfterReading);
        let ended = interrupted(
            signal,
            &server,
            "send text --to 593987654321 Hola -o record -v",
            "attempt 1",
        );
        assert_eq!(ended.code, code, "{ended:?}");
        assert_eq!(ended.json()["sent"], "unknown");
        assert!(
            ended.stderr.contains(&format!(
                "it may have been sent: interrupted by SIG{signal}"
            )),
            "{}",
            ended.stderr
        );
    }
}

/// Returns the result of a send through HTTPS that hangs at `arrived`, after a signal ends it.
fn interrupted_while_connecting(
    signal: &str,
    environment: &[(&str, &str)],
    arrived: impl FnMut() -> bool,
) -> CommandOutput {
    let home = Home::new();
    let mut command = home.command();
    command.args([
        "send",
        "text",
        "--to",
        "593987654321",
        "Hola",
        "-o",
        "record",
    ]);
    command.envs([
        ("JELOU_BOT_ID", "1"),
        ("JELOU_CLIENT_ID", "id"),
        ("JELOU_CLIENT_SECRET", "canary"),
    ]);
    let child = command
        .envs(environment.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.unwrap();
    wait_until("it arrived", arrived);
    tool(Command::new("kill").args([format!("-{signal}"), child.id().to_string()].as_slice()));
    CommandOutput::new(&child.wait_with_output().unwrap())
}

#[test]
fn signal_while_connecting_is_not_sent() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        // TLS hangs: the server reads the beginning of the handshake.
        let (asked, asks) = channel();
        let server = Acceptor::start(move |_, mut stream| {
            stream.read_exact(&mut [0]).unwrap();
            asked.send(()).unwrap();
            thread::park();
        });
        let url = server.url().replace("http:", "https:");
        let tls = interrupted_while_connecting(signal, &[("JELOU_API_URL", &url)], || {
            asks.try_recv().is_ok()
        });
        // CONNECT hangs.
        let proxy = Server::answering(Reply::HangAfterReading);
        let environment = [
            ("JELOU_API_URL", "https://api.jelou.invalid"),
            ("HTTPS_PROXY", proxy.url.as_str()),
        ];
        let tunnel =
            interrupted_while_connecting(signal, &environment, || !proxy.received().is_empty());
        for ended in [tls, tunnel] {
            assert_eq!(
                (ended.code, &ended.json()["sent"]),
                (code, &"no".into()),
                "{ended:?}"
            );
            let said = format!("not sent: interrupted by SIG{signal} before the request was sent");
            assert!(ended.stderr.contains(&said), "{}", ended.stderr);
        }
    }
}

#[test]
fn signal_between_attempts_is_not_sent() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        let server = Server::answering(Reply::with_headers(429, "Retry-After: 25\r\n", ""));
        let ended = interrupted(
            signal,
            &server,
            "send text --to 593987654321 Hola -o record",
            "retrying in 25.0 s",
        );
        assert_eq!(ended.code, code, "{ended:?}");
        assert_eq!(ended.json()["sent"], "no");
        assert!(
            ended
                .stderr
                .contains(&format!("not sent: interrupted by SIG{signal}")),
            "{}",
            ended.stderr
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn signal_while_fetching_the_secret_is_not_sent() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        let home = Home::new();
        let server = Server::expect_no_requests();
        let marker = home.path().join("fetching");
        home.config(&format!(
            "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\napi_url = \"{}\"\n\
             client_secret_command = [\"sh\", \"-c\", \"touch '{}'; exec sleep 60\"]\n",
            server.url,
            marker.display()
        ));
        // From a command, and from a pipe that is never closed.
        for arguments in [&[][..], &["--client-id", "x", "--client-secret-file", "-"]] {
            let mut command = home.command();
            command
                .args([
                    "send",
                    "text",
                    "--to",
                    "593987654321",
                    "Hola",
                    "-o",
                    "record",
                    "-v",
                ])
                .args(arguments)
                .env("PATH", "/usr/bin:/bin");
            let mut child = command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let stdin = child.stdin.take();
            wait_until("it catches signals", || {
                (marker.exists() || !arguments.is_empty()) && catches_signals(child.id())
            });
            tool(
                Command::new("kill")
                    .args([format!("-{signal}"), child.id().to_string()].as_slice()),
            );
            let ended = CommandOutput::new(&child.wait_with_output().unwrap());
            drop(stdin);
            assert_eq!(ended.code, code, "{ended:?}");
            assert_eq!(
                (&ended.json()["sent"], &ended.json()["attempts"]),
                (&"no".into(), &0.into())
            );
            assert!(
                ended.stderr.contains("error: interrupted by SIG"),
                "{}",
                ended.stderr
            );
        }
    }
}

#[test]
fn interrupted_read_gives_no_message_advice() {
    let server = Server::answering(Reply::HangAfterReading);
    let home = Home::new();
    let mut command = home.command();
    command
        .arg("templates")
        .env("JELOU_API_URL", &server.url)
        .env("JELOU_BOT_ID", "1");
    command
        .env("JELOU_CLIENT_ID", "x")
        .env("JELOU_CLIENT_SECRET", "canary-1");
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("a request came", || !server.received().is_empty());
    tool(Command::new("kill").args(["-INT", &child.id().to_string()]));
    let ended = CommandOutput::new(&child.wait_with_output().unwrap());
    assert_eq!(ended.code, 130);
    assert!(
        !ended.stderr.contains("ask the recipient"),
        "{}",
        ended.stderr
    );
}

/// A process that ignores SIGCHLD, as a daemon may, cannot see how its children end. The children inherit this.
#[test]
#[cfg(target_os = "linux")]
fn parent_ignoring_sigchld_changes_nothing() {
    let launcher = ["env", "--ignore-signal=CHLD"];
    if !can_test("env --ignore-signal", || {
        works("env", &["--ignore-signal=CHLD", "true"])
    }) {
        return;
    }
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    home.config(&format!(
        "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\napi_url = \"{}\"\n\
         client_secret_command = [\"echo\", \"canary-1\"]\nledger = \"postgres://a@127.0.0.1:1/j\"\n\
         ledger_password_command = [\"sh\", \"-c\", \"exit 9\"]\n",
        server.url
    ));
    for (words, code, arrived, told) in [
        ("run --to 593987654321 -- sh -c", 7, 1, ""),
        ("sandbox --quiet -- sh -c", 7, 1, ""),
        ("send text --to 593987654321", 0, 2, ""),
        ("bulk status", 3, 2, "`sh` failed with exit status: 9"),
    ] {
        let mut command = home.command();
        command.args(words.split(' ')).env("PATH", "/usr/bin:/bin");
        command.args(Some("exit 7").filter(|_| !words.starts_with("bulk")));
        let ended = CommandOutput::new(&under(&launcher, &command).output().unwrap());
        assert_eq!(
            (ended.code, server.received().len()),
            (code, arrived),
            "{words}: {ended:?}"
        );
        assert!(
            ended.stderr.contains(told) && !ended.stderr.contains("No child"),
            "{words}: {ended:?}"
        );
    }
    assert!(
        server.received()[0].json()["text"]
            .as_str()
            .unwrap()
            .ends_with("exit code 7")
    );
}

/// A limit on the threads and processes of a user. It does not apply to root.
#[test]
#[cfg(target_os = "linux")]
fn missing_thread_is_explained() {
    let user = (60_000 + std::process::id() % 5_000).to_string();
    let identity = ["--reuid", &user, "--regid", &user, "--clear-groups"];
    if !can_test("setpriv and prlimit, as root", || {
        works(
            "setpriv",
            &[&identity[..], &["prlimit", "--nproc=9", "true"]].concat(),
        )
    }) {
        return;
    }
    let home = Home::new();
    let program = home.path().join("jelouctl");
    std::fs::copy(home.command().get_program(), &program).unwrap();
    set_mode(&program, 0o755);
    set_mode(home.path(), 0o777);
    // The first thread handles signals; the second one looks up a name.
    for (limit, code, problem) in [
        ("--nproc=1", 1, "failed to listen for signals"),
        (
            "--nproc=2",
            7,
            "not sent: failed to connect to jelou.invalid:443",
        ),
    ] {
        let mut command = home.program("setpriv");
        command
            .args(identity)
            .args(["prlimit", limit])
            .arg(&program);
        command.args([
            "send",
            "text",
            "--to",
            "593987654321",
            "--retry-for",
            "0",
            "Hola",
        ]);
        command.envs(sender("https://jelou.invalid"));
        let ended = CommandOutput::new(&command.output().unwrap());
        assert_eq!(ended.code, code, "{ended:?}");
        for part in [problem, "Resource temporarily unavailable"] {
            assert!(ended.stderr.contains(part), "{limit}: {ended:?}");
        }
        assert!(!ended.stderr.contains("panicked"), "{limit}: {ended:?}");
    }
}

/// Whether the process has its own handlers for SIGINT, SIGQUIT, SIGTERM and SIGHUP.
#[cfg(target_os = "linux")]
fn catches_signals(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let caught = status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:\t"))
        .unwrap();
    let all = [1, 2, 3, 15]
        .map(|number| 1 << (number - 1))
        .into_iter()
        .sum::<u64>();
    u64::from_str_radix(caught, 16).unwrap() & all == all
}
