//! What a list or the rest of a run costs, and the budget that may refuse it.

use std::path::Path;

use crate::base::message::msg;
use crate::command_error::CommandError;
use crate::runs::cost::{Estimate, Money, PriceList};
use crate::runs::ledger::{DraftRequest, LedgerDraft, LedgerError, Run, RunSettings};
use crate::sender::config::Settings;
use crate::sender::{budget, read_prices};

/// The name of the error of a list that the budget does not allow.
const OVER_BUDGET: &str = "budget";

/// The prices, and the budget; both are optional.
pub(super) struct CostLimit {
    pub(super) prices: Option<PriceList>,
    pub(super) budget: Option<Money>,
}

impl CostLimit {
    /// Reads the limit from the typed flags, or else from the profile.
    pub(super) fn read(
        prices: Option<&Path>,
        typed: Option<Money>,
        settings: &Settings,
    ) -> Result<Self, CommandError> {
        let prices = read_prices(prices, settings)?;
        let budget = budget(typed, settings, prices.is_some())?;
        Ok(Self { prices, budget })
    }

    /// Reads the budget again. The prices stay: they may come from a pipe.
    pub(super) fn reread_budget(
        &mut self,
        typed: Option<Money>,
        settings: &Settings,
    ) -> Result<(), CommandError> {
        self.budget = budget(typed, settings, self.prices.is_some())?;
        Ok(())
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
            add(&mut estimate, prices, settings, &request);
            Ok::<_, LedgerError>(())
        })?;
        Ok(Some(estimate))
    }

    /// Estimates the cost of the unsent messages of a run; None without prices.
    pub(super) fn estimate_rest(
        &self,
        run: &Run,
        settings: &RunSettings,
    ) -> Result<Option<Estimate>, LedgerError> {
        let Some(prices) = &self.prices else {
            return Ok(None);
        };
        let mut estimate = Estimate::new(prices);
        run.pending_requests(|row| {
            add(&mut estimate, prices, settings, &row.request());
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

/// Adds the cost of a message.
fn add(
    estimate: &mut Estimate,
    prices: &PriceList,
    settings: &RunSettings,
    request: &DraftRequest<'_>,
) {
    let DraftRequest {
        recipient,
        path,
        body,
    } = request;
    let (country, category) = settings.charged_by(recipient, path, body);
    estimate.add(prices, country, category);
}
