//! The rates and the budget of a command: of a flag, or else of the profile.

use std::path::Path;

use super::CommandError;
use crate::config::{Budget, Settings};
use crate::context::Context;
use crate::cost::{Category, Rates, RatesError};
use crate::message::{Outgoing, sends_template};
use crate::phone::country_of;

/// The rates of the file that was typed, or else of the profile's.
pub(super) fn read_rates(typed: Option<&Path>, settings: &Settings) -> Result<Option<Rates>, CommandError> {
    if let Some(path) = typed {
        return Ok(Some(Rates::read(path)?));
    }
    let Some(path) = &settings.rates else { return Ok(None) };
    Ok(Some(Rates::read(&path.value).map_err(RatesError::of_profile)?))
}

/// The most that a run may cost: as typed, or else as in the profile.
pub(super) fn budget(
    typed: Option<Budget>,
    settings: &Settings,
    has_rates: bool,
) -> Result<Option<Budget>, RatesError> {
    match (typed, &settings.budget) {
        (Some(_), _) if !has_rates => Err(RatesError::missing("--budget")),
        (None, Some(of_profile)) if !has_rates => {
            Err(RatesError::missing(&format!("budget ({})", of_profile.origin)).of_profile())
        }
        (typed, of_profile) => Ok(typed.or(of_profile.as_ref().map(|budget| budget.value))),
    }
}

/// Says what one message costs. Of a template only the bot's list says the category, so all prices are named.
pub(super) fn report_cost(context: &Context, outgoing: &Outgoing, rates: Option<&Rates>) {
    let Some(rates) = rates else { return };
    let country = country_of(outgoing.recipient().as_str());
    let is_template = sends_template(outgoing.route().endpoint(), outgoing.json());
    let categories = Category::ALL.into_iter().filter(|category| (*category == Category::Service) != is_template);
    let priced = categories.filter_map(|category| Some((category.name(), rates.price(country, category)?)));
    let shown: Vec<_> = priced.map(|(name, price)| format!("{price} {} as {name}", rates.currency)).collect();
    let to = country.map_or("a recipient without a country".to_owned(), |country| format!("a number of {country}"));
    context.stderr.note(&if shown.is_empty() {
        format!("the rates have no price for this message to {to}")
    } else {
        format!("cost by your rates, for {to}: {}", shown.join(", "))
    });
}
