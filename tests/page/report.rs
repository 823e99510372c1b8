//! The page of a run, opened from the disk. It makes no requests, and shows everything in the list as plain text. It is
//! accessible on a screen, on a phone and on paper.

use serde_json::{Value, json};

use crate::axe::findings;
use crate::inbox::Inbox;
use crate::reported_run::ReportedRun;

const UNDELIVERABLE: &str =
    r#"status=400,every=7,body={"error":{"code":131026,"message":"Message undeliverable"}}"#;
const NO_ANSWER: &str = "status=500,every=90";

/// Creates a run with this many rows. Some rows have no number, and some recipients are excluded.
fn run(rows: usize) -> ReportedRun {
    let people = (0..rows).map(|row| match row {
        5 | 6 => format!("12,Error {row},A-{row}\n"),
        row => format!("5939{:08},Ana Núñez {row},A-{row}\n", 80_000_000 + row),
    });
    let list = format!("celular,nombre,pedido\n{}", people.collect::<String>());
    let faults = [UNDELIVERABLE, NO_ANSWER];
    ReportedRun::send(
        &list,
        &faults,
        &["--skip-invalid"],
        "Hola *{{ nombre | split | first }}*,\n\ntu pedido salió.",
    )
}

/// Returns the elements that are wider than the space for them, except scrolling ones.
fn too_wide(window: &Inbox) -> Vec<String> {
    window
        .value(
            "[document.documentElement, ...document.querySelectorAll('body *')].filter((one) => one.clientWidth && \
             one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'auto' && !one.closest('svg, .unseen') && \
             (one === document.documentElement || !one.closest('.scroll'))).map((one) => `${one.tagName} ${one.className}`)",
        )
}

#[test]
fn report_matches_status_and_loads_nothing() {
    let run = run(300);
    let status = run.status();
    let window = run.open(&[], 1280, 900);
    let tiles: Value = window
            .value("Object.fromEntries([...document.querySelectorAll('.tile')].map((tile) => [tile.dataset.state, Number(tile.dataset.count)]))");
    for state in ["sent", "failed", "unknown", "skipped"] {
        assert!(status[state].as_u64().unwrap() > 0, "{status}");
        assert_eq!(tiles[state], status[state], "{state}");
    }
    assert_eq!(tiles["pending"].as_u64(), Some(0));
    let shown: String = window.value("document.body.innerText");
    for part in [
        "131026",
        "WhatsApp cannot deliver to this recipient",
        "invalid",
        "profile tienda, bot 4512",
        "Ecuador (EC)",
    ] {
        assert!(shown.contains(part), "`{part}` is missing in {shown}");
    }
    for part in ["clientes-noviembre.csv (300 rows)", "Guayaquil time"] {
        assert!(shown.contains(part), "`{part}` is missing in {shown}");
    }
    let bold: String = window.value("document.querySelector('.bubble .b').textContent");
    assert_eq!(bold, "Ana");
    assert_eq!(
        window.value::<usize>("performance.getEntriesByType('resource').length"),
        0
    );
    assert_eq!(
        window.value::<Vec<String>>("window.refused"),
        Vec::<String>::new()
    );
    // The policy would have stopped an injected script.
    window.value::<bool>(
        "(document.body.append(Object.assign(document.createElement('script'), { textContent: 'hacked = 1' })), true)",
    );
    window.until("window.refused[0] === 'script-src-elem inline'");
    assert!(!window.value::<bool>("'hacked' in window"));
}

const LOST: &str = "undelivered=131026,every=9";
const HIDDEN: &str = "unlisted,every=20";

/// Creates a run with some messages that were read or answered, and others that were undelivered or not listed.
fn delivered_run(rows: usize) -> ReportedRun {
    let people = (0..rows).map(|row| format!("5939{:08},Ana Núñez {row}\n", 80_000_000 + row));
    let list = format!("celular,nombre\n{}", people.collect::<String>());
    let run = ReportedRun::send(
        &list,
        &[LOST, HIDDEN, UNDELIVERABLE],
        &[],
        "Hola {{ nombre }}, ya salió.",
    );
    for row in (0..rows).filter(|row| row % 3 != 0) {
        let user = format!("5939{:08}", 80_000_000 + row);
        run.sandbox
            .ask("POST", &format!("/sandbox/chats/{user}/read"), "");
        if row % 8 == 1 {
            run.sandbox.ask(
                "POST",
                &format!("/sandbox/users/{user}/messages"),
                r#"{"text":"Gracias"}"#,
            );
        }
    }
    run
}

/// Returns the names and numbers of the funnel's steps or ends.
fn figures(window: &Inbox, name: &str) -> Value {
    let read = format!(
        "Object.fromEntries([...document.querySelectorAll('[data-{name}]')].map((one) => [one.dataset.{name}, \
         Number(one.dataset.count)]))"
    );
    window.value(&read)
}

