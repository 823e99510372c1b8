//! Real lists: with a country next to each number, and in the formats of various programs.

use std::fs;

use serde_json::{Value, json};

use crate::bulk_server::Jelou;
use crate::harness::{CommandOutput, Home, Run, fixture_path};
use crate::workbook::{sheet, xlsx};

/// Ecuador's and Peru's mobiles have nine digits that begin with 9.
const BY_COUNTRY: &str = "nombre,celular,pais\nAna,987654321,PE\nEva,0987654322,Ecuador\nLuz,300 123 4567,COL\n\
                          Sol,987654323,\nMar,+525512345678,Perú\n";

/// Creates a home with a profile for `jelou` and the country Ecuador.
fn home_in_ecuador(jelou: &Jelou) -> Home {
    let home = Home::new();
    home.profile("p", &jelou.url, "country = \"EC\"");
    home
}

fn send<'a>(home: &'a Home, flags: &[&str]) -> Run<'a> {
    let words = [
        "bulk",
        "send",
        "people.csv",
        "--yes",
        "--run",
        "r",
        "--rate",
        "1000/s",
    ];
    home.run_args(&[&words[..], flags].concat())
}

fn stderr_has(ended: &CommandOutput, parts: &[&str]) {
    for part in parts {
        assert!(ended.stderr.contains(part), "{part}: {ended:?}");
    }
}

#[test]
fn country_column_completes_local_numbers() {
    let everybody = [
        "51987654321",
        "525512345678",
        "573001234567",
        "593987654322",
        "593987654323",
    ];
    let how = ["numbers without + are read with the country in"];
    for (list, flags) in [
        (BY_COUNTRY.to_owned(), &["text", "Hola"][..]),
        (BY_COUNTRY.replace("pais", "País"), &["text", "--to", "{{ celular }}", "Hola"]),
        (BY_COUNTRY.replace(",pais", ";COUNTRY").replace(',', ";"), &["text", "Hola {{ nombre }}"]),
        (
            concat!(
                "{\"celular\":\"987654321\",\"pais\":\"pe\"}\n{\"celular\":\"987654322\",\"country\":\"EC\",\"pais\":\"Ecuador\"}\n",
                "{\"celular\":3001234567,\"pais\":\"Colombia\"}\n{\"celular\":\"987654323\",\"pais\":null}\n",
                "{\"celular\":\"+525512345678\",\"pais\":\"Narnia\"}\n",
            )
            .to_owned(),
            &["text", "Hola"],
        ),
    ] {
        let jelou = Jelou::accept_all();
        let home = home_in_ecuador(&jelou);
        home.write("people.csv", &list);
        stderr_has(&send(&home, flags).success(), &how);
        assert_eq!(jelou.users(), everybody, "{list}");
    }
    // A template may use the column if no row needs a country.
    let jelou = Jelou::accept_all();
    let home = home_in_ecuador(&jelou);
    home.write(
        "people.csv",
        BY_COUNTRY
            .replace("3,\n", "3,ecuador\n")
            .replace("pais", "origen"),
    );
    send(
        &home,
        &["text", "--to", "{{ celular | phone(origen) }}", "Hola"],
    )
    .success();
    assert_eq!(jelou.users(), everybody);
}

#[test]
fn exclusion_list_uses_its_country_column() {
    let jelou = Jelou::accept_all();
    let home = home_in_ecuador(&jelou);
    home.write("people.csv", BY_COUNTRY);
    home.write("bajas.csv", "pais,celular\nPerú,987654321\n,0987654323\n");
    send(&home, &["--exclude", "bajas.csv", "text", "Hola"]).success();
    assert_eq!(
        jelou.users(),
        ["525512345678", "573001234567", "593987654322"]
    );
    let one = [
        "send",
        "text",
        "--to",
        "+51987654321",
        "--exclude",
        "bajas.csv",
        "Hola",
    ];
    home.run_args(&one).fails(11, &["is excluded by"]);
    home.write("bajas.csv", "pais,celular\nNarnia,987654321\n");
    home.run_args(&one)
        .fails(2, &["bajas.csv: line 2: pais: `Narnia` is not a country"]);
}

