//! Flags that several commands of `bulk` share, and how they combine with the flags that a run keeps.

use std::time::Duration;

use clap::{Arg, Args};
use jiff::civil::Date;

use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::base::output::{ProgressFormat, Stderr};
use crate::base::timestamps::now;
use crate::jelou::message::MessageKind;
use crate::runs::hours::{Between, Hours, HoursBase, ZoneName, day_off, past_days_off};
use crate::runs::ledger::{RunConditions, RunSettings};
use crate::sender::config::{messaging_limit, rate, retry_for};

/// Headings of the help.
pub(super) const LIST: &str = "List file";
pub(super) const RECIPIENTS: &str = "Recipients";
pub(super) const RUN: &str = "Run";
pub(crate) const RARE: &str = "Rarely needed";

/// What to do about a template that the bot cannot send.
pub(super) fn or_unchecked() -> Message {
    msg!("fix the message, or send it anyway with --unchecked")
}

/// Options of the commands that send at a terminal.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = RUN)]
pub(crate) struct RunOptions {
    /// Send at this rate, such as 5/s, 300/m or 1000/h [default: 5/s]
    ///
    /// `rate` in the profile sets another default.
    #[arg(long, value_name = "RATE", allow_hyphen_values = true, value_parser = rate)]
    pub(super) rate: Option<f64>,

    /// Continue even if the first eleven messages are all rejected
    #[arg(long)]
    pub(super) keep_going: bool,
}

/// Options of every command that sends, also on several machines.
#[derive(Args, Debug, Default)]
pub(crate) struct WorkOptions {
    /// Send up to N requests at the same time, 1 to 4096 [default: 64]
    ///
    /// If the process is killed, up to N rows are unknown.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(super) concurrency: Option<u16>,

    /// How long to wait during a rate limit or network outage [default: 15m]
    ///
    /// After that, the run pauses.
    #[arg(long, value_name = "DURATION", value_parser = retry_for)]
    pub(super) max_wait: Option<Duration>,

    /// Use a new connection for each message
    ///
    /// Use this if a report disagrees with Jelou (a server sent extra responses). A resumed run keeps this flag.
    #[arg(long)]
    pub(super) no_keep_alive: bool,

    /// Send a template without checking the bot's template list
    #[arg(long)]
    pub(super) unchecked: bool,

    /// Choose how to show the progress [default: auto]
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "auto",
        hide_default_value = true
    )]
    pub(super) progress: ProgressFormat,
}

/// Options of the commands that continue a run.
#[derive(Args, Debug, Default)]
pub(crate) struct ContinueOptions {
    /// Send a run that was created with a `do_not_contact`, even if this machine has none
    ///
    /// The rows that the run skipped when it was created stay skipped.
    #[arg(long, help_heading = RECIPIENTS)]
    pub(super) without_do_not_contact: bool,

    /// Send a run even if its unsent messages cost more than this machine's budget
    #[arg(long, help_heading = RUN)]
    pub(super) without_budget: bool,
}

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = RECIPIENTS)]
pub(crate) struct EarlierOptions {
    /// Skip messages that an earlier run sent
    ///
    /// This includes messages that the earlier run may have sent or will send.
    #[arg(long, conflicts_with = "again")]
    pub(crate) skip_sent: bool,

    /// Send messages even if an earlier run sent them
    ///
    /// Also sends messages that an earlier run may have sent, or has not sent yet. A recipient can get a message twice.
    #[arg(long)]
    pub(crate) again: bool,
}

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Hours and limits")]
pub(crate) struct HoursOptions {
    /// Send only in these hours, such as 'mon-fri 07:00-19:00' (repeatable)
    ///
    /// '08:00-15:00' applies every day. `always` removes the hours of the profile or the run.
    #[arg(long, value_name = "HOURS")]
    pub(super) between: Vec<Between>,

    /// Send nothing on this day, such as 2026-12-25 (repeatable)
    #[arg(long, value_name = "DATE", value_parser = day_off)]
    pub(super) not_on: Vec<Date>,

    /// Use this time zone for the hours and days, such as America/Bogota
    ///
    /// Default: the run's or profile's, else this machine's. If that is UTC, --between and --not-on need this flag.
    #[arg(long, value_name = "ZONE")]
    pub(super) time_zone: Option<ZoneName>,

    /// Send templates to at most N different recipients in any 24 hours, such as 2000
    ///
    /// A recipient counts for 24 hours after a template from any run of the bot in this ledger, and can get more
    /// messages in that time. At the limit, the run waits, then continues. The default is limit_24h of the profile. A
    /// resumed run keeps its limit.
    #[arg(long, value_name = "N", value_parser = messaging_limit)]
    pub(super) per_day: Option<u32>,
}

