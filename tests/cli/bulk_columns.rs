//! The table of columns: what a person sees before the question, and what a log gets.

use std::fmt::Write as _;

use crate::bulk_server::Jelou;
use crate::harness::{CommandOutput, Home};
use crate::terminal::Terminal;

/// A list of Ecuador with the columns `celular`, `nombre` and `plan`.
fn list(home: &Home, names: &[&str]) {
    let rows = names.iter().enumerate().map(|(number, name)| {
        let name = name.replace('"', "\"\"");
        format!("0987{:06},\"{name}\",oro\n", 650_000 + number)
    });
    let rows: String = rows.collect();
    home.write("people.csv", format!("celular,nombre,plan\n{rows}"));
}

/// 150 names with one other value, in line 91.
fn names_with<'a>(odd: &'a str) -> Vec<&'a str> {
    let usual = [
        "Ana",
        "Luz María",
        "José Peña",
        "María de los Ángeles",
        "Eva",
    ];
    let mut names: Vec<&'a str> = usual.into_iter().cycle().take(150).collect();
    names[89] = odd;
    names
}

const SEND: [&str; 5] = ["bulk", "send", "people.csv", "--country", "EC"];

/// The screen of a preview at a terminal.
fn screen(home: &Home, words: &[&str], text: &str) -> String {
    let words = [
        &SEND[..],
        &["--sandbox", "--preview", "1"],
        words,
        &["text", text],
    ]
    .concat();
    let (code, screen) = Terminal::plain(home, &words).end();
    assert_eq!(code, 0, "{screen}");
    screen.replace('\r', "")
}

fn log(home: &Home, words: &[&str], text: &str) -> CommandOutput {
    let words = [&SEND[2..], words, &["text", text]].concat();
    home.dry_run_list(&words).success()
}

/// The table without the breaks of its lines.
pub(crate) fn table(shown: &str) -> String {
    let begin = shown
        .find("note: columns of the")
        .unwrap_or_else(|| panic!("no table: {shown}"));
    let lines = shown[begin..]
        .lines()
        .take_while(|line| line.starts_with("note: columns") || line.starts_with("  "));
    let words = lines.flat_map(str::split_whitespace);
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn odd_cell_is_shown_with_its_line() {
    for (odd, shape, letters) in [
        ("N/A", "A/A", ""),
        ("{nombre}", "{a}", ""),
        ("[nombre]", "[a]", ""),
        ("nan", "a", ""),
        ("20 mil", "9 a", ""),
        ("ana@x.y", "a@a.a", ""),
        ("Luc¡a", "Aa¡a", "¡ (line 91)"),
        ("Pe¤a", "Aa¤a", "¤ (line 91)"),
        ("JosÃ©", "AaA©", "© (line 91)"),
        ("1,23457E+11", "\"9,9A+9\"", ""),
        ("1042.0", "9.9", ""),
        ("19.989999999999998", "9.9", ""),
        ("L-15", "A-9", ""),
        ("20 kg", "9 a", ""),
        ("-", "-", ""),
        ("Ana ", "\"Aa \"", ""),
        ("0987654321", "9", ""),
    ] {
        let home = Home::new();
        list(&home, &names_with(odd));
        let text = "Hola {{ nombre }}";
        let shown = table(&screen(&home, &[], text));
        let with_cell = format!("{shape} 1 (line 91: \"{odd}\")");
        assert!(shown.contains(&with_cell), "{with_cell}: {shown}");
        assert!(shown.contains(letters), "{letters}: {shown}");
        let logged = table(&log(&home, &[], text).stderr);
        // In a log, `?` stands for a sign that ASCII lacks, and for a cell of signs alone.
        let logged_shape = if shape == "-" {
            "?".to_owned()
        } else {
            shape.replace(|sign: char| !sign.is_ascii(), "?")
        };
        let without_cell = format!("{logged_shape} 1 (line 91)");
        assert!(logged.contains(&without_cell), "{without_cell}: {logged}");
    }
}

#[test]
fn number_of_another_country_is_shown_by_its_country() {
    let home = Home::new();
    list(&home, &names_with("Ana"));
    let people = home.read("people.csv");
    let local = people.lines().nth(90).unwrap().split(',').next().unwrap();
    for (other, expected) in [
        (
            "573001234567",
            "celular 150 Ecuador 149, Colombia 1 (line 91)",
        ),
        ("4771234567", "celular 150 Ecuador 149, Norway 1 (line 91)"),
        (
            "https://wa.me/34612345678",
            "celular 150 Ecuador 149, Spain 1 (line 91)",
        ),
    ] {
        home.write("people.csv", people.replace(local, other));
        let text = "Hola {{ nombre }}";
        let shown = table(&screen(&home, &[], text));
        assert!(shown.contains(expected), "{expected}: {shown}");
        let logged = table(&log(&home, &[], text).stderr);
        assert!(logged.contains(expected), "{expected}: {logged}");
    }
}

#[test]
fn commonest_and_rarest_countries_are_shown() {
    let home = Home::new();
    let numbers = [
        ("59398765432", 9),
        ("57300123456", 8),
        ("5198765432", 7),
        ("5698765432", 6),
        ("3461234567", 5),
        ("549112345678", 4),
        ("5058765432", 3),
        ("5076765432", 2),
        ("52551234567", 1),
    ];
    let mut list = "celular\n".to_owned();
    for (start, rows) in numbers {
        for row in 0..rows {
            writeln!(list, "+{start}{row}").unwrap();
        }
    }
    home.write("people.csv", &list);
    let expected = "celular 45 Ecuador 9, Colombia 8 (line 11), Peru 7 (line 19), Chile 6 (line 26), Argentina 4 (line 37), \
                    Nicaragua 3 (line 41), Panama 2 (line 44), Mexico 1 (line 46), 1 more country 5";
    let shown = table(&log(&home, &[], "Hola").stderr);
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn number_unlike_the_country_in_its_row_is_shown_with_its_line() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular,nombre,País\n+593987654321,Ana,Ecuador\n+573001234567,Eva,Colombia\n+573001234568,Luz,Ecuador\n\
         +14155550123,Ivo,Canadá\n",
    );
    let expected = "celular 4 Colombia 2, Ecuador 1 (line 2), United States 1 (line 5); 1 with another calling code than \
                    País (line 4)";
    let logged = |flags: &[&str]| {
        let words = [&["people.csv"], flags, &["text", "Hola"]].concat();
        table(&home.dry_run_list(&words).success().stderr)
    };
    for flags in [&[][..], &["--country", "EC"], &["--country-column", "País"]] {
        let shown = logged(flags);
        assert!(shown.contains(expected), "{flags:?}: {shown}");
    }
    let shown = logged(&["--country-column", "none"]);
    assert!(!shown.contains("calling code"), "{shown}");
}

