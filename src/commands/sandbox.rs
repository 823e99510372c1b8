//! `sandbox`: runs a local Jelou until a signal stops it, or while a command runs.

use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueHint};
use tempfile::TempDir;

use crate::base::exit::ExitCode;
use crate::base::input::{Source, UsageError};
use crate::base::message::{Message, msg};
use crate::base::owner::follow_own_links;
use crate::base::private_file::{self, FileAction, FileError};
use crate::base::process::{Signals, block_on, enclose_commands, run_command};
#[cfg(unix)]
use crate::base::texts::shell_word;
use crate::command_error::CommandError;
use crate::jelou::message::MessageKind;
use crate::sandbox::{
    AllowedHost, DEFAULT_DELIVER_AFTER, DEFAULT_MAX, DEFAULT_PORT, Fault, Options, Sandbox,
    Templates, delay, is_list,
};
use crate::sender::config::SANDBOX_KEYS;
use crate::sender::context::Context;

/// The client id, the secret, and the default bot.
const NAME: &str = "sandbox";
/// The number of messages listed on standard error.
const LISTED: usize = 100;

/// Run a local Jelou with a web inbox, without an account
///
/// Examples:
///   jelouctl sandbox --open
///   jelouctl sandbox -- ./notify.sh
///   jelouctl sandbox --expect 1 --list sent.ndjson -- ./notify.sh
///   jelouctl sandbox --listen 0.0.0.0:4780 --allow-host sandbox
///   jelouctl sandbox --fault status=429,retry_after=2,every=5
///   jelouctl sandbox --fault reset,stored,to=593987654321
///
/// Nothing is sent to Jelou or WhatsApp.
/// Without COMMAND, prints the variables to export and listens until Ctrl-C. With COMMAND, runs it with
/// these variables, lists the messages, and exits with its exit code. While the variables are set,
/// jelouctl sends only to the sandbox. With --bot BOT, the sandbox rejects all other bots.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct SandboxArgs {
    /// Listen on this port of 127.0.0.1, 0 for a free one [default: 4780]
    ///
    /// With COMMAND, the default is a free port.
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// Also listen on this address and port, such as 0.0.0.0:4780
    ///
    /// For other machines and containers.
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "port", value_parser = socket_address)]
    listen: Option<SocketAddr>,

    /// Accept requests addressed to this host name or IP address (repeatable)
    ///
    /// Other machines use this name. --listen needs it.
    #[arg(long = "allow-host", value_name = "HOST")]
    allowed_hosts: Vec<AllowedHost>,

    /// Open the inbox in the browser
    #[arg(long)]
    open: bool,

    /// Simulate an error, such as status=429,every=5 (repeatable)
    ///
    /// Errors: status=CODE (with retry_after=S, header=N:V, body=TEXT), reset, hang, truncate, delay=2s. With
    /// stored, the sandbox keeps the message despite the error. Delivery: undelivered[=CODE], unlisted, late=10s.
    /// Requests: to=RECIPIENT, kind=KIND, after=N, first=N, every=N.
    #[arg(long = "fault", value_name = "RULE")]
    faults: Vec<Fault>,

    /// Use these templates instead of the samples
    ///
    /// A JSON array, or the output of `jelouctl templates`.
    #[arg(long, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    templates: Option<Source>,

    /// Reject messages to users that have not written in the last 24 hours
    ///
    /// Like WhatsApp, still accepts templates. To write as a user, use the inbox.
    #[arg(long)]
    window: bool,

    /// Deliver templates to at most N different users in 24 hours
    ///
    /// Like WhatsApp, the sandbox accepts templates over this limit, but does not deliver them.
    #[arg(long = "limit-24h", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit_24h: Option<u32>,

    /// Keep only the newest N messages [default: 10000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max: Option<u32>,

    /// Deliver each message after this time, up to 1h [default: 1s]
    ///
    /// Applies to the inbox and status checks.
    #[arg(long, value_name = "TIME", value_parser = delay)]
    deliver_after: Option<Duration>,

    /// Exit with 14 unless exactly N messages arrive
    #[arg(long, value_name = "N")]
    expect: Option<u64>,

    /// Write the messages to this file, one JSON object per line
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    list: Option<PathBuf>,

    /// Command to run
    #[arg(last = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments)]
    command: Vec<OsString>,
}

/// Parses the value of `--listen`.
fn socket_address(raw: &str) -> Result<SocketAddr, Message> {
    raw.parse()
        .map_err(|_| msg!("`{raw}` is not ADDRESS:PORT, such as 0.0.0.0:4780", raw))
}

