//! Numbers by the rules of their countries: in a send, a list, the configuration, and a template.

use serde_json::{Value, json};

use crate::bulk_server::{Act, Jelou, Listing};
use crate::harness::Home;

/// WhatsApp's ids of users without a number.
const USER_ID: &str = "US.13491208655302741918";
const GROUP_ID: &str = "EC.ENT.11815799212886844830";

/// The address of a dry run's request.
fn recipient(home: &Home, arguments: &[&str]) -> Value {
    let ended = home
        .run_args(
            &[
                &["--sandbox", "--dry-run", "send", "text", "Hola"],
                arguments,
            ]
            .concat(),
        )
        .success();
    ended.json()["body"]["userId"].clone()
}

#[test]
fn local_number_needs_its_country() {
    let home = Home::new();
    for arguments in [
        &["--to", "0987654321", "--country", "EC"][..],
        &["--to", "98 765 4321", "--country", "ec"],
        &["--to", "593987654321", "--country", "EC"],
        &["--to", "00593987654321"],
        &["--to", "+593987654321", "--country", "MX"],
    ] {
        assert_eq!(recipient(&home, arguments), "593987654321", "{arguments:?}");
    }
    assert_eq!(
        recipient(&home, &["--to", "id:0987654321", "--country", "EC"]),
        "0987654321"
    );
    for (to, flags, parts) in [
        (
            "0987654321",
            &[][..],
            &["--to: `0987654321` has no country code", "--country"][..],
        ),
        ("5930987654321", &[], &["did you mean +593987654321?"]),
        (
            "593593987654321",
            &["--country", "EC"],
            &["the country code 593 appears twice (did you mean +593987654321?)"],
        ),
        (
            "+59398765",
            &[],
            &["it is too short for a number of Ecuador, such as +593"],
        ),
        (
            "0987654321",
            &["--country", "Narnia"],
            &[
                "--country",
                "`Narnia` is not the code or name of a country, such as EC or Ecuador",
            ],
        ),
    ] {
        let arguments = [&["--sandbox", "send", "text", "Hola", "--to", to], flags].concat();
        home.run_args(&arguments).fails(2, parts);
    }
}

#[test]
fn ten_digit_number_warns_if_maybe_local() {
    let told = "+3212345678 is a number of Belgium; if it is a local number, pass its country with --country";
    let home = Home::new();
    for (to, is_told) in [
        ("3212345678", true),
        ("+3212345678", false),
        ("593987654321", false),
        ("14155550100", false),
    ] {
        let ended = home
            .run("--sandbox send text Hola --to")
            .args(&[to])
            .success();
        assert_eq!(ended.stderr.contains(told), is_told, "{to}: {ended:?}");
    }
}

#[test]
fn country_decides_about_a_number_of_two_countries() {
    let home = Home::new();
    // Also a number of Norway.
    home.run("--sandbox send text Hola --to 4771234567 --country MX --strict")
        .success()
        .stderr_lacks(&["Norway"]);
    // A landline's number, as WhatsApp does not write Argentina's mobiles.
    home.run("--sandbox send text Hola --to 541123456789")
        .success()
        .stderr_has(&["+5491123456789"]);
}

#[test]
fn profile_country_applies_without_the_flag() {
    let home = Home::new();
    home.config("[profiles.p]\nbot_id = \"1\"\ncountry = \"MX\"\n");
    assert_eq!(recipient(&home, &["--to", "5512345678"]), "525512345678");
    assert_eq!(
        recipient(&home, &["--to", "0987654321", "--country", "EC"]),
        "593987654321"
    );
    let from_environment = home
        .run("--sandbox --dry-run send text Hola")
        .env("JELOU_TO", "5512345678");
    assert_eq!(
        from_environment.success().json()["body"]["userId"],
        "525512345678"
    );
    let notification = home.run("--sandbox --dry-run run --to 5512345678 -- true");
    assert_eq!(
        notification.success().json()["body"]["userId"],
        "525512345678"
    );

    home.config("[profiles.p]\ncountry = \"Mejiko\"\n");
    // The number may be of the country that the profile tries to set.
    home.run("--sandbox send text Hola --to 5512345678").fails(
        3,
        &["country of profile p: `Mejiko` is not the code or name of a country, such as EC or Ecuador"],
    );
}

