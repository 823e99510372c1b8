//! The report of a run, which can also be sent as a list.

use std::io::{BufRead, BufReader, Read};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::bulk_server::{Act, Jelou};
use crate::harness::{Home, STATE, test_with_both_ledgers, wait_until};
#[cfg(target_os = "linux")]
use crate::needs::{can_test, works};
#[cfg(unix)]
use crate::terminal::Terminal;

test_with_both_ledgers! {
    report_is_the_list_with_outcomes,
    json_list_is_reported_in_either_format,
    unread_report_holds_no_transaction,
}

const RATE: &str = "--rate=1000000/s";

fn texts(jelou: &Jelou) -> Vec<(String, Value)> {
    let seen = jelou.requests().into_iter();
    let mut texts: Vec<_> = seen
        .map(|seen| (seen.user, seen.received.json()["text"].clone()))
        .collect();
    texts.sort_by(|left, right| left.0.cmp(&right.0));
    texts
}

/// Checks that no process reads the ledger: another process can empty its log, or no transaction is open.
fn expect_no_reader(home: &Home) {
    #[cfg(unix)]
    if let Some(ledger) = home.ledger() {
        let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
            AND application_name = 'jelouctl' AND xact_start IS NOT NULL";
        wait_until("no transaction is open", || {
            crate::postgres::sql(ledger, open)[0].get::<_, i64>(0) == 0
        });
        return;
    }
    let directory = home.path().join(STATE);
    let ledger = rusqlite::Connection::open(directory.join("state.db")).unwrap();
    ledger
        .busy_timeout(std::time::Duration::from_secs(60))
        .unwrap();
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    let is_busy: bool = ledger.query_row(checkpoint, [], |row| row.get(0)).unwrap();
    assert!(!is_busy);
    let log = directory.join("state.db-wal").metadata().unwrap();
    assert_eq!(log.len(), 0);
}

#[test]
fn unread_report_holds_no_transaction() {
    const ROWS: u64 = 20_000;
    const NO_SERVER: &str = "http://127.0.0.1:9";
    let home = Home::new();
    let numbers = (0..ROWS).map(|row| format!("{}\n", 593_990_000_000 + row));
    home.write("people.csv", format!("to\n{}", numbers.collect::<String>()));
    home.run("bulk send people.csv --yes --hold --run r text Hola")
        .api(NO_SERVER)
        .success();
    let mut report = home.process("bulk report r", NO_SERVER).spawn().unwrap();
    let mut reader = BufReader::new(report.stdout.take().unwrap());
    let mut lines = String::new();
    for _ in 0..2 {
        reader.read_line(&mut lines).unwrap();
    }
    // The reader stops here, so the report waits with most of its rows.
    home.run("bulk cancel r --yes").success();
    expect_no_reader(&home);
    reader.read_to_string(&mut lines).unwrap();
    assert!(report.wait().unwrap().success());
    let rows: Vec<_> = lines.lines().skip(1).collect();
    for (row, line) in (0..).zip(&rows) {
        assert!(
            line.starts_with(&format!("{},", 593_990_000_000_u64 + row)),
            "{line}"
        );
    }
    assert_eq!(rows.len() as u64, ROWS);
    let has_state = |line: &str, state: &str| line.split(',').any(|cell| cell == state);
    // Each row has its state at the time when it was read.
    assert!(has_state(rows[0], "pending"), "{}", rows[0]);
    let last = rows.last().unwrap();
    assert!(has_state(last, "cancelled"), "{last}");
}

