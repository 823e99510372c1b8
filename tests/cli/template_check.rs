//! jelouctl checks before it sends whether the bot has the template.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;

use serde_json::{Value, json};

use crate::bulk_server::{Act, Jelou, Listing};
use crate::harness::{CommandOutput, Home, Run};
#[cfg(unix)]
use crate::terminal::Terminal;

const PEOPLE: &str =
    "to,nombre,plantilla\n593987654321,Ana,order_shipped\n593987654322,Luz,bienvenida\n";

fn template(name: &str, language: &str, status: &str, text: &str) -> Value {
    json!({ "elementName": name, "language": language, "status": status, "template": text })
}

fn page(results: &[Value], pagination: &Value) -> Listing {
    Listing::Page(json!({ "pagination": pagination, "results": results, "links": [] }).to_string())
}

/// Starts a Jelou with these templates, on two pages.
fn bot() -> Jelou {
    let listed = |page_number: usize| {
        let results = match page_number {
            1 => vec![
                template(
                    "order_shipped",
                    "es",
                    "APPROVED",
                    "Hola {{1}}, tu pedido {{2}}",
                ),
                template(
                    "order_shipped",
                    "en",
                    "APPROVED",
                    "Hello {{1}}, your order {{2}}",
                ),
            ],
            _ => vec![
                template("bienvenida", "es", "APPROVED", "Hola {{1}}"),
                template("nueva", "es", "PENDING", "Hola {{1}}"),
            ],
        };
        page(&results, &json!({ "totalPages": 2, "total": 4 }))
    };
    Jelou::with_templates(listed, |_, _| Act::Accept)
}

fn home() -> Home {
    let home = Home::new();
    home.write("people.csv", PEOPLE);
    home
}

fn bulk<'a>(home: &'a Home, jelou: &Jelou, words: &[&str]) -> Run<'a> {
    home.run("bulk send people.csv --run r --yes --rate 1000/s")
        .args(words)
        .api(&jelou.url)
}

fn assert_nothing_remains(home: &Home, jelou: &Jelou) {
    assert_eq!(jelou.requests().len(), 0);
    assert_eq!(home.run("bulk list").success().stdout, "");
}

#[test]
fn unsendable_template_stops_the_run_before_sending() {
    for (words, problem) in [
        (
            &["order_shiped"][..],
            "error: the bot has no template `order_shiped`; did you mean `order_shipped`?",
        ),
        (&["zzz"], "error: the bot has no template `zzz`\n"),
        (
            &["order_shipped", "--language", "pt"],
            "error: `order_shipped` exists in another language: es, en",
        ),
        (
            &["nueva", "--param", "a"],
            "error: the template `nueva` cannot be sent: its status is PENDING, not APPROVED",
        ),
        (
            &[
                "order_shipped",
                "--language",
                "es",
                "--param",
                "{{ nombre }}",
            ],
            "error: the template `order_shipped` (es) takes 2 values, but the message has 1",
        ),
        (
            &["bienvenida"],
            "error: the template `bienvenida` takes 1 value, but the message has 0",
        ),
    ] {
        let (home, jelou) = (home(), bot());
        bulk(&home, &jelou, &[&["template"], words].concat())
            .fails(2, &[problem, "--unchecked\nnote: nothing was sent"]);
        assert_nothing_remains(&home, &jelou);
    }
}

