//! What looks like a mistake in a list or a text is known by an exact rule, or the table of columns shows it.

use crate::harness::Home;
use crate::terminal::Terminal;

const LINE: usize = 91;

/// 150 cells of a column, with `odd` in line 91.
fn column(usual: &[&str], odd: &str) -> Vec<String> {
    let cells = usual.iter().cycle().take(150);
    let mut cells: Vec<_> = cells.map(|cell| (*cell).to_owned()).collect();
    odd.clone_into(&mut cells[LINE - 2]);
    cells
}

/// Writes a list in which the column `c0` has the first of `odds` in line 91, `c1` the second, and so on.
fn write_list(home: &Home, usual: &[&str], odds: &[&str]) {
    let columns: Vec<_> = odds.iter().map(|odd| column(usual, odd)).collect();
    let mut list = csv::Writer::from_writer(Vec::new());
    let names = (0..columns.len()).map(|number| format!("c{number}"));
    let header = std::iter::once("celular".to_owned()).chain(names);
    list.write_record(header).unwrap();
    for row in 0..150 {
        let number = format!("0987{:06}", 650_000 + row);
        let cells = columns.iter().map(|cells| cells[row].clone());
        list.write_record(std::iter::once(number).chain(cells))
            .unwrap();
    }
    home.write("people.csv", list.into_inner().unwrap());
}

/// What the table at a terminal says about each of `odds`.
fn shown(usual: &[&str], odds: &[&str]) -> Vec<String> {
    let home = Home::new();
    write_list(&home, usual, odds);
    let text = (0..odds.len()).map(|number| format!("{{{{ c{number} }}}} "));
    let text: String = text.collect();
    let words = "bulk send people.csv --country EC --sandbox --preview 1 -v text";
    let words: Vec<_> = words.split(' ').chain([text.as_str()]).collect();
    let (code, screen) = Terminal::plain(&home, &words).end();
    assert_eq!(code, 0, "{screen}");
    let screen = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    let table = screen.split("note: columns of the").nth(1).unwrap();
    let place = |number: usize| table.find(&format!(" c{number} 150 "));
    let facts = (0..odds.len()).map(|number| {
        let end = place(number + 1).unwrap_or(table.len());
        table[place(number).unwrap()..end].to_owned()
    });
    facts.collect()
}

const NAMES: [&str; 5] = [
    "Ana",
    "Luz María",
    "José Peña",
    "María de los Ángeles",
    "Eva",
];

/// Cells between names with a shape of their own.
const ODD_CELLS: &[&str] = &[
    // Words for no value.
    "-",
    "--",
    "---",
    "–",
    "—",
    "n/a",
    "N/A",
    "n / a",
    "s/d",
    "S/D",
    "n/d",
    "n.a.",
    "n.d.",
    "null",
    "NULL",
    "(null)",
    "<null>",
    "nan",
    "NaN",
    "none",
    "(none)",
    "undefined",
    "<na>",
    "<NA>",
    "nil",
    "NIL",
    "\\N",
    "nulo",
    "(blank)",
    "(vacío)",
    "(vazio)",
    "(en blanco)",
    "(em branco)",
    "<nil>",
    "<none>",
    "%!s(<nil>)",
    "Loading...",
    "loading…",
    "CARGANDO…",
    "Carregando...",
    "inf",
    "-infinity",
    "+inf",
    "1.#INF",
    "1.#QNAN",
    "-1.#IND",
    "NaT",
    "[object Object]",
    "[object Promise]",
    "$ -",
    "- €",
    "US$ –",
    "nan nan",
    "null undefined",
    "Ana nan",
    "nan Ríos",
    "#n/a",
    "#REF",
    "# ref!",
    "#ref",
    "err: 508",
    // Codes of other programs.
    "Hola%0AAna",
    "Ana<br>Luz",
    "Hola <BR /> Ana",
    "<p class=\"x\">Ana</p>",
    "<b>Ana</b>",
    "Ana&nbsp;Luz",
    "Mar&iacute;a",
    "Mar&#237;a",
    "Mar\\u00eda",
    "Mar%C3%ADa",
    "Hola%20Ana",
    "[email protected]",
    "Hola nombre }}",
    // Letters of another encoding.
    "Luc¡a",
    "¥and£",
    "Tom¢s",
    "Pe¤a",
    "Jos‚",
    "MU¥OZ",
    "MµRQUEZ",
    "£ltimo",
    "JoÆo",
    "Gra‡a",
    "Mar├¡a",
    "Pe├▒a",
    "Jos├⌐",
    "┬┐Ana",
    "S├úo",
    "Pe√±a",
    "Mar√≠a",
    "¬°Ana!",
    "donâ€™t",
    "5 â‚¬",
    "ðŸ˜€",
    "Â¡Ana!",
    "Señora JosÃ©",
    // Columns in the marks of other tools.
    "{nombre}",
    "{nombre | upper}",
    "{ Nombre }",
    "%nombre%",
    "${nombre}",
    "$nombre",
    "*|FNAME|*",
    "[[nombre]]",
    "<?= nombre ?>",
    "%recipient.nombre%",
    "{nombre,fallback=x}",
    "$!nombre",
    "%%=v(@plazo)=%%",
    "@Model.Nombre",
    "<%= plazo %>",
    "#nombre#",
    "«cliente»",
    "[nombre]",
    "((nombre))",
    "__nombre__",
    "||nombre||",
    "@nombre@",
    "Hola {nombre}, hoy",
];

