//! The commands, and the parser. The parser first builds only the command that the line names, because building all
//! commands takes longer than sending a message. If that fails, it builds all commands and parses the line again. They
//! also print the help and the errors. clap's `defer` was slower, because it copies the global flags into each command.
//! `--version` took 1.6 million instructions instead of 0.9, and `send text` 2.7 instead of 1.9.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::global::GlobalFlags;
use crate::commands::{
    api, bulk, doctor, documents, explain, ledger, messages, once, profile, run, sandbox, send,
    templates,
};
use crate::jelou::message::CommandLine;

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
/// Exit codes show a message as sent (accepted by Jelou), not sent or unknown.
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
