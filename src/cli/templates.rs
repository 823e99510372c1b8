//! `templates`.

use clap::Args;

use crate::commands::templates::TemplateFilter;

/// List the bot's templates
///
/// Examples:
///   jelouctl templates
///   jelouctl templates --status approved --query order
///   jelouctl templates --output id
///
/// A table on a terminal, the API's JSON elsewhere; `--output id` gives the names alone.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct TemplatesCommand {
    /// Only those with this in their name
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    query: Option<String>,

    /// Only those that are approved, pending, rejected, disabled or deleted
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,

    /// Only those for utility, marketing or authentication
    #[arg(long, value_name = "CATEGORY")]
    category: Option<String>,
}

impl From<TemplatesCommand> for TemplateFilter {
    fn from(command: TemplatesCommand) -> Self {
        let TemplatesCommand { query, status, category } = command;
        // The API knows them in capitals only.
        let capitals = |word: String| word.to_uppercase();
        Self { query, status: status.map(capitals), category: category.map(capitals) }
    }
}
