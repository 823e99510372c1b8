//! The page itself: fills the template with the data of the run.

use std::collections::BTreeMap;
use std::io::{self, Write};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::civil::Date;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, State, UndefinedBehavior, context, filters};
use ring::digest::{SHA256, digest};
use serde::Serialize;
use serde_json::{Value, json};

use super::head::CourseStep;
use super::rows::{ChosenRows, FIRST_ROWS, NOT_KNOWN, OUTCOMES, Outcomes, PageRows, UNDELIVERED};
use super::texts::{PageClock, reason_in_words};
use super::timeline::DrawnTimeline;
use crate::base::message::{Lang, Message, msg};
use crate::base::output::FactLine;
use crate::jelou::message::Part;
use crate::lists::column_facts::ColumnTable;
use crate::runs::import::BulkError;
use crate::runs::ledger::{RowState, RunSettings};

const TEMPLATE: &str = include_str!("page.html");
const BUBBLE: &str = include_str!("bubble.html");
/// A command to copy.
const COMMAND: &str = r#"<div class="command"><code>
{%- for word in it|split(" ") %}<span>{{ word }}</span>{% if not loop.last %} {% endif %}{% endfor -%}
</code><button type="button" data-copy hidden>{{ t.copy }}</button></div>"#;
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The data of the page: numbers, and names of texts that the template looks up. The page of a list before its run has
/// less data.
#[derive(Default, Serialize)]
pub(super) struct Page {
    lang: &'static str,
    t: BTreeMap<&'static str, &'static str>,
    policy: String,
    style: &'static str,
    script: &'static str,
    pub(super) mask: bool,
    is_sandbox: bool,
    /// Whether the page is of a list before its run: the rows have messages, but no events.
    is_preview: bool,
    /// When the page was created, in milliseconds since 1970.
    made: i64,
    /// Why a list before its run cannot be sent as it is; empty if the reason may name a recipient.
    pub(super) refused: Option<String>,
    /// What to do about it; empty if nothing is known.
    pub(super) remedy: String,
    pub(super) name: String,
    pub(super) state: &'static str,
    pub(super) facts: Vec<(&'static str, String)>,
    /// When the run began, and its last known time, in milliseconds since 1970.
    pub(super) span: Option<[i64; 2]>,
    /// What the next command does, by the name of its text, and the command.
    pub(super) next: Option<(&'static str, String)>,
    tiles: Vec<Value>,
    all: u64,
    pub(super) funnel: Option<Value>,
    /// The command that lists the messages that were not received.
    pub(super) not_received: Option<String>,
    pub(super) timeline: Option<DrawnTimeline>,
    pub(super) message: Option<Value>,
    /// The name of the text for a message that the page cannot show.
    without_message: &'static str,
    /// Warnings about the whole list, before its run.
    pub(super) list_warnings: Vec<String>,
    /// What the rows send, column by column.
    column_table: Vec<FactLine>,
    reasons: Vec<Value>,
    skipped_on_purpose: Vec<Value>,
    countries: Vec<(&'static str, Vec<u64>)>,
    pub(super) cost: Option<Value>,
    pub(super) course: Vec<CourseStep>,
    pub(super) columns: Vec<String>,
    /// The states and the delivery statuses that occur: names and texts.
    states: Vec<(&'static str, &'static str)>,
    deliveries: Vec<(&'static str, &'static str)>,
    /// The names and texts of every possible outcome, in the order of their numbers in the rows. Empty if the list was
    /// not read.
    outcomes: Vec<OutcomeLabels>,
    row_reasons: Vec<String>,
    rows: ChosenRows,
    omitted: u64,
    /// The data for the script, as JSON.
    settings: String,
}

/// Names and texts of a state and of a delivery status, which may be empty.
#[derive(Serialize)]
struct OutcomeLabels {
    state: &'static str,
    state_words: &'static str,
    delivery: &'static str,
    delivery_words: &'static str,
}

/// Draws a message as its recipient sees it. Without a recipient, its placeholders show the names of the columns.
/// Returns None if it cannot be drawn.
pub(super) fn shown_message(drawn: Vec<Part>, to: Option<&str>) -> Option<Value> {
    let mut parts = json!(Part::simple(drawn));
    if parts.as_array().is_none_or(Vec::is_empty) {
        return None;
    }
    if to.is_none() {
        name_columns(&mut parts);
    }
    Some(json!({ "parts": parts, "to": to }))
}

/// Replaces each placeholder with the name of its column: `nombre` for `{{ nombre | title }}`.
fn name_columns(value: &mut Value) {
    match value {
        Value::String(text) => *text = with_columns_named(text),
        Value::Array(items) => items.iter_mut().for_each(name_columns),
        Value::Object(fields) => fields.values_mut().for_each(name_columns),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn with_columns_named(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find(['{']) {
        shown.push_str(rest.get(..begin).unwrap_or_default());
        rest = rest.get(begin..).unwrap_or_default();
        let ends = [("{{", "}}"), ("{%", "%}")];
        let ended = ends
            .into_iter()
            .filter(|(open, _)| rest.starts_with(open))
            .find_map(|(open, close)| {
                let (inside, after) = rest.get(open.len()..)?.split_once(close)?;
                Some((open, inside, after))
            });
        if let Some((open, inside, after)) = ended {
            // A condition itself is hidden; the text inside it is shown.
            if open == "{{" {
                shown.push_str(first_column(inside));
            }
            rest = after;
        } else {
            shown.push('{');
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    shown + rest
}

/// Returns the first column of an expression: `nombre | title`, `row['Nombre completo']`.
fn first_column(expression: &str) -> &str {
    let expression = expression.trim_matches(|each: char| each == '-' || each.is_whitespace());
    let quoted = expression.strip_prefix("row[").and_then(|rest| {
        let quote = rest.chars().next()?;
        rest.get(1..)?.split(quote).next()
    });
    let is_in_name = |each: char| each.is_alphanumeric() || "_.".contains(each);
    let end = expression
        .find(|each: char| !is_in_name(each))
        .unwrap_or(expression.len());
    let name = quoted.or(expression.get(..end)).unwrap_or_default();
    if name.is_empty() { "…" } else { name }
}

impl Page {
    /// Creates a page without rows.
    pub(super) fn without_rows(mask: bool, made: i64, language: Lang) -> Self {
        Self {
            lang: language.code(),
            t: language.texts(),
            policy: policy(),
            style: STYLE,
            script: SCRIPT,
            mask,
            is_preview: true,
            made,
            ..Self::default()
        }
    }

    /// Collects the data that a page has both before and after a run.
    pub(super) fn new(
        details: &RunSettings,
        outcomes: &Outcomes,
        rows: &PageRows<'_>,
        made: i64,
        language: Lang,
    ) -> Self {
        let is_preview = outcomes.is_preview;
        let one = if is_preview { "one_list_" } else { "one_" };
        // Before a run no row is pending.
        let word = |state: &RowState| {
            let name = match state {
                RowState::Sent if outcomes.is_refused => "one_refused_sent".to_owned(),
                state => format!("{one}{}", state.name()),
            };
            language.find(&name).unwrap_or_default()
        };
        let delivery_word = |name: &str| language.find(&format!("one_{name}")).unwrap_or_default();
        let shown_outcomes = OUTCOMES.iter().map(|outcome| OutcomeLabels {
            state: outcome.state.name(),
            state_words: word(&outcome.state),
            delivery: outcome.delivery,
            delivery_words: delivery_word(outcome.delivery),
        });
        let states = STATES
            .iter()
            .filter(|state| outcomes.counts.count(**state) > 0);
        let deliveries = DELIVERIES
            .into_iter()
            .filter(|name| outcomes.deliveries.contains_key(name));
        Self {
            is_sandbox: details.sandbox,
            is_preview,
            tiles: outcomes.tiles(),
            column_table: column_lines(&details.column_table, rows.mask, language),
            without_message: match details.message {
                Some(_) => "not_drawn",
                None => "no_message",
            },
            all: outcomes.counts.all(),
            reasons: outcomes.reasons(false, language),
            skipped_on_purpose: outcomes.reasons(true, language),
            countries: outcomes.countries(),
            states: states.map(|state| (state.name(), word(state))).collect(),
            deliveries: deliveries.map(|name| (name, delivery_word(name))).collect(),
            outcomes: shown_outcomes.collect(),
            row_reasons: rows
                .reasons()
                .into_iter()
                .map(|reason| reason_in_words(reason, language))
                .collect(),
            ..Self::without_rows(rows.mask, made, language)
        }
    }

    /// Writes the page with as many of `rows` as fit; returns a description of it.
    pub(super) fn write(
        mut self,
        rows: &PageRows<'_>,
        clock: &PageClock,
        language: Lang,
        mut to: impl Write,
    ) -> Result<Message, BulkError> {
        let failed = |error| BulkError::Report(io::Error::other::<minijinja::Error>(error));
        let environment = environment(&self.t, clock, language).map_err(failed)?;
        self.settings = settings(&self, clock.date, language);
        self.rows = rows.choose();
        self.omitted = rows.number - self.rows.number;
        let page = environment
            .render_str(TEMPLATE, Serde(&self))
            .map_err(failed)?;
        to.write_all(page.as_bytes())
            .and_then(|()| to.flush())
            .map_err(BulkError::Report)?;
        let all = rows.number;
        Ok(match self.omitted {
            0 => msg!("a page with {all} {all|row|rows}", all),
            _ => msg!(
                "a page with {shown} of {all} {all|row|rows} (its maximum)",
                shown = self.rows.number,
                all
            ),
        })
    }
}

/// Returns the lines of the table of columns. With a mask, they have no cell.
fn column_lines(table: &ColumnTable, mask: bool, language: Lang) -> Vec<FactLine> {
    if table.rows == 0 {
        Vec::new()
    } else if mask {
        table.without_cells().lines(language, true)
    } else {
        table.lines(language, true)
    }
}

/// The states in the order of their filter.
const STATES: [RowState; 6] = [
    RowState::Failed,
    RowState::Unknown,
    RowState::Inflight,
    RowState::Pending,
    RowState::Skipped,
    RowState::Sent,
];
/// The delivery statuses in the order of their filter.
const DELIVERIES: [&str; 8] = [
    UNDELIVERED,
    NOT_KNOWN,
    "accepted",
    "at_whatsapp",
    "delivered",
    "read",
    "replied",
    "other",
];

/// Marks the beginning of every page, so that a newer page may replace it.
const MARK: &str = r#"<meta name="generator" content="jelouctl">"#;
/// The mark is within this many bytes from the start.
const MARK_WITHIN: usize = 4096;

/// Returns whether a file with this beginning is a page.
pub(crate) fn is_page(begin: &[u8]) -> bool {
    let begin = String::from_utf8_lossy(begin.get(..MARK_WITHIN).unwrap_or(begin));
    begin.starts_with("<!doctype html>") && begin.contains(MARK)
}

/// Creates the template environment of the page, which escapes all values.
fn environment(
    texts: &BTreeMap<&'static str, &'static str>,
    clock: &PageClock,
    language: Lang,
) -> Result<Environment<'static>, minijinja::Error> {
    // It has only what the page uses, because all filters and tests of minijinja are a hundredth of the binary.
    let mut environment = Environment::empty();
    environment.add_filter("length", filters::length);
    environment.add_filter("replace", filters::replace);
    environment.add_filter("safe", filters::safe);
    environment.add_filter("split", filters::split);
    environment.add_filter("sum", filters::sum);
    environment.add_test("defined", minijinja::tests::is_defined);
    environment.add_test("none", minijinja::tests::is_none);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    // A part that the page uses in several places has its own template.
    for (name, part) in [("bubble", BUBBLE), ("command", COMMAND)] {
        environment.add_template(name, part)?;
        let texts = minijinja::Value::from(Serde(texts));
        environment.add_filter(name, move |state: &State<'_, '_>, it: minijinja::Value| {
            let drawn = state
                .env()
                .get_template(name)?
                .render(context! { it, t => texts.clone() })?;
            Ok::<_, minijinja::Error>(minijinja::Value::from_safe_string(drawn))
        });
    }
    environment.add_filter("number", move |number: u64| language.number(number));
    environment.add_filter("amount", move |amount: String| language.amount(&amount));
    environment.add_filter("share", move |part: u64, whole: u64| {
        language.share(part, whole)
    });
    environment.add_filter("counted", move |number: u64, name: String| {
        language.counted(&name, number)
    });
    let date = clock.date;
    environment.add_filter("local_day", move |at: String| write_day(date, &at));
    let of_time = clock.clone();
    environment.add_filter("time", move |at: i64| html(of_time.time_element(at)));
    let of_span = clock.clone();
    environment.add_filter("span", move |from: i64, to: i64| {
        html(of_span.span_element(from, to))
    });
    let of_text = clock.clone();
    // The texts of the page are HTML.
    environment.add_filter("with_time", move |text: String, at: i64| {
        html(text.replace("{}", &of_text.time_element(at)))
    });
    Ok(environment)
}

fn html(text: String) -> minijinja::Value {
    minijinja::Value::from_safe_string(text)
}

/// Writes a local time, `2026-11-20 10:15:03`, with its day in this format.
fn write_day(date: &str, at: &str) -> String {
    let Some((day, time)) = at.split_once(' ') else {
        return at.to_owned();
    };
    let day = day
        .parse::<Date>()
        .map(|day| day.strftime(date).to_string());
    day.map_or_else(|_| at.to_owned(), |day| format!("{day} {time}"))
}

/// Allows only the page's own style and script, each by its hash.
fn policy() -> String {
    let hash = |text: &str| {
        format!(
            "'sha256-{}'",
            BASE64_STANDARD.encode(digest(&SHA256, text.as_bytes()))
        )
    };
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// Collects the data for the script: texts for states, reasons and columns, and its own texts.
fn settings(page: &Page, date: &str, language: Lang) -> String {
    let words = [
        "range",
        "none_found",
        "on_paper",
        "copied",
        "copy",
        "template",
        "template_means",
    ];
    let words = words.map(|name| (name, language.text(name)));
    let settings = json!({
        "language": language.code(),
        "outcomes": page.outcomes,
        "hasDeliveries": !page.deliveries.is_empty(),
        "reasons": page.row_reasons,
        "columns": page.columns.len(),
        "mask": page.mask,
        "isPreview": page.is_preview,
        "date": date,
        "page": FIRST_ROWS,
        "words": BTreeMap::from(words),
    });
    settings.to_string().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::tz::TimeZone;
    use minijinja::ErrorKind;
    use minijinja::machinery::{Token, tokenize};

    use super::*;

    /// A filter that is missing would only be found by a page that uses it.
    #[test]
    fn environment_has_all_filters_and_tests_of_the_page() {
        let mut used = BTreeSet::new();
        for source in [TEMPLATE, BUBBLE, COMMAND] {
            let tokens = tokenize(source, false, SyntaxConfig::default());
            let tokens: Vec<_> = tokens.map(|token| token.unwrap().0).collect();
            for tokens in tokens.windows(3) {
                used.extend(match tokens {
                    [_, Token::Pipe, Token::Ident(name)] => Some(format!("|{name}")),
                    [Token::Ident("is"), Token::Ident("not"), Token::Ident(name)]
                    | [_, Token::Ident("is"), Token::Ident(name)]
                        if *name != "not" =>
                    {
                        Some(format!(" is {name}"))
                    }
                    _ => None,
                });
            }
        }
        assert!(
            used.contains("|split") && used.contains(" is none"),
            "{used:?}"
        );
        let clock = PageClock::new(TimeZone::UTC, Lang::En);
        let environment = environment(&BTreeMap::new(), &clock, Lang::En).unwrap();
        for name in used {
            let drawn = environment.render_str(&format!("{{{{ x{name} }}}}"), context! { x => 1 });
            let kind = drawn.err().map(|error| error.kind());
            let unknown = [ErrorKind::UnknownFilter, ErrorKind::UnknownTest];
            assert!(!kind.is_some_and(|kind| unknown.contains(&kind)), "{name}");
        }
    }

    #[test]
    fn placeholders_are_named_after_their_columns() {
        for (text, expected) in [
            ("Hola {{ nombre | split | first }}:", "Hola nombre:"),
            ("{{row['Nombre completo']|title}}", "Nombre completo"),
            ("{{- pedido -}} y {{ 'x' ~ y }}", "pedido y …"),
            ("{% if vip %}VIP{% endif %} {x} {{ y", "VIP {x} {{ y"),
            ("{{ año }}{", "año{"),
        ] {
            assert_eq!(with_columns_named(text), expected);
        }
    }
}
