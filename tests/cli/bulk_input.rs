//! The list file: how it is read, the message of each row, and the errors of rows that cannot be sent.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::bulk_server::Jelou;
#[cfg(unix)]
use crate::harness::under;
use crate::harness::{
    CONFIG, CommandOutput, Home, STATE, fixture_path, set_mode, test_with_both_ledgers,
};
use crate::workbook::zip;

test_with_both_ledgers! {
    unreadable_row_is_rejected_with_its_text,
}

/// The requests that `bulk send` would make, from a preview.
fn preview(home: &Home, arguments: &[&str]) -> Vec<Value> {
    home.dry_run_list(arguments).success().rows()
}

fn bodies(home: &Home, arguments: &[&str]) -> Vec<Value> {
    preview(home, arguments)
        .into_iter()
        .map(|request| request["body"].clone())
        .collect()
}

fn refused(home: &Home, arguments: &[&str], parts: &[&str]) -> CommandOutput {
    let all = [&["--sandbox", "bulk", "send"], arguments].concat();
    let ended = home.run_args(&all).fails(2, parts);
    assert!(ended.stdout.is_empty(), "{ended:?}");
    assert!(
        home.run("bulk list").success().stdout.is_empty(),
        "a run was made"
    );
    ended
}

#[test]
fn ndjson_and_standard_input_are_read() {
    let home = Home::new();
    let list = "{\"to\":593987654321,\"n\":1.5,\"ok\":true}\n\n{\"to\":\"593987654322\",\"n\":7,\"ok\":false}\n";
    home.write("people.ndjson", list);
    let expected = [
        json!({"type": "text", "userId": "593987654321", "text": "1.5 true"}),
        json!({"type": "text", "userId": "593987654322", "text": "7 false"}),
    ];
    assert_eq!(
        bodies(&home, &["people.ndjson", "text", "{{ n }} {{ ok }}"]),
        expected
    );
    let ended = home
        .run("--sandbox --dry-run bulk send - text '{{ n }} {{ ok }}'")
        .stdin(list)
        .success();
    assert_eq!(ended.stdout.lines().count(), 2);
    let twice = home
        .run("--sandbox bulk send - text --text-file -")
        .stdin("to\n593987654321\n");
    twice.fails(2, &["both read standard input"]);
}

#[test]
fn cell_is_never_template_flag_or_json() {
    let home = Home::new();
    home.write(
        "people.csv",
        "to,x\n593987654321,\"{# to #} \"\", \"\"type\"\": 1 {% raw --to 1 <b>&\"\n",
    );
    let requests = bodies(&home, &["people.csv", "text", "{{ x }}\n"]);
    assert_eq!(
        requests[0]["text"],
        "{# to #} \", \"type\": 1 {% raw --to 1 <b>&\n"
    );
    assert_eq!(requests[0].as_object().unwrap().len(), 3);
}

#[test]
fn schema_decides_the_type_of_a_cell() {
    let home = Home::new();
    home.write(
        "people.csv",
        "to,modo,pantalla,payload\n593987654321,draft,5,\"{\"\"screen\"\": \"\"A\"\"}\"\n",
    );
    let flow = [
        "people.csv",
        "flow",
        "--title",
        "t",
        "--text",
        "t",
        "--caption",
        "c",
        "--cta",
        "x",
    ];
    let flow = [
        &flow[..],
        &["--flow-id", "1", "--flow-name", "n", "--mode", "{{ modo }}"],
    ]
    .concat();
    let screen = bodies(
        &home,
        &[&flow[..], &["--screen", "{{ pantalla }}"]].concat(),
    );
    assert_eq!(screen[0]["parameters"]["mode"], "draft");
    assert_eq!(
        screen[0]["parameters"]["flow_action_payload"],
        json!({"screen": "5"})
    );
    let payload = bodies(
        &home,
        &[&flow[..], &["--action-payload", "{{ payload }}"]].concat(),
    );
    assert_eq!(
        payload[0]["parameters"]["flow_action_payload"],
        json!({"screen": "A"})
    );
    refused(
        &home,
        &[&flow[..], &["--action-payload", "{{ modo }}"]].concat(),
        &["line 2: parameters.flow_action_payload: is the text \"draft\"; an object is expected"],
    );
    // A single message has no rows to fill it from.
    home.run("--sandbox send flow --to 593987654321 --body")
        .args(&[
            fixture_path("bodies/flow.json").to_str().unwrap(),
            "--mode",
            "{{ modo }}",
        ])
        .fails(2, &["parameters.mode", "--mode"]);
    let contact = home.run("--sandbox send contacts --to 593987654321 --contact '{{ x }}'");
    contact.fails(2, &["contacts[0]: is the text"]);
}

#[test]
fn every_kind_fills_flags_and_body() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular,nombre,Nombre completo\n593987654321,Ana,Ana Ríos\n",
    );
    home.write(
        "body.json",
        r#"{"text": "Hola {{ row['Nombre completo'] }}", "header": "{{ nombre | upper }}"}"#,
    );
    let call = bodies(
        &home,
        &[
            "people.csv",
            "call",
            "--body",
            "body.json",
            "--button",
            "{{ nombre }}",
        ],
    );
    assert_eq!(
        call,
        [
            json!({"type": "voice_call", "userId": "593987654321", "text": "Hola Ana Ríos", "header": "ANA",
            "parameters": {"display_text": "Ana"}})
        ]
    );
    let card = [
        "people.csv",
        "contacts",
        "--name",
        "{{ row['Nombre completo'] }}",
        "--phone",
        "+{{ celular }}",
    ];
    assert_eq!(
        bodies(&home, &card)[0]["contacts"],
        json!([{"name": {"formatted_name": "Ana Ríos", "first_name": "Ana", "last_name": "Ríos"},
            "phones": [{"phone": "+593987654321", "type": "Mobile", "wa_id": "593987654321"}]}])
    );
    let flow = [
        "people.csv",
        "flow-message",
        "--title",
        "t",
        "--text",
        "{{ nombre }}",
        "--caption",
        "c",
    ];
    let flow = [
        &flow[..],
        &[
            "--flow-name",
            "f",
            "--cta",
            "Go",
            "--screen",
            "A",
            "--type",
            "x",
        ],
    ]
    .concat();
    let request = &preview(&home, &flow)[0];
    assert_eq!(
        request["url"],
        "http://127.0.0.1:4780/v1/bots/sandbox/users/593987654321/flow_message?type=x"
    );
    assert_eq!(request["body"]["text"], "Ana");
    home.write(
        "raw.ndjson",
        "{\"userId\":\"593987654321\",\"type\":\"new\",\"n\":{\"a\":[1,null]}}\n",
    );
    assert_eq!(
        bodies(&home, &["raw.ndjson", "raw"]),
        [json!({"userId": "593987654321", "type": "new", "n": {"a": [1, null]}})]
    );
}

