//! The contents of a ledger as plain data.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::LedgerError;
use super::events::{PauseReason, RunEvent, RunPause};
use super::identity::SeenIdentities;
use super::model::{Counts, RowState, SkipReason};
use crate::base::clock;
use crate::base::message::{Message, msg};
use crate::jelou::api::{
    Deadline, DeliveryFacts, DeliveryState, SuccessCriterion, other_recipient_in_path,
};
use crate::jelou::message::{
    TemplateTexts, TemplateUses, has_misspelt_recipients, recipients_in, sends_template,
};
use crate::lists::column_facts::ColumnTable;
use crate::lists::list_file::ListFormat;
use crate::phone::{Country, find_country};
use crate::runs::cost::{Category, Estimate};
use crate::runs::hours::{Hours, SendingHours};
use crate::runs::once::{OnceKey, OnceScope};

/// The code of a row that you decided.
pub(crate) const RESOLVED: &str = "resolved";
/// The code of a row of a stale run that may have been sent.
pub(super) const STALE: &str = "stale";

/// The properties of a run, without its rows. The ledger keeps them as JSON.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct RunSettings {
    /// The kind of message: the word after `send`.
    pub(crate) kind: String,
    pub(crate) profile: Option<String>,
    pub(crate) bot: String,
    pub(crate) client_id: String,
    pub(crate) api_url: String,
    pub(crate) sandbox: bool,
    /// How a success is recognized.
    pub(crate) accepts: SuccessCriterion,
    pub(crate) format: ListFormat,
    /// The recipients that the profile allowed; None for all.
    pub(crate) allow_to: Option<Vec<String>>,
    /// Whether the profile had a list of recipients that must not get messages.
    pub(crate) do_not_contact: bool,
    /// The columns of the input, in order.
    pub(crate) columns: Vec<String>,
    /// What was shown about the columns before the run.
    #[serde(default)]
    pub(crate) column_table: ColumnTable,
    /// The name of the list file; None for standard input.
    pub(crate) list: Option<String>,
    /// The flags that skip rows of the list: `--exclude`
    #[serde(default)]
    pub(crate) narrowed_by: Vec<String>,
    /// The country of its local numbers, from `--country` or the profile.
    pub(crate) country: Option<Country>,
    /// The message as typed, with its templates unfilled; None if each row is a message.
    pub(crate) message: Option<Value>,
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) concurrency: usize,
    /// How long the run continues while every attempt meets a rate limit or the network is down.
    pub(crate) max_wait: Duration,
    /// Whether each message uses a new connection.
    pub(crate) no_keep_alive: bool,
    /// How far back earlier runs count as duplicates; zero to ignore them.
    pub(crate) remember: Duration,
    /// How many of the recipients had a message from an earlier run in the 24 hours before.
    pub(crate) written_to: u64,
    /// The runs that were to send rows that this run skipped.
    #[serde(default)]
    pub(crate) awaited_runs: Vec<String>,
    #[serde(flatten)]
    pub(crate) conditions: RunConditions,
    /// The templates that its rows name.
    pub(crate) templates: TemplateUses,
    /// WhatsApp's texts of these templates, from the bot's list.
    pub(crate) template_texts: TemplateTexts,
    /// The estimated cost of all its messages, if there are prices. A message refers to a charge by
    /// its index.
    pub(crate) estimate: Option<Estimate>,
}

/// The conditions of a run, which can be changed when it is resumed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the conditions are independent"
)]
pub(crate) struct RunConditions {
    /// The sending hours; None for any time.
    pub(crate) hours: Option<Hours>,
    /// Whether the run continues if every row is rejected.
    pub(crate) keep_going: bool,
    /// Whether messages that an earlier run sent are sent again.
    pub(crate) again: bool,
    /// Whether messages that an earlier run sent are skipped.
    pub(crate) skip_sent: bool,
    /// The key that allows each recipient at most one message.
    pub(crate) once: Option<OnceKey>,
    /// How long a message counts under the key; None is forever.
    pub(crate) every: Option<Duration>,
    /// Whether rows are skipped if the recipient has not written recently.
    pub(crate) only_in_window: bool,
    /// How many different recipients may get a template from the bot in any 24 hours.
    pub(crate) per_day: Option<u32>,
}

