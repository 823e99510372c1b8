//! Every kind of message that Jelou's documents show no request for: its request, from flags and from a file.

use serde_json::json;

use crate::harness::{Home, fixture_path, split_words};
use crate::listening::KINDS;
use crate::seeds::{ACCEPTED, MESSAGES, produces};
use crate::server::{Reply, Server};

/// The flags of each kind that produce its fixture.
const FLAGS: [(&str, &[[&str; 2]]); 13] = [
    (
        "list",
        &[
            ["--text", "What do you need?"],
            ["--title", "Menu"],
            ["--button", "Options"],
            ["--option", "sales=Sales|Prices and orders"],
            ["--option", "Support"],
        ],
    ),
    (
        "quick-reply",
        &[
            ["--text", "Shall we deliver today?"],
            ["--title", "Delivery"],
            ["--reply", "Yes"],
            ["--reply", "Tomorrow"],
            ["--reply", "No"],
        ],
    ),
    (
        "image",
        &[
            ["--media-url", "https://example.com/image.jpg"],
            ["--text", "Check out this image"],
        ],
    ),
    (
        "image",
        &[
            ["--url", "https://example.com/image.jpg"],
            ["--caption", "Check out this image"],
        ],
    ),
    ("audio", &[["--media-url", "https://example.com/audio.mp3"]]),
    (
        "video",
        &[
            ["--media-url", "https://example.com/video.mp4"],
            ["--text", "How it works"],
        ],
    ),
    (
        "file",
        &[
            ["--media-url", "https://example.com/invoice.pdf"],
            ["--text", "Your invoice"],
            ["--filename", "invoice.pdf"],
        ],
    ),
    (
        "sticker",
        &[["--media-url", "https://example.com/sticker.webp"]],
    ),
    (
        "location",
        &[
            ["--lat", "-0.1806532"],
            ["--long", "-78.4678382"],
            ["--name", "Quito"],
            ["--address", "Plaza Grande"],
        ],
    ),
    ("location-request", &[["--text", "Where shall we deliver?"]]),
    (
        "contact-info-request",
        &[["--text", "Which number may we call?"]],
    ),
    (
        "cta-url",
        &[
            ["--text", "Your order is on its way"],
            ["--title", "Order 7"],
            ["--caption", "Jelou"],
            ["--url", "https://example.com/orders/7"],
            ["--label", "Follow it"],
        ],
    ),
    (
        "carousel",
        &[
            ["--text", "Check out our latest offers"],
            ["--card", LINK],
            ["--card", REPLIES],
        ],
    ),
];

const LINK: &str = r#"{"type": "cta_url", "header": {"type": "image", "image": {"link": "https://example.com/image1.png"}},
    "body": {"text": "Exclusive deal #1"},
    "action": {"name": "cta_url", "parameters": {"display_text": "Shop now", "url": "https://shop.example.com/deal1"}}}"#;
const REPLIES: &str = r#"[{"header": {"type": "video", "video": {"link": "https://example.com/video2.mp4"}},
    "body": {"text": "Exclusive deal #2"},
    "action": {"buttons": [{"type": "quick_reply", "quick_reply": {"title": "I want it", "payload": "deal2", "id": "d2"}}]}}]"#;

#[test]
fn flags_build_a_message_of_each_kind() {
    for (kind, flags) in FLAGS {
        produces(
            &["send", kind],
            flags.as_flattened(),
            MESSAGES,
            &format!("{kind}.json"),
            ACCEPTED,
        );
    }
}

const TEMPLATE: &str = "POST /v2/whatsapp/BOT-ID/hsm HTTP/1.1";
const TEMPLATE_ACCEPTED: &str =
    r#"[{"id":"09d0fc2b-59d9-4149-9543-adfa92586615","destination":"593987654321"}]"#;

