//! The template language: message texts with placeholders for the cells of a row.

mod amount;
mod body;
mod cell_notes;
mod country_fit;
mod dates;
mod expressions;
mod fault;
mod filters;
#[cfg(test)]
mod fixture;
mod kinds;
mod language;
mod links;
mod literals;
mod marks;
mod nothing;
mod numbers;
mod operators;
mod printed_cells;
mod problem;
mod read_date;
mod read_number;
mod row_view;
mod spelling;
mod stored_amount;
mod syntax;
mod text;
mod walk;

pub(crate) use self::amount::AmountKind;
pub(crate) use self::body::BodyTemplate;
pub(crate) use self::country_fit::CountryFit;
pub(crate) use self::expressions::TextExpression;
pub(crate) use self::fault::{faults_of_row_text, faults_of_single_text, faults_of_words};
pub(crate) use self::filters::means_yes;
pub(crate) use self::language::language;
pub(crate) use self::marks::{MarkedName, find_column};
pub(crate) use self::printed_cells::check_printed;
pub(crate) use self::problem::TextProblem;
pub(crate) use self::read_date::DateOrder;
pub(crate) use self::read_number::{describe_decimals, number_fit};
pub(crate) use self::row_view::{BareShares, RowValue, RowValues};
pub(crate) use self::spelling::{escape_marks, spelling};
pub(crate) use self::text::TextTemplate;
pub(crate) use self::walk::{ColumnUses, ReadAmount};