#[test]
fn recipient_comes_from_each_row() {
    let home = Home::new();
    home.write(
        "people.csv",
        "Teléfono,otro,celular nacional\n593987654321,593987654322,987654321\n",
    );
    for (flags, expected) in [
        (&["text", "x"][..], "593987654321"),
        (&["text", "x", "--to", "{{ otro }}"], "593987654322"),
        (
            &["text", "x", "--to", "593{{ row['celular nacional'] }}"],
            "593987654321",
        ),
    ] {
        assert_eq!(
            bodies(&home, &[&["people.csv"], flags].concat())[0]["userId"],
            expected
        );
    }
    let named = bodies(&home, &["people.csv", "--to-column", "otro", "text", "x"]);
    assert_eq!(named[0]["userId"], "593987654322");
    for (arguments, parts) in [
        (
            &["--to-column", "nada", "text", "x"][..],
            &["--to-column: there is no column `nada`", "Teléfono, otro"][..],
        ),
        (
            &["text", "x", "--to", "593987654321"],
            &["--to: every row would go to `593987654321`"],
        ),
        (
            &["text", "x", "--to", "{{ nada }}"],
            &["--to: there is no column `nada`"],
        ),
        (
            &["--to-column", "celular nacional", "text", "x"],
            &["line 2: celular nacional: `987654321` has no country code"],
        ),
    ] {
        refused(&home, &[&["people.csv"], arguments].concat(), parts);
    }
    home.write("two.csv", "phone,celular\n593987654321,593987654322\n");
    refused(
        &home,
        &["two.csv", "text", "x"],
        &[
            "`phone` and `celular` could both be the recipient's",
            "--to-column",
        ],
    );
    home.write("none.csv", "a,b\n1,2\n");
    refused(
        &home,
        &["none.csv", "text", "x"],
        &["found no recipient column (to, phone, celular, …); the columns are: a, b"],
    );
    home.write("body.json", r#"{"userId": "593987654321", "text": "x"}"#);
    refused(
        &home,
        &["people.csv", "text", "--body", "body.json"],
        &["userId: the body names a recipient", "jq 'del(.userId)'"],
    );
    let server = Jelou::expect_no_requests();
    home.write("one.csv", "otro\n1\n");
    let ended = home
        .run("bulk send one.csv --yes text x")
        .api(&server.url)
        .env("JELOU_TO", "593987654321");
    ended.fails(2, &["found no recipient column"]);
}

#[test]
fn recipient_column_is_found_by_name() {
    let home = Home::new();
    home.write(
        "people.csv",
        "Nombre Completo,Teléfono,celular_conyuge\nAna Ríos,593987654321,593987654322\n",
    );
    home.write(
        "people.ndjson",
        "{\"Nombre Completo\":\"Ana Ríos\",\"Tel.\":593987654321}\n",
    );
    for list in ["people.csv", "people.ndjson"] {
        for template in [
            "{{ nombre_completo }}",
            "{{ row['nombre completo'] }}",
            "{{ row.NombreCompleto }}",
        ] {
            let body = &bodies(&home, &[list, "text", template])[0];
            assert_eq!(
                (&body["userId"], &body["text"]),
                (&json!("593987654321"), &json!("Ana Ríos")),
                "{template}"
            );
        }
    }
    let other = bodies(
        &home,
        &["people.csv", "--to-column", "Celular cónyuge", "text", "x"],
    );
    assert_eq!(other[0]["userId"], "593987654322");
    home.write("two.csv", "to,Año,ano\n593987654321,1,2\n");
    assert_eq!(
        bodies(&home, &["two.csv", "text", "{{ ano }}"])[0]["text"],
        "2"
    );
    refused(
        &home,
        &["two.csv", "text", "{{ ANO }}"],
        &["text: `ANO` could be the column `Año` or `ano`"],
    );
    home.write(
        "none.csv",
        "n,celular_conyuge,WhatsApp cliente\n1,593987654321,593987654322\n",
    );
    let hint = "hint: to use `celular_conyuge`: --to-column celular_conyuge; to use `WhatsApp cliente`: --to-column \
                'WhatsApp cliente'\n";
    refused(
        &home,
        &["none.csv", "text", "x"],
        &["found no recipient column", hint],
    );
}

#[test]
fn broken_list_names_its_line_and_fix() {
    let home = Home::new();
    let cell = "x".repeat(10 * 1024 * 1024);
    for (name, list, parts) in [
        ("a.csv", &b""[..], &["a.csv has no rows"][..]),
        ("a.csv", b"to,nombre\n", &["a.csv has no rows"]),
        (
            "a.csv",
            b"to,nombre\n593987654321,Ana\n593987654322,Jos\xe9\n",
            &[
                "line 3 is not UTF-8",
                "--encoding windows-1252",
                "CSV UTF-8",
            ],
        ),
        (
            "a.ndjson",
            b"{\"to\":\"593987654321\"}\n{\"to\":\"\xe9\"}\n",
            &["line 2 is not UTF-8"],
        ),
        ("a.csv", b"to,to\n1,2\n", &["have the name `to`"]),
        (
            "a.csv",
            b"to,nombre\n593987654321\n",
            &[
                "line 2: has 1 cell, but the header has 2",
                "no row can be sent",
            ],
        ),
        (
            "a.json",
            b"[{\"to\":\"593987654321\"}]",
            &["is one JSON array", "jq -c '.[]'"],
        ),
        (
            "a.ndjson",
            b"{\"to\":\"593987654321\"}\n[1]\n{\"to\":}\n",
            &[
                "line 2: is not a JSON object",
                "line 3: is not valid JSON: a value is missing",
                "2 rows cannot be sent",
                "--skip-invalid",
            ],
        ),
        (
            "a.ndjson",
            b"\n{\n  \"to\": \"593987654321\"\n}\n",
            &[
                "a.ndjson: the object in line 2 spans several lines",
                "jq -c .",
            ],
        ),
        (
            "a.ndjson",
            b"{\"to\":\"593987654321\",\"n\":99999999999999999999}\n",
            &["line 1: has a number beyond 64"],
        ),
        (
            "a.ndjson",
            b"{\"to\":\"593987654321\",\"n\":{\"a\":1,\"a\":2}}\n",
            &["line 1: has the field `a` twice"],
        ),
        (
            "a.ndjson",
            b"{\"to\":\"593987654321\",\"to\":\"593987654322\"}\n",
            &["line 1: has the field `to` twice"],
        ),
        (
            "a.ndjson",
            b"{\"to\":{\"a\":1}}\n",
            &["line 1: to: `{\"a\":1}` is neither a text nor a number"],
        ),
        (
            "a.csv",
            b"to\n593987654321,\"\n",
            &[
                "a.csv: the row in line 2 has a quote that is not closed",
                "close it",
            ],
        ),
        (
            "a.csv",
            b"to,nombre\n593987654321,\"Ana\n593987654322,Luis\n593987654323,Eva\n",
            &["the row in line 2 has a quote that is not closed"],
        ),
        (
            "a.csv",
            b"to,\"nombre\n593987654321,Ana\n",
            &["has a quote that is not closed"],
        ),
        (
            "a.csv",
            b"to,n\n593987654321,\"a\nb\"\n\n\n\n12,x\n",
            &["line 7: to: "],
        ),
        ("a.csv", b"to\n\n\n12", &["line 4: to: "]),
        (
            "a.csv",
            b"to\n5.93988E+11\n",
            &["line 2: to: Excel has shortened this number, `5.93988E+11`"],
        ),
    ] {
        home.write(name, list);
        refused(&home, &[name, "text", "x"], parts);
    }
    home.write("big.csv", format!("to,x\n593987654321,\"{cell}"));
    refused(
        &home,
        &["big.csv", "text", "x"],
        &["the row in line 2 has more than 1 MiB; a quote may be missing"],
    );
    home.write("big.ndjson", format!("{{\"to\":\"{cell}\"}}"));
    refused(
        &home,
        &["big.ndjson", "text", "x"],
        &["the row in line 1 has more than 1 MiB"],
    );
    refused(
        &home,
        &["nowhere.csv", "text", "x"],
        &["failed to read nowhere.csv"],
    );
    home.write("closed.csv", "to\n");
    set_mode(&home.path().join("closed.csv"), 0o000);
    refused(&home, &[".", "text", "x"], &["failed to read ."]);
}

#[test]
fn list_without_a_header_is_explained() {
    let home = Home::new();
    let text = ["people.csv", "text", "Hola"];
    for list in [
        "Ana,+593 98 765 4321,x\nEva,+593987654322,y\n",
        "Ana;0987654321;x\nEva;0987654322;y\n",
    ] {
        home.write("people.csv", list);
        for words in [
            &text[..],
            &["people.csv", "--to-column", "celular", "text", "Hola"],
        ] {
            let parts = [
                "expected a header, found a recipient's row: Ana, ",
                "add a first line with a name for each column",
            ];
            refused(&home, words, &parts);
        }
    }
    refused(
        &home,
        &["people.csv", "text", "--to", "{{ celular }}", "Hola"],
        &["expected a header"],
    );
    home.write("people.csv", "Lista de clientes\nnombre,celular\nAna,\n");
    let parts = [
        "the first line is a title, not the header: `Lista de clientes`",
        "hint: to read line 2 as the header (nombre, celular): --header-row 2; to read line 1 as the header (Lista de \
         clientes): --header-row 1\n",
    ];
    refused(&home, &text, &parts);
    home.write(
        "people.csv",
        "Clientes de la tienda\nNombre,Fono de contacto\nAna,0987654321\n",
    );
    refused(
        &home,
        &text,
        &["to read line 2 as the header (Nombre, Fono de contacto): --header-row 2"],
    );
    // Each day is a column. A row with too many cells is an error only for that row.
    home.write("people.csv", "2026-11-20,nombre\nx,Ana\n");
    refused(&home, &text, &["found no recipient column"]);
    home.write("people.csv", "celular\n593987654321,Ana\n");
    refused(&home, &text, &["line 2: has 2 cells, but the header has 1"]);
}

#[test]
fn rows_above_the_header_are_ignored() {
    let home = Home::new();
    for (list, line) in [
        (
            "Lista de clientes\nnombre,celular\nAna,593987654321\nEva,12\n",
            2,
        ),
        (
            "Lista de clientes,\r\n\r\nnombre,celular\r\nAna,593987654321\r\nEva,12\r\n",
            3,
        ),
        (
            "Lista de clientes\nnombre;celular\nAna;593987654321\nEva;12\n",
            2,
        ),
        (
            ",,\n,,Clientes\n,celular,nombre\n,593987654321,Ana\n,12,Eva\n",
            3,
        ),
        (
            "\u{feff}sep=;\nClientes; \"noviembre\";2026\nArea;Ventas\nnombre;celular\nAna;+593 98 765 4321\nEva;12\n",
            4,
        ),
        (
            "x\n\"de\n2026\"\nnombre\tcelular\nAna\t593987654321\nEva\t12\n",
            4,
        ),
        (
            "Cliente,Contacto\nnombre,celular\nAna,593987654321\nEva,12\n",
            2,
        ),
    ] {
        home.write("people.csv", list);
        let words = [
            "--sandbox",
            "--dry-run",
            "bulk",
            "send",
            "people.csv",
            "--skip-invalid",
            "--header-row",
        ];
        let ended = home
            .run_args(&words)
            .args(&[&line.to_string(), "text", "Hola {{ nombre }}"])
            .success();
        assert!(
            ended.stderr.contains(&format!("line {}", line + 2)),
            "{list}: {ended:?}"
        );
        assert!(
            ended.stdout.contains("Hola Ana") && ended.stdout.lines().count() == 1,
            "{ended:?}"
        );
    }
    // A report has only the rows, and can be read as a list.
    home.write(
        "people.csv",
        "Lista de clientes\nnombre;celular\nAna;593987654321\n",
    );
    home.run("--sandbox bulk send people.csv --header-row 2 --run r text Hola")
        .success();
    assert!(
        home.run("bulk report r")
            .success()
            .stdout
            .starts_with("nombre;celular;run;line;")
    );
    // The line is beyond the first chunk that is read.
    home.write(
        "people.csv",
        format!(
            "{}nombre,celular\nAna,593987654321\n",
            "x,y\n".repeat(50_000)
        ),
    );
    let words = [
        "people.csv",
        "--header-row",
        "50001",
        "text",
        "Hola {{ nombre }}",
    ];
    assert_eq!(bodies(&home, &words)[0]["text"], "Hola Ana");
}

#[test]
fn missing_header_suggests_its_line_number() {
    let home = Home::new();
    for (list, flags, parts) in [
        (
            "Uno,Dos\ncelular,a\n593987654321,x\n",
            &[][..],
            &[
                "found no recipient column",
                "to read line 2 as the header (celular, a): --header-row 2; to read line 1 as the header (Uno, Dos)",
            ][..],
        ),
        (
            "Uno\nDos\ncelular,a\n593987654321,x\n",
            &[],
            &[
                "the first line is a title, not the header: `Uno`",
                "to read line 3 as the header (celular, a): --header-row 3",
            ],
        ),
        (
            "Vendedor,Celular\nJuan,\nCliente,Celular\nAna,593987654321\n",
            &[],
            &["line 3: Celular: `Celular` is not"],
        ),
        (
            "celular\n593987654321\n",
            &["--header-row", "0"],
            &["--header-row: expected 1 or more, found `0`"],
        ),
        (
            "celular\n593987654321\n",
            &["--header-row", "3"],
            &["--header-row 3: people.csv ends in line 2"],
        ),
        (
            "celular\n593987654321",
            &["--header-row", "4000000000"],
            &["people.csv ends in line 2"],
        ),
        (
            "",
            &["--header-row", "1"],
            &["--header-row 1: people.csv ends in line 0"],
        ),
        (
            "x\n\ncelular\n593987654321\n",
            &["--header-row", "2"],
            &["--header-row 2: this line of people.csv is empty"],
        ),
        (
            "{\"to\":\"593987654321\"}\n",
            &["--header-row", "1"],
            &["people.csv is NDJSON, which has no header"],
        ),
        (
            "x,y\nAna,0987654321\n",
            &[],
            &["found no recipient column", "--to-column"],
        ),
    ] {
        home.write("people.csv", list);
        refused(
            &home,
            &[&["people.csv"], flags, &["text", "Hola"]].concat(),
            parts,
        );
    }
    // A suggestion can be pasted, even if the header has a line break.
    home.write(
        "people.csv",
        "Fijo titular,\"WhatsApp\n(cliente)\"\n2345678,593987654322\n",
    );
    let ended = refused(
        &home,
        &["people.csv", "text", "Hola"],
        &["--to-column 'WhatsApp\\n(cliente)'"],
    );
    let pasted = ended
        .stderr
        .split('\'')
        .find(|part| part.starts_with("WhatsApp"))
        .unwrap();
    assert_eq!(
        bodies(&home, &["people.csv", "--to-column", pasted, "text", "x"])[0]["userId"],
        "593987654322"
    );
}

#[test]
fn row_selection_without_rows_is_refused() {
    let home = Home::new();
    home.write("people.csv", "celular\n593987654321\n593987654322\n");
    for (flags, parts) in [
        (
            &["--limit", "0"][..],
            &["--limit: expected 1 or more, found `0`"][..],
        ),
        (
            &["--limit", "x"],
            &["--limit: expected a whole number, found `x`"],
        ),
        (
            &["--limit", "18446744073709551615"],
            &["--limit: expected at most 9223372036854775807, found `18446744073709551615`"],
        ),
        (
            &["--preview", "0"],
            &["--preview: expected 1 or more, or all, found `0`"],
        ),
        (
            &["--skip", "2"],
            &["--skip 2: people.csv has only 2 rows\n"],
        ),
        (
            &["--skip", "100"],
            &["--skip 100: people.csv has only 2 rows"],
        ),
    ] {
        refused(
            &home,
            &[&["people.csv"], flags, &["text", "Hola"]].concat(),
            parts,
        );
    }
}

#[test]
fn message_errors_are_reported_once_per_list() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular,Nombre completo\n593987654321,Ana\n593987654322,Eva\n",
    );
    for (words, parts) in [
        (
            &["text"][..],
            &["the message is invalid", "text: is missing"][..],
        ),
        (
            &["image", "--caption", "{{ row['Nombre completo'] }}"],
            &["mediaUrl: is missing"],
        ),
        (
            &["text", "{{ celular | mayusculas }}"],
            &[
                "text: filter mayusculas is unknown",
                "hint: the filters are abs, capitalize, date,",
            ],
        ),
        (
            &["text", "{{ celular is mayuscula }}"],
            &["text: the syntax `is` is not supported"],
        ),
        (
            &["text", "{{ row['Nombre'] }}"],
            &[
                "text: there is no column `Nombre`",
                "there are: celular, Nombre completo",
            ],
        ),
        (
            &["text", "Hola {{Nombre completo | upper}}"],
            &["name with spaces or signs has the form {{ nombre_completo }}"],
        ),
    ] {
        let ended = refused(&home, &[&["people.csv"], words].concat(), parts);
        assert!(!ended.stderr.contains("line 2"), "{ended:?}");
    }
    // An error that depends on the row names the row.
    home.write(
        "people.csv",
        "celular,url\n593987654321,x\n593987654322,https://example.com/x.png\n",
    );
    refused(
        &home,
        &["people.csv", "image", "--media-url", "{{ url }}"],
        &["line 2: mediaUrl: ", "1 row cannot be sent"],
    );
    home.write(
        "people.ndjson",
        "{\"to\":\"593987654321\",\"a\":{\"b\":\"x\"}}\n{\"to\":\"593987654322\",\"a\":{}}\n",
    );
    refused(
        &home,
        &["people.ndjson", "text", "{{ a.b }}"],
        &["line 2: text: a value is missing"],
    );
}