#[test]
fn number_of_unknown_country_is_not_sent() {
    let jelou = Jelou::expect_no_requests();
    let home = home_in_ecuador(&jelou);
    for (list, parts) in [
        (
            "celular,pais\n987654321,Narnia\n",
            &["line 2: celular: pais: `Narnia` is not a country\n"][..],
        ),
        (
            "celular,pais\n593987654321,999\n",
            &["line 2: celular: pais: `999` is not a country"],
        ),
        (
            "{\"celular\":\"987654321\",\"pais\":0}\n",
            &["line 1: celular: pais: `0` is not a country"],
        ),
        (
            "{\"celular\":\"987654321\",\"pais\":{\"code\":\"PE\"}}\n",
            &["is not a country"],
        ),
        (
            "celular,pais\n3001234567,PE\n",
            &["line 2: celular: `3001234567`"],
        ),
        (
            "celular,pais,country\n987654321,PE,EC\n",
            &["line 2: celular: pais and country name different countries"],
        ),
    ] {
        home.write("people.csv", list);
        let ended = send(&home, &["text", "Hola"]).fails(2, parts);
        assert!(ended.stderr.contains("nothing was sent"), "{ended:?}");
    }
    // A formula that was never calculated, as a program writes it, is not an empty cell.
    let workbook = |number: &str| {
        let header =
            "<row r=\"1\"><c t=\"str\"><v>celular</v></c><c t=\"str\"><v>pais</v></c></row>";
        let row =
            format!("<row r=\"2\"><c t=\"str\"><v>{number}</v></c><c r=\"B2\"><f>D2</f></c></row>");
        xlsx(&[sheet("Hoja1", &format!("{header}{row}"))], "")
    };
    home.write("people.csv", workbook("987654321"));
    let parts = [
        "line 2: pais: cell B2 has a formula without a value\n",
        "nothing was sent",
    ];
    for flags in [
        &["text", "Hola"][..],
        &["text", "--to", "{{ celular }}", "Hola"],
    ] {
        send(&home, flags).fails(2, &parts);
    }
    let known = send(&home, &["--country", "PE", "--dry-run", "text", "Hola"]).success();
    assert_eq!(known.json()["body"]["userId"], "51987654321");
    home.write("people.csv", workbook("+51987654321"));
    send(&home, &["--dry-run", "text", "Hola"]).success();
}

/// Returns the recipient and the text of each message of a list.
fn messages(home: &Home, list: &str, flags: &[&str]) -> Value {
    let words = [
        &["--sandbox", "--dry-run", "bulk", "send", list],
        flags,
        &["text", "Hola {{ nombre }}"],
    ]
    .concat();
    let rows = home.run_args(&words).success().rows();
    rows.iter()
        .map(|row| {
            json!([
                row["body"]["userId"],
                row["body"]["text"].as_str().unwrap()[5..]
            ])
        })
        .collect()
}

#[test]
fn ordinary_lists_need_no_changes() {
    let home = Home::new();
    let people: Value =
        serde_json::from_str(&fs::read_to_string(fixture_path("lists/people.json")).unwrap())
            .unwrap();
    let lists = fs::read_to_string(fixture_path("lists/lists.tsv")).unwrap();
    assert!(lists.lines().count() > 50, "{lists}");
    for (number, list) in lists.lines().enumerate() {
        let (file, flags) = list.split_once('\t').unwrap();
        let (path, flags) = (
            fixture_path(&format!("lists/{file}")),
            flags.split_whitespace().collect::<Vec<_>>(),
        );
        let path = path.to_str().unwrap();
        assert_eq!(messages(&home, path, &flags), people, "{file}");
        // Their reports are lists, too; one differs from most others.
        if number % 4 > 0 {
            continue;
        }
        let sending = [
            &[
                "--sandbox",
                "bulk",
                "send",
                path,
                "--yes",
                "--run",
                "r",
                "--rate",
                "1000/s",
            ][..],
            &flags,
        ];
        home.run_args(&sending.concat())
            .args(&["text", "Hola {{ nombre }}"])
            .success();
        let of_report: Vec<_> = match flags
            .iter()
            .position(|flag| ["--encoding", "--header-row", "--sheet"].contains(flag))
        {
            Some(at) => flags[..at].to_vec(),
            None => flags,
        };
        for format in ["csv", "ndjson"] {
            // Objects cannot have two fields of the same name.
            if (format, file) == ("ndjson", "own-code-and-line.csv") {
                continue;
            }
            let report = format!("report.{format}");
            home.run_args(&["bulk", "report", "r", "--file", &report, "--yes"])
                .success();
            assert_eq!(
                messages(&home, &report, &of_report),
                people,
                "the report of {file} as {format}"
            );
        }
        home.run("bulk remove r --yes").success();
    }
}

