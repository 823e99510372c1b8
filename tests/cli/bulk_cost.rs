//! What messages cost by the user's own prices: before a run, against a budget, after it, and for one message.

use serde_json::{Value, json};

use crate::bulk_server::{Act, Jelou, Listing};
use crate::harness::Home;

const PRICES: &str = "country,category,price,currency\n\
                     EC,marketing,0.0625,USD\nEC,service,0.0081,USD\n*,marketing,0.05,USD\n";
const PEOPLE: &str = "nombre,celular\nAna,593987654321\nLuis,593987654322\nEva,573001234567\n";

fn home() -> Home {
    let home = Home::new();
    home.write("people.csv", PEOPLE);
    home.write("prices.csv", PRICES);
    home
}

/// Starts a Jelou with two templates: one for marketing, and one without a category in the list.
fn jelou() -> Jelou {
    let templates = json!([
        { "elementName": "promo", "language": "es", "status": "APPROVED", "template": "Hola", "category": "MARKETING" },
        { "elementName": "bare", "language": "es", "status": "APPROVED", "template": "Hola" },
    ]);
    let page = json!({ "results": templates, "pagination": { "total": 2 } }).to_string();
    Jelou::with_templates(move |_| Listing::Page(page.clone()), |_, _| Act::Accept)
}

const SEND: &str = "bulk send people.csv --yes --run r --rate 1000/s --prices prices.csv";

#[test]
fn template_cost_is_shown_before_and_after() {
    let (home, jelou) = (home(), jelou());
    let preview =
        "bulk send people.csv --prices prices.csv --preview all --file p.html template promo";
    let shown = home.run(preview).api(&jelou.url).success();
    let told = "estimated cost by your prices: 0.175 USD (Ecuador marketing 2 × 0.0625, Colombia marketing 1 × 0.05)";
    assert!(shown.stderr.contains(told), "{shown:?}");
    let page = home.read("p.html");
    for cell in [
        ">marketing<",
        ">0.0625<",
        ">0.125<",
        "All: <b>0.175 USD</b>",
    ] {
        assert!(page.contains(cell), "{cell}: {page}");
    }
    let sent = home
        .run(SEND)
        .args(&["template", "promo"])
        .api(&jelou.url)
        .success()
        .stderr_has(&[told]);
    let cost = &sent.json()["cost"];
    let by = json!([
        { "country": "EC", "category": "marketing", "messages": 2, "price": "0.0625", "amount": "0.125" },
        { "country": "CO", "category": "marketing", "messages": 1, "price": "0.05", "amount": "0.05" },
    ]);
    let expected = json!({
        "currency": "USD", "total": "0.175", "messages": 3, "unpriced": 0, "by": by,
        "sent": { "messages": 3, "total": "0.175" }, "delivered": null,
    });
    assert_eq!(*cost, expected);
    // The run keeps its prices, even if the file changes.
    home.write(
        "prices.csv",
        "country,category,price,currency\n*,marketing,9,EUR\n",
    );
    assert_eq!(home.run("bulk status r").success().json()["cost"], expected);
    home.run("bulk report r --file r.html")
        .success()
        .stderr_has(&["spent about 0.175 of 0.175 USD by your prices"]);
    assert!(home.read("r.html").contains("Sent: <b>0.175 USD</b>"));
    home.run("bulk report r --lang es --file s.html").success();
    assert!(home.read("s.html").contains("<b>0,175 USD</b>"));
    // A repeated row is not sent.
    let people = home.read("people.csv");
    home.write(
        "twice.csv",
        format!("{people}{}\n", people.lines().last().unwrap()),
    );
    home.write("prices.csv", PRICES);
    home.run(
        &preview
            .replace("people", "twice")
            .replace("p.html", "t.html"),
    )
    .api(&jelou.url)
    .fails(2, &[told]);
    // The category is unknown if the list lacks it, or was not read.
    for words in [
        &["template", "bare"][..],
        &["--unchecked", "template", "promo"],
    ] {
        home.write("prices.csv", PRICES);
        let flags = [
            "bulk",
            "send",
            "people.csv",
            "--yes",
            "--again",
            "--prices",
            "prices.csv",
            "--rate",
            "1000/s",
        ];
        let ended = home
            .run_args(&[&flags, words].concat())
            .api(&jelou.url)
            .success()
            .stderr_has(&[
                "no price for 3 messages: Ecuador unknown category, Colombia unknown category",
            ]);
        assert_eq!(ended.json()["cost"]["unpriced"], 3);
    }
}

