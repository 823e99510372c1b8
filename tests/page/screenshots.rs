//! The pictures of the README: a shop's conversation on a screen and on a phone, and the report of a run.

use serde_json::{Value, json};

use crate::inbox::Inbox;
use crate::listening::{Sandbox, text_to};
use crate::reported_run::ReportedRun;

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

/// A list without options, a text that is too long, and a typo in the path.
fn refuse(sandbox: &Sandbox) {
    let list = json!({ "type": "text", "userId": ANA, "text": "¿En qué te ayudamos?", "buttonText": { "text": "" }, "options": [] });
    let long = text_to(ANA, &"Términos y condiciones. ".repeat(180));
    for (path, body, status) in [
        ("messages", &list, 422),
        ("messages", &long, 422),
        ("message", &text_to(ANA, "Hola"), 404),
    ] {
        assert_eq!(
            sandbox
                .ask("POST", &format!("/v1/bots/77/{path}"), &body.to_string())
                .status,
            status,
            "{body}"
        );
    }
}

/// Replaces data that changes with each run, so that the pictures stay the same.
fn make_the_same(inbox: &Inbox) {
    inbox.value::<bool>(
        "(document.querySelectorAll('time').forEach((time) => (time.textContent = '10:24')), \
             document.querySelectorAll('#request dd').forEach((field) => { \
             if (/^2\\d{3}-/.test(field.textContent)) field.textContent = '2026-01-31T10:24:00.000Z'; \
             if (/^127/.test(field.textContent)) field.textContent = '127.0.0.1:4780'; }), true)",
    );
}

#[test]
fn inbox_screenshots_on_desktop_and_phone() {
    let sandbox = Sandbox::start(&["--deliver-after", "0"]);
    sandbox.send(others());
    refuse(&sandbox);
    sandbox.send(conversation());
    let inbox = Inbox::open(&sandbox, 1280, 820);
    inbox.click(".chat", ANA);
    inbox.click(".press", "Sí");
    inbox.until("document.querySelectorAll('.mine').length === 1");
    inbox.until("document.getElementById('counts').textContent === '10 messages'");
    inbox.click("article", "Tu opinión");
    inbox.until("document.querySelector('.selected').textContent.includes('Tu opinión')");
    make_the_same(&inbox);
    inbox.scheme("light");
    inbox.keep("inbox-light.png");
    inbox.scheme("dark");
    inbox.keep("inbox-dark.png");

    inbox.size(390, 780);
    inbox.scheme("light");
    inbox
        .until("!document.getElementById('request').checkVisibility({ visibilityProperty: true })");
    inbox.value::<bool>(
        "(document.querySelector('.carousel').scrollIntoView({ block: 'end' }), true)",
    );
    inbox.keep("phone.png");
    inbox.size(1280, 820);
    inbox.scheme("light");
    inbox.value::<bool>("(location.hash = '#refused/2', true)");
    inbox.until("document.querySelector('.refusal.selected')?.id === 'r2'");
    make_the_same(&inbox);
    inbox.keep("refused.png");
}

/// Creates a run with fixed times, because the actual run takes only a second.
fn campaign() -> ReportedRun {
    let names = [
        "Ana Paredes",
        "Luis Vera",
        "María Cedeño",
        "José Mora",
        "Carmen Zambrano",
        "Jorge Núñez",
        "Lucía Ríos",
    ];
    let cities = ["Quito", "Guayaquil", "Cuenca", "Manta", "Loja"];
    let people = (0..1200_usize).map(|row| {
        let number = match row * 7 % 100 {
            0 if row.is_multiple_of(50) => "12".to_owned(),
            part if part < 86 => format!("5939{:08}", 80_000_000 + row),
            part if part < 95 => format!("57300{:07}", 1_000_000 + row),
            _ => format!("519{:08}", 10_000_000 + row),
        };
        format!(
            "{number},{},A-{},{}\n",
            names[row % names.len()],
            4000 + row,
            cities[row % cities.len()]
        )
    });
    let list = format!(
        "celular,nombre,pedido,ciudad\n{}",
        people.collect::<String>()
    );
    let refused = |every: u32, code: u32, message: &str| {
        let body = json!({ "error": { "code": code, "message": message } }).to_string();
        format!("status=400,every={every},body={body}")
    };
    let faults = [
        refused(31, 131_026, "Message undeliverable"),
        refused(77, 131_049, "Not delivered"),
    ];
    let faults = [&*faults[0], &*faults[1], "status=500,every=290"];
    let text = "Hola *{{ nombre | split | first }}*, tu pedido *{{ pedido }}* ya salió.\n\n_Llega mañana_ entre las 9:00 y \
                las 13:00 a tu dirección en {{ ciudad }}.\n\nGracias por comprar con nosotros.";
    // Send one row at a time, so that the same rows fail in every picture.
    let run = ReportedRun::send(
        &list,
        &faults,
        &["--skip-invalid", "--concurrency", "1"],
        text,
    );
    let ledger = run.ledger();
    let details: String = ledger
        .query_row("SELECT details FROM run", [], |row| row.get(0))
        .unwrap();
    let mut details: Value = serde_json::from_str(&details).unwrap();
    details["rate"] = json!(2.0);
    ledger
        .execute("UPDATE run SET details = ?1", [details.to_string()])
        .unwrap();
    // From 2026-11-20 09:00:02 in Guayaquil, about five rows in four seconds, with a pause and a wait.
    ledger
        .execute_batch(
            "CREATE TEMP TABLE moved AS SELECT n, n * 850 + (n / 37 % 3) * n / 40 * 300 + 1795183202000
               + iif(n > 430, 250000, 0) + iif(n > 820, 95000, 0) AS at FROM row;
             UPDATE row SET ended_at = (SELECT at FROM moved WHERE moved.n = row.n);
             UPDATE row SET at = ended_at;
             DELETE FROM event;
             INSERT INTO event (run, number, kind, at, who, reason, problem, until)
               SELECT 1, 1, 'begun', 1795183200000, 'ana at vm', NULL, NULL, NULL
               UNION ALL SELECT 1, 2, 'paused', max(at) + 900, 'ana at vm', 'credentials', 'the API does not accept the credentials (401)', NULL
                 FROM moved WHERE n <= 430
               UNION ALL SELECT 1, 3, 'resumed', min(at) - 900, 'ana at vm', NULL, NULL, NULL FROM moved WHERE n > 430
               UNION ALL SELECT 1, 4, 'waiting', max(at) + 500, 'ana at vm', 'rate_limit', NULL, max(at) + 94000 FROM moved WHERE n BETWEEN 431 AND 820
               UNION ALL SELECT 1, 5, 'ended', max(at) + 600, 'ana at vm', NULL, NULL, NULL FROM moved;",
        )
        .unwrap();
    run
}

#[test]
fn report_screenshots_in_light_and_dark() {
    let run = campaign();
    let window = run.open(&[], 1280, 1180);
    // The time of creation differs from run to run.
    window.value::<bool>("(document.querySelector('footer').textContent = '', true)");
    window.scheme("light");
    window.keep("report-light.png");
    window.scheme("dark");
    window.keep("report-dark.png");
    window.size(390, 1500);
    window.keep("report-phone.png");
}
