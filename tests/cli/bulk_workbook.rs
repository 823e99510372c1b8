//! Lists that are workbooks: the text of a cell, the sheet that is read, and the errors of a workbook that cannot be
//! read.

use std::fmt::Write;
use std::fs;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::bulk_server::{Act, Jelou};
use crate::harness::{CommandOutput, Home, test_with_both_ledgers};
use crate::workbook::{
    TestSheet, ods, ods_in_front, ods_rows, sheet, xlsx, xlsx_in_front, xlsx_parts, xlsx_rows, zip,
};

test_with_both_ledgers! {
    displayed_value_is_printed_stored_value_is_compared,
}

const RATE: &str = "--rate=1000000/s";

fn previewed(home: &Home, arguments: &[&str]) -> CommandOutput {
    home.dry_run_list(arguments).success()
}

/// Returns the texts that would be sent.
fn texts(ended: &CommandOutput) -> Vec<Value> {
    ended
        .rows()
        .iter()
        .map(|row| row["body"]["text"].clone())
        .collect()
}

fn refused(home: &Home, list: &[u8], arguments: &[&str], parts: &[&str]) -> CommandOutput {
    home.write("people.xlsx", list);
    let all = [
        &["--sandbox", "bulk", "send", "people.xlsx"],
        arguments,
        &["text", "{{ n }}."],
    ]
    .concat();
    let ended = home.run_args(&all).fails(2, parts);
    assert!(ended.stderr.contains("nothing was sent"), "{ended:?}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
    assert!(
        home.run("bulk list").success().stdout.is_empty(),
        "a run was made"
    );
    ended
}

const SHARED: &str = "<si><t>celular</t></si><si><t>n</t></si><si><r><t xml:space=\"preserve\">Ana </t></r><r><t>Ríos &amp; \
                      Co</t></r><rPh sb=\"0\"><t>x</t></rPh></si>";
const HEADER: &str =
    "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>";

#[test]
fn xlsx_cell_is_its_stored_value() {
    let home = Home::new();
    let cells = [
        ("<c r=\"B2\" t=\"s\"><v>2</v></c>", "Ana Ríos & Co"),
        (
            "<c r=\"B2\" t=\"inlineStr\"><is><t>a&#10;b</t></is></c>",
            "a\nb",
        ),
        (
            "<c r=\"B2\" t=\"str\"><f>\"a\"&amp;\"_\"</f><v>a_x005F_x000D_</v></c>",
            "a_x000D_",
        ),
        ("<c r=\"B2\" t=\"str\"><f>\"\"</f><v></v></c>", ""),
        ("<c r=\"B2\"><f>6*7</f><v>42</v></c>", "42"),
        (
            "<c r=\"B2\"><v>12345678901234567</v></c>",
            "12345678901234567",
        ),
        ("<c r=\"B2\" s=\"5\"><v>12.5</v></c>", "12.50"),
        ("<c r=\"B2\"><v>19.899999999999999</v></c>", "19.9"),
        ("<c r=\"B2\" s=\"1\"><v>46346</v></c>", "11/20/2026"),
        ("<c r=\"B2\" s=\"4\"><v>46346</v></c>", "20/11/2026"),
        (
            "<c r=\"B2\" s=\"2\"><v>46346.5625</v></c>",
            "11/20/2026 13:30",
        ),
        ("<c r=\"B2\" s=\"1\"><v>0.5625</v></c>", "13:30:00"),
        ("<c r=\"B2\" s=\"3\"><v>1.5</v></c>", "36:00:00"),
        (
            "<c r=\"B2\" t=\"d\"><v>2026-11-20T00:00:00</v></c>",
            "2026-11-20",
        ),
        ("<c r=\"B2\" t=\"b\"><v>1</v></c>", "TRUE"),
        ("<c r=\"B2\" t=\"b\"><v>0</v></c>", "FALSE"),
        ("<c r=\"B2\" s=\"1\"/>", ""),
        ("", ""),
    ];
    for (cell, expected) in cells {
        let rows =
            format!("{HEADER}<row r=\"2\"><c r=\"A2\"><v>5.93987654321E11</v></c>{cell}</row>");
        home.write("people.csv", xlsx(&[sheet("Hoja1", &rows)], SHARED));
        let ended = previewed(
            &home,
            &[
                "people.csv",
                "--country=US",
                "text",
                "{{ n | default('') }}.",
            ],
        );
        let body = &serde_json::from_str::<Value>(&ended.stdout).unwrap()["body"];
        assert_eq!(
            body,
            &json!({"type": "text", "userId": "593987654321", "text": format!("{expected}.")}),
            "{cell}"
        );
    }
}

#[test]
fn ods_cell_is_its_stored_value() {
    let home = Home::new();
    // The attributes of a cell after its type, and its content.
    let cells = [
        (
            "string\"",
            "<text:p>A<text:s text:c=\"2\"/><text:span>R</text:span></text:p><text:p>b</text:p>",
            "A  R\nb",
        ),
        (
            "string\"",
            "<office:annotation><text:p>no</text:p></office:annotation><text:p>a&amp;<text:tab/></text:p>",
            "a&\t",
        ),
        (
            "float\" office:value=\"42\"",
            "<text:p>42,00</text:p>",
            "42",
        ),
        (
            "currency\" office:value=\"12.50\"",
            "<text:p>$12.50</text:p>",
            "12.5",
        ),
        (
            "date\" office:date-value=\"2026-11-20T00:00:00\"",
            "<text:p>20/11/26</text:p>",
            "2026-11-20",
        ),
        (
            "date\" office:date-value=\"2026-11-20T13:30:00.000000000\"",
            "",
            "2026-11-20T13:30:00",
        ),
        ("time\" office:time-value=\"PT13H30M00S\"", "", "13:30:00"),
        (
            "boolean\" office:boolean-value=\"true\"",
            "<text:p>VERDADERO</text:p>",
            "TRUE",
        ),
        (
            "string\" table:formula=\"of:=&quot;x&quot;\" office:string-value=\"x\"",
            "",
            "x",
        ),
    ];
    let typed = |(attributes, inside, expected): (&str, &str, &'static str)| {
        let cell = format!(
            "<table:table-cell office:value-type=\"{attributes}>{inside}</table:table-cell>"
        );
        (cell, expected)
    };
    let empty = [
        ("<table:covered-table-cell/>".to_owned(), ""),
        (String::new(), ""),
    ];
    let cells = cells.into_iter().map(typed).chain(empty);
    for (cell, expected) in cells {
        let header = ods_rows(&[["celular", "n"]]);
        let number =
            "<table:table-cell office:value-type=\"float\" office:value=\"593987654321\"/>";
        let rows = format!(
            "<table:table-header-rows>{header}</table:table-header-rows><table:table-row>{number}{cell}\
             <table:table-cell table:number-columns-repeated=\"16382\"/></table:table-row>\
             <table:table-row table:number-rows-repeated=\"1048574\"><table:table-cell/></table:table-row>"
        );
        home.write("people", ods(&[sheet("Hoja1", &rows)]));
        let ended = previewed(&home, &["people", "text", "{{ n | default('') }}."]);
        assert_eq!(texts(&ended), [format!("{expected}.")], "{cell}");
        assert!(!ended.stderr.contains("skipped"), "{ended:?}");
    }
}

/// Files from openpyxl and LibreOffice are sent as a sheet shows them; `make.py` in the same folder shows how they were
/// made.
#[test]
fn cells_are_sent_as_displayed() {
    let home = Home::new();
    let marks = |text: &str| text.replace(['.', ',', '\u{a0}'], "");
    for (name, is_ods) in [
        ("openpyxl.xlsx", false),
        ("libreoffice.xlsx", false),
        ("libreoffice.ods", true),
    ] {
        let list = fs::read(format!(
            "{}/tests/fixtures/workbooks/{name}",
            env!("CARGO_MANIFEST_DIR")
        ))
        .unwrap();
        home.write("people.xlsx", list);
        let typed = [
            "people.xlsx",
            "--country=EC",
            "text",
            "{{ formato }}|{{ celda }}|{{ se_ve or celda | string }}",
        ];
        let ended = previewed(&home, &typed);
        let sent = texts(&ended);
        assert_eq!(sent.len(), 30);
        for text in &sent {
            let cells: Vec<_> = text.as_str().unwrap().split('|').collect();
            let [format, sent, expected] = cells[..] else {
                panic!("{text}")
            };
            // An .ods has the texts that LibreOffice showed, in the country in which it was saved.
            assert_eq!(
                if is_ods { marks(sent) } else { sent.to_owned() },
                if is_ods {
                    marks(expected)
                } else {
                    expected.to_owned()
                },
                "{name}: {format}"
            );
        }
        let is_told = ended.stderr.contains(
            "celda: cells are sent as stored, `0.5` in line 30: jelouctl does not know the format `# ?/?`\nhint: to send what the sheet shows, save it as CSV UTF-8",
        );
        assert_eq!(is_told, !is_ods, "{ended:?}");
    }
}

#[test]
fn date_without_time_is_not_formatted_with_one() {
    let home = Home::new();
    let text = "{{ vence | date('%d/%m %H:%M') }}";
    for (cell, problem) in [
        (
            "12/25/2026 08:05",
            "has the month first, but Ecuador writes the day first\n    hint: if all its dates are like this: `date(\"…\", from=\"%m/%d/%Y %H:%M\")`; else write each date",
        ),
        ("28/11/2026", "`28/11/2026` is a date without a time"),
        (
            "2026-11-28T20:00:00Z",
            "is the time in UTC\n    hint: write the local time",
        ),
    ] {
        home.write(
            "people.csv",
            format!("celular,vence\n593987654321,{cell}\n"),
        );
        home.dry_run_list(&["people.csv", "--country=EC", "text", text])
            .fails(2, &["line 2: vence: date: ", problem]);
    }
    // A sheet stores a day and its midnight as the same number. Only the format distinguishes them.
    let row = |style: u8| {
        let header = "<row><c t=\"str\"><v>celular</v></c><c t=\"str\"><v>vence</v></c></row>";
        let rows = format!(
            "{header}<row><c s=\"6\"><v>987654321</v></c><c s=\"{style}\"><v>46354</v></c></row>"
        );
        home.write("people.xlsx", xlsx(&[sheet("Hoja1", &rows)], ""));
    };
    row(2);
    assert_eq!(
        texts(&previewed(
            &home,
            &["people.xlsx", "--country=EC", "text", text]
        )),
        ["28/11 00:00"]
    );
    row(1);
    home.dry_run_list(&["people.xlsx", "--country=EC", "text", text])
        .fails(2, &["`2026-11-28` is a date without a time"]);
}

#[test]
fn number_of_sixteen_digits_is_printed_without_warning() {
    let home = Home::new();
    let row = |style: u8| {
        let header = xlsx_rows(&[["celular", "guia"]]);
        let rows = format!(
            "{header}<row><c s=\"6\"><v>987654321</v></c><c s=\"{style}\"><v>4152313412345678</v></c></row>"
        );
        home.write("people.xlsx", xlsx(&[sheet("Hoja1", &rows)], ""));
    };
    let shown = ["people.xlsx", "--country=EC", "text", "{{ guia }}"];
    row(6);
    let ended = previewed(&home, &shown);
    assert_eq!(texts(&ended), ["4152313412345678"]);
    assert!(!ended.stderr.contains("are sent as stored"), "{ended:?}");
    // The sheet shows decimals. The country is known, so it is not the cause.
    row(5);
    let ended = previewed(&home, &shown);
    let told = "guia: cells are sent as stored, `4152313412345678` in line 2: jelouctl does not know the format `0.00`";
    assert!(ended.stderr.contains(told), "{ended:?}");
}

#[test]
fn displayed_value_is_printed_stored_value_is_compared() {
    let home = Home::new();
    let row = |user: &str, cells: &str| format!("<row><c s=\"6\"><v>{user}</v></c>{cells}</row>");
    let header = xlsx_rows(&[["celular", "tasa", "saldo", "vence"]]);
    let cells = "<c s=\"7\"><v>0.15</v></c><c s=\"5\"><v>1.234</v></c><c s=\"1\"><v>46354</v></c>";
    let rows = header.clone() + &row("987654321", cells);
    home.write("people.xlsx", xlsx(&[sheet("Hoja1", &rows)], ""));
    for (text, expected) in [
        (
            "{{ tasa }} {{ saldo }} {{ vence }} {{ celular }}",
            "15% 1,23 28/11/2026 0987654321",
        ),
        (
            "{{ row.tasa }} {{ saldo or '-' }} {{ vence if tasa != '' else '-' }}",
            "15% 1,23 28/11/2026",
        ),
        (
            "{% if tasa == '0.15' and saldo | number < 2 %}{{ tasa or '-' }}{% endif %}",
            "15%",
        ),
        (
            "{{ saldo | number }} {{ saldo | number(1) }} {{ saldo | money('$') }}",
            "1.234 1,2 $1,23",
        ),
        (
            "{{ tasa | percent }} {{ vence | date('%-d %B') }} {{ vence | date('%d.%m') }}",
            "15% 28 noviembre 28.11",
        ),
        (
            "{{ tasa | trim }} {{ celular | phone('EC') }}",
            "15% +593987654321",
        ),
        ("{{ vence | string | replace('/', '-') }}", "28-11-2026"),
        (
            "{{ 'n.º ' ~ celular }}{{ ' a ' ~ saldo }}",
            "n.º 0987654321 a 1,23",
        ),
    ] {
        let ended = previewed(&home, &["people.xlsx", "--country=EC", "text", text]);
        let body = &serde_json::from_str::<Value>(&ended.stdout).unwrap()["body"];
        assert_eq!(
            (&body["text"], &body["userId"]),
            (&json!(expected), &json!("593987654321")),
            "{text}"
        );
        assert!(!ended.stderr.contains("are sent as stored"), "{ended:?}");
    }
    home.dry_run_list(&["people.xlsx", "--country=EC", "text", "{{ saldo | replace(',', '.') }}"]).fails(
        2,
        &["replace: the sheet shows `1,23`, but stores `1.234`\n    hint: to change what it shows, write `saldo | string` before replace"],
    );
    // Recipients do not read coordinates as numbers.
    let ended = previewed(
        &home,
        &[
            "people.xlsx",
            "--country=EC",
            "location",
            "--lat={{ saldo }}",
            "--long={{tasa}}",
        ],
    );
    assert!(
        ended.stdout.contains("1.234") && ended.stdout.contains("0.15"),
        "{ended:?}"
    );

    // A run keeps the stored and the shown value, so its report is sent again with the same message.
    let text = "{{ tasa }} {{ saldo }} {{ vence }}{% if tasa | percent == '15%' %}.{% endif %}";
    home.run_args(&[
        "--sandbox",
        "bulk",
        "send",
        "people.xlsx",
        "--country=EC",
        "--run=r",
        RATE,
        "text",
        text,
    ])
    .success();
    let report = home.run("bulk report r").success().stdout;
    assert!(
        report.contains("0987654321;15%;\"1,23\";28/11/2026;r;2;yes;"),
        "{report}"
    );
    home.write("again.csv", report);
    let ended = previewed(&home, &["again.csv", "--country=EC", "text", text]);
    assert_eq!(texts(&ended), ["15% 1,23 28/11/2026."]);

    let without = previewed(
        &home,
        &[
            "people.xlsx",
            "text",
            "--to=+593{{ celular }}",
            "{{ saldo }} {{ vence }} {{ tasa }}",
        ],
    );
    assert_eq!(texts(&without), ["1.234 2026-11-28 15%"]);
    for told in [
        "saldo: cells are sent as stored, `1.234` in line 2: the format `0.00` depends on the country\nhint: add --country, or a filter",
        "vence: cells are sent as stored, `2026-11-28` in line 2: the format `m/d/yyyy` depends on the country\nhint: add --country, or a filter",
    ] {
        assert!(without.stderr.contains(told), "{without:?}");
    }
    assert!(!without.stderr.contains("tasa: cells"), "{without:?}");
    let typed = ["text", "--to=+593{{ celular }}", "{{ saldo }}"];
    let strict = [&["people.xlsx"], &typed[..], &["--strict"]].concat();
    home.dry_run_list(&strict).fails(
        2,
        &[
            "error: saldo: cells are sent as stored, `1.234` in line 2",
            "hint: add --country, or a filter such as number(2)",
        ],
    );
    let page = ["--preview=all", "--file=page.html", "--lang=es"];
    let list = ["--sandbox", "bulk", "send", "people.xlsx"];
    home.run_args(&[&list[..], &page, &typed].concat())
        .success();
    let page = home.read("page.html");
    for shown in [
        "saldo: las celdas se envían como están guardadas, «1.234» en la fila 2",
        "Ninguna fila tiene una advertencia propia.",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.contains("Nada: todas las filas"), "{page}");
    let unused = previewed(
        &home,
        &[
            "people.xlsx",
            "text",
            "--to=+593{{ celular }}",
            "{{ vence | date('%d') }}",
        ],
    );
    assert!(!unused.stderr.contains("are sent as stored"), "{unused:?}");
    let unused = ["people.xlsx", "text", "--to=+593{{ celular }}"];
    let filtered = [&unused[..], &["{{ vence | date('%d') }}", "--strict"]].concat();
    home.dry_run_list(&filtered).success();
    // The flag would also set the country of the recipients' numbers.
    let header = header.replace("</row>", "<c t=\"str\"><v>pais</v></c></row>");
    let rows = header
        + &row(
            "987654321",
            &format!("{cells}<c t=\"str\"><v>Ecuador</v></c>"),
        );
    home.write("named.xlsx", xlsx(&[sheet("Hoja1", &rows)], ""));
    let named = previewed(
        &home,
        &["named.xlsx", "text", "{{ saldo }} {{ saldo | number(2) }}"],
    );
    assert_eq!(texts(&named), ["1.234 1,23"]);
    let told = "the format `0.00` depends on the country\nhint: add --country, or a filter such as number(2)\n";
    assert!(named.stderr.contains(told), "{named:?}");
    let parts = [
        "line 2: tasa: date: `0.15` is not a date",
        "nothing was sent",
    ];
    home.run_args(&[
        "--sandbox",
        "bulk",
        "send",
        "people.xlsx",
        "--country=EC",
        "text",
        "{{ tasa | date('%d') }}",
    ])
    .fails(2, &parts);
}

#[test]
fn ods_named_style_decides_the_printed_value() {
    let home = Home::new();
    let text = |text: &str| {
        format!(
            "<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let code = |style: &str| {
        format!(
            "<table:table-cell office:value-type=\"float\" office:value=\"123\" table:style-name=\"{style}\">\
             <text:p>00000123</text:p></table:table-cell>"
        )
    };
    let named = "<table:table-cell office:value-type=\"string\" office:string-value=\"Ana\"><text:p>Sr. Ana</text:p></table:table-cell>";
    let cells = [
        text("593987654321"),
        code("Codigo"),
        code("ce1"),
        code("Default"),
        named.to_owned(),
    ]
    .concat();
    let header = ["celular", "a", "b", "c", "d"].map(text).concat();
    let rows = format!(
        "<table:table-row>{header}</table:table-row><table:table-row>{cells}</table:table-row>"
    );
    home.write("people.ods", ods(&[sheet("Hoja1", &rows)]));
    let ended = previewed(
        &home,
        &[
            "people.ods",
            "text",
            "{{ a }} {{ b }} {{ c }} {{ a | number }} {{ d }}",
        ],
    );
    assert_eq!(texts(&ended), ["00000123 00000123 123 123 Sr. Ana"]);
    home.dry_run_list(&[
        "people.ods",
        "text",
        "{% if a == '00000123' %}x{% endif %}.",
    ])
    .fails(
        2,
        &[
            "the sheet shows `00000123`, but stores `123`",
            "write \"123\"",
        ],
    );
}

#[test]
fn cell_without_value_invalidates_its_row() {
    let home = Home::new();
    let row = |number: u32, cell: &str| {
        format!("<row r=\"{number}\"><c r=\"A{number}\"><v>59398765432{number}</v></c>{cell}</row>")
    };
    let rows = [
        HEADER.to_owned(),
        row(2, "<c r=\"B2\"><v>1</v></c>"),
        row(3, "<c r=\"B3\" t=\"e\"><f>X()</f><v>#N/A</v></c>"),
        row(4, "<c r=\"B4\"><f>A4</f></c>"),
        row(5, "<c r=\"B5\"><f>A5</f><v></v></c>"),
        row(6, "<c r=\"B6\" t=\"e\"><v>#SPILL!</v></c>"),
        row(9, "<c r=\"B9\"><v>1</v></c><c r=\"AB9\"><v>1</v></c>"),
    ];
    let list = xlsx(&[sheet("Hoja1", &rows.concat())], SHARED);
    let parts = [
        "line 3: n: cell B3 has the error #N/A",
        "line 4: n: cell B4 has a formula without a value",
        "line 5: n: cell B5 has a formula",
        "line 6: n: cell B6 has the error #SPILL!",
        "line 9: cell AB9 is filled, but the header ends at column B",
        "5 rows cannot be sent",
    ];
    refused(&home, &list, &[], &parts);
    let ended = home
        .run("--sandbox --dry-run bulk send people.xlsx --skip-invalid text {{n}}")
        .success();
    assert_eq!(texts(&ended), ["1"]);

    let row = |cell: &str| {
        format!(
            "<table:table-row><table:table-cell office:value-type=\"float\" office:value=\"593987654321\"/>{cell}</table:table-row>"
        )
    };
    let rows = [
        ods_rows(&[["celular", "n"]]),
        row(
            "<table:table-cell table:formula=\"of:=NA()\" office:value-type=\"string\" office:string-value=\"\" calcext:value-type=\"error\"><text:p>#N/A</text:p></table:table-cell>",
        ),
        row("<table:table-cell table:formula=\"of:=1\"/>"),
        row(
            "<table:table-cell table:formula=\"of:=NA()\" office:value-type=\"float\" office:value=\"0\"><text:p>#N/A</text:p></table:table-cell>",
        ),
    ];
    let parts = [
        "line 2: n: cell B2 has the error #N/A",
        "line 3: n: cell B3 has a formula without a value",
        "line 4: n: cell B4 has the error #N/A",
    ];
    refused(&home, &ods(&[sheet("Hoja1", &rows.concat())]), &[], &parts);

    let header = "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>to</v></c><c r=\"B1\" t=\"e\"><v>#REF!</v></c></row>";
    let parts = ["people.xlsx: cell B1 has the error #REF! (in the header)"];
    refused(&home, &xlsx(&[sheet("Hoja1", header)], ""), &[], &parts);
}

/// LibreOffice saves no type for an empty result, and the format of a formula's result only in its text.
#[test]
fn formula_of_opendocument_has_its_saved_text() {
    let home = Home::new();
    let row = |n: u32, cell: &str| {
        format!(
            "<table:table-row><table:table-cell office:value-type=\"float\" office:value=\"59398765432{n}\"/>\
             <table:table-cell table:formula=\"of:=A1\" {cell}</table:table-cell></table:table-row>"
        )
    };
    let rows = [
        ods_rows(&[["celular", "n"]]),
        row(1, "><text:p/>"),
        row(
            2,
            "office:value-type=\"float\" office:value=\"46371\"><text:p>12/15/26</text:p>",
        ),
        row(
            3,
            "office:value-type=\"float\" office:value=\"0.333333333333333\"><text:p>0.33</text:p>",
        ),
    ];
    home.write("people.ods", ods(&[sheet("Hoja1", &rows.concat())]));
    let send = |flags: &str| {
        home.run("--sandbox --dry-run bulk send people.ods --country EC")
            .args(&flags.split_whitespace().collect::<Vec<_>>())
            .args(&["text", "{{ n | default('-') }}"])
    };
    let filled = texts(&send("").success());
    assert_eq!(filled, ["-", "12/15/26", "0,333333333333333"]);
    let wrong = row(4, "><text:p>#REF!</text:p>");
    let dates = [
        row(
            5,
            "office:value-type=\"float\" office:value=\"46371\"><text:p>15-12-26</text:p>",
        ),
        row(
            6,
            "office:value-type=\"float\" office:value=\"46371\"><text:p>15.12.26</text:p>",
        ),
    ];
    let rows = [ods_rows(&[["celular", "n"]]), wrong, dates.concat()];
    home.write("people.ods", ods(&[sheet("Hoja1", &rows.concat())]));
    send("").fails(2, &["line 2: n: cell B2 has a formula without a value"]);
    let filled = texts(&send("--skip-invalid").success());
    assert_eq!(filled, ["15-12-26", "15.12.26"]);
}

#[test]
fn hidden_rows_are_skipped_or_included_by_flag() {
    let home = Home::new();
    let rows = format!(
        "<row/>{HEADER}<row r=\"2\" hidden=\"1\"><c t=\"str\"><v>593987654321</v></c></row>\
         <row r=\"5\" hidden=\"true\"><c><v>593987654322</v></c></row><row><c><v>593987654323</v></c></row><row r=\"99\"/>"
    );
    home.write("people.xlsx", xlsx(&[sheet("Hoja1", &rows)], SHARED));
    let parts = [
        "2 rows are hidden or crossed out in the sheet: line 2, 5",
        "to skip them: --hidden skip; to send them: --hidden send",
    ];
    home.run("--sandbox bulk send people.xlsx text '{{ celular }}'")
        .fails(2, &parts);
    let faulty = "1 row cannot be sent";
    let hint = "hint: to skip it: --skip-invalid";
    home.write(
        "faulty.xlsx",
        xlsx(
            &[sheet("Hoja1", &rows.replace("593987654323", "12"))],
            SHARED,
        ),
    );
    home.run("--sandbox bulk send faulty.xlsx text '{{ celular }}'")
        .fails(2, &[faulty, hint]);
    let ended = previewed(
        &home,
        &["people.xlsx", "--hidden", "send", "text", "{{ celular }}"],
    );
    assert_eq!(
        texts(&ended),
        ["593987654321", "593987654322", "593987654323"]
    );
    assert!(
        ended
            .stderr
            .contains("2 rows are hidden or crossed out in the sheet: line 2, 5; --hidden: sent"),
        "{ended:?}"
    );
    let ended = home
        .run("--sandbox bulk send people.xlsx --run r --hidden skip text x")
        .success();
    assert_eq!(
        (ended.json()["sent"].clone(), ended.reasons()),
        (json!(1), json!({ "hidden": 2 }))
    );
    let report = home.run("bulk report r").success().stdout;
    assert!(
        report.contains(",2,no,,,hidden,the row is hidden or crossed out in the sheet,0,"),
        "{report}"
    );
    let hidden = "<row r=\"2\" hidden=\"1\"><c t=\"str\"><v>593987654321</v></c></row>";
    home.write(
        "hidden.xlsx",
        xlsx(
            &[sheet("Hoja1", &format!("<row/>{HEADER}{hidden}"))],
            SHARED,
        ),
    );
    let words = "--sandbox bulk send hidden.xlsx --hidden skip text x";
    assert_eq!(
        home.run(words).success().json()["skipped_reasons"],
        json!({ "hidden": 1 })
    );
    let row = "<table:table-row table:visibility=\"filter\" table:number-rows-repeated=\"2\"><table:table-cell \
               office:value-type=\"string\"><text:p>593987654321</text:p></table:table-cell></table:table-row>";
    let plain = row.replace(" table:visibility=\"filter\"", "");
    let folded = format!(
        "<table:table-row-group table:display=\"false\">{plain}</table:table-row-group>{plain}"
    );
    for (row, all) in [(row, 2), (&folded, 4)] {
        let rows = ods_rows(&[["to"]]) + row;
        home.write("people.ods", ods(&[sheet("Hoja1", &rows)]));
        let ended = previewed(
            &home,
            &[
                "people.ods",
                "--hidden",
                "send",
                "--allow-duplicates",
                "text",
                "x",
            ],
        );
        assert_eq!(texts(&ended).len(), all);
        assert!(ended.stderr.contains("2 rows are hidden"), "{ended:?}");
    }
    let rows = format!(
        "{HEADER}<row r=\"2\" ht=\"0\" customHeight=\"1\"><c><v>593987654321</v></c></row>\
         <row r=\"3\" ht=\"15\"><c><v>593987654322</v></c></row>"
    );
    home.write("people.xlsx", xlsx(&[sheet("Hoja1", &rows)], SHARED));
    home.run("--sandbox bulk send people.xlsx text x")
        .fails(2, &["1 row is hidden", "line 2"]);
}

#[test]
fn hidden_row_after_the_limit_is_not_refused() {
    let home = Home::new();
    // Lines 2 and 3 are the same message, so jelouctl also reads line 5 for a limit of 2.
    let rows = format!(
        "{HEADER}<row r=\"2\"><c><v>593987654321</v></c></row><row r=\"3\"><c><v>593987654321</v></c></row>\
         <row r=\"4\"><c><v>593987654322</v></c></row><row r=\"5\" hidden=\"1\"><c><v>593987654323</v></c></row>\
         <row r=\"6\"><c><v>593987654324</v></c></row>"
    );
    home.write("people.xlsx", xlsx(&[sheet("Hoja1", &rows)], SHARED));
    let send = |limit: &str| {
        home.dry_run_list(&[
            "people.xlsx",
            "--skip-invalid",
            "--limit",
            limit,
            "text",
            "x",
        ])
    };
    send("2")
        .success()
        .stderr_has(&["--limit is reached in line 4"]);
    send("3").fails(2, &["1 row is hidden", "line 5"]);
}

#[test]
fn struck_through_rows_are_treated_as_hidden() {
    let home = Home::new();
    let header = [["celular", "nombre", "saldo"]];
    // For each row, the styles of its cells.
    let xlsx_row = |number: usize, styles: &[u8]| {
        let value = |column| {
            if column == 0 {
                format!("59398765432{number}")
            } else {
                format!("1{number}")
            }
        };
        let cell = |(column, style): (usize, &u8)| {
            format!("<c s=\"{style}\"><v>{}</v></c>", value(column))
        };
        format!(
            "<row>{}<c s=\"8\"/></row>",
            styles.iter().enumerate().map(cell).collect::<String>()
        )
    };
    // The number alone is enough.
    let rows = [
        &[8, 8, 8][..],
        &[0, 0, 8],
        &[0, 8, 8],
        &[9, 9, 9],
        &[8, 0, 0],
    ];
    let rows: String = rows
        .iter()
        .enumerate()
        .map(|(number, styles)| xlsx_row(number, styles))
        .collect();
    home.write(
        "people.xlsx",
        xlsx(&[sheet("Hoja1", &(xlsx_rows(&header) + &rows))], ""),
    );
    let ods_row = |number: usize, styles: &[&str]| {
        let value = |column| {
            if column == 0 {
                format!("59398765432{number}")
            } else {
                format!("1{number}")
            }
        };
        let cell = |(column, style): (usize, &&str)| {
            let value = value(column);
            format!(
                "<table:table-cell table:style-name=\"{style}\" office:value-type=\"float\" office:value=\"{value}\"/>"
            )
        };
        let cells = styles.iter().enumerate().map(cell).collect::<String>();
        // A cell's own style counts first.
        format!("<table:table-row table:default-cell-style-name=\"ce2\">{cells}</table:table-row>")
    };
    let rows = [
        ["Tachado", "ce2", "ce2"],
        ["ce1", "ce1", "ce2"],
        ["ce1", "ce2", "ce2"],
        ["ce3", "ce3", "ce3"],
        ["ce2", "ce1", "ce1"],
    ];
    let rows: String = rows
        .iter()
        .enumerate()
        .map(|(number, styles)| ods_row(number, styles))
        .collect();
    home.write(
        "people.ods",
        ods(&[sheet("Hoja1", &(ods_rows(&header) + &rows))]),
    );
    for list in ["people.xlsx", "people.ods"] {
        let told = "3 rows are hidden or crossed out in the sheet: line 2, 4, 6";
        let send = |how: &[&str]| {
            let args = [
                &["--sandbox", "bulk", "send", list][..],
                how,
                &["text", "{{ celular }}"],
            ]
            .concat();
            home.run_args(&args)
        };
        send(&[]).fails(2, &[told, "to skip them: --hidden skip"]);
        let ended = send(&["--hidden", "skip"]).success();
        assert_eq!(
            ended.json()["skipped_reasons"],
            json!({ "hidden": 3 }),
            "{ended:?}"
        );
        assert_eq!(
            texts(&previewed(&home, &[list, "--hidden", "send", "text", "x"])).len(),
            5
        );
        // A crossed-out recipient of an exclusion list stays excluded.
        home.write("all.csv", "celular\n593987654320\n593987654325\n");
        let ended = home
            .run_args(&[
                "--sandbox",
                "bulk",
                "send",
                "all.csv",
                "--exclude",
                list,
                "text",
                "x",
            ])
            .success();
        assert_eq!(
            ended.json()["skipped_reasons"],
            json!({ "excluded": 1 }),
            "{ended:?}"
        );
    }
    let hidden = xlsx_row(0, &[8]) + "<row hidden=\"1\"><c><v>593987654321</v></c></row>";
    home.write(
        "both.xlsx",
        xlsx(&[sheet("Hoja1", &(xlsx_rows(&[["to"]]) + &hidden))], ""),
    );
    let told = "2 rows are hidden or crossed out in the sheet: line 2, 3";
    home.run("--sandbox bulk send both.xlsx text x")
        .fails(2, &[told]);
}

#[test]
fn first_visible_or_named_sheet_is_read() {
    let home = Home::new();
    let rows = ["593987654321", "593987654322", "593987654323"].map(|user| [["to"], [user]]);
    for is_ods in [false, true] {
        let written = rows.map(|rows| {
            if is_ods {
                ods_rows(&rows)
            } else {
                xlsx_rows(&rows)
            }
        });
        let sheets = [
            TestSheet {
                name: "Notas &amp; más",
                is_hidden: true,
                rows: &written[0],
            },
            sheet("Clientes", &written[1]),
            sheet("Proveedores", &written[2]),
        ];
        let list = if is_ods {
            ods(&sheets)
        } else {
            xlsx(&sheets, "")
        };
        home.write("people.xlsx", &list);
        for (asked, expected) in [
            (&[][..], "593987654322"),
            (&["--sheet", "proveedores "], "593987654323"),
            (&["--sheet", "Notas & más"], "593987654321"),
        ] {
            let ended = previewed(
                &home,
                &[&["people.xlsx"], asked, &["text", "{{ to }}"]].concat(),
            );
            assert_eq!(texts(&ended), [expected]);
            let told = ended.stderr.contains(
                "reading the sheet `Clientes`; the workbook has 1 other sheet: `Proveedores`",
            );
            assert_eq!(told, asked.is_empty(), "{ended:?}");
        }
        let parts = [
            "has no sheet `Cliente` (did you mean `Clientes`?); there are: Notas & más, Clientes, Proveedores",
        ];
        refused(&home, &list, &["--sheet", "Cliente"], &parts);
        let hidden = [TestSheet {
            name: "x",
            is_hidden: true,
            rows: &written[0],
        }];
        let list = if is_ods {
            ods(&hidden)
        } else {
            xlsx(&hidden, "")
        };
        refused(
            &home,
            &list,
            &[],
            &[
                "people.xlsx has no visible sheet; hidden: x",
                "hint: to read `x`: --sheet x\n",
            ],
        );
        let list = if is_ods { ods(&[]) } else { xlsx(&[], "") };
        refused(&home, &list, &[], &["people.xlsx has no visible sheet\n"]);
        let list = if is_ods {
            ods(&[sheet("x", "")])
        } else {
            xlsx(&[sheet("x", "<row/>")], "")
        };
        refused(&home, &list, &[], &["people.xlsx has no rows"]);
    }
}

/// Creates a workbook of each format with these sheets. The second sheet is in front.
fn with_second_in_front(sheets: [(&str, &[&[&str]]); 2]) -> [Vec<u8>; 2] {
    let [excel, open] = [false, true].map(|is_ods| {
        sheets.map(|(_, rows)| {
            if is_ods {
                ods_rows(rows)
            } else {
                xlsx_rows(rows)
            }
        })
    });
    let names = sheets.map(|(name, _)| name);
    let in_excel = [sheet(names[0], &excel[0]), sheet(names[1], &excel[1])];
    let in_open = [sheet(names[0], &open[0]), sheet(names[1], &open[1])];
    [
        xlsx_in_front(&in_excel, 1),
        ods_in_front(&in_open, Some(names[1])),
    ]
}

#[test]
fn other_list_in_front_is_not_ignored() {
    let home = Home::new();
    let october = [&["celular", "n"][..], &["593987654321", "octubre"]];
    let november = [&["n", "Celular"][..], &["noviembre", "593987654322"]];
    let named = [&["Quién", "n"][..], &["593987654321", "octubre"]];
    let titled = [&["Lista"][..], &["Celular", "n"], &["593987654322", "b"]];
    for (first, front) in [
        (&october[..], &november[..]),
        (&named, &named),
        (&october, &titled),
    ] {
        for list in with_second_in_front([("Octubre", first), ("D'Nov", front)]) {
            let parts = [
                "people.xlsx was saved with the sheet `D'Nov` open, but its first sheet is `Octubre`",
                "hint: to read `D'Nov`: --sheet 'D'\\''Nov'; to read `Octubre`: --sheet Octubre\n",
            ];
            refused(&home, &list, &[], &parts);
        }
    }
    for list in with_second_in_front([("Octubre", &october), ("D'Nov", &november)]) {
        home.write("people.xlsx", &list);
        for (asked, expected) in [("Octubre", "octubre"), ("D'Nov", "noviembre")] {
            let ended = previewed(&home, &["people.xlsx", "--sheet", asked, "text", "{{ n }}"]);
            assert_eq!(texts(&ended), [expected]);
        }
    }
}

#[test]
fn sheet_in_front_without_list_changes_nothing() {
    let home = Home::new();
    let people = [&["celular", "n"][..], &["593987654321", "Ana"]];
    let summary = [&["Resumen"][..], &["Clientes", "Total"], &["3", "15"]];
    let cover = [&["Contacto", "Ventas"][..], &["Celular", "por confirmar"]];
    let header = [&["celular", "n"][..]];
    let note = "note: reading the sheet `Clientes`; the workbook has 1 other sheet: `Otra`\nhint: to read `Otra`: --sheet Otra";
    for (front, told) in [
        (&summary[..], true),
        (&cover, true),
        (&header, true),
        (&[], false),
    ] {
        for list in with_second_in_front([("Clientes", &people), ("Otra", front)]) {
            home.write("people.xlsx", &list);
            let ended = previewed(&home, &["people.xlsx", "text", "{{ n }}"]);
            assert_eq!(texts(&ended), ["Ana"]);
            assert_eq!(ended.stderr.contains(note), told, "{ended:?}");
            assert_eq!(ended.stderr.contains("sheet"), told, "{ended:?}");
        }
    }
    // The first sheet is in front, as in most workbooks.
    let rows = [people, people].map(|rows| xlsx_rows(&rows));
    let sheets = [sheet("Clientes", &rows[0]), sheet("Otra", &rows[1])];
    home.write("people.xlsx", xlsx_in_front(&sheets, 0));
    let ended = previewed(&home, &["people.xlsx", "text", "{{ n }}"]);
    assert!(ended.stderr.contains(note), "{ended:?}");
}

#[test]
fn accounting_dash_is_sent_as_zero() {
    let home = Home::new();
    let amount = |value: &str, shown: &str| {
        format!(
            "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>593987654321</text:p></table:table-cell>\
             <table:table-cell table:style-name=\"ce1\" office:value-type=\"currency\" office:value=\"{value}\">\
             <text:p>{shown}</text:p></table:table-cell></table:table-row>"
        )
    };
    for (value, shown, expected) in [
        ("0", " $ -   ", "$ 0"),
        ("0", "-", "0"),
        ("0", "- €", "0 €"),
        ("0", "gratis", "gratis"),
        ("-5", "$ -5", "$ -5"),
        ("12.5", " $ 12,50 ", "$ 12,50"),
    ] {
        let rows = ods_rows(&[["celular", "saldo"]]) + &amount(value, shown);
        home.write("people.ods", ods(&[sheet("Hoja1", &rows)]));
        let ended = previewed(&home, &["people.ods", "text", "Debe {{ saldo }}."]);
        assert_eq!(texts(&ended), [format!("Debe {expected}.")], "{shown}");
    }
    // A CSV does not have the number, so the recipient would read the dash.
    home.write("people.csv", "celular,saldo\n593987654321,$ -\n");
    let ended = previewed(&home, &["people.csv", "text", "Debe {{ saldo }}."]);
    assert_eq!(texts(&ended), ["Debe $ -."]);
}

#[test]
fn workbook_report_has_delimiter_of_its_country() {
    let home = Home::new();
    let rows = xlsx_rows(&[["celular", "n"], ["593987654321", "Ana"]]);
    home.write("people.xlsx", xlsx(&[sheet("Hoja1", &rows)], ""));
    home.write("people.csv", "celular,n\n593987654321,Ana\n");
    for (list, flags, header) in [
        (
            "people.xlsx",
            &["--country=EC"][..],
            "\u{feff}celular;n;run;line;sent;",
        ),
        (
            "people.xlsx",
            &["--country=MX"],
            "\u{feff}celular,n,run,line,sent,",
        ),
        ("people.xlsx", &[], "\u{feff}celular,n,run,line,sent,"),
        ("people.csv", &["--country=EC"], "celular,n,run,line,sent,"),
    ] {
        let words = [
            &["--sandbox", "bulk", "send", list, RATE][..],
            flags,
            &["text", "{{ n }}"],
        ];
        home.run_args(&words.concat()).success();
        let report = home.run("--sandbox bulk report").success().stdout;
        assert!(report.starts_with(header), "{list} {flags:?}: {report}");
        home.write("again.csv", &report);
        let ended = previewed(&home, &["again.csv", "text", "{{ n }}"]);
        assert_eq!(texts(&ended), ["Ana"], "{list} {flags:?}");
    }
    let typed = home.run("--sandbox bulk report --delimiter ,").success();
    assert!(
        typed.stdout.starts_with("\u{feff}celular,n,run,"),
        "{typed:?}"
    );
}

#[test]
fn first_filled_or_named_row_is_the_header() {
    let home = Home::new();
    let people = [
        &["Noviembre"][..],
        &["n", "celular"],
        &["Ana", "593987654321"],
    ];
    let cover = [&["Portada"][..], &["Contacto:", "Ventas"]];
    let two_rows = [
        &["Cliente", "", "Contacto", ""][..],
        &["Nombre", "Apellido", "Celular", "Correo"],
        &["Ana", "Paz", "593987654321", "x"],
    ];
    let other = [&["celular", "n"][..], &["593987654322", "Eva"]];
    let deep = [
        &[&["x", "y"][..]; 20][..],
        &[&["celular", "n"], &["593987654323", "Luz"]],
    ]
    .concat();
    for is_ods in [false, true] {
        let written = |rows: &[&[&str]]| {
            if is_ods {
                ods_rows(rows)
            } else {
                xlsx_rows(rows)
            }
        };
        let book = |sheets: &[TestSheet<'_>]| {
            if is_ods {
                ods(sheets)
            } else {
                xlsx(sheets, "")
            }
        };
        let [people, cover, two_rows, other, deep] =
            [&people[..], &cover, &two_rows, &other, &deep].map(written);
        let (cover, other, people) = (
            sheet("Portada", &cover),
            sheet("Más", &other),
            sheet("Los 'VIP'", &people),
        );
        let deep = sheet("Abajo", &deep);
        for (sheets, flags, expected, told) in [
            (&[cover, other][..], &["--sheet", "más"][..], "Eva", ""),
            (&[other, people], &[], "Eva", "reading the sheet `Más`"),
            (
                &[cover, people, other],
                &["--header-row", "2", "--sheet", "Los 'VIP'"],
                "Ana",
                "",
            ),
            (
                &[cover, deep],
                &["--header-row", "21", "--sheet", "Abajo"],
                "Luz",
                "",
            ),
        ] {
            home.write("people.xlsx", book(sheets));
            let ended = previewed(
                &home,
                &[&["people.xlsx"], flags, &["text", "{{ n }}"]].concat(),
            );
            assert_eq!(texts(&ended), [expected], "{flags:?}");
            assert!(ended.stderr.contains(told), "{told}: {ended:?}");
        }
        for (sheets, flags, parts) in [
            (
                &[people][..],
                &[][..],
                &[
                    "the first line is a title, not the header: `Noviembre`",
                    "to read line 2 as the header (n, celular): --header-row 2; to read line 1 as the header (Noviembre): \
                     --header-row 1",
                ][..],
            ),
            (
                &[sheet("Dos filas", &two_rows)],
                &[],
                &[
                    "cell D2 is filled, but the header ends at column C",
                    "to read line 2 as the header (Nombre, Apellido, Celular, Correo): --header-row 2",
                ],
            ),
            (
                &[cover],
                &[],
                &[
                    "the first line is a title, not the header: `Portada`",
                    "to read line 2 as the header (Contacto:, Ventas): --header-row 2",
                ],
            ),
            (
                &[sheet("Vacía", ""), deep],
                &[],
                &[
                    "people.xlsx has no rows",
                    "hint: to read `Abajo`: --sheet Abajo\n",
                ],
            ),
            (
                &[other],
                &["--header-row", "9"],
                &["--header-row 9: people.xlsx ends in line 2"],
            ),
            (
                &[other],
                &["--header-row", "1000000"],
                &["people.xlsx ends in line 2"],
            ),
        ] {
            refused(&home, &book(sheets), flags, parts);
        }
    }
}

#[test]
fn workbook_is_read_from_standard_input() {
    let home = Home::new();
    let rows = xlsx_rows(&[["to"], ["593987654321"]]);
    let list = xlsx(&[sheet("Hoja1", &rows)], "");
    let ended = home
        .run("--sandbox --dry-run bulk send - text {{to}}")
        .stdin(list)
        .success();
    assert_eq!(texts(&ended), ["593987654321"]);
}

#[test]
fn list_of_sixty_columns_is_accepted() {
    let home = Home::new();
    let row = |begin: &str, last: &str| -> Vec<_> {
        (0..60)
            .map(|place| {
                if place == 59 {
                    last.to_owned()
                } else {
                    format!("{begin}{place}")
                }
            })
            .collect()
    };
    let (header, row) = (row("c", "celular"), row("v", "593987654321"));
    home.write(
        "people.xlsx",
        xlsx(&[sheet("Hoja1", &xlsx_rows(&[header, row]))], ""),
    );
    assert_eq!(
        texts(&previewed(
            &home,
            &["people.xlsx", "text", "{{ c0 }} {{ c58 }}"]
        )),
        ["v0 v58"]
    );
}

#[test]
fn unreadable_workbook_is_explained_with_a_fix() {
    let home = Home::new();
    let whole = xlsx(&[sheet("Hoja1", HEADER)], SHARED);
    let with = |name: &str, content: &str| {
        let mut parts = xlsx_parts(&[sheet("Hoja1", HEADER)], SHARED);
        parts.retain(|(known, _)| known != name);
        parts.push((name.to_owned(), content.to_owned()));
        let parts: Vec<_> = parts
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_bytes()))
            .collect();
        zip(&parts)
    };
    let in_sheet = |rows: &str| {
        with(
            "xl/worksheets/0.xml",
            &format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"),
        )
    };
    let row = |cells: &str| in_sheet(&format!("{HEADER}<row r=\"2\">{cells}</row>"));
    let locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0".to_vec();
    let encrypted = zip(&[
        (
            "mimetype",
            b"application/vnd.oasis.opendocument.spreadsheet",
        ),
        (
            "META-INF/manifest.xml",
            b"<m:manifest><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>",
        ),
    ]);
    let mut flipped = whole.clone();
    // In the first part, which is the sheet, after its name.
    flipped[70] ^= 0xff;
    let long = "x".repeat(600 * 1024);
    let as_csv = "save the sheet as \"CSV UTF-8\"";
    for (list, parts) in [
        (
            locked,
            &[
                "found an older Office file (.xls) or a workbook with a password",
                "save the sheet as",
            ][..],
        ),
        (encrypted, &["people.xlsx: the workbook has a password"]),
        (
            whole[..whole.len() / 2].to_vec(),
            &[
                "people.xlsx: damaged or incomplete",
                "copy or download it again",
            ],
        ),
        (
            b"PK\x03\x04\x14\0\0\0\0\0xl/workbook.xml".to_vec(),
            &["people.xlsx: damaged or incomplete"],
        ),
        (flipped, &["people.xlsx: damaged"]),
        (
            with("xl/workbook.xml", "<workbook><sheets>"),
            &["xl/workbook.xml: it ended too early", as_csv],
        ),
        (
            with("xl/workbook.xml", ""),
            &["people.xlsx has no visible sheet"],
        ),
        (
            with("xl/_rels/workbook.xml.rels", "<Relationships/>"),
            &["people.xlsx has no visible sheet"],
        ),
        (
            with("xl/worksheets/0.xml", "<worksheet><sheetData><row"),
            &["damaged workbook: xl/worksheets/0.xml"],
        ),
        (
            with("xl/sharedStrings.xml", "<sst/>"),
            &["there is no text 0"],
        ),
        (
            with(
                "xl/sharedStrings.xml",
                "<sst><si><t>&unknown;</t></si></sst>",
            ),
            &["&unknown; is unknown"],
        ),
        (row("<c r=\"??\"><v>1</v></c>"), &["there is no cell `??`"]),
        (
            row("<c r=\"XFE2\"><v>1</v></c>"),
            &["row 2 has a cell after the last possible one"],
        ),
        (
            row("<c r=\"ZZZZZZZZZZZZZZZZZZZZZZ2\"><v>1</v></c>"),
            &["there is no cell `ZZZ"],
        ),
        (
            row("<c t=\"x\"><v>1</v></c>"),
            &["a cell has the unknown type `x`"],
        ),
        (
            row(&format!("<c t=\"str\"><v>{long}</v></c>").repeat(2)),
            &["row 2 has more than 1048576 bytes of text"],
        ),
        (
            in_sheet(&format!("{HEADER}<row r=\"1048577\"><c><v>1</v></c></row>")),
            &["row 1048577 has a cell after"],
        ),
        (
            in_sheet(&format!("{HEADER}<row r=\"x\"><c><v>1</v></c></row>")),
            &["a row has no number"],
        ),
    ] {
        refused(&home, &list, &[], &[parts, &["people.xlsx"]].concat());
    }
    let csv = home.write("people.csv", "to\n593987654321\n");
    let csv = csv.to_str().unwrap();
    let text = home.run_args(&[
        "--sandbox",
        "bulk",
        "send",
        csv,
        "--sheet",
        "x",
        "text",
        "x",
    ]);
    text.fails(
        2,
        &[
            "--sheet: ",
            "people.csv is not a workbook, so it has no sheets\n",
        ],
    );
    refused(
        &home,
        &whole,
        &["--encoding", "latin1"],
        &["--encoding: people.xlsx is a workbook, which has no encoding\n"],
    );
}

