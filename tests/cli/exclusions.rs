//! Excluded recipients: the server counts the messages that it gets for them.

use serde_json::{Value, json};

use crate::bulk_server::{Act, Jelou};
use crate::harness::{CommandOutput, Home, Run, fixture, test_with_both_ledgers};
#[cfg(unix)]
use crate::terminal::Terminal;
use crate::workbook::{TestSheet, ods, ods_rows, sheet, xlsx, xlsx_rows};

test_with_both_ledgers! {
    resume_rereads_the_profile_exclusion_list,
}

/// The header of a report.
const OF_REPORT: &str = "celular,nombre,run,line,sent,message_id,http_status,code,error,attempts,at,delivery,\
                         delivered_at,read_at,delivery_error,sent_to\n";

/// Sends a list with the exclusion list in this file.
fn excluding<'a>(home: &'a Home, file: &str, flags: &str) -> Run<'a> {
    home.run(&format!(
        "--sandbox bulk send l.csv --exclude {file} {flags} text x"
    ))
}

#[test]
fn number_excludes_in_any_column_and_format() {
    let home = Home::new();
    home.write(
        "l.csv",
        "to\n+593987654321\n+593987654322\n+50688881234\n+50688885678\n",
    );
    let cells =
        |first: &str, second: &str| xlsx(&[sheet("Hoja1", &xlsx_rows(&[[first], [second]]))], "");
    let report = format!("{OF_REPORT}987654321,Ana,r,2,yes,1234567890,,,,1,,,,,,'+593987654321\n");
    let text = |text: &str| text.as_bytes().to_vec();
    let of_invalid = |begin: &str, more: &str| {
        format!("{OF_REPORT}{begin},l-20261122-203020,2,no,,,invalid,to 59398765,0,,,,,,\n{more}")
    };
    let eva = "593987654322,Eva,r,3,yes,,200,,,1,,,,,,+593987654322\n";
    let invalid = of_invalid("+59398765432,Ana", eva);
    let invalid: Vec<_> = invalid
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>())
        .collect();
    let in_sheet = |rows: &[Vec<&str>]| xlsx(&[sheet("Hoja1", &xlsx_rows(rows))], "");
    let invalid_in_sheet = in_sheet(&invalid);
    let of_csv = report.replace("\n987654321", "\n'+593987654321");
    let of_csv: Vec<_> = of_csv
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>())
        .collect();
    for (name, list, country, excluded) in [
        (
            "x.txt",
            text("Bajas\n\u{202a}+593 98 765 4321\u{202c}\n+593987654322\n"),
            "EC",
            2,
        ),
        (
            "x.xlsx",
            cells("\u{202a}+593 98 765 4321\u{202c}", "+593987654322"),
            "EC",
            2,
        ),
        (
            "x.csv",
            text(
                "nombre,baja\nA,+593\u{a0}98\u{a0}765\u{2011}4321\nE,\u{202a}+593987654322\u{202c}\n",
            ),
            "EC",
            2,
        ),
        (
            "x.csv",
            text("nombre,celular,otro\nX,+593987654329,+593\u{a0}98\u{a0}765\u{a0}4322\n"),
            "EC",
            1,
        ),
        ("x.xlsx", cells("88881234", "+50688885678"), "CR", 2),
        (
            "x.csv",
            text("cliente,baja\nAna,8888-1234\nLuis,+50688885678\n"),
            "CR",
            2,
        ),
        (
            "x.txt",
            text("Bajas noviembre\n88881234\n+50688885678\n"),
            "CR",
            2,
        ),
        // A single carriage return also ends a line, and the first of these lines may be a comment.
        (
            "x.txt",
            text("# Bajas\r+593987654321 # Ana\r+593987654322\r"),
            "EC",
            2,
        ),
        (
            "x.txt",
            text("+593987654322 # Eva\r+593987654321\r\n\r+593987654329"),
            "EC",
            2,
        ),
        (
            "x.csv",
            text("# Bajas\rnombre,celular\rAna,+593987654321\r"),
            "EC",
            1,
        ),
        ("x.csv", text(&report), "PE", 1),
        // An invalid row of a report excludes no recipient.
        ("x.csv", text(&of_invalid("sin celular,Ana", eva)), "EC", 1),
        ("x.csv", text(&of_invalid("+59398765432,Ana", eva)), "EC", 1),
        ("x.csv", text(&of_invalid(",Ana", eva)), "EC", 1),
        ("x.xlsx", invalid_in_sheet, "EC", 1),
        ("x.xlsx", in_sheet(&of_csv), "PE", 1),
        // Titles and additional text next to a recipient are not errors.
        (
            "x.csv",
            text(
                "Bajas del 01 al 15 de noviembre de 2026\nCorte: 2026-11-20 10:30:00\nTemporada 2025-2026\n+593987654321\n",
            ),
            "CR",
            1,
        ),
        (
            "x.csv",
            text("Contacto,0987654399\nnombre,celular\nAna,+593987654321\n"),
            "EC",
            1,
        ),
        (
            "x.csv",
            text("cliente,baja,fecha,pedido\nAna,+593987654321,2026-11-20,PED-00012345\n"),
            "CR",
            1,
        ),
    ] {
        home.write(name, list.clone());
        let ended = excluding(&home, name, &format!("--country {country}")).success();
        let list = String::from_utf8_lossy(&list);
        assert_eq!(
            ended.json()["skipped_reasons"],
            json!({"excluded": excluded}),
            "{list}: {ended:?}"
        );
    }
    // A row with a recipient is not a header, even if one of its cells looks like a column name.
    let ana = vec!["0987654321 (Ana)", "WhatsApp"];
    let (header, luis, eva) = (
        vec!["Telefono", "Canal"],
        vec!["Luis", "WhatsApp"],
        vec!["+593987654322", ""],
    );
    for rows in [
        vec![header, ana.clone(), eva.clone()],
        vec![ana.clone(), luis, eva],
        vec![ana],
    ] {
        home.write("x.xlsx", in_sheet(&rows));
        excluding(&home, "x.xlsx", "").fails(2, &["`0987654321 (Ana)`"]);
    }
    home.write("x.csv", of_invalid("+59398765432,Ana", ""));
    let ended = excluding(&home, "x.csv", "").success();
    assert!(
        ended
            .stderr
            .contains("note: x.csv: skipped 1 invalid row of the report"),
        "{ended:?}"
    );
    for (begin, problem) in [
        // With a country, these digits would be a number.
        ("0987654322,Ana", "line 2: `0987654322` has no country code"),
        ("pendiente 0987654322,Ana", "line 2: `pendiente 0987654322`"),
        (",ver 0987654322", "line 2: `celular` is empty"),
        (
            "+593987654322 / +593991234567,Ana",
            "line 2: `+593987654322 / +593991234567`",
        ),
    ] {
        home.write("x.csv", of_invalid(begin, ""));
        excluding(&home, "x.csv", "").fails(2, &[problem]);
    }
    for (name, list, problem) in [
        (
            "x.csv",
            "cliente,baja\nAna,+593987654321\nLuis,pendiente 0987654322\n",
            "line 3: `pendiente 0987654322`",
        ),
        (
            "x.csv",
            "cliente,baja\nLuis,pendiente 0987654322\nAna,+593987654321\n",
            "line 2: `pendiente 0987654322`",
        ),
        (
            "x.csv",
            "cliente,baja\nAna,+593987654321\nLuis,\n",
            "line 3: has no recipient",
        ),
        (
            "x.txt",
            "pendiente 0987654322\n+593987654321\n",
            "line 1: `pendiente 0987654322`",
        ),
        (
            "x.csv",
            "Luis,\u{a0}0987654322\nAna,+593987654321\n",
            "line 1: `0987654322` has no country code",
        ),
        (
            "x.txt",
            "{\"user\":\"+50688885678\"}\n",
            "x.txt is NDJSON, but an exclusion list must be ",
        ),
        ("x.ndjson", "user\n+50688885678\n", "x.ndjson is NDJSON, "),
    ] {
        home.write(name, list);
        excluding(&home, name, "").fails(2, &[problem]);
    }
}

