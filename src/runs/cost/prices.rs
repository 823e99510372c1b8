//! A price list: the price of a message by the recipient's country and the message's category. Amounts are exact, in
//! the currency of the file.

use std::collections::HashMap;
use std::fmt;
use std::iter::Sum;
use std::path::Path;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::base::message::{Message, ToValue, Value as MessageValue, msg};
use crate::base::private_file::{FileAction, FileError, PipeBound, open_to_read};
use crate::lists::list_file::{ListInput, ListOptions, ListReader, Row};
use crate::phone::Country;

/// The text of `explain prices`, and an example file.
pub(crate) const EXPLAINED: [&str; 2] = [
    "A price list has the price of a message by the recipient's country and the message's category. It is a CSV file, an
NDJSON file or a workbook with these columns:

- `country`: two letters, three, or a name; `*` for all others
- `category`: marketing, utility, authentication, or service (a free-form message)
- `price`: the price of one message, with a decimal point or comma: 0.0625 or 0,0625
- `currency`: the same in every row

The Spanish column names also work: pais, categoria, precio, moneda.

Pass it with --prices FILE, or save it in a profile: jelouctl profile set NAME --prices FILE. jelouctl has no built-in
prices. Meta publishes its rate cards at https://developers.facebook.com/docs/whatsapp/pricing, by market and currency.
Jelou charges its own prices: copy the ones that apply to you.",
    "country,category,price,currency
EC,marketing,0.0750,USD
EC,utility,0.0160,USD
CO,marketing,0.0140,USD
*,marketing,0.0650,USD
*,service,0.0080,USD",
];

/// The categories that WhatsApp charges by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Category {
    Marketing,
    Utility,
    Authentication,
    /// A free-form message.
    Service,
}

impl Category {
    pub(crate) const ALL: [Self; 4] = [
        Self::Marketing,
        Self::Utility,
        Self::Authentication,
        Self::Service,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Utility => "utility",
            Self::Authentication => "authentication",
            Self::Service => "service",
        }
    }

    /// The category with this name, in upper or lower case.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|category| category.name().eq_ignore_ascii_case(name.trim()))
    }
}

/// Why a file has no prices.
#[derive(Debug, Error)]
pub(crate) enum PriceListError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{0}")]
    Content(Message),
}

impl PriceListError {
    pub(crate) fn message(&self) -> Message {
        match self {
            Self::File(error) => error.message(),
            Self::Content(problem) => problem.clone(),
        }
    }
}

/// The prices of one file.
#[derive(Clone, Debug)]
pub(crate) struct PriceList {
    pub(crate) currency: String,
    /// The prices by country (none for all others) and category.
    prices: HashMap<(Option<&'static str>, Category), Money>,
}

impl PriceList {
    /// Reads a price list.
    ///
    /// # Errors
    /// If the file cannot be opened. Or a message with the line and the column, if a row is not a price, contradicts
    /// another row, or has another currency.
    pub(crate) fn read(path: &Path) -> Result<Self, PriceListError> {
        let file = open_to_read(path, PipeBound::FirstByte)
            .map_err(FileError::while_doing(FileAction::Read, path));
        let name = path.display().to_string();
        Self::read_from(ListInput::File(file?), &name).map_err(PriceListError::Content)
    }

    fn read_from(input: ListInput, name: &str) -> Result<Self, Message> {
        let mut list = ListReader::open(input, name, &ListOptions::default())
            .map_err(|error| error.message)?;
        let has_header = list.header().is_some();
        let mut prices: Option<Self> = None;
        while let Some(row) = list.read().map_err(|error| error.message)? {
            let at = |problem: Message| {
                msg!(
                    "{name}, line {line}: {problem}",
                    name,
                    line = row.line,
                    problem
                )
            };
            let cells = row.row.as_ref().map_err(|problem| at(problem.clone()))?;
            let row = PriceRow::read(cells).map_err(|error| match error {
                // The header of a table is on another line. Rows of NDJSON have their own fields.
                PriceRowError::NoColumn(problem) if has_header => {
                    msg!("{name} is not a price list: {problem}", name, problem)
                }
                PriceRowError::NoColumn(problem) | PriceRowError::Cell(problem) => at(problem),
            })?;
            let prices = prices.get_or_insert_with(|| Self {
                currency: row.currency.clone(),
                prices: HashMap::new(),
            });
            prices.add(row).map_err(at)?;
        }
        prices.ok_or_else(|| msg!("{name} has no price", name))
    }

    fn add(&mut self, row: PriceRow) -> Result<(), Message> {
        let PriceRow {
            country,
            category,
            price,
            currency,
        } = row;
        if self.currency != currency {
            let before = &self.currency;
            return Err(msg!(
                "currency: `{currency}` differs from `{before}` in the rows above",
                currency,
                before
            ));
        }
        if self.prices.insert((country, category), price).is_some() {
            let country = country.unwrap_or("*");
            let category = category.name();
            return Err(msg!(
                "{country} already has a price for {category}",
                country,
                category
            ));
        }
        Ok(())
    }

