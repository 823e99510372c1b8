//! The messages before a run begins.

use crate::bulk_server::Jelou;
use crate::harness::{Home, split_words};
use crate::terminal::Terminal;

/// The screen up to the question, which is answered with no.
fn asked(home: &Home, words: &[&str]) -> Vec<String> {
    let (code, screen) =
        Terminal::plain(home, &[&["-p", "p", "bulk", "send"], words].concat()).confirm("n");
    assert_eq!(code, 11, "{screen}");
    let (before, _) = screen.split_once("[y/N]").unwrap();
    before.lines().map(str::to_owned).collect()
}

#[test]
fn prompt_follows_first_message_and_summary() {
    let (home, jelou) = (Home::new(), Jelou::expect_no_requests());
    home.profile("p", &jelou.url, "");
    let rows: Vec<_> = (0..100)
        .map(|number| format!("5939876543{number:02},P{number}\n"))
        .collect();
    home.write(
        "people.csv",
        format!("to,nombre\n{}593987654300,again\n12,Bad\n", rows.concat()),
    );
    let line = "people.csv --skip-invalid --rate 100/m quick-reply --text 'Hola {{ nombre }}\ntodo bien' --reply Sí";
    let lines = asked(&home, &split_words(line));
    let from = lines
        .iter()
        .position(|line| line.starts_with("the first message"))
        .unwrap();
    assert_eq!(
        lines[from..from + 13],
        [
            "the first message, line 2, as 593987654300 would see it:",
            "  │ Hola P0",
            "  │ todo bien",
            "  │ [ Sí ]",
            "the longest message, line 102, as 593987654300 would see it:",
            "  │ Hola again",
            "  │ todo bien",
            "  │ [ Sí ]",
            "102 rows: 101 to send; skipped: 1 invalid",
            &lines[from + 9],
            "note: columns of the 101 messages:",
            "  to      101  Ecuador 101",
            "  nombre  101  2 to 5 characters (lines 2, 102); shapes: A9 100,",
        ]
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("takes about 1 min 0 s, until 20")),
        "{lines:#?}"
    );
    assert!(
        lines
            .last()
            .unwrap()
            .starts_with("Send 101 messages from bot BOT-ID (profile p) to http://"),
        "{lines:#?}"
    );
}

#[test]
fn preview_fits_the_screen() {
    let (home, jelou) = (Home::new(), Jelou::expect_no_requests());
    home.profile("p", &jelou.url, "");
    home.write(
        "people.csv",
        "to,nombre\n593987654321,Ana\n593987654322,Luz\n",
    );
    let long = format!(
        "{}\n{}\u{202e}",
        "palabra ".repeat(200),
        "日本語".repeat(60)
    );
    let lines = asked(&home, &["people.csv", "text", &long]);
    assert!(lines.len() <= 25, "{lines:#?}");
    assert!(
        lines.iter().all(|line| line
            .chars()
            .map(|character| if character > '\u{2fff}' { 2 } else { 1 })
            .sum::<usize>()
            <= 80
            || line.starts_with("Send ")),
        "{lines:#?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.contains("lines; --preview 1 shows all")),
        "{lines:#?}"
    );
    assert!(!lines.concat().contains('\u{202e}'));
}

#[test]
fn log_output_has_summary_without_message() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.write(
        "people.csv",
        "to,nombre\n593987654321,Ana\n593987654322,Luz\n12,Bad\n",
    );
    let words = [
        "--run",
        "r",
        "--yes",
        "--skip-invalid",
        "text",
        "Hola {{ nombre }}",
    ];
    let ended = home
        .run("bulk send people.csv")
        .args(&words)
        .api(&jelou.url)
        .fails(
            10,
            &["note: 3 rows: 2 to send; skipped: 1 invalid\nnote: columns of the 2 messages:\n  to      2  Ecuador 2\n"],
        );
    assert!(!ended.stderr.contains("Ana"), "{}", ended.stderr);
    // It is shown on request.
    let ended = home
        .run("bulk send people.csv --preview 1 --skip-invalid --again text 'Hola {{ nombre }}'")
        .api(&jelou.url)
        .success();
    assert!(
        ended.stderr.contains(
            "note: the first message, line 2, as 593987654321 would see it:\n  │ Hola Ana\n"
        ),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.stdout.lines().count(), 1);
    assert!(!ended.stderr.contains("these are "), "{}", ended.stderr);
    let quiet = [
        "-q",
        "--again",
        "--run",
        "q",
        "--yes",
        "--skip-invalid",
        "text",
        "Hola {{ nombre }}",
    ];
    let ended = home
        .run("bulk send people.csv")
        .args(&quiet)
        .api(&jelou.url)
        .end();
    assert!(!ended.stderr.contains("to send"), "{}", ended.stderr);
}