#[test]
fn delivery_funnel_adds_up() {
    let run = delivered_run(200);
    let window = run.open(&[], 1280, 900);
    let shown: String = window.value("document.querySelector('.arrived').innerText");
    for part in [
        "The delivery status has not been checked yet",
        "jelouctl bulk deliveries clientes-noviembre",
    ] {
        assert!(shown.contains(part), "`{part}` is missing in {shown}");
    }
    assert_eq!(figures(&window, "step"), serde_json::json!({}));
    let asked = run.jelouctl(&["bulk", "deliveries"]);
    assert!(asked.status.success(), "{asked:?}");

    let window = run.open(&[], 1280, 900);
    let (steps, ends) = (figures(&window, "step"), figures(&window, "end"));
    let (status, end) = (run.status(), |name: &str| ends[name].as_u64().unwrap());
    for name in ["replied", "read", "delivered", "undelivered", "not_listed"] {
        assert_eq!(ends[name], status["deliveries"][name], "{name}: {status}");
        assert!(end(name) > 0, "{ends}");
    }
    let all: u64 = ends
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(
        (steps["sent"].as_u64(), status["sent"].as_u64()),
        (Some(all), Some(all))
    );
    assert_eq!(
        steps["delivered"],
        end("delivered") + end("read") + end("replied")
    );
    assert_eq!(
        (&steps["read"], &steps["replied"]),
        (&Value::from(end("read") + end("replied")), &ends["replied"])
    );
    let shown: String = window.value("document.body.innerText");
    for part in [
        format!("{all} of {all} messages were checked, last on 20"),
        "Not delivered\nJelou gives no reason".to_owned(),
    ] {
        assert!(shown.contains(&part), "`{part}` is missing in {shown}");
    }
    assert!(!shown.contains("has not been checked"), "{shown}");

    let window = run.open(&["--lang", "es", "--mask"], 390, 900);
    for scheme in ["light", "dark"] {
        window.scheme(scheme);
        assert_eq!(findings(&window), Vec::<String>::new(), "{scheme}");
        assert_eq!(too_wide(&window), Vec::<String>::new(), "{scheme}");
    }
    let shown: String = window.value("document.querySelector('.arrived').innerText");
    for part in [
        "Estado de entrega",
        "Leídos",
        "Respondidos",
        "No entregados",
    ] {
        assert!(shown.contains(part), "`{part}` is missing in {shown}");
    }
    assert!(!shown.contains("jelouctl"), "{shown}");
}

#[test]
fn report_is_accessible_at_every_size_and_scheme() {
    let run = run(300);
    for flags in [&[][..], &["--mask", "--lang", "es"]] {
        let window = run.open(flags, 1280, 900);
        for scheme in ["light", "dark"] {
            window.scheme(scheme);
            for width in [1280, 390] {
                window.size(width, 900);
                assert_eq!(
                    findings(&window),
                    Vec::<String>::new(),
                    "{scheme}, {width} wide"
                );
                assert_eq!(
                    too_wide(&window),
                    Vec::<String>::new(),
                    "{scheme}, {width} wide"
                );
            }
        }
    }
}

#[test]
fn printed_page_is_not_cut_off() {
    let list = format!(
        "celular,nombre,{}\n593987654321,Ana,{}\n",
        columns(12),
        ["a longer cell than most"; 12].join(",")
    );
    let run = ReportedRun::send(&list, &[], &[], "Hola");
    // The width of A4 between its margins.
    let window = run.open(&[], 695, 1000);
    window
        .page
        .call("Emulation.setEmulatedMedia", &json!({ "media": "print" }));
    let clipped: Vec<String> = window.value(
        "[...document.querySelectorAll('body *')].filter((one) => one.clientWidth && !one.closest('svg') && \
                 one.scrollWidth > one.clientWidth + 1).map((one) => `${one.tagName} ${one.className}`)",
    );
    assert_eq!(clipped, Vec::<String>::new());
    let pages = window.page.data("Page.printToPDF");
    assert!(pages.starts_with(b"%PDF"));
}

fn columns(number: usize) -> String {
    (0..number)
        .map(|column| format!("column {column}"))
        .collect::<Vec<_>>()
        .join(",")
}

#[test]
fn printing_shows_every_row_and_then_reverts() {
    let run = run(700);
    let window = run.open(&[], 1280, 900);
    let count = "document.querySelectorAll('#list tr').length";
    window.value::<bool>("(dispatchEvent(new Event('beforeprint')), true)");
    assert_eq!(window.value::<usize>(count), 700);
    assert!(window.value::<bool>("document.getElementById('on-paper').hidden"));
    window.value::<bool>("(dispatchEvent(new Event('afterprint')), true)");
    assert_eq!(window.value::<usize>(count), 200);
    window.type_into("#search", "nunez 42");
    window.until(&format!("{count} === 11"));
    window.value::<bool>("(dispatchEvent(new Event('beforeprint')), true)");
    let said: String = window.value("document.getElementById('on-paper').textContent");
    assert_eq!(said, "11 of 700 rows are printed.");
}

#[test]
fn code_quotes_and_lists_match_the_inbox() {
    let run = ReportedRun::send("to\n593987654320\n", &[], &[], "x");
    let list = "celular,nombre\n593987654321,Ana\n593987654322,Eva\n";
    let text = "Run `do *it*`:\n```ls *a*\n\nrm b```\n> said\n- one {{ nombre }}\n3. three";
    let window = run.open_preview(list, &[], text);
    let lines = "(bubble => [...bubble.querySelectorAll('p')].map((line) => line.className + '|' + (line.dataset.number ?? '') + '|' + \
                     [...line.children].map((span) => span.className + ':' + span.textContent).join()))";
    let expected = |name: &str| {
        [
            "||:Run ,m:do *it*,::",
            "code||:ls *a*",
            "code||",
            "code||:rm b",
            "quote||:said",
            "item||:one NAME",
            "numbered|3|:three",
        ]
        .map(|line| line.replace("NAME", name))
    };
    let written: Vec<String> =
        window.value(&format!("{lines}(document.querySelector('#list .bubble'))"));
    assert_eq!(written, expected("Ana"));
    // The template and the script draw the same page.
    window.type_into("#search", "eva");
    window.until("document.getElementById('range').textContent === '1–1 of 1'");
    let drawn: Vec<String> =
        window.value(&format!("{lines}(document.querySelector('#list .bubble'))"));
    assert_eq!(drawn, expected("Eva"));
    let aligned = "[...document.querySelectorAll('.bubble p')].every((line) => getComputedStyle(line).textAlign === 'start')";
    assert!(
        window.value::<bool>(aligned),
        "a line looks like a cell of the table"
    );
}

