//! Each recipient gets the right text: texts that mean a column, empty cells, and recipients that are in a list twice.

use serde_json::{Value, json};

use crate::bulk_server::Jelou;
use crate::harness::{CommandOutput, Home};

const LIST: &str = "celular,nombre,Nombre completo\n593987654321,Ana,Ana Ríos\n";

fn preview(home: &Home, arguments: &[&str]) -> CommandOutput {
    home.dry_run_list(arguments).success()
}

#[test]
fn misspelt_placeholder_is_never_sent() {
    let home = Home::new();
    home.write("people.csv", LIST);
    home.write(
        "people.ndjson",
        "{\"celular\":593987654321,\"nombre\":\"Ana\",\"Nombre completo\":\"Ana Ríos\"}\n",
    );
    let send = |words: &[&str]| home.run("--sandbox bulk send").args(words);
    for list in ["people.csv", "people.ndjson"] {
        for (text, parts) in [
            (
                "Hola {{1}}",
                &[
                    "text: {{1}} uses no column",
                    "{{ nombre }}, {{ nombre_completo }}",
                    "{{ \"{{1}}\" }}",
                ],
            ),
            (
                "{{ 1 }}",
                &[
                    "text: {{1}} uses no column",
                    "{{ nombre }}",
                    "nothing was sent",
                ],
            ),
            (
                "Hola {nombre}",
                &[
                    "text: {nombre} would be sent unchanged",
                    "column is {{ nombre }}",
                    "{{ \"{nombre}\" }}",
                ],
            ),
            (
                "[Nombre Completo]",
                &[
                    "text: [Nombre Completo]",
                    "{{ nombre_completo }}",
                    "nothing was sent",
                ],
            ),
            (
                "Hola <nombre>, paga",
                &[
                    "text: <nombre> would be sent",
                    "{{ nombre }}",
                    "nothing was sent",
                ],
            ),
            (
                "Hola {completo}, paga",
                &[
                    "text: {completo} would be sent",
                    "no column has this name",
                    "nothing was sent",
                ],
            ),
            (
                "Hola {{ debug() }}",
                &["`f(x)` is not supported", "error", "nothing was sent"],
            ),
            (
                "%NOMBRE%",
                &[
                    "text: %NOMBRE% would be sent",
                    "{{ nombre }}",
                    "nothing was sent",
                ],
            ),
        ] {
            send(&[list, "text", text]).fails(2, parts);
        }
    }
    for written in [
        "{nombre | upper}",
        "#nombre#",
        "<%= nombre %>",
        "[nombre]",
        "«nombre»",
    ] {
        let text = format!("Hola {written}");
        let told =
            format!("text: {written} would be sent unchanged; the column is {{{{ nombre }}}}");
        send(&["people.csv", "text", &text]).fails(2, &[told.as_str(), "nothing was sent"]);
        send(&["people.csv", "template", "t", "--param", &text])
            .fails(2, &[&format!("parameters[0]: {written} would be sent")]);
        let body = json!({ "text": "x", "buttons": [{ "text": written, "type": "reply" }] });
        home.write("body.json", body.to_string());
        send(&["people.csv", "text", "--body", "body.json"])
            .fails(2, &[&format!("buttons[0].text: {written} would be sent")]);
    }
    send(&["people.csv", "text", "Hola {zzz}"]).fails(
        2,
        &["text: {zzz} would be sent unchanged: no column has this name"],
    );
    let template = ["people.csv", "template", "t", "--param", "{{1}}"];
    send(&template).fails(2, &["parameters[0]: {{1}} uses no column"]);
    let bare = ["people.csv", "template", "t", "--param", "nombre"];
    send(&bare).fails(
        2,
        &[
            "parameters[0]: nombre would be sent unchanged",
            "{{ nombre }}",
            "{{ \"nombre\" }}",
        ],
    );
    send(&["people.csv", "template", "t", "--param", "{nombre}"])
        .fails(2, &["parameters[0]: {nombre} would be sent"]);
    let word = preview(
        &home,
        &["people.csv", "template", "t", "--param", "{{ 'nombre' }}"],
    );
    assert_eq!(word.json()["body"]["parameters"][0], "nombre");
    send(&["people.csv", "text", "x", "--to", "{{1}}{{ celular }}"])
        .fails(2, &["--to: {{1}} uses no column"]);
    home.write(
        "body.json",
        r#"{"text": "x", "buttons": [{"text": "{nombre}", "type": "reply"}]}"#,
    );
    send(&["people.csv", "text", "--body", "body.json"])
        .fails(2, &["buttons[0].text: {nombre} would be sent"]);
    assert!(
        home.run("bulk list").success().stdout.is_empty(),
        "a run was made"
    );
    for (text, sent) in [
        ("{{ '{nombre}' }} {{ \"{{1}}\" }}", "{nombre} {{1}}"),
        (
            "<b>{{ nombre }}</b> [1] {} 100% `{otro}`",
            "<b>Ana</b> [1] {} 100% `{otro}`",
        ),
        (r#"{"nombre": ["nombre"]}"#, r#"{"nombre": ["nombre"]}"#),
    ] {
        assert_eq!(
            preview(&home, &["people.csv", "text", text]).json()["body"]["text"],
            sent
        );
    }
}

#[test]
fn empty_cell_can_have_a_default() {
    let home = Home::new();
    home.write("people.csv", "celular,saldo\n593987654321,\n");
    for text in [
        "{{ saldo | default('0') }}",
        "{{ saldo | default('0', true) }}",
    ] {
        let ended = preview(&home, &["people.csv", "text", text]);
        assert_eq!(
            (
                &ended.json()["body"]["text"],
                ended.stderr.contains("no `saldo`")
            ),
            (&json!("0"), false),
            "{text}"
        );
    }
    // A cell of spaces is empty, too. With the last argument, 0 and no are also empty, as in Jinja.
    for (cell, text, expected) in [
        ("   ", "Debe {{ saldo | default('0') }}", "Debe 0"),
        ("0", "{{ saldo | number | default('nada', true) }}", "nada"),
        ("0", "{{ saldo | number | default('nada') }}", "0"),
        ("no", "{{ saldo | yes | default('nada', true) }}", "nada"),
    ] {
        home.write(
            "people.csv",
            format!("celular,saldo\n593987654321,{cell}\n"),
        );
        let ended = preview(&home, &["people.csv", "text", text]);
        assert_eq!(
            ended.json()["body"]["text"],
            json!(expected),
            "{text} of {cell}"
        );
    }
    // The suggested line uses the intended column, and no other with a similar name.
    home.write(
        "people.csv",
        "Nombre completo,nombre_completo,celular\nAna Ríos,ana,593987654321\n",
    );
    home.dry_run_list(&["people.csv", "text", "Hola {Nombre completo}"])
        .fails(2, &["write {{ row[\"Nombre completo\"] }}"]);
}

#[test]
fn single_message_warns_about_list_placeholders() {
    let jelou = Jelou::accept_all();
    let home = Home::new();
    for text in ["Hola {{1}}", "Hola {{ nombre }}"] {
        let send = |flags: &[&str]| {
            home.run("send text --to 593987654321")
                .args(flags)
                .args(&[text])
                .api(&jelou.url)
        };
        send(&[])
            .success()
            .stderr_has(&["warning: text: {{", "is sent unchanged"]);
        send(&["--strict"]).fails(2, &["is sent unchanged"]);
    }
    let parameter = home
        .run("send template t --to 593987654321 --param {{1}}")
        .api(&jelou.url)
        .success();
    assert!(
        parameter
            .stderr
            .contains("warning: parameters[0]: {{1}} is sent unchanged"),
        "{parameter:?}"
    );
    assert!(
        home.run("send text --to 593987654321 {{")
            .api(&jelou.url)
            .success()
            .stderr
            .is_empty()
    );
}

#[test]
fn row_with_an_empty_cell_is_invalid() {
    let home = Home::new();
    let rows: Vec<_> = (0..8)
        .map(|n| format!("59398765432{n},{}\n", if n == 0 { "Ana" } else { " " }))
        .collect();
    home.write("people.csv", format!("celular,nombre\n{}", rows.concat()));
    home.dry_run_list(&["people.csv", "text", "Hola {{ nombre | trim }}"])
        .fails(
            2,
            &[
                "line 3: `nombre` is empty, but the text needs it\n    hint: write `nombre | default(\"…\")`",
                "7 rows cannot be sent",
            ],
        );
    for text in [
        "Hola {{ nombre | default('x', true) }}",
        "Hola{% if nombre | trim != '' %} {{ nombre }}{% endif %}",
        "Hola",
    ] {
        preview(&home, &["people.csv", "text", text, "--strict"]);
    }
    home.write(
        "people.csv",
        "celular,saldo\n593987654321,5\n593987654322,\n",
    );
    let debt = |written: &str| {
        let text = format!("Debe {{{{ {written} }}}}");
        home.dry_run_list(&["people.csv", "--country", "EC", "text", &text])
    };
    let written = "(saldo | money('$')) | default(\"…\")";
    debt("saldo | money('$')").fails(2, &[&format!("hint: write `{written}`")]);
    debt(written).success();
    home.write(
        "people.csv",
        "celular,nombre\n593987654321,Ana\n593987654322,\n",
    );
    let by_id = [
        "template",
        "--template-id",
        "3",
        "--param",
        "a={{ nombre }}",
    ];
    let by_name = ["template", "t", "--param", "x", "--param", "{{ nombre }}"];
    let button = [
        "template",
        "t",
        "--button-param",
        "{\"type\": \"URL\", \"param\": \"{{ nombre }}\"}",
    ];
    for words in [&by_id[..], &by_name, &button] {
        let send = home.run("--sandbox bulk send people.csv").args(words);
        send.fails(2, &["line 3: `nombre` is empty", "1 row cannot be sent"]);
    }
    let empty = ["template", "t", "--param", "{{ nombre | default('') }}"];
    home.run("--sandbox bulk send people.csv")
        .args(&empty)
        .fails(
            2,
            &["parameters[0]: is empty; a template parameter cannot be empty"],
        );
}

#[test]
fn spreadsheet_error_is_invalid_and_other_words_are_sent() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular,nombre\n593987654321,N/A\n593987654322,null\n593987654323,Nan\n593987654324,#PYTHON\n593987654325,#CAMPO\n",
    );
    let ended = preview(
        &home,
        &[
            "people.csv",
            "text",
            "--strict",
            "Hola {{ nombre | upper }}",
        ],
    );
    assert_eq!(ended.stdout.lines().count(), 5);
    assert!(!ended.stderr.contains("warning"), "{ended:?}");
    home.write(
        "people.csv",
        "celular,nombre\n593987654321,Ana\n593987654322,#¡REF!\n593987654323,#N/A\n",
    );
    for kind in [
        &["text", "Hola {{ nombre }}"][..],
        &["template", "t", "--param", "{{ nombre }}"],
    ] {
        let ended = home.run("--sandbox bulk send people.csv").args(kind);
        ended.fails(
            2,
            &[
                "line 3: nombre: `#¡REF!` is a spreadsheet error",
                "2 rows cannot be sent",
            ],
        );
    }
}

