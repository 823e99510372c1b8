//! Each kind of message is drawn as in WhatsApp, from the bodies in the API's documents, and its buttons look
//! pressable.

use serde_json::{Value, json};

use crate::inbox::{Inbox, block_on};
use crate::listening::{Sandbox, fixture};

/// The chat of the documents' bodies.
const USER: &str = "593987654320";

/// What the last bubble shows, and how many of `selector` it has.
async fn last_bubble(inbox: &Inbox, selector: &str) -> (String, usize) {
    let last = "document.querySelector('article:last-of-type')";
    inbox
        .value(&format!("[{last}.querySelector('.inside').innerText, {last}.querySelectorAll('{selector}').length]"))
        .await
}

#[test]
fn every_kind_has_its_drawing() {
    block_on(async {
        let sandbox = Sandbox::start(&[]);
        let inbox = Inbox::open(&sandbox, 1440, 900).await;
        for (number, (kind, shown, selector, count)) in [
            ("text", &["Hello, this is a text message"][..], ".words", 1),
            ("list", &[], ".press", 1),
            ("quick-reply", &[], ".press", 2),
            ("image", &[], ".picture", 1),
            ("audio", &[], ".sound .wave", 1),
            ("video", &[], ".picture.film", 1),
            ("file", &[], ".document .ending", 1),
            ("sticker", &[], ".sticker", 1),
            ("location", &[], ".map", 1),
            ("location-request", &["Send location"], ".press", 1),
            ("contact-info-request", &["Which number may we call?", "Share contact info"], ".press", 1),
            ("contacts", &["Juan Pérez", "+593987654322", "Mobile", "Message"], ".contact .avatar", 1),
            ("cta-url", &[], ".press", 1),
            ("call", &["Need Help?", "Click the button to speak with an agent", "Call Support"], ".press", 1),
            (
                "flow",
                &["Hola", "Completa este flujo", "Jelou", "Iniciar Flujo", "opens", "RECOMMEND", "draft"],
                ".press",
                1,
            ),
            (
                "carousel",
                &["Check out our latest offers", "Exclusive deal #2", "Shop now", "I want it"],
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
                inbox.click(".chat", USER).await;
            }
            inbox.until(&format!("document.querySelectorAll('article').length === {}", number + 1)).await;
            let (text, found) = last_bubble(&inbox, selector).await;
            // The texts in the body itself, if the kind has any.
            let own = ["title", "text", "name", "address"].into_iter().filter_map(|name| body[name].as_str());
            for part in shown.iter().copied().chain(own) {
                assert!(text.contains(part), "{kind}: `{part}` is missing in {text}");
            }
            assert!(found >= count, "{kind}: {found} of {selector}");
            assert_eq!(last_bubble(&inbox, "pre.json").await.1, 0, "{kind} is drawn");
        }
        inbox.close().await;
    });
}

#[test]
fn a_template_shows_its_text_with_its_parameters() {
    block_on(async {
        let sandbox = Sandbox::start(&[]);
        let inbox = Inbox::open(&sandbox, 1440, 900).await;
        let template = fixture("bodies/template.json").to_string();
        assert_eq!(sandbox.ask("POST", "/v2/whatsapp/77/hsm", &template).status, 200);
        inbox.click(".chat", "593987654321").await;
        inbox.until("document.querySelector('article')").await;
        let (text, _) = last_bubble(&inbox, ".words").await;
        assert!(text.contains("Hello Ana, your order A-1042 is on its way."), "{text}");
        inbox.close().await;
    });
}

#[test]
fn a_template_that_nobody_knows_is_marked() {
    block_on(async {
        let sandbox = Sandbox::start(&[]);
        let inbox = Inbox::open(&sandbox, 1440, 900).await;
        let shown = |name: &str, language: &str, samples: bool| {
            let listed = json!([{ "elementName": "mine", "language": "es", "template": "Hola {{1}}" }]);
            let body = json!({ "elementName": name, "language": language, "parameters": ["Ana"] });
            format!(
                "import('/page/draw.js').then(({{ draw }}) => draw({{ body: {body} }}, {listed}, {samples}).map((one) => one.querySelector('.tag')?.textContent ?? '').join(''))"
            )
        };
        for (name, language, samples, tag) in [
            ("mine", "ES", false, ""),
            ("mine", "pt", false, "unknown language: pt"),
            ("other", "es", false, "unknown template"),
            ("other", "es", true, "no sample is called other"),
        ] {
            assert_eq!(inbox.value::<String>(&shown(name, language, samples)).await, tag, "{name} {language}");
        }
        inbox.close().await;
    });
}

