//! Runs at a terminal: text instead of JSON, tables, and questions.

use crate::bulk_run::people;
use crate::bulk_server::{Act, Jelou};
use crate::harness::{Home, test_with_both_ledgers};
use crate::terminal::Terminal;

test_with_both_ledgers! {
    resume_shows_first_message_and_prompts,
}

fn end(home: &Home, words: &str) -> (i32, String) {
    Terminal::plain(home, &words.split(' ').collect::<Vec<_>>()).end()
}

const SEND: &str = "bulk send people.csv --yes --run r --rate 1000/s text Hola";

#[test]
fn terminal_shows_run_summary_as_text() {
    let home = people(1200);
    let jelou = Jelou::start(|user, _| match user {
        "593990000003" | "593990000004" => {
            Act::Answer(422, "", r#"{"code":"E0422","description":"no"}"#)
        }
        "593990000005" => Act::Reset { accepted: true },
        _ => Act::Accept,
    });
    home.profile("prod", &jelou.url, "");
    let (code, screen) = end(&home, SEND);
    assert_eq!(code, 10, "{screen}");
    for part in [
        "1,197 of 1,200 sent in ",
        " s\r\n2 failed, 1 may have been sent; by reason: E0422 2\r\n",
        "note: 1 message may have been sent; to check with Jelou: jelouctl bulk deliveries r",
        "jelouctl bulk report r --state failed --file r-again.csv; then send that file with the same message\r\n",
    ] {
        assert!(screen.contains(part), "`{part}`: {screen}");
    }
    assert!(!screen.contains("schema_version"), "{screen}");
    let (_, screen) = end(&home, "bulk status");
    for part in [
        "note: using the newest run, r; ",
        "run r: text from bot BOT-ID (profile prod), started 2",
        "\r\n1,197 of 1,200 sent\r\n2 failed, 1 may have been sent; by reason: E0422 2\r\ncomplete, last changed",
        "to correct and resend 2 rows: ",
    ] {
        assert!(screen.contains(part), "`{part}`: {screen}");
    }
    let (_, screen) = end(&home, "bulk status r -o response");
    assert!(screen.contains("\"schema_version\": 2,\r\n"), "{screen}");
    let (_, screen) = end(&home, "bulk resolve r --unknown-as sent");
    assert!(
        screen.contains(
            "run r: 1 unknown row now counts as sent\r\n1,198 of 1,200 sent\r\n2 failed; "
        ),
        "{screen}"
    );
    let (_, screen) = end(&home, "bulk list");
    let lines: Vec<_> = screen
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .collect();
    let header = [
        "RUN", "STARTED", "ROWS", "SENT", "FAILED", "KIND", "FROM", "CREATED", "BY",
    ];
    assert_eq!(lines[0], header, "{screen}");
    assert_eq!(
        (lines[1][0], &lines[1][4..9]),
        ("r", &["1200", "1198", "2", "text", "BOT-ID"][..]),
        "{screen}"
    );
    let (_, screen) = end(&home, "bulk find 593990000003");
    assert!(
        screen.contains("OUTCOME")
            && screen.contains("failed: rejected  5     Hola     593990000003"),
        "{screen}"
    );
    let (_, screen) = end(&home, "bulk find 593987000000");
    assert_eq!(screen, "note: no run has a message to 593987000000\r\n");
}

#[test]
fn resume_progress_excludes_rows_sent_earlier() {
    let home = people(2);
    // The server refuses the credentials once, at the second message.
    let jelou = Jelou::start(|user, before| match (user, before) {
        ("593990000001", 0) => Act::Answer(401, "", "{}"),
        _ => Act::Accept,
    });
    home.profile("prod", &jelou.url, "");
    let (code, screen) = end(&home, SEND);
    assert!(
        code == 4 && screen.contains("1 of 2 sent in "),
        "{code}: {screen}"
    );
    let (_, screen) = end(&home, "bulk status r");
    assert!(
        screen.contains("no process is sending it; paused at ")
            && screen.contains("Jelou answered 401"),
        "{screen}"
    );
    let (code, screen) = end(&home, "bulk resume r --yes");
    assert!(
        code == 0 && screen.contains("2 of 2 sent\r\n"),
        "{code}: {screen}"
    );
}

#[test]
fn recent_recipients_are_reported_before_the_preview() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    home.profile("prod", &jelou.url, "");
    let (code, screen) = end(&home, SEND);
    assert_eq!(code, 0, "{screen}");
    let corrected = ["bulk", "send", "people.csv", "text", "Hola."];
    let (code, screen) = Terminal::plain(&home, &corrected).confirm("n");
    assert_eq!((code, jelou.requests().len()), (11, 3), "{screen}");
    let told = "warning: earlier runs sent messages to 3 of these recipients in the last 24 hours";
    let place = |part: &str| {
        screen
            .find(part)
            .unwrap_or_else(|| panic!("`{part}`: {screen}"))
    };
    assert!(
        place(told) < place("the first message, line 2") && place(told) < place("Send 3 messages"),
        "{screen}"
    );
    assert_eq!(
        screen.matches("in the last 24 hours").count(),
        1,
        "{screen}"
    );
}

