//! A day with a list in Spanish: no English in what the commands print, outside of quotes, flags, commands and names.

use crate::harness::Home;
use crate::workbook::{sheet, xlsx, xlsx_rows};

/// Words of English texts that are not words of Spanish ones.
const ENGLISH: [&str; 66] = [
    "the",
    "is",
    "are",
    "was",
    "were",
    "be",
    "been",
    "of",
    "and",
    "or",
    "not",
    "with",
    "without",
    "from",
    "for",
    "this",
    "that",
    "these",
    "it",
    "its",
    "has",
    "have",
    "had",
    "to",
    "in",
    "on",
    "at",
    "by",
    "if",
    "as",
    "an",
    "row",
    "rows",
    "line",
    "lines",
    "file",
    "files",
    "message",
    "messages",
    "recipient",
    "recipients",
    "sent",
    "failed",
    "skipped",
    "unknown",
    "hint",
    "note",
    "warning",
    "column",
    "columns",
    "value",
    "values",
    "missing",
    "must",
    "cannot",
    "expected",
    "found",
    "only",
    "more",
    "than",
    "most",
    "number",
    "numbers",
    "nothing",
    "which",
    "did",
];

const LIST: &str = "Nombre,Celular,Saldo,Vence,Baja\n\
    Ana,0987654321,\"12,50\",24/11/2026,no\n\
    Luz María,0987654322,\"8,00\",25/11/2026,no\n\
    Pía,12345,\"9,00\",25/11/2026,no\n\
    ,0987654324,\"9,00\",25/11/2026,no\n\
    Ana,0987654321,\"12,50\",24/11/2026,no\n\
    Juan,+573001234567,nada,31/31/2026,sí\n";

/// Returns what is left of a printed text without what has no language: quotes, commands, flags, addresses, files.
fn words(printed: &str) -> Vec<String> {
    let mut text = String::new();
    for line in printed.lines() {
        // A drawn message is the user's own.
        if line.trim_start().starts_with('│') {
            continue;
        }
        // A command line ends a hint, or has another way behind it.
        for part in line.split("; ") {
            let part = part.split("jelouctl ").next().unwrap();
            // The names of filters are the same in all languages.
            let part = part.split("los filtros son ").next().unwrap();
            text += part;
            text.push(' ');
        }
    }
    let mut plain = String::new();
    for (index, part) in text.split(['`', '"', '«', '»', '\'']).enumerate() {
        if index % 2 == 0 {
            plain += part;
        }
        plain.push(' ');
    }
    let words = plain.split_whitespace();
    let words = words.filter(|word| {
        !word.contains(['-', '/', '.', '=', '_', '<', '{', '|']) || word.ends_with(['.', ','])
    });
    let words = words.map(|word| {
        word.trim_matches(|sign: char| !sign.is_alphanumeric())
            .to_lowercase()
    });
    words.filter(|word| !word.is_empty()).collect()
}

/// Runs the command in Spanish, and returns the English that it prints.
fn english(home: &Home, line: &str, list: &[&str]) -> Option<String> {
    let ended = home.run(line).args(list).env("JELOUCTL_LANG", "es").end();
    // Standard output of a send is the API's response.
    let is_json = ended.stdout.trim_start().starts_with(['{', '[']);
    let stdout = if is_json { "" } else { ended.stdout.as_str() };
    let printed = format!("{}\n{stdout}", ended.stderr);
    let found: Vec<_> = words(&printed)
        .into_iter()
        .filter(|word| ENGLISH.contains(&word.as_str()))
        .collect();
    (!found.is_empty()).then(|| format!("{line} {list:?}: {found:?}\n{printed}"))
}

