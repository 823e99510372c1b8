//! Tests how common spellings are read, and that the tables agree with libphonenumber's data.

use std::collections::HashMap;

use phonenumber::metadata::{DATABASE, Descriptor};
use regex_lite::Regex;

use super::rules::is_valid;
use super::{Country, PhoneNumber, is_clear};

/// Returns the number that was read, with its warnings, or the error.
fn read_number(typed: &str, country: &str) -> String {
    let country = Some(country)
        .filter(|code| !code.is_empty())
        .map(|code| code.parse::<Country>().unwrap());
    match PhoneNumber::read(typed, country) {
        Ok(number) => [number.as_str().to_owned()]
            .into_iter()
            .chain(number.warnings().iter().map(ToString::to_string))
            .collect::<Vec<_>>()
            .join("; "),
        Err(error) => {
            let hint = error.hint.as_ref().map(ToString::to_string);
            [error.to_string()]
                .into_iter()
                .chain(hint)
                .collect::<Vec<_>>()
                .join("; ")
        }
    }
}

/// The typed number, its country, and the result without and with this country. `…` stands for any words.
const TABLE: [(&str, &str, &str, &str); 77] = [
    ("+593987654321", "EC", "593987654321", "593987654321"),
    ("00593987654321", "EC", "593987654321", "593987654321"),
    ("593987654321", "EC", "593987654321", "593987654321"),
    (
        "0987654321",
        "EC",
        "`0987654321` has no country code",
        "593987654321",
    ),
    ("987654321", "EC", "has no country code", "593987654321"),
    ("02 234 5678", "EC", "has no country code", "59322345678"),
    (
        "5930987654321",
        "EC",
        "the 0 after the country code 593 is only for calls inside the country (did you mean +593987654321?)",
        "the 0 after the country code 593 is only for calls inside the country (did you mean +593987654321?)",
    ),
    (
        "+5930987654321",
        "EC",
        "the 0 after the country code 593 is only…did you mean +593987654321?",
        "the 0 after the country code 593 is only…did you mean +593987654321?",
    ),
    ("+593 (0) 98 765-4321", "EC", "593987654321", "593987654321"),
    (
        "593593987654321",
        "EC",
        "the country code 593 appears twice (did you mean +593987654321?)",
        "the country code 593 appears twice (did you mean +593987654321?)",
    ),
    (
        "0593987654321",
        "EC",
        "has no country code",
        "no country code begins with 0 (did you mean +593987654321?)",
    ),
    (
        "+0987654321",
        "EC",
        "no country code begins with 0",
        "did you mean +593987654321?",
    ),
    (
        "59398765432",
        "EC",
        "its digits fit no number of Ecuador, such as +593…--country",
        "its digits fit no number of Ecuador",
    ),
    (
        "593900000000",
        "EC",
        "its digits fit no number of Ecuador",
        "its digits fit no number of Ecuador",
    ),
    (
        "12345678",
        "EC",
        "has no country code",
        "its digits fit no number of Ecuador",
    ),
    ("+573001234567", "CO", "573001234567", "573001234567"),
    ("573001234567", "CO", "573001234567", "573001234567"),
    (
        "300 123 4567",
        "CO",
        "it is too short for a number of Greece, such as +30…--country",
        "573001234567",
    ),
    (
        "(601) 234 5678",
        "CO",
        "its digits fit no number of Malaysia…--country",
        "576012345678",
    ),
    (
        "57300123456",
        "CO",
        "it has another length than a number of Colombia, such as +57",
        "it has another length than a number of Colombia, such as +57",
    ),
    ("+5215512345678", "MX", "5215512345678", "5215512345678"),
    ("5215512345678", "MX", "5215512345678", "5215512345678"),
    ("525512345678", "MX", "525512345678", "525512345678"),
    (
        "55 1234 5678",
        "MX",
        "it is too short for a number of Brazil…--country",
        "525512345678",
    ),
    ("4771234567", "MX", "4771234567", "524771234567"),
    (
        "0445512345678",
        "MX",
        "has no country code",
        "numbers of Mexico are no longer written like this (did you mean +525512345678?)",
    ),
    (
        "14155550100",
        "MX",
        "14155550100",
        "may be +524155550100, a number of Mexico in an old spelling, or +14155550100, a number of the United States",
    ),
    ("12025550123", "MX", "12025550123", "12025550123"),
    ("4771234567", "EC", "4771234567", "4771234567"),
    (
        "431115",
        "EC",
        "has 6 digits, and a phone number has 7 to 15",
        "it is too short for a number of Ecuador",
    ),
    (
        "431512345",
        "EC",
        "has no country code",
        "its digits fit no number of Ecuador…for a number of Austria: +431512345",
    ),
    ("4915112345678", "DE", "4915112345678", "4915112345678"),
    (
        "491511234567",
        "DE",
        "is not a phone number",
        "`491511234567` is read as a local number of Germany, +49491511234567; if its 49 is the country code, digits are missing",
    ),
    (
        "50612345",
        "CR",
        "has no country code",
        "`50612345` is read as a local number of Costa Rica, +50650612345; if its 506 is the country code, digits are missing",
    ),
    ("+5491123456789", "AR", "5491123456789", "5491123456789"),
    ("5491123456789", "AR", "5491123456789", "5491123456789"),
    (
        "541123456789",
        "AR",
        "541123456789; +541123456789 is a landline of Argentina; a mobile has a 9 after 54: +5491123456789",
        "541123456789; +541123456789 is a landline of Argentina; a mobile has a 9 after 54: +5491123456789",
    ),
    (
        "9 11 2345-6789",
        "AR",
        "it is too short for a number of India…--country",
        "5491123456789",
    ),
    (
        "011 15 2345-6789",
        "AR",
        "has no country code",
        "5491123456789",
    ),
    (
        "11 2345-6789",
        "AR",
        "it is too short for a number of the United States…--country",
        "541123456789; +541123456789 is a landline of Argentina",
    ),
    (
        "011593987654321",
        "EC",
        "has no country code",
        "it is too long for a number of Ecuador",
    ),
    (
        "011 52 55 1234 0005",
        "US",
        "has no country code",
        "it is too long for a number of the United States",
    ),
    (
        "0351 15 234-5678",
        "AR",
        "has no country code",
        "5493512345678",
    ),
    ("+5511987654321", "BR", "5511987654321", "5511987654321"),
    ("5511987654321", "BR", "5511987654321", "5511987654321"),
    ("551187654321", "BR", "551187654321", "551187654321"),
    (
        "(11) 98765-4321",
        "BR",
        "its digits fit no number of the United States…--country",
        "5511987654321",
    ),
    (
        "(11) 8765-4321",
        "BR",
        "it is too short for a number of the United States…--country",
        "551187654321",
    ),
    (
        "0 15 11 98765-4321",
        "BR",
        "has no country code",
        "5511987654321",
    ),
    ("551133334444", "BR", "551133334444", "551133334444"),
    ("+51987654321", "PE", "51987654321", "51987654321"),
    ("51987654321", "PE", "51987654321", "51987654321"),
    ("987 654 321", "PE", "has no country code", "51987654321"),
    ("01 234 5678", "PE", "has no country code", "5112345678"),
    ("044 234567", "PE", "has no country code", "5144234567"),
    ("+56987654321", "CL", "56987654321", "56987654321"),
    ("56987654321", "CL", "56987654321", "56987654321"),
    ("9 8765 4321", "CL", "has no country code", "56987654321"),
    ("56 2 2345 6789", "CL", "56223456789", "56223456789"),
    ("+34612345678", "ES", "34612345678", "34612345678"),
    ("34612345678", "ES", "34612345678", "34612345678"),
    ("612 345 678", "ES", "has no country code", "34612345678"),
    (
        "3461234567",
        "ES",
        "it is too short for a number of Spain",
        "it is too long for a number of Spain",
    ),
    ("+1 (415) 555-0100", "US", "14155550100", "14155550100"),
    ("14155550100", "US", "14155550100", "14155550100"),
    (
        "(415) 555-0100",
        "US",
        "it is too short for a number of Switzerland…--country",
        "14155550100",
    ),
    (
        "1 415 555 010",
        "US",
        "it is too short for a number of the United States",
        "it is too short for a number of the United States",
    ),
    ("+50251234567", "GT", "50251234567", "50251234567"),
    ("50251234567", "GT", "50251234567", "50251234567"),
    ("5123-4567", "GT", "has no country code", "50251234567"),
    ("+50761234567", "PA", "50761234567", "50761234567"),
    ("50761234567", "PA", "50761234567", "50761234567"),
    ("6123-4567", "PA", "has no country code", "50761234567"),
    ("+4741234567", "NO", "4741234567", "4741234567"),
    ("4741234567", "NO", "4741234567", "4741234567"),
    ("412 34 567", "NO", "has no country code", "4741234567"),
    ("4771234567", "NO", "4771234567", "4771234567"),
];

