//! Which rows of a list are sent, by `--skip-if` and `--only-if`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::finding::Finding;
use crate::base::input::UsageError;
use crate::base::message::{Message, ToValue, Value as MessageValue, msg};
use crate::base::suggest::folded;
use crate::lists::list_file::{ListReader, Row, meant_columns};
use crate::lists::template::means_yes;

/// A value of a column, as typed: `baja=sí`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColumnValue {
    column: String,
    /// Empty for an empty cell.
    value: String,
}

impl FromStr for ColumnValue {
    type Err = Message;

    fn from_str(typed: &str) -> Result<Self, Message> {
        let (column, value) = typed
            .split_once('=')
            .filter(|(column, _)| !column.trim().is_empty())
            .ok_or_else(|| msg!("`{typed}` is not COLUMN=VALUE, such as baja=sí", typed))?;
        // A header may have such a sign, but its name is found without it.
        let is_operator = |sign| "!<>~".contains(sign);
        let is_other = column.trim_end().ends_with(is_operator)
            || column.trim_start().starts_with('!')
            || value.trim_start().starts_with('=');
        if is_other {
            return Err(msg!(
                "`{typed}`: only COLUMN=VALUE is possible, such as baja=sí; for all other values, use the opposite flag: --only-if or \
                 --skip-if",
                typed
            ));
        }
        Ok(Self {
            column: column.to_owned(),
            value: value.to_owned(),
        })
    }
}

impl fmt::Display for ColumnValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.column, self.value)
    }
}

impl ToValue for ColumnValue {
    fn to_value(&self) -> MessageValue {
        self.to_string().to_value()
    }
}

/// The rules of both flags, one for each column.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListSelection {
    rules: Vec<SelectionRule>,
}

/// Which values of a column a row may have.
#[derive(Clone, Debug)]
struct SelectionRule {
    flag: SelectionFlag,
    /// The name of the column as the header has it.
    column: String,
    values: Vec<SoughtValue>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SelectionFlag {
    SkipIf,
    OnlyIf,
}

#[derive(Clone, Debug)]
struct SoughtValue {
    typed: ColumnValue,
    /// The value without capitals and accents.
    folded: String,
    /// Whether a row has it.
    is_found: bool,
}

impl ListSelection {
    /// Reads the values of `--skip-if` and `--only-if`.
    ///
    /// # Errors
    /// If the list does not have one of the columns.
    pub(crate) fn new(
        skip_if: &[ColumnValue],
        only_if: &[ColumnValue],
        list: &mut ListReader,
    ) -> Result<Self, UsageError> {
        let mut selection = Self::default();
        if skip_if.is_empty() && only_if.is_empty() {
            return Ok(selection);
        }
        let names = list.first_names();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        for value in skip_if {
            selection.add(SelectionFlag::SkipIf, value, &names)?;
        }
        for value in only_if {
            selection.add(SelectionFlag::OnlyIf, value, &names)?;
        }
        Ok(selection)
    }

    fn add(
        &mut self,
        flag: SelectionFlag,
        typed: &ColumnValue,
        names: &[&str],
    ) -> Result<(), UsageError> {
        let column = find_column(flag, &typed.column, names)?;
        let value = SoughtValue {
            typed: typed.clone(),
            folded: folded(&typed.value).into_owned(),
            is_found: false,
        };
        let mut rules = self.rules.iter_mut();
        match rules.find(|rule| rule.flag == flag && rule.column == column) {
            Some(rule) if rule.has(&value) => {}
            Some(rule) => rule.values.push(value),
            None => self.rules.push(SelectionRule {
                flag,
                column: column.to_owned(),
                values: vec![value],
            }),
        }
        Ok(())
    }

    /// Returns whether a rule needs the column `name`.
    pub(super) fn needs(&self, name: &str) -> bool {
        self.rules.iter().any(|rule| rule.column == name.trim())
    }

    /// Returns why `row` is not selected, and notes which values it has.
    pub(super) fn why_not_selected(&mut self, row: &Row) -> Option<Message> {
        let mut why = None;
        for rule in &mut self.rules {
            let reason = rule.why_not_selected(row);
            why = why.or(reason);
        }
        why
    }

    /// Returns the values that no row has. Call it after the last row of the list.
    pub(super) fn unmet(&self) -> Vec<Finding> {
        let values = self
            .rules
            .iter()
            .flat_map(|rule| rule.values.iter().map(|value| (rule.flag, value)));
        let unmet = values.filter(|(_, value)| !value.is_found);
        let note = |(flag, value): (SelectionFlag, &SoughtValue)| {
            let flag = flag.name();
            Finding::note(msg!(
                "{flag} {value}: no row has this value",
                flag,
                value = value.typed
            ))
        };
        unmet.map(note).collect()
    }
}

impl SelectionRule {
    fn has(&self, value: &SoughtValue) -> bool {
        self.values.iter().any(|known| known.folded == value.folded)
    }

    fn why_not_selected(&mut self, row: &Row) -> Option<Message> {
        let cell = shown_cell(row, &self.column);
        let cell = folded(&cell);
        for value in &mut self.values {
            value.is_found |= value.is_in(&cell);
        }
        let found = self.values.iter().find(|value| value.is_in(&cell));
        let flag = self.flag.name();
        match (self.flag, found) {
            (SelectionFlag::SkipIf, Some(found)) => Some(msg!(
                "not selected: {flag} {value}",
                flag,
                value = found.typed
            )),
            (SelectionFlag::OnlyIf, Some(_)) | (SelectionFlag::SkipIf, None) => None,
            (SelectionFlag::OnlyIf, None) => {
                let wanted = self.values.iter().map(|value| value.typed.to_string());
                let value = wanted.collect::<Vec<_>>().join(", ");
                Some(msg!("not selected: {flag} {value}", flag, value))
            }
        }
    }
}

impl SoughtValue {
    /// Returns whether a row has it, whose cell without capitals and accents is `cell`. TRUE and FALSE also fit each word for
    /// yes or no, because a workbook does not tell in which language it shows them.
    fn is_in(&self, cell: &str) -> bool {
        let is_same_answer = |answer| means_yes(&self.folded) == Some(answer);
        self.folded == cell || !self.folded.is_empty() && cell.parse().is_ok_and(is_same_answer)
    }
}

impl SelectionFlag {
    fn name(self) -> &'static str {
        match self {
            Self::SkipIf => "--skip-if",
            Self::OnlyIf => "--only-if",
        }
    }
}

fn find_column<'a>(
    flag: SelectionFlag,
    name: &str,
    names: &[&'a str],
) -> Result<&'a str, UsageError> {
    match meant_columns(names, name)[..] {
        [one] => Ok(one),
        [_, _, ..] => Err(UsageError::ambiguous_column(flag.name(), name, names)),
        [] => Err(UsageError::no_column(flag.name(), name, names)),
    }
}

/// Returns the cell in `column` as the list shows it; empty without one.
fn shown_cell<'a>(row: &'a Row, column: &str) -> Cow<'a, str> {
    if let Some(text) = row.shown_text(column).or_else(|| row.text(column)) {
        return Cow::Borrowed(text);
    }
    match row.get(column) {
        None | Some(Value::Null) => Cow::Borrowed(""),
        Some(other) => Cow::Owned(other.to_string()),
    }
}
