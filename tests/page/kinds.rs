//! The page draws each kind of message as WhatsApp does, from the bodies in the API's documents. Its buttons look
//! pressable.

use serde_json::{Value, json};

use crate::inbox::Inbox;
use crate::listening::{Sandbox, fixture, text_to};

/// The chat with the documents' bodies.
const USER: &str = "593987654320";

/// Returns the text of the last bubble, and how many elements in it match `selector`.
fn last_bubble(inbox: &Inbox, selector: &str) -> (String, usize) {
    let last = "document.querySelector('article:last-of-type')";
    inbox.value(&format!(
        "[{last}.querySelector('.inside').innerText, {last}.querySelectorAll('{selector}').length]"
    ))
}

#[test]
fn every_kind_is_drawn() {
    let sandbox = Sandbox::start(&[]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    for (number, (kind, shown, selector, count)) in [
        ("text", &["Hello, this is a text message"][..], ".words", 1),
        ("list", &[], ".press", 1),
        ("quick-reply", &[], ".press", 2),
        ("image", &[], ".picture", 1),
        ("audio", &[], ".sound .file", 1),
        ("video", &[], ".picture.film", 1),
        ("file", &[], ".document .ending", 1),
        ("sticker", &[], ".sticker", 1),
        ("location", &[], ".map", 1),
        ("location-request", &["Send location"], ".press", 1),
        (
            "contact-info-request",
            &["Which number may we call?", "Share contact info"],
            ".press",
            1,
        ),
        (
            "contacts",
            &["Juan Pérez", "+593987654322", "Mobile", "Message"],
            ".contact .avatar",
            1,
        ),
        ("cta-url", &[], ".press", 1),
        (
            "call",
            &[
                "Need Help?",
                "Click the button to speak with an agent",
                "Call Support",
            ],
            ".press",
            1,
        ),
        (
            "flow",
            &[
                "Hola",
                "Completa este flujo",
                "Jelou",
                "Iniciar Flujo",
                "opens",
                "RECOMMEND",
                "draft",
            ],
            ".press",
            1,
        ),
        (
            "carousel",
            &[
                "Check out our latest offers",
                "Exclusive deal #2",
                "Shop now",
                "I want it",
            ],
            ".carousel .card",
            2,
        ),
        ("template-by-id", &["{{name}}", "Ana", "39"], ".detail", 2),
    ]
    .into_iter()
    .enumerate()
    {
        let body = fixture(&format!("bodies/{kind}.json"));
        sandbox.send([body.clone()]);
        if number == 0 {
            inbox.click(".chat", USER);
        }
        inbox.until(&format!(
            "document.querySelectorAll('article').length === {}",
            number + 1
        ));
        let (text, found) = last_bubble(&inbox, selector);
        // Only the texts in the body, if the kind has texts.
        let own = ["title", "text", "name", "address"]
            .into_iter()
            .filter_map(|name| body[name].as_str());
        for part in shown.iter().copied().chain(own) {
            assert!(text.contains(part), "{kind}: `{part}` is missing in {text}");
        }
        assert!(found >= count, "{kind}: {found} of {selector}");
        assert_eq!(last_bubble(&inbox, "pre.json").1, 0, "{kind} is drawn");
    }
}

#[test]
fn template_shows_its_text_with_parameters() {
    let sandbox = Sandbox::start(&[]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    let template = fixture("bodies/template.json").to_string();
    assert_eq!(
        sandbox.ask("POST", "/v2/whatsapp/77/hsm", &template).status,
        200
    );
    inbox.click(".chat", "593987654321");
    inbox.until("document.querySelector('article')");
    let (text, _) = last_bubble(&inbox, ".words");
    assert!(
        text.contains("Hello Ana, your order A-1042 is on its way."),
        "{text}"
    );
}

#[test]
fn unknown_template_is_marked() {
    let sandbox = Sandbox::start(&[]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    for (number, (name, language, tag)) in [
        ("bienvenida", "ES", ""),
        ("other", "es", "no sample is called other"),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({ "destinations": [USER], "elementName": name, "language": language, "parameters": ["Ana"] });
        assert_eq!(
            sandbox
                .ask("POST", "/v2/whatsapp/77/hsm", &body.to_string())
                .status,
            200
        );
        if number == 0 {
            inbox.click(".chat", USER);
        }
        inbox.until(&format!(
            "document.querySelectorAll('article').length === {}",
            number + 1
        ));
        let tags = "[...document.querySelectorAll('article:last-of-type .tag')].map((one) => one.textContent).join()";
        assert_eq!(inbox.value::<String>(tags), tag, "{name} {language}");
    }
}

#[test]
fn text_is_drawn_with_its_formatting() {
    let sandbox = Sandbox::start(&[]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    for (number, (text, html)) in [
        (
            "*bold* _it_ ~no~ `code`",
            "<strong>bold</strong> <em>it</em> <s>no</s> <code>code</code>",
        ),
        (
            "* uno\n* dos\ntres",
            "<ul><li>uno</li><li>dos</li></ul>tres",
        ),
        ("a\n\nb", "a\n\nb"),
        ("3. x\n4. y", "<ol start=\"3\"><li>x</li><li>y</li></ol>"),
        (
            "> *quoted*\nsaid",
            "<blockquote><div><strong>quoted</strong></div></blockquote>said",
        ),
        (
            "```a *b*\n> c```",
            "<code class=\"block\">a *b*\n&gt; c</code>",
        ),
        (
            "see https://a.example/x_y_z?q=1, ok",
            "see <span class=\"link\">https://a.example/x_y_z?q=1</span>, ok",
        ),
        ("<b>&</b>", "&lt;b&gt;&amp;&lt;/b&gt;"),
    ]
    .into_iter()
    .enumerate()
    {
        sandbox.send([text_to(USER, text)]);
        if number == 0 {
            inbox.click(".chat", USER);
        }
        inbox.until(&format!(
            "document.querySelectorAll('article').length === {}",
            number + 1
        ));
        let drawn: String = inbox
                .value(
                    "(() => { const all = document.querySelector('article:last-of-type .words').cloneNode(true); \
                     all.querySelectorAll('[title]').forEach((one) => one.removeAttribute('title')); return all.innerHTML; })()",
                );
        assert_eq!(drawn, html, "{text}");
    }
}

#[test]
fn unknown_kind_is_shown_as_json() {
    let sandbox = Sandbox::start(&[]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    let body = json!({ "type": "poll", "userId": USER, "question": "<b>?" });
    sandbox.send([body.clone()]);
    inbox.click(".chat", USER);
    inbox.until("document.querySelector('article pre.json')");
    let drawn: String = inbox.value("document.querySelector('article pre.json').textContent");
    assert_eq!(serde_json::from_str::<Value>(&drawn).unwrap(), body);
}

#[test]
fn user_replies_by_pressing_buttons() {
    let sandbox = Sandbox::start(&[]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    sandbox.send(
        [
            "list",
            "quick-reply",
            "flow",
            "location-request",
            "contact-info-request",
        ]
        .map(|kind| fixture(&format!("bodies/{kind}.json"))),
    );
    inbox.click(".chat", USER);
    let list = fixture("bodies/list.json");
    let (option, reply) = (
        list["options"][1]["title"].as_str().unwrap(),
        fixture("bodies/quick-reply.json")["quick_replies"][0]["title"].clone(),
    );

    inbox.click(
        ".press",
        list["buttonText"]["text"].as_str().unwrap_or("Options"),
    );
    inbox.until("document.getElementById('options').open");
    inbox.click(".option", option);
    inbox.click("#options .answer", "Send");
    inbox.until("document.querySelectorAll('.mine').length === 1");
    inbox.click(".press", reply.as_str().unwrap());
    inbox.until("document.querySelectorAll('.mine').length === 2");
    inbox.click(".press", "Iniciar Flujo");
    inbox.until("document.querySelectorAll('.mine').length === 3");
    inbox.click(".press", "Send location");
    inbox.until("document.querySelectorAll('.mine').length === 4");
    inbox.click(".press", "Share contact info");
    inbox.until("document.querySelectorAll('.mine').length === 5");

    let written = sandbox.read("/sandbox/messages?from=user");
    let texts: Vec<_> = written
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["body"]["text"].as_str().unwrap())
        .collect();
    assert_eq!(
        texts,
        [
            option,
            reply.as_str().unwrap(),
            "Response sent",
            "📍 -0.1807, -78.4678",
            "👤 Ana Pérez, +593987654321"
        ]
    );
    assert_eq!(written[0]["body"]["in_reply_to"], "msg_sandbox_1");
    assert_eq!(
        written[0]["body"]["payload"]["description"],
        list["options"][1]["description"]
    );
    assert_eq!(written[2]["body"]["payload"]["screen"], "RECOMMEND");
}

#[test]
fn external_actions_only_show_their_target() {
    let sandbox = Sandbox::start(&[]);
    let inbox = Inbox::open(&sandbox, 1440, 900);
    sandbox
        .send(["cta-url", "call", "carousel"].map(|kind| fixture(&format!("bodies/{kind}.json"))));
    inbox.click(".chat", USER);
    inbox.click(".press", "Shop now");
    inbox.until("document.getElementById('toast').textContent === 'This would open https://shop.example.com/deal1'");
    let wide: bool = inbox
        .value("(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)(document.querySelector('.carousel'))");
    assert!(wide, "the carousel scrolls sideways");
    inbox.click(".press", "Call Support");
    inbox.until(
        "document.getElementById('toast').textContent === 'This would open a call to the bot'",
    );
    assert_eq!(
        inbox.value::<usize>("document.querySelectorAll('.mine').length"),
        0
    );
}
