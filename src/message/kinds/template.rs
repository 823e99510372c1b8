//! A template by its name, through its own endpoint. Only templates reach people who have not written.

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use super::template_by_id::TemplateById;
use crate::input::{Input, JsonSource, UsageError};
use crate::message::drawing::{Part, template};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::route::Route;

/// Send a template, which reaches anyone
///
/// Examples:
///   jelouctl send template order_shipped --to 593987654321 --language en --param Ana --param A-1042
///   jelouctl send template bill --to 593987654321 --type document --media-url https://a.example/7.pdf
///   jelouctl send template track --to 593987654321 --button-param '{"type": "URL", "param": "A-1042"}'
///   jelouctl send template --template-id 39 --to 593987654321 --param name=Ana
///
/// WhatsApp must have approved it; `jelouctl templates` lists them. Each request has one recipient.
/// With --template-id it goes to another endpoint, with named parameters.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct Template {
    /// Name of the template, or --template-id
    #[arg(value_name = "NAME")]
    elementName: Option<String>,

    /// Language code of the template
    #[arg(long, value_name = "CODE")]
    language: Option<String>,

    /// Type of the template's header [default: text]
    #[arg(long, value_name = "TYPE", value_enum, ignore_case = true)]
    r#type: Option<TemplateType>,

    /// Value of the text's next parameter (repeatable)
    ///
    /// NAME=VALUE with --template-id. In an authentication template up to 15 characters.
    #[arg(id = "parameters", long = "param", value_name = "VALUE", allow_hyphen_values = true)]
    parameters: Option<Vec<String>>,

    /// Value of the header's next parameter (repeatable)
    #[arg(id = "headerParameters", long = "header-param", value_name = "VALUE", allow_hyphen_values = true)]
    headerParameters: Option<Vec<String>>,

    /// Public HTTPS URL of the header's image, document or video
    #[arg(long, value_name = "URL", visible_alias = "url", value_hint = clap::ValueHint::Url)]
    mediaUrl: Option<String>,

    /// Name of the document that the recipient sees
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    filename: Option<String>,

    /// Value for the template's next button, as JSON: '{"type": "URL", "param": "A-1042"}' (repeatable)
    #[arg(id = "buttonParameters", long = "button-param", value_name = "JSON|@FILE", allow_hyphen_values = true)]
    #[serde(skip)]
    buttons: Vec<JsonSource>,

    /// Send a template by its id, through the messages endpoint
    #[arg(id = "templateId", long = "template-id", value_name = "ID", allow_hyphen_values = true)]
    #[arg(conflicts_with_all = ["elementName", "language", "type", "headerParameters", "buttonParameters", "mediaUrl", "filename"])]
    templateId: Option<String>,

    /// Campaign of the template; with --template-id it goes through the campaign's endpoint, only to its users
    #[arg(id = "campaignId", long = "campaign", value_name = "ID", allow_hyphen_values = true)]
    campaignId: Option<String>,
}

#[derive(Clone, Copy, Debug, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum TemplateType {
    Text,
    Image,
    Document,
    Video,
}

impl Kind for Template {
    const COMMAND: &'static str = "template";
    const ENVELOPE: Envelope = Envelope::Destinations;
    const SCHEMA: &'static str = include_str!("template.json");
    const EXAMPLE: &'static str =
        "send template order_shipped --to 593987654321 --language en --param Ana --param A-1042";

    fn draw(body: &Value) -> Vec<Part> {
        template(body, "/elementName")
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        let mut body = Map::new();
        if !self.buttons.is_empty() {
            let buttons = input.json_list("--button-param", &self.buttons)?;
            body.insert("buttonParameters".to_owned(), Value::Array(buttons));
        }
        Ok(body)
    }

    fn problem(place: &str, around: &Map<String, Value>) -> Option<String> {
        let kind = around.get("type").and_then(Value::as_str).filter(|_| place == "mediaUrl")?;
        let is_missing = ["image", "document", "video"].contains(&kind) && !around.contains_key("mediaUrl");
        is_missing.then(|| "is missing".to_owned())
    }

    fn route(&self, _body: &Value) -> Route {
        Route::Template
    }

    fn read_as(fields: &Map<String, Value>) -> Option<&'static str> {
        let is_by_id = fields.get("templateId").is_some_and(|id| !id.is_null());
        is_by_id.then_some(TemplateById::COMMAND)
    }
}
