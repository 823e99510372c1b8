//! `templates`: lists the bot's templates, from all pages.

use clap::Args;
use serde_json::Value;

use super::CommandError;
use crate::api::{Delivery, Request, TemplateFilter};
use crate::context::{Context, Mode};
use crate::exit::ExitCode;
use crate::output::{Format, Stdout, StreamError};
use crate::process::block_on;
use crate::sending::{ConnectError, Interrupted, Listing, ReadError, Sender, UnresolvedSender, read_templates};
use crate::template_names;

/// List the bot's templates
///
/// Examples:
///   jelouctl templates
///   jelouctl templates --status approved --query order
///   jelouctl templates --output id
///
/// A table on a terminal, the API's JSON elsewhere; `--output id` prints only the names.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct TemplatesArgs {
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

impl TemplatesArgs {
    fn filter(&self) -> TemplateFilter {
        // The API knows them only in capitals.
        let capitals = |word: &String| word.to_uppercase();
        let (status, category) = (self.status.as_ref().map(capitals), self.category.as_ref().map(capitals));
        TemplateFilter { query: self.query.clone(), status, category }
    }
}

/// Lists the templates that match.
pub(crate) fn run(context: &mut Context, args: &TemplatesArgs) -> Result<ExitCode, CommandError> {
    let filter = &args.filter();
    let sender = UnresolvedSender::claim(context)?.resolve(context)?;
    let bot = sender.bot.as_str();
    if context.mode != Mode::Send {
        sender.show(context, &Request::templates(sender.planned_base().url(), bot, filter, 1))?;
        return Ok(ExitCode::Success);
    }
    let listing = match block_on(read(context, &sender, filter))? {
        Ok(listing) => listing,
        Err(error) => {
            if let Some(answer) = error.answer().filter(|_| context.stdout.format != Format::Id) {
                context.stdout.json(&answer)?;
                return Err(error.beside_answer().into());
            }
            return Err(error.into());
        }
    };
    let partial = listing.is_partial().then(|| ReadError::Partial { read: listing.templates().len() });
    let listing = listing.into_value();
    if *filter == TemplateFilter::default() && partial.is_none() && !sender.settings.is_sandboxed() {
        template_names::remember(bot, &listing);
    }
    print(&context.stdout, &listing)?;
    partial.map_or(Ok(ExitCode::Success), |error| Err(error.into()))
}

async fn read(
    context: &Context,
    sender: &Sender,
    filter: &TemplateFilter,
) -> Result<Result<Listing, ReadError>, CommandError> {
    let mut connection = match sender.connect(context).await {
        Err(ConnectError::Interrupted(Interrupted(signal))) => {
            return Ok(Err(ReadError::new(Delivery::never_begun(signal))));
        }
        connected => connected?,
    };
    let retry_for = sender.settings.retry_for.value.duration();
    Ok(read_templates(&mut connection, &context.stderr, &sender.bot, filter, retry_for).await)
}

fn print(stdout: &Stdout, listing: &Value) -> Result<(), StreamError> {
    let templates = listing.get("results").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    match stdout.format {
        Format::Id => templates.iter().try_for_each(|template| stdout.value(&text(template, "elementName"))),
        Format::Response if stdout.is_for_a_person() => {
            let fields = ["elementName", "language", "category", "status", "template"];
            let rows = templates.iter().map(|template| fields.map(|name| text(template, name)).to_vec());
            stdout.table(&["NAME", "LANGUAGE", "CATEGORY", "STATUS", "TEXT"], rows)
        }
        Format::Response | Format::Record => stdout.json(listing),
        Format::None | Format::To => Ok(()),
    }
}

fn text(template: &Value, name: &str) -> String {
    template.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
