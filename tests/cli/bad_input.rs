//! Wrong input: an error with field, value, limit and hint, the exit code, and no request.

use serde_json::json;

use crate::harness::{CommandOutput, Home, SUCCEEDS};
use crate::server::{Reply, Server};

/// Runs a command in `home`, with a server that must not get a request.
fn refused_in(home: &Home, line: &str, code: i32, parts: &[&str]) -> CommandOutput {
    let server = Server::expect_no_requests();
    let ended = home.run(line).api(&server.url).fails(code, parts);
    assert_eq!(ended.stdout, "");
    ended
}

fn refused(line: &str, parts: &[&str]) -> CommandOutput {
    refused_in(&Home::new(), line, 2, parts)
}

#[test]
fn all_violated_limits_are_named_together() {
    let long = "x".repeat(61);
    let label = "123456789012345678901";
    let ended = refused(
        &format!("send flow --title {long} --cta {label} --text '' --to 593987654321"),
        &[
            "error: the message is invalid\n",
            "  - title: has 61 characters; at most 60 are allowed (set it with --title)\n",
            "  - text: is empty (set it with --text)\n",
            "  - caption: is missing (set it with --caption)\n",
            "  - parameters.flow_id: is missing (set it with --flow-id)\n",
            "  - parameters.flow_cta: has 21 characters; at most 20 are allowed (set it with --button)\n",
            "  - parameters.flow_name: is missing (set it with --flow-name)\n",
            "  - parameters.flow_action_payload.screen: is missing (set it with --screen)\n",
        ],
    );
    assert_eq!(
        ended
            .stderr
            .lines()
            .filter(|line| line.starts_with("  - "))
            .count(),
        7,
        "{}",
        ended.stderr
    );
}

#[test]
fn non_number_is_refused_with_its_limits() {
    const LIMITS: &str = " above 0.0001/s and up to 1000000/s\n";
    const FORMS: &str = ", such as 5/s, 300/m or 1000/h\n";
    for value in ["NaN", "inf", "-inf", "1e400", "0,18,2", ""] {
        for (flag, other, most) in [("--lat", "--long", "90"), ("--long", "--lat", "180")] {
            let told = format!(
                "is the text \"{value}\"; a number from -{most} to {most} is expected (set it with {flag})"
            );
            refused(
                &format!("send location {flag} '{value}' {other} 0 --to 593987654321"),
                &[flag, &told],
            );
        }
    }
    for (value, expected) in [
        ("-1/s", LIMITS),
        ("0", LIMITS),
        ("inf", LIMITS),
        ("2000000/s", LIMITS),
        ("NaN", FORMS),
        ("fast", FORMS),
        ("5/d", FORMS),
    ] {
        let told = format!("`{value}` is not a rate{expected}");
        refused(
            &format!("bulk send people.csv --rate {value} text Hola"),
            &["--rate", &told],
        );
        refused(&format!("bulk resume --rate {value}"), &["--rate", &told]);
        refused(
            &format!("profile set p --bot 1 --rate {value}"),
            &["rate", &told],
        );
    }
    for (rule, told) in [
        (
            "status=99",
            "status is `99`, but must be a whole number from 200 to 599",
        ),
        (
            "reset,kind=quick_reply",
            "`quick_reply` is not a kind of message; did you mean `quick-reply`?",
        ),
        ("reset,kind=xyz", "`xyz` is not a kind of message"),
    ] {
        let error = format!("error: --fault `{rule}`: {told}\n");
        refused(&format!("sandbox --fault {rule} -- true"), &[&error]).stderr_lacks(&["hint: "]);
    }
}

