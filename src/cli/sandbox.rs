//! `sandbox`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::commands::sandbox::SandboxArguments;
use crate::input::Source;

/// Run a local Jelou with a web inbox: no account, nothing leaves the machine
///
/// Examples:
///   jelouctl sandbox --open
///   jelouctl sandbox -- ./notify.sh
///   jelouctl sandbox --expect 1 --list sent.ndjson -- ./notify.sh
///   jelouctl sandbox --fault status=429,retry_after=2,every=5 --fault reset,stored,to=593987654321
///
/// Without a command it prints the variables to export and listens until Ctrl-C. With one it runs
/// the command with these variables, lists what arrived, and ends with the command's exit code. Where
/// they are set, no jelouctl can send anything elsewhere. With --bot, there is no other bot.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct SandboxCommand {
    /// Port of 127.0.0.1, 0 for a free one [default: 4780; with a command, a free one]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// Open the inbox in the browser
    #[arg(long)]
    open: bool,

    /// Rule that simulates an error (repeatable): status=CODE, reset, hang, truncate, delay=2s; with stored,
    /// retry_after=S, header=N:V, body=TEXT; to=USER, kind=KIND, after=N, first=N, every=N
    #[arg(long = "fault", value_name = "RULE")]
    faults: Vec<String>,

    /// Templates in place of the samples: a JSON array, or what `jelouctl templates` prints
    #[arg(long, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    templates: Option<Source>,

    /// Refuse users who have not written in the last 24 hours, as WhatsApp does; write as them in the inbox
    #[arg(long)]
    window: bool,

    /// Post what is written in the inbox to this address on this machine
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    webhook: Option<String>,

    /// Keep only the newest N messages [default: 10000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max: Option<u32>,

    /// Exit with 14 unless exactly N messages arrived
    #[arg(long, value_name = "N")]
    expect: Option<u64>,

    /// Write what arrived to this file, one JSON object a line
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    list: Option<PathBuf>,

    /// Command to run
    #[arg(last = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments)]
    command: Vec<OsString>,
}

impl From<SandboxCommand> for SandboxArguments {
    fn from(command: SandboxCommand) -> Self {
        let SandboxCommand { port, open, faults, templates, window, webhook, max, expect, list, command } = command;
        Self { port, open, faults, templates, window, webhook, max, expect, list, command }
    }
}