#[test]
fn day_with_a_list_has_no_english() {
    let home = Home::new();
    home.write("lista.csv", LIST);
    home.write("vacia.csv", "Nombre,Celular\n");
    home.write("sola.csv", "Nombre,Edad\nAna,20\n");
    home.write(
        "dos.csv",
        "Nombre,Celular,Teléfono\nAna,0987654321,022345678\n",
    );
    home.write("ansi.csv", b"Nombre,Celular\nMar\xeda,0987654321\n");
    home.write("rota.csv", "Nombre,Celular\n\"Ana,0987654321\n");
    home.write("fila.ndjson", "{\"celular\":\"0987654321\",\"n\":\n");
    home.write("no.txt", "593987654321\n");
    home.write("cuerpo.json", "{\"tipo\": 1}");
    home.write(
        "viejo.xls",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more of an old file",
    );
    let first = xlsx_rows(&[["Nombre"], ["Ana"]]);
    let second = xlsx_rows(&[["Celular"], ["0987654321"]]);
    let sheets = [sheet("Octubre", &first), sheet("Lista", &second)];
    home.write("hojas.xlsx", xlsx(&sheets, ""));
    let text = [
        "text",
        "Hola {{ Nombre }}, debes {{ Saldo }} hasta el {{ Vence | date }}",
    ];
    let hola = ["text", "Hola {{ Nombre }}"];
    let mut found = Vec::new();
    for (line, words) in [
        ("--sandbox bulk send nada.csv", &hola[..]),
        ("--sandbox bulk send vacia.csv", &hola),
        ("--sandbox bulk send sola.csv", &hola),
        ("--sandbox bulk send dos.csv --country EC", &hola),
        ("--sandbox bulk send ansi.csv --country EC", &hola),
        ("--sandbox bulk send rota.csv --country EC", &hola),
        (
            "--sandbox bulk send fila.ndjson --country EC",
            &["text", "Hola {{ n }}"],
        ),
        ("--sandbox bulk send viejo.xls --country EC", &hola),
        ("--sandbox bulk send hojas.xlsx --country EC", &hola),
        ("--sandbox bulk send lista.csv", &hola),
        ("--sandbox bulk send lista.csv --country EC", &text),
        (
            "--sandbox bulk send lista.csv --country EC",
            &["text", "Hola {{ Nombres }}"],
        ),
        (
            "--sandbox bulk send lista.csv --country EC",
            &["text", "Hola {Nombre}"],
        ),
        (
            "--sandbox bulk send lista.csv --country EC",
            &["text", "Hola {{ Nombre | mayus }}"],
        ),
        (
            "--sandbox bulk send lista.csv --country EC",
            &["text", "Hola {{ Nombre"],
        ),
        ("--sandbox bulk send lista.csv --country XX", &hola),
        (
            "--sandbox bulk send lista.csv --country EC --skip-invalid --preview 1",
            &text,
        ),
        (
            "--sandbox bulk send lista.csv --country EC --skip-invalid --dry-run",
            &text,
        ),
        (
            "--sandbox bulk send lista.csv --country EC --skip-invalid --skip-if Baja=si --run uno",
            &hola,
        ),
        (
            "--sandbox bulk send lista.csv --country EC --skip-invalid --exclude no.txt --run uno",
            &hola,
        ),
        (
            "--sandbox bulk send lista.csv --country EC --skip-invalid",
            &hola,
        ),
        (
            "--sandbox bulk send lista.csv --country EC --skip-invalid --skip-sent",
            &hola,
        ),
        (
            "--sandbox bulk send lista.csv --country EC --skip-invalid --only-if Saldo=0",
            &hola,
        ),
        (
            "--sandbox bulk send lista.csv --country EC --run uno",
            &hola,
        ),
        (
            "--sandbox bulk send lista.csv --country EC --run 'Mi Envío'",
            &hola,
        ),
        ("--sandbox bulk send lista.csv", &[]),
        ("bulk status uno", &[]),
        ("bulk status nada", &[]),
        ("bulk list", &[]),
        ("bulk find 593987654322", &[]),
        ("bulk report uno --file informe.html", &[]),
        ("bulk report uno --file informe.xlsx", &[]),
        ("bulk report nada --file informe.html", &[]),
        ("--sandbox bulk resume uno", &[]),
        ("--sandbox bulk resume nada", &[]),
        ("--sandbox bulk deliveries uno", &[]),
        ("bulk stop", &[]),
        ("bulk stop uno", &[]),
        ("bulk cancel uno --yes", &[]),
        ("bulk resolve uno --unknown-as sent --yes", &[]),
        ("bulk remove uno --yes", &[]),
        ("bulk remove uno", &[]),
        ("--sandbox send text", &["--to", "0987654321", "Hola"]),
        (
            "--sandbox send text",
            &["--to", "593987654321", "Hola {{ nombre }}"],
        ),
        ("--sandbox send text", &["--to", "593987654321"]),
        ("--sandbox send text", &["Hola"]),
        (
            "--sandbox send text",
            &["--to", "593987654321", "Hola", "--every", "1h"],
        ),
        (
            "--sandbox send text",
            &["--to", "593987654321", "Hola", "--timeout", "0s"],
        ),
        (
            "--sandbox send image",
            &["--to", "593987654321", "--media-url", "http://x"],
        ),
        ("send text", &["--to", "593987654321", "Hola"]),
        (
            "send flow",
            &["--to", "593987654321", "--body", "cuerpo.json"],
        ),
        (
            "--sandbox send raw",
            &["--to", "593987654321", "--body", "nada.json"],
        ),
        ("--sandbox run --to 593987654321 --", &["false"]),
        ("--sandbox run --to 593987654321 --", &["nada-de-nada"]),
        ("run --to 593987654321 --", &["true"]),
        ("profile show nada", &[]),
        ("profile set prod --rate rapido", &[]),
        ("profile set prod --bot 77 --client-id x", &[]),
        ("profile list", &[]),
        ("once list", &[]),
        ("once show nada", &[]),
        ("ledger accept", &[]),
        ("doctor --offline", &[]),
        ("messages get nada", &[]),
        ("templates", &[]),
    ] {
        found.extend(english(&home, line, words));
    }
    assert!(
        found.is_empty(),
        "{} commands print English:\n{}",
        found.len(),
        found.join("\n----\n")
    );
}