#[test]
fn template() {
    let flags = [
        &["order_shipped"][..],
        &["--language", "en"],
        &["--type", "document"],
        &["--param", "Ana"],
        &["--param", "A-1042"],
        &["--header-param", "Order"],
        &[
            "--button-param",
            r#"{"type": "URL", "payload": {}, "param": "A-1042"}"#,
        ],
        &["--media-url", "https://example.com/invoice.pdf"],
        &["--filename", "invoice.pdf"],
        &["--campaign", "7"],
    ];
    produces(
        &["send", "template"],
        &flags.concat(),
        TEMPLATE,
        "template.json",
        TEMPLATE_ACCEPTED,
    );
}

const BY_ID: [&str; 6] = [
    "--template-id",
    "39",
    "--param",
    "name=Ana",
    "--param",
    "order=A-1042",
];

#[test]
fn template_by_id() {
    produces(
        &["send", "template"],
        &BY_ID,
        MESSAGES,
        "template-by-id.json",
        ACCEPTED,
    );
}

#[test]
fn campaign_template_uses_the_campaigns_endpoint() {
    let path = fixture_path("bodies/template-by-id.json");
    let file = ["--body", path.to_str().unwrap()];
    for flags in [&BY_ID[..], &file] {
        let server = Server::answering(Reply::accepted());
        let run = Home::new();
        let run = run
            .run("send template --to id:U1 --campaign a/7")
            .args(flags)
            .api(&server.url);
        run.success();
        let received = server.only();
        assert_eq!(
            received.line,
            "POST /v1/bots/BOT-ID/campaigns/a%2F7/template-messages HTTP/1.1"
        );
        let mut expected = crate::harness::fixture("bodies/template-by-id.json");
        expected["userId"] = json!("U1");
        assert_eq!(received.json(), expected);
    }
}

#[test]
fn template_response_id_belongs_to_its_destination() {
    for (answer, code, id) in [
        (
            json!([{"id": "a", "destination": "593987654321"}]),
            0,
            "a\n",
        ),
        (json!([{"id": "a", "destination": "593987654322"}]), 8, ""),
        (
            json!([{"destination": "593987654321", "error": {"code": "132001"}}]),
            5,
            "",
        ),
    ] {
        let server = Server::start(vec![
            Reply::json(200, &answer.to_string()),
            Reply::json(200, "{}"),
        ]);
        let ended = Home::new()
            .run("send template x --to 593987654321 --output id")
            .api(&server.url)
            .end();
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (code, id),
            "{answer}: {}",
            ended.stderr
        );
    }
}

#[test]
fn either_number_form_matches_the_template_destination() {
    for (to, answered, code) in [
        ("525512345678", "5215512345678", 0),
        ("5215512345678", "525512345678", 0),
        ("541123456789", "5491123456789", 0),
        ("5511987654321", "551187654321", 0),
        ("525512345678", "5215512345679", 8),
    ] {
        let server = Server::answering(Reply::json(
            200,
            &json!([{"id": "u1", "destination": answered}]).to_string(),
        ));
        let ended = Home::new()
            .run(&format!("send template x --to {to} --output id"))
            .api(&server.url)
            .end();
        assert_eq!(
            (ended.code, ended.stdout == "u1\n"),
            (code, code == 0),
            "{to} {answered}: {ended:?}"
        );
    }
}

#[test]
fn text_with_options_becomes_a_list() {
    let path = fixture_path("bodies/list.json");
    let server = Server::answering(Reply::accepted());
    let run = Home::new();
    run.run("send text --body")
        .args(&[path.to_str().unwrap()])
        .api(&server.url)
        .success();
    assert_eq!(
        server.only().json(),
        crate::harness::fixture("bodies/list.json")
    );
    let home = Home::new();
    home.write(
        "eleven.json",
        json!({"text": "a", "options": vec![json!({"title": "a"}); 11]}).to_string(),
    );
    home.run("send text --to 593987654321 --body eleven.json")
        .api(&server.url)
        .fails(2, &["options: has 11 items; at most 10 are allowed\n"]);
    assert_eq!(server.received().len(), 1);
}