#[test]
fn run_over_budget_is_not_sent() {
    let (home, jelou) = (home(), jelou());
    let send = |words: &[&str]| home.run(SEND).args(words).api(&jelou.url);
    send(&["--budget", "0.17", "template", "promo"]).fails(
        11,
        &[
            "the messages cost 0.175 USD, more than the budget of 0.17",
            "or send fewer messages: --limit N",
            "nothing was sent",
        ],
    );
    send(&["--budget", "9", "text", "Hola"]).fails(
        11,
        &[
            "with a budget of 9.00, the price list has no price for 1 message: Colombia service\n",
            "nothing was sent",
        ],
    );
    for (budget, problem) in [
        ("0", "`0` is not an amount above 0"),
        ("-1", "`-1` is not an amount"),
        ("1,5", "`1,5` is not an amount"),
    ] {
        send(&["--budget", budget, "template", "promo"]).fails(2, &[problem, "--budget"]);
    }
    home.run("bulk send people.csv --yes --budget 5 text Hola")
        .api(&jelou.url)
        .fails(2, &["--budget needs a price list", "--prices FILE"]);
    let shown = home
        .run("bulk send people.csv --prices prices.csv --budget 0.1 --preview 1 template promo");
    shown
        .api(&jelou.url)
        .fails(
            11,
            &[
                "error: this would be refused: the messages cost",
                "raise --budget",
            ],
        )
        .stderr_lacks(&["are fine"]);
    assert!(jelou.requests().is_empty());
    // The budget of a profile applies, too.
    let prices = home.path().join("prices.csv");
    home.profile(
        "p",
        &jelou.url,
        &format!("prices = '{}'\nbudget = 0.17", prices.display()),
    );
    let of_profile = "bulk send people.csv --yes --rate 1000/s";
    home.run(of_profile)
        .args(&["template", "promo"])
        .fails(11, &["more than the budget of 0.17"]);
    assert!(jelou.requests().is_empty());
    home.run(of_profile)
        .args(&["--budget", "0.175", "template", "promo"])
        .success();
    assert_eq!(jelou.requests().len(), 3);
    // The sandbox costs nothing.
    home.run(of_profile)
        .args(&["--sandbox", "--budget", "0.001", "text", "Hola"])
        .success();
}

#[cfg(unix)]
#[test]
fn budget_changed_at_the_question_applies() {
    let (home, jelou) = (home(), jelou());
    let prices = home.path().join("prices.csv");
    let profile = |budget: &str| {
        let keys = format!("prices = '{}'\nbudget = {budget}", prices.display());
        home.profile("p", &jelou.url, &keys);
    };
    let words = "bulk send people.csv --run r --rate 1000/s template promo";
    let words: Vec<_> = words.split(' ').collect();
    let at_question = |change: &dyn Fn(), expected: i32, told: &str| {
        profile("0.175");
        let mut terminal = crate::terminal::Terminal::plain(&home, &words);
        terminal.wait_for("[y/N] ");
        change();
        let (code, screen) = terminal.end_with("y");
        assert_eq!(code, expected, "{screen}");
        assert!(screen.contains(told), "{screen}");
        assert!(jelou.requests().is_empty());
        assert!(!home.has_run("r"));
    };
    at_question(&|| profile("0.17"), 11, "more than the budget of 0.17");
    let removed = || drop(home.profile("p", &jelou.url, ""));
    at_question(&removed, 3, "no longer has budget");
}

