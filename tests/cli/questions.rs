//! Questions about a list, at a terminal: each answer, each text that is no answer, the end of the input, and signals.
//! The line that is printed at the end sends the same messages without a question.

use expectrl::process::unix::WaitStatus;
use rustix::process::Signal;

use crate::bulk_server::Jelou;
use crate::harness::{CONFIG, Home, sender, tool};
use crate::terminal::Terminal;
use crate::workbook::{sheet, xlsx, xlsx_in_front, xlsx_rows};

const SEND: &[&str] = &["bulk", "send"];
const MESSAGE: &[&str] = &["--rate", "1000/s", "text", "Hola {{ n }}, ¿'sí' o \"no\"?"];
/// Longer than any answer of the command.
const SOON: std::time::Duration = std::time::Duration::from_secs(60);

/// A list with one open question.
struct Case {
    name: &'static str,
    flags: &'static [&'static str],
    write: fn(&Home),
    /// The lines of the question.
    shown: &'static [&'static str],
    /// Without a terminal.
    hint: &'static str,
    /// The flag of the first answer.
    flag: &'static str,
    /// What to type for the first answer.
    answer: &'static str,
    /// Who gets the message after the first answer.
    users: &'static [&'static str],
    /// The exit code without an answer.
    refused: i32,
    /// How many messages the list's recipients got before.
    before: usize,
}

const CASES: &[Case] = &[
    Case {
        name: "hidden rows",
        flags: &["a.xlsx"],
        write: write_hidden_rows,
        shown: &[
            "1 row is hidden or crossed out in the sheet: line 2\r\nSkip or send these rows?\r\n  1  skip them\r\n  2  \
             send them\r\nType 1 or 2: ",
        ],
        hint: "to skip them: --hidden skip; to send them: --hidden send",
        flag: "--hidden skip",
        answer: "1",
        users: &["593987654322"],
        refused: 2,
        before: 0,
    },
    Case {
        name: "sheet",
        flags: &["a.xlsx"],
        write: write_two_sheets,
        shown: &[
            "a.xlsx was saved with the sheet `D'Nov` open, but its first sheet is `Octubre`\r\nWhich sheet has the \
             list?\r\n  1  read `D'Nov`\r\n  2  read `Octubre`\r\nType 1 or 2: ",
        ],
        hint: "to read `D'Nov`: --sheet 'D'\\''Nov'; to read `Octubre`: --sheet Octubre",
        flag: "--sheet 'D'\\''Nov'",
        answer: "1",
        users: &["593987654322"],
        refused: 2,
        before: 0,
    },
    Case {
        name: "empty sheet",
        flags: &["a.xlsx"],
        write: write_empty_sheet,
        shown: &[
            "a.xlsx has no rows\r\nWhich sheet has the list?\r\n  1  read `Lista`\r\nType 1: ",
        ],
        hint: "to read `Lista`: --sheet Lista",
        flag: "--sheet Lista",
        answer: "1",
        users: &["593987654322"],
        refused: 2,
        before: 0,
    },
    Case {
        name: "sheets that differ in capitals",
        flags: &["--sheet", "LISTA", "a.xlsx"],
        write: write_similar_sheets,
        shown: &[
            "a.xlsx: `LISTA` could be the sheet `Lista` or `lista`",
            "  2  read `lista`",
            "Type 1 or 2: ",
        ],
        hint: "to read `Lista`: --sheet Lista; to read `lista`: --sheet lista",
        flag: "--sheet Lista",
        answer: "1",
        users: &["593987654321"],
        refused: 2,
        before: 0,
    },
    Case {
        name: "header",
        flags: &["a.csv"],
        write: |home| {
            home.write(
                "a.csv",
                "Clientes\nde noviembre\nn,celular\nAna,593987654321\n",
            );
        },
        shown: &[
            "a.csv: the first line is a title, not the header: `Clientes`\r\nWhich line is the header?\r\n  1  read \
             line 3 as the header (n, celular)\r\n  2  read line 1 as the header (Clientes)\r\nType 1 or 2: ",
        ],
        hint: "to read line 3 as the header (n, celular): --header-row 3; to read line 1 as the header (Clientes): --header-row 1",
        flag: "--header-row 3",
        answer: "1",
        users: &["593987654321"],
        refused: 2,
        before: 0,
    },
    Case {
        name: "column",
        flags: &["a.csv"],
        write: |home| {
            home.write(
                "a.csv",
                "n,-Cel titular,Tel casa\nAna,593987654321,593987654322\n",
            );
        },
        shown: &[
            "found no recipient column (to, phone, celular, …); the columns are: n, -Cel titular, Tel casa\r\nWhich \
             column has the recipients?\r\n  1  use `-Cel titular` (593987654321)\r\n  2  use `Tel casa` (593987654322)\r\nType 1 or 2: ",
        ],
        hint: "to use `-Cel titular`: '--to-column=-Cel titular'; to use `Tel casa`: --to-column 'Tel casa'",
        flag: "'--to-column=-Cel titular'",
        answer: "1",
        users: &["593987654321"],
        refused: 2,
        before: 0,
    },
    Case {
        name: "column that does not exist",
        flags: &["--to-column", "Celular", "a.csv"],
        write: |home| {
            home.write(
                "a.csv",
                "n,Cel titular,Tel casa\nAna,593987654321,593987654322\n",
            );
        },
        shown: &[
            "--to-column: there is no column `Celular`",
            "  1  use `Cel titular` (593987654321)",
            "Type 1 or 2: ",
        ],
        hint: "to use `Cel titular`: --to-column 'Cel titular'; to use `Tel casa`: --to-column 'Tel casa'",
        flag: "--to-column 'Cel titular'",
        answer: "1",
        users: &["593987654321"],
        refused: 2,
        before: 0,
    },
    Case {
        name: "country",
        flags: &["a.csv"],
        write: |home| {
            home.write("a.csv", "n,celular\nAna,0987654321\nEva,593987654322\n");
        },
        shown: &[
            "1 row cannot be sent; `0987654321` in line 2 is a local number without its country\r\nWhich country are \
             the local numbers of?\r\n  1  use Ecuador (1 of 1 valid)\r\n",
            "or the code or name of a country, such as EC: ",
        ],
        hint: "to set the country of the local numbers: --country CODE",
        flag: "--country EC",
        answer: "1",
        users: &["593987654321", "593987654322"],
        refused: 2,
        before: 0,
    },
    Case {
        name: "sent before",
        flags: &["a.csv"],
        write: write_sent_list,
        shown: &[
            "1 of 2 messages was sent by run before at ",
            "\r\nSkip these messages, or send them again?\r\n  1  skip them\r\n  2  send them again\r\nType 1 or 2: ",
        ],
        hint: "to skip them: --skip-sent; to send them again: --again",
        flag: "--skip-sent",
        answer: "1",
        users: &["593987654322"],
        refused: 11,
        before: 1,
    },
];

