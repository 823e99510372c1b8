//! The arguments of `bulk send`, with their help. Some of them are also answers to questions about the list.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Command, FromArgMatches, ValueHint};

use super::continued_run::chosen_flags;
use super::options::{
    EarlierOptions, HoursOptions, LIST, RARE, RECIPIENTS, RUN, RunOptions, WorkOptions,
    at_least_one,
};
use super::report_file::{ReportFormat, format_from_name};
use crate::base::input::{JsonSource, Source, UsageError};
use crate::base::message::{Lang, Message, msg};
use crate::base::question::TypedFlag;
use crate::jelou::message::{MessageArgs, MessageKind};
use crate::lists::list_file::ListEncoding;
use crate::phone::Country;
use crate::runs::cost::Money;
use crate::runs::import::{ColumnValue, HiddenRule, ImportPolicy, NO_COUNTRY};
use crate::runs::ledger::RunName;
use crate::runs::once::OnceKey;
use crate::sender::config::{budget, every, remember};
use crate::sender::context::Mode;

/// The headings of the help in order, together with the headings in `options.rs`.
const BEFORE: &str = "Before the start";
/// `--preview all`
const ALL_ROWS: u64 = u64::MAX;

/// Send a message to each row of a list file
///
/// Examples:
///   jelouctl bulk send people.csv text 'Hola {{ nombre }}'
///   jelouctl bulk send people.csv --preview 2 text 'Hola {{ nombre_completo }}'
///   jelouctl bulk send people.csv --preview all --file preview.html text 'Hola'
///   jelouctl bulk send people.csv --test-to 593987654321 text 'Debe {{ saldo }}'
///   jelouctl bulk send people.ndjson --rate 2/s flow --body flow.json
///   jelouctl bulk send people.xlsx --skip-sent text 'Hola {{ nombre }}'
///   jelouctl bulk send people.xlsx --once november text 'Hola {{ nombre }}'
///
/// jelouctl reads and checks all rows up to --limit before it sends any. The run records the state of
/// each row. The list file is CSV with a header, NDJSON, or a sheet of a workbook (.xlsx, .ods).
/// In any text of the message, {{ name }} prints the column `name`.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    subcommand_value_name = "KIND",
    subcommand_help_heading = "Kinds"
)]
pub(crate) struct BulkSendArgs {
    /// List file: CSV, NDJSON, .xlsx or .ods; `-` reads standard input
    #[arg(value_name = "LIST", value_hint = ValueHint::FilePath)]
    pub(crate) source: Source,

    /// Check every row, show the first N messages, and send nothing
    #[arg(long, value_name = "N|all", value_parser = preview_rows, help_heading = BEFORE)]
    pub(crate) preview: Option<u64>,

    /// With --preview all, write an HTML page to this file, such as preview.html
    ///
    /// Shows every message and every invalid row, for approval. Times are in --time-zone.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "preview", help_heading = BEFORE)]
    pub(crate) file: Option<PathBuf>,

    /// Hide recipients and cell values on the HTML page
    ///
    /// Messages show column names instead of values.
    #[arg(long, requires = "file", help_heading = BEFORE)]
    pub(crate) mask: bool,

    /// Write the HTML page in this language [default: the profile's, or en]
    #[arg(long, value_name = "LANGUAGE", requires = "file", help_heading = BEFORE)]
    pub(crate) lang: Option<Lang>,

    /// Check every row, then send the first message to this recipient only
    #[arg(long, value_name = "RECIPIENT", help_heading = BEFORE)]
    #[arg(allow_hyphen_values = true, conflicts_with_all = ["preview", "run"])]
    pub(crate) test_to: Option<String>,

    /// Send this many messages with --test-to, 1 to 10 [default: 1]
    ///
    /// Sends them 6 seconds apart.
    #[arg(long, value_name = "N", help_heading = BEFORE)]
    #[arg(requires = "test_to", value_parser = clap::value_parser!(u8).range(1..=10))]
    pub(crate) test_rows: Option<u8>,

    /// Price list (CSV), to estimate the cost [default: the profile's]
    ///
    /// `jelouctl explain prices` shows its format.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = BEFORE)]
    pub(crate) prices: Option<PathBuf>,