#[test]
fn numbers_that_cannot_be_mobiles_are_counted() {
    let home = Home::new();
    let shown = |recipients: &str| {
        home.write("people.csv", format!("celular\n{recipients}"));
        table(&log(&home, &[], "Hola").stderr)
    };
    // In the USA, mobiles and landlines look alike. The others have two forms.
    let mobiles = "+593987654321\n+14155550123\n+5215512345678\n+551187654321\n+5491123456789\n\
                   US.13491208655302741918\nid:7\n";
    let found = shown(mobiles);
    assert!(!found.contains("without a mobile number"), "{found}");
    let found = shown(&format!("{mobiles}+59322345678\n+18005550123\n"));
    assert!(
        found.contains("; 2 without a mobile number (line 9)"),
        "{found}"
    );
}

#[test]
fn table_has_a_line_for_each_expression_and_condition() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular;nombre;saldo;vence;plan;baja;Tel. casa;correo\n\
         0987654321;Ana;12,50;28/11/2026;oro;sí;022345678;a1@x.y\n\
         0987654322;Luz María;0,5;30/12/1899;ORO;no;022345679;a2@x.y\n\
         +573001234567;Ana;1.200;01/12/2026;plata;no;022345670;a3@x.y\n",
    );
    let text = "Hola {{ nombre }}, {{ saldo | money('$') }} {{ vence | date }}\
                {% if plan | lower == 'oro' %} VIP{% endif %}, responde a tu correo";
    let shown = table(&screen(&home, &[], text));
    for part in [
        "note: columns of the 3 messages: celular 3 Ecuador 2, Colombia 1 (line 4) nombre",
        "nombre 3 most often \"Ana\" (2); 3 to 9 characters (lines 2, 3); shapes: Aa 2, Aa Aa 1 (line 3: \"Luz María\")",
        "saldo | money('$') 3 $0,50 (line 3) to $1.200,00 (line 4)",
        "vence | date 3 30/12/1899 (line 3) to 01/12/2026 (line 4)",
        "if plan | lower == 'oro' 2 of 3; plan: oro 1, ORO 1, plata 1",
        "not used correo (a1@x.y 1, a2@x.y 1, a3@x.y 1), Tel. casa (022345678 1, 022345679 1, 022345670 1, reads as phone \
         numbers), baja (no 2, sí 1)",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    let logged = table(&log(&home, &[], text).stderr);
    for part in [
        "celular 3 Ecuador 2, Colombia 1 (line 4) nombre",
        "nombre 3 2 have the same value; 3 to 9 characters (lines 2, 3); shapes: Aa 2, Aa Aa 1 (line 3)",
        "saldo | money('$') 3 smallest in line 3, largest in line 4",
        "vence | date 3 smallest in line 3, largest in line 4",
        "if plan | lower == 'oro' 2 of 3; plan has 3 different values: 1, 1, 1",
        "not used correo, Tel. casa (reads as phone numbers), baja",
    ] {
        assert!(logged.contains(part), "{part}\n{logged}");
    }
}

