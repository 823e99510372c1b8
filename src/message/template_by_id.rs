//! A template by its id: the older form, whose parameters have names. `send template --template-id` writes it.

use clap::Args;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use super::{Envelope, Kind, Route};

/// Send a template by its id
///
/// Examples:
///   jelouctl send template --template-id 39 --to 593987654321 --param name=Ana
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[command(verbatim_doc_comment)]
pub struct TemplateById {
    #[arg(skip)]
    #[garde(required, length(chars, min = 1))]
    templateId: Option<String>,

    #[arg(skip)]
    parameters: Option<Map<String, Value>>,

    /// Goes into the path: the campaign has an endpoint of its own.
    #[arg(skip)]
    #[garde(length(chars, min = 1))]
    #[serde(skip_serializing)]
    campaignId: Option<String>,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl TemplateById {
    /// One that goes where `fields` say.
    pub(super) fn in_campaign_of(fields: &Map<String, Value>) -> Self {
        let campaign = fields.get("campaignId").and_then(Value::as_str).map(str::to_owned);
        Self { campaignId: campaign, ..Self::default() }
    }
}

impl Kind for TemplateById {
    const COMMAND: &'static str = "template-by-id";
    const ENVELOPE: Envelope = Envelope::Typed("template");
    const EXAMPLE: &'static str =
        "send template --template-id 39 --to 593987654321 --param name=Ana --param order=A-1042";

    fn route(&self) -> Route {
        match &self.campaignId {
            Some(campaign) => Route::CampaignTemplate { campaign: campaign.clone() },
            None => Route::Messages,
        }
    }
}
