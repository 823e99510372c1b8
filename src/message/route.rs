//! The endpoints that take messages.

use serde_json::{Map, Value};

/// Which endpoint a message goes to; what it needs beside bot and recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `POST /v1/bots/{botId}/messages`
    Messages,
    /// `POST /v1/bots/{botId}/users/{userId}/flow_message?type=…`
    FlowMessage { flow_type: Option<String> },
    /// `POST /v2/whatsapp/{botId}/hsm`
    Template,
    /// `POST /v1/bots/{botId}/campaigns/{campaignId}/template-messages`
    CampaignTemplate { campaign: String },
}

/// Whether a request is a template, which may be sent to anyone: its path or the `templateId` of its body says so.
pub(crate) fn sends_template(path: &str, body: &str) -> bool {
    let has_id =
        |body| serde_json::from_str(body).is_ok_and(|fields: Map<String, Value>| fields.contains_key("templateId"));
    path.ends_with("/hsm") || path.ends_with("/template-messages") || body.contains("\"templateId\"") && has_id(body)
}

impl Route {
    /// The endpoint as the API's documents write it.
    pub(crate) fn endpoint(&self) -> &'static str {
        match self {
            Self::Messages => "POST /v1/bots/{botId}/messages",
            Self::FlowMessage { .. } => "POST /v1/bots/{botId}/users/{userId}/flow_message",
            Self::Template => "POST /v2/whatsapp/{botId}/hsm",
            Self::CampaignTemplate { .. } => "POST /v1/bots/{botId}/campaigns/{campaignId}/template-messages",
        }
    }
}