#[test]
fn list_of_local_numbers_uses_its_country() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular\n0987654321\n+593 98 765 4322\n987654323\n",
    );
    let users = |arguments: &[&str]| {
        let requests = home.dry_run_list(arguments).success().rows();
        requests
            .into_iter()
            .map(|request| request["body"]["userId"].clone())
            .collect::<Vec<_>>()
    };
    let expected = ["593987654321", "593987654322", "593987654323"];
    assert_eq!(
        users(&["people.csv", "--country", "EC", "text", "Hola"]),
        expected
    );
    assert_eq!(
        users(&[
            "people.csv",
            "text",
            "Hola",
            "--to",
            "{{ celular | phone('EC') }}"
        ]),
        expected
    );
    home.run("--sandbox bulk send people.csv text Hola")
        .fails(2, &["line 2: celular: `0987654321` has no country code"]);
    home.run("--sandbox bulk send people.csv text Hola --to '593{{ celular }}'")
        .fails(
            2,
            &[
                "line 2: --to: `5930987654321` is not a phone number",
                "did you mean +593987654321?",
            ],
        );
    home.run_args(&[
        "--sandbox",
        "bulk",
        "send",
        "people.csv",
        "text",
        "Hola {{ celular | phone('XX') }}",
    ])
    .fails(
        2,
        &[
            "line 3: text: phone: ",
            "`XX` is not the code or name of a country",
        ],
    );
}

#[test]
fn countries_of_bare_numbers_are_shown_without_a_warning() {
    let home = Home::new();
    home.write(
        "people.csv",
        "celular\n525512345678\n4771234567\n+593987654321\n525512345679\n",
    );
    for country in ["", "--country EC"] {
        home.run(&format!(
            "--sandbox bulk send people.csv {country} --again text Hola"
        ))
        .success()
        .stderr_has(&["Mexico 2, Norway 1 (line 3), Ecuador 1 (line 4)"])
        .stderr_lacks(&["country codes", "warning:"]);
    }
}

#[test]
fn allowed_recipient_matches_either_number_form() {
    let home = Home::new();
    home.config("[profiles.p]\nbot_id = \"1\"\nallow_to = [\"525512345678\", \"5491123456789\", \"55119*\"]\n");
    for to in [
        "+5215512345678",
        "+525512345678",
        "+541123456789",
        "+551187654321",
    ] {
        home.run_args(&["--sandbox", "send", "text", "Hola", "--to", to])
            .success();
    }
    home.run("--sandbox send text Hola --to +525512345679")
        .fails(11, &["not among the recipients"]);
}

#[test]
fn recipient_without_a_number_uses_user_id() {
    let home = Home::new();
    for (to, expected) in [
        (USER_ID, USER_ID),
        (GROUP_ID, GROUP_ID),
        (&format!(" {USER_ID}\u{a0}"), USER_ID),
        ("id:EC.593987654321", "EC.593987654321"),
    ] {
        assert_eq!(
            recipient(&home, &["--to", to, "--country", "EC"]),
            expected,
            "{to}"
        );
    }
    for (to, parts) in [
        (
            "EC.593987654321",
            &[
                "--to: `EC.593987654321` is not a phone number: it contains `E`",
                "hint: write a WhatsApp user id as US.13491208655302741918\n",
            ][..],
        ),
        ("US.12", &["write a WhatsApp user id as US.134"]),
        (
            "us.13491208655302741918",
            &[
                "is not a phone number",
                "hint: write a WhatsApp user id as US.13491208655302741918\n",
            ],
        ),
    ] {
        home.run("--sandbox send text Hola --to")
            .args(&[to])
            .fails(2, parts);
    }
    // A pattern of allow_to matches it like any other recipient.
    home.config("[profiles.p]\nbot_id = \"1\"\nallow_to = [\"593*\", \"EC.*\"]\n");
    for to in [GROUP_ID, "593987654321"] {
        home.run("--sandbox send text Hola --to")
            .args(&[to])
            .success();
    }
    home.run("--sandbox send text Hola --to")
        .args(&[USER_ID])
        .fails(11, &["not among the recipients", "593*, EC.*"]);
}

