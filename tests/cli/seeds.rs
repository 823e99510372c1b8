//! Every example request of Jelou's documents, with a number and a flow instead of the placeholders. Each is produced
//! from flags and from a file, and compared as a server gets it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::harness::{Home, fixture, fixture_path};
use crate::server::{Reply, Server};

pub(crate) const MESSAGES: &str = "POST /v1/bots/BOT-ID/messages HTTP/1.1";
const FLOW_MESSAGE: &str = "POST /v1/bots/BOT-ID/users/593987654321/flow_message HTTP/1.1";

/// Checks that the words send `fixture` to `line`, and that the fixture as a file does the same.
pub(crate) fn produces(command: &[&str], flags: &[&str], line: &str, name: &str, answer: &str) {
    let expected = fixture(&format!("bodies/{name}"));
    let to: &[&str] = if line == MESSAGES {
        &["--to", "593987654320"]
    } else {
        &["--to", "593987654321"]
    };
    let path = fixture_path(&format!("bodies/{name}"));
    // A file that names its recipient needs no --to.
    let file_to: &[&str] = if line == FLOW_MESSAGE { to } else { &[] };
    let file = [&["--body", path.to_str().unwrap()], file_to].concat();
    for arguments in [[flags, to].concat(), file] {
        let server = Server::answering(Reply::json(200, answer));
        let ended = Home::new()
            .run_args(command)
            .args(&arguments)
            .api(&server.url)
            .success();
        assert_eq!(ended.json(), serde_json::from_str::<Value>(answer).unwrap());
        assert_eq!(ended.stderr, "");
        let received = server.only();
        assert_eq!(received.line, line);
        assert_eq!(received.json(), expected, "{arguments:?}");
        assert_eq!(received.headers["content-type"], "application/json");
        // printf %s 'id:canary-secret-of-the-tests' | base64
        assert_eq!(
            received.headers["authorization"],
            "Basic aWQ6Y2FuYXJ5LXNlY3JldC1vZi10aGUtdGVzdHM="
        );
    }
}

pub(crate) const ACCEPTED: &str = r#"{"success":true,"messageId":"msg_123456789"}"#;

#[test]
fn flow() {
    let flags = [
        ["--title", "Hola"],
        ["--text", "Completa este flujo para comenzar"],
        ["--caption", "Jelou"],
        ["--flow-id", "1058932467194"],
        ["--cta", "Iniciar Flujo"],
        ["--flow-name", "Flujo de Bienvenida"],
        ["--screen", "RECOMMEND"],
        ["--mode", "draft"],
    ];
    produces(
        &["send", "flow"],
        flags.as_flattened(),
        MESSAGES,
        "flow.json",
        ACCEPTED,
    );
}

#[test]
fn contacts() {
    let contact = fixture("bodies/contacts.json")["contacts"][0].to_string();
    produces(
        &["send", "contacts"],
        &["--contact", &contact],
        MESSAGES,
        "contacts.json",
        ACCEPTED,
    );
}

#[test]
fn text() {
    produces(
        &["send", "text"],
        &["Hello, this is a text message"],
        MESSAGES,
        "text.json",
        ACCEPTED,
    );
}

#[test]
fn call() {
    let flags = [
        "--header",
        "Need Help?",
        "--text",
        "Click the button to speak with an agent",
        "--button",
        "Call Support",
    ];
    produces(&["send", "call"], &flags, MESSAGES, "call.json", ACCEPTED);
}

#[test]
fn flow_message_in_english() {
    let flags = [
        ["--title", "Hello"],
        ["--text", "Complete this flow to get started"],
        ["--caption", "Jelou"],
        ["--flow-name", "welcome_flow"],
        ["--cta", "Start Flow"],
        ["--screen", "RECOMMEND"],
    ];
    produces(
        &["flow-message"],
        flags.as_flattened(),
        FLOW_MESSAGE,
        "flow-message.en.json",
        "{}",
    );
}