#[test]
fn compressed_workbook_uses_little_memory() {
    let home = Home::new();
    let bomb = |rows: &str| xlsx(&[sheet("Hoja1", rows)], SHARED);
    let text = "x".repeat(3 * 1024 * 1024);
    let cell = format!("{HEADER}<row><c t=\"str\"><v>{text}</v></c></row>");
    refused(
        &home,
        &bomb(&cell),
        &[],
        &["one text or tag has more than 2 MiB"],
    );
    let tag = format!("<row {text}=\"\"/>");
    refused(
        &home,
        &bomb(&tag),
        &[],
        &["one text or tag has more than 2 MiB"],
    );
    refused(
        &home,
        &bomb(&"<a>".repeat(1000)),
        &[],
        &["the tags are nested too deeply"],
    );
    let shared = xlsx(
        &[sheet("Hoja1", HEADER)],
        &format!("<si><t>{text}</t></si>"),
    );
    refused(
        &home,
        &shared,
        &[],
        &["xl/sharedStrings.xml: one text or tag has more than 2 MiB"],
    );
    let mut styles = xlsx_parts(&[sheet("Hoja1", HEADER)], SHARED);
    for (name, content) in &mut styles {
        if name == "xl/styles.xml" {
            *content = format!("<x a=\"{}\"/>", &text[..1024 * 1024]).repeat(65);
        }
    }
    let styles: Vec<_> = styles
        .iter()
        .map(|(name, content)| (name.as_str(), content.as_bytes()))
        .collect();
    refused(
        &home,
        &zip(&styles),
        &[],
        &["xl/styles.xml: it has more than 64 MiB"],
    );
    let cells = "<table:table-row><table:table-cell table:number-columns-repeated=\"999999999999\" \
                 office:value-type=\"string\"><text:p>x</text:p></table:table-cell></table:table-row>";
    refused(
        &home,
        &ods(&[sheet("x", cells)]),
        &[],
        &["row 1 has a cell after the last possible one"],
    );
    let rows = "<table:table-row table:number-rows-repeated=\"999999999999\"><table:table-cell \
                office:value-type=\"string\"><text:p>to</text:p></table:table-cell></table:table-row>";
    refused(
        &home,
        &ods(&[sheet("x", rows)]),
        &[],
        &["a sheet has at most 1048576 rows"],
    );
    let spaces = "<table:table-row><table:table-cell><text:p><text:s text:c=\"999999999999\"/></text:p></table:table-cell>\
                  </table:table-row>";
    refused(
        &home,
        &ods(&[sheet("x", spaces)]),
        &[],
        &["people.xlsx has no rows"],
    );
}

