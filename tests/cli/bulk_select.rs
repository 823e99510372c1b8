//! `--skip-if` and `--only-if`: which rows of a list are sent.

use serde_json::{Value, json};

use crate::bulk_columns::table;
use crate::bulk_server::Jelou;
use crate::harness::{CommandOutput, Home};
use crate::workbook::{sheet, xlsx, xlsx_rows};

const LIST: &str = "to,nombre,baja,grupo\n593987654321,Ana,no,A\n593987654322,Eva,Sí,A\n593987654323,Luz, SI ,B\n\
                    593987654324,Mar,,B\n593987654325,Sol,No,C\n";

/// A dry run of `list` in the sandbox.
fn dry_run(home: &Home, list: &str, flags: &[&str]) -> CommandOutput {
    home.write("a.csv", list);
    home.dry_run_list(&[&["a.csv"], flags, &["text", "Hola"]].concat())
        .end()
}

/// The last digits of the recipients of a dry run.
fn users(ended: &CommandOutput) -> String {
    let lines = ended.stdout.lines();
    let requests = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let users = requests.map(|request| request["body"]["userId"].as_str().unwrap().to_owned());
    users.filter_map(|user| user.chars().last()).collect()
}

#[test]
fn rows_are_selected_by_their_values() {
    let home = Home::new();
    for (flags, expected) in [
        ("--skip-if baja=si", "145"),
        ("--skip-if BAJA=Sí", "145"),
        ("--skip-if baja=", "1235"),
        ("--skip-if baja=si --skip-if baja=no", "4"),
        ("--skip-if baja=si --skip-if grupo=C", "14"),
        ("--only-if grupo=a", "12"),
        ("--only-if grupo=A --only-if grupo=B", "1234"),
        ("--only-if grupo=A --only-if baja=no", "1"),
        ("--only-if grupo=A --only-if grupo=B --only-if baja=", "4"),
        ("--only-if grupo=A --skip-if baja=si", "1"),
        ("--skip-if nombre=an", "12345"),
        // Skipped rows do not count.
        ("--skip-if baja=si --limit 2", "14"),
        ("--only-if grupo=B --limit 1", "3"),
        ("--skip 1 --only-if grupo=A", "2"),
    ] {
        let flags: Vec<_> = flags.split(' ').collect();
        let ended = dry_run(&home, LIST, &flags);
        assert_eq!(ended.code, 0, "{flags:?}: {ended:?}");
        assert_eq!(users(&ended), expected, "{flags:?}: {ended:?}");
    }
    // A name with spaces and accents; a value with `=`.
    let list = "to,¿Dio de baja?,url\n593987654321,No aplica,a=b\n593987654322,Sí,c\n";
    let ended = dry_run(
        &home,
        list,
        &["--skip-if", "¿dio de baja?=sí", "--only-if", "url=A=B"],
    );
    assert_eq!(users(&ended), "1", "{ended:?}");
}

