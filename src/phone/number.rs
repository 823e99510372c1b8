//! Reads a phone number as the user typed it, and finds the valid number for it.

use super::diagnosis::{why_not_international, why_not_national};
use super::national::{international, is_mobile_without_prefix};
use super::old_style::{ambiguous, may_lack_area, number_in_old_style};
use super::person::{number_in, person_key, spellings};
use super::published_form::read_in_any_form;
use super::recipient_error::{NUMBER_DIGITS, RecipientError};
use super::rules::{
    Country, Region, common_regions, is_common, is_mobile, is_number, number_region, regions,
};
use super::spreadsheet::{SpreadsheetForm, is_spreadsheet_text};
use super::typed::ParsedDigits;
use super::user_id::{is_user_id, user_id_country};
use crate::base::invisible::is_unseen;
use crate::base::message::{Message, msg};

/// A number with fewer digits and no `+` could as well be a local number.
pub(crate) const DIGITS_WITHOUT_PLUS: usize = 10;

/// A valid number, by libphonenumber's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PhoneNumber {
    digits: String,
    /// Neither `+` nor 00 marks the country code.
    is_bare: bool,
    warnings: Vec<Message>,
    /// The `warnings` about how the digits were read, without those about the kind of number.
    parse_warnings: Vec<Message>,
}

impl PhoneNumber {
    /// Reads the number in `typed`. `+` or 00 begins an international number. Bare digits are a local number of
    /// `country` if possible, otherwise an international number.
    ///
    /// # Errors
    /// If it is not a valid number. The error names the probable number.
    pub(crate) fn read(typed: &str, country: Option<Country>) -> Result<Self, RecipientError> {
        let digits = ParsedDigits::read(typed);
        Self::from_digits(typed, digits, country)
    }

    /// Reads the number in `typed` like [`Self::read`], or in a published form such as `tel:+593987654321`.
    pub(crate) fn read_in_any_form(
        typed: &str,
        country: Option<Country>,
    ) -> Result<Self, RecipientError> {
        let digits = read_in_any_form(typed);
        Self::from_digits(typed, digits, country)
    }

    fn from_digits(
        typed: &str,
        digits: Result<ParsedDigits, RecipientError>,
        country: Option<Country>,
    ) -> Result<Self, RecipientError> {
        match digits {
            Ok(digits) => Self::read_digits(typed.trim_matches(is_unseen), digits, country),
            Err(error) => Err(Self::in_spreadsheet(typed, country).unwrap_or(error)),
        }
    }

    fn read_digits(
        typed: &str,
        read: ParsedDigits,
        country: Option<Country>,
    ) -> Result<Self, RecipientError> {
        let ParsedDigits {
            is_international,
            digits,
            area_code,
        } = read;
        let area_code = area_code.as_deref();
        match country {
            _ if is_international => Self::read_international(typed, digits, country),
            Some(Country(region)) => Self::read_bare(typed, digits, area_code, region),
            None => Self::read_without_country(typed, digits, area_code),
        }
    }

    /// Returns the error for a number in a form that only spreadsheets write.
    fn in_spreadsheet(typed: &str, country: Option<Country>) -> Option<RecipientError> {
        let form = SpreadsheetForm::find(typed.trim_matches(is_unseen))?;
        let inner = form.number.clone()?;
        let number = ParsedDigits::read(&inner)
            .and_then(|digits| Self::read_digits(&inner, digits, country));
        let number = number.as_ref().map(Self::as_str).map_err(Clone::clone);
        Some(form.error(number))
    }

    fn read_international(
        typed: &str,
        digits: String,
        country: Option<Country>,
    ) -> Result<Self, RecipientError> {
        if is_number(&digits) {
            return Ok(Self::new(digits, false));
        }
        let (reason, suggestion) = why_not_international(&digits, country.map(|country| country.0));
        let suggestion = suggestion.or_else(|| {
            let region = country?.0;
            international(&digits, region).or_else(|| number_in_old_style(&digits, region))
        });
        Err(RecipientError::invalid(
            typed,
            &reason,
            suggestion.as_deref(),
        ))
    }