    /// The price of a message to a number of this country, two letters.
    pub(crate) fn price(&self, country: Option<&'static str>, category: Category) -> Option<Money> {
        let own = country.and_then(|country| self.prices.get(&(Some(country), category)));
        own.or_else(|| self.prices.get(&(None, category))).copied()
    }
}

/// A row of a price list.
struct PriceRow {
    /// None for every other country.
    country: Option<&'static str>,
    category: Category,
    price: Money,
    currency: String,
}

/// Why a row of a price list cannot be read.
enum PriceRowError {
    NoColumn(Message),
    Cell(Message),
}

impl From<Message> for PriceRowError {
    fn from(problem: Message) -> Self {
        Self::Cell(problem)
    }
}

impl PriceRow {
    fn read(cells: &Row) -> Result<Self, PriceRowError> {
        let country = country(&filled_cell(cells, ["country", "pais"])?)
            .map_err(|problem| msg!("country: {problem}", problem))?;
        let category = filled_cell(cells, ["category", "categoria"])?;
        let category = Category::from_name(&category).ok_or_else(|| {
            let known = Category::ALL.map(Category::name).join(", ");
            let category = category.escape_debug().to_string();
            msg!(
                "category: `{category}` is not one of {known}",
                category,
                known
            )
        })?;
        let price = price(&filled_cell(cells, ["price", "precio"])?)
            .map_err(|problem| msg!("price: {problem}", problem))?;
        Ok(Self {
            country,
            category,
            price,
            currency: filled_cell(cells, ["currency", "moneda"])?,
        })
    }
}

/// Returns the text of the cell in the column with the English or the Spanish name.
fn filled_cell(cells: &Row, names: [&str; 2]) -> Result<String, PriceRowError> {
    let Some(column) = names.into_iter().find(|name| cells.has(name)) else {
        let [column, _] = names;
        let found = cells.names().join(", ");
        let problem = msg!("no column `{column}`; there are: {found}", column, found);
        return Err(PriceRowError::NoColumn(problem));
    };
    let text = match cells.get(column) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    if text.is_empty() {
        return Err(msg!("{column} is empty", column).into());
    }
    Ok(text)
}

/// None for `*`.
fn country(cell: &str) -> Result<Option<&'static str>, Message> {
    if cell == "*" {
        return Ok(None);
    }
    cell.parse::<Country>().map(|country| Some(country.code()))
}

fn price(cell: &str) -> Result<Money, Message> {
    let is_ambiguous = cell.split_once(['.', ',']).is_some_and(|(whole, rest)| {
        rest.len() == 3 && !matches!(whole.trim_start_matches('0'), "")
    });
    if is_ambiguous {
        let price = cell.escape_debug().to_string();
        return Err(msg!(
            "`{price}` is ambiguous: a price has no sign for thousands, and not three decimals",
            price
        ));
    }
    if cell.contains('.') {
        cell.parse()
    } else {
        cell.replacen(',', ".", 1).parse()
    }
}

/// The maximum number of decimals. With it and `LARGEST`, no sum of a run can overflow.
const MAX_DECIMALS: u32 = 8;
const LARGEST: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// In JSON it is a string, such as `"0.0625"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Money(Decimal);

impl Money {
    /// The price of `messages` messages.
    pub(crate) fn times(self, messages: u64) -> Self {
        Self(self.0 * Decimal::from(messages))
    }

    pub(crate) fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl FromStr for Money {
    type Err = Message;

    /// Reads `0.0625`: digits, and a point before the decimals.
    fn from_str(raw: &str) -> Result<Self, Message> {
        let typed = raw.trim();
        let is_plain = typed
            .chars()
            .all(|sign| sign.is_ascii_digit() || sign == '.');
        let read = typed.parse::<Decimal>().ok().filter(|_| is_plain);
        let Some(amount) = read else {
            let typed = typed.escape_debug().to_string();
            return Err(msg!(
                "`{typed}` is not an amount with a decimal point and no currency, such as 12.50",
                typed
            ));
        };
        if amount > LARGEST || amount.scale() > MAX_DECIMALS {
            return Err(msg!(
                "`{typed}` is more than {largest}, or has more than {decimals} decimals",
                typed,
                largest = LARGEST.to_string(),
                decimals = MAX_DECIMALS
            ));
        }
        Ok(Self(amount))
    }
}

impl ToValue for Money {
    fn to_value(&self) -> MessageValue {
        let english = self.to_string();
        let spanish = english.replace('.', ",");
        MessageValue::ByLanguage { english, spanish }
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).sum())
    }
}

impl fmt::Display for Money {
    /// Writes the amount with two decimals, or with as many more as it has.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.normalize();
        shown.rescale(shown.scale().max(2));
        shown.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    impl PriceList {
        /// The prices of a file with this text.
        pub(in crate::runs::cost) fn parse(text: &str) -> Result<Self, Message> {
            let input = Cursor::new(text.to_owned().into_bytes());
            Self::read_from(ListInput::Stream(Box::new(input)), "prices.csv")
        }
    }

