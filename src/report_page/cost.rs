//! What the messages cost, by country and category, as a table.

use serde::Serialize;

use crate::cost::{Category, Estimate, Spent};

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
    pub(super) fn of(estimate: &Estimate) -> Self {
        let rows = estimate.charges().map(|charge| CostRow {
            country: charge.country.clone(),
            category: charge.category.map_or("unknown", Category::name),
            messages: charge.messages,
            price: charge.price.map(|price| price.to_string()),
            amount: charge.amount().map(|amount| amount.to_string()),
        });
        Self { rows: rows.collect(), sums: vec![("all", estimate.shown())], unpriced: estimate.unpriced() }
    }

    pub(super) fn of_run(spent: &Spent) -> Self {
        let mut table = Self::of(&spent.estimate);
        table.sums.push(("sent", spent.sent.shown()));
        table.sums.extend(spent.delivered.as_ref().map(|delivered| ("delivered", delivered.shown())));
        table
    }
}
