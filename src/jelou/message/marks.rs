//! A text as WhatsApp shows it, as lines of spans: *bold*, _italic_, ~struck~, `code`, blocks of
//! code, quotes, lists and links. A placeholder of a bulk list is a separate span.

use serde::{Serialize, Serializer};

/// The maximum of bytes of a text with marks. In a longer text the marks are shown as characters. A
/// message has at most 4,096 characters.
const MAX_STYLED_BYTES: usize = 16 * 1024;

/// A line of a text.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct StyledLine<'a> {
    /// `code`, `quote`, `item` or `numbered`; empty for any other line.
    #[serde(skip_serializing_if = "str::is_empty")]
    block: &'static str,
    /// The number in a numbered list.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u16>,
    spans: Vec<Span<'a>>,
}

/// A piece of a line with one style.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Span<'a> {
    /// `b`, `i`, `s` and `m` (monospace) for marks, several for nested marks; `link`, or `slot` for
    /// a placeholder.
    #[serde(skip_serializing_if = "String::is_empty")]
    look: String,
    text: &'a str,
}

/// Writes `text` as the lines that pages show.
pub(super) fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(lines(text))
}

fn lines(text: &str) -> Vec<StyledLine<'_>> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((before, code, after)) = code_block(rest) {
        lines.extend(before.lines().map(line));
        lines.extend(code.lines().map(|text| StyledLine {
            block: "code",
            number: None,
            spans: plain(text, ""),
        }));
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    lines.extend(rest.lines().map(line));
    lines
}

/// Finds the first code block that has several lines, with the text before and after it.
fn code_block(text: &str) -> Option<(&str, &str, &str)> {
    let mut begin = 0;
    loop {
        begin += text.get(begin..)?.find("```")?;
        let code = text.get(begin + 3..)?;
        let length = code.find('`')?;
        let inside = code.get(..length)?;
        let after = code.get(length..)?;
        match after.strip_prefix("```") {
            Some(after) if inside.contains('\n') => {
                return Some((
                    text.get(..begin)?,
                    inside.strip_prefix('\n').unwrap_or(inside),
                    after,
                ));
            }
            Some(_) => begin += length + 6,
            None => begin += 3,
        }
    }
}

/// Parses a line, which may be a quote or part of a list.
fn line(text: &str) -> StyledLine<'_> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (block, inside) = match text.get(..2) {
        Some("> ") => ("quote", text.get(2..)),
        Some("* " | "- ") => ("item", text.get(2..)),
        _ => (
            "numbered",
            text.get(digits..)
                .filter(|_| (1..=3).contains(&digits))
                .and_then(|rest| rest.strip_prefix(". ")),
        ),
    };
    let (block, inside) = inside
        .filter(|inside| !inside.is_empty())
        .map_or(("", text), |inside| (block, inside));
    let number = text
        .get(..digits)
        .filter(|_| block == "numbered")
        .and_then(|digits| digits.parse().ok());
    let mut spans = Vec::new();
    mark(inside, "", &mut spans);
    StyledLine {
        block,
        number,
        spans,
    }
}

fn plain<'a>(text: &'a str, look: &str) -> Vec<Span<'a>> {
    if text.is_empty() {
        Vec::new()
    } else {
        vec![Span {
            look: look.trim().to_owned(),
            text,
        }]
    }
}

/// A piece of text with a style.
struct StyledText<'a> {
    look: &'static str,
    text: &'a str,
    /// The length in bytes, with the marks.
    length: usize,
}

/// Adds `text` to `spans`, in addition to the style `around`.
fn mark<'a>(text: &'a str, around: &str, spans: &mut Vec<Span<'a>>) {
    let mut begin = 0;
    let mut at = 0;
    while let Some(next) = text
        .get(at..)
        .and_then(|rest| rest.chars().next())
        .filter(|_| text.len() <= MAX_STYLED_BYTES)
    {
        let Some(StyledText {
            look,
            text: inside,
            length,
        }) = marked(text, at, around)
        else {
            at += next.len_utf8();
            continue;
        };
        spans.extend(plain(text.get(begin..at).unwrap_or_default(), around));
        let look_inside = format!("{around} {look}");
        if ["b", "i", "s"].contains(&look) {
            mark(inside, &look_inside, spans);
        } else {
            spans.extend(plain(inside, &look_inside));
        }
        at += length;
        begin = at;
    }
    spans.extend(plain(text.get(begin..).unwrap_or_default(), around));
}