#[test]
fn preview_page_shows_every_message_of_list() {
    let run = ReportedRun::send("to\n593987654320\n", &[], &[], "x");
    let people: Vec<_> = (0..300)
        .map(|row| format!("5939{:08},Ana Núñez {row}\n", 80_000_000 + row))
        .collect();
    let people = people.concat();
    let list =
        format!("celular,nombre\n12,Error\n593987654321,MarÃ­a\n593987654322,<b>Eva</b>\n{people}");
    let window = run.open_preview(&list, &[], "Hola *{{ nombre }}*,\n\nya llegó");
    let tiles: Value = window.value(
        "[...document.querySelectorAll('.tile')].map((tile) => [tile.dataset.state, Number(tile.dataset.count)])",
    );
    assert_eq!(
        tiles,
        serde_json::json!([["sent", 301], ["failed", 1], ["unknown", 1], ["skipped", 0]])
    );
    assert_eq!(findings(&window), Vec::<String>::new());
    assert_eq!(too_wide(&window), Vec::<String>::new());
    assert_eq!(
        window.value::<Vec<String>>("window.refused"),
        Vec::<String>::new()
    );
    let rows = "[...document.querySelectorAll('#list tr')].map((row) => row.innerText.replace(/\\s+/g, ' ').trim())";
    let first: Vec<String> = window.value(rows);
    assert_eq!(first.len(), 200);
    let told =
        "2 Cannot be sent Invalid celular: “12” has 2 digits, and a phone number has 7 to 15";
    assert_eq!(first[0], format!("{told} celular: 12 · nombre: Error"));
    assert_eq!(
        first[1],
        "3 Warning Warning nombre: “MarÃ\u{ad}a” was probably “María”, saved in another encoding EC 593987654321 Hola \
         MarÃ\u{ad}a, ya llegó"
    );
    // The template and the script draw the same page.
    window.type_into("#search", "núñez 42");
    window.until("document.getElementById('range').textContent === '1–1 of 1'");
    let found: Vec<String> = window.value(rows);
    assert_eq!(
        found,
        ["47 No error EC 593980000042 Hola Ana Núñez 42, ya llegó"]
    );
    assert_eq!(
        window.value::<usize>("document.querySelectorAll('#list .bubble .b').length"),
        1
    );
    window.type_into("#search", "<b>eva");
    window.until("document.getElementById('range').textContent === '1–1 of 1'");
    assert_eq!(
        window.value::<String>("document.querySelector('#list .bubble .b').textContent"),
        "<b>Eva</b>"
    );
    for width in [1280, 390] {
        window.size(width, 900);
        assert_eq!(too_wide(&window), Vec::<String>::new(), "{width} wide");
    }

    let masked = run.open_preview(&list, &["--mask", "--lang", "es"], "Hola {{ nombre }}");
    let shown: String = masked.value("document.documentElement.outerHTML");
    for part in ["Ana", "Eva", "Error", "5939", "nombre: "] {
        assert!(!shown.contains(part), "{part}");
    }
    assert!(
        shown.contains("Esta lista no se puede enviar tal como está."),
        "{shown}"
    );
    assert_eq!(findings(&masked), Vec::<String>::new());
}

#[test]
fn list_content_is_shown_as_text_only() {
    let cells = [
        "<script>hacked=1</script>",
        "\"><img src=x onerror=hacked=1>",
        "</script><script>hacked=1</script>",
        "<!--<script>",
        "{# 7*7 #}{# raw #}",
        "\u{202e}desrever مرحبا",
        "' onclick=hacked=1 x='",
    ];
    let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let rows = cells
        .iter()
        .enumerate()
        .map(|(row, cell)| format!("59398765432{row},{}\n", quoted(cell)));
    let long = format!("593987654329,{}\n", "w".repeat(10_000));
    let list = format!(
        "to,{}\n{}{long}",
        quoted("<b onclick=hacked=1>x</b>"),
        rows.collect::<String>()
    );
    let run = ReportedRun::send(
        &list,
        &[],
        &[],
        "{{ row['<b onclick=hacked=1>x</b>'] | replace('wwwwwwwwww', 'w') }}",
    );
    let window = run.open(&[], 1280, 900);
    // Drawn by the template, then by the script.
    for drawn_by in ["template", "script"] {
        let shown: Vec<String> = window.value(
            "[...document.querySelectorAll('#list tr')].map((row) => row.children[5].textContent)",
        );
        assert_eq!(shown[..cells.len()], cells, "{drawn_by}");
        assert_eq!(
            shown[cells.len()],
            format!("{}…", "w".repeat(199)),
            "{drawn_by}"
        );
        let added: usize = window
            .value("document.querySelectorAll('img, iframe, main script, main b[onclick]').length");
        assert_eq!(
            (added, window.value::<bool>("'hacked' in window")),
            (0, false),
            "{drawn_by}"
        );
        for width in [1280, 390] {
            window.size(width, 900);
            assert_eq!(too_wide(&window), Vec::<String>::new(), "{width} wide");
        }
        window.value::<bool>("(filter(), true)");
    }
    assert_eq!(
        window.value::<Vec<String>>("window.refused"),
        Vec::<String>::new()
    );
    assert_eq!(
        window.value::<String>("document.querySelector('.list th:nth-child(6)').textContent"),
        "<b onclick=hacked=1>x</b>"
    );
}

#[test]
fn row_problem_stays_visible_with_many_columns() {
    let columns = "to,nombre,apellido,correo,ciudad,producto,pedido,importe,vence";
    let cells = "Ana María,de la Torre,ana.de.la.torre@example.com,Guayaquil,Refrigeradora,2026-000123,1234.50,2026-11-28";
    let list = format!("{columns}\n593987654321,{cells}\n12,{cells}\n");
    let run = ReportedRun::send(&list, &[], &["--skip-invalid"], "Hola {{ nombre }}");
    let window = run.open(&[], 1280, 900);
    for drawn_by in ["template", "script"] {
        let right: f64 =
            window.value("document.querySelector('#list .why').getBoundingClientRect().right");
        assert!(right <= 1280.0, "{drawn_by}: {right}");
        window.value::<bool>("(filter(), true)");
    }
}