/// Runs the sandbox, and lists what arrived.
///
/// # Errors
/// If it cannot be started as typed, or the list cannot be written.
pub(crate) fn run(
    context: &mut Context,
    arguments: &SandboxArgs,
) -> Result<ExitCode, CommandError> {
    context.refuse_preview(msg!("sends nothing"))?;
    let options = options(context, arguments)?;
    // Created before anything runs, because a later error would lose the list.
    let list = arguments
        .list
        .as_deref()
        .map(|path| create(context, path))
        .transpose()?;
    let (sandbox, code) = block_on(serve(context, arguments, options))?;
    report(context, &sandbox);
    if let (Some(mut file), Some(path)) = (list, &arguments.list) {
        let mut messages = sandbox.messages().into_iter();
        let written =
            messages.try_for_each(|message| writeln!(file, "{}", message.read_back(None, None)));
        written.map_err(FileError::while_doing(FileAction::Write, path))?;
    }
    Ok(check(context, arguments.expect, sandbox.arrived(), code))
}

fn options(context: &mut Context, arguments: &SandboxArgs) -> Result<Options, CommandError> {
    let templates = match &arguments.templates {
        Some(source) => {
            Templates::from_json(context.input.json("--templates", source)?).map_err(|error| {
                UsageError::new(
                    msg!("--templates: {error}", error),
                    msg!("to save the bot's templates: jelouctl templates > FILE"),
                )
            })?
        }
        None => Templates::default(),
    };
    Ok(Options {
        lang: context.lang(),
        listen: listen(arguments)?,
        allowed_hosts: arguments.allowed_hosts.clone(),
        bot: context.flags.layer.text("bot_id").map(str::to_owned),
        templates,
        faults: arguments.faults.clone(),
        window: arguments.window,
        limit_24h: arguments.limit_24h,
        max: arguments.max.map_or(DEFAULT_MAX, |max| max as usize),
        deliver_after: arguments.deliver_after.unwrap_or(DEFAULT_DELIVER_AFTER),
    })
}

/// Returns the address to listen on. Other machines need a name: without it, their requests look
/// like requests from a web page of another site.
fn listen(arguments: &SandboxArgs) -> Result<SocketAddr, UsageError> {
    let default_port = if arguments.command.is_empty() {
        DEFAULT_PORT
    } else {
        0
    };
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port.unwrap_or(default_port)));
    let listen = arguments.listen.unwrap_or(here);
    if !listen.ip().is_loopback() && arguments.allowed_hosts.is_empty() {
        let listen = listen.to_string();
        return Err(UsageError::new(
            msg!(
                "--listen {listen} accepts other machines, so --allow-host is needed",
                listen
            ),
            msg!("to set the name or address that they use: --allow-host HOST"),
        ));
    }
    Ok(listen)
}

/// Listens until Ctrl-C or SIGTERM, or while the command runs.
async fn serve(
    context: &Context,
    arguments: &SandboxArgs,
    options: Options,
) -> Result<(Sandbox, ExitCode), CommandError> {
    let listen = options.listen;
    let allowed_hosts = options.allowed_hosts.clone();
    let sandbox = Sandbox::start(options).map_err(|error| {
        let hint = if error.kind() == ErrorKind::AddrInUse {
            msg!("to use any free port: --port 0")
        } else {
            msg!("pass an address of this machine")
        };
        let listen = listen.to_string();
        let problem = msg!("failed to listen on {listen}: {error}", listen, error);
        UsageError::new(problem, hint)
    })?;
    let url = sandbox.url();
    report_addresses(context, &sandbox, listen, &allowed_hosts);
    if arguments.open
        && let Err(error) = open::that_detached(&url)
    {
        context
            .stderr
            .warning(msg!("failed to open the browser: {error}", error));
    }
    let mut variables = variables(context, &url);
    if !arguments.command.is_empty() {
        enclose_commands()?;
        // Removed when the command has ended, with its keys.
        let keys = directory_for_keys(context);
        let directory = keys.as_ref().map(|keys| keys.path().to_string_lossy());
        variables.extend(directory.map(|directory| (SANDBOX_KEYS, directory.into_owned())));
        let (ended, _) = run_command(&context.stderr, &arguments.command, &variables, None).await?;
        return Ok((
            sandbox,
            ended.code.map_or(ExitCode::Unexpected, ExitCode::Command),
        ));
    }
    // Signals are caught before the printed variables show that the sandbox listens.
    let mut signals = Signals::catch()?;
    if context.stdout.wants_words() {
        let line = line_for_another_terminal(&sandbox);
        context
            .stderr
            .note(msg!("sandbox: in another terminal: {line}", line));
        context
            .stderr
            .note(msg!("sandbox: other programs need these variables:"));
    }
    for line in assignments(&variables) {
        context.stdout.line(&line)?;
    }
    signals.next_request().await;
    Ok((sandbox, ExitCode::Success))
}

/// Creates the directory for the keys of `--once`. None in a container without a temporary directory.
fn directory_for_keys(context: &Context) -> Option<TempDir> {
    let created = tempfile::tempdir();
    created
        .inspect_err(|error| {
            context.stderr.warning_with_hint(
                msg!("failed to create a temporary directory: {error}", error),
                msg!("to save the keys of --once: set TMPDIR"),
            );
        })
        .ok()
}

