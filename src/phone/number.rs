//! Reads a telephone number: what a person typed, and the valid number for it.

use super::national::{international, why_not_international, why_not_national};
use super::person::{country_of_user_id, is_user_id, person_key, spellings};
use super::rules::{Country, Region, is_number, region_of_number, regions};
use super::typed::{NUMBER_DIGITS, RecipientError, Typed};

/// A number with fewer digits and no `+` is as likely a national one.
pub(crate) const DIGITS_WITHOUT_PLUS: usize = 10;

/// A valid number, by libphonenumber's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PhoneNumber {
    digits: String,
    /// Neither `+` nor 00 marks the country code.
    is_bare: bool,
    warnings: Vec<String>,
}

impl PhoneNumber {
    /// The number in `typed`. `+` or 00 begins an international one; bare digits are a national one of `country` if
    /// possible, otherwise an international one.
    ///
    /// # Errors
    /// If it is not a valid number, with the probable number.
    pub(crate) fn read(typed: &str, country: Option<Country>) -> Result<Self, RecipientError> {
        let Typed {
            is_international,
            digits,
        } = Typed::read(typed)?;
        match country {
            _ if is_international => Self::read_international(typed, digits, country),
            Some(Country(region)) => Self::read_bare(typed, digits, region),
            None => Self::read_without_country(typed, digits),
        }
    }

    fn read_international(
        typed: &str,
        digits: String,
        country: Option<Country>,
    ) -> Result<Self, RecipientError> {
        if is_number(&digits) {
            return Ok(Self::new(digits, false));
        }
        let (reason, meant) = why_not_international(&digits, country.map(|country| country.0));
        let meant = meant.or_else(|| international(&digits, country?.0));
        Err(RecipientError::invalid(
            typed,
            &reason,
            meant.as_deref(),
            false,
        ))
    }

    fn read_bare(
        typed: &str,
        digits: String,
        region: &'static Region,
    ) -> Result<Self, RecipientError> {
        let has_code = digits.starts_with(region.calling_code);
        match international(&digits, region) {
            // In a country whose numbers vary in length, a number with the country code may also be a national one.
            Some(number) if has_code && number != digits && is_number(&digits) => {
                Ok(Self::new(digits, true))
            }
            Some(number) if has_code && number != digits => {
                let warning = format!(
                    "`{typed}` is taken as a national number of {}, +{number}; if its {} is the country code, digits are missing",
                    region.code, region.calling_code
                );
                Ok(Self::new(number, true).warned(warning))
            }
            Some(number) if is_number(&digits) && number != digits => {
                let other =
                    region_of_number(&digits).map_or("another country", |region| region.code);
                let warning = format!(
                    "`{typed}` is taken as a number of {}, +{number}; if that of {other} is meant, write +{digits}",
                    region.code
                );
                Ok(Self::new(number, true).warned(warning))
            }
            Some(number) => Ok(Self::new(number, true)),
            None if may_be_international(&digits, region) => {
                let other =
                    region_of_number(&digits).filter(|_| !digits.starts_with(region.calling_code));
                let warning = other.map(|other| {
                    format!(
                        "`{typed}` is not a national number of {} and is taken as +{digits}, a number of {}",
                        region.code, other.code
                    )
                });
                Ok(Self::new(digits, true).warned(warning))
            }
            None => {
                let (reason, meant) = why_not_national(&digits, region);
                let other = region_of_number(&digits).filter(|_| is_number(&digits));
                let foreign =
                    other.map(|other| format!("; a number of {} is written +{digits}", other.code));
                let reason = reason + &foreign.unwrap_or_default();
                Err(RecipientError::invalid(
                    typed,
                    &reason,
                    meant.as_deref(),
                    false,
                ))
            }
        }
    }

    fn read_without_country(typed: &str, digits: String) -> Result<Self, RecipientError> {
        if digits.len() >= DIGITS_WITHOUT_PLUS && is_number(&digits) {
            return Ok(Self::new(digits, true));
        }
        if digits.len() < *NUMBER_DIGITS.start() {
            return Err(RecipientError::length(typed, &digits));
        }
        let (reason, meant) = why_not_international(&digits, None);
        if meant.is_none() && (digits.starts_with('0') || digits.len() < DIGITS_WITHOUT_PLUS) {
            return Err(RecipientError::national(typed));
        }
        Err(RecipientError::invalid(
            typed,
            &reason,
            meant.as_deref(),
            true,
        ))
    }

