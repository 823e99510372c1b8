//! The pictures of the README: a shop's conversation, on a screen and on a phone.

use serde_json::{Value, json};

use crate::inbox::{Inbox, block_on};
use crate::listening::{Sandbox, text_to};

const ANA: &str = "593987654321";

fn conversation() -> Vec<Value> {
    let card = |index: u32, file: &str, text: &str| {
        json!({ "card_index": index, "type": "cta_url",
                "header": { "type": "image", "image": { "link": format!("https://shop.example/{file}.jpg") } }, "body": { "text": text },
                "action": { "name": "cta_url", "parameters": { "display_text": "Comprar", "url": "https://shop.example/" } } })
    };
    [
        json!({ "type": "text", "text": "Hola Ana 👋 tu pedido *#4521* ya está en camino. _Llega hoy_ entre las 15:00 y las 17:00." }),
        json!({ "type": "location", "coordinates": { "lat": -0.1807, "long": -78.4678 }, "name": "Punto de entrega", "address": "Av. Amazonas 123, Quito" }),
        json!({ "type": "quick_reply", "text": "¿Estarás en casa?", "quick_replies": [{ "title": "Sí" }, { "title": "Después de las 18:00" }] }),
        json!({ "type": "CAROUSEL", "text": "Te puede gustar", "parameters": { "cards": [
            card(0, "zapatillas", "Zapatillas de montaña"), card(1, "mochila", "Mochila de 20 litros"), card(2, "gorra", "Gorra")] } }),
        json!({ "type": "flow", "title": "Tu opinión", "text": "Cuéntanos cómo te fue, toma un minuto", "caption": "Jelou",
                "parameters": { "flow_id": "77", "flow_cta": "Empezar", "flow_name": "encuesta", "flow_action_payload": { "screen": "WELCOME" },
                                "mode": "draft", "flow_action": "navigate", "flow_message_version": "3" } }),
    ]
    .into_iter()
    .map(|mut body| {
        body["userId"] = json!(ANA);
        body
    })
    .collect()
}

fn others() -> Vec<Value> {
    [
        "Tu cita es mañana a las 10:00",
        "Recibimos tu pago, *gracias*",
        "Your code is 482 913",
        "¿Nos ayudas con una reseña?",
    ]
    .into_iter()
    .enumerate()
    .map(|(index, text)| text_to(&format!("59398765432{}", index + 2), text))
    .collect()
}

/// A list without options, a text that is too long, and a slip in the address.
fn refuse(sandbox: &Sandbox) {
    let list = json!({ "type": "text", "userId": ANA, "text": "¿En qué te ayudamos?", "buttonText": { "text": "" }, "options": [] });
    let long = text_to(ANA, &"Términos y condiciones. ".repeat(180));
    for (path, body, status) in
        [("messages", &list, 422), ("messages", &long, 422), ("message", &text_to(ANA, "Hola"), 404)]
    {
        assert_eq!(sandbox.ask("POST", &format!("/v1/bots/77/{path}"), &body.to_string()).status, status, "{body}");
    }
}

/// What differs from run to run would make every picture a new one.
async fn make_the_same(inbox: &Inbox) {
    inbox
        .value::<bool>(
            "(document.querySelectorAll('time').forEach((time) => (time.textContent = '10:24')), \
             document.querySelectorAll('#request dd').forEach((field) => { \
             if (/^2\\d{3}-/.test(field.textContent)) field.textContent = '2026-01-31T10:24:00.000Z'; \
             if (/^127/.test(field.textContent)) field.textContent = '127.0.0.1:4780'; }), true)",
        )
        .await;
}

#[test]
fn the_inbox_on_a_screen_and_on_a_phone() {
    block_on(async {
        let sandbox = Sandbox::start(&[]);
        sandbox.send(others());
        refuse(&sandbox);
        sandbox.send(conversation());
        let inbox = Inbox::open(&sandbox, 1280, 820).await;
        inbox.click(".chat", ANA).await;
        inbox.click(".press", "Sí").await;
        inbox.until("document.querySelectorAll('.mine').length === 1").await;
        inbox.until("document.getElementById('counts').textContent === '10 messages'").await;
        inbox.click("article", "Tu opinión").await;
        inbox.until("document.querySelector('.selected').textContent.includes('Tu opinión')").await;
        make_the_same(&inbox).await;
        inbox.scheme("light").await;
        inbox.keep("inbox-light.png").await;
        inbox.scheme("dark").await;
        inbox.keep("inbox-dark.png").await;

        inbox.size(390, 780).await;
        inbox.scheme("light").await;
        inbox.until("!document.getElementById('request').checkVisibility({ visibilityProperty: true })").await;
        inbox.value::<bool>("(document.querySelector('.carousel').scrollIntoView({ block: 'end' }), true)").await;
        inbox.keep("phone.png").await;
        inbox.size(1280, 820).await;
        inbox.scheme("light").await;
        inbox.value::<bool>("(location.hash = '#refused/2', true)").await;
        inbox.until("document.querySelector('.refusal.selected')?.id === 'r2'").await;
        make_the_same(&inbox).await;
        inbox.keep("refused.png").await;
        inbox.close().await;
    });
}