fn rows(rows: &[[&str; 2]]) -> String {
    xlsx_rows(rows)
}

fn write_hidden_rows(home: &Home) {
    let rows = rows(&[
        ["n", "celular"],
        ["Ana", "593987654321"],
        ["Eva", "593987654322"],
    ])
    .replacen("</row><row>", "</row><row hidden=\"1\">", 1);
    home.write("a.xlsx", xlsx(&[sheet("Lista", &rows)], ""));
}

fn write_two_sheets(home: &Home) {
    let october = rows(&[["n", "celular"], ["Ana", "593987654321"]]);
    let november = rows(&[["n", "celular"], ["Eva", "593987654322"]]);
    let sheets = [sheet("Octubre", &october), sheet("D'Nov", &november)];
    home.write("a.xlsx", xlsx_in_front(&sheets, 1));
}

fn write_empty_sheet(home: &Home) {
    let list = rows(&[["n", "celular"], ["Eva", "593987654322"]]);
    home.write(
        "a.xlsx",
        xlsx(&[sheet("Vacía", ""), sheet("Lista", &list)], ""),
    );
}

fn write_similar_sheets(home: &Home) {
    let first = rows(&[["n", "celular"], ["Ana", "593987654321"]]);
    let second = rows(&[["n", "celular"], ["Eva", "593987654322"]]);
    home.write(
        "a.xlsx",
        xlsx(&[sheet("Lista", &first), sheet("lista", &second)], ""),
    );
}

/// A list of two; the first has got the message.
fn write_sent_list(home: &Home) {
    home.write("before.csv", "n,celular\nAna,593987654321\n");
    let words = [SEND, &["before.csv", "--run", "before", "--yes"], MESSAGE].concat();
    home.run_args(&words).success();
    home.write("a.csv", "n,celular\nAna,593987654321\nEva,593987654322\n");
}