/// Jelou does not list the templates.
#[test]
fn refused_template_names_the_nearest_one() {
    let unknown =
        r#"{"code":"notification_could_not_be_send","description":"Template does not exist"}"#;
    let of_whatsapp = r#"{"error":{"code":"132001","message":"Template does not exist"}}"#;
    let other = r#"{"error":{"code":"131026","message":"Message undeliverable"}}"#;
    let meant = "hint: the bot has no template `order_shiped`; did you mean `order_shipped`?\n";
    let language = "hint: `order_shipped` exists in another language: es; the message has `pt`\n";
    for (answer, name, hint) in [
        (unknown, "order_shiped", meant),
        (of_whatsapp, "order_shiped", meant),
        (of_whatsapp, "zzz", "hint: the bot has no template `zzz`\n"),
        (of_whatsapp, "order_shipped", language),
        (other, "order_shiped", "131026"),
    ] {
        let results = [template("order_shipped", "es", "APPROVED", "Hola")];
        let jelou = Jelou::with_templates(
            move |_| page(&results, &json!({ "total": 1 })),
            move |_, _| Act::Answer(400, "", answer),
        );
        let home = home();
        let send = home
            .run("send template --to 593987654321 --language pt")
            .args(&[name])
            .api(&jelou.url);
        send.fails(5, &[hint]);
        assert_eq!(jelou.requests().len(), 1, "{answer}");
    }
    let results = [template("order_shipped", "es", "APPROVED", "Hola")];
    let jelou = Jelou::with_templates(
        move |_| page(&results, &json!({ "total": 1 })),
        move |_, _| Act::Answer(400, "", unknown),
    );
    let home = home();
    home.run("run --to 593987654321 --template order_shiped --strict-notify -- true")
        .api(&jelou.url)
        .fails(5, &[meant]);
    home.run("--sandbox send template --to 593987654321 bienvenid")
        .success()
        .stderr_has(&["did you mean `bienvenida`?"]);
    let far = home
        .run("--sandbox send template --to 593987654321 zzz")
        .success();
    assert!(!far.stderr.contains("did you mean"), "{far:?}");
}

#[test]
fn template_is_suggested_by_its_display_name() {
    let results = || {
        let named = |name: &str, display: &str| json!({ "elementName": name, "displayName": display, "status": "APPROVED" });
        [
            named("order_stopped", "order_stopped"),
            named("a1b2_order_shipped", "Aviso de envío"),
        ]
    };
    let whole = Jelou::with_templates(
        move |_| page(&results(), &json!({ "total": 2 })),
        |_, _| Act::Accept,
    );
    let home = home();
    for name in ["order_shipped", "aviso de envío"] {
        bulk(&home, &whole, &["template", name]).fails(
            2,
            &[&format!(
                "the bot has no template `{name}`; did you mean `a1b2_order_shipped`?"
            )],
        );
    }
    // A page with other field names has the same result.
    let listed = move |page| {
        let templates = if page == 1 {
            results().to_vec()
        } else {
            Vec::new()
        };
        Listing::Page(json!({ "data": templates, "pagination": { "total": 2 } }).to_string())
    };
    let other = Jelou::with_templates(listed, |_, _| Act::Accept);
    bulk(&home, &other, &["template", "order_shipped"])
        .fails(2, &["did you mean `a1b2_order_shipped`?"]);
    // An incomplete list has the same result.
    let part = Jelou::with_templates(
        move |_| page(&results(), &json!({ "total": 60 })),
        |_, _| Act::Accept,
    );
    let ended = bulk(&home, &part, &["template", "order_shipped"]).success();
    assert!(
        ended
            .stderr
            .contains("the API may not have listed all of its templates"),
        "{ended:?}"
    );
}

#[test]
fn existing_template_is_checked_once_and_sent() {
    let (home, jelou) = (home(), bot());
    bulk(&home, &jelou, &["template", "BIENVENIDA"]).fails(2, &["did you mean `bienvenida`"]);
    let before = jelou.pages_asked();
    bulk(
        &home,
        &jelou,
        &[
            "template",
            "bienvenida",
            "--language",
            "ES",
            "--param",
            "{{ nombre }}",
        ],
    )
    .success();
    assert_eq!(
        (jelou.accepted().len(), jelou.pages_asked() - before),
        (2, 2)
    );
}

#[test]
fn each_template_of_a_list_is_checked() {
    let (home, jelou) = (home(), bot());
    let by_row = ["template", "{{ plantilla }}", "--param", "{{ nombre }}"];
    // One of the two templates needs two values.
    bulk(&home, &jelou, &by_row).fails(
        2,
        &["the template `order_shipped` takes 2 values, but the message has 1"],
    );
    let names: Vec<_> = (0..9)
        .map(|number| format!("59398765433{number},x,none_{number}\n"))
        .collect();
    home.write("people.csv", format!("{PEOPLE}{}", names.concat()));
    let ended = bulk(&home, &jelou, &by_row).fails(
        2,
        &["error: 10 of the templates cannot be sent", "- and 5 more"],
    );
    assert_eq!(
        ended.stderr.matches("\n  - ").count(),
        6,
        "{}",
        ended.stderr
    );
    assert_nothing_remains(&home, &jelou);
    // Rows that are not sent do not need a template.
    home.write("people.csv", PEOPLE);
    bulk(&home, &jelou, &[&["--skip", "1"], &by_row[..]].concat()).success();
    assert_eq!(jelou.accepted().len(), 1);
}

