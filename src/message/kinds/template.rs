//! A template by its name, through its own endpoint. Only templates reach people who have not written.

use clap::{Args, ValueEnum};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use super::template_by_id::TemplateById;
use crate::input::{Input, InputError, JsonSource};
use crate::message::drawing::{Part, template};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::media_url;
use crate::message::parameter::{FILLED_IN_WORDS, ONE_LINE, ONE_LINE_IN_WORDS, check_filled, check_parameter};
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
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[command(verbatim_doc_comment)]
pub(crate) struct Template {
    /// Name of the template, or --template-id
    #[arg(value_name = "NAME")]
    #[garde(required, length(chars, min = 1))]
    elementName: Option<String>,

    /// Language code of the template
    #[arg(long, value_name = "CODE")]
    #[garde(length(chars, min = 1))]
    language: Option<String>,

    /// Type of the template's header [default: text]
    #[arg(long, value_name = "TYPE", value_enum, ignore_case = true)]
    r#type: Option<TemplateType>,

    /// Value of the text's next parameter (repeatable)
    ///
    /// NAME=VALUE with --template-id. In an authentication template up to 15 characters.
    #[schemars(extend("x-advised" = {"note": "each at most 15 characters in an authentication template (not checked)", "source": "Jelou"}))]
    #[garde(inner(inner(custom(|text: &String, (): &()| check_parameter(text)))))]
    #[schemars(inner(regex(pattern = ONE_LINE)), extend("x-rule" = ONE_LINE_IN_WORDS, "x-source" = "WhatsApp"))]
    #[arg(id = "parameters", long = "param", value_name = "VALUE", allow_hyphen_values = true)]
    parameters: Option<Vec<String>>,

    /// Value of the header's next parameter (repeatable)
    #[garde(inner(inner(custom(|text: &String, (): &()| check_parameter(text)))))]
    #[schemars(inner(regex(pattern = ONE_LINE)), extend("x-rule" = ONE_LINE_IN_WORDS, "x-source" = "WhatsApp"))]
    #[arg(id = "headerParameters", long = "header-param", value_name = "VALUE", allow_hyphen_values = true)]
    headerParameters: Option<Vec<String>>,

    #[arg(skip)]
    #[garde(dive)]
    buttonParameters: Option<Vec<ButtonParameter>>,

    #[arg(skip)]
    buttonPayloads: Option<Vec<Value>>,

    /// Public HTTPS URL of the header's image, document or video
    #[arg(long, value_name = "URL", visible_alias = "url", value_hint = clap::ValueHint::Url)]
    #[garde(length(chars, min = 1), custom(|url: &Option<String>, (): &()| media_url::check(url.as_deref())), custom(|_: &_, (): &()| self.needs_media()))]
    #[schemars(extend("pattern" = "^https://", "x-source" = "Jelou", "x-rule" = "required by image, document and video"))]
    mediaUrl: Option<String>,

    /// Name of the document that the recipient sees
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    #[garde(length(chars, min = 1))]
    filename: Option<String>,

    #[arg(skip)]
    #[garde(inner(inner(custom(|card: &Value, (): &()| check_filled(card)))))]
    #[schemars(extend("x-rule" = FILLED_IN_WORDS, "x-source" = "WhatsApp"))]
    cards: Option<Vec<Value>>,

    #[arg(skip)]
    ltoParams: Option<Value>,

    #[arg(skip)]
    expirationTime: Option<Value>,

    #[arg(skip)]
    campaignId: Option<Value>,

    #[command(flatten)]
    #[serde(skip)]
    flags: TemplateFlags,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum TemplateType {
    Text,
    Image,
    Document,
    Video,
}

/// The value of a template's button: the end of its link, or its payload.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct ButtonParameter {
    r#type: Option<String>,
    #[garde(inner(custom(|payload: &Value, (): &()| check_filled(payload))))]
    #[schemars(extend("x-rule" = FILLED_IN_WORDS, "x-source" = "WhatsApp"))]
    payload: Option<Value>,
    #[garde(inner(custom(|param: &Value, (): &()| param.as_str().map_or(Ok(()), check_parameter))))]
    #[schemars(extend("pattern" = ONE_LINE, "x-rule" = ONE_LINE_IN_WORDS, "x-source" = "WhatsApp"))]
    param: Option<Value>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Args, Clone, Debug, Default)]
struct TemplateFlags {
    /// Value for the template's next button, as JSON: '{"type": "URL", "param": "A-1042"}' (repeatable)
    #[arg(id = "buttonParameters", long = "button-param", value_name = "JSON|@FILE", allow_hyphen_values = true)]
    buttons: Vec<JsonSource>,

    /// Send a template by its id, through the messages endpoint
    #[arg(id = "templateId", long = "template-id", value_name = "ID", allow_hyphen_values = true)]
    #[arg(conflicts_with_all = ["elementName", "language", "type", "headerParameters", "buttonParameters", "mediaUrl", "filename"])]
    template_id: Option<String>,

    /// Campaign of the template; with --template-id it goes through the campaign's endpoint, only to its users
    #[arg(id = "campaignId", long = "campaign", value_name = "ID", allow_hyphen_values = true)]
    campaign: Option<String>,
}

impl Template {
    fn needs_media(&self) -> garde::Result {
        let needs = match self.r#type {
            Some(TemplateType::Image | TemplateType::Document | TemplateType::Video) => true,
            Some(TemplateType::Text) | None => false,
        };
        if needs && self.mediaUrl.is_none() { Err(garde::Error::new("is missing")) } else { Ok(()) }
    }
}

impl Kind for Template {
    const COMMAND: &'static str = "template";
    const ENVELOPE: Envelope = Envelope::Destinations;
    const EXAMPLE: &'static str =
        "send template order_shipped --to 593987654321 --language en --param Ana --param A-1042";

    fn draw(body: &Value) -> Vec<Part> {
        template(body, "/elementName")
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, InputError> {
        let mut body = Map::new();
        if let Some(id) = &self.flags.template_id {
            body.insert("templateId".to_owned(), json!(id));
        }
        if !self.flags.buttons.is_empty() {
            let buttons = input.json_list("--button-param", &self.flags.buttons)?;
            body.insert("buttonParameters".to_owned(), Value::Array(buttons));
        }
        if let Some(campaign) = &self.flags.campaign {
            body.insert("campaignId".to_owned(), json!(campaign));
        }
        Ok(body)
    }

    fn route(&self, _body: &Value) -> Route {
        Route::Template
    }

    fn read_as(fields: &Map<String, Value>) -> Option<&'static str> {
        let is_by_id = fields.get("templateId").is_some_and(|id| !id.is_null());
        is_by_id.then_some(TemplateById::COMMAND)
    }
}
