//! The filters of the language: the types that each accepts before it and as arguments, and the
//! type of its result.

use FilterOutput::{Either, Item, New};
use Type::{Any, List, Number, Text, Texts, Truth};

use super::problem::TextProblem;
use crate::base::message::{Message, msg};
use crate::base::suggest::nearest;

/// The type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
    /// Yes or no.
    Truth,
    /// A list of texts.
    Texts,
    List,
    /// A column. It is a text in a list with a header, and any JSON in NDJSON, so its type depends
    /// on the row.
    Any,
}

impl Type {
    /// Describes the type for an error, after "takes" or "is".
    pub(super) fn describe(self) -> Message {
        match self {
            Text => msg!("a text"),
            Number => msg!("a number"),
            Truth => msg!("yes or no"),
            Texts => msg!("a list of words"),
            List => msg!("a list"),
            Any => msg!("a value"),
        }
    }
}

/// The result of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FilterOutput {
    New(Type),
    /// The value before it, or another value if that is missing.
    Either,
    /// One item of the list before it, or one letter of the text.
    Item,
}

/// A filter.
#[derive(Debug)]
pub(super) struct FilterRule {
    name: &'static str,
    /// The types of the value before it.
    takes: &'static [Type],
    /// The types of its arguments, in order. The first `min_arguments` are required.
    arguments: &'static [Type],
    min_arguments: usize,
    /// An argument with a name, which must be a text in quotes.
    named: Option<&'static str>,
    output: FilterOutput,
    /// An example with its usual arguments.
    pub(super) example: &'static str,
}

const ONE: &[Type] = &[Text, Number, Truth];
const MANY: &[Type] = &[Text, Texts, List];
const AMOUNT: &[Type] = &[Text, Number];
const ALL: &[Type] = &[Text, Number, Truth, Texts, List];

/// Creates a filter without arguments.
const fn filter(
    name: &'static str,
    takes: &'static [Type],
    output: FilterOutput,
    example: &'static str,
) -> FilterRule {
    FilterRule {
        name,
        takes,
        arguments: &[],
        min_arguments: 0,
        named: None,
        output,
        example,
    }
}

/// All filters.
const FILTERS: [FilterRule; 24] = [
    filter("abs", &[Number], New(Number), "abs"),
    filter("capitalize", ONE, New(Text), "capitalize"),
    filter("date", AMOUNT, New(Text), "date('%d/%m/%Y')")
        .with_optional(&[Text])
        .with_named("from"),
    filter("default", ALL, Either, "default('-')").with_optional(&[Any, Truth]),
    filter("first", MANY, Item, "first"),
    filter("join", MANY, New(Text), "join(', ')").with_optional(&[Any]),
    filter("last", MANY, Item, "last"),
    filter("length", MANY, New(Number), "length"),
    filter("lines", &[Text], New(Texts), "lines"),
    filter("lower", ONE, New(Text), "lower"),
    filter("money", AMOUNT, New(Text), "money('$')").with_arguments(&[Text, Number], 1),
    filter("number", AMOUNT, New(Number), "number").with_optional(&[Any]),
    filter("percent", AMOUNT, New(Text), "percent").with_optional(&[Number]),
    filter("phone", AMOUNT, New(Text), "phone('EC')").with_optional(&[Text]),
    filter("replace", ONE, New(Text), "replace('-', ' ')").with_arguments(&[Any, Any], 2),
    filter("round", &[Number], New(Number), "round(2)").with_optional(&[Number]),
    filter("split", &[Text], New(Texts), "split | first").with_optional(&[Text, Number]),
    filter("string", ALL, New(Text), "string"),
    filter("sum", &[List], New(Number), "sum"),
    filter("title", ONE, New(Text), "title"),
    filter("trim", ONE, New(Text), "trim").with_optional(&[Any]),
    filter("upper", ONE, New(Text), "upper"),
    filter("urlencode", AMOUNT, New(Text), "urlencode"),
    filter("yes", ONE, New(Truth), "yes"),
];

impl FilterRule {
    /// Sets the arguments of a filter. The first `min_arguments` are required.
    const fn with_arguments(self, arguments: &'static [Type], min_arguments: usize) -> Self {
        Self {
            arguments,
            min_arguments,
            ..self
        }
    }

    /// Sets the arguments of a filter. All are optional.
    const fn with_optional(self, arguments: &'static [Type]) -> Self {
        self.with_arguments(arguments, 0)
    }

    /// Adds an argument with a name.
    const fn with_named(self, name: &'static str) -> Self {
        Self {
            named: Some(name),
            ..self
        }
    }

    pub(super) fn has_named(&self, name: &str) -> bool {
        self.named == Some(name)
    }

    /// Returns whether the filter replaces only an empty value.
    pub(super) fn is_default(&self) -> bool {
        self.output == Either
    }