#[test]
fn rows_are_searched_filtered_and_paged() {
    let run = run(700);
    let failed = run.status()["failed"].as_u64().unwrap();
    let window = run.open(&[], 1280, 900);
    let count = "document.querySelectorAll('#list tr').length";
    let range = "document.getElementById('range').textContent";
    assert_eq!(window.value::<usize>(count), 200);
    assert_eq!(window.value::<String>(range), "1–200 of 700");
    // Rows that were not sent come first.
    let first: String = window.value("document.querySelector('#list .state').textContent");
    assert_eq!(first, "Failed");
    window.click("#following", "");
    window.until(&format!("{range} === '201–400 of 700'"));
    window.type_into("#search", "nunez 42");
    window.until(&format!("{range} === '1–11 of 11'"));
    window.type_into("#search", "nobody is called so");
    window.until(&format!("{range} === 'No rows match.'"));
    // The search accepts any spelling: the list has 593980000010.
    for spelling in ["0980000010", "+593 98 000-0010", "98 0000010"] {
        window.type_into("#search", spelling);
        window.until(&format!("{range} === '1–1 of 1'"));
    }
    window.type_into("#search", " ");
    window
            .value::<bool>("(document.getElementById('state').value = 'failed', document.getElementById('state').dispatchEvent(new Event('change')))");
    window.until(&format!("{range}.endsWith(' of {failed}')"));
    window.value::<bool>(
        "(reason.value = reasons.indexOf('invalid'), reason.dispatchEvent(new Event('change')))",
    );
    window.until(&format!("{count} === 0"));
    window.value::<bool>("(state.value = '', state.dispatchEvent(new Event('change')))");
    window.until(&format!("{count} === 2"));
}

#[test]
fn page_without_scripts_shows_the_first_rows() {
    let run = run(300);
    let page = run.page(&[]);
    let window = Inbox::open_at("about:blank", 1280, 900);
    window.page.call(
        "Emulation.setScriptExecutionDisabled",
        &json!({ "value": true }),
    );
    window.page.go_to(&format!("file://{}", page.display()));
    let shown: String = window.value("document.body.innerText");
    for part in [
        "131026",
        "History of the run",
        "EC",
        "Resumed",
        "Search and the other rows need JavaScript.",
    ] {
        assert_eq!(
            shown.contains(part),
            part != "Resumed",
            "`{part}` in {shown}"
        );
    }
    let (rows, forms): (usize, usize) = window.value(
        "[document.querySelectorAll('#list tr').length, \
                 [...document.querySelectorAll('form, button')].filter((one) => one.checkVisibility()).length]",
    );
    assert_eq!((rows, forms), (200, 0));
}

/// Returns the elements that are broken over two lines, or that need scrolling.
const BROKEN: &str = "[...document.querySelectorAll('.command span')].filter((word) => word.getClientRects().length > 1 || \
                      /\\s/.test(word.textContent)).concat([...document.querySelectorAll('.countries .scroll')].filter((one) => \
                      one.scrollWidth > one.clientWidth + 1)).map((one) => one.textContent)";

#[test]
fn narrow_page_breaks_commands_between_arguments() {
    let run = run(300);
    let window = run.open(&["--lang", "es"], 390, 844);
    assert_eq!(window.value::<Vec<String>>(BROKEN), Vec::<String>::new());
    let words: Vec<String> =
        window.value("[...document.querySelectorAll('.facts dd')].map((one) => one.textContent)");
    assert!(words.contains(&"texto".to_owned()), "{words:?}");
    let command: String = window.value("document.querySelector('.command code').textContent");
    assert!(command.starts_with("jelouctl bulk "), "{command}");
}

#[test]
fn masked_page_names_no_recipient() {
    let run = run(300);
    let page = std::fs::read_to_string(run.page(&["--mask"])).unwrap();
    for secret in [
        "59398",
        "Núñez",
        "A-42",
        "pedido\"",
        "Message undeliverable",
    ] {
        assert!(!page.contains(secret), "`{secret}` stands in it");
    }
    // Only users with the ledger need commands.
    assert!(!page.contains("jelouctl bulk"), "{page}");
    for part in [">nombre<", "131026", "EC"] {
        assert!(page.contains(part), "`{part}` is missing");
    }
    for part in ["Ana", "{{"] {
        assert!(!page.contains(part), "`{part}` stands in it");
    }
    // Only the table of columns names the recipient's column and the expressions, without a cell.
    let (before, table) = page.split_once("<ul class=\"columns\">").unwrap();
    let (_, after) = table.split_once("</ul>").unwrap();
    for part in ["celular", "split"] {
        let is_elsewhere = before.contains(part) || after.contains(part);
        assert!(
            !is_elsewhere,
            "`{part}` stands outside the table of columns"
        );
    }
}

/// Returns the lines of the visible rows, in order.
const LINES: &str =
    "[...document.querySelectorAll('#list tr')].map((row) => Number(row.children[0].textContent))";