#[test]
fn words_of_a_single_message_are_sent() {
    let jelou = Jelou::accept_all();
    let home = Home::new();
    for text in [
        "Hola {nombre}, #nombre#, <%= cliente %> [nombre]",
        "[URGENTE] #1 a=b { https://x.example/?a=1&b=2#c 10% <3",
    ] {
        let ended = home
            .run("send text --strict --to 593987654321")
            .args(&[text])
            .api(&jelou.url)
            .success();
        assert!(ended.stderr.is_empty(), "{ended:?}");
    }
}

#[test]
fn named_parameter_warns() {
    let home = Home::new();
    home.write("people.csv", "nombre,celular\nAna,593987654301\n");
    let send = |parameter: &str, flags: &[&str]| {
        home.run("--sandbox --dry-run bulk send people.csv template t --param")
            .args(&[parameter])
            .args(flags)
    };
    for (parameter, name) in [("nombre=Ana", "nombre"), ("1=Ana", "1")] {
        let told = format!("parameters[0]: `{name}=` is sent too");
        send(parameter, &[]).success().stderr_has(&[&told]);
        send(parameter, &["--strict"]).fails(2, &[told.as_str()]);
    }
    for parameter in ["a=b", "https://x.example/?nombre=1", "x {{ nombre }}=1"] {
        send(parameter, &["--strict"]).success();
    }
}

