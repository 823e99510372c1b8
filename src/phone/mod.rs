//! The rules of phone numbers.

mod person;

pub(crate) use self::person::person_key;
