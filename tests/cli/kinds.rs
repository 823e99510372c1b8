//! Every kind of message beside those of the source documents: its request, from flags alone and from a file.

use serde_json::json;

use crate::harness::{Home, fixture_path};
use crate::seeds::{ACCEPTED, MESSAGES, produces};
use crate::server::{Reply, Server};

/// The flags of `send KIND`, each with its value, give the fixture of that name.
fn sends(kind: &str, flags: &[[&str; 2]]) {
    produces(&["send", kind], flags.as_flattened(), MESSAGES, &format!("{kind}.json"), ACCEPTED);
}

#[test]
fn list() {
    sends(
        "list",
        &[
            ["--text", "What do you need?"],
            ["--title", "Menu"],
            ["--button", "Options"],
            ["--option", "sales=Sales|Prices and orders"],
            ["--option", "Support"],
        ],
    );
}

#[test]
fn quick_reply() {
    sends(
        "quick-reply",
        &[
            ["--text", "Shall we deliver today?"],
            ["--title", "Delivery"],
            ["--reply", "Yes"],
            ["--reply", "Tomorrow"],
            ["--reply", "No"],
        ],
    );
}

#[test]
fn image() {
    sends("image", &[["--media-url", "https://example.com/image.jpg"], ["--text", "Check out this image"]]);
    sends("image", &[["--url", "https://example.com/image.jpg"], ["--caption", "Check out this image"]]);
}

#[test]
fn audio() {
    sends("audio", &[["--media-url", "https://example.com/audio.mp3"]]);
}

#[test]
fn video() {
    sends("video", &[["--media-url", "https://example.com/video.mp4"], ["--text", "How it works"]]);
}

#[test]
fn file() {
    sends(
        "file",
        &[
            ["--media-url", "https://example.com/invoice.pdf"],
            ["--text", "Your invoice"],
            ["--filename", "invoice.pdf"],
        ],
    );
}

#[test]
fn sticker() {
    sends("sticker", &[["--media-url", "https://example.com/sticker.webp"]]);
}

#[test]
fn location() {
    sends(
        "location",
        &[["--lat", "-0.1806532"], ["--long", "-78.4678382"], ["--name", "Quito"], ["--address", "Plaza Grande"]],
    );
}

#[test]
fn location_request() {
    sends("location-request", &[["--text", "Where shall we deliver?"]]);
}

#[test]
fn cta_url() {
    sends(
        "cta-url",
        &[
            ["--text", "Your order is on its way"],
            ["--title", "Order 7"],
            ["--caption", "Jelou"],
            ["--url", "https://example.com/orders/7"],
            ["--label", "Follow it"],
        ],
    );
}

#[test]
fn carousel() {
    let link = r#"{"type": "cta_url", "header": {"type": "image", "image": {"link": "https://example.com/image1.png"}},
        "body": {"text": "Exclusive deal #1"},
        "action": {"name": "cta_url", "parameters": {"display_text": "Shop now", "url": "https://shop.example.com/deal1"}}}"#;
    let replies = r#"[{"header": {"type": "video", "video": {"link": "https://example.com/video2.mp4"}},
        "body": {"text": "Exclusive deal #2"},
        "action": {"buttons": [{"type": "quick_reply", "quick_reply": {"title": "I want it", "payload": "deal2", "id": "d2"}}]}}]"#;
    sends("carousel", &[["--text", "Check out our latest offers"], ["--card", link], ["--card", replies]]);
}

const TEMPLATE: &str = "POST /v2/whatsapp/BOT_ID/hsm HTTP/1.1";
const TEMPLATE_ACCEPTED: &str = r#"[{"id":"09d0fc2b-59d9-4149-9543-adfa92586615","destination":"593987654321"}]"#;