#[test]
fn report_is_the_list_with_outcomes() {
    let home = Home::new();
    let jelou = Jelou::accept_all();
    home.write(
        "people.csv",
        "nombre;celular; nota\n=1+1;+593987654321;\"a;\"\"b\"\"\"\n'x;593987654322;\n",
    );
    let send = [
        "bulk",
        "send",
        "people.csv",
        "--yes",
        "--run",
        "r",
        RATE,
        "text",
        "Hola {{ nombre }}",
    ];
    home.run_args(&send).api(&jelou.url).success();
    let report = home.run("bulk report").success().stdout;
    let lines: Vec<_> = report.lines().collect();
    let header = "nombre;celular; nota;run;line;sent;message_id;http_status;code;error;attempts;at;\
                  delivery;delivered_at;read_at;delivery_error;sent_to";
    assert_eq!(lines[0], header);
    assert!(
        lines[1].starts_with(
            "'=1+1;'+593987654321;\"a;\"\"b\"\"\";r;2;yes;msg_593987654321;200;;;1;20"
        ),
        "{report}"
    );
    assert!(
        lines[2].starts_with("''x;593987654322;;r;3;yes;msg_593987654322;200;;;1;20"),
        "{report}"
    );
    assert_eq!(
        home.run("bulk report --state failed --state unknown")
            .success()
            .stdout,
        format!("{}\n", lines[0])
    );
    let ndjson = home.run("bulk report --file out.ndjson").success();
    assert_eq!(ndjson.stdout, "");
    let first: Value =
        serde_json::from_str(home.read("out.ndjson").lines().next().unwrap()).unwrap();
    assert_eq!(
        (
            &first["nombre"],
            &first["celular"],
            &first["sent"],
            &first["http_status"],
            &first["error"]
        ),
        (
            &json!("=1+1"),
            &json!("+593987654321"),
            &json!("yes"),
            &json!(200),
            &json!(null)
        )
    );
    // A path that cannot be written is a usage error, with and without runs.
    home.run("bulk report --file nowhere/x.csv")
        .fails(2, &["--file: failed to write nowhere/x.csv"]);
    Home::new()
        .run("bulk report --file nowhere/x.csv")
        .fails(2, &["--file: failed to write nowhere/x.csv"]);
    home.write("file", "");
    home.run("man --dir file/x")
        .fails(2, &["--dir: failed to create file/x"]);
    home.run("schema --dir file/x")
        .fails(2, &["--dir: failed to create file/x"]);
}

#[test]
fn report_format_follows_its_file_extension() {
    let home = Home::new();
    home.write("people.csv", "to\n593987654321\n593987654322\n");
    home.run("--sandbox bulk send people.csv --run r --rate 1000000/s text x")
        .success();
    for (words, message, hint) in [
        (
            "--file AGAIN.ODS",
            "a report cannot be written as .ods",
            ".csv or .xlsx",
        ),
        (
            "--file r.xlsx --delimiter ;",
            "--delimiter: only CSV has one",
            "--format csv",
        ),
        (
            "--delimiter x",
            "--delimiter: `x` is not a delimiter",
            "';'",
        ),
        (
            "--file r.pdf",
            "a report cannot be written as .pdf",
            "can print as a PDF",
        ),
        ("--mask", "--mask works only for a page", "--format html"),
        (
            "--file r.html --lang fr",
            "--lang: expected en or es, found `fr`",
            "en or es",
        ),
        (
            "--file r.html --state failed",
            "a page has all rows",
            "remove them",
        ),
        (
            "--file r.html --reason invalid",
            "a page has all rows",
            "--format csv",
        ),
        (
            "--file nowhere/r.html",
            "--file: failed to write nowhere/r.html",
            "to a directory that exists",
        ),
        (
            "--file .",
            "--file: . is not a regular file",
            "to write to a device or a pipe",
        ),
        (
            "nobody --file r.html",
            "there is no run nobody",
            "jelouctl bulk list",
        ),
    ] {
        home.run(&format!("bulk report {words}"))
            .fails(2, &[message, hint]);
    }
    let made = std::fs::read_dir(home.path()).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
        !name.starts_with('.') && !["people.csv", "AppData"].contains(&name.as_str())
    });
    assert_eq!(made.count(), 0, "nothing is made where a line is refused");
    // A device or a pipe is not replaced with a file.
    #[cfg(unix)]
    {
        let socket = std::os::unix::net::UnixListener::bind(home.path().join("socket")).unwrap();
        home.run("bulk report --file socket").fails(
            2,
            &[
                "socket is not a regular file",
                "to write to a device or a pipe",
            ],
        );
        drop(socket);
    }
    for (file, begin, said) in [
        ("r.csv", "to,run,line,sent,", "2 rows written to r.csv"),
        ("r.txt", "to,run,line,sent,", "2 rows written to r.txt"),
        ("r.jsonl", "{\"to\":", "2 rows written to r.jsonl"),
        (
            "r.HTML",
            "<!doctype html>\n<html lang=\"en\">",
            "a page with 2 rows written to r.HTML",
        ),
    ] {
        home.write(file, "what was there before");
        let written = home
            .run_args(&["bulk", "report", "--yes", "--file", file])
            .success();
        assert!(
            written.stdout.is_empty() && written.stderr.contains(said),
            "{written:?}"
        );
        assert!(home.read(file).starts_with(begin), "{}", home.read(file));
        #[cfg(unix)]
        {
            let permissions = std::fs::metadata(home.path().join(file))
                .unwrap()
                .permissions();
            assert_eq!(
                std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o777,
                0o600,
                "{file}"
            );
        }
    }
    let page = home
        .run("bulk report --format html --lang es")
        .success()
        .stdout;
    assert!(
        page.contains("<html lang=\"es\">")
            && page.contains("Envío de prueba: no se envió ningún mensaje"),
        "{page}"
    );
}