#[test]
fn file_of_another_type_is_identified() {
    let home = Home::new();
    let wide: Vec<u8> = "to,n\r\n593987654321,x\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (bytes, what, way_out) in [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0".to_vec(),
            "(.xls)",
            "save the sheet",
        ),
        (
            b"<html><table><tr><td>to".to_vec(),
            "found HTML",
            "save the sheet",
        ),
        (
            zip(&[("Index/Document.iwa", b"")]),
            "found a zip archive",
            "save a document of another program as .xlsx",
        ),
        (
            zip(&[("people.csv", b"to\n")]),
            "found a zip archive",
            "unpack it",
        ),
        (
            b"\x1f\x8b\x08\0\0\0\0\0".to_vec(),
            "a gzip archive",
            "hint: to unpack it: gunzip -c people.csv > unpacked.csv",
        ),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
            "found NUL bytes, so it is not a text in UTF-8",
            "pass a list",
        ),
        (
            b"%PDF-1.7\n%\xe2\xe3".to_vec(),
            "found a PDF",
            "pass a list",
        ),
        (
            b"to,n\n593987654321,a\0b\n".to_vec(),
            "found NUL bytes, so it is not a text in UTF-8",
            "pass a list",
        ),
        (
            vec![0; 4096],
            "found NUL bytes, so it is not a text in UTF-8",
            "pass a list",
        ),
        (
            wide,
            "found NUL bytes, so it is not a text in UTF-8",
            "--encoding utf-16le",
        ),
    ] {
        home.write("people.csv", &bytes);
        refused(
            &home,
            &["people.csv", "text", "x"],
            &["people.csv", what, way_out, "nothing was sent"],
        );
    }
}

