//! Reads prices and a budget, for the cost of a run and of a single send.

use std::path::Path;

use crate::base::input::UsageError;
use crate::command_error::CommandError;
use crate::jelou::message::{Outgoing, sends_template};
use crate::phone::find_country;
use crate::runs::cost::{Category, Money, PriceList, PriceListError};
use crate::sender::config::Settings;
use crate::sender::context::Context;

const FORMAT: &str = "to see the format: jelouctl explain prices";

/// Reads the prices in the typed file, or else in the profile's.
pub(super) fn read_prices(
    typed: Option<&Path>,
    settings: &Settings,
) -> Result<Option<PriceList>, CommandError> {
    match (typed, &settings.prices) {
        (Some(path), _) => PriceList::read(path).map(Some).map_err(|error| {
            let problem = format!("--prices: {error}");
            match error {
                PriceListError::File(_) => UsageError::bare(problem).into(),
                PriceListError::Content(_) => UsageError::new(problem, FORMAT).into(),
            }
        }),
        (None, Some(path)) => PriceList::read(path).map(Some).map_err(|error| {
            let problem = format!("prices ({}): {error}", settings.origin("prices"));
            match error {
                PriceListError::File(_) => CommandError::bare_configuration(problem),
                PriceListError::Content(_) => CommandError::configuration(problem, FORMAT),
            }
        }),
        (None, None) => Ok(None),
    }
}

/// Returns the maximum cost of a run: as typed, or else as in the profile.
pub(super) fn budget(
    typed: Option<Money>,
    settings: &Settings,
    has_rates: bool,
) -> Result<Option<Money>, CommandError> {
    let problem = "needs a price list";
    let hint = format!("add --prices FILE; {FORMAT}");
    match (typed, settings.budget) {
        (Some(_), _) if !has_rates => {
            Err(UsageError::new(format!("--budget {problem}"), hint).into())
        }
        (None, Some(_)) if !has_rates => Err(CommandError::configuration(
            format!("budget ({}) {problem}", settings.origin("budget")),
            hint,
        )),
        (typed, from_profile) => Ok(typed.or(from_profile)),
    }
}

/// Prints what one message costs. Only the bot's list has the category of a template, so all its prices are printed.
pub(super) fn report_cost(context: &Context, outgoing: &Outgoing, list: Option<&PriceList>) {
    let Some(list) = list else { return };
    let country = find_country(outgoing.recipient().as_str());
    let is_template = sends_template(outgoing.route().endpoint(), outgoing.json());
    let categories = Category::ALL
        .into_iter()
        .filter(|category| (*category == Category::Service) != is_template);
    let priced =
        categories.filter_map(|category| Some((category.name(), list.price(country, category)?)));
    let shown: Vec<_> = priced
        .map(|(name, price)| format!("{price} {} as {name}", list.currency))
        .collect();
    let to = country.map_or("a recipient without a country".to_owned(), |country| {
        format!("a number of {country}")
    });
    context.stderr.note(&if shown.is_empty() {
        format!("the price list has no price for this message to {to}")
    } else {
        format!("cost by your prices, for {to}: {}", shown.join(", "))
    });
}