#[test]
fn a_text_is_drawn_with_its_marks() {
    block_on(async {
        let sandbox = Sandbox::start(&[]);
        let inbox = Inbox::open(&sandbox, 1440, 900).await;
        for (text, html) in [
            ("*bold* _it_ ~no~ `code`", "<strong>bold</strong> <em>it</em> <s>no</s> <code>code</code>"),
            ("*_both_*", "<strong><em>both</em></strong>"),
            ("snake_case_name 2*3*4", "snake_case_name 2*3*4"),
            ("* uno\n* dos\ntres", "<ul class=\"\"><li>uno</li><li>dos</li></ul>tres"),
            ("a\n- uno", "a<ul><li>uno</li></ul>"),
            ("3. x\n4. y", "<ol start=\"3\"><li>x</li><li>y</li></ol>"),
            ("> *quoted*\nsaid", "<blockquote><div><strong>quoted</strong></div></blockquote>said"),
            ("```a *b*\n> c```", "<code class=\"block\">a *b*\n&gt; c</code>"),
            (
                "see https://a.example/x_y_z?q=1, ok",
                "see <span><span class=\"link\">https://a.example/x_y_z?q=1</span>,</span> ok",
            ),
            ("<b>&</b>", "&lt;b&gt;&amp;&lt;/b&gt;"),
        ] {
            let drawn: String = inbox
                .value(&format!(
                    "import('/page/text.js').then(({{ rich }}) => {{ const all = document.createElement('div'); all.append(...rich({})); \
                     all.querySelectorAll('[title]').forEach((one) => one.removeAttribute('title')); return all.innerHTML; }})",
                    json!(text)
                ))
                .await;
            assert_eq!(drawn, html.replace(" class=\"\"", ""), "{text}");
        }
        inbox.close().await;
    });
}

#[test]
fn a_kind_without_a_drawing_is_shown_as_json() {
    block_on(async {
        let sandbox = Sandbox::start(&[]);
        let inbox = Inbox::open(&sandbox, 1440, 900).await;
        for body in [
            json!({ "type": "poll", "question": "<b>?" }),
            json!({}),
            json!({ "type": "constructor" }),
            json!(7),
            json!({ "type": "contacts", "contacts": 1 }),
        ] {
            let drawn: String = inbox
                .value(&format!(
                    "import('/page/draw.js').then(({{ draw }}) => draw({{ body: {body} }})[0].textContent)"
                ))
                .await;
            let shown = if body.is_object() { body } else { json!({}) };
            assert_eq!(serde_json::from_str::<Value>(&drawn).unwrap(), shown);
        }
        inbox.close().await;
    });
}

#[test]
fn the_user_answers_by_pressing() {
    block_on(async {
        let sandbox = Sandbox::start(&[]);
        let inbox = Inbox::open(&sandbox, 1440, 900).await;
        sandbox.send(
            ["list", "quick-reply", "flow", "location-request", "contact-info-request"]
                .map(|kind| fixture(&format!("bodies/{kind}.json"))),
        );
        inbox.click(".chat", USER).await;
        let list = fixture("bodies/list.json");
        let (option, reply) = (
            list["options"][1]["title"].as_str().unwrap(),
            fixture("bodies/quick-reply.json")["quick_replies"][0]["title"].clone(),
        );

        inbox.click(".press", list["buttonText"]["text"].as_str().unwrap_or("Options")).await;
        inbox.until("document.getElementById('options').open").await;
        inbox.click(".option", option).await;
        inbox.click("#options .primary", "Send").await;
        inbox.until("document.querySelectorAll('.mine').length === 1").await;
        inbox.click(".press", reply.as_str().unwrap()).await;
        inbox.until("document.querySelectorAll('.mine').length === 2").await;
        inbox.click(".press", "Iniciar Flujo").await;
        inbox.until("document.querySelectorAll('.mine').length === 3").await;
        inbox.click(".press", "Send location").await;
        inbox.until("document.querySelectorAll('.mine').length === 4").await;
        inbox.click(".press", "Share contact info").await;
        inbox.until("document.querySelectorAll('.mine').length === 5").await;

        let written = sandbox.read("/sandbox/messages?from=user");
        let texts: Vec<_> =
            written.as_array().unwrap().iter().map(|one| one["body"]["text"].as_str().unwrap()).collect();
        assert_eq!(
            texts,
            [option, reply.as_str().unwrap(), "Response sent", "📍 -0.1807, -78.4678", "👤 Ana Pérez, +593987654321"]
        );
        assert_eq!(written[0]["body"]["in_reply_to"], "msg_sandbox_1");
        assert_eq!(written[0]["body"]["payload"]["description"], list["options"][1]["description"]);
        assert_eq!(written[2]["body"]["payload"]["screen"], "RECOMMEND");
        inbox.close().await;
    });
}

#[test]
fn what_would_leave_the_page_only_says_where_to() {
    block_on(async {
        let sandbox = Sandbox::start(&[]);
        let inbox = Inbox::open(&sandbox, 1440, 900).await;
        sandbox.send(["cta-url", "call", "carousel"].map(|kind| fixture(&format!("bodies/{kind}.json"))));
        inbox.click(".chat", USER).await;
        inbox.click(".press", "Shop now").await;
        inbox
            .until("document.getElementById('toast').textContent === 'This would open https://shop.example.com/deal1'")
            .await;
        let wide: bool = inbox
            .value("(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)(document.querySelector('.carousel'))")
            .await;
        assert!(wide, "the carousel scrolls sideways");
        inbox.click(".press", "Call Support").await;
        inbox.until("document.getElementById('toast').textContent === 'This would open a call to the bot'").await;
        assert_eq!(inbox.value::<usize>("document.querySelectorAll('.mine').length").await, 0);
        inbox.close().await;
    });
}
