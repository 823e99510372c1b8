//! The message as its recipient sees it: the lines of its kind, with WhatsApp's marks for bold, italic, strikethrough
//! and monospace.

use serde::Serialize;

use crate::message::DrawnLine;

/// The maximum length; a longer text does not help the reader.
const MOST_LINES: usize = 60;

/// A part of the bubble.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub(super) enum BubblePart {
    Text { spans: Vec<Span> },
    Button { label: String },
    Media { what: String, address: String },
    Template { name: String },
}

/// Text with one style.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Span {
    /// CSS classes: `b i s m` as marked, `slot` for what a row fills in.
    look: String,
    text: String,
}

/// The parts for `lines`; with `slots`, placeholders are highlighted, because they are not filled.
pub(super) fn parts(lines: Vec<DrawnLine>, slots: bool) -> Vec<BubblePart> {
    let mut parts: Vec<_> = lines
        .into_iter()
        .take(MOST_LINES)
        .map(|line| match line {
            DrawnLine::Text(text) => {
                let mut spans = Vec::new();
                mark(&text, "", slots, &mut spans);
                BubblePart::Text { spans }
            }
            DrawnLine::Button(label) => BubblePart::Button { label },
            DrawnLine::Media { what, address } => BubblePart::Media { what, address },
            DrawnLine::Template(name) => BubblePart::Template { name },
        })
        .collect();
    if parts.len() == MOST_LINES {
        parts.push(BubblePart::Text { spans: vec![Span { look: String::new(), text: "…".to_owned() }] });
    }
    parts
}

/// The marks, each with its class; text between monospace marks has no other marks.
const MARKS: [(&str, &str); 4] = [("```", "m"), ("*", "b"), ("_", "i"), ("~", "s")];

/// Adds `text` to `spans`, on top of the style `look`.
fn mark(text: &str, look: &str, slots: bool, spans: &mut Vec<Span>) {
    let slot = slots.then(|| slot(text)).flatten();
    let marked = marked(text);
    if let Some((begin, end)) = slot.filter(|(begin, _)| marked.as_ref().is_none_or(|marked| *begin < marked.begin)) {
        plain(text.get(..begin), look, spans);
        plain(text.get(begin..end), &format!("{look} slot"), spans);
        mark(text.get(end..).unwrap_or_default(), look, slots, spans);
        return;
    }
    let Some(Marked { begin, mark: sign, class, inside, end }) = marked else {
        plain(Some(text), look, spans);
        return;
    };
    plain(text.get(..begin), look, spans);
    let inner = format!("{look} {class}");
    if sign == "```" {
        plain(Some(inside), &inner, spans);
    } else {
        mark(inside, &inner, slots, spans);
    }
    mark(text.get(end..).unwrap_or_default(), look, slots, spans);
}

fn plain(text: Option<&str>, look: &str, spans: &mut Vec<Span>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        spans.push(Span { look: look.trim().to_owned(), text: text.to_owned() });
    }
}

/// Finds the first `{{ … }}` or `{% … %}`.
fn slot(text: &str) -> Option<(usize, usize)> {
    let of = |open: &str, close: &str| {
        let begin = text.find(open)?;
        let end = begin + text.get(begin..)?.find(close)? + close.len();
        Some((begin, end))
    };
    [of("{{", "}}"), of("{%", "%}")].into_iter().flatten().min()
}

struct Marked<'a> {
    begin: usize,
    mark: &'static str,
    class: &'static str,
    inside: &'a str,
    end: usize,
}

/// The first text between two marks: no letter is directly before the first mark or after the last, and no blank is
/// directly inside them.
fn marked(text: &str) -> Option<Marked<'_>> {
    let mut begin = 0;
    while let Some(rest) = text.get(begin..).filter(|rest| !rest.is_empty()) {
        let before = text.get(..begin).and_then(|before| before.chars().next_back());
        let may_open = !before.is_some_and(char::is_alphanumeric);
        if let Some((sign, class)) = MARKS.into_iter().find(|(sign, _)| may_open && rest.starts_with(sign))
            && let Some(inside) = inside(rest, sign)
        {
            return Some(Marked { begin, mark: sign, class, inside, end: begin + inside.len() + 2 * sign.len() });
        }
        begin += rest.chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// The text between the mark at the start of `rest` and the one that closes it.
fn inside<'a>(rest: &'a str, sign: &str) -> Option<&'a str> {
    let inner = rest.get(sign.len()..)?;
    let closing = inner.match_indices(sign).find(|(at, _)| {
        let behind = inner.get(at + sign.len()..).and_then(|behind| behind.chars().next());
        let inside = inner.get(..*at).unwrap_or_default();
        !inside.trim().is_empty() && inside.trim() == inside && !behind.is_some_and(char::is_alphanumeric)
    });
    inner.get(..closing?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_looks_and_other_signs_stay() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a *b* c", "a |<b>b| c"),
            ("*b _bi_*", "<b>b |<b i>bi"),
            ("2*3*4 snake_case_name ~", "2*3*4 snake_case_name ~"),
            ("* a* and ** and *a *", "* a* and ** and *a *"),
            ("```*m*``` ~s~", "<m>*m*| |<s>s"),
            ("Hola {{ nombre }}, *{{ x }}*", "Hola |<slot>{{ nombre }}|, |<b slot>{{ x }}"),
            ("{% if a_b_c %}x", "<slot>{% if a_b_c %}|x"),
            ("{{ a", "{{ a"),
            ("¡*Ñ*!", "¡|<b>Ñ|!"),
        ] {
            let mut spans = Vec::new();
            mark(text, "", true, &mut spans);
            let shown = spans.iter().map(|span| match span.look.as_str() {
                "" => span.text.clone(),
                look => format!("<{look}>{}", span.text),
            });
            assert_eq!(shown.collect::<Vec<_>>().join("|"), expected, "{text}");
        }
        assert_eq!(parts(vec![DrawnLine::Text("x".to_owned()); 500], false).len(), MOST_LINES + 1);
    }
}
