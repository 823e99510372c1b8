//! The filters of the language: what each takes, in front of it and in its brackets, and what it gives.

use Gives::{Either, Item, Items, Kept, New, Same};
use Type::{Any, List, Number, Text, Texts, Truth};

use crate::nearest::nearest;

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
    /// Yes or no.
    Truth,
    /// A list of texts.
    Texts,
    List,
    /// A column is a text in a list with a header, and any JSON in NDJSON; only its rows say which.
    Any,
}

impl Type {
    /// In an error, after "takes" or "is".
    pub(super) fn words(self) -> &'static str {
        match self {
            Text => "a text",
            Number => "a number",
            Truth => "yes or no",
            Texts => "a list of words",
            List => "a list",
            Any => "a value",
        }
    }
}

/// What a filter gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    /// Something else than what was in front of it.
    New(Type),
    /// The same content in another form: an upper-case text still is its column's.
    Kept(Type),
    /// What was in front of it, or another value where that is missing.
    Either,
    /// What was in front of it, in another order.
    Same,
    /// One item of the list in front of it, or one letter of the text.
    Item,
    /// A list of the same items or letters.
    Items,
}

/// A filter.
#[derive(Debug)]
pub(super) struct FilterRule {
    name: &'static str,
    /// What may stand in front of it.
    takes: &'static [Type],
    /// What stands in its brackets, in this order, of which the first `least` must be there.
    by_place: &'static [Type],
    least: usize,
    /// What may stand there with its name.
    by_name: &'static [(&'static str, Type)],
    pub(super) gives: Gives,
    /// How it is written.
    example: &'static str,
    /// What its brackets are tried with, if not every text or number may stand in them.
    pub(super) trial: Option<&'static str>,
}

const ONE: &[Type] = &[Text, Number, Truth];
const MANY: &[Type] = &[Text, Texts, List];
const AMOUNT: &[Type] = &[Text, Number];
const ALL: &[Type] = &[Text, Number, Truth, Texts, List];
const ATTRIBUTE: (&str, Type) = ("attribute", Text);
const CASE: (&str, Type) = ("case_sensitive", Truth);
const NONE: &[(&str, Type)] = &[];