#[test]
fn file_whose_name_begins_with_a_hyphen_has_a_way() {
    let home = Home::new();
    home.write("-x.csv", "to\n593987654321\n");
    home.dry_run_list(&["-x.csv", "text", "Hola"])
        .fails(2, &["hint: to pass the file: ./-x.csv\n"]);
    home.dry_run_list(&["./-x.csv", "text", "Hola"]).success();
    let ended = home
        .dry_run_list(&["-y.csv", "text", "Hola"])
        .fails(2, &["hint: "]);
    assert!(!ended.stderr.contains("pass the file"), "{ended:?}");
}

#[test]
fn hint_for_a_compressed_list_unpacks_it() {
    let home = Home::new();
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(b"to\n593987654321\n").unwrap();
    home.write("my people.csv.gz", packer.finish().unwrap());
    let ended = home
        .dry_run_list(&["my people.csv.gz", "text", "x"])
        .fails(2, &["expected a list, found a gzip archive"]);
    let (_, hint) = ended.stderr.split_once("hint: to unpack it: ").unwrap();
    let command = hint.lines().next().unwrap();
    assert_eq!(command, "gunzip -c 'my people.csv.gz' > 'my people.csv'");
    if cfg!(unix) {
        let unpacked = home.program("sh").args(["-c", command]).status().unwrap();
        assert!(unpacked.success());
        home.dry_run_list(&["my people.csv", "text", "x"]).success();
    }
}

#[test]
fn spreadsheet_additions_to_csv_are_accepted() {
    let home = Home::new();
    for list in [
        "sep=|\r\nto|n;,\r\n593987654321|a\r\n",
        "\u{feff}SEP=|\nto|n;,\n593987654321|a\n",
        "\"sep=|\"\nto|n;,\n593987654321|a",
    ] {
        home.write("a.csv", list);
        assert_eq!(
            bodies(&home, &["a.csv", "text", "{{ row['n;,'] }}"])[0]["text"],
            "a"
        );
        home.write("a.csv", format!("{}\n1|b", list.trim_end()));
        refused(
            &home,
            &["a.csv", "text", "x"],
            &["line 4: to: `1` has 1 digit, and a phone number has 7 to 15\n"],
        );
    }
    // Empty rows do not count. A row with any content does.
    home.write("a.csv", "to;n\n593987654321;a\n;\n \n593987654322;b\n; ;\n");
    let ended = home
        .run("--sandbox --dry-run bulk send a.csv text '{{ n }}'")
        .success();
    assert_eq!(ended.stdout.lines().count(), 2);
    home.write("a.csv", "to;n\n593987654321;a\n;2 people\n");
    refused(
        &home,
        &["a.csv", "text", "x"],
        &["line 3: to: ", "1 row cannot be sent"],
    );
}

#[test]
fn text_after_a_closing_quote_is_reported() {
    let home = Home::new();
    home.write(
        "a.csv",
        "to,n\n593987654321,\"Ana\"x\n593987654322,\"Eva\" \n593987654323,\"L\"\"u\"\"\"\n",
    );
    let parts = [
        "line 2: a quote is inside a cell, or has text after it",
        "1 row cannot be sent",
    ];
    refused(&home, &["a.csv", "text", "{{ n }}"], &parts);
    home.write("a.csv", "to,\"n\"m\n593987654321,x\n");
    refused(
        &home,
        &["a.csv", "text", "x"],
        &["in the header in line 1", "each quote twice"],
    );
}