#[test]
fn log_and_record_have_no_cell() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let cells = [
        ["Zoraida Quispe", "$ 771,33", "platino", "secreto@x.y"],
        ["Wilfrido", "$ 882,44", "diamante", "oculto@x.y"],
        ["Wiłan ñ李", "$ 993,55", "platino", "\u{202e}raro@x.y"],
    ];
    let rows = cells
        .iter()
        .enumerate()
        .map(|(number, row)| format!("59398765432{number};{}\n", row.join(";")));
    let rows: String = rows.collect();
    home.write(
        "people.csv",
        format!("celular;nombre;saldo;plan;correo\n{rows}"),
    );
    let text = "{{ nombre }} {{ saldo }} {{ nombre | upper }}{% if plan == 'oro' %}!{% endif %}";
    let ended = home
        .run("bulk send people.csv --yes --run r --country EC")
        .args(&["text", text])
        .api(&jelou.url)
        .success();
    assert!(
        ended.stderr.contains("columns of the 3 messages"),
        "{ended:?}"
    );
    let record = &ended.json()["columns"];
    assert_eq!(record["expressions"][0]["expression"], "nombre", "{record}");
    assert_eq!(
        record["expressions"][0]["values"]["shapes"][0]["shape"], "Aa Aa",
        "{record}"
    );
    let printed = format!("{} {}", ended.stderr, ended.stdout);
    for cell in cells.iter().flatten() {
        let words = cell.split(' ').filter(|word| word.chars().count() > 1);
        for word in words {
            assert!(!printed.contains(word), "{word}: {printed}");
            assert!(!printed.contains(&word.to_uppercase()), "{word}: {printed}");
        }
    }
    for character in ['ł', '李'] {
        assert!(!printed.contains(character), "{character}: {printed}");
    }
}

#[test]
fn skipped_rows_are_not_in_the_table() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular,nombre\n0987654321,Ana\n0987654321,REPETIDA\n0987654322,Eva\n0987654323,N/A\n12,{x}\n",
    );
    let words = ["--skip-invalid", "--one-per-recipient", "--limit", "2"];
    let shown = table(&screen(&home, &words, "Hola {{ nombre }}"));
    assert!(shown.contains("columns of the 2 messages"), "{shown}");
    assert!(
        shown.contains("nombre 2 3 characters; shape: Aa"),
        "{shown}"
    );
    for absent in ["REPETIDA", "N/A", "{x}"] {
        assert!(!shown.contains(absent), "{shown}");
    }
}

#[test]
fn text_without_a_column_is_noted() {
    let home = Home::new();
    list(&home, &names_with("Ana"));
    for shown in [screen(&home, &[], "Hola"), log(&home, &[], "Hola").stderr] {
        let shown = table(&shown);
        let part = "this text uses no column: all 150 get the same not used";
        assert!(shown.contains(part), "{shown}");
    }
    let shown = screen(&home, &["--limit", "1"], "Hola {{ nombre }}");
    let shown = table(&shown);
    assert!(
        shown.contains("columns of the message: celular 1 Ecuador 1 nombre 1 \"Ana\""),
        "{shown}"
    );
}

#[test]
fn odd_cell_of_the_last_expression_is_among_twelve_lines() {
    let home = Home::new();
    let names: Vec<_> = (0..16).map(|number| format!("c{number}")).collect();
    let mut list = format!("celular,{}\n", names.join(","));
    for row in 0..20 {
        let odd = if row == 7 { "x{nombre}" } else { "valor" };
        let cells = format!("{}{odd}", "valor,".repeat(15));
        writeln!(list, "09876543{row:02},{cells}").unwrap();
    }
    home.write("people.csv", &list);
    let expressions = names.iter().map(|name| format!("{{{{ {name} }}}} "));
    let logged = table(&log(&home, &[], &expressions.collect::<String>()).stderr);
    assert!(logged.contains("c10 20 always the same c15 20"), "{logged}");
    assert!(
        logged.contains("a{a} 1 (line 9) 4 more with -v"),
        "{logged}"
    );
}

