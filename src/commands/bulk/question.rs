//! Shows the messages before the question whether to send, and asks it.

use std::time::Duration;

use jiff::SignedDuration;

use crate::base::message::{Lang, Message, msg};
use crate::base::output::{duration_value, one_line, wrapped};
use crate::base::timestamps::{self, time_value};
use crate::command_error::CommandError;
use crate::commands::confirm;
use crate::commands::zone::sender_zone;
use crate::jelou::message::{MessageKind, Part, TemplateTexts};
use crate::lists::exclusions::{ExclusionList, Exclusions};
use crate::runs::ledger::{LedgerError, RunSettings};
use crate::sender::Sender;
use crate::sender::context::Context;

/// The number of terminal columns to use.
const COLUMNS: usize = 80;
/// The number of lines of a message to show, if it is the only one or one of several.
const DRAWN_LINES: usize = 10;
const DRAWN_LINES_EACH: usize = 6;

/// A shorter time is not described.
const SHORT: Duration = Duration::from_secs(60);

/// Returns whether the command will ask.
pub(super) fn is_asked(context: &Context, sender: &Sender) -> bool {
    needs_yes(sender) && !context.assume_yes && context.can_ask()
}

pub(super) fn needs_yes(sender: &Sender) -> bool {
    !sender.settings.is_sandboxed() && sender.settings.confirm_bulk
}

/// Asks whether to send the messages. A script uses `--yes`, unless the profile or the sandbox makes that unnecessary.
pub(super) fn ask(context: &Context, rows: u64, question: Message) -> Result<(), CommandError> {
    let not_done = msg!(
        "sending {rows} {rows|message|messages} was not confirmed",
        rows
    );
    confirm(context, question, not_done)
}

pub(super) fn print_lines(context: &Context, lines: impl IntoIterator<Item = Message>) {
    for line in lines {
        let line = line.text(context.stderr.lang);
        let lines = wrapped(&one_line(&line), COLUMNS);
        let lines: Vec<_> = lines.into_iter().map(Message::verbatim).collect();
        context.stderr.before_prompt(&lines);
    }
}

/// A message that is shown above the question.
pub(super) struct ShownMessage {
    pub(super) title: Message,
    /// The lines that draw it.
    pub(super) lines: Vec<String>,
    /// Whether other messages are shown, too.
    pub(super) is_one_of_several: bool,
    /// The value of `--preview` that shows the rest of a long message, if there is one.
    pub(super) preview: Option<u64>,
}

impl ShownMessage {
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
            let more = match self.preview {
                Some(rows) => {
                    msg!(
                        "… and {cut} {cut|line|lines}; --preview {rows} shows all",
                        cut,
                        rows
                    )
                }
                None => msg!("… and {cut} {cut|line|lines}", cut),
            };
            lines.push(more.text(context.stderr.lang));
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
pub(super) fn excluding(exclusions: &Exclusions) -> Option<Message> {
    let lists: Vec<_> = exclusions
        .lists
        .iter()
        .map(ExclusionList::describe)
        .collect();
    let lists = (!lists.is_empty()).then(|| Message::joined(lists, "; "))?;
    Some(msg!("exclusion lists: {lists}", lists))
}

/// Describes how long the rows take, and when the last one is sent, in the zone of the sender. None for a short time.
pub(super) fn duration(rows: u64, details: &RunSettings, sender: &Sender) -> Option<Message> {
    let takes = details.time_for(rows).filter(|takes| *takes >= SHORT)?;
    let now = timestamps::now();
    let work = SignedDuration::try_from(takes).ok()?;
    let end = if let Some(hours) = &details.conditions.hours {
        let end = hours.estimate_end(now, work);
        end.map(|end| hours.local_value(end))
    } else {
        let end = now.checked_add(work).ok();
        end.map(|end| time_value(&sender_zone(details, sender), end.as_millisecond()))
    };
    let takes = duration_value(takes);
    Some(match end {
        Some(end) => msg!("takes about {takes}, until {end}", takes, end),
        None => msg!("takes about {takes}", takes),
    })
}