#[test]
fn rows_inside_a_stray_quote_are_not_sent() {
    let jelou = Jelou::expect_no_requests();
    let home = Home::new();
    let quote_inside = "line 2: a quote is inside a cell, or has text after it";
    for (list, parts) in [
        (
            "nombre,celular,saldo\nAna,593987654321,\"10\nEva,593987654322,20\nLuz,593987654323,30\"\n",
            &[
                "a.csv: the row in line 2 continues to line 4 because of a quote, but line 3 looks like a row",
            ][..],
        ),
        // The rows around it are invalid for other reasons, or are skipped.
        (
            "celular;saldo\n593987654321;\"10\n0987654322;20\n0987654323;\"30\"\"\n",
            &[
                "the row in line 2 continues to line 4, and a quote is inside a cell, or has text after it",
            ],
        ),
        (
            "celular;saldo\r\n12;x\r\n593987654321;\"10\r\n\r\n0987654322;20\r\n0987654323\";30;5\r\n",
            &[
                "the row in line 3 continues to line 6 because of a quote, but line 5 looks like a row",
            ],
        ),
        (
            "nombre,celular,x\n\"Ana,593987654321,\nEva\",593987654322,\n",
            &[
                "the row in line 2 continues to line 3 because of a quote, but line 2 looks like a row",
            ],
        ),
        (
            "nombre,x,celular\nAna,\"1,593987654321\nEva,2\",593987654322\n",
            &[
                "the row in line 2 continues to line 3 because of a quote, but line 3 looks like a row",
            ],
        ),
        (
            "nombre,celular\n\"Ana,593987654321\n\"Eva\",593987654322\nLuz,593987654323\n",
            &[
                "the row in line 2 continues to line 3, and a quote is inside a cell",
                "close it",
            ],
        ),
        (
            "nombre,celular\nAna \"la alta\",593987654321\n",
            &[quote_inside],
        ),
        ("nombre,celular\n \"Ana\",593987654321\n", &[quote_inside]),
        (
            "celular,nombre \"x\"\n593987654321,Ana\n",
            &["in the header in line 1, a quote is inside a cell"],
        ),
    ] {
        home.write("a.csv", list);
        let mut more = vec![
            &["--country", "EC"][..],
            &["--country", "EC", "--skip", "1"],
        ];
        if parts[0] != quote_inside {
            more.push(&["--country", "EC", "--skip-invalid"]);
        }
        for more in more {
            let all = [&["bulk", "send", "a.csv", "--yes"], more, &["text", "x"]].concat();
            let run = home.run_args(&all).api(&jelou.url);
            if more.contains(&"--skip") && parts[0] == quote_inside {
                run.fails(2, &["--skip 1: a.csv has only 1 row"]);
            } else {
                run.fails(2, &[parts, &["nothing was sent"]].concat());
            }
        }
    }
    // Cells of several lines are not errors by themselves, wherever they are.
    for list in [
        "nota,celular\n\"a\nb\",593987654321\n",
        "nombre,nota,celular\nAna,\"Calle 1\nQuito, Ecuador\",593987654321\n",
        "nombre,celular,nota\n\"Ana\nPaz\",593987654321,\"a\nb\"\n",
        "nota,celular,x\n\"Av. 6, N24, Quito\nEcuador\",593987654321,\"a, b\nc\"\n",
    ] {
        home.write("a.csv", list);
        assert_eq!(
            preview(&home, &["a.csv", "text", "x"])[0]["body"]["userId"],
            "593987654321",
            "{list}"
        );
    }
    home.write(
        "a.csv",
        "celular,nota\n593987654321,\"Calle 1, Quito\nTel. 02 250,oficina\n\"\"Ana\"\"\n\n\"\n593987654322,x\n",
    );
    let sent = preview(&home, &["a.csv", "text", "{{ nota }}"]);
    assert_eq!(
        sent[0]["body"]["text"],
        "Calle 1, Quito\nTel. 02 250,oficina\n\"Ana\"\n\n"
    );
    assert_eq!(sent[1]["body"]["text"], "x");
}

#[test]
fn every_invalid_row_is_listed_and_nothing_sent() {
    let home = Home::new();
    let server = Jelou::accept_all();
    let long = "x".repeat(4097);
    home.write(
        "people.csv",
        format!("to,x\n593987654321,ok\n1,ok\n593987654322,{long}\n593987654323,\n"),
    );
    let run = |arguments: &[&str]| {
        home.run_args(
            &[
                &["bulk", "send", "people.csv", "--yes"],
                arguments,
                &["text", "{{ x }}"],
            ]
            .concat(),
        )
        .api(&server.url)
    };
    run(&[]).fails(
        2,
        &[
            "line 3: to: `1` has 1 digit, and a phone number has 7 to 15\n",
            "line 4: text: has 4097 characters; at most 4096 are allowed",
            "line 5: `x` is empty, but the text needs it",
            "3 rows cannot be sent",
        ],
    );
    assert!(server.requests().is_empty());
    let ended = run(&["--skip-invalid", "--rate", "1000/s"]).fails(10, &["line 3 is skipped"]);
    assert_eq!(
        (&ended.json()["sent"], &ended.json()["skipped"]),
        (&json!(1), &json!(3))
    );
    assert_eq!(server.requests().len(), 1);
    let line = &home.report("--state skipped")[0];
    assert_eq!(
        (&line["sent"], &line["code"], &line["attempts"]),
        (&json!("no"), &json!("invalid"), &json!(0))
    );
}

#[test]
fn templates_are_strict() {
    let home = Home::new();
    home.write("people.csv", "to,nombre\n593987654321,Ana\n");
    home.write(
        "people.ndjson",
        "{\"to\":\"593987654321\",\"nulo\":null,\"lista\":[1],\"objeto\":{\"a\":1}}\n",
    );
    for (list, template, part) in [
        (
            "people.csv",
            "{{ nombr }}",
            "there is no column `nombr` (did you mean `nombre`?); there are: to, nombre",
        ),
        (
            "people.csv",
            "{{ row.nombr }}",
            "error: text: there is no column `nombr` (did you mean `nombre`?); there are: to, nombre",
        ),
        (
            "people.csv",
            "{{ nombre.x }}",
            "line 2: text: `nombre.x`: a cell has no fields",
        ),
        (
            "people.ndjson",
            "a {{ objeto.b }}",
            "line 1: text: a value is missing, because the cell lacks this part",
        ),
        (
            "people.csv",
            "{{ nombre",
            "text: `{{ nombre`: `{{` is not closed by `}}`",
        ),
        (
            "people.ndjson",
            "{{ nombre }}",
            "line 1: text: there is no `nombre`; there are: to, nulo",
        ),
        (
            "people.ndjson",
            "{{ nulo }}",
            "line 1: text: is null, but a text is required",
        ),
        (
            "people.ndjson",
            "a {{ nulo }}",
            "line 1: text: null, which is also the number of an empty cell, cannot be part of a text\n    hint: write `| default(\"…\")`",
        ),
        (
            "people.ndjson",
            "a {{ lista }}",
            "line 1: text: a sequence cannot be part of a text",
        ),
        (
            "people.ndjson",
            "{{ lista }}",
            "line 1: text: is a list; a text is expected",
        ),
        (
            "people.ndjson",
            "a {{ objeto }}",
            "line 1: text: a map cannot be part of a text",
        ),
    ] {
        refused(&home, &[list, "text", template], &[part]);
    }
    home.write("names.csv", "to,nombre\n593987654321,Ana María\n");
    let first = bodies(
        &home,
        &["names.csv", "text", "Hola {{ nombre | split | first }}"],
    );
    assert_eq!(first[0]["text"], "Hola Ana");
    let literal = bodies(
        &home,
        &[
            "people.csv",
            "text",
            "{{ '{{' }} {{ nombre if nombre != '' else 'x' }} }}",
        ],
    );
    assert_eq!(literal[0]["text"], "{{ Ana }}");
}

#[test]
fn oversized_template_is_refused_without_stack_overflow() {
    let home = Home::new();
    home.write("people.csv", "to\n593987654321\n");
    for (template, part) in [
        (
            format!("{{{{ {}1 }}}}", "-".repeat(15_000)),
            "text: too long: a text with {{ }} or {% %} has at most 16384 bytes and 100 statements, and an \
             expression 500 words and signs and 40 nested brackets",
        ),
        (
            format!("{{{{ to{} }}}}", "|trim".repeat(3000)),
            "text: too long",
        ),
        (
            format!("{{{{ to }}}}{}", "-".repeat(32_000)),
            "text: too long",
        ),
    ] {
        refused(&home, &["people.csv", "text", &template], &[part]);
        refused(
            &home,
            &["people.csv", "text", "x", "--to", &template],
            &["--to: "],
        );
    }
}

#[test]
#[cfg(unix)]
fn largest_template_fits_a_small_stack() {
    let home = Home::new();
    home.write("people.ndjson", "{\"to\":593987654321,\"o\":{\"n\":1}}\n");
    let signs = format!(
        "{{{{ {}(o.n | number) }}}}{{{{ {}(o.n | number{} }}}}",
        "-".repeat(490),
        "-(".repeat(39),
        ")".repeat(40)
    );
    let mut command = home.command();
    command
        .args("--sandbox --dry-run bulk send people.ndjson text".split(' '))
        .arg(signs);
    let limited = ["sh", "-c", "ulimit -s 1024 && exec \"$0\" \"$@\""];
    let ended = CommandOutput::new(&under(&limited, &command).output().unwrap());
    assert_eq!(
        (ended.code, &ended.json()["body"]["text"]),
        (0, &json!("1-1")),
        "{ended:?}"
    );
}