#[test]
fn flow_message_in_portuguese() {
    let flags = [
        ["--title", "Olá"],
        ["--text", "Complete este fluxo para começar"],
        ["--caption", "Jelou"],
        ["--flow-name", "fluxo_de_boas_vindas"],
        ["--cta", "Iniciar Fluxo"],
        ["--action-payload", r#"{"screen": "RECOMMEND"}"#],
    ];
    produces(
        &["flow-message"],
        flags.as_flattened(),
        FLOW_MESSAGE,
        "flow-message.pt.json",
        "{}",
    );
}

/// The fixtures of messages, each with the words that send it.
pub(crate) const BODIES: [(&str, &str); 20] = [
    ("send text", "text.json"),
    ("send list", "list.json"),
    ("send quick-reply", "quick-reply.json"),
    ("send image", "image.json"),
    ("send audio", "audio.json"),
    ("send video", "video.json"),
    ("send file", "file.json"),
    ("send sticker", "sticker.json"),
    ("send location", "location.json"),
    ("send location-request", "location-request.json"),
    ("send contact-info-request", "contact-info-request.json"),
    ("send contacts", "contacts.json"),
    ("send cta-url", "cta-url.json"),
    ("send call", "call.json"),
    ("send flow", "flow.json"),
    ("send carousel", "carousel.json"),
    ("send template", "template.json"),
    ("send template", "template-by-id.json"),
    ("flow-message --to 593987654321", "flow-message.en.json"),
    ("flow-message --to 593987654321", "flow-message.pt.json"),
];

#[test]
fn every_fixture_is_used() {
    let files = std::fs::read_dir(fixture_path("bodies")).unwrap().count();
    assert_eq!(files, BODIES.len());
}

#[test]
fn raw_sends_every_fixture_unchanged() {
    for (_, name) in BODIES
        .iter()
        .filter(|(_, name)| fixture(&format!("bodies/{name}")).get("userId").is_some())
    {
        let server = Server::answering(Reply::accepted());
        let path = fixture_path(&format!("bodies/{name}"));
        Home::new()
            .run("send raw --body")
            .args(&[path.to_str().unwrap()])
            .api(&server.url)
            .success();
        assert_eq!(server.only().json(), fixture(&format!("bodies/{name}")));
    }
}

#[test]
fn sandbox_accepts_every_fixture_without_warnings() {
    for (command, name) in BODIES {
        let path = fixture_path(&format!("bodies/{name}"));
        let ended = Home::new()
            .run(command)
            .args(&["--sandbox", "--strict", "--body", path.to_str().unwrap()])
            .success();
        assert!(
            ended.stderr.contains("nothing was sent to Jelou"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn flow_message_type_is_query_and_payload_body() {
    let server = Server::answering(Reply::json(200, "{}"));
    let path = fixture_path("bodies/flow-message.en.json");
    let body = path.to_str().unwrap();
    Home::new()
        .run("flow-message --to 593987654321 --type new&x=1 --payload")
        .args(&[r#"{"order": 7}"#, "--body", body])
        .api(&server.url)
        .success();
    let received = server.only();
    assert_eq!(
        received.line,
        "POST /v1/bots/BOT-ID/users/593987654321/flow_message?type=new%26x%3D1 HTTP/1.1"
    );
    assert_eq!(received.json()["payload"], json!({"order": 7}));
}

#[test]
fn flow_message_recipient_is_moved_to_the_path() {
    let home = Home::new();
    let mut body = fixture("bodies/flow-message.en.json");
    body["userId"] = json!("593987654321");
    home.write("body.json", body.to_string());
    let server = Server::answering(Reply::json(200, "{}"));
    home.run("flow-message --body body.json")
        .api(&server.url)
        .success();
    let received = server.only();
    assert_eq!(received.line, FLOW_MESSAGE);
    assert_eq!(received.json(), fixture("bodies/flow-message.en.json"));
}

#[test]
fn bot_and_recipient_are_single_path_segments() {
    let server = Server::answering(Reply::json(200, "{}"));
    let path = fixture_path("bodies/flow-message.en.json");
    let body = path.to_str().unwrap();
    let arguments = [
        "flow-message",
        "--to",
        "id:a/b?c#%2e ñ",
        "--bot",
        "x/../y",
        "--body",
        body,
    ];
    Home::new().run_args(&arguments).api(&server.url).success();
    assert_eq!(
        server.only().line,
        "POST /v1/bots/x%2F..%2Fy/users/a%2Fb%3Fc%23%252e%20%C3%B1/flow_message HTTP/1.1"
    );
}

#[test]
fn api_url_path_is_kept_as_prefix() {
    let server = Server::answering(Reply::accepted());
    let url = format!("{}/gateway/", server.url);
    Home::new()
        .run("send text --to 593987654321 Hola")
        .api(&url)
        .success();
    assert_eq!(
        server.only().line,
        "POST /gateway/v1/bots/BOT-ID/messages HTTP/1.1"
    );
}

#[test]
fn ids_and_secrets_are_signed_as_utf_8() {
    for (id, secret) in [
        ("mi id", "a:b:c"),
        ("ñandú", "contraseña"),
        ("id", "p@ss\"'$`\\ word"),
    ] {
        let server = Server::answering(Reply::accepted());
        let run = Home::new();
        let run = run.run("send text --to 593987654321 Hola").api(&server.url);
        run.env("JELOU_CLIENT_ID", id)
            .env("JELOU_CLIENT_SECRET", secret)
            .success();
        let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")));
        assert_eq!(server.only().headers["authorization"], expected);
    }
}

#[test]
fn flags_override_file_and_defaults_fill_gaps() {
    let home = Home::new();
    let body = json!({
        "type": "flow", "title": "t", "text": "x", "caption": "c", "userId": "1", "new": {"deep": true},
        "parameters": {"flow_id": "1", "flow_cta": "Go", "flow_name": "n", "mode": "draft", "flow_action": "data_exchange",
            "flow_action_payload": {"screen": "A", "data": {"k": [1]}}, "other": 7},
    });
    home.write("flow.json", body.to_string());
    let server = Server::answering(Reply::accepted());
    let ended = home
        .run("send flow --body flow.json --to 593987654321 --title T --screen B --cta Ya")
        .api(&server.url)
        .success();
    assert_eq!(
        server.only().json(),
        json!({
            "type": "flow", "userId": "593987654321", "title": "T", "text": "x", "caption": "c", "new": {"deep": true},
            "parameters": {"flow_id": "1", "flow_cta": "Ya", "flow_name": "n", "mode": "draft", "flow_action": "data_exchange",
                "flow_message_version": "3", "flow_action_payload": {"screen": "B", "data": {"k": [1]}}, "other": 7},
        })
    );
    assert!(
        ended
            .stderr
            .contains("warning: new: unknown field, sent unchanged"),
        "{}",
        ended.stderr
    );
    assert!(
        ended
            .stderr
            .contains("warning: parameters.other: unknown field"),
        "{}",
        ended.stderr
    );
}

#[test]
fn contact_flags_produce_parts_and_whatsapp_id() {
    let server = Server::answering(Reply::accepted());
    let phones = [
        "--phone",
        "593987654322",
        "--phone",
        "+593 98 765 4323",
        "--phone",
        "022-555",
        "--phone",
        "4771234567",
    ];
    let flags = ["--name", "Juan Pérez", "--email", "j@example.com"];
    Home::new()
        .run("send contacts --to 593987654321")
        .args(&flags)
        .args(&phones)
        .api(&server.url)
        .success();
    assert_eq!(
        server.only().json()["contacts"],
        json!([{
            "name": {"formatted_name": "Juan Pérez", "first_name": "Juan", "last_name": "Pérez"},
            "phones": [
                {"phone": "+593987654322", "type": "Mobile", "wa_id": "593987654322"},
                {"phone": "+593987654323", "type": "Mobile", "wa_id": "593987654323"},
                {"phone": "022-555", "type": "Mobile"},
                // A number of Norway, or of Mexico without its country code.
                {"phone": "4771234567", "type": "Mobile"},
            ],
            "emails": [{"email": "j@example.com", "type": "Work"}],
        }])
    );
}

#[test]
fn contacts_are_read_from_vcards_and_json() {
    let home = Home::new();
    home.write("two.vcf", "BEGIN:VCARD\nVERSION:4.0\nFN:Ana Ríos\nTEL;TYPE=cell:+593987654322\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nN:Bo;;;;\nFN:Bo\nEND:VCARD\n");
    home.write(
        "one.json",
        r#"{"name": {"formatted_name": "C D", "first_name": "C"}}"#,
    );
    home.write(
        "many.json",
        r#"[{"name": {"formatted_name": "E", "last_name": "E"}}, {"name": {"formatted_name": "F", "last_name": "F"}}]"#,
    );
    let names = |server: &Server| {
        let body = server.only().json();
        let names = body["contacts"].as_array().unwrap().iter().map(|contact| {
            contact["name"]["formatted_name"]
                .as_str()
                .unwrap()
                .to_owned()
        });
        names.collect::<Vec<_>>()
    };
    let server = Server::answering(Reply::accepted());
    home.run("send contacts --to 593987654321 --vcard two.vcf")
        .api(&server.url)
        .success();
    assert_eq!(names(&server), ["Ana Ríos", "Bo"]);
    let server = Server::answering(Reply::accepted());
    home.run("send contacts --to 593987654321 --contact @one.json --contact @many.json")
        .api(&server.url)
        .success();
    assert_eq!(names(&server), ["C D", "E", "F"]);
    let server = Server::answering(Reply::accepted());
    home.run("send contacts --to 593987654321 --contact @-")
        .stdin(home.read("one.json"))
        .api(&server.url)
        .success();
    assert_eq!(names(&server), ["C D"]);
}

#[test]
fn vcards_of_other_programs_are_read() {
    let home = Home::new();
    home.write(
        "outlook.vcf",
        b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;LANGUAGE=es:N\xfa\xf1ez;Jos\xe9\r\nFN:Jos\xe9 N\xfa\xf1ez\r\n\
          TEL;CELL:+593987654322\r\nTEL;WORK;FAX:+59322345678\r\nEND:VCARD\r\n",
    );
    home.write(
        "mac.vcf",
        "BEGIN:VCARD\rVERSION:3.0\rFN:José Núñez\rTEL;waid=5215512340003:+52 55 1234 0003\rEND:VCARD\r",
    );
    let wide =
        "\u{feff}BEGIN:VCARD\r\nVERSION:3.0\r\nFN:José Núñez\r\nTEL:+593987654322\r\nEND:VCARD\r\n";
    let wide: Vec<u8> = wide.encode_utf16().flat_map(u16::to_le_bytes).collect();
    home.write("wide.vcf", wide);
    for (file, phones) in [
        (
            "outlook.vcf",
            json!([
                {"phone": "+593987654322", "type": "Mobile", "wa_id": "593987654322"},
                {"phone": "+59322345678", "type": "Fax"},
            ]),
        ),
        (
            "mac.vcf",
            json!([{"phone": "+525512340003", "wa_id": "5215512340003"}]),
        ),
        (
            "wide.vcf",
            json!([{"phone": "+593987654322", "wa_id": "593987654322"}]),
        ),
    ] {
        let server = Server::answering(Reply::accepted());
        home.run(&format!(
            "send contacts --to 593987654321 --country MX --vcard {file}"
        ))
        .api(&server.url)
        .success();
        let contact = &server.only().json()["contacts"][0];
        assert_eq!(contact["name"]["formatted_name"], "José Núñez", "{file}");
        assert_eq!(contact["phones"], phones, "{file}");
    }
}

#[test]
fn vcard_without_readable_numbers_is_warned_about() {
    let home = Home::new();
    home.write(
        "lost.vcf",
        "BEGIN:VCARD\nVERSION:4.0\nFN:Rita Sol\nPHONE.WORK:+593987654312\nEND:VCARD\n",
    );
    home.write("people.csv", "to\n593987654321\n");
    let told = "--vcard: card 1 (`Rita Sol`) has no phone: the line `PHONE.WORK:+593987654312` was skipped";
    for command in [
        "--sandbox --dry-run send contacts --to 593987654321 --vcard lost.vcf",
        "--sandbox --dry-run bulk send people.csv contacts --vcard lost.vcf",
    ] {
        home.run(command).success().stderr_has(&["warning: ", told]);
        home.run(&format!("{command} --strict")).fails(2, &[told]);
    }
}

/// PowerShell 5 writes UTF-16 with a byte order mark, and Windows programs write UTF-8 with one.
#[test]
fn texts_with_byte_order_mark_are_read() {
    let home = Home::new();
    let encoded = |text: &str| -> [Vec<u8>; 3] {
        let marked = format!("\u{feff}{text}");
        [
            marked.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            marked.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            marked.into_bytes(),
        ]
    };
    let bodies = encoded("{\"text\":\"Mañana 😀\"}\r\n");
    let texts = encoded("Mañana 😀\r\n");
    for (body, text) in bodies.into_iter().zip(texts) {
        home.write("body.json", &body);
        home.write("text.txt", &text);
        for (words, input) in [
            ("--body body.json", None),
            ("--body -", Some(&body)),
            ("--text-file text.txt", None),
            ("--text-file -", Some(&text)),
        ] {
            let server = Server::answering(Reply::accepted());
            let words = format!("send text --to 593987654321 {words}");
            let run = home.run(&words).api(&server.url);
            match input {
                Some(input) => run.stdin(input.clone()).success(),
                None => run.success(),
            };
            assert_eq!(server.only().json()["text"], "Mañana 😀", "{words}");
        }
    }
    home.write("cut.txt", b"\xff\xfea\0\n\0b");
    home.run("send text --to 593987654321 --text-file cut.txt")
        .fails(
            2,
            &[
                "--text-file: cut.txt is not UTF-16LE at line 2",
                "save the file as UTF-8",
            ],
        );
}
