//! The price list and the budget of a sender: the typed ones, or else the profile's.

use std::path::Path;

use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::command_error::CommandError;
use crate::runs::cost::{Money, PriceList, PriceListError};
use crate::sender::config::Settings;

fn format_hint() -> Message {
    msg!("to see the format: jelouctl explain prices")
}

/// Reads the prices in the typed file, or else in the profile's.
pub(crate) fn read_prices(
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
pub(crate) fn budget(
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
