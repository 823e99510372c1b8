//! Each kind of message is drawn as WhatsApp draws it.

use serde_json::json;

use crate::inbox::{Inbox, block_on};
use crate::listening::{Sandbox, text_to};

#[test]
fn first_look() {
    block_on(async {
        let sandbox = Sandbox::start(&[]);
        let inbox = Inbox::open(&sandbox, 1440, 900).await;
        let user = "593987654321";
        sandbox.send([text_to(user, "a")]);
        inbox.click(".chat", user).await;
        // every drawing, from bodies that the sandbox does not take yet
        let bodies = json!([
          {"type": "text", "text": "Elige una opción", "title": "Menú", "buttonText": {"type":"text","text":"Ver opciones"}, "options": [{"id":"a","title":"Uno","description":"El primero"},{"title":"Dos"}]},
          {"type": "quick_reply", "title": "Confirmación", "text": "¿Confirmas tu cita de mañana a las 10:00?", "quick_replies": [{"title": "Sí"}, {"title": "No"}, {"title":"Cambiar"}]},
          {"type": "image", "mediaUrl": "https://example.com/a/foto%20uno.jpg", "text": "Tu pedido"},
          {"type": "video", "mediaUrl": "https://example.com/video.mp4"},
          {"type": "audio", "mediaUrl": "https://example.com/audio.ogg"},
          {"type": "file", "mediaUrl": "https://example.com/factura.pdf", "filename": "Factura 4521.pdf", "text": "Tu factura"},
          {"type": "sticker", "mediaUrl": "https://example.com/s.webp"},
          {"type": "location", "coordinates": {"lat": -0.18, "long": -78.46}, "name": "Jelou", "address": "Av. Amazonas, Quito"},
          {"type": "location_request", "text": "¿Dónde estás?"},
          {"type": "cta_url", "title": "Oferta", "text": "Mira la nueva colección", "caption": "Jelou", "parameters": {"display_text": "Ver tienda", "url": "https://example.com/tienda"}},
          {"type": "CAROUSEL", "text": "Nuestros productos", "parameters": {"cards": [
             {"card_index": 0, "header": {"type":"image","image":{"link":"https://example.com/1.jpg"}}, "body": {"text":"Zapatos"}, "action": {"name":"cta_url","parameters":{"display_text":"Comprar","url":"https://example.com/1"}}},
             {"card_index": 1, "header": {"type":"image","image":{"link":"https://example.com/2.jpg"}}, "body": {"text":"Camisas de algodón"}, "action": {"buttons":[{"type":"quick_reply","quick_reply":{"title":"Quiero"}}]}},
             {"card_index": 2, "header": {"type":"video","video":{"link":"https://example.com/3.mp4"}}, "body": {"text":"Gorras"}, "action": {"buttons":[{"type":"quick_reply","quick_reply":{"title":"Quiero"}}]}}]}},
          {"elementName": "pedido_enviado", "language": "es", "parameters": ["Ana", "4521"]},
          {"type": "poll", "question": "?"}
        ]);
        inbox.value::<bool>(&format!("import('/page/draw.js').then((m) => {{ const log = document.getElementById('log'); for (const body of {bodies}) {{ const a = document.createElement('article'); a.className='bubble'; const d=document.createElement('div'); d.className='inside'; d.append(...m.draw({{body}})); a.append(d); log.append(a); }} return true; }})")).await;
        inbox.size(1440, 2600).await;
        inbox.keep("drawn.png").await;
        inbox.scheme("dark").await;
        inbox.keep("drawn-dark.png").await;
        inbox.close().await;
    });
}
