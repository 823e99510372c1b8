//! The language of what people read: `--lang`, the variable, the profile, and the locale of a terminal.

use crate::bulk_server::Jelou;
use crate::harness::{Home, sender};
use crate::terminal::Terminal;

/// A line that fails, and prints that nothing was sent.
const WRONG: &str = "--sandbox send text --to 123 Hola";
const ENGLISH: &str = "note: nothing was sent";
const SPANISH: &str = "nota: no se envió nada";

fn home_with_lang(lang: &str) -> Home {
    let home = Home::new();
    home.config(&format!(
        "[profiles.p]\nbot_id = \"77\"\nlang = \"{lang}\"\n"
    ));
    home
}

#[test]
fn script_is_in_english_unless_it_asks() {
    let spanish = home_with_lang("es");
    let english = home_with_lang("en");
    let plain = Home::new();
    for (home, variable, expected) in [
        (&plain, None, ENGLISH),
        (&plain, Some("es"), SPANISH),
        (&plain, Some("en"), ENGLISH),
        (&spanish, None, SPANISH),
        (&spanish, Some("en"), ENGLISH),
        (&english, None, ENGLISH),
        (&english, Some("es"), SPANISH),
    ] {
        let mut run = home
            .run(WRONG)
            .env("LANG", "es_EC.UTF-8")
            .env("LC_ALL", "es_EC.UTF-8");
        if let Some(variable) = variable {
            run = run.env("JELOUCTL_LANG", variable);
        }
        run.fails(2, &[expected]);
    }
}

#[test]
fn flag_overrides_all_other_sources() {
    let home = home_with_lang("es");
    home.write("a.csv", "celular,n\n123,Ana\n");
    for (flag, expected) in [("--lang en", ENGLISH), ("--lang es", SPANISH)] {
        home.run(&format!(
            "--sandbox bulk send a.csv --preview all --file p.html {flag} text Hola"
        ))
        .env("JELOUCTL_LANG", "es")
        .fails(2, &[expected]);
    }
}

#[test]
fn wrong_line_is_in_the_language_that_it_names() {
    let home = Home::new();
    for line in [
        "bulk send a.csv --lang es --foo text Hola",
        "bulk report --foo --lang=es",
    ] {
        let told = "error: sobra el argumento `--foo`";
        home.run(line).env("JELOUCTL_LANG", "en").fails(2, &[told]);
    }
    for command in ["xyzzy", "bulk xyzzy"] {
        let run = home.run(command).env("JELOUCTL_LANG", "es");
        run.fails(2, &["no existe el comando `xyzzy`", "en español: "]);
    }
    // The placeholders are in Spanish, too.
    for (line, told) in [
        (
            "bulk cancel",
            &[
                "`jelouctl bulk cancel` necesita ENVÍO",
                "jelouctl bulk list",
            ][..],
        ),
        ("messages get x --for 1m", &["--for necesita --wait ESTADO"]),
        ("once add k x", &["jelouctl once add CLAVE --run ENVÍO\n"]),
        ("send txt", &["jelouctl send text --to NÚMERO 'TEXTO'\n"]),
        ("bulk find", &["necesita DESTINATARIO"]),
        (
            "-o xml templates",
            &["--output: se espera response, id, record o none, pero dice `xml`"],
        ),
        (
            "sandbox --listen x",
            &["--listen: `x` no es DIRECCIÓN:PUERTO"],
        ),
    ] {
        home.run(line).env("JELOUCTL_LANG", "es").fails(2, told);
    }
}

/// A page is for people, and its columns are not for programs.
#[test]
fn page_has_the_chosen_language() {
    let spanish = home_with_lang("es");
    let plain = Home::new();
    for (home, variable, flag, expected) in [
        (&spanish, None, "", "es"),
        (&spanish, None, " --lang en", "en"),
        (&spanish, Some("en"), "", "en"),
        (&plain, Some("es"), "", "es"),
        (&plain, None, "", "en"),
    ] {
        home.write("a.csv", "celular,n\n593987654321,Ana\n");
        let line = format!("--sandbox bulk send a.csv --preview all --file p.html{flag} text Hola");
        let mut run = home.run(&line).env("LANG", "es_EC.UTF-8");
        if let Some(variable) = variable {
            run = run.env("JELOUCTL_LANG", variable);
        }
        run.success();
        let page = home.read("p.html");
        assert!(
            page.contains(&format!("<html lang=\"{expected}\">")),
            "{line}"
        );
    }
}