#[cfg(unix)]
#[test]
fn prices_from_a_pipe_are_read_once() {
    let (home, jelou) = (home(), jelou());
    home.run(
        "bulk send people.csv --yes --rate 1000/s --prices /dev/stdin --budget 9 template promo",
    )
    .api(&jelou.url)
    .stdin(PRICES)
    .success();
    assert_eq!(jelou.requests().len(), 3);
}

#[test]
fn invalid_price_list_stops_before_reading_or_sending() {
    let home = home();
    let jelou = Jelou::expect_no_requests();
    home.write(
        "prices.csv",
        "country,category,price,currency\nEC,service,a,USD\n",
    );
    let problem = "prices.csv, line 2: price: `a` is not an amount";
    let parts = [
        problem,
        "to see the format: jelouctl explain prices\nnote: nothing was sent",
    ];
    home.run(SEND)
        .args(&["text", "Hola"])
        .api(&jelou.url)
        .fails(2, &parts);
    let missing = "bulk send people.csv --yes --prices none.csv text Hola";
    home.run(missing)
        .api(&jelou.url)
        .fails(2, &["error: --prices: none.csv does not exist\nnote: "]);
    home.write("people2.csv", "to\n593987654321\n");
    let other = "bulk send people.csv --yes --prices people2.csv text Hola";
    home.run(other).api(&jelou.url).fails(
        2,
        &["--prices: people2.csv is not a price list: no column `country`; there are: to\nhint: "],
    );
    home.write(
        "prices.ndjson",
        "{\"pais\": \"EC\", \"category\": \"service\", \"price\": 1, \"currency\": \"USD\"}\n{}\n",
    );
    let other = "bulk send people.csv --yes --prices prices.ndjson text Hola";
    home.run(other)
        .api(&jelou.url)
        .fails(2, &["prices.ndjson, line 2: no column `country`"]);
    home.profile("p", &jelou.url, "prices = \"none.csv\"");
    home.run("bulk send people.csv --yes text Hola").fails(
        3,
        &["prices (profile p): ", "none.csv does not exist\nnote: "],
    );
    // A send does not read the prices.
    home.run("send text --to 593987654321 Hola --sandbox")
        .success();
}

#[test]
fn single_message_cost_is_shown_without_sending() {
    let home = home();
    for (words, told) in [
        (
            &["send", "text", "Hola"][..],
            "cost by your prices, for a number of EC: 0.0081 USD as service",
        ),
        (
            &["send", "template", "promo"],
            "cost by your prices, for a number of EC: 0.0625 USD as marketing",
        ),
    ] {
        let flags = [
            "--to",
            "593987654321",
            "--prices",
            "prices.csv",
            "--sandbox",
            "--dry-run",
        ];
        home.run_args(&[words, &flags].concat())
            .success()
            .stderr_has(&[told]);
    }
    let other = "send text Hola --to 573001234567 --prices prices.csv --sandbox --dry-run";
    home.run(other)
        .success()
        .stderr_has(&["no price for this message to a number of CO"]);
}

#[test]
fn price_list_format_is_explained_with_example() {
    let home = home();
    let about = home.run("explain prices").success().stdout;
    assert!(
        about.contains("`country`") && about.contains("jelouctl has no built-in"),
        "{about}"
    );
    home.write(
        "prices.csv",
        home.run("explain prices --example").success().stdout,
    );
    let cost: Value = home
        .run(SEND)
        .args(&["--sandbox", "text", "Hola"])
        .success()
        .json()["cost"]
        .clone();
    assert_eq!(
        (&cost["unpriced"], &cost["currency"]),
        (&json!(0), &json!("USD")),
        "{cost}"
    );
}
