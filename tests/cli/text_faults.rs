//! Texts and cells that are probably a mistake: which of them warn, and which are sent as they are.

use serde_json::json;

use crate::harness::{CommandOutput, Home};

const LIST: &str = "celular,nombre,Nombre completo\n593987654321,Ana,Ana Ríos\n";

fn preview(home: &Home, arguments: &[&str]) -> CommandOutput {
    home.dry_run_list(arguments).success()
}

#[test]
fn cell_counts_only_if_its_row_prints_it() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular,vip,saldo\n593987654321,no,Err:502\n593987654322,no,NaN\n593987654323,no,\n593987654324,si,5\n593987654325,no,Mar&iacute;a\n",
    );
    for text in [
        "{{ celular }}{% if vip | yes %} Saldo: {{ saldo }}{% endif %}",
        "{{ celular }}{% if vip | yes %}a{% elif vip == 'x' %}{{ saldo }}{% else %}b{% endif %}",
        "{{ celular }} {{ saldo if vip | yes else 'x' }}",
        "{{ celular }} {{ vip or saldo }}",
        "{{ celular }} {{ vip | default(saldo) }}",
        "{{ celular }} {{ 'tu saldo: ' ~ saldo if vip | yes else 'x' }}",
    ] {
        let ended = preview(&home, &["people.csv", "text", text]);
        assert!(!ended.stderr.contains("warning"), "{text}: {ended:?}");
    }
    for text in [
        "{{ celular }}{% if vip | yes %}a{% else %}{{ saldo }}{% endif %}",
        "{{ celular }}{% if vip | yes %}{{ saldo }}{% endif %} {{ saldo }}",
        "{{ celular }} {{ 'x' if vip | yes else saldo }}",
        "{{ celular }} {{ [vip, saldo] | join(' ') }}",
    ] {
        home.dry_run_list(&["people.csv", "text", text]).fails(
            2,
            &[
                "line 2: saldo: `Err:502` is a spreadsheet error",
                "warning: 1 row is marked `NaN` in `saldo`: line 3;",
                "warning: 1 row is missing `saldo`: line 4;",
                "line 6: saldo: `&iacute;` is sent as these characters",
            ],
        );
    }
}

#[test]
fn gap_inside_an_expression_warns() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular,nombre,apodo,vip\n593987654321,Ana,a,si\n593987654322,,b,si\n593987654323,,,no\n",
    );
    for (text, lines) in [
        ("Hola {{ 'Sr. ' ~ nombre }}", Some("3, 4")),
        ("Hola {{ [nombre, celular] | join(' ') }}", Some("3, 4")),
        ("Hola {{ nombre if vip | yes else 'x' }}", Some("3")),
        ("Hola {{ nombre | upper | trim }}", Some("3, 4")),
        ("Hola {{ nombre or 'x' }}", None),
        ("Hola {{ nombre | default('x') }}", None),
        ("Hola {{ 'Sr. ' ~ nombre if nombre != '' else 'x' }}", None),
        (
            "{% if nombre | trim != '' %}Hola {{ nombre }}{% else %}x{% endif %}",
            None,
        ),
        ("Hola {{ nombre | length }}", None),
        ("Hola {{ (nombre ~ ' ' ~ apodo) | trim }}", Some("4")),
        (
            "Hola {{ (apodo ~ ' ' ~ nombre) | trim | upper }}",
            Some("4"),
        ),
        ("Hola {{ [nombre, celular] | join(' ') | trim }}", None),
        ("Hola {{ [nombre, celular] | join('') }}", None),
        (
            "Hola {{ (celular ~ ' ' ~ nombre ~ ' ' ~ celular) | replace('  ', ' ') }}",
            None,
        ),
        (
            "Hola {{ (celular ~ ' ' ~ nombre ~ ' ' ~ celular) | trim }}",
            Some("3, 4"),
        ),
        (
            "Hola {{ (nombre ~ ' ' ~ celular) | trim }}, {{ nombre }}",
            Some("3, 4"),
        ),
        ("Hola {{ ('Sr. ' ~ nombre) | trim }}", Some("3, 4")),
        (
            "Hola {{ (('Sr. ' if vip | yes else 'Sra. ') ~ nombre ~ ' ' ~ apodo) | trim }}",
            Some("3, 4"),
        ),
        ("Hola {{ (nombre ~ ', ' ~ celular) | trim }}", Some("3, 4")),
        (
            "Hola {{ [nombre, celular] | join(', ') | trim }}",
            Some("3, 4"),
        ),
        (
            "Hola {{ (nombre ~ ' ' ~ celular) | replace(' ', '-') }}",
            Some("3, 4"),
        ),
    ] {
        let text = format!("{{{{ celular }}}} {text}");
        let ended = preview(&home, &["people.csv", "text", &text]);
        match lines {
            Some(lines) => {
                let warning = format!("missing `nombre`: line {lines};");
                assert!(ended.stderr.contains(&warning), "{text}: {ended:?}");
            }
            None => assert!(!ended.stderr.contains("missing"), "{text}: {ended:?}"),
        }
    }
    let ended = preview(
        &home,
        &[
            "people.csv",
            "text",
            "{{ celular }} {{ nombre | default(apodo) }}",
        ],
    );
    ended.stderr_has(&["warning: 1 row is missing `apodo`: line 4;"]);
}

