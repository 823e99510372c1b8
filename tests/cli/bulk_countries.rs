//! The country of the local numbers in a list: from a column, from `--country`, or by an answer.

use crate::bulk_columns::table;
use crate::harness::{CommandOutput, Home};
use crate::terminal::Terminal;
use crate::workbook::{sheet, xlsx, xlsx_rows};

const MIXED: &str =
    "Nombre,País,Celular\nAna,Perú,987654321\nLuis,Ecuador,0987654322\nEva,,0987654323\n";

/// A dry run of `list` in the sandbox.
fn dry_run(home: &Home, list: &str, flags: &[&str]) -> CommandOutput {
    home.write("a.csv", list);
    home.dry_run_list(&[&["a.csv"], flags, &["text", "Hola"]].concat())
        .end()
}

/// The recipients of a dry run.
fn users(ended: &CommandOutput) -> Vec<String> {
    let lines = ended.stdout.lines();
    let requests = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let users = requests.map(|request| request["body"]["userId"].as_str().unwrap().to_owned());
    users.collect()
}

#[test]
fn column_with_other_numbers_than_the_flag_is_asked_for() {
    let home = Home::new();
    let ended = dry_run(&home, MIXED, &["--country", "EC"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{ended:?}");
    ended.stderr_has(&[
        "error: `987654321` in line 2 is +593987654321 with --country EC, but +51987654321 with the country in `País` \
         (1 row)",
        "hint: to use the countries in `País` (Ecuador 2, Peru 1): --country-column País; to use Ecuador for every row \
         (Ecuador 3): --country-column none\n",
    ]);
    for (answer, flag, first) in [
        ("1", "--country-column País", "51987654321"),
        ("2", "--country-column none", "593987654321"),
    ] {
        let words = [
            "--sandbox",
            "bulk",
            "send",
            "a.csv",
            "--country",
            "EC",
            "--dry-run",
            "text",
            "Hola",
        ];
        let mut terminal = Terminal::plain(&home, &words);
        terminal.wait_for(
            "Which country are the local numbers of?\r\n  1  use the countries in `País` (Ecuador 2, Peru 1)\r\n  2  use \
             Ecuador for every row (Ecuador 3)\r\n",
        );
        terminal.answer("Type 1 or 2: ", answer);
        let (code, screen) = terminal.end();
        assert_eq!(code, 0, "{screen}");
        assert!(screen.contains(flag), "{flag}: {screen}");
        assert!(
            screen.contains(&format!("\"{first}\"")),
            "{first}: {screen}"
        );
        let flags: Vec<_> = ["--country", "EC"]
            .into_iter()
            .chain(flag.split(' '))
            .collect();
        let ended = dry_run(&home, MIXED, &flags);
        assert_eq!(users(&ended)[0], first, "{ended:?}");
    }
    // By the flag, it is not a number at all.
    let colombia = "celular,country\n0987654321,EC\n3001234567,Colombia\n";
    dry_run(&home, colombia, &["--country", "EC"]).stderr_has(&[
        "`3001234567` in line 3 is not a number with --country EC, but +573001234567 with the country in `country`",
    ]);
    // Rows after the limit do not count.
    let ended = dry_run(&home, colombia, &["--country", "EC", "--limit", "1"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    // The column leads to the same numbers, or to none.
    for list in [
        "pais,celular\nEC,0987654321\n,0987654322\n",
        "pais,celular\nPE,+593987654321\n",
        "pais,celular\nPE,593987654321\n",
        "pais,celular\nNarnia,0987654321\n",
        "pais,celular\nCanadá,4155550123\n",
    ] {
        let country = if list.contains("4155") { "US" } else { "EC" };
        let ended = dry_run(&home, list, &["--country", country]);
        assert_eq!(ended.code, 0, "{list}: {ended:?}");
    }
}

#[test]
fn any_column_can_have_the_countries() {
    let home = Home::new();
    let lima = ["51987654321", "593987654322", "593987654323"];
    for (column, cells) in [
        ("Origen", ["Perú", "ec", ""]),
        ("Indicativo", ["51", "+593", ""]),
        ("Cód. país", ["(51)", "00593", " "]),
        ("País", ["PER", "ECU", ""]),
    ] {
        let [first, second, third] = cells;
        let list = format!(
            "{column},Celular\n{first},987654321\n{second},0987654322\n{third},0987654323\n"
        );
        for named in [column, &column.to_uppercase()] {
            let ended = dry_run(
                &home,
                &list,
                &["--country", "EC", "--country-column", named],
            );
            assert_eq!(users(&ended), lima, "{column}: {ended:?}");
            ended.stderr_has(&[
                &format!("numbers without + are read with the country in `{column}`"),
                "Ecuador 2, Peru 1",
            ]);
        }
    }
    // Only the declared column counts.
    let list = "País,Envío,celular\nPE,Ecuador,0987654321\n";
    let ended = dry_run(&home, list, &["--country-column", "Envío"]);
    assert_eq!(users(&ended), ["593987654321"], "{ended:?}");
    let ended = dry_run(
        &home,
        list,
        &["--country-column", "none", "--country", "EC"],
    );
    assert_eq!(users(&ended), ["593987654321"], "{ended:?}");
    // In NDJSON, its first field may be in a later row. A workbook has the same columns.
    let ndjson = "{\"to\":\"0987654321\"}\n{\"to\":\"987654322\",\"nac\":51}\n";
    let ended = dry_run(
        &home,
        ndjson,
        &["--country-column", "nac", "--country", "EC"],
    );
    assert_eq!(users(&ended), ["593987654321", "51987654322"], "{ended:?}");
    let rows = xlsx_rows(&[["celular", "nac"], ["987654322", "Peru"]]);
    home.write("a.xlsx", xlsx(&[sheet("Hoja1", &rows)], ""));
    let ended = home
        .dry_run_list(&["a.xlsx", "--country-column", "nac", "text", "Hola"])
        .success();
    assert_eq!(users(&ended), ["51987654322"], "{ended:?}");
    // The United States and Canada share a code.
    let ended = dry_run(
        &home,
        "código,tel\n1,4155550123\n001,6045550123\n",
        &["--country-column", "código"],
    );
    assert_eq!(users(&ended), ["14155550123", "16045550123"], "{ended:?}");
}

#[test]
fn wrong_country_column_is_refused() {
    let home = Home::new();
    for (flags, parts) in [
        (
            &["--country-column", "Paiz"][..],
            &[
                "--country-column: there is no column `Paiz` (did you mean `País`?); there are: Nombre, País, Celular",
                "hint: if no column has the countries: --country-column none\n",
            ][..],
        ),
        (
            &["--country-column", "Nombre"],
            &["line 2: Celular: Nombre: `Ana` is not a country"],
        ),
    ] {
        let ended = dry_run(&home, MIXED, flags);
        assert_eq!(ended.code, 2, "{ended:?}");
        ended.stderr_has(parts);
    }
    let list = "Nac.,nac,tel\nPE,EC,987654321\n";
    let ended = dry_run(&home, list, &["--country-column", "NAC"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    ended.stderr_has(&["--country-column: `NAC` could be the column `Nac.` or `nac`"]);
}

/// jelouctl reads no country from such a column. A person sees it.
#[test]
fn countries_in_unused_columns_are_shown() {
    let home = Home::new();
    for (column, usual, odd, number, country, kind) in [
        (
            "Billing Country",
            "MX",
            "US",
            "5512345",
            "MX",
            "reads as countries",
        ),
        (
            "País de residencia",
            "México",
            "Perú",
            "5512345",
            "MX",
            "reads as countries",
        ),
        (
            "countryCode",
            "MEX",
            "USA",
            "5512345",
            "MX",
            "reads as countries",
        ),
        (
            "Country Code",
            "+593",
            "+51",
            "0987654",
            "EC",
            "reads as countries",
        ),
        ("Indicativo", "593", "51", "0987654", "EC", ""),
        ("Código de país", "593", "51", "0987654", "EC", ""),
        ("Prefijo", "(593)", "(51)", "0987654", "EC", ""),
        ("LADA país", "52", "1", "5512345", "MX", ""),
        ("Phone code", "00593", "0051", "0987654", "EC", ""),
    ] {
        let rows = (0..150).map(|row| {
            let cell = if row == 89 { odd } else { usual };
            format!("Ana,{cell},{number}{row:03}\n")
        });
        let rows: String = rows.collect();
        home.write("people.csv", format!("nombre,{column},celular\n{rows}"));
        let words = [
            "people.csv",
            "--country",
            country,
            "text",
            "Hola {{ nombre }}",
        ];
        let at_terminal = [&["--sandbox", "--dry-run", "bulk", "send"], &words[..]].concat();
        let (code, screen) = Terminal::plain(&home, &at_terminal).end();
        assert_eq!(code, 0, "{screen}");
        let notes = [&format!("{usual} 149, {odd} 1"), kind].map(str::to_owned);
        let notes = notes
            .into_iter()
            .filter(|note| !note.is_empty())
            .collect::<Vec<_>>();
        let shown = table(&screen.replace('\r', "")).replace('"', "");
        let part = format!("not used {column} ({})", notes.join(", "));
        assert!(shown.contains(&part.replace('"', "")), "{part}: {shown}");
        let name = if country == "MX" { "Mexico" } else { "Ecuador" };
        assert!(
            shown.contains(&format!("celular 150 {name} 150")),
            "{shown}"
        );
        let ended = home.dry_run_list(&words).success();
        let part = match kind {
            "" => format!("not used {column}"),
            kind => format!("not used {column} ({kind})"),
        };
        assert!(table(&ended.stderr).contains(&part), "{part}: {ended:?}");
    }
}

#[test]
fn countries_where_local_numbers_are_valid_are_offered() {
    let home = Home::new();
    for (list, answers) in [
        (
            "celular\n0987654321\n0987654322\n022345678\n",
            "  1  use Ecuador (3 of 3 valid)\r\n",
        ),
        (
            "celular\n300 123 4567\n3101234567\n",
            "Colombia (2 of 2 valid)\r\n",
        ),
        ("celular\n987654321\n912345678\n", "Peru (2 of 2 valid)\r\n"),
        // Several countries have the calling code 1, and Jelou serves only one of them.
        (
            "celular\n(415) 234-0001\n3052345678\n+13052345679\n",
            "  1  use United States (2 of 2 valid)\r\n",
        ),
        (
            "celular\n612345678\n+34612345679\n",
            "  1  use Spain (1 of 1 valid)\r\n",
        ),
    ] {
        home.write("a.csv", list);
        let words = [
            "--sandbox",
            "--dry-run",
            "bulk",
            "send",
            "a.csv",
            "text",
            "Hola",
        ];
        let mut terminal = Terminal::plain(&home, &words);
        let screen = terminal.shown_until("the code or name of a country, such as EC: ");
        assert!(screen.contains(answers), "{answers}: {screen}");
        terminal.type_line("1");
        let (code, screen) = terminal.end();
        assert_eq!(code, 0, "{screen}");
        // A log gets no answer that it could take for one.
        let ended = dry_run(&home, list, &[]);
        ended.stderr_has(&["hint: to set the country of the local numbers: --country CODE\n"]);
    }
}
