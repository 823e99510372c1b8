//! The column of the recipients: by an exact name, by an answer, and with other columns of numbers.

use crate::bulk_columns::table;
use crate::harness::Home;

#[test]
fn other_columns_of_numbers_are_shown_or_offered() {
    let home = Home::new();
    let preview = |list: &str| {
        home.write("a.csv", list);
        home.run("--sandbox bulk send a.csv --country EC --dry-run text Hola")
    };
    let ended =
        preview("Cliente,Teléfono,Celular 1,Celular 2\nAna,022345678,0987654321,\n").success();
    let shown = table(&ended.stderr);
    let part = "not used Celular 1 (reads as phone numbers), Cliente, Celular 2";
    assert!(shown.contains(part), "{shown}");
    for list in [
        "Contacto,Nombre,Cel titular\nJuan,Ana,0987654321\n",
        // Such a name may be the number of an invoice.
        "Número,Cel titular\n120,0987654321\n",
        "Contacto,Cel titular\n,0987654321\n",
    ] {
        preview(list).fails(
            2,
            &[
                "error: found no recipient column (to, phone, celular, …)",
                "hint: to use `Cel titular`: --to-column 'Cel titular'\n",
            ],
        );
    }
    preview("Número,Cel titular\n0987654322,0987654321\n").fails(
        2,
        &["hint: to use `Número`: --to-column Número; to use `Cel titular`: --to-column 'Cel titular'\n"],
    );
}

#[test]
fn columns_of_exports_have_the_recipients() {
    let home = Home::new();
    for header in [
        "Record ID,First Name,Phone Number",
        "First Name,Last Name,Mobile Phone Number",
        "Nombre,Apellidos,Teléfono móvil",
        "Name,Notes,Mobile Phone",
        "First Name,Phone 1 - Label,Phone 1 - Value",
        "Email Address,First Name,Phone Number",
        "id,created_time,phone_number",
    ] {
        home.write("a.csv", format!("{header}\n1,2,0987654321\n"));
        let ended = home
            .run("--sandbox bulk send a.csv --country EC --dry-run text Hola")
            .success();
        assert!(ended.stdout.contains("593987654321"), "{header}: {ended:?}");
    }
}

#[test]
fn columns_with_one_name_are_refused_only_if_they_are_used() {
    let home = Home::new();
    let preview = |list: &str, text: &str, flags: &str| {
        home.write("a.csv", list);
        let words = format!("--sandbox bulk send a.csv --dry-run {flags} text");
        home.run(&words).args(&[text]).end()
    };
    let list = "to,nombre,Notas,Notas\n593987654321,Ana,a,b\n";
    let ended = preview(list, "Hola {{ nombre }}", "");
    assert_eq!(ended.code, 0, "{ended:?}");
    let shown = table(&ended.stderr);
    assert!(shown.contains("not used Notas, Notas"), "{shown}");
    for (list, text, flags, path) in [
        (list, "Hola {{ notas }}", "", "text"),
        (list, "Hola {{ Notas }}", "", "text"),
        (list, "Hola", "--skip-if Notas=a", "--skip-if"),
        (list, "Hola", "--country-column Notas", "--country-column"),
        (list, "Hola", "--to-column Notas", "--to-column"),
        (
            "Celular,Celular,n\n593987654321,593987654322,x\n",
            "Hola",
            "",
            "--to-column",
        ),
    ] {
        let ended = preview(list, text, flags);
        assert_eq!(ended.code, 2, "{text} {flags}: {ended:?}");
        let name = if list.starts_with("to") {
            "Notas"
        } else {
            "Celular"
        };
        let ended = ended.stderr_has(&[
            &format!("{path}: the columns "),
            &format!("have the name `{name}`"),
        ]);
        assert!(ended.stdout.is_empty(), "{ended:?}");
    }
}
