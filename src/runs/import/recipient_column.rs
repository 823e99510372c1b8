//! Chooses the column of the recipients: by its name, if it has a readable number. Otherwise the error has a question,
//! which offers the columns with numbers. Data alone never chooses, because the number of an identity card can look like a
//! mobile.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::countries::ListCountries;
use super::policy::HiddenRule;
use crate::base::input::UsageError;
use crate::base::message::msg;
use crate::base::output::count_value;
use crate::base::question::Question;
use crate::lists::exclusions::read_recipient;
use crate::lists::list_file::{
    ListReader, ListRow, Row, meant_columns, named_columns, not_one_column, several_columns,
    unnamed_column, which_column,
};
use crate::phone::is_mobile;

/// The number of rows at the beginning that decide.
const ROWS: usize = 1000;

/// The fewest digits of a local number in a column that has no name of a recipient's column. A date has fewer.
const MIN_DIGITS: usize = 9;

/// Where the recipients may be.
#[derive(Clone, Copy)]
pub(crate) struct ColumnRule<'a> {
    /// `--to-column`
    pub(crate) typed: Option<&'a str>,
    /// The names in the profile, in the order of preference.
    pub(crate) of_profile: &'a [String],
}

/// The rows at the beginning of a list, and how to read their numbers.
pub(super) struct FirstRows<'a> {
    pub(super) list: &'a mut ListReader,
    pub(super) countries: &'a ListCountries,
    pub(super) hidden: Option<HiddenRule>,
}

/// A column in the first rows.
struct SurveyedColumn {
    name: String,
    filled: usize,
    /// The cells that read as recipients, and those that may be mobiles.
    recipients: usize,
    mobiles: usize,
    /// The first of these cells.
    example: Option<String>,
}

impl ColumnRule<'_> {
    /// Returns the column of the recipients in a list with the columns `names`.
    ///
    /// # Errors
    /// If none or several columns may have them. The error has the question.
    pub(super) fn choose(
        self,
        names: &[&str],
        first: &mut FirstRows<'_>,
    ) -> Result<String, UsageError> {
        if let Some(typed) = self.typed {
            return match meant_columns(names, typed)[..] {
                [one] => Ok(one.to_owned()),
                [] => Err(first.ask(not_one_column(names, typed), names, &[])),
                _ => Err(not_one_column(names, typed)),
            };
        }
        let of_profile: Vec<_> = self
            .of_profile
            .iter()
            .filter_map(|name| one(names, name))
            .collect();
        if !of_profile.is_empty() {
            let readable = first.readable(&of_profile);
            return match readable.first() {
                Some(name) => Ok((*name).to_owned()),
                None => first.refuse_unreadable(&of_profile, names),
            };
        }
        let candidates = named_columns(names);
        if let Some(name) = candidates.iter().find(|name| one(names, name).is_none()) {
            return Err(not_one_column(names, name));
        }
        match first.readable(&candidates)[..] {
            [name] => Ok(name.to_owned()),
            [] if candidates.is_empty() => Err(first.ask(unnamed_column(names), names, &[])),
            [] => first.refuse_unreadable(&candidates, names),
            ref several => Err(first.ask(several_columns(several), names, several)),
        }
    }
}

/// Returns the only column that `name` means.
fn one<'a>(names: &[&'a str], name: &str) -> Option<&'a str> {
    match meant_columns(names, name)[..] {
        [one] => Some(one),
        _ => None,
    }
}