/// The outcome of a preview of `list` in the sandbox, with flags before the kind.
fn preview(home: &Home, name: &str, flags: &[&str], text: &str) -> CommandOutput {
    let words = [
        &["--sandbox", "bulk", "send", name, "--preview", "9"],
        flags,
        &["text", text],
    ]
    .concat();
    home.run_args(&words).end()
}

#[test]
fn empty_cells_at_line_ends_are_harmless() {
    let home = Home::new();
    for list in [
        "nombre;celular\r\nAna;593987654321;\r\nEva;593987654322;;\r\n",
        "nombre,celular\nAna,593987654321, \nEva,593987654322\n",
        "nombre,celular,nota\nAna,593987654321\nEva,593987654322,x\n",
        "nombre,celular,\nAna,593987654321\nEva,593987654322,\n",
    ] {
        home.write("people.csv", list);
        let ended = preview(&home, "people.csv", &[], "Hola {{ nombre }}");
        assert!(
            ended.code == 0
                && ended.stdout.contains("Hola Ana")
                && ended.stdout.contains("Hola Eva"),
            "{list}: {ended:?}"
        );
        assert!(
            ended.stderr.ends_with("note: 2 rows: 2 are fine\n"),
            "{ended:?}"
        );
    }
    // Printed columns must exist, and cells must have a column.
    for (list, text, problem) in [
        (
            "nombre,celular,nota\nAna,593987654321\nEva,593987654322,x\n",
            "{{ nota }}",
            "line 2: has 2 cells, but the header has 3",
        ),
        (
            "nombre,celular\nAna,593987654321,x\nEva,593987654322\n",
            "Hola",
            "line 2: has 3 cells, but the header has 2",
        ),
        (
            "nombre;celular\nAna;593987654321;x;\nEva;593987654322;\n",
            "Hola",
            "line 2: has 4 cells, but the header has 2; the line ends with `;`",
        ),
        (
            "nombre,celular\nAna\nEva,593987654322\n",
            "Hola",
            "line 2: has 1 cell, but the header has 2",
        ),
    ] {
        home.write("people.csv", list);
        let ended = preview(&home, "people.csv", &[], text);
        assert_eq!(ended.code, 2, "{list}: {ended:?}");
        stderr_has(&ended, &[problem, "2 rows: 1 is fine, 1 is invalid"]);
    }
}

#[test]
fn unfilled_template_in_cell_is_not_sent() {
    let home = Home::new();
    let list = |cell: &str| {
        let quoted = cell.replace('"', "\"\"");
        let row = ["593987654321,\"", &quoted, "\",\"{nombre} {{ x }}\"\n"].concat();
        home.write("people.csv", ["celular,mensaje,datos\n", &row].concat());
    };
    for (cell, text, written) in [
        ("Hola {{ nombre }}, llegó", "{{ mensaje }}", "{{ nombre }}"),
        ("Hola {{1}}", "{{ mensaje | upper }}", "{{1}}"),
        (
            "{% if vip %}Hola",
            "Ya: {{ mensaje | default('x') }}",
            "{% if vip %}",
        ),
        (
            "{{ nombre }}",
            "Hola {{ mensaje | split | first | title }}",
            "{{ nombre }}",
        ),
    ] {
        list(cell);
        let ended = preview(&home, "people.csv", &[], text);
        assert_eq!(ended.code, 2, "{cell}: {ended:?}");
        let problem =
            format!("`{written}` is a template that was not filled in, and would be sent");
        stderr_has(&ended, &[&format!("line 2: mensaje: {problem}")]);
    }
    list("Hola {{ nombre }}");
    let text = "{{ mensaje | replace('{{ nombre }}', 'Ana') }}";
    let ended = preview(&home, "people.csv", &[], text);
    assert!(ended.stdout.contains("Hola Ana"), "{ended:?}");

    // Other braces of a cell are part of its text.
    list("Hola {nombre}, 100% {off}");
    let ended = preview(&home, "people.csv", &[], "{{ mensaje }}");
    assert!(!ended.stderr.contains("warning"), "{ended:?}");
}

