//! Estimates the cost of messages by country and category. Jelou and Meta may count differently.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::prices::{Category, Money, PriceList};
use crate::base::message::{Message, msg};
use crate::base::output::count_value;
use crate::phone::Country;

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
    fn amount(&self) -> Option<Money> {
        self.price.map(|price| price.times(self.messages))
    }

    /// `Ecuador marketing`
    fn name(&self) -> Message {
        let code = self.country.as_deref();
        let country = code.and_then(|code| code.parse::<Country>().ok());
        let country =
            country.map_or_else(|| msg!("no country"), |country| msg!("{country}", country));
        let category = match self.category {
            Some(Category::Marketing) => msg!("marketing"),
            Some(Category::Utility) => msg!("utility"),
            Some(Category::Authentication) => msg!("authentication"),
            Some(Category::Service) => msg!("service"),
            None => msg!("unknown category"),
        };
        msg!("{country} {category}", country, category)
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
    fn unpriced(&self) -> u64 {
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

    /// Returns it as a value of a text: `375,00 USD` in Spanish.
    pub(crate) fn total_value(&self) -> Message {
        msg!(
            "{amount} {currency}",
            amount = self.total(),
            currency = self.currency
        )
    }

    /// `estimated cost by your prices: 362.50 USD (Ecuador marketing 5,800 × 0.0625)`; then the messages without a price.
    pub(crate) fn describe(&self) -> Vec<Message> {
        let mut priced: Vec<_> = self
            .by
            .iter()
            .filter_map(|charge| Some((charge, charge.amount()?)))
            .collect();
        priced.sort_by_key(|(_, amount)| std::cmp::Reverse(*amount));
        let parts = priced.iter().map(|(charge, _)| {
            msg!(
                "{name} {count} × {price}",
                name = charge.name(),
                count = count_value(charge.messages),
                price = charge.price.unwrap_or_default()
            )
        });
        let parts: Vec<_> = parts.collect();
        let mut lines = Vec::new();
        if !parts.is_empty() {
            let total = self.total_value();
            let parts = join_first(parts);
            lines.push(if self.unpriced() > 0 {
                msg!(
                    "estimated cost by your prices: at least {total} ({parts})",
                    total,
                    parts
                )
            } else {
                msg!(
                    "estimated cost by your prices: {total} ({parts})",
                    total,
                    parts
                )
            });
        }
        lines.extend(self.without_price());
        lines
    }

    /// `the price list has no price for 12 messages: Peru marketing`
    pub(crate) fn without_price(&self) -> Option<Message> {
        let unpriced = self.unpriced();
        let names = self
            .by
            .iter()
            .filter(|charge| charge.price.is_none() && charge.messages > 0);
        let names = join_first(names.map(Charge::name).collect());
        (unpriced > 0).then(|| {
            msg!(
                "the price list has no price for {count} {count|message|messages}: {names}",
                count = unpriced,
                names
            )
        })
    }
}

/// The first few `names`, and how many more there are.
fn join_first(mut names: Vec<Message>) -> Message {
    let more = names.len().saturating_sub(MAX_LISTED);
    names.truncate(MAX_LISTED);
    names.extend((more > 0).then(|| msg!("and {more} more", more)));
    Message::joined(names, ", ")
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
    pub(crate) fn describe(&self) -> Message {
        let sent = self.sent.total();
        let all = self.estimate.total_value();
        let so_far = if self.is_sandbox {
            msg!(
                "a real run would spend about {sent} of {all} by your prices",
                sent,
                all
            )
        } else {
            msg!("spent about {sent} of {all} by your prices", sent, all)
        };
        let delivered = self.delivered.as_ref();
        let delivered = delivered.map(|cost| {
            msg!(
                "{amount} of it for delivered messages",
                amount = cost.total()
            )
        });
        let parts = [Some(so_far), delivered, self.sent.without_price()];
        Message::joined(parts.into_iter().flatten().collect(), "; ")
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