impl FirstRows<'_> {
    /// Returns the columns of `named` that have a readable number in the first rows.
    fn readable<'a>(&mut self, named: &[&'a str]) -> Vec<&'a str> {
        // Usually the first row has one in each of them.
        let in_first_row = self.readable_in(named, 1);
        if in_first_row.len() == named.len() {
            return in_first_row;
        }
        self.readable_in(named, ROWS)
    }

    fn readable_in<'a>(&mut self, named: &[&'a str], count: usize) -> Vec<&'a str> {
        let countries = self.countries;
        let hidden = self.hidden;
        let rows: Vec<_> = self.list.look_ahead(count).collect();
        let has_number = |name: &&&str| {
            let cells = rows.iter().filter_map(|row| cell(row, hidden, name));
            cells
                .into_iter()
                .any(|found| found.reading(countries).is_some())
        };
        named.iter().filter(has_number).copied().collect()
    }

    /// Returns the error for the columns `meant`, which have no readable number. If no other column has one either,
    /// returns a single `meant` column: then each row reports the problem of its number.
    fn refuse_unreadable(&mut self, meant: &[&str], names: &[&str]) -> Result<String, UsageError> {
        let surveyed = self.survey(names);
        match meant {
            [only] if surveyed.is_empty() => Ok((*only).to_owned()),
            [name, ..] if !surveyed.is_empty() => {
                let problem = msg!(
                    "`{name}` has no phone number in the first {rows} rows",
                    name,
                    rows = count_value(ROWS as u64)
                );
                Err(UsageError::open(problem, column_question(&surveyed)))
            }
            several => Err(several_columns(several)),
        }
    }

    /// Replaces the answers of `error` by the columns in `meant`, which have the name of a recipient's column, and then the
    /// others that have numbers.
    fn ask(&mut self, error: UsageError, names: &[&str], meant: &[&str]) -> UsageError {
        if error.question.is_none() {
            return error;
        }
        let mut surveyed = self.survey(names);
        for name in meant {
            if surveyed.iter().all(|column| column.name != *name) {
                surveyed.push(SurveyedColumn::new(name));
            }
        }
        surveyed.sort_by_key(|column| !meant.contains(&column.name.as_str()));
        if surveyed.is_empty() {
            return error;
        }
        UsageError::open(error.message, column_question(&surveyed))
    }

    /// Returns the columns with recipients in at least half of their filled cells, those with most mobiles first.
    fn survey(&mut self, names: &[&str]) -> Vec<SurveyedColumn> {
        let titles = names.iter().map(|name| name.trim());
        let titles = titles.filter(|title| !title.is_empty());
        let mut columns: Vec<_> = titles.map(SurveyedColumn::new).collect();
        let countries = self.countries;
        let hidden = self.hidden;
        for row in self.list.look_ahead(ROWS) {
            for column in &mut columns {
                if let Some(cell) = cell(row, hidden, &column.name) {
                    column.add(&cell, countries);
                }
            }
        }
        columns.retain(|column| column.recipients > 0 && column.recipients * 2 >= column.filled);
        columns.sort_by_key(|column| Reverse((column.mobiles, column.recipients)));
        columns
    }
}

fn column_question(columns: &[SurveyedColumn]) -> Question {
    let names: Vec<_> = columns.iter().map(|column| &column.name).collect();
    let mut question = which_column(&names);
    for (answer, column) in question.answers.iter_mut().zip(columns) {
        answer.example.clone_from(&column.example);
    }
    question
}

/// A filled cell of a row.
struct FilledCell<'a> {
    row: &'a Row,
    text: Cow<'a, str>,
}

/// Returns the cell in the column `name`; None if it is empty, or if its row is bad or not sent.
fn cell<'a>(row: &'a ListRow, hidden: Option<HiddenRule>, name: &str) -> Option<FilledCell<'a>> {
    let is_sent = !row.is_hidden || hidden == Some(HiddenRule::Send);
    let row = row.row.as_ref().ok().filter(|_| is_sent)?;
    let text = match row.text(name) {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(
            row.get(name)
                .filter(serde_json::Value::is_number)?
                .to_string(),
        ),
    };
    (!text.trim().is_empty()).then_some(FilledCell { row, text })
}

/// How a cell reads as a recipient.
enum CellReading {
    Recipient {
        is_mobile: bool,
    },
    /// It would be a number with its country.
    Local,
}

impl FilledCell<'_> {
    /// None if it is not a recipient.
    fn reading(&self, countries: &ListCountries) -> Option<CellReading> {
        // Google Contacts writes several numbers into a cell.
        let first = self.text.split(":::").next().unwrap_or_default();
        match read_recipient(first, countries.row_country(self.row)) {
            Ok(typed) => Some(CellReading::Recipient {
                is_mobile: is_mobile(typed.recipient.as_str()),
            }),
            Err(error) => error.is_without_country.then_some(CellReading::Local),
        }
    }

    fn digits(&self) -> usize {
        self.text.chars().filter(char::is_ascii_digit).count()
    }
}

impl SurveyedColumn {
    fn new(name: impl AsRef<str>) -> Self {
        Self {
            name: name.as_ref().to_owned(),
            filled: 0,
            recipients: 0,
            mobiles: 0,
            example: None,
        }
    }

    fn add(&mut self, cell: &FilledCell<'_>, countries: &ListCountries) {
        self.filled += 1;
        let is_mobile = match cell.reading(countries) {
            Some(CellReading::Recipient { is_mobile }) => is_mobile,
            Some(CellReading::Local) if cell.digits() >= MIN_DIGITS => false,
            _ => return,
        };
        self.recipients += 1;
        self.mobiles += usize::from(is_mobile);
        self.example
            .get_or_insert_with(|| cell.text.trim().to_owned());
    }
}