#[test]
fn once_refuses_a_body_with_several_recipients() {
    let home = home_for(&Jelou::expect_no_requests());
    home.write(
        "body.json",
        json!({"type": "X", "userId": "593987654321", "destinations": ["593987654322"]})
            .to_string(),
    );
    home.run("send raw --body body.json --once k").fails(
        11,
        &[
            "--once needs one recipient, but the body also names 593987654322",
            "nothing was sent",
        ],
    );
}

#[test]
fn additional_recipients_of_raw_body_are_checked() {
    let home = home_for(&Jelou::expect_no_requests());
    home.write("x.txt", "+593987654322\n");
    for (destinations, code, part) in [
        ("[\"593987654322\"]", 11, "593987654322 is excluded by"),
        ("\"593987654322\"", 11, "593987654322 is excluded by"),
        (
            "[593987654322]",
            2,
            "destinations: a recipient must be a text, found 593987654322",
        ),
        (
            "[\"593987654323\", {\"to\": \"593987654322\"}]",
            2,
            "a recipient must be a text",
        ),
        ("593987654322", 2, "a recipient must be a text"),
    ] {
        let body = format!(
            "{{\"userId\": \"593987654321\", \"type\": \"X\", \"destinations\": {destinations}}}\n"
        );
        home.write("body.json", &body);
        home.run("send raw --body body.json --exclude x.txt")
            .fails(code, &[part]);
        home.write("people.csv", &body);
        let send = home.run("bulk send people.csv --yes --exclude x.txt raw");
        if code == 2 {
            send.fails(2, &[part])
        } else {
            send.success()
        };
    }
}

/// The ways to write the recipient 593987654321 in a body.
pub(crate) const SPELLINGS: [&str; 19] = [
    "+593 98 765-4321",
    "(+593) 987654321",
    "00593 98 765 4321",
    "+593\u{2011}98\u{2212}765\u{2013}4321",
    "\u{202a}+593987654321\u{202c}",
    "593\u{fe0f}987\u{34f}654321",
    "５９３９８７６５４３２１",
    "tel:+593987654321",
    "TEL:593987654321",
    "id:+593987654321",
    "0593987654321",
    "0000593987654321",
    "987654321",
    "0987654321",
    "593987654321.00",
    "593987654321.000000",
    "EC.593987654321",
    "593987654321@C.US",
    "593987654321@c.us",
];

#[test]
fn body_respects_exclusions_in_every_number_format() {
    let home = home_for(&Jelou::expect_no_requests());
    home.write("x.txt", "+593987654321\n+5491123456789\n");
    let flow = fixture("bodies/flow-message.en.json");
    // A body with the prefix of an id is refused anyway.
    let in_bodies = SPELLINGS
        .iter()
        .filter(|spelling| !spelling.starts_with("id:"));
    for spelling in in_bodies.chain(&["0054 9 11 2345 6789"]) {
        let bodies = [
            ("send raw", json!({"type": "X", "userId": spelling})),
            (
                "send raw",
                json!({"type": "X", "userId": "593987654322", "destinations": spelling}),
            ),
            ("send text", json!({"text": "x", "userId": spelling})),
            (
                "send template",
                json!({"elementName": "x", "destinations": [spelling]}),
            ),
            (
                "run --strict-notify",
                json!({"type": "text", "text": "x", "userId": spelling}),
            ),
            ("flow-message", merged(&flow, "userId", spelling)),
        ];
        for (command, body) in bodies {
            // There is no `true` on Windows.
            if cfg!(windows) && command.starts_with("run") {
                continue;
            }
            home.write("body.json", body.to_string());
            let end = if command.starts_with("run") {
                "-- true"
            } else {
                ""
            };
            let run = home.run(&format!("{command} --body body.json --exclude x.txt {end}"));
            run.env("PATH", "/usr/bin:/bin").fails(11, &[]);
        }
        let beside = json!({"type": "X", "userId": "593987654322", "destinations": [spelling]});
        home.write("people.ndjson", format!("{beside}\n"));
        let ended = home
            .run("bulk send people.ndjson --yes --exclude x.txt raw")
            .end();
        assert!([0, 2].contains(&ended.code), "{spelling}: {ended:?}");
    }
}

fn merged(fields: &Value, name: &str, value: &str) -> Value {
    let mut fields = fields.clone();
    fields[name] = json!(value);
    fields
}