/// The typed number, its country, and a part of the result.
const OLD_SPELLINGS: [(&str, &str, &str); 17] = [
    (
        "1 81 8323 4567",
        "MX",
        "`1 81 8323 4567` may be +528183234567, a number of Mexico in an old spelling, or +18183234567, a number of the United States",
    ),
    (
        "443312345678",
        "MX",
        "may be +523312345678, a number of Mexico in an old spelling, or +443312345678, a number of the United Kingdom",
    ),
    ("+18183234567", "MX", "18183234567"),
    ("0018183234567", "MX", "18183234567"),
    ("045 33 1234 5678", "MX", "did you mean +523312345678?"),
    ("01 33 1234 5678", "MX", "did you mean +523312345678?"),
    ("453312345678", "MX", "did you mean +523312345678?"),
    (
        "+52 045 33 1234 5678",
        "",
        "it is too long for a number of Mexico",
    ),
    (
        "15 5123 40009",
        "AR",
        "may be a mobile of Argentina with 15 instead of +549 and its area code, or +15512340009",
    ),
    ("15 2345 6789", "AR", "the area code is missing after 15"),
    ("15 351 234 5678", "AR", "did you mean +5493512345678?"),
    ("+15512340009", "AR", "15512340009"),
    ("14155550100", "AR", "14155550100"),
    // A spreadsheet removed the 0 before the carrier's 3.
    (
        "33101234567",
        "CO",
        "may be +573101234567, a number of Colombia in an old spelling, or +33101234567, a number of France",
    ),
    ("33612345678", "CO", "33612345678"),
    ("09 8765 4321", "CL", "did you mean +56987654321?"),
    ("15512340009", "", "15512340009"),
];

