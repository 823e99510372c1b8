//! `templates`: lists the bot's templates, from all pages.

use clap::Args;
use clap::builder::{StringValueParser, TypedValueParser};
use serde_json::Value;
use url::Url;

use crate::base::exit::ExitCode;
use crate::base::message::msg;
use crate::base::output::{Format, Stdout, SystemError, versioned};
use crate::command_error::CommandError;
use crate::jelou::api::{ListingCoverage, LookUpError, Request, TemplateFilter};
use crate::sender::context::Context;
use crate::sender::{Sender, read_templates};

/// List the bot's templates
///
/// Examples:
///   jelouctl templates
///   jelouctl templates --status approved --query order
///   jelouctl templates --output id
///
/// Prints a table at a terminal, and the API's JSON elsewhere. -o id prints only the names.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct TemplatesArgs {
    /// Only templates with TEXT in their name
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    query: Option<String>,

    /// Only templates with this status: approved, pending, rejected, disabled or deleted
    #[arg(long, value_name = "STATUS", value_parser = capitals())]
    status: Option<String>,

    /// Only templates in this category: utility, marketing or authentication
    #[arg(long, value_name = "CATEGORY", value_parser = capitals())]
    category: Option<String>,
}

/// The statuses in the help of `--status`. Jelou documents no list of them, so that another one is only noted.
const STATUSES: [&str; 5] = ["APPROVED", "PENDING", "REJECTED", "DISABLED", "DELETED"];

/// Parses a word in any case. The API accepts these words only in capitals.
fn capitals() -> impl TypedValueParser<Value = String> {
    StringValueParser::new().map(|word| word.to_uppercase())
}

/// Lists the templates that match.
pub(crate) fn run(context: &mut Context, args: TemplatesArgs) -> Result<ExitCode, CommandError> {
    let sender = Sender::resolve(context)?;
    let TemplatesArgs {
        query,
        status,
        category,
    } = args;
    let filter = TemplateFilter {
        query,
        status,
        category,
    };
    let unknown = filter
        .status
        .as_deref()
        .filter(|status| !STATUSES.contains(status));
    let first = |base: &Url| Request::templates(base, &sender.bot, &filter, 1);
    sender.ask(context, first, async |connection| {
        let retry_for = connection.retry_for;
        let listing = read_templates(connection, &filter, retry_for).await?;
        let coverage = listing.end.unwrap_or(ListingCoverage::Whole);
        let listing = listing.into_value();
        if let Some(status) = unknown
            && templates(&listing).is_empty()
        {
            let known = STATUSES.join(", ").to_lowercase();
            context.stderr.note(msg!(
                "--status: `{status}` is none of the known statuses: {known}",
                status = status.to_lowercase(),
                known
            ));
        }
        print(&context.stdout, &listing)?;
        match coverage {
            ListingCoverage::Whole => Ok(ExitCode::Success),
            coverage => Err(LookUpError::Incomplete {
                coverage,
                unreadable: 0,
            }
            .into()),
        }
    })
}

fn templates(listing: &Value) -> &[Value] {
    let results = listing.get("results").and_then(Value::as_array);
    results.map(Vec::as_slice).unwrap_or_default()
}

fn print(stdout: &Stdout, listing: &Value) -> Result<(), SystemError> {
    let templates = templates(listing);
    match stdout.format {
        Format::Id => templates
            .iter()
            .try_for_each(|template| stdout.value(&text(template, "elementName"))),
        Format::Response if stdout.is_for_reading() => {
            let fields = ["elementName", "language", "category", "status", "template"];
            let rows = templates
                .iter()
                .map(|template| fields.map(|name| text(template, name)).to_vec());
            let header = [
                msg!("NAME"),
                msg!("LANGUAGE"),
                msg!("CATEGORY"),
                msg!("STATUS"),
                msg!("TEXT"),
            ];
            stdout.table(&header, rows)
        }
        Format::Response => stdout.json(listing),
        Format::Record => stdout.json(&versioned(listing.clone())),
        Format::None | Format::To => Ok(()),
    }
}

fn text(template: &Value, name: &str) -> String {
    template
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