#[test]
fn duplicate_messages_are_refused_skipped_or_allowed() {
    let home = Home::new();
    home.write(
        "people.csv",
        "to,x\n593987654321,a\n593987654322,a\n+593 98 765 4321,a\n593987654321,b\n",
    );
    let part = "line 4: sends 593987654321 the same message as line 2";
    refused(
        &home,
        &["people.csv", "text", "{{ x }}"],
        &[
            part,
            "1 row repeats a message to the same recipient",
            "--allow-duplicates",
        ],
    );
    assert_eq!(
        bodies(
            &home,
            &["people.csv", "--allow-duplicates", "text", "{{ x }}"]
        )
        .len(),
        4
    );
    assert_eq!(
        bodies(&home, &["people.csv", "--skip-invalid", "text", "{{ x }}"]).len(),
        3
    );
}

#[test]
fn skip_limit_and_to_select_rows() {
    let home = Home::new();
    let rows: Vec<_> = (0..9)
        .map(|number| format!("59398765432{number}\n"))
        .collect();
    home.write("people.csv", format!("to\n{}", rows.concat()));
    let users = |flags: &[&str]| {
        let requests = bodies(&home, &[&["people.csv"], flags, &["text", "x"]].concat());
        requests
            .iter()
            .map(|body| body["userId"].as_str().unwrap()[11..].to_owned())
            .collect::<String>()
    };
    assert_eq!(users(&[]), "012345678");
    assert_eq!(users(&["--skip", "2", "--limit", "3"]), "234");
    assert_eq!(users(&["--skip", "7", "--limit", "30"]), "78");
    assert_eq!(users(&["--preview", "2"]), "01");
    refused(
        &home,
        &["people.csv", "--skip", "9", "text", "x"],
        &["people.csv has only "],
    );
}

#[test]
fn preview_reads_all_rows_and_prints_first() {
    let home = Home::new();
    let rows: Vec<_> = (1..=6)
        .map(|n| {
            if n == 5 {
                "12\n".to_owned()
            } else {
                format!("59398765432{n}\n")
            }
        })
        .collect();
    home.write("people.csv", format!("to\n{}", rows.concat()));
    let preview = |flags: &[&str]| {
        home.run_args(
            &[
                &["--sandbox", "bulk", "send", "people.csv", "--preview", "1"],
                flags,
                &["text", "x"],
            ]
            .concat(),
        )
    };
    let ended = preview(&[]).fails(
        2,
        &[
            "line 6: to: `12` has 2 digits, and a phone number has 7 to 15\n",
            "6 rows: 5 are fine, 1 is invalid",
            "1 row cannot be sent",
        ],
    );
    // Nobody should send the requests of a refused list.
    assert_eq!(ended.stdout, "");
    let ended = preview(&["--skip-invalid"]).success();
    assert_eq!(ended.json()["body"]["userId"], "593987654321");
    ended.stderr_has(&["6 rows: 5 are fine, 1 is invalid"]);
    let ended = preview(&["--limit", "4"]).success();
    assert!(
        ended.stderr.ends_with("note: 4 rows: 4 are fine\n") && ended.stdout.lines().count() == 1,
        "{ended:?}"
    );
    home.config(
        "[profiles.p]\nbot_id = \"7\"\nclient_id = \"i\"\nclient_secret_command = [\"false\"]\nallow_to = [\"*1\"]\n",
    );
    let both = home.run("bulk send people.csv --preview 9 text x");
    both.fails(
        2,
        &[
            "1 row cannot be sent",
            "  - line 7: allow_to does not allow the recipient\n",
            "6 rows: 1 is fine, 1 is invalid, 4 are addressed to recipients that are not allowed",
        ],
    );
    let guarded = home.run("bulk send people.csv --skip-invalid --preview 9 text x");
    let ended = guarded.fails(
        11,
        &["6 rows: 1 is fine, 1 is invalid, 4 are addressed to recipients"],
    );
    assert_eq!(ended.stdout, "");
}

/// Line, reason and problem of each row of a report.
fn rejected(home: &Home, file: &str) -> Vec<(u64, String, String)> {
    let report = home.read(file);
    let rows = report
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rows.map(|row| {
        (
            row["line"].as_u64().unwrap(),
            text(&row["code"]),
            text(&row["error"]),
        )
    })
    .collect()
}

#[test]
fn excluded_rows_do_not_count_towards_the_limit() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.profile("p", &jelou.url, "allow_to = [\"593*\"]");
    home.write(
        "people.csv",
        "to\n+573001234567\n+573001234568\n+593987654321\n+593987654322\n",
    );
    // Rows after the limit are neither checked nor compared.
    home.run("bulk send people.csv --yes --limit 1 --skip-not-allowed --run first text Hola")
        .success();
    home.write(
        "people.csv",
        "to\n+573001234567\n+593987654323\n+593987654321\n",
    );
    home.run("bulk send people.csv --yes --limit 1 --skip-not-allowed --run second text Hola")
        .success();
    home.write(
        "people.csv",
        "to\n+573001234567\n+573001234568\n+593987654322\n+593987654324\n",
    );
    for run in ["a", "b"] {
        let line = "bulk send people.csv --yes --limit 1 --skip-sent --skip-not-allowed --rate 1000/s --run";
        let ended = home.run(line).args(&[run, "text", "Hola"]).success();
        assert_eq!(
            (
                &ended.json()["sent"],
                &ended.json()["skipped_reasons"]["not_allowed"]
            ),
            (&json!(1), &json!(2))
        );
    }
    let users: Vec<_> = jelou.requests().into_iter().map(|seen| seen.user).collect();
    assert_eq!(
        users,
        [
            "593987654321",
            "593987654323",
            "593987654322",
            "593987654324"
        ]
    );
}

#[test]
fn rejected_rows_can_be_corrected_and_resent() {
    let jelou = Jelou::accept_all();
    let home = Home::new();
    home.profile("p", &jelou.url, "allow_to = [\"593*\"]");
    home.write("bajas.txt", "593987654322\n");
    home.write(
        "people.csv",
        "celular;nombre\n593987654321;Ana\n0987654323;Bea\n593987654322;Eva\n51987654325;Luz\n593987654321;Ana\n",
    );
    let send = |list: &str, run: &str, flags: &[&str]| {
        let words = [
            "bulk", "send", list, "--yes", "--run", run, "--rate", "1000/s",
        ];
        home.run_args(&[&words[..], flags, &["text", "Hola {{ nombre }}"]].concat())
    };
    let expected = [
        (3, "invalid"),
        (4, "excluded"),
        (5, "not_allowed"),
        (6, "repeated"),
    ];
    // Errors of the list come before the errors of a safety check. The file has all of them.
    for flags in [&[][..], &["--preview", "1"], &["--skip-invalid"]] {
        let code = if flags == ["--skip-invalid"] { 11 } else { 2 };
        let flags = [
            flags,
            &["--exclude", "bajas.txt", "--rejects", "rejects.ndjson"],
        ]
        .concat();
        let ended = if flags.contains(&"--preview") {
            home.run_args(
                &[
                    &["bulk", "send", "people.csv"],
                    &flags[..],
                    &["text", "Hola {{ nombre }}"],
                ]
                .concat(),
            )
        } else {
            send("people.csv", "r", &flags)
        };
        ended.fails(code, &["4 skipped rows written to rejects.ndjson"]);
        let rows = rejected(&home, "rejects.ndjson");
        let reasons: Vec<_> = rows
            .iter()
            .map(|(line, code, _)| (*line, code.as_str()))
            .collect();
        assert_eq!(reasons, expected, "{flags:?}");
        assert!(
            rows[0].2.contains("`0987654323` has no country code"),
            "{rows:?}"
        );
    }
    let flags = [
        "--exclude",
        "bajas.txt",
        "--rejects",
        "rejects.csv",
        "--skip-invalid",
        "--skip-not-allowed",
    ];
    let ended = send("people.csv", "r", &flags).fails(
        10,
        &["1 row is skipped because allow_to does not allow the recipient: line 5"],
    );
    let reasons = json!({"invalid": 1, "excluded": 1, "not_allowed": 1, "repeated": 1});
    assert_eq!(
        (&ended.json()["sent"], &ended.json()["skipped_reasons"]),
        (&json!(1), &reasons)
    );
    let report = std::fs::read_to_string(home.path().join("rejects.csv")).unwrap();
    assert!(
        report.starts_with("celular;nombre;run;line;sent;"),
        "{report}"
    );
    // The corrected file is sent without the exclusion list, and excluded recipients stay excluded.
    home.write("rejects.csv", report.replace("0987654323", "593987654323"));
    let ended = send(
        "rejects.csv",
        "again",
        &["--skip-not-allowed", "--rejects", "left.xlsx"],
    )
    .success();
    let reasons = json!({"excluded": 1, "not_allowed": 1, "repeated": 1});
    assert_eq!(
        (&ended.json()["sent"], &ended.json()["skipped_reasons"]),
        (&json!(1), &reasons)
    );
    let users: Vec<_> = jelou.requests().into_iter().map(|seen| seen.user).collect();
    assert_eq!(users, ["593987654321", "593987654323"]);
    // Rows that were sent before are also in it if they stop the list; a workbook can be read as a list.
    home.write(
        "people.csv",
        "celular,nombre\n593987654321,Ana\n593987654324,Sol\n",
    );
    send("people.csv", "third", &["--rejects", "sent.xlsx"])
        .fails(11, &["1 skipped row written to sent.xlsx"]);
    let words = [
        "--sandbox",
        "--dry-run",
        "bulk",
        "send",
        "sent.xlsx",
        "text",
        "Hola {{ nombre }}",
    ];
    let ended = home.run_args(&words).success();
    assert!(
        ended.stdout.contains("Hola Ana") && ended.stdout.lines().count() == 1,
        "{ended:?}"
    );
    // A list whose rows were all sent leaves an empty one.
    home.write("people.csv", "celular,nombre\n593987654324,Sol\n");
    send("people.csv", "last", &["--rejects", "sent.xlsx"]).success();
    assert_eq!(jelou.requests().len(), 3);
}