#[test]
fn wide_lists_and_long_messages_are_shortened() {
    let home = Home::new();
    let names: Vec<_> = (0..500).map(|number| format!("col{number}")).collect();
    let cells = vec!["x"; 500].join(",");
    home.write(
        "people.csv",
        format!(
            "celular,{}\n0987654321,{cells}\n0987654322,{cells}\n",
            names.join(",")
        ),
    );
    let expressions = names.iter().take(15);
    let expressions: Vec<_> = expressions
        .map(|name| format!("{{{{ {name} }}}}"))
        .collect();
    let all = expressions.concat();
    let shown = table(&screen(&home, &[], &all));
    assert!(
        shown.contains("col11 2 always \"x\" 3 more with -v not used"),
        "{shown}"
    );
    assert!(!shown.contains("col12 2"), "{shown}");
    assert!(shown.contains("col15 (x 2), col16 (x 2)"), "{shown}");
    assert!(shown.ends_with("473 more"), "{shown}");
    let logged = table(&log(&home, &["-v"], &all).stderr);
    assert!(logged.contains("col14 2 always the same"), "{logged}");
    assert!(logged.contains("col114"), "{logged}");
}

#[test]
fn cells_of_any_kind_stay_in_their_line() {
    let home = Home::new();
    let long = "palabra ".repeat(400);
    list(
        &home,
        &[
            "",
            "Ana\nEva",
            "\u{a0}Luz",
            "محمد علي",
            &long,
            "\t",
            "Ana",
            "Ana",
        ],
    );
    let shown = screen(
        &home,
        &["--skip-invalid"],
        "Hola {{ nombre | default('-') }}{{ plan }}",
    );
    for line in shown.lines().filter(|line| line.starts_with("  ")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(
        !shown.contains('\u{a0}') && !shown.contains("\u{202e}"),
        "{shown}"
    );
    let shown = table(&shown);
    for part in [
        "\"Ana\\nEva\"",
        "\"\\u{a0}Luz\"",
        "\"محمد علي\"",
        "palabra palabra palabra palabra palabra…",
        "plan 8 always \"oro\"",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
}

#[test]
fn longest_value_is_counted_whole() {
    let home = Home::new();
    let long = "x".repeat(100_000);
    home.write(
        "people.csv",
        format!("celular,nombre,nota\n0987654321,Ana,{long}\n0987654322,Eva,\n"),
    );
    let text = "Hola {{ nombre }} {{ nota | length }}{% if nota != '' %}!{% endif %}";
    let shown = table(&screen(&home, &[], text));
    assert!(
        shown.contains("nota | length 2 0 (line 3) to 100000 (line 2)"),
        "{shown}"
    );
    assert!(shown.contains("if nota != '' 1 of 2"), "{shown}");
}

#[test]
fn messages_are_drawn_by_contrast() {
    let home = Home::new();
    let mut names = names_with("ana@x.y");
    names[60] = "Maximiliana Hermenegilda de los Santos Ángeles";
    list(&home, &names);
    let words = ["--preview", "4", "text", "Hola {{ nombre }}"];
    let ended = home
        .run_args(&[&SEND[..], &["--sandbox"], &words].concat())
        .success();
    assert_eq!(ended.stdout.lines().count(), 4);
    let titles: Vec<_> = ended
        .stderr
        .lines()
        .filter(|line| line.ends_with("would see it:"))
        .map(|line| line.split(", as ").next().unwrap())
        .collect();
    assert_eq!(
        titles,
        [
            "note: the first message, line 2",
            "note: line 3",
            "note: the longest message, line 62",
            "note: the rarest shape of nombre, a@a.a, line 91",
        ]
    );
    assert!(ended.stderr.contains("│ Hola ana@x.y"), "{ended:?}");
}

#[test]
fn page_has_the_table_in_its_language() {
    let home = Home::new();
    let mut names = names_with("N/A");
    names[60] = "محمد <b>";
    list(&home, &names);
    let page = |flags: &[&str]| {
        let words = ["--sandbox", "--preview", "all", "--file", "p.html"];
        home.run_args(&[&SEND[..], &words, flags, &["text", "Hola {{ nombre }}"]].concat())
            .success();
        home.read("p.html")
    };
    let english = page(&[]);
    for part in [
        "<h2>Column by column</h2>",
        "<bdi>A&#x2f;A 1 (line 91: &quot;N&#x2f;A&quot;)",
        "&lt;b&gt;",
        "<b dir=\"auto\">not used</b>",
    ] {
        assert!(english.contains(part), "{part}");
    }
    let spanish = page(&["--lang", "es"]);
    for part in [
        "<h2>Columna por columna</h2>",
        "<bdi>A&#x2f;A 1 (fila 91: &quot;N&#x2f;A&quot;)",
        "<bdi>Ecuador 150</bdi>",
        "<b dir=\"auto\">sin usar</b>",
    ] {
        assert!(spanish.contains(part), "{part}");
    }
    let masked = page(&["--mask"]);
    assert!(masked.contains("<bdi>A&#x2f;A 1 (line 91)"));
    assert!(!masked.contains("&quot;N&#x2f;A") && !masked.contains("محمد"));
}