#[test]
fn coordinates_keep_their_written_digits() {
    let home = Home::new();
    home.write(
        "whole.json",
        r#"{"coordinates": {"lat": 5, "long": -78.4678382}}"#,
    );
    let ended = home
        .run("send location --to 593987654321 --body whole.json --sandbox --dry-run")
        .success();
    assert!(
        ended
            .stdout
            .contains(r#""coordinates":{"lat":5,"long":-78.4678382}"#),
        "{}",
        ended.stdout
    );
    home.run("send location --to 593987654321 --body whole.json --sandbox")
        .success();
}

/// Checks that `arguments` send nothing and exit with 2, and that the error has each of `parts`.
fn refused(arguments: &[&str], parts: &[&str]) {
    let server = Server::expect_no_requests();
    let home = Home::new();
    home.run("send")
        .args(arguments)
        .args(&["--to", "593987654321"])
        .api(&server.url)
        .fails(2, parts);
}

/// Sends with exactly this warning.
fn warns(arguments: &[&str], warning: &str) {
    let ended = Home::new()
        .run("send")
        .args(arguments)
        .args(&["--to", "593987654321", "--dry-run", "--sandbox"])
        .end();
    assert_eq!(
        (ended.code, ended.stderr),
        (0, format!("warning: {warning}\n")),
        "{arguments:?}"
    );
    refused(
        &[arguments, &["--strict"]].concat(),
        &[
            "--strict refuses the message because it has warnings",
            warning,
        ],
    );
}

/// Sends without a warning.
fn passes(arguments: &[&str]) {
    let ended = Home::new()
        .run("send")
        .args(arguments)
        .args(&["--to", "593987654321", "--dry-run", "--sandbox"])
        .end();
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (0, ""),
        "{arguments:?}"
    );
}

#[test]
fn media_url_must_be_public_and_is_unfetched() {
    for kind in ["image", "audio", "video", "file", "sticker"] {
        for (url, problem) in [
            (
                "foto.jpg",
                "mediaUrl: is not a URL; Jelou needs a public HTTPS URL, not a file",
            ),
            ("/etc/passwd", "not a file"),
            ("file:///etc/passwd", "not a file"),
            ("@foto.jpg", "not a file"),
            ("http://example.com/x", "mediaUrl: is not HTTPS"),
            (
                "https://ana:canary@example.com/x",
                "mediaUrl: contains credentials",
            ),
            ("https://127.0.0.1/x", "mediaUrl: is not on a public host"),
            ("", "mediaUrl: is empty"),
        ] {
            refused(&[kind, "--media-url", url], &[problem]);
        }
        refused(&[kind], &["mediaUrl: is missing (set it with --media-url)"]);
        // The name does not show the format.
        passes(&[kind, "--media-url", "https://example.com/download?id=7"]);
    }
    refused(
        &["template", "x", "--media-url", "foto.jpg"],
        &["mediaUrl: is not a URL"],
    );
}

#[test]
fn address_of_a_program_may_be_of_any_format() {
    warns(
        &["image", "--media-url", "https://example.com/x.PDF?v=.jpg"],
        "mediaUrl: ends in .pdf; Jelou accepts jpeg, png here",
    );
    let home = Home::new();
    for url in [
        "https://example.com/image.php?id=1",
        "https://example.com/ver.aspx?id=1.pdf",
    ] {
        home.run("--sandbox send image --dry-run --strict --to 593987654321 --media-url")
            .args(&[url])
            .success();
    }
}

#[test]
fn unsupported_media_extension_warns() {
    for (kind, extension, formats) in [
        ("image", "webp", "jpeg, png"),
        ("audio", "wav", "aac, mp4, mpeg, amr, ogg-opus"),
        ("video", "avi", "mp4, 3gp"),
        ("file", "exe", "txt, pdf, Office"),
        ("sticker", "png", "webp"),
    ] {
        let url = format!("https://example.com/a.b/x.{}", extension.to_uppercase());
        let warning = format!("mediaUrl: ends in .{extension}; Jelou accepts {formats} here");
        warns(&[kind, "--media-url", &url], &warning);
    }
    for (kind, extensions) in [
        ("image", &["jpg", "JPEG", "png"][..]),
        (
            "audio",
            &["aac", "m4a", "mp4", "mp3", "mpeg", "amr", "ogg", "opus"],
        ),
        ("video", &["mp4", "3gp"]),
        (
            "file",
            &["txt", "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx"],
        ),
        ("sticker", &["webp"]),
    ] {
        for extension in extensions {
            passes(&[
                kind,
                "--media-url",
                &format!("https://example.com/x.{extension}"),
            ]);
        }
    }
}