#[test]
fn resume_shows_first_message_and_prompts() {
    let home = people(3);
    let refusing = Jelou::start(|_, _| Act::Answer(401, "", "{}"));
    home.profile("prod", &refusing.url, "");
    let (code, screen) = end(&home, SEND);
    assert_eq!(code, 4, "{screen}");
    assert!(
        screen.contains("0 of 3 sent in ") && screen.contains("\r\n3 not sent yet\r\n"),
        "{screen}"
    );
    let seen = refusing.requests().len();
    let (code, screen) = Terminal::plain(&home, &["bulk", "resume"]).confirm("n");
    assert_eq!((code, refusing.requests().len()), (11, seen), "{screen}");
    let shown = screen
        .find("the first unsent message, line 2, as 593990000000 would see it:\r\n  │ Hola\r\n");
    let asked = screen.find("Send 3 messages from bot BOT-ID (profile prod) to http://");
    assert!(shown.is_some() && shown < asked, "{screen}");
    let (code, screen) =
        Terminal::plain(&home, &["bulk", "resume", "--rate", "1000/s"]).confirm("y");
    assert!(code == 4 && refusing.requests().len() > seen, "{screen}");
    // The command does not ask with --yes, or without a terminal.
    let seen = refusing.requests().len();
    assert_eq!(end(&home, "bulk resume --yes").0, 4);
    assert_eq!(home.run("bulk resume").end().code, 4);
    assert!(refusing.requests().len() > seen + 1);
}

#[test]
fn old_runs_are_named_before_they_are_removed() {
    let home = people(1);
    let rehearse = |run: &str| {
        end(
            &home,
            &format!("--sandbox bulk send people.csv --run {run} text x"),
        )
    };
    let (code, screen) = rehearse("a");
    assert!(code == 0 && screen.contains("1 of 1 sent in "), "{screen}");
    rehearse("b");
    let remove = |answer: &str| {
        let mut terminal = Terminal::plain(&home, &["bulk", "remove", "--older-than", "1ms"]);
        terminal.answer("Remove 2 finished runs? [y/N] ", answer);
        terminal.end()
    };
    let (code, screen) = remove("n");
    assert!(
        code == 11 && screen.contains("note: a: 1 row, ") && screen.contains("note: b: 1 row, "),
        "{screen}"
    );
    // The other message is sent again during the question.
    let mut terminal = Terminal::plain(&home, &["bulk", "remove", "--older-than", "1ms"]);
    terminal.wait_for("Remove 2 finished runs");
    home.change_store("UPDATE run SET changed_at = changed_at + 1 WHERE name = 'a'");
    terminal.wait_for("[y/N] ");
    let (code, screen) = terminal.end_with("y");
    assert!(
        code == 0 && screen.contains("note: run b is removed"),
        "{screen}"
    );
    assert!(
        screen.contains("note: did not remove run a: it has changed or no longer exists"),
        "{screen}"
    );
    rehearse("b");
    let (code, screen) = remove("y");
    assert!(
        code == 0 && screen.contains("note: run a is removed"),
        "{screen}"
    );
    assert!(
        home.run("bulk list")
            .success()
            .stderr
            .contains("there are no runs")
    );
}

#[test]
fn terminal_report_escapes_control_characters() {
    let home = Home::new();
    let cells = [
        "\u{1b}]0;title\u{7}",
        "\u{1b}[2J\u{9b}31m",
        "\u{202e}gpj.exe\u{2066}",
        "a\tb\u{8}",
        "two\nlines",
        "sí",
    ];
    let rows = (0..)
        .zip(cells)
        .map(|(number, cell)| format!("{},\"{cell}\"\n", 593_990_000_000_u64 + number));
    let list = format!("to,nota\u{1b}[31m\n{}", rows.collect::<String>());
    home.write("people.csv", list);
    home.run("--sandbox bulk send people.csv --run r --rate 1000/s text Hola")
        .success();
    for format in ["csv", "ndjson"] {
        let (code, screen) = end(&home, &format!("bulk report r --format {format}"));
        let acts = |character: &char| character.is_control() && !['\r', '\n'].contains(character);
        assert!(
            code == 0 && !screen.contains(|character| acts(&character)),
            "{screen:?}"
        );
        assert!(
            !screen.contains(['\u{202e}', '\u{2066}']) && screen.contains("two\\nlines"),
            "{screen:?}"
        );
        assert_eq!(
            screen.lines().count(),
            cells.len() + usize::from(format == "csv"),
            "{screen:?}"
        );
    }
    // In a pipe or a file, the report has the cells of the list unchanged.
    let piped = home.run("bulk report r").success().stdout;
    end(&home, "bulk report r --file again.csv");
    for report in [piped, home.read("again.csv")] {
        assert!(
            report.starts_with("to,nota\u{1b}[31m,run,line,"),
            "{report:?}"
        );
        assert!(cells.iter().all(|cell| report.contains(cell)), "{report:?}");
    }
}