#[test]
fn odd_cells_are_shown_with_their_line() {
    let amounts = ["12,50", "1.200,00", "7,05", "12.000,40"];
    let odd_amounts = [
        "Infinity",
        "20 mil",
        "20 kg",
        "$ -",
        "- €",
        "1,23457E+11",
        "1042.0",
        "19.989999999999998",
        "$12,50",
        "12,50%",
        "L-15",
        "50,00 CR",
    ];
    for (usual, odds) in [(&NAMES[..], ODD_CELLS), (&amounts, &odd_amounts[..])] {
        for odds in odds.chunks(61) {
            for (facts, odd) in shown(usual, odds).iter().zip(odds) {
                assert!(facts.contains("1 (line 91: "), "{odd}: {facts}");
            }
        }
    }
    let dates = ["05/12/2026", "28/11/2026", "01/12/2026"];
    let odd_dates = [
        "30/12/1899",
        "1899-12-31",
        "01/01/1900",
        "1970-01-01",
        "31/12/1969",
        "01/01/0001",
        "0001-01-01",
        "9999-12-31",
        "31/12/2999",
        "1753-01-01",
        "01/01/1970 00:00",
        "1970-01-01T00:00:00",
        "0",
        "28/11/2206",
        "12/25/2026",
    ];
    for (facts, odd) in shown(&dates, &odd_dates).iter().zip(odd_dates) {
        assert!(facts.contains("(line 91"), "{odd}: {facts}");
    }
}

/// The output for the list with one `cell` of each, and the text `Hola {{ nombre }}`.
fn list_of(home: &Home, cells: &[&str]) {
    let mut list = csv::Writer::from_writer(Vec::new());
    list.write_record(["celular", "nombre"]).unwrap();
    for (number, cell) in cells.iter().enumerate() {
        let number = format!("59398765{number:04}");
        list.write_record([number.as_str(), cell]).unwrap();
    }
    home.write("people.csv", list.into_inner().unwrap());
}

#[test]
fn cells_that_the_table_cannot_show_are_known() {
    let home = Home::new();
    for (cells, description) in [
        (
            &["#N/A", "#¡REF!", "#DIV/0!", "Err:502", "#######"][..],
            "is a spreadsheet error",
        ),
        (
            &["#REF!", "#¿NOMBRE?", "#¡VALOR!", "#NUM!", "#NAME?"],
            "is a spreadsheet error",
        ),
        (
            &["=CONCATENAR(A1;B1)", "=HOY()"],
            "begins a formula without its result",
        ),
        (&["Mar\u{fffd}a"], "has a letter that could not be read"),
        (
            &["Hola {{ nombre }}", "{% if vip %}Ana", "{{1}}"],
            "is a template that was not filled in",
        ),
        (
            &["", " ", "\u{a0}", "\u{200b}"],
            "is empty, but the text needs it",
        ),
    ] {
        list_of(&home, cells);
        let ended = home
            .dry_run_list(&["people.csv", "text", "Hola {{ nombre }}"])
            .fails(2, &[description]);
        for line in 2..cells.len() + 2 {
            let told = [
                format!("line {line}: nombre: "),
                format!("line {line}: `nombre` "),
            ];
            let is_told = told.iter().any(|told| ended.stderr.contains(told));
            assert!(is_told, "{cells:?}: {ended:?}");
        }
    }
    // Their shape is that of a name or a date.
    for (cells, description) in [
        (
            &["None", "None None", "Ana María None", "Invalid Date"][..],
            "means no value",
        ),
        (
            &["00/01/1900", "1900-01-00", "01/00/1900", "0000-00-00"],
            "means no value",
        ),
        (
            &["MarÃ\u{ad}a", "JOSÃ‰", "IÃ±igo", "JosÃƒÂ©"],
            "was probably",
        ),
        (&["Hola\\nAna", "Ana\\n"], "is sent as these two characters"),
    ] {
        list_of(&home, cells);
        let ended = home
            .dry_run_list(&["people.csv", "text", "Hola {{ nombre }}"])
            .success();
        let told = format!(": {description}");
        let warnings = ended.stderr.matches("warning: line ").count();
        assert_eq!(warnings, cells.len(), "{told}: {ended:?}");
    }
}

