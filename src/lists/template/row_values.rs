//! The values that a row gives the expressions of a message.

/// The value of an expression in a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RowValue<'a> {
    Printed {
        text: &'a str,
        /// The number, or the date in seconds since 1970, if the text is certainly one.
        amount: Option<f64>,
    },
    Condition(bool),
}

/// Works like [`RowValue`], but its text ends at this place of the texts of the row.
#[derive(Debug)]
enum NotedValue {
    Printed { end: usize, amount: Option<f64> },
    Condition(bool),
}

#[derive(Debug)]
struct Noted {
    /// The number of the expression.
    expression: usize,
    value: NotedValue,
}

/// The values of a row, as they are sent. Cleared for the next row, so that a row allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct RowValues {
    texts: String,
    noted: Vec<Noted>,
}

impl RowValues {
    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.noted.clear();
    }

    /// Passes each value with the number of its expression, in the order of the message.
    pub(crate) fn each(&self, mut each: impl FnMut(usize, RowValue<'_>)) {
        let mut start = 0;
        for noted in &self.noted {
            let value = match noted.value {
                NotedValue::Printed { end, amount } => {
                    let text = self.texts.get(start..end).unwrap_or_default();
                    start = end;
                    RowValue::Printed { text, amount }
                }
                NotedValue::Condition(is_true) => RowValue::Condition(is_true),
            };
            each(noted.expression, value);
        }
    }

    /// The number of values so far.
    pub(super) fn count(&self) -> usize {
        self.noted.len()
    }

    /// Drops the values after the first `count`.
    pub(super) fn truncate(&mut self, count: usize) {
        self.noted.truncate(count);
        let mut earlier = self.noted.iter().rev();
        let end = earlier.find_map(|noted| match noted.value {
            NotedValue::Printed { end, .. } => Some(end),
            NotedValue::Condition(_) => None,
        });
        self.texts.truncate(end.unwrap_or_default());
    }

    pub(super) fn note_text(&mut self, expression: usize, text: &str, amount: Option<f64>) {
        self.texts.push_str(text);
        let end = self.texts.len();
        let value = NotedValue::Printed { end, amount };
        self.noted.push(Noted { expression, value });
    }

    pub(super) fn note_condition(&mut self, expression: usize, is_true: bool) {
        let value = NotedValue::Condition(is_true);
        self.noted.push(Noted { expression, value });
    }
}
