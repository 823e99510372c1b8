//! Estimates the cost of messages by country and category. Jelou and Meta may count differently.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::prices::{Category, Money, PriceList};
use crate::base::output::{counted, grouped};

/// How many countries and categories a text lists.
const MAX_LISTED: usize = 8;

/// Messages with the same country and category.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Charge {
    /// Two letters; none if the recipient has no country.
    pub(crate) country: Option<String>,
    /// None for a template with an unknown category.
    pub(crate) category: Option<Category>,
    pub(crate) messages: u64,
    /// The price of one message, if the price list has it.
    pub(crate) price: Option<Money>,
}

/// An estimate. The run stores it, so that later reports use the prices that you confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Estimate {
    currency: String,
    by: Vec<Charge>,
}

/// The cost of a run: of all its messages, of the sent ones and, after a delivery check, of the delivered ones.
#[derive(Debug)]
pub(crate) struct RunCost {
    /// Whether it was a sandbox run, which costs nothing.
    pub(crate) is_sandbox: bool,
    pub(crate) estimate: Estimate,
    pub(crate) sent: Estimate,
    pub(crate) delivered: Option<Estimate>,
}

impl Charge {
    pub(crate) fn amount(&self) -> Option<Money> {
        self.price.map(|price| price.times(self.messages))
    }

    /// `EC marketing`
    fn name(&self) -> String {
        let country = self.country.as_deref().unwrap_or("without a country:");
        format!(
            "{country} {}",
            self.category.map_or("unknown category", Category::name)
        )
    }
}

impl Estimate {
    pub(crate) fn new(prices: &PriceList) -> Self {
        Self {
            currency: prices.currency.clone(),
            by: Vec::new(),
        }
    }

    /// Counts one more message.
    pub(crate) fn add(
        &mut self,
        prices: &PriceList,
        country: Option<&'static str>,
        category: Option<Category>,
    ) {
        if let Some(charge) = self
            .find_charge(country, category)
            .and_then(|place| self.by.get_mut(place))
        {
            charge.messages += 1;
            return;
        }
        let price = category.and_then(|category| prices.price(country, category));
        self.by.push(Charge {
            country: country.map(str::to_owned),
            category,
            messages: 1,
            price,
        });
    }

    /// Returns the position of the charge for this country and category.
    pub(crate) fn find_charge(
        &self,
        country: Option<&str>,
        category: Option<Category>,
    ) -> Option<usize> {
        self.by
            .iter()
            .position(|charge| charge.country.as_deref() == country && charge.category == category)
    }

    /// The same prices with other numbers of messages, by position.
    pub(crate) fn with_counts(&self, messages: impl Fn(usize) -> u64) -> Self {
        let by = self.by.iter().enumerate();
        let by = by.map(|(place, charge)| Charge {
            messages: messages(place),
            ..charge.clone()
        });
        Self {
            currency: self.currency.clone(),
            by: by.collect(),
        }
    }

    pub(crate) fn total(&self) -> Money {
        self.by.iter().filter_map(Charge::amount).sum()
    }

    pub(crate) fn messages(&self) -> u64 {
        self.by.iter().map(|charge| charge.messages).sum()
    }

    /// The number of messages without a price.
    pub(crate) fn unpriced(&self) -> u64 {
        self.by
            .iter()
            .filter(|charge| charge.price.is_none())
            .map(|charge| charge.messages)
            .sum()
    }

    /// `USD`
    pub(crate) fn currency(&self) -> &str {
        &self.currency
    }

    /// `375.00 USD`
    pub(crate) fn format_total(&self) -> String {
        format!("{} {}", self.total(), self.currency)
    }

    pub(crate) fn to_json(&self) -> Value {
        let by = self.by.iter().map(|charge| {
            let Charge { country, category, messages, price } = charge;
            let [price, amount] = [*price, charge.amount()].map(|amount| amount.map(|amount| amount.to_string()));
            json!({ "country": country, "category": category, "messages": messages, "price": price, "amount": amount })
        });
        json!({
            "currency": self.currency,
            "total": self.total().to_string(),
            "messages": self.messages(),
            "unpriced": self.unpriced(),
            "by": by.collect::<Vec<_>>(),
        })
    }