#[test]
fn wrong_letters_of_a_printed_cell_warn() {
    let home = Home::new();
    home.write(
        "people.csv",
        "nombre,celular\nMarÃ\u{ad}a,593987654301\nMAÇÃ–LIMÃO,593987654302\nMar&iacute;a<br>,593987654303\n",
    );
    let send = |words: &[&str]| {
        home.run("--sandbox --dry-run bulk send people.csv text")
            .args(words)
    };
    let told = "line 2: nombre: `MarÃ\u{ad}a` was probably `María`";
    let ended = send(&["Hola {{ nombre }}"]).success().stderr_has(&[told]);
    assert_eq!(ended.stderr.matches("nombre: `").count(), 1, "{ended:?}");
    let ended = send(&["Hola"]).success();
    assert!(!ended.stderr.contains("nombre: `"), "{ended:?}");
    send(&["--strict", "Hola {{ nombre }}"]).fails(2, &["1 row cannot be sent"]);
}

#[test]
fn typed_backslash_n_warns() {
    let jelou = Jelou::accept_all();
    let home = Home::new();
    let told = "text: `\\n` is sent as these two characters; for a line break, press Enter within the quotes";
    let send = |flags: &[&str]| {
        home.run("send text --to 593987654321 'Hola\\nAna'")
            .args(flags)
            .api(&jelou.url)
    };
    assert!(send(&[]).success().stderr.contains(told));
    send(&["--strict"]).fails(2, &[told]);
    let with_break = home
        .run("send text --to 593987654321 'Hola\nAna'")
        .api(&jelou.url)
        .success();
    assert!(!with_break.stderr.contains("warning"), "{with_break:?}");
    home.write("people.csv", "celular,nombre\n593987654321,Ana\n");
    assert!(
        preview(&home, &["people.csv", "text", "Hola\\n{{ nombre }}"])
            .stderr
            .contains(told)
    );
    let joined = preview(
        &home,
        &["people.csv", "text", "{{ [nombre, nombre] | join('\\n') }}"],
    );
    assert!(!joined.stderr.contains("two characters"), "{joined:?}");
}