#[test]
fn rows_show_their_delivery_status() {
    let run = delivered_run(60);
    // Without an answer from Jelou, the page shows no delivery status.
    let window = run.open(&[], 1280, 900);
    assert_eq!(
        window.value::<usize>("document.querySelectorAll('.delivery, #delivery').length"),
        0
    );
    run.jelouctl(&["bulk", "deliveries"]);
    let window = run.open(&[], 1280, 900);
    let listed = |flags: &[&str]| -> Vec<u64> {
        let report = [&["bulk", "report", "--format", "ndjson"][..], flags].concat();
        let rows = String::from_utf8(run.jelouctl(&report).stdout).unwrap();
        rows.lines()
            .map(|row| {
                serde_json::from_str::<Value>(row).unwrap()["line"]
                    .as_u64()
                    .unwrap()
            })
            .collect()
    };
    let undelivered = listed(&["--delivery", "undelivered"]);
    assert!(undelivered.len() > 3);
    // Drawn by the template, then by the script.
    for drawn_by in ["template", "script"] {
        let badges: Vec<[String; 2]> = window.value(
            "[...document.querySelectorAll('#list tr')].filter((row) => row.querySelector('.badge.undelivered')).map((row) => \
             [row.querySelector('.state .badge').className, row.querySelector('.delivery').textContent])",
        );
        assert_eq!(badges.len(), undelivered.len(), "{drawn_by}");
        for [state, delivery] in badges {
            assert_eq!((&*state, &*delivery), ("badge quiet", "Not delivered"));
        }
        window.value::<bool>("(filter(), true)");
    }
    let choose = |id: &str, value: &str| {
        window.value::<bool>(&format!(
            "(document.getElementById('{id}').value = '{value}', \
             document.getElementById('{id}').dispatchEvent(new Event('change')))"
        ));
    };
    for name in ["undelivered", "delivered", "read", "replied", "not_known"] {
        choose("delivery", name);
        let shown: Vec<u64> = window.value(LINES);
        assert!(!shown.is_empty(), "{name}");
        if name != "not_known" {
            assert_eq!(shown, listed(&["--delivery", name]), "{name}");
        }
    }
    choose("delivery", "");
    window.type_into("#search", "not delivered");
    window.until(&format!("{LINES}.length === {}", undelivered.len()));
    window.type_into("#search", " ");
    window.until(&format!("{LINES}.length === 60"));
    let first: u64 = window.value(&format!("{LINES}[0]"));
    assert!(!undelivered.contains(&first), "failed rows come first");
    window.click("#undelivered-first", "");
    let shown: Vec<u64> = window.value(LINES);
    assert_eq!(shown[..undelivered.len()], undelivered);
    assert_eq!(shown.len(), 60);
}

#[test]
fn shown_command_lists_undelivered_recipients() {
    let run = delivered_run(60);
    run.jelouctl(&["bulk", "deliveries"]);
    let window = run.open(&[], 1280, 900);
    let line: String = window.value(
        "[...document.querySelectorAll('.command code')].map((one) => one.textContent).find((one) => one.includes('report'))",
    );
    let words: Vec<_> = line.split(' ').collect();
    assert_eq!(words[0], "jelouctl");
    let made = run.jelouctl(&words[1..]);
    assert!(made.status.success(), "{made:?}");
    let status = run.status();
    let expected =
        status["failed"].as_u64().unwrap() + status["deliveries"]["undelivered"].as_u64().unwrap();
    let list = run.read("clientes-noviembre-not-received.csv");
    assert_eq!(list.lines().count() as u64, expected + 1, "{list}");
}

#[test]
fn run_timeline_shows_its_pauses() {
    let run = run(300);
    // Three hours, with a pause in the middle that ends with a wait. All times are in Guayaquil.
    run.ledger()
        .execute_batch(
            "UPDATE row SET ended_at = 1795183200000 + n * 30000 + iif(n > 150, 3600000, 0);
             UPDATE row SET at = ended_at;
             DELETE FROM event;
             INSERT INTO event (run, number, kind, at, who, reason, problem, until) VALUES
               (1, 1, 'begun', 1795183200000, 'ana at vm', NULL, NULL, NULL),
               (1, 2, 'paused', 1795187760000, 'ana at vm', 'person', NULL, NULL),
               (1, 3, 'resumed', 1795189000000, 'ana at vm', NULL, NULL, NULL),
               (1, 4, 'waiting', 1795189000000, 'ana at vm', 'rate_limit', NULL, 1795191300000),
               (1, 5, 'ended', 1795195800000, 'ana at vm', NULL, NULL, NULL);",
        )
        .unwrap();
    let status = run.status();
    let window = run.open(&[], 1280, 900);
    let sums: Value = window.value(
        "(([...heads], rows) => Object.fromEntries(heads.map((head, place) => [head.textContent, \
         rows.reduce((sum, row) => sum + Number(row.children[place].textContent), 0)])))\
         (document.querySelectorAll('.unseen thead th:not(:first-child)'), [...document.querySelectorAll('.unseen tbody tr')]\
         .map((row) => ({ children: [...row.children].slice(1) })))",
    );
    for (name, state) in [
        ("Sent", "sent"),
        ("Unknown", "unknown"),
        ("Failed", "failed"),
    ] {
        assert_eq!(sums[name], status[state], "{name}: {sums}");
    }
    let first: String = window.value("document.querySelector('.unseen tbody th').textContent");
    assert_eq!(first, "09:00");
    let rests: Vec<String> =
        window.value("[...document.querySelectorAll('.unseen li')].map((one) => one.textContent)");
    assert_eq!(
        rests,
        [
            "Paused: 2026-11-20 10:16:00 – 10:36:40",
            "Waiting: 2026-11-20 10:36:40 – 11:15:00"
        ]
    );
    // Each bar and each gap is within the drawing, and stacked bars do not overlap.
    let boxes: Vec<[f64; 4]> = window.value(
        "[...document.querySelectorAll('.timeline svg rect')].map((one) => ['x', 'y', 'width', 'height'].map((name) => \
         Number(one.getAttribute(name) ?? 0)))",
    );
    assert!(boxes.len() > 10);
    for [x, y, width, height] in boxes {
        assert!(x >= 0.0 && x + width <= 6000.0 && y >= 0.0 && y + height <= 1000.0);
    }
    for width in [1280, 390] {
        window.size(width, 900);
        let shown: [f64; 2] = window.value(
            "(({ width, height }) => [width, height])(document.querySelector('.timeline svg').getBoundingClientRect())",
        );
        assert!(shown[0] > 250.0 && shown[1] > 100.0, "{shown:?}");
    }
    window
        .page
        .call("Emulation.setEmulatedMedia", &json!({ "media": "print" }));
    assert!(window.value::<bool>("document.querySelector('.timeline svg').checkVisibility()"));
}