#[test]
fn rejected_row_of_workbook_keeps_its_date() {
    let home = Home::new();
    // Style 4 shows 05/12/2026, and the United States write the month first.
    let rows = xlsx_rows(&[["to", "vence"]])
        + "<row><c><v>1</v></c><c s=\"4\"><v>46361</v></c></row>\
           <row><c><v>593987654322</v></c><c s=\"4\"><v>46361</v></c></row>";
    home.write("people.xlsx", xlsx(&[sheet("Hoja1", &rows)], ""));
    let text = "{{ vence | date('%-d. %-m.') }}";
    for file in ["rejects.csv", "rejects.ndjson", "rejects.xlsx"] {
        let flags = [
            "people.xlsx",
            "--country",
            "US",
            "--skip-invalid",
            "--rejects",
            file,
        ];
        previewed(&home, &[&flags[..], &["text", text]].concat());
        let corrected = [
            file,
            "--country",
            "US",
            "text",
            "--to",
            "59398765432{{ to }}",
            text,
        ];
        assert_eq!(texts(&previewed(&home, &corrected)), ["5. 12."], "{file}");
    }
}

#[test]
fn csv_report_of_workbook_is_reusable() {
    let home = Home::new();
    let jelou = Jelou::start(|user, earlier| {
        if user.ends_with('2') && earlier == 0 {
            Act::Answer(400, "", "{}")
        } else {
            Act::Accept
        }
    });
    let rows = [
        ["to", "año"],
        ["593987654321", "=1+1"],
        ["593987654322", "'ñ, \"x\"\ny"],
    ];
    home.write(
        "people.xlsx",
        xlsx(&[sheet("Hoja1", &xlsx_rows(&rows))], ""),
    );
    let send = |list: &str, run: &str| {
        home.run_args(&[
            "bulk",
            "send",
            list,
            "--yes",
            "--run",
            run,
            RATE,
            "text",
            "{{ año }}",
        ])
        .api(&jelou.url)
    };
    send("people.xlsx", "a").fails(10, &[]);
    let report = home.run("bulk report a").success().stdout;
    let header = "\u{feff}to,año,run,line,sent,message_id,http_status,code,error,attempts,at,\
                  delivery,delivered_at,read_at,delivery_error,sent_to\n593987654321,'=1+1,a,2,yes,";
    assert!(report.starts_with(header), "{report}");
    home.run("bulk report a --state failed --file again.csv")
        .success();
    send("again.csv", "b").success();
    let received: Vec<_> = jelou
        .requests()
        .iter()
        .map(|seen| seen.received.json()["text"].clone())
        .collect();
    assert_eq!(received, ["=1+1", "'ñ, \"x\"\ny", "'ñ, \"x\"\ny"]);

    // A spreadsheet may have saved the report as a workbook.
    let report = report.trim_start_matches('\u{feff}');
    let rows: Vec<_> = report
        .lines()
        .take(2)
        .map(|line| line.split(',').collect::<Vec<_>>())
        .collect();
    home.write(
        "report.xlsx",
        xlsx(&[sheet("Hoja1", &xlsx_rows(&rows))], ""),
    );
    let ended = previewed(&home, &["report.xlsx", "text", "{{ año }}"]);
    assert_eq!(texts(&ended), ["=1+1"]);
}