#[test]
fn partial_preview_is_noted() {
    let (home, jelou) = (Home::new(), Jelou::expect_no_requests());
    let rows = (0..12)
        .map(|n| format!("5939876543{n:02}\n"))
        .collect::<Vec<_>>()
        .concat();
    home.write("people.csv", format!("to\n{rows}"));
    for (most, told) in [
        ("10", None),
        (
            "11",
            Some("these are 10 of 11 messages; to see all: --preview all --file page.html"),
        ),
        ("all", Some("note: these are 10 of 12 messages; ")),
    ] {
        let ended = home
            .run("bulk send people.csv --preview")
            .args(&[most, "text", "Hola"])
            .api(&jelou.url)
            .success();
        assert_eq!(ended.stderr.matches("would see").count(), 10, "{ended:?}");
        assert_eq!(
            ended.stderr.contains("these are "),
            told.is_some(),
            "{ended:?}"
        );
        assert!(
            told.is_none_or(|told| ended.stderr.contains(told)),
            "{ended:?}"
        );
    }
}

#[test]
fn preview_page_has_every_message() {
    let (home, jelou) = (Home::new(), Jelou::expect_no_requests());
    home.profile("p", &jelou.url, "allow_to = [\"59398*\"]");
    home.write(
        "people.csv",
        "to,nombre\n593987654321,Ana\n12,Mal\n593987654322,\n593987654323,N/A\n593987654321,Ana\n584241234567,Eva\n\
         593987654324,Beto\n",
    );
    home.write("bajas.txt", "593987654324\n");
    let all = [
        "-p",
        "p",
        "bulk",
        "send",
        "people.csv",
        "--exclude",
        "bajas.txt",
        "--preview",
        "all",
    ];
    let page = [&all[..], &["--file", "preview.html"]].concat();
    let message = ["text", "Hola {{ nombre }}"];
    let ended = home.run_args(&[&page[..], &message].concat()).fails(
        2,
        &[
            "3 rows cannot be sent",
            "a page with 7 rows written to preview.html",
        ],
    );
    assert_eq!(ended.stdout, "");
    let made = home.read("preview.html");
    assert_eq!(made.matches(">No error</option>").count(), 1, "{made}");
    assert!(!made.contains(">Ready<"), "{made}");
    for part in [
        "Cannot be sent as it is",
        "Hola Ana",
        "sends 593987654321 the same message as line 2",
        "allow_to does not allow the recipient",
        "is empty, but the text needs it",
        "Hola N&#x2f;A",
        "is excluded by bajas.txt",
        "to: “12” has 2 digits, and a phone number has 7 to 15",
    ] {
        assert!(made.contains(part), "{part}: {made}");
    }
    home.run_args(&[&page[..], &["--lang", "es"], &message].concat())
        .fails(2, &["se escribió preview.html"]);
    let made = home.read("preview.html");
    for part in [
        "3 filas no se pueden enviar",
        "to: «12» tiene 2 dígitos, y un número de teléfono tiene de 7 a 15",
        "el destinatario está en la lista de exclusión bajas.txt",
        "envía a 593987654321 el mismo mensaje que la fila 2",
    ] {
        assert!(made.contains(part), "{part}: {made}");
    }
    let masked = [
        &page[..],
        &["--mask", "--lang", "es", "--skip-invalid"],
        &message,
    ]
    .concat();
    home.run_args(&masked)
        .fails(11, &["se escribió preview.html"]);
    let masked = home.read("preview.html");
    assert!(
        masked.contains("No se pueden enviar")
            && !masked.contains("Ana")
            && !masked.contains("59398"),
        "{masked}"
    );

    let requests = home
        .run_args(&[&all[..], &["--skip-invalid", "--limit=1"], &message].concat())
        .success();
    assert_eq!(requests.stdout.lines().count(), 1);
    home.write("other.html", "mine");
    for (flags, words) in [
        (
            &["--preview", "all", "--file", "preview.pdf"][..],
            "preview.pdf is not the name of a page",
        ),
        (
            &["--preview", "3", "--file", "preview.html"],
            "the page has every row",
        ),
        (&["--file", "preview.html"], "--preview"),
        (&["--preview", "all", "--mask"], "--file"),
        (
            &["--preview", "all", "--file", "other.html"],
            "other.html exists",
        ),
        (
            &["--preview", "all", "--file", "no/preview.html"],
            "does not exist",
        ),
    ] {
        let words_of = [&["-p", "p", "bulk", "send", "people.csv"], flags, &message].concat();
        home.run_args(&words_of).fails(2, &[words]);
    }
    assert_eq!(home.read("other.html"), "mine");
}