#[test]
fn report_overwrites_only_another_report() {
    let home = Home::new();
    home.write("people.csv", "to\n593987654321\n");
    home.run("--sandbox bulk send people.csv --run r --rate 1000000/s text x")
        .success();
    home.write(
        "sheet.csv",
        "to;\"nota\nlarga\";run;line;sent;code\n1;2;3;4;5;6\n",
    );
    home.write(
        "notes.html",
        "<!doctype html>\n<html><head><title>notes</title></head></html>\n",
    );
    home.write("rows.ndjson", "{\"to\":\"593987654321\",\"sent\":\"no\"}\n");
    home.write(
        "list.ndjson",
        r#"{"number":1,"id":"a","received_at":"t","from":"bot","bot":"b","user":"u","kind":"text"}"#,
    );
    for file in [
        "people.csv",
        "sheet.csv",
        "notes.html",
        "rows.ndjson",
        "list.ndjson",
    ] {
        let before = std::fs::read(home.path().join(file)).unwrap();
        let report = || home.run_args(&["bulk", "report", "r", "--file", file]);
        report().fails(
            2,
            &[
                &format!("--file: {file} exists and is not a report of a run"),
                "hint: to overwrite it: --yes\n",
            ],
        );
        assert_eq!(
            std::fs::read(home.path().join(file)).unwrap(),
            before,
            "{file}"
        );
    }
    home.run("bulk list").success();
    // The same report once more, and into an empty file from mktemp.
    for file in ["a.csv", "b.ndjson", "c.html", "d.out"] {
        home.write(file, "");
        let report = || home.run(&format!("bulk report r --file {file}"));
        report().success();
        report().success();
    }
    // A report replaces one in another format.
    std::fs::rename(home.path().join("c.html"), home.path().join("e.csv")).unwrap();
    home.run("bulk report r --file e.csv").success();
    // The ending of a file decides its format.
    home.run("bulk report r --file a.csv --format csv")
        .fails(2, &["--format", "--file"]);
    // A link stays a link. Its target is checked and replaced.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("people.csv", home.path().join("link.csv")).unwrap();
        home.run("bulk report r --file link.csv")
            .fails(2, &["link.csv exists and is not a report"]);
        home.run("bulk report r --file link.csv --yes").success();
        assert!(home.path().join("link.csv").is_symlink());
        assert!(home.read("people.csv").starts_with("to,run,line,sent,"));
    }
}

#[test]
fn list_wider_than_a_sheet_has_no_workbook() {
    let home = Home::new();
    let columns: Vec<_> = (0..16_400).map(|column| format!(",c{column}")).collect();
    home.write(
        "wide.csv",
        format!(
            "to{}\n593987654321{}\n",
            columns.concat(),
            ",".repeat(16_400)
        ),
    );
    home.run("--sandbox bulk send wide.csv --run r --rate 1000000/s text x")
        .success();
    let part = "columns; a sheet has at most 16384";
    home.run("bulk report r --file wide.xlsx")
        .fails(2, &[part, "csv"]);
    assert!(!home.path().join("wide.xlsx").exists());
}

#[test]
#[cfg(unix)]
fn page_is_not_printed_to_a_terminal() {
    let home = Home::new();
    home.write("people.csv", "to\n593987654321\n");
    home.run("--sandbox bulk send people.csv --run r --rate 1000000/s text x")
        .success();
    let (code, seen) = Terminal::new(&home, &["bulk", "report", "--format", "html"], &[]).end();
    assert!(
        code == 2
            && seen.contains("cannot be printed on a terminal")
            && seen.contains("--file report.html"),
        "{code}: {seen}"
    );
}