#[test]
fn exclusions_need_an_unambiguous_body_recipient() {
    let jelou = Jelou::accept_all();
    let home = Home::new();
    home.write("x.txt", "id:0593987654321\n");
    for (user, unclear) in [
        ("593987654321", false),
        ("(+593) 987654321", false),
        ("EC.1234567890123456", false),
        ("2435678901234567", false),
        ("ana@example.com", false),
        ("0593987654321", true),
        ("593987654321.00", true),
        ("tel:593987654321", true),
        ("5930987654321", true),
        ("+593 0 98 765 4321", true),
    ] {
        home.write(
            "body.json",
            json!({"text": "x", "userId": user}).to_string(),
        );
        for (keys, flags) in [
            ("", "--exclude x.txt"),
            ("allow_to = [\"*\"]", ""),
            ("", "--once k --dry-run"),
        ] {
            home.profile("p", &jelou.url, keys);
            let send = home.run(&format!("send text --body body.json {flags}"));
            if unclear {
                send.fails(11, &[]);
            } else {
                send.success();
            }
        }
        home.profile("p", &jelou.url, "");
        home.run("send text --body body.json").success();
    }
    // A typed id matches only the same id.
    home.run("send text --to id:0593987654322 --exclude x.txt x")
        .success();
    home.run("send text --to id:0593987654321 --exclude x.txt x")
        .fails(11, &["is excluded by x.txt"]);
}

/// A shop names its orders `#1001`.
#[test]
fn row_starting_with_hash_excludes() {
    let home = Home::new();
    home.write("l.csv", "to\n+593987654321\n+593987654322\n+593987654323\n");
    for (list, excluded) in [
        ("Name,Phone\n#1001,+593987654321\n#1002,+593987654322\n", 2),
        (
            "# noviembre\nnombre;telefono\n#1 Cliente;593987654321\n# Ana\n#2;593987654322\n",
            2,
        ),
        ("cuenta\ttelefono\r\n#12\t593987654321\r\n", 1),
        ("cuenta,user_id\n#12,id:U1\n\"#13\",593987654321\n", 1),
        ("# cuentas\n#1001,+593987654321\n#1002,+593987654322\n", 2),
        ("#1001,+593987654321\nB2,+593987654322\n", 2),
        (
            "nombre,telefono\nAna,593987654321\n# bajas al 2026-11-20\n#\n",
            1,
        ),
        (
            "# 593987654321 wants back, Ana\n593987654322\n#593987654323\n",
            1,
        ),
        (
            "# 593987654321 wrote on 2026-11-20\ncelular\n593987654322\n# ticket 20261120, of Ana\n",
            1,
        ),
    ] {
        home.write("x.csv", list);
        let ended = excluding(&home, "x.csv", "").success();
        assert_eq!(
            ended.json()["skipped_reasons"],
            json!({"excluded": excluded}),
            "{list}: {ended:?}"
        );
    }
    for (list, problem) in [
        (
            "nombre,telefono,n\n# Ana,593987654321\n",
            "line 2: has 2 cells, but the header has 3",
        ),
        (
            "cuenta,telefono\n#1,pendiente 0987654321\n",
            "line 2: `pendiente 0987654321` is not a phone number",
        ),
    ] {
        home.write("x.csv", list);
        excluding(&home, "x.csv", "").fails(2, &[problem]);
    }
}

/// Creates a home with a profile for `jelou`.
fn home_for(jelou: &Jelou) -> Home {
    let home = Home::new();
    home.profile("p", &jelou.url, "");
    home
}

fn send<'a>(home: &'a Home, to: &str, flags: &[&str]) -> Run<'a> {
    home.run_args(&["send", "text", "--to", to])
        .args(flags)
        .args(&["Hola"])
}

fn bulk<'a>(home: &'a Home, flags: &[&str]) -> Run<'a> {
    let words = [
        "bulk",
        "send",
        "people.csv",
        "--yes",
        "--run",
        "r",
        "--rate",
        "1000000/s",
    ];
    home.run_args(&words).args(flags).args(&["text", "Hola"])
}

/// Recipient and reason of each row of a report.
fn report(home: &Home, words: &str) -> Vec<(Value, Value)> {
    home.report(&format!("r {words}"))
        .iter()
        .map(|row| (row["to"].clone(), row["code"].clone()))
        .collect()
}

#[test]
fn excluded_recipient_gets_nothing_in_any_format() {
    let jelou = Jelou::expect_no_requests();
    let home = home_for(&jelou);
    for (name, list) in [
        ("lines", "# bajas\n\n+52 1 55 1234 5678\r\nid:U-1\n"),
        (
            "semicolons",
            "# bajas; otra cosa\n\nNombre;Celular\n# Ana\nAna;525512345678\nEva;id:U-1\n",
        ),
        (
            "comments",
            "+52 1 55 1234 5678 # Ana; dos veces\n\"id:U-1\"\t# Eva\n",
        ),
        ("quotes", "\"525512345678\"\n\"id:U-1\"\r\n"),
        ("mark", "\u{feff}to\n5215512345678\nid:U-1\n"),
    ] {
        home.write("bajas.csv", list);
        for to in [
            "+525512345678",
            "5215512345678",
            "id:525512345678",
            "id:5215512345678@c.us",
            "id:00525512345678",
            "id:U-1",
        ] {
            let parts = ["is excluded by bajas.csv", "nothing was sent"];
            let ended = send(&home, to, &["--exclude", "bajas.csv", "--output", "record"])
                .fails(11, &parts);
            assert_eq!(
                (&ended.json()["sent"], &ended.json()["error"]["code"]),
                (&json!("no"), &json!("excluded")),
                "{name}"
            );
        }
        send(
            &home,
            "5215512345678",
            &["--exclude", "bajas.csv", "--dry-run"],
        )
        .fails(11, &[]);
        home.run("flow-message --to 5215512345678 --exclude bajas.csv --title t")
            .args(&[
                "--text",
                "t",
                "--caption",
                "c",
                "--flow-name",
                "f",
                "--cta",
                "x",
                "--screen",
                "A",
            ])
            .fails(11, &["is excluded by"]);
    }
    // As in "Unicode" files of Windows' Notepad.
    let wide: Vec<u8> = "\u{feff}525512345678\r\nid:U-1\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    home.write("bajas.csv", wide);
    send(&home, "5215512345678", &["--exclude", "bajas.csv"])
        .fails(11, &["is excluded by bajas.csv"]);
    home.write("otra.csv", "593987654322\n");
    let stdin = send(
        &home,
        "5215512345678",
        &["--exclude", "otra.csv", "--exclude", "-"],
    )
    .stdin("525512345678\n");
    stdin.fails(11, &["is excluded by standard input"]);
}

