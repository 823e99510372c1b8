//! The questions that the rows of a list leave open: hidden rows, the country of local numbers, and recipients that got
//! the message before.

use std::cmp::Reverse;

use super::country_conflict::which_country_text;
use super::import_result::{ImportResult, LocalNumber};
use crate::base::message::{Message, msg};
use crate::base::question::{FreeAnswer, PossibleAnswer, Question, TypedFlag};
use crate::jelou::message::TypedRecipient;
use crate::phone::{Country, find_country, is_mobile};

/// Returns the question what to do with hidden rows.
pub(super) fn hidden_rows() -> Question {
    let answer = |does: Message, value: &str| {
        let flag = TypedFlag::with_value("--hidden", value);
        PossibleAnswer::new(does, flag)
    };
    let answers = vec![
        answer(msg!("skip them"), "skip"),
        answer(msg!("send them"), "send"),
    ];
    Question::new(msg!("Skip or send these rows?"), answers)
}

/// Returns the question what to do with messages that were sent before.
pub(crate) fn earlier_messages() -> Question {
    let answers = vec![skip_sent(), send_again()];
    Question::new(msg!("Skip these messages, or send them again?"), answers)
}

/// Returns the question what to do with messages that Jelou accepted, but did not deliver.
pub(crate) fn undelivered_messages() -> Question {
    let answers = vec![send_again(), skip_sent()];
    Question::new(msg!("Send these messages again, or skip them?"), answers)
}

fn skip_sent() -> PossibleAnswer {
    PossibleAnswer::new(msg!("skip them"), TypedFlag::switch("--skip-sent"))
}

fn send_again() -> PossibleAnswer {
    PossibleAnswer::new(msg!("send them again"), TypedFlag::switch("--again"))
}

/// The most countries that are offered for local numbers.
const MAX_COUNTRIES: usize = 4;

/// Returns the question which country the local numbers of a list are of. The answers are the countries that most of these
/// numbers can be of: first those with the most valid numbers, then those of other recipients of the list, then those that Jelou
/// serves.
pub(super) fn which_country(imported: &ImportResult) -> Question {
    let numbers = imported.without_country.as_slice();
    let rows_of = |country: Country| {
        let counted = imported.counted.as_ref();
        counted.map_or(0, |counted| counted.countries.rows_of(country.code()))
    };
    let mut fitting: Vec<_> = Country::all()
        .map(|country| FittingCountry::new(country, numbers))
        .filter(|fitting| fitting.valid * 2 > numbers.len())
        .collect();
    fitting.sort_by_key(|fitting| {
        let country = fitting.country;
        let rank = (fitting.valid, rows_of(country), country.is_common());
        Reverse((rank, fitting.mobiles))
    });
    fitting.truncate(MAX_COUNTRIES);
    let answers = fitting.iter().map(|fitting| fitting.answer(numbers.len()));
    let free = FreeAnswer {
        what: msg!("the code or name of a country, such as EC"),
        usage: msg!("to set the country of the local numbers: --country CODE"),
        read: country_flag,
    };
    Question {
        free: Some(free),
        ..Question::new(which_country_text(), answers.collect())
    }
}

/// A country, with how many of the local numbers are valid there.
struct FittingCountry {
    country: Country,
    valid: usize,
    mobiles: usize,
}

impl FittingCountry {
    fn new(country: Country, numbers: &[LocalNumber]) -> Self {
        let written = numbers.iter().map(|number| number.written.as_str());
        let read = written.filter_map(|written| TypedRecipient::read(written, Some(country)).ok());
        // Several countries have the calling code 1. A number that is not written as in this country has a warning.
        let local = read.filter(|read| {
            find_country(read.recipient.as_str()) == Some(country.code())
                && read.warnings().is_empty()
        });
        let mut fitting = Self {
            country,
            valid: 0,
            mobiles: 0,
        };
        for number in local {
            fitting.valid += 1;
            fitting.mobiles += usize::from(is_mobile(number.recipient.as_str()));
        }
        fitting
    }

    fn answer(&self, all: usize) -> PossibleAnswer {
        let country = self.country;
        PossibleAnswer::new(
            msg!(
                "use {country} ({valid} of {all} valid)",
                country,
                valid = self.valid,
                all
            ),
            TypedFlag::with_value("--country", country.code()),
        )
    }
}

/// Returns the flag for the code or the name of a country.
fn country_flag(typed: &str) -> Option<TypedFlag> {
    let country: Country = typed.parse().ok()?;
    Some(TypedFlag::with_value("--country", country.code()))
}