#[test]
fn header_below_titles_is_named() {
    let home = Home::new();
    let way_out = "hint: to read line 4 as the header (Representante, Celular, Monto): --header-row 4; to read line 1 as \
                   the header (LISTA): --header-row 1\n";
    for list in [
        "LISTA\nperiodo\n\nRepresentante,Celular,Monto\nAna,593987654321,5\n",
        "LISTA,,\nPeriodo,noviembre,\n,,\nRepresentante,Celular,Monto\nAna,593987654321,5\n",
        "LISTA\nPeriodo 2026\n\nRepresentante;Celular;Monto\nAna;593987654321;5\n",
    ] {
        home.write("people.csv", list);
        let ended = preview(&home, "people.csv", &[], "Hola");
        assert_eq!(ended.code, 2, "{list}: {ended:?}");
        stderr_has(
            &ended,
            &[
                "the first line is a title, not the header: `LISTA`",
                way_out,
            ],
        );
        let ended = preview(&home, "people.csv", &["--header-row", "4"], "Hola");
        assert_eq!(ended.code, 0, "{list}: {ended:?}");
    }
    let cells = |row: u64, cells: &[&str]| -> String {
        let cells = cells
            .iter()
            .map(|text| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>"));
        format!("<row r=\"{row}\">{}</row>", cells.collect::<String>())
    };
    let rows = [
        cells(1, &["LISTA"]),
        cells(2, &["periodo"]),
        cells(4, &["Representante", "Celular", "Monto"]),
        cells(5, &["Ana", "593987654321", "5"]),
    ];
    home.write("people.xlsx", xlsx(&[sheet("Datos", &rows.concat())], ""));
    let ended = preview(&home, "people.xlsx", &[], "Hola");
    stderr_has(&ended, &["`LISTA`", way_out]);

    // A row with the name of a column, but no more cells than the first line, is not a header.
    home.write("people.csv", "Nombre,Tipo,Dato\nAna,x,1\nEva,celular,\n");
    let ended = preview(&home, "people.csv", &[], "Hola");
    stderr_has(&ended, &["found no recipient column"]);
    assert!(!ended.stderr.contains("as the header"), "{ended:?}");
}

#[test]
fn row_without_recipient_has_no_other_reason() {
    let home = Home::new();
    let list = "Celular,Representante,Concepto,Monto\n593987654321,Ana Prado,a,5\n,,TOTAL,1.250\n593987654322,,b,6\n\
                +593987654326/+593987654327,,b,6\n,#N/A,TOTAL,1\n0987654326 0987654327,,b,6\n";
    home.write("people.csv", list);
    let ended = preview(
        &home,
        "people.csv",
        &[],
        "Hola {{ representante | split | first }}",
    );
    stderr_has(
        &ended,
        &[
            "line 3: Celular: the recipient is empty\n",
            "line 4: text: `Representante` is empty, but the text needs it\n    hint: write `representante | default(\"…\")`\n",
            "line 5: Celular: `+593987654326/+593987654327` seems to be several numbers\n",
            "line 6: Celular: the recipient is empty\n",
            "line 7: Celular: `0987654326 0987654327` seems to be several numbers\n",
        ],
    );
}

/// A truncated row of a report could look like an unsent row.
#[test]
fn truncated_report_row_is_invalid() {
    let home = Home::new();
    home.write("people.csv", "celular\n593987654321\n");
    let words = [
        "--sandbox",
        "bulk",
        "send",
        "people.csv",
        "--run",
        "r",
        "text",
        "Hola",
    ];
    home.run_args(&words).success();
    let report = home.run("bulk report r").success().stdout;
    let cut = report.trim_end().rsplit_once(',').unwrap().0.to_owned() + "\n";
    home.write("report.csv", cut);
    let ended = preview(&home, "report.csv", &[], "Hola");
    assert_ne!(ended.code, 0, "{ended:?}");
    stderr_has(&ended, &["line 2: has 14 cells, but the header has 15"]);
}

#[test]
fn columns_with_numbers_are_proposed_for_recipient() {
    let home = Home::new();
    home.write(
        "people.csv",
        "First Name,Tel 1 - Label,Tel 1,Tel 2 - Label,Tel 2\n\
         Ana,Mobile,+593 98 765 4321,,\nEva,,,Mobile,+593 98 765 4322\n",
    );
    let ended = preview(&home, "people.csv", &[], "Hola");
    assert_eq!(ended.code, 2, "{ended:?}");
    stderr_has(
        &ended,
        &["hint: to use `Tel 1`: --to-column 'Tel 1'; to use `Tel 2`: --to-column 'Tel 2'\n"],
    );
    home.write("people.csv", "nombre,dato 2\nAna,+593 98 765 4321\n");
    let ended = preview(&home, "people.csv", &[], "Hola");
    stderr_has(&ended, &["hint: to use `dato 2`: --to-column 'dato 2'\n"]);

    home.run_args(&[
        "bulk",
        "send",
        "people.csv",
        "--to",
        "{{ a }}",
        "text",
        "Hola",
    ])
    .fails(
        2,
        &["--to-column COLUMN before the kind; to build the number: --to '593{{ celular }}' after it"],
    );
}

#[test]
fn second_header_row_and_other_sheets_are_named() {
    let home = Home::new();
    let list =
        "Datos,,Contacto,\nNombre,Apellido,Celular,Correo\nAna,Prado,593987654321,a@example.com\n";
    home.write("people.csv", list);
    let ended = preview(&home, "people.csv", &[], "Hola {{ nombre }}");
    assert_eq!(ended.code, 2, "{ended:?}");
    stderr_has(
        &ended,
        &[
            "the first line is not the header: no column in it has recipients (Datos, Contacto)",
            "hint: to read line 2 as the header (Nombre, Apellido, Celular, Correo): --header-row 2; to read line 1 as the \
             header (Datos, Contacto): --header-row 1\n",
        ],
    );
    let ended = preview(
        &home,
        "people.csv",
        &["--header-row", "2"],
        "Hola {{ nombre }}",
    );
    assert_eq!(ended.code, 0, "{ended:?}");

    let cells = |cells: &[&str]| -> String {
        let cells = cells
            .iter()
            .map(|text| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>"));
        format!("<row>{}</row>", cells.collect::<String>())
    };
    let cover = cells(&["Reporte", "Área", "Fecha"]) + &cells(&["Clientes", "Ventas", "hoy"]);
    let people = cells(&["nombre", "celular"]) + &cells(&["Ana", "593987654321"]);
    home.write(
        "people.xlsx",
        xlsx(
            &[
                sheet("Portada", &cover),
                sheet("Clientes de hoy", &people),
                sheet("Notas", &cover),
            ],
            "",
        ),
    );
    let ended = preview(&home, "people.xlsx", &[], "Hola {{ nombre }}");
    assert_eq!(ended.code, 2, "{ended:?}");
    stderr_has(
        &ended,
        &[
            "found no recipient column",
            "hint: to read `Clientes de hoy`: --sheet 'Clientes de hoy'; to read `Notas`: --sheet Notas\n",
        ],
    );
    let ended = preview(
        &home,
        "people.xlsx",
        &["--sheet", "Clientes de hoy"],
        "Hola {{ nombre }}",
    );
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[test]
fn lock_files_web_pages_and_vcards_are_named() {
    let home = Home::new();
    home.write("~$people.xlsx", b"\x03Ana \0 \0");
    home.write(
        ".~lock.people.ods#",
        ",ana,host,27.11.2026 10:00,file:///x;",
    );
    let page =
        "<!DOCTYPE html>\n<html><head><title>\n Iniciar sesión </title></head><body></body></html>";
    home.write("page.csv", page);
    home.write("page.xlsx", page);
    home.write(
        "export.xls",
        "<html><table><tr><td>to</td></tr></table></html>",
    );
    home.write(
        "contacts.vcf",
        "\u{feff}begin:vcard\nVERSION:3.0\nFN:Ana\nTEL:+593987654321\nEND:VCARD\n",
    );
    for (name, flags, parts) in [
        (
            "contacts.vcf",
            &[][..],
            ["found a vCard file", "export the contacts as CSV"],
        ),
        (
            "~$people.xlsx",
            &[],
            ["found the lock file of people.xlsx", "pass 'people.xlsx'"],
        ),
        (
            ".~lock.people.ods#",
            &[],
            ["found the lock file of people.ods", "pass 'people.ods'"],
        ),
        (
            "page.csv",
            &[],
            [
                "found a web page (`Iniciar sesión`)",
                "sign in where the list comes from",
            ],
        ),
        (
            "page.xlsx",
            &["--sheet", "Clientes"],
            [
                "found a web page (`Iniciar sesión`)",
                "sign in where the list comes from",
            ],
        ),
        (
            "export.xls",
            &[],
            ["found HTML or XML", "save the sheet as .xlsx"],
        ),
    ] {
        let ended = preview(&home, name, flags, "Hola");
        assert_eq!(ended.code, 2, "{name}: {ended:?}");
        stderr_has(&ended, &parts);
        let words = [
            "--sandbox",
            "send",
            "text",
            "--to",
            "593987654321",
            "--exclude",
            name,
            "x",
        ];
        if flags.is_empty() {
            home.run_args(&words).fails(2, &parts);
        }
    }
}