/// Returns the text that each recipient got, by the last digits of the number.
fn texts_got(jelou: &Jelou) -> Vec<String> {
    let text =
        |seen: &crate::bulk_server::Seen| seen.received.json()["text"].as_str().unwrap().to_owned();
    jelou.requests().iter().map(text).collect()
}

#[test]
fn excluded_recipients_are_omitted_from_corrected_list() {
    let jelou = Jelou::accept_all();
    let home = Home::new();
    let send = |list: &str, run: &str, flags: &[&str]| {
        let words = [
            "bulk", "send", list, "--yes", "--run", run, "--rate", "1000/s",
        ];
        home.run_args(&[&words[..], flags, &["text", "Hola {{ n }}"]].concat())
            .api(&jelou.url)
    };
    let got = || texts_got(&jelou).len();
    // The recipient's first row is not in the file, so only the reason shows that the second row is a duplicate.
    home.write("b.csv", "to,n\n593987654324,D\n593987654324,D2\n12,E\n");
    send(
        "b.csv",
        "a",
        &[
            "--one-per-recipient",
            "--skip-invalid",
            "--rejects",
            "rz.csv",
        ],
    )
    .fails(10, &[]);
    let corrected = home.read("rz.csv").replace("12,E", "593987654325,E");
    home.write("rz.csv", &corrected);
    for (run, flags) in [
        ("b", &["--one-per-recipient"][..]),
        ("c", &[]),
        ("d", &["--skip-sent"]),
    ] {
        let note = "1 row is skipped because the report says `repeated`: line 2";
        let again = if run == "c" { &["--again"][..] } else { &[] };
        let ended = send("rz.csv", run, &[flags, again].concat()).fails(0, &[note]);
        assert_eq!(
            ended.json()["skipped_reasons"]["repeated"],
            json!(1),
            "{ended:?}"
        );
    }
    assert_eq!(texts_got(&jelou), ["Hola D", "Hola E", "Hola E"]);
    // To send it anyway, pass the flag or delete the reason. For another number, also delete the earlier recipient.
    send("rz.csv", "e", &["--allow-duplicates", "--skip-sent"]).success();
    assert_eq!(texts_got(&jelou)[3..], ["Hola D2"]);
    home.write("rz.csv", corrected.replace("repeated", ""));
    send("rz.csv", "f", &["--again"]).success();
    let other_number = corrected
        .replace("repeated", "")
        .replace("593987654324,D2", "593987654329,D2");
    home.write("rz.csv", &other_number);
    send("rz.csv", "g", &["--skip-sent"]).fails(
        2,
        &[
            "line 2 is to 593987654329, but its `sent_to` is `+593987654324`",
            "empty its `sent_to`",
        ],
    );
    home.write("rz.csv", other_number.replace("'+593987654324", ""));
    send("rz.csv", "g", &["--skip-sent"]).success();
    assert_eq!(got(), 7);
    // A text or a workbook of the rejected rows hides none of them.
    let rows = "<row r=\"1\"><c t=\"str\"><v>to</v></c><c t=\"str\"><v>n</v></c></row>\
                <row r=\"2\" hidden=\"1\"><c t=\"str\"><v>593987654331</v></c><c t=\"str\"><v>H</v></c></row>\
                <row r=\"3\" hidden=\"1\"><c t=\"str\"><v>total</v></c></row>\
                <row r=\"4\"><c t=\"str\"><v>13</v></c><c t=\"str\"><v>F</v></c></row>\
                <row r=\"5\"><c t=\"str\"><v>593987654332</v></c><c t=\"str\"><v>G</v></c></row>";
    home.write(
        "hid.xlsx",
        crate::workbook::xlsx(&[crate::workbook::sheet("Hoja1", rows)], ""),
    );
    send(
        "hid.xlsx",
        "h",
        &["--hidden", "skip", "--skip-invalid", "--rejects", "rh.csv"],
    )
    .fails(10, &[]);
    home.write(
        "rh.csv",
        home.read("rh.csv").replace("13,F", "593987654333,F"),
    );
    let note = "2 rows are skipped because the report says `hidden`: line 2, 3";
    let ended = send("rh.csv", "i", &[]).fails(0, &[note]);
    assert_eq!(
        (&ended.json()["sent"], &ended.json()["skipped_reasons"]),
        (&json!(1), &json!({"hidden": 2}))
    );
    send(
        "rh.csv",
        "j",
        &["--hidden", "send", "--skip-invalid", "--skip-sent"],
    )
    .fails(10, &[]);
    assert_eq!(texts_got(&jelou)[7..], ["Hola G", "Hola F", "Hola H"]);
    // A message that an earlier run sent stays skipped with another text, too.
    home.write("s.csv", "to,n\n593987654332,G\n14,K\n");
    send(
        "s.csv",
        "k",
        &["--skip-sent", "--skip-invalid", "--rejects", "rs.csv"],
    )
    .fails(10, &["nothing to send"]);
    home.write(
        "rs.csv",
        home.read("rs.csv")
            .replace("14,K", "593987654334,K")
            .replace("332,G", "332,otra"),
    );
    let note = "1 row is skipped because the report says that the message was sent: line 2";
    send("rs.csv", "l", &[]).fails(0, &[note]);
    assert_eq!(texts_got(&jelou)[10..], ["Hola K"]);
    send("rs.csv", "m", &["--again"]).success();
    assert_eq!(texts_got(&jelou)[11..], ["Hola otra", "Hola K"]);
    // If the file has no other rows, it is not an error.
    home.write(
        "only.csv",
        corrected
            .lines()
            .filter(|line| !line.contains("invalid"))
            .collect::<Vec<_>>()
            .join("\n"),
    );
    send("only.csv", "n", &[]).fails(0, &["nothing to send"]);
}