#[test]
fn resent_workbook_report_sends_the_same_text() {
    let home = Home::new();
    let jelou = Jelou::start(|_, earlier| {
        if earlier == 0 {
            Act::Answer(400, "", "{}")
        } else {
            Act::Accept
        }
    });
    let row = |user: &str| {
        format!(
            "<row><c s=\"6\"><v>{user}</v></c><c s=\"5\"><v>1.234</v></c><c s=\"1\"><v>46146</v></c></row>"
        )
    };
    let header = xlsx_rows(&[["codigo", "saldo", "vence"]]);
    home.write(
        "people.xlsx",
        xlsx(&[sheet("Hoja1", &(header.clone() + &row("87654321")))], ""),
    );
    let text = "{{ codigo }} {{ saldo }} {{ vence }}{% if codigo == '87654321' and saldo | number > 1.23 %}.{% endif %} \
                {{ vence | date('%-d/%-m') }}";
    let send = |list: &str, country: &str, more: &[&str]| {
        let words = ["bulk", "send", list, "--country", country, RATE];
        home.run_args(&[&words, more, &["text", "--to=+5939{{ codigo }}", text]].concat())
            .api(&jelou.url)
    };
    send("people.xlsx", "US", &["--yes", "--run=a"]).fails(10, &[]);
    home.run("bulk report a --file again.csv").success();
    assert!(
        home.read("again.csv")
            .contains("\n0087654321,1.23,05/04/2026,a,2,no,"),
        "{}",
        home.read("again.csv")
    );
    home.run("bulk report a --file again.xlsx").success();
    let said = "0087654321 1.23 05/04/2026. 4/5";
    for again in ["again.csv", "again.xlsx"] {
        let preview = send(again, "EC", &["--dry-run"]).success();
        assert_eq!(texts(&preview), [said], "{again}");
    }
    // A corrected cell keeps its new value.
    home.write(
        "corrected.csv",
        home.read("again.csv")
            .replace(",1.23,", ",7,")
            .replace("0087654321", "87654321"),
    );
    send("corrected.csv", "EC", &["--test-to=+593987654321"]).success();
    send("again.csv", "EC", &["--test-to=+593987654321"]).success();
    send("again.csv", "EC", &["--yes", "--run=b"]).success();
    home.run("bulk report b --file again.csv --yes").success();
    send("again.csv", "EC", &["--yes", "--run=c", "--again"]).success();
    let received: Vec<_> = jelou
        .requests()
        .iter()
        .map(|seen| seen.received.json()["text"].clone())
        .collect();
    assert_eq!(
        received,
        [said, "87654321 7 05/04/2026. 4/5", said, said, said]
    );

    // In a partly sorted report, no row gets the stored value of another recipient's row.
    let two = [("987654321", "1.2306"), ("987654322", "1.2294")]
        .map(|(user, saldo)| row(user).replace("1.234", saldo));
    home.write(
        "people.xlsx",
        xlsx(&[sheet("Hoja1", &(header + &two.concat()))], ""),
    );
    let amounts = |list: &str, more: &[&str]| {
        let words = ["bulk", "send", list, "--country=EC", RATE, "--again"];
        let text = [
            "text",
            "--to={{ codigo }}",
            "{{ codigo }} {{ saldo | number(4) }}",
        ];
        home.run_args(&[&words, more, &text].concat())
            .api(&jelou.url)
    };
    amounts("people.xlsx", &["--yes", "--run=d"]).fails(10, &[]);
    home.run("bulk report d --file all.csv").success();
    assert_eq!(
        texts(&amounts("all.csv", &["--dry-run"]).success()),
        ["0987654321 1,2306", "0987654322 1,2294"]
    );
    let in_part = home
        .read("all.csv")
        .replace("987654321;", "#;")
        .replace("987654322;", "987654321;");
    home.write("all.csv", in_part.replace("#;", "987654322;"));
    amounts("all.csv", &["--dry-run"]).fails(
        2,
        &["line 2 is to 593987654322, but its `sent_to` is `+593987654321`"],
    );
}

