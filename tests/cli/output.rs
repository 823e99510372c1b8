//! The content of each stream, and streams that cannot be written.

use std::process::Stdio;

#[cfg(unix)]
use crate::harness::sender;
use crate::harness::{CommandOutput, Home, under};
#[cfg(target_os = "linux")]
use crate::needs::{can_test, works};
use crate::server::{Reply, Server};
#[cfg(unix)]
use crate::terminal::Terminal;

const SEND: &str = "send text --to 593987654321 Hola";

/// A stream that accepts nothing.
#[cfg(target_os = "linux")]
fn full() -> Stdio {
    std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap()
        .into()
}

#[test]
fn standard_output_is_the_response_on_one_line() {
    let home = Home::new();
    for (reply, stdout, code) in [
        (
            Reply::json(
                200,
                "{\n  \"success\" : true,\r\n \"messageId\": \"m\", \"n\": 1.10}",
            ),
            "{\"success\":true,\"messageId\":\"m\",\"n\":1.10}\n",
            0,
        ),
        (Reply::json(422, "<h1>\nno</h1>"), "\"<h1>\\nno</h1>\"\n", 5),
        (Reply::json(422, ""), "", 5),
        (Reply::ResetAfterReading, "", 8),
    ] {
        let server = Server::answering(reply);
        let ended = home.run(SEND).api(&server.url).end();
        assert_eq!((ended.stdout.as_str(), ended.code), (stdout, code));
    }
}

#[test]
fn record_keeps_the_digits_of_the_response() {
    let home = Home::new();
    let number = "123456789012345678901234567890.0123456789012345678901";
    let answer = format!("{{\"success\": true, \"id\": {number}, \"name\": \"Jos\\u00e9\"}}");
    let server = Server::answering(Reply::json(200, &answer));
    let printed = format!("{{\"success\":true,\"id\":{number},\"name\":\"José\"}}");
    for format in ["record", "response"] {
        let ended = home
            .run(SEND)
            .args(&["--output", format])
            .api(&server.url)
            .success();
        assert!(ended.stdout.contains(&printed), "{ended:?}");
    }
    #[cfg(unix)]
    {
        let words: Vec<_> = SEND.split(' ').chain(["--output", "record"]).collect();
        let (_, screen) = Terminal::new(&home, &words, &sender(&server.url)).end();
        let on_a_line = format!("    \"id\": {number},");
        assert!(screen.contains(&on_a_line), "{screen}");
    }
}