#[test]
fn duplicate_recipients_are_reported_or_skipped() {
    let jelou = Jelou::accept_all();
    let home = Home::new();
    let list = "to,x\n12,a\n5215512345678,b\n593987654321,c\n525512345678,d\n593987654321,c\n5215512345678,e\n";
    home.write("people.csv", list);
    let flags = ["--skip-invalid", "--exclude", "bajas.txt"];
    home.write("bajas.txt", "593987654329\n");
    let ended = preview(
        &home,
        &[&["people.csv"], &flags[..], &["text", "{{ x }}"]].concat(),
    );
    let told = "2 rows are addressed to the recipient of an earlier row: line 5 (same as line 3), 7 (same as line 3)\nhint: to send only the first: --one-per-recipient";
    assert!(
        ended.stderr.contains(told) && ended.stdout.lines().count() == 4,
        "{ended:?}"
    );
    let words = [
        "bulk",
        "send",
        "people.csv",
        "--yes",
        "--rate",
        "1000000/s",
        "--run",
        "r",
        "--one-per-recipient",
    ];
    let send = home
        .run_args(&words)
        .args(&flags)
        .args(&["text", "{{ x }}"])
        .api(&jelou.url);
    let told = "3 rows are skipped because an earlier row has the same recipient: line 5 (same as line 3), 6 (same as line 4), 7 (same as line 3)";
    let ended = send.fails(10, &[told]);
    assert_eq!(
        ended.json()["skipped_reasons"],
        json!({"invalid": 1, "repeated": 3})
    );
    let mut texts: Vec<_> = jelou
        .requests()
        .into_iter()
        .map(|seen| seen.received.json()["text"].clone())
        .collect();
    texts.sort_by_key(ToString::to_string);
    assert_eq!(texts, [json!("b"), json!("c")]);
    let report = home
        .run("bulk report r --reason repeated --format ndjson")
        .success()
        .stdout;
    let row: Value = serde_json::from_str(report.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&row["x"], &row["error"]),
        (&json!("d"), &json!("has the same recipient as line 3"))
    );
    // Without invalid rows there is no warning, because duplicates were skipped on purpose.
    home.write("people.csv", "to,x\n593987654321,a\n593987654321,a\n");
    for flag in ["--one-per-recipient", "--skip-invalid"] {
        let send = home.run_args(&[
            "bulk",
            "send",
            "people.csv",
            "--yes",
            "--again",
            flag,
            "text",
            "{{ x }}",
        ]);
        assert_eq!(
            send.api(&jelou.url).success().json()["skipped_reasons"],
            json!({"repeated": 1})
        );
    }
}
