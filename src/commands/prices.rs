//! What messages may cost, by prices and a budget: those of a run, and a single send.

use std::path::Path;

use crate::base::input::UsageError;
use crate::command_error::CommandError;
use crate::jelou::message::{Outgoing, sends_template};
use crate::phone::country_of;
use crate::runs::cost::{Category, Money, PriceList};
use crate::sender::config::Settings;
use crate::sender::context::Context;

const FORMAT: &str = "`jelouctl explain prices` shows the format";

/// The prices of the file that was typed, or else of the profile's.
pub(super) fn read_prices(
    typed: Option<&Path>,
    settings: &Settings,
) -> Result<Option<PriceList>, CommandError> {
    match (typed, &settings.prices) {
        (Some(path), _) => Ok(Some(
            PriceList::read(path).map_err(|problem| UsageError::new(problem, FORMAT))?,
        )),
        (None, Some(path)) => PriceList::read(path)
            .map(Some)
            .map_err(|problem| CommandError::configuration(problem, FORMAT)),
        (None, None) => Ok(None),
    }
}

/// The most that a run may cost: as typed, or else as in the profile.
pub(super) fn budget(
    typed: Option<Money>,
    settings: &Settings,
    has_rates: bool,
) -> Result<Option<Money>, CommandError> {
    let problem = "needs prices to know what the messages cost";
    let hint = format!("add --prices FILE; {FORMAT}");
    match (typed, settings.budget) {
        (Some(_), _) if !has_rates => {
            Err(UsageError::new(format!("--budget {problem}"), hint).into())
        }
        (None, Some(_)) if !has_rates => Err(CommandError::configuration(
            format!("budget ({}) {problem}", settings.origin("budget")),
            hint,
        )),
        (typed, of_profile) => Ok(typed.or(of_profile)),
    }
}

/// Says what one message costs. Of a template only the bot's list says the category, so all prices are named.
pub(super) fn report_cost(context: &Context, outgoing: &Outgoing, list: Option<&PriceList>) {
    let Some(list) = list else { return };
    let country = country_of(outgoing.recipient().as_str());
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