#[test]
fn output_id_is_the_id_or_nothing() {
    let home = Home::new();
    for (reply, stdout, code) in [
        (Reply::accepted(), "msg_123456789\n", 0),
        (Reply::json(200, r#"{"success":true}"#), "", 0),
        (
            Reply::json(200, r#"{"messageId":"a\nb\u001b"}"#),
            "a\\nb\\u{1b}\n",
            0,
        ),
        (Reply::json(422, r#"{"code":"x"}"#), "", 5),
        (Reply::json(422, r#"{"messageId":"m"}"#), "", 8),
    ] {
        let server = Server::answering(reply);
        let ended = home
            .run(SEND)
            .args(&["--output", "id"])
            .api(&server.url)
            .end();
        assert_eq!((ended.stdout.as_str(), ended.code), (stdout, code));
    }
}

/// With --quiet, cron sends no email, because it sends one for any output.
#[test]
fn output_none_prints_nothing() {
    let home = Home::new();
    home.write("people.csv", "to\n593987654321\n");
    for (reply, code) in [
        (Reply::accepted(), 0),
        (Reply::json(422, "{}"), 5),
        (Reply::ResetAfterReading, 8),
    ] {
        let server = Server::answering(reply);
        let ended = home
            .run(SEND)
            .args(&["--output", "none", "-q"])
            .api(&server.url)
            .end();
        assert_eq!(
            (ended.stdout.as_str(), ended.code, ended.stderr.is_empty()),
            ("", code, code == 0)
        );
    }
    for words in [
        "--sandbox -o none bulk send people.csv --run a --progress none text Hola",
        "-o none bulk status a",
        "-o none bulk report a",
        "--sandbox -o none templates",
        "--sandbox -o none --dry-run send text --to 593987654321 Hola",
        "--sandbox -o none doctor",
    ] {
        assert_eq!(home.run(words).success().stdout, "", "{words}");
    }
}

/// jelouctl checks only once whether standard output is a terminal, not for each line.
#[test]
#[cfg(target_os = "linux")]
fn terminal_is_checked_once_per_list() {
    if !can_test("strace", || works("strace", &["-V"])) {
        return;
    }
    let home = Home::new();
    let rows: Vec<_> = (0..50).map(|row| format!("5939876543{row:02}")).collect();
    home.write("people.csv", format!("to\n{}\n", rows.join("\n")));
    let mut command = home.command();
    command.args([
        "--sandbox",
        "--dry-run",
        "bulk",
        "send",
        "people.csv",
        "text",
        "Hola",
    ]);
    let strace = ["strace", "-f", "-e", "trace=ioctl", "-o", "trace"];
    let ended = CommandOutput::new(
        &under(&strace, &command)
            .env("PATH", "/usr/bin:/bin")
            .output()
            .unwrap(),
    );
    assert_eq!(
        (ended.code, ended.stdout.lines().count()),
        (0, 50),
        "{ended:?}"
    );
    let asked = home.read("trace").matches("ioctl(1,").count();
    assert!(asked <= 3, "asked {asked} times");
}

#[test]
fn quiet_prints_errors_and_verbose_the_exchange() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    assert_eq!(
        home.run(SEND).args(&["-q", "--sandbox"]).success().stderr,
        ""
    );
    home.run(SEND)
        .args(&["-q"])
        .fails(3, &["error: no bot", "hint: "]);
    let ended = home.run(SEND).args(&["-v"]).api(&server.url).success();
    let url = &server.url;
    assert_eq!(
        ended.stderr,
        format!(
            "* attempt 1\n> POST {url}/v1/bots/BOT-ID/messages\n> authorization: Basic (redacted)\n> content-type: application/json\n\
             > accept: application/json\n> user-agent: jelouctl/{}\n> {{\"type\":\"text\",\"userId\":\"593987654321\",\"text\":\"Hola\"}}\n\
             < 200\n< {{\"success\":true,\"messageId\":\"msg_123456789\"}}\n",
            env!("CARGO_PKG_VERSION")
        )
    );
}

#[test]
fn accepted_message_succeeds_despite_later_failures() {
    let server = Server::answering(Reply::accepted());
    let home = Home::new();
    let send = |stdout: Stdio| {
        CommandOutput::new(
            &home
                .process(SEND, &server.url)
                .arg("--quiet")
                .stdout(stdout)
                .output()
                .unwrap(),
        )
    };
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ended = send(writer.into());
    let problem = "error: the message was accepted, but the response could not be printed: the reader closed standard output\n";
    assert_eq!((ended.code, ended.stderr.as_str()), (0, problem));
    assert_eq!(server.received().len(), 1);
    #[cfg(target_os = "linux")]
    {
        let ended = send(full());
        assert_eq!(ended.code, 0);
        let problem =
            "the message was accepted, but the response could not be printed: the disk is full";
        assert!(ended.stderr.contains(problem), "{}", ended.stderr);
        assert_eq!(server.received().len(), 2);
    }
}

#[test]
fn flags_named_in_short_help_are_wrapped_at_terminal_width() {
    let home = Home::new();
    let help = home
        .run("bulk send -h")
        .env("COLUMNS", "80")
        .success()
        .stdout;
    assert!(
        help.lines().all(|line| line.chars().count() <= 80),
        "{help}"
    );
    let (_, list) = help.split_once("\nMore options:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let names = format!("{:21}--", "");
    let mut continued = list
        .lines()
        .filter(|line| line.starts_with("   "))
        .peekable();
    assert!(continued.peek().is_some(), "{list}");
    assert!(continued.all(|line| line.starts_with(&names)), "{list}");
}

#[test]
fn other_commands_ignore_closed_pipe_not_full_disk() {
    let home = Home::new();
    for arguments in [
        "completions bash",
        "man",
        "--help",
        "--version",
        "profile show",
        "",
        "send text --to 593987654321 Hola --dry-run --sandbox",
        "send text --to 593987654321 Hola --dry-run --sandbox -o record",
    ] {
        let run = |stdout: Stdio| {
            CommandOutput::new(
                &home
                    .command()
                    .args(arguments.split_whitespace())
                    .stdout(stdout)
                    .output()
                    .unwrap(),
            )
        };
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = run(writer.into());
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{arguments}");
        #[cfg(target_os = "linux")]
        assert_eq!(run(full()).code, 1, "{arguments}");
    }
}

#[test]
fn colour_needs_a_terminal_or_flag() {
    let home = Home::new();
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let run = home.run(SEND).args(&["--sandbox"]).args(arguments);
        let ended = variables
            .iter()
            .fold(run, |run, (name, value)| run.env(name, value))
            .success();
        assert!(!ended.stdout.contains('\u{1b}'), "{}", ended.stdout);
        ended.stderr.contains('\u{1b}')
    };
    assert!(!run(&[], &[]));
    assert!(run(&["--color", "always"], &[]));
    assert!(run(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(run(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!run(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!run(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn missing_command_prints_help() {
    let ended = Home::new().run("").success();
    assert!(
        ended
            .stdout
            .starts_with("Send WhatsApp messages through the Jelou API"),
        "{}",
        ended.stdout
    );
    assert_eq!(ended.stderr, "");
}

#[test]
#[cfg(unix)]
fn descriptor_limit_ends_with_documented_code_and_record() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    let mut codes = Vec::new();
    for limit in 4..40 {
        let limited = format!(
            "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ulimit -n {limit}; exec \"$0\" \"$@\" -o record --retry-for 0"
        );
        let command = home.process(SEND, &server.url);
        let ended = CommandOutput::new(&under(&["sh", "-c", &limited], &command).output().unwrap());
        let sent = ended.json()["sent"].clone();
        assert!(
            matches!(
                (ended.code, sent.as_str()),
                (0, Some("yes")) | (1 | 7, Some("no"))
            ),
            "{limit}: {ended:?}"
        );
        codes.push(ended.code);
        if ended.code == 0 {
            break;
        }
    }
    assert!(codes.contains(&1) && codes.ends_with(&[0]), "{codes:?}");
}