#[test]
fn list_without_readable_columns_has_a_page_with_the_reason() {
    let home = Home::new();
    home.profile("p", "http://127.0.0.1:9", "");
    home.write("two.csv", "movil,celular\n593987654321,593987654322\n");
    home.write("empty.csv", "");
    for (list, reason) in [
        (
            "two.csv",
            "“movil” and “celular” could both be the recipient",
        ),
        ("empty.csv", "empty.csv"),
        ("no-list.xlsx", "no-list.xlsx"),
    ] {
        let path = home.path().join(list);
        let send = ["bulk", "send", path.to_str().unwrap(), "--preview", "all"];
        let words = [&send[..], &["--file", "page.html", "text", "Hola"]].concat();
        let written = "a page that says why the list is refused written to page.html";
        let refused = home.run_args(&words).fails(2, &[written]);
        let page = home.read("page.html");
        for part in [
            "Cannot be sent as it is",
            reason,
            &format!("<h1>{list}</h1>"),
        ] {
            assert!(page.contains(part), "{part}: {page}\n{refused:?}");
        }
        let directory = home.path().to_str().unwrap();
        assert!(
            !page.contains(directory) && !page.contains("<script"),
            "{page}"
        );
        let masked = [
            &send[..],
            &["--file", "page.html", "--mask", "text", "Hola"],
        ]
        .concat();
        home.run_args(&masked).fails(2, &[written]);
        assert!(!home.read("page.html").contains(&format!("{reason}:")));
    }
}

#[test]
fn approval_page_has_the_command_without_paths() {
    let home = Home::new();
    home.profile("p", "http://127.0.0.1:9", "");
    let list = home.write("mi lista.csv", "celular\n593987654321\n593987654322\n");
    let excluded = home.write("bajas.txt", "593987654322\n");
    let [list, excluded] = [&list, &excluded].map(|path| path.to_str().unwrap());
    let send = ["bulk", "send", list, "--exclude", excluded, "--preview=all"];
    let words = [&send[..], &["--file", "page.html", "text", "Hola / tú"]].concat();
    home.run_args(&words).success();
    let page = home.read("page.html");
    assert!(!page.contains(home.path().to_str().unwrap()), "{page}");
    assert!(page.contains("is excluded by bajas.txt"), "{page}");
    let command = page.split("<h2>Next step</h2>").nth(1).unwrap();
    let command = command.split("</code>").next().unwrap();
    let words = command.split("<span>").skip(1);
    let words: Vec<_> = words
        .filter_map(|word| word.split("</span>").next())
        .collect();
    assert_eq!(
        words[1..].join(" "),
        "bulk send &#x27;mi lista.csv&#x27; --exclude bajas.txt text &#x27;Hola &#x2f; tú&#x27;"
    );
}

#[test]
fn terminal_preview_shows_messages_without_requests() {
    let (home, jelou) = (Home::new(), Jelou::expect_no_requests());
    home.profile("p", &jelou.url, "");
    home.write(
        "people.csv",
        "to,nombre\n593987654321,Ana\n593987654322,Eva\n",
    );
    let words = ["-p", "p", "bulk", "send", "people.csv", "--preview", "1"];
    let screen = |flags: &[&str]| {
        let words = [&words[..], flags, &["text", "Hola {{ nombre }}"]].concat();
        let (code, screen) = Terminal::plain(&home, &words).end();
        assert_eq!(code, 0, "{screen}");
        screen
    };
    let shown = screen(&[]);
    assert!(
        shown.contains("Hola Ana") && !shown.contains("userId") && !shown.contains("Eva"),
        "{shown}"
    );
    assert!(screen(&["--dry-run"]).contains("userId"));
}