    fn read_bare(
        typed: &str,
        digits: String,
        area_code: Option<&str>,
        region: &'static Region,
    ) -> Result<Self, RecipientError> {
        let has_code = digits.starts_with(region.calling_code);
        let has_area_code = area_code.is_some_and(|area_code| may_be_area_code(area_code, region));
        match international(&digits, region) {
            // In a country with numbers of several lengths, a number with the country code may also be a local number.
            Some(number) if has_code && number != digits && is_number(&digits) => {
                Ok(Self::new(digits, true))
            }
            // Digits in parentheses are not also the code of a country.
            Some(number) if has_area_code => Ok(Self::new(number, true)),
            Some(number) if has_code && number != digits => {
                let warning = msg!(
                    "`{typed}` is read as a local number of {country}, +{number}; if its {code} is the country code, digits \
                     are missing",
                    typed,
                    country = region.with_article(),
                    number,
                    code = region.calling_code
                );
                Ok(Self::new(number, true).warned(warning))
            }
            Some(number) => {
                let warning = zero_warning(typed, &digits, &number, region);
                Ok(Self::new(number, true).warned(warning))
            }
            None => Self::read_foreign(typed, digits, region),
        }
    }

    /// Reads bare `digits` that are not a local number of `region` in today's spelling.
    fn read_foreign(
        typed: &str,
        digits: String,
        region: &'static Region,
    ) -> Result<Self, RecipientError> {
        let has_code = digits.starts_with(region.calling_code);
        let in_old_style = number_in_old_style(&digits, region);
        if !has_code && has_local_length(&digits, region) && is_number(&digits) {
            let error = not_a_number_in(typed, &digits, region, in_old_style);
            // An exclusion list excludes the number of the other country.
            return Err(error.with_candidate(digits));
        }
        if !may_be_international(&digits, region) {
            return Err(not_a_number_in(typed, &digits, region, in_old_style));
        }
        if has_code {
            return Ok(Self::new(digits, true));
        }
        if in_old_style.is_some() || may_lack_area(&digits, region) {
            return Err(ambiguous(typed, in_old_style, region, &digits));
        }
        // The table of columns shows its country.
        Ok(Self::new(digits, true))
    }

    fn read_without_country(
        typed: &str,
        digits: String,
        area_code: Option<&str>,
    ) -> Result<Self, RecipientError> {
        if digits.len() >= DIGITS_WITHOUT_PLUS && is_number(&digits) {
            let local_region = area_code.and_then(|_| local_region(&digits));
            return match local_region {
                Some(region) => Err(with_area_code(typed, digits, region)),
                None => Ok(Self::new(digits, true)),
            };
        }
        if digits.len() < *NUMBER_DIGITS.start() {
            return Err(RecipientError::length(typed, &digits));
        }
        let (reason, suggestion) = why_not_international(&digits, None);
        if suggestion.is_none() && (digits.starts_with('0') || digits.len() < DIGITS_WITHOUT_PLUS) {
            return Err(RecipientError::national(typed));
        }
        let error = RecipientError::invalid(typed, &reason, suggestion.as_deref());
        if digits.len() > MAX_NATIONAL_DIGITS {
            return Err(error);
        }
        Err(error.without_country())
    }

    fn new(digits: String, is_bare: bool) -> Self {
        let with_nine = digits
            .strip_prefix("54")
            .filter(|rest| rest.len() == 10 && is_mobile(&format!("549{rest}")));
        let warning = with_nine.map(|rest| {
            msg!(
                "+{digits} is a landline of Argentina; a mobile has a 9 after 54: +549{rest}",
                digits,
                rest
            )
        });
        Self {
            digits,
            is_bare,
            warnings: warning.into_iter().collect(),
            parse_warnings: Vec::new(),
        }
    }

    fn warned(mut self, warning: impl Into<Option<Message>>) -> Self {
        let warning = warning.into();
        self.parse_warnings.extend(warning.clone());
        self.warnings.extend(warning);
        self
    }

