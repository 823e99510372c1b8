//! Describes why a text cannot be read as a template: names the expression or statement, and quotes minijinja's reason.

use minijinja::Error;
use minijinja::machinery::{parse, tokenize};

use super::language::words_of_minijinja;
use super::problem::TextProblem;
use super::spelling::name_with_blanks;
use super::syntax::syntax;
use crate::base::invisible::is_unseen;
use crate::base::message::{Message, msg};
use crate::base::texts::shorten;

/// The longest part of a text that an error repeats, in characters.
const MAX_SHOWN: usize = 60;

/// Describes `error`, the reason why `source` cannot be read.
pub(super) fn describe_syntax_error(source: &str, error: &Error) -> TextProblem {
    // The parser reports an unreadable part as the end of the text.
    let unreadable = tokenize(source, false, syntax()).find_map(Result::err);
    let error = unreadable.as_ref().unwrap_or(error);
    let reason = words_of_minijinja(error);
    let place = error.range().map_or(source.len(), |range| range.start);
    let unread = msg!("cannot be read: \"{reason}\"", reason);
    let Some(tag) = Tag::find(source, place) else {
        return unread.into();
    };
    if reason.starts_with("unexpected end of input") && tag.is_closed {
        let problem = msg!("`{{% if … %}}` is not closed by `{{% endif %}}`");
        return problem.into();
    }
    if unreadable.is_none()
        && let Some(problem) = name_with_blanks(tag.inside)
    {
        return problem;
    }
    let sign = source.get(place..).and_then(|rest| rest.chars().next());
    let problem = match (reason.as_str(), sign) {
        ("unexpected character", Some(sign)) => unsupported_sign(sign),
        _ if !tag.is_closed => {
            let opening = tag.opening;
            let closing = tag.closing;
            msg!("`{opening}` is not closed by `{closing}`", opening, closing)
        }
        _ => unread,
    };
    let words: Vec<_> = tag.written.split_whitespace().collect();
    let line = shorten(&words.join(" "), MAX_SHOWN).into_owned();
    let problem = msg!("`{line}`: {problem}", line, problem);
    let straight = tag.written.replace(['“', '”', '„'], "\"");
    let straight = straight.replace(['‘', '’', '‚'], "'");
    let fits = straight != tag.written && straight.chars().count() <= MAX_SHOWN;
    if fits && parse(&straight, "<text>", syntax()).is_ok() {
        return TextProblem::new(problem, msg!("write `{straight}`", straight));
    }
    problem.into()
}

/// An expression or a statement.
struct Tag<'a> {
    opening: &'static str,
    closing: &'static str,
    /// The text from its opening mark to its closing one, or to where the next one begins.
    written: &'a str,
    /// The part between the marks.
    inside: &'a str,
    is_closed: bool,
}

impl<'a> Tag<'a> {
    /// Finds the one at `place` of `source`, or the last one before it.
    fn find(source: &'a str, place: usize) -> Option<Self> {
        let sign = source.get(place..).and_then(|rest| rest.chars().next());
        let end = place + sign.map_or(0, char::len_utf8);
        let before = source.get(..end).unwrap_or(source);
        let marks = [("{{", "}}"), ("{%", "%}")];
        let marks = marks.into_iter();
        let begun = marks.filter_map(|(opening, closing)| {
            before.rfind(opening).map(|start| (start, opening, closing))
        });
        let (start, opening, closing) = begun.max()?;
        let rest = source.get(start..)?;
        let after = rest.get(2..).unwrap_or_default();
        let next = ["{{", "{%"].iter().filter_map(|mark| after.find(mark));
        let next = next.min().unwrap_or(after.len());
        let end = after.find(closing).filter(|end| *end < next);
        let inside = after.get(..end.unwrap_or(next)).unwrap_or_default();
        let length = opening.len() + inside.len() + end.map_or(0, |_| closing.len());
        Some(Self {
            opening,
            closing,
            written: rest.get(..length).unwrap_or(rest).trim_end(),
            inside,
            is_closed: end.is_some(),
        })
    }
}