/// The changes and the confirmation of a `bulk resume`.
#[derive(Debug)]
pub(crate) struct ResumeOptions<'a> {
    /// The restore that you accept for a stale run.
    pub(crate) accepted: Option<&'a SeenIdentities>,
    /// The new rate applies to every process that sends the run.
    pub(crate) rate: Option<f64>,
    pub(crate) conditions: Option<&'a RunConditions>,
}

impl RunConditions {
    /// Returns the sending hours of the run alone.
    pub(crate) fn sending_hours(&self) -> SendingHours {
        SendingHours::new(self.hours.clone(), None)
    }
}

impl RunSettings {
    /// Returns how long this many rows take at its rate, or None if that is too long to show.
    pub(crate) fn time_for(&self, rows: u64) -> Option<Duration> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "the time is shown in whole seconds"
        )]
        let seconds = (rows.saturating_sub(1) as f64 / self.rate).ceil();
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// Returns the rate to show, with three digits if it has decimals: 0.0167 for `1/m`.
    pub(crate) fn shown_rate(&self) -> f64 {
        let is_whole = self.rate.fract() == 0.0;
        format!("{:.2e}", self.rate)
            .parse()
            .ok()
            .filter(|_| !is_whole)
            .unwrap_or(self.rate)
    }

    /// Returns the key of the run with its bot and address. Returns None without a key, and in the
    /// sandbox.
    pub(crate) fn scope(&self) -> Option<OnceScope> {
        let key = self.conditions.once.clone().filter(|_| !self.sandbox)?;
        Some(OnceScope {
            key,
            bot: self.bot.clone(),
            address: self.api_url.clone(),
        })
    }

    /// Returns the country and the category that set the price of a message. The category is None
    /// if the bot's list does not have it for the template.
    pub(crate) fn charged_by(
        &self,
        recipient: &str,
        path: &str,
        body: &str,
    ) -> (Option<&'static str>, Option<Category>) {
        let category = if sends_template(path, body) {
            self.template_texts
                .find_category(body)
                .and_then(Category::from_name)
        } else {
            Some(Category::Service)
        };
        (find_country(recipient), category)
    }

    /// Describes the run: `text from bot 77 (profile prod)`
    pub(crate) fn description(&self) -> Message {
        let Self { kind, bot, .. } = self;
        match (&self.profile, self.sandbox) {
            (_, true) => msg!("{kind} on the sandbox", kind),
            (Some(profile), false) => {
                msg!(
                    "{kind} from bot {bot} (profile {profile})",
                    kind,
                    bot,
                    profile
                )
            }
            (None, false) => msg!("{kind} from bot {bot}", kind, bot),
        }
    }
}

/// A row that may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowToSend {
    pub(crate) index: i64,
    /// Its first line in the input.
    pub(crate) line: u64,
    pub(crate) recipient: String,
    /// Path and query below the API's address.
    pub(crate) path: String,
    pub(crate) body: String,
    /// The number of its next attempt.
    pub(crate) number: i64,
    /// The deadline for sending its first byte. None before a process gets the row.
    pub(crate) deadline: Option<Deadline>,
}

impl RowToSend {
    pub(crate) fn request(&self) -> DraftRequest<'_> {
        DraftRequest {
            recipient: &self.recipient,
            path: &self.path,
            body: &self.body,
        }
    }
}

/// A request as text: its recipient, its path below the API's address, and its body.
#[derive(Debug)]
pub(crate) struct DraftRequest<'a> {
    pub(crate) recipient: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: &'a str,
}

impl DraftRequest<'_> {
    /// Returns all recipients of the request: its own, and those in its body and path.
    ///
    /// # Errors
    /// If Jelou could find other recipients in the request.
    pub(crate) fn recipients(&self) -> Result<Vec<String>, LedgerError> {
        let body: Value = serde_json::from_str(self.body)
            .map_err(|error| LedgerError::damaged(format!("a request has no JSON: {error}")))?;
        // A repeated field would be read only once here.
        let is_as_written = serde_json::to_string(&body).is_ok_and(|text| text == self.body);
        let is_clear = is_as_written && !has_misspelt_recipients(&body);
        let in_path = other_recipient_in_path(self.path, self.recipient);
        let in_path = in_path.ok().filter(|_| is_clear).ok_or_else(|| {
            let recipient = self.recipient;
            LedgerError::damaged(format!("the request to {recipient} may name another one"))
        })?;
        Ok(std::iter::once(self.recipient)
            .chain(in_path)
            .chain(recipients_in(&body))
            .map(str::to_owned)
            .collect())
    }
}