#[test]
fn contacts_have_their_own_rules() {
    let home = Home::new();
    for (contact, problem) in [
        ("{}", "contacts[0].name: is missing (set it with --contact)"),
        (
            r#"{"name": {"formatted_name": "A"}}"#,
            "name.formatted_name: is not enough: first_name",
        ),
        (
            r#"{"name": {"first_name": "A"}}"#,
            "contacts[0].name.formatted_name: is missing (set it with --contact)",
        ),
        (
            r#"{"name": "A"}"#,
            "contacts[0].name: is the text \"A\"; an object is expected",
        ),
        (
            r#"{"name": {"formatted_name": "A B", "first_name": "A"}, "phones": [{"phone": 7}]}"#,
            "contacts[0].phones[0].phone: is the number 7; a text is expected",
        ),
        (
            r#"{"name": 5}"#,
            "the message is invalid\n  - contacts[0].name: is the number 5; an object is expected (set it with --contact)\nnote: nothing was sent",
        ),
        ("7", "contacts[0]: is the number 7; an object is expected"),
        ("[]", "contacts: is empty (set it with --contact)"),
    ] {
        refused(
            &format!("send contacts --to 593987654321 --contact '{contact}'"),
            &[problem],
        );
    }
    let given = |flags: &str, told: &str| {
        refused_in(
            &home,
            &format!("send contacts --to 593987654321 {flags}"),
            2,
            &[told],
        )
    };
    given("", "contacts: is missing (set it with --contact)");
    given(
        "--phone 1",
        "contacts[0].name.formatted_name: is missing (set it with --name)",
    );
    home.write(
        "unnamed.vcf",
        "BEGIN:VCARD\nVERSION:3.0\nTEL:1\nEND:VCARD\n",
    );
    given("--vcard unnamed.vcf", "card 1 has no name (FN, N or ORG)")
        .stderr_lacks(&["set it with"]);
    for two in [
        "--name 'A B' --contact {}",
        "--name 'A B' --vcard x.vcf",
        "--contact {} --vcard x.vcf",
    ] {
        given(two, "cannot be used with");
    }
    home.write("not.vcf", "hello");
    given("--vcard not.vcf", "--vcard: not.vcf is not a vCard file").stderr_has(&["hint: "]);
    for json in [
        format!("[\n{}]", "  {\"name\": \"Ana Ríos\"},\n".repeat(99)),
        format!(
            "[{}]",
            "{\"number\": 1, \"phone\": \"+593987654322\", \"name\": \"Ana Ríos\"},".repeat(99)
        ),
    ] {
        home.write("not.vcf", json);
        let ended = given(
            "--vcard not.vcf",
            "--vcard: not.vcf is not a vCard file: `[",
        );
        assert!(
            !ended.stderr.contains("Ana") && ended.stderr.len() < 300,
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn unknown_arguments_get_the_nearest_suggestion() {
    refused(
        "send txt --to 593987654321",
        &[
            "unknown kind `txt`",
            "hint: jelouctl send text --to NUMBER 'TEXT'\n",
        ],
    );
    refused(
        "send text --too 593987654321 Hola",
        &[
            "unexpected argument `--too`",
            "hint: jelouctl send text --to RECIPIENT …\n",
        ],
    );
    refused(
        "snd text",
        &[
            "unknown command `snd`",
            "hint: jelouctl send text --to NUMBER 'TEXT'\n",
        ],
    );
    refused(
        "send flow --mode drat --to 593987654321",
        &["error: --mode: expected draft or published, found `drat`"],
    );
    refused(
        "send --to 593987654321 text Hola",
        &[
            "unexpected argument `--to`",
            "hint: --to belongs here: jelouctl send text --to RECIPIENT …\n",
        ],
    );
    for word in ["login", "auth", "init", "configure"] {
        let told = "hint: jelouctl profile set NAME --bot BOT --client-id ID\n";
        refused(&format!("{word} --anything x"), &[told]);
    }
}

#[test]
fn broken_json_is_shown_by_line_and_column() {
    let home = Home::new();
    let twice =
        r#"{"type": "text", "userId": "593987654321", "userId": "593987654322", "text": "a"}"#;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (words, json, told) in [
        (
            "text",
            "{\n  \"text\": \"a\",\n}",
            &[
                "body.json is not valid JSON: there is a comma before the closing bracket, at line 3 column 1",
            ][..],
        ),
        (
            "text",
            r#"{"text": "a", "n": 18446744073709551616}"#,
            &["beyond 64 bits", "write the number as text"],
        ),
        (
            "raw",
            twice,
            &[
                "body.json has the field `userId` twice",
                "keep one of the two",
            ],
        ),
        ("text", &deep, &["too many brackets are open"]),
    ] {
        home.write("body.json", json);
        let told = [&["--body: "], told].concat();
        refused_in(
            &home,
            &format!("send {words} --to 593987654321 --body body.json"),
            2,
            &told,
        );
    }
    for (value, told) in [
        (
            "{",
            "its value is not valid JSON: a bracket or a quote is not closed, at column 1",
        ),
        ("@missing.json", "missing.json does not exist"),
    ] {
        let told = format!("--action-payload: {told}");
        refused(
            &format!("send flow --to 593987654321 --action-payload {value}"),
            &[&told],
        );
    }
}

#[test]
fn body_of_wrong_shape_names_its_path() {
    let home = Home::new();
    for (command, body, problem) in [
        (
            "text",
            "[]",
            "expected a JSON object as the body, found a list",
        ),
        (
            "text",
            "\"text\"",
            "expected a JSON object as the body, found a text",
        ),
        (
            "text",
            "null",
            "expected a JSON object as the body, found null",
        ),
        (
            "text",
            r#"{"text": 7}"#,
            "text: is the number 7; a text is expected (set it as the argument TEXT)",
        ),
        (
            "flow",
            r#"{"parameters": []}"#,
            "parameters: is a list; an object is expected",
        ),
        (
            "flow",
            r#"{"parameters": {"flow_cta": true}}"#,
            "parameters.flow_cta: is `true`; a text is expected",
        ),
        (
            "flow",
            r#"{"parameters": {"mode": "drat"}}"#,
            "mode: is the text \"drat\"; it can be draft, published",
        ),
        (
            "text",
            r#"{"type": "flow", "text": "a"}"#,
            "has type \"flow\", but `send text` sends type \"text\"",
        ),
        (
            "text",
            r#"{"text": "a", "userId": 593987654321}"#,
            "userId: a recipient must be a text, found 593987654321",
        ),
        (
            "text",
            r#"{"text": "a", "userId": ""}"#,
            "userId: the recipient is empty",
        ),
        (
            "text",
            r#"{"text": "a", "userId": null}"#,
            "userId: a recipient must be a text, found null",
        ),
        (
            "text",
            r#"{"text": "a", "userId": "1\n4155550100"}"#,
            "has a control character",
        ),
        (
            "text",
            r#"{"text": "a", "botId": "other"}"#,
            "botId: the body is for bot \"other\", but the sender is bot `BOT-ID`",
        ),
    ] {
        home.write("body.json", body);
        refused_in(
            &home,
            &format!("send {command} --body body.json --to 593987654321"),
            2,
            &[problem],
        );
    }
    home.write("body.json", r#"{"type": "flow"}"#);
    let typed = "flow-message --body body.json --to 593987654321";
    refused_in(&home, typed, 2, &["but `send flow-message` sends no type"]);
    refused(
        "send raw --to 593987654321",
        &["send raw needs a body", "--body FILE"],
    );
}

#[test]
#[cfg(unix)]
fn unreadable_files_are_named() {
    use std::os::unix::fs::symlink;

    let home = Home::new();
    home.write("latin1.txt", b"hola\nse\xf1or\n");
    home.write("large.txt", "x".repeat(1024 * 1024 + 1));
    symlink("loop", home.path().join("loop")).unwrap();
    symlink("gone.txt", home.path().join("link")).unwrap();
    for (file, problem) in [
        (
            "link",
            "--text-file: link is a link to gone.txt, which does not exist",
        ),
        ("missing.txt", "--text-file: missing.txt does not exist"),
        (".", "--text-file: failed to read .: it is a directory"),
        (
            "loop",
            "--text-file: failed to read loop: Too many levels of symbolic links",
        ),
        (
            "latin1.txt",
            "--text-file: latin1.txt is not UTF-8 at line 2",
        ),
        (
            "large.txt",
            "--text-file: failed to read large.txt: it has more than 1048576 bytes",
        ),
    ] {
        refused_in(
            &home,
            &format!("send text --to 593987654321 --text-file {file}"),
            2,
            &[problem],
        );
    }
    // The variable of a script is not set.
    let refuse_empty = |words: &[&str], flag: &str| {
        let problem = format!("{flag}the name of the file is empty");
        let words = [&["--sandbox"], words].concat();
        home.run_args(&words).fails(2, &[&problem]);
    };
    let to = ["send", "text", "--to", "593987654321"];
    refuse_empty(&[&to[..], &["--body", ""]].concat(), "--body: ");
    refuse_empty(
        &[&to[..], &["--exclude", "", "Hola"]].concat(),
        "--exclude: ",
    );
    refuse_empty(&["bulk", "send", "", "text", "Hola"], "");
    refused(
        "send text --to 593987654321 --body missing.json",
        &["--body: missing.json does not exist"],
    );
}

#[test]
fn ambiguous_recipient_argument_is_refused() {
    for (to, problem) in [
        ("", "the recipient is empty"),
        ("593987654321,593987654322", "seems to be several numbers"),
        ("0987654321", "`0987654321` has no country code"),
        ("id:593\t../14155550100", "has a control character"),
        ("id:", "the recipient is empty"),
        ("id:..", "it refers to a directory"),
        ("593987654321\n::error::x", "it contains a line break"),
    ] {
        let ended = refused(
            &format!("send text --to '{to}' Hola"),
            &[problem, "error: --to: ", "hint: "],
        );
        assert!(
            !ended.stderr.lines().any(|line| line.starts_with("::")),
            "{}",
            ended.stderr
        );
    }
    refused(
        "send text Hola",
        &["error: no recipient", "--to", "JELOU_TO"],
    );
    let server = Server::answering(Reply::accepted());
    let home = Home::new();
    home.run("send text Hola")
        .env("JELOU_TO", "12,3")
        .api(&server.url)
        .fails(
            2,
            &[
                "2 of 2 recipients cannot get the message",
                "JELOU_TO: `12` has 2 digits, and a phone number has 7 to 15\n",
                "JELOU_TO: `3` has 1 digit, and a phone number has 7 to 15\n",
            ],
        );
    assert_eq!(server.received().len(), 0);
    // Unused values are not checked.
    home.run("send text Hola --to 593987654321")
        .env("JELOU_TO", "12,3")
        .api(&server.url)
        .success();
    home.run("send text Hola")
        .env("JELOU_TO", "+593 98 765 4322")
        .api(&server.url)
        .success();
    assert_eq!(server.received()[1].json()["userId"], "593987654322");
}

#[test]
fn standard_input_is_read_once_if_named() {
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    let run = |words: &str| home.run(words).stdin("from stdin\n").api(&server.url);
    run("send text --to 593987654321 --text-file - --body -")
        .fails(2, &["--body and --text-file both read standard input"]);
    run("send text --to 593987654321 --text-file - --client-secret-file -")
        .fails(2, &["--text-file and --client-secret-file both read"]);
    run("send contacts --to 593987654321 --contact @- --contact @-").fails(2, &["--contact"]);
    run("send text --to 593987654321").fails(2, &["text: is missing", "--text-file -"]);
    assert_eq!(server.received().len(), 0);
    run("send text --to 593987654321 --text-file -").success();
    // For other tools a dash means standard input.
    run("send text --to 593987654321 -").fails(2, &["a lone `-`", "--text-file -", "-- -"]);
    for (line, way) in [
        ("send text --text -", "--text-file -"),
        ("send quick-reply --reply A --text=-", "--text-file -"),
        (
            "send image --media-url https://a.example/a.png --caption -",
            "--text-file -",
        ),
    ] {
        let line = line.replacen(" --", " --to 593987654321 --", 1);
        run(&line).fails(2, &["the text is a lone `-`", way]);
    }
    // The command matters more than its notification.
    run("run --to 593987654321 --text - --")
        .args(&SUCCEEDS)
        .success()
        .stderr_has(&["the text is a lone `-`", "--text \"$(cat -)\""]);
    run("send text --to 593987654321 -- -").success();
    run("send text --to 593987654321 @file").success();
    run("send text --to 593987654321 --text -rf").success();
    let texts: Vec<_> = server
        .received()
        .iter()
        .map(|request| request.json()["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(texts, ["from stdin", "-", "@file", "-rf"]);
}

#[test]
fn long_text_of_a_pipe_has_a_way_to_shorten_it() {
    let home = Home::new();
    let way = "hint: to send its first lines: COMMAND | head -20 | cut -c 1-200; to send its last lines: jelouctl run \
               --tail 20 -- COMMAND\n";
    home.run("--sandbox send text --to 593987654321 --text-file -")
        .stdin("línea\n".repeat(700))
        .fails(
            2,
            &["text: has 4199 characters; at most 4096 are allowed", way],
        );
    home.write("long.txt", "x".repeat(4097));
    home.run("--sandbox send text --to 593987654321 --text-file long.txt")
        .fails(2, &["at most 4096 are allowed"])
        .stderr_lacks(&["cut -c"]);
}

#[test]
fn file_name_is_not_sent_as_a_text() {
    let home = Home::new();
    home.write("aviso 1.txt", "El corte es a las 22:00.");
    home.write("people.csv", "to\n593987654321\n");
    std::fs::create_dir(home.path().join("folder")).unwrap();
    let server = Server::answering(Reply::accepted());
    for (line, way) in [
        ("send text", "--text-file 'aviso 1.txt'"),
        ("send text --text", "--text-file 'aviso 1.txt'"),
        (
            "send image --media-url https://a.example/a.png --caption",
            "--text-file 'aviso 1.txt'",
        ),
        (
            "send template t --language es --param",
            "--param \"$(cat 'aviso 1.txt')\"",
        ),
        (
            "send quick-reply --text Hola --reply",
            "--reply \"$(cat 'aviso 1.txt')\"",
        ),
        ("bulk send people.csv text", "--text-file 'aviso 1.txt'"),
    ] {
        home.run(line)
            .args(&["@aviso 1.txt", "--yes"])
            .api(&server.url)
            .fails(2, &["names a file", way]);
    }
    for flag in ["--text", "--template t --param"] {
        let way = format!(
            "{} \"$(cat 'aviso 1.txt')\"",
            flag.split(' ').next_back().unwrap()
        );
        home.run(&format!("run --to 593987654321 {flag}"))
            .args(&["@aviso 1.txt", "--"])
            .args(&SUCCEEDS)
            .api(&server.url)
            .success()
            .stderr_has(&["names a file", &way]);
    }
    home.run("send text --to 593987654321 @-")
        .api(&server.url)
        .fails(2, &["names standard input", "--text-file -"]);
    assert_eq!(server.received().len(), 0);
    for text in ["@aviso", "@ana nos vemos", "@folder", "@", "a @aviso 1.txt"] {
        home.run("send text --to 593987654321")
            .args(&[text])
            .api(&server.url)
            .success();
    }
    assert_eq!(server.received().len(), 5);
}

#[test]
fn texts_arrive_unchanged() {
    let home = Home::new();
    for text in [
        "👩‍👩‍👧‍👦 e\u{301} \u{202e}abc שלום",
        "two\nlines\nand a tab\t",
        "\"quotes\" 'and' \\ $(touch x) `x` ${HOME} %s",
        " spaces ",
        "\u{feff}bom inside",
        "::error::x",
        "{{ name }}",
    ] {
        let server = Server::answering(Reply::accepted());
        home.run_args(&["send", "text", "--to", "593987654321", "--", text])
            .api(&server.url)
            .success();
        assert_eq!(server.only().json()["text"], text);
    }
    home.write("bom.txt", "\u{feff}Hola\r\n");
    let server = Server::answering(Reply::accepted());
    home.run("send text --to 593987654321 --text-file bom.txt")
        .api(&server.url)
        .success();
    assert_eq!(server.only().json()["text"], "Hola");
    // A command line of Windows has at most 32,767 characters.
    let long = "x".repeat(if cfg!(windows) { 30_000 } else { 100_000 });
    refused(
        &format!("send text -- {long} --to 593987654321"),
        &["unexpected argument"],
    );
    refused(
        &format!("--to 593987654321 send text -- {long}"),
        &["unexpected argument `--to`"],
    );
    let told = format!(
        "text: has {} characters; at most 4096 are allowed",
        long.len()
    );
    refused(&format!("send text --to 593987654321 -- {long}"), &[&told]);
}

#[test]
fn control_characters_are_refused_with_their_position() {
    let home = Home::new();
    let server = Server::expect_no_requests();
    home.write("zero.txt", "a\0b");
    home.write(
        "body.json",
        r#"{"text": "ok", "options": [{"title": "a"}, {"title": "b\u0007"}]}"#,
    );
    for (words, told) in [
        (
            &["text", "--text-file", "zero.txt"][..],
            &[
                "text: character 2 is the control character U+0000 (NUL), and messages cannot contain it (set it as the argument TEXT)",
            ][..],
        ),
        (
            &["text", "\u{1b}[31mred"],
            &["text: character 1 is the control character U+001B (ESC)"],
        ),
        (
            &["list", "--body", "body.json"],
            &["options[1].title: character 2 is the control character U+0007"],
        ),
        (
            &[
                "image",
                "--media-url",
                "https://e.com/1.png",
                "--text",
                "\u{7f}",
            ],
            &["text: character 1 is", "U+007F"],
        ),
        (
            &["template", "t", "--param", "\u{8}"],
            &["parameters[0]: character 1 is", "U+0008", "--param"],
        ),
        (
            &["template", "--template-id", "3", "--param", "a=\u{8}"],
            &["parameters.a: character 1 is", "U+0008"],
        ),
    ] {
        let run = home.run("send").args(words).args(&["--to", "593987654321"]);
        run.api(&server.url)
            .fails(2, &[&["error: the message is invalid"], told].concat());
    }
    home.write(
        "people.csv",
        "to,nombre\n593987654321,Ana\n593987654322,\"L\u{1b}uz\"\n",
    );
    home.run("bulk send people.csv text --yes 'Hola {{ nombre }}'")
        .api(&server.url)
        .fails(2, &["line 3: nombre: character 2 is the control character U+001B (ESC), and messages cannot contain it"]);
    // The only warning about unknown fields is that they are sent.
    let shown = home
        .run("send text --dry-run --body -")
        .stdin(r#"{"userId": "593987654321", "text": "a", "brandNew": {"b": "\u0007\r"}}"#);
    assert_eq!(
        shown.api("https://x.example").success().json()["body"]["brandNew"]["b"],
        "\u{7}\r"
    );
    // `raw` sends the body unchanged.
    let server = Server::answering(Reply::accepted());
    home.write(
        "raw.json",
        r#"{"userId": "593987654321", "type": "text", "text": "a\u001b\r"}"#,
    );
    home.run("send raw --body raw.json")
        .api(&server.url)
        .success();
    assert_eq!(server.only().json()["text"], "a\u{1b}\r");
}

#[test]
fn recipient_in_a_body_is_checked() {
    let home = Home::new();
    let body = |user: &str| json!({"type": "text", "userId": user, "text": "a"}).to_string();
    let hsm = |user: &str| json!({"destinations": [user], "elementName": "t"}).to_string();
    // A recipient that is probably wrong causes a warning. With --strict, the message is not sent.
    for (user, told) in [
        (
            "0987654321",
            "`0987654321` is sent unchanged, but it is not a number with a country code",
        ),
        (
            "3212345678",
            "`3212345678` is sent unchanged, as a number of Belgium; a local number lacks",
        ),
        (
            "EC.593987654321",
            "`EC.593987654321` is sent unchanged, but it is not a number with a country code",
        ),
        (
            "{{ celular }}",
            "{{ celular }} is sent unchanged: only `bulk send` fills in columns",
        ),
    ] {
        for (command, body, path) in [
            ("send text", body(user), "userId"),
            ("send raw", body(user), "userId"),
            ("send template", hsm(user), "destinations"),
        ] {
            home.write("body.json", body);
            let server =
                Server::answering(Reply::json(200, crate::seeds::ACCEPTED)).allow_no_requests();
            let send = |flags: &[&str]| {
                home.run(command)
                    .args(&["--body", "body.json"])
                    .args(flags)
                    .api(&server.url)
            };
            let ended = send(&[]).end();
            assert!(
                ended.stderr.starts_with(&format!("warning: {path}"))
                    && ended.stderr.contains(told),
                "{ended:?}"
            );
            assert_eq!(ended.stderr.matches("warning").count(), 1, "{ended:?}");
            assert_eq!(server.received().len(), 1, "{command} {user}");
            send(&["--strict"]).fails(2, &[told]);
            assert_eq!(server.received().len(), 1, "{command} {user}");
            // With --to, the recipient in the body does not matter.
            let ended = send(&["--strict", "--dry-run", "--to", "id:0987654321"]).success();
            assert_eq!(ended.stderr, "");
        }
    }
    // A placeholder from the documents is never sent.
    let server = Server::expect_no_requests();
    for placeholder in [
        "USER_ID",
        "PHONE_NUMBER",
        "{userId}",
        " USER_ID ",
        "<USER_ID>",
        "[USER_ID]",
        "<PHONE_NUMBER>",
    ] {
        let told = format!(
            "`{}` is a placeholder of the API's documentation (set it with --to)",
            placeholder.trim()
        );
        for (command, body, path) in [
            ("send text", body(placeholder), "userId"),
            ("send raw", body(placeholder), "userId"),
            ("send template", hsm(placeholder), "destinations"),
            (
                "send template",
                format!(
                    r#"{{"elementName":"t","userId":"{placeholder}","language":"es","parameters":["a"]}}"#
                ),
                "userId",
            ),
            ("flow-message", body(placeholder), "userId"),
        ] {
            home.write(
                "body.json",
                body.replace(
                    r#""type":"text","#,
                    if command == "flow-message" {
                        ""
                    } else {
                        r#""type":"text","#
                    },
                ),
            );
            let run = home
                .run(command)
                .args(&["--body", "body.json"])
                .api(&server.url);
            run.env("JELOU_TO", "593987654321").fails(
                2,
                &["error: the message is invalid", &format!("{path}: {told}")],
            );
        }
        home.write("body.json", body(placeholder));
        let run = home
            .run("send raw --dry-run --to 593987654321 --body body.json")
            .api(&server.url)
            .success();
        assert_eq!(run.json()["body"]["userId"], "593987654321");
    }
    for to in ["id:USER_ID", "id:<USER_ID>", "<PHONE_NUMBER>", "[USER_ID]"] {
        home.run("send text --dry-run a --to")
            .args(&[to])
            .api(&server.url)
            .fails(2, &["--to: "]);
    }
    home.run("send text --dry-run --to id:USER a")
        .api(&server.url)
        .success();
    // The body has another recipient in addition to --to, or in a row.
    home.write(
        "raw.json",
        r#"{"elementName": "t", "destinations": ["USER_ID"]}"#,
    );
    home.run("send raw --to 593987654321 --body raw.json")
        .api(&server.url)
        .fails(2, &["destinations: `USER_ID` is a placeholder"]);
}

#[test]
fn line_breaks_are_normalized_before_sending() {
    let home = Home::new();
    home.write("windows.txt", "one\r\ntwo\rthree\r\n");
    home.write(
        "body.json",
        r#"{"userId": "593987654321", "text": "one\r\ntwo\rthree"}"#,
    );
    for words in [
        &["--to", "593987654321", "--text-file", "windows.txt"][..],
        &["--to", "593987654321", "one\r\ntwo\rthree"],
        &["--to", "593987654321", "one\u{b}two\u{c}three"],
        &["--to", "593987654321", "one\u{85}two\u{2028}three"],
        &["--body", "body.json"],
    ] {
        let server = Server::answering(Reply::accepted());
        let ended = home.run("send text").args(words).api(&server.url).success();
        assert_eq!(
            (server.only().json()["text"].as_str(), ended.stderr.as_str()),
            (Some("one\ntwo\nthree"), "")
        );
    }
    for cell in ["one\r\ntwo\rthree", "one\u{b}two\u{85}three"] {
        home.write(
            "people.csv",
            format!("to,nombre\r\n593987654321,\"{cell}\"\r\n"),
        );
        let ended = home
            .run("--sandbox bulk send people.csv text --dry-run '{{ nombre }}'")
            .success();
        assert_eq!(ended.json()["body"]["text"], "one\ntwo\nthree");
        assert!(!ended.stderr.contains("warning"), "{ended:?}");
    }
}

/// Alt-Enter at the end of a cell is invisible there; WhatsApp refuses a line break inside a parameter.
#[test]
fn parameter_loses_final_line_break_of_a_cell() {
    let home = Home::new();
    let by_name = json!({"elementName": "t", "parameters": ["{{ nombre }}"], "headerParameters": ["{{ nombre }}"]});
    let by_id =
        json!({"type": "template", "templateId": "39", "parameters": {"a": "{{ nombre }}"}});
    for (end, is_sent) in [
        ("\n", true),
        ("\r\n", true),
        ("\u{b}", true),
        ("\n\n", true),
        ("\nMora", false),
    ] {
        home.write(
            "people.csv",
            format!("to,nombre\n593987654321,\"Ana{end}\"\n"),
        );
        for (body, fields) in [
            (&by_name, &["/parameters/0", "/headerParameters/0"][..]),
            (&by_id, &["/parameters/a"]),
        ] {
            home.write("body.json", body.to_string());
            let run =
                home.run("--sandbox bulk send people.csv template --dry-run --body body.json");
            if !is_sent {
                run.fails(
                    2,
                    &["has a line break, which WhatsApp rejects in a template parameter"],
                );
                continue;
            }
            let body = run.success().json()["body"].clone();
            for field in fields {
                assert_eq!(body.pointer(field).unwrap(), "Ana", "{end:?} {body}");
            }
        }
    }
}

#[test]
fn phone_like_body_recipient_causes_warning() {
    let home = Home::new();
    home.write(
        "body.json",
        r#"{"userId": "+593 98 765 4321", "text": "a"}"#,
    );
    let server = Server::answering(Reply::accepted());
    let ended = home
        .run("send text --body body.json")
        .api(&server.url)
        .success();
    assert_eq!(
        ended.stderr,
        "warning: userId: `+593 98 765 4321` is sent unchanged; WhatsApp writes this number 593987654321\n"
    );
    assert_eq!(server.only().json()["userId"], "+593 98 765 4321");
    let server = Server::answering(Reply::accepted());
    let ended = home
        .run("send contacts --to 593987654321 --name 'A B' --phone '593 98 765 4321'")
        .api(&server.url)
        .success();
    assert_eq!(ended.stderr, "");
    assert_eq!(
        server.only().json()["contacts"][0]["phones"][0]["phone"],
        "+593987654321"
    );
    let server = Server::answering(Reply::accepted());
    let flow = "send flow --to 593987654321 --title t --text x --caption c --flow-id 1 --flow-name n --screen S";
    let ended = home
        .run(flow)
        .args(&["--cta", "Go 🚀"])
        .api(&server.url)
        .success();
    assert_eq!(
        ended.stderr,
        "warning: parameters.flow_cta: has an emoji, which WhatsApp may reject here\n"
    );
}

#[test]
#[cfg(unix)]
fn arguments_that_are_not_utf_8_are_refused() {
    use std::os::unix::ffi::OsStrExt;

    let home = Home::new();
    let output = home
        .command()
        .args(["send", "text", "--to", "593987654321"])
        .arg(std::ffi::OsStr::from_bytes(b"se\xf1or"))
        .output()
        .unwrap();
    let ended = CommandOutput::new(&output);
    assert_eq!(ended.code, 2);
    ended.stderr_has(&["error: an argument is not UTF-8\n"]);
}

#[test]
fn text_that_looks_like_flags_fails() {
    const WORDS: &str = "-hola -vhola -qhola -yh -vh -h1 -V -Vamos -yes -v - -order --";
    for text in WORDS.split(' ').chain(["-hola a todos", "--help me"]) {
        let server = Server::expect_no_requests();
        let ended = Home::new()
            .run_args(&["send", "text", "--to", "593987654321", text])
            .api(&server.url)
            .end();
        assert_eq!(ended.code, 2, "{text}: {ended:?}");
    }
}

/// The beginnings of command lines that jelouctl does not have.
fn forged_line(ended: &CommandOutput) -> Option<&str> {
    ended
        .stderr
        .split('\n')
        .find(|line| line.starts_with("::") || line.contains('\r'))
}

#[test]
fn argument_cannot_forge_an_output_line() {
    for argument in [
        "--foo\n::error::x=bar",
        "-o\n::error::x",
        "x\n::error::x",
        "--to\n::error::x",
        "--timeout=5\n::error::x",
        "--retry-for=5\n::error::x",
        "--color=\n::error::x",
        "-\r",
        "-\n",
    ] {
        assert_eq!(
            forged_line(&refused(&format!("send text a '{argument}'"), &["error: "])),
            None
        );
    }
    let of_profile = refused_in(
        &Home::new(),
        "send text a '-p\n::error::x'",
        3,
        &["error: "],
    );
    assert_eq!(forged_line(&of_profile), None);
}

#[test]
fn usage_errors_have_a_record() {
    for arguments in [
        "send text --to 0987 Hola -o record",
        "send txt --output=record",
        "send text --too 1 -orecord",
        "send text -hola --output record",
    ] {
        let ended = Home::new().run(arguments).fails(2, &["error: "]);
        assert_eq!(ended.json()["sent"], "no");
        assert!(
            ["usage", "invalid_message"].contains(&ended.json()["error"]["code"].as_str().unwrap()),
            "{ended:?}"
        );
    }
    let ended = Home::new().run("-o record send").end();
    assert_eq!(
        (ended.code, ended.json()["error"]["message"].as_str()),
        (2, Some("`jelouctl send` needs KIND"))
    );
    let ended = Home::new()
        .run("send contacts --name A --phone-type Home -o record")
        .end();
    assert!(
        ended.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("--phone-type needs --phone PHONE"),
        "{ended:?}"
    );
    assert_eq!(Home::new().run("send txt -- -o record").end().stdout, "");
}

/// Checks that the wrong `line` is refused with `hint` in the hint. The hint must not repeat a number or a text of the
/// line.
fn is_answered_with(line: &str, hint: &str) {
    let ended = Home::new().run(line).fails(2, &["\nhint: ", hint]);
    assert!(
        ended.stdout.is_empty() || ended.json()["exit_code"] == 2,
        "{ended:?}"
    );
    let (_, proposed) = ended.stderr.rsplit_once("hint: ").unwrap();
    assert!(
        !proposed.contains("5939") && !proposed.contains("--yes") && !proposed.contains("Ana"),
        "{ended:?}"
    );
}

#[test]
fn misplaced_recipient_suggests_the_to_flag() {
    for (line, hint) in [
        (
            "send text 593987654321 Hola",
            "hint: jelouctl send text --to NUMBER 'TEXT'\n",
        ),
        (
            "send text Hola +593987654321",
            "hint: jelouctl send text --to NUMBER 'TEXT'\n",
        ),
        (
            "send text 593987654321",
            "hint: to pass one: --to NUMBER; to set one for all commands: JELOU_TO=NUMBER\n",
        ),
        (
            "send text --to Hola 593987654321",
            "hint: for a user of another channel: `id:Hola`\n",
        ),
        (
            "send text -t 593987654321 -m Hola",
            "hint: jelouctl send text --to RECIPIENT …\n",
        ),
        (
            "send text --phone 593987654321 Hola",
            "hint: jelouctl send text --to RECIPIENT …\n",
        ),
        (
            "send text --number=593987654321 Hola",
            "hint: jelouctl send text --to RECIPIENT …\n",
        ),
        (
            "send text --destinatario 593987654321 Hola",
            "hint: jelouctl send text --to RECIPIENT …\n",
        ),
        (
            "send image 593987654321 https://a.example/1.png",
            "jelouctl send image --to NUMBER --media-url URL\n",
        ),
        (
            "send template 593987654321 pedido Ana",
            "hint: jelouctl send template --to NUMBER NAME --language CODE --param 'VALUE'\n",
        ),
        (
            "flow-message 593987654321",
            "hint: jelouctl flow-message --to NUMBER --flow-name NAME --title 'TITLE' --text 'TEXT' --caption 'CAPTION' --button 'LABEL' --screen SCREEN\n",
        ),
        (
            "messages list 593987654321",
            "hint: jelouctl messages list --to RECIPIENT …\n",
        ),
        (
            "messages list --user 593987654321",
            "hint: jelouctl messages list --to RECIPIENT …\n",
        ),
        (
            "run 593987654321 -- false",
            "hint: jelouctl run --to NUMBER -- COMMAND\n",
        ),
        (
            "593987654321 Hola",
            "hint: jelouctl send text --to NUMBER 'TEXT'\n",
        ),
        (
            "send 593987654321 Hola",
            "hint: jelouctl send text --to NUMBER 'TEXT'\n",
        ),
        (
            "text 593987654321 Ana",
            "hint: jelouctl send text --to NUMBER 'TEXT'\n",
        ),
        // The suggestion for a dry run is a dry run, too.
        (
            "--sandbox send text 593987654321 Hola",
            "jelouctl --sandbox send text --to NUMBER 'TEXT'\n",
        ),
        (
            "send foto --dry-run 593987654321",
            "jelouctl --dry-run send image --to NUMBER",
        ),
        // A number in several arguments may be another recipient.
        (
            "send text --to +49 30 1234 5678 Hola",
            "hint: put the text in quotes, and each number after its own --to: jelouctl send text --to NUMBER 'TEXT'\n",
        ),
        (
            "send text --to 593 98 765 4321 Hola",
            "hint: put the text in quotes, and each number after its own --to: jelouctl send text --to NUMBER 'TEXT'\n",
        ),
    ] {
        is_answered_with(line, hint);
    }
    let home = Home::new();
    let server = Server::answering(Reply::accepted());
    // With a recipient, a text that is a number is intended.
    for number in ["593987654322", "482913"] {
        home.run("send text")
            .args(&[number])
            .env("JELOU_TO", "593987654321")
            .api(&server.url)
            .success();
        home.run("send text --to 593987654321")
            .args(&[number])
            .api(&server.url)
            .success();
    }
    assert_eq!(server.received().len(), 4);
}

#[test]
fn unquoted_text_suggests_quotes() {
    const TEXT: &str = "quote the text: jelouctl send text --to NUMBER 'TEXT'\n";
    for (line, hint) in [
        ("send text --to 593987654321 Hola Ana", TEXT),
        ("send text Hola Ana --to 593987654321", TEXT),
        ("send text --to id:ana Hola mundo", TEXT),
        (
            "send text --to 593987654321 “Hola Ana”",
            "hint: quote the text: jelouctl send text --to NUMBER 'TEXT'\n",
        ),
        (
            "send text --to 593987654321 --text Hola otra",
            "error: --text cannot be used with TEXT\nhint: quote the text: jelouctl send text --to NUMBER 'TEXT'\n",
        ),
        (
            "send image --to 593987654321 --media-url https://a.example/1 --text Hola Ana",
            "hint: quote each value, and repeat its flag: jelouctl send image --to NUMBER --media-url URL\n",
        ),
        (
            "send template t --to 593987654321 --param Ana Mora",
            "hint: quote each value, and repeat its flag: jelouctl send template --to NUMBER NAME --language CODE --param 'VALUE'\n",
        ),
        (
            "send quick-reply --to 593987654321 --text Hola Si No",
            "hint: quote each value, and repeat its flag: jelouctl send quick-reply --to NUMBER --text 'TEXT' --reply 'YES' --reply 'NO'\n",
        ),
        (
            "send quick-reply --to 593987654321 --text Hola --reply Si No",
            "hint: quote each value, and repeat its flag: jelouctl send quick-reply --to NUMBER --text 'TEXT' --reply 'YES' --reply 'NO'\n",
        ),
        (
            "send list --to 593987654321 --text Hola Uno Dos",
            "hint: quote each value, and repeat its flag: jelouctl send list --to NUMBER --text 'TEXT' --option 'FIRST' --option 'SECOND'\n",
        ),
        (
            "send template t --to 593987654321 --language es Luz",
            "hint: quote each value, and repeat its flag: jelouctl send template --to NUMBER NAME --language CODE --param 'VALUE'\n",
        ),
        (
            "send template t --to 593987654321 --param Luz --language es A-1042",
            "hint: quote each value, and repeat its flag: jelouctl send template --to NUMBER NAME --language CODE --param 'VALUE'\n",
        ),
        (
            "send location --to 593987654321 -0.18 -78.46",
            "hint: jelouctl send location --to NUMBER --lat DEGREES --long DEGREES\n",
        ),
        (
            "send location --to 593987654321 0.18 78.46",
            "hint: jelouctl send location --to NUMBER --lat DEGREES --long DEGREES\n",
        ),
        (
            "bulk send a.csv location -0.18 -78.46",
            "hint: jelouctl bulk send LIST location --lat DEGREES --long DEGREES\n",
        ),
        (
            "send template t Ana --to 593987654321",
            "hint: jelouctl send template --to NUMBER NAME --language CODE --param 'VALUE'\n",
        ),
        (
            "send quick-reply Hola --to 593987654321",
            "hint: jelouctl send quick-reply --to NUMBER --text 'TEXT' --reply 'YES' --reply 'NO'\n",
        ),
        (
            "flow-message survey --to 593987654321",
            "hint: jelouctl flow-message --to NUMBER --flow-name NAME --title 'TITLE' --text 'TEXT' --caption 'CAPTION' --button 'LABEL' --screen SCREEN\n",
        ),
        (
            "send flow survey --to 593987654321",
            "hint: jelouctl send flow --to NUMBER --title 'TITLE' --text 'TEXT' --caption 'CAPTION' --flow-id ID --button 'LABEL' --flow-name NAME --screen SCREEN\n",
        ),
        (
            "send image --to 593987654321 a.jpg",
            "hint: quote each value, and repeat its flag: jelouctl send image --to NUMBER --media-url URL\n",
        ),
        (
            "send audio --to 593987654321 https://a.example/1.mp3",
            "hint: quote each value, and repeat its flag: jelouctl send audio --to NUMBER --media-url URL\n",
        ),
        (
            "send raw '{}' --to 593987654321",
            "hint: jelouctl send raw --to NUMBER --body FILE\n",
        ),
        (
            "send text --to 593987654321 --body Hola",
            "to send a text: jelouctl send text --to NUMBER 'TEXT'\nnote: nothing was sent\n",
        ),
        (
            "send text --to 593987654321 '-5% hoy'",
            "to send a text with a dash",
        ),
        (
            "bulk send a.csv text '-promo de hoy'",
            "to send a text with a dash",
        ),
        (
            "send text --to 593987654321 -z",
            "hint: jelouctl send text --to NUMBER 'TEXT'\n",
        ),
    ] {
        is_answered_with(line, hint);
    }
}

#[test]
fn negative_value_is_named_with_its_flag() {
    for (line, problem) in [
        (
            "send text --to 593987654321 x --retry-for -1",
            "error: --retry-for: `-1` is not a duration of at most 24h, such as 500ms, 30s or 2m",
        ),
        (
            "send text --to 593987654321 x --timeout -5",
            "error: --timeout: `-5` is not a duration",
        ),
        (
            "bulk send a.csv --skip -1 text x",
            "error: --skip: expected 0 or more, found `-1`",
        ),
        (
            "messages list --limit -3",
            "error: --limit: expected 1 or more, found `-3`",
        ),
        (
            "run --to 593987654321 --tail -5 -- true",
            "error: --tail: expected a number from 1 to 1000, found `-5`; the command did not run",
        ),
        // The number does not follow a flag with a value.
        (
            "send text --to 593987654321 -5",
            "hint: to send a text with a dash: -- '-5 % hoy'\n",
        ),
        (
            "send text --to 593987654321 x --strict -5",
            "unexpected argument `-5`",
        ),
    ] {
        Home::new().run(line).fails(2, &[problem]);
    }
    Home::new()
        .run("--sandbox --dry-run send location --to 593987654321 --lat -0.18 --long -78.46")
        .success();
}

/// An error that says what to write has no hint.
#[test]
fn missing_argument_is_named_with_the_flag_that_needs_it() {
    for (line, error) in [
        (
            "send text --to 593987654321 --every 1h Hola",
            "--every needs --once KEY",
        ),
        (
            "send text --to 593987654321 --for 1m Hola",
            "--for needs --wait STATE",
        ),
        (
            "send contacts --to 593987654321 --name A --phone 1 --email-type Work",
            "--email-type needs --email EMAIL",
        ),
        (
            "bulk send a.csv --every 6h text Hola",
            "--every needs --once KEY",
        ),
        (
            "bulk send a.csv --mask text Hola",
            "--mask needs --preview N|all and --file FILE",
        ),
        (
            "bulk send a.csv --mask --file p.html text Hola",
            "--mask needs --preview N|all",
        ),
        (
            "bulk send a.csv --limit 5 --test-rows 3 text Hola",
            "--test-rows needs --test-to RECIPIENT",
        ),
        (
            "bulk send a.csv --lang en template t",
            "--lang needs --preview N|all and --file FILE",
        ),
        (
            "bulk deliveries r --pause-if-undelivered",
            "--pause-if-undelivered needs --watch",
        ),
        ("messages get x --for 1m", "--for needs --wait STATE"),
        (
            "run --to 593987654321 --every 1h -- true",
            "--every needs --once KEY; the command did not run",
        ),
        (
            "run --to 593987654321 --param x -- true",
            "--param needs --template NAME; the command did not run",
        ),
        // The command itself needs it.
        (
            "bulk cancel",
            "`jelouctl bulk cancel` needs RUN\nhint: to list the runs: jelouctl bulk list",
        ),
        (
            "bulk remove",
            "`jelouctl bulk remove` needs RUN or --older-than AGE\nhint: to list the runs: jelouctl bulk list",
        ),
        (
            "bulk resolve r --to 593987654321",
            "`jelouctl bulk resolve` needs --unknown-as STATE or --failed-as STATE",
        ),
        ("send text Hola --to", "--to has no value"),
        (
            "send text --to 593987654321 Hola --wait",
            "--wait has no value",
        ),
    ] {
        let ended = Home::new().run(line).fails(2, &[]);
        assert_eq!(ended.stderr, format!("error: {error}\n"), "{line}");
    }
    let ended = Home::new().run("run --to 593987654321").fails(2, &[]);
    assert_eq!(
        ended.stderr,
        "error: `jelouctl run` needs COMMAND...; the command did not run\n\
         hint: jelouctl run --to NUMBER -- COMMAND\n"
    );
}

#[test]
fn wrong_value_is_named_with_its_flag() {
    for (line, error) in [
        (
            "send text --to 593987654321 Hola --wait read --for 0s",
            "--for: `0s` is not a timeout from 1ms to 24h",
        ),
        (
            "bulk send a.csv --run 'Mi Lista' text Hola",
            "--run: `Mi Lista` is not a run name: at most 64 of a-z, 0-9 and -",
        ),
        (
            "send text --to 593987654321 Hola --wait entregado",
            "--wait: expected delivered or read, found `entregado`",
        ),
        (
            "messages list --limit ten",
            "--limit: expected a whole number, found `ten`",
        ),
        (
            "messages list --limit 0",
            "--limit: expected 1 or more, found `0`",
        ),
        (
            "bulk send a.csv --concurrency 5000 text Hola",
            "--concurrency: expected a number from 1 to 4096, found `5000`",
        ),
        (
            "completions tcsh",
            "SHELL: expected bash, elvish, fish, powershell or zsh, found `tcsh`",
        ),
        (
            "--client-id a:b send text --to 593987654321 Hola",
            "--client-id: a client id cannot contain a colon",
        ),
        (
            "--api-url https://u:canary@x send text --to 593987654321 Hola",
            "--api-url: ",
        ),
    ] {
        let ended = Home::new()
            .run(line)
            .fails(2, &[&format!("error: {error}")]);
        ended.stderr_lacks(&["hint: ", "canary", "invalid value"]);
    }
}

/// A hint that is followed sends what was meant, after the same questions.
#[test]
fn followed_hint_sends_nothing_else() {
    const USAGE: &str = "hint: to list the flags: jelouctl bulk send --help\n";
    for (line, hint) in [
        (
            "send text -f msg.txt --to 593987654321",
            "hint: to send the text in a file: --text-file FILE; to send the file itself: jelouctl send file --to \
             NUMBER --media-url URL\n",
        ),
        ("bulk send a.csv --all text Hola", USAGE),
        ("bulk send a.csv --allow text Hola", USAGE),
        ("bulk send a.csv --agian text Hola", USAGE),
        ("bulk send a.csv --yess text Hola", USAGE),
        ("bulk send a.csv --force text Hola", USAGE),
        (
            "send text --to 593987654321 593987654322 'Hola'",
            "hint: put the text in quotes, and each number after its own --to: jelouctl send text --to NUMBER 'TEXT'\n",
        ),
        (
            "send template cita es --to 593987654321",
            "hint: jelouctl send template --to NUMBER NAME --language CODE --param 'VALUE'\n",
        ),
        (
            "send text -c EC --to 0987654321 Hola",
            "hint: jelouctl send text --country CODE …\n",
        ),
        (
            "send text --over --to 593987654321 Hola",
            "hint: to list the flags: jelouctl send text --help\n",
        ),
        (
            "bulk rename a b",
            "hint: to send to a list: jelouctl bulk send LIST text 'Hola {{ nombre }}'; to list the commands: jelouctl \
             bulk --help\n",
        ),
        // The sender stays the same.
        (
            "-p prueba --sandbox send txt --to 593987654321",
            "hint: jelouctl --profile NAME --sandbox send text --to NUMBER 'TEXT'\n",
        ),
    ] {
        is_answered_with(line, hint);
    }
    // Followed, they send what was meant.
    let home = Home::new();
    home.write("msg.txt", "Hola\n");
    let text = |words: &str| {
        let ended = home
            .run("--sandbox --dry-run")
            .args(&split(words))
            .success();
        ended.json()["body"].clone()
    };
    assert_eq!(
        text("send text --text-file msg.txt --to 593987654321")["text"],
        "Hola"
    );
    assert_eq!(
        text("send text --country EC --to 0987654321 Hola")["userId"],
        "593987654321"
    );
    assert_eq!(
        text("send template --to 593987654321 cita --language es")["language"],
        "es"
    );
}

fn split(words: &str) -> Vec<&str> {
    words.split(' ').collect()
}

#[test]
fn kind_alias_suggests_the_kind() {
    for (word, line) in [
        ("document", "send file --to NUMBER --media-url URL"),
        ("pdf", "send file --to NUMBER --media-url URL"),
        ("photo", "send image --to NUMBER --media-url URL"),
        ("Imagen", "send image --to NUMBER --media-url URL"),
        (
            "hsm",
            "send template --to NUMBER NAME --language CODE --param 'VALUE'",
        ),
        (
            "plantilla",
            "send template --to NUMBER NAME --language CODE --param 'VALUE'",
        ),
        (
            "voice_call",
            "send call --to NUMBER --text 'TEXT' --button 'LABEL'",
        ),
        (
            "buttons",
            "send quick-reply --to NUMBER --text 'TEXT' --reply 'YES' --reply 'NO'",
        ),
        (
            "link",
            "send cta-url --to NUMBER --text 'TEXT' --url URL --button 'LABEL'",
        ),
        (
            "ubicación",
            "send location --to NUMBER --lat DEGREES --long DEGREES",
        ),
        ("mensaje", "send text --to NUMBER 'TEXT'"),
    ] {
        let line = format!("hint: jelouctl {line}");
        is_answered_with(&format!("send {word} --to 593987654321"), &line);
    }
    for (line, hint) in [
        (
            "send Ana --to 593987654321",
            "hint: to send a text: jelouctl send text --to NUMBER 'TEXT'; to list the kinds: jelouctl send --help\n",
        ),
        (
            "foto --to 593987654321",
            "jelouctl send image --to NUMBER --media-url URL\n",
        ),
        ("image", "jelouctl send image --to NUMBER --media-url URL\n"),
        ("enviar mensaje", "jelouctl send text --to NUMBER 'TEXT'\n"),
        (
            "bulk send a.csv foto",
            "jelouctl bulk send LIST image --media-url URL\n",
        ),
        (
            "bulk plantilla a.csv",
            "hint: jelouctl bulk send LIST template NAME --language CODE --param '{{ nombre }}'\n",
        ),
        (
            "sandbox send text --to 593987654321 Ana",
            "hint: --sandbox is a flag: jelouctl --sandbox COMMAND\n",
        ),
        (
            "sandbox send foto --to 593987654321",
            "hint: --sandbox is a flag: jelouctl --sandbox COMMAND\n",
        ),
        (
            "sandbox bulk send a.csv text Ana",
            "hint: --sandbox is a flag: jelouctl --sandbox COMMAND\n",
        ),
        (
            "sandbox run make",
            "hint: --sandbox is a flag: jelouctl --sandbox COMMAND\n",
        ),
    ] {
        is_answered_with(line, hint);
    }
}

#[test]
fn wrong_command_suggests_the_right_command() {
    for (line, hint) in [
        ("ayuda", "hint: jelouctl --help\n"),
        ("whoami", "to show the sender: jelouctl profile show"),
        ("history", "to list messages: jelouctl messages list"),
        ("prueba", "jelouctl --sandbox send text"),
        ("version", "jelouctl --version"),
        ("inbox", "jelouctl sandbox --open"),
        (
            "config",
            "jelouctl profile set NAME --bot BOT --client-id ID",
        ),
        ("runs", "jelouctl bulk list"),
        ("get", "jelouctl api METHOD PATH"),
        ("people.csv", "jelouctl bulk send LIST text"),
        (
            "--profile p status r",
            "hint: to show a run: jelouctl --profile NAME bulk status RUN; to show a message: jelouctl --profile NAME messages get ID\n",
        ),
        ("forget k", "hint: jelouctl once remove KEY\n"),
        ("message send", "jelouctl send text --to NUMBER 'TEXT'"),
        ("messages send Ana", "jelouctl send text --to NUMBER 'TEXT'"),
        (
            "send bulk a.csv",
            "jelouctl bulk send LIST text 'Hola {{ nombre }}'",
        ),
        ("template list", "to list them: jelouctl templates"),
        ("templates list", "jelouctl templates"),
        (
            "templates show order",
            "hint: jelouctl templates --query TEXT …\n",
        ),
        (
            "templates order",
            "hint: jelouctl templates --query TEXT …\n",
        ),
        (
            "sandbox start",
            "hint: to start the sandbox: jelouctl sandbox; to stop it: Ctrl-C\n",
        ),
        (
            "sandbox --expect 1 ./a.sh",
            "hint: jelouctl sandbox -- COMMAND\n",
        ),
        (
            "run --to 593987654321 make all",
            "hint: jelouctl run --to NUMBER -- COMMAND\n",
        ),
        ("doctor prod", "hint: jelouctl --profile NAME …\n"),
        ("-o record", "to list the commands: jelouctl --help"),
        ("api", "hint: jelouctl api POST PATH\n"),
        ("bulk remov r", "hint: jelouctl bulk remove RUN\n"),
        // Nothing is similar.
        ("xyzzy", "hint: to list the commands: jelouctl --help\n"),
        (
            "bulk move r",
            "; to list the commands: jelouctl bulk --help",
        ),
        (
            "profile rename a b",
            "hint: to list the commands: jelouctl profile --help\n",
        ),
    ] {
        is_answered_with(line, hint);
    }
}

/// A line that lacks something is an error that names it, for every command, and never only the help.
#[test]
fn line_that_lacks_something_names_it() {
    let home = Home::new();
    for (line, needs, hint) in [
        (
            "bulk",
            "COMMAND",
            "to send to a list: jelouctl bulk send LIST text 'Hola {{ nombre }}'; to list the commands: jelouctl bulk --help",
        ),
        (
            "bulk send",
            "LIST and KIND",
            "one list, then the kind of message: jelouctl bulk send LIST text 'Hola {{ nombre }}'",
        ),
        (
            "bulk send a.csv",
            "KIND",
            "one list, then the kind of message: jelouctl bulk send LIST text 'Hola {{ nombre }}'",
        ),
        (
            "bulk send text",
            "LIST",
            "jelouctl bulk send LIST text 'Hola {{ nombre }}'",
        ),
        (
            "send",
            "KIND",
            "to send a text: jelouctl send text --to NUMBER 'TEXT'; to list the kinds: jelouctl send --help",
        ),
        (
            "messages",
            "COMMAND",
            "to list the commands: jelouctl messages --help",
        ),
        (
            "bulk exclude",
            "COMMAND",
            "to list the commands: jelouctl bulk exclude --help",
        ),
        (
            "once",
            "COMMAND",
            "to list the commands: jelouctl once --help",
        ),
        (
            "profile",
            "COMMAND",
            "to list the commands: jelouctl profile --help",
        ),
        (
            "ledger",
            "COMMAND",
            "to list the commands: jelouctl ledger --help",
        ),
        ("bulk cancel", "RUN", "to list the runs: jelouctl bulk list"),
        ("completions", "SHELL", "jelouctl completions bash"),
    ] {
        let ended = home.run(line).fails(2, &[]);
        let expected = format!("error: `jelouctl {line}` needs {needs}\nhint: {hint}\n");
        let expected = expected.replace("send a.csv`", "send`");
        assert_eq!(ended.stderr, expected, "{line}");
        assert_eq!(ended.stdout, "", "{line}");
    }
    let spanish = home.run("bulk send").env("JELOUCTL_LANG", "es").end();
    assert_eq!(
        spanish.stderr,
        "error: `jelouctl bulk send` necesita LISTA y TIPO\nayuda: una lista, y luego el tipo de mensaje: jelouctl bulk send LISTA text 'Hola {{ nombre }}'\n"
    );
    home.run("--quiet")
        .fails(2, &["error: `jelouctl` needs COMMAND\n"]);
    let help = home.run("").success();
    assert!(help.stdout.contains("\nUsage: jelouctl "), "{help:?}");
}

#[test]
fn wrong_number_is_told_the_limit() {
    for (line, expected) in [
        ("bulk send a.csv --limit -1 text Hola", "1 or more"),
        ("bulk send a.csv --header-row -1 text Hola", "1 or more"),
        (
            "bulk send a.csv --preview -1 text Hola",
            "1 or more, or all",
        ),
        ("bulk send a.csv --skip -1 text Hola", "0 or more"),
        (
            "bulk send a.csv --concurrency -1 text Hola",
            "a number from 1 to 4096",
        ),
        (
            "bulk send a.csv --test-to 593987654321 --test-rows -1 text Hola",
            "a number from 1 to 10",
        ),
        ("bulk send a.csv --per-day -1 text Hola", "1 or more"),
        ("bulk resolve r --failed-as pending --line -1", "0 or more"),
        ("messages list --limit -1", "1 or more"),
        ("sandbox --max -1", "a number from 1 to 1000000"),
        ("sandbox --limit-24h -1", "1 or more"),
        ("sandbox --expect -1", "0 or more"),
        ("sandbox --port -1", "a number from 0 to 65535"),
        (
            "run --to 593987654321 --tail -1 -- true",
            "a number from 1 to 1000",
        ),
    ] {
        let expected = format!("expected {expected}, found `-1`");
        Home::new().run(line).fails(2, &["error: --", &expected]);
    }
}

#[test]
fn wrong_value_gets_no_hint_for_another_flag() {
    let home = Home::new();
    home.run("bulk report --format pdf")
        .fails(
            2,
            &["--format: expected csv, ndjson, xlsx or html, found `pdf`"],
        )
        .stderr_lacks(&["hint: "]);
    home.run("bulk send a.csv --country text Hola").fails(
        2,
        &["error: --country takes the word after it as its value: `text`\n"],
    );
}

/// A flag of several other kinds gets the line of this kind.
#[test]
fn flag_of_another_kind_shows_this_kind() {
    is_answered_with(
        "send audio --text Aviso --to 593987654321",
        "hint: to send this kind: jelouctl send audio --to NUMBER --media-url URL; to list its flags: jelouctl send \
         audio --help\n",
    );
    is_answered_with(
        "bulk send a.csv tex Ana",
        "hint: jelouctl bulk send LIST text 'Hola {{ nombre }}'\n",
    );
    let home = Home::new();
    home.run("bulk send a.csv tex")
        .fails(2, &["error: unknown kind `tex`\n"]);
    let of_raw = home.run("send raw --body no.json").fails(2, &["no.json"]);
    of_raw.stderr_lacks(&["hint: "]);
    home.run("send list --body no.json").fails(
        2,
        &["hint: to print an example body: jelouctl explain list --example\n"],
    );
    home.run("send text --body Hola").fails(
        2,
        &["hint: to send a text: jelouctl send text --to NUMBER 'TEXT'\n"],
    );
}

#[test]
fn wrong_flag_suggests_the_right_flag() {
    for (line, hint) in [
        (
            "run --on-failure --to 593987654321 -- false",
            "hint: to choose when to send: --on failure, or success or always\n",
        ),
        (
            "send text --to 593987654321 --at 10:00 Hola",
            "hint: messages are sent immediately; to send later, use cron or at\n",
        ),
        (
            "bulk report r --not-sent",
            "hint: to choose rows: --state failed, or sent, pending, skipped or unknown\n",
        ),
        (
            "send quick-reply --to 593987654321 --button Si",
            "hint: jelouctl send quick-reply --reply TITLE …\n",
        ),
        (
            "send template t --lang es --to 593987654321",
            "hint: jelouctl send template --language CODE …\n",
        ),
        (
            "send --lang es template t",
            "hint: jelouctl send template --language CODE …\n",
        ),
        (
            "send --once k text --to 593987654321 Hola",
            "hint: --once belongs here: jelouctl send text --once KEY …\n",
        ),
        (
            "send --to 593987654321 Hola",
            "hint: --to belongs here: jelouctl send text --to RECIPIENT …\n",
        ),
        (
            "--to 593987654321 send text Hola",
            "hint: --to belongs here: jelouctl send text --to RECIPIENT …\n",
        ),
        (
            "send text --to 593987654321 --message Ana",
            "hint: jelouctl send text --text TEXT …\n",
        ),
        (
            "send image --to 593987654321 --file a.jpg",
            "hint: jelouctl send image --media-url URL …\n",
        ),
        (
            "send text --to 593987654321 --image a.jpg",
            "hint: jelouctl send image --to NUMBER --media-url URL\n",
        ),
        (
            "send text --to 593987654321 --file a.pdf",
            "hint: to send the text in a file: --text-file FILE; to send the file itself: jelouctl send file --to NUMBER --media-url URL\n",
        ),
        (
            "messages list --from 2026-01-01",
            "hint: jelouctl messages list --since TIME …\n",
        ),
        (
            "bulk report --user x",
            "hint: jelouctl bulk find RECIPIENT\n",
        ),
        (
            "bulk resolve --user x",
            "hint: jelouctl bulk resolve --to RECIPIENT …\n",
        ),
        (
            "templates --lang es",
            "to list one template: jelouctl templates --query NAME",
        ),
        (
            "bulk deliveries --lang en",
            "jelouctl bulk report RUN --lang es",
        ),
        (
            "send text --to 593987654321 --lang es Ana",
            "hint: to set a template's language: jelouctl send template --to NUMBER NAME --language CODE --param 'VALUE'\n",
        ),
        (
            "send text --to 593987654321 --subject Aviso Ana",
            "a text has no subject",
        ),
        (
            "send text –to 593987654321 Hola",
            "hint: two hyphens begin a flag: jelouctl send text --to NUMBER 'TEXT'\n",
        ),
        (
            "send text -to 593987654321 Hola",
            "hint: jelouctl send text --to RECIPIENT …\n",
        ),
        (
            "-p send text --to 593987654321 Hola",
            "error: -p takes the word after it as its value: `send`\nhint: jelouctl --profile NAME send text --to NUMBER 'TEXT'\n",
        ),
        (
            "doctor --rate 5",
            "hint: --rate belongs here: jelouctl bulk send --rate RATE …\n",
        ),
        (
            "messages --to 593987654321",
            "hint: --to belongs here: jelouctl messages list --to RECIPIENT …\n",
        ),
        (
            "once --to 593987654321",
            "hint: --to belongs here: jelouctl once show --to RECIPIENT …\n",
        ),
        (
            "bulk resume r --limit 5",
            "hint: --limit belongs here: jelouctl bulk send --limit N …\n",
        ),
        (
            "flow-message mi_flujo",
            "jelouctl flow-message --to NUMBER --flow-name NAME",
        ),
        (
            "send text --to 593987654321 Hola --sandbo",
            "hint: jelouctl --sandbox …\n",
        ),
        (
            "send text --to 593987654321 -Hola",
            "hint: to send a text with a dash: -- '-5 % hoy'\n",
        ),
        ("once add k9 x1", "hint: jelouctl once add KEY --run RUN\n"),
        ("once show", "hint: to list the keys: jelouctl once list\n"),
        ("bulk find", "hint: jelouctl bulk find RECIPIENT\n"),
        (
            "profile remove",
            "hint: to list the profiles: jelouctl profile list\n",
        ),
        (
            "schema foo",
            "unknown value `foo`\nhint: to list the kinds: jelouctl explain\n",
        ),
        (
            "bulk send a.csv --delimiter ; text Hola",
            "hint: bulk send detects the delimiter: remove the flag\n",
        ),
        // Nothing is similar.
        (
            "send text --to 593987654321 --frobnicate Hola",
            "hint: to list the flags: jelouctl send text --help\n",
        ),
    ] {
        is_answered_with(line, hint);
    }
}

#[test]
fn wrong_first_list_command_gets_usable_hint() {
    const LIST: &str = "jelouctl bulk send LIST text 'Hola {{ nombre }}'";
    const JSON: &str = "to print one JSON object, also on failure: -o record";
    for (line, hint) in [
        ("bulk people.csv text Hola", LIST),
        ("bulk send people.csv", LIST),
        ("bulk send text a.csv Hola", LIST),
        (
            "bulk send foto a.csv",
            "hint: jelouctl bulk send LIST image --media-url URL\n",
        ),
        (
            "bulk send a.csv --preview text Hola",
            "hint: jelouctl bulk send LIST text 'Hola {{ nombre }}'\n",
        ),
        (
            "bulk send a.csv --language es template t",
            "hint: --language belongs here: jelouctl bulk send template --language CODE …\n",
        ),
        ("bulk send people.csv 'Hola {{ n }}'", LIST),
        (
            "bulk send a.csv b.csv text Hola",
            "hint: jelouctl bulk send LIST text 'Hola {{ nombre }}'\n",
        ),
        (
            "bulk send Citas mañana.csv text Hola",
            "hint: jelouctl bulk send LIST text 'Hola {{ nombre }}'\n",
        ),
        (
            "bulk send text",
            "hint: jelouctl bulk send LIST text 'Hola {{ nombre }}'\n",
        ),
        (
            "bulk send a.csv text --limit 2 Hola",
            "hint: --limit belongs here: jelouctl bulk send --limit N …\n",
        ),
        (
            "bulk send a.csv text Hola {{n}}",
            "hint: quote the text: jelouctl bulk send LIST text 'Hola {{ nombre }}'\n",
        ),
        ("bulk send a.csv --to tel text Hola", "--to-column COLUMN"),
        ("bulk preview a.csv", "--preview 3"),
        ("bulk kill r", "jelouctl bulk stop RUN"),
        ("bulk retry r", "jelouctl bulk resume RUN"),
        ("bulk watch r", "jelouctl bulk deliveries RUN --watch"),
        ("bulk prune", "jelouctl bulk remove --older-than 90d"),
        (
            "bulk report --run r",
            "pass the name of the run without a flag",
        ),
        (
            "bulk send a.csv --schedule 10:00 text Hola",
            "--between 'mon-fri 07:00-19:00'",
        ),
        (
            "bulk send a.csv --where x text Hola",
            "hint: to skip hidden rows: --hidden skip; to exclude recipients: --exclude FILE\n",
        ),
        (
            "bulk send a.csv --delay 5 text Hola",
            "hint: jelouctl bulk send --rate RATE …\n",
        ),
        (
            "bulk send a.csv --template t",
            "jelouctl bulk send LIST template NAME",
        ),
        ("bulk remov r", "hint: jelouctl bulk remove RUN\n"),
        // Flags of other tools.
        (
            "--json --sandbox send text --to 593987654321 Hola",
            "-o record",
        ),
        ("doctor --format json", JSON),
        (
            "send text --to 593987654321 --key k Hola",
            "hint: jelouctl send text --once KEY …\n",
        ),
        (
            "send text --to 593987654321 --retries 3 Hola",
            "--retry-for DURATION",
        ),
        (
            "send template t --to 593987654321 --image https://a.example/b",
            "--type image --media-url URL",
        ),
    ] {
        is_answered_with(line, hint);
    }
    let ended = Home::new()
        .run("send text --token canary Hola")
        .fails(2, &["other users can read secrets in arguments"]);
    assert!(!ended.stderr.contains("canary"), "{ended:?}");
    let ended = Home::new()
        .run("profile set x --client-secret abc")
        .fails(2, &["other users can read secrets in arguments"]);
    assert!(!ended.stderr.contains("abc"), "{ended:?}");
    let ended = Home::new()
        .run("send text --to 593987654321 --nonsense Hola")
        .fails(2, &["`--nonsense`"]);
    assert!(!ended.stderr.contains("as a value"), "{ended:?}");
    Home::new().run("-o json send text --to 1 a").fails(
        2,
        &[
            "--output: expected response, id, record or none, found `json`",
            JSON,
        ],
    );
    Home::new()
        .run("bulk send https://example.com/a.csv text a")
        .fails(2, &["a list is a file on this machine"]);
    Home::new()
        .run("bulk send . text a")
        .fails(2, &["failed to read .: it is a directory"]);
    Home::new()
        .run("bulk send a.csv --preview todo text a")
        .fails(
            2,
            &["error: --preview: expected 1 or more, or all, found `todo`\n"],
        );
    let several = "send text --sandbox --to 593987654321,593987654322 a";
    Home::new().run(several).fails(
        2,
        &[
            "`593987654321,593987654322` seems to be several numbers",
            "hint: pass each recipient on its own: --to 593987654321 --to 593987654322",
        ],
    );
}

#[test]
fn unambiguous_command_aliases_work() {
    let home = Home::new();
    for (typed, meant) in [
        ("bulk pause r", "bulk stop r"),
        ("bulk show r", "bulk status r"),
        ("bulk who 593987654321", "bulk find 593987654321"),
        ("-p delete bulk delete r", "-p delete bulk remove r"),
        ("profile delete x", "profile remove x"),
        ("once rm k --yes", "once remove k --yes"),
        ("messages status m", "messages get m"),
    ] {
        let (typed, meant) = (home.run(typed).end(), home.run(meant).end());
        assert_eq!(
            (typed.code, typed.stdout, typed.stderr),
            (meant.code, meant.stdout, meant.stderr)
        );
    }
    let help = |words: &str| home.run(words).success().stdout;
    assert_eq!(help("help"), help("--help"));
    assert_eq!(help("help send text"), help("send text --help"));
    assert_eq!(help("send help"), help("send --help"));
    home.run("help sned").fails(2, &["unknown command `sned`"]);
}

#[test]
fn country_flag_is_not_proposed_for_list_with_countries() {
    let home = Home::new();
    let fine = "Ana,Ecuador,0987654321\nBeto,Perú,987111222\n";
    for (rows, part) in [
        (
            "Caro,,0987654323\n",
            "line 4: celular: `0987654323` has no country code",
        ),
        (
            "Caro,,0987654323\n",
            "hint: write the country of the number in `pais` in line 4",
        ),
        (
            "Caro,,0987654323\nDora,,0987654324\n",
            "hint: write the countries of the local numbers in `pais`, first in line 4",
        ),
        (
            "Caro,Narnia,0987654323\n",
            "line 4: celular: pais: `Narnia` is not a country",
        ),
        (
            "Caro,,4771234567\n",
            "Ecuador 1, Peru 1 (line 3), Norway 1 (line 4)",
        ),
    ] {
        home.write("a.csv", format!("nombre,pais,celular\n{fine}{rows}"));
        let ended = home
            .run("--sandbox bulk send a.csv --dry-run text Hola")
            .end()
            .stderr_has(&[part]);
        assert!(!ended.stderr.contains("--country"), "{ended:?}");
    }
}

#[test]
fn local_numbers_are_not_proposed_for_skipping() {
    let home = Home::new();
    home.write("a.csv", "tel\n0987654321\n0987654322\n593987654323\n");
    let hint = "hint: to set the country of the local numbers: --country CODE";
    let ended = home
        .run("--sandbox bulk send a.csv text Hola")
        .fails(2, &["2 rows cannot be sent", hint]);
    assert!(!ended.stderr.contains("--skip-invalid"), "{ended:?}");
    home.write("a.csv", "tel\n0987654321\nx\n593987654323\n");
    home.run("--sandbox bulk send a.csv text Hola")
        .fails(2, &["2 rows cannot be sent", hint]);
    home.write("a.csv", "tel\n0987654321\n0987654322\n");
    home.run("--sandbox bulk send a.csv text Hola")
        .fails(2, &["no row can be sent", hint]);
    home.write("a.csv", "tel\nx\ny\n");
    home.run("--sandbox bulk send a.csv text Hola")
        .fails(2, &["error: no row can be sent\n"]);
    home.write("a.csv", "tel,pais\n0987654321,\n");
    home.run("--sandbox bulk send a.csv text Hola").fails(
        2,
        &[
            "no row can be sent",
            "hint: write the country of the number in `pais` in line 2",
        ],
    );
}

#[test]
fn local_number_after_the_limit_has_no_hint() {
    let home = Home::new();
    // Lines 2 and 3 are the same message, so jelouctl also reads line 6 for a limit of 2.
    let list = "tel\n593987654321\n593987654321\nx\n593987654322\n0987654323\n";
    home.write("a.csv", list);
    let send = |limit: u8| {
        let words = format!("--sandbox bulk send a.csv --limit {limit} text Hola");
        home.run(&words)
    };
    send(2).fails(
        2,
        &[
            "2 rows cannot be sent",
            "hint: to skip them: --skip-invalid",
        ],
    );
    send(3).fails(2, &["3 rows cannot be sent", "--country CODE"]);
}

#[test]
fn all_body_problems_are_reported_at_once() {
    let home = Home::new();
    home.write(
        "flow.json",
        r#"{"title": 5, "caption": [1], "texto": "hola", "parameters": {"flow_id": "1"}}"#,
    );
    home.run("--sandbox send flow --to 593987654321 --body flow.json")
        .fails(
            2,
            &[
                "title: is the number 5; a text is expected (set it with --title)",
                "caption: is a list; a text is expected (set it with --caption)",
                "  - text: is missing (set it with --text)",
                "texto: unknown field; did you mean `text`?",
                "parameters.flow_action_payload.screen: is missing (set it with --screen)",
            ],
        );
}

#[test]
fn unknown_fields_are_named_with_the_missing_ones() {
    let home = Home::new();
    let body = r#"{"text": "Hola", "buton": "Ver", "urls": "https://a.example", "foo": 1,
                   "parameters": {"display": "Ver"}}"#;
    home.run("--sandbox send cta-url --to 593987654321 --body")
        .args(&[body])
        .fails(
            2,
            &[
                "  - parameters.display_text: is missing (set it with --button)\n",
                "  - parameters.url: is missing (set it with --url)\n",
                "  - buton: unknown field\n",
                "  - urls: unknown field; did you mean `parameters.url`?\n",
                "  - foo: unknown field\n",
                "  - parameters.display: unknown field; did you mean `display_text`?\n",
            ],
        );
}

#[test]
fn body_is_a_file_or_inline_json() {
    let home = Home::new();
    home.write("text.json", r#"{"text": "Hola"}"#);
    for body in [
        "text.json",
        "@text.json",
        r#"{"text": "Hola"}"#,
        " {\"text\": \"Hola\"}",
    ] {
        home.run("--sandbox send text --to 593987654321 --body")
            .args(&[body])
            .success()
            .stderr_has(&["│ Hola"]);
    }
    home.write("people.csv", "telefono,nombre\n593987654321,Ana\n");
    let row = home.run(
        r#"--sandbox bulk send people.csv --preview 1 text --body '{"text": "Hola {{ nombre }}"}'"#,
    );
    assert!(row.success().stdout.contains("Hola Ana"));
    home.write("empty.json", "");
    home.run("--sandbox send raw --to 593987654321 --body empty.json")
        .fails(2, &["empty.json is empty; JSON is needed"]);
    home.run("--sandbox send text --to 593987654321 --body {text")
        .fails(2, &["its value is not valid JSON"]);
}

#[test]
fn api_url_without_a_secret_is_shown() {
    for (url, told) in [
        (
            "localhost:8080",
            "not a URL: it has no scheme such as https://",
        ),
        (
            "http://api.example.com",
            "`http://api.example.com` would get",
        ),
    ] {
        let told = format!("error: --api-url: {told}");
        Home::new()
            .run(&format!("send text --to 593987654321 Hola --api-url {url}"))
            .fails(2, &[&told]);
    }
}

#[test]
fn idempotent_flag_may_be_repeated() {
    Home::new()
        .run("-v send text --to 593987654321 -v -v Hola --sandbox")
        .success();
    Home::new()
        .run("send text --to 593987654321 -vq Hola --sandbox")
        .fails(2, &["--quiet"]);
}

#[test]
fn whitespace_is_not_a_text() {
    let server = Server::expect_no_requests();
    for text in [" ", "\t\n", "\u{a0}\u{2003}"] {
        let words = ["send", "text", "--to", "593987654321", text];
        Home::new()
            .run_args(&words)
            .api(&server.url)
            .fails(2, &["text: has only white space"]);
    }
    // Placeholders from hints and from a run's page, which users must replace.
    let home = Home::new();
    home.run("send text --to 593987654321 …")
        .api(&server.url)
        .fails(
            2,
            &["text: is `…`, the placeholder for your message in a hint"],
        );
}

#[test]
fn contact_phone_without_country_code_is_warned_about() {
    let server = Server::answering(Reply::accepted());
    let home = Home::new();
    let card = "send contacts --to 593987654321 --name A --strict --phone";
    let send = |phone: &str| home.run(card).args(&[phone]).api(&server.url);
    for phone in [
        "0987654321",
        "(51) 98765-4321",
        "call me",
        "123",
        "022",
        "+593 98 765",
    ] {
        send(phone).fails(2, &["contacts[0].phones[0].phone: "]);
    }
    send("+593987654321").success();
}

#[test]
fn contact_of_wrong_shape_is_refused() {
    let told = [
        "--contact: its value is not valid JSON",
        "write an object as '{",
    ];
    refused(
        "send contacts --to 593987654321 --contact 'Juan Pérez'",
        &told,
    );
    let told = ["--email: `juan` has no @"];
    refused(
        "send contacts --to 593987654321 --name Juan --email juan",
        &told,
    );
}

#[test]
fn failed_command_prints_one_record() {
    let home = Home::new();
    for line in [
        "bulk status nope",
        "bulk report nope",
        "bulk send nope.csv text Hola",
        "bulk find x",
        "once show k",
        "templates",
        "messages list",
        "messages get x",
        "profile use nope",
        "ledger setup",
        "explain nope",
    ] {
        let ended = home.run(line).args(&["-o", "record"]).end();
        assert_ne!(ended.code, 0, "{line}");
        let record = ended.json();
        assert_eq!(record["schema_version"], 2, "{line}");
        assert_eq!(record["exit_code"], ended.code, "{line}");
        let message = record["error"]["message"].as_str().unwrap();
        assert!(ended.stderr.contains(message), "{line}: {ended:?}");
    }
    let ended = home.run("profile list -o record").success();
    assert_eq!(ended.json()["profiles"], json!([]));
    let ended = home
        .run("profile set p --bot 1 --client-id 2 -o record")
        .success();
    assert_eq!(
        ended.json(),
        json!({"schema_version": 2, "command": "profile set", "exit_code": 0, "retry": "never", "error": null})
    );
    // A listing prints one object on each line, and `run` prints only the output of its command.
    assert_eq!(home.run("bulk list -o record").success().stdout, "");
    assert_eq!(home.run("run -o record -- true").end().stdout, "");
    let ended = home
        .run("send text --to 593987654321 --dry-run -o record")
        .end();
    let record = ended.json();
    assert_eq!(
        (&record["to"], &record["dry_run"]),
        (&json!("593987654321"), &json!(true))
    );
}

#[test]
fn body_of_another_kind_suggests_its_command() {
    let home = Home::new();
    let bodies = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bodies");
    for (command, body, kind) in [
        ("send flow", "flow-message.en", "flow-message"),
        ("send text", "flow", "send flow"),
        ("flow-message", "flow", "send flow"),
        ("send image", "video", "send video"),
        ("send text", "template", "send template"),
        ("send list", "quick-reply", "send quick-reply"),
    ] {
        let hint = format!("jelouctl {kind} --to NUMBER --body FILE");
        home.run("--sandbox")
            .args(&command.split(' ').collect::<Vec<_>>())
            .args(&[
                "--to",
                "593987654321",
                "--body",
                &format!("{bodies}/{body}.json"),
            ])
            .fails(2, &[&hint]);
    }
    home.write(
        "list.csv",
        "to,nombre\n593987654321,Ana\n593987654322,Luz\n",
    );
    let flow_message = r#"{"text":"a","title":"b","caption":"c","parameters":{"flow_name":"f"}}"#;
    for (kind, body, other) in [
        ("text", r#"{"elementName":"a","language":"es"}"#, "template"),
        ("flow", flow_message, "flow-message"),
        (
            "image",
            r#"{"type":"text","text":"a","options":[]}"#,
            "list",
        ),
        (
            "quick-reply",
            r#"{"type":"video","mediaUrl":"https://a.example/1"}"#,
            "video",
        ),
    ] {
        let hint =
            format!("hint: for a body of {other}: jelouctl bulk send LIST {other} --body FILE\n");
        home.dry_run_list(&["list.csv", kind, "--body", body])
            .fails(2, &[&hint]);
    }
    home.dry_run_list(&["list.csv", "text", "--body", r#"{"type":"odd","text":"a"}"#])
        .fails(
            2,
            &[
                "the body has type \"odd\"",
                "jelouctl bulk send LIST raw --body FILE\n",
            ],
        );
    // A type with a column is checked in each row.
    home.dry_run_list(&[
        "list.csv",
        "text",
        "--body",
        r#"{"type":"{{ nombre }}","text":"a"}"#,
    ])
    .fails(
        2,
        &[
            "line 2: the body has type \"Ana\"",
            "error: no row can be sent\n",
        ],
    );
    // A text with more fields stays a text.
    home.dry_run_list(&["list.csv", "text", "--body", flow_message])
        .success();
    for (body, hint) in [
        (
            r#"{"text":"a","parameters":{"flow_name":"f"}}"#,
            "for a body of flow-message: jelouctl flow-message --to NUMBER --body FILE\n",
        ),
        (
            r#"{"text":"a","options":[]}"#,
            "for a body of list: add \"type\": \"text\" to it\n",
        ),
        (
            r#"{"text":"a"}"#,
            "to list the kinds, each with its `type`: jelouctl explain",
        ),
    ] {
        home.run("--sandbox --dry-run run --to 593987654321")
            .args(&["--body", body, "--", "true"])
            .fails(2, &["the kind of the message is unclear", hint]);
    }
    home.run("--sandbox send text --to 593987654321")
        .stdin(r#"{"text": "Hola"}"#)
        .fails(
            2,
            &["to read the text from standard input: --text-file -; to read the body: --body -"],
        );
}

#[test]
fn variable_that_is_nearly_ours_is_warned_about() {
    let ended = Home::new()
        .run("--sandbox send text --to 593987654321 Hola")
        .env("JELOU_BOT", "77")
        .env("JELOU_SECRET", "canary")
        .env("JELOU_BOT_SERVICE_HOST", "10.0.0.1")
        .success();
    for told in [
        "unknown variable JELOU_BOT: did you mean JELOU_BOT_ID?",
        "unknown variable JELOU_SECRET: did you mean JELOU_CLIENT_SECRET?",
    ] {
        assert!(ended.stderr.contains(told), "{ended:?}");
    }
    assert!(
        !ended.stderr.contains("SERVICE") && !ended.stderr.contains("canary"),
        "{ended:?}"
    );
}

/// A script with an unset variable sends such texts.
#[test]
fn text_without_value_is_reported() {
    let home = Home::new();
    home.write("people.csv", "to\n593987654321\n");
    let to = ["--to", "593987654321", "--dry-run"];
    let send = |words: &[&str]| home.run_args(&[&["--sandbox"], words].concat());
    for text in ["NULL", "undefined", "#N/A", "Err:502", " NULL\n"] {
        let meaning = if ["#N/A", "Err:502"].contains(&text) {
            "is a spreadsheet error"
        } else {
            "means no value"
        };
        let told = format!("`{}` {meaning} and would be sent", text.trim());
        let single = [&["send", "text"][..], &to, &[text]].concat();
        let template = [
            &["send", "template", "t", "--language", "es", "--param", text][..],
            &to,
        ]
        .concat();
        let list = ["bulk", "send", "people.csv", "--dry-run", "text", text];
        let notification = [&["run", "--text", text][..], &to, &["--"], &SUCCEEDS].concat();
        for (words, path) in [
            (&single[..], "text"),
            (&template, "parameters[0]"),
            (&list, "text"),
            (&notification, "text"),
        ] {
            let ended = send(words).success();
            let warning = format!("warning: {path}: {told}");
            assert!(ended.stderr.contains(&warning), "{words:?}: {ended:?}");
        }
        for words in [&single[..], &template, &list] {
            send(&[words, &["--strict"]].concat()).fails(2, &[&told]);
        }
    }
    for text in [
        "El valor es NULL",
        "Null",
        "[object Object]",
        "NaN",
        "fix: `\\n` and {name} in <name>, [name]",
        "C:\\nuevo\\notas.txt",
        "S/N",
        "N. A. Díaz",
        "Error",
        "#1",
    ] {
        let ended = send(&[&["send", "text", "--strict"][..], &to, &[text]].concat()).success();
        assert!(!ended.stderr.contains("warning"), "{text}: {ended:?}");
    }
    let unclosed = [&["send", "text"][..], &to, &["Hola {% if x %}"]].concat();
    let ended = send(&unclosed).success();
    let warning = "text: {% if x %} is sent unchanged: only `bulk send` fills in columns";
    assert!(ended.stderr.contains(warning), "{ended:?}");
}