#[test]
fn list_may_contain_user_ids() {
    let home = Home::new();
    // The id has the digits of a number in the list, but the two are different recipients.
    let number = "593987654321";
    home.write(
        "people.csv",
        format!("celular\n{USER_ID}\n{GROUP_ID}\n{number}\nEC.{number}{number}\nEC.{number}\n"),
    );
    home.write("out.txt", format!("{USER_ID}\n"));
    let jelou = Jelou::accept_all();
    let words = [
        "--run",
        "r",
        "--yes",
        "--one-per-recipient",
        "--exclude",
        "out.txt",
    ];
    let send = |words: &[&str]| {
        home.run("bulk send people.csv")
            .args(&[words, &["text", "Hola"]].concat())
            .api(&jelou.url)
    };
    send(&words).fails(
        2,
        &["line 6: celular: `EC.593987654321` is not a phone number"],
    );
    let skipping = [&words[..], &["--skip-invalid"]].concat();
    send(&skipping).fails(10, &["3  Ecuador 3\n"]);
    let mut accepted: Vec<_> = jelou.accepted().into_keys().collect();
    accepted.sort();
    assert_eq!(
        accepted,
        [
            number.to_owned(),
            format!("EC.{number}{number}"),
            GROUP_ID.to_owned()
        ]
    );
    let found = home.run("bulk find").args(&[GROUP_ID]).success();
    assert_eq!(found.json()["to"], GROUP_ID);
}

#[test]
fn authentication_template_refuses_a_user_id() {
    let listed = |_| {
        let templates = json!([
            {"elementName": "codigo", "category": "AUTHENTICATION", "status": "APPROVED", "template": "{{1}}"},
            {"elementName": "aviso", "category": "UTILITY", "status": "APPROVED", "template": "{{1}}"},
        ]);
        Listing::Page(
            json!({"pagination": {"totalPages": 1, "total": 2}, "results": templates}).to_string(),
        )
    };
    let jelou = Jelou::with_templates(listed, |_, _| Act::Accept);
    let home = Home::new();
    let send = |name: &str, to: &str| {
        let words = ["send", "template", name, "--param", "123", "--to", to];
        home.run_args(&words).api(&jelou.url)
    };
    let told = "WhatsApp does not allow the authentication template `codigo` for a user id";
    send("codigo", USER_ID).fails(2, &[told, "send it to the recipient's phone number"]);
    assert_eq!((jelou.requests().len(), jelou.pages_asked()), (0, 1));
    // No other recipient is looked up first.
    send("aviso", USER_ID).success();
    send("codigo", "593987654321").success();
    assert_eq!((jelou.requests().len(), jelou.pages_asked()), (2, 2));
    // In a list, in a test of one, and in a notification.
    home.write("people.csv", format!("celular\n593987654321\n{USER_ID}\n"));
    let words = [
        "bulk",
        "send",
        "people.csv",
        "--yes",
        "--run",
        "r",
        "--again",
        "template",
        "codigo",
        "--param",
        "1",
    ];
    home.run_args(&words)
        .api(&jelou.url)
        .fails(2, &[told, "nothing was sent"]);
    home.write("people.csv", "celular\n593987654321\n");
    let test = [
        "bulk",
        "send",
        "people.csv",
        "--test-to",
        USER_ID,
        "template",
        "codigo",
        "--param",
        "1",
    ];
    home.run_args(&test).api(&jelou.url).fails(2, &[told]);
    assert_eq!(jelou.requests().len(), 2);
    // If the bot's templates are unavailable, it is sent with a warning, as in a list.
    let silent = Jelou::with_templates(|_| Listing::Answer(404), |_, _| Act::Accept);
    let words = [
        "send", "template", "codigo", "--param", "1", "--to", USER_ID,
    ];
    let ended = home.run_args(&words).api(&silent.url).success();
    assert!(
        ended
            .stderr
            .contains("warning: could not check whether the bot has the template: "),
        "{ended:?}"
    );
}

