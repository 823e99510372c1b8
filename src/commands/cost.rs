//! The rates and the budget of a command: of a flag, or else of the profile.

use std::path::Path;

use crate::command_error::CommandError;
use crate::config::{ConfigError, Settings};
use crate::context::Context;
use crate::cost::{Category, Money, Rates};
use crate::input::UsageError;
use crate::message::{Outgoing, sends_template};
use crate::phone::country_of;

const FORMAT: &str = "`jelouctl explain rates` shows the format";

/// The rates of the file that was typed, or else of the profile's.
pub(super) fn read_rates(typed: Option<&Path>, settings: &Settings) -> Result<Option<Rates>, CommandError> {
    match (typed, &settings.rates) {
        (Some(path), _) => Ok(Some(Rates::read(path).map_err(|problem| UsageError::new(problem, FORMAT))?)),
        (None, Some(path)) => Ok(Some(Rates::read(path).map_err(|problem| ConfigError::new(problem, FORMAT))?)),
        (None, None) => Ok(None),
    }
}

/// The most that a run may cost: as typed, or else as in the profile.
pub(super) fn budget(
    typed: Option<Money>,
    settings: &Settings,
    has_rates: bool,
) -> Result<Option<Money>, CommandError> {
    let problem = "needs rates to know what the messages cost";
    let hint = format!("add --rates FILE; {FORMAT}");
    match (typed, settings.budget) {
        (Some(_), _) if !has_rates => Err(UsageError::new(format!("--budget {problem}"), hint).into()),
        (None, Some(_)) if !has_rates => {
            Err(ConfigError::new(format!("budget ({}) {problem}", settings.origin("budget")), hint).into())
        }
        (typed, of_profile) => Ok(typed.or(of_profile)),
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
