//! A file of recipients to exclude: one per line, a list with a header, or a workbook. Anything
//! that cannot be read is an error with its line, because a missed recipient would get messages.
//! Also the texts of `bulk exclude`.

use std::io::Cursor;

use memchr::memchr_iter;

use super::exclusion_list::{
    BadLines, ExclusionList, ExclusionTables, SoughtRecipients, extra_cells, invalid_entry, unclear,
};
use super::meaning::{CountryRule, is_recipient_text, may_be_id, may_be_recipient, readings};
use crate::base::input::UsageError;
use crate::base::message::msg;
use crate::jelou::message::TypedRecipient;
use crate::lists::list_file::{
    AnyInput, DELIMITERS, ListEncoding, ListInput, ListOptions, ListReader, ListRow, Row,
};
use crate::phone::{Country, RecipientError, is_like_user_id};

/// The most bytes of a line with one recipient.
const MAX_LINE: usize = 1024;

/// The options for reading exclusion lists.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExclusionOptions {
    /// The countries of their local numbers.
    pub(crate) countries: CountryRule,
    /// The encoding of a text that is not UTF-8.
    pub(crate) encoding: Option<ListEncoding>,
}

/// Reads the list in `input`; errors use `name`. If it is only searched for the recipients in `sought`, other numbers are
/// checked, but not kept.
///
/// # Errors
/// If the file is not a list of recipients, or a line has no clear recipient.
pub(crate) fn read_exclusion_list(
    input: ListInput,
    name: &str,
    options: ExclusionOptions,
    sought: Option<&SoughtRecipients>,
) -> Result<ExclusionList, UsageError> {
    let mut list = ExclusionList::new(name, sought.cloned());
    read(input, options, &mut list)?;
    list.sort();
    Ok(list)
}

fn read(
    input: ListInput,
    options: ExclusionOptions,
    list: &mut ExclusionList,
) -> Result<(), UsageError> {
    let text = match AnyInput::open(input, &list.name, options.encoding)? {
        AnyInput::Workbook(workbook) => {
            // Each sheet is a separate table.
            let mut tables = ExclusionTables::new(options.countries, list);
            workbook.each_row(|sheet, line, cells| tables.sheet_row(sheet, line, cells))?;
            return tables.finish();
        }
        AnyInput::Text(text) => text,
    };
    // Some programs on a Mac end lines with a single carriage return.
    let text = if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text
    };
    let mut filled = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match filled.clone().find(|line| !line.starts_with('#')) {
        Some(first) if begins_with_person(first) => read_lines(&text, options.countries, list),
        first if first.is_some() || text.lines().any(is_table_row) => {
            read_list(without_comments(&text), options.countries, list).map_err(without_question)
        }
        // A file that has only comments excludes no one on purpose. An empty file may have lost its
        // content.
        _ if filled.next().is_some() => Ok(()),
        _ => Err(UsageError::new(
            msg!("{name} is empty", name = list.name),
            msg!("to exclude no one, write a header or a comment, such as # no one"),
        )),
    }
}

/// Removes the question of an error: its flags are for the list of recipients. Only the line of the header can be unclear.
fn without_question(error: UsageError) -> UsageError {
    if error.question.is_none() {
        return error;
    }
    UsageError::new(error.message, msg!("delete the lines above the header"))
}

/// Whether a text with this first line has one recipient per line. Otherwise the line is a header.
fn begins_with_person(line: &str) -> bool {
    // Read only the text before a delimiter, so that a list without a header is reported with its
    // first line.
    let cell = bare(line)
        .split(DELIMITERS)
        .next()
        .unwrap_or_default()
        .trim_matches('"');
    let is_no_number =
        |sign: char| sign.is_alphabetic() || sign.is_control() || "[{".contains(sign);
    let is_number = cell.contains(char::is_numeric) && !cell.contains(is_no_number);
    may_be_id(cell) || is_number || is_like_user_id(cell)
}

/// The possible beginnings of a comment after a recipient.
const COMMENTS: [&str; 2] = [" #", "\t#"];

/// Returns the recipient in a line, without a comment after it and without quotes around it.
pub(super) fn bare(line: &str) -> &str {
    let comment = COMMENTS
        .iter()
        .filter_map(|comment| line.find(comment))
        .min();
    let text = comment.and_then(|at| line.get(..at)).unwrap_or(line);
    unquoted(text.trim())
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text)
}