/// A row, as reports show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReportRow {
    /// Its first line in the input.
    pub(crate) line: u64,
    /// None if the row makes no request.
    pub(crate) recipient: Option<String>,
    /// JSON: an array of cells, or an object.
    pub(crate) cells: String,
    pub(crate) state: RowState,
    pub(crate) message_id: Option<String>,
    pub(crate) http_status: Option<u16>,
    pub(crate) code: Option<String>,
    pub(crate) error: Option<Message>,
    /// The API's own code.
    pub(crate) api_code: Option<String>,
    pub(crate) attempts: u32,
    /// Milliseconds since 1970.
    pub(crate) at: Option<i64>,
    /// The end of its last attempt, even if you decided the row later.
    pub(crate) ended_at: Option<i64>,
    /// The delivery status of its message, if known.
    pub(crate) delivery: Option<RowDelivery>,
}

/// The delivery status of the message of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowDelivery {
    pub(crate) facts: DeliveryFacts,
    /// Milliseconds since 1970, if Jelou reports it.
    pub(crate) delivered_at: Option<i64>,
    pub(crate) read_at: Option<i64>,
}

impl ReportRow {
    /// Makes a row in flight of a lost process unknown. `error` describes that.
    pub(super) fn with_lost_process(self, error: Message) -> Self {
        let state = RowState::Unknown;
        let code = Some(RowState::Unknown.name().to_owned());
        Self {
            state,
            code,
            error: Some(error),
            ..self
        }
    }

    /// Corrects the row for a ledger that may lack its outcome.
    pub(super) fn with_lost_records(self, damage: &LedgerError) -> Self {
        let state = self.state.with_lost_records();
        if state == self.state {
            return self;
        }
        let error = match self.error {
            Some(before) => with_earlier(&damage.message, &before),
            None => damage.message.clone(),
        };
        Self {
            state,
            code: Some(STALE.to_owned()),
            error: Some(error),
            api_code: None,
            ..self
        }
    }
}

/// Reads the reasons of a row: one in each line, the newest first.
pub(super) fn read_reasons(stored: &str) -> Message {
    let mut reasons = stored.lines().map(Message::decode).rev();
    let oldest = reasons.next().unwrap_or_default();
    reasons.fold(oldest, |before, reason| with_earlier(&reason, &before))
}

fn with_earlier(reason: &Message, before: &Message) -> Message {
    msg!("{reason}; before that: {before}", reason, before)
}

/// A filter for rows: those in one of the states and, if skipped, with one of the reasons. An empty
/// filter matches all. With deliveries or codes, the row's message must also have that delivery
/// status, or have failed with one of the codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowFilter {
    pub(crate) states: Vec<RowState>,
    pub(crate) reasons: Vec<SkipReason>,
    pub(crate) deliveries: Vec<DeliveryState>,
    /// WhatsApp's codes of failed rows or undelivered messages.
    pub(crate) codes: Vec<String>,
}

impl RowFilter {
    pub(crate) fn matches(&self, row: &ReportRow) -> bool {
        let facts = row.delivery.as_ref().map(|delivery| &delivery.facts);
        let by_state =
            self.matches_state(row) && (self.deliveries.is_empty() || row.state != RowState::Sent);
        (by_state || facts.is_some_and(|facts| self.matches_delivery(facts)))
            && (self.codes.is_empty() || self.matches_code(row.api_code.as_deref(), facts))
    }

    fn matches_delivery(&self, facts: &DeliveryFacts) -> bool {
        let is_other = |state: &DeliveryState| state.unknown().is_some();
        self.deliveries
            .iter()
            .any(|state| *state == facts.state || is_other(state) && is_other(&facts.state))
    }

    fn matches_code(&self, api_code: Option<&str>, facts: Option<&DeliveryFacts>) -> bool {
        let undelivered = facts.filter(|facts| facts.state == DeliveryState::Undelivered);
        let found = [
            api_code,
            undelivered.and_then(|facts| facts.code.as_deref()),
        ];
        self.codes
            .iter()
            .any(|code| found.contains(&Some(code.as_str())))
    }