#[test]
fn page_uses_plain_language() {
    let run = run(300);
    run.ledger()
        .execute_batch(
            r#"UPDATE row SET state = 'unknown', code = 'unknown', api_code = NULL, error =
               '["the process that sent it no longer responds: {process}",[["process","db-2 pid 812"]]]' WHERE n = 1;
             UPDATE row SET error = '["Jelou answered {status}",[["status",500]]]', api_code = NULL WHERE n = 7;
             UPDATE row SET code = 'already_sent', state = 'skipped', error =
               '["{rows|was|were} sent by run {run} at {time}",[["rows",1],["run","a"],["time",{"at":1795187700000,"en":"x","es":"x"}]]]'
               WHERE n = 8;
             INSERT INTO event (run, number, kind, at, who, reason, problem, until) VALUES
               (1, 11, 'stopped', 1795183200000, 'ana at vm', 'SIGTERM', NULL, NULL),
               (1, 12, 'resumed', 1795183200000, 'ana at vm', NULL, NULL, NULL),
               (1, 13, 'paused', 1795183200000, 'ana at vm', 'bulk stop', NULL, NULL),
               (1, 14, 'paused', 1795183200000, 'ana at vm', 'undelivered', NULL, NULL);"#,
        )
        .unwrap();
    for (language, when) in [
        ("en", "run a at 2026-11-20 10:15"),
        ("es", "en el envío a (20/11/2026 10:15)"),
    ] {
        for mask in [&[][..], &["--mask"]] {
            let window = run.open(&[&["--lang", language][..], mask].concat(), 1280, 900);
            window.value::<bool>("(fillPaper(), true)");
            // An expression of the message stands as it was written.
            let shown: String = window.value(
                "(document.querySelectorAll('.command, .columns b').forEach((one) => one.remove()), document.body.innerText)",
            );
            for part in [
                "SIG", "`", "UTC", "-05", "{{", "| ", "--", "API", "bulk ", "_",
            ] {
                assert!(!shown.contains(part), "`{part}` in {shown}");
            }
            assert_eq!(shown.contains(when), mask.is_empty(), "{shown}");
        }
    }
}

#[test]
fn percentages_are_of_the_whole_list() {
    let list: Vec<String> = (0..20)
        .map(|row| format!("5939{:08},x\n", 80_000_000 + row))
        .collect();
    let list = list.concat();
    let faulty: Vec<String> = (0..60).map(|row| format!("1{row},x\n")).collect();
    let faulty = faulty.concat();
    let list = format!("celular,nombre\n{list}{faulty}");
    let run = ReportedRun::send(&list, &[], &["--skip-invalid"], "Hola");
    let window = run.open(&[], 1280, 900);
    let notes: Vec<String> = window
        .value("[...document.querySelectorAll('.tile .note b')].map((one) => one.textContent)");
    assert_eq!(notes, ["25%", "75%"]);
    let step: String = window.value("document.querySelector('.basis').textContent");
    assert_eq!(step, "Percentages are of the 80 rows of the list.");
}

#[test]
fn wide_table_has_a_hint_and_keyboard_scrolling() {
    let columns = columns(14);
    let cells = ["a cell of some length"; 14].join(",");
    let list = format!("to,{columns}\n593987654321,{cells}\n");
    let run = ReportedRun::send(&list, &[], &[], "Hola");
    let window = run.open(&[], 1280, 900);
    let place = "document.querySelector('.rows .scroll')";
    assert!(window.value::<bool>("document.getElementById('more').checkVisibility()"));
    window.value::<bool>(&format!(
        "({place}.focus(), document.activeElement === {place})"
    ));
    window.key("ArrowRight");
    window.until(&format!("{place}.scrollLeft > 0"));
    let note = "document.getElementById('more').checkVisibility({ visibilityProperty: true })";
    assert!(window.value::<bool>(note));
    window.value::<bool>(&format!("({place}.scrollTo(1e6, 0), true)"));
    window.until(&format!("!{note}"));
    assert_eq!(too_wide(&window), Vec::<String>::new());
    // On a phone each row is a block, and nothing scrolls.
    window.size(390, 900);
    window.until("document.getElementById('more').hidden");
    let few = self::run(10).open(&[], 1280, 900);
    assert!(few.value::<bool>("document.getElementById('more').hidden"));
}

#[test]
fn preview_shows_limit_budget_and_days() {
    let run = ReportedRun::send("to\n593987654320\n", &[], &[], "x");
    run.write(
        "prices.csv",
        "country,category,price,currency\nEC,utility,0.02,USD\n",
    );
    let people: Vec<String> = (0..250)
        .map(|row| format!("5939{:08},Ana {row}\n", 80_000_000 + row))
        .collect();
    let people = people.concat();
    run.write("por-aprobar.csv", &format!("celular,nombre\n{people}"));
    let preview = "bulk send por-aprobar.csv --preview all --file preview.html --per-day 100 --prices prices.csv --budget 50";
    let preview: Vec<_> = preview.split(' ').collect();
    let message = "template order_shipped --language en --param A-1 --param";
    let message: Vec<_> = message.split(' ').collect();
    for (language, parts) in [
        (
            "en",
            [
                "at most 100 recipients in any 24 hours; 250 in this list are new, and 100 new ones can get a message now",
                "at most 50.00 USD",
                "3 days",
            ],
        ),
        (
            "es",
            [
                "como máximo 100 destinatarios en 24 horas; 250 de esta lista son nuevos, y ahora se puede enviar a 100",
                "como máximo 50,00 USD",
                "3 días",
            ],
        ),
    ] {
        let made = run.jelouctl(
            &[
                &preview,
                &["--lang", language][..],
                &message,
                &["{{ nombre }}"],
            ]
            .concat(),
        );
        assert_eq!(made.status.code(), Some(0), "{made:?}");
        let window = run.open_file("preview.html");
        let shown: String = window.value("document.querySelector('.head').innerText");
        for part in parts {
            assert!(shown.contains(part), "`{part}` is missing in {shown}");
        }
        let drawn: String = window.value("document.querySelector('.message').innerText");
        assert!(
            drawn.contains("order Ana 0 is") && drawn.contains("593980000000"),
            "{drawn}"
        );
        assert_eq!(findings(&window), Vec::<String>::new());
    }
}