    /// Adds a warning if the user typed the number without a country and it could also be a local number.
    pub(crate) fn with_country_warning(mut self) -> Self {
        // The region is checked last, because this loads the table of regions.
        if self.is_bare
            && may_be_national(&self.digits)
            && let Some(region) = number_region(&self.digits)
        {
            self.warnings.push(msg!(
                "+{digits} is a number of {country}; if it is a local number, pass its country with --country",
                digits = self.digits,
                country = region.with_article()
            ));
        }
        self
    }

    /// Marks the number as a number with a country code, because the caller knows its country.
    pub(crate) fn with_known_country(self) -> Self {
        Self {
            is_bare: false,
            ..self
        }
    }

    /// Returns the digits, as WhatsApp writes them.
    pub(crate) fn as_str(&self) -> &str {
        &self.digits
    }

    /// Warnings for the user about how the number was read, and about its kind.
    pub(crate) fn warnings(&self) -> &[Message] {
        &self.warnings
    }

    /// Returns the warnings that also matter for a number that gets no message, such as an excluded
    /// one.
    pub(crate) fn parse_warnings(&self) -> &[Message] {
        &self.parse_warnings
    }

    /// Returns the country code of a number that the user typed without `+` and 00.
    pub(crate) fn bare_code(&self) -> Option<&'static str> {
        number_region(&self.digits)
            .filter(|_| self.is_bare)
            .map(|region| region.calling_code)
    }
}

/// Returns the warning for `digits` with a 0 in front, which were read as the mobile `number` of `region`, if callers
/// never dial its mobiles with a 0. The digits are probably a number of a country with such mobiles.
fn zero_warning(
    typed: &str,
    digits: &str,
    number: &str,
    region: &'static Region,
) -> Option<Message> {
    if !digits.starts_with('0') || !is_mobile_without_prefix(number, region) {
        return None;
    }
    Some(msg!(
        "`{typed}` is read as a number of {country}, +{number}, but mobiles of {country} are written without a 0 in front",
        typed,
        country = region.with_article(),
        number
    ))
}

/// Returns whether digits in parentheses may be an area code of `region`, not its calling code. Brazil's 55 is both.
fn may_be_area_code(digits: &str, region: &Region) -> bool {
    digits != region.calling_code || region.code == "BR"
}

/// Returns the error for bare `digits` with an area code of `region`, which may also be a country code.
fn with_area_code(typed: &str, digits: String, region: &'static Region) -> RecipientError {
    let other = number_region(&digits).map(Country);
    // An exclusion list excludes the number of the other country.
    RecipientError::area_code(typed, other, &digits, Country(region)).with_candidate(digits)
}

/// Returns the error for bare `digits` that are not a number of `region`, and not clearly a number
/// of another country.
fn not_a_number_in(
    typed: &str,
    digits: &str,
    region: &'static Region,
    in_old_style: Option<String>,
) -> RecipientError {
    if let Some(number) = in_old_style {
        let country = region.with_article();
        let reason = msg!(
            "numbers of {country} are no longer written like this",
            country
        );
        return RecipientError::invalid(typed, &reason, Some(&number));
    }
    let error = if may_lack_area(digits, region) {
        let reason = msg!("the area code is missing after 15");
        RecipientError::invalid(typed, &reason, None)
    } else {
        let (reason, suggestion) = why_not_national(digits, region);
        RecipientError::invalid(typed, &reason, suggestion.as_deref())
    };
    let hint = number_region(digits).map(|other| {
        let country = other.with_article();
        msg!("for a number of {country}: +{digits}", country, digits)
    });
    RecipientError { hint, ..error }
}

/// A length indicates a local number only in countries with at most this many lengths. Germany has eleven.
const MAX_LENGTHS: usize = 3;
/// The length of an Argentinian mobile with its 9. Only international numbers have the 9.
const LENGTH_WITH_NINE: usize = 11;