    fn new(digits: String, is_bare: bool) -> Self {
        let with_nine = digits
            .strip_prefix("54")
            .filter(|rest| rest.len() == 10 && !rest.starts_with('9'));
        let warning = with_nine.map(|rest| {
            format!("+{digits} is a landline of Argentina; WhatsApp writes its mobiles with a 9 behind 54: +549{rest}")
        });
        Self {
            digits,
            is_bare,
            warnings: warning.into_iter().collect(),
        }
    }

    fn warned(mut self, warning: impl Into<Option<String>>) -> Self {
        self.warnings.extend(warning.into());
        self
    }

    /// With a warning if it was typed without a country and could also be a national number.
    pub(crate) fn doubted(mut self) -> Self {
        // The region comes last: only then is the table of regions read.
        if self.is_bare
            && may_be_national(&self.digits)
            && let Some(region) = region_of_number(&self.digits)
        {
            self.warnings.push(format!(
                "+{} is a number of {}; if it is a national number, say of which country with --country",
                self.digits, region.code
            ));
        }
        self
    }

    /// The digits, as WhatsApp writes them.
    pub(crate) fn as_str(&self) -> &str {
        &self.digits
    }

    /// A note for a person about how it was read.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The country code of a number that was typed without `+` and 00.
    pub(crate) fn bare_code(&self) -> Option<&'static str> {
        region_of_number(&self.digits)
            .filter(|_| self.is_bare)
            .map(|region| region.calling_code)
    }
}

/// Whether bare `digits`, which are not a national number of `region`, can include a country code. A national one that
/// lacks a digit is by chance valid in another country.
fn may_be_international(digits: &str, region: &Region) -> bool {
    let fewest = if digits.starts_with(region.calling_code) {
        *NUMBER_DIGITS.start()
    } else {
        DIGITS_WITHOUT_PLUS
    };
    digits.len() >= fewest && is_number(digits)
}

/// The countries of most lists: those that Jelou serves.
const COUNTRIES_OF_LISTS: [&str; 18] = [
    "EC", "CO", "MX", "PE", "CL", "AR", "BR", "GT", "PA", "CR", "BO", "UY", "PY", "DO", "HN", "SV",
    "NI", "VE",
];

/// Whether `digits`, an international number of an unusual country, could also be a national one of another.
pub(crate) fn may_be_national(digits: &str) -> bool {
    let is_of_lists = |region: &&Region| COUNTRIES_OF_LISTS.contains(&region.code);
    digits.len() == DIGITS_WITHOUT_PLUS
        && region_of_number(digits).is_some_and(|region| !is_of_lists(&region))
        && regions()
            .iter()
            .filter(is_of_lists)
            .any(|region| international(digits, region).is_some())
}

/// The country of a recipient that is a number, or the id of a WhatsApp user.
pub(crate) fn country_of(recipient: &str) -> Option<&'static str> {
    let of_user = || {
        let country = country_of_user_id(recipient)?;
        regions().iter().find(|region| region.code == country)
    };
    region_of_number(recipient)
        .or_else(of_user)
        .map(|region| region.code)
}

/// The most digits of a national number, with what is dialled in front; longer ones are users of other channels.
const MOST_NATIONAL: usize = 12;

/// Whether a recipient that stands in a body is clearly one person: a number with its country code, a WhatsApp user
/// id, or an id that cannot be meant for a number. Nobody knows what Jelou makes of the others, such as `tel:…` and
/// `0593…`.
pub(crate) fn is_clear(recipient: &str) -> bool {
    let key = person_key(recipient);
    let digits = key
        .chars()
        .filter(|character| character.is_numeric())
        .count();
    let is_long_id = digits == key.len()
        && digits > MOST_NATIONAL
        && !key.starts_with('0')
        && !is_misspelt_number(&key);
    is_user_id(recipient) || is_number(&key) || is_long_id || digits < *NUMBER_DIGITS.start()
}

/// Whether long `digits` are probably a number with what is dialled only inside its country, such as 593 0 987654321.
fn is_misspelt_number(digits: &str) -> bool {
    PhoneNumber::read(&format!("+{digits}"), None).is_err_and(|error| error.is_misspelt)
}

/// The digits of a number that is typed with neither `+` nor 00, without zeros in front; None for a user of another
/// channel.
pub(crate) fn bare_digits(typed: &str) -> Option<u64> {
    let typed = Typed::read(typed)
        .ok()
        .filter(|typed| !typed.is_international)?;
    typed.digits.parse().ok()
}

/// What may be dialled for an international number within its country, in each of its forms, without zeros in front.
pub(crate) fn national_forms(digits: &str) -> Vec<u64> {
    let Some(region) = region_of_number(digits) else {
        return Vec::new();
    };
    spellings(digits)
        .filter_map(|number| number.strip_prefix(region.calling_code)?.parse().ok())
        .collect()
}