#[test]
fn template() {
    let flags = [
        &["order_shipped"][..],
        &["--language", "en"],
        &["--type", "document"],
        &["--param", "Ana"],
        &["--param", "A-1042"],
        &["--header-param", "Order"],
        &["--button-param", r#"{"type": "URL", "payload": {}, "param": "A-1042"}"#],
        &["--media-url", "https://example.com/invoice.pdf"],
        &["--filename", "invoice.pdf"],
        &["--campaign", "7"],
    ];
    produces(&["send", "template"], &flags.concat(), TEMPLATE, "template.json", TEMPLATE_ACCEPTED);
}

const BY_ID: [&str; 6] = ["--template-id", "39", "--param", "name=Ana", "--param", "order=A-1042"];

#[test]
fn template_by_id() {
    produces(&["send", "template"], &BY_ID, MESSAGES, "template-by-id.json", ACCEPTED);
}

#[test]
fn a_template_of_a_campaign_goes_to_the_campaigns_endpoint() {
    let path = fixture_path("bodies/template-by-id.json");
    let file = ["--body", path.to_str().unwrap()];
    for flags in [&BY_ID[..], &file] {
        let server = Server::answering(Reply::accepted());
        let run = Home::new();
        let run = run.run("send template --to id:USER_ID --campaign a/7").args(flags).api(&server.url);
        run.success();
        let received = server.only();
        assert_eq!(received.line, "POST /v1/bots/BOT_ID/campaigns/a%2F7/template-messages HTTP/1.1");
        assert_eq!(received.json(), crate::harness::fixture("bodies/template-by-id.json"));
    }
}

#[test]
fn a_template_answers_with_the_id_of_its_destination() {
    for (answer, code, id) in [
        (json!([{"id": "a", "destination": "593987654321"}]), 0, "a\n"),
        (json!([{"id": "x", "destination": "1"}, {"id": 7, "destination": "+593987654321"}]), 0, "7\n"),
        (json!([{"destination": 593_987_654_321_u64}]), 0, ""),
        (json!([{"id": "a", "destination": "593987654322"}]), 8, ""),
        (json!([]), 8, ""),
        (json!({}), 8, ""),
        (json!([{"destination": "593987654321", "error": {"code": "132001"}}]), 5, ""),
        (json!([{"id": "a", "destination": "593987654321", "error": "maybe"}]), 8, ""),
        (json!({"success": false}), 5, ""),
    ] {
        let server = Server::start(vec![Reply::json(200, &answer.to_string()), Reply::json(200, "{}")]);
        let ended = Home::new().run("send template x --to 593987654321 --output id").api(&server.url).end();
        assert_eq!((ended.code, ended.stdout.as_str()), (code, id), "{answer}: {}", ended.stderr);
    }
}

#[test]
fn a_text_with_options_is_a_list() {
    let path = fixture_path("bodies/list.json");
    let server = Server::answering(Reply::accepted());
    let run = Home::new();
    run.run("send text --body").args(&[path.to_str().unwrap()]).api(&server.url).success();
    assert_eq!(server.only().json(), crate::harness::fixture("bodies/list.json"));
    let home = Home::new();
    home.write("eleven.json", json!({"text": "a", "options": vec![json!({"title": "a"}); 11]}).to_string());
    home.run("send text --to 593987654321 --body eleven.json")
        .api(&server.url)
        .fails(2, &["options: has 11 items; at most 10 are allowed\n"]);
    assert_eq!(server.received().len(), 1);
}

#[test]
fn coordinates_keep_the_number_that_was_written() {
    let home = Home::new();
    home.write("whole.json", r#"{"coordinates": {"lat": 5, "long": -78.4678382}}"#);
    let ended = home.run("send location --to 593987654321 --body whole.json --sandbox --dry-run").success();
    assert!(ended.stdout.contains(r#""coordinates":{"lat":5,"long":-78.4678382}"#), "{}", ended.stdout);
    home.run("send location --to 593987654321 --body whole.json --sandbox").success();
}

#[test]
fn every_example_is_accepted_by_the_sandbox() {
    let home = Home::new();
    let page = home.run("explain").success().stdout;
    let examples: Vec<_> = page.split("```sh\n").skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect();
    assert_eq!(examples.len(), 18);
    for example in examples {
        let words = shlex::split(example).unwrap();
        let words: Vec<_> = words.iter().skip(1).map(String::as_str).collect();
        home.run_args(&words).args(&["--sandbox", "--strict"]).success();
    }
}