#[test]
fn workbook_report_has_text_cells_and_is_reusable() {
    let home = Home::new();
    let cells = [
        "=1+1", "00123", "'x", "a;'b", "1E5", "_x0041_", "ñß", "15%", " x ",
    ];
    let mut list = csv::Writer::from_writer(Vec::new());
    list.write_record(["to", "n"]).unwrap();
    for (number, cell) in cells.iter().enumerate() {
        list.write_record([&format!("+59398765432{number}"), *cell])
            .unwrap();
    }
    home.write("people.csv", list.into_inner().unwrap());
    home.run_args(&[
        "--sandbox",
        "bulk",
        "send",
        "people.csv",
        "--run",
        "r",
        RATE,
        "text",
        "{{ n }}.",
    ])
    .success();
    home.run("bulk report --file r.xlsx")
        .success()
        .stderr_has(&["9 rows written to r.xlsx"]);
    // Another report replaces it without a question. A workbook that is not a report stays.
    home.run("bulk report --file r.xlsx --state sent").success();
    home.write("other.xlsx", crate::workbook::xlsx(&[], ""));
    home.run("bulk report --file other.xlsx")
        .fails(2, &["other.xlsx exists and is not a report of a run"]);
    let again = home
        .run("--sandbox --dry-run bulk send r.xlsx text '{{ n }}.'")
        .success();
    let texts: Vec<_> = again
        .rows()
        .iter()
        .map(|row| row["body"]["text"].clone())
        .collect();
    assert_eq!(texts, cells.map(|cell| json!(format!("{cell}."))));

    let spanish = home.run("bulk report r --delimiter ;").success().stdout;
    assert!(
        spanish.starts_with("\u{feff}to;n;run;line;sent;"),
        "{spanish}"
    );
}

/// tests/portability checks how LibreOffice reads it.
#[cfg(target_os = "linux")]
#[test]
fn openpyxl_reads_workbook_report_cells_as_text() {
    if !can_test("python3 with openpyxl", || {
        works("python3", &["-c", "import openpyxl"])
    }) {
        return;
    }
    let home = Home::new();
    // Not `_x0041_`, whose escape openpyxl does not read.
    let cells = [
        "=1+1",
        "00123",
        "'x",
        "@a;+b",
        "1E5",
        "ñß 😀",
        "15%",
        " x ",
        "a\nb",
        "2026-11-22",
        "#N/A",
        "TRUE",
    ];
    let mut list = csv::Writer::from_writer(Vec::new());
    list.write_record(["to", "código"]).unwrap();
    for (number, cell) in cells.iter().enumerate() {
        list.write_record([&format!("+5939876543{number:02}"), *cell])
            .unwrap();
    }
    home.write("people.csv", list.into_inner().unwrap());
    home.run_args(&[
        "--sandbox",
        "bulk",
        "send",
        "people.csv",
        "--run",
        "r",
        RATE,
        "text",
        "x",
    ])
    .success();
    home.run("bulk report --file r.xlsx").success();
    let script = "import json, openpyxl, sys\n\
        sheet = openpyxl.load_workbook('r.xlsx').worksheets[0]\n\
        json.dump([[[cell.value, cell.data_type, cell.number_format] for cell in row[:2]] for row in sheet.iter_rows()], sys.stdout)";
    let output = std::process::Command::new("python3")
        .args(["-c", script])
        .current_dir(home.path())
        .output()
        .unwrap();
    let rows: Vec<Vec<(String, String, String)>> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        rows.iter()
            .flatten()
            .all(|(_, kind, format)| (kind.as_str(), format.as_str()) == ("s", "@")),
        "{rows:?}"
    );
    let numbers = (0..cells.len()).map(|number| format!("+5939876543{number:02}"));
    let expected: Vec<_> = numbers
        .zip(cells)
        .map(|(to, cell)| [to, cell.replace("'x", "''x")])
        .collect();
    let read: Vec<_> = rows[1..]
        .iter()
        .map(|row| [row[0].0.clone(), row[1].0.clone()])
        .collect();
    assert_eq!(read, expected);
}