#[test]
fn list_is_equal_in_every_format() {
    let home = Home::new();
    let config = Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    };
    let cells = prop::collection::vec("[a-zñ,;<&>\"'=_x05F \n]{0,12}[a-zé]", 1..5);
    TestRunner::new(config)
        .run(&cells, |cells| {
            let header = vec!["celular".to_owned(), "Año del".to_owned()];
            // OpenDocument writes a space at either end of a paragraph in another way.
            let row = |(number, cell): (usize, &String)| {
                vec![
                    format!("5939876543{number:02}"),
                    cell.trim().replace("  ", " "),
                ]
            };
            let rows: Vec<_> = std::iter::once(header)
                .chain(cells.iter().enumerate().map(row))
                .collect();
            let mut csv = String::new();
            for row in &rows {
                writeln!(csv, "{},\"{}\"", row[0], row[1].replace('"', "\"\"")).unwrap();
            }
            home.write("a.csv", csv);
            home.write(
                "a.xlsx",
                xlsx(
                    &[sheet("x", &xlsx_rows(&rows).replace("_x", "_x005F_x"))],
                    "",
                ),
            );
            home.write("a.ods", ods(&[sheet("x", &ods_rows(&rows))]));
            let requests = |list: &str| previewed(&home, &[list, "text", "{{ año_del }}"]).stdout;
            let expected = requests("a.csv");
            prop_assert_eq!(requests("a.xlsx"), expected.clone());
            prop_assert_eq!(requests("a.ods"), expected);
            Ok(())
        })
        .unwrap();
}

