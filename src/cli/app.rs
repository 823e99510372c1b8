//! The commands, and the parser. The parser first builds only the command that the line names, because building all
//! commands takes longer than sending a message. If that fails, it builds all commands and parses the line again. They
//! also print the help and the errors. clap's `defer` was slower, because it copies the global flags into each command.
//! `--version` took 1.6 million instructions instead of 0.9, and `send text` 2.7 instead of 1.9.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::base::input::Input;
use crate::base::output::{Color, Format, Stderr, Stdout, Verbosity};
use crate::commands::profile::{self, KeyFlags};
use crate::commands::{
    api, bulk, doctor, documents, explain, ledger, messages, once, run, sandbox, send, templates,
};
use crate::jelou::message::CommandLine;
use crate::sender::config::Flags;
use crate::sender::context::{Context, Mode};

/// The maximum width of the help in any terminal.
pub(super) const MAX_COLUMNS: usize = 100;

/// The settings of every command.
const AFTER_HELP: &str = include_str!("after_help.txt").trim_ascii_end();

/// Send WhatsApp messages through the Jelou API
///
/// Examples:
///   jelouctl --sandbox send text --to 593987654321 'Hola'
///   jelouctl profile set prod --bot 77 --client-id my-client-id
///   jelouctl send text --to 593987654321 'Hola'
///
/// The exit code says whether a message was sent (accepted by Jelou), was not sent, or may have been sent.
/// jelouctl sends nothing twice unless you ask for it.
#[derive(Debug, Parser)]
#[command(
    name = "jelouctl",
    bin_name = "jelouctl",
    version,
    verbatim_doc_comment,
    max_term_width = MAX_COLUMNS,
    disable_help_subcommand = true
)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct App {
    #[command(flatten)]
    pub(crate) global: GlobalFlags,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// The command as its record names it, such as `bulk send`.
    #[arg(skip)]
    pub(super) name: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Send(send::SendArgs),
    FlowMessage(send::FlowMessageArgs),
    Templates(templates::TemplatesArgs),
    /// List a bot's messages, and check their delivery status
    #[command(subcommand)]
    Messages(messages::MessagesCommand),
    #[command(subcommand)]
    Bulk(bulk::BulkCommand),
    #[command(subcommand)]
    Once(once::OnceCommand),
    Run(run::RunArgs),
    Api(api::ApiArgs),
    Sandbox(sandbox::SandboxArgs),
    #[command(subcommand)]
    Profile(profile::ProfileCommand),
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    Doctor(doctor::DoctorArgs),
    Explain(explain::ExplainArgs),
    Schema(documents::SchemaArgs),
    /// Print instructions for AI agents that use jelouctl
    ///
    /// Examples:
    ///   mkdir -p .claude/skills/jelouctl
    ///   jelouctl skill > .claude/skills/jelouctl/SKILL.md
    ///
    /// Explains the sandbox, what to do after each exit code, and when not to send again.
    #[command(verbatim_doc_comment)]
    Skill,
    Completions(documents::CompletionsArgs),
    Man(documents::ManArgs),
}

/// Parses `arguments`, the program's name first.
///
/// # Errors
/// clap's result from all commands.
pub(super) fn parse(arguments: &[OsString]) -> Result<App, clap::Error> {
    match parse_by_one_command(arguments) {
        Some(Ok(app)) => Ok(app),
        Some(Err(error)) if error.kind() == ErrorKind::DisplayVersion => Err(error),
        Some(Err(_)) | None => read_matches(exacting_app().try_get_matches_from(arguments)),
    }
}

/// Returns all commands. If something is missing, the result is an error that names it, and not clap's help. A number with a
/// minus after a flag is the flag's value, so that the error can be about the number.
pub(super) fn exacting_app() -> clap::Command {
    fn exacting(command: clap::Command) -> clap::Command {
        let command = command.arg_required_else_help(false);
        let command = command.mut_args(|flag| {
            let takes_value = !flag.is_positional() && flag.get_action().takes_values();
            flag.allow_negative_numbers(takes_value)
        });
        command.mut_subcommands(exacting)
    }
    exacting(App::command())
}

/// Parses the line with the one command that it starts with. None if the line starts with another
/// word. If a global flag takes the command as its value, the error is that the command is missing. A
/// word that looks like a subcommand of another command is also an error. The exception is the list
/// of `bulk send`, because every kind can follow it.
pub(super) fn parse_by_one_command(arguments: &[OsString]) -> Option<Result<App, clap::Error>> {
    let words = CommandLine::new(arguments);
    let mut app = clap::Command::new("jelouctl")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true);
    app = GlobalFlags::augment_args(app);
    let mut names = words
        .all()
        .iter()
        .enumerate()
        .filter(|(_, word)| !word.starts_with('-'))
        .peekable();
    if names.peek().is_some() {
        app = app.subcommand(names.find_map(|(index, name)| command(name, index, &words))?);
    }
    Some(read_matches(app.try_get_matches_from(arguments)))
}