#[test]
fn locale_counts_at_a_terminal() {
    for (variables, expected) in [
        (&[("LANG", "es_EC.UTF-8")][..], SPANISH),
        (&[("LANG", "es_MX"), ("LC_ALL", "en_US.UTF-8")], ENGLISH),
        (
            &[("LC_ALL", ""), ("LC_MESSAGES", "es"), ("LANG", "C")],
            SPANISH,
        ),
        (&[("LANG", "C.UTF-8")], ENGLISH),
        (&[("LANG", "es_EC.UTF-8"), ("JELOUCTL_LANG", "en")], ENGLISH),
    ] {
        let home = Home::new();
        let words: Vec<_> = WRONG.split(' ').collect();
        let variables = [variables, &[("NO_COLOR", "1")]].concat();
        let mut terminal = Terminal::new(&home, &words, &variables);
        assert!(terminal.shows(expected), "{variables:?}");
    }
}

#[test]
fn programs_read_the_same_in_both_languages() {
    let home = Home::new();
    home.write("a.csv", "celular,n\n123,Ana\n");
    for line in [
        format!("-o record {WRONG}"),
        "-o record --sandbox bulk send a.csv text Hola".to_owned(),
        "-o record bulk status nope".to_owned(),
        "-o record send text --to 593987654321 Hola".to_owned(),
    ] {
        let english = home.run(&line).end();
        let spanish = home.run(&line).env("JELOUCTL_LANG", "es").end();
        assert_eq!(
            (english.code, &english.stdout),
            (spanish.code, &spanish.stdout),
            "{line}"
        );
        assert_ne!(english.stderr, spanish.stderr, "{line}");
    }
}

#[test]
fn prompt_has_the_answers_of_its_language() {
    for (answer, sent) in [("s", 1), ("y", 1), ("n", 0), ("", 0)] {
        let home = Home::new();
        let jelou = match sent {
            0 => Jelou::expect_no_requests(),
            _ => Jelou::accept_all(),
        };
        home.write("a.csv", "celular,n\n593987654321,Ana\n");
        let variables = sender(&jelou.url);
        let variables = [
            &variables[..],
            &[("JELOUCTL_LANG", "es"), ("NO_COLOR", "1")],
        ]
        .concat();
        let words = ["bulk", "send", "a.csv", "text", "Hola {{ n }}"];
        let mut terminal = Terminal::new(&home, &words, &variables);
        terminal.answer("[s/N] ", answer);
        terminal.end();
        assert_eq!(jelou.users().len(), sent, "{answer}");
    }
}

#[test]
fn tables_have_times_and_reasons_of_their_language() {
    let home = Home::new();
    let jelou = Jelou::accept_all();
    home.write("a.csv", "celular\n593987654321\n593987654322\n");
    home.write("no.txt", "593987654322\n");
    let variables = sender(&jelou.url);
    let mut send = home.run("bulk send a.csv --yes --once k --exclude no.txt text Hola");
    for (name, value) in &variables {
        send = send.env(name, value);
    }
    send.success();
    let variables = [
        &variables[..],
        &[
            ("JELOUCTL_LANG", "es"),
            ("NO_COLOR", "1"),
            ("TZ", "America/Bogota"),
        ],
    ]
    .concat();
    for (words, shown) in [
        (&["bulk", "list"][..], "hoy a la"),
        (&["bulk", "find", "593987654321"], "hoy a la"),
        (&["bulk", "find", "593987654322"], "omitida: excluida"),
        (&["once", "list"], "hoy a la"),
        (&["once", "show", "k", "--to", "593987654321"], "hoy a la"),
    ] {
        let mut terminal = Terminal::new(&home, words, &variables);
        assert!(terminal.shows(shown), "{words:?}");
    }
}

#[test]
fn unknown_language_is_an_error() {
    let profile = home_with_lang("fr");
    profile
        .run(WRONG)
        .fails(3, &["lang", "`fr`", "neither en nor es"]);
    let home = Home::new();
    home.run(WRONG)
        .env("JELOUCTL_LANG", "fr")
        .fails(3, &["JELOUCTL_LANG", "`fr`", "neither en nor es"]);
    home.write("a.csv", "celular,n\n593987654321,Ana\n");
    home.run("--sandbox bulk send a.csv --lang fr text Hola")
        .fails(2, &["--lang", "fr"]);
    // The command of `run` runs all the same.
    let ran = home
        .run("--sandbox run --to 593987654321 -- sh -c")
        .args(&["echo ran; exit 7"])
        .env("JELOUCTL_LANG", "fr")
        .fails(7, &["JELOUCTL_LANG"]);
    assert_eq!(ran.stdout, "ran\n");
}