    /// Refuse the list if it costs more than this amount, such as 50
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true, help_heading = BEFORE, value_parser = budget)]
    pub(crate) budget: Option<Money>,

    #[command(flatten)]
    pub(crate) choices: ListChoices,

    /// Skip the first N rows
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, help_heading = LIST)]
    pub(crate) skip: u64,

    /// Send at most N messages; skipped rows do not count
    #[arg(long, value_name = "N", value_parser = at_least_one, help_heading = LIST)]
    pub(crate) limit: Option<u64>,

    /// Skip rows with this value in a column, such as baja=sí (repeatable)
    ///
    /// Capitals, accents and spaces at the ends do not matter, so baja=si skips `Sí`. COLUMN= is an empty cell.
    #[arg(long, value_name = "COLUMN=VALUE", help_heading = LIST)]
    pub(crate) skip_if: Vec<ColumnValue>,

    /// Send only rows with this value in a column, such as grupo=A (repeatable)
    ///
    /// With several values of one column, a row needs one of them. With several columns, it needs a value of each.
    #[arg(long, value_name = "COLUMN=VALUE", help_heading = LIST)]
    pub(crate) only_if: Vec<ColumnValue>,

    #[command(flatten)]
    pub(crate) policy: PolicyArgs,

    /// Write rows that will not be sent, with the reason, to this file
    ///
    /// The extension sets the format: .csv, .xlsx or .ndjson. Fix the rows, then send FILE. Excluded recipients stay
    /// excluded.
    #[arg(long, value_name = "FILE", conflicts_with = "test_to", value_hint = ValueHint::FilePath, help_heading = LIST)]
    pub(crate) rejects: Option<PathBuf>,

    /// Read CSV or NDJSON in this encoding, such as windows-1252 [default: UTF-8]
    #[arg(long, value_name = "LABEL", help_heading = LIST)]
    pub(crate) encoding: Option<ListEncoding>,

    /// Send each recipient at most one message with this key
    ///
    /// The text and the list do not matter. `jelouctl once` manages the keys.
    #[arg(long, value_name = "KEY", conflicts_with_all = ["again", "allow_duplicates"], help_heading = RECIPIENTS)]
    pub(crate) once: Option<OnceKey>,

    /// With --once: repeat only after this time, 1m to 366d [default: never]
    ///
    /// A frequency cap: --once news --every 30d sends each recipient at most one message with the key in 30 days, counted
    /// from the send. --remember is independent of it.
    #[arg(long, value_name = "DURATION", requires = "once", value_parser = every, allow_hyphen_values = true, help_heading = RECIPIENTS)]
    pub(crate) every: Option<Duration>,

    /// Skip recipients outside WhatsApp's 24-hour window
    ///
    /// Skips recipients that have not written in the last 23 hours (for safety). Checks the bot's history at the start
    /// and at `bulk resume`. Not for templates.
    #[arg(long, help_heading = RECIPIENTS)]
    pub(crate) only_in_window: bool,

    /// How far back to look for duplicates, such as 12h, or 0 for never [default: 3d]
    ///
    /// `remember` in the profile sets another default. With --skip-sent, the default is unlimited.
    #[arg(long, value_name = "TIME", help_heading = RECIPIENTS, value_parser = remember)]
    pub(crate) remember: Option<Duration>,

    #[command(flatten)]
    pub(crate) hours: HoursOptions,

    /// Name the run [default: the file's name and the time]
    ///
    /// Use the letters a to z, digits and -.
    #[arg(long, value_name = "NAME", help_heading = RUN)]
    pub(crate) run: Option<RunName>,

    /// Create the run, but send nothing yet
    ///
    /// `bulk resume` or `bulk work` sends it, in one process or in several. Somebody else can first look
    /// at its page: `bulk report RUN --file run.html`.
    #[arg(long, conflicts_with_all = ["preview", "test_to"], help_heading = RUN)]
    pub(crate) hold: bool,

    #[command(flatten)]
    pub(crate) options: RunOptions,

    #[command(flatten, next_help_heading = RARE)]
    pub(crate) work: WorkOptions,

    #[command(subcommand)]
    pub(crate) typed: MessageArgs<BulkDeliveryArgs>,
}

/// Parses a count, or `all`.
fn preview_rows(raw: &str) -> Result<u64, Message> {
    if raw.eq_ignore_ascii_case("all") {
        return Ok(ALL_ROWS);
    }
    let typed = raw.escape_debug().to_string();
    at_least_one(raw).map_err(|_| msg!("expected 1 or more, or all, found `{typed}`", typed))
}

#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate flag")]
#[command(next_help_heading = RECIPIENTS)]
pub(crate) struct PolicyArgs {
    /// Skip invalid rows, instead of refusing the list file
    ///
    /// Also skips repeated messages to the same recipient.
    #[arg(long, help_heading = LIST)]
    pub(super) skip_invalid: bool,

    /// Skip recipients outside allow_to, instead of refusing the list file
    #[arg(long)]
    skip_not_allowed: bool,

    /// Send the same message to the same recipient more than once
    #[arg(long)]
    allow_duplicates: bool,