fn unsupported_sign(sign: char) -> Message {
    if is_unseen(sign) || sign.is_whitespace() || sign.is_control() {
        let code = format!("U+{:04X}", u32::from(sign));
        return msg!("the invisible character {code} is not supported here", code);
    }
    msg!("the sign `{sign}` is not supported here", sign)
}

#[cfg(test)]
mod tests {
    use crate::lists::template::{TextTemplate, language};

    #[test]
    fn faulty_part_is_named() {
        for (source, expected) in [
            ("{{ nombre", "`{{ nombre`: `{{` is not closed by `}}`"),
            ("{{ nombre }", "`{{ nombre }`: `{{` is not closed by `}}`"),
            (
                "{{ nombre\n\nGracias {{ saldo }}",
                "`{{ nombre Gracias`: `{{` is not closed by `}}`",
            ),
            (
                "{{ nombre {% if vip %}a{% endif %}",
                "`{{ nombre`: `{{` is not closed by `}}`",
            ),
            ("50%} {% if a", "`{% if a`: `{%` is not closed by `%}`"),
            ("{# hola", "cannot be read: \"unexpected end of comment\""),
            (
                "{% raw %}x",
                "`{% raw %}`: cannot be read: \"unexpected end of raw block\"",
            ),
            (
                "{{ \"a }}",
                "`{{ \"a }}`: cannot be read: \"unexpected end of string\"",
            ),
            ("{% if a %}x", "`{% if … %}` is not closed by `{% endif %}`"),
            (
                "{% nombre %}",
                "`{% nombre %}`: cannot be read: \"unknown statement nombre\"",
            ),
            (
                "{% IF a %}x{% endif %}",
                "`{% IF a %}`: cannot be read: \"unknown statement IF\"",
            ),
            (
                "a{% endif %}",
                "`{% endif %}`: cannot be read: \"unknown statement endif\"",
            ),
            (
                "{{- a -}} {{ b ?? 'x' }}",
                "`{{ b ?? 'x' }}`: the sign `?` is not supported here",
            ),
            (
                "{# {{ a ?? 'x' }} #}{% raw %}{{ a ; }}{% endraw %}{{ '}}' }}{{ b | }}",
                "`{{ b | }}`: cannot be read: \"unexpected end of variable block, expected identifier\"",
            ),
            (
                "{% if vip == 'si' ; %}a{% endif %}",
                "`{% if vip == 'si' ; %}`: the sign `;` is not supported here",
            ),
            (
                "{{ a == '\u{a0}' }}{{ a\u{a0}}}",
                "`{{ a }}`: the invisible character U+00A0 is not supported here",
            ),
            (
                "{{ monto | money(“$”) }}",
                "`{{ monto | money(“$”) }}`: the sign `“` is not supported here; write `{{ monto | money(\"$\") }}`",
            ),
            (
                "Hola {{ nombre | default(“cliente”) }}, saldo {{ saldo }}",
                "`{{ nombre | default(“cliente”) }}`: the sign `“` is not supported here; \
                 write `{{ nombre | default(\"cliente\") }}`",
            ),
            (
                "{{ }}",
                "`{{ }}`: cannot be read: \"unexpected end of variable block\"",
            ),
            (
                "{{ 'a' if b = 'si' else 'c' }}",
                "`{{ 'a' if b = 'si' else 'c' }}`: cannot be read: \"unexpected `=`, expected end of variable block\"",
            ),
            (
                "{{ a }} {{ Nombre completo }}",
                "{{ Nombre completo }}: a column name with spaces or signs has the form {{ nombre_completo }}",
            ),
        ] {
            let problem = TextTemplate::compile(&language(), "text", source).err();
            let expected = format!("text: {expected}");
            assert_eq!(problem.unwrap().to_string(), expected, "{source}");
        }
    }
}
