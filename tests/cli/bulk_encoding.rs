//! Lists that are not UTF-8.

use crate::harness::{CommandOutput, Home};

fn run(home: &Home, arguments: &[&str]) -> CommandOutput {
    let all = [
        &["--sandbox", "bulk", "send"],
        arguments,
        &["text", "{{ nombre }}"],
    ]
    .concat();
    home.run_args(&all).end()
}

fn wide(text: &str, to_bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

const LIST: &str = "celular;nombre\r\n593987654321;José Peña €\r\n";

#[test]
fn bytes_without_a_text_are_offered_no_encoding() {
    let home = Home::new();
    let noise = [200, 17, 5, 99, 231, 44, 8, 31, 90, 33, 180, 7, 55].repeat(9);
    let with_nul = [&noise[..], &[0, 7, 0]].concat();
    for (name, bytes, found) in [
        (
            "clientes.xlsx",
            &noise,
            "bytes that are neither a text nor a workbook",
        ),
        ("clientes.csv", &with_nul, "NUL bytes"),
    ] {
        home.write(name, bytes);
        let ended = run(&home, &[name])
            .stderr_has(&[&format!("error: {name}: expected a list, found {found}")]);
        ended.stderr_lacks(&["--encoding", "macintosh", "windows-1252"]);
    }
}

#[test]
fn list_file_is_read_in_selected_encoding() {
    let home = Home::new();
    let latin = b"celular;nombre\r\n593987654321;Jos\xe9 Pe\xf1a \x80\r\n".to_vec();
    let marked = format!("\u{feff}{LIST}");
    for (list, arguments) in [
        (latin.clone(), &["--encoding", "windows-1252"][..]),
        (latin.clone(), &["--encoding", "Latin1"]),
        (LIST.as_bytes().to_vec(), &["--encoding", "utf8"]),
        (marked.as_bytes().to_vec(), &["--encoding", "latin1"]),
        (wide(&marked, u16::to_le_bytes), &[]),
        (wide(&marked, u16::to_be_bytes), &[]),
        (wide(&marked, u16::to_be_bytes), &["--encoding", "utf-16"]),
        (wide(&marked, u16::to_le_bytes), &["--encoding", "utf-16be"]),
        (wide(LIST, u16::to_le_bytes), &["--encoding", "utf-16le"]),
        (wide(LIST, u16::to_be_bytes), &["--encoding", "utf-16be"]),
    ] {
        home.write("people.csv", &list);
        let ended = run(
            &home,
            &[&["people.csv", "--preview", "1"], arguments].concat(),
        );
        assert!(
            ended.code == 0 && ended.stdout.contains("\"text\":\"José Peña €\""),
            "{arguments:?}: {ended:?}"
        );
    }
    // Long enough to be read in several chunks.
    let rows: Vec<_> = (0..9_000)
        .map(|row| format!("59398{row:07};José Peña €\r\n"))
        .collect();
    home.write(
        "long.csv",
        wide(
            &format!("celular;nombre\r\n{}", rows.concat()),
            u16::to_be_bytes,
        ),
    );
    let ended = run(
        &home,
        &["long.csv", "--encoding", "utf-16be", "--preview", "9000"],
    );
    assert_eq!(
        ended.stdout.matches("\"text\":\"José Peña €\"").count(),
        9_000
    );

    // A report is UTF-8 with a byte order mark, so that spreadsheets recognize it. It can be read as a list.
    home.write("people.csv", &latin);
    assert_eq!(
        run(
            &home,
            &["people.csv", "--encoding", "windows-1252", "--run", "r"]
        )
        .code,
        0
    );
    let report = home.run("bulk report r").success().stdout;
    assert!(
        report.starts_with("\u{feff}celular;nombre;run;line;sent;"),
        "{report}"
    );
    assert!(
        report.contains("\r\n593987654321;José Peña €;r;2;yes;"),
        "{report}"
    );
    home.write("report.csv", report);
    assert!(
        run(&home, &["report.csv", "--preview", "1"])
            .stdout
            .contains("José Peña €")
    );
    home.write(
        "people.ndjson",
        b"{\"to\":\"593987654321\",\"nombre\":\"Jos\xe9\"}\n",
    );
    assert!(
        run(
            &home,
            &["people.ndjson", "--encoding", "latin1", "--preview", "1"]
        )
        .stdout
        .contains("\"José\"")
    );
}

#[test]
fn list_file_in_another_encoding_is_refused() {
    let home = Home::new();
    let latin = &b"to;nombre\n593987654321;Ana\n593987654322;Jos\xe9 Pe\xf1a\n"[..];
    let marked = wide(&format!("\u{feff}{LIST}"), u16::to_le_bytes);
    for (list, arguments, parts) in [
        (
            latin,
            &[][..],
            &["people.csv: line 3 is not UTF-8", "--encoding windows-1252"][..],
        ),
        (b"to;Se\xf1or\n", &[], &["line 1 is not UTF-8"]),
        (latin, &["--encoding", "utf-8"], &["line 3 is not UTF-8"]),
        (
            latin,
            &["--encoding", "euc-jp"],
            &[
                "people.csv: line 3 is not EUC-JP",
                "to use another encoding: --encoding NAME",
            ],
        ),
        (
            LIST.as_bytes(),
            &["--encoding", "latin1"],
            &["--encoding: people.csv is UTF-8, not windows-1252\n"],
        ),
        (
            &marked[2..],
            &[],
            &[
                "found NUL bytes, so it is not a text in UTF-8",
                "--encoding utf-16le",
            ],
        ),
        (
            &wide(LIST, u16::to_be_bytes),
            &[],
            &[
                "found NUL bytes, so it is not a text in UTF-8",
                "--encoding utf-16be",
            ],
        ),
        (
            b"\xff\xfe\0\0t\0\0\0o\0\0\0\n\0\0\0",
            &[],
            &["found NUL bytes, so it is not a text in UTF-8"],
        ),
        (
            &marked[2..],
            &["--encoding", "latin1"],
            &["found NUL bytes, so it is not a text in UTF-8"],
        ),
        (&marked[..31], &[], &["line 1 is not UTF-16LE"]),
    ] {
        home.write("people.csv", list);
        let ended = run(&home, &[&["people.csv"], arguments].concat());
        assert!(
            ended.code == 2 && ended.stderr.contains("nothing was sent"),
            "{arguments:?}: {ended:?}"
        );
        for part in parts {
            assert!(
                ended.stderr.contains(part),
                "`{part}` is missing: {ended:?}"
            );
        }
        assert!(
            home.run("bulk list").success().stdout.is_empty(),
            "a run was made"
        );
    }
    home.write(
        "people.ndjson",
        b"{\"to\":\"593987654321\",\"nombre\":\"Pe\xf1a\"}\n",
    );
    let ended = run(&home, &["people.ndjson"]);
    assert!(ended.stderr.contains("line 1 is not UTF-8"), "{ended:?}");
}

/// Checks that the list is refused with these parts in the error, and that no run is created.
fn refused(home: &Home, list: &[u8], arguments: &[&str], parts: &[&str]) {
    home.write("people.csv", list);
    let ended = run(home, &[&["people.csv"], arguments].concat());
    assert_eq!(ended.code, 2, "{arguments:?}: {ended:?}");
    ended.stderr_has(parts);
    assert!(home.run("bulk list").success().stdout.is_empty());
}

/// A list of files alone: nothing comes to a ledger.
#[test]
fn list_of_mixed_encodings_names_its_lines() {
    let home = Home::new();
    let one = [
        "to,nombre\n593987654321,María\n593987654322,".as_bytes(),
        b"Jos\xe9\n593987654323,Ana\n",
    ]
    .concat();
    let parts = [
        "people.csv mixes two encodings: line 2 is UTF-8 (`593987654321,María`)",
        "line 3 is not (`593987654322,José` in windows-1252)",
        "retype the letters of line 3",
    ];
    refused(&home, &one, &[], &parts);
    for label in ["windows-1252", "latin1", "macintosh", "iso-8859-15"] {
        refused(&home, &one, &["--encoding", label], &parts[..2]);
    }
    // The error lists the lines in the rarer encoding.
    let other = [
        &b"to,nombre\n1,Jos\xe9\n2,Pe\xf1a\n3,"[..],
        "Núñez\n".as_bytes(),
    ]
    .concat();
    let parts = [
        "line 4 is UTF-8",
        "lines 2, 3 are not",
        "the letters of line 4",
    ];
    refused(&home, &other, &["--encoding", "latin1"], &parts);
    // For standard input, the error can only use the part that was read.
    let all = ["--sandbox", "bulk", "send", "-", "text", "{{ nombre }}"];
    home.run_args(&all).stdin(one.clone()).fails(
        2,
        &["mixes two encodings: line 2 is UTF-8", "line 3 is not"],
    );
    home.write(
        "people.ndjson",
        [
            "{\"to\":\"593987654321\",\"nombre\":\"María\"}\n{\"to\":\"593987654322\",\"nombre\":\"".as_bytes(),
            b"Jos\xe9\"}\n",
        ]
        .concat(),
    );
    run(&home, &["people.ndjson"]).stderr_has(&["line 1 is UTF-8", "line 2 is not"]);
}

/// A list of files alone: nothing comes to a ledger.
#[test]
fn list_that_resembles_utf_8_is_read() {
    let home = Home::new();
    home.write(
        "people.csv",
        b"to,nombre\n593987654321,CAF\xc9\xae\n593987654322,Jos\xe9\n",
    );
    let ended = run(
        &home,
        &["people.csv", "--encoding", "windows-1252", "--preview", "2"],
    );
    assert!(
        ended.code == 0 && ended.stdout.contains("CAFÉ®") && !ended.stderr.contains("warning"),
        "{ended:?}"
    );
}

/// A list of files alone: nothing comes to a ledger.
#[test]
fn hint_shows_line_in_a_matching_encoding() {
    let home = Home::new();
    let list = |name: &[u8]| [b"to,nombre\r\n593987654321,", name, b"\r\n"].concat();
    for (name, parts) in [
        (
            &b"Jos\xe9 Pe\xf1a"[..],
            [
                "line 2 is not UTF-8; in windows-1252 it reads `593987654321,José Peña`",
                "add --encoding windows-1252 before the kind",
            ],
        ),
        (
            b"Luc\x92a \x84and\x9c",
            [
                "in macintosh it reads `593987654321,Lucía Ñandú`",
                "add --encoding macintosh before the kind",
            ],
        ),
        (
            b"Luc\xa1a \xa5and\xa3",
            [
                "in CP850 it reads `593987654321,Lucía Ñandú`",
                "convert it: iconv -f CP850 -t UTF-8 'people.csv' > utf8.csv",
            ],
        ),
    ] {
        refused(&home, &list(name), &[], &parts);
    }
    for label in ["cp850", "CP437", "ibm850"] {
        refused(
            &home,
            b"to\n",
            &["--encoding", label],
            &[" first: iconv -f"],
        );
    }
    refused(
        &home,
        b"to\n",
        &["--encoding", "mac-roman"],
        &["is called `macintosh` here"],
    );

    // The wrong encoding is a warning, and with --strict an error.
    home.write("people.csv", list(b"Luc\xa1a \xa5and\xa3"));
    let wrong = ["people.csv", "--encoding", "latin1", "--preview", "1"];
    let told = "line 2 of people.csv reads `593987654321,Luc¡a ¥and£`; in CP850 it reads `593987654321,Lucía Ñandú`";
    let ended = run(&home, &wrong);
    assert_eq!(ended.code, 0, "{ended:?}");
    ended.stderr_has(&[told]);
    let strict = [
        &["--sandbox", "bulk", "send"],
        &wrong[..3],
        &["text", "--strict", "{{ nombre }}"],
    ]
    .concat();
    home.run_args(&strict).fails(2, &[told]);
}