impl Case {
    /// Creates a home with the list, and a profile that sends to `jelou` without a confirmation.
    fn home(&self, jelou: &Jelou) -> Home {
        let home = Home::new();
        home.profile("prod", &jelou.url, "confirm_bulk = false");
        (self.write)(&home);
        home
    }

    /// What is offered to the profile after the first answer.
    fn setting(&self) -> Option<&'static str> {
        match self.name {
            "country" => Some("EC as the country"),
            "column" => Some("`-Cel titular` as the column of recipients"),
            "column that does not exist" => Some("`Cel titular` as the column of recipients"),
            _ => None,
        }
    }

    fn words(&self) -> Vec<&'static str> {
        [SEND, self.flags, MESSAGE].concat()
    }

    /// Starts a server for a command that must send nothing.
    fn silent_server(&self) -> Jelou {
        if self.before == 0 {
            Jelou::expect_no_requests()
        } else {
            Jelou::accept_all()
        }
    }

    fn check_nothing_sent(&self, jelou: &Jelou) {
        assert_eq!(jelou.requests().len(), self.before, "{}", self.name);
    }

    fn terminal(&self, home: &Home) -> Terminal {
        let mut terminal = Terminal::plain(home, &self.words());
        for part in self.shown {
            terminal.wait_for(part);
        }
        terminal
    }
}

/// Returns who got which body.
fn messages(jelou: &Jelou) -> Vec<(String, Vec<u8>)> {
    let seen = jelou.requests().into_iter();
    let mut messages: Vec<_> = seen.map(|seen| (seen.user, seen.received.body)).collect();
    messages.sort();
    messages
}

/// Returns the command line that needs no question.
fn next_line(screen: &str) -> &str {
    let (_, rest) = screen.split_once("next time: ").expect(screen);
    rest.split("\r\n").next().unwrap()
}

#[test]
fn printed_line_sends_the_same_without_a_question() {
    for case in CASES {
        let name = case.name;
        let jelou = Jelou::accept_all();
        let home = case.home(&jelou);
        let mut terminal = case.terminal(&home);
        terminal.type_line(case.answer);
        if let Some(setting) = case.setting() {
            terminal.answer(&format!("Save {setting} in profile prod? [y/N] "), "n");
        }
        let (code, screen) = terminal.end();
        assert_eq!(code, 0, "{name}: {screen}");
        assert_eq!(
            jelou.users()[case.before..],
            *case.users,
            "{name}: {screen}"
        );
        let line = next_line(&screen);
        assert!(line.contains(case.flag), "{name}: {line}");

        let again = Jelou::accept_all();
        let other_home = case.home(&again);
        let ended = tool(other_home.program("sh").args(["-c", line]));
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{name}: {line}: {stderr}");
        assert!(!stderr.contains("Type "), "{name}: {stderr}");
        assert_eq!(messages(&again), messages(&jelou), "{name}: {line}");
    }
}

#[test]
fn refusal_without_a_terminal_names_the_flags() {
    for case in CASES {
        let jelou = case.silent_server();
        let home = case.home(&jelou);
        let problem = case.shown[0].split("\r\n").next().unwrap();
        let hint = format!("hint: {}\n", case.hint);
        let ended = home
            .run_args(&case.words())
            .fails(case.refused, &[problem, &hint]);
        assert!(!ended.stderr.contains("Type "), "{ended:?}");
        case.check_nothing_sent(&jelou);
    }
}

#[test]
fn yes_and_no_input_refuse_at_a_terminal() {
    for case in CASES {
        for flag in ["--yes", "--no-input"] {
            let jelou = case.silent_server();
            let home = case.home(&jelou);
            let words = [&[flag][..], &case.words()].concat();
            let (code, screen) = Terminal::plain(&home, &words).end();
            assert_eq!(code, case.refused, "{}: {screen}", case.name);
            assert!(
                screen.contains(case.hint) && !screen.contains("Type "),
                "{screen}"
            );
            case.check_nothing_sent(&jelou);
        }
    }
}