/// Returns the width of the part of the top bar with this class.
fn bar_part(window: &Inbox, class: &str) -> u64 {
    window.value(&format!(
        "Number(document.querySelector('.share rect.{class}')?.getAttribute('width') ?? 0)"
    ))
}

const SENT_TILE: &str = "document.querySelector('.tile[data-state=sent]').innerText";

#[test]
fn sent_messages_are_split_by_delivery() {
    let run = delivered_run(60);
    let sent = run.status()["sent"].as_u64().unwrap();
    let window = run.open(&[], 1280, 900);
    let shown: String = window.value(SENT_TILE);
    assert!(shown.ends_with("accepted by Jelou"), "{shown}");
    assert_eq!(bar_part(&window, "sent"), sent);
    assert_eq!(bar_part(&window, "undelivered"), 0);
    run.jelouctl(&["bulk", "deliveries"]);
    let undelivered = run.status()["deliveries"]["undelivered"].as_u64().unwrap();
    assert!(undelivered > 0);
    for (language, note) in [
        ("en", format!("of these, {undelivered} not delivered")),
        ("es", format!("de ellos, no se entregaron {undelivered}")),
    ] {
        let window = run.open(&["--lang", language], 1280, 900);
        let shown: String = window.value(SENT_TILE);
        assert!(shown.ends_with(&note), "{shown}");
        assert_eq!(bar_part(&window, "sent"), sent - undelivered);
        assert_eq!(bar_part(&window, "undelivered"), undelivered);
        // The parts do not overlap.
        let begins: u64 = window
            .value("Number(document.querySelector('.share rect.undelivered').getAttribute('x'))");
        assert_eq!(begins, sent - undelivered);
        for scheme in ["light", "dark"] {
            window.scheme(scheme);
            assert_eq!(findings(&window), Vec::<String>::new(), "{scheme}");
        }
    }
}

#[test]
fn interrupted_wait_is_shown_as_planned() {
    let run = run(10);
    run.ledger()
        .execute_batch(
            "DELETE FROM event;
             INSERT INTO event (run, number, kind, at, who, reason, problem, until) VALUES
               (1, 1, 'begun', 1795183200000, 'ana at vm', NULL, NULL, NULL),
               (1, 2, 'waiting', 1795183210000, 'ana at vm', 'limit_24h', NULL, 1795269600000),
               (1, 3, 'stopped', 1795183224000, 'ana at vm', 'SIGINT', NULL, NULL),
               (1, 4, 'resumed', 1795183300000, 'ana at vm', NULL, NULL, NULL),
               (1, 5, 'waiting', 1795183400000, 'ana at vm', 'rate_limit', NULL, 1795183500000),
               (1, 6, 'ended', 1795183600000, 'ana at vm', NULL, NULL, NULL);",
        )
        .unwrap();
    let waits =
        "[...document.querySelectorAll('.course .waiting div')].map((one) => one.innerText)";
    for (language, expected) in [
        (
            "en",
            [
                "Waited for the 24-hour limit; planned until 2026-11-21 09:00:00",
                "Waited for a rate limit; until 2026-11-20 09:05:00",
            ],
        ),
        (
            "es",
            [
                "Esperó por el límite de 24 horas; previsto hasta 21/11/2026 09:00:00",
                "Esperó por el límite de velocidad; hasta 20/11/2026 09:05:00",
            ],
        ),
    ] {
        let window = run.open(&["--lang", language], 1280, 900);
        assert_eq!(window.value::<Vec<String>>(waits), expected);
    }
}

#[test]
fn run_without_events_has_not_started() {
    let run = run(10);
    run.ledger()
        .execute_batch(
            "DELETE FROM event;
             UPDATE row SET state = 'pending', code = NULL, at = NULL, ended_at = NULL;",
        )
        .unwrap();
    let window = run.open(&["--lang", "es"], 1280, 900);
    let shown: String = window.value("document.body.innerText");
    assert!(shown.contains("Todavía no empieza."), "{shown}");
    assert!(!shown.contains("Duración"), "{shown}");
}

#[test]
fn refused_list_is_not_shown_as_ready() {
    let run = ReportedRun::send("to\n593987654320\n", &[], &[], "x");
    let list = "celular,nombre\n593987654321,Ana\n593987654322,Eva\n12,Error\n";
    let tile = |window: &Inbox| -> [String; 2] {
        window.value(
            "((tile) => [tile.className, tile.querySelector('.note').innerText])\
             (document.querySelector('.tile[data-state=sent]'))",
        )
    };
    let window = run.open_preview(list, &[], "Hola {{ nombre }}");
    let [class, note] = tile(&window);
    assert_eq!(class, "tile pending");
    assert!(
        note.ends_with("would be ready, but the list is refused"),
        "{note}"
    );
    assert_eq!(bar_part(&window, "sent"), 0);
    let masked = run.open_preview(list, &["--mask", "--lang", "es"], "Hola {{ nombre }}");
    let banner = "[...document.querySelectorAll('.rehearsal')].map((one) => one.innerText).join()";
    assert_eq!(
        masked.value::<String>(banner),
        "Esta lista no se puede enviar tal como está. No se puede enviar 1 fila."
    );
    let accepted = "celular,nombre\n593987654321,Ana\n";
    let window = run.open_preview(accepted, &[], "Hola {{ nombre }}");
    let [class, note] = tile(&window);
    assert_eq!(class, "tile sent");
    assert!(note.ends_with("can be sent"), "{note}");
    assert_eq!(bar_part(&window, "sent"), 1);

    // A budget contains no recipient, so the masked page shows it.
    run.write(
        "prices.csv",
        "country,category,price,currency\nEC,service,0.125,USD\n",
    );
    run.write("por-aprobar.csv", accepted);
    let preview = "bulk send por-aprobar.csv --preview all --file preview.html --prices prices.csv \
                   --budget 0.05 --mask --lang es text Hola";
    let made = run.jelouctl(&preview.split_whitespace().collect::<Vec<_>>());
    let window = run.open_file("preview.html");
    let said: String = window.value(banner);
    assert!(
        said.contains("cuestan 0,125 USD, más que el presupuesto de 0,05"),
        "{said}: {made:?}"
    );
}

