//! The cost of a list's messages, and its maximum.

use super::send_args::BulkSendArgs;
use crate::base::message::msg;
use crate::command_error::CommandError;
use crate::commands::prices::{budget, read_prices};
use crate::runs::cost::{Estimate, Money, PriceList};
use crate::runs::ledger::{DraftRequest, LedgerDraft, LedgerError, RunSettings};
use crate::sender::config::Settings;

/// The name of the error of a list that the budget does not allow.
const OVER_BUDGET: &str = "budget";

/// The prices, and the budget; both are optional.
pub(super) struct CostLimit {
    pub(super) prices: Option<PriceList>,
    pub(super) budget: Option<Money>,
}

impl CostLimit {
    /// Reads the limit from the flag, or else from the profile.
    pub(super) fn read(args: &BulkSendArgs, settings: &Settings) -> Result<Self, CommandError> {
        let prices = read_prices(args.prices.as_deref(), settings)?;
        let budget = budget(args.budget, settings, prices.is_some())?;
        Ok(Self { prices, budget })
    }

    /// Estimates the cost of the draft's messages; None without prices.
    pub(super) fn estimate(
        &self,
        draft: &LedgerDraft,
        settings: &RunSettings,
    ) -> Result<Option<Estimate>, LedgerError> {
        let Some(prices) = &self.prices else {
            return Ok(None);
        };
        let mut estimate = Estimate::new(prices);
        draft.each_row_to_send(|_, request| {
            let DraftRequest {
                recipient,
                path,
                body,
            } = request;
            let (country, category) = settings.charged_by(recipient, path, body);
            estimate.add(prices, country, category);
            Ok::<_, LedgerError>(())
        })?;
        Ok(Some(estimate))
    }

    /// Refuses messages that cost more than the budget.
    pub(super) fn check(&self, estimate: Option<&Estimate>) -> Result<(), CommandError> {
        let (Some(budget), Some(estimate)) = (self.budget, estimate) else {
            return Ok(());
        };
        if let Some(words) = estimate.without_price() {
            let hint = msg!("add the missing prices to the price list, or remove --budget");
            let problem = msg!(
                "with a budget of {budget}, {problem}",
                budget,
                problem = words
            );
            return Err(CommandError::guard(problem, hint).named(OVER_BUDGET));
        }
        if estimate.total() > budget {
            let problem = msg!(
                "the messages cost {total}, more than the budget of {budget}",
                total = estimate.total_value(),
                budget
            );
            let hint = msg!("raise --budget, or send fewer messages: --limit N");
            return Err(CommandError {
                details: estimate.describe(),
                ..CommandError::guard(problem, hint).named(OVER_BUDGET)
            });
        }
        Ok(())
    }
}