/// The rules of a profile that typed flags replace.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReplacedRules {
    /// Also its days off.
    pub(super) hours: bool,
    pub(super) limit: bool,
}

/// Parses a positive number.
pub(super) fn at_least_one(raw: &str) -> Result<u64, Message> {
    match raw.parse() {
        Ok(0) => Err(msg!("expected 1 or more, found `{typed}`", typed = raw)),
        Ok(count) if i64::try_from(count).is_ok() => Ok(count),
        Ok(_) => Err(msg!(
            "expected at most {most}, found `{typed}`",
            typed = raw,
            most = i64::MAX
        )),
        Err(_) if raw.parse::<i64>().is_ok() => {
            Err(msg!("expected 1 or more, found `{typed}`", typed = raw))
        }
        Err(_) => Err(msg!(
            "expected a whole number, found `{typed}`",
            typed = raw.escape_debug().to_string()
        )),
    }
}

/// An existing run keeps its values of these flags.
const KEPT_BY_RUN: [&str; 3] = ["rate", "concurrency", "max_wait"];

/// Adapts a flag for an existing run: the help mentions that the run keeps its own value without
/// the flag.
pub(super) fn describe_run_default(flag: Arg) -> Arg {
    if !KEPT_BY_RUN.contains(&flag.get_id().as_str()) {
        return flag;
    }
    let help = flag.get_help().map(ToString::to_string);
    let help = help.unwrap_or_default();
    let (summary, _) = help.split_once(" [default:").unwrap_or((&help, ""));
    let help = format!("{summary} [default: the run's]");
    flag.help(help).long_help(None)
}

/// Returns the limit of a run of this kind: the typed one, or else the `current` one. Only templates count.
pub(super) fn run_messaging_limit(
    typed: Option<u32>,
    current: Option<u32>,
    kind: &MessageKind,
) -> Result<Option<u32>, UsageError> {
    if kind.may_be_template() {
        return Ok(typed.or(current));
    }
    match typed {
        None => Ok(None),
        Some(_) => Err(UsageError::bare(msg!(
            "--per-day counts recipients of templates; a message of kind {kind} is not a template",
            kind = kind.command()
        ))),
    }
}

impl RunOptions {
    /// Returns the new conditions of the run: typed flags override the `kept` conditions of an existing
    /// run.
    pub(super) fn conditions(
        &self,
        hours: Option<Hours>,
        per_day: Option<u32>,
        earlier: &EarlierOptions,
        kept: &RunConditions,
    ) -> RunConditions {
        let (again, skip_sent) = match (earlier.again, earlier.skip_sent) {
            (false, false) => (kept.again, kept.skip_sent),
            typed => typed,
        };
        let keep_going = self.keep_going || kept.keep_going;
        RunConditions {
            hours,
            keep_going,
            again,
            skip_sent,
            per_day,
            ..kept.clone()
        }
    }
}

impl WorkOptions {
    /// Merges the settings of a run as this process sends it: typed flags override the run's own.
    pub(super) fn over(&self, kept: RunSettings) -> RunSettings {
        RunSettings {
            concurrency: self.concurrency.map_or(kept.concurrency, usize::from),
            max_wait: self.max_wait.unwrap_or(kept.max_wait),
            no_keep_alive: self.no_keep_alive || kept.no_keep_alive,
            ..kept
        }
    }
}

impl HoursOptions {
    /// Merges the hours of a run; `base` is its own hours or the profile's. With `has_page`,
    /// `--time-zone` is also for the times on a page, so that it needs no hours.
    pub(super) fn over(
        &self,
        base: HoursBase,
        has_page: bool,
    ) -> Result<Option<Hours>, UsageError> {
        let has_hours = base.is_some() || !self.between.is_empty() || !self.not_on.is_empty();
        let zone = self.time_zone.as_ref().filter(|_| has_hours || !has_page);
        base.with_flags(&self.between, &self.not_on, zone, now())
    }

    /// Returns which rules of the profile the flags replace.
    pub(super) fn replaced(&self) -> ReplacedRules {
        ReplacedRules {
            hours: !self.between.is_empty() || self.time_zone.is_some(),
            limit: self.per_day.is_some(),
        }
    }

    /// Warns of days of `--not-on` in the past, in the time zone of `hours`.
    pub(super) fn warn_about_past_days(&self, hours: Option<&Hours>, stderr: &Stderr) {
        let Some(today) = hours.map(|hours| hours.day(now())) else {
            return;
        };
        for past in past_days_off(self.not_on.iter().copied(), today) {
            stderr.warning(msg!("--not-on {past}", past));
        }
    }
}