/// Reads one recipient per line.
fn read_lines(
    text: &str,
    countries: CountryRule,
    list: &mut ExclusionList,
) -> Result<(), UsageError> {
    let mut bad = BadLines::default();
    let has_comments = COMMENTS.iter().any(|comment| text.contains(comment));
    for (line, text) in (1..).zip(split_lines(text)) {
        if text.len() > MAX_LINE {
            bad.add(
                None,
                line,
                invalid_entry(msg!("has more than {most} bytes", most = MAX_LINE)),
            );
            continue;
        }
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let recipient = if has_comments {
            bare(text)
        } else {
            unquoted(text)
        };
        if list.skip_other(recipient, countries) {
            continue;
        }
        match readings(recipient, countries, std::iter::empty()) {
            Ok(readings) => list.add(&readings),
            Err(error) => {
                let cut = recipient.find(DELIMITERS).map(|at| recipient.split_at(at));
                let cut = cut.filter(|(first, _)| is_recipient_text(first));
                bad.add(
                    None,
                    line,
                    cut.map_or_else(|| unclear(&error), |(_, rest)| extra_cells(rest)),
                );
            }
        }
    }
    bad.check(&list.name)
}

/// Splits `text` at line feeds. A list may have millions of short lines, and [`str::lines`] takes four times as long.
fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    let ends = memchr_iter(b'\n', text.as_bytes()).chain([text.len()]);
    ends.map(move |end| {
        let line = text.get(start..end).unwrap_or_default();
        start = end + 1;
        line
    })
}

/// Reads a CSV with a header.
fn read_list(
    text: String,
    countries: CountryRule,
    list: &mut ExclusionList,
) -> Result<(), UsageError> {
    let name = list.name.clone();
    let input = ListInput::Stream(Box::new(Cursor::new(text)));
    let mut reader = ListReader::open(input, &name, &ListOptions::default())?;
    let mut tables = ExclusionTables::new(countries, list);
    let Some(names) = reader.header() else {
        return Err(UsageError::new(
            msg!(
                "{name} is NDJSON, but an exclusion list must be a text, a CSV or a workbook",
                name
            ),
            msg!("to write one recipient per line: jq -r .to; to use a report: save it as CSV"),
        ));
    };
    tables.header(1, names);
    while let Some(ListRow {
        line,
        last_line,
        row,
        faulty_cells,
        outcome,
        ..
    }) = reader.read()?
    {
        if last_line > line {
            let problem = msg!(
                "{name}: the row in line {line} continues to line {last_line} because of a quote, so a recipient may be \
                 missed",
                name,
                line,
                last_line
            );
            return Err(UsageError::new(
                problem,
                msg!("remove the quote, or write one recipient per line"),
            ));
        }
        let outcome = outcome.as_ref();
        // A missing part of the line may have had a recipient.
        let missing = faulty_cells.into_iter().next();
        let row = missing.map_or(row, |(_, problem)| Err(problem));
        match row {
            Err(problem) => tables.add_unreadable(line, problem),
            Ok(Row::Cells { cells, .. }) => {
                tables.row(line, cells.iter().map(|cell| Ok(cell.as_str())), outcome);
            }
            Ok(Row::Fields(_)) => tables.add_unreadable(line, msg!("is not a row of a table")),
        }
    }
    tables.finish()
}

/// Replaces comments with empty lines.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len() + 1);
    let mut is_quoted = false;
    for line in text.lines() {
        let is_comment = !is_quoted && line.starts_with('#') && !is_table_row(line);
        if !is_comment {
            kept.push_str(line);
            is_quoted ^= line.matches('"').count() % 2 == 1;
        }
        kept.push('\n');
    }
    kept
}

/// Whether a line that begins with `#` is a row of a table, because a later cell may be a
/// recipient. Order names begin like this.
fn is_table_row(line: &str) -> bool {
    line.split(DELIMITERS).skip(1).any(may_be_recipient)
}

/// Reads a recipient of this country.
pub(crate) type ReadRecipient = fn(&str, Option<Country>) -> Result<TypedRecipient, RecipientError>;

