//! Expressions and statements in a text that nothing fills in.

/// Returns the first expression or statement in `text`: `{{ nombre }}` or `{% if vip %}`.
pub(super) fn unfilled_tag(text: &str) -> Option<String> {
    unfilled_tags(text).into_iter().next()
}

/// Returns the expressions in `text`, then the first statement.
pub(super) fn unfilled_tags(text: &str) -> Vec<String> {
    // This runs for each cell of a list.
    if !text.contains('{') {
        return Vec::new();
    }
    let is_empty = |inside: &&str| inside.trim_matches(['{', '}', '%', ' ']).is_empty();
    let expressions = between(text, "{{", "}}")
        .filter(|inside| !is_empty(inside))
        .map(|inside| format!("{{{{{inside}}}}}"));
    let statement = between(text, "{%", "%}")
        .find(|inside| !is_empty(inside))
        .map(|inside| format!("{{%{inside}%}}"));
    expressions.chain(statement).collect()
}

fn between<'a>(text: &'a str, opens: &str, closes: &str) -> impl Iterator<Item = &'a str> {
    text.split(opens)
        .skip(1)
        .filter_map(move |rest| rest.split_once(closes).map(|(inside, _)| inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found() {
        for (text, expected) in [
            ("Hola {{ nombre }}, su pedido", &["{{ nombre }}"][..]),
            ("Hola {{1}}", &["{{1}}"]),
            (
                "{% if vip %}{{ x }}{% endif %}",
                &["{{ x }}", "{% if vip %}"],
            ),
            ("Gracias {%- if vip %}", &["{%- if vip %}"]),
            ("{{}} {{ }} {%%}", &[]),
            ("Hola {nombre}, 100% {off}", &[]),
            ("{ y } a={b: 1} {\"a\":{\"b\":1}}", &[]),
            ("10{%} 5 % de 10 %", &[]),
            ("{{ nombre", &[]),
        ] {
            assert_eq!(unfilled_tags(text), expected, "{text}");
        }
    }
}