/// The output of `messages list -o to` has no `+`, and a profile of another country reads its numbers as national ones.
#[test]
fn ambiguous_digits_exclude_both_recipients() {
    for (file, list) in [
        ("bajas.txt", "51987654321\n"),
        ("bajas.csv", "nombre,celular\nAna,51987654321\n"),
    ] {
        let jelou = Jelou::accept_all();
        let home = Home::new();
        let path = home.path().join(file);
        home.profile(
            "p",
            &jelou.url,
            &format!("country = \"BR\"\ndo_not_contact = '{}'", path.display()),
        );
        home.write(file, list);
        home.write(
            "people.csv",
            "to,n\n+51987654321,Peru\n+5551987654321,Brasil\n+5551987654322,otra\n",
        );
        bulk(&home, &[])
            .success()
            .stderr_has(&["2 rows are skipped because the recipient is excluded by"]);
        assert_eq!(jelou.users(), ["5551987654322"], "{file}");
    }
    // A local number may also begin with the digits of the country code.
    for (country, digits) in [
        ("DE", "4921123456"),
        ("IT", "390612345"),
        ("FI", "358401234"),
    ] {
        let home = Home::new();
        let with_code = format!("{}{digits}", &digits[..if country == "FI" { 3 } else { 2 }]);
        home.write("x.txt", format!("{digits}\n"));
        home.write(
            "l.csv",
            format!("to\n+{digits}\n+{with_code}\n+593987654321\n"),
        );
        let ended = excluding(&home, "x.txt", &format!("--country {country}")).success();
        assert_eq!(
            ended.json()["skipped_reasons"],
            json!({"excluded": 2}),
            "{country}: {ended:?}"
        );
    }
    // Only the row or a flag decides the country of digits. These may also be a number of Singapore.
    for flags in [&["--exclude", "bajas.txt"][..], &[]] {
        let jelou = Jelou::accept_all();
        let home = Home::new();
        home.write("bajas.txt", "656 123 4567\n");
        let path = home.path().join("bajas.txt");
        let keys = if flags.is_empty() {
            format!("do_not_contact = '{}'", path.display())
        } else {
            String::new()
        };
        home.profile("p", &jelou.url, &format!("country = \"EC\"\n{keys}"));
        home.write(
            "people.csv",
            "to,pais,n\n656 123 4567,México,Ana\n656 123 4568,México,Luz\n",
        );
        bulk(&home, flags).success();
        assert_eq!(jelou.users(), ["526561234568"], "{flags:?}");
        let ended = send(&home, "+526561234567", flags).end();
        assert_eq!(ended.code, 11, "{ended:?}");
    }
    // With `+` or a country column, a number means exactly one recipient.
    let jelou = Jelou::accept_all();
    let home = home_for(&jelou);
    home.write("bajas.txt", "+51987654321\n");
    home.write(
        "people.csv",
        "to,n\n+51987654321,Peru\n+5551987654321,Brasil\n",
    );
    bulk(&home, &["--country", "BR", "--exclude", "bajas.txt"]).success();
    assert_eq!(jelou.users(), ["5551987654321"]);
}

#[test]
fn id_is_excluded_in_every_spelling() {
    let home = Home::new();
    for (excluded, typed) in [("id:abc", "id:a\u{200b}bc"), ("id:a\u{200b}bc", "id:abc")] {
        home.write("x.txt", format!("{excluded}\n"));
        home.run_args(&[
            "--sandbox",
            "send",
            "text",
            "a",
            "--to",
            typed,
            "--exclude",
            "x.txt",
        ])
        .fails(11, &["is excluded by x.txt"]);
    }
    let body = r#"{"type":"text","userId":"id:abc","text":"a"}"#;
    home.run_args(&["--sandbox", "send", "raw", "--body", body])
        .fails(
            2,
            &["userId: `id:abc` has the prefix of --to; a body has only the id, `abc`"],
        );
}

#[test]
fn only_the_country_flag_decides_the_country_of_an_excluded_number() {
    let home = Home::new();
    home.write("x.txt", "0987654321\n");
    let send = |to: &str, flags: &str| {
        home.run(&format!(
            "--sandbox --dry-run send text a --exclude x.txt --to {to} {flags}"
        ))
    };
    let excluded = ["is excluded by x.txt"];
    send("+593987654321", "--country EC").fails(11, &excluded);
    send("+51987654321", "--country EC").success();
    send("+51987654321", "--country PE").fails(11, &excluded);
    // The list may have the local numbers of other countries, too.
    home.profile("p", "https://x.example", "country = \"EC\"");
    send("+593987654321", "").fails(11, &excluded);
    send("+51987654321", "").fails(11, &excluded);
}

#[test]
fn country_flag_excludes_no_additional_recipient() {
    let home = Home::new();
    home.write(
        "l.csv",
        "to\n+51987651003\n+593987651003\n+56987651003\n+593987651004\n",
    );
    for (exclusions, flags, excluded) in [
        ("celular,pais\n987651003,PE\n", "--country EC", 2),
        ("celular,pais\n987651003,PE\n", "", 1),
        ("celular,pais\n+51987651003,EC\n", "--country EC", 1),
        ("celular,pais\n987651003,\n", "--country EC", 1),
        ("celular,pais\n987651003,Narnia\n", "--country EC", 1),
    ] {
        home.write("x.txt", exclusions);
        let ended = excluding(&home, "x.txt", flags).success();
        assert_eq!(
            ended.json()["skipped_reasons"],
            json!({"excluded": excluded}),
            "{exclusions} {flags:?}: {ended:?}"
        );
        assert!(ended.stderr.contains("x.txt: 1 recipient"), "{ended:?}");
    }
    home.write("x.txt", "celular,pais\n987651003,Narnia\n");
    excluding(&home, "x.txt", "").fails(2, &["`Narnia` is not a country"]);
    // A cell that cannot be read does not set a country.
    let rows = "<row r=\"1\"><c t=\"str\"><v>celular</v></c><c t=\"str\"><v>pais</v></c></row>\
                <row r=\"2\"><c t=\"str\"><v>987651003</v></c><c t=\"e\"><v>#N/A</v></c></row>";
    home.write("x.xlsx", xlsx(&[sheet("Hoja1", rows)], ""));
    home.profile("p", "https://x.example", "country = \"EC\"");
    excluding(&home, "x.xlsx", "").fails(
        2,
        &["line 2: pais: `cell B2 has the error #N/A` is not a country"],
    );
}