    /// Send only the first valid row of each recipient
    #[arg(long, conflicts_with = "allow_duplicates")]
    one_per_recipient: bool,

    /// Skip the recipients in this file (repeatable)
    ///
    /// A file with one number, user id or `id:USER` per line, or a list file with a header. For a WhatsApp
    /// user id, also list the phone number: the id changes with the number.
    #[arg(long, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub(super) exclude: Vec<Source>,
}

#[derive(Args, Debug)]
pub(crate) struct BulkDeliveryArgs {
    /// Build the recipient from columns, such as '593{{ celular }}' [default: one column]
    #[arg(long, value_name = "TEMPLATE", allow_hyphen_values = true)]
    pub(super) to: Option<String>,

    /// Use this JSON as all or part of the body; flags override it
    ///
    /// Its texts can have columns, such as {{ nombre }}.
    #[arg(long, value_name = "FILE|-|JSON", value_parser = JsonSource::from_body_flag, value_hint = ValueHint::FilePath)]
    pub(super) body: Option<JsonSource>,

    /// Treat a row that causes a warning as invalid
    #[arg(long)]
    pub(super) strict: bool,
}

impl BulkSendArgs {
    /// Returns whether the command creates a run, so neither a preview nor a test.
    pub(crate) fn makes_run(&self, mode: Mode) -> bool {
        mode == Mode::Send && self.preview.is_none() && self.test_to.is_none()
    }

    /// Returns the file of the page, if wanted.
    pub(crate) fn page_file(&self) -> Result<Option<&Path>, UsageError> {
        let Some(file) = self.file.as_deref() else {
            return Ok(None);
        };
        if self.preview != Some(ALL_ROWS) {
            return Err(UsageError::new(
                msg!("--file: the page has every row"),
                msg!("write --preview all"),
            ));
        }
        if !matches!(format_from_name("--file", file), Ok(ReportFormat::Html)) {
            return Err(UsageError::new(
                msg!("--file: {file} is not the name of a page", file),
                msg!("write a file name that ends in .html"),
            ));
        }
        Ok(Some(file))
    }

    /// Returns the files that the command reads as lists.
    pub(super) fn inputs(&self) -> Vec<&Source> {
        std::iter::once(&self.source)
            .chain(&self.policy.exclude)
            .collect()
    }

    /// Returns the flags that a corrected list needs, too: those that skip rows, and those that say how to read its
    /// recipients. Its header is in the first line.
    pub(super) fn narrowing_flags(&self) -> Vec<String> {
        let policy = &self.policy;
        let choices = &self.choices;
        let flags = [
            ("--to-column", choices.to_column.is_some()),
            ("--country", choices.country.is_some()),
            ("--country-column", choices.country_column.is_some()),
            ("--exclude", !policy.exclude.is_empty()),
            ("--skip-if", !self.skip_if.is_empty()),
            ("--only-if", !self.only_if.is_empty()),
            ("--one-per-recipient", policy.one_per_recipient),
            ("--once", self.once.is_some()),
            ("--skip-sent", choices.earlier.skip_sent),
            ("--only-in-window", self.only_in_window),
        ];
        chosen_flags(flags).map(str::to_owned).collect()
    }

    /// Returns the file of the list, used to name its run; empty for standard input.
    pub(super) fn file_name(&self) -> &Path {
        match &self.source {
            Source::Stdin => Path::new(""),
            Source::File(path) => path,
        }
    }

    /// Returns the name of the list's file without its directory; None for standard input.
    pub(super) fn list_name(&self) -> Option<String> {
        let name = self.file_name().file_name()?;
        Some(name.to_string_lossy().into_owned())
    }

    pub(crate) fn message(&self) -> &MessageKind {
        &self.typed.message
    }

    /// Returns how to treat rows that cannot be sent unchanged.
    pub(crate) fn import_policy(&self) -> ImportPolicy {
        let policy = &self.policy;
        ImportPolicy {
            skip_invalid: policy.skip_invalid,
            allow_duplicates: policy.allow_duplicates,
            one_per_recipient: policy.one_per_recipient || self.once.is_some(),
            skip_not_allowed: policy.skip_not_allowed,
            hidden: self.choices.hidden,
            notes_rejects: self.rejects.is_some(),
            only_in_window: self.only_in_window,
        }
    }
}

/// The value of `--country`: a country, or `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TypedCountry(Option<Country>);

impl FromStr for TypedCountry {
    type Err = Message;

    fn from_str(raw: &str) -> Result<Self, Message> {
        if raw == NO_COUNTRY {
            return Ok(Self(None));
        }
        raw.parse().map(|country| Self(Some(country)))
    }
}

