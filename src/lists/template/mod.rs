//! The template language: message texts with placeholders for the cells of a row.

mod amount;
mod body;
mod console_letters;
mod country_fit;
mod dates;
mod expressions;
mod fault;
mod filters;
#[cfg(test)]
mod fixture;
mod foreign_text;
mod language;
mod marked_text;
mod misspelling;
mod near_column;
mod no_value;
mod numbers;
mod operators;
mod percentages;
mod placeholder;
mod read_number;
mod row_values;
mod row_view;
mod stored_amount;
mod syntax_error;
mod text;
mod usual_names;
mod values;
mod walk;

pub(crate) use self::amount::AmountKind;
pub(crate) use self::body::{BodyTemplate, BodyText};
pub(crate) use self::country_fit::CountryFit;
pub(crate) use self::dates::date_fit;
pub(crate) use self::expressions::TextExpression;
pub(crate) use self::fault::{TextFault, foreign_text, repeats_name};
pub(crate) use self::foreign_text::ForeignText;
pub(crate) use self::language::language;
pub(crate) use self::misspelling::{
    Misspelling, meant_value, misspelling, misspelt, placeholders_in_words, spelling,
    unfilled_placeholders, unfilled_template,
};
pub(crate) use self::near_column::near_columns;
pub(crate) use self::no_value::{NoValue, missing_value};
pub(crate) use self::placeholder::{may_have_placeholder, placeholder_in_cell};
pub(crate) use self::read_number::{describe_decimals, number_fit};
pub(crate) use self::row_values::{RowValue, RowValues};
pub(crate) use self::text::{TemplateError, TextTemplate};
pub(crate) use self::usual_names::is_usual_name;
pub(crate) use self::walk::{ColumnPrint, ColumnUses, ReadAmount};