#[test]
fn local_contact_number_is_completed_like_the_recipient() {
    let home = Home::new();
    let card = [
        "--sandbox",
        "--dry-run",
        "send",
        "contacts",
        "--to=0987654321",
        "--name=Ana Ríos",
        "--phone=0987654322",
    ];
    let ended = home
        .run_args(&[&card[..], &["--country=EC"]].concat())
        .success();
    let phone = &ended.json()["body"]["contacts"][0]["phones"][0];
    assert_eq!(
        (&phone["phone"], &phone["wa_id"]),
        (&json!("+593987654322"), &json!("593987654322"))
    );
    assert!(!ended.stderr.contains("sent unchanged"), "{ended:?}");
    // The same in a list, except for a row of another country: that number is ambiguous.
    home.write(
        "people.csv",
        "to,otro,pais\n0987654321,0987654322,\n3001234567,0987654322,CO\n",
    );
    home.profile("p", "https://x.example", "country = \"EC\"");
    let ended = home
        .dry_run_list(&["people.csv", "contacts", "--name=Ana", "--phone={{ otro }}"])
        .success();
    let phones = ended.rows();
    let phone = |row: usize| phones[row]["body"]["contacts"][0]["phones"][0].clone();
    assert_eq!(
        (&phone(0)["phone"], &phone(0)["wa_id"]),
        (&json!("+593987654322"), &json!("593987654322"))
    );
    assert_eq!(phone(1)["phone"], json!("0987654322"));
    assert!(
        ended
            .stderr
            .contains("line 3: contacts[0].phones[0].phone: `0987654322`"),
        "{ended:?}"
    );
}

#[test]
fn filter_phone_warns_as_country_column() {
    let home = Home::new();
    home.write(
        "people.csv",
        "nombre,celular,pais\nA,0987654321,PE\nB,0987654301,EC\nC,525512340002,MX\n",
    );
    let warning = "line 2: `0987654321` is read as a number of Peru, +51987654321, but mobiles of Peru are written without a 0";
    for to in [
        None,
        Some("{{ celular | phone(pais) }}"),
        Some("{{ celular | phone }}"),
    ] {
        let mut arguments = vec!["people.csv", "text", "Hola {{ nombre }}"];
        arguments.extend(to.into_iter().flat_map(|to| ["--to", to]));
        home.dry_run_list(&arguments)
            .success()
            .stderr_has(&[warning]);
    }
    home.dry_run_list(&["people.csv", "text", "Llama al {{ celular | phone(pais) }}"])
        .success()
        .stderr_has(&[warning]);
    home.dry_run_list(&[
        "people.csv",
        "text",
        "Hola",
        "--strict",
        "--to",
        "{{ celular | phone(pais) }}",
    ])
    .fails(2, &[warning]);
}

#[test]
fn old_mexican_number_is_refused_everywhere() {
    let home = Home::new();
    let refused = "`15512340009` may be +525512340009, a number of Mexico in an old spelling, or +15512340009, a number of the United States";
    home.write(
        "people.csv",
        "celular,pais,otro\n15512340009,MX,+525512340012\n+525512340011,MX,+525512340013\n",
    );
    for arguments in [
        &["people.csv", "text", "Hola"][..],
        &[
            "people.csv",
            "text",
            "Hola",
            "--to",
            "{{ celular | phone(pais) }}",
        ],
        &[
            "people.csv",
            "text",
            "Hola",
            "--to",
            "{{ celular | phone('MX') }}",
        ],
        &[
            "people.csv",
            "--to-column",
            "otro",
            "text",
            "Hola {{ celular | phone(pais) }}",
        ],
    ] {
        home.dry_run_list(arguments)
            .fails(2, &["line 2: ", refused]);
    }
    for arguments in [
        "send text Hola --to 15512340009 --country MX",
        "send contacts --to +525512340011 --country MX --name Ana --phone 15512340009",
        "run --to 15512340009 --country MX -- true",
    ] {
        home.run(&format!("--sandbox --dry-run {arguments}"))
            .fails(2, &[refused]);
    }
}