#[test]
fn old_number_form_is_never_another_country() {
    for (typed, country, expected) in OLD_SPELLINGS {
        let found = read_number(typed, country);
        assert!(
            found.contains(expected),
            "{typed} with `{country}`: {found}"
        );
        let is_read = !found.contains(' ');
        assert_eq!(is_read, !expected.contains(' '), "{typed}: {found}");
    }
}

#[test]
fn prefix_after_the_country_code_is_for_calls_inside() {
    for (typed, expected) in [
        ("+54 11 15 8765 0001", "did you mean +5491187650001?"),
        ("54 0351 15 234 5678", "did you mean +5493512345678?"),
        ("+7 8 912 345 67 89", "did you mean +79123456789?"),
        // In Madagascar and San Marino, the rule adds an area code.
        (
            "2614471234",
            "it is too short for a number of Madagascar, such as +261321234567; for a local number",
        ),
        ("+378 886377", "for a number of San Marino"),
        ("54111587650001", "did you mean +5491187650001?)"),
        // Another number would be a stranger's.
        (
            "+55 21 99579 825566",
            "it is too long for a number of Brazil",
        ),
        ("+54 11 8765 00011", "its digits fit no number of Argentina"),
    ] {
        let found = read_number(typed, "");
        assert!(found.contains(expected), "{typed}: {found}");
    }
}

#[test]
fn only_digits_alone_may_be_a_long_id() {
    for (recipient, expected) in [
        ("12345678901234", true),
        ("100004567891234", true),
        ("2435678901234567", true),
        ("593987654321", true),
        ("+593 98 765 4321", true),
        ("12-3", true),
        // A prefix for calls inside Argentina.
        ("54111587650001", false),
        ("+54 11 15 8765 0001", false),
        ("+12345678901234", false),
        ("=\"593987654321\"", false),
        ("'593987654321", false),
        ("'+593987654321", false),
        ("123 4567 8901 2345", false),
        ("0987654321", false),
    ] {
        assert_eq!(is_clear(recipient), expected, "{recipient}");
    }
}

