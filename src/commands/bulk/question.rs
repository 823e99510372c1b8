//! Shows the messages before the question whether to send, and asks it.

use jiff::SignedDuration;

use crate::base::message::Lang;
use crate::base::output::{counted, one_line, rounded, wrapped};
use crate::base::timestamps::{self, time_in};
use crate::command_error::CommandError;
use crate::commands::confirm;
use crate::commands::zone::sender_zone;
use crate::jelou::message::{MessageKind, Part, TemplateTexts};
use crate::lists::exclusions::Exclusions;
use crate::runs::ledger::{LedgerError, RunSettings};
use crate::sender::Sender;
use crate::sender::context::Context;

/// The number of terminal columns to use.
const COLUMNS: usize = 80;
/// The number of lines of a message to show, if it is the only one or one of several.
const DRAWN_LINES: usize = 10;
const DRAWN_LINES_EACH: usize = 6;

/// Returns whether the command will ask.
pub(super) fn is_asked(context: &Context, sender: &Sender) -> bool {
    needs_yes(sender) && !context.assume_yes && context.can_ask()
}

pub(super) fn needs_yes(sender: &Sender) -> bool {
    !sender.settings.is_sandboxed() && sender.settings.confirm_bulk
}

/// Asks whether to send the messages. A script uses `--yes`, unless the profile or the sandbox makes that unnecessary.
pub(super) fn ask(context: &Context, rows: u64, question: &str) -> Result<(), CommandError> {
    let not_done = format!("sending {} was not confirmed", counted(rows, "message"));
    confirm(context, question, &not_done)
}

pub(super) fn print_lines(context: &Context, lines: impl IntoIterator<Item = String>) {
    for line in lines {
        context
            .stderr
            .before_prompt(&wrapped(&one_line(&line), COLUMNS));
    }
}

/// A message that is shown above the question.
pub(super) struct ShownMessage<'a> {
    pub(super) title: String,
    /// The lines that draw it.
    pub(super) lines: Vec<String>,
    /// Whether other messages are shown, too.
    pub(super) is_one_of_several: bool,
    /// The command for the rest of a long message.
    pub(super) more: &'a str,
}

impl ShownMessage<'_> {
    pub(super) fn print(self, context: &Context) {
        print_lines(context, [self.title]);
        let most = if self.is_one_of_several {
            DRAWN_LINES_EACH
        } else {
            DRAWN_LINES
        };
        // The mark at the side takes four columns.
        let lines = self.lines.iter();
        let mut lines: Vec<_> = lines
            .flat_map(|line| wrapped(&one_line(line), COLUMNS - 4))
            .collect();
        if lines.len() > most {
            let cut = lines.split_off(most - 1).len();
            let more = self.more;
            lines.push(format!("… and {}{more}", counted(cut as u64, "line")));
        }
        context.stderr.bubble(&lines);
    }
}

/// Draws the lines that show a body as its recipient would see it.
pub(super) fn draw(
    kind: &MessageKind,
    body: &str,
    texts: &TemplateTexts,
    lang: Lang,
) -> Result<Vec<String>, LedgerError> {
    let body = serde_json::from_str(body).map_err(LedgerError::damaged)?;
    Ok(Part::lines(texts.drawn(kind, &body, lang), lang))
}

/// Describes all recipients on the exclusion lists: `exclusion lists: bajas.xlsx: 214 recipients from
/// 2 sheets`; None without lists.
pub(super) fn excluding(exclusions: &Exclusions) -> Option<String> {
    let lists: Vec<_> = exclusions
        .lists
        .iter()
        .map(|list| list.describe().to_string())
        .collect();
    (!lists.is_empty()).then(|| format!("exclusion lists: {}", lists.join("; ")))
}

/// Describes how long the rows take, and when the last one is sent, in the zone of the sender.
pub(super) fn duration(rows: u64, details: &RunSettings, sender: &Sender) -> Option<String> {
    let takes = details.time_for(rows).filter(|takes| takes.as_secs() > 0)?;
    let now = timestamps::now();
    let work = SignedDuration::try_from(takes).ok()?;
    let end = if let Some(hours) = &details.conditions.hours {
        hours
            .estimate_end(now, work)
            .map(|end| hours.format_local(end))
    } else {
        let zone = sender_zone(details, sender);
        let end = now.checked_add(work).ok();
        end.map(|end| time_in(&zone, end.as_millisecond()))
    };
    let end = end.map(|end| format!(", until {end}")).unwrap_or_default();
    Some(format!(
        "at {}/s this takes {}{end}",
        details.shown_rate(),
        rounded(takes)
    ))
}