#[test]
fn ndjson_and_workbooks_are_selected_as_they_show_values() {
    let home = Home::new();
    let ndjson = "{\"to\":\"593987654321\",\"baja\":true}\n{\"to\":\"593987654322\",\"n\":1}\n\
                  {\"to\":\"593987654323\",\"baja\":null,\"n\":1.5}\n";
    for (flags, expected) in [
        (["--skip-if", "baja=TRUE"], "23"),
        (["--only-if", "baja="], "23"),
        (["--only-if", "n=1.5"], "3"),
        (["--skip-if", "baja=sí"], "23"),
    ] {
        let ended = dry_run(&home, ndjson, &flags);
        assert_eq!(users(&ended), expected, "{flags:?}: {ended:?}");
    }
    // 0.15 with a percent format, which the sheet shows as 15 %.
    let rows = xlsx_rows(&[
        ["to", "baja"],
        ["593987654321", "sí"],
        ["593987654322", "no"],
    ]);
    home.write("a.xlsx", xlsx(&[sheet("Hoja1", &rows)], ""));
    let ended = home
        .dry_run_list(&["a.xlsx", "--only-if", "baja=NO", "text", "Hola"])
        .success();
    assert_eq!(users(&ended), "2", "{ended:?}");
    // A boolean of a workbook is shown in the language of the program.
    let rows = "<row r=\"1\"><c t=\"str\"><v>to</v></c><c t=\"str\"><v>baja</v></c></row>\
                <row r=\"2\"><c t=\"str\"><v>593987654321</v></c><c t=\"b\"><v>1</v></c></row>\
                <row r=\"3\"><c t=\"str\"><v>593987654322</v></c><c t=\"b\"><v>0</v></c></row>";
    home.write("c.xlsx", xlsx(&[sheet("Hoja1", rows)], ""));
    for (flags, left) in [
        (["--skip-if", "baja=VERDADERO"], "2"),
        (["--skip-if", "baja=sí"], "2"),
        (["--only-if", "baja=true"], "1"),
        (["--skip-if", "baja=falso"], "1"),
        (["--skip-if", "baja="], "12"),
        (["--skip-if", "baja=quizá"], "12"),
    ] {
        let words = [&["c.xlsx"][..], &flags, &["text", "Hola"]].concat();
        let ended = home.dry_run_list(&words).success();
        assert_eq!(users(&ended), left, "{flags:?}: {ended:?}");
    }
    let both = "c.xlsx --only-if baja=sí --only-if baja=TRUE text Hola";
    home.dry_run_list(&both.split(' ').collect::<Vec<_>>())
        .success()
        .stderr_lacks(&["no row has this value"]);
    // A formula without a value may be anything.
    let rows = "<row r=\"1\"><c t=\"str\"><v>to</v></c><c t=\"str\"><v>baja</v></c></row>\
                <row r=\"2\"><c t=\"str\"><v>593987654321</v></c><c r=\"B2\"><f>D2</f></c></row>\
                <row r=\"3\"><c t=\"str\"><v>593987654322</v></c><c r=\"B3\" t=\"str\"><v>no</v></c></row>";
    home.write("b.xlsx", xlsx(&[sheet("Hoja1", rows)], ""));
    home.dry_run_list(&["b.xlsx", "--skip-if", "baja=sí", "text", "Hola"])
        .fails(2, &["line 2: baja: cell B2", "1 row cannot be sent"]);
    home.dry_run_list(&["b.xlsx", "text", "Hola"]).success();
    // So may a cell that is missing at the end of a line.
    let ended = dry_run(
        &home,
        "to,baja\n593987654321\n593987654322,no\n",
        &["--skip-if", "baja=sí"],
    );
    assert_eq!(ended.code, 2, "{ended:?}");
}

#[test]
fn wrong_selection_is_explained() {
    let home = Home::new();
    for (flags, parts) in [
        (
            ["--skip-if", "bajas=sí"],
            &[
                "--skip-if: there is no column `bajas` (did you mean `baja`?); there are: to, nombre, baja, grupo",
            ][..],
        ),
        (
            ["--only-if", "x=1"],
            &["--only-if: there is no column `x`; there are: "],
        ),
        (
            ["--skip-if", "baja"],
            &["--skip-if", "is not COLUMN=VALUE, such as baja=sí"],
        ),
        (
            ["--only-if", "=sí"],
            &["--only-if", "is not COLUMN=VALUE, such as baja=sí"],
        ),
        (
            ["--only-if", "baja!=si"],
            &["`baja!=si`: only COLUMN=VALUE is possible", "--skip-if"],
        ),
        (
            ["--skip-if", "baja == si"],
            &["only COLUMN=VALUE is possible"],
        ),
        (
            ["--skip-if", "!baja=si"],
            &["only COLUMN=VALUE is possible"],
        ),
        (
            ["--only-if", "grupo>=A"],
            &["only COLUMN=VALUE is possible"],
        ),
        (
            ["--only-if", "grupo <=A"],
            &["only COLUMN=VALUE is possible"],
        ),
        (
            ["--only-if", "grupo~=A"],
            &["only COLUMN=VALUE is possible"],
        ),
    ] {
        let ended = dry_run(&home, LIST, &flags);
        assert_eq!(ended.code, 2, "{ended:?}");
        ended.stderr_has(parts);
    }
    let ended = dry_run(
        &home,
        "to,Baja,BAJA\n593987654321,a,b\n",
        &["--skip-if", "baja=a"],
    );
    ended.stderr_has(&["--skip-if: `baja` could be the column `Baja` or `BAJA`"]);
    // A value that no row has is a note, unless the end of the list was not read.
    let note = "note: --skip-if baja=quizá: no row has this value";
    let ended = dry_run(
        &home,
        LIST,
        &["--skip-if", "baja=quizá", "--skip-if", "baja=no"],
    );
    let ended = ended.stderr_has(&[note]);
    assert_eq!(
        ended.stderr.matches("no row has this value").count(),
        1,
        "{ended:?}"
    );
    let ended = dry_run(&home, LIST, &["--skip-if", "baja=quizá", "--limit", "1"]);
    assert!(!ended.stderr.contains(note), "{ended:?}");
}