/// Returns whether `digits` have the length of a local number of `region`. Such digits are probably
/// a misspelt local number, even if they are by chance an international number of another country.
fn has_local_length(digits: &str, region: &Region) -> bool {
    if region.code == "AR" && digits.len() == LENGTH_WITH_NINE {
        return false;
    }
    region.lengths().count() <= MAX_LENGTHS && region.lengths().any(|length| length == digits.len())
}

/// Returns whether bare `digits`, which are not a local number of `region`, can include a country
/// code. A local number that lacks a digit may by chance be valid in another country.
fn may_be_international(digits: &str, region: &Region) -> bool {
    let min_digits = if digits.starts_with(region.calling_code) {
        *NUMBER_DIGITS.start()
    } else {
        DIGITS_WITHOUT_PLUS
    };
    digits.len() >= min_digits && is_number(digits)
}

/// Returns whether `digits`, an international number of an uncommon country, could also be a local
/// number of a common one.
pub(crate) fn may_be_national(digits: &str) -> bool {
    digits.len() == DIGITS_WITHOUT_PLUS
        && number_region(digits).is_some()
        && !is_common(digits)
        && local_region(digits).is_some()
}

/// Returns the country where `digits`, an international number, could also be a local number. It is a common one, or
/// has the calling code of one.
fn local_region(digits: &str) -> Option<&'static Region> {
    let own_region = number_region(digits);
    common_regions()
        .filter(|region| Some(*region) != own_region)
        .find_map(|region| number_region(&international(digits, region)?))
}

/// Returns the country of a recipient that is a number, or the id of a WhatsApp user.
pub(crate) fn find_country(recipient: &str) -> Option<&'static str> {
    let of_user = || {
        let country = user_id_country(recipient)?;
        regions().iter().find(|region| region.code == country)
    };
    number_region(recipient)
        .or_else(of_user)
        .map(|region| region.code)
}

/// Returns the calling code of a recipient that is a number.
pub(crate) fn calling_code(recipient: &str) -> Option<&'static str> {
    number_region(recipient).map(|region| region.calling_code)
}

/// The maximum of digits of a local number with its prefix. Longer digits are the id of a user of another channel.
const MAX_NATIONAL_DIGITS: usize = 12;

/// Returns whether a recipient in a body is unambiguous: a number with its country code, a WhatsApp
/// user id, or an id unlike a number: fewer than 7 digits, or more than 12 that stand alone. It is
/// not documented how Jelou reads others, such as `tel:…`, `0593…` and `="593…"`.
pub(crate) fn is_clear(recipient: &str) -> bool {
    let key = person_key(recipient);
    let digits = key
        .chars()
        .filter(|character| character.is_numeric())
        .count();
    // A sign between the digits, such as a space, means a phone number.
    let stands_alone = key == recipient || number_in(recipient).is_some();
    let is_long_id = stands_alone
        && digits == key.len()
        && digits > MAX_NATIONAL_DIGITS
        && !key.starts_with('0')
        && !is_misspelt_number(&key);
    let is_number = is_number(&key) && !is_spreadsheet_text(recipient);
    is_user_id(recipient) || is_number || is_long_id || digits < *NUMBER_DIGITS.start()
}

/// Returns whether long `digits` are probably a number with a prefix for calls inside its country,
/// such as 593 0 987654321.
fn is_misspelt_number(digits: &str) -> bool {
    PhoneNumber::read(&format!("+{digits}"), None).is_err_and(|error| error.is_misspelt)
}

/// Returns the digits of a number without `+` and 00, without zeros in front; None for a user of
/// another channel.
pub(crate) fn bare_digits(typed: &str) -> Option<u64> {
    let typed = read_in_any_form(typed)
        .ok()
        .filter(|typed| !typed.is_international)?;
    typed.digits.parse().ok()
}

/// Returns the local numbers for each form of an international number, without zeros in front.
pub(crate) fn national_forms(digits: &str) -> Vec<u64> {
    let Some(region) = number_region(digits) else {
        return Vec::new();
    };
    spellings(digits)
        .filter_map(|number| number.strip_prefix(region.calling_code)?.parse().ok())
        .collect()
}