/// Reads the recipients in `input`, each with `read`; errors use `name`. Local numbers are of `country`.
///
/// # Errors
/// If the file is not a text, or a line is not a clear recipient. The error names all of these lines.
pub(crate) fn read_recipient_lines(
    input: ListInput,
    name: &str,
    country: Option<Country>,
    read: ReadRecipient,
) -> Result<Vec<String>, UsageError> {
    let AnyInput::Text(text) = AnyInput::open(input, name, None)? else {
        return Err(UsageError::new(
            msg!("{name} is a workbook, not a text", name),
            msg!("save it as a text with one recipient per line"),
        ));
    };
    let mut recipients = Vec::new();
    let mut bad = BadLines::default();
    for (line, text) in (1..).zip(text.lines().map(str::trim)) {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        match read(bare(text), country) {
            Ok(typed) => recipients.push(typed.recipient.to_string()),
            Err(error) => bad.add(
                None,
                line,
                UsageError {
                    hint: error.hint.clone(),
                    ..UsageError::bare(error.message())
                },
            ),
        }
    }
    bad.check(name)?;
    Ok(recipients)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::exclusions::Exclusions;
    use crate::lists::exclusions::meaning::international_digits;
    use crate::phone::Country;

    fn exclusions(country: Option<&str>, lists: &[(&str, &str)]) -> Exclusions {
        let countries = CountryRule::new(None, country.and_then(Country::from_name));
        let mut exclusions = Exclusions::default();
        for (name, text) in lists {
            let input = ListInput::Stream(Box::new(Cursor::new(text.as_bytes().to_vec())));
            let options = ExclusionOptions {
                countries,
                encoding: None,
            };
            exclusions
                .lists
                .push(read_exclusion_list(input, name, options, None).unwrap());
        }
        exclusions
    }

    #[test]
    fn exclusions_match_every_form_of_a_number() {
        let lists = [
            (
                "a",
                "# opt-outs\n\n+52 1 55 1234 5678\n5491123456789\nid:U1\nid:0593987654321\r\n\u{200b}id:U3 \u{200b}\n",
            ),
            ("b", "nombre;celular\n# none\nAna;551187654321\n"),
            ("c", "593987654321\n"),
            ("d", "US.13491208655302741918\nEC.ENT.1 # of the group\n"),
            ("e", "EC.1234567890123456789\n"),
            ("f", "'+573001234567\n"),
        ];
        let exclusions = exclusions(None, &lists);
        for (recipient, list) in [
            ("525512345678", Some("a")),
            ("5215512345678", Some("a")),
            ("541123456789", Some("a")),
            ("U1", Some("a")),
            ("0593987654321", Some("a")),
            ("5511987654321", Some("b")),
            ("593987654321", Some("c")),
            ("593987654322", None),
            ("US.13491208655302741918", Some("d")),
            ("EC.ENT.1", Some("d")),
            ("EC.1234567890123456789", Some("e")),
            ("1234567890123456789", None),
            ("U2", None),
            ("U3", Some("a")),
            ("573001234567", Some("f")),
        ] {
            assert_eq!(
                exclusions
                    .find(["593900000000", recipient].into_iter())
                    .map(|(_, list)| list),
                list,
                "{recipient}"
            );
        }
    }

    /// Whether the list excludes the recipient, and how many it has; or its error.
    fn judge(
        country: Option<Country>,
        text: &str,
        recipient: &str,
        sought: Option<&SoughtRecipients>,
    ) -> Result<(bool, u64), String> {
        let options = ExclusionOptions {
            countries: CountryRule::new(country, None),
            encoding: None,
        };
        let input = ListInput::Stream(Box::new(Cursor::new(text.as_bytes().to_vec())));
        let list = read_exclusion_list(input, "a", options, sought)
            .map_err(|error| format!("{error:?}"))?;
        let count = list.count();
        let lists = Exclusions { lists: vec![list] };
        Ok((lists.find([recipient].into_iter()).is_some(), count))
    }

    /// Checks that the size of the kept part of the list does not change which recipients are excluded.
    #[test]
    fn sought_recipient_is_found_like_any_other() {
        let text = "593987654321\n+52 1 55 1234 5678\n5491123456789\n551187654321\n573001234567\n12025550123\n\
                    525512345679\n+5215512345680\n0987654321\n656 123 4567\nid:U1\nid:593987654322\nUS.13491208655302741918\n\
                    593987654399 # of Ana\n\"593987654398\"\n5932345678\n15512340009\n";
        let recipients = [
            "593987654321",
            "593987654322",
            "525512345678",
            "5215512345678",
            "5215512345679",
            "525512345680",
            "541123456789",
            "5491123456789",
            "5511987654321",
            "551187654321",
            "51987654321",
            "526561234567",
            "6561234567",
            "573001234567",
            "573001234568",
            "12025550123",
            "U1",
            "US.13491208655302741918",
            "593987654399",
            "593987654398",
            "593987654397",
            "5932345678",
            "15512340009",
            "525512340009",
            "525515512340009",
        ];
        for country in [None, Some("EC"), Some("MX"), Some("AR"), Some("US")] {
            let country = country.and_then(Country::from_name);
            for recipient in recipients {
                let sought = SoughtRecipients::new([recipient].into_iter());
                // The whole list, which has invalid lines, and each of its lines.
                for text in std::iter::once(text).chain(text.lines()) {
                    assert_eq!(
                        judge(country, text, recipient, Some(&sought)),
                        judge(country, text, recipient, None),
                        "{country:?} {recipient} {text}"
                    );
                }
            }
        }
    }

    /// Checks that each skipped number can be read, and that all its readings end with the same digits.
    #[test]
    fn skipped_number_is_never_an_invalid_line() {
        let mut random = fastrand::Rng::with_seed(7);
        let countries = [
            None,
            Some("EC"),
            Some("MX"),
            Some("AR"),
            Some("BR"),
            Some("US"),
            Some("PE"),
        ];
        for _ in 0..20_000 {
            let country = countries[random.usize(..countries.len())].and_then(Country::from_name);
            let code = country.map_or("", |country| country.calling_code());
            let length = random.usize(7..14);
            let digits: String = (0..length).map(|_| random.digit(10)).collect();
            let text = if random.bool() {
                format!("+{code}{digits}")
            } else {
                format!("{code}{digits}")
            };
            let countries = CountryRule {
                otherwise: country,
                by_column: true,
            };
            if let Some(skipped) = international_digits(&text, countries) {
                let Ok(read) = readings(&text, countries, std::iter::empty()) else {
                    panic!("{text} {country:?}");
                };
                let last = &skipped[skipped.len() - 6..];
                assert!(
                    read.people.iter().all(|person| person.ends_with(last)),
                    "{text}"
                );
                let national = read.national.map(|number| number.to_string());
                assert!(
                    national.is_none_or(|number| number.ends_with(last)),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn digits_without_country_exclude_every_country() {
        let lists = [
            ("a", "656 123 4567\n0987654321\n+6561234568\n"),
            ("b", "pais,celular\nPE,912345678\n,979345679\n"),
        ];
        let exclusions = exclusions(Some("EC"), &lists);
        for (recipient, list) in [
            // A number of Mexico that could also be one of Singapore.
            ("526561234567", Some("a")),
            ("5216561234567", Some("a")),
            ("6561234567", Some("a")),
            ("526561234568", None),
            ("593987654321", Some("a")),
            ("51987654321", Some("a")),
            ("51912345678", Some("b")),
            ("593912345678", None),
            ("593979345679", Some("b")),
            ("51979345679", Some("b")),
        ] {
            let found = exclusions.find([recipient].into_iter());
            assert_eq!(found.map(|(_, list)| list), list, "{recipient}");
        }
    }

    #[test]
    fn digits_in_parentheses_exclude_both_countries() {
        let list = [("a", "(51) 98765-4321\n(593) 987654322\n")];
        for country in [None, Some("EC"), Some("BR")] {
            let exclusions = exclusions(country, &list);
            for (recipient, is_excluded) in [
                ("51987654321", true),
                ("5551987654321", true),
                ("593987654322", true),
                ("593987654321", false),
            ] {
                let found = exclusions.find([recipient].into_iter());
                assert_eq!(found.is_some(), is_excluded, "{country:?} {recipient}");
            }
        }
    }
}
