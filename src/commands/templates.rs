//! `templates`: the bot's templates, all pages of them; and the nearest name for one that is not there.

use std::time::Duration;

use serde_json::{Map, Value};

use super::connection::{self, Connection, Opening};
use super::{Context, Mode, ReadError, preview, template_names};
pub use crate::api::TemplateFilter;
use crate::api::{Delivery, Event, Outcome, Request, deliver};
use crate::config::{ApiUrl, BotId, Environment, Settings};
use crate::exit::ExitCode;
use crate::nearest::nearest;
use crate::output::{Format, Output};

/// More pages than any bot has: a server that gives new ones for ever is left.
const MAX_PAGES: u32 = 100;
/// How long the search for a nearer name may keep the answer waiting.
const SUGGESTION_TIME: Duration = Duration::from_secs(5);

/// Lists the templates that match `filter`.
///
/// # Errors
/// When the settings do not suffice, or the API cannot be read.
pub fn run(context: &mut Context, filter: &TemplateFilter) -> anyhow::Result<ExitCode> {
    context.claim_secret()?;
    let settings = Settings::load(&context.flags, &Environment::read()?)?;
    context.output.warnings(&settings.warnings);
    let bot = settings.bot()?;
    let (client_id, secret) = settings.credentials(context.can_ask())?;
    let client_id = &client_id.value;
    if context.mode != Mode::Send {
        let request = Request::templates(preview::base(&settings).url(), bot.as_str(), filter, 1);
        preview::show(context, &settings, client_id, &request)?;
        return Ok(ExitCode::Success);
    }
    let listing = connection::block_on(async {
        let base = connection::base(&settings).await?;
        let mut connection = match Connection::open(context, &settings, &base, client_id, &secret).await? {
            Opening::Open(connection) => connection,
            Opening::Interrupted(signal) => return Err(ReadError::new(Delivery::never_begun(signal)).into()),
        };
        let retry_for = settings.retry_for.value.duration();
        Ok(read_all(&mut connection, &context.output, &base, bot, filter, retry_for).await?)
    });
    let listing = match listing {
        Ok(listing) => listing,
        Err(error) => {
            let answer = error.downcast_ref().and_then(ReadError::answer);
            if let Some(answer) = answer.filter(|_| context.output.format != Format::Id) {
                context.output.json(&answer)?;
            }
            return Err(error);
        }
    };
    let is_whole = filter.query.is_none() && filter.status.is_none() && filter.category.is_none();
    if is_whole && !settings.is_sandboxed() {
        template_names::remember(bot.as_str(), &listing);
    }
    print(&context.output, &listing)?;
    Ok(ExitCode::Success)
}

/// Every page as one listing in the API's own shape: the first page's, with the results of all.
async fn read_all(
    connection: &mut Connection,
    output: &Output,
    base: &ApiUrl,
    bot: &BotId,
    filter: &TemplateFilter,
    retry_for: Duration,
) -> Result<Value, ReadError> {
    let mut listing = Map::new();
    let mut found: Vec<Value> = Vec::new();
    for page in 1..=MAX_PAGES {
        let request = Request::templates(base.url(), bot.as_str(), filter, page);
        let Connection { client, credentials, stop } = connection;
        let watch = |event: Event<'_>| connection::watch(output, &request, &event);
        let delivery = deliver(client, &request, credentials, retry_for, stop, watch).await;
        let (Outcome::Sent { .. }, Some(Value::Object(answer))) =
            (&delivery.outcome, delivery.answer.as_ref().and_then(|answer| answer.body.json.as_ref()))
        else {
            return Err(ReadError::new(delivery));
        };
        let results = answer.get("results").and_then(Value::as_array).cloned().unwrap_or_default();
        let new: Vec<_> = results.into_iter().filter(|template| !found.contains(template)).collect();
        // A server that does not count pages gives the same ones again.
        let is_over = new.is_empty() || is_last(answer, page);
        found.extend(new);
        if listing.is_empty() {
            listing.clone_from(answer);
        }
        if is_over {
            listing.insert("results".to_owned(), Value::Array(found));
            return Ok(Value::Object(listing));
        }
    }
    Err(ReadError::Endless { pages: MAX_PAGES })
}

/// Whether the API says that no page follows.
fn is_last(listing: &Map<String, Value>, page: u32) -> bool {
    let pages = listing.get("pagination").and_then(|pagination| pagination.get("totalPages"));
    let pages = pages.and_then(|pages| pages.as_u64().or_else(|| pages.as_str()?.parse().ok()));
    pages.is_some_and(|pages| u64::from(page) >= pages)
}

fn print(output: &Output, listing: &Value) -> std::io::Result<()> {
    let templates = listing.get("results").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    match output.format {
        Format::Id => templates.iter().try_for_each(|template| output.value(&field(template, "elementName"))),
        Format::Response if output.is_for_a_person() => {
            let fields = ["elementName", "language", "category", "status", "template"];
            let rows = templates.iter().map(|template| fields.map(|name| field(template, name)).to_vec());
            output.table(&["NAME", "LANGUAGE", "CATEGORY", "STATUS", "TEXT"], rows)
        }
        Format::Response | Format::Record => output.json(listing),
    }
}

fn field(template: &Value, name: &str) -> String {
    template.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What to try in place of the template `name` in `language`, which the API did not find.
pub async fn suggestion(
    connection: &mut Connection,
    output: &Output,
    base: &ApiUrl,
    bot: &BotId,
    name: &str,
    language: Option<&str>,
) -> Option<String> {
    let filter = TemplateFilter::default();
    let reading = read_all(connection, output, base, bot, &filter, Duration::ZERO);
    let listing = tokio::time::timeout(SUGGESTION_TIME, reading).await.ok()?.ok()?;
    let templates = listing.get("results")?.as_array()?;
    let of_this_name: Vec<_> = templates.iter().filter(|template| field(template, "elementName") == name).collect();
    if !of_this_name.is_empty() {
        let languages: Vec<_> = of_this_name.iter().map(|template| field(template, "language")).collect();
        let is_there =
            language.is_none_or(|language| languages.iter().any(|known| known.eq_ignore_ascii_case(language)));
        return (!is_there).then(|| format!("`{name}` exists in another language: {}", languages.join(", ")));
    }
    let names = templates.iter().filter_map(|template| template.get("elementName")?.as_str());
    Some(match nearest(name, names) {
        Some(nearest) => format!("the bot has no template `{name}`; did you mean `{nearest}`?"),
        None => format!("the bot has no template `{name}`; `jelouctl templates` lists those it has"),
    })
}