    fn matches_state(&self, row: &ReportRow) -> bool {
        let has_reason = || {
            self.reasons
                .iter()
                .any(|reason| row.code.as_deref() == Some(reason.name()))
        };
        match row.state {
            RowState::Skipped if !self.reasons.is_empty() => has_reason(),
            _ if self.states.is_empty() => self.reasons.is_empty() && self.deliveries.is_empty(),
            state => self.states.contains(&state),
        }
    }
}

/// A row that is no longer in flight, with the outcome of its attempt.
#[derive(Clone, Debug)]
pub(crate) struct FinishedRow {
    pub(crate) index: i64,
    /// Its first line in the input.
    pub(crate) line: u64,
    /// The number of the attempt.
    pub(crate) number: i64,
    pub(crate) recipient: String,
    pub(crate) state: RowState,
    pub(crate) took: Duration,
    /// When its outcome was known.
    pub(crate) at: Instant,
    pub(crate) http_status: Option<u16>,
    pub(crate) message_id: Option<String>,
    pub(crate) code: Option<&'static str>,
    pub(crate) error: Option<Message>,
    /// The API's own code.
    pub(crate) api_code: Option<String>,
    /// When a row that was certainly not sent may be retried.
    pub(crate) retry: Option<Instant>,
    /// Whether the API asked for a slower pace, and until when it accepts nothing.
    pub(crate) slows: bool,
    pub(crate) stopped_until: Option<Instant>,
}

impl FinishedRow {
    /// Ends a row in `state` now, without details. It does not affect when others may be sent.
    pub(crate) fn new(row: RowToSend, state: RowState) -> Self {
        let now = clock::instant();
        Self {
            index: row.index,
            line: row.line,
            number: row.number,
            recipient: row.recipient,
            state,
            took: Duration::ZERO,
            at: now,
            http_status: None,
            message_id: None,
            code: None,
            error: None,
            api_code: None,
            retry: (state == RowState::Pending).then_some(now),
            slows: false,
            stopped_until: None,
        }
    }

    /// Ends a row that was certainly not sent at all, because of `error`.
    pub(crate) fn not_begun(row: RowToSend, error: Message) -> Self {
        Self {
            code: Some("ledger"),
            error: Some(error),
            ..Self::new(row, RowState::Pending)
        }
    }
}

/// The input of an exchange.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExchangeOrder {
    /// Rows with an outcome.
    pub(crate) finished: Vec<FinishedRow>,
    pub(crate) events: Vec<RunEvent>,
    /// How many rows the process has room for.
    pub(crate) wanted: usize,
    /// Why no process may take more rows.
    pub(crate) pause: Option<PauseReason>,
}

impl ExchangeOrder {
    pub(crate) fn is_empty(&self) -> bool {
        self.finished.is_empty()
            && self.events.is_empty()
            && self.wanted == 0
            && self.pause.is_none()
    }
}

/// The result of an exchange.
#[derive(Debug, Default)]
pub(crate) struct ExchangeReply {
    pub(crate) rows: Vec<RowToSend>,
    /// The time when the next row may be taken, and what it waits for. None if the run is finished
    /// or paused.
    pub(crate) next: Option<(Instant, Delay)>,
    /// The time until which the messaging limit holds back rows without an attempt.
    pub(crate) held_until: Option<Instant>,
    /// Whether this process gets no more rows: its lease had expired, so it must join again, or it
    /// has stopped.
    pub(crate) was_lost: bool,
    /// Why no more rows can be assigned, while outcomes can still be written.
    pub(crate) problem: Option<LedgerError>,
    /// The pause of the run: no process takes its rows now.
    pub(crate) pause: Option<RunPause>,
    /// The number of rows in each state, reported from time to time if other processes change them
    /// too.
    pub(crate) counts: Option<Counts>,
    /// How long the next exchange waits for more outcomes.
    pub(crate) batch_delay: Duration,
}

/// Why a row may not be sent yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Delay {
    /// An earlier attempt was certainly not sent.
    Retry,
    /// The messaging limit of different recipients in 24 hours.
    MessagingLimit,
    /// The pace of the run, or its recipient got a message a moment ago.
    Pace,
}
