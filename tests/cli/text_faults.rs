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
        "celular,vip,saldo\n593987654321,no,Err:502\n593987654322,no,NaN\n593987654323,no,\n593987654324,si,5\n593987654325,no,MarÃ\u{ad}a\n",
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
                "line 6: saldo: `MarÃ\u{ad}a` was probably `María`",
            ],
        );
    }
}

#[test]
fn expression_that_prints_nothing_is_invalid() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular,nombre,apodo,vip\n593987654321,Ana,a,si\n593987654322,,b,si\n593987654323,,,no\n",
    );
    for (text, lines) in [
        ("Hola {{ nombre }}", &[3, 4][..]),
        ("Hola {{ nombre | upper | trim }}", &[3, 4]),
        ("Hola {{ nombre if vip | yes else 'x' }}", &[3]),
        ("Hola {{ (nombre ~ ' ' ~ apodo) | trim }}", &[4]),
        ("Hola {{ [nombre, apodo] | join(' ') | trim }}", &[4]),
        ("Hola {{ nombre | default(apodo) }}", &[4]),
        ("Hola {{ nombre or apodo }}", &[4]),
        (
            "{% if vip | yes %}Hola {{ nombre }}{% else %}x{% endif %}",
            &[3],
        ),
        ("{% if nombre != '' %}x{% endif %}Hola {{ apodo }}", &[4]),
        ("Hola {{ nombre | default('x') }}", &[]),
        ("Hola {{ nombre | default('') }}", &[]),
        ("Hola {{ nombre or '' }}", &[]),
        ("Hola {{ 'VIP' if vip == 'si' }}", &[]),
        ("Hola {{ 'VIP' if vip == 'si' else '' }}", &[]),
        ("Hola {{ nombre if vip | yes }}", &[]),
        ("Hola {{ 'Sr. ' ~ nombre if nombre != '' else 'x' }}", &[]),
        (
            "{% if nombre | trim != '' %}Hola {{ nombre }}{% else %}x{% endif %}",
            &[],
        ),
        ("{% if nombre == '' %}Hola{% endif %} {{ nombre }}", &[]),
        ("Hola {{ nombre | length }}", &[]),
        ("Hola {{ 'Sr. ' ~ nombre }}", &[]),
    ] {
        let text = format!("{{{{ celular }}}} {text}");
        let ended = home.dry_run_list(&["people.csv", "text", &text]).end();
        for line in 2..=4 {
            let is_invalid = ended.stderr.contains(&format!("- line {line}: "));
            assert_eq!(is_invalid, lines.contains(&line), "{text}: {ended:?}");
        }
    }
    home.dry_run_list(&["people.csv", "text", "{{ celular }} {{ (nombre ~ ' ' ~ apodo) | trim }}"])
        .fails(
            2,
            &["line 4: `(nombre ~ ' ' ~ apodo) | trim` prints nothing\n    hint: write `((nombre ~ ' ' ~ apodo) | trim) | default(\"…\")`"],
        );
}

#[test]
fn value_ends_no_link() {
    let home = Home::new();
    let cells = ["Ana María", "Luz&Sol", "\"\"\"x\"\"\"", "a<b", "O'Brien"];
    let rows = cells.iter().enumerate();
    let rows = rows.map(|(number, cell)| format!("59398765432{number},{cell}\n"));
    home.write(
        "people.csv",
        format!("celular,cliente\n{}", rows.collect::<String>()),
    );
    let send = |text: &str| home.dry_run_list(&["people.csv", "text", text]);
    for text in [
        "Mira https://x.ec/?n={{ cliente }} hoy, {{ celular }}",
        "{{ celular }} (www.x.ec/{{ cliente | upper }})",
        "http://x.ec/{{ celular }}/{% if celular != '' %}{{ cliente }}{% endif %}",
    ] {
        let ended = send(text).fails(
            2,
            &[
                "which ends its link",
                "| urlencode`",
                "3 rows cannot be sent",
            ],
        );
        for (line, is_invalid) in [(2, true), (3, false), (4, true), (5, true), (6, false)] {
            let found = ended.stderr.contains(&format!("- line {line}: "));
            assert_eq!(found, is_invalid, "{text}: {ended:?}");
        }
    }
    for text in [
        "Mira https://x.ec/?n={{ cliente | urlencode }} hoy, {{ celular }}",
        "{{ cliente }}, mira https://x.ec/ {{ cliente }} {{ celular }}",
    ] {
        send(text).success();
    }
    let ended = send("https://x.ec/{{ cliente | urlencode }}?c={{ celular }}").success();
    assert!(
        ended.stdout.contains("https://x.ec/Ana%20Mar%C3%ADa?c="),
        "{ended:?}"
    );
}

