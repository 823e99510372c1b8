//! The price list and the budget of a sender: the typed ones, or else the profile's.

use std::path::Path;

use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::message::msg;
use crate::command_error::CommandError;
use crate::runs::cost::{Money, PriceList, PriceListError};
use crate::sender::config::Settings;

/// Reads the prices in the typed file, or else in the profile's.
pub(crate) fn read_prices(
    typed: Option<&Path>,
    settings: &Settings,
) -> Result<Option<PriceList>, CommandError> {
    let Some(path) = typed.or(settings.prices.as_deref()) else {
        return Ok(None);
    };
    PriceList::read(path).map(Some).map_err(|error| {
        let problem = error.message();
        let is_content = matches!(error, PriceListError::Content(_));
        let hint = is_content.then(|| msg!("to see the format: jelouctl explain prices"));
        if typed.is_some() {
            let message = msg!("{flag}: {problem}", flag = "--prices", problem);
            return CommandError::new(ExitCode::Usage, "usage", message, hint);
        }
        let origin = settings.origin("prices");
        let message = msg!("prices ({origin}): {problem}", origin, problem);
        CommandError::new(ExitCode::Configuration, "configuration", message, hint)
    })
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
