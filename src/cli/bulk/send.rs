//! `bulk send …`, with the flags that `bulk resume` has too.

use clap::Args;

use crate::cli::hours::HoursFlags;
use crate::commands::bulk::{BulkSendArguments, EarlierOptions, RunOptions, TestSend};
use crate::config::{Rate, Remember, RetryFor};
use crate::import::{ImportPolicy, RowRange};
use crate::input::Source;
use crate::ledger::RunName;
use crate::list::{ListEncoding, ListOptions};
use crate::message::{Message, TypedMessage};
use crate::output::ProgressFormat;
use crate::phone::Country;

/// Headings of the help of `bulk send` and `bulk resume`, in the order in which they are met.
const LIST: &str = "The list";
const PEOPLE: &str = "Who is written to";
const BEFORE: &str = "Before it begins";
const RUN: &str = "The run";

/// Send a message to each row of a list
///
/// Examples:
///   jelouctl bulk send people.csv text 'Hola {{ nombre }}'
///   jelouctl bulk send people.csv --preview 2 text "Hola {{ row['Nombre completo'] }}"
///   jelouctl bulk send people.csv --test-to 593987654321 text 'Hola {{ nombre }}'
///   jelouctl bulk send people.ndjson --rate 2/s flow --body flow.json --title '{{ titulo }}'
///   jelouctl bulk send people.xlsx --country EC --skip-sent text 'Hola {{ nombre }}'
///
/// All rows are read and checked before anything is sent. The run keeps the state of each row.
/// The list is CSV with a header, NDJSON, or a sheet of a workbook (.xlsx, .ods); in any text of the
/// message, {{ name }} is a column.
#[derive(Args, Debug)]
#[expect(clippy::doc_link_with_quotes, reason = "a template's own marks")]
#[command(verbatim_doc_comment, subcommand_value_name = "KIND", subcommand_help_heading = "Kinds")]
pub(crate) struct BulkSend {
    /// List of people: CSV, NDJSON, .xlsx or .ods, or `-` for standard input
    #[arg(value_name = "FILE|-", value_hint = clap::ValueHint::FilePath)]
    source: Source,

    /// Sheet of the workbook [default: the first visible one]
    #[arg(long, value_name = "NAME", help_heading = LIST)]
    sheet: Option<String>,

    /// Encoding of a CSV or NDJSON list: windows-1252, latin1, … [default: UTF-8]
    #[arg(long, value_name = "LABEL", help_heading = LIST)]
    encoding: Option<ListEncoding>,

    /// Column of the recipient [default: the one named to, userId, phone, telefono, celular, …]
    #[arg(long, value_name = "COLUMN", help_heading = LIST)]
    to_column: Option<String>,

    /// Country whose national numbers the list has, in two letters: EC [default: the profile's]
    #[arg(long, value_name = "CODE", help_heading = LIST)]
    country: Option<Country>,

    /// Skip the first N rows
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, help_heading = LIST)]
    skip: u64,

    /// Send at most N messages; rows that are left out do not count
    #[arg(long, value_name = "N", value_parser = at_least_one, help_heading = LIST)]
    limit: Option<u64>,

    #[command(flatten)]
    policy: PolicyFlags,

    #[command(flatten)]
    earlier: EarlierFlags,

    /// For how long sent messages count as sent before: 3d, 12h, or 0 [default: the profile's, else 3d]
    #[arg(long, value_name = "TIME", help_heading = PEOPLE)]
    remember: Option<Remember>,

    #[command(flatten)]
    hours: HoursFlags,

    /// Read and check every row, print the first N requests and send nothing
    #[arg(long, value_name = "N", value_parser = at_least_one, help_heading = BEFORE)]
    preview: Option<u64>,

    /// Check every row, then send the first messages to this user alone, in place of their recipients
    #[arg(
        long,
        value_name = "USER",
        allow_hyphen_values = true,
        conflicts_with_all = ["preview", "run"],
        help_heading = BEFORE
    )]
    test_to: Option<String>,

    /// How many messages --test-to sends, 6 seconds apart, 1 to 10 [default: 1]
    #[arg(
        long,
        value_name = "N",
        requires = "test_to",
        value_parser = one_to_ten,
        help_heading = BEFORE
    )]
    test_rows: Option<u8>,

    /// Name of the run: a-z, 0-9 and - [default: made from the file's name and the time]
    #[arg(long, value_name = "NAME", help_heading = RUN)]
    run: Option<RunName>,

    /// Make the run and send nothing: `bulk work` sends it, or `bulk resume` where it is a file
    #[arg(long, conflicts_with_all = ["preview", "test_to"], help_heading = RUN)]
    import_only: bool,

    #[command(flatten)]
    options: RunOptionFlags,

    #[command(subcommand)]
    message: TypedMessage<BulkDelivery>,
}