#[test]
fn profile_and_flag_exclusions_combine() {
    let jelou = Jelou::accept_all();
    let home = Home::new();
    let keys = "do_not_contact = \"bajas.txt\"\nallow_to = [\"5939*\"]";
    home.profile("p", &jelou.url, keys);
    let bajas = home.write(
        &format!("{}/bajas.txt", crate::harness::CONFIG),
        "593987654321\n525512345678\n",
    );
    home.write("otras.txt", "593987654322\n");
    let (of_profile, of_flag) = (bajas.display().to_string(), ["--exclude", "otras.txt"]);
    send(&home, "593987654321", &of_flag).fails(11, &[&of_profile]);
    send(&home, "593987654322", &of_flag).fails(11, &["is excluded by otras.txt"]);
    // Both safety checks apply. An excluded recipient is reported first.
    send(&home, "525512345678", &of_flag).fails(11, &["is excluded by"]);
    send(&home, "573001234567", &of_flag).fails(11, &["allow"]);
    send(&home, "593987654323", &of_flag).success();
    home.write(
        "people.csv",
        "to\n593987654321\n593987654322\n593987654323\n593987654324\n",
    );
    let ended = bulk(&home, &of_flag).success();
    assert_eq!(ended.json()["skipped_reasons"], json!({"excluded": 2}));
    assert!(
        ended
            .stderr
            .contains("1 row is skipped because the recipient is excluded by otras.txt: line 3"),
        "{ended:?}"
    );
    assert_eq!(
        jelou.users(),
        ["593987654323", "593987654323", "593987654324"]
    );
    let shown = home.run("profile show").success().stdout;
    assert!(
        shown.contains(&format!("do_not_contact\t{of_profile}\tprofile p")),
        "{shown}"
    );
}

#[test]
fn unusable_exclusion_list_stops_every_send() {
    let jelou = Jelou::expect_no_requests();
    let home = home_for(&jelou);
    home.write("people.csv", "to\n593987654321\n");
    for (list, parts) in [
        (&b""[..], &["bajas.txt is empty"][..]),
        (b"\n \n", &["bajas.txt is empty"]),
        (
            b"593987654321\nAna\n",
            &["bajas.txt: line 2: `Ana` is not a phone number"],
        ),
        (
            b"593987654321\n\n0987654321\n",
            &["bajas.txt: line 3: `0987654321` has no country code"],
        ),
        (
            b"593987654321\n+52 55 1234 999\n",
            &[
                "bajas.txt: line 2: `+52 55 1234 999` is not a phone number",
                "it is too short for a number of Mexico, such as +522221234567",
            ],
        ),
        (
            b"# a\n593987654321,Ana\n",
            &[
                "bajas.txt: line 2: the list has no header, but `,Ana` follows the recipient",
                "to name the columns, add a first line such as celular,nombre",
            ],
        ),
        (
            b"\"0987654321\";Ana\n",
            &[
                "line 1: the list has no header, but `;Ana` follows",
                "celular;nombre",
            ],
        ),
        (
            b"593987654321\nAna, 098\n",
            &["line 2: `Ana, 098` is not a phone number"],
        ),
        (
            b"593987654321\n\xff\n",
            &["bajas.txt: line 2: `\u{ff}` is not a phone number"],
        ),
        (
            b"593987654321\nAna\n\n0987654321\n\xe9\n",
            &[
                "bajas.txt: 3 lines have no valid recipient",
                "  - line 2: `Ana` is not a phone number",
                "  - line 4: `0987654321` has no country code",
                "  - line 5: `\u{e9}` is not a phone number",
            ],
        ),
        (
            "\u{ff0b}\u{ff15}93987654322\n593987654321\n".as_bytes(),
            &["bajas.txt: line 1: `\u{ff0b}\u{ff15}93987654322` is not"],
        ),
        (
            "Ana;٩٦٦٥١٢٣٤٥٦٧٨\nEva;593987654321\n".as_bytes(),
            &["bajas.txt: line 1: `٩٦٦٥١٢٣٤٥٦٧٨` is not a phone number"],
        ),
        (
            b"ID :juan\nid:maria\n",
            &[
                "bajas.txt: line 1: `ID :juan` is not a phone number",
                "for a user of another channel: `id:juan`",
            ],
        ),
        (
            "593987654321\nBego\u{f1}a 0987654321\n".as_bytes(),
            &[
                "bajas.txt: line 2: `Bego\u{f1}a 0987654321` is not a phone number",
                "hint: write only the number: `0987654321`\n",
            ],
        ),
        (
            "593987654321\nid:Bego\u{f1}a 0987654321\n".as_bytes(),
            &[
                "bajas.txt: line 2: `Bego\u{f1}a 0987654321` is not an id: it contains a space",
                "hint: write only the number: `0987654321`\n",
            ],
        ),
        (
            b"593987654321\nid:Ana(0987654321)\n",
            &[
                "bajas.txt: line 2: `Ana(0987654321)` is not an id: it contains the number 0987654321",
                "hint: write only the number: `0987654321`\n",
            ],
        ),
        (
            b"593987654321\nid:\n",
            &["bajas.txt: line 2: the recipient is empty"],
        ),
        (
            b"Lista de bajas,,\n,,\nNombre,Celular,Fecha\nAna,593987654321,2026-11-01\n",
            &[
                "bajas.txt: the first line is a title, not the header: `Lista de bajas`",
                "hint: delete the lines above the header\n",
            ],
        ),
        (
            b"nombre\nAna\n",
            &["found no recipient column", "write one recipient per line"],
        ),
        (b"nombre\n", &["found no recipient column"]),
        (
            b"0987654321\n",
            &[
                "has no country code",
                "for numbers of several countries: a header with a column País\nnote: nothing was sent",
            ],
        ),
        (
            b"phone,celular\n593987654321,1\n",
            &["bajas.txt: line 2: `1` has 1 digit, and a phone number has 7 to 15"],
        ),
        (
            b"nombre,numero\nAna,0987654321\n",
            &["bajas.txt: line 2: `0987654321` has no country code"],
        ),
        (
            b"# a\nto,n\n593987654321,x\n,Ana\n",
            &["bajas.txt: line 4: `to` is empty", "or delete the line"],
        ),
        (
            b"to,n\n# Ana, Eva\n593987654321\n",
            &["bajas.txt: line 3: has 1 cell, but the header has 2"],
        ),
        (
            b"to,n\n593987654321,\"Ana\n593987654322,Eva\"\n",
            &[
                "bajas.txt: the row in line 2 continues to line 3 because of a quote",
                "one recipient per line",
            ],
        ),
        (
            b"to,n\n\"593987654321,Ana\n\"593987654322,Eva\n",
            &["the row in line 2 continues to line 3, and a quote"],
        ),
        (
            b"to,n\n593987654321,Ana \"x\"\n",
            &["bajas.txt: line 2: a quote is inside a cell"],
        ),
        (
            b"to\n\"593987654321\n",
            &["bajas.txt: the row in line 2 has a quote that is not closed"],
        ),
        (b"[\"593987654321\"]", &["is one JSON array"]),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            &["found NUL bytes, so it is not a text in UTF-8"],
        ),
        (
            b"5\x009\x003\x00\n\x00",
            &["found NUL bytes, so it is not a text in UTF-8"],
        ),
        (
            b"\x005\x009\x003\x00\n",
            &[
                "found NUL bytes, so it is not a text in UTF-8",
                "save it as \"CSV UTF-8\"",
            ],
        ),
        (
            b"\xff\xfe\0\x005\0\0\x009\0\0\0",
            &["found NUL bytes, so it is not a text in UTF-8"],
        ),
    ] {
        home.write("bajas.txt", list);
        let typed =
            |run: Run<'_>| run.fails(2, &[parts, &["--exclude: ", "nothing was sent"]].concat());
        typed(send(&home, "593987654321", &["--exclude", "bajas.txt"]));
        typed(bulk(&home, &["--exclude", "bajas.txt"]));
    }
    home.write("long.txt", format!("593987654321\n{}\n", "5".repeat(5000)));
    send(&home, "593987654321", &["--exclude", "long.txt"])
        .fails(2, &["long.txt: line 2: has more than 1024 bytes"]);
    for path in ["nowhere.txt", "."] {
        send(&home, "593987654321", &["--exclude", path]).fails(2, &["--exclude: failed to read"]);
    }
    assert!(
        home.run("bulk list").success().stdout.is_empty(),
        "a run was made"
    );
    home.profile("p", &jelou.url, "do_not_contact = \"nowhere.txt\"");
    for run in [send(&home, "593987654321", &[]), bulk(&home, &[])] {
        run.fails(
            3,
            &["do_not_contact (profile p): failed to read", "nowhere.txt"],
        );
    }
}

