//! Reads prices and a budget, for the cost of a run and of a single send.

use std::path::Path;

use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::command_error::CommandError;
use crate::jelou::message::{Outgoing, sends_template};
use crate::phone::find_country;
use crate::runs::cost::{Category, Money, PriceList, PriceListError};
use crate::sender::config::Settings;
use crate::sender::context::Context;

fn format_hint() -> Message {
    msg!("to see the format: jelouctl explain prices")
}

/// Reads the prices in the typed file, or else in the profile's.
pub(super) fn read_prices(
    typed: Option<&Path>,
    settings: &Settings,
) -> Result<Option<PriceList>, CommandError> {
    match (typed, &settings.prices) {
        (Some(path), _) => PriceList::read(path).map(Some).map_err(|error| {
            let problem = error.message();
            let message = msg!("{flag}: {problem}", flag = "--prices", problem);
            match error {
                PriceListError::File(_) => UsageError::bare(message).into(),
                PriceListError::Content(_) => UsageError::new(message, format_hint()).into(),
            }
        }),
        (None, Some(path)) => PriceList::read(path).map(Some).map_err(|error| {
            let problem = error.message();
            let origin = settings.origin("prices");
            let message = msg!("prices ({origin}): {problem}", origin, problem);
            match error {
                PriceListError::File(_) => CommandError::bare_configuration(message),
                PriceListError::Content(_) => CommandError::configuration(message, format_hint()),
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
    match (typed, settings.budget) {
        (Some(_), _) if !has_rates => {
            Err(UsageError::new(msg!("--budget needs a price list"), msg!("--prices FILE")).into())
        }
        (None, Some(_)) if !has_rates => Err(CommandError::configuration(
            msg!(
                "budget ({origin}) needs a price list",
                origin = settings.origin("budget")
            ),
            msg!("--prices FILE"),
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
    let rated =
        categories.filter_map(|category| Some((category.name(), list.price(country, category)?)));
    let costs: Vec<_> = rated
        .map(|(name, price)| {
            let price = format!("{price} {}", list.currency);
            msg!("{price} as {name}", price, name)
        })
        .collect();
    let to = match country {
        Some(country) => msg!("a number of {country}", country = country.to_string()),
        None => msg!("a recipient without a country"),
    };
    context.stderr.note(if costs.is_empty() {
        msg!("the price list has no price for this message to {to}", to)
    } else {
        let costs = Message::joined(costs, ", ");
        msg!("cost by your prices, for {to}: {costs}", to, costs)
    });
}