const fn filter(
    (name, takes, gives): (&'static str, &'static [Type], Gives),
    (least, by_place, by_name): (usize, &'static [Type], &'static [(&'static str, Type)]),
    example: &'static str,
) -> FilterRule {
    FilterRule { name, takes, by_place, least, by_name, gives, example, trial: None }
}

impl FilterRule {
    const fn tried_with(self, trial: &'static str) -> Self {
        Self { trial: Some(trial), ..self }
    }
}

/// All of them.
const FILTERS: [FilterRule; 31] = [
    filter(("abs", &[Number], New(Number)), (0, &[], NONE), "abs"),
    filter(("capitalize", ONE, Kept(Text)), (0, &[], NONE), "capitalize"),
    filter(("count", MANY, New(Number)), (0, &[], NONE), "count"),
    filter(("d", ALL, Either), (0, &[Any, Truth], NONE), "d('-')"),
    filter(("date", AMOUNT, New(Text)), (0, &[Text], NONE), "date('28 de noviembre')").tried_with("'2026-11-28T13:30'"),
    filter(("default", ALL, Either), (0, &[Any, Truth], NONE), "default('-')"),
    filter(("first", MANY, Item), (0, &[], NONE), "first"),
    filter(("join", MANY, New(Text)), (0, &[Any, Text], &[("d", Any), ATTRIBUTE]), "join(', ')"),
    filter(("last", MANY, Item), (0, &[], NONE), "last"),
    filter(("length", MANY, New(Number)), (0, &[], NONE), "length"),
    filter(("lines", &[Text], New(Texts)), (0, &[], NONE), "lines"),
    filter(("list", MANY, Items), (0, &[], NONE), "list"),
    filter(("lower", ONE, Kept(Text)), (0, &[], NONE), "lower"),
    filter(("max", MANY, Item), (0, &[], &[ATTRIBUTE, CASE]), "max"),
    filter(("min", MANY, Item), (0, &[], &[ATTRIBUTE, CASE]), "min"),
    filter(("money", AMOUNT, New(Text)), (1, &[Text, Number], NONE), "money('$')").tried_with("1"),
    filter(("number", AMOUNT, New(Number)), (0, &[Any], NONE), "number").tried_with("1"),
    filter(("percent", AMOUNT, New(Text)), (0, &[Number], NONE), "percent").tried_with("1"),
    filter(("phone", AMOUNT, New(Text)), (0, &[Text], NONE), "phone('EC')").tried_with("'+593987654321'"),
    filter(("replace", ONE, Kept(Text)), (2, &[Any, Any], NONE), "replace('-', ' ')"),
    filter(("reverse", MANY, Same), (0, &[], NONE), "reverse"),
    filter(
        ("round", &[Number], New(Number)),
        (0, &[Number, Text], &[("precision", Number), ("method", Text)]),
        "round(2)",
    ),
    filter(("sort", MANY, Items), (0, &[], &[("reverse", Truth), ATTRIBUTE, CASE]), "sort"),
    filter(("split", &[Text], New(Texts)), (0, &[Text, Number], NONE), "split | first"),
    filter(("string", ALL, Kept(Text)), (0, &[], NONE), "string"),
    filter(("sum", &[List], New(Number)), (0, &[Text, Number], &[ATTRIBUTE, ("start", Number)]), "sum"),
    filter(("title", ONE, Kept(Text)), (0, &[], NONE), "title"),
    filter(("trim", ONE, Kept(Text)), (0, &[Any], NONE), "trim"),
    filter(("unique", MANY, Items), (0, &[], &[ATTRIBUTE, CASE]), "unique"),
    filter(("upper", ONE, Kept(Text)), (0, &[], NONE), "upper"),
    filter(("yes", ONE, New(Truth)), (0, &[], NONE), "yes"),
];

impl FilterRule {
    /// The filter of this name.
    ///
    /// # Errors
    /// If there is none; what may be meant, in words.
    pub(super) fn named(name: &str) -> Result<&'static Self, String> {
        let names = || FILTERS.iter().map(|filter| filter.name);
        FILTERS.iter().find(|filter| filter.name == name).ok_or_else(|| match nearest(name, names()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
        })
    }

    /// What it gives behind a value of the type `inside`, with a value of the type `how` first in its brackets.
    pub(super) fn kind(&self, inside: Type, how: Option<Type>) -> Type {
        match (self.gives, inside) {
            (New(Number), _) if self.name == "number" && how == Some(Number) => Text,
            (New(kind) | Kept(kind), _) | (Same, kind) => kind,
            (Either, Number) => Number,
            (Either, kind) if how.unwrap_or(Text) == kind => kind,
            (Item, Text | Texts) => Text,
            (Items, Text | Texts) => Texts,
            (Items, _) => List,
            (Either | Item, _) => Any,
        }
    }

    pub(super) fn takes_numbers(&self) -> bool {
        self.takes == [Number]
    }

    /// How it is written behind a value of this type.
    pub(super) fn line(&self, inside: Type) -> String {
        let reads = if self.takes_numbers() && inside == Text { "number | " } else { "" };
        format!("{reads}{}", self.example)
    }

    /// Why it cannot stand behind a value of the type `inside` with these values in its brackets, each with the name
    /// before it, if there is one.
    pub(super) fn fault(&self, inside: Type, given: &[(Option<&str>, Type)]) -> Option<String> {
        let Self { name, takes, by_place, least, by_name, .. } = self;
        if inside != Any && !takes.contains(&inside) {
            let mut taken: Vec<_> = takes.iter().map(|taken| taken.words()).collect();
            taken.dedup();
            return Some(format!("`{name}` takes {}, not {}", taken.join(" or "), inside.words()));
        }
        let mut places = by_place.iter();
        for (own, given) in given {
            let wanted = match own {
                Some(own) => by_name.iter().find(|(known, _)| known == own).map(|(_, wanted)| wanted),
                None => places.next(),
            };
            match (wanted, own) {
                (None, Some(own)) => return Some(format!("`{name}` takes no `{own}`")),
                (None, None) if by_place.is_empty() => return Some(format!("`{name}` takes nothing in its brackets")),
                (None, None) => return Some(format!("`{name}` takes at most {} in its brackets", by_place.len())),
                (Some(wanted), _) if *given != *wanted && *given != Any && *wanted != Any => {
                    return Some(format!("`{name}` takes {} in its brackets, not {}", wanted.words(), given.words()));
                }
                (Some(_), _) => {}
            }
        }
        let is_short = by_place.len() - places.len() < *least;
        is_short.then(|| format!("`{name}` needs {least} in its brackets"))
    }
}

#[cfg(test)]
mod tests {
    use crate::template::{TextTemplate, language};

    #[test]
    fn a_filter_takes_what_its_line_says() {
        let language = language();
        for (source, expected) in [
            ("{{ x | replace('a', 'b') | title }}", None),
            ("{{ x | split(',', 1) | join(', ') }}", None),
            ("{{ x | number | round(precision=1, method='floor') }}", None),
            ("{{ x | number | round(n) }}", None),
            ("{{ x | sort(reverse=true) | join }}", None),
            ("{{ x | default }}", None),
            ("{{ x | phone(pais) }}", None),
            ("{{ x | lower() }}", None),
            ("{{ x | date('28/11', 'es') }}", Some("`date` takes at most 1 in its brackets; write `x | date('28 de")),
            ("{{ x | date(28) }}", Some("`x | date(28)`: `date` takes a text in its brackets, not a number")),
            ("{{ x | date('%q') }}", Some("`x | date('%q')`: date: `%q` has a code that is not known")),
            ("{{ x | date('5 de marzo') }}", Some("`marzo` would be in every date")),
            ("{{ x | number(';') }}", Some("`;` is not a sign of decimals")),
            ("{{ x | money('$', 11) }}", Some("`11` is not a number of decimals")),
            ("{{ x | phone('XX') }}", Some("`x | phone('XX')`: phone: ")),
            ("{{ x | money(signo, 2) }}{{ x | date(formato) }}", None),
            ("{{ x | date(lang='es') }}", Some("`date` takes no `lang`")),
            ("{{ x | sort(true) }}", Some("`sort` takes nothing in its brackets")),
            ("{{ x | number | round(precision='1') }}", Some("`round` takes a number in its brackets, not a text")),
            ("{{ x | upper(*y) }}", Some("`upper` takes no `*`")),
            ("{{ 'a' if x | money else 'b' }}", Some("write `x | money('$')`")),
            ("{% if y == x | upper(1) %}a{% endif %}", Some("write `x | upper`")),
        ] {
            let fault = TextTemplate::compile(&language, "text", source).err().map(|error| error.problem);
            let is_it = fault.as_deref().zip(expected).is_some_and(|(fault, part)| fault.contains(part));
            assert!(is_it || fault.is_none() && expected.is_none(), "{source}: {fault:?}");
        }
    }
}
