//! Real lists: with a country beside each number, and in the formats of various programs.

use std::fs;

use serde_json::{Value, json};

use crate::bulk_server::Jelou;
use crate::harness::{Ended, Home, Run, fixture_path};
use crate::workbook::{sheet, xlsx};

/// Ecuador's and Peru's mobiles have nine digits that begin with 9.
const BY_COUNTRY: &str = "nombre,celular,pais\nAna,987654321,PE\nEva,0987654322,Ecuador\nLuz,300 123 4567,COL\n\
                          Sol,987654323,\nMar,+525512345678,Perú\n";

/// A home whose profile is of Ecuador and for `jelou`.
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

fn told(ended: &Ended, parts: &[&str]) {
    for part in parts {
        assert!(ended.stderr.contains(part), "{part}: {ended:?}");
    }
}

#[test]
fn the_country_in_the_list_says_whose_national_numbers_it_has() {
    let everybody = [
        "51987654321",
        "525512345678",
        "573001234567",
        "593987654322",
        "593987654323",
    ];
    let how = ["numbers without + are read by their"];
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
        let jelou = Jelou::accepting();
        let home = home_in_ecuador(&jelou);
        home.write("people.csv", &list);
        told(&send(&home, flags).success(), &how);
        assert_eq!(jelou.users(), everybody, "{list}");
    }
    // A template may use it if no country is required, and a typed one counts for all rows.
    let jelou = Jelou::accepting();
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
    let jelou = Jelou::accepting();
    let home = home_in_ecuador(&jelou);
    home.write("people.csv", "celular,pais\n987654321,PE\n");
    let ended = send(&home, &["--country", "EC", "text", "Hola"]).success();
    told(
        &ended,
        &["numbers without + are read as those of EC, whatever `pais` says"],
    );
    assert_eq!(jelou.users(), ["593987654321"]);
}

#[test]
fn an_exclusion_list_is_read_by_its_countries_too() {
    let jelou = Jelou::accepting();
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
    home.run_args(&one).fails(11, &["must not be written to"]);
    home.write("bajas.csv", "pais,celular\nNarnia,987654321\n");
    home.run_args(&one)
        .fails(2, &["bajas.csv: line 2: pais: `Narnia` is not a country"]);
}

#[test]
fn a_number_whose_country_nobody_can_tell_is_not_sent_to() {
    let jelou = Jelou::never_asked();
    let home = home_in_ecuador(&jelou);
    for (list, parts) in [
        (
            "celular,pais\n987654321,Narnia\n",
            &[
                "line 2: celular: pais: `Narnia` is not a country",
                "--country",
            ][..],
        ),
        (
            "celular,pais\n593987654321,593\n",
            &["line 2: celular: pais: `593` is not a country"],
        ),
        (
            "{\"celular\":\"987654321\",\"pais\":51}\n",
            &["line 1: celular: pais: `51` is not a country"],
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
        "line 2: pais: cell B2 has a formula without a value; open the workbook",
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

/// The recipient and the text of each message of a list.
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
fn ordinary_lists_pass_as_they_are() {
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
            home.run_args(&[
                "bulk", "report", "r", "--format", format, "--file", "report", "--yes",
            ])
            .success();
            assert_eq!(
                messages(&home, "report", &of_report),
                people,
                "the report of {file} as {format}"
            );
        }
        home.run("bulk remove r --yes").success();
    }
}
