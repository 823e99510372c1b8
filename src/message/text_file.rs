//! The text of a kind that has one: `--text`, and `--text-file` in its place.

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::input::{Input, Source, UsageError};
use crate::line_breaks::with_plain_line_breaks;

#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
pub(crate) struct MessageText {
    /// Text of the message, 1 to 1024 characters
    #[arg(long, allow_hyphen_values = true)]
    text: Option<String>,

    #[command(flatten)]
    #[serde(skip)]
    pub(crate) file: TextFile,
}

#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
pub(crate) struct Caption {
    /// Text below it, up to 1024 characters
    #[arg(long, visible_alias = "caption", allow_hyphen_values = true)]
    text: Option<String>,

    #[command(flatten)]
    #[serde(skip)]
    pub(crate) file: TextFile,
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct TextFile {
    /// Read the text from a file, or from standard input
    ///
    /// One final newline is dropped.
    #[arg(long, value_name = "FILE|-", conflicts_with = "text", value_hint = clap::ValueHint::FilePath)]
    text_file: Option<Source>,
}

impl TextFile {
    /// `{"text": …}` when a file is named.
    pub(crate) fn shape(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        let mut body = Map::new();
        if let Some(source) = &self.text_file {
            // A file from Windows has the same text.
            let text = with_plain_line_breaks(&input.text("--text-file", source)?);
            body.insert("text".to_owned(), json!(text));
        }
        Ok(body)
    }
}
