//! What the messages cost, by country and category, as a table.

use serde::Serialize;

use crate::cost::{Category, Estimate, Money, Spent};
use crate::list::ReportLanguage;

#[derive(Serialize)]
pub(super) struct CostTable {
    rows: Vec<CostRow>,
    /// Names of texts, with amounts.
    sums: Vec<(&'static str, String)>,
    unpriced: u64,
}

#[derive(Serialize)]
struct CostRow {
    country: Option<String>,
    category: &'static str,
    messages: u64,
    price: Option<String>,
    amount: Option<String>,
}

impl CostTable {
    /// For a list before its run.
    pub(super) fn of(estimate: &Estimate, language: ReportLanguage) -> Self {
        let said = |amount: Money| language.amount(&amount.to_string());
        let rows = estimate.charges().map(|charge| CostRow {
            country: charge.country.clone(),
            category: charge.category.map_or("unknown", Category::name),
            messages: charge.messages,
            price: charge.price.map(said),
            amount: charge.amount().map(said),
        });
        let sums = vec![("all", language.amount(&estimate.shown()))];
        Self { rows: rows.collect(), sums, unpriced: estimate.unpriced() }
    }

    pub(super) fn of_run(spent: &Spent, language: ReportLanguage) -> Self {
        let mut table = Self::of(&spent.estimate, language);
        let told = [("sent", Some(&spent.sent)), ("delivered", spent.delivered.as_ref())];
        table.sums.extend(told.into_iter().filter_map(|(name, sum)| Some((name, language.amount(&sum?.shown())))));
        table
    }
}
