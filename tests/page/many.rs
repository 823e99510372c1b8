//! Of ten thousand messages, the page draws only the visible ones, and loads others on scroll.

use crate::inbox::Inbox;
use crate::listening::{Sandbox, text_to};

#[test]
fn long_conversation_loads_on_scroll() {
    let sandbox = Sandbox::start(&[]);
    sandbox.send((1..=10_000).map(|number| text_to("593987654321", &format!("mensaje {number}"))));
    let inbox = Inbox::open(&sandbox, 1440, 900);
    inbox.click(".chat", "593987654321");
    inbox.until(
        "document.querySelector('article:last-of-type')?.innerText.includes('mensaje 10000')",
    );
    assert!(inbox.value::<usize>("document.querySelectorAll('article').length") <= 120);
    // Scroll up to the thousandth message from the end.
    inbox.until(
        "(document.getElementById('log').scrollTop = 0, \
                 document.querySelector('.words').textContent.match(/mensaje (\\d+)/)[1] <= 9000)",
    );
    let numbers: Vec<u32> =
            inbox.value("[...document.querySelectorAll('article .words')].map((one) => Number(one.textContent.match(/mensaje (\\d+)/)[1]))");
    assert!(
        numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]),
        "in order, none twice, none left out"
    );
    // New messages do not scroll the page.
    sandbox.send((1..=1000).map(|number| text_to("593987654321", &format!("nuevo {number}"))));
    inbox.until("document.getElementById('newest-text').textContent === '1,000 new'");
    inbox.click("#newest", "");
    inbox.until("document.querySelector('article:last-of-type').innerText.includes('nuevo 1000')");
    // At the end, new messages replace old ones.
    sandbox.send((1..=1000).map(|number| text_to("593987654321", &format!("último {number}"))));
    inbox.until("document.querySelector('article:last-of-type').innerText.includes('último 1000')");
    assert!(inbox.value::<usize>("document.querySelectorAll('article').length") <= 240);
}

#[test]
fn ten_thousand_chats_load_on_scroll() {
    let sandbox = Sandbox::start(&[]);
    sandbox.send((0..10_000).map(|number| text_to(&format!("59399{number:07}"), "Hola")));
    let inbox = Inbox::open(&sandbox, 1440, 900);
    inbox.until("document.querySelectorAll('.chat').length === 60");
    inbox.until(
        "(document.getElementById('chats-scroll').scrollTop = 1e9, document.querySelectorAll('.chat').length >= 600)",
    );
    inbox.type_into("#search", "593990000042");
    inbox.until("document.getElementById('found').textContent === '1 chat found'");
    inbox.click(".chat", "593990000042");
    inbox.until("document.querySelectorAll('article').length === 1");
}