#[test]
fn number_of_local_length_is_never_another_country() {
    for (typed, country, expected) in [
        ("3593259868", "CO", "for a number of Bulgaria: +3593259868"),
        (
            "19173632605",
            "BR",
            "for a number of the United States: +19173632605",
        ),
        ("4771234567", "BR", "554771234567"),
        ("4771234567", "AR", "for a number of Norway: +4771234567"),
        ("4771234567", "US", "for a number of Norway: +4771234567"),
        ("431512345", "CL", "56431512345"),
        ("+3593259868", "CO", "3593259868"),
        ("003593259868", "CO", "3593259868"),
        // Numbers with other lengths stay international numbers. So do numbers of countries with many lengths.
        ("573001234567", "EC", "573001234567"),
        ("34612345678", "EC", "34612345678"),
        ("34612345678", "CO", "34612345678"),
        ("12025550123", "MX", "12025550123"),
        ("12025550123", "AR", "12025550123"),
        ("12025550123", "PE", "12025550123"),
        ("34612345678", "AT", "34612345678"),
        ("12025550123", "DE", "12025550123"),
        ("51987654321", "BR", "5551987654321"),
        (
            "0987654321",
            "PE",
            "51987654321; `0987654321` is read as a number of Peru, +51987654321, but mobiles of Peru are written without \
             a 0 in front",
        ),
    ] {
        let found = read_number(typed, country);
        assert!(found.contains(expected), "{typed} with {country}: {found}");
    }
    for country in [
        "EC", "CO", "MX", "PE", "CL", "BR", "GT", "PA", "CR", "BO", "UY", "PY", "DO", "HN", "SV",
        "NI", "VE", "US", "ES",
    ] {
        for typed in [
            "5491123456789",
            "593987654321",
            "573001234567",
            "5215512345678",
        ] {
            let found = read_number(typed, country);
            assert!(found.starts_with(typed), "{typed} with {country}: {found}");
        }
    }
}

#[test]
fn spreadsheet_text_and_float_are_read() {
    for (typed, expected) in [
        ("'+525512345678", "525512345678"),
        ("\u{2019}+52 55 1234 5678", "525512345678"),
        (" '+525512345678 ", "525512345678"),
        ("'+52551234567", "it is too short for a number of Mexico"),
        ("'525512345678", "525512345678"),
        ("=\"525512345678\"", "525512345678"),
        ("=\"+52 55 1234 5678\"", "525512345678"),
        ("525512345678.0", "525512345678"),
        ("+525512345678.0", "525512345678"),
        ("'0987654321", "has no country code"),
        ("0987654321.0", "has no country code"),
        ("525512345678.00", "did you mean +525512345678?"),
        ("525512345678,0", "did you mean +525512345678?"),
        ("525512345678.5", "has decimals"),
        ("=525512345678", "did you mean +525512345678?"),
        ("'5.25513E+11", "its last digits are lost"),
        ("''+525512345678", "begins with the apostrophe"),
        ("'++525512345678", "it contains `+`"),
    ] {
        let found = read_number(typed, "");
        let is_number = expected.bytes().all(|byte| byte.is_ascii_digit());
        let is_expected = found == expected || !is_number && found.contains(expected);
        assert!(is_expected, "{typed}: {found}");
    }
}