#[test]
fn words_that_begin_like_a_column_are_sent() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular,nombre,plan,pedido,saldo,link,total,Comunidad,Contacto de emergencia,Marca,City,cedula,fecha\n\
         593987654321,Ana,Oro,7,5,x,9,Norte,Luz,Bic,Quito,17,05/12\n",
    );
    let text = "«Plan Oro» [Pedido #1042] [Saldo pendiente] <link de pago> $saldazo «pedidos» [plano] [COMUNICADO] \
                [EMERGENCIA] «Marcha» [CITA] VOTO#CEDULA#JRV C:\\nuevo List<Total> {total con IVA} `{nombre}` [FECHA] {{ fecha }}";
    let sent = text.replace("{{ fecha }}", "05/12");
    let ended = preview(&home, &["people.csv", "text", text]);
    assert_eq!(ended.json()["body"]["text"], sent);
    assert!(!ended.stderr.contains("warning"), "{ended:?}");
    for (written, meant) in [
        ("{nombr}", "the nearest column is {{ nombre }}"),
        ("[NOMBRE]", "the column is {{ nombre }}"),
        (
            "%contacto de emergencia%",
            "the column is {{ contacto_de_emergencia }}",
        ),
    ] {
        let told = format!("text: {written} would be sent unchanged; {meant}");
        home.dry_run_list(&["people.csv", "text", written])
            .fails(2, &[told.as_str()]);
    }
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
        "Hola Ana, su pedido #1042 va por 50%<br>",
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
        "warning: line 3: text: `NULL` means no value and would be sent",
        "warning: line 4: text: `Err:502` is a spreadsheet error and would be sent",
        "warning: line 5: text: `MarÃ\u{ad}a` was probably `María`",
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
                "5 rows cannot be sent",
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
        .map(|number| row(number, "Hola {{ nombre }}, son {{ saldo }}"))
        .collect();
    home.write("rows.ndjson", rows.concat());
    let ended = preview(&home, &["rows.ndjson", "raw"]);
    assert_eq!(
        ended.stderr.matches("is sent unchanged").count(),
        10,
        "{ended:?}"
    );
    ended.stderr_has(&[
        "line 5: text: `{{ saldo }}`",
        "warning: 1 more row is like line 1",
    ]);
    home.write("rows.ndjson", row(1, "Hola\\nAna"));
    let ended = preview(&home, &["rows.ndjson", "raw"]);
    ended.stderr_has(&["`\\n` is sent as these two characters"]);
}

#[test]
fn wrong_text_is_one_error_before_the_rows() {
    let home = Home::new();
    home.write("people.csv", LIST);
    let send = |text: &str| home.dry_run_list(&["people.csv", "text", text]);
    for (text, error) in [
        (
            "{{ nombre | money }}",
            "text: filter money needs 1 argument, found 0\nhint: write `nombre | money(\"$\", 2)`\n",
        ),
        (
            "{{ nombre | replace('a') }}",
            "text: filter replace needs 2 arguments, found 1\nhint: write `nombre | replace(\"-\", \"/\")`\n",
        ),
        (
            "{{ nombre | upper(1) }}",
            "text: filter upper takes no argument\nhint: write `nombre | upper`\n",
        ),
        (
            "{{ nombre | }}",
            "text: `{{ nombre | }}`: cannot be read: \"unexpected end of variable block, expected identifier\"\n",
        ),
        (
            "{% if nombre != '' %}x",
            "text: `{% if … %}` is not closed by `{% endif %}`\n",
        ),
    ] {
        let ended = send(text).fails(2, &[&format!("error: {error}")]);
        ended.stderr_lacks(&["line 2"]);
    }
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
    send(&["{{ celular }}"]).success();
    send(&["\u{90} {{ nombre }}"]).fails(2, &["text: character 1 is the control character"]);
}