#[test]
fn text_closes_only_gaps_of_names() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular,nombre,apellido,moneda,saldo\n593987654321,Ana,,USD,\n",
    );
    for text in [
        "{{ celular }} {{ (nombre ~ ' ' ~ apellido) | trim }} debe {{ (moneda ~ ' ' ~ saldo) | trim }}",
        "{{ celular }} {{ [nombre, apellido] | join(' ') | trim }} {{ (moneda ~ saldo) | upper }}",
    ] {
        let ended = preview(&home, &["people.csv", "text", text]);
        assert_eq!(ended.stderr.matches("missing").count(), 1, "{ended:?}");
        ended.stderr_has(&["warning: 1 row is missing `saldo`: line 2;"]);
    }
}

#[test]
fn joined_words_and_formulas_warn() {
    let home = Home::new();
    let names = [
        "Ana nan",
        "None None",
        "(en blanco)",
        "<nil>",
        "Luz nan",
        "=CONCATENAR(A1;B1)",
        "Nan Ríos",
        "Ana Ríos",
    ];
    let rows: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(n, name)| format!("59398765432{n},{name}\n"))
        .collect();
    home.write("people.csv", format!("celular,nombre\n{}", rows.concat()));
    let ended = preview(&home, &["people.csv", "text", "Hola {{ nombre }}"]);
    for told in [
        "warning: 2 rows are marked `nan` in `nombre`: line 2, 6;",
        "warning: 1 row is marked `None` in `nombre`: line 3;",
        "warning: 1 row is marked `(en blanco)` in `nombre`: line 4;",
        "warning: 1 row is marked `<nil>` in `nombre`: line 5;",
        "warning: 1 row is marked `=CONCATENAR(` in `nombre`: line 7;",
    ] {
        assert!(ended.stderr.contains(told), "{told}: {ended:?}");
    }
    assert_eq!(ended.stderr.matches("warning").count(), 5, "{ended:?}");
}

#[test]
fn letters_of_a_console_warn() {
    let home = Home::new();
    home.write(
        "people.csv",
        "nombre,celular\nLuc¡a,593987654301\nJos‚ Pe¤a,593987654302\n¡Hola!,593987654303\n£20 y ¢50,593987654304\n",
    );
    let ended = preview(&home, &["people.csv", "text", "{{ nombre }}"]);
    let told = [
        "line 2: nombre: `Luc¡a` was probably `Lucía`",
        "line 3: nombre: `Jos‚` was probably `José`",
    ];
    assert_eq!(ended.stderr.matches("was probably").count(), 2, "{ended:?}");
    ended.stderr_has(&told);
}

#[test]
fn words_that_begin_like_a_column_are_sent() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular,nombre,plan,pedido,saldo,link,total\n593987654321,Ana,Oro,7,5,x,9\n",
    );
    let text =
        "«Plan Oro» [Pedido #1042] [Saldo pendiente] <link de pago> $saldazo «pedidos» [plano]";
    let ended = preview(&home, &["people.csv", "text", text]);
    assert_eq!(ended.json()["body"]["text"], text);
    assert!(!ended.stderr.contains("warning"), "{ended:?}");
    let braces = preview(&home, &["people.csv", "text", "{total con IVA}"]);
    braces.stderr_has(&["warning: text: {total con IVA} is sent unchanged"]);
    for written in ["{nombr}", "[NOMBRE CLIENTE]", "%contact.nombre%"] {
        let told = format!("text: {written} would be sent unchanged");
        home.dry_run_list(&["people.csv", "text", written])
            .fails(2, &[told.as_str(), "write {{ nombre }}"]);
    }
}

#[test]
fn hint_names_every_column_that_shares_a_word() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular,nombre,doctor,Monto total,Monto pagado,pedido\n593987654321,Ana,Luz,7,5,9\n",
    );
    for (written, columns) in [
        ("[Nombre del doctor]", "{{ nombre }} or {{ doctor }}"),
        ("[NOMBRE CLIENTE]", "{{ nombre }}"),
        (
            "[Monto del pedido]",
            "{{ monto_total }} or {{ monto_pagado }} or {{ pedido }}",
        ),
        ("{monto}", "{{ monto_total }} or {{ monto_pagado }}"),
    ] {
        let problem = format!("text: {written} would be sent unchanged; the column is {columns}\n");
        let hint = format!("hint: to print the column, write {columns}; to send it unchanged");
        home.dry_run_list(&["people.csv", "text", written])
            .fails(2, &[problem.as_str(), hint.as_str()]);
    }
    // `banco` and `urgente` are neither columns nor usual names.
    preview(
        &home,
        &["people.csv", "text", "[Nombre del banco] [Pedido urgente]"],
    );
}