#[test]
fn merged_cells_are_read_only_for_exclusions() {
    let rows = [
        ["celular", "nombre"],
        ["593987654001", "Ana"],
        ["593987654002", "VIEJO"],
    ];
    let merged = |area: &str| {
        let merge = format!(
            "</sheetData><mergeCells count=\"1\"><mergeCell ref=\"{area}\"/></mergeCells><sheetData>"
        );
        xlsx(&[sheet("S", &(xlsx_rows(&rows) + &merge))], "")
    };
    let covered = |text: &str| {
        let plain = format!(
            "<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
        );
        let rows = ods_rows(&rows);
        assert!(rows.contains(&plain));
        ods(&[sheet(
            "S",
            &rows.replace(&plain, &plain.replace("table-cell", "covered-table-cell")),
        )])
    };
    for (name, word, number) in [
        ("list.xlsx", merged("B2:B3"), merged("A2:A3")),
        ("list.ods", covered("VIEJO"), covered("593987654002")),
    ] {
        let home = Home::new();
        fs::write(home.path().join(name), word).unwrap();
        let jelou = Jelou::accept_all();
        let ended = home
            .run(&format!("bulk send {name} --yes --run r text"))
            .args(&["Hola {{ nombre | default('') }}."])
            .api(&jelou.url);
        ended.success();
        let mut texts: Vec<_> = jelou
            .requests()
            .iter()
            .map(|seen| seen.received.json()["text"].clone())
            .collect();
        texts.sort_by_key(ToString::to_string);
        assert_eq!(texts, ["Hola .", "Hola Ana."]);
        fs::write(home.path().join(name), number).unwrap();
        let ended = home
            .run(&format!("bulk send {name} --yes --run s text Hola"))
            .api(&Jelou::expect_no_requests().url);
        ended.fails(
            2,
            &[
                "line 3: celular: the recipient is empty",
                "nothing was sent",
            ],
        );
        home.write("people.csv", "celular\n593987654002\n593987654003\n");
        let send = format!("bulk send people.csv --exclude {name} --yes --run s text Hola");
        assert_eq!(
            home.run(&send).api(&jelou.url).success().json()["sent"],
            1,
            "{name}"
        );
    }
}