/// Prints the addresses of the sandbox, and which machines can reach them.
fn report_addresses(
    context: &Context,
    sandbox: &Sandbox,
    listen: SocketAddr,
    allowed_hosts: &[AllowedHost],
) {
    let url = sandbox.url();
    context
        .stderr
        .note(msg!("sandbox: the inbox is on {url}", url));
    if !listen.ip().is_loopback() {
        context.stderr.warning(msg!(
            "anyone that can connect to {host}:{port} can read the messages in this sandbox",
            host = listen.ip().to_string(),
            port = sandbox.port()
        ));
    }
    for host in allowed_hosts {
        let address = host.authority(sandbox.port());
        context.stderr.note(msg!(
            "sandbox: other machines set JELOUCTL_SANDBOX=http://{address}",
            address
        ));
    }
}

/// Returns a line that sends to this sandbox. `--sandbox` looks only at the default port.
fn line_for_another_terminal(sandbox: &Sandbox) -> String {
    let send = "send text --to NUMBER 'Hola'";
    if sandbox.port() == DEFAULT_PORT {
        return format!("jelouctl --sandbox {send}");
    }
    let url = sandbox.url();
    if cfg!(windows) {
        format!("$env:JELOUCTL_SANDBOX = '{url}'; jelouctl {send}")
    } else {
        format!("JELOUCTL_SANDBOX={url} jelouctl {send}")
    }
}

/// Returns the variables that send a client of the API to this sandbox, and make jelouctl send only
/// here.
fn variables(context: &Context, url: &str) -> Vec<(&'static str, String)> {
    let bot = context.flags.layer.text("bot_id").unwrap_or(NAME);
    vec![
        ("JELOU_API_URL", url.to_owned()),
        ("JELOU_BOT_ID", bot.to_owned()),
        ("JELOU_CLIENT_ID", NAME.to_owned()),
        ("JELOU_CLIENT_SECRET", NAME.to_owned()),
        ("JELOUCTL_SANDBOX", url.to_owned()),
    ]
}

/// Returns the lines that set `variables` in a shell.
#[cfg(unix)]
fn assignments(variables: &[(&str, String)]) -> Vec<String> {
    let line = |(name, value): &(&str, String)| format!("export {name}={}", shell_word(value));
    variables.iter().map(line).collect()
}

/// Returns the lines that set `variables`, for PowerShell and then for the command prompt.
#[cfg(windows)]
fn assignments(variables: &[(&str, String)]) -> Vec<String> {
    let power_shell =
        |(name, value): &(&str, String)| format!("$env:{name} = '{}'", value.replace('\'', "''"));
    let prompt = |(name, value): &(&str, String)| format!("set \"{name}={value}\"");
    variables
        .iter()
        .map(power_shell)
        .chain(variables.iter().map(prompt))
        .collect()
}

/// Lists the messages that arrived, on standard error.
fn report(context: &Context, sandbox: &Sandbox) {
    let arrived = sandbox.arrived();
    let messages = sandbox.messages();
    context.stderr.note(msg!(
        "sandbox: {arrived} {arrived|message|messages} arrived",
        arrived
    ));
    for message in messages.iter().take(LISTED) {
        let lines = MessageKind::from_name(message.kind)
            .map(|kind| kind.draw(&message.body, context.lang()));
        let mut fields = vec![message.id.as_str(), message.kind, &message.user];
        if let Some(state) = message
            .delivery_state()
            .filter(|_| context.stdout.wants_words())
        {
            fields.push(state);
        }
        context.stderr.listed(&fields, &lines.unwrap_or_default());
    }
    let listed = messages.len().min(LISTED) as u64;
    if arrived > listed {
        context
            .stderr
            .note(msg!("sandbox: and {more} more", more = arrived - listed));
    }
}

/// Opens the file, readable only by its owner, and empties it. It does not change a file that is not an earlier list.
fn create(context: &Context, path: &Path) -> Result<File, UsageError> {
    if path.as_os_str() == "-" {
        return Err(UsageError::bare(msg!(
            "--list needs a file, not standard output"
        )));
    }
    let refused = |error: FileError| {
        let problem = msg!("--list: {problem}", problem = error.message());
        UsageError::new(problem, msg!("choose a writable file"))
    };
    let failed = FileError::while_doing(FileAction::Write, path);
    let target = follow_own_links(path).map_err(|cause| refused(failed(cause)))?;
    context.check_overwrite(
        "--list",
        &target,
        msg!("a list of the sandbox"),
        true,
        is_list,
    )?;
    private_file::open_anew(path).map_err(refused)
}

/// Checks the expectation. A failed expectation replaces the command's own exit code, which is then
/// printed.
fn check(context: &Context, expected: Option<u64>, arrived: u64, code: ExitCode) -> ExitCode {
    let Some(expected) = expected.filter(|expected| *expected != arrived) else {
        return code;
    };
    let ended = match code {
        ExitCode::Command(code) if code != 0 => vec![msg!("the command exited with {code}", code)],
        _ => Vec::new(),
    };
    context.stderr.error(
        msg!(
            "--expect {expected}: {arrived} {arrived|message|messages} arrived",
            expected,
            arrived
        ),
        &ended,
        None,
    );
    ExitCode::Expectation
}
