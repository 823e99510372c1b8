//! A template by its name, through its own endpoint. Only templates reach people who have not written.

use serde_json::{Map, Value};

use crate::message::drawing::template;
use crate::message::envelope::Envelope;
use crate::message::flag::{Flag, MEDIA_URL};
use crate::message::kind::Kind;

pub(super) const TEMPLATE: Kind = Kind {
    draw: |body| template(body, "/elementName"),
    problem,
    ..Kind::new(
        "template",
        Envelope::Destinations,
        include_str!("template.json"),
        &[
            Flag::text("elementName", "NAME"),
            Flag::text("language", "--language CODE"),
            Flag::text("type", "--type TYPE"),
            Flag::texts("parameters", "--param VALUE"),
            Flag::texts("headerParameters", "--header-param VALUE"),
            MEDIA_URL,
            Flag::text("filename", "--filename NAME"),
            Flag::json_list("buttonParameters", "--button-param JSON|@FILE"),
            Flag::text("templateId", "--template-id ID").conflicts(&ONLY_BY_NAME).help(BY_ID),
            Flag::text("campaignId", "--campaign ID"),
        ],
    )
};

const BY_ID: &str = "Send a template by its id, through the messages endpoint";
const ONLY_BY_NAME: [&str; 7] =
    ["elementName", "language", "type", "headerParameters", "buttonParameters", "mediaUrl", "filename"];

fn problem(place: &str, around: &Map<String, Value>) -> Option<String> {
    let kind = around.get("type").and_then(Value::as_str).filter(|_| place == "mediaUrl")?;
    let is_missing = ["image", "document", "video"].contains(&kind) && !around.contains_key("mediaUrl");
    is_missing.then(|| "is missing".to_owned())
}
