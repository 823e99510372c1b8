//! `bulk exclude`: the recipients that no list of the ledger reaches. They do not apply to `send` and `run`.

use std::path::Path;

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::base::exit::ExitCode;
use crate::base::input::{Source, UsageError, source_name};
use crate::base::message::{Lang, Message, msg};
use crate::base::output::{OutputRow, versioned};
use crate::base::private_file::PipeBound;
use crate::base::timestamps::{rfc_3339_in, time_in_both, time_value};
use crate::command_error::CommandError;
use crate::commands::open_ledger::{open_ledger, open_ledger_to_show};
use crate::commands::read_recipient;
use crate::jelou::message::{TypedRecipient, typed_form};
use crate::lists::exclusions::{ReadRecipient, read_recipient_lines};
use crate::phone::{Country, RecipientError};
use crate::runs::ledger::{ExcludedRecipient, ExclusionChange, Ledger, LedgerError};
use crate::sender::config::Settings;
use crate::sender::context::Context;
use crate::sender::{AuditLog, open_list, read_environment};

/// Exclude recipients from all lists of the ledger
///
/// `bulk send` skips the rows of excluded recipients, and runs in progress send them nothing more, on every
/// machine that uses the ledger. `send` and `run` ignore these exclusions. The sandbox has its own exclusions.
#[derive(Debug, Subcommand)]
pub(crate) enum ExcludeCommand {
    /// Exclude recipients, also from the runs in progress
    ///
    /// Examples:
    ///   jelouctl bulk exclude add 593987654321 --reason 'wrote BAJA'
    ///   jelouctl bulk exclude add opted-out.txt
    ///
    /// A file has one recipient per line, and may have comments with #. For a file with the name of a
    /// recipient, write ./NAME. If an entry is not a recipient, nothing is added. This applies to lists:
    /// `send` and `run` use the profile's `do_not_contact`.
    #[command(verbatim_doc_comment)]
    Add {
        #[command(flatten)]
        entries: EntryArgs,

        /// Record why, such as the message of the recipient
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Stop excluding recipients
    ///
    /// Example:
    ///   jelouctl bulk exclude remove 593987654321
    #[command(verbatim_doc_comment, aliases = ["delete", "rm"])]
    Remove(EntryArgs),
    /// List the excluded recipients, the oldest first
    ///
    /// Prints a table at a terminal, JSON lines elsewhere. -o id prints what `bulk exclude add -` reads.
    #[command(verbatim_doc_comment)]
    List,
    /// Show whether a recipient is excluded, by whom and when
    ///
    /// Example:
    ///   jelouctl bulk exclude check 593987654321
    #[command(verbatim_doc_comment)]
    Check {
        /// Phone number, WhatsApp user id, or `id:USER` (other channels)
        #[arg(value_name = "RECIPIENT", allow_hyphen_values = true)]
        recipient: String,

        #[command(flatten)]
        country: CountryArgs,
    },
}

// Not a doc comment: it would replace the help of the command.
#[derive(Args, Debug)]
pub(crate) struct EntryArgs {
    /// Recipients, or files with one recipient per line; `-` is standard input
    #[arg(value_name = "RECIPIENT", required = true)]
    entries: Vec<String>,