fn read_matches(parsed: Result<ArgMatches, clap::Error>) -> Result<App, clap::Error> {
    let mut matches = parsed?;
    let name = matches.subcommand().map(|(name, of_command)| {
        // What follows `send` is a kind.
        name_in_records(name, of_command.subcommand_name())
    });
    let app = App::from_arg_matches_mut(&mut matches)?;
    Ok(App { name, ..app })
}

/// Returns the name of a command in its records. What follows `send` is a kind.
pub(super) fn name_in_records(command: &str, part: Option<&str>) -> String {
    match part {
        Some(part) if command != "send" => format!("{command} {part}"),
        _ => command.to_owned(),
    }
}

/// Builds the command `name`, at `index` in `words`. None for the other commands, which need not be fast.
fn command(name: &str, index: usize, words: &CommandLine) -> Option<clap::Command> {
    let named = |name: &'static str| clap::Command::new(name).add(words.clone());
    let command = match name {
        "send" => send::SendArgs::augment_args(named("send")),
        "flow-message" => send::FlowMessageArgs::augment_args(named("flow-message")),
        "templates" => templates::TemplatesArgs::augment_args(named("templates")),
        "messages" => messages::MessagesCommand::augment_subcommands(named("messages")),
        "bulk"
            if words
                .all()
                .get(index + 1)
                .is_some_and(|word| word == "send") =>
        {
            named("bulk")
                .subcommand(bulk::BulkSendArgs::augment_args(named("send")))
                .subcommand_required(true)
        }
        "bulk" => bulk::BulkCommand::augment_subcommands(named("bulk")),
        "run" => run::RunArgs::augment_args(named("run")),
        "api" => api::ApiArgs::augment_args(named("api")),
        "sandbox" => sandbox::SandboxArgs::augment_args(named("sandbox")),
        "profile" => profile::ProfileCommand::augment_subcommands(named("profile")),
        _ => return None,
    };
    Some(command)
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag without a value"
)]
pub(crate) struct GlobalFlags {
    /// Use this profile [env: JELOU_PROFILE]
    #[arg(short, long, global = true, value_name = "NAME")]
    profile: Option<String>,

    /// Read this configuration file [env: JELOUCTL_CONFIG]
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    config: Option<PathBuf>,

    /// Send to the sandbox instead of Jelou, without an account
    ///
    /// Sends nothing to Jelou or WhatsApp. Uses the sandbox on port 4780, or one inside this process if none runs
    /// there. JELOUCTL_SANDBOX sets another, even without --sandbox.
    #[arg(long, global = true, conflicts_with = "api_url")]
    sandbox: bool,

    #[command(flatten)]
    keys: KeyFlags<true>,

    /// Print the request as JSON instead of sending it
    ///
    /// Does not read the secret.
    #[arg(long, global = true, conflicts_with = "curl")]
    dry_run: bool,

    /// Print the request as a curl command instead of sending it
    #[arg(long, global = true)]
    curl: bool,

    /// Choose what to print [default: response]
    #[arg(short, long, global = true, value_name = "FORMAT")]
    output: Option<Format>,

    /// Print only errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,

    /// Print each attempt, request and response, without secrets
    // Repeating the flag changes nothing.
    #[arg(short, long, global = true, overrides_with = "verbose")]
    verbose: bool,

    /// Choose when to use colors [default: auto]
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true
    )]
    color: Color,

    /// Never prompt; fail if a value is missing
    ///
    /// Also applies if the variable CI is set.
    #[arg(long, global = true)]
    no_input: bool,

    /// Answer yes to every prompt
    #[arg(short, long, global = true)]
    yes: bool,
}

impl GlobalFlags {
    /// Creates the context of a command. With `no_input`, the environment disables prompts.
    pub(crate) fn context(self, no_input: bool) -> Context {
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        let mode = match (self.dry_run, self.curl) {
            (true, _) => Mode::DryRun,
            (false, true) => Mode::Curl,
            (false, false) => Mode::Send,
        };
        Context {
            flags: Flags {
                profile: self.profile,
                default_profile: None,
                config: self.config,
                sandbox: self.sandbox,
                layer: self.keys.0,
            },
            stdout: Stdout::new(self.output, self.color),
            stderr: Stderr::new(verbosity, self.color),
            input: Input::default(),
            mode,
            assume_yes: self.yes,
            no_input: self.no_input || no_input,
            typed_line: None,
        }
    }
}
