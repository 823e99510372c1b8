//! A body that is sent unmodified, for messages that this tool does not know yet.

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::message::drawing::Part;
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;

/// Send a JSON body as it is
///
/// Examples:
///   jelouctl send raw --body message.json
///   jelouctl send raw --to 593987654321 --body - < message.json
///
/// The body is sent as it is; only placeholders of the API's documents, such as USER_ID, are
/// refused. `--to` sets `userId`.
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct Raw {}

impl Kind for Raw {
    const COMMAND: &'static str = "raw";
    const ENVELOPE: Envelope = Envelope::Verbatim;
    const SCHEMA: &'static str = r#"{"type": "object"}"#;
    const EXAMPLE: &'static str = "";

    fn draw(_body: &Value) -> Vec<Part> {
        Vec::new()
    }
}