#[test]
fn replies_must_be_distinct_and_plain() {
    let replies = |titles: &[&'static str]| -> Vec<&'static str> {
        ["quick-reply", "--text", "a"]
            .into_iter()
            .chain(titles.iter().flat_map(|title| ["--reply", title]))
            .collect()
    };
    refused(
        &replies(&["Yes", "No", "Yes"]),
        &[
            "quick_replies: repeats the title `Yes`; every title must be different (set it with --reply)",
        ],
    );
    refused(
        &replies(&["a", "b", "c", "d"]),
        &["quick_replies: has 4 items; at most 3 are allowed"],
    );
    refused(
        &replies(&[]),
        &["quick_replies: is missing (set it with --reply)"],
    );
    refused(
        &replies(&["Yes", ""]),
        &["quick_replies[1].title: is empty (set it with --reply)"],
    );
    passes(&replies(&["Yes", "yes", "Sí, señor 2 * 3"]));
    for emoji in ["⏰", "⌛", "‼", "©", "↗", "1️⃣", "▶", "🇪🇨", "❤"] {
        warns(
            &replies(&[emoji]),
            "quick_replies[0].title: has an emoji, which Jelou may reject here",
        );
    }
    warns(
        &replies(&["Yes 👍"]),
        "quick_replies[0].title: has an emoji, which Jelou may reject here",
    );
    warns(
        &replies(&["a", "*Yes*"]),
        "quick_replies[1].title: has markdown, which Jelou may reject here",
    );
}

#[test]
fn options_must_be_distinct() {
    refused(
        &[
            "list", "--text", "a", "--option", "Norte", "--option", "Norte",
        ],
        &[
            "options: repeats the title `Norte`; every title must be different (set it with --option)",
        ],
    );
    refused(
        &[
            "list",
            "--text",
            "a",
            "--option",
            "c=Pedir cita",
            "--option",
            "c=Cancelar",
        ],
        &["options: repeats the id `c`; every id must be different (set it with --option)"],
    );
    passes(&[
        "list",
        "--text",
        "a",
        "--option",
        "a=Norte",
        "--option",
        "b=Sur|Norte",
        "--option",
        "Este",
    ]);
    passes(&[
        "list",
        "--text",
        "a",
        "--option",
        "Precio = $5",
        "--option",
        "Otro",
    ]);
}

#[test]
fn link_on_a_private_host_warns() {
    for host in [
        "http://localhost:4200/2",
        "https://10.0.0.5/panel",
        "https://intranet/x",
    ] {
        warns(
            &["cta-url", "--text", "a", "--button", "Go", "--url", host],
            "parameters.url: is on a host that the recipient cannot open from outside",
        );
    }
    passes(&[
        "cta-url",
        "--text",
        "a",
        "--button",
        "Go",
        "--url",
        "http://tienda.example/x",
    ]);
}

#[test]
fn whole_address_of_a_template_button_is_refused() {
    let button = |kind: &str, param: &str| format!(r#"{{"type": "{kind}", "param": "{param}"}}"#);
    for (param, beginning) in [
        ("https://tienda.example/r/A-1", "https://"),
        ("HTTP://tienda.example", "http://"),
        ("www.tienda.example", "www."),
    ] {
        let problem = format!(
            "buttonParameters[0].param: begins with `{beginning}`, but is only the end of the button's link"
        );
        let param = button("URL", param);
        refused(
            &["template", "rastreo", "--button-param", &param],
            &[&problem],
        );
    }
    for (kind, param) in [
        ("URL", "A-1"),
        ("URL", "?u=https://a.example"),
        ("COPY_CODE", "www.1"),
    ] {
        passes(&[
            "template",
            "rastreo",
            "--button-param",
            &button(kind, param),
        ]);
    }
}

#[test]
fn file_name_without_the_extension_of_its_address_warns() {
    let url = "https://example.com/7.pdf";
    let template = ["template", "t", "--type", "document"];
    for kind in [&["file"][..], &template] {
        let named = |name| [kind, &["--media-url", url, "--filename", name]].concat();
        for name in ["contrato", "recibo.xlsx"] {
            let warning = format!("filename: `{name}` does not end in .pdf, as the address does");
            warns(&named(name), &warning);
        }
        passes(&named("contrato.PDF"));
    }
    warns(
        &["template", "t", "--type", "image", "--media-url", url],
        "mediaUrl: ends in .pdf; Jelou accepts jpeg, png here",
    );
    passes(&[
        "template",
        "t",
        "--type",
        "image",
        "--media-url",
        "https://example.com/7.png",
    ]);
}

#[test]
fn coordinates_may_have_a_decimal_comma() {
    let home = Home::new();
    let ended = home
        .run("--sandbox --dry-run send location --to 593987654321 --lat -0,1806 --long -78,4678")
        .success();
    let place = json!({ "lat": -0.1806, "long": -78.4678 });
    assert_eq!(ended.json()["body"]["coordinates"], place);
    let seen = home
        .run("--sandbox send location --to 593987654321 --lat -0,1806 --long 78,4678")
        .success();
    seen.stderr_has(&["│ 0.1806° S, 78.4678° E\n"]);
    home.write(
        "people.csv",
        "celular;lat;long\n593987654321;-0,1806;-78,4678\n593987654322;0;0\n593987654323;0;-78,4678\n",
    );
    let bulk = |flags: &str| {
        home.run(&format!(
            "--sandbox bulk send people.csv --country {flags} --preview all"
        ))
        .args(&["location", "--lat", "{{ lat }}", "--long", "{{ long }}"])
        .end()
    };
    let read = bulk("EC --skip-invalid");
    assert!(
        read.stdout
            .contains(r#""coordinates":{"lat":-0.1806,"long":-78.4678}"#),
        "{read:?}"
    );
    let read = bulk("EC");
    assert!(
        read.stderr
            .contains("line 3: coordinates: is 0, 0, which stands for a missing place"),
        "{read:?}"
    );
    assert!(!read.stderr.contains("- line 4"), "{read:?}");
    // A point is the decimal sign of this country.
    assert!(bulk("MX").stderr.contains("line 2"));
    home.run("--sandbox --dry-run send location --to 593987654321 --lat 0 --long 0")
        .success();
}

#[test]
fn invalid_link_warns() {
    let link = |url: &'static str| ["cta-url", "--text", "a", "--label", "b", "--url", url];
    passes(&link("https://example.com/ñ?a=b#c"));
    passes(&link("http://example.com"));
    for url in ["example.com", "mailto:a@example.com", "-x"] {
        let warning =
            "parameters.url: is not an http or https address, which WhatsApp may reject here";
        if url == "-x" {
            refused(&link(url), &["unexpected argument `-x`"]);
        } else {
            warns(&link(url), warning);
        }
    }
    warns(
        &link("https://example.com/a b"),
        "parameters.url: has a space or a backslash, which WhatsApp may reject here; a space is %20",
    );
}

#[test]
fn blanks_around_a_url_are_removed() {
    let home = Home::new();
    home.write(
        "people.csv",
        "to,url\n593987654321,\" https://example.com/7\t \"\n",
    );
    let sent = |line: &str, arguments: &[&str]| {
        let words = [&["--sandbox", "--dry-run"], &*split_words(line), arguments].concat();
        home.run_args(&words).success().json()["body"].clone()
    };
    for (line, flags, path) in [
        (
            "send image --to 593987654321",
            &["--media-url", " https://example.com/7\n"][..],
            "/mediaUrl",
        ),
        (
            "send cta-url --to 593987654321 --text a --label b",
            &["--url", "https://example.com/7\u{a0}"],
            "/parameters/url",
        ),
        (
            "bulk send people.csv image",
            &["--media-url", "{{ url }}"],
            "/mediaUrl",
        ),
    ] {
        let body = sent(line, flags);
        let url = body.pointer(path).and_then(|url| url.as_str());
        assert_eq!(url, Some("https://example.com/7"), "{line}: {body}");
    }
    // `raw` is sent unchanged.
    let raw = json!({"type": "image", "userId": "593987654321", "mediaUrl": "https://a.com/7 "});
    let body = sent("send raw", &["--body", &raw.to_string()]);
    assert_eq!(body, raw);
}

#[test]
fn carousel_card_must_be_complete_and_in_order() {
    let card = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut card =
            crate::harness::fixture("bodies/carousel.json")["parameters"]["cards"][0].clone();
        change(&mut card);
        card.to_string()
    };
    let send = |card: &str, parts: &[&str]| {
        refused(&["carousel", "--text", "a", "--card", card], parts);
    };
    send(
        &card(&|card| card["card_index"] = json!(1)),
        &["parameters.cards: has card_index 1, but 0 is expected"],
    );
    send(
        &card(&|card| {
            card["action"] =
                json!({"buttons": [{"type": "quick_reply", "quick_reply": {"title": "a"}}]});
        }),
        &["parameters.cards[0].type: is cta_url, but the card's action is not a link"],
    );
    send(
        &card(&|card| card["header"] = json!({"type": "video"})),
        &["parameters.cards[0].header.video: is missing"],
    );
    send(
        &card(&|card| card["header"] = json!({})),
        &["parameters.cards[0].header.type: is missing"],
    );
    send(
        &card(&|card| card["header"]["image"]["link"] = json!("a.png")),
        &["parameters.cards[0].header.image.link: is not a URL"],
    );
    send(
        &card(&|card| card["action"] = json!({})),
        &["parameters.cards[0].action.name: is missing; an action is a link"],
    );
    send(
        &card(&|card| card["action"]["name"] = json!("x")),
        &["action.name: must be cta_url"],
    );
    send(
        &card(&|card| card["action"]["buttons"] = json!([])),
        &["parameters.cards[0].action.buttons: is empty"],
    );
    send(
        &card(&|card| card["body"] = json!(null)),
        &["parameters.cards[0].body: is missing (set it with --card)"],
    );
    send("[]", &["parameters.cards: is empty (set it with --card)"]);
    send("@missing.json", &["--card: missing.json does not exist"]);
    let whole = card(&|_| {});
    warns(
        &["carousel", "--text", "a", "--card", &whole],
        "parameters.cards: WhatsApp needs at least 2 items, found 1",
    );
    // Each card from a separate file has the index of a first card in its error.
    refused(
        &[
            "carousel", "--text", "a", "--card", &whole, "--card", &whole,
        ],
        &["has card_index 0, but 1 is expected"],
    );
}

#[test]
fn template_reports_missing_fields() {
    refused(
        &["template"],
        &["elementName: is missing (set it as the argument NAME)"],
    );
    refused(
        &["template", "x", "--type", "image"],
        &["mediaUrl: is missing (set it with --media-url)"],
    );
    refused(
        &["template", "x", "--type", "audio"],
        &["--type: expected text, image, document or video, found `audio`"],
    );
    refused(
        &["template", "x", "--template-id", "7"],
        &["cannot be used with"],
    );
    refused(
        &["template", "--template-id", "7", "--param", "Ana"],
        &[
            "parameters: `Ana` is not NAME=VALUE; a template by its id has named parameters (set it with --param)",
        ],
    );
    refused(
        &[
            "template",
            "--template-id",
            "7",
            "--param",
            "a=1",
            "--param",
            "a=2",
        ],
        &["parameters: `a` is set twice (set it with --param)"],
    );
    for (campaign, problem) in [
        (
            "..",
            "cannot be a campaign: in a URL, it refers to a directory",
        ),
        (
            ".",
            "cannot be a campaign: in a URL, it refers to a directory",
        ),
        ("", "is empty"),
    ] {
        let words = ["template", "--template-id", "7", "--campaign", campaign];
        refused(
            &words,
            &["campaignId: ", problem, "(set it with --campaign)"],
        );
    }
    refused(
        &["template", "--template-id", ""],
        &["templateId: is empty (set it with --template-id)"],
    );
    refused(
        &["template", "x", "--button-param", "7"],
        &["buttonParameters[0]: is the number 7; an object is expected"],
    );
    passes(&["template", "x", "--param", "-5", "--type", "text"]);
    warns(
        &["template", "x", "--button-param", r#"{"kind": "URL"}"#],
        "buttonParameters[0].kind: unknown field, sent unchanged",
    );
}

/// Invalid parameters of a template, and their errors.
const NO_PARAMETERS: [(&str, &str); 8] = [
    (
        "a\nb",
        "has a line break, which WhatsApp rejects in a template parameter",
    ),
    ("a\r\nb", "has a line break"),
    ("a\rb", "has a line break"),
    ("a\tb", "has a tab"),
    ("a     b", "has more than 4 spaces in a row"),
    ("", "is empty; a template parameter cannot be empty"),
    (" ", "is empty; a template parameter cannot be empty"),
    ("\n", "is empty; a template parameter cannot be empty"),
];

#[test]
fn template_parameter_must_be_one_line() {
    let home = Home::new();
    for (text, problem) in NO_PARAMETERS {
        let button = json!({"type": "URL", "param": text}).to_string();
        for (flags, path) in [
            (
                &["t", "--param", "ok", "--param", text][..],
                "parameters[1]",
            ),
            (&["t", "--header-param", text], "headerParameters[0]"),
            (
                &["t", "--button-param", &button],
                "buttonParameters[0].param",
            ),
            (
                &["--template-id", "7", "--param", &format!("name={text}")],
                "parameters.name",
            ),
        ] {
            refused(
                &[&["template"], flags].concat(),
                &[&format!("{path}: {problem}"), "(set it with --"],
            );
        }
        // The row matters if the value comes from it.
        home.write(
            "people.csv",
            format!("to,nombre\n593987654321,Ana\n593987654322,\"{text}\"\n"),
        );
        for (flags, path) in [
            (
                &["t", "--param", "ok", "--param", "{{ nombre }}"][..],
                "parameters[1]",
            ),
            (
                &["--template-id", "7", "--param", "name={{ nombre }}"],
                "parameters.name",
            ),
        ] {
            let send = home
                .run("--sandbox bulk send people.csv template")
                .args(flags);
            let problem = if text.trim().is_empty() {
                "`nombre` is empty, but the text needs it".to_owned()
            } else {
                format!("{path}: {problem}")
            };
            let told = format!("line 3: {problem}");
            send.fails(2, &[&told, "1 row cannot be sent"]);
        }
    }
    passes(&[
        "template",
        "t",
        "--param",
        "a    b",
        "--header-param",
        "x",
        "--button-param",
        r#"{"param": 7}"#,
    ]);
}

#[test]
fn schema_accepts_the_same_parameters() {
    let home = Home::new();
    for kind in ["template", "template-by-id"] {
        let schema: serde_json::Value =
            serde_json::from_str(&home.run("schema").args(&[kind]).success().stdout).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        let body = |text: &str| match kind {
            "template" => json!({"destinations": ["1"], "elementName": "t", "parameters": [text]}),
            _ => {
                json!({"type": "template", "userId": "1", "templateId": "7", "parameters": {"a": text, "b": 1}})
            }
        };
        for text in ["a", "a    b", " a "] {
            assert!(schema.is_valid(&body(text)), "{kind} {text:?}");
        }
        for (text, _) in NO_PARAMETERS {
            assert!(!schema.is_valid(&body(text)), "{kind} {text:?}");
        }
    }
}

#[test]
fn template_body_type_is_detected() {
    let home = Home::new();
    let shown = |body: &serde_json::Value, flags: &[&str]| {
        home.write("body.json", body.to_string());
        home.run("send template --dry-run --body body.json")
            .args(flags)
            .api("https://x.example")
            .end()
    };
    // A template that the file names by its id, with parameters from flags.
    let by_id = shown(
        &json!({"templateId": "7", "userId": "1"}),
        &["--param", "a=1", "--param", "b=x=y"],
    )
    .json();
    assert_eq!(by_id["body"]["parameters"], json!({"a": "1", "b": "x=y"}));
    // `userId` may also be the destination, but not another recipient.
    let named = shown(&json!({"elementName": "x", "userId": "593987654321"}), &[]).json();
    assert_eq!(
        named["body"],
        json!({"destinations": ["593987654321"], "elementName": "x"})
    );
    let ended = shown(
        &json!({"elementName": "x", "userId": "1", "destinations": ["2"]}),
        &[],
    );
    assert!(
        ended.code == 2
            && ended
                .stderr
                .contains("destinations: another recipient than in userId"),
        "{}",
        ended.stderr
    );
    let ended = shown(
        &json!({"type": "text", "templateId": "7", "userId": "1"}),
        &[],
    );
    let problem = "the body has type \"text\", but `send template` sends type \"template\"";
    assert!(
        ended.code == 2 && ended.stderr.contains(problem),
        "{}",
        ended.stderr
    );
    // Null counts as absent.
    let named = shown(
        &json!({"templateId": null, "elementName": "x", "userId": "1"}),
        &[],
    )
    .json();
    assert!(named["url"].as_str().unwrap().ends_with("/hsm"), "{named}");
    // The API writes the destination differently.
    let server = Server::answering(Reply::json(
        200,
        r#"[{"id":"u","destination":"593987654321"}]"#,
    ));
    home.write(
        "body.json",
        r#"{"elementName": "x", "destinations": ["+593 98 765-4321"]}"#,
    );
    home.run("send template --body body.json")
        .api(&server.url)
        .success();
}

#[test]
fn record_names_the_kind_that_was_sent() {
    let path = fixture_path("bodies/list.json");
    let home = Home::new();
    let run = home
        .run("send text --dry-run --output record --body")
        .args(&[path.to_str().unwrap()]);
    assert_eq!(
        run.api("https://x.example").success().json()["kind"],
        "list"
    );
    let run = home.run("send template --template-id 7 --to 593987654321 --dry-run --output record");
    assert_eq!(
        run.api("https://x.example").success().json()["kind"],
        "template"
    );
    home.write("null.json", r#"{"text": "a", "options": null}"#);
    let run = home.run("send text --to 593987654321 --dry-run --output record --body null.json");
    assert_eq!(
        run.api("https://x.example").success().json()["kind"],
        "text"
    );
}

#[test]
fn every_template_destination_is_checked() {
    let home = Home::new();
    home.config(
        "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\nclient_secret = \"canary-1\"\nallow_to = [\"593*\"]\n",
    );
    home.write(
        "body.json",
        r#"{"elementName": "x", "destinations": ["14155550100"]}"#,
    );
    home.run("send template --body body.json --sandbox")
        .fails(11, &["14155550100 is not among the recipients"]);
    home.run("send template --body body.json --sandbox --to 593987654321")
        .success();
    let flags = [
        "send",
        "template",
        "x",
        "--sandbox",
        "--to",
        "+1 415 555 0100",
    ];
    home.run_args(&flags)
        .fails(11, &["14155550100 is not among"]);
}

#[test]
fn every_example_is_accepted_by_the_sandbox() {
    let home = Home::new();
    let explained = home.run("explain --output record").success().json();
    let kinds = explained["kinds"].as_array().unwrap();
    let examples: Vec<_> = kinds
        .iter()
        .filter_map(|kind| kind["example"]["command"].as_str())
        .collect();
    // The two templates and the message with a flow are not in that list.
    assert_eq!(examples.len(), KINDS.len() + 3);
    for example in examples {
        let words = shlex::split(example).unwrap();
        let words: Vec<_> = words.iter().skip(1).map(String::as_str).collect();
        home.run_args(&words)
            .args(&["--sandbox", "--strict"])
            .success();
    }
}