/// How a list is read, where jelouctl may have to ask.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ListChoices {
    /// Read this sheet of the workbook [default: the first visible one]
    #[arg(long, value_name = "NAME", help_heading = LIST)]
    pub(super) sheet: Option<String>,

    /// Read recipients from this column [default: found by its name]
    ///
    /// Default: the column with a usual name, such as to, userId, phone, telefono or celular. If no column or several
    /// have such a name, jelouctl asks, or refuses the list.
    #[arg(long, value_name = "COLUMN", help_heading = LIST)]
    pub(super) to_column: Option<String>,

    /// Country of local numbers, such as EC, or `none` [default: the profile's]
    ///
    /// With `none`, local numbers are invalid, and jelouctl does not ask for their country.
    #[arg(long, value_name = "CODE", help_heading = LIST)]
    country: Option<TypedCountry>,

    /// Read countries from this column, or `none` [default: found by its name]
    ///
    /// The default is a column named `país`, `country` or `Country/Region`, unless --country is passed. Its cells are codes,
    /// names or calling codes. For an empty cell, --country or the profile sets the country.
    #[arg(long, value_name = "NAME", help_heading = LIST)]
    pub(super) country_column: Option<String>,

    /// Skip or send the rows that are hidden or crossed out in the sheet
    ///
    /// Without this flag, jelouctl asks, or refuses a sheet with these rows.
    #[arg(long, value_name = "WHAT", help_heading = LIST)]
    hidden: Option<HiddenRule>,

    /// Read the header from line N [default: the first filled row]
    ///
    /// N is the line number in a sheet or editor.
    #[arg(long, value_name = "N", value_parser = at_least_one, help_heading = LIST)]
    pub(super) header_row: Option<u64>,

    #[command(flatten)]
    pub(super) earlier: EarlierOptions,
}

impl ListChoices {
    /// Returns the country of `--country`.
    pub(super) fn country(&self) -> Option<Country> {
        self.country?.0
    }

    /// Returns the country `of_profile`, unless `--country` overrides it.
    pub(super) fn profile_country(&self, of_profile: Option<Country>) -> Option<Country> {
        of_profile.filter(|_| self.country.is_none())
    }

    /// Returns whether `--country` says that local numbers have no country.
    pub(super) fn has_no_country(&self) -> bool {
        self.country == Some(TypedCountry(None))
    }

    /// Adds the flag of an answer, which is read as on a command line.
    ///
    /// # Errors
    /// If the flag has another value.
    pub(super) fn answer(&mut self, flag: &TypedFlag) -> Result<(), UsageError> {
        let command = Command::new("jelouctl").no_binary_name(true);
        let parsed = Self::augment_args_for_update(command).try_get_matches_from(flag.words());
        // A switch that the answer does not name is off.
        let EarlierOptions { skip_sent, again } = self.earlier;
        parsed
            .and_then(|matches| self.update_from_arg_matches(&matches))
            .map_err(|_| {
                UsageError::bare(msg!("{flag} cannot be used here", flag = flag.to_string()))
            })?;
        self.earlier.skip_sent |= skip_sent;
        self.earlier.again |= again;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_added_to_the_typed_flags() {
        let mut choices = ListChoices {
            sheet: Some("Hoja1".to_owned()),
            earlier: EarlierOptions {
                again: true,
                ..EarlierOptions::default()
            },
            ..ListChoices::default()
        };
        for flag in [
            TypedFlag::with_value("--to-column", "-cel"),
            TypedFlag::with_value("--country", "EC"),
            TypedFlag::with_value("--country-column", "none"),
            TypedFlag::with_value("--header-row", "4"),
            TypedFlag::with_value("--hidden", "skip"),
            TypedFlag::with_value("--sheet", "Hoja 2"),
        ] {
            choices.answer(&flag).unwrap();
        }
        assert_eq!(choices.sheet.as_deref(), Some("Hoja 2"));
        assert_eq!(choices.to_column.as_deref(), Some("-cel"));
        assert_eq!(choices.country().map(Country::code), Some("EC"));
        assert_eq!(choices.country_column.as_deref(), Some("none"));
        assert_eq!(choices.header_row, Some(4));
        assert_eq!(choices.hidden, Some(HiddenRule::Skip));
        assert!(choices.earlier.again && !choices.earlier.skip_sent);
        choices
            .answer(&TypedFlag::with_value("--country", NO_COUNTRY))
            .unwrap();
        assert!(choices.has_no_country() && choices.country().is_none());
        let wrong = TypedFlag::with_value("--header-row", "x");
        assert!(choices.answer(&wrong).is_err());
    }
}