#[test]
fn text_that_is_no_answer_is_asked_again_three_times() {
    for case in CASES {
        let jelou = case.silent_server();
        let home = case.home(&jelou);
        let mut terminal = case.terminal(&home);
        for answer in ["0", "Narnia", "99"] {
            terminal.type_line(answer);
            terminal.wait_for(&format!("`{answer}` is not one of the answers\r\n"));
            if answer != "99" {
                terminal.wait_for("Type ");
            }
        }
        let (code, screen) = terminal.end();
        assert_eq!(code, case.refused, "{}: {screen}", case.name);
        assert_eq!(screen.matches("Type ").count(), 3, "{screen}");
        assert!(
            screen.contains(case.hint) && screen.contains("nothing was sent"),
            "{screen}"
        );
        case.check_nothing_sent(&jelou);
    }
    // The third answer counts.
    let case = &CASES[0];
    let jelou = Jelou::accept_all();
    let home = case.home(&jelou);
    let mut terminal = case.terminal(&home);
    terminal.type_line("");
    terminal.wait_for("`` is not one of the answers\r\nType ");
    terminal.type_line("skip");
    terminal.wait_for("`skip` is not one of the answers\r\nType ");
    let (code, screen) = terminal.end_with(" 2 ");
    assert_eq!((code, jelou.users().len()), (0, 2), "{screen}");
}

#[test]
fn end_of_input_refuses() {
    for case in CASES {
        let jelou = case.silent_server();
        let home = case.home(&jelou);
        let mut terminal = case.terminal(&home);
        terminal.press_ctrl_d();
        let (code, screen) = terminal.end();
        assert_eq!(code, case.refused, "{}: {screen}", case.name);
        assert!(
            screen.contains("\r\nerror: ") && screen.contains("nothing was sent"),
            "{screen}"
        );
        assert!(!screen.contains("is not one of the answers"), "{screen}");
        case.check_nothing_sent(&jelou);
    }
}

#[test]
fn signal_at_a_question_sends_nothing() {
    for case in CASES {
        for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
            let jelou = case.silent_server();
            let home = case.home(&jelou);
            let mut terminal = case.terminal(&home);
            if signal == Signal::INT {
                terminal.press_ctrl_c();
            } else {
                terminal.signal(signal);
            }
            let (status, screen) = terminal.end_within(SOON);
            let code = match status {
                Some(WaitStatus::Exited(_, code)) => Some(code),
                Some(WaitStatus::Signaled(_, by, _)) => Some(128 + by as i32),
                _ => None,
            };
            assert_eq!(code, Some(128 + signal.as_raw()), "{}: {screen}", case.name);
            let list = home.run("bulk list").success();
            let runs = usize::from(case.name == "sent before");
            assert_eq!(list.rows().len(), runs, "{}: {list:?}", case.name);
            case.check_nothing_sent(&jelou);
        }
    }
}

#[test]
fn signal_at_a_question_leaves_no_temporary_file() {
    let case = &CASES[0];
    for signal in [Signal::INT, Signal::HUP, Signal::USR1] {
        let home = case.home(&case.silent_server());
        let words = [SEND, &["--rejects", "rejected.csv"], case.flags, MESSAGE].concat();
        let names = || -> Vec<String> {
            let entries = std::fs::read_dir(home.path()).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.filter(|name| name.contains("rejected")).collect()
        };
        let mut terminal = Terminal::plain(&home, &words);
        terminal.wait_for("Type 1 or 2: ");
        assert_eq!(names().len(), 1, "{:?}", names());
        terminal.signal(signal);
        let (status, screen) = terminal.end_within(SOON);
        let ended_by = match status {
            Some(WaitStatus::Signaled(_, by, _)) => Some(by as i32),
            _ => None,
        };
        assert_eq!(ended_by, Some(signal.as_raw()), "{screen}");
        assert!(names().is_empty(), "{:?}", names());
    }
}

/// After Ctrl-C, the shell shows what is typed, line by line.
#[test]
fn terminal_is_left_in_order() {
    let case = &CASES[0];
    let jelou = Jelou::expect_no_requests();
    let home = case.home(&jelou);
    let line = format!(
        "stty -a > before; {} ; stty -a > after; exit 7",
        quoted(&case.words())
    );
    let mut terminal = Terminal::run("sh", &home, &["-ic", &format!("trap : INT; {line}")], &[]);
    terminal.refuse("Type 1 or 2: ");
    let (code, screen) = terminal.end();
    assert_eq!(code, 7, "{screen}");
    assert_eq!(home.read("before"), home.read("after"));
}

fn quoted(words: &[&str]) -> String {
    let words = words
        .iter()
        .map(|word| format!("'{}'", word.replace('\'', "'\\''")));
    format!("jelouctl {}", words.collect::<Vec<_>>().join(" "))
}