/// A count; who wants to see nothing leave has a flag for that.
fn at_least_one(raw: &str) -> Result<u64, String> {
    match raw.parse() {
        Ok(0) => Err("write 1 or more; to send nothing, take --dry-run".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err("write a whole number".to_owned()),
    }
}

fn one_to_ten(raw: &str) -> Result<u8, String> {
    let count = raw.parse().ok().filter(|count| (1..=10).contains(count));
    count.ok_or_else(|| "write 1 to 10; to send nothing, take --dry-run".to_owned())
}

#[derive(Args, Debug)]
#[command(next_help_heading = PEOPLE)]
struct PolicyFlags {
    /// Skip the rows that cannot be sent, instead of sending nothing
    #[arg(long, help_heading = LIST)]
    skip_invalid: bool,

    /// Send rows that are the same message to the same recipient
    #[arg(long)]
    allow_duplicates: bool,

    /// Of several rows to one person, send only the first that can be sent
    #[arg(long, conflicts_with = "allow_duplicates")]
    one_per_person: bool,

    /// Leave out people on this list: one number, user id or `id:USER` a line, or a list with a header (repeatable)
    #[arg(long, value_name = "FILE|-", value_hint = clap::ValueHint::FilePath)]
    exclude: Vec<Source>,
}

/// How a person sends rows of a run.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = RUN)]
pub(crate) struct RunOptionFlags {
    /// How fast to send: 5/s, 300/m, 1000/h [default: as the run was begun; of a new one the profile's rate, else 5/s]
    #[arg(long, value_name = "RATE")]
    rate: Option<Rate>,

    #[command(flatten)]
    work: WorkFlags,

    /// Go on when the first eleven messages are all rejected, instead of pausing
    #[arg(long)]
    keep_going: bool,
}

/// How anyone does, also a machine beside others.
#[derive(Args, Clone, Debug)]
pub(crate) struct WorkFlags {
    /// How many requests may be under way from here at once [default: as the run was begun; of a new one 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    concurrency: Option<u16>,

    /// How long to keep trying while a rate limit refuses every row, or the network is away; then the run pauses [default:
    /// as the run was begun; of a new one 15m]
    #[arg(long, value_name = "DURATION")]
    max_wait: Option<RetryFor>,

    /// Use a new connection for each message, for servers that send extra answers [default: as the run was begun]
    #[arg(long)]
    no_keep_alive: bool,

    /// Send a template without a look at the bot's list of templates first
    #[arg(long)]
    unchecked: bool,

    /// How to show the progress
    #[arg(long, value_name = "FORMAT", default_value = "auto", hide_default_value = true)]
    progress: ProgressFormat,
}

#[derive(Args, Debug)]
#[command(next_help_heading = PEOPLE)]
pub(crate) struct EarlierFlags {
    /// Leave out messages that an earlier run has sent, may have sent or is to send
    #[arg(long, conflicts_with = "again")]
    skip_sent: bool,

    /// Send messages once more that an earlier run has sent, may have sent or is to send
    #[arg(long)]
    again: bool,

    /// Send although this run cannot be read and may have sent the same (repeatable)
    #[arg(long, value_name = "RUN")]
    ignore_run: Vec<RunName>,
}

#[derive(Args, Debug)]
struct BulkDelivery {
    /// Recipient, as a template over the columns: '593{{ celular }}' [default: a column]
    #[arg(long, value_name = "TEMPLATE", allow_hyphen_values = true)]
    to: Option<String>,

    /// Country whose national numbers the list has, in two letters: EC [default: the profile's]
    #[arg(long, value_name = "CODE")]
    country: Option<Country>,

    /// The body, or a part of it, as JSON whose texts are templates; flags win over it
    #[arg(long, value_name = "FILE|-", value_hint = clap::ValueHint::FilePath)]
    body: Option<Source>,

    /// Treat a row whose message has a warning as one that cannot be sent
    #[arg(long)]
    strict: bool,
}

impl BulkSend {
    pub(super) fn kind(&self) -> &Message {
        &self.message.message
    }
}

impl From<RunOptionFlags> for RunOptions {
    fn from(RunOptionFlags { rate, work, keep_going }: RunOptionFlags) -> Self {
        Self { rate, keep_going, ..work.into() }
    }
}

impl From<WorkFlags> for RunOptions {
    fn from(flags: WorkFlags) -> Self {
        Self {
            rate: None,
            concurrency: flags.concurrency.map(usize::from),
            max_wait: flags.max_wait.map(RetryFor::duration),
            no_keep_alive: flags.no_keep_alive,
            unchecked: flags.unchecked,
            progress: flags.progress,
            keep_going: false,
        }
    }
}

impl From<EarlierFlags> for EarlierOptions {
    fn from(flags: EarlierFlags) -> Self {
        Self { skip_sent: flags.skip_sent, again: flags.again, ignored_runs: flags.ignore_run }
    }
}

impl From<BulkSend> for BulkSendArguments {
    fn from(send: BulkSend) -> Self {
        let TypedMessage { delivery, message } = send.message;
        Self {
            source: send.source,
            list: ListOptions { sheet: send.sheet, encoding: send.encoding },
            to: delivery.to,
            to_column: send.to_column,
            countries: [send.country, delivery.country],
            body: delivery.body,
            strict: delivery.strict,
            message,
            run: send.run,
            import_only: send.import_only,
            options: send.options.into(),
            hours: send.hours.into(),
            range: RowRange { skip: send.skip, limit: send.limit },
            policy: ImportPolicy {
                skip_invalid: send.policy.skip_invalid,
                allow_duplicates: send.policy.allow_duplicates,
                one_per_person: send.policy.one_per_person,
            },
            excluded: send.policy.exclude,
            earlier: send.earlier.into(),
            remember: send.remember,
            preview: send.preview,
            test: send.test_to.map(|to| TestSend { to, rows: send.test_rows.unwrap_or(1) }),
        }
    }
}