#[test]
fn recipient_in_body_warns_as_flag_would() {
    let home = Home::new();
    let text = |user: &str| format!(r#"{{"type":"text","userId":"{user}","text":"a"}}"#);
    let old = "sent unchanged, but `15512340009` may be +525512340009, a number of Mexico in an old spelling, or \
               +15512340009, a number of the United States";
    let template =
        r#"{"destinations":["15512340009"],"elementName":"t","language":"es"}"#.to_owned();
    let second = r#"{"userId":"525512340001","destinations":["15512340009"]}"#.to_owned();
    for (command, country, body, warning) in [
        ("text", "MX", text("15512340009"), old),
        ("raw", "MX", text("15512340009"), old),
        ("raw", "MX", second, old),
        ("template", "MX", template, old),
        (
            "text",
            "EC",
            text("593987654301.00"),
            "did you mean +593987654301?",
        ),
    ] {
        home.write("body.json", body);
        let send = format!("--sandbox --dry-run send {command} --country {country}");
        let send = |flags: &[&str]| {
            let run = home.run(&send).args(&["--body", "body.json"]);
            run.args(flags)
        };
        send(&[]).success().stderr_has(&["warning: ", warning]);
        send(&["--strict"]).fails(2, &[warning]);
    }
    // The profile's country counts, too. Without a country, the number may be right.
    home.write("body.json", text("15512340009"));
    let send = "--sandbox --dry-run send text --strict --body body.json";
    home.run(send).success();
    home.config("[profiles.p]\nbot_id = \"1\"\ncountry = \"MX\"\n");
    home.run(send).fails(2, &[old]);
    // A number with another country's code is meant as it is.
    for user in ["525512340009", "573001234567"] {
        home.write("body.json", text(user));
        home.run(send).success().stderr_lacks(&["warning"]);
    }
}

#[test]
fn row_of_raw_warns_about_second_recipient() {
    let home = Home::new();
    home.write(
        "rows.ndjson",
        "{\"userId\":\"525512340001\",\"destinations\":[\"15512340009\"]}\n\
         {\"userId\":\"525512340002\",\"destinations\":[\"525512340003\"]}\n",
    );
    let warning = "line 1: destinations: sent unchanged, but `15512340009` may be +525512340009";
    let ended = home
        .dry_run_list(&["rows.ndjson", "--country", "MX", "raw"])
        .success()
        .stderr_has(&[warning]);
    assert!(!ended.stderr.contains("line 2: "), "{ended:?}");
    home.dry_run_list(&["rows.ndjson", "--country", "MX", "raw", "--strict"])
        .fails(2, &[warning]);
}

#[test]
fn contact_number_has_the_hint_of_the_recipient() {
    let home = Home::new();
    home.write(
        "old.vcf",
        "BEGIN:VCARD\nVERSION:3.0\nFN:Ana Ruiz\nTEL;TYPE=CELL:044 55 1234 0005\nEND:VCARD\n",
    );
    home.write(
        "old.json",
        r#"{"contacts":[{"name":{"formatted_name":"Ana","first_name":"Ana"},"phones":[{"phone":"044 55 1234 0005"}]}]}"#,
    );
    let old = "are no longer written like this (did you mean +525512340005?)";
    let card = |country: &str, flags: &[&str]| {
        let send = "--sandbox --dry-run send contacts --to +593987654321 --country";
        home.run(send).args(&[country]).args(flags).success()
    };
    for (country, flags, expected) in [
        ("MX", &["--name=Ana", "--phone=044 55 1234 0005"][..], old),
        ("MX", &["--vcard=old.vcf"], old),
        ("MX", &["--body=old.json"], old),
        (
            "EC",
            &["--name=Ana", "--phone==0987654321"],
            "did you mean +593987654321?",
        ),
        (
            "EC",
            &["--name=Ana", "--phone=0987654321.00"],
            "did you mean +593987654321?",
        ),
        (
            "EC",
            &["--name=Ana", "--phone=098765432"],
            "its digits fit no number of Ecuador, such as +593",
        ),
        (
            "AR",
            &["--name=Ana", "--phone=15 2345-6789"],
            "the area code is missing after 15",
        ),
    ] {
        let ended = card(country, flags).stderr_has(&[expected]);
        assert!(!ended.stderr.contains("pass its country"), "{ended:?}");
    }
    for country in ["MX", "CO"] {
        let ended = card(country, &["--name=Ana", "--phone=+525512340005"]);
        assert_eq!(ended.stderr, "", "{country}");
    }
}

#[test]
fn international_contact_number_needs_no_country() {
    let home = Home::new();
    home.write(
        "cards.vcf",
        "BEGIN:VCARD\nVERSION:3.0\nFN:Ana Ruiz\nTEL;waid=5215512340005:+52 55 1234 0005\n\
         TEL;waid=525512340006:+52 55 1234 0006\nEND:VCARD\n",
    );
    let ended = home
        .run("--sandbox --dry-run send contacts --to +593987654321 --vcard cards.vcf")
        .success();
    assert_eq!(ended.stderr, "");
    assert_eq!(
        ended.json()["body"]["contacts"][0]["phones"],
        json!([
            {"phone": "+525512340005", "wa_id": "5215512340005"},
            {"phone": "+525512340006", "wa_id": "525512340006"},
        ])
    );
}

#[test]
fn excluded_old_mexican_number_excludes_both() {
    let home = Home::new();
    home.write(
        "people.csv",
        "to\n+525512340009\n+15512340009\n+525512340011\n",
    );
    home.write("bajas.txt", "15512340009\n");
    let requests = home
        .dry_run_list(&[
            "people.csv",
            "--country",
            "MX",
            "--exclude",
            "bajas.txt",
            "text",
            "Hola",
        ])
        .success()
        .rows();
    let users: Vec<_> = requests
        .iter()
        .map(|request| &request["body"]["userId"])
        .collect();
    assert_eq!(users, ["525512340011"]);
}

#[test]
fn placeholder_of_documents_is_refused_in_fields() {
    let home = Home::new();
    for (kind, fields, path) in [
        (
            "raw",
            r#""a":{"flow_id":"FLOW_ID"}"#,
            "a.flow_id: `FLOW_ID`",
        ),
        ("raw", r#""list":["1"," <number> "]"#, "list[1]: `<number>`"),
        ("text", r#""text":"PHONE_NUMBER""#, "text: `PHONE_NUMBER`"),
        ("raw", r#""flow_id":"<FLOW_ID>""#, "flow_id: `<FLOW_ID>`"),
    ] {
        home.write(
            "body.json",
            format!(r#"{{"userId":"593987654321",{fields}}}"#),
        );
        home.run(&format!("--sandbox --dry-run send {kind} --body body.json"))
            .fails(2, &[path, "is a placeholder of the API's documentation"]);
    }
    home.write(
        "body.json",
        r#"{"userId":"593987654321","text":"Your FLOW_ID is <number>"}"#,
    );
    home.run("--sandbox --dry-run send text --body body.json")
        .success();
}

#[test]
fn misspelt_recipient_field_is_refused() {
    let home = Home::new();
    for field in [
        "userid",
        "UserId",
        "Destinations",
        "destinations ",
        r"\u200buserId",
    ] {
        let body = format!(r#"{{"userId":"593987654321","text":"a","{field}":"593987654322"}}"#);
        home.write("body.json", body);
        for kind in ["text", "raw"] {
            home.run(&format!("--sandbox --dry-run send {kind} --body body.json"))
                .fails(2, &["only in capitals or spaces"]);
        }
    }
    home.write(
        "body.json",
        r#"{"userId":"U1 \u200b","text":"a","users":"2"}"#,
    );
    let sent = home
        .run("--sandbox --dry-run send raw --body body.json")
        .success();
    assert_eq!(sent.json()["body"]["userId"], "U1");
}

#[test]
fn raw_row_with_second_recipient_fails_with_key() {
    let home = Home::new();
    home.write(
        "rows.ndjson",
        "{\"userId\":\"593987654321\",\"text\":\"x\",\"destinations\":[\"593987654322\"]}\n\
         {\"userId\":\"593987654323\",\"text\":\"x\",\"destinations\":[\"+593987654323\"]}\n",
    );
    home.dry_run_list(&["rows.ndjson", "--once", "k", "raw"])
        .fails(
            2,
            &[
                "line 1: --once needs one recipient, but the body also names 593987654322",
                "1 is invalid",
            ],
        );
    home.dry_run_list(&["rows.ndjson", "raw"]).success();
}

#[test]
fn allowed_local_number_uses_profile_country() {
    let home = Home::new();
    home.config("[profiles.p]\nbot_id = \"1\"\ncountry = \"EC\"\nallow_to = [\"0987654321\"]\n");
    home.run("--sandbox --dry-run --profile p send text Hola --to 0987654321")
        .success();
    home.run("--sandbox --dry-run --profile p send text Hola --to 0987654322")
        .fails(11, &["is not among the recipients"]);
}