#[test]
fn preview_and_dry_run_ask_the_same() {
    let case = &CASES[0];
    for flags in [&["--preview", "1"][..], &["--dry-run"], &["--curl"]] {
        let jelou = Jelou::expect_no_requests();
        let home = case.home(&jelou);
        let words = [SEND, flags, case.flags, MESSAGE].concat();
        let mut terminal = Terminal::plain(&home, &words);
        terminal.answer("  2  send them\r\nType 1 or 2: ", "2");
        let (code, screen) = terminal.end();
        assert_eq!(code, 0, "{flags:?}: {screen}");
        assert!(
            screen.contains("593987654321") && screen.contains("--hidden send"),
            "{screen}"
        );
    }
}

#[test]
fn country_is_asked_before_local_numbers_are_skipped() {
    let case = CASES.iter().find(|case| case.name == "country").unwrap();
    let words = [SEND, &["a.csv", "--skip-invalid"], MESSAGE].concat();
    let skipped = &["593987654322"][..];
    for (answer, expected, users) in [("ecuador", 0, case.users), ("5", 10, skipped)] {
        let jelou = Jelou::accept_all();
        let home = case.home(&jelou);
        let mut terminal = Terminal::plain(&home, &words);
        terminal.wait_for("  5  skip them\r\n");
        terminal.answer("or the code or name of a country, such as EC: ", answer);
        if expected == 0 {
            terminal.answer("Save EC as the country in profile prod? [y/N] ", "n");
        }
        let (code, screen) = terminal.end();
        assert_eq!(code, expected, "{screen}");
        assert_eq!(jelou.users(), users, "{screen}");
        let flag = if expected == 0 {
            "--country EC"
        } else {
            "--country none"
        };
        assert!(next_line(&screen).contains(flag), "{screen}");
    }
    // In a script, the flag has settled it.
    let jelou = Jelou::accept_all();
    let home = case.home(&jelou);
    home.run_args(&words).fails(10, &["line 2 is skipped"]);
}

#[test]
fn several_questions_follow_each_other_and_are_printed_once() {
    let jelou = Jelou::accept_all();
    let home = Home::new();
    home.profile("prod", &jelou.url, "confirm_bulk = false");
    let list = "<row><c t=\"inlineStr\"><is><t>Clientes</t></is></c></row>".to_owned()
        + &rows(&[
            ["n", "Cel titular"],
            ["Ana", "0987654321"],
            ["Eva", "0987654322"],
        ])
        .replacen("</row><row>", "</row><row hidden=\"1\">", 1);
    let other = rows(&[["n", "celular"], ["x", "593987654329"]]);
    let sheets = [sheet("Lista", &list), sheet("Otra", &other)];
    home.write("a.xlsx", xlsx_in_front(&sheets, 1));
    let words = [SEND, &["a.xlsx"], MESSAGE].concat();
    let mut terminal = Terminal::plain(&home, &words);
    terminal.answer("  2  read `Lista`\r\nType 1 or 2: ", "2");
    for question in [
        [
            "Which line is the header?\r\n  1  read line 2 as the header",
            "1",
        ],
        [
            "Which column has the recipients?\r\n  1  use `Cel titular`",
            "1",
        ],
        [
            "`0987654322` in line 4 is a local number without its country",
            "EC",
        ],
        ["Skip or send these rows?", "2"],
    ] {
        let [text, answer] = question;
        terminal.wait_for(text);
        terminal.answer("Type ", answer);
    }
    terminal.answer(
        "Save EC as the country and `Cel titular` as the column of recipients in profile prod? [y/N] ",
        "s",
    );
    let (code, screen) = terminal.end();
    assert_eq!((code, jelou.users().len()), (0, 2), "{screen}");
    for once in [
        "next time: ",
        "profile prod is saved",
        "hidden or crossed out in the sheet: line 3; --hidden: sent",
    ] {
        assert_eq!(screen.matches(once).count(), 1, "{once}: {screen}");
    }
    let line = next_line(&screen);
    assert!(
        line.contains("--sheet Lista --header-row 2 --to-column 'Cel titular' --country EC --hidden send text 'Hola {{ n }}"),
        "{line}"
    );
    let config = home.read(&format!("{CONFIG}/config.toml"));
    assert!(
        config.contains("country = \"EC\"") && config.contains("to_column = [\"Cel titular\"]"),
        "{config}"
    );
}