#[test]
fn selection_without_rows_sends_nothing() {
    let (home, jelou) = (Home::new(), Jelou::expect_no_requests());
    home.write("a.csv", LIST);
    let ended = home
        .run("bulk send a.csv --yes --only-if grupo=Z text Hola")
        .api(&jelou.url)
        .success();
    for part in [
        "note: --only-if grupo=Z: no row has this value",
        "nothing to send: 5 rows are skipped, and no run is created",
        "5 not selected",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {ended:?}");
    }
    assert_eq!(ended.json()["skipped_reasons"], json!({"not_selected": 5}));
    let ended = dry_run(&home, LIST, &["--only-if", "grupo=Z", "--preview", "1"]);
    ended.stderr_has(&["5 rows: 5 are not selected"]);
}

#[test]
fn reports_keep_rows_that_were_not_selected() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.write("a.csv", LIST);
    // A row that is not selected may be invalid, and repeats no other row.
    home.write(
        "b.csv",
        format!("{LIST}x,Bad,sí,A\n593987654321,Ana,sí,A\n"),
    );
    let ended = home
        .run("bulk send b.csv --run r --yes --rate 1000/s --skip-if baja=si text Hola")
        .api(&jelou.url)
        .success();
    let json = ended.json();
    assert_eq!(
        json["skipped_reasons"],
        json!({"not_selected": 4}),
        "{ended:?}"
    );
    assert_eq!(json["sent"], 3, "{ended:?}");
    home.run("bulk report r --file r.csv").success();
    let report = home.read("r.csv");
    let lines: Vec<_> = report
        .lines()
        .filter(|line| line.contains("not_selected"))
        .collect();
    assert_eq!(lines.len(), 4, "{report}");
    assert!(
        lines[0].contains("not selected: --skip-if baja=si"),
        "{report}"
    );
    home.run("bulk report r --file r.html").success();
    assert!(
        home.read("r.html")
            .contains("--skip-if or --only-if leaves the row out")
    );
    // Sent again, with and without another selection.
    for flags in ["", "--only-if grupo=A"] {
        let words = format!("--sandbox bulk send r.csv --dry-run --skip-sent {flags} text Otra");
        let ended = home.run(&words).end();
        let kept = "the report says `not_selected`";
        assert!(ended.stderr.contains(kept), "{flags}: {ended:?}");
        let sent = ["593987654322", "593987654323"].map(|user| ended.stdout.contains(user));
        assert_eq!(sent, [false, false], "{ended:?}");
    }
    let words = "bulk send a.csv --preview all --file p.html --skip-if baja=si text Hola";
    let ended = home.run(words).api(&jelou.url).fails(11, &["--skip-sent"]);
    let page = home.read("p.html");
    assert!(page.contains("not selected: --skip-if baja=si"), "{page}");
    // `no` is not Norway.
    let shown = table(&ended.stderr);
    assert!(shown.contains("not used nombre, baja, grupo"), "{shown}");
    // What was sent before is skipped as usual.
    let words =
        "bulk send a.csv --run s --yes --rate 1000/s --skip-sent --only-if grupo=A text Hola";
    let ended = home.run(words).api(&jelou.url).success();
    let expected = json!({"not_selected": 3, "already_sent": 1});
    assert_eq!(ended.json()["skipped_reasons"], expected, "{ended:?}");
    let users = jelou.users();
    let was_sent = users.iter().any(|user| user == "593987654322");
    assert_eq!((users.len(), was_sent), (4, true), "{users:?}");
    // The table has only the selected rows.
    let ended = dry_run(&home, LIST, &["--only-if", "grupo=A"]);
    assert!(
        table(&ended.stderr).contains("columns of the 2 messages"),
        "{ended:?}"
    );
}