/// Finds the styled piece at `at`. A mark cannot contain the same mark.
fn marked<'a>(text: &'a str, at: usize, around: &str) -> Option<StyledText<'a>> {
    const MARKS: [(&str, &str); 5] = [("```", "m"), ("`", "m"), ("*", "b"), ("_", "i"), ("~", "s")];
    let (before, rest) = text.split_at_checked(at)?;
    if let Some(length) = slot(rest).or_else(|| link(rest)) {
        let look = if rest.starts_with('{') {
            "slot"
        } else {
            "link"
        };
        return Some(StyledText {
            look,
            text: rest.get(..length)?,
            length,
        });
    }
    if before
        .chars()
        .next_back()
        .is_some_and(char::is_alphanumeric)
    {
        return None;
    }
    let mut marks = MARKS
        .into_iter()
        .filter(|(sign, look)| rest.starts_with(sign) && !around.contains(look));
    marks.find_map(|(sign, look)| {
        let text = inside(rest, sign)?;
        Some(StyledText {
            look,
            text,
            length: text.len() + 2 * sign.len(),
        })
    })
}

/// Returns the length of the `{{ … }}` or `{% … %}` at the start of `rest`.
fn slot(rest: &str) -> Option<usize> {
    let end = [("{{", "}}"), ("{%", "%}")]
        .into_iter()
        .find(|(open, _)| rest.starts_with(open))?
        .1;
    Some(rest.find(end)? + end.len())
}

/// Returns the length of the URL at the start of `rest`, without punctuation that ends a sentence.
fn link(rest: &str) -> Option<usize> {
    let begins = ["https://", "http://"]
        .into_iter()
        .find(|scheme| rest.starts_with(scheme))?;
    let ends = |character: char| character.is_whitespace() || "<>\"".contains(character);
    let address = rest
        .split(ends)
        .next()?
        .trim_end_matches(|character| ".,;:!?)]}'*_~".contains(character));
    Some(address.len()).filter(|length| *length > begins.len())
}

/// Returns the text between the mark at the start of `rest` and its closing mark. No letter follows
/// the closing mark, and no space is next to a mark inside.
fn inside<'a>(rest: &'a str, sign: &str) -> Option<&'a str> {
    let inner = rest.get(sign.len()..)?;
    let closing = inner.match_indices(sign).find(|(at, _)| {
        let after = inner
            .get(at + sign.len()..)
            .and_then(|after| after.chars().next());
        let inside = inner.get(..*at).unwrap_or_default();
        !inside.is_empty()
            && inside.trim().len() == inside.len()
            && !after.is_some_and(char::is_alphanumeric)
    });
    inner.get(..closing?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatting_marks_become_styles_and_others_remain() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a *b* c", "a |<b>b| c"),
            ("*b _bi_*", "<b>b |<b i>bi"),
            ("*a *b* c*", "<b>a *b| c*"),
            ("2*3*4 snake_case_name ~", "2*3*4 snake_case_name ~"),
            ("* a* and ** and *a *", "item:a* and ** and *a *"),
            ("```*m*``` ~s~ `*c*`", "<m>*m*| |<s>s| |<m>*c*"),
            (
                "Hola {{ nombre }}, *{{ x }}*",
                "Hola |<slot>{{ nombre }}|, |<b slot>{{ x }}",
            ),
            ("{% if a_b_c %}x", "<slot>{% if a_b_c %}|x"),
            ("{{ a", "{{ a"),
            ("¡*Ñ*!", "¡|<b>Ñ|!"),
            (
                "see https://a.example/x_y_z?q=1, ok",
                "see |<link>https://a.example/x_y_z?q=1|, ok",
            ),
            (
                "*http://a.example* https://",
                "<b link>http://a.example| https://",
            ),
            (
                "* uno\n- *dos*\n\n3. tres\n> vier\n1234. x\n> ",
                "item:uno/item:<b>dos//numbered 3:tres/quote:vier/1234. x/> ",
            ),
            (
                "Run ```a *b*\n> c``` _now_",
                "Run /code:a *b*/code:> c/ |<i>now",
            ),
            ("```\na\n\nb\n```\nc", "code:a/code:/code:b/c"),
            ("```a``` ```b\nc", "<m>a| ```b/c"),
        ] {
            let shown = lines(text)
                .iter()
                .map(|line| {
                    let number = line
                        .number
                        .map(|number| format!(" {number}"))
                        .unwrap_or_default();
                    let block = if line.block.is_empty() {
                        String::new()
                    } else {
                        format!("{}{number}:", line.block)
                    };
                    let spans = line.spans.iter().map(|span| match span.look.as_str() {
                        "" => span.text.to_owned(),
                        look => format!("<{look}>{}", span.text),
                    });
                    block + &spans.collect::<Vec<_>>().join("|")
                })
                .collect::<Vec<_>>();
            assert_eq!(shown.join("/"), expected, "{text}");
        }
    }

    #[test]
    fn many_marks_are_read_quickly() {
        for text in [
            "*_~`".repeat(3000),
            "*_~".repeat(100_000),
            "*a ".repeat(5000),
            "```".repeat(100_000),
        ] {
            let shown: usize = lines(&text)
                .iter()
                .flat_map(|line| &line.spans)
                .map(|span| span.text.len())
                .sum();
            assert!(shown > 0 && shown <= text.len());
        }
    }
}