#[test]
fn another_sheet_has_its_own_header() {
    let home = Home::new();
    let title = "<row><c t=\"inlineStr\"><is><t>Clientes</t></is></c></row>".to_owned();
    let list = title + &rows(&[["n", "x"], ["Ana", "y"]]);
    let other = rows(&[["n", "celular"], ["Eva", "593987654329"]]);
    home.write(
        "a.xlsx",
        xlsx(&[sheet("Lista", &list), sheet("Otra", &other)], ""),
    );
    let words = [
        "--sandbox",
        "--dry-run",
        "bulk",
        "send",
        "a.xlsx",
        "text",
        "Hola",
    ];
    let mut terminal = Terminal::plain(&home, &words);
    for question in [
        "Which line is the header?\r\n  1  read line 2 as the header (n, x)\r\n",
        "Which sheet has the list?\r\n  1  read `Otra`\r\n",
    ] {
        terminal.wait_for(question);
        terminal.answer("Type ", "1");
    }
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    let line = next_line(&screen);
    assert!(
        line.ends_with("bulk send a.xlsx --sheet Otra text Hola"),
        "{line}"
    );
}

/// In the first 1,000 rows, with the mobiles first; an example is shown only at a terminal.
#[test]
fn columns_of_mobiles_are_offered_first() {
    let jelou = Jelou::expect_no_requests();
    let home = Home::new();
    home.profile("prod", &jelou.url, "country = \"EC\"");
    let row = |row: u32| {
        format!("x,022345{row:03},09876{row:05},2026-11-20,\"1,250,000\",llamar al 0987654321\n")
    };
    let rows: Vec<_> = (0..1000).map(row).collect();
    let mut list = "n,Tel casa,Cel titular,Fecha,Monto,Notas\n".to_owned() + &rows.concat();
    list += "x,0987654321,022345678,0987654321,0987654321,0987654321\n";
    home.write("a.csv", &list);
    let words = ["bulk", "send", "a.csv", "text", "Hola"];
    let mut terminal = Terminal::plain(&home, &words);
    terminal.wait_for(
        "Which column has the recipients?\r\n  1  use `Cel titular` (0987600000)\r\n  2  use `Tel casa` (022345000)\r\nType \
         1 or 2: ",
    );
    terminal.press_ctrl_c();
    drop(terminal);
    let hint = "hint: to use `Cel titular`: --to-column 'Cel titular'; to use `Tel casa`: --to-column 'Tel casa'\n";
    let ended = home.run_args(&words).fails(2, &[hint]);
    assert!(!ended.stderr.contains("0987600000"), "{ended:?}");
}

/// The number of an identity card can look like a mobile.
#[test]
fn columns_with_the_name_of_recipients_are_offered_first() {
    let home = Home::new();
    home.write(
        "a.csv",
        "Documento,Teléfono,Celular\n0987654321,022345678,0987654322\n",
    );
    let words = [
        "--sandbox",
        "--dry-run",
        "bulk",
        "send",
        "a.csv",
        "--country=EC",
        "text",
        "Hola",
    ];
    let mut terminal = Terminal::plain(&home, &words);
    terminal.wait_for(
        "  1  use `Celular` (0987654322)\r\n  2  use `Teléfono` (022345678)\r\n  3  use `Documento` (0987654321)\r\n",
    );
}

#[test]
fn recipient_column_needs_a_readable_number() {
    let home = Home::new();
    let preview = |list: &str, flags: &[&str]| {
        home.write("a.csv", list);
        let words = [
            "--sandbox",
            "--dry-run",
            "bulk",
            "send",
            "a.csv",
            "--country",
            "EC",
        ];
        home.run_args(&[&words[..], flags, &["text", "Hola"]].concat())
    };
    let late = format!(
        "Teléfono,Celular\n{},0987654321\n",
        ",0987654321\n".repeat(998) + "022345678"
    );
    for (list, expected) in [
        // Names, or nothing, are no recipients.
        ("Destinatario,Celular\nAna,0987654321\n", "593987654321"),
        ("Teléfono,Celular\n,0987654321\n", "593987654321"),
        (
            "Teléfono,Celular\nno tiene,0987654321\n,0987654322\n",
            "593987654321",
        ),
    ] {
        let ended = preview(list, &[]).success();
        assert!(ended.stdout.contains(expected), "{list}: {ended:?}");
    }
    let both = "`Teléfono` and `Celular` could both be the recipient's column";
    preview(&late, &[]).fails(2, &[both]);
    preview("Celular,Cel titular\nAna,0987654321\n", &[]).fails(
        2,
        &[
            "`Celular` has no phone number in the first 1,000 rows",
            "hint: to use `Cel titular`: --to-column 'Cel titular'\n",
        ],
    );
    // Without another column, each row says what is wrong.
    preview("n,Celular\nAna,123\n", &[]).fails(2, &["line 2: Celular: ", "no row can be sent"]);
    // The user has named it.
    preview(
        "Celular,Cel titular\nAna,0987654321\n",
        &["--to-column", "Celular"],
    )
    .fails(2, &["line 2: Celular: `Ana` is not a phone number"]);
}