/// Texts that mean the column `nombre`, and are known.
const KNOWN_TEXTS: &[&str] = &[
    "{nombre}",
    "{nombre | upper}",
    "{ nombre|default:'x' }",
    "{NOMBRE}",
    "{nombre:>10}",
    "{nombre,fallback=cliente}",
    "{nombre, cliente}",
    "{nombre:-señor cliente}",
    "{nombr}",
    "{nombres}",
    "{contact.first_name}",
    "${nombre}",
    "[nombre]",
    "[ NOMBRE ]",
    "[[nombre]]",
    "<nombre>",
    "<<nombre>>",
    "<%= nombre %>",
    "«Nombre»",
    "%nombre%",
    "#nombre#",
];

/// The same in marks that no rule knows. The table says that the text uses no column.
const OTHER_TEXTS: &[&str] = &[
    "{row[\"nombre\"]}",
    "{!nombre}",
    "{!Contact.nombre}",
    "{=nombre}",
    "{leadfield=nombre}",
    "{upper(nombre)}",
    "{nombre!r}",
    "{nombre or 'x'}",
    "{MERGEFIELD nombre}",
    "{@nombre}",
    "{nombre;cliente}",
    "{nombre ?? 'x'}",
    "{customer: nombre}",
    "{#nombre#}",
    "{{ 'nombre' }}",
    "[nombre|upper]",
    "[contact.nombre]",
    "[data:nombre:\"x\"]",
    "[Nombre completo]",
    "[NOMBRE CLIENTE]",
    "[nombres]",
    "<nombre_del_cliente>",
    "<nombre|upper>",
    "@nombre@",
    "__nombre__",
    "||nombre||",
    "((nombre))",
    "<%=nombre.upcase%>",
    "<?= nombre ?>",
    "$(nombre)",
    "$nombre",
    "$cliente.nombre",
    "$row['nombre']",
    "$row->nombre",
    "$nombreCliente",
    "*|NOMBRE|*",
    "*|TITLE:NOMBRE|*",
    "%(nombre)s",
    "%(nombre)d",
    "%recipient.nombre%",
    "%contact.nombre%",
    "%nombre|upper%",
    "#contact.nombre#",
    "$!nombre",
    "%%=v(@nombre)=%%",
    "@Model.nombre",
    "｛nombre｝",
    "【nombre】",
    "‹nombre›",
    "«nombre|upper»",
    "Hola nombre }}",
    "Hola<br>Ana &nbsp;%20",
    "Pe├▒a Luc¡a",
];

#[test]
fn texts_without_their_column_are_known_or_shown() {
    let home = Home::new();
    write_list(&home, &NAMES, &["Ana"]);
    let list = home.read("people.csv").replacen("c0", "nombre", 1);
    home.write("people.csv", list);
    let send = |text: &str| home.dry_run_list(&["people.csv", "--country", "EC", "text", text]);
    for written in KNOWN_TEXTS {
        let told = "would be sent unchanged";
        send(&format!("Hola {written}, hoy")).fails(2, &[told, "{{ \""]);
    }
    for written in OTHER_TEXTS {
        let ended = send(&format!("Hola {written}, hoy")).success();
        let words = ended
            .stderr
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let told = "this text uses no column: all 150 get the same not used nombre";
        assert!(words.contains(told), "{written}: {words}");
    }
    // In a text that also prints a column, the column in other marks is the first one that is not used.
    home.write(
        "people.csv",
        "celular,ciudad,nombre,saldo\n593987654321,Quito,Ana,5\n593987654322,Loja,Eva,7\n",
    );
    for written in [
        "*|NOMBRE|*",
        "$nombre",
        "{{ 'nombre' }}",
        "{#nombre#}",
        "[Nombre completo]",
    ] {
        let ended = send(&format!("Hola {written}, debes {{{{ saldo }}}}")).success();
        let words = ended
            .stderr
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(
            words.contains("not used nombre, ciudad"),
            "{written}: {ended:?}"
        );
    }
}
