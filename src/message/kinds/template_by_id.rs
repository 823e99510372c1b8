//! A template by its id: the older form, whose parameters have names. `send template --template-id` writes it.

use clap::Args;
use garde::Validate;
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::message::drawing::{Part, template};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::parameter::{ONE_LINE, ONE_LINE_IN_WORDS, check_parameter};
use crate::message::recipient::Recipient;
use crate::message::route::Route;

/// Send a template by its id
///
/// Examples:
///   jelouctl send template --template-id 39 --to 593987654321 --param name=Ana
///
/// With --campaign it goes to `POST /v1/bots/{botId}/campaigns/{campaignId}/template-messages`,
/// which takes only users of that campaign.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[command(verbatim_doc_comment)]
pub(crate) struct TemplateById {
    #[arg(skip)]
    #[garde(required, length(chars, min = 1))]
    templateId: Option<String>,

    #[arg(skip)]
    #[garde(dive)]
    #[serde(default)]
    #[schemars(with = "Option<Map<String, Value>>")]
    #[schemars(extend("additionalProperties" = {"pattern": ONE_LINE}, "x-rule" = ONE_LINE_IN_WORDS, "x-source" = "WhatsApp"))]
    parameters: Option<NamedParameters>,

    /// Part of the path: the campaign has an endpoint of its own.
    #[arg(skip)]
    #[garde(custom(|campaign: &Option<String>, (): &()| is_one_segment(campaign.as_deref())))]
    #[serde(skip_serializing)]
    #[schemars(skip)]
    campaignId: Option<String>,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// Parameters by their names; from flags as texts `NAME=VALUE`.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
struct NamedParameters(Map<String, Value>);

impl<'de> Deserialize<'de> for NamedParameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected names with their values, or a list of NAME=VALUE")]
        enum Parameters {
            Named(Map<String, Value>),
            Pairs(Vec<String>),
        }
        let pairs = match Parameters::deserialize(deserializer)? {
            Parameters::Named(named) => return Ok(Self(named)),
            Parameters::Pairs(pairs) => pairs,
        };
        let mut named = Map::new();
        for pair in pairs {
            let (name, value) = pair.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
                D::Error::custom(format!("`{pair}` is not NAME=VALUE; a template by its id has named parameters"))
            })?;
            if named.insert(name.to_owned(), Value::from(value)).is_some() {
                return Err(D::Error::custom(format!("`{name}` is given twice")));
            }
        }
        Ok(Self(named))
    }
}

/// Written by hand, so that an error names its parameter.
impl Validate for NamedParameters {
    type Context = ();

    fn validate_into(&self, (): &(), parent: &mut dyn FnMut() -> garde::Path, report: &mut garde::Report) {
        for (name, value) in &self.0 {
            if let Some(Err(error)) = value.as_str().map(check_parameter) {
                report.append(parent().join(name.as_str()), error);
            }
        }
    }
}

/// A campaign is one segment of the path, like a recipient.
fn is_one_segment(campaign: Option<&str>) -> garde::Result {
    let checked = campaign.map_or(Ok(()), |campaign| Recipient::verbatim(campaign).map(|_| ()));
    checked.map_err(|error| garde::Error::new(error.to_string()))
}

impl Kind for TemplateById {
    const COMMAND: &'static str = "template-by-id";
    const WRITTEN_BY: &'static str = "template";
    const ENVELOPE: Envelope = Envelope::Typed("template");
    const EXAMPLE: &'static str =
        "send template --template-id 39 --to 593987654321 --param name=Ana --param order=A-1042";

    fn draw(body: &Value) -> Vec<Part> {
        template(body, "/templateId")
    }

    fn route(&self, body: &Value) -> Route {
        match body.get("campaignId").and_then(Value::as_str) {
            Some(campaign) => Route::CampaignTemplate { campaign: campaign.to_owned() },
            None => Route::Messages,
        }
    }
}