#[test]
fn template_language_from_column_names_its_row() {
    let (home, jelou) = (home(), bot());
    home.write(
        "people.csv",
        "to,idioma\n593987654321,es\n593987654322,es\n593987654323,pt\n593987654324,pt\n",
    );
    let words = [
        "template",
        "order_shipped",
        "--language",
        "{{ idioma }}",
        "--param",
        "a",
        "--param",
        "b",
    ];
    let problem =
        "error: `order_shipped` exists in another language: es, en; the message has `pt`\n";
    bulk(&home, &jelou, &words).fails(2, &[problem]);
    assert_nothing_remains(&home, &jelou);
}

#[test]
fn unchecked_leaves_templates_to_the_api() {
    let (home, jelou) = (home(), Jelou::accept_all());
    bulk(&home, &jelou, &["--unchecked", "template", "order_shiped"]).success();
    assert_eq!((jelou.accepted().len(), jelou.pages_asked()), (2, 0));
    // A message that is not a template by name needs no look-up. Neither does a command that sends nothing.
    bulk(
        &home,
        &jelou,
        &["--again", "--run", "s", "text", "x"].map(|word| if word == "s" { "r2" } else { word }),
    )
    .end();
    for words in [
        &["--preview", "1", "--unchecked"][..],
        &["--dry-run"],
        &["--curl"],
    ] {
        bulk(
            &home,
            &jelou,
            &[words, &["--again", "template", "order_shiped"]].concat(),
        )
        .success();
    }
    assert_eq!(jelou.pages_asked(), 0);
}