#[test]
fn digits_in_parentheses_may_be_an_area_code() {
    for (typed, expected) in [
        (
            "(51) 98765-4321",
            "in `(51) 98765-4321`, the digits in parentheses may be an area code; for a number of Brazil: \
             --country BR; for a number of Peru: +51987654321",
        ),
        ("(84) 98765-4321", "for a number of Vietnam: +84987654321"),
        ("(477) 123-4567", "for a number of Norway: +4771234567"),
        (
            "(507) 256-2410",
            "for a number of the United States: --country US",
        ),
        ("(507) 6123-4567", "50761234567"),
        (" (51)987654321", "may be an area code"),
        // Without parentheses, or with digits that are not a local number, the country code is clear.
        ("51 98765 4321", "51987654321"),
        ("51 (987) 654321", "51987654321"),
        ("(51987654321)", "51987654321"),
        ("(51) 1 234 5678", "5112345678"),
        ("(593) 98 765 4321", "593987654321"),
        ("(593) 987654321", "593987654321"),
        ("(57) 300 123 4567", "573001234567"),
        ("(34) 612 345 678", "34612345678"),
        ("(1) 415 555 0100", "14155550100"),
        ("(502) 5123-4567", "50251234567"),
        ("(52) 55 1234 5678", "525512345678"),
        ("(56) 9 8765 4321", "56987654321"),
        ("(55) 51 98765-4321", "5551987654321"),
        ("(+51) 987654321", "51987654321"),
        ("+(51) 987654321", "51987654321"),
        ("(+593) 987654321", "593987654321"),
        ("(0051) 987654321", "51987654321"),
        ("00 (51) 987654321", "51987654321"),
    ] {
        let found = read_number(typed, "");
        let is_number = expected.bytes().all(|byte| byte.is_ascii_digit());
        let is_expected = found == expected || !is_number && found.contains(expected);
        assert!(is_expected, "{typed}: {found}");
    }
}

#[test]
fn area_code_in_parentheses_has_no_other_reading() {
    for (typed, country, expected) in [
        ("(51) 99876-5432", "BR", "5551998765432"),
        ("(55) 99876-5432", "BR", "5555998765432"),
        ("(55) 3333-4444", "BR", "555533334444"),
        ("(477) 123-4567", "MX", "524771234567"),
        ("51 99876-5432", "BR", "5551998765432"),
        (
            "55 99876-5432",
            "BR",
            "if its 55 is the country code, digits are missing",
        ),
        (
            "(506) 12345",
            "CR",
            "if its 506 is the country code, digits are missing",
        ),
        ("(098) 765-4321", "PE", "written without a 0 in front"),
        // Only a mobile has a 9, so a toll-free number gets no warning.
        ("0800 123 4567", "AR", "548001234567"),
        ("(51) 98765-4321", "EC", "51987654321"),
        ("(51) 987 654 321", "PE", "51987654321"),
    ] {
        let found = read_number(typed, country);
        let is_number = expected.bytes().all(|byte| byte.is_ascii_digit());
        let is_expected = found == expected || !is_number && found.contains(expected);
        assert!(is_expected, "{typed} with {country}: {found}");
    }
}

#[test]
fn zero_in_parentheses_is_dropped_where_it_is_a_prefix() {
    for (typed, country, expected) in [
        ("+44 (0)20 7946 0000", "", "442079460000"),
        ("0044 (0) 20 7946 0000", "", "442079460000"),
        ("(+49) (0) 1511 2345678", "", "4915112345678"),
        ("+593 (0) 98-765-4321", "MX", "593987654321"),
        // Spain has no prefix, and in Italy the 0 is a part of the number.
        ("+34 (0) 612 345 678", "", "is not a phone number"),
        ("+39 (0) 2 1234 5678", "", "390212345678"),
        ("+593 0 98 765 4321", "", "did you mean +593987654321?"),
        ("+593 98 (0) 765 4321", "", "is not a phone number"),
    ] {
        let found = read_number(typed, country);
        let is_number = expected.bytes().all(|byte| byte.is_ascii_digit());
        let is_expected = found == expected || !is_number && found.contains(expected);
        assert!(is_expected, "{typed}: {found}");
    }
}

#[test]
fn number_of_unnamed_country_is_not_proposed() {
    for (typed, expected) in [
        ("044 55 1234 0005", "has no country code"),
        ("01 55 1234 0007", "has no country code"),
        ("0442079460000", "has no country code"),
        // A number of Brazil with an area code that is also Peru's country code.
        ("0 51 98765 4321", "has no country code"),
        ("0573001234567", "has no country code"),
        ("0525512345678", "has no country code"),
    ] {
        let found = read_number(typed, "");
        assert!(found.contains(expected), "{typed}: {found}");
    }
}