#[test]
fn unusable_list_among_several_is_named() {
    let jelou = Jelou::expect_no_requests();
    let home = home_for(&jelou);
    home.write("people.csv", "to\n593987654321\n");
    home.write("good.csv", "to\n593987654322\n");
    for (list, problem) in [
        ("nombre\nAna\n", "found no recipient column"),
        // Each of these columns needs a recipient.
        ("to,to\n593987654321,1\n", "line 2"),
    ] {
        home.write("bad.csv", list);
        let flags = ["--exclude", "good.csv", "--exclude", "bad.csv"];
        let said = format!("error: --exclude: bad.csv: {problem}");
        send(&home, "593987654321", &flags).fails(2, &[&said, "nothing was sent"]);
        bulk(&home, &flags).fails(2, &[&said, "nothing was sent"]);
    }
}

#[test]
fn empty_exclusion_list_is_noted() {
    let jelou = Jelou::accept_all();
    let home = home_for(&jelou);
    for list in ["to\n", "nombre;celular\r\n", "# nobody so far\n"] {
        home.write("bajas.txt", list);
        let ended = send(&home, "593987654321", &["--exclude", "bajas.txt"]).success();
        assert!(
            ended
                .stderr
                .contains("note: bajas.txt is empty and excludes no one"),
            "{ended:?}"
        );
    }
    assert_eq!(jelou.requests().len(), 3);
}

#[test]
fn standard_input_is_read_for_one_flag() {
    let jelou = Jelou::expect_no_requests();
    let home = home_for(&jelou);
    let both = "both read standard input";
    let list = home
        .run("bulk send - --yes --exclude - text x")
        .stdin("to\n593987654321\n");
    list.fails(2, &["--exclude and the list file", both]);
    send(&home, "593987654321", &["--exclude", "-", "--exclude", "-"])
        .stdin("")
        .fails(2, &[both]);
    home.run("send text --to 593987654321 --exclude - --text-file -")
        .stdin("")
        .fails(2, &[both]);
    // The command of `run` keeps its exit code, and no notification is sent.
    let command = [
        env!("CARGO_BIN_EXE_jelouctl"),
        "--config",
        "missing.toml",
        "templates",
    ];
    let run = home
        .run("run --to 593987654321 --exclude - --body - --")
        .args(&command);
    let unsent =
        "error: the notification will not be sent: --body and --exclude both read standard input";
    run.stdin("").fails(3, &[unsent]);
    home.write("people.csv", "to\n593987654321\n");
    bulk(&home, &["--one-per-recipient", "--allow-duplicates"]).fails(2, &["cannot be used with"]);
}