    #[test]
    fn country_price_precedes_the_default_price() {
        let [_, example] = EXPLAINED;
        let prices = PriceList::parse(example).unwrap();
        assert_eq!(prices.currency, "USD");
        for (country, category, price) in [
            (Some("EC"), Category::Marketing, Some("0.075")),
            (Some("PE"), Category::Marketing, Some("0.065")),
            (None, Category::Marketing, Some("0.065")),
            (Some("EC"), Category::Service, Some("0.008")),
            (Some("CO"), Category::Utility, None),
        ] {
            let expected = price.map(|price| price.parse().unwrap());
            assert_eq!(
                prices.price(country, category),
                expected,
                "{country:?} {category:?}"
            );
        }
    }

    #[test]
    fn price_list_accepts_country_names_and_decimal_commas() {
        for text in [
            "country;category;price;currency\nEcuador;Marketing;0,0625;EUR",
            "Currency\tPrice\tCountry\tCategory\nEUR\t0,0625\tECU\tMARKETING",
            "country;category;price;currency\nec;marketing;0.0625;EUR\n",
            "País;Categoría;Precio;Moneda\nEcuador;marketing;0,0625;EUR",
            "{\"country\": \"EC\", \"category\": \"marketing\", \"price\": 0.0625, \"currency\": \"EUR\"}",
            "country,category,price,currency\nEC,marketing,\"0,0625\",EUR",
            "country,category,price,currency,note\nEC,marketing,0.0625,EUR,\"a, b\"",
        ] {
            let prices = PriceList::parse(text).unwrap();
            assert_eq!(
                prices.price(Some("EC"), Category::Marketing),
                "0.0625".parse().ok(),
                "{text}"
            );
        }
    }

    #[test]
    fn invalid_price_names_its_line_and_column() {
        let header = "country,category,price,currency\n";
        for (rows, problem) in [
            ("", "prices.csv has no price"),
            (
                "EC,marketing,0.1,USD\nCO,marketing,0.1,EUR",
                "line 3: currency: `EUR` differs from `USD` in the rows above",
            ),
            (
                "EC,marketing,$0.1,USD",
                "line 2: price: `$0.1` is not an amount",
            ),
            (
                "EC,marketing,-1,USD",
                "line 2: price: `-1` is not an amount",
            ),
            ("EC,marketing,,USD", "line 2: price is empty"),
            (
                "EC,promo,0.1,USD",
                "line 2: category: `promo` is not one of marketing, utility,",
            ),
            (
                "Atlantis,marketing,0.1,USD",
                "line 2: country: `Atlantis` is not the code or name of a country",
            ),
            (
                "EC,marketing,0.1,USD\necuador,Marketing,0.2,USD",
                "line 3: EC already has a price for marketing",
            ),
            (
                "*,utility,1,USD\n*,utility,1,USD",
                "line 3: * already has a price for utility",
            ),
        ] {
            let error = PriceList::parse(&format!("{header}{rows}"))
                .unwrap_err()
                .to_string();
            assert!(error.contains(problem), "{error}");
        }
        let error = PriceList::parse("country,price,currency\nEC,1,USD")
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with(
                " is not a price list: no column `category`; there are: country, price, currency"
            ),
            "{error}"
        );
        for (price, sign) in [("1.000", ';'), ("12,345", ';'), ("1.000", ',')] {
            let text = format!("country;category;price;currency\nCO;service;{price};COP")
                .replace(';', &sign.to_string());
            let error = PriceList::parse(&text).unwrap_err().to_string();
            assert!(
                error.contains(&format!("price: `{price}` is ambiguous")),
                "{error}"
            );
        }
        assert!(
            PriceList::parse(
                "country;category;price;currency\nCO;service;0,016;USD\n*;service;1,5;USD"
            )
            .is_ok()
        );
        assert!(PriceList::parse("").is_err());
    }

    #[test]
    fn amounts_are_read_and_shown_exactly() {
        for (raw, shown) in [
            ("0.0625", "0.0625"),
            (" 12 ", "12.00"),
            ("0.50000", "0.50"),
            (".1", "0.10"),
            ("0", "0.00"),
            ("1000000000", "1000000000.00"),
            ("0.00000001", "0.00000001"),
        ] {
            assert_eq!(
                raw.parse::<Money>()
                    .map(|amount| amount.to_string())
                    .as_deref(),
                Ok(shown),
                "{raw}"
            );
        }
        for raw in [
            "",
            ".",
            "-1",
            "+1",
            "1e3",
            "1,5",
            "1_000",
            "0.000000001",
            "1000000001",
            "NaN",
            "$1",
            "1.2.3",
        ] {
            assert!(raw.parse::<Money>().is_err(), "{raw}");
        }
        let price: Money = "0.1".parse().unwrap();
        assert_eq!(
            [price.times(1), price.times(2)].into_iter().sum::<Money>(),
            price.times(3)
        );
        let most: Money = "999999999.99999999".parse().unwrap();
        assert_eq!(
            most.times(1_000_000_000).to_string(),
            "999999999999999990.00"
        );
    }
}