#[test]
fn profile_names_the_recipient_column() {
    let home = Home::new();
    let preview = |columns: &str, list: &str| {
        home.profile(
            "prod",
            "http://127.0.0.1:9",
            &format!("country = \"EC\"\nto_column = [{columns}]"),
        );
        home.write("a.csv", list);
        home.run("--dry-run bulk send a.csv text Hola")
    };
    let list = "Celular,WhatsApp,Cel titular\n0987654321,0987654322,0987654323\n";
    for (columns, list, expected) in [
        ("\"Cel titular\"", list, "593987654323"),
        ("\"nada\", \"whatsapp\", \"Celular\"", list, "593987654322"),
        ("\"nada\"", "Celular\n0987654321\n", "593987654321"),
        // A column without numbers does not count.
        (
            "\"WhatsApp\", \"Celular\"",
            "Celular,WhatsApp\n0987654321,\n",
            "593987654321",
        ),
    ] {
        let ended = preview(columns, list).success();
        assert!(ended.stdout.contains(expected), "{columns}: {ended:?}");
    }
    preview("\"WhatsApp\"", "Celular,WhatsApp\n0987654321,\n").fails(
        2,
        &[
            "`WhatsApp` has no phone number in the first 1,000 rows",
            "hint: to use `Celular`: --to-column Celular\n",
        ],
    );
    preview("\" \"", list).fails(3, &["to_column", "the name of a column cannot be empty"]);
    // An answer comes behind the known names.
    home.profile(
        "prod",
        "http://127.0.0.1:9",
        "country = \"EC\"\nto_column = [\"nada\"]",
    );
    home.write("a.csv", "Cel titular\n0987654321\n");
    let mut terminal = Terminal::plain(
        &home,
        &["--dry-run", "bulk", "send", "a.csv", "text", "Hola"],
    );
    terminal.answer("Type 1: ", "1");
    terminal.answer(
        "Save `Cel titular` as the column of recipients in profile prod? [y/N] ",
        "y",
    );
    assert_eq!(terminal.end().0, 0);
    let config = home.read(&format!("{CONFIG}/config.toml"));
    assert!(
        config.contains("to_column = [\"nada\", \"Cel titular\"]"),
        "{config}"
    );
    home.run("--dry-run bulk send a.csv text Hola").success();
}

/// A list from a pipe can be read only once.
#[test]
fn list_from_a_pipe_is_not_asked_about() {
    let jelou = Jelou::expect_no_requests();
    let home = Home::new();
    home.profile("prod", &jelou.url, "");
    home.write("a.csv", "n,celular\nAna,0987654321\n");
    let line = "jelouctl bulk send <(cat a.csv) text 'Hola {{ n }}'";
    let (code, screen) = Terminal::run("bash", &home, &["-c", line], &[]).end();
    assert_eq!(code, 2, "{screen}");
    assert!(
        screen.contains("--country CODE") && !screen.contains("Type "),
        "{screen}"
    );
}

/// The file of the machine is not the user's: a new file would replace it.
#[test]
fn answer_is_offered_only_to_a_profile_of_the_user() {
    let case = CASES.iter().find(|case| case.name == "country").unwrap();
    let jelou = Jelou::expect_no_requests();
    let home = case.home(&jelou);
    home.write(&format!("{CONFIG}/config.toml"), "");
    let sender = sender(&jelou.url);
    let mut terminal = Terminal::new(
        &home,
        &case.words(),
        &[&sender[..], &[("NO_COLOR", "1")]].concat(),
    );
    terminal.answer("such as EC: ", "ec");
    terminal.answer("Send 2 messages from bot ", "n");
    let (code, screen) = terminal.end();
    assert_eq!(code, 11, "{screen}");
    assert!(!screen.contains("Save EC"), "{screen}");
}