#[test]
fn estimate_counts_closed_days_of_limit() {
    let run = ReportedRun::send("to\n593987654320\n", &[], &[], "x");
    let people: Vec<String> = (0..250)
        .map(|row| format!("5939{:08},Ana\n", 80_000_000 + row))
        .collect();
    let list = format!("celular,nombre\n{}", people.concat());
    run.write("por-aprobar.csv", &list);
    let preview = "bulk send por-aprobar.csv --preview all --file preview.html --per-day 100 --time-zone America/Guayaquil";
    let between = ["--between", "mon 09:00-18:00"];
    let message = "template order_shipped --language en --param A-1 --param Ana";
    let preview = [
        &preview.split(' ').collect::<Vec<_>>()[..],
        &between,
        &message.split(' ').collect::<Vec<_>>(),
    ]
    .concat();
    let made = run.jelouctl(&preview);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    let window = run.open_file("preview.html");
    let facts: Vec<String> =
        window.value("[...document.querySelectorAll('.facts dd')].map((one) => one.textContent)");
    let takes = facts.iter().find(|fact| fact.contains(" days: "));
    let days = takes.unwrap().split(' ').next().unwrap();
    let days: u64 = days.parse().unwrap();
    // Three Mondays, from today or from a later one.
    assert!((15..=22).contains(&days), "{facts:?}");
}

#[test]
fn five_columns_fit_on_page() {
    let list = "celular,nombre,pedido,ciudad,fecha de entrega\n\
                593987654321,Ana María Núñez,A-2026-000123,Guayaquil,2026-12-04\n\
                593987654322,José Luis de la Torre,A-2026-000124,Santo Domingo,2026-12-05\n";
    let run = ReportedRun::send(list, &[], &[], "Hola {{ nombre }}");
    let window = run.open(&["--lang", "es"], 1280, 900);
    assert!(window.value::<bool>("document.getElementById('more').hidden"));
    let lines = "(() => { const range = document.createRange(); \
                 range.selectNodeContents(document.querySelector('#list .own')); \
                 return range.getClientRects().length; })()";
    assert_eq!(window.value::<u64>(lines), 1);
}

#[test]
fn unfinished_run_has_its_next_command_to_copy() {
    let list = "celular,nombre\n593987654321,Ana\n";
    let run = ReportedRun::send(list, &[], &["--hold"], "Hola {{ nombre }}");
    let command = "jelouctl bulk resume clientes-noviembre";
    let source = std::fs::read_to_string(run.page(&[])).unwrap();
    assert!(
        source.contains("data-copy hidden>Copy</button>"),
        "without a script, there is only the command"
    );
    for width in [360, 1280] {
        let window = run.open(&[], width, 900);
        let shown: String = window.value("document.querySelector('.next code').innerText");
        assert_eq!(shown, command);
        window.value::<bool>(
            "(navigator.clipboard.writeText = (text) => (window.copied = text, Promise.resolve()), \
             document.querySelector('.next button').focus(), true)",
        );
        window.key("Enter");
        window.until(&format!("window.copied === '{command}'"));
        window.until("document.querySelector('.next button').textContent === 'Copied'");
        assert_eq!(too_wide(&window), Vec::<String>::new());
    }
    let masked = std::fs::read_to_string(run.page(&["--mask"])).unwrap();
    assert!(!masked.contains(command));
}

#[test]
fn left_out_rows_have_their_line_and_reason() {
    let list = "celular,nombre\n593987654321,Ana\n12,Mal\n593987654322,Eva\n593987654323,Luz\n";
    let run = ReportedRun::send(
        list,
        &[UNDELIVERABLE],
        &["--hold", "--skip-invalid"],
        "Hola",
    );
    run.write("bajas.txt", "593987654322\n");
    run.jelouctl(&[
        "bulk",
        "resume",
        "clientes-noviembre",
        "--exclude",
        "bajas.txt",
    ]);
    let rows = "[...document.querySelectorAll('#list tr')].map((row) => ['.number', '.state', '.why'].map((cell) => \
                row.querySelector(cell).innerText.replaceAll('\\n', ' ')).join(' | '))";
    let window = run.open(&["--lang", "es"], 1280, 900);
    let shown: Vec<String> = window.value(rows);
    assert_eq!(
        shown[..2],
        [
            "3 | Omitida | Con error celular: «12» tiene 2 dígitos, y un número de teléfono tiene de 7 a 15",
            "4 | Omitida | Excluida el destinatario está en la lista de exclusión bajas.txt",
        ]
    );
    let times: Vec<[String; 2]> = window.value(
        "[...document.querySelectorAll('time')].map((one) => [one.dateTime, one.textContent])",
    );
    assert!(times.len() >= 5, "{times:?}");
    for [machine, shown] in times {
        let [day, clock] = [&machine[..10], &machine[11..19]];
        let day = format!("{}/{}/{}", &day[8..], &day[5..7], &day[..4]);
        assert!(
            shown == format!("{day} {clock}") || shown == clock,
            "{shown}, {machine}"
        );
    }
    let masked: Vec<String> = run.open(&["--lang", "es", "--mask"], 1280, 900).value(rows);
    assert_eq!(
        masked[..2],
        ["3 | Omitida | Con error", "4 | Omitida | Excluida"]
    );
}