    /// `estimated cost by your prices: 362.50 USD (EC marketing 5,800 × 0.0625)`; then the messages without a price.
    pub(crate) fn describe(&self) -> Vec<String> {
        let mut priced: Vec<_> = self
            .by
            .iter()
            .filter_map(|charge| Some((charge, charge.amount()?)))
            .collect();
        priced.sort_by_key(|(_, amount)| std::cmp::Reverse(*amount));
        let parts = priced.iter().map(|(charge, _)| {
            let price = charge.price.unwrap_or_default();
            format!("{} {} × {price}", charge.name(), grouped(charge.messages))
        });
        let parts = join_first(parts.collect());
        let mut lines = Vec::new();
        if !parts.is_empty() {
            let at_least = if self.unpriced() > 0 { "at least " } else { "" };
            lines.push(format!(
                "estimated cost by your prices: {at_least}{} ({parts})",
                self.format_total()
            ));
        }
        lines.extend(self.without_price());
        lines
    }

    /// `the price list has no price for 12 messages: PE marketing`
    pub(crate) fn without_price(&self) -> Option<String> {
        let unpriced = self.unpriced();
        let names = self
            .by
            .iter()
            .filter(|charge| charge.price.is_none() && charge.messages > 0);
        let messages = counted(unpriced, "message");
        let names = join_first(names.map(Charge::name).collect());
        (unpriced > 0).then(|| format!("the price list has no price for {messages}: {names}"))
    }
}

/// The first few `names`, and how many more there are.
fn join_first(mut names: Vec<String>) -> String {
    let others = names.len().saturating_sub(MAX_LISTED);
    names.truncate(MAX_LISTED);
    names.extend((others > 0).then(|| format!("and {others} more")));
    names.join(", ")
}

impl RunCost {
    pub(crate) fn to_json(&self) -> Value {
        let sums = |estimate: &Estimate| json!({ "messages": estimate.messages(), "total": estimate.total().to_string() });
        let mut json = self.estimate.to_json();
        if let Value::Object(json) = &mut json {
            json.insert("sent".to_owned(), sums(&self.sent));
            json.insert(
                "delivered".to_owned(),
                json!(self.delivered.as_ref().map(sums)),
            );
        }
        json
    }

    /// `spent about 12.50 of 375.00 USD by your prices; 11.25 of it for delivered messages`
    pub(crate) fn describe(&self) -> String {
        let sent = self.sent.total();
        let all = self.estimate.format_total();
        let delivered = self
            .delivered
            .as_ref()
            .map(|cost| format!("; {} of it for delivered messages", cost.total()));
        let delivered = delivered.unwrap_or_default();
        let unpriced = self
            .sent
            .without_price()
            .map(|words| format!("; {words}"))
            .unwrap_or_default();
        let verb = if self.is_sandbox {
            "a real run would spend"
        } else {
            "spent"
        };
        format!("{verb} about {sent} of {all} by your prices{delivered}{unpriced}")
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn sums_are_exact() {
        for list in 0..20_u64 {
            let mut rows = Vec::new();
            let mut prices = "country,category,price,currency\n".to_owned();
            for (place, (country, price)) in
                (0_u64..).zip([("EC", 62_500), ("CO", 12_345), ("PE", 100), ("MX", 33)])
            {
                let price = price + list * 7;
                writeln!(prices, "{country},service,0.{price:06},USD").unwrap();
                rows.extend(std::iter::repeat_n(
                    (country, price),
                    usize::try_from(list * (place + 3) % 17).unwrap() + 1,
                ));
            }
            let prices = PriceList::parse(&prices).unwrap();
            let mut estimate = Estimate::new(&prices);
            for (country, _) in &rows {
                estimate.add(&prices, Some(country), Some(Category::Service));
            }
            let total: u64 = rows.iter().map(|(_, price)| price).sum();
            let expected: Money = format!("{}.{:06}", total / 1_000_000, total % 1_000_000)
                .parse()
                .unwrap();
            assert_eq!(
                (estimate.total(), estimate.messages(), estimate.unpriced()),
                (expected, rows.len() as u64, 0)
            );
        }
    }
}