    /// Returns the filter with this name.
    ///
    /// # Errors
    /// If no filter has this name. The hint suggests a name.
    pub(super) fn from_name(name: &str) -> Result<&'static Self, TextProblem> {
        let names = || FILTERS.iter().map(|filter| filter.name);
        FILTERS
            .iter()
            .find(|filter| filter.name == name)
            .ok_or_else(|| {
                let problem = msg!("filter {name} is unknown", name);
                let hint = match nearest(name, names()) {
                    Some(nearest) => msg!("did you mean `{nearest}`?", nearest),
                    None => msg!(
                        "the filters are {all}",
                        all = names().collect::<Vec<_>>().join(", ")
                    ),
                };
                TextProblem::new(problem, hint)
            })
    }

    /// Returns the type of the result for a value of the type `before`, with the type of the first
    /// argument.
    pub(super) fn result_type(&self, before: Type, first_argument: Option<Type>) -> Type {
        match (self.output, before) {
            // An argument in a column may be a number of decimals.
            (New(Number), _)
                if self.name == "number" && first_argument.is_some_and(|first| first != Text) =>
            {
                Text
            }
            (New(kind), _) => kind,
            (Either, kind) if first_argument.unwrap_or(Text) == kind => kind,
            (Item, Text | Texts) => Text,
            (Either | Item, _) => Any,
        }
    }

    /// Returns the filter with its example, after a filter that converts the value of this type if
    /// that is needed.
    pub(super) fn corrected(&self, before: Type) -> String {
        let reads = match before {
            Text | Any if self.takes == [Number] => "number | ",
            Number | Truth if self.takes == [Text] => "string | ",
            Texts | List if self.takes.contains(&Text) && !self.takes.contains(&before) => {
                "join(' ') | "
            }
            _ => "",
        };
        format!("{reads}{}", self.example)
    }

    /// Returns the problem of a value of the type `before` with arguments of these types.
    pub(super) fn problem(&self, before: Type, given: &[Type]) -> Option<Message> {
        let Self {
            name,
            takes,
            arguments,
            min_arguments,
            ..
        } = self;
        // A column may be of any type except a number, which needs a filter.
        if !takes.contains(&before) && (before != Any || *takes == [Number]) {
            let mut taken: Vec<_> = takes.iter().map(|taken| taken.describe()).collect();
            taken.dedup();
            let taken = taken
                .into_iter()
                .reduce(|one, other| msg!("{one} or {other}", one, other));
            let taken = taken.unwrap_or_default();
            let found = before.describe();
            return Some(msg!(
                "`{name}` takes {taken}, not {found}",
                name,
                taken,
                found
            ));
        }
        if !(*min_arguments..=arguments.len()).contains(&given.len()) {
            return Some(match arguments.len() {
                0 => msg!("`{name}` takes no arguments", name),
                most if most == *min_arguments => {
                    msg!("`{name}` takes {most} arguments", name, most)
                }
                most => {
                    msg!(
                        "`{name}` takes {least} to {most} arguments",
                        name,
                        least = min_arguments,
                        most
                    )
                }
            });
        }
        let (wanted, given) = arguments
            .iter()
            .zip(given)
            .find(|(wanted, given)| wanted != given && **wanted != Any && **given != Any)?;
        Some(msg!(
            "the argument of `{name}` must be {wanted}, not {given}",
            name,
            wanted = wanted.describe(),
            given = given.describe()
        ))
    }
}

#[cfg(test)]
mod tests {
    use minijinja::ErrorKind;

    use super::{FILTERS, FilterRule};
    use crate::lists::template::{TextTemplate, language};

    #[test]
    fn each_filter_has_a_function() {
        for FilterRule { name, .. } in FILTERS {
            let filled = language().render_str(&format!("{{{{ 'x' | {name} }}}}"), ());
            assert_ne!(
                filled.err().map(|error| error.kind()),
                Some(ErrorKind::UnknownFilter),
                "{name}"
            );
        }
    }

    #[test]
    fn filter_arguments_match_their_table() {
        let language = language();
        for (source, expected) in [
            ("{{ x | replace('a', 'b') | title }}", None),
            ("{{ x | split(',', 1) | join(', ') }}", None),
            ("{{ x | number | round(n) }}", None),
            (
                "{{ x | join(', ', 'monto') }}",
                Some("`join` takes 0 to 1 arguments; write `x | join(', ')`"),
            ),
            (
                "{{ y | sum('monto') }}",
                Some("`sum` takes no arguments; write `y | sum`"),
            ),
            ("{{ x | default }}", None),
            ("{{ x | phone(pais) }}", None),
            ("{{ x | lower() }}", None),
            (
                "{{ x | date('%d/%m', 'es') }}",
                Some("`date` takes 0 to 1 arguments; write `x | date('%d/"),
            ),
            (
                "{{ x | date(28) }}",
                Some("`x | date(28)`: the argument of `date` must be a text, not a number"),
            ),
            ("{{ x | money(signo, 2) }}{{ x | date(formato) }}", None),
            (
                "{{ x | date(lang='es') }}",
                Some("`x | date(lang='es')`: it has no argument `lang`; write `date('%d/"),
            ),
            ("{{ x | date('%d/%m', from='%m/%d/%y') }}", None),
            ("{{ x | date(from='%d.%m.%Y %H.%M') }}", None),
            (
                "{{ x | date(from='%m') }}",
                Some("`x | date(from='%m')`: `%m` is not the format of a date"),
            ),
            (
                "{{ x | date(from='mm/dd/yy') }}",
                Some("`mm/dd/yy` is not the format of a date, such as `%m/%d/%y`"),
            ),
            (
                "{{ x | date(from='%d de %B') }}",
                Some("`%d de %B` has an unknown code; the codes are %d %-d"),
            ),
            (
                "{{ x | date(from=y) }}",
                Some("`from` must be a text in quotes"),
            ),
            (
                "{{ x | upper(*y) }}",
                Some("the arguments of `upper` have no names; write `upper`"),
            ),
            (
                "{{ 'a' if x | money else 'b' }}",
                Some("write `x | money('$')`"),
            ),
            (
                "{% if y == x | upper(1) %}a{% endif %}",
                Some("`upper` takes no arguments; write `x | upper`"),
            ),
        ] {
            let fault = TextTemplate::compile(&language, "text", source)
                .err()
                .map(|error| error.problem.to_string());
            let is_it = fault
                .as_deref()
                .zip(expected)
                .is_some_and(|(fault, part)| fault.contains(part));
            assert!(
                is_it || fault.is_none() && expected.is_none(),
                "{source}: {fault:?}"
            );
        }
    }
}