#[test]
fn numbers_of_twelve_countries_are_understood() {
    for (typed, country, without, with) in TABLE {
        for (country, expected) in [("", without), (country, with)] {
            let found = read_number(typed, country);
            let is_number = expected.bytes().all(|byte| byte.is_ascii_digit());
            let is_expected = found == expected
                || !is_number && expected.split('…').all(|part| found.contains(part));
            assert!(is_expected, "{typed} with `{country}`: {found}");
        }
    }
}

/// The data's own patterns, compiled on demand.
#[derive(Default)]
struct Plans(HashMap<String, Regex>);

impl Plans {
    fn fits(&mut self, pattern: String, national: &str) -> bool {
        let regex = self.0.entry(pattern).or_insert_with_key(|pattern| {
            Regex::new(&pattern.split_whitespace().collect::<String>()).unwrap()
        });
        regex.is_match(national)
    }

    /// Checks a number. As in libphonenumber, the first region with a matching prefix decides, or
    /// without a prefix, with a matching number.
    fn is_valid(&mut self, code: u16, national: &str) -> bool {
        for region in DATABASE.by_code(&code).unwrap() {
            let types = region.descriptors();
            let mut kinds = [
                types.fixed_line(),
                types.mobile(),
                types.toll_free(),
                types.premium_rate(),
                types.shared_cost(),
                types.personal_number(),
                types.voip(),
                types.pager(),
                types.uan(),
                types.voicemail(),
            ]
            .into_iter()
            .flatten();
            let whole = |kind: &Descriptor| format!("^(?:{})$", kind.national_number().as_str());
            let is_valid = self.fits(whole(types.general()), national)
                && kinds.any(|kind| self.fits(whole(kind), national));
            let is_chosen = match region.leading_digits() {
                Some(leading) => self.fits(format!("^(?:{})", leading.as_str()), national),
                None => is_valid,
            };
            if is_chosen {
                return is_valid;
            }
        }
        false
    }
}

/// Numbers of all countries: the examples of the data, and others with one digit changed, added or removed.
#[test]
fn phone_tables_agree_with_the_metadata() {
    let mut random = fastrand::Rng::with_seed(593);
    let mut valid = 0;
    let mut others = Vec::new();
    let mut plans = Plans::default();
    for metadata in DATABASE.iter() {
        let types = metadata.descriptors();
        let examples = [
            types.fixed_line(),
            types.mobile(),
            types.toll_free(),
            types.premium_rate(),
            types.voip(),
        ];
        for example in examples
            .into_iter()
            .flatten()
            .filter_map(|kind| kind.example())
        {
            for change in 0..40 {
                let mut national = example.to_owned();
                let at = random.usize(..national.len());
                match change {
                    0 => {}
                    1..=3 => national.insert(at, char::from(random.u8(b'0'..=b'9'))),
                    4..=6 => drop(national.remove(at)),
                    _ => national.replace_range(at..=at, &random.u8(0..=9).to_string()),
                }
                let number = format!("{}{national}", metadata.country_code());
                let expected = plans.is_valid(metadata.country_code(), &national);
                valid += usize::from(expected);
                if is_valid(&number) != expected {
                    others.push((metadata.id().to_owned(), number, expected));
                }
            }
        }
    }
    assert!(valid > 10_000, "{valid}");
    assert_eq!(others, []);
}

/// The examples of the data as local numbers, with and without their prefixes.
#[test]
fn local_number_works_with_or_without_prefix() {
    let mut others = Vec::new();
    for metadata in DATABASE.iter().filter(|metadata| metadata.id() != "001") {
        let country = metadata.id().parse::<Country>().unwrap();
        let Some(example) = metadata
            .descriptors()
            .mobile()
            .and_then(|kind| kind.example())
        else {
            continue;
        };
        let number = format!("{}{example}", metadata.country_code());
        let dialled = format!(
            "{}{example}",
            metadata.national_prefix().unwrap_or_default()
        );
        // In Colombia the digit after the 0 may choose a carrier, and is read as one.
        for typed in [example, &dialled]
            .into_iter()
            .take(if metadata.id() == "CO" { 1 } else { 2 })
        {
            let found =
                PhoneNumber::read(typed, Some(country)).map(|found| found.as_str().to_owned());
            if found.as_ref() != Ok(&number) {
                others.push((metadata.id().to_owned(), typed.to_owned(), found));
            }
        }
    }
    assert_eq!(others, []);
}
