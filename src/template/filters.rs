//! The filters of the language: what each takes in its brackets.

use Type::{Any, List, Number, Text, Truth};

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
    /// Yes or no.
    Truth,
    List,
    /// A column is a text in a list with a header, and any JSON in NDJSON; only its rows say which.
    Any,
}

impl Type {
    /// Whether a value of this type may stand where `wanted` belongs.
    fn fits(self, wanted: Self) -> bool {
        self == wanted || self == Any || wanted == Any
    }

    /// In an error, after "takes" or "is".
    pub(super) fn words(self) -> &'static str {
        match self {
            Text => "a text",
            Number => "a number",
            Truth => "yes or no",
            List => "a list",
            Any => "a value",
        }
    }
}

/// A filter.
#[derive(Debug)]
pub(super) struct Filter {
    name: &'static str,
    /// What stands in its brackets, in this order, of which the first `least` must be there.
    by_place: &'static [Type],
    least: usize,
    /// What may stand there with its name.
    by_name: &'static [(&'static str, Type)],
    /// How it is written.
    pub(super) example: &'static str,
}

const ATTRIBUTE: (&str, Type) = ("attribute", Text);
const CASE: (&str, Type) = ("case_sensitive", Truth);
const NONE: &[(&str, Type)] = &[];

const fn filter(
    name: &'static str,
    (least, by_place, by_name): (usize, &'static [Type], &'static [(&'static str, Type)]),
    example: &'static str,
) -> Filter {
    Filter { name, by_place, least, by_name, example }
}

/// All of them.
const FILTERS: [Filter; 33] = [
    filter("abs", (0, &[], NONE), "abs"),
    filter("capitalize", (0, &[], NONE), "capitalize"),
    filter("count", (0, &[], NONE), "count"),
    filter("d", (0, &[Any, Truth], NONE), "d('-')"),
    filter("date", (0, &[Text], NONE), "date('28 de noviembre')"),
    filter("default", (0, &[Any, Truth], NONE), "default('-')"),
    filter("first", (0, &[], NONE), "first"),
    filter("float", (0, &[Any], &[("default", Any)]), "float"),
    filter("int", (0, &[Any, Number], &[("default", Any), ("base", Number)]), "int"),
    filter("join", (0, &[Any, Text], &[("d", Any), ATTRIBUTE]), "join(', ')"),
    filter("last", (0, &[], NONE), "last"),
    filter("length", (0, &[], NONE), "length"),
    filter("lines", (0, &[], NONE), "lines"),
    filter("list", (0, &[], NONE), "list"),
    filter("lower", (0, &[], NONE), "lower"),
    filter("max", (0, &[], &[ATTRIBUTE, CASE]), "max"),
    filter("min", (0, &[], &[ATTRIBUTE, CASE]), "min"),
    filter("money", (1, &[Text, Number], NONE), "money('$')"),
    filter("number", (0, &[Any], NONE), "number"),
    filter("percent", (0, &[Number], NONE), "percent"),
    filter("phone", (0, &[Text], NONE), "phone('EC')"),
    filter("replace", (2, &[Any, Any], NONE), "replace('-', ' ')"),
    filter("reverse", (0, &[], NONE), "reverse"),
    filter("round", (0, &[Number, Text], &[("precision", Number), ("method", Text)]), "round(2)"),
    filter("sort", (0, &[], &[("reverse", Truth), ATTRIBUTE, CASE]), "sort"),
    filter("split", (0, &[Text, Number], NONE), "split(',')"),
    filter("string", (0, &[], NONE), "string"),
    filter("sum", (0, &[Text, Number], &[ATTRIBUTE, ("start", Number)]), "sum"),
    filter("title", (0, &[], NONE), "title"),
    filter("trim", (0, &[Any], NONE), "trim"),
    filter("unique", (0, &[], &[ATTRIBUTE, CASE]), "unique"),
    filter("upper", (0, &[], NONE), "upper"),
    filter("yes", (0, &[], NONE), "yes"),
];

impl Filter {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        FILTERS.iter().find(|filter| filter.name == name)
    }

    /// Why it cannot have these values in its brackets, each with the name before it, if there is one.
    pub(super) fn fault(&self, given: &[(Option<&str>, Type)]) -> Option<String> {
        let Self { name, by_place, least, by_name, .. } = self;
        let count = given.iter().filter(|(name, _)| name.is_none()).count();
        if let Some((unknown, _)) =
            given.iter().find(|(own, _)| own.is_some_and(|own| by_name.iter().all(|(known, _)| *known != own)))
        {
            return Some(format!("`{name}` takes no `{}`", unknown.unwrap_or_default()));
        }
        if count > by_place.len() {
            let most = if by_place.is_empty() { "no".to_owned() } else { format!("at most {}", by_place.len()) };
            return Some(format!("`{name}` takes {most} {} in its brackets", values(by_place.len())));
        }
        if count < *least {
            return Some(format!("`{name}` takes at least {least} {} in its brackets", values(*least)));
        }
        let places = by_place.iter();
        let mut wanted = given.iter().scan(places, |places, (own, given)| {
            let named = own.and_then(|own| by_name.iter().find(|(known, _)| *known == own));
            let wanted = named.map(|(_, wanted)| *wanted).or_else(|| places.next().copied());
            Some((*given, wanted.unwrap_or(Any)))
        });
        let (given, wanted) = wanted.find(|(given, wanted)| !given.fits(*wanted))?;
        Some(format!("`{name}` takes {} in its brackets, not {}", wanted.words(), given.words()))
    }
}

fn values(count: usize) -> &'static str {
    if count == 1 { "value" } else { "values" }
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
            (
                "{{ x | date('28/11', 'es') }}",
                Some("`date` takes at most 1 value in its brackets; write `x | date('28 de"),
            ),
            ("{{ x | date(28) }}", Some("`x | date(28)`: `date` takes a text in its brackets, not a number")),
            ("{{ x | date(lang='es') }}", Some("`date` takes no `lang`")),
            ("{{ x | sort(true) }}", Some("`sort` takes no values in its brackets")),
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