#[test]
fn excluded_rows_are_skipped_and_others_sent() {
    let jelou = Jelou::accept_all();
    let home = home_for(&jelou);
    home.write(
        "people.csv",
        "to,n\n5215512345678,a\n525512345678,b\n593987654321,c\n12,d\n5491123456789,e\n",
    );
    home.write("bajas.csv", "celular\n525512345678\n541123456789\n");
    let flags = ["--exclude", "bajas.csv", "--skip-invalid"];
    let shown = bulk(&home, &[&flags[..], &["--dry-run"]].concat()).success();
    assert_eq!(shown.stdout.lines().count(), 1, "{shown:?}");
    let words = "3 rows are skipped because the recipient is excluded by bajas.csv: line 2, 3, 6";
    assert!(shown.stderr.contains(words), "{shown:?}");
    let shown = bulk(&home, &[&flags[..], &["--preview", "9"]].concat()).success();
    assert!(
        shown
            .stderr
            .contains("5 rows: 1 is fine, 1 is invalid, 3 are excluded"),
        "{shown:?}"
    );
    // Rows that cannot be sent need attention; excluded ones do not.
    let ended = bulk(&home, &flags).fails(10, &[words]);
    assert_eq!(
        ended.json()["skipped_reasons"],
        json!({"excluded": 3, "invalid": 1})
    );
    assert_eq!(jelou.users(), ["593987654321"]);
    let excluded = report(&home, "--reason excluded");
    assert_eq!(excluded.len(), 3);
    let csv = home.run("bulk report r --reason excluded").success().stdout;
    assert!(
        csv.contains("excluded,the recipient is excluded by bajas.csv,0,"),
        "{csv}"
    );
    assert_eq!(
        report(&home, "--reason invalid"),
        [(json!("12"), json!("invalid"))]
    );
    assert_eq!(report(&home, "--state sent --reason invalid").len(), 2);
    assert_eq!(
        report(&home, "--state skipped --reason repeated --reason invalid").len(),
        1
    );
    assert_eq!(report(&home, "--state sent").len(), 1);
    assert_eq!(report(&home, "").len(), 5);
}

#[test]
fn list_with_only_excluded_rows_creates_no_run() {
    let jelou = Jelou::expect_no_requests();
    let home = home_for(&jelou);
    home.write("people.csv", "to\n593987654321\n593987654322\n");
    home.write("bajas.csv", "593987654321\n593987654322\n");
    let ended = bulk(&home, &["--exclude", "bajas.csv"]).success();
    let summary = ended.json();
    assert_eq!(
        (&summary["run"], &summary["rows"], &summary["skipped"]),
        (&Value::Null, &json!(2), &json!(2))
    );
    assert_eq!(
        (&summary["complete"], &summary["skipped_reasons"]),
        (&json!(true), &json!({"excluded": 2}))
    );
    assert!(
        ended
            .stderr
            .contains("note: nothing to send: 2 rows are skipped, "),
        "{ended:?}"
    );
    assert!(
        home.run("bulk list").success().stdout.is_empty(),
        "a run was made"
    );
    assert!(
        bulk(&home, &["--exclude", "bajas.csv", "--output", "id"])
            .success()
            .stdout
            .is_empty()
    );
    home.write("people.csv", "to\n593987654321\n12\n");
    bulk(&home, &["--exclude", "bajas.csv"]).fails(2, &["1 row cannot be sent"]);
    bulk(&home, &["--exclude", "bajas.csv", "--skip-invalid"]).fails(10, &["nothing to send"]);
}

#[test]
fn resent_report_keeps_exclusions() {
    let jelou = Jelou::accept_all();
    let home = home_for(&jelou);
    home.write("people.csv", "to\n593987654321\n593987654322\n12\n");
    home.write("bajas.csv", "593987654321\n");
    bulk(&home, &["--exclude", "bajas.csv", "--skip-invalid"]).fails(10, &[]);
    for format in ["csv", "ndjson"] {
        let again = format!("again.{format}");
        home.run_args(&["bulk", "report", "r", "--file", &again])
            .success();
        let words = [
            "bulk",
            "send",
            &again,
            "--yes",
            "--again",
            "--skip-invalid",
            "--run",
            format,
            "text",
            "Otra",
        ];
        let ended = home.run_args(&words).fails(
            10,
            &["1 row is skipped because the report says `excluded`: line"],
        );
        assert_eq!(
            ended.json()["skipped_reasons"],
            json!({"excluded": 1, "invalid": 1})
        );
    }
    assert_eq!(
        jelou.users(),
        ["593987654322", "593987654322", "593987654322"]
    );
    // The ledger knows it, too.
    let report = home.run("bulk report r").success().stdout;
    home.write("again.csv", report.replace(",excluded,", ",,"));
    let words = [
        "bulk",
        "send",
        "again.csv",
        "--yes",
        "--again",
        "--skip-invalid",
        "--run",
        "s",
        "text",
        "Otra",
    ];
    home.run_args(&words).fails(
        10,
        &["1 row is skipped because the report says `excluded`: line 2"],
    );
    assert_eq!(jelou.users().len(), 4);
}

#[test]
fn resume_rereads_the_profile_exclusion_list() {
    let jelou = Jelou::start(|_, earlier| {
        if earlier == 0 {
            Act::Answer(401, "", "{}")
        } else {
            Act::Accept
        }
    });
    let home = Home::new();
    home.profile("p", &jelou.url, "do_not_contact = \"bajas.txt\"");
    let bajas = |list: &str| home.write(&format!("{}/bajas.txt", crate::harness::CONFIG), list);
    bajas("593987654329\n");
    home.write(
        "people.csv",
        "to,n\n593987654321,a\n5215512345678,b\n593987654323,c\n525512345678,d\n593987654329,e\n",
    );
    bulk(&home, &["--body", "body.json"]).fails(2, &[]);
    // Both forms of the number would be the same message.
    bulk(&home, &["--allow-duplicates"]).fails(4, &["run paused", "is excluded"]);
    bajas("");
    let resume = || home.run("bulk resume r --rate 1000000/s");
    resume().fails(3, &["bajas.txt is empty"]);
    bajas("525512345678\nabc\n");
    resume().fails(3, &["bajas.txt: line 2: `abc` is not a phone number"]);
    bajas("525512345678\n");
    let seen = jelou.users();
    let ended: CommandOutput = resume().fails(
        4,
        &[
            "2 rows are skipped because the recipient is excluded by",
            "line 3, 5",
        ],
    );
    assert_eq!(ended.json()["skipped_reasons"], json!({"excluded": 3}));
    // Skipped rows stay skipped, even if the exclusion list changes later.
    bajas("# nobody\n");
    resume().success();
    let seen: Vec<_> = jelou.users().split_off(seen.len());
    assert!(!seen.iter().any(|user| user.starts_with("52")), "{seen:?}");
    let codes: Vec<_> = report(&home, "")
        .into_iter()
        .map(|(_, code)| code)
        .collect();
    let excluded = json!("excluded");
    assert_eq!(
        codes,
        [
            Value::Null,
            excluded.clone(),
            Value::Null,
            excluded.clone(),
            excluded
        ]
    );
}