#[test]
fn value_that_means_nothing_is_refused() {
    let home = Home::new();
    home.write(
        "people.csv",
        "to,nombre,etiquetas,saldo,plan\n593987654321,Ana,\"oro,vip\",,\n",
    );
    home.write(
        "people.ndjson",
        "{\"to\":\"593987654321\",\"cuotas\":[5],\"cliente\":{\"n\":1},\"vip\":null}\n",
    );
    let dry_run =
        |list: &str, text: &str| home.dry_run_list(&[list, "--country", "EC", "text", text]);
    for (text, expected) in [
        (
            "{% if etiquetas | split(',') > 1 %}a{% endif %}.",
            "line 2: text: compares a list with 1\n    hint: write `| length` after the list",
        ),
        (
            "{% if (saldo | number | default(1)) == true %}a{% endif %}.",
            "line 2: text: compares 1 with true\n",
        ),
        (
            "{{ 'Debes X' | replace('X', saldo | number) }}",
            "line 2: text: replace: none cannot be an argument of a filter",
        ),
        (
            "{% if plan in nombre %}a{% endif %}.",
            "line 2: text: `in` cannot find the text `` in a text",
        ),
        (
            "{{ nombre.x | default('cliente') }}",
            "line 2: text: `nombre.x`: a cell has no fields",
        ),
        (
            "{% if etiquetas | split(',') %}a{% endif %}",
            "hint: write `etiquetas != \"\"`\n",
        ),
        (
            "{{ (nombre | title).x | default('cliente') }}",
            "error: text: `nombre | title` is not a column, so it has no fields\n",
        ),
        (
            "{% if plan in 'oro,plata' %}a{% endif %}",
            "hint: write a list after `in`: [\"oro\", \"plata\"]\n",
        ),
        (
            "{{ saldo | money('$' if plan == 'oro') }}",
            "error: text: an argument of money has `if` without `else`\n",
        ),
        (
            "Hola {{ nombre | default(“cliente”) }}, saldo {{ saldo }}",
            "hint: write `{{ nombre | default(\"cliente\") }}`\n",
        ),
    ] {
        dry_run("people.csv", text).fails(2, &[expected]);
    }
    for (text, expected) in [
        ("{% if cuotas > 3 %}a{% endif %}.", "compares a list with 3"),
        (
            "{% if cliente > 3 %}a{% endif %}.",
            "compares an object with 3",
        ),
        (
            "{% if cuotas == 'vip' %}a{% endif %}.",
            "compares a list with the text `vip`",
        ),
    ] {
        let expected = format!("line 1: text: {expected}");
        dry_run("people.ndjson", text).fails(2, &[&expected]);
    }
    let to = "{{ to if etiquetas | split(',') > 1 else '' }}";
    let arguments = ["people.csv", "text", "--to", to, "Hola"];
    let compared = ["compares a list with 1\n"];
    home.dry_run_list(&arguments).fails(2, &compared);
    let parameter = "{{ 'a' if etiquetas | split(',') > 1 else 'b' }}";
    let arguments = ["people.csv", "template", "bienvenida", "--param", parameter];
    home.dry_run_list(&arguments).fails(2, &compared);
    let text = "{{ nombre if etiquetas | split(',') | length > 1 and 'vip' in etiquetas else 'x' }} \
                {{ etiquetas | split(',') | first }}";
    let sent = dry_run("people.csv", text).success().json();
    assert_eq!(sent["body"]["text"], "Ana oro");
    let text =
        "{% if cuotas | length > 0 and 5 in cuotas and vip == none %}a{% endif %}{{ cliente.n }}";
    let sent = dry_run("people.ndjson", text).success().json();
    assert_eq!(sent["body"]["text"], "a1");
}