#[test]
fn raw_statement_sends_braces() {
    let home = Home::new();
    home.write("people.csv", LIST);
    let text = "{% raw %}{nombre} [nombre] {{ nombre }} }}{% endraw %}";
    let ended = preview(&home, &["people.csv", "text", text]);
    assert_eq!(
        ended.json()["body"]["text"],
        "{nombre} [nombre] {{ nombre }} }}"
    );
    assert!(!ended.stderr.contains("warning"), "{ended:?}");
    home.dry_run_list(&["people.csv", "text", "{% raw %}x{% endraw %} {nombre}"])
        .fails(2, &["text: {nombre} would be sent unchanged"]);
}

#[test]
fn row_that_is_a_body_gets_warnings_of_its_texts() {
    let home = Home::new();
    let row = |number: usize, text: &str| {
        let body = json!({
            "type": "TEXT",
            "userId": format!("5939876543{number:02}"),
            "text": text,
        });
        format!("{body}\n")
    };
    let texts = [
        "Hola {nombre}",
        "Hola {{ nombre }}",
        "NULL",
        "Err:502",
        "MarÃ\u{ad}a",
        "Ana<br>Luz",
        "NULL",
        "Hola Ana, su pedido #1042 va por 50%",
    ];
    let rows: Vec<_> = (1..)
        .zip(texts)
        .map(|(number, text)| row(number, text))
        .collect();
    home.write("rows.ndjson", rows.concat());
    let ended = preview(&home, &["rows.ndjson", "raw"]);
    let told = [
        "warning: line 1: text: `{nombre}` is sent unchanged: the rows of `raw` are not templates",
        "warning: line 2: text: `{{ nombre }}` is sent unchanged: the rows of `raw` are not templates",
        "warning: 2 rows are marked `NULL` in `text`: line 3, 7; the recipient would read that",
        "warning: 1 row is marked `Err:502` in `text`: line 4; the recipient would read that",
        "warning: line 5: text: `MarÃ\u{ad}a` was probably `María`",
        "warning: line 6: text: `<br>` is sent as these characters",
    ];
    assert_eq!(
        ended.stderr.matches("warning: ").count(),
        told.len(),
        "{ended:?}"
    );
    ended.stderr_has(&told);
    home.dry_run_list(&["rows.ndjson", "raw", "--strict"])
        .fails(
            2,
            &[
                "line 3: text: `NULL` means no value and would be sent",
                "7 rows cannot be sent",
            ],
        );
    // Rows with the same fault are counted together.
    let rows: Vec<_> = (0..9)
        .map(|number| row(number, &format!("Hola {{nombre}}, son ${number}")))
        .collect();
    home.write("rows.ndjson", rows.concat());
    let ended = preview(&home, &["rows.ndjson", "raw"]);
    assert_eq!(
        ended.stderr.matches("is sent unchanged").count(),
        5,
        "{ended:?}"
    );
    ended.stderr_has(&["warning: 4 more rows are like line 1"]);
    // A row counts once, whatever the number of its faults.
    let rows: Vec<_> = (0..6)
        .map(|number| row(number, "Hola {nombre}, son {saldo}"))
        .collect();
    home.write("rows.ndjson", rows.concat());
    let ended = preview(&home, &["rows.ndjson", "raw"]);
    assert_eq!(
        ended.stderr.matches("is sent unchanged").count(),
        10,
        "{ended:?}"
    );
    ended.stderr_has(&[
        "line 5: text: `{saldo}`",
        "warning: 1 more row is like line 1",
    ]);
    // A row of JSON has no cells.
    home.write("rows.ndjson", row(1, "Hola\\nAna"));
    let ended = preview(&home, &["rows.ndjson", "raw"]);
    ended.stderr_has(&["`\\n` is sent as these characters; replace them with a line break"]);
}

#[test]
fn control_character_in_a_cell_names_its_column() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular,nombre\n593987654321,Jos\u{90}\n593987654322,Ana\n593987654323,Mar\u{c3}\u{9d}a\n",
    );
    let send = |words: &[&str]| home.dry_run_list(&[&["people.csv", "text"], words].concat());
    let ended = send(&["Hola {{ nombre }}"]).fails(
        2,
        &[
            "line 2: nombre: character 4 is the control character U+0090, and messages cannot contain it",
            "2 rows cannot be sent",
        ],
    );
    assert!(!ended.stderr.contains("TEXT"), "{ended:?}");
    send(&["--strict", "Hola {{ nombre }}"])
        .fails(2, &["line 4: nombre: `MarÃ<U+009D>a` was probably"]);
    send(&["{{ celular }}"]).success();
    send(&["\u{90} {{ nombre }}"]).fails(2, &["text: character 1 is the control character"]);
}