fn in_months(rows: &[String; 4]) -> [TestSheet<'_>; 4] {
    let [first, second, third, fourth] = rows.each_ref();
    let third = TestSheet {
        name: "Diciembre",
        is_hidden: true,
        rows: third,
    };
    [
        sheet("Octubre", first),
        sheet("Noviembre", second),
        third,
        sheet("Notas", fourth),
    ]
}

#[test]
fn every_sheet_and_every_column_of_numbers_excludes() {
    let jelou = Jelou::accept_all();
    let home = home_for(&jelou);
    let people: Vec<_> = (0..9).map(|n| format!("59398765432{n}")).collect();
    // Each sheet has a month. One has a title, one has no header, and one has no numbers. Others have two columns of
    // numbers or hidden rows, or are hidden.
    let months = [
        &[
            &["Bajas de octubre"][..],
            &["nombre", "celular"],
            &["Ana", "593987654320"],
        ][..],
        &[&["Luis", "+593 98 765 4321"], &["Eva", "593987654322"]],
        &[
            &["Celular", "Otro numero", "Fecha"],
            &["593987654323", "593987654324", "2026-11-20"],
        ],
        &[&["Notas"], &["Total", "4"]],
    ];
    let [mut excel, open] = [months.map(xlsx_rows), months.map(ods_rows)];
    excel[1] = excel[1].replace("<row>", "<row hidden=\"1\">");
    let latin: &[u8] = b"Nombre;Tel\xe9fono;Otro\nJos\xe9;593987654320;593987654321\n";
    let wide = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<_>>()
    };
    for (name, list, flags, left) in [
        ("bajas.xlsx", xlsx(&in_months(&excel), ""), &[][..], 4),
        ("bajas.ods", ods(&in_months(&open)), &[], 4),
        ("bajas.csv", latin.to_vec(), &[], 7),
        (
            "bajas.csv",
            wide("celular\n593987654320\n"),
            &["--encoding", "utf-16le"],
            8,
        ),
        (
            "bajas.csv",
            b"phone,celular\n593987654320,593987654321\n".to_vec(),
            &[],
            7,
        ),
        (
            "bajas.csv",
            b"Ana,593987654320\nEva,593987654321\n".to_vec(),
            &[],
            7,
        ),
    ] {
        home.write(name, list);
        let people_list = format!("to\n{}\n", people.join("\n"));
        home.write(
            "people.csv",
            if flags.is_empty() {
                people_list.into_bytes()
            } else {
                wide(&people_list)
            },
        );
        let before = jelou.requests().len();
        bulk(&home, &[&["--exclude", name, "--again"], flags].concat()).success();
        let written: Vec<_> = jelou
            .requests()
            .split_off(before)
            .into_iter()
            .map(|seen| seen.user)
            .collect();
        assert_eq!(written.len(), left, "{name}: {written:?}");
        assert!(!written.contains(&people[0]), "{name}: {written:?}");
        home.run("bulk remove r --yes").success();
    }
    // A row without a recipient is reported with its sheet, and nothing is sent.
    home.write("people.csv", format!("to\n{}\n", people.join("\n")));
    let broken = xlsx_rows(&[["celular"], ["593987654320"], ["x"], ["y"]]);
    home.write(
        "bajas.xlsx",
        xlsx(&[sheet("Octubre", &excel[0]), sheet("Enero", &broken)], ""),
    );
    let parts = [
        "2 lines have no valid recipient",
        "sheet `Enero`, line 3: `x`",
        "sheet `Enero`, line 4: `y`",
    ];
    bulk(&home, &["--exclude", "bajas.xlsx", "--again"]).fails(2, &parts);
    // If a row has a valid number and an unreadable one, a warning shows the unreadable one.
    home.write(
        "bajas.csv",
        "celular,Teléfono 2\n593987654320,98765\u{2019}4321\n",
    );
    let told = bulk(&home, &["--exclude", "bajas.csv", "--again"])
        .success()
        .stderr;
    assert!(
        told.contains("warning: bajas.csv: line 2, column Teléfono 2: skipped the cell: "),
        "{told}"
    );
}

#[cfg(unix)]
#[test]
fn number_of_excluded_recipients_is_reported() {
    let jelou = Jelou::accept_all();
    let home = Home::new();
    home.profile(
        "p",
        &jelou.url,
        "do_not_contact = \"bajas.xlsx\"\nlog = \"audit.ndjson\"",
    );
    let sheets = [
        [["celular"], ["593987654321"]],
        [["celular"], ["525512345678"]],
    ];
    let [first, second] = sheets.map(|sheet| xlsx_rows(&sheet));
    home.write(
        &format!("{}/bajas.xlsx", crate::harness::CONFIG),
        xlsx(&[sheet("Octubre", &first), sheet("Noviembre", &second)], ""),
    );
    home.write("people.csv", "to\n593987654322\n593987654321\n");
    home.write("otras.txt", "593987654323\n+593987654323\n");
    let words = [
        "bulk",
        "send",
        "people.csv",
        "--run",
        "r",
        "--exclude",
        "otras.txt",
        "text",
        "Hola",
    ];
    let (code, screen) = Terminal::plain(&home, &words).confirm("y");
    let screen = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("exclusion lists: otras.txt: 1 recipient, 0 rows of this list; /"),
        "{screen}"
    );
    assert!(
        screen.contains("bajas.xlsx: 2 recipients from 2 sheets"),
        "{screen}"
    );
    let checked = home.run("doctor --offline").success().stdout;
    assert!(
        checked.contains("bajas.xlsx: 2 recipients from 2 sheets (profile p)"),
        "{checked}"
    );
    let log = std::fs::read_to_string(
        home.path()
            .join(crate::harness::CONFIG)
            .join("audit.ndjson"),
    )
    .unwrap();
    let logged: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    let [of_flag, of_profile] = [&logged["exclusions"][0], &logged["exclusions"][1]];
    assert_eq!(
        of_flag,
        &json!({ "list": "otras.txt", "people": 1, "sheets": null }),
        "{log}"
    );
    assert_eq!(
        (&of_profile["people"], &of_profile["sheets"]),
        (&json!(2), &json!(2)),
        "{log}"
    );
}
