//! Reads phone numbers by libphonenumber's rules, and finds out whether two of them reach the same recipient. Also
//! handles WhatsApp's user ids, for recipients that hide their number from a business. `tests/cli/phone_rules.rs`
//! writes the tables of rules, and the code loads them on first use.

mod diagnosis;
mod national;
mod number;
mod old_style;
mod person;
mod published_form;
mod recipient_error;
mod rules;
mod spreadsheet;
mod two_forms;
mod typed;
mod user_id;

#[cfg(test)]
mod tests;

pub(crate) use self::number::{
    DIGITS_WITHOUT_PLUS, PhoneNumber, bare_digits, calling_code, find_country, is_clear,
    may_be_national, national_forms,
};
pub(crate) use self::person::{number_in, person_key, spellings};
pub(crate) use self::recipient_error::{NUMBER_DIGITS, RecipientError, country_or_another};
pub(crate) use self::rules::{Country, country_title, is_mobile, is_number, may_begin_number};
pub(crate) use self::two_forms::two_forms;
pub(crate) use self::user_id::{is_like_user_id, is_user_id};
