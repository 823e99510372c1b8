//! Telephone numbers by libphonenumber's rules, and whether two of them reach the same person; WhatsApp's ids of people
//! whose number a business does not see. The rules are tables written by `tests/cli/phone_rules.rs`, which are not
//! loaded until they are used.

mod diagnosis;
mod national;
mod number;
mod old_style;
mod person;
mod recipient_error;
mod rules;
mod spreadsheet;
mod typed;

#[cfg(test)]
mod tests;

pub(crate) use self::number::{
    DIGITS_WITHOUT_PLUS, PhoneNumber, bare_digits, country_of, is_clear, may_be_national,
    national_forms,
};
pub(crate) use self::person::{is_like_user_id, is_user_id, number_in, person_key, spellings};
pub(crate) use self::recipient_error::{NUMBER_DIGITS, RecipientError};
pub(crate) use self::rules::{Country, may_begin_number};