#[test]
fn report_keeps_byte_order_mark_and_line_ends() {
    let home = Home::new();
    let end = |report: &str, line: &str| {
        report
            .split("sent_to\r\n")
            .nth(1)
            .is_some_and(|rest| rest.starts_with(line))
    };
    for (run, line, list, header) in [
        (
            "a",
            2,
            "\u{feff}to;Año\r\n593987654321;ñ\r\n",
            "\u{feff}to;Año;run;line;sent;message_id;",
        ),
        (
            "b",
            3,
            "\u{feff}sep=;\r\nto;Año\r\n593987654321;ñ\r\n",
            "\u{feff}sep=;\r\nto;Año;run;line;sent;message_id;",
        ),
        (
            "c",
            3,
            "to;\"Año\nde\"\r\n593987654321;ñ\r\n",
            "to;\"Año\nde\";run;line;sent;",
        ),
    ] {
        home.write("people.csv", list);
        home.run_args(&[
            "--sandbox",
            "bulk",
            "send",
            "people.csv",
            "--run",
            run,
            RATE,
            "text",
            "x",
        ])
        .success();
        let report = home.run_args(&["bulk", "report", run]).success().stdout;
        assert!(
            report.starts_with(header)
                && end(&report, &format!("593987654321;ñ;{run};{line};yes;")),
            "{report:?}"
        );
        assert!(report.ends_with("Z;;;;;'+593987654321\r\n"), "{report:?}");
        // The resent report has the original content.
        home.run_args(&["bulk", "report", run, "--file", "again.csv"])
            .success();
        let again = home.run("--sandbox --dry-run bulk send again.csv text '{{ row | length }}'");
        assert_eq!(again.success().json()["body"]["text"], "2");
    }
}

#[test]
fn report_is_safe_in_spreadsheets_with_any_delimiter() {
    let home = Home::new();
    home.write(
        "people.csv",
        "to;a;b;c\n593987654321;x,=cmd;\"\n=1\";＝1+1\n",
    );
    home.run("--sandbox bulk send people.csv --run r --rate 1000000/s text x")
        .success();
    let report = home.run("bulk report").success().stdout;
    assert!(
        report.contains("\n593987654321;\"x,'=cmd\";\"'\n'=1\";'＝1+1;r;2;yes;"),
        "{report:?}"
    );
    home.run("bulk report --file again.csv").success();
    let again = home
        .run("--sandbox --dry-run bulk send again.csv text '{{ a }}{{ b }}{{ c }}'")
        .success();
    assert_eq!(again.json()["body"]["text"], "x,=cmd\n=1＝1+1");
}

#[test]
fn list_columns_may_share_report_column_names() {
    let home = Home::new();
    let jelou = Jelou::accept_all();
    home.write("people.csv", "to,code,error\n593987654321,ABC,x\n");
    let send = |list: &str, run: &str| {
        home.run_args(&[
            "bulk",
            "send",
            list,
            "--yes",
            "--again",
            "--run",
            run,
            RATE,
            "text",
            "{{ code }}{{ error }}",
        ])
        .api(&jelou.url)
        .success()
    };
    send("people.csv", "r");
    home.run("bulk report r --format ndjson")
        .fails(2, &["the list's column `code`", "--format csv"]);
    home.run("bulk report r --file again.csv").success();
    send("again.csv", "s");
    assert_eq!(
        texts(&jelou)
            .iter()
            .map(|(_, text)| text)
            .collect::<Vec<_>>(),
        ["ABCx", "ABCx"]
    );
    // A column of the user after the report's columns would be taken for the report's.
    let report = home.read("again.csv");
    let moved = report.lines().map(|line| {
        let cells: Vec<_> = line.split(',').collect();
        [&cells[..1], &cells[2..], &cells[1..2]].concat().join(",") + "\n"
    });
    home.write("moved.csv", moved.collect::<String>());
    let refused = [
        "the columns 8 and 17 have the name `code`, so the report's column is ambiguous",
        "rename the list's column",
    ];
    home.run("bulk send moved.csv --yes --again --run t text {{code}}")
        .api(&jelou.url)
        .fails(2, &refused);
}

#[test]
fn json_list_is_reported_in_either_format() {
    let home = Home::new();
    let jelou = Jelou::accept_all();
    home.write(
        "people.ndjson",
        "{\"to\":593987654321,\"x\":{\"a\":1}}\n{\"y\":\"-z\",\"to\":\"593987654322\"}\n",
    );
    let send = [
        "bulk",
        "send",
        "people.ndjson",
        "--yes",
        "--run",
        "r",
        RATE,
        "text",
        "x",
    ];
    home.run_args(&send).api(&jelou.url).success();
    let csv = home.run("bulk report").success().stdout;
    let starts: Vec<_> = csv
        .lines()
        .map(|line| line.split(",r,").next().unwrap().to_owned())
        .collect();
    assert_eq!(
        starts[1..],
        ["593987654321,\"{\"\"a\"\":1}\",", "593987654322,,'-z"]
    );
    assert!(starts[0].starts_with("to,x,y,run,line,sent,"));
    let ndjson = home.run("bulk report --format ndjson").success().stdout;
    assert!(
        ndjson.starts_with(
            "{\"to\":593987654321,\"x\":{\"a\":1},\"run\":\"r\",\"line\":1,\"sent\":\"yes\""
        ),
        "{ndjson}"
    );
}