#[test]
fn preview_fills_the_template_text() {
    let (home, jelou) = (home(), bot());
    let words = [
        "template",
        "order_shipped",
        "--language",
        "es",
        "--param",
        "{{ nombre }}",
        "--param",
        "A-1",
    ];
    let preview = bulk(&home, &jelou, &[&["--preview", "1"][..], &words].concat()).success();
    assert!(
        preview.stderr.contains("Hola Ana, tu pedido A-1"),
        "{preview:?}"
    );
    assert!(!preview.stderr.contains("(template)"), "{preview:?}");
    let shown = ["--preview", "all", "--file", "preview.html"];
    bulk(&home, &jelou, &[&shown[..], &words].concat()).success();
    assert!(
        home.read("preview.html")
            .contains("Hola Luz, tu pedido A-1")
    );
    let masked = [&shown[..], &["--mask"], &words].concat();
    bulk(&home, &jelou, &masked).success();
    let masked = home.read("preview.html");
    assert!(
        masked.contains("Hola </span>")
            && masked.contains(r#"<span class="slot">nombre</span>"#)
            && !masked.contains("Luz"),
        "{masked}"
    );
    bulk(&home, &jelou, &words).success();
    home.run("bulk report r --file report.html").success();
    assert!(home.read("report.html").contains("Hola Ana, tu pedido A-1"));
    let wrong = ["--preview", "1", "template", "order_shiped"];
    bulk(&home, &jelou, &wrong)
        .fails(
            2,
            &[
                "error: this would be refused: the bot has no template `order_shiped`",
                "hint: ",
            ],
        )
        .stderr_lacks(&["are fine", "is fine"]);
    let broken = Jelou::with_templates(|_| Listing::Answer(401), |_, _| Act::Accept);
    let ended = bulk(
        &home,
        &broken,
        &[&["--again", "--preview", "1"][..], &words].concat(),
    )
    .success();
    assert!(
        ended.stderr.contains("(template) order_shipped"),
        "{ended:?}"
    );
}

/// The question shows the text that recipients will get, not only the template's name.
#[cfg(unix)]
#[test]
fn prompt_shows_the_template_text() {
    let (home, jelou) = (home(), bot());
    home.profile("prod", &jelou.url, "");
    let words = [
        "template",
        "order_shipped",
        "--language",
        "es",
        "--param",
        "{{ nombre }}",
        "--param",
        "A-1",
    ];
    let send = |answer: &str| {
        let words = [
            &[
                "bulk",
                "send",
                "people.csv",
                "--run",
                "r",
                "--rate",
                "1000/s",
            ][..],
            &words,
        ]
        .concat();
        Terminal::plain(&home, &words).confirm(answer)
    };
    let (code, screen) = send("n");
    let (shown, asked) = (
        screen.find("│ Hola Ana, tu pedido A-1\r\n"),
        screen.find("Send 2 messages"),
    );
    assert!(
        code == 11 && shown.is_some() && shown < asked && jelou.requests().is_empty(),
        "{screen}"
    );
    let asked_before = jelou.pages_asked();
    let (code, screen) = send("y");
    assert!(code == 0 && jelou.accepted().len() == 2, "{screen}");
    // The list of templates is read once.
    assert_eq!(jelou.pages_asked() - asked_before, 2);
    home.run("bulk report r --file report.html").success();
    assert!(home.read("report.html").contains("Hola Ana, tu pedido A-1"));
    // The question does not show a template that cannot be sent.
    let words = [
        "bulk",
        "send",
        "people.csv",
        "--again",
        "template",
        "order_shiped",
    ];
    let (code, screen) = Terminal::plain(&home, &words).end();
    assert!(
        code == 2 && screen.contains("no template `order_shiped`") && !screen.contains("[y/N]"),
        "{screen}"
    );
}

fn goes_on(jelou: &Jelou, why: &str) -> CommandOutput {
    let home = home();
    let ended = bulk(&home, jelou, &["template", "order_shiped"])
        .success()
        .stderr_has(&[why]);
    assert_eq!(jelou.accepted().len(), 2);
    ended
}

#[test]
fn unavailable_template_listing_warns() {
    let accepts = |_: &str, _: usize| Act::Accept;
    let unknown = "warning: could not check whether the bot has the template: ";
    let slow = Jelou::with_templates(|_| Listing::Hang, accepts);
    goes_on(
        &slow,
        &format!("{unknown}its templates were not listed within 3 s"),
    );
    let first = || {
        page(
            &[template("a", "es", "APPROVED", "")],
            &json!({ "totalPages": 2 }),
        )
    };
    let half = Jelou::with_templates(
        move |page| {
            if page == 1 {
                first()
            } else {
                Listing::Answer(403)
            }
        },
        accepts,
    );
    goes_on(&half, unknown);
    let wrong = Jelou::with_templates(|_| Listing::Page("{}".to_owned()), accepts);
    goes_on(&wrong, unknown);
    // The API counts more than it returns.
    let part = Jelou::with_templates(
        |_| {
            page(
                &[template("a", "es", "APPROVED", "")],
                &json!({ "total": 60 }),
            )
        },
        accepts,
    );
    let one = "warning: could not check whether the bot has the template `order_shiped`: ";
    goes_on(
        &part,
        &format!("{one}the API may not have listed all of its templates"),
    );
}

#[test]
fn multilingual_template_without_language_warns() {
    let told = "the template `order_shipped` exists in several languages (es, en), but the message does not set one";
    let words = [
        "template",
        "order_shipped",
        "--param",
        "{{ nombre }}",
        "--param",
        "x",
    ];
    let (home, jelou) = (home(), bot());
    bulk(&home, &jelou, &[&words[..], &["--strict"]].concat())
        .fails(2, &[&format!("error: {told}"), "nothing was sent"]);
    assert_nothing_remains(&home, &jelou);
    bulk(&home, &jelou, &words)
        .success()
        .stderr_has(&[&format!("warning: {told}\n")]);
    let named = ["--again", "--run", "named"];
    let words = [&words[..], &["--language", "es", "--strict"]].concat();
    let run = home
        .run("bulk send people.csv --yes --rate 1000/s")
        .args(&[&named[..], &words].concat());
    run.api(&jelou.url).success().stderr_lacks(&["languages"]);
    // The sandbox has the same error for a single message.
    let send = [
        "--sandbox",
        "send",
        "template",
        "order_shipped",
        "--to",
        "593987654321",
        "--param",
        "a",
        "--param",
        "b",
    ];
    home.run_args(&send)
        .success()
        .stderr_has(&["the sandbox has the template `order_shipped` in several languages"]);
}

#[test]
fn sandbox_checks_against_its_own_templates() {
    let home = home();
    let send = |sandbox: &[&str], name: &str| {
        let words = [
            sandbox,
            &[
                "--",
                env!("CARGO_BIN_EXE_jelouctl"),
                "bulk",
                "send",
                "people.csv",
                "template",
                name,
                "--param",
                "x",
            ],
        ];
        home.run("sandbox").args(&words.concat()).end()
    };
    let ended = send(&[], "mine");
    // Before anything is sent, and for each message in its answer.
    let before = ended
        .stderr
        .find("whether the bot has the template `mine`: the sandbox has only its samples");
    let accepted = ended.stderr.find("nothing was sent to Jelou");
    assert!(
        ended.code == 0 && before.is_some() && before < accepted,
        "{ended:?}"
    );
    let ended = send(&[], "order_shipped");
    assert_eq!(
        (
            ended.code,
            ended
                .stderr
                .contains("takes 2 values, but the message has 1")
        ),
        (2, true),
        "{ended:?}"
    );
    home.write(
        "mine.json",
        json!([template("mine", "es", "APPROVED", "{{1}}")]).to_string(),
    );
    assert_eq!(send(&["--templates", "mine.json"], "mine").code, 0);
    let ended = send(&["--templates", "mine.json"], "mina");
    assert_eq!(
        (ended.code, ended.stderr.contains("did you mean `mine`?")),
        (2, true),
        "{ended:?}"
    );
}

#[test]
fn template_with_image_header_needs_an_image() {
    let header =
        json!([{ "type": "HEADER", "format": "IMAGE" }, { "type": "BODY", "text": "Hola {{1}}" }]);
    let photo = json!({ "elementName": "photo", "language": "es", "status": "APPROVED", "template": "Hola {{1}}",
        "components": header });
    let listed = [
        photo,
        template("bienvenida", "es", "APPROVED", "Hola {{1}}"),
    ];
    let jelou = Jelou::with_templates(
        move |_| page(&listed, &json!({ "totalPages": 1, "total": 2 })),
        |_, _| Act::Accept,
    );
    let home = home();
    let message = ["template", "photo", "--param", "{{ nombre }}"];
    let missing = "the template `photo` needs --type image, but the message has no media";
    bulk(&home, &jelou, &message).fails(2, &[missing, "nothing was sent"]);
    let video = [
        &message[..],
        &["--type", "video", "--media-url", "https://a.example/a.mp4"],
    ]
    .concat();
    let other = "the template `photo` needs --type image, but the message is of type video";
    bulk(&home, &jelou, &video).fails(2, &[other, "nothing was sent"]);
    let media =
        |url: &'static str| [&message[..], &["--type", "image", "--media-url", url]].concat();
    let page_about_it = "is Google Drive's page about the file; the file is at https://drive.google.com/uc?export=download&id=ID";
    bulk(
        &home,
        &jelou,
        &media("https://drive.google.com/file/d/1a/view"),
    )
    .fails(2, &[page_about_it]);
    home.run("send image --to 593987654321 --media-url https://www.dropbox.com/s/x/a.jpg?dl=0")
        .api(&jelou.url)
        .fails(
            2,
            &[
                "mediaUrl: is Dropbox's page about the file",
                "nothing was sent",
            ],
        );
    assert_nothing_remains(&home, &jelou);
    bulk(&home, &jelou, &media("https://example.com/a.png")).success();
    assert_eq!(jelou.accepted().len(), 2);
}

#[test]
fn template_of_text_has_no_media_and_a_limit() {
    let mut short = template(
        "rastreo",
        "es",
        "APPROVED",
        "Hola {{1}}, tu pedido va en camino",
    );
    short["type"] = json!("TEXT");
    let jelou = Jelou::with_templates(
        move |_| {
            page(
                std::slice::from_ref(&short),
                &json!({ "totalPages": 1, "total": 1 }),
            )
        },
        |_, _| Act::Accept,
    );
    let home = home();
    let message = ["template", "rastreo", "--param", "{{ nombre }}"];
    let image = ["--type", "image", "--media-url", "https://a.example/a.png"];
    let told = "the template `rastreo` has only text, but the message is of type image";
    bulk(&home, &jelou, &[&message[..], &image].concat()).fails(2, &[told, "nothing was sent"]);
    home.write(
        "people.csv",
        format!(
            "to,nombre\n593987654321,Ana\n593987654322,{}\n",
            "x".repeat(1000)
        ),
    );
    let told =
        "the template `rastreo` has 1029 characters with its values; WhatsApp allows at most 1024";
    bulk(&home, &jelou, &message).fails(2, &[told, "nothing was sent"]);
    assert_nothing_remains(&home, &jelou);
    home.write(
        "people.csv",
        format!("to,nombre\n593987654322,{}\n", "x".repeat(990)),
    );
    bulk(&home, &jelou, &message).success();
    assert_eq!(jelou.accepted().len(), 1);
}

#[test]
fn resume_checks_templates_of_unsent_rows() {
    let home = home();
    // Both change once the run has begun.
    let (listed, answered) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let (is_paused, is_mended) = (Arc::clone(&listed), Arc::clone(&answered));
    let jelou = Jelou::with_templates(
        move |_| {
            let status = if is_paused.load(SeqCst) {
                "PAUSED"
            } else {
                "APPROVED"
            };
            page(
                &[template("bienvenida", "es", status, "{{1}}")],
                &json!({ "totalPages": 1 }),
            )
        },
        move |_, _| {
            if is_mended.load(SeqCst) {
                Act::Accept
            } else {
                Act::Answer(401, "", "{}")
            }
        },
    );
    let message = ["template", "bienvenida", "--param", "{{ nombre }}"];
    bulk(&home, &jelou, &message).fails(4, &["run paused"]);
    let before = jelou.requests().len();
    listed.store(true, SeqCst);
    answered.store(true, SeqCst);
    let resume = |words: &[&str]| home.run("bulk resume r").args(words).api(&jelou.url);
    resume(&[]).fails(
        2,
        &[
            "the template `bienvenida` cannot be sent: its status is PAUSED",
            "--unchecked",
        ],
    );
    assert_eq!((jelou.pages_asked(), jelou.requests().len()), (2, before));
    resume(&["--unchecked"]).success();
    assert_eq!((jelou.pages_asked(), jelou.accepted().len()), (2, 2));
    // No unsent row needs a template.
    resume(&[]).success();
    assert_eq!(jelou.pages_asked(), 2);
}

#[test]
fn templates_of_skipped_rows_are_not_checked() {
    let (home, jelou) = (home(), bot());
    let list = "to,plantilla\n593987654321,bienvenida\n593987654322,nueva\n";
    home.write("people.csv", list);
    let message = ["template", "{{ plantilla }}", "--param", "x"];
    bulk(
        &home,
        &jelou,
        &[&["--hold", "--unchecked"], &message[..]].concat(),
    )
    .success();
    let resume = |words: &[&str]| home.run("bulk resume r").args(words).api(&jelou.url);
    resume(&[]).fails(
        2,
        &["the template `nueva` cannot be sent: its status is PENDING"],
    );
    home.write("bajas.txt", "593987654322\n");
    resume(&["--exclude", "bajas.txt"]).success();
    assert_eq!(jelou.accepted().len(), 1);
    // A second list has a row that was sent before.
    let send = |run: &str, flags: &str| {
        home.run(&format!(
            "bulk send people.csv --run {run} --yes --skip-sent {flags}"
        ))
        .args(&message)
        .api(&jelou.url)
    };
    send("second", "").fails(2, &["the template `nueva`"]);
    send("second", "--unchecked").success();
    home.write("people.csv", format!("{list}593987654323,bienvenida\n"));
    send("third", "").success();
    assert_eq!(jelou.accepted().len(), 3);
}