    #[command(flatten)]
    country: CountryArgs,
}

// Not a doc comment: it would replace the help of the command.
#[derive(Args, Debug)]
pub(crate) struct CountryArgs {
    /// Country of local numbers, such as EC [default: the profile's]
    #[arg(long, value_name = "CODE")]
    country: Option<Country>,
}

impl ExcludeCommand {
    /// Returns whether it changes the ledger.
    pub(super) fn is_change(&self) -> bool {
        matches!(self, Self::Add { .. } | Self::Remove(_))
    }
}

pub(crate) fn run(
    context: &mut Context,
    command: &ExcludeCommand,
) -> Result<ExitCode, CommandError> {
    let settings = Settings::load(&context.flags, &read_environment()?)?;
    let in_sandbox = settings.is_sandboxed();
    match command {
        ExcludeCommand::Add { entries, reason } => {
            let apply = |ledger: &Ledger, recipients: &[String]| {
                ledger.exclude(in_sandbox, recipients, reason.as_deref())
            };
            change(
                context,
                &settings,
                "bulk exclude add",
                entries,
                TypedRecipient::read_to_exclude,
                apply,
                &ADDED,
            )?;
        }
        ExcludeCommand::Remove(entries) => {
            let apply = |ledger: &Ledger, recipients: &[String]| {
                ledger.stop_excluding(in_sandbox, recipients)
            };
            change(
                context,
                &settings,
                "bulk exclude remove",
                entries,
                TypedRecipient::read,
                apply,
                &REMOVED,
            )?;
        }
        ExcludeCommand::List => list(context, &settings)?,
        ExcludeCommand::Check { recipient, country } => {
            check(context, &settings, recipient, country)?;
        }
    }
    Ok(ExitCode::Success)
}

/// Changes who is excluded: reads the recipients with `read`, lets `apply` change the ledger, logs it, and prints
/// `notes`: who changed, and who was so already.
fn change(
    context: &mut Context,
    settings: &Settings,
    command: &str,
    entries: &EntryArgs,
    read: ReadRecipient,
    apply: impl FnOnce(&Ledger, &[String]) -> Result<ExclusionChange, LedgerError>,
    notes: &ExclusionNotes,
) -> Result<(), CommandError> {
    let recipients = entries.read(context, settings, read)?;
    let ledger = open_ledger(context)?;
    let change = apply(&ledger, &recipients)?;
    let place = place_of_exclusions(&ledger, settings);
    let ExclusionChange { changed, unchanged } = change;
    let fields = json!({
        "ledger": ledger.location().to_string(),
        "recipients": changed,
        "unchanged": unchanged,
    });
    AuditLog::from_settings(settings).add(&context.stderr, "exclusion", command, fields);
    // A single recipient is named: the number may have been completed with the country.
    let who = |count: u64| match recipients.first() {
        Some(recipient) if changed + unchanged == 1 => Message::verbatim(recipient),
        _ => msg!("{count} {count|recipient|recipients}", count),
    };
    if changed > 0 || unchanged == 0 {
        context.stderr.note((notes.changed)(who(changed), &place));
    }
    if unchanged > 0 {
        let note = (notes.unchanged)(who(unchanged), unchanged, &place);
        context.stderr.note(note);
    }
    Ok(())
}

/// The notes about a change. `who` is a recipient, or a number of recipients.
struct ExclusionNotes {
    changed: fn(who: Message, place: &Message) -> Message,
    unchanged: fn(who: Message, count: u64, place: &Message) -> Message,
}

const ADDED: ExclusionNotes = ExclusionNotes {
    changed: |who, place| msg!("excluded {who} in the ledger {place}", who, place),
    unchanged: |who, count, place| {
        msg!(
            "{who} {count|was|were} already excluded in the ledger {place}",
            who,
            count,
            place
        )
    },
};

const REMOVED: ExclusionNotes = ExclusionNotes {
    changed: |who, place| {
        msg!(
            "removed {who} from the exclusions in the ledger {place}",
            who,
            place
        )
    },
    unchanged: |who, count, place| {
        msg!(
            "{who} {count|was|were} not excluded in the ledger {place}",
            who,
            count,
            place
        )
    },
};

/// Returns which exclusions a command is about: the ledger's, or those of the sandbox in it.
fn place_of_exclusions(ledger: &Ledger, settings: &Settings) -> Message {
    let place = ledger.location().to_string();
    if settings.is_sandboxed() {
        msg!("{place} (sandbox)", place)
    } else {
        Message::verbatim(place)
    }
}

fn list(context: &Context, settings: &Settings) -> Result<(), CommandError> {
    let ledger = open_ledger_to_show(context)?;
    let excluded = ledger.excluded(settings.is_sandboxed())?;
    if excluded.is_empty() {
        let place = place_of_exclusions(&ledger, settings);
        context
            .stderr
            .note(msg!("the ledger {place} excludes no one", place));
    }
    let zone = settings.hours.zone();
    let header = [
        msg!("RECIPIENT"),
        msg!("WHEN"),
        msg!("EXCLUDED BY"),
        msg!("REASON"),
    ];
    let lang = context.lang();
    let rows = excluded.into_iter();
    let sandbox = settings.is_sandboxed();
    let rows = rows.map(|excluded| row(excluded, sandbox, &zone, lang));
    Ok(context.stdout.rows(&header, rows)?)
}

fn row(excluded: ExcludedRecipient, sandbox: bool, zone: &TimeZone, lang: Lang) -> OutputRow {
    let ExcludedRecipient {
        recipient,
        reason,
        added_by,
        added_at,
    } = excluded;
    let record = versioned(json!({
        "recipient": recipient,
        "reason": reason,
        "excluded_by": added_by,
        "excluded_at": rfc_3339_in(&TimeZone::UTC, added_at),
        "sandbox": sandbox,
    }));
    let words = vec![
        recipient.clone(),
        lang.pick(time_in_both(zone, added_at)),
        added_by.text(lang),
        reason.unwrap_or_else(|| "-".to_owned()),
    ];
    OutputRow {
        id: Some(typed_form(&recipient)),
        words,
        record,
    }
}

fn check(
    context: &Context,
    settings: &Settings,
    typed: &str,
    country: &CountryArgs,
) -> Result<(), CommandError> {
    let country = country.country.or(settings.country);
    let typed = read_recipient(context, "RECIPIENT", typed, country)?;
    let recipient = typed.recipient.as_str();
    let ledger = open_ledger_to_show(context)?;
    let found = ledger.find_excluded(settings.is_sandboxed(), recipient)?;
    if context.stdout.wants_words() {
        let place = place_of_exclusions(&ledger, settings);
        let zone = settings.hours.zone();
        let answer = describe(recipient, found.as_ref(), &place, &zone);
        return Ok(context.stdout.value(&answer.text(context.lang()))?);
    }
    let found = found.as_ref();
    let at = found.map(|found| rfc_3339_in(&TimeZone::UTC, found.added_at));
    Ok(context.stdout.json(&versioned(json!({
        "recipient": recipient,
        "excluded": found.is_some(),
        "reason": found.and_then(|found| found.reason.as_deref()),
        "excluded_by": found.map(|found| &found.added_by),
        "excluded_at": at,
        "ledger": ledger.location().to_string(),
        "sandbox": settings.is_sandboxed(),
    })))?)
}

fn describe(
    recipient: &str,
    found: Option<&ExcludedRecipient>,
    place: &Message,
    zone: &TimeZone,
) -> Message {
    let Some(found) = found else {
        return msg!(
            "{recipient} is not excluded in the ledger {place}",
            recipient,
            place
        );
    };
    let at = time_value(zone, found.added_at);
    let by = &found.added_by;
    match found.reason.as_deref() {
        Some(reason) => msg!(
            "{recipient} is excluded in the ledger {place}, by {by} at {at}: {reason}",
            recipient,
            place,
            by,
            at,
            reason
        ),
        None => msg!(
            "{recipient} is excluded in the ledger {place}, by {by} at {at}",
            recipient,
            place,
            by,
            at
        ),
    }
}

impl EntryArgs {
    /// Reads the recipients of all entries, each with `read`.
    fn read(
        &self,
        context: &mut Context,
        settings: &Settings,
        read: ReadRecipient,
    ) -> Result<Vec<String>, CommandError> {
        let country = self.country.country.or(settings.country);
        let mut recipients = Vec::new();
        for entry in &self.entries {
            let typed = read(entry, country);
            match typed {
                Ok(typed) => recipients.push(typed.recipient.to_string()),
                Err(_) if entry == "-" || Path::new(entry).exists() => {
                    recipients.extend(read_file(context, entry, country, read)?);
                }
                Err(error) => return Err(no_entry(entry, error).into()),
            }
        }
        Ok(recipients)
    }
}

/// Creates the error for an argument that is neither a file nor a recipient.
fn no_entry(entry: &str, error: RecipientError) -> UsageError {
    let problem = error.message();
    UsageError {
        hint: error.hint,
        ..UsageError::bare(msg!(
            "there is no file {entry}, and it is not a recipient: {problem}",
            entry,
            problem
        ))
    }
}

fn read_file(
    context: &mut Context,
    name: &str,
    country: Option<Country>,
    read: ReadRecipient,
) -> Result<Vec<String>, CommandError> {
    let source = if name == "-" {
        context.input.claim_stdin("RECIPIENT")?;
        Source::Stdin
    } else {
        Source::File(name.into())
    };
    let input = open_list(&source, PipeBound::Writer)?;
    let name = source_name(&source).to_string();
    Ok(read_recipient_lines(input, &name, country, read)?)
}