#[test]
fn resent_report_keeps_every_cell_value() {
    let cell = prop_oneof![
        "['=+@\\-\t\r\n＝＋ ]{0,3}[a-z\",;\n\r'|{}% áñ€👍]{1,12}",
        Just("{# to #}".to_owned()),
        Just("''".to_owned()),
        Just("\r\n".to_owned()),
    ];
    let lists = proptest::collection::vec(cell, 1..40);
    // A cell of spaces is empty for `default`.
    let plain = |cell: &str| match cell.trim() {
        "" => String::new(),
        _ => cell.replace("\r\n", "\n").replace('\r', "\n"),
    };
    let config = Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    };
    let (home, cases) = (Home::new(), std::cell::Cell::new(0));
    TestRunner::new(config)
        .run(&lists, |cells| {
            cases.set(cases.get() + 1);
            let mut writer = csv::Writer::from_path(home.path().join("people.csv")).unwrap();
            writer.write_record(["=to", "x", "", ""]).unwrap();
            for (number, cell) in cells.iter().enumerate() {
                writer
                    .write_record([
                        &format!("+{}", 593_987_654_000 + number as u64),
                        cell,
                        "",
                        "",
                    ])
                    .unwrap();
            }
            drop(writer);
            for (list, run) in [("people.csv", "a"), ("report.csv", "b"), ("again.csv", "c")] {
                let jelou = Jelou::accept_all();
                let name = format!("{run}{}", cases.get());
                let send = [
                    "bulk",
                    "send",
                    list,
                    "--yes",
                    "--again",
                    "--run",
                    &name,
                    RATE,
                    "--to-column",
                    "=to",
                ];
                // A cell may be only spaces, but neither a value nor a text may.
                home.run_args(&[&send[..], &["text", "{{ x | default('') }}."]].concat())
                    .api(&jelou.url)
                    .success();
                let file = if run == "a" {
                    "report.csv"
                } else {
                    "again.csv"
                };
                home.run_args(&["bulk", "report", &name, "--file", file, "--yes"])
                    .success();
                let arrived: Vec<_> = texts(&jelou).into_iter().map(|(_, text)| text).collect();
                prop_assert_eq!(
                    arrived,
                    cells
                        .iter()
                        .map(|cell| json!(format!("{}.", plain(cell))))
                        .collect::<Vec<_>>(),
                    "{}",
                    run
                );
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn spanish_report_is_read_like_an_english_one() {
    let home = Home::new();
    // Two of the list's own columns have the Spanish names of report columns.
    home.write("people.csv", "fecha;celular;entrega\n1 de mayo;593987654321;casa\n2 de mayo;593987654322;\n3 de mayo;593987654323;\n4 de mayo;593987654324;\n");
    let jelou = Jelou::start(|user, _| match user.chars().last() {
        Some('2' | '3') => Act::Reset { accepted: true },
        Some('4') => Act::Answer(422, "", "{}"),
        _ => Act::Accept,
    });
    let send = |list: &str, flags: &[&str]| {
        let words = [
            &["bulk", "send", list, "--yes", RATE][..],
            flags,
            &["text", "{{ fecha }}{{ entrega | default('') }}"],
        ]
        .concat();
        home.run_args(&words).api(&jelou.url)
    };
    send("people.csv", &["--run", "r"]).fails(10, &["2 messages may have been sent"]);
    let english = home.run("bulk report r").success().stdout;
    assert_eq!(
        home.run("bulk report r --lang en").success().stdout,
        english
    );
    let report = home
        .run("bulk report r --lang es")
        .env("LANG", "en_US.UTF-8")
        .success()
        .stdout;
    let header = "fecha;celular;entrega;nombre del envío;fila de la lista;enviado por Jelou;id del mensaje;estado HTTP;\
                  código del motivo;error;intentos;hora del resultado;entrega;fecha de entrega;fecha de lectura;error de entrega;\
                  enviado a";
    let [(in_spanish, rows), (_, english_rows)] =
        [&report, &english].map(|report| report.split_once('\n').unwrap());
    assert_eq!(in_spanish, header);
    for (row, english_row) in rows.lines().zip(english_rows.lines()) {
        let [row, english_row]: [Vec<_>; 2] =
            [row, english_row].map(|row| row.split(';').collect());
        let in_spanish = match english_row[5] {
            "yes" => "sí",
            "unknown" => "sin confirmar",
            other => other,
        };
        assert_eq!(row[5], in_spanish);
        for (place, cell) in row
            .iter()
            .enumerate()
            .filter(|(place, _)| ![5, 9].contains(place))
        {
            assert_eq!(*cell, english_row[place], "{row:?}");
        }
    }
    assert_eq!(
        home.run("bulk report r")
            .env("LANG", "es_EC.UTF-8")
            .success()
            .stdout,
        english,
        "a script reads it"
    );

    // Each report replaces the other without a question.
    for file in ["r.csv", "r.xlsx"] {
        for flags in ["", "--lang es", "", "--lang es"] {
            home.run(&format!("bulk report r --file {file} {flags}"))
                .success();
        }
        let refused = send(file, &["--run", "s"]).fails(
            11,
            &["rows of this report: 1 was sent, 2 may have been sent"],
        );
        assert!(
            !refused.stderr.contains("is a report without"),
            "{refused:?}"
        );
        let again = send(file, &["--skip-sent", "--dry-run"]).success();
        let body = again.json();
        assert_eq!(
            (&body["body"]["text"], &body["body"]["userId"]),
            (&json!("4 de mayo"), &json!("593987654324"))
        );
    }
    // Version 0.3 wrote some columns of a Spanish report in English.
    let half_spanish = header
        .replace("nombre del envío", "run")
        .replace("fila de la lista", "line")
        .replace("enviado por Jelou", "sent")
        .replace("código del motivo", "code")
        .replace("enviado a", "sent_to");
    home.write("half.csv", report.replace(header, &half_spanish));
    // A user may remove columns that are not needed.
    let cut: Vec<_> = report
        .lines()
        .map(|row| {
            let cells: Vec<_> = row.split(';').collect();
            [&cells[..6], &cells[8..10], &cells[16..]]
                .concat()
                .join(";")
        })
        .collect();
    home.write("cut.csv", cut.join("\n"));
    for file in ["half.csv", "cut.csv"] {
        send(file, &["--run", "s"]).fails(
            11,
            &["rows of this report: 1 was sent, 2 may have been sent"],
        );
        let again = send(file, &["--skip-sent", "--dry-run"]).success();
        assert_eq!(again.json()["body"]["text"], "4 de mayo", "{file}");
    }
    // In an English report, the user's own Spanish columns never count as the report's.
    home.write(
        "less.csv",
        "celular;fecha;entrega;run;line;sent;code\n593987654324;hoy;casa;r;5;no;rejected\n",
    );
    let less = send("less.csv", &["--dry-run"]).success();
    assert_eq!(less.json()["body"]["text"], "hoycasa");
}

#[test]
fn report_without_sent_column_is_refused() {
    let home = Home::new();
    home.write("people.csv", "celular\n593987654321\n593987654322\n");
    home.write("bajas.txt", "593987654322\n");
    home.run("--sandbox bulk send people.csv --run r --exclude bajas.txt text x")
        .success();
    for file in ["r.csv", "r.ndjson"] {
        home.run(&format!("bulk report r --file {file}")).success();
    }
    let [csv, ndjson] = ["r.csv", "r.ndjson"].map(|file| home.read(file));
    let spanish = home.run("bulk report r --lang es").success().stdout;
    let lost = [
        "but no `sent`, which records what was sent",
        "restore its column `sent`",
        "nothing was sent",
    ];
    for (name, changed) in [
        ("again.csv", csv.replacen(",sent,", ",enviado,", 1)),
        ("again.csv", csv.replacen(",sent,", ",,", 1)),
        (
            "again.csv",
            spanish.replacen(",enviado por Jelou,", ",enviado,", 1),
        ),
        ("again.ndjson", ndjson.replace("\"sent\":", "\"enviado\":")),
    ] {
        home.write(name, changed);
        for flags in [
            "--dry-run",
            "--yes --again",
            "--yes --skip-sent",
            "--yes --skip-invalid",
        ] {
            let send = format!("bulk send {name} --run s {flags} text x");
            home.run(&send)
                .api(&Jelou::expect_no_requests().url)
                .fails(2, &lost);
        }
    }
    // A few columns with these names belong to the list.
    home.write(
        "own.csv",
        "celular,run,line,code,error\n593987654321,Norte,2,A,\n",
    );
    home.run("--sandbox bulk send own.csv --dry-run text {{run}}")
        .success();
    home.write(
        "own.csv",
        "celular,envío,línea,código,error,enviado\n593987654321,Norte,2,A,,sí\n",
    );
    home.run("--sandbox bulk send own.csv --dry-run text {{línea}}")
        .success();
    home.write(
        "cut.csv",
        "celular,nombre,Enviado por Jelou,error\n593987654321,Ana,sí,\n",
    );
    home.run("bulk send cut.csv --yes text x")
        .api(&Jelou::expect_no_requests().url)
        .fails(2, &["enviado por Jelou: is `sí`, but the list lacks"]);
    // With `sent` and one more report column, the list may be a report with removed columns.
    for sent in ["yes", "no", "unknown"] {
        home.write(
            "cut.csv",
            format!("celular,nombre,sent,error\n593987654321,Ana,Sí,\n593987654322,Eva,{sent},\n"),
        );
        let told = [
            &format!("sent: is `{sent}`"),
            "keep all its columns; if `sent` is your own column: rename it",
            "nothing was sent",
        ];
        for flags in ["", "--skip-invalid", "--skip-sent"] {
            let send = format!("bulk send cut.csv --yes {flags} text x");
            home.run(&send)
                .api(&Jelou::expect_no_requests().url)
                .fails(2, &told);
        }
        home.run("--sandbox bulk send cut.csv --again text x")
            .success();
    }
}

#[test]
fn invalid_ndjson_line_is_no_recipient_in_report() {
    let home = Home::new();
    home.write("people.ndjson", "{\"to\":\"593987654321\"}\n593987654322\n");
    home.run("--sandbox bulk send people.ndjson --run r --skip-invalid text x")
        .end();
    home.run("--sandbox bulk report r --reason invalid --file bad.ndjson")
        .success();
    home.run("--sandbox bulk send bad.ndjson --dry-run text x")
        .fails(2, &["`593987654322,`"]);
}

#[test]
#[cfg(unix)]
fn closed_output_pipe_is_not_an_error() {
    let home = Home::new();
    // More than fits into a pipe.
    let rows: Vec<_> = (0..100)
        .map(|number| format!("5939876543{number:02},{}\n", "x".repeat(5000)))
        .collect();
    home.write("people.csv", format!("to,more\n{}", rows.concat()));
    home.run("--sandbox bulk send people.csv --run r --rate 1000000/s text x")
        .success();
    let script = "{ jelouctl bulk report r; echo $? >&2; } | head -n 1";
    let output = home.program("sh").args(["-c", script]).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "0\n");
}

#[test]
fn undelivered_report_is_sent_again_first() {
    let home = Home::new();
    let jelou = Jelou::expect_no_requests();
    let header = "to,run,line,sent,message_id,http_status,code,error,attempts,at,delivery,delivered_at,read_at,\
                  delivery_error,sent_to\n";
    let row = |last: u8, sent: &str, delivery: &str| {
        let sent_to = if sent == "no" {
            String::new()
        } else {
            format!("59398765432{last}")
        };
        format!("59398765432{last},r,{last},{sent},,,,,1,,{delivery},,,,{sent_to}\n")
    };
    let undelivered = [row(1, "yes", "undelivered"), row(2, "yes", "undelivered")].concat();
    let again = "hint: to send them again: --again; to skip them: --skip-sent";
    let skip = "hint: to skip them: --skip-sent; to send them again: --again";
    for (rows, message, hint) in [
        (
            undelivered.clone(),
            "2 rows were accepted by Jelou, but not delivered",
            again,
        ),
        (
            row(1, "yes", "undelivered"),
            "1 row was accepted by Jelou, but not delivered",
            again,
        ),
        (
            undelivered.clone() + &row(3, "no", ""),
            "2 rows were accepted by Jelou, but not delivered",
            again,
        ),
        (
            undelivered.clone() + &row(3, "yes", "read"),
            "rows of this report: 3 were sent",
            skip,
        ),
        (
            undelivered.clone() + &row(3, "unknown", ""),
            "rows of this report: 2 were sent, 1 may have been sent",
            skip,
        ),
    ] {
        home.write("report.csv", [header, &rows].concat());
        home.run_args(&["bulk", "send", "report.csv", "--yes", "text", "Hola"])
            .api(&jelou.url)
            .fails(11, &[message, hint]);
    }
}