#[test]
fn unreadable_row_is_rejected_with_its_text() {
    let home = Home::new();
    let list = "telefono;nombre\n593987654321\n593987654322;Luis;extra;\"a;b\"\n593987654323;\"Lu\"is\n593987654324;Eva\n";
    home.write("rag.csv", list);
    let send = |list: &str, rejects: &str, name: &str| {
        let words = [
            "--sandbox",
            "bulk",
            "send",
            list,
            "--skip-invalid",
            "--rejects",
            rejects,
            "--run",
            name,
        ];
        home.run_args(&[&words[..], &["text", "Hola {{ nombre }}"]].concat())
    };
    send("rag.csv", "rej.csv", "r").fails(10, &[]);
    let text = home.read("rej.csv");
    let begins = [
        "telefono;nombre;run;line;sent;",
        "\"593987654321;\";;;2;no;",
        "\"593987654322;Luis;extra;\"\"a;b\"\"\";;;3;no;",
        "\"593987654323;Luis\";;;4;no;",
    ];
    for begin in begins {
        assert!(
            text.lines().any(|line| line.starts_with(begin)),
            "{begin}: {text}"
        );
    }
    // Each line has all columns, in this file and in the run's report.
    let reports = [
        text,
        home.run("bulk report r --reason invalid").success().stdout,
    ];
    for report in &reports {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(b';')
            .flexible(true)
            .from_reader(report.as_bytes());
        assert!(
            reader.records().all(|record| record.unwrap().len() == 16),
            "{report}"
        );
    }
    // The file can be read as a list, and you can correct its cells.
    home.write(
        "rej.csv",
        reports[0].replace(
            "\"593987654322;Luis;extra;\"\"a;b\"\"\";;",
            "593987654322;Luis;",
        ),
    );
    let ended = send("rej.csv", "again.csv", "s").fails(10, &[]);
    assert_eq!(
        (&ended.json()["sent"], &ended.json()["skipped"]),
        (&json!(1), &json!(2))
    );
    // The same if no row can be read, for objects, and for a sheet.
    home.write("bad.csv", "telefono,nombre\n593987654321\n");
    send("bad.csv", "bad.ndjson", "t").fails(2, &["no row can be sent"]);
    assert!(
        home.read("bad.ndjson")
            .starts_with("{\"telefono\":\"593987654321,\",\"nombre\":null,"),
        "{}",
        home.read("bad.ndjson")
    );
    home.write(
        "bad.ndjson",
        "{\"telefono\": \"593987654321\", \"nombre\": \"Eva\"}\n{\"telefono\": \n",
    );
    send("bad.ndjson", "again.ndjson", "u").fails(10, &[]);
    assert!(
        home.read("again.ndjson")
            .starts_with("{\"telefono\":\"{\\\"telefono\\\":\","),
        "{}",
        home.read("again.ndjson")
    );
    let rows = "<row r=\"1\"><c t=\"str\"><v>telefono</v></c></row>\
                <row r=\"2\"><c t=\"str\"><v>593987654321</v></c><c t=\"str\"><v>Ana</v></c></row>";
    home.write(
        "wide.xlsx",
        crate::workbook::xlsx(&[crate::workbook::sheet("Hoja1", rows)], ""),
    );
    let words = [
        "--sandbox",
        "bulk",
        "send",
        "wide.xlsx",
        "--rejects",
        "wide.csv",
        "text",
        "Hola",
    ];
    home.run_args(&words)
        .fails(2, &["cell B2 is filled, but the header ends at column A"]);
    assert!(
        home.read("wide.csv")
            .contains("\n\"593987654321\tAna\",,2,no,"),
        "{}",
        home.read("wide.csv")
    );
}

#[test]
fn unusable_rejects_file_is_reported_first() {
    let home = Home::new();
    home.write("people.csv", "celular\n593987654321\n");
    home.write("other.csv", "celular\n593987654322\n");
    home.write("bajas.csv", "593987654323\n");
    for (file, part) in [
        (
            "page.html",
            "--rejects: rows are written as a list, not as a page",
        ),
        ("x.pdf", "--rejects: a report cannot be written as .pdf"),
        (
            "other.csv",
            "--rejects: other.csv exists and is not a report of a run",
        ),
        (
            "people.csv",
            "--rejects: people.csv is a file that this command reads",
        ),
        (
            "./people.csv",
            "--rejects: ./people.csv is a file that this command reads",
        ),
        (
            "other.csv --yes",
            "--rejects: other.csv exists and is not a report of a run",
        ),
        (
            "people.csv --yes",
            "--rejects: people.csv is a file that this command reads",
        ),
        (
            "bajas.csv --yes --exclude bajas.csv",
            "--rejects: bajas.csv is a file that this command reads",
        ),
        ("-", "--rejects needs a file, not standard output"),
        ("nowhere/x.csv", "--rejects: failed to write nowhere/x.csv"),
        #[cfg(unix)]
        ("/dev/null", "--rejects: /dev/null is not a regular file"),
    ] {
        let flags: Vec<_> = file.split(' ').collect();
        refused(
            &home,
            &[&["people.csv", "--rejects"], &flags[..], &["text", "Hola"]].concat(),
            &[part],
        );
    }
    // Standard input has a name, too.
    #[cfg(target_os = "linux")]
    {
        let list = home.write(
            "again.csv",
            "celular,run,line,sent,code\n593987654321,r,2,no,\n",
        );
        let mut command = home.command();
        command.args("--sandbox bulk send - --rejects again.csv text Hola".split(' '));
        let ended = CommandOutput::new(
            &command
                .stdin(std::fs::File::open(list).unwrap())
                .output()
                .unwrap(),
        );
        assert!(
            ended.code == 2
                && ended
                    .stderr
                    .contains("again.csv is a file that this command reads"),
            "{ended:?}"
        );
        assert!(home.read("again.csv").ends_with(",r,2,no,\n"));
    }
}

#[test]
fn repeated_row_problem_shows_the_first_rows() {
    let home = Home::new();
    let rows: Vec<_> = (100..600)
        .map(|n| format!("{n},{}\n", if n % 2 == 0 { "x" } else { "" }))
        .collect();
    let others = "593987654321,\n593987654322,\n593987654323,x\n";
    home.write("people.csv", format!("to,n\n{}{others}", rows.concat()));
    let send = |flags: &[&str]| {
        home.run_args(
            &[
                &["--sandbox", "bulk", "send", "people.csv"],
                flags,
                &["text", "{{ n }}"],
            ]
            .concat(),
        )
    };
    let told = send(&[]).fails(
        2,
        &[
            "line 2: to: `100` has 3 digits, and a phone number has 7 to 15\n",
            "495 more rows are like line 2; -v lists all",
            "502 rows cannot be sent",
        ],
    );
    let lines = |ended: &CommandOutput| {
        ended
            .stderr
            .lines()
            .filter(|line| line.contains("line "))
            .count()
    };
    assert_eq!(lines(&told), 5 + 1 + 2, "{told:?}");
    assert_eq!(
        lines(&send(&["-v"]).fails(
            2,
            &["line 501: to: `599` has 3 digits, and a phone number has 7 to 15\n"]
        )),
        502
    );
    assert_eq!(
        lines(&send(&["--skip-invalid"]).fails(10, &["line 2 is skipped: to: "])),
        5 + 1 + 2
    );
}

#[test]
fn preview_writes_nothing_and_reads_no_secret() {
    let home = Home::new();
    home.write("people.csv", "to\n593987654321\n");
    home.config(
        "[profiles.p]\nbot_id = \"7\"\nclient_id = \"i\"\nclient_secret_command = [\"false\"]\n",
    );
    let request = home
        .run("bulk send people.csv --preview 1 text x")
        .success()
        .json();
    assert_eq!(request["url"], "https://api.jelou.ai/v1/bots/7/messages");
    assert_eq!(request["dry_run"], true);
    let curl = home.run("--curl bulk send people.csv text x").success();
    assert!(curl.stdout.starts_with("curl --silent"), "{curl:?}");
    // The configuration may be in the same directory.
    let kept = if STATE == CONFIG { "runs" } else { "" };
    assert!(!home.path().join(STATE).join(kept).exists());
}
